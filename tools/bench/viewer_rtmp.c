// SPDX-License-Identifier: Apache-2.0
// Viewer: RTMP play.
#include "flv.h"
#include "rtmp_client.h"
#include "viewer.h"

static void
on_running(void *userdata)
{
    ((struct bc_viewer *)userdata)->stage = "rtmp_media";
}

static void
on_read(void *userdata, size_t bytes)
{
    ((struct bc_viewer *)userdata)->bytes += bytes;
}

static void
on_payload(void *userdata, uint8_t type, const uint8_t *p, size_t n)
{
    if (type == BC_RTMP_VIDEO) {
        bc_viewer_scan(userdata, p, n);
    }
}

static void
on_media(void *userdata, uint8_t type, uint32_t ts_ms, const uint8_t *head,
         size_t head_len)
{
    int64_t now_ns = bc_now_ns();
    struct bc_flv_kind kind = bc_flv_kind_of(type, head, head_len);
    if (kind.media) {
        bc_viewer_on_media(userdata, now_ns,
                           (struct bc_viewer_media){kind.video, kind.key, ts_ms});
    }
    if (type == BC_RTMP_VIDEO) {
        bc_viewer_scan_done(userdata, now_ns);
    }
}

static void
on_failed(void *userdata, const char *what)
{
    bc_viewer_on_failed(userdata, what);
}

static const struct bc_rtmp_client_callbacks callbacks = {
    .on_running = on_running,
    .on_read = on_read,
    .on_payload = on_payload,
    .on_media = on_media,
    .on_failed = on_failed,
};

static void
start(struct bc_viewer *v)
{
    struct bc_rtmp_client *c = v->impl = bc_xcalloc(sizeof(*c));
    v->stage = "rtmp_start";
    if (bc_rtmp_client_open(c, &v->url, &callbacks, v)) {
        bc_viewer_on_failed(v, "tcp_connect");
    }
}

static void
move_to_bulk(struct bc_viewer *v)
{
    bc_io_move_to_bulk(&((struct bc_rtmp_client *)v->impl)->io);
}

static void
stop(struct bc_viewer *v)
{
    bc_rtmp_client_close(v->impl);
}

const struct bc_viewer_kind bc_viewer_rtmp = {
    .name = "rtmp",
    .start = start,
    .move_to_bulk = move_to_bulk,
    .stop = stop,
};
