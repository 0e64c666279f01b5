// SPDX-License-Identifier: Apache-2.0
#include "net/tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "net/tls.h"
#include "tcp_internal.h"
#include "tls_context.h"

#define DEFAULT_QUEUE_BYTES (4u << 20)
#define READS_PER_TURN 4
#define FLUSH_VECTORS 64
// What a socket may hold that has not been sent yet: bounds the delay that a slow peer
// builds up inside the kernel, where nothing can be skipped any more.
#define NOTSENT_LOWAT_BYTES (128 * 1024)
#define KEEPALIVE_IDLE_S 30
#define KEEPALIVE_INTERVAL_S 10
#define KEEPALIVE_COUNT 3
#define USER_TIMEOUT_MS 60000

static atomic_uint_fast64_t g_open;

static void
on_event(uv_poll_t *poll, int status, int events);

void
bc_tcp_watch(struct bc_tcp *tcp)
{
    if (tcp->closed) {
        return;
    }
    bool write = !tcp->shaking
        && (tcp->want_write || tcp->queue.bytes > 0 || tcp->tls_record_len > 0);
    int events = (tcp->reading ? UV_READABLE : 0) | (write ? UV_WRITABLE : 0);
    // Without any event libuv would not report a broken connection either.
    events |= UV_DISCONNECT;
    if (events != tcp->watched) {
        tcp->watched = events;
        uv_poll_start(&tcp->poll, events, on_event);
    }
}

static void
on_poll_closed(uv_handle_t *handle)
{
    struct bc_tcp *tcp = handle->data;
    SSL_free(tcp->ssl);
    bc_tls_context_unref(&tcp->tls);
    free(tcp->tls_record);
    free(tcp);
}

void
bc_tcp_close(struct bc_tcp *tcp)
{
    if (tcp->closed) {
        return;
    }
    tcp->closed = true;
    tcp->ops = NULL;
    bc_list_remove(&tcp->turn_end.node);
    bc_timer_cancel(&tcp->finish_timer);
    bc_tcp_queue_finish(&tcp->queue);
    if (tcp->ssl && tcp->tls_record_len == 0) {
        SSL_shutdown(tcp->ssl);
    }
    // libuv tells epoll of the descriptor, so that has to be ours until then.
    uv_close((uv_handle_t *)&tcp->poll, on_poll_closed);
    close(tcp->fd);
    atomic_fetch_sub(&tcp->worker->connections, 1);
    atomic_fetch_sub(&g_open, 1);
}

// Closes and tells the owner, which may not touch the connection any more.
static void
fail(struct bc_tcp *tcp, const char *reason)
{
    const struct bc_tcp_ops *ops = tcp->ops;
    void *user = tcp->user;
    bc_tcp_close(tcp);
    if (ops) {
        ops->on_closed(user, reason);
    }
}

static const char *
reason_of(int err)
{
    return err == -ECONNRESET ? "the peer closed the connection"
        : err == -EPROTO ? "TLS error"
        : err == -ETIMEDOUT ? "the peer stopped answering"
        : strerror(-err);
}

// What the kernel says of a socket in an error state; libuv only tells that there is one.
static int
socket_error(int fd)
{
    int err = 0;
    socklen_t len = sizeof(err);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) != 0 || err == 0) {
        err = ECONNRESET;
    }
    return err;
}

void
bc_tcp_set_broken(struct bc_tcp *tcp, int err)
{
    if (tcp->broken == 0 && !tcp->closed) {
        tcp->broken = err;
        bc_worker_defer(tcp->worker, &tcp->turn_end);
    }
}

static void
flush(struct bc_tcp *tcp)
{
    while (tcp->queue.bytes > 0 && tcp->broken == 0) {
        struct iovec iov[FLUSH_VECTORS];
        int count = bc_tcp_queue_iov(&tcp->queue, iov, FLUSH_VECTORS);
        ssize_t n = bc_tcp_io_writev(tcp, iov, count);
        if (n < 0) {
            bc_tcp_set_broken(tcp, (int)n);
            return;
        }
        if (n == 0) {
            break;
        }
        bc_tcp_queue_consume(&tcp->queue, (size_t)n);
    }
    bc_tcp_watch(tcp);
}

