// SPDX-License-Identifier: Apache-2.0
// What a WebRTC viewer is sent when: the pace (WRTC-47), a path that is too small and
// renditions (WRTC-49). The window is the test's own, the peer writes down what it gets.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "protocol/rtp/rtcp.h"
#include "transmux/rtp_viewer.h"

#define VIDEO_SSRC 4
#define AUDIO_SSRC 6
#define MS 1000
#define SECOND_US INT64_C(1000000)
#define RING 4096
#define FRAMES_MAX 8000
#define PACKETS_MAX 60000
#define SLICE 1160
#define GOP 30 // pictures, at 30 a second

static int64_t g_now_us;

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

// What was sent.
struct sent_packet {
    int64_t at_us;
    size_t bytes;
    unsigned lane;
    unsigned frame; // which the test made
    uint16_t seq;
    bool key;
};

struct fixture {
    struct bc_rtp_windows windows;
    struct bc_rtp_window window;
    struct bc_rtp_viewer *viewer;
    struct bc_rtp_frame *frames[FRAMES_MAX]; // owned
    unsigned frame_count;
    struct sent_packet packets[PACKETS_MAX];
    unsigned count;
    unsigned asked[BC_LANES]; // for keyframes
    unsigned pictures;        // made of each lane
    bool ended;
};

static struct fixture *g_fixture;

// --- the window ---

struct bc_rtp_window *
bc_rtp_window_obtain(struct bc_rtp_windows *windows, struct bc_channel *channel)
{
    (void)windows;
    (void)channel;
    return &g_fixture->window;
}

void
bc_rtp_window_add_viewer(struct bc_rtp_window *window, struct bc_list *node)
{
    bc_list_append(&window->viewers, node);
}

