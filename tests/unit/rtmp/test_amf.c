// SPDX-License-Identifier: Apache-2.0
// AMF0 and AMF3 as literal bytes; every valid input is also cut off everywhere.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/writer.h"
#include "protocol/rtmp/amf.h"

// Values as text: numbers, true/false, "text", null, undefined, date(n), {key:value},
// [value].
static void
print(struct bc_writer *w, const struct bc_amf *amf, const struct bc_amf_value *v)
{
    switch (v->type) {
    case BC_AMF_NUMBER:
        bc_write_fmt(w, "%g", v->number);
        break;
    case BC_AMF_BOOLEAN:
        bc_write_str(w, v->number != 0 ? "true" : "false");
        break;
    case BC_AMF_STRING:
        bc_write_fmt(w, "\"%.*s\"", (int)v->text_len, v->text);
        break;
    case BC_AMF_NULL:
        bc_write_str(w, "null");
        break;
    case BC_AMF_DATE:
        bc_write_fmt(w, "date(%g)", v->number);
        break;
    case BC_AMF_OBJECT:
    case BC_AMF_ARRAY:
        bc_write_str(w, v->type == BC_AMF_OBJECT ? "{" : "[");
        for (const struct bc_amf_value *m = bc_amf_child(amf, v); m; m = bc_amf_next(amf, m)) {
            if (v->type == BC_AMF_OBJECT) {
                bc_write_fmt(w, "%.*s:", (int)m->key_len, m->key_len ? m->key : "");
            }
            print(w, amf, m);
            bc_write_str(w, m->next ? "," : "");
        }
        bc_write_str(w, v->type == BC_AMF_OBJECT ? "}" : "]");
        break;
    case BC_AMF_NONE:
    case BC_AMF_UNDEFINED:
        bc_write_str(w, "undefined");
        break;
    }
}

// Parses from a block of the exact size; returns what bc_amf_parse() did.
static int
parse(const uint8_t *data, size_t len, struct bc_writer *text)
{
    uint8_t *exact = malloc(len ? len : 1);
    memcpy(exact, data, len);
    struct bc_amf amf = { 0 };
    int ret = bc_amf_parse(&amf, exact, len);
    for (const struct bc_amf_value *v = bc_amf_at(&amf, 0); v; v = bc_amf_next(&amf, v)) {
        print(text, &amf, v);
        bc_write_str(text, " ");
    }
    bc_write_u8(text, 0);
    bc_amf_finish(&amf);
    free(exact);
    return ret;
}

static void
check_bytes(const uint8_t *data, size_t len, int error, const char *expected)
{
    struct bc_writer text = { 0 };
    assert_int_equal(parse(data, len, &text), error);
    assert_string_equal((char *)text.data, expected);
    for (size_t cut = 0; cut < len; cut++) {
        bc_writer_reset(&text);
        (void)parse(data, cut, &text);
    }
    bc_writer_finish(&text);
}

#define CHECK(error, expected, ...) \
    do { \
        static const uint8_t bytes[] = { __VA_ARGS__ }; \
        check_bytes(bytes, sizeof(bytes), error, expected); \
    } while (0)

#define ONE 0x3f, 0xf0, 0, 0, 0, 0, 0, 0 // 1.0
#define END 0, 0, 9

// RTMP-30
static void
test_amf0_scalars(void **state)
{
    (void)state;
    CHECK(0, "1 ", 0x00, ONE);
    CHECK(0, "true false ", 0x01, 1, 0x01, 0);
    CHECK(0, "\"abc\" \"\" ", 0x02, 0, 3, 'a', 'b', 'c', 0x02, 0, 0);
    CHECK(0, "null undefined undefined ", 0x05, 0x06, 0x0d);
    CHECK(0, "undefined 1 ", 0x07, 0, 1, 0x00, ONE);             // reference
    CHECK(0, "date(1) 1 ", 0x0b, ONE, 0, 0, 0x00, ONE);          // with time zone
    CHECK(0, "\"ab\" ", 0x0c, 0, 0, 0, 2, 'a', 'b');             // long string
    CHECK(0, "\"<a/>\" ", 0x0f, 0, 0, 0, 4, '<', 'a', '/', '>'); // XML
}

