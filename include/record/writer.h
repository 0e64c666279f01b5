// SPDX-License-Identifier: Apache-2.0
#ifndef RECORD_WRITER_H
#define RECORD_WRITER_H

#include "record/recording.h"

// Writes a recording: appends each part to its file by one write, so that a crash costs at
// most the part it happened in. Their records go to the index by one write a segment; what
// it lacks after a crash is found in the media. All calls block on the disk and are made by
// one thread at a time.
struct bc_recording_writer;

struct bc_recording_params {
    const char *root;  // the folder of all recordings, or of all clips; made when missing
    const char *id;    // NULL: made here from the wall clock
    enum bc_recording_kind kind;
    const char *channel;
    const char *title; // "" for none
    const char *source;     // of a clip, else NULL
    int64_t source_from_us; // of a clip
    int64_t source_to_us;   // of a clip
    bool frame_exact;       // of a clip
    int64_t wall_us;   // of its beginning
};

// A part as HLS has it. Bufs are borrowed.
struct bc_recording_append {
    struct bc_buf *init;  // of its format; same bytes, same format
    struct bc_buf *data;  // moof, mdat; before them emsg where there are cues
    int64_t start_us;     // of the first sample, on the source's clock (tfdt, MT)
    int64_t duration_us;
    int64_t wall_us;
    bool independent;
    bool segment;
    bool discontinuity;
    uint64_t msn;
};

// Makes the folder. NULL with errno set.
struct bc_recording_writer *
bc_recording_create(const struct bc_recording_params *params);

// Goes on with a recording that was not ended, after repairing its tail: half a part at a
// file's end, or half a record at the index's end, is cut off; parts that the index lacks are
// added to it. NULL with errno set.
struct bc_recording_writer *
bc_recording_resume(const char *folder);

// Appends; times are moved so that the recording goes on where it was (the first part ever
// begins at 0; after bc_recording_resume(), a break with a jump, or another source clock the
// caller says discontinuity). A gap is noted where the wall clock went on by more than half
// a second beyond the last part's end. 0 or negative errno: then nothing of the part is left,
// neither in the files nor in memory, and the next may be tried.
int
bc_recording_append(
    struct bc_recording_writer *w, const struct bc_recording_append *part);

// Brings the index up to date, and asks the kernel to have the media on the disk (fdatasync). 0 or negative errno.
int
bc_recording_sync(struct bc_recording_writer *w);

// The recording as readers see it, borrowed; they take references.
struct bc_recording *
bc_recording_of(struct bc_recording_writer *w);

// Writes the end into recording.json and frees the writer; makes the holder NULL. Readers go
// on. `ended` false: another run of the server may resume it. 0 or negative errno (freed all
// the same).
int
bc_recording_finish(struct bc_recording_writer **holder, bool ended, int64_t wall_us);

// Repairs a folder that nobody writes to, and makes its index anew. Marks a running one as
// ended when `end`. 0 or negative errno.
int
bc_recording_repair(const char *folder, bool end);

#endif
