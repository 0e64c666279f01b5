// SPDX-License-Identifier: Apache-2.0
// Pulls and pushes by the API.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_http.h"
#include "fake_stream.h"

#define RELAYS "/api/v1/relays"
#define PULL                                                                             \
    "{\"channel\":\"live/hq\",\"kind\":\"pull\",\"url\":\"https://a.example/l/h/whep\"," \
    "\"token\":\"secret-1\"}"
#define PUSH "{\"channel\":\"live/hq\",\"kind\":\"push\",\"url\":\"http://[::1]:80/w?a=b\"}"

static struct bc_http_exchange
ask(struct fake *f, enum bc_http_method method, const char *path, const char *body,
    size_t len)
{
    struct bc_http_exchange x = { .method = method, .path = path, .sent = body,
        .sent_len = len };
    assert_true(fake_ask(f->control, &x));
    return x;
}

// Starting one is answered with an error, and starts none.
static void
check_refused(struct fake *f, const char *body, size_t len, int status, const char *code)
{
    size_t before = f->relay_count;
    struct bc_http_exchange x = ask(f, BC_HTTP_POST, RELAYS, body, len);
    fake_check_error(&x, status, code);
    fake_finish(&x);
    assert_int_equal(f->relay_count, before);
}

static void
start(struct fake *f, const char *body)
{
    struct bc_http_exchange x = ask(f, BC_HTTP_POST, RELAYS, body, 0);
    assert_int_equal(x.status, 201);
    fake_finish(&x);
}

static void
test_a_pull_is_started(void **state)
{
    struct fake *f = *state;
    struct bc_http_exchange x = ask(f, BC_HTTP_POST, RELAYS, PULL, 0);
    assert_int_equal(x.status, 201);
    assert_null(strstr(x.body, "secret-1")); // never told again
    json_t *root = fake_json(&x);
    assert_int_equal(fake_number(root, "id"), 7);
    assert_string_equal(fake_text(root, "channel"), "live/hq");
    assert_string_equal(fake_text(root, "kind"), "pull");
    assert_string_equal(fake_text(root, "url"), "https://a.example/l/h/whep");
    assert_string_equal(fake_text(root, "state"), "waiting");
    assert_string_equal(fake_text(root, "since"), "2026-03-01T12:00:00.123Z");
    assert_int_equal(fake_number(root, "attempts"), 0);
    assert_true(fake_is_null(root, "last_error"));
    json_decref(root);
    fake_finish(&x);
    assert_false(f->relays[0].push);
    assert_string_equal(f->relays[0].channel, "live/hq");
    assert_string_equal(f->relays[0].url, "https://a.example/l/h/whep");
    assert_string_equal(f->relay_token, "secret-1");
}

static void
test_a_push_needs_no_token(void **state)
{
    struct fake *f = *state;
    start(f, PUSH);
    assert_true(f->relays[0].push);
    assert_string_equal(f->relay_token, "none");
}

static void
test_the_list_tells_states(void **state)
{
    struct fake *f = *state;
    json_t *root = fake_get_json(f->control, RELAYS, NULL);
    assert_int_equal(json_array_size(json_object_get(root, "relays")), 0);
    json_decref(root);
    static const char *const NAMES[] = { "failed", "waiting", "connecting", "live" };
    static const enum bc_relay_state STATES[] = { BC_RELAY_NONE, BC_RELAY_WAITING,
        BC_RELAY_CONNECTING, BC_RELAY_CONNECTED };
    for (size_t i = 0; i < 4; i++) {
        start(f, i % 2 ? PULL : PUSH);
        f->relays[i].status = (struct bc_relay_status){ .state = STATES[i],
            .attempts = (unsigned)i };
    }
    strcpy(f->relays[1].status.error, "the endpoint answered 401");
    root = fake_get_json(f->control, RELAYS, NULL);
    const json_t *list = json_object_get(root, "relays");
    assert_int_equal(json_array_size(list), 4);
    for (size_t i = 0; i < 4; i++) {
        const json_t *relay = json_array_get(list, i);
        assert_int_equal(fake_number(relay, "id"), 7 + i);
        assert_string_equal(fake_text(relay, "kind"), i % 2 ? "pull" : "push");
        assert_string_equal(fake_text(relay, "state"), NAMES[i]);
        assert_int_equal(fake_number(relay, "attempts"), i);
    }
    assert_string_equal(fake_text(json_array_get(list, 1), "last_error"),
        "the endpoint answered 401");
    json_decref(root);
}

