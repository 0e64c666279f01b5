// SPDX-License-Identifier: Apache-2.0
#include "jobs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "record/library.h"

// Viewers come first: what is live must not wait for a clip.
#define NICE 10
// A player's idea of where the end is, beyond the last sample.
#define BEYOND_END_US 2000000

// --- jobs ---

static void
job_free(struct clip_job *job)
{
    bc_recording_unref(&job->source);
    free(job);
}

static void
list_free(struct bc_list *list)
{
    bc_list_for_each(it, tmp, list)
    {
        struct clip_job *job = bc_container_of(it, struct clip_job, node);
        bc_list_remove(it);
        job_free(job);
    }
}

static struct clip_job *
find_in(struct bc_list *list, const char *id)
{
    bc_list_for_each(it, tmp, list)
    {
        struct clip_job *job = bc_container_of(it, struct clip_job, node);
        if (strcmp(job->id, id) == 0) {
            return job;
        }
    }
    return NULL;
}

// A new try of what ended before hides that.
static struct clip_job *
find(struct bc_clips *c, const char *id)
{
    struct clip_job *job = find_in(&c->running, id);
    job = job ? job : find_in(&c->waiting, id);
    return job ? job : find_in(&c->ended, id);
}

// With the lock held.
static void
job_end(struct bc_clips *c, struct clip_job *job, int err, const char *error)
{
    job->state = err == 0 ? BC_CLIP_JOB_DONE : BC_CLIP_JOB_FAILED;
    (void)snprintf(job->error, sizeof(job->error), "%s", error);
    struct clip_job *before = find_in(&c->ended, job->id);
    bc_list_remove(&job->node);
    bc_list_append(&c->ended, &job->node);
    c->ended_count++;
    if (!before && c->ended_count > JOBS_KEPT) {
        before = bc_container_of(c->ended.next, struct clip_job, node);
    }
    if (before) {
        bc_list_remove(&before->node);
        c->ended_count--;
        job_free(before);
    }
}

static int
job_queue(struct bc_clips *c, struct clip_job *job)
{
    int err = 0;
    pthread_mutex_lock(&c->lock);
    struct clip_job *same = find(c, job->id);
    if (c->stopping || c->waiting_count >= c->params.queue) {
        err = -EAGAIN;
    } else if (same
        && (same->state == BC_CLIP_JOB_WAITING || same->state == BC_CLIP_JOB_RUNNING)) {
        err = -EALREADY;
    } else {
        job->state = BC_CLIP_JOB_WAITING;
        bc_list_append(&c->waiting, &job->node);
        c->waiting_count++;
        // Before its thread can say how it went.
        clip_job_announce(c, job);
        pthread_cond_signal(&c->work);
    }
    pthread_mutex_unlock(&c->lock);
    return err;
}

// --- threads ---

static void
run_job(struct bc_clips *c, struct clip_job *job)
{
    char error[CLIP_NOTE_MAX] = "";
    int64_t began_us = bc_clock_us();
    int err = job->kind == JOB_CLIP ? clip_job_cut(c, job, error)
                                    : clip_job_export(c, job, error);
    long long ms = (long long)(bc_clock_us() - began_us) / 1000;
    const char *what = job->kind == JOB_CLIP ? "clip" : "export";
    if (err == 0) {
        atomic_fetch_add(&c->made, 1);
        bc_info(&c->log, "%s %s is ready after %lld ms%s%s", what, job->id, ms,
            error[0] != '\0' ? "; " : "", error);
    } else if (err == -ECANCELED) {
        bc_info(&c->log, "%s %s was cancelled", what, job->id);
    } else {
        atomic_fetch_add(&c->failed, 1);
        bc_warn(&c->log, "%s %s failed after %lld ms: %s", what, job->id, ms, error);
    }
    struct bc_recording *source = NULL;
    pthread_mutex_lock(&c->lock);
    source = job->source;
    job->source = NULL;
    job_end(c, job, err, error);
    pthread_mutex_unlock(&c->lock);
    bc_recording_unref(&source); // may close files
}

static struct clip_job *
take_job(struct bc_clips *c)
{
    pthread_mutex_lock(&c->lock);
    while (!c->stopping && bc_list_empty(&c->waiting)) {
        pthread_cond_wait(&c->work, &c->lock);
    }
    struct clip_job *job = NULL;
    if (!c->stopping) {
        job = bc_container_of(c->waiting.next, struct clip_job, node);
        bc_list_remove(&job->node);
        bc_list_append(&c->running, &job->node);
        c->waiting_count--;
        job->state = BC_CLIP_JOB_RUNNING;
    }
    pthread_mutex_unlock(&c->lock);
    return job;
}

static void *
thread_main(void *user)
{
    struct bc_clips *c = user;
    (void)pthread_setname_np(pthread_self(), "clip");
    // Of this thread and those it starts.
    (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICE);
    for (struct clip_job *job = take_job(c); job; job = take_job(c)) {
        run_job(c, job);
    }
    return NULL;
}

struct bc_clips *
bc_clips_create(const struct bc_clips_params *params)
{
    struct bc_clips *c = calloc(1, sizeof(*c));
    if (!c) {
        return NULL;
    }
    c->params = *params;
    bc_logger_init(&c->log, NULL, "clip");
    (void)snprintf(c->root, sizeof(c->root), "%s",
        bc_library_root(params->library, BC_RECORDING_CLIP));
    clip_cut_sweep(c->root);
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->work, NULL);
    bc_list_init(&c->waiting);
    bc_list_init(&c->running);
    bc_list_init(&c->ended);
    unsigned want = params->threads < JOBS_THREADS_MAX ? params->threads : JOBS_THREADS_MAX;
    while (c->thread_count < want
        && pthread_create(&c->threads[c->thread_count], NULL, thread_main, c) == 0) {
        c->thread_count++;
    }
    if (c->thread_count == 0) {
        bc_error(&c->log, "no thread for clips");
        bc_clips_destroy(c);
        return NULL;
    }
    return c;
}

