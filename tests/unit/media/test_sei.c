// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "media/sei.h"

// AUD, SPS, PPS, a SEI of another kind (recovery point), an IDR slice in two units.
static const uint8_t AVC[] = {
    0, 0, 0, 2, 0x09, 0xf0, //
    0, 0, 0, 3, 0x67, 0x64, 0x00, //
    0, 0, 0, 2, 0x68, 0xee, //
    0, 0, 0, 5, 0x06, 0x06, 0x01, 0xc4, 0x80, //
    0, 0, 0, 3, 0x65, 0x88, 0x84, //
    0, 0, 0, 3, 0x65, 0x01, 0x02, //
};
#define AVC_SLICE 28

// AUD, VPS, a slice (TRAIL_R) of the second temporal layer.
static const uint8_t HEVC[] = {
    0, 0, 0, 3, 0x46, 0x02, 0x50, //
    0, 0, 0, 3, 0x40, 0x01, 0x0c, //
    0, 0, 0, 4, 0x02, 0x02, 0xd0, 0x09, //
};
#define HEVC_SLICE 14

struct found {
    unsigned count;
    char last[600];
};

static bool
on_text(void *user, const char *text, size_t len)
{
    struct found *f = user;
    assert_int_equal(strlen(text), len);
    assert_true(len < sizeof(f->last));
    memcpy(f->last, text, len + 1);
    f->count++;
    return true;
}

static struct found
find(enum bc_codec codec, const uint8_t *data, size_t len)
{
    struct found f = { 0 };
    bc_sei_each(codec, data, len, BC_SEI_CUE_UUID, on_text, &f);
    return f;
}

static struct bc_buf *
insert(enum bc_codec codec, const uint8_t *data, size_t len, const char *text)
{
    struct bc_buf *buf = bc_buf_copy(text, strlen(text));
    struct bc_buf *out = bc_sei_insert(codec, data, len, BC_SEI_CUE_UUID, &buf, 1);
    bc_buf_unref(&buf);
    return out;
}

static void
test_avc_behind_parameters_before_slices(void **state)
{
    (void)state;
    struct bc_buf *out = insert(BC_CODEC_AVC, AVC, sizeof(AVC), "{}");
    static const uint8_t UNIT[] = {
        0, 0, 0, 22, 0x06, // SEI
        0x05, 18, // user data, 16 + 2 bytes
        0x8f, 0x4b, 0x6a, 0x52, 0x31, 0xc7, 0x4e, 0x0d, //
        0x9a, 0x86, 0xd2, 0xb0, 0x5c, 0x7e, 0x1f, 0x39, //
        '{', '}', 0x80 };
    assert_non_null(out);
    assert_int_equal(out->len, sizeof(AVC) + sizeof(UNIT));
    assert_memory_equal(out->data, AVC, AVC_SLICE);
    assert_memory_equal(out->data + AVC_SLICE, UNIT, sizeof(UNIT));
    assert_memory_equal(
        out->data + AVC_SLICE + sizeof(UNIT), AVC + AVC_SLICE, sizeof(AVC) - AVC_SLICE);
    struct found f = find(BC_CODEC_AVC, out->data, out->len);
    assert_int_equal(f.count, 1);
    assert_string_equal(f.last, "{}");
    bc_buf_unref(&out);
}

static void
test_hevc_prefix_of_the_pictures_layer(void **state)
{
    (void)state;
    struct bc_buf *out = insert(BC_CODEC_HEVC, HEVC, sizeof(HEVC), "{\"a\":1}");
    static const uint8_t HEAD[] = { 0, 0, 0, 28, 0x4e, 0x02, 0x05, 23, 0x8f };
    assert_non_null(out);
    assert_memory_equal(out->data + HEVC_SLICE, HEAD, sizeof(HEAD));
    assert_memory_equal(out->data + out->len - 8, HEVC + HEVC_SLICE, 8);
    assert_string_equal(find(BC_CODEC_HEVC, out->data, out->len).last, "{\"a\":1}");
    bc_buf_unref(&out);
}

// A size above 254, and two texts in one picture.
static void
test_long_texts_and_several(void **state)
{
    (void)state;
    char text[521];
    memset(text, 'x', 520);
    text[520] = '\0';
    struct bc_buf *texts[] = { bc_buf_copy("first", 5), bc_buf_copy(text, 520) };
    struct bc_buf *out
        = bc_sei_insert(BC_CODEC_AVC, AVC, sizeof(AVC), BC_SEI_CUE_UUID, texts, 2);
    assert_non_null(out);
    struct found f = find(BC_CODEC_AVC, out->data, out->len);
    assert_int_equal(f.count, 2);
    assert_string_equal(f.last, text);
    bc_buf_unref(&out);
    bc_buf_unref(&texts[0]);
    bc_buf_unref(&texts[1]);
}

static void
test_zeros_are_escaped(void **state)
{
    (void)state;
    static const uint8_t UUID[16] = { 0, 0, 0, 0, 0, 1, 0, 0, 2, 0, 0, 3, 9, 9, 9, 9 };
    struct bc_buf *text = bc_buf_copy("t", 1);
    struct bc_buf *out = bc_sei_insert(BC_CODEC_AVC, AVC, sizeof(AVC), UUID, &text, 1);
    assert_non_null(out);
    static const uint8_t UNIT[] = { 0x06, 0x05, 17, 0, 0, 3, 0, 0, 3, 0, 1, 0, 0, 3, 2, 0, 0,
        3, 3, 9, 9, 9, 9, 't', 0x80 };
    assert_memory_equal(out->data + AVC_SLICE + 4, UNIT, sizeof(UNIT));
    struct found f = { 0 };
    bc_sei_each(BC_CODEC_AVC, out->data, out->len, UUID, on_text, &f);
    assert_string_equal(f.last, "t");
    bc_buf_unref(&out);
    bc_buf_unref(&text);
}

static void
test_nothing_without_a_slice(void **state)
{
    (void)state;
    assert_null(insert(BC_CODEC_AVC, AVC, AVC_SLICE, "{}"));
    assert_null(insert(BC_CODEC_AV1, AVC, sizeof(AVC), "{}"));
    assert_null(insert(BC_CODEC_AVC, AVC, 0, "{}"));
    assert_int_equal(find(BC_CODEC_AVC, AVC, sizeof(AVC)).count, 0);
    assert_int_equal(find(BC_CODEC_AV1, AVC, sizeof(AVC)).count, 0);
}

static void
test_every_truncation_is_harmless(void **state)
{
    (void)state;
    struct bc_buf *out = insert(BC_CODEC_AVC, AVC, sizeof(AVC), "{\"id\":\"c1\"}");
    assert_non_null(out);
    for (size_t n = 0; n < out->len; n++) {
        struct bc_buf *cut = bc_buf_copy(out->data, n);
        struct found f = find(BC_CODEC_AVC, cut->data, n);
        assert_true(f.count <= 1);
        struct bc_buf *again = insert(BC_CODEC_AVC, cut->data, n, "{}");
        bc_buf_unref(&again);
        bc_buf_unref(&cut);
    }
    bc_buf_unref(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_avc_behind_parameters_before_slices),
        cmocka_unit_test(test_hevc_prefix_of_the_pictures_layer),
        cmocka_unit_test(test_long_texts_and_several),
        cmocka_unit_test(test_zeros_are_escaped),
        cmocka_unit_test(test_nothing_without_a_slice),
        cmocka_unit_test(test_every_truncation_is_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
