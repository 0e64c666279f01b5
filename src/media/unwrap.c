// SPDX-License-Identifier: Apache-2.0
#include "media/timeline.h"

#define RTMP_BITS 31

int64_t
bc_unwrap_bits(struct bc_unwrap *u, uint64_t value, unsigned bits)
{
    if (!u->started || bits >= 64) {
        u->started = true;
        u->last = (int64_t)value;
        return u->last;
    }
    // The step modulo 2^bits as the nearest signed number (RFC 1982).
    uint64_t span = 1ull << bits;
    uint64_t step = (value - (uint64_t)u->last) & (span - 1);
    if (step >= span / 2) {
        step -= span;
    }
    u->last = (int64_t)((uint64_t)u->last + step);
    return u->last;
}

// Counting modulo 2^31 serves the encoders that wrap there and those that wrap at 2^32, a
// multiple of it. The price: a jump of exactly 24.8 days looks like none.
int64_t
bc_unwrap_rtmp(struct bc_unwrap *u, uint32_t ms)
{
    return bc_unwrap_bits(u, ms, RTMP_BITS);
}
