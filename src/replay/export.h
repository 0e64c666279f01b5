// SPDX-License-Identifier: Apache-2.0
#ifndef REPLAY_EXPORT_H
#define REPLAY_EXPORT_H

#include <stdbool.h>

#include "base/writer.h"
#include "replay/mp4.h"

struct export_plan;

// What the steps of an export share.

bool
export_is_cancelled(const struct bc_replay_export_params *params);

void
export_set_progress(const struct bc_replay_export_params *params, int percent);

// All that stands before the media: ftyp, moov, and the head of the mdat.
void
export_moov_write(struct bc_writer *w, const struct export_plan *plan);

// Copies the media behind what was written. 0 or a negative errno.
int
export_copy(int fd, const struct export_plan *plan);

#endif
