// SPDX-License-Identifier: Apache-2.0
// What is made from the streams' own headers equals what FFmpeg's MP4 muxer writes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "media/track_build.h"

// avcC of x264, High 4:2:2 with 10 bits, 1280x720: one SPS, one PPS, the High bytes.
static const uint8_t AVCC[] = { 0x01, 0x7a, 0x00, 0x1f, 0xff, 0xe1, 0x00, 0x19, 0x67,
    0x7a, 0x00, 0x1f, 0xb6, 0xcb, 0x40, 0x28, 0x02, 0xdd, 0x80, 0x88, 0x00, 0x00, 0x03,
    0x00, 0x08, 0x00, 0x00, 0x03, 0x01, 0x90, 0x78, 0xc1, 0x95, 0x01, 0x00, 0x04, 0x68,
    0xce, 0x0f, 0xc8, 0xfe, 0xfa, 0xfa, 0x00 };

// hvcC of x265, Main, 320x180: VPS, SPS, PPS.
static const uint8_t HVCC_8[] = { 0x01, 0x01, 0x60, 0x00, 0x00, 0x00, 0x90, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x3c, 0xf0, 0x00, 0xfc, 0xfd, 0xf8, 0xf8, 0x00, 0x00, 0x0f, 0x03,
    0xa0, 0x00, 0x01, 0x00, 0x18, 0x40, 0x01, 0x0c, 0x01, 0xff, 0xff, 0x01, 0x60, 0x00,
    0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00, 0x03, 0x00, 0x3c, 0x95, 0x94,
    0x09, 0xa1, 0x00, 0x01, 0x00, 0x2b, 0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03,
    0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00, 0x03, 0x00, 0x3c, 0xa0, 0x0a, 0x08, 0x0c,
    0x1f, 0x3e, 0x59, 0x59, 0x52, 0x93, 0x0b, 0xc0, 0x5a, 0x02, 0x00, 0x00, 0x03, 0x00,
    0x02, 0x00, 0x00, 0x03, 0x00, 0x32, 0x10, 0xa2, 0x00, 0x01, 0x00, 0x06, 0x44, 0x01,
    0xc0, 0x73, 0xc1, 0x89 };

// hvcC of x265, Main 4:4:4 10, 1280x720.
static const uint8_t HVCC_444[] = { 0x01, 0x04, 0x08, 0x00, 0x00, 0x00, 0x9c, 0x08, 0x00,
    0x00, 0x00, 0x00, 0x5d, 0xf0, 0x00, 0xfc, 0xff, 0xfa, 0xfa, 0x00, 0x00, 0x0f, 0x03,
    0xa0, 0x00, 0x01, 0x00, 0x17, 0x40, 0x01, 0x0c, 0x01, 0xff, 0xff, 0x04, 0x08, 0x00,
    0x00, 0x03, 0x00, 0x9c, 0x08, 0x00, 0x00, 0x03, 0x00, 0x00, 0x5d, 0x95, 0x94, 0x09,
    0xa1, 0x00, 0x01, 0x00, 0x2b, 0x42, 0x01, 0x01, 0x04, 0x08, 0x00, 0x00, 0x03, 0x00,
    0x9c, 0x08, 0x00, 0x00, 0x03, 0x00, 0x00, 0x5d, 0x90, 0x00, 0x50, 0x10, 0x05, 0xa2,
    0x6c, 0xb2, 0xb2, 0xa5, 0x26, 0x17, 0x80, 0xb4, 0x04, 0x00, 0x00, 0x03, 0x00, 0x04,
    0x00, 0x00, 0x03, 0x00, 0x64, 0x20, 0xa2, 0x00, 0x01, 0x00, 0x08, 0x44, 0x01, 0xc0,
    0x73, 0x18, 0x30, 0x18, 0x90 };

struct sets {
    struct bc_param_set vps;
    struct bc_param_set sps;
    struct bc_param_set pps;
};

static struct bc_track *
build_hevc(const struct sets *s)
{
    struct bc_param_sets sets = { &s->vps, 1, &s->sps, 1, &s->pps, 1 };
    return bc_hevc_track_from_sets(&sets);
}

static struct bc_track *
build_avc(const struct sets *s)
{
    struct bc_param_sets sets = { .sps = &s->sps, .sps_count = 1, .pps = &s->pps };
    sets.pps_count = 1;
    return bc_avc_track_from_sets(&sets);
}

// A record's arrays with one set each, at 23: type, count, size, set.
static struct sets
sets_of_hvcc(const uint8_t *record)
{
    struct bc_param_set found[3];
    size_t at = 23;
    for (unsigned i = 0; i < 3; i++) {
        size_t len = (size_t)record[at + 3] << 8 | record[at + 4];
        found[i] = (struct bc_param_set){ record + at + 5, len };
        at += 5 + len;
    }
    return (struct sets){ found[0], found[1], found[2] };
}

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

