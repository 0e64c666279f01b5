// SPDX-License-Identifier: Apache-2.0
// Reading VIDEODATA and AUDIODATA as encoders send them.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "container/flv.h"

// Walks all tracks of a body; how many there were.
static int
count_video(const uint8_t *data, size_t len)
{
    struct bc_flv_video v;
    int tracks = 0;
    int ret = bc_flv_parse_video(data, len, &v);
    while (ret >= 0) {
        tracks++;
        ret = bc_flv_next_video(&v);
        if (ret == 0) {
            break;
        }
    }
    return tracks;
}

static struct bc_flv_video
parse_video(const uint8_t *data, size_t len)
{
    struct bc_flv_video v;
    assert_int_equal(bc_flv_parse_video(data, len, &v), 0);
    // Every truncation is read without harm, from a block of its own size.
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *copy = malloc(cut ? cut : 1);
        memcpy(copy, data, cut);
        count_video(copy, cut);
        free(copy);
    }
    return v;
}

static struct bc_flv_audio
parse_audio(const uint8_t *data, size_t len)
{
    struct bc_flv_audio a;
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *copy = malloc(cut ? cut : 1);
        memcpy(copy, data, cut);
        for (int ret = bc_flv_parse_audio(copy, cut, &a); ret >= 0;) {
            ret = bc_flv_next_audio(&a);
            if (ret == 0) {
                break;
            }
        }
        free(copy);
    }
    assert_int_equal(bc_flv_parse_audio(data, len, &a), 0);
    return a;
}

static void
test_legacy_avc(void **state)
{
    (void)state;
    static const uint8_t HEADER[] = { 0x17, 0, 0, 0, 0, 0x01, 0x64 };
    struct bc_flv_video v = parse_video(HEADER, sizeof(HEADER));
    assert_int_equal(v.codec, BC_CODEC_AVC);
    assert_int_equal(v.type, BC_FLV_SEQUENCE_HEADER);
    assert_ptr_equal(v.payload, HEADER + 5);
    assert_int_equal(v.len, 2);

    static const uint8_t INTER[]
        = { 0x27, 1, 0xff, 0xff, 0xde, 0, 0, 0, 1, 0x41 }; // -34 ms
    v = parse_video(INTER, sizeof(INTER));
    assert_int_equal(v.type, BC_FLV_FRAMES);
    assert_false(v.key || v.disposable || v.enhanced || v.multitrack);
    assert_int_equal(v.cts_ms, -34);
    assert_int_equal(v.len, 5);

    static const uint8_t DISPOSABLE[] = { 0x37, 1, 0, 0, 40, 0, 0, 0, 1, 0x01 };
    v = parse_video(DISPOSABLE, sizeof(DISPOSABLE));
    assert_true(v.disposable);
    assert_int_equal(v.cts_ms, 40);

    static const uint8_t END[] = { 0x17, 2, 0, 0, 0 };
    v = parse_video(END, sizeof(END));
    assert_int_equal(v.type, BC_FLV_SEQUENCE_END);
    v = parse_video(END, 2);
    assert_int_equal(v.type, BC_FLV_SEQUENCE_END);
}

static void
test_bodies_that_are_no_frames(void **state)
{
    (void)state;
    static const uint8_t COMMAND[] = { 0x57, 0 }; // client-side seek begins
    assert_int_equal(parse_video(COMMAND, sizeof(COMMAND)).type, BC_FLV_COMMAND);
    static const uint8_t EX_COMMAND[] = { 0xd1, 1 };
    assert_int_equal(parse_video(EX_COMMAND, sizeof(EX_COMMAND)).type, BC_FLV_COMMAND);
    static const uint8_t NO_UNITS[] = { 0x27, 1, 0, 0, 0 };
    assert_int_equal(parse_video(NO_UNITS, sizeof(NO_UNITS)).type, BC_FLV_EMPTY);
    assert_int_equal(parse_video(NO_UNITS, 1).type, BC_FLV_EMPTY);
    assert_int_equal(parse_video(NULL, 0).type, BC_FLV_EMPTY);
    static const uint8_t NEWER[] = { 0x27, 9, 0, 0, 0, 1 };
    assert_int_equal(parse_video(NEWER, sizeof(NEWER)).type, BC_FLV_UNKNOWN);
}

