// SPDX-License-Identifier: Apache-2.0
#ifndef COMPOSE_LOAD_H
#define COMPOSE_LOAD_H

#include <stdbool.h>
#include <stdint.h>

// How far the output is reduced when the processor does not suffice.
enum compose_level {
    COMPOSE_FULL,
    COMPOSE_HALF_RATE, // half the frame rate
    COMPOSE_TWO_THIRDS, // and two thirds of the size
    COMPOSE_HALF_SIZE, // and half of it
};

// One second of work.
struct compose_second {
    unsigned due; // pictures
    unsigned late; // those of them that were left out
    double busy; // the busiest stage's part of that time, 0 to 1
};

// Decides that. Pure. Part of the engine; its thread only.
struct compose_load {
    enum compose_level level;
    unsigned bad_s;
    unsigned slack_s;
};

// After each second. True: the level is another one now.
bool
compose_load_note(struct compose_load *l, const struct compose_second *s);

// "" for COMPOSE_FULL.
const char *
compose_level_text(enum compose_level level);

// What remains of a rate or a length in pixels (even).
unsigned
compose_level_fps(enum compose_level level, unsigned fps);

int
compose_level_size(enum compose_level level, int pixels);

#endif
