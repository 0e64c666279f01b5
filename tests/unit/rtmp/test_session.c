// SPDX-License-Identifier: Apache-2.0
// States, refusals, limits and hostile input of the server's session.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "peer.h"

static int
open_peer(struct peer *p, const struct bc_rtmp_session_params *params, const char *role)
{
    struct bc_writer w = { 0 };
    peer_init(p, params);
    put_opening(&w);
    if (role) {
        put_command(&w, 1, role, 3, "0s", "hq");
    }
    return peer_send(p, &w);
}

static void
check_reject(const char *role, enum bc_rtmp_reject code, const char *expected)
{
    struct peer p;
    peer_init(&p, NULL);
    p.answer = PEER_LATER;
    struct bc_writer w = { 0 };
    put_opening(&w);
    put_command(&w, 1, role, 3, "0s", "hq");
    assert_int_equal(peer_send(&p, &w), 0);
    (void)peer_log(&p);
    bc_rtmp_session_reject(p.session, code, "no");
    bc_rtmp_session_reject(p.session, code, "again");
    assert_string_equal(peer_log(&p), expected);
    assert_int_equal(bc_rtmp_session_state(p.session), BC_RTMP_REJECTED);
    // Whatever still comes is thrown away.
    put_message(&w, 9, 1, 0, "\x17\1", 2);
    put_command(&w, 1, role, 3, "0s", "hq");
    assert_int_equal(peer_send(&p, &w), 0);
    assert_string_equal(peer_log(&p), "");
    peer_finish(&p);
}

// RTMP-37: only codes that encoders and players act on.
static void
test_reject_codes(void **state)
{
    (void)state;
    check_reject("publish", BC_RTMP_REJECT_BAD_NAME,
        "< 1 onStatus 0 NetStream.Publish.BadName\n");
    check_reject("publish", BC_RTMP_REJECT_DENIED,
        "< 1 onStatus 0 NetStream.Publish.Denied\n");
    check_reject("publish", BC_RTMP_REJECT_REJECTED,
        "< 1 onStatus 0 NetStream.Publish.Rejected\n");
    check_reject("publish", BC_RTMP_REJECT_FAILED, "< 1 onStatus 0 NetStream.Failed\n");
    check_reject("publish", BC_RTMP_REJECT_INVALID_APP,
        "< 1 onStatus 0 NetConnection.Connect.InvalidApp\n");
    check_reject("play", BC_RTMP_REJECT_STREAM_NOT_FOUND,
        "< 1 onStatus 0 NetStream.Play.StreamNotFound\n");
    check_reject("play", BC_RTMP_REJECT_DENIED, "< 1 onStatus 0 NetStream.Play.Failed\n");
}

static void
test_refused_at_once_drops_the_rest(void **state)
{
    (void)state;
    struct peer p;
    struct bc_writer w = { 0 };
    peer_init(&p, NULL);
    p.answer = PEER_DENY;
    put_opening(&w);
    put_command(&w, 1, "publish", 3, "0s", "hq");
    put_message(&w, 9, 1, 0, "\x17\1", 2);
    assert_int_equal(peer_send(&p, &w), 0);
    assert_null(strstr(peer_log(&p), "video"));
    peer_finish(&p);
}

// The owner closes from inside a callback: nothing more happens.
static void
test_close_in_callback(void **state)
{
    (void)state;
    struct peer p;
    struct bc_writer w = { 0 };
    peer_init(&p, NULL);
    p.answer = PEER_CLOSE;
    put_opening(&w);
    put_command(&w, 1, "publish", 3, "0s", "hq");
    put_message(&w, 9, 1, 0, "\x17\1", 2);
    assert_int_equal(peer_send(&p, &w), -ECANCELED);
    assert_non_null(strstr(peer_log(&p), "publish live / hq ?  live\n"));
    assert_string_equal(bc_rtmp_session_reason(p.session), "");
    assert_int_equal(peer_input(&p, (const uint8_t *)"x", 1), -ECANCELED);
    bc_rtmp_session_reject(p.session, BC_RTMP_REJECT_FAILED, "no");
    bc_rtmp_session_play_stopped(p.session, true);
    assert_string_equal(peer_log(&p), "");
    peer_finish(&p);
}

