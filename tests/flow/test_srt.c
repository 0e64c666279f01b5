// SPDX-License-Identifier: Apache-2.0
// Hosts and viewers by SRT, with a real server and real sockets.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flow_source.h"
#include "flow_srt.h"

#define PASSPHRASE "correct horse battery"

struct fixture {
    struct flow flow;
    struct flow_srt host;
    struct flow_srt other;
    struct flow_srt viewers[3];
    struct flow_http http;
    struct flow_source source;
    struct flow_tap tap;
};

static int
open_with(void **state, const char *const *overrides)
{
    struct fixture *f = calloc(1, sizeof(*f));
    flow_open(&f->flow, overrides);
    *state = f;
    return 0;
}

static int
setup(void **state)
{
    return open_with(state, NULL);
}

static int
setup_closed(void **state)
{
    static const char *const OVERRIDES[]
        = { "access.publish=key", "access.publish_key=secret-of-the-host",
              "access.play=token", "access.play_key=viewers", NULL };
    return open_with(state, OVERRIDES);
}

static int
setup_secret(void **state)
{
    static const char *const OVERRIDES[] = { "srt.passphrase=" PASSPHRASE,
        "channels.live/own.srt_passphrase=another passphrase", NULL };
    return open_with(state, OVERRIDES);
}

static int
setup_one_channel(void **state)
{
    static const char *const OVERRIDES[]
        = { "stream.max_channels=1", "stream.first_packet_timeout_s=1", NULL };
    return open_with(state, OVERRIDES);
}

static int
setup_without_grace(void **state)
{
    static const char *const OVERRIDES[] = { "stream.grace_s=0", NULL };
    return open_with(state, OVERRIDES);
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    flow_tap_close(&f->tap);
    flow_source_close(&f->source, true);
    flow_srt_close(&f->host);
    flow_srt_close(&f->other);
    for (int i = 0; i < 3; i++) {
        flow_srt_close(&f->viewers[i]);
    }
    flow_http_close(&f->http);
    flow_close(&f->flow);
    free(f);
    return 0;
}

// Calls and is refused with this number.
static void
expect_refused(
    struct fixture *f, const char *streamid, const char *passphrase, const char *code)
{
    struct flow_srt s;
    flow_srt_call(&f->flow, &s, 0, streamid, passphrase);
    FLOW_UNTIL(&f->flow, s.connected || s.failed);
    if (s.connected || !strstr(s.why, code)) {
        fail_msg("%s: wanted %s, got %s", streamid, code, s.connected ? "in" : s.why);
    }
    flow_srt_close(&s);
}

static void
expect_accepted(struct fixture *f, const char *streamid, const char *passphrase)
{
    struct flow_srt s;
    flow_srt_call(&f->flow, &s, 0, streamid, passphrase);
    FLOW_UNTIL(&f->flow, s.connected || s.failed);
    if (s.failed) {
        fail_msg("%s: %s", streamid, s.why);
    }
    flow_srt_close(&s);
}

// --- media ---

static void
test_a_host_is_seen_by_everybody(void **state)
{
    struct fixture *f = *state;
    flow_srt_host_open(&f->flow, &f->host, 0);
    flow_srt_host_send(&f->host, 400);
    FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_LIVE);
    flow_tap_open(&f->flow, &f->tap);
    flow_http_get(&f->flow, &f->http, "/live/hq.flv", "");
    flow_srt_viewer_open(&f->flow, &f->viewers[0], 0);
    flow_srt_host_send(&f->host, 2600);
    FLOW_UNTIL(&f->flow, f->viewers[0].pictures >= 70 && f->viewers[0].sounds_seen >= 130);
    assert_true(f->viewers[0].first_is_key);
    assert_int_equal(f->viewers[0].gaps, 0);
    assert_int_equal(f->viewers[0].video_codec, BC_CODEC_AVC);
    assert_int_equal(f->viewers[0].audio_codec, BC_CODEC_AAC);
    // Each picture reached the channel once, in order.
    uint32_t last = 0;
    for (unsigned i = 0; i < flow_tap_count(&f->tap); i++) {
        const struct flow_tapped *p = &f->tap.packets[i];
        if (p->kind == BC_KIND_VIDEO) {
            assert_true(last == 0 || p->number == (int64_t)last + 1);
            last = (uint32_t)p->number;
        }
    }
    assert_true(last >= FLOW_SRT_FIRST + 70);
    FLOW_UNTIL(&f->flow, (flow_http_read_flv(&f->http), f->http.media.video >= 60));
    assert_true(f->http.media.first_is_key);
    assert_true(f->http.media.audio >= 100);
    flow_http_close(&f->http);
    memset(&f->http, 0, sizeof(f->http));
    flow_http_get(&f->flow, &f->http, "/live/hq/index.m3u8", "");
    FLOW_UNTIL(&f->flow, flow_http_is_done(&f->http));
    assert_int_equal(flow_http_status(&f->http), 200);
    assert_non_null(strstr(flow_http_body(&f->http), "avc1.42c01e"));
}

