// SPDX-License-Identifier: Apache-2.0
#include "aac_view.h"

#include <stdlib.h>
#include <string.h>

#define PATIENCE_US 500000
// What the encoder may still hold back when the cached GOP counts as encoded.
#define LAG_US 80000
#define PACKETS_MAX 8192

static struct bc_aac_view *
from_sink(struct bc_packet_sink *sink)
{
    return bc_container_of(sink, struct bc_aac_view, sink);
}

static void
hand_out(struct bc_aac_view *v, struct bc_packet *packet, int64_t wall_us)
{
    bc_list_for_each(node, tmp, &v->sinks)
    {
        struct bc_packet_sink *sink = bc_container_of(node, struct bc_packet_sink, node);
        if (packet->rendition == 0 || sink->ops->all_renditions) {
            sink->ops->on_packet(sink, packet, wall_us);
        }
    }
}

static void
batch_end(struct bc_aac_view *v)
{
    bc_list_for_each(node, tmp, &v->sinks)
    {
        struct bc_packet_sink *sink = bc_container_of(node, struct bc_packet_sink, node);
        if (sink->ops->on_batch_end) {
            sink->ops->on_batch_end(sink);
        }
    }
}

// --- the sound of the cached GOP ---

static void
forget(struct bc_aac_view *v, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        bc_packet_unref(&v->packets[i]);
    }
    v->count -= n;
    if (n > 0 && v->count > 0) {
        memmove(v->packets, v->packets + n, v->count * sizeof(v->packets[0]));
    }
}

static void
keep(struct bc_aac_view *v, struct bc_packet *packet)
{
    if (v->count == PACKETS_MAX) {
        forget(v, PACKETS_MAX / 2);
    }
    if (v->count == v->cap) {
        unsigned cap = v->cap ? 2 * v->cap : 128;
        struct bc_packet **packets = realloc(v->packets, cap * sizeof(packets[0]));
        if (!packets) {
            return;
        }
        v->packets = packets;
        v->cap = cap;
    }
    v->packets[v->count++] = bc_packet_ref(packet);
}

// A keyframe begins another GOP: older sound is not needed.
static void
forget_before(struct bc_aac_view *v, int64_t dts_us)
{
    unsigned n = 0;
    while (n < v->count && v->packets[n]->dts_us < dts_us) {
        n++;
    }
    forget(v, n);
}

static void
wake(struct bc_aac_view *v)
{
    bc_timer_cancel(&v->patience);
    v->wanted_us = INT64_MIN;
    while (!bc_list_empty(&v->waiters)) {
        struct bc_aac_waiter *w
            = bc_container_of(v->waiters.next, struct bc_aac_waiter, node);
        bc_list_remove(&w->node);
        w->ready(w);
    }
}

static void
on_patience(struct bc_timer *timer)
{
    wake(bc_container_of(timer, struct bc_aac_view, patience));
}

// --- the encoder ---

static void
on_aac(void *user, struct bc_packet *packet)
{
    struct bc_aac_view *v = user;
    // The track that the outputs were told before there was any sound.
    bc_track_unref(&packet->track);
    packet->track = bc_track_ref(v->aac);
    keep(v, packet);
    hand_out(v, packet, packet->pts_us + v->wall_offset_us);
    batch_end(v);
    if (packet->dts_us >= v->wanted_us && !bc_list_empty(&v->waiters)) {
        wake(v);
    }
    bc_packet_unref(&packet);
}

static void
on_failed(void *user, const char *reason)
{
    (void)reason; // the recoder has said it
    wake(user);
}

static void
push_cached(void *user, struct bc_packet *packet)
{
    struct bc_aac_view *v = user;
    if (packet->kind == BC_KIND_AUDIO) {
        v->wanted_us = packet->dts_us - LAG_US;
        bc_recoder_push(v->recoder, packet);
    }
}

static void
start(struct bc_aac_view *v)
{
    struct bc_recoder_params params = { .threads = v->threads,
        .home = bc_channel_home(v->channel), .to = BC_CODEC_AAC,
        .log = bc_channel_logger(v->channel), .on_packet = on_aac,
        .on_failed = on_failed, .user = v };
    v->wanted_us = INT64_MIN;
    v->recoder = v->threads ? bc_recoder_create(&params) : NULL;
    if (v->recoder) {
        bc_channel_replay_gop(v->channel, push_cached, v);
    }
}

static void
stop(struct bc_aac_view *v)
{
    bc_recoder_destroy(v->recoder);
    v->recoder = NULL;
    forget(v, v->count);
    wake(v);
}

void
bc_aac_view_use(struct bc_aac_view *view)
{
    if (view->users++ == 0 && view->foreign) {
        start(view);
    }
}

void
bc_aac_view_release(struct bc_aac_view *view)
{
    if (--view->users == 0) {
        stop(view);
    }
}

bool
bc_aac_view_is_ready(struct bc_aac_view *view, struct bc_aac_waiter *waiter)
{
    // Also at the start of a broadcast, when nothing is cached yet: an output that begins
    // without sound would have to begin anew with it.
    bool has = view->count > 0
        && view->packets[view->count - 1]->dts_us >= view->wanted_us;
    if (!view->recoder || has) {
        return true;
    }
    bc_list_append(&view->waiters, &waiter->node);
    if (!bc_timer_is_set(&view->patience)) {
        bc_timer_set(&view->patience, PATIENCE_US);
    }
    return false;
}

