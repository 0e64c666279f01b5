// SPDX-License-Identifier: Apache-2.0
// The same colours in other numbers. libswscale goes through RGB for that, which costs ten
// times as much and cuts off what RGB cannot hold.
#include <math.h>

#include "compose/draw.h"

#define SHIFT 13 // a luma may count for nearly four, and rows are multiplied in 16 bits
#define HALF (1 << (SHIFT - 1))
#define PIECE 256 // chromas that are looked at at once

bool
bc_draw_same_colors(const struct bc_draw_colors *a, const struct bc_draw_colors *b)
{
    return fabs(a->red - b->red) < 1e-3 && fabs(a->blue - b->blue) < 1e-3
        && a->full == b->full;
}

// --- the matrix ---

static double
luma_scale(const struct bc_draw_colors *c)
{
    return c->full ? 255 : 219;
}

static double
chroma_scale(const struct bc_draw_colors *c)
{
    return c->full ? 255 : 224;
}

// What one of luma (0), blue's or red's chroma means in red, green and blue.
static void
to_rgb(const struct bc_draw_colors *c, int part, double rgb[3])
{
    double green = 1 - c->red - c->blue;
    rgb[0] = part == 0 ? 1 : part == 1 ? 0 : 2 * (1 - c->red);
    rgb[1] = part == 0 ? 1
        : part == 1    ? -2 * (1 - c->blue) * c->blue / green
                       : -2 * (1 - c->red) * c->red / green;
    rgb[2] = part == 0 ? 1 : part == 1 ? 2 * (1 - c->blue) : 0;
    for (int i = 0; i < 3; i++) {
        rgb[i] /= part == 0 ? luma_scale(c) : chroma_scale(c);
    }
}

static double
luma_of(const struct bc_draw_colors *c, const double rgb[3])
{
    return c->red * rgb[0] + (1 - c->red - c->blue) * rgb[1] + c->blue * rgb[2];
}

static int16_t
fixed(double value)
{
    return (int16_t)lround(value * (1 << SHIFT));
}

void
bc_draw_recoder_init(struct bc_draw_recoder *r, const struct bc_draw_colors *from,
    const struct bc_draw_colors *to)
{
    for (int i = 0; i < 3; i++) {
        double rgb[3];
        to_rgb(from, i, rgb);
        double luma = luma_of(to, rgb);
        r->luma[i] = fixed(luma * luma_scale(to));
        if (i > 0) {
            double blue = (rgb[2] - luma) / (2 * (1 - to->blue));
            double red = (rgb[0] - luma) / (2 * (1 - to->red));
            r->chroma[0][i - 1] = fixed(blue * chroma_scale(to));
            r->chroma[1][i - 1] = fixed(red * chroma_scale(to));
        }
    }
    r->luma_from = from->full ? 0 : 16;
    r->luma_to = ((to->full ? 0 : 16) << SHIFT) + HALF;
}

// --- rows ---

static inline uint8_t
to_byte(int32_t value)
{
    value >>= SHIFT;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static void
recode_chroma(const int16_t k[2], const uint8_t *restrict blue,
    const uint8_t *restrict red, uint8_t *restrict dst, int n)
{
    const int16_t kb = k[0];
    const int16_t kr = k[1];
    for (int i = 0; i < n; i++) {
        int16_t b = (int16_t)(blue[i] - 128);
        int16_t r = (int16_t)(red[i] - 128);
        dst[i] = to_byte(
            (int32_t)kb * (int32_t)b + (int32_t)kr * (int32_t)r + (128 << SHIFT) + HALF);
    }
}

// What the chromas of a piece of a row add to its luma.
static void
add_of_chroma(const struct bc_draw_recoder *r, const uint8_t *restrict blue,
    const uint8_t *restrict red, int32_t *restrict add, int n)
{
    const int16_t kb = r->luma[1];
    const int16_t kr = r->luma[2];
    const int32_t base = r->luma_to - r->luma[0] * r->luma_from;
    for (int i = 0; i < n; i++) {
        int16_t b = (int16_t)(blue[i] - 128);
        int16_t c = (int16_t)(red[i] - 128);
        add[i] = (int32_t)kb * (int32_t)b + (int32_t)kr * (int32_t)c + base;
    }
}

static void
recode_luma(int16_t k, const int32_t *restrict add, const uint8_t *restrict src,
    uint8_t *restrict dst, int pairs)
{
    for (int i = 0; i < pairs; i++) {
        dst[2 * i] = to_byte((int32_t)k * (int32_t)(int16_t)src[2 * i] + add[i]);
        dst[2 * i + 1] = to_byte((int32_t)k * (int32_t)(int16_t)src[2 * i + 1] + add[i]);
    }
}

// One row of chroma and the one or two of luma that belong to it.
static void
recode_rows(const struct bc_draw_recoder *r, const struct bc_draw_picture *from,
    const struct bc_draw_canvas *to, int row)
{
    const uint8_t *blue = from->planes[1] + (ptrdiff_t)row * from->strides[1];
    const uint8_t *red = from->planes[2] + (ptrdiff_t)row * from->strides[2];
    int chromas = (from->width + 1) / 2;
    int32_t add[PIECE];
    for (int x = 0; x < chromas; x += PIECE) {
        int n = chromas - x < PIECE ? chromas - x : PIECE;
        int pairs = 2 * (x + n) > from->width ? n - 1 : n;
        add_of_chroma(r, blue + x, red + x, add, n);
        for (int y = 2 * row; y < 2 * row + 2 && y < from->height; y++) {
            const uint8_t *src = from->planes[0] + (ptrdiff_t)y * from->strides[0];
            uint8_t *dst = to->planes[0] + (ptrdiff_t)y * to->strides[0];
            recode_luma(r->luma[0], add, src + 2 * x, dst + 2 * x, pairs);
            if (pairs < n) {
                int last = from->width - 1;
                dst[last] = to_byte((int32_t)r->luma[0] * src[last] + add[pairs]);
            }
        }
    }
    recode_chroma(r->chroma[0], blue, red,
        to->planes[1] + (ptrdiff_t)row * to->strides[1], chromas);
    recode_chroma(r->chroma[1], blue, red,
        to->planes[2] + (ptrdiff_t)row * to->strides[2], chromas);
}

void
bc_draw_recode(const struct bc_draw_recoder *r, const struct bc_draw_picture *from,
    const struct bc_draw_canvas *to)
{
    for (int row = 0; row < (from->height + 1) / 2; row++) {
        recode_rows(r, from, to, row);
    }
}
