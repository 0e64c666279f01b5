// SPDX-License-Identifier: Apache-2.0
#ifndef CATALOGUE_SCAN_H
#define CATALOGUE_SCAN_H

#include <stdatomic.h>
#include <stdbool.h>

#include "record/catalogue.h"

// What to do with the folders of recordings and clips. Lives on the caller's stack.
struct bc_catalogue_scan {
    const char *data_dir; // borrowed
    bool repair;          // folders that a crash left torn; while nobody writes to them
    atomic_bool *stop;    // borrowed; looked at between folders. NULL: go on to the end
    // Whether the folder is to be read at all; NULL: each is.
    bool (*wanted)(void *user, enum bc_recording_kind kind, const char *id);
    // False ends the scan.
    bool (*found)(void *user, const struct bc_catalogue_entry *entry);
    void *user;
};

// "recordings" or "clips".
const char *
bc_catalogue_folder_name(enum bc_recording_kind kind);

// Whether the id's folder is there.
bool
bc_catalogue_folder_exists(
    const char *data_dir, enum bc_recording_kind kind, const char *id);

// Reads all folders. A folder that cannot be read is logged and left out. 0; negative errno
// when a root is there and cannot be read; -ECANCELED.
int
bc_catalogue_scan_run(const struct bc_catalogue_scan *scan);

#endif
