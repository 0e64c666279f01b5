// SPDX-License-Identifier: Apache-2.0
// An association's socket in the library: WRTC-31.
#include "endpoint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service.h"
#include "usrsctp_glue.h"

// A DTLS record of 1200 bytes takes at most 65 for itself (a CBC suite); the common
// header of SCTP is not in the library's figure.
#define PATH_MTU 1120
#define SEND_BUFFER (64 * 1024)
#define RECEIVE_BUFFER (128 * 1024)

void
dc_endpoint_init(struct bc_sctp_association *a)
{
    bc_list_init(&a->endpoint.attention);
    dc_queue_init(&a->endpoint.outbox);
}

void
dc_endpoint_want_attention(struct bc_sctp_association *a)
{
    if (bc_list_empty(&a->endpoint.attention)) {
        bc_list_append(&a->service->attention, &a->endpoint.attention);
    }
}

void
dc_endpoint_doom(struct bc_sctp_association *a, const char *reason)
{
    if (!a->endpoint.doom[0]) {
        snprintf(a->endpoint.doom, sizeof(a->endpoint.doom), "%s", reason);
    }
    dc_endpoint_want_attention(a);
}

void
dc_endpoint_output(struct bc_sctp_association *a, const void *data, size_t len)
{
    dc_association_emit(a, DC_PACKET, 0, false, data, len);
}

// --- the socket ---

// The library's callback; never closes or sends, as its locks' order is its own.
static int
on_receive(struct socket *socket, union sctp_sockstore from, void *data, size_t len,
    struct sctp_rcvinfo info, int flags, void *ulp_info)
{
    (void)socket;
    (void)from;
    struct bc_sctp_association *a = dc_service_find(ulp_info);
    if (a && data && a->endpoint.state != DC_ENDPOINT_CLOSED) {
        if (flags & MSG_NOTIFICATION) {
            dc_channels_notification(a, data, len);
        } else {
            dc_channels_message(a, info.rcv_sid, ntohl(info.rcv_ppid),
                (flags & MSG_EOR) != 0, data, len);
        }
        dc_endpoint_want_attention(a);
    }
    free(data);
    return 1;
}

static bool
set_option(struct socket *s, int level, int name, const void *value, socklen_t len)
{
    return usrsctp_setsockopt(s, level, name, value, len) == 0;
}

static bool
set_events(struct socket *s)
{
    static const uint16_t TYPES[] = { SCTP_ASSOC_CHANGE, SCTP_STREAM_RESET_EVENT };
    for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++) {
        struct sctp_event event = { .se_assoc_id = SCTP_FUTURE_ASSOC,
            .se_type = TYPES[i], .se_on = 1 };
        if (!set_option(s, IPPROTO_SCTP, SCTP_EVENT, &event, sizeof(event))) {
            return false;
        }
    }
    return true;
}

static bool
set_options(struct bc_sctp_association *a, struct socket *s)
{
    const struct linger abort_on_close = { .l_onoff = 1 };
    const int on = 1;
    const int send_buffer = SEND_BUFFER;
    // Longer messages come in pieces and are dropped. The library wants twice as much
    // room.
    size_t most = a->limits.message_bytes;
    const uint32_t pieces_from
        = 1 + (uint32_t)(most > DC_CONTROL_MAX ? most : DC_CONTROL_MAX);
    const int receive_buffer
        = 2 * pieces_from > RECEIVE_BUFFER ? (int)(2 * pieces_from) : RECEIVE_BUFFER;
    const struct sctp_assoc_value resets = { .assoc_id = SCTP_FUTURE_ASSOC,
        .assoc_value = SCTP_ENABLE_RESET_STREAM_REQ };
    const struct sctp_initmsg init
        = { .sinit_num_ostreams = DC_STREAMS, .sinit_max_instreams = DC_STREAMS };
    // ICE asks whether the peer is there; SCTP need not.
    struct sctp_paddrparams path = { .spp_pathmtu = PATH_MTU,
        .spp_flags = SPP_PMTUD_DISABLE | SPP_HB_DISABLE };
    return usrsctp_set_non_blocking(s, 1) == 0
        && set_option(s, SOL_SOCKET, SO_LINGER, &abort_on_close, sizeof(abort_on_close))
        && set_option(s, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof(send_buffer))
        && set_option(s, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer))
        && set_option(s, IPPROTO_SCTP, SCTP_PARTIAL_DELIVERY_POINT, &pieces_from,
            sizeof(pieces_from))
        && set_option(s, IPPROTO_SCTP, SCTP_NODELAY, &on, sizeof(on))
        && set_option(s, IPPROTO_SCTP, SCTP_EXPLICIT_EOR, &on, sizeof(on))
        && set_option(s, IPPROTO_SCTP, SCTP_ENABLE_STREAM_RESET, &resets, sizeof(resets))
        && set_option(s, IPPROTO_SCTP, SCTP_INITMSG, &init, sizeof(init))
        && set_option(s, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, &path, sizeof(path))
        && set_events(s);
}

