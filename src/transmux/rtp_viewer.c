// SPDX-License-Identifier: Apache-2.0
// A viewer by WebRTC: its life, reports, and what happens when its picture is broken.
#include "rtp_viewer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"

#define RESTART_US 1000000
#define PLI_PATIENCE_US 400000
#define STILL_US 1000000 // no frame for so long: nothing is live
#define REPORT_US 1000000
#define FIRST_REPORT_US 50000
#define UP_WAIT_US 8000000

static struct bc_rtp_viewer *
from_node(struct bc_list *node)
{
    return bc_container_of(node, struct bc_rtp_viewer, node);
}


// --- keyframes ---

void
bc_rtp_viewer_key_wanted(struct bc_rtp_viewer *v, int64_t now_us)
{
    bc_rtp_count(&v->window->windows->key_requests, 1);
    const struct bc_rtp_ring *ring = bc_rtp_viewer_ring(v);
    if (!v->started || v->arriving || v->waiting_key || v->burst_left > 0
        || now_us - v->restarted_us < RESTART_US) {
        return; // one is coming
    }
    if (ring->next == v->restarted_at || ring->next == ring->first
        || now_us - bc_rtp_ring_frame(ring, ring->next - 1)->arrived_us > STILL_US) {
        return; // the host is away; the same pictures again would help nobody
    }
    if (v->window->description.can_ask) {
        bool first = now_us - v->key_asked_us > RESTART_US;
        if (first) {
            v->key_asked_us = now_us;
        }
        bc_rtp_window_want_key(v->window, v->video.lane);
        if (now_us - v->key_asked_us < PLI_PATIENCE_US) {
            return;
        }
    }
    // A host by RTMP cannot be asked, and some by WHIP do not listen: the cached keyframe
    // and all since then bring the player back at once.
    if (v->video.slice == 0) {
        v->restarted_us = now_us;
        v->restarted_at = ring->next;
        if (!bc_rtp_viewer_begin_at_key(v, now_us)) {
            bc_rtp_viewer_wait_for_key(v);
        }
        bc_rtp_viewer_pump(v, now_us);
    }
}

// --- life ---

static void
end(struct bc_rtp_viewer *v, const char *reason)
{
    if (!v->ended) {
        v->ended = true;
        v->ops->on_end(v->user, reason);
    }
}

// Why it cannot go on; NULL: it can, though perhaps with nothing to show for a while.
static const char *
reason_to_end(const struct bc_rtp_viewer *v)
{
    const struct bc_rtp_description *d = &v->window->description;
    if (v->window->over || !v->window->channel) {
        // Another program may come, as long as there is a broadcast.
        return bc_channel_state(v->channel) == BC_CHANNEL_ENDED ? "the broadcast ended"
                                                                : NULL;
    }
    if (!v->window->primed || !d->live || d->video == BC_CODEC_NONE) {
        return NULL;
    }
    if (v->video.active && (d->b_frames_refused || d->video != v->video_codec)) {
        return "the video's codec changed";
    }
    return v->misses_video && !d->b_frames_refused ? "there is video now" : NULL;
}

static void
on_timer(struct bc_timer *timer)
{
    struct bc_rtp_viewer *v = bc_container_of(timer, struct bc_rtp_viewer, timer);
    int64_t now = bc_clock_us();
    const char *reason = reason_to_end(v);
    if (reason) {
        end(v, reason);
        return;
    }
    bc_rtp_send_reports(v);
    bc_rtp_viewer_adapt(v, now);
    if (!v->arriving) {
        bc_rtp_viewer_choose_rendition(v, now);
    }
    if (v->waiting_key) {
        bc_rtp_viewer_ask_patiently(v, now);
    }
    bc_rtp_viewer_age_former(v, now);
    bc_timer_set(&v->timer, REPORT_US);
}

