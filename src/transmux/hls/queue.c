// SPDX-License-Identifier: Apache-2.0
#include "queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int
hls_queue_push(struct hls_queue *q, struct bc_packet *packet, int64_t wall_us)
{
    if (q->count == HLS_QUEUE_MAX) {
        return -EOVERFLOW;
    }
    if (q->count == q->cap) {
        size_t cap = q->cap > 0 ? q->cap * 2 : 32;
        struct hls_queued *items = realloc(q->items, cap * sizeof(items[0]));
        if (!items) {
            return -ENOMEM;
        }
        q->items = items;
        q->cap = cap;
    }
    q->items[q->count++] = (struct hls_queued){ bc_packet_ref(packet), wall_us };
    return 0;
}

void
hls_queue_shift(struct hls_queue *q, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bc_packet_unref(&q->items[i].packet);
    }
    q->count -= count;
    if (count > 0) {
        memmove(q->items, q->items + count, q->count * sizeof(q->items[0]));
    }
}

void
hls_queue_keep_gop(struct hls_queue *q)
{
    size_t n = q->count;
    while (n > 0) {
        const struct bc_packet *p = q->items[--n].packet;
        if (p->kind == BC_KIND_VIDEO && (p->flags & BC_PACKET_KEY)) {
            hls_queue_shift(q, n);
            return;
        }
    }
    hls_queue_shift(q, q->count);
}

void
hls_queue_finish(struct hls_queue *q)
{
    hls_queue_shift(q, q->count);
    free(q->items);
    *q = (struct hls_queue){ 0 };
}
