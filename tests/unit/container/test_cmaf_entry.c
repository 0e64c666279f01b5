// SPDX-License-Identifier: Apache-2.0
// The sample entries, byte by byte, beside what FFmpeg's mov muxer writes for the same
// streams (which has no colr and, for the sound, an optional btrt).
#include "container/cmaf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/reader.h"

static struct bc_track *
make_track(enum bc_kind kind, enum bc_codec codec, const void *config, size_t len)
{
    struct bc_track *t = bc_track_create(kind, codec);
    t->config = len > 0 ? bc_buf_copy(config, len) : NULL;
    if (kind == BC_KIND_VIDEO) {
        t->width = 640;
        t->height = 360;
    } else {
        t->sample_rate = 48000;
        t->channels = 2;
    }
    return t;
}

// The entry in stsd, its size and name included; the track is gone afterwards.
static void
assert_entry(struct bc_track *t, const uint8_t *expected, size_t len)
{
    assert_true(bc_cmaf_supports(t));
    struct bc_buf *buf = bc_cmaf_init((const struct bc_track *const *)&t, 1);
    assert_non_null(buf);
    const uint8_t *stsd = NULL;
    for (size_t i = 0; i + 4 < buf->len && !stsd; i++) {
        stsd = memcmp(buf->data + i, "stsd", 4) == 0 ? buf->data + i - 4 : NULL;
    }
    assert_non_null(stsd);
    struct bc_reader r = bc_reader_init(stsd, 4);
    assert_int_equal(bc_read_u32(&r), 16 + len);
    assert_memory_equal(stsd + 8, "\0\0\0\0\0\0\0\1", 8);
    assert_memory_equal(stsd + 16, expected, len);
    bc_buf_unref(&buf);
    bc_track_unref(&t);
}

// VisualSampleEntry of 640x360 up to the compressor's name.
#define VISUAL \
    0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x80, 1, \
        0x68, 0, 0x48, 0, 0, 0, 0x48, 0, 0, 0, 0, 0, 0, 0, 1
#define AUDIO(channels, bits, rate_high, rate_low) \
    0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, channels, 0, bits, 0, 0, 0, 0, \
        rate_high, rate_low, 0, 0

static void
test_av1_entry(void **state)
{
    (void)state;
    // libaom, 640x360: main profile, level 2.1, 4:2:0; then the sequence header
    static const uint8_t AV1C[] = { 0x81, 0x01, 0x0c, 0x00, 0x0a, 0x0b, 0x00, 0x00, 0x00,
        0x04, 0x3c, 0xff, 0xbc, 0xff, 0xf9, 0x80, 0x40 };
    static const uint8_t EXPECTED[] = { 0, 0, 0, 111, 'a', 'v', '0', '1', VISUAL, //
        10, 'A', 'O', 'M', ' ', 'C', 'o', 'd', 'i', 'n', 'g', 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x18, 0xff, 0xff, //
        0, 0, 0, 25, 'a', 'v', '1', 'C', 0x81, 0x01, 0x0c, 0x00, 0x0a, 0x0b, 0x00, 0x00,
        0x00, 0x04, 0x3c, 0xff, 0xbc, 0xff, 0xf9, 0x80, 0x40 };
    assert_entry(make_track(BC_KIND_VIDEO, BC_CODEC_AV1, AV1C, sizeof(AV1C)), EXPECTED,
        sizeof(EXPECTED));
}

static void
test_vp9_entry(void **state)
{
    (void)state;
    // profile 0, level 3.0, 8 bits, 4:2:0, BT.709, no initialisation data
    static const uint8_t VPCC[] = { 1, 0, 0, 0, 0, 30, 0x82, 1, 1, 1, 0, 0 };
    static const uint8_t EXPECTED[] = { 0, 0, 0, 125, 'v', 'p', '0', '9', VISUAL, //
        10, 'V', 'P', 'C', ' ', 'C', 'o', 'd', 'i', 'n', 'g', 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x18, 0xff, 0xff, //
        0, 0, 0, 20, 'v', 'p', 'c', 'C', 1, 0, 0, 0, 0, 30, 0x82, 1, 1, 1, 0, 0, //
        0, 0, 0, 19, 'c', 'o', 'l', 'r', 'n', 'c', 'l', 'x', 0, 1, 0, 1, 0, 1, 0 };
    assert_entry(make_track(BC_KIND_VIDEO, BC_CODEC_VP9, VPCC, sizeof(VPCC)), EXPECTED,
        sizeof(EXPECTED));
}

