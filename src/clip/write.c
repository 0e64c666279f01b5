// SPDX-License-Identifier: Apache-2.0
#include "write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sets.h"
#include "walk.h"

#define PART_US 1000000
#define PART_ITEMS_MAX 2048
#define SEGMENT_US 2000000      // ends at the first sync sample after this
#define SEGMENT_MAX_US 10000000 // and is cut by force after this
// A hole in the sound that is too long to be one frame's duration.
#define HOLE_US 500000

// Samples of one track that wait for their part.
struct run {
    struct clip_item *items; // owned
    size_t count;
    size_t cap;
};

// Writing at work. On the stack of the job.
struct writing {
    const struct clip_write *job;
    struct clip_walk ruling;
    struct clip_walk riding;
    struct clip_item next_riding;
    bool has_next;
    struct run runs[2]; // ruling, riding
    struct bc_buf *init; // owned; of the format that is written
    uint32_t format;
    bool has_format;
    size_t stretch;
    bool breaks;      // the next part is behind a discontinuity
    bool began;
    int64_t zero_us;  // recording time of the clip's beginning
    int64_t segment_us; // where the running segment began
    uint32_t sequence;
};

// --- runs ---

static int
run_push(struct run *run, struct clip_item *item)
{
    if (run->count == run->cap) {
        size_t cap = run->cap > 0 ? run->cap * 2 : 64;
        struct clip_item *items = realloc(run->items, cap * sizeof(items[0]));
        if (!items) {
            clip_item_finish(item);
            return -ENOMEM;
        }
        run->items = items;
        run->cap = cap;
    }
    run->items[run->count++] = *item;
    return 0;
}

static void
run_clear(struct run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        clip_item_finish(&run->items[i]);
    }
    run->count = 0;
}

static const struct bc_cmaf_movie_track *
track_of(struct writing *w, bool riding)
{
    const struct clip_format *f = clip_reader_format(w->job->reader, w->format);
    return &f->movie.tracks[riding ? 1 - f->ruling : f->ruling];
}

// The clip's init section for a format: with the sets of what was encoded anew beside the
// source's.
static struct bc_buf *
make_init(struct writing *w, uint32_t format)
{
    const struct clip_edit *edit = w->job->edit;
    const struct clip_format *f = clip_reader_format(w->job->reader, format);
    const struct bc_buf *extras[2] = { NULL, NULL };
    extras[0] = edit->head.exists && edit->head.format == format
        ? edit->head.coded.sets : NULL;
    extras[1] = edit->tail.exists && edit->tail.format == format
        ? edit->tail.coded.sets : NULL;
    if (!extras[0] && !extras[1]) {
        return bc_recording_init_section(w->job->reader->recording, format);
    }
    const struct bc_track *tracks[BC_CMAF_MAX_TRACKS];
    struct bc_track *merged = clip_sets_add(f->movie.tracks[f->ruling].track, extras, 2);
    for (size_t i = 0; i < f->movie.count; i++) {
        tracks[i] = i == f->ruling ? merged : f->movie.tracks[i].track;
    }
    struct bc_buf *init = merged ? bc_cmaf_init(tracks, f->movie.count) : NULL;
    bc_track_unref(&merged);
    return init;
}

// --- a part ---

// The samples follow each other: each lasts until the next one.
static int
describe(struct writing *w, bool riding, struct bc_cmaf_run *out)
{
    struct run *run = &w->runs[riding];
    const struct bc_cmaf_movie_track *track = track_of(w, riding);
    struct bc_cmaf_sample *samples = calloc(run->count, sizeof(samples[0]));
    if (!samples) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < run->count; i++) {
        const struct clip_sample *s = &run->items[i].sample;
        bool last = i + 1 == run->count;
        samples[i] = (struct bc_cmaf_sample){
            .data = s->data,
            .len = s->len,
            .duration = last ? s->duration
                             : (uint32_t)(run->items[i + 1].sample.dts - s->dts),
            .cts = s->cts,
            .sync = s->sync,
            .disposable = run->items[i].disposable,
        };
    }
    int64_t zero = bc_cmaf_ticks(w->zero_us, track->timescale);
    *out = (struct bc_cmaf_run){
        .track_id = track->track_id,
        .dts = (uint64_t)(run->items[0].sample.dts - zero),
        .roll = track->track->codec == BC_CODEC_OPUS,
        .samples = samples,
        .count = run->count,
    };
    return 0;
}

