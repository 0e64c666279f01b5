// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_WEBRTC_INBOUND_H
#define PROTOCOL_WEBRTC_INBOUND_H

#include <stdbool.h>
#include <stdint.h>

#include "media/packet.h"
#include "protocol/webrtc/peer.h"

struct bc_worker;

// The media that a peer sends us: RTP of any number of streams (sound, video, simulcast
// layers, their retransmissions) becomes packets on one clock. Repairs losses (NACK),
// reports what came (RR, transport-wide feedback, REMB), asks for keyframes (PLI).

struct bc_inbound_ops {
    // The tracks with which the first packets come, before these. Borrowed.
    void (*on_track)(void *user, struct bc_track *track);
    // The next packet; a reference for the callee. dts_us and pts_us are of a clock common
    // to all streams. Video of rendition 0 is the best layer that comes now.
    void (*on_packet)(void *user, struct bc_packet *packet);
};

struct bc_inbound_params {
    struct bc_worker *worker;
    struct bc_peer *peer; // borrowed; outlives it
    const struct bc_sdp_session *session; // what was agreed; copied
    // Browsers make keyframes only when asked; so they are asked this often. 0: never.
    int64_t key_interval_us;
    const struct bc_inbound_ops *ops;
    void *user;
    const struct bc_logger *log; // outlives it
};

// Owned by the session that made it; one worker.
struct bc_inbound;

struct bc_inbound *
bc_inbound_create(const struct bc_inbound_params *params);

// NULL is fine.
void
bc_inbound_destroy(struct bc_inbound *in);

void
bc_inbound_on_rtp(struct bc_inbound *in, const struct bc_rtp_header *h, int64_t now_us);

void
bc_inbound_on_rtcp(
    struct bc_inbound *in, const uint8_t *data, size_t len, int64_t now_us);

// Asks the host for a keyframe of a rendition; coalesced.
void
bc_inbound_ask_key(struct bc_inbound *in, unsigned rendition);

struct bc_inbound_stats {
    uint64_t packets;
    uint64_t lost;      // for good
    uint64_t nacked;
    uint64_t recovered;
    uint64_t key_requests;
    double jitter_ms;   // of the video
    unsigned layers;
    int64_t last_packet_us; // when media came last; 0: never
};

void
bc_inbound_stats(const struct bc_inbound *in, struct bc_inbound_stats *out);

#endif
