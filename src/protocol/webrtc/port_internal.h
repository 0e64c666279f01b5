// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_WEBRTC_PORT_INTERNAL_H
#define PROTOCOL_WEBRTC_PORT_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/table.h"
#include "base/writer.h"
#include "config/config.h"
#include "net/tcp.h"
#include "net/timer.h"
#include "net/udp.h"
#include "net/worker.h"
#include "protocol/webrtc/dtls.h"
#include "protocol/webrtc/framing.h"
#include "protocol/webrtc/ice.h"
#include "protocol/webrtc/peer.h"
#include "protocol/webrtc/port.h"
#include "protocol/webrtc/sctp.h"

#define BC_PEER_ROUTES 4
#define BC_PACKET_MAX 2048

struct bc_ice_tcp;
struct bc_ice_tcp_handover;
struct bc_listener;

// Sessions of one address that are not connected yet.
struct bc_connecting {
    UT_hash_handle hh;
    char ip[64];
    unsigned count;
};

struct bc_webrtc {
    struct bc_dtls_identity *identity;
    pthread_mutex_t lock; // guards connecting and sctp
    struct bc_connecting *connecting;
    struct bc_sctp_service *sctp; // made when the first session needs it
    struct bc_webrtc_port *ports[BC_WORKER_MAX]; // set before the workers run
    unsigned port_count;
    atomic_uint_fast64_t sessions;
};

// Who gets what comes from an address: a session here, or another worker.
struct bc_route_key {
    struct bc_udp_address remote;
    uint32_t socket; // index in port->sockets
    uint32_t zero;
};

struct bc_route {
    UT_hash_handle hh;
    struct bc_route_key key;
    struct bc_peer *peer;        // NULL: `worker` has it
    unsigned worker;
};

// One listening address.
struct bc_port_socket {
    struct bc_udp *udp;
    struct bc_listener *tcp;
    struct bc_config_listen address;
};

struct bc_webrtc_port {
    struct bc_webrtc *webrtc; // borrowed
    struct bc_worker *worker; // borrowed
    struct bc_port_socket sockets[BC_CONFIG_MAX_LISTEN];
    unsigned socket_count;
    struct bc_list peers;
    struct bc_list batch;     // peers that got something in this batch
    struct bc_list tcp_conns;
    struct bc_peer_name *names; // table by ufrag
    struct bc_peer *ids;        // table by id
    struct bc_route *routes;    // table by address
    struct bc_forward *forwards[BC_WORKER_MAX]; // being filled in this batch
    uint8_t tcp_packet[BC_PACKET_MAX + 2]; // what is being written for a TCP peer
    bool drained;
    atomic_uint_fast64_t sessions;
    atomic_uint_fast64_t connecting;
    atomic_uint_fast64_t opened;
    atomic_uint_fast64_t never_connected;
    atomic_uint_fast64_t stray;
    atomic_uint_fast64_t forwarded;
};

// The credentials of one ICE generation of a peer, as a row of the port's table.
struct bc_peer_name {
    UT_hash_handle hh;
    struct bc_ice ice;
    struct bc_peer *peer;
    bool listed;
};

// Which way packets of a peer go.
enum bc_way { BC_WAY_NONE, BC_WAY_UDP, BC_WAY_TCP, BC_WAY_OTHER };

// Where a datagram came from.
struct bc_source {
    enum bc_way way;
    struct bc_udp_path path;  // UDP
    unsigned socket;          // UDP
    unsigned arrived_at;      // UDP: the worker whose socket it was
    bool passed_on;           // UDP: came through a worker's queue
    struct bc_ice_tcp *tcp;   // TCP
};

