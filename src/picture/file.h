// SPDX-License-Identifier: Apache-2.0
#ifndef PICTURE_FILE_H
#define PICTURE_FILE_H

#include <stddef.h>

#include "base/buf.h"

#define PICTURE_PATH_MAX 4096

// "<folder>/pictures/<name>". 0 or -ENAMETOOLONG.
int
picture_path(const char *folder, const char *name, char out[PICTURE_PATH_MAX]);

// A whole file of at most `max` bytes. NULL when it is not there, larger, no regular file, or
// without memory.
struct bc_buf *
picture_file_read(const char *folder, const char *name, size_t max);

// Writes a file of pictures/ and puts it in the place of the old one by renaming it, so a
// reader has either. Makes the folder pictures/ when it is missing. 0 or negative errno.
int
picture_file_write(const char *folder, const char *name, const struct bc_buf *bytes);

#endif