void
bc_clips_stop(struct bc_clips *c)
{
    if (!c) {
        return;
    }
    pthread_mutex_lock(&c->lock);
    c->stopping = true;
    bc_list_for_each(it, tmp, &c->running)
    {
        atomic_store(&bc_container_of(it, struct clip_job, node)->cancel, true);
    }
    pthread_cond_broadcast(&c->work);
    pthread_mutex_unlock(&c->lock);
    for (unsigned i = 0; i < c->thread_count; i++) {
        (void)pthread_join(c->threads[i], NULL);
    }
    c->thread_count = 0;
}

void
bc_clips_destroy(struct bc_clips *c)
{
    if (!c) {
        return;
    }
    bc_clips_stop(c);
    bc_list_for_each(it, tmp, &c->waiting)
    {
        clip_job_fail(c, bc_container_of(it, struct clip_job, node), "the server stopped");
    }
    list_free(&c->waiting);
    list_free(&c->ended);
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->work);
    free(c);
}

// --- what others ask for ---

static struct clip_job *
job_create(enum job_kind kind, struct bc_recording *source, const char *id)
{
    struct clip_job *job = calloc(1, sizeof(*job));
    if (job) {
        bc_list_init(&job->node);
        job->kind = kind;
        job->source = bc_recording_ref(source);
        (void)snprintf(job->id, sizeof(job->id), "%s", id);
    }
    return job;
}

// Of a running broadcast all frames that are shown before its last part ends have come; of
// one that has ended, those behind belong to it, too.
static int64_t
limit_end(const struct bc_recording_info *source, int64_t to_us)
{
    if (to_us < source->duration_us) {
        return to_us;
    }
    return source->duration_us + (source->ended_wall_us != 0 ? BEYOND_END_US : 0);
}

int
bc_clips_start(struct bc_clips *c, const struct bc_clip_request *request,
    char id[BC_RECORDING_ID_MAX + 1])
{
    struct bc_recording_info source;
    bc_recording_info(request->source, &source);
    if (request->from_us >= request->to_us) {
        return -EINVAL;
    }
    if (request->from_us < 0 || request->from_us >= source.duration_us
        || request->to_us > source.duration_us + BEYOND_END_US) {
        return -ERANGE;
    }
    bc_recording_id_make(id, bc_clock_wall_us());
    struct clip_job *job = job_create(JOB_CLIP, request->source, id);
    if (!job) {
        return -ENOMEM;
    }
    job->from_us = request->from_us;
    job->to_us = limit_end(&source, request->to_us);
    job->exact = request->frame_exact;
    (void)snprintf(job->title, sizeof(job->title), "%s",
        request->title ? request->title : "");
    int err = job_queue(c, job);
    if (err != 0) {
        job_free(job);
    }
    return err;
}

int
bc_clips_export(struct bc_clips *c, struct bc_recording *source)
{
    struct bc_recording_info info;
    char path[CLIP_PATH_MAX];
    bc_recording_info(source, &info);
    int err = clip_export_path(source, path);
    if (err != 0) {
        return err;
    }
    if (access(path, F_OK) == 0) {
        return -EALREADY;
    }
    struct clip_job *job = job_create(JOB_EXPORT, source, info.id);
    if (!job) {
        return -ENOMEM;
    }
    err = job_queue(c, job);
    if (err != 0) {
        job_free(job);
    }
    return err;
}

static int
percent_of(struct clip_job *job)
{
    int percent = atomic_load(&job->progress.percent);
    if (job->kind == JOB_CLIP) {
        percent = atomic_load(&job->progress.half) * 50 + percent / 2;
    }
    return job->state == BC_CLIP_JOB_DONE ? 100 : percent;
}

void
bc_clips_job(struct bc_clips *c, const char *id, struct bc_clip_job *out)
{
    *out = (struct bc_clip_job){ 0 };
    pthread_mutex_lock(&c->lock);
    struct clip_job *job = find(c, id);
    if (job) {
        out->state = job->state;
        out->progress = percent_of(job);
        (void)snprintf(out->error, sizeof(out->error), "%s", job->error);
    }
    pthread_mutex_unlock(&c->lock);
}

void
bc_clips_cancel(struct bc_clips *c, const char *id)
{
    struct bc_recording *source = NULL;
    pthread_mutex_lock(&c->lock);
    struct clip_job *job = find_in(&c->running, id);
    if (job) {
        atomic_store(&job->cancel, true);
    }
    job = find_in(&c->waiting, id);
    if (job) {
        c->waiting_count--;
        source = job->source;
        job->source = NULL;
        if (job->kind == JOB_CLIP) {
            clip_job_fail(c, job, "cancelled");
        }
        job_end(c, job, -ECANCELED, "cancelled");
    }
    pthread_mutex_unlock(&c->lock);
    bc_recording_unref(&source);
}

void
bc_clips_totals(struct bc_clips *c, struct bc_clips_totals *out)
{
    pthread_mutex_lock(&c->lock);
    out->waiting = c->waiting_count;
    pthread_mutex_unlock(&c->lock);
    out->made = atomic_load(&c->made);
    out->failed = atomic_load(&c->failed);
}
