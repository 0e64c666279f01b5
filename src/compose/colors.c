// SPDX-License-Identifier: Apache-2.0
#include "colors.h"

#define HD_WIDTH 1280
#define HD_HEIGHT 720

bool
compose_colors_full(const AVFrame *f)
{
    return f->color_range == AVCOL_RANGE_JPEG || f->format == AV_PIX_FMT_YUVJ420P
        || f->format == AV_PIX_FMT_YUVJ422P || f->format == AV_PIX_FMT_YUVJ444P
        || f->format == AV_PIX_FMT_YUVJ440P;
}

struct bc_draw_colors
compose_colors_of(const AVFrame *f)
{
    bool full = compose_colors_full(f);
    switch (f->colorspace) {
    case AVCOL_SPC_BT709:
        return (struct bc_draw_colors){ 0.2126, 0.0722, full };
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
        return (struct bc_draw_colors){ 0.299, 0.114, full };
    case AVCOL_SPC_FCC:
        return (struct bc_draw_colors){ 0.3, 0.11, full };
    case AVCOL_SPC_SMPTE240M:
        return (struct bc_draw_colors){ 0.212, 0.087, full };
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
        return (struct bc_draw_colors){ 0.2627, 0.0593, full };
    default:
        break;
    }
    bool small = f->width < HD_WIDTH && f->height < HD_HEIGHT;
    return small ? (struct bc_draw_colors){ 0.299, 0.114, full }
                 : (struct bc_draw_colors){ 0.2126, 0.0722, full };
}

bool
compose_recode(const AVFrame *from, const struct bc_draw_colors *colors,
    const struct bc_draw_colors *wanted, AVFrame *to)
{
    if (from->width != to->width || from->height != to->height) {
        return false;
    }
    struct bc_draw_recoder recoder;
    const struct bc_draw_picture picture = {
        { from->data[0], from->data[1], from->data[2] },
        { from->linesize[0], from->linesize[1], from->linesize[2] }, from->width,
        from->height
    };
    const struct bc_draw_canvas canvas = { { to->data[0], to->data[1], to->data[2] },
        { to->linesize[0], to->linesize[1], to->linesize[2] }, to->width, to->height };
    bc_draw_recoder_init(&recoder, colors, wanted);
    bc_draw_recode(&recoder, &picture, &canvas);
    return true;
}
