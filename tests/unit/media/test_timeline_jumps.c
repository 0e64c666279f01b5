// SPDX-License-Identifier: Apache-2.0
// Unwrapping, jumps, takes and formats, with a fake clock; and random sources.
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
test_unwrap_follows_every_wrap(void **state)
{
    (void)state;
    // 2^24 is the chunk layer's matter and no wrap here.
    struct bc_unwrap u = { 0 };
    assert_int_equal(bc_unwrap_rtmp(&u, 0xfffff0), 0xfffff0);
    assert_int_equal(bc_unwrap_rtmp(&u, 0x1000010), 0x1000010);

    // OBS and FFmpeg: 31 bits.
    u = (struct bc_unwrap){ 0 };
    assert_int_equal(bc_unwrap_rtmp(&u, 0x7ffffff0), 0x7ffffff0);
    assert_int_equal(bc_unwrap_rtmp(&u, 0x00000010), 0x80000010);
    assert_int_equal(bc_unwrap_rtmp(&u, 0x00000005), 0x80000005);
    assert_int_equal(bc_unwrap_rtmp(&u, 0x00000020), 0x80000020);
    // ... round and round
    int64_t last = 0x80000020;
    for (int64_t i = 1; i < 40000; i++) {
        int64_t t = 0x80000020 + i * 1000000;
        assert_int_equal(bc_unwrap_rtmp(&u, (uint32_t)t & 0x7fffffff), t);
        assert_true(t > last);
        last = t;
    }

    // The chunk layer: 32 bits, first across 2^31 without a wrap.
    u = (struct bc_unwrap){ 0 };
    assert_int_equal(bc_unwrap_rtmp(&u, 0x7ffffff0), 0x7ffffff0);
    assert_int_equal(bc_unwrap_rtmp(&u, 0x80000010), 0x80000010);
    u = (struct bc_unwrap){ 0 };
    assert_int_equal(bc_unwrap_rtmp(&u, 0xfffffff0), 0xfffffff0);
    assert_int_equal(bc_unwrap_rtmp(&u, 0x00000010), 0x100000010);
    assert_int_equal(bc_unwrap_rtmp(&u, 0xfffffff8), 0xfffffff8);

    // Below the origin, and a metadata message stamped 0 in between.
    u = (struct bc_unwrap){ 0 };
    assert_int_equal(bc_unwrap_rtmp(&u, 5), 5);
    assert_int_equal(bc_unwrap_rtmp(&u, 0xfffffff0), -16);
    u = (struct bc_unwrap){ 0 };
    assert_int_equal(bc_unwrap_rtmp(&u, 3000000000u), 3000000000);
    bc_unwrap_rtmp(&u, 0);
    assert_int_equal(bc_unwrap_rtmp(&u, 3000000040u), 3000000040);
}

static void
test_unwrap_of_other_clocks(void **state)
{
    (void)state;
    struct bc_unwrap u = { 0 };
    const uint64_t ts = (1ull << 33) - 3000;
    assert_int_equal(bc_unwrap_bits(&u, ts, 33), ts);
    assert_int_equal(bc_unwrap_bits(&u, 600, 33), ts + 3600);
    u = (struct bc_unwrap){ 0 };
    assert_int_equal(bc_unwrap_bits(&u, 0xffffffff, 32), 0xffffffff);
    assert_int_equal(bc_unwrap_bits(&u, 959, 32), 0x100000000 + 959);
}

// The whole way at each wrap: the output does not notice.
static void
test_wraps_leave_no_trace(void **state)
{
    (void)state;
    static const int64_t WRAPS_MS[] = { 1 << 24, 1ll << 31, 1ll << 32 };
    static const uint32_t MASKS[] = { 0xffffffff, 0x7fffffff, 0xffffffff };
    for (size_t i = 0; i < 3; i++) {
        struct time_source s;
        struct bc_unwrap u = { 0 };
        time_source_init(&s, 48000);
        for (int64_t k = 0; k < 500; k++) {
            uint32_t wire = (uint32_t)(WRAPS_MS[i] - 10000 + k * 40) & MASKS[i];
            s.now_us += 40 * MS;
            struct bc_time_out out
                = time_source_put(&s, BC_KIND_VIDEO, bc_unwrap_rtmp(&u, wire) * MS, 0);
            assert_int_equal(out.dts_us, k * 40 * MS);
        }
        assert_int_equal(s.timeline.epoch, 1);
        assert_int_equal(s.timeline.repairs, 0);
        time_source_finish(&s);
    }
}

