// SPDX-License-Identifier: Apache-2.0
// Hosts drop, come back, take over and say goodbye, while viewers watch.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/writer.h"
#include "flow.h"

struct fixture {
    struct flow flow;
    struct flow_rtmp host;
    struct flow_rtmp other;
    struct flow_rtmp rtmp;
    struct flow_http flv;
    struct flow_http hls;
};

static int
open_with(void **state, const char *const *overrides)
{
    struct fixture *f = calloc(1, sizeof(*f));
    flow_open(&f->flow, overrides);
    flow_host_open(&f->flow, &f->host);
    *state = f;
    return 0;
}

static int
setup(void **state)
{
    return open_with(state, NULL);
}

static int
setup_short_grace(void **state)
{
    static const char *const OVERRIDES[] = { "stream.grace_s=1", NULL };
    return open_with(state, OVERRIDES);
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    flow_rtmp_close(&f->host);
    flow_rtmp_close(&f->other);
    flow_rtmp_close(&f->rtmp);
    flow_http_close(&f->flv);
    flow_http_close(&f->hls);
    flow_close(&f->flow);
    free(f);
    return 0;
}

static bool
viewers_have(struct fixture *f, uint32_t number)
{
    flow_http_read_flv(&f->flv);
    return f->rtmp.media.last_number == number && f->flv.media.last_number == number;
}

// Two seconds of broadcast, and a viewer by RTMP and by FLV who have them.
static void
begin(struct fixture *f)
{
    flow_host_send(&f->host, 2000);
    FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_LIVE);
    flow_rtmp_open(&f->flow, &f->rtmp, false, "hq", NULL);
    flow_http_get(&f->flow, &f->flv, "/live/hq.flv", "");
    FLOW_UNTIL(&f->flow, viewers_have(f, f->host.count - 1));
}

static const char *
get(struct fixture *f, const char *path)
{
    flow_http_close(&f->hls);
    flow_http_get(&f->flow, &f->hls, path, "");
    FLOW_UNTIL(&f->flow, flow_http_is_done(&f->hls));
    return flow_http_body(&f->hls);
}

static unsigned
count(const char *text, const char *word)
{
    unsigned n = 0;
    for (const char *at = text; (at = strstr(at, word)); at += strlen(word)) {
        n++;
    }
    return n;
}

static unsigned long
first_msn(const char *playlist)
{
    const char *at = strstr(playlist, "#EXT-X-MEDIA-SEQUENCE:");
    assert_non_null(at);
    return strtoul(at + strlen("#EXT-X-MEDIA-SEQUENCE:"), NULL, 10);
}

static void
test_the_same_key_takes_over_and_viewers_stay(void **state)
{
    struct fixture *f = *state;
    begin(f);
    flow_rtmp_open(&f->flow, &f->other, true, "hq?key=A", NULL);
    FLOW_UNTIL(&f->flow, f->other.started && f->host.peer.closed);
    f->other.count = f->host.count; // its numbers go on
    flow_host_send(&f->other, 2000);
    FLOW_UNTIL(&f->flow, viewers_have(f, f->other.count - 1));
    assert_int_equal(f->flv.media.gaps, 0);
    assert_int_equal(f->flv.media.backwards, 0);
    assert_int_equal(f->flv.media.video_headers, 1); // the same format
    assert_int_equal(f->rtmp.media.gaps, 0);
}

static void
test_another_key_is_refused_with_bad_name(void **state)
{
    struct fixture *f = *state;
    begin(f);
    flow_rtmp_open(&f->flow, &f->other, true, "hq?key=B", NULL);
    FLOW_UNTIL(&f->flow, f->other.peer.closed);
    assert_false(f->other.started);
    assert_string_equal(f->other.status, "NetStream.Publish.BadName");
    flow_host_send(&f->host, 1000);
    FLOW_UNTIL(&f->flow, viewers_have(f, f->host.count - 1));
    assert_false(f->host.peer.closed);
}

static void
test_the_same_key_from_elsewhere_yields_to_a_host_that_sends(void **state)
{
    struct fixture *f = *state;
    begin(f);
    flow_rtmp_open(&f->flow, &f->other, true, "hq?key=A", "127.0.0.2");
    FLOW_UNTIL(&f->flow, (flow_host_send(&f->host, FLOW_FRAME_MS), f->other.peer.closed));
    assert_string_equal(f->other.status, "NetStream.Publish.BadName");
    assert_false(f->host.peer.closed);
}

static void
test_the_same_key_from_elsewhere_replaces_a_silent_host(void **state)
{
    struct fixture *f = *state;
    begin(f);
    flow_rtmp_open(&f->flow, &f->other, true, "hq?key=A", "127.0.0.2");
    FLOW_UNTIL(&f->flow, f->other.started);
    f->other.count = f->host.count;
    flow_host_send(&f->other, 1000);
    FLOW_UNTIL(&f->flow, viewers_have(f, f->other.count - 1));
    assert_int_equal(f->flv.media.gaps, 0);
}

