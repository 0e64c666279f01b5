// SPDX-License-Identifier: Apache-2.0
// What is made from the streams' own headers equals what FFmpeg's MP4 muxer writes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "media/obu.h"
#include "media/track_build.h"

static void
check(struct bc_track *t, const uint8_t *config, size_t len, const char *codec,
    uint32_t width, uint32_t height)
{
    assert_non_null(t);
    assert_int_equal(t->config->len, len);
    assert_memory_equal(t->config->data, config, len);
    assert_string_equal(t->codec_string, codec);
    assert_int_equal(t->width, width);
    assert_int_equal(t->height, height);
    bc_track_unref(&t);
}

// av1C of 1280x720: four bytes, then the sequence header OBU with its size.
// libaom, 4:2:0.
static const uint8_t AV1_8[] = { 0x81, 0x05, 0x0c, 0x00, 0x0a, 0x0b, 0x00, 0x00, 0x00,
    0x2d, 0x4c, 0xff, 0xb3, 0xcc, 0xaf, 0x90, 0x04 };

// libaom, 10 bits, full range, BT.709.
static const uint8_t AV1_10[] = { 0x81, 0x05, 0x4c, 0x00, 0x0a, 0x0e, 0x00, 0x00, 0x00,
    0x2d, 0x4c, 0xff, 0xb3, 0xcc, 0xaf, 0x95, 0x01, 0x01, 0x01, 0x84 };

// libaom, 4:4:4.
static const uint8_t AV1_444[] = { 0x81, 0x25, 0x00, 0x00, 0x0a, 0x0b, 0x20, 0x00, 0x00,
    0x2d, 0x4c, 0xff, 0xb3, 0xcc, 0xaf, 0x90, 0x20 };

// libaom, 4:2:2, 10 bits.
static const uint8_t AV1_422[] = { 0x81, 0x45, 0x48, 0x00, 0x0a, 0x0b, 0x40, 0x00, 0x00,
    0x2d, 0x4c, 0xff, 0xb3, 0xcc, 0xaf, 0x94, 0x08 };

// libaom, grey.
static const uint8_t AV1_GRAY[] = { 0x81, 0x05, 0x1c, 0x00, 0x0a, 0x0b, 0x00, 0x00, 0x00,
    0x2d, 0x4c, 0xff, 0xb3, 0xcc, 0xaf, 0x92, 0xa0 };

// SVT-AV1.
static const uint8_t AV1_SVT[] = { 0x81, 0x05, 0x0c, 0x00, 0x0a, 0x0b, 0x00, 0x00, 0x00,
    0x2d, 0x4c, 0xff, 0xb3, 0xc0, 0x2f, 0x80, 0x04 };

// rav1e, level 31.
static const uint8_t AV1_RAV1E[] = { 0x81, 0x1f, 0x0c, 0x00, 0x0a, 0x0e, 0x00, 0x00, 0x00,
    0xfa, 0xa6, 0x7f, 0xd9, 0xe2, 0x10, 0xa8, 0x81, 0x01, 0x01, 0x0a };

static void
check_av1(const uint8_t *config, size_t len, const char *codec)
{
    check(bc_av1_track(config + 4, len - 4), config, len, codec, 1280, 720);
    // Without its size field, as RTP carries it.
    uint8_t bare[32] = { config[4] & 0xfd };
    memcpy(bare + 1, config + 6, len - 6);
    check(bc_av1_track(bare, len - 5), config, len, codec, 1280, 720);
    for (size_t cut = 0; cut < len - 5; cut++) {
        uint8_t *copy = malloc(cut ? cut : 1);
        memcpy(copy, bare, cut);
        struct bc_track *t = bc_av1_track(copy, cut);
        assert_true(cut > 8 || !t);
        bc_track_unref(&t);
        free(copy);
    }
}

static void
test_av1_record_is_that_of_a_muxer(void **state)
{
    (void)state;
    check_av1(AV1_8, sizeof(AV1_8), "av01.0.05M.08");
    check_av1(AV1_10, sizeof(AV1_10), "av01.0.05M.10");
    check_av1(AV1_444, sizeof(AV1_444), "av01.1.05M.08");
    check_av1(AV1_422, sizeof(AV1_422), "av01.2.05M.10");
    check_av1(AV1_GRAY, sizeof(AV1_GRAY), "av01.0.05M.08");
    check_av1(AV1_SVT, sizeof(AV1_SVT), "av01.0.05M.08");
    check_av1(AV1_RAV1E, sizeof(AV1_RAV1E), "av01.0.31M.08");
}

