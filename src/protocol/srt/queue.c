// SPDX-License-Identifier: Apache-2.0
#include "queue.h"

#include <stdlib.h>
#include <string.h>

void
srt_queue_init(struct srt_queue *q)
{
    bc_list_init(&q->batches);
    q->bytes = 0;
}

struct srt_batch *
srt_batch_create(size_t len)
{
    struct srt_batch *batch = malloc(sizeof(*batch) + len);
    if (!batch) {
        return NULL;
    }
    bc_list_init(&batch->node);
    batch->len = len;
    batch->done = 0;
    batch->messages = 0;
    return batch;
}

void
srt_queue_push(struct srt_queue *q, struct srt_batch *batch)
{
    bc_list_append(&q->batches, &batch->node);
    q->bytes += batch->len;
}

struct srt_batch *
srt_queue_first(const struct srt_queue *q)
{
    if (bc_list_empty(&q->batches)) {
        return NULL;
    }
    return bc_container_of(q->batches.next, struct srt_batch, node);
}

void
srt_queue_drop_first(struct srt_queue *q)
{
    struct srt_batch *batch = srt_queue_first(q);
    bc_list_remove(&batch->node);
    q->bytes -= batch->len - batch->done;
    free(batch);
}

void
srt_queue_move(struct srt_queue *to, struct srt_queue *from)
{
    bc_list_splice(&to->batches, &from->batches);
    to->bytes += from->bytes;
    from->bytes = 0;
}

const uint8_t *
srt_queue_peek(const struct srt_queue *q, size_t len, uint8_t *room)
{
    size_t have = 0;
    bc_list_for_each(it, tmp, &q->batches) {
        const struct srt_batch *batch = bc_container_of(it, struct srt_batch, node);
        const uint8_t *data = batch->data + batch->done;
        size_t n = batch->len - batch->done;
        if (have == 0 && n >= len) {
            return data;
        }
        n = n < len - have ? n : len - have;
        memcpy(room + have, data, n);
        have += n;
        if (have == len) {
            break;
        }
    }
    return room;
}

void
srt_queue_consume(struct srt_queue *q, size_t len)
{
    while (len > 0) {
        struct srt_batch *batch = srt_queue_first(q);
        size_t n = batch->len - batch->done;
        if (len < n) {
            batch->done += len;
            q->bytes -= len;
            return;
        }
        len -= n;
        srt_queue_drop_first(q);
    }
}

void
srt_queue_clear(struct srt_queue *q)
{
    while (!bc_list_empty(&q->batches)) {
        srt_queue_drop_first(q);
    }
}
