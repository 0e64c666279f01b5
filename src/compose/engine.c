// SPDX-License-Identifier: Apache-2.0
#include "engine.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "engine_internal.h"

#define US_PER_S 1000000

static int64_t
thread_cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * US_PER_S + t.tv_nsec / 1000;
}

// --- what is encoded ---

static void
coding_of(const struct compose_engine *e, unsigned i, struct compose_coding *out)
{
    const struct compose_look *look = e->now.look;
    const struct bc_scene *s = look->scene;
    memset(out, 0, sizeof(*out)); // compared as bytes
    out->fps = (int)s->fps;
    if (i == 0) {
        out->width = look->width;
        out->height = look->height;
        out->bits_per_second = (int64_t)s->video_kbps * 1000;
        return;
    }
    const struct bc_scene_rendition *r = &s->renditions[i - 1];
    out->width = compose_level_size(e->load.level, (int)r->width);
    out->height = compose_level_size(e->load.level, (int)r->height);
    out->bits_per_second = (int64_t)r->video_kbps * 1000;
}

// One coder for each rendition of the scene. The lock is held.
static unsigned
fit_coders(struct compose_engine *e)
{
    unsigned wanted = 1 + (unsigned)e->now.look->scene->n_renditions;
    wanted = wanted > COMPOSE_CODERS_MAX ? COMPOSE_CODERS_MAX : wanted;
    for (unsigned i = 0; i < COMPOSE_CODERS_MAX; i++) {
        if (i < wanted && !e->coders[i]) {
            e->coders[i] = compose_coder_create(i, e->params.outlet);
        } else if (i >= wanted && e->coders[i]) {
            compose_coder_destroy(e->coders[i]);
            e->coders[i] = NULL;
        }
    }
    return wanted;
}

static void
encode(struct compose_engine *e, AVFrame *canvas, const struct compose_turn *turn,
    struct compose_job *first)
{
    unsigned count = fit_coders(e);
    bool key = compose_outlet_wants_key(e->params.outlet) || e->key_wanted;
    bool late = false;
    e->key_wanted = false;
    for (unsigned i = 0; i < count; i++) {
        struct compose_job job = { 0 };
        if (i == 0) {
            job = *first;
        }
        job.picture = av_frame_clone(canvas);
        job.media_us = turn->media_us;
        job.key = key;
        coding_of(e, i, &job.coding);
        if (!job.picture || !e->coders[i] || !compose_coder_push(e->coders[i], &job)) {
            late = true;
        }
    }
    e->key_wanted = late && key;
    e->work.late += late;
    e->late += late;
}

// --- a turn ---

static void
count_second(struct compose_engine *e, int64_t now_us)
{
    int64_t most_us = 0;
    if (now_us - e->second_us < US_PER_S) {
        return;
    }
    for (unsigned i = 0; i < COMPOSE_CODERS_MAX; i++) {
        int64_t cpu_us = 0;
        int64_t wall_us = 0;
        if (e->coders[i]) {
            compose_coder_times(e->coders[i], &cpu_us, &wall_us);
        }
        most_us = wall_us > most_us ? wall_us : most_us;
    }
    int64_t coded_us = most_us - e->code_wall_us;
    int64_t busy_us = coded_us > e->draw_wall_us ? coded_us : e->draw_wall_us;
    e->work.busy = (double)busy_us / (double)(now_us - e->second_us);
    if (compose_load_note(&e->load, &e->work)) {
        const char *text = compose_level_text(e->load.level);
        bc_warn(NULL, "%s: %s",
            e->load.level ? "the processor does not suffice" : "full rate",
            text[0] ? text : "it suffices again");
        e->params.on_level(e->params.user, e->load.level);
    }
    e->code_wall_us = most_us;
    e->draw_wall_us = 0;
    e->second_us = now_us;
    e->work = (struct compose_second){ 0 };
}

