// SPDX-License-Identifier: Apache-2.0
#include "snapshot.h"

#include <stdlib.h>

#include "name.h"

#define US_PER_S 1000000

static void
finish_view(struct hls_view *v)
{
    for (size_t i = 0; i < v->count; i++) {
        hls_segment_unref(&v->segments[i]);
    }
    free(v->segments);
    hls_segment_unref(&v->open);
    bc_track_unref(&v->track);
}

static bool
init_view(struct hls_view *v, const struct hls_rendition *r)
{
    v->exists = r->exists;
    v->independent = r->independent;
    v->next_part = r->next_part;
    v->part_target_us = r->part_target_us;
    v->bytes = r->bytes;
    v->track = r->track ? bc_track_ref(r->track) : NULL;
    v->frame_us = r->runs[0].pace.frame_us;
    v->segments = calloc(r->count > 0 ? r->count : 1, sizeof(v->segments[0]));
    if (!v->segments) {
        return false;
    }
    for (size_t i = 0; i < r->count; i++) {
        v->segments[i] = hls_segment_ref(r->segments[i]);
    }
    v->count = r->count;
    v->listed = r->listed;
    if (r->open && r->open->part_count > 0) {
        v->open = hls_segment_copy(r->open);
        return v->open != NULL;
    }
    return true;
}

struct bc_hls_snapshot *
hls_snapshot_create(struct hls_rendition *const *renditions, size_t count)
{
    struct bc_hls_snapshot *s = calloc(1, sizeof(*s));
    if (!s) {
        return NULL;
    }
    atomic_init(&s->refs, 1);
    pthread_mutex_init(&s->mutex, NULL);
    s->params = renditions[0]->format->params;
    bool ok = true;
    for (size_t i = 0; i < count; i++) {
        ok = init_view(&s->views[renditions[i]->kind], renditions[i]) && ok;
    }
    if (!ok) {
        bc_hls_snapshot_unref(&s);
    }
    return s;
}

struct bc_hls_snapshot *
bc_hls_snapshot_ref(struct bc_hls_snapshot *s)
{
    atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}

static void
destroy(struct bc_hls_snapshot *s)
{
    for (size_t r = 0; r < BC_HLS_RENDITIONS; r++) {
        if (!s->views[r].segments && !s->views[r].track) {
            continue; // most hosts send one quality
        }
        finish_view(&s->views[r]);
        for (size_t i = 0; i < HLS_TEXTS * 2; i++) {
            struct bc_buf *text = atomic_load(&s->texts[r][i / 2][i % 2]);
            bc_buf_unref(&text);
        }
    }
    hls_dated_finish(&s->dated);
    bc_track_unref(&s->video);
    bc_track_unref(&s->audio);
    pthread_mutex_destroy(&s->mutex);
    free(s);
}

void
bc_hls_snapshot_unref(struct bc_hls_snapshot **holder)
{
    struct bc_hls_snapshot *s = *holder;
    *holder = NULL;
    if (s && atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) == 1) {
        destroy(s);
    }
}

struct hls_newest
hls_view_newest(const struct hls_view *v)
{
    const struct hls_segment *s = v->open;
    if (!s && v->count > 0) {
        s = v->segments[v->count - 1];
    }
    return (struct hls_newest){
        .segment = s,
        .open = s && s == v->open,
        .part = s ? (int64_t)s->part_count - 1 : -1,
    };
}

bool
hls_view_is_offered(const struct hls_view *v)
{
    struct hls_newest newest = hls_view_newest(v);
    return v->exists && !v->stands_in && newest.segment && !newest.segment->gap;
}

bool
bc_hls_snapshot_complete(const struct bc_hls_snapshot *s)
{
    return bc_hls_snapshot_playable(s) && !s->variants_due;
}

bool
bc_hls_snapshot_playable(const struct bc_hls_snapshot *s)
{
    const struct hls_view *v = &s->views[BC_HLS_MAIN];
    if (v->count > 0) {
        return true;
    }
    for (size_t i = 0; v->open && i < v->open->part_count; i++) {
        if (v->open->parts[i].independent) {
            return true;
        }
    }
    return false;
}

bool
bc_hls_snapshot_ended(const struct bc_hls_snapshot *s)
{
    return s->ended;
}

bool
bc_hls_snapshot_has(const struct bc_hls_snapshot *s, enum bc_hls_rendition rendition)
{
    // Only with something to list: the audio's first part comes a moment after the
    // main's.
    return s->views[rendition].exists && hls_view_newest(&s->views[rendition]).segment;
}

