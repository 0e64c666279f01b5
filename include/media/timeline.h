// SPDX-License-Identifier: Apache-2.0
#ifndef MEDIA_TIMELINE_H
#define MEDIA_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "media/track.h"

// Unwraps a counter of fewer than 64 bits to the value nearest to the last one.
struct bc_unwrap {
    int64_t last;
    bool started;
};

// RTMP milliseconds. The chunk layer counts modulo 2^32, yet real encoders (OBS, FFmpeg)
// wrap at 2^31; both are accepted. Returns unwrapped milliseconds.
int64_t
bc_unwrap_rtmp(struct bc_unwrap *u, uint32_t ms);

// A counter of `bits` bits (33 for MPEG-TS, 32 for RTP).
int64_t
bc_unwrap_bits(struct bc_unwrap *u, uint64_t value, unsigned bits);

// One packet as its source stamped it, after unwrapping.
struct bc_time_in {
    enum bc_kind kind;
    int64_t dts_us;     // the source's clock, any origin
    int64_t cts_us;     // pts - dts as sent; may be negative
    int64_t arrived_us; // monotonic clock of the server
    // Video that is no keyframe. The epoch after a jump waits for one that is, so that a
    // viewer can start with it; the stamps are right before that.
    bool dependent;
    const struct bc_track *track; // for the audio frame's length; NULL for script packets
};

struct bc_time_out {
    int64_t dts_us;
    int64_t pts_us;
    uint32_t epoch;
    bool new_epoch; // first packet of the epoch
    bool repaired;  // a stamp was changed by more than rounding
};

// What the timeline knows of one track. All of it but `placed` and `last_out_us` starts
// anew with a take.
struct bc_time_track {
    bool placed;       // something was given out, in whatever take
    bool started;      // seen in this take
    bool behind;       // still on the clock of before the last jump (MT-4)
    int64_t offset_us; // out = in + skew + offset; equal for both tracks unless `behind`
    int64_t skew_us;   // 0, or what brings a clock of its own to the other track's
    int64_t last_in_us; // of the last stamp that fitted, with skew
    int64_t last_out_us;
    int64_t last_arrived_us;
    int64_t step_us; // the usual distance of two packets, a running mean
    // Audio: output times count samples from the anchor and are pulled back to the stamps
    // only when the drift stays over one and a half frames (MT-3).
    int64_t anchor_us;
    int64_t frames; // since the anchor; the next packet's number
    uint32_t frame_samples;
    uint32_t sample_rate;
    int drift_count; // frames in a row off to one side; the sign tells which
};

// A stamp far off is believed only when others follow (MT-2: one bad frame ends nothing).
struct bc_time_suspect {
    int count;
    unsigned kinds; // 1 << enum bc_kind of those who told it
    int64_t in_us;
};

// Maps the clocks of one broadcast's takes to one rising timeline in microseconds. Pure: no clock inside. Owned by its channel, used by the channel's home
// worker only.
struct bc_timeline {
    uint32_t epoch;       // of the last packet; 0 before the first
    bool take_pending;    // the next packet starts an epoch on a new clock
    bool format_pending;  // the next packet starts an epoch on the same clock
    bool jump_pending;    // the next keyframe starts the epoch of a jump
    int64_t offset_us;    // of the running clock
    int64_t start_us;     // where the running clock began
    int64_t cts_shift_us; // lifts negative composition times of this take (RTMP-61)
    int64_t end_us;       // end of all that was given out
    int64_t lag_us; // least arrival - stamp of late: how far a stamp may lie ahead (MT-4)
    int64_t lag_at_us;      // arrival when lag_us was last looked at
    int64_t wall_anchor_us; // wall clock of media time 0 of this epoch (out 0)
    struct bc_time_suspect suspect;
    struct bc_time_track video;
    struct bc_time_track audio;
    uint64_t repairs; // how many stamps were repaired since the broadcast began
    uint64_t jumps;   // how many jumps started an epoch
};

void
bc_timeline_init(struct bc_timeline *t);

// The same for a timeline that begins at `origin_us`.
void
bc_timeline_init_at(struct bc_timeline *t, int64_t origin_us);

// Nothing that is yet to come is placed before `at_us`.
void
bc_timeline_skip_to(struct bc_timeline *t, int64_t at_us);

// A new take begins (first, reconnect, takeover, switched source): the next packet starts
// a new epoch that continues where the last ended, without a hole.
void
bc_timeline_begin_take(struct bc_timeline *t);

// A track's codec changed: the next packet starts a new epoch, on the same clock unless
// its stamp says otherwise.
void
bc_timeline_begin_format(struct bc_timeline *t);

// Places one packet. `wall_us` is the wall clock now; it is used only where an epoch
// begins. Any stamp is taken; arrivals must not go back. A script packet gets a place
// among the others and moves nothing.
void
bc_timeline_place(struct bc_timeline *t, const struct bc_time_in *in, int64_t wall_us,
    struct bc_time_out *out);

// The wall clock of a media time of the running epoch.
int64_t
bc_timeline_wall_us(const struct bc_timeline *t, int64_t media_us);

#endif
