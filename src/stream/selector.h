// SPDX-License-Identifier: Apache-2.0
#ifndef STREAM_SELECTOR_H
#define STREAM_SELECTOR_H

#include <stdbool.h>
#include <stdint.h>

// Which of a channel's sources should be on air. Pure: what is known comes in, no clock.

#define BC_SELECTOR_MAX 24
#define BC_SELECTOR_NONE (-1)

struct bc_selector_source {
    bool slate;
    // Somebody is there, though perhaps nothing has come of it yet.
    bool there;
    // It could go on air now; of slates always.
    bool ready;
    // Nothing better, but it shows something: a channel that shows its slate.
    bool mirrors;
    bool left;        // said goodbye: nobody waits for it
    bool flaps;       // it was there for a short time only when it was lost last
    int64_t since_us; // ready since then
    int64_t last_us;  // its newest media, or when it was lost
};

struct bc_selector {
    unsigned count;
    struct bc_selector_source list[BC_SELECTOR_MAX]; // in the order of preference
    int on_air; // index or BC_SELECTOR_NONE
    int manual; // an operator's choice, or BC_SELECTOR_NONE
    bool in_broadcast;
    bool lobby; // only slates, by plan
    int64_t wait_us;
    int64_t slate_wait_us;
    int64_t stable_us;
};

// The index of what should be on air. `look_us`: when to ask again at the latest if nothing
// changes; INT64_MAX: never.
int
bc_selector_choose(const struct bc_selector *s, int64_t now_us, int64_t *look_us);

#endif
