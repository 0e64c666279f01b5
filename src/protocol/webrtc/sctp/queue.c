// SPDX-License-Identifier: Apache-2.0
#include "queue.h"

#include <stdlib.h>
#include <string.h>

struct dc_item *
dc_item_create(enum dc_kind kind, uint16_t stream, const void *data, size_t len)
{
    struct dc_item *item = malloc(sizeof(*item) + len);
    if (!item) {
        return NULL;
    }
    bc_list_init(&item->node);
    item->kind = kind;
    item->stream = stream;
    item->binary = false;
    item->len = len;
    if (len > 0) {
        memcpy(item->data, data, len);
    }
    return item;
}

void
dc_queue_init(struct dc_queue *q)
{
    bc_list_init(&q->items);
    q->bytes = 0;
}

void
dc_queue_push(struct dc_queue *q, struct dc_item *item)
{
    bc_list_append(&q->items, &item->node);
    q->bytes += dc_item_bytes(item);
}

struct dc_item *
dc_queue_first(const struct dc_queue *q)
{
    if (bc_list_empty(&q->items)) {
        return NULL;
    }
    return bc_container_of(q->items.next, struct dc_item, node);
}

void
dc_queue_drop(struct dc_queue *q, struct dc_item *item)
{
    bc_list_remove(&item->node);
    q->bytes -= dc_item_bytes(item);
    free(item);
}

void
dc_queue_move(struct dc_queue *to, struct dc_queue *from)
{
    bc_list_splice(&to->items, &from->items);
    to->bytes += from->bytes;
    from->bytes = 0;
}

void
dc_queue_clear(struct dc_queue *q)
{
    struct dc_item *item;
    while ((item = dc_queue_first(q)) != NULL) {
        dc_queue_drop(q, item);
    }
}
