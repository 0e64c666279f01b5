// SPDX-License-Identifier: Apache-2.0
// A WebRTC viewer moves with its channel's program: sequence numbers and times that go on,
// a keyframe first, nothing twice, nothing wrong.
#include <stdlib.h>
#include <string.h>

#include "rtp_scene.h"

#define FRAME_US (SECOND_US / 30)

static void
show(struct fixture *f, struct bc_channel *program)
{
    f->watch->on_program(f->watch, program);
}

// Pictures and sound of both programs, a keyframe each second, not at the same time.
static void
run_both(struct fixture *f, unsigned pictures)
{
    for (unsigned i = 0; i < pictures; i++) {
        bool key = f->pictures % GOP == 0;
        bool other_key = f->pictures % GOP == 20;
        f->pictures++;
        make_frame(f, BC_LANE_VIDEO, key ? 12 : 3, key);
        make_frame(f, BC_LANE_AUDIO, 1, false);
        make_frame_of(f, &f->other, BC_LANE_VIDEO, other_key ? 12 : 3, other_key);
        make_frame_of(f, &f->other, BC_LANE_AUDIO, 1, false);
        walk(f);
        pass(f, FRAME_US);
    }
}

static bool
is_of(const struct fixture *f, const struct sent_packet *p, const struct bc_rtp_window *w)
{
    const struct bc_rtp_ring *ring = &w->rings[p->lane];
    const struct bc_rtp_frame *frame = f->frames[p->frame];
    return frame->number < ring->next && bc_rtp_ring_frame(ring, frame->number) == frame;
}

// The first picture's packet sent from `from` on.
static const struct sent_packet *
first_picture(const struct fixture *f, unsigned from)
{
    for (unsigned i = from; i < f->count; i++) {
        if (f->packets[i].lane != BC_LANE_AUDIO && !f->packets[i].again) {
            return &f->packets[i];
        }
    }
    return NULL;
}

// Times of each stream rise with each frame and leave out at most so much; pictures end
// with a marker; nothing is sent twice.
static void
check_streams(const struct fixture *f, int64_t gap_us)
{
    const struct sent_packet *last[2] = { NULL, NULL };
    unsigned *times = calloc(f->frame_count, sizeof(*times));
    assert_non_null(times);
    for (unsigned i = 0; i < f->count; i++) {
        const struct sent_packet *p = &f->packets[i];
        if (p->again) {
            continue;
        }
        bool audio = p->lane == BC_LANE_AUDIO;
        const struct sent_packet *l = last[audio];
        if (l && l->frame != p->frame) {
            int32_t step = (int32_t)(p->timestamp - l->timestamp);
            assert_true(step > 0);
            assert_true(step <= gap_us * (audio ? 48 : 90) / 1000);
            assert_true(audio || l->marker);
        } else if (l) {
            assert_int_equal(p->timestamp, l->timestamp);
            assert_false(l->marker);
        }
        times[p->frame]++;
        assert_true(times[p->frame] <= f->frames[p->frame]->count);
        last[audio] = p;
    }
    free(times);
}

// --- the way there ---

static void
move_about(struct fixture *f)
{
    open_viewer(f, true);
    bc_rtp_viewer_start(f->viewer);
    run_both(f, 45);
    for (int i = 0; i < 10; i++) {
        struct bc_rtp_window *w = i % 2 ? &f->window : &f->other;
        unsigned from = f->count;
        show(f, i % 2 ? MAIN : OTHER);
        run_both(f, 37);
        const struct sent_packet *p = first_picture(f, from);
        assert_non_null(p);
        assert_true(p->key);
        // The other one's newest keyframe was there already: nobody waits.
        assert_true(p->at_us <= g_now_us - 36 * FRAME_US);
        for (; p < f->packets + f->count; p++) {
            assert_true(is_of(f, p, w));
        }
    }
    assert_false(f->ended);
}

static void
test_numbers_and_times_go_on(void **state)
{
    struct fixture *f = *state;
    move_about(f);
    check_streams(f, 2 * FRAME_US);
    assert_int_equal(f->viewer->shift_us, 0);
}

static void
test_other_clocks_do_not_show(void **state)
{
    static const int64_t AHEAD_US[] = { -700 * MS, 90 * MS, -90 * MS, 3600 * SECOND_US };
    struct fixture *f = *state;
    for (unsigned i = 0; i < 4; i++) {
        f->other_ahead_us = AHEAD_US[i];
        move_about(f);
        check_streams(f, 100 * MS + 2 * FRAME_US);
        void *again = NULL;
        assert_int_equal(teardown(state), 0);
        assert_int_equal(setup(&again), 0);
        *state = f = again;
    }
}

