// SPDX-License-Identifier: Apache-2.0
// Chunk streams as literal bytes. Every case is also read split at every position, byte
// by byte and cut off everywhere.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/reader.h"
#include "base/writer.h"
#include "protocol/rtmp/chunk_reader.h"
#include "protocol/rtmp/control.h"

static const struct bc_rtmp_chunk_limits limits = { 1 << 20, 64, 1 << 20 };

// Reads `data` in one go and appends a line per message: csid type stream time payload.
static int
read_some(struct bc_rtmp_control *c, const uint8_t *data, size_t len, struct bc_writer *log)
{
    uint8_t *exact = malloc(len ? len : 1); // so that a sanitizer sees one byte too far
    memcpy(exact, data, len);
    struct bc_reader r = bc_reader_init(exact, len);
    struct bc_rtmp_message msg;
    struct bc_writer out = { 0 };
    int ret;
    while ((ret = bc_rtmp_chunk_read(&c->chunks, &r, &msg)) == 1) {
        if (msg.type <= 6) {
            assert_int_equal(bc_rtmp_control_handle(c, &msg, &out), 0);
        } else {
            bc_write_fmt(log, "%u/%u/%u @%u ", msg.csid, msg.type, msg.stream_id,
                msg.timestamp);
            for (size_t i = 0; msg.buf && i < msg.buf->len; i++) {
                bc_write_fmt(log, "%02x", msg.buf->data[i]);
            }
            bc_write_str(log, "\n");
        }
        bc_buf_unref(&msg.buf);
    }
    bc_writer_finish(&out);
    free(exact);
    return ret;
}

static int
read_split(const uint8_t *data, size_t len, size_t at, size_t step, struct bc_writer *log)
{
    struct bc_rtmp_control c;
    bc_rtmp_control_init(&c, &limits);
    int ret = read_some(&c, data, at, log);
    while (ret == 0 && at < len) {
        size_t n = len - at < step ? len - at : step;
        ret = read_some(&c, data + at, n, log);
        at += n;
    }
    bc_rtmp_control_finish(&c);
    return ret;
}

static void
check_bytes(const uint8_t *data, size_t len, const char *expected)
{
    for (size_t at = 0; at <= len + 1; at++) {
        struct bc_writer log = { 0 };
        // The last round is byte by byte.
        int ret = at <= len ? read_split(data, len, at, len, &log)
                            : read_split(data, len, 0, 1, &log);
        bc_write_u8(&log, 0);
        assert_int_equal(ret, 0);
        assert_string_equal((char *)log.data, expected);
        bc_writer_finish(&log);
    }
    for (size_t cut = 0; cut < len; cut++) {
        struct bc_writer log = { 0 };
        assert_int_equal(read_split(data, cut, cut, 1, &log), 0);
        assert_true(log.len <= strlen(expected));
        assert_memory_equal(log.data ? (char *)log.data : "", expected, log.len);
        bc_writer_finish(&log);
    }
}

#define CHECK(expected, ...) \
    do { \
        static const uint8_t bytes[] = { __VA_ARGS__ }; \
        check_bytes(bytes, sizeof(bytes), expected); \
    } while (0)

static int
read_bad(const uint8_t *data, size_t len, const struct bc_rtmp_chunk_limits *max, char *reason)
{
    struct bc_rtmp_control c;
    bc_rtmp_control_init(&c, max);
    struct bc_writer log = { 0 };
    int ret = read_some(&c, data, len, &log);
    bc_writer_finish(&log);
    strcpy(reason, c.chunks.reason);
    bc_rtmp_control_finish(&c);
    return ret;
}

#define CHECK_BAD(max, error, text, ...) \
    do { \
        static const uint8_t bytes[] = { __VA_ARGS__ }; \
        char reason[120]; \
        assert_int_equal(read_bad(bytes, sizeof(bytes), max, reason), error); \
        assert_non_null(strstr(reason, text)); \
    } while (0)

// RTMP-10: all three forms of the basic header.
static void
test_basic_header_forms(void **state)
{
    (void)state;
    CHECK("3/9/1 @1 aa\n", 0x03, 0, 0, 1, 0, 0, 1, 9, 1, 0, 0, 0, 0xaa);
    // 64 + 10
    CHECK("74/9/1 @1 aa\n", 0x00, 10, 0, 0, 1, 0, 0, 1, 9, 1, 0, 0, 0, 0xaa);
    // 64 + 1 + 256 * 2: the third byte is the more significant one
    CHECK("577/9/1 @1 aa\n", 0x01, 1, 2, 0, 0, 1, 0, 0, 1, 9, 1, 0, 0, 0, 0xaa);
    CHECK("65599/9/1 @1 aa\n", 0x01, 255, 255, 0, 0, 1, 0, 0, 1, 9, 1, 0, 0, 0, 0xaa);
}

