// SPDX-License-Identifier: Apache-2.0
// A UDP socket on loopback, its worker turned by hand. Linked with --wrap=sendmmsg, so
// that the kernel can be full.
#include <arpa/inet.h>
#include <errno.h>
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
#include "net/udp.h"
#include "net/worker.h"

#define DEADLINE_US 20000000
#define PEERS 3

// What the next calls answer instead of sending.
static int g_refuse_errno;
static unsigned g_refuse_count;

int
__real_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags);

int
__wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags);

int
__wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    if (g_refuse_count > 0) {
        g_refuse_count--;
        errno = g_refuse_errno;
        return -1;
    }
    return __real_sendmmsg(fd, messages, count, flags);
}

struct fixture {
    struct bc_worker *worker;
    struct bc_udp *udp;
    unsigned port;
    int peers[PEERS];
    struct bc_udp_path paths[PEERS]; // by which their last datagram came
    unsigned received;
    unsigned batches;
    unsigned writable;
    uint8_t last[2048];
    size_t last_len;
};

static void
on_datagram(void *user, struct bc_udp *udp, const struct bc_udp_path *path, uint8_t *data,
    size_t len)
{
    struct fixture *f = user;
    assert_ptr_equal(udp, f->udp);
    assert_true(data[0] < PEERS);
    f->paths[data[0]] = *path;
    f->received++;
    f->last_len = len;
    memcpy(f->last, data, len);
}

static void
on_batch_end(void *user, struct bc_udp *udp)
{
    (void)udp;
    ((struct fixture *)user)->batches++;
}

static void
on_writable(void *user, struct bc_udp *udp)
{
    (void)udp;
    ((struct fixture *)user)->writable++;
}

static const struct bc_udp_ops OPS = { on_datagram, on_batch_end, on_writable };

#define RUN_UNTIL(f, condition) \
    for (int64_t end = bc_clock_us() + DEADLINE_US; !(condition);) { \
        assert_true(bc_clock_us() < end); \
        uv_run(&(f)->worker->loop, UV_RUN_NOWAIT); \
    }

// Listens on "HOST:" and a free port.
static void
listen_on(struct fixture *f, const char *host)
{
    char error[200];
    for (f->port = 43100 + (unsigned)getpid() % 400; f->port < 43900; f->port++) {
        char address[80];
        snprintf(address, sizeof(address), "%s:%u", host, f->port);
        if (bc_udp_probe(address, error, sizeof(error)) == 0) {
            f->udp = bc_udp_create(f->worker, address, &OPS, f, error, sizeof(error));
            assert_non_null(f->udp);
            return;
        }
    }
    fail_msg("%s", error);
}

static void
connect_peer(struct fixture *f, unsigned i, const char *to)
{
    struct sockaddr_storage sa = { 0 };
    struct sockaddr_in *v4 = (struct sockaddr_in *)&sa;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&sa;
    bool is_v6 = strchr(to, ':') != NULL;
    int size = 1 << 20;
    if (is_v6) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)f->port);
        assert_int_equal(inet_pton(AF_INET6, to, &v6->sin6_addr), 1);
    } else {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)f->port);
        assert_int_equal(inet_pton(AF_INET, to, &v4->sin_addr), 1);
    }
    f->peers[i] = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    setsockopt(f->peers[i], SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    // Connected: takes datagrams from this very address only.
    assert_int_equal(connect(f->peers[i], (struct sockaddr *)&sa,
                         is_v6 ? sizeof(*v6) : sizeof(*v4)),
        0);
    unsigned before = f->received;
    uint8_t hello[] = { (uint8_t)i, 1, 2 };
    assert_int_equal(send(f->peers[i], hello, sizeof(hello), 0), sizeof(hello));
    RUN_UNTIL(f, f->received == before + 1);
}

static int
setup_bare(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    f->worker = bc_worker_create(0);
    f->peers[0] = f->peers[1] = f->peers[2] = -1;
    g_refuse_count = 0;
    *state = f;
    return 0;
}

static int
setup(void **state)
{
    setup_bare(state);
    struct fixture *f = *state;
    listen_on(f, "127.0.0.1");
    for (unsigned i = 0; i < PEERS; i++) {
        connect_peer(f, i, "127.0.0.1");
    }
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    bc_udp_close(f->udp);
    uv_run(&f->worker->loop, UV_RUN_NOWAIT);
    bc_udp_destroy(f->udp);
    for (unsigned i = 0; i < PEERS; i++) {
        if (f->peers[i] >= 0) {
            close(f->peers[i]);
        }
    }
    bc_worker_destroy(f->worker);
    free(f);
    return 0;
}

