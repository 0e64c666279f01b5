// SPDX-License-Identifier: Apache-2.0
// The port of one worker: whose is a datagram?
#include "port_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/listener.h"

#define FORWARD_BYTES_MAX (256 * 1024) // of one batch to one worker
#define STRANGERS_BYTES_MAX (16 * 1024) // of one batch, looked at once more

// Datagrams for sessions of another worker, gathered over one batch: a row of struct
// forwarded and its bytes, each padded to eight. One to the worker itself holds what
// nobody was known for.
struct bc_forward {
    struct bc_task task;
    struct bc_webrtc_port *port; // whose they are
    unsigned from;               // worker
    struct bc_writer rows;
};

struct forwarded {
    struct bc_udp_path path;
    uint32_t socket;
    uint32_t len;
};

// Two base-36 digits at the front of each ufrag.
unsigned
bc_port_worker_of_ufrag(const char *ufrag)
{
    char text[3] = { ufrag[0], ufrag[0] ? ufrag[1] : '\0', '\0' };
    char *end;
    unsigned long n = strtoul(text, &end, 36);
    return *end == '\0' && end == text + 2 ? (unsigned)n : UINT32_MAX;
}

// --- to other workers ---

static void
run_forward(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_forward *f = bc_container_of(task, struct bc_forward, task);
    struct bc_source source
        = { .way = BC_WAY_UDP, .arrived_at = f->from, .passed_on = true };
    for (size_t at = 0; at < f->rows.len;) {
        struct forwarded row;
        memcpy(&row, f->rows.data + at, sizeof(row));
        source.path = row.path;
        source.socket = row.socket;
        bc_port_input(f->port, &source, f->rows.data + at + sizeof(row), row.len);
        at += sizeof(row) + ((row.len + 7) & ~(size_t)7);
    }
    bc_port_batch_end(f->port);
    bc_writer_finish(&f->rows);
    free(f);
}

static void
forward(struct bc_webrtc_port *port, unsigned worker, const struct bc_source *source,
    const uint8_t *data, size_t len)
{
    struct bc_forward *f = port->forwards[worker];
    if (!f) {
        f = calloc(1, sizeof(*f));
        if (!f) {
            return;
        }
        bc_list_init(&f->task.node);
        f->task.run = run_forward;
        f->port = port->webrtc->ports[worker];
        f->from = port->worker->index;
        port->forwards[worker] = f;
    }
    bool own = worker == port->worker->index;
    if (f->rows.len > (own ? STRANGERS_BYTES_MAX : FORWARD_BYTES_MAX)) {
        bc_port_count(&port->stray, own);
        return;
    }
    struct forwarded row;
    memset(&row, 0, sizeof(row));
    row.path = source->path;
    row.socket = source->socket;
    row.len = (uint32_t)len;
    bc_write_bytes(&f->rows, &row, sizeof(row));
    bc_write_bytes(&f->rows, data, len);
    bc_write_be(&f->rows, 0, (8 - len % 8) % 8);
    bc_port_count(&port->forwarded, !own);
}

// A check that arrived here made its address known at the session's worker, and the note
// of it may still wait in this worker's queue when the client has its answer and sends on.
// What goes through the same queue comes after the note.
static void
look_again(struct bc_webrtc_port *port, const struct bc_source *source,
    const uint8_t *data, size_t len)
{
    if (source->way == BC_WAY_UDP && !source->passed_on) {
        forward(port, port->worker->index, source, data, len);
    } else {
        bc_port_count(&port->stray, 1);
    }
}

// --- input ---

static void
touch(struct bc_peer *peer)
{
    if (bc_list_empty(&peer->batch_node)) {
        bc_list_append(&peer->port->batch, &peer->batch_node);
    }
}

static void
on_stun(struct bc_webrtc_port *port, const struct bc_source *source, const uint8_t *data,
    size_t len)
{
    char ufrag[BC_ICE_UFRAG];
    if (!bc_ice_peek_ufrag(data, len, ufrag)) {
        bc_port_count(&port->stray, 1);
        return;
    }
    struct bc_peer_name *name;
    HASH_FIND_STR(port->names, ufrag, name);
    if (name) {
        bc_peer_on_stun(name, source, data, len);
        return;
    }
    unsigned worker = bc_port_worker_of_ufrag(ufrag);
    // What was passed on to us already, or came by TCP, goes no further.
    if (source->way == BC_WAY_UDP && !source->passed_on && worker != port->worker->index
        && worker < port->webrtc->port_count) {
        forward(port, worker, source, data, len);
        return;
    }
    bc_port_count(&port->stray, 1);
}

