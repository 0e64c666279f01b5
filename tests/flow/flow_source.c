// SPDX-License-Identifier: Apache-2.0
#include "flow_source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// x264, constrained baseline 3.0, 640x360.
static const uint8_t AVCC[] = {
    0x01, 0x42, 0xc0, 0x1e, 0xff, 0xe1, 0x00, 0x18, 0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00, 0xa0,
    0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03, 0x03, 0xe9, 0x00, 0x00, 0xea, 0x60, 0x0f, 0x16,
    0x2e, 0x48, 0x01, 0x00, 0x05, 0x68, 0xcb, 0x83, 0xcb, 0x20,
};

#define KEY_BYTES 6000
#define FRAME_BYTES 900
#define SOUND_MS 20

static void
on_accepted(void *user)
{
    atomic_store(&((struct flow_source *)user)->accepted, true);
}

static void
on_refused(void *user, enum bc_take_refusal why, const char *text)
{
    (void)why;
    (void)text;
    atomic_store(&((struct flow_source *)user)->refused, true);
}

static void
on_kicked(void *user, const char *reason)
{
    (void)reason;
    atomic_store(&((struct flow_source *)user)->kicked, true);
}

static void
on_key_wanted(void *user, unsigned rendition)
{
    atomic_fetch_add(&((struct flow_source *)user)->keys_wanted[rendition], 1);
}

static const struct bc_take_ops DEAF_OPS = { on_accepted, on_refused, on_kicked, NULL };
static const struct bc_take_ops TAKE_OPS = { on_accepted, on_refused, on_kicked,
    on_key_wanted };

static void
run_open(void *user)
{
    struct flow_source *s = user;
    struct bc_server_worker *w = &s->flow->server.workers[s->worker];
    struct bc_take_params params = { .hub = s->flow->server.hub, .worker = w->worker,
        .channel = s->channel, .credential = 7, .protocol = "test", .peer = "test:1",
        .peer_ip = "127.0.0.1", .encoder = "", .user = s,
        .ops = s->can_ask ? &TAKE_OPS : &DEAF_OPS };
    s->take = bc_take_open(&params);
}

static void
run_set_tracks(void *user)
{
    struct flow_source *s = user;
    bc_take_set_track(s->take, s->video[0]);
    if (!s->silent) {
        bc_take_set_track(s->take, s->audio);
    }
}

struct bc_track *
flow_source_track(enum bc_codec codec)
{
    static const uint8_t OPUS_HEAD[] = { 'O', 'p', 'u', 's', 'H', 'e', 'a', 'd', 1, 2, 0,
        0, 0x80, 0xbb, 0, 0, 0, 0, 0 };
    if (codec == BC_CODEC_AVC) {
        return bc_avc_track(AVCC, sizeof(AVCC));
    }
    bool video = codec != BC_CODEC_OPUS;
    struct bc_track *t
        = bc_track_create(video ? BC_KIND_VIDEO : BC_KIND_AUDIO, codec);
    snprintf(t->codec_string, sizeof(t->codec_string), "%s", video ? "vp8" : "opus");
    if (video) {
        t->width = 640;
        t->height = 360;
    } else {
        t->config = bc_buf_copy(OPUS_HEAD, sizeof(OPUS_HEAD));
        t->sample_rate = 48000;
        t->channels = 2;
    }
    return t;
}

static void
open_source(struct flow *f, struct flow_source *s, unsigned worker)
{
    s->flow = f;
    s->channel = s->channel ? s->channel : "live/hq";
    s->worker = worker;
    s->video[0] = flow_source_track(BC_CODEC_AVC);
    s->audio = flow_source_track(BC_CODEC_OPUS);
    flow_run_on(f, worker, run_open, s);
    assert_non_null(s->take);
    FLOW_UNTIL(f, s->accepted || s->refused);
    assert_true(s->accepted);
    flow_run_on(f, worker, run_set_tracks, s);
}

void
flow_source_open(struct flow *f, struct flow_source *s, unsigned worker, bool can_ask)
{
    memset(s, 0, sizeof(*s));
    s->can_ask = can_ask;
    open_source(f, s, worker);
}

