// SPDX-License-Identifier: Apache-2.0
// HTTP/1.0 and 1.1 (RFC 9112): one request after the other, answers in their order.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conn.h"
#include "file_body.h"
#include "h2.h"

#define HEAD_STACK_BYTES 2048
#define SLICES_PER_SEND 32
#define SUBPROTOCOL_MAX_BYTES 64

// --- requests ---

void
bc_http1_refuse(struct bc_http_conn *conn, int status, const char *reason)
{
    bc_http_conn_count_bad(conn, reason);
    conn->x.req.version = 11;
    conn->x.req.method = BC_HTTP_GET;
    conn->x.req.count = 0; // what was parsed so far is not to be looked at
    memset(conn->x.req.first, 0, sizeof(conn->x.req.first));
    conn->keep_alive = false;
    conn->state = BC_HTTP_CONN_WAIT;
    bc_http_respond_error(&conn->x, status, "bad_request", reason);
}

// RFC 7540 3.2. A request with a body stays on HTTP/1, as the RFC allows.
static const char *
h2c_settings(const struct bc_http_conn *conn)
{
    const struct bc_http_request *req = &conn->x.req;
    if (conn->tls || req->version < 11 || conn->body.kind != BC_HTTP_BODY_NONE
        || !bc_http_request_has_token(req, BC_HTTP_FIELD_UPGRADE, "h2c")
        || !bc_http_request_has_token(req, BC_HTTP_FIELD_CONNECTION, "http2-settings")
        || (req->repeated & 1u << BC_HTTP_FIELD_HTTP2_SETTINGS)) {
        return NULL;
    }
    return bc_http_request_get(req, BC_HTTP_FIELD_HTTP2_SETTINGS);
}

static void
upgrade_to_h2(struct bc_http_conn *conn, const char *settings)
{
    static const char SWITCHING[] = "HTTP/1.1 101 Switching Protocols\r\n"
                                    "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n";
    conn->h2 = bc_h2_create(conn);
    if (!conn->h2) {
        bc_http_conn_close(conn, BC_HTTP_CLOSE_NOW, "no memory");
        return;
    }
    bc_http_conn_send(conn, SWITCHING, sizeof(SWITCHING) - 1);
    conn->state = BC_HTTP_CONN_H2;
    if (bc_h2_upgrade(conn->h2, &conn->x, settings) != 0) {
        bc_http_conn_count_bad(conn, "bad HTTP2-Settings");
        bc_http_conn_close(conn, BC_HTTP_CLOSE_NOW, "bad HTTP2-Settings");
    }
}

static void
dispatch(struct bc_http_conn *conn)
{
    const char *settings = h2c_settings(conn);
    if (settings) {
        upgrade_to_h2(conn, settings);
        return;
    }
    conn->state = BC_HTTP_CONN_WAIT;
    bc_http_conn_set_timer(conn, BC_HTTP_TIMER_NONE);
    bc_http_exchange_dispatch(&conn->x);
}

static void
on_head(struct bc_http_conn *conn)
{
    struct bc_http1_framing framing = { .keep_alive = false };
    int status = bc_http1_parser_end(&conn->parser, &framing);
    if (status != 200) {
        bc_http1_refuse(conn, status, conn->parser.reason);
        return;
    }
    conn->keep_alive = framing.keep_alive;
    conn->body = framing.body;
    if (conn->body.kind == BC_HTTP_BODY_NONE) {
        dispatch(conn);
        return;
    }
    if (conn->body.left
        > bc_http_request_body_limit(&conn->x.req, conn->server, conn->x.req.path,
            conn->body.left > SIZE_MAX ? SIZE_MAX : (size_t)conn->body.left)) {
        bc_http1_refuse(conn, 413, "body too large");
        return;
    }
    conn->state = BC_HTTP_CONN_BODY;
    if (conn->timer != BC_HTTP_TIMER_HEAD) {
        bc_http_conn_set_timer(conn, BC_HTTP_TIMER_HEAD);
    }
    if (framing.expects_continue) {
        static const char CONTINUE[] = "HTTP/1.1 100 Continue\r\n\r\n";
        bc_http_conn_send(conn, CONTINUE, sizeof(CONTINUE) - 1);
    }
}

size_t
bc_http1_input(struct bc_http_conn *conn, const uint8_t *data, size_t len, int64_t now_us)
{
    (void)now_us;
    const struct bc_http_limits *limits = &conn->server->limits;
    size_t used = 0;
    if (conn->state == BC_HTTP_CONN_BODY) {
        struct bc_http_request *req = &conn->x.req;
        size_t limit = bc_http_request_body_limit(
            req, conn->server, req->path, req->body.len + len);
        int status = bc_http_body_feed(&conn->body, data, len, limit, &req->body, &used);
        if (status == 200) {
            dispatch(conn);
        } else if (status != 0) {
            bc_http1_refuse(conn, status, status == 413 ? "body too large" : "bad body");
        }
        return used;
    }
    int status = bc_http1_parser_feed(
        &conn->parser, data, len, limits->header_bytes, &used);
    if (status == 200) {
        on_head(conn);
    } else if (status != 0) {
        bc_http1_refuse(conn, status, conn->parser.reason);
    }
    return used;
}

