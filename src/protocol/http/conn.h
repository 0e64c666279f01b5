// SPDX-License-Identifier: Apache-2.0
#ifndef HTTP_CONN_H
#define HTTP_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/writer.h"
#include "exchange_impl.h"
#include "net/sink.h"
#include "parser.h"
#include "protocol/http/server.h"

struct bc_h2;
struct bc_http_file_body;
struct bc_websocket;

// Bytes to be sent: a slice of a shared buf, or bytes that are copied if they must wait.
struct bc_http_slice {
    const void *data;
    size_t len;
    struct bc_buf *buf; // NULL: copy. Otherwise `data` points into it
};

enum bc_http_close {
    BC_HTTP_CLOSE_NOW,
    BC_HTTP_CLOSE_FLUSH,  // after what was sent has left
    BC_HTTP_CLOSE_LINGER, // the same, and unread input must not reset the connection
                          // before
};

// What a connection needs of the world, so that it can run in a test without a socket.
// None of these calls back into the connection.
struct bc_http_wire_ops {
    // Writes at once what fits, queues the rest; bc_http_conn_writable() follows then.
    void (*send)(void *wire, const struct bc_http_slice *slices, int count);
    // As bc_tcp_writev().
    ssize_t (*writev)(void *wire, const struct iovec *iov, int count);
    // As bc_tcp_sendfile() and bc_tcp_want_write().
    ssize_t (*sendfile)(void *wire, int fd, uint64_t offset, size_t len);
    void (*want_write)(void *wire);
    size_t (*queued)(void *wire);
    void (*set_reading)(void *wire, bool on);
    // Calls bc_http_conn_timeout() after the delay; 0 takes the wish back.
    void (*set_timeout)(void *wire, int64_t delay_us);
    // Calls bc_http_conn_resume() at the end of the turn.
    void (*wake)(void *wire);
    // The last call of a connection; the wire frees it at the end of the turn.
    void (*close)(void *wire, enum bc_http_close how, const char *reason);
};

enum bc_http_conn_state {
    BC_HTTP_CONN_INVALID,
    BC_HTTP_CONN_DETECT,    // nothing is known yet: HTTP/2's preface or a request line
    BC_HTTP_CONN_HEAD,      // between requests, or inside a head
    BC_HTTP_CONN_BODY,
    BC_HTTP_CONN_WAIT,      // the handler has the exchange
    BC_HTTP_CONN_FILES,     // a response with files in its body is sent
    BC_HTTP_CONN_STREAM,    // a body without end
    BC_HTTP_CONN_WEBSOCKET,
    BC_HTTP_CONN_H2,
    BC_HTTP_CONN_CLOSED,
};

enum bc_http_conn_timer {
    BC_HTTP_TIMER_NONE,
    BC_HTTP_TIMER_HEAD, // a request was begun
    BC_HTTP_TIMER_IDLE, // no request
    BC_HTTP_TIMER_SEND, // the peer must read
};

// One connection: bytes in, bytes out through the wire. It reads no clock but for the
// Date header. Owned by the wire, which frees it after `close` or after
// bc_http_conn_closed(). One worker's thread.
struct bc_http_conn {
    const struct bc_http_wire_ops *wire_ops;
    void *wire;                    // borrowed
    struct bc_http_server *server; // borrowed
    const char *peer;              // borrowed from the wire
    const char *peer_ip;
    bool tls;
    bool alpn_h2;
    bool draining;
    bool keep_alive;
    unsigned busy; // depth of calls that go through the input
    enum bc_http_conn_state state;
    enum bc_http_conn_timer timer;
    size_t stalled_bytes;   // queued at the last look
    uint32_t preface_seen;  // bytes of HTTP/2's preface matched
    uint32_t ignored_bytes; // that the peer sent during a stream
    struct bc_writer rest;  // input that has to wait for the response before it
    struct bc_http1_parser parser;
    struct bc_http_body_reader body;
    struct bc_http_exchange x;      // HTTP/1's
    struct bc_sink sink;            // of a stream or WebSocket
    struct bc_websocket *websocket; // owned
    struct bc_http_file_body *files; // owned; state FILES
    uint64_t files_sent;  // bytes of it that were handed to the wire
    uint64_t files_taken; // that the peer's socket had taken at the last look
    struct bc_h2 *h2;               // owned
};

// --- called by the wire ---

void
bc_http_conn_init(struct bc_http_conn *conn, struct bc_http_server *server,
    const struct bc_http_wire_ops *ops, void *wire);

// Frees what the connection owns, not itself.
void
bc_http_conn_finish(struct bc_http_conn *conn);

void
bc_http_conn_input(
    struct bc_http_conn *conn, const uint8_t *data, size_t len, int64_t now_us);

void
bc_http_conn_writable(struct bc_http_conn *conn, int64_t now_us);

void
bc_http_conn_resume(struct bc_http_conn *conn, int64_t now_us);

void
bc_http_conn_timeout(struct bc_http_conn *conn, int64_t now_us);

// The peer is gone; the wire is dead already.
void
bc_http_conn_closed(struct bc_http_conn *conn, const char *reason);

// No further requests; closes now when nothing is going on.
void
bc_http_conn_drain(struct bc_http_conn *conn);

// Closes now and tells whoever holds an exchange or a sink.
void
bc_http_conn_abort(struct bc_http_conn *conn, const char *reason);

// --- called by the protocols above it ---

void
bc_http_conn_close(struct bc_http_conn *conn, enum bc_http_close how, const char *reason);

void
bc_http_conn_set_timer(struct bc_http_conn *conn, enum bc_http_conn_timer timer);

// Counts a bad request and logs it, at most one line a second per worker.
void
bc_http_conn_count_bad(struct bc_http_conn *conn, const char *reason);

void
bc_http_conn_send(struct bc_http_conn *conn, const void *data, size_t len);

// Bytes queued beyond which no further request of HTTP/1 is begun.
#define BC_HTTP_OUT_HIGH (256 * 1024)

static inline bool
bc_http_conn_is_congested(const struct bc_http_conn *conn)
{
    return conn->wire_ops->queued(conn->wire) > BC_HTTP_OUT_HIGH;
}

// --- http1.c ---

extern const struct bc_http_exchange_ops bc_http1_exchange_ops;

// Takes input in the states HEAD and BODY. Returns the bytes taken.
size_t
bc_http1_input(
    struct bc_http_conn *conn, const uint8_t *data, size_t len, int64_t now_us);

// Answers a request that cannot be understood, and closes.
void
bc_http1_refuse(struct bc_http_conn *conn, int status, const char *reason);

// The response was handed over: on to the next request, or closes.
void
bc_http1_end_exchange(struct bc_http_conn *conn, bool refused);

// --- http1_files.c ---

// The head was sent: sends the body, which is taken over, as the peer takes it.
void
bc_http1_files_begin(struct bc_http_conn *conn, struct bc_http_file_body *body);

// There is room, or a turn is over.
void
bc_http1_files_go_on(struct bc_http_conn *conn);

// Whether something left since the last look; a disk that is slow is not the peer's fault.
bool
bc_http1_files_moved(struct bc_http_conn *conn);

// --- websocket.c ---

// The 101 was sent: turns the connection into a WebSocket. 0 or -ENOMEM.
int
bc_websocket_begin(struct bc_http_conn *conn);

void
bc_websocket_input(struct bc_http_conn *conn, const uint8_t *data, size_t len);

void
bc_websocket_writable(struct bc_http_conn *conn);

#endif
