// SPDX-License-Identifier: Apache-2.0
#include "live.h"

#include <stdlib.h>
#include <string.h>

static const unsigned WIDTHS[PICTURE_RUNGS] = { 160, 320, 480, 640, 960, 1280 };

// Requests of one worker for one width. Owned by the job, then by the worker that it is
// posted to, which frees it. Its list is guarded by the owner's lock throughout.
struct batch {
    struct bc_list node;
    struct bc_task task;
    pthread_mutex_t *lock; // borrowed
    struct bc_worker *worker;
    size_t rung;
    struct bc_list waiters;
    struct bc_buf *jpeg; // owned reference; NULL: there is none
};

// A picture that was made, or that there is none of this keyframe. Owned by the cache.
struct cached {
    struct bc_list node;
    char channel[PICTURE_CHANNEL_MAX];
    size_t rung;
    struct picture_key key;
    struct bc_buf *jpeg; // owned reference; NULL: none
    int64_t made_us;
};

// --- small things ---

unsigned
picture_rung_width(size_t rung)
{
    return WIDTHS[rung];
}

static size_t
rung_of(unsigned width)
{
    size_t rung = 0;
    while (rung + 1 < PICTURE_RUNGS && WIDTHS[rung + 1] <= width) {
        rung++;
    }
    return rung;
}

static struct picture_key
key_of(const struct bc_hls_part *part)
{
    return (struct picture_key){ part->msn, part->number, part->wall_us };
}

static bool
same_key(const struct picture_key *a, const struct picture_key *b)
{
    return a->msn == b->msn && a->number == b->number && a->wall_us == b->wall_us;
}

static struct picture_live_job *
job_of(struct bc_list *node)
{
    return bc_container_of(node, struct picture_live_job, node);
}

// --- giving out ---

// On the worker: calls each waiter that has not given up.
static void
deliver(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct batch *b = bc_container_of(task, struct batch, task);
    pthread_mutex_lock(b->lock);
    while (!bc_list_empty(&b->waiters)) {
        struct bc_picture_waiter *w =
            bc_container_of(b->waiters.next, struct bc_picture_waiter, node);
        bc_list_remove(&w->node);
        pthread_mutex_unlock(b->lock);
        w->ready(w, b->jpeg);
        pthread_mutex_lock(b->lock);
    }
    pthread_mutex_unlock(b->lock);
    bc_buf_unref(&b->jpeg);
    free(b);
}

static struct batch *
create_batch(struct picture_live *live, struct bc_worker *worker, size_t rung)
{
    struct batch *b = calloc(1, sizeof(*b));
    if (b) {
        bc_list_init(&b->node);
        bc_list_init(&b->task.node);
        bc_list_init(&b->waiters);
        b->task.run = deliver;
        b->lock = live->lock;
        b->worker = worker;
        b->rung = rung;
    }
    return b;
}

static void
post(struct batch *b, struct bc_buf *jpeg)
{
    bc_list_remove(&b->node);
    b->jpeg = jpeg ? bc_buf_ref(jpeg) : NULL;
    bc_worker_post(b->worker, &b->task);
}

static bool
give(struct picture_live *live, const struct picture_wish *wish,
    struct bc_picture_waiter *waiter, struct bc_buf *jpeg)
{
    struct batch *b = create_batch(live, wish->worker, 0);
    if (b) {
        bc_list_append(&b->waiters, &waiter->node);
        post(b, jpeg);
    }
    return b;
}

bool
picture_live_refuse(
    struct picture_live *live, struct bc_worker *worker, struct bc_picture_waiter *waiter)
{
    struct picture_wish wish = { .worker = worker };
    return give(live, &wish, waiter, NULL);
}

// --- the cache ---

static struct cached *
find_cached(struct picture_live *live, const char *channel, size_t rung)
{
    bc_list_for_each(it, tmp, &live->cache)
    {
        struct cached *c = bc_container_of(it, struct cached, node);
        if (c->rung == rung && strcmp(c->channel, channel) == 0) {
            return c;
        }
    }
    return NULL;
}