// Who comes later, on the other worker too, reads one stream without a hole: the cached
// pictures and what follows.
static void
test_counters_go_on_from_the_cached_pictures(void **state)
{
    struct fixture *f = *state;
    flow_srt_host_open(&f->flow, &f->host, 1);
    flow_srt_host_send(&f->host, 600);
    FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_LIVE);
    for (int i = 0; i < 3; i++) {
        flow_srt_viewer_open(&f->flow, &f->viewers[i], 0);
        flow_srt_host_send(&f->host, 160);
        FLOW_UNTIL(&f->flow, f->viewers[i].pictures >= 10);
    }
    flow_srt_host_send(&f->host, 1600);
    for (int i = 0; i < 3; i++) {
        struct flow_srt *v = &f->viewers[i];
        FLOW_UNTIL(&f->flow, v->pictures >= 50);
        flow_srt_look(v);
        assert_true(v->first_is_key);
        assert_int_equal(v->gaps, 0);
        assert_int_equal(v->ts.lost, 0);
        assert_int_equal(v->ts.damaged, 0);
        assert_int_equal(v->ts.resyncs, 0);
    }
}

static void
test_one_kind_alone_needs_no_waiting(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 2; i++) {
        bool video = i == 0;
        struct flow_srt *v = &f->viewers[i];
        flow_srt_host_open(&f->flow, &f->host, 0);
        flow_srt_host_tracks(&f->host, video, !video);
        FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_LIVE);
        flow_tap_open(&f->flow, &f->tap);
        flow_srt_host_send(&f->host, 800);
        // The program's map told that there is no more to wait for: what is there now
        // comes without anything after it.
        FLOW_UNTIL(&f->flow, flow_tap_count(&f->tap) >= 15);
        flow_srt_viewer_open(&f->flow, v, 0);
        flow_srt_host_send(&f->host, 600);
        FLOW_UNTIL(&f->flow, video ? v->pictures >= 20 : v->sounds_seen >= 40);
        assert_int_equal(video ? v->sounds_seen : v->pictures, 0);
        flow_tap_close(&f->tap);
        flow_srt_close(&f->host);
        FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_ENDED);
        FLOW_UNTIL(&f->flow, v->closed);
    }
}

// --- hosts ---

static void
test_a_key_is_needed(void **state)
{
    struct fixture *f = *state;
    expect_refused(f, "publish:live/hq", "", "1401");
    expect_refused(f, "publish:live/hq:wrong", "", "1401");
    expect_refused(f, "#!::r=live/hq,m=publish,key=wrong", "", "1401");
    assert_int_equal(flow_state(&f->flow), 0);
    flow_srt_call(&f->flow, &f->host, 0,
        "#!::r=live/hq,m=publish,u=desk 3,key=secret-of-the-host", "");
    FLOW_UNTIL(&f->flow, f->host.connected);
    flow_srt_host_tracks(&f->host, true, true);
    flow_srt_host_send(&f->host, 400);
    FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_LIVE);
    // Viewers need the other key.
    expect_refused(f, "read:live/hq", "", "1401");
    expect_refused(f, "read:live/hq:wrong", "", "1403");
    expect_accepted(f, "read:live/hq:viewers", "");
    expect_accepted(f, "#!::r=live/hq,key=viewers", "");
}

static void
test_callers_are_told_why(void **state)
{
    struct fixture *f = *state;
    expect_refused(f, "read:live/hq", "", "1404");
    expect_refused(f, "#!::r=live/hq,m=request", "", "1404");
    expect_refused(f, "#!::r=live/hq,m=bidirectional", "", "1405");
    expect_refused(f, "#!:{\"r\":\"live/hq\"}", "", "1400");
    struct bc_srt_totals before;
    struct bc_srt_totals after;
    bc_srt_totals(f->flow.server.srt, &before);
    expect_refused(f, "read:live/other", "", "1404");
    bc_srt_totals(f->flow.server.srt, &after);
    assert_int_equal(after.refused, before.refused + 1);
    assert_int_equal(after.accepted, before.accepted);
    bc_hub_drain(f->flow.server.hub);
    expect_refused(f, "publish:live/hq:A", "", "1503");
}

