// SPDX-License-Identifier: Apache-2.0
// The queue of a broadcast delay, with literal times.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "stream/delay_queue.h"

#define SECOND INT64_C(1000000)
#define BEGAN (1000 * SECOND)

struct fixture {
    struct bc_delay delay;
    struct bc_track *video;
    struct bc_track *audio;
};

static int
setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof(f));
    bc_delay_init(&f.delay, 10 * SECOND, BC_DELAY_BYTES_MAX);
    f.video = bc_track_create(BC_KIND_VIDEO, BC_CODEC_AVC);
    f.audio = bc_track_create(BC_KIND_AUDIO, BC_CODEC_AAC);
    *state = &f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    bc_delay_clear(&f->delay);
    bool empty = f->delay.bytes == 0 && !f->delay.first && !f->delay.last;
    bc_track_unref(&f->video);
    bc_track_unref(&f->audio);
    return empty ? 0 : -1;
}

static struct bc_track *
track_of(struct fixture *f, enum bc_kind kind)
{
    return kind == BC_KIND_CUE ? NULL : kind == BC_KIND_VIDEO ? f->video : f->audio;
}

// A packet whose dts tells which it is.
static void
push(struct fixture *f, enum bc_kind kind, int64_t number, int64_t at_us, uint32_t flags,
    size_t len)
{
    struct bc_buf *buf = bc_buf_create(len);
    struct bc_packet *p = bc_packet_create(kind, track_of(f, kind), buf, buf->data, len);
    assert_non_null(p);
    p->dts_us = p->pts_us = number;
    p->arrived_us = at_us;
    p->flags = flags;
    bc_delay_push(&f->delay, p);
}

// Pictures 0, 1, ... every 0.1 s, a keyframe every 0.5 s, and sound 1000, 1001, ... beside
// them, until now.
static void
run(struct fixture *f, int64_t pictures)
{
    bc_delay_push_tracks(&f->delay, f->video, f->audio, BEGAN);
    for (int64_t i = 0; i < pictures; i++) {
        push(f, BC_KIND_VIDEO, i, BEGAN + i * SECOND / 10, i % 5 ? 0 : BC_PACKET_KEY, 100);
        push(f, BC_KIND_AUDIO, 1000 + i, BEGAN + i * SECOND / 10, 0, 10);
    }
}

// Takes what is due; returns how many packets, and the first's number and the last's.
static unsigned
take(struct fixture *f, int64_t now_us, int64_t *first, int64_t *last)
{
    struct bc_delay_item item;
    unsigned n = 0;
    while (bc_delay_next(&f->delay, now_us, &item)) {
        if (item.kind == BC_DELAY_PACKET) {
            *first = n == 0 ? item.packet->dts_us : *first;
            *last = item.packet->dts_us;
            assert_true(item.packet->arrived_us <= now_us);
            n++;
        }
        bc_packet_unref(&item.packet);
        bc_track_unref(&item.video);
        bc_track_unref(&item.audio);
    }
    return n;
}

static enum bc_delay_kind
next_kind(struct fixture *f, int64_t now_us)
{
    struct bc_delay_item item;
    if (!bc_delay_next(&f->delay, now_us, &item)) {
        return BC_DELAY_NONE;
    }
    bc_packet_unref(&item.packet);
    bc_track_unref(&item.video);
    bc_track_unref(&item.audio);
    return item.kind;
}

static void
test_all_comes_out_ten_seconds_late(void **state)
{
    struct fixture *f = *state;
    int64_t first = -1;
    int64_t last = -1;
    run(f, 100); // the last at 9.9 s
    assert_int_equal(bc_delay_due_us(&f->delay), BEGAN + 10 * SECOND);
    assert_int_equal(next_kind(f, BEGAN + 10 * SECOND - 1), BC_DELAY_NONE);
    assert_int_equal(next_kind(f, BEGAN + 10 * SECOND), BC_DELAY_TRACKS);
    assert_int_equal(take(f, BEGAN + 10 * SECOND, &first, &last), 2);
    assert_int_equal(first, 0);
    assert_int_equal(last, 1000);
    assert_int_equal(take(f, BEGAN + 15 * SECOND, &first, &last), 100);
    assert_int_equal(first, 1);
    assert_int_equal(last, 1050);
    bc_delay_push_end(&f->delay, BEGAN + 10 * SECOND);
    assert_int_equal(take(f, BEGAN + 20 * SECOND - 1, &first, &last), 98);
    assert_int_equal(last, 1099);
    assert_int_equal(next_kind(f, BEGAN + 20 * SECOND), BC_DELAY_END);
    assert_int_equal(bc_delay_due_us(&f->delay), INT64_MAX);
}

