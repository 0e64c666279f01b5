// SPDX-License-Identifier: Apache-2.0
#ifndef SLATE_DIGITS_H
#define SLATE_DIGITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Digits and a colon as strokes with round ends, so that no font is needed.

#define SLATE_GLYPHS 11 // 0 to 9, colon

// One glyph at one size: how much of each pixel it covers.
struct slate_glyph {
    uint8_t *cover; // owned; width * height
    int width;      // even, as is the height
    int height;
};

struct slate_digits {
    struct slate_glyph glyphs[SLATE_GLYPHS];
    int height;
};

// Glyphs of this height in pixels. False without memory.
bool
slate_digits_init(struct slate_digits *d, int height);

void
slate_digits_finish(struct slate_digits *d);

// Of '0' to '9' and ':'.
const struct slate_glyph *
slate_digits_glyph(const struct slate_digits *d, char c);

// In pixels, of a text of these characters.
int
slate_digits_width(const struct slate_digits *d, const char *text);

// The same before anything is made of it, in a height's thousandths.
int
slate_digits_shape(const char *text);

// How much a pixel is covered (0 to 255) by a box with round corners.
int
slate_round_box_cover(int x, int y, int width, int height, int radius);

#endif
