// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_CODEC_ANNEXB_H
#define TRANSMUX_CODEC_ANNEXB_H

#include <stddef.h>
#include <stdint.h>

#include "media/track.h"

// What x264 writes (H.264 annex B: a start code before each NAL unit), as packets and
// tracks have it.

// An access unit's slices with 4-byte lengths; parameter sets are in the track, and
// nobody needs x264's own messages. NULL without memory or without a slice.
struct bc_buf *
annexb_slices(const uint8_t *data, size_t len);

// The track of the parameter sets. NULL without memory or without sets.
struct bc_track *
annexb_track(const uint8_t *data, size_t len);

#endif
