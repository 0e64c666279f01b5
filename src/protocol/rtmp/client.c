// SPDX-License-Identifier: Apache-2.0
#include "protocol/rtmp/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "base/writer.h"
#include "capabilities.h"
#include "control.h"
#include "handshake.h"
#include "protocol/rtmp/amf.h"
#include "reply.h"

#define MAX_TEXT 1024
#define MAX_MESSAGE_BYTES (8u << 20)
#define DEFAULT_CHUNK_SIZE 4096

// Transactions are numbered by what they ask, so that an answer tells what it belongs to.
enum { TX_CONNECT = 1, TX_RELEASE, TX_FC_PUBLISH, TX_CREATE, TX_START, TX_STOP };

struct bc_rtmp_client {
    const struct bc_rtmp_client_callbacks *callbacks; // borrowed
    void *user;
    bool publish;
    uint32_t codecs;
    uint32_t caps_ex;
    struct bc_rtmp_caps caps; // the server's
    bool started;
    bool failed;
    char app[MAX_TEXT];
    char stream[MAX_TEXT];
    char tc_url[MAX_TEXT];
    uint32_t chunk_size;
    uint32_t stream_id;
    struct bc_rtmp_handshake *handshake; // owned; NULL once done
    struct bc_rtmp_control control;
    struct bc_writer out;
    char reason[160];
};

static int
fail(struct bc_rtmp_client *c, int error, const char *reason)
{
    snprintf(c->reason, sizeof(c->reason), "%s", reason);
    c->failed = true;
    return error;
}

static bool
copy_text(char *out, const char *text)
{
    size_t len = text ? strlen(text) : 0;
    if (len >= MAX_TEXT) {
        return false;
    }
    memcpy(out, text ? text : "", len);
    out[len] = '\0';
    return true;
}

struct bc_rtmp_client *
bc_rtmp_client_create(const struct bc_rtmp_client_params *params,
    const struct bc_rtmp_client_callbacks *callbacks, void *user)
{
    struct bc_rtmp_client *c = calloc(1, sizeof(*c));
    if (!c) {
        return NULL;
    }
    struct bc_rtmp_chunk_limits limits = { MAX_MESSAGE_BYTES, 64, 2 * MAX_MESSAGE_BYTES };
    bc_rtmp_control_init(&c->control, &limits);
    c->callbacks = callbacks;
    c->user = user;
    c->publish = params->publish;
    c->codecs = params->codecs;
    c->caps_ex = params->caps_ex;
    c->chunk_size = params->chunk_size ? params->chunk_size : DEFAULT_CHUNK_SIZE;
    c->handshake = calloc(1, sizeof(*c->handshake));
    if (!c->handshake || !copy_text(c->app, params->app)
            || !copy_text(c->stream, params->stream)
            || !copy_text(c->tc_url, params->tc_url)) {
        bc_rtmp_client_destroy(c);
        return NULL;
    }
    return c;
}

void
bc_rtmp_client_destroy(struct bc_rtmp_client *c)
{
    if (!c) {
        return;
    }
    free(c->handshake);
    bc_rtmp_control_finish(&c->control);
    bc_writer_finish(&c->out);
    free(c);
}

static int
flush(struct bc_rtmp_client *c)
{
    struct bc_writer out = c->out;
    c->out = (struct bc_writer){ 0 };
    int ret = out.failed ? fail(c, -ENOMEM, "out of memory") : 0;
    if (ret == 0 && out.len > 0 && c->callbacks->on_send) {
        c->callbacks->on_send(c->user, out.data, out.len);
    }
    bc_writer_finish(&out);
    return ret;
}

static void
send_body(struct bc_rtmp_client *c, struct bc_writer *body, uint32_t stream_id)
{
    bc_rtmp_send_amf(&c->out, body, BC_RTMP_TYPE_COMMAND_AMF0, stream_id,
        c->control.out_chunk_size);
    bc_writer_finish(body);
}

// name(transaction, null, text, second); the texts may be NULL.
static void
send_command(struct bc_rtmp_client *c, const char *name, double transaction,
    const char *text, const char *second)
{
    struct bc_writer body = { 0 };
    bc_rtmp_write_command(&body, name, transaction);
    if (text) {
        bc_amf_write_string(&body, text);
    }
    if (second) {
        bc_amf_write_string(&body, second);
    }
    send_body(c, &body, c->stream_id);
}

