// SPDX-License-Identifier: Apache-2.0
#ifndef COMPOSE_SOUND_RING_H
#define COMPOSE_SOUND_RING_H

#include <stdbool.h>
#include <stdint.h>

#define COMPOSE_RATE 48000
#define COMPOSE_RING 49152 // samples: a second

// An input's sound that is decoded and not played yet, stereo at 48 kHz; places are
// samples on the input's own timeline. Part of an input; its lock guards it.
struct compose_ring {
    float samples[COMPOSE_RING][2]; // of place p: at p modulo the length
    int64_t begin;
    int64_t end;
    bool playing;
    double at; // the next one to be played, while playing
    float last[2]; // what was played last: silence fades from it
};

void
compose_ring_init(struct compose_ring *r);

// Interleaved samples at that place. Stamps tell it less exactly than counting does:
// small steps are smoothed over.
void
compose_ring_write(
    struct compose_ring *r, int64_t place, const float *samples, int count);

// Plays `count` samples which begin at `place`, a little quicker or slower when it is off
// by little. Silence where there is none. False: it is all silence.
bool
compose_ring_read(struct compose_ring *r, double place, float *out, int count);

#endif
