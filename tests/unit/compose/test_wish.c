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
    "\"clock_ms\":9,\"view\":{\"rules\":[],\"cue_rules\":[],"
    "\"cues\":[{\"id\":\"c1\",\"kind\":\"product\",\"channel\":\"live/hq\","
    "\"data\":{\"title\":\"x\"}},{\"kind\":\"without an id\"}]}}";

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
    assert_true(compose_cue_parse(&c, text, strlen(text), 0));
    return c;
}

// Which card a layer of that input shows; "": none. `made` is its data.
static const char *
card(struct compose_board *b, const struct compose_ask *ask, int64_t now_us, char made[200])
{
    static char id[64];
    struct compose_cue c;
    id[0] = made[0] = '\0';
    if (compose_board_find(b, ask, now_us, &c)) {
        snprintf(id, sizeof(id), "%s", c.id);
        snprintf(made, 200, "%s", c.data ? c.data : "");
        compose_cue_finish(&c);
    }
    return id;
}

static const struct compose_ask HQ = { .channel = "live/hq", .own = true };
static const struct compose_ask OTHER = { .channel = "live/other" };

static void
test_the_newest_product_is_shown(void **state)
{
    (void)state;
    struct compose_board b = { 0 };
    char made[200];
    struct compose_cue c = cue("a", "product", false);
    compose_board_note(&b, &c, 0);
    c = cue("b", "coupon", false);
    c.duration_ms = 1000;
    compose_board_note(&b, &c, 0);
    c = cue("t", "text", false);
    compose_board_note(&b, &c, 0);
    assert_string_equal(card(&b, &HQ, 0, made), "b");
    assert_string_equal(card(&b, &OTHER, 0, made), "");
    assert_int_equal(compose_board_next_us(&b, 0), 1000000);
    // The coupon is over after its second, the product when it is ended.
    assert_string_equal(card(&b, &HQ, 1000000, made), "a");
    assert_true(compose_board_next_us(&b, 1000000) == INT64_MAX);
    c = cue("a", "product", true);
    compose_board_note(&b, &c, 0);
    assert_string_equal(card(&b, &HQ, 1000000, made), "");
    // What began before it was told of lasts no longer for that; what is in the input's
    // picture already is not drawn.
    c = cue("late", "product", false);
    c.in_ms = -700;
    c.duration_ms = 1000;
    compose_board_note(&b, &c, 5000000);
    c = cue("inner", "product", false);
    c.burnt = true;
    compose_board_note(&b, &c, 5000000);
    assert_string_equal(card(&b, &HQ, 5200000, made), "late");
    assert_string_equal(card(&b, &HQ, 5300000, made), "");
    // More than there is room for: the oldest go.
    for (int i = 0; i < COMPOSE_CUES_MAX + 10; i++) {
        char id[16];
        snprintf(id, sizeof(id), "n%d", i);
        c = cue(id, "product", false);
        compose_board_note(&b, &c, 0);
    }
    assert_int_equal(b.count, COMPOSE_CUES_MAX);
    compose_board_finish(&b);
}

static void
test_what_the_server_does_not_name_has_ended(void **state)
{
    (void)state;
    struct compose_board b = { 0 };
    char made[200];
    struct compose_cue list[2] = { cue("a", "product", false),
        cue("b", "product", false) };
    list[1].in_ms = 3000;
    compose_board_tell(&b, list, 2, 0);
    struct compose_cue streamed = cue("s", "product", false);
    compose_board_note(&b, &streamed, 0);
    // The channel's own are seen where its program's are, at their time, and nowhere else.
    assert_string_equal(card(&b, &OTHER, 4000000, made), "");
    assert_int_equal(compose_board_next_us(&b, 1000000), 3000000);
    assert_string_equal(card(&b, &HQ, 2000000, made), "s");
    assert_string_equal(card(&b, &HQ, 3000000, made), "b");
    struct compose_cue rest[1] = { cue("a", "product", false) };
    compose_board_tell(&b, rest, 1, 3000000);
    assert_int_equal(b.count, 2); // "s" came with the stream, and ends with it
    compose_board_tell(&b, NULL, 0, 0);
    assert_string_equal(card(&b, &HQ, 3000000, made), "s");
    compose_board_forget(&b, "live/other");
    assert_int_equal(b.count, 1);
    compose_board_forget(&b, "live/hq"); // a new connection
    assert_string_equal(card(&b, &HQ, 3000000, made), "");
    compose_board_finish(&b);
}

static void
test_cards_are_as_the_channel_has_them(void **state)
{
    (void)state;
    static const char TEXT[] = "{\"version\":3,\"clock_ms\":5000,\"view\":{"
        "\"rules\":[{\"sku\":\"A1\",\"data\":{\"price\":\"79\"}}],"
        "\"cue_rules\":[{\"id\":\"gone\",\"hidden\":true}],"
        "\"cues\":[{\"id\":\"own\",\"kind\":\"product\",\"at_ms\":7000,\"duration_ms\":1000,"
        "\"data\":{\"price\":\"5\"}}]}}";
    char why[64];
    char made[200];
    struct compose_wish *w = compose_wish_parse(TEXT, strlen(TEXT), why, sizeof(why));
    assert_non_null(w);
    assert_true(w->has_cues);
    assert_int_equal(w->cue_count, 1);
    assert_int_equal(w->cues[0].in_ms, 2000);
    struct compose_board b = { 0 };
    struct compose_ask ask = { .channel = "live/hq", .own = true, .view = w->view };
    struct compose_cue tea = cue("tea", "product", false);
    free(tea.data);
    tea.data = strdup("{\"sku\":\"A1\",\"price\":\"99\"}");
    compose_board_note(&b, &tea, 0);
    struct compose_cue gone = cue("gone", "product", false);
    compose_board_note(&b, &gone, 0);
    compose_board_tell(&b, w->cues, w->cue_count, 0);
    w->cue_count = 0;
    assert_string_equal(card(&b, &ask, 0, made), "tea");
    assert_string_equal(made, "{\"sku\":\"A1\",\"price\":\"79\"}");
    assert_string_equal(card(&b, &ask, 2000000, made), "own");
    assert_string_equal(card(&b, &ask, 3000000, made), "tea");
    // An input whose cues are not the channel's: its rules do not count there.
    ask.own = false;
    assert_string_equal(card(&b, &ask, 0, made), "gone");
    compose_board_finish(&b);
    compose_wish_drop(w);
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
        cmocka_unit_test(test_cards_are_as_the_channel_has_them),
        cmocka_unit_test(test_what_the_server_does_not_name_has_ended),
        cmocka_unit_test(test_answers_with_an_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
