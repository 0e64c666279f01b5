// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_HLS_OUTLET_H
#define TRANSMUX_HLS_OUTLET_H

#include <pthread.h>
#include <stdatomic.h>

#include "net/worker.h"
#include "player_view.h"
#include "stream/channel.h"
#include "transmux/hls.h"
#include "transmux/outputs.h"

// The requests of one worker that wait for a channel's next snapshot, and the message
// that wakes them. Made by the worker's first; dies with the outlet.
struct bc_hls_queue {
    struct bc_list node;            // in the outlet, under its lock
    struct bc_list waiters;         // that worker only
    struct bc_task wake_task;
    bool wanted;                    // under the lock: there are waiters to be woken
    bool posted;                    // likewise: one message at a time is enough
    struct bc_worker *worker;       // borrowed
    struct bc_hls_outlet *outlet;   // borrowed
    struct bc_channel *channel;     // reference held while the message travels
};

// A channel's LL-HLS: the muxer on the home worker, the newest snapshot for everybody.
struct bc_hls_outlet {
    struct bc_player_outlet outlet; // where our packets come from
    struct bc_channel *channel;   // borrowed; we are part of it
    // A channel whose sound must be encoded for us has HLS only once somebody asked for
    // it.
    struct bc_sound_waiter sound_waiter;
    bool asked;
    bool uses_view;
    bool waits_for_sound;
    atomic_bool wanted;           // set by the first request, whatever its thread
    struct bc_task wanted_task;
    struct bc_hls_muxer *muxer;   // home only; NULL between broadcasts
    struct bc_hls_tap *tap;       // borrowed; NULL: nobody keeps what is published
    pthread_mutex_t lock;         // guards the next two
    struct bc_hls_snapshot *snapshot; // owned reference
    struct bc_list queues;        // struct bc_hls_queue, of workers with waiters
};

// What playlists that begin now are made with.
void
bc_hls_params_of_channel(struct bc_channel *channel, struct bc_hls_params *out);

// The channel's playlists have come so far.
void
bc_hls_note_numbers(struct bc_channel *channel, const struct bc_hls_snapshot *snapshot);

void
bc_hls_outlet_init(struct bc_hls_outlet *o, struct bc_channel *channel,
    struct bc_player_view *view);

void
bc_hls_outlet_finish(struct bc_hls_outlet *o);

struct bc_hls_snapshot *
bc_hls_outlet_snapshot(struct bc_hls_outlet *o);

void
bc_hls_outlet_set_tap(struct bc_hls_outlet *o, struct bc_hls_tap *tap);

bool
bc_hls_outlet_wait(struct bc_hls_outlet *o, struct bc_worker *worker,
    struct bc_hls_waiter *waiter, const struct bc_hls_snapshot *seen);

#endif
