// SPDX-License-Identifier: Apache-2.0
#include "rendition.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// How far the stamps of a steady stream may stray (they are often whole milliseconds).
#define JITTER_US 2000
// The share of PART-TARGET that a part must fill at least (LL-2), in percent.
#define PART_MIN_PERCENT 85
// What EXTINF may have above TARGETDURATION: half a second rounds down. The rest is for
// the frame that the last one is stretched by.
#define ROUNDING_US 400000

void
hls_rendition_init(struct hls_rendition *r, enum bc_hls_rendition kind,
    const struct hls_format *format)
{
    *r = (struct hls_rendition){ .kind = kind, .format = format, .independent = true };
}

void
hls_rendition_finish(struct hls_rendition *r)
{
    for (size_t i = 0; i < r->count; i++) {
        hls_segment_unref(&r->segments[i]);
    }
    r->count = 0;
    hls_segment_unref(&r->open);
    hls_init_unref(&r->init);
    bc_track_unref(&r->track);
    hls_marks_finish(&r->marks);
    for (size_t i = 0; i < BC_CMAF_MAX_TRACKS; i++) {
        hls_run_finish(&r->runs[i]);
    }
}

void
hls_rendition_stop(struct hls_rendition *r)
{
    hls_rendition_cut(r);
    hls_init_unref(&r->init);
    for (size_t i = 0; i < BC_CMAF_MAX_TRACKS; i++) {
        hls_run_finish(&r->runs[i]);
    }
}

// As many whole frames as fit, at least one; never changed afterwards (LL-2).
static int64_t
choose_part_target(const struct hls_rendition *r)
{
    int64_t wanted = r->format->params.part_us;
    const struct hls_pace *pace = &r->runs[0].pace;
    int64_t target = wanted;
    if (pace->nominal_us > 0) {
        int64_t frames = (wanted + JITTER_US) / pace->nominal_us;
        target = (frames > 0 ? frames : 1) * pace->nominal_us;
    }
    return (target + JITTER_US + 999) / 1000 * 1000;
}

int
hls_rendition_start(struct hls_rendition *r, struct bc_track *const *tracks, size_t count)
{
    struct hls_init *init = NULL;
    if (count > 0) {
        init = hls_init_create(r->next_msn,
            bc_cmaf_init((const struct bc_track *const *)tracks, count));
        if (!init) {
            return -ENOMEM;
        }
    }
    hls_init_unref(&r->init);
    r->init = init;
    for (size_t i = 0; i < BC_CMAF_MAX_TRACKS; i++) {
        if (i < count) {
            hls_run_start(&r->runs[i], tracks[i]);
        } else {
            hls_run_finish(&r->runs[i]);
        }
    }
    if (count > 0) {
        bc_track_unref(&r->track);
        r->track = bc_track_ref(tracks[0]);
    }
    if (count > 0 && r->part_target_us == 0) {
        r->part_target_us = choose_part_target(r);
    }
    r->exists = true;
    return 0;
}

// PART-TARGET in ticks, less one so that rounding to microseconds cannot exceed it.
static int64_t
part_max(const struct hls_rendition *r)
{
    return hls_run_ticks(&r->runs[0], r->part_target_us) - 1;
}

static int64_t
part_min(const struct hls_rendition *r)
{
    return hls_run_ticks(&r->runs[0], r->part_target_us * PART_MIN_PERCENT / 100) + 1;
}

static bool
is_sync(const struct hls_rendition *r, const struct bc_packet *p)
{
    return r->runs[0].track->kind == BC_KIND_AUDIO || (p->flags & BC_PACKET_KEY);
}

static bool
has_sync(const struct hls_rendition *r)
{
    const struct hls_run *run = &r->runs[0];
    for (size_t i = 0; i < run->count; i++) {
        if (is_sync(r, run->samples[i].packet)) {
            return true;
        }
    }
    return false;
}

// How many samples of the riding track begin before `end_us`. A hole of more than a
// second ends them, too: it must not become one sample's duration.
static size_t
riders_before(const struct hls_run *run, int64_t end_us)
{
    size_t n = 0;
    while (n < run->count && bc_cmaf_us(run->samples[n].dts, run->timescale) < end_us) {
        n++;
        if (n < run->count
            && run->samples[n].dts - run->samples[n - 1].dts > (int64_t)run->timescale) {
            break;
        }
    }
    return n;
}

static int64_t
riders_end(const struct hls_run *run, size_t count)
{
    if (count == 0) {
        return run->end;
    }
    int64_t end = run->samples[count - 1].dts + hls_run_frame(run);
    bool followed = count < run->count && run->samples[count].dts < end;
    return followed ? run->samples[count].dts : end;
}

