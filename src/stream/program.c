// SPDX-License-Identifier: Apache-2.0
// Which channel's media a channel shows, and who hears when that changes.
#include "stream/program.h"

#include <stdlib.h>

#include "channel_internal.h"

// Who watches a channel's program on one worker. Made by the first of them, dies with the
// channel, which holds it; `watches` is its worker's, the rest is guarded by the lock.
struct bc_audience {
    struct bc_list node; // the channel's
    struct bc_channel *channel; // borrowed; a reference while `posted`
    struct bc_worker *worker;   // borrowed
    struct bc_list watches;
    struct bc_task task;
    bool posted;
};

static void
run_told(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_audience *a = bc_container_of(task, struct bc_audience, task);
    struct bc_channel *channel = a->channel;
    pthread_mutex_lock(&channel->program_lock);
    a->posted = false;
    pthread_mutex_unlock(&channel->program_lock);
    struct bc_channel *program = bc_channel_program(channel);
    struct bc_list told;
    bc_list_init(&told);
    bc_list_splice(&told, &a->watches);
    while (!bc_list_empty(&told)) {
        struct bc_program_watch *watch
            = bc_container_of(told.next, struct bc_program_watch, node);
        bc_list_remove(&watch->node);
        bc_list_append(&a->watches, &watch->node);
        watch->on_program(watch, program);
    }
    bc_channel_unref(&program);
    bc_channel_unref(&channel); // the message's
}

// With the lock held. NULL without memory.
static struct bc_audience *
audience_of(struct bc_channel *c, struct bc_worker *worker)
{
    bc_list_for_each(node, tmp, &c->audiences)
    {
        struct bc_audience *a = bc_container_of(node, struct bc_audience, node);
        if (a->worker == worker) {
            return a;
        }
    }
    struct bc_audience *a = calloc(1, sizeof(*a));
    if (a) {
        a->channel = c;
        a->worker = worker;
        bc_list_init(&a->watches);
        bc_list_init(&a->task.node);
        a->task.run = run_told;
        bc_list_append(&c->audiences, &a->node);
    }
    return a;
}

// With the lock held. Nobody holds a reference to oneself: it would never end.
static struct bc_channel *
referenced(struct bc_channel *c)
{
    return c->program ? bc_channel_ref(c->program) : NULL;
}

struct bc_channel *
bc_channel_program(struct bc_channel *channel)
{
    pthread_mutex_lock(&channel->program_lock);
    struct bc_channel *program = referenced(channel);
    pthread_mutex_unlock(&channel->program_lock);
    return program;
}

bool
bc_channel_program_info(struct bc_channel *channel, struct bc_channel_info *out)
{
    struct bc_channel *program = bc_channel_program(channel);
    if (program) {
        bc_channel_info(program, out);
    }
    bool known = program != NULL;
    bc_channel_unref(&program);
    return known;
}

bool
bc_channel_shown_at(struct bc_channel *channel, int64_t *clock_us, int64_t *wall_us)
{
    struct bc_channel *program = bc_channel_program(channel);
    *clock_us = program ? atomic_load(&program->head_us) : 0;
    *wall_us = program ? atomic_load(&program->head_wall_us) : 0;
    bc_channel_unref(&program);
    return *clock_us != 0;
}

struct bc_channel *
bc_channel_watch_program(struct bc_channel *channel, struct bc_worker *worker,
    struct bc_program_watch *watch)
{
    bc_list_init(&watch->node);
    pthread_mutex_lock(&channel->program_lock);
    struct bc_audience *a = audience_of(channel, worker);
    struct bc_channel *program = referenced(channel);
    pthread_mutex_unlock(&channel->program_lock);
    if (a) {
        bc_list_append(&a->watches, &watch->node);
    }
    return program;
}

void
bc_channel_unwatch_program(struct bc_program_watch *watch)
{
    bc_list_remove(&watch->node);
}

// With the lock held.
static void
tell(struct bc_channel *channel)
{
    bc_list_for_each(node, tmp, &channel->audiences)
    {
        struct bc_audience *a = bc_container_of(node, struct bc_audience, node);
        if (!a->posted) {
            a->posted = true;
            bc_channel_ref(channel);
            bc_worker_post(a->worker, &a->task);
        }
    }
}

void
bc_channel_tell_program(struct bc_channel *channel)
{
    pthread_mutex_lock(&channel->program_lock);
    tell(channel);
    pthread_mutex_unlock(&channel->program_lock);
}

void
bc_channel_set_program(struct bc_channel *channel, struct bc_channel *program)
{
    if (!bc_channel_delay_program(channel, program)) {
        bc_channel_show(channel, program);
    }
}

void
bc_channel_show(struct bc_channel *channel, struct bc_channel *program)
{
    pthread_mutex_lock(&channel->program_lock);
    struct bc_channel *old = channel->program;
    if (old == program) {
        pthread_mutex_unlock(&channel->program_lock);
        return;
    }
    bool owned = program && program != channel;
    channel->program = owned ? bc_channel_ref(program) : program;
    tell(channel);
    pthread_mutex_unlock(&channel->program_lock);
    if (old != channel) {
        bc_channel_unref(&old);
    }
    bc_hub_tell_program(channel->hub, channel, program);
    bc_channel_tell_followers(channel);
}

void
bc_channel_free_program(struct bc_channel *channel)
{
    if (channel->program != channel) {
        bc_channel_unref(&channel->program);
    }
    bc_list_for_each(node, tmp, &channel->audiences)
    {
        bc_list_remove(node);
        free(bc_container_of(node, struct bc_audience, node));
    }
}
