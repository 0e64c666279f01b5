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
#define BC_TWCC_POINTS 64 // a power of two
#define BC_TWCC_BUCKETS 10

struct bc_twcc_sent {
    int64_t sent_us;
    uint16_t seq;
    uint16_t bytes; // 0: never used
    bool acked;
    bool lost; // reported missing; may still come
    bool credited; // its feedback seems to be lost: taken as arrived
};

// A few packets that left together: how long the first of them took (the clocks differ by
// an unknown constant), and when the last one came.
struct bc_twcc_point {
    int64_t sent_us;
    int64_t delay_us;
    int64_t arrival_us;
    int64_t bytes;
};

// Whether the path's queue grows: a line through the delays of the last second.
struct bc_twcc_trend {
    struct bc_twcc_point points[BC_TWCC_POINTS]; // a ring
    uint32_t head; // points ever
    uint32_t tail; // the first one that counts
    struct bc_twcc_point group; // being put together
    bool grouping;
    bool has_base;
    int64_t base_us[2]; // least delays: of this span of time and of the one before
    int64_t base_since_us;
    int64_t updated_us;
    double threshold_ms; // what counts as growth; follows the path's jitter
    double growth_ms; // of the delay, over the line's length
    int64_t queue_us; // delay beyond the least
    unsigned growing; // how many times in a row
    uint32_t judged; // the points that the last verdict knew
    bool verdict; // overuse
    int64_t flat_since_us; // the queue is long but does not change; 0 otherwise
};

struct bc_twcc_sender {
    struct bc_twcc_sent sent[BC_TWCC_HISTORY];
    uint16_t next_seq;
    int64_t first_feedback_us; // 0: none came yet
    int64_t last_feedback_us;
    int64_t estimate_bps; // 0: not known yet
    int64_t acked_bps; // what the peer got lately
    int64_t rtt_us; // smoothed; 0 unknown
    double loss; // 0..1, smoothed over about a second
    bool overuse; // the path's queue is growing now
    struct bc_twcc_trend trend;
    struct { // the estimator's own
        bool has_reference;
        uint32_t reference; // the last message's, 24 bits
        int64_t reference_us; // the same, going on over wraps
        uint16_t expected_seq; // the first one that no feedback spoke of
        int64_t credit_bytes; // of packets whose feedback is lost
        int64_t delay_us; // of the last one that came, with the clocks' difference
        int64_t buckets[BC_TWCC_BUCKETS]; // bytes that came, by time of arrival
        int64_t bucket; // number of the newest
        int64_t first_bucket;
        int64_t updated_us;
        int64_t decreased_us;
        bool decreased; // ever
        int64_t window_start_us;
        unsigned window_lost;
        unsigned window_packets;
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
