// SPDX-License-Identifier: Apache-2.0
#include "gop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SCAN_PARTS 256
#define GOP_BYTES_MAX ((size_t)256 << 20)
// What is looked at of a GOP that is too long: enough to see how frames are reordered.
#define LAST_US 3000000

void
clip_gop_finish(struct clip_gop *gop)
{
    for (size_t i = 0; i < gop->bytes_count; i++) {
        bc_buf_unref(&gop->bytes[i]);
    }
    free(gop->bytes);
    free(gop->frames);
    free(gop->samples);
    free(gop->places);
    *gop = (struct clip_gop){ 0 };
}

static bool
grow(struct clip_gop *g)
{
    size_t cap = g->cap > 0 ? g->cap * 2 : 128;
    struct clip_frame *frames = realloc(g->frames, cap * sizeof(frames[0]));
    g->frames = frames ? frames : g->frames;
    struct clip_sample *samples = realloc(g->samples, cap * sizeof(samples[0]));
    g->samples = samples ? samples : g->samples;
    struct clip_place *places = realloc(g->places, cap * sizeof(places[0]));
    g->places = places ? places : g->places;
    g->cap = frames && samples && places ? cap : g->cap;
    return frames && samples && places;
}

static bool
keep_bytes(struct clip_gop *g, struct bc_buf *bytes)
{
    if (g->bytes_count == g->bytes_cap) {
        size_t cap = g->bytes_cap > 0 ? g->bytes_cap * 2 : 32;
        struct bc_buf **list = realloc(g->bytes, cap * sizeof(list[0]));
        if (!list) {
            return false;
        }
        g->bytes = list;
        g->bytes_cap = cap;
    }
    g->bytes[g->bytes_count++] = bc_buf_ref(bytes);
    return true;
}

// Appends the part's frames; before the first sync frame none, when `from_sync`.
static int
append(struct clip_gop *g, const struct clip_part *part, const struct clip_format *format,
    bool from_sync)
{
    const struct bc_cmaf_movie_track *track = &format->movie.tracks[format->ruling];
    const struct clip_samples *from = &part->tracks[format->ruling];
    if (!keep_bytes(g, part->bytes)) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < from->count; i++) {
        const struct clip_sample *s = &from->list[i];
        if (g->count == 0 && from_sync && !s->sync) {
            continue;
        }
        if (g->count == g->cap && !grow(g)) {
            return -ENOMEM;
        }
        g->samples[g->count] = *s;
        g->places[g->count] = (struct clip_place){ part->index, i };
        g->frames[g->count++] = (struct clip_frame){
            .pts_us = clip_sample_us(s, track->timescale),
            .duration_us = (uint32_t)bc_cmaf_us(s->duration, track->timescale),
            .sync = s->sync,
        };
    }
    g->format = part->format;
    g->timescale = track->timescale;
    return 0;
}

// When the first sync frame in a part is shown; INT64_MAX: there is none.
static int64_t
sync_in(struct clip_reader *r, size_t index)
{
    struct clip_part part;
    int64_t found = INT64_MAX;
    if (clip_part_peek(r, index, &part) != 0) {
        return found;
    }
    const struct clip_format *format = clip_reader_format(r, part.format);
    const struct bc_cmaf_movie_track *track = &format->movie.tracks[format->ruling];
    const struct clip_samples *samples = &part.tracks[format->ruling];
    for (size_t i = 0; i < samples->count && found == INT64_MAX; i++) {
        if (samples->list[i].sync) {
            found = clip_sample_us(&samples->list[i], track->timescale);
        }
    }
    clip_part_finish(&part);
    return found;
}

// A sync frame may be in the middle of a part, which its record does not tell. So near by each
// part is looked into, and far away only those whose records say that they begin with one.
static bool
is_worth_a_look(const struct bc_recording_part *part, int64_t near_us)
{
    int64_t away_us = part->start_us - near_us;
    return part->independent
        || (away_us < CLIP_RECODE_US + LAST_US && away_us > -CLIP_RECODE_US - LAST_US);
}