void
flow_source_open_at(
    struct flow *f, struct flow_source *s, const char *channel, unsigned worker)
{
    memset(s, 0, sizeof(*s));
    s->channel = channel;
    open_source(f, s, worker);
}

void
flow_source_open_silent(struct flow *f, struct flow_source *s, unsigned worker)
{
    memset(s, 0, sizeof(*s));
    s->silent = true;
    open_source(f, s, worker);
}

void
flow_source_set_track(struct flow_source *s, unsigned rendition, struct bc_track *track)
{
    struct bc_track **slot
        = track->kind == BC_KIND_AUDIO ? &s->audio : &s->video[rendition];
    bc_track_unref(slot);
    *slot = track;
}

static void
add(struct flow_source *s, struct bc_track *track, struct bc_buf *buf, int64_t dts_ms,
    int64_t pts_ms, uint32_t flags, unsigned rendition)
{
    struct bc_packet *p
        = bc_packet_create(track->kind, track, buf, buf->data, buf->len);
    assert_non_null(p);
    p->dts_us = dts_ms * 1000;
    p->pts_us = pts_ms * 1000;
    p->arrived_us = bc_clock_us();
    p->flags = flags;
    p->rendition = (uint8_t)rendition;
    assert_true(s->batch_count < FLOW_SOURCE_BATCH);
    s->batch[s->batch_count++] = p;
}

static void
put_u32(uint8_t *out, size_t v)
{
    for (int i = 0; i < 4; i++) {
        out[i] = (uint8_t)(v >> (24 - 8 * i));
    }
}

void
flow_source_picture(struct flow_source *s, int64_t dts_ms, int64_t pts_ms, uint32_t flags,
    unsigned rendition, size_t len)
{
    struct bc_buf *buf = bc_buf_create(4 + len);
    memset(buf->data, 0x55, buf->len);
    put_u32(buf->data, len);
    buf->data[4] = flags & BC_PACKET_KEY ? 0x65
        : flags & BC_PACKET_DISPOSABLE   ? 0x01
                                         : 0x41;
    memcpy(buf->data + 5, FLOW_SLICE, sizeof(FLOW_SLICE));
    put_u32(buf->data + 5 + sizeof(FLOW_SLICE), s->numbers[rendition]++);
    add(s, s->video[rendition], buf, dts_ms, pts_ms, flags, rendition);
}

void
flow_source_sound(struct flow_source *s, int64_t ms)
{
    static const uint8_t SILENCE[] = { 0xfc, 0xff, 0xfe }; // 20 ms, CELT, stereo
    struct bc_buf *buf = bc_buf_copy(SILENCE, sizeof(SILENCE));
    add(s, s->audio, buf, ms, ms, 0, 0);
}

void
flow_source_push(struct flow_source *s, const struct bc_packet *packet)
{
    add(s, packet->track, bc_buf_copy(packet->data, packet->len), packet->dts_us / 1000,
        packet->pts_us / 1000, packet->flags, packet->rendition);
    s->batch[s->batch_count - 1]->dts_us = packet->dts_us;
    s->batch[s->batch_count - 1]->pts_us = packet->pts_us;
}

static void
run_flush(void *user)
{
    struct flow_source *s = user;
    for (unsigned i = 0; i < s->batch_count; i++) {
        bc_take_push(s->take, s->batch[i]);
    }
    s->batch_count = 0;
    bc_take_flush(s->take);
}

void
flow_source_flush(struct flow_source *s)
{
    flow_run_on(s->flow, s->worker, run_flush, s);
}

void
flow_source_run(struct flow_source *s, int64_t ms)
{
    for (int64_t end = s->ms + ms; s->ms < end; s->ms += FLOW_FRAME_MS) {
        bool key = s->ms / FLOW_FRAME_MS % FLOW_GOP == 0;
        flow_source_picture(s, s->ms, s->ms, key ? BC_PACKET_KEY : 0, 0,
            key ? KEY_BYTES : FRAME_BYTES);
        if (!s->silent) {
            flow_source_sound(s, s->ms);
            flow_source_sound(s, s->ms + SOUND_MS);
        }
    }
    flow_source_flush(s);
}

