// SPDX-License-Identifier: Apache-2.0
#ifndef CONTAINER_CMAF_H
#define CONTAINER_CMAF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "media/track.h"

// Fragmented MP4 after ISO/IEC 14496-12 and CMAF (ISO/IEC 23000-19): an init segment
// (ftyp, moov without samples) and chunks of it (moof, mdat). Pure functions; the caller
// keeps the clocks. Track ids are the tracks' places in the array of bc_cmaf_init(), from
// 1.

#define BC_CMAF_MAX_TRACKS 2

// Ticks per second on a video track; audio counts in its sample rate.
#define BC_CMAF_VIDEO_TIMESCALE 90000

// One access unit of a chunk. The bytes are borrowed for the call.
struct bc_cmaf_sample {
    const uint8_t *data;
    size_t len;
    uint32_t duration; // ticks of the track
    int32_t cts;       // pts - dts in ticks
    bool sync;         // decoding can start here; every audio frame is
    bool disposable;   // no other sample refers to it
};

// The samples of one track in one chunk, in decoding order and without holes.
struct bc_cmaf_run {
    uint32_t track_id;
    uint64_t dts; // of the first sample, ticks: the tfdt
    bool roll;    // Opus: decoders need the frames before one to get it right
    const struct bc_cmaf_sample *samples;
    size_t count;
};

// Whether there is a sample entry for the codec.
bool
bc_cmaf_has_codec(enum bc_codec codec);

// Whether bc_cmaf_init() knows how to describe the track.
bool
bc_cmaf_supports(const struct bc_track *track);

uint32_t
bc_cmaf_timescale(const struct bc_track *track);

// Microseconds from the origin to ticks and back, each rounded to the nearest on its own,
// so that rounding never adds up over time. Any value that a 64-bit clock reaches in 3000
// years.
int64_t
bc_cmaf_ticks(int64_t us, uint32_t timescale);

int64_t
bc_cmaf_us(int64_t ticks, uint32_t timescale);

// The init segment of one or two tracks. NULL when a track is not supported or without
// memory.
struct bc_buf *
bc_cmaf_init(const struct bc_track *const *tracks, size_t count);

// One moof with a traf for each run that has samples, and one mdat with their bytes run
// after run. `sequence` is the mfhd's number. NULL when there are no samples, the bytes
// exceed what a box can hold, or without memory.
struct bc_buf *
bc_cmaf_chunk(uint32_t sequence, const struct bc_cmaf_run *runs, size_t count);

#endif
