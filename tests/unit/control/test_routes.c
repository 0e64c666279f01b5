// SPDX-License-Identifier: Apache-2.0
// The table of routes, the document made from it, and who is let in.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <ctype.h>

#include "control/metrics.h"
#include "control/routes.h"
#include "fake_http.h"
#include "fake_stream.h"

#define CHANNEL "{app}/{stream}"

// A path that the pattern takes.
static void
fill_pattern(const char *pattern, char out[256])
{
    const char *hole = strstr(pattern, CHANNEL);
    if (hole) {
        snprintf(out, 256, "%.*slive/hq%s", (int)(hole - pattern), pattern,
            hole + strlen(CHANNEL));
        if ((hole = strstr(out, "{cue}")) != NULL) {
            strcpy(out + (hole - out), "one");
        }
    } else if ((hole = strstr(pattern, "{recording}")) != NULL) {
        snprintf(out, 256, "%.*s" FAKE_ID "%s", (int)(hole - pattern), pattern,
            hole + strlen("{recording}"));
    } else if ((hole = strstr(pattern, "{picture}")) != NULL) {
        snprintf(out, 256, "%.*s" FAKE_PICTURE, (int)(hole - pattern), pattern);
    } else if ((hole = strstr(pattern, "{id}")) != NULL) {
        snprintf(out, 256, "%.*s7%s", (int)(hole - pattern), pattern, hole + strlen("{id}"));
    } else {
        snprintf(out, 256, "%s", pattern);
    }
}

// A body that the route takes.
static const char *
body_of(const struct bc_control_route *r)
{
    static const char *const BODIES[][2] = {
        { "startRelay", "{\"channel\":\"live/hq\",\"kind\":\"pull\",\"url\":\"http://a/w\"}" },
        { "addPicture", "PICTURE" },
        { "sendMessage", "{\"text\":\"hello\"}" },
        { "recordChannel", "{\"record\":true}" },
        { "clipChannel", "{\"from\":1000}" },
        { "cutChannel", "{\"seconds\":5}" },
        { "clipReplay", "{\"from\":1000}" },
        { "changeChannel", "{\"open\":true}" },
        { "chooseSource", "{\"mode\":\"auto\"}" },
        { "setScene", "{\"preset\":\"full\",\"inputs\":[\"live/a\"]}" },
        { "setScenePreview", "{\"preset\":\"full\",\"inputs\":[\"live/a\"]}" },
        { "takeScene", "{\"effect\":\"cut\"}" },
        { "findComposer", "{\"channel\":\"store/scene\"}" },
        { "reportComposer", "{}" },
        { "setComposerPicture", "\xff\xd8\xff\xe0" },
        { "setSchedule", "{\"ends_at\":\"2030-03-01T12:00:00Z\"}" },
    };
    for (size_t i = 0; r->body && i < sizeof(BODIES) / sizeof(BODIES[0]); i++) {
        if (strcmp(BODIES[i][0], r->id) == 0) {
            return BODIES[i][1];
        }
    }
    assert_null(r->body);
    return NULL;
}

static void
test_patterns_take_channels_of_several_levels(void **state)
{
    (void)state;
    char channel[BC_CHANNEL_NAME_MAX + 1];
    const char *one = "/api/v1/channels/" CHANNEL;
    const char *kick = "/api/v1/channels/" CHANNEL "/kick";
    assert_true(bc_control_route_match(one, "/api/v1/channels/live/hq", channel));
    assert_string_equal(channel, "live/hq");
    assert_true(bc_control_route_match(one, "/api/v1/channels/cn/hz/0571", channel));
    assert_string_equal(channel, "cn/hz/0571");
    assert_true(
        bc_control_route_match(kick, "/api/v1/channels/cn/hz/0571/kick", channel));
    assert_string_equal(channel, "cn/hz/0571");
    assert_true(bc_control_route_match("/metrics", "/metrics", channel));
    assert_string_equal(channel, "");
}

