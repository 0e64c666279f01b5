// SPDX-License-Identifier: Apache-2.0
#include "record/recorder_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define PART_US 200000
#define PER_SEGMENT 10
#define MINUTE_US 60000000

// A host's parts, one by one; every tenth begins a segment. The snapshot is one with a
// newest segment and nothing more.
struct scene {
    struct recorder_queue q;
    struct recorder_intake in;
    struct bc_buf *init;
    struct bc_buf *data;
    uint64_t number;
    uint64_t dseq;
};

static uint64_t snapshot_segment; // where the snapshot's newest segment begins

size_t
bc_hls_snapshot_parts(const struct bc_hls_snapshot *s, uint64_t from,
    struct bc_hls_part *out, size_t max)
{
    (void)s;
    assert_true(max > 2);
    if (from > snapshot_segment + 1) {
        return 0;
    }
    out[0] = (struct bc_hls_part){ .number = snapshot_segment, .segment = true,
        .independent = true };
    out[1] = (struct bc_hls_part){ .number = snapshot_segment + 1 };
    return 2;
}

static int
setup(void **state)
{
    struct scene *x = calloc(1, sizeof(*x));
    recorder_queue_init(&x->q);
    x->init = bc_buf_create(10);
    x->data = bc_buf_create(1000);
    snapshot_segment = 0;
    recorder_intake_begin(&x->in, &x->q, NULL, 1);
    *state = x;
    return 0;
}

static int
teardown(void **state)
{
    struct scene *x = *state;
    recorder_queue_finish(&x->q);
    assert_int_equal(x->q.bytes, 0);
    assert_int_equal(x->q.duration_us, 0);
    bc_buf_unref(&x->init);
    bc_buf_unref(&x->data);
    free(x);
    return 0;
}

static bool
next(struct scene *x)
{
    struct bc_hls_part part = {
        .buf = x->data,
        .init = x->init,
        .number = x->number,
        .msn = 500 + x->number / PER_SEGMENT,
        .dseq = x->dseq,
        .start_us = (int64_t)x->number * PART_US,
        .end_us = (int64_t)(x->number + 1) * PART_US,
        .wall_us = MINUTE_US + (int64_t)x->number * PART_US,
        .independent = x->number % PER_SEGMENT == 0,
        .segment = x->number % PER_SEGMENT == 0,
    };
    x->number++;
    return recorder_intake_part(&x->in, &x->q, &part);
}

static void
take(struct scene *x, int64_t start_us, bool discontinuity)
{
    struct recorder_item *item = recorder_queue_take(&x->q);
    assert_int_equal(item->start_us, start_us);
    assert_int_equal(item->wall_us, MINUTE_US + start_us);
    assert_int_equal(item->discontinuity, discontinuity);
    recorder_item_free(item);
}

static void
test_parts_come_out_as_they_went_in(void **state)
{
    struct scene *x = *state;
    for (int i = 0; i < 25; i++) {
        assert_true(next(x));
        take(x, i * PART_US, i == 0); // the first one begins something new
    }
    assert_null(recorder_queue_head(&x->q));
    x->dseq++;
    assert_true(next(x));
    assert_true(next(x));
    take(x, 25 * PART_US, true);
    take(x, 26 * PART_US, false);
    assert_int_equal(x->q.lost_ever, 0);
}

// It never holds more than 10 s; what is left out ends where a player can begin.
static void
test_disk_that_stalls_leaves_whole_segments_out(void **state)
{
    struct scene *x = *state;
    int64_t most = RECORDER_QUEUE_US / PART_US;
    for (int64_t i = 0; i < most; i++) {
        assert_true(next(x));
    }
    for (int i = 0; i < 13; i++) {
        assert_false(next(x));
    }
    assert_true(x->q.skipping);
    assert_int_equal(x->q.duration_us, RECORDER_QUEUE_US);
    assert_int_equal(x->q.lost, 13);
    for (int64_t i = 0; i < most; i++) {
        take(x, i * PART_US, i == 0);
    }
    while (x->number % PER_SEGMENT != 0) {
        assert_false(next(x)); // there is room, but nothing to begin with
    }
    assert_int_equal(x->q.lost, 20);
    assert_true(next(x));
    assert_false(x->q.skipping);
    take(x, 70 * PART_US, true);
    assert_true(next(x));
    take(x, 71 * PART_US, false);
}

static void
test_bytes_are_bounded(void **state)
{
    struct scene *x = *state;
    bc_buf_unref(&x->data);
    x->data = bc_buf_create(RECORDER_QUEUE_BYTES / 4);
    for (int i = 0; i < 4; i++) {
        assert_true(next(x));
    }
    assert_false(next(x));
    assert_true(x->q.bytes <= RECORDER_QUEUE_BYTES);
}

static void
test_missing_numbers_are_lost_parts(void **state)
{
    struct scene *x = *state;
    assert_true(next(x));
    x->number += 3;
    assert_false(next(x)); // does not begin a segment
    assert_int_equal(x->q.lost, 4);
    x->number = 10;
    assert_false(next(x)); // is taken, those between were not seen
    assert_int_equal(x->q.lost, 9);
    take(x, 0, true);
    take(x, 10 * PART_US, true);
    // What is missing right before a segment.
    x->number = 20;
    next(x);
    take(x, 20 * PART_US, true);
}

