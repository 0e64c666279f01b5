// SPDX-License-Identifier: Apache-2.0
#include "time_source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define VIDEO_STEP_US 40000
#define AUDIO_SAMPLES 1024

void
time_source_init(struct time_source *s, uint32_t sample_rate)
{
    *s = (struct time_source){ .now_us = 5000000, .wall_us = 1700000000000000 };
    bc_timeline_init(&s->timeline);
    s->track[BC_KIND_VIDEO] = bc_track_create(BC_KIND_VIDEO, BC_CODEC_AVC);
    s->track[BC_KIND_AUDIO] = bc_track_create(BC_KIND_AUDIO, BC_CODEC_AAC);
    assert_non_null(s->track[BC_KIND_VIDEO]);
    assert_non_null(s->track[BC_KIND_AUDIO]);
    s->track[BC_KIND_AUDIO]->sample_rate = sample_rate;
    s->track[BC_KIND_AUDIO]->frame_samples = AUDIO_SAMPLES;
}

void
time_source_finish(struct time_source *s)
{
    bc_track_unref(&s->track[BC_KIND_VIDEO]);
    bc_track_unref(&s->track[BC_KIND_AUDIO]);
}

static void
check(struct time_source *s, enum bc_kind kind, const struct bc_time_out *out)
{
    assert_true(out->dts_us >= 0);
    assert_true(out->pts_us >= out->dts_us);
    if (s->seen[kind]) {
        assert_true(out->dts_us >= s->last_dts_us[kind] + 1000);
    }
    assert_true(out->epoch >= s->last_epoch);
    assert_int_equal(out->new_epoch, out->epoch != s->last_epoch);
    assert_int_equal(out->epoch, s->timeline.epoch);
    // A later media time has a later wall clock, over all epochs.
    int64_t wall_us = bc_timeline_wall_us(&s->timeline, out->dts_us);
    if (s->last_epoch > 0 && out->dts_us >= s->told_us) {
        assert_true(wall_us >= s->last_wall_us);
    }
    if (out->dts_us >= s->told_us) {
        s->told_us = out->dts_us;
        s->last_wall_us = wall_us;
    }
    s->seen[kind] = true;
    s->last_dts_us[kind] = out->dts_us;
    s->last_epoch = out->epoch;
}

static struct bc_time_out
put(struct time_source *s, struct bc_time_in in)
{
    struct bc_time_out out;
    in.arrived_us = s->now_us;
    in.track = in.kind == BC_KIND_SCRIPT ? NULL : s->track[in.kind];
    bc_timeline_place(&s->timeline, &in, s->wall_us, &out);
    if (in.kind != BC_KIND_SCRIPT) {
        check(s, in.kind, &out);
    }
    return out;
}

struct bc_time_out
time_source_put(struct time_source *s, enum bc_kind kind, int64_t dts_us, int64_t cts_us)
{
    return put(
        s, (struct bc_time_in){ .kind = kind, .dts_us = dts_us, .cts_us = cts_us });
}

struct bc_time_out
time_source_put_inter(struct time_source *s, int64_t dts_us, int64_t cts_us)
{
    return put(s,
        (struct bc_time_in){ .kind = BC_KIND_VIDEO,
            .dts_us = dts_us,
            .cts_us = cts_us,
            .dependent = true });
}

struct bc_time_out
time_source_run(struct time_source *s, int64_t stamp_us, int64_t us)
{
    struct bc_time_out out = { 0 };
    uint32_t rate = s->track[BC_KIND_AUDIO]->sample_rate;
    int64_t video_us = 0;
    int64_t frames = 0;
    int64_t began_us = s->now_us;
    int64_t wall_began_us = s->wall_us;
    while (video_us < us) {
        int64_t audio_us = frames * AUDIO_SAMPLES * 1000000 / rate;
        int64_t at_us = video_us <= audio_us ? video_us : audio_us;
        s->now_us = began_us + at_us;
        s->wall_us = wall_began_us + at_us;
        if (video_us <= audio_us) {
            out = time_source_put(s, BC_KIND_VIDEO, stamp_us + video_us, 0);
            video_us += VIDEO_STEP_US;
        } else {
            // Whole milliseconds, as RTMP has them.
            int64_t stamp = stamp_us + (audio_us + 500) / 1000 * 1000;
            out = time_source_put(s, BC_KIND_AUDIO, stamp, 0);
            frames++;
        }
    }
    s->now_us = began_us + us;
    s->wall_us = wall_began_us + us;
    return out;
}
