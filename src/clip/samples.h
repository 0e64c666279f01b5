// SPDX-License-Identifier: Apache-2.0
#ifndef CLIP_SAMPLES_H
#define CLIP_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "container/cmaf_read.h"
#include "record/recording.h"

#define CLIP_FORMATS_MAX 256
#define CLIP_PART_SAMPLES_MAX 8192 // of one track
#define CLIP_STRETCHES_KEPT 16

// A sample of a recording; its times are recording time in ticks of its track. The bytes
// belong to its part.
struct clip_sample {
    int64_t dts;
    uint32_t duration;
    int32_t cts;
    bool sync;
    uint32_t len;
    const uint8_t *data;
};

// The samples of one track in one part.
struct clip_samples {
    struct clip_sample *list; // owned
    size_t count;
    size_t cap;
};

// One part in memory. Owned by who loaded it.
struct clip_part {
    size_t index;
    size_t stretch;  // the index of its stretch's first part
    uint32_t format;
    struct bc_recording_part place;
    struct bc_buf *bytes; // owned
    struct clip_samples tracks[BC_CMAF_MAX_TRACKS]; // as in the format's movie
};

// An init section, read. Inside its reader.
struct clip_format {
    bool loaded;
    struct bc_cmaf_movie movie;
    size_t ruling; // the track that cuts the parts: the picture where there is one
};

// Parts that follow each other on one clock and in one format: from a break to the next
// one. Inside its reader.
struct clip_stretch {
    size_t first; // part
    size_t last;  // the last one known to belong to it
    int64_t shift_us; // recording time - time in the file
};

// Reads a recording's parts as samples. On the stack of a job, one thread; the recording
// outlives it.
struct clip_reader {
    const struct bc_recording *recording; // borrowed
    struct clip_format *formats; // owned, CLIP_FORMATS_MAX
    struct clip_stretch stretches[CLIP_STRETCHES_KEPT]; // the last ones met
    size_t stretch_count; // for ever
};

int
clip_reader_init(struct clip_reader *r, const struct bc_recording *recording);

void
clip_reader_finish(struct clip_reader *r);

// The format, or NULL when it cannot be read.
const struct clip_format *
clip_reader_format(struct clip_reader *r, uint32_t format);

// Fills `out`. 0; -ENOENT: there is no such part; -EINVAL, -EIO: it is damaged; -ENOMEM.
// Nothing to finish on errors.
int
clip_part_load(struct clip_reader *r, size_t index, struct clip_part *out);

// The same without the media: `data` of its samples is NULL.
int
clip_part_peek(struct clip_reader *r, size_t index, struct clip_part *out);

void
clip_part_finish(struct clip_part *part);

// The first part of the stretch that a part belongs to, and the first one behind it. False:
// there is no such part.
bool
clip_stretch_bounds(struct clip_reader *r, size_t index, size_t *first, size_t *end);

// When a sample is shown or heard, recording time.
int64_t
clip_sample_us(const struct clip_sample *s, uint32_t timescale);

#endif
