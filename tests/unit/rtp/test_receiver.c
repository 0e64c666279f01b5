// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/rtp/receiver.h"

#define MS 1000
#define SECOND 1000000

#define SEEN_MAX 8192

// What a receiver told its owner.
static struct {
    unsigned count;
    uint16_t seqs[SEEN_MAX];
    bool lost_before[SEEN_MAX];
    int64_t arrived_us[SEEN_MAX];
    unsigned empty; // packets without a payload
    unsigned nacks; // calls
    unsigned asked_count;
    uint16_t asked[SEEN_MAX];
} seen;

// The payload of packet `seq` in these tests: its number, twice.
static void
on_packet(void *user, const struct bc_rtp_header *h, bool lost_before, int64_t arrived_us)
{
    (void)user;
    assert_true(seen.count < SEEN_MAX);
    seen.seqs[seen.count] = h->seq;
    seen.lost_before[seen.count] = lost_before;
    seen.arrived_us[seen.count++] = arrived_us;
    assert_int_equal(h->ssrc, 42);
    assert_int_equal(h->payload_type, 96);
    if (h->payload_len == 0) {
        seen.empty++;
        return;
    }
    assert_true(h->payload_len >= 2);
    assert_int_equal(h->payload[0] << 8 | h->payload[1], h->seq);
    assert_int_equal(h->ext_len, 4);
    assert_int_equal(h->ext[0], 0x10);
    assert_int_equal(h->ext[3], h->seq & 0xff);
}

static void
on_nack(void *user, const uint16_t *seqs, unsigned count)
{
    (void)user;
    assert_true(count > 0 && count <= BC_RTCP_NACK_MAX);
    assert_true(seen.asked_count + count <= SEEN_MAX);
    memcpy(seen.asked + seen.asked_count, seqs, count * sizeof(*seqs));
    seen.asked_count += count;
    seen.nacks++;
}

static struct bc_rtp_receiver *
create(bool nack, int64_t wait_us)
{
    struct bc_rtp_receiver_params params = {
        .clock_rate = 90000,
        .wait_us = wait_us,
        .nack = nack,
        .on_packet = on_packet,
        .on_nack = on_nack,
    };
    memset(&seen, 0, sizeof(seen));
    struct bc_rtp_receiver *r = bc_rtp_receiver_create(&params);
    assert_non_null(r);
    return r;
}

static struct bc_rtp_receiver_stats
stats(const struct bc_rtp_receiver *r)
{
    struct bc_rtp_receiver_stats s;
    bc_rtp_receiver_stats(r, &s);
    return s;
}

// The payload lies in memory of its own, so that a sanitizer sees who keeps pointers.
static void
push_sized(struct bc_rtp_receiver *r, uint16_t seq, size_t len, int64_t now_us)
{
    uint8_t *bytes = calloc(1, len + 4);
    bytes[0] = 0x10;
    bytes[3] = (uint8_t)seq;
    if (len > 0) {
        bytes[4] = (uint8_t)(seq >> 8);
        bytes[5] = (uint8_t)seq;
    }
    struct bc_rtp_header h = {
        .payload_type = 96,
        .seq = seq,
        .timestamp = (uint32_t)(now_us * 9 / 100),
        .ssrc = 42,
        .ext_profile = 0xbede,
        .ext = bytes,
        .ext_len = 4,
        .payload = bytes + 4,
        .payload_len = len,
    };
    bc_rtp_receiver_push(r, &h, now_us);
    free(bytes);
}

static int64_t
push(struct bc_rtp_receiver *r, uint16_t seq, int64_t now_us)
{
    push_sized(r, seq, 2, now_us);
    return bc_rtp_receiver_tick(r, now_us);
}

static int64_t
push_rtx(struct bc_rtp_receiver *r, uint16_t seq, int64_t now_us)
{
    uint8_t bytes[] = { 0x10, 0, 0, (uint8_t)seq, // extension
        (uint8_t)(seq >> 8), (uint8_t)seq, // original sequence number
        (uint8_t)(seq >> 8), (uint8_t)seq }; // original payload
    struct bc_rtp_header h = {
        .payload_type = 97,
        .seq = 7,
        .ssrc = 43,
        .ext_profile = 0xbede,
        .ext = bytes,
        .ext_len = 4,
        .payload = bytes + 4,
        .payload_len = 4,
    };
    bc_rtp_receiver_push_rtx(r, &h, now_us);
    return bc_rtp_receiver_tick(r, now_us);
}

