// SPDX-License-Identifier: Apache-2.0
// Streams one after the other in one set of playlists. splice_lane.c has what happens
// within one playlist.
#include "splice.h"

#include <stdlib.h>

// How much earlier than it is shown a stream may begin: keyframes are not where clocks
// are cut.
#define EARLY_US 250000
// A stream that is this far behind the moment has a clock of its own: it begins with its
// newest.
#define BEHIND_US 10000000
// What a PART-TARGET has above the part that is wanted: stamps are in milliseconds.
#define TARGET_SLACK_US 2000

struct bc_hls_splice *
bc_hls_splice_create(const struct bc_hls_params *params)
{
    struct bc_hls_splice *sp = calloc(1, sizeof(*sp));
    if (!sp) {
        return NULL;
    }
    sp->format.params = *params;
    hls_params_check(&sp->format.params);
    sp->serial = hls_serial();
    sp->dseq
        = params->first_dseq ? params->first_dseq : hls_first_dseq(params->first_msn);
    int64_t target_us = sp->format.params.part_us + TARGET_SLACK_US;
    sp->part_target_us = (target_us + 999) / 1000 * 1000;
    return sp;
}

void
bc_hls_splice_destroy(struct bc_hls_splice *sp)
{
    if (!sp) {
        return;
    }
    for (int i = 0; i < BC_HLS_RENDITIONS; i++) {
        if (sp->lanes[i]) {
            hls_rendition_finish(&sp->lanes[i]->r);
            hls_init_unref(&sp->lanes[i]->src_init);
            free(sp->lanes[i]);
        }
    }
    bc_hls_snapshot_unref(&sp->latest);
    free(sp);
}

uint64_t
bc_hls_splice_next_msn(const struct bc_hls_splice *sp)
{
    const struct splice_lane *main = sp->lanes[BC_HLS_MAIN];
    return main ? main->r.next_msn + 1 : sp->format.params.first_msn;
}

struct bc_hls_snapshot *
bc_hls_splice_latest(struct bc_hls_splice *sp)
{
    return sp->latest;
}

bool
bc_hls_splice_shows(const struct bc_hls_splice *sp, const struct bc_hls_snapshot *now)
{
    return sp->run.running && now && sp->run.serial == now->serial;
}

// --- where a stream begins ---

// A part of the main playlist.
struct place {
    const struct hls_segment *segment; // NULL: none
    size_t part;
};

static const struct hls_segment *
segment_at(const struct hls_view *v, size_t i)
{
    return i < v->count ? v->segments[i] : v->open;
}

// The first part at or after `from_us` that a decoder can start with.
static struct place
find_from(const struct hls_view *v, size_t first, int64_t from_us)
{
    for (size_t i = first; i < v->count + (v->open ? 1 : 0); i++) {
        const struct hls_segment *s = segment_at(v, i);
        for (size_t p = 0; s->end_us > from_us && p < s->part_count; p++) {
            if (s->parts[p].leads && s->parts[p].start_us >= from_us) {
                return (struct place){ s, p };
            }
        }
    }
    return (struct place){ NULL, 0 };
}

static struct place
find_newest(const struct hls_view *v)
{
    for (size_t i = v->count + (v->open ? 1 : 0); i-- > v->listed;) {
        const struct hls_segment *s = segment_at(v, i);
        for (size_t p = s->part_count; p-- > 0;) {
            if (s->parts[p].leads) {
                return (struct place){ s, p };
            }
        }
    }
    return (struct place){ NULL, 0 };
}

static struct place
find_start(const struct bc_hls_snapshot *s, int64_t from_us)
{
    const struct hls_view *v = &s->views[BC_HLS_MAIN];
    struct hls_newest newest = hls_view_newest(v);
    if (from_us == INT64_MIN || !newest.segment) {
        return find_from(v, v->listed, from_us);
    }
    if (newest.segment->end_us < from_us - BEHIND_US) {
        return find_newest(v);
    }
    return find_from(v, v->listed, from_us - EARLY_US);
}

// --- lanes ---

// The number with which a lane begins that was not there: that of the stream's oldest.
static uint64_t
first_number(const struct bc_hls_splice *sp, const struct hls_view *v)
{
    const struct splice_run *run = &sp->run;
    uint64_t ahead = sp->lanes[BC_HLS_MAIN]->r.next_msn - run->own_msn;
    uint64_t first = v->count > 0 ? v->segments[0]->msn
        : v->open ? v->open->msn : run->src_msn + ahead;
    return first > run->src_msn ? run->own_msn + (first - run->src_msn) : run->own_msn;
}

static struct splice_lane *
create_lane(struct bc_hls_splice *sp, enum bc_hls_rendition kind)
{
    struct splice_lane *lane = calloc(1, sizeof(*lane));
    if (lane) {
        hls_rendition_init(&lane->r, kind, &sp->format);
        lane->r.exists = true;
        lane->r.part_target_us = sp->part_target_us;
        sp->lanes[kind] = lane;
    }
    return lane;
}

