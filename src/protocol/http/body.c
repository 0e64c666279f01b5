// SPDX-License-Identifier: Apache-2.0
#include "body.h"

#include <stdbool.h>

#define CHUNK_DIGITS_MAX 8
#define LINE_BYTES_MAX 4096

void
bc_http_body_begin(
    struct bc_http_body_reader *b, enum bc_http_body_kind kind, uint64_t length)
{
    *b = (struct bc_http_body_reader){ .kind = kind, .left = length };
}

static int
hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// One byte of a chunk's size line. 0 or 400.
static int
size_byte(struct bc_http_body_reader *b, uint8_t c)
{
    int digit = hex_value(c);
    if (digit >= 0) {
        b->left = b->left << 4 | (unsigned)digit;
        return ++b->digits > CHUNK_DIGITS_MAX ? 400 : 0;
    }
    if (b->digits == 0) {
        return 400;
    }
    if (c == '\r') {
        b->state = BC_HTTP_CHUNK_SIZE_LF;
        return 0;
    }
    b->state = BC_HTTP_CHUNK_EXTENSION;
    return c == ';' || c == ' ' || c == '\t' ? 0 : 400;
}

// One byte of an extension or trailer, both of which are skipped.
static int
line_byte(struct bc_http_body_reader *b, uint8_t c, enum bc_http_chunk_state after_cr)
{
    if (c == '\r') {
        b->state = after_cr;
        return 0;
    }
    return (c < 0x20 && c != '\t') || ++b->line_bytes > LINE_BYTES_MAX ? 400 : 0;
}

static int
expect(struct bc_http_body_reader *b, uint8_t c, uint8_t wanted,
    enum bc_http_chunk_state next)
{
    b->state = next;
    return c == wanted ? 0 : 400;
}

// One byte outside of chunk data. 0, 200 at the very end, or 400.
static int
chunk_byte(struct bc_http_body_reader *b, uint8_t c)
{
    switch (b->state) {
    case BC_HTTP_CHUNK_SIZE:
        return size_byte(b, c);
    case BC_HTTP_CHUNK_EXTENSION:
        return line_byte(b, c, BC_HTTP_CHUNK_SIZE_LF);
    case BC_HTTP_CHUNK_SIZE_LF:
        b->digits = 0;
        return expect(b, c, '\n', b->left ? BC_HTTP_CHUNK_DATA : BC_HTTP_CHUNK_LINE);
    case BC_HTTP_CHUNK_DATA_CR:
        return expect(b, c, '\r', BC_HTTP_CHUNK_DATA_LF);
    case BC_HTTP_CHUNK_DATA_LF:
        return expect(b, c, '\n', BC_HTTP_CHUNK_SIZE);
    case BC_HTTP_CHUNK_LINE:
        if (c == '\r') {
            b->state = BC_HTTP_CHUNK_LAST_LF;
            return 0;
        }
        b->state = BC_HTTP_CHUNK_TRAILER;
        return line_byte(b, c, BC_HTTP_CHUNK_LINE_LF);
    case BC_HTTP_CHUNK_TRAILER:
        return line_byte(b, c, BC_HTTP_CHUNK_LINE_LF);
    case BC_HTTP_CHUNK_LINE_LF:
        return expect(b, c, '\n', BC_HTTP_CHUNK_LINE);
    case BC_HTTP_CHUNK_LAST_LF:
        return c == '\n' ? 200 : 400;
    case BC_HTTP_CHUNK_DATA:
        break;
    }
    return 400;
}

// Takes up to `left` bytes as body. The number taken.
static size_t
take(
    struct bc_http_body_reader *b, const uint8_t *data, size_t len, struct bc_writer *out)
{
    size_t n = b->left < len ? (size_t)b->left : len;
    bc_write_bytes(out, data, n);
    b->left -= n;
    return n;
}

static int
feed_chunked(struct bc_http_body_reader *b, const uint8_t *data, size_t len, size_t limit,
    struct bc_writer *out, size_t *used)
{
    size_t i = 0;
    int ret = 0;
    while (ret == 0 && i < len) {
        if (b->state != BC_HTTP_CHUNK_DATA) {
            ret = chunk_byte(b, data[i++]);
            if (ret == 0 && b->left > limit - out->len) {
                ret = 413;
            }
            continue;
        }
        i += take(b, data + i, len - i, out);
        if (b->left == 0) {
            b->state = BC_HTTP_CHUNK_DATA_CR;
        }
    }
    *used = i;
    return ret;
}

int
bc_http_body_feed(struct bc_http_body_reader *b, const uint8_t *data, size_t len,
    size_t limit, struct bc_writer *out, size_t *used)
{
    *used = 0;
    if (b->kind == BC_HTTP_BODY_NONE) {
        return 200;
    }
    int ret;
    if (b->kind == BC_HTTP_BODY_CHUNKED) {
        ret = feed_chunked(b, data, len, limit, out, used);
    } else {
        if (b->left > limit - out->len) {
            return 413;
        }
        *used = take(b, data, len, out);
        ret = b->left == 0 ? 200 : 0;
    }
    return out->failed ? 503 : ret;
}
