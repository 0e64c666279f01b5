// SPDX-License-Identifier: Apache-2.0
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include <stddef.h>

struct bc_listener;
struct bc_worker;

// Whether the address is free. Several workers share a port, and so could a second server
// by mistake: it would start without a word and take half of the connections. 0, or a
// negative errno with a sentence in `error`.
int
bc_listener_probe(const char *address, char *error, size_t error_len);

// One listening socket of one worker (SO_REUSEPORT: the kernel spreads connections over
// the workers). Created and closed on the worker's thread or before it started. `address`
// is "host:port", "[v6]:port" or ":port" (all addresses, IPv6 and IPv4). `on_accept` gets
// a non-blocking socket that it owns. NULL on failure with a sentence in `error`.
struct bc_listener *
bc_listener_create(struct bc_worker *worker, const char *address,
    void (*on_accept)(void *user, struct bc_worker *worker, int fd), void *user,
    char *error, size_t error_len);

// The same on a listening socket that another process had, which is ours from now on, also
// on failure.
struct bc_listener *
bc_listener_adopt(struct bc_worker *worker, int fd, const char *address,
    void (*on_accept)(void *user, struct bc_worker *worker, int fd), void *user);

// Its descriptor, borrowed.
int
bc_listener_fd(const struct bc_listener *listener);

// Accepts no more, but who comes is not refused: another process has the socket too.
// Worker's thread.
void
bc_listener_pause(struct bc_listener *listener);

// Stops accepting and frees itself; NULL is fine.
void
bc_listener_close(struct bc_listener *listener);

#endif
