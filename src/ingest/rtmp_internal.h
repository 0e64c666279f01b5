// SPDX-License-Identifier: Apache-2.0
#ifndef INGEST_RTMP_INTERNAL_H
#define INGEST_RTMP_INTERNAL_H

#include <stdatomic.h>

#include "base/list.h"
#include "base/log.h"
#include "ingest/rtmp.h"
#include "net/tcp.h"
#include "net/timer.h"
#include "net/worker.h"
#include "publisher.h"
#include "rtmp_half_open.h"

struct bc_rtmp_wait;

struct bc_rtmp_server {
    struct bc_rtmp_server_params params;
    struct bc_list conns;
    struct bc_log_limit limit_log; // connections over a limit
    struct bc_logger log;
    atomic_uint_fast64_t connections;
    atomic_uint_fast64_t accepted;
    atomic_uint_fast64_t refused;
    atomic_uint_fast64_t failed;
    atomic_uint_fast64_t bytes_in;
};

// One RTMP connection: TCP below, the protocol's session, and above it a publisher or a
// player. Lives on one worker from accept to close; freed at the end of the turn in which
// it closed.
struct bc_rtmp_conn {
    struct bc_list node;
    struct bc_rtmp_server *server; // borrowed
    struct bc_tcp *tcp;            // NULL once closed
    struct bc_rtmp_session *session;
    struct bc_logger log;
    struct bc_timer timer;   // looks at the deadlines once a second; or the delayed close
    struct bc_task reap_task;
    int64_t opened_us;
    int64_t last_media_us;   // 0 before the first
    bool half_open;          // counted in params.half_open
    bool leaving;            // refused or over: the timer closes
    bool said_goodbye;       // the host unpublished
    struct bc_publisher publisher;
    bool publishing;         // `publisher` is in use
    struct bc_sink sink;     // what the player writes to
    void *player;            // owned through play_ops
    struct bc_rtmp_wait *wait; // owned; a player whose channel is not there yet
    char leave_text[160];
};

// --- rtmp_conn.c ---

void
bc_rtmp_conn_open(struct bc_rtmp_server *server, int fd, enum bc_tcp_security security,
    struct bc_tls_context *tls);

// One log line with the reason, everything let go. The memory goes at the end of the
// turn.
void
bc_rtmp_conn_close(struct bc_rtmp_conn *conn, const char *reason);

// The same when the server goes down: who can is asked to connect anew (RTMP-86).
void
bc_rtmp_conn_go_down(struct bc_rtmp_conn *conn, const char *reason);

// Closes in a second, so that the peer gets to read what was just sent to it.
void
bc_rtmp_conn_leave(struct bc_rtmp_conn *conn, const char *reason);

// --- rtmp_roles.c: a connection becomes a host or a viewer ---

extern const struct bc_rtmp_session_callbacks bc_rtmp_conn_callbacks;

// Answers a player; NULL: there is no such channel.
void
bc_rtmp_conn_play(struct bc_rtmp_conn *conn, struct bc_channel *channel,
    const struct bc_rtmp_request *req);

// Ends whatever role it has. `clean`: the peer said goodbye.
void
bc_rtmp_conn_end_role(struct bc_rtmp_conn *conn, bool clean, const char *reason);

// --- rtmp_wait.c ---

// Answers the player later, by bc_rtmp_conn_play(). False: there is nothing to wait for.
bool
bc_rtmp_wait_start(struct bc_rtmp_conn *conn, const char *channel,
    const struct bc_rtmp_request *req);

// Harmless when it does not wait.
void
bc_rtmp_wait_cancel(struct bc_rtmp_conn *conn);

#endif
