// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "net/udp.h"

static const uint8_t V4_PREFIX[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

void
bc_udp_address_from_sockaddr(const struct sockaddr *sa, struct bc_udp_address *out)
{
    memset(out, 0, sizeof(*out));
    if (sa->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)sa;
        memcpy(out->ip, V4_PREFIX, sizeof(V4_PREFIX));
        memcpy(out->ip + 12, &v4->sin_addr, 4);
        out->port = ntohs(v4->sin_port);
    } else if (sa->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)sa;
        memcpy(out->ip, &v6->sin6_addr, 16);
        out->port = ntohs(v6->sin6_port);
        out->scope = v6->sin6_scope_id;
    }
}

socklen_t
bc_udp_address_to_sockaddr(
    const struct bc_udp_address *address, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof(*out));
    if (memcmp(address->ip, V4_PREFIX, sizeof(V4_PREFIX)) == 0) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)out;
        v4->sin_family = AF_INET;
        v4->sin_port = htons(address->port);
        memcpy(&v4->sin_addr, address->ip + 12, 4);
        return sizeof(*v4);
    }
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(address->port);
    v6->sin6_scope_id = address->scope;
    memcpy(&v6->sin6_addr, address->ip, 16);
    return sizeof(*v6);
}

void
bc_udp_address_format(const struct bc_udp_address *address, char out[BC_UDP_ADDRESS_TEXT])
{
    char ip[INET6_ADDRSTRLEN];
    bool is_v4 = memcmp(address->ip, V4_PREFIX, sizeof(V4_PREFIX)) == 0;
    inet_ntop(is_v4 ? AF_INET : AF_INET6, address->ip + (is_v4 ? 12 : 0), ip, sizeof(ip));
    snprintf(out, BC_UDP_ADDRESS_TEXT, is_v4 ? "%s:%u" : "[%s]:%u", ip,
        (unsigned)address->port);
}
