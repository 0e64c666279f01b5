// SPDX-License-Identifier: Apache-2.0
#ifndef REMOVAL_H
#define REMOVAL_H

#include <stdbool.h>

#include "record/recording.h"

// The steps in which a recording's folder goes. All block on the disk.

// A file in a folder that says that the recording is deleted, though readers still read it.
#define BC_REMOVAL_MARK "deleted"

// Marks it, for good. 0 or negative errno.
int
bc_removal_mark(const char *root, const char *id);

bool
bc_removal_is_marked(const char *root, const char *id);

// Gives it a name that nobody takes for a recording and deletes all in it. 0 or negative
// errno; -ENOENT: there is none.
int
bc_removal_finish(const char *root, const char *id);

// Deletes a folder or file of the root by its name, whatever it is called.
int
bc_removal_delete(const char *root, const char *name);

// Calls `found` for the name of everything in a root that is hidden or marked.
void
bc_removal_leftovers(
    const char *root, void (*found)(void *user, const char *name), void *user);

#endif
