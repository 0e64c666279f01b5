// SPDX-License-Identifier: Apache-2.0
// AVC out of RTP payloads: damage, losses and limits.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "avc_bytes.h"
#include "rig.h"

static void
check_bytes(const struct rig *r, unsigned i, const void *data, size_t len, uint32_t flags)
{
    assert_true(i < r->count);
    assert_int_equal(r->units[i].buf->len, len);
    assert_memory_equal(r->units[i].buf->data, data, len);
    assert_int_equal(r->units[i].flags, flags);
}

static void
check_idr(const struct rig *r, unsigned i)
{
    check_bytes(r, i, "\0\0\0\5\x65\x88\x80\x10\x20", 9, BC_PACKET_KEY);
    assert_string_equal(r->units[i].track->codec_string, "avc1.42c01e");
    assert_int_equal(r->units[i].track->width, 640);
    assert_int_equal(r->units[i].track->height, 360);
}

static void
open_playing(struct rig *r)
{
    rig_open(r, BC_CODEC_AVC, NULL);
    RIG_PUSH(r, STAP_SETS, 0, false);
    RIG_PUSH(r, IDR, 0, true);
    assert_int_equal(r->count, 1);
    rig_clear(r);
}

static void
test_damage_is_counted_and_costs_the_unit(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[8];
        size_t len;
    } BAD[] = {
        { { 0x00, 0x01 }, 2 }, // type 0
        { { 0x79, 0x00, 0x00, 0x00, 0x01 }, 5 }, // STAP-B
        { { 0x7a, 0x00, 0x00 }, 3 }, // MTAP16
        { { 0x7d, 0x85, 0x00, 0x00, 0x01 }, 5 }, // FU-B
        { { 0x7f, 0x01 }, 2 }, // reserved
        { { 0x65 }, 1 }, // a header only
        { { 0x78, 0x00, 0x03, 0x41, 0x9a }, 5 }, // a length behind the end
        { { 0x78, 0x00 }, 2 }, // half a length
        { { 0x7c }, 1 }, // no FU header
        { { 0x7c, 0x81 }, 2 }, // nothing in the fragment
        { { 0x7c, 0x01, 0x9a }, 3 }, // no start before it
        { { 0x7c, 0x41, 0x9a }, 3 },
    };
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        struct rig r;
        open_playing(&r);
        rig_push(&r, BAD[i].bytes, BAD[i].len, 1, false, false);
        RIG_PUSH(&r, DELTA, 1, true);
        RIG_PUSH(&r, DELTA, 2, true);
        assert_int_equal(r.count, 0);
        assert_int_equal(r.broken, 2);
        assert_int_equal(bc_rtp_depacketiser_errors(r.d), 1);
        RIG_PUSH(&r, STAP_SETS, 3, false);
        RIG_PUSH(&r, IDR, 3, true);
        check_idr(&r, 0);
        rig_close(&r);
    }
}

static void
test_fragments_out_of_order_are_damage(void **state)
{
    (void)state;
    static const uint8_t OTHER_TYPE[] = { 0x7c, 0x01, 0x10 };
    struct rig r;
    open_playing(&r);
    RIG_PUSH(&r, FU_START, 1, false);
    RIG_PUSH(&r, FU_START, 1, true);
    RIG_PUSH(&r, FU_START, 2, false);
    RIG_PUSH(&r, DELTA, 2, true);
    RIG_PUSH(&r, FU_START, 3, false);
    RIG_PUSH(&r, OTHER_TYPE, 3, true);
    assert_int_equal(bc_rtp_depacketiser_errors(r.d), 3);
    // The end is missing, though nobody noticed a loss.
    RIG_PUSH(&r, FU_START, 4, true);
    assert_int_equal(r.count, 0);
    assert_int_equal(r.broken, 4);
    // Start and end in one: not allowed, but clear.
    RIG_PUSH(&r, ((const uint8_t[]){ 0x7c, 0xc5, 0x88, 0x80, 0x10, 0x20 }), 5, true);
    check_idr(&r, 0);
    rig_close(&r);
}

