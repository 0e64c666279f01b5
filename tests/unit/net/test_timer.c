// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/list.h"
#include "net/timer.h"
#include "net/worker.h"

struct alarm {
    struct bc_timer timer;
    int order;
};

static int g_fired[200];
static int g_count;

static void
on_alarm(struct bc_timer *timer)
{
    g_fired[g_count++] = bc_container_of(timer, struct alarm, timer)->order;
}

static void
test_timers_fire_in_order_of_their_due_times(void **state)
{
    (void)state;
    struct bc_worker *w = bc_worker_create(0);
    assert_non_null(w);
    struct alarm alarms[100];
    g_count = 0;
    for (int i = 0; i < 100; i++) {
        alarms[i].order = i * 37 % 100;
        bc_timer_init(&alarms[i].timer, w, on_alarm);
        assert_int_equal(bc_timer_set(&alarms[i].timer, alarms[i].order * 200), 0);
    }
    for (int i = 0; i < 100; i++) {
        if (alarms[i].order % 3 == 0) {
            bc_timer_cancel(&alarms[i].timer);
            assert_false(bc_timer_is_set(&alarms[i].timer));
        }
    }
    while (g_count < 66) {
        uv_run(&w->loop, UV_RUN_ONCE);
    }
    int last = -1;
    for (int i = 0; i < g_count; i++) {
        assert_true(g_fired[i] > last);
        assert_int_not_equal(g_fired[i] % 3, 0);
        last = g_fired[i];
    }
    bc_worker_destroy(w);
}

static void
test_a_timer_may_be_set_again_and_cancelled_twice(void **state)
{
    (void)state;
    struct bc_worker *w = bc_worker_create(0);
    struct alarm a = { .order = 1 };
    bc_timer_init(&a.timer, w, on_alarm);
    g_count = 0;
    bc_timer_set(&a.timer, 60000000);
    bc_timer_set(&a.timer, 1000);
    while (g_count == 0) {
        uv_run(&w->loop, UV_RUN_ONCE);
    }
    bc_timer_cancel(&a.timer);
    bc_timer_cancel(&a.timer);
    assert_int_equal(g_count, 1);
    bc_worker_destroy(w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timers_fire_in_order_of_their_due_times),
        cmocka_unit_test(test_a_timer_may_be_set_again_and_cancelled_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
