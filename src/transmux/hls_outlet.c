// SPDX-License-Identifier: Apache-2.0
#include "hls_outlet.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "container/cmaf.h"
#include "stream/hub.h"
#include "stream/restore.h"

static struct bc_hls_outlet *
from_sink(struct bc_packet_sink *sink)
{
    return bc_container_of(sink, struct bc_hls_outlet, outlet.sink);
}

struct bc_hls_snapshot *
bc_hls_outlet_snapshot(struct bc_hls_outlet *o)
{
    if (!atomic_load_explicit(&o->wanted, memory_order_relaxed)
        && !atomic_exchange(&o->wanted, true)) {
        bc_channel_ref(o->channel); // travels with the message
        bc_worker_post(bc_channel_home(o->channel), &o->wanted_task);
    }
    pthread_mutex_lock(&o->lock);
    struct bc_hls_snapshot *s = o->snapshot ? bc_hls_snapshot_ref(o->snapshot) : NULL;
    pthread_mutex_unlock(&o->lock);
    return s;
}

// On the worker of the waiters.
static void
run_wake(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_hls_queue *q = bc_container_of(task, struct bc_hls_queue, wake_task);
    struct bc_hls_outlet *o = q->outlet;
    struct bc_channel *channel = q->channel;
    struct bc_list woken;
    bc_list_init(&woken);
    bc_list_splice(&woken, &q->waiters);
    pthread_mutex_lock(&o->lock);
    q->posted = false;
    pthread_mutex_unlock(&o->lock);
    struct bc_hls_snapshot *s = bc_hls_outlet_snapshot(o);
    while (!bc_list_empty(&woken)) {
        struct bc_hls_waiter *w = bc_container_of(woken.next, struct bc_hls_waiter, node);
        bc_list_remove(&w->node);
        w->wake(w, s);
    }
    bc_hls_snapshot_unref(&s);
    bc_channel_unref(&channel);
}

// With the lock held. A message that is on its way comes after this, too.
static void
wake_workers(struct bc_hls_outlet *o)
{
    bc_list_for_each(node, tmp, &o->queues)
    {
        struct bc_hls_queue *q = bc_container_of(node, struct bc_hls_queue, node);
        if (q->wanted && !q->posted) {
            q->posted = true;
            q->channel = bc_channel_ref(o->channel);
            bc_worker_post(q->worker, &q->wake_task);
        }
        q->wanted = false;
    }
}

void
bc_hls_note_numbers(struct bc_channel *channel, const struct bc_hls_snapshot *snapshot)
{
    struct bc_hls_stats stats;
    bc_hls_snapshot_stats(snapshot, &stats);
    if (stats.last_msn > 0) {
        bc_channel_note_numbers(channel, stats.last_msn + 1, stats.last_dseq);
    }
}

static void
on_update(void *user, struct bc_hls_snapshot *snapshot)
{
    struct bc_hls_outlet *o = user;
    pthread_mutex_lock(&o->lock);
    struct bc_hls_snapshot *old = o->snapshot;
    o->snapshot = bc_hls_snapshot_ref(snapshot);
    wake_workers(o);
    pthread_mutex_unlock(&o->lock);
    bc_hls_snapshot_unref(&old);
    bc_hls_note_numbers(o->channel, snapshot);
    if (o->tap) {
        o->tap->on_snapshot(o->tap, snapshot, bc_hls_snapshot_serial(snapshot));
    }
}

// With the lock held. NULL without memory.
static struct bc_hls_queue *
queue_of(struct bc_hls_outlet *o, struct bc_worker *worker)
{
    bc_list_for_each(node, tmp, &o->queues)
    {
        struct bc_hls_queue *q = bc_container_of(node, struct bc_hls_queue, node);
        if (q->worker == worker) {
            return q;
        }
    }
    struct bc_hls_queue *q = calloc(1, sizeof(*q));
    if (q) {
        bc_list_init(&q->waiters);
        bc_list_init(&q->wake_task.node);
        q->wake_task.run = run_wake;
        q->worker = worker;
        q->outlet = o;
        bc_list_append(&o->queues, &q->node);
    }
    return q;
}

bool
bc_hls_outlet_wait(struct bc_hls_outlet *o, struct bc_worker *worker,
    struct bc_hls_waiter *waiter, const struct bc_hls_snapshot *seen)
{
    pthread_mutex_lock(&o->lock);
    struct bc_hls_queue *q = o->snapshot == seen ? queue_of(o, worker) : NULL;
    bool newer = o->snapshot != seen;
    if (q) {
        q->wanted = true;
    }
    pthread_mutex_unlock(&o->lock);
    if (q) {
        bc_list_append(&q->waiters, &waiter->node);
    }
    return !newer; // without memory it waits until it is given up
}

// Numbers of a new broadcast are above all of earlier ones and earlier runs of the
// server. A segment is at least a second long as a rule, so the wall clock in seconds
// outruns them; what was noted holds where sources change by the second.
void
bc_hls_params_of_channel(struct bc_channel *channel, struct bc_hls_params *out)
{
    uint64_t next_msn;
    uint64_t next_dseq;
    bc_channel_numbers(channel, &next_msn, &next_dseq);
    uint64_t clock_msn = (uint64_t)(bc_clock_wall_us() / 1000000);
    struct bc_config *config = bc_hub_config(bc_channel_hub(channel));
    *out = (struct bc_hls_params){
        .part_us = config->hls.part_ms * 1000,
        .segment_us = config->hls.segment_s * 1000000,
        .target_us = config->hls.target_s * 1000000,
        .window_us = config->hls.window_s * 1000000,
        .first_msn = clock_msn > next_msn ? clock_msn : next_msn,
        .first_dseq = next_dseq,
    };
    bc_config_unref(&config);
}

