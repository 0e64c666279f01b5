// SPDX-License-Identifier: Apache-2.0
// Scenes as JSON: what is read is written in a form that reads as the same, and has a place
// on every canvas.
#include <stdint.h>
#include <stdlib.h>

#include "round_trip.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bc_scene_error error = { "" };
    struct bc_scene *scene = bc_scene_parse_json(data, len, &error);
    if (!scene && !error.text[0]) {
        abort();
    }
    if (scene) {
        check_round_trip(scene);
    }
    bc_scene_unref(&scene);
    return 0;
}
