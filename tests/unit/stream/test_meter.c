// SPDX-License-Identifier: Apache-2.0
// What is measured of a take, and the words for the host.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stream/info.h"
#include "stream/meter.h"

#define SECOND 1000000

// One second of 25 frames; `bytes` each. Keyframes every `gop` frames.
static void
second(struct bc_meter *m, int64_t n, size_t bytes, int gop)
{
    for (int i = 0; i < 25; i++) {
        int64_t frame = n * 25 + i;
        struct bc_packet p = { .kind = BC_KIND_VIDEO, .len = bytes,
            .dts_us = frame * 40000, .pts_us = frame * 40000,
            .flags = frame % gop == 0 ? BC_PACKET_KEY : 0 };
        bc_meter_packet(m, &p);
        struct bc_packet a = { .kind = BC_KIND_AUDIO, .len = 100, .dts_us = frame * 40000 };
        bc_meter_packet(m, &a);
    }
    bc_meter_tick(m, (n + 1) * SECOND);
}

static void
test_rates_and_counts(void **state)
{
    (void)state;
    struct bc_meter m;
    bc_meter_begin_take(&m, 0);
    for (int i = 0; i < 5; i++) {
        second(&m, i, 5000, 50);
    }
    assert_int_equal(m.video.kbps, 1000);
    assert_int_equal(m.audio.kbps, 20);
    assert_true(m.video.fps > 24.9 && m.video.fps < 25.1);
    assert_int_equal(bc_meter_usual_kbps(&m), 1020);
    assert_int_equal(m.take_video_frames, 125);
    assert_int_equal(m.take_audio_frames, 125);
    assert_int_equal(m.take_bytes, 125 * 5100);
    bc_meter_tick(&m, 5 * SECOND); // no time has passed: nothing to divide by
    assert_int_equal(m.video.kbps, 1000);
    struct bc_packet script = { .kind = BC_KIND_SCRIPT, .len = 30 };
    bc_meter_packet(&m, &script);
    assert_int_equal(m.take_bytes, 125 * 5100 + 30);
}

static void
test_the_length_of_the_gop(void **state)
{
    (void)state;
    struct bc_meter m;
    bc_meter_begin_take(&m, 0);
    for (int i = 0; i < 4; i++) {
        second(&m, i, 1000, 50);
    }
    assert_int_equal(m.gop_us, 2 * SECOND);
    assert_int_equal(m.gop_max_us, 2 * SECOND);
    bc_meter_begin_take(&m, 0);
    for (int i = 0; i < 9; i++) {
        second(&m, i, 1000, 100000); // one that does not end is long all the same
    }
    assert_true(m.gop_max_us > 8 * SECOND);
    assert_int_equal(m.gop_us, 0);
    // A new epoch is no GOP: the distance over the jump counts for nothing.
    struct bc_packet p = { .kind = BC_KIND_VIDEO, .len = 10, .dts_us = 900 * SECOND,
        .pts_us = 900 * SECOND, .flags = BC_PACKET_KEY | BC_PACKET_NEW_EPOCH };
    bc_meter_packet(&m, &p);
    assert_true(m.gop_max_us < 10 * SECOND);
}

static void
test_b_frames_are_seen(void **state)
{
    (void)state;
    struct bc_meter m;
    bc_meter_begin_take(&m, 0);
    second(&m, 0, 1000, 50);
    assert_false(m.b_frames);
    struct bc_packet p = { .kind = BC_KIND_VIDEO, .len = 10, .dts_us = 0, .pts_us = 80000 };
    bc_meter_packet(&m, &p);
    assert_true(m.b_frames);
    bc_meter_begin_take(&m, 0);
    assert_false(m.b_frames);
}

static void
test_a_bitrate_that_collapses(void **state)
{
    (void)state;
    struct bc_meter m;
    bc_meter_begin_take(&m, 0);
    int64_t n = 0;
    for (int i = 0; i < 20; i++) {
        second(&m, n++, 5000, 50);
        assert_false(bc_meter_bitrate_low(&m));
    }
    for (int i = 0; i < 3; i++) {
        second(&m, n++, 500, 50);
        assert_false(bc_meter_bitrate_low(&m)); // a hiccup is none
    }
    second(&m, n++, 500, 50);
    assert_true(bc_meter_bitrate_low(&m));
    second(&m, n++, 5000, 50);
    assert_false(bc_meter_bitrate_low(&m));
    // A low rate from the start is the host's choice.
    bc_meter_begin_take(&m, n * SECOND);
    for (int i = 0; i < 20; i++) {
        second(&m, n++, 500, 50);
        assert_false(bc_meter_bitrate_low(&m));
    }
}

static void
test_every_advice_has_a_code_and_words(void **state)
{
    (void)state;
    struct bc_channel_info info = { .gop_max_us = 8 * SECOND, .usual_kbps = 2500,
        .timestamp_repairs = 61, .timestamp_jumps = 2 };
    info.video.kbps = 300;
    info.audio.kbps = 20;
    char all[7][256];
    unsigned n = 0;
    for (unsigned bit = 1; bit < BC_ADVICE_END; bit <<= 1) {
        bc_advice_text(&info, (enum bc_advice)bit, all[n], sizeof(all[n]));
        assert_true(strlen(all[n]) > 20 && strlen(all[n]) < sizeof(all[n]) - 1);
        assert_string_not_equal(bc_advice_code((enum bc_advice)bit), "none");
        n++;
    }
    assert_int_equal(n, 6);
    assert_non_null(strstr(all[0], "8.0 s"));
    assert_non_null(strstr(all[4], "320 kbit/s"));
    assert_non_null(strstr(all[4], "2500"));
    assert_non_null(strstr(all[5], "61 times"));
    assert_string_equal(bc_advice_code(BC_ADVICE_GOP_LONG), "gop_long");
    assert_string_equal(bc_advice_code(BC_ADVICE_END), "none");
    char small[4];
    bc_advice_text(&info, BC_ADVICE_B_FRAMES, small, sizeof(small));
    assert_int_equal(strlen(small), 3);
}

static void
test_names_of_states_and_protocols(void **state)
{
    (void)state;
    assert_string_equal(bc_channel_state_name(BC_CHANNEL_NONE), "offline");
    assert_string_equal(bc_channel_state_name(BC_CHANNEL_ENDED), "ended");
    assert_string_equal(bc_protocol_name(BC_PROTOCOL_WS_FLV), "ws_flv");
    assert_string_equal(bc_protocol_name(BC_PROTOCOL_HLS), "hls");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates_and_counts),
        cmocka_unit_test(test_the_length_of_the_gop),
        cmocka_unit_test(test_b_frames_are_seen),
        cmocka_unit_test(test_a_bitrate_that_collapses),
        cmocka_unit_test(test_every_advice_has_a_code_and_words),
        cmocka_unit_test(test_names_of_states_and_protocols),
    };
    return cmocka_run_group_tests_name("meter", tests, NULL, NULL);
}
