// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_AAC_VIEW_H
#define TRANSMUX_AAC_VIEW_H

#include "net/timer.h"
#include "stream/channel.h"
#include "transmux/recoder.h"

// Who waits until the view has its sound. Embedded in its owner.
struct bc_aac_waiter {
    struct bc_list node;
    void (*ready)(struct bc_aac_waiter *waiter);
};

// A channel's packets for outputs that cannot carry Opus (FLV, RTMP, HLS): its sound is
// encoded as AAC, once, while one of them is used. Channels with other sound pass through
// untouched. Stands between the channel and those outputs' sinks. Part of the channel's
// outputs, home worker only.
struct bc_aac_view {
    struct bc_packet_sink sink;       // on the channel
    struct bc_channel *channel;       // borrowed; we are part of it
    struct bc_codec_threads *threads; // borrowed; NULL: Opus is left out
    struct bc_list sinks;             // of the outputs
    bool foreign;                     // the channel's sound is Opus
    struct bc_track *aac;             // owned; what the outputs are told then
    struct bc_recoder *recoder;       // owned; while `users` need it
    unsigned users;
    int64_t wall_offset_us;
    // The sound of the cached GOP, for who comes later.
    struct bc_packet **packets; // owned references
    unsigned count;
    unsigned cap;
    int64_t wanted_us;          // sound up to here makes it ready
    struct bc_list waiters;
    struct bc_timer patience;   // who waits does not wait for ever
};

void
bc_aac_view_init(struct bc_aac_view *view, struct bc_channel *channel,
    struct bc_codec_threads *threads);

// The outputs' sinks must be gone.
void
bc_aac_view_finish(struct bc_aac_view *view);

void
bc_aac_view_add_sink(struct bc_aac_view *view, struct bc_packet_sink *sink);

// An output is used from now on, or not any more. Counted.
void
bc_aac_view_use(struct bc_aac_view *view);

void
bc_aac_view_release(struct bc_aac_view *view);

// Whether the cached GOP has its sound. If not, `waiter` is called once it has, or after
// half a second.
bool
bc_aac_view_is_ready(struct bc_aac_view *view, struct bc_aac_waiter *waiter);

// As bc_channel_replay_gop(), with the sound as the outputs get it.
void
bc_aac_view_replay_gop(struct bc_aac_view *view,
    void (*each)(void *user, struct bc_packet *packet), void *user);

// What the outputs are told of the channel's sound.
struct bc_track *
bc_aac_view_track(struct bc_aac_view *view, struct bc_track *native);

#endif
