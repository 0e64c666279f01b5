// SPDX-License-Identifier: Apache-2.0
#ifndef STREAM_WAIT_H
#define STREAM_WAIT_H

#include "net/timer.h"
#include "stream/hub.h"
#include "stream/via.h"

// How long the first viewer of a name is kept waiting until there is something to play.
#define BC_HUB_WAIT_US 5000000

// A viewer of a name of which nothing can be played yet, but perhaps soon: an edge or a
// pull on demand has been asked for it (bc_hub_ops.wanted). Embedded in who waits; one
// worker's thread. Zeroed it waits for nothing.
struct bc_hub_wait {
    struct bc_timer timer;
    struct bc_hub *hub; // borrowed
    char name[BC_CHANNEL_NAME_MAX + 1];
    char via[BC_VIA_TEXT]; // for which servers; set by who waits, "" for people
    int64_t until_us;
    // Once: the channel, which can be played now (borrowed for the call), or NULL: nothing
    // came. May free the wait.
    void (*done)(struct bc_hub_wait *wait, struct bc_channel *channel);
};

// Whether somebody who came now would get media.
bool
bc_channel_is_playable(struct bc_channel *channel);

// Tells that a name is wanted of which nothing can be played. False: nothing will come of
// it, as known now. Any thread.
bool
bc_hub_want(struct bc_hub *hub, const char *name, const char *via);

// The same, and waits. False: it does not, the answer is no. `done` never comes from inside.
bool
bc_hub_wait(struct bc_hub *hub, const char *name, struct bc_worker *worker,
    struct bc_hub_wait *wait);

// Harmless when it does not wait.
void
bc_hub_wait_cancel(struct bc_hub_wait *wait);

#endif
