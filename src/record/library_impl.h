// SPDX-License-Identifier: Apache-2.0
#ifndef RECORD_LIBRARY_IMPL_H
#define RECORD_LIBRARY_IMPL_H

#include <limits.h>
#include <pthread.h>

#include "net/worker.h"
#include "record/library.h"

// Answers on their way to one worker, so that who waits needs no message of its own and
// can be cancelled until the last moment.
struct library_box {
    struct bc_task task;
    struct bc_library *lib;   // borrowed
    struct bc_worker *worker; // borrowed; NULL: a free box
    struct bc_list waiters;
    bool posted;
};

// 'r' or 'c' for the kind, then the id.
#define LIBRARY_KEY_MAX (BC_RECORDING_ID_MAX + 2)

// See record/library.h.
struct bc_library {
    struct bc_disk *disk; // borrowed
    char roots[2][PATH_MAX];
    pthread_mutex_t lock; // guards all below
    struct library_entry *entries;
    struct library_box boxes[BC_WORKER_MAX];
};

// Has `ready` called on the waiter's worker. The lock is held.
void
library_deliver(
    struct bc_library *lib, struct bc_library_waiter *waiter, struct bc_recording *r);

#endif
