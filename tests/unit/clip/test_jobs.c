// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "clip/clip.h"
#include "clip_source.h"
#include "picture/picture.h"
#include "record/library.h"
#include "replay/mp4.h"

#define WAIT_US 20000000
#define QUEUE 5

// The MP4 of a job is a gate that the test opens, so that it knows what runs.
static pthread_mutex_t gate_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gate_moved = PTHREAD_COND_INITIALIZER;
static bool gate_open;
static unsigned at_gate;

int
bc_replay_export(const struct bc_replay_export_params *params)
{
    pthread_mutex_lock(&gate_lock);
    at_gate++;
    pthread_cond_broadcast(&gate_moved);
    while (!gate_open && !(params->cancel && atomic_load(params->cancel))) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 5000000; // a cancellation tells nobody
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&gate_moved, &gate_lock, &until);
    }
    at_gate--;
    pthread_mutex_unlock(&gate_lock);
    return params->cancel && atomic_load(params->cancel) ? -ECANCELED : 0;
}

int
bc_pictures_poster(const struct bc_recording *r)
{
    (void)r;
    return 0;
}

struct scene {
    char root[SOURCE_PATH];
    struct bc_library *library;
    struct bc_recording *source;
    struct bc_clips *clips;
    char id[BC_RECORDING_ID_MAX + 1];
};

static void
set_gate(bool open)
{
    pthread_mutex_lock(&gate_lock);
    gate_open = open;
    pthread_cond_broadcast(&gate_moved);
    pthread_mutex_unlock(&gate_lock);
}

static void
wait_for_gate(unsigned count)
{
    pthread_mutex_lock(&gate_lock);
    while (at_gate < count) {
        pthread_cond_wait(&gate_moved, &gate_lock);
    }
    pthread_mutex_unlock(&gate_lock);
}

static void
scene_init(struct scene *s, unsigned threads)
{
    char recordings[SOURCE_PATH + 16];
    memset(s, 0, sizeof(*s));
    set_gate(false);
    source_root(s->root);
    snprintf(recordings, sizeof(recordings), "%s/recordings", s->root);
    s->source = source_make(recordings, &(struct source_params){ .frames = 60, .gop = 20 });
    s->library = bc_library_create(s->root, NULL);
    assert_non_null(s->library);
    struct bc_clips_params params
        = { .library = s->library, .threads = threads, .queue = QUEUE };
    s->clips = bc_clips_create(&params);
    assert_non_null(s->clips);
}

static void
scene_finish(struct scene *s)
{
    bc_clips_destroy(s->clips);
    bc_recording_unref(&s->source);
    bc_library_destroy(s->library);
    source_root_remove(s->root);
}

// From a keyframe on nothing is encoded: libavcodec's own threads are not seen by the
// sanitizer for threads.
static int
start(struct scene *s, int64_t from_us, int64_t to_us)
{
    struct bc_clip_request request = { .source = s->source, .from_us = from_us,
        .to_us = to_us, .frame_exact = true, .title = "goal" };
    return bc_clips_start(s->clips, &request, s->id);
}

static struct bc_clip_job
wait_for(struct scene *s, const char *id, enum bc_clip_job_state state)
{
    struct bc_clip_job job;
    int64_t until_us = bc_clock_us() + WAIT_US;
    do {
        bc_clips_job(s->clips, id, &job);
        assert_true(bc_clock_us() < until_us);
        sched_yield();
    } while (job.state != state);
    return job;
}

static bool
exists(const struct scene *s, const char *id)
{
    assert_true(bc_recording_id_is_valid(id));
    char path[SOURCE_PATH * 2];
    snprintf(path, sizeof(path), "%s/clips/%.*s/recording.json", s->root,
        BC_RECORDING_ID_MAX, id);
    return access(path, F_OK) == 0;
}

