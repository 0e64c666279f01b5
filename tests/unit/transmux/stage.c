// SPDX-License-Identifier: Apache-2.0
#include "stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/writer.h"
#include "transmux/outputs.h"
#include "transmux/window.h"

#define DEADLINE_US 20000000

#define KEY_BYTES 300
#define FRAME_BYTES 60
#define AUDIO_BYTES 20

static struct bc_outputs *
open_outputs(void *user, struct bc_channel *channel)
{
    (void)user;
    return bc_outputs_create(channel, NULL);
}

static void
close_outputs(void *user, struct bc_outputs *outputs)
{
    (void)user;
    bc_outputs_destroy(outputs);
}

// The slate is a channel that the test feeds.
static struct bc_channel *
open_slate(void *user, struct bc_worker *worker, const struct bc_slate_wish *wish)
{
    (void)worker;
    (void)wish;
    return bc_hub_find(((struct stage *)user)->hub, STAGE_SLATE);
}

static void
close_slate(void *user, struct bc_channel **slate)
{
    (void)user;
    bc_channel_unref(slate);
}

static const struct bc_hub_ops HUB_OPS = {
    .open_slate = open_slate,
    .close_slate = close_slate,
    .open_outputs = open_outputs,
    .close_outputs = close_outputs,
};

static void
on_accepted(void *user)
{
    ((struct stage *)user)->accepted = true;
}

static void
on_refused(void *user, enum bc_take_refusal why, const char *text)
{
    struct stage *s = user;
    s->refused = why != BC_TAKE_OK;
    snprintf(s->text, sizeof(s->text), "%s", text);
}

static void
on_kicked(void *user, const char *reason)
{
    struct stage *s = user;
    snprintf(s->kicked, sizeof(s->kicked), "%s", reason);
}

static const struct bc_take_ops TAKE_OPS = {
    .on_accepted = on_accepted,
    .on_refused = on_refused,
    .on_kicked = on_kicked,
};

static void
open_tracks(struct stage *s)
{
    s->frame_bytes = FRAME_BYTES;
    stage_set_video(s, 31);
    static const uint8_t ASC[] = { 0x11, 0x90 };
    s->audio = bc_track_create(BC_KIND_AUDIO, BC_CODEC_AAC);
    s->audio->config = bc_buf_copy(ASC, sizeof(ASC));
    strcpy(s->audio->codec_string, "mp4a.40.2");
    s->audio->sample_rate = 48000;
    s->audio->channels = 2;
    s->audio->frame_samples = 960; // 20 ms, so that all times are whole milliseconds
}

void
stage_open_guest(struct stage *s, const struct stage *owner, const char *name)
{
    *s = (struct stage){ .worker = owner->worker, .config = owner->config,
        .hub = owner->hub, .windows = owner->windows, .guest = true, .name = name,
        .clock0_us = owner->clock0_us };
    open_tracks(s);
}

void
stage_open(struct stage *s, const char *const *overrides)
{
    memset(s, 0, sizeof(*s));
    s->name = "live/hq";
    size_t n = 0;
    while (overrides && overrides[n]) {
        n++;
    }
    assert_int_equal(bc_config_load(NULL, overrides, n, &s->config, NULL), 0);
    s->worker = bc_worker_create(0);
    s->windows = bc_windows_create(s->worker);
    s->hub = bc_hub_create(&HUB_OPS, s, s->config);
    s->clock0_us = bc_clock_us();
    open_tracks(s);
    bc_log_set_level(BC_LOG_ERROR);
}

void
stage_close(struct stage *s)
{
    if (s->take) {
        bc_take_close(s->take, true, "the test is over");
    }
    stage_turn(s);
    bc_channel_unref(&s->channel);
    bc_track_unref(&s->video);
    bc_track_unref(&s->audio);
    if (s->guest) {
        return;
    }
    while (bc_worker_run_leftovers(s->worker)) {
    }
    bc_windows_destroy(s->windows);
    bc_hub_destroy(s->hub);
    bc_worker_destroy(s->worker);
    bc_config_unref(&s->config);
}

