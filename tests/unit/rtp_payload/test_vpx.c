// SPDX-License-Identifier: Apache-2.0
// VP8 (RFC 7741) and VP9 (RFC 9628) and RTP payloads.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"

#define MAX 200

// Keyframes of libvpx, 160x96, cut short, and frames that are none.
#define VP8_KEY 0xb0, 0x45, 0x00, 0x9d, 0x01, 0x2a, 0xa0, 0x00, 0x60, 0x00
#define VP9_KEY 0x82, 0x49, 0x83, 0x42, 0x00, 0x09, 0xf0, 0x05, 0xf6, 0x02
#define VP8_DELTA 0xd1, 0x11
#define VP9_DELTA 0x86, 0x00

static void
check(const struct rig *r, unsigned i, const void *data, size_t len, uint32_t flags)
{
    assert_true(i < r->count);
    assert_int_equal(r->units[i].buf->len, len);
    assert_memory_equal(r->units[i].buf->data, data, len);
    assert_int_equal(r->units[i].flags, flags);
    assert_int_equal(r->units[i].track->width, 160);
    assert_int_equal(r->units[i].track->height, 96);
}

static void
test_vp8_descriptors_written(void **state)
{
    (void)state;
    static const uint32_t FLAGS[] = { BC_PACKET_KEY, BC_PACKET_DISPOSABLE, 0 };
    // X N S | I L T | M, picture id | TL0PICIDX | TID Y
    static const uint8_t HEADS[3][6] = {
        { 0x90, 0xe0, 0xff, 0xff, 0x01, 0x00 },
        { 0xb0, 0xe0, 0x80, 0x00, 0x01, 0x60 }, // of the upper layer: may be left out
        { 0x90, 0xe0, 0x80, 0x01, 0x02, 0x00 },
    };
    uint8_t data[194 + 194 + 1] = { 0 };
    struct bc_rtp_packetiser p = { .picture_id = 0x7fff };
    for (size_t i = 0; i < 3; i++) {
        struct bc_packet *packet =
            make_packet(BC_CODEC_VP8, NULL, data, sizeof(data), FLAGS[i]);
        struct bc_rtp_frame *f = bc_rtp_packetise(&p, packet, MAX);
        assert_int_equal(f->count, 3);
        assert_int_equal(f->slices[0].len, MAX);
        assert_int_equal(f->slices[1].len, MAX);
        assert_int_equal(f->slices[2].len, 7);
        assert_memory_equal(f->bytes, HEADS[i], 6);
        for (size_t k = 1; k < 3; k++) {
            const uint8_t *head = f->bytes + f->slices[k].offset;
            assert_int_equal(head[0], HEADS[i][0] & ~0x10);
            assert_memory_equal(head + 1, HEADS[i] + 1, 5);
        }
        bc_rtp_frame_unref(&f);
        bc_packet_unref(&packet);
    }
    bc_rtp_packetiser_finish(&p);
}

static void
test_vp9_descriptors_written(void **state)
{
    (void)state;
    // I B, I, I E; then with P; whole frames have B and E
    static const uint8_t HEADS[2][3] = { { 0x88, 0x80, 0x84 }, { 0xc8, 0xc0, 0xc4 } };
    uint8_t data[197 + 197 + 1] = { 0 };
    struct bc_rtp_packetiser p = { .picture_id = 5 };
    for (size_t i = 0; i < 2; i++) {
        struct bc_packet *packet = make_packet(
            BC_CODEC_VP9, NULL, data, sizeof(data), i == 0 ? BC_PACKET_KEY : 0);
        struct bc_rtp_frame *f = bc_rtp_packetise(&p, packet, MAX);
        assert_int_equal(f->count, 3);
        for (size_t k = 0; k < 3; k++) {
            const uint8_t *head = f->bytes + f->slices[k].offset;
            assert_int_equal(f->slices[k].len, k < 2 ? MAX : 4);
            assert_int_equal(head[0], HEADS[i][k]);
            assert_int_equal(head[1], 0x80);
            assert_int_equal(head[2], 5 + i);
        }
        bc_rtp_frame_unref(&f);
        bc_packet_unref(&packet);
    }
    struct bc_packet *small = make_packet(BC_CODEC_VP9, NULL, data, 3, 0);
    struct bc_rtp_frame *f = bc_rtp_packetise(&p, small, MAX);
    assert_int_equal(f->total, 6);
    assert_int_equal(f->bytes[0], 0xcc);
    bc_rtp_frame_unref(&f);
    bc_packet_unref(&small);
    bc_rtp_packetiser_finish(&p);
}

