// SPDX-License-Identifier: Apache-2.0
#include "budget.h"

#include <string.h>

// Forgets the slots that are over. A clock that stands still or goes back changes nothing.
static void
advance(struct picture_budget *b, int64_t now_us)
{
    int64_t slot = now_us / PICTURE_BUDGET_SLOT_US;
    if (slot - b->slot >= PICTURE_BUDGET_SLOTS) {
        memset(b->used_us, 0, sizeof(b->used_us));
        b->slot = slot;
    }
    while (b->slot < slot) {
        b->slot++;
        b->used_us[b->slot % PICTURE_BUDGET_SLOTS] = 0;
    }
}

int64_t
picture_budget_wait_us(
    struct picture_budget *b, enum picture_budget_for what, int64_t now_us)
{
    int64_t limit = what == PICTURE_BUDGET_LIVE ? PICTURE_BUDGET_LIVE_US
                                                : PICTURE_BUDGET_RECORDINGS_US;
    advance(b, now_us);
    int64_t sum = 0;
    for (size_t i = 0; i < PICTURE_BUDGET_SLOTS; i++) {
        sum += b->used_us[i];
    }
    // From the oldest on: when as many are over as bring the sum below the limit.
    for (int64_t age = PICTURE_BUDGET_SLOTS - 1; age >= 0 && sum >= limit; age--) {
        sum -= b->used_us[(b->slot - age + PICTURE_BUDGET_SLOTS) % PICTURE_BUDGET_SLOTS];
        if (sum < limit) {
            int64_t over =
                (b->slot - age + PICTURE_BUDGET_SLOTS) * PICTURE_BUDGET_SLOT_US;
            return over - now_us;
        }
    }
    return 0;
}

void
picture_budget_spend(struct picture_budget *b, int64_t now_us, int64_t cpu_us)
{
    advance(b, now_us);
    if (cpu_us > 0) {
        b->used_us[b->slot % PICTURE_BUDGET_SLOTS] += cpu_us;
    }
}
