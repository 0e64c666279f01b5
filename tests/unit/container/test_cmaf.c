// SPDX-License-Identifier: Apache-2.0
#include "container/cmaf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/reader.h"

static const uint8_t AVCC[] = {
    1, 0x64, 0, 0x1f, 0xff, // High, level 3.1, 4-byte lengths
    0xe1, 0, 4, 0x67, 0x64, 0, 0x1f, // one SPS
    1, 0, 2, 0x68, 0xee, // one PPS
};
static const uint8_t ASC[] = { 0x11, 0x90 }; // AAC-LC, 48 kHz, stereo

static struct bc_track *
make_track(enum bc_kind kind, enum bc_codec codec, const void *config, size_t len)
{
    struct bc_track *t = bc_track_create(kind, codec);
    t->config = bc_buf_copy(config, len);
    if (kind == BC_KIND_VIDEO) {
        t->width = 1280;
        t->height = 720;
    } else {
        t->sample_rate = 48000;
        t->channels = 2;
        t->frame_samples = 1024;
    }
    return t;
}

// The first box of a type inside `r`, which must consist of boxes; fails the test if
// absent.
static struct bc_reader
find_box(struct bc_reader r, const char *type)
{
    while (bc_reader_left(&r) >= 8) {
        uint32_t size = bc_read_u32(&r);
        const uint8_t *name = bc_read_bytes(&r, 4);
        assert_true(size >= 8);
        struct bc_reader body = bc_read_sub(&r, size - 8);
        assert_false(body.failed);
        if (memcmp(name, type, 4) == 0) {
            return body;
        }
    }
    fail_msg("no box %s", type);
    return r;
}

static struct bc_reader
find_path(struct bc_reader r, const char *const *path)
{
    for (; *path; path++) {
        r = find_box(r, *path);
    }
    return r;
}

static void
assert_bytes(struct bc_reader *r, const void *bytes, size_t len)
{
    const uint8_t *p = bc_read_bytes(r, len);
    assert_non_null(p);
    assert_memory_equal(p, bytes, len);
}

static void
test_init_describes_two_tracks(void **state)
{
    (void)state;
    struct bc_track *tracks[2] = {
        make_track(BC_KIND_VIDEO, BC_CODEC_AVC, AVCC, sizeof(AVCC)),
        make_track(BC_KIND_AUDIO, BC_CODEC_AAC, ASC, sizeof(ASC)),
    };
    struct bc_buf *buf = bc_cmaf_init((const struct bc_track *const *)tracks, 2);
    assert_non_null(buf);
    struct bc_reader file = bc_reader_init(buf->data, buf->len);
    assert_bytes(&file, "\0\0\0\x18" "ftypiso6\0\0\0\0iso6mp41", 24);
    struct bc_reader moov = find_box(file, "moov");
    struct bc_reader mvhd = find_box(moov, "mvhd");
    assert_bytes(&mvhd, "\0\0\0\0" "\0\0\0\0" "\0\0\0\0" "\0\0\x03\xe8" "\0\0\0\0", 20);
    // mvex: a trex for each track, no defaults
    struct bc_reader mvex = find_box(moov, "mvex");
    for (char id = 1; id <= 2; id++) {
        assert_bytes(&mvex, "\0\0\0\x20trex\0\0\0\0\0\0\0", 15);
        assert_bytes(&mvex, &id, 1);
        assert_bytes(&mvex, "\0\0\0\1" "\0\0\0\0" "\0\0\0\0" "\0\0\0\0", 16);
    }
    assert_int_equal(bc_reader_left(&mvex), 0);
    bc_buf_unref(&buf);
    bc_track_unref(&tracks[0]);
    bc_track_unref(&tracks[1]);
}

