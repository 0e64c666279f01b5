// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clip.h"
#include "color.h"
#include "compose/draw.h"
#include "corner.h"
#include "rows.h"

// A part of a row of a picture that goes into a canvas. On the stack.
struct row {
    uint8_t *dst;
    const uint8_t *src;
    int width; // of the whole picture's row
    int from; // what of it is visible
    int to;
    unsigned opacity;
};

unsigned
bc_draw_opacity(double opacity)
{
    return opacity <= 0 ? 0
        : opacity >= 1  ? BC_DRAW_OPAQUE
                        : (unsigned)lround(opacity * BC_DRAW_OPAQUE);
}

// --- one color ---

static void
color_to_yuv(uint32_t color, uint8_t out[3])
{
    int r = (int)(color >> 24);
    int g = (int)(color >> 16 & 0xff);
    int b = (int)(color >> 8 & 0xff);
    int half = COLOR_HALF;
    out[0] = (uint8_t)((LUMA_OF(r, g, b) + (16 << COLOR_SHIFT) + half) >> COLOR_SHIFT);
    out[1] = (uint8_t)((BLUE_OF(r, g, b) + (128 << COLOR_SHIFT) + half) >> COLOR_SHIFT);
    out[2] = (uint8_t)((RED_OF(r, g, b) + (128 << COLOR_SHIFT) + half) >> COLOR_SHIFT);
}

void
bc_draw_fill_rect(
    const struct bc_draw_canvas *canvas, const struct bc_rect *rect, uint32_t color)
{
    uint8_t yuv[3];
    struct draw_clip clip;
    color_to_yuv(color, yuv);
    if (!draw_clip(canvas, rect, &clip)) {
        return;
    }
    for (int p = 0; p < 3; p++) {
        int shift = p > 0;
        size_t n = (size_t)(clip.seen.w >> shift);
        uint8_t *dst = draw_pixel(canvas, p, clip.seen.x, clip.seen.y);
        for (int y = 0; y < clip.seen.h >> shift; y++) {
            memset(dst, yuv[p], n);
            dst += canvas->strides[p];
        }
    }
}

void
bc_draw_fill(const struct bc_draw_canvas *canvas, uint32_t color)
{
    const struct bc_rect all = { 0, 0, canvas->width, canvas->height };
    bc_draw_fill_rect(canvas, &all, color);
}

// --- pictures ---

static void
draw_plain(const struct row *row, int from, int to)
{
    from = from < row->from ? row->from : from;
    to = to > row->to ? row->to : to;
    if (from >= to) {
        return;
    }
    size_t n = (size_t)(to - from);
    if (row->opacity == BC_DRAW_OPAQUE) {
        memcpy(row->dst + from, row->src + from, n);
    } else {
        draw_row_mix(row->dst + from, row->src + from, n, row->opacity);
    }
}

// A piece of a row that `part` says how much is covered of; its first byte is for `start`.
static void
draw_masked(const struct row *row, const uint8_t *part, int start, int end)
{
    int from = start < row->from ? row->from : start;
    int to = end > row->to ? row->to : end;
    if (from >= to) {
        return;
    }
    size_t n = (size_t)(to - from);
    part += from - start;
    if (row->opacity == BC_DRAW_OPAQUE) {
        draw_row_mask(row->dst + from, row->src + from, part, n);
    } else {
        draw_row_mask_mix(row->dst + from, row->src + from, part, n, row->opacity);
    }
}

static void
draw_row(const struct row *row, const struct draw_corner_plane *corner, int y, int height)
{
    int edge = y < height - 1 - y ? y : height - 1 - y;
    if (!corner || edge >= corner->size) {
        draw_plain(row, 0, row->width);
        return;
    }
    const uint8_t *left = corner->left + (ptrdiff_t)edge * corner->size;
    const uint8_t *right = corner->right + (ptrdiff_t)edge * corner->size;
    draw_masked(row, left, 0, corner->size);
    draw_plain(row, corner->size, row->width - corner->size);
    draw_masked(row, right, row->width - corner->size, row->width);
}

void
bc_draw_picture(const struct bc_draw_canvas *canvas,
    const struct bc_draw_picture *picture, int x, int y,
    const struct bc_draw_corner *corner, unsigned opacity)
{
    const struct bc_rect rect = { x & ~1, y & ~1, picture->width & ~1,
        picture->height & ~1 };
    struct draw_clip clip;
    if (opacity == 0 || !draw_clip(canvas, &rect, &clip)) {
        return;
    }
    if (corner && (corner->radius * 2 > rect.w || corner->radius * 2 > rect.h)) {
        corner = NULL;
    }
    for (int p = 0; p < 3; p++) {
        int shift = p > 0;
        const struct draw_corner_plane *plane = corner ? &corner->planes[shift] : NULL;
        for (int i = 0; i < clip.seen.h >> shift; i++) {
            int at = (clip.skip_y >> shift) + i;
            struct row row = {
                .dst = draw_pixel(canvas, p, clip.seen.x, clip.seen.y)
                    + (ptrdiff_t)i * canvas->strides[p] - (clip.skip_x >> shift),
                .src = picture->planes[p] + (ptrdiff_t)at * picture->strides[p],
                .width = rect.w >> shift,
                .from = clip.skip_x >> shift,
                .to = (clip.skip_x + clip.seen.w) >> shift,
                .opacity = opacity,
            };
            draw_row(&row, plane, at, rect.h >> shift);
        }
    }
}

void
bc_draw_cross(const struct bc_draw_canvas *canvas, const struct bc_draw_picture *over,
    unsigned part)
{
    bc_draw_picture(canvas, over, 0, 0, NULL, part);
}
