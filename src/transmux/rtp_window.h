// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_RTP_WINDOW_H
#define TRANSMUX_RTP_WINDOW_H

#include <stdatomic.h>

#include "base/table.h"
#include "net/worker.h"
#include "rtp_feed.h"
#include "rtp_ring.h"

// A channel's frames on one worker. Its viewers are cursors into it. Made for the first
// viewer, kept a moment after the last one. Worker's thread, but for the tasks.
struct bc_rtp_window {
    UT_hash_handle hh;
    const void *key;                // of the table: the channel; itself while detaching
    struct bc_rtp_windows *windows; // borrowed
    struct bc_channel *channel;     // owned reference
    struct bc_rtp_feed *feed;       // of the channel; its home's to touch
    struct bc_rtp_ring rings[BC_LANES];
    struct bc_list viewers;
    struct bc_list pacing;          // viewers with more to send than they may at once
    struct bc_list waiters;         // for the description
    struct bc_rtp_description description;
    unsigned viewer_count;
    bool primed;
    bool over;
    bool detaching;
    int64_t gop_max_us;
    uint64_t live_from[BC_LANES];   // first number that came after the cached GOP
    struct bc_timer pace_timer;
    struct bc_timer linger;
    struct bc_task attach_task;
    struct bc_task detach_task;
    struct bc_task detached_task;
    struct bc_task waiters_task;
    bool waiters_posted;
    struct bc_task key_task;        // one request at a time
    atomic_uint key_lanes;          // bit per lane; 0: the task is free
    int64_t skip_asked_us;          // last request that was due to a skip
};

// One per worker. Its thread alone writes the counters.
struct bc_rtp_windows {
    struct bc_worker *worker; // borrowed
    struct bc_rtp_window *table;
    struct bc_rtp_window nowhere; // where viewers are whose channel shows nothing
    atomic_uint_fast64_t packets;
    atomic_uint_fast64_t bytes;
    atomic_uint_fast64_t nacked;
    atomic_uint_fast64_t resent;
    atomic_uint_fast64_t key_requests;
    atomic_uint_fast64_t skips;
    atomic_uint_fast64_t switches;
};

static inline void
bc_rtp_count(atomic_uint_fast64_t *counter, uint64_t n)
{
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + n, memory_order_relaxed);
}

// The window of a program; NULL: of none, where nothing ever comes. NULL without memory.
struct bc_rtp_window *
bc_rtp_window_obtain(struct bc_rtp_windows *windows, struct bc_channel *program);

// Keeps the window for somebody who has left it but may ask for its packets again.
void
bc_rtp_window_hold(struct bc_rtp_window *window);

void
bc_rtp_window_release(struct bc_rtp_window *window);

void
bc_rtp_window_add_viewer(struct bc_rtp_window *window, struct bc_list *node);

void
bc_rtp_window_remove_viewer(struct bc_rtp_window *window, struct bc_list *node);

// The viewer sends more at the next tick of the pace.
void
bc_rtp_window_pace(struct bc_rtp_window *window, struct bc_list *node);

// Asks the source for a keyframe of a lane.
void
bc_rtp_window_want_key(struct bc_rtp_window *window, unsigned lane);

// --- from the feed, on the channel's home ---

void
bc_rtp_window_send(struct bc_rtp_window *window, struct bc_rtp_frame *const *frames,
    unsigned count, enum bc_rtp_note note, const struct bc_rtp_description *description);

void
bc_rtp_window_detached(struct bc_rtp_window *window);

// --- rtp_viewer.c ---

// New frames are there.
void
bc_rtp_viewer_walk(struct bc_list *node, int64_t now_us);

// A tick of the pace; `node` is the one in window->pacing, already removed.
void
bc_rtp_viewer_tick(struct bc_list *node, int64_t now_us);

// The cached GOP is through, the description changed, or the broadcast is over.
void
bc_rtp_viewer_note(struct bc_list *node);

#endif
