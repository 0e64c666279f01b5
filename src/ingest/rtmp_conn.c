// SPDX-License-Identifier: Apache-2.0
// A connection's life: bytes, deadlines, one way out.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "config/config.h"
#include "rtmp_internal.h"
#include "stream/hub.h"

#define CHECK_US 1000000
#define LEAVE_US 1000000
#define GO_DOWN_US 500000

static void
run_reap(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_rtmp_conn *c = bc_container_of(task, struct bc_rtmp_conn, reap_task);
    bc_rtmp_session_destroy(c->session);
    free(c);
}

static void
count_half_open_out(struct bc_rtmp_conn *c)
{
    if (c->half_open) {
        c->half_open = false;
        bc_half_open_remove(c->server->params.half_open, bc_tcp_peer_ip(c->tcp));
    }
}

static void
let_go(struct bc_rtmp_conn *c, const char *reason)
{
    struct bc_rtmp_server *s = c->server;
    bc_info(&c->log, "closed after %.1f s: %s (%s, %llu bytes in, %llu out)",
        (double)(bc_clock_us() - c->opened_us) / 1e6, reason,
        bc_rtmp_state_name(bc_rtmp_session_state(c->session)),
        (unsigned long long)bc_tcp_bytes_in(c->tcp),
        (unsigned long long)bc_tcp_bytes_out(c->tcp));
    bc_rtmp_session_close(c->session);
    bc_timer_cancel(&c->timer);
    bc_rtmp_conn_end_role(c, false, reason);
    count_half_open_out(c);
    atomic_fetch_sub(&s->connections, 1);
    bc_list_remove(&c->node);
    c->tcp = NULL;
    bc_worker_defer(s->params.worker, &c->reap_task);
}

void
bc_rtmp_conn_close(struct bc_rtmp_conn *conn, const char *reason)
{
    if (conn->tcp) {
        struct bc_tcp *tcp = conn->tcp;
        let_go(conn, reason);
        bc_tcp_close(tcp);
    }
}

void
bc_rtmp_conn_go_down(struct bc_rtmp_conn *conn, const char *reason)
{
    if (conn->tcp) {
        struct bc_tcp *tcp = conn->tcp;
        bc_rtmp_session_ask_reconnect(conn->session, reason);
        let_go(conn, reason);
        bc_tcp_finish(tcp, GO_DOWN_US);
    }
}

void
bc_rtmp_conn_leave(struct bc_rtmp_conn *conn, const char *reason)
{
    if (conn->tcp && !conn->leaving) {
        conn->leaving = true;
        snprintf(conn->leave_text, sizeof(conn->leave_text), "%s", reason);
        bc_timer_set(&conn->timer, LEAVE_US);
    }
}

static void
on_closed(void *user, const char *reason)
{
    struct bc_rtmp_conn *c = user;
    // The peer's going after a goodbye or a refusal is what was expected.
    let_go(c,
        c->leaving            ? c->leave_text
            : c->said_goodbye ? "the peer said goodbye"
                              : reason);
}

static void
on_data(void *user, const uint8_t *data, size_t len)
{
    struct bc_rtmp_conn *c = user;
    int64_t now = bc_clock_us();
    atomic_fetch_add_explicit(&c->server->bytes_in, len, memory_order_relaxed);
    int ret = bc_rtmp_session_input(c->session, data, len, now);
    if (!c->tcp) {
        return;
    }
    enum bc_rtmp_state state = bc_rtmp_session_state(c->session);
    if (state != BC_RTMP_HANDSHAKE && state != BC_RTMP_CONNECT
        && state != BC_RTMP_READY) {
        count_half_open_out(c);
    }
    if (c->publishing) {
        bc_publisher_flush(&c->publisher, now);
    }
    if (ret != 0) {
        atomic_fetch_add(&c->server->failed, 1);
        bc_rtmp_conn_close(c, bc_rtmp_session_reason(c->session));
    }
}

static void
on_writable(void *user)
{
    struct bc_rtmp_conn *c = user;
    if (c->sink.on_writable) {
        c->sink.on_writable(c->sink.user);
    }
}

static const struct bc_tcp_ops TCP_OPS = { on_data, on_writable, on_closed };

// Why the connection has to go now; NULL while all is well.
static const char *
overdue(const struct bc_rtmp_conn *c, const struct bc_config *config, int64_t now)
{
    switch (bc_rtmp_session_state(c->session)) {
    case BC_RTMP_HANDSHAKE:
    case BC_RTMP_CONNECT:
    case BC_RTMP_READY:
        return now - c->opened_us > config->rtmp.handshake_timeout_s * 1000000
            ? "did not say in time what it wants"
            : NULL;
    case BC_RTMP_PUBLISHING:
        if (c->last_media_us == 0) {
            return now - c->opened_us > config->stream.first_packet_timeout_s * 1000000
                ? "publishes nothing (no media arrived in time)"
                : NULL;
        }
        return now - c->last_media_us > config->stream.idle_timeout_s * 1000000
            ? "the host went silent"
            : NULL;
    default:
        return NULL;
    }
}

