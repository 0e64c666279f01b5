// SPDX-License-Identifier: Apache-2.0
// What a viewer by WebRTC is sent when: cursors, skips, the pace.
#include "rtp_viewer.h"

#include "base/clock.h"

// Further behind than this (and not catching up from a cached GOP) it goes on at a
// keyframe: live shopping is watched now or not at all.
#define LAG_US 500000
#define BURST_US 4000000 // how long catching up may take
#define BURST_STEP 45    // 0.5 ms in the RTP clock
#define RESTART_STEPS 1200 // all of a restart's frames within less than one frame's time
#define SKIP_ASK_US 2000000 // a host is asked for keyframes because of skips this often
#define BUCKET_US 10000

static struct bc_rtp_viewer *
from_node(struct bc_list *node)
{
    return bc_container_of(node, struct bc_rtp_viewer, node);
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
    v->key_from = bc_rtp_viewer_ring(v)->next;
    rewind_to(&v->video, v->key_from);
    v->burst_left = 0;
}

void
bc_rtp_viewer_wait_for_key(struct bc_rtp_viewer *v)
{
    stop_until_key(v);
    if (v->window->description.can_ask) {
        bc_rtp_window_want_key(v->window, v->video.lane);
    }
}

// Keyframes are large for everybody: those with small paths wait for each other.
void
bc_rtp_viewer_ask_patiently(struct bc_rtp_viewer *v, int64_t now_us)
{
    struct bc_rtp_window *w = v->window;
    if (w->description.can_ask && now_us - w->skip_asked_us >= SKIP_ASK_US) {
        w->skip_asked_us = now_us;
        bc_rtp_window_want_key(w, v->video.lane);
    }
}

// The frames from the newest keyframe to the live edge go out faster than they were made,
// with timestamps that run together accordingly.
bool
bc_rtp_viewer_begin_at_key(struct bc_rtp_viewer *v, int64_t now_us)
{
    const struct bc_rtp_ring *ring = bc_rtp_viewer_ring(v);
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
    uint32_t last_ts = bc_rtp_viewer_timestamp(v, &v->video, last);
    bool resumed = v->video.packets > 0 && (int32_t)(last_ts - v->video.last_ts) <= 0;
    if (resumed) {
        v->burst_step = n < RESTART_STEPS ? RESTART_STEPS / n : 1;
        v->burst_left = n;
        v->burst_ts = v->video.last_ts + v->burst_step;
    } else {
        v->burst_step = BURST_STEP;
        v->burst_left = n - 1;
        v->burst_ts = last_ts - (n - 1) * BURST_STEP;
    }
    return true;
}

static void
skip(struct bc_rtp_viewer *v, int64_t now_us)
{
    const struct bc_rtp_ring *ring = bc_rtp_viewer_ring(v);
    v->stats.skips++;
    bc_rtp_count(&v->window->windows->skips, 1);
    v->calm_since_us = now_us;
    bool newer = ring->key > v->video.next;
    if (!newer || !bc_rtp_viewer_begin_at_key(v, now_us)) {
        stop_until_key(v);
        bc_rtp_viewer_ask_patiently(v, now_us);
    }
}

// The frame to send now; NULL: nothing.
static const struct bc_rtp_frame *
next_frame(struct bc_rtp_viewer *v, int64_t now_us)
{
    const struct bc_rtp_ring *ring = bc_rtp_viewer_ring(v);
    if (v->waiting_key) {
        if (ring->key < v->key_from || !bc_rtp_viewer_begin_at_key(v, now_us)) {
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
    uint32_t ts = bc_rtp_viewer_timestamp(v, s, frame);
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
    int64_t least = v->twcc || v->remb_bps ? BC_RTP_BUCKET_MIN : BC_RTP_BUCKET_FREE;
    int64_t cap = v->rate_bps / 8 * BUCKET_US / 1000000;
    cap = cap < least ? least : cap;
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
        uint32_t ts = bc_rtp_viewer_timestamp(v, s, frame);
        if (s->packets > 0 && (int32_t)(ts - s->last_ts) <= 0) {
            continue; // of before a move: it was heard already, in another channel
        }
        if (bc_rtp_send_slice(v, s, frame, 0, ts, now_us) < 0) {
            return false;
        }
        s->last_ts = ts;
    }
    return true;
}

void
bc_rtp_viewer_pump(struct bc_rtp_viewer *v, int64_t now_us)
{
    if (!v->started || v->ended || v->arriving) {
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
        bc_rtp_viewer_pump(v, now_us);
    } else if (v->started && !v->ended && !v->arriving) {
        send_audio(v, now_us); // its pictures wait for the pace
    }
}

void
bc_rtp_viewer_tick(struct bc_list *node, int64_t now_us)
{
    bc_rtp_viewer_pump(bc_container_of(node, struct bc_rtp_viewer, pacing_node), now_us);
}

void
bc_rtp_viewer_writable(struct bc_rtp_viewer *v)
{
    bc_rtp_viewer_pump(v, bc_clock_us());
}
