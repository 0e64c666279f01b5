// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_RTP_RING_H
#define TRANSMUX_RTP_RING_H

#include "rtp_feed.h"

// One lane's newest frames: from the last keyframe, and long enough for retransmissions. Part
// of its window; the worker's thread.
struct bc_rtp_ring {
    struct bc_rtp_frame **frames; // owned references; number n in slot n % cap
    unsigned cap;                 // a power of two
    uint64_t first;
    uint64_t next;
    uint64_t key;      // number of the newest keyframe held; 0: none
    size_t bytes;
    int64_t bps;       // measured
    int64_t rate_since_us;
    size_t rate_bytes;
};

static inline struct bc_rtp_frame *
bc_rtp_ring_frame(const struct bc_rtp_ring *ring, uint64_t number)
{
    return ring->frames[number & (ring->cap - 1)];
}

// Takes a reference. A frame whose number does not follow begins anew. Drops what neither a
// newcomer starts from, with a keyframe of up to `gop_max_us` ago, nor may be asked for again.
void
bc_rtp_ring_append(
    struct bc_rtp_ring *ring, struct bc_rtp_frame *frame, int64_t gop_max_us);

// Drops all, and its memory.
void
bc_rtp_ring_finish(struct bc_rtp_ring *ring);

#endif
