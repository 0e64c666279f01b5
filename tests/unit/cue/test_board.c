// SPDX-License-Identifier: Apache-2.0
// One channel's cues: posting, changing, ending, remembering, restarting.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "stage.h"

#define HQ "live/hq"
#define TEA                                                                              \
    "{\"id\":\"tea\",\"kind\":\"product\",\"duration_ms\":10000,"                           \
    "\"data\":{\"sku\":\"A1\",\"title\":\"\xe8\x8c\xb6\",\"price\":\"99\"}}"

static void
test_a_cue_begins_with_the_next_picture_and_is_over_in_time(void **state)
{
    struct stage *s = *state;
    s->shown_us = s->clock_us - SECOND_US / 2;
    assert_int_equal(stage_post(s, HQ, TEA), 0);
    struct bc_cue *cue = bc_cues_find(s->cues, HQ, "tea");
    assert_non_null(cue);
    assert_int_equal(cue->at_us, s->shown_us);
    assert_int_equal(cue->revision, 1);
    assert_int_equal(bc_cue_end_us(cue), s->shown_us + 10 * SECOND_US);
    assert_true(bc_cue_counts(cue, s->clock_us));
    assert_false(bc_cue_counts(cue, s->clock_us + 10 * SECOND_US));
    char at[BC_TIME_TEXT];
    char want[512];
    bc_clock_format(cue->at_wall_us, at);
    snprintf(want, sizeof(want),
        "{\"type\":\"cue\",\"id\":\"tea\",\"kind\":\"product\",\"channel\":\"live/hq\","
        "\"revision\":1,\"at\":\"%s\",\"at_ms\":99500,\"duration_ms\":10000,"
        "\"card\":\"/live/hq/cues/tea.svg?rev=1\",\"data\":{\"sku\":\"A1\","
        "\"title\":\"\xe8\x8c\xb6\",\"price\":\"99\"}}",
        at);
    assert_string_equal(stage_json(s, HQ, "tea"), want);
    bc_cue_unref(&cue);
    assert_int_equal(s->own_told, 1);
    assert_string_equal(s->own_id, "tea");
    assert_int_equal(stage_count(s, HQ, BC_CUES_COUNTING), 1);
    s->clock_us += 11 * SECOND_US;
    assert_int_equal(stage_count(s, HQ, BC_CUES_COUNTING), 0);
    assert_int_equal(stage_count(s, HQ, BC_CUES_RECENT), 1);
    bc_cues_tick(s->cues);
    assert_int_equal(stage_count(s, HQ, BC_CUES_RECENT), 1);
    s->clock_us += BC_CUE_KEPT_US;
    bc_cues_tick(s->cues);
    assert_int_equal(stage_count(s, HQ, BC_CUES_RECENT), 0);
    assert_string_equal(stage_json(s, HQ, "tea"), "");
}

static void
test_what_is_shown_stands_still_and_the_clock_counts(void **state)
{
    struct stage *s = *state;
    s->shown_us = s->clock_us - 60 * SECOND_US;
    assert_int_equal(stage_post(s, HQ, TEA), 0);
    struct bc_cue *cue = bc_cues_find(s->cues, HQ, "tea");
    assert_int_equal(cue->at_us, s->clock_us);
    bc_cue_unref(&cue);
}

static int64_t
at_of(struct stage *s, const char *id)
{
    struct bc_cue *cue = bc_cues_find(s->cues, HQ, id);
    assert_non_null(cue);
    int64_t at_us = cue->at_us;
    bc_cue_unref(&cue);
    return at_us;
}

static void
test_times(void **state)
{
    struct stage *s = *state;
    char body[256];
    char at[BC_TIME_TEXT];
    assert_int_equal(stage_post(s, HQ,
                         "{\"id\":\"a\",\"kind\":\"text\",\"data\":{},\"delay_ms\":1500}"),
        0);
    assert_int_equal(at_of(s, "a"), s->clock_us + 1500000);
    assert_int_equal(stage_post(s, HQ,
                         "{\"id\":\"b\",\"kind\":\"text\",\"data\":{},\"at_ms\":90000}"),
        0);
    assert_int_equal(at_of(s, "b"), 90 * SECOND_US);
    bc_clock_format(bc_clock_wall_us() + 20 * SECOND_US, at);
    snprintf(body, sizeof(body),
        "{\"id\":\"c\",\"kind\":\"custom\",\"data\":{},\"at\":\"%s\"}", at);
    assert_int_equal(stage_post(s, HQ, body), 0);
    assert_in_range(
        at_of(s, "c"), s->clock_us + 19 * SECOND_US, s->clock_us + 21 * SECOND_US);
    assert_null(strstr(stage_json(s, HQ, "c"), "\"card\""));
    assert_int_equal(stage_post(s, HQ,
                         "{\"kind\":\"text\",\"data\":{},\"at_ms\":1}"), // 100 s ago
        -ERANGE);
    assert_int_equal(
        stage_post(s, HQ, "{\"kind\":\"text\",\"data\":{},\"at_ms\":100000000}"), -ERANGE);
}

