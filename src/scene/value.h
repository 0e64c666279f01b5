// SPDX-License-Identifier: Apache-2.0
#ifndef VALUE_H
#define VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "scene/scene.h"

#define SCENE_PLACE_MAX 96

// One reading of a scene; lives on the stack. The first mistake stays.
struct scene_reading {
    struct bc_scene_error *error; // borrowed
    char place[SCENE_PLACE_MAX]; // of the object just read, "" or "layers[2]"
    bool failed;
};

// A word and what it stands for; NULL ends a list of them.
struct scene_word {
    const char *word;
    int value;
};

// Says what is wrong with `key` ("" is the place itself) of the object just read.
void
scene_refuse(struct scene_reading *r, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void
scene_refuse_memory(struct scene_reading *r);

// Refuses members that are not among `keys`, which ends with NULL.
void
scene_check_keys(struct scene_reading *r, const json_t *object, const char *const *keys);

// A member, NULL when it is missing or null.
json_t *
scene_member(const json_t *object, const char *key);

// Each leaves `*out` as it is when the member is missing or refused.
void
scene_take_fraction(struct scene_reading *r, const json_t *object, const char *key,
    double min, double max, double *out);

void
scene_take_count(struct scene_reading *r, const json_t *object, const char *key,
    const int range[2], int *out);

void
scene_take_bool(
    struct scene_reading *r, const json_t *object, const char *key, bool *out);

void
scene_take_color(
    struct scene_reading *r, const json_t *object, const char *key, uint32_t *out);

void
scene_take_word(struct scene_reading *r, const json_t *object, const char *key,
    const struct scene_word *words, int *out);

// A copy that is the caller's.
void
scene_take_text(struct scene_reading *r, const json_t *object, const char *key,
    size_t max, char **out);

// A list of at most `max`; NULL when there is none.
const json_t *
scene_take_list(
    struct scene_reading *r, const json_t *object, const char *key, size_t max);

// What a value stands for.
const char *
scene_word_of(const struct scene_word *words, int value);

#endif
