// SPDX-License-Identifier: Apache-2.0
#include "coder.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "ffmpeg.h"
#include "outlet.h"
#include "transmux/codec.h"

#define QUEUE 2
#define PIXELS_720P (1280 * 720)

struct compose_coder {
    unsigned rendition;
    struct compose_outlet *outlet; // borrowed
    pthread_t thread;

    pthread_mutex_t lock; // guards what follows, up to the next blank line
    pthread_cond_t wakeup;
    bool stop;
    struct compose_job queue[QUEUE];
    unsigned count;
    struct compose_job left; // scripts of pictures that were left out
    int64_t cpu_us;
    int64_t wall_us;

    // The thread's own.
    struct bc_video_encoder *encoder;
    struct compose_coding coding; // of the encoder
    struct SwsContext *sws;
    AVFrame *scaled;
    bool told; // that it does not encode
};

static void
drop_job(struct compose_job *job)
{
    av_frame_free(&job->picture);
    for (unsigned i = 0; i < job->script_count; i++) {
        bc_buf_unref(&job->scripts[i]);
    }
    job->script_count = 0;
}

// --- the thread ---

static void
on_packet(void *user, struct bc_packet *packet)
{
    struct compose_coder *c = user;
    packet->rendition = (uint8_t)c->rendition;
    compose_outlet_send(c->outlet, packet);
}

static void
send_scripts(struct compose_coder *c, struct compose_job *job)
{
    for (unsigned i = 0; i < job->script_count; i++) {
        struct bc_buf *buf = job->scripts[i];
        struct bc_packet *p =
            bc_packet_create(BC_KIND_SCRIPT, NULL, buf, buf->data, buf->len);
        if (!p) {
            bc_buf_unref(&buf);
            continue;
        }
        p->dts_us = p->pts_us = job->media_us;
        compose_outlet_send(c->outlet, p);
    }
    job->script_count = 0;
}

// A picture of the wanted size: the canvas, or one scaled down.
static AVFrame *
fit(struct compose_coder *c, AVFrame *f, const struct compose_coding *to)
{
    if (f->width == to->width && f->height == to->height) {
        return f;
    }
    if (!c->scaled || c->scaled->width != to->width || c->scaled->height != to->height) {
        av_frame_free(&c->scaled);
        c->scaled = av_frame_alloc();
        if (!c->scaled) {
            return NULL;
        }
        c->scaled->width = to->width;
        c->scaled->height = to->height;
        c->scaled->format = AV_PIX_FMT_YUV420P;
        if (av_frame_get_buffer(c->scaled, 0) < 0) {
            av_frame_free(&c->scaled);
            return NULL;
        }
    }
    c->sws = sws_getCachedContext(c->sws, f->width, f->height, AV_PIX_FMT_YUV420P,
        to->width, to->height, AV_PIX_FMT_YUV420P, SWS_FAST_BILINEAR, NULL, NULL, NULL);
    bool ok = c->sws && av_frame_make_writable(c->scaled) == 0
        && av_frame_copy_props(c->scaled, f) == 0
        && sws_scale(c->sws, (const uint8_t *const *)f->data, f->linesize, 0, f->height,
               c->scaled->data, c->scaled->linesize)
            > 0;
    return ok ? c->scaled : NULL;
}

static bool
open_encoder(struct compose_coder *c, const struct compose_coding *coding)
{
    if (c->encoder && memcmp(&c->coding, coding, sizeof(*coding)) == 0) {
        return true;
    }
    struct bc_encoder_sink sink = { on_packet, c };
    struct bc_video_wish wish = { .bits_per_second = coding->bits_per_second,
        .fps = coding->fps,
        .high = true,
        .preset = "veryfast",
        .threads = coding->width * coding->height > PIXELS_720P ? 2 : 1 };
    bc_video_encoder_destroy(c->encoder);
    c->coding = *coding;
    c->encoder = bc_video_encoder_create(&wish, &sink);
    return c->encoder != NULL;
}

