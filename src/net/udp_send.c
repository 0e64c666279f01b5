// SPDX-License-Identifier: Apache-2.0
// Sending: an arena of datagrams, gathered into segmented messages.
#include "udp_internal.h"

#include <errno.h>
#include <netinet/udp.h>
#include <string.h>

#include "base/clock.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

#define SEGMENTS_MAX 60       // the kernel's limit was 64 for long
#define MESSAGE_BYTES 60000   // and an IP packet holds 65,507

// One message as sendmmsg wants it; on the stack of one flush.
struct send {
    struct iovec iov;
    struct sockaddr_storage to;
    size_t control[(CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(uint16_t)))
            / sizeof(size_t)
        + 1];
};

uint8_t *
bc_udp_reserve(struct bc_udp *udp, size_t len)
{
    bool full = udp->used + len > BC_UDP_ARENA || udp->count == BC_UDP_MESSAGES;
    if (full && !udp->blocked) {
        bc_udp_flush(udp);
    }
    if (udp->blocked || udp->fd < 0) {
        return NULL;
    }
    return udp->arena + udp->used;
}

static bool
extends(const struct bc_udp *udp, const struct bc_udp_message *m,
    const struct bc_udp_path *path, size_t len)
{
    return udp->segmentation && m->count < SEGMENTS_MAX && len <= m->segment
        && m->len == m->count * m->segment && m->len + len <= MESSAGE_BYTES
        && m->offset + m->len == udp->used
        && memcmp(&m->path, path, sizeof(*path)) == 0;
}

void
bc_udp_commit(struct bc_udp *udp, const struct bc_udp_path *path, size_t len)
{
    struct bc_udp_message *last = udp->count > 0 ? &udp->messages[udp->count - 1] : NULL;
    if (last && udp->count > udp->sent && extends(udp, last, path, len)) {
        last->len += len;
        last->count++;
    } else {
        udp->messages[udp->count++] = (struct bc_udp_message){ .path = *path,
            .offset = udp->used, .len = len, .segment = len, .count = 1 };
    }
    udp->used += len;
    if (!udp->flush_due) {
        udp->flush_due = true;
        bc_worker_defer(udp->worker, &udp->flush_task);
    }
}

static void
put_local(struct msghdr *msg, int family, const uint8_t local[16])
{
    static const uint8_t NONE[16];
    if (memcmp(local, NONE, sizeof(NONE)) == 0) {
        return;
    }
    struct cmsghdr *c = (struct cmsghdr *)((char *)msg->msg_control + msg->msg_controllen);
    if (family == AF_INET6) {
        struct in6_pktinfo info = { .ipi6_ifindex = 0 };
        memcpy(&info.ipi6_addr, local, 16);
        c->cmsg_level = IPPROTO_IPV6;
        c->cmsg_type = IPV6_PKTINFO;
        c->cmsg_len = CMSG_LEN(sizeof(info));
        memcpy(CMSG_DATA(c), &info, sizeof(info));
        msg->msg_controllen += CMSG_SPACE(sizeof(info));
    } else {
        struct in_pktinfo info = { .ipi_ifindex = 0 };
        memcpy(&info.ipi_spec_dst, local + 12, 4);
        c->cmsg_level = IPPROTO_IP;
        c->cmsg_type = IP_PKTINFO;
        c->cmsg_len = CMSG_LEN(sizeof(info));
        memcpy(CMSG_DATA(c), &info, sizeof(info));
        msg->msg_controllen += CMSG_SPACE(sizeof(info));
    }
}

static void
put_segment(struct msghdr *msg, size_t segment)
{
    uint16_t size = (uint16_t)segment;
    struct cmsghdr *c = (struct cmsghdr *)((char *)msg->msg_control + msg->msg_controllen);
    c->cmsg_level = IPPROTO_UDP;
    c->cmsg_type = UDP_SEGMENT;
    c->cmsg_len = CMSG_LEN(sizeof(size));
    memcpy(CMSG_DATA(c), &size, sizeof(size));
    msg->msg_controllen += CMSG_SPACE(sizeof(size));
}

