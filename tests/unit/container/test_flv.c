// SPDX-License-Identifier: Apache-2.0
// Writing FLV, and reading back what was written.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "container/flv.h"
#include "media/track_build.h"

static struct bc_packet *
make_packet(enum bc_kind kind, enum bc_codec codec, uint32_t flags, int64_t dts_us,
    int64_t cts_us)
{
    static const uint8_t PAYLOAD[] = { 0, 0, 0, 2, 0x65, 0x88 };
    struct bc_track *track = codec ? bc_track_create(kind, codec) : NULL;
    struct bc_buf *buf = bc_buf_copy(PAYLOAD, sizeof(PAYLOAD));
    assert_non_null(buf);
    struct bc_packet *p = bc_packet_create(kind, track, buf, buf->data, buf->len);
    assert_non_null(p);
    p->flags = flags;
    p->dts_us = dts_us;
    p->pts_us = dts_us + cts_us;
    bc_track_unref(&track);
    return p;
}

static void
check_head(enum bc_kind kind, enum bc_codec codec, enum bc_flv_hevc hevc,
    const uint8_t *want, size_t want_len)
{
    uint8_t head[BC_FLV_HEAD_MAX];
    struct bc_packet *p = make_packet(kind, codec, BC_PACKET_KEY, 1000000, 66667);
    assert_int_equal(bc_flv_packet_head(p, hevc, head), want_len);
    assert_memory_equal(head, want, want_len);
    bc_packet_unref(&p);
}

static void
test_packet_head_by_codec(void **state)
{
    (void)state;
    static const uint8_t AVC[] = { 0x17, 1, 0, 0, 67 };
    static const uint8_t ID12[] = { 0x1c, 1, 0, 0, 67 };
    static const uint8_t HVC1[] = { 0x91, 'h', 'v', 'c', '1', 0, 0, 67 };
    static const uint8_t AV01[] = { 0x91, 'a', 'v', '0', '1' };
    static const uint8_t VP09[] = { 0x91, 'v', 'p', '0', '9' };
    static const uint8_t VP08[] = { 0x91, 'v', 'p', '0', '8' };
    static const uint8_t AC3[] = { 0x91, 'a', 'c', '-', '3' };
    static const uint8_t EAC3[] = { 0x91, 'e', 'c', '-', '3' };
    static const uint8_t FLAC[] = { 0x91, 'f', 'L', 'a', 'C' };
    static const uint8_t AAC[] = { 0xaf, 1 };
    static const uint8_t OPUS[] = { 0x91, 'O', 'p', 'u', 's' };
    static const uint8_t PCMA[] = { 0x72 };
    check_head(BC_KIND_VIDEO, BC_CODEC_AVC, BC_FLV_HEVC_ENHANCED, AVC, sizeof(AVC));
    check_head(BC_KIND_VIDEO, BC_CODEC_HEVC, BC_FLV_HEVC_ID12, ID12, sizeof(ID12));
    check_head(BC_KIND_VIDEO, BC_CODEC_HEVC, BC_FLV_HEVC_ENHANCED, HVC1, sizeof(HVC1));
    check_head(BC_KIND_VIDEO, BC_CODEC_AV1, BC_FLV_HEVC_ID12, AV01, sizeof(AV01));
    check_head(BC_KIND_VIDEO, BC_CODEC_VP9, BC_FLV_HEVC_ID12, VP09, sizeof(VP09));
    check_head(BC_KIND_VIDEO, BC_CODEC_VP8, BC_FLV_HEVC_ID12, VP08, sizeof(VP08));
    check_head(BC_KIND_AUDIO, BC_CODEC_AC3, BC_FLV_HEVC_ID12, AC3, sizeof(AC3));
    check_head(BC_KIND_AUDIO, BC_CODEC_EAC3, BC_FLV_HEVC_ID12, EAC3, sizeof(EAC3));
    check_head(BC_KIND_AUDIO, BC_CODEC_FLAC, BC_FLV_HEVC_ID12, FLAC, sizeof(FLAC));
    check_head(BC_KIND_AUDIO, BC_CODEC_AAC, BC_FLV_HEVC_ENHANCED, AAC, sizeof(AAC));
    check_head(BC_KIND_AUDIO, BC_CODEC_OPUS, BC_FLV_HEVC_ENHANCED, OPUS, sizeof(OPUS));
    check_head(BC_KIND_AUDIO, BC_CODEC_PCMA, BC_FLV_HEVC_ENHANCED, PCMA, sizeof(PCMA));
    check_head(BC_KIND_SCRIPT, BC_CODEC_NONE, BC_FLV_HEVC_ENHANCED, NULL, 0);
}