enum bc_codec
bc_hls_snapshot_passed_over(const struct bc_hls_snapshot *s)
{
    return s->passed_over;
}

enum bc_hls_rendition
hls_snapshot_resolve(const struct bc_hls_snapshot *s, enum bc_hls_rendition rendition)
{
    bool alone = rendition == BC_HLS_AUDIO && !s->views[rendition].exists && !s->video;
    return alone ? BC_HLS_MAIN : rendition;
}

uint64_t
bc_hls_snapshot_serial(const struct bc_hls_snapshot *s)
{
    return s->serial;
}

int64_t
bc_hls_snapshot_end_us(const struct bc_hls_snapshot *s)
{
    struct hls_newest newest = hls_view_newest(&s->views[BC_HLS_MAIN]);
    return newest.segment ? newest.segment->end_us : INT64_MIN;
}

int64_t
bc_hls_snapshot_target_us(const struct bc_hls_snapshot *s)
{
    return s->params.target_us;
}

void
bc_hls_snapshot_stats(const struct bc_hls_snapshot *s, struct bc_hls_stats *out)
{
    const struct hls_view *v = &s->views[BC_HLS_MAIN];
    struct hls_newest newest = hls_view_newest(v);
    size_t bytes = 0;
    for (size_t i = 0; i < BC_HLS_RENDITIONS; i++) {
        bytes += s->views[i].bytes;
    }
    *out = (struct bc_hls_stats){
        .last_msn = newest.segment ? newest.segment->msn : 0,
        .last_dseq = newest.segment ? newest.segment->dseq : 0,
        .parts = v->next_part,
        .window_bytes = bytes,
        .part_target_us = v->part_target_us,
        .last_part_wall_us = s->last_part_wall_us,
        .last_part_arrived_us = s->last_part_arrived_us,
        .renderings = atomic_load(&s->renderings),
        .compressions = atomic_load(&s->compressions),
    };
}

static enum bc_hls_answer
refuse(enum bc_hls_answer answer, const char *text, const char **why)
{
    if (why) {
        *why = text;
    }
    return answer;
}

// Advance Part Limit: how far ahead of the newest part a client may ask.
static int64_t
part_limit(const struct hls_view *v)
{
    int64_t target = v->part_target_us;
    return target > 0 && target < US_PER_S ? (3 * US_PER_S + target - 1) / target : 3;
}

// Whether the playlist has what is waited for. Without a part number, the first part of
// the segment will do: that is what Safari means (LL-9).
static bool
has_arrived(const struct hls_newest *newest, const struct bc_hls_query *q)
{
    uint64_t msn = newest->segment->msn;
    if (q->msn != msn || !q->has_part) {
        return q->msn <= msn;
    }
    // Beyond the last part of a closed segment is the first of the next (LL-8).
    return (int64_t)q->part <= newest->part || (!newest->open && q->part == 0);
}

enum bc_hls_answer
bc_hls_playlist_state(const struct bc_hls_snapshot *s, enum bc_hls_rendition rendition,
    const struct bc_hls_query *q, const char **why)
{
    if (!s || !bc_hls_snapshot_playable(s)) {
        return s && s->ended ? refuse(BC_HLS_GONE, "the stream ended", why) : BC_HLS_WAIT;
    }
    const struct hls_view *v = &s->views[hls_snapshot_resolve(s, rendition)];
    if (!v->exists) {
        return refuse(BC_HLS_GONE, "no such rendition", why);
    }
    if (s->ended) {
        return BC_HLS_READY;
    }
    struct hls_newest newest = hls_view_newest(v);
    if (!newest.segment) {
        return BC_HLS_WAIT;
    }
    if (!q->has_msn) {
        // In a broadcast's first seconds there are parts only, and players that do not
        // know parts give up on a playlist without segments.
        return v->count > 0 ? BC_HLS_READY : BC_HLS_WAIT;
    }
    uint64_t msn = newest.segment->msn;
    if (q->msn > msn + 2) {
        return refuse(BC_HLS_BAD, "_HLS_msn is too far ahead", why);
    }
    int64_t last = q->msn == msn ? newest.part : -1;
    if (q->has_part && q->msn >= msn && (int64_t)q->part > last + part_limit(v)) {
        return refuse(BC_HLS_BAD, "_HLS_part is too far ahead", why);
    }
    return has_arrived(&newest, q) ? BC_HLS_READY : BC_HLS_WAIT;
}
