// SPDX-License-Identifier: Apache-2.0
#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/worker.h"

#define BACKLOG 4096
#define ACCEPTS_PER_TURN 64

// Owned by the server; dies after bc_listener_close() when the loop has let go of its
// handle.
struct bc_listener {
    struct bc_worker *worker; // borrowed
    uv_poll_t poll;
    int fd;
    // Held back so that a process without descriptors can still take a connection off the
    // queue and close it, instead of spinning on a readable listener.
    int spare_fd;
    void (*on_accept)(void *user, struct bc_worker *worker, int fd);
    void *user;
    struct bc_logger log;
    struct bc_log_limit limit;
};

static int
open_spare(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void
refuse_one(struct bc_listener *l, int err)
{
    unsigned suppressed;
    if (bc_log_limit_pass(&l->limit, bc_clock_us(), &suppressed)) {
        bc_error(&l->log,
            "cannot accept connections: %s (%u more); raise the limit of open files",
            strerror(err), suppressed);
    }
    if (l->spare_fd >= 0) {
        close(l->spare_fd);
        int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0) {
            close(fd);
        }
        l->spare_fd = open_spare();
    }
}

static void
on_readable(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct bc_listener *l = poll->data;
    if (status < 0) {
        return;
    }
    for (int i = 0; i < ACCEPTS_PER_TURN && l->fd >= 0; i++) {
        int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            l->on_accept(l->user, l->worker, fd);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            refuse_one(l, errno);
        }
        if (errno != EINTR && errno != ECONNABORTED) {
            break;
        }
    }
}

// Splits "host:port" at the last colon; "[v6]:port" loses its brackets.
static bool
split_address(
    const char *address, char *host, size_t host_len, char *port, size_t port_len)
{
    const char *colon = strrchr(address, ':');
    if (!colon || strlen(colon + 1) == 0 || strlen(colon + 1) >= port_len) {
        return false;
    }
    const char *begin = address;
    const char *end = colon;
    if (end > begin && *begin == '[' && end[-1] == ']') {
        begin++;
        end--;
    }
    if ((size_t)(end - begin) >= host_len) {
        return false;
    }
    memcpy(host, begin, (size_t)(end - begin));
    host[end - begin] = '\0';
    strcpy(port, colon + 1);
    return true;
}

static int
try_listen(const struct addrinfo *ai, bool share)
{
    int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    int on = 1;
    int off = 0;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (share) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    }
    if (ai->ai_family == AF_INET6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    }
    if (bind(fd, ai->ai_addr, ai->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        int err = errno;
        close(fd);
        return -err;
    }
    return fd;
}

static int
listen_on(const char *address, bool share, char *error, size_t error_len)
{
    char host[256];
    char port[16];
    if (!split_address(address, host, sizeof(host), port, sizeof(port))) {
        snprintf(error, error_len, "'%s' is no listen address (want host:port or :port)",
            address);
        return -EINVAL;
    }
    struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    struct addrinfo *list = NULL;
    // "::" covers IPv4 too; a machine without IPv6 falls through to 0.0.0.0.
    const char *node = host[0] ? host : "::";
    int ret = getaddrinfo(node, port, &hints, &list);
    if (ret != 0) {
        snprintf(error, error_len, "cannot listen on %s: %s", address, gai_strerror(ret));
        return -EINVAL;
    }
    int fd = try_listen(list, share);
    freeaddrinfo(list);
    if (fd < 0 && !host[0] && fd != -EADDRINUSE) {
        hints.ai_family = AF_INET;
        if (getaddrinfo(NULL, port, &hints, &list) == 0) {
            fd = try_listen(list, share);
            freeaddrinfo(list);
        }
    }
    if (fd == -EADDRINUSE) {
        snprintf(error, error_len,
            "cannot listen on %s: the port is in use by another program; "
            "stop it or choose another port",
            address);
    } else if (fd < 0) {
        snprintf(error, error_len, "cannot listen on %s: %s", address, strerror(-fd));
    }
    return fd;
}

int
bc_listener_probe(const char *address, char *error, size_t error_len)
{
    int fd = listen_on(address, false, error, error_len);
    if (fd < 0) {
        return fd;
    }
    close(fd);
    return 0;
}

// Owns `fd`, also on failure.
static struct bc_listener *
watch(struct bc_worker *worker, int fd, const char *address,
    void (*on_accept)(void *user, struct bc_worker *worker, int fd), void *user)
{
    struct bc_listener *l = calloc(1, sizeof(*l));
    if (!l) {
        close(fd);
        return NULL;
    }
    l->fd = fd;
    l->worker = worker;
    l->on_accept = on_accept;
    l->user = user;
    l->spare_fd = open_spare();
    bc_logger_init(&l->log, NULL, "listen %s", address);
    if (uv_poll_init(&worker->loop, &l->poll, l->fd) != 0) {
        close(l->fd);
        close(l->spare_fd);
        free(l);
        return NULL;
    }
    l->poll.data = l;
    uv_poll_start(&l->poll, UV_READABLE, on_readable);
    return l;
}

struct bc_listener *
bc_listener_create(struct bc_worker *worker, const char *address,
    void (*on_accept)(void *user, struct bc_worker *worker, int fd), void *user,
    char *error, size_t error_len)
{
    int fd = listen_on(address, true, error, error_len);
    if (fd < 0) {
        return NULL;
    }
    struct bc_listener *l = watch(worker, fd, address, on_accept, user);
    if (!l) {
        snprintf(error, error_len, "cannot watch %s", address);
    }
    return l;
}

struct bc_listener *
bc_listener_adopt(struct bc_worker *worker, int fd, const char *address,
    void (*on_accept)(void *user, struct bc_worker *worker, int fd), void *user)
{
    return watch(worker, fd, address, on_accept, user);
}

int
bc_listener_fd(const struct bc_listener *listener)
{
    return listener->fd;
}

void
bc_listener_pause(struct bc_listener *listener)
{
    uv_poll_stop(&listener->poll);
}

static void
on_poll_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void
bc_listener_close(struct bc_listener *listener)
{
    if (!listener) {
        return;
    }
    // libuv tells epoll of the descriptor, so that has to be ours until then.
    uv_close((uv_handle_t *)&listener->poll, on_poll_closed);
    close(listener->fd);
    listener->fd = -1;
    if (listener->spare_fd >= 0) {
        close(listener->spare_fd);
    }
}