static void
test_amf0_compounds(void **state)
{
    (void)state;
    CHECK(0, "{a:1,b:\"x\"} null ", 0x03, 0, 1, 'a', 0x00, ONE, 0, 1, 'b', 0x02, 0, 1, 'x', END,
        0x05);
    CHECK(0, "{} ", 0x03, END);
    // ECMA array: the count (here 0 and 255) is a hint
    CHECK(0, "{a:1} ", 0x08, 0, 0, 0, 0, 0, 1, 'a', 0x00, ONE, END);
    CHECK(0, "{a:1} ", 0x08, 0, 0, 0, 255, 0, 1, 'a', 0x00, ONE, END);
    CHECK(0, "[1,null] ", 0x0a, 0, 0, 0, 2, 0x00, ONE, 0x05);
    // Typed object of class "C"
    CHECK(0, "{a:null} ", 0x10, 0, 1, 'C', 0, 1, 'a', 0x05, END);
    CHECK(0, "{o:{a:[{}]}} ", 0x03, 0, 1, 'o', 0x03, 0, 1, 'a', 0x0a, 0, 0, 0, 1, 0x03, END, END,
        END);
    // An empty key is a key unless an end marker follows
    CHECK(0, "{:null} ", 0x03, 0, 0, 0x05, END);
    // An encoder that forgets the end at the end of the message
    CHECK(0, "{a:1} ", 0x08, 0, 0, 0, 1, 0, 1, 'a', 0x00, ONE);
}

// What was complete before the trouble stays.
static void
test_amf0_broken(void **state)
{
    (void)state;
    CHECK(-EINVAL, "null ", 0x05, 0x00, 1, 2);
    CHECK(-EINVAL, "null ", 0x05, 0x02, 0xff, 0xff, 'a');
    CHECK(-EINVAL, "", 0x0c, 0xff, 0xff, 0xff, 0xff, 'a');
    CHECK(-EINVAL, "null ", 0x05, 0x0a, 0xff, 0xff, 0xff, 0xff, 0x05);
    CHECK(-EINVAL, "", 0x04); // movie clip
    CHECK(-EINVAL, "", 0x09); // an end without a beginning
    CHECK(-EINVAL, "null ", 0x05, 0x12);
    CHECK(-EINVAL, "", 0x03, 0, 1, 'a', 0x13, END);
}

static void
test_depth_and_count_limits(void **state)
{
    (void)state;
    uint8_t deep[5 * 1000];
    for (size_t i = 0; i < 1000; i++) {
        memcpy(deep + 5 * i, "\x0a\0\0\0\1", 5);
    }
    struct bc_writer text = { 0 };
    assert_int_equal(parse(deep, sizeof(deep), &text), -EINVAL);
    // BC_AMF_MAX_DEPTH levels below the top are fine.
    deep[5 * BC_AMF_MAX_DEPTH] = 0x05;
    bc_writer_reset(&text);
    assert_int_equal(parse(deep, 5 * BC_AMF_MAX_DEPTH + 1, &text), 0);
    uint8_t many[BC_AMF_MAX_VALUES];
    memset(many, 0x05, sizeof(many));
    assert_int_equal(parse(many, sizeof(many), &text), -EINVAL);
    assert_int_equal(parse(many, sizeof(many) - 1, &text), 0);
    bc_writer_finish(&text);
}

// RTMP-30, RTMP-31: one AMF3 value behind 0x11, then AMF0 again.
static void
test_amf3_scalars(void **state)
{
    (void)state;
    CHECK(0, "undefined null false true 1 ", 0x11, 0, 0x11, 1, 0x11, 2, 0x11, 3, 0x00, ONE);
    CHECK(0, "127 ", 0x11, 4, 0x7f);
    CHECK(0, "128 ", 0x11, 4, 0x81, 0x00);
    CHECK(0, "2.09715e+06 ", 0x11, 4, 0x80, 0xc0, 0x80, 0x00); // 0x200000 in four bytes
    CHECK(0, "-1 ", 0x11, 4, 0xff, 0xff, 0xff, 0xff);
    CHECK(0, "1 ", 0x11, 5, ONE);
    CHECK(0, "\"abc\" ", 0x11, 6, 0x07, 'a', 'b', 'c');
    CHECK(0, "date(1) ", 0x11, 8, 0x01, ONE);
    CHECK(0, "\"<a/>\" \"ab\" ", 0x11, 0x0b, 0x09, '<', 'a', '/', '>', 0x11, 0x0c, 0x05, 'a',
        'b');
}

