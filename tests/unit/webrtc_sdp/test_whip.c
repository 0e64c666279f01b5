// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sdp_tools.h"

static struct bc_sdp sdp;
static struct bc_sdp_session session;
static struct bc_writer answer;
static char error[256];

static const struct bc_sdp_whip_rules LIMITED = { .data = true, .max_video_kbps = 4000 };
static const struct bc_sdp_whip_rules PLAIN = { .data = false };

static enum bc_sdp_refusal
ask(const struct bc_sdp_whip_rules *rules)
{
    bc_writer_reset(&answer);
    return bc_sdp_answer_whip(
        &sdp, rules, &LOCAL, &session, &answer, error, sizeof(error));
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
test_chromium_sends_three_layers(void **state)
{
    (void)state;
    sample_parse("chromium_simulcast", &sdp);
    assert_int_equal(ask(&LIMITED), BC_SDP_OK);
    assert_text(&answer,
        "v=0\r\n"
        "o=- 42 1 IN IP4 0.0.0.0\r\n"
        "s=-\r\n"
        "t=0 0\r\n"
        "a=group:BUNDLE 0 1\r\n"
        "a=extmap-allow-mixed\r\n"
        "a=msid-semantic: WMS *\r\n"
        "a=ice-lite\r\n"
        "a=ice-options:trickle ice2\r\n"
        "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
        "c=IN IP4 0.0.0.0\r\n"
        PASSIVE
        "a=mid:0\r\n"
        "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
        "a=extmap:3 http://www.ietf.org/id/"
        "draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n"
        "a=recvonly\r\n"
        "a=rtcp-mux\r\n"
        "a=rtcp-rsize\r\n"
        "a=rtpmap:111 opus/48000/2\r\n"
        "a=rtcp-fb:111 transport-cc\r\n"
        "a=fmtp:111 minptime=10;useinbandfec=1;stereo=1\r\n"
        CANDIDATES
        "m=video 9 UDP/TLS/RTP/SAVPF 102 103\r\n"
        "c=IN IP4 0.0.0.0\r\n"
        "b=AS:4000\r\n"
        "b=TIAS:4000000\r\n"
        PASSIVE
        "a=mid:1\r\n"
        "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
        "a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n"
        "a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id\r\n"
        "a=extmap:3 http://www.ietf.org/id/"
        "draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n"
        "a=recvonly\r\n"
        "a=rtcp-mux\r\n"
        "a=rtcp-rsize\r\n"
        "a=rtpmap:102 H264/90000\r\n"
        "a=rtcp-fb:102 transport-cc\r\n"
        "a=rtcp-fb:102 ccm fir\r\n"
        "a=rtcp-fb:102 nack\r\n"
        "a=rtcp-fb:102 nack pli\r\n"
        "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;"
        "profile-level-id=42001f\r\n"
        "a=rtpmap:103 rtx/90000\r\n"
        "a=fmtp:103 apt=102\r\n"
        "a=rid:h recv\r\n"
        "a=rid:m recv\r\n"
        "a=rid:l recv\r\n"
        "a=simulcast:recv h;m;l\r\n");
    assert_int_equal(session.video.pt, 102);
    assert_int_equal(session.video.rid_count, 3);
    assert_string_equal(session.video.rids[1], "m");
    assert_int_equal(session.video.ext.rid, 10);
    assert_int_equal(session.video.ext.repaired_rid, 11);
    // The host turns the picture itself when this one is not accepted.
    assert_int_equal(session.video.ext.video_orientation, 0);
    assert_int_equal(session.audio.ssrc, 398652850);
    assert_false(session.data.active);
}

static void
test_obs_sends_without_extensions(void **state)
{
    (void)state;
    sample_parse("obs_sendonly", &sdp);
    assert_int_equal(ask(&PLAIN), BC_SDP_OK);
    assert_text(&answer,
        "v=0\r\n"
        "o=- 42 1 IN IP4 0.0.0.0\r\n"
        "s=-\r\n"
        "t=0 0\r\n"
        "a=group:BUNDLE 0 1\r\n"
        "a=msid-semantic: WMS *\r\n"
        "a=ice-lite\r\n"
        "a=ice-options:trickle ice2\r\n"
        "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
        "c=IN IP4 0.0.0.0\r\n"
        PASSIVE
        "a=mid:0\r\n"
        "a=recvonly\r\n"
        "a=rtcp-mux\r\n"
        "a=rtpmap:111 opus/48000/2\r\n"
        "a=fmtp:111 minptime=10;useinbandfec=1;stereo=1\r\n"
        CANDIDATES
        "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n"
        "c=IN IP4 0.0.0.0\r\n"
        PASSIVE
        "a=mid:1\r\n"
        "a=recvonly\r\n"
        "a=rtcp-mux\r\n"
        "a=rtpmap:96 H264/90000\r\n"
        "a=rtcp-fb:96 goog-remb\r\n"
        "a=rtcp-fb:96 nack\r\n"
        "a=rtcp-fb:96 nack pli\r\n"
        "a=fmtp:96 level-asymmetry-allowed=1;packetization-mode=1;"
        "profile-level-id=42e01f\r\n");
    assert_int_equal(session.video.ssrc, 1357913580);
    assert_int_equal(session.video.rtx_ssrc, 0);
    assert_true(session.video.nack && session.video.goog_remb);
    assert_false(session.dtls_client);
}

static void
test_layers_have_no_ssrc_beforehand(void **state)
{
    (void)state;
    sample_parse("firefox_simulcast", &sdp);
    assert_int_equal(ask(&PLAIN), BC_SDP_OK);
    assert_int_equal(session.video.codec, BC_CODEC_AV1); // before VP9 and VP8
    assert_int_equal(session.video.ssrc, 0);
    assert_int_equal(session.video.rtx_ssrc, 0);
    assert_int_equal(session.video.rid_count, 3);
    assert_true(answer_has(
        "a=extmap:9/recvonly urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n"));
    // As many layers as offered, or OBS gives up.
    sample_parse("obs_simulcast", &sdp);
    assert_int_equal(ask(&PLAIN), BC_SDP_OK);
    assert_true(answer_has("a=rid:0 recv\r\n"
                           "a=rid:1 recv\r\n"
                           "a=rid:2 recv\r\n"
                           "a=simulcast:recv 0;1;2\r\n"));
}

static void
test_announced_ssrcs_are_passed_on(void **state)
{
    (void)state;
    sample_parse("aiortc_sendonly", &sdp);
    assert_int_equal(ask(&PLAIN), BC_SDP_OK);
    assert_int_equal(session.video.ssrc, 379890486);
    assert_int_equal(session.video.rtx_ssrc, 1092688756);
    assert_int_equal(session.video.pt, 99); // the first of H.264
    assert_int_equal(session.video.rtx_pt, 100);
    assert_true(session.video.goog_remb);
    assert_int_equal(session.video.ext.abs_send_time, 2);
}

static void
test_gstreamer_may_also_want_to_receive(void **state)
{
    (void)state;
    sample_parse("gstreamer_sendrecv", &sdp);
    assert_int_equal(ask(&PLAIN), BC_SDP_OK);
    assert_true(session.video.active && session.audio.active);
    assert_false(session.video.transport_cc); // it offers no extension for it
    assert_true(answer_has("a=mid:video0\r\na=recvonly\r\n"));
    assert_true(answer_has("a=fmtp:96 level-asymmetry-allowed=1;packetization-mode=1;"
                           "profile-level-id=42c015\r\n"));
}

static void
check(const char *offer, enum bc_sdp_refusal why, const char *sentence)
{
    sdp_parse_good(offer, &sdp);
    assert_int_equal(ask(&PLAIN), why);
    assert_string_equal(error, sentence);
    assert_int_equal(answer.len == 0, why != BC_SDP_OK);
}

static void
test_offers_that_send_nothing_are_malformed(void **state)
{
    (void)state;
    check(OFFER_START(BUNDLE_0_1) OPUS_SECTION("0", "recvonly")
              VP8_SECTION("1", "inactive"),
        BC_SDP_MALFORMED, "no audio or video section is sendonly or sendrecv");
    // One that receives beside one that sends is no harm.
    check(OFFER_START(BUNDLE_0_1) OPUS_SECTION("0", "recvonly")
              VP8_SECTION("1", "sendonly"),
        BC_SDP_OK, "");
    assert_false(session.audio.active);
    assert_true(answer_has("a=mid:0\r\na=inactive\r\n"));
}

static void
test_impossible_offers_are_refused(void **state)
{
    (void)state;
    check(OFFER_START(BUNDLE_0_1) OPUS_SECTION("0", "sendonly")
              OPUS_SECTION("1", "sendonly"),
        BC_SDP_UNSUPPORTED, "more than one audio section");
    check(OFFER_START(BUNDLE_0_1) VP8_SECTION("0", "sendonly")
              VP8_SECTION("1", "sendonly"),
        BC_SDP_UNSUPPORTED, "more than one video section");
    check(OFFER_START("") VP8_SECTION("0", "sendonly") "a=rid:a send\r\n"
                                                       "a=rid:b send\r\n"
                                                       "a=simulcast:send a;b\r\n",
        BC_SDP_UNSUPPORTED,
        "simulcast needs the header extension rtp-stream-id, in a video section");
    check(OFFER_START("") SECTION("audio 9 UDP/TLS/RTP/SAVPF 0", "0", "sendonly"),
        BC_SDP_NO_CODEC, "audio has to be Opus, but the host offers G.711");
    check(OFFER_START("") SECTION("video 9 UDP/TLS/RTP/SAVPF 99", "0",
              "sendonly") "a=rtpmap:99 theora/90000\r\n",
        BC_SDP_NO_CODEC,
        "video has to be H.264, H.265, AV1, VP9 or VP8, but the host offers nothing "
        "known");
    check(OFFER_START("") OPUS_SECTION("0", "sendonly") VP8_SECTION("1", "sendonly"),
        BC_SDP_MALFORMED, "several sections, but not all are in one a=group:BUNDLE");
}

static void
test_h264_in_mode_1_goes_first(void **state)
{
    (void)state;
    check(OFFER_START("") SECTION("video 9 UDP/TLS/RTP/SAVPF 96 97 98 99", "0",
              "sendonly") "a=rtpmap:96 VP8/90000\r\n"
                          "a=rtpmap:97 H264/90000\r\n"
                          "a=rtpmap:98 H264/90000\r\n"
                          "a=fmtp:98 packetization-mode=1;profile-level-id=42001f\r\n"
                          "a=rtpmap:99 H264/90000\r\n"
                          "a=fmtp:99 packetization-mode=1;profile-level-id=640028\r\n",
        BC_SDP_OK, "");
    assert_int_equal(session.video.codec, BC_CODEC_AVC);
    assert_int_equal(session.video.pt, 98);
    assert_false(answer_has("b=AS"));
}

static void
test_transport_cc_needs_no_rtx_of_a_host(void **state)
{
    (void)state;
    check(OFFER_START("") VP8_SECTION(
              "0", "sendonly") "a=rtcp-fb:96 transport-cc\r\n"
                               "a=rtcp-fb:96 goog-remb\r\n"
                               "a=extmap:4 http://www.ietf.org/id/"
                               "draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n",
        BC_SDP_OK, "");
    assert_true(session.video.transport_cc);
    assert_false(session.video.goog_remb);
}

static void
test_data_channels_of_hosts(void **state)
{
    (void)state;
    sdp_parse_good(OFFER_START(BUNDLE_0_1) OPUS_SECTION("0",
                       "sendonly") "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
                                   "a=mid:1\r\n"
                                   "a=sctp-port:5001\r\n",
        &sdp);
    assert_int_equal(ask(&LIMITED), BC_SDP_OK);
    assert_true(session.data.active);
    assert_int_equal(session.sctp_port, 5001);
    assert_int_equal(session.max_message_bytes, 65536);
    assert_true(answer_has("a=sctp-port:5000\r\na=max-message-size:16384\r\n"));
    assert_int_equal(ask(&PLAIN), BC_SDP_OK);
    assert_false(session.data.active);
    assert_true(answer_has("a=group:BUNDLE 0\r\n"));
    assert_true(answer_has("m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chromium_sends_three_layers),
        cmocka_unit_test(test_obs_sends_without_extensions),
        cmocka_unit_test(test_layers_have_no_ssrc_beforehand),
        cmocka_unit_test(test_announced_ssrcs_are_passed_on),
        cmocka_unit_test(test_gstreamer_may_also_want_to_receive),
        cmocka_unit_test(test_offers_that_send_nothing_are_malformed),
        cmocka_unit_test(test_impossible_offers_are_refused),
        cmocka_unit_test(test_h264_in_mode_1_goes_first),
        cmocka_unit_test(test_transport_cc_needs_no_rtx_of_a_host),
        cmocka_unit_test(test_data_channels_of_hosts),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
