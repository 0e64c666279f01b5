// SPDX-License-Identifier: Apache-2.0
// Two associations, joined back to back, on workers of their own.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "pair.h"

static uint8_t bytes[64 * 1024];

static void
open_both(struct pair *p)
{
    pair_open(p);
    pair_connect(&p->a);
    pair_connect(&p->b);
}

// A channel of a's, open at both ends.
static uint16_t
open_channel(struct pair *p)
{
    int stream = pair_channel(&p->a, "cards");
    assert_true(stream >= 0);
    PAIR_UNTIL(p, p->a.opened == 1 && p->b.opened == 1);
    return (uint16_t)stream;
}

static void
test_client_opens_an_even_stream(void **state)
{
    (void)state;
    struct pair p;
    open_both(&p);
    int stream = pair_channel(&p.a, "cards");
    assert_int_equal(stream, 0);
    PAIR_UNTIL(&p, p.a.opened == 1 && p.b.opened == 1);
    assert_int_equal(p.b.stream, stream);
    assert_string_equal(p.b.label, "cards");
    assert_string_equal(p.a.label, "cards");
    assert_int_equal(pair_channel(&p.a, "more"), 2);
    PAIR_UNTIL(&p, p.a.opened == 2 && p.b.opened == 2);
    pair_close(&p);
}

static void
test_server_opens_an_odd_stream(void **state)
{
    (void)state;
    struct pair p;
    open_both(&p);
    assert_int_equal(pair_channel(&p.b, ""), 1);
    PAIR_UNTIL(&p, p.a.opened == 1 && p.b.opened == 1);
    assert_string_equal(p.a.label, "");
    pair_close(&p);
}

static void
test_either_side_may_be_first(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct pair p;
        pair_open(&p);
        struct pair_end *first = i ? &p.a : &p.b;
        pair_connect(first);
        PAIR_UNTIL(&p, first->sent >= 1); // nobody is there yet: this INIT is lost
        pair_channel(first, "early");
        pair_connect(first->other);
        PAIR_UNTIL(&p, p.a.opened == 1 && p.b.opened == 1);
        pair_close(&p);
    }
}

static void
test_messages_are_echoed(void **state)
{
    (void)state;
    struct pair p;
    open_both(&p);
    p.b.echo = true;
    uint16_t s = open_channel(&p);
    assert_int_equal(pair_send(&p.a, s, false, "text", 4), 0);
    assert_int_equal(pair_send(&p.a, s, true, "\1\2\3", 3), 0);
    assert_int_equal(pair_send(&p.a, s, false, "", 0), 0);
    assert_int_equal(pair_send(&p.a, s, true, NULL, 0), 0);
    PAIR_UNTIL(&p, p.a.message_count == 4);
    const struct pair_message want[] = { { s, false, 4, 't', 't' }, { s, true, 3, 1, 3 },
        { s, false, 0, 0, 0 }, { s, true, 0, 0, 0 } };
    for (int i = 0; i < 4; i++) {
        const struct pair_message *got = &p.a.messages[i];
        assert_int_equal(got->stream, want[i].stream);
        assert_int_equal(got->binary, want[i].binary);
        assert_int_equal(got->len, want[i].len);
        assert_int_equal(got->first, want[i].first);
        assert_int_equal(got->last, want[i].last);
    }
    pair_close(&p);
}

static void
test_largest_message_in_small_packets(void **state)
{
    (void)state;
    struct pair p;
    open_both(&p);
    p.b.echo = true;
    uint16_t s = open_channel(&p);
    bytes[0] = 7;
    bytes[16 * 1024 - 1] = 9;
    assert_int_equal(pair_send(&p.a, s, true, bytes, 16 * 1024), 0);
    PAIR_UNTIL(&p, p.a.message_count == 1);
    assert_int_equal(p.a.messages[0].len, 16 * 1024);
    assert_int_equal(p.a.messages[0].first, 7);
    assert_int_equal(p.a.messages[0].last, 9);
    assert_true(p.a.largest > 1000 && p.a.largest <= 1132);
    assert_int_equal(pair_send(&p.a, s, true, bytes, 16 * 1024 + 1), -EMSGSIZE);
    pair_close(&p);
}

static void
test_message_larger_than_the_buffers(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    p.limits[0].message_bytes = p.limits[1].message_bytes = 200 * 1024;
    pair_connect(&p.a);
    pair_connect(&p.b);
    uint16_t s = open_channel(&p);
    static uint8_t large[200 * 1024];
    large[sizeof(large) - 1] = 5;
    assert_int_equal(pair_send(&p.a, s, true, large, sizeof(large)), 0);
    PAIR_UNTIL(&p, p.b.message_count == 1);
    assert_int_equal(p.b.messages[0].len, sizeof(large));
    assert_int_equal(p.b.messages[0].last, 5);
    pair_close(&p);
}

