// SPDX-License-Identifier: Apache-2.0
#ifndef REPLAY_EXPORT_TABLE_H
#define REPLAY_EXPORT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/writer.h"

// A table of runs of equal values, as stts and ctts are: the bytes of {count, value}.
struct export_runs {
    struct bc_writer bytes;
    uint32_t entries;
    uint32_t count; // of the run that is not written yet
    uint32_t value;
    bool negative; // some value is below zero
    bool used;     // some value is not zero
};

// A chunk of an MP4 file: consecutive samples of one track.
struct export_chunk {
    uint64_t at; // from the first byte of the mdat's payload
    uint32_t samples;
    uint32_t description; // from 1
};

// The samples of one track of the new file, in bytes as they stand there (4 to 20 for each
// sample, so that hours fit into memory). Part of a plan.
struct export_table {
    struct export_runs stts;
    struct export_runs ctts;
    struct bc_writer stss;   // numbers of the sync samples
    struct bc_writer stsz;   // sizes
    struct bc_writer chunks; // struct export_chunk
    uint32_t count;
    uint32_t syncs;
    uint32_t first_size;
    bool sizes_differ;
    int64_t first_dts;
    int64_t last_dts; // as written
    uint32_t last_duration;
    int64_t first_pts; // the least
    int64_t end_pts;
};

struct export_sample {
    int64_t dts; // ticks of the track
    int64_t pts;
    uint32_t duration;
    uint32_t size;
    bool sync;
};

// Decoding times that do not rise are made to.
void
export_table_add(struct export_table *t, const struct export_sample *s);

// Writes what runs; nothing is added afterwards. False without memory.
bool
export_table_end(struct export_table *t);

void
export_table_finish(struct export_table *t);

#endif