// A host's clock that runs away slowly is followed, without a jump.
static void
test_a_clock_that_drifts(void **state)
{
    struct fixture *f = *state;
    open_viewer(f, true);
    bc_rtp_viewer_start(f->viewer);
    for (int i = 0; i < 600; i++) {
        f->other_ahead_us += 2 * MS;
        if (i == 20) {
            show(f, OTHER);
        }
        run_both(f, 1);
    }
    show(f, MAIN);
    run_both(f, 60);
    check_streams(f, 3 * FRAME_US);
}

static void
test_a_picture_that_was_begun_is_sent_to_its_end(void **state)
{
    struct fixture *f = *state;
    open_viewer(f, true);
    run_both(f, 25);
    make_frame(f, BC_LANE_VIDEO, 300, true);
    bc_rtp_viewer_start(f->viewer);
    pass(f, 20 * MS);
    unsigned large = f->packets[f->count - 1].frame;
    assert_true(f->count > 10 && f->count < 200);
    show(f, OTHER);
    unsigned sent = 0;
    for (unsigned i = 0; i < f->count; i++) {
        sent += f->packets[i].frame == large;
    }
    assert_int_equal(sent, 300);
    run_both(f, 30);
    check_streams(f, SECOND_US);
}

// Without room for it the picture is given up; its numbers are the next one's.
static void
test_a_picture_that_finds_no_room_is_given_up(void **state)
{
    struct fixture *f = *state;
    open_viewer(f, true);
    run_both(f, 25);
    make_frame(f, BC_LANE_VIDEO, 300, true);
    bc_rtp_viewer_start(f->viewer);
    pass(f, 20 * MS);
    unsigned from = f->count;
    f->full = true;
    show(f, OTHER);
    assert_int_equal(f->count, from);
    f->full = false;
    run_both(f, 10);
    const struct sent_packet *p = first_picture(f, from);
    assert_true(p && p->key && is_of(f, p, &f->other));
    assert_true((int32_t)(p->timestamp - f->packets[from - 1].timestamp) > 0);
}

static void
test_nobody_sees_the_same_pictures_twice(void **state)
{
    struct fixture *f = *state;
    f->window.description.can_ask = true;
    open_viewer(f, true);
    bc_rtp_viewer_start(f->viewer);
    run_both(f, 32); // keyframe at 30
    show(f, OTHER);
    run_both(f, 3);
    unsigned from = f->count;
    unsigned asked = f->asked[BC_LANE_VIDEO];
    show(f, MAIN);
    assert_int_equal(f->asked[BC_LANE_VIDEO], asked + 1);
    run_both(f, 20);
    assert_null(first_picture(f, from));
    run_both(f, 10); // keyframe at 60
    assert_true(first_picture(f, from)->key);
    check_streams(f, SECOND_US);
}

// A window that nobody watched until now: what it has comes a moment later.
static void
test_a_window_that_is_not_primed_yet(void **state)
{
    struct fixture *f = *state;
    open_viewer(f, true);
    bc_rtp_viewer_start(f->viewer);
    run_both(f, 40);
    f->other.primed = false;
    unsigned from = f->count;
    show(f, OTHER);
    bc_rtp_viewer_writable(f->viewer);
    pass(f, 10 * MS);
    assert_int_equal(f->count, from);
    f->other.primed = true;
    bc_rtp_viewer_note(&f->viewer->node);
    assert_true(first_picture(f, from)->key);
    run_both(f, 10);
    check_streams(f, 3 * FRAME_US);
}

static void
test_renditions_are_chosen_anew(void **state)
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
    assert_int_equal(f->viewer->video.lane, BC_LANE_VIDEO + 1);
    make_frame_of(f, &f->other, BC_LANE_VIDEO, 4, true);
    show(f, OTHER); // which has one size
    assert_int_equal(f->viewer->video.lane, BC_LANE_VIDEO);
    make_frame(f, BC_LANE_VIDEO, 4, true);
    make_frame(f, BC_LANE_VIDEO + 1, 2, true);
    show(f, MAIN); // whose large one is too large
    assert_int_equal(f->viewer->video.lane, BC_LANE_VIDEO + 1);
}

// --- what was lost on the way ---

static void
nack(struct fixture *f, uint16_t seq)
{
    struct bc_writer w = { 0 };
    bc_rtcp_write_nack(&w, 1, VIDEO_SSRC, &seq, 1);
    bc_rtp_viewer_on_rtcp(f->viewer, w.data, w.len, g_now_us);
    bc_writer_finish(&w);
}

