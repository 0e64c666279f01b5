// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_HTTP_EXTENTS_H
#define PROTOCOL_HTTP_EXTENTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/file.h"
#include "protocol/http/exchange.h"

// A stretch of a body: bytes in memory or a range of a file. Exactly one of `buf` and `file`
// is set; the holder of the extent owns the reference.
struct bc_http_extent {
    struct bc_buf *buf;
    struct bc_file *file;
    uint64_t offset; // of the first byte, in the buf or the file
    uint64_t len;
};

// A body made of stretches one after the other, as if they were one file.
struct bc_http_extents {
    const char *content_type;
    const char *headers; // complete lines, or NULL
    const char *etag;    // strong, with its quotes; NULL: none
    int64_t modified_s;  // Unix time for Last-Modified; 0: none
    struct bc_http_extent *items;
    size_t count;
};

// Answers GET and HEAD: 200, 206 for one Range (RFC 9110 14; several ranges get the whole),
// 416, 304 by If-None-Match and If-Modified-Since, If-Range. Takes over the references of
// the items, whatever comes of it, and copies the rest. On plain HTTP/1.1 file bytes go by
// sendfile(), elsewhere in chunks of at most 256 KiB; what is not in the page cache is read
// by a disk thread first, so the worker never waits for a disk. A file that turns out shorter
// than its extent ends the connection: its length was promised. The exchange is finished.
void
bc_http_respond_extents(struct bc_http_exchange *x, struct bc_http_extents *body);

#endif
