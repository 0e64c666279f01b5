// SPDX-License-Identifier: Apache-2.0
#ifndef STREAM_PLAN_H
#define STREAM_PLAN_H

#include <stdbool.h>
#include <stdint.h>

struct bc_hub;

// What a schedule says about a channel now.
struct bc_channel_plan {
    bool lobby; // viewers see the slate, whatever other sources there are
    int64_t countdown_to_wall_us; // drawn into the lobby's slate; 0: none
    int64_t keys_from_wall_us;    // takes are refused before; 0: accepted at any time
    bool over; // the broadcast ends now, and no source but a slate goes on air
};

// The hub keeps the newest of each channel, copied; NULL takes it away. Any thread.
void
bc_hub_set_plan(
    struct bc_hub *hub, const char *channel, const struct bc_channel_plan *plan);

#endif
