// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_RTP_PAYLOAD_PACKETISE_H
#define PROTOCOL_RTP_PAYLOAD_PACKETISE_H

#include <stdbool.h>

#include "protocol/rtp/payload.h"

// One NAL unit or OBU of an access unit as it goes out. Its header stands apart, as both
// change on the way: a fragmented NAL unit leaves it out, an OBU loses its size field.
struct bc_rtp_piece {
    const uint8_t *body; // inside the packet or its track
    size_t len;
    uint8_t head[2];
    uint8_t head_len;
};

// One call of bc_rtp_packetise(). On its stack.
struct bc_rtp_job {
    struct bc_rtp_packetiser *p;
    const struct bc_packet *packet;
    size_t max_payload;
    struct bc_rtp_piece *pieces; // in p->scratch
    size_t count;
};

// Takes payloads one after the other. Every access unit is written twice: at first
// `bytes` is NULL and it is only counted, so that the frame needs one allocation.
struct bc_rtp_out {
    struct bc_rtp_slice *slices;
    uint8_t *bytes;
    uint32_t count;
    uint32_t total;
    uint32_t begin; // of the payload being written
};

void
bc_rtp_out_bytes(struct bc_rtp_out *out, const void *p, size_t n);

void
bc_rtp_out_be(struct bc_rtp_out *out, uint32_t v, unsigned bytes);

// The payload is complete.
void
bc_rtp_out_end(struct bc_rtp_out *out);

// Adds a piece to the job; what cannot be stored shows in p->scratch.failed.
void
bc_rtp_job_add(struct bc_rtp_job *job, const struct bc_rtp_piece *piece);

// Lists what the access unit has to send.
void
bc_rtp_nal_gather(struct bc_rtp_job *job);

void
bc_rtp_av1_gather(struct bc_rtp_job *job);

// Write the payloads; twice the same.
void
bc_rtp_nal_write(const struct bc_rtp_job *job, struct bc_rtp_out *out);

void
bc_rtp_av1_write(const struct bc_rtp_job *job, struct bc_rtp_out *out);

void
bc_rtp_vp8_write(const struct bc_rtp_job *job, struct bc_rtp_out *out);

void
bc_rtp_vp9_write(const struct bc_rtp_job *job, struct bc_rtp_out *out);

#endif