static void
test_changing_and_ending(void **state)
{
    struct stage *s = *state;
    assert_int_equal(stage_post(s, HQ, TEA), 0);
    assert_int_equal(stage_post(s, HQ, TEA), -EEXIST);
    assert_int_equal(stage_change(s, HQ, "tea",
                         "{\"data\":{\"price\":\"89\",\"title\":null},\"duration_ms\":null}"),
        0);
    const char *json = stage_json(s, HQ, "tea");
    assert_non_null(strstr(json, "\"revision\":2"));
    assert_non_null(strstr(json, "\"data\":{\"sku\":\"A1\",\"price\":\"89\"}"));
    assert_null(strstr(json, "duration_ms"));
    assert_int_equal(stage_change(s, HQ, "tea", "{\"hidden\":true}"), -EPERM);
    assert_int_equal(stage_change(s, HQ, "none", "{\"data\":{}}"), -ENOENT);
    s->clock_us += 3 * SECOND_US;
    s->shown_us = s->clock_us;
    assert_int_equal(bc_cues_end(s->cues, HQ, "tea"), 0);
    json = stage_json(s, HQ, "tea");
    assert_non_null(strstr(json, "\"revision\":3"));
    assert_non_null(strstr(json, "\"duration_ms\":3000,\"ended\":true"));
    assert_int_equal(bc_cues_end(s->cues, HQ, "tea"), -EALREADY);
    assert_int_equal(stage_change(s, HQ, "tea", "{\"data\":{}}"), -EALREADY);
    assert_int_equal(stage_post(s, HQ, TEA), -EEXIST);
    assert_int_equal(bc_cues_end(s->cues, HQ, "none"), -ENOENT);
    assert_int_equal(bc_cues_end(s->cues, "no/such", "none"), -ENOENT);
}

static void
test_so_many_run_and_no_more(void **state)
{
    struct stage *s = *state;
    for (int i = 0; i < BC_CUES_RUNNING_MAX; i++) {
        assert_int_equal(stage_post(s, HQ, "{\"kind\":\"text\",\"data\":{}}"), 0);
        s->clock_us++; // made ids differ
    }
    assert_int_equal(stage_post(s, HQ, "{\"kind\":\"text\",\"data\":{}}"), -ENOSPC);
    assert_int_equal(
        stage_count(s, HQ, BC_CUES_COUNTING), (size_t)BC_CUES_RUNNING_MAX);
    struct bc_cue *list[2];
    assert_int_equal(bc_cues_list(s->cues, HQ, BC_CUES_OWN, list, 2),
        (size_t)BC_CUES_RUNNING_MAX);
    bc_cue_unref(&list[0]);
    bc_cue_unref(&list[1]);
}

static void
test_many_after_each_other(void **state)
{
    struct stage *s = *state;
    struct ear ear;
    ear_open(&ear, s, HQ);
    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal(
            stage_post(s, HQ, "{\"kind\":\"text\",\"data\":{},\"duration_ms\":100}"), 0);
        s->clock_us += SECOND_US / 5;
        s->shown_us = s->clock_us;
        stage_run(s);
    }
    assert_int_equal(ear.heard, 1000);
    ear_close(&ear);
}

static void
test_lanes_hear_at_once_and_joiners_what_runs(void **state)
{
    struct stage *s = *state;
    struct ear first;
    struct ear second;
    ear_open(&first, s, HQ);
    uint64_t version = bc_cue_lane_version(first.lane);
    assert_int_equal(stage_post(s, HQ, TEA), 0);
    ear_open(&second, s, HQ);
    assert_ptr_equal(first.lane, second.lane);
    stage_run(s);
    assert_int_equal(first.heard, 1);
    assert_int_equal(second.heard, 1);
    assert_ptr_equal(first.last, second.last);
    assert_int_not_equal(bc_cue_lane_version(first.lane), version);
    assert_int_equal(bc_cues_end(s->cues, HQ, "tea"), 0);
    ear_close(&first);
    stage_run(s);
    assert_int_equal(first.heard, 1);
    assert_int_equal(second.heard, 2);
    assert_true(second.ended);
    // News under way outlive their lane.
    assert_int_equal(stage_post(s, HQ, "{\"kind\":\"text\",\"data\":{}}"), 0);
    ear_close(&second);
    stage_run(s);
}

