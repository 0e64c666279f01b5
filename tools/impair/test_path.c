// SPDX-License-Identifier: Apache-2.0
// The path's model and the queue, on a clock of our own.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "path.h"
#include "queue.h"

static struct bc_path
fresh_path(void)
{
    struct bc_path path;
    bc_path_init(&path, 7, 3, 1);
    return path;
}

static void
test_clean_path_passes_all_at_once(void **state)
{
    (void)state;
    struct bc_path path = fresh_path();
    struct bc_path_settings settings = { 0 };
    struct bc_path_counters counters = { 0 };
    for (int64_t now = 0; now < 1000; now++) {
        assert_int_equal(bc_path_datagram(&path, &settings, 100, now, &counters), now);
    }
    assert_int_equal(counters.packets, 1000);
    assert_int_equal(counters.bytes, 100000);
    assert_int_equal(counters.lost + counters.overflowed + counters.blocked, 0);
}

static void
test_loss_is_near_its_percentage_and_repeats(void **state)
{
    (void)state;
    struct bc_path a = fresh_path();
    struct bc_path b = fresh_path();
    struct bc_path other;
    bc_path_init(&other, 7, 4, 1);
    struct bc_path_settings settings = { .loss_percent = 2 };
    struct bc_path_counters counters = { 0 };
    struct bc_path_counters ignored = { 0 };
    int different = 0;
    for (int64_t i = 0; i < 100000; i++) {
        bool lost = bc_path_datagram(&a, &settings, 1, i, &counters) < 0;
        assert_int_equal(lost, bc_path_datagram(&b, &settings, 1, i, &ignored) < 0);
        different += lost != (bc_path_datagram(&other, &settings, 1, i, &ignored) < 0);
    }
    assert_in_range(counters.lost, 1850, 2150);
    assert_true(different > 1000);
}

static void
test_other_settings_do_not_shift_the_dice(void **state)
{
    (void)state;
    struct bc_path a = fresh_path();
    struct bc_path b = fresh_path();
    struct bc_path_settings plain = { .loss_percent = 5 };
    struct bc_path_settings more = {
        .loss_percent = 5, .reorder_percent = 10, .jitter_us = 5000, .delay_us = 1000
    };
    struct bc_path_counters counters = { 0 };
    for (int64_t i = 0; i < 10000; i++) {
        assert_int_equal(bc_path_datagram(&a, &plain, 1, i, &counters) < 0,
            bc_path_datagram(&b, &more, 1, i, &counters) < 0);
    }
}

static void
test_jitter_keeps_the_order_and_its_bounds(void **state)
{
    (void)state;
    struct bc_path path = fresh_path();
    struct bc_path_settings settings = { .delay_us = 40000, .jitter_us = 5000 };
    struct bc_path_counters counters = { 0 };
    int64_t last = 0;
    bool varies = false;
    for (int64_t now = 0; now < 10000000; now += 3000) {
        int64_t due = bc_path_datagram(&path, &settings, 1200, now, &counters);
        assert_true(due >= last);
        assert_in_range(due - now, 35000, 45000);
        varies |= due - now != 40000;
        last = due;
    }
    assert_true(varies);
}

static void
test_reordered_packets_are_held_back(void **state)
{
    (void)state;
    struct bc_path path = fresh_path();
    struct bc_path_settings settings = { .reorder_percent = 10 };
    struct bc_path_counters counters = { 0 };
    unsigned held = 0;
    for (int64_t now = 0; now < 10000; now++) {
        held += bc_path_datagram(&path, &settings, 1, now, &counters)
            == now + BC_PATH_REORDER_US;
    }
    assert_int_equal(held, counters.reordered);
    assert_in_range(held, 900, 1100);
}

