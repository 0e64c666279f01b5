// SPDX-License-Identifier: Apache-2.0
#ifndef BENCH_STAMP_H
#define BENCH_STAMP_H

#include "util.h"

// The send-time stamp: an H.264 SEI of type user_data_unregistered with a fixed UUID and
// CLOCK_MONOTONIC in ns as 16 bytes 0x50..0x5f, one nibble each, so that no emulation
// prevention byte can ever be needed and every container carries it unchanged.
enum {
    BC_STAMP_LEN = 32,     // UUID and 16 nibbles
    BC_STAMP_NAL_LEN = 36, // with NAL header, SEI header and trailing bits
};

// Finds stamps in bytes that come in any pieces. Zero-initialised = nothing seen.
struct bc_stamp_scan {
    uint8_t tail[BC_STAMP_LEN - 1]; // the end of what was fed before
    size_t tail_len;
};

typedef void bc_stamp_fn(void *userdata, int64_t sent_ns);

void bc_stamp_write(uint8_t out[BC_STAMP_NAL_LEN], int64_t now_ns);
void bc_stamp_scan_feed(struct bc_stamp_scan *s, const uint8_t *p, size_t n,
                        bc_stamp_fn *on_stamp, void *userdata);

#endif
