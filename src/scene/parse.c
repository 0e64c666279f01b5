// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "config/config.h"
#include "fields.h"
#include "presets.h"
#include "shared.h"
#include "size.h"
#include "from_yaml.h"

static const char *const SCENE_KEYS[] = { "width", "height", "fps", "video_kbps",
    "audio_kbps", "background", "renditions", "preset", "inputs", "layers", NULL };

static void
add_input(
    struct scene_reading *r, const char *place, const char *name, struct bc_scene *scene)
{
    for (size_t i = 0; i < scene->n_inputs; i++) {
        if (strcmp(scene->inputs[i], name) == 0) {
            return;
        }
    }
    if (scene->n_inputs == BC_SCENE_MAX_INPUTS) {
        scene_refuse(r, place, "there are more than %d inputs", BC_SCENE_MAX_INPUTS);
        return;
    }
    char *copy = strdup(name);
    if (!copy) {
        scene_refuse_memory(r);
        return;
    }
    scene->inputs[scene->n_inputs++] = copy;
}

static const json_t *
take_inputs(struct scene_reading *r, const json_t *object, struct bc_scene *scene)
{
    const json_t *list = scene_take_list(r, object, "inputs", BC_SCENE_MAX_INPUTS);
    size_t i;
    json_t *value;
    json_array_foreach(list, i, value)
    {
        const char *name = json_string_value(value);
        if (!name || !bc_channel_name_is_valid(name)) {
            snprintf(r->place, sizeof(r->place), "inputs[%zu]", i);
            scene_refuse(r, "", "must be a channel, \"app/stream\"");
            return NULL;
        }
        add_input(r, "inputs", name, scene);
    }
    return list;
}

// An id for a layer without: its type and a number.
static void
name_layer(const struct bc_scene *scene, struct bc_scene_layer *layer)
{
    const char *type = scene_word_of(SCENE_TYPES, (int)layer->type);
    unsigned n = 1;
    do {
        snprintf(layer->id, sizeof(layer->id), "%s-%u", type, n++);
    } while (bc_scene_find(scene, layer->id));
}

static void
add_layer(struct scene_reading *r, const json_t *object, struct bc_scene *scene)
{
    if (!json_is_object(object)) {
        scene_refuse(r, "", "must be an object");
        return;
    }
    if (scene->n_layers == BC_SCENE_MAX_LAYERS) {
        r->place[0] = '\0';
        scene_refuse(r, "layers", "there are more than %d", BC_SCENE_MAX_LAYERS);
        return;
    }
    struct bc_scene_layer layer = { 0 };
    scene_layer_parse(r, object, &layer);
    if (!r->failed && !layer.id[0]) {
        name_layer(scene, &layer);
    } else if (!r->failed && bc_scene_find(scene, layer.id)) {
        scene_refuse(r, "id", "\"%s\" is given twice", layer.id);
    }
    if (!r->failed && layer.type == BC_LAYER_CHANNEL) {
        add_input(r, "channel", layer.channel, scene);
    }
    scene->layers[scene->n_layers++] = layer;
}

// The given layer of that id, which is taken from the list; NULL: there is none.
static const json_t *
take_change(struct scene_reading *r, const json_t *list, const json_t *id, bool *taken)
{
    size_t i;
    json_t *given;
    json_array_foreach(list, i, given)
    {
        if (!taken[i] && json_equal(json_object_get(given, "id"), id)) {
            taken[i] = true;
            snprintf(r->place, sizeof(r->place), "layers[%zu]", i);
            return given;
        }
    }
    snprintf(r->place, sizeof(r->place), "preset");
    return NULL;
}

// Layers of the preset that are named change, others are added.
static void
take_layers(
    struct scene_reading *r, const json_t *object, json_t *preset, struct bc_scene *scene)
{
    const json_t *list = scene_take_list(r, object, "layers", BC_SCENE_MAX_LAYERS);
    bool taken[BC_SCENE_MAX_LAYERS] = { false };
    size_t i;
    json_t *value;
    json_array_foreach(preset, i, value)
    {
        const json_t *change = take_change(r, list, json_object_get(value, "id"), taken);
        if (change && json_object_update(value, (json_t *)(uintptr_t)change) != 0) {
            scene_refuse_memory(r);
            return;
        }
        add_layer(r, value, scene);
    }
    json_array_foreach(list, i, value)
    {
        snprintf(r->place, sizeof(r->place), "layers[%zu]", i);
        if (!taken[i] && !r->failed) {
            add_layer(r, value, scene);
        }
    }
    r->place[0] = '\0';
}

// Lowest first; those of one height stay in their order.
static void
sort_layers(struct bc_scene *scene)
{
    for (size_t i = 1; i < scene->n_layers; i++) {
        struct bc_scene_layer layer = scene->layers[i];
        size_t k = i;
        while (k > 0 && scene->layers[k - 1].z > layer.z) {
            scene->layers[k] = scene->layers[k - 1];
            k--;
        }
        scene->layers[k] = layer;
    }
}

