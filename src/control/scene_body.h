// SPDX-License-Identifier: Apache-2.0
#ifndef SCENE_BODY_H
#define SCENE_BODY_H

#include <stdbool.h>
#include <stddef.h>

#include "scene/scene.h"
#include "scenes/scenes.h"

struct json_t;

// A scene, alone or as {"scene": {…}, "transition": {"effect": "cut|fade", "ms": 500}}. NULL:
// it was refused, as `error` tells. Paths of files are refused, for they are chosen by who has
// the configuration.
struct bc_scene *
bc_scene_body_read(const void *body, size_t len, struct bc_scene_transition *transition,
    struct bc_scene_error *error);

// {"effect": …, "ms": …}, or nothing: a cut. False: it is wrong.
bool
bc_take_body_read(const void *body, size_t len, struct bc_scene_transition *out);

// For an answer; null for NULL.
struct json_t *
bc_control_scene_json(const struct bc_scene *scene);

#endif
