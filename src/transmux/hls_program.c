// SPDX-License-Identifier: Apache-2.0
// A channel's playlists, from the first that asks to the end of the channel: who hears of
// changes, of packets and of the end.
#include "hls_program.h"

#include <stdlib.h>

#include "hls_outlet.h"
#include "stream/hub.h"

static void
destroy(struct bc_channel_part *part)
{
    struct bc_hls_program *p = bc_container_of(part, struct bc_hls_program, part);
    hls_tap_finish(p);
    hls_cues_finish(p);
    bc_timer_cancel(&p->over_timer);
    bc_channel_unwatch_program(&p->watch);
    bc_channel_remove_sink(&p->sink);
    bc_hls_splice_destroy(p->splice);
    hls_program_forget(p);
    bc_hls_snapshot_unref(&p->source);
    bc_hls_snapshot_unref(&p->result);
    bc_config_unref(&p->config);
    free(p->alias_of);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

// Also called when nothing changed but who waits must look again.
static void
on_program(struct bc_program_watch *watch, struct bc_channel *program)
{
    struct bc_hls_program *p = bc_container_of(watch, struct bc_hls_program, watch);
    struct hls_look look;
    hls_program_look(p->channel, &look); // now, as that is when it changes
    hls_look_finish(&look);
    hls_tap_look(p);
    enum bc_channel_state state = bc_channel_state(p->channel);
    bool held = program && bc_channel_is_hidden(program, BC_CHANNEL_DELAY);
    if (p->delayed && !held && state != BC_CHANNEL_LIVE && state != BC_CHANNEL_WAITING) {
        hls_tap_last(p); // the end has come out of the delay
        hls_tap_end(p);
    }
}

static void
on_packet(struct bc_packet_sink *sink, struct bc_packet *packet, int64_t wall_us)
{
    (void)sink;
    (void)packet;
    (void)wall_us;
}

static void
on_end(struct bc_packet_sink *sink)
{
    struct bc_hls_program *p = bc_container_of(sink, struct bc_hls_program, sink);
    if (p->delayed) {
        return; // what is held back is still to come
    }
    hls_tap_last(p);
    if (!p->ending) { // others who hear of it publish their last parts first
        p->ending = true;
        bc_channel_ref(p->channel);
        bc_worker_post(bc_channel_home(p->channel), &p->end_task);
    }
    // The media of another channel does not end with our broadcast, so nobody else would
    // wake those who wait for ENDLIST.
    bc_channel_tell_program(p->channel);
}

static void
run_end(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_hls_program *p = bc_container_of(task, struct bc_hls_program, end_task);
    struct bc_channel *channel = p->channel;
    p->ending = false;
    hls_tap_last(p);
    hls_tap_end(p);
    bc_timer_set(&p->over_timer, HLS_PROGRAM_OVER_US + HLS_PROGRAM_OVER_US / 4);
    bc_channel_unref(&channel);
}

// Perhaps no slate came: players are told.
static void
on_over(struct bc_timer *timer)
{
    bc_channel_tell_program(bc_container_of(timer, struct bc_hls_program, over_timer)->channel);
}

static const struct bc_packet_sink_ops SINK_OPS = {
    .on_packet = on_packet,
    .on_end = on_end,
};

static void
run_setup(struct bc_task *task, struct bc_worker *worker)
{
    struct bc_hls_program *p = bc_container_of(task, struct bc_hls_program, setup_task);
    struct bc_channel *channel = p->channel;
    struct bc_channel *program = bc_channel_watch_program(channel, worker, &p->watch);
    bc_channel_unref(&program);
    bc_channel_add_sink(channel, &p->sink);
    hls_cues_open(p);
    bc_channel_unref(&channel);
}

static struct bc_hls_program *
create(struct bc_channel *channel)
{
    struct bc_hls_program *p = calloc(1, sizeof(*p));
    if (!p) {
        return NULL;
    }
    p->part.destroy = destroy;
    p->channel = channel;
    pthread_mutex_init(&p->lock, NULL);
    pthread_mutex_init(&p->cue_lock, NULL);
    bc_list_init(&p->cue_watch.node);
    bc_list_init(&p->setup_task.node);
    bc_list_init(&p->watch.node);
    bc_list_init(&p->sink.node);
    bc_list_init(&p->end_task.node);
    p->setup_task.run = run_setup;
    p->end_task.run = run_end;
    p->watch.on_program = on_program;
    p->sink.ops = &SINK_OPS;
    bc_timer_init(&p->over_timer, bc_channel_home(channel), on_over);
    return p;
}

struct bc_hls_program *
hls_program_of(struct bc_channel *channel)
{
    struct bc_channel_part *part = bc_channel_part(channel);
    if (part) {
        return bc_container_of(part, struct bc_hls_program, part);
    }
    struct bc_hls_program *p = create(channel);
    if (!p) {
        return NULL;
    }
    part = bc_channel_add_part(channel, &p->part);
    if (part != &p->part) { // another thread was faster
        destroy(&p->part);
        return bc_container_of(part, struct bc_hls_program, part);
    }
    bc_channel_ref(channel);
    bc_worker_post(bc_channel_home(channel), &p->setup_task);
    return p;
}
