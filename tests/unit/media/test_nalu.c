// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "media/nalu.h"

// Normalises and compares; `want` NULL means: fine as it stands.
static void
check(const uint8_t *data, size_t len, unsigned length_size, const uint8_t *want,
    size_t want_len)
{
    struct bc_buf *out = NULL;
    uint8_t *copy = malloc(len);
    memcpy(copy, data, len);
    assert_int_equal(bc_nalu_normalise(copy, len, length_size, &out), 0);
    free(copy);
    if (!want) {
        assert_null(out);
        return;
    }
    assert_non_null(out);
    assert_int_equal(out->len, want_len);
    assert_memory_equal(out->data, want, want_len);
    bc_buf_unref(&out);
}

static const uint8_t TWO[] = {
    0, 0, 0, 2, 0x67, 0x42,       // SPS
    0, 0, 0, 3, 0x65, 0x88, 0x84, // IDR
};

static void
test_normalise_leaves_good_units(void **state)
{
    (void)state;
    check(TWO, sizeof(TWO), 4, NULL, 0);
}

static void
test_normalise_widens_lengths(void **state)
{
    (void)state;
    static const uint8_t ONE_BYTE[] = { 2, 0x67, 0x42, 3, 0x65, 0x88, 0x84 };
    static const uint8_t TWO_BYTES[] = { 0, 2, 0x67, 0x42, 0, 3, 0x65, 0x88, 0x84 };
    check(ONE_BYTE, sizeof(ONE_BYTE), 1, TWO, sizeof(TWO));
    check(TWO_BYTES, sizeof(TWO_BYTES), 2, TWO, sizeof(TWO));
}

static void
test_normalise_turns_annex_b(void **state)
{
    (void)state;
    static const uint8_t LONG[]
        = { 0, 0, 0, 1, 0x67, 0x42, 0, 0, 0, 1, 0x65, 0x88, 0x84 };
    static const uint8_t SHORT[]
        = { 0, 0, 1, 0x67, 0x42, 0, 0, 1, 0x65, 0x88, 0x84, 0, 0 };
    static const uint8_t INSIDE[]
        = { 0, 0, 0, 13, 0, 0, 0, 1, 0x67, 0x42, 0, 0, 1, 0x65, 0x88, 0x84, 0 };
    check(LONG, sizeof(LONG), 4, TWO, sizeof(TWO));
    check(SHORT, sizeof(SHORT), 4, TWO, sizeof(TWO));
    check(INSIDE, sizeof(INSIDE), 4, TWO, sizeof(TWO));
}

static void
test_normalise_keeps_a_length_of_one(void **state)
{
    (void)state;
    // Reads as a start code too: a filler of one byte, then a slice.
    static const uint8_t UNITS[] = { 0, 0, 0, 1, 0x0c, 0, 0, 0, 2, 0x41, 0x9a };
    check(UNITS, sizeof(UNITS), 4, NULL, 0);
    // 256 bytes: 00 00 01 00.
    uint8_t big[4 + 256 + 2] = { 0, 0, 1, 0, 0x41 };
    memset(big + 5, 0xaa, 255);
    check(big, 4 + 256, 4, NULL, 0);
    big[260] = 0xff; // garbage behind it
    check(big, sizeof(big), 4, big, 4 + 256);
}

static void
test_normalise_drops_empty_units_and_garbage(void **state)
{
    (void)state;
    static const uint8_t EMPTY[] = { 0, 0, 0, 0, 0, 0, 0, 2, 0x67, 0x42, 0, 0, 0, 0, 0, 0,
        0, 3, 0x65, 0x88, 0x84 };
    static const uint8_t GARBAGE[]
        = { 0, 0, 0, 2, 0x67, 0x42, 0, 0, 0, 3, 0x65, 0x88, 0x84, 0, 0, 9, 9, 9 };
    check(EMPTY, sizeof(EMPTY), 4, TWO, sizeof(TWO));
    check(GARBAGE, sizeof(GARBAGE), 4, TWO, sizeof(TWO));
}

