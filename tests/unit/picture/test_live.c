// SPDX-License-Identifier: Apache-2.0
// Who waits for pictures of lives and who gets which; nothing is decoded here.
#include "picture/live.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define S INT64_C(1000000)
#define REQUESTS 300

// A worker whose messages are run by hand, and requests of it.
struct stage {
    pthread_mutex_t lock;
    struct picture_live live;
    struct bc_worker *worker;
    struct bc_buf *media;
    struct bc_hls_part part;
};

struct request {
    struct bc_picture_waiter waiter;
    unsigned calls;
    size_t got; // the length of the picture; 0: none
};

static void
on_ready(struct bc_picture_waiter *waiter, struct bc_buf *jpeg)
{
    struct request *r = bc_container_of(waiter, struct request, waiter);
    r->calls++;
    r->got = jpeg ? jpeg->len : 0;
}

static int
set_up(void **state)
{
    struct stage *s = calloc(1, sizeof(*s));
    pthread_mutex_init(&s->lock, NULL);
    picture_live_init(&s->live, &s->lock);
    s->worker = bc_worker_create(0);
    s->media = bc_buf_copy("moof", 4);
    s->part = (struct bc_hls_part){ .buf = s->media,
        .init = s->media,
        .number = 7,
        .msn = 3,
        .wall_us = 100,
        .independent = true };
    *state = s;
    return 0;
}

static int
tear_down(void **state)
{
    struct stage *s = *state;
    picture_live_finish(&s->live);
    while (bc_worker_run_leftovers(s->worker)) {
    }
    bc_worker_destroy(s->worker);
    assert_int_equal(atomic_load(&s->media->refs), 1); // all others were given back
    bc_buf_unref(&s->media);
    pthread_mutex_destroy(&s->lock);
    free(s);
    return 0;
}

static void
ask(struct stage *s, struct request *r, const char *channel, unsigned width,
    int64_t now_us)
{
    struct picture_wish wish = { channel, &s->part, width, s->worker };
    memset(r, 0, sizeof(*r));
    bc_list_init(&r->waiter.node);
    r->waiter.worker = s->worker;
    r->waiter.ready = on_ready;
    assert_true(picture_live_ask(&s->live, &wish, &r->waiter, now_us));
    assert_int_equal(r->calls, 0); // never from within
}

static void
deliver(struct stage *s)
{
    while (bc_worker_run_leftovers(s->worker)) {
    }
}

// The thread's work: all pictures are of this many bytes; 0: none.
static void
finish(struct stage *s, struct picture_live_job *job, size_t bytes, int64_t now_us)
{
    struct bc_buf *jpeg = bytes > 0 ? bc_buf_create(bytes) : NULL;
    struct bc_buf *jpegs[PICTURE_RUNGS];
    for (size_t i = 0; i < PICTURE_RUNGS; i++) {
        jpegs[i] = jpeg;
    }
    picture_live_end(&s->live, job, jpegs, now_us);
    bc_buf_unref(&jpeg);
    deliver(s);
}

static void
make(struct stage *s, size_t bytes, int64_t now_us)
{
    struct picture_live_job *job = picture_live_begin(&s->live);
    assert_non_null(job);
    finish(s, job, bytes, now_us);
}

static void
test_many_requests(void **state)
{
    struct stage *s = *state;
    static struct request r[REQUESTS];
    for (int i = 0; i < REQUESTS; i++) {
        ask(s, &r[i], "live/hq", i % 2 ? 640 : 700, 0);
    }
    assert_int_equal(s->live.job_count, 1);
    make(s, 111, 0);
    assert_null(picture_live_begin(&s->live));
    for (int i = 0; i < REQUESTS; i++) {
        assert_int_equal(r[i].calls, 1);
        assert_int_equal(r[i].got, 111);
    }
    // The same keyframe an hour later: a host that stands still.
    ask(s, &r[0], "live/hq", 640, 3600 * S);
    assert_false(picture_live_waits(&s->live));
    deliver(s);
    assert_int_equal(r[0].got, 111);
}