// The last part from `index` back to `first` with a sync frame that is shown before
// `before_us`. False: there is none.
static bool
find_sync_back(struct clip_reader *r, size_t index, size_t first, int64_t before_us,
    size_t *found)
{
    struct bc_recording_part parts[SCAN_PARTS];
    size_t end = index + 1;
    while (end > first) {
        size_t from = end - first > SCAN_PARTS ? end - SCAN_PARTS : first;
        size_t n = bc_recording_parts(r->recording, from, parts, end - from);
        for (size_t i = n; i > 0; i--) {
            if (is_worth_a_look(&parts[i - 1], before_us)
                && sync_in(r, from + i - 1) < before_us) {
                *found = from + i - 1;
                return true;
            }
        }
        end = from;
    }
    return false;
}

// The first part behind `index` with a sync frame; `end` when there is none before. `at_us`
// is the time of `index`.
static size_t
find_sync(struct clip_reader *r, size_t index, size_t end, int64_t at_us)
{
    struct bc_recording_part parts[SCAN_PARTS];
    size_t at = index + 1;
    while (at < end) {
        size_t want = end - at < SCAN_PARTS ? end - at : SCAN_PARTS;
        size_t n = bc_recording_parts(r->recording, at, parts, want);
        for (size_t i = 0; i < n; i++) {
            if (is_worth_a_look(&parts[i], at_us) && sync_in(r, at + i) != INT64_MAX) {
                return at + i;
            }
        }
        at = n > 0 ? at + n : end;
    }
    return end;
}

static bool
has_sync(const struct clip_samples *samples)
{
    bool found = false;
    for (size_t i = 0; i < samples->count; i++) {
        found = found || samples->list[i].sync;
    }
    return found;
}

static bool
is_full(const struct clip_gop *g, int64_t began_us, int64_t now_us, size_t bytes)
{
    return g->count > CLIP_RECODE_FRAMES + CLIP_REORDER_MAX
        || now_us - began_us > CLIP_RECODE_US + LAST_US || bytes > GOP_BYTES_MAX;
}

// Whether the frames collected are all that the plan needs.
static bool
has_all(const struct clip_gop *g, int64_t sync_after_us, int64_t to_us)
{
    if (g->count == 0) {
        return false;
    }
    const struct clip_sample *last = &g->samples[g->count - 1];
    if (bc_cmaf_us(last->dts, g->timescale) >= to_us) {
        return true;
    }
    for (size_t i = g->count; i > 1 && sync_after_us != INT64_MAX; i--) {
        if (g->frames[i - 1].sync && g->frames[i - 1].pts_us > sync_after_us) {
            return true;
        }
    }
    return false;
}

struct collecting {
    size_t from; // parts
    size_t end;
    int64_t sync_after_us; // a sync frame behind this is the end; INT64_MAX: none is
    int64_t to_us;
    bool from_sync;
};

static int
collect(struct clip_reader *r, const struct collecting *c, struct clip_gop *g)
{
    size_t bytes = 0;
    int64_t began_us = INT64_MAX;
    size_t i = c->from;
    while (i < c->end && !has_all(g, c->sync_after_us, c->to_us)) {
        struct clip_part part;
        int err = clip_part_load(r, i, &part);
        if (err == -ENOMEM || (err != 0 && g->count == 0)) {
            return err;
        }
        if (err != 0) {
            break; // what comes behind damage refers to it
        }
        const struct clip_format *format = clip_reader_format(r, part.format);
        began_us = began_us == INT64_MAX ? part.place.start_us : began_us;
        bytes += part.bytes->len;
        bool full = is_full(g, began_us, part.place.start_us, bytes);
        int64_t at_us = part.place.start_us;
        if (!full || has_sync(&part.tracks[format->ruling])) {
            err = append(g, &part, format, c->from_sync);
        }
        clip_part_finish(&part);
        if (err != 0) {
            return err;
        }
        // Too long to be encoded: only where the next sync frame is matters.
        i = full ? find_sync(r, i, c->end, at_us) : i + 1;
    }
    return g->count > 0 ? 0 : -ENOENT;
}

static bool
is_shown_at(const struct clip_gop *g, int64_t at_us)
{
    bool shown = false;
    for (size_t i = 0; i < g->count; i++) {
        const struct clip_frame *f = &g->frames[i];
        shown = shown || f->pts_us + f->duration_us > at_us + CLIP_SLACK_US;
    }
    return shown;
}

