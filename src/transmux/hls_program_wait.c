// SPDX-License-Identifier: Apache-2.0
// Who waits for a playlist's next state, whichever stream it comes from.
#include "hls_program.h"

static void
wake(struct bc_channel_hls_waiter *w)
{
    bc_hls_wait_cancel(&w->waiter);
    bc_channel_unref(&w->source);
    w->wake(w);
}

static void
on_snapshot(struct bc_hls_waiter *waiter, struct bc_hls_snapshot *snapshot)
{
    (void)snapshot;
    wake(bc_container_of(waiter, struct bc_channel_hls_waiter, waiter));
}

static void
on_moved(struct bc_program_watch *watch, struct bc_channel *program)
{
    (void)program;
    struct bc_channel_hls_waiter *w =
        bc_container_of(watch, struct bc_channel_hls_waiter, watch);
    wake(w);
}

static void
begin_watching(struct bc_channel *channel, struct bc_worker *worker,
    struct bc_channel_hls_waiter *w)
{
    w->channel = channel;
    w->waiter.wake = on_snapshot;
    w->watch.on_program = on_moved;
    bc_list_init(&w->waiter.node);
    struct bc_channel *program = bc_channel_watch_program(channel, worker, &w->watch);
    bc_channel_unref(&program);
}

bool
bc_channel_hls_wait(struct bc_channel *channel, struct bc_worker *worker,
    struct bc_channel_hls_waiter *w, const struct bc_hls_snapshot *seen)
{
    if (!w->channel) {
        begin_watching(channel, worker, w);
    }
    struct hls_look l;
    hls_program_look(channel, &l);
    struct bc_outputs *outputs = l.program ? bc_channel_outputs(l.program) : NULL;
    bool waits = l.snapshot == seen
        && (!outputs || bc_hls_wait(outputs, worker, &w->waiter, l.source));
    if (waits && outputs && l.program != channel) {
        w->source = l.program; // what we hang on stays
        l.program = NULL;
    }
    hls_look_finish(&l);
    return waits;
}

void
bc_channel_hls_wait_cancel(struct bc_channel_hls_waiter *w)
{
    if (w->channel) {
        bc_hls_wait_cancel(&w->waiter);
        bc_channel_unwatch_program(&w->watch);
        bc_channel_unref(&w->source);
        w->channel = NULL;
    }
}
