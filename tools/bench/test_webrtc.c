// SPDX-License-Identifier: Apache-2.0
// What the WebRTC viewer reads and writes: STUN, SDP, RTP.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "rtp.h"
#include "sdp.h"
#include "stun.h"

// ---- STUN ----

// RFC 5769 2.1: a connectivity check.
static const uint8_t sample_request[] = {
    0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42, // binding request, 88 bytes, cookie
    0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae, // transaction
    0x80, 0x22, 0x00, 0x10, 'S', 'T', 'U', 'N', ' ', 't', 'e', 's', 't', ' ', 'c', 'l',
    'i', 'e', 'n', 't', // SOFTWARE
    0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff, // PRIORITY
    0x80, 0x29, 0x00, 0x08, 0x93, 0x2f, 0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36, // controlled
    0x00, 0x06, 0x00, 0x09, 'e', 'v', 't', 'j', ':', 'h', '6', 'v', 'Y', 0x20, 0x20,
    0x20, // USERNAME
    0x00, 0x08, 0x00, 0x14, 0x9a, 0xea, 0xa7, 0x0c, 0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e,
    0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49, 0xc1, 0xb5, 0x71, 0xa2, // MESSAGE-INTEGRITY
    0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf, // FINGERPRINT
};
static const char sample_password[] = "VOkJxbRl1RmTxUk/WvJxBt";

static void
test_stun_integrity_of_the_rfc(void **state)
{
    (void)state;
    size_t n = sizeof(sample_request);
    assert_int_equal(bc_stun_kind_of(sample_request, n), BC_STUN_REQUEST);
    assert_true(bc_stun_is_genuine(sample_request, n, sample_password));
    assert_false(bc_stun_is_genuine(sample_request, n, "VOkJxbRl1RmTxUk/WvJxBu"));
    for (size_t i = 0; i < n; i++) {
        uint8_t *cut = malloc(i + 1); // so that a sanitizer sees reads behind it
        memcpy(cut, sample_request, i);
        assert_int_equal(bc_stun_kind_of(cut, i), BC_STUN_NONE);
        if (i >= 20) {
            bc_stun_is_genuine(cut, i, sample_password);
        }
        free(cut);
    }
}

static void
test_stun_check_is_read_as_it_was_written(void **state)
{
    (void)state;
    static const uint8_t transaction[BC_STUN_TRANSACTION_LEN] = "transaction";
    struct bc_buf out = { 0 };
    struct bc_stun_check check = { transaction, "theirs:ours", "password",
        0x0123456789abcdef, true };
    bc_stun_write_check(&out, &check);
    assert_int_equal(bc_stun_kind_of(out.data, out.len), BC_STUN_REQUEST);
    assert_true(bc_stun_is_genuine(out.data, out.len, "password"));
    assert_memory_equal(out.data + 8, transaction, sizeof(transaction));
    assert_int_equal(bc_read16(out.data + 20), 0x0006); // USERNAME first
    assert_int_equal(bc_read16(out.data + 22), 11);
    assert_memory_equal(out.data + 24, "theirs:ours\0", 12);
    assert_non_null(memmem(out.data, out.len, "\x80\x2a\0\x08\x01\x23\x45\x67", 8));
    assert_non_null(memmem(out.data, out.len, "\0\x25\0\0", 4)); // USE-CANDIDATE
    size_t with = out.len;
    check.controlling = false;
    bc_stun_write_check(&out, &check);
    assert_int_equal(out.len, with - 4);
    assert_non_null(memmem(out.data, out.len, "\x80\x29\0\x08", 4));
    bc_buf_finish(&out);
}

static void
test_stun_success_carries_the_address(void **state)
{
    (void)state;
    static const uint8_t transaction[BC_STUN_TRANSACTION_LEN] = { 0 };
    // RFC 5769 2.2: 192.0.2.1:32853
    static const uint8_t mapped[] = { 0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47,
        0xe1, 0x12, 0xa6, 0x43 };
    struct bc_buf out = { 0 };
    struct sockaddr_in peer = { .sin_family = AF_INET, .sin_port = htons(32853) };
    inet_pton(AF_INET, "192.0.2.1", &peer.sin_addr);
    bc_stun_write_success(&out, transaction, &peer, "password");
    assert_int_equal(bc_stun_kind_of(out.data, out.len), BC_STUN_SUCCESS);
    assert_true(bc_stun_is_genuine(out.data, out.len, "password"));
    assert_memory_equal(out.data + 20, mapped, sizeof(mapped));
    bc_buf_finish(&out);
}

// ---- SDP ----

#define TRANSPORT "a=ice-ufrag:uf\r\na=ice-pwd:secret\r\na=fingerprint:sha-256 AA:BB\r\n"