// Whether the stream has such a playlist, or will have in a moment.
static bool
brings(const struct bc_hls_snapshot *s, enum bc_hls_rendition kind)
{
    const struct hls_view *v = &s->views[kind];
    bool alone = kind == BC_HLS_AUDIO && s->audio && !s->video;
    return alone || v->exists;
}

// A lane that goes on from the stream's own playlist has its parts' names.
static void
number_as(const struct bc_hls_splice *sp, struct splice_lane *lane,
    const struct hls_view *v)
{
    uint64_t ahead = lane->r.next_msn - sp->run.own_msn;
    const struct hls_segment *first = splice_find(v, sp->run.src_msn + ahead);
    lane->r.part_target_us = v->part_target_us;
    lane->r.next_part = first && first->part_count > 0 ? first->parts[0].number
                                                       : v->next_part;
}

static void
add_lanes(struct bc_hls_splice *sp, const struct bc_hls_snapshot *s)
{
    for (int i = BC_HLS_AUDIO; i < BC_HLS_RENDITIONS; i++) {
        enum bc_hls_rendition kind = (enum bc_hls_rendition)i;
        const struct hls_view *v = &s->views[i];
        if (sp->lanes[i] || !brings(s, kind) || !create_lane(sp, kind)) {
            continue;
        }
        sp->lanes[i]->r.next_msn =
            first_number(sp, v->exists ? v : &s->views[BC_HLS_MAIN]);
        if (sp->adopts) {
            number_as(sp, sp->lanes[i], v);
        }
    }
}

// What a playlist says of its media holds for every stream's.
static void
raise_targets(struct bc_hls_splice *sp, const struct bc_hls_snapshot *s)
{
    for (int i = 0; i < BC_HLS_RENDITIONS; i++) {
        const struct hls_view *v = &s->views[s->views[i].exists ? i : BC_HLS_MAIN];
        struct splice_lane *lane = sp->lanes[i];
        if (lane && v->part_target_us > lane->r.part_target_us) {
            lane->r.part_target_us = v->part_target_us;
        }
    }
    if (s->params.target_us > sp->format.params.target_us) {
        sp->format.params.target_us = s->params.target_us;
    }
}

// --- runs ---

static void
close_run(struct bc_hls_splice *sp)
{
    sp->run.running = false;
    for (int i = 0; i < BC_HLS_RENDITIONS; i++) {
        if (sp->lanes[i]) {
            splice_lane_close(sp, (enum bc_hls_rendition)i);
        }
    }
}

static bool
begin_run(struct bc_hls_splice *sp, const struct bc_hls_snapshot *s, struct place at)
{
    struct splice_lane *main = sp->lanes[BC_HLS_MAIN];
    bool first = !main;
    if (first) {
        main = create_lane(sp, BC_HLS_MAIN);
        if (!main) {
            return false;
        }
        main->r.next_msn = sp->format.params.first_msn;
    }
    sp->run = (struct splice_run){
        .running = true,
        .serial = s->serial,
        .src_msn = at.segment->msn,
        .own_msn = main->r.next_msn,
        .src_dseq = at.segment->dseq,
        .own_dseq = first ? sp->dseq : sp->dseq + 1,
        .first_part = at.part,
        .start_us = at.segment->parts[at.part].start_us,
        .discontinuity = !first,
        .adopted = sp->adopts,
    };
    for (int i = 0; i < BC_HLS_RENDITIONS; i++) {
        if (sp->lanes[i]) {
            sp->lanes[i]->shift_us = 0;
        }
    }
    return true;
}

// Up to parts that begin at `until_us`.
static void
extend(struct bc_hls_splice *sp, const struct bc_hls_snapshot *s, int64_t until_us)
{
    splice_lane_extend(sp, BC_HLS_MAIN, s, until_us);
    add_lanes(sp, s);
    raise_targets(sp, s);
    for (int i = BC_HLS_AUDIO; i < BC_HLS_RENDITIONS; i++) {
        if (sp->lanes[i]) {
            splice_lane_extend(sp, (enum bc_hls_rendition)i, s, until_us);
        }
    }
}

// Whether what comes next has left the stream's window while nobody asked.
static bool
has_lost(const struct bc_hls_splice *sp, const struct bc_hls_snapshot *s)
{
    const struct hls_view *v = &s->views[BC_HLS_MAIN];
    uint64_t own = sp->lanes[BC_HLS_MAIN]->r.next_msn;
    uint64_t src = sp->run.src_msn + (own - sp->run.own_msn);
    struct hls_newest newest = hls_view_newest(v);
    return newest.segment && newest.segment->msn > src && !splice_find(v, src);
}

