// SPDX-License-Identifier: Apache-2.0
#ifndef INGEST_WHIP_H
#define INGEST_WHIP_H

#include <stdbool.h>

#include "base/list.h"
#include "protocol/http/exchange.h"

struct bc_hub;
struct bc_keys;
struct bc_webrtc;
struct bc_webrtc_port;

// What hosts by WHIP need of one worker. Filled by the server, `sessions` initialised.
struct bc_whip {
    struct bc_hub *hub;
    const struct bc_keys *keys;
    struct bc_webrtc *webrtc;    // shared by all workers
    struct bc_webrtc_port *port; // NULL while WebRTC is switched off
    struct bc_list sessions;
};

// Answers /app/stream/whip and the sessions below it. False when the path is none.
bool
bc_whip_handle(struct bc_whip *whip, struct bc_http_exchange *x);

#endif
