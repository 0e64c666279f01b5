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

// x264, Main 4.0, 1920x1080 (cropped from 1088), 30 fps, 2 B-frames.
static const uint8_t MAIN_1080[] = {
    0x01, 0x4d, 0x40, 0x28, 0xff, 0xe1, // version, profile, compatibility, level, 4-byte, 1 SPS
    0x00, 0x1a, 0x67, 0x4d, 0x40, 0x28, 0xec, 0xa0, 0x3c, 0x01, 0x13, 0xf2, 0xe0, 0x22, 0x00,
    0x00, 0x03, 0x00, 0x02, 0x00, 0x00, 0x03, 0x00, 0x78, 0x1e, 0x30, 0x63, 0x2c, // with 00 00 03
    0x01, 0x00, 0x04, 0x68, 0xce, 0x0f, 0xc8, // 1 PPS
};

// x264, constrained baseline 3.0, 640x360 (from 368), 29.97 fps.
static const uint8_t BASELINE_360[] = {
    0x01, 0x42, 0xc0, 0x1e, 0xff, 0xe1, 0x00, 0x18, 0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00, 0xa0,
    0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03, 0x03, 0xe9, 0x00, 0x00, 0xea, 0x60, 0x0f, 0x16,
    0x2e, 0x48, 0x01, 0x00, 0x05, 0x68, 0xcb, 0x83, 0xcb, 0x20,
};

// x264, High 4:2:2, interlaced 720x486 (from 512 in field pairs), HRD, with the High
// bytes.
static const uint8_t INTERLACED[] = {
    0x01, 0x7a, 0x00, 0x1e, 0xff, 0xe1, 0x00, 0x26, 0x67, 0x7a, 0x00, 0x1e, 0xb6, 0xcd, 0x94,
    0x0b, 0x42, 0x0f, 0xc7, 0x60, 0x22, 0x00, 0x00, 0x03, 0x00, 0x02, 0x00, 0x00, 0x03, 0x00,
    0x64, 0xc4, 0x80, 0x01, 0xe8, 0x48, 0x00, 0x3d, 0x09, 0xc5, 0x86, 0x01, 0xf1, 0x42, 0x99,
    0x60, 0x01, 0x00, 0x05, 0x68, 0xfb, 0xac, 0xb2, 0x2c, 0xfe, 0xfa, 0xfa, 0x00,
};

// x264, High 4:4:4, 318x242, 60 fps; cropping in units of one sample.
static const uint8_t CHROMA_444[] = {
    0x01, 0xf4, 0x00, 0x15, 0xff, 0xe1, 0x00, 0x1b, 0x67, 0xf4, 0x00, 0x15, 0x91, 0x9b, 0x28,
    0x28, 0x10, 0xf7, 0x1f, 0x80, 0x88, 0x00, 0x00, 0x03, 0x00, 0x08, 0x00, 0x00, 0x03, 0x03,
    0xc0, 0x78, 0xb1, 0x6c, 0xb0, 0x01, 0x00, 0x06, 0x68, 0xeb, 0xe3, 0xc4, 0x48, 0x44, 0xff,
    0xf8, 0xf8, 0x00,
};

static void
check(const uint8_t *record, size_t len, const char *codec, uint32_t width, uint32_t height)
{
    struct bc_track *t = bc_avc_track(record, len);
    assert_non_null(t);
    assert_int_equal(t->kind, BC_KIND_VIDEO);
    assert_int_equal(t->codec, BC_CODEC_AVC);
    assert_string_equal(t->codec_string, codec);
    assert_int_equal(t->width, width);
    assert_int_equal(t->height, height);
    assert_int_equal(t->config->len, len);
    assert_memory_equal(t->config->data, record, len);
    bc_track_unref(&t);
}

static void
check_timing(const uint8_t *record, size_t len, uint32_t num, uint32_t den, int reorder)
{
    struct bc_track *t = bc_avc_track(record, len);
    assert_non_null(t);
    assert_int_equal(t->fps_num, num);
    assert_int_equal(t->fps_den, den);
    assert_int_equal(t->reorder_frames, reorder);
    bc_track_unref(&t);
}

static void
test_avc_track_tells_codec_and_size(void **state)
{
    (void)state;
    check(MAIN_1080, sizeof(MAIN_1080), "avc1.4d4028", 1920, 1080);
    check(BASELINE_360, sizeof(BASELINE_360), "avc1.42c01e", 640, 360);
    check(INTERLACED, sizeof(INTERLACED), "avc1.7a001e", 720, 486);
    check(CHROMA_444, sizeof(CHROMA_444), "avc1.f40015", 318, 242);
}

