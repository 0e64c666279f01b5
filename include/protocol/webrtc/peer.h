// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_WEBRTC_PEER_H
#define PROTOCOL_WEBRTC_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/writer.h"
#include "config/config.h"
#include "protocol/rtp/packet.h"
#include "protocol/webrtc/sdp.h"

struct bc_peer;
struct bc_webrtc;
struct bc_webrtc_port;
struct bc_worker;

// One WebRTC transport: ICE, DTLS, SRTP and perhaps SCTP between us and a peer. Knows
// nothing of what is sent. Made for an offer (by the port, as ICE-lite) or for an offer of
// our own (over another transport). Lives on one worker; frees itself at the end of the
// turn in which it closed.

struct bc_peer_ops {
    // Media may flow.
    void (*on_connected)(void *user);
    // A decrypted RTP packet, `h` pointing into it. Gone afterwards.
    void (*on_rtp)(void *user, const struct bc_rtp_header *h, int64_t now_us);
    // A decrypted compound RTCP packet.
    void (*on_rtcp)(void *user, const uint8_t *data, size_t len, int64_t now_us);
    // What arrived together is through. May be NULL.
    void (*on_batch_end)(void *user);
    // There is room again after bc_peer_reserve() gave none. May be NULL.
    void (*on_writable)(void *user);
    // Data channels. May be NULL.
    void (*on_channel_open)(void *user, uint16_t stream, const char *label);
    void (*on_message)(void *user, uint16_t stream, bool binary, const uint8_t *data,
        size_t len);
    // The transport is over; the peer must not be used afterwards. `clean`: the client
    // deleted its session. Not called after bc_peer_close().
    void (*on_closed)(void *user, bool clean, const char *reason);
};

struct bc_peer_params {
    struct bc_webrtc_port *port;  // of this worker
    const struct bc_peer_ops *ops;
    void *user;
    const struct bc_logger *log; // outlives the peer
    const char *peer_ip;         // who asked, for limits and logs; copied
};

// A session behind the port; waits for bc_peer_start(). NULL without memory.
struct bc_peer *
bc_peer_create(const struct bc_peer_params *params);

// Where datagrams leave when the peer is not behind the port. `commit` sends what was
// written into the memory that `reserve` gave.
struct bc_peer_transport {
    uint8_t *(*reserve)(void *user, size_t len);
    void (*commit)(void *user, size_t len);
    void (*close)(void *user);
    void *user;
};

// The same over another transport, whose owner hands in datagrams by bc_peer_input() and
// says by bc_peer_transport_ready() when it can carry them.
struct bc_peer *
bc_peer_create_over(struct bc_webrtc *webrtc, struct bc_worker *worker,
    const struct bc_peer_transport *transport, const struct bc_peer_params *params);

// Our side of the transport for an answer or offer: fills ufrag, pwd, fingerprint,
// session id and ice_lite; candidates come from bc_peer_candidates(). Strings live as long
// as the peer.
void
bc_peer_local(struct bc_peer *peer, struct bc_sdp_local *out);

// The port's candidates for this configuration, as complete texts. `host` is the address
// by which the client reached us over HTTP ("" unknown): offered too when it is an IP
// address. Owned by the list; bc_peer_candidates_finish() frees.
#define BC_PEER_CANDIDATES_MAX 32

struct bc_peer_candidates {
    char *texts[BC_PEER_CANDIDATES_MAX];
    unsigned count;
};

void
bc_peer_candidates(struct bc_webrtc_port *port, const struct bc_config *config,
    const char *host, struct bc_peer_candidates *out);

void
bc_peer_candidates_finish(struct bc_peer_candidates *list);

// Both descriptions are known: checks are answered from now on, and whoever does not
// connect within 20 s is closed. Copies what it needs. `session` says who starts DTLS and
// whether there are data channels.
int
bc_peer_start(struct bc_peer *peer, const struct bc_sdp *remote,
    const struct bc_sdp_session *session);

// ICE restart (RFC 8445 2.4): new credentials beside the old ones, which count until a
// check with the new ones arrives. bc_peer_local() gives the new ones.
int
bc_peer_restart_ice(struct bc_peer *peer, const char *remote_ufrag);

// The path works (bc_peer_create_over only).
void
bc_peer_transport_ready(struct bc_peer *peer);

void
bc_peer_input(struct bc_peer *peer, uint8_t *data, size_t len, int64_t now_us);

void
bc_peer_input_end(struct bc_peer *peer);

// What ends the peer as if the transport had: on_closed is called.
void
bc_peer_end(struct bc_peer *peer, bool clean, const char *reason);

// --- sending, after on_connected ---

// Room for one packet of up to `len` bytes and SRTP's overhead. NULL while the transport
// is full (on_writable follows) or not connected.
uint8_t *
bc_peer_reserve(struct bc_peer *peer, size_t len);

// Encrypts the RTP packet in the reserved room and sends it. Returns the bytes on the
// wire; negative errno.
int
bc_peer_send_rtp(struct bc_peer *peer, uint8_t *packet, size_t len);

int
bc_peer_send_rtcp(struct bc_peer *peer, const uint8_t *data, size_t len);

// On an open channel: see bc_sctp_send().
int
bc_peer_send_message(struct bc_peer *peer, uint16_t stream, bool binary,
    const uint8_t *data, size_t len);

// Says goodbye (close_notify) and lets go. No callback follows.
void
bc_peer_close(struct bc_peer *peer, const char *reason);

bool
bc_peer_is_connected(const struct bc_peer *peer);

// Where media goes now, "1.2.3.4:5 udp"; "" before.
const char *
bc_peer_remote(const struct bc_peer *peer);

const char *
bc_peer_srtp_profile(const struct bc_peer *peer);

// The id of the session's HTTP resource: unguessable, tells the worker.
#define BC_PEER_ID 37

const char *
bc_peer_id(const struct bc_peer *peer);

// --- the session's HTTP resource ---

struct bc_http_exchange;

// Answers a request to the resource of the session with this id, whatever worker has it:
// DELETE, PATCH (trickle, ICE restart), GET (RFC 9725 4.2 to 4.3).
void
bc_peer_resource_handle(struct bc_webrtc_port *port, struct bc_http_exchange *x,
    const struct bc_config *config, const char *id);

// "\"1\"": changes with each ICE restart.
#define BC_PEER_ETAG 16

void
bc_peer_etag(const struct bc_peer *peer, char out[BC_PEER_ETAG]);

// Counts for bc_peer_params.peer_ip: sessions of this address that are not connected yet,
// of all workers.
unsigned
bc_webrtc_connecting_from(struct bc_webrtc *webrtc, const char *peer_ip);

// All sessions of all workers.
uint64_t
bc_webrtc_sessions(const struct bc_webrtc *webrtc);

#endif
