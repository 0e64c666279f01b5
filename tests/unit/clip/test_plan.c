// SPDX-License-Identifier: Apache-2.0
// Frames are written as a text in decoding order: a number is when one is shown, in frames
// of 40 ms; '*' behind it makes it a sync frame.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "clip/plan.h"

#define FRAME_US 40000
#define MAX 4096

static struct clip_frame frames[MAX];

static size_t
parse(const char *text)
{
    size_t n = 0;
    char *end = NULL;
    for (const char *p = text; *p != '\0' && n < MAX; p = end) {
        long at = strtol(p, &end, 10);
        frames[n] = (struct clip_frame){
            .pts_us = at * FRAME_US, .duration_us = FRAME_US, .sync = *end == '*'
        };
        end += frames[n++].sync;
    }
    return n;
}

struct head_row {
    const char *frames;
    int64_t from_us;
    int64_t to_us;
    bool exact;
    // expected
    bool recode;
    size_t decode;
    size_t copy;
    int64_t first; // frame
};

#define PLAIN "0* 1 2 3 4* 5"
#define REORDERED "0* 3 1 2 6 4 5 7* 10 8 9"
#define FAR 1000000000

static void
test_head_begins_with_the_frame_on_the_screen(void **state)
{
    (void)state;
    static const struct head_row ROWS[] = {
        // on a sync frame: copied
        { PLAIN, 0, FAR, true, false, 0, 0, 0 },
        { "4* 5 6 7 8*", 160000, FAR, true, false, 0, 0, 4 },
        // within a GOP: what is shown up to the next sync frame is encoded
        { PLAIN, 40000, FAR, true, true, 0, 4, 1 },
        { PLAIN, 120000, FAR, true, true, 0, 4, 3 },
        // between two frames: the one that is on the screen
        { PLAIN, 79000 - 1, FAR, true, true, 0, 4, 1 },
        // within a millisecond of a frame it is that frame
        { PLAIN, 79500, FAR, true, true, 0, 4, 2 },
        { PLAIN, 80999, FAR, true, true, 0, 4, 2 },
        { PLAIN, 159400, FAR, true, false, 4, 4, 4 },
        // frames shown in another order
        { REORDERED, 40000, FAR, true, true, 0, 7, 1 },
        { REORDERED, 120000, FAR, true, true, 0, 7, 3 },
        { REORDERED, 240000, FAR, true, true, 0, 7, 6 },
        { REORDERED, 280000, FAR, true, false, 7, 7, 7 },
        // no sync frame follows: all of it is encoded
        { "0* 1 2 3", 80000, FAR, true, true, 0, 4, 2 },
        // every frame is one
        { "0* 1* 2* 3*", 80000, FAR, true, false, 2, 2, 2 },
        // nothing that can be decoded is there yet
        { "1 2 3* 4", 40000, FAR, true, false, 2, 2, 3 },
        { "3* 4", 40000, FAR, true, false, 0, 0, 3 },
        // at keyframes: the one before
        { PLAIN, 120000, FAR, false, false, 0, 0, 0 },
        { REORDERED, 240000, FAR, false, false, 0, 0, 0 },
        { PLAIN, 200000, FAR, false, false, 4, 4, 4 },
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        const struct head_row *row = &ROWS[i];
        size_t n = parse(row->frames);
        struct clip_head h =
            clip_plan_head(frames, n, row->from_us, row->to_us, row->exact);
        print_message("row %zu: %s from %lld\n", i, row->frames, (long long)row->from_us);
        assert_true(h.found);
        assert_false(h.snapped);
        assert_int_equal(h.recode, row->recode);
        assert_int_equal(h.decode, row->decode);
        assert_int_equal(h.copy, row->copy);
        assert_int_equal(h.first_us, row->first * FRAME_US);
    }
}

static void
test_head_without_a_sync_frame_is_not_found(void **state)
{
    (void)state;
    assert_false(clip_plan_head(frames, parse("0 1 2"), 0, FAR, true).found);
    assert_false(clip_plan_head(frames, 0, 0, FAR, true).found);
}

// A GOP of `count` frames and the next sync frame.
static size_t
long_gop(size_t count, int64_t step_us)
{
    for (size_t i = 0; i <= count; i++) {
        frames[i] = (struct clip_frame){
            .pts_us = (int64_t)i * step_us,
            .duration_us = (uint32_t)step_us,
            .sync = i == 0 || i == count,
        };
    }
    return count + 1;
}

static void
test_head_of_a_long_gop_snaps_inside(void **state)
{
    (void)state;
    size_t n = long_gop(CLIP_RECODE_FRAMES, 10000);
    assert_true(clip_plan_head(frames, n, 50000, FAR, true).recode);
    n = long_gop(CLIP_RECODE_FRAMES + 1, 10000);
    struct clip_head h = clip_plan_head(frames, n, 50000, FAR, true);
    assert_true(h.snapped);
    assert_false(h.recode);
    assert_int_equal(h.copy, CLIP_RECODE_FRAMES + 1);
    assert_int_equal(h.first_us, (CLIP_RECODE_FRAMES + 1) * 10000);
    // too long in time
    n = long_gop(100, 250000);
    h = clip_plan_head(frames, n, 1000000, FAR, true);
    assert_true(h.snapped);
    assert_int_equal(h.copy, 100);
    // the next one is behind the end: the one before
    h = clip_plan_head(frames, n, 1000000, 5000000, true);
    assert_true(h.snapped);
    assert_int_equal(h.copy, 0);
    assert_int_equal(h.first_us, 0);
}