static void
run_turn(struct compose_engine *e, const struct compose_turn *turn)
{
    struct compose_seen seen[COMPOSE_INPUTS_MAX];
    struct compose_job job = { 0 };
    int64_t cpu_us = thread_cpu_us();
    int64_t began_us = bc_clock_us();
    unsigned count = compose_engine_look_at_inputs(e, turn->clock_us, seen);
    AVFrame *canvas = compose_engine_draw(e, seen, count, turn->clock_us);
    compose_engine_draw_preview(e, seen, count, turn->clock_us);
    e->draw_wall_us += bc_clock_us() - began_us;
    e->draw_cpu_us += thread_cpu_us() - cpu_us;
    compose_engine_cues(e, turn->clock_us, &job);
    e->work.due += turn->dropped + 1;
    e->work.late += turn->dropped;
    e->late += turn->dropped;
    e->pictures++;
    compose_engine_mix(e, turn);
    encode(e, canvas, turn, &job);
    av_frame_free(&canvas);
    count_second(e, bc_clock_us());
    compose_tick_set_fps(
        &e->tick, compose_level_fps(e->load.level, e->now.look->scene->fps));
}

static void
sleep_until(int64_t us)
{
    int64_t wait_us = us - bc_clock_us();
    if (wait_us > 0) {
        struct timespec t = { wait_us / US_PER_S, wait_us % US_PER_S * 1000 };
        nanosleep(&t, NULL);
    }
}

static void *
run(void *user)
{
    struct compose_engine *e = user;
    struct compose_turn turn;
    pthread_mutex_lock(&e->lock);
    while (!e->now.look && !e->stop) {
        pthread_cond_wait(&e->shown, &e->lock);
    }
    compose_tick_init(&e->tick, bc_clock_us(), COMPOSE_FPS_FIRST);
    e->second_us = bc_clock_us();
    while (!e->stop) {
        if (compose_tick_take(&e->tick, bc_clock_us(), &turn)) {
            run_turn(e, &turn);
        }
        int64_t due_us = compose_tick_due_us(&e->tick);
        pthread_mutex_unlock(&e->lock);
        sleep_until(due_us);
        pthread_mutex_lock(&e->lock);
    }
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

// --- life ---

struct compose_engine *
compose_engine_create(const struct compose_engine_params *params)
{
    struct compose_engine *e = calloc(1, sizeof(*e));
    if (!e) {
        return NULL;
    }
    e->params = *params;
    pthread_mutex_init(&e->lock, NULL);
    pthread_cond_init(&e->shown, NULL);
    compose_mixer_init(&e->mixer);
    if (pthread_create(&e->thread, NULL, run, e) != 0) {
        compose_engine_destroy(e);
        return NULL;
    }
    e->threaded = true;
    return e;
}

void
compose_engine_halt(struct compose_engine *e)
{
    if (e && e->threaded) {
        pthread_mutex_lock(&e->lock);
        e->stop = true;
        pthread_cond_signal(&e->shown);
        pthread_mutex_unlock(&e->lock);
        pthread_join(e->thread, NULL);
        e->threaded = false;
    }
}

void
compose_engine_destroy(struct compose_engine *e)
{
    if (!e) {
        return;
    }
    compose_engine_halt(e);
    for (unsigned i = 0; i < COMPOSE_CODERS_MAX; i++) {
        compose_coder_destroy(e->coders[i]);
    }
    for (unsigned i = 0; i < COMPOSE_INPUTS_MAX; i++) {
        compose_input_stop(e->slots[i].input);
    }
    for (unsigned i = 0; i < COMPOSE_INPUTS_MAX; i++) {
        compose_input_destroy(e->slots[i].input);
    }
    compose_view_finish(&e->now);
    compose_view_finish(&e->was);
    compose_view_finish(&e->preview);
    av_frame_free(&e->preview_frame);
    compose_canvas_finish(&e->canvas);
    compose_canvas_finish(&e->second);
    bc_audio_encoder_destroy(e->audio);
    pthread_cond_destroy(&e->shown);
    pthread_mutex_destroy(&e->lock);
    free(e);
}
