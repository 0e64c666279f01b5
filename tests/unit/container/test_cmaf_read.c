// SPDX-License-Identifier: Apache-2.0
// What cmaf_init.c and cmaf_chunk.c write is read back as it was given to them; torn and
// changed bytes are refused or read as something else, within their bounds (which the
// sanitizers watch, as all copies are of the exact size).
#include "container/cmaf_read.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "media/track_build.h"

// x264 and x265.
static const uint8_t AVCC[] = { 0x01, 0x7a, 0x00, 0x1f, 0xff, 0xe1, 0x00, 0x19, 0x67,
    0x7a, 0x00, 0x1f, 0xb6, 0xcb, 0x40, 0x28, 0x02, 0xdd, 0x80, 0x88, 0x00, 0x00, 0x03,
    0x00, 0x08, 0x00, 0x00, 0x03, 0x01, 0x90, 0x78, 0xc1, 0x95, 0x01, 0x00, 0x04, 0x68,
    0xce, 0x0f, 0xc8, 0xfe, 0xfa, 0xfa, 0x00 };
static const uint8_t HVCC_8[] = { 0x01, 0x01, 0x60, 0x00, 0x00, 0x00, 0x90, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x3c, 0xf0, 0x00, 0xfc, 0xfd, 0xf8, 0xf8, 0x00, 0x00, 0x0f, 0x03,
    0xa0, 0x00, 0x01, 0x00, 0x18, 0x40, 0x01, 0x0c, 0x01, 0xff, 0xff, 0x01, 0x60, 0x00,
    0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00, 0x03, 0x00, 0x3c, 0x95, 0x94,
    0x09, 0xa1, 0x00, 0x01, 0x00, 0x2b, 0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03,
    0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00, 0x03, 0x00, 0x3c, 0xa0, 0x0a, 0x08, 0x0c,
    0x1f, 0x3e, 0x59, 0x59, 0x52, 0x93, 0x0b, 0xc0, 0x5a, 0x02, 0x00, 0x00, 0x03, 0x00,
    0x02, 0x00, 0x00, 0x03, 0x00, 0x32, 0x10, 0xa2, 0x00, 0x01, 0x00, 0x06, 0x44, 0x01,
    0xc0, 0x73, 0xc1, 0x89 };
static const uint8_t AV1C[] = { 0x81, 0x05, 0x0c, 0x00, 0x0a, 0x0b, 0x00, 0x00, 0x00,
    0x2d, 0x4c, 0xff, 0xb3, 0xcc, 0xaf, 0x90, 0x04 };
static const uint8_t VPCC[] = { 1, 0, 0, 0, 0, 30, 0x82, 1, 1, 1, 0, 0 };
static const uint8_t ASC[] = { 0x11, 0x90 };
static const uint8_t OPUS_SURROUND[] = { 'O', 'p', 'u', 's', 'H', 'e', 'a', 'd', 1, 6,
    0x38, 0x01, 0x44, 0xac, 0, 0, 0, 0xff, 1, 4, 2, 0, 4, 1, 2, 3, 5 };
static const uint8_t STREAMINFO[] = { 0x12, 0x00, 0x12, 0x00, 0x00, 0x01, 0x50, 0x00,
    0x05, 0x17, 0x0b, 0xb8, 0x02, 0xf0, 0x00, 0x00, 0x5d, 0xc0, 0xa2, 0xfc, 0x36, 0x17,
    0xbc, 0x0e, 0x6c, 0x99, 0xe0, 0x35, 0xcb, 0xe0, 0x6f, 0xb4, 0xe5, 0x2a };
static const uint8_t AC3_SURROUND[] = { 0x0b, 0x77, 0xc4, 0xb7, 0x1e, 0x40, 0xeb, 0xf8,
    0x40, 0x3e, 0xff, 0x99 };
static const uint8_t EAC3_SURROUND[] = { 0x0b, 0x77, 0x03, 0x7f, 0x3f, 0x87, 0xc0, 0x00,
    0x20, 0xfc, 0x21, 0x08 };
