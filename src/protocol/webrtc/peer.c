// SPDX-License-Identifier: Apache-2.0
// One session's transport: ICE tells where the peer is, DTLS who it is, SRTP keeps it so.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "port_internal.h"

// A client that will not connect is not kept (WRTC-51).
#define CONNECT_US 20000000
// RFC 7675: consent lasts 30 s; clients check every 4 to 6 s, some up to 15 s. A margin for
// the last check's way.
#define CONSENT_US 35000000
#define LOOK_US 5000000

static void
release(struct bc_peer *peer);

// --- life ---

static void
run_free(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_peer *peer = bc_container_of(task, struct bc_peer, free_task);
    bc_dtls_destroy(peer->dtls);
    bc_srtp_destroy(peer->srtp);
    free(peer);
}

static void
on_timer(struct bc_timer *timer);

static void
draw_id(struct bc_peer *peer)
{
    uint64_t random[3];
    if (getrandom(random, sizeof(random), 0) != sizeof(random)) {
        abort(); // a session id that can be guessed would be worse
    }
    snprintf(peer->id, sizeof(peer->id), "%02x%016" PRIx64 "%016" PRIx64,
        peer->worker->index, random[0], random[1]);
    peer->session_id = random[2] >> 2; // SDP wants it below 2^62
}

