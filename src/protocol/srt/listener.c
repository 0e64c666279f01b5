// SPDX-License-Identifier: Apache-2.0
// Callers: on_hello in the library's thread, accept in ours.
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "conn.h"
#include "library.h"

#define BACKLOG 256
#define ACCEPTS_PER_TURN 64
// The library closes what broke before it was accepted, some seconds later.
#define PENDING_US 10000000

// --- before the connection: the library's thread that receives for the port ---

static enum bc_srt_reject
code_of(int err)
{
    return err == -ENOENT ? BC_SRT_NOT_FOUND
        : err == -ENOTSUP ? BC_SRT_BAD_MODE
                          : BC_SRT_BAD_REQUEST;
}

static bool
add_pending(struct bc_srt *srt, SRTSOCKET socket, const char *ip)
{
    pthread_mutex_lock(&srt->listen_lock);
    unsigned same = 0;
    for (unsigned i = 0; i < srt->pending_count; i++) {
        same += strcmp(srt->pending[i].ip, ip) == 0;
    }
    bool room = srt->pending_count < SRT_PENDING_MAX && same < SRT_PENDING_PER_IP;
    if (room) {
        struct srt_pending *p = &srt->pending[srt->pending_count++];
        p->socket = socket;
        p->since_us = bc_clock_us();
        strcpy(p->ip, ip);
    }
    pthread_mutex_unlock(&srt->listen_lock);
    if (room) {
        srt_service_wake(srt);
    }
    return room;
}

bool
srt_listener_expects(struct bc_srt *srt)
{
    pthread_mutex_lock(&srt->listen_lock);
    bool any = srt->pending_count > 0;
    pthread_mutex_unlock(&srt->listen_lock);
    return any;
}

static void
remove_pending(struct bc_srt *srt, SRTSOCKET socket)
{
    pthread_mutex_lock(&srt->listen_lock);
    for (unsigned i = 0; i < srt->pending_count; i++) {
        if (srt->pending[i].socket == socket) {
            srt->pending[i] = srt->pending[--srt->pending_count];
            break;
        }
    }
    pthread_mutex_unlock(&srt->listen_lock);
}

static enum bc_srt_reject
judge(struct bc_srt *srt, SRTSOCKET socket, const struct sockaddr *sa, const char *id)
{
    struct bc_srt_hello hello;
    struct bc_srt_terms terms = { .passphrase = "" };
    char peer[SRT_PEER_TEXT];
    char ip[SRT_PEER_TEXT];
    if (atomic_load(&srt->draining)) {
        return BC_SRT_DOWN;
    }
    if (atomic_load(&srt->open) >= BC_SRT_CONNS_MAX) {
        return BC_SRT_OVERLOAD;
    }
    int err = bc_srt_streamid_parse(id, strlen(id), &hello.id);
    if (err != 0) {
        return code_of(err);
    }
    srt_address_format(sa, peer, ip);
    hello.peer = peer;
    hello.peer_ip = ip;
    enum bc_srt_reject reject =
        srt->params.ops->on_hello(srt->params.user, &hello, &terms);
    if (reject != BC_SRT_ACCEPT) {
        return reject;
    }
    size_t len = strlen(terms.passphrase);
    if (len > 0
        && srt_setsockflag(socket, SRTO_PASSPHRASE, terms.passphrase, (int)len)
            == SRT_ERROR) {
        bc_error(
            &srt->log, "the passphrase of %s is none that SRT takes", hello.id.channel);
        return BC_SRT_DOWN;
    }
    if (hello.id.mode == BC_SRT_REQUEST) {
        srt_library_expect_nothing(socket);
    }
    return add_pending(srt, socket, ip) ? BC_SRT_ACCEPT : BC_SRT_OVERLOAD;
}

static int
on_listen(void *opaque, SRTSOCKET socket, int hs_version, const struct sockaddr *peer,
    const char *id)
{
    struct bc_srt *srt = opaque;
    (void)hs_version; // version 4 has no stream id, which is answered as a bad one
    enum bc_srt_reject reject = judge(srt, socket, peer, id);
    if (reject == BC_SRT_ACCEPT) {
        return 0;
    }
    atomic_fetch_add(&srt->refused, 1);
    srt_setrejectreason(socket, (int)reject);
    return -1;
}

// --- opening and closing ---

