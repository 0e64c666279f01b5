// SPDX-License-Identifier: Apache-2.0
// One playlist of a splice: segments of a stream are described anew, their bytes shared.
#include "splice.h"

// How much earlier than the picture of a run's first part another playlist may begin.
#define EARLY_US 100000
// A gap ends where the picture does, and what follows it may begin this much before.
#define GAP_SLACK_US 20000

const struct hls_segment *
splice_find(const struct hls_view *v, uint64_t msn)
{
    if (v->open && v->open->msn == msn) {
        return v->open;
    }
    // Sequence numbers have no holes.
    if (v->count == 0 || msn < v->segments[0]->msn
        || msn - v->segments[0]->msn >= v->count) {
        return NULL;
    }
    return v->segments[msn - v->segments[0]->msn];
}

static bool
is_closed(const struct hls_view *v, const struct hls_segment *s)
{
    return s != v->open;
}

static uint64_t
source_msn(const struct splice_run *run, uint64_t own)
{
    return run->src_msn + (own - run->own_msn);
}

// Our own main playlist's segment of that number; NULL: it has left.
static const struct hls_segment *
own_main(const struct bc_hls_splice *sp, uint64_t msn)
{
    const struct hls_rendition *r = &sp->lanes[BC_HLS_MAIN]->r;
    if (r->count == 0 || msn < r->segments[0]->msn
        || msn - r->segments[0]->msn >= r->count) {
        return NULL;
    }
    return r->segments[msn - r->segments[0]->msn];
}

// Nothing of that number is in this playlist: false while that cannot be said yet.
static bool
add_gap(struct bc_hls_splice *sp, struct splice_lane *lane)
{
    const struct hls_segment *like = own_main(sp, lane->r.next_msn);
    uint64_t msn = lane->r.next_msn;
    if (!like) {
        return false;
    }
    hls_rendition_gap(&lane->r, like);
    if (lane->r.next_msn == msn) {
        return false; // no memory
    }
    struct hls_segment *gap = lane->r.segments[lane->r.count - 1];
    gap->dseq = like->dseq;
    gap->discontinuity = like->discontinuity;
    lane->stands_in = false;
    return true;
}

// The stream's init section under a number of ours.
static bool
take_init(const struct splice_run *run, struct splice_lane *lane, struct hls_init *init)
{
    if (init == lane->src_init) {
        return true;
    }
    struct hls_init *own = !init ? NULL
        : run->adopted ? hls_init_ref(init)
        : hls_init_create(lane->r.next_msn, bc_buf_ref(init->buf));
    if (init && !own) {
        return false;
    }
    hls_init_unref(&lane->r.init);
    hls_init_unref(&lane->src_init);
    lane->r.init = own;
    lane->src_init = init ? hls_init_ref(init) : NULL;
    return true;
}

// The date of what begins here, behind all that the playlist says already (HLS-13).
static int64_t
date_of(struct bc_hls_splice *sp, struct splice_lane *lane, int64_t src_pdt_us)
{
    const struct hls_segment *last = hls_rendition_last(&lane->r);
    int64_t pdt_us = src_pdt_us + sp->run.shift_us + lane->shift_us;
    int64_t end_us = last ? last->pdt_us + last->end_us - last->start_us : pdt_us;
    int64_t slack_us = last && last->gap ? GAP_SLACK_US : 0;
    if (pdt_us + slack_us < end_us) {
        *(lane->r.kind == BC_HLS_MAIN ? &sp->run.shift_us : &lane->shift_us)
            += end_us - pdt_us;
        pdt_us = end_us;
    }
    return pdt_us;
}

static bool
open_segment(struct bc_hls_splice *sp, struct splice_lane *lane,
    const struct hls_segment *src, size_t part)
{
    struct hls_rendition *r = &lane->r;
    const struct splice_run *run = &sp->run;
    struct hls_segment *s = hls_segment_create(BC_HLS_SEGMENT_PARTS);
    if (!s || !take_init(run, lane, src->init)) {
        hls_segment_unref(&s);
        return false;
    }
    bool first = r->next_msn == run->own_msn;
    s->msn = r->next_msn;
    s->dseq = src->dseq - run->src_dseq + run->own_dseq;
    s->discontinuity = first ? run->discontinuity : src->discontinuity;
    s->init = r->init ? hls_init_ref(r->init) : NULL;
    s->start_us = s->end_us = src->parts[part].start_us;
    s->pdt_us = date_of(sp, lane, src->pdt_us + s->start_us - src->start_us);
    r->independent = r->independent && src->parts[part].leads;
    r->open = s;
    if (s->dseq > sp->dseq) {
        sp->dseq = s->dseq;
    }
    return true;
}

static void
add_part(struct splice_lane *lane, const struct hls_part *src)
{
    struct hls_part part = *src;
    part.buf = bc_buf_ref(src->buf);
    part.number = lane->r.next_part++;
    hls_segment_push(lane->r.open, &part);
    lane->r.bytes += part.buf->len;
    lane->r.changed = true;
}

