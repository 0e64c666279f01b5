// SPDX-License-Identifier: Apache-2.0
// Sessions of viewers by WHEP as HTTP resources, and their limits.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/writer.h"
#include "flow_source.h"
#include "protocol/webrtc/peer.h"
#include "protocol/webrtc/port.h"
#include "rtc_client.h"

#define PATH "/live/hq/whep"

struct fixture {
    struct flow flow;
    struct flow_source source;
    struct rtc_client a;
    struct rtc_client b;
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
setup_limits(void **state)
{
    static const char *const OVERRIDES[] = { "limits.half_open_per_ip=3",
        "webrtc.max_sessions=4", NULL };
    return open_with(state, OVERRIDES);
}

static int
setup_closed(void **state)
{
    static const char *const OVERRIDES[] = { "access.play=token",
        "access.play_key=secret-of-viewers", NULL };
    return open_with(state, OVERRIDES);
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    rtc_close(&f->a);
    rtc_close(&f->b);
    flow_source_close(&f->source, true);
    flow_close(&f->flow);
    free(f);
    return 0;
}

static void
begin(struct fixture *f)
{
    flow_source_open(&f->flow, &f->source, 0, false);
    flow_source_run(&f->source, 1200);
}

static bool
has_all(const struct fixture *f, const struct rtc_client *c)
{
    return rtc_last_number(c) == (int64_t)f->source.numbers[0] - 1;
}

static uint64_t
sessions(struct fixture *f)
{
    return bc_webrtc_sessions(f->flow.server.webrtc);
}

// Sends more, which must come.
static void
expect_media(struct fixture *f, struct rtc_client *c)
{
    flow_source_run(&f->source, 200);
    FLOW_UNTIL(&f->flow, has_all(f, c));
}

// --- offers ---

static void
test_an_offer_is_answered_with_a_resource(void **state)
{
    struct fixture *f = *state;
    char text[256];
    begin(f);
    rtc_offer_view(&f->flow, &f->a, 1);
    assert_memory_equal(f->a.resource, PATH "/01", sizeof(PATH "/01") - 1);
    assert_int_equal(strlen(f->a.resource), strlen(PATH) + 1 + 34);
    assert_string_equal(f->a.etag, "\"1\"");
    flow_http_header(&f->a.http, "Content-Type", text);
    assert_string_equal(text, "application/sdp");
    flow_http_header(&f->a.http, "Accept-Patch", text);
    assert_string_equal(text, "application/trickle-ice-sdpfrag");
    assert_true(f->a.answer.ice_lite);
    assert_int_equal(f->a.answer.candidate_count, 2);
    assert_false(f->a.answer.candidates[0].tcp);
    assert_true(f->a.answer.candidates[1].tcp_passive);
    assert_int_equal(f->a.answer.setup, BC_SETUP_PASSIVE);
}

// POSTs something else than a usual offer; returns the status.
static int
post(struct fixture *f, const char *path, const char *headers, const char *body)
{
    flow_http_close(&f->a.http);
    flow_http_connect(&f->flow, &f->a.http, -1);
    flow_http_request(&f->a.http, "POST", path, headers, body);
    FLOW_UNTIL(&f->flow, flow_http_is_done(&f->a.http));
    return flow_http_status(&f->a.http);
}

static void
test_what_is_no_offer_is_refused(void **state)
{
    struct fixture *f = *state;
    char text[256];
    begin(f);
    rtc_init(&f->flow, &f->a);
    assert_int_equal(post(f, PATH, "Content-Type: text/plain\r\n", "v=0\r\n"), 415);
    flow_http_header(&f->a.http, "Accept-Post", text);
    assert_string_equal(text, "application/sdp");
    assert_int_equal(post(f, PATH, "Content-Type: application/sdp\r\n", "v=0\r\n"), 400);
    assert_int_equal(post(f, PATH, "Content-Type: application/sdp\r\n", ""), 400);
    assert_int_equal(post(f, PATH, "Content-Type: application/sdpx\r\n", "v=0"), 415);
    assert_int_equal(sessions(f), 0);
}

static void
test_a_viewer_without_the_codec_is_told(void **state)
{
    struct fixture *f = *state;
    struct bc_writer offer = { 0 };
    begin(f);
    rtc_init(&f->flow, &f->a);
    rtc_write_offer(&f->a, BC_SDP_RECVONLY, BC_CODEC_VP8, false, &offer);
    assert_int_equal(rtc_post(&f->a, -1, PATH, "", (char *)offer.data, BC_SDP_RECVONLY),
        406);
    assert_non_null(strstr(flow_http_body(&f->a.http), "no_common_codec"));
    bc_writer_finish(&offer);
    FLOW_UNTIL(&f->flow, sessions(f) == 0);
}

static void
test_a_channel_that_is_not_live_is_for_later(void **state)
{
    struct fixture *f = *state;
    struct bc_writer offer = { 0 };
    char text[256];
    rtc_init(&f->flow, &f->a);
    rtc_write_offer(&f->a, BC_SDP_RECVONLY, BC_CODEC_AVC, true, &offer);
    const char *sdp = (const char *)offer.data;
    assert_int_equal(rtc_post(&f->a, -1, PATH, "", sdp, BC_SDP_RECVONLY), 409);
    assert_true(atoi(flow_http_header(&f->a.http, "Retry-After", text)) > 0);
    // A host that has not sent anything yet.
    flow_source_open(&f->flow, &f->source, 0, false);
    assert_int_equal(rtc_post(&f->a, -1, PATH, "", sdp, BC_SDP_RECVONLY), 409);
    flow_source_run(&f->source, 400);
    assert_int_equal(rtc_post(&f->a, -1, PATH, "", sdp, BC_SDP_RECVONLY), 201);
    flow_source_close(&f->source, true);
    FLOW_UNTIL(&f->flow, sessions(f) == 0); // the end of the broadcast ends it
    assert_int_equal(rtc_post(&f->a, -1, PATH, "", sdp, BC_SDP_RECVONLY), 409);
    bc_writer_finish(&offer);
}

static void
test_who_may_not_watch_is_told_how(void **state)
{
    struct fixture *f = *state;
    struct bc_writer offer = { 0 };
    char text[256];
    begin(f);
    rtc_init(&f->flow, &f->a);
    rtc_write_offer(&f->a, BC_SDP_RECVONLY, BC_CODEC_AVC, true, &offer);
    const char *sdp = (const char *)offer.data;
    assert_int_equal(rtc_post(&f->a, -1, PATH, "", sdp, BC_SDP_RECVONLY), 401);
    assert_memory_equal(flow_http_header(&f->a.http, "WWW-Authenticate", text), "Bearer",
        6);
    const char *wrong = "Authorization: Bearer 9999999999.00\r\n";
    int status = rtc_post(&f->a, -1, PATH, wrong, sdp, BC_SDP_RECVONLY);
    assert_true(status == 401 || status == 403);
    bc_writer_finish(&offer);
}

static int
ask(struct fixture *f, const char *method, const char *path)
{
    flow_http_close(&f->a.http);
    flow_http_connect(&f->flow, &f->a.http, -1);
    flow_http_request(&f->a.http, method, path, "Origin: https://shop.example\r\n", NULL);
    FLOW_UNTIL(&f->flow, flow_http_is_done(&f->a.http));
    return flow_http_status(&f->a.http);
}

static void
test_other_methods(void **state)
{
    struct fixture *f = *state;
    char text[256];
    begin(f);
    rtc_init(&f->flow, &f->a);
    assert_true(ask(f, "OPTIONS", PATH) / 100 == 2);
    flow_http_header(&f->a.http, "Access-Control-Allow-Origin", text);
    assert_true(text[0] != '\0');
    assert_int_equal(ask(f, "GET", PATH), 200);
    assert_int_equal(ask(f, "PATCH", PATH), 405);
    assert_int_equal(ask(f, "DELETE", PATH), 405);
    rtc_offer_view(&f->flow, &f->b, -1);
    assert_int_equal(ask(f, "GET", f->b.resource), 204);
    assert_int_equal(ask(f, "POST", f->b.resource), 405);
}

// --- the resource ---

static void
test_candidates_trickle_to_any_worker(void **state)
{
    struct fixture *f = *state;
    char body[300];
    begin(f);
    rtc_offer_view(&f->flow, &f->a, 1);
    snprintf(body, sizeof(body),
        "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
        "a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host\r\n",
        f->a.ufrag, f->a.pwd);
    assert_int_equal(rtc_request(&f->a, 1, "PATCH", NULL, body), 204);
    assert_int_equal(rtc_request(&f->a, 0, "PATCH", NULL, body), 204);
}

static void
test_a_patch_that_makes_no_sense_changes_nothing(void **state)
{
    struct fixture *f = *state;
    static const char BODY[]
        = "a=ice-ufrag:new1\r\na=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa\r\n";
    static const char TYPE[] = "Content-Type: application/trickle-ice-sdpfrag\r\n";
    char headers[200];
    begin(f);
    for (int worker = 0; worker < 2; worker++) {
        rtc_close(&f->a);
        rtc_offer_view(&f->flow, &f->a, 0);
        assert_int_equal(rtc_request(&f->a, worker, "PATCH", TYPE, BODY), 428);
        snprintf(headers, sizeof(headers), "%sIf-Match: \"99\"\r\n", TYPE);
        assert_int_equal(rtc_request(&f->a, worker, "PATCH", headers, BODY), 412);
        assert_int_equal(rtc_request(&f->a, worker, "PATCH",
                             "Content-Type: text/plain\r\nIf-Match: \"1\"\r\n", BODY),
            415);
        assert_int_equal(rtc_request(&f->a, worker, "PATCH", NULL, "nonsense"), 400);
        char wrong[256];
        snprintf(wrong, sizeof(wrong), "%.*s0000", (int)strlen(f->a.resource) - 4,
            f->a.resource);
        char own[256];
        memcpy(own, f->a.resource, sizeof(own));
        memcpy(f->a.resource, wrong, sizeof(own));
        assert_int_equal(rtc_request(&f->a, worker, "PATCH", NULL, BODY), 404);
        assert_int_equal(rtc_request(&f->a, worker, "DELETE", "", NULL), 404);
        memcpy(f->a.resource, own, sizeof(own));
        rtc_connect(&f->a, false, -1);
        assert_true(f->a.connected);
    }
}

static void
test_delete_ends_a_session_from_any_worker(void **state)
{
    struct fixture *f = *state;
    begin(f);
    for (int worker = 0; worker < 2; worker++) {
        rtc_offer_view(&f->flow, &f->a, 0);
        rtc_connect(&f->a, false, -1);
        FLOW_UNTIL(&f->flow, has_all(f, &f->a));
        assert_int_equal(rtc_request(&f->a, worker, "DELETE", "", NULL), 200);
        FLOW_UNTIL(&f->flow, f->a.closed); // close_notify
        assert_int_equal(sessions(f), 0);
        assert_int_equal(rtc_request(&f->a, worker, "DELETE", "", NULL), 404);
        assert_int_equal(rtc_request(&f->a, worker, "PATCH", NULL, "a=mid:0\r\n"), 404);
        rtc_close(&f->a);
    }
}

// --- limits ---

static void
test_delete_in_the_middle_of_a_handshake(void **state)
{
    struct fixture *f = *state;
    begin(f);
    rtc_offer_view(&f->flow, &f->a, 0);
    rtc_open_socket(&f->a, false, 1);
    rtc_check(&f->a);
    // A record with the first byte of a ClientHello's 200.
    static const uint8_t HELLO[] = { 22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13, //
        1, 0, 0, 200, 0, 0, 0, 0, 0, 0, 0, 1, 254 };
    rtc_send(&f->a, HELLO, sizeof(HELLO));
    assert_int_equal(rtc_request(&f->a, 1, "DELETE", "", NULL), 200);
    assert_int_equal(sessions(f), 0);
    assert_int_equal(bc_webrtc_connecting_from(f->flow.server.webrtc, "127.0.0.1"), 0);
    rtc_send(&f->a, HELLO, sizeof(HELLO));
    rtc_close(&f->a);
    rtc_offer_view(&f->flow, &f->a, 0);
    rtc_connect(&f->a, false, -1);
    FLOW_UNTIL(&f->flow, has_all(f, &f->a));
}

static int
offer_again(struct fixture *f, const char *sdp)
{
    return rtc_post(&f->a, -1, PATH, "", sdp, BC_SDP_RECVONLY);
}

static unsigned
connecting(struct fixture *f)
{
    return bc_webrtc_connecting_from(f->flow.server.webrtc, "127.0.0.1");
}

static void
test_sessions_are_limited(void **state)
{
    struct fixture *f = *state;
    struct bc_writer offer = { 0 };
    char text[256];
    begin(f);
    rtc_init(&f->flow, &f->a);
    rtc_write_offer(&f->a, BC_SDP_RECVONLY, BC_CODEC_AVC, true, &offer);
    const char *sdp = (const char *)offer.data;
    // Three of one address may be on their way at once.
    rtc_offer_view(&f->flow, &f->b, -1);
    assert_int_equal(offer_again(f, sdp), 201);
    assert_int_equal(offer_again(f, sdp), 201);
    assert_int_equal(offer_again(f, sdp), 503);
    assert_true(atoi(flow_http_header(&f->a.http, "Retry-After", text)) > 0);
    assert_non_null(strstr(flow_http_body(&f->a.http), "too_many_connecting"));
    // Who is connected does not count; but there may be four in all.
    rtc_connect(&f->b, false, -1);
    FLOW_UNTIL(&f->flow, connecting(f) == 2);
    assert_int_equal(offer_again(f, sdp), 201);
    rtc_connect(&f->a, false, -1);
    assert_int_equal(offer_again(f, sdp), 503);
    assert_non_null(strstr(flow_http_body(&f->a.http), "max_sessions"));
    // Whoever never connects makes room after 20 s.
    flow_clock_jump(&f->flow, 19000000);
    assert_int_equal(sessions(f), 4);
    flow_clock_jump(&f->flow, 2000000);
    FLOW_UNTIL(&f->flow, sessions(f) == 2);
    assert_int_equal(connecting(f), 0);
    bc_writer_finish(&offer);
}

static void
test_many_that_never_connect_leave_nothing(void **state)
{
    struct fixture *f = *state;
    struct bc_writer offer = { 0 };
    begin(f);
    rtc_offer_view(&f->flow, &f->b, -1);
    rtc_connect(&f->b, false, -1);
    rtc_init(&f->flow, &f->a);
    rtc_write_offer(&f->a, BC_SDP_RECVONLY, BC_CODEC_AVC, true, &offer);
    flow_http_connect(&f->flow, &f->a.http, -1);
    unsigned ok = 0;
    for (int i = 0; i < 300; i++) {
        flow_http_request(&f->a.http, "POST", PATH, "Content-Type: application/sdp\r\n",
            (char *)offer.data);
        FLOW_UNTIL(&f->flow, flow_http_is_done(&f->a.http));
        ok += flow_http_status(&f->a.http) == 201;
    }
    assert_int_equal(sessions(f), ok + 1);
    expect_media(f, &f->b);
    flow_clock_jump(&f->flow, 20500000);
    FLOW_UNTIL(&f->flow, sessions(f) == 1);
    expect_media(f, &f->b);
    bc_writer_finish(&offer);
}

static void
test_a_draining_server_says_goodbye(void **state)
{
    struct fixture *f = *state;
    begin(f);
    rtc_offer_view(&f->flow, &f->a, 0);
    rtc_connect(&f->a, false, 1);
    rtc_offer_view(&f->flow, &f->b, 1);
    rtc_connect(&f->b, true, -1);
    flow_source_close(&f->source, false);
    bc_server_stop(&f->flow.server);
    f->flow.stopped = true;
    FLOW_UNTIL(&f->flow, f->a.closed);
    FLOW_UNTIL(&f->flow, f->b.closed || f->b.peer.closed);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_an_offer_is_answered_with_a_resource),
        TEST(test_what_is_no_offer_is_refused),
        TEST(test_a_viewer_without_the_codec_is_told),
        TEST(test_a_channel_that_is_not_live_is_for_later),
        cmocka_unit_test_setup_teardown(
            test_who_may_not_watch_is_told_how, setup_closed, teardown),
        TEST(test_other_methods),
        TEST(test_candidates_trickle_to_any_worker),
        TEST(test_a_patch_that_makes_no_sense_changes_nothing),
        TEST(test_delete_ends_a_session_from_any_worker),
        TEST(test_delete_in_the_middle_of_a_handshake),
        cmocka_unit_test_setup_teardown(
            test_sessions_are_limited, setup_limits, teardown),
        TEST(test_many_that_never_connect_leave_nothing),
        TEST(test_a_draining_server_says_goodbye),
    };
    return cmocka_run_group_tests_name("whep", tests, NULL, NULL);
}