static void
test_normalise_refuses_what_holds_nothing(void **state)
{
    (void)state;
    static const uint8_t ZEROS[8] = { 0 };
    static const uint8_t CUT[] = { 0, 0, 0, 9, 0x65 };
    static const uint8_t CODES[] = { 0, 0, 1, 0, 0, 1 };
    struct bc_buf *out;
    assert_int_equal(bc_nalu_normalise(ZEROS, sizeof(ZEROS), 4, &out), -EINVAL);
    assert_int_equal(bc_nalu_normalise(CUT, sizeof(CUT), 4, &out), -EINVAL);
    assert_int_equal(bc_nalu_normalise(CODES, sizeof(CODES), 4, &out), -EINVAL);
    assert_int_equal(bc_nalu_normalise(TWO, 0, 4, &out), -EINVAL);
    assert_int_equal(bc_nalu_normalise(TWO, sizeof(TWO), 3, &out), -EINVAL);
    assert_null(out);
}

static void
test_scan_avc(void **state)
{
    (void)state;
    struct bc_nalu_info info;
    assert_int_equal(bc_nalu_scan(BC_CODEC_AVC, TWO, sizeof(TWO), &info), 0);
    assert_true(info.has_slice && info.is_idr && info.has_parameter_sets);
    assert_false(info.disposable);

    static const uint8_t B[]
        = { 0, 0, 0, 1, 0x09, 0, 0, 0, 2, 0x01, 0x9a }; // AUD, ref_idc 0
    assert_int_equal(bc_nalu_scan(BC_CODEC_AVC, B, sizeof(B), &info), 0);
    assert_true(info.has_slice && info.disposable);
    assert_false(info.is_idr);

    static const uint8_t SEI[] = { 0, 0, 0, 2, 0x06, 0x05 };
    assert_int_equal(bc_nalu_scan(BC_CODEC_AVC, SEI, sizeof(SEI), &info), 0);
    assert_false(info.has_slice || info.disposable);

    static const uint8_t CUT[] = { 0, 0, 0, 1, 0x65, 0, 0, 0, 9, 0x41 };
    assert_int_equal(bc_nalu_scan(BC_CODEC_AVC, CUT, sizeof(CUT), &info), -EINVAL);
    assert_true(info.is_idr);
}

static void
test_scan_hevc(void **state)
{
    (void)state;
    struct bc_nalu_info info;
    static const uint8_t KEY[]
        = { 0, 0, 0, 2, 0x42, 0x01, 0, 0, 0, 3, 0x26, 0x01, 0xaf }; // 19
    assert_int_equal(bc_nalu_scan(BC_CODEC_HEVC, KEY, sizeof(KEY), &info), 0);
    assert_true(info.has_slice && info.is_idr && info.has_parameter_sets);

    static const uint8_t CRA[] = { 0, 0, 0, 3, 0x2a, 0x01, 0xaf };
    assert_int_equal(bc_nalu_scan(BC_CODEC_HEVC, CRA, sizeof(CRA), &info), 0);
    assert_true(info.is_idr);

    static const uint8_t TRAIL_N[] = { 0, 0, 0, 3, 0x00, 0x01, 0xaf };
    assert_int_equal(bc_nalu_scan(BC_CODEC_HEVC, TRAIL_N, sizeof(TRAIL_N), &info), 0);
    assert_true(info.has_slice && info.disposable);

    static const uint8_t TRAIL_R[] = { 0, 0, 0, 3, 0x02, 0x01, 0xaf };
    assert_int_equal(bc_nalu_scan(BC_CODEC_HEVC, TRAIL_R, sizeof(TRAIL_R), &info), 0);
    assert_false(info.disposable || info.is_idr);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_normalise_leaves_good_units),
        cmocka_unit_test(test_normalise_widens_lengths),
        cmocka_unit_test(test_normalise_turns_annex_b),
        cmocka_unit_test(test_normalise_keeps_a_length_of_one),
        cmocka_unit_test(test_normalise_drops_empty_units_and_garbage),
        cmocka_unit_test(test_normalise_refuses_what_holds_nothing),
        cmocka_unit_test(test_scan_avc),
        cmocka_unit_test(test_scan_hevc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
