// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compose/load.h"

static const struct compose_second BAD = { 30, 4, 1.0 };
static const struct compose_second IDLE = { 30, 0, 0.2 };

static void
test_rate_goes_first_then_size(void **state)
{
    (void)state;
    struct compose_load l = { 0 };
    for (int level = COMPOSE_HALF_RATE; level <= COMPOSE_HALF_SIZE; level++) {
        // One second, or two, are an accident.
        assert_false(compose_load_note(&l, &BAD));
        assert_false(compose_load_note(&l, &BAD));
        assert_true(compose_load_note(&l, &BAD));
        assert_int_equal(l.level, level);
    }
    for (int i = 0; i < 5; i++) {
        assert_false(compose_load_note(&l, &BAD)); // there is no less
    }
    assert_string_not_equal(compose_level_text(l.level), "");
}

static void
test_half_a_minute_of_slack_brings_it_back(void **state)
{
    (void)state;
    struct compose_load l = { .level = COMPOSE_HALF_RATE };
    for (int i = 0; i < 29; i++) {
        assert_false(compose_load_note(&l, &IDLE));
    }
    assert_true(compose_load_note(&l, &IDLE));
    assert_int_equal(l.level, COMPOSE_FULL);
    assert_string_equal(compose_level_text(l.level), "");
}

static void
test_what_would_be_too_much_is_not_tried(void **state)
{
    (void)state;
    // Twice the pictures would take all of the time.
    struct compose_second half = { 15, 0, 0.5 };
    struct compose_load l = { .level = COMPOSE_HALF_RATE };
    for (int i = 0; i < 100; i++) {
        assert_false(compose_load_note(&l, &half));
    }
    assert_int_equal(l.level, COMPOSE_HALF_RATE);
}

static void
test_what_remains(void **state)
{
    (void)state;
    assert_int_equal(compose_level_fps(COMPOSE_FULL, 30), 30);
    assert_int_equal(compose_level_fps(COMPOSE_HALF_SIZE, 30), 15);
    assert_int_equal(compose_level_fps(COMPOSE_HALF_RATE, 1), 1);
    assert_int_equal(compose_level_size(COMPOSE_HALF_RATE, 1280), 1280);
    assert_int_equal(compose_level_size(COMPOSE_TWO_THIRDS, 1280), 852);
    assert_int_equal(compose_level_size(COMPOSE_HALF_SIZE, 720), 360);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rate_goes_first_then_size),
        cmocka_unit_test(test_half_a_minute_of_slack_brings_it_back),
        cmocka_unit_test(test_what_would_be_too_much_is_not_tried),
        cmocka_unit_test(test_what_remains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
