// SPDX-License-Identifier: Apache-2.0
// Which recordings go, when their files go, and what a crash in between leaves.
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "data_dir.h"
#include "fake_library.h"
#include "record/catalogue.h"
#include "record/removal.h"
#include "record/retention.h"
#include "record/retention_impl.h"
#include "record/retention_plan.h"

#define DAY_US (86400 * INT64_C(1000000))
#define GB UINT64_C(1000000000)

// --- the plan ---

static struct bc_retention_item
item(int number, int64_t ended_wall_us, uint64_t bytes)
{
    struct bc_retention_item it = { .ended_wall_us = ended_wall_us, .bytes = bytes };
    snprintf(it.id, sizeof(it.id), "r%d", number);
    return it;
}

static enum bc_retention_why
why(const struct bc_retention_item *items, size_t count, const char *id)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(items[i].id, id) == 0) {
            return items[i].why;
        }
    }
    fail();
    return BC_RETENTION_KEEP;
}

static const struct bc_retention_disk ROOMY = { 900 * GB, 1000 * GB, 0 };

static void
test_nothing_goes_without_a_reason(void **state)
{
    (void)state;
    struct bc_retention_item items[] = { item(1, 1, 5 * GB), item(2, 2, 5 * GB) };
    struct bc_retention_limits limits = { 0, 0, 2 * GB };
    bc_retention_plan(items, 2, &limits, &ROOMY, 1000 * DAY_US);
    assert_int_equal(items[0].why, BC_RETENTION_KEEP);
    assert_int_equal(items[1].why, BC_RETENTION_KEEP);
    bc_retention_plan(NULL, 0, &limits, &ROOMY, 1000 * DAY_US);
}

static void
test_the_old_go_to_the_day(void **state)
{
    (void)state;
    struct bc_retention_item items[] = { item(1, 10 * DAY_US, 1), item(2, 0, 1),
        item(3, 10 * DAY_US - 1, 1), item(4, 1, 1) };
    items[3].used = true;
    struct bc_retention_limits limits = { .max_age_us = 7 * DAY_US };
    bc_retention_plan(items, 4, &limits, &ROOMY, 17 * DAY_US);
    assert_int_equal(why(items, 4, "r1"), BC_RETENTION_KEEP); // seven days exactly
    assert_int_equal(why(items, 4, "r2"), BC_RETENTION_KEEP); // runs
    assert_int_equal(why(items, 4, "r3"), BC_RETENTION_AGE);
    assert_int_equal(why(items, 4, "r4"), BC_RETENTION_KEEP); // is read
}

static void
test_the_oldest_go_until_the_rest_fits(void **state)
{
    (void)state;
    struct bc_retention_item items[] = { item(4, 400, 3 * GB), item(3, 300, 3 * GB),
        item(1, 100, 3 * GB), item(2, 200, 3 * GB), item(5, 0, 3 * GB) };
    struct bc_retention_limits limits = { .max_bytes = 9 * GB };
    bc_retention_plan(items, 5, &limits, &ROOMY, 1000);
    assert_int_equal(why(items, 5, "r1"), BC_RETENTION_SIZE);
    assert_int_equal(why(items, 5, "r2"), BC_RETENTION_SIZE);
    assert_int_equal(why(items, 5, "r3"), BC_RETENTION_KEEP);
    // The oldest is read: the next ones go instead.
    for (size_t i = 0; i < 5; i++) {
        items[i].used = strcmp(items[i].id, "r1") == 0;
    }
    bc_retention_plan(items, 5, &limits, &ROOMY, 1000);
    assert_int_equal(why(items, 5, "r1"), BC_RETENTION_KEEP);
    assert_int_equal(why(items, 5, "r2"), BC_RETENTION_SIZE);
    assert_int_equal(why(items, 5, "r3"), BC_RETENTION_SIZE);
    assert_int_equal(why(items, 5, "r4"), BC_RETENTION_KEEP);
    // Exactly as much as may be.
    limits.max_bytes = 15 * GB;
    bc_retention_plan(items, 5, &limits, &ROOMY, 1000);
    assert_int_equal(why(items, 5, "r2"), BC_RETENTION_KEEP);
}

static void
test_what_is_too_old_counts_for_the_size(void **state)
{
    (void)state;
    struct bc_retention_item items[] = { item(1, 1, 5 * GB), item(2, 9 * DAY_US, 5 * GB) };
    struct bc_retention_limits limits = { DAY_US, 5 * GB, 0 };
    bc_retention_plan(items, 2, &limits, &ROOMY, 9 * DAY_US);
    assert_int_equal(items[0].why, BC_RETENTION_AGE);
    assert_int_equal(items[1].why, BC_RETENTION_KEEP);
}

