// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "media/nalu.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

// The first byte chooses the length's size. What was normalised scans without error and
// is left alone by a second round.
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const unsigned SIZES[] = { 4, 1, 2, 4 };
    struct bc_nalu_info info;
    struct bc_buf *out = NULL;
    struct bc_buf *again = NULL;
    if (len == 0) {
        return 0;
    }
    unsigned size = SIZES[data[0] & 3];
    data++;
    len--;
    bc_nalu_scan(BC_CODEC_HEVC, data, len, &info);
    if (bc_nalu_normalise(data, len, size, &out) == 0) {
        const uint8_t *units = out ? out->data : data;
        size_t units_len = out ? out->len : len;
        if (bc_nalu_scan(BC_CODEC_AVC, units, units_len, &info) < 0
            || bc_nalu_normalise(units, units_len, 4, &again) < 0 || again) {
            abort();
        }
        bc_buf_unref(&out);
    }
    return 0;
}
