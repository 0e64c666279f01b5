// SPDX-License-Identifier: Apache-2.0
// The first reading: the moofs of all parts in the range.
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "container/box.h"
#include "export.h"
#include "export_plan.h"

#define PAGE 64
#define HEAD_MAX_BYTES (256 * 1024) // of 4096 samples in two tracks, twice over
#define SLOT_US 500000
// Sound before the first picture shown, hidden by the edit list: decoders of Opus are right
// after this, others after a frame.
#define SOUND_BEFORE_US 80000
#define HELD_MAX 32 // no codec reorders more frames
#define SCAN_PERCENT 15 // of the progress: the rest is copying

// A sample with what its part says of where it is.
struct placed {
    struct bc_cmaf_read_sample sample;
    struct export_format *format;
    uint32_t file;
    uint64_t offset; // in the file
};

// On the stack of export_plan_make().
struct scan {
    struct export_plan *plan;
    uint8_t *head; // owned; HEAD_MAX_BYTES
    struct bc_file *file; // of the part; NULL: none yet
    uint32_t file_number;
    struct export_format *format; // of the part
    struct bc_recording_part part;
    uint64_t moof_at; // in the file
    size_t parts;     // there were when it began
    size_t damaged;
    int64_t picture_us; // the picture begins with a sync sample at or after this
    int64_t sound_us;   // and sound with what ends after this
    bool picture_began;
    struct placed held[HELD_MAX]; // shown after the end, perhaps needed for what is before
    size_t held_count;
    bool found_key; // by find_key(), which uses the rest as far as it goes
    int64_t key_us;
};

static int
open_file(struct scan *s, uint32_t number)
{
    if (s->file && s->file_number == number) {
        return 0;
    }
    bc_file_unref(&s->file);
    s->file = bc_recording_file(s->plan->params->recording, number);
    s->file_number = number;
    return s->file ? 0 : -errno;
}

// The moof of the part. 0; -EBADMSG: there is none that makes sense; or a negative errno.
static int
read_moof(struct scan *s, size_t *len)
{
    const struct bc_recording_part *p = &s->part;
    if (p->head_bytes > HEAD_MAX_BYTES || p->head_bytes > p->bytes) {
        return -EBADMSG;
    }
    int rc = open_file(s, p->file);
    if (rc < 0) {
        return rc;
    }
    ssize_t n = pread(s->file->fd, s->head, p->head_bytes, (off_t)p->offset);
    if (n != (ssize_t)p->head_bytes) {
        return n < 0 ? -errno : -EBADMSG;
    }
    size_t at = 0;
    struct bc_cmaf_box box;
    while (bc_cmaf_box_read(s->head + at, p->head_bytes - at, &box) == 0
        && box.size <= p->head_bytes - at) {
        if (box.type == BC_FOURCC('m', 'o', 'o', 'f')) {
            s->moof_at = p->offset + at;
            *len = (size_t)box.size;
            return 0;
        }
        at += (size_t)box.size;
    }
    return -EBADMSG;
}

static int
read_format(struct scan *s)
{
    uint32_t format;
    uint32_t head_bytes;
    int rc = 0;
    if (!bc_recording_file_head(
            s->plan->params->recording, s->part.file, &format, &head_bytes)) {
        return -EBADMSG;
    }
    s->format = export_plan_format(s->plan, format, &rc);
    return rc;
}

// Tells the samples of a part. A damaged one has none.
static int
read_part(struct scan *s, size_t place,
    bool (*each)(void *user, const struct bc_cmaf_read_sample *sample))
{
    if (bc_recording_parts(s->plan->params->recording, place, &s->part, 1) == 0) {
        return -ENOENT;
    }
    size_t len = 0;
    int rc = read_format(s);
    rc = rc < 0 ? rc : read_moof(s, &len);
    if (rc < 0) {
        s->damaged += rc == -EBADMSG;
        return rc == -EBADMSG ? 0 : rc;
    }
    const uint8_t *moof = s->head + (s->moof_at - s->part.offset);
    rc = bc_cmaf_moof_read(moof, len, &s->format->movie, each, s);
    s->damaged += rc < 0;
    return 0;
}

