// SPDX-License-Identifier: Apache-2.0
// The publish command: the file in real time and in a loop, over one or several RTMP
// connections, until the time is over or a signal comes.
#include "publish.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loop.h"
#include "options.h"
#include "procstat.h"
#include "rtmp_client.h"

enum {
    CHUNK_STREAM_AUDIO = 4,
    CHUNK_STREAM_DATA = 5,
    CHUNK_STREAM_VIDEO = 6,
    FRAME_MS = 33,
    IDLE_STEP_MS = 100,
};

// One publishing connection. Lives in `sessions` until the program ends.
struct session {
    struct bc_rtmp_client client;
    int number;
    bool dead;
    int64_t start_ns; // when timestamp 0 is due; 0: not publishing yet
    size_t next_tag;
    uint32_t round;
};

static struct bc_flvfile file;
static struct session *sessions;
static struct bc_publish_totals totals;
static struct bc_buf body;
static struct bc_buf out;
static int64_t stop_ns;

static int
send_tag(struct session *s, uint8_t chunk_stream, uint8_t type, uint32_t ts_ms,
         const struct bc_buf *payload)
{
    struct bc_rtmp_message m = {chunk_stream, type,          s->client.stream_id,
                                ts_ms,        payload->data, payload->len};
    bc_buf_clear(&out);
    bc_rtmp_message_write(&out, &m, s->client.out_chunk_size);
    totals.bytes += out.len;
    return bc_io_send(&s->client.io, out.data, out.len);
}

static void
on_failed(void *userdata, const char *what)
{
    struct session *s = userdata;
    if (s->dead) {
        return;
    }
    s->dead = true;
    bc_count_error(what);
    fprintf(stderr, "stream %d: %s\n", s->number, what);
    totals.running -= s->start_ns != 0;
    s->start_ns = 0;
    bc_rtmp_client_close(&s->client);
    if (--totals.alive == 0) {
        bc_loop_stop();
    }
}

static void
on_running(void *userdata)
{
    struct session *s = userdata;
    // Several streams do not send in step.
    int64_t shift_ns = (int64_t)s->number * FRAME_MS * BC_NS_PER_MS / bc_options.streams;
    s->start_ns = bc_now_ns() + shift_ns;
    totals.running++;
    if (!bc_options.quiet) {
        fprintf(stderr, "publishing %s\n", s->client.name);
    }
    if (file.metadata.len) {
        send_tag(s, CHUNK_STREAM_DATA, BC_RTMP_DATA, 0, &file.metadata);
    }
}

static void
on_media(void *userdata, uint8_t type, uint32_t ts_ms, const uint8_t *head, size_t n)
{
    (void)userdata, (void)type, (void)ts_ms, (void)head, (void)n; // nobody sends us any
}

static const struct bc_rtmp_client_callbacks callbacks = {
    .on_running = on_running,
    .on_media = on_media,
    .on_failed = on_failed,
};

static int64_t
due_ns(const struct session *s)
{
    int64_t ts_ms = (int64_t)s->round * file.loop_ms + file.tags[s->next_tag].ts_ms;
    return s->start_ns + ts_ms * BC_NS_PER_MS;
}

// Sends what is due and returns when the next tag is.
static int64_t
advance(struct session *s, int64_t now_ns)
{
    int64_t due;
    while ((due = due_ns(s)) <= now_ns) {
        const struct bc_flvfile_tag *tag = &file.tags[s->next_tag];
        if (!tag->header || !s->round) {
            uint8_t stream =
                tag->type == BC_RTMP_VIDEO ? CHUNK_STREAM_VIDEO : CHUNK_STREAM_AUDIO;
            bc_flvfile_body(&file, s->next_tag, &body);
            uint32_t ts_ms = s->round * file.loop_ms + tag->ts_ms;
            if (send_tag(s, stream, tag->type, ts_ms, &body)) {
                on_failed(s, "tcp_reset");
                return INT64_MAX;
            }
            bc_samples_add(&totals.lag_ms, (double)(bc_now_ns() - due) / BC_NS_PER_MS);
            totals.video_frames += tag->video_frame;
            size_t backlog = bc_io_backlog_bytes(&s->client.io);
            if (backlog > totals.max_backlog_bytes) {
                totals.max_backlog_bytes = backlog;
            }
        }
        if (++s->next_tag == file.count) {
            s->next_tag = 0;
            s->round++;
        }
    }
    return due;
}