static void
test_unknown_video_codecs_are_told(void **state)
{
    (void)state;
    struct bc_flv_video v;
    static const uint8_t H263[] = { 0x12, 0, 0 };
    assert_int_equal(bc_flv_parse_video(H263, sizeof(H263), &v), -ENOTSUP);
    assert_int_equal(v.codec_id, 2);
    static const uint8_t VVC[] = { 0x90, 'v', 'v', 'c', '1', 0 };
    assert_int_equal(bc_flv_parse_video(VVC, sizeof(VVC), &v), -ENOTSUP);
    assert_int_equal(v.codec_id, 0x76766331);
    static const uint8_t CUT[] = { 0x17, 1, 0, 0 };
    assert_int_equal(bc_flv_parse_video(CUT, sizeof(CUT), &v), -EINVAL);
    static const uint8_t CUT_FOURCC[] = { 0x91, 'h', 'v', 'c' };
    assert_int_equal(bc_flv_parse_video(CUT_FOURCC, sizeof(CUT_FOURCC), &v), -EINVAL);
}

static void
test_hevc_in_both_forms(void **state)
{
    (void)state;
    static const uint8_t ID12[] = { 0x1c, 1, 0, 0, 20, 0x26 };
    struct bc_flv_video v = parse_video(ID12, sizeof(ID12));
    assert_int_equal(v.codec, BC_CODEC_HEVC);
    assert_true(v.key && !v.enhanced);
    assert_int_equal(v.cts_ms, 20);

    static const uint8_t START[] = { 0x90, 'h', 'v', 'c', '1', 1, 2, 3 };
    v = parse_video(START, sizeof(START));
    assert_int_equal(v.codec, BC_CODEC_HEVC);
    assert_int_equal(v.type, BC_FLV_SEQUENCE_HEADER);
    assert_int_equal(v.len, 3);
    assert_true(v.enhanced);

    static const uint8_t FRAMES[] = { 0xa1, 'h', 'v', 'c', '1', 0xff, 0xff, 0xff, 9 };
    v = parse_video(FRAMES, sizeof(FRAMES));
    assert_int_equal(v.type, BC_FLV_FRAMES);
    assert_int_equal(v.cts_ms, -1);
    assert_int_equal(v.len, 1);

    static const uint8_t FRAMES_X[] = { 0xa3, 'h', 'v', 'c', '1', 9, 9 };
    v = parse_video(FRAMES_X, sizeof(FRAMES_X));
    assert_int_equal(v.type, BC_FLV_FRAMES);
    assert_int_equal(v.cts_ms, 0);
    assert_int_equal(v.len, 2);

    static const uint8_t COLOUR[] = { 0x94, 'h', 'v', 'c', '1', 0x02, 0, 9 };
    assert_int_equal(parse_video(COLOUR, sizeof(COLOUR)).type, BC_FLV_METADATA);
    static const uint8_t END[] = { 0x92, 'h', 'v', 'c', '1' };
    assert_int_equal(parse_video(END, sizeof(END)).type, BC_FLV_SEQUENCE_END);
}

static void
test_av1_has_no_composition_time(void **state)
{
    (void)state;
    static const uint8_t AV1[] = { 0x91, 'a', 'v', '0', '1', 0x12, 0x00, 0x0a };
    struct bc_flv_video v = parse_video(AV1, sizeof(AV1));
    assert_int_equal(v.codec, BC_CODEC_AV1);
    assert_int_equal(v.cts_ms, 0);
    assert_int_equal(v.len, 3);
}

