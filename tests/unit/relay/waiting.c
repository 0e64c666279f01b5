// SPDX-License-Identifier: Apache-2.0
#include "waiting.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#define DEADLINE_S 20

pthread_mutex_t waiting_lock = PTHREAD_MUTEX_INITIALIZER;
struct bc_worker *waiting_worker;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

void
waiting_open(void)
{
    waiting_worker = bc_worker_create(0);
    assert_non_null(waiting_worker);
    assert_int_equal(bc_worker_start(waiting_worker), 0);
}

void
waiting_close(void)
{
    bc_worker_stop(waiting_worker);
    bc_worker_join(waiting_worker);
    while (bc_worker_run_leftovers(waiting_worker)) {
    }
    bc_worker_destroy(waiting_worker);
}

void
waiting_wake(void)
{
    pthread_cond_broadcast(&changed);
}

void
waiting_turn(const char *what)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += DEADLINE_S;
    if (pthread_cond_timedwait(&changed, &waiting_lock, &until) != 0) {
        pthread_mutex_unlock(&waiting_lock); // a tear-down comes yet
        fail_msg("waited too long for %s", what);
    }
}

struct call {
    struct bc_task task;
    void (*run)(void *arg);
    void *arg;
    bool done;
};

static void
run_call(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct call *c = bc_container_of(task, struct call, task);
    c->run(c->arg);
    pthread_mutex_lock(&waiting_lock);
    c->done = true;
    waiting_wake();
    pthread_mutex_unlock(&waiting_lock);
}

void
waiting_call(void (*run)(void *arg), void *arg)
{
    struct call c = { .task = { .run = run_call }, .run = run, .arg = arg };
    bc_list_init(&c.task.node);
    bc_worker_post(waiting_worker, &c.task);
    WAIT_UNTIL(c.done);
}
