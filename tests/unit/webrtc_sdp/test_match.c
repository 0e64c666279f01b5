// SPDX-License-Identifier: Apache-2.0
// What a viewer's answer agrees on: codec, profile, feedback, extensions.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sdp_tools.h"

static struct bc_sdp sdp;
static struct bc_sdp_session session;
static struct bc_writer answer;
static char error[256];

static const struct bc_sdp_source VP8_MONO = {
    .video = BC_CODEC_VP8,
    .audio = BC_CODEC_OPUS,
    .audio_channels = 1,
};

static enum bc_sdp_refusal
ask(const struct bc_sdp_source *source)
{
    bc_writer_reset(&answer);
    return bc_sdp_answer_whep(
        &sdp, source, &LOCAL, &session, &answer, error, sizeof(error));
}

static enum bc_sdp_refusal
ask_with(const char *text, const struct bc_sdp_source *source)
{
    sdp_parse_good(text, &sdp);
    return ask(source);
}

static bool
answer_has(const char *line)
{
    return text_has(&answer, line);
}

static int
teardown(void **state)
{
    (void)state;
    bc_writer_finish(&answer);
    return 0;
}

// What is offered in mode 1, beside High in mode 0, and which entry a source with this
// profile is answered on.
static void
check_avc(const char *const *offered, const char *source_hex, const char *expected)
{
    struct bc_sdp_source source = { .video = BC_CODEC_AVC };
    struct bc_writer w = { 0 };
    unsigned id;
    assert_int_equal(sscanf(source_hex, "%6x", &id), 1);
    source.avc_profile[0] = (uint8_t)(id >> 16);
    source.avc_profile[1] = (uint8_t)(id >> 8);
    source.avc_profile[2] = (uint8_t)id;
    bc_write_str(&w,
        OFFER_START("")
            SECTION("video 9 UDP/TLS/RTP/SAVPF 99 100 101 102 103 104 105 106", "0",
                "recvonly") "a=rtpmap:99 H264/90000\r\n"
                            "a=fmtp:99 profile-level-id=640028\r\n");
    for (unsigned i = 0; offered[i]; i++) {
        bc_write_fmt(&w, "a=rtpmap:%u H264/90000\r\n", 100 + i);
        bc_write_fmt(&w, "a=fmtp:%u packetization-mode=1;profile-level-id=%s\r\n",
            100 + i, offered[i]);
    }
    bc_write_u8(&w, 0);
    assert_int_equal(ask_with((const char *)w.data, &source), BC_SDP_OK);
    bc_writer_finish(&w);
    char line[96];
    snprintf(
        line, sizeof(line), " packetization-mode=1;profile-level-id=%s\r\n", expected);
    if (!answer_has(line)) {
        fail_msg(
            "%s is not answered on %s: %s", source_hex, expected, session.video.fmtp);
    }
}

static void
test_avc_profiles_are_matched(void **state)
{
    (void)state;
    static const char *const CHROMIUM[] = { "42001f", "42e01f", "4d001f", "f4001f",
        NULL };
    static const char *const IOS[] = { "640c1f", "42e01f", NULL };
    static const char *const ALL[] = { "f4001f", "42001f", "42e01f", "4d001f", "64001f",
        "640c1f", NULL };
    static const char *const LOW[] = { "42001f", "42e01f", NULL };
    check_avc(CHROMIUM, "640028", "4d001f"); // High, as nearly all streams are
    check_avc(CHROMIUM, "4d4028", "4d001f"); // Main
    check_avc(CHROMIUM, "42c01e", "42e01f"); // constrained baseline
    check_avc(CHROMIUM, "42e01f", "42e01f");
    check_avc(CHROMIUM, "42001e", "42001f"); // baseline
    check_avc(CHROMIUM, "f4001f", "f4001f"); // High 4:4:4
    check_avc(CHROMIUM, "6e0028", "4d001f"); // High 10
    check_avc(CHROMIUM, "000000", "4d001f"); // not known
    check_avc(IOS, "640028", "640c1f");
    check_avc(IOS, "42c01e", "42e01f");
    check_avc(IOS, "4d0028", "640c1f"); // decoders of High know Main
    check_avc(ALL, "640028", "64001f");
    check_avc(ALL, "640c28", "640c1f");
    check_avc(ALL, "4d401e", "4d001f");
    check_avc(ALL, "7a0028", "64001f"); // High 4:2:2
    check_avc(LOW, "640028", "42e01f");
    check_avc(LOW, "4d0028", "42e01f");
}

