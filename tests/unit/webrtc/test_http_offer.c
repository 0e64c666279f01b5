// SPDX-License-Identifier: Apache-2.0
// WHIP and WHEP by HTTP: what both have in common (WH-1, WH-4, WH-6, WH-8, WH-9).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "protocol/webrtc/offer.h"

// A request, and the answer it got. Stands in for protocol/http.
struct bc_http_exchange {
    enum bc_http_method method;
    const char *type; // Content-Type; NULL: none
    const char *body;
    int status;
    char headers[1024];
    char text[1024];
};

enum bc_http_method
bc_http_method(const struct bc_http_exchange *x)
{
    return x->method;
}

const char *
bc_http_header(const struct bc_http_exchange *x, const char *name)
{
    return strcasecmp(name, "content-type") == 0 ? x->type : NULL;
}

struct bc_http_body
bc_http_request_body(const struct bc_http_exchange *x)
{
    const char *body = x->body ? x->body : "";
    return (struct bc_http_body){ (const uint8_t *)body, strlen(body) };
}

const char *
bc_http_peer_ip(const struct bc_http_exchange *x)
{
    (void)x;
    return "192.0.2.1";
}

void
bc_http_respond_text(struct bc_http_exchange *x, int status, const char *content_type,
    const char *headers, const char *body)
{
    (void)content_type;
    assert_int_equal(x->status, 0); // one answer only
    x->status = status;
    snprintf(x->headers, sizeof(x->headers), "%s", headers ? headers : "");
    snprintf(x->text, sizeof(x->text), "%s", body);
}

void
bc_http_respond_error(struct bc_http_exchange *x, int status, const char *code,
    const char *message)
{
    (void)message;
    bc_http_respond_text(x, status, NULL, "", code);
}

// --- the session and those that there are ---

static uint64_t g_sessions;
static unsigned g_connecting;

const char *
bc_peer_id(const struct bc_peer *peer)
{
    (void)peer;
    return "00abc";
}

void
bc_peer_etag(const struct bc_peer *peer, char out[BC_PEER_ETAG])
{
    (void)peer;
    strcpy(out, "\"1\"");
}

uint64_t
bc_webrtc_sessions(const struct bc_webrtc *webrtc)
{
    (void)webrtc;
    return g_sessions;
}

unsigned
bc_webrtc_connecting_from(struct bc_webrtc *webrtc, const char *peer_ip)
{
    (void)webrtc;
    assert_string_equal(peer_ip, "192.0.2.1");
    return g_connecting;
}

static struct bc_config *
load(const char *set, const char *set2)
{
    const char *const sets[] = { set, set2 };
    struct bc_config *config = NULL;
    assert_int_equal(bc_config_load(NULL, sets, 2, &config, NULL), 0);
    return config;
}

// --- tests ---

static void
test_only_posts_are_the_callers(void **state)
{
    (void)state;
    static const struct {
        enum bc_http_method method;
        int status; // 0: the caller's
    } CASES[] = { { BC_HTTP_POST, 0 }, { BC_HTTP_GET, 200 }, { BC_HTTP_HEAD, 200 },
        { BC_HTTP_OPTIONS, 204 }, { BC_HTTP_PUT, 405 }, { BC_HTTP_DELETE, 405 },
        { BC_HTTP_PATCH, 405 }, { BC_HTTP_OTHER, 405 } };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct bc_http_exchange x = { .method = CASES[i].method };
        assert_int_equal(bc_webrtc_is_post(&x), CASES[i].status == 0);
        assert_int_equal(x.status, CASES[i].status);
        if (x.status != 0) {
            assert_non_null(strstr(x.headers, "Accept-Post: application/sdp\r\n"));
        }
    }
}

