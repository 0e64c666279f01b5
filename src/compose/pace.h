// SPDX-License-Identifier: Apache-2.0
#ifndef COMPOSE_PACE_H
#define COMPOSE_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "media/track.h"

#define COMPOSE_DELAY_MIN_US 40000
#define COMPOSE_DELAY_MAX_US 100000

// How one kind of an input's packets arrived in this window of time and in the last one.
struct compose_arrivals {
    bool seen;
    int64_t least_us[2]; // the quickest: arrival less stamp
    int64_t late_us[2]; // the slowest, against the quickest
};

// When an input's stamps are due on our clock: as the quickest packets came, and a little
// later, so that those that come late still do in time. Sound and picture share it, so
// they stay in step. Follows a clock that runs at another speed. No clock inside. Part of
// an input; its lock guards it.
struct compose_pace {
    bool started;
    int64_t began_us;
    int64_t window_us; // this window's begin
    int64_t moved_us; // when `shift_us` was last looked at
    int64_t shift_us; // clock less stamp at which a stamp is due
    struct compose_arrivals kinds[2]; // picture, sound
};

void
compose_pace_init(struct compose_pace *p);

// A packet with this stamp has arrived. True: the stamps began anew, and what waits with
// the old ones means nothing now.
bool
compose_pace_arrive(
    struct compose_pace *p, enum bc_kind kind, int64_t dts_us, int64_t now_us);

// The clock at which a stamp is due.
int64_t
compose_pace_due_us(const struct compose_pace *p, int64_t pts_us);

// The stamp that is due at this clock.
int64_t
compose_pace_stamp_us(const struct compose_pace *p, int64_t now_us);

#endif
