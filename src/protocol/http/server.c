// SPDX-License-Identifier: Apache-2.0
// Connections on real sockets: joins conn.c with net/tcp.h and net/timer.h.
#include "protocol/http/server.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "conn.h"
#include "net/tcp.h"
#include "net/worker.h"
#include "server_impl.h"

// Bodies are queued by reference, so this bounds what one peer can ask for, not memory.
#define QUEUE_MAX_BYTES (256u << 20)
#define FINISH_TIMEOUT_US 10000000
#define LINGER_TIMEOUT_US 2000000
#define SLICES_MAX 64

// One accepted socket: the connection, its socket and its timer. Owned by itself: freed
// at the end of the turn in which it was closed. Member of the server's list until then.
struct client {
    struct bc_http_conn conn;
    struct bc_http_server *server; // borrowed
    struct bc_tcp *tcp;            // NULL once closed
    struct bc_list node;
    struct bc_timer timer;
    int64_t deadline_us; // 0: none. The timer may fire before it, and is then set again
    struct bc_task wake;
    struct bc_task free;
    bool lingering;
};

static void
free_client(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct client *c = bc_container_of(task, struct client, free);
    bc_list_remove(&c->node);
    bc_list_remove(&c->wake.node);
    bc_timer_cancel(&c->timer);
    bc_http_conn_finish(&c->conn);
    c->server->connections--;
    free(c);
}

static void
schedule_free(struct client *c)
{
    c->tcp = NULL;
    c->deadline_us = 0;
    bc_list_remove(&c->wake.node);
    bc_worker_defer(c->server->worker, &c->free);
}

// --- the wire ---

// Queues what is left of the slices after `taken` bytes of them went out.
static void
queue_rest(struct client *c, const struct bc_http_slice *slices, int count, size_t taken)
{
    for (int i = 0; i < count; i++) {
        const struct bc_http_slice *s = &slices[i];
        if (taken >= s->len) {
            taken -= s->len;
            continue;
        }
        const uint8_t *rest = (const uint8_t *)s->data + taken;
        size_t len = s->len - taken;
        taken = 0;
        if (s->buf) {
            bc_tcp_send_buf(c->tcp, s->buf, (size_t)(rest - s->buf->data), len);
        } else {
            bc_tcp_send(c->tcp, rest, len);
        }
    }
}

static void
wire_send(void *wire, const struct bc_http_slice *slices, int count)
{
    struct client *c = wire;
    struct iovec iov[SLICES_MAX];
    while (c->tcp && count > 0) {
        int n = count < SLICES_MAX ? count : SLICES_MAX;
        for (int i = 0; i < n; i++) {
            iov[i] = (struct iovec){ (void *)slices[i].data, slices[i].len };
        }
        ssize_t taken = bc_tcp_writev(c->tcp, iov, n);
        if (taken < 0) {
            return; // on_closed follows
        }
        queue_rest(c, slices, n, (size_t)taken);
        slices += n;
        count -= n;
    }
}

static ssize_t
wire_writev(void *wire, const struct iovec *iov, int count)
{
    struct client *c = wire;
    return bc_tcp_writev(c->tcp, iov, count);
}

static ssize_t
wire_sendfile(void *wire, int fd, uint64_t offset, size_t len)
{
    struct client *c = wire;
    return bc_tcp_sendfile(c->tcp, fd, offset, len);
}

static void
wire_want_write(void *wire)
{
    struct client *c = wire;
    if (c->tcp) {
        bc_tcp_want_write(c->tcp);
    }
}

static size_t
wire_queued(void *wire)
{
    struct client *c = wire;
    return c->tcp ? bc_tcp_queued(c->tcp) : 0;
}

static void
wire_set_reading(void *wire, bool on)
{
    struct client *c = wire;
    if (c->tcp) {
        bc_tcp_set_reading(c->tcp, on);
    }
}

// A request moves its deadline without touching the timer, which catches up when it
// fires.
static void
wire_set_timeout(void *wire, int64_t delay_us)
{
    struct client *c = wire;
    c->deadline_us = delay_us > 0 ? bc_clock_us() + delay_us : 0;
    if (delay_us <= 0
        || (bc_timer_is_set(&c->timer) && c->timer.due_us <= c->deadline_us)) {
        return;
    }
    if (bc_timer_set(&c->timer, delay_us) != 0) {
        c->deadline_us =
            0; // without memory nobody times out; the load is the larger trouble
    }
}

static void
wire_wake(void *wire)
{
    struct client *c = wire;
    if (c->tcp) {
        bc_worker_defer(c->server->worker, &c->wake);
    }
}

static void
on_linger_data(void *user, const uint8_t *data, size_t len)
{
    (void)user;
    (void)data;
    (void)len;
}

static void
on_linger_closed(void *user, const char *reason)
{
    (void)reason;
    schedule_free(user);
}

static const struct bc_tcp_ops LINGER_OPS = {
    .on_data = on_linger_data,
    .on_closed = on_linger_closed,
};

// Closing a socket with unread input resets it, and the peer may lose the answer that
// says what was wrong. So: no more output, and input is thrown away for a moment (RFC
// 9112 9.6).
static void
linger(struct client *c)
{
    if (bc_tcp_queued(c->tcp) > 0 || bc_tcp_is_tls(c->tcp)) {
        bc_tcp_finish(c->tcp, LINGER_TIMEOUT_US);
        schedule_free(c);
        return;
    }
    c->lingering = true;
    bc_tcp_set_user(c->tcp, &LINGER_OPS, c);
    bc_tcp_set_reading(c->tcp, true);
    shutdown(bc_tcp_fd(c->tcp), SHUT_WR);
    wire_set_timeout(c, LINGER_TIMEOUT_US);
}

