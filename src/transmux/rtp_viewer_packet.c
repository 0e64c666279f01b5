// SPDX-License-Identifier: Apache-2.0
// A viewer's packets: its own header before the shared payload.
#include <errno.h>
#include <string.h>

#include "rtp_viewer.h"

#define MARKER 0x80
#define PLAYOUT_DELAY_BYTES 3
#define PLAYOUT_DELAY_MOST_MS 400

static uint8_t *
put_u16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
    return p + 2;
}

static uint8_t *
put_u32(uint8_t *p, uint32_t v)
{
    return put_u16(put_u16(p, (uint16_t)(v >> 16)), (uint16_t)v);
}

// What stands in a packet's header beside its place in the stream.
struct head {
    uint8_t pt;
    bool marker;
    uint16_t seq;
    uint32_t timestamp;
    uint32_t ssrc;
    uint8_t twcc_id;          // 0: none
    uint16_t twcc_seq;
    uint8_t playout_delay_id; // 0: none
};

// RFC 3550 5.1 with RFC 8285 one-byte extensions.
static uint8_t *
put_head(uint8_t *p, const struct head *h)
{
    unsigned ext = (h->twcc_id ? 3 : 0) + (h->playout_delay_id ? 4 : 0);
    *p++ = (uint8_t)(0x80 | (ext ? 0x10 : 0));
    *p++ = (uint8_t)(h->pt | (h->marker ? MARKER : 0));
    p = put_u16(p, h->seq);
    p = put_u32(p, h->timestamp);
    p = put_u32(p, h->ssrc);
    if (ext == 0) {
        return p;
    }
    unsigned words = (ext + 3) / 4;
    p = put_u16(p, 0xbede);
    p = put_u16(p, (uint16_t)words);
    uint8_t *end = p + (size_t)4 * words;
    if (h->twcc_id) {
        *p++ = (uint8_t)(h->twcc_id << 4 | 1);
        p = put_u16(p, h->twcc_seq);
    }
    if (h->playout_delay_id) {
        // | least (12) | most (12) |, in 10 ms. No least: show frames as soon as they are
        // there. A most of zero would forbid the player to wait with them for the sound,
        // and so it would lag behind by what its jitter buffer needs; Chromium's way of
        // low latency wants no more than 500 ms.
        *p++ = (uint8_t)(h->playout_delay_id << 4 | (PLAYOUT_DELAY_BYTES - 1));
        *p++ = 0;
        p = put_u16(p, PLAYOUT_DELAY_MOST_MS / 10);
    }
    memset(p, 0, (size_t)(end - p));
    return end;
}

static void
count(struct bc_rtp_viewer *v, size_t bytes)
{
    v->stats.packets++;
    v->stats.bytes += bytes;
    bc_rtp_count(&v->window->windows->packets, 1);
    bc_rtp_count(&v->window->windows->bytes, bytes);
}

int
bc_rtp_send_slice(struct bc_rtp_viewer *v, struct bc_rtp_stream *s,
    const struct bc_rtp_frame *frame, uint32_t index, uint32_t timestamp, int64_t now_us)
{
    const struct bc_rtp_slice *slice = &frame->slices[index];
    uint8_t *packet = bc_peer_reserve(v->peer, BC_RTP_HEADER_BYTES + 12 + slice->len);
    if (!packet) {
        return -EAGAIN;
    }
    struct head h = {
        .pt = s->pt,
        .marker = frame->kind == BC_KIND_VIDEO && index + 1 == frame->count,
        .seq = s->seq,
        .timestamp = timestamp,
        .ssrc = s->ssrc,
        .twcc_id = s->twcc_id,
        .playout_delay_id = frame->flags & BC_PACKET_KEY ? s->playout_delay_id : 0,
    };
    if (h.twcc_id) {
        h.twcc_seq
            = bc_twcc_sender_on_sent(v->twcc, slice->len + BC_RTP_HEADER_BYTES, now_us);
    }
    uint8_t *p = put_head(packet, &h);
    memcpy(p, frame->bytes + slice->offset, slice->len);
    int out = bc_peer_send_rtp(v->peer, packet, (size_t)(p - packet) + slice->len);
    s->seq++;
    s->packets++;
    s->bytes += slice->len;
    if (out > 0) {
        count(v, (size_t)out);
    }
    return out > 0 ? out : (int)slice->len; // a packet that cannot be encrypted is lost
}

int
bc_rtp_send_again(struct bc_rtp_viewer *v, const struct bc_rtp_window *window,
    const struct bc_rtp_sent *sent, uint16_t seq, int64_t now_us)
{
    struct bc_rtp_stream *s = &v->video;
    const struct bc_rtp_ring *ring = &window->rings[sent->lane];
    unsigned index = (uint16_t)(seq - sent->first_seq);
    if (sent->number < ring->first || sent->number >= ring->next) {
        return -ENOENT;
    }
    const struct bc_rtp_frame *frame = bc_rtp_ring_frame(ring, sent->number);
    if (index >= frame->count) {
        return -ENOENT;
    }
    const struct bc_rtp_slice *slice = &frame->slices[index];
    uint8_t *packet = bc_peer_reserve(v->peer, BC_RTP_HEADER_BYTES + 14 + slice->len);
    if (!packet) {
        return -EAGAIN;
    }
    // Without RTX it must be the very same packet, as SRTP uses its number as a nonce; so
    // such viewers never have the transport-wide number, which would differ.
    bool rtx = s->rtx_pt != 0;
    struct head h = {
        .pt = rtx ? s->rtx_pt : s->pt,
        .marker = index + 1 == frame->count,
        .seq = rtx ? s->rtx_seq++ : seq,
        .timestamp = sent->timestamp,
        .ssrc = rtx ? s->rtx_ssrc : s->ssrc,
        .twcc_id = rtx ? s->twcc_id : 0,
        .playout_delay_id = frame->flags & BC_PACKET_KEY ? s->playout_delay_id : 0,
    };
    if (h.twcc_id) {
        h.twcc_seq
            = bc_twcc_sender_on_sent(v->twcc, slice->len + BC_RTP_HEADER_BYTES, now_us);
    }
    uint8_t *p = put_head(packet, &h);
    if (rtx) {
        p = put_u16(p, seq); // RFC 4588 4: the original number
    }
    memcpy(p, frame->bytes + slice->offset, slice->len);
    int out = bc_peer_send_rtp(v->peer, packet, (size_t)(p - packet) + slice->len);
    if (out > 0) {
        count(v, (size_t)out);
        v->stats.resent++;
        bc_rtp_count(&v->window->windows->resent, 1);
    }
    return out;
}