static const struct sets AVC = {
    .sps = { AVCC + 8, 0x19 },
    .pps = { AVCC + 8 + 0x19 + 3, 4 },
};

static void
test_avc_record_is_that_of_a_muxer(void **state)
{
    (void)state;
    check(build_avc(&AVC), AVCC, sizeof(AVCC), "avc1.7a001f", 1280, 720);
}

static void
test_avc_takes_many_sets_and_refuses_too_many(void **state)
{
    (void)state;
    static struct bc_param_set sps[32];
    static struct bc_param_set pps[256];
    for (unsigned i = 0; i < 256; i++) {
        sps[i % 32] = AVC.sps;
        pps[i] = AVC.pps;
    }
    struct bc_param_sets sets = { .sps = sps, .pps = pps };
    sets.sps_count = 31;
    sets.pps_count = 255;
    struct bc_track *t = bc_avc_track_from_sets(&sets);
    assert_non_null(t);
    assert_int_equal(t->config->data[5], 0xff);
    bc_track_unref(&t);
    sets.sps_count = 32;
    assert_null(bc_avc_track_from_sets(&sets));
    sets.sps_count = 1;
    sets.pps_count = 256;
    assert_null(bc_avc_track_from_sets(&sets));
    sets.pps_count = 0;
    assert_null(bc_avc_track_from_sets(&sets));
}

static void
test_hevc_record_is_that_of_a_muxer(void **state)
{
    (void)state;
    struct sets s = sets_of_hvcc(HVCC_8);
    check(build_hevc(&s), HVCC_8, sizeof(HVCC_8), "hvc1.1.6.L60.90", 320, 180);
    s = sets_of_hvcc(HVCC_444);
    check(build_hevc(&s), HVCC_444, sizeof(HVCC_444), "hvc1.4.10.L93.9C.8", 1280, 720);
}

static void
test_sets_cut_short_do_no_harm(void **state)
{
    (void)state;
    const struct sets hevc = sets_of_hvcc(HVCC_8);
    for (size_t len = 0; len < hevc.sps.len; len++) {
        uint8_t *copy = malloc(len ? len : 1);
        struct sets s = hevc;
        memcpy(copy, hevc.sps.data, len);
        s.sps = (struct bc_param_set){ copy, len };
        struct bc_track *t = build_hevc(&s);
        assert_true(len > 25 || !t);
        bc_track_unref(&t);
        free(copy);
    }
    for (size_t len = 0; len < AVC.sps.len; len++) {
        uint8_t *copy = malloc(len ? len : 1);
        struct sets s = AVC;
        memcpy(copy, AVC.sps.data, len);
        s.sps = (struct bc_param_set){ copy, len };
        struct bc_track *t = build_avc(&s);
        assert_true(len > 9 || !t);
        bc_track_unref(&t);
        free(copy);
    }
}

static void
test_opus_heads(void **state)
{
    (void)state;
    // version 1, 2 channels, pre-skip 312, 48000 Hz, gain 0, family 0
    static const uint8_t STEREO[] = { 'O', 'p', 'u', 's', 'H', 'e', 'a', 'd', 1, 2, 0x38,
        0x01, 0x80, 0xbb, 0x00, 0x00, 0, 0, 0 };
    check(bc_opus_track_simple(2), STEREO, sizeof(STEREO), "opus", 0, 0);
    struct bc_track *t = bc_opus_track_simple(1);
    assert_non_null(t);
    assert_int_equal(t->channels, 1);
    assert_int_equal(t->sample_rate, 48000);
    assert_int_equal(t->frame_samples, 960);
    bc_track_unref(&t);
    assert_null(bc_opus_track_simple(0));
    assert_null(bc_opus_track_simple(3));
    assert_null(bc_opus_track_simple(258));
    for (size_t len = 0; len < sizeof(STEREO); len++) {
        assert_null(bc_opus_track(STEREO, len));
    }
    // 5.1 needs its table: streams, coupled, six channels.
    uint8_t surround[27] = { 0 };
    memcpy(surround, STEREO, sizeof(STEREO));
    surround[9] = 6;
    assert_null(bc_opus_track(surround, sizeof(surround)));
    surround[18] = 1;
    t = bc_opus_track(surround, sizeof(surround));
    assert_non_null(t);
    assert_int_equal(t->channels, 6);
    bc_track_unref(&t);
    assert_null(bc_opus_track(surround, sizeof(surround) - 1));
    surround[8] = 0x10; // another major version
    assert_null(bc_opus_track(surround, sizeof(surround)));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_avc_record_is_that_of_a_muxer),
        cmocka_unit_test(test_avc_takes_many_sets_and_refuses_too_many),
        cmocka_unit_test(test_hevc_record_is_that_of_a_muxer),
        cmocka_unit_test(test_sets_cut_short_do_no_harm),
        cmocka_unit_test(test_opus_heads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