static void
on_turn_end(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_tcp *tcp = bc_container_of(task, struct bc_tcp, turn_end);
    if (tcp->broken == 0) {
        flush(tcp);
        // flush() may have deferred us again with a failure.
        bc_list_remove(&tcp->turn_end.node);
    }
    if (tcp->broken != 0) {
        fail(tcp, reason_of(tcp->broken));
    } else if (tcp->finishing && tcp->queue.bytes == 0 && tcp->tls_record_len == 0) {
        bc_tcp_close(tcp);
    }
}

static void
read_all(struct bc_tcp *tcp)
{
    uint8_t *scratch = tcp->worker->scratch;
    for (int i = 0; i < READS_PER_TURN && tcp->reading && !tcp->closed; i++) {
        ssize_t n = bc_tcp_io_read(tcp, scratch, BC_WORKER_SCRATCH);
        if (n < 0) {
            fail(tcp, reason_of((int)n));
            return;
        }
        if (n == 0) {
            return;
        }
        if (tcp->ops) {
            tcp->ops->on_data(tcp->user, scratch, (size_t)n);
        }
        // A short plain read has emptied the socket; TLS may hold more in its own buffer.
        if (!tcp->ssl && n < BC_WORKER_SCRATCH) {
            return;
        }
    }
}

// False: the handshake goes on, or has failed.
static bool
shake(struct bc_tcp *tcp)
{
    int ret = bc_tcp_io_shake(tcp);
    if (ret < 0) {
        char why[160];
        snprintf(why, sizeof(why), "%s",
            ret == -EPROTO ? bc_tcp_io_shake_problem(tcp) : reason_of(ret));
        fail(tcp, why);
    } else if (ret > 0) {
        flush(tcp);
    }
    return ret > 0;
}

static void
handle_readable(struct bc_tcp *tcp)
{
    if (tcp->shaking && !shake(tcp)) {
        return;
    }
    int decided = bc_tcp_io_detect(tcp);
    if (decided < 0) {
        fail(tcp, reason_of(decided));
        return;
    }
    if (decided == 0) {
        return;
    }
    tcp->in_read = true;
    read_all(tcp);
    tcp->in_read = false;
    if (!tcp->closed && tcp->queue.bytes > 0) {
        flush(tcp);
    }
    if (!tcp->closed) {
        if (tcp->finishing && tcp->queue.bytes == 0 && tcp->tls_record_len == 0) {
            bc_tcp_close(tcp);
        } else {
            bc_tcp_watch(tcp);
        }
    }
}

static void
handle_writable(struct bc_tcp *tcp)
{
    int ready = bc_tcp_io_resume(tcp);
    if (ready < 0) {
        bc_tcp_set_broken(tcp, ready);
        return;
    }
    if (ready > 0) {
        flush(tcp);
    }
    // A TLS record that the kernel did not take is among what is queued: who was told too
    // early could do nothing and would not be told again.
    if (ready == 0 || bc_tcp_queued(tcp) > 0 || tcp->broken != 0) {
        return;
    }
    if (tcp->finishing) {
        bc_tcp_close(tcp);
        return;
    }
    if (tcp->want_write) {
        tcp->want_write = false;
        if (tcp->ops && tcp->ops->on_writable) {
            tcp->ops->on_writable(tcp->user);
        }
    }
    bc_tcp_watch(tcp);
}

static void
on_event(uv_poll_t *poll, int status, int events)
{
    struct bc_tcp *tcp = poll->data;
    if (status < 0) {
        fail(tcp, reason_of(-socket_error(tcp->fd)));
        return;
    }
    if (events & UV_WRITABLE) {
        handle_writable(tcp);
    }
    if (!tcp->closed && events & UV_READABLE && tcp->reading) {
        handle_readable(tcp);
    }
    // A peer that hung up while reading is paused would otherwise be reported for ever.
    if (!tcp->closed && events & UV_DISCONNECT && !tcp->reading) {
        fail(tcp, reason_of(-ECONNRESET));
    }
}

static void
set_socket_options(int fd)
{
    int on = 1;
    int idle = KEEPALIVE_IDLE_S;
    int interval = KEEPALIVE_INTERVAL_S;
    int count = KEEPALIVE_COUNT;
    int lowat = NOTSENT_LOWAT_BYTES;
    unsigned timeout = USER_TIMEOUT_MS;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &lowat, sizeof(lowat));
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof(timeout));
}

