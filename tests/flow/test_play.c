// SPDX-License-Identifier: Apache-2.0
// A host publishes, and viewers of every protocol get what it sent.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/writer.h"
#include "flow.h"

#define WEBSOCKET \
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

struct fixture {
    struct flow flow;
    struct flow_rtmp host;
    struct flow_rtmp rtmp;
    struct flow_http flv;
    struct flow_http ws;
    struct flow_http hls;
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    flow_open(&f->flow, NULL);
    flow_host_open(&f->flow, &f->host);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    flow_rtmp_close(&f->host);
    flow_rtmp_close(&f->rtmp);
    flow_http_close(&f->flv);
    flow_http_close(&f->ws);
    flow_http_close(&f->hls);
    flow_close(&f->flow);
    free(f);
    return 0;
}

static bool
has_all(struct fixture *f)
{
    flow_http_read_flv(&f->flv);
    flow_http_read_flv(&f->ws);
    uint32_t last = f->host.count - 1;
    return f->rtmp.media.last_number == last && f->flv.media.last_number == last
        && f->ws.media.last_number == last;
}

static void
check(const struct flow_media *m)
{
    assert_true(m->first_is_key);
    assert_int_equal(m->gaps, 0);
    assert_int_equal(m->backwards, 0);
    assert_int_equal(m->video_headers, 1);
    assert_int_equal(m->audio_headers, 1);
    assert_true(m->scripts > 0); // RTMP has |RtmpSampleAccess too
}

static void
get(struct fixture *f, struct flow_http *h, const char *path)
{
    flow_http_get(&f->flow, h, path, "");
    FLOW_UNTIL(&f->flow, flow_http_is_done(h));
}

static void
test_viewers_of_every_protocol_get_everything(void **state)
{
    struct fixture *f = *state;
    flow_host_send(&f->host, 1400);
    FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_LIVE);
    flow_rtmp_open(&f->flow, &f->rtmp, false, "hq", NULL);
    flow_http_get(&f->flow, &f->flv, "/live/hq.flv", "");
    flow_http_get(&f->flow, &f->ws, "/live/hq.flv", WEBSOCKET);
    FLOW_UNTIL(&f->flow, has_all(f));
    flow_host_send(&f->host, 3000);
    FLOW_UNTIL(&f->flow, has_all(f));
    check(&f->rtmp.media);
    check(&f->flv.media);
    check(&f->ws.media);
    assert_int_equal(f->flv.media.first_number % 75, 0); // a keyframe before they came
    // What the API tells is a second old at most.
    FLOW_UNTIL(&f->flow, (flow_http_close(&f->hls),
                             get(f, &f->hls, "/api/v1/channels/live/hq"),
                             strstr(flow_http_body(&f->hls), "avc1.42c01e") != NULL));
    flow_http_again(&f->hls, "/metrics");
    FLOW_UNTIL(&f->flow, flow_http_is_done(&f->hls));
    assert_int_equal(flow_http_status(&f->hls), 200);
}

static void
test_hls_is_served_from_the_multivariant_playlist_down(void **state)
{
    struct fixture *f = *state;
    flow_host_send(&f->host, 5000);
    get(f, &f->hls, "/live/hq/index.m3u8"); // waits for the first part if it must
    assert_int_equal(flow_http_status(&f->hls), 200);
    char path[160];
    const char *body = flow_http_body(&f->hls);
    const char *name = strstr(body, "\ns/");
    assert_non_null(name);
    snprintf(path, sizeof(path), "/live/hq/%.*s", (int)strcspn(name + 1, "\n"), name + 1);
    flow_http_again(&f->hls, path);
    FLOW_UNTIL(&f->flow, flow_http_is_done(&f->hls));
    body = flow_http_body(&f->hls);
    assert_non_null(strstr(body, "#EXT-X-PRELOAD-HINT"));
    static const char *const FILES[] = { "#EXT-X-MAP:URI=\"", "PART:DURATION=" };
    for (size_t i = 0; i < 2; i++) {
        flow_http_again(&f->hls, path);
        FLOW_UNTIL(&f->flow, flow_http_is_done(&f->hls));
        body = flow_http_body(&f->hls);
        const char *at = strstr(body, FILES[i]);
        assert_non_null(at);
        at = strstr(at, "URI=\"") + 5;
        char file[256];
        snprintf(file, sizeof(file), "%.*s/%.*s", (int)(strrchr(path, '/') - path), path,
            (int)strcspn(at, "\""), at);
        flow_http_again(&f->hls, file);
        FLOW_UNTIL(&f->flow, flow_http_is_done(&f->hls));
        assert_int_equal(flow_http_status(&f->hls), 200);
    }
    // The multivariant playlist beside it names it as it is there.
    snprintf(strrchr(path, '/') + 1, 16, "index.m3u8");
    flow_http_again(&f->hls, path);
    FLOW_UNTIL(&f->flow, flow_http_is_done(&f->hls));
    assert_non_null(strstr(flow_http_body(&f->hls), "\nmain.m3u8\n"));
    struct bc_channel *channel = flow_channel(&f->flow);
    assert_int_equal(bc_channel_viewers(channel, BC_PROTOCOL_HLS), 1);
    bc_channel_unref(&channel);
}