static void
test_init_carries_the_avc_record(void **state)
{
    (void)state;
    struct bc_track *t = make_track(BC_KIND_VIDEO, BC_CODEC_AVC, AVCC, sizeof(AVCC));
    struct bc_buf *buf = bc_cmaf_init((const struct bc_track *const *)&t, 1);
    struct bc_reader file = bc_reader_init(buf->data, buf->len);
    struct bc_reader ftyp = find_box(file, "ftyp");
    assert_bytes(&ftyp, "iso6\0\0\0\0iso6mp41cmfc", 20);
    struct bc_reader trak = find_path(file, (const char *[]){ "moov", "trak", NULL });
    struct bc_reader tkhd = find_box(trak, "tkhd");
    assert_bytes(&tkhd, "\0\0\0\3", 4);
    bc_read_skip(&tkhd, 8);
    assert_int_equal(bc_read_u32(&tkhd), 1);
    bc_read_skip(&tkhd, 60);
    assert_int_equal(bc_read_u32(&tkhd), 1280 << 16);
    assert_int_equal(bc_read_u32(&tkhd), 720 << 16);
    struct bc_reader mdhd = find_path(trak, (const char *[]){ "mdia", "mdhd", NULL });
    bc_read_skip(&mdhd, 12);
    assert_int_equal(bc_read_u32(&mdhd), 90000);
    struct bc_reader stbl =
        find_path(trak, (const char *[]){ "mdia", "minf", "stbl", NULL });
    struct bc_reader stsd = find_box(stbl, "stsd");
    assert_int_equal(bc_read_u64(&stsd), 1); // version, flags, one entry
    struct bc_reader entry = find_box(stsd, "avc1");
    bc_read_skip(&entry, 24);
    assert_int_equal(bc_read_u16(&entry), 1280);
    assert_int_equal(bc_read_u16(&entry), 720);
    bc_read_skip(&entry, 50);
    struct bc_reader avcc = find_box(entry, "avcC");
    assert_int_equal(bc_reader_left(&avcc), sizeof(AVCC));
    assert_bytes(&avcc, AVCC, sizeof(AVCC));
    // no samples in an init segment
    struct bc_reader stsz = find_box(stbl, "stsz");
    assert_bytes(&stsz, "\0\0\0\0\0\0\0\0\0\0\0\0", 12);
    struct bc_reader stco = find_box(stbl, "stco");
    assert_bytes(&stco, "\0\0\0\0\0\0\0\0", 8);
    bc_buf_unref(&buf);
    bc_track_unref(&t);
}

static void
test_init_names_hevc_hvc1(void **state)
{
    (void)state;
    static const uint8_t HVCC[23] = { 1, 1, 0x60 };
    struct bc_track *t = make_track(BC_KIND_VIDEO, BC_CODEC_HEVC, HVCC, sizeof(HVCC));
    struct bc_buf *buf = bc_cmaf_init((const struct bc_track *const *)&t, 1);
    struct bc_reader r = find_path(bc_reader_init(buf->data, buf->len),
        (const char *[]){ "moov", "trak", "mdia", "minf", "stbl", "stsd", NULL });
    bc_read_skip(&r, 8);
    struct bc_reader entry = find_box(r, "hvc1");
    bc_read_skip(&entry, 78);
    struct bc_reader hvcc = find_box(entry, "hvcC");
    assert_bytes(&hvcc, HVCC, sizeof(HVCC));
    bc_buf_unref(&buf);
    bc_track_unref(&t);
}

static void
test_init_writes_the_audio_entry(void **state)
{
    (void)state;
    struct bc_track *t = make_track(BC_KIND_AUDIO, BC_CODEC_AAC, ASC, sizeof(ASC));
    struct bc_buf *buf = bc_cmaf_init((const struct bc_track *const *)&t, 1);
    struct bc_reader mdia = find_path(bc_reader_init(buf->data, buf->len),
        (const char *[]){ "moov", "trak", "mdia", NULL });
    struct bc_reader mdhd = find_box(mdia, "mdhd");
    bc_read_skip(&mdhd, 12);
    assert_int_equal(bc_read_u32(&mdhd), 48000);
    struct bc_reader hdlr = find_box(mdia, "hdlr");
    bc_read_skip(&hdlr, 8);
    assert_bytes(&hdlr, "soun", 4);
    struct bc_reader r =
        find_path(mdia, (const char *[]){ "minf", "stbl", "stsd", NULL });
    bc_read_skip(&r, 8);
    static const uint8_t MP4A[] = {
        0, 0, 0, 0, 0, 0, 0, 1, // data_reference_index
        0, 0, 0, 0, 0, 0, 0, 0,
        0, 2, 0, 16, // channels, bits
        0, 0, 0, 0,
        0xbb, 0x80, 0, 0, // 48000.0
        0, 0, 0, 0x33, 'e', 's', 'd', 's', 0, 0, 0, 0,
        0x03, 0x80, 0x80, 0x80, 0x22, 0, 0, 0,       // ES_Descriptor, ES_ID 0
        0x04, 0x80, 0x80, 0x80, 0x14, 0x40, 0x15,    // DecoderConfigDescriptor: AAC
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,             // buffer size, bitrates
        0x05, 0x80, 0x80, 0x80, 0x02, 0x11, 0x90,    // DecoderSpecificInfo
        0x06, 0x80, 0x80, 0x80, 0x01, 0x02,          // SLConfigDescriptor
    };
    struct bc_reader entry = find_box(r, "mp4a");
    assert_int_equal(bc_reader_left(&entry), sizeof(MP4A));
    assert_bytes(&entry, MP4A, sizeof(MP4A));
    bc_buf_unref(&buf);
    bc_track_unref(&t);
}

