// SPDX-License-Identifier: Apache-2.0
// VP8 (RFC 7741 4.2) and VP9 (RFC 9628 4.2) as RTP payloads: a descriptor and a part of
// the frame, all parts but the last of the same size.
//
//   VP8  X=1 0 N S 0 000 | I=1 L=1 T=1 K=0 0000 | 1 picture id(15) | TL0PICIDX
//        | TID(2) Y 00000
//   VP9  I=1 P L=0 F=0 B E V=0 Z=0 | 1 picture id(15)
//
// Browsers wait for the pictures whose numbers they miss. So pictures that no other needs
// are of VP8's upper layer and depend on the base layer only (Y): then one may be left
// out on the way.
#include "packetise.h"

#define VP8_DESCRIPTOR_BYTES 6
#define VP9_DESCRIPTOR_BYTES 3
#define LONG_PICTURE_ID 0x8000

void
bc_rtp_vp8_write(const struct bc_rtp_job *job, struct bc_rtp_out *out)
{
    const struct bc_packet *packet = job->packet;
    bool disposable = (packet->flags & BC_PACKET_DISPOSABLE) != 0;
    size_t room = job->max_payload - VP8_DESCRIPTOR_BYTES;
    for (size_t at = 0; at < packet->len;) {
        size_t n = packet->len - at < room ? packet->len - at : room;
        bc_rtp_out_be(out, 0x80 | (disposable ? 0x20 : 0) | (at == 0 ? 0x10 : 0), 1);
        bc_rtp_out_be(out, 0xe0, 1);
        bc_rtp_out_be(out, LONG_PICTURE_ID | job->p->picture_id, 2);
        bc_rtp_out_be(out, (job->p->tl0 + (disposable ? 0u : 1u)) & 0xff, 1);
        bc_rtp_out_be(out, disposable ? 0x60 : 0, 1);
        bc_rtp_out_bytes(out, packet->data + at, n);
        bc_rtp_out_end(out);
        at += n;
    }
}

void
bc_rtp_vp9_write(const struct bc_rtp_job *job, struct bc_rtp_out *out)
{
    const struct bc_packet *packet = job->packet;
    bool key = (packet->flags & BC_PACKET_KEY) != 0;
    size_t room = job->max_payload - VP9_DESCRIPTOR_BYTES;
    for (size_t at = 0; at < packet->len;) {
        size_t n = packet->len - at < room ? packet->len - at : room;
        bc_rtp_out_be(out,
            0x80 | (key ? 0 : 0x40) | (at == 0 ? 0x08 : 0)
                | (at + n == packet->len ? 0x04 : 0),
            1);
        bc_rtp_out_be(out, LONG_PICTURE_ID | job->p->picture_id, 2);
        bc_rtp_out_bytes(out, packet->data + at, n);
        bc_rtp_out_end(out);
        at += n;
    }
}
