// SPDX-License-Identifier: Apache-2.0
#include "window.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "fanout.h"
#include "stream/hub.h"

#define RING_INITIAL 256
#define WINDOW_BYTES_MAX (64u << 20)
#define LINGER_US 5000000
#define LOOK_US 1000000
// A walk over many viewers takes long. The next one begins at the earliest after as long
// a rest, so that writing never fills more than half of a worker's time: the more there
// is to do, the more messages go out with one write. Short walks need no rest.
#define WALK_FREE_US 1500
#define WALK_REST_MAX_US 100000

// Items on their way to a window on another worker.
struct delivery {
    struct bc_task task;
    struct bc_window *window;
    unsigned count;
    struct bc_item *items[]; // owned references
};

static void
on_walk_timer(struct bc_timer *timer);
static void
on_linger(struct bc_timer *timer);
static void
on_look(struct bc_timer *timer);
static void
run_detached(struct bc_task *task, struct bc_worker *worker);

struct bc_windows *
bc_windows_create(struct bc_worker *worker)
{
    struct bc_windows *ws = calloc(1, sizeof(*ws));
    if (ws) {
        ws->worker = worker;
        bc_list_init(&ws->waiting);
        bc_timer_init(&ws->look_timer, worker, on_look);
    }
    return ws;
}

static void
destroy(struct bc_window *w)
{
    HASH_DEL(w->windows->table, w);
    bc_timer_cancel(&w->walk_timer);
    bc_timer_cancel(&w->linger_timer);
    for (uint64_t seq = w->first; seq < w->next; seq++) {
        bc_item_unref(&w->ring[seq & (w->cap - 1)]);
    }
    free(w->ring);
    bc_channel_unref(&w->channel);
    free(w);
}

void
bc_windows_destroy(struct bc_windows *windows)
{
    if (!windows) {
        return;
    }
    struct bc_window *w;
    struct bc_window *tmp;
    HASH_ITER(hh, windows->table, w, tmp)
    {
        destroy(w);
    }
    bc_timer_cancel(&windows->look_timer);
    free(windows);
}

static void
end_all(struct bc_list *viewers)
{
    bc_list_for_each(node, next, viewers)
    {
        bc_viewer_end(node);
    }
}

void
bc_windows_drain(struct bc_windows *windows)
{
    struct bc_window *w;
    struct bc_window *tmp;
    end_all(&windows->waiting);
    HASH_ITER(hh, windows->table, w, tmp)
    {
        end_all(&w->viewers);
    }
}

static void
walk_all(struct bc_list *viewers)
{
    bc_list_for_each(node, tmp, viewers)
    {
        bc_viewer_walk(node);
    }
}

void
bc_windows_look_later(struct bc_windows *windows)
{
    if (!bc_timer_is_set(&windows->look_timer)) {
        bc_timer_set(&windows->look_timer, LOOK_US);
    }
}

// That a channel is over is told by its program's end, or by its next program. Who waits
// because those are not the same channel has to look.
static void
on_look(struct bc_timer *timer)
{
    struct bc_windows *ws = bc_container_of(timer, struct bc_windows, look_timer);
    struct bc_window *w;
    struct bc_window *tmp;
    walk_all(&ws->waiting);
    bool again = !bc_list_empty(&ws->waiting);
    HASH_ITER(hh, ws->table, w, tmp)
    {
        if (w->over) {
            walk_all(&w->viewers);
            again = again || w->viewer_count > 0;
        }
    }
    if (again) {
        bc_windows_look_later(ws);
    }
}

void
bc_windows_stats(const struct bc_windows *windows, struct bc_windows_stats *out)
{
    out->bytes = atomic_load_explicit(&windows->bytes, memory_order_relaxed);
    out->skips = atomic_load_explicit(&windows->skips, memory_order_relaxed);
    out->walks = atomic_load_explicit(&windows->walks, memory_order_relaxed);
    out->items = atomic_load_explicit(&windows->items, memory_order_relaxed);
}

