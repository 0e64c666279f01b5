// SPDX-License-Identifier: Apache-2.0
#include "rtp_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

int64_t g_now_us;

int64_t
bc_clock_us(void)
{
    return g_now_us;
}

int64_t
bc_clock_wall_us(void)
{
    return INT64_C(1772366400000000) + g_now_us;
}

void
bc_clock_format(int64_t wall_us, char out[BC_TIME_TEXT])
{
    (void)wall_us;
    out[0] = '\0';
}

void
bc_timer_init(struct bc_timer *timer, struct bc_worker *worker,
    void (*fire)(struct bc_timer *timer))
{
    *timer = (struct bc_timer){ .worker = worker, .fire = fire };
}

int
bc_timer_set(struct bc_timer *timer, int64_t delay_us)
{
    timer->due_us = g_now_us + delay_us;
    timer->slot = 1;
    return 0;
}

void
bc_timer_cancel(struct bc_timer *timer)
{
    timer->slot = 0;
}

static struct fixture *g_fixture;

// --- the window ---

struct bc_rtp_window *
bc_rtp_window_obtain(struct bc_rtp_windows *windows, struct bc_channel *program)
{
    return program == MAIN ? &g_fixture->window
        : program          ? &g_fixture->other
                           : &windows->nowhere;
}

void
bc_rtp_window_hold(struct bc_rtp_window *window)
{
    window->viewer_count++;
}

void
bc_rtp_window_release(struct bc_rtp_window *window)
{
    window->viewer_count--;
}

void
bc_rtp_window_add_viewer(struct bc_rtp_window *window, struct bc_list *node)
{
    bc_list_append(&window->viewers, node);
    window->viewer_count++;
}

void
bc_rtp_window_remove_viewer(struct bc_rtp_window *window, struct bc_list *node)
{
    bc_list_remove(node);
    window->viewer_count--;
}

void
bc_rtp_window_pace(struct bc_rtp_window *window, struct bc_list *node)
{
    if (bc_list_empty(node)) {
        bc_list_append(&window->pacing, node);
    }
}

void
bc_rtp_window_want_key(struct bc_rtp_window *window, unsigned lane)
{
    (void)window;
    g_fixture->asked[lane]++;
}

// --- the channel ---

struct bc_channel *
bc_channel_watch_program(struct bc_channel *channel, struct bc_worker *worker,
    struct bc_program_watch *watch)
{
    (void)worker;
    bc_list_init(&watch->node);
    g_fixture->watch = watch;
    return channel;
}

void
bc_channel_unwatch_program(struct bc_program_watch *watch)
{
    assert_ptr_equal(g_fixture->watch, watch);
    g_fixture->watch = NULL;
}

struct bc_channel *
bc_channel_ref(struct bc_channel *channel)
{
    return channel;
}

void
bc_channel_unref(struct bc_channel **holder)
{
    *holder = NULL;
}

enum bc_channel_state
bc_channel_state(const struct bc_channel *channel)
{
    (void)channel;
    return g_fixture->state;
}

// --- the peer ---

static uint8_t g_room[2048];

uint8_t *
bc_peer_reserve(struct bc_peer *peer, size_t len)
{
    (void)peer;
    return len <= sizeof(g_room) && !g_fixture->full ? g_room : NULL;
}

int
bc_peer_send_rtp(struct bc_peer *peer, uint8_t *packet, size_t len)
{
    (void)peer;
    struct fixture *f = g_fixture;
    struct bc_rtp_header h;
    assert_int_equal(bc_rtp_parse(packet, len, &h), 0);
    assert_true(f->count < PACKETS_MAX);
    bool again = h.ssrc == RTX_SSRC;
    const uint8_t *payload = h.payload + (again ? 2 : 0);
    unsigned frame;
    memcpy(&frame, payload, sizeof(frame));
    f->packets[f->count++] = (struct sent_packet){ .at_us = g_now_us, .bytes = len,
        .lane = payload[4], .frame = frame, .seq = h.seq, .timestamp = h.timestamp,
        .osn = again ? (uint16_t)(h.payload[0] << 8 | h.payload[1]) : 0,
        .marker = h.marker, .key = payload[5], .again = again };
    assert_true(again || h.ssrc == (payload[4] == BC_LANE_AUDIO ? AUDIO_SSRC : VIDEO_SSRC));
    assert_int_equal(h.payload_type, again ? RTX_PT : h.ssrc == AUDIO_SSRC ? 111 : 96);
    return (int)len;
}

