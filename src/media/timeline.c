// SPDX-License-Identifier: Apache-2.0
// One rising timeline out of the clocks of a broadcast's takes.
//
// A packet's stamp becomes a time by adding one offset, the same for both tracks, so that the
// distance of sound and picture stays what the host sent (MT-5). On top of that:
//
// - Rising. A time that does not lie behind the track's last one is nudged (MT-2).
// - Audio counts samples. RTMP's milliseconds would jitter by half of one per frame (MT-3).
// - Jumps. A stamp far from its track's last is a true gap when the clock of arrival or the other
//   track agrees. Otherwise it is suspect: the packet is placed right behind the last one, and
//   when three packets in a row tell of the same new clock, an epoch begins there, continuing
//   where the output ended. The other track's packets stay on the old offset until their stamps
//   are nearer to the new clock, and then take over the same offset (MT-4).
// - An epoch's second track may begin before its first one. Then both move later by the missing
//   bit, since what was given out cannot be taken back.
// - Negative composition times lift the presentation of both tracks alike (RTMP-61).
#include "media/timeline.h"

#include <stdlib.h>
#include <string.h>

#define STAMP_MAX_US ((int64_t)1 << 60)
#define MIN_STEP_US 1000 // times stay rising as RTMP's milliseconds
#define DEFAULT_STEP_US 33333
#define STEP_MAX_US 1000000
#define JUMP_FORWARD_US 1500000
#define JUMP_BACK_US 500000
#define NEAR_US 1500000     // two stamps of one clock; tracks interleave by up to 1 s (RTMP-70)
#define AHEAD_MAX_US 1000000 // a stamp may come this much early against the arrivals so far
#define LAG_LEAK 100        // the least lag is forgotten by 1/100 of the elapsed time
#define CONFIRM_COUNT 3
#define SKEW_MAX_US 10000000 // tracks further apart have clocks of different origin
#define CTS_MAX_US 5000000
#define CTS_SHIFT_MAX_US 500000
#define AUDIO_GAP_US 100000
#define AUDIO_GAP_FRAMES 4
#define DRIFT_COUNT 10
#define FRAME_SAMPLES_MAX 65536
#define SCRIPT_NEAR_US 2000000

