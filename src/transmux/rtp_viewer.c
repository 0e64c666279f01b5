// SPDX-License-Identifier: Apache-2.0
// A viewer's cursors: what is sent when.
#include "rtp_viewer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"

// Further behind than this (and not catching up from a cached GOP) it goes on at a
// keyframe: live shopping is watched now or not at all.
#define LAG_US 500000
#define BURST_US 4000000 // how long catching up may take
#define BURST_STEP 45    // 0.5 ms in the RTP clock
#define RESTART_STEPS 1200 // all of a restart's frames within less than one frame's time
#define RESTART_US 1000000
#define PLI_PATIENCE_US 400000
#define SKIP_ASK_US 2000000 // a host is asked for keyframes because of skips this often
#define STILL_US 1000000 // no frame for so long: nothing is live
#define REPORT_US 1000000
#define FIRST_REPORT_US 50000
// The pace: what a path is trusted with.
#define RATE_FREE_BPS 100000000   // nobody tells us about the path
#define RATE_UNKNOWN_MIN_BPS 8000000
#define RATE_UNKNOWN_MAX_BPS 30000000
#define RATE_MIN_BPS 100000
#define BUCKET_US 10000
#define BUCKET_MIN 24000
// Renditions: up again after so long without trouble, twice as long after each failure.
#define UP_WAIT_US 8000000
#define UP_WAIT_MAX_US 64000000
#define LANE_DEAD_US 1500000   // no picture of a rendition while others come
#define LANE_PATIENCE_US 3000000 // for the keyframe of another rendition

static struct bc_rtp_viewer *
from_node(struct bc_list *node)
{
    return bc_container_of(node, struct bc_rtp_viewer, node);
}

static const struct bc_rtp_ring *
video_ring(const struct bc_rtp_viewer *v)
{
    return &v->window->rings[v->video.lane];
}

// --- where to go on ---

static void
rewind_to(struct bc_rtp_stream *s, uint64_t number)
{
    s->next = number;
    s->slice = 0;
    s->stamped = false;
}

static void
stop_until_key(struct bc_rtp_viewer *v)
{
    v->waiting_key = true;
    v->key_from = video_ring(v)->next;
    rewind_to(&v->video, v->key_from);
    v->burst_left = 0;
}

static void
wait_for_key(struct bc_rtp_viewer *v)
{
    stop_until_key(v);
    if (v->window->description.can_ask) {
        bc_rtp_window_want_key(v->window, v->video.lane);
    }
}

// Keyframes are large for everybody: those with small paths wait for each other.
static void
ask_patiently(struct bc_rtp_viewer *v, int64_t now_us)
{
    struct bc_rtp_window *w = v->window;
    if (w->description.can_ask && now_us - w->skip_asked_us >= SKIP_ASK_US) {
        w->skip_asked_us = now_us;
        bc_rtp_window_want_key(w, v->video.lane);
    }
}

// The frames from the newest keyframe to the live edge go out faster than they were made,
// with timestamps that run together accordingly.
static bool
begin_at_key(struct bc_rtp_viewer *v, int64_t now_us)
{
    const struct bc_rtp_ring *ring = video_ring(v);
    if (ring->key == 0) {
        return false;
    }
    const struct bc_rtp_frame *key = bc_rtp_ring_frame(ring, ring->key);
    const struct bc_rtp_frame *last = bc_rtp_ring_frame(ring, ring->next - 1);
    if (last->arrived_us - key->arrived_us > v->window->gop_max_us) {
        return false;
    }
    unsigned n = (unsigned)(ring->next - ring->key);
    v->waiting_key = false;
    rewind_to(&v->video, ring->key);
    v->burst_since_us = now_us;
    bool resumed
        = v->video.packets > 0 && (int32_t)(last->timestamp - v->video.last_ts) <= 0;
    if (resumed) {
        v->burst_step = n < RESTART_STEPS ? RESTART_STEPS / n : 1;
        v->burst_left = n;
        v->burst_ts = v->video.last_ts + v->burst_step;
    } else {
        v->burst_step = BURST_STEP;
        v->burst_left = n - 1;
        v->burst_ts = last->timestamp - (n - 1) * BURST_STEP;
    }
    return true;
}

static void
skip(struct bc_rtp_viewer *v, int64_t now_us)
{
    const struct bc_rtp_ring *ring = video_ring(v);
    v->stats.skips++;
    bc_rtp_count(&v->window->windows->skips, 1);
    v->calm_since_us = now_us;
    bool newer = ring->key > v->video.next;
    if (!newer || !begin_at_key(v, now_us)) {
        stop_until_key(v);
        ask_patiently(v, now_us);
    }
}

