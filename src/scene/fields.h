// SPDX-License-Identifier: Apache-2.0
#ifndef FIELDS_H
#define FIELDS_H

#include <stdint.h>

#include <jansson.h>

#include "scene/scene.h"
#include "value.h"

#define SCENE_MAX_DURATION_MS 5000

extern const struct scene_word SCENE_TYPES[];
extern const struct scene_word SCENE_FITS[];
extern const struct scene_word SCENE_ALIGNS[];
extern const struct scene_word SCENE_EFFECTS[];

// The text of a layer.
struct scene_text_field {
    const char *name;
    size_t offset;
    size_t max;
    unsigned types; // bits of the layer types that may have it
    // What is wrong with it, NULL: nothing.
    const char *(*problem)(const char *text);
};

extern const struct scene_text_field SCENE_TEXTS[];
extern const size_t SCENE_N_TEXTS;

// What a layer of a type is when nothing is said. Without texts.
void
scene_layer_defaults(enum bc_layer_type type, struct bc_scene_layer *out);

// What a layer's text is; the field belongs to the layer.
char **
scene_layer_text(struct bc_scene_layer *layer, const struct scene_text_field *field);

// Reads one layer, whose id may be missing. What it has when this fails is freed with the
// scene.
void
scene_layer_parse(
    struct scene_reading *r, const json_t *object, struct bc_scene_layer *out);

#endif
