// SPDX-License-Identifier: Apache-2.0
#ifndef COMPOSE_TICK_H
#define COMPOSE_TICK_H

#include <stdbool.h>
#include <stdint.h>

// When the next picture is due, and its place on the output's timeline. A tick that is
// late is left out, so that the timeline stays true to the clock. No clock inside. Part
// of the engine; its thread only.
struct compose_tick {
    int64_t base_us; // clock at tick 0
    int64_t base_media_us; // timeline at tick 0
    unsigned fps;
    int64_t n; // the next one
};

// What is due at once: a picture at `media_us`, and sound from the last turn up to it.
struct compose_turn {
    int64_t clock_us; // when it was due
    int64_t media_us;
    unsigned dropped; // pictures that would have been due before
};

void
compose_tick_init(struct compose_tick *t, int64_t now_us, unsigned fps);

// The next picture keeps its place; those after it follow at the new rate.
void
compose_tick_set_fps(struct compose_tick *t, unsigned fps);

int64_t
compose_tick_due_us(const struct compose_tick *t);

// False: nothing is due yet.
bool
compose_tick_take(struct compose_tick *t, int64_t now_us, struct compose_turn *turn);

#endif
