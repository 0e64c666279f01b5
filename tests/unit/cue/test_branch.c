// SPDX-License-Identifier: Apache-2.0
// A branch: headquarters' cues after its own rules, and its own.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "cue/view.h"
#include "stage.h"

#define HQ "live/hq"
#define STORE "store/1"
#define DELAY "~delay/store/1"
#define TEA                                                                              \
    "{\"id\":\"tea\",\"kind\":\"product\",\"data\":{\"sku\":\"A1\",\"price\":\"99\"}}"
#define CUP                                                                              \
    "{\"id\":\"cup\",\"kind\":\"product\",\"data\":{\"sku\":\"B2\",\"price\":\"20\"}}"

static void
set_rules(struct stage *s, const char *body)
{
    assert_null(bc_cues_set_rules(s->cues, STORE, body, strlen(body)));
}

static void
test_a_branch_has_its_programs_cues_and_its_own(void **state)
{
    struct stage *s = *state;
    struct ear hq;
    struct ear store;
    ear_open(&hq, s, HQ);
    ear_open(&store, s, STORE);
    assert_int_equal(stage_post(s, HQ, TEA), 0);
    stage_run(s);
    assert_int_equal(store.heard, 0);
    bc_cues_set_program(s->cues, STORE, HQ);
    stage_run(s);
    assert_int_equal(store.heard, 1);
    assert_ptr_equal(store.last, hq.last); // the very same bytes for all
    assert_int_equal(stage_post(s, STORE, CUP), 0);
    stage_run(s);
    assert_int_equal(store.heard, 2);
    assert_int_equal(hq.heard, 1);
    assert_int_equal(stage_count(s, STORE, BC_CUES_COUNTING), 2);
    assert_int_equal(stage_count(s, STORE, BC_CUES_OWN), 1);
    assert_int_equal(bc_cues_end(s->cues, STORE, "tea"), -EPERM);
    // Its own host comes on air: headquarters' do not count any more.
    bc_cues_set_program(s->cues, STORE, STORE);
    stage_run(s);
    assert_int_equal(store.heard, 3);
    assert_true(store.ended);
    assert_int_equal(store.revision, 2);
    assert_int_equal(stage_count(s, STORE, BC_CUES_COUNTING), 1);
    // And back: again, with a higher number.
    bc_cues_set_program(s->cues, STORE, HQ);
    stage_run(s);
    assert_false(store.ended);
    assert_int_equal(store.revision, 3);
    ear_close(&hq);
    ear_close(&store);
}

static void
test_hiding_and_repricing_one(void **state)
{
    struct stage *s = *state;
    struct ear store;
    bc_cues_set_program(s->cues, STORE, HQ);
    ear_open(&store, s, STORE);
    assert_int_equal(stage_post(s, HQ, TEA), 0);
    assert_int_equal(stage_change(s, STORE, "tea", "{\"data\":{\"price\":\"79\"}}"), 0);
    stage_run(s);
    assert_int_equal(store.heard, 2);
    assert_non_null(strstr(store.json, "\"price\":\"79\""));
    assert_non_null(strstr(store.json, "\"channel\":\"live/hq\""));
    assert_non_null(strstr(store.json, "\"card\":\"/store/1/cues/tea.svg?rev=2\""));
    assert_non_null(strstr(stage_json(s, HQ, "tea"), "\"price\":\"99\""));
    // Headquarters changes something else: the branch's price stays.
    assert_int_equal(stage_change(s, HQ, "tea", "{\"data\":{\"stock\":3}}"), 0);
    stage_run(s);
    assert_int_equal(store.revision, 3);
    assert_non_null(strstr(store.json, "\"price\":\"79\",\"stock\":3"));
    assert_int_equal(stage_change(s, STORE, "tea", "{\"hidden\":true}"), 0);
    stage_run(s);
    assert_true(store.ended);
    assert_int_equal(stage_count(s, STORE, BC_CUES_COUNTING), 0);
    assert_int_equal(stage_count(s, HQ, BC_CUES_COUNTING), 1);
    assert_int_equal(stage_change(s, STORE, "tea", "{\"hidden\":false}"), 0);
    stage_run(s);
    assert_false(store.ended);
    assert_int_equal(store.revision, 5);
    assert_int_equal(stage_change(s, STORE, "tea", "{\"duration_ms\":1000}"), -EPERM);
    ear_close(&store);
    stage_run(s);
    // The rule is kept over a restart.
    stage_restart(s);
    bc_cues_set_program(s->cues, STORE, HQ);
    assert_non_null(strstr(stage_json(s, STORE, "tea"), "\"price\":\"79\""));
}

