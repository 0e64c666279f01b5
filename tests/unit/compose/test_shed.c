// SPDX-License-Identifier: Apache-2.0
// A composer's engine and coder over a clock of the test's: when there is too little
// processor time the output gets less, never late, and when there is enough again it is as
// it was. Encoding is real, how long it takes is the test's.
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "compose/coder.h"
#include "compose/engine.h"
#include "compose/ffmpeg.h"
#include "compose/outlet.h"
#include "transmux/codec.h"

#define MS 1000
#define S (1000 * MS)
#define WIDTH 320
#define HEIGHT 180
#define PICTURES_MAX 8000
#define SOUNDS_MAX 12000
#define BEGIN_US (1000 * (int64_t)S) // of the clock
#define REAL_DEADLINE_S 100

// What happens when, since the beginning.
#define SHORT_FROM (5 * (int64_t)S)
#define SHORT_TO (60 * (int64_t)S)
#define END (140 * (int64_t)S)
#define COST_IDLE (3 * MS) // of a picture of the full size
#define COST_SHORT (120 * MS)

struct picture {
    int64_t pts_us;
    int64_t sent_us; // clock, since the beginning
    unsigned width;
    unsigned height;
    bool key;
};

// The clock, the machine and all that came out. One at a time.
static struct {
    pthread_mutex_t lock; // guards all up to the blank line
    pthread_cond_t moved;
    int64_t now_us;
    int64_t blocked_until_us; // the encoder's; 0: it does not wait for the clock
    unsigned pushed;          // pictures
    unsigned coded;
    bool ended;

    struct compose_engine *engine;
    struct bc_scene *scene;
    enum compose_level level;
    enum compose_level looks; // what is shown is made for
    enum compose_level levels[16]; // all that were told
    unsigned level_count;
    struct compose_report middle; // when there is too little
    struct compose_report last;
    struct picture pictures[PICTURES_MAX];
    unsigned picture_count;
    int64_t sounds_us[SOUNDS_MAX];
    unsigned sound_count;
} stage = { .lock = PTHREAD_MUTEX_INITIALIZER,
    .moved = PTHREAD_COND_INITIALIZER,
    .now_us = BEGIN_US };

// What the clock says once more in this thread, whatever it is by then; 0: nothing.
static _Thread_local int64_t own_us;

// --- what stands in for the C library and other parts ---

int64_t
__wrap_bc_clock_us(void);

int64_t
__wrap_bc_clock_us(void)
{
    if (own_us) {
        int64_t us = own_us;
        own_us = 0;
        return us;
    }
    pthread_mutex_lock(&stage.lock);
    int64_t us = stage.now_us;
    pthread_mutex_unlock(&stage.lock);
    return us;
}

bool
__real_compose_coder_push(struct compose_coder *c, struct compose_job *job);

bool
__wrap_compose_coder_push(struct compose_coder *c, struct compose_job *job);

bool
__wrap_compose_coder_push(struct compose_coder *c, struct compose_job *job)
{
    // Before, as it may be coded at once.
    pthread_mutex_lock(&stage.lock);
    stage.pushed++;
    pthread_mutex_unlock(&stage.lock);
    bool fits = __real_compose_coder_push(c, job);
    pthread_mutex_lock(&stage.lock);
    stage.pushed -= !fits;
    pthread_cond_broadcast(&stage.moved);
    pthread_mutex_unlock(&stage.lock);
    return fits;
}

int
__real_bc_video_encoder_encode(
    struct bc_video_encoder *e, AVFrame *picture, int64_t pts_us, bool key);

int
__wrap_bc_video_encoder_encode(
    struct bc_video_encoder *e, AVFrame *picture, int64_t pts_us, bool key);

// By the size of the picture, and by what the machine has to do besides.
int
__wrap_bc_video_encoder_encode(
    struct bc_video_encoder *e, AVFrame *picture, int64_t pts_us, bool key)
{
    pthread_mutex_lock(&stage.lock);
    int64_t since_us = stage.now_us - BEGIN_US;
    bool is_short = since_us >= SHORT_FROM && since_us < SHORT_TO;
    int64_t cost_us = (int64_t)(is_short ? COST_SHORT : COST_IDLE) * picture->width
        * picture->height / (WIDTH * HEIGHT);
    int64_t until_us = stage.now_us + cost_us;
    stage.blocked_until_us = until_us;
    pthread_cond_broadcast(&stage.moved);
    while (stage.now_us < until_us && !stage.ended) {
        pthread_cond_wait(&stage.moved, &stage.lock);
    }
    stage.blocked_until_us = 0;
    pthread_mutex_unlock(&stage.lock);
    int ret = __real_bc_video_encoder_encode(e, picture, pts_us, key);
    pthread_mutex_lock(&stage.lock);
    stage.coded++;
    own_us = until_us; // for the coder's own account
    pthread_cond_broadcast(&stage.moved);
    pthread_mutex_unlock(&stage.lock);
    return ret;
}

