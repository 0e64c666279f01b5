// SPDX-License-Identifier: Apache-2.0
// Which offset a stamp takes: joining tracks, gaps, bad stamps and jumps. See timeline.c.
#include <stdlib.h>

#include "timeline_parts.h"

#define JUMP_FORWARD_US 1500000
#define JUMP_BACK_US 500000
#define NEAR_US 1500000 // of two stamps of one clock; interleaving takes 1 s (RTMP-70)
#define AHEAD_MAX_US 1000000 // of a stamp, against the arrivals so far
#define LAG_LEAK 100         // the least lag is forgotten by 1/100 of the elapsed time
#define CONFIRM_COUNT 3
#define SKEW_MAX_US 10000000 // tracks further apart have clocks of different origin

static struct bc_time_track *
own_track(struct bc_timeline *t, enum bc_kind kind)
{
    return kind == BC_KIND_VIDEO ? &t->video : &t->audio;
}

static struct bc_time_track *
other_track(struct bc_timeline *t, enum bc_kind kind)
{
    return kind == BC_KIND_VIDEO ? &t->audio : &t->video;
}

// Everything on this clock moves later.
static void
shift_clock(struct bc_timeline *t, int64_t by_us)
{
    struct bc_time_track *tracks[] = { &t->video, &t->audio };
    t->offset_us += by_us;
    for (size_t i = 0; i < 2; i++) {
        if (tracks[i]->started && !tracks[i]->behind) {
            tracks[i]->offset_us = t->offset_us;
            tracks[i]->anchor_us += by_us;
        }
    }
}

void
bc_time_begin_clock(struct bc_timeline *t, const struct bc_time_in *in, int64_t stamp_us)
{
    t->start_us = t->end_us;
    t->offset_us = t->end_us - stamp_us;
    t->lag_us = in->arrived_us - stamp_us;
    t->lag_at_us = in->arrived_us;
    t->suspect = (struct bc_time_suspect){ 0 };
}

// A stamp that fits. The least lag of late leaks upwards, so that drift of the host's
// clock and a source that was halted for a while are forgotten.
static void
note_stamp(struct bc_timeline *t, struct bc_time_track *tr, const struct bc_time_in *in,
    int64_t stamp_us)
{
    tr->last_in_us = stamp_us;
    tr->last_arrived_us = in->arrived_us;
    if (t->suspect.kinds & 1u << in->kind) {
        t->suspect = (struct bc_time_suspect){ 0 };
    }
    if (!tr->behind) {
        int64_t lag_us = in->arrived_us - stamp_us;
        t->lag_us += bc_time_max(in->arrived_us - t->lag_at_us, 0) / LAG_LEAK;
        t->lag_at_us = in->arrived_us;
        t->lag_us = lag_us < t->lag_us ? lag_us : t->lag_us;
    }
}

void
bc_time_join_clock(struct bc_timeline *t, const struct bc_time_in *in, int64_t *stamp)
{
    struct bc_time_track *tr = own_track(t, in->kind);
    const struct bc_time_track *other = other_track(t, in->kind);
    int64_t stamp_us = *stamp;
    tr->offset_us = t->offset_us;
    if (other->started) {
        int64_t expected_us
            = other->last_in_us + bc_time_max(in->arrived_us - other->last_arrived_us, 0);
        if (llabs(stamp_us - expected_us) > SKEW_MAX_US) {
            tr->skew_us = expected_us - stamp_us;
            stamp_us = expected_us;
        }
    }
    tr->started = true;
    int64_t low_us = bc_time_max(t->start_us, bc_time_floor_us(tr));
    int64_t out_us = stamp_us + t->offset_us;
    if (out_us < low_us) {
        shift_clock(t, low_us - out_us);
    }
    tr->anchor_us = stamp_us + t->offset_us + t->cts_shift_us;
    tr->frames = 0;
    *stamp = stamp_us;
    note_stamp(t, tr, in, stamp_us);
}

