// SPDX-License-Identifier: Apache-2.0
#include "painter.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "assets.h"
#include "base/clock.h"
#include "base/log.h"
#include "board.h"
#include "card/card.h"
#include "http.h"
#include "look.h"
#include "paint.h"

#define PREVIEW_WIDTH 640
#define LOOK_EVERY_US 250000 // at what changes by itself
#define US_PER_S 1000000

// A look that is shown and what of it changes by itself.
struct shown {
    struct bc_scene *scene; // owned reference; NULL: none
    int width;
    int height;
    int64_t serial;
    int64_t clock_s; // the second that clocks show
    char cues[BC_SCENE_MAX_LAYERS][64 + 16]; // which card a layer of cues shows; ""
};

struct compose_painter {
    struct compose_painter_params params;
    pthread_t thread;

    pthread_mutex_t lock; // guards what follows, up to the next blank line
    pthread_cond_t wakeup;
    struct compose_wish *next; // owned; not looked at yet
    enum compose_level level;
    struct compose_board board;
    unsigned cue_changes;
    int64_t version;

    // The thread's own.
    struct compose_http http;
    struct compose_assets assets;
    struct bc_card_set *cards; // owned reference
    struct compose_wish *wish; // owned; what is shown
    enum compose_level painted_level;
    unsigned painted_cues;
    struct shown program;
    struct shown preview;
    int64_t serials;
};

// --- looks ---

static struct bc_buf *
load(void *user, const char *name)
{
    struct compose_painter *p = user;
    return compose_assets_get(&p->assets, name);
}

static struct compose_paint
paint_for(struct compose_painter *p, int width, int height)
{
    return (struct compose_paint){ width, height, p->cards, load, p };
}

// The server's version of a template goes before the one that comes with the program.
static void
add_template(struct compose_painter *p, const char *name)
{
    char file[BC_CARD_NAME_MAX + 8];
    char why[BC_CARD_WHY];
    int n = snprintf(file, sizeof(file), "%s.svg", name);
    struct bc_buf *svg =
        n > 0 && (size_t)n < sizeof(file) ? compose_assets_get(&p->assets, file) : NULL;
    if (svg && !bc_card_set_add(p->cards, name, svg->data, svg->len, why)) {
        bc_warn(NULL, "template %s: %s", name, why);
    }
    bc_buf_unref(&svg);
}

static void
add_templates(struct compose_painter *p, const struct bc_scene *scene)
{
    for (size_t i = 0; i < scene->n_layers; i++) {
        const struct bc_scene_layer *l = &scene->layers[i];
        if (l->template && (l->type == BC_LAYER_CARD || l->type == BC_LAYER_CUES)) {
            add_template(p, l->template);
        }
    }
}

static struct compose_look *
make_look(struct compose_painter *p, const struct bc_scene *scene, struct shown *s)
{
    struct compose_look *look = compose_look_create(scene, s->width, s->height);
    struct compose_paint paint = paint_for(p, s->width, s->height);
    if (!look) {
        return NULL;
    }
    add_templates(p, scene);
    int64_t wall_us = bc_clock_wall_us();
    for (size_t i = 0; i < scene->n_layers; i++) {
        const struct bc_scene_layer *l = &scene->layers[i];
        look->sprites[i] = l->type == BC_LAYER_CHANNEL
            ? compose_paint_slate(&paint, l)
            : compose_paint_layer(&paint, l, wall_us);
    }
    look->serial = s->serial = ++p->serials;
    s->clock_s = wall_us / US_PER_S;
    memset(s->cues, 0, sizeof(s->cues));
    bc_scene_unref(&s->scene);
    s->scene = bc_scene_ref(scene);
    return look;
}

static void
show_program(struct compose_painter *p, int64_t fade_ms)
{
    const struct bc_scene *scene = p->wish->scene;
    p->program.width = compose_level_size(p->painted_level, (int)scene->width);
    p->program.height = compose_level_size(p->painted_level, (int)scene->height);
    struct compose_look *look = make_look(p, scene, &p->program);
    if (look) {
        compose_engine_show(p->params.engine, look, fade_ms);
    }
}

static void
show_preview(struct compose_painter *p)
{
    const struct bc_scene *scene = p->wish->preview ? p->wish->preview : p->wish->scene;
    struct compose_look *look = NULL;
    if (scene && p->wish->want_preview) {
        bool small = scene->width <= PREVIEW_WIDTH;
        p->preview.width = small ? (int)scene->width : PREVIEW_WIDTH;
        p->preview.height = small
            ? (int)scene->height
            : (int)(scene->height * PREVIEW_WIDTH / scene->width) & ~1;
        look = make_look(p, scene, &p->preview);
    } else {
        bc_scene_unref(&p->preview.scene);
    }
    compose_engine_preview(p->params.engine, look, look != NULL);
}

