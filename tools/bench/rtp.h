// SPDX-License-Identifier: Apache-2.0
#ifndef BENCH_RTP_H
#define BENCH_RTP_H

#include "util.h"

enum { BC_RTP_HEADER = 12, BC_RTP_SOURCES = 4, BC_RTCP_MAX = 256 };

// One SSRC's sequence numbers (RFC 3550 A.1, A.3), extended to 32 bits.
struct bc_rtp_source {
    uint32_t ssrc;
    uint32_t first;
    uint32_t newest;
    uint64_t arrived; // bit i: newest - i did
    uint64_t received;
    uint64_t expected_before; // at the last report, and when the window opened
    uint64_t received_before;
    uint64_t expected_at_open;
    uint64_t received_at_open;
};

// What one viewer receives. Zero-initialised = nothing yet.
struct bc_rtp_receiver {
    struct bc_rtp_source sources[BC_RTP_SOURCES];
    int count;
    uint64_t packets;
    uint64_t duplicates;
    uint64_t reordered;
};

// False when the packet belongs to one source too many.
bool
bc_rtp_receive(struct bc_rtp_receiver *r, const uint8_t *header);
// Sequence numbers that should have come in the window and did not.
void
bc_rtp_open_window(struct bc_rtp_receiver *r);
uint64_t
bc_rtp_window_expected(const struct bc_rtp_receiver *r);
uint64_t
bc_rtp_window_lost(const struct bc_rtp_receiver *r);
// A receiver report with an SDES behind it, in clear; returns its length. Jitter and the
// times of sender reports are left 0.
size_t
bc_rtp_write_report(
    struct bc_rtp_receiver *r, uint32_t own_ssrc, uint8_t out[BC_RTCP_MAX]);

// The payload of a whole, decrypted packet; NULL when its lengths lie or it has none.
const uint8_t *
bc_rtp_payload(const uint8_t *p, size_t n, size_t *len);
// Whether an H.264 payload (RFC 6184) begins or holds an IDR slice.
bool
bc_rtp_begins_idr(const uint8_t *payload, size_t n);

#endif
