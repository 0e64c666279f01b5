// SPDX-License-Identifier: Apache-2.0
#ifndef CLIP_BOUNDARY_H
#define CLIP_BOUNDARY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/track.h"
#include "samples.h"

// What to encode anew at one boundary. Borrowed for the call.
struct clip_recode {
    const struct bc_track *track;       // the source's; H.264
    const struct clip_sample *samples;  // from a sync sample on, in decoding order
    size_t count;
    uint32_t timescale;
    int64_t first; // of the frames to encode: the first one's pts in ticks
    int64_t end;   // and of the first one that is not wanted any more
    unsigned set_id;  // of the parameter sets to be made
    unsigned threads;
    const atomic_bool *cancel; // NULL: never
};

// One frame, an IDR or referring to those before it alone.
struct clip_coded_frame {
    int64_t pts; // ticks, the source frame's
    bool sync;
    struct bc_buf *data; // owned; 4-byte lengths
};

// What came of it. Owned by who asked for it.
struct clip_coded {
    struct bc_buf *sets; // owned; SPS and PPS, annex B
    struct clip_coded_frame *frames; // owned; in the order they are shown
    size_t count;
};

// Whether frames of the track can be encoded anew so that copied ones may follow.
bool
clip_recode_can(const struct bc_track *track);

// 0; -ECANCELED; -ENOTSUP: its pictures cannot be encoded as they are; -EINVAL: nothing
// could be decoded; -ENOMEM. Nothing to finish on errors. Blocks as long as it takes, on
// a thread of its own.
int
clip_recode_run(const struct clip_recode *job, struct clip_coded *out);

void
clip_coded_finish(struct clip_coded *coded);

#endif
