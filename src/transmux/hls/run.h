// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_HLS_RUN_H
#define TRANSMUX_HLS_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "container/cmaf.h"
#include "media/packet.h"

// How many samples one part may hold; more end it early. At 200 ms no stream comes near.
#define HLS_RUN_MAX 1024

#define HLS_PACE_STEPS 9

// The usual distance of two frames: a part is published with its last frame, before the
// next one tells how long that frame lasts.
struct hls_pace {
    int64_t nominal_us; // what the stream says of itself; 0 unknown
    int64_t steps_us[HLS_PACE_STEPS];
    size_t count; // of steps seen, for ever
    int64_t last_us;
    bool started;
    int64_t frame_us; // the prediction
};

struct hls_sample {
    struct bc_packet *packet; // owned reference
    int64_t dts; // ticks, as it will be written
    int32_t cts;
};

// One track of a rendition: the samples that wait for their part. Embedded in its
// rendition.
//
// The track's time is laid out so that samples follow each other without holes or
// overlaps: the first sample of a part begins where the last one of the part before was
// predicted to end, and the next ones are placed by their own stamps again, so that a
// wrong prediction lasts for one sample and does not add up. A sample that comes late by
// more than half a frame (a picture: by more than 40 ms) begins where its stamp says:
// that is a hole, and tfdt shows it (LL-22).
struct hls_run {
    struct bc_track *track; // owned reference; NULL when not in use
    uint32_t timescale;
    struct hls_pace pace;
    struct hls_sample *samples; // owned
    size_t count;
    size_t cap;
    bool published; // something of this track
    bool has_end;   // something of this track or the one before
    int64_t end;    // ticks where what was published ends
};

void
hls_run_start(struct hls_run *run, struct bc_track *track);

// Drops the track and its samples.
void
hls_run_finish(struct hls_run *run);

// Ticks of the predicted length of a frame, at least 1.
int64_t
hls_run_frame(const struct hls_run *run);

// Where its last sample ends by its own stamp and the prediction; where the published
// ones end when none waits.
int64_t
hls_run_end(const struct hls_run *run);

int64_t
hls_run_ticks(const struct hls_run *run, int64_t us);

// Takes a reference of the packet. -ENOMEM, or -EOVERFLOW when the run is full.
int
hls_run_push(struct hls_run *run, struct bc_packet *packet);

// Describes the first `count` samples, which end at `end` (ticks), for bc_cmaf_chunk().
// The caller frees `samples` of `out`. -ENOMEM.
int
hls_run_describe(const struct hls_run *run, size_t count, int64_t end,
    struct bc_cmaf_run *out);

// Forgets the first `count` samples: they are published and end at `end`.
void
hls_run_shift(struct hls_run *run, size_t count, int64_t end);

// Forgets, unpublished, the samples whose stamps are `from_us` or later.
void
hls_run_trim(struct hls_run *run, int64_t from_us);

#endif
