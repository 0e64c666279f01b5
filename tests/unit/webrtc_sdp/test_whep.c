// SPDX-License-Identifier: Apache-2.0
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

static const struct bc_sdp_source HIGH_STEREO = {
    .video = BC_CODEC_AVC,
    .avc_profile = { 0x64, 0x00, 0x28 },
    .audio = BC_CODEC_OPUS,
    .audio_channels = 2,
    .data = true,
};

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

static void
test_chromium_gets_its_own_ids(void **state)
{
    (void)state;
    sample_parse("chromium_recvonly_data", &sdp);
    assert_int_equal(ask(&HIGH_STEREO), BC_SDP_OK);
    assert_text(&answer,
        "v=0\r\n"
        "o=- 42 1 IN IP4 0.0.0.0\r\n"
        "s=-\r\n"
        "t=0 0\r\n"
        "a=group:BUNDLE 0 1 2\r\n"
        "a=extmap-allow-mixed\r\n"
        "a=msid-semantic: WMS *\r\n"
        "a=ice-lite\r\n"
        "a=ice-options:trickle ice2\r\n"
        "m=video 9 UDP/TLS/RTP/SAVPF 116 117\r\n"
        "c=IN IP4 0.0.0.0\r\n"
        PASSIVE
        "a=mid:0\r\n"
        "a=extmap:9 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
        "a=extmap:4 http://www.ietf.org/id/"
        "draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n"
        "a=extmap:5 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay\r\n"
        "a=sendonly\r\n"
        "a=msid:branchcast video\r\n"
        "a=ssrc-group:FID 1001 1002\r\n"
        "a=ssrc:1001 cname:branchcast\r\n"
        "a=ssrc:1002 cname:branchcast\r\n"
        "a=rtcp-mux\r\n"
        "a=rtcp-rsize\r\n"
        "a=rtpmap:116 H264/90000\r\n"
        "a=rtcp-fb:116 transport-cc\r\n"
        "a=rtcp-fb:116 ccm fir\r\n"
        "a=rtcp-fb:116 nack\r\n"
        "a=rtcp-fb:116 nack pli\r\n"
        "a=fmtp:116 level-asymmetry-allowed=1;packetization-mode=1;"
        "profile-level-id=4d001f\r\n"
        "a=rtpmap:117 rtx/90000\r\n"
        "a=fmtp:117 apt=116\r\n"
        CANDIDATES
        "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
        "c=IN IP4 0.0.0.0\r\n"
        PASSIVE
        "a=mid:1\r\n"
        "a=extmap:9 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
        "a=extmap:4 http://www.ietf.org/id/"
        "draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n"
        "a=sendonly\r\n"
        "a=msid:branchcast audio\r\n"
        "a=ssrc:1003 cname:branchcast\r\n"
        "a=rtcp-mux\r\n"
        "a=rtcp-rsize\r\n"
        "a=rtpmap:111 opus/48000/2\r\n"
        "a=rtcp-fb:111 transport-cc\r\n"
        "a=fmtp:111 minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1\r\n"
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
        "c=IN IP4 0.0.0.0\r\n"
        PASSIVE
        "a=mid:2\r\n"
        "a=sctp-port:5000\r\n"
        "a=max-message-size:16384\r\n");
    assert_true(session.video.active && session.audio.active && session.data.active);
    assert_false(session.dtls_client);
    assert_int_equal(session.video.section, 0);
    assert_int_equal(session.video.codec, BC_CODEC_AVC);
    assert_int_equal(session.video.pt, 116);
    assert_int_equal(session.video.rtx_pt, 117);
    assert_int_equal(session.video.ssrc, 1001);
    assert_int_equal(session.video.rtx_ssrc, 1002);
    assert_true(session.video.nack && session.video.transport_cc);
    assert_false(session.video.goog_remb);
    assert_int_equal(session.video.ext.mid, 9);
    assert_int_equal(session.video.ext.transport_cc, 4);
    assert_int_equal(session.video.ext.playout_delay, 5);
    assert_int_equal(session.video.ext.abs_send_time, 0);
    assert_string_equal(session.video.mid, "0");
    assert_int_equal(session.audio.pt, 111);
    assert_int_equal(session.audio.clock_rate, 48000);
    assert_true(session.audio.stereo && session.audio.transport_cc);
    assert_int_equal(session.audio.ssrc, 1003);
    assert_int_equal(session.sctp_port, 5000);
    assert_int_equal(session.max_message_bytes, 262144);
}

