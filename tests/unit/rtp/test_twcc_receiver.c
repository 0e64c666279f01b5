// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/rtp/rtcp.h"
#include "protocol/rtp/twcc.h"
#include "protocol/rtp/twcc_feedback.h"

#define MS 1000

// What came back out of feedback packets, by sequence number.
static struct {
    unsigned packets; // RTCP packets
    unsigned statuses;
    unsigned received;
    size_t longest;
    int64_t arrivals_us[65536]; // -1 not received, 0 not spoken of
} told;

static void
on_message(void *user, const struct bc_rtcp_message *m)
{
    (void)user;
    struct twcc_feedback f;
    struct twcc_status status;
    assert_int_equal(m->kind, BC_RTCP_TWCC);
    assert_int_equal(m->sender_ssrc, 1);
    assert_int_equal(m->media_ssrc, 2);
    assert_int_equal(twcc_feedback_open(&f, m->twcc.fci, m->twcc.len), 0);
    told.packets++;
    told.longest = m->twcc.len > told.longest ? m->twcc.len : told.longest;
    while (twcc_feedback_next(&f, &status)) {
        told.statuses++;
        told.received += status.received;
        told.arrivals_us[status.seq]
            = status.received ? (int64_t)f.reference * 64 * MS + status.after_us : -1;
    }
}

static void
collect(struct bc_twcc_receiver *r)
{
    struct bc_writer w = { 0 };
    memset(&told, 0, sizeof(told));
    bc_twcc_receiver_write(r, &w, 1, 2);
    assert_int_equal(bc_rtcp_parse(w.data, w.len, on_message, NULL), 0);
    bc_writer_finish(&w);
}

static void
expect_bytes(struct bc_twcc_receiver *r, const uint8_t *want, size_t len)
{
    struct bc_writer w = { 0 };
    bc_twcc_receiver_write(r, &w, 1, 2);
    assert_int_equal(w.len, len);
    if (len > 0) {
        assert_memory_equal(w.data, want, len);
    }
    bc_writer_finish(&w);
}

static void
test_feedback_of_a_run(void **state)
{
    (void)state;
    static const uint8_t WANT[] = {
        0xaf, 205, 0, 6, 0, 0, 0, 1, 0, 0, 0, 2, // FMT 15, padded
        0xff, 0xfe, 0, 3,                        // from 65534 on, three
        0, 0, 10, 0,                             // reference 640 ms; the first message
        0x20, 3,                                 // a run of three small deltas
        8, 4, 255,                               // 2 ms, 1 ms, 63.75 ms
        0, 0, 3,                                 // padding
    };
    static const uint8_t NEXT[] = {
        0xaf, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, // FMT 15, padded
        0, 1, 0, 1, 0, 0, 15, 1,                 // 1; reference 960 ms; the second one
        0x20, 1, 160,                            // 40 ms
        1,                                       // padding
    };
    struct bc_twcc_receiver *r = bc_twcc_receiver_create();
    expect_bytes(r, NULL, 0);
    bc_twcc_receiver_on_packet(r, 65534, 642 * MS);
    bc_twcc_receiver_on_packet(r, 65535, 643 * MS);
    bc_twcc_receiver_on_packet(r, 0, 706 * MS + 999);
    expect_bytes(r, WANT, sizeof(WANT));
    expect_bytes(r, NULL, 0);
    bc_twcc_receiver_on_packet(r, 1, 1000 * MS);
    expect_bytes(r, NEXT, sizeof(NEXT));
    bc_twcc_receiver_destroy(r);
}

static void
test_feedback_of_mixed_symbols(void **state)
{
    (void)state;
    static const uint8_t WANT[] = {
        0xaf, 205, 0, 8, 0, 0, 0, 1, 0, 0, 0, 2, // FMT 15, padded
        0, 100, 0, 21, 0, 0, 0, 0,               // from 100 on, 21
        0xa8, 0x01,                              // 14 of one bit: 100, 102, 113
        0xe0, 0x0a,                              // 7 of two bits: 114, 119, 120 large
        0, 1, 1,                                 // 250 us apart
        0x01, 0x8e,                              // 99.5 ms
        0xfe, 0x73,                              // -99.25 ms
        0x01, 0x8d,                              // 99.25 ms
        0, 0, 3,                                 // padding
    };
    struct bc_twcc_receiver *r = bc_twcc_receiver_create();
    bc_twcc_receiver_on_packet(r, 100, 0);
    bc_twcc_receiver_on_packet(r, 102, 250);
    bc_twcc_receiver_on_packet(r, 113, 500);
    bc_twcc_receiver_on_packet(r, 119, 750);
    bc_twcc_receiver_on_packet(r, 114, 100 * MS);
    bc_twcc_receiver_on_packet(r, 120, 100 * MS);
    expect_bytes(r, WANT, sizeof(WANT));
    bc_twcc_receiver_destroy(r);
}

