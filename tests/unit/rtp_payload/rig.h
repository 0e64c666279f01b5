// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_UNIT_RTP_PAYLOAD_RIG_H
#define TESTS_UNIT_RTP_PAYLOAD_RIG_H

#include "protocol/rtp/payload.h"

#define RIG_UNITS 64

// A depacketiser and all that came out of it.
struct rig {
    struct bc_rtp_depacketiser *d;
    struct bc_rtp_unit units[RIG_UNITS]; // buf and track are the rig's
    unsigned count;
    unsigned broken; // how often a keyframe was asked for
};

void
rig_open(struct rig *r, enum bc_codec codec, const char *fmtp);

void
rig_close(struct rig *r);

// Forgets what came out so far.
void
rig_clear(struct rig *r);

// Payloads are given in a buffer of exactly their size, so that ASan sees over-reads.
void
rig_push(struct rig *r, const void *payload, size_t len, uint32_t timestamp, bool marker,
    bool lost);

#define RIG_PUSH(r, bytes, timestamp, marker)                                            \
    rig_push((r), (bytes), sizeof(bytes), (timestamp), (marker), false)

// All payloads of a frame but the one at `skip`; -1 for all. `lost` tells whether
// something before the frame is missing; returns whether something before the next is.
bool
rig_push_frame(struct rig *r, const struct bc_rtp_frame *frame, int skip, bool lost);

// A sample of tests/unit/rtp_payload/samples/.
struct sample {
    struct bc_packet *packets[RIG_UNITS];
    struct bc_buf *expected[RIG_UNITS]; // what comes out of a depacketiser
    unsigned count;
};

void
sample_open(struct sample *s, enum bc_codec codec, const char *name);

void
sample_close(struct sample *s);

struct bc_packet *
make_packet(enum bc_codec codec, const struct bc_buf *config, const void *data,
    size_t len, uint32_t flags);

#endif
