// SPDX-License-Identifier: Apache-2.0
#ifndef RETENTION_IMPL_H
#define RETENTION_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/list.h"
#include "net/timer.h"
#include "record/retention.h"
#include "retention_plan.h"

// See record/retention.h. All but the limits belong to the thread once it runs.
struct bc_retention {
    char *data_dir;         // owned
    char *roots[2];         // owned; by kind
    struct bc_library *library;     // borrowed
    struct bc_catalogue *catalogue; // borrowed
    const struct bc_retention_env *env;
    struct bc_worker *worker;
    struct bc_timer timer;
    uint64_t turns;
    struct bc_list condemned;
    struct bc_list leftovers; // names found before anything was recorded
    struct bc_task hurry;
    atomic_bool hurrying;
    pthread_mutex_t lock; // guards the limits
    struct bc_retention_limits limits;
};

// All but the thread, for tests.
struct bc_retention *
bc_retention_make(const struct bc_retention_params *params);

// Takes down what there is of leftovers; before anything is recorded.
void
bc_retention_note_leftovers(struct bc_retention *r);

void
bc_retention_delete_leftovers(struct bc_retention *r);

// Frees what is noted; the next start finds it again.
void
bc_retention_forget(struct bc_retention *r);

bool
bc_retention_disk_is_short(struct bc_retention *r);

// Condemns what is too old or too much.
void
bc_retention_choose(struct bc_retention *r);

// Deletes what was condemned and nobody reads any more.
void
bc_retention_sweep(struct bc_retention *r);

// As bc_retention_delete() answers.
int
bc_retention_condemn(struct bc_retention *r, enum bc_recording_kind kind, const char *id);

#endif
