// SPDX-License-Identifier: Apache-2.0
// The way to a codec thread and back. Home pushes into a bounded queue and posts the
// work; the codec thread takes from it, a little per turn so that all jobs of the thread
// get on, and posts what came out.
#include "transmux/recoder.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/list.h"
#include "job.h"
#include "net/timer.h"
#include "net/worker.h"
#include "queue.h"
#include "threads.h"

#define SOUND_TURN 8 // packets of one job before the next job's turn
#define PICTURE_TURN 1
#define IDLE_FIRST_US 250000 // sound may stop for silence; then its clock is moved by us
#define IDLE_NEXT_US 100000
#define IDLE_MAX_US 1000000 // after that nobody sends

// Shared by home and the codec thread, which have a reference each, as has a message to
// home under way. Home's reference ends with bc_recoder_destroy(), the codec thread's
// when it has closed the job after that.
struct bc_recoder {
    atomic_uint refs;
    enum bc_kind kind;
    struct bc_worker *thread; // borrowed from the threads
    struct bc_task work;
    struct bc_task deliver;

    // Home only.
    struct bc_recoder_params params;
    bool told; // of the failure
    struct bc_log_limit drop_log;

    pthread_mutex_t lock; // guards the following
    struct codec_queue in;
    struct bc_list out;
    bool closed; // written by home only
    bool work_posted;
    bool deliver_posted;
    bool want_key;
    const char *failed;

    // Codec thread only.
    struct codec_job *job;
    struct bc_timer idle;
    int64_t last_input_us;
    uint64_t job_dropped; // of job->dropped, counted already

    atomic_uint_fast64_t packets_in;
    atomic_uint_fast64_t packets_out;
    atomic_uint_fast64_t dropped;
    atomic_int_fast64_t busy_us;
};

static void
unref(struct bc_recoder *r)
{
    if (atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) == 1) {
        codec_entries_free(&r->in.entries);
        codec_entries_free(&r->out);
        pthread_mutex_destroy(&r->lock);
        free(r);
    }
}

// --- codec thread ---

static void
on_job_packet(void *user, struct bc_packet *packet)
{
    struct bc_recoder *r = user;
    struct codec_entry *e = codec_entry_create(packet);
    if (!e) {
        bc_packet_unref(&packet);
        atomic_fetch_add_explicit(&r->dropped, 1, memory_order_relaxed);
        return;
    }
    atomic_fetch_add_explicit(&r->packets_out, 1, memory_order_relaxed);
    pthread_mutex_lock(&r->lock);
    bc_list_append(&r->out, &e->node);
    pthread_mutex_unlock(&r->lock);
}

static void
close_job(struct bc_recoder *r)
{
    bc_timer_cancel(&r->idle);
    if (r->job) {
        r->job->ops->destroy(r->job);
        r->job = NULL;
    }
    unref(r);
}

