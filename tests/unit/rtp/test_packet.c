// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/rtp/packet.h"

static const uint8_t ONE_BYTE[] = {
    0xb2, 0xe0, 0xff, 0xfe,             // V=2 P X CC=2, marker, PT 96, seq 65534
    0xfe, 0xdc, 0xba, 0x98,             // timestamp
    0x11, 0x22, 0x33, 0x44,             // SSRC
    0, 0, 0, 1, 0, 0, 0, 2,             // two CSRCs
    0xbe, 0xde, 0, 2,                   // one-byte form, two words
    0x31, 0x12, 0x34,                   // id 3, two bytes
    0x00,                               // padding
    0x50, 0x07,                         // id 5, one byte
    0x00, 0x00,                         // padding
    0xaa, 0xbb,                         // payload
    0x00, 0x00, 0x03,                   // three bytes of padding
};

static const uint8_t TWO_BYTE[] = {
    0x90, 0x6f, 0x00, 0x01,             // V=2 X, PT 111, seq 1
    0, 0, 0, 0, 0, 0, 0, 1,             // timestamp, SSRC
    0x10, 0x03, 0, 2,                   // two-byte form, two words
    0x05, 0x00,                         // id 5, empty
    0x00,                               // padding
    0xf0, 0x03, 1, 2, 3,                // id 240, three bytes
    0xcc,                               // payload
};

// Parses a copy of exactly this length, so that a sanitizer sees what is read beyond it.
static int
parse_copy(const uint8_t *data, size_t len, struct bc_rtp_header *h, uint8_t **copy)
{
    *copy = malloc(len ? len : 1);
    memcpy(*copy, data, len);
    return bc_rtp_parse(*copy, len, h);
}

static void
test_header_with_one_byte_extensions(void **state)
{
    (void)state;
    struct bc_rtp_header h;
    uint8_t *copy;
    size_t len;
    assert_int_equal(parse_copy(ONE_BYTE, sizeof(ONE_BYTE), &h, &copy), 0);
    assert_true(h.marker);
    assert_int_equal(h.payload_type, 96);
    assert_int_equal(h.seq, 65534);
    assert_int_equal(h.timestamp, 0xfedcba98);
    assert_int_equal(h.ssrc, 0x11223344);
    assert_int_equal(h.ext_profile, 0xbede);
    assert_int_equal(h.ext_len, 8);
    assert_int_equal(h.payload_len, 2);
    assert_memory_equal(h.payload, "\xaa\xbb", 2);
    const uint8_t *p = bc_rtp_extension(&h, 3, &len);
    assert_int_equal(len, 2);
    assert_memory_equal(p, "\x12\x34", 2);
    p = bc_rtp_extension(&h, 5, &len);
    assert_int_equal(len, 1);
    assert_int_equal(p[0], 7);
    assert_null(bc_rtp_extension(&h, 4, &len));
    assert_int_equal(len, 0);
    assert_null(bc_rtp_extension(&h, 0, &len));
    assert_null(bc_rtp_extension(&h, 300, &len));
    free(copy);
}

static void
test_header_with_two_byte_extensions(void **state)
{
    (void)state;
    struct bc_rtp_header h;
    uint8_t *copy;
    size_t len = 9;
    assert_int_equal(parse_copy(TWO_BYTE, sizeof(TWO_BYTE), &h, &copy), 0);
    assert_false(h.marker);
    assert_int_equal(h.payload_type, 111);
    assert_int_equal(h.ext_profile, 0x1003);
    assert_non_null(bc_rtp_extension(&h, 5, &len));
    assert_int_equal(len, 0);
    const uint8_t *p = bc_rtp_extension(&h, 240, &len);
    assert_int_equal(len, 3);
    assert_memory_equal(p, "\1\2\3", 3);
    assert_int_equal(h.payload_len, 1);
    assert_int_equal(h.payload[0], 0xcc);
    free(copy);
}

// A header of one-byte elements around these bytes; the length is in words.
static const uint8_t *
element(const uint8_t *ext, size_t ext_len, unsigned id, size_t *len)
{
    static uint8_t packet[64];
    struct bc_rtp_header h;
    memset(packet, 0, sizeof(packet));
    packet[0] = 0x90;
    packet[12] = 0xbe;
    packet[13] = 0xde;
    packet[15] = (uint8_t)(ext_len / 4);
    memcpy(packet + 16, ext, ext_len);
    assert_int_equal(bc_rtp_parse(packet, 16 + ext_len, &h), 0);
    assert_int_equal(h.payload_len, 0);
    return bc_rtp_extension(&h, id, len);
}

static void
test_extension_elements_that_end_the_search(void **state)
{
    (void)state;
    static const uint8_t STOP[] = { 0x10, 1, 0xf0, 1, 0x20, 2, 0, 0 };
    static const uint8_t ZERO_WITH_LENGTH[] = { 0x10, 1, 0x01, 1, 0x20, 2, 0, 0 };
    static const uint8_t BEYOND[] = { 0x10, 1, 0x27, 0 };
    size_t len;
    assert_non_null(element(STOP, sizeof(STOP), 1, &len));
    assert_null(element(STOP, sizeof(STOP), 2, &len));
    assert_null(element(STOP, sizeof(STOP), 15, &len));
    assert_null(element(ZERO_WITH_LENGTH, sizeof(ZERO_WITH_LENGTH), 2, &len));
    assert_null(element(BEYOND, sizeof(BEYOND), 2, &len));
    assert_int_equal(len, 0);
    assert_null(element(BEYOND, 0, 1, &len));
}