static const uint8_t MP3[] = { 0xff, 0xfb, 0x50, 0xc4 };
static const uint8_t MP3_LOW[] = { 0xff, 0xf3, 0x80, 0x64 };

static struct bc_track *
coloured(void)
{
    struct bc_track *t = bc_hevc_track(HVCC_8, sizeof(HVCC_8));
    t->colour = (struct bc_colour){ .primaries = 9,
        .transfer = 16,
        .matrix = 9,
        .has_light = true,
        .max_cll = 1000,
        .max_fall = 400,
        .has_display = true,
        .display_x = { 8500, 6550, 35400 },
        .display_y = { 39850, 2300, 14600 },
        .white_x = 15635,
        .white_y = 16450,
        .max_luminance = 10000000,
        .min_luminance = 50 };
    return t;
}

static struct bc_track *
vp9(void)
{
    struct bc_track *t = bc_vp9_track_from_config(VPCC, sizeof(VPCC));
    t->width = 640;
    t->height = 360;
    return t;
}

static struct bc_buf *
init_of(struct bc_track *a, struct bc_track *b)
{
    const struct bc_track *tracks[2] = { a, b };
    struct bc_buf *buf = bc_cmaf_init(tracks, b ? 2 : 1);
    assert_non_null(buf);
    return buf;
}

// Writes an init section of the track, reads it, and writes that again. Takes the reference.
static void
assert_comes_back(struct bc_track *t)
{
    assert_non_null(t);
    struct bc_buf *init = init_of(t, NULL);
    struct bc_cmaf_movie movie;
    assert_int_equal(bc_cmaf_movie_read(init->data, init->len, &movie), 0);
    assert_int_equal(movie.count, 1);
    assert_int_equal(movie.tracks[0].track_id, 1);
    assert_int_equal(movie.tracks[0].timescale, bc_cmaf_timescale(t));
    const struct bc_track *back = movie.tracks[0].track;
    assert_true(bc_track_equal(t, back));
    assert_int_equal(back->kind, t->kind);
    assert_string_equal(back->codec_string, t->codec_string);
    assert_int_equal(back->width, t->width);
    assert_int_equal(back->height, t->height);
    assert_int_equal(back->sample_rate, t->sample_rate);
    assert_int_equal(back->channels, t->channels);
    if (t->codec != BC_CODEC_EAC3) { // whose record does not tell it
        assert_int_equal(back->frame_samples, t->frame_samples);
    }
    struct bc_buf *again = init_of(movie.tracks[0].track, NULL);
    assert_int_equal(again->len, init->len);
    assert_memory_equal(again->data, init->data, init->len);
    bc_buf_unref(&again);
    bc_buf_unref(&init);
    bc_cmaf_movie_finish(&movie);
    bc_track_unref(&t);
}

static void
test_every_codec_comes_back(void **state)
{
    (void)state;
    assert_comes_back(bc_avc_track(AVCC, sizeof(AVCC)));
    assert_comes_back(bc_hevc_track(HVCC_8, sizeof(HVCC_8)));
    assert_comes_back(bc_av1_track_from_config(AV1C, sizeof(AV1C)));
    assert_comes_back(vp9());
    assert_comes_back(bc_aac_track(ASC, sizeof(ASC)));
    assert_comes_back(bc_mpeg_audio_track(MP3, sizeof(MP3)));
    assert_comes_back(bc_mpeg_audio_track(MP3_LOW, sizeof(MP3_LOW)));
    assert_comes_back(bc_opus_track_simple(2));
    assert_comes_back(bc_opus_track(OPUS_SURROUND, sizeof(OPUS_SURROUND)));
    assert_comes_back(bc_flac_track(STREAMINFO, sizeof(STREAMINFO)));
    assert_comes_back(bc_ac3_track(AC3_SURROUND, sizeof(AC3_SURROUND)));
    assert_comes_back(bc_ac3_track(EAC3_SURROUND, sizeof(EAC3_SURROUND)));
}

static void
test_colours_come_back(void **state)
{
    (void)state;
    assert_comes_back(coloured());
    struct bc_track *t = vp9();
    t->colour = (struct bc_colour){ .primaries = 9, .transfer = 18, .matrix = 9 };
    assert_comes_back(t);
}