static void
open_muxer(struct bc_hls_outlet *o)
{
    struct bc_hls_params params;
    bc_hls_params_of_channel(o->channel, &params);
    o->muxer = bc_hls_create(&params, on_update, o);
    if (!o->muxer) {
        bc_error(bc_channel_logger(o->channel), "no memory for HLS");
    }
}

static void
push(struct bc_hls_outlet *o, struct bc_packet *packet, int64_t wall_us)
{
    if (!o->muxer) {
        open_muxer(o);
    }
    if (o->muxer) {
        bc_hls_push(o->muxer, packet, wall_us);
    }
}

static void
replay(void *user, struct bc_packet *packet)
{
    struct bc_hls_outlet *o = user;
    push(o, packet, packet->pts_us + o->outlet.view->wall_offset_us);
}

static void
begin(struct bc_hls_outlet *o)
{
    o->waits_for_sound = false;
    bc_player_outlet_replay_gop(&o->outlet, replay, o);
}

static void
on_sound_ready(struct bc_sound_waiter *waiter)
{
    begin(bc_container_of(waiter, struct bc_hls_outlet, sound_waiter));
}

// Uses the encoded sound while the channel has no other and somebody asked for HLS, or
// keeps it.
static void
settle(struct bc_hls_outlet *o)
{
    bool use = o->outlet.recoded && (o->asked || o->tap);
    if (use == o->uses_view) {
        return;
    }
    o->uses_view = use;
    bc_list_remove(&o->sound_waiter.node);
    o->waits_for_sound = false;
    if (!use) {
        bc_player_outlet_release(&o->outlet);
        return;
    }
    bc_player_outlet_use(&o->outlet);
    if (o->muxer) {
        return; // in the middle of a broadcast: it just goes on
    }
    o->waits_for_sound = !bc_player_outlet_is_ready(&o->outlet, &o->sound_waiter);
    if (!o->waits_for_sound) {
        begin(o);
    }
}

void
bc_hls_outlet_set_tap(struct bc_hls_outlet *o, struct bc_hls_tap *tap)
{
    o->tap = tap;
    settle(o);
}

static void
run_wanted(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_hls_outlet *o = bc_container_of(task, struct bc_hls_outlet, wanted_task);
    struct bc_channel *channel = o->channel;
    o->asked = true;
    settle(o);
    bc_channel_unref(&channel);
}

static void
on_packet(struct bc_packet_sink *sink, struct bc_packet *packet, int64_t wall_us)
{
    struct bc_hls_outlet *o = from_sink(sink);
    bool ready = !o->outlet.recoded || (o->uses_view && !o->waits_for_sound);
    if (ready) {
        push(o, packet, wall_us);
    }
}

static void
on_tracks(struct bc_packet_sink *sink, struct bc_track *video, struct bc_track *audio)
{
    (void)video;
    (void)audio;
    settle(from_sink(sink));
}

static void
on_waiting(struct bc_packet_sink *sink)
{
    struct bc_hls_outlet *o = from_sink(sink);
    if (o->muxer) {
        bc_hls_pause(o->muxer);
    }
}

static void
end_muxer(struct bc_hls_outlet *o)
{
    bc_hls_end(o->muxer);
    // The next broadcast has times of its own.
    uint64_t next_msn;
    uint64_t dseq;
    bc_channel_numbers(o->channel, &next_msn, &dseq);
    bc_channel_note_numbers(o->channel, next_msn, dseq + 1);
    // The snapshot stays: its ENDLIST and last segments are served while the channel is
    // kept.
    bc_hls_destroy(o->muxer);
    o->muxer = NULL;
}

static void
on_end(struct bc_packet_sink *sink)
{
    struct bc_hls_outlet *o = from_sink(sink);
    settle(o);
    if (o->muxer) {
        end_muxer(o);
    }
    if (o->tap) {
        o->tap->on_end(o->tap);
    }
}

static const struct bc_packet_sink_ops SINK_OPS = {
    .all_renditions = true,
    .on_packet = on_packet,
    .on_tracks = on_tracks,
    .on_waiting = on_waiting,
    .on_end = on_end,
};

// Who plays AV1 or VP9 plays Opus too, and CMAF carries it.
static bool
takes_sound(const struct bc_track *video, const struct bc_track *audio)
{
    return audio->codec == BC_CODEC_OPUS && bc_cmaf_supports(audio) && video
        && (video->codec == BC_CODEC_AV1 || video->codec == BC_CODEC_VP9)
        && bc_cmaf_supports(video);
}

void
bc_hls_outlet_init(
    struct bc_hls_outlet *o, struct bc_channel *channel, struct bc_player_view *view)
{
    memset(o, 0, sizeof(*o));
    o->channel = channel;
    pthread_mutex_init(&o->lock, NULL);
    bc_list_init(&o->queues);
    o->sound_waiter.ready = on_sound_ready;
    bc_list_init(&o->sound_waiter.node);
    bc_list_init(&o->wanted_task.node);
    o->wanted_task.run = run_wanted;
    atomic_init(&o->wanted, false);
    o->outlet.takes_sound = takes_sound;
    bc_player_view_add(view, &o->outlet, &SINK_OPS);
}

void
bc_hls_outlet_finish(struct bc_hls_outlet *o)
{
    bc_player_outlet_remove(&o->outlet);
    bc_list_remove(&o->sound_waiter.node);
    bc_hls_destroy(o->muxer);
    bc_hls_snapshot_unref(&o->snapshot);
    bc_list_for_each(node, tmp, &o->queues)
    {
        bc_list_remove(node);
        free(bc_container_of(node, struct bc_hls_queue, node));
    }
    pthread_mutex_destroy(&o->lock);
}
