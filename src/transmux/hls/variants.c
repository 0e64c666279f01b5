// SPDX-License-Identifier: Apache-2.0
#include "muxer.h"

#include <stdlib.h>

// The playlists of smaller pictures have the main one's segment numbers and
// discontinuities. Each is cut at its own first keyframe at or after the main cut, never
// before: so no playlist is ever ahead of the main one, and a host whose keyframes are
// not at the same time makes segments that begin later, not other numbers. What fails to
// come makes gaps, and no other playlist waits for it.

// A picture that was silent for so long when the main playlist is cut does not come.
#define SILENT_US 1500000
// How much older than the main segment the keyframe may be with which one begins.
#define EARLY_US 1000000

// How far the stamps of the same picture in two sizes stray, of an encoder with a clock of
// its own for each.
#define JITTER_US 15000

static int64_t
half_frame(const struct bc_hls_muxer *m)
{
    return m->main.runs[0].pace.frame_us / 2;
}

static bool
is_key(const struct bc_packet *p)
{
    return p->kind == BC_KIND_VIDEO && (p->flags & BC_PACKET_KEY);
}

// The keyframe with which one that does not run may begin; NULL when there is none.
static const struct bc_packet *
first_of(const struct hls_variant *v)
{
    return v->held.count > 0 ? v->held.items[0].packet : NULL;
}

// Leaves the running format. What came since the last keyframe may begin the next one.
static void
stop(struct bc_hls_muxer *m, struct hls_variant *v)
{
    if (v->running) {
        hls_rendition_stop(&v->r);
        hls_muxer_catch_up(m, &v->r, m->main.next_msn);
    }
    v->running = false;
    v->cut_pending = false;
    hls_queue_keep_gop(&v->held);
}

// Dates do not step back, also not over the gap that is there instead of it so far.
static bool
is_behind_last(const struct bc_hls_muxer *m, const struct hls_variant *v, int64_t pts_us)
{
    const struct hls_segment *last = hls_rendition_last(&v->r);
    int64_t date_us = pts_us + m->format.wall_offset_us + JITTER_US;
    return !last || date_us >= last->pdt_us + last->end_us - last->start_us;
}

static bool
may_start(const struct bc_hls_muxer *m, const struct hls_variant *v)
{
    const struct bc_packet *key = first_of(v);
    const struct hls_segment *now = m->main.open;
    if (!m->running || !m->video_in.track || !now || !key || key->epoch != m->epoch) {
        return false;
    }
    int64_t begin_us = now->start_us + m->format.reorder_us;
    return key->pts_us + EARLY_US >= begin_us
        && key->pts_us < hls_muxer_shown_until(m) - half_frame(m)
        && (!v->r.exists || v->r.next_msn <= m->main.next_msn)
        && is_behind_last(m, v, key->pts_us);
}

static void
start(struct bc_hls_muxer *m, struct hls_variant *v)
{
    const struct bc_packet *key = first_of(v);
    if (!may_start(m, v)) {
        return;
    }
    hls_muxer_catch_up(m, &v->r, m->main.next_msn);
    v->r.next_msn = m->main.next_msn;
    v->r.reorder_us = key->pts_us - key->dts_us;
    v->start_us = key->pts_us;
    struct bc_track *tracks[2] = { key->track, m->audio_in.track };
    v->running = hls_rendition_start(&v->r, tracks, m->audio_in.track ? 2 : 1) == 0;
}

// Sound from before its first picture is left out, as in the main playlist.
static void
feed_sound(struct hls_variant *v, struct bc_packet *p)
{
    const struct bc_track *track = v->r.runs[1].track;
    int64_t half_us = bc_cmaf_us(p->track->frame_samples, p->track->sample_rate) / 2;
    bool same = track && (track == p->track || bc_track_equal(track, p->track));
    if (same && p->dts_us + half_us >= v->start_us) {
        hls_rendition_ride(&v->r, p);
    }
}

// False when it does not fit: then it has stopped.
static bool
feed_picture(struct bc_hls_muxer *m, struct hls_variant *v, struct bc_packet *p)
{
    bool at_cut = is_key(p) && p->pts_us + half_frame(m) >= v->cut_us;
    bool full = hls_rendition_is_full(&v->r, p->dts_us);
    if (full && !v->cut_pending) {
        stop(m, v);
        return false;
    }
    if (v->cut_pending && (at_cut || full)) {
        v->cut_pending = false;
        hls_rendition_cut_before(&v->r, p);
        hls_muxer_catch_up(m, &v->r, m->main.next_msn);
    }
    hls_rendition_push(&v->r, p);
    return true;
}

// What is held from before the newest main picture goes to its playlist.
static void
release(struct bc_hls_muxer *m, struct hls_variant *v)
{
    if (!v->running) {
        start(m, v);
    }
    int64_t until_us = hls_muxer_shown_until(m) - half_frame(m);
    size_t n = 0;
    while (v->running && n < v->held.count) {
        struct bc_packet *p = v->held.items[n].packet;
        if (p->kind == BC_KIND_AUDIO) {
            feed_sound(v, p);
        } else if (p->dts_us + v->r.reorder_us >= until_us) {
            break;
        } else if (!feed_picture(m, v, p)) {
            return; // and what was held is sorted out
        }
        n++;
    }
    hls_queue_shift(&v->held, n);
}

