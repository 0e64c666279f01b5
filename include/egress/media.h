// SPDX-License-Identifier: Apache-2.0
#ifndef EGRESS_MEDIA_H
#define EGRESS_MEDIA_H

#include <stdbool.h>

#include "base/list.h"
#include "protocol/http/exchange.h"
#include "transmux/viewer.h"

struct bc_hls_sessions;
struct bc_hub;
struct bc_keys;
struct bc_rtp_windows;
struct bc_webrtc;
struct bc_webrtc_port;

// What the media URLs of one worker need. Filled by the server.
struct bc_media {
    struct bc_hub *hub;
    const struct bc_keys *keys;
    struct bc_windows *windows;
    struct bc_hls_sessions *sessions; // shared by all workers
    struct bc_webrtc *webrtc;         // shared by all workers
    struct bc_webrtc_port *port;      // NULL while WebRTC is switched off
    struct bc_rtp_windows *rtp_windows;
    struct bc_list whep_sessions;     // initialised by the server
};

// Answers media URLs (see docs/api.md): /app/stream.flv, /app/stream.m3u8,
// /app/stream/index.m3u8 and what the playlists point to. False when the path is none.
bool
bc_media_handle(struct bc_media *media, struct bc_http_exchange *x);

// Sends a text to the pages of this worker that watch the channel by WHEP with a data
// channel. Worker's thread.
void
bc_media_send_message(struct bc_media *media, const char *channel, const char *text);

// --- who watches by HLS ---

// HLS viewers have no connection of their own, so they are told apart by an id in the
// path that the multivariant playlist gives them, and counted while they ask. Owned by
// the server, all workers share it.
struct bc_hls_sessions *
bc_hls_sessions_create(void);

void
bc_hls_sessions_destroy(struct bc_hls_sessions *sessions);

// Forgets who has not asked for a while; to be called every few seconds by one thread.
void
bc_hls_sessions_sweep(struct bc_hls_sessions *sessions, int64_t now_us);

#endif
