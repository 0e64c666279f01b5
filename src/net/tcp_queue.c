// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tcp_internal.h"

static int
make_room(struct bc_tcp_queue *q)
{
    if (q->end < q->cap) {
        return 0;
    }
    if (q->first > 0) {
        memmove(q->slices, q->slices + q->first,
            (q->end - q->first) * sizeof(struct bc_tcp_slice));
        q->end -= q->first;
        q->first = 0;
        return 0;
    }
    unsigned cap = q->cap ? 2 * q->cap : 4;
    struct bc_tcp_slice *slices = realloc(q->slices, cap * sizeof(struct bc_tcp_slice));
    if (!slices) {
        return -ENOMEM;
    }
    q->slices = slices;
    q->cap = cap;
    return 0;
}

int
bc_tcp_queue_push(struct bc_tcp_queue *q, struct bc_buf *buf, size_t offset, size_t len)
{
    int ret = make_room(q);
    if (ret == 0) {
        q->slices[q->end++] = (struct bc_tcp_slice){ buf, offset, len };
        q->bytes += len;
    }
    return ret;
}

int
bc_tcp_queue_iov(const struct bc_tcp_queue *q, struct iovec *iov, int max)
{
    int n = 0;
    for (unsigned i = q->first; i < q->end && n < max; i++, n++) {
        iov[n].iov_base = q->slices[i].buf->data + q->slices[i].offset;
        iov[n].iov_len = q->slices[i].len;
    }
    return n;
}

void
bc_tcp_queue_consume(struct bc_tcp_queue *q, size_t bytes)
{
    q->bytes -= bytes;
    while (q->first < q->end) {
        struct bc_tcp_slice *s = &q->slices[q->first];
        if (bytes < s->len) {
            s->offset += bytes;
            s->len -= bytes;
            return;
        }
        bytes -= s->len;
        bc_buf_unref(&s->buf);
        q->first++;
    }
    q->first = q->end = 0;
}

void
bc_tcp_queue_finish(struct bc_tcp_queue *q)
{
    bc_tcp_queue_consume(q, q->bytes);
    free(q->slices);
    *q = (struct bc_tcp_queue){ 0 };
}