// RTMP-11: the message stream id is little-endian, all else big-endian.
static void
test_stream_id_is_little_endian(void **state)
{
    (void)state;
    CHECK("4/8/67305985 @66051 0708\n", 0x04, 1, 2, 3, 0, 0, 2, 8, 1, 2, 3, 4, 7, 8);
}

// RTMP-12: type 3 that begins a message adds the last delta; after type 0 its timestamp.
static void
test_type_3_repeats_delta(void **state)
{
    (void)state;
    CHECK("4/8/1 @100 aa\n4/8/1 @123 bb\n4/8/1 @146 cc\n4/8/1 @156 dd\n4/8/1 @166 ee\n",
        0x04, 0, 0, 100, 0, 0, 1, 8, 1, 0, 0, 0, 0xaa, // type 0
        0x44, 0, 0, 23, 0, 0, 1, 8, 0xbb,              // type 1, +23
        0xc4, 0xcc,                                    // type 3, +23
        0x84, 0, 0, 10, 0xdd,                          // type 2, +10
        0xc4, 0xee);                                   // type 3, +10
    CHECK("4/8/1 @100 aa\n4/8/1 @200 bb\n", 0x04, 0, 0, 100, 0, 0, 1, 8, 1, 0, 0, 0, 0xaa,
        0xc4, 0xbb);
}

// RTMP-13: librtmp begins chunk stream 2 with type 1; types 2 and 3 cannot begin one.
static void
test_fresh_chunk_stream(void **state)
{
    (void)state;
    CHECK("5/9/0 @7 aa\n", 0x45, 0, 0, 7, 0, 0, 1, 9, 0xaa);
    CHECK_BAD(&limits, -EPROTO, "begins with a type 2", 0x85, 0, 0, 7, 0xaa);
    CHECK_BAD(&limits, -EPROTO, "begins with a type 3", 0xc5, 0xaa);
}

// RTMP-14: OBS puts audio, video and data on one chunk stream; deltas count across them.
static void
test_deltas_are_per_chunk_stream(void **state)
{
    (void)state;
    CHECK("4/9/1 @1000 aa\n4/8/1 @1005 bb\n4/9/1 @1033 cc\n4/8/1 @1028 dd\n",
        0x04, 0, 3, 0xe8, 0, 0, 1, 9, 1, 0, 0, 0, 0xaa,
        0x44, 0, 0, 5, 0, 0, 1, 8, 0xbb,
        0x44, 0, 0, 28, 0, 0, 1, 9, 0xcc,
        // RTMP-16: -5 as a huge delta with extended timestamp
        0x44, 0xff, 0xff, 0xff, 0, 0, 1, 8, 0xff, 0xff, 0xff, 0xfb, 0xdd);
}

// RTMP-15: extended from exactly 0xFFFFFF on, absolute in type 0, a delta in types 1 and
// 2.
static void
test_extended_timestamp(void **state)
{
    (void)state;
    CHECK("4/8/1 @16777214 aa\n", 0x04, 0xff, 0xff, 0xfe, 0, 0, 1, 8, 1, 0, 0, 0, 0xaa);
    CHECK("4/8/1 @16777215 aa\n", 0x04, 0xff, 0xff, 0xff, 0, 0, 1, 8, 1, 0, 0, 0,
        0, 0xff, 0xff, 0xff, 0xaa);
    CHECK("4/8/1 @1 aa\n4/8/1 @16777217 bb\n4/8/1 @33554433 cc\n",
        0x04, 0, 0, 1, 0, 0, 1, 8, 1, 0, 0, 0, 0xaa,
        0x44, 0xff, 0xff, 0xff, 0, 0, 1, 8, 1, 0, 0, 0, 0xbb,
        0x84, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0xcc);
}

// RTMP-16: time wraps at 2^32 and is not masked to 31 bits.
static void
test_time_wraps_at_32_bits(void **state)
{
    (void)state;
    CHECK("4/8/1 @4294967280 aa\n4/8/1 @16 bb\n",
        0x04, 0xff, 0xff, 0xff, 0, 0, 1, 8, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xf0, 0xaa,
        0x44, 0, 0, 32, 0, 0, 1, 8, 0xbb);
    CHECK("4/8/1 @2147483649 aa\n", 0x04, 0xff, 0xff, 0xff, 0, 0, 1, 8, 1, 0, 0, 0,
        0x80, 0, 0, 1, 0xaa);
}

