// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_HLS_PROGRAM_PRIVATE_H
#define TRANSMUX_HLS_PROGRAM_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "config/config.h"
#include "cue/cue.h"
#include "net/timer.h"
#include "net/worker.h"
#include "stream/channel.h"
#include "transmux/hls_dates.h"
#include "transmux/hls_program.h"
#include "transmux/hls_splice.h"

// How long a slate may take to follow the end, before players are told that all is over.
#define HLS_PROGRAM_OVER_US 1500000

// Where a channel's playlists come from.
enum hls_program_mode {
    HLS_PROGRAM_OWN,    // its own outputs
    HLS_PROGRAM_ALIAS,  // another channel's playlists, as they are
    HLS_PROGRAM_SPLICE, // its own, over what is shown
};

// A channel's LL-HLS beyond that of its outputs. Hangs on the channel; made when somebody
// first asks, dies with it.
struct bc_hls_program {
    struct bc_channel_part part;
    struct bc_channel *channel; // borrowed; we are part of it

    pthread_mutex_t lock; // guards all down to `result`
    struct bc_config *config; // owned reference; of which the next three tell
    enum hls_program_mode mode;
    char *alias_of;       // owned; NULL: none
    bool has_slate;       // which may follow the end
    bool composite;       // it has a scene
    int64_t over_us;      // since when the broadcast is over; 0: it is not
    int64_t differs_us;   // since when an alias shows something else; 0: it does not
    struct bc_hls_splice *splice; // owned; NULL before it is needed
    struct bc_channel *shown;  // what it follows: an owned reference, unless it is `channel`
    struct bc_channel *before; // the one before, until the new one has begun; likewise
    int64_t from_us;           // since when `shown` is, in media time
    struct bc_hls_snapshot *source; // owned; what was applied last
    struct bc_hls_snapshot *result; // owned; what came of it

    pthread_mutex_t cue_lock; // guards the next
    struct bc_hls_dates *dates; // owned; NULL until there is a cue

    // Home only.
    struct bc_cue_lane *lane; // owned; NULL without cues
    struct bc_cue_watch cue_watch;
    struct bc_task setup_task; // each holds a reference of the channel while on its way
    struct bc_task end_task;
    bool ending; // end_task is on its way
    struct bc_timer over_timer;
    atomic_bool delayed; // the channel has a broadcast delay
    struct bc_program_watch watch;
    struct bc_packet_sink sink; // to hear of the end
    struct bc_hls_tap *tap;     // borrowed; NULL: none
    struct bc_channel_hls_waiter waiter; // the tap's
    struct bc_hls_snapshot *told;        // owned; the tap's newest
    bool on_outputs;            // the tap hears of its outputs' snapshots
    bool tapped;                // the tap has heard of this broadcast
};

// What a channel shows now, and what it comes from.
struct hls_look {
    struct bc_hls_snapshot *snapshot; // owned references; any may be NULL
    struct bc_channel *program;
    struct bc_hls_snapshot *source; // of the program's outputs
    bool stale;
};

void
hls_program_look(struct bc_channel *channel, struct hls_look *out);

void
hls_look_finish(struct hls_look *look);

// Lets go of what is shown, and of the one before.
void
hls_program_forget(struct bc_hls_program *p);

// NULL without memory.
struct bc_hls_program *
hls_program_of(struct bc_channel *channel);

// Whether its playlists are those of its outputs.
bool
hls_program_is_own(struct bc_hls_program *p);

// --- hls_cues.c, home only ---

// Follows the name's cues from now on.
void
hls_cues_open(struct bc_hls_program *p);

void
hls_cues_finish(struct bc_hls_program *p);

// --- hls_tap.c, home only ---

// What is shown, or whether it is on its own outputs, may have changed.
void
hls_tap_look(struct bc_hls_program *p);

// The broadcast ends: takes what it still has.
void
hls_tap_last(struct bc_hls_program *p);

// It has ended.
void
hls_tap_end(struct bc_hls_program *p);

void
hls_tap_finish(struct bc_hls_program *p);

#endif
