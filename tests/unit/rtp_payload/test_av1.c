// SPDX-License-Identifier: Apache-2.0
// AV1 and RTP payloads: the aggregation header Z Y W(2) N 000 and OBU elements.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"

#define MAX 200

// libaom, 160x96. As in a file: header with has_size, size, payload.
#define SEQUENCE 0x0a, 0x0a, 0x00, 0x00, 0x00, 0x03, 0xb4, 0xfd, 0xf3, 0x6b, 0xe4, 0x01
#define SEQUENCE_BARE 0x08, 0x00, 0x00, 0x00, 0x03, 0xb4, 0xfd, 0xf3, 0x6b, 0xe4, 0x01
// OBU_FRAME: show_existing 0, frame_type 0 (key), show_frame 1
#define KEY 0x32, 0x03, 0x10, 0xaa, 0xbb
#define KEY_BARE 0x30, 0x10, 0xaa, 0xbb
// frame_type 1 (inter)
#define DELTA_BARE 0x30, 0x30, 0xcc

static const uint8_t UNIT_OUT[] = { SEQUENCE, KEY };
// W = 2, N: size, sequence header | frame
static const uint8_t KEY_PACKET[] = { 0x28, 0x0b, SEQUENCE_BARE, KEY_BARE };
static const uint8_t DELTA_PACKET[] = { 0x10, DELTA_BARE };

static struct bc_rtp_frame *
run(const struct bc_buf *config, const void *data, size_t len, uint32_t flags)
{
    struct bc_rtp_packetiser p = { 0 };
    struct bc_packet *packet = make_packet(BC_CODEC_AV1, config, data, len, flags);
    struct bc_rtp_frame *frame = bc_rtp_packetise(&p, packet, MAX);
    bc_packet_unref(&packet);
    bc_rtp_packetiser_finish(&p);
    return frame;
}

static void
test_obus_lose_their_sizes(void **state)
{
    (void)state;
    // A delimiter, padding and a tile list stay here.
    static const uint8_t UNIT[] = { 0x12, 0x00, SEQUENCE, 0x7a, 0x02, 0x00, 0x80, KEY, //
        0x42, 0x01, 0x00 };
    struct bc_rtp_frame *f = run(NULL, UNIT, sizeof(UNIT), BC_PACKET_KEY);
    assert_int_equal(f->count, 1);
    assert_int_equal(f->total, sizeof(KEY_PACKET));
    assert_memory_equal(f->bytes, KEY_PACKET, sizeof(KEY_PACKET));
    bc_rtp_frame_unref(&f);
    static const uint8_t DELTA[] = { 0x12, 0x00, 0x32, 0x02, 0x30, 0xcc };
    f = run(NULL, DELTA, sizeof(DELTA), 0);
    assert_int_equal(f->total, sizeof(DELTA_PACKET));
    assert_memory_equal(f->bytes, DELTA_PACKET, sizeof(DELTA_PACKET));
    bc_rtp_frame_unref(&f);
    assert_null(run(NULL, DELTA, 2, 0));
    assert_null(run(NULL, "\x92\x00", 2, 0));
}

static void
test_a_keyframe_gets_its_sequence_header(void **state)
{
    (void)state;
    static const uint8_t AV1C[] = { 0x81, 0x00, 0x0c, 0x00, SEQUENCE };
    static const uint8_t BARE[] = { KEY };
    struct bc_buf *config = bc_buf_copy(AV1C, sizeof(AV1C));
    struct bc_rtp_frame *f = run(config, BARE, sizeof(BARE), BC_PACKET_KEY);
    assert_int_equal(f->total, sizeof(KEY_PACKET));
    assert_memory_equal(f->bytes, KEY_PACKET, sizeof(KEY_PACKET));
    bc_rtp_frame_unref(&f);
    // One that has it does not get it twice.
    f = run(config, UNIT_OUT, sizeof(UNIT_OUT), BC_PACKET_KEY);
    assert_int_equal(f->total, sizeof(KEY_PACKET));
    bc_rtp_frame_unref(&f);
    bc_buf_unref(&config);
    config = bc_buf_copy(AV1C, 5);
    f = run(config, BARE, sizeof(BARE), BC_PACKET_KEY);
    assert_int_equal(f->total, 1 + 4);
    bc_rtp_frame_unref(&f);
    bc_buf_unref(&config);
}

