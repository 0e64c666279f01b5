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

// The text made so far is parsed and the writer emptied.
static int
parse(struct bc_writer *w, char *error, size_t error_len)
{
    assert_false(w->failed);
    int err = bc_sdp_parse((const char *)w->data, w->len, &sdp, error, error_len);
    bc_writer_finish(w);
    return err;
}

static void
test_64_kib_are_the_limit(void **state)
{
    (void)state;
    char error[128];
    for (size_t more = 0; more < 2; more++) {
        struct bc_writer w = { 0 };
        bc_write_str(&w, OFFER_START("") VP8_SECTION("0", "sendonly"));
        while (w.len + 10 <= BC_SDP_MAX_BYTES) {
            bc_write_str(&w, "a=ignored\n");
        }
        while (w.len < BC_SDP_MAX_BYTES + more) {
            bc_write_str(&w, "\n");
        }
        assert_int_equal(parse(&w, error, sizeof(error)) == 0, more == 0);
        assert_string_equal(error, more == 0 ? "" : "longer than 65536 bytes");
    }
}

static void
test_long_lines_are_refused(void **state)
{
    (void)state;
    char error[128];
    for (unsigned more = 0; more < 2; more++) {
        struct bc_writer w = { 0 };
        bc_write_str(&w, OFFER_START("") VP8_SECTION("0", "sendonly") "i=");
        for (unsigned i = 0; i < 8192 - 2 + more; i++) {
            bc_write_u8(&w, 'x');
        }
        bc_write_str(&w, "\r\n");
        assert_int_equal(parse(&w, error, sizeof(error)) == 0, more == 0);
        assert_string_equal(error, more == 0 ? "" : "line 14: longer than 8192 bytes");
    }
}

static void
test_eight_sections_are_the_limit(void **state)
{
    (void)state;
    char error[128];
    for (unsigned count = BC_SDP_MEDIA_MAX; count <= BC_SDP_MEDIA_MAX + 1; count++) {
        struct bc_writer w = { 0 };
        bc_write_str(&w, OFFER_START(""));
        for (unsigned i = 0; i < count; i++) {
            bc_write_str(&w, "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n");
        }
        assert_int_equal(parse(&w, error, sizeof(error)) == 0, count == BC_SDP_MEDIA_MAX);
        assert_int_equal(sdp.media_count, BC_SDP_MEDIA_MAX);
    }
    assert_string_equal(error, "line 17: more than 8 media sections");
}

static void
test_codecs_beyond_64_are_ignored(void **state)
{
    (void)state;
    char error[128];
    struct bc_writer w = { 0 };
    bc_write_str(&w, OFFER_START("") "m=video 9 UDP/TLS/RTP/SAVPF");
    for (unsigned i = 0; i < 128; i++) {
        bc_write_fmt(&w, " %u", 127 - i);
    }
    for (unsigned i = 0; i < 40; i++) {
        bc_write_fmt(&w, " %u", i); // once more
    }
    bc_write_str(&w, "\r\n");
    for (unsigned i = 0; i < 128; i++) {
        bc_write_fmt(&w, "a=rtpmap:%u VP8/90000\r\na=rtcp-fb:%u nack\r\n", i, i);
    }
    assert_int_equal(parse(&w, error, sizeof(error)), 0);
    assert_int_equal(sdp.media[0].codec_count, BC_SDP_CODECS_MAX);
    assert_int_equal(sdp.media[0].codecs[0].pt, 127);
    assert_int_equal(sdp.media[0].codecs[63].pt, 64);
}

static void
test_more_of_the_rest_is_ignored(void **state)
{
    (void)state;
    char error[128];
    struct bc_writer w = { 0 };
    bc_write_str(&w, OFFER_START("") VP8_SECTION("0", "sendonly"));
    for (unsigned i = 0; i < 100; i++) {
        bc_write_fmt(&w, "a=candidate:1 1 udp 1 192.0.2.1 %u typ host\r\n", i);
        bc_write_fmt(&w, "a=ssrc:%u cname:x\r\na=rid:%u send\r\n", i + 5, i);
        bc_write_str(&w, "a=fingerprint:sha-256 " FINGERPRINT "\r\n");
    }
    assert_int_equal(parse(&w, error, sizeof(error)), 0);
    assert_int_equal(sdp.candidate_count, BC_SDP_CANDIDATES_MAX);
    assert_int_equal(sdp.fingerprint_count, BC_SDP_FINGERPRINTS_MAX);
    assert_int_equal(sdp.media[0].ssrc, 5);
    assert_int_equal(sdp.media[0].rid_count, 0); // no a=simulcast
}

static void
test_more_layers_than_four_are_refused(void **state)
{
    (void)state;
    assert_sdp_refused(
        OFFER_START("") VP8_SECTION("0",
            "sendonly") "a=rid:a send\r\na=rid:b send\r\na=rid:c send\r\na=rid:d send\r\n"
                        "a=rid:e send\r\na=simulcast:send a;b;c;d;e\r\n",
        "line 19: more than 4 simulcast layers in a section");
}

static void
test_long_fmtp_keeps_what_fits(void **state)
{
    (void)state;
    char error[128];
    struct bc_writer w = { 0 };
    bc_write_str(&w,
        OFFER_START("") VP8_SECTION(
            "0", "sendonly") "a=fmtp:96 packetization-mode=1;sprop-parameter-sets=");
    for (unsigned i = 0; i < 300; i++) {
        bc_write_u8(&w, 'A');
    }
    bc_write_str(&w, ";profile-level-id=42e01f\r\n");
    assert_int_equal(parse(&w, error, sizeof(error)), 0);
    assert_string_equal(
        sdp.media[0].codecs[0].fmtp, "packetization-mode=1;profile-level-id=42e01f");
}

static void
test_unprintable_parameters_are_dropped(void **state)
{
    (void)state;
    sdp_parse_good(OFFER_START("") VP8_SECTION(
                       "0", "sendonly") "a=fmtp:96 a=1;b=\x01;c=\xc3\xa4;d=2\r\n",
        &sdp);
    assert_string_equal(sdp.media[0].codecs[0].fmtp, "a=1;d=2");
}

static void
test_long_credentials_are_refused(void **state)
{
    (void)state;
    char error[128];
    for (unsigned n = BC_SDP_UFRAG_MAX; n <= BC_SDP_UFRAG_MAX + 1; n++) {
        struct bc_writer w = { 0 };
        bc_write_str(&w, OFFER_START("") "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n"
                                         "a=ice-pwd:passwordpasswordpasswo\r\n"
                                         "a=ice-ufrag:");
        for (unsigned i = 0; i < n; i++) {
            bc_write_u8(&w, 'u');
        }
        assert_int_equal(parse(&w, error, sizeof(error)) == 0, n == BC_SDP_UFRAG_MAX);
    }
    assert_string_equal(error, "line 11: ice-ufrag is not 4 to 256 characters");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_64_kib_are_the_limit),
        cmocka_unit_test(test_long_lines_are_refused),
        cmocka_unit_test(test_eight_sections_are_the_limit),
        cmocka_unit_test(test_codecs_beyond_64_are_ignored),
        cmocka_unit_test(test_more_of_the_rest_is_ignored),
        cmocka_unit_test(test_more_layers_than_four_are_refused),
        cmocka_unit_test(test_long_fmtp_keeps_what_fits),
        cmocka_unit_test(test_unprintable_parameters_are_dropped),
        cmocka_unit_test(test_long_credentials_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
