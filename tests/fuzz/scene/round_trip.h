// SPDX-License-Identifier: Apache-2.0
#ifndef ROUND_TRIP_H
#define ROUND_TRIP_H

#include "scene/scene.h"

// What a reader made of some text: ends the program when a refusal has no reason, or when the
// scene, which it takes over, is not what its own text says or has a layer without a sensible
// place.
void
check_scene(struct bc_scene *scene, const struct bc_scene_error *error);

#endif
