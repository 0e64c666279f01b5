// SPDX-License-Identifier: Apache-2.0
#ifndef HTTP_BODY_H
#define HTTP_BODY_H

#include <stddef.h>
#include <stdint.h>

#include "base/writer.h"

enum bc_http_body_kind {
    BC_HTTP_BODY_NONE,
    BC_HTTP_BODY_LENGTH,
    BC_HTTP_BODY_CHUNKED,
};

enum bc_http_chunk_state {
    BC_HTTP_CHUNK_SIZE,
    BC_HTTP_CHUNK_EXTENSION,
    BC_HTTP_CHUNK_SIZE_LF,
    BC_HTTP_CHUNK_DATA,
    BC_HTTP_CHUNK_DATA_CR,
    BC_HTTP_CHUNK_DATA_LF,
    BC_HTTP_CHUNK_LINE,     // start of a trailer line
    BC_HTTP_CHUNK_TRAILER,  // inside one
    BC_HTTP_CHUNK_LINE_LF,
    BC_HTTP_CHUNK_LAST_LF,
};

// Reads the body of an HTTP/1 message (RFC 9112 6 and 7.1), strictly: a chunk's size line
// ends with CR LF and holds hexadecimal digits first. Embedded in the connection.
struct bc_http_body_reader {
    enum bc_http_body_kind kind;
    enum bc_http_chunk_state state;
    uint64_t left;       // bytes of the body, or of the chunk
    unsigned digits;     // of a chunk's size
    unsigned line_bytes; // of extensions and trailers so far
};

void
bc_http_body_begin(struct bc_http_body_reader *b, enum bc_http_body_kind kind,
    uint64_t length);

// Appends body bytes to `out`. `*used` are the bytes taken. Returns 0 when more are
// needed, 200 when the body is complete, 413 when it would be longer than `limit`, 400
// when malformed.
int
bc_http_body_feed(struct bc_http_body_reader *b, const uint8_t *data, size_t len,
    size_t limit, struct bc_writer *out, size_t *used);

#endif