static void
check_fails(struct bc_writer *w, const struct bc_rtmp_session_params *params, int error,
    const char *reason)
{
    struct peer p;
    peer_init(&p, params);
    assert_int_equal(peer_send(&p, w), error);
    assert_non_null(strstr(bc_rtmp_session_reason(p.session), reason));
    assert_int_equal(bc_rtmp_session_state(p.session), BC_RTMP_CLOSED);
    assert_int_equal(peer_input(&p, (const uint8_t *)"x", 1), -ECANCELED);
    peer_finish(&p);
}

static void
test_wrong_protocols(void **state)
{
    (void)state;
    struct bc_writer w = { 0 };
    bc_write_str(&w, "GET / HTTP/1.1\r\n\r\n");
    check_fails(&w, NULL, -EPROTO, "HTTP request on the RTMP port (first byte 0x47)");
    bc_write_bytes(&w, "\x16\3\1\2\0", 5);
    check_fails(&w, NULL, -EPROTO, "TLS ClientHello on the plain RTMP port");
    bc_write_str(&w, "SSH-2.0-x\r\n");
    check_fails(&w, NULL, -EPROTO, "not RTMP");
}

static void
test_protocol_errors(void **state)
{
    (void)state;
    struct bc_writer w = { 0 };
    put_hello(&w);
    put_command(&w, 0, "createStream", 1, "0");
    check_fails(&w, NULL, -EPROTO, "command 'createStream' before connect");

    put_opening(&w);
    put_connect(&w, "live", "");
    check_fails(&w, NULL, -EPROTO, "second connect");

    put_hello(&w);
    put_message(&w, 20, 0, 0, "\x05", 1);
    check_fails(&w, NULL, -EPROTO, "malformed command");

    put_hello(&w);
    put_message(&w, 1, 0, 0, "\0\0\0\0", 4);
    check_fails(&w, NULL, -EPROTO, "chunk size out of range");

    put_hello(&w);
    put_message(&w, 1, 0, 0, "\x80\0\0\1", 4);
    check_fails(&w, NULL, -EPROTO, "chunk size out of range");

    put_hello(&w);
    put_message(&w, 5, 0, 0, "\0\0\1", 3);
    check_fails(&w, NULL, -EPROTO, "control message is too short");

    put_hello(&w);
    bc_write_bytes(&w, "\xc7", 1);
    check_fails(&w, NULL, -EPROTO, "begins with a type 3");
}

// Who may not publish yet cannot make us keep 16 MiB, nor 8.
static void
test_large_messages(void **state)
{
    (void)state;
    static const uint8_t announced[] = { 0x04, 0, 0, 0, 0xff, 0xff, 0xff, 9, 1, 0, 0, 0 };
    struct bc_writer w = { 0 };
    put_hello(&w);
    bc_write_bytes(&w, announced, sizeof(announced));
    check_fails(&w, NULL, -EMSGSIZE, "16777215 bytes, type 9, is over the limit of 65536");

    put_opening(&w);
    put_command(&w, 1, "publish", 3, "0s", "hq");
    bc_write_bytes(&w, announced, sizeof(announced));
    check_fails(&w, NULL, -EMSGSIZE, "is over the limit of 8388608");

    struct bc_rtmp_session_params params = { .max_message_bytes = 1000 };
    uint8_t body[1001] = { 0x27 };
    put_opening(&w);
    put_command(&w, 1, "publish", 3, "0s", "hq");
    put_message(&w, 9, 1, 0, body, 1000);
    put_message(&w, 9, 1, 0, body, 1001);
    check_fails(&w, &params, -EMSGSIZE, "is over the limit of 1000");
}

static void
test_large_frame_of_a_publisher(void **state)
{
    (void)state;
    struct peer p;
    struct bc_writer w = { 0 };
    assert_int_equal(open_peer(&p, NULL, "publish"), 0);
    (void)peer_log(&p);
    uint8_t *frame = calloc(1, 1 << 20);
    frame[0] = 0x17;
    put_message(&w, 9, 1, 5, frame, 1 << 20);
    assert_int_equal(peer_send(&p, &w), 0);
    assert_string_equal(peer_log(&p),
        "video @5 17000000000000000000000000000000... 1048576\n");
    free(frame);
    peer_finish(&p);
}

static void
test_held_bytes_are_bounded(void **state)
{
    (void)state;
    struct bc_rtmp_session_params params = { .max_held_bytes = 500 };
    struct peer p;
    struct bc_writer w = { 0 };
    uint8_t body[400] = { 0x27 };
    peer_init(&p, &params);
    p.answer = PEER_LATER;
    put_opening(&w);
    put_command(&w, 1, "publish", 3, "0s", "hq");
    put_message(&w, 9, 1, 0, body, sizeof(body));
    assert_int_equal(peer_send(&p, &w), 0);
    put_message(&w, 9, 1, 0, body, sizeof(body));
    assert_int_equal(peer_send(&p, &w), -EMSGSIZE);
    assert_string_equal(bc_rtmp_session_reason(p.session),
        "more than 500 bytes before publish was answered");
    peer_finish(&p);
}