static void
test_amf3_compounds(void **state)
{
    (void)state;
    // Array: one named member, two dense
    CHECK(0, "{k:true,:1,:2} ", 0x11, 9, 0x05, 0x03, 'k', 3, 0x01, 4, 1, 4, 2);
    CHECK(0, "[1,2] ", 0x11, 9, 0x05, 0x01, 4, 1, 4, 2);
    // Dynamic anonymous object with one member
    CHECK(0, "{a:1} ", 0x11, 0x0a, 0x0b, 0x01, 0x03, 'a', 4, 1, 0x01);
    // Sealed class "C" with members x and y
    CHECK(0, "{x:1,y:2} ", 0x11, 0x0a, 0x23, 0x03, 'C', 0x03, 'x', 0x03, 'y', 4, 1, 4, 2);
    // Two objects of one class: the second refers to the traits, and its text to the
    // first's
    CHECK(0, "[{x:\"v\"},{x:\"v\"}] ", 0x11, 9, 0x05, 0x01, 0x0a, 0x13, 0x03, 'C', 0x03, 'x', 6,
        0x03, 'v', 0x0a, 0x01, 6, 0x04);
    // A reference to an object is not followed
    CHECK(0, "[{},undefined] ", 0x11, 9, 0x05, 0x01, 0x0a, 0x0b, 0x01, 0x01, 0x0a, 0x02);
    // Externalizable collection: one value inside
    CHECK(0, "{:[1]} ", 0x11, 0x0a, 0x07, 0x03, 'A', 9, 0x03, 0x01, 4, 1);
    // Vectors and a dictionary
    CHECK(0, "[] null ", 0x11, 0x0d, 0x05, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0x05);
    CHECK(0, "[] null ", 0x11, 0x0f, 0x03, 0, ONE, 0x05);
    CHECK(0, "[null] ", 0x11, 0x10, 0x03, 0, 0x03, 'C', 1);
    CHECK(0, "[\"k\",1] ", 0x11, 0x11, 0x03, 0, 6, 0x03, 'k', 4, 1);
}

static void
test_amf3_broken(void **state)
{
    (void)state;
    CHECK(-EINVAL, "null ", 0x05, 0x11, 0x12);
    CHECK(-EINVAL, "", 0x11, 6, 0x02);                   // no such text
    CHECK(-EINVAL, "", 0x11, 0x0a, 0x05);                // no such traits
    CHECK(-EINVAL, "", 0x11, 0x0c, 0xff, 0xff, 0xff, 0xff); // 256 MiB of bytes
    CHECK(-EINVAL, "", 0x11, 0x0f, 0xff, 0xff, 0xff, 0xff, 0);
    CHECK(-EINVAL, "", 0x11, 0x0a, 0xff, 0xff, 0xff, 0xff, 0x01); // 2^25 members
    // Tables of an earlier value are gone
    CHECK(-EINVAL, "\"a\" ", 0x11, 6, 0x03, 'a', 0x11, 6, 0x00);
}

static void
test_amf3_depth_limit(void **state)
{
    (void)state;
    uint8_t deep[1 + 3 * 1000];
    deep[0] = 0x11;
    for (size_t i = 0; i < 1000; i++) {
        memcpy(deep + 1 + 3 * i, "\x09\x03\x01", 3);
    }
    struct bc_writer text = { 0 };
    assert_int_equal(parse(deep, sizeof(deep), &text), -EINVAL);
    bc_writer_finish(&text);
}

