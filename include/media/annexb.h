// SPDX-License-Identifier: Apache-2.0
#ifndef MEDIA_ANNEXB_H
#define MEDIA_ANNEXB_H

#include <stdbool.h>
#include <stdint.h>

#include "media/track_build.h"

// The next NAL unit at or behind `*at` of what an encoder writes (ITU-T H.264 annex B: a start
// code before each unit), without its start code and the zeros that belong to the next one;
// `*at` moves behind it. False at the end.
bool
bc_annexb_next(const uint8_t **at, const uint8_t *end, struct bc_param_set *unit);

#endif