void
bc_rtp_window_remove_viewer(struct bc_rtp_window *window, struct bc_list *node)
{
    (void)window;
    bc_list_remove(node);
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

// --- the peer ---

static uint8_t g_room[2048];

uint8_t *
bc_peer_reserve(struct bc_peer *peer, size_t len)
{
    (void)peer;
    return len <= sizeof(g_room) ? g_room : NULL;
}

int
bc_peer_send_rtp(struct bc_peer *peer, uint8_t *packet, size_t len)
{
    (void)peer;
    struct fixture *f = g_fixture;
    struct bc_rtp_header h;
    assert_int_equal(bc_rtp_parse(packet, len, &h), 0);
    assert_true(f->count < PACKETS_MAX);
    unsigned frame;
    memcpy(&frame, h.payload, sizeof(frame));
    f->packets[f->count++] = (struct sent_packet){ .at_us = g_now_us, .bytes = len,
        .lane = h.payload[4], .frame = frame, .seq = h.seq, .key = h.payload[5] };
    assert_int_equal(h.ssrc, h.payload[4] == BC_LANE_AUDIO ? AUDIO_SSRC : VIDEO_SSRC);
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

// A frame of so many slices, whose bytes tell which it is.
static void
make_frame(struct fixture *f, unsigned lane, unsigned slices, bool key)
{
    size_t table = slices * sizeof(struct bc_rtp_slice);
    struct bc_rtp_frame *frame
        = calloc(1, sizeof(*frame) + table + (size_t)slices * SLICE);
    assert_non_null(frame);
    assert_true(f->frame_count < FRAMES_MAX);
    struct bc_rtp_ring *ring = &f->window.rings[lane];
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
    frame->pts_us = frame->wall_us = frame->arrived_us = g_now_us;
    frame->number = ring->next;
    frame->timestamp = (uint32_t)(g_now_us * (audio ? 48 : 90) / 1000);
    frame->count = slices;
    frame->total = slices * SLICE;
    frame->slices = list;
    frame->bytes = bytes;
    f->frames[f->frame_count++] = frame;
    ring->frames[ring->next & (ring->cap - 1)] = frame;
    ring->key = key ? ring->next : ring->key;
    ring->next++;
    ring->first = ring->next > RING ? ring->next - RING : 1;
}

static void
walk(struct fixture *f)
{
    bc_list_for_each(node, tmp, &f->window.viewers)
    {
        bc_rtp_viewer_walk(node, g_now_us);
    }
}

// Time goes by: ticks of the pace every 4 ms, and the viewer's timer.
static void
pass(struct fixture *f, int64_t us)
{
    for (int64_t end = g_now_us + us; g_now_us < end;) {
        g_now_us += 4 * MS < end - g_now_us ? 4 * MS : end - g_now_us;
        struct bc_timer *timer = &f->viewer->timer;
        if (timer->slot && timer->due_us <= g_now_us) {
            timer->fire(timer);
        }
        if (!bc_list_empty(&f->window.pacing)) {
            struct bc_list *node = f->window.pacing.next;
            bc_list_remove(node);
            bc_rtp_viewer_tick(node, g_now_us);
        }
    }
}

// A second of the host: 30 pictures of each rendition, and 50 packets of sound go along
// in the gaps. Sizes in slices.
static void
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

static void
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
    assert_non_null(reason);
    f->ended = true;
}

static const struct bc_rtp_viewer_ops OPS = { on_end };

static void
open_viewer(struct fixture *f, bool transport_cc)
{
    struct bc_sdp_session session = { 0 };
    session.video = (struct bc_sdp_chosen){ .active = true, .codec = BC_CODEC_AVC,
        .pt = 96, .nack = true, .goog_remb = true, .transport_cc = transport_cc };
    session.video.ext.transport_cc = transport_cc ? 3 : 0;
    session.audio = (struct bc_sdp_chosen){ .active = true, .codec = BC_CODEC_OPUS,
        .pt = 111 };
    struct bc_rtp_viewer_params params = { .windows = &f->windows, .session = &session,
        .video_ssrc = VIDEO_SSRC, .video_rtx_ssrc = 5, .audio_ssrc = AUDIO_SSRC,
        .cname = "x", .ops = &OPS, .user = f };
    f->viewer = bc_rtp_viewer_create(&params);
    assert_non_null(f->viewer);
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    *state = g_fixture = f;
    if (!f) {
        return -1;
    }
    g_now_us = 100 * SECOND_US;
    bc_list_init(&f->window.viewers);
    bc_list_init(&f->window.pacing);
    f->window.windows = &f->windows;
    f->window.gop_max_us = 10 * SECOND_US;
    f->window.primed = true;
    f->window.description = (struct bc_rtp_description){ .live = true,
        .video = BC_CODEC_AVC, .audio = BC_CODEC_OPUS, .renditions = 1 };
    for (unsigned i = 0; i < BC_LANES; i++) {
        struct bc_rtp_ring *ring = &f->window.rings[i];
        ring->frames = calloc(RING, sizeof(struct bc_rtp_frame *));
        assert_non_null(ring->frames);
        ring->cap = RING;
        ring->first = ring->next = 1;
    }
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    // Whatever happened: sequence numbers of each stream have no hole.
    int last[2] = { -1, -1 };
    bool whole = true;
    for (unsigned i = 0; i < f->count; i++) {
        int *l = &last[f->packets[i].lane == BC_LANE_AUDIO];
        whole = whole && (*l < 0 || f->packets[i].seq == (uint16_t)(*l + 1));
        *l = f->packets[i].seq;
    }
    bc_rtp_viewer_destroy(f->viewer);
    for (unsigned i = 0; i < f->frame_count; i++) {
        free(f->frames[i]);
    }
    for (unsigned i = 0; i < BC_LANES; i++) {
        free(f->window.rings[i].frames);
    }
    free(f);
    return whole ? 0 : -1;
}

// Bytes of video sent since packet `from`.
static size_t
video_bytes(const struct fixture *f, unsigned from)
{
    size_t bytes = 0;
    for (unsigned i = from; i < f->count; i++) {
        bytes += f->packets[i].lane != BC_LANE_AUDIO ? f->packets[i].bytes : 0;
    }
    return bytes;
}

// --- the pace ---

// 350 kB at once would be lost in the next Wi-Fi queue.
static void
test_a_large_keyframe_is_spread(void **state)
{
    struct fixture *f = *state;
    open_viewer(f, true);
    make_frame(f, BC_LANE_VIDEO, 300, true);
    bc_rtp_viewer_start(f->viewer);
    assert_true(video_bytes(f, 0) <= 24000 + 2 * SLICE);
    int64_t began_us = g_now_us;
    for (int i = 0; i < 200 && f->count < 300; i++) {
        unsigned before = f->count;
        pass(f, 4 * MS);
        // 8 Mbit/s are 4 kB in a tick.
        assert_true(video_bytes(f, before) <= 4000 + 2 * SLICE);
    }
    assert_int_equal(f->count, 300);
    assert_true(g_now_us - began_us > 250 * MS && g_now_us - began_us < 400 * MS);
}

static void
test_sound_overtakes_a_keyframe_that_is_paced(void **state)
{
    struct fixture *f = *state;
    open_viewer(f, true);
    make_frame(f, BC_LANE_VIDEO, 300, true);
    bc_rtp_viewer_start(f->viewer);
    for (int i = 0; i < 5; i++) {
        pass(f, 20 * MS);
        make_frame(f, BC_LANE_AUDIO, 1, false);
        walk(f);
        assert_int_equal(f->packets[f->count - 1].lane, BC_LANE_AUDIO);
        assert_int_equal(f->packets[f->count - 1].at_us, g_now_us);
    }
    assert_true(f->count < 300);
}

// --- a path that is too small ---

static void
test_a_small_path_loses_pictures_down_to_keyframes(void **state)
{
    struct fixture *f = *state;
    const unsigned sizes[] = { 9 }; // some 2.8 Mbit/s
    open_viewer(f, false);
    bc_rtp_viewer_start(f->viewer);
    for (int i = 0; i < 3; i++) {
        run_second(f, sizes, 1);
    }
    assert_int_equal(f->viewer->stats.skips, 0);
    tell_remb(f, 1000000);
    unsigned from = f->count;
    for (int i = 0; i < 20; i++) {
        run_second(f, sizes, 1);
        tell_remb(f, 1000000);
    }
    assert_true(f->viewer->stats.skips >= 10);
    size_t most = 20 * 1000000 / 8 + 24000 + 2 * SLICE;
    assert_true(video_bytes(f, from) <= most && video_bytes(f, from) > most / 2);
    unsigned last = 0;
    for (unsigned i = from; i < f->count; i++) {
        const struct sent_packet *p = &f->packets[i];
        if (p->lane == BC_LANE_AUDIO) {
            continue;
        }
        // Never older than half a second, and the rest of a picture that was begun.
        assert_true(p->at_us - f->frames[p->frame]->arrived_us <= 1000 * MS);
        // Each of the test's pictures is followed by one packet of sound.
        bool next = p->frame == last || p->frame == last + 2;
        assert_true(next || p->key || i == from);
        last = p->frame;
    }
    // All is well again.
    tell_remb(f, 20000000);
    unsigned skips = f->viewer->stats.skips;
    run_second(f, sizes, 1);
    for (int i = 0; i < 5; i++) {
        run_second(f, sizes, 1);
    }
    assert_true(f->viewer->stats.skips <= skips + 1);
}

// --- renditions ---

static unsigned
last_video_lane(const struct fixture *f)
{
    for (unsigned i = f->count; i-- > 0;) {
        if (f->packets[i].lane != BC_LANE_AUDIO) {
            return f->packets[i].lane;
        }
    }
    return 0;
}

static void
test_a_small_path_gets_a_smaller_picture_and_back(void **state)
{
    struct fixture *f = *state;
    const unsigned sizes[] = { 9, 2 }; // some 2.8 and 0.6 Mbit/s
    f->window.description.renditions = 2;
    open_viewer(f, false);
    bc_rtp_viewer_start(f->viewer);
    for (int i = 0; i < 3; i++) {
        run_second(f, sizes, 2);
        assert_int_equal(last_video_lane(f), BC_LANE_VIDEO);
    }
    tell_remb(f, 1000000);
    for (int i = 0; i < 4; i++) {
        run_second(f, sizes, 2);
        tell_remb(f, 1000000);
    }
    assert_int_equal(last_video_lane(f), BC_LANE_VIDEO + 1);
    assert_true(f->asked[BC_LANE_VIDEO + 1] > 0);
    // The large one again, but not at once.
    tell_remb(f, 20000000);
    int seconds = 0;
    while (last_video_lane(f) != BC_LANE_VIDEO && seconds < 60) {
        run_second(f, sizes, 2);
        seconds++;
    }
    assert_true(seconds >= 14 && seconds <= 20);
    // Every change was at a keyframe.
    unsigned lane = BC_LANE_VIDEO;
    for (unsigned i = 0; i < f->count; i++) {
        const struct sent_packet *p = &f->packets[i];
        if (p->lane != BC_LANE_AUDIO && p->lane != lane) {
            assert_true(p->key);
            lane = p->lane;
        }
    }
}

// A browser that has to save drops its largest layer, and says nothing.
static void
test_a_rendition_that_stops_is_left(void **state)
{
    struct fixture *f = *state;
    const unsigned sizes[] = { 9, 2 };
    f->window.description.renditions = 2;
    open_viewer(f, false);
    bc_rtp_viewer_start(f->viewer);
    run_second(f, sizes, 2);
    tell_remb(f, 1000000);
    for (int i = 0; i < 4; i++) {
        run_second(f, sizes, 2);
        tell_remb(f, 1000000);
    }
    assert_int_equal(last_video_lane(f), BC_LANE_VIDEO + 1);
    tell_remb(f, 20000000);
    for (int i = 0; i < 5; i++) {
        run_second(f, sizes, 1);
    }
    assert_int_equal(last_video_lane(f), BC_LANE_VIDEO);
    assert_false(f->ended);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_a_large_keyframe_is_spread),
        WITH_FIXTURE(test_sound_overtakes_a_keyframe_that_is_paced),
        WITH_FIXTURE(test_a_small_path_loses_pictures_down_to_keyframes),
        WITH_FIXTURE(test_a_small_path_gets_a_smaller_picture_and_back),
        WITH_FIXTURE(test_a_rendition_that_stops_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