struct bc_peer {
    struct bc_list node;       // in port->peers
    struct bc_list batch_node; // in port->batch
    UT_hash_handle hh;         // in port->ids
    char id[BC_PEER_ID];
    struct bc_webrtc *webrtc;    // borrowed
    struct bc_webrtc_port *port; // borrowed; NULL when over another transport
    struct bc_worker *worker;    // borrowed
    struct bc_peer_transport transport; // with port NULL
    const struct bc_peer_ops *ops;
    void *user;
    const struct bc_logger *log;
    char peer_ip[64];
    // names[0] counts; names[1] holds the former ones during an ICE restart.
    struct bc_peer_name names[2];
    unsigned generation;
    uint64_t session_id;
    struct bc_source selected;  // where media goes
    char remote_text[BC_UDP_ADDRESS_TEXT + 8];
    struct bc_source routes[BC_PEER_ROUTES]; // addresses that lead here
    unsigned route_count;
    // Made when the peer shows up: a session that never connects costs little.
    struct bc_dtls *dtls;
    struct bc_sdp_fingerprint fingerprints[BC_SDP_FINGERPRINTS_MAX];
    unsigned fingerprint_count;
    struct bc_srtp *srtp;
    enum bc_srtp_profile profile;
    struct bc_sctp_association *sctp;
    bool data_agreed;
    bool dtls_client;
    uint16_t sctp_port;
    struct bc_timer timer;
    int64_t started_us;
    int64_t checked_us;  // the last authenticated check
    bool counted;        // in webrtc->connecting
    bool connected;
    bool closed;
    struct bc_task free_task;
};

// An ICE-TCP connection, RFC 6544 passive: frames of RFC 4571. Frees itself.
struct bc_ice_tcp {
    struct bc_list node;
    struct bc_webrtc_port *port; // borrowed
    struct bc_tcp *tcp;
    struct bc_rtp_framing framing;
    struct bc_peer *peer;        // NULL until a check told
    struct bc_timer timer;       // who says nothing is closed
    struct bc_ice_tcp_handover *handover; // owned; while it goes to another worker
    struct bc_task free_task;
    bool closed;
};

static inline void
bc_port_count(atomic_uint_fast64_t *counter, int n)
{
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(
        counter, (uint64_t)((int64_t)value + n), memory_order_relaxed);
}

// --- webrtc.c ---

void
bc_webrtc_count_connecting(struct bc_webrtc *webrtc, const char *peer_ip, int delta);

// The SCTP thread, made when it is first needed; NULL without memory. Any thread.
struct bc_sctp_service *
bc_webrtc_sctp(struct bc_webrtc *webrtc);

// --- port_routes.c ---

void
bc_port_add_name(struct bc_webrtc_port *port, struct bc_peer_name *name);

void
bc_port_remove_name(struct bc_webrtc_port *port, struct bc_peer_name *name);

// Datagrams from this source are the peer's from now on.
void
bc_port_add_route(struct bc_peer *peer, const struct bc_source *source);

void
bc_port_remove_routes(struct bc_peer *peer);

// NULL: nobody is known at this address.
struct bc_route *
bc_port_find_route(struct bc_webrtc_port *port, const struct bc_source *source);

// --- port.c ---

// Any datagram for this worker, from its own sockets, another worker's or TCP.
void
bc_port_input(struct bc_webrtc_port *port, const struct bc_source *source, uint8_t *data,
    size_t len);

void
bc_port_batch_end(struct bc_webrtc_port *port);

// A STUN reply goes back where the request came from.
void
bc_port_reply(struct bc_webrtc_port *port, const struct bc_source *source,
    const uint8_t *data, size_t len);

unsigned
bc_port_worker_of_ufrag(const char *ufrag);

// --- port_tcp.c ---

void
bc_ice_tcp_accept(struct bc_webrtc_port *port, int fd);

void
bc_ice_tcp_close(struct bc_ice_tcp *conn);

// False when the connection is too full.
bool
bc_ice_tcp_has_room(const struct bc_ice_tcp *conn);

// `data` has two bytes of room before it.
void
bc_ice_tcp_send(struct bc_ice_tcp *conn, uint8_t *data, size_t len);

// --- peer.c ---

// The peer showed up: from now on it may shake hands.
void
bc_peer_start_dtls(struct bc_peer *peer);

// --- peer_ice.c ---

void
bc_peer_on_stun(struct bc_peer_name *name, const struct bc_source *source,
    const uint8_t *data, size_t len);

// The TCP connection is gone.
void
bc_peer_lost_tcp(struct bc_peer *peer, struct bc_ice_tcp *conn);

// --- peer_sctp.c ---

// Made when the first packet comes: a viewer whose page opens no channel costs nothing.
void
bc_peer_open_sctp(struct bc_peer *peer);

#endif
