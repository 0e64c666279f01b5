// SPDX-License-Identifier: Apache-2.0
// Reads bits in the sizes that the second byte chooses; the first tells whether bytes are
// skipped as in a NAL unit. A reader that failed gives nothing but zeros.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 2) {
        return 0;
    }
    uint8_t *copy = malloc(len - 1); // of its own size, so that reads beyond it are seen
    memcpy(copy, data + 2, len - 2);
    struct bc_bits b = bc_bits_init(copy, len - 2, data[0] & 1);
    unsigned size = data[1];
    while (!b.failed) {
        size = size * 5 + 1;
        uint32_t v = size % 7 == 0 ? bc_bits_ue(&b)
            : size % 7 == 1       ? (uint32_t)bc_bits_se(&b)
                                  : bc_bits_read(&b, 1 + size % 32);
        if (b.failed && v != 0) {
            abort();
        }
    }
    if (bc_bits_read(&b, 9) != 0 || bc_bits_ue(&b) != 0 || b.pos / 8 > len) {
        abort();
    }
    free(copy);
    return 0;
}