// What the host told beside the bitstream goes into the entry.
static void
test_told_colours(void **state)
{
    (void)state;
    static const uint8_t AV1C[] = { 0x81, 0x04, 0x0c, 0x00 };
    static const uint8_t EXPECTED[] = { 0, 0, 0, 19, 'c', 'o', 'l', 'r', 'n', 'c', 'l', 'x', 0,
        9, 0, 16, 0, 9, 0, //
        0, 0, 0, 12, 'c', 'l', 'l', 'i', 0x03, 0xe8, 0x01, 0x90, //
        0, 0, 0, 32, 'm', 'd', 'c', 'v', 0x21, 0x34, 0x9b, 0xaa, 0x19, 0x96, 0x08, 0xfc, 0x8a,
        0x48, 0x39, 0x08, 0x3d, 0x13, 0x40, 0x42, 0, 0x98, 0x96, 0x80, 0, 0, 0, 50 };
    struct bc_track *t = make_track(BC_KIND_VIDEO, BC_CODEC_AV1, AV1C, sizeof(AV1C));
    t->colour = (struct bc_colour){ .primaries = 9, .transfer = 16, .matrix = 9,
        .has_light = true, .max_cll = 1000, .max_fall = 400, .has_display = true,
        .display_x = { 8500, 6550, 35400 }, .display_y = { 39850, 2300, 14600 },
        .white_x = 15635, .white_y = 16450, .max_luminance = 10000000,
        .min_luminance = 50 };
    struct bc_buf *buf = bc_cmaf_init((const struct bc_track *const *)&t, 1);
    assert_non_null(memmem(buf->data, buf->len, EXPECTED, sizeof(EXPECTED)));
    bc_buf_unref(&buf);
    bc_track_unref(&t);
}

static void
test_vp9_of_unknown_colours_has_no_colr(void **state)
{
    (void)state;
    static const uint8_t VPCC[] = { 1, 0, 0, 0, 0, 30, 0x82, 2, 2, 2, 0, 0 };
    struct bc_track *t = make_track(BC_KIND_VIDEO, BC_CODEC_VP9, VPCC, sizeof(VPCC));
    struct bc_buf *buf = bc_cmaf_init((const struct bc_track *const *)&t, 1);
    for (size_t i = 0; i + 4 < buf->len; i++) {
        assert_memory_not_equal(buf->data + i, "colr", 4);
    }
    bc_buf_unref(&buf);
    bc_track_unref(&t);
}

static void
test_opus_entry(void **state)
{
    (void)state;
    static const uint8_t HEAD[] = { 'O', 'p', 'u', 's', 'H', 'e', 'a', 'd', 1, 2, //
        0x38, 0x01, 0x44, 0xac, 0, 0, 0x00, 0xff, 0 }; // 312, 44100, -1 dB, little-endian
    static const uint8_t EXPECTED[] = { 0, 0, 0, 55, 'O', 'p', 'u', 's',
        AUDIO(2, 16, 0xbb, 0x80), //
        0, 0, 0, 19, 'd', 'O', 'p', 's', 0, 2, 0x01, 0x38, 0, 0, 0xac, 0x44, 0xff, 0x00,
        0 };
    assert_entry(make_track(BC_KIND_AUDIO, BC_CODEC_OPUS, HEAD, sizeof(HEAD)), EXPECTED,
        sizeof(EXPECTED));
}

static void
test_opus_entry_of_six_channels(void **state)
{
    (void)state;
    static const uint8_t HEAD[] = { 'O', 'p', 'u', 's', 'H', 'e', 'a', 'd', 1, 6, //
        0x38, 0x01, 0x80, 0xbb, 0, 0, 0, 0, 1, 4, 2, 0, 4, 1, 2, 3, 5 };
    static const uint8_t EXPECTED[] = { 0, 0, 0, 63, 'O', 'p', 'u', 's',
        AUDIO(6, 16, 0xbb, 0x80), //
        0, 0, 0, 27, 'd', 'O', 'p', 's', 0, 6, 0x01, 0x38, 0, 0, 0xbb, 0x80, 0, 0, 1, //
        4, 2, 0, 4, 1, 2, 3, 5 };
    struct bc_track *t = make_track(BC_KIND_AUDIO, BC_CODEC_OPUS, HEAD, sizeof(HEAD));
    t->channels = 6;
    assert_entry(t, EXPECTED, sizeof(EXPECTED));
    // the mapping is cut off
    t = make_track(BC_KIND_AUDIO, BC_CODEC_OPUS, HEAD, sizeof(HEAD) - 1);
    t->channels = 6;
    assert_false(bc_cmaf_supports(t));
    bc_track_unref(&t);
}

