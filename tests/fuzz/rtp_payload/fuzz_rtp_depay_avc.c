// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "depay_feed.h"

// Text up to a zero byte is the fmtp, then packets.
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const uint8_t *zero = len > 0 ? memchr(data, 0, len) : NULL;
    if (zero) {
        size_t text = (size_t)(zero - data) + 1;
        feed_depacketiser(BC_CODEC_AVC, (const char *)data, data + text, len - text);
    }
    return 0;
}
