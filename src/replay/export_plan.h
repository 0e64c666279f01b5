// SPDX-License-Identifier: Apache-2.0
#ifndef REPLAY_EXPORT_PLAN_H
#define REPLAY_EXPORT_PLAN_H

#include "container/cmaf_read.h"
#include "export_table.h"
#include "replay/mp4.h"

// What goes into the new file, worked out before the first byte is written, since the tables
// of all samples stand in front of them.

#define EXPORT_MAX_FORMATS 64

// Bytes of the recording's files as they follow each other in the new file.
struct export_extent {
    uint64_t offset;
    uint32_t file;
    uint32_t bytes;
};

// Samples that wait for those of the other track of the same half second.
struct export_waiting {
    int64_t slot; // half seconds of recording time
    struct export_extent extent;
    uint32_t samples;
    uint32_t description;
};

// A track of the new file: the recording's picture or its sound, in all its formats.
struct export_track {
    enum bc_kind kind;
    uint32_t timescale;
    struct bc_reader trak; // of its first format's init section: the other boxes' source
    struct bc_writer descriptions; // sample entries, one after the other
    uint32_t descriptions_count;
    uint64_t rolls; // a bit for each description whose samples need some before them (Opus)
    struct bc_reader sgpd; // how many; empty when none does
    struct export_table table;
    struct bc_writer waiting; // struct export_waiting
};

// A format of the recording, read when the first part of it is met.
struct export_format {
    struct bc_buf *init; // owned; NULL: not met yet
    struct bc_cmaf_movie movie;
    size_t track[BC_CMAF_MAX_TRACKS];         // the new file's track of each
    uint32_t description[BC_CMAF_MAX_TRACKS]; // its sample entry there
};

// Owned by bc_replay_export().
struct export_plan {
    const struct bc_replay_export_params *params; // borrowed
    struct export_format formats[EXPORT_MAX_FORMATS];
    struct export_track tracks[BC_CMAF_MAX_TRACKS];
    size_t count;
    struct bc_writer extents; // struct export_extent
    uint64_t bytes;           // of all extents
    int64_t begin_us;         // recording time of what is shown first
    int64_t wall_us;          // and its wall clock
};

// 0, -ENOENT: there are no samples in that range; -ECANCELED, -ENOMEM or another negative
// errno. export_plan_finish() follows in any case.
int
export_plan_make(struct export_plan *plan, const struct bc_replay_export_params *params);

void
export_plan_finish(struct export_plan *plan);

// For export_scan.c.

// The format in the plan, read when it is new there. NULL with `*rc` set.
struct export_format *
export_plan_format(struct export_plan *plan, uint32_t number, int *rc);

// Samples that follow each other in a file, for one track.
void
export_plan_wait(struct export_track *track, const struct export_waiting *w);

// Lets go what is of half seconds before this one.
void
export_plan_release(struct export_plan *plan, int64_t slot);

#endif