static void
expect_seqs(const uint16_t *want, unsigned count)
{
    assert_int_equal(seen.count, count);
    assert_memory_equal(seen.seqs, want, count * sizeof(*want));
}

static void
test_packets_in_order_pass_at_once(void **state)
{
    (void)state;
    struct bc_rtp_receiver *r = create(true, 0);
    for (unsigned i = 0; i < 100; i++) {
        assert_true(push(r, (uint16_t)(65500 + i), i * MS) == INT64_MAX);
        assert_int_equal(seen.count, i + 1);
        assert_int_equal(seen.seqs[i], (uint16_t)(65500 + i));
        assert_true(seen.arrived_us[i] == i * MS);
        assert_false(seen.lost_before[i]);
    }
    assert_int_equal(stats(r).packets, 100);
    assert_int_equal(stats(r).bytes, 200);
    assert_int_equal(seen.nacks, 0);
    bc_rtp_receiver_destroy(r);
    bc_rtp_receiver_destroy(NULL);
}

static void
test_reordering_within_tolerance_asks_nobody(void **state)
{
    (void)state;
    static const uint16_t WANT[] = { 65534, 65535, 0, 1, 2 };
    struct bc_rtp_receiver *r = create(true, 0);
    push(r, 65534, 0);
    assert_true(push(r, 0, 1 * MS) == 11 * MS);
    push(r, 1, 2 * MS);
    assert_int_equal(seen.count, 1);
    push(r, 65535, 5 * MS);
    assert_true(push(r, 2, 6 * MS) == INT64_MAX);
    expect_seqs(WANT, 5);
    assert_true(seen.arrived_us[2] == 1 * MS); // when it came, not when it could go on
    assert_int_equal(seen.nacks, 0);
    assert_int_equal(stats(r).recovered, 0);
    bc_rtp_receiver_destroy(r);
}

static void
test_duplicates_are_dropped(void **state)
{
    (void)state;
    static const uint16_t WANT[] = { 1, 2, 3 };
    struct bc_rtp_receiver *r = create(true, 0);
    push(r, 1, 0);
    push(r, 1, 0); // passed on already
    push(r, 3, 0);
    push(r, 3, 0); // held
    push(r, 2, 0);
    expect_seqs(WANT, 3);
    assert_int_equal(stats(r).duplicates, 2);
    assert_int_equal(stats(r).packets, 3);
    bc_rtp_receiver_destroy(r);
}

static void
test_hole_is_asked_for_after_three_packets(void **state)
{
    (void)state;
    struct bc_rtp_receiver *r = create(true, 0);
    push(r, 9, 0);
    push(r, 11, 1 * MS);
    push(r, 12, 1 * MS);
    assert_int_equal(seen.nacks, 0);
    push(r, 13, 1 * MS);
    assert_int_equal(seen.nacks, 1);
    assert_int_equal(seen.asked_count, 1);
    assert_int_equal(seen.asked[0], 10);
    push(r, 10, 30 * MS);
    assert_int_equal(seen.count, 5);
    assert_false(seen.lost_before[1]);
    assert_int_equal(stats(r).nacked, 1);
    assert_int_equal(stats(r).recovered, 1);
    assert_int_equal(stats(r).lost, 0);
    bc_rtp_receiver_destroy(r);
}

static void
test_hole_is_asked_for_every_round_trip(void **state)
{
    (void)state;
    struct bc_rtp_receiver *r = create(true, 0);
    bc_rtp_receiver_set_rtt(r, 50 * MS);
    push(r, 9, 0);
    assert_true(push(r, 11, 0) == 10 * MS);
    assert_true(bc_rtp_receiver_tick(r, 9 * MS) == 10 * MS);
    assert_int_equal(seen.nacks, 0);
    assert_true(bc_rtp_receiver_tick(r, 10 * MS) == 60 * MS);
    assert_int_equal(seen.nacks, 1);
    // Packets that come meanwhile don't have it asked for earlier.
    push(r, 12, 20 * MS);
    push(r, 13, 30 * MS);
    push(r, 14, 40 * MS);
    assert_int_equal(seen.nacks, 1);
    assert_true(bc_rtp_receiver_tick(r, 60 * MS) == 110 * MS);
    assert_int_equal(seen.nacks, 2);
    // A shorter round trip counts from now on, but never below 20 ms.
    bc_rtp_receiver_set_rtt(r, 1 * MS);
    assert_true(bc_rtp_receiver_tick(r, 61 * MS) == 80 * MS);
    assert_true(bc_rtp_receiver_tick(r, 80 * MS) == 100 * MS);
    assert_int_equal(seen.nacks, 3);
    bc_rtp_receiver_destroy(r);
}

