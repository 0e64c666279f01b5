// SPDX-License-Identifier: Apache-2.0
#include "picture.h"

#include <string.h>

#include "image/image.h"

#define SIDE_MIN 16
#define SIDE_MAX 20000
#define BLACK 16
#define GREY 128

static const char *const NO_MEMORY = "no memory";

// --- made here ---

AVFrame *
slate_picture_create(const struct slate_format *format)
{
    AVFrame *f = av_frame_alloc();
    if (!f) {
        return NULL;
    }
    f->width = format->width;
    f->height = format->height;
    f->format = AV_PIX_FMT_YUV420P;
    f->color_range = AVCOL_RANGE_MPEG;
    f->colorspace = AVCOL_SPC_BT709;
    f->color_primaries = AVCOL_PRI_BT709;
    f->color_trc = AVCOL_TRC_BT709;
    if (av_frame_get_buffer(f, 0) < 0) {
        av_frame_free(&f);
    }
    return f;
}

struct box {
    int x; // all even, as pairs of pixels share their colour
    int y;
    int width;
    int height;
};

static void
fill(AVFrame *f, unsigned plane, struct box box, int value)
{
    int half = plane > 0 ? 2 : 1;
    for (int y = box.y / half; y < (box.y + box.height) / half; y++) {
        memset(f->data[plane] + (ptrdiff_t)y * f->linesize[plane] + box.x / half, value,
            (size_t)(box.width / half));
    }
}

void
slate_picture_plain(AVFrame *picture)
{
    static const int TOP = 44;
    static const int BOTTOM = 24;
    for (int y = 0; y < picture->height; y++) {
        memset(picture->data[0] + (ptrdiff_t)y * picture->linesize[0],
            TOP - (TOP - BOTTOM) * y / picture->height, (size_t)picture->width);
    }
    struct box all = { 0, 0, picture->width, picture->height };
    fill(picture, 1, all, GREY + 6); // towards blue
    fill(picture, 2, all, GREY - 4);
}

const char *
slate_picture_decode(const uint8_t *data, size_t len, AVFrame **out)
{
    static const struct bc_image_limits LIMITS = { .bytes_max = SLATE_PICTURE_BYTES_MAX,
        .pixels_max = SLATE_PIXELS_MAX, .side_min = SIDE_MIN, .side_max = SIDE_MAX };
    return bc_image_decode(data, len, &LIMITS, out);
}

// --- scaling ---

static int
even(int64_t v)
{
    return (int)(v & ~INT64_C(1));
}

// The largest one of the picture's shape.
static struct box
fit(const AVFrame *from, const AVFrame *to)
{
    AVRational sar = from->sample_aspect_ratio;
    bool odd = sar.num > 0 && sar.den > 0 && sar.num <= sar.den * 8L
        && sar.den <= sar.num * 8L;
    int64_t w = (int64_t)from->width * (odd ? sar.num : 1);
    int64_t h = (int64_t)from->height * (odd ? sar.den : 1);
    struct box box = { .width = to->width, .height = to->height };
    if (w * to->height > h * to->width) {
        box.height = even(h * to->width / w);
    } else {
        box.width = even(w * to->height / h);
    }
    box.width = box.width < 2 ? 2 : box.width;
    box.height = box.height < 2 ? 2 : box.height;
    box.x = even((to->width - box.width) / 2);
    box.y = even((to->height - box.height) / 2);
    return box;
}

static bool
has_alpha(const AVFrame *f)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(f->format);
    return d && (d->flags & AV_PIX_FMT_FLAG_ALPHA || f->format == AV_PIX_FMT_PAL8);
}

