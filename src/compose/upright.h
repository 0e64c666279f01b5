// SPDX-License-Identifier: Apache-2.0
#ifndef COMPOSE_UPRIGHT_H
#define COMPOSE_UPRIGHT_H

#include "ffmpeg.h"

// Pictures as they are drawn: YUV 4:2:0 with 8 bits, limited range and BT.709, upright.
// Part of an input; its thread only.
struct compose_upright {
    struct SwsContext *sws; // owned; NULL until a picture needs it
};

void
compose_upright_finish(struct compose_upright *u);

// The picture itself with a reference of its own, or another one made of it. NULL: it
// cannot be.
AVFrame *
compose_upright_make(struct compose_upright *u, const AVFrame *f);

// Turned clockwise by 90, 180 or 270 degrees. NULL without memory.
AVFrame *
compose_upright_turn(const AVFrame *f, int degrees);

#endif
