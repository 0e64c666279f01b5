// SPDX-License-Identifier: Apache-2.0
// A stream's answer: a response whose body is shared bufs, or a body without end.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "file_body.h"
#include "h2_impl.h"
#include "server_impl.h"

#define NV_MAX 48
#define STATUS_TEXT 4
#define SINK_FIRST_BYTES (16 * 1024)
#define URGENCY_PLAYLIST 1

static const struct bc_http_exchange_ops STREAM_OPS;

struct bc_h2_stream *
bc_h2_stream_create(struct bc_h2 *h2, int32_t id)
{
    struct bc_h2_stream *s = h2->spare;
    h2->spare = NULL;
    if (!s) {
        s = calloc(1, sizeof(*s));
        if (!s) {
            return NULL;
        }
    }
    s->x.ops = &STREAM_OPS;
    s->x.conn = h2->conn;
    s->h2 = h2;
    s->id = id;
    s->state = BC_H2_STREAM_REQUEST;
    bc_list_init(&s->ready_node);
    bc_list_append(&h2->streams, &s->node);
    return s;
}

static void
drop_body(struct bc_h2_stream *s)
{
    for (size_t i = 0; i < s->buf_count; i++) {
        bc_buf_unref(&s->bufs[i]);
    }
    if (s->bufs != s->inline_bufs) {
        free(s->bufs);
    }
    free(s->out);
    bc_http_file_body_destroy(s->files);
}

void
bc_h2_stream_destroy(struct bc_h2_stream *s)
{
    struct bc_h2 *h2 = s->h2;
    bc_list_remove(&s->node);
    bc_list_remove(&s->ready_node);
    h2->body_bytes -= s->x.req.uploads ? 0 : s->x.req.body.len;
    drop_body(s);
    if (h2->spare) {
        bc_http_request_finish(&s->x.req);
        free(s);
        return;
    }
    bc_http_request_reset(&s->x.req);
    struct bc_http_request req = s->x.req;
    *s = (struct bc_h2_stream){ .x = { .req = req } };
    h2->spare = s;
}

void
bc_h2_stream_lost(struct bc_h2_stream *s, const char *reason)
{
    enum bc_h2_stream_state state = s->state;
    s->state = BC_H2_STREAM_DONE;
    if (state == BC_H2_STREAM_WAIT) {
        bc_http_exchange_lost(&s->x);
    } else if (state == BC_H2_STREAM_SINK && !s->finishing && s->sink.on_closed) {
        s->sink.on_closed(s->sink.user, reason);
    }
}

// --- the head ---

struct head {
    nghttp2_nv nv[NV_MAX];
    size_t count;
};

#define STATIC_NAME NGHTTP2_NV_FLAG_NO_COPY_NAME

static void
add(struct head *h, const char *name, size_t name_len, const char *value,
    size_t value_len, uint8_t flags)
{
    if (h->count < NV_MAX) {
        h->nv[h->count++] = (nghttp2_nv){ (uint8_t *)name, (uint8_t *)value, name_len,
            value_len, flags };
    }
}

#define add_field(h, name, value, len) \
    add(h, name, sizeof(name) - 1, value, len, STATIC_NAME)

static void
add_lines(struct head *h, const char *lines)
{
    struct bc_http_line line;
    while (bc_http_lines_next(&lines, &line)) {
        add(h, line.name, line.name_len, line.value, line.value_len,
            NGHTTP2_NV_FLAG_NONE);
    }
}

// What a head points to until nghttp2 has copied it.
struct head_text {
    char status[BC_HTTP_UINT_TEXT];
    char length[BC_HTTP_UINT_TEXT];
};

static size_t
put_number(char out[BC_HTTP_UINT_TEXT], uint64_t v)
{
    struct bc_http_text t = { out, out + BC_HTTP_UINT_TEXT, false };
    bc_http_put_uint(&t, v);
    return (size_t)(t.p - out);
}

static void
make_head(struct head *h, struct head_text *text, struct bc_http_server *server,
    const struct bc_http_answer *a)
{
    const struct bc_http_response *r = a->r;
    h->count = 0;
    add_field(h, ":status", text->status, put_number(text->status, (uint64_t)a->status));
    add_field(h, "date", bc_http_server_date(server), BC_HTTP_DATE_TEXT - 1);
    if (r->content_type && a->status != 416) {
        add_field(h, "content-type", r->content_type, strlen(r->content_type));
    }
    if (a->has_length) {
        add_field(h, "content-length", text->length, put_number(text->length, a->len));
    }
    if (a->content_range[0]) {
        add_field(h, "content-range", a->content_range, strlen(a->content_range));
    }
    if (r->allow_range) {
        add_field(h, "accept-ranges", "bytes", 5);
    }
    if (server->cors_origin[0]) {
        add_field(h, "access-control-allow-origin", server->cors_origin,
            strlen(server->cors_origin));
        add_field(h, "access-control-expose-headers", BC_HTTP_EXPOSED,
            sizeof(BC_HTTP_EXPOSED) - 1);
    }
    add_lines(h, r->headers);
}

