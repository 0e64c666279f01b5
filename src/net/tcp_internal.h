// SPDX-License-Identifier: Apache-2.0
#ifndef NET_TCP_INTERNAL_H
#define NET_TCP_INTERNAL_H

#include "net/tcp.h"
#include "net/timer.h"
#include "net/worker.h"
#include "peer.h"

struct ssl_st;

// A slice waiting to be written; holds a reference of its buf.
struct bc_tcp_slice {
    struct bc_buf *buf;
    size_t offset;
    size_t len;
};

// What bc_tcp_send*() queued: a growing ring-less array that is compacted when it
// empties.
struct bc_tcp_queue {
    struct bc_tcp_slice *slices; // owned; NULL while nothing was ever queued
    unsigned first;
    unsigned end;
    unsigned cap;
    size_t bytes;
};

struct bc_tcp {
    struct bc_worker *worker;         // borrowed
    const struct bc_tcp_ops *ops;     // NULL once closed
    void *user;
    uv_poll_t poll;
    int fd;
    int watched;                      // events the loop watches for
    enum bc_tcp_security security;
    bool reading;
    bool want_write;   // on_writable is owed
    bool in_read;      // inside on_data: what is sent is flushed afterwards
    bool shaking;      // a client's TLS handshake is under way; nothing else is written
    bool closed;
    bool finishing;    // close once the queue is empty
    int broken;        // errno of a failed write, reported at the end of the turn
    struct ssl_st *ssl;               // owned; NULL on a plain connection
    struct bc_tls_context *tls;       // shared
    // TLS only: a record that OpenSSL has begun and must be given again.
    uint8_t *tls_record;
    size_t tls_record_len;
    struct bc_tcp_queue queue;
    size_t queue_max_bytes;
    struct bc_task turn_end;          // flush, report of a failure
    struct bc_timer finish_timer;
    uint64_t bytes_in;
    uint64_t bytes_out;
    char peer[BC_PEER_TEXT];
    char ip[BC_PEER_TEXT];
};

// --- tcp.c ---

// Tells the loop which events we want now.
void
bc_tcp_watch(struct bc_tcp *tcp);

// Marks the connection broken; the owner hears of it at the end of the turn, never inside
// a call of its own.
void
bc_tcp_set_broken(struct bc_tcp *tcp, int err);

// --- tcp_queue.c ---

// Adds a slice; takes over the reference. -ENOMEM leaves the reference with the caller.
int
bc_tcp_queue_push(struct bc_tcp_queue *q, struct bc_buf *buf, size_t offset, size_t len);

// Fills up to `max` vectors with the front of the queue; returns how many.
int
bc_tcp_queue_iov(const struct bc_tcp_queue *q, struct iovec *iov, int max);

// Forgets `bytes` at the front, dropping references.
void
bc_tcp_queue_consume(struct bc_tcp_queue *q, size_t bytes);

void
bc_tcp_queue_finish(struct bc_tcp_queue *q);

// --- tcp_io.c: the socket's bytes, with or without TLS ---

// Bytes taken, 0 when the socket is full, -errno.
ssize_t
bc_tcp_io_writev(struct bc_tcp *tcp, const struct iovec *iov, int count);

// The same from a file; -ENODATA when it ends before `offset`.
ssize_t
bc_tcp_io_sendfile(struct bc_tcp *tcp, int fd, uint64_t offset, size_t len);

// Bytes read, 0 when there are none now, -ECONNRESET at the end of the stream, other
// -errno.
ssize_t
bc_tcp_io_read(struct bc_tcp *tcp, uint8_t *out, size_t len);

// Completes what an earlier write left half done inside OpenSSL. 1 done, 0 not yet,
// -errno.
int
bc_tcp_io_resume(struct bc_tcp *tcp);

// A client's handshake. 1 done, 0 not yet, -errno.
int
bc_tcp_io_shake(struct bc_tcp *tcp);

// Why that failed.
const char *
bc_tcp_io_shake_problem(const struct bc_tcp *tcp);

// On BC_TCP_DETECT: looks at the first byte. 1 decided, 0 nothing there yet, -errno.
int
bc_tcp_io_detect(struct bc_tcp *tcp);

#endif