// Tells home of what there is.
static void
post_results(struct bc_recoder *r)
{
    if (r->job->dropped > r->job_dropped) {
        atomic_fetch_add_explicit(
            &r->dropped, r->job->dropped - r->job_dropped, memory_order_relaxed);
        r->job_dropped = r->job->dropped;
    }
    pthread_mutex_lock(&r->lock);
    bool failed_now = r->job->failed && !r->failed;
    r->failed = r->job->failed;
    bool tells =
        (failed_now || !bc_list_empty(&r->out)) && !r->closed && !r->deliver_posted;
    if (tells) {
        r->deliver_posted = true;
        atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(&r->lock);
    // Not before: on the same core the one that wakes up would wait for the lock at once.
    if (tells) {
        bc_worker_post(r->params.home, &r->deliver);
    }
}

// The next entry, or NULL when the queue is empty or nobody wants any more.
static struct codec_entry *
take_entry(struct bc_recoder *r, unsigned *behind, bool *want_key)
{
    struct codec_entry *e = NULL;
    pthread_mutex_lock(&r->lock);
    if (!r->closed) {
        e = codec_queue_pop(&r->in);
    }
    if (e) {
        *behind = r->in.packets;
        *want_key = r->want_key;
        r->want_key = false;
    }
    pthread_mutex_unlock(&r->lock);
    return e;
}

// One turn. False when there was nothing.
static bool
run_entry(struct bc_recoder *r)
{
    unsigned behind;
    bool want_key;
    struct codec_entry *e = take_entry(r, &behind, &want_key);
    if (!e) {
        return false;
    }
    int64_t began_us = bc_clock_us();
    if (want_key && r->job->ops->request_key) {
        r->job->ops->request_key(r->job);
    }
    if (e->packet) {
        struct codec_input in = { e->packet, e->flags, behind };
        r->job->ops->push(r->job, &in);
        r->last_input_us = began_us;
    } else {
        r->job->ops->begin_output(r->job);
    }
    atomic_fetch_add_explicit(
        &r->busy_us, bc_clock_us() - began_us, memory_order_relaxed);
    codec_entry_free(e);
    return true;
}

static void
run_work(struct bc_task *task, struct bc_worker *worker)
{
    struct bc_recoder *r = bc_container_of(task, struct bc_recoder, work);
    unsigned turns = r->kind == BC_KIND_AUDIO ? SOUND_TURN : PICTURE_TURN;
    while (turns > 0 && run_entry(r)) {
        turns--;
    }
    post_results(r);
    pthread_mutex_lock(&r->lock);
    bool closed = r->closed;
    bool more = !closed && !bc_list_empty(&r->in.entries);
    r->work_posted = more;
    if (more) {
        bc_worker_post(worker, &r->work);
    }
    pthread_mutex_unlock(&r->lock);
    if (closed) {
        close_job(r);
    } else if (r->job->ops->idle && !r->job->failed) {
        bc_timer_set(&r->idle, IDLE_FIRST_US);
    }
}

static void
on_idle(struct bc_timer *timer)
{
    struct bc_recoder *r = bc_container_of(timer, struct bc_recoder, idle);
    int64_t idle_us = bc_clock_us() - r->last_input_us;
    if (idle_us > IDLE_MAX_US) {
        return;
    }
    r->job->ops->idle(r->job, idle_us);
    post_results(r);
    bc_timer_set(&r->idle, IDLE_NEXT_US);
}

// --- home ---

static void
tell_failure(struct bc_recoder *r, const char *reason)
{
    r->told = true;
    bc_warn(
        r->params.log, "cannot recode to %s: %s", bc_codec_name(r->params.to), reason);
    r->params.on_failed(r->params.user, reason);
}

static void
run_deliver(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_recoder *r = bc_container_of(task, struct bc_recoder, deliver);
    struct bc_list out;
    bc_list_init(&out);
    pthread_mutex_lock(&r->lock);
    bc_list_splice(&out, &r->out);
    r->deliver_posted = false;
    const char *failed = r->failed;
    pthread_mutex_unlock(&r->lock);
    // A callback may destroy the recoder, which this message still holds.
    while (!r->closed && !bc_list_empty(&out)) {
        struct codec_entry *e = bc_container_of(out.next, struct codec_entry, node);
        struct bc_packet *packet = e->packet;
        e->packet = NULL;
        codec_entry_free(e);
        r->params.on_packet(r->params.user, packet);
    }
    codec_entries_free(&out);
    if (!r->closed && failed && !r->told) {
        tell_failure(r, failed);
    }
    unref(r);
}

struct bc_recoder *
bc_recoder_create(const struct bc_recoder_params *params)
{
    struct bc_recoder *r = calloc(1, sizeof(*r));
    if (!r) {
        return NULL;
    }
    bool picture = params->to == BC_CODEC_AVC;
    struct codec_sink sink = { on_job_packet, r };
    r->job = picture ? codec_video_job_create(&sink)
                     : codec_audio_job_create(params->to, params->channels, &sink);
    if (!r->job) {
        free(r);
        return NULL;
    }
    atomic_init(&r->refs, 2);
    r->kind = picture ? BC_KIND_VIDEO : BC_KIND_AUDIO;
    r->params = *params;
    r->thread = codec_threads_pick(params->threads, r->kind);
    bc_list_init(&r->work.node);
    r->work.run = run_work;
    bc_list_init(&r->deliver.node);
    r->deliver.run = run_deliver;
    pthread_mutex_init(&r->lock, NULL);
    codec_queue_init(&r->in, r->kind);
    bc_list_init(&r->out);
    bc_timer_init(&r->idle, r->thread, on_idle);
    return r;
}

// Lets go of the lock, and has the codec thread look.
static void
unlock_and_post_work(struct bc_recoder *r)
{
    bool posts = !r->work_posted;
    r->work_posted = true;
    pthread_mutex_unlock(&r->lock);
    if (posts) {
        bc_worker_post(r->thread, &r->work);
    }
}

void
bc_recoder_destroy(struct bc_recoder *r)
{
    if (!r) {
        return;
    }
    pthread_mutex_lock(&r->lock);
    r->closed = true;
    unlock_and_post_work(r);
    unref(r);
}

static void
say_dropped(struct bc_recoder *r)
{
    unsigned more;
    if (bc_log_limit_pass(&r->drop_log, bc_clock_us(), &more)) {
        bc_warn(r->params.log,
            "recoding to %s cannot keep up: %llu packets left out so far",
            bc_codec_name(r->params.to), (unsigned long long)atomic_load(&r->dropped));
    }
}

void
bc_recoder_push(struct bc_recoder *r, struct bc_packet *packet)
{
    atomic_fetch_add_explicit(&r->packets_in, 1, memory_order_relaxed);
    if (r->told || packet->kind != r->kind) {
        return;
    }
    struct codec_entry *e = codec_entry_create(bc_packet_ref(packet));
    if (!e) {
        bc_packet_unref(&packet);
        atomic_fetch_add_explicit(&r->dropped, 1, memory_order_relaxed);
        return;
    }
    pthread_mutex_lock(&r->lock);
    unsigned dropped = codec_queue_push(&r->in, e);
    unlock_and_post_work(r);
    if (dropped > 0) {
        atomic_fetch_add_explicit(&r->dropped, dropped, memory_order_relaxed);
        say_dropped(r);
    }
}

void
bc_recoder_begin_output(struct bc_recoder *r)
{
    struct codec_entry *mark =
        r->kind == BC_KIND_VIDEO && !r->in.begun ? codec_entry_create(NULL) : NULL;
    if (!mark) {
        return;
    }
    pthread_mutex_lock(&r->lock);
    codec_queue_mark(&r->in, mark);
    unlock_and_post_work(r);
}

void
bc_recoder_request_key(struct bc_recoder *r)
{
    pthread_mutex_lock(&r->lock);
    r->want_key = true;
    pthread_mutex_unlock(&r->lock);
}

void
bc_recoder_stats(const struct bc_recoder *r, struct bc_recoder_stats *out)
{
    out->packets_in = atomic_load_explicit(&r->packets_in, memory_order_relaxed);
    out->packets_out = atomic_load_explicit(&r->packets_out, memory_order_relaxed);
    out->dropped = atomic_load_explicit(&r->dropped, memory_order_relaxed);
    out->busy_us = atomic_load_explicit(&r->busy_us, memory_order_relaxed);
}
