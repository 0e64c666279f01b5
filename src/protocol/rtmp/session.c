// SPDX-License-Identifier: Apache-2.0
#include "protocol/rtmp/session.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "session_state.h"

// The largest message of a peer that may not publish yet; a connect is under 1 KiB.
#define MAX_EARLY_BYTES (64u << 10)

static uint32_t
or_default(uint32_t value, uint32_t otherwise)
{
    return value ? value : otherwise;
}

static struct bc_rtmp_session_params
fill_params(const struct bc_rtmp_session_params *p)
{
    struct bc_rtmp_session_params none = { 0 };
    p = p ? p : &none;
    return (struct bc_rtmp_session_params){
        .max_message_bytes = or_default(p->max_message_bytes, 8u << 20),
        .max_chunk_streams = or_default(p->max_chunk_streams, 64),
        .max_reassembly_bytes = or_default(p->max_reassembly_bytes, 16u << 20),
        .max_held_bytes = or_default(p->max_held_bytes, 1u << 20),
        .out_chunk_size = or_default(p->out_chunk_size, BC_RTMP_OUT_CHUNK_SIZE),
        .window_ack_size = or_default(p->window_ack_size, RTMP_DEFAULT_WINDOW),
    };
}

struct bc_rtmp_session *
bc_rtmp_session_create(const struct bc_rtmp_session_params *params,
    const struct bc_rtmp_session_callbacks *callbacks, void *user)
{
    struct bc_rtmp_session *s = calloc(1, sizeof(*s));
    if (!s) {
        return NULL;
    }
    s->handshake = calloc(1, sizeof(*s->handshake));
    if (!s->handshake) {
        free(s);
        return NULL;
    }
    s->callbacks = callbacks;
    s->user = user;
    s->params = fill_params(params);
    uint32_t max = s->params.max_message_bytes;
    struct bc_rtmp_chunk_limits limits = {
        .max_message_bytes = max < MAX_EARLY_BYTES ? max : MAX_EARLY_BYTES,
        .max_streams = s->params.max_chunk_streams,
        .max_total_bytes = s->params.max_reassembly_bytes,
    };
    bc_rtmp_control_init(&s->control, &limits);
    s->state = BC_RTMP_HANDSHAKE;
    return s;
}

void
bc_rtmp_session_destroy(struct bc_rtmp_session *s)
{
    if (!s) {
        return;
    }
    free(s->handshake);
    free(s->app);
    free(s->tc_url);
    bc_rtmp_control_finish(&s->control);
    bc_writer_finish(&s->out);
    bc_writer_finish(&s->held);
    free(s);
}

int
bc_rtmp_session_fail(struct bc_rtmp_session *s, int error, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(s->reason, sizeof(s->reason), fmt, ap);
    va_end(ap);
    s->state = BC_RTMP_CLOSED;
    return error;
}

void
bc_rtmp_session_set_state(struct bc_rtmp_session *s, enum bc_rtmp_state state)
{
    if (s->state != BC_RTMP_CLOSED) {
        s->state = state;
    }
}

// Also frees the memory: thousands of viewers say nothing for hours.
void
bc_rtmp_session_flush(struct bc_rtmp_session *s)
{
    struct bc_writer out = s->out;
    s->out = (struct bc_writer){ 0 };
    if (out.failed) {
        bc_rtmp_session_fail(s, -ENOMEM, "out of memory for an answer");
    } else if (out.len > 0 && s->callbacks->on_send && s->state != BC_RTMP_CLOSED) {
        s->callbacks->on_send(s->user, out.data, out.len);
    }
    bc_writer_finish(&out);
}

static int
shake_hands(struct bc_rtmp_session *s, struct bc_reader *r, int64_t now_us)
{
    struct bc_rtmp_handshake *h = s->handshake;
    int ret = bc_rtmp_handshake_server(h, r, &s->out, (uint32_t)(now_us / 1000));
    if (ret < 0) {
        return bc_rtmp_session_fail(s, ret, "%s (first byte 0x%02x)",
            h->reason ? h->reason : "handshake failed", h->in[0]);
    }
    bc_rtmp_session_flush(s);
    if (ret == 1) {
        free(s->handshake);
        s->handshake = NULL;
        bc_rtmp_session_set_state(s, BC_RTMP_CONNECT);
    }
    return 0;
}

static int
handle_command(struct bc_rtmp_session *s, const struct bc_rtmp_message *msg)
{
    const uint8_t *data = msg->buf->data;
    size_t len = msg->buf->len;
    if (len > MAX_EARLY_BYTES) {
        return bc_rtmp_session_fail(s, -EMSGSIZE, "command of %zu bytes", len);
    }
    if (msg->type == BC_RTMP_TYPE_COMMAND_AMF3 && data[0] == 0) {
        data++;
        len--;
    }
    return bc_rtmp_session_command(s, msg, data, len);
}