// --- wishes ---

static bool
same_scene(const struct bc_scene *a, const struct bc_scene *b)
{
    char x[BC_SCENE_HASH_TEXT];
    char y[BC_SCENE_HASH_TEXT];
    return a && b && bc_scene_hash(a, x) && bc_scene_hash(b, y) && strcmp(x, y) == 0;
}

static void
take_wish(struct compose_painter *p, struct compose_wish *wish)
{
    struct compose_wish *old = p->wish;
    bool same = old && same_scene(old->scene, wish->scene);
    bool same_preview = old && old->want_preview == wish->want_preview
        && (old->preview || wish->preview ? same_scene(old->preview, wish->preview)
                                          : same);
    if (!wish->scene && old) {
        wish->scene =
            bc_scene_ref(old->scene); // what cannot be understood changes nothing
        same = true;
    }
    compose_engine_inputs(p->params.engine, wish);
    p->wish = wish;
    if (!same || !same_preview) {
        compose_assets_begin(&p->assets);
    }
    if (!same && wish->scene) {
        show_program(p, wish->fade_ms);
    }
    if (!same_preview) {
        show_preview(p);
    }
    pthread_mutex_lock(&p->lock);
    p->version = wish->version;
    if (wish->has_cues) {
        compose_board_tell(&p->board, wish->cues, wish->cue_count, bc_clock_us());
        wish->cue_count = 0;
        p->cue_changes++;
    }
    pthread_mutex_unlock(&p->lock);
    compose_wish_drop(old);
}

// --- what changes by itself ---

// The card that a layer of cues is to show, as a copy. False: none.
static bool
wanted_cue(struct compose_painter *p, const struct bc_scene *scene,
    const struct bc_scene_layer *l, struct compose_cue *out)
{
    struct compose_ask ask = { .channel = l->channel,
        .own = l->channel && bc_scene_passes_cues(scene, l->channel),
        .view = p->wish->view };
    pthread_mutex_lock(&p->lock);
    bool any = compose_board_find(&p->board, &ask, bc_clock_us(), out);
    pthread_mutex_unlock(&p->lock);
    return any;
}

// A change of the data is another card.
static void
cue_key(const struct compose_cue *cue, char out[64 + 16])
{
    uint32_t hash = 2166136261u;
    for (const char *c = cue->data ? cue->data : ""; *c; c++) {
        hash = (hash ^ (uint8_t)*c) * 16777619u;
    }
    snprintf(out, 64 + 16, "%s/%08x", cue->id, hash);
}

static void
renew_cues(struct compose_painter *p, struct shown *s, size_t i)
{
    const struct bc_scene_layer *l = &s->scene->layers[i];
    struct compose_cue cue;
    char key[64 + 16] = "";
    bool any = wanted_cue(p, s->scene, l, &cue);
    if (any) {
        cue_key(&cue, key);
    }
    if (strcmp(key, s->cues[i]) != 0) {
        struct compose_paint paint = paint_for(p, s->width, s->height);
        struct compose_sprite sprite = { 0 };
        if (any) {
            sprite = compose_paint_cue(&paint, l, &cue);
        }
        compose_engine_sprite(p->params.engine, s->serial, i, sprite);
        memcpy(s->cues[i], key, sizeof(key));
    }
    if (any) {
        compose_cue_finish(&cue);
    }
}

static void
renew(struct compose_painter *p, struct shown *s)
{
    int64_t wall_us = bc_clock_wall_us();
    bool tick = wall_us / US_PER_S != s->clock_s;
    for (size_t i = 0; s->scene && i < s->scene->n_layers; i++) {
        const struct bc_scene_layer *l = &s->scene->layers[i];
        if (l->type == BC_LAYER_CUES) {
            renew_cues(p, s, i);
        } else if (l->type == BC_LAYER_CLOCK && tick) {
            struct compose_paint paint = paint_for(p, s->width, s->height);
            compose_engine_sprite(
                p->params.engine, s->serial, i, compose_paint_layer(&paint, l, wall_us));
        }
    }
    s->clock_s = wall_us / US_PER_S;
}

// --- the thread ---

