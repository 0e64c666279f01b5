// SPDX-License-Identifier: Apache-2.0
#ifndef CLIP_WRITE_H
#define CLIP_WRITE_H

#include <stdatomic.h>

#include "edit.h"
#include "record/writer.h"

struct clip_write {
    struct clip_reader *reader;
    const struct clip_edit *edit;
    struct bc_recording_writer *writer;
    atomic_int *progress; // percent of this work; NULL if nobody asks
    const atomic_bool *cancel; // NULL: never
};

// The clip's wall clock at its first frame.
int64_t
clip_write_wall(const struct bc_recording *source, int64_t at_us);

// Makes parts of about a second out of an edit and appends them: times from 0, durations as
// they were, sound beside its picture. `lost` tells whether something of the source could not be
// read. 0; -ENOENT: nothing came of it; -ECANCELED; -ENOSPC or another negative errno.
int
clip_write_run(const struct clip_write *job, bool *lost);

#endif
