// SPDX-License-Identifier: Apache-2.0
#ifndef EGRESS_OPTIONS_H
#define EGRESS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "container/flv.h"

// How this viewer wants HEVC: as ?hevc=12 or ?hevc=enhanced says; else the FourCC for
// players that announced it, and the older id 12 that mini-programs and web players read.
enum bc_flv_hevc
bc_hevc_choice(const char *query, bool supports_fourcc);

// ?rendition=N: which of several qualities, 0 the best (by WHEP: the largest wanted). Numbers beyond what the host sends
// come to the smallest there is, so that a link works whatever the host sends today.
uint8_t
bc_rendition_choice(const char *query);

// ?gop=0 starts at the next keyframe: less delay for who can wait.
bool
bc_wants_gop(const char *query);

#endif
