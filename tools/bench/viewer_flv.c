// SPDX-License-Identifier: Apache-2.0
// Viewer: FLV over HTTP and over WebSocket.
#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>

#include "flv.h"
#include "http_response.h"
#include "loop.h"
#include "viewer.h"
#include "ws.h"

// One viewer's connection. Lives until the program ends.
struct flv_viewer {
    struct bc_viewer *viewer; // borrowed
    struct bc_io io;
    bool websocket;
    bool requested;
    bool not_flv;
    struct bc_http_response response;
    struct bc_ws ws;
    struct bc_flv_reader reader;
};

static void
on_bytes(void *userdata, uint8_t type, const uint8_t *p, size_t n)
{
    struct flv_viewer *f = userdata;
    if (type == BC_FLV_VIDEO) {
        bc_viewer_scan(f->viewer, p, n);
    }
}

static void
on_tag(void *userdata, uint8_t type, uint32_t ts_ms, const uint8_t *head, size_t head_len)
{
    struct flv_viewer *f = userdata;
    int64_t now_ns = bc_now_ns();
    struct bc_flv_kind kind = bc_flv_kind_of(type, head, head_len);
    if (kind.media) {
        bc_viewer_on_media(f->viewer, now_ns,
                           (struct bc_viewer_media){kind.video, kind.key, ts_ms});
    }
    if (type == BC_FLV_VIDEO) {
        bc_viewer_scan_done(f->viewer, now_ns);
    }
}

static const struct bc_flv_callbacks flv_callbacks = {on_bytes, on_tag};

static void
on_http_body(void *userdata, const uint8_t *p, size_t n)
{
    struct flv_viewer *f = userdata;
    if (f->response.status == 200 && !f->not_flv) {
        f->not_flv = bc_flv_feed(&f->reader, p, n, &flv_callbacks, f) != 0;
    }
}

static const char *
on_ws_data(void *userdata, const uint8_t *p, size_t n)
{
    struct flv_viewer *f = userdata;
    return bc_flv_feed(&f->reader, p, n, &flv_callbacks, f) ? "not_flv" : NULL;
}

static void
on_ws_ping(void *userdata, const uint8_t *p, size_t n)
{
    struct flv_viewer *f = userdata;
    struct bc_buf out = {0};
    bc_ws_write_pong(&out, p, n);
    bc_io_send(&f->io, out.data, out.len); // a loss shows when reading
    bc_buf_finish(&out);
}

static const struct bc_ws_callbacks ws_callbacks = {on_ws_data, on_ws_ping};

static void
send_request(struct flv_viewer *f)
{
    struct bc_buf out = {0};
    f->requested = true;
    f->viewer->stage = "http_response";
    if (f->websocket) {
        bc_ws_write_request(&out, &f->viewer->url);
    } else {
        bc_buf_add_format(&out,
                          "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: bcbench\r\n"
                          "Accept: */*\r\n\r\n",
                          f->viewer->url.path, f->viewer->url.host_port);
    }
    bc_io_send(&f->io, out.data, out.len);
    bc_buf_finish(&out);
}

static const char *
feed(struct flv_viewer *f, const uint8_t *p, size_t n)
{
    static char what[32];
    if (f->websocket && f->response.state == BC_HTTP_DONE) {
        return bc_ws_feed(&f->ws, p, n, &ws_callbacks, f);
    }
    int64_t used = bc_http_feed(&f->response, p, n, on_http_body, f);
    int status = f->response.status;
    if (used < 0 || f->not_flv) {
        return used < 0 ? "not_http" : "not_flv";
    }
    if (status && status != (f->websocket ? 101 : 200)) {
        snprintf(what, sizeof(what), "http_%d", status);
        return what;
    }
    if (status && f->viewer->state == BC_VIEWER_JOINING) {
        f->viewer->stage = "flv_media";
    }
    if (f->response.state != BC_HTTP_DONE) {
        return NULL;
    }
    return f->websocket ? bc_ws_feed(&f->ws, p + used, n - (size_t)used, &ws_callbacks, f)
                        : "http_end";
}

// True when there may be more to read.
static bool
read_once(struct flv_viewer *f)
{
    int64_t n = bc_io_read(&f->io);
    if (n == -EAGAIN) {
        return false;
    }
    if (n <= 0) {
        const char *lost = n ? "tcp_reset" : "closed_by_server";
        bc_viewer_on_failed(f->viewer, f->requested ? lost : "tcp_connect");
        return false;
    }
    f->viewer->bytes += (uint64_t)n;
    const char *error = feed(f, bc_read_buffer, (size_t)n);
    if (error) {
        bc_viewer_on_failed(f->viewer, error);
        return false;
    }
    return n == BC_READ_BUFFER_BYTES;
}

static void
on_event(struct bc_io *io, uint32_t events)
{
    struct flv_viewer *f = io->userdata;
    if (events & EPOLLOUT && bc_io_on_writable(io)) {
        bc_viewer_on_failed(f->viewer, f->requested ? "tcp_reset" : "tcp_connect");
        return;
    }
    if (!f->requested && !io->connecting) {
        send_request(f);
    }
    for (int i = 0; i < BC_READS_PER_EVENT && io->fd >= 0 && read_once(f); i++) {
    }
}

static void
start(struct bc_viewer *v, bool websocket)
{
    struct flv_viewer *f = v->impl = bc_xcalloc(sizeof(*f));
    f->viewer = v;
    f->websocket = websocket;
    v->stage = "tcp";
    bc_io_init(&f->io);
    bc_http_reset(&f->response);
    if (bc_io_connect(&f->io, &v->url.address, on_event, f)) {
        bc_viewer_on_failed(v, "tcp_connect");
    }
}

static void
start_http(struct bc_viewer *v)
{
    start(v, false);
}

static void
start_websocket(struct bc_viewer *v)
{
    start(v, true);
}

static void
move_to_bulk(struct bc_viewer *v)
{
    bc_io_move_to_bulk(&((struct flv_viewer *)v->impl)->io);
}

static void
stop(struct bc_viewer *v)
{
    bc_io_close(&((struct flv_viewer *)v->impl)->io);
}

const struct bc_viewer_kind bc_viewer_flv = {
    .name = "flv",
    .start = start_http,
    .move_to_bulk = move_to_bulk,
    .stop = stop,
};

const struct bc_viewer_kind bc_viewer_ws_flv = {
    .name = "ws-flv",
    .start = start_websocket,
    .move_to_bulk = move_to_bulk,
    .stop = stop,
};
