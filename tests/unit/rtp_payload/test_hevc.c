// SPDX-License-Identifier: Apache-2.0
// HEVC and RTP payloads, RFC 7798.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"

#define MAX 200

// x265, Main, 320x180; all with id 0.
static const uint8_t VPS[] = { 0x40, 0x01, 0x0c, 0x01, 0xff, 0xff, 0x01, 0x60, 0x00, 0x00,
    0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00, 0x03, 0x00, 0x3c, 0x95, 0x94, 0x09 };
static const uint8_t SPS[] = { 0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90,
    0x00, 0x00, 0x03, 0x00, 0x00, 0x03, 0x00, 0x3c, 0xa0, 0x0a, 0x08, 0x0c, 0x1f, 0x3e,
    0x59, 0x59, 0x52, 0x93, 0x0b, 0xc0, 0x5a, 0x02, 0x00, 0x00, 0x03, 0x00, 0x02, 0x00,
    0x00, 0x03, 0x00, 0x32, 0x10 };
static const uint8_t PPS[] = { 0x44, 0x01, 0xc0, 0x73, 0xc1, 0x89 };
// IDR_W_RADL: first slice (1), no_output_of_prior_pics 0, PPS 0 (1)
static const uint8_t IDR[] = { 0x26, 0x01, 0xaf, 0x08, 0x11 };
// TRAIL_R and TRAIL_N: first slice (1), PPS 0 (1)
static const uint8_t DELTA[] = { 0x02, 0x01, 0xd0, 0x10 };
static const uint8_t UNUSED[] = { 0x00, 0x01, 0xd0, 0x10 };
// TRAIL_R, not the first slice
static const uint8_t DELTA_2[] = { 0x02, 0x01, 0x50, 0x10 };
// AP: VPS and SPS; the IDR as FU: start, middle, end
static const uint8_t FU_START[] = { 0x62, 0x01, 0x93, 0xaf };
static const uint8_t FU_MIDDLE[] = { 0x62, 0x01, 0x13, 0x08 };
static const uint8_t FU_END[] = { 0x62, 0x01, 0x53, 0x11 };

// hvcC: its arrays in an odd order, and one of SEI.
static struct bc_buf *
make_config(void)
{
    static const struct {
        uint8_t type;
        const uint8_t *nal;
        size_t len;
    } ARRAYS[] = {
        { 39, (const uint8_t *)"\x4e\x01\x05", 3 },
        { 34, PPS, sizeof(PPS) },
        { 33, SPS, sizeof(SPS) },
        { 32, VPS, sizeof(VPS) },
    };
    struct bc_writer w = { 0 };
    memset(bc_write_reserve(&w, 22), 1, 22);
    bc_write_u8(&w, 4);
    for (size_t i = 0; i < 4; i++) {
        bc_write_u8(&w, ARRAYS[i].type);
        bc_write_u16(&w, 1);
        bc_write_u16(&w, (uint16_t)ARRAYS[i].len);
        bc_write_bytes(&w, ARRAYS[i].nal, ARRAYS[i].len);
    }
    struct bc_buf *config = bc_buf_from_writer(&w);
    bc_writer_finish(&w);
    return config;
}

static struct bc_rtp_frame *
run(const void *data, size_t len)
{
    struct bc_rtp_packetiser p = { 0 };
    struct bc_buf *config = make_config();
    struct bc_packet *packet = make_packet(BC_CODEC_HEVC, config, data, len, 0);
    struct bc_rtp_frame *frame = bc_rtp_packetise(&p, packet, MAX);
    bc_packet_unref(&packet);
    bc_buf_unref(&config);
    bc_rtp_packetiser_finish(&p);
    return frame;
}

static void
test_sets_go_before_each_idr(void **state)
{
    (void)state;
    struct bc_writer w = { 0 };
    bc_write_u32(&w, 3);
    bc_write_bytes(&w, "\x46\x01\x50", 3); // delimiter
    bc_write_u32(&w, sizeof(IDR));
    bc_write_bytes(&w, IDR, sizeof(IDR));
    struct bc_rtp_frame *f = run(w.data, w.len);
    assert_int_equal(f->count, 1);
    // AP, layer 0, temporal id 1 | size, VPS | size, SPS | size, PPS | size, IDR
    struct bc_writer want = { 0 };
    bc_write_u16(&want, 48 << 9 | 1);
    bc_write_u16(&want, sizeof(VPS));
    bc_write_bytes(&want, VPS, sizeof(VPS));
    bc_write_u16(&want, sizeof(SPS));
    bc_write_bytes(&want, SPS, sizeof(SPS));
    bc_write_u16(&want, sizeof(PPS));
    bc_write_bytes(&want, PPS, sizeof(PPS));
    bc_write_u16(&want, sizeof(IDR));
    bc_write_bytes(&want, IDR, sizeof(IDR));
    assert_int_equal(f->total, want.len);
    assert_memory_equal(f->bytes, want.data, want.len);
    bc_rtp_frame_unref(&f);
    bc_writer_finish(&w);
    bc_writer_finish(&want);
}

static void
test_fragments_are_of_full_size(void **state)
{
    (void)state;
    uint8_t unit[4 + 2 + 197 * 2 + 3] = { 0 };
    unit[2] = (sizeof(unit) - 4) >> 8;
    unit[3] = (sizeof(unit) - 4) & 0xff;
    unit[4] = 0x02; // TRAIL_R, layer 1, temporal id 2
    unit[5] = 0x0a;
    struct bc_rtp_frame *f = run(unit, sizeof(unit));
    assert_int_equal(f->count, 3);
    for (uint32_t i = 0; i < 3; i++) {
        const uint8_t *p = f->bytes + f->slices[i].offset;
        assert_int_equal(f->slices[i].len, i < 2 ? MAX : 3 + 3);
        assert_int_equal(p[0], 49 << 1);
        assert_int_equal(p[1], 0x0a);
        assert_int_equal(p[2], 1 | (i == 0 ? 0x80 : 0) | (i == 2 ? 0x40 : 0));
    }
    bc_rtp_frame_unref(&f);
}