static struct bc_buf *
two_tracks(struct bc_cmaf_movie *movie)
{
    struct bc_track *video = bc_avc_track(AVCC, sizeof(AVCC));
    struct bc_track *audio = bc_aac_track(ASC, sizeof(ASC));
    struct bc_buf *init = init_of(video, audio);
    assert_int_equal(bc_cmaf_movie_read(init->data, init->len, movie), 0);
    bc_track_unref(&video);
    bc_track_unref(&audio);
    return init;
}

static void
test_two_tracks(void **state)
{
    (void)state;
    struct bc_cmaf_movie movie;
    struct bc_buf *init = two_tracks(&movie);
    assert_int_equal(movie.count, 2);
    assert_int_equal(movie.tracks[0].timescale, 90000);
    assert_int_equal(movie.tracks[0].track->codec, BC_CODEC_AVC);
    assert_int_equal(movie.tracks[1].track_id, 2);
    assert_int_equal(movie.tracks[1].timescale, 48000);
    assert_int_equal(movie.tracks[1].track->codec, BC_CODEC_AAC);
    bc_cmaf_movie_finish(&movie);
    bc_buf_unref(&init);
}

static void
test_torn_init_sections(void **state)
{
    (void)state;
    struct bc_cmaf_movie movie;
    struct bc_buf *init = two_tracks(&movie);
    bc_cmaf_movie_finish(&movie);
    for (size_t len = 0; len < init->len; len++) {
        uint8_t *copy = malloc(len + (len == 0));
        memcpy(copy, init->data, len);
        assert_int_equal(bc_cmaf_movie_read(copy, len, &movie), -EINVAL);
        assert_int_equal(movie.count, 0);
        free(copy);
    }
    uint8_t *copy = malloc(init->len);
    for (size_t i = 0; i < init->len; i++) {
        memcpy(copy, init->data, init->len);
        for (int flip = 1; flip < 256; flip = flip * 2 + 1) {
            copy[i] = (uint8_t)(init->data[i] ^ flip);
            if (bc_cmaf_movie_read(copy, init->len, &movie) == 0) {
                assert_in_range(movie.count, 1, 2);
                bc_cmaf_movie_finish(&movie);
            }
        }
    }
    free(copy);
    bc_buf_unref(&init);
}

static void
test_foreign_init_sections(void **state)
{
    (void)state;
    struct bc_cmaf_movie movie;
    struct bc_buf *init = two_tracks(&movie);
    bc_cmaf_movie_finish(&movie);
    uint8_t *entry = memmem(init->data, init->len, "mp4a", 4);
    memcpy(entry, "mp4v", 4);
    assert_int_equal(bc_cmaf_movie_read(init->data, init->len, &movie), -ENOTSUP);
    memcpy(entry, "mp4a", 4);
    uint8_t *stsd = memmem(init->data, init->len, "stsd", 4);
    stsd[11] = 2; // entries
    assert_int_equal(bc_cmaf_movie_read(init->data, init->len, &movie), -ENOTSUP);
    stsd[11] = 1;
    uint8_t *tkhd = memmem(entry - 400, 400, "tkhd", 4);
    tkhd[19] = 1; // both tracks of one number
    assert_int_equal(bc_cmaf_movie_read(init->data, init->len, &movie), -EINVAL);
    bc_buf_unref(&init);
}

