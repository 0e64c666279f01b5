// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_SRT_LINK_H
#define RELAY_SRT_LINK_H

#include "client.h"
#include "net/resolve.h"
#include "srt_url.h"

// What a pull and a push by SRT have in common: one attempt to be connected. Embedded in
// them; one worker.
struct relay_srt_link {
    struct relay_client client;
    struct relay_srt_url url;
    bool guarded; // only public addresses, unless relay.allow_private
    struct bc_resolving *resolving; // until the name is known
    struct bc_srt_calling *calling; // until it is connected
    struct bc_srt_conn *conn;       // owned once it is
    // Connected: the conn's ops are to be set. Failures are retried without a word.
    void (*on_connected)(struct relay_srt_link *link);
    void (*on_failed)(struct relay_srt_link *link);
};

// Parses the URL and begins the client. False without memory, or when the URL is wrong.
bool
relay_srt_link_init(struct relay_srt_link *link, const struct bc_relay_params *params,
    const char *kind, void (*attempt)(struct relay_client *client));

// One attempt.
void
relay_srt_link_start(struct relay_srt_link *link);

// Hangs up, if there is something to.
void
relay_srt_link_drop(struct relay_srt_link *link, const char *reason);

#endif
