// SPDX-License-Identifier: Apache-2.0
#ifndef NET_TCP_H
#define NET_TCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/buf.h"

struct bc_tcp;
struct bc_tls_context;
struct bc_worker;

struct bc_tcp_ops {
    // Bytes from the peer (decrypted); they are gone when this returns. May close the
    // connection.
    void (*on_data)(void *user, const uint8_t *data, size_t len);
    // Room again after bc_tcp_writev() took less than given. May be NULL.
    void (*on_writable)(void *user);
    // The peer closed, the connection broke or a limit was met; `reason` is for the log.
    // The connection is closed and must not be used afterwards. Not called after
    // bc_tcp_close().
    void (*on_closed)(void *user, const char *reason);
};

enum bc_tcp_security {
    BC_TCP_PLAIN,
    BC_TCP_TLS,
    BC_TCP_TLS_CLIENT, // we are the client; the peer's certificate is checked
    BC_TCP_DETECT, // TLS when the first byte is a TLS record (0x16), plain otherwise
};

struct bc_tcp_params {
    struct bc_worker *worker;
    int fd; // non-blocking, taken over
    enum bc_tcp_security security;
    struct bc_tls_context *tls; // referenced; NULL with BC_TCP_PLAIN
    const char *server; // BC_TCP_TLS_CLIENT: the name or address that it must prove
    const struct bc_tcp_ops *ops;
    void *user;
    // Bytes waiting when bc_tcp_send() copies one more: beyond, the connection is closed.
    // Shared slices are not limited, they cost nothing. 0: 4 MiB.
    size_t queue_max_bytes;
};

// One TCP or TLS connection on one worker. Freed by itself after it was closed: at
// bc_tcp_close(), or after on_closed.
// NULL without memory; the fd is closed then.
struct bc_tcp *
bc_tcp_create(const struct bc_tcp_params *params);

// Changes who is called, e.g. after the protocol was recognised.
void
bc_tcp_set_user(struct bc_tcp *tcp, const struct bc_tcp_ops *ops, void *user);

// Writes now, without queueing and without keeping pointers. Returns the bytes taken; 0
// when something is still queued or the socket is full (on_writable follows). -errno when
// broken (on_closed follows at the end of the turn).
ssize_t
bc_tcp_writev(struct bc_tcp *tcp, const struct iovec *iov, int count);

// The same with bytes of a file, which go from the page cache into the socket without
// passing through here; on a plain connection only (-ENOTSUP elsewhere). -ENODATA: the file
// ends before `offset`, and the connection is as it was.
ssize_t
bc_tcp_sendfile(struct bc_tcp *tcp, int fd, uint64_t offset, size_t len);

// on_writable will be called when there is room, in a later turn of the loop even if there
// is some now: for who has more to send than one turn should take.
void
bc_tcp_want_write(struct bc_tcp *tcp);

// Queues a copy, or a reference to a slice of a shared buf. Flushed with one writev when
// the current on_data returns or the turn ends. A full queue or no memory closes the
// connection (on_closed, at the end of the turn).
void
bc_tcp_send(struct bc_tcp *tcp, const void *data, size_t len);

void
bc_tcp_send_buf(struct bc_tcp *tcp, struct bc_buf *buf, size_t offset, size_t len);

// Bytes queued and not yet taken by the kernel.
size_t
bc_tcp_queued(const struct bc_tcp *tcp);

// Stops or resumes reading (back-pressure on a peer that asks faster than it reads).
void
bc_tcp_set_reading(struct bc_tcp *tcp, bool on);

// Closes at once, dropping what is queued; no callback follows. The memory goes at a
// later turn.
void
bc_tcp_close(struct bc_tcp *tcp);

// Sends what is queued, then closes; at the latest after `timeout_us`. No callback
// follows.
void
bc_tcp_finish(struct bc_tcp *tcp, int64_t timeout_us);

// "1.2.3.4:5678" or "[::1]:5678"; lives as long as the connection.
const char *
bc_tcp_peer(const struct bc_tcp *tcp);

// The address without the port, "1.2.3.4".
const char *
bc_tcp_peer_ip(const struct bc_tcp *tcp);

bool
bc_tcp_is_tls(const struct bc_tcp *tcp);

// The protocol chosen by ALPN ("h2", "http/1.1"), or "" ; known when the first data
// arrives.
const char *
bc_tcp_alpn(const struct bc_tcp *tcp);

int
bc_tcp_fd(const struct bc_tcp *tcp);

// Connections open now, of all workers. Any thread.
uint64_t
bc_tcp_open_count(void);

uint64_t
bc_tcp_bytes_in(const struct bc_tcp *tcp);

uint64_t
bc_tcp_bytes_out(const struct bc_tcp *tcp);

#endif
