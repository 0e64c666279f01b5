// SPDX-License-Identifier: Apache-2.0
// Which source should be on air, by literal times.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "stream/selector.h"

#define S 1000000
#define MAIN 0
#define OTHER 1
#define SLATE 2

static struct bc_selector
three(void)
{
    struct bc_selector s = { .count = 3, .on_air = BC_SELECTOR_NONE,
        .manual = BC_SELECTOR_NONE, .wait_us = 1 * S, .slate_wait_us = 3 * S,
        .stable_us = 2 * S };
    s.list[SLATE] = (struct bc_selector_source){ .slate = true, .ready = true };
    return s;
}

static void
up(struct bc_selector *s, int i, int64_t since_us, int64_t last_us)
{
    s->list[i].there = s->list[i].ready = true;
    s->list[i].left = false;
    s->list[i].since_us = since_us;
    s->list[i].last_us = last_us;
}

static void
lost(struct bc_selector *s, int i, int64_t last_us)
{
    s->list[i].there = s->list[i].ready = false;
    s->list[i].last_us = last_us;
}

static int
choose(const struct bc_selector *s, int64_t now_us)
{
    int64_t look_us;
    int chosen = bc_selector_choose(s, now_us, &look_us);
    assert_true(look_us > now_us);
    return chosen;
}

static void
test_the_first_that_comes_goes_on_air(void **state)
{
    (void)state;
    struct bc_selector s = three();
    assert_int_equal(choose(&s, 10 * S), SLATE);
    s.count = 2;
    assert_int_equal(choose(&s, 10 * S), BC_SELECTOR_NONE);
    s.list[MAIN].there = true; // nothing came yet: better than nothing
    assert_int_equal(choose(&s, 10 * S), MAIN);
    up(&s, OTHER, 9 * S, 10 * S);
    assert_int_equal(choose(&s, 10 * S), OTHER);
}

static void
test_a_better_one_takes_over_once_it_is_stable(void **state)
{
    (void)state;
    struct bc_selector s = three();
    s.on_air = OTHER;
    up(&s, OTHER, 0, 10 * S);
    up(&s, MAIN, 9 * S, 10 * S);
    int64_t look_us;
    assert_int_equal(bc_selector_choose(&s, 10 * S, &look_us), OTHER);
    assert_int_equal(look_us, 11 * S);
    s.list[OTHER].last_us = 11 * S;
    assert_int_equal(choose(&s, 11 * S), MAIN);
}

static void
test_a_lost_one_is_waited_for(void **state)
{
    (void)state;
    struct bc_selector s = three();
    s.on_air = MAIN;
    s.in_broadcast = true;
    up(&s, OTHER, 0, 10 * S);
    lost(&s, MAIN, 10 * S);
    int64_t look_us;
    assert_int_equal(bc_selector_choose(&s, 10 * S + 1, &look_us), MAIN);
    assert_int_equal(look_us, 11 * S);
    assert_int_equal(choose(&s, 11 * S), OTHER);
    s.list[MAIN].left = true; // with a goodbye nobody waits
    assert_int_equal(choose(&s, 10 * S + 1), OTHER);
}

static void
test_a_slate_comes_when_nothing_else_is_there(void **state)
{
    (void)state;
    struct bc_selector s = three();
    s.on_air = MAIN;
    s.in_broadcast = true;
    lost(&s, MAIN, 10 * S);
    assert_int_equal(choose(&s, 12 * S), MAIN);
    assert_int_equal(choose(&s, 13 * S), SLATE);
    s.on_air = SLATE;
    up(&s, MAIN, 14 * S, 14 * S);
    assert_int_equal(choose(&s, 14 * S), MAIN);
    s.list[MAIN].flaps = true;
    assert_int_equal(choose(&s, 15 * S), SLATE);
    assert_int_equal(choose(&s, 16 * S), MAIN);
}

static void
test_flapping_sources_do_not_flap_the_program(void **state)
{
    (void)state;
    struct bc_selector s = three();
    s.on_air = OTHER;
    unsigned switches = 0;
    int64_t since_us = 0;
    for (int64_t now_us = 0; now_us < 60 * (int64_t)S; now_us += S / 10) {
        bool there = now_us / S % 2 == 0;
        since_us = now_us % (2 * S) == 0 ? now_us : since_us;
        up(&s, OTHER, 0, now_us);
        if (there) {
            up(&s, MAIN, since_us, now_us);
        } else {
            lost(&s, MAIN, now_us / S * S);
        }
        int next = choose(&s, now_us);
        switches += next != s.on_air;
        s.on_air = next;
    }
    assert_int_equal(switches, 0);
}

static void
test_an_operator_chooses(void **state)
{
    (void)state;
    struct bc_selector s = three();
    s.on_air = MAIN;
    up(&s, MAIN, 0, 10 * S);
    up(&s, OTHER, 10 * S, 10 * S);
    s.manual = OTHER;
    assert_int_equal(choose(&s, 10 * S), OTHER);
    s.on_air = OTHER;
    assert_int_equal(choose(&s, 10 * S), OTHER); // though a better one is stable
    lost(&s, OTHER, 10 * S);
    s.list[MAIN].last_us = 12 * S;
    assert_int_equal(choose(&s, 12 * S), MAIN);
    s.manual = SLATE;
    s.on_air = MAIN;
    assert_int_equal(choose(&s, 12 * S), SLATE);
    s.on_air = SLATE;
    assert_int_equal(choose(&s, 12 * S), SLATE);
}

static void
test_a_lobby_shows_the_slate(void **state)
{
    (void)state;
    struct bc_selector s = three();
    s.on_air = MAIN;
    up(&s, MAIN, 0, 10 * S);
    s.lobby = true;
    assert_int_equal(choose(&s, 10 * S), SLATE);
    s.count = 2;
    assert_int_equal(choose(&s, 10 * S), BC_SELECTOR_NONE);
}

static void
test_what_a_channel_shows_is_better_than_nothing(void **state)
{
    (void)state;
    struct bc_selector s = three();
    s.count = 2;
    s.list[OTHER].mirrors = true;
    assert_int_equal(choose(&s, 10 * S), OTHER);
    s.on_air = OTHER;
    assert_int_equal(choose(&s, 10 * S), OTHER);
    up(&s, MAIN, 9 * S, 10 * S);
    assert_int_equal(choose(&s, 11 * S), MAIN);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_that_comes_goes_on_air),
        cmocka_unit_test(test_a_better_one_takes_over_once_it_is_stable),
        cmocka_unit_test(test_a_lost_one_is_waited_for),
        cmocka_unit_test(test_a_slate_comes_when_nothing_else_is_there),
        cmocka_unit_test(test_flapping_sources_do_not_flap_the_program),
        cmocka_unit_test(test_an_operator_chooses),
        cmocka_unit_test(test_a_lobby_shows_the_slate),
        cmocka_unit_test(test_what_a_channel_shows_is_better_than_nothing),
    };
    return cmocka_run_group_tests_name("selector", tests, NULL, NULL);
}
