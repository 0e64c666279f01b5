// SPDX-License-Identifier: Apache-2.0
#include "flow_srt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "flow_source.h"

#define KEY_BYTES 6000
#define FRAME_BYTES 900
#define SOUND_BYTES 60
#define LATENCY_MS 20

// --- on the worker ---

static void
on_track(void *user, struct bc_track *track)
{
    struct flow_srt *s = user;
    if (track->kind == BC_KIND_VIDEO) {
        s->video_codec = track->codec;
    } else {
        s->audio_codec = track->codec;
    }
    atomic_fetch_add(&s->tracks, 1);
}

// The number in the first NAL unit that is a picture.
static uint32_t
number_of(const struct bc_packet *p)
{
    for (size_t at = 0; at + 11 <= p->len;) {
        const uint8_t *d = p->data + at;
        size_t len = (size_t)d[0] << 24 | (size_t)d[1] << 16 | (size_t)d[2] << 8 | d[3];
        int type = d[4] & 0x1f;
        if (type == 1 || type == 5) {
            d += 5 + sizeof(FLOW_SLICE);
            return (uint32_t)d[0] << 24 | (uint32_t)d[1] << 16 | (uint32_t)d[2] << 8 | d[3];
        }
        at += 4 + len;
    }
    return 0;
}

static void
on_packet(void *user, struct bc_packet *p)
{
    struct flow_srt *s = user;
    if (p->kind == BC_KIND_VIDEO) {
        uint32_t number = number_of(p);
        unsigned n = atomic_load(&s->pictures);
        if (n == 0) {
            atomic_store(&s->first_is_key, p->flags & BC_PACKET_KEY);
        } else if (number != atomic_load(&s->last) + 1) {
            atomic_fetch_add(&s->gaps, 1);
        }
        atomic_store(&s->last, number);
        atomic_store(&s->pictures, n + 1);
    } else {
        atomic_fetch_add(&s->sounds_seen, 1);
    }
    bc_packet_unref(&p);
}

static const struct bc_ts_demux_ops DEMUX_OPS = { on_track, on_packet, NULL };

static void
on_data(void *user, const uint8_t *data, size_t len, int64_t now_us)
{
    struct flow_srt *s = user;
    bc_ts_demux_input(s->demux, data, len, now_us);
}

static void
on_closed(void *user, const char *reason)
{
    struct flow_srt *s = user;
    snprintf(s->why, sizeof(s->why), "%s", reason);
    atomic_store(&s->closed, true);
}

static const struct bc_srt_conn_ops CONN_OPS = { on_data, on_closed };

static void
on_result(void *user, struct bc_srt_conn *conn, const char *why)
{
    struct flow_srt *s = user;
    s->calling = NULL;
    if (!conn) {
        snprintf(s->why, sizeof(s->why), "%s", why);
        atomic_store(&s->failed, true);
        return;
    }
    s->conn = conn;
    bc_srt_conn_open(conn, &CONN_OPS, s);
    atomic_store(&s->connected, true);
}

struct call {
    struct flow_srt *s;
    const char *streamid;
    const char *passphrase;
};

static void
run_call(void *user)
{
    const struct call *c = user;
    struct flow *f = c->s->flow;
    struct bc_srt_call call = { .srt = f->server.srt,
        .worker = f->server.workers[c->s->worker].worker, .host = "127.0.0.1",
        .port = (uint16_t)f->srt_port, .streamid = c->streamid,
        .passphrase = c->passphrase, .latency_ms = LATENCY_MS, .timeout_ms = 5000,
        .on_result = on_result, .user = c->s };
    c->s->calling = bc_srt_call(&call);
    assert_non_null(c->s->calling);
}

static void
run_close(void *user)
{
    struct flow_srt *s = user;
    bc_srt_call_cancel(s->calling);
    s->calling = NULL;
    if (s->conn) {
        bc_srt_conn_close(s->conn, "the test hangs up");
    }
    s->conn = NULL;
}

static void
run_send(void *user)
{
    struct flow_srt *s = user;
    struct bc_sink *sink = s->conn ? bc_srt_conn_sink(s->conn) : NULL;
    struct iovec iov = { s->out.data, s->out.len };
    if (sink && s->out.len > 0) {
        ssize_t n = bc_sink_writev(sink, &iov, 1);
        assert_true(n < 0 || n == (ssize_t)s->out.len); // the server may have hung up
    }
    bc_writer_reset(&s->out);
}

static void
run_look(void *user)
{
    struct flow_srt *s = user;
    bc_ts_demux_stats(s->demux, &s->ts);
    if (s->conn) {
        bc_srt_conn_stats(s->conn, &s->line);
    }
}