static void
test_patterns_refuse_what_is_no_channel(void **state)
{
    (void)state;
    char channel[BC_CHANNEL_NAME_MAX + 1];
    static const char *const WRONG[] = { "", "/", "/api/v1/channels", "/api/v1/channels/",
        "/api/v1/channels/live", "/api/v1/channels//", "/api/v1/channels/live/",
        "/api/v1/channels/live//hq", "/api/v1/channels/live/hq/",
        "/api/v1/channels/../hq", "/api/v1/channels/live/.hq",
        "/api/v1/channels/\xff/\xfe", "/api/v1/channels/a/b\nc",
        "/api/v1/channels/a/b\"c", "/api/v1/channels/a/<b>",
        "/api/v1/channels/1/2/3/4/5/6", "/api/v1/channelslive/hq",
        "/API/v1/channels/live/hq" };
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        assert_false(
            bc_control_route_match("/api/v1/channels/" CHANNEL, WRONG[i], channel));
        assert_string_equal(channel, "");
        assert_false(bc_control_route_match("/api/v1/channels/" CHANNEL "/kick", WRONG[i],
            channel));
    }
    char path[2000];
    memset(path, 'a', sizeof(path));
    memcpy(path, "/api/v1/channels/", 17);
    path[100] = '/';
    path[sizeof(path) - 1] = '\0';
    assert_false(bc_control_route_match("/api/v1/channels/" CHANNEL, path, channel));
}

static void
test_patterns_take_ids_of_recordings(void **state)
{
    (void)state;
    char id[BC_CHANNEL_NAME_MAX + 1];
    const char *one = "/api/v1/replays/{recording}";
    const char *clips = "/api/v1/replays/{recording}/clips";
    assert_true(bc_control_route_match(one, "/api/v1/replays/20260301-120000-aa", id));
    assert_string_equal(id, "20260301-120000-aa");
    assert_true(bc_control_route_match(clips, "/api/v1/replays/a/clips", id));
    assert_string_equal(id, "a");
    static const char *const WRONG[] = { "/api/v1/replays/", "/api/v1/replays/A",
        "/api/v1/replays/..", "/api/v1/replays/a/b", "/api/v1/replays/-a",
        "/api/v1/replays/a b", "/api/v1/replays/a%2e", "/api/v1/replays/.deleted-a",
        "/api/v1/replays/\xc3\xa4", "/api/v1/replays/a\n", "/api/v1/replays/a/clips/b",
        "/api/v1/replays/01234567890123456789012345678901234567890" };
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        assert_false(bc_control_route_match(one, WRONG[i], id));
        assert_string_equal(id, "");
        assert_false(bc_control_route_match(clips, WRONG[i], id));
    }
}

static void
test_the_method_decides_between_forms(void **state)
{
    (void)state;
    struct bc_control_found found;
    bc_control_route_find(BC_HTTP_POST, "/api/v1/channels/a/b/kick", &found);
    assert_string_equal(found.route->id, "kickHost");
    assert_string_equal(found.channel, "a/b");
    bc_control_route_find(BC_HTTP_HEAD, "/api/v1/channels/a/b/kick", &found);
    assert_string_equal(found.route->id, "getChannel");
    assert_string_equal(found.channel, "a/b/kick");
    bc_control_route_find(BC_HTTP_DELETE, "/api/v1/channels/a/b/kick", &found);
    assert_null(found.route);
    assert_string_equal(found.allow, "GET, HEAD, PATCH, POST");
    bc_control_route_find(BC_HTTP_GET, "/live/hq.flv", &found);
    assert_null(found.route);
    assert_string_equal(found.allow, "");
}

static void
check_operation(const struct bc_control_route *r, const json_t *operation)
{
    assert_string_equal(fake_text(operation, "operationId"), r->id);
    assert_string_equal(fake_text(operation, "summary"), r->text);
    size_t security = json_array_size(json_object_get(operation, "security"));
    assert_int_equal(security, r->access != BC_CONTROL_OPEN ? 1 : 0);
    char status[8];
    snprintf(status, sizeof(status), "%d", r->status);
    const json_t *responses = json_object_get(operation, "responses");
    const json_t *content = json_object_get(json_object_get(responses, status),
        "content");
    assert_int_equal(content != NULL, r->type != NULL);
    assert_true(!r->type || json_object_get(content, r->type));
    assert_non_null(json_object_get(responses, "default"));
    const json_t *body = json_object_get(operation, "requestBody");
    assert_int_equal(body != NULL, r->body != NULL);
    if (r->body) {
        assert_string_equal(fake_text(body, "description"), r->body);
    }
    size_t parameters = (strstr(r->pattern, CHANNEL) ? 2u : 0u) + (r->paged ? 2u : 0u)
        + (strstr(r->pattern, "{id}") || strstr(r->pattern, "{recording}") ? 1u : 0u)
        + (strstr(r->pattern, "{picture}") ? 1u : 0u)
        + (strstr(r->pattern, "{cue}") ? 1u : 0u);
    assert_int_equal(json_array_size(json_object_get(operation, "parameters")),
        parameters);
}

