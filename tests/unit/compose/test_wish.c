// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compose/board.h"
#include "compose/wish.h"

static const char WISH[] =
    "{\"version\":7,\"name\":\"store/1\",\"publish\":\"rtmp://h/a/b?key=k\","
    "\"inputs\":{\"live/hq\":\"http://h/live/hq.flv\"},"
    "\"scene\":{\"preset\":\"full\",\"inputs\":[\"live/hq\"]},"
    "\"transition\":{\"effect\":\"fade\",\"ms\":99999},\"preview\":null,\"want_preview\":"
    "true,"
    "\"cues\":[{\"id\":\"c1\",\"kind\":\"product\",\"channel\":\"live/hq\","
    "\"data\":{\"title\":\"x\"}},{\"kind\":\"without an id\"}]}";

static void
test_a_wish_is_read(void **state)
{
    (void)state;
    char why[200];
    struct compose_wish *w = compose_wish_parse(WISH, strlen(WISH), why, sizeof(why));
    assert_non_null(w);
    assert_string_equal(why, "");
    assert_int_equal(w->version, 7);
    assert_string_equal(w->publish, "rtmp://h/a/b?key=k");
    assert_int_equal(w->input_count, 1);
    assert_string_equal(w->inputs[0].name, "live/hq");
    assert_non_null(w->scene);
    assert_null(w->preview);
    assert_true(w->want_preview);
    assert_int_equal(w->fade_ms, 5000);
    assert_int_equal(w->cue_count, 1);
    assert_string_equal(w->cues[0].data, "{\"title\":\"x\"}");
    compose_wish_drop(w);
}

static void
test_broken_answers_end_nothing(void **state)
{
    (void)state;
    char why[200];
    for (size_t len = 0; len < strlen(WISH); len++) {
        char *cut = malloc(len + 1);
        memcpy(cut, WISH, len);
        assert_null(compose_wish_parse(cut, len, why, sizeof(why)));
        free(cut);
    }
    static const char BAD[] =
        "{\"version\":\"x\",\"scene\":{\"layers\":7},\"inputs\":[1],"
        "\"cues\":{},\"transition\":3,\"publish\":null}";
    struct compose_wish *w = compose_wish_parse(BAD, strlen(BAD), why, sizeof(why));
    assert_non_null(w);
    assert_null(w->scene);
    assert_string_not_equal(why, ""); // and what is wrong with the scene is told
    compose_wish_drop(w);
}

static struct compose_cue
cue(const char *id, const char *kind, bool ended)
{
    char text[200];
    struct compose_cue c;
    snprintf(text, sizeof(text),
        "{\"id\":\"%s\",\"kind\":\"%s\",\"channel\":\"live/"
        "hq\",\"ended\":%s,\"data\":{}}",
        id, kind, ended ? "true" : "false");
    assert_true(compose_cue_parse(&c, text, strlen(text)));
    return c;
}

static void
test_the_newest_product_is_shown(void **state)
{
    (void)state;
    struct compose_board b = { 0 };
    struct compose_cue c = cue("a", "product", false);
    compose_board_note(&b, &c, false, 0);
    c = cue("b", "coupon", false);
    c.duration_ms = 1000;
    compose_board_note(&b, &c, false, 0);
    c = cue("t", "text", false);
    compose_board_note(&b, &c, false, 0);
    assert_string_equal(compose_board_find(&b, "live/hq", 0)->id, "b");
    assert_null(compose_board_find(&b, "live/other", 0));
    // The coupon is over after its second, the product when it is ended.
    assert_string_equal(compose_board_find(&b, "live/hq", 1000000)->id, "a");
    c = cue("a", "product", true);
    compose_board_note(&b, &c, false, 0);
    assert_null(compose_board_find(&b, "live/hq", 1000000));
    // More than there is room for: the oldest go.
    for (int i = 0; i < COMPOSE_CUES_MAX + 10; i++) {
        char id[16];
        snprintf(id, sizeof(id), "n%d", i);
        c = cue(id, "product", false);
        compose_board_note(&b, &c, false, 0);
    }
    assert_int_equal(b.count, COMPOSE_CUES_MAX);
    compose_board_finish(&b);
}

static void
test_what_the_server_does_not_name_has_ended(void **state)
{
    (void)state;
    struct compose_board b = { 0 };
    struct compose_cue list[2] = { cue("a", "product", false),
        cue("b", "product", false) };
    compose_board_tell(&b, list, 2, 0);
    struct compose_cue streamed = cue("s", "product", false);
    compose_board_note(&b, &streamed, false, 0);
    struct compose_cue rest[1] = { cue("a", "product", false) };
    compose_board_tell(&b, rest, 1, 0);
    assert_int_equal(b.count, 2); // "s" came with the stream, and ends with it
    compose_board_tell(&b, NULL, 0, 0);
    assert_string_equal(compose_board_find(&b, "live/hq", 0)->id, "s");
    compose_board_forget(&b, "live/other");
    assert_int_equal(b.count, 1);
    compose_board_forget(&b, "live/hq"); // a new connection
    assert_null(compose_board_find(&b, "live/hq", 0));
    compose_board_finish(&b);
}

static void
test_answers_with_an_id(void **state)
{
    (void)state;
    char id[32];
    assert_true(compose_id_parse("{\"id\":\"c-1\"}", 12, id, sizeof(id)));
    assert_string_equal(id, "c-1");
    assert_true(compose_id_parse("{\"id\":17}", 9, id, sizeof(id)));
    assert_string_equal(id, "17");
    assert_false(compose_id_parse("{\"id\":\"../x\"}", 13, id, sizeof(id)));
    assert_false(compose_id_parse("[]", 2, id, sizeof(id)));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_wish_is_read),
        cmocka_unit_test(test_broken_answers_end_nothing),
        cmocka_unit_test(test_the_newest_product_is_shown),
        cmocka_unit_test(test_what_the_server_does_not_name_has_ended),
        cmocka_unit_test(test_answers_with_an_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
