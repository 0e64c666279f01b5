// SPDX-License-Identifier: Apache-2.0
// HTTP/2 connections over a wire without a socket; the client is nghttp2's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <nghttp2/nghttp2.h>

#include "base/buf.h"
#include "fake_wire.h"

#define STREAMS 64
#define BIG_BYTES (300 * 1024)

// What the client has got on one stream.
struct reply {
    char status[4];
    char cors[8];
    char range[64];
    char urgency;
    size_t bytes;
    bool closed;
    uint32_t error;
};

static struct {
    struct fake_wire wire;
    nghttp2_session *client;
    struct reply replies[STREAMS];
    bool goaway;
    uint32_t goaway_code;
    const char *upload; // what the client sends as body
    size_t upload_left;
    // The server's side.
    unsigned requests;
    unsigned gone;
    char path[128];
    char host[64];
    size_t body_len;
    struct bc_http_exchange *held;
    struct bc_sink *sink;
    enum bc_http_framing framing;
    unsigned writable;
    unsigned closed;
    struct bc_buf *big;
} g;

// --- the server's handler ---

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
    (void)reason;
    g.closed++;
    g.sink = NULL;
}

static void
handle(void *user, struct bc_http_exchange *x)
{
    (void)user;
    g.requests++;
    snprintf(g.path, sizeof(g.path), "%s", bc_http_path(x));
    const char *host = bc_http_header(x, "Host");
    snprintf(g.host, sizeof(g.host), "%s", host ? host : "");
    g.body_len = bc_http_request_body(x).len;
    if (strcmp(g.path, "/later") == 0) {
        g.held = x;
        bc_http_on_gone(x, on_gone, NULL);
    } else if (strcmp(g.path, "/stream") == 0) {
        g.sink = bc_http_stream(x, 200, "video/x-flv", "X-A: b\r\n", &g.framing);
        if (g.sink) {
            g.sink->on_writable = on_writable;
            g.sink->on_closed = on_closed;
        }
    } else if (strcmp(g.path, "/big") == 0) {
        struct bc_buf *bufs[] = { g.big, g.big, g.big };
        struct bc_http_response r = {
            .status = 200,
            .content_type = "application/vnd.apple.mpegurl",
            .bufs = bufs,
            .count = 3,
            .allow_range = true,
        };
        bc_http_respond(x, &r);
    } else {
        bc_http_respond_text(x, 200, NULL, NULL, "hello");
    }
}

// --- the client ---

static struct reply *
reply_of(int32_t id)
{
    return &g.replies[(id / 2) % STREAMS];
}

static void
copy_text(char *out, size_t cap, const uint8_t *value, size_t len)
{
    snprintf(out, cap, "%.*s", (int)len, (const char *)value);
}

static int
client_on_header(nghttp2_session *session, const nghttp2_frame *frame,
    const uint8_t *name, size_t name_len, const uint8_t *value, size_t len, uint8_t flags,
    void *user)
{
    (void)session;
    (void)flags;
    (void)user;
    (void)name_len;
    struct reply *r = reply_of(frame->hd.stream_id);
    if (strcmp((const char *)name, ":status") == 0) {
        copy_text(r->status, sizeof(r->status), value, len);
    } else if (strcmp((const char *)name, "access-control-allow-origin") == 0) {
        copy_text(r->cors, sizeof(r->cors), value, len);
    } else if (strcmp((const char *)name, "content-range") == 0) {
        copy_text(r->range, sizeof(r->range), value, len);
    }
    return 0;
}

static int
client_on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
    size_t len, void *user)
{
    (void)session;
    (void)flags;
    (void)data;
    (void)user;
    reply_of(id)->bytes += len;
    return 0;
}

static int
client_on_close(nghttp2_session *session, int32_t id, uint32_t error, void *user)
{
    (void)session;
    (void)user;
    reply_of(id)->closed = true;
    reply_of(id)->error = error;
    return 0;
}

static int
client_on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    (void)session;
    (void)user;
    if (frame->hd.type == NGHTTP2_GOAWAY) {
        g.goaway = true;
        g.goaway_code = frame->goaway.error_code;
    }
    return 0;
}

