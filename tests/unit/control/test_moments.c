// SPDX-License-Identifier: Apache-2.0
// Moments of a recording: as people write them, and where they are.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/moment.h"
#include "fake_stream.h"

#define TEN_S INT64_C(10000000)

static void
check_text(const char *text, int64_t us)
{
    struct bc_moment m;
    if (!bc_moment_of_text(text, &m)) {
        fail_msg("not understood: %s", text);
    }
    assert_int_equal(m.kind, BC_MOMENT_WALL);
    assert_int_equal(m.us, us);
}

static void
test_times_of_rfc_3339(void **state)
{
    (void)state;
    check_text("2026-03-01T12:00:00Z", FAKE_BEGAN_WALL_US);
    check_text("2026-03-01t12:00:00z", FAKE_BEGAN_WALL_US);
    check_text("2026-03-01 12:00:00Z", FAKE_BEGAN_WALL_US);
    check_text("2026-03-01T20:00:00+08:00", FAKE_BEGAN_WALL_US);
    check_text("2026-03-01T06:30:00-05:30", FAKE_BEGAN_WALL_US);
    check_text("2026-03-01T12:00:00-00:00", FAKE_BEGAN_WALL_US);
    check_text("2026-03-01T12:00:00.5Z", FAKE_BEGAN_WALL_US + 500000);
    check_text("2026-03-01T12:00:00.123456Z", FAKE_BEGAN_WALL_US + 123456);
    check_text("2026-03-01T12:00:00.1234567891234567Z", FAKE_BEGAN_WALL_US + 123456);
    check_text("2026-02-28T23:59:60Z", INT64_C(1772323200000000)); // a leap second
    check_text("2024-02-29T00:00:00Z", INT64_C(1709164800000000));
    check_text("1970-01-01T00:00:00Z", 0);
    check_text("1970-01-01T01:00:00+01:00", 0);
    check_text("9999-12-31T23:59:59.999999Z", INT64_C(253402300799999999));
}

static void
test_what_is_no_time_is_refused(void **state)
{
    (void)state;
    static const char *const WRONG[] = { "", "2026", "2026-03-01", "12:00:00Z",
        "2026-03-01T12:00:00", "2026-03-01T12:00Z", "2026-3-1T12:00:00Z",
        "2026-13-01T12:00:00Z", "2026-00-01T12:00:00Z", "2026-02-29T12:00:00Z",
        "1900-02-29T00:00:00Z", "2026-04-31T12:00:00Z", "2026-03-00T12:00:00Z",
        "2026-03-01T24:00:00Z", "2026-03-01T12:60:00Z", "2026-03-01T12:00:61Z",
        "2026-03-01T12:00:00.Z", "2026-03-01T12:00:00,5Z", "2026-03-01T12:00:00+8",
        "2026-03-01T12:00:00+0800", "2026-03-01T12:00:00+24:00",
        "2026-03-01T12:00:00+08:60", "2026-03-01T12:00:00 Z", " 2026-03-01T12:00:00Z",
        "2026-03-01T12:00:00Zx", "2026-03-01T12:00:00ZZ", "+026-03-01T12:00:00Z",
        "-026-03-01T12:00:00Z", "20a6-03-01T12:00:00Z", "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+00:01", "0000-01-01T00:00:00Z", "now", "\xff\xfe",
        "2026-03-01T12:00:00.00000000000000000000000000000000000000000000000Z" };
    struct bc_moment m;
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        if (bc_moment_of_text(WRONG[i], &m)) {
            fail_msg("taken for a time: %s", WRONG[i]);
        }
    }
    char text[] = "2026-03-01T12:00:00.5+08:00";
    for (size_t len = strlen(text); len-- > 0;) {
        text[len] = '\0';
        assert_false(bc_moment_of_text(text, &m));
    }
}

static void
test_numbers_are_milliseconds(void **state)
{
    (void)state;
    struct bc_moment m;
    assert_true(bc_moment_of_ms(1500.25, &m));
    assert_int_equal(m.kind, BC_MOMENT_RECORDING);
    assert_int_equal(m.us, 1500250);
    assert_true(bc_moment_of_ms(0, &m));
    assert_int_equal(m.kind, BC_MOMENT_RECORDING);
    assert_true(bc_moment_of_ms(-0.0, &m));
    assert_int_equal(m.kind, BC_MOMENT_RECORDING);
    assert_true(bc_moment_of_ms(-30000, &m));
    assert_int_equal(m.kind, BC_MOMENT_BEFORE_END);
    assert_int_equal(m.us, 30000000);
    assert_false(bc_moment_of_ms(1e300, &m));
    assert_false(bc_moment_of_ms(-1e300, &m));
    assert_false(bc_moment_of_ms(NAN, &m));
    assert_false(bc_moment_of_ms(INFINITY, &m));
}