// The frame to send now; NULL: nothing.
static const struct bc_rtp_frame *
next_frame(struct bc_rtp_viewer *v, int64_t now_us)
{
    const struct bc_rtp_ring *ring = video_ring(v);
    if (v->waiting_key) {
        if (ring->key < v->key_from || !begin_at_key(v, now_us)) {
            return NULL;
        }
    }
    if (v->video.next >= ring->next) {
        return NULL;
    }
    if (v->video.next < ring->first) {
        skip(v, now_us);
        return v->waiting_key ? NULL : bc_rtp_ring_frame(ring, v->video.next);
    }
    const struct bc_rtp_frame *frame = bc_rtp_ring_frame(ring, v->video.next);
    if (v->video.slice > 0) {
        return frame; // what was begun is sent to its end
    }
    const struct bc_rtp_frame *last = bc_rtp_ring_frame(ring, ring->next - 1);
    bool catching_up = v->burst_left > 0 && now_us - v->burst_since_us < BURST_US;
    if (last->arrived_us - frame->arrived_us > LAG_US && !catching_up) {
        skip(v, now_us);
        return v->waiting_key ? NULL : bc_rtp_ring_frame(ring, v->video.next);
    }
    return frame;
}

static void
stamp(struct bc_rtp_viewer *v, const struct bc_rtp_frame *frame)
{
    struct bc_rtp_stream *s = &v->video;
    uint32_t ts = frame->timestamp;
    if (v->burst_left > 0) {
        v->burst_left--;
        ts = v->burst_ts;
        v->burst_ts += v->burst_step;
    }
    if (s->packets > 0 && (int32_t)(ts - s->last_ts) <= 0) {
        ts = s->last_ts + 1;
    }
    s->frame_ts = ts;
    s->stamped = true;
    struct bc_rtp_sent *sent = &v->sent[v->sent_count++ & (BC_RTP_SENT - 1)];
    *sent = (struct bc_rtp_sent){ .number = frame->number, .timestamp = ts,
        .first_seq = s->seq, .count = (uint16_t)frame->count, .lane = (uint8_t)s->lane };
}

static void
refill(struct bc_rtp_viewer *v, int64_t now_us)
{
    int64_t cap = v->rate_bps / 8 * BUCKET_US / 1000000;
    cap = cap < BUCKET_MIN ? BUCKET_MIN : cap;
    v->tokens += (now_us - v->tokens_at_us) * (v->rate_bps / 8) / 1000000;
    v->tokens_at_us = now_us;
    if (v->tokens > cap) {
        v->tokens = cap;
    }
}

// False when the pace or the transport wants it to wait.
static bool
send_frame(struct bc_rtp_viewer *v, const struct bc_rtp_frame *frame, int64_t now_us)
{
    struct bc_rtp_stream *s = &v->video;
    if (!s->stamped) {
        stamp(v, frame);
    }
    while (s->slice < frame->count) {
        if (v->tokens <= 0) {
            return false;
        }
        int n = bc_rtp_send_slice(v, s, frame, s->slice, s->frame_ts, now_us);
        if (n < 0) {
            return false;
        }
        v->tokens -= n;
        s->slice++;
    }
    rewind_to(s, frame->number + 1);
    s->last_ts = s->frame_ts;
    return true;
}

static void
try_switch(struct bc_rtp_viewer *v)
{
    const struct bc_rtp_ring *ring = &v->window->rings[v->want_lane];
    if (v->video.slice > 0 || ring->key < v->want_from || ring->key == 0) {
        return;
    }
    v->video.lane = v->want_lane;
    rewind_to(&v->video, ring->key);
    v->want_lane = 0;
    v->waiting_key = false;
    v->burst_left = 0;
    bc_rtp_count(&v->window->windows->switches, 1);
}

// Sound is small and missed most: it goes first and is not paced.
static bool
send_audio(struct bc_rtp_viewer *v, int64_t now_us)
{
    struct bc_rtp_stream *s = &v->audio;
    const struct bc_rtp_ring *ring = &v->window->rings[BC_LANE_AUDIO];
    if (!s->active || ring->next == ring->first) {
        return true;
    }
    if (s->next == 0) {
        s->next = ring->first; // there was nothing yet when it began
    } else if (s->next < ring->first) {
        s->next = ring->next; // a gap that the player conceals
    }
    for (; s->next < ring->next; s->next++) {
        const struct bc_rtp_frame *frame = bc_rtp_ring_frame(ring, s->next);
        if (bc_rtp_send_slice(v, s, frame, 0, frame->timestamp, now_us) < 0) {
            return false;
        }
        s->last_ts = frame->timestamp;
    }
    return true;
}