static struct bc_window *
create(struct bc_windows *windows, struct bc_channel *channel,
    const struct bc_feed_key *key, const struct bc_window_id *id)
{
    struct bc_window *w = calloc(1, sizeof(*w));
    if (!w) {
        return NULL;
    }
    w->ring = calloc(RING_INITIAL, sizeof(struct bc_item *));
    if (!w->ring) {
        free(w);
        return NULL;
    }
    struct bc_config *config = bc_hub_config(bc_channel_hub(channel));
    w->queue_us = config->stream.viewer_queue_ms * 1000;
    w->start_max_us = config->stream.gop_max_ms * 1000;
    bc_config_unref(&config);
    w->cap = RING_INITIAL;
    w->first = w->next = 1; // so that 0 means none
    w->id = *id;
    w->windows = windows;
    w->channel = bc_channel_ref(channel);
    w->key = *key;
    bc_list_init(&w->viewers);
    bc_timer_init(&w->walk_timer, windows->worker, on_walk_timer);
    bc_timer_init(&w->linger_timer, windows->worker, on_linger);
    HASH_ADD(hh, windows->table, id, sizeof(w->id), w);
    bc_fanout_attach(w);
    return w;
}

struct bc_window *
bc_window_obtain(struct bc_windows *windows, struct bc_channel *channel,
    const struct bc_feed_key *key)
{
    struct bc_window_id id;
    memset(&id, 0, sizeof(id));
    id.channel = channel;
    id.base_ms = key->base_ms;
    id.format = (int)key->format;
    id.hevc = (int)key->hevc;
    id.fourccs = key->fourccs;
    id.audio_only = key->audio_only;
    id.rendition = key->rendition;
    struct bc_window *w;
    HASH_FIND(hh, windows->table, &id, sizeof(id), w);
    if (w && w->detaching) {
        // It is on its way out; a fresh one takes its place in the table.
        HASH_DEL(windows->table, w);
        memset(&w->id, 0, sizeof(w->id));
        w->id.unused = 1;
        w->id.channel = (const struct bc_channel *)w;
        HASH_ADD(hh, windows->table, id, sizeof(w->id), w);
        w = NULL;
    }
    return w ? w : create(windows, channel, key, &id);
}

void
bc_window_add_viewer(struct bc_window *window, struct bc_list *node)
{
    bc_timer_cancel(&window->linger_timer);
    bc_list_append(&window->viewers, node);
    window->viewer_count++;
}

void
bc_window_remove_viewer(struct bc_window *window, struct bc_list *node)
{
    bc_list_remove(node);
    if (--window->viewer_count == 0) {
        bc_timer_set(&window->linger_timer, LINGER_US);
    }
}

static void
on_linger(struct bc_timer *timer)
{
    struct bc_window *w = bc_container_of(timer, struct bc_window, linger_timer);
    w->detaching = true;
    bc_fanout_detach(w);
}

static void
run_detached(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    destroy(bc_container_of(task, struct bc_window, detached_task));
}

void
bc_window_detached(struct bc_window *window)
{
    bc_list_init(&window->detached_task.node);
    window->detached_task.run = run_detached;
    bc_worker_post(window->windows->worker, &window->detached_task);
}

static bool
grow(struct bc_window *w)
{
    size_t cap = 2 * w->cap;
    struct bc_item **ring = calloc(cap, sizeof(struct bc_item *));
    if (!ring) {
        return false;
    }
    for (uint64_t seq = w->first; seq < w->next; seq++) {
        ring[seq & (cap - 1)] = bc_window_item(w, seq);
    }
    free(w->ring);
    w->ring = ring;
    w->cap = cap;
    return true;
}

static void
drop_first(struct bc_window *w)
{
    struct bc_item **slot = &w->ring[w->first & (w->cap - 1)];
    w->bytes -= (*slot)->len;
    bc_item_unref(slot);
    if (w->start == w->first) {
        w->start = 0;
    }
    w->first++;
}

// Keeps what a new viewer starts from and what a slow one may still want, and no more.
static void
trim(struct bc_window *w)
{
    while (w->next - w->first > 1) {
        const struct bc_item *item = bc_window_item(w, w->first);
        bool wanted = w->start == 0 || w->first >= w->start
            || item->dts_us >= w->head_us - w->queue_us;
        bool too_old = item->dts_us < w->head_us - w->queue_us - w->start_max_us;
        if (wanted && !too_old && w->bytes <= WINDOW_BYTES_MAX) {
            return;
        }
        drop_first(w);
    }
}

