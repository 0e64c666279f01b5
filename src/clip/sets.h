// SPDX-License-Identifier: Apache-2.0
#ifndef CLIP_SETS_H
#define CLIP_SETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/track.h"

// Parameter sets of H.264: what is encoded anew has sets of its own, with ids that the
// source does not use, so that one avcC holds both (CLIP-2).

#define CLIP_SET_IDS 32 // of SPS (7.4.2.1.1); x264 gives its PPS the same id

// Two ids that neither an SPS nor a PPS of the track has. False: there are none, or its
// configuration cannot be read.
bool
clip_sets_free_ids(const struct bc_track *track, unsigned ids[2]);

// The track with further sets, each as x264 gives them (annex B); NULL extras are fine.
// NULL when something cannot be read or without memory.
struct bc_track *
clip_sets_add(const struct bc_track *track, const struct bc_buf *const *extras,
    size_t count);

// An encoder's access unit (annex B) as files have it: 4-byte lengths, without parameter
// sets, delimiters and the encoder's own messages. NULL without a slice or memory.
struct bc_buf *
clip_sets_sample(const uint8_t *data, size_t len);

#endif
