// SPDX-License-Identifier: Apache-2.0
// HTTP/1 connections over a wire without a socket.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_wire.h"

#define HOST "Host: a\r\n"

// What the handler saw last, and what it is to do: "/later" keeps the exchange.
static struct {
    struct fake_wire wire;
    char path[256];
    char query[256];
    char body[8192];
    unsigned requests;
    unsigned gone;
    struct bc_http_exchange *held;
    struct bc_sink *sink;
    enum bc_http_framing framing;
    unsigned writable;
    char closed[128];
} g;

static void
on_gone(void *user)
{
    (void)user;
    g.gone++;
    g.held = NULL;
}

static void
on_writable(void *user)
{
    (void)user;
    g.writable++;
}

static void
on_closed(void *user, const char *reason)
{
    (void)user;
    snprintf(g.closed, sizeof(g.closed), "%s", reason);
    g.sink = NULL;
}

static void
take_sink(struct bc_sink *sink)
{
    g.sink = sink;
    if (sink) {
        sink->on_writable = on_writable;
        sink->on_closed = on_closed;
    }
}

static void
respond_range(struct bc_http_exchange *x)
{
    struct bc_buf *bufs[] = { bc_buf_copy("01234", 5), bc_buf_copy("56789", 5) };
    struct bc_http_response r = {
        .status = 200,
        .content_type = "video/mp4",
        .headers = "ETag: \"v1\"\r\n",
        .bufs = bufs,
        .count = 2,
        .allow_range = true,
    };
    bc_http_respond(x, &r);
    bc_buf_unref(&bufs[0]);
    bc_buf_unref(&bufs[1]);
}

static void
handle(void *user, struct bc_http_exchange *x)
{
    (void)user;
    g.requests++;
    snprintf(g.path, sizeof(g.path), "%s", bc_http_path(x));
    snprintf(g.query, sizeof(g.query), "%s", bc_http_query(x));
    struct bc_http_body body = bc_http_request_body(x);
    if (body.len > 0) {
        memcpy(g.body, body.data, body.len);
    }
    g.body[body.len] = '\0';
    if (strcmp(g.path, "/later") == 0) {
        g.held = x;
        bc_http_on_gone(x, on_gone, NULL);
    } else if (strcmp(g.path, "/stream") == 0) {
        take_sink(bc_http_stream(x, 200, "video/x-flv", "Cache-Control: no-store\r\n",
            &g.framing));
    } else if (strcmp(g.path, "/ws") == 0) {
        take_sink(bc_http_websocket(x));
    } else if (strcmp(g.path, "/range") == 0) {
        respond_range(x);
    } else if (strcmp(g.path, "/404") == 0) {
        bc_http_respond_error(x, 404, "not_found", "no such \"thing\"");
    } else {
        bc_http_respond_text(x, 200, NULL, NULL, g.path);
    }
}

static int
setup(void **state)
{
    (void)state;
    memset(&g, 0, sizeof(g));
    fake_wire_init(&g.wire, handle, NULL);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    fake_wire_finish(&g.wire);
    return 0;
}

static const char *
ask(const char *text)
{
    fake_wire_clear(&g.wire);
    fake_wire_input_text(&g.wire, text);
    return fake_wire_text(&g.wire);
}

static void
assert_has(const char *text, const char *part)
{
    if (!text || !strstr(text, part)) {
        fail_msg("no \"%s\" in:\n%s", part, text ? text : "");
    }
}

static void
assert_has_not(const char *text, const char *part)
{
    if (text && strstr(text, part)) {
        fail_msg("\"%s\" in:\n%s", part, text);
    }
}

static void
test_a_request_is_answered_and_the_connection_stays(void **state)
{
    (void)state;
    const char *text = ask("GET /a%20b?x=1 HTTP/1.1\r\n" HOST "\r\n");
    assert_memory_equal(text, "HTTP/1.1 200 OK\r\nDate: ", 23);
    assert_has(text, "\r\nContent-Length: 4\r\n");
    assert_has(text, "\r\nContent-Type: text/plain; charset=utf-8\r\n");
    assert_has(text, "\r\nAccess-Control-Allow-Origin: *\r\n");
    assert_has(text, "\r\n\r\n/a b");
    assert_has_not(text, "Connection:");
    assert_string_equal(g.query, "x=1");
    assert_false(g.wire.closed);
    assert_int_equal(g.wire.timeout_us, g.wire.server.limits.idle_timeout_us);
    assert_has(ask("GET /c HTTP/1.1\r\n" HOST "\r\n"), "\r\n\r\n/c");
    assert_int_equal(g.requests, 2);
}

