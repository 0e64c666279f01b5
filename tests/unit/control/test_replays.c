// SPDX-License-Identifier: Apache-2.0
// Replays and clips: lists, single ones, deleting, exports; clients that go meanwhile.
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

#define REPLAYS "/api/v1/replays"
#define REPLAY REPLAYS "/" FAKE_ID
#define CLIP "/api/v1/clips/" FAKE_ID

static void
test_a_replay_is_told(void **state)
{
    struct fake *f = *state;
    json_t *root = fake_get_json(f->control, REPLAY, NULL);
    assert_string_equal(fake_text(root, "id"), FAKE_ID);
    assert_string_equal(fake_text(root, "channel"), "live/hq");
    assert_string_equal(fake_text(root, "title"), "");
    assert_string_equal(fake_text(root, "state"), "ready");
    assert_string_equal(fake_text(root, "started_at"), "2026-03-01T12:00:00.000Z");
    assert_string_equal(fake_text(root, "ended_at"), "2026-03-01T12:01:10.000Z");
    assert_int_equal(fake_number(root, "duration_ms"), 60000);
    assert_int_equal(fake_number(root, "bytes"), 15000000);
    assert_int_equal(fake_number(root, "gap_count"), 1);
    const json_t *gap = json_array_get(json_object_get(root, "gaps"), 0);
    assert_int_equal(fake_number(gap, "at_ms"), 20000);
    assert_int_equal(fake_number(gap, "duration_ms"), 10000);
    assert_string_equal(fake_text(gap, "started_at"), "2026-03-01T12:00:20.000Z");
    assert_string_equal(fake_text(root, "hls_url"), "/replay/" FAKE_ID "/index.m3u8");
    assert_string_equal(fake_text(root, "mp4_url"), "/replay/" FAKE_ID ".mp4");
    assert_null(json_object_get(root, "mp4_urls"));
    assert_string_equal(fake_text(root, "poster_url"), "/replay/" FAKE_ID "/poster.jpg");
    assert_string_equal(fake_text(root, "thumbnails_url"),
        "/replay/" FAKE_ID "/thumbnails.vtt");
    assert_string_equal(fake_text(root, "watch_url"), "/watch/replay/" FAKE_ID);
    const json_t *export = json_object_get(root, "export");
    assert_string_equal(fake_text(export, "state"), "none");
    assert_true(fake_is_null(export, "url"));
    json_decref(root);
}

static void
test_several_formats_are_several_files(void **state)
{
    struct fake *f = *state;
    f->record.recording.info.formats = 3;
    json_t *root = fake_get_json(f->control, REPLAY, NULL);
    const json_t *files = json_object_get(root, "mp4_urls");
    assert_int_equal(json_array_size(files), 3);
    const json_t *file = json_array_get(files, 2);
    assert_string_equal(fake_text(file, "url"), "/replay/" FAKE_ID ".mp4?format=2");
    assert_int_equal(fake_number(file, "duration_ms"), 20000);
    json_decref(root);
}

static void
test_a_running_one_is_told_as_it_is_now(void **state)
{
    struct fake *f = *state;
    struct bc_catalogue_entry *e = &f->record.catalogue.entries[0];
    e->state = BC_CATALOGUE_RUNNING;
    e->info.ended_wall_us = 0;
    e->info.duration_us = 1000000; // what the catalogue has heard
    e->info.bytes = 1;
    json_t *root = fake_get_json(f->control, REPLAYS, NULL);
    const json_t *one = json_array_get(json_object_get(root, "replays"), 0);
    assert_string_equal(fake_text(one, "state"), "running");
    assert_true(fake_is_null(one, "ended_at"));
    assert_int_equal(fake_number(one, "duration_ms"), 60000);
    assert_int_equal(fake_number(one, "bytes"), 15000000);
    json_decref(root);
    f->record.library.gone = true;
    root = fake_get_json(f->control, REPLAYS, NULL);
    one = json_array_get(json_object_get(root, "replays"), 0);
    assert_int_equal(fake_number(one, "duration_ms"), 1000);
    json_decref(root);
}

