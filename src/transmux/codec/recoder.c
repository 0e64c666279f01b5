// SPDX-License-Identifier: Apache-2.0
// The way to a codec thread and back. Home pushes into a bounded queue and posts the work;
// the codec thread takes from it, a little per turn so that all jobs of the thread get on,
// and posts what came out.
#include "transmux/recoder.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/list.h"
#include "job.h"
#include "net/timer.h"
#include "net/worker.h"
#include "threads.h"

#define SOUND_QUEUE_US 2000000
#define SOUND_QUEUE_MAX 512
#define PICTURE_QUEUE_MAX 64
#define HISTORY_MAX 2048
#define SOUND_TURN 8 // packets of one job before the next job's turn
#define PICTURE_TURN 1
#define IDLE_FIRST_US 250000 // sound may stop for silence; then its clock is moved by us
#define IDLE_NEXT_US 100000
#define IDLE_MAX_US 1000000 // after that nobody sends
#define DROP_LOG_US 10000000

// A packet in a queue. One without a packet is the mark of bc_recoder_begin_output().
struct entry {
    struct bc_list node;
    struct bc_packet *packet; // reference
    uint32_t flags; // the packet's, and what a dropped one before it had
};

// Shared by home and the codec thread, which have a reference each, as has a message to
// home under way. Home's reference ends with bc_recoder_destroy(), the codec thread's when
// it has closed the job after that.
struct bc_recoder {
    atomic_uint refs;
    enum bc_kind kind;
    struct bc_worker *thread; // borrowed from the threads
    struct bc_task work;
    struct bc_task deliver;

    // Home only.
    struct bc_recoder_params params;
    bool wait_key; // pictures are dropped until a keyframe comes
    bool begun; // bc_recoder_begin_output() was called
    bool told; // of the failure
    struct bc_log_limit drop_log;

    pthread_mutex_t lock; // guards the following
    struct bc_list in;
    struct bc_list out;
    unsigned queued; // packets in `in`
    unsigned history; // of them before the mark
    bool closed; // written by home only
    bool work_posted;
    bool deliver_posted;
    bool want_key;
    bool flag_lost; // a dropped packet was the first of lost_epoch
    uint32_t lost_epoch;
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
free_entry(struct entry *e)
{
    bc_list_remove(&e->node);
    bc_packet_unref(&e->packet);
    free(e);
}

static void
free_entries(struct bc_list *list)
{
    while (!bc_list_empty(list)) {
        free_entry(bc_container_of(list->next, struct entry, node));
    }
}

static void
unref(struct bc_recoder *r)
{
    if (atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) == 1) {
        free_entries(&r->in);
        free_entries(&r->out);
        pthread_mutex_destroy(&r->lock);
        free(r);
    }
}

static struct entry *
create_entry(struct bc_packet *packet) // its reference is the entry's
{
    struct entry *e = calloc(1, sizeof(*e));
    if (e) {
        bc_list_init(&e->node);
        e->packet = packet;
        e->flags = packet ? packet->flags : 0;
    }
    return e;
}

// --- codec thread ---

static void
on_job_packet(void *user, struct bc_packet *packet)
{
    struct bc_recoder *r = user;
    struct entry *e = create_entry(packet);
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
    if ((failed_now || !bc_list_empty(&r->out)) && !r->closed && !r->deliver_posted) {
        r->deliver_posted = true;
        atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
        bc_worker_post(r->params.home, &r->deliver);
    }
    pthread_mutex_unlock(&r->lock);
}

// The next entry, or NULL when the queue is empty or nobody wants any more.
static struct entry *
take_entry(struct bc_recoder *r, unsigned *behind, bool *want_key)
{
    struct entry *e = NULL;
    pthread_mutex_lock(&r->lock);
    if (!r->closed && !bc_list_empty(&r->in)) {
        e = bc_container_of(r->in.next, struct entry, node);
        bc_list_remove(&e->node);
        if (e->packet) {
            r->queued--;
            r->history -= r->history > 0;
            if (r->flag_lost && r->lost_epoch == e->packet->epoch) {
                e->flags |= BC_PACKET_NEW_EPOCH;
                r->flag_lost = false;
            }
        }
        *behind = r->queued;
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
    struct entry *e = take_entry(r, &behind, &want_key);
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
    free_entry(e);
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
    bool more = !closed && !bc_list_empty(&r->in);
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
        struct entry *e = bc_container_of(out.next, struct entry, node);
        struct bc_packet *packet = e->packet;
        e->packet = NULL;
        free_entry(e);
        r->params.on_packet(r->params.user, packet);
    }
    free_entries(&out);
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
                     : codec_audio_job_create(params->to, &sink);
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
    bc_list_init(&r->in);
    bc_list_init(&r->out);
    bc_timer_init(&r->idle, r->thread, on_idle);
    return r;
}

