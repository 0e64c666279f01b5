// SPDX-License-Identifier: Apache-2.0
// Sources of a channel, choosing one by hand, and the kill switch.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/source_body.h"
#include "fake_http.h"
#include "fake_stream.h"

#define ONE "/api/v1/channels/live/hq"
#define SOURCE ONE "/source"

static void
choose(struct fake *f, const char *body)
{
    struct bc_http_exchange x = fake_send(f, BC_HTTP_POST, SOURCE, body);
    assert_int_equal(x.status, 200);
    fake_finish(&x);
}

static void
test_sources_are_told(void **state)
{
    struct fake *f = *state;
    fake_add_live(f);
    json_t *c = fake_get_json(f->control, ONE, NULL);
    const json_t *source = json_object_get(c, "source");
    assert_string_equal(fake_text(source, "mode"), "auto");
    assert_int_equal(fake_number(source, "on_air"), 0);
    assert_string_equal(fake_text(source, "program"), "live/hq");
    const json_t *list = json_object_get(source, "list");
    assert_int_equal(json_array_size(list), 2);
    const json_t *first = json_array_get(list, 0);
    assert_string_equal(fake_text(first, "kind"), "publisher");
    assert_string_equal(fake_text(first, "state"), "on_air");
    assert_string_equal(fake_text(first, "peer"), "198.51.100.7:5000");
    assert_true(fake_is_null(first, "error"));
    const json_t *second = json_array_get(list, 1);
    assert_int_equal(fake_number(second, "index"), 1);
    assert_string_equal(fake_text(second, "name"), "publisher:backup");
    assert_string_equal(fake_text(second, "state"), "down");
    assert_string_equal(fake_text(second, "error"), "timed out");
    assert_true(json_is_true(json_object_get(c, "open")));
    json_decref(c);
}

static void
test_one_is_chosen_by_index_or_name(void **state)
{
    struct fake *f = *state;
    fake_add_live(f);
    struct bc_channel *c = f->hub.channels[0];
    choose(f, "{\"index\":0}");
    assert_int_equal(c->chosen, 0);
    fake_check_refused(f, BC_HTTP_POST, SOURCE, "{\"index\":1}", 409, "source_down");
    fake_check_refused(
        f, BC_HTTP_POST, SOURCE, "{\"name\":\"publisher:backup\"}", 409, "source_down");
    choose(f, "{\"name\":\"publisher:backup\",\"force\":true}");
    assert_int_equal(c->chosen, 1);
    assert_true(c->forced);
    choose(f, "{\"mode\":\"auto\"}");
    assert_int_equal(c->chosen, -1);
    fake_check_refused(f, BC_HTTP_POST, SOURCE, "{\"index\":2}", 404, "no_such_source");
    fake_check_refused(f, BC_HTTP_POST, SOURCE, "{\"name\":\"x\"}", 404, "no_such_source");
    fake_check_refused(f, BC_HTTP_POST, "/api/v1/channels/live/b/source", "{\"index\":0}", 404,
        "no_such_channel");
}

static void
test_wrong_bodies_are_refused(void **state)
{
    struct fake *f = *state;
    fake_add_live(f);
    static const char *const WRONG[] = { NULL, "", "[]", "{}", "{\"index\":-1}",
        "{\"index\":1.5}", "{\"index\":\"0\"}", "{\"index\":1001}", "{\"mode\":\"manual\"}",
        "{\"mode\":\"auto\",\"index\":0}", "{\"index\":0,\"name\":\"publisher\"}",
        "{\"name\":\"\"}", "{\"name\":1}", "{\"index\":0,\"force\":1}", "{\"force\":true}",
        "{\"index\":0,\"more\":1}", "{\"index\":99999999999999999999}" };
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        fake_check_refused(f, BC_HTTP_POST, SOURCE, WRONG[i], 400, "bad_source");
    }
    static const char *const NO_CHANGE[] = { NULL, "{}", "{\"open\":1}", "{\"open\":null}",
        "{\"open\":true,\"x\":1}", "[true]" };
    for (size_t i = 0; i < sizeof(NO_CHANGE) / sizeof(NO_CHANGE[0]); i++) {
        fake_check_refused(f, BC_HTTP_PATCH, ONE, NO_CHANGE[i], 400, "bad_change");
    }
    assert_int_equal(f->hub.channels[0]->chosen, -2);
}

static void
test_a_channel_is_closed_and_opened(void **state)
{
    struct fake *f = *state;
    fake_add_live(f);
    struct bc_http_exchange x = fake_send(f, BC_HTTP_PATCH, ONE, "{\"open\":false}");
    assert_int_equal(x.status, 200);
    fake_finish(&x);
    assert_string_equal(f->hub.closed, "live/hq");
    json_t *c = fake_get_json(f->control, ONE, NULL);
    assert_true(json_is_false(json_object_get(c, "open")));
    json_decref(c);
    json_t *about = fake_get_json(f->control, "/live/hq/about.json", NULL);
    assert_string_equal(fake_text(about, "state"), "closed");
    assert_true(fake_is_null(about, "replay_url"));
    json_decref(about);
    x = fake_send(f, BC_HTTP_PATCH, ONE, "{\"open\":true}");
    assert_int_equal(x.status, 200);
    fake_finish(&x);
    assert_string_equal(f->hub.closed, "");
    // Names that nobody knows take no memory.
    fake_check_refused(f, BC_HTTP_PATCH, "/api/v1/channels/live/none", "{\"open\":false}", 404,
        "no_such_channel");
    assert_string_equal(f->hub.closed, "");
}

#define T(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_sources_are_told),
        T(test_one_is_chosen_by_index_or_name),
        T(test_wrong_bodies_are_refused),
        T(test_a_channel_is_closed_and_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