// aiortc: audio first, other words for the data channel, REMB but no transport-cc.
static void
test_aiortc_gets_remb_and_the_old_sctp_form(void **state)
{
    (void)state;
    sample_parse("aiortc_recvonly", &sdp);
    assert_int_equal(ask(&HIGH_STEREO), BC_SDP_OK);
    assert_text(&answer,
        "v=0\r\n"
        "o=- 42 1 IN IP4 0.0.0.0\r\n"
        "s=-\r\n"
        "t=0 0\r\n"
        "a=group:BUNDLE 0 1 2\r\n"
        "a=msid-semantic: WMS *\r\n"
        "a=ice-lite\r\n"
        "a=ice-options:trickle ice2\r\n"
        "m=audio 9 UDP/TLS/RTP/SAVPF 96\r\n"
        "c=IN IP4 0.0.0.0\r\n"
        PASSIVE
        "a=mid:0\r\n"
        "a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
        "a=sendonly\r\n"
        "a=msid:branchcast audio\r\n"
        "a=ssrc:1003 cname:branchcast\r\n"
        "a=rtcp-mux\r\n"
        "a=rtpmap:96 opus/48000/2\r\n"
        "a=fmtp:96 minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1\r\n"
        CANDIDATES
        "m=video 9 UDP/TLS/RTP/SAVPF 101 102\r\n"
        "c=IN IP4 0.0.0.0\r\n"
        PASSIVE
        "a=mid:1\r\n"
        "a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
        "a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\r\n"
        "a=sendonly\r\n"
        "a=msid:branchcast video\r\n"
        "a=ssrc-group:FID 1001 1002\r\n"
        "a=ssrc:1001 cname:branchcast\r\n"
        "a=ssrc:1002 cname:branchcast\r\n"
        "a=rtcp-mux\r\n"
        "a=rtpmap:101 H264/90000\r\n"
        "a=rtcp-fb:101 goog-remb\r\n"
        "a=rtcp-fb:101 nack\r\n"
        "a=rtcp-fb:101 nack pli\r\n"
        "a=fmtp:101 level-asymmetry-allowed=1;packetization-mode=1;"
        "profile-level-id=42e01f\r\n"
        "a=rtpmap:102 rtx/90000\r\n"
        "a=fmtp:102 apt=101\r\n"
        "m=application 9 DTLS/SCTP 5000\r\n"
        "c=IN IP4 0.0.0.0\r\n"
        PASSIVE
        "a=mid:2\r\n"
        "a=sctpmap:5000 webrtc-datachannel 256\r\n"
        "a=max-message-size:16384\r\n");
    assert_true(session.video.goog_remb);
    assert_false(session.video.transport_cc || session.audio.transport_cc);
    assert_int_equal(session.sctp_port, 5000);
}

static void
test_gstreamer_without_nack_gets_neither_nack_nor_rtx(void **state)
{
    (void)state;
    sample_parse("gstreamer_recvonly", &sdp);
    assert_int_equal(ask(&HIGH_STEREO), BC_SDP_OK);
    assert_text(&answer,
        "v=0\r\n"
        "o=- 42 1 IN IP4 0.0.0.0\r\n"
        "s=-\r\n"
        "t=0 0\r\n"
        "a=group:BUNDLE video0 audio1\r\n"
        "a=msid-semantic: WMS *\r\n"
        "a=ice-lite\r\n"
        "a=ice-options:trickle ice2\r\n"
        "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n"
        "c=IN IP4 0.0.0.0\r\n"
        PASSIVE
        "a=mid:video0\r\n"
        "a=sendonly\r\n"
        "a=msid:branchcast video\r\n"
        "a=ssrc:1001 cname:branchcast\r\n"
        "a=rtcp-mux\r\n"
        "a=rtcp-rsize\r\n"
        "a=rtpmap:96 H264/90000\r\n"
        "a=rtcp-fb:96 ccm fir\r\n"
        "a=rtcp-fb:96 nack pli\r\n"
        "a=fmtp:96 packetization-mode=1\r\n"
        CANDIDATES
        "m=audio 9 UDP/TLS/RTP/SAVPF 97\r\n"
        "c=IN IP4 0.0.0.0\r\n"
        PASSIVE
        "a=mid:audio1\r\n"
        "a=sendonly\r\n"
        "a=msid:branchcast audio\r\n"
        "a=ssrc:1003 cname:branchcast\r\n"
        "a=rtcp-mux\r\n"
        "a=rtcp-rsize\r\n"
        "a=rtpmap:97 opus/48000/2\r\n"
        "a=fmtp:97 minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1\r\n");
    assert_false(session.video.nack || session.video.transport_cc);
    assert_int_equal(session.video.rtx_ssrc, 0);
}

