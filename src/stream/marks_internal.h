// SPDX-License-Identifier: Apache-2.0
#ifndef STREAM_MARKS_INTERNAL_H
#define STREAM_MARKS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"
#include "media/packet.h"
#include "stream/marks.h"

#define MARKS_SEEN 64
#define MARKS_EARLY 64

// What a channel's packets are marked with. Part of the channel from the first mark or
// script of a cue on; home worker only.
struct bc_channel_marks {
    struct bc_list list; // struct mark, in the order they came
    unsigned count;
    // Scripts of cues that came before the take's first keyframe. Owned references.
    struct bc_packet *early[MARKS_EARLY];
    unsigned early_count;
    // A host told of cues, so its pictures may have them too.
    bool looks;
    char seen[MARKS_SEEN][BC_MARK_ID_MAX + 1]; // ids of those that came in pictures
    unsigned seen_next;
};

struct bc_channel;

// Tells the sinks of the marks that are due before this packet, and puts them into it. The
// packet itself or a new one in its place, which the caller owns either way.
struct bc_packet *
bc_marks_apply(struct bc_channel *channel, struct bc_packet *packet, int64_t wall_us);

// For who begins to listen with the packet `first`, calls `each` with a packet of the kind
// BC_KIND_CUE: the text of a list, BC_MARKS_NONE, so that it forgets what it knew of others'
// cues, and then those that run. NULL: nobody else's media begins.
#define BC_MARKS_NONE "[]"

void
bc_marks_replay(struct bc_channel *channel, const struct bc_packet *first,
    void (*each)(void *user, const struct bc_packet *packet), void *user);

// Whether it tells of a cue that is to be one here: an onCuePoint, or a cue of another channel
// that this one shows with a delay.
bool
bc_marks_is_cue_point(const struct bc_channel *channel, const struct bc_packet *packet);

// Keeps a script until its take is let through.
void
bc_marks_keep_early(struct bc_channel *channel, struct bc_packet *packet);

// Takes the oldest of them out, as the caller's reference; NULL: there is none.
struct bc_packet *
bc_marks_take_early(struct bc_channel *channel);

// Scripts of cues begin to come.
void
bc_marks_look(struct bc_channel *channel);

// Another take begins.
void
bc_marks_begin_take(struct bc_channel *channel);

void
bc_marks_free(struct bc_channel *channel);

#endif
