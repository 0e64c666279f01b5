// SPDX-License-Identifier: Apache-2.0
#ifndef CATALOGUE_IMPL_H
#define CATALOGUE_IMPL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/log.h"
#include "catalogue_db.h"
#include "net/timer.h"
#include "net/worker.h"

#define BC_CATALOGUE_REMOVED_MAX 256

// See record/catalogue.h.
struct bc_catalogue {
    char *data_dir; // owned
    char *path;     // owned; of the database
    struct bc_worker *worker;

    // The worker's thread only, from open to close.
    struct bc_catalogue_db db;
    struct bc_list changes; // not written yet, oldest first
    size_t change_count;
    struct bc_task flush;   // deferred while there are changes, so that they share a write
    struct bc_timer retry;
    struct bc_log_limit complaint;
    int64_t heal_after_us;
    char removed[BC_CATALOGUE_REMOVED_MAX][BC_RECORDING_ID_MAX + 1]; // the last ones, a ring
    size_t removed_next;
    bool scanning;
    bool scan_again;

    pthread_t scanner; // looks through the folders; joined before the next one starts
    bool scanner_started;
    size_t found; // the scanner's
    atomic_bool stop;
    struct bc_task scan_over;
};

// --- catalogue.c; but for the last, on the catalogue's thread ---

void
bc_catalogue_complain(struct bc_catalogue *c, const char *what, int error);

// Tells whether it makes sense to go on at once.
bool
bc_catalogue_heal(struct bc_catalogue *c, int error);

// Writes the changes that wait, so that an answer knows them.
void
bc_catalogue_flush(struct bc_catalogue *c);

// `if_folder`: see struct change. Any thread.
void
bc_catalogue_post_change(struct bc_catalogue *c, enum bc_catalogue_statement how,
    bool if_folder, const struct bc_catalogue_entry *entry);

// --- catalogue_compare.c ---

// Once more after the one that runs, if one does. The catalogue's thread.
void
bc_catalogue_start_compare(struct bc_catalogue *c);

// Tells the catalogue's thread that one is over. Any thread.
void
bc_catalogue_post_compared(struct bc_catalogue *c);

#endif
