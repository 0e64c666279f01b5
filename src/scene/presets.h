// SPDX-License-Identifier: Apache-2.0
#ifndef PRESETS_H
#define PRESETS_H

#include <jansson.h>

#include "scene/scene.h"
#include "value.h"

// The layers of a preset as a new list of objects; NULL: refused.
json_t *
scene_preset_layers(struct scene_reading *r, const char *name, const json_t *inputs);

#endif
