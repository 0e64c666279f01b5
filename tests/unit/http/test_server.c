// SPDX-License-Identifier: Apache-2.0
// The server on real sockets: a worker in a thread, clients in this one.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "net/timer.h"
#include "net/worker.h"
#include "protocol/http/server.h"

#define DEADLINE_US 10000000
#define BIG_BYTES (8u << 20)

// A message to the worker: serve this socket, or drain.
struct message {
    struct bc_task task;
    int fd;
    int64_t drain_us;
};

static struct bc_worker *g_worker;
static struct bc_http_server g_server;
static struct bc_buf *g_big;
static atomic_uint g_gone;
static atomic_uint g_closed;

struct later {
    struct bc_timer timer;
    struct bc_http_exchange *x;
};

static void
on_later(struct bc_timer *timer)
{
    struct later *later = bc_container_of(timer, struct later, timer);
    bc_http_respond_text(later->x, 200, NULL, NULL, "later");
    free(later);
}

static void
on_gone(void *user)
{
    struct later *later = user;
    bc_timer_cancel(&later->timer);
    free(later);
    atomic_fetch_add(&g_gone, 1);
}

static void
hold(struct bc_http_exchange *x, int64_t delay_us)
{
    struct later *later = calloc(1, sizeof(*later));
    later->x = x;
    bc_timer_init(&later->timer, g_worker, on_later);
    bc_timer_set(&later->timer, delay_us);
    bc_http_on_gone(x, on_gone, later);
}

static void
on_sink_closed(void *user, const char *reason)
{
    (void)user;
    (void)reason;
    atomic_fetch_add(&g_closed, 1);
}

static void
handle(void *user, struct bc_http_exchange *x)
{
    (void)user;
    const char *path = bc_http_path(x);
    if (strcmp(path, "/big") == 0) {
        struct bc_http_response r = { .status = 200, .bufs = &g_big, .count = 1 };
        bc_http_respond(x, &r);
    } else if (strcmp(path, "/later") == 0) {
        hold(x, 20000);
    } else if (strcmp(path, "/never") == 0) {
        hold(x, 3600000000);
    } else if (strcmp(path, "/stream") == 0) {
        enum bc_http_framing framing;
        struct bc_sink *sink = bc_http_stream(x, 200, "video/x-flv", NULL, &framing);
        sink->on_closed = on_sink_closed;
        struct iovec iov = { (void *)"3\r\nabc\r\n", 8 };
        bc_sink_writev(sink, &iov, 1);
    } else {
        bc_http_respond_text(x, 200, NULL, NULL, path);
    }
}

static void
run_message(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct message *m = bc_container_of(task, struct message, task);
    if (m->fd >= 0) {
        bc_http_serve(&g_server, m->fd, NULL);
    } else {
        bc_http_drain(&g_server, m->drain_us);
    }
    free(m);
}

static void
post(int fd, int64_t drain_us)
{
    struct message *m = calloc(1, sizeof(*m));
    bc_list_init(&m->task.node);
    m->task.run = run_message;
    m->fd = fd;
    m->drain_us = drain_us;
    bc_worker_post(g_worker, &m->task);
}

static int
connect_client(void)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    fcntl(fds[1], F_SETFL, O_NONBLOCK);
    post(fds[1], 0);
    return fds[0];
}

static void
send_text(int fd, const char *text)
{
    size_t len = strlen(text);
    assert_int_equal(send(fd, text, len, MSG_NOSIGNAL), len);
}

// Reads until `len` bytes are there or the server closed; fails at the deadline.
static size_t
read_up_to(int fd, char *out, size_t len)
{
    size_t got = 0;
    int64_t deadline = bc_clock_us() + DEADLINE_US;
    while (got < len) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        int64_t wait_us = deadline - bc_clock_us();
        assert_true(wait_us > 0);
        poll(&p, 1, (int)(wait_us / 1000) + 1);
        ssize_t n = recv(fd, out + got, len - got, MSG_DONTWAIT);
        if (n == 0) {
            break;
        }
        if (n > 0) {
            got += (size_t)n;
        }
    }
    return got;
}

// Reads until the text ends with `end`.
static void
expect_end(int fd, const char *end)
{
    char text[8192];
    size_t len = 0;
    size_t n = strlen(end);
    do {
        assert_true(len < sizeof(text));
        if (read_up_to(fd, text + len, 1) == 0) {
            fail_msg("closed after: %.*s", (int)len, text);
        }
        len++;
    } while (len < n || memcmp(text + len - n, end, n) != 0);
}

