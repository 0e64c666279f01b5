// SPDX-License-Identifier: Apache-2.0
#ifndef CONTAINER_MPEGTS_PES_H
#define CONTAINER_MPEGTS_PES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What the head of a PES packet says.
struct bc_ts_pes {
    size_t head_bytes;
    bool has_pts;
    uint64_t pts; // 33 bits
    uint64_t dts; // as pts where there is none
    uint32_t body_bytes; // 0: unbounded
};

// 0 when more bytes are needed, > 0 when `out` is filled, -EINVAL when this is no PES
// packet with media, -ENOTSUP when it is scrambled.
int
bc_ts_pes_parse(const uint8_t *data, size_t len, struct bc_ts_pes *out);

#endif
