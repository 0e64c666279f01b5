// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compose/tick.h"

static void
test_ticks_are_evenly_spaced(void **state)
{
    (void)state;
    struct compose_tick t;
    struct compose_turn turn;
    compose_tick_init(&t, 1000, 30);
    assert_true(compose_tick_take(&t, 1000, &turn));
    assert_int_equal(turn.media_us, 0);
    assert_false(compose_tick_take(&t, 1000 + 33332, &turn));
    assert_true(compose_tick_take(&t, 1000 + 33333, &turn));
    assert_int_equal(turn.media_us, 33333);
    // A day later nothing has drifted.
    t.n = INT64_C(86400) * 30;
    assert_int_equal(compose_tick_due_us(&t), 1000 + INT64_C(86400000000));
}

static void
test_late_ticks_are_left_out(void **state)
{
    (void)state;
    struct compose_tick t;
    struct compose_turn turn;
    compose_tick_init(&t, 0, 25);
    assert_true(compose_tick_take(&t, 5000, &turn));
    assert_int_equal(turn.dropped, 0);
    // 40, 80 and 120 ms were due; the last of them is drawn, at its own time.
    assert_true(compose_tick_take(&t, 130000, &turn));
    assert_int_equal(turn.dropped, 2);
    assert_int_equal(turn.clock_us, 120000);
    assert_int_equal(turn.media_us, 120000);
    assert_int_equal(compose_tick_due_us(&t), 160000);
}

static void
test_another_rate_goes_on_from_here(void **state)
{
    (void)state;
    struct compose_tick t;
    struct compose_turn turn;
    compose_tick_init(&t, 0, 30);
    for (int i = 0; i < 3; i++) {
        assert_true(compose_tick_take(&t, compose_tick_due_us(&t), &turn));
    }
    compose_tick_set_fps(&t, 15);
    assert_int_equal(compose_tick_due_us(&t), 100000);
    assert_true(compose_tick_take(&t, 100000, &turn));
    assert_int_equal(turn.media_us, 100000);
    assert_int_equal(compose_tick_due_us(&t), 166666);
    compose_tick_set_fps(&t, 0); // means nothing
    assert_int_equal(t.fps, 15);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ticks_are_evenly_spaced),
        cmocka_unit_test(test_late_ticks_are_left_out),
        cmocka_unit_test(test_another_rate_goes_on_from_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
