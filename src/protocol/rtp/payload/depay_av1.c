// SPDX-License-Identifier: Apache-2.0
// AV1 out of RTP payloads; the form is drawn in packetise_av1.c. Senders may also write
// lengths before all elements (W = 0), and sizes into the OBUs.
#include <errno.h>
#include <stdlib.h>

#include "base/bits.h"
#include "base/reader.h"
#include "depay.h"
#include "media/obu.h"
#include "media/track_build.h"

#define FLAG_Z 0x80
#define FLAG_Y 0x40
#define FRAME_TYPE_KEY 0

static int
push_element(
    struct bc_rtp_depacketiser *d, const uint8_t *p, size_t len, bool begins, bool ends)
{
    int ret = begins ? bc_rtp_piece_begin(d, p, len) : bc_rtp_piece_add(d, p, len);
    return ret == 0 && ends ? bc_rtp_piece_end(d) : ret;
}

static int
push_av1(struct bc_rtp_depacketiser *d, const struct bc_rtp_header *h)
{
    struct bc_reader r = bc_reader_init(h->payload, h->payload_len);
    uint8_t head = bc_read_u8(&r);
    unsigned count = head >> 4 & 3;
    bool continues = (head & FLAG_Z) != 0;
    if (continues != d->open || bc_reader_left(&r) == 0) {
        return -EINVAL;
    }
    unsigned i = 1;
    for (; bc_reader_left(&r) > 0; i++) {
        size_t len = i == count ? bc_reader_left(&r) : bc_read_leb128(&r);
        const uint8_t *p = bc_read_bytes(&r, len);
        if (!p || (count > 0 && i > count)) {
            return -EINVAL;
        }
        bool last = count > 0 ? i == count : bc_reader_left(&r) == 0;
        int ret =
            push_element(d, p, len, !(i == 1 && continues), !(last && (head & FLAG_Y)));
        if (ret < 0) {
            return ret;
        }
    }
    return count > 0 && i <= count ? -EINVAL : 0;
}

// What the OBUs of a temporal unit tell.
struct unit_view {
    struct bc_obu sequence; // payload NULL: none
    bool has_frame;
    bool key;
};

// frame_header_obu(), 5.9.2: the first frame's type.
static void
look_at_frame(const struct bc_obu *obu, struct unit_view *v)
{
    struct bc_bits b = bc_bits_init(obu->payload, obu->len, false);
    bool show_existing = bc_bits_flag(&b);
    uint32_t type = bc_bits_read(&b, 2);
    bool shown = bc_bits_flag(&b);
    v->key = !b.failed && !show_existing && type == FRAME_TYPE_KEY && shown;
    v->has_frame = true;
}

// The next useful OBU of the unit; false at its end. -EINVAL in *ret when it is broken.
static bool
next_obu(struct bc_reader *r, struct bc_obu *obu, int *ret)
{
    while (bc_reader_left(r) > 0) {
        uint32_t size = bc_read_u32(r);
        struct bc_reader piece = bc_read_sub(r, size);
        if (size == 0) {
            continue;
        }
        if (bc_obu_read(&piece, obu) < 0) {
            *ret = -EINVAL;
            return false;
        }
        if (bc_obu_is_useful(obu)) {
            return true;
        }
    }
    return false;
}

static int
view_unit(const struct bc_rtp_depacketiser *d, struct unit_view *v)
{
    struct bc_reader r = bc_reader_init(d->unit.data, d->unit.len);
    struct bc_obu obu;
    int ret = 0;
    while (next_obu(&r, &obu, &ret)) {
        if (obu.type == BC_OBU_SEQUENCE_HEADER) {
            v->sequence = obu;
        } else if ((obu.type == BC_OBU_FRAME || obu.type == BC_OBU_FRAME_HEADER)
            && !v->has_frame) {
            look_at_frame(&obu, v);
        }
    }
    return ret;
}

static int
update_track(struct bc_rtp_depacketiser *d, const struct bc_obu *sequence)
{
    struct bc_writer w = { 0 };
    bc_obu_write(&w, sequence);
    struct bc_track *track = w.failed ? NULL : bc_av1_track(w.data, w.len);
    bc_writer_finish(&w);
    return bc_rtp_depay_set_track(d, track);
}

static int
finish_av1(struct bc_rtp_depacketiser *d, struct bc_rtp_found *found)
{
    struct unit_view v = { 0 };
    if (view_unit(d, &v) < 0) {
        return -EINVAL;
    }
    if (!v.has_frame) {
        return -ENODATA;
    }
    found->flags = v.key ? BC_PACKET_KEY : 0;
    found->from_start = v.sequence.payload != NULL;
    if (v.key && v.sequence.payload) {
        return update_track(d, &v.sequence);
    }
    return d->track ? 0 : -EINVAL;
}

static struct bc_buf *
build_av1(struct bc_rtp_depacketiser *d, const struct bc_rtp_found *found)
{
    (void)found;
    struct bc_reader r = bc_reader_init(d->unit.data, d->unit.len);
    struct bc_writer w = { 0 };
    struct bc_obu obu;
    int ret = 0;
    while (next_obu(&r, &obu, &ret)) {
        bc_obu_write(&w, &obu);
    }
    struct bc_buf *buf = bc_buf_from_writer(&w);
    bc_writer_finish(&w);
    return buf;
}

const struct bc_rtp_depay_format bc_rtp_depay_av1 = {
    .codec = BC_CODEC_AV1,
    .push = push_av1,
    .finish = finish_av1,
    .build = build_av1,
};
