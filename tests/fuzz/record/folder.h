// SPDX-License-Identifier: Apache-2.0
#ifndef RECORD_FOLDER_H
#define RECORD_FOLDER_H

#include <stddef.h>
#include <stdint.h>

// A recording's folder in memory-backed storage, made once and used for all inputs.

// Its path, which ends in an id.
const char *
folder_path(void);

// Replaces a file of it; NULL removes it.
void
folder_put(const char *name, const uint8_t *data, size_t len);

// Reads all that there is in it as a recording, then repairs it and reads it again. Aborts
// when what is said does not hold.
void
folder_read(void);

#endif
