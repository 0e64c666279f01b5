// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_RTMP_CHUNK_WRITER_H
#define PROTOCOL_RTMP_CHUNK_WRITER_H

#include <stddef.h>
#include <stdint.h>

struct bc_writer;

// Message types, RTMP 5.4 and 7.1.
enum bc_rtmp_type {
    BC_RTMP_TYPE_NONE,
    BC_RTMP_TYPE_SET_CHUNK_SIZE,
    BC_RTMP_TYPE_ABORT,
    BC_RTMP_TYPE_ACK,
    BC_RTMP_TYPE_USER_CONTROL,
    BC_RTMP_TYPE_WINDOW_ACK_SIZE,
    BC_RTMP_TYPE_SET_PEER_BANDWIDTH,
    BC_RTMP_TYPE_AUDIO = 8,
    BC_RTMP_TYPE_VIDEO = 9,
    BC_RTMP_TYPE_DATA_AMF3 = 15,
    BC_RTMP_TYPE_COMMAND_AMF3 = 17,
    BC_RTMP_TYPE_DATA_AMF0 = 18,
    BC_RTMP_TYPE_COMMAND_AMF0 = 20,
    BC_RTMP_TYPE_AGGREGATE = 22,
};

// Chunk streams of what we send (RTMP-22): kinds on streams of their own may interleave.
enum {
    BC_RTMP_CSID_CONTROL = 2,
    BC_RTMP_CSID_COMMAND = 3,
    BC_RTMP_CSID_AUDIO = 4,
    BC_RTMP_CSID_DATA = 5,
    BC_RTMP_CSID_VIDEO = 6,
};

// Every viewer plays on message stream 1, so that all share the same bytes.
#define BC_RTMP_PLAY_STREAM_ID 1

// Large, so that messages rarely continue in a second chunk (RTMP-18).
#define BC_RTMP_OUT_CHUNK_SIZE 65536

// The largest header in front of a chunk: basic 3, message 11, extended timestamp 4.
#define BC_RTMP_HEADER_MAX 18

// One message to be sent. The payload is `head` followed by `body`, so that a few bytes
// (the FLV head of a frame) need not be copied in front of shared ones. The bytes are
// borrowed for the call.
struct bc_rtmp_out {
    uint32_t csid; // 2 to 65599
    uint8_t type;  // enum bc_rtmp_type
    uint32_t stream_id;
    uint32_t timestamp; // ms, modulo 2^32
    const void *head;
    size_t head_len;
    const void *body;
    size_t body_len;
};

// Appends the chunks of one message: a full type 0 header, then type 3 headers, each
// followed by the extended timestamp again where there is one (RTMP-17). Bytes that
// depend on nothing sent before, so viewers can share them and start anywhere. Returns 0;
// -EMSGSIZE when the payload does not fit 24 bits, -EINVAL for a bad csid or chunk size,
// -ENOMEM.
int
bc_rtmp_chunk_write(
    struct bc_writer *w, const struct bc_rtmp_out *msg, uint32_t chunk_size);

// Only the type 0 header of a message, for an owner who sends the payload from elsewhere
// (at most one chunk of it): returns its length, 0 for what bc_rtmp_chunk_write() would
// refuse.
size_t
bc_rtmp_chunk_header(uint8_t out[BC_RTMP_HEADER_MAX], const struct bc_rtmp_out *msg);

#endif