static void
drop_cached(struct picture_live *live, struct cached *c)
{
    live->cached--;
    live->cached_bytes -= c->jpeg ? c->jpeg->len : 0;
    bc_list_remove(&c->node);
    bc_buf_unref(&c->jpeg);
    free(c);
}

static void
shrink_cache(struct picture_live *live)
{
    while (live->cached > PICTURE_LIVE_CACHE_MAX
        || (live->cached > 0 && live->cached_bytes > PICTURE_LIVE_CACHE_BYTES)) {
        drop_cached(live, bc_container_of(live->cache.next, struct cached, node));
    }
}

static void
keep(struct picture_live *live, const struct picture_live_job *job, size_t rung,
    struct bc_buf *jpeg, int64_t now_us)
{
    struct cached *old = find_cached(live, job->channel, rung);
    if (old) {
        drop_cached(live, old);
    }
    struct cached *c = calloc(1, sizeof(*c));
    if (!c) {
        return;
    }
    memcpy(c->channel, job->channel, sizeof(c->channel));
    c->rung = rung;
    c->key = job->key;
    c->jpeg = jpeg ? bc_buf_ref(jpeg) : NULL;
    c->made_us = now_us;
    bc_list_append(&live->cache, &c->node);
    live->cached++;
    live->cached_bytes += jpeg ? jpeg->len : 0;
    shrink_cache(live);
}

static struct bc_buf *
older_picture(struct picture_live *live, const char *channel, size_t rung)
{
    struct cached *c = find_cached(live, channel, rung);
    return c ? c->jpeg : NULL;
}

// --- jobs ---

static void
set_part(struct picture_live_job *job, const struct bc_hls_part *part)
{
    bc_buf_unref(&job->part);
    bc_buf_unref(&job->init);
    job->part = bc_buf_ref(part->buf);
    job->init = bc_buf_ref(part->init);
    job->key = key_of(part);
}

// A job that will make the very picture: one that has not begun takes the newest keyframe.
static struct picture_live_job *
find_job(struct picture_live *live, const struct picture_wish *wish, size_t rung)
{
    struct picture_key key = key_of(wish->part);
    bc_list_for_each(it, tmp, &live->jobs)
    {
        struct picture_live_job *job = job_of(it);
        if (strcmp(job->channel, wish->channel) != 0) {
            continue;
        }
        if (!job->running) {
            if (!same_key(&job->key, &key)) {
                set_part(job, wish->part);
            }
            return job;
        }
        if (same_key(&job->key, &key) && (job->rungs & (1u << rung))) {
            return job;
        }
    }
    return NULL;
}

static struct picture_live_job *
create_job(struct picture_live *live, const struct picture_wish *wish, int64_t now_us)
{
    struct picture_live_job *job = calloc(1, sizeof(*job));
    if (!job) {
        return NULL;
    }
    memcpy(job->channel, wish->channel, strlen(wish->channel));
    bc_list_init(&job->batches);
    set_part(job, wish->part);
    job->asked_us = now_us;
    bc_list_append(&live->jobs, &job->node);
    live->job_count++;
    return job;
}

static void
free_job(struct picture_live *live, struct picture_live_job *job)
{
    bc_list_remove(&job->node);
    live->job_count--;
    bc_buf_unref(&job->part);
    bc_buf_unref(&job->init);
    free(job);
}

static bool
join(struct picture_live *live, struct picture_live_job *job, struct bc_worker *worker,
    size_t rung, struct bc_picture_waiter *waiter)
{
    struct batch *mine = NULL;
    bc_list_for_each(it, tmp, &job->batches)
    {
        struct batch *b = bc_container_of(it, struct batch, node);
        mine = b->worker == worker && b->rung == rung ? b : mine;
    }
    if (!mine) {
        mine = create_batch(live, worker, rung);
        if (!mine) {
            return false;
        }
        bc_list_append(&job->batches, &mine->node);
    }
    job->rungs |= 1u << rung;
    bc_list_append(&mine->waiters, &waiter->node);
    return true;
}

