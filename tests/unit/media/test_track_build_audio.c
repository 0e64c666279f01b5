// SPDX-License-Identifier: Apache-2.0
// Tracks of sound from what its streams say of themselves. The boxes are those of FFmpeg's
// MP4 muxer for the same frames.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "media/track_build.h"

typedef struct bc_track *(*build_fn)(const uint8_t *data, size_t len);

static void
check(struct bc_track *t, enum bc_codec codec, const char *name, uint32_t rate,
    uint32_t channels, uint32_t samples)
{
    assert_non_null(t);
    assert_int_equal(t->kind, BC_KIND_AUDIO);
    assert_int_equal(t->codec, codec);
    assert_string_equal(t->codec_string, name);
    assert_int_equal(t->sample_rate, rate);
    assert_int_equal(t->channels, channels);
    assert_int_equal(t->frame_samples, samples);
}

static void
check_config(struct bc_track *t, const uint8_t *config, size_t len)
{
    assert_int_equal(t->config->len, len);
    assert_memory_equal(t->config->data, config, len);
    bc_track_unref(&t);
}

// Each beginning of the bytes shorter than `least` makes nothing.
static void
check_cuts(build_fn build, const uint8_t *data, size_t least)
{
    for (size_t cut = 0; cut < least; cut++) {
        uint8_t *copy = malloc(cut ? cut : 1);
        memcpy(copy, data, cut);
        assert_null(build(copy, cut));
        free(copy);
    }
}

// dfLa of FFmpeg, 48 kHz stereo: version and flags, the block's header (last, STREAMINFO, 34
// bytes), blocks of 4608, frames of 336 to 1303 bytes, 24000 samples, MD5.
static const uint8_t DFLA[] = { 0x00, 0x00, 0x00, 0x00, 0x80, 0x00, 0x00, 0x22, 0x12,
    0x00, 0x12, 0x00, 0x00, 0x01, 0x50, 0x00, 0x05, 0x17, 0x0b, 0xb8, 0x02, 0xf0, 0x00,
    0x00, 0x5d, 0xc0, 0xa2, 0xfc, 0x36, 0x17, 0xbc, 0x0e, 0x6c, 0x99, 0xe0, 0x35, 0xcb,
    0xe0, 0x6f, 0xb4, 0xe5, 0x2a };

static void
test_flac_is_read_in_each_form(void **state)
{
    (void)state;
    uint8_t marked[4 + 38 + 8] = "fLaC";
    memcpy(marked + 4, DFLA + 4, 38);
    struct {
        const uint8_t *data;
        size_t len;
    } forms[] = {
        { marked, 42 },
        { marked, sizeof(marked) }, // another block follows
        { DFLA + 4, 38 }, // the block without the marker
        { DFLA + 8, 34 }, // its content alone
    };
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct bc_track *t = bc_flac_track(forms[i].data, forms[i].len);
        check(t, BC_CODEC_FLAC, "fLaC", 48000, 2, 4608);
        check_config(t, DFLA, sizeof(DFLA));
    }
    for (size_t cut = 0; cut < 42; cut++) {
        assert_true(cut == 34 || !bc_flac_track(marked, cut));
    }
}

static void
test_flac_nonsense_is_refused(void **state)
{
    (void)state;
    uint8_t info[34];
    memcpy(info, DFLA + 8, sizeof(info));
    info[0] = 0; // blocks of 15 samples
    info[1] = 15;
    assert_null(bc_flac_track(info, sizeof(info)));
    memcpy(info, DFLA + 8, sizeof(info));
    info[10] = info[11] = 0; // no rate
    info[12] &= 0x0f;
    assert_null(bc_flac_track(info, sizeof(info)));
    memcpy(info, DFLA + 8, sizeof(info));
    info[0] = 0x10; // blocks of 4096 to 4608: no fixed size
    struct bc_track *t = bc_flac_track(info, sizeof(info));
    check(t, BC_CODEC_FLAC, "fLaC", 48000, 2, 0);
    bc_track_unref(&t);
}

// Frames of FFmpeg's encoders: 192 kbit/s stereo, 448 kbit/s 5.1.
static const uint8_t AC3_STEREO[]
    = { 0x0b, 0x77, 0xfe, 0x95, 0x14, 0x40, 0x43, 0xe1, 0x06, 0xf4, 0x63, 0x70 };
static const uint8_t AC3_SURROUND[]
    = { 0x0b, 0x77, 0xc4, 0xb7, 0x1e, 0x40, 0xeb, 0xf8, 0x40, 0x3e, 0xff, 0x99 };
static const uint8_t EAC3_STEREO[]
    = { 0x0b, 0x77, 0x01, 0x7f, 0x34, 0x87, 0xc0, 0x00, 0x20, 0x84, 0x21, 0x08 };
static const uint8_t EAC3_SURROUND[]
    = { 0x0b, 0x77, 0x03, 0x7f, 0x3f, 0x87, 0xc0, 0x00, 0x20, 0xfc, 0x21, 0x08 };

static void
test_ac3_box_is_that_of_a_muxer(void **state)
{
    (void)state;
    struct bc_track *t = bc_ac3_track(AC3_STEREO, sizeof(AC3_STEREO));
    check(t, BC_CODEC_AC3, "ac-3", 48000, 2, 1536);
    check_config(t, (const uint8_t[]) { 0x10, 0x11, 0x40 }, 3);
    t = bc_ac3_track(AC3_SURROUND, sizeof(AC3_SURROUND));
    check(t, BC_CODEC_AC3, "ac-3", 48000, 6, 1536);
    check_config(t, (const uint8_t[]) { 0x10, 0x3d, 0xe0 }, 3);
    check_cuts(bc_ac3_track, AC3_SURROUND, 7);
}

