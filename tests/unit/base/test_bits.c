// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bits.h"

static void
test_bits_are_read_most_significant_first(void **state)
{
    (void)state;
    static const uint8_t BYTES[] = { 0xa5, 0x0f, 0xff, 0xff, 0xff, 0xff };
    struct bc_bits b = bc_bits_init(BYTES, sizeof(BYTES), false);
    assert_true(bc_bits_flag(&b));
    assert_int_equal(bc_bits_read(&b, 3), 2);
    assert_int_equal(bc_bits_read(&b, 0), 0);
    assert_int_equal(bc_bits_read(&b, 8), 0x50);
    bc_bits_skip(&b, 4);
    assert_int_equal(bc_bits_read(&b, 32), 0xffffffff);
    assert_false(b.failed);
    assert_false(bc_bits_flag(&b));
    assert_true(b.failed);
    assert_int_equal(bc_bits_read(&b, 5), 0);
}

static void
test_exp_golomb_codes(void **state)
{
    (void)state;
    // ue: 1 | 010 | 011 | 00100, then 00101 read as se (k = 4: -2), 00110 (k = 5: 3), 1
    // (0)
    static const uint8_t BYTES[] = { 0xa6, 0x42, 0x9a };
    struct bc_bits b = bc_bits_init(BYTES, sizeof(BYTES), false);
    assert_int_equal(bc_bits_ue(&b), 0);
    assert_int_equal(bc_bits_ue(&b), 1);
    assert_int_equal(bc_bits_ue(&b), 2);
    assert_int_equal(bc_bits_ue(&b), 3);
    assert_int_equal(bc_bits_se(&b), -2);
    assert_int_equal(bc_bits_se(&b), 3);
    assert_int_equal(bc_bits_se(&b), 0);
    assert_false(b.failed);
}

static void
test_exp_golomb_has_a_limit(void **state)
{
    (void)state;
    static const uint8_t LONGEST[] = { 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff }; // 31 zeros
    struct bc_bits b = bc_bits_init(LONGEST, sizeof(LONGEST), false);
    assert_int_equal(bc_bits_ue(&b), 0xfffffffe);
    assert_false(b.failed);
    static const uint8_t TOO_LONG[] = { 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff }; // 32
    b = bc_bits_init(TOO_LONG, sizeof(TOO_LONG), false);
    assert_int_equal(bc_bits_ue(&b), 0);
    assert_true(b.failed);
    assert_int_equal(bc_bits_se(&b), 0);
    static const uint8_t ENDLESS[] = { 0, 0 };
    b = bc_bits_init(ENDLESS, sizeof(ENDLESS), false);
    assert_int_equal(bc_bits_ue(&b), 0);
    assert_true(b.failed);
}

static void
test_emulation_prevention_bytes_are_skipped(void **state)
{
    (void)state;
    static const uint8_t BYTES[] = { 0, 0, 3, 1, 0, 0, 3, 0, 0, 3, 3, 0, 3 };
    // Without the three 03 that follow two zeros: 00 00 01 00 00 00 00 03 00 03
    struct bc_bits b = bc_bits_init(BYTES, sizeof(BYTES), true);
    assert_int_equal(bc_bits_read(&b, 24), 1);
    assert_int_equal(bc_bits_read(&b, 32), 0);
    assert_int_equal(bc_bits_read(&b, 24), 0x030003);
    assert_false(b.failed);
    assert_false(bc_bits_flag(&b));
    assert_true(b.failed);
    b = bc_bits_init(BYTES, sizeof(BYTES), false);
    assert_int_equal(bc_bits_read(&b, 24), 3);
}

static void
test_every_truncation_fails_once_and_for_good(void **state)
{
    (void)state;
    static const uint8_t BYTES[] = { 0x12, 0, 0, 3, 1, 0x80 };
    for (size_t len = 0; len < sizeof(BYTES); len++) {
        struct bc_bits b = bc_bits_init(BYTES, len, true);
        bc_bits_skip(&b, 40);
        assert_true(b.failed);
        assert_int_equal(bc_bits_read(&b, 1), 0);
    }
    struct bc_bits b = bc_bits_init(NULL, 0, true);
    assert_int_equal(bc_bits_ue(&b), 0);
    assert_true(b.failed);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bits_are_read_most_significant_first),
        cmocka_unit_test(test_exp_golomb_codes),
        cmocka_unit_test(test_exp_golomb_has_a_limit),
        cmocka_unit_test(test_emulation_prevention_bytes_are_skipped),
        cmocka_unit_test(test_every_truncation_fails_once_and_for_good),
    };
    return cmocka_run_group_tests_name("bits", tests, NULL, NULL);
}
