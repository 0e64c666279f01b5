// SPDX-License-Identifier: Apache-2.0
#include "kit.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "container/mpegts/ts.h"

static void
on_track(void *user, struct bc_track *track)
{
    struct kit *k = user;
    assert(k->track_count < KIT_TRACKS);
    k->tracks[k->track_count++] = bc_track_ref(track);
}

static void
on_packet(void *user, struct bc_packet *packet)
{
    struct kit *k = user;
    assert(k->count < KIT_PACKETS);
    k->packets[k->count++] = packet;
}

static void
on_program(void *user, bool has_video, bool has_audio)
{
    struct kit *k = user;
    k->programs++;
    k->has_video = has_video;
    k->has_audio = has_audio;
}

const struct bc_ts_demux_ops kit_ops = { on_track, on_packet, on_program };

void
kit_forget(struct kit *k)
{
    for (unsigned i = 0; i < k->count; i++) {
        bc_packet_unref(&k->packets[i]);
    }
    for (unsigned i = 0; i < k->track_count; i++) {
        bc_track_unref(&k->tracks[i]);
    }
    memset(k, 0, sizeof(*k));
}

const struct bc_packet *
kit_packet(const struct kit *k, enum bc_kind kind, unsigned n)
{
    for (unsigned i = 0; i < k->count; i++) {
        if (k->packets[i]->kind == kind && n-- == 0) {
            return k->packets[i];
        }
    }
    return NULL;
}

unsigned
kit_count(const struct kit *k, enum bc_kind kind)
{
    unsigned count = 0;
    for (unsigned i = 0; i < k->count; i++) {
        count += k->packets[i]->kind == kind;
    }
    return count;
}

const struct bc_track *
kit_track(const struct kit *k, enum bc_kind kind)
{
    for (unsigned i = k->track_count; i > 0; i--) {
        if (k->tracks[i - 1]->kind == kind) {
            return k->tracks[i - 1];
        }
    }
    return NULL;
}

int
kit_demux(struct kit *k, const uint8_t *data, size_t len, size_t step,
    struct bc_ts_demux_stats *stats)
{
    struct bc_ts_demux *d = bc_ts_demux_create(&kit_ops, k);
    int ret = 0;
    while (len > 0 && ret == 0) {
        // From a block of its own, so that the sanitizer sees what is read beyond it.
        size_t n = step < len ? step : len;
        uint8_t *piece = malloc(n);
        memcpy(piece, data, n);
        ret = bc_ts_demux_input(d, piece, n, 0);
        free(piece);
        data += n;
        len -= n;
    }
    bc_ts_demux_flush(d, 0);
    if (stats) {
        bc_ts_demux_stats(d, stats);
    }
    bc_ts_demux_destroy(d);
    return ret;
}

uint8_t *
kit_load(const char *name, size_t *len)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", TESTDATA_TS, name);
    FILE *f = fopen(path, "rb");
    assert(f);
    uint8_t *data = malloc(1 << 20);
    *len = fread(data, 1, 1 << 20, f);
    fclose(f);
    return data;
}

// --- streams made by hand ---

void
kit_ts(struct bc_writer *w, uint16_t pid, uint8_t *cc, bool begins,
    const uint8_t *payload, size_t len)
{
    size_t field = TS_PAYLOAD_MAX - len;
    bc_write_u8(w, TS_SYNC);
    bc_write_u16(w, (uint16_t)((begins ? 0x4000 : 0) | pid));
    bc_write_u8(w, (uint8_t)((field ? 0x30 : 0x10) | (*cc)));
    *cc = (*cc + 1) & 15;
    if (field > 0) {
        bc_write_u8(w, (uint8_t)(field - 1));
    }
    for (size_t i = 1; i < field; i++) {
        bc_write_u8(w, i == 1 ? 0 : 0xff);
    }
    bc_write_bytes(w, payload, len);
}

void
kit_section(
    struct bc_writer *w, uint16_t pid, uint8_t *cc, const uint8_t *section, size_t len)
{
    uint8_t all[2048] = { 0 };
    uint32_t crc = bc_ts_crc32(section, len);
    memcpy(all + 1, section, len);
    for (unsigned i = 0; i < 4; i++) {
        all[1 + len + i] = (uint8_t)(crc >> (24 - 8 * i));
    }
    size_t total = len + 5;
    for (size_t at = 0; at < total; at += TS_PAYLOAD_MAX) {
        size_t n = total - at < TS_PAYLOAD_MAX ? total - at : TS_PAYLOAD_MAX;
        kit_ts(w, pid, cc, at == 0, all + at, n);
    }
}

void
kit_pat(struct bc_writer *w, uint8_t *cc, uint16_t pmt_pid)
{
    const uint8_t pat[] = {
        0x00, // table_id
        0xb0,
        13, // section_length
        0x00,
        0x01, // transport_stream_id
        0xc1,
        0x00,
        0x00, // version 0, in force; section 0 of 0
        0x00,
        0x01, // program 1
        (uint8_t)(0xe0 | pmt_pid >> 8),
        (uint8_t)pmt_pid,
    };
    kit_section(w, TS_PID_PAT, cc, pat, sizeof(pat));
}

