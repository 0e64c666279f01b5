// SPDX-License-Identifier: Apache-2.0
#ifndef COMPOSE_IMAGE_H
#define COMPOSE_IMAGE_H

#include <stdint.h>

struct bc_card_image;

// Pixels as blue, green, red, alpha, the colours multiplied by alpha; what is not wholly
// transparent lies in the box. The painter's, while it paints.
struct compose_image {
    int width;
    int height;
    int stride;
    struct {
        int x;
        int y;
        int width;
        int height;
    } box;
    uint8_t *pixels; // owned, or the card's
    struct bc_card_image *card; // owned reference; NULL: the pixels are ours
};

// With transparent pixels. NULL without memory.
struct compose_image *
compose_image_create(int width, int height);

// Takes over the reference; NULL gives NULL.
struct compose_image *
compose_image_of_card(struct bc_card_image *card);

// Makes the holder NULL; a NULL holder is fine.
void
compose_image_free(struct compose_image **holder);

// Part of another one, scaled to the whole of a new one. NULL without memory or sense.
struct compose_image *
compose_image_scale(
    const struct compose_image *from, int x, int y, int w, int h, int width, int height);

// Makes its corners round, and fills it with a colour (0xRRGGBBAA).
void
compose_image_round(struct compose_image *image, int radius);

void
compose_image_fill(struct compose_image *image, uint32_t rgba);

// Lays another one over it, its left upper corner there.
void
compose_image_put(
    struct compose_image *image, const struct compose_image *over, int x, int y);

#endif
