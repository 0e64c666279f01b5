// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_RTSP_MESSAGE_H
#define RELAY_RTSP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// RTSP's messages and the packets interleaved with them (RFC 2326, 10.12). No I/O.

// Points into the stream's buffer, until its next call.
struct rtsp_message {
    bool is_packet;
    uint8_t channel;
    unsigned status; // of an answer; 0: a packet or a request of the server
    const char *head; // the lines, each with its end
    size_t head_len;
    const uint8_t *body; // or the packet
    size_t body_len;
};

// What was received. Owned by its reader.
struct rtsp_stream {
    uint8_t *data; // owned
    size_t start;  // of what is not handed out yet
    size_t end;
};

bool
rtsp_stream_init(struct rtsp_stream *s);

void
rtsp_stream_finish(struct rtsp_stream *s);

// Where the next bytes may be put, at least one; then how many there are.
size_t
rtsp_stream_room(struct rtsp_stream *s, uint8_t **room);

void
rtsp_stream_filled(struct rtsp_stream *s, size_t len);

// 1: a message; 0: it is not whole yet; -EINVAL: this is no RTSP, or too large.
int
rtsp_stream_next(struct rtsp_stream *s, struct rtsp_message *out);

// A header's value. False: it is not there, or too long.
bool
rtsp_message_header(
    const struct rtsp_message *m, const char *name, char *out, size_t size);

#endif
