// SPDX-License-Identifier: Apache-2.0
// Sound in transport streams: how frames lie in PES packets.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit.h"

#define PID 0x101
#define PMT_PID 0x1000

// ADTS, LC, 48 kHz, stereo: syncword fff, MPEG-4, no CRC | profile 1, rate 3 | channels 2,
// length 12.
static const uint8_t ADTS[] = { 0xff, 0xf1, 0x4c, 0x80, 0x01, 0x9f, 0xfc, //
    0x21, 0x10, 0x04, 0x60, 0x8c };
// The same at 44.1 kHz with a CRC; the sync word's bytes are in the frame too.
static const uint8_t ADTS_CRC[] = { 0xff, 0xf0, 0x50, 0x80, 0x01, 0x9f, 0xfc, 0xab,
    0xcd, //
    0xff, 0xf1, 0x4c };

// FFmpeg's, cut: 2b7, length 55 | a StreamMuxConfig: version 0, same timing, one of each |
// LC 48 kHz mono | frameLengthType 0, fullness ff, no other data, no CRC | length 47 | ...
static const uint8_t LOAS_HEAD[] = { 0x56, 0xe0, 0x37, 0x20, 0x00, 0x11, 0x88, 0x1f, 0xe1,
    0x78 };

struct stream {
    struct bc_writer ts;
    uint8_t cc;
};

static void
begin(struct stream *s, struct kit_stream stream)
{
    uint8_t cc = 0;
    memset(s, 0, sizeof(*s));
    kit_pat(&s->ts, &cc, PMT_PID);
    cc = 0;
    kit_pmt(&s->ts, PMT_PID, &cc, 0, &stream, 1);
}

static void
add(struct stream *s, int64_t ticks, const uint8_t *p, size_t len)
{
    struct kit_pes pes = { PID, 0xc0, ticks, -1, true };
    kit_pes(&s->ts, &s->cc, &pes, p, len);
}

static void
end(struct stream *s, struct kit *k, struct bc_ts_demux_stats *stats)
{
    assert_int_equal(kit_demux(k, s->ts.data, s->ts.len, 188, stats), 0);
    bc_writer_finish(&s->ts);
}

static const struct kit_stream AAC = { 0x0f, PID, NULL, 0 };

static void
test_several_frames_in_a_pes(void **state)
{
    (void)state;
    struct stream s;
    struct kit k = { 0 };
    uint8_t three[3 * sizeof(ADTS)];
    for (unsigned i = 0; i < 3; i++) {
        memcpy(three + i * sizeof(ADTS), ADTS, sizeof(ADTS));
    }
    begin(&s, AAC);
    add(&s, 90000, three, sizeof(three));
    add(&s, 90000 + 3 * 1920, three, sizeof(three));
    end(&s, &k, NULL);
    assert_int_equal(k.count, 6);
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(k.packets[i]->dts_us, 1000000 + i * 64000 / 3);
        assert_int_equal(k.packets[i]->len, 5);
        assert_memory_equal(k.packets[i]->data, ADTS + 7, 5);
    }
    assert_string_equal(k.tracks[0]->codec_string, "mp4a.40.2");
    kit_forget(&k);
}

// Two frames cut at each place; the second PES packet's stamp is that of the first frame
// that begins in it.
static void
test_frame_over_two_pes(void **state)
{
    (void)state;
    uint8_t three[3 * sizeof(ADTS)];
    for (unsigned i = 0; i < 3; i++) {
        memcpy(three + i * sizeof(ADTS), ADTS, sizeof(ADTS));
    }
    for (size_t cut = 1; cut <= 2 * sizeof(ADTS); cut++) {
        struct stream s;
        struct kit k = { 0 };
        int64_t begun = (int64_t)((cut + sizeof(ADTS) - 1) / sizeof(ADTS));
        begin(&s, AAC);
        add(&s, 0, three, cut);
        add(&s, begun * 1920, three + cut, sizeof(three) - cut);
        end(&s, &k, NULL);
        assert_int_equal(k.count, 3);
        for (unsigned i = 0; i < 3; i++) {
            assert_true(llabs(k.packets[i]->dts_us - i * 64000 / 3) <= 1);
        }
        kit_forget(&k);
    }
}

