// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_SRT_ADDRESS_H
#define PROTOCOL_SRT_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define SRT_PEER_TEXT 64

// An address of the system's form with its length.
struct srt_address {
    struct sockaddr_storage storage;
    int len;
};

// Takes "host:port", "[v6]:port" and ":port" (all addresses: "::"). False with `error`
// filled. May ask the system's resolver; only where waiting does no harm.
bool
srt_address_resolve(
    const char *text, struct srt_address *out, char *error, size_t error_len);

// From an IP address without brackets.
bool
srt_address_parse(const char *ip, uint16_t port, struct srt_address *out);

// "1.2.3.4:5" or "[::1]:5" in `peer`, without port and brackets in `ip`. IPv4 on a
// dual-stack socket is written as IPv4.
void
srt_address_format(
    const struct sockaddr *sa, char peer[SRT_PEER_TEXT], char ip[SRT_PEER_TEXT]);

#endif