static int64_t
time_us(const struct bc_cmaf_movie_track *t, int64_t ticks)
{
    return bc_cmaf_us(ticks, t->timescale);
}

static int64_t
to_ticks(const struct bc_cmaf_movie_track *from, int64_t ticks, uint32_t timescale)
{
    return from->timescale == timescale
        ? ticks : bc_cmaf_ticks(time_us(from, ticks), timescale);
}

static void
add(struct scan *s, const struct placed *p)
{
    const struct bc_cmaf_read_sample *in = &p->sample;
    const struct bc_cmaf_movie_track *from = &p->format->movie.tracks[in->track];
    struct export_track *track = &s->plan->tracks[p->format->track[in->track]];
    struct export_sample out = { .size = in->len, .sync = in->sync };
    out.dts = to_ticks(from, (int64_t)in->dts, track->timescale);
    out.pts = to_ticks(from, (int64_t)in->dts + in->cts, track->timescale);
    out.duration = (uint32_t)to_ticks(from, in->duration, track->timescale);
    export_table_add(&track->table, &out);
    struct export_waiting w = {
        .slot = time_us(from, (int64_t)in->dts) / SLOT_US,
        .extent = { p->offset, p->file, in->len },
        .samples = 1,
        .description = p->format->description[in->track],
    };
    export_plan_wait(track, &w);
}

static void
add_held(struct scan *s)
{
    for (size_t i = 0; i < s->held_count; i++) {
        add(s, &s->held[i]);
    }
    s->held_count = 0;
}

static void
choose_picture(struct scan *s, const struct placed *p, int64_t dts_us, int64_t pts_us)
{
    int64_t to_us = s->plan->params->to_us;
    s->picture_began |= p->sample.sync && dts_us >= s->picture_us;
    if (!s->picture_began || (dts_us >= to_us && pts_us >= to_us)) {
        return;
    }
    if (pts_us < to_us || s->held_count == HELD_MAX) {
        add_held(s);
    }
    if (pts_us < to_us) {
        add(s, p);
    } else {
        s->held[s->held_count++] = *p;
    }
}

static bool
choose(void *user, const struct bc_cmaf_read_sample *sample)
{
    struct scan *s = user;
    uint64_t in_part = s->moof_at - s->part.offset + sample->offset;
    if (in_part + sample->len > s->part.bytes) {
        return true; // nobody's bytes, or the next part's
    }
    const struct bc_cmaf_movie_track *t = &s->format->movie.tracks[sample->track];
    struct placed p = { *sample, s->format, s->part.file, s->part.offset + in_part };
    int64_t dts = (int64_t)sample->dts;
    int64_t dts_us = time_us(t, dts);
    if (t->track->kind == BC_KIND_VIDEO) {
        choose_picture(s, &p, dts_us, time_us(t, dts + sample->cts));
    } else if (time_us(t, dts + sample->duration) > s->sound_us
        && dts_us < s->plan->params->to_us) {
        add(s, &p);
    }
    return true;
}

// The last sync sample of the picture shown at or before the beginning.
static bool
look_for_key(void *user, const struct bc_cmaf_read_sample *sample)
{
    struct scan *s = user;
    const struct bc_cmaf_movie_track *t = &s->format->movie.tracks[sample->track];
    int64_t dts = (int64_t)sample->dts;
    if (t->track->kind == BC_KIND_VIDEO && sample->sync
        && time_us(t, dts + sample->cts) <= s->plan->params->from_us) {
        s->found_key = true;
        s->key_us = time_us(t, dts);
    }
    return true;
}

static bool
has_picture(const struct export_format *f)
{
    bool found = false;
    for (size_t i = 0; f && i < f->movie.count; i++) {
        found |= f->movie.tracks[i].track->kind == BC_KIND_VIDEO;
    }
    return found;
}

