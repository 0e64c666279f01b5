// SPDX-License-Identifier: Apache-2.0
#ifndef RECORD_INDEX_H
#define RECORD_INDEX_H

#include "record/recording.h"

// The file "index": a header, then a record for each part (docs/recording.md). All
// numbers are big-endian.
#define RECORD_INDEX_HEAD_BYTES 16
#define RECORD_INDEX_BYTES 64

void
record_index_head_write(uint8_t out[RECORD_INDEX_HEAD_BYTES]);

bool
record_index_head_is_ours(const uint8_t in[RECORD_INDEX_HEAD_BYTES]);

// `place` counts the records, from 0.
void
record_index_write(
    uint8_t out[RECORD_INDEX_BYTES], const struct bc_recording_part *p, uint64_t place);

// False: damaged, of another place, or with numbers beyond the limits.
bool
record_index_read(
    const uint8_t in[RECORD_INDEX_BYTES], uint64_t place, struct bc_recording_part *out);

#endif