static void
test_a_clip_is_told(void **state)
{
    struct fake *f = *state;
    json_t *root = fake_get_json(f->control, CLIP, NULL);
    assert_string_equal(fake_text(root, "state"), "ready");
    assert_int_equal(fake_number(root, "progress"), 100);
    assert_string_equal(fake_text(root, "source"), "20260301-110000-bb");
    assert_int_equal(fake_number(root, "from_ms"), 5000);
    assert_int_equal(fake_number(root, "to_ms"), 65000);
    assert_string_equal(fake_text(root, "mp4_url"), "/clip/" FAKE_ID ".mp4");
    assert_string_equal(fake_text(root, "created_at"), "2026-03-01T12:00:00.000Z");
    json_decref(root);
    struct bc_catalogue_entry *e = &f->record.catalogue.entries[1];
    e->state = BC_CATALOGUE_RUNNING;
    f->record.clips.job.progress = 40;
    root = fake_get_json(f->control, CLIP, NULL);
    assert_string_equal(fake_text(root, "state"), "running");
    assert_int_equal(fake_number(root, "progress"), 40);
    assert_true(fake_is_null(root, "mp4_url"));
    json_decref(root);
    e->state = BC_CATALOGUE_FAILED;
    strcpy(e->error, "no keyframe");
    root = fake_get_json(f->control, CLIP, NULL);
    assert_string_equal(fake_text(root, "state"), "failed");
    assert_string_equal(fake_text(root, "error"), "no keyframe");
    assert_true(fake_is_null(root, "note"));
    json_decref(root);
}

static void
test_a_clip_that_is_not_as_it_was_wished(void **state)
{
    struct fake *f = *state;
    struct bc_catalogue_entry *e = &f->record.catalogue.entries[1];
    json_t *root = fake_get_json(f->control, CLIP, NULL);
    assert_string_equal(fake_text(root, "precision"), "frame");
    assert_true(fake_is_null(root, "note"));
    json_decref(root);
    e->info.frame_exact = false;
    strcpy(e->error, "cut at keyframes");
    root = fake_get_json(f->control, CLIP, NULL);
    assert_string_equal(fake_text(root, "state"), "ready");
    assert_string_equal(fake_text(root, "precision"), "keyframe");
    assert_string_equal(fake_text(root, "note"), "cut at keyframes");
    assert_true(fake_is_null(root, "error"));
    json_decref(root);
    e->state = BC_CATALOGUE_RUNNING;
    root = fake_get_json(f->control, CLIP, NULL);
    assert_true(fake_is_null(root, "note"));
    assert_true(fake_is_null(root, "error"));
    json_decref(root);
}

static void
test_lists_have_pages_and_channels(void **state)
{
    struct fake *f = *state;
    struct bc_catalogue *c = &f->record.catalogue;
    for (size_t i = 0; i < 5; i++) { // newest first
        c->entries[i] = c->entries[0];
        snprintf(c->entries[i].info.id, sizeof(c->entries[i].info.id), "2026-%zu", 9 - i);
    }
    c->count = 5;
    strcpy(c->entries[1].info.channel, "cn/hz/0571");
    json_t *root = fake_get_json(f->control, REPLAYS, "limit=2");
    assert_int_equal(json_array_size(json_object_get(root, "replays")), 2);
    assert_string_equal(fake_text(root, "cursor"), "2026-8");
    json_decref(root);
    root = fake_get_json(f->control, REPLAYS, "limit=3&cursor=2026-8");
    assert_int_equal(json_array_size(json_object_get(root, "replays")), 3);
    assert_true(fake_is_null(root, "cursor"));
    json_decref(root);
    root = fake_get_json(f->control, REPLAYS, "channel=cn%2fhz/0571");
    assert_int_equal(json_array_size(json_object_get(root, "replays")), 1);
    json_decref(root);
    root = fake_get_json(f->control, "/api/v1/clips", NULL);
    assert_int_equal(json_array_size(json_object_get(root, "clips")), 0);
    assert_true(fake_is_null(root, "cursor"));
    json_decref(root);
    static const struct {
        const char *query;
        const char *code;
    } WRONG[] = { { "limit=0", "bad_limit" }, { "limit=1001", "bad_limit" },
        { "limit=x", "bad_limit" }, { "cursor=", "bad_cursor" },
        { "cursor=..%2f", "bad_cursor" }, { "cursor=A", "bad_cursor" },
        { "cursor=01234567890123456789012345678901234567890", "bad_cursor" },
        { "channel=", "bad_channel" }, { "channel=live", "bad_channel" },
        { "channel=live/%00", "bad_channel" }, { "channel=../a", "bad_channel" } };
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        struct bc_http_exchange x = fake_get(f->control, REPLAYS, WRONG[i].query, 400);
        fake_check_error(&x, 400, WRONG[i].code);
        fake_finish(&x);
    }
}

