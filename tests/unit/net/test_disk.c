// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdatomic.h>

#include <cmocka.h>

#include "net/disk.h"

#define TASKS 100

struct job {
    struct bc_task task;
    struct bc_worker *worker;
};

static atomic_uint g_runs;
static atomic_uint g_answers;

static void
on_answer(struct bc_task *task, struct bc_worker *worker)
{
    struct job *job = bc_container_of(task, struct job, task);
    if (worker == job->worker) {
        atomic_fetch_add(&g_answers, 1);
    }
}

static void
on_disk(struct bc_task *task, struct bc_worker *thread)
{
    (void)thread;
    struct job *job = bc_container_of(task, struct job, task);
    atomic_fetch_add(&g_runs, 1);
    job->task.run = on_answer;
    bc_worker_post(job->worker, &job->task);
}

// The end of the threads loses nothing that was posted, and no answer either.
static void
test_runs_what_is_queued_before_it_ends(void **state)
{
    (void)state;
    static struct job jobs[TASKS];
    struct bc_worker *worker = bc_worker_create(0);
    struct bc_disk *disk = bc_disk_create(3);
    assert_non_null(worker);
    assert_non_null(disk);
    for (size_t i = 0; i < TASKS; i++) {
        bc_list_init(&jobs[i].task.node);
        jobs[i].task.run = on_disk;
        jobs[i].worker = worker;
        bc_disk_post(disk, &jobs[i].task);
    }
    bc_disk_destroy(disk);
    assert_int_equal(atomic_load(&g_runs), TASKS);
    bc_worker_run_leftovers(worker);
    assert_int_equal(atomic_load(&g_answers), TASKS);
    bc_worker_destroy(worker);
}

static void
test_takes_any_number_of_threads(void **state)
{
    (void)state;
    bc_disk_destroy(NULL);
    struct bc_disk *none = bc_disk_create(0);
    struct bc_disk *many = bc_disk_create(1000);
    assert_non_null(none);
    assert_non_null(many);
    bc_disk_destroy(none);
    bc_disk_destroy(many);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_what_is_queued_before_it_ends),
        cmocka_unit_test(test_takes_any_number_of_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
