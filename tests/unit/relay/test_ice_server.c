// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "relay/ice_server.h"

static bool
parse(const char *url, struct relay_ice_server *out)
{
    memset(out, 0, sizeof(*out));
    return relay_ice_server_parse(url, strlen(url), out);
}

static void
test_urls(void **state)
{
    (void)state;
    struct relay_ice_server s;
    assert_true(parse("stun:stun.example.org", &s));
    assert_string_equal(s.host, "stun.example.org");
    assert_int_equal(s.port, 3478);
    assert_false(s.turn || s.tcp || s.tls);
    assert_true(parse("TURN:[2001:db8::1]:99?transport=tcp", &s));
    assert_string_equal(s.host, "2001:db8::1");
    assert_int_equal(s.port, 99);
    assert_true(s.turn && s.tcp && !s.tls);
    assert_true(parse("turns:t", &s));
    assert_int_equal(s.port, 5349);
    assert_true(s.turn && s.tcp && s.tls);
    assert_true(parse("turn:me:p@ss@t:1?transport=udp", &s));
    assert_string_equal(s.username, "me");
    assert_string_equal(s.credential, "p@ss");
    assert_string_equal(s.host, "t");
}

static void
test_bad_urls_are_refused(void **state)
{
    (void)state;
    static const char *const BAD[] = { "", "http://x", "stun:", "stun::1", "stun:h:",
        "stun:h:0", "stun:h:65536", "stun:h:1x", "turn:[::1", "turn:h?transport=sctp",
        "turn:h?x", "turn:me@h", "turn:h:1?transport=udpx" };
    struct relay_ice_server s;
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        assert_false(parse(BAD[i], &s));
    }
}

// Each prefix lies in a block of its own size.
static void
test_truncated_links_are_survived(void **state)
{
    (void)state;
    static const char LINK[] = "<turn:u:p@[::1]:1?transport=udp>; rel=\"ice-server\"; "
                               "username=\"\\\"\"; credential=c, <stun:s>;rel=ice-server";
    struct relay_ice_server servers[RELAY_ICE_SERVERS_MAX];
    for (size_t n = 0; n < sizeof(LINK); n++) {
        char *copy = malloc(n ? n : 1);
        memcpy(copy, LINK, n);
        assert_true(relay_ice_server_parse_links(copy, n, servers, 0) <= 2);
        free(copy);
    }
}

static void
test_links(void **state)
{
    (void)state;
    static const char LINK[]
        = "<stun:stun.example.net>; rel=\"ice-server\", "
          "<https://x/y,z>; rel=help, "
          "<turn:turn.example.net?transport=udp>; rel=\"ice-server\"; "
          "username=\"us\\\"er\"; credential=\"my, pass;word\"; "
          "credential-type=\"password\"";
    struct relay_ice_server servers[RELAY_ICE_SERVERS_MAX];
    unsigned n = relay_ice_server_parse_links(LINK, strlen(LINK), servers, 0);
    assert_int_equal(n, 2);
    assert_string_equal(servers[0].host, "stun.example.net");
    assert_string_equal(servers[1].host, "turn.example.net");
    assert_string_equal(servers[1].username, "us\"er");
    assert_string_equal(servers[1].credential, "my, pass;word");
    for (int i = 0; i < 10; i++) {
        n = relay_ice_server_parse_links(LINK, strlen(LINK), servers, n);
    }
    assert_int_equal(n, RELAY_ICE_SERVERS_MAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_bad_urls_are_refused),
        cmocka_unit_test(test_truncated_links_are_survived),
        cmocka_unit_test(test_links),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
