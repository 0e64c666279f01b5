// SPDX-License-Identifier: Apache-2.0
#include "nice_thread.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/log.h"
#include "nice_glue.h"

// When agents are gone their TURN allocations are refreshed away, which takes a reply.
#define LAST_TURNS 100

struct relay_nice {
    pthread_t thread;
    GMainContext *context; // owned

    pthread_mutex_t lock; // guards the following
    struct bc_list inbox;
    bool stopping;
};

static bool
run_inbox(struct relay_nice *nice)
{
    struct bc_list inbox;
    bc_list_init(&inbox);
    pthread_mutex_lock(&nice->lock);
    bc_list_splice(&inbox, &nice->inbox);
    bool stopping = nice->stopping;
    pthread_mutex_unlock(&nice->lock);
    while (!bc_list_empty(&inbox)) {
        struct relay_nice_task *task
            = bc_container_of(inbox.next, struct relay_nice_task, node);
        bc_list_remove(&task->node);
        task->run(task);
    }
    return !stopping;
}

static void *
thread_main(void *arg)
{
    struct relay_nice *nice = arg;
    g_main_context_push_thread_default(nice->context);
    while (run_inbox(nice)) {
        g_main_context_iteration(nice->context, TRUE);
    }
    for (int i = 0; i < LAST_TURNS && g_main_context_iteration(nice->context, FALSE);
         i++) {
    }
    g_main_context_pop_thread_default(nice->context);
    return NULL;
}

void
relay_nice_post(struct relay_nice *nice, struct relay_nice_task *task)
{
    pthread_mutex_lock(&nice->lock);
    bc_list_append(&nice->inbox, &task->node);
    pthread_mutex_unlock(&nice->lock);
    g_main_context_wakeup(nice->context);
}

void *
relay_nice_context(struct relay_nice *nice)
{
    return nice->context;
}

struct relay_nice *
relay_nice_create(void)
{
    struct relay_nice *nice = calloc(1, sizeof(*nice));
    if (!nice) {
        return NULL;
    }
    pthread_mutex_init(&nice->lock, NULL);
    bc_list_init(&nice->inbox);
    nice->context = g_main_context_new();
    if (pthread_create(&nice->thread, NULL, thread_main, nice) != 0) {
        bc_error(NULL, "cannot start the thread of ICE agents");
        g_main_context_unref(nice->context);
        pthread_mutex_destroy(&nice->lock);
        free(nice);
        return NULL;
    }
    return nice;
}

void
relay_nice_destroy(struct relay_nice *nice)
{
    if (!nice) {
        return;
    }
    pthread_mutex_lock(&nice->lock);
    nice->stopping = true;
    pthread_mutex_unlock(&nice->lock);
    g_main_context_wakeup(nice->context);
    pthread_join(nice->thread, NULL);
    run_inbox(nice);
    g_main_context_unref(nice->context);
    pthread_mutex_destroy(&nice->lock);
    free(nice);
}
