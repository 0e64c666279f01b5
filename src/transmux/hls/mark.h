// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_HLS_MARK_H
#define TRANSMUX_HLS_MARK_H

#include <stddef.h>
#include <stdint.h>

#include "media/packet.h"

// What waits in one playlist at most; more push the oldest out.
#define HLS_MARKS_MAX 64

// Cues (BC_KIND_CUE) that wait for the part with their moment. Embedded in its rendition.
struct hls_marks {
    struct bc_packet *items[HLS_MARKS_MAX]; // owned references, oldest first
    size_t count;
};

// Takes a reference.
void
hls_marks_push(struct hls_marks *marks, struct bc_packet *cue);

// Takes out those before `end_us` (media time) and puts them in front of a chunk as emsg boxes:
// the times in `timescale`, `reorder_us` later, as pictures are shown. Takes over the chunk and
// returns it, or a new one; without memory it stays as it is.
struct bc_buf *
hls_marks_apply(struct hls_marks *marks, struct bc_buf *chunk, int64_t end_us,
    int64_t reorder_us, uint32_t timescale);

void
hls_marks_finish(struct hls_marks *marks);

#endif