static void
send_connect(struct bc_rtmp_client *c)
{
    bc_rtmp_control_set_chunk_size(&c->control, c->chunk_size, &c->out);
    struct bc_writer body = { 0 };
    bc_amf_write_string(&body, "connect");
    bc_amf_write_number(&body, TX_CONNECT);
    bc_amf_write_object_begin(&body);
    bc_amf_write_key(&body, "app");
    bc_amf_write_string(&body, c->app);
    bc_amf_write_key(&body, "type");
    bc_amf_write_string(&body, "nonprivate");
    bc_amf_write_key(&body, "flashVer");
    bc_amf_write_string(&body, "FMLE/3.0 (compatible; Branchcast)");
    bc_amf_write_key(&body, "tcUrl");
    bc_amf_write_string(&body, c->tc_url);
    if (c->codecs) {
        unsigned mask = c->publish ? RTMP_FOURCC_CAN_ENCODE : RTMP_FOURCC_CAN_DECODE;
        bc_rtmp_caps_write_codecs(&body, c->codecs, mask, NULL, NULL);
        bc_amf_write_key(&body, "capsEx");
        bc_amf_write_number(&body, c->caps_ex);
    }
    bc_amf_write_object_end(&body);
    send_body(c, &body, 0);
}

int
bc_rtmp_client_start(struct bc_rtmp_client *c)
{
    int ret = bc_rtmp_handshake_client_start(&c->out);
    return ret < 0 ? fail(c, ret, "no random bytes for the handshake") : flush(c);
}

// connect was answered.
static void
send_create(struct bc_rtmp_client *c)
{
    bc_rtmp_control_set_window(&c->control, RTMP_DEFAULT_WINDOW, false, &c->out);
    if (c->publish) {
        send_command(c, "releaseStream", TX_RELEASE, c->stream, NULL);
        send_command(c, "FCPublish", TX_FC_PUBLISH, c->stream, NULL);
    }
    send_command(c, "createStream", TX_CREATE, NULL, NULL);
}

// createStream was answered with an id.
static int
send_start(struct bc_rtmp_client *c, const struct bc_amf *amf)
{
    double id = bc_amf_number(bc_amf_at(amf, 3), 0);
    if (id < 1 || id > UINT32_MAX) {
        return fail(c, -EPROTO, "the server created no stream");
    }
    c->stream_id = (uint32_t)id;
    if (c->publish) {
        send_command(c, "publish", TX_START, c->stream, "live");
    } else {
        send_command(c, "play", TX_START, c->stream, NULL);
    }
    return 0;
}

static void
tell_status(struct bc_rtmp_client *c, bool is_error, const char *code,
    const char *description)
{
    if (c->callbacks->on_status) {
        c->callbacks->on_status(c->user, is_error, code, description);
    }
}

// onStatus and _error carry {level, code, description} as their fourth value.
static void
handle_status(struct bc_rtmp_client *c, const struct bc_amf *amf, bool is_error)
{
    char code[96];
    char description[256];
    const struct bc_amf_value *info = bc_amf_at(amf, 3);
    (void)bc_amf_copy_text(bc_amf_get(amf, info, "code"), code, sizeof(code));
    (void)bc_amf_copy_text(bc_amf_get(amf, info, "description"), description,
        sizeof(description));
    is_error = is_error || bc_amf_is(bc_amf_get(amf, info, "level"), "error");
    const char *start = c->publish ? "NetStream.Publish.Start" : "NetStream.Play.Start";
    if (!c->started && !is_error && strcmp(code, start) == 0) {
        c->started = true;
        if (c->callbacks->on_started) {
            c->callbacks->on_started(c->user);
        }
    } else {
        tell_status(c, is_error, code, description);
    }
}

static int
handle_amf(struct bc_rtmp_client *c, const struct bc_amf *amf)
{
    const struct bc_amf_value *name = bc_amf_at(amf, 0);
    double transaction = bc_amf_number(bc_amf_at(amf, 1), 0);
    if (bc_amf_is(name, "_result") && transaction == TX_CONNECT) {
        bc_rtmp_caps_parse(&c->caps, amf, bc_amf_at(amf, 3));
        send_create(c);
    } else if (bc_amf_is(name, "_result") && transaction == TX_CREATE) {
        return send_start(c, amf);
    } else if (bc_amf_is(name, "onStatus")) {
        handle_status(c, amf, false);
    } else if (bc_amf_is(name, "_error") && transaction != TX_RELEASE
            && transaction != TX_FC_PUBLISH) {
        handle_status(c, amf, true);
    }
    return 0;
}

