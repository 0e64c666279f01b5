// SPDX-License-Identifier: Apache-2.0
#ifndef CLIP_GOP_H
#define CLIP_GOP_H

#include "plan.h"
#include "samples.h"

// Where a sample of the ruling track is: a part, and its place in there.
struct clip_place {
    size_t part;
    size_t sample;
};

// The frames around one boundary, from a sync frame on, with their bytes in memory. Owned
// by the job.
struct clip_gop {
    uint32_t format;
    uint32_t timescale;
    size_t stretch_first; // the parts of its stretch
    size_t stretch_end;
    struct clip_frame *frames;   // owned; for the plan
    struct clip_sample *samples; // owned; bytes in `bytes`
    struct clip_place *places;   // owned
    size_t count;
    size_t cap;
    struct bc_buf **bytes; // owned references
    size_t bytes_count;
    size_t bytes_cap;
};

// From the last sync frame shown at or before from_us until the next one, until all that is
// shown before to_us, or until the stretch ends. 0; -ENOENT: nothing is there; negative errno.
int
clip_gop_head(
    struct clip_reader *r, int64_t from_us, int64_t to_us, struct clip_gop *out);

// From the last sync frame shown before to_us until all frames shown before it have come. Where
// that is too long to encode anything of it, the last seconds of it alone.
int
clip_gop_tail(struct clip_reader *r, int64_t to_us, struct clip_gop *out);

// When the first sync frame at or behind at_us is shown, or where its stretch ends.
int64_t
clip_gop_next_sync(struct clip_reader *r, int64_t at_us);

void
clip_gop_finish(struct clip_gop *gop);

#endif