static void
test_box_heads(void **state)
{
    (void)state;
    static const uint8_t SMALL[] = { 0, 0, 1, 2, 'm', 'd', 'a', 't' };
    static const uint8_t LARGE[] = { 0, 0, 0, 1, 'm', 'd', 'a', 't', 0, 0, 0, 1, 0, 0, 0,
        16 };
    struct bc_cmaf_box box;
    for (size_t len = 0; len < 8; len++) {
        assert_int_equal(bc_cmaf_box_read(SMALL, len, &box), -EAGAIN);
    }
    assert_int_equal(bc_cmaf_box_read(SMALL, 8, &box), 0);
    assert_int_equal(box.type, 0x6d646174);
    assert_int_equal(box.size, 0x102);
    assert_int_equal(box.head, 8);
    for (size_t len = 8; len < 16; len++) {
        assert_int_equal(bc_cmaf_box_read(LARGE, len, &box), -EAGAIN);
    }
    assert_int_equal(bc_cmaf_box_read(LARGE, 16, &box), 0);
    assert_int_equal(box.size, 0x100000010);
    assert_int_equal(box.head, 16);
    static const uint8_t BAD[][16] = {
        { 0, 0, 0, 0, 'm', 'd', 'a', 't' }, // to the end of the file
        { 0, 0, 0, 7, 'm', 'd', 'a', 't' }, // less than its head
        { 0, 0, 0, 8, 0, 0, 0, 0 }, // no name
        { 0, 0, 0, 1, 'm', 'd', 'a', 't', 0, 0, 0, 0, 0, 0, 0, 15 },
        { 0, 0, 0, 1, 'm', 'd', 'a', 't', 0x80, 0, 0, 0, 0, 0, 0, 0 },
    };
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        assert_int_equal(bc_cmaf_box_read(BAD[i], sizeof(BAD[i]), &box), -EINVAL);
    }
}

static void
test_prft_is_exact(void **state)
{
    (void)state;
    // 2026-11-22 15:31:11.5 UTC is 1795361471.5, 4004350271.5 since 1900
    static const struct bc_cmaf_prft PRFT = { 1, 1795361471500000, 0x123456789a };
    static const uint8_t EXPECTED[BC_CMAF_PRFT_BYTES] = {
        0,
        0,
        0,
        32,
        'p',
        'r',
        'f',
        't',
        1,
        0,
        0,
        8, // version 1, a consistent clock
        0,
        0,
        0,
        1, // the track
        0xee,
        0xad,
        0x89,
        0x3f,
        0x80,
        0,
        0,
        0, // seconds since 1900, fraction
        0,
        0,
        0,
        0x12,
        0x34,
        0x56,
        0x78,
        0x9a,
    };
    uint8_t out[BC_CMAF_PRFT_BYTES];
    bc_cmaf_prft_write(out, &PRFT);
    assert_memory_equal(out, EXPECTED, sizeof(out));
    struct bc_cmaf_prft back;
    assert_int_equal(bc_cmaf_prft_read(out, sizeof(out), &back), 0);
    assert_int_equal(back.track_id, PRFT.track_id);
    assert_int_equal(back.wall_us, PRFT.wall_us);
    assert_int_equal(back.media_time, PRFT.media_time);
    for (size_t len = 0; len < sizeof(out); len++) {
        assert_int_equal(bc_cmaf_prft_read(out, len, &back), -EINVAL);
    }
    out[8] = 0; // the version with 32 bits of media time
    assert_int_equal(bc_cmaf_prft_read(out, sizeof(out), &back), -EINVAL);
}

static void
test_prft_keeps_microseconds_and_eras(void **state)
{
    (void)state;
    static const int64_t WALLS[] = { 0, 1, -1, 1795361471999999, 2085978495999999,
        2085978496000000, 4000000000000007 };
    for (size_t i = 0; i < sizeof(WALLS) / sizeof(WALLS[0]); i++) {
        struct bc_cmaf_prft prft = { 2, WALLS[i], UINT64_MAX };
        struct bc_cmaf_prft back;
        uint8_t out[BC_CMAF_PRFT_BYTES];
        bc_cmaf_prft_write(out, &prft);
        assert_int_equal(bc_cmaf_prft_read(out, sizeof(out), &back), 0);
        assert_int_equal(back.wall_us, WALLS[i]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_codec_comes_back),
        cmocka_unit_test(test_colours_come_back),
        cmocka_unit_test(test_two_tracks),
        cmocka_unit_test(test_torn_init_sections),
        cmocka_unit_test(test_foreign_init_sections),
        cmocka_unit_test(test_box_heads),
        cmocka_unit_test(test_prft_is_exact),
        cmocka_unit_test(test_prft_keeps_microseconds_and_eras),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