static void
test_av1_reads_timing_and_operating_points(void **state)
{
    (void)state;
    // profile 0, still 0, reduced 0, timing_info_present 1 | num_units 1 | scale 30 |
    // equal 1, uvlc 0, decoder model 1: 5 bits 9, 32 bits 1, 5 bits 9, 5 bits 9 |
    // display delay 1, 2 operating points | { idc 0x101, level 9, tier 1, model 1: 10 +
    // 10 + 1 bits, delay 1: 4 bits } { idc 0x301, level 5, model 0, delay 0 } | 11 and 11
    // bits: 1920x1080 | ...
    static const uint8_t BITS[] = "000"
                                  "0"
                                  "0"
                                  "1"
                                  "00000000000000000000000000000001"
                                  "00000000000000000000000000011110"
                                  "1"
                                  "1"
                                  "1"
                                  "01001"
                                  "00000000000000000000000000000001"
                                  "01001"
                                  "01001"
                                  "1"
                                  "00001"
                                  "000100000001"
                                  "01001"
                                  "1"
                                  "1"
                                  "1111100000"
                                  "0000011111"
                                  "0"
                                  "1"
                                  "0011"
                                  "001100000001"
                                  "00101"
                                  "0"
                                  "0"
                                  "1010"
                                  "1010"
                                  "11101111111"
                                  "10000110111"
                                  "0"
                                  "000"
                                  "0000"
                                  "0"
                                  "1"
                                  "1"
                                  "000"
                                  "0"
                                  "0"
                                  "0"
                                  "0"
                                  "00"
                                  "0"
                                  "0";
    uint8_t obu[64] = { 0x08 };
    size_t count = sizeof(BITS) - 1;
    for (size_t i = 0; i < count; i++) {
        obu[1 + i / 8] |= (uint8_t)((BITS[i] - '0') << (7 - i % 8));
    }
    struct bc_track *t = bc_av1_track(obu, 1 + (count + 7) / 8);
    assert_non_null(t);
    assert_string_equal(t->codec_string, "av01.0.09H.08");
    assert_int_equal(t->width, 1920);
    assert_int_equal(t->height, 1080);
    assert_int_equal(t->fps_num, 30);
    assert_int_equal(t->fps_den, 1);
    assert_int_equal(t->reorder_frames, 0);
    bc_track_unref(&t);
}

static void
test_obus_with_and_without_size(void **state)
{
    (void)state;
    // A delimiter, a frame with an extension, one that reaches to the end.
    static const uint8_t BYTES[] = { 0x12, 0x00, 0x36, 0x28, 0x02, 0xaa, 0xbb, 0x30,
        0xcc };
    struct bc_reader r = bc_reader_init(BYTES, sizeof(BYTES));
    struct bc_writer w = { 0 };
    struct bc_obu obu;
    assert_int_equal(bc_obu_read(&r, &obu), 0);
    assert_int_equal(obu.type, BC_OBU_TEMPORAL_DELIMITER);
    assert_false(bc_obu_is_useful(&obu));
    assert_int_equal(bc_obu_read(&r, &obu), 0);
    assert_int_equal(obu.type, BC_OBU_FRAME);
    assert_int_equal(obu.head_len, 2);
    assert_int_equal(obu.len, 2);
    bc_obu_write(&w, &obu);
    assert_int_equal(bc_obu_bytes(&obu), w.len);
    assert_memory_equal(w.data, BYTES + 2, 5);
    assert_int_equal(bc_obu_read(&r, &obu), 0);
    assert_int_equal(obu.len, 1);
    bc_writer_finish(&w);
    // The forbidden bit, a size behind the end, an endless one.
    static const uint8_t BAD[][4] = {
        { 0x92, 0x00, 0x00, 0x00 },
        { 0x32, 0x03, 0x00, 0x00 },
        { 0x32, 0x80, 0x80, 0x80 },
    };
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        r = bc_reader_init(BAD[i], sizeof(BAD[i]));
        assert_int_not_equal(bc_obu_read(&r, &obu), 0);
    }
}

