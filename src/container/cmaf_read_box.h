// SPDX-License-Identifier: Apache-2.0
#ifndef CONTAINER_CMAF_READ_BOX_H
#define CONTAINER_CMAF_READ_BOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/reader.h"
#include "media/track.h"

#define FOURCC(a, b, c, d) \
    ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

// What a 64-bit clock reaches in 3000 years; more is nonsense and would overflow sums.
#define CMAF_MAX_SECONDS UINT64_C(100000000000)
// Of any sound there is, and few enough for cmaf_ticks() of any time.
#define CMAF_MAX_TIMESCALE 1000000

// The next box in a reader that consists of boxes, and moves on. False at the end, and when
// what is there is no box or not whole: then the reader has failed.
bool
cmaf_next_box(struct bc_reader *r, uint32_t *type, struct bc_reader *body);

// The first box of a type. False when there is none or the boxes before it are broken.
bool
cmaf_find_box(struct bc_reader r, uint32_t type, struct bc_reader *body);

// The track of a sample entry's body. 0; -ENOTSUP for an entry of another kind; -EINVAL, also
// without memory, as the parsers of records do not tell.
int
cmaf_read_entry(uint32_t type, struct bc_reader body, uint32_t timescale,
    struct bc_track **out);

#endif
