// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_SESSION_H
#define RELAY_SESSION_H

#include "base/log.h"
#include "protocol/webrtc/peer.h"
#include "protocol/webrtc/sdp.h"
#include "relay_internal.h"

// Called on the session's worker, never from inside calls to the session.
struct relay_session_ops {
    // The answer is in. The session goes on with relay_session_proceed(). `agreed` is
    // gone afterwards, `peer` stays until the session ends.
    void (*on_agreed)(
        void *user, struct bc_peer *peer, const struct bc_sdp_session *agreed);
    void (*on_connected)(void *user);
    void (*on_rtp)(void *user, const struct bc_rtp_header *h, int64_t now_us);
    void (*on_rtcp)(void *user, const uint8_t *data, size_t len, int64_t now_us);
    void (*on_batch_end)(void *user);
    void (*on_writable)(void *user);
    // It is over and frees itself. `retry_after_s`: what the server asked for, or 0.
    void (*on_closed)(void *user, const char *reason, unsigned retry_after_s);
};

struct relay_session_params {
    struct bc_relay *relay;
    struct bc_webrtc *webrtc;
    struct bc_worker *worker;
    const char *url;    // outlive the session
    const char *bearer; // NULL: none
    bool guarded;       // the endpoint must have a public address
    enum bc_sdp_direction direction;
    enum bc_codec video[5];
    unsigned video_count;
    bool audio;
    uint32_t video_ssrc; // for SENDONLY
    uint32_t video_rtx_ssrc;
    uint32_t audio_ssrc;
    struct relay_ice_server *servers; // RELAY_ICE_SERVERS_MAX that the endpoint named
    unsigned *server_count;           // formerly; a new answer's replace them
    const struct bc_logger *log;      // outlives the session
    const struct relay_session_ops *ops;
    void *user;
};

// One attempt as a WHIP or WHEP client (RFC 9725, draft-ietf-wish-whep): gathers
// candidates, posts the offer, connects; deletes its resource when it is closed. Lives on
// its worker; frees itself at the end of the turn in which it closed.
struct relay_session;

struct relay_session *
relay_session_start(const struct relay_session_params *params);

// Connects now. False without memory; the session is to be closed then.
bool
relay_session_proceed(struct relay_session *s);

// No callback follows.
void
relay_session_close(struct relay_session *s, const char *reason);

#endif