static ssize_t
read_upload(nghttp2_session *session, int32_t id, uint8_t *out, size_t len,
    uint32_t *flags, nghttp2_data_source *source, void *user)
{
    (void)session;
    (void)id;
    (void)source;
    (void)user;
    size_t n = g.upload_left < len ? g.upload_left : len;
    memset(out, 'u', n);
    g.upload_left -= n;
    if (g.upload_left == 0) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    return (ssize_t)n;
}

// Carries bytes both ways until neither side has any.
static void
pump(void)
{
    for (int quiet = 0; quiet < 2;) {
        const uint8_t *data;
        ssize_t n;
        quiet++;
        fake_wire_input(&g.wire, "", 0); // the end of a turn
        while ((n = nghttp2_session_mem_send(g.client, &data)) > 0) {
            fake_wire_input(&g.wire, data, (size_t)n);
            quiet = 0;
        }
        if (g.wire.out.len > 0) {
            struct bc_writer out = g.wire.out;
            g.wire.out = (struct bc_writer){ 0 };
            ssize_t used = nghttp2_session_mem_recv(g.client, out.data, out.len);
            assert_int_equal(used, out.len);
            bc_writer_finish(&out);
            quiet = 0;
        }
    }
}

#define NV(name, value) \
    { (uint8_t *)(name), (uint8_t *)(value), strlen(name), strlen(value), \
        NGHTTP2_NV_FLAG_NONE }

static int32_t
request(const char *method, const char *path, const char *name, const char *value)
{
    nghttp2_nv nv[] = { NV(":method", method), NV(":scheme", "http"), NV(":path", path),
        NV(":authority", "example.com"), NV(name, value) };
    nghttp2_data_provider body = { .read_callback = read_upload };
    int32_t id = nghttp2_submit_request(
        g.client, NULL, nv, 5, g.upload_left ? &body : NULL, NULL);
    *reply_of(id) = (struct reply){ .bytes = 0 };
    return id;
}

static int32_t
get(const char *path)
{
    return request("GET", path, "accept", "*/*");
}

static void
start_client(uint32_t window, bool settings)
{
    nghttp2_session_callbacks *cbs;
    nghttp2_session_callbacks_new(&cbs);
    nghttp2_session_callbacks_set_on_header_callback(cbs, client_on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cbs, client_on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(cbs, client_on_close);
    nghttp2_session_callbacks_set_on_frame_recv_callback(cbs, client_on_frame);
    nghttp2_option *option;
    nghttp2_option_new(&option);
    nghttp2_option_set_no_auto_window_update(option, window != 0);
    nghttp2_session_client_new2(&g.client, cbs, NULL, option);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(cbs);
    nghttp2_settings_entry entry = { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window };
    if (settings) {
        nghttp2_submit_settings(g.client, NGHTTP2_FLAG_NONE, &entry, window ? 1 : 0);
    }
}

static int
setup(void **state)
{
    (void)state;
    memset(&g, 0, sizeof(g));
    fake_wire_init(&g.wire, handle, NULL);
    g.big = bc_buf_create(BIG_BYTES / 3);
    memset(g.big->data, 'b', BIG_BYTES / 3);
    start_client(0, true);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    nghttp2_session_del(g.client);
    fake_wire_finish(&g.wire);
    assert_int_equal(atomic_load(&g.big->refs), 1);
    bc_buf_unref(&g.big);
    return 0;
}

static void
restart_client(uint32_t window)
{
    nghttp2_session_del(g.client);
    start_client(window, true);
}

static void
test_requests_are_answered(void **state)
{
    (void)state;
    int32_t a = get("/a%20b?x");
    int32_t b = request("HEAD", "/", "range", "bytes=0-1");
    pump();
    assert_int_equal(g.requests, 2);
    assert_string_equal(g.host, "example.com");
    assert_string_equal(reply_of(a)->status, "200");
    assert_string_equal(reply_of(a)->cors, "*");
    assert_int_equal(reply_of(a)->bytes, 5);
    assert_true(reply_of(a)->closed);
    assert_int_equal(reply_of(b)->bytes, 0);
    assert_true(reply_of(b)->closed);
    assert_int_equal(g.wire.timeout_us, g.wire.server.limits.idle_timeout_us);
}

static void
test_the_preface_may_come_byte_by_byte(void **state)
{
    (void)state;
    int32_t a = get("/");
    const uint8_t *data;
    ssize_t n;
    while ((n = nghttp2_session_mem_send(g.client, &data)) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            fake_wire_input(&g.wire, data + i, 1);
        }
    }
    pump();
    assert_string_equal(reply_of(a)->status, "200");
}