static void
test_hole_is_given_up_in_the_end(void **state)
{
    (void)state;
    struct bc_rtp_receiver *r = create(true, 400 * MS);
    int64_t now = 0;
    bc_rtp_receiver_set_rtt(r, 20 * MS);
    push(r, 65535, now);
    int64_t due = push(r, 2, now); // 0 and 1 are missing
    unsigned ticks = 0;
    while (due != INT64_MAX) {
        assert_true(due > now);
        assert_int_equal(seen.count, 1);
        now = due;
        due = bc_rtp_receiver_tick(r, now);
        assert_true(++ticks < 50);
    }
    assert_true(now == 400 * MS);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.seqs[1], 2);
    assert_true(seen.lost_before[1]);
    assert_int_equal(stats(r).lost, 2);
    assert_int_equal(stats(r).nacked, 20); // ten times each
    // What comes now is late.
    push(r, 0, now);
    push(r, 3, now);
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.seqs[2], 3);
    assert_false(seen.lost_before[2]);
    assert_int_equal(stats(r).duplicates, 1);
    bc_rtp_receiver_destroy(r);
}

static void
test_without_nack_it_only_waits(void **state)
{
    (void)state;
    struct bc_rtp_receiver *r = create(false, 0);
    push(r, 1, 0);
    assert_true(push(r, 3, 5 * MS) == 65 * MS);
    assert_true(push(r, 5, 10 * MS) == 65 * MS);
    push(r, 6, 10 * MS);
    push(r, 7, 10 * MS);
    assert_true(bc_rtp_receiver_tick(r, 65 * MS) == 70 * MS);
    assert_int_equal(seen.count, 2);
    assert_true(bc_rtp_receiver_tick(r, 70 * MS) == INT64_MAX);
    static const uint16_t WANT[] = { 1, 3, 5, 6, 7 };
    expect_seqs(WANT, 5);
    assert_true(seen.lost_before[1]);
    assert_true(seen.lost_before[2]);
    assert_false(seen.lost_before[3]);
    assert_int_equal(seen.nacks, 0);
    bc_rtp_receiver_destroy(r);
}

static void
test_rtx_fills_the_hole(void **state)
{
    (void)state;
    static const uint16_t WANT[] = { 65534, 65535, 0 };
    struct bc_rtp_receiver *r = create(true, 0);
    push_rtx(r, 65533, 0); // before the stream: of what nobody can say
    push(r, 65534, 0);
    push(r, 0, 0);
    bc_rtp_receiver_tick(r, 10 * MS);
    assert_int_equal(seen.asked[0], 65535);
    assert_true(push_rtx(r, 65535, 40 * MS) == INT64_MAX);
    expect_seqs(WANT, 3);
    assert_int_equal(stats(r).recovered, 1);
    // The path's loss stays visible in reports: RTX is a stream of its own.
    struct bc_rtcp_report report;
    bc_rtp_receiver_report(r, 50 * MS, &report);
    assert_int_equal(report.lost, 1);
    bc_rtp_receiver_destroy(r);
}

static void
test_rtx_probes_are_passed_over(void **state)
{
    (void)state;
    struct bc_rtp_receiver *r = create(true, 0);
    struct bc_rtp_header probe = { .seq = 8, .ssrc = 43, .payload_type = 97 };
    uint8_t byte = 0;
    bc_rtp_receiver_push_rtx(r, &probe, 0);
    push(r, 10, 0);
    bc_rtp_receiver_push_rtx(r, &probe, 0);
    probe.payload = &byte;
    probe.payload_len = 1;
    bc_rtp_receiver_push_rtx(r, &probe, 0);
    push_rtx(r, 10, 0); // what came already
    push_rtx(r, 5000, 0); // far ahead: of a stream that ended
    push_rtx(r, 60000, 0); // far behind
    assert_int_equal(seen.count, 1);
    push_rtx(r, 11, 0); // the tail that was lost, before anybody knew
    push(r, 12, 0);
    assert_int_equal(seen.count, 3);
    assert_int_equal(stats(r).lost, 0);
    bc_rtp_receiver_destroy(r);
}

static void
test_empty_packets_fill_holes(void **state)
{
    (void)state;
    static const uint16_t WANT[] = { 1, 2, 3, 4 };
    struct bc_rtp_receiver *r = create(true, 0);
    push(r, 1, 0);
    push_sized(r, 3, 0, 0);
    push_sized(r, 2, 0, 0);
    push(r, 4, 0);
    expect_seqs(WANT, 4);
    assert_int_equal(seen.empty, 2);
    bc_rtp_receiver_destroy(r);
}

