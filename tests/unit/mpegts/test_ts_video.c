// SPDX-License-Identifier: Apache-2.0
// Pictures in transport streams that were made by hand: how hosts cut them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "container/mpegts/ts.h"
#include "kit.h"
#include "media/nalu.h"

#define VIDEO_PID 0x100
#define AUDIO_PID 0x101
#define PMT_PID 0x1000
#define FRAME 3600 // ticks: 25 pictures a second

static const struct kit_stream AVC_ONLY[] = { { 0x1b, VIDEO_PID, NULL, 0 } };

static const uint8_t AUD[] = { 0, 0, 0, 1, 0x09, 0xf0 };
static const uint8_t IDR[] = { 0, 0, 0, 1, 0x65, 0x88, 0x84, 0x21, 0xa0, 0x55 };
static const uint8_t SLICE[] = { 0, 0, 0, 1, 0x41, 0x9a, 0x22, 0x33, 0x44, 0x55 };
// first_mb_in_slice is not 0: the same picture's second slice.
static const uint8_t SLICE_2[] = { 0, 0, 1, 0x41, 0x5a, 0x66, 0x77 };

// A stream under construction.
struct stream {
    struct bc_writer ts;
    uint8_t cc_pat;
    uint8_t cc_pmt;
    uint8_t cc;
    struct bc_writer body; // of the next PES packet
};

static void
begin(struct stream *s)
{
    memset(s, 0, sizeof(*s));
    kit_pat(&s->ts, &s->cc_pat, PMT_PID);
    kit_pmt(&s->ts, PMT_PID, &s->cc_pmt, 0, AVC_ONLY, 1);
}

static void
add(struct stream *s, const uint8_t *p, size_t len)
{
    bc_write_bytes(&s->body, p, len);
}

static void
send_on(struct stream *s, uint16_t pid, int64_t ticks)
{
    struct kit_pes pes = { .pid = pid, .stream_id = 0xe0, .pts = ticks, .dts = -1 };
    kit_pes(&s->ts, &s->cc, &pes, s->body.data, s->body.len);
    bc_writer_reset(&s->body);
}

static void
send(struct stream *s, int64_t ticks)
{
    send_on(s, VIDEO_PID, ticks);
}

// Parameter sets, then an IDR.
static void
add_key(struct stream *s)
{
    add(s, AUD, sizeof(AUD));
    add(s, kit_avc_sets, kit_avc_sets_bytes);
    add(s, IDR, sizeof(IDR));
}

static void
add_fill(struct stream *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bc_write_u8(&s->body, (uint8_t)(2 + i % 251));
    }
}

static void
end(struct stream *s, struct kit *k, struct bc_ts_demux_stats *stats)
{
    assert_int_equal(kit_demux(k, s->ts.data, s->ts.len, 1316, stats), 0);
    bc_writer_finish(&s->ts);
    bc_writer_finish(&s->body);
}

static void
expect(const struct kit *k, unsigned n, int64_t ticks, const uint8_t *units, size_t len)
{
    const struct bc_packet *p = kit_packet(k, BC_KIND_VIDEO, n);
    assert_non_null(p);
    assert_int_equal(p->dts_us, bc_ts_ticks_to_us(ticks));
    assert_int_equal(p->len, len);
    assert_memory_equal(p->data, units, len);
}

static const uint8_t IDR_UNIT[] = { 0, 0, 0, 6, 0x65, 0x88, 0x84, 0x21, 0xa0, 0x55 };
static const uint8_t SLICE_UNIT[] = { 0, 0, 0, 6, 0x41, 0x9a, 0x22, 0x33, 0x44, 0x55 };
static const uint8_t TWO_SLICES[] = { 0, 0, 0, 6, 0x41, 0x9a, 0x22, 0x33, 0x44, 0x55, //
    0, 0, 0, 4, 0x41, 0x5a, 0x66, 0x77 };

static void
test_units_become_lengths(void **state)
{
    (void)state;
    struct stream s;
    struct kit k = { 0 };
    begin(&s);
    add_key(&s);
    send(&s, 90000);
    add(&s, AUD, sizeof(AUD));
    add(&s, SLICE, sizeof(SLICE));
    add(&s, SLICE_2, sizeof(SLICE_2));
    send(&s, 90000 + FRAME);
    end(&s, &k, NULL);
    assert_int_equal(k.count, 2);
    expect(&k, 0, 90000, IDR_UNIT, sizeof(IDR_UNIT));
    expect(&k, 1, 90000 + FRAME, TWO_SLICES, sizeof(TWO_SLICES));
    assert_int_equal(k.packets[0]->flags, BC_PACKET_KEY);
    assert_int_equal(k.packets[1]->flags, 0);
    assert_int_equal(k.track_count, 1);
    assert_int_equal(k.tracks[0]->width, 640);
    assert_true(k.packets[0]->track == k.tracks[0]);
    kit_forget(&k);
}

