// SPDX-License-Identifier: Apache-2.0
// Which addresses and names lead to which session.
#include <stdlib.h>
#include <string.h>

#include "port_internal.h"

// Tells the worker at which an address arrives whose it is, or that it is no more.
struct route_note {
    struct bc_task task;
    struct bc_webrtc_port *port;
    struct bc_route_key key;
    unsigned worker;
    bool add;
};

static struct bc_route_key
route_key(const struct bc_source *source)
{
    struct bc_route_key key;
    memset(&key, 0, sizeof(key));
    key.remote = source->path.remote;
    key.socket = source->socket;
    return key;
}

static void
set_route(struct bc_webrtc_port *port, const struct bc_route_key *key,
    struct bc_peer *peer, unsigned worker)
{
    struct bc_route *r;
    HASH_FIND(hh, port->routes, key, sizeof(*key), r);
    if (!r) {
        r = calloc(1, sizeof(*r));
        if (!r) {
            return;
        }
        r->key = *key;
        HASH_ADD(hh, port->routes, key, sizeof(r->key), r);
    }
    r->peer = peer;
    r->worker = worker;
}

static void
drop_route(struct bc_webrtc_port *port, const struct bc_route_key *key,
    const struct bc_peer *peer, unsigned worker)
{
    struct bc_route *r;
    HASH_FIND(hh, port->routes, key, sizeof(*key), r);
    // The address may belong to another session by now.
    if (r && r->peer == peer && (peer || r->worker == worker)) {
        HASH_DEL(port->routes, r);
        free(r);
    }
}

static void
run_route_note(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct route_note *n = bc_container_of(task, struct route_note, task);
    if (n->add) {
        set_route(n->port, &n->key, NULL, n->worker);
    } else {
        drop_route(n->port, &n->key, NULL, n->worker);
    }
    free(n);
}

static void
post_route_note(
    const struct bc_webrtc_port *from, const struct bc_source *source, bool add)
{
    struct route_note *n = calloc(1, sizeof(*n));
    if (!n) {
        return; // its datagrams are dropped there until the next check
    }
    bc_list_init(&n->task.node);
    n->task.run = run_route_note;
    n->port = from->webrtc->ports[source->arrived_at];
    n->key = route_key(source);
    n->worker = from->worker->index;
    n->add = add;
    bc_worker_post(n->port->worker, &n->task);
}

static bool
same_source(const struct bc_source *a, const struct bc_source *b)
{
    return a->way == b->way && a->socket == b->socket && a->tcp == b->tcp
        && a->arrived_at == b->arrived_at
        && memcmp(&a->path.remote, &b->path.remote, sizeof(a->path.remote)) == 0;
}

static void
forget_route(struct bc_peer *peer, unsigned i)
{
    struct bc_source *s = &peer->routes[i];
    struct bc_webrtc_port *port = peer->port;
    if (s->way == BC_WAY_UDP) {
        struct bc_route_key key = route_key(s);
        drop_route(port, &key, peer, 0);
        if (s->arrived_at != port->worker->index) {
            post_route_note(port, s, false);
        }
    }
    // In order, the oldest first.
    peer->route_count--;
    memmove(&peer->routes[i], &peer->routes[i + 1],
        (peer->route_count - i) * sizeof(peer->routes[0]));
}

static bool
has_route(const struct bc_peer *peer, const struct bc_source *source)
{
    for (unsigned i = 0; i < peer->route_count; i++) {
        if (same_source(&peer->routes[i], source)) {
            return true;
        }
    }
    return false;
}

// Makes room: the oldest that is not in use goes.
static void
evict_route(struct bc_peer *peer)
{
    unsigned i = same_source(&peer->routes[0], &peer->selected) ? 1 : 0;
    struct bc_ice_tcp *tcp
        = peer->routes[i].way == BC_WAY_TCP ? peer->routes[i].tcp : NULL;
    forget_route(peer, i);
    if (tcp) {
        bc_ice_tcp_close(tcp); // it would know of the peer but not the peer of it
    }
}

void
bc_port_add_route(struct bc_peer *peer, const struct bc_source *source)
{
    struct bc_webrtc_port *port = peer->port;
    if (!has_route(peer, source)) {
        if (peer->route_count == BC_PEER_ROUTES) {
            evict_route(peer);
        }
        peer->routes[peer->route_count++] = *source;
    }
    if (source->way != BC_WAY_UDP) {
        return;
    }
    // Also when it was known: another session may have had the address meanwhile.
    struct bc_route_key key = route_key(source);
    set_route(port, &key, peer, 0);
    if (source->arrived_at != port->worker->index) {
        post_route_note(port, source, true);
    }
}

void
bc_port_remove_routes(struct bc_peer *peer)
{
    while (peer->route_count > 0) {
        forget_route(peer, peer->route_count - 1);
    }
}

void
bc_port_add_name(struct bc_webrtc_port *port, struct bc_peer_name *name)
{
    HASH_ADD_STR(port->names, ice.ufrag, name);
    name->listed = true;
}

void
bc_port_remove_name(struct bc_webrtc_port *port, struct bc_peer_name *name)
{
    if (name->listed) {
        HASH_DEL(port->names, name);
        name->listed = false;
    }
}

struct bc_route *
bc_port_find_route(struct bc_webrtc_port *port, const struct bc_source *source)
{
    struct bc_route_key key = route_key(source);
    struct bc_route *r;
    HASH_FIND(hh, port->routes, &key, sizeof(key), r);
    return r;
}
