// SPDX-License-Identifier: Apache-2.0
// Schedules by the API, and what everybody is told about a channel (about.json).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "control/schedule_body.h"
#include "fake_http.h"
#include "fake_stream.h"
#include "schedule/schedule.h"

#define ONE "/api/v1/channels/live/hq/schedule"
#define ABOUT "/live/hq/about.json"
#define MINUTE_US INT64_C(60000000)
#define EVENING                                                                          \
    "{\"starts_at\":\"2030-03-01T20:00:00.5+08:00\",\"ends_at\":\"2030-03-01T22:00:00+08:00\"," \
    "\"record\":true,\"title\":\"Opening\"}"

static void
put(struct fake *f, const char *path, const char *body)
{
    struct bc_http_exchange x = fake_send(f, BC_HTTP_PUT, path, body);
    assert_int_equal(x.status, 200);
    fake_finish(&x);
}

static void
test_a_schedule_is_set_shown_and_deleted(void **state)
{
    struct fake *f = *state;
    fake_check_refused(f, BC_HTTP_GET, ONE, NULL, 404, "no_schedule");
    struct bc_http_exchange x = fake_send(f, BC_HTTP_PUT, ONE, EVENING);
    assert_int_equal(x.status, 200);
    json_t *s = fake_json(&x);
    fake_finish(&x);
    assert_string_equal(fake_text(s, "starts_at"), "2030-03-01T12:00:00.500Z");
    assert_string_equal(fake_text(s, "ends_at"), "2030-03-01T14:00:00.000Z");
    assert_string_equal(fake_text(s, "keys_from"), "2030-03-01T11:30:00.500Z");
    assert_string_equal(fake_text(s, "title"), "Opening");
    assert_string_equal(fake_text(s, "phase"), "early");
    assert_true(json_is_true(json_object_get(s, "record")));
    assert_true(json_is_false(json_object_get(s, "configured")));
    json_decref(s);
    // Another one replaces it as a whole.
    put(f, ONE, "{\"ends_at\":\"2001-01-01T00:00:00Z\",\"starts_at\":null,\"record\":null}");
    s = fake_get_json(f->control, ONE, NULL);
    assert_true(fake_is_null(s, "starts_at"));
    assert_true(fake_is_null(s, "keys_from"));
    assert_true(fake_is_null(s, "record"));
    assert_true(fake_is_null(s, "title"));
    assert_string_equal(fake_text(s, "phase"), "over");
    json_decref(s);
    x = fake_send(f, BC_HTTP_DELETE, ONE, NULL);
    assert_int_equal(x.status, 204);
    fake_check_refused(f, BC_HTTP_DELETE, ONE, NULL, 404, "no_schedule");
}

static void
test_wrong_bodies_are_refused(void **state)
{
    struct fake *f = *state;
    static const char *const WRONG[] = { NULL, "", "[]", "{}", "null", "{\"record\":true}",
        "{\"title\":\"x\"}", "{\"starts_at\":\"soon\"}", "{\"starts_at\":1772366400}",
        "{\"starts_at\":\"1970-01-01T00:00:00Z\"}", "{\"starts_at\":null}",
        "{\"ends_at\":\"2030-03-01T12:00:00Z\",\"more\":1}",
        "{\"ends_at\":\"2030-03-01T12:00:00Z\",\"record\":1}",
        "{\"ends_at\":\"2030-03-01T12:00:00Z\",\"title\":1}",
        "{\"starts_at\":\"2030-03-01T12:00:00Z\",\"ends_at\":\"2030-03-01T12:00:00Z\"}",
        "{\"starts_at\":\"2030-03-01T12:00:00Z\",\"keys_from\":\"2030-03-01T12:00:01Z\"}",
        "{\"ends_at\":\"2030-03-01T12:00:00Z\",\"ends_at\":\"2030-03-01T12:00:00Z\"}" };
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        fake_check_refused(f, BC_HTTP_PUT, ONE, WRONG[i], 400, "bad_schedule");
    }
    // A title of 201 bytes.
    char body[512];
    snprintf(body, sizeof(body), "{\"ends_at\":\"2030-03-01T12:00:00Z\",\"title\":\"%0*d\"}",
        201, 1);
    fake_check_refused(f, BC_HTTP_PUT, ONE, body, 400, "bad_schedule");
    // Every truncation.
    struct bc_config_schedule schedule;
    for (size_t n = 0; n < strlen(EVENING); n++) {
        assert_non_null(bc_schedule_body_read(EVENING, n, &schedule));
    }
    assert_null(bc_schedule_body_read(EVENING, strlen(EVENING), &schedule));
}

