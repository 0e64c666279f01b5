// SPDX-License-Identifier: Apache-2.0
// Bodies of requests, good and bad.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stage.h"

static const char *
problem_of(const char *text)
{
    struct bc_cue_body body;
    const char *wrong = bc_cue_body_read(NULL, "live/hq", text, strlen(text), &body);
    bc_cue_body_finish(&body);
    return wrong;
}

static void
test_bad_cues_are_told_why(void **state)
{
    (void)state;
    static const char *const BAD[][2] = {
        { "", "JSON object" },
        { "[]", "JSON object" },
        { "{\"kind\":\"text\",\"kind\":\"text\",\"data\":{}}", "JSON object" },
        { "{\"kind\":\"text\"}", "data is an object" },
        { "{\"kind\":\"text\",\"data\":[]}", "data is an object" },
        { "{\"kind\":\"text\",\"data\":\"x\"}", "data is an object" },
        { "{\"kind\":\"video\",\"data\":{}}", "kind is product" },
        { "{\"kind\":1,\"data\":{}}", "kind is product" },
        { "{\"data\":{}}", "kind is product" },
        { "{\"kind\":\"text\",\"data\":{},\"more\":1}", "a cue has" },
        { "{\"kind\":\"text\",\"data\":{},\"id\":\"a b\"}", "id is 1 to 40" },
        { "{\"kind\":\"text\",\"data\":{},\"id\":\"\"}", "id is 1 to 40" },
        { "{\"kind\":\"text\",\"data\":{},\"id\":7}", "id is 1 to 40" },
        { "{\"kind\":\"text\",\"data\":{},\"id\":"
          "\"12345678901234567890123456789012345678901\"}",
            "id is 1 to 40" },
        { "{\"kind\":\"text\",\"data\":{},\"at\":\"soon\"}", "at is a time" },
        { "{\"kind\":\"text\",\"data\":{},\"at\":5}", "at is a time" },
        { "{\"kind\":\"text\",\"data\":{},\"at_ms\":\"5\"}", "at_ms is" },
        { "{\"kind\":\"text\",\"data\":{},\"at_ms\":1e300}", "at_ms is" },
        { "{\"kind\":\"text\",\"data\":{},\"at_ms\":9223372036854775807}", "at_ms is" },
        { "{\"kind\":\"text\",\"data\":{},\"delay_ms\":-1}", "delay_ms is" },
        { "{\"kind\":\"text\",\"data\":{},\"delay_ms\":1,\"at_ms\":1}", "one of" },
        { "{\"kind\":\"text\",\"data\":{},\"duration_ms\":0}", "duration_ms is" },
        { "{\"kind\":\"text\",\"data\":{},\"duration_ms\":86400001}", "duration_ms is" },
        { "{\"product\":\"tea\"}", "no such product" },
        { "{\"product\":5}", "no such product" },
        { "{\"kind\":\"text\",\"data\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":"
          "{}}}}}}}}}}",
            "8 levels" },
    };
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        const char *wrong = problem_of(BAD[i][0]);
        if (!wrong || !strstr(wrong, BAD[i][1])) {
            fail_msg("%s: %s", BAD[i][0], wrong ? wrong : "taken");
        }
    }
}

static void
test_data_up_to_4096_bytes(void **state)
{
    (void)state;
    char body[4096 + 64];
    for (size_t len = 4085; len <= 4100; len++) {
        char fill[4101] = "";
        memset(fill, 'x', len);
        fill[len] = '\0';
        snprintf(body, sizeof(body), "{\"kind\":\"text\",\"data\":{\"t\":\"%.4090s\"}}", fill);
        size_t data_len = (len < 4090 ? len : 4090) + 8;
        assert_true((problem_of(body) == NULL) == (data_len <= 4096));
    }
    static char deep[60000];
    memset(deep, '[', sizeof(deep) - 1);
    assert_non_null(problem_of(deep));
}

