// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_HLS_SPLICE_PRIVATE_H
#define TRANSMUX_HLS_SPLICE_PRIVATE_H

#include "rendition.h"
#include "snapshot.h"
#include "transmux/hls_splice.h"

// One playlist of a splice. Owned by it; made when a stream first has such a playlist, and
// kept until the splice goes: its players are not told of another one.
struct splice_lane {
    struct hls_rendition r;    // its own segments; nothing is muxed in it
    size_t taken;              // parts of the source's segment that is open here
    struct hls_init *src_init; // owned reference; the source's, of which r.init tells
    // The segment that is open, or the last one, is of the main playlist: the stream has
    // no such quality (now).
    bool stands_in;
    int64_t shift_us; // as the run's, on top of it
};

// A stretch of one stream.
struct splice_run {
    bool running;
    uint64_t serial;    // of the stream's muxer
    uint64_t src_msn;   // its first segment there, and here
    uint64_t own_msn;
    uint64_t src_dseq;
    uint64_t own_dseq;
    size_t first_part;  // of that segment in the main playlist
    int64_t start_us;   // of it: earlier ones of other playlists are left out
    int64_t shift_us;   // added to the stream's dates, so that ours do not step back
    bool discontinuity; // it is not the first
    bool adopted;       // numbers and names here and there are the same
};

// See transmux/hls_splice.h.
struct bc_hls_splice {
    struct hls_format format; // the parameters that all lanes have in common
    uint64_t serial;
    int64_t part_target_us;   // of any lane, unless a stream needs more
    uint64_t dseq;            // of the newest run's newest segment
    struct splice_lane *lanes[BC_HLS_RENDITIONS]; // owned; NULL where none ever came
    struct splice_run run;
    bool adopts; // for the moment in which it is made
    bool ended;
    struct bc_hls_snapshot *latest; // owned reference
};

// --- splice_lane.c ---

// The segment of that number, closed or open; NULL: it left, or has not come.
const struct hls_segment *
splice_find(const struct hls_view *v, uint64_t msn);

// Takes what is new of a playlist into ours, up to parts that begin at `until_us`. The
// main one first: no other gets ahead of it. Without memory the rest waits for the next
// call.
void
splice_lane_extend(struct bc_hls_splice *sp, enum bc_hls_rendition kind,
    const struct bc_hls_snapshot *s, int64_t until_us);

// Closes what is open and fills it up with gaps: all end with the same number.
void
splice_lane_close(struct bc_hls_splice *sp, enum bc_hls_rendition kind);

#endif
