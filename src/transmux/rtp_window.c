// SPDX-License-Identifier: Apache-2.0
#include "rtp_window.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "outputs_internal.h"
#include "stream/hub.h"
#include "stream/program.h"

#define LINGER_US 5000000
#define PACE_US 4000

// Frames or a note on their way to a window on another worker.
struct delivery {
    struct bc_task task;
    struct bc_rtp_window *window;
    enum bc_rtp_note note;
    struct bc_rtp_description description;
    unsigned count;
    struct bc_rtp_frame *frames[]; // owned references
};

static void
destroy(struct bc_rtp_window *w)
{
    HASH_DEL(w->windows->table, w);
    bc_timer_cancel(&w->pace_timer);
    bc_timer_cancel(&w->linger);
    bc_list_remove(&w->waiters_task.node);
    for (unsigned i = 0; i < BC_LANES; i++) {
        bc_rtp_ring_finish(&w->rings[i]);
    }
    bc_channel_unref(&w->channel);
    free(w);
}

void
bc_rtp_windows_destroy(struct bc_rtp_windows *windows)
{
    if (!windows) {
        return;
    }
    bc_timer_cancel(&windows->nowhere.pace_timer);
    bc_list_remove(&windows->nowhere.waiters_task.node);
    struct bc_rtp_window *w;
    struct bc_rtp_window *tmp;
    HASH_ITER(hh, windows->table, w, tmp)
    {
        destroy(w);
    }
    free(windows);
}

void
bc_rtp_windows_stats(const struct bc_rtp_windows *ws, struct bc_rtp_windows_stats *out)
{
    out->packets = atomic_load_explicit(&ws->packets, memory_order_relaxed);
    out->bytes = atomic_load_explicit(&ws->bytes, memory_order_relaxed);
    out->nacked = atomic_load_explicit(&ws->nacked, memory_order_relaxed);
    out->resent = atomic_load_explicit(&ws->resent, memory_order_relaxed);
    out->key_requests = atomic_load_explicit(&ws->key_requests, memory_order_relaxed);
    out->skips = atomic_load_explicit(&ws->skips, memory_order_relaxed);
    out->switches = atomic_load_explicit(&ws->switches, memory_order_relaxed);
}

// --- keyframes wanted ---

static void
run_key(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_rtp_window *w = bc_container_of(task, struct bc_rtp_window, key_task);
    struct bc_channel *channel = bc_channel_ref(w->channel);
    struct bc_rtp_feed *feed = w->feed;
    unsigned lanes = atomic_exchange(&w->key_lanes, 0);
    // From here on the window may post again.
    for (unsigned i = BC_LANE_VIDEO; i < BC_LANES; i++) {
        if (lanes & 1u << i) {
            bc_rtp_feed_key_wanted(feed, i);
        }
    }
    bc_channel_unref(&channel);
}

void
bc_rtp_window_want_key(struct bc_rtp_window *window, unsigned lane)
{
    if (!window->channel) {
        return;
    }
    if (atomic_fetch_or(&window->key_lanes, 1u << lane) == 0 && !window->detaching) {
        bc_worker_post(bc_channel_home(window->channel), &window->key_task);
    }
}

// --- life ---

static void
linger(struct bc_rtp_window *w)
{
    if (w->channel && !w->detaching) {
        bc_timer_set(&w->linger, LINGER_US);
    }
}

static void
run_waiters(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_rtp_window *w = bc_container_of(task, struct bc_rtp_window, waiters_task);
    w->waiters_posted = false;
    struct bc_list woken;
    bc_list_init(&woken);
    bc_list_splice(&woken, &w->waiters);
    while (!bc_list_empty(&woken)) {
        struct bc_rtp_waiter *waiter
            = bc_container_of(woken.next, struct bc_rtp_waiter, node);
        bc_list_remove(&waiter->node);
        waiter->ready(waiter, &w->description);
    }
    if (w->viewer_count == 0 && bc_list_empty(&w->waiters)) {
        linger(w);
    }
}

static void
wake_waiters(struct bc_rtp_window *w)
{
    if (!w->waiters_posted && !bc_list_empty(&w->waiters)) {
        w->waiters_posted = true;
        bc_worker_defer(w->windows->worker, &w->waiters_task);
    }
}

