// SPDX-License-Identifier: Apache-2.0
// What the API, the log and the host are told about a channel.
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "sources.h"
#include "stream/program.h"
#include "take_internal.h"

#define TICK_US 1000000
#define GOP_LONG_US 4000000
// A track that has not come by then is missing, not late.
#define MISSING_AFTER_US 5000000
#define RENDITION_GONE_US 5000000
// A few repairs are an encoder's start-up; more are worth a word.
#define MANY_REPAIRS 50

static struct bc_take_info *
info_of(struct bc_channel *c, const struct bc_take *take)
{
    for (unsigned i = 0; i < c->live->history_count; i++) {
        if (c->live->history[i].number == take->number) {
            return &c->live->history[i];
        }
    }
    return NULL;
}

// Of several takes at one time the one on air is shown first.
static void
bring_to_front(struct bc_channel_info *info, uint64_t number)
{
    for (unsigned i = 1; i < info->history_count; i++) {
        if (info->history[i].number == number) {
            struct bc_take_info take = info->history[i];
            memmove(info->history + 1, info->history, i * sizeof(take));
            info->history[0] = take;
        }
    }
}

static void
fill_counts(struct bc_take_info *info, const struct bc_meter *meter)
{
    info->bytes = meter->take_bytes;
    info->video_frames = meter->take_video_frames;
    info->audio_frames = meter->take_audio_frames;
}

void
bc_channel_publish_info(struct bc_channel *c)
{
    if (!c->live) {
        return;
    }
    pthread_mutex_lock(&c->info_lock);
    for (unsigned i = 0; c->sources && i < c->sources->count; i++) {
        struct bc_take *take = c->sources->list[i]->take;
        struct bc_take_info *info = take ? info_of(c, take) : NULL;
        if (info) {
            info->line = take->line;
        }
    }
    *c->info = *c->live;
    if (c->take) {
        bring_to_front(c->info, c->take->number);
    }
    pthread_mutex_unlock(&c->info_lock);
}

// What is seen on air is another channel's.
static void
show_program(struct bc_channel *program, struct bc_channel_info *out)
{
    pthread_mutex_lock(&program->info_lock);
    const struct bc_channel_info *info = program->info;
    if (info) {
        out->epoch = info->epoch;
        out->media_us = info->media_us;
        out->clock_us = info->clock_us;
        out->video = info->video;
        out->audio = info->audio;
        memcpy(out->heights, info->heights, sizeof(out->heights));
        out->gop_us = info->gop_us;
        out->gop_max_us = info->gop_max_us;
        out->has_b_frames = info->has_b_frames;
        out->timestamp_repairs = info->timestamp_repairs;
        out->timestamp_jumps = info->timestamp_jumps;
        out->advice = info->advice;
        out->usual_kbps = info->usual_kbps;
    }
    pthread_mutex_unlock(&program->info_lock);
}

void
bc_channel_info(const struct bc_channel *channel, struct bc_channel_info *out)
{
    struct bc_channel *c =
        (struct bc_channel *)channel; // the lock is no part of its value
    struct bc_channel *program = bc_channel_program(c);
    pthread_mutex_lock(&c->info_lock);
    if (c->info) {
        *out = *c->info;
    } else {
        memset(out, 0, sizeof(*out));
    }
    out->broadcast = c->broadcast;
    out->began_wall_us = c->began_wall_us;
    out->viewer_lines = c->viewer_lines;
    pthread_mutex_unlock(&c->info_lock);
    snprintf(out->name, sizeof(out->name), "%s", c->name);
    out->state = bc_channel_state(c);
    if (program && program != c) {
        show_program(program, out);
    }
    bc_channel_unref(&program);
    for (int i = 0; i < BC_PROTOCOL_COUNT; i++) {
        out->viewers[i] = bc_channel_viewers(c, (enum bc_protocol)i);
    }
}

void
bc_channel_count_line(struct bc_channel *channel, const struct bc_line_stats *more)
{
    struct bc_line_stats *sum = &channel->viewer_lines;
    pthread_mutex_lock(&channel->info_lock);
    sum->present = true;
    sum->packets += more->packets;
    sum->lost += more->lost;
    sum->retransmitted += more->retransmitted;
    sum->dropped += more->dropped;
    pthread_mutex_unlock(&channel->info_lock);
}

static void
fill_track(struct bc_track_info *info, const struct bc_track *track,
    const struct bc_meter_track *meter)
{
    memset(info, 0, sizeof(*info));
    if (!track) {
        return;
    }
    info->present = true;
    info->codec = track->codec;
    memcpy(info->codec_string, track->codec_string, sizeof(info->codec_string));
    info->width = track->width;
    info->height = track->height;
    info->sample_rate = track->sample_rate;
    info->channels = track->channels;
    info->kbps = meter->kbps;
    info->fps = meter->fps;
}

// A rendition that a host stopped sending does not say so; its cached GOP tells.
static void
fill_heights(struct bc_channel *c, int64_t now_us)
{
    uint32_t *heights = c->live->heights;
    heights[0] = c->live->video.height;
    for (unsigned i = 1; i < BC_RENDITION_MAX; i++) {
        const struct bc_gop *gop = &c->smaller[i - 1];
        const struct bc_packet *last = gop->count > 0 ? gop->packets[gop->count - 1] : NULL;
        bool comes = last && now_us - last->arrived_us < RENDITION_GONE_US;
        heights[i] = comes ? last->track->height : 0;
    }
}