static void
test_without_a_size_nine_tenths_of_the_disk(void **state)
{
    (void)state;
    struct bc_retention_item items[] = { item(1, 1, 50 * GB), item(2, 2, 50 * GB) };
    struct bc_retention_limits limits = { 0, 0, 0 };
    struct bc_retention_disk disk = { 10 * GB, 111 * GB, 0 };
    bc_retention_plan(items, 2, &limits, &disk, 10);
    assert_int_equal(items[0].why, BC_RETENTION_SIZE);
    assert_int_equal(items[1].why, BC_RETENTION_KEEP);
    disk.total_bytes = 112 * GB;
    bc_retention_plan(items, 2, &limits, &disk, 10);
    assert_int_equal(items[0].why, BC_RETENTION_KEEP);
}

static void
test_a_short_disk_lets_the_oldest_go(void **state)
{
    (void)state;
    struct bc_retention_item items[] = { item(1, 1, GB), item(2, 2, GB), item(3, 3, GB) };
    struct bc_retention_limits limits = { 0, 0, 4 * GB };
    struct bc_retention_disk disk = { 4 * GB + GB / 2, 100 * GB, 0 };
    bc_retention_plan(items, 3, &limits, &disk, 10);
    assert_false(bc_retention_is_short(&limits, &disk));
    assert_int_equal(items[0].why, BC_RETENTION_KEEP);
    disk.free_bytes--;
    assert_true(bc_retention_is_short(&limits, &disk));
    bc_retention_plan(items, 3, &limits, &disk, 10);
    assert_int_equal(items[0].why, BC_RETENTION_DISK);
    assert_int_equal(items[1].why, BC_RETENTION_KEEP);
    // What is going already counts as free.
    disk.going_bytes = GB;
    bc_retention_plan(items, 3, &limits, &disk, 10);
    assert_int_equal(items[0].why, BC_RETENTION_KEEP);
    disk = (struct bc_retention_disk){ 0, 100 * GB, 0 };
    bc_retention_plan(items, 3, &limits, &disk, 10);
    assert_int_equal(items[2].why, BC_RETENTION_DISK);
    // A disk that cannot be asked is no reason.
    disk.total_bytes = 0;
    bc_retention_plan(items, 3, &limits, &disk, 10);
    assert_int_equal(items[0].why, BC_RETENTION_KEEP);
}

// --- with folders; the clock and the disk are ours ---

static int64_t fake_wall_us;
static uint64_t fake_free_bytes;

static int64_t
tell_wall(void)
{
    return fake_wall_us;
}

static int
tell_disk(const char *folder, uint64_t *free_bytes, uint64_t *total_bytes)
{
    assert_int_equal(access(folder, F_OK), 0);
    *free_bytes = fake_free_bytes;
    *total_bytes = 1000 * GB;
    return 0;
}

static const struct bc_retention_env ENV = { tell_wall, tell_disk };

struct stage {
    void *dir;
    struct bc_library library;
    struct bc_catalogue *catalogue;
    struct bc_retention *retention;
};

static void
open_stage(struct stage *s)
{
    s->catalogue = bc_catalogue_open(s->dir);
    struct bc_retention_params params = { .data_dir = s->dir, .library = &s->library,
        .catalogue = s->catalogue, .env = &ENV };
    s->retention = bc_retention_make(&params);
    assert_non_null(s->retention);
}

static void
close_stage(struct stage *s)
{
    bc_retention_destroy(s->retention);
    bc_catalogue_close(s->catalogue);
}

static int
setup(void **state)
{
    struct stage *s = calloc(1, sizeof(*s));
    data_dir_setup(&s->dir);
    fake_wall_us = 2 * DAY_US;
    fake_free_bytes = 500 * GB;
    open_stage(s);
    *state = s;
    return 0;
}

static int
teardown(void **state)
{
    struct stage *s = *state;
    close_stage(s);
    data_dir_teardown(&s->dir);
    free(s);
    return 0;
}

static void
add(struct stage *s, enum bc_recording_kind kind, const char *id, int64_t ended_wall_us,
    uint64_t bytes)
{
    struct bc_catalogue_entry e = { .state = ended_wall_us > 0 ? BC_CATALOGUE_READY
                                                               : BC_CATALOGUE_RUNNING };
    e.info.kind = kind;
    e.info.ended_wall_us = ended_wall_us;
    e.info.bytes = bytes;
    snprintf(e.info.id, sizeof(e.info.id), "%s", id);
    data_dir_add(s->dir, kind, id, ended_wall_us > 0);
    bc_catalogue_put(s->catalogue, &e);
}