static void
test_rules_by_product(void **state)
{
    struct stage *s = *state;
    struct ear store;
    set_rules(s,
        "{\"rules\":[{\"sku\":\"A1\",\"hidden\":true},"
        "{\"sku\":\"B2\",\"data\":{\"price\":\"18\",\"note\":null}}]}");
    bc_cues_set_program(s->cues, STORE, HQ);
    ear_open(&store, s, STORE);
    assert_int_equal(stage_post(s, HQ, TEA), 0);
    assert_int_equal(stage_post(s, HQ, CUP), 0);
    stage_run(s);
    assert_int_equal(store.heard, 1);
    assert_non_null(strstr(store.json, "\"price\":\"18\""));
    // Its own cues are as they were posted.
    assert_int_equal(stage_post(s, STORE,
                         "{\"id\":\"own\",\"kind\":\"product\",\"data\":{\"sku\":\"A1\"}}"),
        0);
    stage_run(s);
    assert_int_equal(store.heard, 2);
    char *text = bc_cues_rules(s->cues, STORE);
    assert_string_equal(text,
        "{\"rules\":[{\"sku\":\"A1\",\"hidden\":true},"
        "{\"sku\":\"B2\",\"data\":{\"price\":\"18\",\"note\":null}}]}");
    free(text);
    set_rules(s, "{\"rules\":[]}");
    stage_run(s);
    assert_int_equal(store.heard, 4); // tea comes, cup costs what it costs
    assert_int_equal(stage_count(s, STORE, BC_CUES_COUNTING), 3);
    ear_close(&store);
}

static void
test_a_composites_cues_are_the_branchs(void **state)
{
    struct stage *s = *state;
    struct bc_cue_import in = { .id = "tea", .kind = BC_CUE_PRODUCT, .revision = 1,
        .at_us = s->clock_us, .data = "{\"sku\":\"A1\"}", .data_len = 12 };
    assert_int_equal(stage_post(s, HQ, TEA), 0);
    bc_cues_set_program(s->cues, STORE, HQ);
    assert_int_equal(bc_cues_import(s->cues, "~scene/1", &in), 0);
    bc_cues_set_program(s->cues, STORE, "~scene/1");
    const char *json = stage_json(s, STORE, "tea");
    assert_non_null(strstr(json, "\"channel\":\"store/1\",\"revision\":2"));
    assert_non_null(strstr(json, "\"card\":\"/store/1/cues/tea.svg?rev=2\""));
    assert_null(strstr(json, "ended"));
}

static int
relay(struct stage *s, const char *text)
{
    struct bc_cue_relayed cue = { .text = text, .len = strlen(text), .sent_us = 95 * SECOND_US,
        .packet_us = 100 * SECOND_US, .shower = STORE };
    return bc_cues_import_json(s->cues, DELAY, &cue);
}

// What a delay brings of headquarters is the store's, after its rules, and whose shows it.
static void
test_a_delay_brings_cues_of_another(void **state)
{
    static const char TEA_LATE[]
        = "{\"type\":\"cue\",\"id\":\"tea\",\"kind\":\"product\",\"channel\":\"live/hq\","
          "\"revision\":3,\"at_ms\":94000,\"duration_ms\":8000,\"data\":{\"sku\":\"A1\","
          "\"price\":\"99\"}}";
    struct stage *s = *state;
    struct ear store;
    ear_open(&store, s, STORE);
    set_rules(s, "{\"rules\":[{\"sku\":\"A1\",\"data\":{\"price\":\"79\"}}]}");
    bc_cues_set_program(s->cues, STORE, DELAY);
    bc_cues_set_program(s->cues, "store/2", STORE);
    assert_int_equal(relay(s, TEA_LATE), 0);
    assert_string_equal(s->own_name, DELAY); // whose media carries it
    stage_run(s);
    assert_int_equal(store.heard, 1);
    const char *json = stage_json(s, STORE, "tea");
    assert_non_null(strstr(json, "\"channel\":\"live/hq\""));
    assert_non_null(strstr(json, "\"price\":\"79\""));
    assert_non_null(strstr(json, "\"card\":\"/store/1/cues/tea.svg"));
    assert_non_null(strstr(json, "\"at_ms\":99000,\"duration_ms\":8000")); // began a second ago
    assert_non_null(strstr(stage_json(s, "store/2", "tea"), "\"price\":\"99\""));
    assert_int_equal(bc_cues_end(s->cues, STORE, "tea"), -EPERM);
    assert_int_equal(stage_change(s, "store/2", "tea", "{\"hidden\":true}"), 0);
    assert_int_equal(stage_count(s, "store/2", BC_CUES_COUNTING), 0);
    // The same again is no news; what is known is forgotten where other media begins, and may
    // come again with that.
    assert_int_equal(relay(s, TEA_LATE), 0);
    stage_run(s);
    assert_int_equal(store.heard, 1);
    bc_cues_forget_imported(s->cues, DELAY);
    stage_run(s);
    assert_true(store.ended);
    assert_int_equal(relay(s, TEA_LATE), 0);
    stage_run(s);
    assert_false(store.ended);
    ear_close(&store);
}

