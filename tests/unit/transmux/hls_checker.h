// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_TRANSMUX_HLS_CHECKER_H
#define TESTS_TRANSMUX_HLS_CHECKER_H

#include <stdbool.h>
#include <stdint.h>

#include "transmux/hls.h"

#define CHECK_PARTS BC_HLS_SEGMENT_PARTS
#define CHECK_SEGMENTS 256
#define CHECK_TEXT 64

struct check_part {
    char uri[CHECK_TEXT];
    int64_t duration_us;
    bool independent;
    bool seen;
};

// What a playlist says of one segment, and what the checker remembers of it.
struct check_segment {
    bool seen;
    bool closed;
    bool gap;
    bool discontinuity;
    uint64_t dseq;
    char uri[CHECK_TEXT];
    char map[CHECK_TEXT];
    int64_t pdt_us;
    int64_t extinf_us;
    size_t part_count;
    struct check_part parts[CHECK_PARTS];
    uint64_t hash; // of its parts' bytes so far
    size_t bytes;
};

struct check_header {
    int64_t target_s;
    int64_t part_target_us;
    uint64_t msn;
    uint64_t dseq;
    bool independent;
    char control[160];
};

// What stands behind the segments.
struct check_tail {
    bool ended;
    struct check_report {
        bool there;
        uint64_t msn;
        int64_t part;
    } reports[BC_HLS_RENDITIONS];
    char hint[CHECK_TEXT];
};

// A player's memory of one media playlist, which fails the test when the playlist breaks
// a rule of conformance over time: counters, constants, published values that change,
// parts that do not make up their segment, hints that were not kept, times that step
// back, and media whose decoding times overlap.
struct check_list {
    enum bc_hls_rendition rendition;
    unsigned updates; // playlists read
    struct check_header header; // of the newest
    uint64_t first_msn;  // of the newest
    uint64_t next_msn;   // behind the newest, counting the open one
    bool open;
    struct check_tail tail; // of the newest
    int64_t decoded[3];  // by track id: where decoding time has come to, ticks
    bool decodes[3];
    uint64_t overlaps;
    uint64_t holes;      // decoding times that jumped ahead inside an epoch
    uint64_t parts;      // seen in all
    uint64_t short_parts; // below 85 %, for a reason
    uint64_t base_msn;   // where `segments` begins
    struct check_segment segments[CHECK_SEGMENTS];
};

// All playlists of a muxer; pass hls_checker_update() to bc_hls_create() with this as
// user.
struct hls_checker {
    struct check_list lists[BC_HLS_RENDITIONS];
    unsigned updates;
    unsigned unplayable; // updates that had nothing to play yet
};

// On the heap: a checker is large. free() it.
struct hls_checker *
hls_checker_create(void);

void
hls_checker_update(void *user, struct bc_hls_snapshot *snapshot);

struct check_segment *
hls_checker_segment(struct hls_checker *c, enum bc_hls_rendition rendition, uint64_t msn);

#endif