// RTMP-17: the 4 bytes on type 3 are read when they repeat the value, and are payload
// otherwise.
static void
test_extended_timestamp_on_continuation(void **state)
{
    (void)state;
    CHECK("4/9/1 @19088743 010203040506\n",
        0x02, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 4, // chunk size 4
        0x04, 0xff, 0xff, 0xff, 0, 0, 6, 9, 1, 0, 0, 0, 0x01, 0x23, 0x45, 0x67, 1, 2, 3, 4,
        0xc4, 0x01, 0x23, 0x45, 0x67, 5, 6); // repeated
    CHECK("4/9/1 @19088743 010203040506\n4/9/1 @19088744 aa\n",
        0x02, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 4,
        0x04, 0xff, 0xff, 0xff, 0, 0, 6, 9, 1, 0, 0, 0, 0x01, 0x23, 0x45, 0x67, 1, 2, 3, 4,
        0xc4, 5, 6, // omitted
        0x44, 0, 0, 1, 0, 0, 1, 9, 0xaa);
    // Omitted, and the payload begins like the timestamp; the header behind it is whole.
    CHECK("4/9/1 @19088743 010203040123\n4/9/1 @19088744 aa\n",
        0x02, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 4,
        0x04, 0xff, 0xff, 0xff, 0, 0, 6, 9, 1, 0, 0, 0, 0x01, 0x23, 0x45, 0x67, 1, 2, 3, 4,
        0xc4, 0x01, 0x23,
        0x44, 0, 0, 1, 0, 0, 1, 9, 0xaa);
    // A type 3 that begins a message repeats it too.
    CHECK("4/9/1 @16777216 aa\n4/9/1 @33554432 bb\n4/9/1 @50331648 cc\n",
        0x04, 0xff, 0xff, 0xff, 0, 0, 1, 9, 1, 0, 0, 0, 1, 0, 0, 0, 0xaa,
        0xc4, 1, 0, 0, 0, 0xbb,
        0xc4, 0xcc);
}

// RTMP-19: the new size counts from the next chunk, also for a message that has begun.
static void
test_chunk_size_changes_mid_message(void **state)
{
    (void)state;
    CHECK("4/9/1 @0 010203040506\n",
        0x02, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 2, // chunk size 2
        0x04, 0, 0, 0, 0, 0, 6, 9, 1, 0, 0, 0, 1, 2,
        0x02, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, // itself in chunks of 2
        0xc2, 0, 3,                                  // chunk size 3
        0xc4, 3, 4, 5,
        0xc4, 6);
}

// RTMP-20: an aborted message is gone, its header stays for the next one.
static void
test_abort(void **state)
{
    (void)state;
    CHECK("4/9/1 @20 aabbcc\n",
        0x02, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 2,
        0x04, 0, 0, 10, 0, 0, 3, 9, 1, 0, 0, 0, 1, 2,
        0x02, 0, 0, 0, 0, 0, 4, 2, 0, 0, 0, 0, 0, 0, // abort
        0xc2, 0, 4,                                  // chunk stream 4
        0xc4, 0xaa, 0xbb,                            // a new message
        0xc4, 0xcc);
}

// RTMP-22: other chunk streams may interleave; a new header inside a message may not.
static void
test_interleaving(void **state)
{
    (void)state;
    CHECK("5/8/1 @5 aabb\n4/9/1 @0 010203\n",
        0x02, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 2,
        0x04, 0, 0, 0, 0, 0, 3, 9, 1, 0, 0, 0, 1, 2,
        0x05, 0, 0, 5, 0, 0, 2, 8, 1, 0, 0, 0, 0xaa, 0xbb,
        0xc4, 3);
    CHECK_BAD(&limits, -EPROTO, "inside a message",
        0x02, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 2,
        0x04, 0, 0, 0, 0, 0, 3, 9, 1, 0, 0, 0, 1, 2,
        0x44, 0, 0, 0, 0, 0, 3, 9, 1, 2);
}

static void
test_empty_messages(void **state)
{
    (void)state;
    CHECK("4/8/1 @1 \n4/8/1 @2 \n4/9/1 @3 aa\n",
        0x04, 0, 0, 1, 0, 0, 0, 8, 1, 0, 0, 0,
        0xc4,
        0x44, 0, 0, 1, 0, 0, 1, 9, 0xaa);
}

