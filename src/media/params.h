// SPDX-License-Identifier: Apache-2.0
#ifndef MEDIA_PARAMS_H
#define MEDIA_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"
#include "media/track.h"

// What the parsers of decoder configuration records share.

// Limits against nonsense; level 6.2 of AVC and HEVC allows 16888 samples in a row.
#define BC_CONFIG_MAX_BYTES 65536
#define BC_PICTURE_MAX 16888

// Keeps a copy of the record in the track. False without memory.
bool
bc_params_keep_config(struct bc_track *track, const uint8_t *data, size_t len);

// Sets a reduced frame rate, or leaves 0/0 when it is over 300 or under 1/10 Hz: sources
// of variable rate put the tick of their clock there.
void
bc_params_set_fps(struct bc_track *track, uint64_t num, uint64_t den);

// The picture in luma samples after cropping. False when nothing or too much is left.
bool
bc_params_set_size(struct bc_track *track, uint64_t width, uint64_t height,
    uint64_t crop_x, uint64_t crop_y);

// The part of the VUI that AVC and HEVC have in common, up to and with chroma_loc_info
// (H.264 E.1.1, H.265 E.2.1).
void
bc_params_skip_vui_head(struct bc_bits *b);

#endif
