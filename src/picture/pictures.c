// SPDX-License-Identifier: Apache-2.0
// The picture thread and what it is asked for.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "budget.h"
#include "decode.h"
#include "jpeg.h"
#include "live.h"
#include "picture/picture.h"
#include "records.h"
#include "thumbnails.h"
#include "transmux/outputs.h"

#define NICE 10
#define PARTS_AT_ONCE 64
#define HEIGHT_PER_WIDTH 2 // of a picture that stands upright

// Owned by the server. Everything is guarded by the lock but what says otherwise.
struct bc_pictures {
    pthread_mutex_t lock;
    pthread_cond_t wakeup; // of the thread
    pthread_t thread;
    bool started;
    bool stopping;
    struct picture_live live;
    struct picture_records records;
    struct picture_budget budget;
    atomic_uint_fast64_t made; // pictures decoded

    // The thread's own.
    int64_t charged_us; // of its processor time
    struct bc_logger log;
    struct bc_log_limit disk_log;
};

// --- waiting for a turn ---

static int64_t
thread_cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

// Puts what the thread has used since the last time on the bill.
static void
charge(struct bc_pictures *p)
{
    int64_t used = thread_cpu_us();
    picture_budget_spend(&p->budget, bc_clock_us(), used - p->charged_us);
    p->charged_us = used;
}

static void
wait_until(struct bc_pictures *p, int64_t until_us)
{
    if (until_us == INT64_MAX) {
        pthread_cond_wait(&p->wakeup, &p->lock);
        return;
    }
    struct timespec t = { .tv_sec = until_us / 1000000,
        .tv_nsec = until_us % 1000000 * 1000 };
    pthread_cond_timedwait(&p->wakeup, &p->lock, &t);
}

static void
run_live(struct bc_pictures *p);

// Makes pictures of lives until one of a recording may be made, if there is one to make. Lock
// held. False: the thread is to end.
static bool
wait_for_turn(struct bc_pictures *p, bool in_recording)
{
    while (!p->stopping) {
        int64_t now = bc_clock_us();
        int64_t until = picture_live_expire(&p->live, now);
        if (picture_live_waits(&p->live)) {
            int64_t wait = picture_budget_wait_us(&p->budget, PICTURE_BUDGET_LIVE, now);
            if (wait == 0) {
                run_live(p);
                continue;
            }
            until = now + wait < until ? now + wait : until;
        }
        if (in_recording || !bc_list_empty(&p->records.waiting)) {
            int64_t wait =
                picture_budget_wait_us(&p->budget, PICTURE_BUDGET_RECORDINGS, now);
            if (wait == 0) {
                return true;
            }
            until = now + wait < until ? now + wait : until;
        }
        wait_until(p, until);
    }
    return false;
}

// --- lives ---

// The picture at one width.
static struct bc_buf *
make_rung(const AVFrame *picture, size_t rung)
{
    int width = (int)picture_rung_width(rung);
    struct picture_size box = { width, width * HEIGHT_PER_WIDTH };
    struct picture_size size = picture_fit(picture, box);
    AVFrame *f = av_frame_alloc();
    struct bc_buf *jpeg = NULL;
    if (f && picture_scale(picture, size, f) == 0) {
        jpeg = picture_jpeg(f, picture_bytes_wanted(size));
    }
    av_frame_free(&f);
    return jpeg;
}

// Decodes the keyframe once for all widths.
static void
make_rungs(struct bc_pictures *p, const struct picture_live_job *job, unsigned rungs,
    struct bc_buf *jpegs[PICTURE_RUNGS])
{
    AVFrame *picture = av_frame_alloc();
    if (picture
        && picture_decode(
               job->init->data, job->init->len, job->part->data, job->part->len, picture)
            == 0) {
        atomic_fetch_add(&p->made, 1);
        for (size_t i = 0; i < PICTURE_RUNGS; i++) {
            jpegs[i] = rungs & (1u << i) ? make_rung(picture, i) : NULL;
        }
    }
    av_frame_free(&picture);
}

// One picture of a live. Lock held, but while it is made.
static void
run_live(struct bc_pictures *p)
{
    struct bc_buf *jpegs[PICTURE_RUNGS] = { NULL };
    struct picture_live_job *job = picture_live_begin(&p->live);
    unsigned rungs = job->rungs; // nobody adds one while it runs
    pthread_mutex_unlock(&p->lock);
    make_rungs(p, job, rungs, jpegs);
    pthread_mutex_lock(&p->lock);
    charge(p);
    picture_live_end(&p->live, job, jpegs, bc_clock_us());
    for (size_t i = 0; i < PICTURE_RUNGS; i++) {
        bc_buf_unref(&jpegs[i]);
    }
}

// The newest part that begins with a keyframe; its bytes are borrowed from the snapshot.
static bool
newest_keyframe(const struct bc_hls_snapshot *snapshot, struct bc_hls_part *out)
{
    struct bc_hls_part parts[PARTS_AT_ONCE];
    struct bc_hls_stats stats;
    bc_hls_snapshot_stats(snapshot, &stats);
    for (uint64_t end = stats.parts; end > 0;) {
        uint64_t from = end > PARTS_AT_ONCE ? end - PARTS_AT_ONCE : 0;
        size_t n = bc_hls_snapshot_parts(snapshot, from, parts, PARTS_AT_ONCE);
        for (size_t i = n; i > 0; i--) {
            if (parts[i - 1].independent) {
                *out = parts[i - 1];
                return true;
            }
        }
        if (n == 0 || parts[0].number > from) {
            return false; // older ones have left the window
        }
        end = from;
    }
    return false;
}

