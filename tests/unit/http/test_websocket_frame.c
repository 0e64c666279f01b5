// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/http/websocket_frame.h"

static void
test_heads_have_three_sizes(void **state)
{
    (void)state;
    uint8_t head[BC_WEBSOCKET_HEAD_MAX];
    assert_int_equal(bc_websocket_frame_head(head, BC_WEBSOCKET_BINARY, 125), 2);
    assert_memory_equal(head, "\x82\x7d", 2);
    assert_int_equal(bc_websocket_frame_head(head, BC_WEBSOCKET_BINARY, 126), 4);
    assert_memory_equal(head, "\x82\x7e\x00\x7e", 4);
    assert_int_equal(bc_websocket_frame_head(head, BC_WEBSOCKET_TEXT, 65535), 4);
    assert_memory_equal(head, "\x81\x7e\xff\xff", 4);
    assert_int_equal(bc_websocket_frame_head(head, BC_WEBSOCKET_BINARY, 65536), 10);
    assert_memory_equal(head, "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10);
}

// RFC 6455 1.3.
static void
test_the_key_is_accepted(void **state)
{
    (void)state;
    char accept[BC_WS_ACCEPT_TEXT];
    assert_true(bc_ws_accept_key("dGhlIHNhbXBsZSBub25jZQ==", accept));
    assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_false(bc_ws_accept_key("", accept));
    assert_false(bc_ws_accept_key("dGhlIHNhbXBsZSBub25jZQ=", accept));
    assert_false(bc_ws_accept_key("dGhlIHNhbXBsZSBub25jZSE=", accept)); // 17 bytes
    assert_false(bc_ws_accept_key("dGhlI\x01NhbXBsZSBub25jZQ==", accept));
}

static enum bc_ws_event
parse(const void *data, size_t len)
{
    static struct bc_ws_parser p;
    p = (struct bc_ws_parser){ 0 };
    size_t used;
    enum bc_ws_event event = bc_ws_parse(&p, data, len, &used);
    if (event == BC_WS_CLOSE || event == BC_WS_BAD) {
        assert_in_range(p.code, 1000, 1010);
    }
    return event;
}

static const uint8_t PING[] = {
    0x89, 0x85,             // FIN, ping; masked, 5 bytes
    0x37, 0xfa, 0x21, 0x3d, // mask
    0x7f, 0x9f, 0x4d, 0x51, 0x58, // "Hello" (RFC 6455 5.7)
};

static void
test_a_ping_is_unmasked_at_any_split(void **state)
{
    (void)state;
    for (size_t cut = 0; cut < sizeof(PING); cut++) {
        struct bc_ws_parser p = { 0 };
        size_t used;
        assert_int_equal(bc_ws_parse(&p, PING, cut, &used), BC_WS_NONE);
        assert_int_equal(used, cut);
        assert_int_equal(
            bc_ws_parse(&p, PING + cut, sizeof(PING) - cut, &used), BC_WS_PING);
        assert_int_equal(p.control_len, 5);
        assert_memory_equal(p.control, "Hello", 5);
    }
}

static void
test_messages_may_come_in_pieces_with_control_between(void **state)
{
    (void)state;
    static const uint8_t data[] = {
        0x01, 0x81, 0, 0, 0, 0, 'a', // text, not final
        0x89, 0x80, 0, 0, 0, 0,      // ping without payload
        0x80, 0x81, 0, 0, 0, 0, 'b', // continuation, final
    };
    struct bc_ws_parser p = { 0 };
    size_t used;
    assert_int_equal(bc_ws_parse(&p, data, sizeof(data), &used), BC_WS_PING);
    assert_int_equal(used, 13);
    assert_int_equal(bc_ws_parse(&p, data + 13, sizeof(data) - 13, &used), BC_WS_MESSAGE);
}

static void
test_closes_carry_a_code(void **state)
{
    (void)state;
    struct bc_ws_parser p = { 0 };
    size_t used;
    static const uint8_t normal[] = { 0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8 };
    assert_int_equal(bc_ws_parse(&p, normal, sizeof(normal), &used), BC_WS_CLOSE);
    assert_int_equal(p.code, 1000);
    p = (struct bc_ws_parser){ 0 };
    static const uint8_t empty[] = { 0x88, 0x80, 0, 0, 0, 0 };
    assert_int_equal(bc_ws_parse(&p, empty, sizeof(empty), &used), BC_WS_CLOSE);
    assert_int_equal(p.code, 1005);
    assert_int_equal(parse("\x88\x81\0\0\0\0x", 7), BC_WS_BAD);         // half a code
    assert_int_equal(parse("\x88\x82\0\0\0\0\x03\xed", 8), BC_WS_BAD); // 1005 on the wire
}

static void
test_what_the_rfc_forbids_is_bad(void **state)
{
    (void)state;
    assert_int_equal(parse("\x89\x00", 2), BC_WS_BAD);             // not masked
    assert_int_equal(parse("\xc2\x80\0\0\0\0", 6), BC_WS_BAD);     // RSV1
    assert_int_equal(parse("\x83\x80\0\0\0\0", 6), BC_WS_BAD);     // reserved opcode
    assert_int_equal(parse("\x8b\x80\0\0\0\0", 6), BC_WS_BAD); // reserved control opcode
    assert_int_equal(parse("\x09\x80\0\0\0\0", 6), BC_WS_BAD);     // ping in pieces
    assert_int_equal(parse("\x89\xfe\x00\x7e\0\0\0\0", 8), BC_WS_BAD); // ping of 126
    assert_int_equal(parse("\x80\x80\0\0\0\0", 6), BC_WS_BAD);     // nothing to continue
    assert_int_equal(
        parse("\x01\x80\0\0\0\0\x81\x80\0\0\0\0", 12), BC_WS_BAD); // new inside
    assert_int_equal(parse("\x82\xff\x00\x00\x00\x00\x00\x01\x00\x01\0\0\0\0", 14),
        BC_WS_BAD); // 65537 bytes
    assert_int_equal(
        parse("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 14), BC_WS_BAD);
}

static void
test_track_finds_the_ends_of_frames(void **state)
{
    (void)state;
    uint8_t bytes[2 + 3 + 2 + 4 + 200];
    memset(bytes, 0xff, sizeof(bytes));
    bc_websocket_frame_head(bytes, BC_WEBSOCKET_BINARY, 3);
    bc_websocket_frame_head(bytes + 5, BC_WEBSOCKET_BINARY, 0);
    bc_websocket_frame_head(bytes + 7, BC_WEBSOCKET_BINARY, 200);
    struct bc_ws_track t = { 0 };
    assert_int_equal(bc_ws_track_pass(&t, bytes, sizeof(bytes), true), 5);
    assert_true(bc_ws_track_at_boundary(&t));
    assert_int_equal(bc_ws_track_pass(&t, bytes + 5, sizeof(bytes) - 5, true), 2);
    for (size_t i = 7; i < sizeof(bytes); i++) {
        assert_int_equal(bc_ws_track_pass(&t, bytes + i, 1, true), 1);
        assert_int_equal(bc_ws_track_at_boundary(&t), i == sizeof(bytes) - 1);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heads_have_three_sizes),
        cmocka_unit_test(test_the_key_is_accepted),
        cmocka_unit_test(test_a_ping_is_unmasked_at_any_split),
        cmocka_unit_test(test_messages_may_come_in_pieces_with_control_between),
        cmocka_unit_test(test_closes_carry_a_code),
        cmocka_unit_test(test_what_the_rfc_forbids_is_bad),
        cmocka_unit_test(test_track_finds_the_ends_of_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
