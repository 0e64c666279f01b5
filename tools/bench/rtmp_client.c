// SPDX-License-Identifier: Apache-2.0
#include "rtmp_client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "amf.h"
#include "samples.h"

enum {
    HANDSHAKE_LEN = 1536,
    HANDSHAKE_VERSION = 3,
    ACK_WINDOW = 2500000,
    CONTROL_SET_BUFFER_LENGTH = 3,
    CONTROL_PING_REQUEST = 6,
    CONTROL_PING_RESPONSE = 7,
    CHUNK_STREAM_CONTROL = 2,
    CHUNK_STREAM_COMMAND = 3,
    CHUNK_STREAM_START = 8,
    BUFFER_MS = 1000,
};

// Transaction ids: each command has its own, so that answers are told apart.
enum { TXN_CONNECT = 1, TXN_RELEASE, TXN_FCPUBLISH, TXN_CREATE_STREAM, TXN_START };

static void
send_message(struct bc_rtmp_client *c, struct bc_rtmp_message m,
             const struct bc_buf *body)
{
    struct bc_buf out = {0};
    m.payload = body->data;
    m.len = body->len;
    bc_rtmp_message_write(&out, &m, c->out_chunk_size);
    if (bc_io_send(&c->io, out.data, out.len)) {
        bc_count_note("rtmp_send_failed"); // the next read reports the loss
    }
    bc_buf_finish(&out);
}

static void
send_control(struct bc_rtmp_client *c, uint8_t type, uint8_t *p, size_t n)
{
    struct bc_buf body = {.data = p, .len = n};
    send_message(c, (struct bc_rtmp_message){CHUNK_STREAM_CONTROL, type, 0, 0, NULL, 0},
                 &body);
}

static void
send_control32(struct bc_rtmp_client *c, uint8_t type, uint32_t value)
{
    uint8_t bytes[4];
    bc_write32(bytes, value);
    send_control(c, type, bytes, sizeof(bytes));
}

static void
begin_command(struct bc_buf *b, const char *name, int txn)
{
    bc_buf_clear(b);
    bc_amf_add_string(b, name);
    bc_amf_add_number(b, txn);
}

static void
send_command(struct bc_rtmp_client *c, const struct bc_buf *body)
{
    send_message(
        c, (struct bc_rtmp_message){CHUNK_STREAM_COMMAND, BC_RTMP_COMMAND, 0, 0, NULL, 0},
        body);
}

static void
add_string_property(struct bc_buf *b, const char *key, const char *value)
{
    bc_amf_add_key(b, key);
    bc_amf_add_string(b, value);
}

static void
add_number_property(struct bc_buf *b, const char *key, double value)
{
    bc_amf_add_key(b, key);
    bc_amf_add_number(b, value);
}

static void
send_connect(struct bc_rtmp_client *c)
{
    struct bc_buf b = {0};
    if (c->publish) {
        send_control32(c, BC_RTMP_SET_CHUNK_SIZE, c->out_chunk_size);
    }
    begin_command(&b, "connect", TXN_CONNECT);
    bc_amf_begin_object(&b);
    add_string_property(&b, "app", c->app);
    add_string_property(&b, "type", "nonprivate");
    add_string_property(&b, "flashVer",
                        c->publish ? "FMLE/3.0 (compatible; bcbench)" : "LNX 9,0,124,2");
    add_string_property(&b, "tcUrl", c->tc_url);
    if (!c->publish) { // as librtmp's players send it
        bc_amf_add_key(&b, "fpad");
        bc_amf_add_boolean(&b, false);
        add_number_property(&b, "capabilities", 15);
        add_number_property(&b, "audioCodecs", 4071);
        add_number_property(&b, "videoCodecs", 252);
        add_number_property(&b, "videoFunction", 1);
    }
    bc_amf_end_object(&b);
    send_command(c, &b);
    bc_buf_finish(&b);
    c->state = BC_RTMP_CONNECT;
}

static void
send_create_stream(struct bc_rtmp_client *c)
{
    struct bc_buf b = {0};
    send_control32(c, BC_RTMP_WINDOW_ACK_SIZE, ACK_WINDOW);
    if (c->publish) {
        begin_command(&b, "releaseStream", TXN_RELEASE);
        bc_amf_add_null(&b);
        bc_amf_add_string(&b, c->name);
        send_command(c, &b);
        begin_command(&b, "FCPublish", TXN_FCPUBLISH);
        bc_amf_add_null(&b);
        bc_amf_add_string(&b, c->name);
        send_command(c, &b);
    }
    begin_command(&b, "createStream", TXN_CREATE_STREAM);
    bc_amf_add_null(&b);
    send_command(c, &b);
    bc_buf_finish(&b);
    c->state = BC_RTMP_CREATE_STREAM;
}