// What of the stream before is still to be taken, and then the one that is shown.
static void
follow(struct bc_hls_splice *sp, const struct bc_hls_splice_input *in)
{
    bool goes_on = bc_hls_splice_shows(sp, in->now);
    int64_t from_us = in->from_us;
    if (goes_on && has_lost(sp, in->now)) {
        goes_on = false;
        const struct hls_segment *last =
            hls_rendition_newest(&sp->lanes[BC_HLS_MAIN]->r);
        from_us = last ? last->end_us : INT64_MIN;
    }
    if (goes_on) {
        extend(sp, in->now, INT64_MAX);
        return;
    }
    struct place start = { NULL, 0 };
    if (in->now) {
        start = find_start(in->now, from_us);
    }
    if (bc_hls_splice_shows(sp, in->before)) {
        int64_t until_us = start.segment ? start.segment->parts[start.part].start_us
                                         : in->from_us;
        int64_t early_us = until_us == INT64_MIN ? 0 : sp->part_target_us / 2;
        extend(sp, in->before, until_us - early_us); // what is nearer to that than behind it
    }
    if (!start.segment && in->now) {
        return; // its first part is not there yet
    }
    close_run(sp);
    if (start.segment && begin_run(sp, in->now, start)) {
        extend(sp, in->now, INT64_MAX);
    }
}

// --- publishing ---

static struct bc_track *
referenced(struct bc_track *track)
{
    return track ? bc_track_ref(track) : NULL;
}

static void
describe(const struct bc_hls_splice *sp, struct bc_hls_snapshot *s,
    const struct bc_hls_snapshot *source)
{
    s->serial = sp->serial;
    s->ended = sp->ended;
    int64_t target_us = 0;
    for (int i = 0; i < BC_HLS_RENDITIONS; i++) {
        const struct splice_lane *lane = sp->lanes[i];
        s->views[i].stands_in = lane && lane->stands_in;
        target_us = lane && lane->r.part_target_us > target_us ? lane->r.part_target_us
                                                               : target_us;
    }
    s->part_hold_us = hls_part_hold_us(&sp->format.params, target_us);
    if (!source) {
        return;
    }
    s->video = referenced(source->video);
    s->audio = referenced(source->audio);
    s->frame_us = source->frame_us;
    s->passed_over = source->passed_over;
    s->variants_due = source->variants_due && sp->lanes[BC_HLS_MAIN]->r.count == 0;
    s->last_part_arrived_us = source->last_part_arrived_us;
    const struct hls_segment *newest = hls_view_newest(&s->views[BC_HLS_MAIN]).segment;
    if (newest) {
        s->last_part_wall_us = newest->pdt_us + newest->end_us - newest->start_us;
    }
}

// Without memory, the old snapshot stands until the next change.
static void
publish(struct bc_hls_splice *sp, const struct bc_hls_snapshot *source)
{
    struct hls_rendition *list[BC_HLS_RENDITIONS];
    size_t count = 0;
    bool changed = sp->latest && sp->latest->ended != sp->ended;
    for (int i = 0; i < BC_HLS_RENDITIONS; i++) {
        if (sp->lanes[i]) {
            changed = changed || sp->lanes[i]->r.changed;
            list[count++] = &sp->lanes[i]->r;
        }
    }
    if (!changed || count == 0) {
        return;
    }
    hls_renditions_prune(list, count);
    struct bc_hls_snapshot *s = hls_snapshot_create(list, count);
    if (!s) {
        return;
    }
    describe(sp, s, source ? source : sp->latest);
    for (size_t i = 0; i < count; i++) {
        list[i]->changed = false;
    }
    bc_hls_snapshot_unref(&sp->latest);
    sp->latest = s;
}

struct bc_hls_snapshot *
bc_hls_splice_apply(struct bc_hls_splice *sp, const struct bc_hls_splice_input *in)
{
    if (sp->ended) {
        return sp->latest;
    }
    follow(sp, in);
    if (in->over) {
        close_run(sp);
        sp->ended = true;
    }
    // While the next one has no part the playlists are still those of the last.
    const struct bc_hls_snapshot *source = bc_hls_splice_shows(sp, in->now) ? in->now
        : bc_hls_splice_shows(sp, in->before) ? in->before : NULL;
    publish(sp, source);
    return sp->latest;
}

// What a splice goes on from is its first run, under the numbers that it has already.
struct bc_hls_splice *
bc_hls_splice_adopt(struct bc_hls_snapshot *s)
{
    const struct hls_view *v = &s->views[BC_HLS_MAIN];
    struct bc_hls_splice *sp = bc_hls_splice_create(&s->params);
    struct place start = find_from(v, 0, INT64_MIN);
    if (!sp || !start.segment) {
        bc_hls_splice_destroy(sp);
        return NULL;
    }
    sp->adopts = true;
    sp->serial = s->serial;
    sp->dseq = start.segment->dseq;
    if (begin_run(sp, s, start)) {
        struct splice_lane *main = sp->lanes[BC_HLS_MAIN];
        main->r.next_msn = sp->run.own_msn = start.segment->msn;
        main->r.next_part = start.segment->parts[start.part].number;
        main->r.part_target_us = v->part_target_us;
        sp->run.discontinuity = start.segment->discontinuity;
        extend(sp, s, INT64_MAX);
        publish(sp, s);
    }
    sp->adopts = false;
    return sp;
}
