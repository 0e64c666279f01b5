// SPDX-License-Identifier: Apache-2.0
#ifndef ACCESS_SECRET_FILE_H
#define ACCESS_SECRET_FILE_H

#include <stdbool.h>

#include "secret.h"

// Secrets as files of mode 0600 in a directory of mode 0700. Blocking; used at start
// only.

// Opens <data_dir>/keys, creating both where missing. A descriptor, or a negative errno
// with
// `*what` naming the path that failed ("" is data_dir itself).
int
bc_secret_dir_open(const char *data_dir, const char **what);

// Reads the secret `name`, or creates it when there is none (`*created`). Symbolic links
// are not followed. 0 or a negative errno: -EINVAL when the file does not hold a secret,
// -EPERM when it belongs to somebody else.
int
bc_secret_file_open(int dir, const char *name, char out[BC_SECRET_TEXT], bool *created);

#endif
