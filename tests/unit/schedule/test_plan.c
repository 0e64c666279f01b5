// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "schedule/schedule.h"

#define MIN_US INT64_C(60000000)

static int64_t
at(const char *text)
{
    int64_t us;
    assert_true(bc_clock_parse(text, &us));
    return us;
}

static struct bc_schedule_now
now_of(const struct bc_config_schedule *s, int64_t now_us)
{
    struct bc_schedule_now now;
    bc_schedule_at(s, now_us, &now);
    return now;
}

static void
test_an_evening_from_keys_to_end(void **state)
{
    (void)state;
    int64_t start = at("2026-03-01T20:00:00+08:00");
    const struct bc_config_schedule s = { .starts_at_wall_us = start,
        .ends_at_wall_us = start + 120 * MIN_US,
        .record = BC_RECORD_ALWAYS };
    struct bc_schedule_now now = now_of(&s, start - 30 * MIN_US - 1);
    assert_int_equal(now.phase, BC_SCHEDULE_EARLY);
    assert_false(now.plan.lobby);
    assert_false(now.plan.over);
    assert_int_equal(now.plan.countdown_to_wall_us, start);
    assert_int_equal(now.plan.keys_from_wall_us, start - 30 * MIN_US);
    assert_int_equal(now.record, BC_RECORD_ALWAYS);
    now = now_of(&s, start - 30 * MIN_US);
    assert_int_equal(now.phase, BC_SCHEDULE_LOBBY);
    assert_true(now.plan.lobby);
    now = now_of(&s, start);
    assert_int_equal(now.phase, BC_SCHEDULE_ON);
    assert_false(now.plan.lobby);
    assert_int_equal(now.plan.countdown_to_wall_us, 0);
    now = now_of(&s, start + 120 * MIN_US - 1);
    assert_int_equal(now.phase, BC_SCHEDULE_ON);
    now = now_of(&s, start + 120 * MIN_US);
    assert_int_equal(now.phase, BC_SCHEDULE_OVER);
    assert_true(now.plan.over);
    assert_false(now.plan.lobby);
    // It stays so until somebody sets another schedule.
    assert_int_equal(now_of(&s, start + 100000 * MIN_US).phase, BC_SCHEDULE_OVER);
}

static void
test_parts_may_be_left_out(void **state)
{
    (void)state;
    int64_t t = at("2026-03-01T12:00:00Z");
    const struct bc_config_schedule only_end = { .ends_at_wall_us = t };
    assert_int_equal(now_of(&only_end, 0).phase, BC_SCHEDULE_ON);
    assert_int_equal(now_of(&only_end, 0).plan.keys_from_wall_us, 0);
    assert_int_equal(now_of(&only_end, t).phase, BC_SCHEDULE_OVER);
    const struct bc_config_schedule only_keys = { .keys_from_wall_us = t };
    assert_int_equal(now_of(&only_keys, t - 1).phase, BC_SCHEDULE_EARLY);
    assert_false(now_of(&only_keys, t - 1).plan.lobby);
    assert_int_equal(now_of(&only_keys, t).phase, BC_SCHEDULE_ON);
    const struct bc_config_schedule only_start = { .starts_at_wall_us = t };
    assert_int_equal(now_of(&only_start, t + MIN_US).phase, BC_SCHEDULE_ON);
    const struct bc_config_schedule own_keys = { .starts_at_wall_us = t,
        .keys_from_wall_us = t };
    assert_int_equal(now_of(&own_keys, t - 1).phase, BC_SCHEDULE_EARLY);
    assert_int_equal(now_of(&own_keys, t - 1).plan.keys_from_wall_us, t);
    // A start in the first half hour of 1970: keys from its first moment, not "any time".
    const struct bc_config_schedule first = { .starts_at_wall_us = MIN_US };
    assert_int_equal(bc_schedule_keys_from(&first), 1);
}

static void
test_times_that_make_no_schedule(void **state)
{
    (void)state;
    int64_t t = at("2026-03-01T12:00:00Z");
    const struct bc_config_schedule none = { 0 };
    assert_false(bc_config_schedule_is_set(&none));
    assert_null(bc_config_schedule_problem(&none));
    const struct bc_config_schedule wrong[] = {
        { .record = BC_RECORD_ALWAYS },
        { .title = "x" },
        { .starts_at_wall_us = t, .ends_at_wall_us = t },
        { .starts_at_wall_us = t, .ends_at_wall_us = t - 1 },
        { .keys_from_wall_us = t, .ends_at_wall_us = t },
        { .starts_at_wall_us = t, .keys_from_wall_us = t + 1 },
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_non_null(bc_config_schedule_problem(&wrong[i]));
    }
}

static void
test_clock_texts(void **state)
{
    (void)state;
    assert_int_equal(at("2026-03-01T20:00:00+08:00"), at("2026-03-01T12:00:00Z"));
    assert_int_equal(at("2026-03-01 12:00:00.25z"), at("2026-03-01T12:00:00Z") + 250000);
    static const char *const WRONG[] = { "", "soon", "2026-03-01", "2026-03-01T12:00Z",
        "2026-03-01T12:00:00", "2026-02-29T12:00:00Z", "2026-13-01T12:00:00Z",
        "2026-03-01T24:00:00Z", "2026-03-01T12:00:00+8", "2026-03-01T12:00:00Z ",
        "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+00:01" };
    int64_t us;
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        assert_false(bc_clock_parse(WRONG[i], &us));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_evening_from_keys_to_end),
        cmocka_unit_test(test_parts_may_be_left_out),
        cmocka_unit_test(test_times_that_make_no_schedule),
        cmocka_unit_test(test_clock_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
