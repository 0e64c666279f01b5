// SPDX-License-Identifier: Apache-2.0
#include "edit.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "sets.h"

// Planning at work. On the stack of the job.
struct planning {
    struct clip_reader *reader;
    struct clip_gop head_gop;
    struct clip_gop tail_gop;
    struct clip_head head;
    struct clip_tail tail;
    bool one; // all of the clip is encoded, as it lies between two sync frames
    const atomic_bool *cancel;
};

// One encoding on a thread of its own. On the stack of the job.
struct encoding {
    struct clip_recode job;
    struct clip_coded *out;
    int err;
};

static const struct bc_track *
track_of(struct clip_reader *r, uint32_t format)
{
    const struct clip_format *f = clip_reader_format(r, format);
    return f ? f->movie.tracks[f->ruling].track : NULL;
}

static bool
can_encode(struct clip_reader *r, const struct clip_gop *gop)
{
    const struct bc_track *track = track_of(r, gop->format);
    return track && (track->kind == BC_KIND_AUDIO || clip_recode_can(track));
}

static void
note(struct clip_edit *edit, const char *text)
{
    edit->exact = false;
    if (edit->note[0] == '\0') {
        (void)snprintf(edit->note, sizeof(edit->note), "%s", text);
    }
}

// --- what to do ---

// Whether the head's encoding would have to go on until the clip ends.
static bool
is_one(const struct planning *p)
{
    const struct clip_gop *h = &p->head_gop;
    const struct clip_gop *t = &p->tail_gop;
    if (!p->head.recode || h->stretch_first != t->stretch_first) {
        return false;
    }
    return p->head.copy == h->count || h->frames[p->head.copy].pts_us >= p->tail.end_us;
}

static int
plan(struct planning *p, const struct clip_wish *wish, struct clip_edit *edit)
{
    int err = clip_gop_head(p->reader, wish->from_us, wish->to_us, &p->head_gop);
    if (err != 0) {
        return err;
    }
    int64_t to_us = wish->to_us;
    bool exact = wish->exact;
    if (exact && !can_encode(p->reader, &p->head_gop)) {
        exact = false;
        note(edit, "cut at keyframes: this codec's pictures cannot be encoded here");
    }
    if (!exact) {
        to_us = clip_gop_next_sync(p->reader, to_us);
    }
    err = clip_gop_tail(p->reader, to_us, &p->tail_gop);
    if (err != 0) {
        return err;
    }
    p->head = clip_plan_head(
        p->head_gop.frames, p->head_gop.count, wish->from_us, to_us, exact);
    p->tail = clip_plan_tail(p->tail_gop.frames, p->tail_gop.count, to_us,
        exact && can_encode(p->reader, &p->tail_gop));
    p->one = is_one(p);
    if (!p->head.found) {
        return -ENOENT;
    }
    if (p->head.snapped || (p->tail.snapped && exact && !p->one)) {
        note(edit, "cut at a keyframe: its keyframes are too far apart to cut between them");
    }
    return 0;
}

// --- pieces ---

static void
describe_piece(struct clip_coded_piece *piece, const struct clip_gop *gop, size_t sync)
{
    piece->exists = true;
    piece->format = gop->format;
    piece->stretch = gop->stretch_first;
    piece->timescale = gop->timescale;
    piece->delay = gop->samples[sync].cts;
}

static size_t
sync_before(const struct clip_gop *gop, size_t index)
{
    while (index > 0 && !gop->frames[index].sync) {
        index--;
    }
    return index;
}

// The head's frames end where the copied ones begin to be shown, where the stretch ends, or with
// the clip.
static void
prepare_head(const struct planning *p, struct clip_edit *edit, struct clip_recode *job)
{
    const struct clip_gop *g = &p->head_gop;
    bool joins = !p->one && p->head.copy < g->count;
    int64_t end = INT64_MIN;
    for (size_t i = p->head.decode; i < p->head.copy; i++) {
        const struct clip_sample *s = &g->samples[i];
        int64_t own = s->dts + s->cts + s->duration;
        end = own > end ? own : end;
    }
    if (joins) {
        end = g->samples[p->head.copy].dts + g->samples[p->head.copy].cts;
    } else if (p->one) {
        end = bc_cmaf_ticks(p->tail.end_us, g->timescale);
    }
    describe_piece(&edit->head, g, joins ? p->head.copy : p->head.decode);
    edit->head.last_end = end;
    job->samples = g->samples + p->head.decode;
    job->count = p->head.copy - p->head.decode;
    job->timescale = g->timescale;
    job->first = bc_cmaf_ticks(p->head.first_us, g->timescale);
    job->end = end;
}

