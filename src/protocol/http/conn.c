// SPDX-License-Identifier: Apache-2.0
#include "conn.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "file_body.h"
#include "h2.h"

// Input that may wait behind a response. A client that pipelines more than this is
// closed.
#define REST_MAX_BYTES (16 * 1024)
// What a client may send while it receives a body without end.
#define IGNORED_MAX_BYTES (64 * 1024)

static const char PREFACE[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
#define PREFACE_BYTES (sizeof(PREFACE) - 1)

void
bc_http_conn_init(struct bc_http_conn *conn, struct bc_http_server *server,
    const struct bc_http_wire_ops *ops, void *wire)
{
    *conn = (struct bc_http_conn){
        .wire_ops = ops,
        .wire = wire,
        .server = server,
        .peer = "",
        .peer_ip = "",
        .state = BC_HTTP_CONN_DETECT,
        .draining = server->draining,
        .x = { .ops = &bc_http1_exchange_ops, .conn = conn },
    };
    bc_http1_parser_begin(&conn->parser, &conn->x.req);
    bc_http_conn_set_timer(conn, BC_HTTP_TIMER_HEAD);
}

void
bc_http_conn_finish(struct bc_http_conn *conn)
{
    bc_http_request_finish(&conn->x.req);
    bc_writer_finish(&conn->rest);
    free(conn->websocket);
    conn->websocket = NULL;
    bc_h2_destroy(conn->h2);
    conn->h2 = NULL;
    bc_http_file_body_destroy(conn->files);
    conn->files = NULL;
}

void
bc_http_conn_close(struct bc_http_conn *conn, enum bc_http_close how, const char *reason)
{
    if (conn->state != BC_HTTP_CONN_CLOSED) {
        conn->state = BC_HTTP_CONN_CLOSED;
        conn->wire_ops->close(conn->wire, how, reason);
    }
}

void
bc_http_conn_set_timer(struct bc_http_conn *conn, enum bc_http_conn_timer timer)
{
    const struct bc_http_limits *limits = &conn->server->limits;
    if (timer == BC_HTTP_TIMER_NONE && conn->timer == BC_HTTP_TIMER_NONE) {
        return;
    }
    conn->timer = timer;
    conn->stalled_bytes = SIZE_MAX;
    conn->wire_ops->set_timeout(conn->wire,
        timer == BC_HTTP_TIMER_NONE       ? 0
            : timer == BC_HTTP_TIMER_HEAD ? limits->header_timeout_us
                                          : limits->idle_timeout_us);
}

void
bc_http_conn_count_bad(struct bc_http_conn *conn, const char *reason)
{
    struct bc_http_server *server = conn->server;
    unsigned suppressed = 0;
    server->bad_requests++;
    if (!bc_log_limit_pass(&server->bad_limit, bc_clock_us(), &suppressed)) {
        return;
    }
    if (suppressed > 0) {
        bc_warn(NULL, "http %s: refused: %s; %u others since the last such line",
            conn->peer, reason, suppressed);
    } else {
        bc_warn(NULL, "http %s: refused: %s", conn->peer, reason);
    }
}

void
bc_http_conn_send(struct bc_http_conn *conn, const void *data, size_t len)
{
    struct bc_http_slice slice = { data, len, NULL };
    conn->wire_ops->send(conn->wire, &slice, 1);
}

static void
begin_h2(struct bc_http_conn *conn, int64_t now_us)
{
    conn->h2 = bc_h2_create(conn);
    if (!conn->h2) {
        bc_http_conn_close(conn, BC_HTTP_CLOSE_NOW, "no memory");
        return;
    }
    conn->state = BC_HTTP_CONN_H2;
    bc_h2_input(conn->h2, (const uint8_t *)PREFACE, PREFACE_BYTES, now_us);
}

// Compares the first bytes with HTTP/2's preface (RFC 9113 3.4). Returns the bytes taken.
static size_t
detect(struct bc_http_conn *conn, const uint8_t *data, size_t len, int64_t now_us)
{
    size_t n = 0;
    while (n < len && conn->preface_seen + n < PREFACE_BYTES
        && data[n] == (uint8_t)PREFACE[conn->preface_seen + n]) {
        n++;
    }
    size_t before = conn->preface_seen;
    conn->preface_seen += (uint32_t)n;
    if (conn->preface_seen == PREFACE_BYTES) {
        begin_h2(conn, now_us);
        return n;
    }
    if (n == len) {
        return n;
    }
    if (conn->alpn_h2) {
        bc_http_conn_count_bad(conn, "no HTTP/2 preface after ALPN chose h2");
        bc_http_conn_close(conn, BC_HTTP_CLOSE_NOW, "no HTTP/2 preface");
        return 0;
    }
    if (before + n == 0 && data[0] == 0x16) {
        bc_http_conn_count_bad(conn, "TLS on a plain port");
        bc_http_conn_close(conn, BC_HTTP_CLOSE_NOW, "TLS on a plain port");
        return 0;
    }
    conn->state = BC_HTTP_CONN_HEAD;
    if (before > 0) { // came in an earlier read: a method that begins like "PRI"
        bc_http1_input(conn, (const uint8_t *)PREFACE, before, now_us);
    }
    return 0;
}

static size_t
ignore(struct bc_http_conn *conn, size_t len)
{
    conn->ignored_bytes += (uint32_t)len;
    if (conn->ignored_bytes > IGNORED_MAX_BYTES) {
        bc_http_conn_abort(conn, "the client sends instead of receiving");
    }
    return len;
}

static bool
can_consume(const struct bc_http_conn *conn)
{
    switch (conn->state) {
    case BC_HTTP_CONN_INVALID:
    case BC_HTTP_CONN_CLOSED:
    case BC_HTTP_CONN_WAIT:
    case BC_HTTP_CONN_FILES:
        return false;
    case BC_HTTP_CONN_HEAD:
        return conn->x.req.len > 0 || !bc_http_conn_is_congested(conn);
    default:
        return true;
    }
}

static size_t
consume(struct bc_http_conn *conn, const uint8_t *data, size_t len, int64_t now_us)
{
    switch (conn->state) {
    case BC_HTTP_CONN_DETECT:
        return detect(conn, data, len, now_us);
    case BC_HTTP_CONN_HEAD:
    case BC_HTTP_CONN_BODY:
        return bc_http1_input(conn, data, len, now_us);
    case BC_HTTP_CONN_WEBSOCKET:
        bc_websocket_input(conn, data, len);
        return len;
    case BC_HTTP_CONN_H2:
        bc_h2_input(conn->h2, data, len, now_us);
        return len;
    default:
        return ignore(conn, len);
    }
}

static void
keep_rest(struct bc_http_conn *conn, const uint8_t *data, size_t len)
{
    if (len == 0 || conn->state == BC_HTTP_CONN_CLOSED) {
        return;
    }
    if (conn->rest.len + len <= REST_MAX_BYTES) {
        bc_write_bytes(&conn->rest, data, len);
    }
    if (conn->rest.len + len > REST_MAX_BYTES || conn->rest.failed) {
        bc_http_conn_count_bad(conn, "too much pipelined");
        bc_http_conn_abort(conn, "too much pipelined");
        return;
    }
    conn->wire_ops->set_reading(conn->wire, false);
}

static void
pump(struct bc_http_conn *conn, const uint8_t *data, size_t len, int64_t now_us)
{
    conn->busy++;
    while (len > 0 && can_consume(conn)) {
        size_t n = consume(conn, data, len, now_us);
        data += n;
        len -= n;
    }
    conn->busy--;
    keep_rest(conn, data, len);
    bool begun = conn->state == BC_HTTP_CONN_HEAD && conn->x.req.len > 0;
    if (begun && conn->timer != BC_HTTP_TIMER_HEAD) {
        bc_http_conn_set_timer(conn, BC_HTTP_TIMER_HEAD);
    }
}

void
bc_http_conn_input(
    struct bc_http_conn *conn, const uint8_t *data, size_t len, int64_t now_us)
{
    if (conn->rest.len > 0) {
        keep_rest(conn, data, len);
        return;
    }
    pump(conn, data, len, now_us);
}

void
bc_http_conn_resume(struct bc_http_conn *conn, int64_t now_us)
{
    if (conn->state == BC_HTTP_CONN_H2) {
        bc_h2_run(conn->h2);
    }
    if (conn->rest.len == 0 || conn->busy > 0 || !can_consume(conn)) {
        return;
    }
    struct bc_writer rest = conn->rest;
    conn->rest = (struct bc_writer){ 0 };
    pump(conn, rest.data, rest.len, now_us);
    bc_writer_finish(&rest);
    if (conn->rest.len == 0 && conn->state != BC_HTTP_CONN_CLOSED) {
        conn->wire_ops->set_reading(conn->wire, true);
    }
}

void
bc_http_conn_writable(struct bc_http_conn *conn, int64_t now_us)
{
    switch (conn->state) {
    case BC_HTTP_CONN_H2:
        bc_h2_writable(conn->h2);
        break;
    case BC_HTTP_CONN_FILES:
        bc_http1_files_go_on(conn);
        break;
    case BC_HTTP_CONN_WEBSOCKET:
        bc_websocket_writable(conn);
        break;
    case BC_HTTP_CONN_STREAM:
        if (conn->sink.on_writable) {
            conn->sink.on_writable(conn->sink.user);
        }
        break;
    default:
        if (conn->timer == BC_HTTP_TIMER_SEND
            && conn->wire_ops->queued(conn->wire) == 0) {
            bc_http_conn_set_timer(conn, BC_HTTP_TIMER_IDLE);
        }
        bc_http_conn_resume(conn, now_us);
        break;
    }
}

// The peer has to read what it asked for: true while it does.
static bool
makes_progress(struct bc_http_conn *conn)
{
    size_t queued = conn->wire_ops->queued(conn->wire);
    bool progress = conn->state == BC_HTTP_CONN_FILES ? bc_http1_files_moved(conn)
                                                      : queued < conn->stalled_bytes;
    if (progress) {
        bc_http_conn_set_timer(conn, conn->timer);
        conn->stalled_bytes = queued;
    }
    return progress;
}

void
bc_http_conn_timeout(struct bc_http_conn *conn, int64_t now_us)
{
    (void)now_us;
    if (conn->state == BC_HTTP_CONN_H2) {
        bc_h2_timeout(conn->h2);
        return;
    }
    switch (conn->timer) {
    case BC_HTTP_TIMER_NONE:
        break;
    case BC_HTTP_TIMER_HEAD:
        if (conn->state == BC_HTTP_CONN_DETECT) { // connected and said nothing
            bc_http_conn_close(conn, BC_HTTP_CLOSE_NOW, "no request");
        } else {
            bc_http1_refuse(conn, 408, "slow request");
        }
        break;
    case BC_HTTP_TIMER_IDLE:
        bc_http_conn_close(conn, BC_HTTP_CLOSE_FLUSH, "idle");
        break;
    case BC_HTTP_TIMER_SEND:
        if (makes_progress(conn)) {
            break;
        }
        if (conn->state == BC_HTTP_CONN_FILES) { // players stop when they have enough
            bc_http_conn_close(conn, BC_HTTP_CLOSE_NOW, "the client stopped reading");
        } else {
            bc_http_conn_count_bad(conn, "the client stopped reading");
            bc_http_conn_close(conn, BC_HTTP_CLOSE_NOW, "the client stopped reading");
        }
        break;
    }
}

// Tells the holder of the exchange or sink that was there in that state.
static void
tell(struct bc_http_conn *conn, enum bc_http_conn_state state, const char *reason)
{
    switch (state) {
    case BC_HTTP_CONN_WAIT:
        bc_http_exchange_lost(&conn->x);
        break;
    case BC_HTTP_CONN_STREAM:
    case BC_HTTP_CONN_WEBSOCKET:
        if (conn->sink.on_closed) {
            conn->sink.on_closed(conn->sink.user, reason);
        }
        break;
    case BC_HTTP_CONN_H2:
        bc_h2_closed(conn->h2, reason);
        break;
    default:
        break;
    }
}

void
bc_http_conn_closed(struct bc_http_conn *conn, const char *reason)
{
    enum bc_http_conn_state state = conn->state;
    conn->state = BC_HTTP_CONN_CLOSED;
    tell(conn, state, reason);
}

void
bc_http_conn_abort(struct bc_http_conn *conn, const char *reason)
{
    enum bc_http_conn_state state = conn->state;
    bc_http_conn_close(conn, BC_HTTP_CLOSE_NOW, reason);
    tell(conn, state, reason);
}

void
bc_http_conn_drain(struct bc_http_conn *conn)
{
    conn->draining = true;
    if (conn->state == BC_HTTP_CONN_H2) {
        bc_h2_drain(conn->h2);
        return;
    }
    bool idle = conn->state == BC_HTTP_CONN_DETECT
        || (conn->state == BC_HTTP_CONN_HEAD && conn->x.req.len == 0
            && conn->rest.len == 0);
    if (idle) {
        bc_http_conn_close(conn, BC_HTTP_CLOSE_FLUSH, "the server stops");
    }
}
