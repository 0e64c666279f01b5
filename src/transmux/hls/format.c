// SPDX-License-Identifier: Apache-2.0
#include "muxer.h"

// How long to wait for a second track once one has come, and for the first keyframe of a
// video of which only other frames came yet.
#define TRACK_WAIT_US 1000000
#define KEY_WAIT_US 10000000

// The first keyframe among the collected; NULL when there is none.
static const struct hls_queued *
first_key(const struct hls_queue *q)
{
    for (size_t i = 0; i < q->count; i++) {
        if (q->items[i].packet->kind == BC_KIND_VIDEO) {
            return &q->items[i]; // others are not collected before it
        }
    }
    return NULL;
}

static bool
is_settled(const struct bc_hls_muxer *m, const struct bc_packet *newest)
{
    const struct hls_queue *q = &m->collected;
    bool video = first_key(q) != NULL;
    if (video && m->audio_in.seen) {
        return true;
    }
    int64_t waited_us = newest->dts_us - q->items[0].packet->dts_us;
    bool key_expected = m->video_in.seen && !video;
    return waited_us >= (key_expected ? KEY_WAIT_US : TRACK_WAIT_US)
        || q->count == HLS_QUEUE_MAX;
}

void
hls_muxer_collect(struct bc_hls_muxer *m, struct bc_packet *packet, int64_t wall_us)
{
    struct hls_queue *q = &m->collected;
    bool video = packet->kind == BC_KIND_VIDEO;
    bool useless = video && !(packet->flags & BC_PACKET_KEY) && !first_key(q);
    if (!useless && hls_queue_push(q, packet, wall_us) < 0) {
        return;
    }
    if (q->count > 0 && is_settled(m, packet)) {
        hls_muxer_settle(m);
    }
}

static void
keep_behind(struct bc_hls_muxer *m, const struct hls_segment *last, int64_t pts_us)
{
    if (last) {
        int64_t end_us = last->pdt_us + last->end_us - last->start_us;
        int64_t start_us = pts_us + m->format.wall_offset_us;
        m->format.wall_offset_us += end_us > start_us ? end_us - start_us : 0;
    }
}

// The wall clock of the format, from its first packet; it never steps back over what the
// playlists already say (HLS-13).
static void
set_clock(struct bc_hls_muxer *m, const struct hls_queued *first)
{
    const struct bc_packet *p = first->packet;
    m->format.reorder_us = p->kind == BC_KIND_VIDEO ? p->pts_us - p->dts_us : 0;
    m->format.wall_offset_us = first->wall_us - p->pts_us;
    m->format.start_us = p->pts_us;
    keep_behind(m, hls_rendition_last(&m->main), p->pts_us);
    keep_behind(m, hls_rendition_last(&m->audio), p->pts_us);
    for (size_t i = 0; i < HLS_VARIANTS; i++) {
        if (m->variants[i]) {
            keep_behind(m, hls_rendition_last(&m->variants[i]->r), p->pts_us);
        }
    }
}

static struct bc_track *
collected_track(const struct hls_queue *q, enum bc_kind kind)
{
    for (size_t i = 0; i < q->count; i++) {
        if (q->items[i].packet->kind == kind) {
            return q->items[i].packet->track;
        }
    }
    return NULL;
}

bool
hls_muxer_contradicts(const struct bc_hls_muxer *m, const struct bc_packet *packet)
{
    const struct bc_track *track = collected_track(&m->collected, packet->kind);
    return track && track != packet->track && !bc_track_equal(track, packet->track);
}

static void
start_format(struct bc_hls_muxer *m, struct bc_track *video, struct bc_track *audio)
{
    if (m->main.next_msn != m->format.first_msn) { // else the last one left no segment
        m->format.discontinuity = true;
        m->format.dseq++;
        m->format.first_msn = m->main.next_msn;
    }
    struct bc_track *tracks[2] = { video ? video : audio, audio };
    m->main.reorder_us = m->format.reorder_us;
    int ret = hls_rendition_start(&m->main, tracks, video && audio ? 2 : 1);
    if (ret == 0 && ((video && audio) || m->audio.exists)) {
        m->audio.next_msn = m->main.next_msn;
        ret = hls_rendition_start(&m->audio, &audio, audio ? 1 : 0);
    }
    m->running = ret == 0;
    if (m->running) {
        m->video_in.track = video ? bc_track_ref(video) : NULL;
        m->audio_in.track = audio ? bc_track_ref(audio) : NULL;
    }
}

void
hls_muxer_settle(struct bc_hls_muxer *m)
{
    struct hls_queue q = m->collected;
    m->collected = (struct hls_queue){ 0 };
    if (q.count > 0) {
        const struct hls_queued *key = first_key(&q);
        set_clock(m, key ? key : &q.items[0]);
        start_format(m, collected_track(&q, BC_KIND_VIDEO),
            collected_track(&q, BC_KIND_AUDIO));
        for (size_t i = 0; i < q.count && m->running; i++) {
            hls_muxer_feed(m, q.items[i].packet);
        }
        hls_variants_release(m);
    }
    hls_queue_finish(&q);
}

void
hls_muxer_flush(struct bc_hls_muxer *m)
{
    // A moment of sound alone, before a picture, is no format worth a discontinuity.
    if (!m->running && (first_key(&m->collected) || m->ended)) {
        hls_muxer_settle(m);
    }
    hls_queue_finish(&m->collected);
    if (m->running) {
        hls_muxer_close(m);
    }
    hls_queue_finish(&m->held);
    m->running = false;
    m->sound_waits = false;
    bc_track_unref(&m->video_in.track);
    bc_track_unref(&m->audio_in.track);
    m->video_in.seen = false;
    m->audio_in.seen = false;
}
