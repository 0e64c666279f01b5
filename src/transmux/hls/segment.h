// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_HLS_SEGMENT_H
#define TRANSMUX_HLS_SEGMENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

// The init section of one epoch. Immutable, shared by its segments, any thread.
struct hls_init {
    atomic_uint refs;
    uint64_t msn;       // of the first segment that needs it
    struct bc_buf *buf; // owned reference
};

// One part: a moof and its mdat. Lives in its segment.
struct hls_part {
    struct bc_buf *buf; // owned reference
    uint64_t number;    // counts the rendition's parts, never starting anew
    int64_t start_us;   // media time
    int64_t end_us;
    bool independent;   // a sample in it can start a decoder
    bool leads;         // the first one can
};

// One media segment: its parts and nothing more, so that it costs no bytes of its own.
// Closed ones are immutable and shared by all snapshots that hold them. The open one
// belongs to its rendition, which adds parts and gives copies away.
struct hls_segment {
    atomic_uint refs;
    uint64_t msn;
    uint64_t dseq;          // discontinuities up to and including this segment's
    struct hls_init *init;  // owned reference; may be NULL in a gap
    int64_t start_us;       // media time
    int64_t end_us;
    int64_t pdt_us;         // wall clock of its first sample
    size_t bytes;
    bool discontinuity;
    bool gap;               // nothing arrived; there is no file
    size_t part_cap;
    size_t part_count;
    struct hls_part parts[];
};

// Takes over the caller's reference of `buf`; NULL (and the reference is gone) without
// memory.
struct hls_init *
hls_init_create(uint64_t msn, struct bc_buf *buf);

struct hls_init *
hls_init_ref(struct hls_init *init);

void
hls_init_unref(struct hls_init **holder);

// A zeroed segment with room for parts, count 1; NULL without memory.
struct hls_segment *
hls_segment_create(size_t part_cap);

struct hls_segment *
hls_segment_ref(struct hls_segment *s);

void
hls_segment_unref(struct hls_segment **holder);

// The same segment with references of its own to the same bytes.
struct hls_segment *
hls_segment_copy(const struct hls_segment *s);

// Takes over the part's buf. There must be room.
void
hls_segment_push(struct hls_segment *s, const struct hls_part *part);

#endif