static void
test_a_viewer_starts_at_once_or_waits_for_a_keyframe(void **state)
{
    struct fixture *f = *state;
    flow_host_send(&f->host, 600);
    flow_http_get(&f->flow, &f->flv, "/live/hq.flv", "");
    // Nothing is sent any more: all that comes is the cached GOP.
    FLOW_UNTIL(&f->flow,
        (flow_http_read_flv(&f->flv), f->flv.media.last_number == f->host.count - 1));
    assert_int_equal(f->flv.media.first_number, 0);
    flow_http_get(&f->flow, &f->ws, "/live/hq.flv?gop=0", WEBSOCKET);
    struct bc_channel *channel = flow_channel(&f->flow);
    FLOW_UNTIL(&f->flow, bc_channel_viewers(channel, BC_PROTOCOL_WS_FLV) == 1);
    bc_channel_unref(&channel);
    FLOW_UNTIL(&f->flow, (flow_host_send(&f->host, FLOW_FRAME_MS),
                             flow_http_read_flv(&f->ws), f->ws.media.video > 0));
    FLOW_UNTIL(&f->flow,
        (flow_http_read_flv(&f->ws), f->ws.media.last_number == f->host.count - 1));
    assert_true(f->ws.media.first_is_key);
    assert_true(f->ws.media.first_ms >= 1000);
    assert_int_equal(f->ws.media.gaps, 0);
}

static void
test_a_viewer_that_does_not_read_disturbs_nobody(void **state)
{
    struct fixture *f = *state;
    flow_host_send(&f->host, 1000);
    flow_http_get(&f->flow, &f->flv, "/live/hq.flv", "");
    flow_rtmp_open(&f->flow, &f->rtmp, false, "hq", NULL);
    flow_http_get(&f->flow, &f->ws, "/live/hq.flv", "");
    FLOW_UNTIL(&f->flow, (flow_http_read_flv(&f->ws), f->rtmp.media.video > 0
                             && f->ws.media.video > 0));
    f->flv.peer.deaf = true;
    // More than all socket buffers hold.
    for (int i = 0; i < 120; i++) {
        flow_host_send(&f->host, 1000);
        FLOW_UNTIL(&f->flow, (flow_http_read_flv(&f->ws),
                                 f->ws.media.last_number == f->host.count - 1
                                     && f->rtmp.media.last_number == f->host.count - 1));
    }
    check(&f->ws.media);
    check(&f->rtmp.media);
    f->flv.peer.deaf = false;
    FLOW_UNTIL(&f->flow,
        (flow_http_read_flv(&f->flv), f->flv.media.last_number == f->host.count - 1));
    assert_true(f->flv.media.gaps > 0); // whole tags all the same: they were parsed
    assert_int_equal(f->flv.media.backwards, 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_viewers_of_every_protocol_get_everything),
        TEST(test_hls_is_served_from_the_multivariant_playlist_down),
        TEST(test_a_viewer_starts_at_once_or_waits_for_a_keyframe),
        TEST(test_a_viewer_that_does_not_read_disturbs_nobody),
    };
    return cmocka_run_group_tests_name("play", tests, NULL, NULL);
}