static int64_t
step(int64_t now_ns)
{
    int64_t next = bc_min64(stop_ns, now_ns + IDLE_STEP_MS * BC_NS_PER_MS);
    if (now_ns >= stop_ns) {
        bc_loop_stop();
    }
    for (int i = 0; i < bc_options.streams; i++) {
        if (sessions[i].start_ns) {
            next = bc_min64(next, advance(&sessions[i], now_ns));
        }
    }
    return next;
}

void
bc_publish_report(struct bc_publish_totals *t)
{
    struct bc_buf b = {0};
    double secs = (double)(bc_now_ns() - t->started_ns) / BC_NS_PER_S;
    bc_buf_add_text(&b, "{\"publish\":\"");
    bc_json_text(&b, bc_options.url);
    bc_buf_add_format(&b, "\",\"streams\":%d,\"running\":%d,\"secs\":%.3f,",
                      bc_options.streams, t->running, secs);
    bc_buf_add_format(&b, "\"bytes\":%llu,\"video_frames\":%llu,\"mbit_per_s\":%.3f,",
                      (unsigned long long)t->bytes,
                      (unsigned long long)t->video_frames,
                      (double)t->bytes * 8e-6 / secs);
    bc_samples_write(&b, "send_lag_ms", &t->lag_ms);
    bc_buf_add_format(&b, ",\"max_backlog_bytes\":%zu,\"cpu_percent\":%.2f,\"errors\":",
                      t->max_backlog_bytes,
                      100 * (double)bc_procstat_self_cpu_ns() / BC_NS_PER_S / secs);
    bc_errors_write(&b);
    bc_buf_add_text(&b, "}\n");
    fwrite(b.data, 1, b.len, stdout);
    fflush(stdout);
    bc_buf_finish(&b);
}

static void
open_session(int number, const struct bc_url *url)
{
    struct session *s = &sessions[number];
    struct bc_url own = *url;
    s->number = number;
    if (bc_options.streams > 1) { // STREAM_n, before the query
        int name_len = (int)strcspn(url->path, "?");
        int n = snprintf(own.path, sizeof(own.path), "%.*s_%d%s", name_len, url->path,
                         number, url->path + name_len);
        if (n < 0 || (size_t)n >= sizeof(own.path)) {
            bc_die("address too long");
        }
    }
    s->client.publish = true;
    s->client.out_chunk_size = (uint32_t)bc_options.chunk_size;
    if (bc_rtmp_client_open(&s->client, &own, &callbacks, s)) {
        on_failed(s, "tcp_connect");
    }
}

int
bc_publish(void)
{
    struct bc_url url;
    if (!bc_options.file) {
        bc_die("publish needs --file");
    }
    if (bc_url_parse(&url, bc_options.url) ||
        (strcmp(url.scheme, "rtmp") && strcmp(url.scheme, "rtp"))) {
        bc_die("publish needs rtmp://HOST[:PORT]/APP/STREAM or rtp://HOST:PORT");
    }
    bc_flvfile_load(&file, bc_options.file);
    if (!strcmp(url.scheme, "rtp")) {
        return bc_publish_rtp(&url, &file);
    }
    sessions = bc_xcalloc((size_t)bc_options.streams * sizeof(*sessions));
    totals.alive = bc_options.streams;
    totals.started_ns = bc_now_ns();
    stop_ns = totals.started_ns + (int64_t)(bc_options.duration_s * BC_NS_PER_S);
    for (int i = 0; i < bc_options.streams; i++) {
        open_session(i, &url);
    }
    bc_loop_run(step);
    bool ok = totals.running == bc_options.streams;
    bc_publish_report(&totals);
    for (int i = 0; i < bc_options.streams; i++) {
        if (!sessions[i].dead) {
            bc_rtmp_client_close(&sessions[i].client);
        }
    }
    return ok ? 0 : 1;
}
