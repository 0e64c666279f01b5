// SPDX-License-Identifier: Apache-2.0
#ifndef IMAGE_H
#define IMAGE_H

#include "card/card.h"

// Transparent, count 1. NULL without memory or for sizes that are not allowed.
struct bc_card_image *
card_image_create(int width, int height);

// Finds the box after drawing.
void
card_image_find_box(struct bc_card_image *image);

#endif