static void
test_jump_needs_a_second_packet(void **state)
{
    (void)state;
    struct bc_rtp_receiver *r = create(true, 0);
    push(r, 100, 0);
    push(r, 102, 0);
    push(r, 30000, 1 * MS); // a leftover
    push(r, 50000, 2 * MS); // another
    push(r, 103, 3 * MS);
    assert_int_equal(seen.count, 1);
    // The new start: its first packets are reordered, and none is lost.
    push(r, 40000, 4 * MS);
    push(r, 40002, 5 * MS);
    push(r, 40001, 5 * MS);
    static const uint16_t WANT[] = { 100, 102, 103, 40000, 40001, 40002 };
    expect_seqs(WANT, 6);
    assert_true(seen.lost_before[1]); // 101 waited for nothing
    assert_true(seen.lost_before[3]);
    assert_true(seen.arrived_us[3] == 4 * MS);
    assert_false(seen.lost_before[4]);
    bc_rtp_receiver_destroy(r);
}

static void
test_restart_a_little_way_back_is_seen(void **state)
{
    (void)state;
    struct bc_rtp_receiver *r = create(true, 0);
    for (unsigned i = 0; i < 500; i++) {
        push(r, (uint16_t)(1000 + i), i * MS);
    }
    for (unsigned i = 0; i < 100; i++) {
        push(r, (uint16_t)(900 + i), (500 + i) * MS);
    }
    assert_true(seen.count > 530);
    assert_true(seen.lost_before[500]);
    assert_int_equal(seen.seqs[seen.count - 1], 999);
    bc_rtp_receiver_destroy(r);
}

static void
test_many_late_packets_are_no_restart(void **state)
{
    (void)state;
    struct bc_rtp_receiver *r = create(true, 0);
    struct bc_rtp_header h = { .ssrc = 42, .payload_type = 96, .timestamp = 0xfffff000 };
    for (unsigned i = 0; i < 500; i++, h.seq++, h.timestamp += 300) {
        bc_rtp_receiver_push(r, &h, i * MS);
    }
    h.seq = (uint16_t)(h.seq - 300);
    h.timestamp -= 300 * 300;
    for (unsigned i = 0; i < 300; i++, h.seq++, h.timestamp += 300) {
        bc_rtp_receiver_push(r, &h, 500 * MS);
    }
    assert_int_equal(seen.count, 500);
    assert_int_equal(stats(r).duplicates, 300);
    bc_rtp_receiver_destroy(r);
}

static void
test_an_outage_is_not_asked_for(void **state)
{
    (void)state;
    struct bc_rtp_receiver *r = create(true, 0);
    push(r, 0, 0);
    push(r, 2001, 0);
    assert_int_equal(stats(r).lost, 2000 - 512);
    assert_int_equal(seen.asked_count, 512 - 2);
    assert_int_equal(seen.asked[0], 2001 - 512);
    bc_rtp_receiver_tick(r, 400 * MS);
    assert_int_equal(seen.count, 2);
    assert_true(seen.lost_before[1]);
    bc_rtp_receiver_destroy(r);
}

static void
test_what_is_held_is_bounded(void **state)
{
    (void)state;
    struct bc_rtp_receiver *r = create(false, 10 * SECOND);
    push(r, 0, 0);
    // By number: the 2048th behind the hole ends the wait.
    for (unsigned i = 2; i < 2048; i++) {
        push(r, (uint16_t)i, 0);
    }
    assert_int_equal(seen.count, 1);
    push(r, 2049, 0);
    assert_int_equal(seen.count, 2047);
    assert_int_equal(stats(r).lost, 1);
    // By bytes: 2048 is missing now.
    unsigned held = 1;
    while (seen.count == 2047) {
        push_sized(r, (uint16_t)(2049 + held++), 60000, 0);
        assert_true(held < 100);
    }
    assert_true(held > 60);
    assert_int_equal(seen.count, 2047 + held);
    bc_rtp_receiver_destroy(r);
}

static void
test_many_wraps(void **state)
{
    (void)state;
    struct bc_rtp_receiver *r = create(true, 0);
    uint16_t want = 0;
    push(r, want++, 0);
    // Every third pair is swapped.
    for (unsigned i = 1; i < 200000; i += 2, want += 2) {
        bool swap = i % 3 == 0;
        push(r, (uint16_t)(want + swap), (int64_t)i * MS);
        push(r, (uint16_t)(want + !swap), (int64_t)i * MS);
        assert_int_equal(seen.seqs[seen.count - 1], (uint16_t)(want + 1));
        seen.count = 0;
    }
    struct bc_rtcp_report report;
    bc_rtp_receiver_report(r, 0, &report);
    assert_int_equal(report.highest_seq, 200000);
    assert_int_equal(report.lost, 0);
    assert_int_equal(stats(r).lost, 0);
    bc_rtp_receiver_destroy(r);
}

