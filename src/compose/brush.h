// SPDX-License-Identifier: Apache-2.0
#ifndef COMPOSE_BRUSH_H
#define COMPOSE_BRUSH_H

#include <stdint.h>

#include "ffmpeg.h"
#include "image.h"
#include "scene/layout.h"

// What is drawn onto a canvas (YUV 4:2:0, BT.709, limited range). Places may lie outside of it.

// The canvas becomes one colour, 0xRRGGBBAA without its alpha.
void
compose_brush_clear(AVFrame *canvas, uint32_t rgba);

// A picture of the size it is drawn at.
void
compose_brush_picture(
    AVFrame *canvas, const AVFrame *f, int x, int y, int radius, double opacity);

void
compose_brush_image(
    AVFrame *canvas, const struct compose_image *image, int x, int y, double opacity);

// The canvas becomes `part` (0 to 1) of `over` and the rest of itself. Both have one size.
void
compose_brush_cross(AVFrame *canvas, const AVFrame *over, double part);

#endif