// False without memory.
static bool
close_segment(struct splice_lane *lane)
{
    struct hls_segment *closed = hls_segment_copy(lane->r.open);
    if (!closed) {
        return false;
    }
    hls_segment_unref(&lane->r.open);
    hls_rendition_append(&lane->r, closed);
    lane->taken = 0;
    return true;
}

// Where a run's first segment begins in a playlist: parts before that are left out.
static size_t
first_part(const struct splice_run *run, enum bc_hls_rendition kind, bool stands_in,
    const struct hls_segment *src)
{
    if (kind == BC_HLS_MAIN || stands_in) {
        return run->first_part;
    }
    size_t i = 0;
    while (i < src->part_count
        && (!src->parts[i].leads || src->parts[i].start_us + EARLY_US < run->start_us)) {
        i++;
    }
    return i;
}

// What came of a segment goes into ours. True when the segment is done.
static bool
take_segment(struct bc_hls_splice *sp, struct splice_lane *lane, const struct hls_view *v,
    const struct hls_segment *src, int64_t until_us)
{
    if (!lane->r.open && lane->taken == 0 && lane->r.next_msn == sp->run.own_msn) {
        lane->taken = first_part(&sp->run, lane->r.kind, lane->stands_in, src);
    }
    for (; lane->taken < src->part_count; lane->taken++) {
        const struct hls_part *part = &src->parts[lane->taken];
        if (part->start_us >= until_us) {
            return false;
        }
        if (!lane->r.open && !open_segment(sp, lane, src, lane->taken)) {
            return false;
        }
        if (lane->r.open->part_count < BC_HLS_SEGMENT_PARTS) {
            add_part(lane, part);
        }
    }
    if (!lane->r.open) { // nothing of its first segment is late enough
        lane->taken = 0;
        return is_closed(v, src) && add_gap(sp, lane);
    }
    return is_closed(v, src) && close_segment(lane);
}

// Where a playlist's next segment comes from. NULL: nowhere, so that it is a gap once the
// main one is closed.
static const struct hls_view *
choose_view(const struct splice_lane *lane, const struct bc_hls_snapshot *s, uint64_t msn,
    bool *waits)
{
    const struct hls_view *own = &s->views[lane->r.kind];
    const struct hls_view *main = &s->views[BC_HLS_MAIN];
    const struct hls_segment *segment = own->exists ? splice_find(own, msn) : NULL;
    *waits = false;
    if (lane->r.open || lane->taken > 0) {
        return lane->stands_in ? main : own;
    }
    if (segment && !segment->gap) {
        return own;
    }
    bool has_left = own->exists && own->count > 0 && msn < own->segments[0]->msn;
    *waits = own->exists && !segment && !has_left;
    // Of a stream that is sound alone the main playlist is the audio one.
    bool same_kind = lane->r.kind != BC_HLS_AUDIO || !s->video;
    return same_kind && !*waits ? main : NULL;
}

// The next segment, or more of it. True when there may be another one.
static bool
extend_once(struct bc_hls_splice *sp, struct splice_lane *lane,
    const struct bc_hls_snapshot *s, int64_t until_us)
{
    uint64_t msn = source_msn(&sp->run, lane->r.next_msn);
    const struct hls_view *main = &s->views[BC_HLS_MAIN];
    if (lane->r.kind == BC_HLS_MAIN) {
        const struct hls_segment *src = splice_find(main, msn);
        return src && src->part_count > 0
            && take_segment(sp, lane, main, src, until_us);
    }
    const struct hls_rendition *ruling = &sp->lanes[BC_HLS_MAIN]->r;
    if (lane->r.next_msn >= ruling->next_msn + (ruling->open ? 1 : 0)) {
        return false;
    }
    bool waits;
    const struct hls_view *v = choose_view(lane, s, msn, &waits);
    if (!v) {
        return !waits && add_gap(sp, lane);
    }
    lane->stands_in = v == main;
    const struct hls_segment *src = splice_find(v, msn);
    return src && src->part_count > 0 && take_segment(sp, lane, v, src, until_us);
}

void
splice_lane_extend(struct bc_hls_splice *sp, enum bc_hls_rendition kind,
    const struct bc_hls_snapshot *s, int64_t until_us)
{
    struct splice_lane *lane = sp->lanes[kind];
    while (extend_once(sp, lane, s, until_us)) {
    }
    const struct hls_view *v = &s->views[lane->stands_in ? BC_HLS_MAIN : kind];
    if (v->exists && v->track && v->track != lane->r.track) {
        bc_track_unref(&lane->r.track);
        lane->r.track = bc_track_ref(v->track);
    }
    lane->r.runs[0].pace.frame_us = v->frame_us;
}

void
splice_lane_close(struct bc_hls_splice *sp, enum bc_hls_rendition kind)
{
    struct splice_lane *lane = sp->lanes[kind];
    if (lane->r.open && !close_segment(lane)) {
        lane->r.bytes -= lane->r.open->bytes;
        hls_segment_unref(&lane->r.open);
    }
    lane->taken = 0;
    while (kind != BC_HLS_MAIN && lane->r.next_msn < sp->lanes[BC_HLS_MAIN]->r.next_msn
        && add_gap(sp, lane)) {
    }
    hls_init_unref(&lane->src_init);
    hls_init_unref(&lane->r.init);
}
