// SPDX-License-Identifier: Apache-2.0
// The way to the codec threads and back, with real workers.
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "kit.h"
#include "net/worker.h"
#include "transmux/recoder.h"

#define START_US 1000000
#define PATIENCE_S 30

struct fixture {
    struct bc_codec_threads *threads;
    struct bc_worker *home;
    struct kit_packets in;
    struct bc_recoder *recoder; // home's thread

    pthread_mutex_t lock; // guards the following
    pthread_cond_t changed;
    struct kit_packets out;
    const char *failed;
    unsigned calls_done;
    unsigned late; // callbacks after the recoder was destroyed
    unsigned destroy_at; // destroy it from the callback of this packet
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->changed, NULL);
    f->threads = bc_codec_threads_create(2);
    f->home = bc_worker_create(0);
    assert_non_null(f->threads);
    assert_int_equal(bc_worker_start(f->home), 0);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    bc_worker_stop(f->home);
    bc_worker_join(f->home);
    bc_codec_threads_stop(f->threads);
    while (bc_worker_run_leftovers(f->home)) {
    }
    bc_recoder_destroy(f->recoder);
    bc_codec_threads_destroy(f->threads);
    bc_worker_destroy(f->home);
    kit_free(&f->in);
    kit_free(&f->out);
    pthread_mutex_destroy(&f->lock);
    pthread_cond_destroy(&f->changed);
    free(f);
    return 0;
}

// Waits until the condition holds; fails the test after PATIENCE_S.
static void
wait_for(struct fixture *f, bool (*holds)(const struct fixture *, unsigned), unsigned n)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    int err = 0;
    pthread_mutex_lock(&f->lock);
    while (!holds(f, n) && err == 0) {
        err = pthread_cond_timedwait(&f->changed, &f->lock, &until);
    }
    pthread_mutex_unlock(&f->lock);
    assert_int_equal(err, 0);
}

static bool
has_packets(const struct fixture *f, unsigned n)
{
    return f->out.count >= n;
}

static bool
has_failed(const struct fixture *f, unsigned n)
{
    (void)n;
    return f->failed != NULL;
}

static bool
has_called(const struct fixture *f, unsigned n)
{
    return f->calls_done >= n;
}

// --- calls on home's thread ---

struct call {
    struct bc_task task;
    struct fixture *f;
    void (*run)(struct fixture *f);
};

static void
run_call(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct call *c = bc_container_of(task, struct call, task);
    c->run(c->f);
    pthread_mutex_lock(&c->f->lock);
    c->f->calls_done++;
    pthread_cond_signal(&c->f->changed);
    pthread_mutex_unlock(&c->f->lock);
    free(c);
}

static void
at_home(struct fixture *f, void (*run)(struct fixture *f))
{
    unsigned done = f->calls_done;
    struct call *c = calloc(1, sizeof(*c));
    bc_list_init(&c->task.node);
    c->task.run = run_call;
    c->f = f;
    c->run = run;
    bc_worker_post(f->home, &c->task);
    wait_for(f, has_called, done + 1);
}

static void
on_packet(void *user, struct bc_packet *packet)
{
    struct fixture *f = user;
    assert_true(bc_worker_is_current(f->home));
    pthread_mutex_lock(&f->lock);
    f->late += f->recoder == NULL;
    kit_keep(&f->out, packet);
    bool destroy = f->destroy_at > 0 && f->out.count == f->destroy_at;
    pthread_cond_signal(&f->changed);
    pthread_mutex_unlock(&f->lock);
    if (destroy) {
        bc_recoder_destroy(f->recoder);
        f->recoder = NULL;
    }
}