static void
on_timer(struct bc_timer *timer)
{
    struct bc_rtmp_conn *c = bc_container_of(timer, struct bc_rtmp_conn, timer);
    if (c->leaving) {
        bc_rtmp_conn_close(c, c->leave_text);
        return;
    }
    int64_t now = bc_clock_us();
    struct bc_config *config = bc_hub_config(c->server->params.hub);
    const char *reason = overdue(c, config, now);
    bc_config_unref(&config);
    if (reason) {
        atomic_fetch_add(&c->server->failed, 1);
        bc_rtmp_conn_close(c, reason);
        return;
    }
    if (c->publishing) {
        bc_publisher_flush(&c->publisher, now);
    }
    bc_timer_set(&c->timer, CHECK_US);
}

// --- the player's sink: whole messages ---

// Our own commands (acknowledgements, pings) go out on the same connection, so a message
// that was begun must be completed before them: its rest is queued, and the viewer goes
// on with the next.
static ssize_t
sink_writev(struct bc_sink *sink, const struct iovec *iov, int count)
{
    struct bc_rtmp_conn *c = bc_container_of(sink, struct bc_rtmp_conn, sink);
    if (!c->tcp) {
        return -1;
    }
    ssize_t taken = bc_tcp_writev(c->tcp, iov, count);
    if (taken <= 0) {
        return taken;
    }
    size_t left = (size_t)taken;
    for (int i = 0; i < count && left > 0; i++) {
        if (left < iov[i].iov_len) {
            size_t rest = iov[i].iov_len - left;
            bc_tcp_send(c->tcp, (const uint8_t *)iov[i].iov_base + left, rest);
            return taken + (ssize_t)rest;
        }
        left -= iov[i].iov_len;
    }
    return taken;
}

static void
sink_close(struct bc_sink *sink, const char *reason)
{
    bc_rtmp_conn_close(bc_container_of(sink, struct bc_rtmp_conn, sink), reason);
}

static void
sink_finish(struct bc_sink *sink)
{
    bc_rtmp_conn_leave(
        bc_container_of(sink, struct bc_rtmp_conn, sink), "the broadcast ended");
}

static const struct bc_sink_ops SINK_OPS = { sink_writev, sink_close, sink_finish };

// --- opening ---

static bool
admit(struct bc_rtmp_server *s, struct bc_rtmp_conn *c, const struct bc_config *config)
{
    const char *limit = NULL;
    if (bc_tcp_open_count() > (uint64_t)config->limits.connections) {
        limit = "limits.connections";
    } else if (!bc_half_open_add(s->params.half_open, bc_tcp_peer_ip(c->tcp),
                   (unsigned)config->limits.half_open_per_ip)) {
        limit = "limits.half_open_per_ip";
    } else {
        c->half_open = true;
        return true;
    }
    unsigned suppressed;
    atomic_fetch_add(&s->refused, 1);
    if (bc_log_limit_pass(&s->limit_log, bc_clock_us(), &suppressed)) {
        bc_warn(&s->log, "connection from %s refused: %s reached (%u more were refused)",
            bc_tcp_peer(c->tcp), limit, suppressed);
    }
    return false;
}

void
bc_rtmp_conn_open(struct bc_rtmp_server *s, int fd, enum bc_tcp_security security,
    struct bc_tls_context *tls)
{
    struct bc_rtmp_conn *c = calloc(1, sizeof(*c));
    if (!c) {
        close(fd);
        return;
    }
    struct bc_config *config = bc_hub_config(s->params.hub);
    struct bc_rtmp_session_params params = {
        .max_message_bytes = (uint32_t)config->rtmp.max_message_bytes,
    };
    c->session = bc_rtmp_session_create(&params, &bc_rtmp_conn_callbacks, c);
    struct bc_tcp_params tcp = { .worker = s->params.worker, .fd = fd,
        .security = security, .tls = tls, .ops = &TCP_OPS, .user = c };
    c->tcp = c->session ? bc_tcp_create(&tcp) : NULL;
    c->server = s;
    if (!c->session || !c->tcp || !admit(s, c, config)) {
        if (!c->session) {
            close(fd);
        } else if (c->tcp) {
            bc_tcp_close(c->tcp);
        }
        bc_rtmp_session_destroy(c->session);
        free(c);
        bc_config_unref(&config);
        return;
    }
    bc_config_unref(&config);
    bc_list_init(&c->reap_task.node);
    c->reap_task.run = run_reap;
    c->opened_us = bc_clock_us();
    c->sink.ops = &SINK_OPS;
    bc_logger_init(&c->log, NULL, "rtmp %s", bc_tcp_peer(c->tcp));
    bc_timer_init(&c->timer, s->params.worker, on_timer);
    bc_timer_set(&c->timer, CHECK_US);
    bc_list_append(&s->conns, &c->node);
    atomic_fetch_add(&s->connections, 1);
    atomic_fetch_add(&s->accepted, 1);
    bc_debug(&c->log, "opened");
}
