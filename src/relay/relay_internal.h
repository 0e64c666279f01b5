// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_RELAY_INTERNAL_H
#define RELAY_RELAY_INTERNAL_H

#include "http_client.h"
#include "ice_server.h"
#include "input.h"
#include "nice_agent.h"
#include "nice_thread.h"
#include "relay/relay.h"

struct bc_relay {
    struct relay_http *http; // owned
    struct relay_nice *nice; // owned
    struct relay_ice_server servers[RELAY_ICE_SERVERS_MAX];
    unsigned server_count;
    char bind_address[64]; // "": all
    uint16_t port_min;
    uint16_t port_max;
    struct relay_inputs *inputs; // owned
    char *media_dir;             // owned
    bool allow_private;
    struct bc_tls_context *tls; // owned reference; for connections to others
};

#endif
