// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_WINDOW_H
#define TRANSMUX_WINDOW_H

#include <stdatomic.h>
#include <sys/uio.h>
#include "base/table.h"

#include "aac_sound.h"
#include "item.h"
#include "net/timer.h"
#include "net/worker.h"
#include "transmux/viewer.h"

#define BC_WINDOW_IOV 128

// What identifies a window on its worker; zeroed before it is filled, as it is hashed.
struct bc_window_id {
    const struct bc_channel *channel;
    int64_t base_ms;
    int format;
    int hevc;
    uint32_t fourccs;
    int audio_only;
    int rendition;
    int unused;
};

// One feed as one worker holds it: the newest items, from the place where a viewer can
// start and for as long as a slow viewer may lag. Its viewers are cursors into it. Made
// for the first viewer, kept a moment after the last one. Belongs to its worker's thread,
// but for the tasks.
struct bc_window {
    UT_hash_handle hh;
    struct bc_window_id id;
    struct bc_windows *windows; // borrowed
    struct bc_channel *channel; // owned reference
    struct bc_feed_key key;
    struct bc_item **ring; // owned references; the item `seq` is in slot seq % cap
    size_t cap;            // a power of two
    uint64_t first;        // oldest item held
    uint64_t next;         // one behind the newest
    uint64_t start;        // newest item that a viewer can start from; 0: none
    size_t bytes;
    int64_t head_us;       // dts of the newest item
    int64_t queue_us;      // how far a viewer may lag
    int64_t start_max_us;  // how far behind a viewer may start
    struct bc_list viewers;
    unsigned viewer_count;
    // The vectors of the running walk: all viewers that are up to date share them.
    uint64_t walk_from;
    struct iovec walk_iov[BC_WINDOW_IOV];
    int walk_count;
    size_t walk_bytes;
    int64_t walk_dts_us; // the highest
    struct bc_timer walk_timer;
    int64_t next_walk_us;
    struct bc_timer linger_timer;
    bool detaching;
    bool primed;        // the cached GOP has come
    bool over;          // the broadcast ended
    unsigned ends;      // how many BC_ITEM_END came with BC_ITEM_OVER
    unsigned cuts;      // and how many without
    uint64_t primed_at; // first item after the cached GOP
    struct bc_task attach_task; // to the channel's home
    struct bc_sound_waiter sound_waiter; // home only
    struct bc_task detach_task;
    struct bc_task detached_task; // and back
};

// One per worker. Its thread alone writes the counters; others read them.
struct bc_windows {
    struct bc_worker *worker; // borrowed
    struct bc_window *table;
    struct bc_list waiting;     // viewers whose channels show nothing
    struct bc_timer look_timer; // for those whose channels end while they wait
    atomic_uint_fast64_t bytes;
    atomic_uint_fast64_t skips;
    atomic_uint_fast64_t walks;
    atomic_uint_fast64_t items;
};

// Adds to a counter that only this thread writes: no locked instruction per viewer.
static inline void
bc_windows_count(atomic_uint_fast64_t *counter, uint64_t n)
{
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + n, memory_order_relaxed);
}

// A viewer waits without knowing for what: looks after a while whether that is in vain.
void
bc_windows_look_later(struct bc_windows *windows);

// The window of a feed, made when it is new. NULL without memory.
struct bc_window *
bc_window_obtain(struct bc_windows *windows, struct bc_channel *channel,
    const struct bc_feed_key *key);

void
bc_window_add_viewer(struct bc_window *window, struct bc_list *node);

void
bc_window_remove_viewer(struct bc_window *window, struct bc_list *node);

static inline struct bc_item *
bc_window_item(const struct bc_window *window, uint64_t seq)
{
    return window->ring[seq & (window->cap - 1)];
}

// Hands items to a window on whatever worker it is. Called on the channel's home.
void
bc_window_send(struct bc_window *window, struct bc_item *const *items, unsigned count);

// The feed will send nothing more. Called on the channel's home.
void
bc_window_detached(struct bc_window *window);

// --- viewer.c ---

// Tells a viewer that there is no more.
void
bc_viewer_end(struct bc_list *node);

// Writes what is new to one viewer; part of a window's walk.
void
bc_viewer_walk(struct bc_list *node);

#endif