bool
picture_live_ask(struct picture_live *live, const struct picture_wish *wish,
    struct bc_picture_waiter *waiter, int64_t now_us)
{
    size_t rung = rung_of(wish->width);
    struct picture_key key = key_of(wish->part);
    if (strlen(wish->channel) >= PICTURE_CHANNEL_MAX) {
        return give(live, wish, waiter, NULL);
    }
    struct cached *c = find_cached(live, wish->channel, rung);
    if (c
        && (same_key(&c->key, &key)
            || (c->jpeg && now_us - c->made_us < PICTURE_LIVE_FRESH_US))) {
        bc_list_remove(&c->node);
        bc_list_append(&live->cache, &c->node);
        return give(live, wish, waiter, c->jpeg);
    }
    struct picture_live_job *job = find_job(live, wish, rung);
    if (!job && live->job_count >= PICTURE_LIVE_JOBS_MAX) {
        return give(live, wish, waiter, c ? c->jpeg : NULL);
    }
    if (!job) {
        job = create_job(live, wish, now_us);
    }
    return job && join(live, job, wish->worker, rung, waiter);
}

// --- the thread's side ---

struct picture_live_job *
picture_live_begin(struct picture_live *live)
{
    bc_list_for_each(it, tmp, &live->jobs)
    {
        if (!job_of(it)->running) {
            job_of(it)->running = true;
            return job_of(it);
        }
    }
    return NULL;
}

bool
picture_live_waits(const struct picture_live *live)
{
    bc_list_for_each(it, tmp, &live->jobs)
    {
        if (!job_of(it)->running) {
            return true;
        }
    }
    return false;
}

void
picture_live_end(struct picture_live *live, struct picture_live_job *job,
    struct bc_buf *const jpegs[PICTURE_RUNGS], int64_t now_us)
{
    for (size_t i = 0; i < PICTURE_RUNGS; i++) {
        if (job->rungs & (1u << i)) {
            keep(live, job, i, jpegs[i], now_us);
        }
    }
    bc_list_for_each(it, tmp, &job->batches)
    {
        struct batch *b = bc_container_of(it, struct batch, node);
        post(b, jpegs[b->rung]);
    }
    free_job(live, job);
}

static void
give_up(struct picture_live *live, struct picture_live_job *job)
{
    bc_list_for_each(it, tmp, &job->batches)
    {
        struct batch *b = bc_container_of(it, struct batch, node);
        post(b, older_picture(live, job->channel, b->rung));
    }
    free_job(live, job);
}

int64_t
picture_live_expire(struct picture_live *live, int64_t now_us)
{
    int64_t next = INT64_MAX;
    bc_list_for_each(it, tmp, &live->jobs)
    {
        struct picture_live_job *job = job_of(it);
        int64_t due = job->asked_us + PICTURE_LIVE_PATIENCE_US;
        if (job->running) {
            continue;
        }
        if (due <= now_us) {
            give_up(live, job);
        } else if (due < next) {
            next = due;
        }
    }
    return next;
}

// --- its life ---

void
picture_live_init(struct picture_live *live, pthread_mutex_t *lock)
{
    memset(live, 0, sizeof(*live));
    live->lock = lock;
    bc_list_init(&live->jobs);
    bc_list_init(&live->cache);
}

void
picture_live_finish(struct picture_live *live)
{
    while (live->cached > 0) {
        drop_cached(live, bc_container_of(live->cache.next, struct cached, node));
    }
    bc_list_for_each(it, tmp, &live->jobs)
    {
        struct picture_live_job *job = job_of(it);
        while (!bc_list_empty(&job->batches)) {
            struct batch *b = bc_container_of(job->batches.next, struct batch, node);
            bc_list_remove(&b->node);
            free(b);
        }
        free_job(live, job);
    }
}
