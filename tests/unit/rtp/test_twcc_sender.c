// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "path_model.h"

#define MS 1000
#define SECOND 1000000
#define MBPS 1000000

static struct path_model *
create(void)
{
    struct path_model *m = malloc(sizeof(*m));
    path_model_init(m);
    return m;
}

static void
destroy(struct path_model *m)
{
    path_model_finish(m);
    free(m);
}

static void
expect_estimate(const struct path_model *m, double least_mbps, double most_mbps)
{
    double mbps = (double)m->sender.estimate_bps / MBPS;
    if (mbps < least_mbps || mbps > most_mbps) {
        fail_msg("estimate %.3f Mbit/s, not %.3f to %.3f", mbps, least_mbps, most_mbps);
    }
}

static void
test_free_path(void **state)
{
    (void)state;
    struct path_model *m = create();
    path_model_run(m, 100 * MS);
    assert_true(m->sender.estimate_bps == 0);
    assert_true(m->sender.acked_bps == 0);
    path_model_run(m, 5 * SECOND);
    assert_true(m->sender.first_feedback_us > 0);
    assert_true(m->now_us - m->sender.last_feedback_us <= 100 * MS);
    assert_true(m->sender.acked_bps > 19 * MBPS / 10);
    assert_true(m->sender.acked_bps < 21 * MBPS / 10);
    assert_true(m->sender.rtt_us >= 40 * MS && m->sender.rtt_us <= 60 * MS);
    assert_true(m->sender.loss == 0);
    assert_int_equal(m->overuses, 0);
    // The path carries more, but that was never shown beyond the stream's own rate.
    expect_estimate(m, 3, 4.2);
    destroy(m);
}

static void
test_shrunken_path_is_felt_within_a_second(void **state)
{
    (void)state;
    struct path_model *m = create();
    m->rate_bps = 3 * MBPS;
    m->capacity_bps = 5 * MBPS;
    path_model_run(m, 5 * SECOND);
    expect_estimate(m, 3, 6.3);
    assert_false(m->sender.overuse);
    m->capacity_bps = MBPS;
    path_model_run(m, SECOND);
    expect_estimate(m, 0.6, 1);
    assert_true(m->sender.overuse);
    // Whoever doesn't obey doesn't drive it down further: what arrives is the path's.
    path_model_run(m, 5 * SECOND);
    expect_estimate(m, 0.6, 1);
    // Whoever does has the queue gone after a while.
    m->rate_bps = 500000;
    path_model_run(m, 5 * SECOND);
    expect_estimate(m, 0.6, 1.1);
    assert_false(m->sender.overuse);
    assert_true(m->sender.trend.queue_us < 50 * MS);
    destroy(m);
}

static void
test_slight_overload_is_felt(void **state)
{
    (void)state;
    struct path_model *m = create();
    m->capacity_bps = 1900000;
    path_model_run(m, 2 * SECOND);
    expect_estimate(m, 1.4, 1.9);
    destroy(m);
}

static void
test_estimate_comes_back(void **state)
{
    (void)state;
    struct path_model *m = create();
    m->rate_bps = 4 * MBPS;
    m->follow = 0.9;
    path_model_run(m, 5 * SECOND);
    m->capacity_bps = MBPS;
    path_model_run(m, 5 * SECOND);
    expect_estimate(m, 0.4, 1.2);
    m->capacity_bps = 10 * MBPS;
    path_model_run(m, 15 * SECOND);
    expect_estimate(m, 4, 8.5);
    destroy(m);
}

// A stream as fast as its estimate settles about the path's capacity and keeps the queue
// short.
static void
test_greedy_stream_settles(void **state)
{
    (void)state;
    struct path_model *m = create();
    m->capacity_bps = 2 * MBPS;
    m->rate_bps = 20 * MBPS;
    m->follow = 0.95;
    m->sender.estimate_bps = MBPS;
    path_model_run(m, 10 * SECOND);
    int64_t bytes = 0;
    for (unsigned i = 0; i < 30; i++) {
        path_model_run(m, SECOND);
        expect_estimate(m, 1.2, 2.6);
        assert_true(m->sender.trend.queue_us < 250 * MS);
        bytes += m->delivered_bytes;
    }
    assert_true(bytes * 8 / 30 > 15 * MBPS / 10);
    destroy(m);
}

