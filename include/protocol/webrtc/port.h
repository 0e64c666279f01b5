// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_WEBRTC_PORT_H
#define PROTOCOL_WEBRTC_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bc_dtls_identity;
struct bc_sctp_service;
struct bc_webrtc;
struct bc_webrtc_port;
struct bc_worker;

// The WebRTC media port (UDP, and TCP with RFC 4571 framing), shared by all sessions and
// all workers. A session lives on the worker that answered its offer; the kernel hands its
// datagrams to any worker. The beginning of a session's ICE ufrag tells its worker, so a
// check that arrives elsewhere is passed on, and from then on so are all datagrams of that
// address.

// What all workers share. Owned by the server; made before the workers start, destroyed
// after they were joined. NULL without memory or when OpenSSL fails.
struct bc_webrtc *
bc_webrtc_create(void);

// Ends the thread of the data channels, which may post to the workers until then: after
// these were joined, before their leftovers are run. NULL is fine.
void
bc_webrtc_stop(struct bc_webrtc *webrtc);

void
bc_webrtc_destroy(struct bc_webrtc *webrtc);

struct bc_dtls_identity *
bc_webrtc_identity(const struct bc_webrtc *webrtc);

// One worker's part of the port. Owned by the server. Created before the worker's thread
// runs.
struct bc_webrtc_port *
bc_webrtc_port_create(struct bc_webrtc *webrtc, struct bc_worker *worker);

// Listens on an address, UDP and TCP. False with a sentence in `error`.
bool
bc_webrtc_port_listen(
    struct bc_webrtc_port *port, const char *address, char *error, size_t error_len);

// Closes the sockets, and all sessions (their on_closed is called). Worker's thread.
void
bc_webrtc_port_drain(struct bc_webrtc_port *port);

// After the worker was joined.
void
bc_webrtc_port_destroy(struct bc_webrtc_port *port);

struct bc_worker *
bc_webrtc_port_worker(const struct bc_webrtc_port *port);

struct bc_webrtc_port_stats {
    uint64_t sessions;      // now
    uint64_t connecting;    // of these, not yet connected
    uint64_t opened;        // ever
    uint64_t never_connected;
    uint64_t datagrams_in;
    uint64_t bytes_in;
    uint64_t datagrams_out;
    uint64_t bytes_out;
    uint64_t sends;
    uint64_t blocked;
    uint64_t send_errors;
    uint64_t stray;         // datagrams that belong to no session
    uint64_t forwarded;     // to other workers
};

// Any thread.
void
bc_webrtc_port_stats(
    const struct bc_webrtc_port *port, struct bc_webrtc_port_stats *out);

#endif
