// SPDX-License-Identifier: Apache-2.0
// Where a listener listens, and that it ends.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "kit.h"

#define READ "#!::r=live/hq,m=request"

static bool
has_v6(void)
{
    struct sockaddr_in6 sa = { .sin6_family = AF_INET6,
        .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool has = fd >= 0 && bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return has;
}

static void
test_both_families(void **state)
{
    struct kit *kit = *state;
    if (!has_v6()) {
        skip();
    }
    struct kit_end v4 = { 0 };
    struct kit_end v6 = { 0 };
    kit_connect(kit, &v4, READ);
    assert_memory_equal(kit->seen_peer, "127.0.0.1:", 10); // not as a mapped address
    kit_call(kit, &v6, "::1", READ, "");
    kit_wait(kit, v6.answered && kit->end_count == 2);
    assert_memory_equal(kit->seen_peer, "[::1]:", 6);
    assert_string_equal(bc_srt_conn_peer_ip(kit->ends[1].conn), "::1");
    kit_end_free(&v4);
    kit_end_free(&v6);
}

static void
test_addresses_that_cannot_be_had(void **state)
{
    struct kit *kit = *state;
    char address[64];
    char error[256];
    snprintf(address, sizeof(address), ":%u", kit->port);
    assert_false(bc_srt_listen(kit->srt, address, error, sizeof(error)));
    assert_non_null(strstr(error, "in use"));
    struct sockaddr_in sa = { .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(sa);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
    snprintf(address, sizeof(address), "127.0.0.1:%u", ntohs(sa.sin_port));
    assert_false(bc_srt_listen(kit->srt, address, error, sizeof(error)));
    assert_non_null(strstr(error, "in use"));
    close(fd);
    assert_false(bc_srt_listen(kit->srt, "8890", error, sizeof(error)));
    assert_false(bc_srt_listen(kit->srt, "127.0.0.1:", error, sizeof(error)));
    assert_false(bc_srt_listen(kit->srt, "192.0.2.1:8890", error, sizeof(error)));
}

static void
test_closed_listener_takes_nobody(void **state)
{
    struct kit *kit = *state;
    struct kit_end before = { 0 };
    kit_connect(kit, &before, READ);
    bc_srt_close_listeners(kit->srt);
    kit->timeout_ms = 300;
    struct kit_end after = { 0 };
    kit_call(kit, &after, "127.0.0.1", READ, "");
    kit_wait(kit, after.answered);
    assert_null(after.conn);
    assert_false(before.closed); // who was there stays
    uint8_t data[188];
    kit_fill(data, 0, 1);
    assert_int_equal(kit_write(&kit->ends[0], data, sizeof(data)), sizeof(data));
    kit_wait(kit, before.received_len == sizeof(data));
    kit_end_free(&before);
    kit_end_free(&after);
}

#define T(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_both_families),
        T(test_addresses_that_cannot_be_had),
        T(test_closed_listener_takes_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
