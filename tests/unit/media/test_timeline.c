// SPDX-License-Identifier: Apache-2.0
// The rules MT-1 to MT-10 with a fake clock: a source that behaves, or nearly so.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "time_source.h"

#define S 1000000LL
#define MS 1000LL

static void
test_broadcast_begins_at_zero(void **state)
{
    (void)state;
    struct time_source s;
    time_source_init(&s, 48000);
    struct bc_time_out out = time_source_put(&s, BC_KIND_VIDEO, 98765432 * MS, 80 * MS);
    assert_int_equal(out.dts_us, 0);
    assert_int_equal(out.pts_us, 80 * MS);
    assert_int_equal(out.epoch, 1);
    assert_true(out.new_epoch);
    assert_false(out.repaired);
    assert_int_equal(bc_timeline_wall_us(&s.timeline, 0), s.wall_us);
    // Negative origins as well.
    struct time_source n;
    time_source_init(&n, 48000);
    out = time_source_put(&n, BC_KIND_AUDIO, -77 * S, 0);
    assert_int_equal(out.dts_us, 0);
    time_source_finish(&s);
    time_source_finish(&n);
}

// MT-5: what the host sent as skew is what comes out, whichever track is first.
static void
test_start_skew_is_kept(void **state)
{
    (void)state;
    struct time_source s;
    time_source_init(&s, 48000);
    time_source_put(&s, BC_KIND_VIDEO, 100 * MS, 0);
    struct bc_time_out a = time_source_put(&s, BC_KIND_AUDIO, 163 * MS, 0);
    assert_int_equal(a.dts_us, 63 * MS);

    // The second track begins 60 ms before the first: both move by 60 ms, and stay
    // together.
    struct time_source t;
    time_source_init(&t, 48000);
    struct bc_time_out v = time_source_put(&t, BC_KIND_VIDEO, 100 * MS, 0);
    assert_int_equal(v.dts_us, 0);
    a = time_source_put(&t, BC_KIND_AUDIO, 40 * MS, 0);
    assert_int_equal(a.dts_us, 0);
    v = time_source_put(&t, BC_KIND_VIDEO, 140 * MS, 0);
    assert_int_equal(v.dts_us, 100 * MS);
    assert_int_equal(t.timeline.audio.offset_us, t.timeline.video.offset_us);

    // The same with the sound first.
    struct time_source u;
    time_source_init(&u, 48000);
    time_source_put(&u, BC_KIND_AUDIO, 500 * MS, 0);
    v = time_source_put(&u, BC_KIND_VIDEO, 480 * MS, 0);
    assert_int_equal(v.dts_us, 0);
    a = time_source_put(&u, BC_KIND_AUDIO, 521 * MS, 0);
    assert_in_range(a.dts_us, 40 * MS, 42 * MS);
    time_source_finish(&s);
    time_source_finish(&t);
    time_source_finish(&u);
}

// Tracks whose clocks have nothing in common are joined by their arrival.
static void
test_tracks_of_different_origin(void **state)
{
    (void)state;
    struct time_source s;
    time_source_init(&s, 48000);
    for (int64_t i = 0; i < 500; i++) {
        int64_t at_us = i * 64 / 3 * MS;
        s.now_us += 21333;
        struct bc_time_out v = time_source_put(&s, BC_KIND_VIDEO, 36000 * S + at_us, 0);
        struct bc_time_out a = time_source_put(&s, BC_KIND_AUDIO, 7 * S + at_us, 0);
        assert_int_equal(v.epoch, 1);
        assert_int_equal(v.dts_us, at_us);
        assert_true(llabs(a.dts_us - v.dts_us) <= MS);
    }
    time_source_finish(&s);
}

// MT-2: repeated and slightly falling stamps are nudged; nothing ends.
static void
test_small_regressions_are_nudged(void **state)
{
    (void)state;
    struct time_source s;
    time_source_init(&s, 48000);
    static const int64_t STAMPS[] = { 0, 40, 80, 80, 79, 120, 60, 160 };
    static const int64_t WANT[] = { 0, 40, 80, 81, 82, 120, 121, 160 };
    for (size_t i = 0; i < 8; i++) {
        struct bc_time_out out = time_source_put(&s, BC_KIND_VIDEO, STAMPS[i] * MS, 0);
        assert_int_equal(out.dts_us, WANT[i] * MS);
        assert_int_equal(out.repaired, WANT[i] != STAMPS[i]);
        assert_int_equal(out.epoch, 1);
    }
    assert_int_equal(s.timeline.repairs, 3);
    time_source_finish(&s);
}

