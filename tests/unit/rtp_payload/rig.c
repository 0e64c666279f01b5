// SPDX-License-Identifier: Apache-2.0
#include "rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/reader.h"

static void
on_unit(void *user, const struct bc_rtp_unit *unit)
{
    struct rig *r = user;
    assert_true(r->count < RIG_UNITS);
    r->units[r->count] = *unit;
    r->units[r->count++].track = bc_track_ref(unit->track);
}

static void
on_broken(void *user)
{
    struct rig *r = user;
    r->broken++;
}

void
rig_open(struct rig *r, enum bc_codec codec, const char *fmtp)
{
    struct bc_rtp_depacketiser_params params = {
        .codec = codec,
        .sample_rate = 48000,
        .channels = 2,
        .fmtp = fmtp,
        .on_unit = on_unit,
        .on_broken = on_broken,
        .user = r,
    };
    memset(r, 0, sizeof(*r));
    r->d = bc_rtp_depacketiser_create(&params);
    assert_non_null(r->d);
}

void
rig_clear(struct rig *r)
{
    for (unsigned i = 0; i < r->count; i++) {
        bc_buf_unref(&r->units[i].buf);
        bc_track_unref(&r->units[i].track);
    }
    r->count = 0;
    r->broken = 0;
}

void
rig_close(struct rig *r)
{
    rig_clear(r);
    bc_rtp_depacketiser_destroy(r->d);
}

void
rig_push(struct rig *r, const void *payload, size_t len, uint32_t timestamp, bool marker,
    bool lost)
{
    uint8_t *copy = malloc(len ? len : 1);
    memcpy(copy, payload, len);
    struct bc_rtp_header h = {
        .marker = marker,
        .timestamp = timestamp,
        .payload = copy,
        .payload_len = len,
    };
    bc_rtp_depacketiser_push(r->d, &h, lost, (int64_t)timestamp + 5);
    free(copy);
}

bool
rig_push_frame(struct rig *r, const struct bc_rtp_frame *frame, int skip, bool lost)
{
    for (uint32_t i = 0; i < frame->count; i++) {
        if ((int)i == skip) {
            lost = true;
            continue;
        }
        const struct bc_rtp_slice *s = &frame->slices[i];
        bool marker = frame->kind == BC_KIND_VIDEO && i + 1 == frame->count;
        rig_push(r, frame->bytes + s->offset, s->len, frame->timestamp, marker, lost);
        lost = false;
    }
    return lost;
}

struct bc_packet *
make_packet(enum bc_codec codec, const struct bc_buf *config, const void *data,
    size_t len, uint32_t flags)
{
    enum bc_kind kind = codec == BC_CODEC_OPUS ? BC_KIND_AUDIO : BC_KIND_VIDEO;
    struct bc_track *track = bc_track_create(kind, codec);
    track->config = config ? bc_buf_copy(config->data, config->len) : NULL;
    struct bc_buf *buf = bc_buf_copy(data, len);
    struct bc_packet *p = bc_packet_create(kind, track, buf, buf->data, len);
    p->flags = flags;
    bc_track_unref(&track);
    return p;
}

static bool
is_kept(enum bc_codec codec, const uint8_t *nal)
{
    unsigned avc = nal[0] & 0x1f;
    unsigned hevc = nal[0] >> 1 & 0x3f;
    return codec == BC_CODEC_AVC ? avc < 7 || avc > 9 : hevc < 32 || hevc > 35;
}

// NAL units without parameter sets and delimiters.
static struct bc_buf *
without_sets(enum bc_codec codec, const uint8_t *data, size_t len)
{
    struct bc_reader r = bc_reader_init(data, len);
    struct bc_writer w = { 0 };
    while (bc_reader_left(&r) > 0) {
        uint32_t size = bc_read_u32(&r);
        const uint8_t *nal = bc_read_bytes(&r, size);
        assert_non_null(nal);
        if (is_kept(codec, nal)) {
            bc_write_u32(&w, size);
            bc_write_bytes(&w, nal, size);
        }
    }
    struct bc_buf *buf = bc_buf_from_writer(&w);
    bc_writer_finish(&w);
    return buf;
}

static struct bc_buf *
expected_of(enum bc_codec codec, const uint8_t *data, size_t len)
{
    if (codec == BC_CODEC_AVC || codec == BC_CODEC_HEVC) {
        return without_sets(codec, data, len);
    }
    size_t delimiter = codec == BC_CODEC_AV1 ? 2 : 0;
    return bc_buf_copy(data + delimiter, len - delimiter);
}

void
sample_open(struct sample *s, enum bc_codec codec, const char *name)
{
    char path[512];
    uint8_t head[5];
    memset(s, 0, sizeof(*s));
    snprintf(path, sizeof(path), "%s/%s.bin", SAMPLES, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    while (fread(head, 1, sizeof(head), file) == sizeof(head)) {
        struct bc_reader r = bc_reader_init(head, sizeof(head));
        bool key = bc_read_u8(&r) && codec != BC_CODEC_OPUS;
        size_t len = bc_read_u32(&r);
        uint8_t *data = malloc(len);
        assert_int_equal(fread(data, 1, len, file), len);
        struct bc_packet *p =
            make_packet(codec, NULL, data, len, key ? BC_PACKET_KEY : 0);
        p->pts_us = 20000 * (int64_t)s->count;
        s->packets[s->count] = p;
        s->expected[s->count++] = expected_of(codec, data, len);
        free(data);
    }
    fclose(file);
    assert_int_not_equal(s->count, 0);
}

void
sample_close(struct sample *s)
{
    for (unsigned i = 0; i < s->count; i++) {
        bc_packet_unref(&s->packets[i]);
        bc_buf_unref(&s->expected[i]);
    }
}