static void
test_vp8_descriptors_read(void **state)
{
    (void)state;
    static const uint8_t WHOLE[] = { 0x10, VP8_KEY };
    static const uint8_t SHORT_ID[] = { 0x90, 0x80, 0x11, VP8_DELTA };
    static const uint8_t LONG_ID[] = { 0xb0, 0x80, 0x81, 0x22, VP8_DELTA };
    static const uint8_t ALL[] = { 0x90, 0xf0, 0x81, 0x23, 0x05, 0x20, VP8_DELTA };
    static const uint8_t LAYER_INDEX[] = { 0x90, 0x40, 0x05, VP8_DELTA };
    static const uint8_t KEY_INDEX[] = { 0x90, 0x10, 0x05, VP8_DELTA };
    // A second partition in a packet of its own, and the rest of it.
    static const uint8_t PARTITION[] = { 0x11, 0xaa };
    static const uint8_t REST[] = { 0x01, 0xbb };
    struct rig r;
    rig_open(&r, BC_CODEC_VP8, NULL);
    RIG_PUSH(&r, WHOLE, 0, true);
    RIG_PUSH(&r, SHORT_ID, 1, true);
    RIG_PUSH(&r, LONG_ID, 2, true);
    RIG_PUSH(&r, ALL, 3, true);
    RIG_PUSH(&r, LAYER_INDEX, 4, true);
    RIG_PUSH(&r, KEY_INDEX, 5, false);
    RIG_PUSH(&r, PARTITION, 5, false);
    RIG_PUSH(&r, REST, 5, true);
    assert_int_equal(r.count, 6);
    check(&r, 0, ((const uint8_t[]){ VP8_KEY }), 10, BC_PACKET_KEY);
    for (unsigned i = 1; i < 5; i++) {
        check(&r, i, "\xd1\x11", 2, i == 2 ? BC_PACKET_DISPOSABLE : 0);
    }
    check(&r, 5, "\xd1\x11\xaa\xbb", 4, 0);
    assert_string_equal(r.units[0].track->codec_string, "vp8");
    rig_close(&r);
}

static void
test_vp9_descriptors_read(void **state)
{
    (void)state;
    static const uint8_t WHOLE[] = { 0x0c, VP9_KEY };
    // I P L F B E, id, TID 1 U SID 0 D 0, two references
    static const uint8_t FLEXIBLE[] = { 0xfc, 0x11, 0x30, 0x03, 0x04, VP9_DELTA };
    // I P L B E, long id, TID 1, TL0PICIDX
    static const uint8_t FIXED[] = { 0xec, 0x81, 0x22, 0x20, 0x07, VP9_DELTA };
    // Three references at most, even when the third says more.
    static const uint8_t THREE[] = { 0x5c, 0x03, 0x05, 0x07, VP9_DELTA };
    // I L B V | id | SID 0 | TL0PICIDX | 2 layers, Y, G | 80x48, 160x96 | 2 pictures:
    // without, and with 2 references
    static const uint8_t LOWER[] = { 0xaa, 0x14, 0x00, 0x08, 0x38, 0x00, 0x50, 0x00, 0x30,
        0x00, 0xa0, 0x00, 0x60, 0x02, 0x00, 0x28, 0x01, 0x02, VP9_KEY };
    // I L B E | id | SID 1, D | TL0PICIDX
    static const uint8_t UPPER[] = { 0xac, 0x14, 0x03, 0x08, VP9_DELTA };
    struct rig r;
    rig_open(&r, BC_CODEC_VP9, NULL);
    RIG_PUSH(&r, WHOLE, 0, true);
    RIG_PUSH(&r, FLEXIBLE, 1, true);
    RIG_PUSH(&r, FIXED, 2, true);
    RIG_PUSH(&r, THREE, 3, true);
    check(&r, 0, ((const uint8_t[]){ VP9_KEY }), 10, BC_PACKET_KEY);
    for (unsigned i = 1; i < 4; i++) {
        check(&r, i, "\x86\x00", 2, 0);
    }
    assert_string_equal(r.units[0].track->codec_string, "vp09.00.10.08");
    RIG_PUSH(&r, LOWER, 4, false);
    RIG_PUSH(&r, UPPER, 4, true);
    check(&r, 4, ((const uint8_t[]){ VP9_KEY, VP9_DELTA }), 12, BC_PACKET_KEY);
    // Predicted from nothing, yet no keyframe: an intra-only picture.
    RIG_PUSH(&r, ((const uint8_t[]){ 0x0c, VP9_DELTA }), 5, true);
    check(&r, 5, "\x86\x00", 2, 0);
    assert_int_equal(bc_rtp_depacketiser_errors(r.d), 0);
    rig_close(&r);
}

static void
test_a_larger_picture_is_another_track(void **state)
{
    (void)state;
    static const uint8_t SMALL[] = { 0x10, VP8_KEY };
    static const uint8_t LARGE[] = { 0x10, 0xb0, 0x45, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01,
        0xc0, 0x00 };
    struct rig r;
    rig_open(&r, BC_CODEC_VP8, NULL);
    RIG_PUSH(&r, SMALL, 0, true);
    RIG_PUSH(&r, SMALL, 1, true);
    RIG_PUSH(&r, LARGE, 2, true);
    assert_ptr_equal(r.units[0].track, r.units[1].track);
    assert_ptr_not_equal(r.units[1].track, r.units[2].track);
    assert_int_equal(r.units[2].track->width, 320);
    rig_close(&r);
}

