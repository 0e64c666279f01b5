// SPDX-License-Identifier: Apache-2.0
// Scenes as JSON: what is read is written in a form that reads as the same, and has a place
// on every canvas.
#include <stdint.h>

#include "round_trip.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bc_scene_error error = { "" };
    check_scene(bc_scene_parse_json(data, len, &error), &error);
    return 0;
}
