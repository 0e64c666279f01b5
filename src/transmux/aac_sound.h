// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_AAC_SOUND_H
#define TRANSMUX_AAC_SOUND_H

#include "net/timer.h"
#include "stream/channel.h"
#include "transmux/recoder.h"

// Who waits until there is encoded sound. Embedded in its owner.
struct bc_sound_waiter {
    struct bc_list node;
    void (*ready)(struct bc_sound_waiter *waiter);
};

struct bc_aac_sound_ops {
    // An encoded packet, borrowed.
    void (*on_packet)(void *user, struct bc_packet *packet);
    // The sound cannot be encoded: none will come.
    void (*on_failed)(void *user);
};

// A channel's sound as AAC, made while somebody needs it, and that of the cached GOP for
// who comes later. Part of the player view, home worker only.
struct bc_aac_sound {
    struct bc_channel *channel;       // borrowed; we are part of it
    struct bc_codec_threads *threads; // borrowed; NULL: no sound is ever encoded
    const struct bc_aac_sound_ops *ops;
    void *user;
    struct bc_track *track;     // owned; what players are told; NULL: nothing to encode
    struct bc_recoder *recoder; // owned; while it runs
    bool alone;                 // the broadcast has no picture
    struct bc_packet **packets; // owned references: the cached GOP's
    unsigned count;
    unsigned cap;
    int64_t wanted_us;          // sound up to here makes it ready
    struct bc_list waiters;
    struct bc_timer patience;   // who waits does not wait for ever
};

void
bc_aac_sound_init(struct bc_aac_sound *s, struct bc_channel *channel,
    struct bc_codec_threads *threads, const struct bc_aac_sound_ops *ops, void *user);

void
bc_aac_sound_finish(struct bc_aac_sound *s);

// The channel's sound from now on; NULL: nothing to encode. What ran is over. False when it
// cannot be encoded.
bool
bc_aac_sound_set_source(struct bc_aac_sound *s, const struct bc_track *native, bool alone);

// Runs the encoder or not; starts with the sound of the channel's cached GOP.
void
bc_aac_sound_run(struct bc_aac_sound *s, bool run);

// The channel's next packet: sound is encoded, a keyframe makes older sound superfluous.
void
bc_aac_sound_push(struct bc_aac_sound *s, struct bc_packet *packet);

// Whether the cached GOP has its sound. If not, `waiter` is called once it has, or after
// half a second.
bool
bc_aac_sound_is_ready(struct bc_aac_sound *s, struct bc_sound_waiter *waiter);

// As bc_channel_replay_gop(), with this sound instead of the channel's.
void
bc_aac_sound_replay_gop(const struct bc_aac_sound *s,
    void (*each)(void *user, struct bc_packet *packet), void *user);

#endif
