// SPDX-License-Identifier: Apache-2.0
#include "run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "media/obu.h"

#define US_PER_S 1000000
// What a stream of unknown frame rate is taken for until its second frame.
#define DEFAULT_FRAME_US 33333
// A frame rate that a stream claims is believed within these bounds.
#define MIN_FPS 1
#define MAX_FPS 240
#define UNSEEN_US 40000
// Where a prediction was much too long, frames follow each other at least by a
// millisecond: there are players that count in those.
#define MIN_STEP_PER_S 1000

static int64_t
nominal_frame_us(const struct bc_track *t)
{
    if (t->kind == BC_KIND_AUDIO) {
        return t->sample_rate > 0
            ? (int64_t)t->frame_samples * US_PER_S / t->sample_rate : 0;
    }
    if (t->fps_num == 0 || t->fps_den == 0 || t->fps_num / t->fps_den > MAX_FPS
        || t->fps_num / t->fps_den < MIN_FPS) {
        return 0;
    }
    return (int64_t)t->fps_den * US_PER_S / t->fps_num;
}

static int
compare_steps(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

// The mean of the middle of the recent steps: neither an outlier nor the rounding of
// stamps to milliseconds moves it much. A nominal rate that agrees within 4 % is more
// exact still.
static int64_t
predict(const struct hls_pace *p)
{
    size_t n = p->count < HLS_PACE_STEPS ? p->count : HLS_PACE_STEPS;
    if (p->nominal_us > 0 && n < HLS_PACE_STEPS / 2) {
        return p->nominal_us;
    }
    if (n == 0) {
        return DEFAULT_FRAME_US;
    }
    int64_t sorted[HLS_PACE_STEPS];
    memcpy(sorted, p->steps_us, n * sizeof(sorted[0]));
    qsort(sorted, n, sizeof(sorted[0]), compare_steps);
    size_t from = n / 4;
    size_t to = n - n / 4;
    int64_t sum = 0;
    for (size_t i = from; i < to; i++) {
        sum += sorted[i];
    }
    int64_t mean = sum / (int64_t)(to - from);
    int64_t off = mean > p->nominal_us ? mean - p->nominal_us : p->nominal_us - mean;
    return off * 25 <= p->nominal_us ? p->nominal_us : mean;
}

static void
pace_push(struct hls_pace *p, int64_t dts_us)
{
    if (p->started && dts_us > p->last_us) {
        p->steps_us[p->count++ % HLS_PACE_STEPS] = dts_us - p->last_us;
        p->frame_us = predict(p);
    }
    p->started = true;
    p->last_us = dts_us;
}

void
hls_run_start(struct hls_run *run, struct bc_track *track)
{
    uint32_t timescale = bc_cmaf_timescale(track);
    bool goes_on = run->has_end && run->timescale == timescale;
    int64_t end = run->end;
    hls_run_finish(run);
    run->track = bc_track_ref(track);
    run->timescale = timescale;
    run->has_end = goes_on;
    run->end = end;
    run->pace.nominal_us = nominal_frame_us(track);
    run->pace.frame_us = predict(&run->pace);
}

void
hls_run_finish(struct hls_run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        bc_packet_unref(&run->samples[i].packet);
    }
    free(run->samples);
    bc_track_unref(&run->track);
    *run = (struct hls_run){ .timescale = run->timescale, .has_end = run->has_end,
        .end = run->end };
}

int64_t
hls_run_ticks(const struct hls_run *run, int64_t us)
{
    return bc_cmaf_ticks(us, run->timescale);
}

int64_t
hls_run_frame(const struct hls_run *run)
{
    int64_t ticks = hls_run_ticks(run, run->pace.frame_us);
    return ticks > 0 ? ticks : 1;
}

int64_t
hls_run_end(const struct hls_run *run)
{
    if (run->count == 0) {
        return run->end;
    }
    const struct bc_packet *last = run->samples[run->count - 1].packet;
    return hls_run_ticks(run, last->dts_us) + hls_run_frame(run);
}

// How late a sample may be and still begin where the one before was predicted to end. A
// picture may be seen a moment early: less than what lips betray, and without a hole that
// the durations of the parts would not show. Sound may not.
static int64_t
late_slack(const struct hls_run *run)
{
    int64_t half = hls_run_frame(run) / 2;
    int64_t unseen = hls_run_ticks(run, UNSEEN_US);
    return run->track->kind == BC_KIND_VIDEO && unseen > half ? unseen : half;
}

