// SPDX-License-Identifier: Apache-2.0
#include "fanout.h"

#include <string.h>

#include "feed.h"
#include "net/worker.h"
#include "outputs_internal.h"
#include "window.h"

#define RENDITION_SILENT_US 5000000

static struct bc_fanout *
from_sink(struct bc_packet_sink *sink)
{
    return bc_container_of(sink, struct bc_fanout, outlet.sink);
}

unsigned
bc_fanout_choose(const struct bc_fanout *fanout, unsigned rendition)
{
    while (rendition > 0 && !fanout->renditions[rendition].track) {
        rendition--;
    }
    return rendition;
}

static void
set_rendition(struct bc_fanout *f, unsigned rendition, struct bc_track *track)
{
    struct bc_fanout_rendition *r = &f->renditions[rendition];
    struct bc_track *old = r->track;
    bool same = bc_track_equal(old, track);
    r->track = track ? bc_track_ref(track) : NULL;
    r->generation = same ? r->generation : ++f->generation;
    bc_track_unref(&old);
}

// A rendition is there from its first keyframe on, until it is silent for too long.
static void
note_rendition(struct bc_fanout *f, const struct bc_packet *packet)
{
    bool key = packet->flags & BC_PACKET_KEY;
    if (packet->rendition > 0) {
        struct bc_fanout_rendition *r = &f->renditions[packet->rendition];
        r->seen_us = packet->dts_us;
        if (key && r->track != packet->track) {
            set_rendition(f, packet->rendition, packet->track);
        }
        return;
    }
    for (unsigned i = 1; key && i < BC_RENDITION_MAX; i++) {
        if (f->renditions[i].track
            && packet->dts_us - f->renditions[i].seen_us > RENDITION_SILENT_US) {
            set_rendition(f, i, NULL);
        }
    }
}

static void
on_packet(struct bc_packet_sink *sink, struct bc_packet *packet, int64_t wall_us)
{
    (void)wall_us;
    if (packet->kind == BC_KIND_CUE) {
        return; // viewers have cues from their own channel's lane
    }
    if (packet->kind == BC_KIND_VIDEO) {
        note_rendition(from_sink(sink), packet);
    }
    bc_list_for_each(node, tmp, &from_sink(sink)->feeds)
    {
        bc_feed_push(bc_container_of(node, struct bc_feed, node), packet);
    }
}

static void
on_batch_end(struct bc_packet_sink *sink)
{
    bc_list_for_each(node, tmp, &from_sink(sink)->feeds)
    {
        bc_feed_batch_end(bc_container_of(node, struct bc_feed, node));
    }
}

static void
set_tracks(struct bc_fanout *f, struct bc_track *video, struct bc_track *audio)
{
    struct bc_feed_tracks old = f->tracks;
    f->tracks.video = video ? bc_track_ref(video) : NULL;
    f->tracks.audio = audio ? bc_track_ref(audio) : NULL;
    bc_track_unref(&old.video);
    bc_track_unref(&old.audio);
}

static void
on_tracks(struct bc_packet_sink *sink, struct bc_track *video, struct bc_track *audio)
{
    struct bc_fanout *f = from_sink(sink);
    bool same = f->generation > 0 && bc_track_equal(f->tracks.video, video)
        && bc_track_equal(f->tracks.audio, audio);
    set_tracks(f, video, audio);
    if (same) {
        return; // a host that came back as it was: viewers need to be told nothing
    }
    for (unsigned i = 0; i < BC_RENDITION_MAX; i++) {
        f->renditions[i].generation = ++f->generation;
    }
    bc_list_for_each(node, tmp, &f->feeds)
    {
        bc_feed_tracks_changed(bc_container_of(node, struct bc_feed, node));
    }
}

static void
on_end(struct bc_packet_sink *sink)
{
    bc_list_for_each(node, tmp, &from_sink(sink)->feeds)
    {
        struct bc_feed *feed = bc_container_of(node, struct bc_feed, node);
        bc_feed_push_note(feed, BC_ITEM_END | BC_ITEM_OVER);
        bc_feed_flush(feed);
    }
    for (unsigned i = 1; i < BC_RENDITION_MAX; i++) {
        set_rendition(from_sink(sink), i, NULL);
    }
}

static const struct bc_packet_sink_ops SINK_OPS = {
    .all_renditions = true,
    .on_packet = on_packet,
    .on_batch_end = on_batch_end,
    .on_tracks = on_tracks,
    .on_end = on_end,
};

