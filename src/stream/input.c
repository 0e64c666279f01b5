// SPDX-License-Identifier: Apache-2.0
// A packet's way through the channel: its place in time, the GOP cache, the sinks.
#include <string.h>

#include "base/clock.h"
#include "channel_internal.h"
#include "marks_internal.h"
#include "sources.h"
#include "stream/hub.h"
#include "take_internal.h"

// How long sound alone is held back while the first keyframe is missing.
#define WAIT_FOR_KEY_US 5000000

void
bc_channel_clear_smaller(struct bc_channel *c)
{
    for (unsigned i = 0; i < BC_RENDITION_MAX - 1; i++) {
        bc_gop_clear(&c->smaller[i]);
    }
}

// Whether viewers come from other channels, or go there: then times keep to the server's
// clock. A plain channel goes on without a hole.
static bool
shares_clock(struct bc_channel *c)
{
    return c->sources->count > 1 || bc_channel_has_followers(c);
}

void
bc_channel_begin_input(struct bc_channel *c)
{
    struct bc_config *config = bc_hub_config(c->hub);
    c->gop.max_us = config->stream.gop_cache ? config->stream.gop_max_ms * 1000 : -1;
    bc_config_unref(&config);
    bc_channel_clear_smaller(c);
    pthread_mutex_lock(&c->info_lock);
    memcpy(c->upstream, c->take->upstream, sizeof(c->upstream));
    pthread_mutex_unlock(&c->info_lock);
    if (c->timeline_of != c->broadcast) {
        // The times of the server's media clock go on while nobody publishes.
        int64_t origin_us = atomic_load(&c->began_clock_us);
        bool later = origin_us > c->timeline.end_us;
        bc_timeline_init_at(&c->timeline, later ? origin_us : c->timeline.end_us);
        c->timeline_of = c->broadcast;
        c->origin_due = true;
    } else {
        c->origin_due = shares_clock(c);
    }
    bc_timeline_begin_take(&c->timeline);
    bc_marks_begin_take(c);
    c->tracks_due = true;
    c->need_key = true;
    c->need_key_since_us = bc_clock_us();
    for (unsigned i = 0; i < BC_RENDITION_MAX; i++) {
        c->rendition_dts_us[i] = INT64_MIN;
    }
}

static void
replace_track(struct bc_track **slot, struct bc_track *track)
{
    struct bc_track *old = *slot;
    *slot = track ? bc_track_ref(track) : NULL;
    bc_track_unref(&old);
}

void
bc_channel_tracks(struct bc_channel *c, struct bc_track **video, struct bc_track **audio)
{
    pthread_mutex_lock(&c->info_lock);
    *video = c->air_video ? bc_track_ref(c->air_video) : NULL;
    *audio = c->air_audio ? bc_track_ref(c->air_audio) : NULL;
    pthread_mutex_unlock(&c->info_lock);
}

static void
tell_tracks(struct bc_channel *c)
{
    pthread_mutex_lock(&c->info_lock);
    replace_track(&c->air_video, c->video);
    replace_track(&c->air_audio, c->audio);
    pthread_mutex_unlock(&c->info_lock);
    bc_gop_clear(&c->gop);
    bc_channel_clear_smaller(c);
    bc_list_for_each(node, tmp, &c->sinks)
    {
        struct bc_packet_sink *sink = bc_container_of(node, struct bc_packet_sink, node);
        if (sink->ops->on_tracks) {
            sink->ops->on_tracks(sink, c->video, c->audio);
        }
    }
}

// The first packet of a take that is let through: its epoch has the tracks announced
// until now.
static void
adopt_tracks(struct bc_channel *c)
{
    c->tracks_due = false;
    replace_track(&c->video, c->take->video);
    replace_track(&c->audio, c->take->audio);
    tell_tracks(c);
    if (c->video) {
        bc_info(&c->log, "video %s %s %ux%u", bc_codec_name(c->video->codec),
            c->video->codec_string, c->video->width, c->video->height);
    }
    if (c->audio) {
        bc_info(&c->log, "audio %s %s %u Hz %u channels", bc_codec_name(c->audio->codec),
            c->audio->codec_string, c->audio->sample_rate, c->audio->channels);
    }
}

