// SPDX-License-Identifier: Apache-2.0
// Packets and programs: what changes in the middle of a stream, and what is no stream.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit.h"

#define AAC_PID 0x101
#define PMT_PID 0x1000
#define FRAME 1920 // ticks of an AAC frame at 48 kHz

// ADTS of 48 kHz, stereo, with 5 bytes in it.
static const uint8_t ADTS[] = { 0xff, 0xf1, 0x4c, 0x80, 0x01, 0x9f, 0xfc, //
    0x21, 0x10, 0x04, 0x60, 0x8c };

struct stream {
    struct bc_writer ts;
    uint8_t cc_pat;
    uint8_t cc_pmt;
    uint8_t cc;
};

static void
add_pmt(struct stream *s, uint8_t version, uint16_t pid)
{
    struct kit_stream aac = { 0x0f, pid, NULL, 0 };
    kit_pmt(&s->ts, PMT_PID, &s->cc_pmt, version, &aac, 1);
}

static void
begin(struct stream *s)
{
    memset(s, 0, sizeof(*s));
    kit_pat(&s->ts, &s->cc_pat, PMT_PID);
    add_pmt(s, 0, AAC_PID);
}

static void
add_frame(struct stream *s, uint16_t pid, int64_t ticks)
{
    struct kit_pes pes = { pid, 0xc0, ticks, -1, true };
    kit_pes(&s->ts, &s->cc, &pes, ADTS, sizeof(ADTS));
}

static int
end(struct stream *s, struct kit *k, struct bc_ts_demux_stats *stats)
{
    int ret = kit_demux(k, s->ts.data, s->ts.len, 1316, stats);
    bc_writer_finish(&s->ts);
    return ret;
}

static void
test_pid_moves(void **state)
{
    (void)state;
    struct stream s;
    struct kit k = { 0 };
    begin(&s);
    add_frame(&s, AAC_PID, 0);
    add_pmt(&s, 1, 0x201);
    s.cc = 9;
    add_frame(&s, 0x201, FRAME);
    add_frame(&s, AAC_PID, 2 * FRAME); // no longer ours
    struct bc_ts_demux_stats stats;
    assert_int_equal(end(&s, &k, &stats), 0);
    assert_int_equal(k.count, 2);
    assert_int_equal(k.track_count, 1);
    assert_int_equal(k.programs, 2);
    assert_int_equal(stats.unknown, 1);
    assert_int_equal(stats.lost, 0);
    kit_forget(&k);
}

static void
test_pmt_moves(void **state)
{
    (void)state;
    struct stream s;
    struct kit k = { 0 };
    begin(&s);
    add_frame(&s, AAC_PID, 0);
    kit_pat(&s.ts, &s.cc_pat, 0x1100);
    struct kit_stream aac = { 0x0f, 0x300, NULL, 0 };
    uint8_t cc = 5;
    kit_pmt(&s.ts, 0x1100, &cc, 1, &aac, 1);
    add_pmt(&s, 2, 0x400); // on the old PID
    s.cc = 0;
    add_frame(&s, 0x300, FRAME);
    assert_int_equal(end(&s, &k, NULL), 0);
    assert_int_equal(k.count, 2);
    kit_forget(&k);
}

static void
test_pmt_over_two_packets(void **state)
{
    (void)state;
    struct stream s;
    struct kit k = { 0 };
    char text[200];
    memset(text, 'x', sizeof(text));
    text[0] = 0x0a; // a descriptor: languages
    text[1] = (char)(sizeof(text) - 2);
    memset(&s, 0, sizeof(s));
    kit_pat(&s.ts, &s.cc_pat, PMT_PID);
    struct kit_stream streams[] = { { 0x86, 0x50, text, sizeof(text) },
        { 0x15, 0x51, NULL, 0 }, { 0x0f, AAC_PID, NULL, 0 } };
    kit_pmt(&s.ts, PMT_PID, &s.cc_pmt, 0, streams, 3);
    assert_int_equal(s.ts.len, 3 * BC_TS_PACKET_BYTES);
    add_frame(&s, AAC_PID, 0);
    assert_int_equal(end(&s, &k, NULL), 0);
    assert_int_equal(k.count, 1);
    assert_int_equal(k.programs, 1);
    assert_false(k.has_video);
    assert_true(k.has_audio);
    kit_forget(&k);
}