static void
test_eac3_box_is_that_of_a_muxer(void **state)
{
    (void)state;
    struct bc_track *t = bc_ac3_track(EAC3_STEREO, sizeof(EAC3_STEREO));
    check(t, BC_CODEC_EAC3, "ec-3", 48000, 2, 1536);
    check_config(t, (const uint8_t[]) { 0x06, 0x00, 0x20, 0x04, 0x00 }, 5);
    t = bc_ac3_track(EAC3_SURROUND, sizeof(EAC3_SURROUND));
    check(t, BC_CODEC_EAC3, "ec-3", 48000, 6, 1536);
    check_config(t, (const uint8_t[]) { 0x0e, 0x00, 0x20, 0x0f, 0x00 }, 5);
    check_cuts(bc_ac3_track, EAC3_SURROUND, 6);
}

static void
test_eac3_of_another_rate_is_the_same_track(void **state)
{
    (void)state;
    uint8_t other[sizeof(EAC3_STEREO)];
    memcpy(other, EAC3_STEREO, sizeof(other));
    other[3] = 0x3f; // a smaller frame
    struct bc_track *a = bc_ac3_track(EAC3_STEREO, sizeof(EAC3_STEREO));
    struct bc_track *b = bc_ac3_track(other, sizeof(other));
    struct bc_track *c = bc_ac3_track(EAC3_SURROUND, sizeof(EAC3_SURROUND));
    assert_true(bc_track_equal(a, b));
    assert_false(bc_track_equal(a, c));
    bc_track_unref(&a);
    bc_track_unref(&b);
    bc_track_unref(&c);
}

static void
test_ac3_nonsense_is_refused(void **state)
{
    (void)state;
    uint8_t f[sizeof(AC3_STEREO)];
    static const struct {
        size_t at;
        uint8_t value;
    } BAD[] = {
        { 0, 0x0c }, // no sync word
        { 4, 0xd4 }, // the fourth rate
        { 4, 0x26 }, // frmsizecod 38
        { 5, 0x88 }, // bsid 17
    };
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        memcpy(f, AC3_STEREO, sizeof(f));
        f[BAD[i].at] = BAD[i].value;
        assert_null(bc_ac3_track(f, sizeof(f)));
    }
    memcpy(f, EAC3_STEREO, sizeof(f));
    f[2] |= 0x40; // a substream that depends on another
    assert_null(bc_ac3_track(f, sizeof(f)));
}

// Of LAME and FFmpeg's MP2 encoder.
static const uint8_t MP3[] = { 0xff, 0xfb, 0x50, 0xc4 };
static const uint8_t MP3_LOW[] = { 0xff, 0xf3, 0x80, 0x64 }; // MPEG-2, joint stereo
static const uint8_t MP2[] = { 0xff, 0xfd, 0xe4, 0x04 };

static void
test_mpeg_audio_headers(void **state)
{
    (void)state;
    struct bc_track *t = bc_mpeg_audio_track(MP3, sizeof(MP3));
    check(t, BC_CODEC_MP3, "mp4a.40.34", 44100, 1, 1152);
    assert_null(t->config);
    bc_track_unref(&t);
    t = bc_mpeg_audio_track(MP3_LOW, sizeof(MP3_LOW));
    check(t, BC_CODEC_MP3, "mp4a.40.34", 22050, 2, 576);
    bc_track_unref(&t);
    t = bc_mpeg_audio_track((const uint8_t[]) { 0xff, 0xe3, 0x88, 0x00 }, 4);
    check(t, BC_CODEC_MP3, "mp4a.40.34", 8000, 2, 576); // MPEG-2.5
    bc_track_unref(&t);
    t = bc_mpeg_audio_track(MP2, sizeof(MP2));
    check(t, BC_CODEC_MP3, "mp4a.40.33", 48000, 2, 1152);
    bc_track_unref(&t);
    check_cuts(bc_mpeg_audio_track, MP3, sizeof(MP3));
}

static void
test_mpeg_audio_nonsense_is_refused(void **state)
{
    (void)state;
    static const uint8_t BAD[][4] = {
        { 0xff, 0xdb, 0x50, 0xc4 }, // no sync
        { 0xff, 0xeb, 0x50, 0xc4 }, // reserved version
        { 0xff, 0xff, 0x50, 0xc4 }, // layer I
        { 0xff, 0xf9, 0x50, 0xc4 }, // no layer: ADTS
        { 0xff, 0xfb, 0xf0, 0xc4 }, // forbidden bit rate
        { 0xff, 0xfb, 0x5c, 0xc4 }, // reserved rate
    };
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        assert_null(bc_mpeg_audio_track(BAD[i], 4));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flac_is_read_in_each_form),
        cmocka_unit_test(test_flac_nonsense_is_refused),
        cmocka_unit_test(test_ac3_box_is_that_of_a_muxer),
        cmocka_unit_test(test_eac3_box_is_that_of_a_muxer),
        cmocka_unit_test(test_eac3_of_another_rate_is_the_same_track),
        cmocka_unit_test(test_ac3_nonsense_is_refused),
        cmocka_unit_test(test_mpeg_audio_headers),
        cmocka_unit_test(test_mpeg_audio_nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
