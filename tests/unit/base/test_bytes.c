// SPDX-License-Identifier: Apache-2.0
// Reading and writing bytes: reader, writer, buf.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/reader.h"
#include "base/writer.h"

static void
test_reader_reads_every_kind_of_number(void **state)
{
    (void)state;
    static const uint8_t BYTES[] = {
        0x12,                                           // u8
        0x34, 0x56,                                     // u16
        0x78, 0x9a, 0xbc,                               // u24
        0xde, 0xf0, 0x12, 0x34,                         // u32
        0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, // u64
        0x01, 0x00, 0x00, 0x00,                         // u32le
        0xff, 0xff, 0xfe,                               // s24: -2
        0x7f, 0xff, 0xff,                               // s24: the largest
        0x80, 0x00, 0x00,                               // s24: the smallest
        0xc0, 0x04, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, // f64: -2.5
    };
    struct bc_reader r = bc_reader_init(BYTES, sizeof(BYTES));
    assert_int_equal(bc_read_u8(&r), 0x12);
    assert_int_equal(bc_read_u16(&r), 0x3456);
    assert_int_equal(bc_read_u24(&r), 0x789abc);
    assert_int_equal(bc_read_u32(&r), 0xdef01234);
    assert_true(bc_read_u64(&r) == 0x0102030405060708u);
    assert_int_equal(bc_read_u32le(&r), 1);
    assert_int_equal(bc_read_s24(&r), -2);
    assert_int_equal(bc_read_s24(&r), 0x7fffff);
    assert_int_equal(bc_read_s24(&r), -0x800000);
    assert_true(bc_read_f64(&r) == -2.5);
    assert_false(r.failed);
    assert_int_equal(bc_reader_left(&r), 0);
}

static void
test_reader_fails_for_good_at_the_end(void **state)
{
    (void)state;
    static const uint8_t BYTES[] = { 1, 2, 3 };
    struct bc_reader r = bc_reader_init(BYTES, sizeof(BYTES));
    assert_int_equal(bc_read_u32(&r), 0);
    assert_true(r.failed);
    assert_int_equal(bc_read_u8(&r), 0); // also what would have been there
    uint8_t copy[2] = { 9, 9 };
    bc_read_copy(&r, copy, 2);
    assert_int_equal(copy[0] + copy[1], 0);
    assert_null(bc_read_bytes(&r, 0));
    struct bc_reader empty = bc_reader_init(NULL, 0);
    assert_int_equal(bc_reader_left(&empty), 0);
    bc_read_skip(&empty, 1);
    assert_true(empty.failed);
}

static void
test_reader_sub_is_bounded(void **state)
{
    (void)state;
    static const uint8_t BYTES[] = { 1, 2, 3, 4 };
    struct bc_reader r = bc_reader_init(BYTES, sizeof(BYTES));
    struct bc_reader sub = bc_read_sub(&r, 2);
    assert_int_equal(bc_read_u16(&sub), 0x0102);
    assert_int_equal(bc_read_u8(&sub), 0);
    assert_true(sub.failed);
    assert_false(r.failed);
    assert_int_equal(bc_read_u8(&r), 3);
    sub = bc_read_sub(&r, SIZE_MAX);
    assert_true(sub.failed && r.failed);
    assert_int_equal(bc_reader_left(&sub), 0);
}

static void
test_writer_writes_what_the_reader_reads(void **state)
{
    (void)state;
    struct bc_writer w = { 0 };
    bc_write_u8(&w, 1);
    bc_write_u16(&w, 0x0203);
    bc_write_u24(&w, 0x040506);
    bc_write_be(&w, 0x0708090a0b0c0d0eu, 8);
    bc_write_u32le(&w, 0x12110f10);
    bc_write_str(&w, "ab");
    bc_write_fmt(&w, "%d-%s", 7, "x");
    bc_write_bytes(&w, NULL, 0);
    static const uint8_t EXPECTED[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 15,
        17, 18, 'a', 'b', '7', '-', 'x' };
    assert_int_equal(w.len, sizeof(EXPECTED));
    assert_memory_equal(w.data, EXPECTED, sizeof(EXPECTED));
    bc_write_be_at(&w, 1, 0xffee, 2);
    assert_int_equal(w.data[1], 0xff);
    bc_write_be_at(&w, w.len - 1, 0, 2); // beyond the end: nothing
    assert_int_equal(w.data[w.len - 1], 'x');
    bc_write_f64(&w, -2.5);
    struct bc_reader r = bc_reader_init(w.data + w.len - 8, 8);
    assert_true(bc_read_f64(&r) == -2.5);
    bc_writer_finish(&w);
    bc_writer_finish(&w);
    bc_writer_finish(NULL);
}

static void
test_writer_grows_and_is_used_again(void **state)
{
    (void)state;
    struct bc_writer w = { 0 };
    for (int i = 0; i < 100000; i++) {
        bc_write_u8(&w, (uint8_t)i);
    }
    assert_int_equal(w.len, 100000);
    assert_int_equal(w.data[99999], 99999 % 256);
    size_t cap = w.cap;
    bc_writer_reset(&w);
    assert_int_equal(w.len, 0);
    assert_int_equal(w.cap, cap);
    bc_write_fmt(&w, "%0300d", 1); // longer than its first guess may be
    assert_int_equal(w.len, 300);
    bc_writer_finish(&w);
}

static void
test_writer_that_failed_stays_failed(void **state)
{
    (void)state;
    struct bc_writer w = { 0 };
    bc_write_u8(&w, 1);
    assert_null(bc_write_reserve(&w, SIZE_MAX));
    assert_true(w.failed);
    bc_write_u8(&w, 2);
    bc_write_fmt(&w, "x");
    assert_int_equal(w.len, 1);
    assert_null(bc_buf_from_writer(&w));
    bc_writer_reset(&w);
    bc_write_u8(&w, 3);
    assert_false(w.failed);
    assert_int_equal(w.data[0], 3);
    bc_writer_finish(&w);
}

static void
test_buf_is_shared_and_padded(void **state)
{
    (void)state;
    struct bc_buf *a = bc_buf_copy("abc", 3);
    for (int i = 0; i < BC_BUF_PADDING; i++) {
        assert_int_equal(a->data[3 + i], 0);
    }
    struct bc_buf *b = bc_buf_ref(a);
    assert_ptr_equal(a, b);
    bc_buf_unref(&a);
    assert_null(a);
    assert_memory_equal(b->data, "abc", 3);
    bc_buf_unref(&b);
    bc_buf_unref(&b);
    assert_null(bc_buf_create(SIZE_MAX - 8));
    struct bc_buf *empty = bc_buf_copy(NULL, 0);
    assert_int_equal(empty->len, 0);
    bc_buf_unref(&empty);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reader_reads_every_kind_of_number),
        cmocka_unit_test(test_reader_fails_for_good_at_the_end),
        cmocka_unit_test(test_reader_sub_is_bounded),
        cmocka_unit_test(test_writer_writes_what_the_reader_reads),
        cmocka_unit_test(test_writer_grows_and_is_used_again),
        cmocka_unit_test(test_writer_that_failed_stays_failed),
        cmocka_unit_test(test_buf_is_shared_and_padded),
    };
    return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
