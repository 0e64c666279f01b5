// SPDX-License-Identifier: Apache-2.0
#ifndef SHARED_H
#define SHARED_H

#include <stdatomic.h>

#include "scene/scene.h"

// What every scene really is. The scene stays the first member.
struct scene_shared {
    struct bc_scene scene;
    atomic_uint refs;
};

// Empty, to be filled before anybody else sees it. NULL without memory.
struct bc_scene *
scene_create(void);

// Frees a layer's texts.
void
scene_layer_finish(struct bc_scene_layer *layer);

#endif