static void
test_oversize_from_peer_is_dropped(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    p.limits[0].message_bytes = 60 * 1024;
    p.limits[1].message_bytes = 1000;
    pair_connect(&p.a);
    pair_connect(&p.b);
    uint16_t s = open_channel(&p);
    assert_int_equal(pair_send(&p.a, s, true, bytes, 1001), 0);
    assert_int_equal(pair_send(&p.a, s, true, bytes, 60 * 1024), 0);
    assert_int_equal(pair_send(&p.a, s, true, bytes, 1000), 0);
    PAIR_UNTIL(&p, p.b.message_count == 1);
    assert_int_equal(p.b.messages[0].len, 1000);
    assert_int_equal(p.b.closed, 0);
    pair_close(&p);
}

static void
test_rate_is_limited(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    p.limits[1].messages_per_second = 1; // refills by one or two while the test runs
    pair_connect(&p.a);
    pair_connect(&p.b);
    uint16_t s = open_channel(&p);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(pair_send(&p.a, s, false, "x", 1), 0);
    }
    assert_int_equal(p.b.closed, 0);
    for (int i = 0; i < 100; i++) {
        pair_send(&p.a, s, false, "x", 1);
    }
    PAIR_UNTIL(&p, p.a.closed == 1 && p.b.closed == 1); // who goes on loses the channel
    assert_true(p.b.message_count < 20);
    assert_int_equal(p.b.over, 0);
    pair_close(&p);
}

static void
test_flood_ends_the_association(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    p.limits[1].messages_per_second = 1000;
    p.limits[1].message_bytes = 10;
    p.limits[1].channels = 1;
    pair_connect(&p.a);
    pair_connect(&p.b);
    p.b.destroy_on_close = true;
    unsigned closed = 0;
    while (closed < 2) {
        int stream = pair_channel(&p.a, "flood");
        assert_true(stream >= 0);
        for (int i = 0; i < 50; i++) {
            pair_send(&p.a, (uint16_t)stream, false, "too long to be taken", 20);
        }
        closed++;
        PAIR_UNTIL(&p, p.a.closed == closed || p.a.over);
    }
    PAIR_UNTIL(&p, p.b.over == 1 && p.a.over == 1);
    assert_string_equal(p.b.reason, "the peer sends more than it may");
    assert_int_equal(pair_channel(&p.a, "late"), -ENOTCONN);
    pair_close(&p);
}

static void
test_closing_resets_both_ways(void **state)
{
    (void)state;
    struct pair p;
    open_both(&p);
    uint16_t s = open_channel(&p);
    assert_int_equal(pair_send(&p.a, s, false, "last", 4), 0);
    pair_close_channel(&p.a, s);
    PAIR_UNTIL(&p, p.a.closed == 1 && p.b.closed == 1);
    assert_int_equal(p.b.message_count, 1); // what was sent before arrives
    assert_int_equal(pair_send(&p.a, s, false, "x", 1), -ENOTCONN);
    assert_int_equal(pair_send(&p.b, s, false, "x", 1), -ENOTCONN);
    pair_close_channel(&p.a, s);
    // More than there may be at once, one after the other; the last from b.
    for (unsigned i = 2; i < 8; i++) {
        int next = pair_channel(i == 7 ? &p.b : &p.a, "again");
        assert_true(next >= 0);
        PAIR_UNTIL(&p, p.a.opened == i && p.b.opened == i);
        pair_close_channel(&p.b, (uint16_t)next);
        PAIR_UNTIL(&p, p.a.closed == i && p.b.closed == i);
    }
    pair_close(&p);
}

static void
test_streams_are_used_again(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    p.limits[1].messages_per_second = 100000;
    pair_connect(&p.a);
    pair_connect(&p.b);
    // All 64 of a's streams, and some for the second time.
    for (unsigned i = 1; i <= 70; i++) {
        int stream = pair_channel(&p.a, "n");
        assert_int_equal(stream, (2 * (i - 1)) % 128);
        PAIR_UNTIL(&p, p.a.opened == i && p.b.opened == i);
        pair_close_channel(&p.a, (uint16_t)stream);
        PAIR_UNTIL(&p, p.a.closed == i && p.b.closed == i);
    }
    pair_close(&p);
}

static void
test_too_many_opens_are_refused(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    p.limits[1].messages_per_second = 1;
    pair_connect(&p.a);
    pair_connect(&p.b);
    for (unsigned i = 1; i <= 20; i++) {
        int stream = pair_channel(&p.a, "n");
        assert_true(stream >= 0);
        PAIR_UNTIL(&p, p.a.opened + p.a.closed >= i);
        pair_close_channel(&p.a, (uint16_t)stream);
        PAIR_UNTIL(&p, p.a.closed == i);
    }
    PAIR_UNTIL(&p, p.b.opened >= 2);
    assert_true(p.b.opened < 15);
    pair_close(&p);
}

static void
test_channels_are_limited(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    p.limits[1].channels = 2;
    pair_connect(&p.a);
    pair_connect(&p.b);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pair_channel(&p.a, "c"), 2 * i);
    }
    assert_int_equal(pair_channel(&p.a, "c"), -EMFILE);
    PAIR_UNTIL(&p, p.a.opened == 2 && p.a.closed == 2);
    assert_int_equal(p.b.opened, 2);
    memset(bytes, 'l', 256);
    bytes[256] = 0;
    assert_int_equal(pair_channel(&p.b, (const char *)bytes), -EINVAL);
    pair_close(&p);
}

