// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_HTTP_SERVER_H
#define PROTOCOL_HTTP_SERVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/log.h"
#include "net/timer.h"
#include "protocol/http/exchange.h"

struct bc_disk;
struct bc_tls_context;
struct bc_worker;

struct bc_http_limits {
    size_t header_bytes;      // request line and headers together; beyond: 431
    size_t body_bytes;        // beyond: 413
    const char *upload_path;  // POSTs to it may bring more; NULL: none. Static
    size_t upload_bytes;
    int64_t header_timeout_us; // a slow head: 408 and close
    int64_t idle_timeout_us;   // a keep-alive connection without request
    uint32_t h2_streams;       // concurrent streams of an HTTP/2 connection
};

// What all connections of one worker share. Owned by the server, lives until the worker
// has stopped; limits may be changed by the worker's thread (reload).
struct bc_http_server {
    struct bc_worker *worker; // borrowed
    // Reads files into the page cache for answers; borrowed. NULL: the worker does, as in
    // tests.
    struct bc_disk *disk;
    struct bc_http_limits limits;
    // "*" or an origin, sent on every response; "" for none. Borrowed.
    const char *cors_origin;
    // Gets every complete request; answers now or later.
    void (*handle)(void *user, struct bc_http_exchange *x);
    void *user;
    // Counters of this worker; any thread may read them.
    atomic_uint_fast64_t requests;
    atomic_uint_fast64_t bad_requests;
    atomic_uint_fast64_t connections; // open now
    unsigned uploads; // bodies above limits.body_bytes that are held now
    // Private to protocol/http; zero before the first connection.
    struct bc_list clients;
    struct bc_timer drain_timer;
    struct bc_log_limit bad_limit;
    struct bc_log_limit file_limit;
    int64_t date_seconds;
    char date[32];
    bool draining;
};

// Takes over an accepted socket: HTTP/1.x, HTTP/2 with prior knowledge (h2c) or h2c
// upgrade on a plain one, what ALPN chose on TLS. `tls` NULL: plain.
void
bc_http_serve(struct bc_http_server *server, int fd, struct bc_tls_context *tls);

// Stops all connections of this worker: idle ones at once, others after their response,
// all of them at the latest after the timeout (drain).
void
bc_http_drain(struct bc_http_server *server, int64_t timeout_us);

#endif