// Payloads are full to the byte, with the sequence header before the first part.
static void
test_fragments_fill_their_packets(void **state)
{
    (void)state;
    uint8_t unit[12 + 3 + 480] = { SEQUENCE, 0x32, 0xe0, 0x03, 0x10 };
    for (size_t i = 16; i < sizeof(unit); i++) {
        unit[i] = (uint8_t)i;
    }
    struct bc_rtp_frame *f = run(NULL, unit, sizeof(unit), BC_PACKET_KEY);
    assert_int_equal(f->count, 3);
    static const uint8_t HEADS[] = { 0x68, 0xd0, 0x90 }; // Y W=2 N, Z Y W=1, Z W=1
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(f->slices[i].len, i < 2 ? MAX : 481 - 187 - 199 + 1);
        assert_int_equal(f->bytes[f->slices[i].offset], HEADS[i]);
    }
    bc_rtp_frame_unref(&f);
}

static void
test_a_packet_has_at_most_three_obus(void **state)
{
    (void)state;
    static const uint8_t UNIT[] = { 0x2a, 0x01, 0xa1, 0x2a, 0x01, 0xa2, 0x2a, 0x01,
        0xa3, //
        0x2a, 0x01, 0xa4 };
    struct bc_rtp_frame *f = run(NULL, UNIT, sizeof(UNIT), 0);
    assert_int_equal(f->count, 2);
    assert_int_equal(f->total, 12);
    assert_memory_equal(f->bytes, "\x30\x02\x28\xa1\x02\x28\xa2\x28\xa3\x10\x28\xa4", 12);
    bc_rtp_frame_unref(&f);
}

static void
check_key(const struct rig *r, unsigned i)
{
    assert_true(i < r->count);
    assert_int_equal(r->units[i].flags, BC_PACKET_KEY);
    assert_int_equal(r->units[i].buf->len, sizeof(UNIT_OUT));
    assert_memory_equal(r->units[i].buf->data, UNIT_OUT, sizeof(UNIT_OUT));
    assert_string_equal(r->units[i].track->codec_string, "av01.0.00M.08");
}

static void
test_units_come_out_of_all_forms(void **state)
{
    (void)state;
    // W = 0: all with lengths, one of them with a size and one a delimiter.
    static const uint8_t LENGTHS[] = { 0x08, 0x02, 0x12, 0x00, 0x0c, SEQUENCE, 0x04,
        KEY_BARE };
    // W = 3 with an empty delimiter
    static const uint8_t THREE[] = { 0x38, 0x01, 0x10, 0x0b, SEQUENCE_BARE, KEY_BARE };
    struct rig r;
    rig_open(&r, BC_CODEC_AV1, NULL);
    RIG_PUSH(&r, KEY_PACKET, 0, true);
    RIG_PUSH(&r, DELTA_PACKET, 1, true);
    RIG_PUSH(&r, LENGTHS, 2, true);
    RIG_PUSH(&r, THREE, 3, true);
    check_key(&r, 0);
    check_key(&r, 2);
    check_key(&r, 3);
    assert_int_equal(r.units[1].buf->len, 4);
    assert_memory_equal(r.units[1].buf->data, "\x32\x02\x30\xcc", 4);
    assert_int_equal(r.units[1].flags, 0);
    assert_ptr_equal(r.units[0].track, r.units[3].track);
    assert_int_equal(bc_rtp_depacketiser_errors(r.d), 0);
    rig_close(&r);
}

static void
test_obus_go_over_several_packets(void **state)
{
    (void)state;
    // The sequence header is cut too, with and without lengths before the elements.
    static const uint8_t FIRST[] = { 0x58, 0x08, 0x00, 0x00, 0x00 };
    static const uint8_t SECOND[] = { 0xc0, 0x07, 0x03, 0xb4, 0xfd, 0xf3, 0x6b, 0xe4,
        0x01, //
        0x02, 0x30, 0x10 };
    static const uint8_t THIRD[] = { 0xd0, 0xaa };
    static const uint8_t FOURTH[] = { 0x90, 0xbb };
    struct rig r;
    rig_open(&r, BC_CODEC_AV1, NULL);
    RIG_PUSH(&r, FIRST, 0, false);
    RIG_PUSH(&r, SECOND, 0, false);
    rig_push(&r, "", 0, 0, false, false);
    RIG_PUSH(&r, THIRD, 0, false);
    RIG_PUSH(&r, FOURTH, 0, true);
    check_key(&r, 0);
    rig_close(&r);
}