static void
wait_for(atomic_uint *counter, unsigned value)
{
    int64_t deadline = bc_clock_us() + DEADLINE_US;
    while (atomic_load(counter) < value) {
        assert_true(bc_clock_us() < deadline);
        poll(NULL, 0, 1);
    }
}

static int
setup(void **state)
{
    (void)state;
    g_server = (struct bc_http_server){
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
    atomic_store(&g_gone, 0);
    atomic_store(&g_closed, 0);
    g_big = bc_buf_create(BIG_BYTES);
    memset(g_big->data, 'b', BIG_BYTES);
    g_worker = bc_worker_create(0);
    g_server.worker = g_worker;
    return bc_worker_start(g_worker);
}

static int
teardown(void **state)
{
    (void)state;
    post(-1, 0);
    bc_worker_stop(g_worker);
    bc_worker_join(g_worker);
    bc_worker_destroy(g_worker);
    assert_int_equal(g_server.connections, 0);
    assert_int_equal(atomic_load(&g_big->refs), 1);
    bc_buf_unref(&g_big);
    return 0;
}

static void
test_pipelined_answers_keep_their_order(void **state)
{
    (void)state;
    int fd = connect_client();
    send_text(fd,
        "GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /later HTTP/1.1\r\nHost: x\r\n\r\n"
        "GET /b HTTP/1.1\r\nHost: x\r\n\r\n");
    expect_end(fd, "\r\n\r\n/a");
    expect_end(fd, "\r\n\r\nlater");
    expect_end(fd, "\r\n\r\n/b");
    close(fd);
}

static void
test_large_answers_wait_for_the_reader(void **state)
{
    (void)state;
    static char body[BIG_BYTES];
    int fd = connect_client();
    for (int i = 0; i < 3; i++) { // pipelined before anything is read
        send_text(fd, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    for (int i = 0; i < 3; i++) {
        expect_end(fd, "\r\n\r\n");
        assert_int_equal(read_up_to(fd, body, BIG_BYTES), BIG_BYTES);
        assert_int_equal(body[BIG_BYTES - 1], 'b');
    }
    close(fd);
}

static void
test_a_client_that_leaves_is_reported(void **state)
{
    (void)state;
    int a = connect_client();
    int b = connect_client();
    send_text(a, "GET /never HTTP/1.1\r\nHost: x\r\n\r\n");
    send_text(b, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    expect_end(b, "\r\n\r\n3\r\nabc\r\n");
    close(a);
    close(b);
    wait_for(&g_gone, 1);
    wait_for(&g_closed, 1);
}

static void
test_a_refusal_reaches_a_client_that_still_sends(void **state)
{
    (void)state;
    static char rubbish[40000];
    char text[13];
    int fd = connect_client();
    memset(rubbish, 'a', sizeof(rubbish) - 1);
    send_text(fd, rubbish);
    assert_int_equal(read_up_to(fd, text, sizeof(text)), sizeof(text));
    assert_memory_equal(text, "HTTP/1.1 4", 10);
    close(fd);
}

static void
test_drain_ends_what_is_idle_and_waits_for_the_rest(void **state)
{
    (void)state;
    char byte;
    int idle = connect_client();
    int busy = connect_client();
    int endless = connect_client();
    send_text(idle, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    expect_end(idle, "\r\n\r\n/a");
    send_text(endless, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    expect_end(endless, "\r\n\r\n3\r\nabc\r\n");
    send_text(busy, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    post(-1, 300000);
    assert_int_equal(read_up_to(idle, &byte, 1), 0);
    expect_end(busy, "\r\n\r\nlater");
    assert_int_equal(read_up_to(busy, &byte, 1), 0);
    assert_int_equal(read_up_to(endless, &byte, 1), 0);
    wait_for(&g_closed, 1);
    close(idle);
    close(busy);
    close(endless);
}

static void
test_slow_heads_get_408(void **state)
{
    (void)state;
    g_server.limits.header_timeout_us = 50000;
    char text[13];
    int fd = connect_client();
    send_text(fd, "GET / HTTP/1.1\r\nHo");
    assert_int_equal(read_up_to(fd, text, sizeof(text)), sizeof(text));
    assert_memory_equal(text, "HTTP/1.1 408 ", 13);
    close(fd);
}

#define flow(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        flow(test_pipelined_answers_keep_their_order),
        flow(test_large_answers_wait_for_the_reader),
        flow(test_a_client_that_leaves_is_reported),
        flow(test_a_refusal_reaches_a_client_that_still_sends),
        flow(test_drain_ends_what_is_idle_and_waits_for_the_rest),
        flow(test_slow_heads_get_408),
    };
    bc_log_set_level(BC_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