static void
on_linger(struct bc_timer *timer)
{
    struct bc_rtp_window *w = bc_container_of(timer, struct bc_rtp_window, linger);
    if (w->viewer_count > 0 || !bc_list_empty(&w->waiters)) {
        return;
    }
    // A request for keyframes that is under way must be through first.
    if (atomic_load(&w->key_lanes) != 0) {
        bc_timer_set(&w->linger, LINGER_US);
        return;
    }
    w->detaching = true;
    // Out of the table's way, so that a newcomer gets a fresh window.
    HASH_DEL(w->windows->table, w);
    w->key = w;
    HASH_ADD_PTR(w->windows->table, key, w);
    bc_rtp_feed_detach(w);
}

static void
run_detached(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    destroy(bc_container_of(task, struct bc_rtp_window, detached_task));
}

void
bc_rtp_window_detached(struct bc_rtp_window *window)
{
    bc_worker_post(window->windows->worker, &window->detached_task);
}

static void
on_pace(struct bc_timer *timer)
{
    struct bc_rtp_window *w = bc_container_of(timer, struct bc_rtp_window, pace_timer);
    int64_t now = bc_clock_us();
    struct bc_list due;
    bc_list_init(&due);
    bc_list_splice(&due, &w->pacing);
    while (!bc_list_empty(&due)) {
        struct bc_list *node = due.next;
        bc_list_remove(node);
        bc_rtp_viewer_tick(node, now);
    }
    if (!bc_list_empty(&w->pacing)) {
        bc_timer_set(&w->pace_timer, PACE_US);
    }
}

void
bc_rtp_window_pace(struct bc_rtp_window *window, struct bc_list *node)
{
    if (bc_list_empty(node)) {
        bc_list_append(&window->pacing, node);
    }
    if (!bc_timer_is_set(&window->pace_timer)) {
        bc_timer_set(&window->pace_timer, PACE_US);
    }
}

static void
init_task(struct bc_task *task, void (*run)(struct bc_task *, struct bc_worker *))
{
    bc_list_init(&task->node);
    task->run = run;
}

static void
init(struct bc_rtp_window *w, struct bc_rtp_windows *windows)
{
    w->windows = windows;
    for (unsigned i = 0; i < BC_LANES; i++) {
        w->rings[i].first = w->rings[i].next = 1;
    }
    bc_list_init(&w->viewers);
    bc_list_init(&w->pacing);
    bc_list_init(&w->waiters);
    bc_timer_init(&w->pace_timer, windows->worker, on_pace);
    bc_timer_init(&w->linger, windows->worker, on_linger);
    init_task(&w->detached_task, run_detached);
    init_task(&w->waiters_task, run_waiters);
    init_task(&w->key_task, run_key);
}

struct bc_rtp_windows *
bc_rtp_windows_create(struct bc_worker *worker)
{
    struct bc_rtp_windows *ws = calloc(1, sizeof(*ws));
    if (ws) {
        ws->worker = worker;
        init(&ws->nowhere, ws);
        ws->nowhere.primed = true;
    }
    return ws;
}

static struct bc_rtp_window *
create(struct bc_rtp_windows *windows, struct bc_channel *channel)
{
    struct bc_rtp_window *w = calloc(1, sizeof(*w));
    if (!w) {
        return NULL;
    }
    struct bc_config *config = bc_hub_config(bc_channel_hub(channel));
    w->gop_max_us = config->stream.gop_max_ms * 1000;
    bc_config_unref(&config);
    init(w, windows);
    w->key = channel;
    w->channel = bc_channel_ref(channel);
    w->feed = bc_outputs_rtp(bc_channel_outputs(channel));
    HASH_ADD_PTR(windows->table, key, w);
    bc_rtp_feed_attach(w);
    return w;
}

struct bc_rtp_window *
bc_rtp_window_obtain(struct bc_rtp_windows *windows, struct bc_channel *program)
{
    if (!program || !bc_channel_outputs(program)) {
        return &windows->nowhere;
    }
    struct bc_rtp_window *w;
    const void *key = program;
    HASH_FIND_PTR(windows->table, &key, w);
    return w ? w : create(windows, program);
}

void
bc_rtp_window_hold(struct bc_rtp_window *window)
{
    bc_timer_cancel(&window->linger);
    window->viewer_count++;
}

void
bc_rtp_window_release(struct bc_rtp_window *window)
{
    if (--window->viewer_count == 0) {
        linger(window);
    }
}

void
bc_rtp_window_add_viewer(struct bc_rtp_window *window, struct bc_list *node)
{
    bc_rtp_window_hold(window);
    bc_list_append(&window->viewers, node);
}

