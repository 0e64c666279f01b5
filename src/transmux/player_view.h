// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_PLAYER_VIEW_H
#define TRANSMUX_PLAYER_VIEW_H

#include "aac_sound.h"
#include "cover.h"
#include "stream/channel.h"

struct bc_player_view;

// One kind of players: an output's sink behind the view and what they take. Embedded in
// its owner; home worker only.
struct bc_player_outlet {
    struct bc_list node;
    struct bc_packet_sink sink;  // `ops` is the owner's
    // Whether its players take this sound as it is, beside this video (NULL: none). NULL:
    // they take AAC alone.
    bool (*takes_sound)(const struct bc_track *video, const struct bc_track *audio);
    struct bc_player_view *view; // borrowed
    bool recoded;                // its sound comes from the encoder
    struct bc_cover_clock cover_clock;
    unsigned users;
};

// A channel's packets as ordinary players take them (FLV, RTMP, HLS): sound in another
// codec than AAC is encoded as AAC, once, while one of them is used, and sound alone gets
// the channel's cover as its picture, if there is one. All else passes through untouched.
// Stands between the channel and those outputs' sinks. Part of the channel's outputs, home
// worker only.
struct bc_player_view {
    struct bc_packet_sink sink; // on the channel
    struct bc_channel *channel; // borrowed; we are part of it
    struct bc_list outlets;
    struct bc_aac_sound sound;
    struct bc_cover cover;
    // The outputs are not told of the tracks yet and get nothing: the cover is being made.
    bool held;
    struct bc_track *video;     // owned references: what the channel has
    struct bc_track *audio;
    int64_t wall_offset_us;
};

void
bc_player_view_init(struct bc_player_view *view, struct bc_channel *channel,
    struct bc_codec_threads *threads);

// The outlets must be gone.
void
bc_player_view_finish(struct bc_player_view *view);

// The owner has set `takes_sound`.
void
bc_player_view_add(struct bc_player_view *view, struct bc_player_outlet *outlet,
    const struct bc_packet_sink_ops *ops);

void
bc_player_outlet_remove(struct bc_player_outlet *outlet);

// The output is used from now on, or not any more. Counted.
void
bc_player_outlet_use(struct bc_player_outlet *outlet);

void
bc_player_outlet_release(struct bc_player_outlet *outlet);

// Whether the cached GOP has its sound. If not, `waiter` is called once it has, or after
// half a second.
bool
bc_player_outlet_is_ready(
    struct bc_player_outlet *outlet, struct bc_sound_waiter *waiter);

// As bc_channel_replay_gop(), as this output's players get it.
void
bc_player_outlet_replay_gop(struct bc_player_outlet *outlet,
    void (*each)(void *user, struct bc_packet *packet), void *user);

#endif