// MT-9: the picture's times are its stamps, whatever their distance.
static void
test_variable_frame_rate_is_exact(void **state)
{
    (void)state;
    struct time_source s;
    time_source_init(&s, 48000);
    srand(7);
    int64_t stamp_ms = 123456;
    for (int i = 0; i < 5000; i++) {
        struct bc_time_out out = time_source_put(&s, BC_KIND_VIDEO, stamp_ms * MS, 0);
        assert_int_equal(out.dts_us, (stamp_ms - 123456) * MS);
        assert_false(out.repaired);
        int64_t step_ms = 1 + rand() % 900;
        stamp_ms += step_ms;
        s.now_us += step_ms * MS;
    }
    time_source_finish(&s);
}

static int64_t
rounded_ms(int64_t num, int64_t den)
{
    return (num * 1000 + den / 2) / den;
}

// MT-1, MT-3: eight hours of 29.97 fps and 44.1 kHz in whole milliseconds. Nothing
// drifts, the sound's steps are its samples.
static void
test_eight_hours_without_drift(void **state)
{
    (void)state;
    struct time_source s;
    time_source_init(&s, 44100);
    int64_t video = 0;
    int64_t audio = 0;
    int64_t last_audio_us = -1;
    const int64_t end_us = 8 * 3600 * S;
    int64_t began_us = s.now_us;
    for (;;) {
        int64_t video_us = video * 1001 * S / 30000;
        int64_t audio_us = audio * 1024 * S / 44100;
        if (video_us >= end_us) {
            break;
        }
        s.now_us = began_us + (video_us < audio_us ? video_us : audio_us);
        if (video_us <= audio_us) {
            struct bc_time_out out = time_source_put(
                &s, BC_KIND_VIDEO, rounded_ms(video * 1001, 30000) * MS, 0);
            assert_true(llabs(out.dts_us - video_us) < MS);
            video++;
        } else {
            struct bc_time_out out = time_source_put(
                &s, BC_KIND_AUDIO, rounded_ms(audio * 1024, 44100) * MS, 0);
            assert_true(llabs(out.dts_us - audio_us) < MS);
            int64_t step_us = out.dts_us - last_audio_us;
            assert_true(audio == 0 || step_us == 23219 || step_us == 23220);
            last_audio_us = out.dts_us;
            audio++;
        }
    }
    assert_int_equal(s.timeline.repairs, 0);
    assert_int_equal(s.timeline.epoch, 1);
    time_source_finish(&s);
}

// MT-3: sound whose stamps run away from its samples is pulled back, seldom and gently.
static void
test_audio_resyncs_on_sustained_drift(void **state)
{
    (void)state;
    for (int sign = -1; sign <= 1; sign += 2) {
        struct time_source s;
        time_source_init(&s, 48000);
        int64_t worst_us = 0;
        for (int64_t i = 0; i < 100000; i++) { // 35 minutes at 200 ppm
            int64_t ideal_us = i * 64000 / 3;
            int64_t stamp_us = ideal_us + sign * ideal_us / 5000;
            s.now_us += 21333;
            struct bc_time_out out
                = time_source_put(&s, BC_KIND_AUDIO, (stamp_us + 500) / 1000 * 1000, 0);
            int64_t off_us = llabs(out.dts_us - stamp_us);
            worst_us = off_us > worst_us ? off_us : worst_us;
        }
        assert_in_range(worst_us, 20 * MS, 34 * MS);
        assert_in_range(s.timeline.repairs, 10, 60);
        assert_int_equal(s.timeline.epoch, 1);
        time_source_finish(&s);
    }
}

// Several frames with one stamp, as phones send them, are no drift.
static void
test_audio_in_batches_is_smooth(void **state)
{
    (void)state;
    struct time_source s;
    time_source_init(&s, 48000);
    for (int64_t i = 0; i < 3000; i++) {
        int64_t batch_us = (i / 4 * 4) * 64000 / 3;
        s.now_us += 21333;
        struct bc_time_out out = time_source_put(&s, BC_KIND_AUDIO, batch_us, 0);
        assert_true(llabs(out.dts_us - i * 64000 / 3) <= 1);
    }
    assert_int_equal(s.timeline.repairs, 0);
    time_source_finish(&s);
}

static void
test_audio_gap_stays_a_gap(void **state)
{
    (void)state;
    struct time_source s;
    time_source_init(&s, 48000);
    struct bc_time_out before = { 0 };
    for (int64_t i = 0; i < 100; i++) {
        s.now_us += 21333;
        before = time_source_put(&s, BC_KIND_AUDIO, i * 64 / 3 * MS, 0);
    }
    assert_in_range(before.dts_us, 2111 * MS, 2113 * MS);
    s.now_us += 300 * MS;
    struct bc_time_out after = time_source_put(&s, BC_KIND_AUDIO, 2433 * MS, 0);
    assert_int_equal(after.dts_us, 2433 * MS);
    assert_int_equal(after.epoch, 1);
    assert_false(after.repaired);
    after = time_source_put(&s, BC_KIND_AUDIO, 2454 * MS, 0);
    assert_int_equal(after.dts_us, 2433 * MS + 21333);
    time_source_finish(&s);
}

