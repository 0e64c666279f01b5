// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_HLS_RENDITION_H
#define TRANSMUX_HLS_RENDITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mark.h"
#include "run.h"
#include "segment.h"
#include "transmux/hls.h"

// Kept at most, whatever the window says: a stream that changes its format with every
// frame makes a segment of each.
#define HLS_MAX_SEGMENTS 1024

// What all formats of the muxer have in common and what the running one began with. Owned
// by the muxer, borrowed by its renditions.
struct hls_format {
    struct bc_hls_params params; // checked, no zeros
    int64_t wall_offset_us; // wall clock = media time + this
    int64_t start_us;       // pts of the first frame
    int64_t reorder_us;     // pts - dts of the first frame: what B-frames delay
    uint64_t first_msn;     // where the running format begins
    uint64_t dseq;          // discontinuities up to and including its own
    bool discontinuity;     // false for the muxer's first format only
};

// One media playlist in the making: samples become parts, parts become segments. Owned by
// its muxer, the home worker's thread only; dies with it.
struct hls_rendition {
    const struct hls_format *format; // borrowed from the muxer
    enum bc_hls_rendition kind;
    bool exists;      // it has, or had, a format
    bool changed;     // since the last snapshot
    bool independent; // no segment ever began without a sync sample
    int64_t part_target_us; // PART-TARGET, set with the first format
    int64_t reorder_us; // pts - dts of the running format's first frame
    struct bc_track *track; // owned reference; the newest format's ruling one
    struct hls_run runs[BC_CMAF_MAX_TRACKS]; // the first one rules parts and segments
    struct hls_marks marks;   // that come with the next parts
    struct hls_init *init;    // owned reference
    struct hls_segment *open; // owned; NULL between segments
    uint64_t next_msn;        // of the segment that is open or comes next
    uint64_t next_part;
    uint32_t sequence;        // of the moof
    int64_t newest_arrived_us; // stamp of the newest packet published
    // Closed segments, oldest first; those before `listed` left the playlist but may
    // still be fetched (HLS-5).
    struct hls_segment *segments[HLS_MAX_SEGMENTS]; // owned references
    size_t count;
    size_t listed;
    size_t bytes; // of all segments, the open one too
};

// Brings what is out of reason to the limits, and 0 to the default.
void
hls_params_check(struct bc_hls_params *params);

// A number of its own for everything that counts parts: no two in this process have one.
uint64_t
hls_serial(void);

// The discontinuity sequence number that goes with a first media sequence number.
uint64_t
hls_first_dseq(uint64_t first_msn);

// PART-HOLD-BACK of all playlists whose main one has this PART-TARGET.
int64_t
hls_part_hold_us(const struct bc_hls_params *params, int64_t part_target_us);

void
hls_rendition_init(struct hls_rendition *r, enum bc_hls_rendition kind,
    const struct hls_format *format);

void
hls_rendition_finish(struct hls_rendition *r);

// Publishes what waits and leaves the running format: only gaps follow until it starts
// again.
void
hls_rendition_stop(struct hls_rendition *r);

// A new format begins with the next segment. `tracks` may be empty: then there will be
// only gaps. Everything before was flushed. -ENOMEM.
int
hls_rendition_start(struct hls_rendition *r, struct bc_track *const *tracks,
    size_t count);

// The next sample of the ruling track.
void
hls_rendition_push(struct hls_rendition *r, struct bc_packet *packet);

// Whether a sample would make the open segment break its limits (HLS-1). The main
// rendition cuts by itself; sound that goes on while the picture stands still may come to
// this.
bool
hls_rendition_is_full(const struct hls_rendition *r, int64_t dts_us);

// A sample of the track that rides along.
void
hls_rendition_ride(struct hls_rendition *r, struct bc_packet *packet);

// Publishes what waits and ends the segment there. Samples of the riding track that come
// after the ruling one's last are left behind.
void
hls_rendition_cut(struct hls_rendition *r);

// The same, knowing which sample of the ruling track comes next.
void
hls_rendition_cut_before(struct hls_rendition *r, const struct bc_packet *next);

// window.c

// Fills in what a segment has from its number and its format.
void
hls_rendition_describe(const struct hls_rendition *r, struct hls_segment *s);

// Takes over a closed segment as the newest.
void
hls_rendition_append(struct hls_rendition *r, struct hls_segment *s);

// Adds a segment of which nothing arrived, beside `like` of the other rendition.
void
hls_rendition_gap(struct hls_rendition *r, const struct hls_segment *like);

// Lets old segments leave the playlist, and later the memory.
void
hls_rendition_prune(struct hls_rendition *r);

// The same for several with the same format, which share the bound of memory as well.
void
hls_renditions_prune(struct hls_rendition *const *list, size_t count);

// Forgets the oldest segment, whatever the window says; there must be one.
void
hls_rendition_drop_oldest(struct hls_rendition *r);

// Whether there is nothing in its playlist but gaps.
bool
hls_rendition_is_void(const struct hls_rendition *r);

// Takes its playlist away. What it has counted goes on should it come back.
void
hls_rendition_withdraw(struct hls_rendition *r);

// The newest segment with something in it, open or closed; NULL when there is none.
const struct hls_segment *
hls_rendition_newest(const struct hls_rendition *r);

// The newest closed segment, NULL when there is none.
const struct hls_segment *
hls_rendition_last(const struct hls_rendition *r);

#endif