static void
test_every_truncation_of_a_good_one_is_refused(void **state)
{
    (void)state;
    static const char GOOD[]
        = "{\"id\":\"a-1_B\",\"kind\":\"coupon\",\"at\":\"2026-03-01T20:00:00+08:00\","
          "\"duration_ms\":5000,\"data\":{\"title\":\"\\u8336\",\"amount\":5,\"n\":null}}";
    struct bc_cue_body body;
    assert_null(bc_cue_body_read(NULL, "live/hq", GOOD, sizeof(GOOD) - 1, &body));
    assert_string_equal(
        body.wish.data, "{\"title\":\"\xe8\x8c\xb6\",\"amount\":5,\"n\":null}");
    assert_int_equal(body.wish.kind, BC_CUE_COUPON);
    assert_int_equal(body.wish.duration_us, 5 * SECOND_US);
    bc_cue_body_finish(&body);
    for (size_t len = 0; len < sizeof(GOOD) - 1; len++) {
        assert_non_null(bc_cue_body_read(NULL, "live/hq", GOOD, len, &body));
    }
}

static void
test_bad_changes(void **state)
{
    (void)state;
    static const char *const BAD[] = { "{}", "[]", "x", "{\"hidden\":1}", "{\"data\":1}",
        "{\"duration_ms\":-5}", "{\"price\":5}", "{\"data\":{},\"duration_ms\":0}" };
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        struct bc_cue_change change;
        char *data;
        if (!bc_cue_change_read(BAD[i], strlen(BAD[i]), &change, &data)) {
            fail_msg("%s: taken", BAD[i]);
        }
        free(data);
    }
}

static void
test_bad_rules_and_products(void **state)
{
    struct stage *s = *state;
    static const char *const RULES[] = { "", "{}", "{\"rules\":{}}", "{\"rules\":[1]}",
        "{\"rules\":[{}]}", "{\"rules\":[{\"sku\":\"\",\"hidden\":true}]}",
        "{\"rules\":[{\"sku\":\"a\"}]}", "{\"rules\":[{\"sku\":\"a\",\"hidden\":1}]}",
        "{\"rules\":[{\"sku\":\"a\",\"data\":[]}]}",
        "{\"rules\":[{\"sku\":\"a\",\"hidden\":true},{\"sku\":\"a\",\"hidden\":true}]}",
        "{\"rules\":[{\"sku\":\"a\",\"hidden\":true,\"x\":1}]}",
        "{\"rules\":[],\"more\":1}" };
    for (size_t i = 0; i < sizeof(RULES) / sizeof(RULES[0]); i++) {
        if (!bc_cues_set_rules(s->cues, "live/hq", RULES[i], strlen(RULES[i]))) {
            fail_msg("%s: taken", RULES[i]);
        }
    }
    static const char *const PRODUCTS[] = { "", "{}", "{\"products\":1}",
        "{\"products\":[1]}", "{\"products\":[{\"id\":\"a\",\"kind\":\"text\"}]}",
        "{\"products\":[{\"kind\":\"text\",\"data\":{}}]}",
        "{\"products\":[{\"id\":\"a b\",\"kind\":\"text\",\"data\":{}}]}",
        "{\"products\":[{\"id\":\"a\",\"kind\":\"film\",\"data\":{}}]}",
        "{\"products\":[{\"id\":\"a\",\"kind\":\"text\",\"data\":{}},"
        "{\"id\":\"a\",\"kind\":\"text\",\"data\":{}}]}" };
    for (size_t i = 0; i < sizeof(PRODUCTS) / sizeof(PRODUCTS[0]); i++) {
        if (!bc_cues_set_products(
                s->cues, "live/hq", PRODUCTS[i], strlen(PRODUCTS[i]))) {
            fail_msg("%s: taken", PRODUCTS[i]);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_cues_are_told_why),
        cmocka_unit_test(test_data_up_to_4096_bytes),
        cmocka_unit_test(test_every_truncation_of_a_good_one_is_refused),
        cmocka_unit_test(test_bad_changes),
        cmocka_unit_test_setup_teardown(
            test_bad_rules_and_products, stage_setup, stage_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
