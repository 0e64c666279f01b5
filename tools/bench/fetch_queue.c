// SPDX-License-Identifier: Apache-2.0
#include "fetch_queue.h"

#include <stdlib.h>
#include <string.h>

size_t
bc_fetch_queue_len(const struct bc_fetch_queue *q)
{
    return q->end - q->start;
}

void
bc_fetch_queue_push(struct bc_fetch_queue *q, struct bc_fetch f)
{
    if (q->start) {
        q->end -= q->start;
        memmove(q->items, q->items + q->start, q->end * sizeof(*q->items));
        q->start = 0;
    }
    if (q->end == q->cap) {
        q->cap = q->cap * 2 + 8;
        q->items = bc_xrealloc(q->items, q->cap * sizeof(*q->items));
    }
    q->items[q->end++] = f;
}

const struct bc_fetch *
bc_fetch_queue_first(const struct bc_fetch_queue *q)
{
    return q->start < q->end ? &q->items[q->start] : NULL;
}

void
bc_fetch_queue_drop_first(struct bc_fetch_queue *q)
{
    free(q->items[q->start++].path);
}

void
bc_fetch_queue_finish(struct bc_fetch_queue *q)
{
    while (bc_fetch_queue_len(q)) {
        bc_fetch_queue_drop_first(q);
    }
    free(q->items);
    *q = (struct bc_fetch_queue){0};
}

char *
bc_hls_resolve(const char *base, struct bc_span uri)
{
    struct bc_buf b = {0};
    const char *text = uri.start;
    size_t len = uri.len;
    const char *scheme = memmem(text, len, "://", 3);
    if (scheme) {
        const char *host = scheme + 3;
        const char *slash = memchr(host, '/', len - (size_t)(host - text));
        len = slash ? len - (size_t)(slash - text) : 1;
        text = slash ? slash : "/";
    } else if (!len || *text != '/') {
        size_t dir = strcspn(base, "?");
        while (dir && base[dir - 1] != '/') {
            dir--;
        }
        bc_buf_add(&b, base, dir);
    }
    bc_buf_add(&b, text, len);
    bc_buf_add(&b, "", 1);
    return (char *)b.data;
}