static bool
is_listed(struct stage *s, enum bc_recording_kind kind, const char *id)
{
    struct bc_catalogue_query q = { .filter = { .kind = kind, .limit = 1 } };
    snprintf(q.filter.id, sizeof(q.filter.id), "%s", id);
    bc_catalogue_ask_now(s->catalogue, &q);
    free(q.entries);
    return q.count > 0;
}

static bool
has_folder(struct stage *s, const char *root, const char *id)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s/%s", (char *)s->dir, root, id);
    return access(path, F_OK) == 0;
}

static void
test_a_replay_goes_with_its_folder(void **state)
{
    struct stage *s = *state;
    add(s, BC_RECORDING_REPLAY, "a", 1, 5);
    add(s, BC_RECORDING_REPLAY, "b", 2 * DAY_US, 5);
    add(s, BC_RECORDING_REPLAY, "c", 0, 5);
    add(s, BC_RECORDING_CLIP, "d", 1, 5);
    s->retention->limits.max_age_us = DAY_US;
    bc_retention_choose(s->retention);
    assert_false(is_listed(s, BC_RECORDING_REPLAY, "a"));
    assert_int_equal(s->library.drops, 1);
    assert_string_equal(s->library.dropped[0], "a");
    bc_retention_sweep(s->retention);
    assert_false(has_folder(s, "recordings", "a"));
    assert_false(has_folder(s, "recordings", ".deleted-a"));
    assert_true(is_listed(s, BC_RECORDING_REPLAY, "b"));
    assert_true(has_folder(s, "recordings", "b"));
    assert_true(has_folder(s, "recordings", "c"));
    // However old: clips are somebody's choice.
    assert_true(is_listed(s, BC_RECORDING_CLIP, "d"));
    assert_true(has_folder(s, "clips", "d"));
}

static void
test_what_is_read_is_not_chosen(void **state)
{
    struct stage *s = *state;
    add(s, BC_RECORDING_REPLAY, "a", 1, 5 * GB);
    add(s, BC_RECORDING_REPLAY, "b", 2, 5 * GB);
    s->retention->limits.max_bytes = 5 * GB;
    strcpy(s->library.used, "a");
    bc_retention_choose(s->retention);
    bc_retention_sweep(s->retention);
    assert_true(has_folder(s, "recordings", "a"));
    assert_false(has_folder(s, "recordings", "b"));
}

static void
test_files_go_after_the_last_reader(void **state)
{
    struct stage *s = *state;
    add(s, BC_RECORDING_REPLAY, "a", 1, 5);
    strcpy(s->library.used, "a");
    assert_int_equal(bc_retention_condemn(s->retention, BC_RECORDING_REPLAY, "a"), 0);
    assert_false(is_listed(s, BC_RECORDING_REPLAY, "a"));
    for (int i = 0; i < 3; i++) {
        bc_retention_sweep(s->retention);
        assert_true(has_folder(s, "recordings", "a"));
    }
    s->library.used[0] = '\0';
    bc_retention_sweep(s->retention);
    assert_false(has_folder(s, "recordings", "a"));
}

static void
test_wishes_are_judged(void **state)
{
    struct stage *s = *state;
    struct bc_retention *r = s->retention;
    add(s, BC_RECORDING_REPLAY, "a", 0, 5);
    add(s, BC_RECORDING_CLIP, "b", 1, 5);
    assert_int_equal(bc_retention_condemn(r, BC_RECORDING_REPLAY, "a"), -EBUSY);
    assert_int_equal(bc_retention_condemn(r, BC_RECORDING_REPLAY, "b"), -ENOENT);
    assert_int_equal(bc_retention_condemn(r, BC_RECORDING_REPLAY, "x"), -ENOENT);
    assert_int_equal(bc_retention_condemn(r, BC_RECORDING_CLIP, "b"), 0);
    assert_int_equal(bc_retention_condemn(r, BC_RECORDING_CLIP, "b"), -ENOENT);
    bc_retention_sweep(r);
    assert_true(has_folder(s, "recordings", "a"));
    assert_false(has_folder(s, "clips", "b"));
}

