// SPDX-License-Identifier: Apache-2.0
// Uploaded pictures: what is decoded has the size that its head says, turned or not.
#include <stdint.h>
#include <stdlib.h>

#include "card/card.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char why[BC_CARD_WHY] = "";
    struct bc_picture_head head;
    bool good = bc_picture_head_read(data, len, &head, why);
    if (!good && !why[0]) {
        abort();
    }
    if (good && (int64_t)head.width * head.height > 1 << 20) {
        return 0; // too slow to be of use here
    }
    struct bc_card_image *image = bc_picture_load(data, len, 256, why);
    if (image && (!good || image->width > 256 || image->height > 256)) {
        abort();
    }
    bc_card_image_unref(&image);
    return 0;
}