static struct bc_buf *
make_chunk(struct writing *w)
{
    struct bc_cmaf_run runs[2] = { 0 };
    size_t count = 0;
    int err = 0;
    for (size_t i = 0; i < 2 && err == 0; i++) {
        if (w->runs[i].count > 0) {
            err = describe(w, i == 1, &runs[count++]);
        }
    }
    struct bc_buf *chunk = err == 0 ? bc_cmaf_chunk(++w->sequence, runs, count) : NULL;
    for (size_t i = 0; i < 2; i++) {
        free((void *)runs[i].samples);
    }
    return chunk;
}

int64_t
clip_write_wall(const struct bc_recording *source, int64_t at_us)
{
    size_t index = 0;
    struct bc_recording_part part;
    if (!bc_recording_find(source, at_us, &index)
        || bc_recording_parts(source, index, &part, 1) != 1) {
        return 0;
    }
    return part.wall_us + at_us - part.start_us;
}

static bool
begins_segment(const struct writing *w, int64_t start_us, bool sync)
{
    int64_t age = start_us - w->segment_us;
    return !w->began || w->breaks || (sync && age >= SEGMENT_US) || age >= SEGMENT_MAX_US;
}

static int
append_part(struct writing *w)
{
    const struct run *run = &w->runs[0];
    uint32_t timescale = track_of(w, false)->timescale;
    const struct clip_sample *first = &run->items[0].sample;
    const struct clip_sample *last = &run->items[run->count - 1].sample;
    int64_t start_us = bc_cmaf_us(first->dts, timescale);
    int64_t end_us = bc_cmaf_us(last->dts + last->duration, timescale);
    struct bc_buf *chunk = make_chunk(w);
    if (!chunk) {
        return -ENOMEM;
    }
    struct bc_recording_append part = {
        .init = w->init,
        .data = chunk,
        .start_us = start_us - w->zero_us,
        .duration_us = end_us - start_us,
        .wall_us = clip_write_wall(w->job->reader->recording, start_us),
        .independent = first->sync,
        .segment = begins_segment(w, start_us, first->sync),
        .discontinuity = w->breaks,
    };
    w->segment_us = part.segment ? start_us : w->segment_us;
    w->began = true;
    w->breaks = false;
    int err = bc_recording_append(w->job->writer, &part);
    bc_buf_unref(&chunk);
    return err;
}

// --- sound ---

static void
fetch_riding(struct writing *w)
{
    w->has_next = w->has_next || clip_walk_next(&w->riding, &w->next_riding);
}

// Whether what rides next belongs to a break before the one that is written; it has no place any
// more.
static bool
is_late(const struct writing *w)
{
    return w->next_riding.stretch < w->stretch;
}

// Takes what is heard before `limit_us`, or all of the stretch.
static int
pull_riding(struct writing *w, int64_t limit_us, bool all)
{
    struct run *run = &w->runs[1];
    for (fetch_riding(w); w->has_next && w->next_riding.stretch <= w->stretch;
         fetch_riding(w)) {
        if (is_late(w)) {
            clip_item_finish(&w->next_riding);
            w->has_next = false;
            continue;
        }
        const struct clip_sample *s = &w->next_riding.sample;
        uint32_t timescale = track_of(w, true)->timescale;
        int64_t at_us = bc_cmaf_us(s->dts, timescale);
        bool hole = run->count > 0
            && s->dts - run->items[run->count - 1].sample.dts
                > bc_cmaf_ticks(HOLE_US, timescale);
        if ((!all && at_us >= limit_us) || (!all && hole) || run->count == PART_ITEMS_MAX) {
            return 0;
        }
        w->has_next = false;
        int err = run_push(run, &w->next_riding);
        if (err != 0) {
            return err;
        }
    }
    return 0;
}

// Writes what has gathered. `last`: of its stretch.
static int
flush(struct writing *w, bool last)
{
    struct run *run = &w->runs[0];
    if (run->count == 0) {
        return 0;
    }
    uint32_t timescale = track_of(w, false)->timescale;
    const struct clip_sample *end = &run->items[run->count - 1].sample;
    // Decoding runs ahead of showing by what the first sample tells.
    int64_t limit = end->dts + end->duration + run->items[0].sample.cts;
    int err = pull_riding(w, bc_cmaf_us(limit, timescale), last);
    if (err == 0) {
        err = append_part(w);
    }
    run_clear(&w->runs[0]);
    run_clear(&w->runs[1]);
    return err;
}

