// SPDX-License-Identifier: Apache-2.0
#include "transmux/viewer.h"

#include <stdlib.h>

#include "viewer_internal.h"

static void
end(struct bc_viewer *v)
{
    if (!v->ended) {
        v->ended = true;
        v->ops->on_end(v->user);
    }
}

// Whether the newest start is one for this viewer.
static bool
can_start(struct bc_viewer *v)
{
    const struct bc_window *w = v->window;
    if (!w || !w->primed || w->start == 0 || w->start < v->cursor) {
        return false;
    }
    const struct bc_item *item = bc_window_item(w, w->start);
    if (v->fresh) {
        // One that wants no cached GOP begins with a start that comes while it is here. If
        // it is too far behind, the next keyframe is better.
        return (v->from_gop || w->start >= w->primed_at)
            && w->head_us - item->dts_us <= w->start_max_us;
    }
    if (v->joining) {
        return bc_viewer_can_join_at(v, item);
    }
    return v->ends == w->ends && v->cuts == w->cuts;
}

// An FLV header cannot be taken back: players that were told of other tracks wait for them
// for ever, or never show those that they were not told of, so they have to open anew
// (FLV-2).
static bool
is_misled(const struct bc_viewer *v, const struct bc_item *item)
{
    return !v->fresh && v->key.format != BC_FEED_RTMP && v->key.format != BC_FEED_TS
        && v->told != (item->flags & BC_VIEWER_TELLS);
}

// Puts the cursor on the newest item to start from, with the headers it needs.
static bool
start_at_newest(struct bc_viewer *v)
{
    const struct bc_window *w = v->window;
    if (!can_start(v)) {
        return false;
    }
    const struct bc_item *item = bc_window_item(w, w->start);
    v->misled = is_misled(v, item);
    if (v->misled) {
        return false;
    }
    struct bc_buf *head = v->fresh ? item->join
        : v->generation != item->generation ? item->config
                                            : NULL;
    v->head = head ? bc_buf_ref(head) : NULL;
    v->head_offset = 0;
    v->generation = item->generation;
    v->told = item->flags & BC_VIEWER_TELLS;
    if (v->joining) {
        v->floor_us = v->sent_us;
        v->below = BC_VIEWER_KINDS;
        v->joining = false;
    }
    v->ends = w->ends;
    v->cuts = w->cuts;
    v->slack_us = w->head_us - item->dts_us;
    v->cursor = w->start;
    v->playing = true;
    return true;
}

