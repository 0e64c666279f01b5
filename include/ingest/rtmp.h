// SPDX-License-Identifier: Apache-2.0
#ifndef INGEST_RTMP_H
#define INGEST_RTMP_H

#include <stdbool.h>
#include <stdint.h>

#include "net/sink.h"
#include "net/tcp.h"
#include "protocol/rtmp/session.h"

struct bc_channel;
struct bc_hub;
struct bc_keys;
struct bc_rtmp_server;
struct bc_tls_context;
struct bc_worker;

// Who plays: RTMP viewers come in by the same port and connection as hosts, but ingest
// does not know viewers, so the server wires these.
struct bc_rtmp_play_ops {
    // A viewer may have the channel: begin. Returns its object, NULL when it cannot
    // start. `sink` takes whole RTMP messages and lives until stop.
    void *(*start)(void *user, struct bc_rtmp_session *session, struct bc_sink *sink,
        struct bc_channel *channel, const struct bc_rtmp_request *req);
    void (*stop)(void *user, void *player);
    void (*pause)(void *user, void *player, bool paused);
    void (*receive)(void *user, void *player, enum bc_kind kind, bool on);
};

// How many connections of each address have not yet said what they want (RTMP-6): one
// address must not be able to fill the server with them. One for all workers, any thread.
struct bc_half_open;

struct bc_half_open *
bc_half_open_create(void);

// NULL is fine.
void
bc_half_open_destroy(struct bc_half_open *half_open);

struct bc_rtmp_server_params {
    struct bc_worker *worker;
    struct bc_half_open *half_open;
    struct bc_hub *hub;
    const struct bc_keys *keys;
    const struct bc_rtmp_play_ops *play;
    void *play_user;
};

// All RTMP connections of one worker. Owned by the server, worker's thread only.
struct bc_rtmp_server *
bc_rtmp_server_create(const struct bc_rtmp_server_params *params);

// All connections must be closed (bc_rtmp_server_drain and some turns of the loop).
void
bc_rtmp_server_destroy(struct bc_rtmp_server *server);

// Takes over an accepted socket. With BC_TCP_DETECT TLS is told apart from plain RTMP by
// the first byte, when there is a `tls`.
void
bc_rtmp_serve(struct bc_rtmp_server *server, int fd, enum bc_tcp_security security,
    struct bc_tls_context *tls);

// Closes all connections; hosts were told by their takes.
void
bc_rtmp_server_drain(struct bc_rtmp_server *server);

struct bc_rtmp_server_stats {
    uint64_t connections; // open now
    uint64_t accepted;
    uint64_t refused; // wrong keys, conflicts, limits
    uint64_t failed;  // bad bytes, timeouts
    uint64_t bytes_in;
};

// Any thread.
void
bc_rtmp_server_stats(
    const struct bc_rtmp_server *server, struct bc_rtmp_server_stats *out);

#endif
