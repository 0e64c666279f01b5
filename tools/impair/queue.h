// SPDX-License-Identifier: Apache-2.0
#ifndef IMPAIR_QUEUE_H
#define IMPAIR_QUEUE_H

#include <stddef.h>
#include <stdint.h>

struct bc_flow;

// A datagram under way. Owned by the queue until it is popped, then by who popped it.
struct bc_packet {
    int64_t due_us;
    uint64_t number; // breaks ties: equal times leave in the order of arrival
    struct bc_flow *flow; // borrowed; flows outlive the queue
    int direction;
    size_t len;
    uint8_t data[];
};

// All datagrams under way, by the time they are due: a binary heap. Zero-initialised =
// empty.
struct bc_queue {
    struct bc_packet **heap; // owned
    size_t count;
    size_t cap;
    size_t bytes;
    uint64_t next_number;
};

// 0, or -ENOBUFS when too much is under way already.
int
bc_queue_push(struct bc_queue *q, struct bc_flow *flow, int direction,
    const uint8_t *data, size_t len, int64_t due_us);
// NULL when there is none that is due.
struct bc_packet *
bc_queue_pop(struct bc_queue *q, int64_t now_us);
// -1: empty.
int64_t
bc_queue_due_us(const struct bc_queue *q);
void
bc_queue_finish(struct bc_queue *q);

#endif