static void
test_a_cut_of_all(void **state)
{
    struct fixture *f = *state;
    int64_t first = -1;
    int64_t last = -1;
    run(f, 121); // now it is 12.0 s, 0 to 19 were shown
    take(f, BEGAN + 12 * SECOND - 1, &first, &last);
    assert_int_equal(last, 1019);
    assert_int_equal(
        bc_delay_cut(&f->delay, BEGAN + 12 * SECOND + 1, INT64_MAX / 2), 10 * SECOND);
    assert_int_equal(f->delay.bytes, 0);
    // What comes now is shown from its first keyframe on, in its time.
    for (int64_t i = 121; i < 140; i++) {
        push(f, BC_KIND_VIDEO, i, BEGAN + i * SECOND / 10, i % 5 ? 0 : BC_PACKET_KEY, 100);
        push(f, BC_KIND_AUDIO, 1000 + i, BEGAN + i * SECOND / 10, 0, 10);
    }
    assert_int_equal(take(f, BEGAN + 22 * SECOND + 499999, &first, &last), 0);
    assert_int_equal(take(f, BEGAN + 22 * SECOND + 500000, &first, &last), 2);
    assert_int_equal(first, 125);
}

static void
test_a_cut_of_three_seconds(void **state)
{
    struct fixture *f = *state;
    int64_t first = -1;
    int64_t last = -1;
    run(f, 121);
    take(f, BEGAN + 12 * SECOND - 1, &first, &last);
    assert_int_equal(
        bc_delay_cut(&f->delay, BEGAN + 12 * SECOND, 3 * SECOND), 3 * SECOND);
    // 20 to 49 are gone.
    assert_int_equal(take(f, BEGAN + 15 * SECOND - 1, &first, &last), 0);
    assert_int_equal(take(f, BEGAN + 16 * SECOND, &first, &last), 22);
    assert_int_equal(first, 50);
    assert_int_equal(last, 1060);
    // A second one on top of it.
    assert_int_equal(bc_delay_cut(&f->delay, BEGAN + 16 * SECOND + 1, SECOND), SECOND);
    assert_int_equal(take(f, BEGAN + 20 * SECOND, &first, &last), 52);
    assert_int_equal(first, 75); // 71 is the first that is not cut, 75 a keyframe
}

// What is cut over may be where other media begins, or all ends: that still counts.
static void
test_a_cut_over_a_change(void **state)
{
    struct fixture *f = *state;
    int64_t first = -1;
    int64_t last = -1;
    run(f, 50);
    bc_delay_push_tracks(&f->delay, NULL, f->audio, BEGAN + 5 * SECOND);
    push(f, BC_KIND_AUDIO, 2000, BEGAN + 5 * SECOND, 0, 10);
    push(f, BC_KIND_AUDIO, 2001, BEGAN + 7 * SECOND, 0, 10);
    assert_int_equal(
        bc_delay_cut(&f->delay, BEGAN + 9 * SECOND, 7 * SECOND), 7 * SECOND);
    assert_int_equal(next_kind(f, BEGAN + 16 * SECOND - 1), BC_DELAY_NONE);
    assert_int_equal(next_kind(f, BEGAN + 16 * SECOND), BC_DELAY_TRACKS);
    // Sound alone waits for no keyframe.
    assert_int_equal(take(f, BEGAN + 17 * SECOND, &first, &last), 1);
    assert_int_equal(first, 2001);
    run(f, 1);
    bc_delay_push_end(&f->delay, BEGAN + 8 * SECOND);
    bc_delay_cut(&f->delay, BEGAN + 18 * SECOND, 10 * SECOND);
    assert_int_equal(next_kind(f, BEGAN + 28 * SECOND - 1), BC_DELAY_NONE);
    assert_int_equal(next_kind(f, BEGAN + 28 * SECOND), BC_DELAY_END);
    assert_int_equal(next_kind(f, BEGAN + 28 * SECOND), BC_DELAY_NONE);
}

