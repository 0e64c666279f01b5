// SPDX-License-Identifier: Apache-2.0
#ifndef RECORD_STAGE_H
#define RECORD_STAGE_H

#include "base/buf.h"
#include "record/writer.h"

// A folder of recordings, and parts to put there: each 200 ms of picture (5 frames of 25 a
// second) and, about as much, sound of 48 kHz. Every fifth part begins with a keyframe and a
// segment.
#define STAGE_PART_US 200000
#define STAGE_SEGMENT_PARTS 5
#define STAGE_WALL_US INT64_C(1767225600000000) // 2026-01-01

struct stage {
    char root[64];
    struct bc_buf *init;
    struct bc_buf *other_init; // another format
};

void
stage_open(struct stage *s);

// Removes the folder, too.
void
stage_close(struct stage *s);

// Of a test that finds its stage in *state.
int
stage_setup(void **state);

int
stage_teardown(void **state);

// A writer of a new replay; asserts that there is one.
struct bc_recording_writer *
stage_create(struct stage *s);

// The part that begins at number * 200 ms after `origin_us` on the source's clock; the data
// is owned by the caller.
struct bc_recording_append
stage_part(struct stage *s, int64_t origin_us, unsigned number);

// Makes it and appends it.
int
stage_append(
    struct stage *s, struct bc_recording_writer *w, int64_t origin_us, unsigned number);

// Makes a recording of `parts` parts, ended or not; the folder's path is written to `out`.
void
stage_record(struct stage *s, unsigned parts, bool ended, char out[256]);

// A file of a recording as a whole; owned by the caller.
struct bc_buf *
stage_read(const char *folder, const char *name);

void
stage_write(const char *folder, const char *name, const void *data, size_t len);

void
stage_remove(const char *folder);

#endif