static bool
connect_socket(struct bc_sctp_association *a, struct socket *s)
{
    struct sockaddr_conn address = { .sconn_family = AF_CONN,
        .sconn_port = htons(a->local_port),
        .sconn_addr = dc_service_address(&a->endpoint) };
    if (usrsctp_bind(s, (struct sockaddr *)&address, sizeof(address)) != 0) {
        return false;
    }
    // Both sides connect; RFC 9260 5.2 makes one association of that.
    address.sconn_port = htons(a->remote_port);
    return usrsctp_connect(s, (struct sockaddr *)&address, sizeof(address)) == 0
        || errno == EINPROGRESS;
}

static void
open_socket(struct bc_sctp_association *a)
{
    struct dc_endpoint *e = &a->endpoint;
    dc_service_add(a->service, a);
    e->state = DC_ENDPOINT_CONNECTING;
    void *address = dc_service_address(e);
    usrsctp_register_address(address);
    e->socket = usrsctp_socket(
        AF_CONN, SOCK_STREAM, IPPROTO_SCTP, on_receive, NULL, 0, address);
    if (!e->socket || !set_options(a, e->socket) || !connect_socket(a, e->socket)) {
        char reason[DC_REASON];
        snprintf(reason, sizeof(reason), "no SCTP socket: %s", strerror(errno));
        dc_endpoint_doom(a, reason);
    }
}

void
dc_endpoint_close(struct bc_sctp_association *a)
{
    struct dc_endpoint *e = &a->endpoint;
    if (e->state == DC_ENDPOINT_CLOSED) {
        return;
    }
    bool opened = e->state != DC_ENDPOINT_NEW;
    e->state = DC_ENDPOINT_CLOSED;
    if (e->socket) {
        usrsctp_close(e->socket); // an ABORT goes out
        e->socket = NULL;
    }
    if (opened) {
        usrsctp_deregister_address(dc_service_address(e));
        dc_service_remove(a->service, a);
    }
    dc_outbox_clear(a);
    dc_association_unref(a); // the service's
}

// --- work ---

static void
reset_streams(struct bc_sctp_association *a)
{
    struct dc_endpoint *e = &a->endpoint;
    // Room for the head and all streams, aligned as the head is.
    uint32_t room[(sizeof(struct sctp_reset_streams) + 2 * DC_STREAMS) / 4 + 1];
    struct sctp_reset_streams *request = (struct sctp_reset_streams *)room;
    memset(room, 0, sizeof(room));
    request->srs_flags = SCTP_STREAM_RESET_OUTGOING;
    for (unsigned i = 0; i < DC_STREAMS; i++) {
        if (e->resets[i / 8] & 1u << i % 8) {
            request->srs_stream_list[request->srs_number_streams++] = (uint16_t)i;
        }
    }
    if (request->srs_number_streams > 0) {
        memset(e->resets, 0, sizeof(e->resets));
        // The library does it as soon as what was sent before is through. Where it
        // cannot, the peer has fewer streams or knows no resets: nothing to be done.
        (void)set_option(e->socket, IPPROTO_SCTP, SCTP_RESET_STREAMS, request,
            (socklen_t)(sizeof(*request) + 2u * request->srs_number_streams));
    }
}

void
dc_endpoint_settle(struct bc_sctp_association *a)
{
    struct dc_endpoint *e = &a->endpoint;
    bc_list_remove(&e->attention);
    if (e->state == DC_ENDPOINT_CLOSED) {
        return;
    }
    if (!e->doom[0] && e->state == DC_ENDPOINT_UP) {
        dc_outbox_flush(a);
        reset_streams(a);
    }
    if (e->doom[0]) {
        char reason[DC_REASON];
        memcpy(reason, e->doom, sizeof(reason));
        atomic_fetch_add(&a->refs, 1);
        dc_endpoint_close(a);
        dc_association_end(a, reason);
        dc_association_unref(a);
    }
}

void
dc_endpoint_run(struct bc_sctp_association *a, struct dc_queue *packets,
    struct dc_queue *orders)
{
    struct dc_endpoint *e = &a->endpoint;
    if (e->state == DC_ENDPOINT_CLOSED) {
        return;
    }
    if (e->state == DC_ENDPOINT_NEW) {
        open_socket(a);
    }
    dc_outbox_take(a, orders);
    struct dc_item *packet;
    while (!e->doom[0] && (packet = dc_queue_first(packets)) != NULL) {
        usrsctp_conninput(dc_service_address(e), packet->data, packet->len, 0);
        dc_queue_drop(packets, packet);
    }
    dc_endpoint_settle(a);
}
