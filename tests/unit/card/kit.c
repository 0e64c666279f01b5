// SPDX-License-Identifier: Apache-2.0
#include "kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct bc_card_set *
kit_set(const char *svg)
{
    char why[BC_CARD_WHY] = "";
    struct bc_card_set *set = bc_card_set_load(NULL, NULL);
    assert_non_null(set);
    if (!bc_card_set_add(set, "t", svg, strlen(svg), why)) {
        fail_msg("%s", why);
    }
    return set;
}

char *
kit_fill_with(const char *svg, const char *data, const struct bc_card_pictures *pictures)
{
    char why[BC_CARD_WHY] = "";
    struct bc_card_set *set = kit_set(svg);
    struct bc_buf *buf = bc_card_fill(set, "t", data, strlen(data), pictures, why);
    if (!buf) {
        fail_msg("%s", why);
    }
    char *text = calloc(1, buf->len + 1);
    assert_non_null(text);
    memcpy(text, buf->data, buf->len);
    bc_buf_unref(&buf);
    bc_card_set_unref(&set);
    return text;
}

char *
kit_fill(const char *svg, const char *data)
{
    return kit_fill_with(svg, data, NULL);
}

struct bc_card_image *
kit_draw(const char *svg, const char *data, int width, int height)
{
    char why[BC_CARD_WHY] = "";
    char *text = kit_fill(svg, data);
    struct bc_card_image *image = bc_card_draw(text, strlen(text), width, height, why);
    if (!image) {
        fail_msg("%s", why);
    }
    free(text);
    return image;
}

uint32_t
kit_pixel(const struct bc_card_image *image, int x, int y)
{
    const uint8_t *p = image->pixels + (ptrdiff_t)y * image->stride + (ptrdiff_t)x * 4;
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

unsigned
kit_ink(const struct bc_card_image *image, int x, int y, int width, int height)
{
    unsigned count = 0;
    for (int row = y; row < y + height; row++) {
        for (int column = x; column < x + width; column++) {
            count += kit_pixel(image, column, row) >> 24 >= 128;
        }
    }
    return count;
}

unsigned
kit_differences(const struct bc_card_image *a, const struct bc_card_image *b)
{
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    unsigned count = 0;
    for (int y = 0; y < a->height; y++) {
        for (int x = 0; x < a->width; x++) {
            count += kit_pixel(a, x, y) != kit_pixel(b, x, y);
        }
    }
    return count;
}