static void
test_look_up(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {
        0x02, 0, 7, 'c', 'o', 'n', 'n', 'e', 'c', 't', 0x00, ONE, // name, transaction
        0x03, 0, 5, 't', 'c', 'u', 'r', 'l', 0x02, 0, 1, 'x',     // {tcurl: "x",
        0, 1, 'n', 0x02, 0, 4, '2', '.', '5', '0',                //  n: "2.50",
        0, 1, 'z', 0x02, 0, 2, 'a', '\n', END,                    //  z: "a\n"}
    };
    struct bc_amf amf = { 0 };
    char text[8];
    assert_int_equal(bc_amf_parse(&amf, bytes, sizeof(bytes)), 0);
    assert_true(bc_amf_is(bc_amf_at(&amf, 0), "connect"));
    assert_false(bc_amf_is(bc_amf_at(&amf, 0), "connec"));
    assert_false(bc_amf_is(NULL, "connect"));
    const struct bc_amf_value *object = bc_amf_at(&amf, 2);
    assert_null(bc_amf_at(&amf, 3));
    assert_true(bc_amf_copy_text(bc_amf_get(&amf, object, "tcUrl"), text, sizeof(text)));
    assert_string_equal(text, "x");
    assert_null(bc_amf_get(&amf, object, "tcUr"));
    assert_null(bc_amf_get(&amf, NULL, "tcUrl"));
    assert_null(bc_amf_get(&amf, bc_amf_at(&amf, 0), "tcUrl"));
    assert_true(bc_amf_number(bc_amf_get(&amf, object, "n"), 0) == 2.5);
    assert_true(bc_amf_number(bc_amf_get(&amf, object, "tcurl"), 7) == 7);
    assert_true(bc_amf_number(NULL, 7) == 7);
    assert_false(bc_amf_copy_text(bc_amf_get(&amf, object, "z"), text, sizeof(text)));
    assert_string_equal(text, "");
    assert_false(bc_amf_copy_text(bc_amf_at(&amf, 0), text, 7));
    bc_amf_finish(&amf);
    assert_null(bc_amf_at(&amf, 0));
}

static void
test_not_a_number(void **state)
{
    (void)state;
    static const uint8_t bytes[] = { 0x00, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0, 0x02, 0, 3, 'i', 'n',
        'f' };
    struct bc_amf amf = { 0 };
    assert_int_equal(bc_amf_parse(&amf, bytes, sizeof(bytes)), 0);
    assert_true(bc_amf_number(bc_amf_at(&amf, 0), 3) == 3);
    assert_true(bc_amf_number(bc_amf_at(&amf, 1), 3) == 3);
    bc_amf_finish(&amf);
}

static void
test_write(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {
        0x02, 0, 1, 'n', 0x00, ONE, 0x05, 0x06, 0x01, 1,
        0x03, 0, 1, 'a', 0x0a, 0, 0, 0, 1, 0x00, ONE, END,
        0x08, 0, 0, 0, 1, 0, 1, 'b', 0x05, END,
    };
    struct bc_writer w = { 0 };
    bc_amf_write_string(&w, "n");
    bc_amf_write_number(&w, 1);
    bc_amf_write_null(&w);
    bc_amf_write_undefined(&w);
    bc_amf_write_boolean(&w, true);
    bc_amf_write_object_begin(&w);
    bc_amf_write_key(&w, "a");
    bc_amf_write_strict_begin(&w, 1);
    bc_amf_write_number(&w, 1);
    bc_amf_write_object_end(&w);
    bc_amf_write_ecma_begin(&w, 1);
    bc_amf_write_key(&w, "b");
    bc_amf_write_null(&w);
    bc_amf_write_object_end(&w);
    assert_false(w.failed);
    assert_int_equal(w.len, sizeof(bytes));
    assert_memory_equal(w.data, bytes, sizeof(bytes));
    bc_writer_finish(&w);
}

// A parsed tree written again reads the same, AMF3 as AMF0.
static void
test_write_value(void **state)
{
    (void)state;
    static const uint8_t bytes[] = { 0x11, 9, 0x05, 0x01, 0x0a, 0x0b, 0x01, 0x03, 'a', 8, 0x01,
        ONE, 0x01, 2 };
    struct bc_amf amf = { 0 };
    struct bc_writer w = { 0 };
    assert_int_equal(bc_amf_parse(&amf, bytes, sizeof(bytes)), 0);
    bc_amf_write_value(&w, &amf, bc_amf_at(&amf, 0));
    check_bytes(w.data, w.len, 0, "[{a:date(1)},false] ");
    bc_writer_finish(&w);
    bc_amf_finish(&amf);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_amf0_scalars),
        cmocka_unit_test(test_amf0_compounds),
        cmocka_unit_test(test_amf0_broken),
        cmocka_unit_test(test_depth_and_count_limits),
        cmocka_unit_test(test_amf3_scalars),
        cmocka_unit_test(test_amf3_compounds),
        cmocka_unit_test(test_amf3_broken),
        cmocka_unit_test(test_amf3_depth_limit),
        cmocka_unit_test(test_look_up),
        cmocka_unit_test(test_not_a_number),
        cmocka_unit_test(test_write),
        cmocka_unit_test(test_write_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
