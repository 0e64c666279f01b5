// SPDX-License-Identifier: Apache-2.0
#include "http_fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "../../unit/http/fake_wire.h"

#define HELD_MAX 8

// A request that the handler holds, or a sink that it writes to.
struct held {
    struct bc_http_exchange *x;
    struct bc_sink *sink;
};

static struct held g_held[HELD_MAX];
static struct bc_buf *g_buf;

static void
on_gone(void *user)
{
    *(struct held *)user = (struct held){ 0 };
}

static void
on_closed(void *user, const char *reason)
{
    (void)reason;
    on_gone(user);
}

static void
write_to(struct held *h)
{
    struct iovec iov = { g_buf->data, g_buf->len };
    bc_sink_writev(h->sink, &iov, 1);
}

static void
on_writable(void *user)
{
    write_to(user);
}

static void
respond(struct bc_http_exchange *x)
{
    struct bc_buf *bufs[] = { g_buf, g_buf };
    struct bc_http_response r = { .status = 200, .content_type = "video/mp4",
        .headers = "ETag: \"a\"\r\n", .bufs = bufs, .count = 2, .allow_range = true };
    bc_http_respond(x, &r);
}

static void
handle(void *user, struct bc_http_exchange *x)
{
    (void)user;
    struct held *h = NULL;
    for (size_t i = 0; i < HELD_MAX && !h; i++) {
        h = g_held[i].x || g_held[i].sink ? NULL : &g_held[i];
    }
    char kind = h ? bc_http_path(x)[1] : '\0';
    if (kind == 'l') {
        h->x = x;
        bc_http_on_gone(x, on_gone, h);
    } else if (kind == 's' || kind == 'w') {
        enum bc_http_framing framing;
        h->sink = kind == 'w' ? bc_http_websocket(x)
                              : bc_http_stream(x, 200, "video/x-flv", NULL, &framing);
        if (h->sink) {
            h->sink->on_closed = on_closed;
            h->sink->on_writable = on_writable;
            h->sink->user = h;
        }
    } else {
        respond(x);
    }
}

// What happens between two reads.
static void
act(struct fake_wire *w, unsigned what)
{
    struct held *h = &g_held[what % HELD_MAX];
    w->queued = what & 16 ? BC_HTTP_OUT_HIGH + 1 : 0;
    if (h->x) {
        struct bc_http_exchange *x = h->x;
        *h = (struct held){ 0 };
        respond(x);
    } else if (h->sink && what & 8) {
        struct bc_sink *sink = h->sink;
        *h = (struct held){ 0 };
        bc_sink_finish(sink);
    } else if (h->sink) {
        write_to(h);
    } else if (what == 15 && !w->closed) {
        bc_http_conn_timeout(&w->conn, w->now_us);
    } else if (w->queued == 0 && !w->closed) {
        bc_http_conn_writable(&w->conn, w->now_us);
    }
}

void
http_fuzz_run(const char *preface, const uint8_t *data, size_t len)
{
    static struct fake_wire w;
    bc_log_set_level(BC_LOG_ERROR);
    g_buf = bc_buf_create(9000);
    memset(g_buf->data, 0x82, g_buf->len);
    fake_wire_init(&w, handle, NULL);
    fake_wire_input_text(&w, preface);
    while (len > 0 && !w.closed) {
        unsigned head = data[0];
        size_t n = head & 0xe0 ? (head >> 5) * 40u : 4096;
        data++;
        len--;
        n = n < len ? n : len;
        act(&w, head & 0x1f);
        fake_wire_input(&w, data, n);
        fake_wire_clear(&w);
        w.now_us += 1000;
        data += n;
        len -= n;
    }
    if (!w.closed) {
        bc_http_conn_abort(&w.conn, "end");
    }
    fake_wire_finish(&w);
    memset(g_held, 0, sizeof(g_held));
    if (atomic_load(&g_buf->refs) != 1) {
        abort(); // somebody forgot a reference
    }
    bc_buf_unref(&g_buf);
}
