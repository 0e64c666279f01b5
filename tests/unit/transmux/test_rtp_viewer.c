// SPDX-License-Identifier: Apache-2.0
// What a WebRTC viewer is sent when: the pace (WRTC-47), a path that is too small and
// renditions (WRTC-49).
#include "rtp_scene.h"

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
