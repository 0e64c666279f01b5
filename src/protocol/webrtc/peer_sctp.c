// SPDX-License-Identifier: Apache-2.0
// Data channels of a session.
#include "port_internal.h"

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

void
bc_peer_open_sctp(struct bc_peer *peer)
{
    struct bc_sctp_params params = { .service = bc_webrtc_sctp(peer->webrtc),
        .worker = peer->worker, .local_port = 5000, .remote_port = peer->sctp_port,
        .dtls_client = peer->dtls_client, .ops = &SCTP_OPS, .user = peer };
    peer->sctp = params.service ? bc_sctp_association_create(&params) : NULL;
    peer->data_agreed = peer->sctp != NULL;
}