static void
test_write_header(void **state)
{
    (void)state;
    static const uint8_t BOTH[] = { 'F', 'L', 'V', 1, 5, 0, 0, 0, 9, 0, 0, 0, 0 };
    struct bc_writer w = { 0 };
    bc_flv_write_header(&w, true, true);
    assert_int_equal(w.len, BC_FLV_HEADER_BYTES);
    assert_memory_equal(w.data, BOTH, sizeof(BOTH));
    bc_writer_reset(&w);
    bc_flv_write_header(&w, true, false);
    assert_int_equal(w.data[4], 4);
    bc_writer_reset(&w);
    bc_flv_write_header(&w, false, true);
    assert_int_equal(w.data[4], 1);
    bc_writer_finish(&w);
}

static void
test_write_tag_with_extended_time(void **state)
{
    (void)state;
    static const uint8_t WANT[] = {
        8, 0, 0, 3, // type, size
        0x34, 0x56, 0x78, 0x12, 0, 0, 0, // time, its upper byte, stream
        0xaf, 1, 0x21, // body
        0, 0, 0, 14, // PreviousTagSize
    };
    uint8_t head[] = { 0xaf, 1 };
    uint8_t payload[] = { 0x21 };
    struct iovec pieces[] = { { head, 2 }, { payload, 1 } };
    struct bc_writer w = { 0 };
    bc_flv_write_tag(&w, BC_FLV_TAG_AUDIO, 0x12345678, pieces, 2);
    assert_false(w.failed);
    assert_int_equal(w.len, sizeof(WANT));
    assert_memory_equal(w.data, WANT, sizeof(WANT));

    pieces[1].iov_len = BC_FLV_TAG_MAX_BYTES; // never read: it is refused before
    bc_flv_write_tag(&w, BC_FLV_TAG_AUDIO, 0, pieces, 2);
    assert_true(w.failed);
    bc_writer_finish(&w);
}

static void
test_written_packet_reads_back(void **state)
{
    (void)state;
    struct bc_packet *p = make_packet(BC_KIND_VIDEO, BC_CODEC_HEVC, 0, 33367, 33366);
    struct bc_writer w = { 0 };
    bc_flv_write_packet(&w, p, BC_FLV_HEVC_ENHANCED);
    assert_int_equal(w.len, 11 + 8 + p->len + 4);
    assert_int_equal(w.data[6], 33);

    struct bc_flv_video v;
    assert_int_equal(bc_flv_parse_video(w.data + 11, w.len - 15, &v), 0);
    assert_int_equal(v.codec, BC_CODEC_HEVC);
    assert_int_equal(v.type, BC_FLV_FRAMES);
    assert_false(v.key);
    assert_int_equal(v.cts_ms, 34); // 67 - 33: the sum is the rounded pts
    assert_int_equal(v.len, p->len);
    assert_memory_equal(v.payload, p->data, p->len);
    bc_writer_finish(&w);
    bc_packet_unref(&p);
}

