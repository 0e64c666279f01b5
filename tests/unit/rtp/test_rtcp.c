// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/rtp/rtcp.h"

#define HEARD_MAX 64

// What a parse told, with copies of what is only valid during the callback.
struct heard {
    unsigned count;
    struct bc_rtcp_message messages[HEARD_MAX];
    uint16_t seqs[BC_RTCP_NACK_MAX]; // of the last NACK
    uint8_t fci[64];                 // of the last TWCC
};

static void
on_message(void *user, const struct bc_rtcp_message *m)
{
    struct heard *heard = user;
    assert_true(heard->count < HEARD_MAX);
    heard->messages[heard->count++] = *m;
    if (m->kind == BC_RTCP_NACK) {
        assert_true(m->nack.count <= BC_RTCP_NACK_MAX);
        memcpy(heard->seqs, m->nack.seqs, m->nack.count * sizeof(uint16_t));
    } else if (m->kind == BC_RTCP_TWCC && m->twcc.len <= sizeof(heard->fci)) {
        memcpy(heard->fci, m->twcc.fci, m->twcc.len);
    }
}

// Parses a copy of exactly this length, so that a sanitizer sees what is read beyond it.
static int
parse(const uint8_t *data, size_t len, struct heard *heard)
{
    uint8_t *copy = malloc(len ? len : 1);
    memcpy(copy, data, len);
    memset(heard, 0, sizeof(*heard));
    int rc = bc_rtcp_parse(copy, len, on_message, heard);
    free(copy);
    return rc;
}

// What Chrome sends: a sender report with a block, its name, and then feedback.
static const uint8_t COMPOUND[] = {
    0x81, 200, 0, 12,                   // SR, one block, 13 words
    0x11, 0x11, 0x11, 0x11,             // sender
    0xe5, 0x00, 0x00, 0x01, 0x80, 0x00, 0x00, 0x00, // NTP
    0x00, 0x01, 0x5f, 0x90,             // RTP 90000
    0, 0, 0, 7, 0, 0, 3, 0xe8,          // 7 packets, 1000 bytes
    0x22, 0x22, 0x22, 0x22,             // about whom
    0x40, 0xff, 0xff, 0xfe,             // a quarter lost, -2 in all
    0, 2, 0, 5,                         // highest sequence number, second cycle
    0, 0, 0, 0x10,                      // jitter
    0x12, 0x34, 0x56, 0x78,             // LSR
    0, 1, 0, 0,                         // DLSR: one second
    0x81, 202, 0, 2,                    // SDES, one chunk
    0x11, 0x11, 0x11, 0x11, 1, 1, 'a', 0, // CNAME "a"
    0x81, 205, 0, 4,                    // NACK
    0x11, 0x11, 0x11, 0x11, 0x22, 0x22, 0x22, 0x22,
    0xff, 0xfe, 0x80, 0x03,             // 65534, 65535, 0, and 14
    0x00, 0x64, 0x00, 0x00,             // 100
    0x81, 206, 0, 2,                    // PLI
    0x11, 0x11, 0x11, 0x11, 0x22, 0x22, 0x22, 0x22,
};

static void
test_compound_of_reports_and_feedback(void **state)
{
    (void)state;
    struct heard heard;
    assert_int_equal(parse(COMPOUND, sizeof(COMPOUND), &heard), 0);
    assert_int_equal(heard.count, 4);
    const struct bc_rtcp_message *m = &heard.messages[0];
    assert_int_equal(m->kind, BC_RTCP_SR);
    assert_int_equal(m->sender_ssrc, 0x11111111);
    assert_true(m->sr.ntp == 0xe500000180000000);
    assert_int_equal(m->sr.rtp, 90000);
    assert_int_equal(m->sr.packets, 7);
    assert_int_equal(m->sr.bytes, 1000);
    m = &heard.messages[1];
    assert_int_equal(m->kind, BC_RTCP_REPORT);
    assert_int_equal(m->sender_ssrc, 0x11111111);
    assert_int_equal(m->media_ssrc, 0x22222222);
    assert_int_equal(m->report.ssrc, 0x22222222);
    assert_int_equal(m->report.fraction_lost, 0x40);
    assert_int_equal(m->report.lost, -2);
    assert_int_equal(m->report.highest_seq, 0x20005);
    assert_int_equal(m->report.jitter, 16);
    assert_int_equal(m->report.lsr, 0x12345678);
    assert_int_equal(m->report.dlsr, 65536);
    m = &heard.messages[2];
    assert_int_equal(m->kind, BC_RTCP_NACK);
    assert_int_equal(m->media_ssrc, 0x22222222);
    static const uint16_t WANT[] = { 65534, 65535, 0, 14, 100 };
    assert_int_equal(m->nack.count, 5);
    assert_memory_equal(heard.seqs, WANT, sizeof(WANT));
    assert_int_equal(heard.messages[3].kind, BC_RTCP_PLI);
    assert_int_equal(heard.messages[3].media_ssrc, 0x22222222);
}