static void
pump(struct bc_rtp_viewer *v, int64_t now_us)
{
    if (!v->started || v->ended) {
        return;
    }
    bool all = send_audio(v, now_us);
    if (v->video.active && all) {
        refill(v, now_us);
        const struct bc_rtp_frame *frame;
        if (v->want_lane) {
            try_switch(v);
        }
        while (all && (frame = next_frame(v, now_us))) {
            all = send_frame(v, frame, now_us);
            if (all && v->want_lane) {
                try_switch(v);
            }
        }
    }
    if (!all) {
        bc_rtp_window_pace(v->window, &v->pacing_node);
    }
}

void
bc_rtp_viewer_walk(struct bc_list *node, int64_t now_us)
{
    struct bc_rtp_viewer *v = from_node(node);
    if (bc_list_empty(&v->pacing_node)) {
        pump(v, now_us);
    } else if (v->started && !v->ended) {
        send_audio(v, now_us); // its pictures wait for the pace
    }
}

void
bc_rtp_viewer_tick(struct bc_list *node, int64_t now_us)
{
    pump(bc_container_of(node, struct bc_rtp_viewer, pacing_node), now_us);
}

void
bc_rtp_viewer_writable(struct bc_rtp_viewer *v)
{
    pump(v, bc_clock_us());
}

// --- the path ---

static int64_t
estimate(const struct bc_rtp_viewer *v)
{
    return v->twcc ? v->twcc->estimate_bps : v->remb_bps;
}

static int64_t
clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

void
bc_rtp_viewer_adapt(struct bc_rtp_viewer *v, int64_t now_us)
{
    int64_t est = estimate(v);
    int64_t bps = video_ring(v)->bps;
    bool was = v->constrained;
    v->constrained = est > 0 && bps > 0 && est < bps + bps / 20;
    if (v->constrained) {
        v->rate_bps = clamp(est - est / 20, RATE_MIN_BPS, RATE_FREE_BPS);
        v->calm_since_us = now_us;
    } else if (est > 0) {
        v->rate_bps = clamp(est * 5 / 2, RATE_UNKNOWN_MIN_BPS, RATE_FREE_BPS);
    } else {
        v->rate_bps = v->twcc
            ? clamp(4 * bps, RATE_UNKNOWN_MIN_BPS, RATE_UNKNOWN_MAX_BPS)
            : RATE_FREE_BPS;
    }
    if (was != v->constrained) {
        v->calm_since_us = now_us;
    }
}

// A host that stopped sending a layer does not say so.
static bool
is_dead(const struct bc_rtp_viewer *v, unsigned lane)
{
    const struct bc_rtp_ring *ring = &v->window->rings[lane];
    const struct bc_rtp_ring *best = &v->window->rings[BC_LANE_VIDEO];
    if (ring->next == ring->first) {
        return true;
    }
    return best->next > best->first
        && bc_rtp_ring_frame(best, best->next - 1)->arrived_us
            - bc_rtp_ring_frame(ring, ring->next - 1)->arrived_us
        > LANE_DEAD_US;
}

// The rendition is no more: goes on with the best one.
static void
leave_lane(struct bc_rtp_viewer *v, int64_t now_us)
{
    v->video.lane = BC_LANE_VIDEO;
    v->want_lane = 0;
    v->calm_since_us = now_us;
    bc_rtp_count(&v->window->windows->switches, 1);
    if (v->started && !begin_at_key(v, now_us)) {
        wait_for_key(v);
    }
    pump(v, now_us);
}

static void
want_lane(struct bc_rtp_viewer *v, unsigned lane, int64_t now_us)
{
    v->want_lane = lane;
    v->want_since_us = now_us;
    v->want_from = v->window->rings[lane].next;
    v->calm_since_us = now_us;
    bc_rtp_window_want_key(v->window, lane);
}