static void
test_wrong_crc(void **state)
{
    (void)state;
    struct stream s;
    struct kit k = { 0 };
    struct bc_ts_demux_stats stats;
    begin(&s);
    s.ts.data[2 * BC_TS_PACKET_BYTES - 1] ^= 1;
    add_frame(&s, AAC_PID, 0);
    assert_int_equal(end(&s, &k, &stats), 0);
    assert_int_equal(k.programs, 0);
    assert_int_equal(k.count, 0);
    assert_int_equal(stats.damaged, 1);
}

static void
test_stream_ends_in_the_table(void **state)
{
    (void)state;
    struct stream s;
    struct kit k = { 0 };
    begin(&s);
    add_frame(&s, AAC_PID, 0);
    kit_pmt(&s.ts, PMT_PID, &s.cc_pmt, 1, NULL, 0);
    add_frame(&s, AAC_PID, FRAME);
    assert_int_equal(end(&s, &k, NULL), 0);
    assert_int_equal(k.count, 1);
    assert_int_equal(k.programs, 2);
    assert_false(k.has_audio);
    kit_forget(&k);
}

static void
test_scrambled(void **state)
{
    (void)state;
    struct stream s;
    struct kit k = { 0 };
    begin(&s);
    size_t at = s.ts.len;
    add_frame(&s, AAC_PID, 0);
    s.ts.data[at + 3] |= 0x80;
    assert_int_equal(end(&s, &k, NULL), -ENOTSUP);
    assert_int_equal(k.count, 0);
}

static void
test_repeated_packet_counts_once(void **state)
{
    (void)state;
    struct stream s;
    struct kit k = { 0 };
    struct bc_ts_demux_stats stats;
    begin(&s);
    add_frame(&s, AAC_PID, 0);
    uint8_t again[BC_TS_PACKET_BYTES];
    memcpy(again, s.ts.data + s.ts.len - sizeof(again), sizeof(again));
    bc_write_bytes(&s.ts, again, sizeof(again));
    add_frame(&s, AAC_PID, FRAME);
    assert_int_equal(end(&s, &k, &stats), 0);
    assert_int_equal(k.count, 2);
    assert_int_equal(stats.lost, 0);
    kit_forget(&k);
}

// A new time base is a jump, by the same distance for all; the counters may jump with it.
static void
test_discontinuity(void **state)
{
    (void)state;
    struct stream s;
    struct kit k = { 0 };
    struct bc_ts_demux_stats stats;
    begin(&s);
    add_frame(&s, AAC_PID, 90000);
    s.cc = 7;
    size_t at = s.ts.len;
    add_frame(&s, AAC_PID, 9000000);
    s.ts.data[at + 5] |= 0x80; // discontinuity_indicator
    assert_int_equal(end(&s, &k, &stats), 0);
    assert_int_equal(stats.lost, 0);
    assert_int_equal(k.count, 2);
    assert_int_equal(k.packets[1]->dts_us, 100000000);
    kit_forget(&k);
}

// SRT-5: rubbish between packets, and sync bytes that are none.
static void
test_resync(void **state)
{
    (void)state;
    static const size_t STEPS[] = { 1, 188, 1316, 100000 };
    for (size_t i = 0; i < sizeof(STEPS) / sizeof(STEPS[0]); i++) {
        struct stream s;
        struct kit k = { 0 };
        struct bc_ts_demux_stats stats;
        begin(&s);
        add_frame(&s, AAC_PID, 0);
        bc_write_bytes(&s.ts, "what? G or G?", 13);
        add_frame(&s, AAC_PID, FRAME);
        add_frame(&s, AAC_PID, 2 * FRAME);
        assert_int_equal(kit_demux(&k, s.ts.data, s.ts.len, STEPS[i], &stats), 0);
        assert_int_equal(k.count, 3);
        assert_int_equal(stats.resyncs, 1);
        assert_int_equal(stats.packets, 5);
        bc_writer_finish(&s.ts);
        kit_forget(&k);
    }
    (void)state;
}

