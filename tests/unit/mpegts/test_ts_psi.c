// SPDX-License-Identifier: Apache-2.0
// Tables, PES heads and clocks from literal bytes.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "container/mpegts/pes.h"
#include "container/mpegts/psi.h"
#include "container/mpegts/ts.h"
#include "kit.h"

// As FFmpeg writes it.
static const uint8_t PAT[] = {
    0x00, 0xb0, 0x0d, // table_id, section_length 13
    0x00, 0x01, // transport_stream_id
    0xc1, 0x00, 0x00, // version 0, in force; section 0 of 0
    0x00, 0x01, 0xf0, 0x00, // program 1, PID 0x1000
    0x2a, 0xb1, 0x04, 0xb2, // CRC
};

static const uint8_t PMT[] = {
    0x02, 0xb0, 0x27, // table_id, section_length 39
    0x00, 0x01, 0xc1, 0x00, 0x00, // program 1
    0xe1, 0x00, 0xf0, 0x00, // PCR on 0x100, no descriptors
    0x24, 0xe1, 0x00, 0xf0, 0x06, // HEVC on 0x100
    0x05, 0x04, 'H', 'E', 'V', 'C', 0x06, 0xe1, 0x01, 0xf0, 0x0a, // private data on 0x101
    0x05, 0x04, 'O', 'p', 'u', 's', 0x7f, 0x02, 0x80, 0x01, // one channel
    0x27, 0xaa, 0xf3, 0x2f, // CRC
};

static void
test_crc(void **state)
{
    (void)state;
    assert_int_equal(bc_ts_crc32((const uint8_t *)"123456789", 9), 0x0376e6e7);
    assert_int_equal(bc_ts_crc32(PAT, sizeof(PAT)), 0);
    assert_int_equal(bc_ts_crc32(PMT, sizeof(PMT)), 0);
}

static void
test_tables(void **state)
{
    (void)state;
    struct bc_ts_pat pat;
    struct bc_ts_pmt pmt;
    assert_true(bc_ts_parse_pat(PAT, sizeof(PAT), 0, &pat));
    assert_int_equal(pat.program, 1);
    assert_int_equal(pat.pmt_pid, 0x1000);
    assert_true(bc_ts_parse_pmt(PMT, sizeof(PMT), &pmt));
    assert_int_equal(pmt.pcr_pid, 0x100);
    assert_int_equal(pmt.video.form, BC_TS_HEVC);
    assert_int_equal(pmt.video.pid, 0x100);
    assert_int_equal(pmt.audio.form, BC_TS_OPUS);
    assert_int_equal(pmt.audio.pid, 0x101);
    assert_int_equal(pmt.audio.channels, 1);
    assert_false(bc_ts_parse_pat(PMT, sizeof(PMT), 0, &pat));
    assert_false(bc_ts_parse_pmt(PAT, sizeof(PAT), &pmt));
}

static void
test_truncated_tables(void **state)
{
    (void)state;
    struct bc_ts_pat pat;
    struct bc_ts_pmt pmt;
    for (size_t len = 0; len < sizeof(PMT); len++) {
        uint8_t *copy = malloc(len ? len : 1);
        memcpy(copy, PMT, len);
        bc_ts_parse_pmt(copy, len, &pmt);
        memcpy(copy, PAT, len < sizeof(PAT) ? len : sizeof(PAT));
        bc_ts_parse_pat(copy, len, 0, &pat);
        free(copy);
    }
}

static void
test_program_is_kept_and_network_skipped(void **state)
{
    (void)state;
    static const uint8_t LIST[] = {
        0x00,
        0xb0,
        21,
        0x00,
        0x01,
        0xc1,
        0x00,
        0x00,
        0x00,
        0x00,
        0xe0,
        0x10, // 0: the network's table
        0x00,
        0x07,
        0xe0,
        0x70, // 7
        0x00,
        0x09,
        0xe0,
        0x90, // 9
        0,
        0,
        0,
        0,
    };
    struct bc_ts_pat pat;
    assert_true(bc_ts_parse_pat(LIST, sizeof(LIST), 0, &pat));
    assert_int_equal(pat.program, 7);
    assert_true(bc_ts_parse_pat(LIST, sizeof(LIST), 9, &pat));
    assert_int_equal(pat.pmt_pid, 0x90);
    assert_true(bc_ts_parse_pat(LIST, sizeof(LIST), 3, &pat));
    assert_int_equal(pat.program, 7);
    // Not in force yet.
    uint8_t next[sizeof(LIST)];
    memcpy(next, LIST, sizeof(LIST));
    next[5] = 0xc0;
    assert_false(bc_ts_parse_pat(next, sizeof(next), 0, &pat));
}

// --- sections ---

struct seen {
    unsigned count;
    size_t bytes;
};

