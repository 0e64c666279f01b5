// SPDX-License-Identifier: Apache-2.0
#ifndef STREAM_PROGRAM_H
#define STREAM_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

struct bc_channel;
struct bc_channel_info;
struct bc_worker;

// What a channel shows. A channel is a name with viewers, a key, limits and counters; its
// program is the channel whose media they see now: itself while a host of its own is on
// air, headquarters' channel, the hidden channel of a slate, or nothing. Viewers of all
// channels with one program share its bytes; when the program changes they move.
//
// A program is always one whose outputs have the media: what shows something else itself
// is never a program.

// Hears of changes on one worker. Embedded in who watches; that worker's thread only.
struct bc_program_watch {
    struct bc_list node;
    // The channel has another program now, or none (NULL): then there is nothing new to
    // send until the next call. `program` is borrowed for the call. Several changes in a
    // row may come as one. The watch may be taken away from within.
    void (*on_program)(struct bc_program_watch *watch, struct bc_channel *program);
};

// The program now as a new reference; NULL: none. Any thread.
struct bc_channel *
bc_channel_program(struct bc_channel *channel);

// What is known about the program now: a copy. False: there is none. Any thread.
bool
bc_channel_program_info(struct bc_channel *channel, struct bc_channel_info *out);

// The newest time that was shown, on the media clock and as viewers are told the wall clock
// (EXT-X-PROGRAM-DATE-TIME). False: nothing is shown. Any thread.
bool
bc_channel_shown_at(struct bc_channel *channel, int64_t *clock_us, int64_t *wall_us);

// Begins to watch, and returns the program now as bc_channel_program() does, so that no
// change in between is missed. The caller holds a reference to the channel for as long as
// it watches. Without memory the changes are not heard of.
struct bc_channel *
bc_channel_watch_program(struct bc_channel *channel, struct bc_worker *worker,
    struct bc_program_watch *watch);

// Harmless when it does not watch; `node` must have been initialised.
void
bc_channel_unwatch_program(struct bc_program_watch *watch);

// Shows another one from now on; NULL: nothing. Takes a reference of its own. The home
// worker of `channel` only. Watchers are told by a message to each worker, so all of a
// worker's move in one turn.
void
bc_channel_set_program(struct bc_channel *channel, struct bc_channel *program);

// Has watchers look again although the program is the same, as with the end of a broadcast.
// Any thread.
void
bc_channel_tell_program(struct bc_channel *channel);

#endif
