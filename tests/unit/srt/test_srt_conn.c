// SPDX-License-Identifier: Apache-2.0
// What goes over a connection, in both directions.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <cmocka.h>

#include "base/clock.h"
#include "kit.h"
#include "protocol/srt/conn.h"

#define PACKET 188
#define PUBLISH "#!::r=live/hq,m=publish,key=K"

// Sends in portions of odd sizes what the other end must then have exactly.
static void
send_and_compare(
    struct kit *kit, struct kit_end *from, struct kit_end *to, uint32_t first, size_t n)
{
    uint8_t *data = malloc(n * PACKET);
    assert_non_null(data);
    kit_fill(data, first, n);
    size_t before = to->received_len;
    size_t step = 1;
    for (size_t at = 0; at < n * PACKET;) {
        size_t len = step * 1000 < n * PACKET - at ? step * 1000 : n * PACKET - at;
        ssize_t taken = kit_write(from, data + at, len);
        assert_true(taken >= 0);
        at += (size_t)taken;
        step = step % 7 + 1;
        if ((size_t)taken < len) {
            unsigned writable = from->writable;
            kit_wait(kit, from->writable > writable);
        }
    }
    kit_wait(kit, to->received_len >= before + n * PACKET);
    assert_int_equal(to->received_len, before + n * PACKET);
    assert_memory_equal(to->received + before, data, n * PACKET);
    free(data);
}

static void
test_bytes_go_both_ways(void **state)
{
    struct kit *kit = *state;
    struct kit_end caller = { 0 };
    kit_connect(kit, &caller, PUBLISH);
    struct kit_end *callee = &kit->ends[0];
    send_and_compare(kit, &caller, callee, 1, 500);
    send_and_compare(kit, callee, &caller, 5000, 500);
    send_and_compare(kit, &caller, callee, 10000, 1);
    kit_end_free(&caller);
    kit_wait(kit, callee->closed);
    assert_true(callee->sink_closed);
    assert_string_equal(callee->reason, "the peer closed the connection or was lost");
}

static void
test_full_sink_is_writable_again(void **state)
{
    struct kit *kit = *state;
    struct kit_end caller = { 0 };
    kit_connect(kit, &caller, PUBLISH);
    size_t packets = BC_SRT_SEND_QUEUE / PACKET + 1000;
    uint8_t *data = malloc(packets * PACKET);
    assert_non_null(data);
    kit_fill(data, 0, packets);
    ssize_t taken = kit_write(&caller, data, packets * PACKET);
    assert_int_equal(taken, BC_SRT_SEND_QUEUE);
    kit_wait(kit, caller.writable > 0);
    size_t rest = packets * PACKET - (size_t)taken;
    assert_int_equal(kit_write(&caller, data + taken, rest), rest);
    struct kit_end *callee = &kit->ends[0];
    kit_wait(kit, callee->received_len == packets * PACKET);
    assert_memory_equal(callee->received, data, packets * PACKET);
    free(data);
    kit_end_free(&caller);
}

static void
test_close_sends_what_waits(void **state)
{
    struct kit *kit = *state;
    struct kit_end caller = { 0 };
    kit_connect(kit, &caller, PUBLISH);
    uint8_t data[700 * PACKET];
    kit_fill(data, 7, 700);
    assert_int_equal(kit_write(&caller, data, sizeof(data)), sizeof(data));
    kit_end_free(&caller); // at once
    struct kit_end *callee = &kit->ends[0];
    kit_wait(kit, callee->closed);
    assert_int_equal(callee->received_len, sizeof(data));
    assert_memory_equal(callee->received, data, sizeof(data));
}

static void
test_closed_sink_takes_nothing(void **state)
{
    struct kit *kit = *state;
    struct kit_end caller = { 0 };
    kit_connect(kit, &caller, PUBLISH);
    struct kit_end *callee = &kit->ends[0];
    bc_sink_finish(caller.sink);
    caller.conn = NULL;
    kit_wait(kit, callee->closed);
    struct kit_end second = { 0 };
    kit_connect(kit, &second, PUBLISH);
    bc_sink_close(second.sink, "enough");
    second.conn = NULL;
    kit_wait(kit, kit->ends[1].closed);
    kit_end_free(&caller);
    kit_end_free(&second);
}

static void
test_statistics_move(void **state)
{
    struct kit *kit = *state;
    struct kit_end caller = { 0 };
    struct bc_srt_stats in;
    struct bc_srt_stats out;
    kit_connect(kit, &caller, PUBLISH);
    struct kit_end *callee = &kit->ends[0];
    bc_srt_conn_stats(callee->conn, &in);
    assert_int_equal(in.packets, 0);
    assert_int_equal(in.latency_ms, 120);
    send_and_compare(kit, &caller, callee, 0, 700);
    kit_wait(kit, (bc_srt_conn_stats(callee->conn, &in), in.packets >= 100));
    kit_wait(kit, (bc_srt_conn_stats(caller.conn, &out), out.packets >= 100));
    assert_true(in.rtt_us > 0);
    assert_int_equal(in.dropped, 0);
    assert_int_equal(in.undecrypted, 0);
    assert_false(in.encrypted);
    assert_int_equal(out.latency_ms, 120);
    kit_end_free(&caller);
}

