// SPDX-License-Identifier: Apache-2.0
#include "protocol/rtp/packet.h"

#include <errno.h>

#include "base/reader.h"

// RFC 8285: the profiles of the two forms of elements.
#define ONE_BYTE_PROFILE 0xbede
#define TWO_BYTE_PROFILE 0x1000 // its low 4 bits are the application's
#define ONE_BYTE_STOP 15

// The least a datagram of each kind can be.
#define STUN_HEADER_BYTES 20
#define DTLS_RECORD_HEADER_BYTES 13
#define RTCP_HEADER_BYTES 8 // SRTCP leaves the sender's SSRC in the clear

// The padding's length is its last byte and counts itself (RFC 3550 5.1). Returns -EINVAL
// when it is longer than what it pads.
static int
strip_padding(struct bc_rtp_header *h)
{
    if (h->payload_len == 0) {
        return -EINVAL;
    }
    uint8_t padding = h->payload[h->payload_len - 1];
    if (padding == 0 || padding > h->payload_len) {
        return -EINVAL;
    }
    h->payload_len -= padding;
    return 0;
}

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |V=2|P|X|  CC   |M|     PT      |       sequence number         |
// |                           timestamp                           |
// |                             SSRC                              |
// |                  CSRC (CC times), not used                    |
// |      profile (when X)         |   length of ext in words      |
int
bc_rtp_parse(const uint8_t *data, size_t len, struct bc_rtp_header *out)
{
    struct bc_reader r = bc_reader_init(data, len);
    uint8_t flags = bc_read_u8(&r);
    uint8_t type = bc_read_u8(&r);
    *out = (struct bc_rtp_header){
        .marker = type & 0x80,
        .payload_type = type & 0x7f,
    };
    out->seq = bc_read_u16(&r);
    out->timestamp = bc_read_u32(&r);
    out->ssrc = bc_read_u32(&r);
    bc_read_skip(&r, (size_t)(flags & 0x0f) * 4);
    if (flags & 0x10) {
        out->ext_profile = bc_read_u16(&r);
        out->ext_len = (size_t)bc_read_u16(&r) * 4;
        out->ext = bc_read_bytes(&r, out->ext_len);
    }
    if (r.failed || flags >> 6 != 2) {
        return -EINVAL;
    }
    out->payload = r.p;
    out->payload_len = bc_reader_left(&r);
    return flags & 0x20 ? strip_padding(out) : 0;
}

// RFC 8285 4.2: 4 bits of id, 4 bits of length - 1.
static const uint8_t *
find_one_byte(struct bc_reader *r, unsigned id, size_t *len)
{
    while (bc_reader_left(r) > 0) {
        uint8_t head = bc_read_u8(r);
        if (head == 0) {
            continue; // padding
        }
        if (head >> 4 == 0 || head >> 4 == ONE_BYTE_STOP) {
            return NULL;
        }
        size_t n = (head & 0x0fU) + 1;
        const uint8_t *p = bc_read_bytes(r, n);
        if (head >> 4 == id) {
            *len = p ? n : 0;
            return p;
        }
    }
    return NULL;
}

// RFC 8285 4.3: 8 bits of id, 8 bits of length.
static const uint8_t *
find_two_byte(struct bc_reader *r, unsigned id, size_t *len)
{
    while (bc_reader_left(r) > 0) {
        uint8_t element = bc_read_u8(r);
        if (element == 0) {
            continue; // padding
        }
        size_t n = bc_read_u8(r);
        const uint8_t *p = bc_read_bytes(r, n);
        if (element == id) {
            *len = p ? n : 0;
            return p;
        }
    }
    return NULL;
}

const uint8_t *
bc_rtp_extension(const struct bc_rtp_header *h, unsigned id, size_t *len)
{
    struct bc_reader r = bc_reader_init(h->ext, h->ext_len);
    *len = 0;
    if (!h->ext || id == 0) {
        return NULL;
    }
    if (h->ext_profile == ONE_BYTE_PROFILE) {
        return find_one_byte(&r, id, len);
    }
    if ((h->ext_profile & 0xfff0) == TWO_BYTE_PROFILE) {
        return find_two_byte(&r, id, len);
    }
    return NULL;
}

enum bc_rtp_mux
bc_rtp_mux_kind(const uint8_t *data, size_t len)
{
    if (len < RTCP_HEADER_BYTES) {
        return BC_MUX_NONE;
    }
    if (data[0] <= 3) {
        return len >= STUN_HEADER_BYTES ? BC_MUX_STUN : BC_MUX_NONE;
    }
    if (data[0] >= 20 && data[0] <= 63) {
        return len >= DTLS_RECORD_HEADER_BYTES ? BC_MUX_DTLS : BC_MUX_NONE;
    }
    if (data[0] < 128 || data[0] > 191) {
        return BC_MUX_NONE;
    }
    // RFC 5761 4: RTP's payload types 64 to 95 with a marker are never used.
    if (data[1] >= 192 && data[1] <= 223) {
        return BC_MUX_RTCP;
    }
    return len >= BC_RTP_HEADER_BYTES ? BC_MUX_RTP : BC_MUX_NONE;
}