// A codec that changed, or a track that appears late: a new epoch on the same clock.
static void
check_format(struct bc_channel *c, struct bc_packet *p)
{
    if (!p->track) {
        return;
    }
    struct bc_track **slot = p->kind == BC_KIND_VIDEO ? &c->video : &c->audio;
    if (*slot == p->track) {
        return;
    }
    bool same = bc_track_equal(*slot, p->track);
    replace_track(slot, p->track);
    if (!same) {
        bc_info(&c->log, "%s is now %s %s", p->kind == BC_KIND_VIDEO ? "video" : "audio",
            bc_codec_name(p->track->codec), p->track->codec_string);
        bc_timeline_begin_format(&c->timeline);
        tell_tracks(c);
    }
}

// Before the first keyframe nothing can be decoded, and sound without picture would start
// the players on the wrong foot. An encoder that never sends one still gets its sound
// through.
static bool
is_let_through(struct bc_channel *c, const struct bc_packet *p)
{
    if (!c->need_key) {
        return true;
    }
    bool is_key = p->kind == BC_KIND_VIDEO && p->flags & BC_PACKET_KEY;
    if (is_key || !c->take->video) {
        c->need_key = false;
        return p->kind != BC_KIND_SCRIPT || !c->tracks_due;
    }
    return p->kind == BC_KIND_AUDIO
        && p->arrived_us - c->need_key_since_us > WAIT_FOR_KEY_US;
}

static bool
is_dependent(const struct bc_packet *p)
{
    return p->kind == BC_KIND_VIDEO && !(p->flags & BC_PACKET_KEY);
}

// The broadcast's first packet is where the media clock is now, and starts the first one's.
static void
begin_clock(struct bc_channel *c)
{
    c->origin_due = false;
    bc_timeline_skip_to(&c->timeline, bc_hub_start_clock(c->hub));
    if (c->timeline.epoch == 0) {
        atomic_store(&c->began_clock_us, c->timeline.end_us);
    }
}

static void
place(struct bc_channel *c, struct bc_packet *p, int64_t *wall_us)
{
    struct bc_time_in in = {
        .kind = p->kind,
        .dts_us = p->dts_us,
        .cts_us = p->pts_us - p->dts_us,
        .arrived_us = p->arrived_us,
        .track = p->track,
        .dependent = is_dependent(p),
    };
    struct bc_time_out out;
    int64_t in_us = p->dts_us;
    if (c->origin_due && p->kind != BC_KIND_SCRIPT) {
        begin_clock(c);
    }
    bc_timeline_place(&c->timeline, &in, bc_clock_wall_us(), &out);
    p->dts_us = out.dts_us;
    p->pts_us = out.pts_us;
    if (p->kind == BC_KIND_VIDEO) {
        c->rendition_shift_us = out.dts_us - in_us;
    }
    p->epoch = out.epoch;
    if (out.new_epoch) {
        p->flags |= BC_PACKET_NEW_EPOCH;
    }
    *wall_us = bc_timeline_wall_us(&c->timeline, out.pts_us);
}

static void
hand_out(struct bc_channel *c, struct bc_packet *p, int64_t wall_us)
{
    bc_list_for_each(node, tmp, &c->sinks)
    {
        struct bc_packet_sink *sink = bc_container_of(node, struct bc_packet_sink, node);
        if (p->rendition == 0 || sink->ops->all_renditions) {
            sink->ops->on_packet(sink, p, wall_us);
        }
    }
}

// A smaller version of the video: on the same clock as the best one, and only for the
// sinks that ask for it.
static void
take_rendition(struct bc_channel *c, struct bc_packet *p)
{
    if (c->need_key || c->tracks_due || p->rendition >= BC_RENDITION_MAX) {
        return;
    }
    int64_t cts_us = p->pts_us - p->dts_us;
    int64_t *last = &c->rendition_dts_us[p->rendition];
    int64_t dts_us = p->dts_us + c->rendition_shift_us;
    p->dts_us = dts_us > *last ? dts_us : *last + 1;
    p->pts_us = p->dts_us + cts_us;
    p->epoch = c->timeline.epoch;
    *last = p->dts_us;
    struct bc_gop *gop = &c->smaller[p->rendition - 1];
    gop->max_us = c->gop.max_us;
    int64_t wall_us = bc_timeline_wall_us(&c->timeline, p->pts_us);
    struct bc_packet *marked = bc_marks_apply(c, p, wall_us);
    bc_gop_push(gop, marked, true);
    hand_out(c, marked, wall_us);
    bc_packet_unref(&marked);
}