static void
test_truncations_are_errors_or_shorter(void **state)
{
    (void)state;
    struct bc_rtp_header h;
    uint8_t *copy;
    size_t len;
    for (size_t n = 0; n < sizeof(TWO_BYTE); n++) {
        int rc = parse_copy(TWO_BYTE, n, &h, &copy);
        // Only what has a payload can be cut without a trace.
        assert_int_equal(rc, n < sizeof(TWO_BYTE) - 1 ? -EINVAL : 0);
        free(copy);
    }
    for (size_t n = 0; n < sizeof(ONE_BYTE); n++) {
        if (parse_copy(ONE_BYTE, n, &h, &copy) == 0) {
            bc_rtp_extension(&h, 5, &len);
            assert_true(h.payload_len < 2);
        }
        free(copy);
    }
}

static void
test_padding(void **state)
{
    (void)state;
    uint8_t packet[16] = { 0xa0, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4 };
    struct bc_rtp_header h;
    // Nothing but padding: a probe.
    assert_int_equal(bc_rtp_parse(packet, 16, &h), 0);
    assert_int_equal(h.payload_len, 0);
    packet[15] = 5;
    assert_int_equal(bc_rtp_parse(packet, 16, &h), -EINVAL);
    packet[15] = 0;
    assert_int_equal(bc_rtp_parse(packet, 16, &h), -EINVAL);
    assert_int_equal(bc_rtp_parse(packet, 12, &h), -EINVAL);
    packet[0] = 0x80;
    assert_int_equal(bc_rtp_parse(packet, 12, &h), 0);
    assert_int_equal(h.payload_len, 0);
}

static void
test_other_versions_are_refused(void **state)
{
    (void)state;
    uint8_t packet[12] = { 0x40, 96 };
    struct bc_rtp_header h;
    assert_int_equal(bc_rtp_parse(packet, 12, &h), -EINVAL);
    packet[0] = 0xc0;
    assert_int_equal(bc_rtp_parse(packet, 12, &h), -EINVAL);
    assert_int_equal(bc_rtp_parse(NULL, 0, &h), -EINVAL);
}

static enum bc_rtp_mux
kind(uint8_t first, uint8_t second, size_t len)
{
    uint8_t data[32] = { first, second };
    return bc_rtp_mux_kind(data, len);
}

static void
test_mux_by_first_bytes(void **state)
{
    (void)state;
    static const struct {
        uint8_t first;
        uint8_t second;
        enum bc_rtp_mux want;
    } ROWS[] = {
        { 0, 1, BC_MUX_STUN },
        { 3, 1, BC_MUX_STUN },
        { 4, 1, BC_MUX_NONE },
        { 19, 1, BC_MUX_NONE },
        { 20, 1, BC_MUX_DTLS },
        { 63, 1, BC_MUX_DTLS },
        { 64, 1, BC_MUX_NONE },
        { 127, 1, BC_MUX_NONE },
        { 128, 0xe0, BC_MUX_RTP }, // marker, PT 96
        { 128, 127, BC_MUX_RTP },
        { 128, 191, BC_MUX_RTP },
        { 128, 192, BC_MUX_RTCP },
        { 191, 223, BC_MUX_RTCP },
        { 191, 224, BC_MUX_RTP },
        { 192, 200, BC_MUX_NONE },
        { 255, 200, BC_MUX_NONE },
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        assert_int_equal(kind(ROWS[i].first, ROWS[i].second, 32), ROWS[i].want);
    }
    assert_int_equal(bc_rtp_mux_kind(NULL, 0), BC_MUX_NONE);
    assert_int_equal(kind(0, 1, 19), BC_MUX_NONE);
    assert_int_equal(kind(22, 254, 12), BC_MUX_NONE);
    assert_int_equal(kind(128, 96, 11), BC_MUX_NONE);
    assert_int_equal(kind(128, 200, 7), BC_MUX_NONE);
    assert_int_equal(kind(128, 200, 8), BC_MUX_RTCP);
}

static void
test_seq_diff_wraps(void **state)
{
    (void)state;
    assert_int_equal(bc_rtp_seq_diff(0, 65535), 1);
    assert_int_equal(bc_rtp_seq_diff(65535, 0), -1);
    assert_int_equal(bc_rtp_seq_diff(5, 5), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header_with_one_byte_extensions),
        cmocka_unit_test(test_header_with_two_byte_extensions),
        cmocka_unit_test(test_extension_elements_that_end_the_search),
        cmocka_unit_test(test_truncations_are_errors_or_shorter),
        cmocka_unit_test(test_padding),
        cmocka_unit_test(test_other_versions_are_refused),
        cmocka_unit_test(test_mux_by_first_bytes),
        cmocka_unit_test(test_seq_diff_wraps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
