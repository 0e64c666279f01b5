// SPDX-License-Identifier: Apache-2.0
#include "transmux/viewer.h"

#include <stdlib.h>

#include "item.h"
#include "window.h"

// A cursor into its window and a way to the peer. Owned by the egress that made it; one
// worker.
struct bc_viewer {
    struct bc_list node;      // in window->viewers
    struct bc_window *window; // borrowed; it has us in its list
    struct bc_sink *sink;     // borrowed; NULL once the peer is gone
    const struct bc_viewer_ops *ops;
    void *user;
    bool from_gop;
    bool playing; // has a place in the window; otherwise waits for a start
    bool blocked; // the sink is full; on_writable goes on
    bool paused;
    bool ended;
    bool fresh;   // has not been sent anything yet
    uint32_t muted; // enum bc_item_flag of the kinds switched off
    unsigned generation; // of the headers that it has
    unsigned ends;       // of the window when it started
    int64_t slack_us;    // how far behind it started: it may lag by so much more
    uint64_t cursor;     // next item
    // What must be sent before the cursor's item: the rest of one that was begun (the
    // peer must get it whole, even when the window has dropped it), then headers.
    struct bc_item *partial; // owned reference
    size_t partial_offset;
    struct bc_buf *head; // owned reference
    size_t head_offset;
    uint64_t bytes;
    unsigned skips;
};

static void
end(struct bc_viewer *v)
{
    if (!v->ended) {
        v->ended = true;
        v->ops->on_end(v->user);
    }
}

// Puts the cursor on the newest item to start from, with the headers it needs.
static bool
start_at_newest(struct bc_viewer *v)
{
    const struct bc_window *w = v->window;
    if (!w->primed || w->start == 0 || w->start < v->cursor
        || (!v->fresh && v->ends != w->ends)) {
        return false;
    }
    if (v->fresh && !v->from_gop && w->start < w->primed_at) {
        return false; // wants no cached GOP, only a start that comes while it is here
    }
    const struct bc_item *item = bc_window_item(w, w->start);
    if (v->fresh && w->head_us - item->dts_us > w->start_max_us) {
        return false; // too far behind; the next keyframe is better
    }
    struct bc_buf *head = v->fresh ? item->join
        : v->generation != item->generation ? item->config
                                            : NULL;
    v->head = head ? bc_buf_ref(head) : NULL;
    v->head_offset = 0;
    v->generation = item->generation;
    v->ends = w->ends;
    v->slack_us = w->head_us - item->dts_us;
    v->cursor = w->start;
    v->playing = true;
    return true;
}

// Gives up the headers that were to be sent; what was begun of them is still sent. False,
// with nothing changed, when there is no memory for that.
static bool
drop_head(struct bc_viewer *v)
{
    if (v->head && v->head_offset > 0) {
        v->partial = bc_item_create(v->head->data + v->head_offset,
            v->head->len - v->head_offset);
        if (!v->partial) {
            return false;
        }
        v->partial_offset = 0;
    }
    if (v->head) {
        v->generation = 0; // it does not have them
    }
    bc_buf_unref(&v->head);
    return true;
}

// A viewer that fell behind its bound goes on at the newest keyframe, or waits for the
// next one.
static void
skip(struct bc_viewer *v)
{
    const struct bc_window *w = v->window;
    if (!drop_head(v)) {
        return; // tried again at the next look
    }
    v->skips++;
    bc_windows_count(&w->windows->skips, 1);
    v->cursor = w->start > v->cursor ? w->start : w->next;
    v->playing = false;
    start_at_newest(v);
}

static void
check_lag(struct bc_viewer *v)
{
    const struct bc_window *w = v->window;
    if (!v->playing || v->cursor >= w->next) {
        return;
    }
    if (v->cursor < w->first
        || w->head_us - bc_window_item(w, v->cursor)->dts_us
            > w->queue_us + v->slack_us) {
        skip(v);
    }
}

// The viewer waits for a start in a broadcast that is over, or skipped beyond an end.
static bool
waits_in_vain(const struct bc_viewer *v)
{
    const struct bc_window *w = v->window;
    // The next broadcast may have begun, of which nothing has come yet.
    bool over = w->over && bc_channel_state(w->channel) == BC_CHANNEL_ENDED;
    return !v->playing && !v->partial && (v->fresh ? over : v->ends != w->ends);
}

