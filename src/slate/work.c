// SPDX-License-Identifier: Apache-2.0
// What the threads do for an entry.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "slates.h"

// --- telling ---

// NULL: all is well. Lock held; logged when it is news.
static void
set_error(struct slate_entry *e, const char *why)
{
    bool news = strcmp(e->error, why ? why : "") != 0;
    snprintf(e->error, sizeof(e->error), "%s", why ? why : "");
    if (news && why) {
        bc_error(&e->slates->log, "%.200s cannot be shown, a plain picture is instead: %s",
            e->path ? e->path : "the plain slate", why);
    }
}

// Takes over the reference.
static void
publish(struct slate_entry *e, struct slate_media *media, int64_t took_us)
{
    bc_info(&e->slates->log, "%.200s is ready as %dx%d: %zu bytes, made in %" PRId64 " ms",
        e->path ? e->path : "a plain picture", e->format.width, e->format.height,
        slate_media_bytes(media), took_us / 1000);
    pthread_mutex_lock(&e->slates->lock);
    struct slate_media *old = e->media;
    e->media = media;
    e->is_news = true;
    slate_entry_sync(e);
    pthread_mutex_unlock(&e->slates->lock);
    slate_media_unref(&old);
}

// --- pictures ---

// The picture, or the plain one instead. NULL: neither.
static AVFrame *
get_picture(struct slate_entry *e, struct slate_file_mark *mark)
{
    const char *why = NULL;
    const atomic_bool *stop = &e->slates->quick.stop;
    AVFrame *picture =
        slate_prepare_picture(e->kind, e->path, &e->format, stop, mark, &why);
    pthread_mutex_lock(&e->slates->lock);
    set_error(e, why);
    bool had = e->media != NULL;
    pthread_mutex_unlock(&e->slates->lock);
    if (picture || had) {
        return picture; // what was good before stays when its file is replaced by a bad one
    }
    struct slate_file_mark none;
    return slate_prepare_picture(SLATE_PLAIN, NULL, &e->format, stop, &none, &why);
}

static void
open_countdown(struct slate_entry *e, const AVFrame *picture)
{
    int64_t left = (e->to_wall_us - bc_clock_wall_us()) / 1000000 + 1;
    slate_countdown_finish(&e->countdown);
    const char *why =
        slate_countdown_init(&e->countdown, picture, &e->format, left > 0 ? left : 0);
    e->can_count = !why;
    if (why) {
        bc_warn(&e->slates->log, "no countdown: %s", why);
    }
}

static void
make_still(struct slate_entry *e, AVFrame *picture)
{
    const char *why = NULL;
    int64_t began_us = bc_clock_us();
    struct slate_media *media = slate_prepare_still(picture, &e->format, &why);
    if (!media) {
        pthread_mutex_lock(&e->slates->lock);
        set_error(e, why);
        pthread_mutex_unlock(&e->slates->lock);
        return;
    }
    if (e->to_wall_us > 0) {
        open_countdown(e, picture);
    }
    publish(e, media, bc_clock_us() - began_us);
}

static bool
has_changed(struct slate_entry *e)
{
    struct slate_file_mark mark;
    const char *why;
    int fd = e->kind == SLATE_PLAIN ? -1 : slate_file_open(e->path, &mark, &why);
    if (fd < 0) {
        return false; // a file that is away may be on its way
    }
    close(fd);
    return !slate_file_is_same(&mark, &e->mark);
}

static void
run_prepare(struct slate_job *job)
{
    struct slate_entry *e = bc_container_of(job, struct slate_entry, prepare_job);
    if (!e->is_prepared || has_changed(e)) {
        e->is_prepared = true;
        AVFrame *picture = get_picture(e, &e->mark);
        if (picture) {
            make_still(e, picture);
        }
        av_frame_free(&picture);
        pthread_mutex_lock(&e->slates->lock);
        // A countdown stands on a video's first picture.
        if (e->kind == SLATE_FILE && e->to_wall_us == 0 && !e->error[0] && !e->filming) {
            e->filming = true;
            e->busy++;
            slate_thread_post(&e->slates->slow, &e->movie_job);
        }
        pthread_mutex_unlock(&e->slates->lock);
    }
    pthread_mutex_lock(&e->slates->lock);
    e->preparing = false;
    pthread_mutex_unlock(&e->slates->lock);
    slate_entry_done(e);
}

void
slate_work_prepare(struct slate_entry *e)
{
    e->checked_us = bc_clock_us();
    if (!e->preparing && !e->slates->stopping) {
        e->preparing = true;
        e->busy++;
        slate_thread_post(&e->slates->quick, &e->prepare_job);
    }
}

// --- videos ---

static void
run_movie(struct slate_job *job)
{
    struct slate_entry *e = bc_container_of(job, struct slate_entry, movie_job);
    const char *why = NULL;
    int64_t began_us = bc_clock_us();
    struct slate_media *media =
        slate_prepare_movie(e->path, &e->format, &e->slates->slow.stop, &why);
    if (media) {
        publish(e, media, bc_clock_us() - began_us);
    }
    pthread_mutex_lock(&e->slates->lock);
    if (!media && !atomic_load(&e->slates->slow.stop)) {
        set_error(e, why);
    }
    e->filming = false;
    pthread_mutex_unlock(&e->slates->lock);
    slate_entry_done(e);
}

// --- countdowns ---

static void
run_key(struct slate_job *job)
{
    struct slate_entry *e = bc_container_of(job, struct slate_entry, key_job);
    pthread_mutex_lock(&e->slates->lock);
    int64_t seconds = e->key_wanted;
    pthread_mutex_unlock(&e->slates->lock);
    struct bc_buf *key = e->can_count ? slate_countdown_make(&e->countdown, seconds) : NULL;
    pthread_mutex_lock(&e->slates->lock);
    struct bc_buf *old = e->key;
    e->key = key;
    e->counting = false;
    if (key) {
        slate_entry_sync(e);
    }
    pthread_mutex_unlock(&e->slates->lock);
    bc_buf_unref(&old);
    slate_entry_done(e);
}

void
slate_work_count(struct slate_entry *e, int64_t seconds)
{
    if (e->counting || e->key || e->slates->stopping) {
        return;
    }
    e->key_wanted = seconds;
    e->counting = true;
    e->busy++;
    slate_thread_post(&e->slates->quick, &e->key_job);
}

// --- life ---

static void
init_job(struct slate_job *job, void (*run)(struct slate_job *))
{
    bc_list_init(&job->node);
    job->run = run;
}

void
slate_work_init(struct slate_entry *e)
{
    init_job(&e->prepare_job, run_prepare);
    init_job(&e->movie_job, run_movie);
    init_job(&e->key_job, run_key);
}

void
slate_work_finish(struct slate_entry *e)
{
    slate_countdown_finish(&e->countdown);
    slate_media_unref(&e->media);
    bc_buf_unref(&e->key);
}
