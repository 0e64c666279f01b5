// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sdp_tools.h"

static struct bc_sdp sdp;

static void
test_session_level_transport_is_read(void **state)
{
    (void)state;
    sample_parse("obs_sendonly", &sdp);
    assert_string_equal(sdp.ufrag, "jBua");
    assert_string_equal(sdp.pwd, "E4AuFYkXb2ZBOrzn/bXJXG");
    assert_int_equal(sdp.setup, BC_SETUP_ACTPASS);
    assert_int_equal(sdp.fingerprint_count, 1);
    assert_string_equal(sdp.fingerprints[0].hash, "sha-256");
    assert_int_equal(sdp.fingerprints[0].len, 32);
    assert_int_equal(sdp.fingerprints[0].value[31], 31);
    assert_true(sdp.has_bundle);
    assert_true(sdp.ice2_trickle); // "ice2,trickle"
    assert_false(sdp.extmap_allow_mixed);
    assert_int_equal(sdp.candidate_count, 0);
    assert_int_equal(sdp.media_count, 2);

    const struct bc_sdp_media *v = &sdp.media[1];
    assert_int_equal(v->kind, BC_SDP_VIDEO);
    assert_string_equal(v->mid, "1");
    assert_true(v->bundled);
    assert_true(v->rtcp_mux);
    assert_false(v->rtcp_rsize);
    assert_int_equal(v->direction, BC_SDP_SENDONLY);
    assert_int_equal(v->ssrc, 1357913580);
    assert_int_equal(v->codec_count, 1);
    assert_int_equal(v->codecs[0].pt, 96);
    assert_int_equal(v->codecs[0].codec, BC_CODEC_AVC);
    assert_int_equal(v->codecs[0].rtx_pt, 0);
    assert_true(v->codecs[0].nack && v->codecs[0].nack_pli && v->codecs[0].goog_remb);
    assert_false(v->codecs[0].transport_cc || v->codecs[0].ccm_fir);
}

static void
test_chromium_sections_are_read(void **state)
{
    (void)state;
    sample_parse("chromium_recvonly_data", &sdp);
    assert_string_equal(sdp.ufrag, "2ZB3");
    assert_true(sdp.extmap_allow_mixed);
    assert_int_equal(sdp.candidate_count, 2); // of the first section
    assert_int_equal(sdp.candidates[0].port, 36928);
    assert_false(sdp.candidates[0].tcp);
    assert_string_equal(
        sdp.candidates[0].address, "0a1b2c3d-0000-4000-8000-000000000001.local");
    assert_int_equal(sdp.media_count, 3);

    const struct bc_sdp_media *v = &sdp.media[0];
    assert_int_equal(v->direction, BC_SDP_RECVONLY);
    // 34 payload types, 15 of them rtx, which is folded in.
    assert_int_equal(v->codec_count, 18);
    assert_int_equal(v->codecs[0].codec, BC_CODEC_VP8);
    assert_int_equal(v->codecs[0].rtx_pt, 97);
    assert_int_equal(v->codecs[5].pt, 102);
    assert_int_equal(v->codecs[5].codec, BC_CODEC_AVC);
    assert_int_equal(v->codecs[5].rtx_pt, 103);
    assert_string_equal(v->codecs[5].fmtp,
        "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f");
    assert_int_equal(v->codecs[15].codec, BC_CODEC_NONE); // red
    assert_int_equal(v->ext.mid, 9);
    assert_int_equal(v->ext.transport_cc, 4);
    assert_int_equal(v->ext.abs_send_time, 2);
    assert_int_equal(v->ext.playout_delay, 5);
    assert_int_equal(v->ext.video_orientation, 3);
    assert_int_equal(v->ext.directed, 0);

    const struct bc_sdp_media *d = &sdp.media[2];
    assert_int_equal(d->kind, BC_SDP_DATA);
    assert_int_equal(d->sctp_port, 5000);
    assert_int_equal(d->max_message_bytes, 262144);
    assert_false(d->old_sctp_form);
}

