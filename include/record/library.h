// SPDX-License-Identifier: Apache-2.0
#ifndef RECORD_LIBRARY_H
#define RECORD_LIBRARY_H

#include <stdbool.h>

#include "base/list.h"
#include "record/recording.h"

struct bc_disk;
struct bc_worker;

// All recordings by id: running ones as they are written, others opened when somebody asks
// and kept open for a while. Folders are DATA/recordings/ID and DATA/clips/ID. Owned by the
// server, any thread; outlives the workers.
struct bc_library;

// NULL without memory.
struct bc_library *
bc_library_create(const char *data_dir, struct bc_disk *disk);

void
bc_library_destroy(struct bc_library *lib);

// "DATA/recordings" or "DATA/clips".
const char *
bc_library_root(const struct bc_library *lib, enum bc_recording_kind kind);

// A running recording is known from now on; any thread. The library keeps a reference until
// it is dropped.
void
bc_library_add(struct bc_library *lib, struct bc_recording *r);

// It has ended (it stays open for a while) or was deleted (`gone`: nobody finds it from now
// on; who reads it reads on). One that did not run is forgotten instead, as its files were
// changed: who asks next opens it anew.
void
bc_library_drop(struct bc_library *lib, const char *id, bool gone);

// What is open now; a new reference or NULL. Never blocks.
struct bc_recording *
bc_library_peek(struct bc_library *lib, enum bc_recording_kind kind, const char *id);

// A request for a recording that may have to be opened. Embedded in its owner; belongs to
// one worker.
struct bc_library_waiter {
    struct bc_list node;
    struct bc_worker *worker;
    // Called once, on that worker; `r` is borrowed, NULL: there is none of that id.
    void (*ready)(struct bc_library_waiter *waiter, struct bc_recording *r);
    struct bc_recording *found; // private
};

// Opens it on a disk thread unless it is open; `ready` is never called from within.
void
bc_library_get(struct bc_library *lib, enum bc_recording_kind kind, const char *id,
    struct bc_worker *worker, struct bc_library_waiter *waiter);

// No callback follows. On the waiter's worker; harmless when it does not wait.
void
bc_library_cancel(struct bc_library *lib, struct bc_library_waiter *waiter);

// How many readers, clips in the making and downloads hold a recording just now, beyond the
// library itself: what retention must leave alone.
unsigned
bc_library_users(struct bc_library *lib, const char *id);

// Closes what nobody has asked for in a minute. Main thread, every second or so.
void
bc_library_tick(struct bc_library *lib, int64_t now_us);

#endif