// A stop at any of the steps: it is not seen again, and goes at the next start.
static void
test_a_crash_leaves_nothing_to_be_seen(void **state)
{
    struct stage *s = *state;
    add(s, BC_RECORDING_REPLAY, "a", 1, 5);
    add(s, BC_RECORDING_REPLAY, "b", 1, 5);
    strcpy(s->library.used, "a");
    assert_int_equal(bc_retention_condemn(s->retention, BC_RECORDING_REPLAY, "a"), 0);
    close_stage(s); // "a" is marked only
    char path[512];
    char hidden[512];
    snprintf(path, sizeof(path), "%s/recordings/b", (char *)s->dir);
    snprintf(hidden, sizeof(hidden), "%s/recordings/.deleted-b", (char *)s->dir);
    assert_int_equal(rename(path, hidden), 0); // "b" went half way
    size_t replays;
    size_t clips;
    assert_int_equal(bc_catalogue_rebuild(s->dir, &replays, &clips), 0);
    assert_int_equal(replays, 0);
    open_stage(s);
    bc_retention_delete_leftovers(s->retention);
    assert_false(has_folder(s, "recordings", "a"));
    assert_false(has_folder(s, "recordings", ".deleted-b"));
}

static void
test_links_are_not_followed(void **state)
{
    struct stage *s = *state;
    char outside[512];
    char path[600];
    snprintf(outside, sizeof(outside), "%s/precious", (char *)s->dir);
    assert_int_equal(mkdir(outside, 0700), 0);
    snprintf(path, sizeof(path), "%s/file", outside);
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    add(s, BC_RECORDING_REPLAY, "a", 1, 5);
    snprintf(path, sizeof(path), "%s/recordings/a/link", (char *)s->dir);
    assert_int_equal(symlink(outside, path), 0);
    assert_int_equal(bc_retention_condemn(s->retention, BC_RECORDING_REPLAY, "a"), 0);
    bc_retention_sweep(s->retention);
    assert_false(has_folder(s, "recordings", "a"));
    assert_true(has_folder(s, "precious", "file"));
}

static void
test_a_short_disk_is_noticed(void **state)
{
    struct stage *s = *state;
    add(s, BC_RECORDING_REPLAY, "a", 1, 5 * GB);
    add(s, BC_RECORDING_REPLAY, "b", 2, 5 * GB);
    s->retention->limits.min_free_bytes = 10 * GB;
    assert_false(bc_retention_disk_is_short(s->retention));
    fake_free_bytes = 9 * GB;
    assert_true(bc_retention_disk_is_short(s->retention));
    bc_retention_choose(s->retention);
    strcpy(s->library.used, "a"); // too late: it waits for its reader
    bc_retention_sweep(s->retention);
    assert_false(bc_retention_disk_is_short(s->retention)); // it is going
    bc_retention_choose(s->retention);
    assert_true(is_listed(s, BC_RECORDING_REPLAY, "b"));
}

static void
keep_result(struct bc_retention_request *request)
{
    request->worker = NULL; // seen
}

static void
test_the_thread_does_as_it_is_told(void **state)
{
    struct stage *s = *state;
    struct bc_worker *worker = bc_worker_create(0);
    add(s, BC_RECORDING_REPLAY, "a", 1, 5);
    add(s, BC_RECORDING_REPLAY, "b", 1, 5);
    struct bc_retention_params params = { .data_dir = s->dir, .library = &s->library,
        .catalogue = s->catalogue, .env = &ENV };
    struct bc_retention *r = bc_retention_create(&params);
    struct bc_retention_request q = { .kind = BC_RECORDING_REPLAY, .id = "a",
        .worker = worker, .done = keep_result, .result = 1 };
    bc_retention_delete(r, &q);
    while (!bc_worker_run_leftovers(worker)) {
        usleep(1000);
    }
    assert_null(q.worker);
    assert_int_equal(q.result, 0);
    bc_retention_set_limits(r, &(struct bc_retention_limits){ .max_age_us = 1 });
    while (has_folder(s, "recordings", "b")) {
        usleep(1000);
    }
    bc_retention_destroy(r);
    bc_worker_destroy(worker);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_goes_without_a_reason),
        cmocka_unit_test(test_the_old_go_to_the_day),
        cmocka_unit_test(test_the_oldest_go_until_the_rest_fits),
        cmocka_unit_test(test_what_is_too_old_counts_for_the_size),
        cmocka_unit_test(test_without_a_size_nine_tenths_of_the_disk),
        cmocka_unit_test(test_a_short_disk_lets_the_oldest_go),
        STAGED(test_a_replay_goes_with_its_folder),
        STAGED(test_what_is_read_is_not_chosen),
        STAGED(test_files_go_after_the_last_reader),
        STAGED(test_wishes_are_judged),
        STAGED(test_a_crash_leaves_nothing_to_be_seen),
        STAGED(test_links_are_not_followed),
        STAGED(test_a_short_disk_is_noticed),
        STAGED(test_the_thread_does_as_it_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
