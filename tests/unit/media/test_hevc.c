// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "media/nalu.h"
#include "media/track.h"

// x265, Main, 1920x1080 (conformance window), 30 fps, 3 B-frames; without its SEI array.
static const uint8_t MAIN_1080[] = {
    0x01, 0x01, 0x60, 0x00, 0x00, 0x00, 0x90, 0x00, 0x00, 0x00, 0x00, 0x00, 0x78, // profile, level
    0xf0, 0x00, 0xfc, 0xfd, 0xf8, 0xf8, 0x00, 0x00, 0x0f, // ..., 4-byte lengths
    0x03, 0xa0, 0x00, 0x01, 0x00, 0x18, // 3 arrays; VPS
    0x40, 0x01, 0x0c, 0x01, 0xff, 0xff, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00,
    0x03, 0x00, 0x00, 0x03, 0x00, 0x78, 0x95, 0x94, 0x09, //
    0xa1, 0x00, 0x01, 0x00, 0x2a, // SPS
    0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00,
    0x03, 0x00, 0x78, 0xa0, 0x03, 0xc0, 0x80, 0x10, 0xe5, 0x96, 0x56, 0x59, 0x24, 0xca, 0xf0,
    0x16, 0x80, 0x80, 0x00, 0x00, 0x03, 0x00, 0x80, 0x00, 0x00, 0x0f, 0x04, //
    0xa2, 0x00, 0x01, 0x00, 0x07, // PPS
    0x44, 0x01, 0xc1, 0x72, 0xb4, 0x62, 0x40,
};
#define SPS_AT (22 + 6 + 24 + 5)

// x265, Main 10, 720x406, 50 fps.
static const uint8_t MAIN10[] = {
    0x01, 0x02, 0x20, 0x00, 0x00, 0x00, 0x90, 0x00, 0x00, 0x00, 0x00, 0x00, 0x5a, 0xf0, 0x00,
    0xfc, 0xfd, 0xfa, 0xfa, 0x00, 0x00, 0x0f, //
    0x01, 0xa1, 0x00, 0x01, 0x00, 0x2c, // only the SPS
    0x42, 0x01, 0x01, 0x02, 0x20, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00,
    0x03, 0x00, 0x5a, 0xa0, 0x05, 0xa2, 0x01, 0x99, 0xf4, 0xd9, 0x65, 0x66, 0x92, 0x4c, 0xaf,
    0x01, 0x68, 0x08, 0x00, 0x00, 0x03, 0x00, 0x08, 0x00, 0x00, 0x03, 0x01, 0x90, 0x40,
};

static void
test_hevc_track_tells_what_the_set_says(void **state)
{
    (void)state;
    struct bc_track *t = bc_hevc_track(MAIN_1080, sizeof(MAIN_1080));
    assert_non_null(t);
    assert_int_equal(t->codec, BC_CODEC_HEVC);
    assert_string_equal(t->codec_string, "hvc1.1.6.L120.90");
    assert_int_equal(t->width, 1920);
    assert_int_equal(t->height, 1080);
    assert_int_equal(t->fps_num, 30);
    assert_int_equal(t->fps_den, 1);
    assert_int_equal(t->reorder_frames, 2);
    assert_int_equal(t->config->len, sizeof(MAIN_1080));
    bc_track_unref(&t);

    t = bc_hevc_track(MAIN10, sizeof(MAIN10));
    assert_non_null(t);
    assert_string_equal(t->codec_string, "hvc1.2.4.L90.90");
    assert_int_equal(t->width, 720);
    assert_int_equal(t->height, 406);
    assert_int_equal(t->fps_num, 50);
    bc_track_unref(&t);
}

static void
test_hevc_track_takes_old_records(void **state)
{
    (void)state;
    // Version 0 and a zeroed profile, as encoders of codec id 12 write it.
    uint8_t record[sizeof(MAIN_1080)];
    memcpy(record, MAIN_1080, sizeof(record));
    memset(record, 0, 13);
    struct bc_track *t = bc_hevc_track(record, sizeof(record));
    assert_non_null(t);
    assert_string_equal(t->codec_string, "hvc1.1.6.L120.90");
    bc_track_unref(&t);
}

static void
test_hevc_codec_string_at_its_longest(void **state)
{
    (void)state;
    // Profile space 3, high tier, everything set: 12 bytes without zeros in place of 15
    // bytes with three emulation prevention bytes.
    uint8_t record[sizeof(MAIN_1080) - 3];
    const size_t profile_at = SPS_AT + 3;
    memcpy(record, MAIN_1080, profile_at);
    record[SPS_AT - 1] -= 3;
    memset(record + profile_at, 0xff, 12);
    memcpy(record + profile_at + 12, MAIN_1080 + profile_at + 15,
        sizeof(MAIN_1080) - profile_at - 15);
    struct bc_track *t = bc_hevc_track(record, sizeof(record));
    assert_non_null(t);
    assert_string_equal(t->codec_string, "hvc1.C31.FFFFFFFF.H255.FF.FF.FF.FF.FF.FF");
    assert_int_equal(t->width, 1920);
    bc_track_unref(&t);
}

static void
test_hevc_track_survives_truncation(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof(MAIN_1080); len++) {
        uint8_t *copy = malloc(len ? len : 1);
        memcpy(copy, MAIN_1080, len);
        assert_null(bc_hevc_track(copy, len));
        free(copy);
    }
    // An SPS cut short: nothing, or the right size without the timing.
    uint8_t record[sizeof(MAIN10)];
    for (uint8_t cut = 0; cut < 0x2c; cut++) {
        memcpy(record, MAIN10, 28 + cut);
        record[27] = cut;
        struct bc_track *t = bc_hevc_track(record, 28u + cut);
        assert_true(!t || (t->width == 720 && t->height == 406));
        bc_track_unref(&t);
    }
}

static void
test_hevc_track_refuses_nonsense(void **state)
{
    (void)state;
    uint8_t record[sizeof(MAIN_1080)];
    memcpy(record, MAIN_1080, sizeof(record));
    record[21] = 0x0e; // 3-byte lengths
    assert_null(bc_hevc_track(record, sizeof(record)));
    assert_int_equal(bc_nalu_length_size(BC_CODEC_HEVC, record, sizeof(record)), 0);
    memcpy(record, MAIN_1080, sizeof(record));
    record[SPS_AT - 5] = 0xa2; // no SPS array
    assert_null(bc_hevc_track(record, sizeof(record)));
    assert_null(bc_hevc_track(NULL, 0));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hevc_track_tells_what_the_set_says),
        cmocka_unit_test(test_hevc_track_takes_old_records),
        cmocka_unit_test(test_hevc_codec_string_at_its_longest),
        cmocka_unit_test(test_hevc_track_survives_truncation),
        cmocka_unit_test(test_hevc_track_refuses_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
