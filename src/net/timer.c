// SPDX-License-Identifier: Apache-2.0
// A binary heap of intrusive timers per worker, driven by one libuv timer: libuv's own
// timers need an asynchronous close, which would delay the freeing of every connection.
#include "net/timer.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "net/worker.h"
#include "timers.h"

static void
place(struct bc_worker *w, size_t i, struct bc_timer *t)
{
    w->timers[i] = t;
    t->slot = i + 1;
}

static void
sift_up(struct bc_worker *w, size_t i)
{
    struct bc_timer *t = w->timers[i];
    while (i > 0 && w->timers[(i - 1) / 2]->due_us > t->due_us) {
        place(w, i, w->timers[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    place(w, i, t);
}

static void
sift_down(struct bc_worker *w, size_t i)
{
    struct bc_timer *t = w->timers[i];
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= w->timer_count) {
            break;
        }
        if (child + 1 < w->timer_count
            && w->timers[child + 1]->due_us < w->timers[child]->due_us) {
            child++;
        }
        if (w->timers[child]->due_us >= t->due_us) {
            break;
        }
        place(w, i, w->timers[child]);
        i = child;
    }
    place(w, i, t);
}

static void
on_clock(uv_timer_t *clock);

static void
arm(struct bc_worker *w)
{
    if (uv_is_closing((uv_handle_t *)&w->clock)) {
        return;
    }
    if (w->timer_count == 0) {
        uv_timer_stop(&w->clock);
        return;
    }
    int64_t wait_us = w->timers[0]->due_us - bc_clock_us();
    uint64_t wait_ms = wait_us > 0 ? (uint64_t)(wait_us + 999) / 1000 : 0;
    // The loop's idea of now may be old after long callbacks.
    uv_update_time(&w->loop);
    uv_timer_start(&w->clock, on_clock, wait_ms, 0);
}

static void
on_clock(uv_timer_t *clock)
{
    struct bc_worker *w = clock->data;
    int64_t now = bc_clock_us();
    while (w->timer_count > 0 && w->timers[0]->due_us <= now) {
        struct bc_timer *t = w->timers[0];
        bc_timer_cancel(t);
        t->fire(t);
    }
    arm(w);
}

void
bc_timers_init(struct bc_worker *worker)
{
    uv_timer_init(&worker->loop, &worker->clock);
    worker->clock.data = worker;
}

void
bc_timer_init(struct bc_timer *timer, struct bc_worker *worker,
    void (*fire)(struct bc_timer *timer))
{
    *timer = (struct bc_timer){ .worker = worker, .fire = fire };
}

static bool
reserve(struct bc_worker *w)
{
    if (w->timer_count < w->timer_cap) {
        return true;
    }
    size_t cap = w->timer_cap ? 2 * w->timer_cap : 64;
    struct bc_timer **timers = realloc(w->timers, cap * sizeof(struct bc_timer *));
    if (!timers) {
        return false;
    }
    w->timers = timers;
    w->timer_cap = cap;
    return true;
}

int
bc_timer_set(struct bc_timer *timer, int64_t delay_us)
{
    struct bc_worker *w = timer->worker;
    bc_timer_cancel(timer);
    if (!reserve(w)) {
        return -ENOMEM;
    }
    timer->due_us = bc_clock_us() + (delay_us > 0 ? delay_us : 0);
    place(w, w->timer_count++, timer);
    sift_up(w, timer->slot - 1);
    if (w->timers[0] == timer) {
        arm(w);
    }
    return 0;
}

void
bc_timer_cancel(struct bc_timer *timer)
{
    if (timer->slot == 0) {
        return;
    }
    struct bc_worker *w = timer->worker;
    size_t i = timer->slot - 1;
    timer->slot = 0;
    struct bc_timer *last = w->timers[--w->timer_count];
    if (last == timer) {
        return;
    }
    place(w, i, last);
    sift_up(w, i);
    sift_down(w, last->slot - 1);
}