static void
test_compound_truncated_tells_what_came_before(void **state)
{
    (void)state;
    static const struct {
        size_t end; // of each packet
        unsigned told;
    } ENDS[] = { { 0, 0 }, { 52, 2 }, { 64, 2 }, { 84, 3 }, { 96, 4 } };
    struct heard heard;
    unsigned at = 0;
    for (size_t n = 0; n <= sizeof(COMPOUND); n++) {
        while (at + 1 < sizeof(ENDS) / sizeof(ENDS[0]) && n >= ENDS[at + 1].end) {
            at++;
        }
        int rc = parse(COMPOUND, n, &heard);
        assert_int_equal(rc, n == ENDS[at].end ? 0 : -EINVAL);
        assert_int_equal(heard.count, ENDS[at].told);
    }
}

static void
test_lengths_that_lie(void **state)
{
    (void)state;
    static const uint8_t BLOCKS[] = { 0x82, 201, 0, 1, 0, 0, 0, 1 };
    static const uint8_t BYES[] = { 0x82, 203, 0, 1, 0, 0, 0, 1 };
    static const uint8_t SHORT_SR[] = { 0x80, 200, 0, 1, 0, 0, 0, 1 };
    static const uint8_t SHORT_PLI[] = { 0x81, 206, 0, 1, 0, 0, 0, 1 };
    static const uint8_t PADDING[] = { 0xa0, 201, 0, 1, 0, 0, 0, 8 };
    static const uint8_t NO_PADDING[] = { 0xa0, 201, 0, 1, 0, 0, 0, 0 };
    static const uint8_t PADDED_AWAY[] = { 0xa0, 201, 0, 1, 0, 0, 0, 4 };
    static const uint8_t NOTHING_PADDED[] = { 0xa0, 201, 0, 0 };
    static const uint8_t VERSION[] = { 0x40, 201, 0, 1, 0, 0, 0, 1 };
    struct heard heard;
    assert_int_equal(parse(BLOCKS, sizeof(BLOCKS), &heard), -EINVAL);
    assert_int_equal(heard.count, 0);
    assert_int_equal(parse(BYES, sizeof(BYES), &heard), -EINVAL);
    assert_int_equal(heard.count, 1);
    assert_int_equal(parse(SHORT_SR, sizeof(SHORT_SR), &heard), -EINVAL);
    assert_int_equal(parse(SHORT_PLI, sizeof(SHORT_PLI), &heard), -EINVAL);
    assert_int_equal(parse(PADDING, sizeof(PADDING), &heard), -EINVAL);
    assert_int_equal(parse(NO_PADDING, sizeof(NO_PADDING), &heard), -EINVAL);
    assert_int_equal(parse(PADDED_AWAY, sizeof(PADDED_AWAY), &heard), -EINVAL);
    assert_int_equal(parse(NOTHING_PADDED, sizeof(NOTHING_PADDED), &heard), -EINVAL);
    assert_int_equal(parse(VERSION, sizeof(VERSION), &heard), -EINVAL);
    assert_int_equal(heard.count, 0);
}