static void
wire_close(void *wire, enum bc_http_close how, const char *reason)
{
    struct client *c = wire;
    bc_debug(NULL, "http %s: closed: %s", c->conn.peer, reason);
    c->conn.peer = c->conn.peer_ip = "";
    switch (how) {
    case BC_HTTP_CLOSE_NOW:
        bc_tcp_close(c->tcp);
        schedule_free(c);
        break;
    case BC_HTTP_CLOSE_FLUSH:
        bc_tcp_finish(c->tcp, FINISH_TIMEOUT_US);
        schedule_free(c);
        break;
    case BC_HTTP_CLOSE_LINGER:
        linger(c);
        break;
    }
}

static const struct bc_http_wire_ops WIRE_OPS = {
    .send = wire_send,
    .writev = wire_writev,
    .sendfile = wire_sendfile,
    .want_write = wire_want_write,
    .queued = wire_queued,
    .set_reading = wire_set_reading,
    .set_timeout = wire_set_timeout,
    .wake = wire_wake,
    .close = wire_close,
};

static void
run_wake(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct client *c = bc_container_of(task, struct client, wake);
    bc_http_conn_resume(&c->conn, bc_clock_us());
}

static void
on_timer(struct bc_timer *timer)
{
    struct client *c = bc_container_of(timer, struct client, timer);
    if (c->deadline_us == 0 || !c->tcp) {
        return;
    }
    int64_t now_us = bc_clock_us();
    if (now_us < c->deadline_us) {
        wire_set_timeout(c, c->deadline_us - now_us);
    } else if (c->lingering) {
        bc_tcp_close(c->tcp);
        schedule_free(c);
    } else {
        c->deadline_us = 0;
        bc_http_conn_timeout(&c->conn, now_us);
    }
}

// --- the socket ---

static void
on_data(void *user, const uint8_t *data, size_t len)
{
    struct client *c = user;
    if (c->conn.state == BC_HTTP_CONN_DETECT) {
        c->conn.tls = bc_tcp_is_tls(c->tcp);
        c->conn.alpn_h2 = strcmp(bc_tcp_alpn(c->tcp), "h2") == 0;
    }
    bc_http_conn_input(&c->conn, data, len, bc_clock_us());
}

static void
on_writable(void *user)
{
    struct client *c = user;
    bc_http_conn_writable(&c->conn, bc_clock_us());
}

static void
on_closed(void *user, const char *reason)
{
    struct client *c = user;
    bc_debug(NULL, "http %s: closed: %s", c->conn.peer, reason);
    schedule_free(c);
    c->conn.peer = c->conn.peer_ip = "";
    bc_http_conn_closed(&c->conn, reason);
}

static const struct bc_tcp_ops TCP_OPS = { on_data, on_writable, on_closed };

static void
prepare(struct bc_http_server *server);

void
bc_http_serve(struct bc_http_server *server, int fd, struct bc_tls_context *tls)
{
    prepare(server);
    struct client *c = calloc(1, sizeof(*c));
    if (!c) {
        close(fd);
        return;
    }
    struct bc_tcp_params params = {
        .worker = server->worker,
        .fd = fd,
        .security = tls ? BC_TCP_TLS : BC_TCP_PLAIN,
        .tls = tls,
        .ops = &TCP_OPS,
        .user = c,
        .queue_max_bytes = QUEUE_MAX_BYTES,
    };
    c->tcp = bc_tcp_create(&params);
    if (!c->tcp) {
        free(c);
        return;
    }
    c->server = server;
    bc_list_init(&c->wake.node);
    bc_list_init(&c->free.node);
    c->wake.run = run_wake;
    c->free.run = free_client;
    bc_timer_init(&c->timer, server->worker, on_timer);
    bc_http_conn_init(&c->conn, server, &WIRE_OPS, c);
    c->conn.peer = bc_tcp_peer(c->tcp);
    c->conn.peer_ip = bc_tcp_peer_ip(c->tcp);
    bc_list_append(&server->clients, &c->node);
    server->connections++;
}

// --- the server ---

const char *
bc_http_server_date(struct bc_http_server *server)
{
    int64_t now = (int64_t)time(NULL);
    if (now != server->date_seconds) {
        server->date_seconds = now;
        bc_http_date_format(now, server->date);
    }
    return server->date;
}

static void
close_all(struct bc_timer *timer)
{
    struct bc_http_server *server = bc_container_of(
        timer, struct bc_http_server, drain_timer);
    bc_list_for_each(it, tmp, &server->clients) {
        struct client *c = bc_container_of(it, struct client, node);
        if (c->lingering && c->tcp) {
            bc_tcp_close(c->tcp);
            schedule_free(c);
        } else if (c->tcp) {
            bc_http_conn_abort(&c->conn, "the server stops");
        }
    }
}

static void
prepare(struct bc_http_server *server)
{
    if (!server->clients.next) {
        bc_list_init(&server->clients);
        bc_timer_init(&server->drain_timer, server->worker, close_all);
    }
}

void
bc_http_drain(struct bc_http_server *server, int64_t timeout_us)
{
    prepare(server);
    server->draining = true;
    bc_list_for_each(it, tmp, &server->clients) {
        struct client *c = bc_container_of(it, struct client, node);
        if (c->tcp && !c->lingering) {
            bc_http_conn_drain(&c->conn);
        }
    }
    if (timeout_us <= 0 || bc_timer_set(&server->drain_timer, timeout_us) != 0) {
        close_all(&server->drain_timer);
    }
}