static void
test_simulcast_layers_are_in_order(void **state)
{
    (void)state;
    sample_parse("firefox_simulcast", &sdp);
    const struct bc_sdp_media *v = &sdp.media[1];
    assert_int_equal(v->rid_count, 3);
    assert_string_equal(v->rids[0], "h");
    assert_string_equal(v->rids[2], "l");
    assert_int_equal(v->ssrc, 576933196);
    assert_int_equal(v->rtx_ssrc, 1690558667);
    assert_int_equal(v->ext.rid, 9);
    assert_int_equal(v->ext.directed, 1 << 1 | 1 << 2 | 1 << 5);
    // "6/recvonly" in a section that only sends: no packet could have it.
    assert_int_equal(v->ext.playout_delay, 0);
    // Component 2 is not for us.
    assert_int_equal(sdp.candidate_count, 4);
    assert_true(sdp.candidates[2].tcp);
    assert_false(sdp.candidates[2].tcp_passive);
}

static void
test_first_section_gives_the_transport(void **state)
{
    (void)state;
    sample_parse("aiortc_recvonly", &sdp); // each section has its own
    assert_string_equal(sdp.ufrag, "68AC");
    assert_int_equal(sdp.candidate_count, 2);
    assert_string_equal(sdp.candidates[1].address, "2001:db8::1");
    assert_int_equal(sdp.media[1].ssrc, 3469619497);
    assert_int_equal(sdp.media[1].rtx_ssrc, 4258803811);
    assert_true(sdp.media[2].old_sctp_form);
    assert_int_equal(sdp.media[2].sctp_port, 5000);
    assert_int_equal(sdp.media[2].max_message_bytes, 65536);
}

static void
test_sections_go_before_the_session(void **state)
{
    (void)state;
    sdp_parse_good(OFFER_START(BUNDLE_0_1)
                   // A rejected section has no say.
                   "m=audio 0 UDP/TLS/RTP/SAVPF 111\r\n"
                   "a=ice-ufrag:dead\r\n"
                   "a=ice-pwd:deaddeaddeaddeaddeaddead\r\n"
                   "a=setup:passive\r\n" VP8_SECTION("1", "sendonly")
                   "a=setup:active\r\n" OPUS_SECTION("0", "sendonly")
                   "a=ice-ufrag:late\r\n"
                   "a=ice-pwd:latelatelatelatelatelate\r\n"
                   "a=setup:passive\r\n",
        &sdp);
    assert_int_equal(sdp.setup, BC_SETUP_ACTIVE); // of the second section
    assert_string_equal(sdp.ufrag, "late");       // of the third
    assert_string_equal(sdp.pwd, "latelatelatelatelatelate");
    assert_int_equal(sdp.fingerprint_count, 1); // of the session
}

static void
test_bundle_only_is_not_rejected(void **state)
{
    (void)state;
    sample_parse("gstreamer_recvonly", &sdp);
    assert_false(sdp.media[1].rejected);
    assert_true(sdp.media[1].bundled);
    assert_int_equal(sdp.media[1].codecs[0].codec, BC_CODEC_OPUS); // "OPUS/48000"
}