// Opus needs 80 ms of what comes before; the init segment says so and the chunks say of
// which samples.
static void
test_opus_roll(void **state)
{
    (void)state;
    static const uint8_t HEAD[] = { 'O', 'p', 'u', 's', 'H', 'e', 'a', 'd', 1, 2, //
        0x38, 0x01, 0x80, 0xbb, 0, 0, 0, 0, 0 };
    static const uint8_t SGPD[] = { 0, 0, 0, 26, 's', 'g', 'p', 'd', 1, 0, 0, 0, //
        'r', 'o', 'l', 'l', 0, 0, 0, 2, 0, 0, 0, 1, 0xff, 0xfc };
    static const uint8_t SBGP[] = { 0, 0, 0, 28, 's', 'b', 'g', 'p', 0, 0, 0, 0, //
        'r', 'o', 'l', 'l', 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1 };
    struct bc_track *t = make_track(BC_KIND_AUDIO, BC_CODEC_OPUS, HEAD, sizeof(HEAD));
    struct bc_buf *init = bc_cmaf_init((const struct bc_track *const *)&t, 1);
    // the last of stbl, before mvex (8 + 32 bytes)
    assert_memory_equal(init->data + init->len - 40 - sizeof(SGPD), SGPD, sizeof(SGPD));
    static const struct bc_cmaf_sample SAMPLES[] = {
        { (const uint8_t *)"a", 1, 960, 0, true, false },
        { (const uint8_t *)"b", 1, 960, 0, true, false },
    };
    struct bc_cmaf_run run = { 1, 0, true, SAMPLES, 2 };
    struct bc_buf *chunk = bc_cmaf_chunk(1, &run, 1);
    // the last of the traf, before mdat (8 + 2 bytes)
    assert_memory_equal(chunk->data + chunk->len - 10 - sizeof(SBGP), SBGP, sizeof(SBGP));
    bc_buf_unref(&chunk);
    bc_buf_unref(&init);
    bc_track_unref(&t);
}

