// SPDX-License-Identifier: Apache-2.0
// One rising timeline out of the clocks of a broadcast's takes.
//
// A packet's stamp becomes a time by adding one offset, the same for both tracks, so that
// the distance of sound and picture stays what the host sent (MT-5). On top of that:
//
// - Rising. A time that does not lie behind the track's last one is nudged (MT-2).
// - Audio counts samples. Milliseconds would jitter by half of one per frame (MT-3).
// - Jumps. A stamp far from its track's last is a true gap when the clock of arrival or
//   the other track agrees. Otherwise it is suspect: the packet is placed right behind
//   the last one, and when three packets in a row tell of the same new clock, the output
//   goes on from its end with a new offset; the epoch begins with the next keyframe. The
//   other track's packets stay on the old offset until their stamps are nearer to the new
//   clock, and then take over the same offset (MT-4).
// - A take's second track may begin before its first one. Then both move later by the
//   missing bit, since what was given out cannot be taken back.
// - Negative composition times lift the presentation of both tracks alike (RTMP-61).
#include "media/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "timeline_parts.h"

#define DEFAULT_STEP_US 33333
#define STEP_MAX_US 1000000
#define CTS_MAX_US 5000000
#define CTS_SHIFT_MAX_US 500000
#define SCRIPT_NEAR_US 2000000

void
bc_timeline_init(struct bc_timeline *t)
{
    memset(t, 0, sizeof(*t));
    t->take_pending = true;
}

void
bc_timeline_init_at(struct bc_timeline *t, int64_t origin_us)
{
    bc_timeline_init(t);
    t->end_us = origin_us;
    t->video.last_out_us = origin_us;
    t->audio.last_out_us = origin_us;
}

void
bc_timeline_skip_to(struct bc_timeline *t, int64_t at_us)
{
    t->end_us = bc_time_max(t->end_us, at_us);
}

void
bc_timeline_begin_take(struct bc_timeline *t)
{
    t->take_pending = true;
}

void
bc_timeline_begin_format(struct bc_timeline *t)
{
    t->format_pending = true;
}

int64_t
bc_timeline_wall_us(const struct bc_timeline *t, int64_t media_us)
{
    return t->wall_anchor_us + media_us;
}

static void
begin_track(struct bc_time_track *tr)
{
    *tr = (struct bc_time_track){ .placed = tr->placed, .last_out_us = tr->last_out_us };
}

// Picture: the stamp, nudged where it does not rise.
static void
place_video(struct bc_timeline *t, const struct bc_time_in *in, int64_t want_us,
    struct bc_time_out *out)
{
    struct bc_time_track *tr = &t->video;
    out->dts_us = bc_time_max(want_us, bc_time_floor_us(tr));
    out->repaired |= out->dts_us - want_us >= BC_TIME_MIN_STEP_US;
    int64_t cts_us = in->cts_us;
    if (cts_us < -CTS_MAX_US || cts_us > CTS_MAX_US) {
        cts_us = 0;
        out->repaired = true;
    }
    int64_t missing_us = -cts_us - t->cts_shift_us;
    if (missing_us > 0 && t->cts_shift_us < CTS_SHIFT_MAX_US) {
        int64_t lift_us
            = bc_time_clamp(missing_us, 0, CTS_SHIFT_MAX_US - t->cts_shift_us);
        t->cts_shift_us += lift_us;
        t->audio.anchor_us += lift_us;
        out->repaired = true;
    }
    out->pts_us = bc_time_max(want_us + cts_us + t->cts_shift_us, out->dts_us);
}

static int64_t
usual_step_us(const struct bc_time_in *in)
{
    if (in->track && in->track->fps_num && in->track->fps_den) {
        int64_t step_us = (int64_t)in->track->fps_den * 1000000 / in->track->fps_num;
        return bc_time_clamp(step_us, BC_TIME_MIN_STEP_US, STEP_MAX_US);
    }
    return DEFAULT_STEP_US;
}

