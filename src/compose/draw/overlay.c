// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "clip.h"
#include "color.h"
#include "compose/draw.h"
#include "rows.h"

#define SIDE_MAX 8192
#define ALIGN 64

// The part of a row that is not transparent.
struct span {
    int from;
    int to;
};

struct bc_draw_overlay {
    struct bc_rect box; // all even; the planes hold just this
    int strides[2]; // of luma and of chroma
    uint8_t *memory; // owned; all below point into it
    uint8_t *planes[3]; // multiplied by alpha
    uint8_t *alphas[2]; // of luma and of chroma
    struct span *spans[2]; // a row each
};

// The sum of some pixels.
struct sum {
    int r;
    int g;
    int b;
    int a;
};

// --- creation ---

static bool
has_alpha(const uint8_t *pixels, int from, int to, int step)
{
    for (int i = from; i < to; i++) {
        if (pixels[(ptrdiff_t)i * step + 3]) {
            return true;
        }
    }
    return false;
}

static void
shrink(const uint8_t *pixels, int stride, struct bc_rect *box)
{
    const uint8_t *first = pixels + (ptrdiff_t)box->x * 4;
    while (box->h > 0 && !has_alpha(first + (ptrdiff_t)box->y * stride, 0, box->w, 4)) {
        box->y++;
        box->h--;
    }
    while (box->h > 0
        && !has_alpha(first + (ptrdiff_t)(box->y + box->h - 1) * stride, 0, box->w, 4)) {
        box->h--;
    }
    while (box->w > 0
        && !has_alpha(pixels + (ptrdiff_t)box->x * 4, box->y, box->y + box->h, stride)) {
        box->x++;
        box->w--;
    }
    while (box->w > 0
        && !has_alpha(pixels + (ptrdiff_t)(box->x + box->w - 1) * 4, box->y,
            box->y + box->h, stride)) {
        box->w--;
    }
}

// Outwards to even places.
static void
make_even(struct bc_rect *box)
{
    int right = (box->x + box->w + 1) & ~1;
    int bottom = (box->y + box->h + 1) & ~1;
    box->x &= ~1;
    box->y &= ~1;
    box->w = right - box->x;
    box->h = bottom - box->y;
}

static bool
allocate(struct bc_draw_overlay *o)
{
    size_t rows[2] = { (size_t)o->box.h, (size_t)o->box.h / 2 };
    o->strides[0] = (o->box.w + ALIGN - 1) / ALIGN * ALIGN;
    o->strides[1] = (o->box.w / 2 + ALIGN - 1) / ALIGN * ALIGN;
    size_t luma = (size_t)o->strides[0] * rows[0];
    size_t chroma = (size_t)o->strides[1] * rows[1];
    size_t bytes = 2 * luma + 3 * chroma + (rows[0] + rows[1]) * sizeof(struct span);
    o->memory = aligned_alloc(ALIGN, (bytes + ALIGN - 1) / ALIGN * ALIGN);
    if (!o->memory) {
        return false;
    }
    o->planes[0] = o->memory;
    o->alphas[0] = o->planes[0] + luma;
    o->planes[1] = o->alphas[0] + luma;
    o->planes[2] = o->planes[1] + chroma;
    o->alphas[1] = o->planes[2] + chroma;
    o->spans[0] = (struct span *)(void *)(o->alphas[1] + chroma);
    o->spans[1] = o->spans[0] + rows[0];
    return true;
}

static void
add(struct sum *sum, const uint8_t *pixel)
{
    sum->b += pixel[0];
    sum->g += pixel[1];
    sum->r += pixel[2];
    sum->a += pixel[3];
}

// A value in limited range, multiplied by alpha; never more than alpha, so that what is laid
// over a pixel cannot overflow. `count` pixels were added up.
static uint8_t
premultiplied(int weighted, int offset, int alpha, int count)
{
    int64_t scale = (int64_t)255 * count << COLOR_SHIFT;
    int64_t value = (int64_t)weighted * 255 + ((int64_t)offset * alpha << COLOR_SHIFT);
    int out = (int)((value + scale / 2) / scale);
    int most = (alpha + count / 2) / count;
    return (uint8_t)(out < 0 ? 0 : out > most ? most : out);
}

static void
put_luma(struct bc_draw_overlay *o, int x, int y, const struct sum *s)
{
    ptrdiff_t at = (ptrdiff_t)y * o->strides[0] + x;
    o->planes[0][at] = premultiplied(LUMA_OF(s->r, s->g, s->b), 16, s->a, 1);
    o->alphas[0][at] = (uint8_t)s->a;
}

static void
put_chroma(struct bc_draw_overlay *o, int x, int y, const struct sum *s)
{
    ptrdiff_t at = (ptrdiff_t)y * o->strides[1] + x;
    o->planes[1][at] = premultiplied(BLUE_OF(s->r, s->g, s->b), 128, s->a, 4);
    o->planes[2][at] = premultiplied(RED_OF(s->r, s->g, s->b), 128, s->a, 4);
    o->alphas[1][at] = (uint8_t)((s->a + 2) / 4);
}

