// SPDX-License-Identifier: Apache-2.0
#include "player_view.h"

#include <string.h>

static struct bc_player_view *
from_sink(struct bc_packet_sink *sink)
{
    return bc_container_of(sink, struct bc_player_view, sink);
}

// Sound is alone, and there is a picture to show with it.
static bool
has_cover(const struct bc_player_view *v)
{
    return !v->video && v->audio && v->cover.still.track;
}

static struct bc_player_outlet *
from_node(struct bc_list *node)
{
    return bc_container_of(node, struct bc_player_outlet, node);
}

static void
push(struct bc_player_outlet *o, struct bc_packet *packet, int64_t wall_us)
{
    o->sink.ops->on_packet(&o->sink, packet, wall_us);
    struct bc_packet *picture;
    while (has_cover(o->view)
        && (picture = bc_cover_next(&o->view->cover, &o->cover_clock, packet))) {
        o->sink.ops->on_packet(
            &o->sink, picture, picture->pts_us + o->view->wall_offset_us);
        bc_packet_unref(&picture);
    }
}

// Sound of the channel's goes to the outlets that take it as it is; `recoded` is the other.
static void
hand_out(struct bc_player_view *v, struct bc_packet *packet, int64_t wall_us, bool recoded)
{
    if (v->held) {
        return;
    }
    bc_list_for_each(node, tmp, &v->outlets)
    {
        struct bc_player_outlet *o = from_node(node);
        bool for_it = packet->kind != BC_KIND_AUDIO || o->recoded == recoded;
        if (for_it && (packet->rendition == 0 || o->sink.ops->all_renditions)) {
            push(o, packet, wall_us);
        }
    }
}

static void
batch_end(struct bc_player_view *v)
{
    bc_list_for_each(node, tmp, &v->outlets)
    {
        struct bc_player_outlet *o = from_node(node);
        if (o->sink.ops->on_batch_end) {
            o->sink.ops->on_batch_end(&o->sink);
        }
    }
}

// --- encoded sound ---

static void
on_aac(void *user, struct bc_packet *packet)
{
    struct bc_player_view *v = user;
    hand_out(v, packet, packet->pts_us + v->wall_offset_us, true);
    batch_end(v);
}

static void
tell_tracks(struct bc_player_view *v, struct bc_player_outlet *o)
{
    o->cover_clock.started = false; // another picture begins with its IDR
    struct bc_track *video = has_cover(v) ? v->cover.still.track : v->video;
    if (o->sink.ops->on_tracks && !v->held) {
        o->sink.ops->on_tracks(&o->sink, video, o->recoded ? v->sound.track : v->audio);
    }
}

static void
tell_everybody(struct bc_player_view *v)
{
    bc_list_for_each(node, tmp, &v->outlets)
    {
        tell_tracks(v, from_node(node));
    }
}

// --- the cover ---

static void
on_cover(void *user)
{
    struct bc_player_view *v = user;
    if (v->audio && !v->video) {
        v->held = bc_cover_is_pending(&v->cover);
        tell_everybody(v);
    }
}

// Players would wait for it.
static void
on_sound_failed(void *user)
{
    struct bc_player_view *v = user;
    bc_list_for_each(node, tmp, &v->outlets)
    {
        if (from_node(node)->recoded) {
            tell_tracks(v, from_node(node));
        }
    }
}

static const struct bc_aac_sound_ops SOUND_OPS = { on_aac, on_sound_failed };

static void
settle(struct bc_player_view *v)
{
    bool run = false;
    bc_list_for_each(node, tmp, &v->outlets)
    {
        run = run || (from_node(node)->recoded && from_node(node)->users > 0);
    }
    bc_aac_sound_run(&v->sound, run);
}

void
bc_player_outlet_use(struct bc_player_outlet *outlet)
{
    outlet->users++;
    settle(outlet->view);
}

void
bc_player_outlet_release(struct bc_player_outlet *outlet)
{
    outlet->users--;
    settle(outlet->view);
}

bool
bc_player_outlet_is_ready(
    struct bc_player_outlet *outlet, struct bc_sound_waiter *waiter)
{
    return !outlet->recoded || bc_aac_sound_is_ready(&outlet->view->sound, waiter);
}

struct covered_replay {
    const struct bc_player_outlet *outlet;
    bool begun;
    struct bc_cover_clock clock;
    void (*each)(void *user, struct bc_packet *packet);
    void *user;
};

static void
replay_covered(void *user, struct bc_packet *packet)
{
    struct covered_replay *r = user;
    r->each(r->user, packet);
    if (!r->begun && packet->kind == BC_KIND_AUDIO) {
        r->begun = true;
        r->clock = bc_cover_rewind(&r->outlet->cover_clock, packet);
    }
    struct bc_packet *picture;
    while ((picture = bc_cover_next(&r->outlet->view->cover, &r->clock, packet))) {
        r->each(r->user, picture);
        bc_packet_unref(&picture);
    }
}

