// SPDX-License-Identifier: Apache-2.0
// AVC out of RTP payloads, RFC 6184.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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
test_sets_in_packets_of_their_own(void **state)
{
    (void)state;
    struct rig r;
    rig_open(&r, BC_CODEC_AVC, NULL);
    RIG_PUSH(&r, SPS, 0, false);
    RIG_PUSH(&r, PPS, 0, false);
    RIG_PUSH(&r, FU_START, 0, false);
    RIG_PUSH(&r, FU_MIDDLE, 0, false);
    RIG_PUSH(&r, FU_END, 0, true);
    RIG_PUSH(&r, DELTA, 3000, true);
    check_idr(&r, 0);
    check_bytes(&r, 1, "\0\0\0\4\x41\x9a\x80\x30", 8, 0);
    assert_int_equal(r.units[1].timestamp, 3000);
    assert_int_equal(r.units[1].arrived_us, 3005);
    assert_ptr_equal(r.units[0].track, r.units[1].track);
    assert_int_equal(r.broken, 0);
    rig_close(&r);
    // The same, each with a marker, and with a time of its own.
    for (uint32_t step = 0; step <= 1; step++) {
        rig_open(&r, BC_CODEC_AVC, NULL);
        RIG_PUSH(&r, SPS, 0, true);
        RIG_PUSH(&r, PPS, step, true);
        RIG_PUSH(&r, IDR, 2 * step, true);
        check_idr(&r, 0);
        assert_int_equal(r.broken, 0);
        rig_close(&r);
    }
}

static void
test_sets_in_an_aggregation(void **state)
{
    (void)state;
    struct rig r;
    rig_open(&r, BC_CODEC_AVC, NULL);
    RIG_PUSH(&r, STAP_SETS, 0, false);
    RIG_PUSH(&r, IDR, 0, true);
    check_idr(&r, 0);
    rig_close(&r);
    // SPS alone, PPS together with the picture, an empty unit in between.
    static const uint8_t MIXED[] = { 0x78, 0x00, 0x05, 0x68, 0xcb, 0x83, 0xcb, 0x20, //
        0x00, 0x00, 0x00, 0x05, 0x65, 0x88, 0x80, 0x10, 0x20 };
    rig_open(&r, BC_CODEC_AVC, NULL);
    RIG_PUSH(&r, SPS, 0, false);
    RIG_PUSH(&r, MIXED, 0, true);
    check_idr(&r, 0);
    assert_int_equal(bc_rtp_depacketiser_errors(r.d), 0);
    rig_close(&r);
}

static void
test_sets_only_in_the_sdp(void **state)
{
    (void)state;
    static const char *const FMTP[] = {
        "profile-level-id=42c01e;sprop-parameter-sets=Z0LAHtkAoC/5cBEAAAMD6QAA6mAPFi5I,"
        "aMuDyyA=;packetization-mode=1",
        " Sprop-Parameter-Sets=,,aMuDyyA=,!,Z0LAHtkAoC/5cBEAAAMD6QAA6mAPFi5I",
    };
    for (size_t i = 0; i < 2; i++) {
        struct rig r;
        rig_open(&r, BC_CODEC_AVC, FMTP[i]);
        RIG_PUSH(&r, IDR, 0, true);
        check_idr(&r, 0);
        rig_close(&r);
    }
    static const char *const USELESS[] = { "", ";", "sprop-parameter-sets",
        "sprop-parameter-sets=", "sprop-sps=Z0LAHtkAoC/5cBEAAAMD6QAA6mAPFi5I",
        "sprop-parameter-sets=Z0LAHtkAoC/5cBEAAAMD6QAA6mAPFi5I", "=;=,;" };
    for (size_t i = 0; i < sizeof(USELESS) / sizeof(USELESS[0]); i++) {
        struct rig r;
        rig_open(&r, BC_CODEC_AVC, USELESS[i]);
        RIG_PUSH(&r, IDR, 0, true);
        assert_int_equal(r.count, 0);
        assert_int_equal(r.broken, 1);
        rig_close(&r);
    }
}

static void
test_nothing_before_a_keyframe_with_sets(void **state)
{
    (void)state;
    struct rig r;
    rig_open(&r, BC_CODEC_AVC, NULL);
    RIG_PUSH(&r, DELTA, 0, true);
    RIG_PUSH(&r, IDR, 1, true);
    RIG_PUSH(&r, SPS, 2, false);
    RIG_PUSH(&r, IDR, 2, true);
    RIG_PUSH(&r, STAP_SETS, 3, false);
    RIG_PUSH(&r, DELTA, 3, true);
    assert_int_equal(r.count, 0);
    assert_int_equal(r.broken, 4);
    RIG_PUSH(&r, IDR, 4, true);
    check_idr(&r, 0);
    rig_close(&r);
}

// The slice's PPS tells which SPS counts, whatever else was sent.
static void
test_the_picture_chooses_its_sets(void **state)
{
    (void)state;
    // Baseline 3.1, 1280x720, SPS 1: id (010); PPS 3 (00100) of SPS 1 (010)
    static const uint8_t SPS_1[] = { 0x67, 0x42, 0x00, 0x1f, 0x56, 0x80, 0x50, 0x05,
        0xb9 };
    static const uint8_t PPS_3[] = { 0x68, 0x22, 0x63, 0xc8 };
    // IDR with PPS 3: 1 0001000 00100 1..
    static const uint8_t IDR_3[] = { 0x65, 0x88, 0x24, 0x10 };
    struct rig r;
    open_playing(&r);
    RIG_PUSH(&r, SPS_1, 1, false);
    RIG_PUSH(&r, PPS_3, 1, false);
    RIG_PUSH(&r, IDR, 1, true);
    RIG_PUSH(&r, IDR_3, 2, true);
    RIG_PUSH(&r, IDR, 3, true);
    assert_int_equal(r.count, 3);
    check_idr(&r, 0);
    assert_string_equal(r.units[1].track->codec_string, "avc1.42001f");
    assert_int_equal(r.units[1].track->width, 1280);
    check_idr(&r, 2);
    rig_close(&r);
}