static void
test_duplicates_keep_the_first_arrival(void **state)
{
    (void)state;
    struct bc_twcc_receiver *r = bc_twcc_receiver_create();
    bc_twcc_receiver_on_packet(r, 5, 1000 * MS);
    bc_twcc_receiver_on_packet(r, 5, 1010 * MS);
    collect(r);
    assert_int_equal(told.statuses, 1);
    assert_true(told.arrivals_us[5] == 1000 * MS);
    // Reported already: nothing new.
    bc_twcc_receiver_on_packet(r, 5, 1020 * MS);
    collect(r);
    assert_int_equal(told.packets, 0);
    bc_twcc_receiver_destroy(r);
}

static void
test_reordered_packet_is_reported_again(void **state)
{
    (void)state;
    struct bc_twcc_receiver *r = bc_twcc_receiver_create();
    bc_twcc_receiver_on_packet(r, 65535, 1000 * MS);
    bc_twcc_receiver_on_packet(r, 1, 1001 * MS);
    collect(r);
    assert_true(told.arrivals_us[0] == -1);
    bc_twcc_receiver_on_packet(r, 0, 1100 * MS);
    bc_twcc_receiver_on_packet(r, 2, 1101 * MS);
    collect(r);
    assert_int_equal(told.statuses, 3);
    assert_true(told.arrivals_us[0] == 1100 * MS);
    assert_true(told.arrivals_us[1] == 1001 * MS);
    assert_true(told.arrivals_us[2] == 1101 * MS);
    // Too late to be of any use.
    for (unsigned i = 3; i < 1000; i++) {
        bc_twcc_receiver_on_packet(r, (uint16_t)i, 1200 * MS);
    }
    collect(r);
    bc_twcc_receiver_on_packet(r, 65534, 1300 * MS);
    collect(r);
    assert_int_equal(told.packets, 0);
    bc_twcc_receiver_destroy(r);
}

static void
test_first_packets_may_be_reordered(void **state)
{
    (void)state;
    struct bc_twcc_receiver *r = bc_twcc_receiver_create();
    bc_twcc_receiver_on_packet(r, 3, 1000 * MS);
    bc_twcc_receiver_on_packet(r, 1, 1001 * MS);
    collect(r);
    assert_int_equal(told.statuses, 3);
    assert_true(told.arrivals_us[2] == -1);
    assert_true(told.arrivals_us[1] == 1001 * MS);
    bc_twcc_receiver_destroy(r);
}

static void
test_long_pauses_take_packets_of_their_own(void **state)
{
    (void)state;
    struct bc_twcc_receiver *r = bc_twcc_receiver_create();
    bc_twcc_receiver_on_packet(r, 1, 1000 * MS);
    bc_twcc_receiver_on_packet(r, 2, 9000 * MS);  // within 16 bits
    bc_twcc_receiver_on_packet(r, 3, 18000 * MS); // beyond
    collect(r);
    assert_int_equal(told.packets, 2);
    assert_true(told.arrivals_us[1] == 1000 * MS);
    assert_true(told.arrivals_us[2] == 9000 * MS);
    assert_true(told.arrivals_us[3] == 18000 * MS);
    bc_twcc_receiver_destroy(r);
}

static void
test_many_packets_stay_below_the_datagram(void **state)
{
    (void)state;
    struct bc_twcc_receiver *r = bc_twcc_receiver_create();
    // The worst: every delta is large, no run, every third is missing.
    for (unsigned i = 0; i < 5000; i++) {
        if (i % 3 != 2) {
            int64_t apart_us = i % 2 ? 100 * MS : 0;
            bc_twcc_receiver_on_packet(
                r, (uint16_t)(64000 + i), 1000 * MS + i * 10 + apart_us);
        }
    }
    collect(r);
    assert_int_equal(told.statuses, 2048); // older ones were forgotten
    assert_true(told.packets >= 3);
    assert_true(told.longest + 12 <= 1100);
    for (unsigned i = 3000; i < 5000; i++) {
        int64_t apart_us = i % 2 ? 100 * MS : 0;
        int64_t want_us = (1000 * MS + i * 10 + apart_us) / 250 * 250;
        assert_true(told.arrivals_us[(uint16_t)(64000 + i)] == (i % 3 == 2 ? -1 : want_us));
    }
    bc_twcc_receiver_destroy(r);
}

static void
test_a_long_hole_is_a_run(void **state)
{
    (void)state;
    struct bc_twcc_receiver *r = bc_twcc_receiver_create();
    bc_twcc_receiver_on_packet(r, 1, 1000 * MS);
    bc_twcc_receiver_on_packet(r, 2000, 1001 * MS);
    collect(r);
    assert_int_equal(told.statuses, 2000);
    assert_int_equal(told.received, 2);
    assert_true(told.arrivals_us[2000] == 1001 * MS);
    bc_twcc_receiver_destroy(r);
}

