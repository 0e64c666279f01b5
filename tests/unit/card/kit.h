// SPDX-License-Identifier: Apache-2.0
#ifndef KIT_H
#define KIT_H

#include <stdbool.h>
#include <stdint.h>

#include "card/card.h"

#define SVG(inner)                                                                       \
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 200 100'>" inner "</svg>"

// A set with one template, "t", that must be good.
struct bc_card_set *
kit_set(const char *svg);

// The card of that template as text, to be freed. The pictures are none unless given.
char *
kit_fill(const char *svg, const char *data);

char *
kit_fill_with(const char *svg, const char *data, const struct bc_card_pictures *pictures);

// The card as pixels.
struct bc_card_image *
kit_draw(const char *svg, const char *data, int width, int height);

// 0xAARRGGBB, as it lies there.
uint32_t
kit_pixel(const struct bc_card_image *image, int x, int y);

// How many pixels of a region are darker than half on white, or not transparent.
unsigned
kit_ink(const struct bc_card_image *image, int x, int y, int width, int height);

unsigned
kit_differences(const struct bc_card_image *a, const struct bc_card_image *b);

#endif
