// SPDX-License-Identifier: Apache-2.0
#ifndef RECEIVER_IMPL_H
#define RECEIVER_IMPL_H

#include "protocol/rtp/receiver.h"
#include "reception.h"

// Inside the receiver: receiver.c keeps the window of packets, receiver_nack.c asks for
// what is missing in it.

#define RTP_WINDOW 2048 // a power of two

// A packet that waits for those before it. Owned by its slot.
struct rtp_held {
    struct bc_rtp_header h; // its pointers lead into `bytes`
    int64_t arrived_us;
    size_t size; // of the allocation
    uint8_t bytes[];
};

// A sequence number between the next to be passed on and the highest seen: without a
// packet it is missing.
struct rtp_slot {
    struct rtp_held *held; // owned
    int64_t since_us; // when it was found missing
    int64_t asked_us;
    unsigned asks;
};

struct bc_rtp_receiver {
    struct bc_rtp_receiver_params params;
    struct rtp_slot slots[RTP_WINDOW]; // by extended sequence number
    bool started;
    int64_t next; // extended sequence number of what is passed on next
    int64_t highest; // of what came; next - 1 when nothing waits
    unsigned missing;
    unsigned unasked; // of the missing
    size_t held_bytes;
    bool lost_before;
    struct rtp_held *jump; // owned: a packet from elsewhere, perhaps of a new start
    unsigned late_run;
    int64_t rtt_us;
    int64_t due_us; // when tick() has something to do
    uint32_t ssrc;
    uint8_t payload_type;
    struct rtp_reception reception;
    struct bc_rtp_receiver_stats stats;
};

static inline struct rtp_slot *
rtp_receiver_slot(struct bc_rtp_receiver *r, int64_t seq)
{
    return &r->slots[(uint64_t)seq & (RTP_WINDOW - 1)];
}

// Gives up the oldest hole of one packet; the front of a window that isn't empty is one.
void
rtp_receiver_give_up_first(struct bc_rtp_receiver *r);

#endif