static void
test_leb128_round_trip(void **state)
{
    (void)state;
    static const uint32_t VALUES[] = { 0, 1, 127, 128, 16383, 16384, UINT32_MAX };
    for (size_t i = 0; i < sizeof(VALUES) / sizeof(VALUES[0]); i++) {
        struct bc_writer w = { 0 };
        bc_write_leb128(&w, VALUES[i]);
        assert_int_equal(w.len, bc_leb128_bytes(VALUES[i]));
        struct bc_reader r = bc_reader_init(w.data, w.len);
        assert_int_equal(bc_read_leb128(&r), VALUES[i]);
        assert_false(r.failed);
        bc_writer_finish(&w);
    }
    // 2^32 is no size here; padded zeros are fine.
    struct bc_reader big = bc_reader_init("\x80\x80\x80\x80\x10", 5);
    bc_read_leb128(&big);
    assert_true(big.failed);
    struct bc_reader padded = bc_reader_init("\x81\x80\x00", 3);
    assert_int_equal(bc_read_leb128(&padded), 1);
    assert_false(padded.failed);
}

static void
test_vp8_tells_its_size(void **state)
{
    (void)state;
    // not_key 0 | 9d 01 2a | 160 | 96 with a scale
    static const uint8_t KEY[] = { 0xb0, 0x45, 0x00, 0x9d, 0x01, 0x2a, 0xa0, 0x00, 0x60,
        0x40 };
    struct bc_track *t = bc_vp8_track(KEY, sizeof(KEY));
    assert_non_null(t);
    assert_string_equal(t->codec_string, "vp8");
    assert_int_equal(t->width, 160);
    assert_int_equal(t->height, 96);
    assert_int_equal(t->reorder_frames, 0);
    bc_track_unref(&t);
    for (size_t len = 0; len < sizeof(KEY); len++) {
        assert_null(bc_vp8_track(KEY, len));
    }
    uint8_t delta[sizeof(KEY)];
    memcpy(delta, KEY, sizeof(KEY));
    delta[0] |= 1;
    assert_null(bc_vp8_track(delta, sizeof(delta)));
    delta[0] &= 0xfe;
    delta[3] = 0;
    assert_null(bc_vp8_track(delta, sizeof(delta)));
}

// The start of keyframes of libvpx, 1280x720, and the vpcC that goes with each.
static const struct {
    uint8_t frame[10];
    uint8_t config[12];
    const char *codec;
} VP9[] = {
    { { 0x82, 0x49, 0x83, 0x42, 0x00, 0x4f, 0xf0, 0x2c, 0xf6, 0x06 },
        { 0x01, 0x00, 0x00, 0x00, 0x00, 0x1f, 0x82, 0x02, 0x02, 0x02, 0x00, 0x00 },
        "vp09.00.31.08" },
    { { 0xa2, 0x49, 0x83, 0x42, 0x00, 0x09, 0xfe, 0x05, 0x9e, 0xc0 },
        { 0x01, 0x00, 0x00, 0x00, 0x01, 0x1f, 0x86, 0x02, 0x02, 0x02, 0x00, 0x00 },
        "vp09.01.31.08" },
    { { 0xb1, 0x24, 0xc1, 0xa1, 0x02, 0x02, 0x7f, 0x81, 0x67, 0xb0 },
        { 0x01, 0x00, 0x00, 0x00, 0x03, 0x1f, 0xa4, 0x02, 0x02, 0x02, 0x00, 0x00 },
        "vp09.03.31.10" },
    { { 0x92, 0x49, 0x83, 0x42, 0x20, 0x27, 0xf8, 0x16, 0x7b, 0x03 },
        { 0x01, 0x00, 0x00, 0x00, 0x02, 0x1f, 0xa2, 0x01, 0x01, 0x01, 0x00, 0x00 },
        "vp09.02.31.10" },
    { { 0xa2, 0x49, 0x83, 0x42, 0xe0, 0x4f, 0xf0, 0x2c, 0xf6, 0x06 },
        { 0x01, 0x00, 0x00, 0x00, 0x01, 0x1f, 0x87, 0x01, 0x0d, 0x00, 0x00, 0x00 },
        "vp09.01.31.08" },
};