// RFC 9218: playlists before media, unless the client said otherwise.
static void
prioritise(struct bc_h2_stream *s, const struct bc_http_response *r)
{
    bool playlist = r->content_type && strstr(r->content_type, "mpegurl");
    if (playlist && !bc_http_request_find(&s->x.req, "priority")) {
        nghttp2_extpri priority = { .urgency = URGENCY_PLAYLIST };
        nghttp2_session_change_extpri_stream_priority(
            s->h2->session, s->id, &priority, 0);
    }
}

// Hands the head over; the body, if any, is asked for by bc_h2_on_read_body().
static int
submit(struct bc_h2_stream *s, const struct bc_http_answer *a, bool has_body)
{
    struct head head;
    struct head_text text;
    make_head(&head, &text, s->h2->conn->server, a);
    prioritise(s, a->r);
    nghttp2_data_provider body = {
        .source = { .ptr = s },
        .read_callback = bc_h2_on_read_body,
    };
    return nghttp2_submit_response(s->h2->session, s->id, head.nv, head.count,
        has_body ? &body : NULL);
}

static void
give_up(struct bc_h2_stream *s)
{
    s->state = BC_H2_STREAM_DONE;
    nghttp2_submit_rst_stream(s->h2->session, NGHTTP2_FLAG_NONE, s->id,
        NGHTTP2_INTERNAL_ERROR);
    bc_h2_flush(s->h2);
}

// --- a response ---

static struct bc_h2_stream *
stream_of(struct bc_http_exchange *x)
{
    return bc_container_of(x, struct bc_h2_stream, x);
}

// References the bufs of the slice that is sent.
static int
take_body(struct bc_h2_stream *s, const struct bc_http_answer *a)
{
    const struct bc_http_response *r = a->r;
    s->bufs = s->inline_bufs;
    if (r->count > BC_H2_INLINE_BUFS) {
        s->bufs = malloc(r->count * sizeof(struct bc_buf *));
        if (!s->bufs) {
            return -ENOMEM;
        }
    }
    uint64_t skip = a->offset;
    uint64_t left = a->len;
    for (size_t i = 0; i < r->count && left > 0; i++) {
        size_t len = r->bufs[i]->len;
        if (skip >= len) {
            skip -= len;
            continue;
        }
        if (s->buf_count == 0) {
            s->buf_offset = (size_t)skip;
        }
        uint64_t n = len - skip;
        left -= n < left ? n : left;
        skip = 0;
        s->bufs[s->buf_count++] = bc_buf_ref(r->bufs[i]);
    }
    s->left = a->len;
    return 0;
}

static void
respond(struct bc_http_exchange *x, const struct bc_http_answer *a)
{
    struct bc_h2_stream *s = stream_of(x);
    struct bc_h2 *h2 = s->h2;
    if (h2->conn->state == BC_HTTP_CONN_CLOSED) {
        return;
    }
    x->gone = NULL;
    s->state = BC_H2_STREAM_BODY;
    if ((a->sends_body && take_body(s, a) != 0) || submit(s, a, a->sends_body) != 0) {
        give_up(s);
        return;
    }
    bc_h2_flush(h2);
}

static void
on_files_ready(void *user)
{
    struct bc_h2_stream *s = user;
    if (s->h2->conn->state == BC_HTTP_CONN_H2 && s->state == BC_H2_STREAM_FILES) {
        nghttp2_session_resume_data(s->h2->session, s->id);
        bc_h2_flush(s->h2);
    }
}

static void
respond_files(struct bc_http_exchange *x, const struct bc_http_answer *a,
    struct bc_http_file_body *body)
{
    struct bc_h2_stream *s = stream_of(x);
    if (s->h2->conn->state == BC_HTTP_CONN_CLOSED) {
        bc_http_file_body_destroy(body);
        return;
    }
    x->gone = NULL;
    s->state = BC_H2_STREAM_FILES;
    s->files = body;
    s->bufs = s->inline_bufs;
    bc_http_file_body_on_ready(body, on_files_ready, s);
    if (submit(s, a, true) != 0) {
        give_up(s);
        return;
    }
    bc_h2_flush(s->h2);
}