static void
test_a_jump_begins_anew(void **state)
{
    (void)state;
    struct bc_twcc_receiver *r = bc_twcc_receiver_create();
    bc_twcc_receiver_on_packet(r, 1, 1000 * MS);
    bc_twcc_receiver_on_packet(r, 30000, 1001 * MS);
    collect(r);
    assert_int_equal(told.statuses, 1);
    assert_true(told.arrivals_us[30000] == 1001 * MS);
    bc_twcc_receiver_on_packet(r, 20000, 1002 * MS);
    collect(r);
    assert_int_equal(told.statuses, 1);
    assert_true(told.arrivals_us[20000] == 1002 * MS);
    bc_twcc_receiver_destroy(r);
}

// The reference has 24 bits of 64 ms: 12 days.
static void
test_reference_wraps(void **state)
{
    (void)state;
    struct bc_twcc_receiver *r = bc_twcc_receiver_create();
    bc_twcc_receiver_on_packet(r, 1, 0x1000001LL * 64 * MS);
    collect(r);
    assert_true(told.arrivals_us[1] == 64 * MS);
    bc_twcc_receiver_destroy(r);
}

static void
test_reading_a_feedback_message(void **state)
{
    (void)state;
    static const uint8_t FCI[] = {
        0xff, 0xff, 0, 12, 0x80, 0, 1, 9, // from 65535 on, 12
        0x00, 0x02,                       // a run: two missing
        0x40, 0x01,                       // a run: one large
        0x20, 0x00,                       // a run of none
        0xd8, 0x00,                       // two bits: small, large, 5 missing
        0xa0, 0x00,                       // one bit: a small one, of two that count
        0xff, 0xff,                       // -250 us
        16, 0x7f, 0xff, 255,              // 4 ms, 8191.75 ms, 63.75 ms
    };
    static const int64_t WANT[] = { -1, -1, -250, 3750, 8195500, -1, -1, -1, -1, -1,
        8259250, -1 };
    struct twcc_feedback f;
    struct twcc_status status;
    assert_int_equal(twcc_feedback_open(&f, FCI, sizeof(FCI)), 0);
    assert_int_equal(f.base, 65535);
    assert_int_equal(f.count, 12);
    assert_int_equal(f.reference, 0x800001);
    for (unsigned i = 0; i < 12; i++) {
        assert_true(twcc_feedback_next(&f, &status));
        assert_int_equal(status.seq, (uint16_t)(65535 + i));
        assert_int_equal(status.received, WANT[i] != -1);
        if (status.received) {
            assert_true(status.after_us == WANT[i]);
        }
    }
    assert_false(twcc_feedback_next(&f, &status));
    for (size_t n = 0; n < sizeof(FCI); n++) {
        uint8_t *copy = malloc(n ? n : 1);
        memcpy(copy, FCI, n);
        assert_int_equal(twcc_feedback_open(&f, copy, n), -EINVAL);
        free(copy);
    }
}

static void
test_feedback_that_makes_no_sense(void **state)
{
    (void)state;
    static const uint8_t NONE[] = { 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0 };
    static const uint8_t RESERVED_RUN[] = { 0, 1, 0, 1, 0, 0, 1, 0, 0x60, 1, 0, 0 };
    static const uint8_t RESERVED_SYMBOL[] = { 0, 1, 0, 1, 0, 0, 1, 0, 0xf0, 0, 0, 0 };
    static const uint8_t EMPTY_RUNS[] = { 0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0 };
    struct twcc_feedback f;
    assert_int_equal(twcc_feedback_open(&f, NONE, sizeof(NONE)), -EINVAL);
    assert_int_equal(twcc_feedback_open(&f, RESERVED_RUN, 12), -EINVAL);
    assert_int_equal(twcc_feedback_open(&f, RESERVED_SYMBOL, 12), -EINVAL);
    assert_int_equal(twcc_feedback_open(&f, EMPTY_RUNS, 12), -EINVAL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_feedback_of_a_run),
        cmocka_unit_test(test_feedback_of_mixed_symbols),
        cmocka_unit_test(test_duplicates_keep_the_first_arrival),
        cmocka_unit_test(test_reordered_packet_is_reported_again),
        cmocka_unit_test(test_first_packets_may_be_reordered),
        cmocka_unit_test(test_long_pauses_take_packets_of_their_own),
        cmocka_unit_test(test_many_packets_stay_below_the_datagram),
        cmocka_unit_test(test_a_long_hole_is_a_run),
        cmocka_unit_test(test_a_jump_begins_anew),
        cmocka_unit_test(test_reference_wraps),
        cmocka_unit_test(test_reading_a_feedback_message),
        cmocka_unit_test(test_feedback_that_makes_no_sense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