static void
test_the_document_says_what_the_table_says(void **state)
{
    struct fake *f = *state;
    json_t *root = fake_get_json(f->control, "/api/v1/openapi.json", NULL);
    assert_string_equal(fake_text(root, "openapi"), "3.0.3");
    const json_t *paths = json_object_get(root, "paths");
    for (size_t i = 0; i < BC_CONTROL_ROUTE_COUNT; i++) {
        const struct bc_control_route *r = &BC_CONTROL_ROUTES[i];
        char method[8] = "";
        const char *name = bc_control_method_name(r->method);
        for (size_t n = 0; name[n]; n++) {
            method[n] = (char)tolower((unsigned char)name[n]);
        }
        const json_t *operation = json_object_get(json_object_get(paths, r->pattern),
            method);
        assert_non_null(operation);
        check_operation(r, operation);
    }
    size_t described = 0;
    const char *key;
    json_t *path;
    json_object_foreach((json_t *)paths, key, path) {
        described += json_object_size(path);
    }
    assert_int_equal(described, BC_CONTROL_ROUTE_COUNT);
    json_decref(root);
}

// Whatever the table has is answered by its handler, for GET and HEAD alike.
static void
test_every_route_answers_as_described(void **state)
{
    struct fake *f = *state;
    fake_add_live(f);
    for (size_t i = 0; i < BC_CONTROL_ROUTE_COUNT; i++) {
        const struct bc_control_route *r = &BC_CONTROL_ROUTES[i];
        char path[256];
        // These need the server's cues, or a file.
        if (strstr(r->pattern, "/cue") || strstr(r->pattern, "/products")
            || strcmp(r->id, "getComposerAsset") == 0) {
            continue;
        }
        fill_pattern(r->pattern, path);
        struct bc_http_exchange x = { .method = r->method, .path = path,
            .query = "at_ms=1000", .sent = body_of(r) };
        assert_true(fake_ask(f->control, &x));
        assert_int_equal(x.status, r->status);
        const char *type = r->type ? r->type : "";
        assert_int_equal(strncmp(x.type, type, strlen(type)), 0);
        fake_finish(&x);
        if (f->hub.posted) {
            fake_run_posted(f);
        }
    }
}

static void
test_the_token_is_wanted_where_the_table_says(void **state)
{
    struct fake *f = *state;
    fake_configure(f, "access.api=token", "http.listen=:8080");
    fake_add_live(f);
    for (size_t i = 0; i < BC_CONTROL_ROUTE_COUNT; i++) {
        const struct bc_control_route *r = &BC_CONTROL_ROUTES[i];
        char path[256];
        fill_pattern(r->pattern, path);
        struct bc_http_exchange x = { .method = r->method, .path = path };
        assert_true(fake_ask(f->control, &x));
        if (r->access == BC_CONTROL_OPEN && f->hub.posted) {
            fake_run_posted(f);
        }
        if (r->access != BC_CONTROL_OPEN) {
            fake_check_error(&x, 401, "unauthorized");
            assert_non_null(strstr(x.headers, "WWW-Authenticate: Bearer realm="));
            assert_null(f->hub.posted);
        } else {
            assert_int_equal(x.status, r->status);
        }
        fake_finish(&x);
    }
}

static void
test_only_the_right_token_lets_in(void **state)
{
    struct fake *f = *state;
    fake_configure(f, "access.api=token", "http.listen=:8080");
    static const struct {
        const char *authorization;
        int status;
    } CASES[] = { { "Bearer secret", 200 }, { "bearer  secret", 200 },
        { "Bearer wrong", 401 }, { "Bearer ", 401 }, { "Bearer", 401 },
        { "Basic secret", 401 }, { "secret", 401 }, { "", 401 },
        { "Bearer secretx", 401 }, { "Bearer \xff\r\n", 401 } };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct bc_http_exchange x = { .method = BC_HTTP_GET,
            .path = "/api/v1/channels",
            .authorization = CASES[i].authorization };
        assert_true(fake_ask(f->control, &x));
        assert_int_equal(x.status, CASES[i].status);
        fake_finish(&x);
    }
    // A channel that is not there tells nothing to strangers.
    struct bc_http_exchange x = fake_get(f->control, "/api/v1/channels/live/none", NULL,
        401);
    fake_finish(&x);
}

