// SPDX-License-Identifier: Apache-2.0
#ifndef CONTAINER_CMAF_READ_BOX_H
#define CONTAINER_CMAF_READ_BOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/reader.h"
#include "media/track.h"

// What a 64-bit clock reaches in 3000 years; more is nonsense and would overflow sums.
#define CMAF_MAX_SECONDS UINT64_C(100000000000)
// Of any sound there is, and few enough for cmaf_ticks() of any time.
#define CMAF_MAX_TIMESCALE 1000000

// The track of a sample entry's body. 0; -ENOTSUP for an entry of another kind; -EINVAL, also
// without memory, as the parsers of records do not tell.
int
cmaf_read_entry(
    uint32_t type, struct bc_reader body, uint32_t timescale, struct bc_track **out);

#endif
