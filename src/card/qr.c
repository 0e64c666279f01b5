// SPDX-License-Identifier: Apache-2.0
#include "qr.h"

#include <stdlib.h>
#include <string.h>

#include <qrencode.h>

#include "image.h"

#define QUIET 4 // modules of white around, as ISO/IEC 18004 has it
#define SIDE_MIN 32

uint8_t *
card_qr_modules(const char *text, size_t *side)
{
    size_t len = strlen(text);
    QRcode *code = len > 0 && len <= CARD_QR_TEXT_MAX
        ? QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M)
        : NULL;
    if (!code) {
        return NULL;
    }
    *side = (size_t)code->width;
    uint8_t *modules = malloc(*side * *side);
    if (modules) {
        memcpy(modules, code->data, *side * *side);
    }
    QRcode_free(code);
    return modules;
}

static void
fill_square(struct bc_card_image *image, int x, int y, int side)
{
    for (int row = y; row < y + side; row++) {
        uint8_t *p = image->pixels + (ptrdiff_t)row * image->stride + (ptrdiff_t)x * 4;
        for (int i = 0; i < side; i++, p += 4) {
            memset(p, 0, 3);
        }
    }
}

struct bc_card_image *
bc_qr_draw(const char *text, int size)
{
    size_t side;
    if (size < SIDE_MIN || size > BC_CARD_SIDE_MAX) {
        return NULL;
    }
    uint8_t *modules = card_qr_modules(text, &side);
    int module = modules ? size / ((int)side + 2 * QUIET) : 0;
    struct bc_card_image *image = module > 0 ? card_image_create(size, size) : NULL;
    if (image) {
        int margin = (size - module * (int)side) / 2;
        memset(image->pixels, 0xff, (size_t)image->stride * (size_t)size);
        for (size_t i = 0; i < side * side; i++) {
            if (modules[i] & 1) {
                fill_square(image, margin + module * (int)(i % side),
                    margin + module * (int)(i / side), module);
            }
        }
        card_image_find_box(image);
    }
    free(modules);
    return image;
}
