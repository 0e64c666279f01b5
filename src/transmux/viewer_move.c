// SPDX-License-Identifier: Apache-2.0
// A viewer follows its channel's program: from window to window, on one timeline.
#include "stream/hub.h"
#include "viewer_internal.h"

// Sound and pictures are interleaved by less than this.
#define BELOW_US 2000000

// As the stamps of FLV and RTMP.
static int64_t
to_ms(int64_t us)
{
    return (us + 500) / 1000;
}

static bool
has_ended(const struct bc_channel *channel)
{
    enum bc_channel_state state = bc_channel_state(channel);
    return state == BC_CHANNEL_ENDED || state == BC_CHANNEL_NONE;
}

bool
bc_viewer_is_over(const struct bc_viewer *v)
{
    // An ended channel may still show a slate.
    return has_ended(v->channel) && (!v->window || has_ended(v->window->channel));
}

bool
bc_viewer_waits_in_vain(const struct bc_viewer *v)
{
    const struct bc_window *w = v->window;
    if (v->playing || v->partial) {
        return false;
    }
    if (v->misled) {
        return true;
    }
    if (!w) {
        return bc_viewer_is_over(v);
    }
    if (v->fresh || v->joining) {
        // The next broadcast may have begun, of which nothing has come yet.
        return w->over && bc_viewer_is_over(v);
    }
    return v->cuts != w->cuts || (v->ends != w->ends && bc_viewer_is_over(v));
}

bool
bc_viewer_can_join_at(const struct bc_viewer *v, const struct bc_item *item)
{
    return to_ms(item->dts_us) > to_ms(v->sent_us);
}

bool
bc_viewer_is_below(const struct bc_viewer *v, const struct bc_item *item)
{
    return (item->flags & v->below) && to_ms(item->dts_us) <= to_ms(v->floor_us);
}

void
bc_viewer_note_sent(struct bc_viewer *v, const struct bc_item *item)
{
    if (item->dts_us > v->sent_us) {
        v->sent_us = item->dts_us;
    }
    if (v->below) {
        // Within a program each kind rises by itself.
        v->below &= item->dts_us > v->floor_us + BELOW_US ? 0 : ~item->flags;
    }
}

void
bc_viewer_await_next(struct bc_viewer *v)
{
    v->playing = false;
    v->joining = true;
    v->generation = 0; // every fanout counts its own
    if (v->window) {
        v->ends = v->window->ends;
        v->cuts = v->window->cuts;
    }
    bc_windows_look_later(v->windows);
}

static void
leave_window(struct bc_viewer *v)
{
    if (v->window) {
        bc_window_remove_viewer(v->window, &v->node);
        v->window = NULL;
    } else {
        bc_list_remove(&v->node);
    }
}

// Whoever joins a broadcast of many hours starts low, by one of a few bases that all
// channels share, as they run on one clock.
static void
choose_base(struct bc_viewer *v, const struct bc_channel *program)
{
    struct bc_channel_info info;
    bc_channel_info(program, &info);
    // A minute of margin: the cached GOP began before now, and another channel's times may
    // lie behind this one's.
    int64_t ms = info.clock_us / 1000 - 60000;
    v->key.base_ms = ms > 0 ? ms / BC_FEED_BASE_MS * BC_FEED_BASE_MS : 0;
    v->based = true;
}

// Into the window of a program; NULL: waits for one.
static bool
enter_window(struct bc_viewer *v, struct bc_channel *program)
{
    if (!program) {
        bc_list_append(&v->windows->waiting, &v->node);
        bc_windows_look_later(v->windows);
        return true;
    }
    if (!v->based) {
        choose_base(v, program);
    }
    v->window = bc_window_obtain(v->windows, program, &v->key);
    if (!v->window) {
        bc_list_append(&v->windows->waiting, &v->node);
        return false;
    }
    bc_window_add_viewer(v->window, &v->node);
    v->cursor = v->from_gop || !v->fresh ? 0 : v->window->next;
    v->ends = v->window->ends;
    v->cuts = v->window->cuts;
    return true;
}

// What was begun is sent to its end, the rest of the old program is not.
static bool
move(struct bc_viewer *v, struct bc_channel *program)
{
    if (!bc_viewer_drop_head(v)) {
        return false;
    }
    leave_window(v);
    v->playing = false;
    if (!enter_window(v, program)) {
        return false;
    }
    v->misled = false;
    v->generation = 0;
    v->joining = !v->fresh;
    return true;
}

static void
on_program(struct bc_program_watch *watch, struct bc_channel *program)
{
    struct bc_viewer *v = bc_container_of(watch, struct bc_viewer, watch);
    const struct bc_channel *shown = v->window ? v->window->channel : NULL;
    if (v->ended || program == shown) {
        return;
    }
    if (!program && shown == v->channel && has_ended(shown)) {
        return; // the rest of the broadcast and its end are on their way
    }
    if (!move(v, program)) {
        bc_viewer_end(&v->node);
    } else if (!v->blocked) {
        bc_viewer_walk(&v->node);
    }
}

bool
bc_viewer_follow(struct bc_viewer *v)
{
    v->watch.on_program = on_program;
    struct bc_channel *program
        = bc_channel_watch_program(v->channel, v->windows->worker, &v->watch);
    bool entered = enter_window(v, program);
    bc_channel_unref(&program);
    if (!entered) {
        bc_viewer_unfollow(v);
    }
    return entered;
}

void
bc_viewer_unfollow(struct bc_viewer *v)
{
    bc_channel_unwatch_program(&v->watch);
    leave_window(v);
}
