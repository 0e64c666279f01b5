// SPDX-License-Identifier: Apache-2.0
// A UDP socket: opening, receiving. Sending is in udp_send.c.
#include "udp_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define RECEIVE_BATCH (BC_WORKER_SCRATCH / BC_UDP_DATAGRAM)
#define RECEIVE_ROUNDS 8 // per turn, so that a flood leaves time for the rest
#define SOCKET_BUFFER (4 << 20)

// "a.b.c.d:port", "[v6]:port" or ":port" (all addresses).
static bool
parse(const char *address, struct sockaddr_storage *out, socklen_t *len)
{
    char host[64] = "";
    const char *colon = strrchr(address, ':');
    if (!colon || (size_t)(colon - address) >= sizeof(host)) {
        return false;
    }
    memcpy(host, address, (size_t)(colon - address));
    char *name = host;
    if (name[0] == '[') {
        name[strlen(name) - 1] = '\0';
        name++;
    }
    in_port_t port = htons((uint16_t)atoi(colon + 1));
    memset(out, 0, sizeof(*out));
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    if (name[0] && inet_pton(AF_INET, name, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = port;
        *len = sizeof(*v4);
        return true;
    }
    v6->sin6_family = AF_INET6;
    v6->sin6_port = port;
    *len = sizeof(*v6);
    return name[0] == '\0' || inet_pton(AF_INET6, name, &v6->sin6_addr) == 1;
}

static void
set_options(int fd, int family, bool share)
{
    int on = 1;
    int off = 0;
    int size = SOCKET_BUFFER;
    if (share) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    }
    // Beyond net.core.rmem_max when we may; within it otherwise.
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0) {
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    }
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) != 0) {
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    }
    if (family == AF_INET6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
        setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
    } else {
        setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
    }
}

static int
open_socket(const char *address, bool share, int *family)
{
    struct sockaddr_storage sa;
    socklen_t len;
    if (!parse(address, &sa, &len)) {
        return -EINVAL;
    }
    int fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 && address[0] == ':') {
        // A system without IPv6.
        uint16_t port = ((struct sockaddr_in6 *)&sa)->sin6_port;
        memset(&sa, 0, sizeof(sa));
        ((struct sockaddr_in *)&sa)->sin_family = AF_INET;
        ((struct sockaddr_in *)&sa)->sin_port = port;
        len = sizeof(struct sockaddr_in);
        fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    }
    if (fd < 0) {
        return -errno;
    }
    *family = sa.ss_family;
    set_options(fd, *family, share);
    if (bind(fd, (struct sockaddr *)&sa, len) != 0) {
        int err = errno;
        close(fd);
        return -err;
    }
    return fd;
}

static void
explain(int err, const char *address, char *error, size_t error_len)
{
    snprintf(error, error_len, "cannot listen on %s/udp: %s%s", address, strerror(err),
        err == EADDRINUSE ? "; is another server running?" : "");
}

int
bc_udp_probe(const char *address, char *error, size_t error_len)
{
    int family;
    int fd = open_socket(address, false, &family);
    if (fd < 0) {
        explain(-fd, address, error, error_len);
        return fd;
    }
    close(fd);
    return 0;
}

// --- receiving ---

// What recvmmsg fills; on the stack of one round.
struct round {
    struct mmsghdr headers[RECEIVE_BATCH];
    struct iovec iov[RECEIVE_BATCH];
    struct sockaddr_storage from[RECEIVE_BATCH];
    // An array of the aligned type, as CMSG_SPACE() of what may come.
    size_t control[RECEIVE_BATCH]
                  [CMSG_SPACE(sizeof(struct in6_pktinfo)) / sizeof(size_t) + 1];
};

static void
read_local(struct msghdr *msg, uint8_t out[16])
{
    memset(out, 0, 16);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            memcpy(out, &((struct in6_pktinfo *)CMSG_DATA(c))->ipi6_addr, 16);
        } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            out[10] = out[11] = 0xff;
            memcpy(out + 12, &((struct in_pktinfo *)CMSG_DATA(c))->ipi_addr, 4);
        }
    }
}

static int
receive(struct bc_udp *udp, struct round *r)
{
    for (unsigned i = 0; i < RECEIVE_BATCH; i++) {
        r->iov[i].iov_base = udp->worker->scratch + (size_t)i * BC_UDP_DATAGRAM;
        r->iov[i].iov_len = BC_UDP_DATAGRAM;
        r->headers[i].msg_hdr = (struct msghdr){ .msg_name = &r->from[i],
            .msg_namelen = sizeof(r->from[i]), .msg_iov = &r->iov[i], .msg_iovlen = 1,
            .msg_control = r->control[i], .msg_controllen = sizeof(r->control[i]) };
    }
    return recvmmsg(udp->fd, r->headers, RECEIVE_BATCH, 0, NULL);
}

