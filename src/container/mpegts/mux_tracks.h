// SPDX-License-Identifier: Apache-2.0
#ifndef CONTAINER_MPEGTS_MUX_TRACKS_H
#define CONTAINER_MPEGTS_MUX_TRACKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/writer.h"
#include "media/track.h"

#define BC_TS_ADTS_BYTES 7

// What stands before a keyframe: delimiter and parameter sets with start codes. False when
// the record is broken or there is no memory.
bool
bc_ts_head_of(const struct bc_track *track, struct bc_writer *w);

// The ADTS header, its length empty; false when ADTS can't say it.
bool
bc_ts_adts_of(const struct bc_track *track, uint8_t adts[BC_TS_ADTS_BYTES]);

#endif
