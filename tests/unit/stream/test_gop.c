// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "media/packet.h"
#include "stream/gop.h"

static struct bc_packet *
packet(enum bc_kind kind, int64_t ms, size_t len, bool key)
{
    struct bc_buf *buf = bc_buf_create(len);
    struct bc_packet *p = bc_packet_create(kind, NULL, buf, buf->data, len);
    p->dts_us = p->pts_us = ms * 1000;
    p->flags = key ? BC_PACKET_KEY : 0;
    return p;
}

static void
push(struct bc_gop *gop, enum bc_kind kind, int64_t ms, bool key, bool has_video)
{
    struct bc_packet *p = packet(kind, ms, 10, key);
    bc_gop_push(gop, p, has_video);
    bc_packet_unref(&p);
}

static void
test_the_cache_holds_what_came_since_the_keyframe(void **state)
{
    (void)state;
    struct bc_gop gop = { .max_us = 10000000 };
    push(&gop, BC_KIND_AUDIO, 0, false, true); // nothing to start from yet
    push(&gop, BC_KIND_VIDEO, 0, false, true);
    assert_int_equal(gop.count, 0);
    push(&gop, BC_KIND_VIDEO, 40, true, true);
    push(&gop, BC_KIND_AUDIO, 40, false, true);
    push(&gop, BC_KIND_VIDEO, 80, false, true);
    assert_int_equal(gop.count, 3);
    assert_int_equal(gop.bytes, 30);
    push(&gop, BC_KIND_VIDEO, 120, true, true);
    assert_int_equal(gop.count, 1);
    assert_int_equal(gop.packets[0]->dts_us, 120000);
    assert_int_equal(gop.bytes, 10);
    bc_gop_finish(&gop);
    bc_gop_finish(&gop);
}

static void
test_a_gop_that_is_too_long_is_given_up(void **state)
{
    (void)state;
    struct bc_gop gop = { .max_us = 1000000 };
    push(&gop, BC_KIND_VIDEO, 0, true, true);
    push(&gop, BC_KIND_VIDEO, 1000, false, true);
    assert_int_equal(gop.count, 2);
    push(&gop, BC_KIND_VIDEO, 1040, false, true);
    assert_int_equal(gop.count, 0);
    push(&gop, BC_KIND_VIDEO, 1080, false, true); // its rest is of no use
    assert_int_equal(gop.count, 0);
    push(&gop, BC_KIND_VIDEO, 1120, true, true);
    assert_int_equal(gop.count, 1);
    bc_gop_finish(&gop);
}

static void
test_the_memory_is_bounded(void **state)
{
    (void)state;
    struct bc_gop gop = { .max_us = INT64_MAX / 2 };
    for (int i = 0; i < 70; i++) {
        struct bc_packet *p = packet(BC_KIND_VIDEO, i, 1 << 20, i == 0);
        bc_gop_push(&gop, p, true);
        bc_packet_unref(&p);
        assert_true(gop.bytes <= 64u << 20);
    }
    assert_int_equal(gop.count, 0);
    bc_gop_finish(&gop);
}

static void
test_sound_alone_is_kept_for_about_a_second(void **state)
{
    (void)state;
    struct bc_gop gop = { .max_us = 10000000 };
    for (int i = 0; i < 1000; i++) {
        push(&gop, BC_KIND_AUDIO, 20 * i, false, false);
    }
    assert_int_equal(gop.packets[gop.count - 1]->dts_us, 999 * 20000);
    int64_t held = gop.packets[gop.count - 1]->dts_us - gop.packets[0]->dts_us;
    assert_true(held >= 900000 && held <= 1400000);
    bc_gop_finish(&gop);
}

static void
test_many_small_packets_grow_the_cache(void **state)
{
    (void)state;
    struct bc_gop gop = { .max_us = 10000000 };
    push(&gop, BC_KIND_VIDEO, 0, true, true);
    for (int i = 1; i < 3000; i++) {
        push(&gop, BC_KIND_AUDIO, i, false, true);
    }
    assert_int_equal(gop.count, 3000);
    for (int i = 0; i < 3000; i++) {
        assert_int_equal(gop.packets[i]->dts_us, i * 1000);
    }
    bc_gop_finish(&gop);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_cache_holds_what_came_since_the_keyframe),
        cmocka_unit_test(test_a_gop_that_is_too_long_is_given_up),
        cmocka_unit_test(test_the_memory_is_bounded),
        cmocka_unit_test(test_sound_alone_is_kept_for_about_a_second),
        cmocka_unit_test(test_many_small_packets_grow_the_cache),
    };
    return cmocka_run_group_tests_name("gop", tests, NULL, NULL);
}
