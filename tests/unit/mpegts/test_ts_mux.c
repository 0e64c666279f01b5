// SPDX-License-Identifier: Apache-2.0
// What the writer puts between and before the access units (SRT-12).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit.h"
#include "media/track_build.h"

#define VIDEO_PID 0x100
#define AUDIO_PID 0x101
#define PMT_PID 0x1000
#define TABLES_MAX_US 400000
#define PCR_MAX_US 40000
#define LEAD_US 100000

// What walking through a stream shows.
struct walk {
    int cc[8192]; // -1: none yet
    unsigned packets[8192];
    unsigned pcrs;
    int64_t pcr_us; // the last one
    int64_t pcr_gap_us; // the longest
    uint16_t pcr_pid;
    unsigned discontinuities;
    unsigned random_access;
};

static void
begin_walk(struct walk *k)
{
    memset(k, 0, sizeof(*k));
    memset(k->cc, 0xff, sizeof(k->cc));
}

static void
walk_field(struct walk *k, const uint8_t *p, uint16_t pid)
{
    assert_true(p[4] <= 183);
    if (p[4] == 0) {
        return;
    }
    k->discontinuities += p[5] >> 7;
    k->random_access += p[5] >> 6 & 1;
    if (p[5] & 0x10) {
        uint64_t base = (uint64_t)p[6] << 25 | (uint64_t)p[7] << 17 | (uint64_t)p[8] << 9
            | (uint64_t)p[9] << 1 | p[10] >> 7;
        int64_t us = (int64_t)(base * 100 / 9);
        if (k->pcrs++ > 0) {
            assert_true(us >= k->pcr_us || (p[5] & 0x80));
            int64_t gap = us - k->pcr_us;
            k->pcr_gap_us = gap > k->pcr_gap_us ? gap : k->pcr_gap_us;
        }
        k->pcr_us = us;
        k->pcr_pid = pid;
    }
}

static void
walk(struct walk *k, const struct bc_writer *w)
{
    assert_false(w->failed);
    assert_int_equal(w->len % BC_TS_PACKET_BYTES, 0);
    for (size_t at = 0; at < w->len; at += BC_TS_PACKET_BYTES) {
        const uint8_t *p = w->data + at;
        uint16_t pid = (uint16_t)((p[1] & 0x1f) << 8 | p[2]);
        assert_int_equal(p[0], 0x47);
        assert_int_equal(p[1] & 0xa0, 0);
        assert_int_equal(p[3] & 0xc0, 0);
        k->packets[pid]++;
        if (p[3] & 0x10) {
            assert_true(k->cc[pid] < 0 || (p[3] & 15) == ((k->cc[pid] + 1) & 15));
            k->cc[pid] = p[3] & 15;
        } else {
            assert_true(k->cc[pid] < 0 || (p[3] & 15) == k->cc[pid]);
        }
        if (p[3] & 0x20) {
            walk_field(k, p, pid);
        }
    }
}

static void
put(struct bc_ts_mux *m, struct bc_writer *w, struct bc_packet *packet)
{
    bc_ts_mux_write_packet(m, w, packet, 0);
    bc_packet_unref(&packet);
}

// 10 pictures a second: sound carries the clock between them.
static void
test_tables_and_clock_come_in_time(void **state)
{
    (void)state;
    struct bc_track *video = kit_avc_track();
    struct bc_track *audio = kit_aac_track();
    struct bc_ts_mux *m = bc_ts_mux_create();
    struct walk *k = malloc(sizeof(*k));
    begin_walk(k);
    bc_ts_mux_set_tracks(m, video, audio);
    unsigned tables = 0;
    int64_t tables_us = 0;
    for (int64_t us = 0, n = 0; us < 10000000; us += 20000, n++) {
        struct bc_writer w = { 0 };
        bool key = n % 100 == 0;
        if (n % 5 == 0) {
            put(m, &w, kit_avc_packet(video, us, us, key ? BC_PACKET_KEY : 0, 900));
        } else {
            put(m, &w, kit_audio_packet(audio, us, 300));
        }
        walk(k, &w);
        if (k->packets[PMT_PID] > tables) {
            tables = k->packets[PMT_PID];
            assert_true(us - tables_us <= TABLES_MAX_US);
            tables_us = us;
            // They stand in front.
            assert_int_equal(w.data[1] << 8 | w.data[2], 0x4000);
        }
        assert_true(!key || tables_us == us);
        assert_true(BC_TS_ORIGIN_US + us - k->pcr_us >= LEAD_US - 20);
        bc_writer_finish(&w);
    }
    assert_int_equal(k->packets[0], tables);
    assert_true(k->pcr_gap_us <= PCR_MAX_US);
    assert_int_equal(k->pcr_pid, VIDEO_PID);
    assert_int_equal(k->random_access, 5);
    assert_int_equal(k->discontinuities, 0);
    bc_ts_mux_destroy(m);
    bc_track_unref(&video);
    bc_track_unref(&audio);
    free(k);
}

