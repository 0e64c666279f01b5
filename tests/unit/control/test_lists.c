// SPDX-License-Identifier: Apache-2.0
// Lists page by page, the kick, and answers without memory.
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
#include "schedule/schedule.h"

#define ONE "/api/v1/channels/live/hq"
#define PUBLIC "/api/v1/public/channels/live/hq"

static void
check_page(struct fake *f, const char *query, const char *names, const char *cursor)
{
    json_t *root = fake_get_json(f->control, "/api/v1/channels", query);
    char got[256] = "";
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(root, "channels"), i, item) {
        assert_null(json_object_get(item, "takes"));
        strcat(got, fake_text(item, "channel"));
        strcat(got, " ");
    }
    assert_string_equal(got, names);
    if (cursor) {
        assert_string_equal(fake_text(root, "cursor"), cursor);
    } else {
        assert_true(fake_is_null(root, "cursor"));
    }
    json_decref(root);
}

static void
test_lists_go_on_from_a_cursor(void **state)
{
    struct fake *f = *state;
    check_page(f, NULL, "", NULL);
    fake_add(f, "a/1", BC_CHANNEL_LIVE);
    fake_add(f, "a/2", BC_CHANNEL_ENDED);
    fake_add(f, "a/b/3", BC_CHANNEL_WAITING);
    fake_add(f, "b/4", BC_CHANNEL_LIVE);
    check_page(f, NULL, "a/1 a/2 a/b/3 b/4 ", NULL);
    check_page(f, "limit=2", "a/1 a/2 ", "a/2");
    check_page(f, "limit=2&cursor=a/2", "a/b/3 b/4 ", NULL);
    check_page(f, "limit=1&cursor=a%2F2", "a/b/3 ", "a/b/3");
    check_page(f, "limit=4", "a/1 a/2 a/b/3 b/4 ", NULL);
    check_page(f, "cursor=a/15", "a/2 a/b/3 b/4 ", NULL); // gone meanwhile
    check_page(f, "cursor=zzz", "", NULL);
    check_page(f, "cursor=", "a/1 a/2 a/b/3 b/4 ", NULL);
    check_page(f, "limit=1000", "a/1 a/2 a/b/3 b/4 ", NULL);
    // Those who are over do not count into a page of the public list.
    json_t *root = fake_get_json(f->control, "/api/v1/public/channels", "limit=2");
    assert_int_equal(json_array_size(json_object_get(root, "channels")), 2);
    assert_string_equal(fake_text(root, "cursor"), "a/b/3");
    json_decref(root);
}

static void
test_bad_limits_and_cursors_are_told(void **state)
{
    struct fake *f = *state;
    static const char *const LIMITS[] = { "limit=0", "limit=", "limit=-1", "limit=x",
        "limit=1x", "limit=1001", "limit=99999999999999999999", "limit=%00", "limit=+1",
        "limit= 1" };
    for (size_t i = 0; i < sizeof(LIMITS) / sizeof(LIMITS[0]); i++) {
        struct bc_http_exchange x = fake_get(f->control, "/api/v1/channels", LIMITS[i],
            400);
        fake_check_error(&x, 400, "bad_limit");
        fake_finish(&x);
    }
    char cursor[600];
    memset(cursor, 'a', sizeof(cursor));
    memcpy(cursor, "cursor=", 7);
    cursor[sizeof(cursor) - 1] = '\0';
    static const char *const ZERO = "cursor=%00";
    const char *const cursors[] = { cursor, ZERO };
    for (size_t i = 0; i < 2; i++) {
        struct bc_http_exchange x = fake_get(f->control, "/api/v1/channels", cursors[i],
            400);
        fake_check_error(&x, 400, "bad_cursor");
        fake_finish(&x);
    }
}

static void
test_channels_that_come_while_listing(void **state)
{
    struct fake *f = *state;
    char name[32];
    for (int i = 0; i < 250; i++) {
        snprintf(name, sizeof(name), "live/%03d", i);
        fake_add(f, name, BC_CHANNEL_LIVE);
    }
    f->hub.hidden = 200; // 50 were counted
    json_t *root = fake_get_json(f->control, "/api/v1/channels", NULL);
    assert_true(json_array_size(json_object_get(root, "channels")) >= 50);
    json_decref(root);
    f->hub.hidden = 0;
    root = fake_get_json(f->control, "/api/v1/channels", NULL);
    assert_int_equal(json_array_size(json_object_get(root, "channels")), 100);
    assert_string_equal(fake_text(root, "cursor"), "live/099");
    json_decref(root);
}

// --- the kick ---

static void
test_a_kick_runs_on_the_channels_worker(void **state)
{
    struct fake *f = *state;
    fake_add_live(f);
    struct bc_channel *channel = f->hub.channels[0];
    struct bc_http_exchange x = { .method = BC_HTTP_POST, .path = ONE "/kick" };
    assert_true(fake_ask(f->control, &x));
    assert_int_equal(x.status, 202);
    json_t *root = fake_json(&x);
    assert_string_equal(fake_text(root, "channel"), "live/hq");
    json_decref(root);
    fake_finish(&x);
    assert_int_equal(channel->kicks, 0); // not here
    assert_int_equal(channel->refs, 1);  // it cannot die on the way
    fake_run_posted(f);
    assert_int_equal(channel->kicks, 1);
}