static void
test_without_delimiters(void **state)
{
    (void)state;
    struct stream s;
    struct kit k = { 0 };
    begin(&s);
    add(&s, kit_avc_sets, kit_avc_sets_bytes);
    add(&s, IDR, sizeof(IDR));
    send(&s, 0);
    for (unsigned i = 1; i < 4; i++) {
        add(&s, SLICE, sizeof(SLICE));
        add(&s, SLICE_2, sizeof(SLICE_2));
        send(&s, i * FRAME);
    }
    end(&s, &k, NULL);
    assert_int_equal(k.count, 4);
    for (unsigned i = 1; i < 4; i++) {
        expect(&k, i, i * FRAME, TWO_SLICES, sizeof(TWO_SLICES));
    }
    kit_forget(&k);
}

// The first one has the PES packet's stamp, the second follows by what is usual.
static void
test_two_units_in_a_pes(void **state)
{
    (void)state;
    struct stream s;
    struct kit k = { 0 };
    begin(&s);
    add_key(&s);
    send(&s, 0);
    add(&s, SLICE, sizeof(SLICE));
    send(&s, FRAME);
    add(&s, SLICE, sizeof(SLICE));
    add(&s, SLICE, sizeof(SLICE));
    send(&s, 2 * FRAME);
    end(&s, &k, NULL);
    assert_int_equal(k.count, 4);
    expect(&k, 2, 2 * FRAME, SLICE_UNIT, sizeof(SLICE_UNIT));
    expect(&k, 3, 3 * FRAME, SLICE_UNIT, sizeof(SLICE_UNIT));
    kit_forget(&k);
}

// Cut anywhere: the rest comes in a PES packet of its own, without a stamp or in front of
// the next unit, whose stamp that packet has.
static void
test_unit_over_two_pes(void **state)
{
    (void)state;
    for (size_t cut = 1; cut < sizeof(SLICE) + sizeof(SLICE_2); cut++) {
        struct stream s;
        struct kit k = { 0 };
        uint8_t both[sizeof(SLICE) + sizeof(SLICE_2)];
        memcpy(both, SLICE, sizeof(SLICE));
        memcpy(both + sizeof(SLICE), SLICE_2, sizeof(SLICE_2));
        begin(&s);
        add_key(&s);
        send(&s, 0);
        add(&s, both, cut);
        send(&s, FRAME);
        add(&s, both + cut, sizeof(both) - cut);
        send(&s, -1);
        add(&s, AUD, sizeof(AUD));
        add(&s, SLICE, sizeof(SLICE));
        send(&s, 2 * FRAME);
        end(&s, &k, NULL);
        assert_int_equal(k.count, 3);
        expect(&k, 1, FRAME, TWO_SLICES, sizeof(TWO_SLICES));
        expect(&k, 2, 2 * FRAME, SLICE_UNIT, sizeof(SLICE_UNIT));
        kit_forget(&k);
    }
}

// SRT-10: pictures before the first keyframe, and keyframes without parameter sets.
static void
test_waits_for_sets_and_keyframe(void **state)
{
    (void)state;
    struct stream s;
    struct kit k = { 0 };
    struct bc_ts_demux_stats stats;
    begin(&s);
    add(&s, SLICE + 7, 3); // the rest of a picture
    send(&s, -1);
    add(&s, SLICE, sizeof(SLICE));
    send(&s, 0);
    add(&s, AUD, sizeof(AUD));
    add(&s, IDR, sizeof(IDR));
    send(&s, FRAME);
    add(&s, SLICE, sizeof(SLICE));
    send(&s, 2 * FRAME);
    add_key(&s);
    send(&s, 3 * FRAME);
    end(&s, &k, &stats);
    assert_int_equal(k.count, 1);
    expect(&k, 0, 3 * FRAME, IDR_UNIT, sizeof(IDR_UNIT));
    assert_int_equal(stats.damaged, 0);
    kit_forget(&k);
}