// Delimiter and parameter sets stand before the IDR, a delimiter before other pictures;
// the sender's own delimiter makes way.
static void
test_begin_of_a_picture(void **state)
{
    (void)state;
    static const uint8_t UNITS[] = { 0, 0, 0, 2, 0x09, 0xf0, 0, 0, 0, 3, 0x65, 0x88,
        0x84 };
    static const uint8_t HEAD[] = {
        0x00, 0x00, 0x01, 0xe0, 0x00, 0x00, // video, unbounded
        0x84, 0xc0, 0x0a, // aligned; PTS and DTS
        0x31, 0x00, 0x05, 0xdb, 0x41, // 1.04 s
        0x11, 0x00, 0x05, 0xbf, 0x21, // 1 s
        0x00, 0x00, 0x00, 0x01, 0x09, 0xf0, // delimiter
    };
    struct bc_track *video = kit_avc_track();
    struct bc_ts_mux *m = bc_ts_mux_create();
    struct bc_writer w = { 0 };
    bc_ts_mux_set_tracks(m, video, NULL);
    struct bc_buf *buf = bc_buf_copy(UNITS, sizeof(UNITS));
    struct bc_packet *p =
        bc_packet_create(BC_KIND_VIDEO, video, buf, buf->data, buf->len);
    p->flags = BC_PACKET_KEY;
    p->pts_us = 40000;
    put(m, &w, p);
    assert_int_equal(w.len, 3 * BC_TS_PACKET_BYTES);
    const uint8_t *ts = w.data + 2 * BC_TS_PACKET_BYTES;
    size_t units = 4 + 3;
    size_t body = sizeof(HEAD) + kit_avc_sets_bytes + units;
    const uint8_t *pes = ts + BC_TS_PACKET_BYTES - body;
    assert_memory_equal(pes, HEAD, sizeof(HEAD));
    assert_memory_equal(pes + sizeof(HEAD), kit_avc_sets, kit_avc_sets_bytes);
    assert_memory_equal(pes + body - units, "\0\0\0\1\x65\x88\x84", units);
    assert_int_equal(ts[5], 0x50); // random access, PCR
    bc_writer_finish(&w);
    bc_ts_mux_destroy(m);
    bc_track_unref(&video);
}

// All read the same bytes; who begins later gets the tables alone and then goes on.
static void
test_newcomers_tables(void **state)
{
    (void)state;
    struct bc_track *audio = kit_aac_track();
    struct bc_ts_mux *m = bc_ts_mux_create();
    struct walk *old = malloc(sizeof(*old));
    struct walk *late = malloc(sizeof(*late));
    begin_walk(old);
    begin_walk(late);
    bc_ts_mux_set_tracks(m, NULL, audio);
    for (unsigned n = 0; n < 100; n++) {
        struct bc_writer w = { 0 };
        if (n == 42) {
            bc_ts_mux_write_tables(m, &w);
            assert_int_equal(w.len, 2 * BC_TS_PACKET_BYTES);
            walk(late, &w);
            bc_writer_reset(&w);
        }
        put(m, &w, kit_audio_packet(audio, n * 21333, 100));
        walk(old, &w);
        if (n >= 42) {
            walk(late, &w);
        }
        bc_writer_finish(&w);
    }
    assert_true(late->packets[PMT_PID] > 2);
    assert_int_equal(old->pcr_pid, AUDIO_PID);
    assert_true(old->pcr_gap_us <= PCR_MAX_US);
    bc_ts_mux_destroy(m);
    bc_track_unref(&audio);
    free(old);
    free(late);
}

static void
test_jump_is_announced(void **state)
{
    (void)state;
    struct bc_track *audio = kit_aac_track();
    struct bc_ts_mux *m = bc_ts_mux_create();
    struct walk *k = malloc(sizeof(*k));
    struct bc_writer w = { 0 };
    begin_walk(k);
    bc_ts_mux_set_tracks(m, NULL, audio);
    put(m, &w, kit_audio_packet(audio, 60000000, 100));
    put(m, &w, kit_audio_packet(audio, 60021333, 100));
    put(m, &w, kit_audio_packet(audio, 1000000, 100));
    put(m, &w, kit_audio_packet(audio, 1021333, 100));
    walk(k, &w);
    assert_int_equal(k->discontinuities, 1);
    assert_int_equal(k->packets[PMT_PID], 2);
    bc_ts_mux_destroy(m);
    bc_track_unref(&audio);
    bc_writer_finish(&w);
    free(k);
}

