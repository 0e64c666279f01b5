// SPDX-License-Identifier: Apache-2.0
#include "muxer.h"

// The audio playlist has the main playlist's segment numbers and discontinuities, and is
// cut at the same media time (LL-14, HLS-7). So sound is held until the picture has come
// as far, and a segment in which no sound arrived is a gap. variants.c does the same for the smaller
// pictures.

static const struct hls_segment *
main_segment(const struct bc_hls_muxer *m, uint64_t msn)
{
    const struct hls_rendition *r = &m->main;
    if (r->count == 0 || msn < r->segments[0]->msn) {
        return NULL;
    }
    uint64_t i = msn - r->segments[0]->msn;
    return i < r->count ? r->segments[i] : NULL;
}

void
hls_muxer_catch_up(struct bc_hls_muxer *m, struct hls_rendition *r, uint64_t msn)
{
    while (r->exists && r->next_msn < msn) {
        const struct hls_segment *like = main_segment(m, r->next_msn);
        uint64_t before = r->next_msn;
        if (like) {
            hls_rendition_gap(r, like);
        }
        if (r->next_msn == before) {
            return; // no memory
        }
    }
}

static void
cut_audio(struct bc_hls_muxer *m, uint64_t next_msn)
{
    m->cut_pending = false;
    hls_rendition_cut(&m->audio);
    hls_muxer_catch_up(m, &m->audio, next_msn);
}

// The main playlist went on to a new segment, whose picture is shown from `at_us`.
static void
on_main_cut(struct bc_hls_muxer *m, int64_t at_us)
{
    if (!m->audio.exists) {
        return;
    }
    if (!m->audio.runs[0].track) {
        hls_muxer_catch_up(m, &m->audio, m->main.next_msn);
        return;
    }
    if (m->cut_pending) { // the sound is a whole segment late
        cut_audio(m, m->main.next_msn - 1);
    }
    m->cut_pending = true;
    m->cut_us = at_us;
}

static void
push_audio(struct bc_hls_muxer *m, struct bc_packet *packet)
{
    // On the side of the cut to which it is nearer; a hole may be as long as a segment.
    int64_t until_cut_us = m->cut_us - packet->dts_us;
    const struct hls_run *run = &m->audio.runs[0];
    int64_t end_us = bc_cmaf_us(hls_run_end(run), run->timescale);
    bool beyond_hole = m->audio.open && packet->dts_us - until_cut_us > end_us;
    bool full = hls_rendition_is_full(&m->audio, packet->dts_us);
    bool at_cut = until_cut_us <= run->pace.frame_us / 2 || beyond_hole || full;
    if (m->cut_pending && at_cut) {
        cut_audio(m, m->main.next_msn);
        full = false;
    }
    if (!full) {
        hls_rendition_push(&m->audio, packet);
    }
}

// Held sound from before `until_us` goes to its playlist.
static void
release(struct bc_hls_muxer *m, int64_t until_us)
{
    size_t n = 0;
    while (n < m->held.count && m->held.items[n].packet->dts_us < until_us) {
        push_audio(m, m->held.items[n++].packet);
    }
    hls_queue_shift(&m->held, n);
}

int64_t
hls_muxer_shown_until(const struct bc_hls_muxer *m)
{
    return m->video_in.last_us + m->main.runs[0].pace.frame_us + m->format.reorder_us;
}

// The track that rules the main playlist.
static void
feed_ruling(struct bc_hls_muxer *m, struct bc_packet *packet)
{
    uint64_t before = m->main.next_msn;
    hls_rendition_push(&m->main, packet);
    if (m->main.next_msn != before) {
        int64_t dts_us = m->main.open ? m->main.open->start_us : packet->dts_us;
        on_main_cut(m, dts_us + m->format.reorder_us);
        hls_variants_cut(m, dts_us + m->format.reorder_us);
    }
}

// Sound from before the first picture is left out (MT-5).
static bool
is_leading(const struct bc_hls_muxer *m, const struct bc_packet *p)
{
    int64_t half_us = bc_cmaf_us(p->track->frame_samples, p->track->sample_rate) / 2;
    return p->dts_us + half_us < m->format.start_us;
}

void
hls_muxer_feed(struct bc_hls_muxer *m, struct bc_packet *packet)
{
    if (packet->kind == BC_KIND_VIDEO) {
        feed_ruling(m, packet);
        release(m, hls_muxer_shown_until(m));
        hls_variants_release(m);
        return;
    }
    if (!m->video_in.track) {
        feed_ruling(m, packet);
        if (m->audio.exists) {
            push_audio(m, packet);
        }
        return;
    }
    if (is_leading(m, packet)) {
        return;
    }
    hls_rendition_ride(&m->main, packet);
    if (packet->dts_us < hls_muxer_shown_until(m)) {
        push_audio(m, packet);
    } else {
        (void)hls_queue_push(&m->held, packet, 0);
    }
}

void
hls_muxer_close(struct bc_hls_muxer *m)
{
    hls_rendition_cut(&m->main);
    if (m->audio.exists) {
        hls_rendition_cut(&m->audio);
        hls_muxer_catch_up(m, &m->audio, m->main.next_msn);
    }
    hls_variants_close(m);
    m->cut_pending = false;
}