// Returns whether there may be more.
static bool
receive_round(struct bc_udp *udp)
{
    struct round r;
    int n = receive(udp, &r);
    for (int i = 0; i < n && udp->fd >= 0; i++) {
        size_t len = r.headers[i].msg_len;
        if (r.headers[i].msg_hdr.msg_flags & MSG_TRUNC) {
            continue; // larger than anything that we speak
        }
        struct bc_udp_path path;
        bc_udp_address_from_sockaddr((struct sockaddr *)&r.from[i], &path.remote);
        read_local(&r.headers[i].msg_hdr, path.local);
        bc_udp_count(&udp->datagrams_in, 1);
        bc_udp_count(&udp->bytes_in, len);
        udp->ops->on_datagram(udp->user, udp, &path, r.iov[i].iov_base, len);
    }
    return n == RECEIVE_BATCH;
}

static void
on_event(uv_poll_t *poll, int status, int events)
{
    struct bc_udp *udp = poll->data;
    if (status < 0) {
        return;
    }
    if (events & UV_WRITABLE) {
        bc_udp_flush(udp); // which may have got through meanwhile, at the end of a turn
        if (!udp->blocked) {
            uv_poll_start(&udp->poll, UV_READABLE, on_event);
            udp->ops->on_writable(udp->user, udp);
        }
    }
    if (!(events & UV_READABLE)) {
        return;
    }
    for (int i = 0; i < RECEIVE_ROUNDS && udp->fd >= 0 && receive_round(udp); i++) {
    }
    if (udp->fd >= 0) {
        udp->ops->on_batch_end(udp->user, udp);
        bc_udp_flush(udp);
    }
}

void
bc_udp_wait_writable(struct bc_udp *udp)
{
    uv_poll_start(&udp->poll, UV_READABLE | UV_WRITABLE, on_event);
}

struct bc_udp *
bc_udp_create(struct bc_worker *worker, const char *address, const struct bc_udp_ops *ops,
    void *user, char *error, size_t error_len)
{
    struct bc_udp *udp = calloc(1, sizeof(*udp));
    uint8_t *arena = malloc(BC_UDP_ARENA);
    int fd = udp && arena ? 0 : -ENOMEM;
    if (fd == 0) {
        fd = open_socket(address, true, &udp->family);
    }
    if (fd < 0) {
        explain(-fd, address, error, error_len);
        free(arena);
        free(udp);
        return NULL;
    }
    udp->worker = worker;
    udp->ops = ops;
    udp->user = user;
    udp->fd = fd;
    udp->arena = arena;
    udp->segmentation = true;
    bc_logger_init(&udp->log, NULL, "udp %s", address);
    bc_udp_init_flush(udp);
    udp->poll.data = udp;
    uv_poll_init(&worker->loop, &udp->poll, fd);
    uv_poll_start(&udp->poll, UV_READABLE, on_event);
    return udp;
}

void
bc_udp_close(struct bc_udp *udp)
{
    if (!udp || udp->fd < 0) {
        return;
    }
    bc_udp_flush(udp);
    bc_list_remove(&udp->flush_task.node);
    uv_poll_stop(&udp->poll);
    close(udp->fd);
    udp->fd = -1;
    uv_close((uv_handle_t *)&udp->poll, NULL);
}

void
bc_udp_destroy(struct bc_udp *udp)
{
    if (udp) {
        free(udp->arena);
        free(udp);
    }
}

void
bc_udp_stats(const struct bc_udp *udp, struct bc_udp_stats *out)
{
    out->datagrams_in = atomic_load_explicit(&udp->datagrams_in, memory_order_relaxed);
    out->bytes_in = atomic_load_explicit(&udp->bytes_in, memory_order_relaxed);
    out->datagrams_out = atomic_load_explicit(&udp->datagrams_out, memory_order_relaxed);
    out->bytes_out = atomic_load_explicit(&udp->bytes_out, memory_order_relaxed);
    out->sends = atomic_load_explicit(&udp->sends, memory_order_relaxed);
    out->blocked = atomic_load_explicit(&udp->blocks, memory_order_relaxed);
    out->errors = atomic_load_explicit(&udp->errors, memory_order_relaxed);
}
