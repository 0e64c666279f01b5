// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sdp_tools.h"

static struct bc_sdp sdp;
static struct bc_sdp answer_sdp;
static struct bc_sdp_session session;
static char error[256];

// A client: no ICE-lite, one candidate.
static struct bc_sdp_local
client(void)
{
    struct bc_sdp_local local = LOCAL;
    local.ice_lite = false;
    local.candidate_count = 1;
    return local;
}

static void
test_offer_of_a_publisher(void **state)
{
    (void)state;
    struct bc_sdp_local local = client();
    struct bc_writer w = { 0 };
    const enum bc_codec video[] = { BC_CODEC_VP8 };
    bc_sdp_write_offer(BC_SDP_SENDONLY, video, 1, true, &local, &w);
    assert_text(&w,
        "v=0\r\n"
        "o=- 42 1 IN IP4 0.0.0.0\r\n"
        "s=-\r\n"
        "t=0 0\r\n"
        "a=group:BUNDLE 0 1\r\n"
        "a=msid-semantic: WMS *\r\n"
        "a=ice-options:trickle ice2\r\n"
        "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
        "c=IN IP4 0.0.0.0\r\n"
        ACTPASS
        "a=mid:0\r\n"
        "a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
        "a=extmap:3 http://www.ietf.org/id/"
        "draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n"
        "a=sendonly\r\n"
        "a=msid:branchcast audio\r\n"
        "a=ssrc:1003 cname:branchcast\r\n"
        "a=rtcp-mux\r\n"
        "a=rtcp-rsize\r\n"
        "a=rtpmap:111 opus/48000/2\r\n"
        "a=rtcp-fb:111 transport-cc\r\n"
        "a=fmtp:111 minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1\r\n"
        "a=candidate:1 1 udp 2130706431 192.0.2.7 8189 typ host\r\n"
        "a=end-of-candidates\r\n"
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n"
        "c=IN IP4 0.0.0.0\r\n"
        ACTPASS
        "a=mid:1\r\n"
        "a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
        "a=extmap:3 http://www.ietf.org/id/"
        "draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n"
        "a=sendonly\r\n"
        "a=msid:branchcast video\r\n"
        "a=ssrc-group:FID 1001 1002\r\n"
        "a=ssrc:1001 cname:branchcast\r\n"
        "a=ssrc:1002 cname:branchcast\r\n"
        "a=rtcp-mux\r\n"
        "a=rtcp-rsize\r\n"
        "a=rtpmap:96 VP8/90000\r\n"
        "a=rtcp-fb:96 transport-cc\r\n"
        "a=rtcp-fb:96 ccm fir\r\n"
        "a=rtcp-fb:96 nack\r\n"
        "a=rtcp-fb:96 nack pli\r\n"
        "a=rtpmap:97 rtx/90000\r\n"
        "a=fmtp:97 apt=96\r\n");
}

static void
test_offer_of_a_player_without_audio(void **state)
{
    (void)state;
    struct bc_sdp_local local = client();
    struct bc_writer w = { 0 };
    const enum bc_codec video[] = { BC_CODEC_HEVC, BC_CODEC_AV1 };
    bc_sdp_write_offer(BC_SDP_RECVONLY, video, 2, false, &local, &w);
    assert_text(&w,
        "v=0\r\n"
        "o=- 42 1 IN IP4 0.0.0.0\r\n"
        "s=-\r\n"
        "t=0 0\r\n"
        "a=group:BUNDLE 0\r\n"
        "a=msid-semantic: WMS *\r\n"
        "a=ice-options:trickle ice2\r\n"
        "m=video 9 UDP/TLS/RTP/SAVPF 108 109 100 101\r\n"
        "c=IN IP4 0.0.0.0\r\n"
        ACTPASS
        "a=mid:0\r\n"
        "a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
        "a=extmap:3 http://www.ietf.org/id/"
        "draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n"
        "a=recvonly\r\n"
        "a=rtcp-mux\r\n"
        "a=rtcp-rsize\r\n"
        "a=rtpmap:108 H265/90000\r\n"
        "a=rtcp-fb:108 transport-cc\r\n"
        "a=rtcp-fb:108 ccm fir\r\n"
        "a=rtcp-fb:108 nack\r\n"
        "a=rtcp-fb:108 nack pli\r\n"
        "a=fmtp:108 level-id=180;profile-id=1;tier-flag=0;tx-mode=SRST\r\n"
        "a=rtpmap:109 rtx/90000\r\n"
        "a=fmtp:109 apt=108\r\n"
        "a=rtpmap:100 AV1/90000\r\n"
        "a=rtcp-fb:100 transport-cc\r\n"
        "a=rtcp-fb:100 ccm fir\r\n"
        "a=rtcp-fb:100 nack\r\n"
        "a=rtcp-fb:100 nack pli\r\n"
        "a=fmtp:100 level-idx=5;profile=0;tier=0\r\n"
        "a=rtpmap:101 rtx/90000\r\n"
        "a=fmtp:101 apt=100\r\n"
        "a=candidate:1 1 udp 2130706431 192.0.2.7 8189 typ host\r\n"
        "a=end-of-candidates\r\n");
}