// JPEG is BT.601 in full range, small video BT.601, large video BT.709; RGB does not ask.
static void
set_colours(struct SwsContext *sws, const AVFrame *from)
{
    bool hd = from->height >= 720;
    int space = from->colorspace == AVCOL_SPC_BT709 ? SWS_CS_ITU709
        : from->colorspace == AVCOL_SPC_UNSPECIFIED && hd ? SWS_CS_ITU709
        : from->colorspace == AVCOL_SPC_BT2020_NCL        ? SWS_CS_BT2020
                                                          : SWS_CS_ITU601;
    bool full = from->color_range == AVCOL_RANGE_JPEG
        || from->format == AV_PIX_FMT_YUVJ420P || from->format == AV_PIX_FMT_YUVJ422P
        || from->format == AV_PIX_FMT_YUVJ444P;
    sws_setColorspaceDetails(sws, sws_getCoefficients(space), full,
        sws_getCoefficients(SWS_CS_ITU709), 0, 0, 1 << 16, 1 << 16);
}

// Where a scaled picture goes.
struct target {
    uint8_t *planes[4];
    const int *strides;
    int width;
    int height;
    enum AVPixelFormat format;
};

static const char *
scale(const AVFrame *from, const struct target *to, struct SwsContext **cached)
{
    int flags = cached ? SWS_BILINEAR : SWS_AREA | SWS_ACCURATE_RND;
    struct SwsContext *sws = sws_getCachedContext(cached ? *cached : NULL, from->width,
        from->height, from->format, to->width, to->height, to->format, flags, NULL, NULL,
        NULL);
    if (cached) {
        *cached = sws;
    }
    if (!sws) {
        return NO_MEMORY;
    }
    set_colours(sws, from);
    int rows = sws_scale(sws, (const uint8_t *const *)from->data, from->linesize, 0,
        from->height, to->planes, to->strides);
    if (!cached) {
        sws_freeContext(sws);
    }
    return rows > 0 ? NULL : "it cannot be scaled";
}

// As RGB on black; of the size that is needed. The caller owns *out.
static const char *
flatten(const AVFrame *from, struct box box, AVFrame **out)
{
    AVFrame *f = *out = av_frame_alloc();
    if (!f) {
        return NO_MEMORY;
    }
    f->width = box.width;
    f->height = box.height;
    f->format = AV_PIX_FMT_RGBA;
    if (av_frame_get_buffer(f, 0) < 0) {
        return NO_MEMORY;
    }
    struct target to = { { f->data[0] }, f->linesize, f->width, f->height, f->format };
    const char *why = scale(from, &to, NULL);
    for (int y = 0; !why && y < f->height; y++) {
        uint8_t *at = f->data[0] + (ptrdiff_t)y * f->linesize[0];
        for (int x = 0; x < f->width; x++, at += 4) {
            for (int i = 0; i < 3; i++) {
                at[i] = (uint8_t)(at[i] * at[3] / 255);
            }
            at[3] = 255;
        }
    }
    return why;
}

// After scaling, which may write a little beyond its rows.
static void
fill_around(AVFrame *f, struct box box)
{
    int right = box.x + box.width;
    int bottom = box.y + box.height;
    struct box bars[] = { { 0, 0, f->width, box.y }, { 0, box.y, box.x, box.height },
        { right, box.y, f->width - right, box.height },
        { 0, bottom, f->width, f->height - bottom } };
    for (size_t i = 0; i < sizeof(bars) / sizeof(bars[0]); i++) {
        fill(f, 0, bars[i], BLACK);
        fill(f, 1, bars[i], GREY);
        fill(f, 2, bars[i], GREY);
    }
}

const char *
slate_picture_fit(const AVFrame *from, AVFrame *to, struct SwsContext **sws)
{
    struct box box = fit(from, to);
    ptrdiff_t x = box.x;
    ptrdiff_t y = box.y;
    struct target target = { { to->data[0] + y * to->linesize[0] + x,
                                 to->data[1] + y / 2 * to->linesize[1] + x / 2,
                                 to->data[2] + y / 2 * to->linesize[2] + x / 2 },
        to->linesize, box.width, box.height, to->format };
    AVFrame *flat = NULL;
    const char *why = has_alpha(from) ? flatten(from, box, &flat) : NULL;
    if (!why) {
        why = scale(flat ? flat : from, &target, sws);
    }
    av_frame_free(&flat);
    fill_around(to, box);
    return why;
}