// MT-4: the wall clock went along, so it is a gap, however long.
static void
test_pause_is_a_gap(void **state)
{
    (void)state;
    struct time_source s;
    time_source_init(&s, 48000);
    time_source_run(&s, 50 * S, 10 * S);
    s.now_us += 600 * S;
    s.wall_us += 600 * S;
    struct bc_time_out out = time_source_put(&s, BC_KIND_VIDEO, 660 * S, 0);
    assert_int_equal(out.dts_us, 610 * S);
    assert_int_equal(out.epoch, 1);
    assert_false(out.repaired);
    out = time_source_put(&s, BC_KIND_AUDIO, 660 * S + 5 * MS, 0);
    assert_int_equal(out.dts_us, 610 * S + 5 * MS);
    assert_int_equal(s.timeline.jumps, 0);
    time_source_finish(&s);
}

// The line was dead for 5 s, the host dropped 4 s of pictures, then all comes at once.
static void
test_burst_after_a_stall_is_no_jump(void **state)
{
    (void)state;
    struct time_source s;
    time_source_init(&s, 48000);
    time_source_run(&s, 0, 10 * S);
    s.now_us += 5 * S;
    time_source_put(&s, BC_KIND_VIDEO, 10 * S, 0);
    struct bc_time_out out = time_source_put(&s, BC_KIND_VIDEO, 14 * S, 0);
    assert_int_equal(out.dts_us, 14 * S);
    assert_int_equal(out.epoch, 1);
    assert_int_equal(s.timeline.jumps, 0);
    time_source_finish(&s);
}

// MT-4: the wall clock stood, so the host's clock jumped. The output goes on at its end,
// the other track follows later with the same offset.
static void
check_jump(int64_t jump_us)
{
    struct time_source s;
    time_source_init(&s, 48000);
    const int64_t base = 7200 * S;
    time_source_run(&s, base, 10 * S);
    int64_t end_us = s.timeline.end_us;
    assert_in_range(end_us, 10 * S - 20 * MS, 10 * S + 40 * MS);
    int64_t last_us = 0;
    for (int64_t i = 0; i < 100; i++) {
        int64_t at_us = 10 * S + i * 40 * MS;
        s.now_us += 40 * MS;
        s.wall_us += 40 * MS;
        struct bc_time_out v
            = time_source_put(&s, BC_KIND_VIDEO, base + jump_us + at_us, 0);
        assert_true(llabs(v.dts_us - at_us) <= 80 * MS);
        assert_true(i == 0 || v.dts_us - last_us <= 80 * MS);
        last_us = v.dts_us;
        // The sound's clock jumps 400 ms later.
        int64_t sound_us = base + at_us + (i >= 10 ? jump_us : 0);
        struct bc_time_out a = time_source_put(&s, BC_KIND_AUDIO, sound_us, 0);
        assert_true(llabs(a.dts_us - at_us) <= 120 * MS);
        a = time_source_put(&s, BC_KIND_AUDIO, sound_us + 20 * MS, 0);
    }
    assert_int_equal(s.timeline.jumps, 1);
    assert_int_equal(s.timeline.epoch, 2);
    assert_int_equal(s.timeline.video.offset_us, s.timeline.audio.offset_us);
    assert_false(s.timeline.audio.behind);
    time_source_finish(&s);
}

static void
test_jump_starts_one_epoch_for_both_tracks(void **state)
{
    (void)state;
    check_jump(3600 * S);
    check_jump(-3600 * S);
    check_jump(-7200 * S);
    check_jump(100 * 86400 * S);
    check_jump(-900 * MS);
    check_jump(3 * S);
}

// MT-2: one frame hours off, then another way off.
static void
test_single_bad_stamps_end_nothing(void **state)
{
    (void)state;
    struct time_source s;
    time_source_init(&s, 48000);
    for (int64_t i = 0; i < 200; i++) {
        int64_t stamp_us = i * 40 * MS;
        s.now_us += 40 * MS;
        bool bad = i % 20 == 19 || i % 20 == 18;
        if (bad) {
            stamp_us += i % 40 < 20 ? 9000 * S : -9000 * S;
        }
        struct bc_time_out v = time_source_put(&s, BC_KIND_VIDEO, stamp_us, 0);
        assert_int_equal(v.repaired, bad);
        assert_true(llabs(v.dts_us - i * 40 * MS) <= 10 * MS);
        assert_int_equal(v.epoch, 1);
    }
    assert_int_equal(s.timeline.jumps, 0);
    assert_int_equal(s.timeline.repairs, 20);
    time_source_finish(&s);
}