static void
test_format_changes(void **state)
{
    (void)state;
    struct stream s;
    struct kit k = { 0 };
    uint8_t both[sizeof(ADTS) + sizeof(ADTS_CRC)];
    memcpy(both, ADTS, sizeof(ADTS));
    memcpy(both + sizeof(ADTS), ADTS_CRC, sizeof(ADTS_CRC));
    begin(&s, AAC);
    add(&s, 0, both, sizeof(both));
    end(&s, &k, NULL);
    assert_int_equal(k.count, 2);
    assert_int_equal(k.track_count, 2);
    assert_int_equal(k.tracks[1]->sample_rate, 44100);
    assert_true(k.packets[1]->track == k.tracks[1]);
    assert_int_equal(k.packets[1]->dts_us, 21333);
    assert_int_equal(k.packets[1]->len, 3);
    kit_forget(&k);
}

// Bytes that are no frame; what looks like one must be followed by another.
static void
test_rubbish_between_frames(void **state)
{
    (void)state;
    struct stream s;
    struct kit k = { 0 };
    struct bc_ts_demux_stats stats;
    struct bc_writer w = { 0 };
    bc_write_bytes(&w, ADTS, sizeof(ADTS));
    bc_write_bytes(&w, "rubbish", 7);
    bc_write_bytes(&w, ADTS, sizeof(ADTS) - 3); // looks like a frame
    bc_write_bytes(&w, "more rubbish", 12);
    bc_write_bytes(&w, ADTS, sizeof(ADTS));
    bc_write_bytes(&w, ADTS, sizeof(ADTS));
    begin(&s, AAC);
    add(&s, 0, w.data, w.len);
    end(&s, &k, &stats);
    assert_int_equal(k.count, 3);
    assert_int_equal(stats.damaged, 1);
    bc_writer_finish(&w);
    kit_forget(&k);
}

static void
test_lost_packets(void **state)
{
    (void)state;
    struct stream s;
    uint8_t frame[7 + 400] = { 0xff, 0xf1, 0x4c, 0x80, 0x32, 0xff, 0xfc }; // 407
    begin(&s, AAC);
    for (unsigned i = 0; i < 6; i++) {
        memset(frame + 7, 0x30 + (int)i, 400);
        add(&s, i * 1920, frame, sizeof(frame));
    }
    size_t packets = s.ts.len / BC_TS_PACKET_BYTES;
    for (size_t lost = 2; lost < packets; lost++) {
        struct kit k = { 0 };
        struct bc_ts_demux_stats stats;
        struct bc_writer w = { 0 };
        size_t at = lost * BC_TS_PACKET_BYTES;
        bc_write_bytes(&w, s.ts.data, at);
        bc_write_bytes(
            &w, s.ts.data + at + BC_TS_PACKET_BYTES, s.ts.len - at - BC_TS_PACKET_BYTES);
        assert_int_equal(kit_demux(&k, w.data, w.len, 1316, &stats), 0);
        assert_int_equal(k.count, 5);
        for (unsigned i = 0; i < 5; i++) {
            assert_int_equal(k.packets[i]->len, 400);
            unsigned n = k.packets[i]->data[0] - 0x30u;
            assert_int_equal(k.packets[i]->data[399], 0x30 + n);
            assert_int_equal(k.packets[i]->dts_us, (n * 64000 + 1) / 3);
        }
        kit_forget(&k);
        bc_writer_finish(&w);
    }
    bc_writer_finish(&s.ts);
}