// --- responses ---

void
bc_http1_end_exchange(struct bc_http_conn *conn, bool refused)
{
    struct bc_http_exchange *x = &conn->x;
    x->gone = NULL;
    if (!conn->keep_alive || conn->draining) {
        bc_http_conn_close(conn, refused ? BC_HTTP_CLOSE_LINGER : BC_HTTP_CLOSE_FLUSH,
            "response sent");
        return;
    }
    bc_http_request_reset(&x->req);
    bc_http1_parser_begin(&conn->parser, &x->req);
    conn->state = BC_HTTP_CONN_HEAD;
    bool all_sent = conn->wire_ops->queued(conn->wire) == 0;
    bc_http_conn_set_timer(conn, all_sent ? BC_HTTP_TIMER_IDLE : BC_HTTP_TIMER_SEND);
    if (conn->rest.len > 0 && conn->busy == 0) {
        conn->wire_ops->wake(conn->wire);
    }
}

static void
push_slice(struct bc_http_conn *conn, struct bc_http_slice *slices, int *count,
    struct bc_http_slice slice)
{
    slices[(*count)++] = slice;
    if (*count == SLICES_PER_SEND) {
        conn->wire_ops->send(conn->wire, slices, *count);
        *count = 0;
    }
}

// One write: the head and the slice of the body that is asked for.
static void
send_answer(struct bc_http_conn *conn, const char *head, size_t head_len,
    const struct bc_http_answer *a)
{
    struct bc_http_slice slices[SLICES_PER_SEND];
    int count = 0;
    slices[count++] = (struct bc_http_slice){ head, head_len, NULL };
    uint64_t skip = a->offset;
    uint64_t left = a->sends_body ? a->len : 0;
    for (size_t i = 0; i < a->r->count && left > 0; i++) {
        struct bc_buf *buf = a->r->bufs[i];
        if (skip >= buf->len) {
            skip -= buf->len;
            continue;
        }
        uint64_t n = buf->len - skip;
        n = n < left ? n : left;
        push_slice(conn, slices, &count,
            (struct bc_http_slice){ buf->data + skip, (size_t)n, buf });
        left -= n;
        skip = 0;
    }
    if (count > 0) {
        conn->wire_ops->send(conn->wire, slices, count);
    }
}

static bool
write_answer(struct bc_http_conn *conn, const struct bc_http_answer *a,
    const char *connection)
{
    char stack[HEAD_STACK_BYTES];
    size_t cap = bc_http_head_bound(conn->server, a->r) + strlen(connection);
    char *head = cap <= sizeof(stack) ? stack : malloc(cap);
    size_t len = head ? bc_http_head_write(head, cap, conn->server, a, connection) : 0;
    if (len > 0) {
        send_answer(conn, head, len, a);
    }
    if (head != stack) {
        free(head);
    }
    return len > 0;
}

static void
fail_exchange(struct bc_http_conn *conn)
{
    conn->x.gone = NULL;
    bc_http_conn_close(conn, BC_HTTP_CLOSE_NOW, "no memory");
}

static const char *
connection_line(const struct bc_http_conn *conn)
{
    if (!conn->keep_alive || conn->draining) {
        return "Connection: close\r\n";
    }
    return conn->x.req.version == 10 ? "Connection: keep-alive\r\n" : "";
}

static void
respond(struct bc_http_exchange *x, const struct bc_http_answer *a)
{
    struct bc_http_conn *conn = x->conn;
    if (conn->state != BC_HTTP_CONN_WAIT) {
        return; // closed while the handler was at it
    }
    // A refused request may have more input behind it that will never be read.
    bool refused = !conn->keep_alive && a->status >= 400;
    if (a->r->close) {
        conn->keep_alive = false;
    }
    if (!write_answer(conn, a, connection_line(conn))) {
        fail_exchange(conn);
        return;
    }
    bc_http1_end_exchange(conn, refused);
}

static void
respond_files(struct bc_http_exchange *x, const struct bc_http_answer *a,
    struct bc_http_file_body *body)
{
    struct bc_http_conn *conn = x->conn;
    if (conn->state != BC_HTTP_CONN_WAIT) {
        bc_http_file_body_destroy(body);
        return; // closed while the handler was at it
    }
    if (!write_answer(conn, a, connection_line(conn))) {
        bc_http_file_body_destroy(body);
        fail_exchange(conn);
        return;
    }
    bc_http1_files_begin(conn, body);
}

