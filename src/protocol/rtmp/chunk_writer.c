// SPDX-License-Identifier: Apache-2.0
#include "protocol/rtmp/chunk_writer.h"

#include <errno.h>
#include <string.h>

#include "base/writer.h"

#define MAX_24 0xffffffu

static size_t
put_be(uint8_t *out, uint32_t v, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        out[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
    }
    return bytes;
}

// RTMP 5.3.1.1: ids 2-63 in one byte, 64-319 in two, up to 65599 in three, the last two
// of which are least significant byte first.
static size_t
put_basic_header(uint8_t *out, unsigned fmt, uint32_t csid)
{
    if (csid < 64) {
        out[0] = (uint8_t)(fmt << 6 | csid);
        return 1;
    }
    uint32_t id = csid - 64;
    out[0] = (uint8_t)(fmt << 6 | (id < 256 ? 0 : 1));
    out[1] = (uint8_t)id;
    if (id < 256) {
        return 2;
    }
    out[2] = (uint8_t)(id >> 8);
    return 3;
}

// RTMP 5.3.1.2.1:
//   timestamp(3) length(3) type(1) message stream id(4, little-endian) [extended timestamp(4)]
size_t
bc_rtmp_chunk_header(uint8_t out[BC_RTMP_HEADER_MAX], const struct bc_rtmp_out *msg)
{
    if (msg->csid < 2 || msg->csid > 65599 || msg->head_len > MAX_24
            || msg->body_len > MAX_24 - msg->head_len) {
        return 0;
    }
    size_t n = put_basic_header(out, 0, msg->csid);
    n += put_be(out + n, msg->timestamp < MAX_24 ? msg->timestamp : MAX_24, 3);
    n += put_be(out + n, (uint32_t)(msg->head_len + msg->body_len), 3);
    out[n++] = msg->type;
    for (unsigned i = 0; i < 4; i++) {
        out[n++] = (uint8_t)(msg->stream_id >> (8 * i));
    }
    if (msg->timestamp >= MAX_24) {
        n += put_be(out + n, msg->timestamp, 4);
    }
    return n;
}

// Copies bytes [at, at + n) of the payload, which lies in two pieces.
static void
copy_payload(uint8_t *out, const struct bc_rtmp_out *msg, size_t at, size_t n)
{
    if (at < msg->head_len) {
        size_t part = msg->head_len - at < n ? msg->head_len - at : n;
        memcpy(out, (const uint8_t *)msg->head + at, part);
        out += part;
        at += part;
        n -= part;
    }
    if (n > 0) {
        memcpy(out, (const uint8_t *)msg->body + (at - msg->head_len), n);
    }
}

int
bc_rtmp_chunk_write(
    struct bc_writer *w, const struct bc_rtmp_out *msg, uint32_t chunk_size)
{
    if (msg->head_len > MAX_24 || msg->body_len > MAX_24 - msg->head_len) {
        return -EMSGSIZE;
    }
    uint8_t header[BC_RTMP_HEADER_MAX];
    size_t header_len = bc_rtmp_chunk_header(header, msg);
    if (header_len == 0 || chunk_size == 0) {
        return -EINVAL;
    }
    uint8_t next[BC_RTMP_HEADER_MAX];
    size_t next_len = put_basic_header(next, 3, msg->csid);
    if (msg->timestamp >= MAX_24) {
        next_len += put_be(next + next_len, msg->timestamp, 4);
    }
    size_t len = msg->head_len + msg->body_len;
    size_t continued = len > 0 ? (len - 1) / chunk_size : 0;
    uint8_t *out = bc_write_reserve(w, header_len + len + continued * next_len);
    if (!out) {
        return -ENOMEM;
    }
    memcpy(out, header, header_len);
    out += header_len;
    for (size_t at = 0; at < len;) {
        size_t n = len - at < chunk_size ? len - at : chunk_size;
        copy_payload(out, msg, at, n);
        out += n;
        at += n;
        if (at < len) {
            memcpy(out, next, next_len);
            out += next_len;
        }
    }
    return 0;
}