// A datagram of this size for a peer; `number` in front.
static bool
put(struct fixture *f, unsigned peer, unsigned number, size_t len)
{
    uint8_t *room = bc_udp_reserve(f->udp, len);
    if (!room) {
        return false;
    }
    memset(room, 0x77, len);
    room[0] = (uint8_t)(number >> 8);
    room[1] = (uint8_t)number;
    bc_udp_commit(f->udp, &f->paths[peer], len);
    return true;
}

static void
expect(struct fixture *f, unsigned peer, unsigned number, size_t len)
{
    uint8_t bytes[4096];
    ssize_t n = recv(f->peers[peer], bytes, sizeof(bytes), MSG_DONTWAIT);
    assert_int_equal(n, len);
    assert_int_equal(bytes[0] << 8 | bytes[1], number);
    assert_int_equal(bytes[len - 1], 0x77);
}

static void
expect_nothing(struct fixture *f, unsigned peer)
{
    uint8_t bytes[16];
    assert_int_equal(recv(f->peers[peer], bytes, sizeof(bytes), MSG_DONTWAIT), -1);
}

static void
expect_sends(struct fixture *f, uint64_t sends, uint64_t datagrams)
{
    struct bc_udp_stats s;
    bc_udp_stats(f->udp, &s);
    assert_int_equal(s.sends, sends);
    assert_int_equal(s.datagrams_out, datagrams);
}

static void
test_equal_sizes_leave_as_one_message(void **state)
{
    struct fixture *f = *state;
    for (unsigned i = 0; i < 10; i++) {
        assert_true(put(f, 0, i, 1000));
    }
    assert_true(put(f, 0, 10, 400)); // the last segment may be shorter
    assert_true(put(f, 0, 11, 400)); // and ends the message
    assert_true(put(f, 0, 12, 401)); // larger than the first
    expect_nothing(f, 0);
    bc_udp_flush(f->udp);
    for (unsigned i = 0; i < 10; i++) {
        expect(f, 0, i, 1000);
    }
    expect(f, 0, 10, 400);
    expect(f, 0, 11, 400);
    expect(f, 0, 12, 401);
    expect_nothing(f, 0);
    expect_sends(f, 3, 13);
}

static void
test_a_message_has_a_limit(void **state)
{
    struct fixture *f = *state;
    for (unsigned i = 0; i < 130; i++) {
        assert_true(put(f, 1, i, 900));
    }
    bc_udp_flush(f->udp);
    for (unsigned i = 0; i < 130; i++) {
        expect(f, 1, i, 900);
    }
    expect_sends(f, 3, 130); // 60 segments each at most
}

static void
test_each_peer_gets_its_own_in_order(void **state)
{
    struct fixture *f = *state;
    for (unsigned i = 0; i < 40; i++) {
        assert_true(put(f, i % PEERS, i, 200 + i % PEERS));
        uint8_t *unused = bc_udp_reserve(f->udp, 100); // does not count
        assert_non_null(unused);
        memset(unused, 0, 100);
    }
    bc_udp_flush(f->udp);
    for (unsigned i = 0; i < 40; i++) {
        expect(f, i % PEERS, i, 200 + i % PEERS);
    }
    expect_sends(f, 40, 40);
}

static void
test_what_was_committed_leaves_by_itself(void **state)
{
    struct fixture *f = *state;
    assert_true(put(f, 0, 1, 100));
    uv_run(&f->worker->loop, UV_RUN_NOWAIT);
    uv_run(&f->worker->loop, UV_RUN_NOWAIT);
    expect(f, 0, 1, 100);
    // More than the arena holds.
    for (unsigned i = 0; i < 400; i++) {
        assert_true(put(f, 0, i, 1200));
        if (i % 100 == 99) {
            bc_udp_flush(f->udp);
            for (unsigned k = i - 99; k <= i; k++) {
                expect(f, 0, k, 1200);
            }
        }
    }
}

