// SPDX-License-Identifier: Apache-2.0
// Files on real sockets: a worker and disk threads, clients in this thread.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "net/disk.h"
#include "net/worker.h"
#include "protocol/http/extents.h"
#include "protocol/http/server.h"

#define DEADLINE_US 20000000
#define BIG_BYTES (12u << 20)
#define CLIENTS 8

struct message {
    struct bc_task task;
    int fd; // -1: drain
};

static struct bc_worker *g_worker;
static struct bc_disk *g_disk;
static struct bc_http_server g_server;
static struct bc_file *g_big;

static uint8_t
pattern(size_t i)
{
    return (uint8_t)(i * 7 + i / 251);
}

static void
handle(void *user, struct bc_http_exchange *x)
{
    (void)user;
    if (strcmp(bc_http_path(x), "/big") != 0) {
        bc_http_respond_text(x, 200, NULL, NULL, bc_http_path(x));
        return;
    }
    struct bc_http_extent item = { NULL, bc_file_ref(g_big), 0, BIG_BYTES };
    struct bc_http_extents body = { .content_type = "video/mp4", .items = &item,
        .count = 1 };
    bc_http_respond_extents(x, &body);
}

static void
run_message(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct message *m = bc_container_of(task, struct message, task);
    if (m->fd >= 0) {
        bc_http_serve(&g_server, m->fd, NULL);
    } else {
        bc_http_drain(&g_server, 0);
    }
    free(m);
}

static void
post(int fd)
{
    struct message *m = calloc(1, sizeof(*m));
    bc_list_init(&m->task.node);
    m->task.run = run_message;
    m->fd = fd;
    bc_worker_post(g_worker, &m->task);
}

static int
connect_client(void)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    fcntl(fds[1], F_SETFL, O_NONBLOCK);
    post(fds[1]);
    return fds[0];
}

static void
send_text(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

// One read of what is there, at most `len`; 0 when the server closed.
static size_t
read_some(int fd, void *out, size_t len, int64_t deadline_us)
{
    for (;;) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        int64_t wait_us = deadline_us - bc_clock_us();
        assert_true(wait_us > 0);
        poll(&p, 1, (int)(wait_us / 1000) + 1);
        ssize_t n = recv(fd, out, len, MSG_DONTWAIT);
        if (n >= 0) {
            return (size_t)n;
        }
    }
}

static void
skip_head(int fd)
{
    char last[4] = "";
    int64_t deadline_us = bc_clock_us() + DEADLINE_US;
    while (memcmp(last, "\r\n\r\n", 4) != 0) {
        memmove(last, last + 1, 3);
        assert_int_equal(read_some(fd, last + 3, 1, deadline_us), 1);
    }
}

// Reads `len` bytes of the body from `from` on, in pieces of at most `piece`.
static void
expect_body(int fd, size_t from, size_t len, size_t piece)
{
    static uint8_t bytes[1 << 16];
    int64_t deadline_us = bc_clock_us() + DEADLINE_US;
    for (size_t got = 0; got < len;) {
        size_t want = len - got < piece ? len - got : piece;
        size_t n = read_some(fd, bytes, want, deadline_us);
        assert_true(n > 0);
        for (size_t i = 0; i < n; i++) {
            if (bytes[i] != pattern(from + got + i)) {
                fail_msg("byte %zu is wrong", from + got + i);
            }
        }
        got += n;
    }
}

// A file whose pages are not in the cache, where the file system can forget them.
static void
make_cold(void)
{
    assert_int_equal(fsync(g_big->fd), 0);
    posix_fadvise(g_big->fd, 0, 0, POSIX_FADV_DONTNEED);
}

static int
setup(void **state)
{
    (void)state;
    char path[] = "branchcast-download-XXXXXX"; // beside the test: rarely in memory
    int fd = mkstemp(path);
    uint8_t *data = malloc(BIG_BYTES);
    assert_true(fd >= 0);
    assert_non_null(data);
    for (size_t i = 0; i < BIG_BYTES; i++) {
        data[i] = pattern(i);
    }
    assert_int_equal(write(fd, data, BIG_BYTES), BIG_BYTES);
    free(data);
    close(fd);
    g_big = bc_file_open(path);
    assert_non_null(g_big);
    unlink(path);
    g_worker = bc_worker_create(0);
    g_disk = bc_disk_create(2);
    g_server = (struct bc_http_server){
        .worker = g_worker,
        .disk = g_disk,
        .limits = {
            .header_bytes = 16384,
            .body_bytes = 65536,
            .header_timeout_us = 5000000,
            .idle_timeout_us = 5000000,
            .h2_streams = 32,
        },
        .cors_origin = "*",
        .handle = handle,
    };
    return bc_worker_start(g_worker);
}

static int
teardown(void **state)
{
    (void)state;
    post(-1);
    bc_worker_stop(g_worker);
    bc_worker_join(g_worker);
    bc_disk_destroy(g_disk);
    bc_worker_run_leftovers(g_worker);
    bc_worker_destroy(g_worker);
    assert_int_equal(g_server.connections, 0);
    assert_int_equal(g_big->refs, 1);
    bc_file_unref(&g_big);
    return 0;
}

static void
test_a_download_and_the_next_request(void **state)
{
    (void)state;
    make_cold();
    int fd = connect_client();
    send_text(fd, "GET /big HTTP/1.1\r\nHost: x\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\n\r\n");
    skip_head(fd);
    expect_body(fd, 0, BIG_BYTES, 1 << 16);
    skip_head(fd);
    char text[5];
    assert_int_equal(read_some(fd, text, 5, bc_clock_us() + DEADLINE_US), 5);
    assert_memory_equal(text, "/next", 5);
    close(fd);
}

// All read a different part, in small bites, with requests of others between.
static void
test_many_slow_readers(void **state)
{
    (void)state;
    int fds[CLIENTS];
    make_cold();
    for (size_t i = 0; i < CLIENTS; i++) {
        char text[128];
        snprintf(text, sizeof(text), "GET /big HTTP/1.1\r\nHost: x\r\nRange: bytes=%zu-\r\n\r\n",
            i * 1000000);
        fds[i] = connect_client();
        send_text(fds[i], text);
        skip_head(fds[i]);
    }
    size_t sent[CLIENTS] = { 0 };
    for (int round = 0; round < 20; round++) {
        for (size_t i = 0; i < CLIENTS; i++) {
            expect_body(fds[i], i * 1000000 + sent[i], 100000, 3001);
            sent[i] += 100000;
        }
        int other = connect_client();
        send_text(other, "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n");
        skip_head(other);
        close(other);
    }
    for (size_t i = 0; i < CLIENTS; i++) { // half of them leave in the middle
        if (i % 2 == 0) {
            size_t from = i * 1000000 + sent[i];
            expect_body(fds[i], from, BIG_BYTES - from, 1 << 16);
        }
        close(fds[i]);
    }
}

static void
test_clients_that_leave_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        if (i % 20 == 0) {
            make_cold();
        }
        int fd = connect_client();
        send_text(fd, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
        if (i % 2 == 0) {
            skip_head(fd);
        }
        close(fd);
    }
}

#define flow(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        flow(test_a_download_and_the_next_request),
        flow(test_many_slow_readers),
        flow(test_clients_that_leave_at_once),
    };
    signal(SIGPIPE, SIG_IGN); // as the server does
    return cmocka_run_group_tests(tests, NULL, NULL);
}
