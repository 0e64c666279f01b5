// SPDX-License-Identifier: Apache-2.0
#include "peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/reader.h"
#include "protocol/rtmp/amf.h"

// Of objects only what tests look at: codes, numbers of capabilities, and what is inside.
static bool
is_told(const struct bc_amf_value *m)
{
    static const char *const keys[] = { "code", "objectEncoding", "fourCcList", "capsEx",
        "videoFourCcInfoMap", "hvc1" };
    bool told = m->key_len == 0;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        told = told
            || (m->key_len == strlen(keys[i]) && memcmp(m->key, keys[i], m->key_len) == 0);
    }
    return told;
}

static void
log_amf(struct bc_writer *log, const struct bc_amf *amf, const struct bc_amf_value *v)
{
    char text[128];
    if (v->type == BC_AMF_STRING) {
        (void)bc_amf_copy_text(v, text, sizeof(text));
        bc_write_fmt(log, " %s", text);
    } else if (v->type == BC_AMF_NUMBER || v->type == BC_AMF_BOOLEAN) {
        bc_write_fmt(log, " %g", v->number);
    } else if (v->type == BC_AMF_OBJECT || v->type == BC_AMF_ARRAY) {
        for (const struct bc_amf_value *m = bc_amf_child(amf, v); m; m = bc_amf_next(amf, m)) {
            if (is_told(m)) {
                log_amf(log, amf, m);
            }
        }
    }
}

static void
log_values(struct bc_writer *log, const struct bc_rtmp_message *msg)
{
    struct bc_amf amf = { 0 };
    assert_int_equal(bc_amf_parse(&amf, msg->buf->data, msg->buf->len), 0);
    bc_write_fmt(log, "< %u", msg->stream_id);
    for (const struct bc_amf_value *v = bc_amf_at(&amf, 0); v; v = bc_amf_next(&amf, v)) {
        log_amf(log, &amf, v);
    }
    bc_write_str(log, "\n");
    bc_amf_finish(&amf);
}

static void
log_control(struct peer *p, const struct bc_rtmp_message *msg)
{
    static const char *const names[] = { "", "chunk size", "abort", "ack", "event", "window",
        "bandwidth" };
    struct bc_reader r = bc_reader_init(msg->buf->data, msg->buf->len);
    struct bc_writer unused = { 0 };
    bc_write_fmt(&p->log, "< %s", names[msg->type]);
    if (msg->type == BC_RTMP_TYPE_USER_CONTROL) {
        bc_write_fmt(&p->log, " %u", bc_read_u16(&r));
    }
    bc_write_fmt(&p->log, " %u\n", bc_read_u32(&r));
    assert_int_equal(bc_rtmp_control_handle(&p->control, msg, &unused), 0);
    bc_writer_finish(&unused);
}

static void
on_send(void *user, const void *data, size_t len)
{
    struct peer *p = user;
    size_t skip = p->hello_left < len ? p->hello_left : len;
    p->hello_left -= skip;
    struct bc_reader r = bc_reader_init((const uint8_t *)data + skip, len - skip);
    struct bc_rtmp_message msg;
    while (bc_rtmp_chunk_read(&p->control.chunks, &r, &msg) == 1) {
        if (msg.type <= 6) {
            log_control(p, &msg);
        } else {
            log_values(&p->log, &msg);
        }
        bc_buf_unref(&msg.buf);
    }
}

static void
answer(struct peer *p, bool publish)
{
    if (p->answer == PEER_DENY) {
        bc_rtmp_session_reject(p->session, BC_RTMP_REJECT_DENIED, "no");
    } else if (p->answer == PEER_CLOSE) {
        bc_rtmp_session_close(p->session);
    } else if (p->answer == PEER_ACCEPT) {
        int ret = publish ? bc_rtmp_session_accept_publish(p->session)
                          : bc_rtmp_session_accept_play(p->session);
        assert_int_equal(ret, 0);
    }
}

static void
on_publish(void *user, const struct bc_rtmp_request *req)
{
    struct peer *p = user;
    bc_write_fmt(&p->log, "publish %s / %s ? %s %s\n", req->app, req->stream, req->query,
        req->type);
    answer(p, true);
}

static void
on_play(void *user, const struct bc_rtmp_request *req)
{
    struct peer *p = user;
    bc_write_fmt(&p->log, "play %s / %s ? %s start %g reset %d hevc %d\n", req->app,
        req->stream, req->query, req->play_start, req->reset, (req->caps.codecs >> BC_CODEC_HEVC) & 1);
    answer(p, false);
}

