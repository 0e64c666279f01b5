// SPDX-License-Identifier: Apache-2.0
// Questions to the catalogue, and its answers.
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "catalogue_impl.h"
#include "catalogue_scan.h"

static bool
file_exists(const struct bc_catalogue *c, const struct bc_recording_info *info,
    const char *name)
{
    char path[PATH_MAX + 16];
    int n = snprintf(path, sizeof(path), "%s/%s/%s/%s", c->data_dir,
        bc_catalogue_folder_name(info->kind), info->id, name);
    return (size_t)n < sizeof(path) && access(path, R_OK) == 0;
}

// Afterwards the query is not touched any more.
static void
answer(struct bc_catalogue *c, struct bc_catalogue_query *query)
{
    bc_catalogue_flush(c);
    int ret = c->db.handle ? bc_catalogue_db_list(&c->db, query) : -EIO;
    if (ret != 0 && bc_catalogue_heal(c, ret)) {
        ret = bc_catalogue_db_list(&c->db, query);
    }
    if (ret != 0) {
        bc_catalogue_complain(c, "cannot be read", ret);
    }
    query->failed = ret != 0;
    for (size_t i = 0; i < query->count; i++) {
        struct bc_catalogue_entry *e = &query->entries[i];
        bool clip = e->info.kind == BC_RECORDING_CLIP;
        e->has_classic = file_exists(c, &e->info, clip ? "clip.mp4" : "replay.mp4");
        e->has_poster = file_exists(c, &e->info, "pictures/poster.jpg");
    }
}

// A question on its way here, freed here. The query's own task carries the answer back.
struct question {
    struct bc_task task;
    struct bc_catalogue *catalogue;
    struct bc_catalogue_query *query; // borrowed
};

static void
run_done(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_catalogue_query *query = bc_container_of(task, struct bc_catalogue_query,
        task);
    query->done(query);
}

static void
send_back(struct bc_catalogue_query *query)
{
    query->task.run = run_done;
    bc_list_init(&query->task.node);
    bc_worker_post(query->worker, &query->task);
}

static void
run_question(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct question *question = bc_container_of(task, struct question, task);
    struct bc_catalogue_query *query = question->query;
    answer(question->catalogue, query);
    free(question);
    send_back(query);
}

static void
clear_answer(struct bc_catalogue_query *query)
{
    query->entries = NULL;
    query->count = 0;
    query->more = false;
    query->failed = true;
}

void
bc_catalogue_ask(struct bc_catalogue *catalogue, struct bc_catalogue_query *query)
{
    struct question *question = malloc(sizeof(*question));
    clear_answer(query);
    if (!question) {
        send_back(query);
        return;
    }
    question->catalogue = catalogue;
    question->query = query;
    bc_list_init(&question->task.node);
    question->task.run = run_question;
    bc_worker_post(catalogue->worker, &question->task);
}

// Somebody who waits for the answer; on its stack.
struct waiting {
    struct bc_task task;
    struct bc_catalogue *catalogue;
    struct bc_catalogue_query *query;
    pthread_mutex_t lock; // guards the next
    bool done;
    pthread_cond_t changed;
};

static void
run_waiting(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct waiting *w = bc_container_of(task, struct waiting, task);
    answer(w->catalogue, w->query);
    pthread_mutex_lock(&w->lock);
    w->done = true;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

void
bc_catalogue_ask_now(struct bc_catalogue *catalogue, struct bc_catalogue_query *query)
{
    struct waiting w = { .task.run = run_waiting, .catalogue = catalogue, .query = query };
    clear_answer(query);
    bc_list_init(&w.task.node);
    pthread_mutex_init(&w.lock, NULL);
    pthread_cond_init(&w.changed, NULL);
    bc_worker_post(catalogue->worker, &w.task);
    pthread_mutex_lock(&w.lock);
    while (!w.done) {
        pthread_cond_wait(&w.changed, &w.lock);
    }
    pthread_mutex_unlock(&w.lock);
    pthread_cond_destroy(&w.changed);
    pthread_mutex_destroy(&w.lock);
}