// RTMP-70: the tracks may interleave a second apart.
static void
test_late_interleaving_is_no_jump(void **state)
{
    (void)state;
    struct time_source s;
    time_source_init(&s, 48000);
    for (int64_t i = 0; i < 60; i++) {
        for (int64_t k = 0; k < 25; k++) {
            int64_t at_us = (i * 25 + k) * 40 * MS;
            struct bc_time_out v = time_source_put(&s, BC_KIND_VIDEO, at_us, 0);
            assert_int_equal(v.dts_us, at_us);
        }
        s.now_us += S;
        for (int64_t k = 0; k < 25; k++) {
            struct bc_time_out a
                = time_source_put(&s, BC_KIND_AUDIO, (i * 25 + k) * 40 * MS, 0);
            assert_int_equal(a.epoch, 1);
        }
    }
    assert_int_equal(s.timeline.jumps, 0);
    time_source_finish(&s);
}

// RTMP-61: presentation before decoding is lifted for both tracks alike.
static void
test_negative_composition_is_lifted(void **state)
{
    (void)state;
    struct time_source s;
    time_source_init(&s, 48000);
    time_source_put(&s, BC_KIND_VIDEO, 0, 0);
    time_source_put(&s, BC_KIND_AUDIO, 0, 0);
    struct bc_time_out v = time_source_put(&s, BC_KIND_VIDEO, 40 * MS, -66 * MS);
    assert_int_equal(v.dts_us, 40 * MS);
    assert_int_equal(v.pts_us, 40 * MS);
    assert_true(v.repaired);
    v = time_source_put(&s, BC_KIND_VIDEO, 80 * MS, 80 * MS);
    assert_int_equal(v.dts_us, 80 * MS);
    assert_int_equal(v.pts_us, (80 + 80 + 66) * MS);
    assert_false(v.repaired);
    v = time_source_put(&s, BC_KIND_VIDEO, 120 * MS, -66 * MS);
    assert_int_equal(v.pts_us, 120 * MS);
    struct bc_time_out a = time_source_put(&s, BC_KIND_AUDIO, 21 * MS, 0);
    assert_int_equal(a.dts_us, 21333 + 66 * MS);
    // Nonsense moves nothing.
    v = time_source_put(&s, BC_KIND_VIDEO, 160 * MS, 400 * S);
    assert_int_equal(v.pts_us, (160 + 66) * MS);
    assert_true(v.repaired);
    v = time_source_put(&s, BC_KIND_VIDEO, 200 * MS, -8000 * S);
    assert_int_equal(v.pts_us, (200 + 66) * MS);
    assert_int_equal(s.timeline.epoch, 1);
    time_source_finish(&s);
}

// Script data takes a place among the others and moves no clock (RTMP-81).
static void
test_script_does_not_move_the_clock(void **state)
{
    (void)state;
    struct time_source s;
    time_source_init(&s, 48000);
    struct bc_time_out script = time_source_put(&s, BC_KIND_SCRIPT, 777 * S, 0);
    assert_int_equal(script.dts_us, 0);
    assert_int_equal(script.epoch, 0);
    time_source_put(&s, BC_KIND_VIDEO, 3600 * S, 0);
    struct bc_timeline before = s.timeline;
    script = time_source_put(&s, BC_KIND_SCRIPT, 0, 0);
    assert_int_equal(script.dts_us, 0);
    script = time_source_put(&s, BC_KIND_SCRIPT, 3600 * S + 30 * MS, 0);
    assert_int_equal(script.dts_us, 30 * MS);
    assert_memory_equal(&before, &s.timeline, sizeof(before));
    struct bc_time_out v = time_source_put(&s, BC_KIND_VIDEO, 3600 * S + 40 * MS, 0);
    assert_int_equal(v.dts_us, 40 * MS);
    assert_int_equal(v.epoch, 1);
    time_source_finish(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_broadcast_begins_at_zero),
        cmocka_unit_test(test_start_skew_is_kept),
        cmocka_unit_test(test_tracks_of_different_origin),
        cmocka_unit_test(test_small_regressions_are_nudged),
        cmocka_unit_test(test_variable_frame_rate_is_exact),
        cmocka_unit_test(test_eight_hours_without_drift),
        cmocka_unit_test(test_audio_resyncs_on_sustained_drift),
        cmocka_unit_test(test_audio_in_batches_is_smooth),
        cmocka_unit_test(test_audio_gap_stays_a_gap),
        cmocka_unit_test(test_late_interleaving_is_no_jump),
        cmocka_unit_test(test_negative_composition_is_lifted),
        cmocka_unit_test(test_script_does_not_move_the_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