static void
test_firefox_without_h264_is_told_so(void **state)
{
    (void)state;
    sample_parse("firefox_recvonly_data", &sdp);
    assert_int_equal(ask(&HIGH_STEREO), BC_SDP_NO_CODEC);
    assert_string_equal(
        error, "the stream's video is H.264, but the player offers VP8, VP9 and AV1");
    assert_int_equal(answer.len, 0);

    struct bc_sdp_source av1 = HIGH_STEREO;
    av1.video = BC_CODEC_AV1;
    assert_int_equal(ask(&av1), BC_SDP_OK);
    assert_int_equal(session.video.pt, 99);
    assert_int_equal(session.video.rtx_pt, 100);
    // Offered as "6/recvonly".
    assert_true(answer_has("a=extmap:6/sendonly http://www.webrtc.org/experiments/"
                           "rtp-hdrext/playout-delay\r\n"));
    assert_string_equal(
        session.audio.fmtp, "maxplaybackrate=48000;stereo=1;useinbandfec=1");
}

static void
test_rejected_and_unknown_sections(void **state)
{
    (void)state;
    assert_int_equal(
        ask_with(
            OFFER_START("a=group:BUNDLE 1 0 x\r\n") "m=text 9 UDP/TLS/RTP/SAVPF 98\r\n"
                                                    "a=mid:x\r\n"
                                                    "m=application 9 UDP/DTLS/SCTP "
                                                    "webrtc-datachannel\r\n"
                                                    "a=mid:1\r\n"
                                                    "m=video 0 UDP/TLS/RTP/SAVPF 96\r\n"
                                                    "a=mid:old\r\n" VP8_SECTION(
                                                        "0", "sendrecv"),
            &VP8_MONO), // data channels are off
        BC_SDP_OK);
    assert_false(session.data.active);
    assert_int_equal(session.video.section, 3);
    assert_text(&answer,
        ANSWER_START( "a=group:BUNDLE 0\r\n")
        "m=text 0 UDP/TLS/RTP/SAVPF 98\r\n"
        "c=IN IP4 0.0.0.0\r\n"
        "a=mid:x\r\n"
        "a=inactive\r\n"
        "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"
        "c=IN IP4 0.0.0.0\r\n"
        "a=mid:1\r\n"
        "a=inactive\r\n"
        "m=video 0 UDP/TLS/RTP/SAVPF 96\r\n"
        "c=IN IP4 0.0.0.0\r\n"
        "a=mid:old\r\n"
        "a=inactive\r\n"
        "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n"
        "c=IN IP4 0.0.0.0\r\n"
        PASSIVE
        "a=mid:0\r\n"
        "a=sendonly\r\n"
        "a=msid:branchcast video\r\n"
        "a=ssrc:1001 cname:branchcast\r\n"
        "a=rtcp-mux\r\n"
        "a=rtpmap:96 VP8/90000\r\n"
        CANDIDATES);
}

static void
test_what_the_source_lacks_is_inactive_or_may_come(void **state)
{
    (void)state;
    const struct bc_sdp_source silent = { .video = BC_CODEC_VP8 };
    assert_int_equal(ask_with(OFFER_START(BUNDLE_0_1) OPUS_SECTION("0", "recvonly")
                                  VP8_SECTION("1", "recvonly"),
                         &silent),
        BC_SDP_OK);
    assert_true(session.audio.active); // it may come later
    assert_true(session.video.active);
    assert_text(&answer,
        ANSWER_START( BUNDLE_0_1)
        "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
        "c=IN IP4 0.0.0.0\r\n"
        PASSIVE
        "a=mid:0\r\n"
        "a=sendonly\r\n"
        "a=msid:branchcast audio\r\n"
        "a=ssrc:1003 cname:branchcast\r\n"
        "a=rtcp-mux\r\n"
        "a=rtpmap:111 opus/48000/2\r\n"
        "a=fmtp:111 minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1\r\n"
        CANDIDATES
        "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n"
        "c=IN IP4 0.0.0.0\r\n"
        PASSIVE
        "a=mid:1\r\n"
        "a=sendonly\r\n"
        "a=msid:branchcast video\r\n"
        "a=ssrc:1001 cname:branchcast\r\n"
        "a=rtcp-mux\r\n"
        "a=rtpmap:96 VP8/90000\r\n");
    // Nor need the player know a codec of ours for it; then the section is rejected.
    const struct bc_sdp_source sound = { .audio = BC_CODEC_OPUS };
    assert_int_equal(
        ask_with(OFFER_START(BUNDLE_0_1) OPUS_SECTION("0", "recvonly")
                     SECTION("video 9 UDP/TLS/RTP/SAVPF 99", "1", "recvonly"),
            &sound),
        BC_SDP_OK);
    assert_true(answer_has("a=group:BUNDLE 0\r\n"));
    assert_true(answer_has("m=video 0 UDP/TLS/RTP/SAVPF 99\r\n"));
}