static void
append(struct bc_window *w, struct bc_item *item)
{
    if (item->flags & BC_ITEM_PRIMED) {
        w->primed = true;
        w->primed_at = w->next;
        return;
    }
    if (w->over) {
        // A new broadcast, whose time begins anew: nobody wants the old one.
        while (w->first < w->next) {
            drop_first(w);
        }
    }
    if (w->next - w->first == w->cap && !grow(w)) {
        drop_first(w);
    }
    w->ring[w->next & (w->cap - 1)] = bc_item_ref(item);
    if (item->flags & BC_ITEM_START) {
        w->start = w->next;
    }
    w->over = (item->flags & BC_ITEM_OVER) != 0;
    if (item->flags & BC_ITEM_END) {
        w->start = 0; // nobody starts before an end
        w->ends += w->over ? 1 : 0;
        w->cuts += w->over ? 0 : 1;
    } else {
        w->head_us = item->dts_us;
    }
    w->bytes += item->len;
    w->next++;
    trim(w);
}

// The vectors for all viewers that have everything up to `from`.
static void
prepare_walk(struct bc_window *w, uint64_t from)
{
    w->walk_from = from;
    w->walk_count = 0;
    w->walk_bytes = 0;
    w->walk_dts_us = INT64_MIN;
    if (from < w->first) {
        return; // a burst longer than the window
    }
    for (uint64_t seq = from; seq < w->next && w->walk_count < BC_WINDOW_IOV; seq++) {
        struct bc_item *item = bc_window_item(w, seq);
        if (item->flags & BC_ITEM_END) {
            w->walk_count = 0; // these have to look closer
            return;
        }
        w->walk_iov[w->walk_count++] = (struct iovec){ item->data, item->len };
        w->walk_bytes += item->len;
        w->walk_dts_us = item->dts_us > w->walk_dts_us ? item->dts_us : w->walk_dts_us;
    }
    if (from + (uint64_t)w->walk_count != w->next) {
        w->walk_count = 0;
    }
}

static void
walk(struct bc_window *w)
{
    int64_t began = bc_clock_us();
    bc_windows_count(&w->windows->walks, 1);
    walk_all(&w->viewers);
    w->walk_count = 0;
    int64_t now = bc_clock_us();
    int64_t took = now - began;
    if (took > WALK_REST_MAX_US) {
        took = WALK_REST_MAX_US;
    }
    w->next_walk_us = took > WALK_FREE_US ? now + took : now;
}

static void
on_walk_timer(struct bc_timer *timer)
{
    struct bc_window *w = bc_container_of(timer, struct bc_window, walk_timer);
    prepare_walk(w, w->walk_from);
    walk(w);
}

static void
deliver(struct bc_window *w, struct bc_item *const *items, unsigned count)
{
    bool waiting = bc_timer_is_set(&w->walk_timer);
    uint64_t from = w->next;
    for (unsigned i = 0; i < count; i++) {
        append(w, items[i]);
    }
    bc_windows_count(&w->windows->items, count);
    if (waiting || w->viewer_count == 0 || !w->primed) {
        return; // these ride along with what waits already, or the rest of the cached GOP
    }
    int64_t rest = w->next_walk_us - bc_clock_us();
    if (rest > 0) {
        w->walk_from = from;
        bc_timer_set(&w->walk_timer, rest);
        return;
    }
    prepare_walk(w, from);
    walk(w);
}

static void
run_delivery(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct delivery *d = bc_container_of(task, struct delivery, task);
    deliver(d->window, d->items, d->count);
    for (unsigned i = 0; i < d->count; i++) {
        bc_item_unref(&d->items[i]);
    }
    free(d);
}

void
bc_window_send(struct bc_window *window, struct bc_item *const *items, unsigned count)
{
    if (bc_worker_is_current(window->windows->worker)) {
        deliver(window, items, count);
        return;
    }
    struct delivery *d = malloc(sizeof(*d) + count * sizeof(struct bc_item *));
    if (!d) {
        return;
    }
    bc_list_init(&d->task.node);
    d->task.run = run_delivery;
    d->window = window;
    d->count = count;
    for (unsigned i = 0; i < count; i++) {
        d->items[i] = bc_item_ref(items[i]);
    }
    bc_worker_post(window->windows->worker, &d->task);
}
