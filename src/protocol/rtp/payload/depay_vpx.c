// SPDX-License-Identifier: Apache-2.0
// VP8 (RFC 7741 4.2) and VP9 (RFC 9628 4.2) out of RTP payloads. Their descriptors tell
// where a frame begins and number the pictures, so a hole between two pictures whose
// numbers follow each other (padding, most likely) costs nothing.
//
//   VP8  X R N S R PID(3) | X: I L T K rsv(4) | I: M picture id(7 or 15)
//        | L: TL0PICIDX | T or K: TID(2) Y KEYIDX(5) | frame
//   VP9  I P L F B E V Z | I: M picture id(7 or 15) | L: TID(3) U SID(3) D
//        | L and not F: TL0PICIDX | P and F: up to 3 of P_DIFF(7) N
//        | V: scalability structure | frame
#include <errno.h>

#include "base/reader.h"
#include "depay.h"
#include "media/track_build.h"

#define VP9_MAX_P_DIFFS 3

// A descriptor's fields that matter here.
struct descriptor {
    bool start; // of the picture
    bool numbered;
    bool predicted; // VP9: not a keyframe
    bool disposable; // VP8
    uint16_t picture_id;
    uint16_t id_mask; // 7 or 15 bits
    uint16_t width; // VP9: of the highest layer, 0 unless told
    uint16_t height;
};

static void
read_picture_id(struct bc_reader *r, struct descriptor *out)
{
    uint8_t first = bc_read_u8(r);
    out->numbered = true;
    out->id_mask = first & 0x80 ? 0x7fff : 0x7f;
    out->picture_id =
        first & 0x80 ? (uint16_t)((first & 0x7f) << 8 | bc_read_u8(r)) : first;
}

static void
read_vp8(struct bc_reader *r, struct descriptor *out)
{
    uint8_t first = bc_read_u8(r);
    uint8_t extension = first & 0x80 ? bc_read_u8(r) : 0;
    out->start = (first & 0x17) == 0x10; // S, partition 0
    out->disposable = (first & 0x20) != 0;
    if (extension & 0x80) {
        read_picture_id(r, out);
    }
    bc_read_skip(r, extension & 0x40 ? 1 : 0);
    bc_read_skip(r, extension & 0x30 ? 1 : 0);
}

// N_S(3) Y G 000 | Y: { width(16) height(16) } | G: N_G(8) { TID(3) U R(2) 00 | R times
// P_DIFF(8) }
static void
read_vp9_structure(struct bc_reader *r, struct descriptor *out)
{
    uint8_t head = bc_read_u8(r);
    unsigned layers = (head >> 5) + 1u;
    for (unsigned i = 0; i < layers && (head & 0x10); i++) {
        out->width = bc_read_u16(r);
        out->height = bc_read_u16(r);
    }
    unsigned pictures = head & 0x08 ? bc_read_u8(r) : 0;
    for (unsigned i = 0; i < pictures && !r->failed; i++) {
        bc_read_skip(r, bc_read_u8(r) >> 2 & 3);
    }
}

static void
read_vp9(struct bc_reader *r, struct descriptor *out)
{
    uint8_t head = bc_read_u8(r);
    unsigned spatial = 0;
    if (head & 0x80) {
        read_picture_id(r, out);
    }
    if (head & 0x20) {
        spatial = bc_read_u8(r) >> 1 & 7;
        bc_read_skip(r, head & 0x10 ? 0 : 1);
    }
    out->start = (head & 0x08) && spatial == 0;
    out->predicted = (head & 0x40) != 0;
    if ((head & 0x50) == 0x50) {
        unsigned count = 1;
        while ((bc_read_u8(r) & 1) && count < VP9_MAX_P_DIFFS) {
            count++;
        }
    }
    if (head & 0x02) {
        read_vp9_structure(r, out);
    }
}

static bool
read_descriptor(enum bc_codec codec, struct bc_reader *r, struct descriptor *out)
{
    *out = (struct descriptor){ 0 };
    if (codec == BC_CODEC_VP8) {
        read_vp8(r, out);
    } else {
        read_vp9(r, out);
    }
    return !r->failed && bc_reader_left(r) > 0;
}

static bool
goes_on_vpx(struct bc_rtp_depacketiser *d, const struct bc_rtp_header *h)
{
    struct bc_reader r = bc_reader_init(h->payload, h->payload_len);
    struct descriptor desc;
    return read_descriptor(d->format->codec, &r, &desc) && desc.start && desc.numbered
        && d->u.vpx.numbered
        && desc.picture_id == ((d->u.vpx.picture_id + 1) & desc.id_mask);
}

static int
push_vpx(struct bc_rtp_depacketiser *d, const struct bc_rtp_header *h)
{
    struct bc_reader r = bc_reader_init(h->payload, h->payload_len);
    struct descriptor desc;
    // The first payload of a unit begins a picture, and no other one does.
    if (!read_descriptor(d->format->codec, &r, &desc)
        || desc.start != (d->unit.len == 0)) {
        return -EINVAL;
    }
    if (desc.start) {
        d->u.vpx.current_numbered = desc.numbered;
        d->u.vpx.current_id = desc.picture_id;
        d->u.vpx.predicted = desc.predicted;
        d->u.vpx.disposable = desc.disposable;
        d->u.vpx.width = desc.width;
        d->u.vpx.height = desc.height;
    }
    return bc_rtp_piece_add(d, r.p, bc_reader_left(&r));
}

static int
finish_key(struct bc_rtp_depacketiser *d, struct bc_track *track)
{
    // The structure knows the highest of several layers, the frame the lowest.
    if (track && d->u.vpx.width > 0 && d->u.vpx.height > 0) {
        track->width = d->u.vpx.width;
        track->height = d->u.vpx.height;
    }
    return bc_rtp_depay_set_track(d, track);
}

static int
finish_vpx(struct bc_rtp_depacketiser *d, struct bc_rtp_found *found)
{
    const struct bc_writer *w = &d->unit;
    bool vp8 = d->format->codec == BC_CODEC_VP8;
    struct bc_track *track = NULL;
    bool key = vp8 ? (w->data[0] & 1) == 0 : !d->u.vpx.predicted;
    if (key) {
        track = vp8 ? bc_vp8_track(w->data, w->len) : bc_vp9_track(w->data, w->len);
        // A VP9 picture without prediction from others may also be an intra-only frame.
        key = vp8 || track;
    }
    found->flags =
        (key ? BC_PACKET_KEY : 0u) | (d->u.vpx.disposable ? BC_PACKET_DISPOSABLE : 0u);
    found->from_start = true;
    d->u.vpx.numbered = d->u.vpx.current_numbered;
    d->u.vpx.picture_id = d->u.vpx.current_id;
    return key ? finish_key(d, track) : 0;
}

const struct bc_rtp_depay_format bc_rtp_depay_vp8 = {
    .codec = BC_CODEC_VP8,
    .goes_on = goes_on_vpx,
    .push = push_vpx,
    .finish = finish_vpx,
    .build = bc_rtp_build_plain,
};

const struct bc_rtp_depay_format bc_rtp_depay_vp9 = {
    .codec = BC_CODEC_VP9,
    .goes_on = goes_on_vpx,
    .push = push_vpx,
    .finish = finish_vpx,
    .build = bc_rtp_build_plain,
};