static int
gather(struct bc_viewer *v, struct iovec *iov, int max, bool *at_end)
{
    const struct bc_window *w = v->window;
    int n = 0;
    if (v->partial) {
        iov[n++] = (struct iovec){ v->partial->data + v->partial_offset,
            v->partial->len - v->partial_offset };
    }
    if (v->head) {
        iov[n++] = (struct iovec){ v->head->data + v->head_offset,
            v->head->len - v->head_offset };
    }
    for (uint64_t seq = v->cursor; v->playing && seq < w->next && n < max; seq++) {
        struct bc_item *item = bc_window_item(w, seq);
        if (item->flags & BC_ITEM_END) {
            *at_end = n == 0;
            break;
        }
        if (item->flags & v->muted) {
            if (n == 0) {
                v->cursor = seq + 1; // nothing before it: it is passed over now
                continue;
            }
            break; // the next round begins with it
        }
        iov[n++] = (struct iovec){ item->data, item->len };
    }
    return n;
}

// Takes up to `*taken` bytes off something of which `left` bytes were left.
static size_t
take(size_t *taken, size_t left)
{
    size_t n = *taken < left ? *taken : left;
    *taken -= n;
    return n;
}

// Moves everything on by what the sink took.
static void
consume(struct bc_viewer *v, size_t taken)
{
    v->bytes += taken;
    bc_windows_count(&v->window->windows->bytes, taken);
    if (taken > 0) {
        v->fresh = false;
    }
    if (v->partial) {
        v->partial_offset += take(&taken, v->partial->len - v->partial_offset);
        if (v->partial_offset == v->partial->len) {
            bc_item_unref(&v->partial);
        }
    }
    if (v->head) {
        v->head_offset += take(&taken, v->head->len - v->head_offset);
        if (v->head_offset == v->head->len) {
            bc_buf_unref(&v->head);
        }
    }
    while (taken > 0) {
        struct bc_item *item = bc_window_item(v->window, v->cursor++);
        size_t n = take(&taken, item->len);
        if (n < item->len) {
            v->partial = bc_item_ref(item);
            v->partial_offset = n;
        }
    }
}

static size_t
total(const struct iovec *iov, int n)
{
    size_t bytes = 0;
    for (int i = 0; i < n; i++) {
        bytes += iov[i].iov_len;
    }
    return bytes;
}

// Writes until everything is sent or the sink is full.
static void
pump(struct bc_viewer *v)
{
    struct iovec iov[BC_WINDOW_IOV];
    while (!v->blocked && !v->ended && !v->paused && v->sink) {
        if (v->playing && v->cursor < v->window->first) {
            skip(v); // a burst longer than the window
            if (v->playing && v->cursor < v->window->first) {
                return; // it could not, for want of memory
            }
        }
        if (!v->playing && !start_at_newest(v) && !v->partial) {
            if (waits_in_vain(v)) {
                end(v);
            }
            return;
        }
        bool at_end = false;
        int n = gather(v, iov, BC_WINDOW_IOV, &at_end);
        if (at_end) {
            end(v);
            return;
        }
        if (n == 0) {
            return;
        }
        size_t wanted = total(iov, n);
        ssize_t taken = bc_sink_writev(v->sink, iov, n);
        if (taken < 0) {
            v->blocked = true; // on_closed follows
            return;
        }
        consume(v, (size_t)taken);
        v->blocked = (size_t)taken < wanted;
    }
}

// The common case: up to date, nothing left over, so the walk's vectors fit as they are.
static bool
write_shared(struct bc_viewer *v)
{
    struct bc_window *w = v->window;
    if (w->walk_count == 0 || v->cursor != w->walk_from || v->head || v->partial
        || v->muted || !v->playing) {
        return false;
    }
    ssize_t taken = bc_sink_writev(v->sink, w->walk_iov, w->walk_count);
    if (taken == (ssize_t)w->walk_bytes) {
        v->cursor = w->next;
        v->bytes += (size_t)taken;
        bc_windows_count(&w->windows->bytes, (size_t)taken);
    } else {
        v->blocked = true;
        consume(v, taken > 0 ? (size_t)taken : 0);
    }
    return true;
}

