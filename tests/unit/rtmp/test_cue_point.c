// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/writer.h"
#include "protocol/rtmp/amf.h"
#include "protocol/rtmp/cue_point.h"

static const struct bc_cue_point CUE = { .id = "c1", .kind = "product", .revision = 2,
    .time_s = 2.5, .at = "T", .at_ms = 7000, .duration_ms = 3000, .data = "{}",
    .data_len = 2 };

static const uint8_t BYTES[] = {
    2, 0, 10, 'o', 'n', 'C', 'u', 'e', 'P', 'o', 'i', 'n', 't', //
    3, // object
    0, 4, 't', 'i', 'm', 'e', 0, 0x40, 0x04, 0, 0, 0, 0, 0, 0, // 2.5
    0, 4, 'n', 'a', 'm', 'e', 2, 0, 2, 'c', '1', //
    0, 4, 't', 'y', 'p', 'e', 2, 0, 5, 'e', 'v', 'e', 'n', 't', //
    0, 10, 'p', 'a', 'r', 'a', 'm', 'e', 't', 'e', 'r', 's', 3, //
    0, 2, 'i', 'd', 2, 0, 2, 'c', '1', //
    0, 4, 'k', 'i', 'n', 'd', 2, 0, 7, 'p', 'r', 'o', 'd', 'u', 'c', 't', //
    0, 8, 'r', 'e', 'v', 'i', 's', 'i', 'o', 'n', 0, 0x40, 0, 0, 0, 0, 0, 0, 0, // 2
    0, 2, 'a', 't', 2, 0, 1, 'T', //
    0, 5, 'a', 't', '_', 'm', 's', 0, 0x40, 0xbb, 0x58, 0, 0, 0, 0, 0, // 7000
    0, 11, 'd', 'u', 'r', 'a', 't', 'i', 'o', 'n', '_', 'm', 's', //
    0, 0x40, 0xa7, 0x70, 0, 0, 0, 0, 0, // 3000
    0, 4, 'd', 'a', 't', 'a', 2, 0, 2, '{', '}', //
    0, 0, 9, // of the parameters
    0, 0, 9, //
};

static void
test_ours_byte_for_byte(void **state)
{
    (void)state;
    struct bc_writer w = { 0 };
    bc_cue_point_write(&w, &CUE);
    assert_false(w.failed);
    assert_int_equal(w.len, sizeof(BYTES));
    assert_memory_equal(w.data, BYTES, sizeof(BYTES));
    assert_true(bc_cue_point_is(w.data, w.len));
    bc_writer_finish(&w);
}

static void
test_ours_is_known_again(void **state)
{
    (void)state;
    struct bc_cue_point cue;
    assert_int_equal(bc_cue_point_parse(&cue, BYTES, sizeof(BYTES)), 0);
    assert_false(cue.foreign);
    assert_string_equal(cue.id, "c1");
    assert_string_equal(cue.kind, "product");
    assert_int_equal(cue.revision, 2);
    assert_false(cue.ended);
    assert_true(cue.has_time && cue.time_s == 2.5);
    assert_int_equal(cue.duration_ms, 3000);
    assert_string_equal(cue.data, "{}");
    bc_cue_point_finish(&cue);
}

static void
test_one_that_has_ended(void **state)
{
    (void)state;
    struct bc_cue_point cue = CUE;
    struct bc_writer w = { 0 };
    cue.ended = true;
    cue.duration_ms = 0;
    bc_cue_point_write(&w, &cue);
    struct bc_cue_point back;
    assert_int_equal(bc_cue_point_parse(&back, w.data, w.len), 0);
    assert_true(back.ended);
    assert_int_equal(back.duration_ms, 0);
    bc_cue_point_finish(&back);
    bc_writer_finish(&w);
}

static void
test_time_is_moved_in_place(void **state)
{
    (void)state;
    uint8_t copy[sizeof(BYTES)];
    memcpy(copy, BYTES, sizeof(BYTES));
    assert_true(bc_cue_point_move(copy, sizeof(copy), -2.0));
    struct bc_cue_point cue;
    assert_int_equal(bc_cue_point_parse(&cue, copy, sizeof(copy)), 0);
    assert_true(cue.time_s == 0.5);
    bc_cue_point_finish(&cue);
    copy[15] = 5; // another key
    assert_false(bc_cue_point_move(copy, sizeof(copy), 1));
    assert_false(bc_cue_point_move(copy, 20, 1));
}

