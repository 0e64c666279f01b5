// SPDX-License-Identifier: Apache-2.0
#ifndef RTMP_CONTROL_H
#define RTMP_CONTROL_H

#include "protocol/rtmp/chunk_reader.h"

struct bc_writer;

// User control events, RTMP 7.1.7.
enum rtmp_event {
    RTMP_EVENT_STREAM_BEGIN = 0,
    RTMP_EVENT_STREAM_EOF = 1,
    RTMP_EVENT_SET_BUFFER_LENGTH = 3,
    RTMP_EVENT_PING = 6,
    RTMP_EVENT_PONG = 7,
};

#define RTMP_DEFAULT_WINDOW 2500000u

// What both ends of a connection share below the commands: the peer's chunks, the chunk
// size of each direction and acknowledgements. Embedded in the session or client.
struct bc_rtmp_control {
    struct bc_rtmp_chunk_reader chunks;
    uint32_t out_chunk_size; // 128 until we told the peer another
    uint32_t window;         // acknowledge after that many bytes
    uint32_t received;       // every byte of the socket, modulo 2^32 (RTMP-21)
    uint32_t acked;
    const char *reason; // why bc_rtmp_control_handle() failed
};

void
bc_rtmp_control_init(
    struct bc_rtmp_control *c, const struct bc_rtmp_chunk_limits *limits);

void
bc_rtmp_control_finish(struct bc_rtmp_control *c);

// Counts bytes from the socket; `bc_rtmp_control_ack` writes an acknowledgement when one
// is due.
void
bc_rtmp_control_count(struct bc_rtmp_control *c, size_t len);

void
bc_rtmp_control_ack(struct bc_rtmp_control *c, struct bc_writer *out);

// Takes a message of type 1 to 6; the answer, if any, goes to `out`. 0 or -EPROTO.
int
bc_rtmp_control_handle(struct bc_rtmp_control *c, const struct bc_rtmp_message *msg,
    struct bc_writer *out);

// Set Chunk Size; what follows in `out` uses it.
void
bc_rtmp_control_set_chunk_size(
    struct bc_rtmp_control *c, uint32_t size, struct bc_writer *out);

// Window Acknowledgement Size and Set Peer Bandwidth (dynamic).
void
bc_rtmp_control_set_window(struct bc_rtmp_control *c, uint32_t window,
    bool with_bandwidth, struct bc_writer *out);

void
bc_rtmp_control_event(struct bc_rtmp_control *c, enum rtmp_event event, uint32_t value,
    struct bc_writer *out);

#endif
