// SPDX-License-Identifier: Apache-2.0
// Clips are asked for.
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

#define OF_CHANNEL "/api/v1/channels/live/hq/clips"
#define OF_REPLAY "/api/v1/replays/" FAKE_ID "/clips"

static struct bc_http_exchange
post(struct fake *f, const char *path, const char *body, size_t len)
{
    struct bc_http_exchange x = { .method = BC_HTTP_POST, .path = path, .sent = body,
        .sent_len = len };
    assert_true(fake_ask(f->control, &x));
    return x;
}

static void
check_refused(struct fake *f, const char *path, const char *body, size_t len, int status,
    const char *code)
{
    size_t before = f->record.clips.started;
    struct bc_http_exchange x = post(f, path, body, len);
    fake_check_error(&x, status, code);
    fake_finish(&x);
    assert_int_equal(f->record.clips.started, before);
}

static void
start(struct fake *f, const char *path, const char *body)
{
    struct bc_http_exchange x = post(f, path, body, 0);
    assert_int_equal(x.status, 201);
    fake_finish(&x);
}

static void
test_a_clip_of_a_replay(void **state)
{
    struct fake *f = *state;
    struct bc_http_exchange x = post(f, OF_REPLAY,
        "{\"from\":10000,\"to\":\"2026-03-01T12:00:35.5Z\",\"title\":\"The hat "
        "\xe5\xb8\xbd\",\"precision\":\"frame\"}",
        0);
    assert_int_equal(x.status, 201);
    json_t *root = fake_json(&x);
    assert_string_equal(fake_text(root, "id"), "20260302-080000-00000000");
    assert_string_equal(fake_text(root, "channel"), "live/hq");
    assert_string_equal(fake_text(root, "title"), "The hat \xe5\xb8\xbd");
    assert_string_equal(fake_text(root, "state"), "running");
    assert_string_equal(fake_text(root, "precision"), "frame");
    assert_string_equal(fake_text(root, "source"), FAKE_ID);
    assert_int_equal(fake_number(root, "progress"), 0);
    assert_int_equal(fake_number(root, "from_ms"), 10000);
    assert_int_equal(fake_number(root, "to_ms"), 25500);
    assert_int_equal(fake_number(root, "duration_ms"), 15500);
    assert_string_equal(fake_text(root, "started_at"), "2026-03-01T12:00:10.000Z");
    assert_string_equal(fake_text(root, "created_at"), "2026-03-02T08:00:00.000Z");
    assert_string_equal(fake_text(root, "watch_url"),
        "/watch/clip/20260302-080000-00000000");
    assert_true(fake_is_null(root, "hls_url"));
    assert_true(fake_is_null(root, "error"));
    json_decref(root);
    fake_finish(&x);
    assert_int_equal(f->record.clips.last.from_us, 10000000);
    assert_int_equal(f->record.clips.last.to_us, 25500000);
    assert_true(f->record.clips.last.frame_exact);
    assert_string_equal(f->record.clips.title, "The hat \xe5\xb8\xbd");
    assert_int_equal(f->record.catalogue.asked.kind, BC_RECORDING_REPLAY);
    assert_string_equal(f->record.catalogue.asked.id, FAKE_ID);
}

static void
test_a_clip_of_a_channel(void **state)
{
    struct fake *f = *state;
    // What runs now is asked first, and the catalogue is not.
    f->record.recorder.running = true;
    f->record.catalogue.failed = true;
    start(f, OF_CHANNEL, "{\"from\":-30000,\"to\":null,\"precision\":\"keyframe\"}");
    assert_int_equal(f->record.clips.last.from_us, 30000000);
    assert_int_equal(f->record.clips.last.to_us, 60000000);
    assert_false(f->record.clips.last.frame_exact);
    assert_string_equal(f->record.clips.title, "");
    // Else the newest one counts.
    f->record.recorder.running = false;
    f->record.catalogue.failed = false;
    start(f, OF_CHANNEL, "{\"from\":0}");
    assert_string_equal(f->record.catalogue.asked.channel, "live/hq");
    assert_string_equal(f->record.catalogue.asked.id, "");
    assert_int_equal(f->record.catalogue.asked.limit, 1);
    check_refused(f, "/api/v1/channels/live/none/clips", "{\"from\":0}", 0, 404,
        "no_recording");
    check_refused(f, "/api/v1/replays/none/clips", "{\"from\":0}", 0, 404,
        "no_such_replay");
    f->record.library.gone = true;
    check_refused(f, OF_REPLAY, "{\"from\":0}", 0, 404, "no_recording");
}