static void
test_a_request_may_be_cut_anywhere(void **state)
{
    (void)state;
    static const char REQUEST[] =
        "\r\nPOST /a?b=c HTTP/1.1\r\nHost: h\r\nX:\r\nAccept-Encoding: "
        "gzip \r\nContent-Length: 3\r\n\r\nxyz";
    for (size_t cut = 0; cut < sizeof(REQUEST) - 1; cut++) {
        fake_wire_input(&g.wire, REQUEST, cut);
        fake_wire_input(&g.wire, REQUEST + cut, sizeof(REQUEST) - 1 - cut);
        assert_int_equal(g.requests, cut + 1);
        assert_string_equal(g.body, "xyz");
        assert_string_equal(g.path, "/a");
    }
    for (size_t i = 0; i < sizeof(REQUEST) - 1; i++) {
        fake_wire_input(&g.wire, REQUEST + i, 1);
    }
    assert_int_equal(g.requests, sizeof(REQUEST));
    assert_false(g.wire.closed);
}

static void
test_http10_closes_unless_asked(void **state)
{
    (void)state;
    assert_has(ask("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
        "\r\nConnection: keep-alive\r\n");
    assert_false(g.wire.closed);
    assert_has(ask("GET /a HTTP/1.0\r\n\r\n"), "\r\nConnection: close\r\n");
    assert_true(g.wire.closed);
    assert_int_equal(g.wire.how, BC_HTTP_CLOSE_FLUSH);
}

static void
test_connection_close_is_obeyed(void **state)
{
    (void)state;
    ask("GET /a HTTP/1.1\r\n" HOST "Connection: foo\r\nConnection: Close\r\n\r\n"
        "GET /b HTTP/1.1\r\n" HOST "\r\n");
    assert_true(g.wire.closed);
    assert_int_equal(g.requests, 1);
}

static void
test_pipelined_requests_wait_for_their_turn(void **state)
{
    (void)state;
    const char *text = ask("GET /1 HTTP/1.1\r\n" HOST "\r\nGET /later HTTP/1.1\r\n" HOST
                           "\r\nGET /3 HTTP/1.1\r\n" HOST "\r\n");
    assert_has(text, "\r\n\r\n/1");
    assert_has_not(text, "/3");
    assert_false(g.wire.reading);
    assert_non_null(g.held);
    fake_wire_clear(&g.wire);
    bc_http_respond_text(g.held, 200, NULL, NULL, "now");
    assert_true(g.wire.woken);
    fake_wire_input(&g.wire, "", 0);
    text = fake_wire_text(&g.wire);
    assert_true(strstr(text, "now") < strstr(text, "/3"));
    assert_true(g.wire.reading);
    assert_int_equal(g.requests, 3);
}

static void
test_too_much_pipelined_is_closed(void **state)
{
    (void)state;
    ask("GET /later HTTP/1.1\r\n" HOST "\r\n");
    for (int i = 0; i < 2000 && !g.wire.closed; i++) {
        fake_wire_input_text(&g.wire, "GET /3 HTTP/1.1\r\n" HOST "\r\n");
    }
    assert_true(g.wire.closed);
    assert_int_equal(g.gone, 1);
}

static void
test_a_peer_that_does_not_read_is_not_served_on(void **state)
{
    (void)state;
    g.wire.queued = BC_HTTP_OUT_HIGH + 1;
    ask("GET /1 HTTP/1.1\r\n" HOST "\r\nGET /2 HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(g.requests, 0);
    assert_false(g.wire.reading);
    g.wire.queued = 0;
    bc_http_conn_writable(&g.wire.conn, 0);
    assert_int_equal(g.requests, 2);
    assert_true(g.wire.reading);
    g.wire.queued = 100;
    ask("GET /1 HTTP/1.1\r\n" HOST "\r\n");
    bc_http_conn_timeout(&g.wire.conn, 0);
    assert_false(g.wire.closed); // the first look
    g.wire.queued = 50;
    bc_http_conn_timeout(&g.wire.conn, 0);
    assert_false(g.wire.closed); // it reads
    bc_http_conn_timeout(&g.wire.conn, 0);
    assert_true(g.wire.closed);
}

static void
test_gone_is_told_once(void **state)
{
    (void)state;
    ask("GET /later HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(g.wire.timeout_us, 0);
    bc_http_conn_closed(&g.wire.conn, "bye");
    assert_int_equal(g.gone, 1);
}

static void
assert_refused(const char *request, const char *status)
{
    void *none = NULL;
    teardown(&none);
    setup(&none);
    const char *text = ask(request);
    assert_memory_equal(text, "HTTP/1.1 ", 9);
    if (strncmp(text + 9, status, strlen(status)) != 0) {
        fail_msg("not %s for:\n%s\nbut:\n%s", status, request, text);
    }
    assert_has(text, "\r\nConnection: close\r\n");
    assert_has(text, "\r\nAccess-Control-Allow-Origin: *\r\n");
    assert_true(g.wire.closed);
    assert_int_equal(g.wire.how, BC_HTTP_CLOSE_LINGER);
    assert_int_equal(g.requests, 0);
    assert_int_equal(g.wire.server.bad_requests, 1);
}

static void
test_malformed_requests_are_refused(void **state)
{
    (void)state;
    assert_refused("NONSENSE\r\n\r\n", "400");
    assert_refused("\x03garbage of RTMP", "400");
    assert_refused("GET /\r\n\r\n", "505");
    assert_refused("GET / HTTP/3.0\r\n\r\n", "505");
    assert_refused("GET / HTTP/1.1\r\n\r\n", "400 "); // no Host
    assert_refused("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400");
    assert_refused("GET /%00 HTTP/1.1\r\n" HOST "\r\n", "400");
    assert_refused("CONNECT a:443 HTTP/1.1\r\n" HOST "\r\n", "405");
    assert_refused("GET / HTTP/1.1\r\n" HOST "Expect: tea\r\n\r\n", "417");
    assert_refused("GET / HTTP/1.1\r\n" HOST "A: b\rc\r\n\r\n", "400");
    assert_refused("GET / HTTP/1.1\r\n" HOST "A: b\x01\r\n\r\n", "400");
    assert_refused("GET / HTTP/1.1\r\n" HOST "A\r\n\r\n", "400");
    assert_refused("GET / HTTP/1.1\r\n" HOST "\r\rX", "400");
}

static void
test_smuggling_is_refused(void **state)
{
    (void)state;
    const char *const heads[] = {
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
        "Content-Length: 3\r\nContent-Length: 3\r\n",
        "Content-Length: 3\r\nContent-Length: 4\r\n",
        "Content-Length: 3, 3\r\n",
        "Content-Length: +3\r\n",
        "Content-Length: -3\r\n",
        "Content-Length: 0x3\r\n",
        "Content-Length: \r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Content-Length : 3\r\n",
        " Content-Length: 3\r\n",
        "A: b\r\n Content-Length: 3\r\n",
        "A:\r\n b\r\n",
        "A: b\r\n\tc\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    };
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        char request[512];
        snprintf(
            request, sizeof(request), "POST / HTTP/1.1\r\n" HOST "%s\r\nabc", heads[i]);
        assert_refused(request, "400");
    }
    assert_refused(
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", "501");
    assert_refused(
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n", "501");
    assert_refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "400");
}

static void
test_limits_are_kept(void **state)
{
    (void)state;
    char request[16384];
    int n = snprintf(request, sizeof(request), "GET /");
    memset(request + n, 'a', 9000);
    request[n + 9000] = '\0';
    assert_refused(request, "414");
    n = snprintf(request, sizeof(request), "GET / HTTP/1.1\r\n" HOST "A: ");
    memset(request + n, 'a', 9000);
    request[n + 9000] = '\0';
    assert_refused(request, "431");
    n = snprintf(request, sizeof(request), "GET / HTTP/1.1\r\n");
    for (int i = 0; i < 101; i++) {
        n += snprintf(request + n, sizeof(request) - (size_t)n, "a: b\r\n");
    }
    snprintf(request + n, sizeof(request) - (size_t)n, "\r\n");
    assert_refused(request, "431");
    assert_refused("POST / HTTP/1.1\r\n" HOST "Content-Length: 4097\r\n\r\n", "413");
}

// One path takes more than all others, for four at one time.
static void
test_uploads_have_a_path_and_a_number(void **state)
{
    (void)state;
    unsigned *uploads = &g.wire.server.uploads;
    ask("POST /large HTTP/1.1\r\n" HOST "Content-Length: 8000\r\n\r\n");
    assert_int_equal(*uploads, 1);
    char *body = calloc(1, 8001);
    memset(body, 'b', 8000);
    assert_has(ask(body), "200");
    assert_int_equal(*uploads, 0);
    free(body);
    ask("POST /large?x HTTP/1.1\r\n" HOST "Content-Length: 4096\r\n\r\n");
    assert_int_equal(*uploads, 0); // an ordinary one
    assert_refused("POST /larger HTTP/1.1\r\n" HOST "Content-Length: 4097\r\n\r\n", "413");
    assert_refused("PUT /large HTTP/1.1\r\n" HOST "Content-Length: 4097\r\n\r\n", "413");
    assert_refused(
        "POST /large HTTP/1.1\r\n" HOST "Content-Length: 8001\r\n\r\n", "413");
    teardown(state);
    setup(state);
    *uploads = 4;
    assert_has(ask("POST /large HTTP/1.1\r\n" HOST "Content-Length: 4097\r\n\r\n"), " 413 ");
    assert_int_equal(*uploads, 4);
    *uploads = 0;
}

static void
test_bodies_arrive_whole(void **state)
{
    (void)state;
    const char *text = ask("POST /b HTTP/1.1\r\n" HOST "Expect: 100-continue\r\n"
                           "Content-Length: 5\r\n\r\n");
    assert_string_equal(text, "HTTP/1.1 100 Continue\r\n\r\n");
    assert_int_equal(g.requests, 0);
    assert_int_equal(g.wire.timeout_us, g.wire.server.limits.header_timeout_us);
    assert_has(ask("helloGET /next HTTP/1.1\r\n" HOST "\r\n"), "/next");
    assert_int_equal(g.requests, 2);
    ask("POST /c HTTP/1.1\r\n" HOST
        "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    assert_string_equal(g.body, "abc");
    ask("GET /d HTTP/1.1\r\n" HOST "\r\n");
    assert_string_equal(g.body, "");
}

static void
test_slow_and_idle_peers_are_closed(void **state)
{
    (void)state;
    assert_int_equal(g.wire.timeout_us, g.wire.server.limits.header_timeout_us);
    ask("GET / HT");
    bc_http_conn_timeout(&g.wire.conn, 0);
    assert_has(fake_wire_text(&g.wire), "HTTP/1.1 408 ");
    assert_true(g.wire.closed);
    teardown(state);
    setup(state);
    ask("GET / HTTP/1.1\r\n" HOST "\r\n");
    fake_wire_clear(&g.wire);
    bc_http_conn_timeout(&g.wire.conn, 0);
    assert_true(g.wire.closed);
    assert_int_equal(g.wire.out.len, 0);
}

static void
test_head_has_no_body(void **state)
{
    (void)state;
    const char *text = ask("HEAD /abc HTTP/1.1\r\n" HOST "\r\n");
    assert_has(text, "\r\nContent-Length: 4\r\n");
    assert_int_equal(strlen(strstr(text, "\r\n\r\n")), 4);
    text = ask("HEAD /stream HTTP/1.1\r\n" HOST "\r\n");
    assert_has(text, "video/x-flv");
    assert_int_equal(strlen(strstr(text, "\r\n\r\n")), 4);
    assert_null(g.sink);
    assert_false(g.wire.closed);
}

static void
test_ranges_are_cut_over_bufs(void **state)
{
    (void)state;
    const char *text = ask("GET /range HTTP/1.1\r\n" HOST "Range: bytes=3-6\r\n\r\n");
    assert_memory_equal(text, "HTTP/1.1 206 ", 13);
    assert_has(text, "\r\nContent-Range: bytes 3-6/10\r\n");
    assert_has(text, "\r\nContent-Length: 4\r\n");
    assert_has(text, "\r\n\r\n3456");
    text = ask("GET /range HTTP/1.1\r\n" HOST "Range: bytes=10-\r\n\r\n");
    assert_memory_equal(text, "HTTP/1.1 416 ", 13);
    assert_has(text, "\r\nContent-Range: bytes */10\r\n");
    assert_has(text, "\r\nContent-Length: 0\r\n");
    assert_has(ask("GET /range HTTP/1.1\r\n" HOST "Range: bytes=0-1,3-4\r\n\r\n"),
        "\r\n\r\n0123456789");
    assert_has(ask("GET /range HTTP/1.1\r\n" HOST
                   "Range: bytes=0-1\r\nIf-Range: \"v2\"\r\n\r\n"),
        "\r\n\r\n0123456789");
    assert_has(ask("GET /range HTTP/1.1\r\n" HOST
                   "Range: bytes=0-1\r\nIf-Range: \"v1\"\r\n\r\n"),
        "HTTP/1.1 206 ");
}

static void
test_cors_is_on_errors_and_preflights(void **state)
{
    (void)state;
    const char *text = ask("GET /404 HTTP/1.1\r\n" HOST "Origin: null\r\n\r\n");
    assert_has(text, "\r\nAccess-Control-Allow-Origin: *\r\n");
    assert_has(text, "\r\nAccess-Control-Expose-Headers: Accept-Patch, Age, ");
    assert_has(text,
        "{\"error\":{\"code\":\"not_found\",\"message\":\"no such \\\"thing\\\"\"}}");
    unsigned before = g.requests;
    text = ask("OPTIONS /live/hq.flv HTTP/1.1\r\n" HOST "Origin: http://x\r\n"
               "Access-Control-Request-Method: GET\r\n"
               "Access-Control-Request-Headers: range, authorization\r\n\r\n");
    assert_memory_equal(text, "HTTP/1.1 204 ", 13);
    assert_has(text, "\r\nAccess-Control-Allow-Headers: range, authorization\r\n");
    assert_has(text, "\r\nAccess-Control-Max-Age: ");
    assert_has_not(text, "\r\nContent-Length");
    assert_int_equal(g.requests, before);
    ask("OPTIONS /whip HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(g.requests, before + 1);
}

static void
test_a_stream_is_chunked_by_its_writer(void **state)
{
    (void)state;
    const char *text = ask("GET /stream HTTP/1.1\r\n" HOST "\r\n");
    assert_has(text, "\r\nTransfer-Encoding: chunked\r\n");
    assert_int_equal(g.framing, BC_HTTP_FRAMING_CHUNKED);
    assert_null(g.wire.conn.x.req.text); // no memory kept for a request
    fake_wire_clear(&g.wire);
    struct iovec iov = { (void *)"3\r\nabc\r\n", 8 };
    assert_int_equal(bc_sink_writev(g.sink, &iov, 1), 8);
    ask("input that nobody asked for");
    bc_sink_finish(g.sink);
    assert_true(g.wire.closed);
    assert_string_equal(fake_wire_text(&g.wire), "0\r\n\r\n");
    assert_string_equal(g.closed, "");
}

static void
test_a_stream_tells_of_room_and_of_its_end(void **state)
{
    (void)state;
    assert_has(ask("GET /stream HTTP/1.0\r\n\r\n"), "\r\nConnection: close\r\n");
    assert_int_equal(g.framing, BC_HTTP_FRAMING_RAW);
    g.wire.room = 3;
    struct iovec iov = { (void *)"abcdef", 6 };
    assert_int_equal(bc_sink_writev(g.sink, &iov, 1), 3);
    bc_http_conn_writable(&g.wire.conn, 0);
    assert_int_equal(g.writable, 1);
    bc_http_conn_closed(&g.wire.conn, "reset");
    assert_string_equal(g.closed, "reset");
}

#define WS_HEAD \
    "GET /ws HTTP/1.1\r\n" HOST "Connection: keep-alive, Upgrade\r\n" \
    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define WS_REQUEST WS_HEAD "\r\n"

static void
test_a_websocket_opens_and_says_goodbye(void **state)
{
    (void)state;
    const char *text = ask(WS_REQUEST);
    assert_memory_equal(text, "HTTP/1.1 101 ", 13);
    assert_has(text, "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
    assert_null(g.wire.conn.x.req.text);
    fake_wire_clear(&g.wire);
    bc_sink_finish(g.sink);
    assert_int_equal(g.wire.out.len, 4);
    assert_memory_equal(g.wire.out.data, "\x88\x02\x03\xe9", 4); // 1001
    assert_true(g.wire.closed);
}

static void
test_a_subprotocol_is_chosen_when_offered(void **state)
{
    (void)state;
    assert_has(ask(WS_HEAD "Sec-WebSocket-Protocol: flv, other\r\n\r\n"),
        "\r\nSec-WebSocket-Protocol: flv\r\n\r\n");
}

static void
test_a_pong_stands_between_frames(void **state)
{
    (void)state;
    static const uint8_t ping[] = { 0x89, 0x81, 0, 0, 0, 0, 'p' };
    static const uint8_t frames[] = { 0x82, 3, 'a', 'b', 'c', 0x82, 1, 'd' };
    ask(WS_REQUEST);
    fake_wire_clear(&g.wire);
    g.wire.room = 4;
    struct iovec iov = { (void *)frames, sizeof(frames) };
    assert_int_equal(bc_sink_writev(g.sink, &iov, 1), 4);
    fake_wire_input(&g.wire, ping, sizeof(ping));
    assert_int_equal(g.wire.out.len, 4); // inside a frame: not yet
    g.wire.room = SIZE_MAX;
    iov = (struct iovec){ (void *)(frames + 4), 4 };
    assert_int_equal(bc_sink_writev(g.sink, &iov, 1), 1); // up to the end of the frame
    iov = (struct iovec){ (void *)(frames + 5), 3 };
    assert_int_equal(bc_sink_writev(g.sink, &iov, 1), 3);
    assert_int_equal(g.wire.out.len, 11);
    assert_memory_equal(g.wire.out.data, "\x82\x03" "abc" "\x8a\x01p" "\x82\x01" "d", 11);
}

static void
test_a_close_is_answered_and_told(void **state)
{
    (void)state;
    static const uint8_t close[] = { 0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8 };
    ask(WS_REQUEST);
    fake_wire_clear(&g.wire);
    fake_wire_input(&g.wire, close, sizeof(close));
    assert_memory_equal(g.wire.out.data, "\x88\x02\x03\xe8", 4);
    assert_string_equal(g.closed, "the client closed the WebSocket");
    assert_true(g.wire.closed);
}

static void
test_bad_websockets_are_refused(void **state)
{
    (void)state;
    assert_has(ask("GET /ws HTTP/1.1\r\n" HOST "\r\n"), "HTTP/1.1 426 ");
    assert_has(
        ask("GET /ws HTTP/1.1\r\n" HOST "Connection: upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n\r\n"),
        "HTTP/1.1 400 ");
    ask(WS_REQUEST);
    fake_wire_clear(&g.wire);
    fake_wire_input(&g.wire, "\x82\x00", 2); // not masked
    assert_memory_equal(g.wire.out.data, "\x88\x02\x03\xea", 4); // 1002
    assert_true(g.wire.closed);
    assert_int_equal(g.wire.server.bad_requests, 1);
}

static void
test_drain_lets_requests_end(void **state)
{
    (void)state;
    ask("GET /later HTTP/1.1\r\n" HOST "\r\n");
    bc_http_conn_drain(&g.wire.conn);
    assert_false(g.wire.closed);
    fake_wire_clear(&g.wire);
    bc_http_respond_text(g.held, 200, NULL, NULL, "x");
    assert_has(fake_wire_text(&g.wire), "\r\nConnection: close\r\n");
    assert_true(g.wire.closed);
    teardown(state);
    setup(state);
    ask("GET / HTTP/1.1\r\n" HOST "\r\n");
    bc_http_conn_drain(&g.wire.conn);
    assert_true(g.wire.closed);
}

static void
test_tls_on_a_plain_port_is_closed(void **state)
{
    (void)state;
    fake_wire_input(&g.wire, "\x16\x03\x01\x02\x00\x01", 6);
    assert_true(g.wire.closed);
    assert_int_equal(g.wire.out.len, 0);
    assert_int_equal(g.wire.server.bad_requests, 1);
}

#define flow(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        flow(test_a_request_is_answered_and_the_connection_stays),
        flow(test_a_request_may_be_cut_anywhere),
        flow(test_http10_closes_unless_asked),
        flow(test_connection_close_is_obeyed),
        flow(test_pipelined_requests_wait_for_their_turn),
        flow(test_too_much_pipelined_is_closed),
        flow(test_a_peer_that_does_not_read_is_not_served_on),
        flow(test_gone_is_told_once),
        flow(test_malformed_requests_are_refused),
        flow(test_smuggling_is_refused),
        flow(test_limits_are_kept),
        flow(test_uploads_have_a_path_and_a_number),
        flow(test_bodies_arrive_whole),
        flow(test_slow_and_idle_peers_are_closed),
        flow(test_head_has_no_body),
        flow(test_ranges_are_cut_over_bufs),
        flow(test_cors_is_on_errors_and_preflights),
        flow(test_a_stream_is_chunked_by_its_writer),
        flow(test_a_stream_tells_of_room_and_of_its_end),
        flow(test_a_websocket_opens_and_says_goodbye),
        flow(test_a_subprotocol_is_chosen_when_offered),
        flow(test_a_pong_stands_between_frames),
        flow(test_a_close_is_answered_and_told),
        flow(test_bad_websockets_are_refused),
        flow(test_drain_lets_requests_end),
        flow(test_tls_on_a_plain_port_is_closed),
    };
    bc_log_set_level(BC_LOG_ERROR); // bad input is what most of this is about
    return cmocka_run_group_tests(tests, NULL, NULL);
}