static void
test_rate_fills_the_queue_and_then_drops(void **state)
{
    (void)state;
    struct bc_path path = fresh_path();
    // 1228 bytes with headers at 982400 bit/s: 10 ms each.
    struct bc_path_settings settings = { .rate_bps = 982400, .queue_us = 50000 };
    struct bc_path_counters counters = { 0 };
    for (int64_t i = 1; i <= 6; i++) { // the sixth waits for exactly 50 ms
        assert_int_equal(
            bc_path_datagram(&path, &settings, 1200, 0, &counters), i * 10000);
    }
    assert_int_equal(bc_path_datagram(&path, &settings, 1200, 0, &counters), -1);
    assert_int_equal(counters.overflowed, 1);
    assert_int_equal(bc_path_datagram(&path, &settings, 1200, 10000, &counters), 70000);
    // An idle link starts anew.
    assert_int_equal(bc_path_datagram(&path, &settings, 1200, 900000, &counters), 910000);
}

static void
test_blocked_path_passes_nothing(void **state)
{
    (void)state;
    struct bc_path path = fresh_path();
    struct bc_path_settings settings = { .block_udp = true };
    struct bc_path_counters counters = { 0 };
    assert_int_equal(bc_path_datagram(&path, &settings, 1, 0, &counters), -1);
    assert_int_equal(counters.blocked, 1);
}

static void
test_bytes_are_delayed_in_order(void **state)
{
    (void)state;
    struct bc_path path = fresh_path();
    struct bc_path_settings settings = { .rate_bps = 8000000, .delay_us = 20000 };
    // 1000 bytes at 8 Mbit/s: 1 ms
    assert_int_equal(bc_path_bytes(&path, &settings, 1000, 0), 21000);
    assert_int_equal(bc_path_bytes(&path, &settings, 1000, 0), 22000);
    settings.delay_us = 0; // what follows does not overtake
    assert_int_equal(bc_path_bytes(&path, &settings, 1000, 0), 22000);
}

static void
test_queue_gives_by_time_then_arrival(void **state)
{
    (void)state;
    enum { COUNT = 2000 };
    struct bc_queue queue = { 0 };
    unsigned seed = 5;
    for (uint32_t i = 0; i < COUNT; i++) {
        int64_t due = rand_r(&seed) % 100;
        assert_int_equal(
            bc_queue_push(&queue, NULL, 0, (uint8_t *)&i, sizeof(i), due), 0);
    }
    assert_int_equal(queue.bytes, COUNT * sizeof(uint32_t));
    int64_t last_due = -1;
    uint32_t last_number = 0;
    for (uint32_t i = 0; i < COUNT; i++) {
        uint32_t number;
        struct bc_packet *p = bc_queue_pop(&queue, 100);
        assert_non_null(p);
        memcpy(&number, p->data, sizeof(number));
        assert_true(
            p->due_us > last_due || (p->due_us == last_due && number > last_number));
        last_due = p->due_us;
        last_number = number;
        free(p);
    }
    assert_null(bc_queue_pop(&queue, 100));
    assert_int_equal(bc_queue_due_us(&queue), -1);
    assert_int_equal(bc_queue_push(&queue, NULL, 0, (uint8_t *)"x", 1, 50), 0);
    assert_null(bc_queue_pop(&queue, 49));
    assert_int_equal(bc_queue_due_us(&queue), 50);
    bc_queue_finish(&queue);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clean_path_passes_all_at_once),
        cmocka_unit_test(test_loss_is_near_its_percentage_and_repeats),
        cmocka_unit_test(test_other_settings_do_not_shift_the_dice),
        cmocka_unit_test(test_jitter_keeps_the_order_and_its_bounds),
        cmocka_unit_test(test_reordered_packets_are_held_back),
        cmocka_unit_test(test_rate_fills_the_queue_and_then_drops),
        cmocka_unit_test(test_blocked_path_passes_nothing),
        cmocka_unit_test(test_bytes_are_delayed_in_order),
        cmocka_unit_test(test_queue_gives_by_time_then_arrival),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