void
bc_port_input(struct bc_webrtc_port *port, const struct bc_source *source, uint8_t *data,
    size_t len)
{
    if (bc_rtp_mux_kind(data, len) == BC_MUX_STUN) {
        on_stun(port, source, data, len);
        return;
    }
    struct bc_peer *peer = NULL;
    if (source->way == BC_WAY_TCP) {
        peer = source->tcp->peer;
    } else {
        struct bc_route *r = bc_port_find_route(port, source);
        if (r && !r->peer && source->arrived_at == port->worker->index) {
            forward(port, r->worker, source, data, len);
            return;
        }
        peer = r ? r->peer : NULL;
    }
    if (!peer) {
        look_again(port, source, data, len);
        return;
    }
    touch(peer);
    bc_peer_input(peer, data, len, bc_clock_us());
}

void
bc_port_batch_end(struct bc_webrtc_port *port)
{
    while (!bc_list_empty(&port->batch)) {
        struct bc_peer *peer
            = bc_container_of(port->batch.next, struct bc_peer, batch_node);
        bc_list_remove(&peer->batch_node);
        bc_peer_input_end(peer);
    }
    for (unsigned i = 0; i < port->webrtc->port_count; i++) {
        struct bc_forward *f = port->forwards[i];
        port->forwards[i] = NULL;
        if (f && f->rows.failed) {
            bc_writer_finish(&f->rows);
            free(f);
        } else if (f) {
            bc_worker_post(f->port->worker, &f->task);
        }
    }
}

static unsigned
socket_index(const struct bc_webrtc_port *port, const struct bc_udp *udp)
{
    unsigned i = 0;
    while (i + 1 < port->socket_count && port->sockets[i].udp != udp) {
        i++;
    }
    return i;
}

static void
on_datagram(void *user, struct bc_udp *udp, const struct bc_udp_path *path, uint8_t *data,
    size_t len)
{
    struct bc_webrtc_port *port = user;
    struct bc_source source = { .way = BC_WAY_UDP, .path = *path,
        .socket = socket_index(port, udp), .arrived_at = port->worker->index };
    bc_port_input(port, &source, data, len);
}

static void
on_batch_end(void *user, struct bc_udp *udp)
{
    (void)udp;
    bc_port_batch_end(user);
}

static void
on_writable(void *user, struct bc_udp *udp)
{
    struct bc_webrtc_port *port = user;
    unsigned socket = socket_index(port, udp);
    bc_list_for_each(node, tmp, &port->peers)
    {
        struct bc_peer *peer = bc_container_of(node, struct bc_peer, node);
        if (peer->connected && peer->selected.way == BC_WAY_UDP
            && peer->selected.socket == socket && peer->ops->on_writable) {
            peer->ops->on_writable(peer->user);
        }
    }
}

static const struct bc_udp_ops UDP_OPS = { on_datagram, on_batch_end, on_writable };

void
bc_port_reply(struct bc_webrtc_port *port, const struct bc_source *source,
    const uint8_t *data, size_t len)
{
    if (source->way == BC_WAY_TCP) {
        memcpy(port->tcp_packet + 2, data, len);
        bc_ice_tcp_send(source->tcp, port->tcp_packet + 2, len);
        return;
    }
    struct bc_udp *udp = port->sockets[source->socket].udp;
    uint8_t *room = bc_udp_reserve(udp, len);
    if (room) {
        memcpy(room, data, len);
        bc_udp_commit(udp, &source->path, len);
    }
}

// --- life ---

struct bc_webrtc_port *
bc_webrtc_port_create(struct bc_webrtc *webrtc, struct bc_worker *worker)
{
    struct bc_webrtc_port *port = calloc(1, sizeof(*port));
    if (!port) {
        return NULL;
    }
    port->webrtc = webrtc;
    port->worker = worker;
    bc_list_init(&port->peers);
    bc_list_init(&port->batch);
    bc_list_init(&port->tcp_conns);
    webrtc->ports[worker->index] = port;
    if (webrtc->port_count <= worker->index) {
        webrtc->port_count = worker->index + 1;
    }
    return port;
}

