// SPDX-License-Identifier: Apache-2.0
#ifndef RELAYS_H
#define RELAYS_H

#include <pthread.h>

#include "parts.h"

// See parts.h.
struct bc_server_relays {
    struct bc_server *server; // borrowed
    struct bc_relay *relay;   // owned
    pthread_mutex_t lock;     // guards the rest
    struct bc_list entries;   // in the order of ids
    size_t api_count;         // those of the API
    uint64_t last_id;
    bool closed; // no more are started
};

// Starts what `relay` tells, and fills in the rest. As bc_control_relay_ops.start.
int
bc_server_relays_add(
    struct bc_server_relays *relays, struct bc_control_relay *relay, const char *token);

// Stops what the configuration had started and `unwanted` says of.
void
bc_server_relays_stop_if(struct bc_server_relays *relays,
    bool (*unwanted)(const struct bc_config *config, const struct bc_control_relay *shown),
    const struct bc_config *config);

#endif
