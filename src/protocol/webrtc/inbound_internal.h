// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_WEBRTC_INBOUND_INTERNAL_H
#define PROTOCOL_WEBRTC_INBOUND_INTERNAL_H

#include "media/timeline.h"
#include "net/timer.h"
#include "net/worker.h"
#include "protocol/rtp/payload.h"
#include "protocol/rtp/receiver.h"
#include "protocol/rtp/twcc.h"
#include "protocol/webrtc/inbound.h"

#define BC_INBOUND_STREAMS (1 + BC_RENDITION_MAX)
#define BC_INBOUND_HELD 512

// One incoming RTP stream and its place on the common clock.
struct bc_inbound_stream {
    struct bc_inbound *in; // borrowed
    bool used;
    enum bc_kind kind;
    uint32_t ssrc;
    uint32_t rtx_ssrc; // 0: not known
    char rid[17];      // "" without simulcast
    uint32_t clock_rate;
    struct bc_rtp_receiver *receiver;
    struct bc_rtp_depacketiser *depacketiser;
    struct bc_track *track;   // owned reference; NULL before the first unit
    struct bc_unwrap clock;   // of the timestamps
    // Common clock = RTP time + offset. By arrival at first; by the host's sender reports
    // (its NTP clock is one for all streams) as soon as they come.
    bool placed;
    int64_t offset_us;
    bool has_report;
    int64_t report_offset_us; // NTP clock - RTP time
    int64_t last_unit_us;     // arrival of the newest unit
    int64_t key_us;           // arrival of the newest keyframe
    int64_t asked_us;         // last PLI
    bool wants_key;           // a PLI is due when the limit allows
    int rendition;            // of its packets now; -1: dropped until a keyframe
    int next_rendition;       // from its next keyframe on
};

// The media of one session. Owned by ingest's or relay's session; one worker.
struct bc_inbound {
    struct bc_peer *peer; // borrowed
    struct bc_worker *worker;
    const struct bc_inbound_ops *ops;
    void *user;
    const struct bc_logger *log;
    struct bc_sdp_session session;
    int64_t key_interval_us;
    struct bc_inbound_stream streams[BC_INBOUND_STREAMS];
    struct bc_twcc_receiver *twcc; // NULL when not agreed on
    uint32_t own_ssrc;             // as the sender of our reports
    struct bc_timer timer;
    int64_t reported_us;
    int64_t fed_back_us;
    // Until all streams are on one clock, or a second has passed, packets wait here.
    bool holding;
    int64_t hold_since_us;
    struct bc_packet *held[BC_INBOUND_HELD]; // owned references, times by stream still
    struct bc_inbound_stream *held_of[BC_INBOUND_HELD];
    unsigned held_count;
    bool has_shift;
    int64_t shift_us; // common clock - host's NTP clock
    int64_t last_packet_us;
    uint64_t packets;
    uint64_t key_requests;
};

// --- inbound_clock.c ---

// The common clock of a unit's timestamp.
int64_t
bc_inbound_time(struct bc_inbound_stream *s, uint32_t timestamp, int64_t arrived_us);

void
bc_inbound_on_sr(struct bc_inbound_stream *s, uint64_t ntp, uint32_t rtp);

// Puts the offsets of all streams right, at the end of holding.
void
bc_inbound_align(struct bc_inbound *in);

// --- inbound_layers.c ---

// Which layer is which rendition: the largest that comes is 0. Changes take place at
// keyframes.
void
bc_inbound_rank(struct bc_inbound *in, int64_t now_us);

// The rendition of a unit of this stream; -1: to be dropped.
int
bc_inbound_rendition(struct bc_inbound_stream *s, bool is_key);

// --- inbound_feedback.c ---

void
bc_inbound_nack(void *user, const uint16_t *seqs, unsigned count);

void
bc_inbound_want_key(struct bc_inbound_stream *s);

// What is due now: PLI, transport-wide feedback, receiver reports.
void
bc_inbound_feedback(struct bc_inbound *in, int64_t now_us);

#endif
