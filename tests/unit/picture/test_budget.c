// SPDX-License-Identifier: Apache-2.0
#include "picture/budget.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define MS INT64_C(1000)
#define S INT64_C(1000000)

static void
test_table(void **state)
{
    (void)state;
    // What was used when, and how long who must wait then.
    static const struct {
        int64_t at_us, used_us, live_us, recordings_us;
    } STEPS[] = {
        { 100 * S, 0, 0, 0 },
        { 100 * S, 1400 * MS, 0, 0 },
        // 1.5 s: recordings wait until the first slot is ten seconds old.
        { 101 * S, 100 * MS, 0, 9250 * MS },
        { 102 * S, 400 * MS, 0, 8250 * MS },
        // 2 s: so do lives.
        { 102 * S + 100 * MS, 100 * MS, 8150 * MS, 8150 * MS },
        { 110 * S, 0, 250 * MS, 250 * MS },
        { 110 * S + 250 * MS, 0, 0, 0 },
        // The others are over as well.
        { 113 * S, 1900 * MS, 0, 10250 * MS },
        { 200 * S, 0, 0, 0 },
    };
    struct picture_budget b = { 0 };
    for (size_t i = 0; i < sizeof(STEPS) / sizeof(STEPS[0]); i++) {
        picture_budget_spend(&b, STEPS[i].at_us, STEPS[i].used_us);
        assert_int_equal(picture_budget_wait_us(&b, PICTURE_BUDGET_LIVE, STEPS[i].at_us),
            STEPS[i].live_us);
        assert_int_equal(
            picture_budget_wait_us(&b, PICTURE_BUDGET_RECORDINGS, STEPS[i].at_us),
            STEPS[i].recordings_us);
    }
}

// Whoever takes all that he gets, in pictures of 30 ms, has at most a fifth and one picture of
// any ten seconds.
static void
test_greedy(void **state)
{
    (void)state;
    enum { COST_MS = 30, SLOTS = 60000 / COST_MS };
    static int64_t when[SLOTS];
    struct picture_budget b = { 0 };
    size_t n = 0;
    for (int64_t now = 7 * S; now < 67 * S && n < SLOTS;) {
        int64_t wait = picture_budget_wait_us(&b, PICTURE_BUDGET_LIVE, now);
        if (wait > 0) {
            now += wait;
            continue;
        }
        now += COST_MS * MS;
        picture_budget_spend(&b, now, COST_MS * MS);
        when[n++] = now;
    }
    assert_true(n > 6 * 60); // nor is it much less
    for (size_t i = 0; i < n; i++) {
        int64_t used_us = 0;
        for (size_t j = i; j < n && when[j] < when[i] + PICTURE_BUDGET_WINDOW_US; j++) {
            used_us += COST_MS * MS;
        }
        assert_true(used_us <= PICTURE_BUDGET_LIVE_US + COST_MS * MS);
    }
}

static void
test_one_dear_picture(void **state)
{
    (void)state;
    struct picture_budget b = { 0 };
    picture_budget_spend(&b, 50 * S, 5 * S); // 8K on a slow machine
    assert_int_equal(picture_budget_wait_us(&b, PICTURE_BUDGET_LIVE, 50 * S), 10250 * MS);
    assert_int_equal(picture_budget_wait_us(&b, PICTURE_BUDGET_LIVE, 60250 * MS), 0);
}

static void
test_clock_stands_still(void **state)
{
    (void)state;
    struct picture_budget b = { 0 };
    picture_budget_spend(&b, 50 * S, 1999 * MS);
    picture_budget_spend(&b, 49 * S, -1);
    assert_int_equal(picture_budget_wait_us(&b, PICTURE_BUDGET_LIVE, 49 * S), 0);
    picture_budget_spend(&b, 49 * S, 1 * MS);
    assert_int_equal(picture_budget_wait_us(&b, PICTURE_BUDGET_LIVE, 49 * S), 11250 * MS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_greedy),
        cmocka_unit_test(test_one_dear_picture),
        cmocka_unit_test(test_clock_stands_still),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