static void
encode(struct compose_coder *c, struct compose_job *job)
{
    AVFrame *f =
        open_encoder(c, &job->coding) ? fit(c, job->picture, &job->coding) : NULL;
    bool ok = f && bc_video_encoder_encode(c->encoder, f, job->media_us, job->key) == 0;
    if (!ok && !c->told) {
        bc_error(NULL, "cannot encode %dx%d", job->coding.width, job->coding.height);
        c->told = true;
    }
}

static int64_t
thread_cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static bool
next_job(struct compose_coder *c, struct compose_job *job)
{
    pthread_mutex_lock(&c->lock);
    while (c->count == 0 && !c->stop) {
        pthread_cond_wait(&c->wakeup, &c->lock);
    }
    bool any = !c->stop;
    if (any) {
        *job = c->queue[0];
        c->count--;
        memmove(c->queue, c->queue + 1, c->count * sizeof(c->queue[0]));
    }
    pthread_mutex_unlock(&c->lock);
    return any;
}

static void *
run(void *user)
{
    struct compose_coder *c = user;
    struct compose_job job;
    while (next_job(c, &job)) {
        int64_t began_us = bc_clock_us();
        send_scripts(c, &job);
        encode(c, &job);
        drop_job(&job);
        pthread_mutex_lock(&c->lock);
        c->wall_us += bc_clock_us() - began_us;
        c->cpu_us = thread_cpu_us();
        pthread_mutex_unlock(&c->lock);
    }
    return NULL;
}

// --- life ---

struct compose_coder *
compose_coder_create(unsigned rendition, struct compose_outlet *outlet)
{
    struct compose_coder *c = calloc(1, sizeof(*c));
    if (!c) {
        return NULL;
    }
    c->rendition = rendition;
    c->outlet = outlet;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->wakeup, NULL);
    if (pthread_create(&c->thread, NULL, run, c) != 0) {
        pthread_cond_destroy(&c->wakeup);
        pthread_mutex_destroy(&c->lock);
        free(c);
        return NULL;
    }
    return c;
}

void
compose_coder_destroy(struct compose_coder *c)
{
    if (!c) {
        return;
    }
    pthread_mutex_lock(&c->lock);
    c->stop = true;
    pthread_cond_signal(&c->wakeup);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->thread, NULL);
    for (unsigned i = 0; i < c->count; i++) {
        drop_job(&c->queue[i]);
    }
    drop_job(&c->left);
    bc_video_encoder_destroy(c->encoder);
    sws_freeContext(c->sws);
    av_frame_free(&c->scaled);
    pthread_cond_destroy(&c->wakeup);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

static void
move_scripts(struct compose_job *from, struct compose_job *to)
{
    for (unsigned i = 0; i < from->script_count; i++) {
        if (to->script_count < COMPOSE_JOB_SCRIPTS) {
            to->scripts[to->script_count++] = from->scripts[i];
        } else {
            bc_buf_unref(&from->scripts[i]);
        }
    }
    from->script_count = 0;
}

bool
compose_coder_push(struct compose_coder *c, struct compose_job *job)
{
    pthread_mutex_lock(&c->lock);
    bool fits = c->count < QUEUE;
    // What was left out goes first.
    move_scripts(job, &c->left);
    if (fits) {
        move_scripts(&c->left, job);
        c->queue[c->count++] = *job;
        pthread_cond_signal(&c->wakeup);
    }
    pthread_mutex_unlock(&c->lock);
    if (!fits) {
        drop_job(job);
    }
    return fits;
}

void
compose_coder_times(struct compose_coder *c, int64_t *cpu_us, int64_t *wall_us)
{
    pthread_mutex_lock(&c->lock);
    *cpu_us = c->cpu_us;
    *wall_us = c->wall_us;
    pthread_mutex_unlock(&c->lock);
}
