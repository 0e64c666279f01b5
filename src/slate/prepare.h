// SPDX-License-Identifier: Apache-2.0
#ifndef SLATE_PREPARE_H
#define SLATE_PREPARE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "ffmpeg.h"
#include "file.h"
#include "media.h"

#define SLATE_MOVIE_BYTES_MAX (144 << 20)

enum slate_kind { SLATE_NONE, SLATE_PLAIN, SLATE_IMAGE, SLATE_FILE };

// The file's picture (of a video the first one) in the format's size. The caller owns the
// frame; NULL with the reason in `*why`. `mark` says which state of the file it is.
AVFrame *
slate_prepare_picture(enum slate_kind kind, const char *path,
    const struct slate_format *format, const atomic_bool *stop,
    struct slate_file_mark *mark, const char **why);

// A slate of one picture. NULL with the reason in `*why`.
struct slate_media *
slate_prepare_still(AVFrame *picture, const struct slate_format *format, const char **why);

// The whole of a video file, which takes its time. NULL with the reason in `*why`.
struct slate_media *
slate_prepare_movie(const char *path, const struct slate_format *format,
    const atomic_bool *stop, const char **why);

#endif