static void
test_limits(void **state)
{
    (void)state;
    static const struct bc_rtmp_chunk_limits small = { 100, 2, 64 };
    CHECK_BAD(&small, -EMSGSIZE, "101 bytes", 0x04, 0, 0, 0, 0, 0, 101, 9, 1, 0, 0, 0, 1);
    CHECK_BAD(&limits, -EMSGSIZE, "16777215 bytes", 0x04, 0, 0, 0, 0xff, 0xff, 0xff, 9, 1, 0,
        0, 0, 1);
    CHECK_BAD(&small, -EPROTO, "more than 2 chunk streams",
        0x03, 0, 0, 0, 0, 0, 1, 9, 1, 0, 0, 0, 1,
        0x04, 0, 0, 0, 0, 0, 1, 9, 1, 0, 0, 0, 1,
        0x05, 0, 0, 0, 0, 0, 1, 9, 1, 0, 0, 0, 1);
    static const struct bc_rtmp_chunk_limits tight = { 100, 3, 64 };
    CHECK_BAD(&tight, -EMSGSIZE, "more than 64 bytes",
        0x02, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 1,
        0x04, 0, 0, 0, 0, 0, 50, 9, 1, 0, 0, 0, 1,
        0x05, 0, 0, 0, 0, 0, 50, 9, 1, 0, 0, 0, 1);
}

// An announced length costs nothing until bytes arrive, and memory is given back.
static void
test_memory_follows_bytes(void **state)
{
    (void)state;
    static const struct bc_rtmp_chunk_limits big = { 16 << 20, 64, 16 << 20 };
    struct bc_rtmp_chunk_reader c;
    bc_rtmp_chunk_reader_init(&c, &big);
    struct bc_writer w = { 0 };
    uint8_t *body = calloc(1, 1 << 20);
    struct bc_rtmp_out out = { .csid = 6, .type = 9, .stream_id = 1, .body = body,
        .body_len = 1 << 20 };
    assert_int_equal(bc_rtmp_chunk_write(&w, &out, 128), 0);
    size_t half = w.len / 2;
    struct bc_rtmp_message msg;
    struct bc_reader r = bc_reader_init(w.data, 12);
    assert_int_equal(bc_rtmp_chunk_read(&c, &r, &msg), 0);
    assert_int_equal(c.total_bytes, 0);
    r = bc_reader_init(w.data + 12, half);
    assert_int_equal(bc_rtmp_chunk_read(&c, &r, &msg), 0);
    assert_in_range(c.total_bytes, half - half / 64, 1 << 20);
    r = bc_reader_init(w.data + 12 + half, w.len - 12 - half);
    assert_int_equal(bc_rtmp_chunk_read(&c, &r, &msg), 1);
    assert_int_equal(c.total_bytes, 0);
    assert_int_equal(msg.buf->len, 1 << 20);
    bc_buf_unref(&msg.buf);
    bc_writer_finish(&w);
    free(body);
    bc_rtmp_chunk_reader_finish(&c);
}

static void
check_written(const struct bc_rtmp_out *out, uint32_t chunk_size, const uint8_t *bytes,
    size_t len)
{
    struct bc_writer w = { 0 };
    assert_int_equal(bc_rtmp_chunk_write(&w, out, chunk_size), 0);
    assert_int_equal(w.len, len);
    assert_memory_equal(w.data, bytes, len);
    bc_writer_finish(&w);
}

static void
test_write_full_header(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {
        0x06, 0, 0x03, 0xe8, 0, 0, 5, 9, 1, 0, 0, 0, // type 0, time 1000, 5 bytes, video
        1, 2, 3,                                     // head and the first of the body
        0xc6, 4, 5,                                  // type 3
    };
    struct bc_rtmp_out out = { .csid = 6, .type = 9, .stream_id = 1, .timestamp = 1000,
        .head = "\1\2", .head_len = 2, .body = "\3\4\5", .body_len = 3 };
    check_written(&out, 3, bytes, sizeof(bytes));
}