void
kit_pmt(struct bc_writer *w, uint16_t pid, uint8_t *cc, uint8_t version,
    const struct kit_stream *streams, unsigned count)
{
    struct bc_writer s = { 0 };
    bc_write_u8(&s, 0x02);
    bc_write_u16(&s, 0);
    bc_write_u16(&s, 1); // program
    bc_write_u8(&s, (uint8_t)(0xc1 | version << 1));
    bc_write_u16(&s, 0);
    bc_write_u16(&s, (uint16_t)(0xe000 | (count ? streams[0].pid : TS_PID_NULL)));
    bc_write_u16(&s, 0xf000);
    for (unsigned i = 0; i < count; i++) {
        bc_write_u8(&s, streams[i].type);
        bc_write_u16(&s, 0xe000 | streams[i].pid);
        bc_write_u16(&s, 0xf000 | streams[i].descriptor_bytes);
        bc_write_bytes(&s, streams[i].descriptors, streams[i].descriptor_bytes);
    }
    bc_write_be_at(&s, 1, 0xb000 | (s.len - 3 + 4), 2);
    kit_section(w, pid, cc, s.data, s.len);
    bc_writer_finish(&s);
}

static void
write_stamp(struct bc_writer *w, uint8_t mark, int64_t ticks)
{
    uint64_t t = (uint64_t)ticks & 0x1ffffffff;
    bc_write_u8(w, (uint8_t)(mark << 4 | (t >> 30 & 7) << 1 | 1));
    bc_write_u16(w, (uint16_t)((t >> 15 & 0x7fff) << 1 | 1));
    bc_write_u16(w, (uint16_t)((t & 0x7fff) << 1 | 1));
}

void
kit_pes(struct bc_writer *w, uint8_t *cc, const struct kit_pes *pes, const uint8_t *body,
    size_t len)
{
    struct bc_writer p = { 0 };
    unsigned stamps = pes->pts < 0 ? 0 : pes->dts < 0 ? 5 : 10;
    bc_write_u24(&p, 1);
    bc_write_u8(&p, pes->stream_id);
    bc_write_u16(&p, (uint16_t)(pes->bounded ? len + 3 + stamps : 0));
    bc_write_u8(&p, 0x80);
    bc_write_u8(&p, stamps == 0 ? 0 : stamps == 5 ? 0x80 : 0xc0);
    bc_write_u8(&p, (uint8_t)stamps);
    if (stamps > 0) {
        write_stamp(&p, stamps == 5 ? 2 : 3, pes->pts);
    }
    if (stamps > 5) {
        write_stamp(&p, 1, pes->dts);
    }
    bc_write_bytes(&p, body, len);
    for (size_t at = 0; at < p.len; at += TS_PAYLOAD_MAX) {
        size_t n = p.len - at < TS_PAYLOAD_MAX ? p.len - at : TS_PAYLOAD_MAX;
        kit_ts(w, pes->pid, cc, at == 0, p.data + at, n);
    }
    bc_writer_finish(&p);
}

// --- packets ---

// x264, constrained baseline 3.0, 640x360, 29.97 frames a second.
#define SPS                                                                              \
    0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00, 0xa0, 0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03,  \
        0x03, 0xe9, 0x00, 0x00, 0xea, 0x60, 0x0f, 0x16, 0x2e, 0x48
#define PPS 0x68, 0xcb, 0x83, 0xcb, 0x20

const uint8_t kit_avc_sets[] = { 0, 0, 0, 1, SPS, 0, 0, 0, 1, PPS };
const size_t kit_avc_sets_bytes = sizeof(kit_avc_sets);

struct bc_track *
kit_avc_track(void)
{
    static const uint8_t AVCC[] = { 1, 0x42, 0xc0, 0x1e, 0xff, 0xe1, 0, 24, SPS, 1, 0, 5,
        PPS };
    return bc_avc_track(AVCC, sizeof(AVCC));
}

struct bc_track *
kit_aac_track(void)
{
    static const uint8_t ASC[] = { 0x11, 0x90 }; // LC, 48 kHz, stereo
    return bc_aac_track(ASC, sizeof(ASC));
}

struct bc_packet *
kit_avc_packet(
    struct bc_track *track, int64_t dts_us, int64_t pts_us, uint32_t flags, size_t fill)
{
    struct bc_buf *buf = bc_buf_create(4 + 3 + fill);
    uint8_t *p = buf->data;
    size_t size = 3 + fill;
    for (unsigned i = 0; i < 4; i++) {
        *p++ = (uint8_t)(size >> (24 - 8 * i));
    }
    *p++ = flags & BC_PACKET_KEY ? 0x65 : flags & BC_PACKET_DISPOSABLE ? 0x01 : 0x41;
    *p++ = 0x88; // first_mb_in_slice 0, slice_type 7, PPS 0
    *p++ = 0x84;
    for (size_t i = 0; i < fill; i++) {
        p[i] = (uint8_t)(2 + i % 250);
    }
    struct bc_packet *packet =
        bc_packet_create(BC_KIND_VIDEO, track, buf, buf->data, buf->len);
    packet->dts_us = dts_us;
    packet->pts_us = pts_us;
    packet->flags = flags;
    return packet;
}

struct bc_packet *
kit_audio_packet(struct bc_track *track, int64_t dts_us, size_t fill)
{
    struct bc_buf *buf = bc_buf_create(fill);
    for (size_t i = 0; i < fill; i++) {
        buf->data[i] = (uint8_t)(0x21 + i % 200);
    }
    struct bc_packet *packet =
        bc_packet_create(BC_KIND_AUDIO, track, buf, buf->data, buf->len);
    packet->dts_us = dts_us;
    packet->pts_us = dts_us;
    return packet;
}