static void
test_a_restart_keeps_cues_and_products(void **state)
{
    struct stage *s = *state;
    static const char PRODUCTS[] = "{\"products\":[{\"id\":\"tea\",\"kind\":\"product\","
                                   "\"data\":{\"sku\":\"A1\",\"price\":\"99\"}}]}";
    assert_null(bc_cues_set_products(s->cues, HQ, PRODUCTS, strlen(PRODUCTS)));
    assert_int_equal(stage_post(s, HQ,
                         "{\"product\":\"tea\",\"id\":\"now\",\"data\":{\"price\":\"9\"}}"),
        0);
    // The media clock is another one then, the moment by the wall clock the same.
    s->clock_us = 7 * SECOND_US;
    stage_restart(s);
    char *text = bc_cues_products(s->cues, HQ);
    assert_string_equal(text, PRODUCTS);
    free(text);
    assert_non_null(
        strstr(stage_json(s, HQ, "now"), "\"data\":{\"sku\":\"A1\",\"price\":\"9\"}"));
    assert_in_range(at_of(s, "now") + 10 * SECOND_US, 16 * SECOND_US, 17 * SECOND_US);
    assert_null(bc_cues_set_products(s->cues, HQ, "{\"products\":[]}", 15));
    assert_int_equal(bc_cues_end(s->cues, HQ, "now"), 0);
    s->clock_us += 2 * BC_CUE_KEPT_US;
    bc_cues_tick(s->cues);
    char path[128];
    snprintf(path, sizeof(path), "ls '%s/cues' | grep -q .", s->dir);
    assert_int_not_equal(system(path), 0);
}

static void
test_a_damaged_file_is_put_aside(void **state)
{
    struct stage *s = *state;
    char path[128];
    assert_int_equal(stage_post(s, HQ, TEA), 0);
    bc_cues_save(s->cues);
    snprintf(path, sizeof(path), "%s/cues/live+hq.json", s->dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("{\"version\":1,\"channel\":\"live/hq\",\"cues\":[{\"id\":\"bad id\"}]", file);
    fclose(file);
    stage_restart(s);
    assert_string_equal(stage_json(s, HQ, "tea"), "");
    strcat(path, ".damaged");
    file = fopen(path, "r");
    assert_non_null(file);
    fclose(file);
}

static void
test_what_comes_with_the_media(void **state)
{
    struct stage *s = *state;
    struct bc_cue_import in = { .id = "tea", .kind = BC_CUE_PRODUCT, .revision = 4,
        .at_us = s->clock_us, .duration_us = 5 * SECOND_US, .data = "{\"a\":1}",
        .data_len = 7 };
    assert_int_equal(bc_cues_import(s->cues, HQ, &in), 0);
    assert_non_null(strstr(stage_json(s, HQ, "tea"), "\"revision\":4"));
    assert_int_equal(s->own_told, 1);
    // Again, as with each keyframe: nothing.
    assert_int_equal(bc_cues_import(s->cues, HQ, &in), 0);
    assert_int_equal(s->own_told, 1);
    in.revision = 5;
    in.ended = true;
    assert_int_equal(bc_cues_import(s->cues, HQ, &in), 0);
    assert_non_null(strstr(stage_json(s, HQ, "tea"), "\"ended\":true"));
    in = (struct bc_cue_import){ .id = "not an id", .kind = BC_CUE_CUSTOM,
        .at_us = s->clock_us, .data = "{}", .data_len = 2 };
    assert_int_equal(bc_cues_import(s->cues, HQ, &in), 0);
    assert_int_equal(bc_cues_import(s->cues, HQ, &in), 0);
    assert_int_equal(stage_count(s, HQ, BC_CUES_COUNTING), 1);
    in.data = "[]";
    assert_int_equal(bc_cues_import(s->cues, HQ, &in), -EINVAL);
    stage_restart(s);
    assert_int_equal(stage_count(s, HQ, BC_CUES_RECENT), 0);
}

static void
test_cues_before_the_first_broadcast(void **state)
{
    struct stage *s = *state;
    s->clock_us = 0;
    s->shown_us = 0;
    stage_restart(s);
    struct ear ear;
    ear_open(&ear, s, HQ);
    assert_int_equal(stage_post(s, HQ,
                         "{\"id\":\"soon\",\"kind\":\"draw\",\"data\":{},\"delay_ms\":30000}"),
        0);
    s->clock_us = 5 * SECOND_US; // the clock starts
    bc_cues_tick(s->cues);
    stage_run(s);
    assert_int_equal(ear.heard, 2);
    assert_int_equal(ear.revision, 2);
    assert_in_range(at_of(s, "soon"), 34 * SECOND_US, 36 * SECOND_US);
    ear_close(&ear);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_cue_begins_with_the_next_picture_and_is_over_in_time),
        TEST(test_what_is_shown_stands_still_and_the_clock_counts),
        TEST(test_times),
        TEST(test_changing_and_ending),
        TEST(test_so_many_run_and_no_more),
        TEST(test_many_after_each_other),
        TEST(test_lanes_hear_at_once_and_joiners_what_runs),
        TEST(test_a_restart_keeps_cues_and_products),
        TEST(test_a_damaged_file_is_put_aside),
        TEST(test_what_comes_with_the_media),
        TEST(test_cues_before_the_first_broadcast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
