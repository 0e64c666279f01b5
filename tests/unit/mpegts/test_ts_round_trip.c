// SPDX-License-Identifier: Apache-2.0
// What we write we read again, byte by byte and stamp by stamp.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit.h"
#include "media/track_build.h"

#define FRAME_US 40000
#define AAC_US 21333

// Writes pictures of all lengths with sound between them, from `base_us` on.
static void
write_stream(struct bc_writer *w, struct kit *sent, int64_t from_us, unsigned pictures)
{
    struct bc_track *video = kit_avc_track();
    struct bc_track *audio = kit_aac_track();
    struct bc_ts_mux *m = bc_ts_mux_create();
    bc_ts_mux_set_tracks(m, video, audio);
    int64_t sound_us = from_us;
    for (unsigned i = 0; i < pictures; i++) {
        int64_t dts = from_us + (int64_t)i * FRAME_US;
        uint32_t flags = i % 10 == 0 ? BC_PACKET_KEY
            : i % 3 == 0             ? BC_PACKET_DISPOSABLE
                                     : 0;
        sent->packets[sent->count++] = kit_avc_packet(
            video, dts, dts + (int64_t)(i % 3) * FRAME_US, flags, 1 + i * 7);
        for (; sound_us < dts + FRAME_US; sound_us += AAC_US) {
            unsigned n = sent->count++;
            sent->packets[n] = kit_audio_packet(audio, sound_us, 1 + n * 3);
        }
    }
    for (unsigned i = 0; i < sent->count; i++) {
        bc_ts_mux_write_packet(m, w, sent->packets[i], BC_TS_ORIGIN_US);
    }
    assert_false(w->failed);
    assert_int_equal(w->len % BC_TS_PACKET_BYTES, 0);
    bc_ts_mux_destroy(m);
    bc_track_unref(&video);
    bc_track_unref(&audio);
}

static void
check_same(const struct kit *got, const struct kit *sent, enum bc_kind kind)
{
    assert_int_equal(kit_count(got, kind), kit_count(sent, kind));
    for (unsigned i = 0; i < kit_count(sent, kind); i++) {
        const struct bc_packet *a = kit_packet(sent, kind, i);
        const struct bc_packet *b = kit_packet(got, kind, i);
        assert_int_equal(a->len, b->len);
        assert_memory_equal(a->data, b->data, a->len);
        assert_true(llabs(a->dts_us - b->dts_us) <= 6);
        assert_true(llabs(a->pts_us - b->pts_us) <= 6);
        assert_int_equal(a->flags, b->flags);
    }
}

static void
round_trip(int64_t from_us, unsigned pictures)
{
    struct kit sent = { 0 };
    struct kit got = { 0 };
    struct bc_writer w = { 0 };
    struct bc_ts_demux_stats stats;
    write_stream(&w, &sent, from_us, pictures);
    assert_int_equal(kit_demux(&got, w.data, w.len, 1316, &stats), 0);
    assert_int_equal(stats.lost + stats.damaged + stats.resyncs + stats.unknown, 0);
    check_same(&got, &sent, BC_KIND_VIDEO);
    check_same(&got, &sent, BC_KIND_AUDIO);
    assert_int_equal(got.track_count, 2);
    assert_int_equal(got.programs, 1);
    struct bc_track *video = kit_avc_track();
    assert_true(bc_track_equal(kit_track(&got, BC_KIND_VIDEO), video));
    bc_track_unref(&video);
    bc_writer_finish(&w);
    kit_forget(&sent);
    kit_forget(&got);
}

static void
test_frame_exact(void **state)
{
    (void)state;
    round_trip(0, 200);
}

// Both tracks pass 2^33 ticks, each in packets of its own (SRT-9).
static void
test_wrap(void **state)
{
    (void)state;
    int64_t wrap_us = ((int64_t)1 << 33) * 100 / 9;
    round_trip(wrap_us - 1000000, 60);
    round_trip(wrap_us - 20000, 60);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frame_exact),
        cmocka_unit_test(test_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
