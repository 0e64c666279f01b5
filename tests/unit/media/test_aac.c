// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "media/track.h"

struct asc_case {
    const char *what;
    uint8_t asc[16];
    size_t len;
    const char *codec;
    uint32_t rate;
    uint32_t channels;
    uint32_t samples;
};

static const struct asc_case CASES[] = {
    { "LC 48 kHz stereo", { 0x11, 0x90 }, 2, "mp4a.40.2", 48000, 2, 1024 },
    { "LC 44.1 kHz stereo", { 0x12, 0x10 }, 2, "mp4a.40.2", 44100, 2, 1024 },
    { "LC 44.1 kHz mono", { 0x12, 0x08 }, 2, "mp4a.40.2", 44100, 1, 1024 },
    { "LC 48 kHz 7.1", { 0x11, 0xb8 }, 2, "mp4a.40.2", 48000, 8, 1024 },
    { "960 samples", { 0x11, 0x94 }, 2, "mp4a.40.2", 48000, 2, 960 },
    // FFmpeg's: sync extension 0x2b7, SBR absent.
    { "SBR said absent", { 0x12, 0x10, 0x56, 0xe5, 0x00 }, 5, "mp4a.40.2", 44100, 2, 1024 },
    // 00010 0110 (24k) 0010 000 | 01010110111 00101 1 0011 (48k)
    { "SBR behind", { 0x13, 0x10, 0x56, 0xe5, 0x98 }, 5, "mp4a.40.5", 48000, 2, 2048 },
    // ... mono, then 10101001000 1
    { "PS behind", { 0x13, 0x08, 0x56, 0xe5, 0x9d, 0x48, 0x80 }, 7, "mp4a.40.29", 48000, 2,
        2048 },
    // 00101 0110 0010 0011 00010 000
    { "SBR in front", { 0x2b, 0x11, 0x88, 0x00 }, 4, "mp4a.40.5", 48000, 2, 2048 },
    // 11101 0110 0001 0011 00010 000
    { "PS in front", { 0xeb, 0x09, 0x88, 0x00 }, 4, "mp4a.40.29", 48000, 2, 2048 },
    // SBR at the core's own rate: 00101 0011 0010 0011 00010 000
    { "SBR downsampled", { 0x29, 0x91, 0x88, 0x00 }, 4, "mp4a.40.5", 48000, 2, 1024 },
    // 00010 1111 (0x00ac44 = 44100) 0010 000
    { "rate written out", { 0x17, 0x80, 0x56, 0x22, 0x10 }, 5, "mp4a.40.2", 44100, 2, 1024 },
    // Channel configuration 0: 00010 0011 0000 000 | PCE: tag 0000 type 01 rate 0011
    // front 0001 side 0000 back 0000 lfe 00 data 000 coupling 0000 no mixdowns 000, pair
    // 1 tag 0000, aligned, comment 0
    { "channels by PCE", { 0x11, 0x80, 0x04, 0xc4, 0x00, 0x00, 0x20, 0x00 }, 8, "mp4a.40.2",
        48000, 2, 1024 },
    // 11111 000111 (ELD) 0011 0010 0: 512 samples
    { "ELD", { 0xf8, 0xe6, 0x40, 0x00 }, 4, "mp4a.40.39", 48000, 2, 512 },
    { "padding behind", { 0x11, 0x90, 0, 0, 0, 0 }, 6, "mp4a.40.2", 48000, 2, 1024 },
};

static void
test_aac_track_reads_every_signalling(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        const struct asc_case *c = &CASES[i];
        struct bc_track *t = bc_aac_track(c->asc, c->len);
        if (!t || strcmp(t->codec_string, c->codec) != 0) {
            fail_msg("%s: %s", c->what, t ? t->codec_string : "refused");
        }
        assert_int_equal(t->sample_rate, c->rate);
        assert_int_equal(t->channels, c->channels);
        assert_int_equal(t->frame_samples, c->samples);
        assert_int_equal(t->config->len, c->len);
        bc_track_unref(&t);
    }
}

static void
test_aac_track_survives_truncation(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        for (size_t len = 0; len < CASES[i].len; len++) {
            uint8_t *copy = malloc(len ? len : 1);
            memcpy(copy, CASES[i].asc, len);
            struct bc_track *t = bc_aac_track(copy, len);
            assert_true(!t || (t->sample_rate > 0 && t->channels > 0));
            bc_track_unref(&t);
            free(copy);
        }
    }
}

static void
test_aac_track_refuses_nonsense(void **state)
{
    (void)state;
    static const uint8_t RESERVED_RATE[] = { 0x16, 0x90 };       // index 13
    static const uint8_t ZERO_RATE[] = { 0x17, 0x80, 0, 0, 0x10 };
    static const uint8_t NULL_OBJECT[] = { 0x01, 0x90 };
    static const uint8_t NO_PCE[] = { 0x11, 0x80 };
    static const uint8_t NO_CHANNELS[] = { 0x11, 0x80, 0x04, 0xc0, 0, 0, 0, 0 };
    assert_null(bc_aac_track(RESERVED_RATE, sizeof(RESERVED_RATE)));
    assert_null(bc_aac_track(ZERO_RATE, sizeof(ZERO_RATE)));
    assert_null(bc_aac_track(NULL_OBJECT, sizeof(NULL_OBJECT)));
    assert_null(bc_aac_track(NO_PCE, sizeof(NO_PCE)));
    assert_null(bc_aac_track(NO_CHANNELS, sizeof(NO_CHANNELS)));
    assert_null(bc_aac_track(NULL, 0));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aac_track_reads_every_signalling),
        cmocka_unit_test(test_aac_track_survives_truncation),
        cmocka_unit_test(test_aac_track_refuses_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