static void
on_section(void *user, const uint8_t *data, size_t len)
{
    struct seen *s = user;
    s->count++;
    s->bytes += len;
    assert_int_equal(data[0], 0x02);
}

static void
test_sections_in_pieces(void **state)
{
    (void)state;
    struct bc_ts_section s = { 0 };
    struct seen seen = { 0 };
    uint8_t first[1 + 20] = { 0 }; // pointer_field 0
    memcpy(first + 1, PMT, 20);
    bc_ts_section_push(&s, first, sizeof(first), true, on_section, &seen);
    assert_int_equal(seen.count, 0);
    // The rest, then another one behind it, as pointer_field tells, and stuffing.
    uint8_t second[1 + sizeof(PMT) - 20 + sizeof(PMT) + 3];
    second[0] = sizeof(PMT) - 20;
    memcpy(second + 1, PMT + 20, sizeof(PMT) - 20);
    memcpy(second + 1 + sizeof(PMT) - 20, PMT, sizeof(PMT));
    memset(second + sizeof(second) - 3, 0xff, 3);
    bc_ts_section_push(&s, second, sizeof(second), true, on_section, &seen);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.bytes, 2 * sizeof(PMT));
    // Without a begin nothing is one.
    bc_ts_section_push(&s, PMT, sizeof(PMT), false, on_section, &seen);
    assert_int_equal(seen.count, 2);
    // A pointer beyond the packet.
    uint8_t bad[3] = { 9, 0x02, 0xb0 };
    bc_ts_section_push(&s, bad, sizeof(bad), true, on_section, &seen);
    bc_ts_section_push(&s, PMT, sizeof(PMT), false, on_section, &seen);
    assert_int_equal(seen.count, 2);
}

// --- PES ---

static void
test_pes_head(void **state)
{
    (void)state;
    static const uint8_t BOTH[] = {
        0x00, 0x00, 0x01, 0xe0, 0x00, 0x00, // video, unbounded
        0x80, 0xc0, 0x0a, // PTS and DTS
        0x31, 0x00, 0x09, 0x10, 0xa1, // 133200
        0x11, 0x00, 0x07, 0xd8, 0x61, // 126000
    };
    struct bc_ts_pes pes;
    assert_int_equal(bc_ts_pes_parse(BOTH, sizeof(BOTH), &pes), 1);
    assert_true(pes.has_pts);
    assert_int_equal(pes.pts, 133200);
    assert_int_equal(pes.dts, 126000);
    assert_int_equal(pes.head_bytes, 19);
    for (size_t len = 0; len < sizeof(BOTH); len++) {
        assert_int_equal(bc_ts_pes_parse(BOTH, len, &pes), 0);
    }
    uint8_t other[sizeof(BOTH)];
    memcpy(other, BOTH, sizeof(BOTH));
    other[7] = 0x80; // PTS only
    assert_int_equal(bc_ts_pes_parse(other, sizeof(other), &pes), 1);
    assert_int_equal(pes.dts, 133200);
    other[7] = 0; // neither
    assert_int_equal(bc_ts_pes_parse(other, sizeof(other), &pes), 1);
    assert_false(pes.has_pts);
    other[6] = 0x90; // scrambled
    assert_int_equal(bc_ts_pes_parse(other, sizeof(other), &pes), -ENOTSUP);
    other[3] = 0xbe; // padding
    assert_int_equal(bc_ts_pes_parse(other, sizeof(other), &pes), -EINVAL);
    other[2] = 2;
    assert_int_equal(bc_ts_pes_parse(other, sizeof(other), &pes), -EINVAL);
}

static void
test_last_stamp(void **state)
{
    (void)state;
    static const uint8_t LAST[] = { 0, 0, 1, 0xc0, 0, 0, 0x80, 0x80, 5, // sound
        0x2f, 0xff, 0xff, 0xff, 0xff }; // 2^33 - 1
    struct bc_ts_pes pes;
    assert_int_equal(bc_ts_pes_parse(LAST, sizeof(LAST), &pes), 1);
    assert_int_equal(pes.pts, 0x1ffffffff);
}

static void
test_ticks_survive(void **state)
{
    (void)state;
    for (int64_t t = -100000; t < 100000; t++) {
        assert_int_equal(bc_ts_us_to_ticks(bc_ts_ticks_to_us(t)), t);
    }
    assert_int_equal(bc_ts_ticks_to_us(90000), 1000000);
    assert_int_equal(bc_ts_us_to_ticks(1000000), 90000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_truncated_tables),
        cmocka_unit_test(test_program_is_kept_and_network_skipped),
        cmocka_unit_test(test_sections_in_pieces),
        cmocka_unit_test(test_pes_head),
        cmocka_unit_test(test_last_stamp),
        cmocka_unit_test(test_ticks_survive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
