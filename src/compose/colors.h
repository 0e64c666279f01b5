// SPDX-License-Identifier: Apache-2.0
#ifndef COMPOSE_COLORS_H
#define COMPOSE_COLORS_H

#include <stdbool.h>

#include "compose/draw.h"
#include "ffmpeg.h"

// How a decoded picture writes its colours. What it does not tell is guessed by its size, as
// players do.
struct bc_draw_colors
compose_colors_of(const AVFrame *f);

// Whether it uses the whole range of a byte.
bool
compose_colors_full(const AVFrame *f);

// Fills `to`, which is of the same size; both are YUV 4:2:0 with 8 bits. False: the sizes
// differ.
bool
compose_recode(const AVFrame *from, const struct bc_draw_colors *colors,
    const struct bc_draw_colors *wanted, AVFrame *to);

#endif