static void
test_recording_begins_with_the_newest_segment(void **state)
{
    struct scene *x = *state;
    snapshot_segment = 30;
    recorder_intake_begin(&x->in, &x->q, NULL, 2);
    assert_int_equal(x->in.next, 30);
    x->number = 33; // its beginning has gone already
    for (int i = 33; i < 40; i++) {
        assert_true(next(x)); // nobody misses what could not be watched
    }
    assert_null(recorder_queue_head(&x->q));
    assert_true(next(x));
    take(x, 40 * PART_US, true);
    assert_int_equal(x->q.lost_ever, 0);
}

static void
test_next_broadcast_is_told_from_the_last(void **state)
{
    struct scene *x = *state;
    next(x);
    recorder_intake_end(&x->in, &x->q, 77);
    assert_true(x->q.ended);
    assert_int_equal(x->q.ended_us, 77);
    recorder_intake_end(&x->in, &x->q, 78); // has no effect without a broadcast
    assert_int_equal(x->q.ended_us, 77);
    x->number = 0;
    recorder_intake_begin(&x->in, &x->q, NULL, 2);
    next(x);
    next(x);
    assert_false(x->q.ended); // the first part says so
    assert_false(recorder_queue_head(&x->q)->first);
    take(x, 0, true);
    assert_true(recorder_queue_head(&x->q)->first);
    take(x, 0, true);
    assert_false(recorder_queue_head(&x->q)->first);
}

static void
test_only_what_belongs_to_the_last_broadcast_is_dropped(void **state)
{
    struct scene *x = *state;
    recorder_queue_drop(&x->q); // nothing
    next(x);
    next(x);
    recorder_intake_end(&x->in, &x->q, 77);
    x->number = 0;
    recorder_intake_begin(&x->in, &x->q, NULL, 2);
    next(x);
    recorder_queue_drop(&x->q);
    assert_int_equal(x->q.lost_ever, 2);
    assert_true(recorder_queue_head(&x->q)->first);
    recorder_queue_drop(&x->q);
    assert_null(recorder_queue_head(&x->q));
}

static void
cue_at(struct scene *x, int64_t at_us, bool end)
{
    struct bc_hls_passed passed = {
        .cue = { .id = "a", .revision = 2, .kind = "text", .channel = "live/hq",
            .data = "{}", .data_len = 2 },
        .at_us = at_us,
        .end = end,
    };
    recorder_queue_cue(&x->q, &passed);
}

// With the part that has their moment, in the order in which they came; late ones with the
// first part that waits, and never with one of the broadcast before.
static void
test_cues_come_with_their_part(void **state)
{
    struct scene *x = *state;
    next(x);
    recorder_intake_end(&x->in, &x->q, 77);
    recorder_intake_begin(&x->in, &x->q, NULL, 2);
    x->number = 0;
    next(x);
    next(x);
    next(x);
    cue_at(x, 250000, false);
    cue_at(x, 399999, true);
    cue_at(x, -5, false);
    cue_at(x, 9000000, false);
    struct recorder_item *old = recorder_queue_take(&x->q);
    assert_null(old->cues);
    recorder_item_free(old);
    struct recorder_item *first = recorder_queue_take(&x->q);
    assert_int_equal(first->cues->at_us, -5);
    assert_null(first->cues->next);
    recorder_item_free(first);
    struct recorder_item *second = recorder_queue_take(&x->q);
    assert_int_equal(second->cues->at_us, 250000);
    assert_string_equal(second->cues->cue.id, "a");
    assert_int_equal(second->cues->cue.revision, 2);
    assert_true(second->cues->next->end);
    recorder_item_free(second);
    assert_int_equal(recorder_queue_head(&x->q)->cues->at_us, 9000000);
}

// Short parts are written by twos; what begins a recording, or is long, does not wait.
static void
test_a_short_part_waits_for_the_next(void **state)
{
    struct scene *x = *state;
    assert_false(recorder_queue_is_due(&x->q, true));
    next(x);
    assert_true(recorder_queue_is_due(&x->q, true));
    assert_false(recorder_queue_is_due(&x->q, false));
    next(x);
    assert_true(recorder_queue_is_due(&x->q, false));
    take(x, 0, true);
    assert_false(recorder_queue_is_due(&x->q, false));
    recorder_queue_head(&x->q)->duration_us = 500000;
    assert_true(recorder_queue_is_due(&x->q, false));
    recorder_queue_head(&x->q)->duration_us = PART_US;
    recorder_queue_head(&x->q)->first = true;
    assert_true(recorder_queue_is_due(&x->q, false));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_parts_come_out_as_they_went_in),
        TEST(test_a_short_part_waits_for_the_next),
        TEST(test_disk_that_stalls_leaves_whole_segments_out),
        TEST(test_bytes_are_bounded),
        TEST(test_missing_numbers_are_lost_parts),
        TEST(test_recording_begins_with_the_newest_segment),
        TEST(test_next_broadcast_is_told_from_the_last),
        TEST(test_only_what_belongs_to_the_last_broadcast_is_dropped),
        TEST(test_cues_come_with_their_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