// A change of tracks raises the version; the reader learns of it and of no other.
static void
test_tracks_change(void **state)
{
    (void)state;
    struct bc_track *video = kit_avc_track();
    struct bc_track *audio = kit_aac_track();
    struct bc_ts_mux *m = bc_ts_mux_create();
    struct bc_writer w = { 0 };
    struct kit k = { 0 };
    bc_ts_mux_set_tracks(m, video, audio);
    put(m, &w, kit_avc_packet(video, 0, 0, BC_PACKET_KEY, 100));
    bc_ts_mux_set_tracks(m, video, audio);
    put(m, &w, kit_avc_packet(video, 40000, 40000, BC_PACKET_KEY, 100));
    bc_ts_mux_set_tracks(m, NULL, audio);
    put(m, &w, kit_avc_packet(video, 80000, 80000, BC_PACKET_KEY, 100)); // nothing
    put(m, &w, kit_audio_packet(audio, 80000, 100));
    assert_int_equal(kit_demux(&k, w.data, w.len, 1316, NULL), 0);
    assert_int_equal(k.programs, 2);
    assert_false(k.has_video);
    assert_int_equal(kit_count(&k, BC_KIND_VIDEO), 2);
    assert_int_equal(kit_count(&k, BC_KIND_AUDIO), 1);
    kit_forget(&k);
    bc_ts_mux_destroy(m);
    bc_writer_finish(&w);
    bc_track_unref(&video);
    bc_track_unref(&audio);
}

static void
test_what_has_no_form(void **state)
{
    (void)state;
    static const uint8_t PCE[] = { 0x11, 0x80, 0x04, 0xc4, 0x00, 0x00, 0x20, 0x00, 0x00 };
    struct bc_ts_mux *m = bc_ts_mux_create();
    struct bc_writer w = { 0 };
    struct bc_track *vp8 = bc_track_create(BC_KIND_VIDEO, BC_CODEC_VP8);
    struct bc_track *flac = bc_track_create(BC_KIND_AUDIO, BC_CODEC_FLAC);
    struct bc_track *pce = bc_aac_track(PCE, sizeof(PCE));
    assert_false(bc_ts_has_codec(BC_CODEC_AV1));
    assert_true(bc_ts_has_codec(BC_CODEC_OPUS));
    bc_ts_mux_set_tracks(m, vp8, flac);
    put(m, &w, kit_avc_packet(vp8, 0, 0, BC_PACKET_KEY, 10));
    put(m, &w, kit_audio_packet(flac, 0, 10));
    if (pce) {
        bc_ts_mux_set_tracks(m, NULL, pce);
        put(m, &w, kit_audio_packet(pce, 0, 10));
    }
    assert_int_equal(w.len, 0);
    bc_track_unref(&vp8);
    bc_track_unref(&flac);
    bc_track_unref(&pce);
    bc_ts_mux_destroy(m);
}

// Sound of every codec, in packets of all lengths.
static void
test_opus_of_all_lengths(void **state)
{
    (void)state;
    for (unsigned channels = 1; channels <= 2; channels++) {
        struct bc_track *opus = bc_opus_track_simple(channels);
        struct bc_ts_mux *m = bc_ts_mux_create();
        struct bc_writer w = { 0 };
        struct kit k = { 0 };
        bc_ts_mux_set_tracks(m, NULL, opus);
        for (unsigned n = 0; n < 1100; n++) {
            struct bc_packet *p = kit_audio_packet(opus, n * 20000, 2 + n);
            p->buf->data[0] = 0x78; // 20 ms
            put(m, &w, p);
        }
        assert_int_equal(kit_demux(&k, w.data, w.len, 1316, NULL), 0);
        assert_int_equal(k.count, 1100);
        for (unsigned n = 0; n < k.count; n++) {
            assert_int_equal(k.packets[n]->len, 2 + n);
            assert_int_equal(k.packets[n]->dts_us, 1000000 + n * 20000);
        }
        assert_int_equal(k.tracks[0]->channels, channels);
        kit_forget(&k);
        bc_writer_finish(&w);
        bc_ts_mux_destroy(m);
        bc_track_unref(&opus);
    }
}

// HE-AAC goes as the LC in it; rates may be written out.
static void
test_adts_of_he_aac(void **state)
{
    (void)state;
    // SBR in front: 24 kHz mono, played at 48 kHz.
    static const uint8_t HE[] = { 0x2b, 0x09, 0x88, 0x00 };
    struct bc_track *he = bc_aac_track(HE, sizeof(HE));
    struct bc_ts_mux *m = bc_ts_mux_create();
    struct bc_writer w = { 0 };
    struct kit k = { 0 };
    bc_ts_mux_set_tracks(m, NULL, he);
    put(m, &w, kit_audio_packet(he, 0, 50));
    assert_int_equal(kit_demux(&k, w.data, w.len, 1316, NULL), 0);
    assert_int_equal(k.count, 1);
    assert_int_equal(k.tracks[0]->sample_rate, 24000);
    assert_string_equal(k.tracks[0]->codec_string, "mp4a.40.2");
    kit_forget(&k);
    bc_writer_finish(&w);
    bc_ts_mux_destroy(m);
    bc_track_unref(&he);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables_and_clock_come_in_time),
        cmocka_unit_test(test_begin_of_a_picture),
        cmocka_unit_test(test_newcomers_tables),
        cmocka_unit_test(test_jump_is_announced),
        cmocka_unit_test(test_tracks_change),
        cmocka_unit_test(test_what_has_no_form),
        cmocka_unit_test(test_opus_of_all_lengths),
        cmocka_unit_test(test_adts_of_he_aac),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
