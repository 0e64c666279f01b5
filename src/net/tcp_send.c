// SPDX-License-Identifier: Apache-2.0
// What goes out: at once as far as the socket takes it, or by the queue.
#include "tcp_internal.h"

#include <errno.h>

ssize_t
bc_tcp_writev(struct bc_tcp *tcp, const struct iovec *iov, int count)
{
    if (tcp->broken != 0 || tcp->closed) {
        return tcp->broken != 0 ? tcp->broken : -EPIPE;
    }
    ssize_t taken = 0;
    if (tcp->queue.bytes == 0) {
        taken = bc_tcp_io_writev(tcp, iov, count);
        if (taken < 0) {
            bc_tcp_set_broken(tcp, (int)taken);
            return taken;
        }
    }
    size_t wanted = 0;
    for (int i = 0; i < count; i++) {
        wanted += iov[i].iov_len;
    }
    if ((size_t)taken < wanted || tcp->tls_record_len > 0) {
        tcp->want_write = true;
        bc_tcp_watch(tcp);
    }
    return taken;
}

ssize_t
bc_tcp_sendfile(struct bc_tcp *tcp, int fd, uint64_t offset, size_t len)
{
    if (tcp->broken != 0 || tcp->closed) {
        return tcp->broken != 0 ? tcp->broken : -EPIPE;
    }
    if (tcp->security != BC_TCP_PLAIN) {
        return -ENOTSUP;
    }
    ssize_t taken = 0;
    if (tcp->queue.bytes == 0) {
        taken = bc_tcp_io_sendfile(tcp, fd, offset, len);
        if (taken == -ENODATA) {
            return taken;
        }
        if (taken < 0) {
            bc_tcp_set_broken(tcp, (int)taken);
            return taken;
        }
    }
    if ((size_t)taken < len) {
        bc_tcp_want_write(tcp);
    }
    return taken;
}

void
bc_tcp_want_write(struct bc_tcp *tcp)
{
    tcp->want_write = true;
    bc_tcp_watch(tcp);
}

void
bc_tcp_send_buf(struct bc_tcp *tcp, struct bc_buf *buf, size_t offset, size_t len)
{
    if (tcp->closed || tcp->broken != 0 || len == 0) {
        return;
    }
    bc_buf_ref(buf);
    if (bc_tcp_queue_push(&tcp->queue, buf, offset, len) != 0) {
        bc_buf_unref(&buf);
        bc_tcp_set_broken(tcp, -ENOMEM);
        return;
    }
    if (!tcp->in_read && bc_list_empty(&tcp->turn_end.node)) {
        bc_worker_defer(tcp->worker, &tcp->turn_end);
    }
}

void
bc_tcp_send(struct bc_tcp *tcp, const void *data, size_t len)
{
    if (tcp->closed || tcp->broken != 0) {
        return;
    }
    if (tcp->queue.bytes + len > tcp->queue_max_bytes) {
        bc_tcp_set_broken(tcp, -ENOBUFS);
        return;
    }
    struct bc_buf *buf = bc_buf_copy(data, len);
    if (!buf) {
        bc_tcp_set_broken(tcp, -ENOMEM);
        return;
    }
    bc_tcp_send_buf(tcp, buf, 0, len);
    bc_buf_unref(&buf);
}

size_t
bc_tcp_queued(const struct bc_tcp *tcp)
{
    return tcp->queue.bytes + tcp->tls_record_len;
}