static void
test_mod_ex_loop(void **state)
{
    (void)state;
    static const uint8_t NANO[] = {
        0x97, 2, 0x0f, 0x42, 0x3f, 0x07, // 3 bytes: 999999 ns; type 0, next: ModEx
        0, 0xaa, 0x51, // 1 byte of unknown type 5, next: CodedFrames
        'h', 'v', 'c', '1', 0, 0, 0, 9, //
    };
    struct bc_flv_video v = parse_video(NANO, sizeof(NANO));
    assert_int_equal(v.pts_offset_ns, 999999);
    assert_int_equal(v.type, BC_FLV_FRAMES);
    assert_int_equal(v.len, 1);

    // A size of 256 is followed by the true size in 16 bits: 255 + 1 -> 0x0103 + 1 = 260.
    uint8_t wide[1 + 3 + 260 + 1 + 5] = { 0x97, 255, 0x01, 0x03 };
    wide[4 + 260] = 0x10; // type 1, next: SequenceStart
    memcpy(wide + 4 + 261, "avc1\x01", 5);
    v = parse_video(wide, sizeof(wide));
    assert_int_equal(v.type, BC_FLV_SEQUENCE_HEADER);
    assert_int_equal(v.codec, BC_CODEC_AVC);

    uint8_t endless[1 + 3 * 64];
    endless[0] = 0x97;
    for (size_t i = 1; i < sizeof(endless); i += 3) {
        memcpy(endless + i, "\x00\x00\x17", 3);
    }
    assert_int_equal(bc_flv_parse_video(endless, sizeof(endless), &v), -EINVAL);
}

static void
test_multitrack_video(void **state)
{
    (void)state;
    static const uint8_t ONE[] = { 0x96, 0x01, 'a', 'v', 'c', '1', 3, 0, 0, 5, 0x65 };
    struct bc_flv_video v = parse_video(ONE, sizeof(ONE));
    assert_true(v.multitrack);
    assert_int_equal(v.track_id, 3);
    assert_int_equal(v.cts_ms, 5);
    assert_int_equal(v.len, 1);
    assert_int_equal(bc_flv_next_video(&v), 0);

    static const uint8_t MANY[] = { 0x96, 0x21, // many tracks, many codecs; CodedFrames
        'a', 'v', 'c', '1', 0, 0, 0, 4, 0, 0, 0, 0x65, //
        'v', 'v', 'c', '1', 1, 0, 0, 1, 0xff,          //
        'a', 'v', '0', '1', 2, 0, 0, 2, 0x12, 0x00 };
    v = parse_video(MANY, sizeof(MANY));
    assert_int_equal(v.codec, BC_CODEC_AVC);
    assert_int_equal(v.track_id, 0);
    assert_int_equal(v.len, 1);
    assert_int_equal(bc_flv_next_video(&v), -ENOTSUP);
    assert_int_equal(bc_flv_next_video(&v), 1);
    assert_int_equal(v.codec, BC_CODEC_AV1);
    assert_int_equal(v.track_id, 2);
    assert_int_equal(v.len, 2);
    assert_int_equal(bc_flv_next_video(&v), 0);

    static const uint8_t SAME_CODEC[] = { 0x96, 0x11, 'a', 'v', '0', '1', //
        0, 0, 0, 1, 0x0a, 1, 0, 0, 1, 0x0b };
    assert_int_equal(count_video(SAME_CODEC, sizeof(SAME_CODEC)), 2);
    static const uint8_t NESTED[] = { 0x96, 0x06, 'a', 'v', '0', '1', 0, 1 };
    assert_int_equal(bc_flv_parse_video(NESTED, sizeof(NESTED), &v), -EINVAL);
    static const uint8_t TOO_LONG[] = { 0x96, 0x11, 'a', 'v', '0', '1', 0, 0, 0, 9, 1 };
    assert_int_equal(bc_flv_parse_video(TOO_LONG, sizeof(TOO_LONG), &v), -EINVAL);
    assert_int_equal(bc_flv_next_video(&v), 0);
}

