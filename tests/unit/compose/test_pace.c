// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compose/pace.h"

#define MS 1000
#define BEGIN (1000 * 1000 * MS) // of the clock

// A stream of 25 pictures a second from `from` to `to`, whose packets arrive `late_us`
// later than the first ones did.
static void
feed(struct compose_pace *p, int from, int to, int64_t late_us)
{
    for (int i = from; i < to; i++) {
        int64_t at = (int64_t)i * 40 * MS;
        assert_false(compose_pace_arrive(p, BC_KIND_VIDEO, at, BEGIN + at + late_us));
    }
}

static void
test_a_steady_stream_waits_as_little_as_may_be(void **state)
{
    (void)state;
    struct compose_pace p;
    compose_pace_init(&p);
    feed(&p, 0, 250, 0);
    assert_int_equal(compose_pace_due_us(&p, 0), BEGIN + COMPOSE_DELAY_MIN_US);
    assert_int_equal(compose_pace_stamp_us(&p, BEGIN + COMPOSE_DELAY_MIN_US), 0);
}

static void
test_what_comes_at_once_at_the_start_is_no_delay(void **state)
{
    (void)state;
    struct compose_pace p;
    compose_pace_init(&p);
    // Two seconds since the last keyframe, all at the clock of the newest one.
    for (int i = 0; i < 50; i++) {
        compose_pace_arrive(
            &p, BC_KIND_VIDEO, (int64_t)i * 40 * MS, BEGIN + 50 * 40 * MS + i);
    }
    feed(&p, 51, 200, 0);
    int64_t due = compose_pace_due_us(&p, 0) - BEGIN;
    assert_in_range(due, COMPOSE_DELAY_MIN_US, COMPOSE_DELAY_MIN_US + 20 * MS);
}

static void
test_jitter_is_waited_for_up_to_the_limit(void **state)
{
    (void)state;
    struct compose_pace p;
    compose_pace_init(&p);
    for (int i = 0; i < 1000; i++) {
        int64_t at = (int64_t)i * 40 * MS;
        compose_pace_arrive(
            &p, BC_KIND_VIDEO, at, BEGIN + at + (i % 5 == 0 ? 60 * MS : 0));
    }
    assert_in_range(compose_pace_due_us(&p, 0) - BEGIN, 60 * MS, 80 * MS);
    for (int i = 1000; i < 2000; i++) {
        int64_t at = (int64_t)i * 40 * MS;
        compose_pace_arrive(
            &p, BC_KIND_VIDEO, at, BEGIN + at + (i % 5 == 0 ? 200 * MS : 0));
    }
    assert_int_equal(compose_pace_due_us(&p, 0) - BEGIN, COMPOSE_DELAY_MAX_US);
    // And less again once it is over.
    feed(&p, 2000, 2600, 0);
    assert_int_equal(compose_pace_due_us(&p, 0) - BEGIN, COMPOSE_DELAY_MIN_US);
}

static void
test_a_clock_that_runs_slower_is_followed(void **state)
{
    (void)state;
    struct compose_pace p;
    compose_pace_init(&p);
    int64_t late = 0;
    for (int i = 0; i < 25 * 600; i++) {
        int64_t at = (int64_t)i * 40 * MS;
        late = at / 10000; // 100 parts of a million
        compose_pace_arrive(&p, BC_KIND_VIDEO, at, BEGIN + at + late);
    }
    assert_in_range(compose_pace_due_us(&p, 0) - BEGIN - late,
        COMPOSE_DELAY_MIN_US - 2 * MS, COMPOSE_DELAY_MIN_US + 2 * MS);
}

static void
test_sound_that_comes_later_is_waited_for(void **state)
{
    (void)state;
    struct compose_pace p;
    compose_pace_init(&p);
    for (int i = 0; i < 500; i++) {
        int64_t at = (int64_t)i * 40 * MS;
        compose_pace_arrive(&p, BC_KIND_VIDEO, at, BEGIN + at);
        compose_pace_arrive(&p, BC_KIND_AUDIO, at, BEGIN + at + 150 * MS);
    }
    assert_int_equal(compose_pace_due_us(&p, 0) - BEGIN, 150 * MS + COMPOSE_DELAY_MIN_US);
}

static void
test_stamps_that_begin_anew(void **state)
{
    (void)state;
    struct compose_pace p;
    compose_pace_init(&p);
    feed(&p, 0, 100, 0);
    int64_t now = BEGIN + 100 * 40 * MS;
    assert_true(compose_pace_arrive(&p, BC_KIND_VIDEO, 9000000 * (int64_t)MS, now));
    assert_false(compose_pace_arrive(
        &p, BC_KIND_VIDEO, (9000000 + 40) * (int64_t)MS, now + 40 * MS));
    assert_int_equal(
        compose_pace_due_us(&p, 9000000 * (int64_t)MS), now + COMPOSE_DELAY_MIN_US);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_steady_stream_waits_as_little_as_may_be),
        cmocka_unit_test(test_what_comes_at_once_at_the_start_is_no_delay),
        cmocka_unit_test(test_jitter_is_waited_for_up_to_the_limit),
        cmocka_unit_test(test_a_clock_that_runs_slower_is_followed),
        cmocka_unit_test(test_sound_that_comes_later_is_waited_for),
        cmocka_unit_test(test_stamps_that_begin_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