static void
test_nothing_but_rubbish(void **state)
{
    (void)state;
    struct kit k = { 0 };
    struct bc_ts_demux_stats stats;
    size_t len = (1 << 20) + 1000;
    uint8_t *data = malloc(len);
    memset(data, 'G', len); // sync bytes everywhere are packets
    assert_int_equal(kit_demux(&k, data, len, 1316, &stats), 0);
    memset(data, 'x', len);
    assert_int_equal(kit_demux(&k, data, len, 1316, &stats), -EINVAL);
    for (size_t i = 0; i < len; i += 97) {
        data[i] = 'G';
    }
    assert_int_equal(kit_demux(&k, data, len, 1316, &stats), -EINVAL);
    free(data);
}

// Two programs: the first one counts, and stays when the order changes.
static void
test_first_program(void **state)
{
    (void)state;
    static const uint8_t LIST[] = { 0x00, 0xb0, 17, 0, 1, 0xc1, 0, 0, //
        0, 1, 0xf0, 0x00, 0, 2, 0xf1, 0x00 };
    static const uint8_t TURNED[] = { 0x00, 0xb0, 17, 0, 1, 0xc3, 0, 0, //
        0, 2, 0xf1, 0x00, 0, 1, 0xf0, 0x00 };
    struct stream s;
    struct kit k = { 0 };
    memset(&s, 0, sizeof(s));
    kit_section(&s.ts, 0, &s.cc_pat, LIST, sizeof(LIST));
    add_pmt(&s, 0, AAC_PID);
    add_frame(&s, AAC_PID, 0);
    kit_section(&s.ts, 0, &s.cc_pat, TURNED, sizeof(TURNED));
    add_frame(&s, AAC_PID, FRAME);
    assert_int_equal(end(&s, &k, NULL), 0);
    assert_int_equal(k.count, 2);
    assert_int_equal(k.programs, 1);
    kit_forget(&k);
}

// The head of a PES packet need not fit into the first TS packet.
static void
test_pes_head_over_two_packets(void **state)
{
    (void)state;
    uint8_t pes[14 + 200 + sizeof(ADTS)] = { 0, 0, 1, 0xc0, 0, 0, 0x80, 0x80, 205, 0x21,
        0x00, 0x05, 0xbf, 0x21 }; // 90000
    memset(pes + 14, 0xff, 200); // stuffing
    memcpy(pes + 214, ADTS, sizeof(ADTS));
    for (size_t cut = 1; cut < 184; cut++) {
        struct stream s;
        struct kit k = { 0 };
        begin(&s);
        size_t second = sizeof(pes) - cut < 184 ? sizeof(pes) - cut : 184;
        kit_ts(&s.ts, AAC_PID, &s.cc, true, pes, cut);
        kit_ts(&s.ts, AAC_PID, &s.cc, false, pes + cut, second);
        if (cut + second < sizeof(pes)) {
            kit_ts(&s.ts, AAC_PID, &s.cc, false, pes + cut + second,
                sizeof(pes) - cut - second);
        }
        assert_int_equal(end(&s, &k, NULL), 0);
        assert_int_equal(k.count, 1);
        assert_int_equal(k.packets[0]->dts_us, 1000000);
        kit_forget(&k);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pid_moves),
        cmocka_unit_test(test_pmt_moves),
        cmocka_unit_test(test_pmt_over_two_packets),
        cmocka_unit_test(test_wrong_crc),
        cmocka_unit_test(test_stream_ends_in_the_table),
        cmocka_unit_test(test_scrambled),
        cmocka_unit_test(test_repeated_packet_counts_once),
        cmocka_unit_test(test_discontinuity),
        cmocka_unit_test(test_resync),
        cmocka_unit_test(test_nothing_but_rubbish),
        cmocka_unit_test(test_first_program),
        cmocka_unit_test(test_pes_head_over_two_packets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