static void
test_lone_linefeeds_and_wildcard_feedback(void **state)
{
    (void)state;
    sdp_parse_good("v=0\n"
                   "a=ice-ufrag:ufra\n"
                   "a=ice-pwd:passwordpasswordpasswo\n"
                   "a=fingerprint:md5 00\n"
                   "a=fingerprint:SHA-256 " FINGERPRINT "\n"
                   "a=fingerprint:sha-256 " FINGERPRINT "\n"
                   "a=extmap:7 urn:ietf:params:rtp-hdrext:sdes:mid\n"
                   "a=recvonly\n"
                   "\n"
                   "m=video 9 UDP/TLS/RTP/SAVPF 100 101 102\n"
                   "a=rtcp-fb:* nack\n"
                   "a=rtcp-fb:* nack pli\n"
                   "a=fmtp:102 apt=100\n" // before its rtpmap
                   "a=rtpmap:102 rtx/90000\n"
                   "a=rtpmap:100 vp8/90000\n"
                   "a=rtpmap:101 VP9/90000\n"
                   "a=rtcp-fb:101 transport-cc",
        &sdp);
    const struct bc_sdp_media *v = &sdp.media[0];
    assert_int_equal(sdp.fingerprint_count, 2);
    assert_int_equal(sdp.setup, BC_SETUP_NONE);
    assert_int_equal(v->direction, BC_SDP_RECVONLY);
    assert_int_equal(v->ext.mid, 7);
    assert_int_equal(v->codec_count, 2);
    assert_int_equal(v->codecs[0].codec, BC_CODEC_VP8);
    assert_int_equal(v->codecs[0].rtx_pt, 102);
    assert_true(v->codecs[0].nack && v->codecs[0].nack_pli);
    assert_false(v->codecs[0].transport_cc);
    assert_true(v->codecs[1].nack && v->codecs[1].transport_cc);
    assert_int_equal(v->codecs[1].rtx_pt, 0);
}

#define BAD(lines) OFFER_START("") VP8_SECTION("0", "sendonly") lines
#define LONG_TOKEN "0123456789abcdef0123456789abcdef"

static void
test_refusals_say_what_is_wrong(void **state)
{
    (void)state;
    assert_sdp_refused("", "an SDP begins with v=0");
    assert_sdp_refused("hello", "line 1: not of the form <type>=<value>");
    assert_sdp_refused("o=-\r\n", "line 1: an SDP begins with v=0");
    assert_sdp_refused("v=0\r\ns=-\r\n", "there is no media section (m=)");
    assert_sdp_refused(
        "v=0\r\nm=video 9 RTP/SAVPF 96\r\n", "a=ice-ufrag or a=ice-pwd is missing");
    assert_sdp_refused("v=0\r\nm=video 9 RTP/SAVPF 96\r\na=ice-ufrag:abcd\r\n"
                       "a=ice-pwd:passwordpasswordpasswo\r\na=fingerprint:sha-1 AB\r\n",
        "there is no a=fingerprint with sha-256, sha-384 or sha-512");
    assert_sdp_refused(
        "v=0\r\na=ice-ufrag:abc\r\n", "line 2: ice-ufrag is not 4 to 256 characters");
    assert_sdp_refused(
        "v=0\r\na=ice-ufrag:ab:cd\r\n", "line 2: ice-ufrag is not 4 to 256 characters");
    assert_sdp_refused(
        "v=0\r\na=ice-pwd:short\r\n", "line 2: ice-pwd is not 22 to 256 characters");
    assert_sdp_refused("v=0\r\na=fingerprint:sha-256 AB:CD\r\n",
        "line 2: the fingerprint is not 32 bytes in hexadecimal");
    assert_sdp_refused("v=0\r\nm=video\r\n",
        "line 2: not of the form m=<media> <port> <proto> <format>");
    assert_sdp_refused("v=0\r\nm=video 65536 RTP/SAVPF 96\r\n",
        "line 2: the port is not a number from 0 to 65535");
    assert_sdp_refused("v=0\r\nm=video 9 RTP/SAVPF 128\r\n",
        "line 2: a payload type is not a number from 0 to 127");
    // Eight lines before the section, five of its own.
    assert_sdp_refused(BAD("a=rtpmap:128 VP8/90000\r\n"),
        "line 14: not of the form a=rtpmap:<0 to 127> <name>/<rate>");
    assert_sdp_refused(BAD("a=rtpmap:97 VP8\r\n"),
        "line 14: not of the form a=rtpmap:<0 to 127> <name>/<rate>");
    assert_sdp_refused(BAD("a=fmtp:200 x=1\r\n"),
        "line 14: a=fmtp without a payload type from 0 to 127");
    assert_sdp_refused(BAD("a=rtcp-fb:x nack\r\n"),
        "line 14: a=rtcp-fb without a payload type from 0 to 127 or *");
    assert_sdp_refused(BAD("a=extmap:x urn:x\r\n"),
        "line 14: not of the form a=extmap:<id>[/<direction>] <uri>");
    assert_sdp_refused(BAD("a=extmap:1/up urn:x\r\n"),
        "line 14: not of the form a=extmap:<id>[/<direction>] <uri>");
    assert_sdp_refused(BAD("a=ssrc:4294967296 cname:x\r\n"),
        "line 14: an SSRC is not a number of 32 bits");
    assert_sdp_refused(
        BAD("a=ssrc-group:FID 1\r\n"), "line 14: an FID group is not two SSRCs");
    assert_sdp_refused(
        BAD("a=mid:1\r\n"), "line 14: a second mid, or not a token of 32 characters");
    assert_sdp_refused("v=0\r\nm=video 9 RTP/SAVPF 96\r\na=mid:" LONG_TOKEN "x\r\n",
        "line 3: a second mid, or not a token of 32 characters");
    assert_sdp_refused(BAD("a=simulcast:send a;b\r\na=rid:a send\r\n"),
        "line 15: simulcast names a layer that has no a=rid with send");
    assert_sdp_refused(BAD("a=simulcast:send 0123456789abcdefg\r\n"
                           "a=rid:0123456789abcdefg send\r\n"),
        "line 15: a rid is not a token of at most 16 characters");
}