static void
test_a_host_that_comes_back_continues_the_broadcast(void **state)
{
    struct fixture *f = *state;
    flow_host_send(&f->host, 5000);
    begin(f);
    unsigned long msn = first_msn(get(f, "/live/hq/main.m3u8"));
    flow_hang_up(&f->host.peer);
    FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_WAITING);
    assert_null(strstr(get(f, "/live/hq/main.m3u8"), "#EXT-X-ENDLIST"));
    flow_rtmp_open(&f->flow, &f->other, true, "hq?key=A", NULL);
    FLOW_UNTIL(&f->flow, f->other.started);
    f->other.count = f->host.count;
    flow_host_send(&f->other, 5000);
    FLOW_UNTIL(&f->flow, viewers_have(f, f->other.count - 1));
    assert_int_equal(f->flv.media.gaps, 0);
    assert_int_equal(f->flv.media.backwards, 0);
    assert_int_equal(f->flv.media.video_headers, 1);
    const char *playlist = get(f, "/live/hq/main.m3u8");
    assert_int_equal(first_msn(playlist), msn); // nothing fell out of the window yet
    assert_int_equal(count(playlist, "#EXT-X-DISCONTINUITY\n"), 1);
    assert_int_equal(count(playlist, "#EXT-X-MAP:"), 2);
    assert_null(strstr(playlist, "#EXT-X-ENDLIST"));
}

static void
test_who_joins_in_the_pause_gets_the_headers_of_another_format(void **state)
{
    struct fixture *f = *state;
    flow_host_send(&f->host, 2000);
    FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_LIVE);
    // All of it has arrived when somebody has it; by sound alone, which is a feed of its
    // own.
    flow_http_get(&f->flow, &f->hls, "/live/hq.flv?only=audio", "");
    FLOW_UNTIL(&f->flow, (flow_http_read_flv(&f->hls),
                             f->hls.media.last_number == f->host.count - 1));
    flow_hang_up(&f->host.peer);
    FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_WAITING);
    flow_rtmp_open(&f->flow, &f->rtmp, false, "hq", NULL);
    flow_http_get(&f->flow, &f->flv, "/live/hq.flv", "");
    FLOW_UNTIL(&f->flow, viewers_have(f, f->host.count - 1)); // the last GOP
    flow_rtmp_open(&f->flow, &f->other, true, "hq?key=A", NULL);
    FLOW_UNTIL(&f->flow, f->other.started);
    f->other.count = f->host.count;
    f->other.other_format = true;
    flow_host_send(&f->other, 2000);
    FLOW_UNTIL(&f->flow, viewers_have(f, f->other.count - 1));
    assert_int_equal(f->flv.media.video_headers, 2);
    assert_int_equal(f->rtmp.media.video_headers, 2);
}

static void
test_the_broadcast_ends_when_the_grace_is_over(void **state)
{
    struct fixture *f = *state;
    flow_host_send(&f->host, 3000);
    begin(f);
    get(f, "/live/hq/main.m3u8");
    flow_hang_up(&f->host.peer);
    FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_ENDED);
    FLOW_UNTIL(&f->flow, (flow_http_read_flv(&f->flv), f->flv.ended));
    FLOW_UNTIL(&f->flow, f->rtmp.peer.closed);
    assert_string_equal(f->rtmp.status, "NetStream.Play.UnpublishNotify");
    assert_non_null(strstr(get(f, "/live/hq/main.m3u8"), "#EXT-X-ENDLIST"));
    get(f, "/live/hq.flv");
    assert_int_equal(flow_http_status(&f->hls), 404);
}

static void
test_a_goodbye_ends_the_broadcast_at_once(void **state)
{
    struct fixture *f = *state;
    begin(f);
    bc_rtmp_client_stop(f->host.client);
    FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_ENDED);
    FLOW_UNTIL(&f->flow,
        (flow_http_read_flv(&f->flv), f->flv.ended) && f->rtmp.peer.closed);
    flow_rtmp_open(&f->flow, &f->other, true, "hq?key=B", NULL); // anybody's now
    FLOW_UNTIL(&f->flow, f->other.started);
    flow_host_send(&f->other, 3000);
    const char *playlist = get(f, "/live/hq/index.m3u8");
    assert_int_equal(flow_http_status(&f->hls), 200);
    assert_non_null(strstr(playlist, "#EXT-X-STREAM-INF"));
    assert_null(strstr(get(f, "/live/hq/main.m3u8"), "#EXT-X-ENDLIST"));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_the_same_key_takes_over_and_viewers_stay),
        TEST(test_another_key_is_refused_with_bad_name),
        TEST(test_the_same_key_from_elsewhere_yields_to_a_host_that_sends),
        TEST(test_the_same_key_from_elsewhere_replaces_a_silent_host),
        TEST(test_a_host_that_comes_back_continues_the_broadcast),
        TEST(test_who_joins_in_the_pause_gets_the_headers_of_another_format),
        cmocka_unit_test_setup_teardown(test_the_broadcast_ends_when_the_grace_is_over,
            setup_short_grace, teardown),
        TEST(test_a_goodbye_ends_the_broadcast_at_once),
    };
    return cmocka_run_group_tests_name("lease", tests, NULL, NULL);
}
