// SPDX-License-Identifier: Apache-2.0
#ifndef STREAM_GOP_H
#define STREAM_GOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/packet.h"

// The packets since the last keyframe, so that a viewer starts at once instead of waiting
// for the next one. Without video: about the last second. Part of its channel, home
// worker only.
struct bc_gop {
    struct bc_packet **packets; // owned references, oldest first
    size_t count;
    size_t cap;
    size_t bytes;
    int64_t
        max_us; // longer GOPs are not kept: better to wait than to start minutes behind
};

void
bc_gop_clear(struct bc_gop *gop);

void
bc_gop_finish(struct bc_gop *gop);

// `has_video`: whether keyframes mark the places to start from.
void
bc_gop_push(struct bc_gop *gop, struct bc_packet *packet, bool has_video);

#endif
