// SPDX-License-Identifier: Apache-2.0
#include "canvas.h"

#define ALIGN 64

void
compose_canvas_finish(struct compose_canvas *c)
{
    av_buffer_pool_uninit(&c->pool);
    c->width = c->height = 0;
}

AVFrame *
compose_canvas_get(struct compose_canvas *c, int width, int height)
{
    int luma = (width + ALIGN - 1) / ALIGN * ALIGN;
    int chroma = (width / 2 + ALIGN - 1) / ALIGN * ALIGN;
    size_t luma_bytes = (size_t)luma * (size_t)height;
    size_t chroma_bytes = (size_t)chroma * (size_t)(height / 2);
    if (!c->pool || c->width != width || c->height != height) {
        compose_canvas_finish(c);
        c->pool = av_buffer_pool_init(luma_bytes + 2 * chroma_bytes + ALIGN, NULL);
        c->width = width;
        c->height = height;
    }
    AVFrame *f = c->pool ? av_frame_alloc() : NULL;
    if (!f) {
        return NULL;
    }
    f->buf[0] = av_buffer_pool_get(c->pool);
    if (!f->buf[0]) {
        av_frame_free(&f);
        return NULL;
    }
    f->width = width;
    f->height = height;
    f->format = AV_PIX_FMT_YUV420P;
    f->color_range = AVCOL_RANGE_MPEG;
    f->colorspace = AVCOL_SPC_BT709;
    f->color_primaries = AVCOL_PRI_BT709;
    f->color_trc = AVCOL_TRC_BT709;
    f->data[0] = f->buf[0]->data;
    f->data[1] = f->data[0] + luma_bytes;
    f->data[2] = f->data[1] + chroma_bytes;
    f->linesize[0] = luma;
    f->linesize[1] = f->linesize[2] = chroma;
    return f;
}

struct bc_draw_canvas
compose_canvas_of(AVFrame *f)
{
    return (struct bc_draw_canvas){ { f->data[0], f->data[1], f->data[2] },
        { f->linesize[0], f->linesize[1], f->linesize[2] }, f->width, f->height };
}
