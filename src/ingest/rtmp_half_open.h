// SPDX-License-Identifier: Apache-2.0
#ifndef INGEST_RTMP_HALF_OPEN_H
#define INGEST_RTMP_HALF_OPEN_H

#include <stdbool.h>

#include "ingest/rtmp.h"

// Counts one more. False when `limit` (0: none) is reached, or without memory.
bool
bc_half_open_add(struct bc_half_open *h, const char *ip, unsigned limit);

void
bc_half_open_remove(struct bc_half_open *h, const char *ip);

#endif