void
bc_fanout_init(
    struct bc_fanout *fanout, struct bc_channel *channel, struct bc_player_view *view)
{
    memset(fanout, 0, sizeof(*fanout));
    bc_list_init(&fanout->feeds);
    fanout->channel = channel;
    bc_player_view_add(view, &fanout->outlet, &SINK_OPS);
}

void
bc_fanout_finish(struct bc_fanout *fanout)
{
    bc_player_outlet_remove(&fanout->outlet);
    bc_list_for_each(node, tmp, &fanout->feeds)
    {
        struct bc_feed *feed = bc_container_of(node, struct bc_feed, node);
        bc_list_remove(node);
        bc_feed_destroy(feed);
    }
    set_tracks(fanout, NULL, NULL);
    for (unsigned i = 1; i < BC_RENDITION_MAX; i++) {
        set_rendition(fanout, i, NULL);
    }
}

static struct bc_feed *
find_feed(struct bc_fanout *f, const struct bc_feed_key *key)
{
    bc_list_for_each(node, tmp, &f->feeds)
    {
        struct bc_feed *feed = bc_container_of(node, struct bc_feed, node);
        if (feed->key.format == key->format && feed->key.hevc == key->hevc
            && feed->key.fourccs == key->fourccs
            && feed->key.audio_only == key->audio_only
            && feed->key.rendition == key->rendition
            && feed->key.base_ms == key->base_ms) {
            return feed;
        }
    }
    return NULL;
}

// A replay of the cached GOP, its video that of a rendition.
struct replay {
    struct bc_feed *feed;
    size_t next; // of the rendition's packets
};

static void
replay_rendition(struct replay *r, int64_t until_us)
{
    const struct bc_channel *channel = r->feed->fanout->channel;
    struct bc_packet *packet;
    while ((packet = bc_channel_gop_packet(channel, r->feed->shown, r->next)) != NULL
        && packet->dts_us <= until_us) {
        bc_feed_push(r->feed, packet);
        r->next++;
    }
}

static void
replay_packet(void *user, struct bc_packet *packet)
{
    struct replay *r = user;
    if (r->feed->shown > 0 && packet->kind == BC_KIND_VIDEO) {
        return;
    }
    if (r->feed->shown > 0) {
        replay_rendition(r, packet->dts_us);
    }
    bc_feed_push(r->feed, packet);
}

static void
replay_gop(struct bc_feed *feed)
{
    struct replay r = { .feed = feed };
    bc_player_outlet_replay_gop(&feed->fanout->outlet, replay_packet, &r);
    if (feed->shown > 0) {
        replay_rendition(&r, INT64_MAX);
    }
}

// Runs the replay for nobody, to learn with what counters it ends.
static void
rehearse(const struct bc_feed *feed, struct bc_feed_ts *end)
{
    struct bc_feed dry = { .fanout = feed->fanout, .key = feed->key,
        .shown = bc_fanout_choose(feed->fanout, feed->key.rendition),
        .starts_once = true };
    struct bc_feed_tracks tracks = bc_feed_tracks(&dry);
    bc_list_init(&dry.node);
    bc_feed_ts_open(&dry.ts, &tracks);
    replay_gop(&dry);
    bc_feed_flush(&dry);
    bc_writer_finish(&dry.scratch);
    bc_feed_ts_close(&dry.ts);
    *end = dry.ts;
}

// A transport stream has to go on from its replay: the first subscriber's is the feed's
// own beginning; a later one's is counted so that it ends where the others are.
static void
open_replay_ts(struct bc_feed *feed, struct bc_feed *replay, struct bc_feed_ts *end)
{
    struct bc_feed_tracks tracks = bc_feed_tracks(feed);
    bc_feed_ts_open(&replay->ts, &tracks);
    if (feed->subscriber_count > 0) {
        rehearse(feed, end);
        replay->end = end;
        replay->wanted_end = &feed->ts;
    }
}

static void
close_replay_ts(struct bc_feed *feed, struct bc_feed *replay)
{
    if (feed->subscriber_count > 0) {
        bc_feed_ts_close(&replay->ts);
    } else {
        bc_feed_ts_close(&feed->ts);
        feed->ts = replay->ts;
    }
}

