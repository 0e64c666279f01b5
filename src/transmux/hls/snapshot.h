// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_HLS_SNAPSHOT_H
#define TRANSMUX_HLS_SNAPSHOT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rendition.h"
#include "segment.h"
#include "transmux/hls.h"

// One media playlist at one moment.
struct hls_view {
    bool exists;
    bool stands_in;   // a splice's: another quality stands in for one that is not there
    bool independent; // every segment began with a sync sample
    struct hls_segment **segments; // owned references, oldest first
    size_t count;
    size_t listed; // the first that the playlist lists
    struct hls_segment *open; // owned reference to a copy; NULL while it has no part
    uint64_t next_part;
    int64_t part_target_us;
    size_t bytes;
    struct bc_track *track; // owned reference; the newest format's ruling one
    int64_t frame_us;       // of it, measured
};

enum hls_text { HLS_TEXT_FULL, HLS_TEXT_DELTA, HLS_TEXTS };

// The texts with the same dates. Owned by its snapshot, made by the first who asks.
struct hls_dated {
    struct hls_dated *next;
    struct bc_buf *dates; // owned references
    struct bc_buf *texts[BC_HLS_RENDITIONS][HLS_TEXTS][2]; // [2]: plain, gzip
};

// See transmux/hls.h. The texts are the only thing that changes after it was published:
// each is made by the first who asks, under the mutex, and then read without it.
struct bc_hls_snapshot {
    atomic_uint refs;
    struct hls_view views[BC_HLS_RENDITIONS];
    struct bc_hls_params params;
    uint64_t serial; // of who made it
    int64_t part_hold_us; // PART-HOLD-BACK, the same in all playlists (H 6.2.4)
    int64_t last_part_wall_us;
    int64_t last_part_arrived_us;
    struct bc_track *video; // owned references; of the newest format
    struct bc_track *audio;
    int64_t frame_us; // of the video, measured
    bool ended;
    enum bc_codec passed_over;
    bool variants_due; // a smaller picture has begun and has no part so far
    pthread_mutex_t mutex; // guards the making of texts
    _Atomic(struct bc_buf *) texts[BC_HLS_RENDITIONS][HLS_TEXTS][2]; // [2]: plain, gzip
    size_t tails[BC_HLS_RENDITIONS][HLS_TEXTS]; // where the plain texts' last lines begin
    struct hls_dated *dated; // owned; what was made with dates, under the mutex
    atomic_uint renderings;
    atomic_uint compressions;
};

// Everything that a snapshot of the renditions needs; the rest is filled in by the muxer
// before it publishes. NULL without memory.
struct bc_hls_snapshot *
hls_snapshot_create(struct hls_rendition *const *renditions, size_t count);

// playlist.c
void
hls_dated_finish(struct hls_dated **list);

// The playlist that is given for a name: the sound alone is found under both.
enum bc_hls_rendition
hls_snapshot_resolve(const struct bc_hls_snapshot *s, enum bc_hls_rendition rendition);

// Whether the multivariant playlist names it: there is something in its newest segment.
bool
hls_view_is_offered(const struct hls_view *v);

// The newest thing in a playlist: a segment, and in it the last part (-1: a gap without
// parts).
struct hls_newest {
    const struct hls_segment *segment; // NULL: the playlist is empty
    bool open;
    int64_t part;
};

struct hls_newest
hls_view_newest(const struct hls_view *v);

#endif