static void
post_work_locked(struct bc_recoder *r)
{
    if (!r->work_posted) {
        r->work_posted = true;
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
    post_work_locked(r);
    pthread_mutex_unlock(&r->lock);
    unref(r);
}

static void
drop_locked(struct bc_recoder *r, struct entry *e)
{
    if (e->flags & BC_PACKET_NEW_EPOCH) {
        r->flag_lost = true;
        r->lost_epoch = e->packet->epoch;
    }
    r->queued--;
    r->history -= r->history > 0;
    atomic_fetch_add_explicit(&r->dropped, 1, memory_order_relaxed);
    free_entry(e);
}

// The oldest half of the sound.
static void
drop_sound_locked(struct bc_recoder *r)
{
    unsigned left = r->queued / 2;
    while (r->queued > left) {
        drop_locked(r, bc_container_of(r->in.next, struct entry, node));
    }
}

// The newest keyframe in the queue that has packets before it, or the queue's end.
static struct bc_list *
find_later_key_locked(struct bc_recoder *r)
{
    struct bc_list *key = &r->in;
    bool any = false;
    bc_list_for_each(it, next, &r->in)
    {
        if (any && (bc_container_of(it, struct entry, node)->flags & BC_PACKET_KEY)) {
            key = it;
        }
        any = any || bc_container_of(it, struct entry, node)->packet;
    }
    return key;
}

// Everything before that keyframe. Without one everything, and what comes until the next.
static void
drop_pictures_locked(struct bc_recoder *r)
{
    struct bc_list *key = find_later_key_locked(r);
    r->wait_key = key == &r->in;
    bc_list_for_each(it, next, &r->in)
    {
        struct entry *e = bc_container_of(it, struct entry, node);
        if (it == key) {
            break;
        }
        if (e->packet) { // marks stay
            drop_locked(r, e);
        }
    }
}

static bool
is_overfull_locked(const struct bc_recoder *r)
{
    if (r->kind == BC_KIND_VIDEO) {
        unsigned live = r->begun ? r->queued - r->history : 0;
        return live > PICTURE_QUEUE_MAX || r->queued > HISTORY_MAX;
    }
    const struct entry *first = bc_container_of(r->in.next, struct entry, node);
    const struct entry *last = bc_container_of(r->in.prev, struct entry, node);
    return r->queued > SOUND_QUEUE_MAX
        || last->packet->dts_us - first->packet->dts_us > SOUND_QUEUE_US;
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
    struct entry *e = create_entry(bc_packet_ref(packet));
    if (!e) {
        bc_packet_unref(&packet);
        r->wait_key = r->kind == BC_KIND_VIDEO;
        return;
    }
    pthread_mutex_lock(&r->lock);
    bc_list_append(&r->in, &e->node);
    r->queued++;
    bool dropped = is_overfull_locked(r);
    if (r->wait_key && !(packet->flags & BC_PACKET_KEY)) {
        drop_locked(r, e);
        dropped = false;
    } else if (dropped && r->kind == BC_KIND_AUDIO) {
        drop_sound_locked(r);
    } else if (dropped) {
        drop_pictures_locked(r);
    } else {
        r->wait_key = false;
    }
    post_work_locked(r);
    pthread_mutex_unlock(&r->lock);
    if (dropped) {
        say_dropped(r);
    }
}

void
bc_recoder_begin_output(struct bc_recoder *r)
{
    struct entry *e = r->kind == BC_KIND_VIDEO && !r->begun ? create_entry(NULL) : NULL;
    if (!e) {
        return;
    }
    r->begun = true;
    pthread_mutex_lock(&r->lock);
    r->history = r->queued;
    bc_list_append(&r->in, &e->node);
    post_work_locked(r);
    pthread_mutex_unlock(&r->lock);
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