static void
test_wrong_methods_and_unknown_resources(void **state)
{
    struct fake *f = *state;
    fake_add_live(f);
    struct bc_http_exchange x = { .method = BC_HTTP_POST, .path = "/api/v1/channels" };
    assert_true(fake_ask(f->control, &x));
    fake_check_error(&x, 405, "method_not_allowed");
    assert_string_equal(x.headers, "Allow: GET, HEAD\r\nCache-Control: no-store\r\n");
    fake_finish(&x);
    static const char *const UNKNOWN[] = { "/api/v1", "/api/v1/", "/api/v1/nothing",
        "/api/v1/channels/live", "/api/v1/channels/\xff/\xfe", "/api/v1/channels/a/b c" };
    for (size_t i = 0; i < sizeof(UNKNOWN) / sizeof(UNKNOWN[0]); i++) {
        x = fake_get(f->control, UNKNOWN[i], NULL, 404);
        fake_check_error(&x, 404, "not_found");
        fake_finish(&x);
    }
    static const char *const OTHERS[] = { "/live/hq.flv", "/live/hq/index.m3u8",
        "/api/hq.flv", "/metrics/x.flv", "", "healthz" };
    for (size_t i = 0; i < sizeof(OTHERS) / sizeof(OTHERS[0]); i++) {
        struct bc_http_exchange other = { .method = BC_HTTP_GET, .path = OTHERS[i] };
        assert_false(fake_ask(f->control, &other));
    }
}

// docs/api.md is written by hand; this keeps it from missing something.
static void
test_the_manual_names_every_route_and_metric(void **state)
{
    (void)state;
    FILE *file = fopen(API_MANUAL, "r");
    assert_non_null(file);
    char *text = calloc(1, 65536);
    assert_non_null(text);
    assert_true(fread(text, 1, 65535, file) > 0);
    fclose(file);
    char word[256];
    for (size_t i = 0; i < BC_CONTROL_ROUTE_COUNT; i++) {
        snprintf(word, sizeof(word), "`%s %s`",
            bc_control_method_name(BC_CONTROL_ROUTES[i].method),
            BC_CONTROL_ROUTES[i].pattern);
        if (!strstr(text, word)) {
            fail_msg("docs/api.md lacks %s", word);
        }
    }
    for (size_t i = 0; i < BC_METRICS_PROCESS_COUNT + BC_METRICS_CHANNEL_COUNT; i++) {
        const char *name = i < BC_METRICS_PROCESS_COUNT
            ? BC_METRICS_PROCESS[i].name
            : BC_METRICS_CHANNEL[i - BC_METRICS_PROCESS_COUNT].name;
        snprintf(word, sizeof(word), "`%s", name);
        if (!strstr(text, word)) {
            fail_msg("docs/api.md lacks %s", name);
        }
    }
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns_take_channels_of_several_levels),
        cmocka_unit_test(test_patterns_refuse_what_is_no_channel),
        cmocka_unit_test(test_patterns_take_ids_of_recordings),
        cmocka_unit_test(test_the_method_decides_between_forms),
        cmocka_unit_test_setup_teardown(test_the_document_says_what_the_table_says,
            fake_setup, fake_teardown),
        cmocka_unit_test_setup_teardown(test_every_route_answers_as_described, fake_setup,
            fake_teardown),
        cmocka_unit_test_setup_teardown(test_the_token_is_wanted_where_the_table_says,
            fake_setup, fake_teardown),
        cmocka_unit_test_setup_teardown(test_only_the_right_token_lets_in, fake_setup,
            fake_teardown),
        cmocka_unit_test_setup_teardown(test_wrong_methods_and_unknown_resources,
            fake_setup, fake_teardown),
        cmocka_unit_test(test_the_manual_names_every_route_and_metric),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
