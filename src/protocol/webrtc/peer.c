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

// --- SCTP ---

static void
sctp_send(void *user, const uint8_t *data, size_t len)
{
    struct bc_peer *peer = user;
    bc_dtls_send(peer->dtls, data, len);
}

static void
sctp_open(void *user, uint16_t stream, const char *label)
{
    struct bc_peer *peer = user;
    if (peer->ops->on_channel_open) {
        peer->ops->on_channel_open(peer->user, stream, label);
    }
}

static void
sctp_message(void *user, uint16_t stream, bool binary, const uint8_t *data, size_t len)
{
    struct bc_peer *peer = user;
    if (peer->ops->on_message) {
        peer->ops->on_message(peer->user, stream, binary, data, len);
    }
}

static void
sctp_channel_closed(void *user, uint16_t stream)
{
    (void)user;
    (void)stream; // sending on it fails from now on
}

static void
sctp_closed(void *user, const char *reason)
{
    struct bc_peer *peer = user;
    bc_debug(peer->log, "data channels closed: %s", reason);
    bc_sctp_association_destroy(peer->sctp);
    peer->sctp = NULL;
    peer->data_agreed = false;
}

static const struct bc_sctp_ops SCTP_OPS = { sctp_send, sctp_open, sctp_message,
    sctp_channel_closed, sctp_closed };

// Made when the first packet comes: a viewer whose page opens no channel costs nothing.
static void
open_sctp(struct bc_peer *peer)
{
    struct bc_sctp_params params = { .service = bc_webrtc_sctp(peer->webrtc),
        .worker = peer->worker, .local_port = 5000, .remote_port = peer->sctp_port,
        .dtls_client = peer->dtls_client, .ops = &SCTP_OPS, .user = peer };
    peer->sctp = params.service ? bc_sctp_association_create(&params) : NULL;
    peer->data_agreed = peer->sctp != NULL;
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
        open_sctp(peer);
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

// The peer showed up: from now on it may shake hands.
static void
start_dtls(struct bc_peer *peer)
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
        start_dtls(peer);
    }
}

// --- ICE ---

void
bc_peer_local(struct bc_peer *peer, struct bc_sdp_local *out)
{
    out->ufrag = peer->names[0].ice.ufrag;
    out->pwd = peer->names[0].ice.pwd;
    out->fingerprint = bc_dtls_identity_fingerprint(peer->webrtc->identity);
    out->session_id = peer->session_id;
    out->ice_lite = peer->port != NULL;
}

int
bc_peer_restart_ice(struct bc_peer *peer, const char *remote_ufrag)
{
    struct bc_peer_name *now = &peer->names[0];
    struct bc_peer_name *former = &peer->names[1];
    char prefix[3] = { now->ice.ufrag[0], now->ice.ufrag[1], '\0' };
    bool pending = former->listed; // the last restart was not taken up: it never counted
    bc_port_remove_name(peer->port, former);
    bc_port_remove_name(peer->port, now);
    if (!pending) {
        *former = (struct bc_peer_name){ .ice = now->ice, .peer = peer };
    }
    *now = (struct bc_peer_name){ .peer = peer };
    bc_ice_init(&now->ice, prefix);
    snprintf(now->ice.remote_ufrag, sizeof(now->ice.remote_ufrag), "%s", remote_ufrag);
    bc_port_add_name(peer->port, now);
    bc_port_add_name(peer->port, former);
    peer->generation++;
    return 0;
}

static void
select_path(struct bc_peer *peer, const struct bc_source *source)
{
    bool first = peer->selected.way == BC_WAY_NONE;
    char text[BC_UDP_ADDRESS_TEXT];
    if (source->way == BC_WAY_UDP) {
        bc_udp_address_format(&source->path.remote, text);
    } else {
        snprintf(text, sizeof(text), "%s", bc_tcp_peer(source->tcp->tcp));
    }
    char old[sizeof(peer->remote_text)];
    memcpy(old, peer->remote_text, sizeof(old));
    snprintf(peer->remote_text, sizeof(peer->remote_text), "%s %s", text,
        source->way == BC_WAY_UDP ? "udp" : "tcp");
    peer->selected = *source;
    if (!first && strcmp(old, peer->remote_text) != 0) {
        bc_info(peer->log, "moved from %s to %s", old, peer->remote_text);
    }
    if (!peer->dtls) {
        start_dtls(peer);
    }
}

static bool
is_selected(const struct bc_peer *peer, const struct bc_source *source)
{
    return peer->selected.way == source->way && peer->selected.tcp == source->tcp
        && peer->selected.socket == source->socket
        && memcmp(&peer->selected.path, &source->path, sizeof(source->path)) == 0;
}

void
bc_peer_on_stun(struct bc_peer_name *name, const struct bc_source *source,
    const uint8_t *data, size_t len)
{
    struct bc_peer *peer = name->peer;
    struct sockaddr_storage from;
    struct bc_ice_reply reply;
    struct bc_udp_address address = source->path.remote;
    if (source->way == BC_WAY_TCP) {
        socklen_t from_len = sizeof(from);
        if (getpeername(bc_tcp_fd(source->tcp->tcp), (struct sockaddr *)&from, &from_len)
            != 0) {
            return;
        }
        bc_udp_address_from_sockaddr((struct sockaddr *)&from, &address);
    }
    bc_udp_address_to_sockaddr(&address, &from);
    enum bc_ice_verdict verdict
        = bc_ice_handle(&name->ice, data, len, (struct sockaddr *)&from, &reply);
    if (verdict == BC_ICE_IGNORE) {
        return;
    }
    bc_port_reply(peer->port, source, reply.data, reply.len);
    if (verdict == BC_ICE_REPLY) {
        bc_debug(peer->log, "STUN refused: %s", reply.error);
        return;
    }
    peer->checked_us = bc_clock_us();
    if (name == &peer->names[0] && peer->names[1].listed) {
        bc_port_remove_name(peer->port, &peer->names[1]); // the restart succeeded
    }
    if (source->way == BC_WAY_TCP && source->tcp->peer != peer) {
        if (source->tcp->peer) {
            return; // a connection belongs to one session
        }
        source->tcp->peer = peer;
    }
    bc_port_add_route(peer, source);
    // A controlled agent sends where the other side nominates; until it does, any checked
    // path is good for answering.
    if (peer->selected.way == BC_WAY_NONE
        || (verdict == BC_ICE_NOMINATE && !is_selected(peer, source))) {
        select_path(peer, source);
    }
}

void
bc_peer_lost_tcp(struct bc_peer *peer, struct bc_ice_tcp *conn)
{
    for (unsigned i = 0; i < peer->route_count; i++) {
        if (peer->routes[i].tcp == conn) {
            peer->routes[i] = peer->routes[--peer->route_count];
            break;
        }
    }
    if (peer->selected.tcp != conn) {
        return;
    }
    // Another checked path, or none until the client's next check; consent ends it then.
    memset(&peer->selected, 0, sizeof(peer->selected));
    if (peer->route_count > 0) {
        select_path(peer, &peer->routes[peer->route_count - 1]);
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