// Cues may last, or tell that one is over: they come behind the cut, before its keyframe.
static void
test_a_cut_over_cues(void **state)
{
    struct fixture *f = *state;
    int64_t first = -1;
    int64_t last = -1;
    run(f, 50);
    push(f, BC_KIND_CUE, 3000, BEGAN + 5 * SECOND, 0, 20);
    push(f, BC_KIND_VIDEO, 51, BEGAN + 5 * SECOND, 0, 100);
    push(f, BC_KIND_CUE, 3001, BEGAN + 6 * SECOND, 0, 20);
    push(f, BC_KIND_VIDEO, 55, BEGAN + 8 * SECOND, BC_PACKET_KEY, 100);
    push(f, BC_KIND_CUE, 3002, BEGAN + 8 * SECOND, 0, 20);
    assert_int_equal(next_kind(f, BEGAN + 10 * SECOND), BC_DELAY_TRACKS);
    bc_delay_cut(&f->delay, BEGAN + 10 * SECOND, 7 * SECOND); // up to what came at 7 s
    assert_int_equal(next_kind(f, BEGAN + 17 * SECOND - 1), BC_DELAY_NONE);
    assert_int_equal(take(f, BEGAN + 17 * SECOND, &first, &last), 2);
    assert_int_equal(first, 3000);
    assert_int_equal(last, 3001);
    assert_int_equal(take(f, BEGAN + 18 * SECOND, &first, &last), 2);
    assert_int_equal(first, 55);
    assert_int_equal(last, 3002);
}

static void
test_a_cut_of_nothing(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(bc_delay_cut(&f->delay, BEGAN, SECOND), SECOND);
    assert_int_equal(bc_delay_due_us(&f->delay), INT64_MAX);
}

// Too much for the memory: pictures but keyframes are dropped, sound is not.
static void
test_too_many_bytes(void **state)
{
    struct fixture *f = *state;
    int64_t first = -1;
    int64_t last = -1;
    f->delay.bytes_max = 10000;
    run(f, 100);
    assert_true(f->delay.bytes <= 10000 + 1000);
    assert_true(f->delay.dropped > 30);
    struct bc_delay_item item;
    int64_t picture = -1;
    unsigned keys = 0;
    unsigned sounds = 0;
    while (bc_delay_next(&f->delay, BEGAN + 30 * SECOND, &item)) {
        if (item.kind == BC_DELAY_PACKET && item.packet->kind == BC_KIND_VIDEO) {
            bool key = item.packet->flags & BC_PACKET_KEY;
            assert_true(key || item.packet->dts_us == picture + 1);
            picture = item.packet->dts_us;
            keys += key;
        }
        sounds += item.kind == BC_DELAY_PACKET && item.packet->kind == BC_KIND_AUDIO;
        bc_packet_unref(&item.packet);
        bc_track_unref(&item.video);
        bc_track_unref(&item.audio);
    }
    assert_true(keys >= 10);
    assert_true(sounds >= 60);
    // There is room again.
    push(f, BC_KIND_VIDEO, 1, BEGAN + 40 * SECOND, 0, 100);
    push(f, BC_KIND_VIDEO, 5, BEGAN + 40 * SECOND, BC_PACKET_KEY, 100);
    push(f, BC_KIND_VIDEO, 6, BEGAN + 40 * SECOND, 0, 100);
    take(f, BEGAN + 50 * SECOND, &first, &last);
    assert_int_equal(last, 6);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_all_comes_out_ten_seconds_late),
        WITH_FIXTURE(test_a_cut_of_all),
        WITH_FIXTURE(test_a_cut_of_three_seconds),
        WITH_FIXTURE(test_a_cut_over_a_change),
        WITH_FIXTURE(test_a_cut_over_cues),
        WITH_FIXTURE(test_a_cut_of_nothing),
        WITH_FIXTURE(test_too_many_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
