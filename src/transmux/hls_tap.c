// SPDX-License-Identifier: Apache-2.0
// Who keeps what a channel's viewers see: a recorder.
#include "hls_program.h"

#include "stream/hub.h"

static bool
is_slate(const struct hls_look *look);

// With a delay a broadcast that has ended is still shown for a while.
static bool
is_in_broadcast(const struct bc_hls_program *p, const struct hls_look *look)
{
    enum bc_channel_state state = bc_channel_state(p->channel);
    return state == BC_CHANNEL_LIVE || state == BC_CHANNEL_WAITING
        || (p->delayed && p->tapped && look->program && !is_slate(look));
}

// The lobby's slate is still what is shown in a broadcast's first moment.
static bool
is_slate(const struct hls_look *look)
{
    return look->program && bc_channel_is_hidden(look->program, BC_CHANNEL_SLATE);
}

static void
tell(struct bc_hls_program *p, const struct hls_look *look)
{
    struct bc_hls_snapshot *s = look->snapshot;
    if (!s || s == p->told) {
        return;
    }
    bc_hls_snapshot_unref(&p->told);
    p->told = bc_hls_snapshot_ref(s);
    p->tapped = true;
    p->tap->on_snapshot(p->tap, s, bc_hls_snapshot_serial(s));
}

// Passes on what is new, and waits for more.
static void
follow(struct bc_hls_program *p)
{
    bool waits = false;
    while (!waits && p->tap && !p->on_outputs) {
        struct hls_look look;
        hls_program_look(p->channel, &look);
        bool begins = !p->tapped && !look.stale && !is_slate(&look);
        if (is_in_broadcast(p, &look) && (p->tapped || begins)) {
            tell(p, &look);
        }
        waits = bc_channel_hls_wait(
            p->channel, bc_channel_home(p->channel), &p->waiter, look.snapshot);
        hls_look_finish(&look);
    }
}

static void
on_wake(struct bc_channel_hls_waiter *waiter)
{
    follow(bc_container_of(waiter, struct bc_hls_program, waiter));
}

static void
stop(struct bc_hls_program *p)
{
    if (p->on_outputs) {
        bc_outputs_set_tap(bc_channel_outputs(p->channel), NULL);
        p->on_outputs = false;
    }
    bc_channel_hls_wait_cancel(&p->waiter);
}

void
hls_tap_look(struct bc_hls_program *p)
{
    if (!p->tap) {
        return;
    }
    bool own = hls_program_is_own(p);
    struct bc_outputs *outputs = bc_channel_outputs(p->channel);
    if (own && outputs && !p->on_outputs) {
        stop(p);
        p->on_outputs = true;
        bc_outputs_set_tap(outputs, p->tap);
    } else if (!own && p->on_outputs) {
        stop(p);
        p->tapped = true; // what it has heard of goes on
    }
    if (!own && !p->waiter.channel) {
        p->waiter.wake = on_wake;
        follow(p);
    }
}

void
hls_tap_last(struct bc_hls_program *p)
{
    if (p->tap && !p->on_outputs && p->tapped) {
        struct hls_look look;
        hls_program_look(p->channel, &look);
        if (!is_slate(&look)) { // which follows it
            tell(p, &look);
        }
        hls_look_finish(&look);
    }
}

void
hls_tap_end(struct bc_hls_program *p)
{
    if (p->tap && !p->on_outputs && p->tapped) {
        p->tapped = false;
        bc_hls_snapshot_unref(&p->told);
        p->tap->on_end(p->tap);
    }
}

void
hls_tap_finish(struct bc_hls_program *p)
{
    stop(p);
    bc_hls_snapshot_unref(&p->told);
    p->tap = NULL;
    p->tapped = false;
}

void
bc_channel_set_hls_tap(struct bc_channel *channel, struct bc_hls_tap *tap)
{
    struct bc_hls_program *p = hls_program_of(channel);
    if (!p) {
        bc_error(bc_channel_logger(channel), "no memory to record it");
        return;
    }
    if (tap != p->tap) {
        hls_tap_finish(p);
        p->tap = tap;
    }
    hls_tap_look(p);
}