// RFC 5506: feedback alone; and what nobody here knows is passed over.
static void
test_reduced_size_and_unknown_packets(void **state)
{
    (void)state;
    static const uint8_t DATA[] = {
        0x80, 207, 0, 1, 0, 0, 0, 1,                // XR
        0x83, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, // TMMBR
        0x82, 206, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, // SLI
        0x8f, 206, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 'A', 'B', 'C', 'D', // an application's
        0x81, 205, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2,    // NACK about nothing
        0x84, 206, 0, 6, 0, 0, 0, 1, 0, 0, 0, 0,    // FIR for two streams
        0, 0, 0, 2, 9, 0, 0, 0, 0, 0, 0, 3, 255, 0, 0, 0,
        0x82, 203, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5, 2, 'o', 'k', 0, // BYE with a reason
    };
    struct heard heard;
    assert_int_equal(parse(DATA, sizeof(DATA), &heard), 0);
    assert_int_equal(heard.count, 4);
    assert_int_equal(heard.messages[0].kind, BC_RTCP_FIR);
    assert_int_equal(heard.messages[0].media_ssrc, 2);
    assert_int_equal(heard.messages[0].fir_seq, 9);
    assert_int_equal(heard.messages[1].kind, BC_RTCP_FIR);
    assert_int_equal(heard.messages[1].media_ssrc, 3);
    assert_int_equal(heard.messages[1].fir_seq, 255);
    assert_int_equal(heard.messages[2].kind, BC_RTCP_BYE);
    assert_int_equal(heard.messages[2].sender_ssrc, 4);
    assert_int_equal(heard.messages[3].sender_ssrc, 5);
}

static void
test_padding_is_not_content(void **state)
{
    (void)state;
    static const uint8_t DATA[] = {
        0xa1, 205, 0, 4, 0, 0, 0, 1, 0, 0, 0, 2, // NACK with padding
        0, 5, 0, 0,                              // 5
        0, 0, 0, 4,                              // padding
    };
    struct heard heard;
    assert_int_equal(parse(DATA, sizeof(DATA), &heard), 0);
    assert_int_equal(heard.count, 1);
    assert_int_equal(heard.messages[0].nack.count, 1);
    assert_int_equal(heard.seqs[0], 5);
}

static void
test_twcc_hands_out_its_fci(void **state)
{
    (void)state;
    static const uint8_t DATA[] = {
        0x8f, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, // transport feedback
        0, 1, 0, 1, 0, 0, 2, 3, 0x20, 1, 4, 0,
    };
    struct heard heard;
    assert_int_equal(parse(DATA, sizeof(DATA), &heard), 0);
    assert_int_equal(heard.count, 1);
    assert_int_equal(heard.messages[0].kind, BC_RTCP_TWCC);
    assert_int_equal(heard.messages[0].twcc.len, 12);
    assert_memory_equal(heard.fci, DATA + 12, 12);
}

static void
test_sender_report_written(void **state)
{
    (void)state;
    static const uint8_t WANT[] = {
        0x80, 200, 0, 6, 1, 2, 3, 4, 0xe5, 0, 0, 1, 0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff,
        0, 0, 0, 9, 0, 0, 1, 0,
        0x81, 202, 0, 4, 1, 2, 3, 4, 1, 6, 's', 't', 'u', 'd', 'i', 'o', 0, 0,
        0, 0, // the list's end and the word's
        0x81, 203, 0, 1, 1, 2, 3, 4,
    };
    struct bc_writer w = { 0 };
    bc_rtcp_write_sr(&w, 0x01020304, 0xe500000180000000, 0xffffffff, 9, 256);
    bc_rtcp_write_sdes(&w, 0x01020304, "studio");
    bc_rtcp_write_bye(&w, 0x01020304);
    // The name's 18 bytes and two of filling make 20.
    assert_int_equal(w.len, 28 + 20 + 8);
    assert_memory_equal(w.data, WANT, 28);
    assert_memory_equal(w.data + 28, WANT + 28, 16);
    assert_memory_equal(w.data + 44, "\0\0\0\0", 4);
    assert_memory_equal(w.data + 48, WANT + sizeof(WANT) - 8, 8);
    bc_writer_finish(&w);
}

static void
test_sdes_always_ends_with_a_zero(void **state)
{
    (void)state;
    char name[300];
    for (size_t n = 0; n < sizeof(name); n++) {
        struct bc_writer w = { 0 };
        memset(name, 'x', n);
        name[n] = 0;
        bc_rtcp_write_sdes(&w, 1, name);
        size_t kept = n < 255 ? n : 255;
        assert_int_equal(w.len % 4, 0);
        assert_int_equal(w.data[9], kept);
        assert_int_equal(w.data[10 + kept], 0);
        assert_int_equal(w.len / 4 - 1, w.data[2] << 8 | w.data[3]);
        assert_true(w.len <= 10 + kept + 4);
        bc_writer_finish(&w);
    }
}

