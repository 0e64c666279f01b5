// SPDX-License-Identifier: Apache-2.0
#ifndef SIZE_H
#define SIZE_H

#include "value.h"

// Reads the sizes, rates and renditions of a scene.
void
scene_size_parse(struct scene_reading *r, const json_t *object, struct bc_scene *scene);

#endif
