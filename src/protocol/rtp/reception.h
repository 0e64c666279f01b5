// SPDX-License-Identifier: Apache-2.0
#ifndef RECEPTION_H
#define RECEPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/rtp/rtcp.h"

// What RFC 3550 6.4 and A.3, A.8 want to know of a received stream: expected and received
// packets, jitter, the last sender report. Embedded in its receiver; same thread, same
// life.
struct rtp_reception {
    uint32_t clock_rate;
    int64_t first_seq; // extended; of this start of the stream
    int64_t highest_seq;
    int64_t received;
    int64_t expected_prior; // at the last report
    int64_t received_prior;
    bool has_transit;
    uint32_t transit; // of the newest frame, in the stream's clock
    uint32_t timestamp;
    double jitter; // in the stream's clock
    bool has_sr;
    uint32_t lsr;
    int64_t sr_us;
};

// The stream begins (again) with this extended sequence number.
void
rtp_reception_start(struct rtp_reception *r, uint32_t clock_rate, int64_t seq);

// A packet of the stream itself, not one asked for on another.
void
rtp_reception_on_packet(
    struct rtp_reception *r, int64_t seq, uint32_t timestamp, int64_t now_us);

void
rtp_reception_on_sr(struct rtp_reception *r, uint64_t ntp, int64_t now_us);

// All but the SSRC.
void
rtp_reception_report(struct rtp_reception *r, int64_t now_us, struct bc_rtcp_report *out);

double
rtp_reception_jitter_ms(const struct rtp_reception *r);

#endif
