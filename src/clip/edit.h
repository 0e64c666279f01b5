// SPDX-License-Identifier: Apache-2.0
#ifndef CLIP_EDIT_H
#define CLIP_EDIT_H

#include "boundary.h"
#include "gop.h"

// A clip's ruling track (the picture; sound where there is none) in up to three pieces,
// each of which may be missing: a head encoded anew, what is copied, a tail encoded anew.
// Made by the planning, read by the writing of a job.
struct clip_coded_piece {
    bool exists;
    struct clip_coded coded; // owned
    uint32_t format;
    size_t stretch;   // first part of its stretch
    uint32_t timescale;
    int64_t delay;    // pts - dts in ticks, the same as the copied frames' beside it
    int64_t last_end; // ticks: where the last frame shown ends
};

struct clip_edit {
    struct clip_coded_piece head;
    struct clip_coded_piece tail;
    bool copies;
    struct clip_place copy_from;
    struct clip_place copy_to; // the first one not copied
    int64_t first_us; // recording time of the first frame shown
    int64_t end_us;   // where the last one ends
    bool exact;       // as wished; else it was not possible, and `note` tells why
    char note[160];
};

struct clip_wish {
    int64_t from_us;
    int64_t to_us;
    bool exact;
};

// Finds out what to copy, and encodes the rest. 0; -ENOENT: nothing is there that could be
// shown; -ECANCELED; another negative errno. Blocks; encodes both ends at the same time.
int
clip_edit_make(struct clip_reader *r, const struct clip_wish *wish,
    const atomic_bool *cancel, struct clip_edit *out);

void
clip_edit_finish(struct clip_edit *edit);

#endif
