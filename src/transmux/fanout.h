// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_FANOUT_H
#define TRANSMUX_FANOUT_H

#include "framing.h"
#include "item.h"
#include "player_view.h"
#include "stream/channel.h"

struct bc_window;

// A rendition of the video, for feeds that show it.
struct bc_fanout_rendition {
    struct bc_track *track; // owned; NULL: it does not come (now)
    int64_t seen_us;        // dts of its newest packet
    unsigned generation;    // of what its viewers have to be told; unique in the fanout
};

// A channel's feeds: every byte form that somebody watches, each made once. Part of the
// channel's outputs, home worker only. Windows of any worker subscribe by message.
struct bc_fanout {
    struct bc_player_outlet outlet; // where our packets come from
    struct bc_channel *channel; // borrowed; we are part of it
    struct bc_list feeds;
    struct bc_feed_tracks tracks; // owned references
    struct bc_fanout_rendition renditions[BC_RENDITION_MAX]; // of 0 the generation alone
    unsigned generation; // the last one given
};

// What the wish for a rendition comes to: it, or the next better one that there is.
unsigned
bc_fanout_choose(const struct bc_fanout *fanout, unsigned rendition);

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
