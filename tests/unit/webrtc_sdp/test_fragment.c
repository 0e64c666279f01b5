// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sdp_tools.h"

static struct bc_sdp_fragment fragment;
static char error[256];

// RFC 9725, figure 4, in essence.
static const char TRICKLE[] =
    "a=group:BUNDLE 0 1\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
    "a=mid:0\r\n"
    "a=ice-ufrag:EsAw\r\n"
    "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n"
    "a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 "
    "ufrag EsAw network-id 1\r\n"
    "a=candidate:3471623853 1 udp 2122194687 198.51.100.2 61765 typ host generation 0 "
    "ufrag EsAw network-id 2\r\n"
    "a=candidate:473322822 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active "
    "generation 0 ufrag EsAw network-id 1\r\n"
    "a=candidate:2 1 udp 1 0a1b2c3d-0000-4000-8000-000000000001.local 5 typ host\r\n"
    "a=candidate:2 1 dccp 1 192.0.2.1 5 typ host\r\n"
    "a=end-of-candidates\r\n";

static int
parse(const char *text)
{
    return bc_sdp_fragment_parse(text, strlen(text), &fragment, error, sizeof(error));
}

static void
test_candidates_of_a_trickle_are_read(void **state)
{
    (void)state;
    assert_int_equal(parse(TRICKLE), 0);
    assert_string_equal(fragment.ufrag, "EsAw");
    assert_string_equal(fragment.pwd, "P2uYro0UCOQ4zxjKXaWCBui1");
    assert_int_equal(fragment.candidate_count, 4); // no DCCP
    assert_string_equal(fragment.candidates[1].address, "198.51.100.2");
    assert_int_equal(fragment.candidates[1].port, 61765);
    assert_true(fragment.candidates[2].tcp);
    assert_true(fragment.end_of_candidates);
}

static void
test_a_restart_has_credentials_only(void **state)
{
    (void)state;
    assert_int_equal(parse("a=ice-ufrag:ysXw\na=ice-pwd:vw5LmwG4y/e6dPP/zAP9Gp5k\n"), 0);
    assert_string_equal(fragment.ufrag, "ysXw");
    assert_int_equal(fragment.candidate_count, 0);
    assert_false(fragment.end_of_candidates);
    assert_int_equal(parse("a=end-of-candidates"), 0);
    assert_string_equal(fragment.ufrag, "");
    assert_string_equal(fragment.pwd, "");
}

static void
test_nonsense_is_refused(void **state)
{
    (void)state;
    assert_int_equal(parse(""), -EINVAL);
    assert_string_equal(error, "the fragment is empty");
    assert_int_equal(parse("{\"candidate\":\"\"}"), -EINVAL);
    assert_string_equal(error, "line 1: not of the form <type>=<value>");
    assert_int_equal(parse("a=mid:0\r\na=ice-ufrag:x\r\n"), -EINVAL);
    assert_string_equal(error, "line 2: ice-ufrag is not 4 to 256 characters");
    assert_int_equal(parse("a=ice-pwd:x\r\n"), -EINVAL);
    assert_string_equal(error, "line 1: ice-pwd is not 22 to 256 characters");
}

static void
test_limits(void **state)
{
    (void)state;
    struct bc_writer w = { 0 };
    while (w.len < BC_SDP_MAX_BYTES - 60) {
        bc_write_str(&w, "a=candidate:1 1 udp 1 192.0.2.1 5 typ host\r\n");
    }
    assert_int_equal(bc_sdp_fragment_parse(
                         (const char *)w.data, w.len, &fragment, error, sizeof(error)),
        0);
    assert_int_equal(fragment.candidate_count, BC_SDP_CANDIDATES_MAX);
    while (w.len <= BC_SDP_MAX_BYTES) {
        bc_write_str(&w, "\n");
    }
    assert_int_equal(bc_sdp_fragment_parse(
                         (const char *)w.data, w.len, &fragment, error, sizeof(error)),
        -EINVAL);
    bc_writer_finish(&w);
}

static void
test_every_truncation(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof(TRICKLE); n++) {
        char *part = malloc(n > 0 ? n : 1);
        assert_non_null(part);
        memcpy(part, TRICKLE, n);
        (void)bc_sdp_fragment_parse(part, n, &fragment, error, sizeof(error));
        assert_true(fragment.candidate_count <= 4);
        free(part);
    }
}

static void
test_our_answer_to_a_restart(void **state)
{
    (void)state;
    struct bc_writer w = { 0 };
    bc_sdp_fragment_write(&LOCAL, "0", &w);
    bc_write_u8(&w, 0);
    assert_int_equal(parse((const char *)w.data), 0);
    assert_string_equal(fragment.ufrag, LOCAL.ufrag);
    assert_int_equal(fragment.candidate_count, 2);
    w.len--;
    assert_text(&w,
        "a=ice-lite\r\n"
        "a=ice-options:trickle ice2\r\n"
        "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n"
        "a=mid:0\r\n"
        "a=ice-ufrag:ourufrag\r\n"
        "a=ice-pwd:ourpasswordofsomelength\r\n" CANDIDATES);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_candidates_of_a_trickle_are_read),
        cmocka_unit_test(test_a_restart_has_credentials_only),
        cmocka_unit_test(test_nonsense_is_refused),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_our_answer_to_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
