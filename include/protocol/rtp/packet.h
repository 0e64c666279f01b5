// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_RTP_PACKET_H
#define PROTOCOL_RTP_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BC_RTP_HEADER_BYTES 12

// One RTP packet taken apart (RFC 3550 5.1, RFC 8285 for extensions). Pointers lead into
// the packet's own bytes.
struct bc_rtp_header {
    bool marker;
    uint8_t payload_type;
    uint16_t seq;
    uint32_t timestamp;
    uint32_t ssrc;
    uint16_t ext_profile; // 0 when there is no extension
    const uint8_t *ext;
    size_t ext_len;
    const uint8_t *payload; // without padding
    size_t payload_len;     // may be 0: a bandwidth probe, an empty frame
};

// 0, or -EINVAL when it is no RTP packet of version 2 or its lengths lie.
int
bc_rtp_parse(const uint8_t *data, size_t len, struct bc_rtp_header *out);

// The extension element with this id (one- or two-byte form); NULL when absent.
const uint8_t *
bc_rtp_extension(const struct bc_rtp_header *h, unsigned id, size_t *len);

// RFC 7983 and RFC 5761: what a datagram on the WebRTC port is.
enum bc_rtp_mux {
    BC_MUX_NONE,
    BC_MUX_STUN,
    BC_MUX_DTLS,
    BC_MUX_RTP,
    BC_MUX_RTCP,
};

enum bc_rtp_mux
bc_rtp_mux_kind(const uint8_t *data, size_t len);

// Sequence numbers of 16 bits: positive when `a` is newer than `b`.
static inline int16_t
bc_rtp_seq_diff(uint16_t a, uint16_t b)
{
    return (int16_t)(uint16_t)(a - b);
}

#endif