static uint32_t
find_advice(const struct bc_channel *c, int64_t take_age_us)
{
    uint32_t advice = 0;
    if (c->take->meter.gop_max_us > GOP_LONG_US) {
        advice |= BC_ADVICE_GOP_LONG;
    }
    if (c->take->meter.b_frames) {
        advice |= BC_ADVICE_B_FRAMES;
    }
    if (take_age_us > MISSING_AFTER_US && c->take->meter.take_audio_frames == 0) {
        advice |= BC_ADVICE_NO_AUDIO;
    }
    if (take_age_us > MISSING_AFTER_US && c->take->meter.take_video_frames == 0) {
        advice |= BC_ADVICE_NO_VIDEO;
    }
    if (bc_meter_bitrate_low(&c->take->meter)) {
        advice |= BC_ADVICE_BITRATE_LOW;
    }
    if (c->timeline.repairs > MANY_REPAIRS || c->timeline.jumps > 0) {
        advice |= BC_ADVICE_TIMESTAMPS_REPAIRED;
    }
    return advice;
}

static void
log_new_advice(const struct bc_channel *c, uint32_t before)
{
    for (uint32_t bit = 1; bit < BC_ADVICE_END; bit <<= 1) {
        if (c->live->advice & bit && !(before & bit)) {
            char text[256];
            bc_advice_text(c->live, (enum bc_advice)bit, text, sizeof(text));
            bc_warn(&c->log, "advice to the host (%s): %s",
                bc_advice_code((enum bc_advice)bit), text);
        }
    }
}

static void
tick_on_air(struct bc_channel *c)
{
    struct bc_channel_info *live = c->live;
    const struct bc_meter *meter = &c->take->meter;
    fill_track(&live->video, c->video, &meter->video);
    fill_track(&live->audio, c->audio, &meter->audio);
    fill_heights(c, bc_clock_us());
    live->epoch = c->timeline.epoch;
    live->gop_us = meter->gop_us;
    live->gop_max_us = meter->gop_max_us;
    live->has_b_frames = meter->b_frames;
    live->timestamp_repairs = c->timeline.repairs;
    live->timestamp_jumps = c->timeline.jumps;
    live->usual_kbps = bc_meter_usual_kbps(meter);
    struct bc_take_info *take = info_of(c, c->take);
    if (take) {
        uint32_t before = live->advice;
        live->advice = find_advice(c, bc_clock_wall_us() - take->began_wall_us);
        log_new_advice(c, before);
    }
}

static void
on_tick(struct bc_timer *timer)
{
    struct bc_channel *c = bc_container_of(timer, struct bc_channel, tick_timer);
    for (unsigned i = 0; c->sources && i < c->sources->count; i++) {
        struct bc_take *take = c->sources->list[i]->take;
        struct bc_take_info *info = take ? info_of(c, take) : NULL;
        if (take) {
            bc_meter_tick(&take->meter, bc_clock_us());
        }
        if (info) {
            fill_counts(info, &take->meter);
        }
    }
    if (c->take) {
        tick_on_air(c);
    } else if (bc_channel_state(c) == BC_CHANNEL_WAITING) {
        static const struct bc_meter NOTHING;
        fill_track(&c->live->video, c->video, &NOTHING.video);
        fill_track(&c->live->audio, c->audio, &NOTHING.audio);
    }
    bc_channel_publish_info(c);
    bc_timer_set(&c->tick_timer, TICK_US);
}

void
bc_channel_start_ticking(struct bc_channel *c)
{
    bc_timer_cancel(&c->tick_timer);
    bc_timer_init(&c->tick_timer, c->home, on_tick);
    bc_timer_set(&c->tick_timer, TICK_US);
}

void
bc_channel_note_take(struct bc_channel *c, struct bc_take *take)
{
    struct bc_channel_info *live = c->live;
    memmove(live->history + 1, live->history,
        (BC_TAKE_HISTORY - 1) * sizeof(live->history[0]));
    if (live->history_count < BC_TAKE_HISTORY) {
        live->history_count++;
    }
    struct bc_take_info *info = &live->history[0];
    memset(info, 0, sizeof(*info));
    info->number = take->number = ++live->takes;
    snprintf(info->protocol, sizeof(info->protocol), "%s", take->protocol);
    snprintf(info->peer, sizeof(info->peer), "%s", take->peer);
    snprintf(info->encoder, sizeof(info->encoder), "%s", take->encoder);
    info->began_wall_us = bc_clock_wall_us();
    live->advice = 0;
    bc_channel_publish_info(c); // a takeover changes no state that would do so
    bc_info(&c->log, "take %llu by %s from %s (%s)", (unsigned long long)info->number,
        info->protocol, info->peer, info->encoder[0] ? info->encoder : "unknown encoder");
}

void
bc_channel_note_take_end(
    struct bc_channel *c, struct bc_take *take, const char *reason)
{
    struct bc_take_info *info = info_of(c, take);
    if (info) {
        info->ended_wall_us = bc_clock_wall_us();
        snprintf(info->end_reason, sizeof(info->end_reason), "%s", reason);
        fill_counts(info, &take->meter);
        bc_channel_publish_info(c);
    }
}

void
bc_channel_forget_history(struct bc_channel *c)
{
    struct bc_channel_info *live = c->live;
    unsigned kept = 0;
    c->takes_before = live->takes;
    for (unsigned i = 0; i < live->history_count; i++) {
        if (live->history[i].ended_wall_us == 0) {
            live->history[kept++] = live->history[i];
        }
    }
    c->takes_before -= kept;
    live->history_count = kept;
}