// --- finding; the recording is 60 s with a gap of 10 s after 20 s ---

static struct bc_moment
wall(int64_t after_us)
{
    return (struct bc_moment){ BC_MOMENT_WALL, FAKE_BEGAN_WALL_US + after_us };
}

static struct bc_moment
at(int64_t us)
{
    return (struct bc_moment){ BC_MOMENT_RECORDING, us };
}

static const struct bc_moment END = { BC_MOMENT_END, 0 };

static void
check(const struct fake *f, struct bc_moment from, struct bc_moment to, int64_t from_us,
    int64_t to_us)
{
    struct bc_moment_range range;
    if (!bc_moment_resolve(&f->record.recording, &from, &to, &range)) {
        fail_msg("%s: %s", range.code, range.error);
    }
    assert_int_equal(range.from_us, from_us);
    assert_int_equal(range.to_us, to_us);
}

static void
check_refused(const struct fake *f, struct bc_moment from, struct bc_moment to,
    const char *code)
{
    struct bc_moment_range range;
    assert_false(bc_moment_resolve(&f->record.recording, &from, &to, &range));
    assert_string_equal(range.code, code);
    assert_true(strlen(range.error) > 0);
}

static void
test_ranges_are_found(void **state)
{
    const struct fake *f = *state;
    check(f, at(0), END, 0, FAKE_DURATION_US);
    check(f, at(TEN_S), at(2 * TEN_S), TEN_S, 2 * TEN_S);
    struct bc_moment before = { BC_MOMENT_BEFORE_END, TEN_S };
    check(f, before, END, 5 * TEN_S, 6 * TEN_S);
    check(f, wall(TEN_S), wall(4 * TEN_S), TEN_S, 3 * TEN_S);
    // A moment in the gap is where the gap is.
    check(f, wall(TEN_S), wall(25 * TEN_S / 10), TEN_S, 2 * TEN_S);
    check(f, wall(25 * TEN_S / 10), END, 2 * TEN_S, 6 * TEN_S);
    // A little outside is the end.
    check(f, wall(-900000), wall(7 * TEN_S + 900000), 0, FAKE_DURATION_US);
    check(f, at(0), at(FAKE_DURATION_US + 999), 0, FAKE_DURATION_US);
}

static void
test_ranges_that_are_none(void **state)
{
    struct fake *f = *state;
    struct bc_moment long_before = { BC_MOMENT_BEFORE_END, 7 * TEN_S };
    check_refused(f, wall(-2 * TEN_S), END, "outside");
    check_refused(f, at(0), wall(9 * TEN_S), "outside");
    check_refused(f, at(0), at(7 * TEN_S), "outside");
    check_refused(f, long_before, END, "outside");
    check_refused(f, at(7 * TEN_S), END, "outside");
    check_refused(f, wall(0), wall(INT64_C(250000000000000000)), "outside");
    check_refused(f, at(2 * TEN_S), at(TEN_S), "bad_range");
    check_refused(f, at(TEN_S), at(TEN_S), "bad_range");
    check_refused(f, END, END, "bad_range");
    check_refused(f, wall(22 * TEN_S / 10), wall(28 * TEN_S / 10), "bad_range");
    f->record.recording.info.parts = 0;
    check_refused(f, at(0), END, "outside");
}

// "Now" is some seconds ahead of what is on the disk.
static void
test_now_is_the_end_of_a_running_one(void **state)
{
    struct fake *f = *state;
    check_refused(f, at(0), wall(7 * TEN_S + 5000000), "outside");
    f->record.recording.info.ended_wall_us = 0;
    check(f, at(0), wall(7 * TEN_S + 5000000), 0, FAKE_DURATION_US);
    check_refused(f, at(0), wall(9 * TEN_S), "outside");
}

#define WITH_FAKE(test) cmocka_unit_test_setup_teardown(test, fake_setup, fake_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times_of_rfc_3339),
        cmocka_unit_test(test_what_is_no_time_is_refused),
        cmocka_unit_test(test_numbers_are_milliseconds),
        WITH_FAKE(test_ranges_are_found),
        WITH_FAKE(test_ranges_that_are_none),
        WITH_FAKE(test_now_is_the_end_of_a_running_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