static void
test_what_is_no_cue_is_not_brought(void **state)
{
    static const char *const TEXTS[] = { "", "{}", "7", "[]", "{\"id\":\"tea\"}",
        "{\"id\":\"t t\",\"kind\":\"text\",\"channel\":\"a/b\",\"revision\":1,\"data\":{}}",
        "{\"id\":\"t\",\"kind\":\"song\",\"channel\":\"a/b\",\"revision\":1,\"data\":{}}",
        "{\"id\":\"t\",\"kind\":\"text\",\"channel\":\"a/b\",\"revision\":0,\"data\":{}}",
        "{\"id\":\"t\",\"kind\":\"text\",\"channel\":\"a/b\",\"revision\":1,\"data\":7}",
        "{\"id\":\"t\",\"kind\":\"text\",\"revision\":1,\"data\":{}}" };
    struct stage *s = *state;
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(*TEXTS); i++) {
        assert_int_equal(relay(s, TEXTS[i]), -EINVAL);
    }
    assert_int_equal(stage_count(s, DELAY, BC_CUES_RECENT), 0);
    bc_cues_forget_imported(s->cues, DELAY);
}

// The channel's file as it is on the disk.
static const char *
file_of(struct stage *s, const char *name)
{
    static char text[8192];
    char command[256];
    snprintf(command, sizeof(command), "cat '%s/cues/'*%s*", s->dir, name);
    bc_cues_save(s->cues);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
    assert_int_equal(pclose(f), 0);
    return text;
}

static void
test_a_refused_change_leaves_nothing_behind(void **state)
{
    struct stage *s = *state;
    char big[BC_CUE_DATA_MAX];
    memset(big, 'x', sizeof(big));
    memcpy(big, "{\"data\":{\"note\":\"", 17);
    memcpy(big + 4090, "\"}}", 4);
    bc_cues_set_program(s->cues, STORE, HQ);
    assert_int_equal(stage_post(s, HQ, TEA), 0);
    assert_int_equal(stage_post(s, HQ, CUP), 0);
    assert_int_equal(stage_change(s, STORE, "tea", big), -E2BIG);
    assert_int_equal(stage_change(s, STORE, "cup", "{\"hidden\":true}"), 0);
    assert_non_null(strstr(file_of(s, "store"), "cup"));
    assert_null(strstr(file_of(s, "store"), "tea"));
    // Nor does one that was taken back, which would be no rule when the file is read.
    assert_int_equal(stage_change(s, STORE, "tea", "{\"hidden\":true}"), 0);
    assert_int_equal(stage_change(s, STORE, "tea", "{\"hidden\":false}"), 0);
    assert_null(strstr(file_of(s, "store"), "tea"));
    assert_non_null(strstr(stage_json(s, STORE, "tea"), "\"price\":\"99\""));
}