static void
test_a_track_changes_only_with_its_sets(void **state)
{
    (void)state;
    // Level 3.1 instead of 3.0, the same id.
    uint8_t changed[sizeof(SPS)];
    memcpy(changed, SPS, sizeof(SPS));
    changed[3] = 0x1f;
    struct rig r;
    rig_open(&r, BC_CODEC_AVC, NULL);
    for (uint32_t i = 0; i < 3; i++) {
        RIG_PUSH(&r, STAP_SETS, i, false);
        RIG_PUSH(&r, IDR, i, true);
    }
    RIG_PUSH(&r, changed, 3, false);
    RIG_PUSH(&r, IDR, 3, true);
    assert_int_equal(r.count, 4);
    assert_ptr_equal(r.units[0].track, r.units[1].track);
    assert_ptr_equal(r.units[0].track, r.units[2].track);
    assert_ptr_not_equal(r.units[0].track, r.units[3].track);
    assert_string_equal(r.units[3].track->codec_string, "avc1.42c01f");
    rig_close(&r);
}

static void
test_sets_changed_within_a_sequence_stay_in_the_unit(void **state)
{
    (void)state;
    static const uint8_t OTHER_PPS[] = { 0x68, 0xce, 0x3c, 0x80, 0x00 };
    struct rig r;
    open_playing(&r);
    RIG_PUSH(&r, PPS, 1, false);
    RIG_PUSH(&r, DELTA, 1, true);
    RIG_PUSH(&r, OTHER_PPS, 2, false);
    RIG_PUSH(&r, DELTA, 2, true);
    RIG_PUSH(&r, IDR, 3, true);
    check_bytes(&r, 0, "\0\0\0\4\x41\x9a\x80\x30", 8, 0);
    check_bytes(&r, 1, "\0\0\0\5\x68\xce\x3c\x80\x00\0\0\0\4\x41\x9a\x80\x30", 17, 0);
    assert_ptr_equal(r.units[0].track, r.units[1].track);
    assert_ptr_not_equal(r.units[1].track, r.units[2].track);
    rig_close(&r);
}

static void
test_empty_payloads_are_passed_over(void **state)
{
    (void)state;
    struct rig r;
    rig_open(&r, BC_CODEC_AVC, NULL);
    RIG_PUSH(&r, STAP_SETS, 0, false);
    rig_push(&r, "", 0, 0, false, false);
    RIG_PUSH(&r, FU_START, 0, false);
    rig_push(&r, "", 0, 77, true, false);
    RIG_PUSH(&r, FU_MIDDLE, 0, false);
    RIG_PUSH(&r, FU_END, 0, true);
    rig_push(&r, "", 0, 1, true, false);
    RIG_PUSH(&r, DELTA, 2, true);
    assert_int_equal(r.count, 2);
    assert_int_equal(r.broken, 0);
    assert_int_equal(bc_rtp_depacketiser_errors(r.d), 0);
    // One behind a hole does not hide it.
    rig_push(&r, "", 0, 3, false, true);
    RIG_PUSH(&r, DELTA, 3, true);
    assert_int_equal(r.count, 2);
    assert_int_equal(r.broken, 1);
    rig_close(&r);
}

static void
test_a_unit_may_end_without_marker(void **state)
{
    (void)state;
    struct rig r;
    open_playing(&r);
    RIG_PUSH(&r, DELTA, 1, false);
    RIG_PUSH(&r, DELTA_2, 1, false);
    assert_int_equal(r.count, 0);
    RIG_PUSH(&r, DELTA, 2, false);
    assert_int_equal(r.count, 1);
    assert_int_equal(r.units[0].buf->len, 16);
    rig_close(&r);
}

static void
test_delimiters_are_left_out_and_references_seen(void **state)
{
    (void)state;
    struct rig r;
    open_playing(&r);
    RIG_PUSH(&r, ((const uint8_t[]){ 0x09, 0xf0 }), 1, false);
    RIG_PUSH(&r, ((const uint8_t[]){ 0x01, 0x9a, 0x80 }), 1, false);
    RIG_PUSH(&r, ((const uint8_t[]){ 0x0c, 0xff, 0x80 }), 1, true);
    check_bytes(&r, 0, "\0\0\0\3\x01\x9a\x80", 7, BC_PACKET_DISPOSABLE);
    rig_close(&r);
}

static void
test_unknown_codecs_have_no_depacketiser(void **state)
{
    (void)state;
    struct bc_rtp_depacketiser_params params = { .codec = BC_CODEC_MP3 };
    assert_null(bc_rtp_depacketiser_create(&params));
    bc_rtp_depacketiser_destroy(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sets_in_packets_of_their_own),
        cmocka_unit_test(test_sets_in_an_aggregation),
        cmocka_unit_test(test_sets_only_in_the_sdp),
        cmocka_unit_test(test_nothing_before_a_keyframe_with_sets),
        cmocka_unit_test(test_the_picture_chooses_its_sets),
        cmocka_unit_test(test_a_track_changes_only_with_its_sets),
        cmocka_unit_test(test_sets_changed_within_a_sequence_stay_in_the_unit),
        cmocka_unit_test(test_empty_payloads_are_passed_over),
        cmocka_unit_test(test_a_unit_may_end_without_marker),
        cmocka_unit_test(test_delimiters_are_left_out_and_references_seen),
        cmocka_unit_test(test_unknown_codecs_have_no_depacketiser),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