int
bc_peer_send_rtcp(struct bc_peer *peer, const uint8_t *data, size_t len)
{
    (void)peer;
    (void)data;
    return (int)len;
}

// --- the host ---

struct bc_rtp_frame *
make_frame_of(struct fixture *f, struct bc_rtp_window *window, unsigned lane,
    unsigned slices, bool key)
{
    size_t table = slices * sizeof(struct bc_rtp_slice);
    struct bc_rtp_frame *frame
        = calloc(1, sizeof(*frame) + table + (size_t)slices * SLICE);
    assert_non_null(frame);
    assert_true(f->frame_count < FRAMES_MAX);
    struct bc_rtp_ring *ring = &window->rings[lane];
    struct bc_rtp_slice *list = (struct bc_rtp_slice *)(frame + 1);
    uint8_t *bytes = (uint8_t *)list + table;
    for (unsigned i = 0; i < slices; i++) {
        list[i] = (struct bc_rtp_slice){ i * SLICE, SLICE };
        memcpy(bytes + (size_t)i * SLICE, &f->frame_count, sizeof(f->frame_count));
        bytes[(size_t)i * SLICE + 4] = (uint8_t)lane;
        bytes[(size_t)i * SLICE + 5] = key;
    }
    bool audio = lane == BC_LANE_AUDIO;
    frame->kind = audio ? BC_KIND_AUDIO : BC_KIND_VIDEO;
    frame->codec = audio ? BC_CODEC_OPUS : BC_CODEC_AVC;
    frame->flags = key ? BC_PACKET_KEY : 0;
    frame->rendition = audio ? 0 : (uint8_t)(lane - BC_LANE_VIDEO);
    frame->base_us = window == &f->other ? f->other_ahead_us : 0;
    frame->pts_us = frame->wall_us = g_now_us + frame->base_us;
    frame->arrived_us = g_now_us;
    frame->number = ring->next;
    frame->timestamp = (uint32_t)(frame->pts_us * (audio ? 48 : 90) / 1000);
    frame->count = slices;
    frame->total = slices * SLICE;
    frame->slices = list;
    frame->bytes = bytes;
    f->frames[f->frame_count++] = frame;
    ring->frames[ring->next & (ring->cap - 1)] = frame;
    ring->key = key ? ring->next : ring->key;
    ring->next++;
    ring->first = ring->next > RING ? ring->next - RING : 1;
    return frame;
}

void
make_frame(struct fixture *f, unsigned lane, unsigned slices, bool key)
{
    make_frame_of(f, &f->window, lane, slices, key);
}

void
walk(struct fixture *f)
{
    struct bc_rtp_window *windows[] = { &f->window, &f->other };
    for (unsigned i = 0; i < 2; i++) {
        bc_list_for_each(node, tmp, &windows[i]->viewers)
        {
            bc_rtp_viewer_walk(node, g_now_us);
        }
    }
}

// Time goes by: ticks of the pace every 4 ms, and the viewer's timer.
void
pass(struct fixture *f, int64_t us)
{
    for (int64_t end = g_now_us + us; g_now_us < end;) {
        g_now_us += 4 * MS < end - g_now_us ? 4 * MS : end - g_now_us;
        struct bc_timer *timer = f->viewer ? &f->viewer->timer : NULL;
        if (timer && timer->slot && timer->due_us <= g_now_us) {
            timer->fire(timer);
        }
        if (f->viewer && !bc_list_empty(&f->viewer->pacing_node)) {
            bc_list_remove(&f->viewer->pacing_node);
            bc_rtp_viewer_tick(&f->viewer->pacing_node, g_now_us);
        }
    }
}

// A second of the host: 30 pictures of each rendition, and 50 packets of sound go along
// in the gaps. Sizes in slices.
void
run_second(struct fixture *f, const unsigned *sizes, unsigned renditions)
{
    for (unsigned i = 0; i < 30; i++) {
        bool key = f->pictures++ % GOP == 0;
        for (unsigned r = 0; r < renditions; r++) {
            make_frame(f, BC_LANE_VIDEO + r, key ? 4 * sizes[r] : sizes[r], key);
        }
        make_frame(f, BC_LANE_AUDIO, 1, false);
        walk(f);
        pass(f, SECOND_US / 30);
    }
    for (unsigned r = 0; r < renditions; r++) {
        f->window.rings[BC_LANE_VIDEO + r].bps = (int64_t)(29 + 4) * sizes[r] * SLICE * 8;
    }
}

