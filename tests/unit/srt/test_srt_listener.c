// SPDX-License-Identifier: Apache-2.0
// Who is let in, what the others are told, and what is counted.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "kit.h"
#include "protocol/srt/srt_glue.h"

#define READ "#!::r=live/hq,m=request"

static struct bc_srt_totals
totals(struct kit *kit)
{
    struct bc_srt_totals out;
    bc_srt_totals(kit->srt, &out);
    return out;
}

static void
set_answer(struct kit *kit, enum bc_srt_reject answer, const char *passphrase)
{
    pthread_mutex_lock(&kit->lock);
    kit->answer = answer;
    strcpy(kit->passphrase, passphrase);
    pthread_mutex_unlock(&kit->lock);
}

static const uint8_t INDUCTION[64] = {
    0x80, 0, 0, 0, 0, 0, 0, 0, // control packet, type 0: handshake
    0, 0, 0, 0, 0, 0, 0, 0, // timestamp, destination: none yet
    0, 0, 0, 4, 0, 0, 0, 2, // version 4, no encryption, a datagram socket
    0, 0, 0, 1, 0, 0, 5, 0xdc, // first sequence number, MTU 1500
    0, 0, 0x20, 0, 0, 0, 0, 1, // window 8192, type: induction
    0, 0, 0, 7, 0, 0, 0, 0, // the caller's socket id, cookie: none yet
    1, 0, 0, 0x7f, // 127.0.0.1
};

static const uint8_t EXTENSIONS[] = {
    0, 1, 0, 3, 0, 1, 5, 1, // HSREQ, three words: version 1.5.1,
    0, 0, 0, 0xbf, // the usual flags,
    0, 120, 0, 120, // latencies
    0, 5, 0, 3, // the stream id, in words with the last byte first:
    'e', 'v', 'i', 'l', // "live"
    '1', 'q', 'h', '/', // "/hq1"
    0, 0, 0, '2', // "2"
};

static int
connect_udp(struct kit *kit)
{
    struct sockaddr_in sa = { .sin_family = AF_INET,
        .sin_port = htons((uint16_t)kit->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
    // The port becomes the library's with its first datagram, which may find nobody who
    // listens yet: callers send it again after a quarter of a second.
    uint8_t answer[1500];
    struct timeval patience = { .tv_usec = 250000 };
    struct timeval endless = { 0 };
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    ssize_t n = -1;
    for (int i = 0; i < 40 && n < 0; i++) {
        assert_int_equal(send(fd, INDUCTION, sizeof(INDUCTION), 0), sizeof(INDUCTION));
        n = recv(fd, answer, sizeof(answer), 0);
    }
    assert_true(n >= 64);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &endless, sizeof(endless)), 0);
    return fd;
}

// Calls and expects to be refused for that reason.
static void
expect_refusal(
    struct kit *kit, const char *streamid, const char *passphrase, const char *reason)
{
    struct kit_end end = { 0 };
    kit_call(kit, &end, "127.0.0.1", streamid, passphrase);
    kit_wait(kit, end.answered);
    assert_null(end.conn);
    assert_string_equal(end.reason, reason);
    kit_end_free(&end);
}

static void
test_hello_tells_who_calls(void **state)
{
    struct kit *kit = *state;
    struct kit_end end = { 0 };
    kit_connect(kit, &end, "#!::r=live/hq,m=publish,key=K,u=anna,role=backup");
    assert_int_equal(kit->hellos, 1);
    assert_int_equal(kit->seen.mode, BC_SRT_PUBLISH);
    assert_string_equal(kit->seen.key, "K");
    struct bc_srt_conn *conn = kit->ends[0].conn;
    assert_string_equal(bc_srt_conn_id(conn)->channel, "live/hq");
    assert_string_equal(bc_srt_conn_id(conn)->user, "anna");
    assert_true(bc_srt_conn_id(conn)->backup);
    assert_string_equal(bc_srt_conn_peer(conn), kit->seen_peer);
    assert_string_equal(bc_srt_conn_peer_ip(conn), "127.0.0.1");
    assert_int_equal(totals(kit).accepted, 1);
    assert_int_equal(totals(kit).open, 2); // both ends are here
    kit_end_free(&end);
    kit_wait(kit, totals(kit).open == 0);
}

static void
test_each_code_reaches_the_caller(void **state)
{
    static const struct {
        enum bc_srt_reject code;
        const char *reason;
    } CODES[] = {
        { BC_SRT_BAD_REQUEST, "refused: 1400 bad request" },
        { BC_SRT_UNAUTHORISED, "refused: 1401 unauthorised" },
        { BC_SRT_OVERLOAD, "refused: 1402 overloaded" },
        { BC_SRT_FORBIDDEN, "refused: 1403 forbidden" },
        { BC_SRT_NOT_FOUND, "refused: 1404 not found" },
        { BC_SRT_BAD_MODE, "refused: 1405 mode not supported" },
        { BC_SRT_UNACCEPTABLE, "refused: 1406 not acceptable" },
        { BC_SRT_CONFLICT, "refused: 1409 conflict" },
        { BC_SRT_DOWN, "refused: 1503 down" },
    };
    struct kit *kit = *state;
    size_t n = sizeof(CODES) / sizeof(CODES[0]);
    for (size_t i = 0; i < n; i++) {
        set_answer(kit, CODES[i].code, "");
        expect_refusal(kit, READ, "", CODES[i].reason);
    }
    assert_true(totals(kit).refused >= n);
    assert_int_equal(totals(kit).accepted, 0);
    assert_int_equal(totals(kit).open, 0);
}