void
bc_viewer_walk(struct bc_list *node)
{
    struct bc_viewer *v = bc_container_of(node, struct bc_viewer, node);
    if (v->ended || !v->sink) {
        return;
    }
    if (v->blocked) {
        check_lag(v);
    } else if (waits_in_vain(v)) {
        end(v); // also while it is paused: it would pause for ever
    } else if (!v->paused && !write_shared(v)) {
        pump(v);
    }
}

void
bc_viewer_end(struct bc_list *node)
{
    end(bc_container_of(node, struct bc_viewer, node));
}

static void
on_writable(void *user)
{
    struct bc_viewer *v = user;
    v->blocked = false;
    check_lag(v);
    if (!v->ended && waits_in_vain(v)) {
        end(v);
    } else {
        pump(v);
    }
}

static void
on_closed(void *user, const char *reason)
{
    struct bc_viewer *v = user;
    v->sink = NULL;
    v->ops->on_closed(v->user, reason);
}

static int64_t
choose_base_ms(const struct bc_channel *channel)
{
    struct bc_channel_info info;
    bc_channel_info(channel, &info);
    // A minute of margin: the cached GOP began before now.
    int64_t ms = info.media_us / 1000 - 60000;
    return ms > 0 ? ms / BC_FEED_BASE_MS * BC_FEED_BASE_MS : 0;
}

struct bc_viewer *
bc_viewer_create(const struct bc_viewer_params *params)
{
    struct bc_viewer *v = calloc(1, sizeof(*v));
    if (!v) {
        return NULL;
    }
    struct bc_feed_key key = params->key;
    key.base_ms = choose_base_ms(params->channel);
    v->window = bc_window_obtain(params->windows, params->channel, &key);
    if (!v->window) {
        free(v);
        return NULL;
    }
    v->sink = params->sink;
    v->ops = params->ops;
    v->user = params->user;
    v->from_gop = params->from_gop;
    v->fresh = true;
    v->cursor = params->from_gop ? 0 : v->window->next;
    v->sink->on_writable = on_writable;
    v->sink->on_closed = on_closed;
    v->sink->user = v;
    bc_list_init(&v->node);
    bc_window_add_viewer(v->window, &v->node);
    if (v->window->over) {
        bc_timer_set(&v->window->walk_timer, 0); // on_end must not come before we return
    } else if (v->from_gop) {
        pump(v);
    }
    return v;
}

void
bc_viewer_destroy(struct bc_viewer *viewer)
{
    if (!viewer) {
        return;
    }
    if (viewer->sink) {
        viewer->sink->on_writable = NULL;
        viewer->sink->on_closed = NULL;
    }
    bc_window_remove_viewer(viewer->window, &viewer->node);
    bc_buf_unref(&viewer->head);
    bc_item_unref(&viewer->partial);
    free(viewer);
}

void
bc_viewer_set_paused(struct bc_viewer *viewer, bool paused)
{
    if (viewer->paused == paused) {
        return;
    }
    viewer->paused = paused;
    if (paused) {
        viewer->playing = viewer->playing && !drop_head(viewer);
    } else {
        pump(viewer);
    }
}

void
bc_viewer_set_receive(struct bc_viewer *viewer, enum bc_kind kind, bool on)
{
    uint32_t flag = kind == BC_KIND_VIDEO ? BC_ITEM_VIDEO : BC_ITEM_AUDIO;
    if (on && viewer->muted & flag) {
        viewer->muted &= ~flag;
        if (flag == BC_ITEM_VIDEO) {
            // Pictures come back with the next keyframe.
            viewer->playing = viewer->playing && !drop_head(viewer);
        }
    } else if (!on) {
        viewer->muted |= flag;
    }
}

void
bc_viewer_stats(const struct bc_viewer *viewer, struct bc_viewer_stats *out)
{
    out->bytes = viewer->bytes;
    out->skips = viewer->skips;
}