static void
check_config(enum bc_kind kind, enum bc_codec codec, enum bc_flv_hevc hevc,
    const uint8_t *want_head, size_t head_len)
{
    static const uint8_t CONFIG[] = { 0x11, 0x90 };
    struct bc_track *t = bc_track_create(kind, codec);
    assert_non_null(t);
    struct bc_writer w = { 0 };
    assert_false(bc_flv_write_config(&w, t, hevc)); // none yet
    assert_int_equal(w.len, 0);
    t->config = bc_buf_copy(CONFIG, sizeof(CONFIG));
    assert_int_equal(bc_flv_write_config(&w, t, hevc), head_len > 0);
    if (head_len > 0) {
        assert_int_equal(w.len, head_len + sizeof(CONFIG));
        assert_memory_equal(w.data, want_head, head_len);
        assert_memory_equal(w.data + head_len, CONFIG, sizeof(CONFIG));
    }
    bc_writer_finish(&w);
    bc_track_unref(&t);
}

static void
test_write_config_by_codec(void **state)
{
    (void)state;
    static const uint8_t AVC[] = { 0x17, 0, 0, 0, 0 };
    static const uint8_t ID12[] = { 0x1c, 0, 0, 0, 0 };
    static const uint8_t HVC1[] = { 0x90, 'h', 'v', 'c', '1' };
    static const uint8_t AAC[] = { 0xaf, 0 };
    check_config(BC_KIND_VIDEO, BC_CODEC_AVC, BC_FLV_HEVC_ENHANCED, AVC, sizeof(AVC));
    check_config(BC_KIND_VIDEO, BC_CODEC_HEVC, BC_FLV_HEVC_ID12, ID12, sizeof(ID12));
    check_config(BC_KIND_VIDEO, BC_CODEC_HEVC, BC_FLV_HEVC_ENHANCED, HVC1, sizeof(HVC1));
    check_config(BC_KIND_AUDIO, BC_CODEC_AAC, BC_FLV_HEVC_ENHANCED, AAC, sizeof(AAC));
    check_config(BC_KIND_AUDIO, BC_CODEC_MP3, BC_FLV_HEVC_ENHANCED, NULL, 0);
}

static void
check_body(struct bc_track *t, const uint8_t *want, size_t len)
{
    struct bc_writer w = { 0 };
    assert_non_null(t);
    assert_int_equal(bc_flv_write_config(&w, t, BC_FLV_HEVC_ID12), len > 0);
    assert_int_equal(w.len, len);
    if (len > 0) {
        assert_memory_equal(w.data, want, len);
    }
    bc_writer_finish(&w);
    bc_track_unref(&t);
}

// What stands in the tags is not always what stands in the boxes of MP4.
static void
test_enhanced_sequence_headers(void **state)
{
    (void)state;
    // vpcC: version and flags; profile 0, level 3.1, 8 bits, 4:2:0, BT.709; no more
    static const uint8_t VPCC[] = { 1, 0, 0, 0, 0, 31, 0x82, 1, 1, 1, 0, 0 };
    static const uint8_t VP9[]
        = { 0x90, 'v', 'p', '0', '9', 0, 31, 0x82, 1, 1, 1, 0, 0 };
    check_body(bc_vp9_track_from_config(VPCC, sizeof(VPCC)), VP9, sizeof(VP9));

    static const uint8_t AV1C[] = { 0x81, 0x05, 0x0c, 0x00, 0x0a, 0x0b, 0x00, 0x00, 0x00,
        0x2d, 0x4c, 0xff, 0xb3, 0xcc, 0xaf, 0x90, 0x04 };
    uint8_t av1[5 + sizeof(AV1C)] = { 0x90, 'a', 'v', '0', '1' };
    memcpy(av1 + 5, AV1C, sizeof(AV1C));
    check_body(bc_av1_track_from_config(AV1C, sizeof(AV1C)), av1, sizeof(av1));

    static const uint8_t FLAC[] = { 0x90, 'f', 'L', 'a', 'C', 'f', 'L', 'a', 'C', 0x80, 0,
        0, 34, 0x12, 0x00, 0x12, 0x00, 0x00, 0x01, 0x50, 0x00, 0x05, 0x17, 0x0b, 0xb8,
        0x02, 0xf0, 0x00, 0x00, 0x5d, 0xc0, 0xa2, 0xfc, 0x36, 0x17, 0xbc, 0x0e, 0x6c,
        0x99, 0xe0, 0x35, 0xcb, 0xe0, 0x6f, 0xb4, 0xe5, 0x2a };
    check_body(bc_flac_track(FLAC + 5, sizeof(FLAC) - 5), FLAC, sizeof(FLAC));

    // OpusHead: version 1, 2 channels, pre-skip 312, 48 kHz, no gain, family 0
    static const uint8_t OPUS[] = { 0x90, 'O', 'p', 'u', 's', 'O', 'p', 'u', 's', 'H', 'e',
        'a', 'd', 1, 2, 0x38, 0x01, 0x80, 0xbb, 0, 0, 0, 0, 0 };
    check_body(bc_opus_track_simple(2), OPUS, sizeof(OPUS));

    static const uint8_t AC3[] = { 0x0b, 0x77, 0xfe, 0x95, 0x14, 0x40, 0x43, 0xe1 };
    check_body(bc_ac3_track(AC3, sizeof(AC3)), NULL, 0); // no header: frames tell it
    static const uint8_t VP8[]
        = { 0x10, 0x42, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xb4, 0x00 };
    check_body(bc_vp8_track(VP8, sizeof(VP8)), NULL, 0);
}

