// SPDX-License-Identifier: Apache-2.0
#include "prepare.h"

#include <unistd.h>

#include "movie.h"
#include "picture.h"
#include "still.h"

static const char *
read_image(int fd, const struct slate_file_mark *mark, AVFrame *out)
{
    const char *why = NULL;
    AVFrame *decoded = NULL;
    struct bc_buf *bytes = slate_file_read(fd, mark, SLATE_PICTURE_BYTES_MAX, &why);
    if (bytes) {
        why = slate_picture_decode(bytes->data, bytes->len, &decoded);
    }
    bc_buf_unref(&bytes);
    if (!why) {
        why = slate_picture_fit(decoded, out, NULL);
    }
    av_frame_free(&decoded);
    return why;
}

AVFrame *
slate_prepare_picture(enum slate_kind kind, const char *path,
    const struct slate_format *format, const atomic_bool *stop,
    struct slate_file_mark *mark, const char **why)
{
    AVFrame *out = slate_picture_create(format);
    *mark = (struct slate_file_mark){ 0 };
    *why = out ? NULL : "no memory";
    if (out && kind == SLATE_PLAIN) {
        slate_picture_plain(out);
        return out;
    }
    int fd = out ? slate_file_open(path, mark, why) : -1;
    if (fd >= 0) {
        *why = kind == SLATE_IMAGE ? read_image(fd, mark, out)
                                   : slate_movie_first(fd, stop, out);
        close(fd);
    }
    if (*why) {
        av_frame_free(&out);
    }
    return out;
}

struct slate_media *
slate_prepare_still(AVFrame *picture, const struct slate_format *format, const char **why)
{
    struct slate_media *media = slate_media_create(format);
    *why = media ? slate_still_make(picture, media) : "no memory";
    if (*why) {
        slate_media_unref(&media);
    }
    return media;
}

struct slate_media *
slate_prepare_movie(const char *path, const struct slate_format *format,
    const atomic_bool *stop, const char **why)
{
    struct slate_file_mark mark;
    int fd = slate_file_open(path, &mark, why);
    if (fd < 0) {
        return NULL;
    }
    struct slate_movie_job job = { .fd = fd, .format = format,
        .bytes_max = SLATE_MOVIE_BYTES_MAX, .stop = stop };
    struct slate_media *media = slate_media_create(format);
    *why = media ? slate_movie_make(&job, media) : "no memory";
    close(fd);
    if (*why) {
        slate_media_unref(&media);
    }
    return media;
}
