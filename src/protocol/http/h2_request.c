// SPDX-License-Identifier: Apache-2.0
// A stream's request: fields from HPACK, the body, and when it is complete.
#include <string.h>

#include "h2_impl.h"

// Request bodies of all streams of a connection together.
#define BODIES_MAX_BYTES(limits) (2 * (limits)->body_bytes)

static struct bc_h2_stream *
find(nghttp2_session *session, int32_t id)
{
    return nghttp2_session_get_stream_user_data(session, id);
}

int
bc_h2_on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct bc_h2 *h2 = user;
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) {
        return 0;
    }
    struct bc_h2_stream *s = bc_h2_stream_create(h2, frame->hd.stream_id);
    if (!s) {
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    s->x.req.version = 20;
    nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, s);
    return 0;
}

// Appends text and a byte for its end; its place, or SIZE_MAX without memory.
static size_t
append(struct bc_http_request *req, const void *data, size_t len)
{
    size_t place = req->len;
    return bc_http_request_append(req, data, len) == 0
            && bc_http_request_append(req, "", 1) == 0
        ? place
        : SIZE_MAX;
}

static int
add_field(struct bc_h2_stream *s, const void *name, size_t name_len, const void *value,
    size_t value_len)
{
    struct bc_http_request *req = &s->x.req;
    size_t name_place = append(req, name, name_len);
    size_t value_place = append(req, value, value_len);
    if (name_place == SIZE_MAX || value_place == SIZE_MAX) {
        return 503;
    }
    struct bc_http_field field = {
        .name = (uint16_t)name_place,
        .name_len = (uint16_t)name_len,
        .value = (uint16_t)value_place,
        .value_len = (uint16_t)value_len,
    };
    return bc_http_request_add(req, &field) == 0 ? 0 : 431;
}

static bool
is_name(const uint8_t *name, size_t len, const char *wanted)
{
    return len == strlen(wanted) && memcmp(name, wanted, len) == 0;
}

// nghttp2 has checked that pseudo-header fields are known, come once and first (RFC 9113
// 8.3).
static int
add_pseudo(struct bc_h2_stream *s, const uint8_t *name, size_t name_len,
    const uint8_t *value, size_t value_len)
{
    if (is_name(name, name_len, ":method")) {
        s->x.req.method = bc_http_method_parse((const char *)value, value_len);
    } else if (is_name(name, name_len, ":path")) {
        s->target = append(&s->x.req, value, value_len);
        s->target_len = value_len;
        return s->target == SIZE_MAX ? 503 : 0;
    } else if (is_name(name, name_len, ":authority")) {
        return add_field(s, "host", 4, value, value_len);
    }
    return 0;
}

int
bc_h2_on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
    size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags, void *user)
{
    (void)flags;
    struct bc_h2 *h2 = user;
    struct bc_h2_stream *s = find(session, frame->hd.stream_id);
    if (!s || s->refuse || s->state != BC_H2_STREAM_REQUEST
        || frame->headers.cat != NGHTTP2_HCAT_REQUEST) { // trailers are not looked at
        return 0;
    }
    size_t limit = h2->conn->server->limits.header_bytes;
    if (limit > BC_HTTP_HEAD_MAX) {
        limit = BC_HTTP_HEAD_MAX;
    }
    if (name_len + value_len + 2 > limit
        || s->x.req.len > limit - name_len - value_len - 2) {
        s->refuse = 431;
    } else if (name[0] == ':') {
        s->refuse = add_pseudo(s, name, name_len, value, value_len);
    } else {
        s->refuse = add_field(s, name, name_len, value, value_len);
    }
    return 0;
}

static void
make_ready(struct bc_h2_stream *s)
{
    s->state = BC_H2_STREAM_READY;
    bc_list_append(&s->h2->ready, &s->ready_node);
}

int
bc_h2_on_data_chunk(nghttp2_session *session, uint8_t flags, int32_t stream_id,
    const uint8_t *data, size_t len, void *user)
{
    (void)flags;
    struct bc_h2 *h2 = user;
    struct bc_http_server *server = h2->conn->server;
    const struct bc_http_limits *limits = &server->limits;
    struct bc_h2_stream *s = find(session, stream_id);
    if (!s || s->state != BC_H2_STREAM_REQUEST) {
        return 0;
    }
    struct bc_writer *body = &s->x.req.body;
    bool counted = !s->x.req.uploads;
    size_t limit = bc_http_request_body_limit(
        &s->x.req, server, s->x.req.text + s->target, body->len + len);
    if (s->x.req.uploads && counted) {
        h2->body_bytes -= body->len; // it is counted elsewhere from now on
    }
    counted = !s->x.req.uploads;
    if (len > limit || body->len > limit - len
        || (counted && h2->body_bytes + len > BODIES_MAX_BYTES(limits))) {
        s->refuse = 413;
        make_ready(s); // answered now; the rest of the body is thrown away
        return 0;
    }
    bc_write_bytes(body, data, len);
    if (body->failed) {
        s->refuse = 503;
        make_ready(s);
    } else if (counted) {
        h2->body_bytes += len;
    }
    return 0;
}

void
bc_h2_request_end(struct bc_h2_stream *s)
{
    s->request_ended = true;
    if (s->state == BC_H2_STREAM_REQUEST) {
        make_ready(s);
    }
}

static const char *
refusal_text(int status)
{
    switch (status) {
    case 413: return "body too large";
    case 431: return "headers too large";
    case 503: return "no memory";
    default: return "bad target";
    }
}

static void
handle(struct bc_h2_stream *s)
{
    struct bc_http_request *req = &s->x.req;
    s->state = BC_H2_STREAM_WAIT;
    bool ok = s->refuse == 0 && bc_http_request_seal(req, s->target, s->target_len);
    if (ok) {
        bc_http_exchange_dispatch(&s->x);
        return;
    }
    if (s->refuse == 0) {
        s->refuse = 400;
    } else {
        // Nothing was indexed, and nothing of it is to be looked at.
        req->count = 0;
    }
    bc_http_conn_count_bad(s->h2->conn, refusal_text(s->refuse));
    bc_http_respond_error(&s->x, s->refuse, "bad_request", refusal_text(s->refuse));
}

void
bc_h2_dispatch_ready(struct bc_h2 *h2)
{
    while (!bc_list_empty(&h2->ready) && h2->conn->state == BC_HTTP_CONN_H2) {
        struct bc_h2_stream *s =
            bc_container_of(h2->ready.next, struct bc_h2_stream, ready_node);
        bc_list_remove(&s->ready_node);
        handle(s);
    }
}
