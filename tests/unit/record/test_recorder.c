// SPDX-License-Identifier: Apache-2.0
// The recorder on a real channel, writing real files, with a disk that fails as told.
#include "record/recorder.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "../transmux/stage.h"
#include "base/clock.h"
#include "record/catalogue.h"
#include "record/library.h"
#include "record/writer.h"
#include "transmux/outputs.h"

#define HOST 1
#define GOP 25 // frames: a keyframe each second
#define DEADLINE_US 20000000
#define PARTS_MAX 600

// --- the disk ---

static pthread_mutex_t disk_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t disk_changed = PTHREAD_COND_INITIALIZER;
static bool disk_hangs; // under the lock, as the next
static int disk_error;
static unsigned tries;

int
__real_bc_recording_append(
    struct bc_recording_writer *w, const struct bc_recording_append *part);

int
__wrap_bc_recording_append(
    struct bc_recording_writer *w, const struct bc_recording_append *part);

int
__wrap_bc_recording_append(
    struct bc_recording_writer *w, const struct bc_recording_append *part)
{
    pthread_mutex_lock(&disk_lock);
    tries++;
    while (disk_hangs) {
        pthread_cond_wait(&disk_changed, &disk_lock);
    }
    int err = disk_error;
    pthread_mutex_unlock(&disk_lock);
    return err != 0 ? err : __real_bc_recording_append(w, part);
}

static void
set_disk(bool hangs, int err)
{
    pthread_mutex_lock(&disk_lock);
    disk_hangs = hangs;
    disk_error = err;
    tries = 0;
    pthread_cond_broadcast(&disk_changed);
    pthread_mutex_unlock(&disk_lock);
}

static unsigned
disk_tries(void)
{
    pthread_mutex_lock(&disk_lock);
    unsigned n = tries;
    pthread_mutex_unlock(&disk_lock);
    return n;
}

// --- the server around it ---

struct fixture {
    struct stage stage;
    char dir[64];
    struct bc_library *library;
    struct bc_catalogue *catalogue;
    struct bc_recorder *recorder;
    bool recorded; // the channel was made known to it
    struct bc_recorder_status status;
    struct bc_recording_part parts[PARTS_MAX];
    size_t count;
    struct bc_recording_info info;
};

static void
open_parts(struct fixture *f, const char *const *overrides)
{
    stage_open(&f->stage, overrides);
    bc_log_set_level(getenv("LOG") ? BC_LOG_DEBUG : BC_LOG_INVALID);
    f->library = bc_library_create(f->dir, NULL);
    f->catalogue = bc_catalogue_open(f->dir);
    struct bc_recorder_params params = { .library = f->library,
        .catalogue = f->catalogue, .hub = f->stage.hub };
    f->recorder = bc_recorder_create(&params);
    assert_non_null(f->recorder);
}

static void
close_parts(struct fixture *f)
{
    bc_recorder_shut(f->recorder);
    bc_catalogue_close(f->catalogue);
    if (f->recorded) {
        bc_recorder_close(f->recorder, f->stage.channel);
        f->recorded = false;
    }
    struct bc_recorder *r = f->recorder;
    stage_turn(&f->stage);
    stage_close(&f->stage);
    bc_recorder_destroy(r);
    bc_library_destroy(f->library);
}

