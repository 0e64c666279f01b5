// SPDX-License-Identifier: Apache-2.0
#ifndef RECORD_RECORDING_IMPL_H
#define RECORD_RECORDING_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "record/recording.h"

#include "column.h"
#include "bounds.h"

// A media file of a recording.
struct record_file {
    uint32_t number;
    uint32_t format;
    uint32_t head_bytes;
    struct bc_file *open; // owned reference; NULL until somebody reads it
    uint64_t used;        // when it was last asked for, in uses
};

// See record/recording.h. What grows belongs to the lock; the writer's thread is the only
// one that adds.
struct bc_recording {
    atomic_uint refs;
    char *folder; // owned
    pthread_mutex_t lock; // guards all below
    struct bc_recording_info info; // what is counted is filled in when asked
    struct record_column parts;
    struct record_column segments;
    struct record_column gaps;
    struct record_column files; // numbers rising
    struct bc_buf *formats[RECORD_FORMATS_MAX]; // owned references
    size_t format_count;
    uint64_t bytes;
    uint64_t uses;
    size_t open_files;
    bool tail_open; // the last segment may still grow
};

void
record_lock(const struct bc_recording *r);

void
record_unlock(const struct bc_recording *r);

// NULL: there is no file of that number. The lock is held.
struct record_file *
record_find_file(const struct bc_recording *r, uint32_t number);

// An empty one; `info` says what it is. Count 1; NULL without memory.
struct bc_recording *
record_create(const char *folder, const struct bc_recording_info *info);

// The place of a format, added when new; negative errno.
int
record_add_format(struct bc_recording *r, struct bc_buf *init);

// Its number is above those before. 0 or negative errno.
int
record_add_file(struct bc_recording *r, uint32_t number, uint32_t format,
    uint32_t head_bytes);

// Takes the last file back, in which no part is.
void
record_drop_file(struct bc_recording *r);

// Room for one more part; false without memory or when there are too many.
bool
record_reserve_part(struct bc_recording *r);

// Room was reserved and the file added.
void
record_add_part(struct bc_recording *r, const struct bc_recording_part *part);

// The last part; false: there is none.
bool
record_last_part(const struct bc_recording *r, struct bc_recording_part *out);

void
record_set_tail_open(struct bc_recording *r, bool open);

void
record_set_ended(struct bc_recording *r, int64_t wall_us);

// How many references there are.
unsigned
record_refs(const struct bc_recording *r);

// How many of its files somebody reads just now, as far as they are kept open: a download
// holds the files alone.
unsigned
record_files_read(const struct bc_recording *r);

#endif
