// SPDX-License-Identifier: Apache-2.0
#include <errno.h>

#include "file.h"
#include "jpeg.h"
#include "thumbnails.h"

#define POSTER_WIDTH 640
#define POSTER_HEIGHT (2 * POSTER_WIDTH)
#define POSTER_MAX_BYTES (1 << 20)
#define FROM_US 3000000
#define KEYFRAMES 10
// Nearly black: fewer than one pixel in fifty is brighter than this, of 255.
#define DARK 40
#define DARK_SHARE 50

// The best picture so far, on the stack of whoever looks for it.
struct choice {
    AVFrame *best; // owned, scaled; NULL: none yet
    int64_t brightness; // of the best
    bool dark;
};

// The sum over all pixels; `*dark` tells whether there is hardly anything to see.
static int64_t
measure(const AVFrame *f, bool *dark)
{
    int64_t sum = 0;
    int64_t bright = 0;
    for (int y = 0; y < f->height; y++) {
        const uint8_t *row = f->data[0] + y * f->linesize[0];
        for (int x = 0; x < f->width; x++) {
            sum += row[x];
            bright += row[x] > DARK;
        }
    }
    int64_t pixels = (int64_t)f->width * f->height;
    *dark = bright * DARK_SHARE < pixels;
    return sum * 256 / pixels;
}

static int
weigh(struct choice *c, const AVFrame *picture)
{
    const struct picture_size box = { POSTER_WIDTH, POSTER_HEIGHT };
    AVFrame *f = av_frame_alloc();
    int err = f ? picture_scale(picture, picture_fit(picture, box), f) : -ENOMEM;
    if (err != 0) {
        av_frame_free(&f);
        return err == -EINVAL ? 0 : err;
    }
    bool dark;
    int64_t brightness = measure(f, &dark);
    if (!c->best || !dark || brightness > c->brightness) {
        av_frame_free(&c->best);
        *c = (struct choice){ f, brightness, dark };
    } else {
        av_frame_free(&f);
    }
    return 0;
}

// Looks at up to ten keyframes, until one is not dark. How many there were; negative errno.
static int
look_from(struct picture_source *s, int64_t from_us, struct choice *c)
{
    AVFrame *picture = av_frame_alloc();
    struct bc_recording_part part;
    int err = picture ? 0 : -ENOMEM;
    int n = 0;
    while (err == 0 && n < KEYFRAMES && (!c->best || c->dark)
        && picture_source_next(s, from_us, &part)) {
        err = picture_source_decode(s, &part, picture);
        if (err == 0) {
            err = weigh(c, picture);
        } else if (err == -EINVAL || err == -ENOENT || err == -ENOTSUP) {
            err = 0;
        }
        av_frame_unref(picture);
        from_us = part.start_us + 1;
        n++;
    }
    av_frame_free(&picture);
    return err != 0 ? err : n;
}

static bool
is_there(const struct bc_recording *r)
{
    struct bc_buf *jpeg =
        picture_file_read(bc_recording_folder(r), PICTURE_POSTER_NAME, POSTER_MAX_BYTES);
    bool there = jpeg && picture_is_jpeg(jpeg->data, jpeg->len);
    bc_buf_unref(&jpeg);
    return there;
}

static int
choose(struct picture_source *s, bool ended, struct choice *c)
{
    int n = look_from(s, FROM_US, c);
    if (n < 0) {
        return n;
    }
    if (!ended && n < KEYFRAMES && (!c->best || c->dark)) {
        return -EAGAIN;
    }
    if (!c->best) {
        n = look_from(s, 0, c); // shorter than that, or nothing there can be decoded
    }
    return n < 0 ? n : c->best ? 0 : -ENOENT;
}

int
picture_poster_make(struct picture_source *s, bool ended)
{
    if (is_there(s->recording)) {
        return 0;
    }
    struct choice c = { 0 };
    int err = choose(s, ended, &c);
    if (err == 0) {
        struct picture_size size = { c.best->width, c.best->height };
        struct bc_buf *jpeg = picture_jpeg(c.best, picture_bytes_wanted(size));
        err = jpeg ? picture_file_write(
                  bc_recording_folder(s->recording), PICTURE_POSTER_NAME, jpeg)
                   : -ENOMEM;
        bc_buf_unref(&jpeg);
    }
    av_frame_free(&c.best);
    return err;
}