static void
test_the_configurations_schedule_counts(void **state)
{
    struct fake *f = *state;
    fake_configure(f, "channels.live/hq.schedule={starts_at: 2030-03-01T12:00:00Z}",
        "access.api=open");
    json_t *s = fake_get_json(f->control, ONE, NULL);
    assert_true(json_is_true(json_object_get(s, "configured")));
    json_decref(s);
    fake_check_refused(f, BC_HTTP_PUT, ONE, EVENING, 409, "configured");
    fake_check_refused(f, BC_HTTP_DELETE, ONE, NULL, 409, "configured");
}

static void
test_it_needs_the_token(void **state)
{
    struct fake *f = *state;
    fake_configure(f, "access.api=token", "http.listen=:8080");
    fake_check_refused(f, BC_HTTP_GET, ONE, NULL, 401, "unauthorized");
    fake_check_refused(f, BC_HTTP_PUT, ONE, EVENING, 401, "unauthorized");
    fake_check_refused(f, BC_HTTP_DELETE, ONE, NULL, 401, "unauthorized");
}

// --- about.json ---

static void
check_about(struct fake *f, const char *state, const char *replay_url)
{
    json_t *about = fake_get_json(f->control, ABOUT, NULL);
    assert_string_equal(fake_text(about, "channel"), "live/hq");
    assert_string_equal(fake_text(about, "state"), state);
    assert_string_equal(fake_text(about, "replay_url"), replay_url);
    json_decref(about);
}

// "starts_at" and "ends_at" so many minutes from now; 0: none.
static void
put_minutes(struct fake *f, int starts_min, int ends_min)
{
    struct bc_config_schedule s = { .title = "Opening" };
    int64_t now_us = bc_clock_wall_us();
    s.starts_at_wall_us = starts_min ? now_us + starts_min * MINUTE_US : 0;
    s.ends_at_wall_us = ends_min ? now_us + ends_min * MINUTE_US : 0;
    assert_int_equal(bc_schedules_set(f->schedules, f->hub.config, "live/hq", &s), 0);
}

static void
forget_replays(struct fake *f)
{
    f->record.catalogue.count = 0;
}

static void
test_about_names_that_are_not_known(void **state)
{
    struct fake *f = *state;
    forget_replays(f);
    fake_check_refused(f, BC_HTTP_GET, ABOUT, NULL, 404, "no_such_channel");
}

static void
test_about_an_evening(void **state)
{
    struct fake *f = *state;
    fake_configure(f, "channels.live/hq.title=Headquarters", "access.api=token");
    forget_replays(f);
    check_about(f, "offline", "");
    // Lobby, whether the keys are valid already or not; nothing of yesterday is shown.
    put_minutes(f, 60, 120);
    check_about(f, "lobby", "");
    put_minutes(f, 10, 120);
    json_t *about = fake_get_json(f->control, ABOUT, NULL);
    assert_string_equal(fake_text(about, "title"), "Opening");
    assert_true(strlen(fake_text(about, "starts_at")) > 0);
    assert_true(strlen(fake_text(about, "ends_at")) > 0);
    assert_true(strlen(fake_text(about, "now")) > 0);
    json_decref(about);
    // A host that tries the line before the start is nobody's business.
    struct bc_channel_info *info = fake_add_live(f);
    check_about(f, "lobby", "");
    // Tomorrow's broadcast does not end the one of today.
    put_minutes(f, 24 * 60, 0);
    check_about(f, "live", "");
    put_minutes(f, -10, 120);
    check_about(f, "live", "");
    info->state = BC_CHANNEL_WAITING;
    check_about(f, "waiting", "");
    info->state = BC_CHANNEL_ENDED;
    put_minutes(f, -60, -10);
    check_about(f, "ended", "");
}