static void
test_contradictions_are_refused(void **state)
{
    (void)state;
    assert_sdp_refused(OFFER_START(BUNDLE_0_1) OPUS_SECTION("0", "sendonly")
                           VP8_SECTION("0", "sendonly"),
        "two sections have the mid 0");
    assert_sdp_refused(OFFER_START(BUNDLE_0_1) OPUS_SECTION(
                           "0", "sendonly") "a=ssrc:7 cname:x\r\n" VP8_SECTION("1",
                           "sendonly") "a=ssrc:7 cname:x\r\n",
        "line 21: SSRC 7 is in two sections");
}

static void
test_layers_may_have_alternatives(void **state)
{
    (void)state;
    sdp_parse_good(BAD("a=rid:hi send pt=96;max-width=1280\r\n"
                       "a=rid:hi2 send\r\n"
                       "a=rid:lo send\r\n"
                       "a=rid:in recv\r\n"
                       "a=simulcast:recv in send hi,hi2;~lo\r\n"),
        &sdp);
    assert_int_equal(sdp.media[0].rid_count, 2);
    assert_string_equal(sdp.media[0].rids[0], "hi");
    assert_string_equal(sdp.media[0].rids[1], "lo");
}

static void
test_odd_candidates_are_passed_over(void **state)
{
    (void)state;
    sdp_parse_good(BAD("a=candidate:1 1 udp 1 192.0.2.1 1000 typ host\r\n"
                       "a=candidate:1 2 udp 1 192.0.2.1 1001 typ host\r\n"
                       "a=candidate:1 1 sctp 1 192.0.2.1 1002 typ host\r\n"
                       "a=candidate:1 1 udp 1 192.0.2.1 70000 typ host\r\n"
                       "a=candidate:1 1 udp 1 192.0.2.1;reboot 1003 typ host\r\n"
                       "a=candidate:1 1 udp 1 192.0.2.1 1004\r\n"
                       "a=candidate:\r\n"
                       "a=candidate:1 1 TCP 1 2001:db8::1 1005 typ srflx raddr 10.0.0.1 "
                       "rport 9 tcptype passive generation 0\r\n"),
        &sdp);
    assert_int_equal(sdp.candidate_count, 2);
    assert_string_equal(sdp.candidates[0].text, "1 1 udp 1 192.0.2.1 1000 typ host");
    assert_int_equal(sdp.candidates[1].port, 1005);
    assert_true(sdp.candidates[1].tcp && sdp.candidates[1].tcp_passive);
}

