// SPDX-License-Identifier: Apache-2.0
#include "rtp_ring.h"

#include <stdlib.h>

#define RING_INITIAL 64
#define RING_BYTES_MAX (64u << 20)
// Packets are sent again so long after they first left (WRTC-46).
#define RESEND_US 2000000
#define RATE_US 1000000

static void
drop_first(struct bc_rtp_ring *ring)
{
    struct bc_rtp_frame **slot = &ring->frames[ring->first & (ring->cap - 1)];
    ring->bytes -= (*slot)->total;
    bc_rtp_frame_unref(slot);
    if (ring->key == ring->first) {
        ring->key = 0;
    }
    ring->first++;
}

static void
clear(struct bc_rtp_ring *ring)
{
    while (ring->first < ring->next) {
        drop_first(ring);
    }
}

static bool
grow(struct bc_rtp_ring *ring)
{
    unsigned cap = ring->cap ? 2 * ring->cap : RING_INITIAL;
    struct bc_rtp_frame **frames = calloc(cap, sizeof(frames[0]));
    if (!frames) {
        return false;
    }
    for (uint64_t n = ring->first; n < ring->next; n++) {
        frames[n & (cap - 1)] = bc_rtp_ring_frame(ring, n);
    }
    free(ring->frames);
    ring->frames = frames;
    ring->cap = cap;
    return true;
}

// Keeps what a newcomer starts from and what may be asked for again, and no more.
static void
trim(struct bc_rtp_ring *ring, int64_t gop_max_us)
{
    const struct bc_rtp_frame *last = bc_rtp_ring_frame(ring, ring->next - 1);
    while (ring->next - ring->first > 1) {
        const struct bc_rtp_frame *f = bc_rtp_ring_frame(ring, ring->first);
        int64_t age = last->arrived_us - f->arrived_us;
        bool wanted = age < RESEND_US || (ring->key && ring->first >= ring->key);
        if (wanted && age < gop_max_us + RESEND_US && ring->bytes <= RING_BYTES_MAX) {
            return;
        }
        drop_first(ring);
    }
}

static void
measure(struct bc_rtp_ring *ring, const struct bc_rtp_frame *frame)
{
    int64_t span = frame->arrived_us - ring->rate_since_us;
    ring->rate_bytes += frame->total;
    if (ring->rate_since_us == 0 || span > 5 * RATE_US || span < 0) {
        ring->rate_since_us = frame->arrived_us;
        ring->rate_bytes = 0;
    } else if (span >= RATE_US) {
        ring->bps = (int64_t)ring->rate_bytes * 8 * 1000000 / span;
        ring->rate_since_us = frame->arrived_us;
        ring->rate_bytes = 0;
    }
}

void
bc_rtp_ring_append(
    struct bc_rtp_ring *ring, struct bc_rtp_frame *frame, int64_t gop_max_us)
{
    if (frame->number != ring->next) {
        // A window that came late, or a broadcast that began anew.
        clear(ring);
        ring->first = ring->next = frame->number;
        ring->key = 0;
    }
    if (ring->next - ring->first == ring->cap && !grow(ring)) {
        if (ring->cap == 0) {
            return;
        }
        drop_first(ring);
    }
    ring->frames[ring->next & (ring->cap - 1)] = bc_rtp_frame_ref(frame);
    if (frame->flags & BC_PACKET_KEY) {
        ring->key = ring->next;
    }
    ring->bytes += frame->total;
    ring->next++;
    measure(ring, frame);
    trim(ring, gop_max_us);
}

void
bc_rtp_ring_finish(struct bc_rtp_ring *ring)
{
    clear(ring);
    free(ring->frames);
    ring->frames = NULL;
}