// Somebody's cues are passed on, unless the first channel was told not to.
static void
choose_cues(struct bc_scene *scene)
{
    struct bc_scene_layer *first = NULL;
    for (size_t i = 0; i < scene->n_layers; i++) {
        struct bc_scene_layer *layer = &scene->layers[i];
        if (layer->type == BC_LAYER_CHANNEL) {
            first = first ? first : layer;
            if (layer->cues) {
                return;
            }
        }
    }
    if (first && !first->cues_given) {
        first->cues = true;
    }
}

static void
fill(struct scene_reading *r, const json_t *object, struct bc_scene *scene)
{
    if (!json_is_object(object)) {
        scene_refuse(r, "", "must be an object");
        return;
    }
    json_t *preset = NULL;
    char *name = NULL;
    scene_check_keys(r, object, SCENE_KEYS);
    scene_size_parse(r, object, scene);
    const json_t *inputs = r->failed ? NULL : take_inputs(r, object, scene);
    scene_take_text(r, object, "preset", BC_SCENE_ID_MAX, &name);
    if (name && !r->failed) {
        preset = scene_preset_layers(r, name, inputs);
    }
    if (!r->failed) {
        take_layers(r, object, preset, scene);
    }
    if (!r->failed && scene->n_layers == 0) {
        scene_refuse(r, "", "needs a preset with inputs, or layers");
    }
    if (!r->failed) {
        sort_layers(scene);
        choose_cues(scene);
    }
    json_decref(preset);
    free(name);
}

// The text that is passed on must be one that is read, whatever its layout was here.
static void
check_text(struct scene_reading *r, const struct bc_scene *scene)
{
    struct bc_buf *text = bc_scene_to_json(scene);
    if (!text) {
        scene_refuse_memory(r);
    } else if (text->len > BC_SCENE_MAX_BYTES) {
        scene_refuse(
            r, "", "must not be larger than %d bytes as JSON", BC_SCENE_MAX_BYTES);
    }
    bc_buf_unref(&text);
}

// Takes the object.
static struct bc_scene *
create(struct scene_reading *r, json_t *object)
{
    struct bc_scene *scene = r->failed ? NULL : scene_create();
    if (!scene) {
        scene_refuse_memory(r);
        json_decref(object);
        return NULL;
    }
    fill(r, object, scene);
    json_decref(object);
    if (!r->failed) {
        check_text(r, scene);
    }
    if (r->failed) {
        bc_scene_unref(&scene);
    }
    return scene;
}

static bool
check_size(struct scene_reading *r, size_t len)
{
    if (len > BC_SCENE_MAX_BYTES) {
        scene_refuse(r, "", "must not be larger than %d bytes", BC_SCENE_MAX_BYTES);
    }
    return !r->failed;
}

struct bc_scene *
bc_scene_parse_json(const void *text, size_t len, struct bc_scene_error *error)
{
    struct scene_reading r = { .error = error };
    json_error_t problem;
    if (!check_size(&r, len)) {
        return NULL;
    }
    json_t *object = json_loadb(text, len, JSON_REJECT_DUPLICATES, &problem);
    if (!object) {
        scene_refuse(&r, "", "line %d: not valid JSON: %s", problem.line, problem.text);
        return NULL;
    }
    return create(&r, object);
}

struct bc_scene *
bc_scene_parse_yaml(const void *text, size_t len, struct bc_scene_error *error)
{
    struct scene_reading r = { .error = error };
    if (!check_size(&r, len)) {
        return NULL;
    }
    json_t *object = scene_yaml_parse(&r, text, len);
    return object ? create(&r, object) : NULL;
}

struct bc_scene *
bc_scene_parse(const void *text, size_t len, struct bc_scene_error *error)
{
    const char *bytes = text;
    size_t i = 0;
    while (i < len && strchr(" \t\r\n", bytes[i]) && bytes[i]) {
        i++;
    }
    return i < len && bytes[i] == '{' ? bc_scene_parse_json(text, len, error)
                                      : bc_scene_parse_yaml(text, len, error);
}

struct bc_scene *
bc_scene_from_preset(const char *preset, const char *const *inputs, size_t n_inputs,
    struct bc_scene_error *error)
{
    struct scene_reading r = { .error = error };
    json_t *list = json_array();
    for (size_t i = 0; i < n_inputs; i++) {
        json_array_append_new(list, json_string(inputs[i]));
    }
    json_t *object = json_object();
    if (json_object_set_new(object, "preset", json_string(preset)) != 0
        || json_object_set_new(object, "inputs", list) != 0) {
        json_decref(object);
        scene_refuse_memory(&r);
        return NULL;
    }
    return create(&r, object);
}