static void
on_media(void *user, const struct bc_rtmp_media *media)
{
    static const char *const kinds[] = { "none", "video", "audio", "script" };
    struct peer *p = user;
    assert_true(media->len > 0);
    assert_true(media->data >= media->buf->data);
    assert_true(media->data + media->len <= media->buf->data + media->buf->len);
    bc_write_fmt(&p->log, "%s @%u ", kinds[media->kind], media->timestamp);
    for (size_t i = 0; i < media->len && i < 16; i++) {
        bc_write_fmt(&p->log, "%02x", media->data[i]);
    }
    bc_write_fmt(&p->log, media->len > 16 ? "... %zu\n" : "\n", media->len);
}

static void
on_unpublish(void *user)
{
    bc_write_str(&((struct peer *)user)->log, "unpublish\n");
}

static void
on_stop(void *user)
{
    bc_write_str(&((struct peer *)user)->log, "stop\n");
}

static void
on_pause(void *user, bool paused)
{
    bc_write_fmt(&((struct peer *)user)->log, "pause %d\n", paused);
}

static void
on_receive(void *user, enum bc_kind kind, bool on)
{
    bc_write_fmt(&((struct peer *)user)->log, "receive %d %d\n", kind, on);
}

static const struct bc_rtmp_session_callbacks callbacks = { on_send, on_publish, on_play,
    on_media, on_unpublish, on_stop, on_pause, on_receive };

void
peer_init(struct peer *p, const struct bc_rtmp_session_params *params)
{
    static const struct bc_rtmp_chunk_limits limits = { 1 << 20, 64, 1 << 20 };
    *p = (struct peer){ .hello_left = PEER_HELLO_BYTES };
    bc_rtmp_control_init(&p->control, &limits);
    p->session = bc_rtmp_session_create(params, &callbacks, p);
    assert_non_null(p->session);
}

void
peer_finish(struct peer *p)
{
    bc_rtmp_session_destroy(p->session);
    bc_rtmp_control_finish(&p->control);
    bc_writer_finish(&p->log);
}

const char *
peer_log(struct peer *p)
{
    bc_write_u8(&p->log, 0);
    assert_false(p->log.failed);
    p->log.len = 0;
    return (const char *)p->log.data;
}

int
peer_input(struct peer *p, const uint8_t *data, size_t len)
{
    uint8_t *exact = malloc(len ? len : 1);
    memcpy(exact, data, len);
    int ret = bc_rtmp_session_input(p->session, exact, len, 1000000);
    free(exact);
    return ret;
}

int
peer_send(struct peer *p, struct bc_writer *w)
{
    assert_false(w->failed);
    int ret = peer_input(p, w->data, w->len);
    bc_writer_finish(w);
    return ret;
}

void
put_hello(struct bc_writer *w)
{
    uint8_t *hello = bc_write_reserve(w, PEER_HELLO_BYTES);
    memset(hello, 0, PEER_HELLO_BYTES);
    hello[0] = 3;
}

void
put_message(struct bc_writer *w, uint8_t type, uint32_t stream_id, uint32_t timestamp,
    const void *body, size_t len)
{
    struct bc_rtmp_out msg = { .csid = type <= 6 ? 2 : 4, .type = type,
        .stream_id = stream_id, .timestamp = timestamp, .body = body, .body_len = len };
    assert_int_equal(bc_rtmp_chunk_write(w, &msg, 128), 0);
}

void
put_command(struct bc_writer *w, uint32_t stream_id, const char *name, double transaction,
    const char *spec, ...)
{
    struct bc_writer body = { 0 };
    bc_amf_write_string(&body, name);
    bc_amf_write_number(&body, transaction);
    va_list ap;
    va_start(ap, spec);
    for (; *spec; spec++) {
        if (*spec == 's') {
            bc_amf_write_string(&body, va_arg(ap, const char *));
        } else if (*spec == 'n') {
            bc_amf_write_number(&body, va_arg(ap, double));
        } else if (*spec == 'b') {
            bc_amf_write_boolean(&body, va_arg(ap, int));
        } else {
            bc_amf_write_null(&body);
        }
    }
    va_end(ap);
    put_message(w, BC_RTMP_TYPE_COMMAND_AMF0, stream_id, 0, body.data, body.len);
    bc_writer_finish(&body);
}

void
put_connect(struct bc_writer *w, const char *app, const char *tc_url)
{
    struct bc_writer body = { 0 };
    bc_amf_write_string(&body, "connect");
    bc_amf_write_number(&body, 1);
    bc_amf_write_object_begin(&body);
    bc_amf_write_key(&body, "app");
    bc_amf_write_string(&body, app);
    bc_amf_write_key(&body, "tcUrl");
    bc_amf_write_string(&body, tc_url);
    bc_amf_write_object_end(&body);
    put_message(w, BC_RTMP_TYPE_COMMAND_AMF0, 0, 0, body.data, body.len);
    bc_writer_finish(&body);
}

void
put_opening(struct bc_writer *w)
{
    put_hello(w);
    put_connect(w, "live", "rtmp://h/live");
    put_command(w, 0, "createStream", 2, "0");
}