static void
test_loas(void **state)
{
    (void)state;
    static const struct kit_stream LATM = { 0x11, PID, NULL, 0 };
    struct stream s;
    struct kit k = { 0 };
    uint8_t frame[58] = { 0 };
    memcpy(frame, LOAS_HEAD, sizeof(LOAS_HEAD));
    begin(&s, LATM);
    add(&s, 0, frame, sizeof(frame));
    end(&s, &k, NULL);
    assert_int_equal(k.count, 1);
    assert_int_equal(k.tracks[0]->sample_rate, 48000);
    assert_int_equal(k.tracks[0]->channels, 1);
    assert_int_equal(k.packets[0]->len, 47);
    kit_forget(&k);
    // Every change of a byte of the head is read without harm.
    for (size_t i = 0; i < sizeof(LOAS_HEAD) * 8; i++) {
        frame[i / 8] ^= (uint8_t)(1 << i % 8);
        begin(&s, LATM);
        add(&s, 0, frame, sizeof(frame));
        end(&s, &k, NULL);
        kit_forget(&k);
        frame[i / 8] ^= (uint8_t)(1 << i % 8);
    }
}

static const char OPUS_NAMES[] = "\x05\x04Opus\x7f\x02\x80\x02";
static const struct kit_stream OPUS = { 0x06, PID, OPUS_NAMES, sizeof(OPUS_NAMES) - 1 };

static void
test_opus(void **state)
{
    (void)state;
    // Start trim 312, end trim 0, two bytes of extension; a packet of 20 ms (config 15,
    // one frame) and one of 300 bytes with two of 20 ms.
    uint8_t body[2 + 1 + 2 + 2 + 3 + 4 + 2 + 2 + 300] = { 0x7f, 0xfc, 4, 0x01, 0x38, 0, 0,
        2, 0xaa, 0xbb, 0x78, 1, 2, 3, 0x7f, 0xe0, 255, 45, 0x79 };
    struct stream s;
    struct kit k = { 0 };
    begin(&s, OPUS);
    add(&s, 90000, body, sizeof(body));
    end(&s, &k, NULL);
    assert_int_equal(k.count, 2);
    assert_int_equal(k.packets[0]->len, 4);
    assert_int_equal(k.packets[0]->data[0], 0x78);
    assert_int_equal(k.packets[1]->len, 300);
    assert_int_equal(k.packets[1]->dts_us, 1020000);
    assert_int_equal(k.tracks[0]->channels, 2);
    assert_int_equal(k.tracks[0]->frame_samples, 960);
    // The length varies, so the track tells none.
    assert_int_equal(k.track_count, 2);
    assert_int_equal(k.tracks[1]->frame_samples, 0);
    kit_forget(&k);
    for (size_t len = 1; len < 32; len++) {
        begin(&s, OPUS);
        add(&s, 0, body, len);
        end(&s, &k, NULL);
        kit_forget(&k);
    }
}

static void
test_private_data_by_descriptor(void **state)
{
    (void)state;
    // AC-3, 48 kHz, 32 kbit/s, mono: a frame of 128 bytes.
    uint8_t frame[128] = { 0x0b, 0x77, 0, 0, 0x00, 0x40, 0x2f };
    static const char *const NAMES[] = { "\x6a\x01\x00", "\x7a\x01\x00",
        "\x05\x04"
        "AC-3" };
    static const uint8_t BYTES[] = { 3, 3, 6 };
    for (unsigned i = 0; i < 3; i++) {
        struct stream s;
        struct kit k = { 0 };
        begin(&s, (struct kit_stream){ 0x06, PID, NAMES[i], BYTES[i] });
        add(&s, 0, frame, sizeof(frame));
        add(&s, 2880, frame, sizeof(frame));
        end(&s, &k, NULL);
        assert_int_equal(k.count, 2);
        assert_int_equal(k.tracks[0]->codec, BC_CODEC_AC3);
        assert_int_equal(k.packets[1]->dts_us, 32000);
        kit_forget(&k);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_several_frames_in_a_pes),
        cmocka_unit_test(test_frame_over_two_pes),
        cmocka_unit_test(test_format_changes),
        cmocka_unit_test(test_rubbish_between_frames),
        cmocka_unit_test(test_lost_packets),
        cmocka_unit_test(test_loas),
        cmocka_unit_test(test_opus),
        cmocka_unit_test(test_private_data_by_descriptor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