// --- a body without end ---

static struct bc_h2_stream *
stream_of_sink(struct bc_sink *sink)
{
    return bc_container_of(sink, struct bc_h2_stream, sink);
}

// Makes room for up to `wanted` bytes behind what waits. The room there is.
static size_t
make_room(struct bc_h2_stream *s, size_t wanted)
{
    size_t limit = BC_H2_SINK_BYTES - s->out_len;
    wanted = wanted < limit ? wanted : limit;
    if (s->out_start > 0 && s->out_cap - s->out_start - s->out_len < wanted) {
        memmove(s->out, s->out + s->out_start, s->out_len);
        s->out_start = 0;
    }
    size_t cap = s->out_cap ? s->out_cap : SINK_FIRST_BYTES;
    while (cap - s->out_start - s->out_len < wanted) {
        cap *= 2;
    }
    if (cap > s->out_cap) {
        uint8_t *out = realloc(s->out, cap);
        if (out) {
            s->out = out;
            s->out_cap = cap;
        }
    }
    size_t room = s->out_cap - s->out_start - s->out_len;
    return room < wanted ? room : wanted;
}

static ssize_t
sink_writev(struct bc_sink *sink, const struct iovec *iov, int count)
{
    struct bc_h2_stream *s = stream_of_sink(sink);
    struct bc_h2 *h2 = s->h2;
    if (h2->conn->state == BC_HTTP_CONN_CLOSED || s->state != BC_H2_STREAM_SINK) {
        return -EPIPE;
    }
    ssize_t taken = 0;
    for (int i = 0; i < count && !s->sink_full; i++) {
        size_t n = make_room(s, iov[i].iov_len);
        if (n > 0) {
            memcpy(s->out + s->out_start + s->out_len, iov[i].iov_base, n);
            s->out_len += n;
            taken += (ssize_t)n;
        }
        s->sink_full = n < iov[i].iov_len;
    }
    if (taken > 0) {
        nghttp2_session_resume_data(h2->session, s->id);
        bc_h2_flush(h2); // may end the stream: `s` isn't used afterwards
    }
    return taken;
}

static void
sink_close(struct bc_sink *sink, const char *reason)
{
    (void)reason;
    struct bc_h2_stream *s = stream_of_sink(sink);
    if (s->h2->conn->state == BC_HTTP_CONN_CLOSED || s->state != BC_H2_STREAM_SINK) {
        return;
    }
    s->state = BC_H2_STREAM_DONE;
    nghttp2_submit_rst_stream(s->h2->session, NGHTTP2_FLAG_NONE, s->id, NGHTTP2_CANCEL);
    bc_h2_flush(s->h2);
}

static void
sink_finish(struct bc_sink *sink)
{
    struct bc_h2_stream *s = stream_of_sink(sink);
    if (s->h2->conn->state == BC_HTTP_CONN_CLOSED || s->state != BC_H2_STREAM_SINK) {
        return;
    }
    s->finishing = true;
    nghttp2_session_resume_data(s->h2->session, s->id);
    bc_h2_flush(s->h2);
}

static const struct bc_sink_ops SINK_OPS = { sink_writev, sink_close, sink_finish };

static struct bc_sink *
stream(struct bc_http_exchange *x, const struct bc_http_answer *a,
    enum bc_http_framing *framing)
{
    struct bc_h2_stream *s = stream_of(x);
    if (x->req.method == BC_HTTP_HEAD) {
        respond(x, a);
        return NULL;
    }
    if (s->h2->conn->state == BC_HTTP_CONN_CLOSED) {
        return NULL;
    }
    x->gone = NULL;
    s->sink = (struct bc_sink){ .ops = &SINK_OPS };
    s->state = BC_H2_STREAM_SINK;
    if (submit(s, a, true) != 0) {
        give_up(s);
        return NULL;
    }
    *framing = BC_HTTP_FRAMING_RAW;
    s->h2->body_bytes -= x->req.uploads ? 0 : x->req.body.len;
    bc_http_request_finish(&x->req);
    bc_h2_flush(s->h2);
    return &s->sink;
}

// bc_http_wants_websocket() is false on HTTP/2 (RFC 8441 isn't offered), so this isn't
// reached.
static struct bc_sink *
websocket(struct bc_http_exchange *x, const char *accept)
{
    (void)accept;
    bc_http_respond_error(x, 501, "not_implemented", "no WebSocket over HTTP/2");
    return NULL;
}

static const struct bc_http_exchange_ops STREAM_OPS = { respond, respond_files, stream,
    websocket };
