// SPDX-License-Identifier: Apache-2.0
#include "depay_feed.h"

// The first byte chooses between VP8 and VP9.
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len > 0) {
        feed_depacketiser(
            data[0] & 1 ? BC_CODEC_VP9 : BC_CODEC_VP8, NULL, data + 1, len - 1);
    }
    return 0;
}
