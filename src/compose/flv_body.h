// SPDX-License-Identifier: Apache-2.0
#ifndef COMPOSE_FLV_BODY_H
#define COMPOSE_FLV_BODY_H

#include <stdbool.h>

#include "base/writer.h"
#include "media/packet.h"

// The bodies of RTMP's messages for what the composer makes. Pure.

// A track's sequence header. Rendition 0 as everybody knows it, others as tracks of a
// Multitrack (Enhanced RTMP v2). False: there is none, or no memory.
bool
compose_body_config(
    struct bc_writer *w, const struct bc_track *track, unsigned rendition);

// One access unit.
bool
compose_body_frame(struct bc_writer *w, const struct bc_packet *packet);

// onMetaData as hosts send it. Either track may be NULL.
bool
compose_body_metadata(
    struct bc_writer *w, const struct bc_track *video, const struct bc_track *audio);

#endif
