// SPDX-License-Identifier: Apache-2.0
// Which addresses answers name (WRTC-22).
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/webrtc/port_internal.h"

// This machine's addresses, in place of the system's: loopback, one of each family, and
// one that no peer elsewhere can use.
int
getifaddrs(struct ifaddrs **out)
{
    static const char *const ADDRESSES[] = { "127.0.0.1", "10.0.0.5", "fe80::1",
        "2001:db8::5", "::1" };
    static struct ifaddrs list[5];
    static struct sockaddr_storage storage[5];
    for (int i = 0; i < 5; i++) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)&storage[i];
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&storage[i];
        bool is_v6 = strchr(ADDRESSES[i], ':') != NULL;
        storage[i].ss_family = is_v6 ? AF_INET6 : AF_INET;
        void *to = is_v6 ? (void *)&v6->sin6_addr : (void *)&v4->sin_addr;
        assert_int_equal(inet_pton(storage[i].ss_family, ADDRESSES[i], to), 1);
        list[i] = (struct ifaddrs){ .ifa_next = i < 4 ? &list[i + 1] : NULL,
            .ifa_flags = IFF_UP | (i == 0 || i == 4 ? IFF_LOOPBACK : 0),
            .ifa_addr = (struct sockaddr *)&storage[i] };
    }
    *out = list;
    return 0;
}

void
freeifaddrs(struct ifaddrs *list)
{
    (void)list;
}

struct fixture {
    struct bc_webrtc_port port;
    struct bc_config *config;
    struct bc_peer_candidates list;
};

static void
ask(struct fixture *f, const char *listen, const char *publics, const char *host)
{
    char set[2000];
    snprintf(set, sizeof(set), "webrtc.public_addresses=%s", publics);
    const char *const sets[] = { set };
    bc_config_unref(&f->config);
    bc_peer_candidates_finish(&f->list);
    assert_int_equal(bc_config_load(NULL, sets, 1, &f->config, NULL), 0);
    f->port.socket_count = 1;
    struct bc_config_listen *address = &f->port.sockets[0].address;
    snprintf(address->host, sizeof(address->host), "%s", listen);
    address->port = 8189;
    bc_peer_candidates(&f->port, f->config, host, &f->list);
}

// Fails the test unless these addresses, " ip port", are offered in this order, each by
// UDP and by TCP.
static void
expect(const struct fixture *f, const char *const *addresses, unsigned count)
{
    assert_int_equal(f->list.count, 2 * count);
    unsigned last[2] = { UINT32_MAX, UINT32_MAX };
    for (unsigned i = 0; i < f->list.count; i++) {
        char foundation[8];
        char proto[8];
        char ip[64];
        char rest[64] = "";
        unsigned component;
        unsigned priority;
        unsigned port;
        char at[80];
        int fields = sscanf(f->list.texts[i],
            "candidate:%7s %u %7s %u %63s %u typ host%63[^\n]", foundation, &component,
            proto, &priority, ip, &port, rest);
        assert_int_equal(fields, i % 2 ? 7 : 6);
        snprintf(at, sizeof(at), "%s %u", ip, port);
        assert_string_equal(at, addresses[i / 2]);
        assert_string_equal(proto, i % 2 ? "tcp" : "udp");
        assert_string_equal(rest, i % 2 ? " tcptype passive" : "");
        assert_int_equal(component, 1);
        assert_true(priority < last[i % 2]);
        last[i % 2] = priority;
    }
    // Any UDP comes before any TCP.
    assert_true(count == 0 || last[0] > last[1]);
}

#define EXPECT(f, ...) \
    do { \
        static const char *const A[] = { __VA_ARGS__ }; \
        expect(f, A, sizeof(A) / sizeof(A[0])); \
    } while (0)

static int
setup(void **state)
{
    *state = calloc(1, sizeof(struct fixture));
    return *state ? 0 : -1;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    bc_config_unref(&f->config);
    bc_peer_candidates_finish(&f->list);
    free(f);
    return 0;
}

static void
test_a_wildcard_offers_what_the_machine_has(void **state)
{
    struct fixture *f = *state;
    ask(f, "", "", "");
    EXPECT(f, "10.0.0.5 8189", "2001:db8::5 8189");
    ask(f, "::", "", "shop.example:8080");
    EXPECT(f, "10.0.0.5 8189", "2001:db8::5 8189");
}

// Behind a 1:1 NAT only the client knows the address by which it came.
static void
test_the_address_in_the_url_is_offered_too(void **state)
{
    struct fixture *f = *state;
    ask(f, "0.0.0.0", "", "203.0.113.9:8080");
    EXPECT(f, "10.0.0.5 8189", "2001:db8::5 8189", "203.0.113.9 8189");
    ask(f, "", "", "[2001:db8::99]:8080");
    EXPECT(f, "10.0.0.5 8189", "2001:db8::5 8189", "2001:db8::99 8189");
    ask(f, "", "", "localhost");
    EXPECT(f, "10.0.0.5 8189", "2001:db8::5 8189", "127.0.0.1 8189");
    ask(f, "", "", "10.0.0.5"); // known already
    EXPECT(f, "10.0.0.5 8189", "2001:db8::5 8189");
}

static void
test_odd_hosts_are_passed_over(void **state)
{
    struct fixture *f = *state;
    static const char *const ODD[] = { ":", "[", "[]", "999.1.1.1", "1.2.3", "a b",
        "1.2.3.4 typ host\r\na=x:1", "\xff",
        "1111111111111111111111111111111111111111111111111111111111111111111111111" };
    for (size_t i = 0; i < sizeof(ODD) / sizeof(ODD[0]); i++) {
        ask(f, "", "", ODD[i]);
        EXPECT(f, "10.0.0.5 8189", "2001:db8::5 8189");
    }
}

static void
test_public_addresses_stand_alone(void **state)
{
    struct fixture *f = *state;
    ask(f, "", "203.0.113.7:40000,2001:db8::7,203.0.113.8", "198.51.100.1");
    EXPECT(f, "203.0.113.7 40000", "2001:db8::7 8189", "203.0.113.8 8189");
}

static void
test_one_address_is_the_only_one(void **state)
{
    struct fixture *f = *state;
    ask(f, "192.0.2.2", "", "198.51.100.1");
    EXPECT(f, "192.0.2.2 8189");
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_a_wildcard_offers_what_the_machine_has),
        WITH_FIXTURE(test_the_address_in_the_url_is_offered_too),
        WITH_FIXTURE(test_odd_hosts_are_passed_over),
        WITH_FIXTURE(test_public_addresses_stand_alone),
        WITH_FIXTURE(test_one_address_is_the_only_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