static void
replay(struct bc_player_outlet *outlet,
    void (*each)(void *user, struct bc_packet *packet), void *user)
{
    if (outlet->recoded) {
        bc_aac_sound_replay_gop(&outlet->view->sound, each, user);
    } else {
        bc_channel_replay_gop(outlet->view->channel, each, user);
    }
}

void
bc_player_outlet_replay_gop(struct bc_player_outlet *outlet,
    void (*each)(void *user, struct bc_packet *packet), void *user)
{
    struct covered_replay r = { .outlet = outlet, .each = each, .user = user };
    if (has_cover(outlet->view)) {
        replay(outlet, replay_covered, &r);
    } else if (!outlet->view->held) {
        replay(outlet, each, user);
    }
}

// --- the channel's packets ---

static void
on_packet(struct bc_packet_sink *sink, struct bc_packet *packet, int64_t wall_us)
{
    struct bc_player_view *v = from_sink(sink);
    v->wall_offset_us = wall_us - packet->pts_us;
    bc_aac_sound_push(&v->sound, packet);
    hand_out(v, packet, wall_us, false);
}

static void
on_batch_end(struct bc_packet_sink *sink)
{
    batch_end(from_sink(sink));
}

static void
set_tracks(struct bc_player_view *v, struct bc_track *video, struct bc_track *audio)
{
    bc_track_unref(&v->video);
    bc_track_unref(&v->audio);
    v->video = video ? bc_track_ref(video) : NULL;
    v->audio = audio ? bc_track_ref(audio) : NULL;
}

static bool
must_recode(const struct bc_player_view *v, const struct bc_player_outlet *o)
{
    return v->audio && v->audio->codec != BC_CODEC_AAC && v->sound.threads
        && !(o->takes_sound && o->takes_sound(v->video, v->audio));
}

static void
on_tracks(struct bc_packet_sink *sink, struct bc_track *video, struct bc_track *audio)
{
    struct bc_player_view *v = from_sink(sink);
    set_tracks(v, video, audio);
    bool foreign = audio && audio->codec != BC_CODEC_AAC;
    bc_aac_sound_set_source(&v->sound, foreign ? audio : NULL, video == NULL);
    bc_list_for_each(node, tmp, &v->outlets)
    {
        from_node(node)->recoded = must_recode(v, from_node(node));
    }
    settle(v);
    if (audio && !video) {
        bc_cover_want(&v->cover);
    }
    v->held = audio && !video && bc_cover_is_pending(&v->cover);
    tell_everybody(v);
}

static void
on_waiting(struct bc_packet_sink *sink)
{
    bc_list_for_each(node, tmp, &from_sink(sink)->outlets)
    {
        struct bc_player_outlet *o = from_node(node);
        if (o->sink.ops->on_waiting) {
            o->sink.ops->on_waiting(&o->sink);
        }
    }
}

static void
on_end(struct bc_packet_sink *sink)
{
    struct bc_player_view *v = from_sink(sink);
    set_tracks(v, NULL, NULL);
    v->held = false;
    bc_aac_sound_set_source(&v->sound, NULL, false);
    bc_list_for_each(node, tmp, &v->outlets)
    {
        struct bc_player_outlet *o = from_node(node);
        o->recoded = false;
        if (o->sink.ops->on_end) {
            o->sink.ops->on_end(&o->sink);
        }
    }
}

static const struct bc_packet_sink_ops SINK_OPS = {
    .all_renditions = true,
    .on_packet = on_packet,
    .on_batch_end = on_batch_end,
    .on_tracks = on_tracks,
    .on_waiting = on_waiting,
    .on_end = on_end,
};

void
bc_player_view_init(struct bc_player_view *view, struct bc_channel *channel,
    struct bc_codec_threads *threads)
{
    memset(view, 0, sizeof(*view));
    bc_list_init(&view->sink.node);
    bc_list_init(&view->outlets);
    view->sink.ops = &SINK_OPS;
    view->channel = channel;
    bc_aac_sound_init(&view->sound, channel, threads, &SOUND_OPS, view);
    bc_cover_init(&view->cover, channel, threads, on_cover, view);
    bc_channel_add_sink(channel, &view->sink);
}

void
bc_player_view_finish(struct bc_player_view *view)
{
    bc_channel_remove_sink(&view->sink);
    bc_aac_sound_finish(&view->sound);
    bc_cover_finish(&view->cover);
    set_tracks(view, NULL, NULL);
}

void
bc_player_view_add(struct bc_player_view *view, struct bc_player_outlet *outlet,
    const struct bc_packet_sink_ops *ops)
{
    bc_list_init(&outlet->sink.node);
    outlet->sink.ops = ops;
    outlet->view = view;
    bc_list_append(&view->outlets, &outlet->node);
}

void
bc_player_outlet_remove(struct bc_player_outlet *outlet)
{
    bc_list_remove(&outlet->node);
}
