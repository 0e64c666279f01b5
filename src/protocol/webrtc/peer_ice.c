// SPDX-License-Identifier: Apache-2.0
// Where a session's peer is: ICE as its answering side, and what happens when it moves.
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "port_internal.h"

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
        bc_peer_start_dtls(peer);
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
    if (verdict == BC_ICE_REPLY) {
        bc_port_reply(peer->port, source, reply.data, reply.len);
        bc_debug(peer->log, "STUN refused: %s", reply.error);
        return;
    }
    peer->checked_us = bc_clock_us();
    if (name == &peer->names[0] && peer->names[1].listed) {
        bc_port_remove_name(peer->port, &peer->names[1]); // the restart succeeded
    }
    if (source->way == BC_WAY_TCP && source->tcp->peer != peer) {
        if (source->tcp->peer) {
            bc_port_reply(peer->port, source, reply.data, reply.len);
            return; // a connection belongs to one session
        }
        source->tcp->peer = peer;
    }
    // Known everywhere before the client may send on.
    bc_port_add_route(peer, source);
    bc_port_reply(peer->port, source, reply.data, reply.len);
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