// What is missing between pictures whose numbers follow each other was no picture.
static void
test_holes_between_pictures_cost_nothing(void **state)
{
    (void)state;
    static const uint8_t KEY_127[] = { 0x90, 0x80, 0x7f, VP8_KEY };
    static const uint8_t DELTA_0[] = { 0x90, 0x80, 0x00, VP8_DELTA };
    static const uint8_t DELTA_2[] = { 0x90, 0x80, 0x02, VP8_DELTA };
    static const uint8_t DELTA_3[] = { 0x90, 0x80, 0x03, VP8_DELTA };
    struct rig r;
    rig_open(&r, BC_CODEC_VP8, NULL);
    RIG_PUSH(&r, KEY_127, 0, true);
    rig_push(&r, DELTA_0, sizeof(DELTA_0), 1, true, true);
    assert_int_equal(r.count, 2);
    rig_push(&r, DELTA_2, sizeof(DELTA_2), 2, true, true);
    rig_push(&r, DELTA_3, sizeof(DELTA_3), 3, true, true);
    assert_int_equal(r.count, 2);
    assert_int_equal(r.broken, 2);
    rig_close(&r);
}

static void
test_damage_is_counted_and_costs_the_unit(void **state)
{
    (void)state;
    static const struct {
        enum bc_codec codec;
        uint8_t bytes[10];
        size_t len;
    } BAD[] = {
        { BC_CODEC_VP8, { 0x10 }, 1 }, // nothing behind the descriptor
        { BC_CODEC_VP8, { 0x90, 0x80, 0x80 }, 3 }, // half a picture id
        { BC_CODEC_VP8, { 0x90, 0xf0, 0x80, 0x01, 0x01, 0x20 }, 6 },
        { BC_CODEC_VP8, { 0x00, 0xaa }, 2 }, // not the start
        { BC_CODEC_VP8, { 0x11, 0xaa }, 2 }, // of the second partition
        { BC_CODEC_VP9, { 0x0c }, 1 },
        { BC_CODEC_VP9, { 0x8c, 0x80 }, 2 },
        { BC_CODEC_VP9, { 0x44, 0xaa }, 2 }, // not the start
        { BC_CODEC_VP9, { 0x6c, 0x02, 0x00, 0xaa }, 4 }, // of the second layer
        { BC_CODEC_VP9, { 0x0e, 0x18, 0x00, 0xa0, 0x00, 0x60, 0x02, 0x0c, 0x00 }, 9 },
    };
    static const uint8_t VP8[] = { 0x10, VP8_KEY };
    static const uint8_t VP9[] = { 0x0c, VP9_KEY };
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        struct rig r;
        bool vp8 = BAD[i].codec == BC_CODEC_VP8;
        rig_open(&r, BAD[i].codec, NULL);
        rig_push(&r, vp8 ? VP8 : VP9, sizeof(VP8), 0, true, false);
        rig_push(&r, BAD[i].bytes, BAD[i].len, 1, true, false);
        assert_int_equal(r.count, 1);
        assert_int_equal(r.broken, 1);
        assert_int_equal(bc_rtp_depacketiser_errors(r.d), 1);
        // A picture that begins twice.
        rig_push(&r, vp8 ? VP8 : VP9, sizeof(VP8), 2, false, false);
        rig_push(&r, vp8 ? VP8 : VP9, sizeof(VP8), 2, true, false);
        assert_int_equal(r.count, 1);
        assert_int_equal(r.broken, 2);
        rig_close(&r);
    }
}

static void
test_keyframes_without_size_are_none(void **state)
{
    (void)state;
    static const uint8_t CUT[] = { 0x10, 0xb0, 0x45, 0x00, 0x9d, 0x01 };
    struct rig r;
    rig_open(&r, BC_CODEC_VP8, NULL);
    RIG_PUSH(&r, CUT, 0, true);
    assert_int_equal(r.count, 0);
    assert_int_equal(r.broken, 1);
    rig_close(&r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vp8_descriptors_written),
        cmocka_unit_test(test_vp9_descriptors_written),
        cmocka_unit_test(test_vp8_descriptors_read),
        cmocka_unit_test(test_vp9_descriptors_read),
        cmocka_unit_test(test_a_larger_picture_is_another_track),
        cmocka_unit_test(test_holes_between_pictures_cost_nothing),
        cmocka_unit_test(test_damage_is_counted_and_costs_the_unit),
        cmocka_unit_test(test_keyframes_without_size_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
