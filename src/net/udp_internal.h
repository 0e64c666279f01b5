// SPDX-License-Identifier: Apache-2.0
#ifndef NET_UDP_INTERNAL_H
#define NET_UDP_INTERNAL_H

#include <netinet/in.h>
#include <stdatomic.h>

#include "base/log.h"
#include "net/udp.h"
#include "net/worker.h"

// Small enough to stay in the processor's cache between writing and sending.
#define BC_UDP_ARENA (192 * 1024)
#define BC_UDP_MESSAGES 64
#define BC_UDP_DATAGRAM 2048

// Datagrams to one peer that leave as one message: all of `segment` bytes, the last
// perhaps shorter.
struct bc_udp_message {
    struct bc_udp_path path;
    size_t offset; // in the arena
    size_t len;
    size_t segment;
    unsigned count;
};

// Owned by its port; one worker's thread, but for the counters. Freed after the worker's
// loop has let go of its handle.
struct bc_udp {
    struct bc_worker *worker; // borrowed
    const struct bc_udp_ops *ops;
    void *user;
    int fd;
    int family; // of the socket
    uv_poll_t poll;
    struct bc_task flush_task; // at the end of the turn
    bool flush_due;
    bool blocked; // the kernel was full: messages from `sent` on wait
    bool segmentation;
    struct bc_udp_message messages[BC_UDP_MESSAGES];
    unsigned count;
    unsigned sent;
    size_t used; // of the arena
    uint8_t *arena;
    struct bc_logger log;
    struct bc_log_limit limit;
    // Written by the worker only, read by any thread.
    atomic_uint_fast64_t datagrams_in;
    atomic_uint_fast64_t bytes_in;
    atomic_uint_fast64_t datagrams_out;
    atomic_uint_fast64_t bytes_out;
    atomic_uint_fast64_t sends;
    atomic_uint_fast64_t blocks;
    atomic_uint_fast64_t errors;
};

static inline void
bc_udp_count(atomic_uint_fast64_t *counter, uint64_t n)
{
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + n, memory_order_relaxed);
}

// Asks the loop for on_writable.
void
bc_udp_wait_writable(struct bc_udp *udp);

// --- udp_send.c ---

void
bc_udp_init_flush(struct bc_udp *udp);

#endif
