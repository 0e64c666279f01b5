// SPDX-License-Identifier: Apache-2.0
// The thread that deletes recordings.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/clock.h"
#include "retention_impl.h"

#define TURN_US 1000000
#define LOOK_TURNS 5  // between looks at the disk
#define PLAN_TURNS 60 // between looks at everything

static void
on_turn(struct bc_timer *timer)
{
    struct bc_retention *r = bc_container_of(timer, struct bc_retention, timer);
    uint64_t turn = r->turns++;
    if (turn == 0) {
        bc_retention_delete_leftovers(r);
    }
    if (turn % PLAN_TURNS == 0 || (turn % LOOK_TURNS == 0 && bc_retention_disk_is_short(r))) {
        bc_retention_choose(r);
    }
    bc_retention_sweep(r);
    bc_timer_set(timer, TURN_US);
}

static void
run_hurry(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_retention *r = bc_container_of(task, struct bc_retention, hurry);
    atomic_store(&r->hurrying, false);
    bc_timer_cancel(&r->timer);
    r->turns = r->turns == 0 ? 0 : PLAN_TURNS;
    on_turn(&r->timer);
}

void
bc_retention_hurry(struct bc_retention *retention)
{
    if (!atomic_exchange(&retention->hurrying, true)) {
        bc_list_init(&retention->hurry.node);
        bc_worker_post(retention->worker, &retention->hurry);
    }
}

void
bc_retention_set_limits(
    struct bc_retention *retention, const struct bc_retention_limits *limits)
{
    pthread_mutex_lock(&retention->lock);
    retention->limits = *limits;
    pthread_mutex_unlock(&retention->lock);
    bc_retention_hurry(retention);
}

// --- wishes ---

static void
run_done(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_retention_request *q = bc_container_of(task, struct bc_retention_request,
        task);
    q->done(q);
}

static void
run_request(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_retention_request *q = bc_container_of(task, struct bc_retention_request,
        task);
    q->result = bc_retention_condemn(q->retention, q->kind, q->id);
    q->task.run = run_done;
    bc_worker_post(q->worker, &q->task);
}

void
bc_retention_delete(struct bc_retention *retention, struct bc_retention_request *request)
{
    request->retention = retention;
    request->task.run = run_request;
    bc_list_init(&request->task.node);
    bc_worker_post(retention->worker, &request->task);
}

// --- life ---

static int64_t
system_wall_us(void)
{
    return bc_clock_wall_us();
}

static int
system_disk(const char *folder, uint64_t *free_bytes, uint64_t *total_bytes)
{
    struct statvfs st;
    if (statvfs(folder, &st) != 0) {
        return -errno;
    }
    *free_bytes = (uint64_t)st.f_bavail * st.f_frsize;
    *total_bytes = (uint64_t)st.f_blocks * st.f_frsize;
    return 0;
}

static const struct bc_retention_env SYSTEM = { system_wall_us, system_disk };

static char *
join(const char *folder, const char *name)
{
    size_t len = strlen(folder) + strlen(name) + 2;
    char *path = malloc(len);
    if (path) {
        snprintf(path, len, "%s/%s", folder, name);
    }
    return path;
}

struct bc_retention *
bc_retention_make(const struct bc_retention_params *params)
{
    struct bc_retention *r = calloc(1, sizeof(*r));
    if (!r) {
        return NULL;
    }
    pthread_mutex_init(&r->lock, NULL);
    bc_list_init(&r->condemned);
    bc_list_init(&r->leftovers);
    r->library = params->library;
    r->catalogue = params->catalogue;
    r->limits = params->limits;
    r->env = params->env ? params->env : &SYSTEM;
    r->data_dir = strdup(params->data_dir);
    r->roots[BC_RECORDING_REPLAY] = join(params->data_dir, "recordings");
    r->roots[BC_RECORDING_CLIP] = join(params->data_dir, "clips");
    r->worker = bc_worker_create(BC_WORKER_MAX);
    if (!r->data_dir || !r->roots[0] || !r->roots[1] || !r->worker) {
        bc_retention_destroy(r);
        return NULL;
    }
    bc_timer_init(&r->timer, r->worker, on_turn);
    r->hurry.run = run_hurry;
    bc_retention_note_leftovers(r);
    return r;
}

struct bc_retention *
bc_retention_create(const struct bc_retention_params *params)
{
    struct bc_retention *r = bc_retention_make(params);
    if (r && bc_worker_start(r->worker) != 0) {
        bc_retention_destroy(r);
        return NULL;
    }
    if (r) {
        bc_retention_hurry(r);
    }
    return r;
}

void
bc_retention_stop(struct bc_retention *r)
{
    if (r && r->worker && r->worker->running) {
        bc_worker_stop(r->worker);
        bc_worker_join(r->worker);
    }
}

void
bc_retention_destroy(struct bc_retention *r)
{
    if (!r) {
        return;
    }
    bc_retention_stop(r);
    while (r->worker && bc_worker_run_leftovers(r->worker)) {
    }
    bc_retention_forget(r);
    bc_worker_destroy(r->worker);
    pthread_mutex_destroy(&r->lock);
    free(r->roots[0]);
    free(r->roots[1]);
    free(r->data_dir);
    free(r);
}
