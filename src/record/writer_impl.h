// SPDX-License-Identifier: Apache-2.0
#ifndef RECORD_WRITER_IMPL_H
#define RECORD_WRITER_IMPL_H

#include "base/writer.h"
#include "container/cmaf_read.h"
#include "record/writer.h"

#include "index.h"
#include "recording_impl.h"
#include "scan.h"

// Records that may wait before they are written to the index. It is a help for reading; what
// it lacks is found in the media (load.c), so one write for a segment's records will do.
#define RECORD_INDEX_PENDING 32

// See record/writer.h. Owned by who created it, used by one thread at a time.
struct bc_recording_writer {
    struct bc_recording *r; // owned reference
    int dir;                // owned descriptors
    int index;
    int file;               // negative: the next part begins a file
    uint32_t number;        // of the last file
    uint64_t file_bytes;    // whole parts only; what is behind them is to be cut off
    uint64_t index_bytes;   // that are written
    uint8_t pending[RECORD_INDEX_PENDING * RECORD_INDEX_BYTES]; // records behind them
    unsigned pending_count;
    bool torn;              // cutting off failed: tried again before the next part
    bool dirty_dir;         // names were made since the last sync
    int sync_error;         // of a file that is closed by now

    struct bc_buf *init;    // owned reference; of the current format
    struct bc_cmaf_movie movie;
    uint32_t format;

    struct bc_writer emsg; // event messages that come with the next part
    bool fresh;        // the next part begins after a break
    int64_t shift_us;  // recording time minus the source's
    int64_t file_start_us;
    bool has_last;
    struct bc_recording_part last;
    int64_t track_end_us[2]; // recording time where picture and sound end so far
};

// An empty writer of a recording; takes over the reference and the descriptor, also when
// it fails. NULL without memory.
struct bc_recording_writer *
record_writer_create(struct bc_recording *r, int dir);

// Frees it; the files stay as they are.
void
record_writer_destroy(struct bc_recording_writer *w);

// The bytes of a part on their way to the disk.
struct record_bytes {
    struct bc_buf *init;   // borrowed; NULL unless a file begins
    const uint8_t *head;   // prft, emsg, moof
    size_t head_bytes;
    const uint8_t *rest;   // mdat
    size_t rest_bytes;
};

// Puts the bytes and their record behind what is there. `part` has all but its file and
// offset. 0 or negative errno; then the files are as they were, or will be made so before
// the next one.
int
record_writer_put(struct bc_recording_writer *w, const struct record_bytes *bytes,
    struct bc_recording_part *part);

#endif
