// SPDX-License-Identifier: Apache-2.0
#ifndef COMPOSE_CANVAS_H
#define COMPOSE_CANVAS_H

#include "compose/draw.h"
#include "ffmpeg.h"

// Pictures of one size to draw on, whose memory is taken again. One thread's; the
// pictures may go anywhere.
struct compose_canvas {
    AVBufferPool *pool; // owned
    int width;
    int height;
};

void
compose_canvas_finish(struct compose_canvas *c);

// The caller's; its pixels are undefined. NULL without memory.
AVFrame *
compose_canvas_get(struct compose_canvas *c, int width, int height);

// Such a picture, as it is drawn on.
struct bc_draw_canvas
compose_canvas_of(AVFrame *f);

#endif
