// SPDX-License-Identifier: Apache-2.0
#include "board.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MARGIN 32
#define MARK 0xa5

struct board
board_create(int width, int height, const uint8_t yuv[3])
{
    struct board b = { .canvas = { .width = width, .height = height } };
    for (int p = 0; p < 3; p++) {
        int w = p ? (width + 1) / 2 : width;
        int h = p ? (height + 1) / 2 : height;
        size_t bytes = (size_t)(w + MARGIN) * (size_t)h;
        b.memory[p] = malloc(bytes);
        memset(b.memory[p], MARK, bytes);
        b.canvas.planes[p] = b.memory[p];
        b.canvas.strides[p] = w + MARGIN;
        for (int y = 0; y < h; y++) {
            memset(b.memory[p] + y * (w + MARGIN), yuv[p], (size_t)w);
        }
    }
    return b;
}

void
board_destroy(struct board *b)
{
    for (int p = 0; p < 3; p++) {
        free(b->memory[p]);
    }
}

struct bc_draw_picture
board_picture(const struct board *b)
{
    const struct bc_draw_canvas *c = &b->canvas;
    return (struct bc_draw_picture){
        .planes = { c->planes[0], c->planes[1], c->planes[2] },
        .strides = { c->strides[0], c->strides[1], c->strides[2] },
        .width = c->width,
        .height = c->height,
    };
}

uint8_t
board_at(const struct board *b, int plane, int x, int y)
{
    int shift = plane > 0;
    return b->canvas
        .planes[plane][(y >> shift) * b->canvas.strides[plane] + (x >> shift)];
}

void
board_expect(const struct board *b, const struct bc_rect *rect, const uint8_t yuv[3])
{
    for (int y = rect->y; y < rect->y + rect->h; y++) {
        for (int x = rect->x; x < rect->x + rect->w; x++) {
            for (int p = 0; p < 3; p++) {
                if (board_at(b, p, x, y) != yuv[p]) {
                    fail_msg("plane %d at %d, %d is %u and not %u", p, x, y,
                        board_at(b, p, x, y), yuv[p]);
                }
            }
        }
    }
}

void
board_expect_margins(const struct board *b)
{
    for (int p = 0; p < 3; p++) {
        int h = p ? (b->canvas.height + 1) / 2 : b->canvas.height;
        for (int y = 0; y < h; y++) {
            const uint8_t *end = b->memory[p] + (y + 1) * b->canvas.strides[p];
            for (int i = 1; i <= MARGIN; i++) {
                assert_int_equal(end[-i], MARK);
            }
        }
    }
}