struct tail_row {
    const char *frames;
    int64_t to_us;
    bool exact;
    // expected
    size_t copy;
    size_t recode;
    int64_t end; // frame
    bool snapped;
};

static void
test_tail_ends_before_the_frame_named(void **state)
{
    (void)state;
    static const struct tail_row ROWS[] = {
        // in order: only leaving out
        { "0* 1 2 3", 40000, true, 1, 0, 1, false },
        { "0* 1 2 3", 120000, true, 3, 0, 3, false },
        { "0* 1 2 3", FAR, true, 4, 0, 4, false },
        // between two frames: the one on the screen is the last
        { "0* 1 2 3", 50000, true, 2, 0, 2, false },
        // within a millisecond it is that frame
        { "0* 1 2 3", 40900, true, 1, 0, 1, false },
        { "0* 1 2 3", 39100, true, 1, 0, 1, false },
        { "0* 1 2 3", 41100, true, 2, 0, 2, false },
        // P 3 is decoded before B 1 and 2
        { "0* 3 1 2 6 4 5", 40000, true, 1, 0, 1, false },
        { "0* 3 1 2 6 4 5", 80000, true, 1, 1, 2, false },
        { "0* 3 1 2 6 4 5", 120000, true, 1, 2, 3, false },
        { "0* 3 1 2 6 4 5", 160000, true, 4, 0, 4, false },
        { "0* 3 1 2 6 4 5", 200000, true, 4, 1, 5, false },
        { "0* 3 1 2 6 4 5", 240000, true, 4, 2, 6, false },
        { "0* 3 1 2 6 4 5", FAR, true, 7, 0, 7, false },
        // a pyramid
        { "0* 4 2 1 3 8 6 5 7", 80000, true, 1, 1, 2, false },
        { "0* 4 2 1 3 8 6 5 7", 160000, true, 1, 3, 4, false },
        { "0* 4 2 1 3 8 6 5 7", 200000, true, 5, 0, 5, false },
        // at keyframes nothing is encoded
        { "0* 3 1 2 6 4 5", 120000, false, 1, 0, 1, true },
        { "0* 3 1 2 4* 7 5 6", 160000, false, 4, 0, 4, false },
        // without a sync frame in front nothing can be
        { "0 3 1 2", 120000, true, 1, 0, 1, true },
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        const struct tail_row *row = &ROWS[i];
        size_t n = parse(row->frames);
        struct clip_tail t = clip_plan_tail(frames, n, row->to_us, row->exact);
        print_message("row %zu: %s to %lld\n", i, row->frames, (long long)row->to_us);
        assert_int_equal(t.copy, row->copy);
        assert_int_equal(t.recode, row->recode);
        assert_int_equal(t.end_us, row->end * FRAME_US);
        assert_int_equal(t.snapped, row->snapped);
    }
}

static void
test_tail_of_a_long_gop_ends_early(void **state)
{
    (void)state;
    size_t n = long_gop(CLIP_RECODE_FRAMES + 10, 10000);
    // the last two change places
    int64_t at = frames[n - 3].pts_us;
    frames[n - 3].pts_us = frames[n - 2].pts_us;
    frames[n - 2].pts_us = at;
    struct clip_tail t = clip_plan_tail(frames, n - 1, at + 10000, true);
    assert_true(t.snapped);
    assert_int_equal(t.recode, 0);
    assert_int_equal(t.end_us, at);
}

// Every pair of ends, of every order of showing: what is copied and encoded is what is shown.
static void
test_any_ends_show_each_frame_once(void **state)
{
    (void)state;
    static const char *const ORDERS[] = { "0* 1 2 3 4 5 6", "0* 3 1 2 6 4 5",
        "0* 4 2 1 3 6 5", "0* 2 1 4 3 6 5", "0* 6 3 1 2 4 5" };
    for (size_t o = 0; o < sizeof(ORDERS) / sizeof(ORDERS[0]); o++) {
        for (int64_t to = 1; to <= 7; to++) {
            size_t n = parse(ORDERS[o]);
            struct clip_tail t = clip_plan_tail(frames, n, to * FRAME_US, true);
            assert_int_equal(t.copy + t.recode, to);
            assert_int_equal(t.end_us, to * FRAME_US);
            for (size_t i = 0; i < t.copy; i++) {
                // what is copied is shown before all that is encoded
                assert_true(frames[i].pts_us < (int64_t)t.copy * FRAME_US);
            }
        }
    }
}

static void
test_holes_do_not_lengthen_the_last_frame(void **state)
{
    (void)state;
    assert_int_equal(
        clip_plan_tail(frames, parse("0* 1 9 10"), 80000, true).end_us, 2 * FRAME_US);
}

static void
test_sound_is_heard_with_its_greater_part(void **state)
{
    (void)state;
    assert_true(clip_plan_hears(0, 20, 0, 100));
    assert_true(clip_plan_hears(-10, 20, 0, 100));
    assert_false(clip_plan_hears(-11, 20, 0, 100));
    assert_true(clip_plan_hears(89, 20, 0, 100));
    assert_false(clip_plan_hears(90, 20, 0, 100));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_head_begins_with_the_frame_on_the_screen),
        cmocka_unit_test(test_head_without_a_sync_frame_is_not_found),
        cmocka_unit_test(test_head_of_a_long_gop_snaps_inside),
        cmocka_unit_test(test_tail_ends_before_the_frame_named),
        cmocka_unit_test(test_tail_of_a_long_gop_ends_early),
        cmocka_unit_test(test_any_ends_show_each_frame_once),
        cmocka_unit_test(test_holes_do_not_lengthen_the_last_frame),
        cmocka_unit_test(test_sound_is_heard_with_its_greater_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