void
tell_remb(struct fixture *f, uint64_t bps)
{
    struct bc_writer w = { 0 };
    uint32_t ssrc = VIDEO_SSRC;
    bc_rtcp_write_remb(&w, 1, &ssrc, 1, bps);
    bc_rtp_viewer_on_rtcp(f->viewer, w.data, w.len, g_now_us);
    bc_writer_finish(&w);
}

static void
on_end(void *user, const char *reason)
{
    struct fixture *f = user;
    snprintf(f->reason, sizeof(f->reason), "%s", reason);
    f->ended = true;
    bc_rtp_viewer_destroy(f->viewer); // as its owner does
    f->viewer = NULL;
}

static const struct bc_rtp_viewer_ops OPS = { on_end };

void
open_viewer(struct fixture *f, bool transport_cc)
{
    struct bc_sdp_session session = { 0 };
    session.video = (struct bc_sdp_chosen){ .active = true, .codec = BC_CODEC_AVC,
        .pt = 96, .rtx_pt = RTX_PT, .nack = true, .goog_remb = true, .transport_cc = transport_cc };
    session.video.ext.transport_cc = transport_cc ? 3 : 0;
    session.audio = (struct bc_sdp_chosen){ .active = true, .codec = BC_CODEC_OPUS,
        .pt = 111 };
    struct bc_rtp_viewer_params params = { .windows = &f->windows, .channel = MAIN,
        .session = &session, .video_ssrc = VIDEO_SSRC, .video_rtx_ssrc = RTX_SSRC, .audio_ssrc = AUDIO_SSRC,
        .cname = "x", .ops = &OPS, .user = f };
    f->viewer = bc_rtp_viewer_create(&params);
    assert_non_null(f->viewer);
}

static void
init_window(struct fixture *f, struct bc_rtp_window *w)
{
    bc_list_init(&w->viewers);
    bc_list_init(&w->pacing);
    w->windows = &f->windows;
    w->channel = w == &f->window ? MAIN : w == &f->other ? OTHER : NULL;
    w->gop_max_us = 10 * SECOND_US;
    w->primed = true;
    w->description = (struct bc_rtp_description){ .live = w->channel,
        .video = BC_CODEC_AVC, .audio = BC_CODEC_OPUS, .renditions = 1 };
    for (unsigned i = 0; i < BC_LANES; i++) {
        struct bc_rtp_ring *ring = &w->rings[i];
        ring->first = ring->next = 1;
        if (w->channel) {
            ring->frames = calloc(RING, sizeof(struct bc_rtp_frame *));
            assert_non_null(ring->frames);
            ring->cap = RING;
        }
    }
}

static void
finish_window(struct bc_rtp_window *w)
{
    for (unsigned i = 0; i < BC_LANES; i++) {
        free(w->rings[i].frames);
    }
}

int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    *state = g_fixture = f;
    if (!f) {
        return -1;
    }
    g_now_us = 100 * SECOND_US;
    f->state = BC_CHANNEL_LIVE;
    init_window(f, &f->window);
    init_window(f, &f->other);
    init_window(f, &f->windows.nowhere);
    return 0;
}

int
teardown(void **state)
{
    struct fixture *f = *state;
    // Whatever happened: sequence numbers of each stream have no hole.
    int last[2] = { -1, -1 };
    bool whole = true;
    for (unsigned i = 0; i < f->count; i++) {
        if (!f->packets[i].again) {
            int *l = &last[f->packets[i].lane == BC_LANE_AUDIO];
            whole = whole && (*l < 0 || f->packets[i].seq == (uint16_t)(*l + 1));
            *l = f->packets[i].seq;
        }
    }
    bc_rtp_viewer_destroy(f->viewer);
    for (unsigned i = 0; i < f->frame_count; i++) {
        free(f->frames[i]);
    }
    whole = whole && !f->watch && f->window.viewer_count == 0
        && f->other.viewer_count == 0 && f->windows.nowhere.viewer_count == 0;
    finish_window(&f->window);
    finish_window(&f->other);
    free(f);
    return whole ? 0 : -1;
}