static void
check_refused(const char *offer, enum bc_sdp_refusal why, const char *sentence)
{
    assert_int_equal(ask_with(offer, &VP8_MONO), why);
    assert_string_equal(error, sentence);
    assert_int_equal(answer.len, 0);
}

static void
test_wrong_directions_are_malformed(void **state)
{
    (void)state;
    check_refused(OFFER_START(BUNDLE_0_1) OPUS_SECTION("0", "sendonly")
                      VP8_SECTION("1", "recvonly"),
        BC_SDP_MALFORMED, "the audio section is sendonly, but a player receives");
    check_refused(OFFER_START("") VP8_SECTION("0", "inactive"), BC_SDP_MALFORMED,
        "no audio or video section is recvonly or sendrecv");
    check_refused(OFFER_START("") "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n",
        BC_SDP_MALFORMED, "no audio or video section is recvonly or sendrecv");
    // One that the player has switched off stays so.
    assert_int_equal(ask_with(OFFER_START(BUNDLE_0_1) OPUS_SECTION("0", "inactive")
                                  VP8_SECTION("1", "recvonly"),
                         &VP8_MONO),
        BC_SDP_OK);
    assert_false(session.audio.active);
    assert_true(session.video.active);
}

static void
test_impossible_offers_are_refused(void **state)
{
    (void)state;
    check_refused(OFFER_START(BUNDLE_0_1) VP8_SECTION("0", "recvonly")
                      VP8_SECTION("1", "recvonly"),
        BC_SDP_UNSUPPORTED, "more than one video section");
    check_refused(OFFER_START("") "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n"
                                  "a=recvonly\r\n"
                                  "a=rtpmap:96 VP8/90000\r\n",
        BC_SDP_UNSUPPORTED, "the video section has no a=rtcp-mux");
    check_refused(OFFER_START("") OPUS_SECTION("0", "recvonly")
                      VP8_SECTION("1", "recvonly"),
        BC_SDP_MALFORMED, "several sections, but not all are in one a=group:BUNDLE");
    check_refused(OFFER_START("a=group:BUNDLE 0\r\na=group:BUNDLE 1\r\n")
                      OPUS_SECTION("0", "recvonly") VP8_SECTION("1", "recvonly"),
        BC_SDP_MALFORMED, "several sections, but not all are in one a=group:BUNDLE");
    check_refused(
        OFFER_START(BUNDLE_0_1) SECTION("audio 9 UDP/TLS/RTP/SAVPF 96", "0",
            "recvonly") "a=rtpmap:96 opus/48000/2\r\n" VP8_SECTION("1", "recvonly"),
        BC_SDP_MALFORMED,
        "payload type 96 is used in both the audio and the video section");
    check_refused(OFFER_START("")
                      SECTION("audio 9 UDP/TLS/RTP/SAVPF 0 8", "0", "recvonly"),
        BC_SDP_NO_CODEC, "the stream's audio is Opus, but the player offers G.711");
    check_refused(OFFER_START("")
                      SECTION("video 9 UDP/TLS/RTP/SAVPF 99", "0", "recvonly"),
        BC_SDP_NO_CODEC,
        "the stream's video is VP8, but the player offers nothing known");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chromium_gets_its_own_ids),
        cmocka_unit_test(test_aiortc_gets_remb_and_the_old_sctp_form),
        cmocka_unit_test(test_gstreamer_without_nack_gets_neither_nack_nor_rtx),
        cmocka_unit_test(test_firefox_without_h264_is_told_so),
        cmocka_unit_test(test_rejected_and_unknown_sections),
        cmocka_unit_test(test_what_the_source_lacks_is_inactive_or_may_come),
        cmocka_unit_test(test_wrong_directions_are_malformed),
        cmocka_unit_test(test_impossible_offers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