static void
test_large_bodies_pass_windows_and_ranges(void **state)
{
    (void)state;
    int32_t a = get("/big");
    int32_t b = request("GET", "/big", "range", "bytes=102399-204801");
    pump();
    assert_int_equal(reply_of(a)->bytes, BIG_BYTES);
    assert_string_equal(reply_of(b)->status, "206");
    assert_string_equal(reply_of(b)->range, "bytes 102399-204801/307200");
    assert_int_equal(reply_of(b)->bytes, 204801 - 102399 + 1);
    assert_true(reply_of(b)->closed);
}

// LL-15: neither a request that waits nor one whose window is closed holds the others.
static void
test_a_blocked_stream_blocks_no_other(void **state)
{
    (void)state;
    restart_client(1000);
    int32_t held = get("/later");
    int32_t stuck = get("/big");
    int32_t c = get("/c");
    pump();
    assert_true(reply_of(c)->closed);
    assert_int_equal(reply_of(stuck)->bytes, 1000);
    assert_false(reply_of(held)->closed);
    bc_http_respond_text(g.held, 200, NULL, NULL, "done");
    pump();
    assert_true(reply_of(held)->closed);
    assert_int_equal(reply_of(held)->bytes, 4);
    nghttp2_submit_window_update(g.client, NGHTTP2_FLAG_NONE, stuck, BIG_BYTES);
    nghttp2_submit_window_update(g.client, NGHTTP2_FLAG_NONE, 0, BIG_BYTES);
    pump();
    assert_int_equal(reply_of(stuck)->bytes, BIG_BYTES);
}

static void
test_a_full_wire_holds_frames_back(void **state)
{
    (void)state;
    int32_t a = get("/big");
    g.wire.queued = BC_HTTP_OUT_HIGH + 1;
    pump();
    assert_int_equal(reply_of(a)->bytes, 0);
    g.wire.queued = 0;
    bc_http_conn_writable(&g.wire.conn, g.wire.now_us);
    pump();
    assert_int_equal(reply_of(a)->bytes, BIG_BYTES);
}

// A writer must not be called again inside its own writev(), or it would write twice.
static void
test_writers_are_not_called_inside_their_calls(void **state)
{
    (void)state;
    static uint8_t block[200000];
    get("/stream");
    pump();
    nghttp2_session_set_local_window_size(g.client, NGHTTP2_FLAG_NONE, 0, 1 << 20);
    nghttp2_session_set_local_window_size(g.client, NGHTTP2_FLAG_NONE, 1, 1 << 20);
    pump();
    struct iovec iov = { block, sizeof(block) };
    assert_int_equal(bc_sink_writev(g.sink, &iov, 1), 128 * 1024);
    assert_int_equal(g.writable, 0);
    assert_true(g.wire.woken);
    pump();
    assert_int_equal(g.writable, 1);
}

static void
test_a_reset_tells_the_handler(void **state)
{
    (void)state;
    int32_t a = get("/later");
    pump();
    assert_non_null(g.held);
    nghttp2_submit_rst_stream(g.client, NGHTTP2_FLAG_NONE, a, NGHTTP2_CANCEL);
    pump();
    assert_int_equal(g.gone, 1);
    get("/later");
    pump();
    bc_http_conn_closed(&g.wire.conn, "gone");
    assert_int_equal(g.gone, 2);
}