// RTMP-17, RTMP-18: the extended timestamp is repeated on every type 3.
static void
test_write_extended_timestamp(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {
        0x04, 0xff, 0xff, 0xff, 0, 0, 5, 8, 1, 0, 0, 0, 0, 0xff, 0xff, 0xff, 1, 2,
        0xc4, 0, 0xff, 0xff, 0xff, 3, 4,
        0xc4, 0, 0xff, 0xff, 0xff, 5,
    };
    struct bc_rtmp_out out = { .csid = 4, .type = 8, .stream_id = 1, .timestamp = 0xffffff,
        .head = "\1\2\3", .head_len = 3, .body = "\4\5", .body_len = 2 };
    check_written(&out, 2, bytes, sizeof(bytes));
}

static void
test_write_basic_header_forms(void **state)
{
    (void)state;
    static const uint8_t two[] = { 0x00, 10, 0, 0, 0, 0, 0, 2, 9, 0, 0, 0, 0, 1, 0xc0, 10, 2 };
    static const uint8_t three[] = { 0x01, 1, 2, 0, 0, 0, 0, 0, 1, 9, 0, 0, 0, 0, 1 };
    struct bc_rtmp_out out = { .csid = 74, .type = 9, .body = "\1\2", .body_len = 2 };
    check_written(&out, 1, two, sizeof(two));
    out.csid = 577;
    out.body_len = 1;
    check_written(&out, 1, three, sizeof(three));
}

static void
test_write_refuses(void **state)
{
    (void)state;
    struct bc_writer w = { 0 };
    struct bc_rtmp_out out = { .csid = 4, .type = 9, .body = "", .body_len = 0x1000000 };
    assert_int_equal(bc_rtmp_chunk_write(&w, &out, 128), -EMSGSIZE);
    out.body_len = 1;
    assert_int_equal(bc_rtmp_chunk_write(&w, &out, 0), -EINVAL);
    out.csid = 1;
    assert_int_equal(bc_rtmp_chunk_write(&w, &out, 128), -EINVAL);
    out.csid = 65600;
    assert_int_equal(bc_rtmp_chunk_write(&w, &out, 128), -EINVAL);
    assert_int_equal(w.len, 0);
    bc_writer_finish(&w);
}

// What the writer makes, the reader reads: lengths around the chunk size, both kinds of
// time.
static void
test_write_then_read(void **state)
{
    (void)state;
    uint8_t body[400];
    for (size_t i = 0; i < sizeof(body); i++) {
        body[i] = (uint8_t)(i * 7);
    }
    for (size_t len = 0; len < sizeof(body); len++) {
        struct bc_writer w = { 0 };
        struct bc_rtmp_out out = { .csid = 6 + (uint32_t)len * 3, .type = 9,
            .stream_id = 1, .timestamp = len % 2 ? 0xfffffff0u : 5, .head = body,
            .head_len = len < 5 ? len : 5, .body = body + 5,
            .body_len = len < 5 ? 0 : len - 5 };
        assert_int_equal(bc_rtmp_chunk_write(&w, &out, 128), 0);
        struct bc_rtmp_chunk_reader c;
        bc_rtmp_chunk_reader_init(&c, &limits);
        struct bc_reader r = bc_reader_init(w.data, w.len);
        struct bc_rtmp_message msg;
        assert_int_equal(bc_rtmp_chunk_read(&c, &r, &msg), 1);
        assert_int_equal(bc_reader_left(&r), 0);
        assert_int_equal(msg.timestamp, out.timestamp);
        assert_int_equal(msg.buf ? msg.buf->len : 0, len);
        if (msg.buf) {
            assert_memory_equal(msg.buf->data, body, len);
        }
        bc_buf_unref(&msg.buf);
        bc_rtmp_chunk_reader_finish(&c);
        bc_writer_finish(&w);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_basic_header_forms),
        cmocka_unit_test(test_stream_id_is_little_endian),
        cmocka_unit_test(test_type_3_repeats_delta),
        cmocka_unit_test(test_fresh_chunk_stream),
        cmocka_unit_test(test_deltas_are_per_chunk_stream),
        cmocka_unit_test(test_extended_timestamp),
        cmocka_unit_test(test_time_wraps_at_32_bits),
        cmocka_unit_test(test_extended_timestamp_on_continuation),
        cmocka_unit_test(test_chunk_size_changes_mid_message),
        cmocka_unit_test(test_abort),
        cmocka_unit_test(test_interleaving),
        cmocka_unit_test(test_empty_messages),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_memory_follows_bytes),
        cmocka_unit_test(test_write_full_header),
        cmocka_unit_test(test_write_extended_timestamp),
        cmocka_unit_test(test_write_basic_header_forms),
        cmocka_unit_test(test_write_refuses),
        cmocka_unit_test(test_write_then_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