static void
test_codec_ids_of_metadata(void **state)
{
    (void)state;
    static const struct {
        enum bc_codec codec;
        enum bc_flv_hevc hevc;
        uint32_t want;
    } IDS[] = {
        { BC_CODEC_AVC, BC_FLV_HEVC_ENHANCED, 7 },
        { BC_CODEC_HEVC, BC_FLV_HEVC_ID12, 12 },
        { BC_CODEC_HEVC, BC_FLV_HEVC_ENHANCED, 0x68766331 }, // "hvc1"
        { BC_CODEC_AV1, BC_FLV_HEVC_ID12, 1635135537 }, // "av01", E-RTMP's example
        { BC_CODEC_VP9, BC_FLV_HEVC_ID12, 0x76703039 },
        { BC_CODEC_VP8, BC_FLV_HEVC_ID12, 0x76703038 },
        { BC_CODEC_AAC, BC_FLV_HEVC_ID12, 10 },
        { BC_CODEC_MP3, BC_FLV_HEVC_ID12, 2 },
        { BC_CODEC_PCMA, BC_FLV_HEVC_ID12, 7 },
        { BC_CODEC_PCMU, BC_FLV_HEVC_ID12, 8 },
        { BC_CODEC_OPUS, BC_FLV_HEVC_ID12, 0x4f707573 },
        { BC_CODEC_FLAC, BC_FLV_HEVC_ID12, 0x664c6143 },
        { BC_CODEC_AC3, BC_FLV_HEVC_ID12, 0x61632d33 },
        { BC_CODEC_EAC3, BC_FLV_HEVC_ID12, 0x65632d33 },
    };
    for (size_t i = 0; i < sizeof(IDS) / sizeof(IDS[0]); i++) {
        struct bc_track *t = bc_track_create(BC_KIND_VIDEO, IDS[i].codec);
        assert_int_equal(bc_flv_codec_id(t, IDS[i].hevc), IDS[i].want);
        bc_track_unref(&t);
    }
}

static void
test_ms_rounds_and_wraps(void **state)
{
    (void)state;
    assert_int_equal(bc_flv_ms(-5), 0);
    assert_int_equal(bc_flv_ms(33499), 33);
    assert_int_equal(bc_flv_ms(33500), 34);
    assert_int_equal(bc_flv_ms(4294967296000), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packet_head_by_codec),
        cmocka_unit_test(test_write_header),
        cmocka_unit_test(test_write_tag_with_extended_time),
        cmocka_unit_test(test_written_packet_reads_back),
        cmocka_unit_test(test_write_config_by_codec),
        cmocka_unit_test(test_enhanced_sequence_headers),
        cmocka_unit_test(test_codec_ids_of_metadata),
        cmocka_unit_test(test_ms_rounds_and_wraps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