// Bounded in time and, by that, in memory: the main picture does not come, or no place for
// it does.
static void
hold(struct bc_hls_muxer *m, struct hls_variant *v, struct bc_packet *p)
{
    const struct bc_packet *first = first_of(v);
    if (first && p->dts_us - first->dts_us > m->format.params.target_us) {
        stop(m, v);
        hls_queue_shift(&v->held, v->held.count);
    }
    if ((v->held.count > 0 || v->running || is_key(p))
        && hls_queue_push(&v->held, p, 0) < 0) {
        stop(m, v);
        hls_queue_shift(&v->held, v->held.count);
    }
}

static struct hls_variant *
variant_of(struct bc_hls_muxer *m, const struct bc_packet *p)
{
    struct hls_variant **slot = &m->variants[p->rendition - 1];
    if (!*slot && is_key(p)) {
        *slot = calloc(1, sizeof(**slot));
        if (*slot) {
            enum bc_hls_rendition kind =
                (enum bc_hls_rendition)(BC_HLS_V1 + p->rendition - 1);
            hls_rendition_init(&(*slot)->r, kind, &m->format);
        }
    }
    return *slot;
}

// Whether a packet belongs to what came before. Those of a new epoch may be here before
// the main picture's.
static bool
goes_on(const struct bc_hls_muxer *m, const struct hls_variant *v,
    const struct bc_packet *p)
{
    const struct bc_packet *first = first_of(v);
    const struct bc_track *track = v->running ? v->r.runs[0].track
        : first ? first->track : NULL;
    uint32_t epoch = v->running ? m->epoch : first ? first->epoch : p->epoch;
    bool same = !track || track == p->track || bc_track_equal(track, p->track);
    bool back = (v->running || first) && p->dts_us < v->last_us;
    return same && !back && p->epoch == epoch;
}

void
hls_variants_push(struct bc_hls_muxer *m, struct bc_packet *packet)
{
    bool usable = packet->kind == BC_KIND_VIDEO && packet->rendition <= HLS_VARIANTS;
    struct hls_variant *v = usable ? variant_of(m, packet) : NULL;
    if (!v || (m->has_epoch && packet->epoch < m->epoch)) {
        return;
    }
    if (!goes_on(m, v, packet)) {
        stop(m, v);
        hls_queue_shift(&v->held, v->held.count);
    } else if (!v->running && is_key(packet)) {
        hls_queue_shift(&v->held, v->held.count);
    }
    v->last_us = packet->dts_us;
    hold(m, v, packet);
    release(m, v);
}

void
hls_variants_sound(struct bc_hls_muxer *m, struct bc_packet *packet)
{
    for (size_t i = 0; i < HLS_VARIANTS; i++) {
        struct hls_variant *v = m->variants[i];
        if (v && v->held.count > 0) {
            hold(m, v, packet);
        } else if (v && v->running) {
            feed_sound(v, packet);
        }
    }
}

void
hls_variants_release(struct bc_hls_muxer *m)
{
    for (size_t i = 0; i < HLS_VARIANTS; i++) {
        if (m->variants[i]) {
            release(m, m->variants[i]);
        }
    }
}

// A whole segment late: it is cut where it is, and not at a keyframe.
static void
cut_late(struct bc_hls_muxer *m, struct hls_variant *v)
{
    hls_rendition_cut(&v->r);
    hls_muxer_catch_up(m, &v->r, m->main.next_msn - 1);
}

void
hls_variants_cut(struct bc_hls_muxer *m, int64_t at_us)
{
    for (size_t i = 0; i < HLS_VARIANTS; i++) {
        struct hls_variant *v = m->variants[i];
        if (!v || !v->r.exists) {
            continue;
        }
        if (v->running && m->video_in.last_us - v->last_us > SILENT_US) {
            stop(m, v);
        }
        if (v->running && v->cut_pending) {
            cut_late(m, v);
        }
        v->cut_pending = v->running;
        v->cut_us = at_us;
        if (!v->running) {
            hls_muxer_catch_up(m, &v->r, m->main.next_msn);
            if (hls_rendition_is_void(&v->r)) {
                hls_rendition_withdraw(&v->r);
            }
        }
    }
}

void
hls_variants_close(struct bc_hls_muxer *m)
{
    for (size_t i = 0; i < HLS_VARIANTS; i++) {
        struct hls_variant *v = m->variants[i];
        if (v) {
            stop(m, v);
            hls_muxer_catch_up(m, &v->r, m->main.next_msn);
        }
    }
}

void
hls_variants_forget(struct bc_hls_muxer *m)
{
    for (size_t i = 0; i < HLS_VARIANTS; i++) {
        struct hls_variant *v = m->variants[i];
        if (v && first_of(v) && first_of(v)->epoch != m->epoch) {
            hls_queue_finish(&v->held);
        }
    }
}

void
hls_variants_finish(struct bc_hls_muxer *m)
{
    for (size_t i = 0; i < HLS_VARIANTS; i++) {
        if (m->variants[i]) {
            hls_rendition_finish(&m->variants[i]->r);
            hls_queue_finish(&m->variants[i]->held);
            free(m->variants[i]);
        }
    }
}
