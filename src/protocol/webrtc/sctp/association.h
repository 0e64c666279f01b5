// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_WEBRTC_SCTP_ASSOCIATION_H
#define PROTOCOL_WEBRTC_SCTP_ASSOCIATION_H

#include <pthread.h>
#include <stdatomic.h>

#include "endpoint.h"
#include "net/worker.h"
#include "protocol/webrtc/sctp.h"
#include "queue.h"

// A channel as the session knows it.
struct dc_known_channel {
    bool used;
    uint16_t stream;
    char *label; // owned; of a channel that we open, until it is open
};

// One peer's data channels: the session's half, the service's half and the queues between
// them. Shared by the two threads and counted: the session has a reference, the service,
// and each task that is in an inbox. Neither thread waits for the other, and once the
// session has let go, its worker is not touched again.
struct bc_sctp_association {
    struct bc_sctp_service *service; // borrowed; the service's half only
    struct bc_worker *worker;        // borrowed; of the session
    struct bc_worker *service_worker; // borrowed
    uint16_t local_port;
    uint16_t remote_port;
    bool dtls_client;
    struct bc_sctp_limits limits;
    const struct bc_sctp_ops *ops;
    void *user;
    atomic_uint refs;

    pthread_mutex_t lock;    // guards the following, to session_task
    struct dc_queue packets; // from DTLS
    struct dc_queue orders;  // OPEN, MESSAGE and CLOSE of the session
    size_t unsent_bytes;     // of the orders and of the endpoint's outbox
    struct dc_queue events;  // for the session
    bool gone;               // the session has let go
    bool over;               // the service has
    char reason[DC_REASON];  // why
    bool service_posted;
    bool session_posted;
    struct bc_task service_task;
    struct bc_task session_task;

    // The session's worker only.
    bool destroyed;
    struct dc_known_channel known[DC_CHANNELS_MAX];
    uint16_t next_stream; // of a channel that we open

    // The service's thread only.
    struct dc_endpoint endpoint;
};

void
dc_association_unref(struct bc_sctp_association *a);

// Service's thread: hands something to the session. Dropped when the session is gone, has
// no room or there is no memory; false then.
bool
dc_association_emit(
    struct bc_sctp_association *a, enum dc_kind kind, uint16_t stream, bool binary,
    const void *data, size_t len);

// Service's thread: nothing follows but on_closed.
void
dc_association_end(struct bc_sctp_association *a, const char *reason);

// Service's thread: these bytes came to the outbox, or left it.
void
dc_association_count_unsent(struct bc_sctp_association *a, size_t came, size_t left);

#endif
