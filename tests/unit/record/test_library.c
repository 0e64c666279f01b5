// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "net/disk.h"
#include "net/worker.h"
#include "record/library.h"
#include "stage.h"

#define WORKERS 3
#define REQUESTS 1000
#define MINUTE_US INT64_C(60000000)

// The library over a data directory with one ended replay in it, and workers that ask.
struct shop {
    struct stage stage;
    struct bc_disk *disk;
    struct bc_library *lib;
    struct bc_worker *workers[WORKERS];
    char id[BC_RECORDING_ID_MAX + 1];
    char folder[256];
};

// One request; posted to its worker, which asks.
struct request {
    struct bc_task task;
    struct bc_library_waiter waiter;
    struct shop *shop;
    const char *id;
    bool cancels; // right after asking
    atomic_bool asked;
    atomic_uint calls;
    struct bc_recording *got; // a reference
};

static int
setup(void **state)
{
    struct shop *shop = calloc(1, sizeof(*shop));
    stage_open(&shop->stage);
    char data[64];
    snprintf(data, sizeof(data), "%s", shop->stage.root);
    snprintf(shop->stage.root, sizeof(shop->stage.root), "%.40s/recordings", data);
    stage_record(&shop->stage, 12, true, shop->folder);
    snprintf(shop->stage.root, sizeof(shop->stage.root), "%s", data);
    snprintf(shop->id, sizeof(shop->id), "%s", strrchr(shop->folder, '/') + 1);
    shop->disk = bc_disk_create(2);
    shop->lib = bc_library_create(data, shop->disk);
    assert_true(shop->disk && shop->lib);
    for (unsigned i = 0; i < WORKERS; i++) {
        shop->workers[i] = bc_worker_create(i);
        assert_non_null(shop->workers[i]);
        assert_int_equal(bc_worker_start(shop->workers[i]), 0);
    }
    *state = shop;
    return 0;
}

static int
teardown(void **state)
{
    struct shop *shop = *state;
    for (unsigned i = 0; i < WORKERS; i++) {
        bc_worker_stop(shop->workers[i]);
        bc_worker_join(shop->workers[i]);
        bc_worker_destroy(shop->workers[i]);
    }
    bc_disk_destroy(shop->disk);
    bc_library_destroy(shop->lib);
    stage_close(&shop->stage);
    free(shop);
    return 0;
}

static void
on_ready(struct bc_library_waiter *waiter, struct bc_recording *r)
{
    struct request *q = bc_container_of(waiter, struct request, waiter);
    assert_true(bc_worker_is_current(waiter->worker));
    assert_true(atomic_load(&q->asked)); // never from within
    q->got = r ? bc_recording_ref(r) : NULL;
    atomic_fetch_add(&q->calls, 1);
}

static void
ask(struct bc_task *task, struct bc_worker *worker)
{
    struct request *q = bc_container_of(task, struct request, task);
    q->waiter.ready = on_ready;
    bc_library_get(q->shop->lib, BC_RECORDING_REPLAY, q->id, worker, &q->waiter);
    if (q->cancels) {
        bc_library_cancel(q->shop->lib, &q->waiter);
        bc_library_cancel(q->shop->lib, &q->waiter);
    }
    atomic_store(&q->asked, true);
}

static void
post(struct shop *shop, struct request *q, const char *id, unsigned worker)
{
    q->shop = shop;
    q->id = id;
    q->task.run = ask;
    bc_worker_post(shop->workers[worker % WORKERS], &q->task);
}

static void
wait_for(atomic_uint *value)
{
    int64_t until_us = bc_clock_us() + 20000000;
    while (atomic_load(value) == 0) {
        assert_true(bc_clock_us() < until_us);
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    }
}

static struct bc_recording *
get(struct shop *shop, const char *id)
{
    struct request q = { 0 };
    post(shop, &q, id, 0);
    wait_for(&q.calls);
    return q.got;
}

static void
test_many_requests_open_it_once(void **state)
{
    struct shop *shop = *state;
    struct request *all = calloc(REQUESTS, sizeof(*all));
    for (unsigned i = 0; i < REQUESTS; i++) {
        all[i].cancels = i % 10 == 9;
        post(shop, &all[i], shop->id, i);
    }
    for (unsigned i = 0; i < REQUESTS; i++) {
        if (!all[i].cancels) {
            wait_for(&all[i].calls);
            assert_non_null(all[i].got);
            assert_ptr_equal(all[i].got, all[0].got);
        }
    }
    assert_int_equal(bc_library_users(shop->lib, shop->id), REQUESTS - REQUESTS / 10);
    for (unsigned i = 0; i < REQUESTS; i++) {
        assert_int_equal(atomic_load(&all[i].calls), all[i].cancels ? 0 : 1);
        bc_recording_unref(&all[i].got);
    }
    assert_int_equal(bc_library_users(shop->lib, shop->id), 0);
    free(all);
}

