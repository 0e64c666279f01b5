// SPDX-License-Identifier: Apache-2.0
#include "depay_feed.h"

#include <stdlib.h>

#include "base/reader.h"
#include "media/nalu.h"

#define MAX_PAYLOAD 300

// What is checked from unit to unit.
struct feed {
    enum bc_codec codec;
    bool started;
    bool broken; // the next unit must be a keyframe
    struct bc_rtp_packetiser packetiser;
};

static void
check(bool ok)
{
    if (!ok) {
        abort();
    }
}

void
check_frame(const struct bc_rtp_frame *frame, size_t max)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < frame->count; i++) {
        check(frame->slices[i].offset == at && frame->slices[i].len > 0
            && frame->slices[i].len <= max);
        at += frame->slices[i].len;
    }
    check(frame->count > 0 && at == frame->total);
}

static void
send_again(struct feed *f, const struct bc_rtp_unit *unit)
{
    struct bc_packet *p = bc_packet_create(BC_KIND_VIDEO, unit->track, unit->buf,
        unit->buf->data, unit->buf->len);
    p->flags = unit->flags;
    struct bc_rtp_frame *frame = bc_rtp_packetise(&f->packetiser, p, MAX_PAYLOAD);
    check(frame != NULL);
    check_frame(frame, MAX_PAYLOAD);
    bc_rtp_frame_unref(&frame);
    bc_packet_unref(&p);
}

static void
on_unit(void *user, const struct bc_rtp_unit *unit)
{
    struct feed *f = user;
    bool key = (unit->flags & BC_PACKET_KEY) != 0;
    check(unit->track && unit->track->codec == f->codec && unit->track->width > 0);
    check(unit->buf->len > 0 && (key || (f->started && !f->broken)));
    if (f->codec == BC_CODEC_AVC || f->codec == BC_CODEC_HEVC) {
        struct bc_nalu_info info;
        check(bc_nalu_scan(f->codec, unit->buf->data, unit->buf->len, &info) == 0);
        check(info.has_slice && info.is_idr == key && !(key && info.has_parameter_sets));
    }
    f->started = true;
    f->broken = false;
    send_again(f, unit);
}

static void
on_broken(void *user)
{
    struct feed *f = user;
    f->broken = true;
}

void
feed_depacketiser(enum bc_codec codec, const char *fmtp, const uint8_t *data, size_t len)
{
    struct feed f = { .codec = codec };
    struct bc_rtp_depacketiser_params params = { .codec = codec, .fmtp = fmtp };
    params.on_unit = on_unit;
    params.on_broken = on_broken;
    params.user = &f;
    struct bc_rtp_depacketiser *d = bc_rtp_depacketiser_create(&params);
    struct bc_reader r = bc_reader_init(data, len);
    struct bc_rtp_header h = { 0 };
    while (bc_reader_left(&r) > 0) {
        uint8_t control = bc_read_u8(&r);
        size_t size = bc_read_u16(&r);
        h.payload_len = size < bc_reader_left(&r) ? size : bc_reader_left(&r);
        h.payload = bc_read_bytes(&r, h.payload_len);
        h.marker = (control & 1) != 0;
        h.timestamp += control & 2 ? 3000 : 0;
        bc_rtp_depacketiser_push(d, &h, (control & 4) != 0, 0);
    }
    bc_rtp_depacketiser_destroy(d);
    bc_rtp_packetiser_finish(&f.packetiser);
}