static void
test_epoch_of_a_jump_waits_for_a_keyframe(void **state)
{
    (void)state;
    struct time_source s;
    time_source_init(&s, 48000);
    time_source_run(&s, 0, 2 * S);
    for (int64_t i = 0; i < 10; i++) {
        s.now_us += 40 * MS;
        s.wall_us += 40 * MS;
        struct bc_time_out v = time_source_put_inter(&s, 500 * S + i * 40 * MS, 0);
        assert_int_equal(v.epoch, 1);
        assert_true(llabs(v.dts_us - 2 * S - i * 40 * MS) <= 80 * MS);
        struct bc_time_out a
            = time_source_put(&s, BC_KIND_AUDIO, 500 * S + i * 40 * MS, 0);
        assert_int_equal(a.epoch, 1);
    }
    assert_int_equal(s.timeline.jumps, 1);
    struct bc_time_out v = time_source_put(&s, BC_KIND_VIDEO, 500 * S + 400 * MS, 0);
    assert_int_equal(v.epoch, 2);
    assert_true(v.new_epoch);
    time_source_finish(&s);
}

// An encoder that starts again in the same connection, with another format: one epoch, at
// once.
static void
test_format_with_a_jump_is_one_epoch(void **state)
{
    (void)state;
    struct time_source s;
    time_source_init(&s, 48000);
    time_source_run(&s, 5000 * S, 5 * S);
    bc_timeline_begin_format(&s.timeline);
    int64_t end_us = s.timeline.end_us;
    struct bc_time_out v = time_source_put(&s, BC_KIND_VIDEO, 0, 0);
    assert_true(v.new_epoch);
    assert_int_equal(v.dts_us, end_us);
    for (int64_t i = 1; i < 20; i++) {
        s.now_us += 40 * MS;
        v = time_source_put(&s, BC_KIND_VIDEO, i * 40 * MS, 0);
        time_source_put(&s, BC_KIND_AUDIO, i * 40 * MS, 0);
    }
    assert_int_equal(s.timeline.epoch, 2);
    assert_int_equal(s.timeline.jumps, 1);
    time_source_finish(&s);
}

static void
test_format_keeps_the_clock(void **state)
{
    (void)state;
    struct time_source s;
    time_source_init(&s, 48000);
    time_source_run(&s, 77 * S, 5 * S);
    int64_t anchor_us = s.timeline.wall_anchor_us;
    bc_timeline_begin_format(&s.timeline);
    struct bc_time_out v = time_source_put(&s, BC_KIND_VIDEO, 82 * S, 0);
    assert_true(v.new_epoch);
    assert_int_equal(v.epoch, 2);
    assert_int_equal(v.dts_us, 5 * S);
    assert_int_equal(s.timeline.wall_anchor_us, anchor_us);
    // Another sampling rate counts on from there.
    s.track[BC_KIND_AUDIO]->sample_rate = 44100;
    struct bc_time_out a = time_source_put(&s, BC_KIND_AUDIO, 82 * S + 10 * MS, 0);
    struct bc_time_out b = time_source_put(&s, BC_KIND_AUDIO, 82 * S + 33 * MS, 0);
    assert_int_equal(b.epoch, 2);
    assert_in_range(b.dts_us - a.dts_us, 23219, 23220);
    time_source_finish(&s);
}

// A new take continues where the last ended, whatever its clock says; the wall clock's 20
// s of silence show in the anchor.
static void
test_take_continues_without_a_hole(void **state)
{
    (void)state;
    struct time_source s;
    time_source_init(&s, 48000);
    time_source_run(&s, 0, 4 * S);
    int64_t end_us = s.timeline.end_us;
    int64_t anchor_us = s.timeline.wall_anchor_us;
    s.now_us += 20 * S;
    s.wall_us += 20 * S;
    bc_timeline_begin_take(&s.timeline);
    struct bc_time_out v = time_source_put(&s, BC_KIND_VIDEO, 900 * S, 80 * MS);
    assert_int_equal(v.dts_us, end_us);
    assert_int_equal(v.pts_us, end_us + 80 * MS);
    assert_int_equal(v.epoch, 2);
    assert_true(v.new_epoch);
    assert_in_range(
        s.timeline.wall_anchor_us - anchor_us, 20 * S - 40 * MS, 20 * S + 40 * MS);
    // The sound began 50 ms before the picture.
    struct bc_time_out a = time_source_put(&s, BC_KIND_AUDIO, 900 * S - 50 * MS, 0);
    assert_int_equal(a.dts_us, end_us);
    assert_int_equal(a.epoch, 2);
    assert_false(a.new_epoch);
    v = time_source_put(&s, BC_KIND_VIDEO, 900 * S + 40 * MS, 80 * MS);
    assert_int_equal(v.dts_us, end_us + 90 * MS);
    assert_int_equal(s.timeline.jumps, 0);
    time_source_finish(&s);
}