static void
test_who_is_not_live_is_not_kicked(void **state)
{
    struct fake *f = *state;
    fake_add(f, "live/hq", BC_CHANNEL_ENDED);
    struct bc_http_exchange x = { .method = BC_HTTP_POST, .path = ONE "/kick" };
    assert_true(fake_ask(f->control, &x));
    fake_check_error(&x, 409, "not_live");
    fake_finish(&x);
    struct bc_http_exchange y = { .method = BC_HTTP_POST,
        .path = "/api/v1/channels/live/none/kick" };
    assert_true(fake_ask(f->control, &y));
    fake_check_error(&y, 404, "no_such_channel");
    fake_finish(&y);
    assert_null(f->hub.posted);
}

// --- no memory ---

static long g_allocations_left; // until one fails; then all go well again

static void *
scarce_malloc(size_t size)
{
    return g_allocations_left-- == 0 ? NULL : malloc(size);
}

// Fails the first allocation of JSON, then the second and so on, until none is left to
// fail: always one answer, and nothing is lost (fake_teardown() and the leak checker see
// that).
static void
check_scarcity(struct fake *f, enum bc_http_method method, const char *path, int status)
{
    int refused = 0;
    for (long n = 0;; n++) {
        assert_true(n < 10000);
        struct bc_http_exchange x = { .method = method, .path = path, .host = "a.example" };
        g_allocations_left = n;
        assert_true(fake_ask(f->control, &x));
        bool failed = g_allocations_left < 0;
        g_allocations_left = -1;
        assert_int_equal(x.status, failed ? 503 : status);
        refused += failed;
        fake_finish(&x);
        if (f->hub.posted) {
            fake_run_posted(f);
        }
        if (!failed) {
            break;
        }
    }
    assert_true(refused > 3);
}

static void
test_each_failed_allocation_is_answered(void **state)
{
    struct fake *f = *state;
    fake_add_live(f)->advice = BC_ADVICE_END - 1;
    json_malloc_t old_malloc;
    json_free_t old_free;
    json_get_alloc_funcs(&old_malloc, &old_free);
    json_set_alloc_funcs(scarce_malloc, free);
    check_scarcity(f, BC_HTTP_GET, ONE, 200);
    check_scarcity(f, BC_HTTP_GET, PUBLIC, 200);
    check_scarcity(f, BC_HTTP_GET, "/api/v1/channels", 200);
    check_scarcity(f, BC_HTTP_GET, "/api/v1/public/info", 200);
    check_scarcity(f, BC_HTTP_POST, ONE "/kick", 202);
    check_scarcity(f, BC_HTTP_GET, "/api/v1/nothing", 404);
    struct bc_control *control = NULL;
    struct bc_control_params params = { .hub = &f->hub };
    // There are so many routes that not every one of the allocations can fail in turn.
    for (long n = 0; !control; n += 1 + n / 100) {
        g_allocations_left = n;
        control = bc_control_create(&params);
        assert_int_equal(control != NULL, g_allocations_left >= 0);
    }
    bc_control_destroy(control);
    json_set_alloc_funcs(old_malloc, old_free);
}

#define WITH_FAKE(test) cmocka_unit_test_setup_teardown(test, fake_setup, fake_teardown)

// What the console lists: also channels that are configured or scheduled and not there.
static void
test_all_known_channels_on_request(void **state)
{
    struct fake *f = *state;
    fake_configure(f, "channels.store/0571.title=Hangzhou", "access.api=open");
    fake_add_live(f);
    const struct bc_config_schedule s = { .ends_at_wall_us = 1 };
    assert_int_equal(bc_schedules_set(f->schedules, f->hub.config, "live/b", &s), 0);
    assert_int_equal(bc_schedules_set(f->schedules, f->hub.config, "live/hq", &s), 0);
    static const char *const NAMES[] = { "live/b", "live/hq", "store/0571" };
    char cursor[64] = "";
    for (size_t i = 0; i < 3; i++) {
        char query[128];
        snprintf(query, sizeof(query), "all=true&limit=1%s%s", i ? "&cursor=" : "", cursor);
        json_t *root = fake_get_json(f->control, "/api/v1/channels", query);
        const json_t *list = json_object_get(root, "channels");
        assert_int_equal(json_array_size(list), 1);
        const json_t *c = json_array_get(list, 0);
        assert_string_equal(fake_text(c, "channel"), NAMES[i]);
        assert_string_equal(fake_text(c, "state"), i == 1 ? "live" : "offline");
        assert_int_equal(json_is_object(json_object_get(c, "schedule")), i < 2);
        snprintf(cursor, sizeof(cursor), "%s", fake_text(root, "cursor"));
        json_decref(root);
    }
    assert_string_equal(cursor, "");
    json_t *c = fake_get_json(f->control, "/api/v1/channels/store/0571", NULL);
    assert_string_equal(fake_text(c, "state"), "offline");
    assert_true(fake_is_null(c, "schedule"));
    json_decref(c);
    struct bc_http_exchange x = fake_get(f->control, "/api/v1/channels/store/1", NULL, 404);
    fake_finish(&x);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FAKE(test_lists_go_on_from_a_cursor),
        WITH_FAKE(test_bad_limits_and_cursors_are_told),
        WITH_FAKE(test_channels_that_come_while_listing),
        WITH_FAKE(test_a_kick_runs_on_the_channels_worker),
        WITH_FAKE(test_who_is_not_live_is_not_kicked),
        WITH_FAKE(test_each_failed_allocation_is_answered),
        WITH_FAKE(test_all_known_channels_on_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
