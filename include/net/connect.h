// SPDX-License-Identifier: Apache-2.0
#ifndef NET_CONNECT_H
#define NET_CONNECT_H

#include <stdint.h>
#include <sys/socket.h>

struct bc_connecting;
struct bc_worker;

// Connects by TCP. `on_result` comes later, on the worker, once: a non-blocking descriptor
// that is the callee's, as bc_tcp_create() takes it, or -1 and why not. NULL without memory
// or descriptors. Worker's thread.
struct bc_connecting *
bc_connect(struct bc_worker *worker, const struct sockaddr *address, uint16_t port,
    void (*on_result)(void *user, int fd, const char *why), void *user);

// No result follows. NULL is fine.
void
bc_connect_cancel(struct bc_connecting *connecting);

#endif