static void
test_avc_track_tells_timing_and_reorder(void **state)
{
    (void)state;
    check_timing(MAIN_1080, sizeof(MAIN_1080), 30, 1, 2);
    check_timing(BASELINE_360, sizeof(BASELINE_360), 30000, 1001, 0);
    check_timing(INTERLACED, sizeof(INTERLACED), 25, 1, 2);
    check_timing(CHROMA_444, sizeof(CHROMA_444), 60, 1, 2);
}

static void
test_avc_track_without_vui(void **state)
{
    (void)state;
    // Baseline, level 3.1, 1280x720, poc type 2, no cropping and no VUI.
    static const uint8_t RECORD[] = {
        0x01, 0x42, 0x00, 0x1f, 0xfd, 0xe1, 0x00, 0x09, 0x67, 0x42, 0x00, 0x1f,
        0xda, 0x01, 0x40, 0x16, 0xe4, // ue 0,0,2,1 gap ue 79, ue 44, 1 1 0 0 stop
        0x01, 0x00, 0x04, 0x68, 0xce, 0x0f, 0xc8,
    };
    check(RECORD, sizeof(RECORD), "avc1.42001f", 1280, 720);
    check_timing(RECORD, sizeof(RECORD), 0, 0, 0);
    assert_int_equal(bc_nalu_length_size(BC_CODEC_AVC, RECORD, sizeof(RECORD)), 2);
}

static void
test_avc_track_takes_several_sets(void **state)
{
    (void)state;
    uint8_t record[128];
    size_t n = 0;
    const size_t sps_bytes = 2 + 0x1a;
    memcpy(record, MAIN_1080, 6);
    record[5] = 0xe2; // 2 SPS
    n = 6;
    memcpy(record + n, MAIN_1080 + 6, sps_bytes);
    n += sps_bytes;
    memcpy(record + n, MAIN_1080 + 6, sps_bytes);
    n += sps_bytes;
    record[n++] = 2; // 2 PPS
    memcpy(record + n, MAIN_1080 + 6 + sps_bytes + 1, 6);
    n += 6;
    memcpy(record + n, MAIN_1080 + 6 + sps_bytes + 1, 6);
    n += 6;
    check(record, n, "avc1.4d4028", 1920, 1080);
    // The High bytes of a record may follow or not.
    memcpy(record + n, (const uint8_t[]){ 0xfd, 0xf8, 0xf8, 0x00 }, 4);
    check(record, n + 4, "avc1.4d4028", 1920, 1080);
}

static void
test_avc_track_survives_truncation(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof(MAIN_1080); len++) {
        uint8_t *copy = malloc(len ? len : 1);
        memcpy(copy, MAIN_1080, len);
        struct bc_track *t = bc_avc_track(copy, len);
        assert_null(t);
        free(copy);
    }
    // An SPS cut short inside a whole record: unusable up to the size, without timing
    // after it.
    uint8_t record[sizeof(MAIN_1080)];
    for (uint8_t cut = 1; cut < 0x1a; cut++) {
        size_t tail = sizeof(MAIN_1080) - 6 - 2 - 0x1a;
        memcpy(record, MAIN_1080, 8 + cut);
        record[7] = cut;
        memcpy(record + 8 + cut, MAIN_1080 + 8 + 0x1a, tail);
        struct bc_track *t = bc_avc_track(record, 8 + cut + tail);
        assert_true(!t || (t->width == 1920 && t->height == 1080));
        bc_track_unref(&t);
    }
}

static void
test_avc_track_refuses_nonsense(void **state)
{
    (void)state;
    uint8_t record[sizeof(MAIN_1080)];
    memcpy(record, MAIN_1080, sizeof(record));
    record[0] = 2; // version
    assert_null(bc_avc_track(record, sizeof(record)));
    record[0] = 1;
    record[4] = 0xfe; // 3-byte lengths
    assert_null(bc_avc_track(record, sizeof(record)));
    record[4] = 0xff;
    record[8] = 0x68; // a PPS where the SPS should be
    assert_null(bc_avc_track(record, sizeof(record)));
    // Annex B in place of the record.
    static const uint8_t ANNEX_B[] = { 0, 0, 0, 1, 0x67, 0x42, 0x00, 0x1f, 0xda, 0x01, 0x40 };
    assert_null(bc_avc_track(ANNEX_B, sizeof(ANNEX_B)));
    assert_null(bc_avc_track(NULL, 0));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_avc_track_tells_codec_and_size),
        cmocka_unit_test(test_avc_track_tells_timing_and_reorder),
        cmocka_unit_test(test_avc_track_without_vui),
        cmocka_unit_test(test_avc_track_takes_several_sets),
        cmocka_unit_test(test_avc_track_survives_truncation),
        cmocka_unit_test(test_avc_track_refuses_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