// --- on the test's thread ---

void
flow_srt_call(struct flow *f, struct flow_srt *s, unsigned worker, const char *streamid,
    const char *passphrase)
{
    memset(s, 0, sizeof(*s));
    s->flow = f;
    s->worker = worker;
    s->demux = bc_ts_demux_create(&DEMUX_OPS, s);
    assert_non_null(s->demux);
    struct call c = { s, streamid, passphrase };
    flow_run_on(f, worker, run_call, &c);
}

void
flow_srt_host_tracks(struct flow_srt *s, bool video, bool audio)
{
    static const uint8_t AAC_LC_48000_STEREO[] = { 0x11, 0x90 };
    bc_track_unref(&s->video);
    bc_track_unref(&s->audio);
    s->video = video ? flow_source_track(BC_CODEC_AVC) : NULL;
    s->audio = audio ? bc_aac_track(AAC_LC_48000_STEREO, 2) : NULL;
    if (!s->mux) {
        s->mux = bc_ts_mux_create();
    }
    bc_ts_mux_set_tracks(s->mux, s->video, s->audio);
}

void
flow_srt_host_open(struct flow *f, struct flow_srt *s, unsigned worker)
{
    flow_srt_call(f, s, worker, "publish:live/hq:A", "");
    FLOW_UNTIL(f, s->connected || s->failed);
    assert_true(s->connected);
    flow_srt_host_tracks(s, true, true);
}

void
flow_srt_viewer_open(struct flow *f, struct flow_srt *s, unsigned worker)
{
    flow_srt_call(f, s, worker, "read:live/hq", "");
    FLOW_UNTIL(f, s->connected || s->failed);
    assert_true(s->connected);
}

static void
write_packet(struct flow_srt *s, struct bc_track *track, const uint8_t *data, size_t len,
    int64_t us, uint32_t flags)
{
    struct bc_buf *buf = bc_buf_copy(data, len);
    struct bc_packet *p
        = bc_packet_create(track->kind, track, buf, buf->data, buf->len);
    assert_non_null(p);
    p->dts_us = us;
    p->pts_us = us;
    p->flags = flags;
    bc_ts_mux_write_packet(s->mux, &s->out, p, 0);
    bc_packet_unref(&p);
}

static void
write_picture(struct flow_srt *s)
{
    static uint8_t data[4 + KEY_BYTES];
    bool key = s->count % FLOW_GOP == 0;
    size_t len = key ? KEY_BYTES : FRAME_BYTES;
    uint32_t number = FLOW_SRT_FIRST + s->count++;
    memset(data, 0x55, sizeof(data));
    for (int i = 0; i < 4; i++) {
        data[i] = (uint8_t)(len >> (24 - 8 * i));
        data[5 + sizeof(FLOW_SLICE) + (size_t)i] = (uint8_t)(number >> (24 - 8 * i));
    }
    data[4] = key ? 0x65 : 0x41;
    memcpy(data + 5, FLOW_SLICE, sizeof(FLOW_SLICE));
    write_packet(s, s->video, data, 4 + len, s->ms * 1000, key ? BC_PACKET_KEY : 0);
}

void
flow_srt_host_send(struct flow_srt *s, int64_t ms)
{
    for (int64_t end = s->ms + ms; s->ms < end; s->ms += FLOW_FRAME_MS) {
        if (s->video) {
            write_picture(s);
        }
        for (int64_t us; s->audio
            && (us = s->sounds * 1024 * 1000 / 48) < (s->ms + FLOW_FRAME_MS) * 1000;
            s->sounds++) {
            uint8_t sound[SOUND_BYTES];
            memset(sound, 0x21, sizeof(sound));
            write_packet(s, s->audio, sound, sizeof(sound), us, 0);
        }
    }
    flow_run_on(s->flow, s->worker, run_send, s);
}

void
flow_srt_send(struct flow_srt *s, const void *data, size_t len)
{
    bc_write_bytes(&s->out, data, len);
    flow_run_on(s->flow, s->worker, run_send, s);
}

void
flow_srt_look(struct flow_srt *s)
{
    flow_run_on(s->flow, s->worker, run_look, s);
}

void
flow_srt_close(struct flow_srt *s)
{
    if (!s->flow) {
        return;
    }
    if (!s->flow->stopped) {
        flow_run_on(s->flow, s->worker, run_close, s);
    }
    bc_ts_demux_destroy(s->demux);
    bc_ts_mux_destroy(s->mux);
    bc_writer_finish(&s->out);
    bc_track_unref(&s->video);
    bc_track_unref(&s->audio);
    s->flow = NULL;
}
