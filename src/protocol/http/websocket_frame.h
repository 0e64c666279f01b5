// SPDX-License-Identifier: Apache-2.0
#ifndef HTTP_WEBSOCKET_FRAME_H
#define HTTP_WEBSOCKET_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/http/websocket.h"

#define BC_WS_CONTROL_MAX 125
// A client of ours has nothing to say; what it says anyway is skipped up to this size.
#define BC_WS_MESSAGE_MAX (64 * 1024)

enum bc_ws_event {
    BC_WS_NONE, // more bytes are needed
    BC_WS_PING,
    BC_WS_PONG,
    BC_WS_CLOSE,
    BC_WS_MESSAGE, // the last frame of one was skipped
    BC_WS_BAD,     // `code` is the close code to answer with
};

// Parses the frames of a client (RFC 6455 5.2). Payload of data frames is skipped, that
// of control frames kept. Embedded in the WebSocket.
struct bc_ws_parser {
    uint8_t head[14];
    uint8_t head_len;
    uint8_t control[BC_WS_CONTROL_MAX]; // unmasked payload of the control frame
    uint8_t control_len;
    bool in_payload;
    bool in_message; // a message was begun and not ended
    uint16_t code;   // of a close: 1005 when it had none
    uint32_t message_bytes;
    uint64_t left;
};

// Takes bytes until something happened. `*used` are the bytes taken.
enum bc_ws_event
bc_ws_parse(struct bc_ws_parser *p, const uint8_t *data, size_t len, size_t *used);

// Follows frames that were written elsewhere, to know where one ends: a control frame may
// only stand between them.
struct bc_ws_track {
    uint8_t head[10];
    uint8_t head_len;
    uint64_t left; // payload bytes of the frame
};

static inline bool
bc_ws_track_at_boundary(const struct bc_ws_track *t)
{
    return t->head_len == 0 && t->left == 0;
}

// Moves over bytes. With `stop` set, only to the first end of a frame. Returns the bytes
// passed.
size_t
bc_ws_track_pass(struct bc_ws_track *t, const uint8_t *data, size_t len, bool stop);

// The answer to Sec-WebSocket-Key (4.2.2), with a zero byte. False when the key isn't 16
// bytes in base64.
#define BC_WS_ACCEPT_TEXT 29

bool
bc_ws_accept_key(const char *key, char out[BC_WS_ACCEPT_TEXT]);

#endif