static void
test_init_refuses_what_it_cannot_describe(void **state)
{
    (void)state;
    struct bc_track *bare = bc_track_create(BC_KIND_VIDEO, BC_CODEC_AVC);
    struct bc_track *g711 = make_track(BC_KIND_AUDIO, BC_CODEC_PCMA, ASC, sizeof(ASC));
    struct bc_track *vp8 = make_track(BC_KIND_VIDEO, BC_CODEC_VP8, ASC, sizeof(ASC));
    assert_false(bc_cmaf_supports(NULL));
    assert_false(bc_cmaf_supports(bare));
    assert_false(bc_cmaf_supports(g711));
    assert_false(bc_cmaf_supports(vp8));
    assert_null(bc_cmaf_init((const struct bc_track *const *)&bare, 1));
    assert_null(bc_cmaf_init(NULL, 0));
    bc_track_unref(&bare);
    bc_track_unref(&g711);
    bc_track_unref(&vp8);
}

static void
test_chunk_of_video_and_audio_is_exact(void **state)
{
    (void)state;
    static const struct bc_cmaf_sample VIDEO[] = {
        { (const uint8_t *)"key", 3, 3000, 6000, true, false },
        { (const uint8_t *)"bb", 2, 3000, -3000, false, true },
    };
    static const struct bc_cmaf_sample AUDIO[] = {
        { (const uint8_t *)"a", 1, 1024, 0, true, false },
        { (const uint8_t *)"cd", 2, 1024, 0, true, false },
    };
    static const struct bc_cmaf_run RUNS[] = {
        { 1, 0x123456789a, false, VIDEO, 2 },
        { 2, 48000, false, AUDIO, 2 },
    };
    static const uint8_t EXPECTED[] = {
        0, 0, 0, 200, 'm', 'o', 'o', 'f',
        0, 0, 0, 16, 'm', 'f', 'h', 'd', 0, 0, 0, 0, 0, 0, 0, 7,
        0, 0, 0, 96, 't', 'r', 'a', 'f',
        0, 0, 0, 24, 't', 'f', 'h', 'd', 0, 2, 0, 0x28, // default-base-is-moof
        0, 0, 0, 1, 0, 0, 0x0b, 0xb8, 2, 0, 0, 0, // track, duration 3000, sync
        0, 0, 0, 20, 't', 'f', 'd', 't', 1, 0, 0, 0,
        0, 0, 0, 0x12, 0x34, 0x56, 0x78, 0x9a,
        0, 0, 0, 44, 't', 'r', 'u', 'n', 1, 0, 0x0e, 1, 0, 0, 0, 2,
        0, 0, 0, 208, // data offset, from the moof's first byte
        0, 0, 0, 3, 2, 0, 0, 0, 0, 0, 0x17, 0x70, // size, flags, cts
        0, 0, 0, 2, 1, 0x81, 0, 0, 0xff, 0xff, 0xf4, 0x48,
        0, 0, 0, 80, 't', 'r', 'a', 'f',
        0, 0, 0, 24, 't', 'f', 'h', 'd', 0, 2, 0, 0x28,
        0, 0, 0, 2, 0, 0, 4, 0, 2, 0, 0, 0,
        0, 0, 0, 20, 't', 'f', 'd', 't', 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xbb, 0x80,
        0, 0, 0, 28, 't', 'r', 'u', 'n', 1, 0, 2, 1, 0, 0, 0, 2,
        0, 0, 0, 213,
        0, 0, 0, 1, 0, 0, 0, 2,
        0, 0, 0, 16, 'm', 'd', 'a', 't', 'k', 'e', 'y', 'b', 'b', 'a', 'c', 'd',
    };
    struct bc_buf *buf = bc_cmaf_chunk(7, RUNS, 2);
    assert_non_null(buf);
    assert_int_equal(buf->len, sizeof(EXPECTED));
    assert_memory_equal(buf->data, EXPECTED, sizeof(EXPECTED));
    bc_buf_unref(&buf);
}

