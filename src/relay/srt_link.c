// SPDX-License-Identifier: Apache-2.0
#include "srt_link.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address_guard.h"
#include "relay_internal.h"

#define TIMEOUT_MS 10000
#define SHOWN_BYTES 640

bool
relay_srt_link_init(struct relay_srt_link *link, const struct bc_relay_params *params,
    const char *kind, void (*attempt)(struct relay_client *client))
{
    char shown[SHOWN_BYTES];
    const char *wrong = relay_srt_url_parse(params->url, &link->url);
    if (wrong || !params->srt) {
        bc_warn(NULL, "relay by SRT: %s", wrong ? wrong : "there is no SRT");
        return false;
    }
    // What is logged from here on has no secrets.
    struct bc_relay_params p = *params;
    relay_srt_url_show(&link->url, shown, sizeof(shown));
    p.url = shown;
    return relay_client_init(&link->client, &p, kind, attempt);
}

static void
fail(struct relay_srt_link *link, const char *why)
{
    link->on_failed(link);
    relay_client_retry(&link->client, why, 0);
}

static void
on_result(void *user, struct bc_srt_conn *conn, const char *why)
{
    struct relay_srt_link *link = user;
    link->calling = NULL;
    if (!conn) {
        fail(link, why);
        return;
    }
    link->conn = conn;
    relay_client_connected(&link->client);
    link->on_connected(link);
}

static void
on_address(void *user, const struct sockaddr *address, const char *why)
{
    struct relay_srt_link *link = user;
    const struct bc_relay_params *p = &link->client.params;
    char host[INET6_ADDRSTRLEN + 1];
    link->resolving = NULL;
    if (!address) {
        fail(link, why);
        return;
    }
    relay_address_text(address, host, sizeof(host));
    if (link->guarded && !p->relay->allow_private && !relay_address_is_public(address)) {
        fail(link, "the address is not public (relay.allow_private)");
        return;
    }
    struct bc_srt_call call = { .srt = p->srt, .worker = p->worker, .host = host,
        .port = link->url.port, .streamid = link->url.streamid,
        .passphrase = link->url.passphrase, .latency_ms = link->url.latency_ms,
        .timeout_ms = TIMEOUT_MS, .on_result = on_result, .user = link };
    link->calling = bc_srt_call(&call);
    if (!link->calling) {
        fail(link, "no memory");
    }
}

void
relay_srt_link_start(struct relay_srt_link *link)
{
    link->client.status.attempts++;
    link->client.status.state = BC_RELAY_CONNECTING;
    link->resolving
        = bc_resolve(link->client.params.worker, link->url.host, on_address, link);
    if (!link->resolving) {
        fail(link, "no memory");
    }
}

void
relay_srt_link_drop(struct relay_srt_link *link, const char *reason)
{
    bc_resolve_cancel(link->resolving);
    link->resolving = NULL;
    bc_srt_call_cancel(link->calling);
    link->calling = NULL;
    if (link->conn) {
        bc_srt_conn_close(link->conn, reason);
    }
    link->conn = NULL;
}