static void
test_clip_is_made(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, 1);
    assert_int_equal(start(&s, 0, 1200000), 0);
    assert_true(bc_recording_id_is_valid(s.id));
    wait_for_gate(1);
    struct bc_clip_job job;
    bc_clips_job(s.clips, s.id, &job);
    assert_int_equal(job.state, BC_CLIP_JOB_RUNNING);
    assert_int_equal(job.progress, 50);
    assert_false(exists(&s, s.id)); // it shows up whole
    set_gate(true);
    job = wait_for(&s, s.id, BC_CLIP_JOB_DONE);
    assert_int_equal(job.progress, 100);
    assert_true(exists(&s, s.id));
    struct bc_clips_totals totals;
    bc_clips_totals(s.clips, &totals);
    assert_int_equal(totals.made, 1);
    bc_clips_job(s.clips, "unknown", &job);
    assert_int_equal(job.state, BC_CLIP_JOB_NONE);
    scene_finish(&s);
}

static void
test_ranges_are_checked(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, 1);
    assert_int_equal(start(&s, 1000000, 1000000), -EINVAL);
    assert_int_equal(start(&s, 1000000, 500000), -EINVAL);
    assert_int_equal(start(&s, -1, 500000), -ERANGE);
    assert_int_equal(start(&s, 2400000, 2500000), -ERANGE);
    assert_int_equal(start(&s, 0, 60000000), -ERANGE);
    assert_int_equal(start(&s, INT64_MIN, INT64_MAX), -ERANGE);
    set_gate(true);
    scene_finish(&s);
}

// What is too much is refused at once, and all that was taken is made.
static void
test_queue_is_bounded(void **state)
{
    (void)state;
    struct scene s;
    char ids[QUEUE + 1][BC_RECORDING_ID_MAX + 1];
    scene_init(&s, 1);
    assert_int_equal(start(&s, 0, 400000), 0);
    memcpy(ids[0], s.id, sizeof(s.id));
    wait_for_gate(1);
    for (size_t i = 1; i <= QUEUE; i++) {
        assert_int_equal(start(&s, 0, 400000), 0);
        memcpy(ids[i], s.id, sizeof(s.id));
    }
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(start(&s, 0, 400000), -EAGAIN);
    }
    struct bc_clips_totals totals;
    bc_clips_totals(s.clips, &totals);
    assert_int_equal(totals.waiting, QUEUE);
    set_gate(true);
    for (size_t i = 0; i <= QUEUE; i++) {
        wait_for(&s, ids[i], BC_CLIP_JOB_DONE);
        assert_true(exists(&s, ids[i]));
    }
    scene_finish(&s);
}

static void
test_cancelled_jobs_leave_nothing(void **state)
{
    (void)state;
    struct scene s;
    char running[BC_RECORDING_ID_MAX + 1];
    scene_init(&s, 1);
    assert_int_equal(start(&s, 0, 400000), 0);
    memcpy(running, s.id, sizeof(running));
    wait_for_gate(1);
    assert_int_equal(start(&s, 0, 400000), 0);
    bc_clips_cancel(s.clips, s.id);
    assert_string_equal(wait_for(&s, s.id, BC_CLIP_JOB_FAILED).error, "cancelled");
    bc_clips_cancel(s.clips, running);
    wait_for(&s, running, BC_CLIP_JOB_FAILED);
    assert_false(exists(&s, running));
    bc_clips_cancel(s.clips, "unknown");
    scene_finish(&s);
}

static void
test_export_runs_once(void **state)
{
    (void)state;
    struct scene s;
    struct bc_recording_info info;
    scene_init(&s, 2);
    bc_recording_info(s.source, &info);
    assert_int_equal(bc_clips_export(s.clips, s.source), 0);
    assert_int_equal(bc_clips_export(s.clips, s.source), -EALREADY);
    set_gate(true);
    wait_for(&s, info.id, BC_CLIP_JOB_DONE);
    // It made no file here, so it may be asked for again.
    assert_int_equal(bc_clips_export(s.clips, s.source), 0);
    scene_finish(&s);
}

static void
test_end_cancels_what_runs_and_waits(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, 2);
    for (int i = 0; i < QUEUE; i++) {
        assert_int_equal(start(&s, 0, 400000), 0);
    }
    wait_for_gate(2);
    scene_finish(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clip_is_made),
        cmocka_unit_test(test_ranges_are_checked),
        cmocka_unit_test(test_queue_is_bounded),
        cmocka_unit_test(test_cancelled_jobs_leave_nothing),
        cmocka_unit_test(test_export_runs_once),
        cmocka_unit_test(test_end_cancels_what_runs_and_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