static void
test_legacy_audio(void **state)
{
    (void)state;
    static const uint8_t ASC[] = { 0xaf, 0, 0x11, 0x90 };
    struct bc_flv_audio a = parse_audio(ASC, sizeof(ASC));
    assert_int_equal(a.codec, BC_CODEC_AAC);
    assert_int_equal(a.type, BC_FLV_SEQUENCE_HEADER);
    assert_int_equal(a.len, 2);

    static const uint8_t RAW[] = { 0xaf, 1, 0x21, 0x10 };
    a = parse_audio(RAW, sizeof(RAW));
    assert_int_equal(a.type, BC_FLV_FRAMES);
    assert_ptr_equal(a.payload, RAW + 2);
    // Silence in all its shapes.
    assert_int_equal(parse_audio(RAW, 0).type, BC_FLV_EMPTY);
    assert_int_equal(parse_audio(RAW, 1).type, BC_FLV_EMPTY);
    assert_int_equal(parse_audio(RAW, 2).type, BC_FLV_EMPTY);

    static const uint8_t MP3[] = { 0x2f, 0xff, 0xfb };
    a = parse_audio(MP3, sizeof(MP3));
    assert_int_equal(a.codec, BC_CODEC_MP3);
    assert_int_equal(a.sample_rate, 44100);
    assert_int_equal(a.channels, 2);
    assert_int_equal(a.len, 2);

    static const uint8_t ALAW[] = { 0x7a, 0xd5 };
    a = parse_audio(ALAW, sizeof(ALAW));
    assert_int_equal(a.codec, BC_CODEC_PCMA);
    assert_int_equal(a.sample_rate, 8000);

    static const uint8_t SPEEX[] = { 0xb2, 0 };
    assert_int_equal(bc_flv_parse_audio(SPEEX, sizeof(SPEEX), &a), -ENOTSUP);
    assert_int_equal(a.codec_id, 11);
}

static void
test_enhanced_audio(void **state)
{
    (void)state;
    static const uint8_t NO_HEAD[] = { 0x90, 'O', 'p', 'u', 's' };
    struct bc_flv_audio a = parse_audio(NO_HEAD, sizeof(NO_HEAD));
    assert_int_equal(a.codec, BC_CODEC_OPUS);
    assert_int_equal(a.type, BC_FLV_SEQUENCE_HEADER);
    assert_int_equal(a.len, 0);

    static const uint8_t FRAME[] = { 0x91, 'm', 'p', '4', 'a', 0x21 };
    a = parse_audio(FRAME, sizeof(FRAME));
    assert_int_equal(a.codec, BC_CODEC_AAC);
    assert_int_equal(a.type, BC_FLV_FRAMES);
    assert_int_equal(a.len, 1);

    static const uint8_t CHANNELS[] = { 0x94, 'f', 'L', 'a', 'C', 1, 2 };
    assert_int_equal(parse_audio(CHANNELS, sizeof(CHANNELS)).type, BC_FLV_METADATA);

    static const uint8_t MANY[] = { 0x95, 0x11, 'O', 'p', 'u', 's', //
        0, 0, 0, 1, 0xfc, 1, 0, 0, 2, 0xfc, 0xff };
    a = parse_audio(MANY, sizeof(MANY));
    assert_true(a.multitrack);
    assert_int_equal(a.len, 1);
    assert_int_equal(bc_flv_next_audio(&a), 1);
    assert_int_equal(a.track_id, 1);
    assert_int_equal(a.len, 2);
    assert_int_equal(bc_flv_next_audio(&a), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_legacy_avc),
        cmocka_unit_test(test_bodies_that_are_no_frames),
        cmocka_unit_test(test_unknown_video_codecs_are_told),
        cmocka_unit_test(test_hevc_in_both_forms),
        cmocka_unit_test(test_av1_has_no_composition_time),
        cmocka_unit_test(test_mod_ex_loop),
        cmocka_unit_test(test_multitrack_video),
        cmocka_unit_test(test_legacy_audio),
        cmocka_unit_test(test_enhanced_audio),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