static void
give_media(struct bc_rtmp_client *c, const struct bc_rtmp_message *msg)
{
    static const enum bc_kind kinds[] = { [BC_RTMP_TYPE_AUDIO] = BC_KIND_AUDIO,
        [BC_RTMP_TYPE_VIDEO] = BC_KIND_VIDEO, [BC_RTMP_TYPE_DATA_AMF0] = BC_KIND_SCRIPT };
    bool known = msg->type < sizeof(kinds) / sizeof(kinds[0]) && kinds[msg->type];
    if (known && c->started && c->callbacks->on_media) {
        struct bc_rtmp_media media = { .kind = kinds[msg->type],
            .timestamp = msg->timestamp, .buf = msg->buf, .data = msg->buf->data,
            .len = msg->buf->len };
        c->callbacks->on_media(c->user, &media);
    }
}

static int
handle_message(struct bc_rtmp_client *c, const struct bc_rtmp_message *msg)
{
    if (msg->type >= BC_RTMP_TYPE_SET_CHUNK_SIZE
            && msg->type <= BC_RTMP_TYPE_SET_PEER_BANDWIDTH) {
        int ret = bc_rtmp_control_handle(&c->control, msg, &c->out);
        return ret < 0 ? fail(c, ret, c->control.reason) : 0;
    }
    if (!msg->buf) {
        return 0;
    }
    if (msg->type != BC_RTMP_TYPE_COMMAND_AMF0) {
        give_media(c, msg);
        return 0;
    }
    struct bc_amf amf = { 0 };
    int ret = bc_amf_parse(&amf, msg->buf->data, msg->buf->len);
    ret = ret < 0 ? fail(c, ret, "malformed command") : handle_amf(c, &amf);
    bc_amf_finish(&amf);
    return ret;
}

static int
shake_hands(struct bc_rtmp_client *c, struct bc_reader *r)
{
    int ret = bc_rtmp_handshake_client(c->handshake, r, &c->out);
    if (ret < 0) {
        return fail(c, ret, c->handshake->reason);
    }
    if (ret == 1) {
        free(c->handshake);
        c->handshake = NULL;
        send_connect(c);
    }
    return flush(c);
}

int
bc_rtmp_client_input(struct bc_rtmp_client *c, const uint8_t *data, size_t len)
{
    if (c->failed) {
        return -ECANCELED;
    }
    if (len == 0) {
        return 0;
    }
    struct bc_reader r = bc_reader_init(data, len);
    bc_rtmp_control_count(&c->control, len);
    int ret = c->handshake ? shake_hands(c, &r) : 0;
    while (ret == 0 && !c->handshake) {
        struct bc_rtmp_message msg;
        ret = bc_rtmp_chunk_read(&c->control.chunks, &r, &msg);
        if (ret < 0) {
            return fail(c, ret, c->control.chunks.reason);
        }
        if (ret == 0) {
            bc_rtmp_control_ack(&c->control, &c->out);
            return flush(c);
        }
        ret = handle_message(c, &msg);
        bc_buf_unref(&msg.buf);
    }
    return ret;
}

const char *
bc_rtmp_client_reason(const struct bc_rtmp_client *c)
{
    return c->reason;
}

struct bc_rtmp_caps
bc_rtmp_client_caps(const struct bc_rtmp_client *c)
{
    return c->caps;
}

int
bc_rtmp_client_send(struct bc_rtmp_client *c, enum bc_kind kind, uint32_t timestamp,
    const void *data, size_t len)
{
    static const struct {
        uint32_t csid;
        uint8_t type;
    } ways[] = {
        [BC_KIND_VIDEO] = { BC_RTMP_CSID_VIDEO, BC_RTMP_TYPE_VIDEO },
        [BC_KIND_AUDIO] = { BC_RTMP_CSID_AUDIO, BC_RTMP_TYPE_AUDIO },
        [BC_KIND_SCRIPT] = { BC_RTMP_CSID_DATA, BC_RTMP_TYPE_DATA_AMF0 },
    };
    if (!c->started || !c->publish || kind == BC_KIND_NONE) {
        return -ENOTCONN;
    }
    struct bc_rtmp_out msg = { .csid = ways[kind].csid,
        .type = ways[kind].type,
        .stream_id = c->stream_id,
        .timestamp = timestamp,
        .body = data,
        .body_len = len };
    int ret = bc_rtmp_chunk_write(&c->out, &msg, c->control.out_chunk_size);
    return ret < 0 ? ret : flush(c);
}

void
bc_rtmp_client_stop(struct bc_rtmp_client *c)
{
    if (c->failed || c->stream_id == 0) {
        return;
    }
    if (c->publish) {
        send_command(c, "FCUnpublish", TX_STOP, c->stream, NULL);
    }
    struct bc_writer body = { 0 };
    bc_rtmp_write_command(&body, "deleteStream", TX_STOP + 1);
    bc_amf_write_number(&body, c->stream_id);
    send_body(c, &body, 0);
    (void)flush(c);
    c->started = false;
}
