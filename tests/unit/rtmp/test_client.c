// SPDX-License-Identifier: Apache-2.0
// Client against server, both in this process: bytes go back and forth without a socket.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/writer.h"
#include "protocol/rtmp/chunk_writer.h"
#include "protocol/rtmp/client.h"

struct link {
    struct bc_rtmp_client *client;
    struct bc_rtmp_session *server;
    struct bc_writer to_client;
    struct bc_writer to_server;
    struct bc_writer log;
    bool deny;
};

static void
client_send(void *user, const void *data, size_t len)
{
    bc_write_bytes(&((struct link *)user)->to_server, data, len);
}

static void
server_send(void *user, const void *data, size_t len)
{
    bc_write_bytes(&((struct link *)user)->to_client, data, len);
}

static void
on_started(void *user)
{
    bc_write_str(&((struct link *)user)->log, "started\n");
}

static void
on_status(void *user, bool is_error, const char *code, const char *description)
{
    bc_write_fmt(&((struct link *)user)->log, "%s %s %s\n", is_error ? "error" : "status",
        code, description);
}

static void
on_media(void *user, const struct bc_rtmp_media *media)
{
    bc_write_fmt(&((struct link *)user)->log, "media %d @%u %zu %02x\n", media->kind,
        media->timestamp, media->len, media->data[media->len - 1]);
}

static void
on_publish(void *user, const struct bc_rtmp_request *req)
{
    struct link *l = user;
    bc_write_fmt(&l->log, "publish %s %s %s\n", req->app, req->stream, req->query);
    if (l->deny) {
        bc_rtmp_session_reject(l->server, BC_RTMP_REJECT_DENIED, "wrong key");
    } else {
        assert_int_equal(bc_rtmp_session_accept_publish(l->server), 0);
    }
}

static void
on_play(void *user, const struct bc_rtmp_request *req)
{
    struct link *l = user;
    bc_write_fmt(&l->log, "play %s %s hevc %d\n", req->app, req->stream,
        (req->caps.codecs >> BC_CODEC_HEVC) & 1);
    assert_int_equal(bc_rtmp_session_accept_play(l->server), 0);
}

static void
on_unpublish(void *user)
{
    bc_write_str(&((struct link *)user)->log, "unpublish\n");
}

static void
on_stop(void *user)
{
    bc_write_str(&((struct link *)user)->log, "stop\n");
}

static const struct bc_rtmp_client_callbacks client_callbacks = { client_send, on_started,
    on_media, on_status };

static const struct bc_rtmp_session_callbacks server_callbacks = { .on_send = server_send,
    .on_publish = on_publish, .on_play = on_play, .on_media = on_media,
    .on_unpublish = on_unpublish, .on_stop = on_stop };

static void
link_init(struct link *l, const struct bc_rtmp_client_params *params)
{
    *l = (struct link){ 0 };
    l->client = bc_rtmp_client_create(params, &client_callbacks, l);
    l->server = bc_rtmp_session_create(NULL, &server_callbacks, l);
    assert_non_null(l->client);
    assert_non_null(l->server);
}

// Carries bytes until both are silent.
static void
run(struct link *l)
{
    while (l->to_client.len + l->to_server.len > 0) {
        struct bc_writer up = l->to_server;
        struct bc_writer down = l->to_client;
        l->to_server = l->to_client = (struct bc_writer){ 0 };
        assert_int_equal(bc_rtmp_session_input(l->server, up.data, up.len, 0), 0);
        assert_int_equal(bc_rtmp_client_input(l->client, down.data, down.len), 0);
        bc_writer_finish(&up);
        bc_writer_finish(&down);
    }
}

static void
check_log(struct link *l, const char *expected)
{
    bc_write_u8(&l->log, 0);
    assert_string_equal((char *)l->log.data, expected);
    l->log.len = 0;
}

static void
link_finish(struct link *l)
{
    bc_rtmp_client_destroy(l->client);
    bc_rtmp_session_destroy(l->server);
    bc_writer_finish(&l->to_client);
    bc_writer_finish(&l->to_server);
    bc_writer_finish(&l->log);
}

