// SPDX-License-Identifier: Apache-2.0
// What is recorded of a channel, and an operator's start and stop.
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

#define RECORD "/api/v1/channels/live/hq/record"

static struct bc_http_exchange
post(struct fake *f, const char *path, const char *body)
{
    struct bc_http_exchange x = { .method = BC_HTTP_POST, .path = path, .sent = body };
    assert_true(fake_ask(f->control, &x));
    return x;
}

static void
check_refused(struct fake *f, const char *path, const char *body, int status,
    const char *code)
{
    struct bc_http_exchange x = post(f, path, body);
    fake_check_error(&x, status, code);
    fake_finish(&x);
}

static void
test_it_is_started_and_ended(void **state)
{
    struct fake *f = *state;
    struct bc_recorder *r = &f->record.recorder;
    r->status.state = BC_RECORDER_WAITING;
    struct bc_http_exchange x = post(f, RECORD, "{\"record\":true}");
    assert_int_equal(x.status, 202);
    json_t *root = fake_json(&x);
    assert_string_equal(fake_text(root, "state"), "waiting");
    json_decref(root);
    fake_finish(&x);
    assert_int_equal(r->starts, 1);
    x = post(f, RECORD, "{\"record\":false}");
    assert_int_equal(x.status, 202);
    fake_finish(&x);
    assert_int_equal(r->stops, 1);
}

static void
test_refusals_are_told(void **state)
{
    struct fake *f = *state;
    static const char *const WRONG[] = { NULL, "", "{}", "[]", "true", "{\"record\":1}",
        "{\"record\":\"true\"}", "{\"record\":null}", "{\"record\":true,\"x\":1}" };
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        check_refused(f, RECORD, WRONG[i], 400, "bad_record");
    }
    assert_int_equal(f->record.recorder.starts, 0);
    check_refused(f, "/api/v1/channels/live/none/record", "{\"record\":true}", 404,
        "no_such_channel");
    f->record.recorder.error = -EPERM;
    check_refused(f, RECORD, "{\"record\":true}", 409, "never");
    f->record.recorder.error = -EALREADY;
    check_refused(f, RECORD, "{\"record\":true}", 409, "already");
    check_refused(f, RECORD, "{\"record\":false}", 409, "already");
}

static void
test_a_channel_tells_its_recording(void **state)
{
    struct fake *f = *state;
    fake_add_live(f);
    json_t *root = fake_get_json(f->control, "/api/v1/channels/live/hq", NULL);
    const json_t *recording = json_object_get(root, "recording");
    assert_string_equal(fake_text(recording, "state"), "off");
    assert_true(fake_is_null(recording, "id"));
    assert_true(fake_is_null(recording, "replay_url"));
    assert_true(fake_is_null(recording, "trouble"));
    json_decref(root);
    struct bc_recorder_status *s = &f->record.recorder.status;
    s->state = BC_RECORDER_TROUBLE;
    strcpy(s->id, FAKE_ID);
    strcpy(s->trouble, "No space left on device");
    s->trouble_since_wall_us = FAKE_BEGAN_WALL_US;
    s->bytes = 12345;
    s->lost_parts = 6;
    root = fake_get_json(f->control, "/api/v1/channels/live/hq", NULL);
    recording = json_object_get(root, "recording");
    assert_string_equal(fake_text(recording, "state"), "trouble");
    assert_string_equal(fake_text(recording, "id"), FAKE_ID);
    assert_string_equal(fake_text(recording, "replay_url"), "/watch/replay/" FAKE_ID);
    assert_string_equal(fake_text(recording, "trouble"), "No space left on device");
    assert_string_equal(fake_text(recording, "trouble_since"), "2026-03-01T12:00:00.000Z");
    assert_int_equal(fake_number(recording, "bytes"), 12345);
    assert_int_equal(fake_number(recording, "lost_parts"), 6);
    json_decref(root);
}

static void
test_viewers_are_told_how_far_back_they_may_go(void **state)
{
    struct fake *f = *state;
    fake_add_live(f);
    json_t *root = fake_get_json(f->control, "/api/v1/public/channels/live/hq", NULL);
    assert_true(fake_is_null(root, "dvr"));
    json_decref(root);
    strcpy(f->record.recorder.status.id, FAKE_ID);
    root = fake_get_json(f->control, "/api/v1/public/channels/live/hq", NULL);
    assert_int_equal(fake_number(json_object_get(root, "dvr"), "window_ms"), 14400000);
    json_decref(root);
}

#define WITH_FAKE(test) cmocka_unit_test_setup_teardown(test, fake_setup, fake_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FAKE(test_it_is_started_and_ended),
        WITH_FAKE(test_refusals_are_told),
        WITH_FAKE(test_a_channel_tells_its_recording),
        WITH_FAKE(test_viewers_are_told_how_far_back_they_may_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