void
bc_rtp_window_remove_viewer(struct bc_rtp_window *window, struct bc_list *node)
{
    bc_list_remove(node);
    bc_rtp_window_release(window);
}

bool
bc_rtp_describe(struct bc_rtp_windows *windows, struct bc_channel *channel,
    struct bc_rtp_waiter *waiter)
{
    struct bc_channel *program = bc_channel_program(channel);
    struct bc_rtp_window *w = bc_rtp_window_obtain(windows, program);
    bc_channel_unref(&program);
    if (!w) {
        return false;
    }
    bc_timer_cancel(&w->linger);
    bc_list_append(&w->waiters, &waiter->node);
    if (w->primed) {
        wake_waiters(w);
    }
    return true;
}

void
bc_rtp_describe_cancel(struct bc_rtp_waiter *waiter)
{
    bc_list_remove(&waiter->node);
}

// --- frames ---

static void
append(struct bc_rtp_window *w, struct bc_rtp_frame *frame)
{
    unsigned lane = frame->kind == BC_KIND_AUDIO ? BC_LANE_AUDIO
                                                 : BC_LANE_VIDEO + frame->rendition;
    bc_rtp_ring_append(&w->rings[lane], frame, w->gop_max_us);
}

static void
walk(struct bc_rtp_window *w)
{
    int64_t now = bc_clock_us();
    bc_list_for_each(node, tmp, &w->viewers)
    {
        bc_rtp_viewer_walk(node, now);
    }
    // Everybody is last once: a keyframe for hundreds takes tens of milliseconds.
    if (!bc_list_empty(&w->viewers)) {
        struct bc_list *first = w->viewers.next;
        bc_list_remove(first);
        bc_list_append(&w->viewers, first);
    }
}

static void
take_note(struct bc_rtp_window *w, enum bc_rtp_note note,
    const struct bc_rtp_description *description)
{
    bool changed = description->generation != w->description.generation;
    w->description = *description;
    w->over = note == BC_RTP_NOTE_OVER;
    if (note == BC_RTP_NOTE_PRIMED) {
        w->primed = true;
        for (unsigned i = 0; i < BC_LANES; i++) {
            w->live_from[i] = w->rings[i].next;
        }
    }
    if (w->over || note == BC_RTP_NOTE_PRIMED || (changed && w->primed)) {
        // What is held belongs to the former tracks; nobody starts there. (But with the
        // first note it is the cached GOP.)
        for (unsigned i = 0; i < BC_LANES && note != BC_RTP_NOTE_PRIMED; i++) {
            w->rings[i].key = 0;
        }
        bc_list_for_each(node, tmp, &w->viewers)
        {
            bc_rtp_viewer_note(node);
        }
    }
    wake_waiters(w);
}

static void
deliver(struct bc_rtp_window *w, struct bc_rtp_frame *const *frames, unsigned count,
    enum bc_rtp_note note, const struct bc_rtp_description *description)
{
    for (unsigned i = 0; i < count; i++) {
        append(w, frames[i]);
    }
    if (note != BC_RTP_NOTE_NONE) {
        take_note(w, note, description);
    }
    if (count > 0 && w->primed && w->viewer_count > 0) {
        walk(w);
    }
}

static void
run_delivery(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct delivery *d = bc_container_of(task, struct delivery, task);
    deliver(d->window, d->frames, d->count, d->note, &d->description);
    for (unsigned i = 0; i < d->count; i++) {
        bc_rtp_frame_unref(&d->frames[i]);
    }
    free(d);
}

void
bc_rtp_window_send(struct bc_rtp_window *window, struct bc_rtp_frame *const *frames,
    unsigned count, enum bc_rtp_note note, const struct bc_rtp_description *description)
{
    if (bc_worker_is_current(window->windows->worker)) {
        deliver(window, frames, count, note, description);
        return;
    }
    struct delivery *d = calloc(1, sizeof(*d) + count * sizeof(frames[0]));
    if (!d) {
        return;
    }
    init_task(&d->task, run_delivery);
    d->window = window;
    d->note = note;
    if (description) {
        d->description = *description;
    }
    d->count = count;
    for (unsigned i = 0; i < count; i++) {
        d->frames[i] = bc_rtp_frame_ref(frames[i]);
    }
    bc_worker_post(window->windows->worker, &d->task);
}