static void
test_send_queue_is_bounded(void **state)
{
    (void)state;
    struct pair p;
    open_both(&p);
    uint16_t s = open_channel(&p);
    pthread_mutex_lock(&p.lock);
    p.a.mute = true;
    pthread_mutex_unlock(&p.lock);
    int n = 0;
    int err = 0;
    while (n < 1000 && (err = pair_send(&p.a, s, true, bytes, 16 * 1024)) == 0) {
        n++;
    }
    assert_int_equal(err, -EAGAIN);
    assert_true(n >= 15 && n < 40); // 256 KiB, and what the library has taken
    pthread_mutex_lock(&p.lock);
    p.a.mute = false;
    pthread_mutex_unlock(&p.lock);
    PAIR_UNTIL(&p, p.b.message_count == (unsigned)n);
    assert_int_equal(pair_send(&p.a, s, true, bytes, 16 * 1024), 0);
    pair_close(&p);
}

static void
test_lost_packets_are_repaired(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    p.a.drop_every = p.b.drop_every = 5;
    p.limits[0].messages_per_second = p.limits[1].messages_per_second = 1000;
    pair_connect(&p.a);
    pair_connect(&p.b);
    p.b.echo = true;
    uint16_t s = open_channel(&p);
    for (int i = 0; i < 100; i++) {
        bytes[0] = (uint8_t)i;
        assert_int_equal(pair_send(&p.a, s, true, bytes, 1 + (size_t)i * 20), 0);
    }
    PAIR_UNTIL(&p, p.a.message_count == 100);
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(p.a.messages[i].len, 1 + i * 20);
        assert_int_equal(p.a.messages[i].first, i);
    }
    pair_close(&p);
}

static void
test_destroy_with_traffic(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    p.limits[0].messages_per_second = p.limits[1].messages_per_second = 100000;
    for (unsigned round = 0; round < 20; round++) {
        unsigned before = p.a.message_count;
        p.a.opened = p.b.opened = 0;
        pair_connect(&p.a);
        pair_connect(&p.b);
        p.b.echo = true;
        uint16_t s = open_channel(&p);
        for (int i = 0; i < 8; i++) {
            pair_send(&p.a, s, true, bytes, 8000);
        }
        PAIR_UNTIL(&p, p.a.message_count > before);
        pair_destroy(round % 2 ? &p.a : &p.b);
        pair_destroy(round % 2 ? &p.b : &p.a);
    }
    pair_close(&p);
}

static void
test_destroy_before_anything(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    for (int i = 0; i < 50; i++) {
        pair_connect(&p.a);
        pair_destroy(&p.a);
    }
    pair_close(&p);
    pair_open(&p); // the library starts again after its end
    pair_close(&p);
}

static void
test_rubbish_is_survived(void **state)
{
    (void)state;
    struct pair p;
    open_both(&p);
    p.b.echo = true;
    uint16_t s = open_channel(&p);
    memset(bytes, 0xa5, 2000);
    pair_input(&p.a, bytes, 0);
    for (size_t n = 1; n < 2000; n += 37) {
        pair_input(&p.a, bytes, n);
    }
    assert_int_equal(pair_send(&p.a, s, false, "still", 5), 0);
    PAIR_UNTIL(&p, p.a.message_count == 1);
    pair_close(&p);
}

static void
test_one_service_at_a_time(void **state)
{
    (void)state;
    struct bc_sctp_service *service = bc_sctp_service_create();
    assert_non_null(service);
    assert_null(bc_sctp_service_create());
    bc_sctp_service_destroy(service);
    bc_sctp_service_destroy(NULL);
}

int
main(void)
{
    bc_log_set_level(BC_LOG_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_client_opens_an_even_stream),
        cmocka_unit_test(test_server_opens_an_odd_stream),
        cmocka_unit_test(test_either_side_may_be_first),
        cmocka_unit_test(test_messages_are_echoed),
        cmocka_unit_test(test_largest_message_in_small_packets),
        cmocka_unit_test(test_message_larger_than_the_buffers),
        cmocka_unit_test(test_oversize_from_peer_is_dropped),
        cmocka_unit_test(test_rate_is_limited),
        cmocka_unit_test(test_flood_ends_the_association),
        cmocka_unit_test(test_closing_resets_both_ways),
        cmocka_unit_test(test_streams_are_used_again),
        cmocka_unit_test(test_too_many_opens_are_refused),
        cmocka_unit_test(test_channels_are_limited),
        cmocka_unit_test(test_send_queue_is_bounded),
        cmocka_unit_test(test_lost_packets_are_repaired),
        cmocka_unit_test(test_destroy_with_traffic),
        cmocka_unit_test(test_destroy_before_anything),
        cmocka_unit_test(test_rubbish_is_survived),
        cmocka_unit_test(test_one_service_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
