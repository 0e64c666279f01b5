// SPDX-License-Identifier: Apache-2.0
#include "kit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"

#define HEART_US 2000

// ThreadSanitizer asks for this by name. The library is built without it, so what it guards
// by atomics is not seen; and it takes its listener's locks in two orders, of which one is
// only possible before it listens.
const char *
__tsan_default_suppressions(void);

const char *
__tsan_default_suppressions(void)
{
    return "race:libsrt\ndeadlock:libsrt";
}

// --- the worker ---

static void
on_heart(struct bc_timer *timer)
{
    bc_timer_set(timer, HEART_US);
}

void
kit_turn(struct kit *kit)
{
    uv_run(&kit->worker->loop, UV_RUN_ONCE);
}

// --- an end ---

static void
on_data(void *user, const uint8_t *data, size_t len, int64_t now_us)
{
    struct kit_end *end = user;
    assert_true(now_us > 0);
    assert_true(end->received_len + len <= KIT_RECEIVED_MAX);
    if (!end->received) {
        end->received = malloc(KIT_RECEIVED_MAX);
        assert_non_null(end->received);
    }
    memcpy(end->received + end->received_len, data, len);
    end->received_len += len;
}

static void
on_closed(void *user, const char *reason)
{
    struct kit_end *end = user;
    end->closed = true;
    snprintf(end->reason, sizeof(end->reason), "%s", reason);
    bc_srt_conn_close(end->conn, reason);
    end->conn = NULL;
}

static const struct bc_srt_conn_ops CONN_OPS = { on_data, on_closed };

static void
on_writable(void *user)
{
    ((struct kit_end *)user)->writable++;
}

static void
on_sink_closed(void *user, const char *reason)
{
    struct kit_end *end = user;
    (void)reason;
    assert_false(end->closed); // the sink first
    end->sink_closed = true;
}

static void
take(struct kit_end *end, struct bc_srt_conn *conn)
{
    end->conn = conn;
    end->sink = bc_srt_conn_sink(conn);
    end->sink->on_writable = on_writable;
    end->sink->on_closed = on_sink_closed;
    end->sink->user = end;
    bc_srt_conn_open(conn, &CONN_OPS, end);
}

void
kit_end_close(struct kit_end *end)
{
    if (end->conn) {
        bc_srt_conn_close(end->conn, "the test is done with it");
        end->conn = NULL;
    }
}

void
kit_end_free(struct kit_end *end)
{
    bc_srt_call_cancel(end->calling);
    kit_end_close(end);
    free(end->received);
    memset(end, 0, sizeof(*end));
}

// --- the listener ---

static enum bc_srt_reject
on_hello(void *user, const struct bc_srt_hello *hello, struct bc_srt_terms *terms)
{
    struct kit *kit = user;
    pthread_mutex_lock(&kit->lock);
    kit->seen = hello->id;
    snprintf(kit->seen_peer, sizeof(kit->seen_peer), "%s", hello->peer);
    kit->hellos++;
    strcpy(terms->passphrase, kit->passphrase);
    enum bc_srt_reject answer = kit->answer;
    pthread_mutex_unlock(&kit->lock);
    return answer;
}

static struct bc_worker *
choose_worker(void *user)
{
    return ((struct kit *)user)->worker;
}

static void
on_conn(void *user, struct bc_srt_conn *conn)
{
    struct kit *kit = user;
    if (kit->end_count == KIT_ENDS_MAX) {
        bc_srt_conn_close(conn, "the test has enough");
        return;
    }
    take(&kit->ends[kit->end_count++], conn);
}

static const struct bc_srt_listener_ops LISTENER_OPS
    = { on_hello, choose_worker, on_conn };

// --- calling ---

static void
on_result(void *user, struct bc_srt_conn *conn, const char *why)
{
    struct kit_end *end = user;
    end->answered = true;
    end->calling = NULL;
    if (conn) {
        take(end, conn);
    } else {
        snprintf(end->reason, sizeof(end->reason), "%s", why);
    }
}

void
kit_call(struct kit *kit, struct kit_end *end, const char *host, const char *streamid,
    const char *passphrase)
{
    struct bc_srt_call call = {
        .srt = kit->srt,
        .worker = kit->worker,
        .host = host,
        .port = (uint16_t)kit->port,
        .streamid = streamid,
        .passphrase = passphrase,
        .latency_ms = kit->latency_ms,
        .timeout_ms = kit->timeout_ms,
        .on_result = on_result,
        .user = end,
    };
    end->calling = bc_srt_call(&call);
    assert_non_null(end->calling);
}

void
kit_connect(struct kit *kit, struct kit_end *end, const char *streamid)
{
    unsigned before = kit->end_count;
    kit_call(kit, end, "127.0.0.1", streamid, "");
    kit_wait(kit, end->answered && kit->end_count > before);
    assert_non_null(end->conn);
}

// --- bytes ---

void
kit_fill(uint8_t *out, uint32_t first, size_t n)
{
    memset(out, 0xff, n * 188);
    for (size_t i = 0; i < n; i++) {
        uint8_t *packet = out + i * 188;
        packet[0] = 0x47;
        memcpy(packet + 184, &(uint32_t){ first + (uint32_t)i }, 4);
    }
}

ssize_t
kit_write(struct kit_end *end, const uint8_t *data, size_t len)
{
    // In two vectors, the border inside a packet.
    size_t half = len / 2;
    struct iovec iov[] = { { (void *)(uintptr_t)data, half },
        { (void *)(uintptr_t)(data + half), len - half } };
    return bc_sink_writev(end->sink, iov, 2);
}

// --- life ---

unsigned
kit_free_port(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in sa = { .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(sa);
    assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
    close(fd);
    return ntohs(sa.sin_port);
}

int
kit_setup(void **state)
{
    struct kit *kit = calloc(1, sizeof(*kit));
    assert_non_null(kit);
    char address[32];
    char error[256];
    pthread_mutex_init(&kit->lock, NULL);
    kit->timeout_ms = 8000;
    kit->latency_ms = 120;
    kit->worker = bc_worker_create(0);
    assert_non_null(kit->worker);
    bc_timer_init(&kit->heart, kit->worker, on_heart);
    bc_timer_set(&kit->heart, HEART_US);
    const struct bc_srt_params params
        = { .latency_ms = 120, .ops = &LISTENER_OPS, .user = kit };
    kit->srt = bc_srt_create(&params);
    assert_non_null(kit->srt);
    // Another test may have got the port since.
    for (int tries = 0;; tries++) {
        kit->port = kit_free_port();
        snprintf(address, sizeof(address), ":%u", kit->port);
        if (bc_srt_listen(kit->srt, address, error, sizeof(error))) {
            break;
        }
        if (tries == 10) {
            fail_msg("%s", error);
        }
    }
    *state = kit;
    return 0;
}

int
kit_teardown(void **state)
{
    struct kit *kit = *state;
    for (unsigned i = 0; i < kit->end_count; i++) {
        kit_end_free(&kit->ends[i]);
    }
    bc_timer_cancel(&kit->heart);
    bc_srt_close_listeners(kit->srt);
    bc_srt_stop(kit->srt);
    while (bc_worker_run_leftovers(kit->worker)) {
    }
    bc_worker_destroy(kit->worker);
    bc_srt_destroy(kit->srt);
    pthread_mutex_destroy(&kit->lock);
    free(kit);
    return 0;
}
