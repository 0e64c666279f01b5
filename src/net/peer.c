// SPDX-License-Identifier: Apache-2.0
#include "peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static void
format_v6(const struct sockaddr_in6 *sa, char *peer, char *ip)
{
    unsigned port = ntohs(sa->sin6_port);
    if (IN6_IS_ADDR_V4MAPPED(&sa->sin6_addr)) {
        inet_ntop(AF_INET, sa->sin6_addr.s6_addr + 12, ip, BC_PEER_TEXT - 8);
        snprintf(peer, BC_PEER_TEXT, "%.46s:%u", ip, port);
    } else {
        inet_ntop(AF_INET6, &sa->sin6_addr, ip, BC_PEER_TEXT - 10);
        snprintf(peer, BC_PEER_TEXT, "[%.46s]:%u", ip, port);
    }
}

void
bc_peer_format(int fd, char peer[BC_PEER_TEXT], char ip[BC_PEER_TEXT])
{
    struct sockaddr_storage ss;
    socklen_t len = sizeof(ss);
    strcpy(peer, "unknown");
    strcpy(ip, "unknown");
    if (getpeername(fd, (struct sockaddr *)&ss, &len) != 0) {
        return;
    }
    if (ss.ss_family == AF_INET) {
        const struct sockaddr_in *sa = (const struct sockaddr_in *)&ss;
        inet_ntop(AF_INET, &sa->sin_addr, ip, BC_PEER_TEXT - 8);
        snprintf(peer, BC_PEER_TEXT, "%.46s:%u", ip, (unsigned)ntohs(sa->sin_port));
    } else if (ss.ss_family == AF_INET6) {
        format_v6((const struct sockaddr_in6 *)&ss, peer, ip);
    }
}
