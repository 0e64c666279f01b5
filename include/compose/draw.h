// SPDX-License-Identifier: Apache-2.0
#ifndef COMPOSE_DRAW_H
#define COMPOSE_DRAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scene/layout.h"

// Drawing in YUV 4:2:0 with 8 bits, limited range, BT.709: rows that the compiler turns into
// vector code. No call keeps what it is given; all may be given places outside the canvas,
// and draw what lies inside. Positions are rounded down to even numbers.

// Opacity in 256ths.
#define BC_DRAW_OPAQUE 256

// A picture to draw on; width and height are even. The memory is the caller's.
struct bc_draw_canvas {
    uint8_t *planes[3];
    int strides[3];
    int width;
    int height;
};

// A picture to read from, of any size. Rows may be read 32 bytes beyond their ends.
struct bc_draw_picture {
    const uint8_t *planes[3];
    int strides[3];
    int width;
    int height;
};

// How a picture writes colours: what red and blue are of its luma, and whether it uses the
// whole range of a byte.
struct bc_draw_colors {
    double red;
    double blue;
    bool full;
};

// That of the canvas.
#define BC_DRAW_COLORS ((struct bc_draw_colors){ 0.2126, 0.0722, false })

bool
bc_draw_same_colors(const struct bc_draw_colors *a, const struct bc_draw_colors *b);

// From one way of writing colours to another: the same colours, with other numbers.
// Immutable once it is made.
struct bc_draw_recoder {
    int16_t luma[3]; // of luma and both chromas; 8192ths, as all here
    int16_t chroma[2][2];
    int16_t luma_from; // black
    int32_t luma_to; // the same, and half of the last bit
};

void
bc_draw_recoder_init(struct bc_draw_recoder *r, const struct bc_draw_colors *from,
    const struct bc_draw_colors *to);

// Fills the canvas, which is of the picture's size and other memory. Odd sizes are fine.
void
bc_draw_recode(const struct bc_draw_recoder *r, const struct bc_draw_picture *from,
    const struct bc_draw_canvas *to);

unsigned
bc_draw_opacity(double opacity);

// 0xRRGGBBAA; alpha does not count.
void
bc_draw_fill(const struct bc_draw_canvas *canvas, uint32_t color);

void
bc_draw_fill_rect(
    const struct bc_draw_canvas *canvas, const struct bc_rect *rect, uint32_t color);

// What part of a row's end a round corner covers. Immutable; any thread.
struct bc_draw_corner;

// NULL without memory, or for a radius of 0, which is no corner.
struct bc_draw_corner *
bc_draw_corner_create(int radius);

// NULL is fine.
void
bc_draw_corner_destroy(struct bc_draw_corner *corner);

// A picture in its own, even size. `corner` may be NULL; a radius of more than half the
// shorter side counts as no corner.
void
bc_draw_picture(const struct bc_draw_canvas *canvas,
    const struct bc_draw_picture *picture, int x, int y,
    const struct bc_draw_corner *corner, unsigned opacity);

// The canvas becomes `part` (of 256) of `over` and the rest of itself. Both have one size.
void
bc_draw_cross(const struct bc_draw_canvas *canvas, const struct bc_draw_picture *over,
    unsigned part);

// A painted image (a card, letters) in the form in which it can be laid over a canvas. Made
// once per change; immutable; any thread.
struct bc_draw_overlay;

// Pixels are blue, green, red, alpha, the colours multiplied by alpha; `box` holds all that
// is not transparent (NULL: look for it). NULL without memory.
struct bc_draw_overlay *
bc_draw_overlay_create(
    const uint8_t *pixels, int stride, int width, int height, const struct bc_rect *box);

// NULL is fine.
void
bc_draw_overlay_destroy(struct bc_draw_overlay *overlay);

// The image's left upper corner at x, y.
void
bc_draw_overlay(const struct bc_draw_canvas *canvas,
    const struct bc_draw_overlay *overlay, int x, int y, unsigned opacity);

// One layer that shows pictures, with what it needs for them: the scaler, the corner, the
// last picture at the layer's size. One thread's.
struct bc_draw_layer;

struct bc_draw_layer *
bc_draw_layer_create(void);

// NULL is fine.
void
bc_draw_layer_destroy(struct bc_draw_layer *layer);

// Draws what `at` says of the picture, moved by `dx` and `dy` pixels. A picture with the
// same `serial` and layout as the last one is not scaled again. False without memory.
struct bc_draw_stroke {
    const struct bc_draw_picture *picture;
    uint64_t serial;
    struct bc_layout at;
    int dx;
    int dy;
    unsigned opacity;
};

bool
bc_draw_layer_draw(struct bc_draw_layer *layer, const struct bc_draw_canvas *canvas,
    const struct bc_draw_stroke *stroke);

// Whether the stroke hides all that is beneath it.
bool
bc_draw_covers(const struct bc_draw_canvas *canvas, const struct bc_draw_stroke *stroke);

#endif