// What was held back may be broken; the answer tells.
static void
test_held_bytes_may_fail(void **state)
{
    (void)state;
    struct peer p;
    struct bc_writer w = { 0 };
    peer_init(&p, NULL);
    p.answer = PEER_LATER;
    put_opening(&w);
    put_command(&w, 1, "publish", 3, "0s", "hq");
    bc_write_bytes(&w, "\xc7", 1);
    assert_int_equal(peer_send(&p, &w), 0);
    assert_int_equal(bc_rtmp_session_accept_publish(p.session), -EPROTO);
    assert_non_null(strstr(bc_rtmp_session_reason(p.session), "begins with a type 3"));
    peer_finish(&p);
}

// RTMP-21: the running total after each window of the peer, handshake included.
static void
test_acknowledgements(void **state)
{
    (void)state;
    struct peer p;
    struct bc_writer w = { 0 };
    uint8_t body[3000] = { 0x27 };
    peer_init(&p, NULL);
    put_opening(&w);
    put_command(&w, 1, "publish", 3, "0s", "hq");
    put_message(&w, 5, 0, 0, "\0\0\x27\x10", 4); // 10000
    size_t total = w.len;
    assert_int_equal(peer_send(&p, &w), 0);
    (void)peer_log(&p);
    char expected[64];
    unsigned acks = 0;
    for (size_t acked = 0, i = 0; i < 20; i++) {
        put_message(&w, 8, 1, 0, body, sizeof(body));
        total += w.len;
        assert_int_equal(peer_send(&p, &w), 0);
        snprintf(expected, sizeof(expected), "< ack %zu\n", total);
        bool due = total - acked >= 10000;
        assert_true(due == (strstr(peer_log(&p), expected) != NULL));
        acked = due ? total : acked;
        acks += due;
    }
    assert_in_range(acks, 4, 6);
    peer_finish(&p);
}

static void
test_one_role_at_a_time(void **state)
{
    (void)state;
    struct peer p;
    struct bc_writer w = { 0 };
    assert_int_equal(open_peer(&p, NULL, "publish"), 0);
    (void)peer_log(&p);
    put_command(&w, 1, "publish", 0, "0s", "other");
    put_command(&w, 1, "play", 0, "0s", "other");
    put_command(&w, 1, "pause", 0, "0b", 1);
    put_command(&w, 1, "seek", 0, "0n", 1.0);
    put_command(&w, 1, "inventedCommand", 9, "0");
    put_command(&w, 0, "deleteStream", 0, "0n", 2.0); // another stream
    assert_int_equal(peer_send(&p, &w), 0);
    assert_string_equal(peer_log(&p), "< 1 onStatus 0 NetStream.Publish.BadName\n"
        "< 1 onStatus 0 NetStream.Play.Failed\n");
    assert_int_equal(bc_rtmp_session_state(p.session), BC_RTMP_PUBLISHING);
    peer_finish(&p);
}

static void
test_unusable_names(void **state)
{
    (void)state;
    struct peer p;
    struct bc_writer w = { 0 };
    assert_int_equal(open_peer(&p, NULL, NULL), 0);
    (void)peer_log(&p);
    put_command(&w, 1, "publish", 0, "0s", "../../etc");
    put_command(&w, 1, "publish", 0, "0s", "a\nb");
    put_command(&w, 1, "publish", 0, "0n", 5.0);
    put_command(&w, 1, "publish", 0, "");
    put_command(&w, 1, "play", 0, "0s", "");
    assert_int_equal(peer_send(&p, &w), 0);
    assert_string_equal(peer_log(&p), "< 1 onStatus 0 NetStream.Publish.BadName\n"
        "< 1 onStatus 0 NetStream.Publish.BadName\n"
        "< 1 onStatus 0 NetStream.Publish.BadName\n"
        "< 1 onStatus 0 NetStream.Publish.BadName\n"
        "< 1 onStatus 0 NetStream.Play.Failed\n");
    peer_finish(&p);
}

