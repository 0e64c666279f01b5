// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_RTP_TWCC_H
#define PROTOCOL_RTP_TWCC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/writer.h"

// Transport-wide congestion control, draft-holmer-rmcat-transport-wide-cc-extensions-01.

// --- the receiving side: tells the sender when each packet came ---

// Arrivals since the last feedback. Owned by an ingest session; one thread. Bounded.
struct bc_twcc_receiver;

struct bc_twcc_receiver *
bc_twcc_receiver_create(void);

void
bc_twcc_receiver_destroy(struct bc_twcc_receiver *r);

void
bc_twcc_receiver_on_packet(struct bc_twcc_receiver *r, uint16_t seq, int64_t now_us);

// Appends feedback packets (PT 205, FMT 15) about what came since the last one, each at
// most about 1100 bytes; none when nothing came. Called about every 50 to 100 ms.
void
bc_twcc_receiver_write(struct bc_twcc_receiver *r, struct bc_writer *w,
    uint32_t sender_ssrc, uint32_t media_ssrc);

// --- the sending side: how much the path carries ---

// Send times of the newest packets and an estimate of the path from the peer's feedback:
// delay-based (a growing one-way delay gradient is overuse) and loss-based, with
// multiplicative decrease to a share of what was acknowledged. The estimate rises slowly,
// and not beyond twice of what was really sent, as live video is not always there to fill
// a path. Embedded in a viewer: at most 24 KiB. Zero-initialised, then
// bc_twcc_sender_init(). One thread; reads no clock.
#define BC_TWCC_HISTORY 1024 // a power of two

struct bc_twcc_sent {
    int64_t sent_us;
    uint16_t seq;
    uint16_t bytes;
    bool acked;
};

struct bc_twcc_sender {
    struct bc_twcc_sent sent[BC_TWCC_HISTORY];
    uint16_t next_seq;
    int64_t first_feedback_us; // 0: none came yet
    int64_t last_feedback_us;
    int64_t estimate_bps;      // 0: not known yet
    int64_t acked_bps;         // what the peer got lately
    int64_t rtt_us;            // smoothed; 0 unknown
    double loss;               // 0..1, smoothed over about a second
    bool overuse;              // the path's queue is growing now
    struct {                   // the estimator's own
        double gradient;
        double threshold;
        int64_t base_delay_us;
        int64_t last_delay_us;
        int64_t last_arrival_us;
        int64_t last_send_us;
        int64_t decreased_us;
        int64_t window_start_us;
        int64_t window_bytes;
        unsigned window_lost;
        unsigned window_packets;
        unsigned overuse_count;
        int64_t send_rate_start_us;
        int64_t send_rate_bytes;
        int64_t send_bps;
    } e;
};

void
bc_twcc_sender_init(struct bc_twcc_sender *s);

// The next transport-wide sequence number, for a packet of `bytes` that leaves now.
uint16_t
bc_twcc_sender_on_sent(struct bc_twcc_sender *s, size_t bytes, int64_t now_us);

// The FCI of a feedback message (bc_rtcp_message.twcc). -EINVAL when it makes no sense.
int
bc_twcc_sender_on_feedback(
    struct bc_twcc_sender *s, const uint8_t *fci, size_t len, int64_t now_us);

#endif
