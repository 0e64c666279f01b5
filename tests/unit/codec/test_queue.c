// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "transmux/codec/queue.h"

static struct codec_entry *
make(enum bc_kind kind, int64_t dts_us, uint32_t epoch, uint32_t flags)
{
    struct bc_packet *p = bc_packet_create(kind, NULL, NULL, NULL, 0);
    assert_non_null(p);
    p->dts_us = dts_us;
    p->epoch = epoch;
    p->flags = flags;
    struct codec_entry *e = codec_entry_create(p);
    assert_non_null(e);
    return e;
}

static unsigned
push_picture(struct codec_queue *q, int number, uint32_t flags)
{
    return codec_queue_push(q, make(BC_KIND_VIDEO, number * 33333, 1, flags));
}

static int
pop_number(struct codec_queue *q)
{
    struct codec_entry *e = codec_queue_pop(q);
    int number = !e ? -2 : !e->packet ? -1 : (int)(e->packet->dts_us / 33333);
    if (e) {
        codec_entry_free(e);
    }
    return number;
}

static void
test_queue_keeps_two_seconds_of_sound(void **state)
{
    (void)state;
    struct codec_queue q;
    codec_queue_init(&q, BC_KIND_AUDIO);
    unsigned dropped = 0;
    for (int i = 0; i < 100; i++) { // the last is 1.98 s after the first
        dropped += codec_queue_push(&q, make(BC_KIND_AUDIO, i * 20000, 1, 0));
    }
    assert_int_equal(dropped, 0);
    codec_queue_push(&q, make(BC_KIND_AUDIO, 2000000, 1, 0));
    dropped = codec_queue_push(&q, make(BC_KIND_AUDIO, 2020000, 1, 0));
    assert_int_equal(dropped, 51);
    struct codec_entry *e = codec_queue_pop(&q);
    assert_int_equal(e->packet->dts_us, 51 * 20000);
    codec_entry_free(e);
    codec_entries_free(&q.entries);
}

static void
test_queue_hands_on_the_flag_of_a_dropped_packet(void **state)
{
    (void)state;
    struct codec_queue q;
    codec_queue_init(&q, BC_KIND_AUDIO);
    codec_queue_push(&q, make(BC_KIND_AUDIO, 0, 1, 0));
    codec_queue_push(&q, make(BC_KIND_AUDIO, 20000, 2, BC_PACKET_NEW_EPOCH));
    codec_queue_push(&q, make(BC_KIND_AUDIO, 40000, 2, 0));
    codec_queue_push(&q, make(BC_KIND_AUDIO, 3000000, 2, 0));
    struct codec_entry *e = codec_queue_pop(&q);
    assert_int_equal(e->packet->dts_us, 40000);
    assert_int_equal(e->flags, BC_PACKET_NEW_EPOCH);
    codec_entry_free(e);
    e = codec_queue_pop(&q);
    assert_int_equal(e->flags, 0);
    codec_entry_free(e);
    assert_null(codec_queue_pop(&q));
}

static void
test_queue_drops_pictures_before_a_later_keyframe(void **state)
{
    (void)state;
    struct codec_queue q;
    codec_queue_init(&q, BC_KIND_VIDEO);
    codec_queue_mark(&q, codec_entry_create(NULL));
    unsigned dropped = 0;
    for (int i = 0; i < 65; i++) {
        dropped += push_picture(&q, i, i % 30 == 0 ? BC_PACKET_KEY : 0);
    }
    assert_int_equal(dropped, 60);
    assert_int_equal(pop_number(&q), -1); // the mark
    assert_int_equal(pop_number(&q), 60);
    codec_entries_free(&q.entries);
}

static void
test_queue_without_later_keyframe_waits_for_one(void **state)
{
    (void)state;
    struct codec_queue q;
    codec_queue_init(&q, BC_KIND_VIDEO);
    codec_queue_mark(&q, codec_entry_create(NULL));
    for (int i = 0; i < 64; i++) {
        assert_int_equal(push_picture(&q, i, i == 0 ? BC_PACKET_KEY : 0), 0);
    }
    assert_int_equal(push_picture(&q, 64, 0), 65);
    assert_int_equal(push_picture(&q, 65, 0), 1);
    assert_int_equal(push_picture(&q, 66, BC_PACKET_KEY), 0);
    assert_int_equal(push_picture(&q, 67, 0), 0);
    assert_int_equal(pop_number(&q), -1);
    assert_int_equal(pop_number(&q), 66);
    assert_int_equal(pop_number(&q), 67);
    assert_int_equal(pop_number(&q), -2);
}

static void
test_queue_bounds_history_apart(void **state)
{
    (void)state;
    struct codec_queue q;
    codec_queue_init(&q, BC_KIND_VIDEO);
    unsigned dropped = 0;
    for (int i = 0; i < 600; i++) {
        dropped += push_picture(&q, i, i == 0 ? BC_PACKET_KEY : 0);
    }
    codec_queue_mark(&q, codec_entry_create(NULL));
    for (int i = 600; i < 664; i++) {
        dropped += push_picture(&q, i, 0);
    }
    assert_int_equal(dropped, 0);
    for (int i = 0; i < 600; i++) {
        assert_int_equal(pop_number(&q), i);
    }
    assert_int_equal(pop_number(&q), -1);
    assert_int_equal(pop_number(&q), 600);
    assert_int_equal(push_picture(&q, 664, 0), 0);
    assert_int_equal(push_picture(&q, 665, 0), 65);
    codec_queue_init(&q, BC_KIND_VIDEO);
    for (int i = 0; i < 3000; i++) {
        push_picture(&q, i, i % 250 == 0 ? BC_PACKET_KEY : 0);
        assert_true(q.packets <= 2048);
    }
    codec_entries_free(&q.entries);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queue_keeps_two_seconds_of_sound),
        cmocka_unit_test(test_queue_hands_on_the_flag_of_a_dropped_packet),
        cmocka_unit_test(test_queue_drops_pictures_before_a_later_keyframe),
        cmocka_unit_test(test_queue_without_later_keyframe_waits_for_one),
        cmocka_unit_test(test_queue_bounds_history_apart),
    };
    return cmocka_run_group_tests_name("codec_queue", tests, NULL, NULL);
}