bool
__wrap_compose_outlet_wants_key(struct compose_outlet *o);

bool
__wrap_compose_outlet_wants_key(struct compose_outlet *o)
{
    (void)o;
    return false;
}

void
__wrap_compose_outlet_send(struct compose_outlet *o, struct bc_packet *packet);

void
__wrap_compose_outlet_send(struct compose_outlet *o, struct bc_packet *packet)
{
    (void)o;
    pthread_mutex_lock(&stage.lock);
    if (packet->kind == BC_KIND_VIDEO && stage.picture_count < PICTURES_MAX) {
        stage.pictures[stage.picture_count++] = (struct picture){ packet->pts_us,
            stage.now_us - BEGIN_US, packet->track->width, packet->track->height,
            packet->flags & BC_PACKET_KEY };
    } else if (packet->kind == BC_KIND_AUDIO && stage.sound_count < SOUNDS_MAX) {
        stage.sounds_us[stage.sound_count++] = packet->pts_us;
    }
    pthread_mutex_unlock(&stage.lock);
    bc_packet_unref(&packet);
}

// The painter's part: a look of the size that the level wants.
static void
show(void)
{
    struct compose_look *look = compose_look_create(stage.scene,
        compose_level_size(stage.level, WIDTH), compose_level_size(stage.level, HEIGHT));
    assert_non_null(look);
    stage.looks = stage.level;
    compose_engine_show(stage.engine, look, 0);
}

// With the stage's lock held. True: the time is over.
static bool
move_clock(int64_t until_us)
{
    while (!stage.ended && stage.now_us < until_us) {
        bool waits = stage.blocked_until_us > stage.now_us;
        if (!waits && stage.coded != stage.pushed) {
            pthread_cond_wait(&stage.moved, &stage.lock);
            continue;
        }
        bool first = waits && stage.blocked_until_us < until_us;
        stage.now_us = first ? stage.blocked_until_us : until_us;
        pthread_cond_broadcast(&stage.moved);
    }
    if (stage.now_us >= BEGIN_US + END) {
        stage.ended = true;
        pthread_cond_broadcast(&stage.moved);
    }
    return stage.ended;
}

int
__wrap_nanosleep(const struct timespec *wait, struct timespec *rest);

// The engine's thread alone sleeps, without its lock.
int
__wrap_nanosleep(const struct timespec *wait, struct timespec *rest)
{
    (void)rest;
    pthread_mutex_lock(&stage.lock);
    int64_t wait_us = (int64_t)wait->tv_sec * S + wait->tv_nsec / 1000;
    bool ended = move_clock(stage.now_us + wait_us);
    int64_t since_us = stage.now_us - BEGIN_US;
    pthread_mutex_unlock(&stage.lock);
    if (ended) {
        sched_yield();
        return 0;
    }
    if (stage.looks != stage.level) {
        show();
    }
    compose_engine_report(
        stage.engine, since_us < SHORT_TO ? &stage.middle : &stage.last);
    return 0;
}

// --- the test ---

// On the engine's thread, with its lock.
static void
on_level(void *user, enum compose_level level)
{
    (void)user;
    assert_true(stage.level_count < 16);
    stage.levels[stage.level_count++] = level;
    stage.level = level;
}

static void
on_cue(void *user, struct compose_cue *cue)
{
    (void)user;
    compose_cue_finish(cue);
}

static void
on_forget(void *user, const char *channel)
{
    (void)user;
    (void)channel;
}

static bool
wait_for_the_end(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += REAL_DEADLINE_S;
    int err = 0;
    pthread_mutex_lock(&stage.lock);
    while (!stage.ended && err == 0) {
        err = pthread_cond_timedwait(&stage.moved, &stage.lock, &until);
    }
    bool ended = stage.ended;
    stage.ended = true; // everybody goes on
    pthread_cond_broadcast(&stage.moved);
    pthread_mutex_unlock(&stage.lock);
    return ended;
}