static void
test_publish(void **state)
{
    (void)state;
    struct bc_rtmp_client_params params = { .publish = true, .app = "live",
        .stream = "hq?key=K", .tc_url = "rtmp://h/live" };
    struct link l;
    uint8_t frame[10000] = { 0x17, 1 };
    frame[sizeof(frame) - 1] = 0x99;
    link_init(&l, &params);
    assert_int_equal(bc_rtmp_client_send(l.client, BC_KIND_VIDEO, 0, frame, 1), -ENOTCONN);
    assert_int_equal(bc_rtmp_client_start(l.client), 0);
    run(&l);
    check_log(&l, "publish live hq key=K\nstarted\n");
    assert_int_equal(
        bc_rtmp_client_send(l.client, BC_KIND_VIDEO, 0xfffffff0u, frame, sizeof(frame)), 0);
    assert_int_equal(bc_rtmp_client_send(l.client, BC_KIND_AUDIO, 16, "\xaf\1", 2), 0);
    assert_int_equal(bc_rtmp_client_send(l.client, BC_KIND_SCRIPT, 17, "\2\0\1x", 4), 0);
    run(&l);
    check_log(&l, "media 1 @4294967280 10000 99\nmedia 2 @16 2 01\nmedia 3 @17 4 78\n");
    bc_rtmp_client_stop(l.client);
    run(&l);
    check_log(&l, "unpublish\n");
    link_finish(&l);
}

static void
test_publish_denied(void **state)
{
    (void)state;
    struct bc_rtmp_client_params params = { .publish = true, .app = "live", .stream = "hq",
        .tc_url = "rtmp://h/live" };
    struct link l;
    link_init(&l, &params);
    l.deny = true;
    assert_int_equal(bc_rtmp_client_start(l.client), 0);
    run(&l);
    check_log(&l, "publish live hq \nerror NetStream.Publish.Denied wrong key\n");
    link_finish(&l);
}

static void
test_play(void **state)
{
    (void)state;
    struct bc_rtmp_client_params params = { .app = "live", .stream = "hq",
        .tc_url = "rtmp://h/live", .codecs = 1u << BC_CODEC_HEVC };
    struct link l;
    link_init(&l, &params);
    assert_int_equal(bc_rtmp_client_start(l.client), 0);
    run(&l);
    // |RtmpSampleAccess is a script message to the client.
    check_log(&l, "play live hq hevc 1\nstarted\nmedia 3 @0 24 01\n");
    // All that the server forwards, and what else it can.
    struct bc_rtmp_caps caps = bc_rtmp_client_caps(l.client);
    assert_true(caps.codecs & 1u << BC_CODEC_AV1 && caps.codecs & 1u << BC_CODEC_OPUS);
    assert_int_equal(caps.caps_ex, BC_RTMP_CAPS_RECONNECT | BC_RTMP_CAPS_MULTITRACK
            | BC_RTMP_CAPS_MODEX | BC_RTMP_CAPS_TIMESTAMP_NANO);
    struct bc_rtmp_out out = { .csid = BC_RTMP_CSID_VIDEO, .type = BC_RTMP_TYPE_VIDEO,
        .stream_id = BC_RTMP_PLAY_STREAM_ID, .timestamp = 40, .body = "\x17\1", .body_len = 2 };
    assert_int_equal(bc_rtmp_chunk_write(&l.to_client, &out, BC_RTMP_OUT_CHUNK_SIZE), 0);
    run(&l);
    check_log(&l, "media 1 @40 2 01\n");
    bc_rtmp_session_play_stopped(l.server, true);
    run(&l);
    check_log(&l, "status NetStream.Play.UnpublishNotify The broadcast has ended.\n");
    bc_rtmp_client_stop(l.client);
    run(&l);
    link_finish(&l);
}

static void
test_not_a_server(void **state)
{
    (void)state;
    struct bc_rtmp_client_params params = { .app = "live", .stream = "hq", .tc_url = "" };
    struct link l;
    link_init(&l, &params);
    assert_int_equal(bc_rtmp_client_input(l.client, (const uint8_t *)"HTTP", 4), -EPROTO);
    assert_string_equal(bc_rtmp_client_reason(l.client),
        "not RTMP: the server's version is not 3");
    assert_int_equal(bc_rtmp_client_input(l.client, (const uint8_t *)"x", 1), -ECANCELED);
    bc_rtmp_client_destroy(NULL);
    link_finish(&l);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_publish),
        cmocka_unit_test(test_publish_denied),
        cmocka_unit_test(test_play),
        cmocka_unit_test(test_not_a_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