static void
on_accept(void *user, struct bc_worker *worker, int fd)
{
    (void)worker;
    bc_ice_tcp_accept(user, fd);
}

// Splits the text of an address that the configuration has checked.
static void
parse_listen(const char *address, struct bc_config_listen *out)
{
    const char *colon = strrchr(address, ':');
    bool bracketed = address[0] == '[';
    size_t len = (size_t)(colon - address) - (bracketed ? 2 : 0);
    memset(out, 0, sizeof(*out));
    memcpy(out->host, address + bracketed, len < sizeof(out->host) ? len : 0);
    out->port = (uint16_t)atoi(colon + 1);
}

bool
bc_webrtc_port_listen(
    struct bc_webrtc_port *port, const char *address, char *error, size_t error_len)
{
    struct bc_port_socket *s = &port->sockets[port->socket_count];
    bool first = port->worker->index == 0;
    if (first
        && (bc_udp_probe(address, error, error_len) != 0
            || bc_listener_probe(address, error, error_len) != 0)) {
        return false;
    }
    s->udp = bc_udp_create(port->worker, address, &UDP_OPS, port, error, error_len);
    s->tcp = s->udp
        ? bc_listener_create(port->worker, address, on_accept, port, error, error_len)
        : NULL;
    parse_listen(address, &s->address);
    port->socket_count++;
    return s->tcp != NULL;
}

static void
close_sockets(struct bc_webrtc_port *port)
{
    for (unsigned i = 0; i < port->socket_count; i++) {
        bc_listener_close(port->sockets[i].tcp);
        bc_udp_close(port->sockets[i].udp);
        port->sockets[i].tcp = NULL;
    }
}

void
bc_webrtc_port_drain(struct bc_webrtc_port *port)
{
    port->drained = true;
    while (!bc_list_empty(&port->peers)) {
        bc_peer_end(bc_container_of(port->peers.next, struct bc_peer, node), false,
            "the server is going down");
    }
    bc_list_for_each(node, tmp, &port->tcp_conns)
    {
        bc_ice_tcp_close(bc_container_of(node, struct bc_ice_tcp, node));
    }
    close_sockets(port);
}

void
bc_webrtc_port_destroy(struct bc_webrtc_port *port)
{
    if (!port) {
        return;
    }
    close_sockets(port);
    for (unsigned i = 0; i < port->socket_count; i++) {
        bc_udp_destroy(port->sockets[i].udp);
    }
    struct bc_route *r;
    struct bc_route *tmp;
    HASH_ITER(hh, port->routes, r, tmp)
    {
        HASH_DEL(port->routes, r);
        free(r);
    }
    for (unsigned i = 0; i < BC_WORKER_MAX; i++) {
        if (port->forwards[i]) {
            bc_writer_finish(&port->forwards[i]->rows);
            free(port->forwards[i]);
        }
    }
    free(port);
}

struct bc_worker *
bc_webrtc_port_worker(const struct bc_webrtc_port *port)
{
    return port->worker;
}

void
bc_webrtc_port_stats(const struct bc_webrtc_port *port, struct bc_webrtc_port_stats *out)
{
    memset(out, 0, sizeof(*out));
    for (unsigned i = 0; i < port->socket_count; i++) {
        struct bc_udp_stats u;
        bc_udp_stats(port->sockets[i].udp, &u);
        out->datagrams_in += u.datagrams_in;
        out->bytes_in += u.bytes_in;
        out->datagrams_out += u.datagrams_out;
        out->bytes_out += u.bytes_out;
        out->sends += u.sends;
        out->blocked += u.blocked;
        out->send_errors += u.errors;
    }
    out->sessions = atomic_load_explicit(&port->sessions, memory_order_relaxed);
    out->connecting = atomic_load_explicit(&port->connecting, memory_order_relaxed);
    out->opened = atomic_load_explicit(&port->opened, memory_order_relaxed);
    out->never_connected
        = atomic_load_explicit(&port->never_connected, memory_order_relaxed);
    out->stray = atomic_load_explicit(&port->stray, memory_order_relaxed);
    out->forwarded = atomic_load_explicit(&port->forwarded, memory_order_relaxed);
}
