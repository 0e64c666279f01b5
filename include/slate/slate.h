// SPDX-License-Identifier: Apache-2.0
#ifndef SLATE_SLATE_H
#define SLATE_SLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bc_channel;
struct bc_hub;
struct bc_slate_wish;
struct bc_worker;

// What channels show while they have nothing better: pictures and videos, each made ready
// once for a stream's format and played by a hidden channel for all that show it. Owned by
// the server; has two threads of its own for what takes long.
struct bc_slates;

// NULL without memory or threads.
struct bc_slates *
bc_slates_create(struct bc_hub *hub);

// Ends the threads and what still plays. After the workers' join, before the last run of
// their leftovers. NULL is fine.
void
bc_slates_stop(struct bc_slates *slates);

// After the hub has gone. NULL is fine.
void
bc_slates_destroy(struct bc_slates *slates);

// Once a second or so: frees what nobody has shown for minutes, and looks whether the files
// in use have changed. Main thread.
void
bc_slates_tick(struct bc_slates *slates, int64_t now_us);

// A new reference to the hidden channel that shows it from now on, the same for equal
// wishes. It plays as soon as it is ready, which takes some tenths of a second the first
// time; of a video the first picture stands until all is ready. Instead of a file that
// cannot be used a plain dark picture is shown. Called on that worker, and never blocks.
// NULL: too many slates or channels, no memory, or the server goes down; with the reason
// logged.
struct bc_channel *
bc_slates_open(struct bc_slates *slates, struct bc_worker *worker,
    const struct bc_slate_wish *wish);

// Drops the reference and makes the holder NULL. The slate plays on for some seconds, so
// that viewers who are about to leave need not wait. Any thread.
void
bc_slates_close(struct bc_slates *slates, struct bc_channel **slate);

// Why the plain picture is shown instead of this file. False: nothing is known against it.
// Any thread.
bool
bc_slates_problem(struct bc_slates *slates, const char *path, char *out, size_t size);

#endif