// Other sets are another track, before the keyframe; the same ones are none.
static void
test_new_sets_are_a_new_track(void **state)
{
    (void)state;
    static const uint8_t OTHER_PPS[] = { 0, 0, 0, 1, 0x68, 0xce, 0x0f, 0xc8 };
    struct stream s;
    struct kit k = { 0 };
    begin(&s);
    add_key(&s);
    send(&s, 0);
    add_key(&s);
    send(&s, FRAME);
    add(&s, kit_avc_sets, kit_avc_sets_bytes);
    add(&s, OTHER_PPS, sizeof(OTHER_PPS));
    add(&s, IDR, sizeof(IDR));
    send(&s, 2 * FRAME);
    end(&s, &k, NULL);
    assert_int_equal(k.count, 3);
    assert_int_equal(k.track_count, 2);
    assert_true(k.packets[1]->track == k.tracks[0]);
    assert_true(k.packets[2]->track == k.tracks[1]);
    expect(&k, 2, 2 * FRAME, IDR_UNIT, sizeof(IDR_UNIT));
    kit_forget(&k);
}

// A packet is missing at each place: what comes out is whole, and the clock goes on.
static void
test_lost_packets(void **state)
{
    (void)state;
    struct stream s;
    begin(&s);
    for (unsigned i = 0; i < 8; i++) {
        if (i % 4 == 0) {
            add_key(&s);
        } else {
            add(&s, AUD, sizeof(AUD));
            add(&s, SLICE, sizeof(SLICE));
        }
        add_fill(&s, 300 + 40 * i);
        send(&s, i * FRAME);
    }
    struct kit whole = { 0 };
    assert_int_equal(kit_demux(&whole, s.ts.data, s.ts.len, 1316, NULL), 0);
    assert_int_equal(whole.count, 8);
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
        // The first packet's and the last one's absence show no hole.
        assert_int_equal(stats.lost, lost > 2 && lost < packets - 1);
        for (unsigned i = 0; i < k.count; i++) {
            const struct bc_packet *a = k.packets[i];
            const struct bc_packet *b = NULL;
            for (unsigned j = 0; j < whole.count; j++) {
                b = whole.packets[j]->dts_us == a->dts_us ? whole.packets[j] : b;
            }
            assert_non_null(b);
            // At the end of the stream nothing tells that a packet is missing.
            if (lost < packets - 1 || i + 1 < k.count) {
                assert_int_equal(b->len, a->len);
                assert_memory_equal(b->data, a->data, a->len);
            }
        }
        assert_true(k.count >= 4);
        kit_forget(&k);
        bc_writer_finish(&w);
    }
    kit_forget(&whole);
    bc_writer_finish(&s.ts);
    bc_writer_finish(&s.body);
}

static void
test_every_truncation(void **state)
{
    (void)state;
    struct stream s;
    begin(&s);
    add_key(&s);
    add_fill(&s, 200);
    send(&s, 0);
    add(&s, SLICE, sizeof(SLICE));
    send(&s, FRAME);
    for (size_t len = 0; len < s.ts.len; len++) {
        struct kit k = { 0 };
        assert_int_equal(kit_demux(&k, s.ts.data, len, 500, NULL), 0);
        kit_forget(&k);
    }
    bc_writer_finish(&s.ts);
    bc_writer_finish(&s.body);
}

// PTS and DTS on both sides of 2^33.
static void
test_wrap_within_a_unit(void **state)
{
    (void)state;
    struct stream s;
    struct kit k = { 0 };
    int64_t wrap = (int64_t)1 << 33;
    begin(&s);
    add_key(&s);
    struct kit_pes pes = { VIDEO_PID, 0xe0, FRAME, wrap - FRAME, false };
    kit_pes(&s.ts, &s.cc, &pes, s.body.data, s.body.len);
    bc_writer_reset(&s.body);
    add(&s, SLICE, sizeof(SLICE));
    send(&s, 0);
    end(&s, &k, NULL);
    assert_int_equal(k.count, 2);
    expect(&k, 0, wrap - FRAME, IDR_UNIT, sizeof(IDR_UNIT));
    assert_int_equal(k.packets[0]->pts_us, bc_ts_ticks_to_us(wrap + FRAME));
    expect(&k, 1, wrap, SLICE_UNIT, sizeof(SLICE_UNIT));
    kit_forget(&k);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_units_become_lengths),
        cmocka_unit_test(test_without_delimiters),
        cmocka_unit_test(test_two_units_in_a_pes),
        cmocka_unit_test(test_unit_over_two_pes),
        cmocka_unit_test(test_waits_for_sets_and_keyframe),
        cmocka_unit_test(test_new_sets_are_a_new_track),
        cmocka_unit_test(test_lost_packets),
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_wrap_within_a_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