// Four pixels; those beyond the image, which is `width` x `height`, are transparent.
static void
convert_square(struct bc_draw_overlay *o, const uint8_t *pixels, int stride,
    const struct bc_rect *image, int x, int y)
{
    struct sum all = { 0 };
    for (int i = 0; i < 4; i++) {
        int column = x + i % 2;
        int row = y + i / 2;
        struct sum one = { 0 };
        if (o->box.x + column < image->w && o->box.y + row < image->h) {
            const uint8_t *pixel = pixels + (ptrdiff_t)(o->box.y + row) * stride
                + (ptrdiff_t)(o->box.x + column) * 4;
            add(&one, pixel);
            add(&all, pixel);
        }
        put_luma(o, column, row, &one);
    }
    put_chroma(o, x / 2, y / 2, &all);
}

static struct span
find_span(const uint8_t *alpha, int width)
{
    struct span span = { 0, width };
    while (span.from < span.to && !alpha[span.from]) {
        span.from++;
    }
    while (span.to > span.from && !alpha[span.to - 1]) {
        span.to--;
    }
    return span;
}

static void
convert(struct bc_draw_overlay *o, const uint8_t *pixels, int stride,
    const struct bc_rect *image)
{
    for (int y = 0; y < o->box.h; y += 2) {
        for (int x = 0; x < o->box.w; x += 2) {
            convert_square(o, pixels, stride, image, x, y);
        }
    }
    for (int i = 0; i < 2; i++) {
        for (int y = 0; y < o->box.h >> i; y++) {
            o->spans[i][y] =
                find_span(o->alphas[i] + (ptrdiff_t)y * o->strides[i], o->box.w >> i);
        }
    }
}

struct bc_draw_overlay *
bc_draw_overlay_create(
    const uint8_t *pixels, int stride, int width, int height, const struct bc_rect *box)
{
    const struct bc_rect image = { 0, 0, width, height };
    if (width <= 0 || height <= 0 || width > SIDE_MAX || height > SIDE_MAX) {
        return NULL;
    }
    struct bc_draw_overlay *o = calloc(1, sizeof(*o));
    if (!o) {
        return NULL;
    }
    o->box = box ? *box : image;
    if (!box) {
        shrink(pixels, stride, &o->box);
    }
    if (o->box.w > 0 && o->box.h > 0) {
        make_even(&o->box);
        if (!allocate(o)) {
            free(o);
            return NULL;
        }
        convert(o, pixels, stride, &image);
    }
    return o;
}

void
bc_draw_overlay_destroy(struct bc_draw_overlay *overlay)
{
    if (overlay) {
        free(overlay->memory);
        free(overlay);
    }
}

// --- drawing ---

static void
draw_row(uint8_t *dst, const struct bc_draw_overlay *o, int plane, ptrdiff_t at, int n,
    unsigned opacity)
{
    const uint8_t *src = o->planes[plane] + at;
    const uint8_t *alpha = o->alphas[plane > 0] + at;
    if (opacity == BC_DRAW_OPAQUE) {
        draw_row_over(dst, src, alpha, (size_t)n);
    } else {
        draw_row_over_mix(dst, src, alpha, (size_t)n, opacity);
    }
}

static void
draw_plane(const struct bc_draw_canvas *canvas, const struct bc_draw_overlay *o,
    int plane, const struct draw_clip *clip, unsigned opacity)
{
    int shift = plane > 0;
    int left = clip->skip_x >> shift;
    int right = left + (clip->seen.w >> shift);
    uint8_t *dst = draw_pixel(canvas, plane, clip->seen.x, clip->seen.y);
    for (int i = 0; i < clip->seen.h >> shift; i++) {
        int y = (clip->skip_y >> shift) + i;
        struct span span = o->spans[shift][y];
        int from = span.from < left ? left : span.from;
        int to = span.to > right ? right : span.to;
        if (from < to) {
            draw_row(dst + (ptrdiff_t)i * canvas->strides[plane] + (from - left), o,
                plane, (ptrdiff_t)y * o->strides[shift] + from, to - from, opacity);
        }
    }
}

void
bc_draw_overlay(const struct bc_draw_canvas *canvas,
    const struct bc_draw_overlay *overlay, int x, int y, unsigned opacity)
{
    const struct bc_rect rect = { (x & ~1) + overlay->box.x, (y & ~1) + overlay->box.y,
        overlay->box.w, overlay->box.h };
    struct draw_clip clip;
    if (!overlay->memory || opacity == 0 || !draw_clip(canvas, &rect, &clip)) {
        return;
    }
    for (int p = 0; p < 3; p++) {
        draw_plane(canvas, overlay, p, &clip, opacity);
    }
}
