// SPDX-License-Identifier: Apache-2.0
#ifndef NET_RESOLVE_H
#define NET_RESOLVE_H

#include <sys/socket.h>

struct bc_resolving;
struct bc_worker;

// Looks a name up, or takes an IP address as it is, on libuv's threads: DNS may take
// seconds. `on_result` comes later, on the worker: the first address, or NULL and why not.
// NULL without memory. Worker's thread.
struct bc_resolving *
bc_resolve(struct bc_worker *worker, const char *host,
    void (*on_result)(void *user, const struct sockaddr *address, const char *why),
    void *user);

// No result follows. NULL is fine.
void
bc_resolve_cancel(struct bc_resolving *resolving);

#endif