static const char answer[] =
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=ice-lite\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n" TRANSPORT
    "a=setup:active\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 useinbandfec=1\r\n"
    "a=candidate:1 1 UDP 2130706431 10.0.0.9 8189 typ host\r\n"
    "a=candidate:2 1 tcp 2130706430 127.0.0.1 9 typ host tcptype passive\r\n"
    "a=candidate:3 1 udp 2130706429 127.0.0.1 8190 typ host generation 0\r\n"
    "m=video 9 UDP/TLS/RTP/SAVPF 104 105\r\na=mid:one\r\n" TRANSPORT
    "a=rtpmap:105 rtx/90000\r\na=rtpmap:104 H264/90000\r\n"
    "a=fmtp:104 packetization-mode=1;profile-level-id=4d001f\r\n";

static struct sockaddr_in
loopback(void)
{
    return (struct sockaddr_in){ .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static void
test_sdp_answer_is_understood(void **state)
{
    (void)state;
    struct bc_sdp_remote r;
    struct sockaddr_in host = loopback();
    assert_null(bc_sdp_parse(&r, answer, &host));
    assert_string_equal(r.ufrag, "uf");
    assert_string_equal(r.pwd, "secret");
    assert_string_equal(r.fingerprint, "AA:BB");
    assert_true(r.lite && r.active);
    assert_int_equal(r.audio_pt, 111);
    assert_int_equal(r.video_pt, 104);
    assert_int_equal(r.address.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
    assert_int_equal(ntohs(r.address.sin_port), 8190);
    assert_string_equal(r.sections[1].mid, "one");
    assert_string_equal(
        r.sections[1].fmtp, "packetization-mode=1;profile-level-id=4d001f");
    host.sin_addr.s_addr = htonl(0x01020304); // none of theirs: the first UDP candidate
    assert_null(bc_sdp_parse(&r, answer, &host));
    assert_int_equal(ntohs(r.address.sin_port), 8189);
}

static void
test_sdp_says_what_is_missing(void **state)
{
    (void)state;
    struct bc_sdp_remote r;
    struct sockaddr_in host = loopback();
    assert_string_equal(bc_sdp_parse(&r, "", &host), "sdp_no_ice");
    assert_string_equal(bc_sdp_parse(&r, TRANSPORT, &host), "sdp_no_video");
    assert_string_equal(bc_sdp_parse(&r, "m=video x", &host), "sdp_bad_section");
    assert_string_equal(
        bc_sdp_parse(&r, TRANSPORT "m=video 0 X 96\na=rtpmap:96 H264/90000", &host),
        "sdp_no_video");
    assert_string_equal(
        bc_sdp_parse(&r, TRANSPORT "m=video 9 X 96\na=rtpmap:96 H264/90000", &host),
        "sdp_no_candidate");
    for (size_t i = 0; i < sizeof(answer); i++) {
        char *cut = strndup(answer, i);
        bc_sdp_parse(&r, cut, &host);
        free(cut);
    }
}

static void
test_sdp_texts_of_ours_are_sdp(void **state)
{
    (void)state;
    struct bc_buf offer = { 0 };
    struct bc_buf reply = { 0 };
    struct bc_sdp_remote r;
    struct sockaddr_in own = loopback();
    own.sin_port = htons(4000);
    struct bc_sdp_local local = { "ours", "own password", "CC:DD", &own };
    bc_sdp_write_offer(&offer, &local, true);
    bc_buf_add(&offer, "", 1);
    assert_null(bc_sdp_parse(&r, (char *)offer.data, &own));
    assert_int_equal(r.section_count, 2);
    assert_int_equal(r.video_pt, 102);
    assert_int_equal(r.audio_pt, 111);
    assert_int_equal(ntohs(r.address.sin_port), 4000);
    bc_sdp_write_answer(&reply, &local, &r);
    bc_buf_add(&reply, "", 1);
    assert_null(bc_sdp_parse(&r, (char *)reply.data, &own));
    assert_true(r.active);
    assert_int_equal(r.video_pt, 102);
    bc_buf_clear(&offer);
    bc_sdp_write_offer(&offer, &local, false);
    bc_buf_add(&offer, "", 1);
    assert_null(bc_sdp_parse(&r, (char *)offer.data, &own));
    assert_int_equal(r.section_count, 1);
    assert_int_equal(r.audio_pt, -1);
    bc_buf_finish(&offer);
    bc_buf_finish(&reply);
}

// ---- RTP ----

static void
receive(struct bc_rtp_receiver *r, uint32_t ssrc, uint32_t seq)
{
    uint8_t header[BC_RTP_HEADER] = { 0x80, 96 };
    bc_write16(header + 2, seq & 0xffff);
    bc_write32(header + 8, ssrc);
    bc_rtp_receive(r, header);
}

static void
test_rtp_counts_what_is_missing(void **state)
{
    (void)state;
    struct bc_rtp_receiver r = { 0 };
    for (uint32_t i = 65000; i < 66000; i++) { // across the wrap
        receive(&r, 1, i);
    }
    bc_rtp_open_window(&r);
    assert_int_equal(bc_rtp_window_expected(&r), 0);
    for (uint32_t i = 66000; i < 67000; i++) {
        if (i % 100 != 7) { // ten are lost
            receive(&r, 1, i);
        }
    }
    receive(&r, 1, 66807); // one of them was only late
    receive(&r, 1, 66998); // and this one came twice
    assert_int_equal(bc_rtp_window_expected(&r), 1000);
    assert_int_equal(bc_rtp_window_lost(&r), 9);
    assert_int_equal(r.duplicates, 1);
    assert_int_equal(r.reordered, 1);
    receive(&r, 2, 5); // another source begins
    assert_int_equal(bc_rtp_window_expected(&r), 1001);
    receive(&r, 1, 20000); // the sender began anew: no loss
    assert_int_equal(bc_rtp_window_lost(&r), 9);
    receive(&r, 1, 20001);
    assert_int_equal(bc_rtp_window_expected(&r), 1003);
}

static void
test_rtp_report_tells_the_loss(void **state)
{
    (void)state;
    struct bc_rtp_receiver r = { 0 };
    uint8_t out[BC_RTCP_MAX];
    receive(&r, 0xaabbccdd, 10);
    receive(&r, 0xaabbccdd, 13); // two of four
    size_t n = bc_rtp_write_report(&r, 0x11223344, out);
    assert_int_equal(n, 8 + 24 + 20);
    assert_int_equal(bc_read32(out), 0x81c90007); // one block, RR, 7 words follow
    assert_int_equal(bc_read32(out + 4), 0x11223344);
    assert_int_equal(bc_read32(out + 8), 0xaabbccdd);
    assert_int_equal(out[12], 127); // half, in 256ths
    assert_int_equal(bc_read24(out + 13), 2); // ever
    assert_int_equal(bc_read32(out + 16), 13); // highest
    assert_int_equal(bc_read32(out + 32), 0x81ca0004);
    receive(&r, 0xaabbccdd, 14);
    bc_rtp_write_report(&r, 0x11223344, out);
    assert_int_equal(out[12], 0); // none since
    assert_int_equal(bc_read24(out + 13), 2);
}

static void
test_rtp_payload_is_found(void **state)
{
    (void)state;
    // padding and extension, one CSRC; one word of extension; payload 1 2; 2 of padding
    static const uint8_t packet[] = { 0xb1, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 9,
        0, 0, 0, 1, 7, 7, 7, 7, 1, 2, 0, 2 };
    size_t len = 0;
    const uint8_t *payload = bc_rtp_payload(packet, sizeof(packet), &len);
    assert_ptr_equal(payload, packet + 24);
    assert_int_equal(len, 2);
    for (size_t i = 0; i < sizeof(packet); i++) {
        uint8_t *cut = malloc(i + 1);
        memcpy(cut, packet, i);
        bc_rtp_payload(cut, i, &len);
        free(cut);
    }
}

static void
test_rtp_keyframes_are_seen(void **state)
{
    (void)state;
    static const uint8_t sets_and_idr[] = { 24, 0, 2, 0x67, 1, 0, 2, 0x68, 2, 0, 1,
        0x65 };
    static const uint8_t sets[] = { 24, 0, 2, 0x67, 1, 0, 2, 0x68, 2 };
    assert_true(bc_rtp_begins_idr((uint8_t[]){ 0x65, 0x88 }, 2));
    assert_false(bc_rtp_begins_idr((uint8_t[]){ 0x41, 0x9a }, 2));
    assert_true(bc_rtp_begins_idr((uint8_t[]){ 0x7c, 0x85 }, 2)); // FU-A, its start
    assert_false(bc_rtp_begins_idr((uint8_t[]){ 0x7c, 0x05 }, 2)); // its middle
    assert_false(bc_rtp_begins_idr((uint8_t[]){ 0x7c, 0x81 }, 2)); // another slice
    assert_false(bc_rtp_begins_idr((uint8_t[]){ 0x7c }, 1));
    assert_true(bc_rtp_begins_idr(sets_and_idr, sizeof(sets_and_idr)));
    assert_false(bc_rtp_begins_idr(sets, sizeof(sets)));
    assert_false(bc_rtp_begins_idr(sets, 0));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stun_integrity_of_the_rfc),
        cmocka_unit_test(test_stun_check_is_read_as_it_was_written),
        cmocka_unit_test(test_stun_success_carries_the_address),
        cmocka_unit_test(test_sdp_answer_is_understood),
        cmocka_unit_test(test_sdp_says_what_is_missing),
        cmocka_unit_test(test_sdp_texts_of_ours_are_sdp),
        cmocka_unit_test(test_rtp_counts_what_is_missing),
        cmocka_unit_test(test_rtp_report_tells_the_loss),
        cmocka_unit_test(test_rtp_payload_is_found),
        cmocka_unit_test(test_rtp_keyframes_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
