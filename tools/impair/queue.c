// SPDX-License-Identifier: Apache-2.0
#include "queue.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BYTES = 64 << 20, FIRST_CAP = 256 };

static bool
is_before(const struct bc_packet *a, const struct bc_packet *b)
{
    return a->due_us != b->due_us ? a->due_us < b->due_us : a->number < b->number;
}

static void
swap(struct bc_queue *q, size_t i, size_t k)
{
    struct bc_packet *p = q->heap[i];
    q->heap[i] = q->heap[k];
    q->heap[k] = p;
}

static void
sift_up(struct bc_queue *q, size_t i)
{
    while (i && is_before(q->heap[i], q->heap[(i - 1) / 2])) {
        swap(q, i, (i - 1) / 2);
        i = (i - 1) / 2;
    }
}

static void
sift_down(struct bc_queue *q, size_t i)
{
    for (;;) {
        size_t first = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < q->count; child++) {
            first = is_before(q->heap[child], q->heap[first]) ? child : first;
        }
        if (first == i) {
            return;
        }
        swap(q, i, first);
        i = first;
    }
}

static int
make_room(struct bc_queue *q)
{
    if (q->count < q->cap) {
        return 0;
    }
    size_t cap = q->cap ? q->cap * 2 : FIRST_CAP;
    struct bc_packet **heap = realloc(q->heap, cap * sizeof(struct bc_packet *));
    if (!heap) {
        return -ENOBUFS;
    }
    q->heap = heap;
    q->cap = cap;
    return 0;
}

int
bc_queue_push(struct bc_queue *q, struct bc_flow *flow, int direction,
    const uint8_t *data, size_t len, int64_t due_us)
{
    if (q->bytes + len > MAX_BYTES || make_room(q)) {
        return -ENOBUFS;
    }
    struct bc_packet *p = malloc(sizeof(*p) + len);
    if (!p) {
        return -ENOBUFS;
    }
    p->due_us = due_us;
    p->number = q->next_number++;
    p->flow = flow;
    p->direction = direction;
    p->len = len;
    memcpy(p->data, data, len);
    q->bytes += len;
    q->heap[q->count++] = p;
    sift_up(q, q->count - 1);
    return 0;
}

struct bc_packet *
bc_queue_pop(struct bc_queue *q, int64_t now_us)
{
    if (!q->count || q->heap[0]->due_us > now_us) {
        return NULL;
    }
    struct bc_packet *p = q->heap[0];
    q->heap[0] = q->heap[--q->count];
    sift_down(q, 0);
    q->bytes -= p->len;
    return p;
}

int64_t
bc_queue_due_us(const struct bc_queue *q)
{
    return q->count ? q->heap[0]->due_us : -1;
}

void
bc_queue_finish(struct bc_queue *q)
{
    for (size_t i = 0; i < q->count; i++) {
        free(q->heap[i]);
    }
    free(q->heap);
    *q = (struct bc_queue){ 0 };
}
