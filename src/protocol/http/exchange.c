// SPDX-License-Identifier: Apache-2.0
#include "protocol/http/exchange.h"

#include <string.h>

#include "base/writer.h"
#include "conn.h"
#include "websocket_frame.h"

// Access-Control-Request-Headers is echoed up to this length.
#define ECHO_MAX_BYTES 512

// --- the request ---

enum bc_http_method
bc_http_method(const struct bc_http_exchange *x)
{
    return x->req.method;
}

const char *
bc_http_path(const struct bc_http_exchange *x)
{
    return x->req.path;
}

const char *
bc_http_query(const struct bc_http_exchange *x)
{
    return x->req.query;
}

const char *
bc_http_header(const struct bc_http_exchange *x, const char *name)
{
    return bc_http_request_find(&x->req, name);
}

struct bc_http_body
bc_http_request_body(const struct bc_http_exchange *x)
{
    return (struct bc_http_body){ x->req.body.data, x->req.body.len };
}

bool
bc_http_accepts_gzip(const struct bc_http_exchange *x)
{
    const char *list = bc_http_request_get(&x->req, BC_HTTP_FIELD_ACCEPT_ENCODING);
    return list && bc_http_list_accepts_gzip(list);
}

const char *
bc_http_peer(const struct bc_http_exchange *x)
{
    return x->conn->peer;
}

const char *
bc_http_peer_ip(const struct bc_http_exchange *x)
{
    return x->conn->peer_ip;
}

struct bc_worker *
bc_http_worker(const struct bc_http_exchange *x)
{
    return x->conn->server->worker;
}

void
bc_http_on_gone(struct bc_http_exchange *x, void (*gone)(void *user), void *user)
{
    x->gone = gone;
    x->gone_user = user;
}

void
bc_http_exchange_lost(struct bc_http_exchange *x)
{
    void (*gone)(void *user) = x->gone;
    x->gone = NULL;
    if (gone) {
        gone(x->gone_user);
    }
}

// --- the response ---

void
bc_http_respond(struct bc_http_exchange *x, const struct bc_http_response *r)
{
    struct bc_http_answer answer;
    bc_http_answer_prepare(&answer, x, r);
    x->ops->respond(x, &answer);
}

void
bc_http_respond_text(struct bc_http_exchange *x, int status, const char *content_type,
    const char *headers, const char *body)
{
    struct bc_buf *buf = bc_buf_copy(body, strlen(body));
    struct bc_http_response r = {
        .status = buf ? status : 503,
        .content_type = content_type ? content_type : "text/plain; charset=utf-8",
        .headers = headers,
        .bufs = &buf,
        .count = buf ? 1 : 0,
    };
    bc_http_respond(x, &r);
    bc_buf_unref(&buf);
}

static void
write_json_string(struct bc_writer *w, const char *s)
{
    bc_write_u8(w, '"');
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c < 0x20) {
            bc_write_fmt(w, "\\u%04x", c);
            continue;
        }
        if (c == '"' || c == '\\') {
            bc_write_u8(w, '\\');
        }
        bc_write_u8(w, c);
    }
    bc_write_u8(w, '"');
}

void
bc_http_respond_error(struct bc_http_exchange *x, int status, const char *code,
    const char *message)
{
    struct bc_writer w = { 0 };
    bc_write_str(&w, "{\"error\":{\"code\":");
    write_json_string(&w, code);
    bc_write_str(&w, ",\"message\":");
    write_json_string(&w, message);
    bc_write_str(&w, "}}\n");
    bc_write_u8(&w, 0);
    bc_http_respond_text(x, status, "application/json", "Cache-Control: no-store\r\n",
        w.failed ? "{}" : (const char *)w.data);
    bc_writer_finish(&w);
}

void
bc_http_answer_prepare_stream(struct bc_http_answer *a, const struct bc_http_response *r)
{
    *a = (struct bc_http_answer){ .r = r, .status = r->status };
}

struct bc_sink *
bc_http_stream(struct bc_http_exchange *x, int status, const char *content_type,
    const char *headers, enum bc_http_framing *framing)
{
    struct bc_http_response r = {
        .status = status,
        .content_type = content_type,
        .headers = headers,
    };
    struct bc_http_answer answer;
    bc_http_answer_prepare_stream(&answer, &r);
    return x->ops->stream(x, &answer, framing);
}

bool
bc_http_wants_websocket(const struct bc_http_exchange *x)
{
    return x->req.version == 11 && x->req.method == BC_HTTP_GET
        && bc_http_request_has_token(&x->req, BC_HTTP_FIELD_UPGRADE, "websocket")
        && bc_http_request_has_token(&x->req, BC_HTTP_FIELD_CONNECTION, "upgrade");
}

struct bc_sink *
bc_http_websocket(struct bc_http_exchange *x)
{
    char accept[BC_WS_ACCEPT_TEXT];
    const char *version = bc_http_request_get(&x->req, BC_HTTP_FIELD_WEBSOCKET_VERSION);
    const char *key = bc_http_request_get(&x->req, BC_HTTP_FIELD_WEBSOCKET_KEY);
    if (!bc_http_wants_websocket(x) || !version || strcmp(version, "13") != 0) {
        bc_http_respond_text(x, 426, NULL,
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
            "this address wants a WebSocket of version 13\n");
        return NULL;
    }
    if (!key || !bc_ws_accept_key(key, accept)) {
        bc_http_respond_error(x, 400, "bad_request", "bad Sec-WebSocket-Key");
        return NULL;
    }
    return x->ops->websocket(x, accept);
}

// --- CORS preflights ---

// A list of header names may be echoed; anything else isn't.
static bool
is_name_list(const char *s)
{
    size_t len = strlen(s);
    if (len == 0 || len > ECHO_MAX_BYTES) {
        return false;
    }
    for (; *s; s++) {
        char lower = (char)(*s | 0x20);
        bool ok = (lower >= 'a' && lower <= 'z') || (*s >= '0' && *s <= '9')
            || strchr("-_.,* \t!#$%&'+^`|~", *s) != NULL;
        if (!ok) {
            return false;
        }
    }
    return true;
}

// The Fetch standard's preflight: OPTIONS with Access-Control-Request-Method.
static void
answer_preflight(struct bc_http_exchange *x)
{
    const char *names = bc_http_request_get(&x->req, BC_HTTP_FIELD_REQUEST_HEADERS);
    char headers[ECHO_MAX_BYTES + 256];
    struct bc_http_text t = { headers, headers + sizeof(headers) - 1, false };
    bc_http_put_literal(&t,
        "Access-Control-Allow-Methods: GET, HEAD, POST, PUT, PATCH, DELETE, "
        "OPTIONS\r\nAccess-Control-Max-Age: 86400\r\n");
    if (names && is_name_list(names)) {
        bc_http_put_literal(&t, "Access-Control-Allow-Headers: ");
        bc_http_put_str(&t, names);
        bc_http_put_literal(&t, "\r\nVary: Access-Control-Request-Headers\r\n");
    }
    *t.p = '\0';
    struct bc_http_response r = { .status = 204, .headers = headers };
    bc_http_respond(x, &r);
}

void
bc_http_exchange_dispatch(struct bc_http_exchange *x)
{
    struct bc_http_server *server = x->conn->server;
    server->requests++;
    if (x->req.method == BC_HTTP_OPTIONS && server->cors_origin[0]
        && bc_http_request_get(&x->req, BC_HTTP_FIELD_REQUEST_METHOD)) {
        answer_preflight(x);
        return;
    }
    server->handle(server->user, x);
}
