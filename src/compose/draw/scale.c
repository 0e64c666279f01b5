// SPDX-License-Identifier: Apache-2.0
#include "scale.h"

#include <stdlib.h>

#include <libswscale/swscale.h>

#define ALIGN 64

void
draw_scaler_finish(struct draw_scaler *scaler)
{
    sws_freeContext(scaler->sws);
    free(scaler->memory);
    *scaler = (struct draw_scaler){ 0 };
}

// Room for the picture. Rows are padded, since libswscale writes beyond their ends.
static bool
make_room(struct draw_scaler *scaler, int width, int height)
{
    int luma = (width + ALIGN - 1) / ALIGN * ALIGN;
    int chroma = (width / 2 + ALIGN - 1) / ALIGN * ALIGN;
    size_t luma_bytes = (size_t)luma * (size_t)height;
    size_t chroma_bytes = (size_t)chroma * (size_t)(height / 2);
    size_t bytes = luma_bytes + 2 * chroma_bytes + ALIGN;
    if (bytes > scaler->bytes) {
        free(scaler->memory);
        scaler->memory = aligned_alloc(ALIGN, bytes);
        scaler->bytes = scaler->memory ? bytes : 0;
    }
    uint8_t *memory = scaler->memory;
    if (!memory) {
        scaler->made = (struct bc_draw_picture){ 0 };
        return false;
    }
    scaler->made = (struct bc_draw_picture){
        .planes = { memory, memory + luma_bytes, memory + luma_bytes + chroma_bytes },
        .strides = { luma, chroma, chroma },
        .width = width,
        .height = height,
    };
    return true;
}

bool
draw_scale(
    struct draw_scaler *scaler, const struct bc_draw_picture *from, int width, int height)
{
    scaler->sws =
        sws_getCachedContext(scaler->sws, from->width, from->height, AV_PIX_FMT_YUV420P,
            width, height, AV_PIX_FMT_YUV420P, SWS_FAST_BILINEAR, NULL, NULL, NULL);
    if (!scaler->sws || !make_room(scaler, width, height)) {
        return false;
    }
    const struct bc_draw_picture *made = &scaler->made;
    size_t chroma = (size_t)made->strides[1] * (size_t)(height / 2);
    uint8_t *luma_end = scaler->memory + (size_t)made->strides[0] * (size_t)height;
    uint8_t *const planes[3] = { scaler->memory, luma_end, luma_end + chroma };
    return sws_scale(scaler->sws, from->planes, from->strides, 0, from->height, planes,
               made->strides)
        == height;
}