static void
test_vp9_record_is_that_of_a_muxer(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(VP9) / sizeof(VP9[0]); i++) {
        struct bc_track *t = bc_vp9_track(VP9[i].frame, 10);
        check(t, VP9[i].config, 12, VP9[i].codec, 1280, 720);
        for (size_t len = 0; len < 8; len++) {
            assert_null(bc_vp9_track(VP9[i].frame, len));
        }
    }
    // A frame that depends on others, and one shown again.
    assert_null(
        bc_vp9_track((const uint8_t[]){ 0x86, 0x00, 0x40, 0x92, 0, 0, 0, 0, 0, 0 }, 10));
    assert_null(
        bc_vp9_track((const uint8_t[]){ 0x88, 0x49, 0x83, 0x42, 0, 0, 0, 0, 0, 0 }, 10));
}

static void
test_tracks_of_another_size_differ(void **state)
{
    (void)state;
    uint8_t key[] = { 0xb0, 0x45, 0x00, 0x9d, 0x01, 0x2a, 0xa0, 0x00, 0x60, 0x00 };
    struct bc_track *a = bc_vp8_track(key, sizeof(key));
    struct bc_track *b = bc_vp8_track(key, sizeof(key));
    key[6] = 0xb0;
    struct bc_track *c = bc_vp8_track(key, sizeof(key));
    assert_true(bc_track_equal(a, b));
    assert_false(bc_track_equal(a, c));
    bc_track_unref(&a);
    bc_track_unref(&b);
    bc_track_unref(&c);
}

static void
test_av1_record_is_read(void **state)
{
    (void)state;
    struct bc_track *t = bc_av1_track_from_config(AV1_10, sizeof(AV1_10));
    check(t, AV1_10, sizeof(AV1_10), "av01.0.05M.10", 1280, 720);
    // A delay told, a metadata OBU behind: the record is that of the sequence header.
    uint8_t more[sizeof(AV1_8) + 4];
    memcpy(more, AV1_8, sizeof(AV1_8));
    more[3] = 0x12;
    memcpy(more + sizeof(AV1_8), (const uint8_t[]) { 0x2a, 0x02, 0x01, 0x00 }, 4);
    t = bc_av1_track_from_config(more, sizeof(more));
    check(t, AV1_8, sizeof(AV1_8), "av01.0.05M.08", 1280, 720);
    for (size_t cut = 0; cut < 16; cut++) {
        assert_null(bc_av1_track_from_config(AV1_10, cut));
    }
    more[0] = 0x01; // no marker
    assert_null(bc_av1_track_from_config(more, sizeof(more)));
}

static void
test_vp9_record_is_read(void **state)
{
    (void)state;
    // version, flags; profile 2, level 3.1; 10 bits, 4:2:0; BT.2020, PQ; no more bytes
    static const uint8_t VPCC[] = { 1, 0, 0, 0, 2, 31, 0xa2, 9, 16, 9, 0, 0 };
    struct bc_track *t = bc_vp9_track_from_config(VPCC, sizeof(VPCC));
    check(t, VPCC, sizeof(VPCC), "vp09.02.31.10", 0, 0);
    for (size_t cut = 0; cut < sizeof(VPCC); cut++) {
        assert_null(bc_vp9_track_from_config(VPCC, cut));
    }
    static const struct {
        size_t at;
        uint8_t value;
    } BAD[] = { { 0, 0 }, { 4, 4 }, { 5, 63 }, { 6, 0x92 } };
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        uint8_t copy[sizeof(VPCC)];
        memcpy(copy, VPCC, sizeof(copy));
        copy[BAD[i].at] = BAD[i].value;
        assert_null(bc_vp9_track_from_config(copy, sizeof(copy)));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_av1_record_is_that_of_a_muxer),
        cmocka_unit_test(test_av1_reads_timing_and_operating_points),
        cmocka_unit_test(test_obus_with_and_without_size),
        cmocka_unit_test(test_leb128_round_trip),
        cmocka_unit_test(test_vp8_tells_its_size),
        cmocka_unit_test(test_vp9_record_is_that_of_a_muxer),
        cmocka_unit_test(test_tracks_of_another_size_differ),
        cmocka_unit_test(test_av1_record_is_read),
        cmocka_unit_test(test_vp9_record_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
