// SPDX-License-Identifier: Apache-2.0
#ifndef RECORD_LOAD_H
#define RECORD_LOAD_H

#include "recording_impl.h"

// What a folder was found to be. Lives on the stack of who opens or repairs it.
struct record_loaded {
    struct bc_recording *recording; // owned reference
    int dir;                        // owned descriptor of the folder
    bool index_fits; // "index" says exactly what the recording has
    // The last media file, 0 for none; where its last whole part (or its head) ends, 0
    // when it has no head; and its size on the disk.
    uint32_t last_number;
    uint64_t last_end;
    uint64_t last_size;
    bool last_torn_head; // it has no head because it is too short for it
};

// Reads a folder, changing nothing in it. 0 or negative errno; then there is nothing to
// finish.
int
record_load(const char *folder, struct record_loaded *out);

void
record_loaded_finish(struct record_loaded *l);

#endif