static void
begin_sink(struct bc_http_conn *conn, enum bc_http_conn_state state)
{
    conn->state = state;
    conn->x.gone = NULL;
    bc_http_request_finish(&conn->x.req);
    bc_http_conn_set_timer(conn, BC_HTTP_TIMER_NONE);
    if (conn->rest.len > 0 && conn->busy == 0) {
        conn->wire_ops->wake(conn->wire);
    }
}

// --- a body without end ---

static struct bc_http_conn *
conn_of(struct bc_sink *sink)
{
    return bc_container_of(sink, struct bc_http_conn, sink);
}

static ssize_t
sink_writev(struct bc_sink *sink, const struct iovec *iov, int count)
{
    struct bc_http_conn *conn = conn_of(sink);
    if (conn->state == BC_HTTP_CONN_CLOSED) {
        return -EPIPE;
    }
    return conn->wire_ops->writev(conn->wire, iov, count);
}

static void
sink_close(struct bc_sink *sink, const char *reason)
{
    bc_http_conn_close(conn_of(sink), BC_HTTP_CLOSE_NOW, reason);
}

static void
sink_finish_raw(struct bc_sink *sink)
{
    bc_http_conn_close(conn_of(sink), BC_HTTP_CLOSE_FLUSH, "end of the stream");
}

static void
sink_finish_chunked(struct bc_sink *sink)
{
    struct bc_http_conn *conn = conn_of(sink);
    if (conn->state != BC_HTTP_CONN_CLOSED) {
        bc_http_conn_send(conn, "0\r\n\r\n", 5);
        bc_http_conn_close(conn, BC_HTTP_CLOSE_FLUSH, "end of the stream");
    }
}

static const struct bc_sink_ops RAW_OPS = { sink_writev, sink_close, sink_finish_raw };
static const struct bc_sink_ops CHUNKED_OPS = { sink_writev, sink_close,
    sink_finish_chunked };

static struct bc_sink *
stream(struct bc_http_exchange *x, const struct bc_http_answer *a,
    enum bc_http_framing *framing)
{
    struct bc_http_conn *conn = x->conn;
    if (x->req.method == BC_HTTP_HEAD) {
        respond(x, a);
        return NULL;
    }
    if (conn->state != BC_HTTP_CONN_WAIT) {
        return NULL;
    }
    bool chunked = x->req.version == 11;
    if (!write_answer(conn, a,
            chunked ? "Transfer-Encoding: chunked\r\nConnection: close\r\n"
                    : "Connection: close\r\n")) {
        fail_exchange(conn);
        return NULL;
    }
    *framing = chunked ? BC_HTTP_FRAMING_CHUNKED : BC_HTTP_FRAMING_RAW;
    conn->sink = (struct bc_sink){ .ops = chunked ? &CHUNKED_OPS : &RAW_OPS };
    begin_sink(conn, BC_HTTP_CONN_STREAM);
    return &conn->sink;
}

// The first protocol that the client offers, when it offers any: browsers fail the
// connection if none is chosen (FLV players that set one don't care which). NULL: none.
static const char *
subprotocol(const struct bc_http_request *req, size_t *len)
{
    const char *list = bc_http_request_find(req, "sec-websocket-protocol");
    *len = list ? strcspn(list, ", \t") : 0;
    return *len > 0 && *len <= SUBPROTOCOL_MAX_BYTES ? list : NULL;
}

static struct bc_sink *
websocket(struct bc_http_exchange *x, const char *accept)
{
    struct bc_http_conn *conn = x->conn;
    char head[384];
    struct bc_http_text t = { head, head + sizeof(head), false };
    bc_http_put_literal(&t, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                            "Upgrade: websocket\r\nSec-WebSocket-Accept: ");
    bc_http_put_str(&t, accept);
    size_t len;
    const char *protocol = subprotocol(&x->req, &len);
    if (protocol) {
        bc_http_put_literal(&t, "\r\nSec-WebSocket-Protocol: ");
        bc_http_put(&t, protocol, len);
    }
    bc_http_put_literal(&t, "\r\n\r\n");
    if (conn->state != BC_HTTP_CONN_WAIT) {
        return NULL;
    }
    if (bc_websocket_begin(conn) != 0) {
        fail_exchange(conn);
        return NULL;
    }
    bc_http_conn_send(conn, head, (size_t)(t.p - head));
    begin_sink(conn, BC_HTTP_CONN_WEBSOCKET);
    return &conn->sink;
}

const struct bc_http_exchange_ops bc_http1_exchange_ops = { respond, respond_files, stream,
    websocket };