static void
test_report_counts_loss_by_interval(void **state)
{
    (void)state;
    struct bc_rtp_receiver *r = create(false, 0);
    struct bc_rtcp_report report;
    // Ten expected, two of them missing.
    for (unsigned i = 0; i < 10; i++) {
        if (i != 4 && i != 7) {
            push(r, (uint16_t)(65530 + i), i * 10 * MS);
        }
    }
    bc_rtp_receiver_report(r, SECOND, &report);
    assert_int_equal(report.ssrc, 42);
    assert_int_equal(report.fraction_lost, 2 * 256 / 10);
    assert_int_equal(report.lost, 2);
    assert_int_equal(report.highest_seq, 0x10003);
    assert_int_equal(report.lsr, 0);
    assert_int_equal(report.dlsr, 0);
    bc_rtp_receiver_on_sr(r, 0x1122334455667788, SECOND);
    push(r, 4, SECOND);
    push(r, 65534, SECOND); // late, but it came
    bc_rtp_receiver_report(r, SECOND + 1500 * MS, &report);
    assert_int_equal(report.fraction_lost, 0);
    assert_int_equal(report.lost, 1);
    assert_int_equal(report.lsr, 0x33445566);
    assert_int_equal(report.dlsr, 98304);
    // An interval in which nothing came.
    bc_rtp_receiver_report(r, 2 * SECOND, &report);
    assert_int_equal(report.fraction_lost, 0);
    bc_rtp_receiver_destroy(r);
}

// Jitter over the wrap of the timestamp, with a clock of 90 kHz.
static void
test_jitter(void **state)
{
    (void)state;
    struct bc_rtp_receiver *r = create(false, 0);
    struct bc_rtp_header h = { .ssrc = 42, .payload_type = 96, .timestamp = 0xffffff00 };
    int64_t now = 1000000 * (int64_t)SECOND;
    for (unsigned i = 0; i < 20; i++) {
        bc_rtp_receiver_push(r, &h, now);
        h.seq++;
        h.timestamp += 3000; // 33.3 ms
        now += 33333 + (i % 3 == 0);
    }
    assert_true(stats(r).jitter_ms < 0.1);
    for (unsigned i = 0; i < 200; i++) {
        bc_rtp_receiver_push(r, &h, now + (i % 2 ? 10 * MS : 0));
        h.seq++;
        h.timestamp += 3000;
        now += 33333;
    }
    assert_true(stats(r).jitter_ms > 9 && stats(r).jitter_ms < 11);
    // Many packets of one frame, sent with pauses, are no jitter; nor is a new clock.
    for (unsigned i = 0; i < 200; i++) {
        bc_rtp_receiver_push(r, &h, now + i * MS);
        h.seq++;
    }
    h.timestamp += 0x40000000;
    bc_rtp_receiver_push(r, &h, now + SECOND);
    assert_true(stats(r).jitter_ms < 11);
    bc_rtp_receiver_destroy(r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packets_in_order_pass_at_once),
        cmocka_unit_test(test_reordering_within_tolerance_asks_nobody),
        cmocka_unit_test(test_duplicates_are_dropped),
        cmocka_unit_test(test_hole_is_asked_for_after_three_packets),
        cmocka_unit_test(test_hole_is_asked_for_every_round_trip),
        cmocka_unit_test(test_hole_is_given_up_in_the_end),
        cmocka_unit_test(test_without_nack_it_only_waits),
        cmocka_unit_test(test_rtx_fills_the_hole),
        cmocka_unit_test(test_rtx_probes_are_passed_over),
        cmocka_unit_test(test_empty_packets_fill_holes),
        cmocka_unit_test(test_jump_needs_a_second_packet),
        cmocka_unit_test(test_restart_a_little_way_back_is_seen),
        cmocka_unit_test(test_many_late_packets_are_no_restart),
        cmocka_unit_test(test_an_outage_is_not_asked_for),
        cmocka_unit_test(test_what_is_held_is_bounded),
        cmocka_unit_test(test_many_wraps),
        cmocka_unit_test(test_report_counts_loss_by_interval),
        cmocka_unit_test(test_jitter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