// The track's own jump has come: it takes over the epoch's offset.
static void
catch_up(struct bc_timeline *t, struct bc_time_track *tr, int64_t stamp_us)
{
    int64_t low_us = tr->last_out_us + bc_time_frame_us(tr);
    tr->behind = false;
    tr->offset_us = t->offset_us;
    if (stamp_us + t->offset_us < low_us) {
        shift_clock(t, low_us - stamp_us - t->offset_us);
    }
    tr->anchor_us = stamp_us + t->offset_us + t->cts_shift_us;
    tr->frames = 0;
}

// Whether a stamp belongs to the clock that the track is on.
static bool
fits_clock(const struct bc_timeline *t, const struct bc_time_track *tr,
    const struct bc_time_track *other, int64_t stamp_us, int64_t arrived_us)
{
    int64_t step_us = stamp_us - tr->last_in_us;
    if (step_us > -JUMP_BACK_US && step_us < JUMP_FORWARD_US) {
        return true;
    }
    if (step_us < 0) {
        return false;
    }
    if (tr->behind) {
        return llabs(step_us - (arrived_us - tr->last_arrived_us)) <= AHEAD_MAX_US;
    }
    bool other_agrees = other->started && !other->behind
        && llabs(stamp_us - other->last_in_us) <= NEAR_US;
    int64_t lag_us = arrived_us - stamp_us;
    return other_agrees || lag_us >= t->lag_us - AHEAD_MAX_US;
}

// True when the suspects suffice to believe in a new clock.
static bool
suspect_jump(struct bc_timeline *t, enum bc_kind kind, int64_t stamp_us)
{
    if (t->suspect.count > 0 && llabs(stamp_us - t->suspect.in_us) <= NEAR_US) {
        t->suspect.count++;
    } else {
        t->suspect = (struct bc_time_suspect){ .count = 1 };
    }
    t->suspect.kinds |= 1u << kind;
    t->suspect.in_us = stamp_us;
    return t->suspect.count >= CONFIRM_COUNT;
}

// The clocks of the tracks seemed to differ, for a bad stamp was the first; they are one.
static void
unite_clocks(struct bc_timeline *t, struct bc_time_track *tr, struct bc_time_track *other,
    const struct bc_time_in *in, int64_t stamp_us)
{
    tr->skew_us = 0;
    if (other->behind) {
        other->behind = false;
        t->offset_us = other->offset_us;
        t->lag_us = in->arrived_us - stamp_us;
    }
    catch_up(t, tr, stamp_us);
}

// Three suspects, or one with a new format, and the track is on a clock of its own; the
// other one follows when its stamps do.
static void
begin_jump(struct bc_timeline *t, const struct bc_time_in *in, int64_t stamp_us)
{
    struct bc_time_track *tr = own_track(t, in->kind);
    struct bc_time_track *other = other_track(t, in->kind);
    bc_time_begin_clock(t, in, stamp_us);
    t->jumps++;
    t->jump_pending = true;
    tr->behind = false;
    tr->offset_us = t->offset_us;
    tr->anchor_us = t->start_us + t->cts_shift_us;
    tr->frames = 0;
    other->behind = other->started;
}

bool
bc_time_take_stamp(struct bc_timeline *t, const struct bc_time_in *in, int64_t *stamp)
{
    struct bc_time_track *tr = own_track(t, in->kind);
    struct bc_time_track *other = other_track(t, in->kind);
    int64_t from_other_us = llabs(*stamp - other->last_in_us);
    if (tr->skew_us != 0 && other->skew_us == 0 && from_other_us <= NEAR_US) {
        unite_clocks(t, tr, other, in, *stamp);
        note_stamp(t, tr, in, *stamp);
        return true;
    }
    *stamp += tr->skew_us;
    from_other_us = llabs(*stamp - other->last_in_us);
    if (tr->behind && from_other_us <= NEAR_US
        && from_other_us < llabs(*stamp - tr->last_in_us)) {
        catch_up(t, tr, *stamp);
    } else if (!fits_clock(t, tr, other, *stamp, in->arrived_us)) {
        // With a new format a new clock is credible at once: the encoder started again.
        if (!suspect_jump(t, in->kind, *stamp) && !t->format_pending) {
            return false;
        }
        begin_jump(t, in, *stamp);
    }
    note_stamp(t, tr, in, *stamp);
    return true;
}