// Goes back to the keyframe that the beginning needs, and returns the first part to be read.
static int
find_begin(struct scan *s, size_t *first)
{
    const struct bc_recording *r = s->plan->params->recording;
    int64_t from_us = s->plan->params->from_us;
    size_t place;
    *first = 0;
    s->picture_us = INT64_MIN;
    s->sound_us = INT64_MIN;
    if (from_us <= 0 || !bc_recording_find(r, from_us, &place)) {
        return 0;
    }
    for (size_t back = place + 1; back > 0 && !s->found_key; back--) {
        int rc = read_part(s, back - 1, look_for_key);
        if (rc < 0) {
            return rc;
        }
        if (!has_picture(s->format)) {
            break; // a picture that comes later begins with a keyframe of its own
        }
    }
    s->sound_us = from_us - SOUND_BEFORE_US;
    s->picture_us = s->found_key ? s->key_us : INT64_MIN;
    int64_t least_us = s->found_key && s->key_us < s->sound_us ? s->key_us : s->sound_us;
    // A part before that, as the tracks of one do not begin together to the microsecond.
    for (*first = place; *first > 0; --*first) {
        if (bc_recording_parts(r, *first, &s->part, 1) == 1
            && s->part.start_us + s->part.duration_us < least_us) {
            break;
        }
    }
    return 0;
}

static int
scan_parts(struct scan *s, size_t first)
{
    const struct bc_replay_export_params *params = s->plan->params;
    for (size_t i = first; i < s->parts; i++) {
        if (export_is_cancelled(params)) {
            return -ECANCELED;
        }
        int rc = read_part(s, i, choose);
        if (rc < 0) {
            return rc;
        }
        if (params->to_us != INT64_MAX && s->part.start_us > params->to_us + SLOT_US) {
            break; // B-frames and sound of before have passed
        }
        export_plan_release(
            s->plan, (s->part.start_us + s->part.duration_us) / SLOT_US);
        export_set_progress(params, (int)(i * SCAN_PERCENT / s->parts));
    }
    export_plan_release(s->plan, INT64_MAX);
    return 0;
}

// Where the presentation begins: at the wish, or with the first sample of any track.
static int
set_begin(struct export_plan *plan)
{
    const struct bc_replay_export_params *params = plan->params;
    int64_t first_us = INT64_MAX;
    int64_t last_us = INT64_MIN;
    bool failed = plan->extents.failed;
    for (size_t i = 0; i < plan->count; i++) {
        struct export_track *t = &plan->tracks[i];
        failed |= !export_table_end(&t->table) || t->waiting.failed;
        if (t->table.count > 0) {
            int64_t us = bc_cmaf_us(t->table.first_pts, t->timescale);
            first_us = us < first_us ? us : first_us;
            us = bc_cmaf_us(t->table.end_pts, t->timescale);
            last_us = us > last_us ? us : last_us;
        }
    }
    if (failed) {
        return -ENOMEM;
    }
    plan->begin_us =
        params->from_us > 0 && params->from_us > first_us ? params->from_us : first_us;
    if (plan->begin_us >= last_us || plan->begin_us >= params->to_us) {
        return -ENOENT;
    }
    size_t place;
    struct bc_recording_part part;
    if (bc_recording_find(params->recording, plan->begin_us, &place)
        && bc_recording_parts(params->recording, place, &part, 1) == 1) {
        plan->wall_us = part.wall_us + plan->begin_us - part.start_us;
    }
    return 0;
}

int
export_plan_make(struct export_plan *plan, const struct bc_replay_export_params *params)
{
    *plan = (struct export_plan){ .params = params };
    struct scan s = { .plan = plan, .head = malloc(HEAD_MAX_BYTES) };
    struct bc_recording_info info;
    bc_recording_info(params->recording, &info);
    s.parts = info.parts;
    size_t first = 0;
    int rc = s.head ? find_begin(&s, &first) : -ENOMEM;
    rc = rc < 0 ? rc : scan_parts(&s, first);
    rc = rc < 0 ? rc : set_begin(plan);
    if (s.damaged > 0) {
        bc_warn(NULL, "recording %s: %zu damaged parts are not exported", info.id,
            s.damaged);
    }
    bc_file_unref(&s.file);
    free(s.head);
    return rc;
}
