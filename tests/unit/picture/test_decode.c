// SPDX-License-Identifier: Apache-2.0
// Keyframes of all codecs that HLS carries become JPEG; whatever is damaged becomes no picture.
#include "picture/decode.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "container/cmaf.h"
#include "container/cmaf_read.h"
#include "kit.h"
#include "picture/jpeg.h"

#define WIDE                                                                             \
    {                                                                                    \
        .codec = BC_CODEC_AVC, .width = 640, .height = 360, .luma = 60,                  \
        .corner_luma = 180, .u = 100, .v = 150                                           \
    }

static const struct kit_look AVC = WIDE;

// Decodes from copies of the exact size, which the sanitizer watches.
static int
decode(const struct kit_key *key, size_t init_len, size_t part_len, AVFrame *out)
{
    uint8_t *init = malloc(init_len + 1);
    uint8_t *part = malloc(part_len + 1);
    memcpy(init, key->init->data, init_len);
    memcpy(part, key->part->data, part_len);
    init = realloc(init, init_len > 0 ? init_len : 1);
    part = realloc(part, part_len > 0 ? part_len : 1);
    int err = picture_decode(init, init_len, part, part_len, out);
    free(init);
    free(part);
    return err;
}

static struct bc_buf *
to_jpeg(const struct kit_look *look, int width, struct picture_size *size)
{
    struct kit_key key;
    kit_make_key(look, &key);
    AVFrame *f = av_frame_alloc();
    AVFrame *small = av_frame_alloc();
    assert_int_equal(decode(&key, key.init->len, key.part->len, f), 0);
    struct picture_size box = { width, 2 * width };
    *size = picture_fit(f, box);
    assert_int_equal(picture_scale(f, *size, small), 0);
    struct bc_buf *jpeg = picture_jpeg(small, 60 << 10);
    assert_non_null(jpeg);
    assert_true(picture_is_jpeg(jpeg->data, jpeg->len));
    av_frame_free(&f);
    av_frame_free(&small);
    kit_free_key(&key);
    return jpeg;
}

static void
check_jpeg(const struct kit_look *look, int width, int want_width, int want_height)
{
    struct picture_size size;
    int w;
    int h;
    struct bc_buf *jpeg = to_jpeg(look, width, &size);
    kit_jpeg_size(jpeg, &w, &h);
    assert_int_equal(w, want_width);
    assert_int_equal(h, want_height);
    assert_true(jpeg->len < 60 << 10);
    int corner[3];
    int rest[3];
    kit_jpeg_pixel(jpeg, w / 4, h / 4, corner);
    kit_jpeg_pixel(jpeg, w * 3 / 4, h * 3 / 4, rest);
    // BT.709 in limited range became BT.601 in full range: bright and dark as they were.
    assert_in_range(corner[0], 185, 200);
    assert_in_range(rest[0], 40, 62);
    bc_buf_unref(&jpeg);
}

static void
test_codecs(void **state)
{
    (void)state;
    static const enum bc_codec CODECS[] = { BC_CODEC_AVC, BC_CODEC_HEVC, BC_CODEC_VP9,
        BC_CODEC_AV1 };
    for (size_t i = 0; i < sizeof(CODECS) / sizeof(CODECS[0]); i++) {
        struct kit_look look = WIDE;
        look.codec = CODECS[i];
        check_jpeg(&look, 640, 640, 360);
    }
}

static void
test_sizes(void **state)
{
    (void)state;
    static const struct {
        int from_w, from_h, width, want_w, want_h;
        AVRational sar;
    } ROWS[] = {
        { 640, 360, 320, 320, 180, { 0, 1 } },
        { 640, 360, 160, 160, 90, { 0, 1 } },
        { 640, 360, 1280, 640, 360, { 0, 1 } }, // never larger
        { 360, 640, 320, 320, 568, { 0, 1 } }, // upright
        { 64, 640, 160, 32, 320, { 0, 1 } }, // a tower stays in its box
        { 640, 480, 480, 480, 270, { 4, 3 } }, // wide pixels: shown as 16:9
        { 640, 360, 640, 360, 360, { 9, 16 } }, // narrow ones: square
        { 40, 36, 160, 40, 36, { 0, 1 } },
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        AVFrame f = { .width = ROWS[i].from_w,
            .height = ROWS[i].from_h,
            .sample_aspect_ratio = ROWS[i].sar };
        struct picture_size box = { ROWS[i].width, 2 * ROWS[i].width };
        struct picture_size got = picture_fit(&f, box);
        assert_int_equal(got.width, ROWS[i].want_w);
        assert_int_equal(got.height, ROWS[i].want_h);
    }
}

static void
test_upright(void **state)
{
    (void)state;
    struct kit_look look = WIDE;
    look.width = 360;
    look.height = 640;
    check_jpeg(&look, 160, 160, 284);
}

static void
test_strange_shapes(void **state)
{
    (void)state;
    static const struct picture_size SHAPES[] = { { 8192, 2 }, { 2, 8192 }, { 3, 3 } };
    for (size_t i = 0; i < sizeof(SHAPES) / sizeof(SHAPES[0]); i++) {
        AVFrame f = { .width = SHAPES[i].width, .height = SHAPES[i].height };
        struct picture_size got = picture_fit(&f, (struct picture_size){ 160, 90 });
        assert_in_range(got.width, 2, 160);
        assert_in_range(got.height, 2, 90);
    }
    AVFrame f = { .width = 640, .height = 360, .sample_aspect_ratio = { 1, 1000000 } };
    assert_int_equal(picture_fit(&f, (struct picture_size){ 160, 90 }).width, 160);
}