static void
test_unknown_sections_are_kept_for_the_answer(void **state)
{
    (void)state;
    sdp_parse_good(
        BAD("m=image 0 udptl t38\r\na=rtpmap:x\r\n"
            "m=audio 9 ROT/13 x y\r\n"
            "m=application 9 UDP/BFCP *\r\n"
            "m=application 9 DTLS/SCTP 5001\r\n"
            "a=sctpmap:5001 webrtc-datachannel 1024\r\na=max-message-size:0\r\n"
            "m=application 9 DTLS/SCTP 5002\r\n"
            "a=sctpmap:5002 other 1024\r\n"),
        &sdp);
    assert_int_equal(sdp.media_count, 6);
    assert_int_equal(sdp.media[1].kind, BC_SDP_OTHER);
    assert_true(sdp.media[1].rejected);
    assert_string_equal(sdp.media[1].name, "image");
    assert_string_equal(sdp.media[1].proto, "udptl");
    assert_string_equal(sdp.media[1].format, "t38");
    assert_int_equal(sdp.media[2].kind, BC_SDP_OTHER);
    assert_int_equal(sdp.media[3].kind, BC_SDP_OTHER);
    assert_int_equal(sdp.media[4].sctp_port, 5001);
    assert_int_equal(sdp.media[4].max_message_bytes, UINT32_MAX);
    assert_int_equal(sdp.media[5].sctp_port, 0);
}

static const char *const ALL_SAMPLES[] = {
    "aiortc_recvonly",
    "aiortc_sendonly",
    "chromium_recvonly",
    "chromium_recvonly_data",
    "chromium_sendonly",
    "chromium_simulcast",
    "firefox_recvonly_data",
    "firefox_simulcast",
    "gstreamer_recvonly",
    "gstreamer_sendrecv",
    "libdatachannel_sendonly",
    "obs_sendonly",
    "obs_simulcast",
    "safari_recvonly",
};

static void
test_samples_survive_every_truncation(void **state)
{
    (void)state;
    char error[128];
    for (size_t i = 0; i < sizeof(ALL_SAMPLES) / sizeof(ALL_SAMPLES[0]); i++) {
        size_t len;
        char *text = sample_read(ALL_SAMPLES[i], &len);
        assert_int_equal(bc_sdp_parse(text, len, &sdp, error, sizeof(error)), 0);
        for (size_t n = 0; n < len; n++) {
            // A block of this size, so that the sanitizer sees one byte too far.
            char *part = malloc(n > 0 ? n : 1);
            assert_non_null(part);
            memcpy(part, text, n);
            if (bc_sdp_parse(part, n, &sdp, error, sizeof(error)) != 0) {
                assert_string_not_equal(error, "");
            }
            free(part);
        }
        free(text);
    }
}

static void
test_a_short_error_buffer_is_enough(void **state)
{
    (void)state;
    char error[8];
    assert_true(bc_sdp_parse("v=0\r\nx", 6, &sdp, error, sizeof(error)) < 0);
    assert_string_equal(error, "line 2:");
    assert_true(bc_sdp_parse("v=1", 3, &sdp, error, 1) < 0);
    assert_true(bc_sdp_parse("v=1", 3, &sdp, NULL, 0) < 0);
    assert_true(bc_sdp_parse(NULL, 0, &sdp, error, sizeof(error)) < 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_session_level_transport_is_read),
        cmocka_unit_test(test_chromium_sections_are_read),
        cmocka_unit_test(test_simulcast_layers_are_in_order),
        cmocka_unit_test(test_first_section_gives_the_transport),
        cmocka_unit_test(test_sections_go_before_the_session),
        cmocka_unit_test(test_bundle_only_is_not_rejected),
        cmocka_unit_test(test_lone_linefeeds_and_wildcard_feedback),
        cmocka_unit_test(test_refusals_say_what_is_wrong),
        cmocka_unit_test(test_contradictions_are_refused),
        cmocka_unit_test(test_layers_may_have_alternatives),
        cmocka_unit_test(test_odd_candidates_are_passed_over),
        cmocka_unit_test(test_unknown_sections_are_kept_for_the_answer),
        cmocka_unit_test(test_samples_survive_every_truncation),
        cmocka_unit_test(test_a_short_error_buffer_is_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
