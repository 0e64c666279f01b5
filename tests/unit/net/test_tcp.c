// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "net/tcp.h"
#include "net/worker.h"

#define DEADLINE_US 20000000

// One connection under test and what it reported.
struct fixture {
    struct bc_worker *worker;
    struct bc_tcp *tcp;
    int peer; // blocking end
    char got[256];
    size_t got_len;
    int writable;
    char reason[128];
    bool close_in_data;
};

static void
on_data(void *user, const uint8_t *data, size_t len)
{
    struct fixture *f = user;
    assert_true(f->got_len + len < sizeof(f->got));
    memcpy(f->got + f->got_len, data, len);
    f->got_len += len;
    if (f->close_in_data) {
        bc_tcp_close(f->tcp);
    } else {
        bc_tcp_send(f->tcp, data, len);
    }
}

static void
on_writable(void *user)
{
    ((struct fixture *)user)->writable++;
}

static void
on_closed(void *user, const char *reason)
{
    struct fixture *f = user;
    strncpy(f->reason, reason, sizeof(f->reason) - 1);
    f->tcp = NULL;
}

static const struct bc_tcp_ops OPS = { on_data, on_writable, on_closed };

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    int sv[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
    f->worker = bc_worker_create(0);
    f->peer = sv[1];
    struct bc_tcp_params params = { .worker = f->worker, .fd = sv[0], .ops = &OPS,
        .user = f, .queue_max_bytes = 1 << 20 };
    f->tcp = bc_tcp_create(&params);
    assert_non_null(f->tcp);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    if (f->tcp) {
        bc_tcp_close(f->tcp);
    }
    close(f->peer);
    bc_worker_destroy(f->worker);
    free(f);
    return 0;
}

#define RUN_UNTIL(f, condition) \
    for (int64_t end = bc_clock_us() + DEADLINE_US; !(condition);) { \
        assert_true(bc_clock_us() < end); \
        uv_run(&(f)->worker->loop, UV_RUN_NOWAIT); \
    }

static void
test_what_is_sent_in_on_data_is_flushed(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(write(f->peer, "hello", 5), 5);
    RUN_UNTIL(f, f->got_len == 5);
    char echo[8];
    assert_int_equal(read(f->peer, echo, sizeof(echo)), 5);
    assert_memory_equal(echo, "hello", 5);
}

static void
test_a_full_socket_takes_less_and_reports_room(void **state)
{
    struct fixture *f = *state;
    static uint8_t block[64 * 1024];
    struct iovec iov = { block, sizeof(block) };
    size_t sent = 0;
    for (;;) {
        ssize_t n = bc_tcp_writev(f->tcp, &iov, 1);
        assert_true(n >= 0);
        sent += (size_t)n;
        if ((size_t)n < sizeof(block)) {
            break;
        }
    }
    assert_int_equal(f->writable, 0);
    // A queued message waits behind and nothing overtakes it.
    bc_tcp_send(f->tcp, "x", 1);
    assert_int_equal(bc_tcp_writev(f->tcp, &iov, 1), 0);
    while (sent > 0) {
        ssize_t n = read(f->peer, block, sizeof(block) < sent ? sizeof(block) : sent);
        assert_true(n > 0);
        sent -= (size_t)n;
    }
    RUN_UNTIL(f, f->writable > 0);
    assert_int_equal(read(f->peer, block, 1), 1);
    assert_int_equal(block[0], 'x');
}

static void
test_a_queue_beyond_its_limit_closes(void **state)
{
    struct fixture *f = *state;
    struct bc_buf *buf = bc_buf_create(600 * 1024);
    memset(buf->data, 0, buf->len);
    bc_tcp_send_buf(f->tcp, buf, 0, buf->len); // shared: costs nothing, not limited
    bc_tcp_send_buf(f->tcp, buf, 0, buf->len);
    bc_tcp_send(f->tcp, "one byte too many", 17);
    bc_buf_unref(&buf);
    assert_string_equal(f->reason, ""); // never inside the call
    RUN_UNTIL(f, f->reason[0] != '\0');
}

static void
test_a_peer_that_hangs_up_is_reported_once(void **state)
{
    struct fixture *f = *state;
    shutdown(f->peer, SHUT_RDWR);
    RUN_UNTIL(f, f->reason[0] != '\0');
    assert_string_equal(f->reason, "the peer closed the connection");
}

static void
test_closing_inside_on_data_is_safe(void **state)
{
    struct fixture *f = *state;
    f->close_in_data = true;
    assert_int_equal(write(f->peer, "bye", 3), 3);
    RUN_UNTIL(f, f->got_len == 3);
    f->tcp = NULL;
    for (int i = 0; i < 3; i++) {
        uv_run(&f->worker->loop, UV_RUN_NOWAIT);
    }
    assert_string_equal(f->reason, "");
}

static void
test_finish_sends_the_rest_and_closes(void **state)
{
    struct fixture *f = *state;
    bc_tcp_send(f->tcp, "last words", 10);
    bc_tcp_finish(f->tcp, 1000000);
    f->tcp = NULL;
    char text[16];
    size_t len = 0;
    for (int64_t end = bc_clock_us() + DEADLINE_US;;) {
        assert_true(bc_clock_us() < end);
        uv_run(&f->worker->loop, UV_RUN_NOWAIT);
        ssize_t n = recv(f->peer, text + len, sizeof(text) - len, MSG_DONTWAIT);
        if (n == 0) {
            break;
        }
        len += n > 0 ? (size_t)n : 0;
    }
    assert_int_equal(len, 10);
    assert_memory_equal(text, "last words", 10);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_sent_in_on_data_is_flushed, setup,
            teardown),
        cmocka_unit_test_setup_teardown(test_a_full_socket_takes_less_and_reports_room, setup,
            teardown),
        cmocka_unit_test_setup_teardown(test_a_queue_beyond_its_limit_closes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_peer_that_hangs_up_is_reported_once, setup,
            teardown),
        cmocka_unit_test_setup_teardown(test_closing_inside_on_data_is_safe, setup, teardown),
        cmocka_unit_test_setup_teardown(test_finish_sends_the_rest_and_closes, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