static void
test_one_is_deleted(void **state)
{
    struct fake *f = *state;
    start(f, PULL);
    static const char *const WRONG[] = { RELAYS "/8", RELAYS "/999999999999999999" };
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        struct bc_http_exchange x = ask(f, BC_HTTP_DELETE, WRONG[i], NULL, 0);
        fake_check_error(&x, 404, "no_such_relay");
        fake_finish(&x);
    }
    static const char *const NONE[] = { RELAYS "/", RELAYS "/0", RELAYS "/07",
        RELAYS "/-7", RELAYS "/7/", RELAYS "/7x", RELAYS "/1000000000000000000" };
    for (size_t i = 0; i < sizeof(NONE) / sizeof(NONE[0]); i++) {
        struct bc_http_exchange x = ask(f, BC_HTTP_DELETE, NONE[i], NULL, 0);
        fake_check_error(&x, 404, "not_found");
        fake_finish(&x);
    }
    struct bc_http_exchange x = ask(f, BC_HTTP_DELETE, RELAYS "/7", NULL, 0);
    assert_int_equal(x.status, 202);
    json_t *root = fake_json(&x);
    assert_int_equal(fake_number(root, "id"), 7);
    json_decref(root);
    fake_finish(&x);
    assert_int_equal(f->relay_count, 0);
    x = ask(f, BC_HTTP_DELETE, RELAYS, NULL, 0);
    fake_check_error(&x, 405, "method_not_allowed");
    assert_non_null(strstr(x.headers, "Allow: GET, HEAD, POST\r\n"));
    fake_finish(&x);
}

static void
test_what_is_no_relay_is_refused(void **state)
{
    struct fake *f = *state;
    static const char *const WRONG[] = { NULL, "", "{}", "[]", "null", PULL "x",
        "{\"kind\":\"pull\",\"url\":\"http://a/w\"}",
        "{\"channel\":\"live/hq\",\"url\":\"http://a/w\"}",
        "{\"channel\":\"live/hq\",\"kind\":\"pull\"}",
        "{\"channel\":1,\"kind\":\"pull\",\"url\":\"http://a/w\"}",
        "{\"channel\":\"live/hq\",\"kind\":\"pull\",\"url\":\"http://a/w\",\"x\":1}",
        "{\"channel\":\"live/hq\",\"kind\":\"pull\",\"url\":\"http://a/w\",\"token\":1}",
        "{\"channel\":\"live\",\"kind\":\"pull\",\"url\":\"http://a/w\"}",
        "{\"channel\":\"live/../hq\",\"kind\":\"pull\",\"url\":\"http://a/w\"}",
        "{\"channel\":\"live/hq\",\"kind\":\"PULL\",\"url\":\"http://a/w\"}",
        "{\"channel\":\"live/hq\",\"kind\":\"\",\"url\":\"http://a/w\"}" };
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        check_refused(f, WRONG[i], 0, 400, "bad_relay");
    }
    for (size_t len = 1; len < strlen(PULL); len++) {
        check_refused(f, PULL, len, 400, "bad_relay");
    }
}

static void
test_addresses_are_checked(void **state)
{
    struct fake *f = *state;
    static const char *const WRONG[] = { "", "a/w", "http:/a/w", "http://", "http:///w",
        "http://:80/w", "https://?w", "ftp://a/w", "file:///etc/passwd", "rtsp://a/b/c",
        "http://user@a/w", "http://user:secret@a/w", "http://a/w#x", "http://a/ w",
        "http://a/w\\r\\nX: y", "http://a/\\u007f", "http://\xc3\xa4/w", " http://a/w" };
    char body[4096];
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        snprintf(body, sizeof(body),
            "{\"channel\":\"live/hq\",\"kind\":\"push\",\"url\":\"%s\"}", WRONG[i]);
        check_refused(f, body, 0, 400, "bad_relay");
    }
    static const char *const RIGHT[] = { "http://a", "HTTPS://a.example:8443/w@x?y=z@",
        "http://[2001:db8::1]:8080/live/hq/whip" };
    for (size_t i = 0; i < sizeof(RIGHT) / sizeof(RIGHT[0]); i++) {
        snprintf(body, sizeof(body),
            "{\"channel\":\"live/hq\",\"kind\":\"push\",\"url\":\"%s\"}", RIGHT[i]);
        start(f, body);
    }
}

static void
test_one_rests_and_goes_on(void **state)
{
    struct fake *f = *state;
    start(f, "{\"channel\":\"live/hq\",\"kind\":\"push\",\"name\":\"Platform\","
             "\"url\":\"rtmp://a.example/live2/abcd-efgh-ijkl?x=y\"}");
    struct bc_http_exchange x = ask(f, BC_HTTP_POST, RELAYS "/7/start", NULL, 0);
    assert_int_equal(x.status, 202);
    fake_finish(&x);
    assert_true(f->relays[0].enabled);
    f->relays[0].status.state = BC_RELAY_STOPPED;
    x = ask(f, BC_HTTP_POST, RELAYS "/7/stop", NULL, 0);
    assert_int_equal(x.status, 202);
    fake_finish(&x);
    assert_false(f->relays[0].enabled);
    json_t *root = fake_get_json(f->control, RELAYS, NULL);
    const json_t *relay = json_array_get(json_object_get(root, "relays"), 0);
    assert_string_equal(fake_text(relay, "state"), "stopped");
    assert_string_equal(fake_text(relay, "direction"), "push");
    assert_string_equal(fake_text(relay, "name"), "Platform");
    assert_string_equal(fake_text(relay, "url"), "rtmp://a.example/live2/abcd***");
    json_decref(root);
    x = ask(f, BC_HTTP_POST, RELAYS "/8/stop", NULL, 0);
    fake_check_error(&x, 404, "no_such_relay");
    fake_finish(&x);
}