static int
handle_message(struct bc_rtmp_session *s, const struct bc_rtmp_message *msg)
{
    if (msg->type >= BC_RTMP_TYPE_SET_CHUNK_SIZE
            && msg->type <= BC_RTMP_TYPE_SET_PEER_BANDWIDTH) {
        int ret = bc_rtmp_control_handle(&s->control, msg, &s->out);
        return ret < 0 ? bc_rtmp_session_fail(s, ret, "%s", s->control.reason) : 0;
    }
    if (!msg->buf) {
        return 0;
    }
    switch (msg->type) {
    case BC_RTMP_TYPE_COMMAND_AMF0:
    case BC_RTMP_TYPE_COMMAND_AMF3:
        return handle_command(s, msg);
    case BC_RTMP_TYPE_AGGREGATE:
        return bc_rtmp_session_give_aggregate(s, msg);
    default: {
        struct rtmp_sub_message m = { .type = msg->type, .timestamp = msg->timestamp,
            .data = msg->buf->data, .len = msg->buf->len };
        return bc_rtmp_session_give(s, msg->buf, &m); // ignores shared objects and others
    }
    }
}

// Keeps what came before on_publish is answered.
static int
hold(struct bc_rtmp_session *s, struct bc_reader *r)
{
    size_t len = bc_reader_left(r);
    if (len > s->params.max_held_bytes - s->held.len) {
        return bc_rtmp_session_fail(s, -EMSGSIZE,
            "more than %u bytes before publish was answered", s->params.max_held_bytes);
    }
    bc_write_bytes(&s->held, bc_read_bytes(r, len), len);
    return s->held.failed
        ? bc_rtmp_session_fail(s, -ENOMEM, "out of memory before publish was answered")
        : 0;
}

// Whether the state wants chunks to be read now.
static bool
reads_chunks(const struct bc_rtmp_session *s)
{
    return s->state >= BC_RTMP_CONNECT && s->state <= BC_RTMP_PLAYING
        && s->state != BC_RTMP_PUBLISH_PENDING;
}

static int
read_messages(struct bc_rtmp_session *s, struct bc_reader *r)
{
    int ret = 0;
    while (ret == 0 && reads_chunks(s)) {
        struct bc_rtmp_message msg;
        ret = bc_rtmp_chunk_read(&s->control.chunks, r, &msg);
        if (ret < 0) {
            return bc_rtmp_session_fail(s, ret, "%s", s->control.chunks.reason);
        }
        if (ret == 0) {
            return 0;
        }
        ret = handle_message(s, &msg);
        bc_buf_unref(&msg.buf);
    }
    return ret;
}

static int
process(struct bc_rtmp_session *s, struct bc_reader *r)
{
    s->busy = true;
    int ret = read_messages(s, r);
    if (ret == 0 && s->state == BC_RTMP_PUBLISH_PENDING) {
        ret = hold(s, r);
    }
    bc_rtmp_session_flush(s);
    s->busy = false;
    if (ret == 0 && s->state == BC_RTMP_CLOSED) {
        // The flush ran out of memory, or the owner closed from a callback.
        return s->reason[0] ? -ENOMEM : -ECANCELED;
    }
    return ret;
}

int
bc_rtmp_session_input(struct bc_rtmp_session *s, const uint8_t *data, size_t len,
    int64_t now_us)
{
    if (s->state == BC_RTMP_CLOSED) {
        return -ECANCELED;
    }
    if (s->state == BC_RTMP_REJECTED || len == 0) {
        return 0;
    }
    struct bc_reader r = bc_reader_init(data, len);
    bc_rtmp_control_count(&s->control, len);
    if (s->handshake) {
        int ret = shake_hands(s, &r, now_us);
        if (ret < 0 || s->handshake) {
            return ret;
        }
    }
    bc_rtmp_control_ack(&s->control, &s->out);
    return process(s, &r);
}

const char *
bc_rtmp_session_reason(const struct bc_rtmp_session *s)
{
    return s->reason;
}

int
bc_rtmp_session_release_held(struct bc_rtmp_session *s)
{
    if (s->busy || s->held.len == 0) {
        return 0;
    }
    struct bc_writer held = s->held;
    s->held = (struct bc_writer){ 0 };
    struct bc_reader r = bc_reader_init(held.data, held.len);
    int ret = process(s, &r);
    bc_writer_finish(&held);
    return ret;
}

enum bc_rtmp_state
bc_rtmp_session_state(const struct bc_rtmp_session *s)
{
    return s->state;
}

const char *
bc_rtmp_state_name(enum bc_rtmp_state state)
{
    switch (state) {
    case BC_RTMP_HANDSHAKE:
        return "handshake";
    case BC_RTMP_CONNECT:
        return "connect";
    case BC_RTMP_READY:
        return "ready";
    case BC_RTMP_PUBLISH_PENDING:
        return "publish pending";
    case BC_RTMP_PUBLISHING:
        return "publishing";
    case BC_RTMP_PLAY_PENDING:
        return "play pending";
    case BC_RTMP_PLAYING:
        return "playing";
    case BC_RTMP_REJECTED:
        return "rejected";
    case BC_RTMP_CLOSED:
        return "closed";
    case BC_RTMP_NONE:
        break;
    }
    return "none";
}
