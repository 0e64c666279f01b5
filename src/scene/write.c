// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "defaults.h"
#include "fields.h"

#define COLOR_TEXT 10

static void
format_color(uint32_t color, char out[COLOR_TEXT])
{
    if ((color & 0xff) == 0xff) {
        snprintf(out, COLOR_TEXT, "#%06x", color >> 8);
    } else {
        snprintf(out, COLOR_TEXT, "#%08x", color);
    }
}

static int
put_number(json_t *object, const char *key, double value, double usual)
{
    return value < usual || value > usual
        ? json_object_set_new(object, key, json_real(value))
        : 0;
}

static int
put_count(json_t *object, const char *key, json_int_t value, json_int_t usual)
{
    return value == usual ? 0 : json_object_set_new(object, key, json_integer(value));
}

static int
put_word(
    json_t *object, const char *key, const struct scene_word *words, const int values[2])
{
    return values[0] == values[1]
        ? 0
        : json_object_set_new(object, key, json_string(scene_word_of(words, values[0])));
}

static int
put_color(json_t *object, const char *key, uint32_t value, uint32_t usual)
{
    char text[COLOR_TEXT];
    format_color(value, text);
    return value == usual ? 0 : json_object_set_new(object, key, json_string(text));
}

static int
put_motion(json_t *object, const char *key, const struct bc_motion *value,
    const struct bc_motion *usual)
{
    if (value->effect == usual->effect && value->ms == usual->ms) {
        return 0;
    }
    json_t *motion = json_object();
    int failed = json_object_set_new(
        motion, "effect", json_string(scene_word_of(SCENE_EFFECTS, (int)value->effect)));
    failed |= put_count(motion, "ms", value->ms, 0);
    return failed | json_object_set_new(object, key, motion);
}

static int
put_crop(json_t *object, const struct bc_crop *value)
{
    json_t *crop = json_object();
    int failed = put_number(crop, "l", value->left, 0);
    failed |= put_number(crop, "t", value->top, 0);
    failed |= put_number(crop, "r", value->right, 0);
    failed |= put_number(crop, "b", value->bottom, 0);
    if (json_object_size(crop) > 0) {
        return failed | json_object_set_new(object, "crop", crop);
    }
    json_decref(crop);
    return failed;
}

static int
put_texts(json_t *object, const struct bc_scene_layer *layer)
{
    int failed = 0;
    for (size_t i = 0; i < SCENE_N_TEXTS; i++) {
        const char *text = *(char *const *)((const char *)layer + SCENE_TEXTS[i].offset);
        if (text) {
            failed |= json_object_set_new(object, SCENE_TEXTS[i].name, json_string(text));
        }
    }
    if (layer->data) {
        failed |= json_object_set_new(object, "data", json_loads(layer->data, 0, NULL));
    }
    return failed;
}

// Cues are said where they are passed on, and where they are not though they would be.
static int
put_cues(json_t *object, const struct bc_scene *scene, const struct bc_scene_layer *layer)
{
    const struct bc_scene_layer *first = NULL;
    for (size_t i = 0; i < scene->n_layers; i++) {
        const struct bc_scene_layer *other = &scene->layers[i];
        if (other->type == BC_LAYER_CHANNEL) {
            first = first ? first : other;
            if (other->cues && other != layer) {
                first = other;
                break;
            }
        }
    }
    return layer->cues || layer == first
        ? json_object_set_new(object, "cues", json_boolean(layer->cues))
        : 0;
}

static json_t *
create_layer(const struct bc_scene *scene, const struct bc_scene_layer *layer)
{
    struct bc_scene_layer usual;
    scene_layer_defaults(layer->type, &usual);
    const int type[2] = { (int)layer->type, BC_LAYER_INVALID };
    const int fit[2] = { (int)layer->fit, (int)usual.fit };
    const int align[2] = { (int)layer->align, (int)usual.align };
    json_t *object = json_object();
    int failed = json_object_set_new(object, "id", json_string(layer->id));
    failed |= put_word(object, "type", SCENE_TYPES, type);
    failed |= put_number(object, "x", layer->x, usual.x);
    failed |= put_number(object, "y", layer->y, usual.y);
    failed |= put_number(object, "w", layer->w, usual.w);
    failed |= put_number(object, "h", layer->h, usual.h);
    failed |= put_count(object, "z", layer->z, usual.z);
    failed |= put_number(object, "opacity", layer->opacity, usual.opacity);
    failed |= put_crop(object, &layer->crop);
    failed |= put_word(object, "fit", SCENE_FITS, fit);
    failed |= put_number(object, "radius", layer->radius, usual.radius);
    failed |= put_number(object, "volume", layer->volume, usual.volume);
    failed |= layer->duck ? json_object_set_new(object, "duck", json_true()) : 0;
    failed |= put_cues(object, scene, layer);
    failed |= put_number(object, "font_size", layer->font_size, usual.font_size);
    failed |= put_word(object, "align", SCENE_ALIGNS, align);
    failed |= put_color(object, "color", layer->color, usual.color);
    failed |= put_motion(object, "enter", &layer->enter, &usual.enter);
    failed |= put_motion(object, "leave", &layer->leave, &usual.leave);
    failed |= put_texts(object, layer);
    if (failed) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static int
put_renditions(json_t *object, const struct bc_scene *scene)
{
    if (scene->n_renditions == 0) {
        return 0;
    }
    json_t *list = json_array();
    int failed = 0;
    for (size_t i = 0; i < scene->n_renditions; i++) {
        json_t *rendition = json_object();
        failed |= put_count(rendition, "height", scene->renditions[i].height, 0);
        failed |= put_count(rendition, "video_kbps", scene->renditions[i].video_kbps, 0);
        failed |= json_array_append_new(list, rendition);
    }
    return failed | json_object_set_new(object, "renditions", list);
}

static int
put_scene(json_t *object, const struct bc_scene *scene)
{
    json_t *inputs = json_array();
    json_t *layers = json_array();
    // Sizes are always said: they are what one looks for.
    int failed = put_count(object, "width", scene->width, 0);
    failed |= put_count(object, "height", scene->height, 0);
    failed |= put_count(object, "fps", scene->fps, 0);
    failed |= put_count(object, "video_kbps", scene->video_kbps, SCENE_VIDEO_KBPS);
    failed |= put_count(object, "audio_kbps", scene->audio_kbps, SCENE_AUDIO_KBPS);
    failed |= put_color(object, "background", scene->background, SCENE_BACKGROUND);
    failed |= put_renditions(object, scene);
    for (size_t i = 0; i < scene->n_inputs; i++) {
        failed |= json_array_append_new(inputs, json_string(scene->inputs[i]));
    }
    for (size_t i = 0; i < scene->n_layers; i++) {
        failed |= json_array_append_new(layers, create_layer(scene, &scene->layers[i]));
    }
    failed |= json_object_set_new(object, "inputs", inputs);
    return failed | json_object_set_new(object, "layers", layers);
}

struct bc_buf *
bc_scene_to_json(const struct bc_scene *scene)
{
    json_t *object = json_object();
    char *text = NULL;
    if (object && put_scene(object, scene) == 0) {
        text =
            json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(15));
    }
    struct bc_buf *buf = text ? bc_buf_copy(text, strlen(text)) : NULL;
    free(text);
    json_decref(object);
    return buf;
}
