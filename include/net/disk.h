// SPDX-License-Identifier: Apache-2.0
#ifndef NET_DISK_H
#define NET_DISK_H

#include "net/worker.h"

// A few threads for what may wait for a disk, so that no event loop ever does: reading files
// into the page cache for answers, opening recordings. They are workers without listeners,
// talked to by messages; who asks gets the answer posted back. Owned by the server; outlives
// the workers.
struct bc_disk;

// NULL without memory or threads. `threads` is 1 to 8.
struct bc_disk *
bc_disk_create(unsigned threads);

// Runs what is still queued, then ends the threads; NULL is fine. The workers have stopped.
void
bc_disk_destroy(struct bc_disk *disk);

// Runs `task` on one of the threads, in turn. Any thread.
void
bc_disk_post(struct bc_disk *disk, struct bc_task *task);

#endif