static void
test_a_full_kernel_is_waited_for(void **state)
{
    struct fixture *f = *state;
    unsigned n = 0;
    g_refuse_errno = EAGAIN;
    g_refuse_count = 1000;
    while (n < 10000 && put(f, n % 2, n, 1100)) {
        n++;
    }
    assert_true(n > 60 && n < 10000);
    assert_null(bc_udp_reserve(f->udp, 1)); // no matter how small
    for (int i = 0; i < 10; i++) {
        uv_run(&f->worker->loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(f->writable, 0);
    g_refuse_count = 0;
    RUN_UNTIL(f, f->writable == 1);
    for (unsigned i = 0; i < n; i++) {
        expect(f, i % 2, i, 1100);
    }
    assert_true(put(f, 0, 7, 50));
    for (int i = 0; i < 10; i++) {
        uv_run(&f->worker->loop, UV_RUN_NOWAIT);
    }
    expect(f, 0, 7, 50);
    assert_int_equal(f->writable, 1);
    struct bc_udp_stats s;
    bc_udp_stats(f->udp, &s);
    assert_true(s.blocked > 0);
    assert_int_equal(s.errors, 0);
}

// The kernel was full for a moment only: the flush at the end of the turn gets through.
static void
test_room_is_told_whoever_found_it(void **state)
{
    struct fixture *f = *state;
    g_refuse_errno = EAGAIN;
    g_refuse_count = 1;
    put(f, 0, 1, 500);
    bc_udp_flush(f->udp);
    assert_null(bc_udp_reserve(f->udp, 1));
    bc_udp_flush(f->udp);
    expect(f, 0, 1, 500);
    RUN_UNTIL(f, f->writable == 1);
    for (int i = 0; i < 10; i++) {
        uv_run(&f->worker->loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(f->writable, 1); // the loop is not woken for it any more
    assert_true(put(f, 0, 2, 500));
}

static void
test_without_segmentation_datagrams_go_one_by_one(void **state)
{
    struct fixture *f = *state;
    g_refuse_errno = EIO; // a network interface without checksums
    g_refuse_count = 1;
    for (unsigned i = 0; i < 5; i++) {
        put(f, 0, i, 300);
    }
    bc_udp_flush(f->udp);
    for (unsigned i = 0; i < 5; i++) {
        put(f, 0, 5 + i, 300);
    }
    bc_udp_flush(f->udp);
    for (unsigned i = 0; i < 10; i++) {
        expect(f, 0, i, 300);
    }
    struct bc_udp_stats s;
    bc_udp_stats(f->udp, &s);
    assert_int_equal(s.errors, 0);
    assert_int_equal(s.datagrams_out, 10);
}

static void
test_a_peer_that_cannot_be_reached_disturbs_nobody(void **state)
{
    struct fixture *f = *state;
    g_refuse_errno = EHOSTUNREACH;
    g_refuse_count = 1;
    put(f, 0, 0, 300);
    put(f, 1, 1, 300);
    bc_udp_flush(f->udp);
    expect_nothing(f, 0);
    expect(f, 1, 1, 300);
    struct bc_udp_stats s;
    bc_udp_stats(f->udp, &s);
    assert_int_equal(s.errors, 1);
}

static void
test_what_is_too_large_is_dropped(void **state)
{
    struct fixture *f = *state;
    static uint8_t bytes[4000] = { 1 };
    unsigned before = f->received;
    assert_int_equal(send(f->peers[1], bytes, 2049, 0), 2049);
    assert_int_equal(send(f->peers[1], bytes, 4000, 0), 4000);
    assert_int_equal(send(f->peers[1], bytes, 2048, 0), 2048);
    RUN_UNTIL(f, f->received > before);
    assert_int_equal(f->received, before + 1);
    assert_int_equal(f->last_len, 2048);
    assert_true(f->batches > 0);
}

// --- addresses ---

static const uint8_t MAPPED_1[16] = { [10] = 0xff, 0xff, 127, 0, 0, 1 };
static const uint8_t MAPPED_2[16] = { [10] = 0xff, 0xff, 127, 0, 0, 2 };
static const uint8_t LOOPBACK_6[16] = { [15] = 1 };

static void
answer(struct fixture *f, unsigned peer)
{
    assert_true(put(f, peer, 99, 60));
    assert_true(put(f, peer, 98, 60));
    bc_udp_flush(f->udp);
    expect(f, peer, 99, 60);
    expect(f, peer, 98, 60);
}

static void
test_all_addresses_of_both_families(void **state)
{
    struct fixture *f = *state;
    char text[BC_UDP_ADDRESS_TEXT];
    listen_on(f, "");
    // Answers leave from the address that was asked: connected peers take no others.
    connect_peer(f, 0, "127.0.0.1");
    connect_peer(f, 1, "127.0.0.2");
    assert_memory_equal(f->paths[0].local, MAPPED_1, 16);
    assert_memory_equal(f->paths[1].local, MAPPED_2, 16);
    assert_memory_equal(f->paths[1].remote.ip, MAPPED_1, 12);
    answer(f, 0);
    answer(f, 1);
    bc_udp_address_format(&f->paths[0].remote, text);
    assert_memory_equal(text, "127.0.0.1:", 10);
    connect_peer(f, 2, "::1");
    assert_memory_equal(f->paths[2].local, LOOPBACK_6, 16);
    assert_memory_equal(f->paths[2].remote.ip, LOOPBACK_6, 16);
    answer(f, 2);
    bc_udp_address_format(&f->paths[2].remote, text);
    assert_memory_equal(text, "[::1]:", 6);
}

static void
test_ipv4_only(void **state)
{
    struct fixture *f = *state;
    listen_on(f, "0.0.0.0");
    connect_peer(f, 0, "127.0.0.2");
    assert_memory_equal(f->paths[0].local, MAPPED_2, 16);
    answer(f, 0);
}

static void
test_ipv6_only(void **state)
{
    struct fixture *f = *state;
    listen_on(f, "[::1]");
    connect_peer(f, 0, "::1");
    answer(f, 0);
}

static void
test_an_address_in_use_is_told(void **state)
{
    struct fixture *f = *state;
    char address[40];
    char error[200] = "";
    listen_on(f, "127.0.0.1");
    snprintf(address, sizeof(address), "127.0.0.1:%u", f->port);
    assert_int_equal(bc_udp_probe(address, error, sizeof(error)), -EADDRINUSE);
    assert_non_null(strstr(error, address));
    assert_int_equal(bc_udp_probe("nonsense", error, sizeof(error)), -EINVAL);
    assert_int_equal(bc_udp_probe("x.y.z.w:5", error, sizeof(error)), -EINVAL);
}

static void
test_addresses_go_there_and_back(void **state)
{
    (void)state;
    static const char *const TEXTS[] = { "1.2.3.4:5", "[2001:db8::1]:65535" };
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(5) };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(65535) };
    inet_pton(AF_INET, "1.2.3.4", &v4.sin_addr);
    inet_pton(AF_INET6, "2001:db8::1", &v6.sin6_addr);
    const struct sockaddr *sas[] = { (struct sockaddr *)&v4, (struct sockaddr *)&v6 };
    for (int i = 0; i < 2; i++) {
        struct bc_udp_address a;
        struct bc_udp_address b;
        struct sockaddr_storage out;
        char text[BC_UDP_ADDRESS_TEXT];
        bc_udp_address_from_sockaddr(sas[i], &a);
        bc_udp_address_format(&a, text);
        assert_string_equal(text, TEXTS[i]);
        size_t size = i ? sizeof(v6) : sizeof(v4);
        assert_int_equal(bc_udp_address_to_sockaddr(&a, &out), size);
        bc_udp_address_from_sockaddr((struct sockaddr *)&out, &b);
        assert_memory_equal(&a, &b, sizeof(a));
    }
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define BARE(name) cmocka_unit_test_setup_teardown(name, setup_bare, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_equal_sizes_leave_as_one_message),
        TEST(test_a_message_has_a_limit),
        TEST(test_each_peer_gets_its_own_in_order),
        TEST(test_what_was_committed_leaves_by_itself),
        TEST(test_a_full_kernel_is_waited_for),
        TEST(test_room_is_told_whoever_found_it),
        TEST(test_without_segmentation_datagrams_go_one_by_one),
        TEST(test_a_peer_that_cannot_be_reached_disturbs_nobody),
        TEST(test_what_is_too_large_is_dropped),
        BARE(test_all_addresses_of_both_families),
        BARE(test_ipv4_only),
        BARE(test_ipv6_only),
        BARE(test_an_address_in_use_is_told),
        cmocka_unit_test(test_addresses_go_there_and_back),
    };
    return cmocka_run_group_tests_name("udp", tests, NULL, NULL);
}
