// SPDX-License-Identifier: Apache-2.0
#include "depay_feed.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    feed_depacketiser(BC_CODEC_AV1, NULL, data, len);
    return 0;
}