// Others that are about to show this channel wait for its keyframes.
static void
note_key(struct bc_channel *c, const struct bc_packet *p)
{
    if (c->video ? !(p->kind == BC_KIND_VIDEO && p->flags & BC_PACKET_KEY)
                 : p->kind != BC_KIND_AUDIO) {
        return;
    }
    int64_t last_us = atomic_load(&c->key_us);
    atomic_store(&c->gop_us, p->dts_us - last_us);
    atomic_store(&c->key_us, p->dts_us);
    if (atomic_load(&c->key_wanters) > 0) {
        bc_channel_tell_followers(c);
    }
}

// What tells of a cue. False: nobody here makes cues of them, so it goes on as it is.
static bool
take_cue_point(struct bc_channel *c, struct bc_packet *p)
{
    if (c->delay || !bc_hub_takes_cue_points(c->hub) || !bc_marks_is_cue_point(c, p)) {
        return false; // under a delay it counts where it is shown
    }
    bc_marks_look(c);
    if (c->need_key || c->tracks_due) {
        bc_marks_keep_early(c, p);
        return true;
    }
    int64_t sent_us = p->dts_us;
    int64_t wall_us;
    place(c, p, &wall_us);
    bc_hub_tell_cue_point(c->hub, c, p, sent_us);
    return true;
}

// Cues that run already are told of before the first picture.
static void
take_early(struct bc_channel *c)
{
    struct bc_packet *script;
    while ((script = bc_marks_take_early(c)) != NULL) {
        take_cue_point(c, script);
        bc_packet_unref(&script);
    }
}

static void
note_head(struct bc_channel *c, const struct bc_packet *p)
{
    int64_t wall_us = bc_timeline_wall_us(&c->timeline, p->dts_us);
    atomic_store_explicit(&c->head_wall_us, wall_us, memory_order_relaxed);
    c->live->media_us = p->dts_us - atomic_load(&c->began_clock_us);
    c->live->clock_us = p->dts_us;
    atomic_store_explicit(&c->head_us, p->dts_us, memory_order_relaxed);
}

void
bc_channel_take_packet(struct bc_channel *c, struct bc_packet *p)
{
    if (p->rendition > 0) {
        take_rendition(c, p);
        return;
    }
    if (take_cue_point(c, p) || p->kind == BC_KIND_CUE || !is_let_through(c, p)) {
        return;
    }
    if (!c->tracks_due && !c->video && is_dependent(p)) {
        return; // video that begins late begins with a keyframe
    }
    if (c->tracks_due) {
        adopt_tracks(c);
    }
    check_format(c, p);
    int64_t wall_us;
    place(c, p, &wall_us);
    bc_meter_packet(&c->take->meter, p);
    if (c->sources->cut_us && p->dts_us >= c->sources->cut_us) {
        return; // another channel's keyframe is to follow
    }
    struct bc_packet *marked = bc_marks_apply(c, p, wall_us);
    note_head(c, p);
    bc_gop_push(&c->gop, marked, c->video != NULL);
    hand_out(c, marked, wall_us);
    note_key(c, p);
    bc_packet_unref(&marked);
    if (c->marks && !c->need_key) {
        take_early(c);
    }
}

static void
announce(struct bc_take *take, const struct bc_packet *p)
{
    replace_track(p->kind == BC_KIND_VIDEO ? &take->video : &take->audio, p->track);
}

void
bc_channel_end_batch(struct bc_channel *c)
{
    bc_list_for_each(node, tmp, &c->sinks)
    {
        struct bc_packet_sink *sink = bc_container_of(node, struct bc_packet_sink, node);
        if (sink->ops->on_batch_end) {
            sink->ops->on_batch_end(sink);
        }
    }
}

void
bc_channel_input(struct bc_channel *c, struct bc_take *take, struct bc_packet **packets,
    size_t count)
{
    bool fresh = false;
    for (size_t i = 0; i < count; i++) {
        struct bc_source *source = take->source;
        bool mine = source && source->take == take;
        if (mine && packets[i]->len == 0) {
            announce(take, packets[i]);
        } else if (mine) {
            source->arrived_us = packets[i]->arrived_us;
            source->last_us = bc_clock_us();
            fresh = fresh || !source->ready;
            if (c->take == take) {
                bc_channel_take_packet(c, packets[i]);
            } else {
                bc_slot_keep(source, packets[i]);
            }
        }
        bc_packet_unref(&packets[i]);
    }
    if (c->take == take) {
        bc_channel_end_batch(c);
    }
    if (fresh) {
        bc_channel_look(c);
    }
}