static void
test_about_the_replay_after_the_end(void **state)
{
    struct fake *f = *state;
    fake_add_live(f)->state = BC_CHANNEL_ENDED;
    // The newest is being recorded, or is a clip: the one before counts.
    struct bc_catalogue_entry *e = f->record.catalogue.entries;
    e[1] = e[0];
    e[0].state = BC_CATALOGUE_RUNNING;
    e[1].state = BC_CATALOGUE_READY;
    e[0].info.kind = e[1].info.kind = BC_RECORDING_REPLAY;
    snprintf(e[0].info.channel, sizeof(e[0].info.channel), "live/hq");
    snprintf(e[1].info.channel, sizeof(e[1].info.channel), "live/hq");
    f->record.catalogue.count = 2;
    check_about(f, "ended", "/watch/replay/" FAKE_ID);
    // Asked again at once, the catalogue is left in peace.
    f->record.catalogue.failed = true;
    check_about(f, "ended", "/watch/replay/" FAKE_ID);
    // While the next broadcast is awaited it is not in the way.
    put_minutes(f, 10, 0);
    check_about(f, "lobby", "");
}

static void
test_about_an_old_replay_is_offered_but_not_news(void **state)
{
    struct fake *f = *state;
    struct bc_catalogue_entry *e = f->record.catalogue.entries;
    e[0].state = BC_CATALOGUE_READY;
    e[0].info.kind = BC_RECORDING_REPLAY;
    e[0].info.ended_wall_us = bc_clock_wall_us() - 3 * 24 * 60 * MINUTE_US;
    snprintf(e[0].info.channel, sizeof(e[0].info.channel), "live/hq");
    f->record.catalogue.count = 1;
    check_about(f, "offline", "/watch/replay/" FAKE_ID);
}

static void
test_about_yesterday_without_configuration(void **state)
{
    struct fake *f = *state;
    struct bc_catalogue_entry *e = f->record.catalogue.entries;
    e[0].state = BC_CATALOGUE_READY;
    e[0].info.kind = BC_RECORDING_REPLAY;
    e[0].info.ended_wall_us = bc_clock_wall_us() - 60 * MINUTE_US;
    snprintf(e[0].info.channel, sizeof(e[0].info.channel), "live/hq");
    f->record.catalogue.count = 1;
    check_about(f, "ended", "/watch/replay/" FAKE_ID);
}

static void
test_about_a_client_that_leaves(void **state)
{
    struct fake *f = *state;
    f->record.catalogue.hold = true;
    struct bc_http_exchange x = { .method = BC_HTTP_GET, .path = ABOUT };
    assert_true(fake_ask(f->control, &x));
    assert_int_equal(x.answers, 0);
    x.gone(x.gone_user);
    fake_record_answer();
    assert_int_equal(x.answers, 0);
    fake_finish(&x);
}

static void
test_about_without_recordings(void **state)
{
    struct fake *f = *state;
    struct bc_control *control = fake_control_without_recordings(f);
    fake_add_live(f)->state = BC_CHANNEL_ENDED;
    json_t *about = fake_get_json(control, ABOUT, NULL);
    assert_string_equal(fake_text(about, "state"), "ended");
    assert_true(fake_is_null(about, "replay_url"));
    json_decref(about);
    bc_control_destroy(control);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_a_schedule_is_set_shown_and_deleted),
        T(test_wrong_bodies_are_refused),
        T(test_the_configurations_schedule_counts),
        T(test_it_needs_the_token),
        T(test_about_names_that_are_not_known),
        T(test_about_an_evening),
        T(test_about_the_replay_after_the_end),
        T(test_about_an_old_replay_is_offered_but_not_news),
        T(test_about_yesterday_without_configuration),
        T(test_about_a_client_that_leaves),
        T(test_about_without_recordings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
