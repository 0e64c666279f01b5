// SPDX-License-Identifier: Apache-2.0
// A viewer by WebRTC follows its channel's program: from window to window, with sequence
// numbers and times that go on, as WHEP cannot negotiate again.
#include "base/clock.h"
#include "rtp_viewer.h"

#define RESEND_US 2000000 // how long packets of before a move are sent again
// Clocks that are as near as this to each other are one.
#define SAME_CLOCK_US 100000
#define SOUND_CATCH_UP 10 // packets of sound that a move takes along

// --- the times ---

static bool
is_near(int64_t a_us, int64_t b_us)
{
    return a_us - b_us < SAME_CLOCK_US && b_us - a_us < SAME_CLOCK_US;
}

// Another program or another take: its times are moved so that they go on as it arrives.
static void
join_clock(struct bc_rtp_viewer *v, const struct bc_rtp_frame *frame)
{
    if (v->based && !is_near(frame->base_us, v->base_us)) {
        int64_t shift_us = v->base_us + v->shift_us - frame->base_us;
        v->shift_us = is_near(shift_us, 0) ? 0 : shift_us;
    }
    v->joined = v->based = true;
    v->clock = frame->clock;
    v->base_us = frame->base_us;
}

uint32_t
bc_rtp_viewer_timestamp(
    struct bc_rtp_viewer *v, struct bc_rtp_stream *s, const struct bc_rtp_frame *frame)
{
    if (!s->joined || s->clock != frame->clock) {
        if (!v->joined || v->clock != frame->clock) {
            join_clock(v, frame);
        }
        int64_t rate = frame->kind == BC_KIND_VIDEO ? 90 : 48;
        s->shift = (uint32_t)(v->shift_us * rate / 1000);
        s->joined = true;
        s->clock = frame->clock;
    }
    if (v->clock == frame->clock) {
        v->base_us = frame->base_us; // it drifts
    }
    return frame->timestamp + s->shift;
}

bool
bc_rtp_viewer_has_video(const struct bc_rtp_viewer *v)
{
    return v->video.active;
}

bool
bc_rtp_viewer_time_of(const struct bc_rtp_viewer *v, int64_t at_us, uint32_t *rtp_time)
{
    const struct bc_rtp_stream *s = &v->video;
    // As the frames' own (rtp_time() in protocol/rtp/payload/frame.c).
    *rtp_time = (uint32_t)(uint64_t)(at_us > 0 ? (at_us * 9 + 50) / 100 : 0) + s->shift;
    return s->joined && s->packets > 0;
}

// --- from window to window ---

// What was begun is sent to its end, whatever the pace says: half a picture would look like
// a loss.
static void
finish_frame(struct bc_rtp_viewer *v, int64_t now_us)
{
    struct bc_rtp_stream *s = &v->video;
    const struct bc_rtp_ring *ring = bc_rtp_viewer_ring(v);
    s->stamped = false;
    if (s->slice == 0 || s->next < ring->first || s->next >= ring->next) {
        return;
    }
    const struct bc_rtp_frame *frame = bc_rtp_ring_frame(ring, s->next);
    while (s->slice < frame->count) {
        int n = bc_rtp_send_slice(v, s, frame, s->slice, s->frame_ts, now_us);
        if (n < 0) {
            break;
        }
        v->tokens -= n;
        s->slice++;
    }
    // Later numbers belong to other frames.
    v->sent[(v->sent_count - 1) & (BC_RTP_SENT - 1)].count = (uint16_t)s->slice;
    s->last_ts = s->frame_ts;
    s->slice = 0;
    s->next++;
}

static void
forget_former(struct bc_rtp_viewer *v)
{
    if (v->former) {
        bc_rtp_window_release(v->former);
        v->former = NULL;
    }
}

void
bc_rtp_viewer_age_former(struct bc_rtp_viewer *v, int64_t now_us)
{
    if (now_us - v->moved_us > RESEND_US) {
        forget_former(v);
    }
}