// A caller that is the library as it is, blocking.
static SRTSOCKET
connect_plainly(struct kit *kit)
{
    struct sockaddr_in sa = { .sin_family = AF_INET,
        .sin_port = htons((uint16_t)kit->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    SRTSOCKET socket = srt_create_socket();
    srt_setsockflag(socket, SRTO_STREAMID, PUBLISH, (int)strlen(PUBLISH));
    assert_int_equal(srt_connect(socket, (struct sockaddr *)&sa, sizeof(sa)), 0);
    kit_wait(kit, kit->end_count == 1);
    return socket;
}

// Bytes come in portions of any size; messages are whole packets, seven at most.
static void
test_messages_are_whole_packets(void **state)
{
    struct kit *kit = *state;
    SRTSOCKET socket = connect_plainly(kit);
    uint8_t data[40 * PACKET];
    kit_fill(data, 0, 40);
    for (size_t at = 0; at < sizeof(data); at += 320) {
        size_t n = sizeof(data) - at < 320 ? sizeof(data) - at : 320;
        assert_int_equal(kit_write(&kit->ends[0], data + at, n), n);
    }
    char message[SRT_MESSAGE_MAX];
    size_t received = 0;
    while (received < sizeof(data)) {
        int n = srt_recvmsg(socket, message, sizeof(message));
        assert_true(n > 0 && n <= 1316 && n % PACKET == 0);
        assert_memory_equal(message, data + received, n);
        received += (size_t)n;
    }
    srt_close(socket);
}

static void
test_more_than_the_library_takes(void **state)
{
    struct kit *kit = *state;
    struct kit_end caller = { 0 };
    kit_connect(kit, &caller, PUBLISH);
    struct kit_end *callee = &kit->ends[0];
    size_t len = 1000 * PACKET;
    uint8_t *data = malloc(len);
    assert_non_null(data);
    kit_fill(data, 0, 1000);
    for (size_t sent = 0; sent < 12 * 1024 * 1024;) {
        ssize_t n = kit_write(&caller, data, len);
        assert_true(n >= 0);
        sent += (size_t)n;
        if ((size_t)n < len) {
            unsigned writable = caller.writable;
            kit_wait(kit, caller.writable > writable);
        }
    }
    free(data);
    assert_false(caller.closed);
    assert_false(callee->closed);
    kit_wait(kit, callee->received_len > 0);
    kit_end_free(&caller);
}

// The worker stands still for longer than its queue lasts: what is oldest is lost, what is
// newest comes.
static void
test_slow_worker_loses_what_is_old(void **state)
{
    struct kit *kit = *state;
    SRTSOCKET socket = connect_plainly(kit);
    uint32_t messages = SRT_RECEIVE_QUEUE / (7 * PACKET) + 500;
    uint8_t data[7 * PACKET];
    for (uint32_t i = 0; i < messages; i++) {
        kit_fill(data, 7 * i, 7);
        assert_int_equal(srt_send(socket, (char *)data, sizeof(data)), sizeof(data));
    }
    struct bc_srt_stats stats = { 0 };
    int64_t until_us = bc_clock_us() + 10000000;
    while (stats.packets < messages || stats.dropped < 400) {
        assert_true(bc_clock_us() < until_us);
        bc_srt_conn_stats(kit->ends[0].conn, &stats); // no turn of the worker
    }
    struct kit_end *callee = &kit->ends[0];
    kit_wait(kit, callee->received_len > 0);
    assert_true(callee->received_len <= SRT_RECEIVE_QUEUE);
    assert_memory_equal(
        callee->received + callee->received_len - sizeof(data), data, sizeof(data));
    srt_close(socket);
}

static void
test_stop_ends_what_is_open(void **state)
{
    struct kit *kit = *state;
    struct kit_end caller = { 0 };
    kit_connect(kit, &caller, PUBLISH);
    uint8_t data[7 * PACKET];
    kit_fill(data, 0, 7);
    assert_int_equal(kit_write(&caller, data, sizeof(data)), sizeof(data));
    bc_srt_stop(kit->srt);
    kit_turn(kit);
    assert_false(caller.closed); // nothing comes after the stop
    assert_int_equal(kit->ends[0].received_len, 0);
    kit_end_free(&caller);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_bytes_go_both_ways, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(
            test_full_sink_is_writable_again, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(
            test_close_sends_what_waits, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(
            test_closed_sink_takes_nothing, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(
            test_messages_are_whole_packets, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(
            test_more_than_the_library_takes, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(
            test_slow_worker_loses_what_is_old, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(test_statistics_move, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(
            test_stop_ends_what_is_open, kit_setup, kit_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
