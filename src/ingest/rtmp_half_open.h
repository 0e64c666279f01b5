// SPDX-License-Identifier: Apache-2.0
#ifndef INGEST_RTMP_HALF_OPEN_H
#define INGEST_RTMP_HALF_OPEN_H

#include <stdbool.h>

struct bc_half_open_entry;

// How many connections of each address have not yet said what they want (RTMP-6): one address
// must not be able to fill the server with them. One worker's thread.
struct bc_half_open {
    struct bc_half_open_entry *table; // by address; owned
};

// Counts one more. False when `limit` (0: none) is reached, or without memory.
bool
bc_half_open_add(struct bc_half_open *h, const char *ip, unsigned limit);

void
bc_half_open_remove(struct bc_half_open *h, const char *ip);

void
bc_half_open_finish(struct bc_half_open *h);

#endif
