// SPDX-License-Identifier: Apache-2.0
#ifndef NET_WORKER_H
#define NET_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/list.h"
#include "base/log.h"

struct bc_worker;

// A piece of work for a worker: embedded in what it works on, so that posting allocates
// nothing. A task is in at most one queue at a time; it may be posted again once it runs.
struct bc_task {
    struct bc_list node;
    void (*run)(struct bc_task *task, struct bc_worker *worker);
};

#define BC_WORKER_SCRATCH (64 * 1024)
#define BC_WORKER_MAX 64

// One thread with one event loop. Connections live on it from accept to close. Created by
// the server before the listeners, joined after they are closed.
struct bc_worker {
    unsigned index; // 0 .. number of workers - 1
    uv_loop_t loop;
    struct bc_logger log;
    pthread_t thread;
    int wakeup_fd; // an eventfd: who posts writes, the loop reads
    uv_poll_t wakeup;
    uv_prepare_t turn_end; // runs the deferred tasks before the loop blocks
    uv_timer_t clock;      // drives the timers of net/timer.h

    pthread_mutex_t inbox_lock; // guards inbox, wakeup_sent
    struct bc_list inbox;
    bool wakeup_sent;

    // Touched by the worker's own thread only.
    struct bc_list deferred;
    struct bc_timer **timers; // heap by due time
    size_t timer_count;
    size_t timer_cap;
    atomic_bool running; // from start to join; written by the thread that does these
    uint8_t scratch[BC_WORKER_SCRATCH]; // what sockets are read into

    atomic_uint_fast64_t connections; // open now
};

// NULL without memory or file descriptors. Not yet running.
struct bc_worker *
bc_worker_create(unsigned index);

// Starts the thread. 0 or negative errno.
int
bc_worker_start(struct bc_worker *worker);

// Asks the loop to stop once every handle is closed; bc_worker_join() waits for it.
void
bc_worker_stop(struct bc_worker *worker);

void
bc_worker_join(struct bc_worker *worker);

// After the join: runs what was still posted or deferred, on the caller's thread, so that
// what the messages carry is let go. True when there was something; that may have posted
// more.
bool
bc_worker_run_leftovers(struct bc_worker *worker);

void
bc_worker_destroy(struct bc_worker *worker);

// Runs `task` on the worker's thread, in the order posted. Any thread; never blocks for
// long.
void
bc_worker_post(struct bc_worker *worker, struct bc_task *task);

// Runs `task` at the end of this turn of the loop. The worker's own thread only. This is
// where objects that were closed inside their own callbacks are freed.
void
bc_worker_defer(struct bc_worker *worker, struct bc_task *task);

bool
bc_worker_is_current(const struct bc_worker *worker);

#endif
