// SPDX-License-Identifier: Apache-2.0
#ifndef PICTURE_BUDGET_H
#define PICTURE_BUDGET_H

#include <stdint.h>

// How much of a core pictures may take: over any ten seconds a fifth, and the recordings'
// pictures three quarters of that, so that those of lives never wait for them. Pure: the
// time comes in. Part of its owner, one thread.
//
// What was used is kept in slots of a quarter of a second; a slot counts until all of it is
// ten seconds old, so the sum is never too low. One picture may go beyond, as nobody knows
// its price before.
#define PICTURE_BUDGET_SLOT_US 250000
#define PICTURE_BUDGET_SLOTS 41
#define PICTURE_BUDGET_WINDOW_US 10000000
#define PICTURE_BUDGET_LIVE_US 2000000
#define PICTURE_BUDGET_RECORDINGS_US 1500000

enum picture_budget_for {
    PICTURE_BUDGET_NONE,
    PICTURE_BUDGET_LIVE,
    PICTURE_BUDGET_RECORDINGS,
};

struct picture_budget {
    int64_t slot; // number of the newest slot, by the clock
    int64_t used_us[PICTURE_BUDGET_SLOTS]; // by number modulo their count
};

// How long to wait until work may begin; 0: now.
int64_t
picture_budget_wait_us(
    struct picture_budget *b, enum picture_budget_for what, int64_t now_us);

// Work took this much of the processor.
void
picture_budget_spend(struct picture_budget *b, int64_t now_us, int64_t cpu_us);

#endif
