// SPDX-License-Identifier: Apache-2.0
#ifndef STREAM_GATE_H
#define STREAM_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/packet.h"
#include "stream/take.h"

#define BC_GATE_HELD 512
#define BC_GATE_BYTES_MAX (16 * 1024 * 1024)

// Stands between a source that sends at once and its take: packets wait until the take is
// accepted and all tracks that will come are known, at most a second, so that a broadcast
// begins with all its tracks (RTMP-53). Embedded in the source; its worker's thread.
struct bc_gate {
    struct bc_take *take; // borrowed; NULL until it is accepted
    bool open;
    bool expects_video; // both true until it is known better
    bool expects_audio;
    struct bc_track *video; // owned; told to the take once it is accepted
    struct bc_track *audio;
    int64_t since_us;       // arrival of the first packet; 0: none came
    size_t bytes;
    unsigned count;
    struct bc_packet *held[BC_GATE_HELD]; // owned references
};

void
bc_gate_init(struct bc_gate *gate);

// Lets go of what waits; the take is not touched any more.
void
bc_gate_finish(struct bc_gate *gate);

void
bc_gate_accept(struct bc_gate *gate, struct bc_take *take);

// Which kinds of tracks will come, as soon as the source knows.
void
bc_gate_expect(struct bc_gate *gate, bool video, bool audio);

// As bc_take_set_track(), bc_take_push() and bc_take_flush().
void
bc_gate_set_track(struct bc_gate *gate, struct bc_track *track);

void
bc_gate_push(struct bc_gate *gate, struct bc_packet *packet);

void
bc_gate_flush(struct bc_gate *gate, int64_t now_us);

#endif
