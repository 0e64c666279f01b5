// SPDX-License-Identifier: Apache-2.0
#ifndef EGRESS_MEDIA_H
#define EGRESS_MEDIA_H

#include <stdbool.h>

#include "base/list.h"
#include "protocol/http/exchange.h"
#include "transmux/viewer.h"

struct bc_cards;
struct bc_cues;
struct bc_disk;
struct bc_hls_sessions;
struct bc_hub;
struct bc_keys;
struct bc_library;
struct bc_pictures;
struct bc_recorder;
struct bc_replays;
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
    // Recordings, shared by all workers. NULL, all but the last: there are none here.
    struct bc_library *library;
    struct bc_replays *replays;
    struct bc_recorder *recorder;
    struct bc_disk *disk;
    struct bc_pictures *pictures; // NULL: none of lives either
    struct bc_cues *cues;         // shared by all workers; NULL: none
    struct bc_cards *cards;       // shared by all workers; NULL: none
    struct bc_list cue_feeds;     // initialised by the server
};

// Answers media URLs (see docs/api.md): /app/stream.flv, /app/stream.m3u8,
// /app/stream/index.m3u8 and what the playlists point to. False when the path is none.
bool
bc_media_handle(struct bc_media *media, struct bc_http_exchange *x);

// Sends a text to the pages of this worker that watch the channel by WHEP with a data
// channel. Worker's thread.
void
bc_media_send_message(struct bc_media *media, const char *channel, const char *text);

// Says goodbye to all who listen to cues on this worker. Worker's thread.
void
bc_media_end_cues(struct bc_media *media);

// --- what is made of recordings for all who watch them ---

// The newest playlists and MP4 heads of the recordings that somebody watches. Owned by the
// server, any thread.
struct bc_replays *
bc_replays_create(void);

// The workers and the disk threads have ended. NULL is fine.
void
bc_replays_destroy(struct bc_replays *replays);

// Forgets what nobody has asked for in a minute; to be called every few seconds.
void
bc_replays_sweep(struct bc_replays *replays, int64_t now_us);

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
