// SPDX-License-Identifier: Apache-2.0
#ifndef CLIP_H
#define CLIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compose/draw.h"

// The part of something drawn that lies on the canvas. All even.
struct draw_clip {
    struct bc_rect seen; // on the canvas
    int skip_x; // what of it lies to the left of the canvas
    int skip_y;
};

// `rect` at an even place. False: nothing of it.
static inline bool
draw_clip(const struct bc_draw_canvas *canvas, const struct bc_rect *rect,
    struct draw_clip *out)
{
    int x = rect->x < 0 ? 0 : rect->x & ~1;
    int y = rect->y < 0 ? 0 : rect->y & ~1;
    int right = (rect->x & ~1) + rect->w;
    int bottom = (rect->y & ~1) + rect->h;
    right = right > canvas->width ? canvas->width : right;
    bottom = bottom > canvas->height ? canvas->height : bottom;
    *out = (struct draw_clip){
        .seen = { x, y, (right - x) & ~1, (bottom - y) & ~1 },
        .skip_x = x - (rect->x & ~1),
        .skip_y = y - (rect->y & ~1),
    };
    return right - x >= 2 && bottom - y >= 2;
}

// Of a plane, for a place of the whole picture.
static inline uint8_t *
draw_pixel(const struct bc_draw_canvas *canvas, int plane, int x, int y)
{
    int shift = plane > 0;
    return canvas->planes[plane] + (ptrdiff_t)(y >> shift) * canvas->strides[plane]
        + (x >> shift);
}

#endif
