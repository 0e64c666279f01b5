// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "relay/address_guard.h"

static bool
is_public(const char *text)
{
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } address;
    memset(&address, 0, sizeof(address));
    if (strchr(text, ':')) {
        address.in6.sin6_family = AF_INET6;
        assert_int_equal(inet_pton(AF_INET6, text, &address.in6.sin6_addr), 1);
    } else {
        address.in.sin_family = AF_INET;
        assert_int_equal(inet_pton(AF_INET, text, &address.in.sin_addr), 1);
    }
    char shown[64];
    relay_address_text(&address.any, shown, sizeof(shown));
    assert_true(shown[0] != '?');
    return relay_address_is_public(&address.any);
}

// First and last of each range.
static void
test_private_ipv4(void **state)
{
    (void)state;
    static const char *const REFUSED[] = { "0.0.0.0", "0.255.255.255", "10.0.0.0",
        "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1",
        "127.255.255.255", "169.254.0.0", "169.254.169.254", "169.254.255.255",
        "172.16.0.0", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1",
        "192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.7",
        "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255" };
    for (size_t i = 0; i < sizeof(REFUSED) / sizeof(REFUSED[0]); i++) {
        if (is_public(REFUSED[i])) {
            fail_msg("%s passes", REFUSED[i]);
        }
    }
}

// The neighbours of each range.
static void
test_public_ipv4(void **state)
{
    (void)state;
    static const char *const FINE[] = { "1.0.0.0", "9.255.255.255", "11.0.0.0",
        "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
        "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0",
        "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "8.8.8.8",
        "223.255.255.255" };
    for (size_t i = 0; i < sizeof(FINE) / sizeof(FINE[0]); i++) {
        if (!is_public(FINE[i])) {
            fail_msg("%s is refused", FINE[i]);
        }
    }
}

static void
test_private_ipv6(void **state)
{
    (void)state;
    static const char *const REFUSED[] = { "::", "::1", "::7f00:1", "fc00::1",
        "fdff:ffff::1", "fe80::1", "febf::1", "fec0::1", "ff02::1", "ff0e::1", "100::1",
        "2001:db8::1", "2001:2::1", "3fff::1", "64:ff9b:1::1", "4000::1", "5f00::1" };
    for (size_t i = 0; i < sizeof(REFUSED) / sizeof(REFUSED[0]); i++) {
        if (is_public(REFUSED[i])) {
            fail_msg("%s passes", REFUSED[i]);
        }
    }
    assert_true(is_public("2001:4860:4860::8888"));
    assert_true(is_public("2606:4700::1111"));
    assert_true(is_public("2a00:1450:4001:81b::200e"));
}

// An IPv6 address that stands for an IPv4 address is as good as that one.
static void
test_embedded_ipv4(void **state)
{
    (void)state;
    assert_false(is_public("::ffff:127.0.0.1"));
    assert_false(is_public("::ffff:169.254.169.254"));
    assert_false(is_public("::ffff:10.1.2.3"));
    assert_false(is_public("::ffff:0.0.0.0"));
    assert_true(is_public("::ffff:8.8.8.8"));
    assert_false(is_public("64:ff9b::192.168.1.1"));
    assert_true(is_public("64:ff9b::8.8.8.8"));
    assert_false(is_public("2002:7f00:1::1"));   // 6to4 of 127.0.0.1
    assert_false(is_public("2002:a9fe:a9fe::1")); // 6to4 of 169.254.169.254
    assert_true(is_public("2002:808:808::1"));
    assert_false(is_public("2001:0:808:808::80ff:fffe")); // Teredo client 127.0.0.1
    assert_true(is_public("2001:0:808:808::f7f7:f7f7"));  // Teredo client 8.8.8.8
}

static void
test_other_families(void **state)
{
    (void)state;
    struct sockaddr_un local = { .sun_family = AF_UNIX, .sun_path = "/run/docker.sock" };
    assert_false(relay_address_is_public((const struct sockaddr *)&local));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_private_ipv4),
        cmocka_unit_test(test_public_ipv4),
        cmocka_unit_test(test_private_ipv6),
        cmocka_unit_test(test_embedded_ipv4),
        cmocka_unit_test(test_other_families),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
