// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_FANOUT_H
#define TRANSMUX_FANOUT_H

#include "framing.h"
#include "item.h"
#include "player_view.h"
#include "stream/channel.h"

struct bc_window;

// A channel's feeds: every byte form that somebody watches, each made once. Part of the
// channel's outputs, home worker only. Windows of any worker subscribe by message.
struct bc_fanout {
    struct bc_player_outlet outlet; // where our packets come from
    struct bc_channel *channel; // borrowed; we are part of it
    struct bc_list feeds;
    struct bc_feed_tracks tracks; // owned references
    unsigned generation;          // of the tracks
};

void
bc_fanout_init(struct bc_fanout *fanout, struct bc_channel *channel,
    struct bc_player_view *view);

void
bc_fanout_finish(struct bc_fanout *fanout);

// Called by windows, on any worker: messages to the channel's home. The window stays
// alive until bc_window_detached() was called on its worker.
void
bc_fanout_attach(struct bc_window *window);

void
bc_fanout_detach(struct bc_window *window);

#endif