static void
test_pauses_are_no_overuse(void **state)
{
    (void)state;
    static const int64_t SKEWS[] = { 0, 200, -200 };
    for (unsigned k = 0; k < 3; k++) {
        struct path_model *m = create();
        m->skew_ppm = SKEWS[k];
        m->jitter_us = 5 * MS;
        path_model_run(m, 2 * SECOND);
        int64_t before_bps = m->sender.estimate_bps;
        for (unsigned i = 0; i < 40; i++) {
            m->rate_bps = i % 3 ? 0 : (1 + i % 2) * MBPS;
            m->fps = i % 2 ? 5 : 30;
            path_model_run(m, (int64_t)(i % 7 + 1) * 300 * MS);
            assert_int_equal(m->overuses, 0);
            assert_true(m->sender.estimate_bps >= before_bps);
        }
        destroy(m);
    }
}

static void
test_a_pause_ends_overuse(void **state)
{
    (void)state;
    struct path_model *m = create();
    m->capacity_bps = MBPS;
    path_model_run(m, 2 * SECOND);
    assert_true(m->sender.overuse);
    m->rate_bps = 0;
    path_model_run(m, 10 * SECOND);
    m->rate_bps = 300000;
    path_model_run(m, 10 * MS);
    assert_false(m->sender.overuse);
    path_model_run(m, 3 * SECOND);
    assert_int_equal(m->overuses, 0);
    destroy(m);
}

static void
test_keyframes_are_no_overuse(void **state)
{
    (void)state;
    struct path_model *m = create();
    m->capacity_bps = 4 * MBPS;
    m->keyframes = true;
    path_model_run(m, 20 * SECOND);
    assert_int_equal(m->overuses, 0);
    expect_estimate(m, 2, 8);
    destroy(m);
}

static void
test_jitter_is_no_overuse(void **state)
{
    (void)state;
    struct path_model *m = create();
    m->jitter_us = 30 * MS;
    for (unsigned i = 0; i < 30; i++) {
        path_model_run(m, SECOND);
        expect_estimate(m, 2, 8);
    }
    destroy(m);
}

// A radio that holds its breath for 150 ms, and then sends all it kept.
static void
test_stalls_are_no_overuse(void **state)
{
    (void)state;
    struct path_model *m = create();
    path_model_run(m, 3 * SECOND);
    for (unsigned i = 0; i < 40; i++) {
        m->free_us = m->now_us + 150 * MS;
        path_model_run(m, (700 + i * 37) * MS);
        assert_int_equal(m->overuses, 0);
        expect_estimate(m, 3, 8);
    }
    destroy(m);
}

static void
test_little_traffic_is_no_overuse(void **state)
{
    (void)state;
    struct path_model *m = create();
    m->rate_bps = 48000; // sound alone
    m->fps = 50;
    m->jitter_us = 20 * MS;
    path_model_run(m, 30 * SECOND);
    assert_int_equal(m->overuses, 0);
    expect_estimate(m, 0.06, 0.2);
    destroy(m);
}

static void
test_two_percent_of_loss_change_nothing(void **state)
{
    (void)state;
    struct path_model *m = create();
    path_model_run(m, 3 * SECOND);
    int64_t before_bps = m->sender.estimate_bps;
    m->loss = 0.02;
    path_model_run(m, 60 * SECOND);
    assert_true(m->sender.estimate_bps >= before_bps);
    assert_int_equal(m->overuses, 0);
    assert_true(m->sender.loss > 0.002 && m->sender.loss < 0.05);
    destroy(m);
}

