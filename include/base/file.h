// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdatomic.h>
#include <stdint.h>

// An open file that several answers read at the same time; the last reference closes it, so
// one that was deleted meanwhile can be read to its end. Any thread.
struct bc_file {
    atomic_uint refs;
    int fd;
};

// Opens for reading, without following a link in the last place. NULL with errno set.
struct bc_file *
bc_file_open(const char *path);

struct bc_file *
bc_file_ref(struct bc_file *file);

// Drops the reference and makes the holder NULL; a NULL holder is fine.
void
bc_file_unref(struct bc_file **holder);

#endif