// Of the stretch that part `at` belongs to. `*early`: what is shown at from_us is not in it but in
// the one before, if anywhere.
static int
collect_head(struct clip_reader *r, size_t at, int64_t from_us, int64_t to_us, bool *early,
    struct clip_gop *out)
{
    *out = (struct clip_gop){ 0 };
    if (!clip_stretch_bounds(r, at, &out->stretch_first, &out->stretch_end)) {
        return -ENOENT;
    }
    struct collecting c = {
        .from = at, .end = out->stretch_end,
        .sync_after_us = from_us + CLIP_SLACK_US, .to_us = to_us, .from_sync = true,
    };
    *early = !find_sync_back(
        r, at, out->stretch_first, from_us + CLIP_SLACK_US + 1, &c.from);
    if (*early) {
        // Nothing before it can be decoded: the first one behind it.
        c.from = out->stretch_first;
    }
    int err = collect(r, &c, out);
    if (err != 0) {
        size_t first = out->stretch_first;
        clip_gop_finish(out);
        out->stretch_first = first;
    }
    return err;
}

int
clip_gop_head(
    struct clip_reader *r, int64_t from_us, int64_t to_us, struct clip_gop *out)
{
    *out = (struct clip_gop){ 0 };
    size_t at = 0;
    bool early = false;
    if (!bc_recording_find(r->recording, from_us, &at)) {
        return -ENOENT;
    }
    int err = collect_head(r, at, from_us, to_us, &early, out);
    if (!early || out->stretch_first == 0) {
        return err;
    }
    // Parts are found by when they are decoded; their last frames are shown later, when the
    // next stretch has begun.
    struct clip_gop before;
    size_t last = out->stretch_first - 1;
    if (collect_head(r, last, from_us, to_us, &early, &before) == 0) {
        if (!early && is_shown_at(&before, from_us)) {
            clip_gop_finish(out);
            *out = before;
            return 0;
        }
        clip_gop_finish(&before);
    }
    return err;
}

// The part with the last sync frame that is shown before to_us, with its stretch's bounds.
static bool
find_tail(struct clip_reader *r, int64_t to_us, struct clip_gop *out, size_t *from)
{
    size_t at = 0;
    bool found = bc_recording_find(r->recording, to_us, &at);
    while (found) {
        if (!clip_stretch_bounds(r, at, &out->stretch_first, &out->stretch_end)) {
            return false;
        }
        if (find_sync_back(r, at, out->stretch_first, to_us - CLIP_SLACK_US, from)) {
            return true;
        }
        // Of this stretch nothing is shown before the end that can be decoded.
        found = out->stretch_first > 0;
        at = out->stretch_first - 1;
    }
    return false;
}

int
clip_gop_tail(struct clip_reader *r, int64_t to_us, struct clip_gop *out)
{
    *out = (struct clip_gop){ 0 };
    size_t from = 0;
    if (!find_tail(r, to_us, out, &from)) {
        return -ENOENT;
    }
    struct bc_recording_part begin = { 0 };
    (void)bc_recording_parts(r->recording, from, &begin, 1);
    struct collecting c = {
        .from = from, .end = out->stretch_end, .sync_after_us = INT64_MAX,
        .to_us = to_us, .from_sync = true,
    };
    size_t late = 0;
    if (to_us - begin.start_us > CLIP_RECODE_US + LAST_US
        && bc_recording_find(r->recording, to_us - LAST_US, &late) && late > from
        && late < out->stretch_end) {
        c.from = late;
        c.from_sync = false;
    }
    int err = collect(r, &c, out);
    if (err != 0) {
        clip_gop_finish(out);
    }
    return err;
}

int64_t
clip_gop_next_sync(struct clip_reader *r, int64_t at_us)
{
    size_t at = 0;
    size_t first = 0;
    size_t end = 0;
    if (!bc_recording_find(r->recording, at_us, &at)
        || !clip_stretch_bounds(r, at, &first, &end)) {
        return at_us;
    }
    // Frames are shown later than they are decoded, never earlier.
    for (size_t i = at; i < end; i = find_sync(r, i, end, at_us)) {
        int64_t pts_us = sync_in(r, i);
        if (pts_us != INT64_MAX && pts_us >= at_us - CLIP_SLACK_US) {
            return pts_us;
        }
    }
    struct bc_recording_part last = { 0 };
    (void)bc_recording_parts(r->recording, end - 1, &last, 1);
    return last.start_us + last.duration_us + CLIP_RECODE_US;
}
