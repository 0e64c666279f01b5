// SPDX-License-Identifier: Apache-2.0
// Where the port can be reached: what stands in answers.
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port_internal.h"

#define TYPE_HOST 126

// RFC 8445 5.1.2.1; UDP before TCP, and in the order given.
static unsigned
priority(bool tcp, unsigned index)
{
    return ((unsigned)(TYPE_HOST - (tcp ? 30 : 0)) << 24) + ((65535 - index) << 8) + 255;
}

static bool
is_listed(const struct bc_peer_candidates *list, const char *ip, unsigned port)
{
    char part[80];
    snprintf(part, sizeof(part), " %s %u typ ", ip, port);
    for (unsigned i = 0; i < list->count; i++) {
        if (strstr(list->texts[i], part)) {
            return true;
        }
    }
    return false;
}

static void
add(struct bc_peer_candidates *list, const char *ip, unsigned port)
{
    if (list->count + 2 > BC_PEER_CANDIDATES_MAX || is_listed(list, ip, port)) {
        return;
    }
    for (int tcp = 0; tcp < 2; tcp++) {
        char *text;
        unsigned index = list->count;
        if (asprintf(&text, "candidate:%u 1 %s %u %s %u typ host%s", index + 1,
                tcp ? "tcp" : "udp", priority(tcp, index), ip, port,
                tcp ? " tcptype passive" : "")
            < 0) {
            return;
        }
        list->texts[list->count++] = text;
    }
}

// An address that peers elsewhere could use.
static bool
text_of(const struct ifaddrs *i, char out[INET6_ADDRSTRLEN])
{
    if (!i->ifa_addr || !(i->ifa_flags & IFF_UP) || i->ifa_flags & IFF_LOOPBACK) {
        return false;
    }
    if (i->ifa_addr->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)i->ifa_addr;
        return inet_ntop(AF_INET, &v4->sin_addr, out, INET6_ADDRSTRLEN) != NULL;
    }
    if (i->ifa_addr->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)i->ifa_addr;
        return !IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr)
            && inet_ntop(AF_INET6, &v6->sin6_addr, out, INET6_ADDRSTRLEN) != NULL;
    }
    return false;
}

static void
add_interfaces(struct bc_peer_candidates *list, unsigned port)
{
    struct ifaddrs *all = NULL;
    if (getifaddrs(&all) != 0) {
        return;
    }
    char ip[INET6_ADDRSTRLEN];
    for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
        if (text_of(i, ip)) {
            add(list, ip, port);
        }
    }
    freeifaddrs(all);
}

// The address in the URL that the page was opened with: behind a 1:1 NAT the machine does
// not know it, but the client does.
static void
add_host(struct bc_peer_candidates *list, const char *host, unsigned port)
{
    char name[64];
    unsigned char address[16];
    size_t len = host[0] == '[' ? strcspn(host, "]") : strcspn(host, ":");
    if (host[0] == '[') {
        host++;
        len--;
    }
    if (len >= sizeof(name)) {
        return;
    }
    memcpy(name, host, len);
    name[len] = '\0';
    if (strcmp(name, "localhost") == 0) {
        strcpy(name, "127.0.0.1");
    }
    if (inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1) {
        add(list, name, port);
    }
}

void
bc_peer_candidates(struct bc_webrtc_port *port, const struct bc_config *config,
    const char *host, struct bc_peer_candidates *out)
{
    memset(out, 0, sizeof(*out));
    const struct bc_config_listen_list *publics = &config->webrtc.public_addresses;
    for (size_t i = 0; i < publics->n && port->socket_count > 0; i++) {
        add(out, publics->items[i].host,
            publics->items[i].port ? publics->items[i].port
                                   : port->sockets[0].address.port);
    }
    for (unsigned i = 0; i < port->socket_count && publics->n == 0; i++) {
        const struct bc_config_listen *l = &port->sockets[i].address;
        bool any = l->host[0] == '\0' || strcmp(l->host, "0.0.0.0") == 0
            || strcmp(l->host, "::") == 0;
        if (!any) {
            add(out, l->host, l->port);
            continue;
        }
        add_interfaces(out, l->port);
        add_host(out, host, l->port);
        if (out->count == 0) {
            add(out, "127.0.0.1", l->port);
        }
    }
}

void
bc_peer_candidates_finish(struct bc_peer_candidates *list)
{
    for (unsigned i = 0; i < list->count; i++) {
        free(list->texts[i]);
    }
    list->count = 0;
}
