// SPDX-License-Identifier: Apache-2.0
#ifndef STREAM_PLAN_H
#define STREAM_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

struct bc_hub;

// What a schedule says about a channel now.
struct bc_channel_plan {
    bool lobby; // viewers see the slate, whatever other sources there are
    int64_t countdown_to_wall_us; // drawn into the lobby's slate; 0: none
    int64_t keys_from_wall_us;    // takes are refused before; 0: accepted at any time
    bool over; // the broadcast ends now, and no source but a slate goes on air
};

#define BC_CHANNEL_SCENES_MAX 2
#define BC_CHANNEL_SCENE_NAME 32

// Where a composite channel's picture comes from, before its other sources.
struct bc_channel_scene {
    // Hidden channels, the best one first: beside a composer that starts, the one before.
    char names[BC_CHANNEL_SCENES_MAX][BC_CHANNEL_SCENE_NAME];
    char clean[BC_CHANNEL_NAME_MAX + 1]; // shown when none of the sources is a stream; ""
};

// The same for scenes; NULL: it is no composite any more.
void
bc_hub_set_scene(
    struct bc_hub *hub, const char *channel, const struct bc_channel_scene *scene);

// False: it is no composite.
bool
bc_hub_scene(struct bc_hub *hub, const char *channel, struct bc_channel_scene *out);

// The hub keeps the newest of each channel, copied; NULL takes it away. Any thread.
void
bc_hub_set_plan(
    struct bc_hub *hub, const char *channel, const struct bc_channel_plan *plan);

#endif