// --- the picture ---

static int
begin_stretch(struct writing *w, const struct clip_item *item)
{
    int err = flush(w, true);
    if (err != 0) {
        return err;
    }
    if (!w->has_format || w->format != item->format) {
        bc_buf_unref(&w->init);
        w->init = make_init(w, item->format);
        if (!w->init) {
            return -ENOMEM;
        }
    }
    w->breaks = w->has_format;
    w->format = item->format;
    w->has_format = true;
    w->stretch = item->stretch;
    return 0;
}

static bool
begins_part(struct writing *w, const struct clip_item *item)
{
    const struct run *run = &w->runs[0];
    if (run->count == 0) {
        return false;
    }
    uint32_t timescale = track_of(w, false)->timescale;
    int64_t first = run->items[0].sample.dts;
    int64_t age_us = bc_cmaf_us(item->sample.dts - first, timescale);
    const struct clip_sample *last = &run->items[run->count - 1].sample;
    int64_t hole = item->sample.dts - last->dts;
    bool picture = track_of(w, false)->track->kind == BC_KIND_VIDEO;
    int64_t segment_us = bc_cmaf_us(item->sample.dts, timescale) - w->segment_us;
    bool seekable = picture && item->sample.sync
        && (age_us >= PART_US / 2 || segment_us >= SEGMENT_US);
    return age_us >= PART_US || seekable
        || hole > bc_cmaf_ticks(HOLE_US, timescale) || run->count == PART_ITEMS_MAX;
}

static int
push_ruling(struct writing *w, struct clip_item *item)
{
    int err = 0;
    if (!w->has_format || w->stretch != item->stretch || w->format != item->format) {
        err = begin_stretch(w, item);
    } else if (begins_part(w, item)) {
        err = flush(w, false);
    }
    if (err != 0) {
        clip_item_finish(item);
        return err;
    }
    return run_push(&w->runs[0], item);
}

static void
tell_progress(struct writing *w, const struct clip_item *item)
{
    const struct clip_edit *edit = w->job->edit;
    uint32_t timescale = track_of(w, false)->timescale;
    int64_t at_us = bc_cmaf_us(item->sample.dts, timescale) - edit->first_us;
    int64_t all_us = edit->end_us - edit->first_us;
    if (w->job->progress && all_us > 0 && at_us >= 0 && at_us <= all_us) {
        atomic_store(w->job->progress, (int)(at_us * 100 / all_us));
    }
}

static bool
is_cancelled(const struct writing *w)
{
    return w->job->cancel && atomic_load(w->job->cancel);
}

static int
write_all(struct writing *w)
{
    struct clip_item item;
    int err = 0;
    while (err == 0 && clip_walk_next(&w->ruling, &item)) {
        if (is_cancelled(w)) {
            clip_item_finish(&item);
            return -ECANCELED;
        }
        if (!w->has_format) {
            const struct clip_format *f =
                clip_reader_format(w->job->reader, item.format);
            uint32_t timescale = f->movie.tracks[f->ruling].timescale;
            w->zero_us = bc_cmaf_us(item.sample.dts, timescale);
            clip_walk_riding(&w->riding, w->job->reader, w->job->edit, w->zero_us);
        }
        err = push_ruling(w, &item);
        if (err == 0) {
            tell_progress(w, &w->runs[0].items[w->runs[0].count - 1]);
        }
    }
    err = err != 0 ? err : flush(w, true);
    return err == 0 && !w->began ? -ENOENT : err;
}

int
clip_write_run(const struct clip_write *job, bool *lost)
{
    struct writing w = { .job = job };
    clip_walk_ruling(&w.ruling, job->reader, job->edit);
    int err = write_all(&w);
    *lost = w.ruling.lost || w.riding.lost;
    clip_walk_finish(&w.ruling);
    clip_walk_finish(&w.riding);
    if (w.has_next) {
        clip_item_finish(&w.next_riding);
    }
    for (size_t i = 0; i < 2; i++) {
        run_clear(&w.runs[i]);
        free(w.runs[i].items);
    }
    bc_buf_unref(&w.init);
    return err;
}