// HLS-13: a server's clock that is set back makes no time go back.
static void
test_wall_clock_never_steps_back(void **state)
{
    (void)state;
    struct time_source s;
    time_source_init(&s, 48000);
    for (int i = 0; i < 5; i++) {
        time_source_run(&s, i * 1000 * S, 5 * S); // asserts it within
        s.wall_us -= 3600 * S;
        bc_timeline_begin_take(&s.timeline);
    }
    assert_int_equal(s.timeline.epoch, 5);
    time_source_finish(&s);
}

static int64_t
random_between(int64_t low, int64_t high)
{
    return low
        + (int64_t)(((uint64_t)rand() << 31 | (uint64_t)rand())
            % (uint64_t)(high - low + 1));
}

// Disturbs the clock of the source now and then; the checks are in time_source_put().
static int64_t
disturb(struct time_source *s)
{
    switch (random_between(0, 7)) {
    case 0:
        bc_timeline_begin_take(&s->timeline);
        return random_between(-100000 * S, 100000 * S);
    case 1:
        bc_timeline_begin_format(&s->timeline);
        return 0;
    case 2:
        s->now_us += random_between(0, 100 * S);
        return 0;
    case 3:
        s->wall_us += random_between(-1000 * S, 1000 * S);
        return 0;
    case 4:
        return random_between(-2 * S, 2 * S);
    default:
        return random_between(-100000 * S, 100000 * S);
    }
}

static void
test_random_sources_keep_the_invariants(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 200; seed++) {
        struct time_source s;
        srand(seed);
        time_source_init(&s, seed % 2 ? 48000 : 44100);
        int64_t base_us = random_between(-1000 * S, 4294967 * S);
        int64_t at_us = 0;
        for (int i = 0; i < 2000; i++) {
            int64_t noise_us = random_between(0, 99) == 0
                ? random_between(-9999 * S, 9999 * S)
                : random_between(-30 * MS, 30 * MS);
            int64_t cts_us = random_between(-100 * MS, 200 * MS);
            enum bc_kind kind = i % 3 ? BC_KIND_AUDIO : BC_KIND_VIDEO;
            if (random_between(0, 199) == 0) {
                base_us += disturb(&s);
            }
            if (kind == BC_KIND_VIDEO && i % 150 != 0) {
                time_source_put_inter(&s, base_us + at_us + noise_us, cts_us);
            } else {
                time_source_put(&s, kind, base_us + at_us + noise_us, cts_us);
            }
            at_us += 12 * MS;
            s.now_us += 12 * MS;
            s.wall_us += 12 * MS;
        }
        // Left in peace, the source is understood again, with one offset for both tracks.
        time_source_run(&s, base_us + at_us, 5 * S);
        assert_int_equal(s.timeline.audio.offset_us, s.timeline.video.offset_us);
        uint64_t repairs = s.timeline.repairs;
        uint64_t jumps = s.timeline.jumps;
        time_source_run(&s, base_us + at_us + 5 * S, 20 * S);
        assert_int_equal(s.timeline.jumps, jumps);
        assert_in_range(
            s.timeline.repairs, repairs, repairs + 1); // sound may still settle
        time_source_finish(&s);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unwrap_follows_every_wrap),
        cmocka_unit_test(test_unwrap_of_other_clocks),
        cmocka_unit_test(test_wraps_leave_no_trace),
        cmocka_unit_test(test_pause_is_a_gap),
        cmocka_unit_test(test_burst_after_a_stall_is_no_jump),
        cmocka_unit_test(test_jump_starts_one_epoch_for_both_tracks),
        cmocka_unit_test(test_single_bad_stamps_end_nothing),
        cmocka_unit_test(test_epoch_of_a_jump_waits_for_a_keyframe),
        cmocka_unit_test(test_format_with_a_jump_is_one_epoch),
        cmocka_unit_test(test_format_keeps_the_clock),
        cmocka_unit_test(test_take_continues_without_a_hole),
        cmocka_unit_test(test_wall_clock_never_steps_back),
        cmocka_unit_test(test_random_sources_keep_the_invariants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