static void
prepare_tail(const struct planning *p, struct clip_edit *edit, struct clip_recode *job)
{
    const struct clip_gop *g = &p->tail_gop;
    int64_t newest = INT64_MIN;
    for (size_t i = 0; i < p->tail.copy; i++) {
        int64_t pts = g->samples[i].dts + g->samples[i].cts;
        newest = pts > newest ? pts : newest;
    }
    size_t sync = sync_before(g, p->tail.copy > 0 ? p->tail.copy - 1 : 0);
    describe_piece(&edit->tail, g, sync);
    edit->tail.last_end = bc_cmaf_ticks(p->tail.end_us, g->timescale);
    job->samples = g->samples + sync;
    job->count = g->count - sync;
    job->timescale = g->timescale;
    job->first = newest + 1;
    job->end = edit->tail.last_end;
}

static void
place_copy(const struct planning *p, struct clip_edit *edit)
{
    const struct clip_gop *h = &p->head_gop;
    const struct clip_gop *t = &p->tail_gop;
    edit->copies = !p->one;
    edit->copy_from = p->head.copy < h->count
        ? h->places[p->head.copy]
        : (struct clip_place){ h->places[h->count - 1].part + 1, 0 };
    if (p->tail.copy < t->count) {
        edit->copy_to = t->places[p->tail.copy];
    } else {
        edit->copy_to = t->places[t->count - 1];
        edit->copy_to.sample++;
    }
}

// --- encoding ---

static void *
encode_main(void *user)
{
    struct encoding *e = user;
    e->err = clip_recode_run(&e->job, e->out);
    return NULL;
}

// Both at once where there are two: the second on a thread of its own.
static void
encode_both(struct encoding *head, struct encoding *tail)
{
    pthread_t thread;
    bool started = head && tail && pthread_create(&thread, NULL, encode_main, tail) == 0;
    if (head) {
        encode_main(head);
    }
    if (started) {
        (void)pthread_join(thread, NULL);
    } else if (tail) {
        encode_main(tail);
    }
}

// What could not be encoded is left to the keyframes.
static void
give_up_head(const struct planning *p, struct clip_edit *edit)
{
    const struct clip_gop *g = &p->head_gop;
    size_t from = p->one || p->head.copy == g->count ? p->head.decode : p->head.copy;
    edit->head.exists = false;
    edit->copies = true;
    edit->copy_from = g->places[from];
    edit->first_us = g->frames[from].pts_us;
    note(edit, "cut at a keyframe: the pictures before it could not be encoded");
}

static void
give_up_tail(const struct planning *p, struct clip_edit *edit)
{
    int64_t end = 0;
    for (size_t i = 0; i < p->tail.copy; i++) {
        const struct clip_frame *f = &p->tail_gop.frames[i];
        int64_t own = f->pts_us + f->duration_us;
        end = own > end ? own : end;
    }
    edit->tail.exists = false;
    edit->end_us = end;
    note(edit, "ends a little early: its last pictures could not be encoded");
}

static int
encode(struct planning *p, struct clip_edit *edit)
{
    unsigned ids[2] = { 0, 0 };
    bool has_head = p->head.recode;
    bool has_tail = p->tail.recode > 0 && !p->one;
    const struct bc_track *head_track = track_of(p->reader, p->head_gop.format);
    const struct bc_track *tail_track = track_of(p->reader, p->tail_gop.format);
    struct encoding head = { .out = &edit->head.coded };
    struct encoding tail = { .out = &edit->tail.coded };
    if (has_head) {
        (void)clip_sets_free_ids(head_track, ids);
        prepare_head(p, edit, &head.job);
        head.job.set_id = ids[0];
    }
    if (has_tail) {
        (void)clip_sets_free_ids(tail_track, ids);
        prepare_tail(p, edit, &tail.job);
        tail.job.set_id = ids[1];
    }
    head.job.track = head_track;
    tail.job.track = tail_track;
    head.job.cancel = tail.job.cancel = p->cancel;
    head.job.threads = tail.job.threads = has_head && has_tail ? 1 : 2;
    encode_both(has_head ? &head : NULL, has_tail ? &tail : NULL);
    if (head.err == -ECANCELED || tail.err == -ECANCELED) {
        return -ECANCELED;
    }
    if (head.err != 0) {
        give_up_head(p, edit);
    }
    if (tail.err != 0 || (head.err != 0 && p->one)) {
        give_up_tail(p, edit);
    }
    return 0;
}

int
clip_edit_make(struct clip_reader *r, const struct clip_wish *wish,
    const atomic_bool *cancel, struct clip_edit *out)
{
    *out = (struct clip_edit){ .exact = wish->exact };
    struct planning p = { .reader = r, .cancel = cancel };
    int err = plan(&p, wish, out);
    if (err == 0) {
        out->first_us = p.head.first_us;
        out->end_us = p.tail.end_us;
        place_copy(&p, out);
        err = encode(&p, out);
    }
    clip_gop_finish(&p.head_gop);
    clip_gop_finish(&p.tail_gop);
    if (err != 0) {
        clip_edit_finish(out);
    }
    return err;
}

void
clip_edit_finish(struct clip_edit *edit)
{
    clip_coded_finish(&edit->head.coded);
    clip_coded_finish(&edit->tail.coded);
}
