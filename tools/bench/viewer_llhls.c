// SPDX-License-Identifier: Apache-2.0
// Viewer: low-latency HLS. One HTTP/1.1 keep-alive connection per media playlist: a
// blocking reload, then every part that is new in it, one after the other. A viewer sits
// at the live edge: it starts with the newest independent part and keeps no buffer.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "hls_follow.h"
#include "http_response.h"
#include "loop.h"
#include "samples.h"
#include "viewer.h"

enum {
    MAX_TRACKS = 2,
    MAX_RETRIES = 3,
    STALE_RETRY_MS = 50,
};

enum request { REQUEST_NONE, REQUEST_PLAYLIST, REQUEST_PART };

// One media playlist and the connection it is followed on.
struct track {
    struct bc_viewer *viewer; // borrowed
    struct bc_io io;
    struct bc_http_response response;
    enum request request;
    bool video;
    bool answered; // something on this connection: a close is then no surprise
    int retries;
    struct bc_buf request_text;
    struct bc_buf body;
    struct bc_hls_follow follow;
    int64_t reload_ns; // a reload that waits for the clock; 0: none
};

// Lives until the program ends.
struct hls_viewer {
    struct track tracks[MAX_TRACKS];
    int track_count;
};

static struct bc_playlist list; // scratch: one playlist is looked at at a time

static void on_event(struct bc_io *io, uint32_t events);
static void open_track(struct bc_viewer *v, char *path, bool video);

static void
fail(struct track *t, const char *what, int status)
{
    char text[64];
    snprintf(text, sizeof(text), status ? "%s_%d" : "%s", what, status);
    bc_viewer_on_failed(t->viewer, text);
}

static void
transmit(struct track *t)
{
    bc_http_reset(&t->response);
    bc_buf_clear(&t->body);
    if (t->io.fd < 0) {
        t->answered = false;
        if (bc_io_connect(&t->io, &t->viewer->url.address, on_event, t)) {
            fail(t, "tcp_connect", 0);
            return;
        }
        if (t->viewer->first_key_ns && !t->viewer->probe) {
            bc_io_move_to_bulk(&t->io);
        }
    }
    bc_io_send(&t->io, t->request_text.data,
               t->request_text.len); // a loss shows on reading
}

static void
send_request(struct track *t, enum request request, const char *path, int64_t offset,
             int64_t len)
{
    t->request = request;
    t->retries = 0;
    bc_buf_clear(&t->request_text);
    bc_buf_add_format(&t->request_text,
                      "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: bcbench\r\n"
                      "Accept: */*\r\n",
                      path, t->viewer->url.host_port);
    if (len >= 0) {
        bc_buf_add_format(&t->request_text, "Range: bytes=%lld-%lld\r\n",
                          (long long)offset, (long long)(offset + len - 1));
    }
    bc_buf_add_text(&t->request_text, "\r\n");
    transmit(t);
}

static void
load_playlist(struct track *t)
{
    static struct bc_buf path; // scratch
    t->reload_ns = 0;
    bc_hls_follow_reload_path(&t->follow, &path);
    send_request(t, REQUEST_PLAYLIST, (const char *)path.data, 0, -1);
}

static void
wait_for_reload(struct track *t, int64_t at_ns)
{
    struct bc_viewer *v = t->viewer;
    t->reload_ns = at_ns;
    v->wake_ns = v->wake_ns ? bc_min64(v->wake_ns, at_ns) : at_ns;
}

static void
do_next(struct track *t)
{
    t->request = REQUEST_NONE;
    const struct bc_fetch *f = bc_fetch_queue_first(&t->follow.queue);
    if (f) {
        t->viewer->scan.tail_len = t->video ? 0 : t->viewer->scan.tail_len;
        send_request(t, REQUEST_PART, f->path, f->offset, f->len);
    } else if (!t->reload_ns) {
        load_playlist(t);
    }
}

static void
on_multivariant(struct track *t)
{
    struct hls_viewer *h = t->viewer->impl;
    if (!list.variant.start || h->track_count > 1) {
        fail(t, "hls_no_variant", 0);
        return;
    }
    const char *base = t->follow.playlist_path;
    char *audio = list.audio.start ? bc_hls_resolve(base, list.audio) : NULL;
    bc_hls_follow_set_path(&t->follow, bc_hls_resolve(base, list.variant));
    load_playlist(t);
    if (audio && t->viewer->state <= BC_VIEWER_PLAYING) {
        open_track(t->viewer, audio, false);
    } else {
        free(audio);
    }
}

static void
on_playlist(struct track *t)
{
    bc_buf_add(&t->body, "", 1);
    if (bc_playlist_parse(&list, (const char *)t->body.data)) {
        fail(t, "hls_no_playlist", 0);
        return;
    }
    if (list.multivariant) {
        on_multivariant(t);
        return;
    }
    if (!list.can_block || list.ended) {
        fail(t, list.ended ? "hls_ended" : "llhls_no_blocking_reload", 0);
        return;
    }
    if (t->viewer->state == BC_VIEWER_JOINING) {
        t->viewer->stage = "hls_part";
    }
    bc_viewer_raise_gap_threshold((int64_t)(2 * list.part_target_s * BC_NS_PER_S));
    struct bc_hls_news news = bc_hls_follow_take(&t->follow, &list);
    if (news.skipped) {
        bc_count_error("llhls_skipped_part");
        bc_viewer_on_lost(t->viewer, news.skipped);
    }
    if (!news.queued) {
        if (t->viewer->state == BC_VIEWER_PLAYING) {
            bc_count_note("llhls_reload_without_news");
        }
        wait_for_reload(t, bc_now_ns() + STALE_RETRY_MS * BC_NS_PER_MS);
    }
    do_next(t);
}

