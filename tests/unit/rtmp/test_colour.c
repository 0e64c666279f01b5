// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/rtmp/colour.h"

#define NUMBER(a, b) 0, a, b, 0, 0, 0, 0, 0, 0
#define END 0, 0, 9

// As OBS sends it for HDR by PQ: BT.2020, 1000 cd/m2.
static const uint8_t PQ[] = {
    2, 0, 9, 'c', 'o', 'l', 'o', 'r', 'I', 'n', 'f', 'o', 3, //
    0, 11, 'c', 'o', 'l', 'o', 'r', 'C', 'o', 'n', 'f', 'i', 'g', 3, //
    0, 8, 'b', 'i', 't', 'D', 'e', 'p', 't', 'h', NUMBER(0x40, 0x24), // 10
    0, 14, 'c', 'o', 'l', 'o', 'r', 'P', 'r', 'i', 'm', 'a', 'r', 'i', 'e', 's',
    NUMBER(0x40, 0x22), // 9
    0, 23, 't', 'r', 'a', 'n', 's', 'f', 'e', 'r', 'C', 'h', 'a', 'r', 'a', 'c', 't', 'e', 'r',
    'i', 's', 't', 'i', 'c', 's', NUMBER(0x40, 0x30), // 16
    0, 18, 'm', 'a', 't', 'r', 'i', 'x', 'C', 'o', 'e', 'f', 'f', 'i', 'c', 'i', 'e', 'n', 't',
    's', NUMBER(0x40, 0x22), // 9
    END, //
    0, 6, 'h', 'd', 'r', 'C', 'l', 'l', 3, //
    0, 6, 'm', 'a', 'x', 'C', 'L', 'L', 0, 0x40, 0x8f, 0x40, 0, 0, 0, 0, 0, // 1000
    0, 7, 'm', 'a', 'x', 'F', 'a', 'l', 'l', 0, 0x40, 0x79, 0, 0, 0, 0, 0, 0, // 400
    END, //
    0, 7, 'h', 'd', 'r', 'M', 'd', 'c', 'v', 3, //
    0, 4, 'r', 'e', 'd', 'X', NUMBER(0x3f, 0xe6), // 0.6875
    0, 4, 'r', 'e', 'd', 'Y', NUMBER(0x3f, 0xd4), // 0.3125
    0, 6, 'g', 'r', 'e', 'e', 'n', 'X', NUMBER(0x40, 0x00), // 2: out of range
    0, 11, 'w', 'h', 'i', 't', 'e', 'P', 'o', 'i', 'n', 't', 'X', NUMBER(0x3f, 0xd4),
    0, 12, 'm', 'a', 'x', 'L', 'u', 'm', 'i', 'n', 'a', 'n', 'c', 'e', 0, 0x40, 0x8f, 0x40, 0,
    0, 0, 0, 0, // 1000
    0, 12, 'm', 'i', 'n', 'L', 'u', 'm', 'i', 'n', 'a', 'n', 'c', 'e', NUMBER(0x3f, 0x80),
    END, END };

static void
test_what_obs_sends(void **state)
{
    (void)state;
    struct bc_colour c;
    assert_int_equal(bc_rtmp_colour_parse(&c, PQ, sizeof(PQ)), 0);
    assert_int_equal(c.primaries, 9);
    assert_int_equal(c.transfer, 16);
    assert_int_equal(c.matrix, 9);
    assert_true(c.has_light && c.has_display);
    assert_int_equal(c.max_cll, 1000);
    assert_int_equal(c.max_fall, 400);
    assert_int_equal(c.display_x[2], 34375);
    assert_int_equal(c.display_y[2], 15625);
    assert_int_equal(c.display_x[0], 0);
    assert_int_equal(c.white_x, 15625);
    assert_int_equal(c.max_luminance, 10000000);
    assert_int_equal(c.min_luminance, 78); // 1/128
}

static void
test_an_empty_one_takes_it_back(void **state)
{
    (void)state;
    static const uint8_t NONE[] = { 2, 0, 9, 'c', 'o', 'l', 'o', 'r', 'I', 'n', 'f', 'o', 3,
        END };
    struct bc_colour c;
    assert_int_equal(bc_rtmp_colour_parse(&c, NONE, sizeof(NONE)), 0);
    assert_int_equal(c.primaries, 0);
    assert_false(c.has_light || c.has_display);
}

static void
test_something_else(void **state)
{
    (void)state;
    static const uint8_t OTHER[] = { 2, 0, 1, 'x', 3, END };
    struct bc_colour c;
    assert_int_equal(bc_rtmp_colour_parse(&c, OTHER, sizeof(OTHER)), -ENOENT);
    assert_int_equal(bc_rtmp_colour_parse(&c, OTHER, 0), -ENOENT);
}

static void
test_every_truncation(void **state)
{
    (void)state;
    // Objects may end without their marks, as some encoders leave them out.
    for (size_t len = 1; len < sizeof(PQ); len++) {
        uint8_t *exact = malloc(len);
        memcpy(exact, PQ, len);
        struct bc_colour c;
        int ret = bc_rtmp_colour_parse(&c, exact, len);
        assert_true(ret == -EINVAL || ret == -ENOENT || ret == 0);
        assert_true(c.primaries == 0 || c.primaries == 9);
        free(exact);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_obs_sends),
        cmocka_unit_test(test_an_empty_one_takes_it_back),
        cmocka_unit_test(test_something_else),
        cmocka_unit_test(test_every_truncation),
    };
    return cmocka_run_group_tests_name("rtmp_colour", tests, NULL, NULL);
}