static void
test_a_keyframe_behind_a_hole(void **state)
{
    (void)state;
    struct rig r;
    // Whole: sets and first slice are there.
    open_playing(&r);
    rig_push(&r, STAP_SETS, sizeof(STAP_SETS), 1, false, true);
    RIG_PUSH(&r, IDR, 1, false);
    RIG_PUSH(&r, IDR_2, 1, true);
    assert_int_equal(r.count, 1);
    assert_int_equal(r.broken, 0);
    rig_close(&r);
    // The first slice is missing.
    open_playing(&r);
    rig_push(&r, IDR_2, sizeof(IDR_2), 1, true, true);
    assert_int_equal(r.count, 0);
    assert_int_equal(r.broken, 1);
    rig_close(&r);
    // The sets may be missing, as they came before. The next one has none either.
    open_playing(&r);
    rig_push(&r, IDR, sizeof(IDR), 1, true, true);
    assert_int_equal(r.count, 0);
    RIG_PUSH(&r, DELTA, 2, true);
    rig_push(&r, IDR, sizeof(IDR), 3, true, true);
    check_idr(&r, 0);
    rig_close(&r);
}

// Who comes late sees the rest of a keyframe first.
static void
test_the_first_packet_may_be_in_the_middle(void **state)
{
    (void)state;
    struct rig r;
    rig_open(&r, BC_CODEC_AVC,
        "sprop-parameter-sets=Z0LAHtkAoC/5cBEAAAMD6QAA6mAPFi5I,aMuDyyA=");
    RIG_PUSH(&r, IDR_2, 0, true);
    assert_int_equal(r.count, 0);
    RIG_PUSH(&r, IDR, 1, true);
    check_idr(&r, 0);
    rig_close(&r);
}

static void
test_units_are_bounded(void **state)
{
    (void)state;
    static uint8_t part[60000] = { 0x7c, 0x85, 0x88, 0x80 };
    struct rig r;
    open_playing(&r);
    for (unsigned i = 0; i < 200; i++) { // 12 MB
        part[1] = i == 0 ? 0x85 : 0x05;
        RIG_PUSH(&r, part, 1, false);
    }
    assert_int_equal(bc_rtp_depacketiser_errors(r.d), 1);
    RIG_PUSH(&r, FU_END, 1, true);
    assert_int_equal(r.count, 0);
    assert_int_equal(r.broken, 1);
    RIG_PUSH(&r, STAP_SETS, 2, false);
    RIG_PUSH(&r, IDR, 2, true);
    check_idr(&r, 0);
    rig_close(&r);
}

// Sets with all ids there are, again and again: the tables do not grow, and what comes
// last is known.
static void
test_sets_are_bounded(void **state)
{
    (void)state;
    struct rig r;
    open_playing(&r);
    for (unsigned i = 0; i < 600; i++) {
        // PPS i % 200 + 55 of SPS 0 as Exp-Golomb: value + 1 has 6 to 8 bits.
        uint32_t v = i % 200 + 56;
        unsigned zeros = v >= 128 ? 7 : v >= 64 ? 6 : 5;
        uint32_t bits = v << (32 - 2 * zeros - 1) | 1u << (32 - 2 * zeros - 2);
        uint8_t pps[] = { 0x68, (uint8_t)(bits >> 24), (uint8_t)(bits >> 16),
            (uint8_t)(bits >> 8), 0x80 };
        RIG_PUSH(&r, pps, 1, false);
    }
    RIG_PUSH(&r, STAP_SETS, 1, false);
    RIG_PUSH(&r, IDR, 1, true);
    check_idr(&r, 0);
    // An SPS that is far too large is none.
    uint8_t *large = calloc(1, 5000);
    memcpy(large, SPS, sizeof(SPS));
    large[3] = 0x1f;
    large[4999] = 1;
    rig_push(&r, large, 5000, 2, false, false);
    RIG_PUSH(&r, IDR, 2, true);
    check_idr(&r, 1);
    free(large);
    rig_close(&r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_damage_is_counted_and_costs_the_unit),
        cmocka_unit_test(test_fragments_out_of_order_are_damage),
        cmocka_unit_test(test_a_keyframe_behind_a_hole),
        cmocka_unit_test(test_the_first_packet_may_be_in_the_middle),
        cmocka_unit_test(test_units_are_bounded),
        cmocka_unit_test(test_sets_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