static void
note_arrivals(struct hls_rendition *r, const struct hls_run *run, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t at = run->samples[i].packet->arrived_us;
        r->newest_arrived_us = at > r->newest_arrived_us ? at : r->newest_arrived_us;
    }
}

static struct bc_buf *
write_chunk(struct hls_rendition *r, const size_t counts[2], const int64_t ends[2])
{
    struct bc_cmaf_run runs[BC_CMAF_MAX_TRACKS] = { 0 };
    int ret = 0;
    for (uint32_t i = 0; i < BC_CMAF_MAX_TRACKS && ret == 0; i++) {
        runs[i].track_id = i + 1;
        ret = hls_run_describe(&r->runs[i], counts[i], ends[i], &runs[i]);
    }
    struct bc_buf *buf = ret == 0
        ? bc_cmaf_chunk(++r->sequence, runs, BC_CMAF_MAX_TRACKS) : NULL;
    for (size_t i = 0; i < BC_CMAF_MAX_TRACKS; i++) {
        free((void *)runs[i].samples);
    }
    return buf;
}

static void
publish(struct hls_rendition *r, const size_t counts[2], const int64_t ends[2],
    struct hls_part *part)
{
    struct bc_buf *chunk = write_chunk(r, counts, ends);
    // Of all playlists alike, so that a cue is at the same moment in all of them.
    part->buf = hls_marks_apply(&r->marks, chunk, part->end_us, r->format->reorder_us,
        r->runs[0].timescale);
    for (size_t i = 0; i < BC_CMAF_MAX_TRACKS; i++) {
        note_arrivals(r, &r->runs[i], counts[i]);
        hls_run_shift(&r->runs[i], counts[i], ends[i]);
    }
    if (part->buf) { // without memory the part is a hole
        part->number = r->next_part++;
        hls_segment_push(r->open, part);
        r->bytes += part->buf->len;
        r->changed = true;
    }
}

// Makes the waiting samples of the ruling track a part that ends at `end`, with those of
// the riding track that are heard before.
static void
close_part(struct hls_rendition *r, int64_t end)
{
    const struct hls_run *ruling = &r->runs[0];
    const struct hls_run *riding = &r->runs[1];
    struct hls_part part = {
        .start_us = bc_cmaf_us(ruling->samples[0].dts, ruling->timescale),
        .end_us = bc_cmaf_us(end, ruling->timescale),
        .independent = has_sync(r),
        .leads = is_sync(r, ruling->samples[0].packet),
    };
    size_t riders = riders_before(riding, part.end_us + r->reorder_us);
    size_t counts[2] = { ruling->count, riders };
    int64_t ends[2] = { end, riders_end(riding, riders) };
    publish(r, counts, ends, &part);
}

static int64_t
clamp(int64_t value, int64_t min, int64_t max)
{
    return value < min ? min : value > max ? max : value;
}

// Ends the open part before a sample at `next`, at least where its own last sample
// begins.
static void
close_part_before(struct hls_rendition *r, int64_t next, int64_t min)
{
    const struct hls_run *run = &r->runs[0];
    int64_t start = run->samples[0].dts;
    int64_t last = run->samples[run->count - 1].dts;
    int64_t end = clamp(next, start + min, start + part_max(r));
    close_part(r, end > last ? end : last + 1);
}

static void
close_segment(struct hls_rendition *r)
{
    struct hls_segment *open = r->open;
    r->open = NULL;
    bool empty = !open || open->part_count == 0;
    struct hls_segment *closed = empty ? NULL : hls_segment_copy(open);
    if (closed) {
        hls_rendition_append(r, closed);
    } else if (open) {
        r->bytes -= open->bytes;
    }
    hls_segment_unref(&open);
}

static int
open_segment(struct hls_rendition *r, const struct bc_packet *first, int64_t dts)
{
    struct hls_segment *s = hls_segment_create(BC_HLS_SEGMENT_PARTS);
    if (!s) {
        return -ENOMEM;
    }
    hls_rendition_describe(r, s);
    s->start_us = s->end_us = bc_cmaf_us(dts, r->runs[0].timescale);
    s->pdt_us = s->start_us + r->format->wall_offset_us
        + (r->runs[0].track->kind == BC_KIND_VIDEO ? r->reorder_us : 0);
    r->open = s;
    r->independent = r->independent && is_sync(r, first);
    return 0;
}

