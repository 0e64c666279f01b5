// SPDX-License-Identifier: Apache-2.0
#include "address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

bool
srt_address_resolve(
    const char *text, struct srt_address *out, char *error, size_t error_len)
{
    char host[256];
    const char *colon = strrchr(text, ':');
    const char *begin = text;
    const char *end = colon;
    if (colon && colon - begin >= 2 && *begin == '[' && colon[-1] == ']') {
        begin++;
        end--;
    }
    if (!colon || colon[1] == '\0' || (size_t)(end - begin) >= sizeof(host)) {
        snprintf(error, error_len, "'%s' is no listen address (want host:port or :port)",
            text);
        return false;
    }
    memcpy(host, begin, (size_t)(end - begin));
    host[end - begin] = '\0';
    struct addrinfo hints = { .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_DGRAM,
        .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    struct addrinfo *list = NULL;
    int ret = getaddrinfo(host[0] ? host : "::", colon + 1, &hints, &list);
    if (ret != 0) {
        snprintf(error, error_len, "cannot listen on %s: %s", text, gai_strerror(ret));
        return false;
    }
    memset(out, 0, sizeof(*out));
    memcpy(&out->storage, list->ai_addr, list->ai_addrlen);
    out->len = (int)list->ai_addrlen;
    freeaddrinfo(list);
    return true;
}

bool
srt_address_parse(const char *ip, uint16_t port, struct srt_address *out)
{
    memset(out, 0, sizeof(*out));
    struct sockaddr_in *v4 = (struct sockaddr_in *)&out->storage;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&out->storage;
    if (inet_pton(AF_INET, ip, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        out->len = sizeof(*v4);
        return true;
    }
    if (inet_pton(AF_INET6, ip, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        out->len = sizeof(*v6);
        return true;
    }
    return false;
}

void
srt_address_format(
    const struct sockaddr *sa, char peer[SRT_PEER_TEXT], char ip[SRT_PEER_TEXT])
{
    strcpy(peer, "unknown");
    strcpy(ip, "unknown");
    if (sa->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)sa;
        inet_ntop(AF_INET, &v4->sin_addr, ip, SRT_PEER_TEXT);
        snprintf(peer, SRT_PEER_TEXT, "%.46s:%u", ip, (unsigned)ntohs(v4->sin_port));
    } else if (sa->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)sa;
        unsigned port = ntohs(v6->sin6_port);
        if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
            inet_ntop(AF_INET, v6->sin6_addr.s6_addr + 12, ip, SRT_PEER_TEXT);
            snprintf(peer, SRT_PEER_TEXT, "%.46s:%u", ip, port);
        } else {
            inet_ntop(AF_INET6, &v6->sin6_addr, ip, SRT_PEER_TEXT);
            snprintf(peer, SRT_PEER_TEXT, "[%.46s]:%u", ip, port);
        }
    }
}
