// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "record/index.h"

static const struct bc_recording_part PART = {
    .file = 2,
    .offset = 0x0102030405,
    .bytes = 0x00010203,
    .head_bytes = 0x0310,
    .start_us = 0x0000001122334455,
    .wall_us = 0x0006474a5b6c7d8e,
    .duration_us = 200000,
    .independent = true,
    .segment = true,
    .msn = 4711,
};

static const uint8_t RECORD[RECORD_INDEX_BYTES] = {
    0xa0, 0xda, 0x82, 0x85,                         // crc32 of what follows
    0x00, 0x00, 0x00, 0x02,                         // file
    0x00, 0x00, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, // offset
    0x00, 0x01, 0x02, 0x03,                         // bytes
    0x00, 0x00, 0x03, 0x10,                         // bytes before the mdat
    0x00, 0x00, 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, // recording time
    0x00, 0x06, 0x47, 0x4a, 0x5b, 0x6c, 0x7d, 0x8e, // wall clock
    0x00, 0x03, 0x0d, 0x40,                         // duration
    0x00, 0x00, 0x00, 0x03,                         // independent, begins a segment
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x12, 0x67, // media sequence number
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x07, // place
};

static void
test_a_record_has_its_bytes(void **state)
{
    (void)state;
    uint8_t out[RECORD_INDEX_BYTES];
    record_index_write(out, &PART, 7);
    assert_memory_equal(out, RECORD, sizeof(out));
}

static void
test_a_record_comes_back(void **state)
{
    (void)state;
    struct bc_recording_part p;
    assert_true(record_index_read(RECORD, 7, &p));
    assert_int_equal(p.file, PART.file);
    assert_int_equal(p.offset, PART.offset);
    assert_int_equal(p.bytes, PART.bytes);
    assert_int_equal(p.head_bytes, PART.head_bytes);
    assert_int_equal(p.start_us, PART.start_us);
    assert_int_equal(p.wall_us, PART.wall_us);
    assert_int_equal(p.duration_us, PART.duration_us);
    assert_int_equal(p.msn, PART.msn);
    assert_true(p.independent && p.segment && !p.discontinuity);
    assert_false(record_index_read(RECORD, 8, &p)); // of another place
}

static void
test_every_changed_bit_is_seen(void **state)
{
    (void)state;
    struct bc_recording_part p;
    for (size_t i = 0; i < 8 * sizeof(RECORD); i++) {
        uint8_t copy[sizeof(RECORD)];
        memcpy(copy, RECORD, sizeof(copy));
        copy[i / 8] ^= (uint8_t)(1u << (i % 8));
        assert_false(record_index_read(copy, 7, &p));
    }
}

// A right checksum does not make numbers right.
static void
test_numbers_beyond_the_limits_are_refused(void **state)
{
    (void)state;
    struct bc_recording_part bad[8];
    for (size_t i = 0; i < 8; i++) {
        bad[i] = PART;
    }
    bad[0].file = 0;
    bad[1].file = UINT32_MAX;
    bad[2].offset = UINT64_MAX;
    bad[3].bytes = UINT32_MAX;
    bad[4].head_bytes = bad[4].bytes;
    bad[5].start_us = -1;
    bad[6].start_us = INT64_MAX;
    bad[7].wall_us = -1;
    for (size_t i = 0; i < 8; i++) {
        uint8_t out[RECORD_INDEX_BYTES];
        struct bc_recording_part p;
        record_index_write(out, &bad[i], 0);
        assert_false(record_index_read(out, 0, &p));
    }
}

static void
test_the_header_has_its_bytes(void **state)
{
    (void)state;
    static const uint8_t HEAD[RECORD_INDEX_HEAD_BYTES] = { 'B', 'C', 'I', 'N', 'D', 'E',
        'X', '1', 0, 0, 0, 64, 0, 0, 0, 0 };
    uint8_t out[RECORD_INDEX_HEAD_BYTES];
    record_index_head_write(out);
    assert_memory_equal(out, HEAD, sizeof(HEAD));
    assert_true(record_index_head_is_ours(out));
    out[7] = '2';
    assert_false(record_index_head_is_ours(out));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_record_has_its_bytes),
        cmocka_unit_test(test_a_record_comes_back),
        cmocka_unit_test(test_every_changed_bit_is_seen),
        cmocka_unit_test(test_numbers_beyond_the_limits_are_refused),
        cmocka_unit_test(test_the_header_has_its_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