static void
test_five_percent_of_loss_hold(void **state)
{
    (void)state;
    struct path_model *m = create();
    m->rate_bps = MBPS;
    path_model_run(m, 3 * SECOND);
    m->loss = 0.06;
    path_model_run(m, 3 * SECOND);
    int64_t before_bps = m->sender.estimate_bps;
    m->rate_bps = 4 * MBPS; // there would be room to rise
    path_model_run(m, 5 * SECOND);
    assert_true(m->sender.estimate_bps == before_bps);
    destroy(m);
}

static void
test_much_loss_decreases(void **state)
{
    (void)state;
    struct path_model *m = create();
    path_model_run(m, 3 * SECOND);
    expect_estimate(m, 3, 4.2);
    m->loss = 0.25;
    path_model_run(m, 2 * SECOND);
    expect_estimate(m, 0.8, 1.9);
    path_model_run(m, 20 * SECOND);
    expect_estimate(m, 0.8, 1.9);
    destroy(m);
}

// A policer: hardly any queue, so only loss tells.
static void
test_shallow_queue_is_felt_by_loss(void **state)
{
    (void)state;
    struct path_model *m = create();
    m->capacity_bps = 1500000;
    m->queue_us = 20 * MS;
    path_model_run(m, 2 * SECOND);
    expect_estimate(m, 0.7, 1.5);
    destroy(m);
}

static void
test_lost_and_late_feedback(void **state)
{
    (void)state;
    struct path_model *m = create();
    m->feedback_loss = 0.4;
    m->feedback_late_us = 250 * MS;
    path_model_run(m, 3 * SECOND);
    for (unsigned i = 0; i < 20; i++) {
        path_model_run(m, SECOND);
        expect_estimate(m, 2.5, 5);
        assert_int_equal(m->overuses, 0);
        assert_true(m->sender.acked_bps > 15 * MBPS / 10);
        assert_true(m->sender.acked_bps < 25 * MBPS / 10);
    }
    m->capacity_bps = MBPS;
    path_model_run(m, 2 * SECOND);
    expect_estimate(m, 0.5, 1.2);
    destroy(m);
}

// A longer route looks like a queue at first; when it doesn't go away it is none.
static void
test_longer_route_is_learnt(void **state)
{
    (void)state;
    struct path_model *m = create();
    path_model_run(m, 5 * SECOND);
    m->delay_us += 120 * MS;
    path_model_run(m, SECOND);
    expect_estimate(m, 0.8, 4.5);
    path_model_run(m, 10 * SECOND);
    assert_int_equal(m->sender.overuse, false);
    expect_estimate(m, 2, 4.5);
    destroy(m);
}

static void
test_peers_clock_jumps(void **state)
{
    (void)state;
    static const int64_t JUMPS[] = { 3600LL * SECOND, -3600LL * SECOND, -7LL * SECOND,
        7LL * SECOND };
    for (unsigned i = 0; i < 4; i++) {
        struct path_model *m = create();
        m->clock_us = 5000LL * SECOND;
        path_model_run(m, 5 * SECOND);
        m->clock_us += JUMPS[i];
        path_model_run(m, 15 * SECOND);
        assert_false(m->sender.overuse);
        expect_estimate(m, 1.9, 4.5);
        assert_true(m->sender.acked_bps > 19 * MBPS / 10);
        destroy(m);
    }
}

// 90000 packets, over the wraps of the sequence number and of the reference time.
static void
test_wraps(void **state)
{
    (void)state;
    struct path_model *m = create();
    m->rate_bps = 20 * MBPS;
    m->capacity_bps = 60 * MBPS;
    m->feedback_every_us = 50 * MS;
    m->clock_us = 0x1000000LL * 64 * MS - 10 * SECOND;
    for (unsigned i = 0; i < 44; i++) {
        path_model_run(m, SECOND);
        assert_int_equal(m->overuses, 0);
        expect_estimate(m, 20, 42);
    }
    assert_true(m->sender.next_seq < 60000 && m->sender.next_seq > 10000);
    assert_true(m->sender.loss == 0);
    destroy(m);
}

static void
test_more_than_the_history_under_way(void **state)
{
    (void)state;
    struct path_model *m = create();
    m->rate_bps = 20 * MBPS;
    m->capacity_bps = 60 * MBPS;
    m->delay_us = 400 * MS; // 1700 packets in a round trip
    path_model_run(m, 5 * SECOND);
    assert_int_equal(m->overuses, 0);
    destroy(m);
}

