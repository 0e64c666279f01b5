// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "record/library.h"
#include "recorder_internal.h"
#include "stream/hub.h"

static void
tick(struct bc_recorder *r, int64_t now_us)
{
    r->ticked_us = now_us;
    recorder_disk_look(r, now_us);
    bc_list_for_each(node, tmp, &r->active)
    {
        recorder_work_tick(
            bc_container_of(node, struct bc_recorder_channel, node), now_us);
    }
    recorder_unfinished_tick(r, now_us);
    bc_timer_set(&r->tick, RECORDER_TICK_US);
}

static void
on_tick(struct bc_timer *timer)
{
    tick(bc_container_of(timer, struct bc_recorder, tick), bc_clock_us());
}

void
recorder_pass_time(struct bc_recorder *r)
{
    int64_t now_us = bc_clock_us();
    if (bc_timer_is_set(&r->tick) && now_us - r->ticked_us >= RECORDER_TICK_EARLY_US) {
        tick(r, now_us);
    }
}

// A part is written when the live has nothing to do on that core at the moment, instead of
// in the middle of it; the thread's share is the same. Without it all works as well.
static void
let_live_go_first(void)
{
#ifdef SCHED_BATCH
    const struct sched_param none = { 0 };
    (void)pthread_setschedparam(pthread_self(), SCHED_BATCH, &none);
#endif
}

static void
run_begin(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_recorder *r = bc_container_of(task, struct bc_recorder, begin_task);
    let_live_go_first();
    recorder_disk_begin(r);
    recorder_unfinished_begin(r);
    atomic_store(&r->has_looked, true);
    recorder_disk_look(r, bc_clock_us());
    bc_timer_set(&r->tick, RECORDER_TICK_US);
}

static void
run_stop(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_recorder *r = bc_container_of(task, struct bc_recorder, stop_task);
    r->stopping = true;
    bc_timer_cancel(&r->tick);
    bc_list_for_each(node, tmp, &r->active)
    {
        recorder_work_stop(bc_container_of(node, struct bc_recorder_channel, node));
    }
}

static void
free_recorder(struct bc_recorder *r)
{
    recorder_unfinished_finish(r);
    bc_worker_destroy(r->worker);
    pthread_mutex_destroy(&r->lock);
    free(r->root);
    free(r->mount);
    free(r);
}

static struct bc_recorder *
alloc(const struct bc_recorder_params *params)
{
    struct bc_recorder *r = calloc(1, sizeof(*r));
    if (!r) {
        return NULL;
    }
    r->library = params->library;
    r->catalogue = params->catalogue;
    r->retention = params->retention;
    r->hub = params->hub;
    r->on_complete = params->on_complete;
    r->wish = params->wish;
    r->user = params->user;
    bc_logger_init(&r->log, NULL, "record");
    pthread_mutex_init(&r->lock, NULL);
    bc_list_init(&r->unfinished);
    bc_list_init(&r->active);
    bc_list_init(&r->begin_task.node);
    bc_list_init(&r->stop_task.node);
    r->begin_task.run = run_begin;
    r->stop_task.run = run_stop;
    r->root = strdup(bc_library_root(params->library, BC_RECORDING_REPLAY));
    r->worker = bc_worker_create(0);
    if (!r->root || !r->worker) {
        free_recorder(r);
        return NULL;
    }
    bc_logger_init(&r->worker->log, NULL, "recorder");
    bc_timer_init(&r->tick, r->worker, on_tick);
    return r;
}

static void
read_limits(struct bc_recorder *r)
{
    struct bc_config *config = bc_hub_config(r->hub);
    atomic_store(&r->min_free_bytes, config->record.min_free_bytes);
    atomic_store(&r->resume_us, config->record.resume_s * 1000000);
    bc_config_unref(&config);
}

struct bc_recorder *
bc_recorder_create(const struct bc_recorder_params *params)
{
    struct bc_recorder *r = alloc(params);
    if (!r) {
        return NULL;
    }
    read_limits(r);
    if (bc_worker_start(r->worker) != 0) {
        free_recorder(r);
        return NULL;
    }
    bc_worker_post(r->worker, &r->begin_task);
    return r;
}

void
bc_recorder_reload(struct bc_recorder *r)
{
    read_limits(r);
    size_t max = bc_hub_count(r->hub) + 16; // those made meanwhile read it themselves
    struct bc_channel **list = calloc(max, sizeof(*list));
    size_t n = list ? bc_hub_list(r->hub, list, max) : 0;
    for (size_t i = 0; i < n && i < max; i++) {
        struct bc_recorder_channel *rc;
        pthread_mutex_lock(&r->lock);
        HASH_FIND_PTR(r->channels, &list[i], rc);
        pthread_mutex_unlock(&r->lock);
        if (rc) {
            recorder_post_apply(rc);
        }
        bc_channel_unref(&list[i]);
    }
    free(list);
}

void
bc_recorder_look_again(struct bc_recorder *r, const char *name)
{
    struct bc_channel *channel;
    struct bc_recorder_channel *rc = recorder_find(r, name, &channel);
    if (rc) {
        recorder_post_apply(rc);
        bc_channel_unref(&channel);
    }
}

void
bc_recorder_shut(struct bc_recorder *r)
{
    if (r && r->worker->running) {
        bc_worker_post(r->worker, &r->stop_task);
        bc_worker_stop(r->worker);
        bc_worker_join(r->worker);
    }
}

void
bc_recorder_destroy(struct bc_recorder *r)
{
    if (!r) {
        return;
    }
    bc_recorder_shut(r);
    while (bc_worker_run_leftovers(r->worker)) {
    }
    free_recorder(r);
}