static void
on_finish_timeout(struct bc_timer *timer)
{
    bc_tcp_close(bc_container_of(timer, struct bc_tcp, finish_timer));
}

// The first message goes out at once: it fits any socket.
static void
begin_client(struct bc_tcp *tcp, const char *server)
{
    tcp->ssl = bc_tls_connect(tcp->tls, tcp->fd, server);
    tcp->shaking = tcp->ssl != NULL;
    int ret = tcp->ssl ? bc_tcp_io_shake(tcp) : -ENOMEM;
    if (ret < 0) {
        bc_tcp_set_broken(tcp, ret);
    }
}

struct bc_tcp *
bc_tcp_create(const struct bc_tcp_params *params)
{
    struct bc_tcp *tcp = calloc(1, sizeof(*tcp));
    if (!tcp) {
        close(params->fd);
        return NULL;
    }
    tcp->worker = params->worker;
    tcp->fd = params->fd;
    tcp->ops = params->ops;
    tcp->user = params->user;
    tcp->security = params->tls ? params->security : BC_TCP_PLAIN;
    tcp->queue_max_bytes = params->queue_max_bytes ? params->queue_max_bytes
                                                   : DEFAULT_QUEUE_BYTES;
    tcp->reading = true;
    bc_list_init(&tcp->turn_end.node);
    tcp->turn_end.run = on_turn_end;
    bc_timer_init(&tcp->finish_timer, tcp->worker, on_finish_timeout);
    set_socket_options(tcp->fd);
    bc_peer_format(tcp->fd, tcp->peer, tcp->ip);
    if (uv_poll_init(&tcp->worker->loop, &tcp->poll, tcp->fd) != 0) {
        close(tcp->fd);
        free(tcp);
        return NULL;
    }
    if (params->tls) {
        tcp->tls = bc_tls_context_ref(params->tls);
    }
    if (tcp->security == BC_TCP_TLS_CLIENT) {
        begin_client(tcp, params->server);
    }
    tcp->poll.data = tcp;
    atomic_fetch_add(&tcp->worker->connections, 1);
    atomic_fetch_add(&g_open, 1);
    bc_tcp_watch(tcp);
    return tcp;
}

void
bc_tcp_set_user(struct bc_tcp *tcp, const struct bc_tcp_ops *ops, void *user)
{
    tcp->ops = ops;
    tcp->user = user;
}

void
bc_tcp_set_reading(struct bc_tcp *tcp, bool on)
{
    tcp->reading = on;
    bc_tcp_watch(tcp);
}

void
bc_tcp_finish(struct bc_tcp *tcp, int64_t timeout_us)
{
    if (tcp->closed) {
        return;
    }
    tcp->ops = NULL;
    tcp->finishing = true;
    bc_timer_set(&tcp->finish_timer, timeout_us);
    bc_worker_defer(tcp->worker, &tcp->turn_end);
}

const char *
bc_tcp_peer(const struct bc_tcp *tcp)
{
    return tcp->peer;
}

const char *
bc_tcp_peer_ip(const struct bc_tcp *tcp)
{
    return tcp->ip;
}

bool
bc_tcp_is_tls(const struct bc_tcp *tcp)
{
    return tcp->ssl != NULL;
}

const char *
bc_tcp_alpn(const struct bc_tcp *tcp)
{
    const unsigned char *name = NULL;
    unsigned len = 0;
    if (tcp->ssl) {
        SSL_get0_alpn_selected(tcp->ssl, &name, &len);
    }
    // ALPN names are not zero-terminated; only the ones that we offer can come back.
    return len == 2 ? "h2" : len == 8 ? "http/1.1" : "";
}

int
bc_tcp_fd(const struct bc_tcp *tcp)
{
    return tcp->fd;
}

uint64_t
bc_tcp_open_count(void)
{
    return atomic_load(&g_open);
}

uint64_t
bc_tcp_bytes_in(const struct bc_tcp *tcp)
{
    return tcp->bytes_in;
}

uint64_t
bc_tcp_bytes_out(const struct bc_tcp *tcp)
{
    return tcp->bytes_out;
}