// Where a sample goes whose own stamp says `ideal`.
static int64_t
place(const struct hls_run *run, int64_t ideal)
{
    if (run->count > 0) {
        int64_t step = (run->timescale + MIN_STEP_PER_S - 1) / MIN_STEP_PER_S;
        int64_t least = run->samples[run->count - 1].dts + step;
        return ideal > least ? ideal : least;
    }
    // A step back by more than a second is a new timeline, not a wrong prediction. Behind
    // a discontinuity only overlaps matter.
    int64_t slack = run->published ? late_slack(run) : 0;
    bool follows = run->has_end && ideal <= run->end + slack
        && ideal + (int64_t)run->timescale > run->end;
    return follows ? run->end : ideal;
}

int
hls_run_push(struct hls_run *run, struct bc_packet *packet)
{
    if (run->count == HLS_RUN_MAX) {
        return -EOVERFLOW;
    }
    if (run->count == run->cap) {
        size_t cap = run->cap > 0 ? run->cap * 2 : 16;
        struct hls_sample *samples = realloc(run->samples, cap * sizeof(samples[0]));
        if (!samples) {
            return -ENOMEM;
        }
        run->samples = samples;
        run->cap = cap;
    }
    int64_t ideal = hls_run_ticks(run, packet->dts_us);
    int64_t cts = hls_run_ticks(run, packet->pts_us) - ideal;
    pace_push(&run->pace, packet->dts_us);
    run->samples[run->count] = (struct hls_sample){
        .packet = bc_packet_ref(packet),
        .dts = place(run, ideal),
        .cts = cts > INT32_MAX || cts < INT32_MIN ? 0 : (int32_t)cts,
    };
    run->count++;
    return 0;
}

// A sample of AV1 has no temporal delimiters (AV1 in ISOBMFF 2.4); hosts send them first.
static void
skip_delimiters(struct bc_cmaf_sample *s)
{
    static const uint8_t DELIMITER[] = { BC_OBU_TEMPORAL_DELIMITER << 3 | 2, 0 };
    while (s->len >= sizeof(DELIMITER)
        && memcmp(s->data, DELIMITER, sizeof(DELIMITER)) == 0) {
        s->data += sizeof(DELIMITER);
        s->len -= sizeof(DELIMITER);
    }
}

int
hls_run_describe(const struct hls_run *run, size_t count, int64_t end,
    struct bc_cmaf_run *out)
{
    struct bc_cmaf_sample *samples = calloc(count > 0 ? count : 1, sizeof(samples[0]));
    if (!samples) {
        return -ENOMEM;
    }
    bool audio = run->track && run->track->kind == BC_KIND_AUDIO;
    out->roll = run->track && run->track->codec == BC_CODEC_OPUS;
    for (size_t i = 0; i < count; i++) {
        const struct hls_sample *s = &run->samples[i];
        int64_t next = i + 1 < count ? s[1].dts : end;
        samples[i] = (struct bc_cmaf_sample){
            .data = s->packet->data,
            .len = s->packet->len,
            .duration = (uint32_t)(next - s->dts),
            .cts = s->cts,
            .sync = audio || (s->packet->flags & BC_PACKET_KEY),
            .disposable = s->packet->flags & BC_PACKET_DISPOSABLE,
        };
        if (run->track->codec == BC_CODEC_AV1) {
            skip_delimiters(&samples[i]);
        }
    }
    out->samples = samples;
    out->count = count;
    out->dts = count > 0 ? (uint64_t)run->samples[0].dts : 0;
    return 0;
}

void
hls_run_shift(struct hls_run *run, size_t count, int64_t end)
{
    if (count == 0) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        bc_packet_unref(&run->samples[i].packet);
    }
    run->count -= count;
    memmove(run->samples, run->samples + count, run->count * sizeof(run->samples[0]));
    run->has_end = true;
    run->published = true;
    run->end = end;
}

void
hls_run_trim(struct hls_run *run, int64_t from_us)
{
    while (run->count > 0 && run->samples[run->count - 1].packet->dts_us >= from_us) {
        bc_packet_unref(&run->samples[--run->count].packet);
    }
}
