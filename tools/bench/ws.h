// SPDX-License-Identifier: Apache-2.0
#ifndef BENCH_WS_H
#define BENCH_WS_H

#include "loop.h"
#include "url.h"

enum { BC_WS_MAX_CONTROL = 125 };

// The client side of a WebSocket (RFC 6455). Zero-initialised = before the first frame.
struct bc_ws {
    uint8_t header[14];
    size_t header_len;
    uint8_t opcode;
    uint64_t left;
    bool in_frame;
    uint8_t control[BC_WS_MAX_CONTROL]; // payload of a ping
    size_t control_len;
};

struct bc_ws_callbacks {
    // Returns NULL, or what went wrong.
    const char *(*on_data)(void *userdata, const uint8_t *p, size_t n);
    void (*on_ping)(void *userdata, const uint8_t *p, size_t n);
};

// The HTTP request that asks for the upgrade.
void bc_ws_write_request(struct bc_buf *out, const struct bc_url *url);
void bc_ws_write_pong(struct bc_buf *out, const uint8_t *p, size_t n);
const char *bc_ws_feed(struct bc_ws *w, const uint8_t *p, size_t n,
                       const struct bc_ws_callbacks *cbs, void *userdata);

#endif
