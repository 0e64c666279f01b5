// SPDX-License-Identifier: Apache-2.0
// A WebSocket (RFC 6455) on a connection that was HTTP/1.1. The viewer writes complete
// frames that it shares with others; the control frames of this file go between them.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conn.h"
#include "websocket_frame.h"

#define CONTROL_FRAME_MAX (2 + BC_WS_CONTROL_MAX)
#define CLOSE_GOING_AWAY 1001

// Allocated when the connection becomes a WebSocket, owned by it.
struct bc_websocket {
    struct bc_ws_parser parser;
    struct bc_ws_track track;          // of what the viewer writes
    uint8_t pending[CONTROL_FRAME_MAX]; // waits for the end of a frame; "" is none
    size_t pending_len;
    bool closing; // what is pending is a close: nothing follows it
};

static struct bc_http_conn *
conn_of(struct bc_sink *sink)
{
    return bc_container_of(sink, struct bc_http_conn, sink);
}

// Sends the pending control frame if the wire stands between two frames.
static void
send_pending(struct bc_http_conn *conn)
{
    struct bc_websocket *ws = conn->websocket;
    if (ws->pending_len == 0 || !bc_ws_track_at_boundary(&ws->track)) {
        return;
    }
    // A peer that pings and never reads gets one pong at a time.
    if (!ws->closing && conn->wire_ops->queued(conn->wire) > 0) {
        return;
    }
    bc_http_conn_send(conn, ws->pending, ws->pending_len);
    ws->pending_len = 0;
    if (ws->closing) {
        bc_http_conn_close(conn, BC_HTTP_CLOSE_LINGER, "WebSocket closed");
    }
}

static void
set_pending(struct bc_websocket *ws, enum bc_websocket_opcode opcode, const uint8_t *data,
    size_t len)
{
    size_t head = bc_websocket_frame_head(ws->pending, opcode, len);
    if (len > 0) {
        memcpy(ws->pending + head, data, len);
    }
    ws->pending_len = head + len;
}

// Says goodbye; in the middle of a frame that can't be said, and the connection just
// closes.
static void
goodbye(struct bc_http_conn *conn, uint16_t code)
{
    struct bc_websocket *ws = conn->websocket;
    uint8_t payload[2] = { (uint8_t)(code >> 8), (uint8_t)code };
    if (!bc_ws_track_at_boundary(&ws->track)) {
        bc_http_conn_close(conn, BC_HTTP_CLOSE_FLUSH, "WebSocket closed inside a frame");
        return;
    }
    set_pending(ws, BC_WEBSOCKET_CLOSE, payload, code == 1005 ? 0 : 2);
    ws->closing = true;
    send_pending(conn);
}

// The bytes up to the end of the first frame that ends in the vectors; SIZE_MAX when none
// does.
static size_t
first_boundary(const struct bc_ws_track *track, const struct iovec *iov, int count)
{
    struct bc_ws_track t = *track;
    size_t total = 0;
    for (int i = 0; i < count; i++) {
        total += bc_ws_track_pass(&t, iov[i].iov_base, iov[i].iov_len, true);
        if (bc_ws_track_at_boundary(&t) && total > 0) {
            return total;
        }
    }
    return SIZE_MAX;
}

static void
track_taken(struct bc_ws_track *track, const struct iovec *iov, int count, size_t taken)
{
    for (int i = 0; i < count && taken > 0; i++) {
        size_t n = iov[i].iov_len < taken ? iov[i].iov_len : taken;
        bc_ws_track_pass(track, iov[i].iov_base, n, false);
        taken -= n;
    }
}

// Writes at most `limit` bytes of the vectors.
static ssize_t
write_some(struct bc_http_conn *conn, const struct iovec *iov, int count, size_t limit)
{
    struct iovec part[16];
    int n = 0;
    for (; n < count && n < 16 && limit > 0; n++) {
        part[n] = iov[n];
        if (part[n].iov_len > limit) {
            part[n].iov_len = limit;
        }
        limit -= part[n].iov_len;
    }
    return conn->wire_ops->writev(conn->wire, part, n);
}

static ssize_t
sink_writev(struct bc_sink *sink, const struct iovec *iov, int count)
{
    struct bc_http_conn *conn = conn_of(sink);
    struct bc_websocket *ws = conn->websocket;
    if (conn->state == BC_HTTP_CONN_CLOSED) {
        return -EPIPE;
    }
    send_pending(conn);
    ssize_t taken;
    if (ws->pending_len > 0) {
        taken = write_some(conn, iov, count, first_boundary(&ws->track, iov, count));
    } else {
        taken = conn->wire_ops->writev(conn->wire, iov, count);
    }
    if (taken > 0) {
        track_taken(&ws->track, iov, count, (size_t)taken);
        send_pending(conn);
    }
    return taken;
}

static void
sink_close(struct bc_sink *sink, const char *reason)
{
    bc_http_conn_close(conn_of(sink), BC_HTTP_CLOSE_NOW, reason);
}

static void
sink_finish(struct bc_sink *sink)
{
    struct bc_http_conn *conn = conn_of(sink);
    if (conn->state != BC_HTTP_CONN_CLOSED) {
        goodbye(conn, CLOSE_GOING_AWAY);
    }
}

static const struct bc_sink_ops OPS = { sink_writev, sink_close, sink_finish };

int
bc_websocket_begin(struct bc_http_conn *conn)
{
    conn->websocket = calloc(1, sizeof(*conn->websocket));
    if (!conn->websocket) {
        return -ENOMEM;
    }
    conn->sink = (struct bc_sink){ .ops = &OPS };
    return 0;
}

// Answers a close or an error and tells the viewer.
static void
end(struct bc_http_conn *conn, uint16_t code, const char *reason)
{
    struct bc_sink sink = conn->sink;
    goodbye(conn, code);
    if (sink.on_closed) {
        sink.on_closed(sink.user, reason);
    }
}

void
bc_websocket_input(struct bc_http_conn *conn, const uint8_t *data, size_t len)
{
    struct bc_websocket *ws = conn->websocket;
    while (len > 0 && conn->state == BC_HTTP_CONN_WEBSOCKET) {
        size_t used = 0;
        enum bc_ws_event event = bc_ws_parse(&ws->parser, data, len, &used);
        data += used;
        len -= used;
        switch (event) {
        case BC_WS_PING:
            // Only the last ping needs an answer (5.5.3).
            set_pending(
                ws, BC_WEBSOCKET_PONG, ws->parser.control, ws->parser.control_len);
            send_pending(conn);
            break;
        case BC_WS_CLOSE:
            end(conn, ws->parser.code, "the client closed the WebSocket");
            break;
        case BC_WS_BAD:
            bc_http_conn_count_bad(conn, "bad WebSocket frame");
            end(conn, ws->parser.code, "bad WebSocket frame");
            break;
        case BC_WS_NONE:
        case BC_WS_PONG:
        case BC_WS_MESSAGE:
            break;
        }
    }
}

void
bc_websocket_writable(struct bc_http_conn *conn)
{
    send_pending(conn);
    if (conn->state == BC_HTTP_CONN_WEBSOCKET && conn->sink.on_writable) {
        conn->sink.on_writable(conn->sink.user);
    }
}
