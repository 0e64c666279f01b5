// SPDX-License-Identifier: Apache-2.0
#ifndef HTTP_H2_H
#define HTTP_H2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bc_h2;
struct bc_http_conn;
struct bc_http_exchange;

// The HTTP/2 side of a connection (RFC 9113), over nghttp2. Owned by the connection.
struct bc_h2 *
bc_h2_create(struct bc_http_conn *conn);

void
bc_h2_destroy(struct bc_h2 *h2);

// An HTTP/1 request with "Upgrade: h2c" (RFC 7540 3.2) becomes stream 1: takes the
// request over from `x`. `settings` is the value of HTTP2-Settings. 0 or negative errno.
int
bc_h2_upgrade(struct bc_h2 *h2, struct bc_http_exchange *x, const char *settings);

void
bc_h2_input(struct bc_h2 *h2, const uint8_t *data, size_t len, int64_t now_us);

// Writes what there is to write, calls the writers that have room again, and closes the
// connection when the session is over. From the loop only, never inside a handler.
void
bc_h2_run(struct bc_h2 *h2);

// There is room on the wire, or a turn is over.
void
bc_h2_writable(struct bc_h2 *h2);

void
bc_h2_timeout(struct bc_h2 *h2);

// The peer is gone.
void
bc_h2_closed(struct bc_h2 *h2, const char *reason);

// GOAWAY; closes when the last stream has ended.
void
bc_h2_drain(struct bc_h2 *h2);

#endif