static void
send_start(struct bc_rtmp_client *c)
{
    struct bc_buf b = {0};
    begin_command(&b, c->publish ? "publish" : "play", TXN_START);
    bc_amf_add_null(&b);
    bc_amf_add_string(&b, c->name);
    if (c->publish) {
        bc_amf_add_string(&b, "live");
    }
    send_message(c,
                 (struct bc_rtmp_message){CHUNK_STREAM_START, BC_RTMP_COMMAND,
                                          c->stream_id, 0, NULL, 0},
                 &b);
    bc_buf_finish(&b);
    if (!c->publish) {
        uint8_t buffer[10] = {0, CONTROL_SET_BUFFER_LENGTH};
        bc_write32(buffer + 2, c->stream_id);
        bc_write32(buffer + 6, BUFFER_MS);
        send_control(c, BC_RTMP_USER_CONTROL, buffer, sizeof(buffer));
    }
    c->state = BC_RTMP_START;
}

static void
set_running(struct bc_rtmp_client *c)
{
    if (c->state != BC_RTMP_RUNNING) {
        c->state = BC_RTMP_RUNNING;
        c->cbs->on_running(c->userdata);
    }
}

static const char *
on_status(struct bc_rtmp_client *c, const uint8_t *p, const uint8_t *end)
{
    static const char *const bad[] = {"Fail", "BadName", "NotFound", "Reject", "Denied"};
    static char what[96];
    char code[64];
    const uint8_t *at = memmem(p, (size_t)(end - p), "\0\4code\2", 7);
    if (!at || end - at < 9 || end - at < 9 + (int)bc_read16(at + 7)) {
        return NULL;
    }
    snprintf(code, sizeof(code), "%.*s", (int)bc_read16(at + 7), (const char *)at + 9);
    const char *start = c->publish ? "NetStream.Publish.Start" : "NetStream.Play.Start";
    if (!strcmp(code, start)) {
        set_running(c);
        return NULL;
    }
    for (size_t i = 0; i < BC_ARRAY_LEN(bad); i++) {
        if (strstr(code, bad[i])) {
            snprintf(what, sizeof(what), "rtmp:%s", code);
            return what;
        }
    }
    if (!strcmp(code, "NetStream.Play.Stop") ||
        !strcmp(code, "NetStream.Play.UnpublishNotify")) {
        bc_count_note("rtmp_stream_ended");
    }
    return NULL;
}

static const char *
on_result(struct bc_rtmp_client *c, int txn, const uint8_t *p, const uint8_t *end)
{
    if (c->state == BC_RTMP_CONNECT && txn == TXN_CONNECT) {
        send_create_stream(c);
    } else if (c->state == BC_RTMP_CREATE_STREAM && txn == TXN_CREATE_STREAM) {
        const uint8_t *id = bc_amf_skip(p, end); // the command object before it
        if (!id || end - id < 9 || *id) {
            return "rtmp_bad_result";
        }
        c->stream_id = (uint32_t)bc_amf_read_number(id);
        send_start(c);
    }
    return NULL;
}

static const char *
on_command(struct bc_rtmp_client *c, const uint8_t *p, size_t n)
{
    const uint8_t *end = p + n;
    const uint8_t *number = bc_amf_skip(p, end);
    char name[32];
    if (!number || *p != 2 || end - number < 9 || *number != 0) {
        return "rtmp_bad_command";
    }
    snprintf(name, sizeof(name), "%.*s", (int)bc_read16(p + 1), (const char *)p + 3);
    int txn = (int)bc_amf_read_number(number);
    const uint8_t *rest = number + 9;
    if (!strcmp(name, "_result")) {
        return on_result(c, txn, rest, end);
    }
    if (!strcmp(name, "onStatus")) {
        return on_status(c, rest, end);
    }
    bool fatal = txn == TXN_CONNECT || txn == TXN_CREATE_STREAM || txn == TXN_START;
    return !strcmp(name, "_error") && fatal ? "rtmp_error" : NULL;
}

static const char *
on_control(void *userdata, uint8_t type, const uint8_t *p, size_t n)
{
    struct bc_rtmp_client *c = userdata;
    switch (type) {
    case BC_RTMP_COMMAND: return on_command(c, p, n);
    case BC_RTMP_COMMAND_AMF3: // a format byte before the same AMF0
        return n > 1 ? on_command(c, p + 1, n - 1) : NULL;
    case BC_RTMP_WINDOW_ACK_SIZE:
        c->ack_window = n >= 4 ? bc_read32(p) : c->ack_window;
        return NULL;
    case BC_RTMP_USER_CONTROL:
        if (n >= 6 && bc_read16(p) == CONTROL_PING_REQUEST) {
            uint8_t pong[6] = {0, CONTROL_PING_RESPONSE};
            memcpy(pong + 2, p + 2, 4);
            send_control(c, BC_RTMP_USER_CONTROL, pong, sizeof(pong));
        }
        return NULL;
    default: return NULL;
    }
}

static void
on_payload(void *userdata, uint8_t type, const uint8_t *p, size_t n)
{
    struct bc_rtmp_client *c = userdata;
    if (c->cbs->on_payload) {
        c->cbs->on_payload(c->userdata, type, p, n);
    }
}

static void
on_media(void *userdata, uint8_t type, uint32_t ts_ms, const uint8_t *head,
         size_t head_len)
{
    struct bc_rtmp_client *c = userdata;
    set_running(c); // some servers send media before NetStream.Play.Start
    c->cbs->on_media(c->userdata, type, ts_ms, head, head_len);
}

