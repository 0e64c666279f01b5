// SPDX-License-Identifier: Apache-2.0
#ifndef MEDIA_TIMELINE_PARTS_H
#define MEDIA_TIMELINE_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "media/timeline.h"

// The parts of the timeline: timeline.c places packets and counts epochs,
// timeline_clock.c finds the offset of a stamp, timeline_audio.c counts samples.

#define BC_TIME_STAMP_MAX_US ((int64_t)1 << 60)
#define BC_TIME_MIN_STEP_US 1000 // times stay rising as RTMP's milliseconds

static inline int64_t
bc_time_clamp(int64_t v, int64_t low, int64_t high)
{
    return v < low ? low : v > high ? high : v;
}

static inline int64_t
bc_time_max(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

// The earliest time that the track's next packet may have.
static inline int64_t
bc_time_floor_us(const struct bc_time_track *tr)
{
    return tr->placed ? tr->last_out_us + BC_TIME_MIN_STEP_US : tr->last_out_us;
}

// A new clock: this packet lands where the output ended.
void
bc_time_begin_clock(struct bc_timeline *t, const struct bc_time_in *in, int64_t stamp_us);

// A track's first packet of the take joins the other one's clock. The stamp is changed by
// the track's skew.
void
bc_time_join_clock(struct bc_timeline *t, const struct bc_time_in *in, int64_t *stamp_us);

// Takes the stamp into account, and changes it by the track's skew. False when it is
// suspect and must not be used.
bool
bc_time_take_stamp(struct bc_timeline *t, const struct bc_time_in *in, int64_t *stamp_us);

// The length of an audio frame, or the usual distance of two packets.
int64_t
bc_time_frame_us(const struct bc_time_track *tr);

// Another frame length or rate: the count begins anew where it stands.
void
bc_time_set_audio_format(struct bc_time_track *tr, const struct bc_track *track);

void
bc_time_place_audio(struct bc_timeline *t, int64_t want_us, struct bc_time_out *out);

#endif
