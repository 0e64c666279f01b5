// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_HTTP_EXCHANGE_H
#define PROTOCOL_HTTP_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "net/sink.h"

enum bc_http_method {
    BC_HTTP_INVALID,
    BC_HTTP_GET,
    BC_HTTP_HEAD,
    BC_HTTP_POST,
    BC_HTTP_PUT,
    BC_HTTP_PATCH,
    BC_HTTP_DELETE,
    BC_HTTP_OPTIONS,
    BC_HTTP_OTHER,
};

// One request and its response, over HTTP/1.x or one stream of HTTP/2. Lives from the
// moment its headers (and body, if any) are complete until the response is sent or the
// client is gone; the handler may hold it over loop turns when it answers later, and is
// then told by on_gone. One worker's thread.
struct bc_http_exchange;

// --- the request; all strings live as long as the exchange ---

enum bc_http_method
bc_http_method(const struct bc_http_exchange *x);

// Percent-decoded once, normalised ("/../" never leaves the root), starts with '/'.
const char *
bc_http_path(const struct bc_http_exchange *x);

// As sent, without '?'; "" when there is none.
const char *
bc_http_query(const struct bc_http_exchange *x);

// Case-insensitive; NULL when absent; the first one when repeated.
const char *
bc_http_header(const struct bc_http_exchange *x, const char *name);

struct bc_http_body {
    const uint8_t *data;
    size_t len;
};

struct bc_http_body
bc_http_request_body(const struct bc_http_exchange *x);

bool
bc_http_accepts_gzip(const struct bc_http_exchange *x);

const char *
bc_http_peer(const struct bc_http_exchange *x);

const char *
bc_http_peer_ip(const struct bc_http_exchange *x);

struct bc_worker *
bc_http_worker(const struct bc_http_exchange *x);

// --- an answer that comes later ---

// Called once when the client goes away before the response was begun; the exchange is
// dead afterwards. The handler sets it before it returns without having answered.
void
bc_http_on_gone(struct bc_http_exchange *x, void (*gone)(void *user), void *user);

// --- the response: exactly one of respond, stream, websocket ---

// A header of the response beyond those the server sets itself (Date, Content-Length,
// Connection, CORS, Vary: Origin where needed). `text` has complete lines "Name:
// value\r\n", "" for none, so that constant headers cost a copy and no formatting.
struct bc_http_response {
    int status;
    const char *content_type; // NULL: none
    const char *headers;      // complete lines, or NULL
    // The body: `count` bufs sent one after the other (a reference is taken of each).
    // HEAD requests get the headers only.
    struct bc_buf *const *bufs;
    size_t count;
    bool allow_range; // answer Range requests of GET with 206/416
    bool close;       // close the connection afterwards (HTTP/1.x)
};

// The exchange is finished and must not be used afterwards.
void
bc_http_respond(struct bc_http_exchange *x, const struct bc_http_response *r);

// A short text or JSON body, copied. `content_type` NULL: text/plain; charset=utf-8.
void
bc_http_respond_text(struct bc_http_exchange *x, int status, const char *content_type,
    const char *headers, const char *body);

// {"error":{"code":…,"message":…}} with the status.
void
bc_http_respond_error(struct bc_http_exchange *x, int status, const char *code,
    const char *message);

enum bc_http_framing {
    BC_HTTP_FRAMING_RAW,     // HTTP/1.0 (ends with the connection), HTTP/2, TLS or not
    BC_HTTP_FRAMING_CHUNKED, // HTTP/1.1: the writer must write complete chunks itself
    BC_HTTP_FRAMING_WEBSOCKET, // the writer must write complete frames itself
};

// A body without end. Sends the response's head and returns the way to write the body;
// what is written must be framed as `*framing` says (shared bytes carry their framing, so
// that no byte is touched per viewer). The caller sets the sink's callbacks before it
// returns to the loop; the exchange must not be used afterwards. NULL: the client is
// gone, or it was a HEAD request (answered).
struct bc_sink *
bc_http_stream(struct bc_http_exchange *x, int status, const char *content_type,
    const char *headers, enum bc_http_framing *framing);

// True when the request asks for a WebSocket (RFC 6455 4.1, HTTP/1.1 only).
bool
bc_http_wants_websocket(const struct bc_http_exchange *x);

// Accepts it; pings are answered, a close is answered and reported as on_closed. Messages
// of the client beyond that are read and dropped within limits. NULL when the handshake
// is wrong (answered with 400/426).
struct bc_sink *
bc_http_websocket(struct bc_http_exchange *x);

#endif