// Waits for something to do; the wish that is there, or NULL.
static struct compose_wish *
wait_for_work(struct compose_painter *p)
{
    int64_t now_us = bc_clock_us();
    pthread_mutex_lock(&p->lock);
    int64_t next_us = compose_board_next_us(&p->board, now_us);
    int64_t wait_us = next_us < now_us + LOOK_EVERY_US ? next_us - now_us : LOOK_EVERY_US;
    int64_t until_us = bc_clock_wall_us() + wait_us;
    struct timespec until = { until_us / US_PER_S, until_us % US_PER_S * 1000 };
    if (!p->next && p->level == p->painted_level && p->cue_changes == p->painted_cues) {
        (void)pthread_cond_timedwait(&p->wakeup, &p->lock, &until);
    }
    struct compose_wish *wish = p->next;
    p->next = NULL;
    p->painted_cues = p->cue_changes;
    pthread_mutex_unlock(&p->lock);
    return wish;
}

static void
follow_level(struct compose_painter *p)
{
    pthread_mutex_lock(&p->lock);
    enum compose_level level = p->level;
    pthread_mutex_unlock(&p->lock);
    if (level == p->painted_level) {
        return;
    }
    bool sized = compose_level_size(level, BC_SCENE_MAX_SIDE)
        != compose_level_size(p->painted_level, BC_SCENE_MAX_SIDE);
    p->painted_level = level;
    if (sized && p->wish && p->wish->scene) {
        show_program(p, 0);
    }
}

// The first text of a thread takes some tenths of a second, which no scene shall wait
// for.
static void
warm_up(void)
{
    struct bc_text_style style = { .size_px = 20, .color = 0xffffffff };
    struct bc_card_image *image = bc_text_draw(&style, "0 \xe5\xba\x97");
    bc_card_image_unref(&image);
}

static void *
run(void *user)
{
    struct compose_painter *p = user;
    p->cards = bc_card_set_load(p->params.cards, NULL);
    warm_up();
    while (p->cards && !atomic_load(p->params.stop)) {
        struct compose_wish *wish = wait_for_work(p);
        if (wish) {
            take_wish(p, wish);
        }
        follow_level(p);
        renew(p, &p->program);
        renew(p, &p->preview);
        compose_engine_tidy(p->params.engine, bc_clock_us());
    }
    return NULL;
}

// --- life ---

struct compose_painter *
compose_painter_create(const struct compose_painter_params *params)
{
    struct compose_painter *p = calloc(1, sizeof(*p));
    if (!p || !compose_http_init(&p->http, params->stop, params->token)) {
        free(p);
        return NULL;
    }
    p->params = *params;
    compose_assets_init(&p->assets, &p->http, params->base);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wakeup, NULL);
    if (pthread_create(&p->thread, NULL, run, p) != 0) {
        pthread_cond_destroy(&p->wakeup);
        pthread_mutex_destroy(&p->lock);
        compose_http_finish(&p->http);
        free(p);
        return NULL;
    }
    return p;
}

void
compose_painter_destroy(struct compose_painter *p)
{
    if (!p) {
        return;
    }
    pthread_mutex_lock(&p->lock);
    pthread_cond_signal(&p->wakeup);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    compose_wish_drop(p->next);
    compose_wish_drop(p->wish);
    compose_board_finish(&p->board);
    compose_assets_finish(&p->assets);
    compose_http_finish(&p->http);
    bc_card_set_unref(&p->cards);
    bc_scene_unref(&p->program.scene);
    bc_scene_unref(&p->preview.scene);
    pthread_cond_destroy(&p->wakeup);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

void
compose_painter_want(struct compose_painter *p, struct compose_wish *wish)
{
    pthread_mutex_lock(&p->lock);
    struct compose_wish *old = p->next;
    p->next = wish;
    pthread_cond_signal(&p->wakeup);
    pthread_mutex_unlock(&p->lock);
    compose_wish_drop(old);
}

void
compose_painter_cue(struct compose_painter *p, struct compose_cue *cue)
{
    pthread_mutex_lock(&p->lock);
    compose_board_note(&p->board, cue, bc_clock_us());
    p->cue_changes++;
    pthread_cond_signal(&p->wakeup);
    pthread_mutex_unlock(&p->lock);
}

void
compose_painter_forget(struct compose_painter *p, const char *channel)
{
    pthread_mutex_lock(&p->lock);
    compose_board_forget(&p->board, channel);
    p->cue_changes++;
    pthread_cond_signal(&p->wakeup);
    pthread_mutex_unlock(&p->lock);
}

void
compose_painter_level(struct compose_painter *p, enum compose_level level)
{
    pthread_mutex_lock(&p->lock);
    p->level = level;
    pthread_cond_signal(&p->wakeup);
    pthread_mutex_unlock(&p->lock);
}

int64_t
compose_painter_version(struct compose_painter *p)
{
    pthread_mutex_lock(&p->lock);
    int64_t version = p->version;
    pthread_mutex_unlock(&p->lock);
    return version;
}