// Gives a new subscriber what a viewer needs to start at once. The feed's other
// subscribers have it already, so for this moment the newcomer is the only one.
static void
prime(struct bc_feed *feed, struct bc_window *window)
{
    bc_feed_flush(feed);
    struct bc_feed replay = { .fanout = feed->fanout, .key = feed->key,
        .shown = bc_fanout_choose(feed->fanout, feed->key.rendition),
        .starts_once = true, .subscribers = { window }, .subscriber_count = 1 };
    struct bc_feed_ts end = { .count = 0 };
    bc_list_init(&replay.node);
    if (feed->key.format == BC_FEED_TS) {
        open_replay_ts(feed, &replay, &end);
    }
    if (bc_channel_state(feed->fanout->channel) == BC_CHANNEL_ENDED
        || !bc_feed_is_readable(feed)) {
        bc_feed_push_note(&replay, BC_ITEM_END | BC_ITEM_OVER);
    } else {
        replay_gop(&replay);
    }
    bc_feed_push_note(&replay, BC_ITEM_PRIMED);
    bc_feed_flush(&replay);
    bc_writer_finish(&replay.scratch);
    if (feed->key.format == BC_FEED_TS) {
        close_replay_ts(feed, &replay);
    }
    if (feed->generation == 0) {
        // The newcomer has headers now: when the tracks change, it has to be told.
        feed->generation = replay.generation;
        feed->shown = replay.shown;
        feed->has_video = replay.has_video;
        feed->has_audio = replay.has_audio;
    }
    feed->started = false; // sound alone: let the newcomer start soon
}

static struct bc_fanout *
fanout_of(struct bc_window *window)
{
    return bc_outputs_fanout(bc_channel_outputs(window->channel));
}

static void
subscribe(struct bc_feed *feed, struct bc_window *window)
{
    if (feed->subscriber_count < BC_FEED_SUBSCRIBERS) {
        prime(feed, window);
        feed->subscribers[feed->subscriber_count++] = window;
    }
}

static void
on_sound_ready(struct bc_sound_waiter *waiter)
{
    struct bc_window *window = bc_container_of(waiter, struct bc_window, sound_waiter);
    struct bc_feed *feed = find_feed(fanout_of(window), &window->key);
    if (feed) {
        subscribe(feed, window);
    }
}

static void
run_attach(struct bc_task *task, struct bc_worker *worker)
{
    struct bc_window *window = bc_container_of(task, struct bc_window, attach_task);
    struct bc_fanout *f = fanout_of(window);
    struct bc_feed *feed = find_feed(f, &window->key);
    if (!feed) {
        feed = bc_feed_create(f, &window->key, worker);
        if (!feed) {
            return;
        }
        bc_list_append(&f->feeds, &feed->node);
        bc_player_outlet_use(&f->outlet);
    }
    // The first viewer of a channel whose sound must be encoded waits for that of the
    // cached GOP: a player that gets pictures alone stands still.
    window->sound_waiter.ready = on_sound_ready;
    bc_list_init(&window->sound_waiter.node);
    if (bc_player_outlet_is_ready(&f->outlet, &window->sound_waiter)) {
        subscribe(feed, window);
    }
}

static void
remove_subscriber(struct bc_feed *feed, struct bc_window *window)
{
    for (unsigned i = 0; i < feed->subscriber_count; i++) {
        if (feed->subscribers[i] == window) {
            feed->subscribers[i] = feed->subscribers[--feed->subscriber_count];
            return;
        }
    }
}

static void
run_detach(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_window *window = bc_container_of(task, struct bc_window, detach_task);
    struct bc_fanout *f = fanout_of(window);
    struct bc_feed *feed = find_feed(f, &window->key);
    bc_list_remove(&window->sound_waiter.node);
    if (feed) {
        remove_subscriber(feed, window);
        if (feed->subscriber_count == 0) {
            bc_list_remove(&feed->node);
            bc_feed_destroy(feed);
            bc_player_outlet_release(&f->outlet);
        }
    }
    bc_window_detached(window);
}

void
bc_fanout_attach(struct bc_window *window)
{
    bc_list_init(&window->attach_task.node);
    window->attach_task.run = run_attach;
    bc_worker_post(bc_channel_home(window->channel), &window->attach_task);
}

void
bc_fanout_detach(struct bc_window *window)
{
    bc_list_init(&window->detach_task.node);
    window->detach_task.run = run_detach;
    bc_worker_post(bc_channel_home(window->channel), &window->detach_task);
}
