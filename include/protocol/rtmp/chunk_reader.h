// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_RTMP_CHUNK_READER_H
#define PROTOCOL_RTMP_CHUNK_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "protocol/rtmp/chunk_writer.h"

struct bc_reader;

#define RTMP_DEFAULT_CHUNK_SIZE 128
#define RTMP_MAX_CHUNK_SIZE 0xffffffu

// One complete message. Whoever reads it owns the reference of `buf`.
struct bc_rtmp_message {
    uint32_t csid;
    uint8_t type;
    uint32_t stream_id;
    uint32_t timestamp; // ms, modulo 2^32
    struct bc_buf *buf; // exactly the payload; NULL when it is empty
};

// What the peer may make us keep.
struct bc_rtmp_chunk_limits {
    uint32_t max_message_bytes;
    uint32_t max_streams;
    uint32_t max_total_bytes; // of all half-received messages together
};

// One chunk stream of the peer: the header that later chunks refer to, and the message
// that is being put together. Lives as long as its reader.
struct rtmp_chunk_stream {
    uint32_t csid;
    uint8_t type;
    bool has_ext;    // the last type 0, 1 or 2 header carried an extended timestamp
    bool in_message; // some chunks are still to come
    uint32_t ext;    // its value
    uint32_t timestamp;
    uint32_t delta; // what a type 3 that begins a message adds (RTMP-12)
    uint32_t length;
    uint32_t stream_id;
    struct bc_buf *buf; // owned; as large as `cap`, NULL before the first payload byte
    uint32_t cap;
    uint32_t got;
};

// Takes chunks apart and puts messages together, RTMP 5.3. Embedded in the session or
// client.
struct bc_rtmp_chunk_reader {
    struct bc_rtmp_chunk_limits limits; // max_message_bytes may be changed any time
    uint32_t chunk_size;                // set by the peer, between chunks
    struct rtmp_chunk_stream *streams;  // owned
    uint32_t count;
    uint32_t cap;
    uint32_t current;     // index of the stream whose chunk is being read
    uint32_t chunk_left;  // payload bytes to come in that chunk
    uint32_t total_bytes; // allocated for half-received messages
    // Bytes of a header that came in pieces, or payload bytes that had to be looked at to
    // tell that they are no extended timestamp.
    uint8_t carry[BC_RTMP_HEADER_MAX];
    size_t carry_len;
    char reason[120]; // why it failed
};

void
bc_rtmp_chunk_reader_init(struct bc_rtmp_chunk_reader *c,
    const struct bc_rtmp_chunk_limits *limits);

void
bc_rtmp_chunk_reader_finish(struct bc_rtmp_chunk_reader *c);

// Reads up to the end of one message. Returns 1 with `*msg` filled; 0 when `r` is used
// up;
// -EPROTO, -EMSGSIZE, -ENOMEM when the connection is lost.
int
bc_rtmp_chunk_read(struct bc_rtmp_chunk_reader *c, struct bc_reader *r,
    struct bc_rtmp_message *msg);

// Abort, RTMP 5.4.2: forgets the half-received message of a chunk stream, keeps its
// header.
void
bc_rtmp_chunk_abort(struct bc_rtmp_chunk_reader *c, uint32_t csid);

#endif
