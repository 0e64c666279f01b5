// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_ICE_SERVER_H
#define RELAY_ICE_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RELAY_ICE_SERVERS_MAX 8

// A STUN or TURN server, RFC 7064 and 7065.
struct relay_ice_server {
    bool turn;
    bool tcp;
    bool tls;
    char host[256]; // name or address, without brackets
    uint16_t port;
    char username[256];
    char credential[256];
};

// "stun:host:port", "turn:user:password@host:port?transport=tcp"; without credentials
// `out` keeps what it has.
bool
relay_ice_server_parse(const char *url, size_t len, struct relay_ice_server *out);

// Appends the ice-servers of a Link header's value (RFC 9725 4.6); what it does not
// understand or has no room for is passed over. Returns how many there are now.
unsigned
relay_ice_server_parse_links(
    const char *value, size_t len, struct relay_ice_server *out, unsigned count);

#endif
