// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_RTP_RECEIVER_H
#define PROTOCOL_RTP_RECEIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/rtp/packet.h"
#include "protocol/rtp/rtcp.h"

struct bc_rtp_receiver_params {
    uint32_t clock_rate; // of the payload's timestamps, Hz
    // How long a missing packet holds back those behind it; then it is lost for good.
    // 0 takes a default (400 ms with nack, else 60 ms).
    int64_t wait_us;
    bool nack; // the peer answers NACKs
    // Packets in sequence. `lost_before`: a hole before it was given up.
    void (*on_packet)(void *user, const struct bc_rtp_header *h, bool lost_before,
        int64_t arrived_us);
    // Ask the peer for these; ascending.
    void (*on_nack)(void *user, const uint16_t *seqs, unsigned count);
    void *user;
};

// One incoming RTP stream (SSRC): brings packets in order (jitter buffer), finds holes,
// has them asked for with the round trip in mind (first after a short tolerance for
// reordering, then every round trip, a bounded number of times), gives them up, and keeps
// RFC 3550's statistics. Bounded: at most 2048 packets and 4 MiB held; a jump of the
// sequence beyond that is a restart of the stream. Copies what it must hold. Reads no
// clock. Owned by the ingest session; one thread.
struct bc_rtp_receiver;

struct bc_rtp_receiver *
bc_rtp_receiver_create(const struct bc_rtp_receiver_params *params);

void
bc_rtp_receiver_destroy(struct bc_rtp_receiver *r);

// A packet of the stream, after SRTP. Duplicates and ancient ones are dropped.
void
bc_rtp_receiver_push(
    struct bc_rtp_receiver *r, const struct bc_rtp_header *h, int64_t now_us);

// A packet of its RTX stream (RFC 4588): the original is inside. Padding-only ones are
// passed over.
void
bc_rtp_receiver_push_rtx(
    struct bc_rtp_receiver *r, const struct bc_rtp_header *h, int64_t now_us);

// Does what is due: repeats NACKs, gives up holes. Returns when it wants to be called
// again (same clock as now_us), or INT64_MAX while nothing is missing. Call after pushes
// too.
int64_t
bc_rtp_receiver_tick(struct bc_rtp_receiver *r, int64_t now_us);

void
bc_rtp_receiver_set_rtt(struct bc_rtp_receiver *r, int64_t rtt_us);

void
bc_rtp_receiver_on_sr(struct bc_rtp_receiver *r, uint64_t ntp, int64_t now_us);

// The report block about this stream, and starts a new interval.
void
bc_rtp_receiver_report(
    struct bc_rtp_receiver *r, int64_t now_us, struct bc_rtcp_report *out);

struct bc_rtp_receiver_stats {
    uint64_t packets;
    uint64_t bytes;      // of payload
    uint64_t duplicates; // dropped: came twice, or too late
    uint64_t nacked;     // sequence numbers asked for
    uint64_t recovered;  // came after they were asked for
    uint64_t lost;       // given up
    double jitter_ms;
};

void
bc_rtp_receiver_stats(
    const struct bc_rtp_receiver *r, struct bc_rtp_receiver_stats *out);

#endif
