// SPDX-License-Identifier: Apache-2.0
#ifndef COMPOSE_LOOK_H
#define COMPOSE_LOOK_H

#include "paint.h"
#include "scene/scene.h"

// A scene at one size with all that is painted for it, ready to be shown. Made by the
// painter, then the engine's, under whose lock its sprites change.
struct compose_look {
    struct bc_scene *scene; // owned reference
    int width; // of the canvas
    int height;
    // Of each layer; a channel's is what stands for it while it is away.
    struct compose_sprite sprites[BC_SCENE_MAX_LAYERS];
    int64_t serial; // which of the painter's it is
};

// NULL without memory. Sprites are empty.
struct compose_look *
compose_look_create(const struct bc_scene *scene, int width, int height);

// NULL is fine.
void
compose_look_destroy(struct compose_look *look);

#endif
