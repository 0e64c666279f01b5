// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "net/tls.h"
#include "relay_internal.h"

static void
take_servers(struct bc_relay *relay, const char *urls)
{
    while (urls && *urls && relay->server_count < RELAY_ICE_SERVERS_MAX) {
        size_t len = strcspn(urls, " ");
        struct relay_ice_server *server = &relay->servers[relay->server_count];
        memset(server, 0, sizeof(*server));
        if (relay_ice_server_parse(urls, len, server)) {
            relay->server_count++;
        } else if (len > 0) {
            bc_warn(NULL, "relay: ICE server %.*s is not understood", (int)len, urls);
        }
        urls += len + (urls[len] == ' ');
    }
}

struct bc_relay *
bc_relay_create(const struct bc_relay_options *options)
{
    struct bc_relay *relay = calloc(1, sizeof(*relay));
    if (!relay) {
        return NULL;
    }
    take_servers(relay, options->ice_servers);
    snprintf(relay->bind_address, sizeof(relay->bind_address), "%s",
        options->bind_address ? options->bind_address : "");
    relay->port_min = options->port_min;
    relay->port_max = options->port_max;
    relay->allow_private = options->allow_private;
    relay->media_dir = strdup(options->media_dir ? options->media_dir : "");
    relay->inputs = relay_inputs_create(options->max_inputs);
    relay->http = relay_http_create();
    relay->nice = relay_nice_create();
    char error[160] = "";
    relay->tls = bc_tls_context_create_client(error, sizeof(error));
    if (!relay->tls) {
        bc_error(NULL, "relay: %s", error);
    }
    if (!relay->http || !relay->nice || !relay->inputs || !relay->media_dir
        || !relay->tls) {
        bc_relay_destroy(relay);
        return NULL;
    }
    return relay;
}

void
bc_relay_destroy(struct bc_relay *relay)
{
    if (!relay) {
        return;
    }
    relay_inputs_destroy(relay->inputs);
    relay_http_destroy(relay->http);
    relay_nice_destroy(relay->nice);
    bc_tls_context_unref(&relay->tls);
    free(relay->media_dir);
    free(relay);
}