static void
test_newer_keyframes(void **state)
{
    struct stage *s = *state;
    struct request a;
    struct request b;
    ask(s, &a, "live/hq", 640, 0);
    s->part.number++; // before anybody began: the newer one is made for both
    ask(s, &b, "live/hq", 640, 0);
    struct picture_live_job *job = picture_live_begin(&s->live);
    assert_int_equal(job->key.number, s->part.number);
    finish(s, job, 111, 0);
    assert_true(a.got == 111 && b.got == 111);
    s->part.number++;
    ask(s, &a, "live/hq", 640, S - 1); // young enough
    deliver(s);
    assert_int_equal(a.got, 111);
    ask(s, &a, "live/hq", 640, S);
    make(s, 222, S);
    assert_int_equal(a.got, 222);
}

static void
test_widths(void **state)
{
    struct stage *s = *state;
    static const struct {
        unsigned asked, made;
    } ROWS[] = { { 0, 160 }, { 160, 160 }, { 319, 160 }, { 320, 320 }, { 500, 480 },
        { 640, 640 }, { 959, 640 }, { 1280, 1280 }, { 99999, 1280 } };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct request r;
        char channel[16];
        snprintf(channel, sizeof(channel), "live/%zu", i);
        ask(s, &r, channel, ROWS[i].asked, 0);
        struct picture_live_job *job = picture_live_begin(&s->live);
        size_t rung = 0;
        while (job->rungs != 1u << rung) {
            rung++;
        }
        assert_int_equal(picture_rung_width(rung), ROWS[i].made);
        finish(s, job, 1, 0);
        assert_int_equal(r.calls, 1);
    }
}

static void
test_while_it_is_made(void **state)
{
    struct stage *s = *state;
    struct request a;
    struct request same;
    struct request wider;
    struct request newer;
    ask(s, &a, "live/hq", 640, 0);
    struct picture_live_job *job = picture_live_begin(&s->live);
    ask(s, &same, "live/hq", 640, 0);
    ask(s, &wider, "live/hq", 1280, 0);
    s->part.number++;
    ask(s, &newer, "live/hq", 640, 0);
    assert_int_equal(s->live.job_count, 2); // the last two together
    finish(s, job, 111, 0);
    assert_true(a.got == 111 && same.got == 111);
    assert_true(wider.calls == 0 && newer.calls == 0);
    make(s, 222, 0);
    assert_true(wider.got == 222 && newer.got == 222);
}

static void
test_no_picture(void **state)
{
    struct stage *s = *state;
    struct request r;
    ask(s, &r, "live/hq", 640, 0);
    make(s, 0, 0);
    assert_int_equal(r.calls, 1);
    assert_int_equal(r.got, 0);
    ask(s, &r, "live/hq", 640, 0); // known for this keyframe
    assert_false(picture_live_waits(&s->live));
    deliver(s);
    assert_int_equal(r.calls, 1);
    s->part.number++; // the next may be whole
    ask(s, &r, "live/hq", 640, 0);
    make(s, 111, 0);
    assert_int_equal(r.got, 111);
    memset(&r, 0, sizeof(r));
    bc_list_init(&r.waiter.node);
    r.waiter.ready = on_ready;
    assert_true(picture_live_refuse(&s->live, s->worker, &r.waiter));
    assert_int_equal(r.calls, 0);
    deliver(s);
    assert_int_equal(r.calls, 1);
}

static void
test_giving_up(void **state)
{
    struct stage *s = *state;
    struct request stays;
    struct request goes;
    struct request late;
    ask(s, &stays, "live/hq", 640, 0);
    ask(s, &goes, "live/hq", 640, 0);
    ask(s, &late, "live/hq", 640, 0);
    bc_list_remove(&goes.waiter.node); // what bc_pictures_cancel() does
    struct picture_live_job *job = picture_live_begin(&s->live);
    struct bc_buf *jpegs[PICTURE_RUNGS] = { s->media, s->media, s->media, s->media,
        s->media, s->media };
    picture_live_end(&s->live, job, jpegs, 0);
    bc_list_remove(&late.waiter.node); // the answer is on its way
    deliver(s);
    assert_int_equal(stays.calls, 1);
    assert_int_equal(goes.calls + late.calls, 0);
}