static void
test_the_type_of_an_offer(void **state)
{
    (void)state;
    struct bc_sdp *sdp = calloc(1, sizeof(*sdp));
    assert_non_null(sdp);
    static const struct {
        const char *type;
        int status; // of a body that is no SDP
    } CASES[] = { { "application/sdp", 400 }, { "Application/SDP; charset=utf-8", 400 },
        { "application/sdp ; x=y", 400 }, { "application/sdpx", 415 },
        { "application/json", 415 }, { "", 415 }, { NULL, 415 } };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct bc_http_exchange x = { .type = CASES[i].type, .body = "hello\r\n" };
        assert_false(bc_webrtc_read_offer(&x, sdp));
        assert_int_equal(x.status, CASES[i].status);
    }
    struct bc_http_exchange empty = { .type = "application/sdp" };
    assert_false(bc_webrtc_read_offer(&empty, sdp));
    assert_int_equal(empty.status, 400);
    free(sdp);
}

static void
check_answer(const char *servers, const char *links)
{
    char set[256];
    snprintf(set, sizeof(set), "webrtc.ice_servers=%s", servers);
    struct bc_config *config = load(set, set);
    struct bc_writer answer = { 0 };
    bc_write_str(&answer, "v=0\r\n");
    struct bc_http_exchange x = { .method = BC_HTTP_POST };
    bc_webrtc_respond_answer(&x, "/live/hq/whep", NULL, config, &answer);
    assert_int_equal(x.status, 201);
    assert_string_equal(x.text, "v=0\r\n");
    char expected[1024];
    snprintf(expected, sizeof(expected),
        "Location: /live/hq/whep/00abc\r\nETag: \"1\"\r\n"
        "Accept-Patch: application/trickle-ice-sdpfrag\r\nCache-Control: no-store\r\n%s",
        links);
    assert_string_equal(x.headers, expected);
    bc_writer_finish(&answer);
    bc_config_unref(&config);
}

// One header each, as OBS looks for "<stun:" and "<turn:" and splits at commas.
static void
test_an_answer_names_session_and_ice_servers(void **state)
{
    (void)state;
    check_answer("", "");
    check_answer("stun:stun.example:3478",
        "Link: <stun:stun.example:3478>; rel=\"ice-server\"\r\n");
    check_answer("stun:[2001:db8::1]:3478 turn:u:p@turn.example:443?transport=tcp",
        "Link: <stun:[2001:db8::1]:3478>; rel=\"ice-server\"\r\n"
        "Link: <turn:turn.example:443?transport=tcp>; rel=\"ice-server\"; "
        "username=\"u\"; credential=\"p\"; credential-type=\"password\"\r\n");
}

static void
test_refusals_have_codes(void **state)
{
    (void)state;
    static const struct {
        enum bc_sdp_refusal why;
        int status;
        const char *code;
    } CASES[] = { { BC_SDP_NO_CODEC, 406, "no_common_codec" },
        { BC_SDP_UNSUPPORTED, 422, "unsupported_offer" },
        { BC_SDP_MALFORMED, 400, "bad_offer" } };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct bc_http_exchange x = { .method = BC_HTTP_POST };
        bc_webrtc_respond_refusal(&x, CASES[i].why, "why");
        assert_int_equal(x.status, CASES[i].status);
        assert_string_equal(x.text, CASES[i].code);
    }
}

static void
check_room(int64_t sessions, unsigned connecting, const char *code)
{
    struct bc_config *config = load("webrtc.max_sessions=3", "limits.half_open_per_ip=2");
    struct bc_http_exchange x = { .method = BC_HTTP_POST };
    g_sessions = (uint64_t)sessions;
    g_connecting = connecting;
    assert_int_equal(bc_webrtc_has_room(&x, NULL, config), code == NULL);
    if (code) {
        assert_int_equal(x.status, 503);
        assert_non_null(strstr(x.text, code));
        assert_non_null(strstr(x.headers, "Retry-After: 2\r\n"));
    }
    bc_config_unref(&config);
}

static void
test_room_is_limited_in_all_and_by_address(void **state)
{
    (void)state;
    check_room(2, 1, NULL);
    check_room(3, 0, "\"full\"");
    check_room(2, 2, "\"too_many_connecting\"");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_posts_are_the_callers),
        cmocka_unit_test(test_the_type_of_an_offer),
        cmocka_unit_test(test_an_answer_names_session_and_ice_servers),
        cmocka_unit_test(test_refusals_have_codes),
        cmocka_unit_test(test_room_is_limited_in_all_and_by_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