static void
test_noise_is_made_small(void **state)
{
    (void)state;
    AVFrame *f = av_frame_alloc();
    f->width = 640;
    f->height = 360;
    f->format = AV_PIX_FMT_YUV420P;
    f->color_range = AVCOL_RANGE_JPEG;
    assert_int_equal(av_frame_get_buffer(f, 0), 0);
    uint32_t seed = 1;
    for (int plane = 0; plane < 3; plane++) {
        for (int i = 0; i < f->linesize[plane] * (plane ? 180 : 360); i++) {
            seed = seed * 1664525u + 1013904223u;
            f->data[plane][i] = (uint8_t)(seed >> 24);
        }
    }
    struct bc_buf *fine = picture_jpeg(f, SIZE_MAX);
    struct bc_buf *small = picture_jpeg(f, 60 << 10);
    assert_true(small->len < fine->len / 2);
    bc_buf_unref(&fine);
    bc_buf_unref(&small);
    av_frame_free(&f);
}

static void
test_boxes_before(void **state)
{
    (void)state;
    struct kit_key key;
    kit_make_key(&AVC, &key);
    // As in a recording's file: a prft stands before the moof.
    struct bc_buf *with = bc_buf_create(BC_CMAF_PRFT_BYTES + key.part->len);
    struct bc_cmaf_prft prft = { 1, 1700000000000000, 0 };
    bc_cmaf_prft_write(with->data, &prft);
    memcpy(with->data + BC_CMAF_PRFT_BYTES, key.part->data, key.part->len);
    AVFrame *f = av_frame_alloc();
    assert_int_equal(
        picture_decode(key.init->data, key.init->len, with->data, with->len, f), 0);
    assert_int_equal(f->width, 640);
    av_frame_free(&f);
    bc_buf_unref(&with);
    kit_free_key(&key);
}

static void
test_sound_alone(void **state)
{
    (void)state;
    struct kit_key key;
    kit_make_sound_part(&key);
    AVFrame *f = av_frame_alloc();
    assert_int_equal(decode(&key, key.init->len, key.part->len, f), -ENOENT);
    assert_false(picture_can_decode(key.init->data, key.init->len));
    av_frame_free(&f);
    kit_free_key(&key);
}

// CLIP-4: pictures are made of keyframes alone.
static void
test_no_keyframe(void **state)
{
    (void)state;
    struct kit_key key;
    kit_make_key(&AVC, &key);
    struct bc_cmaf_sample sample = {
        .data = key.sample->data, .len = key.sample->len, .duration = 3600
    };
    struct bc_cmaf_run run = { .track_id = 1, .samples = &sample, .count = 1 };
    bc_buf_unref(&key.part);
    key.part = bc_cmaf_chunk(1, &run, 1);
    AVFrame *f = av_frame_alloc();
    assert_int_equal(decode(&key, key.init->len, key.part->len, f), -ENOENT);
    av_frame_free(&f);
    kit_free_key(&key);
}

static void
test_truncated(void **state)
{
    (void)state;
    struct kit_key key;
    struct kit_look look = WIDE;
    look.width = look.height = 64;
    kit_make_key(&look, &key);
    assert_true(picture_can_decode(key.init->data, key.init->len));
    AVFrame *f = av_frame_alloc();
    for (size_t n = 0; n < key.init->len; n++) {
        assert_true(decode(&key, n, key.part->len, f) < 0);
        assert_null(f->data[0]);
    }
    for (size_t n = 0; n < key.part->len; n++) {
        assert_true(decode(&key, key.init->len, n, f) < 0);
        assert_null(f->data[0]);
    }
    av_frame_free(&f);
    kit_free_key(&key);
}

// A changed byte gives a picture or none; of those in the picture's own bytes most are noticed.
static void
test_changed(void **state)
{
    (void)state;
    struct kit_key key;
    struct kit_look look = WIDE;
    look.width = look.height = 64;
    kit_make_key(&look, &key);
    AVFrame *f = av_frame_alloc();
    for (size_t i = 0; i < key.init->len + key.part->len; i++) {
        uint8_t *at =
            i < key.init->len ? key.init->data + i : key.part->data + (i - key.init->len);
        uint8_t old = *at;
        *at = (uint8_t)(old ^ (1u << i % 8));
        int err = decode(&key, key.init->len, key.part->len, f);
        assert_true((err == 0) == (f->data[0] != NULL));
        av_frame_unref(f);
        *at = old;
    }
    av_frame_free(&f);
    kit_free_key(&key);
}

static void
test_jpeg_of_others(void **state)
{
    (void)state;
    AVFrame *f = av_frame_alloc();
    assert_int_equal(picture_decode_jpeg((const uint8_t *)"", 0, f), -EINVAL);
    assert_int_equal(picture_decode_jpeg((const uint8_t *)"GIF89a..", 8, f), -EINVAL);
    assert_false(picture_is_jpeg((const uint8_t *)"\xff\xd8\xff\xd9", 4));
    struct picture_size size;
    struct bc_buf *jpeg = to_jpeg(&AVC, 320, &size);
    assert_false(picture_is_jpeg(jpeg->data, jpeg->len - 1));
    bc_buf_unref(&jpeg);
    av_frame_free(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codecs),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_upright),
        cmocka_unit_test(test_strange_shapes),
        cmocka_unit_test(test_noise_is_made_small),
        cmocka_unit_test(test_boxes_before),
        cmocka_unit_test(test_sound_alone),
        cmocka_unit_test(test_no_keyframe),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_changed),
        cmocka_unit_test(test_jpeg_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