static void
on_part(struct track *t, int status)
{
    const struct bc_fetch *f = bc_fetch_queue_first(&t->follow.queue);
    int64_t now_ns = bc_now_ns();
    if (status != 200 && status != 206) {
        char what[32];
        snprintf(what, sizeof(what), "hls_part_%d", status);
        bc_count_error(what);
        bc_viewer_on_lost(t->viewer, 1);
    } else if (f->media && t->video) {
        bc_viewer_on_media(t->viewer, now_ns,
                           (struct bc_viewer_media){true, f->independent, -1});
        bc_viewer_scan_done(t->viewer, now_ns);
    }
    bc_fetch_queue_drop_first(&t->follow.queue);
    do_next(t);
}

static void
on_redirect(struct track *t)
{
    struct bc_span to = {t->response.location, strlen(t->response.location)};
    bc_hls_follow_set_path(&t->follow, bc_hls_resolve(t->follow.playlist_path, to));
    load_playlist(t);
}

static void
on_response(struct track *t)
{
    int status = t->response.status;
    t->answered = true;
    if (!t->response.keep_alive) {
        bc_io_close(&t->io);
    }
    if (t->request == REQUEST_PART) {
        on_part(t, status);
    } else if (status == 301 || status == 302 || status == 307 || status == 308) {
        on_redirect(t);
    } else if (status != 200) {
        fail(t, "hls_playlist", status);
    } else {
        on_playlist(t);
    }
}

static void
on_body(void *userdata, const uint8_t *p, size_t n)
{
    struct track *t = userdata;
    if (t->request == REQUEST_PLAYLIST) {
        bc_buf_add(&t->body, p, n);
    } else if (t->video && bc_fetch_queue_first(&t->follow.queue)->media) {
        bc_viewer_scan(t->viewer, p, n);
    }
}

static void
on_closed(struct track *t, int64_t error)
{
    bool idle = t->response.state == BC_HTTP_HEAD && !t->response.head_len;
    bool complete = t->response.state == BC_HTTP_UNTIL_CLOSE && !error;
    bc_io_close(&t->io);
    if (complete) {
        on_response(t);
    } else if (t->request == REQUEST_NONE) {
        t->answered = false;
    } else if (idle && t->answered && t->retries++ < MAX_RETRIES) {
        transmit(t); // the server gave up an idle connection as we used it
    } else {
        fail(t, error ? "tcp_reset" : "closed_by_server", 0);
    }
}

static void
feed(struct track *t, const uint8_t *p, size_t n)
{
    size_t at = 0;
    while (at < n && t->io.fd >= 0) {
        if (t->request == REQUEST_NONE) {
            fail(t, "http_surplus", 0);
            return;
        }
        int64_t used = bc_http_feed(&t->response, p + at, n - at, on_body, t);
        if (used < 0) {
            fail(t, "not_http", 0);
            return;
        }
        at += (size_t)used;
        if (t->response.state == BC_HTTP_DONE) {
            bool last = !t->response.keep_alive; // what follows is on a new connection
            on_response(t);
            if (last) {
                return;
            }
        }
    }
}

static void
on_event(struct bc_io *io, uint32_t events)
{
    struct track *t = io->userdata;
    if (events & EPOLLOUT && bc_io_on_writable(io)) {
        fail(t, "tcp_connect", 0);
        return;
    }
    for (int i = 0; i < BC_READS_PER_EVENT && io->fd >= 0; i++) {
        int64_t n = bc_io_read(io);
        if (n == -EAGAIN) {
            return;
        }
        if (n <= 0) {
            on_closed(t, n);
            return;
        }
        t->viewer->bytes += (uint64_t)n;
        feed(t, bc_read_buffer, (size_t)n);
        if (n < BC_READ_BUFFER_BYTES) {
            return;
        }
    }
}

static void
open_track(struct bc_viewer *v, char *path, bool video)
{
    struct hls_viewer *h = v->impl;
    struct track *t = &h->tracks[h->track_count++];
    t->viewer = v;
    t->video = video;
    bc_hls_follow_init(&t->follow, path);
    bc_io_init(&t->io);
    load_playlist(t);
}

static void
start(struct bc_viewer *v)
{
    v->impl = bc_xcalloc(sizeof(struct hls_viewer));
    v->stage = "hls_playlist";
    open_track(v, bc_xstrdup(v->url.path), true);
}

static void
on_timer(struct bc_viewer *v, int64_t now_ns)
{
    struct hls_viewer *h = v->impl;
    for (int i = 0; i < h->track_count && v->state <= BC_VIEWER_PLAYING; i++) {
        struct track *t = &h->tracks[i];
        if (t->reload_ns && t->request == REQUEST_NONE && now_ns >= t->reload_ns) {
            load_playlist(t);
        } else if (t->reload_ns) {
            wait_for_reload(t, t->reload_ns);
        }
    }
}

static void
move_to_bulk(struct bc_viewer *v)
{
    struct hls_viewer *h = v->impl;
    for (int i = 0; i < h->track_count; i++) {
        bc_io_move_to_bulk(&h->tracks[i].io);
    }
}

static void
stop(struct bc_viewer *v)
{
    struct hls_viewer *h = v->impl;
    for (int i = 0; i < h->track_count; i++) {
        struct track *t = &h->tracks[i];
        bc_io_close(&t->io);
        bc_hls_follow_finish(&t->follow);
    }
}

const struct bc_viewer_kind bc_viewer_llhls = {
    .name = "llhls",
    .in_segments = true,
    .start = start,
    .on_timer = on_timer,
    .move_to_bulk = move_to_bulk,
    .stop = stop,
};
