// SPDX-License-Identifier: Apache-2.0
#ifndef BENCH_URL_H
#define BENCH_URL_H

#include <netinet/in.h>

// A parsed and resolved address: scheme://host[:port]/path[?query].
struct bc_url {
    char scheme[12];
    char host[128];
    char host_port[160];
    char path[1024]; // with the query
    struct sockaddr_in address;
};

// 0, or -EINVAL when it makes no sense or does not resolve to IPv4.
int bc_url_parse(struct bc_url *u, const char *text);

#endif