void
bc_rtp_viewer_note(struct bc_list *node)
{
    struct bc_rtp_viewer *v = from_node(node);
    const struct bc_rtp_description *d = &v->window->description;
    const char *reason = reason_to_end(v);
    if (reason) {
        end(v, reason);
    } else if (v->started && v->arriving) {
        bc_rtp_viewer_arrive(v, bc_clock_us());
    } else if (v->started && !v->window->over) {
        // Other parameters: it goes on with the keyframe that brings them.
        bool gone = v->video.lane > BC_LANE_VIDEO
            && v->video.lane >= BC_LANE_VIDEO + d->renditions;
        if (gone) {
            v->video.lane = BC_LANE_VIDEO;
            v->want_lane = 0;
        }
        if (gone || v->video.slice == 0) {
            bc_rtp_viewer_wait_for_key(v);
        }
    }
}

static uint16_t
random16(void)
{
    uint16_t r = 0;
    if (getrandom(&r, sizeof(r), 0) != sizeof(r)) {
        r = 1;
    }
    return r & 0x7fff; // RFC 3711 3.3.1: room before the first wrap
}

static void
open_stream(struct bc_rtp_stream *s, const struct bc_sdp_chosen *chosen, uint32_t ssrc,
    uint32_t rtx_ssrc)
{
    s->active = chosen->active;
    s->pt = chosen->pt;
    s->rtx_pt = chosen->rtx_pt;
    s->twcc_id = chosen->transport_cc ? chosen->ext.transport_cc : 0;
    s->playout_delay_id = chosen->ext.playout_delay;
    s->ssrc = ssrc;
    s->rtx_ssrc = rtx_ssrc;
    s->seq = random16();
    s->rtx_seq = random16();
}

struct bc_rtp_viewer *
bc_rtp_viewer_create(const struct bc_rtp_viewer_params *params)
{
    const struct bc_sdp_session *session = params->session;
    struct bc_rtp_viewer *v = calloc(1, sizeof(*v));
    if (!v) {
        return NULL;
    }
    bc_list_init(&v->node);
    bc_list_init(&v->pacing_node);
    if (!bc_rtp_viewer_follow(v, params)) {
        free(v);
        return NULL;
    }
    v->peer = params->peer;
    v->ops = params->ops;
    v->user = params->user;
    snprintf(v->cname, sizeof(v->cname), "%s", params->cname);
    open_stream(&v->video, &session->video, params->video_ssrc, params->video_rtx_ssrc);
    open_stream(&v->audio, &session->audio, params->audio_ssrc, 0);
    v->video_codec = session->video.codec;
    v->misses_video = params->misses_video;
    v->largest = params->rendition;
    v->video.lane = BC_LANE_VIDEO;
    v->audio.lane = BC_LANE_AUDIO;
    v->up_wait_us = UP_WAIT_US;
    bc_timer_init(&v->timer, params->windows->worker, on_timer);
    return v;
}

// The history that feedback refers to is large; who never connects does not need it.
static bool
open_feedback(struct bc_rtp_viewer *v)
{
    if (!v->video.twcc_id && !v->audio.twcc_id) {
        return true;
    }
    v->twcc = calloc(1, sizeof(*v->twcc));
    if (v->twcc) {
        bc_twcc_sender_init(v->twcc);
    }
    return v->twcc != NULL;
}

void
bc_rtp_viewer_start(struct bc_rtp_viewer *v)
{
    int64_t now = bc_clock_us();
    if (!open_feedback(v)) {
        end(v, "no memory");
        return;
    }
    v->started = true;
    v->tokens_at_us = now;
    v->tokens = BC_RTP_BUCKET_MIN;
    bc_timer_set(&v->timer, FIRST_REPORT_US);
    v->arriving = true;
    if (v->window->primed) {
        bc_rtp_viewer_note(&v->node);
    }
}

void
bc_rtp_viewer_destroy(struct bc_rtp_viewer *v)
{
    if (!v) {
        return;
    }
    bc_timer_cancel(&v->timer);
    bc_rtp_viewer_unfollow(v);
    free(v->twcc);
    free(v);
}

void
bc_rtp_viewer_stats(const struct bc_rtp_viewer *v, struct bc_rtp_viewer_stats *out)
{
    *out = v->stats;
    out->rendition = v->video.lane - BC_LANE_VIDEO;
    out->rtt_us = v->twcc && v->twcc->rtt_us > 0 ? v->twcc->rtt_us : v->rtt_us;
    out->estimate_bps = bc_rtp_viewer_estimate(v);
    out->loss = v->loss;
}