static void
push_sets(struct rig *r, uint32_t timestamp)
{
    RIG_PUSH(r, VPS, timestamp, false);
    RIG_PUSH(r, SPS, timestamp, false);
    RIG_PUSH(r, PPS, timestamp, false);
}

static void
check_idr(const struct rig *r, unsigned i)
{
    assert_true(i < r->count);
    assert_int_equal(r->units[i].flags, BC_PACKET_KEY);
    assert_int_equal(r->units[i].buf->len, 9);
    assert_memory_equal(r->units[i].buf->data, "\0\0\0\5\x26\x01\xaf\x08\x11", 9);
    assert_int_equal(r->units[i].track->width, 320);
    assert_int_equal(r->units[i].track->height, 180);
}

static void
test_units_come_out(void **state)
{
    (void)state;
    static const uint8_t AP[] = { 0x60, 0x01, 0x00, 0x04, 0x02, 0x01, 0xd0, 0x10, //
        0x00, 0x04, 0x02, 0x01, 0x50, 0x10, 0x00, 0x03, 0x46, 0x01, 0x50 };
    struct rig r;
    rig_open(&r, BC_CODEC_HEVC, NULL);
    push_sets(&r, 0);
    RIG_PUSH(&r, FU_START, 0, false);
    RIG_PUSH(&r, FU_MIDDLE, 0, false);
    RIG_PUSH(&r, FU_END, 0, true);
    RIG_PUSH(&r, AP, 1, true);
    RIG_PUSH(&r, UNUSED, 2, true);
    assert_int_equal(r.count, 3);
    check_idr(&r, 0);
    assert_int_equal(r.units[1].buf->len, 16);
    assert_int_equal(r.units[1].flags, 0);
    assert_memory_equal(r.units[1].buf->data + 4, DELTA, sizeof(DELTA));
    assert_memory_equal(r.units[1].buf->data + 12, DELTA_2, sizeof(DELTA_2));
    assert_int_equal(r.units[2].flags, BC_PACKET_DISPOSABLE);
    assert_int_equal(r.broken, 0);
    rig_close(&r);
}

static void
test_sets_only_in_the_sdp(void **state)
{
    (void)state;
    struct rig r;
    rig_open(&r, BC_CODEC_HEVC,
        "profile-id=1; sprop-vps=QAEMAf//AWAAAAMAkAAAAwAAAwA8lZQJ; sprop-sps="
        "QgEBAWAAAAMAkAAAAwAAAwA8oAoIDB8+WVlSkwvAWgIAAAMAAgAAAwAyEA==;sprop-pps="
        "RAHAc8GJ");
    RIG_PUSH(&r, IDR, 0, true);
    check_idr(&r, 0);
    rig_close(&r);
}

static void
test_a_missing_set_is_missed(void **state)
{
    (void)state;
    for (unsigned missing = 0; missing < 3; missing++) {
        struct rig r;
        rig_open(&r, BC_CODEC_HEVC, NULL);
        if (missing != 0) {
            RIG_PUSH(&r, VPS, 0, false);
        }
        if (missing != 1) {
            RIG_PUSH(&r, SPS, 0, false);
        }
        if (missing != 2) {
            RIG_PUSH(&r, PPS, 0, false);
        }
        RIG_PUSH(&r, IDR, 0, true);
        assert_int_equal(r.count, 0);
        assert_int_equal(r.broken, 1);
        push_sets(&r, 1);
        RIG_PUSH(&r, IDR, 1, true);
        check_idr(&r, 0);
        rig_close(&r);
    }
}

static void
test_damage_is_counted_and_costs_the_unit(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[8];
        size_t len;
    } BAD[] = {
        { { 0x02 }, 1 }, // half a header
        { { 0x02, 0x01 }, 2 }, // a header only
        { { 0x64, 0x01, 0x00, 0x00 }, 4 }, // PACI
        { { 0x7e, 0x01, 0x00 }, 3 }, // type 63
        { { 0x60, 0x01, 0x00, 0x05, 0x02, 0x01 }, 6 }, // a length behind the end
        { { 0x62, 0x01 }, 2 }, // no FU header
        { { 0x62, 0x01, 0x93 }, 3 }, // nothing in the fragment
        { { 0x62, 0x01, 0x13, 0x01 }, 4 }, // no start before it
    };
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        struct rig r;
        rig_open(&r, BC_CODEC_HEVC, NULL);
        push_sets(&r, 0);
        RIG_PUSH(&r, IDR, 0, true);
        rig_push(&r, BAD[i].bytes, BAD[i].len, 1, false, false);
        RIG_PUSH(&r, DELTA, 1, true);
        assert_int_equal(r.count, 1);
        assert_int_equal(r.broken, 1);
        assert_int_equal(bc_rtp_depacketiser_errors(r.d), 1);
        rig_close(&r);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sets_go_before_each_idr),
        cmocka_unit_test(test_fragments_are_of_full_size),
        cmocka_unit_test(test_units_come_out),
        cmocka_unit_test(test_sets_only_in_the_sdp),
        cmocka_unit_test(test_a_missing_set_is_missed),
        cmocka_unit_test(test_damage_is_counted_and_costs_the_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