static void
test_stream_ids_are_judged_first(void **state)
{
    struct kit *kit = *state;
    expect_refusal(kit, "", "", "refused: 1400 bad request");
    expect_refusal(kit, "#!:{r=live/hq}", "", "refused: 1400 bad request");
    expect_refusal(kit, "#!::m=publish", "", "refused: 1404 not found");
    expect_refusal(kit, "#!::r=live/hq,t=file", "", "refused: 1405 mode not supported");
    assert_int_equal(kit->hellos, 0);
}

static void
test_right_passphrase(void **state)
{
    struct kit *kit = *state;
    struct kit_end end = { 0 };
    set_answer(kit, BC_SRT_ACCEPT, "correct horse");
    kit_call(kit, &end, "127.0.0.1", READ, "correct horse");
    kit_wait(kit, end.answered && kit->end_count == 1);
    uint8_t data[7 * 188];
    kit_fill(data, 0, 7);
    assert_int_equal(kit_write(&kit->ends[0], data, sizeof(data)), sizeof(data));
    kit_wait(kit, end.received_len == sizeof(data));
    assert_memory_equal(end.received, data, sizeof(data));
    struct bc_srt_stats stats;
    kit_wait(kit, (bc_srt_conn_stats(end.conn, &stats), stats.encrypted));
    kit_wait(kit, (bc_srt_conn_stats(kit->ends[0].conn, &stats), stats.encrypted));
    kit_end_free(&end);
}

static void
test_wrong_passphrase_is_counted(void **state)
{
    struct kit *kit = *state;
    set_answer(kit, BC_SRT_ACCEPT, "correct horse");
    expect_refusal(kit, READ, "wrong battery", "wrong passphrase");
    expect_refusal(kit, READ, "", "one end has a passphrase, the other has none");
    set_answer(kit, BC_SRT_ACCEPT, "");
    expect_refusal(
        kit, READ, "correct horse", "one end has a passphrase, the other has none");
    kit_wait(kit, totals(kit).failed >= 3);
    assert_int_equal(totals(kit).accepted, 0);
    assert_int_equal(totals(kit).refused, 0);
}

// Who fails again and again is held off, so that the library allocates little in vain.
static void
test_failed_handshakes_are_bounded(void **state)
{
    struct kit *kit = *state;
    uint8_t conclusion[112];
    uint8_t answer[1500];
    unsigned overload = 0;
    set_answer(kit, BC_SRT_ACCEPT, "correct horse");
    int fd = connect_udp(kit);
    assert_int_equal(send(fd, INDUCTION, sizeof(INDUCTION), 0), sizeof(INDUCTION));
    assert_true(recv(fd, answer, sizeof(answer), 0) >= 64);
    memcpy(conclusion, INDUCTION, 64);
    memcpy(conclusion + 44, answer + 44, 4); // the cookie
    conclusion[19] = 5; // version
    conclusion[23] = 5; // with HSREQ and CONFIG extensions
    memset(conclusion + 36, 0xff, 4); // type: conclusion
    memcpy(conclusion + 64, EXTENSIONS, sizeof(EXTENSIONS));
    for (uint8_t i = 0; i < 100; i++) {
        conclusion[43] = i; // another socket each time
        assert_int_equal(
            send(fd, conclusion, 64 + sizeof(EXTENSIONS), 0), 64 + sizeof(EXTENSIONS));
        assert_true(recv(fd, answer, sizeof(answer), 0) >= 64);
        // 1000 and the reason: 1402, or the library's 11, "unsecure".
        unsigned type = (unsigned)answer[38] << 8 | answer[39];
        assert_true(type == 2402 || type == 1011);
        overload += type == 2402;
    }
    close(fd);
    // 32 at once; a review in between makes room again.
    assert_true(overload >= 100 - 2 * 32);
    assert_int_equal(totals(kit).refused, overload);
    kit_wait(kit, totals(kit).failed + overload == 100);
    struct kit_end end = { 0 };
    kit_call(kit, &end, "127.0.0.1", READ, "correct horse");
    kit_wait(kit, end.answered);
    assert_non_null(end.conn);
    kit_end_free(&end);
}