// What was given out, and how far the output now reaches.
static void
note_output(struct bc_timeline *t, struct bc_time_track *tr, const struct bc_time_in *in,
    const struct bc_time_out *out)
{
    int64_t step_us = out->dts_us - tr->last_out_us;
    if (tr->step_us == 0) {
        tr->step_us = usual_step_us(in);
    } else if (step_us <= STEP_MAX_US) {
        tr->step_us += (step_us - tr->step_us) / 8;
    }
    tr->last_out_us = out->dts_us;
    tr->placed = true;
    t->end_us = bc_time_max(
        t->end_us, out->dts_us + bc_time_max(bc_time_frame_us(tr), BC_TIME_MIN_STEP_US));
    t->repairs += out->repaired;
}

// A take's first packet starts an epoch, so does the first one of a new format; a jump's
// waits for a keyframe. Wall clock times that were published stay behind: neither a
// server's clock set back nor a take's quick start moves the anchor to before (MT-6,
// HLS-13).
static void
note_epoch(struct bc_timeline *t, const struct bc_time_in *in, int64_t wall_us,
    struct bc_time_out *out)
{
    bool key = in->kind == BC_KIND_VIDEO ? !in->dependent : !t->video.started;
    bool jump = t->jump_pending && (key || t->format_pending);
    if (t->take_pending || jump) {
        int64_t anchor_us = wall_us - out->dts_us;
        t->wall_anchor_us
            = t->epoch ? bc_time_max(anchor_us, t->wall_anchor_us) : anchor_us;
    }
    if (t->take_pending || t->format_pending || jump) {
        t->epoch++;
        out->new_epoch = true;
        t->take_pending = false;
        t->format_pending = false;
        t->jump_pending = false;
    }
    out->epoch = t->epoch;
}

static void
begin_on_take(struct bc_timeline *t, const struct bc_time_in *in, int64_t stamp_us)
{
    t->cts_shift_us = 0;
    t->jump_pending = false;
    t->format_pending = false;
    begin_track(&t->video);
    begin_track(&t->audio);
    bc_time_begin_clock(t, in, stamp_us);
}

static void
place_media(struct bc_timeline *t, const struct bc_time_in *in, int64_t wall_us,
    struct bc_time_out *out)
{
    bool is_video = in->kind == BC_KIND_VIDEO;
    struct bc_time_track *tr = is_video ? &t->video : &t->audio;
    int64_t stamp_us
        = bc_time_clamp(in->dts_us, -BC_TIME_STAMP_MAX_US, BC_TIME_STAMP_MAX_US);
    bool good = true;
    if (t->take_pending) {
        begin_on_take(t, in, stamp_us);
    }
    if (!is_video) {
        bc_time_set_audio_format(tr, in->track);
    }
    if (!tr->started) {
        bc_time_join_clock(t, in, &stamp_us);
    } else {
        good = bc_time_take_stamp(t, in, &stamp_us);
    }
    int64_t want_us = stamp_us + tr->offset_us;
    if (!good) {
        want_us
            = tr->last_out_us + bc_time_frame_us(tr) - (is_video ? 0 : t->cts_shift_us);
        out->repaired = true;
    }
    if (is_video) {
        place_video(t, in, want_us, out);
    } else {
        bc_time_place_audio(t, want_us, out);
    }
    note_output(t, tr, in, out);
    note_epoch(t, in, wall_us, out);
}

// Among the packets that were given out last, whatever its stamp says: encoders send
// script data stamped 0 in the middle of a broadcast (RTMP-81).
static void
place_script(
    const struct bc_timeline *t, const struct bc_time_in *in, struct bc_time_out *out)
{
    int64_t now_us = bc_time_max(t->video.last_out_us, t->audio.last_out_us);
    int64_t at_us = bc_time_clamp(in->dts_us, -BC_TIME_STAMP_MAX_US, BC_TIME_STAMP_MAX_US)
        + t->offset_us;
    if (t->take_pending || llabs(at_us - now_us) > SCRIPT_NEAR_US || at_us < 0) {
        at_us = now_us;
    }
    out->dts_us = at_us;
    out->pts_us = at_us;
    out->epoch = t->epoch;
}

void
bc_timeline_place(struct bc_timeline *t, const struct bc_time_in *in, int64_t wall_us,
    struct bc_time_out *out)
{
    *out = (struct bc_time_out){ 0 };
    if (in->kind != BC_KIND_VIDEO && in->kind != BC_KIND_AUDIO) {
        place_script(t, in, out);
    } else {
        place_media(t, in, wall_us, out);
    }
}
