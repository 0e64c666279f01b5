// SPDX-License-Identifier: Apache-2.0
#ifndef FROM_YAML_H
#define FROM_YAML_H

#include <jansson.h>

#include "value.h"

// YAML as what it means in JSON, NULL: refused. Anchors, aliases and tags are refused:
// they are the ways to make a small file grow large.
json_t *
scene_yaml_parse(struct scene_reading *r, const void *text, size_t len);

#endif