static void
test_the_larger_latency_counts(void **state)
{
    struct kit *kit = *state;
    struct kit_end ends[2] = { 0 };
    struct bc_srt_stats stats;
    kit->latency_ms = 40; // the listener has 120
    kit_connect(kit, &ends[0], READ);
    bc_srt_conn_stats(kit->ends[0].conn, &stats);
    assert_int_equal(stats.latency_ms, 120);
    kit->latency_ms = 350;
    kit_connect(kit, &ends[1], READ);
    bc_srt_conn_stats(kit->ends[1].conn, &stats);
    assert_int_equal(stats.latency_ms, 350);
    bc_srt_conn_stats(ends[1].conn, &stats);
    assert_int_equal(stats.latency_ms, 350);
    kit_end_free(&ends[0]);
    kit_end_free(&ends[1]);
}

static void
test_nobody_there(void **state)
{
    struct kit *kit = *state;
    kit->timeout_ms = 300;
    bc_srt_close_listeners(kit->srt);
    kit->port = kit_free_port();
    expect_refusal(kit, READ, "", "no answer");
    struct kit_end end = { 0 };
    kit_call(kit, &end, "example.org", READ, "");
    kit_wait(kit, end.answered);
    assert_null(end.conn);
    kit_end_free(&end);
}

static void
test_cancelled_call_says_nothing(void **state)
{
    struct kit *kit = *state;
    struct kit_end first = { 0 };
    struct kit_end second = { 0 };
    kit_call(kit, &first, "127.0.0.1", READ, "");
    bc_srt_call_cancel(first.calling);
    first.calling = NULL;
    kit_connect(kit, &second, READ);
    kit_wait(kit, totals(kit).open >= 2);
    assert_false(first.answered);
    kit_end_free(&second);
}

// Messages longer than ours, packets straddling them (SRT-5), by the library as it is.
static void
test_long_messages(void **state)
{
    struct kit *kit = *state;
    uint8_t data[94 * 188]; // not a multiple of 1456
    struct sockaddr_in sa = { .sin_family = AF_INET,
        .sin_port = htons((uint16_t)kit->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    SRTSOCKET socket = srt_create_socket();
    srt_glue_set_int(socket, SRTO_PAYLOADSIZE, 1456);
    srt_setsockflag(socket, SRTO_STREAMID, READ, (int)strlen(READ));
    assert_int_equal(srt_connect(socket, (struct sockaddr *)&sa, sizeof(sa)), 0);
    kit_wait(kit, kit->end_count == 1);
    kit_fill(data, 0, 94);
    for (size_t at = 0; at < sizeof(data); at += 1456) {
        size_t n = sizeof(data) - at < 1456 ? sizeof(data) - at : 1456;
        assert_int_equal(srt_send(socket, (char *)data + at, (int)n), n);
    }
    kit_wait(kit, kit->ends[0].received_len == sizeof(data));
    assert_memory_equal(kit->ends[0].received, data, sizeof(data));
    srt_close(socket);
    kit_wait(kit, kit->ends[0].closed);
}

// Callers that begin a handshake and say nothing more cost nothing: no socket, no count.
static void
test_stalled_handshakes(void **state)
{
    struct kit *kit = *state;
    uint8_t answer[1500];
    int fd = connect_udp(kit);
    for (int i = 0; i < 500; i++) {
        assert_int_equal(send(fd, INDUCTION, sizeof(INDUCTION), 0), sizeof(INDUCTION));
        assert_true(recv(fd, answer, sizeof(answer), 0) >= 64); // with a cookie
    }
    assert_int_equal(send(fd, INDUCTION, 20, 0), 20);
    assert_int_equal(kit->hellos, 0);
    struct kit_end end = { 0 };
    kit_connect(kit, &end, READ);
    assert_int_equal(totals(kit).open, 2);
    assert_int_equal(totals(kit).failed, 0);
    close(fd);
    kit_end_free(&end);
}

#define STORM 64

static void
test_storm_of_callers(void **state)
{
    struct kit *kit = *state;
    struct kit_end *ends = calloc(STORM, sizeof(*ends));
    assert_non_null(ends);
    set_answer(kit, BC_SRT_OVERLOAD, "");
    for (size_t i = 0; i < STORM; i++) {
        kit_call(kit, &ends[i], "127.0.0.1", READ, "");
    }
    for (size_t i = 0; i < STORM; i++) {
        kit_wait(kit, ends[i].answered);
        assert_string_equal(ends[i].reason, "refused: 1402 overloaded");
        kit_end_free(&ends[i]);
    }
    free(ends);
    assert_true(totals(kit).refused >= STORM);
    assert_int_equal(totals(kit).open, 0);
    set_answer(kit, BC_SRT_ACCEPT, "");
    struct kit_end end = { 0 };
    kit_connect(kit, &end, READ);
    kit_end_free(&end);
}

#define T(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_hello_tells_who_calls),
        T(test_each_code_reaches_the_caller),
        T(test_stream_ids_are_judged_first),
        T(test_right_passphrase),
        T(test_wrong_passphrase_is_counted),
        T(test_failed_handshakes_are_bounded),
        T(test_the_larger_latency_counts),
        T(test_nobody_there),
        T(test_cancelled_call_says_nothing),
        T(test_long_messages),
        T(test_stalled_handshakes),
        T(test_storm_of_callers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