// On a busy machine a walk over viewers takes so long that the next one is put off.
static bool
rests(const struct stage *s)
{
    for (const struct bc_window *w = s->windows->table; w; w = w->hh.next) {
        if (bc_timer_is_set(&w->walk_timer)) {
            return true;
        }
    }
    return false;
}

void
stage_turn(struct stage *s)
{
    int64_t deadline_us = bc_clock_us() + DEADLINE_US;
    do {
        // A message may post another one: each needs a turn.
        for (int i = 0; i < 6; i++) {
            uv_run(&s->worker->loop, UV_RUN_NOWAIT);
        }
    } while (rests(s) && bc_clock_us() < deadline_us);
}

void
stage_take(struct stage *s, uint64_t credential, const char *ip)
{
    struct bc_take_params params = { .hub = s->hub, .worker = s->worker,
        .channel = s->name, .credential = credential, .protocol = "test", .peer = ip,
        .peer_ip = ip, .encoder = "stage", .ops = &TAKE_OPS, .user = s };
    s->accepted = s->refused = false;
    s->take = bc_take_open(&params);
    assert_non_null(s->take);
    stage_turn(s);
    if (s->accepted) {
        bc_channel_unref(&s->channel);
        s->channel = bc_hub_find(s->hub, s->name);
        assert_non_null(s->channel);
    }
}

void
stage_publish(struct stage *s, uint64_t credential, const char *ip)
{
    stage_take(s, credential, ip);
    if (s->accepted) {
        bc_take_set_track(s->take, s->video);
        bc_take_set_track(s->take, s->audio);
    }
}

void
stage_unpublish(struct stage *s, bool clean)
{
    bc_take_close(s->take, clean, clean ? "goodbye" : "gone");
    s->take = NULL;
    stage_turn(s);
}

void
stage_set_video(struct stage *s, uint8_t level)
{
    // One SPS, of 1280 x 720 pixels, and a PPS.
    const uint8_t avcc[] = {
        1, 0x64, 0, level, 0xff, 0xe1, 0, 10, 0x67, 0x64, 0, level, 0xac, 0xb4, 0x02, 0x80, 0x2d, 0xc8, 1, 0, 2,
        0x68, 0xee,
    };
    bc_track_unref(&s->video);
    s->video = bc_track_create(BC_KIND_VIDEO, BC_CODEC_AVC);
    s->video->config = bc_buf_copy(avcc, sizeof(avcc));
    snprintf(s->video->codec_string, BC_CODEC_STRING, "avc1.6400%02x", level);
    s->video->width = 1280;
    s->video->height = 720;
}

static void
push(struct stage *s, enum bc_kind kind, int64_t ms, size_t len, uint32_t flags)
{
    struct bc_buf *buf = bc_buf_create(len);
    memset(buf->data, (int)kind, len);
    for (int i = 0; i < 4; i++) {
        buf->data[i] = (uint8_t)(s->count >> (24 - 8 * i));
    }
    s->count++;
    struct bc_packet *p = bc_packet_create(kind,
        kind == BC_KIND_VIDEO ? s->video : s->audio, buf, buf->data, len);
    assert_non_null(p);
    p->dts_us = p->pts_us = ms * 1000;
    p->arrived_us = s->clock0_us + ms * 1000;
    p->flags = flags;
    bc_take_push(s->take, p);
}

void
stage_video(struct stage *s, int64_t ms, bool key)
{
    push(s, BC_KIND_VIDEO, ms, key ? KEY_BYTES : s->frame_bytes, key ? BC_PACKET_KEY : 0);
}

void
stage_audio(struct stage *s, int64_t ms)
{
    push(s, BC_KIND_AUDIO, ms, AUDIO_BYTES, 0);
}

void
stage_flush(struct stage *s)
{
    bc_take_flush(s->take);
    stage_turn(s);
}

void
stage_run(struct stage *s, int64_t from_ms, int64_t to_ms, int gop)
{
    for (int64_t ms = from_ms; ms < to_ms; ms += STAGE_FRAME_MS) {
        stage_video(s, ms, ms / STAGE_FRAME_MS % gop == 0);
        stage_audio(s, ms);
        stage_audio(s, ms + STAGE_AUDIO_MS);
        stage_flush(s);
    }
}