static void
on_failed(void *user, const char *reason)
{
    struct fixture *f = user;
    pthread_mutex_lock(&f->lock);
    f->failed = reason;
    pthread_cond_signal(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

static void
create(struct fixture *f, enum bc_codec to)
{
    struct bc_recoder_params params = { .threads = f->threads,
        .home = f->home,
        .to = to,
        .on_packet = on_packet,
        .on_failed = on_failed,
        .user = f };
    f->recoder = bc_recoder_create(&params);
    assert_non_null(f->recoder);
}

static void
create_opus(struct fixture *f)
{
    create(f, BC_CODEC_OPUS);
}

static void
push_one_by_one(struct fixture *f)
{
    for (unsigned i = 0; i < f->in.count; i++) {
        bc_recoder_push(f->recoder, f->in.items[i]);
    }
}

static void
destroy_now(struct fixture *f)
{
    bc_recoder_destroy(f->recoder);
    f->recoder = NULL;
}

static const struct kit_sound TONE = { "aac", BC_CODEC_AAC, 44100, 2, 1.5, 440, 0,
    START_US, 1 };

static void
test_recoder_sound_comes_back_home(void **state)
{
    struct fixture *f = *state;
    kit_make_sound(&f->in, &TONE);
    at_home(f, create_opus);
    at_home(f, push_one_by_one);
    wait_for(f, has_packets, 70);
    at_home(f, destroy_now);
    kit_assert_rising(&f->out);
    assert_int_equal(f->out.items[0]->track->codec, BC_CODEC_OPUS);
    assert_int_equal(f->late, 0);
}

static void
test_recoder_tells_of_a_failure_once(void **state)
{
    struct fixture *f = *state;
    struct bc_track *track = bc_track_create(BC_KIND_AUDIO, BC_CODEC_VP8);
    for (unsigned i = 0; i < 10; i++) {
        struct bc_buf *buf = bc_buf_copy("flac", 4);
        kit_keep(
            &f->in, bc_packet_create(BC_KIND_AUDIO, track, buf, buf->data, buf->len));
    }
    bc_track_unref(&track);
    at_home(f, create_opus);
    at_home(f, push_one_by_one);
    wait_for(f, has_failed, 0);
    at_home(f, push_one_by_one);
    at_home(f, destroy_now);
    assert_int_equal(f->out.count, 0);
}

static void
create_push_destroy(struct fixture *f)
{
    create_opus(f);
    push_one_by_one(f);
    destroy_now(f);
}

static void
test_recoder_destroyed_while_busy_is_silent(void **state)
{
    struct fixture *f = *state;
    kit_make_sound(&f->in, &TONE);
    for (unsigned i = 0; i < 5; i++) {
        at_home(f, create_push_destroy);
    }
    // One after them on the same thread shows that they are through.
    at_home(f, create_opus);
    at_home(f, push_one_by_one);
    wait_for(f, has_packets, 70);
    at_home(f, destroy_now);
    kit_assert_rising(&f->out);
    assert_int_equal(f->late, 0);
}

static void
test_recoder_destroyed_by_its_own_callback(void **state)
{
    struct fixture *f = *state;
    kit_make_sound(&f->in, &TONE);
    f->destroy_at = 3;
    at_home(f, create_opus);
    at_home(f, push_one_by_one);
    wait_for(f, has_packets, 3);
    f->destroy_at = 0;
    at_home(f, create_opus);
    at_home(f, push_one_by_one);
    wait_for(f, has_packets, 70);
    at_home(f, destroy_now);
    assert_int_equal(f->late, 0);
}

// The server goes down with everything under way.
static void
test_recoder_lives_until_after_the_threads(void **state)
{
    struct fixture *f = *state;
    kit_make_sound(&f->in, &TONE);
    at_home(f, create_opus);
    at_home(f, push_one_by_one);
}

static void
push_late(struct fixture *f)
{
    // Ten seconds at once: only the newest are worth the time.
    for (unsigned i = 0; i < f->in.count; i++) {
        bc_recoder_push(f->recoder, f->in.items[i]);
    }
    struct bc_recoder_stats stats;
    bc_recoder_stats(f->recoder, &stats);
    assert_int_equal(stats.packets_in, f->in.count);
    assert_true(stats.dropped > 0);
}

static void
test_recoder_overfull_sound_goes_on_at_the_newest(void **state)
{
    struct fixture *f = *state;
    struct kit_sound s = TONE;
    s.seconds = 10;
    kit_make_sound(&f->in, &s);
    f->in.items[0]->flags |= BC_PACKET_NEW_EPOCH;
    at_home(f, create_opus);
    at_home(f, push_late);
    wait_for(f, has_packets, 40);
    at_home(f, destroy_now);
    kit_assert_rising(&f->out);
    assert_int_equal(f->out.items[0]->flags, BC_PACKET_NEW_EPOCH);
}

static void
create_aac(struct fixture *f)
{
    create(f, BC_CODEC_AAC);
}

// Opus sends nothing while nobody speaks; AAC goes on.
static void
test_recoder_sound_goes_on_without_packets(void **state)
{
    struct fixture *f = *state;
    struct kit_sound s = TONE;
    s.encoder = "libopus";
    s.codec = BC_CODEC_OPUS;
    s.rate = 48000;
    s.seconds = 0.5;
    kit_make_sound(&f->in, &s);
    at_home(f, create_aac);
    at_home(f, push_one_by_one);
    wait_for(f, has_packets, 35); // half a second has 23
    at_home(f, destroy_now);
    kit_assert_rising(&f->out);
    assert_true(f->out.items[34]->pts_us > f->in.items[f->in.count - 1]->pts_us + 200000);
}

static void
create_avc(struct fixture *f)
{
    create(f, BC_CODEC_AVC);
}

static void
push_history_and_begin(struct fixture *f)
{
    for (unsigned i = 0; i < f->in.count; i++) {
        if (i == 200) {
            bc_recoder_begin_output(f->recoder);
        }
        bc_recoder_push(f->recoder, f->in.items[i]);
    }
    bc_recoder_request_key(f->recoder);
}

static const struct kit_picture PICTURE = { .width = 160,
    .height = 128,
    .frames = 240,
    .fps = 30,
    .b_frames = 3,
    .gop = 300,
    .start_us = START_US,
    .epoch = 1 };

static void
test_recoder_long_history_is_no_overflow(void **state)
{
    struct fixture *f = *state;
    kit_make_picture(&f->in, &PICTURE);
    at_home(f, create_avc);
    at_home(f, push_history_and_begin);
    wait_for(f, has_packets, 10);
    at_home(f, destroy_now);
    kit_assert_rising(&f->out);
    assert_true(f->out.items[0]->flags & BC_PACKET_KEY);
    // Up to the mark only: the first is not before the newest of the history.
    assert_true(f->out.items[0]->pts_us >= f->in.items[196]->pts_us);
}

static void
begin_and_push_all(struct fixture *f)
{
    bc_recoder_begin_output(f->recoder);
    for (unsigned i = 0; i < f->in.count; i++) {
        bc_recoder_push(f->recoder, f->in.items[i]);
    }
    struct bc_recoder_stats stats;
    bc_recoder_stats(f->recoder, &stats);
    assert_int_equal(stats.packets_in, f->in.count);
    assert_true(stats.dropped >= 100);
}

static void
test_recoder_overfull_pictures_go_on_at_a_keyframe(void **state)
{
    struct fixture *f = *state;
    struct kit_picture v = PICTURE;
    v.gop = 100;
    kit_make_picture(&f->in, &v);
    f->in.items[0]->flags |= BC_PACKET_NEW_EPOCH;
    at_home(f, create_avc);
    at_home(f, begin_and_push_all);
    wait_for(f, has_packets, 20);
    at_home(f, destroy_now);
    kit_assert_rising(&f->out);
    assert_true(f->out.items[0]->flags & BC_PACKET_KEY);
    unsigned flagged = 0;
    for (unsigned i = 0; i < f->out.count; i++) {
        flagged += (f->out.items[i]->flags & BC_PACKET_NEW_EPOCH) != 0;
    }
    assert_int_equal(flagged, 1);
    struct kit_pictures *shown = calloc(1, sizeof(*shown));
    kit_play_picture(&f->out, shown);
    assert_int_equal(shown->count, f->out.count);
    for (unsigned i = 0; i < shown->count; i++) {
        int number = (int)((shown->items[i].pts_us - START_US) * 30 / 1e6 + 0.5) - 2;
        assert_in_range(
            shown->items[i].luma, kit_luma(number) - 12, kit_luma(number) + 12);
    }
    free(shown);
}

static void
create_push_destroy_avc(struct fixture *f)
{
    create_avc(f);
    begin_and_push_all(f);
    destroy_now(f);
}

static void
test_recoder_pictures_destroyed_while_busy(void **state)
{
    struct fixture *f = *state;
    kit_make_picture(&f->in, &PICTURE);
    for (unsigned i = 0; i < 4; i++) {
        at_home(f, create_push_destroy_avc);
    }
    at_home(f, create_avc);
    at_home(f, push_history_and_begin);
    wait_for(f, has_packets, 10);
    at_home(f, destroy_now);
    assert_int_equal(f->late, 0);
}

#define UNIT(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(test_recoder_sound_comes_back_home),
        UNIT(test_recoder_tells_of_a_failure_once),
        UNIT(test_recoder_destroyed_while_busy_is_silent),
        UNIT(test_recoder_destroyed_by_its_own_callback),
        UNIT(test_recoder_lives_until_after_the_threads),
        UNIT(test_recoder_overfull_sound_goes_on_at_the_newest),
        UNIT(test_recoder_sound_goes_on_without_packets),
        UNIT(test_recoder_long_history_is_no_overflow),
        UNIT(test_recoder_overfull_pictures_go_on_at_a_keyframe),
        UNIT(test_recoder_pictures_destroyed_while_busy),
    };
    kit_quiet();
    return cmocka_run_group_tests_name("codec_recoder", tests, NULL, NULL);
}
