// SPDX-License-Identifier: Apache-2.0
#ifndef RECORD_COLUMN_H
#define RECORD_COLUMN_H

#include <stdbool.h>
#include <stddef.h>

// A growing array of equal items in pieces that never move, so that growing costs no copy
// however long a broadcast runs. Embedded in a recording, under its lock.
struct record_column {
    void **pieces; // owned, each
    size_t piece_count;
    size_t piece_cap;
    size_t count; // items
    size_t item_bytes;
};

void
record_column_init(struct record_column *c, size_t item_bytes);

void
record_column_finish(struct record_column *c);

// Makes sure that one more can be pushed. False without memory.
bool
record_column_reserve(struct record_column *c);

// A new zeroed item, for which there was room.
void *
record_column_push(struct record_column *c);

void *
record_column_at(const struct record_column *c, size_t i);

#endif