static void
test_another_host_is_refused_and_the_same_takes_over(void **state)
{
    struct fixture *f = *state;
    flow_srt_host_open(&f->flow, &f->host, 0);
    flow_srt_host_send(&f->host, 400);
    FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_LIVE);
    flow_tap_open(&f->flow, &f->tap);
    flow_srt_viewer_open(&f->flow, &f->viewers[0], 0);
    expect_refused(f, "publish:live/hq:B", "", "1409");
    assert_false(f->host.closed);
    // The same key from the same address.
    flow_srt_host_open(&f->flow, &f->other, 1);
    FLOW_UNTIL(&f->flow, f->host.closed);
    f->other.ms = 60000; // another clock
    f->other.sounds = 60000 * 48 / 1024;
    flow_srt_host_send(&f->other, 1200);
    FLOW_UNTIL(&f->flow, f->viewers[0].pictures >= 25);
    assert_int_equal(f->tap.ends, 0);
    assert_false(f->viewers[0].closed);
}

static void
test_a_lost_host_may_come_back(void **state)
{
    struct fixture *f = *state;
    struct bc_channel_info info;
    flow_srt_host_open(&f->flow, &f->host, 0);
    flow_srt_host_send(&f->host, 400);
    FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_LIVE);
    flow_srt_viewer_open(&f->flow, &f->viewers[0], 1);
    FLOW_UNTIL(&f->flow, f->viewers[0].pictures >= 8);
    flow_srt_close(&f->host);
    FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_WAITING);
    flow_srt_host_open(&f->flow, &f->host, 1);
    flow_srt_host_send(&f->host, 1200);
    FLOW_UNTIL(&f->flow, f->viewers[0].pictures >= 30);
    assert_false(f->viewers[0].closed);
    struct bc_channel *channel = flow_channel(&f->flow);
    bc_channel_info(channel, &info);
    assert_int_equal(info.broadcast, 1);
    assert_int_equal(info.takes, 2);
    assert_int_equal(info.viewers[BC_PROTOCOL_SRT], 1);
    bc_channel_unref(&channel);
}

static void
test_what_is_no_stream_is_let_go(void **state)
{
    struct fixture *f = *state;
    static uint8_t rubbish[188 * 1000];
    memset(rubbish, 0xaa, sizeof(rubbish));
    flow_srt_host_open(&f->flow, &f->host, 0);
    // There is room for no second channel.
    expect_refused(f, "publish:live/other:A", "", "1402");
    for (int i = 0; i < 40 && !f->host.closed; i++) {
        flow_srt_send(&f->host, rubbish, sizeof(rubbish));
        for (int turns = 0; turns < 20 && !f->host.closed; turns++) {
            flow_turn(&f->flow);
        }
    }
    FLOW_UNTIL(&f->flow, f->host.closed);
    // And who sends nothing.
    flow_srt_close(&f->host);
    flow_srt_host_open(&f->flow, &f->host, 0);
    FLOW_UNTIL(&f->flow, f->host.closed);
}

// --- passphrases ---

static bool
api_says(struct fixture *f, const char *text)
{
    flow_http_request(&f->http, "GET", "/api/v1/channels/live/hq", "", NULL);
    FLOW_UNTIL(&f->flow, flow_http_is_done(&f->http));
    return strstr(flow_http_body(&f->http), text) != NULL;
}

static void
test_passphrases_are_checked(void **state)
{
    struct fixture *f = *state;
    struct bc_srt_totals totals;
    expect_refused(f, "publish:live/hq:A", "", "");
    expect_refused(f, "publish:live/hq:A", "not the passphrase", "");
    expect_refused(f, "publish:live/own:A", PASSPHRASE, "");
    expect_accepted(f, "publish:live/own:A", "another passphrase");
    flow_srt_call(&f->flow, &f->host, 0, "publish:live/hq:A", PASSPHRASE);
    FLOW_UNTIL(&f->flow, f->host.connected);
    flow_srt_host_tracks(&f->host, true, true);
    flow_srt_host_send(&f->host, 400);
    FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_LIVE);
    flow_srt_call(&f->flow, &f->viewers[0], 1, "read:live/hq", PASSPHRASE);
    FLOW_UNTIL(&f->flow, f->viewers[0].pictures >= 8);
    flow_srt_look(&f->viewers[0]);
    assert_true(f->viewers[0].line.encrypted);
    FLOW_UNTIL(&f->flow,
        (bc_srt_totals(f->flow.server.srt, &totals), totals.failed + totals.refused >= 3));
    // And the API tells.
    flow_http_connect(&f->flow, &f->http, -1);
    FLOW_UNTIL(&f->flow, api_says(f, "\"srt\":{\"encrypted\":true"));
    assert_non_null(strstr(flow_http_body(&f->http), "\"latency_ms\":200"));
}