static void
test_receiver_reports_come_back(void **state)
{
    (void)state;
    struct bc_rtcp_report reports[40];
    struct heard heard;
    struct bc_writer w = { 0 };
    for (unsigned i = 0; i < 40; i++) {
        reports[i] = (struct bc_rtcp_report){ .ssrc = i + 1,
            .fraction_lost = 255,
            .lost = -0x800000 + (int32_t)i,
            .highest_seq = 0xfffffff0 + i,
            .jitter = 3,
            .lsr = 0xffffffff,
            .dlsr = 5 };
    }
    bc_rtcp_write_rr(&w, 77, reports, 40);
    assert_int_equal(parse(w.data, w.len, &heard), 0);
    assert_int_equal(heard.count, 40);
    for (unsigned i = 0; i < 40; i++) {
        assert_int_equal(heard.messages[i].kind, BC_RTCP_REPORT);
        assert_int_equal(heard.messages[i].sender_ssrc, 77);
        const struct bc_rtcp_report *report = &heard.messages[i].report;
        assert_int_equal(report->ssrc, i + 1);
        assert_int_equal(report->fraction_lost, 255);
        assert_int_equal(report->lost, reports[i].lost);
        assert_int_equal(report->highest_seq, reports[i].highest_seq);
        assert_int_equal(report->jitter, 3);
        assert_int_equal(report->lsr, 0xffffffff);
        assert_int_equal(report->dlsr, 5);
    }
    bc_writer_reset(&w);
    bc_rtcp_write_rr(&w, 77, NULL, 0);
    assert_int_equal(w.len, 8);
    assert_memory_equal(w.data, "\x80\xc9\0\1\0\0\0\x4d", 8);
    bc_writer_finish(&w);
}

static void
test_nack_written_in_pairs(void **state)
{
    (void)state;
    // 16 apart go together, 17 don't; and over the wrap.
    static const uint16_t SEQS[] = { 65530, 65531, 10, 11, 28, 28, 45 };
    static const uint8_t WANT[] = {
        0x81, 205, 0, 6, 0, 0, 0, 1, 0, 0, 0, 2,
        0xff, 0xfa, 0x80, 0x01, // 65530, 65531, 10
        0x00, 0x0b, 0x00, 0x00, // 11
        0x00, 0x1c, 0x00, 0x00, // 28, given twice
        0x00, 0x2d, 0x00, 0x00, // 45
    };
    struct bc_writer w = { 0 };
    bc_rtcp_write_nack(&w, 1, 2, SEQS, 7);
    assert_int_equal(w.len, sizeof(WANT));
    assert_memory_equal(w.data, WANT, sizeof(WANT));
    bc_writer_reset(&w);
    bc_rtcp_write_nack(&w, 1, 2, NULL, 0);
    assert_int_equal(w.len, 0);
    bc_writer_finish(&w);
}

static void
test_nack_of_many_comes_back(void **state)
{
    (void)state;
    uint16_t seqs[1000];
    struct heard heard;
    struct bc_writer w = { 0 };
    for (unsigned i = 0; i < 1000; i++) {
        seqs[i] = (uint16_t)(65000 + i * 18);
    }
    bc_rtcp_write_nack(&w, 1, 2, seqs, 1000);
    assert_int_equal(parse(w.data, w.len, &heard), 0);
    unsigned total = 0;
    for (unsigned i = 0; i < heard.count; i++) {
        total += heard.messages[i].nack.count;
    }
    assert_int_equal(total, 1000);
    assert_int_equal(heard.seqs[heard.messages[heard.count - 1].nack.count - 1], seqs[999]);
    bc_writer_finish(&w);
}

// 200 pairs of 17 each: only so many are told.
static void
test_nack_beyond_the_limit_is_cut(void **state)
{
    (void)state;
    uint8_t data[12 + 800] = { 0x81, 205, 0, 202 };
    struct heard heard;
    memset(data + 12, 0xff, 800);
    assert_int_equal(parse(data, sizeof(data), &heard), 0);
    assert_int_equal(heard.count, 1);
    assert_int_equal(heard.messages[0].nack.count, BC_RTCP_NACK_MAX);
}

