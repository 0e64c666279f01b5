// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_SRT_QUEUE_H
#define PROTOCOL_SRT_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

// Bytes on their way between the threads, as one allocation. Owned by the queue it is in.
struct srt_batch {
    struct bc_list node;
    size_t len;
    size_t done;       // bytes at the front that are sent
    unsigned messages; // that it was received as
    uint8_t data[];
};

// First in, first out. `bytes` are those that are not done.
struct srt_queue {
    struct bc_list batches;
    size_t bytes;
};

void
srt_queue_init(struct srt_queue *q);

// Room for `len` bytes; NULL without memory.
struct srt_batch *
srt_batch_create(size_t len);

void
srt_queue_push(struct srt_queue *q, struct srt_batch *batch);

// The oldest, which stays in the queue; NULL when there is none.
struct srt_batch *
srt_queue_first(const struct srt_queue *q);

// Takes the oldest out and frees it.
void
srt_queue_drop_first(struct srt_queue *q);

// Moves all of `from` behind what `to` has.
void
srt_queue_move(struct srt_queue *to, struct srt_queue *from);

// The first `len` bytes, of which there are at least so many: in place, or gathered in
// `room` where they lie in several batches.
const uint8_t *
srt_queue_peek(const struct srt_queue *q, size_t len, uint8_t *room);

void
srt_queue_consume(struct srt_queue *q, size_t len);

void
srt_queue_clear(struct srt_queue *q);

#endif
