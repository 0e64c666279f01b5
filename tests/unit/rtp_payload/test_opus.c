// SPDX-License-Identifier: Apache-2.0
// Opus and RTP payloads, RFC 7587.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"

// CELT, fullband, 20 ms, stereo, one frame
static const uint8_t MUSIC[] = { 0xfc, 0x01, 0x02 };

static void
test_packets_go_out_whole(void **state)
{
    (void)state;
    struct bc_rtp_packetiser p = { 0 };
    uint8_t large[201] = { 0xfc };
    struct bc_packet *packet = make_packet(BC_CODEC_OPUS, NULL, large, 200, 0);
    struct bc_rtp_frame *f = bc_rtp_packetise(&p, packet, 200);
    assert_int_equal(f->count, 1);
    assert_int_equal(f->total, 200);
    assert_int_equal(f->kind, BC_KIND_AUDIO);
    bc_rtp_frame_unref(&f);
    bc_packet_unref(&packet);
    // It can't be cut.
    packet = make_packet(BC_CODEC_OPUS, NULL, large, 201, 0);
    assert_null(bc_rtp_packetise(&p, packet, 200));
    bc_packet_unref(&packet);
    bc_rtp_packetiser_finish(&p);
}

static void
test_every_payload_is_a_unit(void **state)
{
    (void)state;
    struct rig r;
    rig_open(&r, BC_CODEC_OPUS, "minptime=10;useinbandfec=1");
    RIG_PUSH(&r, MUSIC, 0, true);
    RIG_PUSH(&r, MUSIC, 960, false);
    // Losses cost nothing but what is lost, and are nobody's business here.
    rig_push(&r, MUSIC, sizeof(MUSIC), 2880, false, true);
    rig_push(&r, "", 0, 3840, false, false);
    // Silence: one byte, or two
    RIG_PUSH(&r, ((const uint8_t[]){ 0xf8 }), 4800, false);
    RIG_PUSH(&r, ((const uint8_t[]){ 0x78, 0x0b }), 24000, false);
    assert_int_equal(r.count, 5);
    assert_int_equal(r.broken, 0);
    assert_int_equal(bc_rtp_depacketiser_errors(r.d), 0);
    assert_int_equal(r.units[2].timestamp, 2880);
    assert_int_equal(r.units[3].buf->len, 1);
    for (unsigned i = 0; i < 5; i++) {
        const struct bc_track *t = r.units[i].track;
        assert_int_equal(t->sample_rate, 48000);
        assert_int_equal(t->channels, 2);
        assert_int_equal(t->frame_samples, 960);
        assert_ptr_equal(t, r.units[0].track);
    }
    rig_close(&r);
}

// Configurations of RFC 6716 table 2, with their frames' length at 48 kHz.
static void
test_the_length_of_packets_is_seen(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[2];
        uint32_t samples;
    } PACKETS[] = {
        { { 0x00, 0x01 }, 480 }, // SILK 10 ms
        { { 0x18, 0x01 }, 2880 }, // SILK 60 ms
        { { 0x11, 0x01 }, 1920 * 2 }, // SILK 40 ms, two of the same size
        { { 0x60, 0x01 }, 480 }, // hybrid 10 ms
        { { 0x6a, 0x01 }, 960 * 2 }, // hybrid 20 ms, two of different size
        { { 0x80, 0x01 }, 120 }, // CELT 2.5 ms
        { { 0xfb, 0x06 }, 960 * 6 }, // CELT 20 ms, six
    };
    for (size_t i = 0; i < sizeof(PACKETS) / sizeof(PACKETS[0]); i++) {
        struct rig r;
        rig_open(&r, BC_CODEC_OPUS, NULL);
        RIG_PUSH(&r, PACKETS[i].bytes, 0, false);
        RIG_PUSH(&r, PACKETS[i].bytes, 1, false);
        assert_int_equal(r.count, 2);
        assert_int_equal(r.units[0].track->frame_samples, PACKETS[i].samples);
        assert_ptr_equal(r.units[0].track, r.units[1].track);
        // It varies from here on.
        RIG_PUSH(&r, MUSIC, 2, false);
        RIG_PUSH(&r, PACKETS[i].bytes, 3, false);
        assert_int_equal(r.units[2].track->frame_samples, 0);
        assert_ptr_equal(r.units[2].track, r.units[3].track);
        rig_close(&r);
    }
}

static void
test_what_is_no_packet_is_an_error(void **state)
{
    (void)state;
    static const uint8_t BAD[][2] = {
        { 0xfb, 0x00 }, // no frames
        { 0xfb, 0x07 }, // 140 ms
        { 0x1b, 0x03 }, // 180 ms
    };
    struct rig r;
    rig_open(&r, BC_CODEC_OPUS, NULL);
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        RIG_PUSH(&r, BAD[i], (uint32_t)i, false);
    }
    RIG_PUSH(&r, ((const uint8_t[]){ 0xfb }), 3, false); // no count
    assert_int_equal(bc_rtp_depacketiser_errors(r.d), 4);
    assert_int_equal(r.count, 0);
    RIG_PUSH(&r, MUSIC, 4, false);
    assert_int_equal(r.count, 1);
    assert_int_equal(r.broken, 0);
    rig_close(&r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packets_go_out_whole),
        cmocka_unit_test(test_every_payload_is_a_unit),
        cmocka_unit_test(test_the_length_of_packets_is_seen),
        cmocka_unit_test(test_what_is_no_packet_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
