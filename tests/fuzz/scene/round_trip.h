// SPDX-License-Identifier: Apache-2.0
#ifndef ROUND_TRIP_H
#define ROUND_TRIP_H

#include "scene/scene.h"

// Ends the program when the scene is not what its own text says, or has a layer without a
// sensible place.
void
check_round_trip(const struct bc_scene *scene);

#endif
