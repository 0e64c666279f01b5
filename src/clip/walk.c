// SPDX-License-Identifier: Apache-2.0
#include "walk.h"

#include "media/nalu.h"

// How far sound may lie behind the picture it belongs to in the source's order of parts.
#define LATE_PARTS_US 2000000

enum { PIECE_HEAD, PIECE_COPY, PIECE_TAIL, PIECE_NONE };

void
clip_item_finish(struct clip_item *item)
{
    bc_buf_unref(&item->bytes);
}

static void
walk_init(struct clip_walk *w, struct clip_reader *reader, const struct clip_edit *edit)
{
    *w = (struct clip_walk){
        .reader = reader,
        .edit = edit,
        .stretch = SIZE_MAX,
        .last_dts = INT64_MIN,
    };
}

void
clip_walk_ruling(
    struct clip_walk *w, struct clip_reader *reader, const struct clip_edit *edit)
{
    walk_init(w, reader, edit);
    w->index = edit->copy_from.part;
    w->at = edit->copy_from.sample;
    w->end = edit->copy_to.part + 1;
    w->wants_sync = edit->head.exists;
}

// Parts that begin in the clip's time, and those around that may have sound of it.
static void
find_riding_range(struct clip_walk *w, const struct clip_edit *edit)
{
    const struct bc_recording *source = w->reader->recording;
    size_t first = 0;
    size_t last = 0;
    if (bc_recording_find(source, edit->first_us - LATE_PARTS_US, &first)
        && bc_recording_find(source, edit->end_us + LATE_PARTS_US, &last)) {
        w->index = first;
        w->end = last + 1;
    }
}

void
clip_walk_riding(struct clip_walk *w, struct clip_reader *reader,
    const struct clip_edit *edit, int64_t from_us)
{
    walk_init(w, reader, edit);
    w->riding = true;
    w->from_us = from_us;
    w->piece = PIECE_COPY;
    find_riding_range(w, edit);
}

void
clip_walk_finish(struct clip_walk *w)
{
    if (w->loaded) {
        clip_part_finish(&w->part);
        w->loaded = false;
    }
}

// --- encoded pieces ---

static bool
next_coded(struct clip_walk *w, const struct clip_coded_piece *piece, struct clip_item *out)
{
    const struct clip_coded *coded = &piece->coded;
    if (!piece->exists || w->coded == coded->count) {
        return false;
    }
    const struct clip_coded_frame *f = &coded->frames[w->coded++];
    int64_t next = w->coded < coded->count ? f[1].pts : piece->last_end;
    int64_t dts = f->pts - piece->delay;
    // Uneven frames may have been decoded later than the delay says.
    bool follows = w->stretch == piece->stretch && w->last_dts != INT64_MIN;
    dts = follows && dts <= w->last_dts ? w->last_dts + 1 : dts;
    *out = (struct clip_item){
        .sample = {
            .dts = dts,
            .duration = next > f->pts ? (uint32_t)(next - f->pts) : 1,
            .cts = (int32_t)(f->pts - dts),
            .sync = f->sync,
            .len = (uint32_t)f->data->len,
            .data = f->data->data,
        },
        .bytes = bc_buf_ref(f->data),
        .format = piece->format,
        .stretch = piece->stretch,
    };
    w->stretch = piece->stretch;
    w->last_dts = dts;
    return true;
}

// --- what is copied ---

// The part at `index`, or the next one that can be read.
static bool
load(struct clip_walk *w)
{
    while (!w->loaded && w->index < w->end) {
        int err = clip_part_load(w->reader, w->index, &w->part);
        if (err == 0) {
            w->loaded = true;
            return true;
        }
        w->lost = true;
        w->wants_sync = true;
        w->index++;
        w->at = 0;
    }
    return w->loaded;
}

static void
leave_part(struct clip_walk *w)
{
    clip_part_finish(&w->part);
    w->loaded = false;
    w->index++;
    w->at = 0;
}

static bool
is_behind_copy(const struct clip_walk *w)
{
    const struct clip_place *to = &w->edit->copy_to;
    return !w->riding
        && (w->index > to->part || (w->index == to->part && w->at >= to->sample));
}

static bool
is_disposable(const struct bc_track *track, const struct clip_sample *s)
{
    struct bc_nalu_info info = { 0 };
    bool told = track->codec == BC_CODEC_AVC || track->codec == BC_CODEC_HEVC;
    return told && bc_nalu_scan(track->codec, s->data, s->len, &info) == 0
        && info.disposable;
}

static bool
is_wanted(struct clip_walk *w, const struct clip_sample *s,
    const struct bc_cmaf_movie_track *track)
{
    int64_t at_us = clip_sample_us(s, track->timescale);
    if (w->riding) {
        return at_us >= w->from_us
            && clip_plan_hears(at_us, bc_cmaf_us(s->duration, track->timescale),
                w->edit->first_us, w->edit->end_us);
    }
    w->wants_sync = w->wants_sync && !s->sync;
    return !w->wants_sync && at_us >= w->edit->first_us;
}

static bool
next_copied(struct clip_walk *w, struct clip_item *out)
{
    while (!is_behind_copy(w) && load(w)) {
        const struct clip_format *format = clip_reader_format(w->reader, w->part.format);
        size_t t = w->riding ? 1 - format->ruling : format->ruling;
        const struct clip_samples *samples = &w->part.tracks[t];
        if (t >= format->movie.count || w->at >= samples->count) {
            leave_part(w);
            continue;
        }
        const struct clip_sample *s = &samples->list[w->at++];
        if (w->stretch != w->part.stretch) {
            w->wants_sync = true;
            w->stretch = w->part.stretch;
            w->last_dts = INT64_MIN;
        }
        // A sample's time that goes back is damage.
        if (!is_wanted(w, s, &format->movie.tracks[t]) || s->dts <= w->last_dts) {
            continue;
        }
        *out = (struct clip_item){
            .sample = *s,
            .bytes = bc_buf_ref(w->part.bytes),
            .format = w->part.format,
            .stretch = w->part.stretch,
            .disposable = is_disposable(format->movie.tracks[t].track, s),
        };
        w->last_dts = s->dts;
        return true;
    }
    return false;
}

bool
clip_walk_next(struct clip_walk *w, struct clip_item *out)
{
    if (w->riding) {
        return next_copied(w, out);
    }
    while (w->piece < PIECE_NONE) {
        bool found = w->piece == PIECE_HEAD ? next_coded(w, &w->edit->head, out)
            : w->piece == PIECE_COPY ? w->edit->copies && next_copied(w, out)
                                     : next_coded(w, &w->edit->tail, out);
        if (found) {
            return true;
        }
        w->piece++;
        w->coded = 0;
    }
    return false;
}