// Whether the open part is too short to stand in the middle of a segment (LL-2).
static bool
is_short(const struct hls_rendition *r, int64_t end)
{
    const struct hls_run *run = &r->runs[0];
    return run->count > 0 && end - run->samples[0].dts < part_min(r) && !has_sync(r);
}

// Whether the segment may run out of room for parts; a sample makes two at most.
static bool
has_full_count(const struct hls_rendition *r)
{
    return r->open->part_count + 2 >= BC_HLS_SEGMENT_PARTS;
}

bool
hls_rendition_is_full(const struct hls_rendition *r, int64_t dts_us)
{
    if (!r->open) {
        return false;
    }
    int64_t end_us = dts_us + r->runs[0].pace.frame_us;
    int64_t limit_us = r->format->params.target_us + ROUNDING_US;
    return has_full_count(r) || end_us - r->open->start_us > limit_us;
}

// Whether a sample at `at` begins a new segment.
static bool
begins_segment(const struct hls_rendition *r, const struct bc_packet *p, int64_t at)
{
    const struct hls_run *run = &r->runs[0];
    const struct bc_hls_params *params = &r->format->params;
    int64_t frame = hls_run_frame(run);
    int64_t age = at - hls_run_ticks(run, r->open->start_us);
    if (r->kind != BC_HLS_MAIN) {
        return false; // cut where the main rendition is
    }
    if (has_full_count(r) || age + frame > hls_run_ticks(run, params->target_us)) {
        return true;
    }
    // An IDR in the middle of a part begins a segment early rather than leave a short
    // part.
    int64_t wanted = hls_run_ticks(run, params->segment_us);
    return is_sync(r, p)
        && (age + frame / 2 >= wanted || (is_short(r, at) && age >= wanted / 2));
}

// Ends what the sample at `at` does not belong to any more.
static void
close_before(struct hls_rendition *r, const struct bc_packet *p, int64_t at)
{
    const struct hls_run *run = &r->runs[0];
    if (begins_segment(r, p, at)) {
        hls_rendition_cut_before(r, p);
        return;
    }
    if (run->count == 0) {
        return;
    }
    int64_t age = at - run->samples[0].dts;
    if (age + hls_run_frame(run) / 2 > part_max(r)) {
        close_part_before(r, at, part_min(r));
    } else if (is_sync(r, p) && run->track->kind == BC_KIND_VIDEO && !is_short(r, at)) {
        close_part_before(r, at, 1);
    }
}

// The part with the sample just added is published now if no other frame fits, so that
// nobody waits for the next one. Where the frames do not divide PART-TARGET evenly, the
// last one is drawn out or cut by what makes the smaller error; the next sample makes
// good for it.
static void
close_if_full(struct hls_rendition *r)
{
    const struct hls_run *run = &r->runs[0];
    int64_t frame = hls_run_frame(run);
    int64_t start = run->samples[0].dts;
    int64_t end = hls_run_end(run) - start;
    int64_t max = part_max(r);
    int64_t min = part_min(r);
    if (run->count < HLS_RUN_MAX) {
        bool another_fits = end + frame <= max;
        bool another_is_nearer = end < min && end + frame - max < min - end;
        if (another_fits || another_is_nearer) {
            return;
        }
    }
    close_part_before(r, start + end, min);
}

void
hls_rendition_push(struct hls_rendition *r, struct bc_packet *packet)
{
    struct hls_run *run = &r->runs[0];
    int64_t at = hls_run_ticks(run, packet->dts_us);
    if (r->open) {
        close_before(r, packet, at);
    }
    if (hls_run_push(run, packet) < 0) {
        return;
    }
    if (!r->open && open_segment(r, packet, run->samples[run->count - 1].dts) < 0) {
        hls_run_shift(run, run->count, run->end);
        return;
    }
    close_if_full(r);
}

void
hls_rendition_ride(struct hls_rendition *r, struct bc_packet *packet)
{
    // A full run means that the ruling track stands still; the muxer takes notice of
    // that.
    (void)hls_run_push(&r->runs[1], packet);
}

void
hls_rendition_cut_before(struct hls_rendition *r, const struct bc_packet *next)
{
    const struct hls_run *run = &r->runs[0];
    if (!r->open) {
        return;
    }
    if (run->count > 0) {
        close_part_before(r, hls_run_ticks(run, next->dts_us), 1);
    }
    close_segment(r);
}

void
hls_rendition_cut(struct hls_rendition *r)
{
    const struct hls_run *run = &r->runs[0];
    if (!r->open) {
        return;
    }
    if (run->count > 0) {
        close_part_before(r, hls_run_end(run), 1);
    }
    close_segment(r);
}