static int
play(void **state)
{
    (void)state;
    av_log_set_level(AV_LOG_FATAL);
    static const char SCENE[] =
        "{\"width\":320,\"height\":180,\"fps\":30,\"background\":\"#204060\","
        "\"layers\":[{\"type\":\"text\",\"text\":\"-\"}]}";
    struct compose_engine_params params = { NULL, on_cue, on_forget, on_level, NULL };
    struct bc_scene_error error = { "" };
    stage.scene = bc_scene_parse_json(SCENE, sizeof(SCENE) - 1, &error);
    assert_string_equal(error.text, "");
    stage.engine = compose_engine_create(&params);
    assert_non_null(stage.engine);
    show();
    assert_true(wait_for_the_end());
    compose_engine_halt(stage.engine);
    compose_engine_destroy(stage.engine);
    bc_scene_unref(&stage.scene);
    return 0;
}

// Whether all pictures between these times follow each other at this rate, of this size.
static void
expect_pictures(int64_t from_us, int64_t to_us, int fps, unsigned width, unsigned height)
{
    int64_t last_us = -1;
    unsigned count = 0;
    for (unsigned i = 0; i < stage.picture_count; i++) {
        const struct picture *p = &stage.pictures[i];
        if (p->pts_us < from_us || p->pts_us >= to_us) {
            continue;
        }
        assert_int_equal(p->width, width);
        assert_int_equal(p->height, height);
        if (last_us >= 0) {
            assert_in_range(p->pts_us - last_us, S / fps - 1, S / fps + 1);
        }
        last_us = p->pts_us;
        count++;
    }
    assert_in_range(count, (to_us - from_us) * fps / S - 1, (to_us - from_us) * fps / S + 1);
}

static void
test_full_rate_while_there_is_enough(void **state)
{
    (void)state;
    expect_pictures(0, SHORT_FROM, 30, WIDTH, HEIGHT);
}

// First the rate, then the size, as far as it has to, and it says so.
static void
test_less_while_there_is_too_little(void **state)
{
    (void)state;
    assert_true(stage.level_count >= 2);
    assert_int_equal(stage.levels[0], COMPOSE_HALF_RATE);
    assert_int_equal(stage.levels[1], COMPOSE_TWO_THIRDS);
    expect_pictures(SHORT_FROM + 15 * (int64_t)S, SHORT_TO, 15,
        (unsigned)compose_level_size(COMPOSE_TWO_THIRDS, WIDTH),
        (unsigned)compose_level_size(COMPOSE_TWO_THIRDS, HEIGHT));
    assert_int_equal(stage.middle.level, COMPOSE_TWO_THIRDS);
    assert_int_equal(stage.middle.fps, 15);
    assert_string_not_equal(compose_level_text(stage.middle.level), "");
    assert_true(stage.middle.late > 0);
}

static void
test_all_again_when_there_is_enough_again(void **state)
{
    (void)state;
    assert_int_equal(stage.level_count, 4);
    assert_int_equal(stage.levels[2], COMPOSE_HALF_RATE);
    assert_int_equal(stage.levels[3], COMPOSE_FULL);
    expect_pictures(END - 10 * (int64_t)S, END - S, 30, WIDTH, HEIGHT);
    assert_int_equal(stage.last.level, COMPOSE_FULL);
    assert_int_equal(stage.last.fps, 30);
    assert_int_equal(stage.last.width, WIDTH);
    // What was left out was left out at the beginning of the shortage alone.
    assert_int_equal(stage.last.late, stage.middle.late);
}

// Nothing piles up: pictures come when they are due, and none stays away for long.
static void
test_it_never_falls_behind(void **state)
{
    (void)state;
    int64_t last_us = -1;
    for (unsigned i = 0; i < stage.picture_count; i++) {
        const struct picture *p = &stage.pictures[i];
        assert_true(p->pts_us > last_us);
        assert_true(last_us < 0 || p->pts_us - last_us <= 250 * MS);
        assert_in_range(p->sent_us - p->pts_us, 0, 500 * MS);
        // Another size begins with a picture that needs none before it.
        bool other = i > 0 && p->width != p[-1].width;
        assert_true(!other || p->key);
        last_us = p->pts_us;
    }
    assert_true(last_us > END - S);
}

// Whatever pictures do.
static void
test_the_sound_goes_on_without_a_gap(void **state)
{
    (void)state;
    assert_in_range(stage.sound_count, (END / S - 1) * 48000 / 1024, END / S * 48000 / 1024);
    for (unsigned i = 1; i < stage.sound_count; i++) {
        assert_in_range(stage.sounds_us[i] - stage.sounds_us[i - 1], 21332, 21335);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full_rate_while_there_is_enough),
        cmocka_unit_test(test_less_while_there_is_too_little),
        cmocka_unit_test(test_all_again_when_there_is_enough_again),
        cmocka_unit_test(test_it_never_falls_behind),
        cmocka_unit_test(test_the_sound_goes_on_without_a_gap),
    };
    return cmocka_run_group_tests(tests, play, NULL);
}
