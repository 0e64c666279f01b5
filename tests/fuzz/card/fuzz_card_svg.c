// SPDX-License-Identifier: Apache-2.0
// Any SVG, drawn small.
#include <stdint.h>

#include "card/card.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char why[BC_CARD_WHY];
    struct bc_card_image *image = bc_card_draw(data, len, 40, 30, why);
    bc_card_image_unref(&image);
    return 0;
}