static void
test_what_is_not_there(void **state)
{
    struct fake *f = *state;
    fake_check_refused(f, BC_HTTP_GET, REPLAYS "/x", NULL, 404, "no_such_replay");
    fake_check_refused(f, BC_HTTP_GET, "/api/v1/clips/x", NULL, 404, "no_such_clip");
    fake_check_refused(f, BC_HTTP_GET, "/api/v1/public/replays/x", NULL, 404, "no_such_replay");
    fake_check_refused(f, BC_HTTP_GET, REPLAYS "/..", NULL, 404, "not_found");
    fake_check_refused(f, BC_HTTP_GET, REPLAYS "/A", NULL, 404, "not_found");
    f->record.catalogue.failed = true;
    fake_check_refused(f, BC_HTTP_GET, REPLAYS, NULL, 503, "catalogue_unreadable");
    fake_check_refused(f, BC_HTTP_GET, REPLAY, NULL, 503, "catalogue_unreadable");
}

static void
test_without_recordings_there_is_503(void **state)
{
    struct fake *f = *state;
    struct bc_control *with = f->control;
    f->control = fake_control_without_recordings(f);
    fake_check_refused(f, BC_HTTP_GET, REPLAYS, NULL, 503, "no_recordings");
    fake_check_refused(f, BC_HTTP_GET, CLIP, NULL, 503, "no_recordings");
    fake_check_refused(f, BC_HTTP_DELETE, CLIP, NULL, 503, "no_recordings");
    fake_check_refused(f, BC_HTTP_POST, REPLAY "/export", NULL, 503, "no_recordings");
    struct bc_http_exchange x = fake_get(f->control, REPLAY "/frames", "at_ms=0", 503);
    fake_check_error(&x, 503, "no_recordings");
    fake_finish(&x);
    static const char *const PATHS[] = { REPLAY "/clips", "/api/v1/channels/live/hq/clips" };
    for (size_t i = 0; i < 2; i++) {
        x = (struct bc_http_exchange){ .method = BC_HTTP_POST, .path = PATHS[i],
            .sent = "{\"from\":0}" };
        assert_true(fake_ask(f->control, &x));
        fake_check_error(&x, 503, "no_recordings");
        fake_finish(&x);
    }
    bc_control_destroy(f->control);
    f->control = with;
}

static void
test_everybody_may_know_what_everybody_may_watch(void **state)
{
    struct fake *f = *state;
    json_t *root = fake_get_json(f->control, "/api/v1/public/replays/" FAKE_ID, NULL);
    assert_string_equal(fake_text(root, "kind"), "replay");
    assert_int_equal(json_array_size(json_object_get(root, "gaps")), 1);
    assert_null(json_object_get(root, "bytes"));
    assert_null(json_object_get(root, "export"));
    json_decref(root);
    root = fake_get_json(f->control, "/api/v1/public/clips/" FAKE_ID, NULL);
    assert_string_equal(fake_text(root, "kind"), "clip");
    json_decref(root);
    fake_configure(f, "access.play=token", "access.play_key=play");
    static const struct {
        const char *authorization;
        int status;
    } CASES[] = { { NULL, 403 }, { "Bearer wrong", 403 }, { "Bearer play", 200 },
        { "Bearer secret", 200 } };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct bc_http_exchange x = { .method = BC_HTTP_GET,
            .path = "/api/v1/public/clips/" FAKE_ID,
            .authorization = CASES[i].authorization };
        assert_true(fake_ask(f->control, &x));
        assert_int_equal(x.status, CASES[i].status);
        fake_finish(&x);
    }
}

static void
test_one_is_deleted(void **state)
{
    struct fake *f = *state;
    struct bc_http_exchange x = fake_send(f, BC_HTTP_DELETE, CLIP, NULL);
    assert_int_equal(x.status, 204);
    assert_int_equal(x.len, 0);
    fake_finish(&x);
    assert_int_equal(f->record.deletes, 1);
    assert_int_equal(f->record.clips.cancels, 1); // it may be in the making
    static const struct {
        int result;
        int status;
        const char *code;
    } CASES[] = { { -ENOENT, 404, "no_such_replay" }, { -EBUSY, 409, "running" },
        { -EIO, 503, "catalogue_unreadable" } };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        f->record.delete_result = CASES[i].result;
        fake_check_refused(f, BC_HTTP_DELETE, REPLAY, NULL, CASES[i].status, CASES[i].code);
    }
    assert_int_equal(f->record.clips.cancels, 1);
}

