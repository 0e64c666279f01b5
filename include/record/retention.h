// SPDX-License-Identifier: Apache-2.0
#ifndef RECORD_RETENTION_H
#define RECORD_RETENTION_H

#include <stdint.h>

#include "net/worker.h"
#include "record/recording.h"

struct bc_catalogue;
struct bc_library;

// Deletes replays by age and size, the oldest ended first, and what an operator deletes; on
// a thread of its own. A recording is first marked, which hides it for good, then waits until
// its last reader is done, then goes under another name and file by file, so that a crash
// never leaves half a recording to be seen. Owned by the server.
struct bc_retention;

struct bc_retention_limits {
    int64_t max_age_us;      // since the broadcast's end; 0: any
    uint64_t max_bytes;      // of all replays; 0: nine tenths of the disk
    uint64_t min_free_bytes; // of the disk
};

// What is asked of the system; tests have their own.
struct bc_retention_env {
    int64_t (*wall_us)(void);
    // 0 or negative errno.
    int (*disk)(const char *folder, uint64_t *free_bytes, uint64_t *total_bytes);
};

struct bc_retention_params {
    const char *data_dir;
    struct bc_library *library;     // borrowed, as the next two
    struct bc_catalogue *catalogue;
    const struct bc_retention_env *env; // NULL: the system's
    struct bc_retention_limits limits;
};

// Notes what crashes left behind, which is deleted soon; to be called before anything is
// recorded or cut. NULL without memory or a thread.
struct bc_retention *
bc_retention_create(const struct bc_retention_params *params);

// Deletes no more; NULL is fine.
void
bc_retention_stop(struct bc_retention *retention);

// What waits for readers is deleted at the next start. Before the library and the catalogue
// go; the workers have stopped. NULL is fine.
void
bc_retention_destroy(struct bc_retention *retention);

// From now on. Any thread.
void
bc_retention_set_limits(
    struct bc_retention *retention, const struct bc_retention_limits *limits);

// The disk is short of space: looks now instead of within a minute. Any thread.
void
bc_retention_hurry(struct bc_retention *retention);

// Somebody's wish to delete a recording. Owned by who asks, who fills in the first four;
// freed by it after `done`.
struct bc_retention_request {
    enum bc_recording_kind kind;
    char id[BC_RECORDING_ID_MAX + 1];
    struct bc_worker *worker; // where `done` is called
    void (*done)(struct bc_retention_request *request);
    int result; // 0: nobody finds it any more; -ENOENT; -EBUSY: a broadcast that is recorded
                // now; -EIO: the catalogue could not be read
    struct bc_task task; // private
    struct bc_retention *retention; // private
};

// Any thread. A clip in the making goes too; whoever makes it is told by the caller.
void
bc_retention_delete(struct bc_retention *retention, struct bc_retention_request *request);

#endif
