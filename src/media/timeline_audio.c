// SPDX-License-Identifier: Apache-2.0
// Sound is timed by counting its samples (MT-3). See timeline.c.
#include <stdlib.h>

#include "timeline_parts.h"

#define AUDIO_GAP_US 100000
#define AUDIO_GAP_FRAMES 4
#define DRIFT_COUNT 10
#define FRAME_SAMPLES_MAX 65536

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

int64_t
bc_time_frame_us(const struct bc_time_track *tr)
{
    return is_counted(tr) ? samples_us(tr->frame_samples, tr->sample_rate) : tr->step_us;
}

// Where the next frame is by the count.
static int64_t
counted_us(const struct bc_time_track *tr)
{
    return tr->anchor_us
        + samples_us(tr->frames * (int64_t)tr->frame_samples, tr->sample_rate);
}

// Moves the anchor to this packet. Sound that must go back does so by half frames, which
// is gentler than a heap of frames within milliseconds; true when it has arrived.
static bool
resync_audio(struct bc_time_track *tr, int64_t want_us)
{
    int64_t low_us
        = bc_time_max(bc_time_floor_us(tr), tr->last_out_us + bc_time_frame_us(tr) / 2);
    tr->anchor_us = bc_time_max(want_us, low_us);
    tr->frames = 0;
    return want_us >= low_us;
}

// Sound in frames of one length: the count, as long as the stamps stay around it.
static void
place_counted(struct bc_timeline *t, int64_t want_us, struct bc_time_out *out)
{
    struct bc_time_track *tr = &t->audio;
    int64_t frame = bc_time_frame_us(tr);
    int64_t drift_us = want_us - counted_us(tr);
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
    out->dts_us = bc_time_max(counted_us(tr), bc_time_floor_us(tr));
    tr->frames++;
}

void
bc_time_place_audio(struct bc_timeline *t, int64_t want_us, struct bc_time_out *out)
{
    want_us += t->cts_shift_us;
    if (is_counted(&t->audio)) {
        place_counted(t, want_us, out);
    } else {
        out->dts_us = bc_time_max(want_us, bc_time_floor_us(&t->audio));
        out->repaired |= out->dts_us - want_us >= BC_TIME_MIN_STEP_US;
    }
    out->pts_us = out->dts_us;
}

void
bc_time_set_audio_format(struct bc_time_track *tr, const struct bc_track *track)
{
    bool counted
        = track && track->sample_rate && track->frame_samples <= FRAME_SAMPLES_MAX;
    uint32_t samples = counted ? track->frame_samples : 0;
    uint32_t rate = counted ? track->sample_rate : 0;
    if (samples == tr->frame_samples && rate == tr->sample_rate) {
        return;
    }
    if (tr->started) {
        tr->anchor_us = tr->last_out_us + bc_time_frame_us(tr);
    }
    tr->frames = 0;
    tr->frame_samples = samples;
    tr->sample_rate = rate;
}
