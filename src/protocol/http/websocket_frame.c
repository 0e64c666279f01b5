// SPDX-License-Identifier: Apache-2.0
#include "websocket_frame.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

#define FIN 0x80
#define RESERVED 0x70
#define MASKED 0x80
#define CONTROL 0x08

size_t
bc_websocket_frame_head(
    uint8_t out[BC_WEBSOCKET_HEAD_MAX], enum bc_websocket_opcode opcode, uint64_t len)
{
    out[0] = (uint8_t)(FIN | (unsigned)opcode);
    if (len < 126) {
        out[1] = (uint8_t)len;
        return 2;
    }
    size_t bytes = len <= 0xffff ? 2 : 8;
    out[1] = bytes == 2 ? 126 : 127;
    for (size_t i = 0; i < bytes; i++) {
        out[2 + i] = (uint8_t)(len >> (8 * (bytes - 1 - i)));
    }
    return 2 + bytes;
}

// The length of a frame's head by its second byte, without the mask.
static size_t
head_size(uint8_t second)
{
    unsigned len = second & 0x7f;
    return len < 126 ? 2 : len == 126 ? 4 : 10;
}

static uint64_t
payload_length(const uint8_t *head)
{
    size_t size = head_size(head[1]);
    if (size == 2) {
        return head[1] & 0x7f;
    }
    uint64_t v = 0;
    for (size_t i = 2; i < size; i++) {
        v = v << 8 | head[i];
    }
    return v;
}

static enum bc_ws_event
bad(struct bc_ws_parser *p, uint16_t code)
{
    p->code = code;
    return BC_WS_BAD;
}

// The head is complete: is the frame allowed here? BC_WS_NONE or BC_WS_BAD.
static enum bc_ws_event
begin_frame(struct bc_ws_parser *p)
{
    unsigned opcode = p->head[0] & 0x0f;
    bool fin = p->head[0] & FIN;
    p->left = payload_length(p->head);
    if ((p->head[0] & RESERVED) || !(p->head[1] & MASKED)) {
        return bad(p, 1002);
    }
    if (opcode & CONTROL) {
        if (!fin || p->left > BC_WS_CONTROL_MAX || opcode > BC_WEBSOCKET_PONG) {
            return bad(p, 1002);
        }
        p->control_len = 0;
        return BC_WS_NONE;
    }
    bool continues = opcode == BC_WEBSOCKET_CONTINUATION;
    if (opcode > BC_WEBSOCKET_BINARY || continues != p->in_message) {
        return bad(p, 1002);
    }
    p->message_bytes = continues ? p->message_bytes : 0;
    if (p->left > BC_WS_MESSAGE_MAX - p->message_bytes) {
        return bad(p, 1009);
    }
    p->message_bytes += (uint32_t)p->left;
    p->in_message = !fin;
    return BC_WS_NONE;
}

// RFC 6455 7.4.1, 7.4.2: codes that may stand in a close frame.
static bool
is_close_code(unsigned code)
{
    return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006)
        || (code >= 3000 && code <= 4999);
}

static enum bc_ws_event
end_close(struct bc_ws_parser *p)
{
    if (p->control_len == 0) {
        p->code = 1005;
        return BC_WS_CLOSE;
    }
    p->code = (uint16_t)(p->control[0] << 8 | p->control[1]);
    if (p->control_len == 1 || !is_close_code(p->code)) {
        return bad(p, 1002);
    }
    return BC_WS_CLOSE;
}

static enum bc_ws_event
end_frame(struct bc_ws_parser *p)
{
    p->in_payload = false;
    p->head_len = 0;
    switch (p->head[0] & 0x0f) {
    case BC_WEBSOCKET_PING: return BC_WS_PING;
    case BC_WEBSOCKET_PONG: return BC_WS_PONG;
    case BC_WEBSOCKET_CLOSE: return end_close(p);
    default: return p->in_message ? BC_WS_NONE : BC_WS_MESSAGE;
    }
}

static size_t
take_payload(struct bc_ws_parser *p, const uint8_t *data, size_t len)
{
    size_t n = p->left < len ? (size_t)p->left : len;
    if (p->head[0] & CONTROL) {
        const uint8_t *key = p->head + p->head_len - 4;
        for (size_t i = 0; i < n; i++) {
            p->control[p->control_len] = data[i] ^ key[p->control_len & 3];
            p->control_len++;
        }
    }
    p->left -= n;
    return n;
}

enum bc_ws_event
bc_ws_parse(struct bc_ws_parser *p, const uint8_t *data, size_t len, size_t *used)
{
    size_t i = 0;
    enum bc_ws_event event = BC_WS_NONE;
    while (event == BC_WS_NONE && i < len) {
        if (!p->in_payload) {
            p->head[p->head_len++] = data[i++];
            if (p->head_len < 2 || p->head_len < head_size(p->head[1]) + 4) {
                // An unmasked head is shorter: it is refused at its second byte.
                if (p->head_len == 2 && !(p->head[1] & MASKED)) {
                    event = bad(p, 1002);
                }
                continue;
            }
            event = begin_frame(p);
            p->in_payload = true;
        } else {
            i += take_payload(p, data + i, len - i);
        }
        if (event == BC_WS_NONE && p->left == 0) {
            event = end_frame(p);
        }
    }
    *used = i;
    return event;
}

size_t
bc_ws_track_pass(struct bc_ws_track *t, const uint8_t *data, size_t len, bool stop)
{
    size_t i = 0;
    while (i < len) {
        if (t->left > 0) {
            size_t n = t->left < len - i ? (size_t)t->left : len - i;
            t->left -= n;
            i += n;
        } else {
            t->head[t->head_len++] = data[i++];
            if (t->head_len < 2 || t->head_len < head_size(t->head[1])) {
                continue;
            }
            t->left = payload_length(t->head);
            t->head_len = 0;
        }
        if (stop && t->left == 0) {
            break;
        }
    }
    return i;
}

bool
bc_ws_accept_key(const char *key, char out[BC_WS_ACCEPT_TEXT])
{
    static const char GUID[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    uint8_t raw[24];
    char text[24 + sizeof(GUID)];
    if (strlen(key) != 24 || key[22] != '=' || key[23] != '='
        || EVP_DecodeBlock(raw, (const unsigned char *)key, 24) != 18) {
        return false;
    }
    memcpy(text, key, 24);
    memcpy(text + 24, GUID, sizeof(GUID));
    unsigned char digest[SHA_DIGEST_LENGTH];
    SHA1((const unsigned char *)text, sizeof(text) - 1, digest);
    EVP_EncodeBlock((unsigned char *)out, digest, sizeof(digest));
    return true;
}