void
bc_timeline_init(struct bc_timeline *t)
{
    memset(t, 0, sizeof(*t));
    t->take_pending = true;
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

static int64_t
clamp_us(int64_t v, int64_t low, int64_t high)
{
    return v < low ? low : v > high ? high : v;
}

static int64_t
max_us(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t
samples_us(int64_t samples, uint32_t rate)
{
    return (samples * 1000000 + rate / 2) / rate;
}

// Audio with frames of one length is counted; anything else goes by its stamps.
static bool
is_counted(const struct bc_time_track *tr)
{
    return tr->frame_samples > 0;
}

static int64_t
frame_us(const struct bc_time_track *tr)
{
    return is_counted(tr) ? samples_us(tr->frame_samples, tr->sample_rate) : tr->step_us;
}

static void
begin_track(struct bc_time_track *tr)
{
    *tr = (struct bc_time_track){ .placed = tr->placed, .last_out_us = tr->last_out_us };
}

// The earliest time that the track's next packet may have.
static int64_t
floor_us(const struct bc_time_track *tr)
{
    return tr->placed ? tr->last_out_us + MIN_STEP_US : 0;
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

// A new clock: this packet lands where the output ended.
static void
begin_clock(struct bc_timeline *t, const struct bc_time_in *in, int64_t stamp_us)
{
    t->start_us = t->end_us;
    t->offset_us = t->end_us - stamp_us;
    t->lag_us = in->arrived_us - stamp_us;
    t->lag_at_us = in->arrived_us;
    t->suspect = (struct bc_time_suspect){ 0 };
}

// A stamp that fits. The least lag of late leaks upwards, so that drift of the host's clock and a
// source that was halted for a while are forgotten.
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
        t->lag_us += max_us(in->arrived_us - t->lag_at_us, 0) / LAG_LEAK;
        t->lag_at_us = in->arrived_us;
        t->lag_us = lag_us < t->lag_us ? lag_us : t->lag_us;
    }
}

// A track's first packet of the take joins the other one's clock.
static void
join_clock(struct bc_timeline *t, struct bc_time_track *tr, const struct bc_time_track *other,
    const struct bc_time_in *in, int64_t stamp_us)
{
    tr->offset_us = t->offset_us;
    if (other->started) {
        int64_t expected_us
            = other->last_in_us + max_us(in->arrived_us - other->last_arrived_us, 0);
        if (llabs(stamp_us - expected_us) > SKEW_MAX_US) {
            tr->skew_us = expected_us - stamp_us;
            stamp_us = expected_us;
        }
    }
    tr->started = true;
    int64_t low_us = max_us(t->start_us, floor_us(tr));
    int64_t out_us = stamp_us + t->offset_us;
    if (out_us < low_us) {
        shift_clock(t, low_us - out_us);
    }
    tr->anchor_us = stamp_us + t->offset_us + t->cts_shift_us;
    tr->frames = 0;
}

// The track's own jump has come: it takes over the epoch's offset.
static void
catch_up(struct bc_timeline *t, struct bc_time_track *tr, int64_t stamp_us)
{
    int64_t low_us = tr->last_out_us + frame_us(tr);
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

// Takes the stamp into account, and changes it by the track's skew. False when it is suspect and
// must not be used.
static bool
take_stamp(struct bc_timeline *t, struct bc_time_track *tr, struct bc_time_track *other,
    const struct bc_time_in *in, int64_t *stamp)
{
    if (tr->skew_us != 0 && other->skew_us == 0
        && llabs(*stamp - other->last_in_us) <= NEAR_US) {
        unite_clocks(t, tr, other, in, *stamp);
        return true;
    }
    *stamp += tr->skew_us;
    int64_t stamp_us = *stamp;
    if (tr->behind && llabs(stamp_us - other->last_in_us) < llabs(stamp_us - tr->last_in_us)
        && llabs(stamp_us - other->last_in_us) <= NEAR_US) {
        catch_up(t, tr, stamp_us);
        return true;
    }
    if (fits_clock(t, tr, other, stamp_us, in->arrived_us)) {
        return true;
    }
    // With a new format a new clock is credible at once: the encoder started again.
    if (!suspect_jump(t, in->kind, stamp_us) && !t->format_pending) {
        return false;
    }
    begin_clock(t, in, stamp_us);
    t->jumps++;
    t->jump_pending = true;
    tr->behind = false;
    tr->offset_us = t->offset_us;
    tr->anchor_us = t->start_us + t->cts_shift_us;
    tr->frames = 0;
    other->behind = other->started;
    return true;
}

// Picture: the stamp, nudged where it does not rise.
static void
place_video(struct bc_timeline *t, const struct bc_time_in *in, int64_t want_us,
    struct bc_time_out *out)
{
    struct bc_time_track *tr = &t->video;
    out->dts_us = max_us(want_us, floor_us(tr));
    out->repaired |= out->dts_us - want_us >= MIN_STEP_US;
    int64_t cts_us = in->cts_us;
    if (llabs(clamp_us(cts_us, -STAMP_MAX_US, STAMP_MAX_US)) > CTS_MAX_US) {
        cts_us = 0;
        out->repaired = true;
    }
    int64_t missing_us = -cts_us - t->cts_shift_us;
    if (missing_us > 0 && t->cts_shift_us < CTS_SHIFT_MAX_US) {
        int64_t lift_us = clamp_us(missing_us, 0, CTS_SHIFT_MAX_US - t->cts_shift_us);
        t->cts_shift_us += lift_us;
        t->audio.anchor_us += lift_us;
        out->repaired = true;
    }
    out->pts_us = max_us(want_us + cts_us + t->cts_shift_us, out->dts_us);
}

// Moves the anchor to this packet. Sound that must go back does so by half frames, which is
// gentler than a heap of frames within milliseconds; true when it has arrived.
static bool
resync_audio(struct bc_time_track *tr, int64_t want_us)
{
    int64_t low_us = max_us(floor_us(tr), tr->last_out_us + frame_us(tr) / 2);
    tr->anchor_us = max_us(want_us, low_us);
    tr->frames = 0;
    return want_us >= low_us;
}

// Sound in frames of one length: the count, as long as the stamps stay around it.
static void
place_counted(struct bc_timeline *t, int64_t want_us, struct bc_time_out *out)
{
    struct bc_time_track *tr = &t->audio;
    int64_t frame = frame_us(tr);
    int64_t next_us = tr->anchor_us
        + samples_us(tr->frames * (int64_t)tr->frame_samples, tr->sample_rate);
    int64_t drift_us = want_us - next_us;
    bool off = llabs(drift_us) * 2 > frame * 3;
    if (drift_us >= AUDIO_GAP_US && drift_us >= AUDIO_GAP_FRAMES * frame) {
        resync_audio(tr, want_us); // a gap stays a gap
        tr->drift_count = 0;
    } else if (tr->drift_count <= -DRIFT_COUNT || tr->drift_count >= DRIFT_COUNT) {
        out->repaired = true;
        if (resync_audio(tr, want_us)) {
            tr->drift_count = 0;
        }
    } else if (!off) {
        tr->drift_count = 0;
    } else if ((drift_us > 0) != (tr->drift_count > 0)) {
        tr->drift_count = drift_us > 0 ? 1 : -1;
    } else {
        tr->drift_count += drift_us > 0 ? 1 : -1;
    }
    next_us = tr->anchor_us
        + samples_us(tr->frames * (int64_t)tr->frame_samples, tr->sample_rate);
    out->dts_us = max_us(next_us, floor_us(tr));
    tr->frames++;
}

static void
place_audio(struct bc_timeline *t, int64_t want_us, struct bc_time_out *out)
{
    want_us += t->cts_shift_us;
    if (is_counted(&t->audio)) {
        place_counted(t, want_us, out);
    } else {
        out->dts_us = max_us(want_us, floor_us(&t->audio));
        out->repaired |= out->dts_us - want_us >= MIN_STEP_US;
    }
    out->pts_us = out->dts_us;
}

// Another frame length or rate: the count begins anew where it stands.
static void
set_audio_format(struct bc_time_track *tr, const struct bc_track *track)
{
    bool counted = track && track->sample_rate && track->frame_samples <= FRAME_SAMPLES_MAX;
    uint32_t samples = counted ? track->frame_samples : 0;
    uint32_t rate = counted ? track->sample_rate : 0;
    if (samples == tr->frame_samples && rate == tr->sample_rate) {
        return;
    }
    if (tr->started) {
        tr->anchor_us = tr->last_out_us + frame_us(tr);
    }
    tr->frames = 0;
    tr->frame_samples = samples;
    tr->sample_rate = rate;
}

static int64_t
usual_step_us(const struct bc_time_in *in)
{
    if (in->track && in->track->fps_num && in->track->fps_den) {
        int64_t step_us = (int64_t)in->track->fps_den * 1000000 / in->track->fps_num;
        return clamp_us(step_us, MIN_STEP_US, STEP_MAX_US);
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
    t->end_us = max_us(t->end_us, out->dts_us + max_us(frame_us(tr), MIN_STEP_US));
    t->repairs += out->repaired;
}

// A take's first packet starts an epoch, so does the first one of a new format; a jump's waits
// for a keyframe. Wall clock times that were published stay behind: neither a server's clock set
// back nor a take's quick start moves the anchor to before (MT-6, HLS-13).
static void
note_epoch(struct bc_timeline *t, const struct bc_time_in *in, int64_t wall_us,
    struct bc_time_out *out)
{
    bool key = in->kind == BC_KIND_VIDEO ? !in->dependent : !t->video.started;
    bool jump = t->jump_pending && (key || t->format_pending);
    if (t->take_pending || jump) {
        int64_t anchor_us = wall_us - out->dts_us;
        t->wall_anchor_us = t->epoch ? max_us(anchor_us, t->wall_anchor_us) : anchor_us;
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
    begin_clock(t, in, stamp_us);
}

static void
place_media(struct bc_timeline *t, const struct bc_time_in *in, int64_t wall_us,
    struct bc_time_out *out)
{
    bool is_video = in->kind == BC_KIND_VIDEO;
    struct bc_time_track *tr = is_video ? &t->video : &t->audio;
    struct bc_time_track *other = is_video ? &t->audio : &t->video;
    int64_t stamp_us = clamp_us(in->dts_us, -STAMP_MAX_US, STAMP_MAX_US);
    bool good = true;
    if (t->take_pending) {
        begin_on_take(t, in, stamp_us);
    }
    if (!is_video) {
        set_audio_format(tr, in->track);
    }
    if (!tr->started) {
        join_clock(t, tr, other, in, stamp_us);
        stamp_us += tr->skew_us;
    } else {
        good = take_stamp(t, tr, other, in, &stamp_us);
    }
    int64_t want_us = stamp_us + tr->offset_us;
    if (good) {
        note_stamp(t, tr, in, stamp_us);
    } else {
        want_us = tr->last_out_us + frame_us(tr) - (is_video ? 0 : t->cts_shift_us);
        out->repaired = true;
    }
    if (is_video) {
        place_video(t, in, want_us, out);
    } else {
        place_audio(t, want_us, out);
    }
    note_output(t, tr, in, out);
    note_epoch(t, in, wall_us, out);
}

// Among the packets that were given out last, whatever its stamp says: encoders send script data
// stamped 0 in the middle of a broadcast (RTMP-81).
static void
place_script(const struct bc_timeline *t, const struct bc_time_in *in, struct bc_time_out *out)
{
    int64_t now_us = max_us(t->video.last_out_us, t->audio.last_out_us);
    int64_t at_us = clamp_us(in->dts_us, -STAMP_MAX_US, STAMP_MAX_US) + t->offset_us;
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
    if (in->kind == BC_KIND_SCRIPT || in->kind == BC_KIND_NONE) {
        place_script(t, in, out);
    } else {
        place_media(t, in, wall_us, out);
    }
}
