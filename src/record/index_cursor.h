// SPDX-License-Identifier: Apache-2.0
#ifndef RECORD_INDEX_CURSOR_H
#define RECORD_INDEX_CURSOR_H

#include "record/recording.h"

#define RECORD_CURSOR_RECORDS 512

// Walks through an index file, block by block. Lives while a folder is read.
struct record_cursor {
    int fd; // owned; negative: there is no index
    uint64_t records;
    uint64_t place; // of the next
    uint64_t block_first;
    uint64_t block_count;
    bool fits; // nothing was missing, damaged or passed over so far
    uint8_t *block; // owned
};

// A missing or foreign index is an empty one that does not fit. 0 or -ENOMEM.
int
record_cursor_open(struct record_cursor *c, int dir);

void
record_cursor_close(struct record_cursor *c);

// The next record, which stays the next. False: there is none, or it is damaged.
bool
record_cursor_peek(struct record_cursor *c, struct bc_recording_part *out);

// Passes over damaged records and those of files before `file`.
void
record_cursor_seek(struct record_cursor *c, uint32_t file);

#endif