static void
test_chunk_writes_durations_that_differ(void **state)
{
    (void)state;
    static const struct bc_cmaf_sample SAMPLES[] = {
        { (const uint8_t *)"x", 1, 3000, 0, true, false },
        { NULL, 0, 3060, 0, true, false },
    };
    struct bc_cmaf_run run = { 1, 0, false, SAMPLES, 2 };
    struct bc_buf *buf = bc_cmaf_chunk(1, &run, 1);
    struct bc_reader trun = find_path(bc_reader_init(buf->data, buf->len),
        (const char *[]){ "moof", "traf", "trun", NULL });
    static const uint8_t TRUN[] = {
        1, 0, 3, 1, 0, 0, 0, 2, 0, 0, 0, 120, // durations and sizes; data offset
        0, 0, 0x0b, 0xb8, 0, 0, 0, 1, 0, 0, 0x0b, 0xf4, 0, 0, 0, 0,
    };
    assert_bytes(&trun, TRUN, sizeof(TRUN));
    bc_buf_unref(&buf);
}

static void
test_chunk_needs_samples(void **state)
{
    (void)state;
    struct bc_cmaf_run runs[2] = { { .track_id = 1 }, { .track_id = 2 } };
    assert_null(bc_cmaf_chunk(1, runs, 2));
    struct bc_cmaf_sample huge = { (const uint8_t *)"x", SIZE_MAX, 1, 0, true, false };
    runs[0] = (struct bc_cmaf_run){ 1, 0, false, &huge, 1 };
    assert_null(bc_cmaf_chunk(1, runs, 2));
}

static void
test_scaling_rounds_from_the_origin(void **state)
{
    (void)state;
    assert_int_equal(bc_cmaf_ticks(0, 90000), 0);
    assert_int_equal(bc_cmaf_ticks(33333, 90000), 3000);
    assert_int_equal(bc_cmaf_ticks(21333, 48000), 1024);
    assert_int_equal(bc_cmaf_ticks(23220, 44100), 1024);
    assert_int_equal(bc_cmaf_ticks(-1000000, 90000), -90000);
    // a thousand years, and every AAC frame of the last minute of them
    int64_t base_us = (int64_t)1000 * 365 * 86400 * 1000000;
    for (int64_t i = 0; i < 3000; i++) {
        int64_t us = base_us + (i * 1024 * 1000000 + 24000) / 48000;
        int64_t ticks = bc_cmaf_ticks(us, 48000) - bc_cmaf_ticks(base_us, 48000);
        assert_int_equal(ticks, i * 1024);
    }
    assert_int_equal(bc_cmaf_us(90000 * 7 + 45, 90000), 7000500);
    assert_int_equal(bc_cmaf_us(-45, 90000), -500);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init_describes_two_tracks),
        cmocka_unit_test(test_init_carries_the_avc_record),
        cmocka_unit_test(test_init_names_hevc_hvc1),
        cmocka_unit_test(test_init_writes_the_audio_entry),
        cmocka_unit_test(test_init_refuses_what_it_cannot_describe),
        cmocka_unit_test(test_chunk_of_video_and_audio_is_exact),
        cmocka_unit_test(test_chunk_writes_durations_that_differ),
        cmocka_unit_test(test_chunk_needs_samples),
        cmocka_unit_test(test_scaling_rounds_from_the_origin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