// As encoders of old send them: an ECMA array, parameters of any kind.
static void
test_a_foreign_one_becomes_json(void **state)
{
    (void)state;
    struct bc_writer w = { 0 };
    bc_amf_write_string(&w, "onCuePoint");
    bc_amf_write_ecma_begin(&w, 3);
    bc_amf_write_key(&w, "name");
    bc_amf_write_string(&w, "a\"b\\\n");
    bc_amf_write_key(&w, "time");
    bc_amf_write_number(&w, 12.25);
    bc_amf_write_key(&w, "type");
    bc_amf_write_string(&w, "navigation");
    bc_amf_write_key(&w, "parameters");
    bc_amf_write_object_begin(&w);
    bc_amf_write_key(&w, "n");
    bc_amf_write_number(&w, 3);
    bc_amf_write_key(&w, "f");
    bc_amf_write_number(&w, 0.5);
    bc_amf_write_key(&w, "b");
    bc_amf_write_boolean(&w, true);
    bc_amf_write_key(&w, "z");
    bc_amf_write_null(&w);
    bc_amf_write_object_end(&w);
    bc_amf_write_object_end(&w);
    struct bc_cue_point cue;
    assert_int_equal(bc_cue_point_parse(&cue, w.data, w.len), 0);
    assert_true(cue.foreign);
    assert_string_equal(cue.id, "");
    assert_true(cue.has_time && cue.time_s == 12.25);
    assert_string_equal(cue.data,
        "{\"name\":\"a\\\"b\\\\\\u000a\",\"type\":\"navigation\",\"parameters\":{\"n\":3,"
        "\"f\":0.5,\"b\":true,\"z\":null}}");
    assert_int_equal(strlen(cue.data), cue.data_len);
    bc_cue_point_finish(&cue);
    bc_writer_finish(&w);
}

static void
write_with(struct bc_writer *w, const char *id, const char *data)
{
    bc_amf_write_string(w, "onCuePoint");
    bc_amf_write_object_begin(w);
    bc_amf_write_key(w, "parameters");
    bc_amf_write_object_begin(w);
    bc_amf_write_key(w, "id");
    bc_amf_write_string(w, id);
    bc_amf_write_key(w, "kind");
    bc_amf_write_string(w, "text");
    bc_amf_write_key(w, "data");
    bc_amf_write_string(w, data);
    bc_amf_write_object_end(w);
    bc_amf_write_object_end(w);
}

static void
test_what_is_too_long_is_refused(void **state)
{
    (void)state;
    char *text = malloc(6000);
    memset(text, '{', 5999);
    text[5999] = '\0';
    struct bc_cue_point cue;
    struct bc_writer w = { 0 };
    write_with(&w, "c1", text);
    assert_int_equal(bc_cue_point_parse(&cue, w.data, w.len), -E2BIG);
    bc_cue_point_finish(&cue);
    bc_writer_reset(&w);
    write_with(&w, "12345678901234567890123456789012345678901", "{}");
    assert_int_equal(bc_cue_point_parse(&cue, w.data, w.len), -EINVAL);
    bc_cue_point_finish(&cue);
    bc_writer_reset(&w);
    text[0] = 'x'; // no JSON object: somebody else's
    write_with(&w, "c1", text);
    assert_int_equal(bc_cue_point_parse(&cue, w.data, w.len), -E2BIG);
    bc_cue_point_finish(&cue);
    bc_writer_finish(&w);
    free(text);
}

static void
test_others_and_truncations(void **state)
{
    (void)state;
    struct bc_cue_point cue;
    static const uint8_t META[] = { 2, 0, 10, 'o', 'n', 'M', 'e', 't', 'a', 'D', 'a', 't', 'a', 5 };
    assert_int_equal(bc_cue_point_parse(&cue, META, sizeof(META)), -ENOENT);
    bc_cue_point_finish(&cue);
    assert_false(bc_cue_point_is(META, sizeof(META)));
    for (size_t n = 0; n < sizeof(BYTES); n++) {
        uint8_t *copy = malloc(n + 1);
        memcpy(copy, BYTES, n);
        int ret = bc_cue_point_parse(&cue, copy, n); // a missing end is no error
        assert_true(ret < 0 || (cue.data && cue.data[cue.data_len] == '\0'));
        bc_cue_point_finish(&cue);
        bc_cue_point_move(copy, n, 1);
        free(copy);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ours_byte_for_byte),
        cmocka_unit_test(test_ours_is_known_again),
        cmocka_unit_test(test_one_that_has_ended),
        cmocka_unit_test(test_time_is_moved_in_place),
        cmocka_unit_test(test_a_foreign_one_becomes_json),
        cmocka_unit_test(test_what_is_too_long_is_refused),
        cmocka_unit_test(test_others_and_truncations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
