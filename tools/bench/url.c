// SPDX-License-Identifier: Apache-2.0
#include "url.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static int
resolve(struct bc_url *u, int port)
{
    struct addrinfo hint = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    if (port < 1 || port > 65535 || getaddrinfo(u->host, NULL, &hint, &found)) {
        return -EINVAL;
    }
    memcpy(&u->address, found->ai_addr, sizeof(u->address));
    u->address.sin_port = htons((uint16_t)port);
    freeaddrinfo(found);
    return 0;
}

int
bc_url_parse(struct bc_url *u, const char *text)
{
    const char *rest = strstr(text, "://");
    memset(u, 0, sizeof(*u));
    if (!rest || (size_t)(rest - text) >= sizeof(u->scheme)) {
        return -EINVAL;
    }
    memcpy(u->scheme, text, (size_t)(rest - text));
    rest += 3;
    size_t authority = strcspn(rest, "/?");
    const char *colon = memchr(rest, ':', authority);
    size_t host_len = colon ? (size_t)(colon - rest) : authority;
    if (!host_len || host_len >= sizeof(u->host)) {
        return -EINVAL;
    }
    memcpy(u->host, rest, host_len);
    int port = colon ? atoi(colon + 1) : strcmp(u->scheme, "rtmp") ? 80 : 1935;
    snprintf(u->host_port, sizeof(u->host_port), "%s:%d", u->host, port);
    const char *path = rest + authority;
    if (strlen(path) + 1 >= sizeof(u->path)) {
        return -EINVAL;
    }
    snprintf(u->path, sizeof(u->path), "%s%s", *path == '/' ? "" : "/", path);
    return resolve(u, port);
}