static void
test_packetization_mode_0_is_the_last_resort(void **state)
{
    (void)state;
    const struct bc_sdp_source source = { .video = BC_CODEC_AVC };
    assert_int_equal(ask_with(OFFER_START("") SECTION("video 9 UDP/TLS/RTP/SAVPF 96 97",
                                  "0", "recvonly") "a=rtpmap:96 H264/90000\r\n"
                                                   "a=rtpmap:97 VP8/90000\r\n",
                         &source),
        BC_SDP_OK);
    assert_int_equal(session.video.pt, 96); // without any fmtp: mode 0, baseline
    assert_false(answer_has("a=fmtp"));
}

static void
test_other_codecs_prefer_their_main_profile(void **state)
{
    (void)state;
    struct bc_sdp_source source = { .video = BC_CODEC_VP9 };
    sample_parse("chromium_recvonly_data", &sdp);
    assert_int_equal(ask(&source), BC_SDP_OK);
    assert_int_equal(session.video.pt, 98);
    assert_true(answer_has("a=fmtp:98 profile-id=0\r\n"));
    source.video = BC_CODEC_AV1;
    assert_int_equal(ask(&source), BC_SDP_OK);
    assert_true(answer_has("a=fmtp:45 level-idx=5;profile=0;tier=0\r\n"));
    sample_parse("safari_recvonly", &sdp);
    source.video = BC_CODEC_HEVC;
    assert_int_equal(ask(&source), BC_SDP_OK);
    assert_true(
        answer_has("a=fmtp:100 level-id=93;profile-id=1;tier-flag=0;tx-mode=SRST\r\n"));
}

#define TCC_EXT                                                                          \
    "a=extmap:4 "                                                                        \
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n"
#define ABS_EXT                                                                          \
    "a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\r\n"
#define VIDEO OFFER_START("") VP8_SECTION("0", "recvonly")
#define VIDEO_RTX                                                                        \
    OFFER_START("")                                                                      \
    SECTION("video 9 UDP/TLS/RTP/SAVPF 96 97", "0", "recvonly")                          \
    "a=rtpmap:96 VP8/90000\r\n"                                                          \
    "a=rtpmap:97 rtx/90000\r\n"                                                          \
    "a=fmtp:97 apt=96\r\n"
#define FEEDBACK                                                                         \
    "a=rtcp-fb:* nack\r\n"                                                               \
    "a=rtcp-fb:* transport-cc\r\n"                                                       \
    "a=rtcp-fb:* goog-remb\r\n"

static void
check_control(const char *offer, bool transport_cc, bool goog_remb)
{
    assert_int_equal(ask_with(offer, &VP8_MONO), BC_SDP_OK);
    assert_int_equal(session.video.transport_cc, transport_cc);
    assert_int_equal(session.video.goog_remb, goog_remb);
    assert_int_equal(answer_has("a=rtcp-fb:96 transport-cc\r\n"), transport_cc);
    assert_int_equal(answer_has(TCC_EXT), transport_cc);
    assert_int_equal(answer_has("a=rtcp-fb:96 goog-remb\r\n"), goog_remb);
    assert_int_equal(session.video.ext.abs_send_time != 0, goog_remb);
}

static void
test_transport_cc_needs_all_of_its_parts(void **state)
{
    (void)state;
    check_control(VIDEO_RTX FEEDBACK TCC_EXT ABS_EXT, true, false);
    check_control(VIDEO_RTX FEEDBACK ABS_EXT, false, true); // no extension
    check_control(VIDEO FEEDBACK TCC_EXT ABS_EXT, false, true); // no rtx
    check_control(VIDEO_RTX "a=rtcp-fb:* nack\r\n" TCC_EXT, false, false); // no feedback
}

static void
test_rtx_needs_nack_and_an_ssrc(void **state)
{
    (void)state;
    assert_int_equal(ask_with(VIDEO_RTX, &VP8_MONO), BC_SDP_OK);
    assert_int_equal(session.video.rtx_pt, 0);
    assert_false(answer_has("rtx"));
    assert_false(answer_has("FID"));

    struct bc_sdp_local local = LOCAL;
    local.video_rtx_ssrc = 0;
    sdp_parse_good(VIDEO_RTX FEEDBACK TCC_EXT, &sdp);
    bc_writer_reset(&answer);
    assert_int_equal(bc_sdp_answer_whep(&sdp, &VP8_MONO, &local, &session, &answer, error,
                         sizeof(error)),
        BC_SDP_OK);
    assert_int_equal(session.video.rtx_pt, 0);
    assert_false(session.video.transport_cc);
}

