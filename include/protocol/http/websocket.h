// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_HTTP_WEBSOCKET_H
#define PROTOCOL_HTTP_WEBSOCKET_H

#include <stddef.h>
#include <stdint.h>

enum bc_websocket_opcode {
    BC_WEBSOCKET_CONTINUATION,
    BC_WEBSOCKET_TEXT,
    BC_WEBSOCKET_BINARY,
    BC_WEBSOCKET_CLOSE = 8,
    BC_WEBSOCKET_PING,
    BC_WEBSOCKET_PONG,
};

#define BC_WEBSOCKET_HEAD_MAX 10

// The head of a complete, unmasked frame (RFC 6455 5.2) with `len` bytes of payload, so
// that bytes shared by all viewers can carry their framing. Returns its length: 2, 4 or
// 10.
size_t
bc_websocket_frame_head(
    uint8_t out[BC_WEBSOCKET_HEAD_MAX], enum bc_websocket_opcode opcode, uint64_t len);

#endif