bool
bc_viewer_drop_head(struct bc_viewer *v)
{
    if (v->head && v->head_offset > 0) {
        v->partial = bc_item_create(v->head->data + v->head_offset,
            v->head->len - v->head_offset);
        if (!v->partial) {
            return false;
        }
        v->partial_offset = 0;
    }
    if (v->due_in_head > 0) {
        bc_viewer_cues_told(v, v->head_offset > 0);
    } else if (v->head) {
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
    if (!bc_viewer_drop_head(v)) {
        return; // tried again at the next look
    }
    v->skips++;
    if (v->key.format == BC_FEED_TS) {
        v->generation = 0; // counters have to be told of the hole
    }
    bc_windows_count(&w->windows->skips, 1);
    v->cursor = w->start > v->cursor ? w->start : w->next;
    v->playing = false;
    start_at_newest(v);
}

static void
check_lag(struct bc_viewer *v)
{
    const struct bc_window *w = v->window;
    if (!w || !v->playing || v->cursor >= w->next) {
        return;
    }
    if (v->cursor < w->first
        || w->head_us - bc_window_item(w, v->cursor)->dts_us
            > w->queue_us + v->slack_us) {
        skip(v);
    }
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
        if (item->flags & v->muted || bc_viewer_is_below(v, item)) {
            if (n == 0) {
                v->cursor = seq + 1; // nothing before it: it is passed over now
                continue;
            }
            break; // the next round begins with it
        }
        if (item->dts_us >= v->due_us) {
            if (n == 0 && bc_viewer_tell_cues(v, item)) {
                iov[n++] = (struct iovec){ v->head->data, v->head->len };
            }
            if (n > 0) {
                break;
            }
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
    bc_windows_count(&v->windows->bytes, taken);
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
            v->head_offset = 0;
            bc_viewer_cues_told(v, true);
        }
    }
    while (taken > 0) {
        struct bc_item *item = bc_window_item(v->window, v->cursor++);
        size_t n = take(&taken, item->len);
        bc_viewer_note_sent(v, item);
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

// What is behind an end in the window. False: nothing for this viewer.
static bool
pass_end(struct bc_viewer *v)
{
    const struct bc_item *item = bc_window_item(v->window, v->cursor);
    if (!(item->flags & BC_ITEM_OVER) || bc_viewer_is_over(v)) {
        end(v);
        return false;
    }
    v->cursor++;
    bc_viewer_await_next(v);
    return true;
}

// Brings the cursor to what can be sent next. False: nothing, for now.
static bool
find_place(struct bc_viewer *v)
{
    const struct bc_window *w = v->window;
    if (v->playing && v->cursor < w->first) {
        skip(v); // a burst longer than the window
        if (v->playing && v->cursor < w->first) {
            return false; // it could not, for want of memory
        }
    }
    if (w && !v->playing && !v->fresh && !v->joining && v->ends != w->ends
        && v->cuts == w->cuts && !bc_viewer_is_over(v)) {
        bc_viewer_await_next(v); // it skipped beyond an end
    }
    if (v->playing || start_at_newest(v) || v->partial) {
        return true;
    }
    if (bc_viewer_waits_in_vain(v)) {
        end(v);
    }
    return false;
}

void
bc_viewer_pump(struct bc_viewer *v)
{
    struct iovec iov[BC_WINDOW_IOV];
    while (!v->blocked && !v->ended && !v->paused && v->sink && find_place(v)) {
        bool at_end = false;
        int n = gather(v, iov, BC_WINDOW_IOV, &at_end);
        if (at_end && pass_end(v)) {
            continue;
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
    if (!w || w->walk_count == 0 || v->cursor != w->walk_from || v->head || v->partial
        || v->muted || v->below || !v->playing || w->walk_dts_us >= v->due_us) {
        return false;
    }
    ssize_t taken = bc_sink_writev(v->sink, w->walk_iov, w->walk_count);
    if (taken == (ssize_t)w->walk_bytes) {
        v->cursor = w->next;
        v->sent_us = w->walk_dts_us > v->sent_us ? w->walk_dts_us : v->sent_us;
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
    } else if (bc_viewer_waits_in_vain(v)) {
        end(v); // also while it is paused: it would pause for ever
    } else if (!v->paused && !write_shared(v)) {
        bc_viewer_pump(v);
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
    if (!v->ended && bc_viewer_waits_in_vain(v)) {
        end(v);
    } else {
        bc_viewer_pump(v);
    }
}

static void
on_closed(void *user, const char *reason)
{
    struct bc_viewer *v = user;
    v->sink = NULL;
    v->ops->on_closed(v->user, reason);
}

struct bc_viewer *
bc_viewer_create(const struct bc_viewer_params *params)
{
    struct bc_viewer *v = calloc(1, sizeof(*v));
    if (!v) {
        return NULL;
    }
    v->windows = params->windows;
    v->channel = bc_channel_ref(params->channel);
    v->key = params->key;
    v->from_gop = params->from_gop;
    v->fresh = true;
    v->sent_us = INT64_MIN / 2;
    bc_list_init(&v->node);
    bc_list_init(&v->cue_watch.node);
    v->due_us = INT64_MAX;
    if (!bc_viewer_follow(v)) {
        bc_channel_unref(&v->channel);
        free(v);
        return NULL;
    }
    v->sink = params->sink;
    v->ops = params->ops;
    v->user = params->user;
    v->sink->on_writable = on_writable;
    v->sink->on_closed = on_closed;
    v->sink->user = v;
    bc_viewer_open_cues(v);
    if (v->window && v->window->over) {
        bc_timer_set(&v->window->walk_timer, 0); // on_end must not come before we return
    } else if (v->window && v->from_gop) {
        bc_viewer_pump(v);
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
    bc_viewer_unfollow(viewer);
    bc_viewer_close_cues(viewer);
    bc_channel_unref(&viewer->channel);
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
        viewer->playing = viewer->playing && !bc_viewer_drop_head(viewer);
    } else {
        bc_viewer_pump(viewer);
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
            viewer->playing = viewer->playing && !bc_viewer_drop_head(viewer);
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