bool
bc_pictures_live(struct bc_pictures *pictures, struct bc_outputs *outputs,
    const char *channel, unsigned width, struct bc_worker *worker,
    struct bc_picture_waiter *waiter)
{
    struct bc_hls_snapshot *snapshot = bc_outputs_hls(outputs);
    struct bc_hls_part part;
    bool found = snapshot && newest_keyframe(snapshot, &part);
    struct picture_wish wish = { channel, &part, width, worker };
    bc_list_init(&waiter->node);
    waiter->worker = worker;
    pthread_mutex_lock(&pictures->lock);
    bool ok = found ? picture_live_ask(&pictures->live, &wish, waiter, bc_clock_us())
                    : picture_live_refuse(&pictures->live, worker, waiter);
    pthread_cond_signal(&pictures->wakeup);
    pthread_mutex_unlock(&pictures->lock);
    bc_hls_snapshot_unref(&snapshot);
    return ok;
}

void
bc_pictures_cancel(struct bc_pictures *pictures, struct bc_picture_waiter *waiter)
{
    if (!waiter->node.next) {
        return; // it never waited
    }
    pthread_mutex_lock(&pictures->lock);
    bc_list_remove(&waiter->node);
    pthread_mutex_unlock(&pictures->lock);
}

// --- recordings ---

static bool
may_begin(void *user)
{
    struct bc_pictures *p = user;
    pthread_mutex_lock(&p->lock);
    charge(p);
    bool go = wait_for_turn(p, true);
    pthread_mutex_unlock(&p->lock);
    atomic_fetch_add(&p->made, go);
    return go;
}

static void
log_trouble(struct bc_pictures *p, const struct picture_record_job *job, int err)
{
    unsigned more;
    bool ours = err == 0 || err == -EINTR || err == -EAGAIN;
    // A folder that is gone was deleted meanwhile.
    if (!ours && err != -ENOENT
        && bc_log_limit_pass(&p->disk_log, bc_clock_us(), &more)) {
        bc_warn(&p->log, "%s: no thumbnails: %s (%u more such)", job->id, strerror(-err),
            more);
    }
}

// Lock held, but while it works.
static void
run_recording(struct bc_pictures *p, struct picture_record_job *job)
{
    struct picture_pace pace = { may_begin, p };
    pthread_mutex_unlock(&p->lock);
    int err = picture_thumbnails_update(job->recording, &pace, &job->progress);
    log_trouble(p, job, err);
    pthread_mutex_lock(&p->lock);
    charge(p);
    picture_records_end(&p->records, job);
}

void
bc_pictures_update(struct bc_pictures *pictures, struct bc_recording *r)
{
    pthread_mutex_lock(&pictures->lock);
    if (!pictures->stopping
        && picture_records_ask(&pictures->records, r, bc_clock_us())) {
        pthread_cond_signal(&pictures->wakeup);
    }
    pthread_mutex_unlock(&pictures->lock);
}

int
bc_pictures_poster(const struct bc_recording *r)
{
    struct picture_source s = { .recording = r };
    int err = picture_poster_make(&s, true);
    picture_source_finish(&s);
    return err;
}

// --- the thread ---

static void *
run(void *user)
{
    struct bc_pictures *p = user;
    setpriority(PRIO_PROCESS, (id_t)gettid(), NICE); // of this thread alone, on Linux
    pthread_mutex_lock(&p->lock);
    p->charged_us = thread_cpu_us();
    while (wait_for_turn(p, false)) {
        run_recording(p, picture_records_take(&p->records));
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

static bool
init_wakeup(pthread_cond_t *cond)
{
    pthread_condattr_t attr;
    if (pthread_condattr_init(&attr) != 0) {
        return false;
    }
    // The clock of bc_clock_us().
    bool ok = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0
        && pthread_cond_init(cond, &attr) == 0;
    pthread_condattr_destroy(&attr);
    return ok;
}

struct bc_pictures *
bc_pictures_create(void)
{
    struct bc_pictures *p = calloc(1, sizeof(*p));
    if (!p || !init_wakeup(&p->wakeup)) {
        free(p);
        return NULL;
    }
    // What a host sends must not fill the log.
    av_log_set_level(AV_LOG_QUIET);
    bc_logger_init(&p->log, NULL, "pictures");
    pthread_mutex_init(&p->lock, NULL);
    picture_live_init(&p->live, &p->lock);
    picture_records_init(&p->records);
    p->started = pthread_create(&p->thread, NULL, run, p) == 0;
    if (!p->started) {
        bc_pictures_destroy(p);
        return NULL;
    }
    return p;
}

void
bc_pictures_stop(struct bc_pictures *pictures)
{
    if (!pictures || !pictures->started) {
        return;
    }
    pthread_mutex_lock(&pictures->lock);
    pictures->stopping = true;
    pthread_cond_signal(&pictures->wakeup);
    pthread_mutex_unlock(&pictures->lock);
    pthread_join(pictures->thread, NULL);
    pictures->started = false;
}

void
bc_pictures_destroy(struct bc_pictures *pictures)
{
    if (!pictures) {
        return;
    }
    bc_pictures_stop(pictures);
    picture_live_finish(&pictures->live);
    picture_records_finish(&pictures->records);
    pthread_cond_destroy(&pictures->wakeup);
    pthread_mutex_destroy(&pictures->lock);
    free(pictures);
}

uint64_t
bc_pictures_made(const struct bc_pictures *pictures)
{
    return atomic_load(&pictures->made);
}
