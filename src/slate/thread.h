// SPDX-License-Identifier: Apache-2.0
#ifndef SLATE_THREAD_H
#define SLATE_THREAD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/list.h"

// A piece of work, embedded in what it works on; in at most one queue at a time.
struct slate_job {
    struct bc_list node;
    void (*run)(struct slate_job *job);
};

// A thread that does one job after the other. Part of the slates.
struct slate_thread {
    pthread_t thread;
    pthread_mutex_t lock; // guards the rest but `stop`
    pthread_cond_t wakeup;
    struct bc_list jobs;
    int nice;
    bool started;
    atomic_bool stop; // long jobs look at it
};

// False without threads; slate_thread_stop() is fine in both cases.
bool
slate_thread_start(struct slate_thread *t, int nice);

// Any thread.
void
slate_thread_post(struct slate_thread *t, struct slate_job *job);

// Waits for the job that runs; those that wait are not done.
void
slate_thread_stop(struct slate_thread *t);

#endif
