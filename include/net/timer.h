// SPDX-License-Identifier: Apache-2.0
#ifndef NET_TIMER_H
#define NET_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bc_worker;

// A one-shot timer embedded in its owner. Setting and cancelling are synchronous and
// allocate nothing beyond the worker's heap, so an owner may be freed right after
// cancelling. Precise to a millisecond. Worker's own thread only.
struct bc_timer {
    struct bc_worker *worker; // borrowed
    void (*fire)(struct bc_timer *timer);
    int64_t due_us;
    size_t slot; // 1 + place in the heap; 0: not set
};

void
bc_timer_init(struct bc_timer *timer, struct bc_worker *worker,
    void (*fire)(struct bc_timer *timer));

// Sets or moves the timer to `delay_us` from now. 0 or -ENOMEM.
int
bc_timer_set(struct bc_timer *timer, int64_t delay_us);

void
bc_timer_cancel(struct bc_timer *timer);

static inline bool
bc_timer_is_set(const struct bc_timer *timer)
{
    return timer->slot != 0;
}

#endif
