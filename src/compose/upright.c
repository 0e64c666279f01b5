// SPDX-License-Identifier: Apache-2.0
#include "upright.h"

#include <math.h>
#include <stdbool.h>

#include "colors.h"

void
compose_upright_finish(struct compose_upright *u)
{
    sws_freeContext(u->sws);
    u->sws = NULL;
}

static AVFrame *
new_frame(int width, int height)
{
    AVFrame *f = av_frame_alloc();
    if (!f) {
        return NULL;
    }
    f->width = width;
    f->height = height;
    f->format = AV_PIX_FMT_YUV420P;
    if (av_frame_get_buffer(f, 0) < 0) {
        av_frame_free(&f);
    }
    return f;
}

// The turn that makes it upright, clockwise.
static int
degrees_of(const AVFrame *f)
{
    const AVFrameSideData *side = av_frame_get_side_data(f, AV_FRAME_DATA_DISPLAYMATRIX);
    if (!side || side->size < 9 * sizeof(int32_t)) {
        return 0;
    }
    double angle = av_display_rotation_get((const int32_t *)side->data);
    if (isnan(angle)) {
        return 0;
    }
    int quarters = (int)lround(-angle / 90) % 4;
    return (quarters < 0 ? quarters + 4 : quarters) * 90;
}

static void
turn_plane(const AVFrame *from, AVFrame *to, int plane, int degrees)
{
    int width = plane ? (to->width + 1) / 2 : to->width;
    int height = plane ? (to->height + 1) / 2 : to->height;
    int64_t step = from->linesize[plane];
    int last_x = (plane ? (from->width + 1) / 2 : from->width) - 1;
    int last_y = (plane ? (from->height + 1) / 2 : from->height) - 1;
    for (int y = 0; y < height; y++) {
        uint8_t *out = to->data[plane] + (int64_t)y * to->linesize[plane];
        // Where this row begins, and the way from one pixel to the next.
        int64_t x0 = degrees == 90 ? y : degrees == 180 ? last_x : last_x - y;
        int64_t y0 = degrees == 90 ? last_y : degrees == 180 ? last_y - y : 0;
        int64_t way = degrees == 90 ? -step : degrees == 180 ? -1 : step;
        const uint8_t *in = from->data[plane] + y0 * step + x0;
        for (int x = 0; x < width; x++, in += way) {
            out[x] = *in;
        }
    }
}

AVFrame *
compose_upright_turn(const AVFrame *f, int degrees)
{
    bool lies = degrees != 180;
    AVFrame *to = new_frame(lies ? f->height : f->width, lies ? f->width : f->height);
    for (int plane = 0; to && plane < 3; plane++) {
        turn_plane(f, to, plane, degrees);
    }
    return to;
}

// Other formats. RGB becomes what is drawn; the rest keeps its colours' numbers.
static AVFrame *
convert(struct compose_upright *u, const AVFrame *f, bool rgb)
{
    const int *bt709 = sws_getCoefficients(SWS_CS_ITU709);
    bool full = compose_colors_full(f);
    AVFrame *to = new_frame(f->width, f->height);
    if (!to) {
        return NULL;
    }
    u->sws = sws_getCachedContext(u->sws, f->width, f->height, f->format, f->width,
        f->height, AV_PIX_FMT_YUV420P, SWS_BILINEAR, NULL, NULL, NULL);
    if (u->sws) {
        // It says that it cannot between two kinds of YUV, and does what is asked here.
        (void)sws_setColorspaceDetails(
            u->sws, bt709, rgb || full, bt709, !rgb && full, 0, 1 << 16, 1 << 16);
    }
    if (!u->sws
        || sws_scale(u->sws, (const uint8_t *const *)f->data, f->linesize, 0, f->height,
               to->data, to->linesize)
            < 0) {
        av_frame_free(&to);
    }
    return to;
}

// Takes over the picture, whose colours' numbers are those of `f`.
static AVFrame *
recode(AVFrame *own, const AVFrame *f)
{
    struct bc_draw_colors drawn = BC_DRAW_COLORS;
    struct bc_draw_colors colors = compose_colors_of(f);
    if (!own || bc_draw_same_colors(&colors, &drawn)) {
        return own;
    }
    AVFrame *to = new_frame(own->width, own->height);
    if (to && !compose_recode(own, &colors, &drawn, to)) {
        av_frame_free(&to);
    }
    av_frame_free(&own);
    return to;
}

static AVFrame *
make_drawable(struct compose_upright *u, const AVFrame *f)
{
    const AVPixFmtDescriptor *format = av_pix_fmt_desc_get(f->format);
    if (!format) {
        return NULL;
    }
    if (format->flags & AV_PIX_FMT_FLAG_RGB) {
        return convert(u, f, true);
    }
    bool fits = f->format == AV_PIX_FMT_YUV420P || f->format == AV_PIX_FMT_YUVJ420P;
    return recode(fits ? av_frame_clone(f) : convert(u, f, false), f);
}

AVFrame *
compose_upright_make(struct compose_upright *u, const AVFrame *f)
{
    int degrees = degrees_of(f);
    AVFrame *own = make_drawable(u, f);
    if (own && degrees != 0) {
        AVFrame *turned = compose_upright_turn(own, degrees);
        av_frame_free(&own);
        own = turned;
    }
    return own;
}