// What the replay of a GOP merges.
struct merge {
    struct bc_aac_view *view;
    unsigned next; // sound not yet given out
    void (*each)(void *user, struct bc_packet *packet);
    void *user;
};

static void
merge_packet(void *user, struct bc_packet *packet)
{
    struct merge *m = user;
    struct bc_aac_view *v = m->view;
    if (packet->kind == BC_KIND_AUDIO) {
        return; // the Opus one
    }
    m->each(m->user, packet);
    while (m->next < v->count && v->packets[m->next]->dts_us <= packet->dts_us) {
        m->each(m->user, v->packets[m->next++]);
    }
}

void
bc_aac_view_replay_gop(struct bc_aac_view *view,
    void (*each)(void *user, struct bc_packet *packet), void *user)
{
    if (!view->foreign) {
        bc_channel_replay_gop(view->channel, each, user);
        return;
    }
    struct merge m = { .view = view, .each = each, .user = user };
    bc_channel_replay_gop(view->channel, merge_packet, &m);
    while (m.next < view->count) {
        each(user, view->packets[m.next++]);
    }
}

// --- the channel's packets ---

static void
on_packet(struct bc_packet_sink *sink, struct bc_packet *packet, int64_t wall_us)
{
    struct bc_aac_view *v = from_sink(sink);
    v->wall_offset_us = wall_us - packet->pts_us;
    if (packet->kind == BC_KIND_AUDIO && packet->rendition == 0 && v->foreign) {
        if (v->recoder) {
            bc_recoder_push(v->recoder, packet);
        }
        return;
    }
    if (packet->kind == BC_KIND_VIDEO && packet->rendition == 0
        && packet->flags & BC_PACKET_KEY) {
        forget_before(v, packet->dts_us);
    }
    hand_out(v, packet, wall_us);
}

static void
on_batch_end(struct bc_packet_sink *sink)
{
    batch_end(from_sink(sink));
}

// AAC-LC, 48 kHz, mono or stereo: the AudioSpecificConfig of what the encoder will make.
static struct bc_track *
make_track(const struct bc_track *opus)
{
    const uint8_t asc[2] = { 0x11, opus->channels == 1 ? 0x88 : 0x90 };
    return bc_aac_track(asc, sizeof(asc));
}

struct bc_track *
bc_aac_view_track(struct bc_aac_view *view, struct bc_track *native)
{
    return view->foreign ? view->aac : native;
}

static void
on_tracks(struct bc_packet_sink *sink, struct bc_track *video, struct bc_track *audio)
{
    struct bc_aac_view *v = from_sink(sink);
    stop(v);
    bc_track_unref(&v->aac);
    v->foreign = audio && audio->codec == BC_CODEC_OPUS && v->threads;
    if (v->foreign) {
        v->aac = make_track(audio);
        v->foreign = v->aac != NULL;
    }
    if (v->foreign && v->users > 0) {
        start(v);
    }
    bc_list_for_each(node, tmp, &v->sinks)
    {
        struct bc_packet_sink *inner = bc_container_of(node, struct bc_packet_sink, node);
        if (inner->ops->on_tracks) {
            inner->ops->on_tracks(inner, video, bc_aac_view_track(v, audio));
        }
    }
}

static void
on_waiting(struct bc_packet_sink *sink)
{
    bc_list_for_each(node, tmp, &from_sink(sink)->sinks)
    {
        struct bc_packet_sink *inner = bc_container_of(node, struct bc_packet_sink, node);
        if (inner->ops->on_waiting) {
            inner->ops->on_waiting(inner);
        }
    }
}

static void
on_end(struct bc_packet_sink *sink)
{
    struct bc_aac_view *v = from_sink(sink);
    stop(v);
    v->foreign = false;
    bc_list_for_each(node, tmp, &v->sinks)
    {
        struct bc_packet_sink *inner = bc_container_of(node, struct bc_packet_sink, node);
        if (inner->ops->on_end) {
            inner->ops->on_end(inner);
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
bc_aac_view_init(struct bc_aac_view *view, struct bc_channel *channel,
    struct bc_codec_threads *threads)
{
    memset(view, 0, sizeof(*view));
    bc_list_init(&view->sink.node);
    bc_list_init(&view->sinks);
    bc_list_init(&view->waiters);
    view->sink.ops = &SINK_OPS;
    view->channel = channel;
    view->threads = threads;
    view->wanted_us = INT64_MIN;
    bc_timer_init(&view->patience, bc_channel_home(channel), on_patience);
    bc_channel_add_sink(channel, &view->sink);
}

void
bc_aac_view_finish(struct bc_aac_view *view)
{
    bc_channel_remove_sink(&view->sink);
    bc_timer_cancel(&view->patience);
    bc_recoder_destroy(view->recoder);
    forget(view, view->count);
    free(view->packets);
    bc_track_unref(&view->aac);
}

void
bc_aac_view_add_sink(struct bc_aac_view *view, struct bc_packet_sink *sink)
{
    bc_list_append(&view->sinks, &sink->node);
}
