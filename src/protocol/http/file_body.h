// SPDX-License-Identifier: Apache-2.0
#ifndef HTTP_FILE_BODY_H
#define HTTP_FILE_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/http/extents.h"

struct bc_http_server;

// What one connection gives to its files in one turn of the loop, so that a fast download
// does not hold up the live viewers beside it.
#define BC_HTTP_TURN_BYTES (1u << 20)
// Bytes of a file in memory at a time, where they cannot go from the page cache by
// themselves.
#define BC_HTTP_CHUNK_BYTES (256u << 10)

// The body of one answer as it is sent: a slice of extents, and where it has come to. Owned
// by the connection or stream that sends it; the worker's thread only. What a disk thread
// reads for it meanwhile is a message of its own, which outlives it.
struct bc_http_file_body;

enum bc_http_body_step {
    BC_HTTP_STEP_END,
    BC_HTTP_STEP_BYTES,
    BC_HTTP_STEP_FILE,
    BC_HTTP_STEP_WAIT,   // a disk thread reads; `ready` is called
    BC_HTTP_STEP_FAILED, // the disk fails, or a file is shorter than it was
};

struct bc_http_piece {
    struct bc_buf *buf; // BYTES: borrowed until the next step
    int fd;             // FILE: what is in the page cache, as far as is known
    uint64_t offset;
    size_t len;
};

// Takes the references of the extents that the slice needs and leaves NULL there. NULL
// without memory: nothing was taken.
struct bc_http_file_body *
bc_http_file_body_create(struct bc_http_server *server, struct bc_http_extent *items,
    size_t count, uint64_t offset, uint64_t len);

void
bc_http_file_body_destroy(struct bc_http_file_body *body);

// Called on the worker when a step that had to wait can go on; never from within a call.
void
bc_http_file_body_on_ready(
    struct bc_http_file_body *body, void (*ready)(void *user), void *user);

// The next piece of up to `max` bytes, more than 0. With `copy` files come as bytes.
enum bc_http_body_step
bc_http_file_body_next(
    struct bc_http_file_body *body, bool copy, size_t max, struct bc_http_piece *piece);

// The first `n` bytes of that piece are on their way.
void
bc_http_file_body_advance(struct bc_http_file_body *body, size_t n);

uint64_t
bc_http_file_body_left(const struct bc_http_file_body *body);

// A disk thread is at it, so that it is not the peer who is slow.
bool
bc_http_file_body_waits(const struct bc_http_file_body *body);

#endif