static void
test_streams_are_bounded(void **state)
{
    (void)state;
    struct peer p;
    struct bc_writer w = { 0 };
    assert_int_equal(open_peer(&p, NULL, NULL), 0);
    for (int i = 2; i <= 17; i++) {
        (void)peer_log(&p);
        put_command(&w, 0, "createStream", i, "0");
        assert_int_equal(peer_send(&p, &w), 0);
    }
    assert_string_equal(peer_log(&p), "< 0 _error 17\n");
    peer_finish(&p);
}

// Messages nobody asked for: shared objects, unknown types, media before publish.
static void
test_ignored_messages(void **state)
{
    (void)state;
    struct peer p;
    struct bc_writer w = { 0 };
    assert_int_equal(open_peer(&p, NULL, NULL), 0);
    (void)peer_log(&p);
    for (int type = 7; type < 256; type++) {
        if (type != 17 && type != 20 && type != 22) {
            put_message(&w, (uint8_t)type, 1, 0, "\2\0\1x", 4);
        }
        put_message(&w, (uint8_t)type, 1, 0, "", 0);
    }
    assert_int_equal(peer_send(&p, &w), 0);
    assert_string_equal(peer_log(&p), "");
    peer_finish(&p);
}

// RTMP-68
static void
test_script_messages(void **state)
{
    (void)state;
    struct peer p;
    struct bc_writer w = { 0 };
    assert_int_equal(open_peer(&p, NULL, "publish"), 0);
    (void)peer_log(&p);
    put_message(&w, 18, 1, 1, "\2\0\x0d@setDataFrame", 16); // nothing behind it
    put_message(&w, 18, 1, 2, "\2\0\x0f@clearDataFrame", 18);
    put_message(&w, 18, 1, 3, "\2\0\x04onFI\5", 8);
    put_message(&w, 18, 1, 4, "\2\0\x0d@setDataFrame\2\0\1n\5", 21);
    put_message(&w, 18, 1, 5, "\5", 1);
    put_message(&w, 15, 1, 6, "\0", 1);
    assert_int_equal(peer_send(&p, &w), 0);
    assert_string_equal(peer_log(&p),
        "script @3 0200046f6e464905\nscript @4 0200016e05\n");
    peer_finish(&p);
}

// Every single byte of a short flow set to a few values: no crash, no event without a
// name.
static void
test_flipped_bytes(void **state)
{
    (void)state;
    struct bc_writer w = { 0 };
    put_opening(&w);
    put_command(&w, 1, "publish", 3, "0s", "hq");
    put_message(&w, 9, 1, 0xfffffff0u, "\x17\1\0\0\0\1\2\3", 8);
    static const uint8_t values[] = { 0x00, 0x03, 0x11, 0x7f, 0x80, 0xc4, 0xff };
    for (size_t at = PEER_HELLO_BYTES; at < w.len; at++) {
        for (size_t v = 0; v < sizeof(values); v++) {
            struct peer p;
            peer_init(&p, NULL);
            uint8_t old = w.data[at];
            w.data[at] = values[v];
            (void)peer_input(&p, w.data, w.len);
            w.data[at] = old;
            peer_finish(&p);
        }
    }
    bc_writer_finish(&w);
}

static void
test_state_names(void **state)
{
    (void)state;
    struct peer p;
    peer_init(&p, NULL);
    assert_string_equal(bc_rtmp_state_name(bc_rtmp_session_state(p.session)), "handshake");
    peer_finish(&p);
    for (int i = BC_RTMP_HANDSHAKE; i <= BC_RTMP_CLOSED; i++) {
        assert_string_not_equal(bc_rtmp_state_name((enum bc_rtmp_state)i), "none");
    }
    bc_rtmp_session_destroy(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reject_codes),
        cmocka_unit_test(test_refused_at_once_drops_the_rest),
        cmocka_unit_test(test_close_in_callback),
        cmocka_unit_test(test_wrong_protocols),
        cmocka_unit_test(test_protocol_errors),
        cmocka_unit_test(test_large_messages),
        cmocka_unit_test(test_large_frame_of_a_publisher),
        cmocka_unit_test(test_held_bytes_are_bounded),
        cmocka_unit_test(test_held_bytes_may_fail),
        cmocka_unit_test(test_acknowledgements),
        cmocka_unit_test(test_one_role_at_a_time),
        cmocka_unit_test(test_unusable_names),
        cmocka_unit_test(test_streams_are_bounded),
        cmocka_unit_test(test_ignored_messages),
        cmocka_unit_test(test_script_messages),
        cmocka_unit_test(test_flipped_bytes),
        cmocka_unit_test(test_state_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
