// SPDX-License-Identifier: Apache-2.0
// What others ask of the engine, on their threads.
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "engine_internal.h"

#define UNWANTED_US 6000000 // longer than any fade

// --- inputs ---

static struct compose_slot *
find_slot(struct compose_engine *e, const char *name)
{
    for (unsigned i = 0; i < COMPOSE_INPUTS_MAX; i++) {
        struct compose_input *input = e->slots[i].input;
        if (name ? input && strcmp(compose_input_name(input), name) == 0 : !input) {
            return &e->slots[i];
        }
    }
    return NULL;
}

static void
want_input(struct compose_engine *e, const char *name, const char *url)
{
    struct compose_slot *slot = find_slot(e, name);
    if (slot) {
        compose_input_set_url(slot->input, url);
        slot->unwanted_us = 0;
        return;
    }
    slot = find_slot(e, NULL);
    if (slot) {
        *slot = (struct compose_slot){ .input = compose_input_create(name, url) };
    }
}

void
compose_engine_inputs(struct compose_engine *e, const struct compose_wish *wish)
{
    int64_t now_us = bc_clock_us();
    pthread_mutex_lock(&e->lock);
    for (unsigned i = 0; i < COMPOSE_INPUTS_MAX; i++) {
        if (e->slots[i].unwanted_us == 0) {
            e->slots[i].unwanted_us = now_us;
        }
    }
    for (unsigned i = 0; i < wish->input_count; i++) {
        want_input(e, wish->inputs[i].name, wish->inputs[i].url);
    }
    pthread_mutex_unlock(&e->lock);
}

void
compose_engine_tidy(struct compose_engine *e, int64_t now_us)
{
    struct compose_input *gone[COMPOSE_INPUTS_MAX];
    unsigned count = 0;
    pthread_mutex_lock(&e->lock);
    for (unsigned i = 0; i < COMPOSE_INPUTS_MAX; i++) {
        struct compose_slot *slot = &e->slots[i];
        if (slot->input && slot->unwanted_us > 0
            && now_us - slot->unwanted_us > UNWANTED_US) {
            gone[count++] = slot->input;
            *slot = (struct compose_slot){ 0 };
        }
    }
    pthread_mutex_unlock(&e->lock);
    for (unsigned i = 0; i < count; i++) {
        compose_input_stop(gone[i]);
    }
    for (unsigned i = 0; i < count; i++) {
        compose_input_destroy(gone[i]);
    }
}

// --- what is shown ---

// The layers that stay need not come anew.
static void
compare(struct compose_engine *e)
{
    struct bc_scene_change change;
    const struct bc_scene *old = e->was.look ? e->was.look->scene : NULL;
    bc_scene_compare(old, e->now.look->scene, &change);
    memcpy(e->now.enters, change.enters, sizeof(e->now.enters));
    memcpy(e->leaving, change.leaves, sizeof(e->leaving));
}

void
compose_engine_show(struct compose_engine *e, struct compose_look *look, int64_t fade_ms)
{
    pthread_mutex_lock(&e->lock);
    bool same_size = e->now.look && e->now.look->width == look->width
        && e->now.look->height == look->height;
    bool first = !e->now.look;
    // The same scene at another size: nothing comes or goes.
    bool same = !first && e->now.look->scene == look->scene;
    compose_view_finish(&e->was);
    e->was = e->now;
    memset(&e->now, 0, sizeof(e->now));
    e->now.look = look;
    e->now.began_us = bc_clock_us();
    e->fade_us = same_size ? fade_ms * 1000 : 0;
    if (!same && e->fade_us == 0) {
        compare(e);
    } else {
        memset(e->leaving, 0, sizeof(e->leaving));
    }
    if (!same_size) {
        compose_view_finish(&e->was);
    }
    pthread_cond_signal(&e->shown);
    pthread_mutex_unlock(&e->lock);
}

void
compose_engine_preview(struct compose_engine *e, struct compose_look *look, bool wanted)
{
    pthread_mutex_lock(&e->lock);
    compose_view_finish(&e->preview);
    e->preview.look = look;
    e->want_preview = wanted && look;
    if (!e->want_preview) {
        av_frame_free(&e->preview_frame);
    }
    pthread_mutex_unlock(&e->lock);
}

void
compose_engine_sprite(
    struct compose_engine *e, int64_t serial, size_t layer, struct compose_sprite sprite)
{
    pthread_mutex_lock(&e->lock);
    struct compose_view *views[2] = { &e->now, &e->preview };
    for (int i = 0; i < 2; i++) {
        struct compose_look *look = views[i]->look;
        if (look && look->serial == serial && layer < look->scene->n_layers) {
            struct compose_sprite old = look->sprites[layer];
            look->sprites[layer] = sprite;
            sprite = old;
        }
    }
    pthread_mutex_unlock(&e->lock);
    bc_draw_overlay_destroy(sprite.overlay);
}

// --- the reporter ---

void
compose_engine_report(struct compose_engine *e, struct compose_report *out)
{
    memset(out, 0, sizeof(*out));
    int64_t now_us = bc_clock_us();
    int64_t wall_us = 0;
    pthread_mutex_lock(&e->lock);
    for (unsigned i = 0; i < COMPOSE_INPUTS_MAX; i++) {
        struct compose_input *input = e->slots[i].input;
        if (!input || e->slots[i].unwanted_us > 0) {
            continue;
        }
        snprintf(out->inputs[out->input_count].name, COMPOSE_INPUT_NAME, "%s",
            compose_input_name(input));
        out->inputs[out->input_count++].state = compose_input_state(input, now_us);
        out->decode_us += compose_input_cpu_us(input);
        int64_t delay_us = compose_input_delay_us(input);
        out->delay_us = delay_us > out->delay_us ? delay_us : out->delay_us;
    }
    for (unsigned i = 0; i < COMPOSE_CODERS_MAX; i++) {
        int64_t cpu_us = 0;
        int64_t coder_us = 0;
        if (e->coders[i]) {
            compose_coder_times(e->coders[i], &cpu_us, &coder_us);
        }
        out->encode_us += cpu_us;
        wall_us = coder_us > wall_us ? coder_us : wall_us;
    }
    if (e->now.look) {
        out->fps = compose_level_fps(e->load.level, e->now.look->scene->fps);
        out->width = (unsigned)e->now.look->width;
        out->height = (unsigned)e->now.look->height;
        // On the average half a tick passes before it is seen.
        out->delay_us +=
            500000 / out->fps + (e->pictures > 0 ? wall_us / e->pictures : 0);
    }
    out->draw_us = e->draw_cpu_us;
    out->late = e->late;
    out->level = e->load.level;
    pthread_mutex_unlock(&e->lock);
}

AVFrame *
compose_engine_take_preview(struct compose_engine *e)
{
    pthread_mutex_lock(&e->lock);
    AVFrame *f = e->preview_frame;
    e->preview_frame = NULL;
    pthread_mutex_unlock(&e->lock);
    return f;
}