static void
test_what_is_no_clip_is_refused(void **state)
{
    struct fake *f = *state;
    static const struct {
        const char *body;
        const char *code;
    } WRONG[] = { { NULL, "bad_clip" }, { "", "bad_clip" }, { "[]", "bad_clip" },
        { "null", "bad_clip" }, { "{}", "bad_range" }, { "{\"from\":null}", "bad_range" },
        { "{\"from\":true}", "bad_range" }, { "{\"from\":[1]}", "bad_range" },
        { "{\"from\":{}}", "bad_range" }, { "{\"from\":\"\"}", "bad_range" },
        { "{\"from\":\"10\"}", "bad_range" }, { "{\"from\":1e30}", "bad_range" },
        { "{\"from\":-1e30}", "bad_range" }, { "{\"from\":0,\"to\":false}", "bad_range" },
        { "{\"from\":0,\"to\":\"now\"}", "bad_range" },
        { "{\"from\":5000,\"to\":5000}", "bad_range" },
        { "{\"from\":5000,\"to\":4000}", "bad_range" },
        { "{\"from\":0,\"to\":90000}", "outside" },
        { "{\"from\":-90000}", "outside" },
        { "{\"from\":\"1999-01-01T00:00:00Z\"}", "outside" },
        { "{\"from\":0,\"from\":1}", "bad_clip" }, { "{\"from\":0}x", "bad_clip" },
        { "{\"from\":0,\"title\":1}", "bad_clip" },
        { "{\"from\":0,\"title\":\"a\\nb\"}", "bad_clip" },
        { "{\"from\":0,\"title\":\"a\\u0000b\"}", "bad_clip" },
        { "{\"from\":0,\"title\":\"a\\u007f\"}", "bad_clip" },
        { "{\"from\":0,\"title\":\"\xff\"}", "bad_clip" },
        { "{\"from\":0,\"precision\":\"Frame\"}", "bad_clip" },
        { "{\"from\":0,\"precision\":1}", "bad_clip" },
        { "{\"from\":0,\"until\":1}", "bad_clip" } };
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        check_refused(f, OF_REPLAY, WRONG[i].body, 0, 400, WRONG[i].code);
    }
    static const char *const BODY = "{\"from\":1000,\"to\":2000,\"title\":\"x\"}";
    for (size_t len = 1; len < strlen(BODY); len++) {
        check_refused(f, OF_REPLAY, BODY, len, 400, "bad_clip");
    }
}

static void
test_lengths_are_limited(void **state)
{
    struct fake *f = *state;
    char body[8192];
    snprintf(body, sizeof(body), "{\"from\":0,\"title\":\"%0*d\"}",
        BC_RECORDING_TITLE_MAX, 0);
    start(f, OF_REPLAY, body);
    snprintf(body, sizeof(body), "{\"from\":0,\"title\":\"%0*d\"}",
        BC_RECORDING_TITLE_MAX + 1, 0);
    check_refused(f, OF_REPLAY, body, 0, 400, "bad_clip");
    snprintf(body, sizeof(body), "{\"from\":0}%*s", 5000, "");
    check_refused(f, OF_REPLAY, body, 0, 413, "body_too_long");
    memset(body, '[', sizeof(body)); // deep
    check_refused(f, OF_REPLAY, body, 4096, 400, "bad_clip");
}

// As many as may wait are taken, the others are told to come again.
static void
test_a_thousand_at_once(void **state)
{
    struct fake *f = *state;
    f->record.clips.room = 64;
    for (size_t i = 0; i < 1000; i++) {
        struct bc_http_exchange x = post(f, OF_REPLAY, "{\"from\":0}", 0);
        if (i < 64) {
            assert_int_equal(x.status, 201);
        } else {
            fake_check_error(&x, 429, "queue_full");
            assert_non_null(strstr(x.headers, "Retry-After: "));
        }
        fake_finish(&x);
    }
    assert_int_equal(f->record.clips.started, 64);
}

static void
test_refusals_are_told(void **state)
{
    struct fake *f = *state;
    f->record.clips.error = -ERANGE;
    check_refused(f, OF_REPLAY, "{\"from\":0}", 0, 400, "outside");
    f->record.clips.error = -EINVAL;
    check_refused(f, OF_REPLAY, "{\"from\":0}", 0, 400, "bad_range");
    f->record.clips.error = -ENOMEM;
    struct bc_http_exchange x = post(f, OF_REPLAY, "{\"from\":0}", 0);
    assert_int_equal(x.status, 503);
    fake_finish(&x);
    f->record.catalogue.failed = true;
    check_refused(f, OF_REPLAY, "{\"from\":0}", 0, 503, "catalogue_unreadable");
}

#define WITH_FAKE(test) cmocka_unit_test_setup_teardown(test, fake_setup, fake_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FAKE(test_a_clip_of_a_replay),
        WITH_FAKE(test_a_clip_of_a_channel),
        WITH_FAKE(test_what_is_no_clip_is_refused),
        WITH_FAKE(test_lengths_are_limited),
        WITH_FAKE(test_a_thousand_at_once),
        WITH_FAKE(test_refusals_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
