// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_WHOLE_FILE_H
#define BASE_WHOLE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

// Small files that are read and written as a whole. All block on the disk. `dir` is a
// folder's descriptor, or AT_FDCWD with a path as the name; links in the last place are not
// followed, and nothing but regular files is read.

// Its bytes, with a 0 behind them that does not count; *text is to be freed. 0, or negative
// errno: -ENOENT, -EFBIG above `max`, -EINVAL for what is no regular file; *text is NULL then.
int
bc_whole_file_read(int dir, const char *name, size_t max, char **text, size_t *len);

struct bc_whole_file_options {
    mode_t mode; // of the new file, less the umask but for its owner
    bool sync;   // on the disk when this returns, after a power failure too
};

// Written beside it as NAME.new and renamed, so that a crash leaves the old file or the new
// one. 0 or negative errno; then the old one stands.
int
bc_whole_file_replace(int dir, const char *name, const void *bytes, size_t len,
    const struct bc_whole_file_options *options);

#endif