static int
setup_mode(void **state, const char *mode)
{
    struct fixture *f = calloc(1, sizeof(*f));
    set_disk(false, 0);
    snprintf(f->dir, sizeof(f->dir), "/tmp/record-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    const char *overrides[] = { mode, "record.min_free_bytes=0", NULL };
    open_parts(f, overrides);
    *state = f;
    return 0;
}

static int
setup(void **state)
{
    return setup_mode(state, "record.mode=always");
}

// Once it knows that the last process left nothing open, which is when the disk's size is
// known.
static int
setup_request(void **state)
{
    setup_mode(state, "record.mode=request");
    const struct fixture *f = *state;
    struct bc_recorder_totals totals;
    do {
        sched_yield();
        bc_recorder_totals(f->recorder, &totals);
    } while (totals.disk_total_bytes == 0);
    return 0;
}

static int
setup_never(void **state)
{
    return setup_mode(state, "record.mode=never");
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    close_parts(f);
    char command[128];
    snprintf(command, sizeof(command), "rm -r '%s'", f->dir);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

static void
publish(struct fixture *f)
{
    stage_publish(&f->stage, HOST, "1.2.3.4");
    assert_true(f->stage.accepted);
    if (!f->recorded) {
        bc_recorder_open(f->recorder, f->stage.channel);
        f->recorded = true;
    }
}

static enum bc_recorder_state
look(struct fixture *f)
{
    stage_turn(&f->stage);
    assert_true(bc_recorder_status(f->recorder, "live/hq", &f->status));
    return f->status.state;
}

#define UNTIL(f, condition) \
    for (int64_t end_us = bc_clock_us() + DEADLINE_US; look(f), !(condition);) { \
        assert_true(bc_clock_us() < end_us); \
        sched_yield(); \
    }

static void
read_back(struct fixture *f, const char *id)
{
    char folder[256];
    snprintf(folder, sizeof(folder), "%s/recordings/%s", f->dir, id);
    struct bc_recording *r = bc_recording_open(folder);
    assert_non_null(r);
    bc_recording_info(r, &f->info);
    f->count = bc_recording_parts(r, 0, f->parts, PARTS_MAX);
    bc_recording_unref(&r);
}

// The recording of a whole broadcast of so long, and that it follows on without holes.
static void
check_whole(const struct fixture *f, int64_t ms)
{
    assert_string_equal(f->info.channel, "live/hq");
    assert_in_range(f->info.duration_us, (ms - 100) * 1000, (ms + 100) * 1000);
    for (size_t i = 1; i < f->count; i++) {
        int64_t end_us = f->parts[i - 1].start_us + f->parts[i - 1].duration_us;
        assert_in_range(f->parts[i].start_us - end_us + 30000, 0, 60000);
    }
}

static unsigned
discontinuities(const struct fixture *f)
{
    unsigned n = 0;
    for (size_t i = 0; i < f->count; i++) {
        n += f->parts[i].discontinuity;
    }
    return n;
}

// --- tests ---

static void
test_broadcast_is_one_recording_whatever_the_host_does(void **state)
{
    struct fixture *f = *state;
    publish(f);
    assert_int_equal(look(f), BC_RECORDER_WAITING);
    stage_run(&f->stage, 0, 5000, GOP);
    UNTIL(f, f->status.state == BC_RECORDER_RUNNING && f->status.parts > 20);
    char id[BC_RECORDING_ID_MAX + 1];
    memcpy(id, f->status.id, sizeof(id));
    struct bc_recording *now = bc_recorder_current(f->recorder, "live/hq");
    assert_non_null(now);
    stage_unpublish(&f->stage, false);
    assert_int_equal(look(f), BC_RECORDER_RUNNING);
    stage_set_video(&f->stage, 40); // comes back with another format
    publish(f);
    stage_run(&f->stage, 0, 5000, GOP);
    stage_unpublish(&f->stage, true);
    UNTIL(f, f->status.state == BC_RECORDER_WAITING);
    assert_string_equal(f->status.id, "");
    bc_recording_info(now, &f->info); // who has it sees its end
    assert_true(f->info.ended_wall_us > 0);
    bc_recording_unref(&now);
    assert_null(bc_recorder_current(f->recorder, "live/hq"));
    read_back(f, id);
    check_whole(f, 10000);
    assert_int_equal(f->info.formats, 2);
    assert_int_equal(discontinuities(f), 1);
    assert_int_equal(f->status.lost_parts, 0);
    // The next broadcast is another one.
    publish(f);
    stage_run(&f->stage, 0, 3000, GOP);
    UNTIL(f, f->status.state == BC_RECORDER_RUNNING);
    assert_string_not_equal(f->status.id, id);
}

static void
test_catalogue_knows_of_it(void **state)
{
    struct fixture *f = *state;
    publish(f);
    stage_run(&f->stage, 0, 3000, GOP);
    UNTIL(f, f->status.parts > 10);
    struct bc_catalogue_query q = { .filter = { .kind = BC_RECORDING_REPLAY,
                                        .limit = 10 } };
    bc_catalogue_ask_now(f->catalogue, &q);
    assert_int_equal(q.count, 1);
    assert_int_equal(q.entries[0].state, BC_CATALOGUE_RUNNING);
    assert_string_equal(q.entries[0].info.id, f->status.id);
    free(q.entries);
    stage_unpublish(&f->stage, true);
    UNTIL(f, f->status.id[0] == '\0');
    bc_catalogue_ask_now(f->catalogue, &q);
    assert_int_equal(q.count, 1);
    assert_int_equal(q.entries[0].state, BC_CATALOGUE_READY);
    assert_in_range(q.entries[0].info.duration_us, 2900000, 3100000);
    free(q.entries);
}

// The home worker never waits: all of this takes no time.
static void
test_disk_that_hangs_costs_whole_segments_and_no_more(void **state)
{
    struct fixture *f = *state;
    publish(f);
    stage_run(&f->stage, 0, 3000, GOP);
    UNTIL(f, f->status.parts > 10);
    set_disk(true, 0);
    stage_run(&f->stage, 3000, 18000, GOP);
    assert_int_equal(look(f), BC_RECORDER_TROUBLE);
    assert_non_null(strstr(f->status.trouble, "does not keep up"));
    assert_true(f->status.trouble_since_wall_us > 0);
    assert_in_range(f->status.queued_us, 9000000, 10000000);
    assert_true(f->status.lost_parts > 10);
    struct bc_recorder_totals totals;
    bc_recorder_totals(f->recorder, &totals);
    assert_int_equal(totals.troubled, 1);
    assert_int_equal(totals.running, 0);
    assert_int_equal(totals.lost_parts, f->status.lost_parts);
    set_disk(false, 0);
    UNTIL(f, f->status.queued_us == 0);
    stage_run(&f->stage, 18000, 24000, GOP);
    UNTIL(f, f->status.state == BC_RECORDER_RUNNING);
    char id[BC_RECORDING_ID_MAX + 1];
    memcpy(id, f->status.id, sizeof(id));
    stage_unpublish(&f->stage, true);
    UNTIL(f, f->status.id[0] == '\0');
    read_back(f, id);
    assert_int_equal(discontinuities(f), 1);
    assert_int_equal(f->info.gaps, 1);
    for (size_t i = 0; i < f->count; i++) {
        if (f->parts[i].discontinuity) {
            assert_true(f->parts[i].segment && f->parts[i].independent);
        }
    }
}

// Trouble that is over within the queue's ten seconds costs nothing.
static void
short_trouble(struct fixture *f, int err, const char *says)
{
    publish(f);
    stage_run(&f->stage, 0, 3000, GOP);
    UNTIL(f, f->status.parts > 10);
    char id[BC_RECORDING_ID_MAX + 1];
    memcpy(id, f->status.id, sizeof(id));
    set_disk(false, err);
    stage_run(&f->stage, 3000, 6000, GOP);
    UNTIL(f, f->status.state == BC_RECORDER_TROUBLE);
    assert_non_null(strstr(f->status.trouble, says));
    UNTIL(f, disk_tries() >= 2); // it tries again by itself
    set_disk(false, 0);
    UNTIL(f, f->status.state == BC_RECORDER_RUNNING);
    stage_run(&f->stage, 6000, 8000, GOP);
    stage_unpublish(&f->stage, true);
    UNTIL(f, f->status.id[0] == '\0');
    assert_int_equal(f->status.lost_parts, 0);
    read_back(f, id);
    check_whole(f, 8000);
}

static void
test_full_disk_is_told_and_tried_again(void **state)
{
    short_trouble(*state, -ENOSPC, "full");
    assert_int_equal(discontinuities(*state), 0);
}

// Open files may be of no use any more, so the recording is opened anew.
static void
test_disk_with_errors_is_told_and_tried_again(void **state)
{
    short_trouble(*state, -EIO, "error");
    assert_int_equal(discontinuities(*state), 1);
}

static void
test_disk_that_can_only_be_read(void **state)
{
    short_trouble(*state, -EROFS, "only be read");
}

static void
test_end_in_trouble_is_no_trouble_for_the_next(void **state)
{
    struct fixture *f = *state;
    publish(f);
    stage_run(&f->stage, 0, 3000, GOP);
    UNTIL(f, f->status.parts > 10);
    char id[BC_RECORDING_ID_MAX + 1];
    memcpy(id, f->status.id, sizeof(id));
    set_disk(false, -EIO);
    stage_run(&f->stage, 3000, 5000, GOP);
    UNTIL(f, f->status.state == BC_RECORDER_TROUBLE);
    stage_unpublish(&f->stage, true);
    UNTIL(f, f->status.state == BC_RECORDER_WAITING); // gives up after ten seconds
    assert_true(f->status.lost_parts > 5);
    set_disk(false, 0);
    publish(f);
    stage_run(&f->stage, 0, 3000, GOP);
    UNTIL(f, f->status.state == BC_RECORDER_RUNNING);
    assert_string_not_equal(f->status.id, id);
    // The first one was ended all the same.
    do {
        read_back(f, id);
        look(f);
    } while (f->info.ended_wall_us == 0);
}

static void
test_folder_that_is_gone_is_made_anew(void **state)
{
    struct fixture *f = *state;
    publish(f);
    stage_run(&f->stage, 0, 3000, GOP);
    UNTIL(f, f->status.parts > 10);
    char id[BC_RECORDING_ID_MAX + 1];
    memcpy(id, f->status.id, sizeof(id));
    char command[200];
    snprintf(command, sizeof(command), "rm -r '%s/recordings'", f->dir);
    assert_int_equal(system(command), 0);
    UNTIL(f, f->status.state == BC_RECORDER_TROUBLE);
    assert_non_null(strstr(f->status.trouble, "gone"));
    stage_run(&f->stage, 3000, 6000, GOP);
    UNTIL(f, f->status.state == BC_RECORDER_RUNNING && f->status.parts > 10);
    assert_string_not_equal(f->status.id, id);
    memcpy(id, f->status.id, sizeof(id));
    stage_unpublish(&f->stage, true);
    UNTIL(f, f->status.id[0] == '\0');
    read_back(f, id);
    check_whole(f, 3000);
}

static void
test_operator_starts_and_stops(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(bc_recorder_start(f->recorder, "live/hq"), -ENOENT);
    publish(f);
    stage_run(&f->stage, 0, 3000, GOP);
    assert_int_equal(look(f), BC_RECORDER_OFF);
    assert_int_equal(bc_recorder_stop(f->recorder, "live/hq"), -EALREADY);
    assert_int_equal(bc_recorder_start(f->recorder, "live/hq"), 0);
    assert_int_equal(bc_recorder_start(f->recorder, "live/hq"), -EALREADY);
    stage_run(&f->stage, 3000, 7000, GOP);
    UNTIL(f, f->status.state == BC_RECORDER_RUNNING);
    char id[BC_RECORDING_ID_MAX + 1];
    memcpy(id, f->status.id, sizeof(id));
    assert_int_equal(bc_recorder_stop(f->recorder, "live/hq"), 0);
    UNTIL(f, f->status.state == BC_RECORDER_OFF);
    stage_run(&f->stage, 7000, 9000, GOP);
    read_back(f, id);
    assert_true(f->info.ended_wall_us > 0);
    // From the segment that was running when it was asked for.
    check_whole(f, 5000);
    assert_true(f->parts[0].segment && f->parts[0].independent);
    // What is asked for is one broadcast.
    assert_int_equal(bc_recorder_start(f->recorder, "live/hq"), 0);
    stage_run(&f->stage, 9000, 11000, GOP);
    UNTIL(f, f->status.state == BC_RECORDER_RUNNING);
    stage_unpublish(&f->stage, true);
    UNTIL(f, f->status.state == BC_RECORDER_OFF);
    publish(f);
    stage_run(&f->stage, 0, 3000, GOP);
    assert_int_equal(look(f), BC_RECORDER_OFF);
}

static void
test_operator_stops_one_broadcast_of_many(void **state)
{
    struct fixture *f = *state;
    publish(f);
    stage_run(&f->stage, 0, 3000, GOP);
    UNTIL(f, f->status.state == BC_RECORDER_RUNNING);
    assert_int_equal(bc_recorder_stop(f->recorder, "live/hq"), 0);
    UNTIL(f, f->status.state == BC_RECORDER_OFF);
    stage_run(&f->stage, 3000, 5000, GOP);
    assert_int_equal(look(f), BC_RECORDER_OFF);
    stage_unpublish(&f->stage, true);
    UNTIL(f, f->status.state == BC_RECORDER_WAITING);
    publish(f);
    stage_run(&f->stage, 0, 3000, GOP);
    UNTIL(f, f->status.state == BC_RECORDER_RUNNING);
}

static void
test_never_means_never(void **state)
{
    struct fixture *f = *state;
    publish(f);
    stage_run(&f->stage, 0, 3000, GOP);
    assert_int_equal(bc_recorder_start(f->recorder, "live/hq"), -EPERM);
    assert_int_equal(bc_recorder_stop(f->recorder, "live/hq"), -EPERM);
    assert_int_equal(look(f), BC_RECORDER_OFF);
}

static void
test_next_process_goes_on_in_it(void **state)
{
    struct fixture *f = *state;
    publish(f);
    stage_run(&f->stage, 0, 5000, GOP);
    UNTIL(f, f->status.parts > 20);
    char id[BC_RECORDING_ID_MAX + 1];
    memcpy(id, f->status.id, sizeof(id));
    const char *overrides[] = { "record.mode=request", "record.min_free_bytes=0", NULL };
    close_parts(f);
    read_back(f, id);
    assert_int_equal(f->info.ended_wall_us, 0);
    open_parts(f, overrides);
    publish(f); // asked for or not: it is the same broadcast
    stage_run(&f->stage, 0, 5000, GOP);
    UNTIL(f, f->status.state == BC_RECORDER_RUNNING && f->status.parts > 40);
    assert_string_equal(f->status.id, id);
    stage_unpublish(&f->stage, true);
    UNTIL(f, f->status.id[0] == '\0');
    read_back(f, id);
    check_whole(f, 10000);
    assert_int_equal(discontinuities(f), 1);
}

static void
test_host_that_does_not_come_back_has_ended(void **state)
{
    struct fixture *f = *state;
    publish(f);
    stage_run(&f->stage, 0, 5000, GOP);
    UNTIL(f, f->status.parts > 20);
    char id[BC_RECORDING_ID_MAX + 1];
    memcpy(id, f->status.id, sizeof(id));
    const char *overrides[] = { "record.resume_s=0", "record.min_free_bytes=0", NULL };
    close_parts(f);
    open_parts(f, overrides);
    struct bc_catalogue_query q;
    int64_t end_us = bc_clock_us() + DEADLINE_US;
    enum bc_catalogue_state now;
    do {
        q = (struct bc_catalogue_query){ .filter = { .limit = 1 } };
        bc_catalogue_ask_now(f->catalogue, &q);
        now = q.count == 1 ? q.entries[0].state : BC_CATALOGUE_RUNNING;
        free(q.entries);
        assert_true(bc_clock_us() < end_us);
    } while (now != BC_CATALOGUE_READY);
    read_back(f, id);
    assert_true(f->info.ended_wall_us > 0);
    check_whole(f, 5000);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_broadcast_is_one_recording_whatever_the_host_does),
        TEST(test_catalogue_knows_of_it),
        TEST(test_disk_that_hangs_costs_whole_segments_and_no_more),
        TEST(test_full_disk_is_told_and_tried_again),
        TEST(test_disk_with_errors_is_told_and_tried_again),
        TEST(test_disk_that_can_only_be_read),
        TEST(test_end_in_trouble_is_no_trouble_for_the_next),
        TEST(test_folder_that_is_gone_is_made_anew),
        cmocka_unit_test_setup_teardown(
            test_operator_starts_and_stops, setup_request, teardown),
        TEST(test_operator_stops_one_broadcast_of_many),
        cmocka_unit_test_setup_teardown(test_never_means_never, setup_never, teardown),
        TEST(test_next_process_goes_on_in_it),
        TEST(test_host_that_does_not_come_back_has_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