static void
test_packets_of_before_are_sent_again(void **state)
{
    struct fixture *f = *state;
    open_viewer(f, false);
    bc_rtp_viewer_start(f->viewer);
    run_both(f, 45);
    struct sent_packet lost = *first_picture(f, f->count - 8);
    show(f, OTHER);
    unsigned count = f->count;
    nack(f, lost.seq);
    assert_int_equal(f->count, count + 1);
    const struct sent_packet *p = &f->packets[count];
    assert_true(p->again && p->osn == lost.seq && p->frame == lost.frame);
    assert_int_equal(p->timestamp, lost.timestamp);
    // One of the new program's.
    struct sent_packet late = *first_picture(f, f->count - 3);
    nack(f, late.seq);
    assert_int_equal(f->count, count + 2);
    assert_int_equal(f->packets[count + 1].frame, late.frame);
    // Long ago: no answer, and no wrong one.
    run_both(f, 100);
    assert_null(f->viewer->former);
    assert_int_equal(f->window.viewer_count, 0);
    count = f->count;
    nack(f, lost.seq);
    assert_int_equal(f->count, count);
}

static void
test_packets_of_before_two_moves_are_not(void **state)
{
    struct fixture *f = *state;
    open_viewer(f, false);
    bc_rtp_viewer_start(f->viewer);
    run_both(f, 45);
    struct sent_packet lost = *first_picture(f, f->count - 8);
    show(f, OTHER);
    run_both(f, 2);
    struct sent_packet later = *first_picture(f, f->count - 4);
    show(f, MAIN);
    unsigned count = f->count;
    nack(f, lost.seq);
    assert_int_equal(f->count, count);
    nack(f, later.seq);
    assert_int_equal(f->count, count + 1);
    assert_int_equal(f->packets[count].frame, later.frame);
}

// --- when there is nothing to show, or nothing that can be ---

static void
test_no_program_is_silence(void **state)
{
    struct fixture *f = *state;
    open_viewer(f, true);
    bc_rtp_viewer_start(f->viewer);
    run_both(f, 40);
    f->state = BC_CHANNEL_WAITING;
    show(f, NULL);
    unsigned from = f->count;
    run_both(f, 150);
    assert_int_equal(f->count, from);
    assert_false(f->ended);
    show(f, OTHER);
    run_both(f, 40);
    assert_true(first_picture(f, from)->key);
    // The time that went by is in the timestamps.
    check_streams(f, 151 * FRAME_US);
    show(f, NULL);
    f->state = BC_CHANNEL_ENDED;
    run_both(f, 31);
    assert_true(f->ended);
    assert_string_equal(f->reason, "the broadcast ended");
}

static void
test_a_program_that_ends_is_not_the_broadcasts_end(void **state)
{
    struct fixture *f = *state;
    open_viewer(f, true);
    bc_rtp_viewer_start(f->viewer);
    run_both(f, 40);
    f->window.over = true;
    bc_rtp_viewer_note(&f->viewer->node);
    assert_false(f->ended);
    show(f, OTHER);
    assert_false(f->ended);
    f->state = BC_CHANNEL_ENDED;
    f->other.over = true;
    bc_rtp_viewer_note(&f->viewer->node);
    assert_true(f->ended);
}

static void
test_another_codec_ends_the_session(void **state)
{
    struct fixture *f = *state;
    open_viewer(f, true);
    bc_rtp_viewer_start(f->viewer);
    run_both(f, 40);
    // Sound alone is no other codec.
    f->other.description.video = BC_CODEC_NONE;
    show(f, OTHER);
    assert_false(f->ended);
    show(f, MAIN);
    f->other.description.video = BC_CODEC_HEVC;
    show(f, OTHER);
    assert_true(f->ended);
    assert_string_equal(f->reason, "the video's codec changed");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_numbers_and_times_go_on),
        WITH_FIXTURE(test_other_clocks_do_not_show),
        WITH_FIXTURE(test_a_clock_that_drifts),
        WITH_FIXTURE(test_a_picture_that_was_begun_is_sent_to_its_end),
        WITH_FIXTURE(test_a_picture_that_finds_no_room_is_given_up),
        WITH_FIXTURE(test_nobody_sees_the_same_pictures_twice),
        WITH_FIXTURE(test_a_window_that_is_not_primed_yet),
        WITH_FIXTURE(test_renditions_are_chosen_anew),
        WITH_FIXTURE(test_packets_of_before_are_sent_again),
        WITH_FIXTURE(test_packets_of_before_two_moves_are_not),
        WITH_FIXTURE(test_no_program_is_silence),
        WITH_FIXTURE(test_a_program_that_ends_is_not_the_broadcasts_end),
        WITH_FIXTURE(test_another_codec_ends_the_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
