// SPDX-License-Identifier: Apache-2.0
#ifndef COMPOSE_OUTLET_URL_H
#define COMPOSE_OUTLET_URL_H

#include <stdbool.h>

// The parts of an rtmp URL.
struct compose_outlet_url {
    char host[256];
    char port[8];
    char app[512];
    char stream[1024]; // with its query
    char tc_url[1024];
};

// False when it is none, or a part is missing or too long.
bool
compose_outlet_url_parse(const char *text, struct compose_outlet_url *out);

#endif