static const struct bc_rtmp_callbacks reader_callbacks = {
    .on_payload = on_payload,
    .on_media = on_media,
    .on_control = on_control,
};

static const char *
feed_handshake(struct bc_rtmp_client *c, const uint8_t *p, size_t n)
{
    const size_t need = 1 + 2 * HANDSHAKE_LEN; // S0 S1 S2
    size_t before = c->handshake.len;
    size_t take = n < need - before ? n : need - before;
    bc_buf_add(&c->handshake, p, take);
    if (before < 1 + HANDSHAKE_LEN && c->handshake.len >= 1 + HANDSHAKE_LEN) {
        if (c->handshake.data[0] != HANDSHAKE_VERSION) {
            return "rtmp_version";
        }
        if (bc_io_send(&c->io, c->handshake.data + 1, HANDSHAKE_LEN)) { // C2 echoes S1
            return "tcp_reset";
        }
    }
    if (c->handshake.len < need) {
        return NULL;
    }
    bc_buf_finish(&c->handshake);
    send_connect(c);
    return bc_rtmp_feed(&c->reader, p + take, n - take, &reader_callbacks, c);
}

static int
start_handshake(struct bc_rtmp_client *c)
{
    uint8_t hello[1 + HANDSHAKE_LEN] = {HANDSHAKE_VERSION}; // C0 C1: time and zero stay 0
    bc_random_bytes(hello + 9, HANDSHAKE_LEN - 8);
    c->state = BC_RTMP_HANDSHAKE;
    return bc_io_send(&c->io, hello, sizeof(hello));
}

static void
acknowledge(struct bc_rtmp_client *c)
{
    if (c->ack_window && c->read_bytes - c->acked_bytes >= c->ack_window) {
        send_control32(c, BC_RTMP_ACK, (uint32_t)c->read_bytes);
        c->acked_bytes = c->read_bytes;
    }
}

// True when there may be more to read.
static bool
read_once(struct bc_rtmp_client *c)
{
    int64_t n = bc_io_read(&c->io);
    if (n == -EAGAIN) {
        return false;
    }
    if (n <= 0) {
        const char *lost = n ? "tcp_reset" : "closed_by_server";
        c->cbs->on_failed(c->userdata,
                          c->state == BC_RTMP_CONNECTING ? "tcp_connect" : lost);
        return false;
    }
    if (c->cbs->on_read) {
        c->cbs->on_read(c->userdata, (size_t)n);
    }
    c->read_bytes += (uint64_t)n;
    const char *error =
        c->state == BC_RTMP_HANDSHAKE
            ? feed_handshake(c, bc_read_buffer, (size_t)n)
            : bc_rtmp_feed(&c->reader, bc_read_buffer, (size_t)n, &reader_callbacks, c);
    if (c->io.fd < 0) {
        return false;
    }
    if (error) {
        c->cbs->on_failed(c->userdata, error);
        return false;
    }
    acknowledge(c);
    return n == BC_READ_BUFFER_BYTES;
}

static void
on_event(struct bc_io *io, uint32_t events)
{
    struct bc_rtmp_client *c = io->userdata;
    if (events & EPOLLOUT) {
        int error = bc_io_on_writable(io);
        if (!error && c->state == BC_RTMP_CONNECTING) {
            error = start_handshake(c);
        }
        if (error) {
            c->cbs->on_failed(c->userdata, c->state == BC_RTMP_CONNECTING ? "tcp_connect"
                                                                          : "tcp_reset");
            return;
        }
    }
    for (int i = 0; i < BC_READS_PER_EVENT && io->fd >= 0 && read_once(c); i++) {
    }
}

int
bc_rtmp_client_open(struct bc_rtmp_client *c, const struct bc_url *url,
                    const struct bc_rtmp_client_callbacks *cbs, void *userdata)
{
    const char *path = url->path + 1;
    const char *slash = memrchr(path, '/', strcspn(path, "?"));
    bc_io_init(&c->io);
    bc_rtmp_reader_init(&c->reader);
    if (!slash || slash == path || slash - path >= (int)sizeof(c->app)) {
        return -EINVAL;
    }
    snprintf(c->app, sizeof(c->app), "%.*s", (int)(slash - path), path);
    snprintf(c->name, sizeof(c->name), "%s", slash + 1);
    snprintf(c->tc_url, sizeof(c->tc_url), "rtmp://%s/%s", url->host_port, c->app);
    c->state = BC_RTMP_CONNECTING;
    c->cbs = cbs;
    c->userdata = userdata;
    if (!c->out_chunk_size) {
        c->out_chunk_size = BC_RTMP_DEFAULT_CHUNK;
    }
    return bc_io_connect(&c->io, &url->address, on_event, c);
}

void
bc_rtmp_client_close(struct bc_rtmp_client *c)
{
    bc_io_close(&c->io);
    bc_buf_finish(&c->handshake);
    bc_rtmp_reader_finish(&c->reader);
}
