// SPDX-License-Identifier: Apache-2.0
#include "ws.h"

#include <string.h>

enum {
    OP_CLOSE = 8,
    OP_PING = 9,
    OP_PONG = 10,
    FIN = 0x80,
    MASKED = 0x80,
    LENGTH_16 = 126,
    LENGTH_64 = 127,
};

void
bc_ws_write_request(struct bc_buf *out, const struct bc_url *url)
{
    uint8_t key[16];
    char text[32];
    bc_random_bytes(key, sizeof(key));
    bc_base64_write(text, key, sizeof(key));
    bc_buf_add_format(out,
                      "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: bcbench\r\n"
                      "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n"
                      "Origin: http://%s\r\n\r\n",
                      url->path, url->host_port, text, url->host_port);
}

void
bc_ws_write_pong(struct bc_buf *out, const uint8_t *p, size_t n)
{
    uint8_t frame[2 + 4 + BC_WS_MAX_CONTROL] = {FIN | OP_PONG, (uint8_t)(MASKED | n)};
    bc_random_bytes(frame + 2, 4);
    for (size_t i = 0; i < n; i++) {
        frame[6 + i] = p[i] ^ frame[2 + (i & 3)];
    }
    bc_buf_add(out, frame, 6 + n);
}

static const char *
on_header(struct bc_ws *w)
{
    size_t len = w->header[1] & 127;
    if (w->header[1] & MASKED) {
        return "ws_masked";
    }
    w->opcode = w->header[0] & 15;
    w->left = len;
    if (len == LENGTH_16) {
        w->left = bc_read16(w->header + 2);
    } else if (len == LENGTH_64) {
        w->left = (uint64_t)bc_read32(w->header + 2) << 32 | bc_read32(w->header + 6);
    }
    if (w->opcode >= OP_CLOSE && w->left > BC_WS_MAX_CONTROL) {
        return "ws_control_length";
    }
    w->header_len = w->control_len = 0;
    w->in_frame = true;
    return NULL;
}

static const char *
feed_header(struct bc_ws *w, uint8_t byte)
{
    w->header[w->header_len++] = byte;
    if (w->header_len < 2) {
        return NULL;
    }
    size_t len = w->header[1] & 127;
    size_t need = 2 + (len == LENGTH_16 ? 2 : len == LENGTH_64 ? 8 : 0);
    return w->header_len < need ? NULL : on_header(w);
}

static const char *
feed_payload(struct bc_ws *w, const uint8_t *p, size_t n,
             const struct bc_ws_callbacks *cbs, void *userdata)
{
    w->left -= n;
    if (w->opcode >= OP_CLOSE) {
        memcpy(w->control + w->control_len, p, n);
        w->control_len += n;
    } else {
        const char *error = cbs->on_data(userdata, p, n);
        if (error) {
            return error;
        }
    }
    if (w->left) {
        return NULL;
    }
    w->in_frame = false;
    if (w->opcode == OP_PING) {
        cbs->on_ping(userdata, w->control, w->control_len);
    }
    return w->opcode == OP_CLOSE ? "ws_close" : NULL;
}

const char *
bc_ws_feed(struct bc_ws *w, const uint8_t *p, size_t n, const struct bc_ws_callbacks *cbs,
           void *userdata)
{
    while (n || (w->in_frame && !w->left)) {
        const char *error;
        size_t used = 1;
        if (!w->in_frame) {
            error = feed_header(w, *p);
        } else {
            used = n < w->left ? n : (size_t)w->left;
            error = feed_payload(w, p, used, cbs, userdata);
        }
        if (error) {
            return error;
        }
        p += used;
        n -= used;
    }
    return NULL;
}
