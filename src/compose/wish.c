// SPDX-License-Identifier: Apache-2.0
#include "wish.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cue/view.h"

#define FADE_MAX_MS 5000

static bool
copy_text(char *out, size_t size, const json_t *value)
{
    const char *text = json_string_value(value);
    if (!text || strlen(text) >= size) {
        out[0] = '\0';
        return false;
    }
    memcpy(out, text, strlen(text) + 1);
    return true;
}

// --- cues ---

void
compose_cue_finish(struct compose_cue *cue)
{
    free(cue->data);
    cue->data = NULL;
}

static bool
read_cue(struct compose_cue *cue, const json_t *value, int64_t clock_ms)
{
    const json_t *at = json_object_get(value, "at_ms");
    memset(cue, 0, sizeof(*cue));
    if (!copy_text(cue->id, sizeof(cue->id), json_object_get(value, "id"))
        || !copy_text(cue->kind, sizeof(cue->kind), json_object_get(value, "kind"))) {
        return false;
    }
    (void)copy_text(
        cue->channel, sizeof(cue->channel), json_object_get(value, "channel"));
    cue->ended = json_is_true(json_object_get(value, "ended"));
    cue->in_ms = at ? json_integer_value(at) - clock_ms : 0;
    cue->duration_ms = json_integer_value(json_object_get(value, "duration_ms"));
    json_t *data = json_object_get(value, "data");
    // The parameters of an onCuePoint carry it as a text.
    const char *text = json_string_value(data);
    cue->data = text ? strdup(text) : data ? json_dumps(data, JSON_COMPACT) : NULL;
    return true;
}

bool
compose_cue_parse(
    struct compose_cue *cue, const void *text, size_t len, int64_t clock_ms)
{
    json_t *value = json_loadb(text, len, 0, NULL);
    bool ok = json_is_object(value) && read_cue(cue, value, clock_ms);
    json_decref(value);
    return ok;
}

// --- wishes ---

void
compose_wish_drop(struct compose_wish *wish)
{
    if (!wish) {
        return;
    }
    for (unsigned i = 0; i < wish->cue_count; i++) {
        compose_cue_finish(&wish->cues[i]);
    }
    bc_cue_view_free(wish->view);
    bc_scene_unref(&wish->scene);
    bc_scene_unref(&wish->preview);
    free(wish);
}

// NULL: there is none, or `why` tells.
static struct bc_scene *
read_scene(const json_t *value, char *why, size_t why_size)
{
    if (!json_is_object(value)) {
        return NULL;
    }
    struct bc_scene_error error = { "" };
    char *text = json_dumps(value, JSON_COMPACT);
    struct bc_scene *scene =
        text ? bc_scene_parse_json(text, strlen(text), &error) : NULL;
    if (!scene) {
        snprintf(why, why_size, "%s", text ? error.text : "no memory");
    }
    free(text);
    return scene;
}

static void
read_inputs(struct compose_wish *wish, json_t *inputs)
{
    const char *name;
    json_t *url;
    json_object_foreach(inputs, name, url)
    {
        unsigned i = wish->input_count;
        if (i < COMPOSE_INPUTS_MAX && strlen(name) < COMPOSE_INPUT_NAME
            && copy_text(wish->inputs[i].url, COMPOSE_URL_MAX, url)) {
            snprintf(wish->inputs[i].name, COMPOSE_INPUT_NAME, "%s", name);
            wish->input_count++;
        }
    }
}

static void
read_cues(struct compose_wish *wish, const json_t *cues, int64_t clock_ms)
{
    for (size_t i = 0; i < json_array_size(cues) && wish->cue_count < COMPOSE_CUES_MAX;
         i++) {
        wish->cue_count +=
            read_cue(&wish->cues[wish->cue_count], json_array_get(cues, i), clock_ms);
    }
}

static void
read_view(struct compose_wish *wish, const json_t *value)
{
    const json_t *clock = json_object_get(value, "clock_ms");
    const json_t *view = json_object_get(value, "view");
    wish->has_cues = clock != NULL; // none are none
    if (json_is_object(view)) {
        char *text = json_dumps(view, JSON_COMPACT);
        wish->view = text ? bc_cue_view_read(text, strlen(text)) : NULL;
        free(text);
        read_cues(wish, json_object_get(view, "cues"), json_integer_value(clock));
    }
}

static void
read_transition(struct compose_wish *wish, const json_t *transition)
{
    const char *effect = json_string_value(json_object_get(transition, "effect"));
    int64_t ms = json_integer_value(json_object_get(transition, "ms"));
    if (effect && strcmp(effect, "fade") == 0 && ms > 0) {
        wish->fade_ms = ms < FADE_MAX_MS ? ms : FADE_MAX_MS;
    }
}

struct compose_wish *
compose_wish_parse(const void *text, size_t len, char *why, size_t why_size)
{
    json_t *value = json_loadb(text, len, 0, NULL);
    struct compose_wish *wish = json_is_object(value) ? calloc(1, sizeof(*wish)) : NULL;
    why[0] = '\0';
    if (!wish) {
        snprintf(why, why_size, "the answer is no JSON object");
        json_decref(value);
        return NULL;
    }
    wish->version = json_integer_value(json_object_get(value, "version"));
    (void)copy_text(wish->name, sizeof(wish->name), json_object_get(value, "name"));
    (void)copy_text(
        wish->publish, sizeof(wish->publish), json_object_get(value, "publish"));
    read_inputs(wish, json_object_get(value, "inputs"));
    wish->scene = read_scene(json_object_get(value, "scene"), why, why_size);
    wish->preview = read_scene(json_object_get(value, "preview"), why, why_size);
    read_transition(wish, json_object_get(value, "transition"));
    wish->want_preview = json_is_true(json_object_get(value, "want_preview"));
    read_view(wish, value);
    json_decref(value);
    return wish;
}

// --- what is sent ---

static double
tenths(double value)
{
    return (double)(int64_t)(value * 10 + 0.5) / 10;
}

char *
compose_status_json(const struct compose_status *s)
{
    json_t *inputs = json_array();
    for (unsigned i = 0; i < s->input_count; i++) {
        json_array_append_new(inputs,
            json_pack(
                "{s:s, s:s}", "name", s->inputs[i].name, "state", s->inputs[i].state));
    }
    json_t *value =
        json_pack("{s:I, s:i, s:i, s:i, s:{s:f, s:f, s:f}, s:f, s:I, s:s, s:o}",
            "version", (json_int_t)s->version, "fps", (int)s->fps, "width", (int)s->width,
            "height", (int)s->height, "cpu", "decode_ms", tenths(s->decode_ms), "draw_ms",
            tenths(s->draw_ms), "encode_ms", tenths(s->encode_ms), "delay_ms",
            tenths(s->delay_ms), "late", (json_int_t)s->late, "degraded", s->degraded,
            "inputs", inputs);
    char *text = value ? json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(8)) : NULL;
    json_decref(value);
    return text;
}

char *
compose_wanted_json(const char *channel)
{
    json_t *value = json_pack("{s:s}", "channel", channel);
    char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
    json_decref(value);
    return text;
}

bool
compose_id_parse(const void *text, size_t len, char *out, size_t size)
{
    json_t *value = json_loadb(text, len, 0, NULL);
    json_t *id = json_object_get(value, "id");
    bool ok = copy_text(out, size, id);
    if (!ok && json_is_integer(id)) {
        ok = snprintf(out, size, "%lld", (long long)json_integer_value(id)) > 0;
    }
    json_decref(value);
    return ok && out[0]
        && strspn(out,
               "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
               "0123456789_-")
        == strlen(out);
}