// The port becomes the library's. The descriptor goes with it, whatever happens.
static SRTSOCKET
open_listener(struct bc_srt *srt, const struct srt_doorbell *bell)
{
    SRTSOCKET socket = srt_create_socket();
    int events = SRT_EPOLL_IN | SRT_EPOLL_ERR;
    if (socket == SRT_INVALID_SOCK || !srt_library_configure(socket, srt->params.latency_ms)
        || (bell->family == AF_INET6 && !srt_glue_set_int(socket, SRTO_IPV6ONLY, 0))
        || srt_bind_acquire(socket, bell->fd) == SRT_ERROR) {
        close(bell->fd);
    } else if (srt_listen_callback(socket, on_listen, srt) != SRT_ERROR
        && srt_epoll_add_usock(srt->epoll, socket, &events) != SRT_ERROR
        && srt_listen(socket, BACKLOG) != SRT_ERROR) {
        return socket;
    }
    bc_error(&srt->log, "a port cannot be listened on: %s", srt_getlasterror_str());
    if (socket != SRT_INVALID_SOCK) {
        srt_close(socket);
    }
    return SRT_INVALID_SOCK;
}

bool
bc_srt_listen(struct bc_srt *srt, const char *address, char *error, size_t error_len)
{
    struct srt_address resolved;
    struct srt_doorbell bell;
    if (!srt_address_resolve(address, &resolved, error, error_len)) {
        return false;
    }
    int err = srt_doorbell_open(&bell, &resolved);
    if (err != 0 && address[0] == ':' && err != -EADDRINUSE) {
        // A machine without IPv6.
        char v4[32];
        snprintf(v4, sizeof(v4), "0.0.0.0%.20s", address);
        if (srt_address_resolve(v4, &resolved, error, error_len)) {
            err = srt_doorbell_open(&bell, &resolved);
        }
    }
    if (err != 0) {
        snprintf(error, error_len, "cannot listen on %s: %s", address,
            err == -EADDRINUSE ? "the port is in use by another program; "
                                 "stop it or choose another port"
                               : strerror(-err));
        return false;
    }
    pthread_mutex_lock(&srt->listen_lock);
    bool room = srt->listener_count + srt->bell_count < SRT_LISTENERS_MAX;
    if (room) {
        srt->bells[srt->bell_count++] = bell;
    }
    pthread_mutex_unlock(&srt->listen_lock);
    if (!room) {
        snprintf(error, error_len, "cannot listen on %s: too many listeners", address);
        srt_doorbell_close(&bell);
        return false;
    }
    srt_service_wake(srt); // it waits for one more
    return true;
}

// The port of the descriptor was called, or is wanted now.
static void
answer(struct bc_srt *srt, int fd)
{
    struct srt_doorbell bell = { .fd = -1 };
    pthread_mutex_lock(&srt->listen_lock);
    for (unsigned i = 0; i < srt->bell_count && bell.fd < 0; i++) {
        if (srt->bells[i].fd == fd) {
            bell = srt->bells[i];
            srt->bells[i] = srt->bells[--srt->bell_count];
        }
    }
    pthread_mutex_unlock(&srt->listen_lock);
    if (bell.fd < 0) {
        return; // the listeners were closed meanwhile
    }
    SRTSOCKET socket = open_listener(srt, &bell);
    if (socket == SRT_INVALID_SOCK) {
        return;
    }
    pthread_mutex_lock(&srt->listen_lock);
    bool closed = atomic_load(&srt->draining);
    if (!closed) {
        srt->listeners[srt->listener_count++] = socket;
    }
    pthread_mutex_unlock(&srt->listen_lock);
    if (closed) {
        srt_close(socket);
    }
}

// Fills `out` with the descriptors of the doorbells; returns how many.
static unsigned
list_bells(struct bc_srt *srt, struct pollfd out[SRT_LISTENERS_MAX])
{
    pthread_mutex_lock(&srt->listen_lock);
    unsigned n = srt->bell_count;
    for (unsigned i = 0; i < n; i++) {
        out[i] = (struct pollfd){ .fd = srt->bells[i].fd, .events = POLLIN };
    }
    pthread_mutex_unlock(&srt->listen_lock);
    return n;
}

void
srt_listener_rest(struct bc_srt *srt, int wait_ms)
{
    struct pollfd fds[SRT_LISTENERS_MAX + 1];
    unsigned n = list_bells(srt, fds);
    fds[n] = (struct pollfd){ .fd = srt->wakeup, .events = POLLIN };
    if (poll(fds, n + 1, wait_ms) <= 0) {
        return;
    }
    for (unsigned i = 0; i < n; i++) {
        if (fds[i].revents) {
            answer(srt, fds[i].fd);
        }
    }
}