static void
test_nothing_before_a_keyframe(void **state)
{
    (void)state;
    static const uint8_t KEY_ONLY[] = { 0x10, KEY_BARE };
    static const uint8_t DELIMITER[] = { 0x10, 0x10 };
    static const uint8_t SHOWN_AGAIN[] = { 0x20, 0x0b, SEQUENCE_BARE, 0x18, 0x80 };
    struct rig r;
    rig_open(&r, BC_CODEC_AV1, NULL);
    RIG_PUSH(&r, DELTA_PACKET, 0, true);
    RIG_PUSH(&r, KEY_ONLY, 1, true);
    RIG_PUSH(&r, SHOWN_AGAIN, 2, true);
    assert_int_equal(r.broken, 3);
    RIG_PUSH(&r, DELIMITER, 3, true);
    assert_int_equal(r.count, 0);
    assert_int_equal(r.broken, 3);
    RIG_PUSH(&r, KEY_PACKET, 4, true);
    // Later ones may come without; behind a hole it may be what is missing.
    RIG_PUSH(&r, KEY_ONLY, 5, true);
    assert_int_equal(r.count, 2);
    assert_int_equal(r.units[1].flags, BC_PACKET_KEY);
    rig_push(&r, KEY_ONLY, sizeof(KEY_ONLY), 6, true, true);
    assert_int_equal(r.count, 2);
    rig_push(&r, KEY_PACKET, sizeof(KEY_PACKET), 7, true, true);
    check_key(&r, 2);
    rig_close(&r);
}

static void
test_damage_is_counted_and_costs_the_unit(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[8];
        size_t len;
    } BAD[] = {
        { { 0x10 }, 1 }, // no element
        { { 0x90, 0x30, 0x30 }, 3 }, // continues nothing
        { { 0x00, 0x05, 0x30, 0x30 }, 4 }, // a length behind the end
        { { 0x20, 0x02, 0x30, 0x30 }, 4 }, // the second element is missing
        { { 0x00, 0x80, 0x80, 0x80, 0x80 }, 5 }, // an endless length
    };
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        struct rig r;
        rig_open(&r, BC_CODEC_AV1, NULL);
        RIG_PUSH(&r, KEY_PACKET, 0, true);
        rig_push(&r, BAD[i].bytes, BAD[i].len, 1, true, false);
        RIG_PUSH(&r, DELTA_PACKET, 2, true);
        assert_int_equal(r.count, 1);
        assert_int_equal(r.broken, 2);
        assert_int_equal(bc_rtp_depacketiser_errors(r.d), 1);
        rig_close(&r);
    }
    // What should go on does not; an OBU that is none.
    struct rig r;
    rig_open(&r, BC_CODEC_AV1, NULL);
    RIG_PUSH(&r, KEY_PACKET, 0, true);
    RIG_PUSH(&r, ((const uint8_t[]){ 0x50, 0x30, 0x30 }), 1, false);
    RIG_PUSH(&r, DELTA_PACKET, 1, true);
    RIG_PUSH(&r, KEY_PACKET, 2, true);
    RIG_PUSH(&r, ((const uint8_t[]){ 0x10, 0x32, 0x09, 0x30 }), 3, true);
    assert_int_equal(r.count, 2);
    assert_int_equal(r.broken, 2);
    rig_close(&r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_obus_lose_their_sizes),
        cmocka_unit_test(test_a_keyframe_gets_its_sequence_header),
        cmocka_unit_test(test_fragments_fill_their_packets),
        cmocka_unit_test(test_a_packet_has_at_most_three_obus),
        cmocka_unit_test(test_units_come_out_of_all_forms),
        cmocka_unit_test(test_obus_go_over_several_packets),
        cmocka_unit_test(test_nothing_before_a_keyframe),
        cmocka_unit_test(test_damage_is_counted_and_costs_the_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