static void
build(struct bc_udp *udp, const struct bc_udp_message *m, struct send *s,
    struct msghdr *msg)
{
    s->iov = (struct iovec){ udp->arena + m->offset, m->len };
    socklen_t len = bc_udp_address_to_sockaddr(&m->path.remote, &s->to);
    if (udp->family == AF_INET6 && s->to.ss_family == AF_INET) {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&s->to;
        memset(&s->to, 0, sizeof(s->to));
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(m->path.remote.port);
        memcpy(&v6->sin6_addr, m->path.remote.ip, 16);
        len = sizeof(*v6);
    }
    memset(s->control, 0, sizeof(s->control));
    *msg = (struct msghdr){ .msg_name = &s->to, .msg_namelen = len, .msg_iov = &s->iov,
        .msg_iovlen = 1, .msg_control = s->control };
    put_local(msg, udp->family, m->path.local);
    if (m->count > 1) {
        put_segment(msg, m->segment);
    }
    if (msg->msg_controllen == 0) {
        msg->msg_control = NULL;
    }
}

// Some network interfaces cannot take a segmented message: one by one then.
static void
send_singly(struct bc_udp *udp, const struct bc_udp_message *m)
{
    for (size_t at = 0; at < m->len; at += m->segment) {
        struct bc_udp_message one = *m;
        struct send s;
        struct msghdr msg;
        one.offset = m->offset + at;
        one.len = m->len - at < m->segment ? m->len - at : m->segment;
        one.count = 1;
        build(udp, &one, &s, &msg);
        if (sendmsg(udp->fd, &msg, 0) < 0) {
            bc_udp_count(&udp->errors, 1);
        } else {
            bc_udp_count(&udp->datagrams_out, 1);
            bc_udp_count(&udp->bytes_out, one.len);
            bc_udp_count(&udp->sends, 1);
        }
    }
}

static void
on_error(struct bc_udp *udp, const struct bc_udp_message *m, int err)
{
    unsigned suppressed;
    if (m->count > 1 && (err == EIO || err == EINVAL || err == EOPNOTSUPP)) {
        if (err == EIO) {
            udp->segmentation = false;
        }
        send_singly(udp, m);
        return;
    }
    bc_udp_count(&udp->errors, m->count);
    // A peer's network that is gone is no news; the peer's own timer ends it.
    if (bc_log_limit_pass(&udp->limit, bc_clock_us(), &suppressed)) {
        char to[BC_UDP_ADDRESS_TEXT];
        bc_udp_address_format(&m->path.remote, to);
        bc_debug(&udp->log, "cannot send to %s: %s (%u more)", to, strerror(err),
            suppressed);
    }
}

static void
count_sent(struct bc_udp *udp, unsigned from, unsigned to)
{
    uint64_t datagrams = 0;
    uint64_t bytes = 0;
    for (unsigned i = from; i < to; i++) {
        datagrams += udp->messages[i].count;
        bytes += udp->messages[i].len;
    }
    bc_udp_count(&udp->datagrams_out, datagrams);
    bc_udp_count(&udp->bytes_out, bytes);
    bc_udp_count(&udp->sends, to - from);
}

void
bc_udp_flush(struct bc_udp *udp)
{
    if (udp->count == 0 || udp->fd < 0) {
        return;
    }
    struct send sends[BC_UDP_MESSAGES];
    struct mmsghdr headers[BC_UDP_MESSAGES];
    for (unsigned i = udp->sent; i < udp->count; i++) {
        build(udp, &udp->messages[i], &sends[i], &headers[i].msg_hdr);
    }
    udp->blocked = false;
    while (udp->sent < udp->count) {
        int n = sendmmsg(udp->fd, &headers[udp->sent], udp->count - udp->sent, 0);
        if (n > 0) {
            count_sent(udp, udp->sent, udp->sent + (unsigned)n);
            udp->sent += (unsigned)n;
        } else if (errno == EAGAIN || errno == ENOBUFS) {
            udp->blocked = true;
            bc_udp_count(&udp->blocks, 1);
            bc_udp_wait_writable(udp);
            return;
        } else if (errno != EINTR) {
            on_error(udp, &udp->messages[udp->sent], errno);
            udp->sent++;
        }
    }
    udp->count = udp->sent = 0;
    udp->used = 0;
}

static void
run_flush(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_udp *udp = bc_container_of(task, struct bc_udp, flush_task);
    udp->flush_due = false;
    bc_udp_flush(udp);
}

void
bc_udp_init_flush(struct bc_udp *udp)
{
    bc_list_init(&udp->flush_task.node);
    udp->flush_task.run = run_flush;
}