static void
test_it_closes_after_a_minute_without_users(void **state)
{
    struct shop *shop = *state;
    struct bc_recording *r = get(shop, shop->id);
    int64_t now_us = bc_clock_us();
    bc_library_tick(shop->lib, now_us + 2 * MINUTE_US);
    struct bc_recording *again =
        bc_library_peek(shop->lib, BC_RECORDING_REPLAY, shop->id);
    assert_ptr_equal(again, r); // it is used
    bc_recording_unref(&again);
    bc_recording_unref(&r);
    bc_library_tick(shop->lib, now_us + MINUTE_US / 2);
    r = bc_library_peek(shop->lib, BC_RECORDING_REPLAY, shop->id);
    assert_non_null(r);
    assert_null(bc_library_peek(shop->lib, BC_RECORDING_CLIP, shop->id));
    bc_recording_unref(&r);
    bc_library_tick(shop->lib, bc_clock_us() + 2 * MINUTE_US);
    assert_null(bc_library_peek(shop->lib, BC_RECORDING_REPLAY, shop->id));
}

static void
test_what_there_is_not_is_told(void **state)
{
    struct shop *shop = *state;
    assert_null(get(shop, "20260101-000000-00000000"));
    assert_null(get(shop, "../recordings"));
    assert_null(get(shop, ""));
    char longest[100];
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_null(get(shop, longest));
    assert_int_equal(bc_library_users(shop->lib, longest), 0);
}

// A download holds the file alone; the recording is used and stays open as long.
static void
test_who_holds_a_file_is_a_user(void **state)
{
    struct shop *shop = *state;
    struct bc_recording *r = get(shop, shop->id);
    struct bc_file *file = bc_recording_file(r, 1);
    assert_non_null(file);
    bc_recording_unref(&r);
    assert_int_equal(bc_library_users(shop->lib, shop->id), 1);
    bc_library_tick(shop->lib, bc_clock_us() + 2 * MINUTE_US);
    bc_library_drop(shop->lib, shop->id, true);
    bc_library_tick(shop->lib, bc_clock_us() + 2 * MINUTE_US);
    assert_int_equal(bc_library_users(shop->lib, shop->id), 1);
    bc_file_unref(&file);
    assert_int_equal(bc_library_users(shop->lib, shop->id), 0);
}

// Who reads it reads on, and is counted; nobody finds it any more.
static void
test_a_deleted_one_is_found_no_more(void **state)
{
    struct shop *shop = *state;
    struct bc_recording *r = get(shop, shop->id);
    bc_library_drop(shop->lib, shop->id, true);
    assert_null(bc_library_peek(shop->lib, BC_RECORDING_REPLAY, shop->id));
    assert_null(get(shop, shop->id));
    assert_int_equal(bc_library_users(shop->lib, shop->id), 1);
    struct bc_recording_part p;
    assert_int_equal(bc_recording_parts(r, 0, &p, 1), 1);
    struct bc_buf *buf = bc_recording_read(r, &p);
    assert_non_null(buf);
    bc_buf_unref(&buf);
    bc_recording_unref(&r);
    bc_library_tick(shop->lib, bc_clock_us());
    assert_int_equal(bc_library_users(shop->lib, shop->id), 0);
    assert_null(get(shop, shop->id));
}

static void
test_a_running_one_is_found_while_it_grows(void **state)
{
    struct shop *shop = *state;
    struct bc_recording_writer *w = stage_create(&shop->stage);
    struct bc_recording_info info;
    bc_library_add(shop->lib, bc_recording_of(w));
    bc_recording_info(bc_recording_of(w), &info);
    bc_library_tick(shop->lib, bc_clock_us() + 10 * MINUTE_US);
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(stage_append(&shop->stage, w, 0, i), 0);
        struct bc_recording *r = get(shop, info.id);
        assert_ptr_equal(r, bc_recording_of(w));
        struct bc_recording_part p;
        assert_int_equal(bc_recording_parts(r, i, &p, 1), 1);
        struct bc_buf *buf = bc_recording_read(r, &p);
        assert_non_null(buf);
        bc_buf_unref(&buf);
        bc_recording_unref(&r);
    }
    assert_int_equal(bc_recording_finish(&w, true, STAGE_WALL_US), 0);
    bc_library_drop(shop->lib, info.id, false);
    struct bc_recording *r = bc_library_peek(shop->lib, BC_RECORDING_REPLAY, info.id);
    assert_non_null(r);
    bc_recording_unref(&r);
}

// Files that were repaired meanwhile are read anew.
static void
test_a_changed_one_is_opened_anew(void **state)
{
    struct shop *shop = *state;
    struct bc_recording *before = get(shop, shop->id);
    bc_library_drop(shop->lib, shop->id, false);
    assert_null(bc_library_peek(shop->lib, BC_RECORDING_REPLAY, shop->id));
    struct bc_recording *after = get(shop, shop->id);
    assert_non_null(after);
    assert_ptr_not_equal(before, after);
    bc_recording_unref(&before);
    bc_recording_unref(&after);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_many_requests_open_it_once),
        TEST(test_it_closes_after_a_minute_without_users),
        TEST(test_who_holds_a_file_is_a_user),
        TEST(test_what_there_is_not_is_told),
        TEST(test_a_deleted_one_is_found_no_more),
        TEST(test_a_changed_one_is_opened_anew),
        TEST(test_a_running_one_is_found_while_it_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
