// SPDX-License-Identifier: Apache-2.0
// The server's clock with an offset: linked with --wrap=bc_clock_us.
#include <sched.h>
#include <stdatomic.h>

#include "flow.h"
#include "net/timer.h"

#define KICK_US 1000

static atomic_llong g_offset_us;
static atomic_llong g_held_us; // what the real clock said when it was stopped; 0: it runs

int64_t
__real_bc_clock_us(void);

int64_t
__wrap_bc_clock_us(void);

int64_t
__wrap_bc_clock_us(void)
{
    int64_t held_us = atomic_load(&g_held_us);
    return (held_us ? held_us : __real_bc_clock_us()) + atomic_load(&g_offset_us);
}

void
flow_clock_hold(bool hold)
{
    int64_t held_us = atomic_load(&g_held_us);
    if (held_us) {
        atomic_fetch_sub(&g_offset_us, __real_bc_clock_us() - held_us);
    }
    atomic_store(&g_held_us, hold ? __real_bc_clock_us() : 0);
}

// What one worker is woken with: its loop would sleep until the time that was due.
struct kick {
    struct bc_worker *worker;
    struct bc_timer timer;
    atomic_bool fired;
};

static void
on_kick(struct bc_timer *timer)
{
    struct kick *k = bc_container_of(timer, struct kick, timer);
    atomic_store(&k->fired, true);
}

static void
set_kick(void *user)
{
    struct kick *k = user;
    bc_timer_init(&k->timer, k->worker, on_kick);
    bc_timer_set(&k->timer, KICK_US);
}

void
flow_clock_jump(struct flow *f, int64_t us)
{
    struct kick kicks[BC_WORKER_MAX] = { 0 };
    for (unsigned i = 0; i < f->server.worker_count; i++) {
        kicks[i].worker = f->server.workers[i].worker;
        flow_run_on(f, i, set_kick, &kicks[i]);
    }
    atomic_fetch_add(&g_offset_us, us);
    for (unsigned i = 0; i < f->server.worker_count; i++) {
        while (!atomic_load(&kicks[i].fired)) {
            sched_yield();
        }
    }
}