static void
test_who_draws_is_told_what_the_branch_makes_of_cues(void **state)
{
    struct stage *s = *state;
    char *data;
    bc_cues_set_program(s->cues, STORE, HQ);
    assert_int_equal(stage_post(s, HQ, TEA), 0);
    assert_null(bc_cues_view(s->cues, STORE));
    assert_null(bc_cues_view(s->cues, "nobody"));
    set_rules(s, "{\"rules\":[{\"sku\":\"A1\",\"data\":{\"price\":\"79\"}}]}");
    assert_int_equal(stage_change(s, STORE, "tea", "{\"hidden\":true}"), 0);
    assert_int_equal(stage_post(s, STORE, CUP), 0);
    // Neither what is not drawn as a card nor what begins much later.
    assert_int_equal(stage_post(s, STORE, "{\"kind\":\"text\",\"data\":{\"text\":\"x\"}}"), 0);
    assert_int_equal(
        stage_post(s, STORE, "{\"kind\":\"product\",\"delay_ms\":20000,\"data\":{}}"), 0);
    struct bc_buf *view = bc_cues_view(s->cues, STORE);
    assert_non_null(view);
    static const char WANTED[]
        = "{\"rules\":[{\"sku\":\"A1\",\"data\":{\"price\":\"79\"}}],"
          "\"cue_rules\":[{\"id\":\"tea\",\"hidden\":true}],"
          "\"cues\":[{\"id\":\"cup\",\"kind\":\"product\",\"at_ms\":100000,"
          "\"duration_ms\":0,\"data\":{\"sku\":\"B2\",\"price\":\"20\"}}]}";
    assert_int_equal(view->len, strlen(WANTED));
    assert_memory_equal(view->data, WANTED, view->len);
    // What it reads decides as the board does.
    struct bc_cue_view *read = bc_cue_view_read((const char *)view->data, view->len);
    assert_non_null(read);
    assert_false(bc_cue_view_apply(read, "tea", "{}", 2, &data));
    static const char A1[] = "{\"sku\":\"A1\",\"price\":\"99\"}";
    assert_true(bc_cue_view_apply(read, "other", A1, strlen(A1), &data));
    assert_string_equal(data, "{\"sku\":\"A1\",\"price\":\"79\"}");
    free(data);
    assert_true(bc_cue_view_apply(read, "other", "{}", 2, &data));
    assert_null(data);
    assert_true(bc_cue_view_apply(NULL, "tea", "{}", 2, &data));
    bc_cue_view_free(read);
    for (size_t len = 0; len < view->len; len++) {
        assert_null(bc_cue_view_read((const char *)view->data, len));
    }
    assert_null(bc_cue_view_read("{\"rules\":7}", 11));
    bc_buf_unref(&view);
}

static void
test_what_is_in_the_picture_says_so(void **state)
{
    struct stage *s = *state;
    struct ear store;
    ear_open(&store, s, STORE);
    bc_cues_set_program(s->cues, STORE, HQ);
    assert_int_equal(stage_post(s, HQ, TEA), 0);
    assert_int_equal(stage_post(s, STORE, CUP), 0);
    assert_int_equal(
        stage_post(s, STORE, "{\"id\":\"t\",\"kind\":\"text\",\"data\":{\"text\":\"x\"}}"), 0);
    stage_run(s);
    assert_int_equal(store.heard, 3);
    bc_cues_set_burnt(s->cues, STORE, true);
    bc_cues_set_burnt(s->cues, STORE, true);
    stage_run(s);
    assert_int_equal(store.heard, 5); // the text is not in the picture
    assert_int_equal(store.revision, 2);
    assert_non_null(strstr(stage_json(s, STORE, "tea"), "\"burnt\":true"));
    assert_non_null(strstr(stage_json(s, STORE, "cup"), "\"burnt\":true"));
    assert_null(strstr(stage_json(s, STORE, "t"), "burnt"));
    assert_null(strstr(stage_json(s, HQ, "tea"), "burnt"));
    // What is ended keeps it, and is not told again when the picture is another.
    assert_int_equal(bc_cues_end(s->cues, STORE, "cup"), 0);
    stage_run(s);
    assert_int_equal(store.heard, 6);
    bc_cues_set_burnt(s->cues, STORE, false);
    stage_run(s);
    assert_int_equal(store.heard, 7);
    assert_null(strstr(stage_json(s, STORE, "tea"), "burnt"));
    assert_non_null(strstr(stage_json(s, STORE, "cup"), "\"burnt\":true"));
    ear_close(&store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_refused_change_leaves_nothing_behind),
        TEST(test_who_draws_is_told_what_the_branch_makes_of_cues),
        TEST(test_what_is_in_the_picture_says_so),
        TEST(test_a_branch_has_its_programs_cues_and_its_own),
        TEST(test_hiding_and_repricing_one),
        TEST(test_rules_by_product),
        TEST(test_a_composites_cues_are_the_branchs),
        TEST(test_a_delay_brings_cues_of_another),
        TEST(test_what_is_no_cue_is_not_brought),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