static const uint8_t FEEDBACK[] = {
    0, 1, 0, 3, 0, 0, 10, 0, // from 1 on, three; reference 640 ms
    0xd8, 0x00, // small, large, missing
    16, 0x00, 0x10, // 4 ms, 4 ms
};

static void
test_feedback_by_hand(void **state)
{
    (void)state;
    struct bc_twcc_sender *s = malloc(sizeof(*s));
    bc_twcc_sender_init(s);
    assert_int_equal(bc_twcc_sender_on_sent(s, 1200, 1 * SECOND), 1);
    assert_int_equal(bc_twcc_sender_on_sent(s, 100000, 1 * SECOND), 2);
    // Of what was never sent.
    assert_int_equal(
        bc_twcc_sender_on_feedback(s, FEEDBACK, sizeof(FEEDBACK), SECOND), -EINVAL);
    assert_int_equal(bc_twcc_sender_on_sent(s, 0, 1 * SECOND), 3);
    for (size_t n = 0; n < sizeof(FEEDBACK); n++) {
        uint8_t *copy = malloc(n ? n : 1);
        memcpy(copy, FEEDBACK, n);
        assert_int_equal(bc_twcc_sender_on_feedback(s, copy, n, 2 * SECOND), -EINVAL);
        free(copy);
    }
    assert_true(s->first_feedback_us == 0);
    assert_int_equal(
        bc_twcc_sender_on_feedback(s, FEEDBACK, sizeof(FEEDBACK), 1100 * MS), 0);
    assert_true(s->first_feedback_us == 1100 * MS);
    assert_true(s->rtt_us == 100 * MS);
    assert_true(s->sent[1].acked && s->sent[2].acked && !s->sent[3].acked);
    assert_true(s->sent[3].lost);
    assert_int_equal(s->e.window_packets, 3);
    assert_int_equal(s->e.window_lost, 1);
    // Once more: nothing counts twice.
    assert_int_equal(
        bc_twcc_sender_on_feedback(s, FEEDBACK, sizeof(FEEDBACK), 1100 * MS), 0);
    assert_int_equal(s->e.window_packets, 3);
    // The third was only late.
    static const uint8_t LATE[] = { 0, 3, 0, 1, 0, 0, 11, 1, 0x20, 1, 16 };
    assert_int_equal(bc_twcc_sender_on_feedback(s, LATE, sizeof(LATE), 1200 * MS), 0);
    assert_true(s->sent[3].acked);
    assert_int_equal(s->e.window_packets, 3);
    assert_int_equal(s->e.window_lost, 0);
    free(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_free_path),
        cmocka_unit_test(test_shrunken_path_is_felt_within_a_second),
        cmocka_unit_test(test_slight_overload_is_felt),
        cmocka_unit_test(test_estimate_comes_back),
        cmocka_unit_test(test_greedy_stream_settles),
        cmocka_unit_test(test_pauses_are_no_overuse),
        cmocka_unit_test(test_a_pause_ends_overuse),
        cmocka_unit_test(test_keyframes_are_no_overuse),
        cmocka_unit_test(test_jitter_is_no_overuse),
        cmocka_unit_test(test_stalls_are_no_overuse),
        cmocka_unit_test(test_little_traffic_is_no_overuse),
        cmocka_unit_test(test_two_percent_of_loss_change_nothing),
        cmocka_unit_test(test_five_percent_of_loss_hold),
        cmocka_unit_test(test_much_loss_decreases),
        cmocka_unit_test(test_shallow_queue_is_felt_by_loss),
        cmocka_unit_test(test_lost_and_late_feedback),
        cmocka_unit_test(test_longer_route_is_learnt),
        cmocka_unit_test(test_peers_clock_jumps),
        cmocka_unit_test(test_wraps),
        cmocka_unit_test(test_more_than_the_history_under_way),
        cmocka_unit_test(test_feedback_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
