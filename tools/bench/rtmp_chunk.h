// SPDX-License-Identifier: Apache-2.0
#ifndef BENCH_RTMP_CHUNK_H
#define BENCH_RTMP_CHUNK_H

#include "util.h"

enum {
    BC_RTMP_SET_CHUNK_SIZE = 1,
    BC_RTMP_ABORT = 2,
    BC_RTMP_ACK = 3,
    BC_RTMP_USER_CONTROL = 4,
    BC_RTMP_WINDOW_ACK_SIZE = 5,
    BC_RTMP_AUDIO = 8,
    BC_RTMP_VIDEO = 9,
    BC_RTMP_DATA_AMF3 = 15,
    BC_RTMP_COMMAND_AMF3 = 17,
    BC_RTMP_DATA = 18,
    BC_RTMP_COMMAND = 20,
    BC_RTMP_AGGREGATE = 22,
    BC_RTMP_CHUNK_STREAMS = 64, // of one-byte basic headers: what servers use
    BC_RTMP_DEFAULT_CHUNK = 128,
};

// One chunk stream's state: the message that is arriving, or the last one.
struct bc_rtmp_chunk_stream {
    uint32_t ts_ms;
    uint32_t delta_ms;
    uint32_t len;
    uint32_t left; // of the message
    uint8_t type;
    uint8_t head[2]; // of the payload
    uint8_t head_len;
    bool extended;
    struct bc_buf message; // commands and control messages only
};

// Follows the chunk stream in any pieces; media is not copied. Callbacks return NULL, or
// what went wrong, which ends the feeding.
struct bc_rtmp_callbacks {
    void (*on_payload)(void *userdata, uint8_t type, const uint8_t *p,
                       size_t n); // or NULL
    void (*on_media)(void *userdata, uint8_t type, uint32_t ts_ms, const uint8_t *head,
                     size_t head_len);
    const char *(*on_control)(void *userdata, uint8_t type, const uint8_t *p, size_t n);
};

struct bc_rtmp_reader {
    uint32_t chunk_size;
    uint32_t chunk_left;
    uint8_t header[18]; // one that was cut by the end of a read
    size_t header_len;
    struct bc_rtmp_chunk_stream *current; // borrowed from streams; NULL between chunks
    struct bc_rtmp_chunk_stream streams[BC_RTMP_CHUNK_STREAMS];
};

void bc_rtmp_reader_init(struct bc_rtmp_reader *r);
void bc_rtmp_reader_finish(struct bc_rtmp_reader *r);
const char *bc_rtmp_feed(struct bc_rtmp_reader *r, const uint8_t *p, size_t n,
                         const struct bc_rtmp_callbacks *cbs, void *userdata);

struct bc_rtmp_message {
    uint8_t chunk_stream;
    uint8_t type;
    uint32_t stream_id;
    uint32_t ts_ms;
    const uint8_t *payload; // borrowed
    size_t len;
};

// Adds the message in chunks of chunk_size.
void bc_rtmp_message_write(struct bc_buf *out, const struct bc_rtmp_message *m,
                           uint32_t chunk_size);

#endif