static void
test_audio_has_the_congestion_control_of_video(void **state)
{
    (void)state;
    // Video has no transport-cc, so audio has none either.
    assert_int_equal(
        ask_with(OFFER_START(BUNDLE_0_1) OPUS_SECTION("0", "recvonly") TCC_EXT
            "a=rtcp-fb:111 transport-cc\r\n" VP8_SECTION("1", "recvonly"),
            &VP8_MONO),
        BC_SDP_OK);
    assert_false(session.audio.transport_cc);
    // Alone it may have it.
    assert_int_equal(ask_with(OFFER_START("") OPUS_SECTION("0", "recvonly") TCC_EXT
                         "a=rtcp-fb:111 transport-cc\r\n",
                         &VP8_MONO),
        BC_SDP_OK);
    assert_true(session.audio.transport_cc);
    assert_false(session.video.active);
    // Mono.
    assert_true(answer_has("a=fmtp:111 minptime=10;useinbandfec=1\r\n"));
    assert_false(session.audio.stereo);
}

static void
test_an_answer_without_lite_and_candidates(void **state)
{
    (void)state;
    struct bc_sdp_local local = LOCAL;
    local.ice_lite = false;
    local.candidate_count = 0;
    sdp_parse_good(VIDEO, &sdp);
    bc_writer_reset(&answer);
    assert_int_equal(bc_sdp_answer_whep(&sdp, &VP8_MONO, &local, &session, &answer, error,
                         sizeof(error)),
        BC_SDP_OK);
    assert_false(answer_has("a=ice-lite"));
    assert_false(answer_has("a=candidate"));
    assert_true(answer_has("a=end-of-candidates\r\n"));
}

static void
check_setup(const char *line, const char *answered, bool dtls_client)
{
    char offer[1024];
    snprintf(offer, sizeof(offer), "%s%s", VIDEO, line);
    assert_int_equal(ask_with(offer, &VP8_MONO), BC_SDP_OK);
    assert_true(answer_has(answered));
    assert_int_equal(session.dtls_client, dtls_client);
}

static void
test_setup_is_passive_unless_the_peer_is(void **state)
{
    (void)state;
    check_setup("a=setup:actpass\r\n", "a=setup:passive\r\n", false);
    check_setup("a=setup:active\r\n", "a=setup:passive\r\n", false);
    check_setup("a=setup:passive\r\n", "a=setup:active\r\n", true);
}

static void
test_ids_beyond_14_are_for_reading_only(void **state)
{
    (void)state;
    static const char OFFER[] = OFFER_START("a=extmap-allow-mixed\r\n")
        VP8_SECTION("0", "sendrecv") "a=rtcp-fb:* transport-cc\r\n"
                                     "a=extmap:16 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
                                     "a=extmap:15 urn:3gpp:video-orientation\r\n";
    assert_int_equal(ask_with(OFFER, &VP8_MONO), BC_SDP_OK);
    assert_int_equal(sdp.media[0].ext.mid, 16);
    assert_int_equal(sdp.media[0].ext.video_orientation, 0); // reserved
    assert_int_equal(session.video.ext.mid, 0);
    assert_true(answer_has("a=extmap-allow-mixed\r\n"));

    const struct bc_sdp_whip_rules rules = { .data = false };
    bc_writer_reset(&answer);
    assert_int_equal(
        bc_sdp_answer_whip(&sdp, &rules, &LOCAL, &session, &answer, error, sizeof(error)),
        BC_SDP_OK);
    assert_int_equal(session.video.ext.mid, 16);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_avc_profiles_are_matched),
        cmocka_unit_test(test_packetization_mode_0_is_the_last_resort),
        cmocka_unit_test(test_other_codecs_prefer_their_main_profile),
        cmocka_unit_test(test_transport_cc_needs_all_of_its_parts),
        cmocka_unit_test(test_rtx_needs_nack_and_an_ssrc),
        cmocka_unit_test(test_audio_has_the_congestion_control_of_video),
        cmocka_unit_test(test_an_answer_without_lite_and_candidates),
        cmocka_unit_test(test_setup_is_passive_unless_the_peer_is),
        cmocka_unit_test(test_ids_beyond_14_are_for_reading_only),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
