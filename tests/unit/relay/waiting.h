// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_RELAY_WAITING_H
#define TESTS_RELAY_WAITING_H

#include <pthread.h>
#include <stdbool.h>

#include "net/worker.h"

// What the threads of a test share: one lock for its state, and a worker.
extern pthread_mutex_t waiting_lock;
extern struct bc_worker *waiting_worker;

void
waiting_open(void);

// Stops the worker and runs what is left.
void
waiting_close(void);

// Something has changed. With the lock held.
void
waiting_wake(void);

// With the lock held; the test fails after 20 s.
void
waiting_turn(const char *what);

// Runs the function on the worker and waits for it.
void
waiting_call(void (*run)(void *arg), void *arg);

#define WAIT_UNTIL(condition) \
    do { \
        pthread_mutex_lock(&waiting_lock); \
        while (!(condition)) { \
            waiting_turn(#condition); \
        } \
        pthread_mutex_unlock(&waiting_lock); \
    } while (0)

#endif
