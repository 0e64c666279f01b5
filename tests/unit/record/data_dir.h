// SPDX-License-Identifier: Apache-2.0
#ifndef DATA_DIR_H
#define DATA_DIR_H

#include <stdbool.h>
#include <stddef.h>

#include "record/recording.h"

// A data directory with tiny recordings; a test finds its path in *state.

#define DATA_DIR_BEGAN_WALL_US 1767225600000000
#define DATA_DIR_ENDED_WALL_US 1767225660000000
#define DATA_DIR_SOURCE_TO_US 5123456 // of a clip; which is frame-exact

int
data_dir_setup(void **state);

int
data_dir_teardown(void **state);

void
data_dir_add(const char *dir, enum bc_recording_kind kind, const char *id, bool ended);

void
data_dir_remove(const char *dir, enum bc_recording_kind kind, const char *id);

void
data_dir_copy(const char *dir, enum bc_recording_kind kind, const char *id,
    enum bc_recording_kind to_kind, const char *to_id);

// How many names in it begin so.
size_t
data_dir_count(const char *dir, const char *prefix);

#endif
