// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/reader.h"
#include "base/writer.h"
#include "protocol/rtmp/handshake.h"

#define C0_C1 (1 + RTMP_HANDSHAKE_BYTES)
#define ALL (1 + 2 * RTMP_HANDSHAKE_BYTES)

static void
fill(uint8_t *c1)
{
    for (size_t i = 0; i < RTMP_HANDSHAKE_BYTES; i++) {
        c1[i] = (uint8_t)(i * 31 + 5);
    }
}

// Feeds C0 C1 C2 in pieces of `step`; `out` is S0 S1 S2.
static void
run(const uint8_t *in, size_t step, struct bc_writer *out)
{
    struct bc_rtmp_handshake h = { 0 };
    for (size_t at = 0; at < ALL; at += step) {
        size_t n = ALL - at < step ? ALL - at : step;
        struct bc_reader r = bc_reader_init(in + at, n);
        int ret = bc_rtmp_handshake_server(&h, &r, out, 0x01020304);
        assert_int_equal(ret, at + n == ALL);
        assert_int_equal(out->len, at + n >= C0_C1 ? ALL : 0);
    }
}

// RTMP-1 to RTMP-4: version 3, S1 with zeros, S2 repeats C1, whatever C2 is, in any
// pieces.
static void
test_simple(void **state)
{
    (void)state;
    static uint8_t in[ALL];
    in[0] = 3;
    fill(in + 1);
    memset(in + 5, 0, 4);
    static const size_t steps[] = { 1, 2, 100, C0_C1, C0_C1 + 1, ALL };
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct bc_writer out = { 0 };
        run(in, steps[i], &out);
        assert_int_equal(out.data[0], 3);
        assert_memory_equal(out.data + 1, "\1\2\3\4\0\0\0\0", 8);
        assert_memory_equal(out.data + C0_C1, in + 1, RTMP_HANDSHAKE_BYTES);
        bc_writer_finish(&out);
    }
}

// RTMP-5: the digest answer uses the schema of the question, and proves the digest of C1.
static void
check_digest(enum rtmp_schema schema)
{
    static uint8_t in[ALL];
    in[0] = 3;
    fill(in + 1);
    memcpy(in + 5, "\x80\0\7\2", 4);
    assert_true(bc_rtmp_digest_sign(in + 1, RTMP_ROLE_CLIENT, schema));
    uint8_t c1_digest[RTMP_DIGEST_BYTES];
    assert_int_equal(bc_rtmp_digest_find(in + 1, RTMP_ROLE_CLIENT, c1_digest), schema);

    struct bc_writer out = { 0 };
    run(in, ALL, &out);
    uint8_t digest[RTMP_DIGEST_BYTES];
    assert_int_equal(bc_rtmp_digest_find(out.data + 1, RTMP_ROLE_SERVER, digest), schema);
    assert_true(out.data[5] >= 3); // FFmpeg validates from version 3 on
    uint8_t s2[RTMP_HANDSHAKE_BYTES];
    memcpy(s2, out.data + C0_C1, sizeof(s2));
    assert_true(bc_rtmp_digest_answer(s2, RTMP_ROLE_SERVER, c1_digest));
    assert_memory_equal(s2, out.data + C0_C1, sizeof(s2));
    bc_writer_finish(&out);
}

static void
test_digest_schema_0(void **state)
{
    (void)state;
    check_digest(RTMP_SCHEMA_0);
}

static void
test_digest_schema_1(void **state)
{
    (void)state;
    check_digest(RTMP_SCHEMA_1);
}

// A known answer, so that both of our sides cannot be wrong together: computed with
// Python's hmac over a C1 of zeros but the version, schema 0 (offset 12), key "Genuine
// Adobe Flash Player 001".
static void
test_digest_known_answer(void **state)
{
    (void)state;
    static const uint8_t expected[RTMP_DIGEST_BYTES] = {
        0xd9, 0x72, 0xba, 0xfa, 0x86, 0xd3, 0xad, 0x67, 0x6c, 0x46, 0xc0, 0xc5,
        0x5f, 0xdf, 0x2e, 0x2a, 0xbb, 0x2e, 0x58, 0xcd, 0x50, 0x6f, 0xdb, 0xfb,
        0x19, 0xed, 0x5f, 0x94, 0x14, 0xfe, 0xae, 0xf4,
    };
    uint8_t c1[RTMP_HANDSHAKE_BYTES] = { 0 };
    memcpy(c1 + 4, "\x80\0\7\2", 4);
    assert_true(bc_rtmp_digest_sign(c1, RTMP_ROLE_CLIENT, RTMP_SCHEMA_0));
    assert_memory_equal(c1 + 12, expected, sizeof(expected));
}

// A version without a digest is answered simply, with zeros in S1 (RTMP-4).
static void
test_version_without_digest(void **state)
{
    (void)state;
    static uint8_t in[ALL];
    in[0] = 3;
    fill(in + 1);
    struct bc_writer out = { 0 };
    run(in, ALL, &out);
    assert_memory_equal(out.data + 5, "\0\0\0\0", 4);
    assert_memory_equal(out.data + C0_C1, in + 1, RTMP_HANDSHAKE_BYTES);
    bc_writer_finish(&out);
}

static int
first_byte(uint8_t byte, const char **reason)
{
    static struct bc_rtmp_handshake h;
    struct bc_writer out = { 0 };
    h = (struct bc_rtmp_handshake){ 0 };
    struct bc_reader r = bc_reader_init(&byte, 1);
    int ret = bc_rtmp_handshake_server(&h, &r, &out, 0);
    *reason = h.reason;
    assert_int_equal(out.len, 0);
    return ret;
}

// RTMP-1: versions 3 to 31 are fine, but a TLS record's 22 is not; HTTP is told apart.
static void
test_first_byte(void **state)
{
    (void)state;
    const char *reason;
    for (int b = 0; b < 256; b++) {
        bool ok = b >= 3 && b < 32 && b != 0x16;
        assert_int_equal(first_byte((uint8_t)b, &reason), ok ? 0 : -EPROTO);
        assert_true(ok == (reason == NULL));
    }
    (void)first_byte(0x16, &reason);
    assert_string_equal(reason, "TLS ClientHello on the plain RTMP port");
    (void)first_byte('G', &reason);
    assert_string_equal(reason, "HTTP request on the RTMP port");
    (void)first_byte('P', &reason);
    assert_string_equal(reason, "HTTP request on the RTMP port");
    (void)first_byte(0xff, &reason);
    assert_string_equal(reason, "not RTMP: unknown version");
}

// RTMP-2: chunks glued to C2 are left in the reader.
static void
test_glued_chunks_stay(void **state)
{
    (void)state;
    static uint8_t in[ALL + 5];
    in[0] = 3;
    struct bc_rtmp_handshake h = { 0 };
    struct bc_writer out = { 0 };
    struct bc_reader r = bc_reader_init(in, sizeof(in));
    assert_int_equal(bc_rtmp_handshake_server(&h, &r, &out, 0), 1);
    assert_int_equal(bc_reader_left(&r), 5);
    bc_writer_finish(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_simple),
        cmocka_unit_test(test_digest_schema_0),
        cmocka_unit_test(test_digest_schema_1),
        cmocka_unit_test(test_digest_known_answer),
        cmocka_unit_test(test_version_without_digest),
        cmocka_unit_test(test_first_byte),
        cmocka_unit_test(test_glued_chunks_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
