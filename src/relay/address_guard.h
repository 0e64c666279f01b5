// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_ADDRESS_GUARD_H
#define RELAY_ADDRESS_GUARD_H

#include <stdbool.h>
#include <sys/socket.h>

// Which addresses a URL that somebody gave us may lead to. A name can resolve to anything,
// and to something else the next time, and an answer can redirect, so this is asked about
// the very address that a socket is about to connect to.

// Whether the address is one of the public Internet: neither this machine nor a private,
// shared, link-local, multicast, documentation or otherwise reserved network, nor an IPv6
// form that stands for such an IPv4 address.
bool
relay_address_is_public(const struct sockaddr *address);

// "10.0.0.1" or "fd00::1", for messages; at least 46 bytes.
void
relay_address_text(const struct sockaddr *address, char *out, size_t size);

#endif
