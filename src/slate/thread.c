// SPDX-License-Identifier: Apache-2.0
#include "thread.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void *
run(void *arg)
{
    struct slate_thread *t = arg;
    // Of this thread alone, on Linux. Live streams come first.
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), t->nice);
    pthread_mutex_lock(&t->lock);
    while (!atomic_load(&t->stop)) {
        if (bc_list_empty(&t->jobs)) {
            pthread_cond_wait(&t->wakeup, &t->lock);
            continue;
        }
        struct slate_job *job = bc_container_of(t->jobs.next, struct slate_job, node);
        bc_list_remove(&job->node);
        pthread_mutex_unlock(&t->lock);
        job->run(job);
        pthread_mutex_lock(&t->lock);
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

bool
slate_thread_start(struct slate_thread *t, int nice)
{
    memset(t, 0, sizeof(*t));
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->wakeup, NULL);
    bc_list_init(&t->jobs);
    atomic_init(&t->stop, false);
    t->nice = nice;
    t->started = pthread_create(&t->thread, NULL, run, t) == 0;
    return t->started;
}

void
slate_thread_post(struct slate_thread *t, struct slate_job *job)
{
    pthread_mutex_lock(&t->lock);
    bc_list_append(&t->jobs, &job->node);
    pthread_cond_signal(&t->wakeup);
    pthread_mutex_unlock(&t->lock);
}

void
slate_thread_stop(struct slate_thread *t)
{
    if (!t->started) {
        return;
    }
    pthread_mutex_lock(&t->lock);
    atomic_store(&t->stop, true);
    pthread_cond_signal(&t->wakeup);
    pthread_mutex_unlock(&t->lock);
    pthread_join(t->thread, NULL);
    pthread_cond_destroy(&t->wakeup);
    pthread_mutex_destroy(&t->lock);
    t->started = false;
}