void
srt_listener_answer_all(struct bc_srt *srt)
{
    struct pollfd fds[SRT_LISTENERS_MAX];
    unsigned n = list_bells(srt, fds);
    for (unsigned i = 0; i < n; i++) {
        answer(srt, fds[i].fd);
    }
}

void
bc_srt_close_listeners(struct bc_srt *srt)
{
    SRTSOCKET listeners[SRT_LISTENERS_MAX];
    atomic_store(&srt->draining, true);
    pthread_mutex_lock(&srt->listen_lock);
    unsigned n = srt->listener_count;
    memcpy(listeners, srt->listeners, n * sizeof(listeners[0]));
    srt->listener_count = 0;
    for (; srt->bell_count > 0; srt->bell_count--) {
        srt_doorbell_close(&srt->bells[srt->bell_count - 1]);
    }
    pthread_mutex_unlock(&srt->listen_lock);
    for (unsigned i = 0; i < n; i++) {
        srt_epoll_remove_usock(srt->epoll, listeners[i]);
        srt_close(listeners[i]);
    }
}

// --- accepting: the SRT thread ---

bool
srt_listener_is(struct bc_srt *srt, SRTSOCKET socket)
{
    bool found = false;
    pthread_mutex_lock(&srt->listen_lock);
    for (unsigned i = 0; i < srt->listener_count && !found; i++) {
        found = srt->listeners[i] == socket;
    }
    pthread_mutex_unlock(&srt->listen_lock);
    return found;
}

static struct bc_srt_conn *
create_accepted(struct bc_srt *srt, SRTSOCKET socket, const struct sockaddr *sa)
{
    char id[BC_SRT_STREAMID_MAX + 1];
    int len = sizeof(id);
    struct bc_worker *worker = srt->params.ops->choose_worker(srt->params.user);
    struct bc_srt_conn *c = worker ? srt_conn_create(srt, worker) : NULL;
    if (!c) {
        return NULL;
    }
    c->socket = socket;
    srt_address_format(sa, c->peer, c->peer_ip);
    if (srt_getsockflag(socket, SRTO_STREAMID, id, &len) == SRT_ERROR || len < 0
        || bc_srt_streamid_parse(id, strnlen(id, (size_t)len), &c->id) != 0
        || !srt_conn_attach(c, SRT_PHASE_OPEN, SRT_EPOLL_IN | SRT_EPOLL_ERR)) {
        srt_conn_unref(c);
        return NULL;
    }
    return c;
}

void
srt_listener_accept(struct bc_srt *srt, SRTSOCKET listener)
{
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        struct sockaddr_storage ss;
        int len = sizeof(ss);
        SRTSOCKET socket = srt_accept(listener, (struct sockaddr *)&ss, &len);
        if (socket == SRT_INVALID_SOCK) {
            return;
        }
        remove_pending(srt, socket);
        struct bc_srt_conn *c = create_accepted(srt, socket, (struct sockaddr *)&ss);
        if (!c) {
            atomic_fetch_add(&srt->failed, 1);
            srt_close(socket);
            continue;
        }
        atomic_fetch_add(&srt->accepted, 1);
        srt_conn_opened(c);
        pthread_mutex_lock(&c->lock);
        srt_conn_post(c);
        pthread_mutex_unlock(&c->lock);
        // The creator's reference is the worker's from here on.
    }
}

static bool
has_failed(const struct srt_pending *p, int64_t now_us)
{
    SRT_SOCKSTATUS state = srt_getsockstate(p->socket);
    return state == SRTS_CLOSED || state == SRTS_NONEXIST
        || now_us - p->since_us > PENDING_US;
}

void
srt_listener_review(struct bc_srt *srt, int64_t now_us)
{
    // Only this thread takes out of the list, so the copy may at most miss newcomers.
    // The library must not be asked with the lock held: the callback waits for it while
    // the library holds locks of its own.
    struct srt_pending copy[SRT_PENDING_MAX];
    pthread_mutex_lock(&srt->listen_lock);
    unsigned n = srt->pending_count;
    memcpy(copy, srt->pending, n * sizeof(copy[0]));
    pthread_mutex_unlock(&srt->listen_lock);
    unsigned failed = 0;
    for (unsigned i = 0; i < n; i++) {
        if (has_failed(&copy[i], now_us)) {
            remove_pending(srt, copy[i].socket);
            failed++;
        }
    }
    unsigned suppressed;
    if (failed > 0) {
        atomic_fetch_add(&srt->failed, failed);
        if (bc_log_limit_pass(&srt->fail_limit, now_us, &suppressed)) {
            bc_warn(&srt->log, "%u handshakes failed (a wrong passphrase?)", failed);
        }
    }
}
