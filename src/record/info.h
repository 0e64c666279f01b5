// SPDX-License-Identifier: Apache-2.0
#ifndef RECORD_INFO_H
#define RECORD_INFO_H

#include <stddef.h>

#include "record/recording.h"

// recording.json. The id is not read from it: that is the folder's name.

// Reads what the file says into `out`, whose other fields stay. Texts that are too long
// are cut, numbers without sense left out. -EINVAL: no JSON object.
int
record_info_parse(const char *text, size_t len, struct bc_recording_info *out);

// Fills in all of it from the folder: its name tells the id and, without the file, the
// time and what it is. -EINVAL when the name is no id.
int
record_info_load(int dir, const char *folder, struct bc_recording_info *out);

// 0 or negative errno; then the file is as it was.
int
record_info_save(int dir, const struct bc_recording_info *info);

#endif