static void
test_keyframe_requests_written(void **state)
{
    (void)state;
    static const uint8_t WANT[] = {
        0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2,
        0x84, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 200, 0, 0, 0,
    };
    struct bc_writer w = { 0 };
    struct heard heard;
    bc_rtcp_write_pli(&w, 1, 2);
    bc_rtcp_write_fir(&w, 1, 2, 200);
    assert_int_equal(w.len, sizeof(WANT));
    assert_memory_equal(w.data, WANT, sizeof(WANT));
    assert_int_equal(parse(w.data, w.len, &heard), 0);
    assert_int_equal(heard.count, 2);
    assert_int_equal(heard.messages[1].fir_seq, 200);
    bc_writer_finish(&w);
}

static void
test_remb_mantissa(void **state)
{
    (void)state;
    static const uint8_t WANT[] = {
        0x8f, 206, 0, 6, 0, 0, 0, 1, 0, 0, 0, 0, 'R', 'E', 'M', 'B',
        2, 0x0f, 0xd0, 0x90, // two streams; 250000 << 3
        0, 0, 0, 7, 0, 0, 0, 8,
    };
    static const uint32_t SSRCS[] = { 7, 8 };
    static const uint64_t RATES[] = { 0, 1, 0x3ffff, 0x40000, 300000, 1ULL << 40 };
    struct bc_writer w = { 0 };
    struct heard heard;
    bc_rtcp_write_remb(&w, 1, SSRCS, 2, 2000000);
    assert_int_equal(w.len, sizeof(WANT));
    assert_memory_equal(w.data, WANT, sizeof(WANT));
    for (unsigned i = 0; i < sizeof(RATES) / sizeof(RATES[0]); i++) {
        bc_writer_reset(&w);
        bc_rtcp_write_remb(&w, 1, NULL, 0, RATES[i]);
        assert_int_equal(parse(w.data, w.len, &heard), 0);
        assert_int_equal(heard.count, 1);
        assert_int_equal(heard.messages[0].kind, BC_RTCP_REMB);
        assert_true(heard.messages[0].remb_bps == RATES[i]);
    }
    bc_writer_finish(&w);
}

static void
test_remb_without_a_limit_stays_positive(void **state)
{
    (void)state;
    static const uint8_t DATA[] = {
        0x8f, 206, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0, 'R', 'E', 'M', 'B',
        1, 0xff, 0xff, 0xff, 0, 0, 0, 7, // the largest mantissa and exponent
    };
    struct heard heard;
    assert_int_equal(parse(DATA, sizeof(DATA), &heard), 0);
    assert_true(heard.messages[0].remb_bps == INT64_MAX);
}

static void
test_ntp_and_back(void **state)
{
    (void)state;
    assert_true(bc_ntp_from_wall_us(0) == 2208988800ULL << 32);
    assert_true(bc_ntp_from_wall_us(500000) == (2208988800ULL << 32 | 0x80000000));
    assert_true(bc_ntp_from_wall_us(-500000) == (2208988799ULL << 32 | 0x80000000));
    static const int64_t TIMES[] = { 0, 1, 999999, 1700000000123457, 2085978495999999,
        2085978496000000, 2500000000000001 }; // the last two are of era 1
    for (unsigned i = 0; i < sizeof(TIMES) / sizeof(TIMES[0]); i++) {
        assert_true(bc_ntp_to_wall_us(bc_ntp_from_wall_us(TIMES[i])) == TIMES[i]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compound_of_reports_and_feedback),
        cmocka_unit_test(test_compound_truncated_tells_what_came_before),
        cmocka_unit_test(test_lengths_that_lie),
        cmocka_unit_test(test_reduced_size_and_unknown_packets),
        cmocka_unit_test(test_padding_is_not_content),
        cmocka_unit_test(test_twcc_hands_out_its_fci),
        cmocka_unit_test(test_sender_report_written),
        cmocka_unit_test(test_sdes_always_ends_with_a_zero),
        cmocka_unit_test(test_receiver_reports_come_back),
        cmocka_unit_test(test_nack_written_in_pairs),
        cmocka_unit_test(test_nack_of_many_comes_back),
        cmocka_unit_test(test_nack_beyond_the_limit_is_cut),
        cmocka_unit_test(test_keyframe_requests_written),
        cmocka_unit_test(test_remb_mantissa),
        cmocka_unit_test(test_remb_without_a_limit_stays_positive),
        cmocka_unit_test(test_ntp_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