static struct bc_peer *
create(struct bc_webrtc *webrtc, struct bc_worker *worker,
    const struct bc_peer_params *params)
{
    struct bc_peer *peer = calloc(1, sizeof(*peer));
    if (!peer) {
        return NULL;
    }
    peer->webrtc = webrtc;
    peer->worker = worker;
    peer->ops = params->ops;
    peer->user = params->user;
    peer->log = params->log;
    snprintf(peer->peer_ip, sizeof(peer->peer_ip), "%s", params->peer_ip);
    bc_list_init(&peer->node);
    bc_list_init(&peer->batch_node);
    bc_list_init(&peer->free_task.node);
    peer->free_task.run = run_free;
    bc_timer_init(&peer->timer, worker, on_timer);
    draw_id(peer);
    char prefix[3];
    static const char DIGITS[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    prefix[0] = DIGITS[worker->index / 36 % 36];
    prefix[1] = DIGITS[worker->index % 36];
    prefix[2] = '\0';
    bc_ice_init(&peer->names[0].ice, prefix);
    peer->names[0].peer = peer;
    peer->generation = 1;
    peer->started_us = bc_clock_us();
    atomic_fetch_add(&webrtc->sessions, 1);
    bc_webrtc_count_connecting(webrtc, peer->peer_ip, 1);
    peer->counted = true;
    return peer;
}

struct bc_peer *
bc_peer_create(const struct bc_peer_params *params)
{
    struct bc_webrtc_port *port = params->port;
    struct bc_peer *peer = create(port->webrtc, port->worker, params);
    if (!peer) {
        return NULL;
    }
    peer->port = port;
    bc_list_append(&port->peers, &peer->node);
    HASH_ADD_STR(port->ids, id, peer);
    bc_port_count(&port->opened, 1);
    bc_port_count(&port->sessions, 1);
    bc_port_count(&port->connecting, 1);
    return peer;
}

struct bc_peer *
bc_peer_create_over(struct bc_webrtc *webrtc, struct bc_worker *worker,
    const struct bc_peer_transport *transport, const struct bc_peer_params *params)
{
    struct bc_peer *peer = create(webrtc, worker, params);
    if (peer) {
        peer->transport = *transport;
        peer->selected.way = BC_WAY_OTHER;
    }
    return peer;
}

// The session is up, or will never be.
static void
uncount(struct bc_peer *peer)
{
    if (!peer->counted) {
        return;
    }
    peer->counted = false;
    bc_webrtc_count_connecting(peer->webrtc, peer->peer_ip, -1);
    if (peer->port) {
        bc_port_count(&peer->port->connecting, -1);
    }
}

static void
release(struct bc_peer *peer)
{
    peer->closed = true;
    if (!peer->connected && peer->port) {
        bc_port_count(&peer->port->never_connected, 1);
    }
    uncount(peer);
    bc_timer_cancel(&peer->timer);
    if (peer->dtls) {
        bc_dtls_shutdown(peer->dtls);
    }
    if (peer->sctp) {
        bc_sctp_association_destroy(peer->sctp);
        peer->sctp = NULL;
    }
    struct bc_ice_tcp *tcp[BC_PEER_ROUTES];
    unsigned tcp_count = 0;
    for (unsigned i = 0; i < peer->route_count; i++) {
        if (peer->routes[i].way == BC_WAY_TCP) {
            tcp[tcp_count++] = peer->routes[i].tcp;
        }
    }
    if (peer->port) {
        bc_port_remove_routes(peer);
        bc_port_remove_name(peer->port, &peer->names[0]);
        bc_port_remove_name(peer->port, &peer->names[1]);
        HASH_DEL(peer->port->ids, peer);
        bc_port_count(&peer->port->sessions, -1);
        bc_list_remove(&peer->node);
        bc_list_remove(&peer->batch_node);
    } else if (peer->transport.close) {
        peer->transport.close(peer->transport.user);
    }
    for (unsigned i = 0; i < tcp_count; i++) {
        bc_ice_tcp_close(tcp[i]);
    }
    atomic_fetch_sub(&peer->webrtc->sessions, 1);
    bc_worker_defer(peer->worker, &peer->free_task);
}

void
bc_peer_end(struct bc_peer *peer, bool clean, const char *reason)
{
    if (!peer->closed) {
        release(peer);
        peer->ops->on_closed(peer->user, clean, reason);
    }
}

void
bc_peer_close(struct bc_peer *peer, const char *reason)
{
    if (peer && !peer->closed) {
        bc_debug(peer->log, "closing: %s", reason);
        release(peer);
    }
}

// --- time ---

static void
set_timer(struct bc_peer *peer)
{
    if (peer->closed) {
        return;
    }
    int64_t now = bc_clock_us();
    int64_t due = peer->connected ? LOOK_US : peer->started_us + CONNECT_US - now;
    int64_t dtls = peer->dtls ? bc_dtls_timeout_us(peer->dtls) : -1;
    if (dtls >= 0 && dtls < due) {
        due = dtls;
    }
    bc_timer_set(&peer->timer, due < 0 ? 0 : due);
}

static void
on_timer(struct bc_timer *timer)
{
    struct bc_peer *peer = bc_container_of(timer, struct bc_peer, timer);
    int64_t now = bc_clock_us();
    if (!peer->connected && now - peer->started_us >= CONNECT_US) {
        bc_peer_end(peer, false,
            peer->selected.way == BC_WAY_NONE
                ? "no ICE check ever came: the media port is not reachable, or the "
                  "client left"
                : "the DTLS handshake did not end in time");
        return;
    }
    if (peer->port && peer->connected && now - peer->checked_us >= CONSENT_US) {
        bc_peer_end(peer, false, "the client is gone: no consent check for 35 s");
        return;
    }
    if (peer->dtls) {
        bc_dtls_tick(peer->dtls);
    }
    set_timer(peer);
}

// --- sending ---

static uint8_t *
reserve(struct bc_peer *peer, size_t len)
{
    switch (peer->selected.way) {
    case BC_WAY_UDP:
        return bc_udp_reserve(peer->port->sockets[peer->selected.socket].udp, len);
    case BC_WAY_TCP:
        return bc_ice_tcp_has_room(peer->selected.tcp) && len <= BC_PACKET_MAX
            ? peer->port->tcp_packet + 2
            : NULL;
    case BC_WAY_OTHER:
        return peer->transport.reserve(peer->transport.user, len);
    case BC_WAY_NONE:
        break;
    }
    return NULL;
}

static void
commit(struct bc_peer *peer, uint8_t *data, size_t len)
{
    switch (peer->selected.way) {
    case BC_WAY_UDP:
        bc_udp_commit(peer->port->sockets[peer->selected.socket].udp,
            &peer->selected.path, len);
        break;
    case BC_WAY_TCP:
        bc_ice_tcp_send(peer->selected.tcp, data, len);
        break;
    case BC_WAY_OTHER:
        peer->transport.commit(peer->transport.user, len);
        break;
    case BC_WAY_NONE:
        break;
    }
}

uint8_t *
bc_peer_reserve(struct bc_peer *peer, size_t len)
{
    return peer->connected && !peer->closed ? reserve(peer, len + BC_SRTCP_OVERHEAD)
                                            : NULL;
}

int
bc_peer_send_rtp(struct bc_peer *peer, uint8_t *packet, size_t len)
{
    int out = bc_srtp_protect(peer->srtp, packet, len);
    if (out > 0) {
        commit(peer, packet, (size_t)out);
    }
    return out;
}

int
bc_peer_send_rtcp(struct bc_peer *peer, const uint8_t *data, size_t len)
{
    uint8_t *room = bc_peer_reserve(peer, len);
    if (!room) {
        return -EAGAIN;
    }
    memcpy(room, data, len);
    int out = bc_srtp_protect_rtcp(peer->srtp, room, len);
    if (out > 0) {
        commit(peer, room, (size_t)out);
    }
    return out;
}

int
bc_peer_send_message(struct bc_peer *peer, uint16_t stream, bool binary,
    const uint8_t *data, size_t len)
{
    return peer->sctp ? bc_sctp_send(peer->sctp, stream, binary, data, len) : -ENOTCONN;
}

// --- DTLS ---

static void
dtls_send(void *user, const uint8_t *data, size_t len)
{
    struct bc_peer *peer = user;
    uint8_t *room = reserve(peer, len);
    if (room) {
        memcpy(room, data, len);
        commit(peer, room, len);
    }
}

static void
dtls_connected(void *user, const struct bc_srtp_keys *keys)
{
    struct bc_peer *peer = user;
    if (peer->closed) {
        return;
    }
    peer->srtp = bc_srtp_create(keys);
    peer->profile = keys->profile;
    if (!peer->srtp) {
        bc_peer_end(peer, false, "no memory for SRTP");
        return;
    }
    peer->connected = true;
    peer->checked_us = bc_clock_us();
    uncount(peer);
    peer->ops->on_connected(peer->user);
}

static void
dtls_data(void *user, const uint8_t *data, size_t len)
{
    struct bc_peer *peer = user;
    if (!peer->sctp && peer->data_agreed && !peer->closed) {
        bc_peer_open_sctp(peer);
    }
    if (peer->sctp) {
        bc_sctp_input(peer->sctp, data, len);
    }
}

static void
dtls_closed(void *user, const char *reason)
{
    bc_peer_end(user, false, reason);
}

static const struct bc_dtls_ops DTLS_OPS = { dtls_send, dtls_connected, dtls_data,
    dtls_closed };

int
bc_peer_start(struct bc_peer *peer, const struct bc_sdp *remote,
    const struct bc_sdp_session *session)
{
    peer->fingerprint_count = remote->fingerprint_count;
    memcpy(peer->fingerprints, remote->fingerprints, sizeof(peer->fingerprints));
    peer->dtls_client = session->dtls_client;
    peer->data_agreed = session->data.active;
    peer->sctp_port = session->sctp_port;
    snprintf(peer->names[0].ice.remote_ufrag, sizeof(peer->names[0].ice.remote_ufrag),
        "%s", remote->ufrag);
    peer->started_us = bc_clock_us();
    if (peer->port) {
        bc_port_add_name(peer->port, &peer->names[0]);
    }
    set_timer(peer);
    return 0;
}

void
bc_peer_start_dtls(struct bc_peer *peer)
{
    struct bc_dtls_params params = { .identity = peer->webrtc->identity,
        .client = peer->dtls_client, .fingerprints = peer->fingerprints,
        .fingerprint_count = peer->fingerprint_count, .ops = &DTLS_OPS, .user = peer };
    peer->dtls = bc_dtls_create(&params);
    if (!peer->dtls) {
        bc_peer_end(peer, false, "no memory for DTLS");
        return;
    }
    bc_dtls_start(peer->dtls);
    set_timer(peer);
}

void
bc_peer_transport_ready(struct bc_peer *peer)
{
    if (!peer->closed && !peer->dtls) {
        bc_peer_start_dtls(peer);
    }
}

// --- receiving ---

static void
input_rtp(struct bc_peer *peer, uint8_t *data, size_t len, int64_t now_us)
{
    int n = bc_srtp_unprotect(peer->srtp, data, len);
    struct bc_rtp_header h;
    if (n > 0 && bc_rtp_parse(data, (size_t)n, &h) == 0) {
        peer->ops->on_rtp(peer->user, &h, now_us);
    }
}

static void
input_rtcp(struct bc_peer *peer, uint8_t *data, size_t len, int64_t now_us)
{
    int n = bc_srtp_unprotect_rtcp(peer->srtp, data, len);
    if (n > 0) {
        peer->ops->on_rtcp(peer->user, data, (size_t)n, now_us);
    }
}

void
bc_peer_input(struct bc_peer *peer, uint8_t *data, size_t len, int64_t now_us)
{
    if (peer->closed) {
        return;
    }
    switch (bc_rtp_mux_kind(data, len)) {
    case BC_MUX_DTLS:
        if (peer->dtls) {
            bc_dtls_input(peer->dtls, data, len);
            set_timer(peer);
        }
        break;
    case BC_MUX_RTP:
        if (peer->connected) {
            input_rtp(peer, data, len, now_us);
        }
        break;
    case BC_MUX_RTCP:
        if (peer->connected) {
            input_rtcp(peer, data, len, now_us);
        }
        break;
    case BC_MUX_STUN:
    case BC_MUX_NONE:
        break;
    }
}

void
bc_peer_input_end(struct bc_peer *peer)
{
    if (!peer->closed && peer->ops->on_batch_end) {
        peer->ops->on_batch_end(peer->user);
    }
}

// --- what is known ---

bool
bc_peer_is_connected(const struct bc_peer *peer)
{
    return peer->connected && !peer->closed;
}

const char *
bc_peer_remote(const struct bc_peer *peer)
{
    return peer->remote_text;
}

const char *
bc_peer_srtp_profile(const struct bc_peer *peer)
{
    return peer->profile == BC_SRTP_AEAD_AES_128_GCM ? "AEAD_AES_128_GCM"
        : peer->profile == BC_SRTP_AES128_CM_SHA1_80 ? "AES128_CM_SHA1_80"
                                                     : "";
}

const char *
bc_peer_id(const struct bc_peer *peer)
{
    return peer->id;
}

void
bc_peer_etag(const struct bc_peer *peer, char out[BC_PEER_ETAG])
{
    snprintf(out, BC_PEER_ETAG, "\"%u\"", peer->generation);
}