static void
test_exports(void **state)
{
    struct fake *f = *state;
    struct bc_catalogue_entry *e = &f->record.catalogue.entries[0];
    f->record.clips.job = (struct bc_clip_job){ .state = BC_CLIP_JOB_WAITING };
    struct bc_http_exchange x = fake_send(f, BC_HTTP_POST, REPLAY "/export", NULL);
    assert_int_equal(x.status, 202);
    json_t *root = fake_json(&x);
    assert_string_equal(fake_text(json_object_get(root, "export"), "state"), "waiting");
    json_decref(root);
    fake_finish(&x);
    f->record.clips.export_error = -EALREADY;
    x = fake_send(f, BC_HTTP_POST, REPLAY "/export", NULL);
    assert_int_equal(x.status, 200);
    fake_finish(&x);
    f->record.clips.export_error = -EAGAIN;
    fake_check_refused(f, BC_HTTP_POST, REPLAY "/export", NULL, 429, "queue_full");
    // One that is there is not made again.
    e->has_classic = true;
    f->record.clips.job = (struct bc_clip_job){ .state = BC_CLIP_JOB_NONE };
    x = fake_send(f, BC_HTTP_POST, REPLAY "/export", NULL);
    assert_int_equal(x.status, 200);
    root = fake_json(&x);
    const json_t *export = json_object_get(root, "export");
    assert_string_equal(fake_text(export, "state"), "done");
    assert_string_equal(fake_text(export, "url"), "/replay/" FAKE_ID "/classic.mp4");
    assert_int_equal(fake_number(export, "progress"), 100);
    json_decref(root);
    fake_finish(&x);
    e->state = BC_CATALOGUE_RUNNING;
    fake_check_refused(f, BC_HTTP_POST, REPLAY "/export", NULL, 409, "running");
    e->state = BC_CATALOGUE_READY;
    f->record.library.gone = true;
    fake_check_refused(f, BC_HTTP_POST, REPLAY "/export", NULL, 404, "no_such_replay");
}

static void
test_frames_want_a_time(void **state)
{
    struct fake *f = *state;
    static const char *const WRONG[] = { NULL, "at_ms=", "at_ms=-1", "at_ms=x", "at_ms=1x",
        "at_ms=1e99", "at_ms=11111111111111111111111111111111", "at_ms= 1" };
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        struct bc_http_exchange x = fake_get(f->control, REPLAY "/frames", WRONG[i], 400);
        fake_check_error(&x, 400, "bad_time");
        fake_finish(&x);
    }
    json_t *root = fake_get_json(f->control, REPLAY "/frames", "at_ms=1000.5");
    assert_true(json_is_array(json_object_get(root, "frames")));
    json_decref(root);
    f->record.library.gone = true;
    struct bc_http_exchange x = fake_get(f->control, REPLAY "/frames", "at_ms=0", 404);
    fake_check_error(&x, 404, "no_such_replay");
    fake_finish(&x);
}

// Whatever is being waited for: a client that goes is not answered, and nothing is left.
static void
test_clients_that_go_are_forgotten(void **state)
{
    struct fake *f = *state;
    for (int at_library = 0; at_library < 2; at_library++) {
        struct bc_http_exchange x = { .method = BC_HTTP_GET, .path = REPLAY };
        f->record.catalogue.hold = !at_library;
        f->record.library.hold = at_library;
        assert_true(bc_control_handle(f->control, &x));
        assert_int_equal(x.answers, 0);
        assert_non_null(x.gone);
        x.gone(x.gone_user);
        fake_record_answer();
        assert_int_equal(x.answers, 0);
    }
    // One that stays is answered later.
    f->record.catalogue.hold = f->record.library.hold = true;
    struct bc_http_exchange x = { .method = BC_HTTP_GET, .path = REPLAY };
    assert_true(bc_control_handle(f->control, &x));
    fake_record_answer();
    assert_int_equal(x.answers, 0);
    fake_record_answer();
    assert_int_equal(x.answers, 1);
    assert_int_equal(x.status, 200);
    fake_finish(&x);
}

#define WITH_FAKE(test) cmocka_unit_test_setup_teardown(test, fake_setup, fake_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FAKE(test_a_replay_is_told),
        WITH_FAKE(test_several_formats_are_several_files),
        WITH_FAKE(test_a_running_one_is_told_as_it_is_now),
        WITH_FAKE(test_a_clip_is_told),
        WITH_FAKE(test_a_clip_that_is_not_as_it_was_wished),
        WITH_FAKE(test_lists_have_pages_and_channels),
        WITH_FAKE(test_what_is_not_there),
        WITH_FAKE(test_without_recordings_there_is_503),
        WITH_FAKE(test_everybody_may_know_what_everybody_may_watch),
        WITH_FAKE(test_one_is_deleted),
        WITH_FAKE(test_exports),
        WITH_FAKE(test_frames_want_a_time),
        WITH_FAKE(test_clients_that_go_are_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
