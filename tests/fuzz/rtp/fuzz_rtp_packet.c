// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "protocol/rtp/packet.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

// Whatever is found lies within the packet.
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bc_rtp_header h;
    bc_rtp_mux_kind(data, len);
    if (bc_rtp_parse(data, len, &h) < 0) {
        return 0;
    }
    if (h.payload < data || h.payload_len > len
        || h.payload + h.payload_len > data + len) {
        abort();
    }
    for (unsigned id = 0; id < 256; id++) {
        size_t ext_len = 0;
        const uint8_t *p = bc_rtp_extension(&h, id, &ext_len);
        if (p ? p < h.ext || p + ext_len > h.ext + h.ext_len : ext_len != 0) {
            abort();
        }
    }
    return 0;
}
