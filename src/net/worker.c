// SPDX-License-Identifier: Apache-2.0
#include "net/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "timers.h"

static void
run_all(struct bc_worker *w, struct bc_list *tasks)
{
    while (!bc_list_empty(tasks)) {
        struct bc_task *task = bc_container_of(tasks->next, struct bc_task, node);
        bc_list_remove(&task->node);
        task->run(task, w);
    }
}

static void
on_wakeup(uv_poll_t *wakeup, int status, int events)
{
    (void)status;
    (void)events;
    struct bc_worker *w = wakeup->data;
    uint64_t count;
    struct bc_list tasks;
    if (read(w->wakeup_fd, &count, sizeof(count)) < 0 && errno != EAGAIN) {
        bc_error(&w->log, "cannot read what wakes it: %s", strerror(errno));
    }
    bc_list_init(&tasks);
    pthread_mutex_lock(&w->inbox_lock);
    bc_list_splice(&tasks, &w->inbox);
    w->wakeup_sent = uv_is_closing((uv_handle_t *)wakeup);
    pthread_mutex_unlock(&w->inbox_lock);
    run_all(w, &tasks);
}

static void
on_turn_end(uv_prepare_t *prepare)
{
    struct bc_worker *w = prepare->data;
    run_all(w, &w->deferred);
}

struct bc_worker *
bc_worker_create(unsigned index)
{
    struct bc_worker *w = calloc(1, sizeof(*w));
    if (!w) {
        return NULL;
    }
    w->index = index;
    bc_logger_init(&w->log, NULL, "worker %u", index);
    bc_list_init(&w->inbox);
    bc_list_init(&w->deferred);
    pthread_mutex_init(&w->inbox_lock, NULL);
    if (uv_loop_init(&w->loop) != 0) {
        goto free_worker;
    }
    // Not libuv's own way: its reader spins until the sender is through, and on the same
    // core the sender is what it has just displaced.
    w->wakeup_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (w->wakeup_fd < 0) {
        goto close_loop;
    }
    if (uv_poll_init(&w->loop, &w->wakeup, w->wakeup_fd) != 0) {
        goto close_wakeup;
    }
    uv_poll_start(&w->wakeup, UV_READABLE, on_wakeup);
    w->wakeup.data = w;
    uv_prepare_init(&w->loop, &w->turn_end);
    w->turn_end.data = w;
    uv_prepare_start(&w->turn_end, on_turn_end);
    bc_timers_init(w);
    return w;

close_wakeup:
    close(w->wakeup_fd);
close_loop:
    uv_loop_close(&w->loop);
free_worker:
    pthread_mutex_destroy(&w->inbox_lock);
    free(w);
    return NULL;
}

static void *
worker_main(void *arg)
{
    struct bc_worker *w = arg;
    uv_run(&w->loop, UV_RUN_DEFAULT);
    return NULL;
}

int
bc_worker_start(struct bc_worker *worker)
{
    int err = pthread_create(&worker->thread, NULL, worker_main, worker);
    worker->running = err == 0;
    return -err;
}

bool
bc_worker_run_leftovers(struct bc_worker *worker)
{
    struct bc_list tasks;
    bc_list_init(&tasks);
    pthread_mutex_lock(&worker->inbox_lock); // other threads may still post
    bc_list_splice(&tasks, &worker->inbox);
    pthread_mutex_unlock(&worker->inbox_lock);
    bc_list_splice(&tasks, &worker->deferred);
    bool any = !bc_list_empty(&tasks);
    run_all(worker, &tasks);
    return any;
}

struct stop_task {
    struct bc_task task;
};

static void
close_own_handles(struct bc_worker *w)
{
    pthread_mutex_lock(&w->inbox_lock);
    w->wakeup_sent =
        true; // what is posted from now on waits for bc_worker_run_leftovers()
    pthread_mutex_unlock(&w->inbox_lock);
    uv_close((uv_handle_t *)&w->wakeup, NULL);
    uv_close((uv_handle_t *)&w->turn_end, NULL);
    uv_close((uv_handle_t *)&w->clock, NULL);
}

static void
run_stop(struct bc_task *task, struct bc_worker *w)
{
    // What was deferred until now still has to run: nothing calls on_turn_end() again.
    run_all(w, &w->deferred);
    close_own_handles(w);
    free(bc_container_of(task, struct stop_task, task));
}

void
bc_worker_stop(struct bc_worker *worker)
{
    struct stop_task *stop = calloc(1, sizeof(*stop));
    if (!stop) {
        abort(); // at shutdown without 32 bytes of memory there is nothing better to do
    }
    bc_list_init(&stop->task.node);
    stop->task.run = run_stop;
    bc_worker_post(worker, &stop->task);
}

void
bc_worker_join(struct bc_worker *worker)
{
    if (worker->running) {
        pthread_join(worker->thread, NULL);
        worker->running = false;
    }
}

void
bc_worker_destroy(struct bc_worker *worker)
{
    if (!worker) {
        return;
    }
    if (!uv_is_closing((uv_handle_t *)&worker->wakeup)) {
        close_own_handles(worker); // never started
    }
    uv_run(&worker->loop, UV_RUN_DEFAULT);
    uv_loop_close(&worker->loop);
    close(worker->wakeup_fd); // not before: other threads may have been about to write
    pthread_mutex_destroy(&worker->inbox_lock);
    free(worker->timers);
    free(worker);
}

void
bc_worker_post(struct bc_worker *worker, struct bc_task *task)
{
    pthread_mutex_lock(&worker->inbox_lock);
    bc_list_append(&worker->inbox, &task->node);
    bool wake = !worker->wakeup_sent;
    worker->wakeup_sent = true;
    pthread_mutex_unlock(&worker->inbox_lock);
    if (wake) {
        uint64_t one = 1;
        ssize_t n = write(worker->wakeup_fd, &one, sizeof(one));
        (void)n; // it fails only when it is full of calls
    }
}

void
bc_worker_defer(struct bc_worker *worker, struct bc_task *task)
{
    bc_list_remove(&task->node);
    bc_list_append(&worker->deferred, &task->node);
}

bool
bc_worker_is_current(const struct bc_worker *worker)
{
    if (!worker->running) {
        return true; // before it starts and after it ended whoever has it is alone with it
    }
    return pthread_equal(worker->thread, pthread_self()) != 0;
}
