// SPDX-License-Identifier: Apache-2.0
#include "image.h"

#include <stdlib.h>
#include <string.h>

#define ALIGN 64

struct bc_card_image *
card_image_create(int width, int height)
{
    if (width < 1 || height < 1 || width > BC_CARD_SIDE_MAX
        || height > BC_CARD_SIDE_MAX) {
        return NULL;
    }
    struct bc_card_image *image = calloc(1, sizeof(*image));
    if (!image) {
        return NULL;
    }
    atomic_init(&image->refs, 1);
    image->width = width;
    image->height = height;
    image->stride = (width * 4 + ALIGN - 1) / ALIGN * ALIGN;
    size_t bytes = (size_t)image->stride * (size_t)height;
    image->pixels = aligned_alloc(ALIGN, bytes);
    if (!image->pixels) {
        free(image);
        return NULL;
    }
    memset(image->pixels, 0, bytes);
    return image;
}

struct bc_card_image *
bc_card_image_ref(struct bc_card_image *image)
{
    atomic_fetch_add_explicit(&image->refs, 1, memory_order_relaxed);
    return image;
}

void
bc_card_image_unref(struct bc_card_image **holder)
{
    struct bc_card_image *image = *holder;
    *holder = NULL;
    if (image && atomic_fetch_sub_explicit(&image->refs, 1, memory_order_acq_rel) == 1) {
        free(image->pixels);
        free(image);
    }
}

void
card_image_find_box(struct bc_card_image *image)
{
    int left = image->width;
    int right = -1;
    int top = -1;
    int bottom = -1;
    for (int y = 0; y < image->height; y++) {
        const uint8_t *alpha = image->pixels + (ptrdiff_t)y * image->stride + 3;
        int first = 0;
        while (first < image->width && alpha[first * 4] == 0) {
            first++;
        }
        if (first == image->width) {
            continue;
        }
        int last = image->width - 1;
        while (alpha[last * 4] == 0) {
            last--;
        }
        left = first < left ? first : left;
        right = last > right ? last : right;
        top = top < 0 ? y : top;
        bottom = y;
    }
    if (top >= 0) {
        image->box.x = left;
        image->box.y = top;
        image->box.width = right - left + 1;
        image->box.height = bottom - top + 1;
    }
}