// --- viewers ---

static enum bc_codec
video_codec(struct fixture *f)
{
    struct bc_channel_info info;
    struct bc_channel *channel = flow_channel(&f->flow);
    bc_channel_info(channel, &info);
    bc_channel_unref(&channel);
    return info.video.codec;
}

static void
test_codecs_without_a_form_are_refused(void **state)
{
    static const enum bc_codec CODECS[] = { BC_CODEC_VP8, BC_CODEC_VP9, BC_CODEC_AV1 };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(CODECS) / sizeof(CODECS[0]); i++) {
        flow_source_open(&f->flow, &f->source, 0, true);
        flow_source_set_track(&f->source, 0, flow_source_track(CODECS[i]));
        flow_source_run(&f->source, 400);
        FLOW_UNTIL(&f->flow, video_codec(f) == CODECS[i]);
        expect_refused(f, "read:live/hq", "", "1406");
        flow_source_close(&f->source, true);
        FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_ENDED);
    }
}

static void
run_kick(void *user)
{
    bc_channel_kick(user, "the test's operator");
}

static void
test_the_end_ends_viewers(void **state)
{
    struct fixture *f = *state;
    flow_srt_host_open(&f->flow, &f->host, 0);
    flow_srt_host_send(&f->host, 400);
    FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_LIVE);
    flow_srt_viewer_open(&f->flow, &f->viewers[0], 0);
    flow_srt_viewer_open(&f->flow, &f->viewers[1], 1);
    FLOW_UNTIL(&f->flow, f->viewers[0].pictures >= 8 && f->viewers[1].pictures >= 8);
    struct bc_channel *channel = flow_channel(&f->flow);
    assert_int_equal(bc_channel_viewers(channel, BC_PROTOCOL_SRT), 2);
    flow_run_on(&f->flow, bc_channel_home(channel)->index, run_kick, channel);
    FLOW_UNTIL(&f->flow, f->viewers[0].closed && f->viewers[1].closed && f->host.closed);
    assert_int_equal(bc_channel_viewers(channel, BC_PROTOCOL_SRT), 0);
    bc_channel_unref(&channel);
    expect_refused(f, "read:live/hq", "", "1404");
}

static void
test_a_server_goes_down_with_callers(void **state)
{
    struct fixture *f = *state;
    flow_srt_host_open(&f->flow, &f->host, 0);
    flow_srt_host_send(&f->host, 400);
    FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_LIVE);
    flow_srt_viewer_open(&f->flow, &f->viewers[0], 1);
    // The callers live on the server's workers, so they must be gone before these are.
    flow_srt_close(&f->host);
    flow_srt_close(&f->viewers[0]);
    int64_t before_us = flow_real_us();
    bc_server_stop(&f->flow.server);
    f->flow.stopped = true;
    assert_true(flow_real_us() - before_us < 15000000);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST_WITH(name, with) cmocka_unit_test_setup_teardown(name, with, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_host_is_seen_by_everybody),
        TEST(test_counters_go_on_from_the_cached_pictures),
        TEST_WITH(test_one_kind_alone_needs_no_waiting, setup_without_grace),
        TEST_WITH(test_a_key_is_needed, setup_closed),
        TEST(test_callers_are_told_why),
        TEST(test_another_host_is_refused_and_the_same_takes_over),
        TEST(test_a_lost_host_may_come_back),
        TEST_WITH(test_what_is_no_stream_is_let_go, setup_one_channel),
        TEST_WITH(test_passphrases_are_checked, setup_secret),
        TEST(test_codecs_without_a_form_are_refused),
        TEST(test_the_end_ends_viewers),
        TEST(test_a_server_goes_down_with_callers),
    };
    return cmocka_run_group_tests_name("srt", tests, NULL, NULL);
}