static void
test_patience(void **state)
{
    struct stage *s = *state;
    struct request a;
    struct request b;
    ask(s, &a, "live/hq", 640, 0);
    make(s, 111, 0);
    s->part.number++;
    ask(s, &a, "live/hq", 640, 10 * S);
    ask(s, &b, "live/other", 640, 11 * S);
    assert_int_equal(picture_live_expire(&s->live, 12 * S), 15 * S);
    deliver(s);
    assert_int_equal(a.calls + b.calls, 0);
    assert_int_equal(picture_live_expire(&s->live, 15 * S), 16 * S);
    deliver(s);
    assert_int_equal(a.got, 111); // better an old one than none
    struct picture_live_job *job = picture_live_begin(&s->live);
    assert_int_equal(
        picture_live_expire(&s->live, 99 * S), INT64_MAX); // it is being made
    finish(s, job, 222, 99 * S);
    assert_int_equal(b.got, 222);
}

static void
test_bounds(void **state)
{
    struct stage *s = *state;
    static struct request r[PICTURE_LIVE_JOBS_MAX + 1];
    char channel[PICTURE_CHANNEL_MAX + 1];
    for (int i = 0; i <= PICTURE_LIVE_JOBS_MAX; i++) {
        snprintf(channel, sizeof(channel), "live/%d", i);
        ask(s, &r[i], channel, 640, 0);
    }
    deliver(s);
    assert_int_equal(s->live.job_count, PICTURE_LIVE_JOBS_MAX);
    assert_int_equal(r[PICTURE_LIVE_JOBS_MAX].calls, 1); // too many wait
    assert_int_equal(r[PICTURE_LIVE_JOBS_MAX].got, 0);
    while (picture_live_waits(&s->live)) {
        make(s, 100, 0);
    }
    for (int i = 0; i < 2 * PICTURE_LIVE_CACHE_MAX; i++) {
        snprintf(channel, sizeof(channel), "live/%d", i % 7 == 0 ? 0 : i);
        ask(s, &r[0], channel, 640, 0);
        deliver(s);
        if (picture_live_waits(&s->live)) {
            make(s, 100, 0);
        }
        assert_true(s->live.cached <= PICTURE_LIVE_CACHE_MAX);
        assert_int_equal(s->live.cached_bytes, s->live.cached * 100);
    }
    ask(s, &r[0], "live/0", 640, 9 * S); // used all the time, so it is still there
    assert_false(picture_live_waits(&s->live));
    deliver(s);
    // A few that are large.
    for (int i = 0; i < 9; i++) {
        snprintf(channel, sizeof(channel), "large/%d", i);
        ask(s, &r[0], channel, 640, 0);
        make(s, 4 << 20, 0);
        assert_true(s->live.cached_bytes <= PICTURE_LIVE_CACHE_BYTES);
    }
    assert_int_equal(s->live.cached, 4);
    // A name that is too long to be one.
    memset(channel, 'x', PICTURE_CHANNEL_MAX);
    channel[PICTURE_CHANNEL_MAX] = '\0';
    ask(s, &r[0], channel, 640, 0);
    deliver(s);
    assert_int_equal(r[0].calls, 1);
}

static void
test_end_with_waiters(void **state)
{
    struct stage *s = *state;
    struct request r;
    ask(s, &r, "live/hq", 640, 0);
    bc_list_remove(&r.waiter.node); // the connection is gone; tear_down() looks for leaks
}

#define ON_STAGE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ON_STAGE(test_many_requests),
        ON_STAGE(test_newer_keyframes),
        ON_STAGE(test_widths),
        ON_STAGE(test_while_it_is_made),
        ON_STAGE(test_no_picture),
        ON_STAGE(test_giving_up),
        ON_STAGE(test_patience),
        ON_STAGE(test_bounds),
        ON_STAGE(test_end_with_waiters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
