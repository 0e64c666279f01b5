// SPDX-License-Identifier: Apache-2.0
#ifndef SLATE_FILE_H
#define SLATE_FILE_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#include "base/buf.h"

// What a file looked like; all zero when it was not there.
struct slate_file_mark {
    dev_t device;
    ino_t inode;
    off_t bytes;
    time_t changed_s;
    long changed_ns;
};

// Opens a regular file to read. Its descriptor; -1 with the reason in `*why`.
int
slate_file_open(const char *path, struct slate_file_mark *mark, const char **why);

bool
slate_file_is_same(const struct slate_file_mark *a, const struct slate_file_mark *b);

// All of it, at most `max` bytes. NULL with the reason in `*why`.
struct bc_buf *
slate_file_read(int fd, const struct slate_file_mark *mark, size_t max, const char **why);

#endif