static void
test_flac_entry(void **state)
{
    (void)state;
    // FFmpeg: 44100 Hz, 2 channels, 24 bits
    static const uint8_t DFLA[] = { 0, 0, 0, 0, 0x80, 0, 0, 34, //
        0x10, 0x00, 0x10, 0x00, 0, 0, 0, 0, 0, 0, 0x0a, 0xc4, 0x43, 0x70, 0, 0, 0, 0, 1, 2,
        3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
    static const uint8_t EXPECTED[] = { 0, 0, 0, 86, 'f', 'L', 'a', 'C',
        AUDIO(2, 24, 0xac, 0x44), //
        0, 0, 0, 50, 'd', 'f', 'L', 'a', 0, 0, 0, 0, 0x80, 0, 0, 34, //
        0x10, 0x00, 0x10, 0x00, 0, 0, 0, 0, 0, 0, 0x0a, 0xc4, 0x43, 0x70, 0, 0, 0, 0, 1, 2,
        3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
    struct bc_track *t = make_track(BC_KIND_AUDIO, BC_CODEC_FLAC, DFLA, sizeof(DFLA));
    t->sample_rate = 44100;
    assert_entry(t, EXPECTED, sizeof(EXPECTED));
}

static void
test_ac3_entries(void **state)
{
    (void)state;
    // 48 kHz, bsid 8, 5.1, 448 kbit/s; FFmpeg writes the same
    static const uint8_t DAC3[] = { 0x10, 0x3d, 0xe0 };
    static const uint8_t AC3[] = { 0, 0, 0, 47, 'a', 'c', '-', '3',
        AUDIO(6, 16, 0xbb, 0x80), 0, 0, 0, 11, 'd', 'a', 'c', '3', 0x10, 0x3d, 0xe0 };
    struct bc_track *t = make_track(BC_KIND_AUDIO, BC_CODEC_AC3, DAC3, sizeof(DAC3));
    t->channels = 6;
    assert_entry(t, AC3, sizeof(AC3));
    static const uint8_t DEC3[] = { 0x06, 0x00, 0x20, 0x0f, 0x00 };
    static const uint8_t EAC3[] = { 0, 0, 0, 49, 'e', 'c', '-', '3',
        AUDIO(6, 16, 0xbb, 0x80), 0, 0, 0, 13, 'd', 'e', 'c', '3', 0x06, 0x00, 0x20, 0x0f,
        0x00 };
    t = make_track(BC_KIND_AUDIO, BC_CODEC_EAC3, DEC3, sizeof(DEC3));
    t->channels = 6;
    assert_entry(t, EAC3, sizeof(EAC3));
}

static void
test_mp3_entries(void **state)
{
    (void)state;
    static const uint8_t MPEG1[] = { 0, 0, 0, 80, 'm', 'p', '4', 'a',
        AUDIO(2, 16, 0xbb, 0x80), //
        0, 0, 0, 44, 'e', 's', 'd', 's', 0, 0, 0, 0, //
        0x03, 0x80, 0x80, 0x80, 0x1b, 0, 0, 0, //
        0x04, 0x80, 0x80, 0x80, 0x0d, 0x6b, 0x15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, //
        0x06, 0x80, 0x80, 0x80, 0x01, 0x02 };
    assert_entry(make_track(BC_KIND_AUDIO, BC_CODEC_MP3, NULL, 0), MPEG1, sizeof(MPEG1));
    uint8_t mpeg2[sizeof(MPEG1)];
    memcpy(mpeg2, MPEG1, sizeof(MPEG1));
    mpeg2[32] = 0x56; // 22050
    mpeg2[33] = 0x22;
    mpeg2[61] = 0x69;
    struct bc_track *t = make_track(BC_KIND_AUDIO, BC_CODEC_MP3, NULL, 0);
    t->sample_rate = 22050;
    assert_entry(t, mpeg2, sizeof(mpeg2));
}

// A record that is shorter than its fixed part is no record.
static void
test_cut_records_are_refused(void **state)
{
    (void)state;
    static const struct {
        enum bc_kind kind;
        enum bc_codec codec;
        size_t min;
    } CASES[] = {
        { BC_KIND_VIDEO, BC_CODEC_AVC, 7 },
        { BC_KIND_VIDEO, BC_CODEC_HEVC, 23 },
        { BC_KIND_VIDEO, BC_CODEC_AV1, 4 },
        { BC_KIND_VIDEO, BC_CODEC_VP9, 12 },
        { BC_KIND_AUDIO, BC_CODEC_AAC, 2 },
        { BC_KIND_AUDIO, BC_CODEC_OPUS, 19 },
        { BC_KIND_AUDIO, BC_CODEC_FLAC, 42 },
        { BC_KIND_AUDIO, BC_CODEC_AC3, 3 },
        { BC_KIND_AUDIO, BC_CODEC_EAC3, 5 },
    };
    static const uint8_t ZEROS[64];
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        for (size_t len = 0; len <= CASES[i].min; len++) {
            struct bc_track *t = make_track(CASES[i].kind, CASES[i].codec, ZEROS, len);
            assert_int_equal(bc_cmaf_supports(t), len == CASES[i].min);
            struct bc_buf *buf = bc_cmaf_init((const struct bc_track *const *)&t, 1);
            assert_int_equal(buf != NULL, len == CASES[i].min);
            bc_buf_unref(&buf);
            bc_track_unref(&t);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_av1_entry),
        cmocka_unit_test(test_vp9_entry),
        cmocka_unit_test(test_vp9_of_unknown_colours_has_no_colr),
        cmocka_unit_test(test_told_colours),
        cmocka_unit_test(test_opus_entry),
        cmocka_unit_test(test_opus_entry_of_six_channels),
        cmocka_unit_test(test_opus_roll),
        cmocka_unit_test(test_flac_entry),
        cmocka_unit_test(test_ac3_entries),
        cmocka_unit_test(test_mp3_entries),
        cmocka_unit_test(test_cut_records_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
