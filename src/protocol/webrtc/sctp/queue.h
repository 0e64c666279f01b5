// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_WEBRTC_SCTP_QUEUE_H
#define PROTOCOL_WEBRTC_SCTP_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

enum dc_kind {
    DC_NONE,
    DC_PACKET,  // an SCTP packet
    DC_OPEN,    // a channel; the data is its label with the zero
    DC_ACK,     // the answer to an OPEN
    DC_MESSAGE,
    DC_CLOSE,
};

// One thing that goes from a thread to the other, with its bytes. Owned by the queue that
// it is in.
struct dc_item {
    struct bc_list node;
    enum dc_kind kind;
    uint16_t stream;
    bool binary;
    size_t len;
    uint8_t data[];
};

// NULL without memory.
struct dc_item *
dc_item_create(enum dc_kind kind, uint16_t stream, const void *data, size_t len);

// First in, first out. `bytes` is what its items take.
struct dc_queue {
    struct bc_list items;
    size_t bytes;
};

static inline size_t
dc_item_bytes(const struct dc_item *item)
{
    return sizeof(*item) + item->len;
}

void
dc_queue_init(struct dc_queue *q);

void
dc_queue_push(struct dc_queue *q, struct dc_item *item);

// The oldest, which stays in the queue; NULL when there is none.
struct dc_item *
dc_queue_first(const struct dc_queue *q);

// Takes it out and frees it.
void
dc_queue_drop(struct dc_queue *q, struct dc_item *item);

// Moves all of `from` behind what `to` has.
void
dc_queue_move(struct dc_queue *to, struct dc_queue *from);

void
dc_queue_clear(struct dc_queue *q);

#endif
