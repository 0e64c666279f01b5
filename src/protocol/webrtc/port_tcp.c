// SPDX-License-Identifier: Apache-2.0
// ICE-TCP: where UDP is blocked, the same packets come over a connection.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "port_internal.h"

#define FIRST_CHECK_US 10000000
// What may wait for a peer; more would only be late.
#define QUEUE_BYTES (256 * 1024)

// A connection whose session lives on another worker, with all that was read of it already.
struct bc_ice_tcp_handover {
    struct bc_task task;
    struct bc_webrtc_port *port;
    int fd;
    struct bc_writer data;
};

static void
open_conn(struct bc_webrtc_port *port, int fd, const uint8_t *data, size_t len);

static void
run_free(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_ice_tcp *conn = bc_container_of(task, struct bc_ice_tcp, free_task);
    bc_rtp_framing_finish(&conn->framing);
    free(conn);
}

// Lets go of everything but the peer.
static void
release(struct bc_ice_tcp *conn)
{
    if (conn->closed) {
        return;
    }
    conn->closed = true;
    bc_timer_cancel(&conn->timer);
    bc_list_remove(&conn->node);
    bc_worker_defer(conn->port->worker, &conn->free_task);
}

void
bc_ice_tcp_close(struct bc_ice_tcp *conn)
{
    if (!conn->closed) {
        bc_tcp_close(conn->tcp);
        conn->peer = NULL;
        release(conn);
    }
}

static void
on_closed(void *user, const char *reason)
{
    (void)reason;
    struct bc_ice_tcp *conn = user;
    struct bc_peer *peer = conn->peer;
    conn->peer = NULL;
    release(conn);
    if (peer) {
        bc_peer_lost_tcp(peer, conn);
    }
}

static void
on_first_timeout(struct bc_timer *timer)
{
    bc_ice_tcp_close(bc_container_of(timer, struct bc_ice_tcp, timer));
}

static void
run_handover(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_ice_tcp_handover *h
        = bc_container_of(task, struct bc_ice_tcp_handover, task);
    if (h->port->drained || h->data.failed) {
        close(h->fd);
    } else {
        open_conn(h->port, h->fd, h->data.data, h->data.len);
    }
    bc_writer_finish(&h->data);
    free(h);
}

static void
add_frame(struct bc_ice_tcp_handover *h, const uint8_t *frame, size_t len)
{
    bc_write_be(&h->data, len, BC_RTP_FRAMING_HEAD);
    bc_write_bytes(&h->data, frame, len);
}

// The first check tells the session; if that lives on another worker, the connection goes
// there. True when it goes.
static bool
begin_handover(struct bc_ice_tcp *conn, const uint8_t *frame, size_t len)
{
    char ufrag[BC_ICE_UFRAG];
    struct bc_webrtc_port *port = conn->port;
    if (!bc_ice_peek_ufrag(frame, len, ufrag)) {
        return false;
    }
    unsigned worker = bc_port_worker_of_ufrag(ufrag);
    if (worker == port->worker->index || worker >= port->webrtc->port_count) {
        return false;
    }
    struct bc_ice_tcp_handover *h = calloc(1, sizeof(*h));
    int fd = h ? dup(bc_tcp_fd(conn->tcp)) : -1;
    if (fd < 0) {
        free(h);
        bc_ice_tcp_close(conn);
        return true;
    }
    h->fd = fd;
    h->port = port->webrtc->ports[worker];
    bc_list_init(&h->task.node);
    h->task.run = run_handover;
    add_frame(h, frame, len);
    conn->handover = h;
    return true;
}

// Whatever was read along with the check goes with it, also the beginning of a frame.
static void
end_handover(struct bc_ice_tcp *conn)
{
    struct bc_ice_tcp_handover *h = conn->handover;
    const struct bc_rtp_framing *rest = &conn->framing;
    conn->handover = NULL;
    bc_write_bytes(&h->data, rest->head, rest->head_len);
    if (rest->frame) {
        bc_write_bytes(&h->data, rest->frame, rest->have);
    }
    bc_worker_post(h->port->worker, &h->task);
    bc_ice_tcp_close(conn);
}

static void
on_frame(void *user, uint8_t *frame, size_t len)
{
    struct bc_ice_tcp *conn = user;
    if (conn->handover) {
        add_frame(conn->handover, frame, len);
        return;
    }
    if (conn->closed || (!conn->peer && begin_handover(conn, frame, len))) {
        return;
    }
    struct bc_source source = { .way = BC_WAY_TCP, .tcp = conn };
    bc_port_input(conn->port, &source, frame, len);
    if (conn->peer) {
        bc_timer_cancel(&conn->timer);
    }
}

static void
on_data(void *user, const uint8_t *data, size_t len)
{
    struct bc_ice_tcp *conn = user;
    struct bc_webrtc_port *port = conn->port;
    int ret = bc_rtp_framing_input(&conn->framing, data, len, on_frame, conn);
    if (conn->handover) {
        end_handover(conn);
    } else if (ret < 0 && !conn->closed) {
        bc_tcp_close(conn->tcp);
        on_closed(conn, "broken framing");
    }
    bc_port_batch_end(port);
}

static const struct bc_tcp_ops TCP_OPS = { on_data, NULL, on_closed };

static void
open_conn(struct bc_webrtc_port *port, int fd, const uint8_t *data, size_t len)
{
    struct bc_ice_tcp *conn = calloc(1, sizeof(*conn));
    if (!conn) {
        close(fd);
        return;
    }
    conn->port = port;
    bc_list_init(&conn->free_task.node);
    conn->free_task.run = run_free;
    struct bc_tcp_params params = { .worker = port->worker, .fd = fd,
        .security = BC_TCP_PLAIN, .ops = &TCP_OPS, .user = conn };
    conn->tcp = bc_tcp_create(&params);
    if (!conn->tcp) {
        free(conn);
        return;
    }
    bc_list_append(&port->tcp_conns, &conn->node);
    bc_timer_init(&conn->timer, port->worker, on_first_timeout);
    bc_timer_set(&conn->timer, FIRST_CHECK_US);
    if (len > 0) {
        on_data(conn, data, len);
    }
}

void
bc_ice_tcp_accept(struct bc_webrtc_port *port, int fd)
{
    if (port->drained) {
        close(fd);
        return;
    }
    open_conn(port, fd, NULL, 0);
}

bool
bc_ice_tcp_has_room(const struct bc_ice_tcp *conn)
{
    return !conn->closed && bc_tcp_queued(conn->tcp) < QUEUE_BYTES;
}

void
bc_ice_tcp_send(struct bc_ice_tcp *conn, uint8_t *data, size_t len)
{
    if (!conn->closed && bc_rtp_framing_head(data - BC_RTP_FRAMING_HEAD, len) == 0) {
        bc_tcp_send(conn->tcp, data - BC_RTP_FRAMING_HEAD, len + BC_RTP_FRAMING_HEAD);
    }
}