// Another size of the picture, when there is one: down when the path is too small, up when
// all was well for a while.
static void
choose_rendition(struct bc_rtp_viewer *v, int64_t now_us)
{
    unsigned n = v->window->description.renditions;
    unsigned current = v->video.lane - BC_LANE_VIDEO;
    if (v->want_lane && now_us - v->want_since_us > LANE_PATIENCE_US) {
        v->want_lane = 0;
    }
    if (current > 0 && (current >= n || is_dead(v, v->video.lane))) {
        leave_lane(v, now_us);
        return;
    }
    if (n < 2 || v->want_lane || !v->video.active) {
        return;
    }
    if (v->constrained && current + 1 < n && !is_dead(v, v->video.lane + 1)) {
        if (v->up_wait_us < UP_WAIT_MAX_US) {
            v->up_wait_us *= 2;
        }
        want_lane(v, v->video.lane + 1, now_us);
    } else if (!v->constrained && current > 0
        && now_us - v->calm_since_us > v->up_wait_us) {
        want_lane(v, v->video.lane - 1, now_us);
    }
}

static void
on_timer(struct bc_timer *timer)
{
    struct bc_rtp_viewer *v = bc_container_of(timer, struct bc_rtp_viewer, timer);
    int64_t now = bc_clock_us();
    bc_rtp_send_reports(v);
    bc_rtp_viewer_adapt(v, now);
    choose_rendition(v, now);
    if (v->waiting_key) {
        ask_patiently(v, now);
    }
    bc_timer_set(&v->timer, REPORT_US);
}

// --- keyframes ---

void
bc_rtp_viewer_key_wanted(struct bc_rtp_viewer *v, int64_t now_us)
{
    bc_rtp_count(&v->window->windows->key_requests, 1);
    const struct bc_rtp_ring *ring = video_ring(v);
    if (!v->started || v->waiting_key || v->burst_left > 0
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
        if (!begin_at_key(v, now_us)) {
            wait_for_key(v);
        }
        pump(v, now_us);
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

void
bc_rtp_viewer_note(struct bc_list *node)
{
    struct bc_rtp_viewer *v = from_node(node);
    const struct bc_rtp_description *d = &v->window->description;
    if (v->window->over) {
        end(v, "the broadcast ended");
    } else if (v->video.active && d->live
        && (d->b_frames_refused
            || (d->video != v->video_codec && d->video != BC_CODEC_NONE))) {
        end(v, "the video's codec changed");
    } else if (v->started) {
        // Other parameters: it goes on with the keyframe that brings them.
        bool gone = v->video.lane > BC_LANE_VIDEO
            && v->video.lane >= BC_LANE_VIDEO + d->renditions;
        if (gone) {
            v->video.lane = BC_LANE_VIDEO;
            v->want_lane = 0;
        }
        if (gone || v->video.slice == 0) {
            wait_for_key(v);
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
    v->window = bc_rtp_window_obtain(params->windows, params->channel);
    if (!v->window) {
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
    v->video.lane = BC_LANE_VIDEO;
    v->audio.lane = BC_LANE_AUDIO;
    v->up_wait_us = UP_WAIT_US;
    bc_list_init(&v->node);
    bc_list_init(&v->pacing_node);
    bc_timer_init(&v->timer, params->windows->worker, on_timer);
    bc_rtp_window_add_viewer(v->window, &v->node);
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
    v->tokens = BUCKET_MIN;
    v->calm_since_us = now;
    const struct bc_rtp_ring *audio = &v->window->rings[BC_LANE_AUDIO];
    v->audio.next = audio->next > audio->first ? audio->next : 0;
    bc_rtp_viewer_adapt(v, now);
    if (v->window->over) {
        end(v, "the broadcast ended");
        return;
    }
    if (!begin_at_key(v, now)) {
        wait_for_key(v);
    }
    bc_timer_set(&v->timer, FIRST_REPORT_US);
    pump(v, now);
}

void
bc_rtp_viewer_destroy(struct bc_rtp_viewer *v)
{
    if (!v) {
        return;
    }
    bc_timer_cancel(&v->timer);
    bc_list_remove(&v->pacing_node);
    bc_rtp_window_remove_viewer(v->window, &v->node);
    free(v->twcc);
    free(v);
}

void
bc_rtp_viewer_stats(const struct bc_rtp_viewer *v, struct bc_rtp_viewer_stats *out)
{
    *out = v->stats;
    out->rendition = v->video.lane - BC_LANE_VIDEO;
    out->rtt_us = v->twcc && v->twcc->rtt_us > 0 ? v->twcc->rtt_us : v->rtt_us;
    out->estimate_bps = estimate(v);
    out->loss = v->loss;
}