static void
run_close(void *user)
{
    struct flow_source *s = user;
    bc_take_close(s->take, s->clean, "the test's host left");
    s->take = NULL;
}

void
flow_source_close(struct flow_source *s, bool clean)
{
    if (!s->take) {
        return;
    }
    s->clean = clean;
    flow_run_on(s->flow, s->worker, run_close, s);
    for (unsigned i = 0; i < BC_RENDITION_MAX; i++) {
        bc_track_unref(&s->video[i]);
    }
    bc_track_unref(&s->audio);
}

// --- the tap ---

static void
on_packet(struct bc_packet_sink *sink, struct bc_packet *p, int64_t wall_us)
{
    (void)wall_us;
    struct flow_tap *t = bc_container_of(sink, struct flow_tap, sink);
    unsigned n = atomic_load(&t->count);
    if (n == FLOW_TAP_MAX) {
        return;
    }
    struct flow_tapped *out = &t->packets[n];
    *out = (struct flow_tapped){ .kind = p->kind, .flags = p->flags, .number = -1,
        .codec = p->track ? p->track->codec : BC_CODEC_NONE, .rendition = p->rendition,
        .dts_us = p->dts_us, .pts_us = p->pts_us, .len = p->len };
    if (p->kind == BC_KIND_AUDIO && p->len >= 5) {
        const uint8_t *d = p->data;
        out->number = (int64_t)d[1] << 24 | d[2] << 16 | d[3] << 8 | d[4];
    }
    // The first NAL unit that is a picture.
    for (size_t at = 0; p->kind == BC_KIND_VIDEO && at + 11 <= p->len;) {
        const uint8_t *d = p->data + at;
        size_t len = (size_t)d[0] << 24 | (size_t)d[1] << 16 | (size_t)d[2] << 8 | d[3];
        int type = d[4] & 0x1f;
        if (type == 1 || type == 5) {
            d += 5 + sizeof(FLOW_SLICE);
            out->number = (int64_t)d[0] << 24 | d[1] << 16 | d[2] << 8 | d[3];
            break;
        }
        at += 4 + len;
    }
    atomic_store(&t->count, n + 1);
}

static void
on_tracks(struct bc_packet_sink *sink, struct bc_track *video, struct bc_track *audio)
{
    (void)video;
    (void)audio;
    atomic_fetch_add(&bc_container_of(sink, struct flow_tap, sink)->tracks, 1);
}

static void
on_end(struct bc_packet_sink *sink)
{
    atomic_fetch_add(&bc_container_of(sink, struct flow_tap, sink)->ends, 1);
}

static const struct bc_packet_sink_ops TAP_OPS = {
    .all_renditions = true,
    .on_packet = on_packet,
    .on_tracks = on_tracks,
    .on_end = on_end,
};

static void
run_tap_open(void *user)
{
    struct flow_tap *t = user;
    bc_channel_add_sink(t->channel, &t->sink);
}

static void
run_tap_close(void *user)
{
    struct flow_tap *t = user;
    bc_channel_remove_sink(&t->sink);
}

void
flow_tap_open(struct flow *f, struct flow_tap *t)
{
    memset(t, 0, sizeof(*t));
    t->flow = f;
    t->sink.ops = &TAP_OPS;
    bc_list_init(&t->sink.node);
    t->channel = flow_channel(f);
    assert_non_null(t->channel);
    flow_run_on(f, bc_channel_home(t->channel)->index, run_tap_open, t);
}

void
flow_tap_close(struct flow_tap *t)
{
    if (t->channel) {
        flow_run_on(t->flow, bc_channel_home(t->channel)->index, run_tap_close, t);
        bc_channel_unref(&t->channel);
    }
}

unsigned
flow_tap_count(struct flow_tap *t)
{
    return atomic_load(&t->count);
}

unsigned
flow_tap_pictures(struct flow_tap *t)
{
    unsigned n = 0;
    for (unsigned i = 0; i < flow_tap_count(t); i++) {
        n += t->packets[i].kind == BC_KIND_VIDEO && t->packets[i].rendition == 0;
    }
    return n;
}
