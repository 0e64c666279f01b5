// SPDX-License-Identifier: Apache-2.0
#ifndef REPLAY_EXPORT_BOXES_H
#define REPLAY_EXPORT_BOXES_H

#include "base/reader.h"
#include "base/writer.h"
#include "container/cmaf_read.h"
#include "export_plan.h"

// Goes into the first box of a type inside this one; empty and failed when there is none.
static inline bool
export_enter(struct bc_reader *r, uint32_t type)
{
    struct bc_reader body = { 0 };
    bool found = bc_cmaf_box_find(*r, type, &body);
    *r = found ? body : (struct bc_reader){ NULL, NULL, true };
    return found;
}

// The sample tables of a track; chunk offsets count from `base`.
void
export_write_stbl(
    struct bc_writer *w, const struct export_track *t, uint64_t base, bool large);

#endif
