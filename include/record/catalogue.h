// SPDX-License-Identifier: Apache-2.0
#ifndef RECORD_CATALOGUE_H
#define RECORD_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/worker.h"
#include "record/recording.h"

// What there is of replays and clips, in SQLite (DATA/catalogue.db) on a thread of its own.
// It is only a list: all it knows is in the recordings' folders too, and
// bc_catalogue_rebuild() makes it anew from there.
struct bc_catalogue;

enum bc_catalogue_state {
    BC_CATALOGUE_RUNNING, // a broadcast that is recorded, a clip in the making
    BC_CATALOGUE_READY,
    BC_CATALOGUE_FAILED,  // a clip; `error` tells why
};

struct bc_catalogue_entry {
    struct bc_recording_info info;
    enum bc_catalogue_state state;
    int progress;       // percent, of a clip in the making
    char error[200];    // of one that is ready: why it is not quite as it was wished
    // Filled in by answers, not kept: which files there are beside the recording.
    bool has_classic; // replay.mp4, or a clip's clip.mp4
    bool has_poster;
};

// Opens, and makes what is missing; a file that is no database of ours or is damaged is put
// aside (catalogue.db.damaged-TIME) and made anew. What the folders have and the list lacks,
// or the other way round, is mended on a thread of its own meanwhile; clips that were in the
// making when the last process ended have failed. NULL after logging why.
struct bc_catalogue *
bc_catalogue_open(const char *data_dir);

// Writes what is queued and ends the thread. NULL is fine. The workers have stopped; answers
// to questions are still posted to them.
void
bc_catalogue_close(struct bc_catalogue *catalogue);

// Adds or replaces by the id. Copied; written soon, and again and again while the disk does
// not take it. What was removed in this run of the program stays so. Any thread.
void
bc_catalogue_put(struct bc_catalogue *catalogue, const struct bc_catalogue_entry *entry);

void
bc_catalogue_remove(struct bc_catalogue *catalogue, const char *id);

struct bc_catalogue_filter {
    enum bc_recording_kind kind;
    char id[BC_RECORDING_ID_MAX + 1]; // this one only; "" for all
    char channel[128];                // of this channel only; "" for all
    size_t limit;                     // 1 to 1000
    char cursor[BC_RECORDING_ID_MAX + 1]; // what a list before ended with; "" from the newest
};

// A question and its answer, newest first. Owned by who asks, who fills in the first three;
// freed by it after `done`.
struct bc_catalogue_query {
    struct bc_catalogue_filter filter;
    struct bc_worker *worker; // where `done` is called
    void (*done)(struct bc_catalogue_query *query);
    struct bc_catalogue_entry *entries; // owned; free()
    size_t count;
    bool more;   // there are further ones behind the last
    bool failed; // the database could not be read
    struct bc_task task; // private
};

void
bc_catalogue_ask(struct bc_catalogue *catalogue, struct bc_catalogue_query *query);

// The same for threads that may wait: blocks until the answer is there. `done` and `worker`
// are not used.
void
bc_catalogue_ask_now(struct bc_catalogue *catalogue, struct bc_catalogue_query *query);

// The same without a catalogue that is open, for the command line: a server may have it open
// at the same time. 0 or negative errno; -ENOENT: there is none.
int
bc_catalogue_read(const char *data_dir, struct bc_catalogue_query *query);

// Makes the database anew from the folders of recordings and clips, repairing those that a
// crash left torn. Prints progress to stderr. For the command line, while no server runs. 0
// or negative errno.
int
bc_catalogue_rebuild(const char *data_dir, size_t *replays, size_t *clips);

#endif