static void
test_rapid_resets_end_the_session(void **state)
{
    (void)state;
    for (int i = 0; i < 300 && !g.wire.closed; i++) {
        int32_t id = get("/later");
        pump();
        nghttp2_submit_rst_stream(g.client, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
        pump();
    }
    assert_true(g.wire.closed);
    assert_true(g.goaway);
    assert_int_equal(g.goaway_code, NGHTTP2_ENHANCE_YOUR_CALM);
    assert_in_range(g.requests, 50, 150);
    assert_int_equal(g.gone, g.requests);
}

static void
test_settings_and_pings_in_floods_end_the_session(void **state)
{
    (void)state;
    for (int i = 0; i < 2000 && !g.wire.closed; i++) {
        nghttp2_submit_ping(g.client, NGHTTP2_FLAG_NONE, NULL);
        pump();
    }
    assert_true(g.wire.closed);
    assert_int_equal(g.goaway_code, NGHTTP2_ENHANCE_YOUR_CALM);
}

static void
test_pings_at_leisure_are_fine(void **state)
{
    (void)state;
    for (int i = 0; i < 2000; i++) {
        nghttp2_submit_ping(g.client, NGHTTP2_FLAG_NONE, NULL);
        pump();
        g.wire.now_us += 10000;
    }
    assert_false(g.wire.closed);
}

static void
test_uploads_are_limited(void **state)
{
    (void)state;
    g.upload_left = 4000;
    int32_t a = request("POST", "/up", "x", "y");
    pump();
    assert_int_equal(g.body_len, 4000);
    assert_string_equal(reply_of(a)->status, "200");
    g.upload_left = 100000;
    int32_t b = request("POST", "/up", "x", "y");
    pump();
    assert_string_equal(reply_of(b)->status, "413");
    assert_true(reply_of(b)->closed);
    assert_int_equal(g.requests, 1);
    // One path takes more, and the others go on beside it.
    g.body_len = 0;
    g.upload_left = 8000;
    a = request("POST", "/large?x=1", "x", "y");
    pump();
    assert_string_equal(reply_of(a)->status, "200");
    assert_int_equal(g.body_len, 8000);
    assert_int_equal(g.wire.server.uploads, 0);
    static const char *const PATHS[] = { "/large", "/larger", "/large/x" };
    for (size_t i = 0; i < 3; i++) {
        g.upload_left = i == 0 ? 8001 : 4097;
        b = request("POST", PATHS[i], "x", "y");
        pump();
        assert_string_equal(reply_of(b)->status, "413");
        assert_int_equal(g.wire.server.uploads, 0);
    }
    g.upload_left = 0;
    int32_t c = get("/after");
    pump();
    assert_string_equal(reply_of(c)->status, "200");
}

static void
test_bad_targets_and_large_heads_are_refused(void **state)
{
    (void)state;
    static char large[9000];
    memset(large, 'a', sizeof(large) - 1);
    int32_t a = get("/%00");
    int32_t b = request("GET", "/", "x", large);
    int32_t c = get("/fine");
    pump();
    assert_string_equal(reply_of(a)->status, "400");
    assert_string_equal(reply_of(b)->status, "431");
    assert_string_equal(reply_of(c)->status, "200");
    assert_int_equal(g.wire.server.bad_requests, 2);
}

static void
test_an_endless_body_is_buffered_within_bounds(void **state)
{
    (void)state;
    restart_client(1000);
    int32_t a = get("/stream");
    pump();
    assert_int_equal(g.framing, BC_HTTP_FRAMING_RAW);
    static uint8_t block[8000];
    struct iovec iov[] = { { block, sizeof(block) }, { block, sizeof(block) } };
    size_t total = 0;
    ssize_t n;
    while ((n = bc_sink_writev(g.sink, iov, 2)) > 0) {
        total += (size_t)n;
    }
    assert_in_range(total, 128 * 1024, 130 * 1024);
    pump();
    assert_int_equal(g.writable, 0);
    nghttp2_submit_window_update(g.client, NGHTTP2_FLAG_NONE, a, 1 << 20);
    nghttp2_submit_window_update(g.client, NGHTTP2_FLAG_NONE, 0, 1 << 20);
    pump();
    assert_int_equal(g.writable, 1);
    assert_int_equal(reply_of(a)->bytes, total);
    total += (size_t)bc_sink_writev(g.sink, iov, 1);
    bc_sink_finish(g.sink);
    pump();
    assert_int_equal(reply_of(a)->bytes, total);
    assert_true(reply_of(a)->closed);
    assert_int_equal(reply_of(a)->error, NGHTTP2_NO_ERROR);
    assert_int_equal(g.closed, 0);
}

static void
test_an_endless_body_hears_of_its_end(void **state)
{
    (void)state;
    int32_t a = get("/stream");
    pump();
    nghttp2_submit_rst_stream(g.client, NGHTTP2_FLAG_NONE, a, NGHTTP2_CANCEL);
    pump();
    assert_int_equal(g.closed, 1);
    int32_t b = get("/stream");
    pump();
    bc_sink_close(g.sink, "slow");
    pump();
    assert_true(reply_of(b)->closed);
    assert_int_equal(reply_of(b)->error, NGHTTP2_CANCEL);
    assert_int_equal(g.closed, 1);
    get("/stream");
    pump();
    bc_http_conn_abort(&g.wire.conn, "drain");
    assert_int_equal(g.closed, 2);
}

static void
test_drain_sends_goaway_and_ends(void **state)
{
    (void)state;
    int32_t a = get("/later");
    pump();
    bc_http_conn_drain(&g.wire.conn);
    pump();
    assert_true(g.goaway);
    assert_false(g.wire.closed);
    bc_http_respond_text(g.held, 200, NULL, NULL, "x");
    pump();
    assert_true(reply_of(a)->closed);
    assert_true(g.wire.closed);
}

static void
test_slow_requests_and_silent_readers_are_closed(void **state)
{
    (void)state;
    restart_client(1000);
    get("/big");
    pump();
    assert_int_equal(g.wire.timeout_us, g.wire.server.limits.idle_timeout_us);
    bc_http_conn_timeout(&g.wire.conn, 0);
    assert_true(g.wire.closed);
}

static void
test_garbage_after_the_preface_is_refused(void **state)
{
    (void)state;
    fake_wire_input_text(&g.wire, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    fake_wire_input_text(&g.wire, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(g.wire.closed);
    assert_int_equal(g.wire.server.bad_requests, 1);
}

static void
test_an_upgrade_becomes_stream_1(void **state)
{
    (void)state;
    fake_wire_input_text(&g.wire, "GET /up?x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, "
                                  "HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: "
                                  "AAMAAABkAAQAAP__\r\n\r\n");
    assert_int_equal(g.requests, 1);
    assert_string_equal(g.path, "/up");
    assert_memory_equal(g.wire.out.data, "HTTP/1.1 101 ", 13);
    fake_wire_clear(&g.wire);
    nghttp2_session_del(g.client);
    start_client(0, false);
    // What "AAMAAABkAAQAAP__" says: 100 streams, a window of 65535.
    static const uint8_t settings[] = { 0, 3, 0, 0, 0, 100, 0, 4, 0, 0, 255, 255 };
    assert_int_equal(
        nghttp2_session_upgrade2(g.client, settings, sizeof(settings), 0, NULL), 0);
    nghttp2_submit_settings(g.client, NGHTTP2_FLAG_NONE, NULL, 0);
    pump();
    assert_string_equal(reply_of(1)->status, "200");
    int32_t b = get("/next");
    pump();
    assert_string_equal(reply_of(b)->status, "200");
}

#define flow(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        flow(test_requests_are_answered),
        flow(test_the_preface_may_come_byte_by_byte),
        flow(test_large_bodies_pass_windows_and_ranges),
        flow(test_a_blocked_stream_blocks_no_other),
        flow(test_a_full_wire_holds_frames_back),
        flow(test_writers_are_not_called_inside_their_calls),
        flow(test_a_reset_tells_the_handler),
        flow(test_rapid_resets_end_the_session),
        flow(test_settings_and_pings_in_floods_end_the_session),
        flow(test_pings_at_leisure_are_fine),
        flow(test_uploads_are_limited),
        flow(test_bad_targets_and_large_heads_are_refused),
        flow(test_an_endless_body_is_buffered_within_bounds),
        flow(test_an_endless_body_hears_of_its_end),
        flow(test_drain_sends_goaway_and_ends),
        flow(test_slow_requests_and_silent_readers_are_closed),
        flow(test_garbage_after_the_preface_is_refused),
        flow(test_an_upgrade_becomes_stream_1),
    };
    bc_log_set_level(BC_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