// What only a pull may have.
static void
test_inputs_are_understood(void **state)
{
    struct fake *f = *state;
    static const char *const RIGHT[] = { "rtmp://a/b/c", "rtmps://a:1936/b/c",
        "rtsp://user:secret@a/b", "http://a/b.m3u8", "file:a b/\xc3\xa4.mp4", "srt://a:1" };
    static const char *const WRONG[] = { "file:", "file:../a.mp4", "file:a/../../b.mp4",
        "rtmp://user@a/b/c", "rtmp:a", "gopher://a/b" };
    char body[4096];
    for (size_t i = 0; i < sizeof(RIGHT) / sizeof(RIGHT[0]); i++) {
        snprintf(body, sizeof(body),
            "{\"channel\":\"live/hq\",\"kind\":\"pull\",\"url\":\"%s\",\"loop\":true,"
            "\"start_at_s\":5}",
            RIGHT[i]);
        start(f, body);
        assert_true(f->relays[f->relay_count - 1].loop);
        assert_int_equal(f->relays[f->relay_count - 1].start_at_s, 5);
    }
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        snprintf(body, sizeof(body),
            "{\"channel\":\"live/hq\",\"kind\":\"pull\",\"url\":\"%s\"}", WRONG[i]);
        check_refused(f, body, 0, 400, "bad_relay");
    }
    static const char *const ODD[] = { "\"loop\":1", "\"start_at_s\":-1",
        "\"start_at_s\":\"5\"", "\"start_at_s\":1000001" };
    for (size_t i = 0; i < sizeof(ODD) / sizeof(ODD[0]); i++) {
        snprintf(body, sizeof(body),
            "{\"channel\":\"live/hq\",\"kind\":\"pull\",\"url\":\"file:a\",%s}", ODD[i]);
        check_refused(f, body, 0, 400, "bad_relay");
    }
}

// As long as may be, and one more.
static void
test_lengths_are_limited(void **state)
{
    struct fake *f = *state;
    char body[4096];
    for (int more = 0; more < 2; more++) {
        int n = BC_CONTROL_RELAY_URL_MAX - (int)strlen("http://a/") + more;
        snprintf(body, sizeof(body),
            "{\"channel\":\"live/hq\",\"kind\":\"push\",\"url\":\"http://a/%0*d\"}", n,
            0);
        more ? check_refused(f, body, 0, 400, "bad_relay") : start(f, body);
        snprintf(body, sizeof(body),
            "{\"channel\":\"live/hq\",\"kind\":\"push\",\"url\":\"http://a/\","
            "\"token\":\"%0*d\"}",
            BC_CONTROL_RELAY_TOKEN_MAX + more, 0);
        more ? check_refused(f, body, 0, 400, "bad_relay") : start(f, body);
    }
}

static void
test_tokens_cannot_become_headers(void **state)
{
    struct fake *f = *state;
    static const char *const WRONG[] = { "", "a b", "a\\r\\nX: y", "\\u0001", "\xc3\xa4",
        "a\\tb" };
    char body[256];
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        snprintf(body, sizeof(body),
            "{\"channel\":\"live/hq\",\"kind\":\"push\",\"url\":\"http://a/w\","
            "\"token\":\"%s\"}",
            WRONG[i]);
        check_refused(f, body, 0, 400, "bad_relay");
    }
}

static void
test_refusals_are_told(void **state)
{
    struct fake *f = *state;
    const struct {
        int error;
        int status;
        const char *code;
    } rows[] = { { -EEXIST, 409, "relay_exists" }, { -ENOSPC, 409, "too_many_relays" },
        { -ESHUTDOWN, 503, "going_down" } };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        f->relay_error = rows[i].error;
        check_refused(f, PULL, 0, rows[i].status, rows[i].code);
    }
    f->relay_error = -ENOMEM;
    struct bc_http_exchange x = ask(f, BC_HTTP_POST, RELAYS, PULL, 0);
    assert_int_equal(x.status, 503);
    fake_finish(&x);
}

#define WITH_FAKE(test) cmocka_unit_test_setup_teardown(test, fake_setup, fake_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FAKE(test_a_pull_is_started),
        WITH_FAKE(test_a_push_needs_no_token),
        WITH_FAKE(test_the_list_tells_states),
        WITH_FAKE(test_one_is_deleted),
        WITH_FAKE(test_what_is_no_relay_is_refused),
        WITH_FAKE(test_addresses_are_checked),
        WITH_FAKE(test_one_rests_and_goes_on),
        WITH_FAKE(test_inputs_are_understood),
        WITH_FAKE(test_lengths_are_limited),
        WITH_FAKE(test_tokens_cannot_become_headers),
        WITH_FAKE(test_refusals_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
