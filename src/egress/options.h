// SPDX-License-Identifier: Apache-2.0
#ifndef EGRESS_OPTIONS_H
#define EGRESS_OPTIONS_H

#include <stdbool.h>

#include "container/flv.h"

// How this viewer wants HEVC: as ?hevc=12 or ?hevc=enhanced says; else the FourCC for
// players that announced it, and the older id 12 that mini-programs and web players read.
enum bc_flv_hevc
bc_hevc_choice(const char *query, bool supports_fourcc);

// ?gop=0 starts at the next keyframe: less delay for who can wait.
bool
bc_wants_gop(const char *query);

#endif