static void
leave(struct bc_rtp_viewer *v, int64_t now_us)
{
    struct bc_rtp_window *old = v->window;
    forget_former(v);
    if (v->started && old->channel) {
        finish_frame(v, now_us);
        v->been[1] = v->been[0];
        v->been[0] = (struct bc_rtp_been){ old, v->video.lane, v->video.next };
        v->former = old;
        v->former_from = v->sent_from;
        bc_rtp_window_hold(old);
    }
    v->sent_from = v->sent_count;
    v->moved_us = now_us;
    bc_list_remove(&v->pacing_node);
    bc_rtp_window_remove_viewer(old, &v->node);
}

// Sound goes on at once, with what is new; a little may have come already.
static void
join_sound(struct bc_rtp_viewer *v)
{
    const struct bc_rtp_ring *ring = &v->window->rings[BC_LANE_AUDIO];
    uint64_t held = ring->next - ring->first;
    v->audio.next = held > SOUND_CATCH_UP ? ring->next - SOUND_CATCH_UP
        : held > 0                        ? ring->first
                                          : 0;
}

// The size that it wants, or what its path carries of those there are.
static unsigned
choose_lane(const struct bc_rtp_viewer *v)
{
    unsigned n = v->window->description.renditions;
    unsigned rendition = v->largest < n ? v->largest : n - (n > 0);
    int64_t estimate = bc_rtp_viewer_estimate(v);
    while (estimate > 0 && rendition + 1 < n
        && v->window->rings[BC_LANE_VIDEO + rendition].bps > estimate) {
        rendition++;
    }
    return BC_LANE_VIDEO + rendition;
}

// Nobody is shown the same pictures twice.
static bool
was_sent(const struct bc_rtp_viewer *v)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct bc_rtp_been *b = &v->been[i];
        if (b->window == v->window && b->lane == v->video.lane) {
            return bc_rtp_viewer_ring(v)->key < b->next;
        }
    }
    return false;
}

void
bc_rtp_viewer_arrive(struct bc_rtp_viewer *v, int64_t now_us)
{
    v->arriving = false;
    v->want_lane = 0;
    v->restarted_at = 0;
    v->calm_since_us = now_us;
    v->video.lane = choose_lane(v);
    if (v->sent_count > 0 || v->audio.packets > 0) {
        join_sound(v);
    } else {
        const struct bc_rtp_ring *sound = &v->window->rings[BC_LANE_AUDIO];
        v->audio.next = sound->next > sound->first ? sound->next : 0;
    }
    bc_rtp_viewer_adapt(v, now_us);
    if (was_sent(v) || !bc_rtp_viewer_begin_at_key(v, now_us)) {
        bc_rtp_viewer_wait_for_key(v);
    }
    bc_rtp_viewer_pump(v, now_us);
}

static void
on_program(struct bc_program_watch *watch, struct bc_channel *program)
{
    struct bc_rtp_viewer *v = bc_container_of(watch, struct bc_rtp_viewer, watch);
    struct bc_rtp_windows *windows = v->window->windows;
    int64_t now = bc_clock_us();
    struct bc_rtp_window *w = bc_rtp_window_obtain(windows, program);
    w = w ? w : &windows->nowhere;
    if (w == v->window || v->ended) {
        return;
    }
    leave(v, now);
    v->joined = v->video.joined = v->audio.joined = false;
    v->window = w;
    bc_rtp_window_add_viewer(w, &v->node);
    v->arriving = true;
    if (w->primed) {
        bc_rtp_viewer_note(&v->node);
    }
}

bool
bc_rtp_viewer_follow(struct bc_rtp_viewer *v, const struct bc_rtp_viewer_params *params)
{
    v->watch.on_program = on_program;
    struct bc_channel *program = bc_channel_watch_program(
        params->channel, params->windows->worker, &v->watch);
    v->window = bc_rtp_window_obtain(params->windows, program);
    bc_channel_unref(&program);
    if (!v->window) {
        bc_channel_unwatch_program(&v->watch);
        return false;
    }
    v->channel = bc_channel_ref(params->channel);
    bc_rtp_window_add_viewer(v->window, &v->node);
    return true;
}

void
bc_rtp_viewer_unfollow(struct bc_rtp_viewer *v)
{
    forget_former(v);
    bc_list_remove(&v->pacing_node);
    bc_rtp_window_remove_viewer(v->window, &v->node);
    bc_channel_unwatch_program(&v->watch);
    bc_channel_unref(&v->channel);
}