// Reads what the other end of a round trip wrote.
static void
parse_written(struct bc_writer *w, struct bc_sdp *out)
{
    assert_false(w->failed);
    int err = bc_sdp_parse((const char *)w->data, w->len, out, error, sizeof(error));
    if (err != 0) {
        fail_msg("%s", error);
    }
    bc_writer_finish(w);
}

static void
check_round_trip(enum bc_sdp_direction direction)
{
    const enum bc_codec video[] = { BC_CODEC_AVC, BC_CODEC_VP8 };
    struct bc_sdp_local local = client();
    struct bc_sdp_local remote = LOCAL;
    struct bc_writer w = { 0 };
    local.fingerprint = remote.fingerprint = "sha-256 " FINGERPRINT;
    local.video_ssrc = 2001;
    local.video_rtx_ssrc = 2002;
    local.audio_ssrc = 2003;
    bc_sdp_write_offer(direction, video, 2, true, &local, &w);
    parse_written(&w, &sdp);
    assert_int_equal(sdp.media[1].codec_count, 4);

    struct bc_sdp_session theirs;
    if (direction == BC_SDP_RECVONLY) {
        const struct bc_sdp_source source = { .video = BC_CODEC_AVC,
            .avc_profile = { 0x64, 0, 0x28 },
            .audio = BC_CODEC_OPUS,
            .audio_channels = 2 };
        assert_int_equal(
            bc_sdp_answer_whep(&sdp, &source, &remote, &theirs, &w, error, sizeof(error)),
            BC_SDP_OK);
    } else {
        const struct bc_sdp_whip_rules rules = { .data = false };
        assert_int_equal(
            bc_sdp_answer_whip(&sdp, &rules, &remote, &theirs, &w, error, sizeof(error)),
            BC_SDP_OK);
        assert_int_equal(theirs.video.ssrc, 2001);
    }
    parse_written(&w, &answer_sdp);
    assert_true(answer_sdp.ice_lite);
    assert_int_equal(answer_sdp.candidate_count, 2);
    assert_true(
        bc_sdp_read_answer(&answer_sdp, direction, &session, error, sizeof(error)));
    assert_true(session.dtls_client);
    assert_int_equal(session.video.pt, theirs.video.pt);
    assert_int_equal(session.video.rtx_pt, theirs.video.rtx_pt);
    assert_true(session.video.rtx_pt != 0);
    assert_true(session.video.nack && session.video.transport_cc);
    assert_true(session.audio.active && session.audio.transport_cc);
    assert_int_equal(session.audio.pt, 111);
    assert_int_equal(session.video.ext.mid, 1);
    assert_string_equal(session.video.mid, "1");
}

static void
test_our_answers_fit_our_offers(void **state)
{
    (void)state;
    check_round_trip(BC_SDP_RECVONLY);
    assert_int_equal(session.video.pt, 106); // High
    assert_int_equal(session.video.ssrc, 1001);
    assert_int_equal(session.video.rtx_ssrc, 1002);
    check_round_trip(BC_SDP_SENDONLY);
    assert_int_equal(session.video.pt, 102);
    assert_int_equal(session.video.ssrc, 0);
}

static void
test_other_answers(void **state)
{
    (void)state;
    // Audio is rejected, the peer starts DTLS, no RTX, no extensions.
    sdp_parse_good(
        OFFER_START("a=group:BUNDLE 1\r\n") "m=audio 0 UDP/TLS/RTP/SAVPF "
                                            "111\r\na=mid:0\r\n" VP8_SECTION(
                                                "1", "recvonly") "a=setup:active\r\na="
                                                                 "rtcp-fb:96 nack\r\n",
        &sdp);
    assert_true(
        bc_sdp_read_answer(&sdp, BC_SDP_SENDONLY, &session, error, sizeof(error)));
    assert_false(session.audio.active);
    assert_int_equal(session.video.codec, BC_CODEC_VP8);
    assert_int_equal(session.video.section, 1);
    assert_int_equal(session.video.rtx_pt, 0);
    assert_false(session.dtls_client || session.video.transport_cc);
    // The same says nothing to a player.
    assert_false(
        bc_sdp_read_answer(&sdp, BC_SDP_RECVONLY, &session, error, sizeof(error)));
    assert_string_equal(error, "the answer accepts neither audio nor video");
    // H.264 with the payload type that we offered for VP8.
    sdp_parse_good(OFFER_START("") SECTION("video 9 UDP/TLS/RTP/SAVPF 96", "0",
                       "recvonly") "a=rtpmap:96 H264/90000\r\n",
        &sdp);
    assert_false(
        bc_sdp_read_answer(&sdp, BC_SDP_SENDONLY, &session, error, sizeof(error)));
    assert_string_equal(
        error, "the answer's video section has no payload type that we offered");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offer_of_a_publisher),
        cmocka_unit_test(test_offer_of_a_player_without_audio),
        cmocka_unit_test(test_our_answers_fit_our_offers),
        cmocka_unit_test(test_other_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
