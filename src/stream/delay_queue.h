// SPDX-License-Identifier: Apache-2.0
#ifndef STREAM_DELAY_QUEUE_H
#define STREAM_DELAY_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/packet.h"

#define BC_DELAY_BYTES_MAX ((size_t)256 << 20)
#define BC_DELAY_SECONDS_MAX 60

enum bc_delay_kind {
    BC_DELAY_NONE,
    BC_DELAY_PACKET,
    BC_DELAY_TRACKS, // other media begins: a new source, another format
    BC_DELAY_END,    // nothing is there to be shown
};

// What comes out of a delay.
struct bc_delay_item {
    enum bc_delay_kind kind;
    struct bc_packet *packet; // owned by who took it
    struct bc_track *video;   // of TRACKS: owned by who took it; NULL: none
    struct bc_track *audio;
};

struct bc_delay_entry;

// Holds packets back for a while. Pure: no clock, no I/O. Owned by its channel; one thread.
struct bc_delay {
    int64_t delay_us;
    size_t bytes_max;
    struct bc_delay_entry *first; // owned
    struct bc_delay_entry *last;
    size_t bytes;
    bool full;      // until a keyframe finds room, no other picture is taken
    bool need_key;  // what goes on after a cut begins with a keyframe
    bool has_video; // of the tracks that were given out, or will be after a cut
    uint64_t dropped; // pictures for which there was no room
};

void
bc_delay_init(struct bc_delay *d, int64_t delay_us, size_t bytes_max);

// Drops all that is held. The delay may be used on.
void
bc_delay_clear(struct bc_delay *d);

// Takes over the reference; it arrived at packet->arrived_us. The packet's arrival is moved
// to when it comes out.
void
bc_delay_push(struct bc_delay *d, struct bc_packet *packet);

// Takes references of its own.
void
bc_delay_push_tracks(
    struct bc_delay *d, struct bc_track *video, struct bc_track *audio, int64_t now_us);

void
bc_delay_push_end(struct bc_delay *d, int64_t now_us);

// What kind is due by now; NONE: nothing is.
enum bc_delay_kind
bc_delay_look(struct bc_delay *d, int64_t now_us);

// Takes it out. False: nothing is due.
bool
bc_delay_next(struct bc_delay *d, int64_t now_us, struct bc_delay_item *out);

// When the next one is due; INT64_MAX: nothing is held.
int64_t
bc_delay_due_us(const struct bc_delay *d);

// Throws away what would come out within the next `cut_us`, all that is held at most; but for
// cues, which come behind the cut: they may last, or tell that one has ended. Returns how long
// that is.
int64_t
bc_delay_cut(struct bc_delay *d, int64_t now_us, int64_t cut_us);

#endif
