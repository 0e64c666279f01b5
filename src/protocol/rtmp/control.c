// SPDX-License-Identifier: Apache-2.0
#include "control.h"

#include <errno.h>

#include "base/reader.h"
#include "base/writer.h"

// A peer that asks for tiny windows must not get an answer to every byte.
#define MIN_WINDOW 4096u

#define PEER_BANDWIDTH_DYNAMIC 2

void
bc_rtmp_control_init(struct bc_rtmp_control *c, const struct bc_rtmp_chunk_limits *limits)
{
    *c = (struct bc_rtmp_control){ .out_chunk_size = RTMP_DEFAULT_CHUNK_SIZE,
        .window = RTMP_DEFAULT_WINDOW };
    bc_rtmp_chunk_reader_init(&c->chunks, limits);
}

void
bc_rtmp_control_finish(struct bc_rtmp_control *c)
{
    bc_rtmp_chunk_reader_finish(&c->chunks);
}

// A protocol control message: chunk stream 2, message stream 0, time ignored (RTMP 5.4).
static void
send(struct bc_rtmp_control *c, uint8_t type, const uint8_t *body, size_t len,
    struct bc_writer *out)
{
    struct bc_rtmp_out msg = { .csid = BC_RTMP_CSID_CONTROL, .type = type, .body = body,
        .body_len = len };
    if (bc_rtmp_chunk_write(out, &msg, c->out_chunk_size) < 0) {
        out->failed = true;
    }
}

static void
put_u32(uint8_t *out, uint32_t v)
{
    for (int i = 0; i < 4; i++) {
        out[i] = (uint8_t)(v >> (24 - 8 * i));
    }
}

static void
send_u32(struct bc_rtmp_control *c, uint8_t type, uint32_t v, struct bc_writer *out)
{
    uint8_t body[4];
    put_u32(body, v);
    send(c, type, body, sizeof(body), out);
}

void
bc_rtmp_control_count(struct bc_rtmp_control *c, size_t len)
{
    c->received += (uint32_t)len;
}

void
bc_rtmp_control_ack(struct bc_rtmp_control *c, struct bc_writer *out)
{
    if (c->received - c->acked >= c->window) {
        c->acked = c->received;
        send_u32(c, BC_RTMP_TYPE_ACK, c->received, out);
    }
}

static int
fail(struct bc_rtmp_control *c, const char *reason)
{
    c->reason = reason;
    return -EPROTO;
}

// RTMP 5.4.1: top bit 0, at least 1; more than a message can be long counts as that.
static int
handle_chunk_size(struct bc_rtmp_control *c, uint32_t size)
{
    if (size == 0 || size > 0x7fffffff) {
        return fail(c, "chunk size out of range");
    }
    c->chunks.chunk_size = size < RTMP_MAX_CHUNK_SIZE ? size : RTMP_MAX_CHUNK_SIZE;
    return 0;
}

// RTMP 7.1.7: event(2) data. Only a ping asks for something; unknown events are common.
static int
handle_event(struct bc_rtmp_control *c, struct bc_reader *r, struct bc_writer *out)
{
    uint16_t event = bc_read_u16(r);
    uint32_t value = bc_read_u32(r);
    if (event == RTMP_EVENT_PING && !r->failed) {
        bc_rtmp_control_event(c, RTMP_EVENT_PONG, value, out);
    }
    return 0;
}

int
bc_rtmp_control_handle(struct bc_rtmp_control *c, const struct bc_rtmp_message *msg,
    struct bc_writer *out)
{
    struct bc_reader r = bc_reader_init(msg->buf ? msg->buf->data : NULL,
        msg->buf ? msg->buf->len : 0);
    if (msg->type == BC_RTMP_TYPE_USER_CONTROL) {
        return handle_event(c, &r, out);
    }
    uint32_t value = bc_read_u32(&r);
    if (r.failed) {
        return fail(c, "control message is too short");
    }
    switch (msg->type) {
    case BC_RTMP_TYPE_SET_CHUNK_SIZE:
        return handle_chunk_size(c, value);
    case BC_RTMP_TYPE_ABORT:
        bc_rtmp_chunk_abort(&c->chunks, value);
        break;
    case BC_RTMP_TYPE_WINDOW_ACK_SIZE:
        c->window = value > MIN_WINDOW ? value : MIN_WINDOW;
        break;
    default:
        // Acknowledgements and the peer's wish for our bandwidth change nothing: TCP is
        // asked how much a viewer takes.
        break;
    }
    return 0;
}

void
bc_rtmp_control_set_chunk_size(
    struct bc_rtmp_control *c, uint32_t size, struct bc_writer *out)
{
    send_u32(c, BC_RTMP_TYPE_SET_CHUNK_SIZE, size, out);
    c->out_chunk_size = size;
}

void
bc_rtmp_control_set_window(struct bc_rtmp_control *c, uint32_t window,
    bool with_bandwidth, struct bc_writer *out)
{
    send_u32(c, BC_RTMP_TYPE_WINDOW_ACK_SIZE, window, out);
    if (with_bandwidth) {
        uint8_t body[5];
        put_u32(body, window);
        body[4] = PEER_BANDWIDTH_DYNAMIC;
        send(c, BC_RTMP_TYPE_SET_PEER_BANDWIDTH, body, sizeof(body), out);
    }
}

void
bc_rtmp_control_event(struct bc_rtmp_control *c, enum rtmp_event event, uint32_t value,
    struct bc_writer *out)
{
    uint8_t body[6] = { 0, (uint8_t)event };
    put_u32(body + 2, value);
    send(c, BC_RTMP_TYPE_USER_CONTROL, body, sizeof(body), out);
}
