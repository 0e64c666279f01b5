// SPDX-License-Identifier: Apache-2.0
#ifndef BOARD_H
#define BOARD_H

#include "compose/draw.h"

// Yellowish red, as YUV: what each channel of 0xff0000 is.
#define RED_Y 63
#define RED_U 102
#define RED_V 240

// A canvas for tests whose planes end with the memory, so that what is drawn beyond it is
// found; from rows of bytes between the rows that must not change.
struct board {
    struct bc_draw_canvas canvas;
    uint8_t *memory[3];
};

// All pixels have these values.
struct board
board_create(int width, int height, const uint8_t yuv[3]);

void
board_destroy(struct board *b);

// The board as a picture to draw elsewhere.
struct bc_draw_picture
board_picture(const struct board *b);

// The pixel of a plane at a place of the whole picture.
uint8_t
board_at(const struct board *b, int plane, int x, int y);

// Whether all pixels of the rectangle have these values.
void
board_expect(const struct board *b, const struct bc_rect *rect, const uint8_t yuv[3]);

// Whether nothing was written between the rows.
void
board_expect_margins(const struct board *b);

#endif
