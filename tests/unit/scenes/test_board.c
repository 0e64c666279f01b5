// SPDX-License-Identifier: Apache-2.0
// Who shares a composer with whom.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "scenes/board.h"

#define S_US INT64_C(1000000)

static const struct bc_scene_transition CUT = { .fade = false };
static struct scenes_board board;
static const char *special; // what "a/b" makes of its cues; NULL: nothing

static bool
make_key(char out[BC_SCENES_KEY_TEXT])
{
    static unsigned count;
    snprintf(out, BC_SCENES_KEY_TEXT, "%08x%024d", ++count, 0);
    return true;
}

static void
on_changed(struct scenes_board *b, struct scenes_composer *c)
{
    assert_ptr_equal(b, &board);
    assert_non_null(c);
}

static void
on_shown(struct scenes_board *b, struct scenes_composite *c)
{
    assert_ptr_equal(b, &board);
    assert_non_null(c);
}

static struct bc_buf *
view_of(struct scenes_board *b, const char *channel)
{
    assert_ptr_equal(b, &board);
    return special && strcmp(channel, "a/b") == 0 ? bc_buf_copy(special, strlen(special))
                                                  : NULL;
}

static int
setup(void **state)
{
    (void)state;
    memset(&board, 0, sizeof(board));
    scenes_board_init(&board);
    board.composer_max = 2;
    board.make_key = make_key;
    board.changed = on_changed;
    board.shown = on_shown;
    board.view = view_of;
    special = NULL;
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    scenes_board_finish(&board);
    return 0;
}

static struct bc_scene *
make(unsigned width)
{
    char text[120];
    snprintf(text, sizeof(text), "{\"width\":%u,\"preset\":\"full\",\"inputs\":[\"live/hq\"]}",
        width);
    struct bc_scene *scene = bc_scene_parse_json(text, strlen(text), NULL);
    assert_non_null(scene);
    return scene;
}

static int
set(const char *channel, unsigned width, int64_t now_us)
{
    struct bc_scene *scene = make(width);
    int ret = scenes_board_set(&board, channel, scene, &CUT, now_us);
    bc_scene_unref(&scene);
    return ret;
}

static struct scenes_composer *
composer_of(const char *channel)
{
    return scenes_board_find(&board, channel)->now;
}

static void
test_equal_scenes_share_a_composer(void **state)
{
    (void)state;
    assert_int_equal(set("a/a", 640, 0), 0);
    assert_int_equal(set("a/b", 640, 0), 0);
    assert_ptr_equal(composer_of("a/a"), composer_of("a/b"));
    assert_int_equal(board.composer_count, 1);
    // A channel that was never there, and one that goes.
    assert_null(scenes_board_find(&board, "a/c"));
    scenes_board_reset(&board, scenes_board_find(&board, "a/a"), S_US);
    assert_null(scenes_board_find(&board, "a/a"));
    assert_int_equal(composer_of("a/b")->users, 1);
}

static void
test_a_change_is_in_place_or_on_a_copy(void **state)
{
    (void)state;
    assert_int_equal(set("a/a", 640, 0), 0);
    struct scenes_composer *first = composer_of("a/a");
    int64_t version = first->version;
    assert_int_equal(set("a/a", 320, S_US), 0);
    assert_ptr_equal(composer_of("a/a"), first);
    assert_true(first->version > version);
    assert_int_equal(set("a/b", 320, S_US), 0);
    version = first->version;
    assert_int_equal(set("a/b", 480, 2 * S_US), 0);
    assert_ptr_not_equal(composer_of("a/b"), first);
    assert_int_equal(first->version, version);
    // The one before is shown until the new one is there.
    assert_ptr_equal(scenes_board_find(&board, "a/b")->before, first);
    scenes_board_settle(&board, scenes_board_find(&board, "a/b"));
    assert_int_equal(first->users, 1);
}

static void
test_there_are_so_many_composers(void **state)
{
    (void)state;
    assert_int_equal(set("a/a", 640, 0), 0);
    assert_int_equal(set("a/b", 320, 0), 0);
    assert_int_equal(set("a/c", 480, 0), -ENOSPC);
    assert_null(scenes_board_find(&board, "a/c"));
    // A configured one is a composite all the same, and gets its composer later.
    struct bc_scene *scene = make(480);
    scenes_board_configure(&board, "a/d", scene, 0);
    bc_scene_unref(&scene);
    assert_null(composer_of("a/d"));
    scenes_board_reset(&board, scenes_board_find(&board, "a/a"), S_US);
    scenes_board_tick(&board, S_US);
    assert_non_null(composer_of("a/d"));
    scenes_board_sweep(&board);
}

static void
test_scenes_that_became_equal_share_after_a_while(void **state)
{
    (void)state;
    assert_int_equal(set("a/a", 640, 0), 0);
    assert_int_equal(set("a/b", 320, 0), 0);
    assert_int_equal(set("a/b", 640, S_US), 0);
    assert_ptr_not_equal(composer_of("a/a"), composer_of("a/b"));
    scenes_board_tick(&board, 5 * S_US);
    assert_ptr_not_equal(composer_of("a/a"), composer_of("a/b"));
    scenes_board_tick(&board, 7 * S_US);
    assert_ptr_equal(composer_of("a/a"), composer_of("a/b"));
    // Whatever else happens, the composer before goes in time.
    scenes_board_tick(&board, 60 * S_US);
    scenes_board_sweep(&board);
    assert_int_equal(board.composer_count, 1);
}

static void
test_composers_hear_when_there_is_nothing_to_do(void **state)
{
    (void)state;
    assert_int_equal(set("a/a", 640, 0), 0);
    struct scenes_composer *c = scenes_board_find(&board, "a/a")->now;
    int64_t version = c->version;
    scenes_board_live(&board, c, false, S_US);
    assert_false(c->due);
    assert_int_equal(c->version, version);
    scenes_board_live(&board, c, true, 2 * S_US);
    assert_true(c->due);
    assert_int_equal(c->version, version + 1);
    scenes_board_live(&board, c, false, 11 * S_US); // an input may come back
    assert_true(c->due);
    scenes_board_live(&board, c, false, 12 * S_US);
    assert_false(c->due);
    assert_int_equal(c->version, version + 2);
}

static void
test_one_process_at_a_time_makes_a_scene(void **state)
{
    (void)state;
    assert_int_equal(set("a/a", 640, 0), 0);
    struct scenes_composer *c = scenes_board_find(&board, "a/a")->now;
    assert_false(scenes_composer_is_made(c, S_US));
    uint64_t first = scenes_composer_number(c);
    int64_t version = c->version;
    assert_true(scenes_board_claim(&board, c, S_US));
    assert_true(scenes_composer_number(c) != first);
    assert_int_equal(scenes_composer_number(c) / SCENES_TAG_END, c->id);
    assert_true(c->version > version);
    assert_true(scenes_composer_is_made(c, 4 * S_US));
    assert_false(scenes_composer_is_made(c, 5 * S_US)); // it says something each second
}

static void
test_a_take_exchanges_preview_and_program(void **state)
{
    (void)state;
    assert_int_equal(set("a/a", 640, 0), 0);
    assert_int_equal(scenes_board_take(&board, "a/a", &CUT, 0), -ENOENT);
    assert_int_equal(scenes_board_take(&board, "a/b", &CUT, 0), -ENOENT);
    struct bc_scene *scene = make(320);
    assert_int_equal(scenes_board_set_preview(&board, "a/b", scene), -ENOENT);
    assert_int_equal(scenes_board_set_preview(&board, "a/a", scene), 0);
    bc_scene_unref(&scene);
    struct scenes_composite *c = scenes_board_find(&board, "a/a");
    scenes_board_look(&board, c, 0);
    assert_int_equal(c->now->preview->width, 320);
    assert_int_equal(scenes_board_take(&board, "a/a", &CUT, S_US), 0);
    assert_int_equal(c->program->width, 320);
    assert_int_equal(c->preview->width, 640);
    assert_int_equal(c->now->scene->width, 320);
    assert_int_equal(c->now->preview->width, 640);
    // Nobody looks any more.
    scenes_board_tick(&board, 20 * S_US);
    assert_null(c->now->preview);
}

static void
test_what_the_api_set_goes_before_the_configuration(void **state)
{
    (void)state;
    struct bc_scene *scene = make(480);
    assert_int_equal(set("a/a", 640, 0), 0);
    scenes_board_configure(&board, "a/a", scene, 0);
    bc_scene_unref(&scene);
    struct scenes_composite *c = scenes_board_find(&board, "a/a");
    assert_int_equal(c->program->width, 640);
    scenes_board_reset(&board, c, S_US);
    assert_int_equal(c->program->width, 480);
    assert_int_equal(c->now->scene->width, 480);
    scenes_board_configure(&board, "a/a", NULL, S_US);
    assert_null(scenes_board_find(&board, "a/a"));
}

static void
set_with_cards(const char *channel, int64_t now_us)
{
    static const char TEXT[] = "{\"preset\":\"product-left\",\"inputs\":[\"live/hq\"]}";
    struct bc_scene *scene = bc_scene_parse_json(TEXT, strlen(TEXT), NULL);
    assert_non_null(scene);
    assert_true(bc_scene_burns_cues(scene));
    assert_int_equal(scenes_board_set(&board, channel, scene, &CUT, now_us), 0);
    bc_scene_unref(&scene);
}

static void
test_other_cues_in_the_picture_are_another_picture(void **state)
{
    (void)state;
    board.composer_max = 4;
    set_with_cards("a/a", 0);
    set_with_cards("a/b", 0);
    struct scenes_composer *first = composer_of("a/a");
    assert_ptr_equal(composer_of("a/b"), first);
    int64_t version = first->version;
    special = "one";
    scenes_board_tick(&board, S_US);
    struct scenes_composer *own = composer_of("a/b");
    assert_ptr_not_equal(own, first);
    assert_int_equal(own->view->len, 3);
    assert_null(first->view);
    assert_int_equal(first->version, version);
    scenes_board_settle(&board, scenes_board_find(&board, "a/b"));
    // Alone, in place; and again nothing to be told where nothing has changed.
    special = "another";
    version = own->version;
    scenes_board_tick(&board, 2 * S_US);
    scenes_board_tick(&board, 3 * S_US);
    assert_ptr_equal(composer_of("a/b"), own);
    assert_int_equal(own->version, version + 1);
    assert_int_equal(own->view->len, 7);
    // Cues come and go: they share again only when that has rested for a while.
    special = NULL;
    scenes_board_tick(&board, 4 * S_US);
    assert_null(own->view);
    scenes_board_tick(&board, 20 * S_US);
    assert_ptr_equal(composer_of("a/b"), own);
    scenes_board_tick(&board, 70 * S_US);
    assert_ptr_equal(composer_of("a/b"), composer_of("a/a"));
    // A scene without cards is the same for all.
    special = "one";
    assert_int_equal(set("a/a", 640, 80 * S_US), 0);
    assert_int_equal(set("a/b", 640, 80 * S_US), 0);
    scenes_board_tick(&board, 81 * S_US);
    assert_null(composer_of("a/b")->view);
}

static void
test_without_a_composer_for_its_cues_it_shares_on(void **state)
{
    (void)state;
    board.composer_max = 1;
    set_with_cards("a/a", 0);
    set_with_cards("a/b", 0);
    special = "one";
    scenes_board_tick(&board, S_US);
    assert_ptr_equal(composer_of("a/b"), composer_of("a/a"));
    assert_true(scenes_board_find(&board, "a/b")->crowded);
    board.composer_max = 2;
    scenes_board_tick(&board, 2 * S_US);
    assert_ptr_not_equal(composer_of("a/b"), composer_of("a/a"));
    assert_false(scenes_board_find(&board, "a/b")->crowded);
}

#define WITH_BOARD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BOARD(test_other_cues_in_the_picture_are_another_picture),
        WITH_BOARD(test_without_a_composer_for_its_cues_it_shares_on),
        WITH_BOARD(test_equal_scenes_share_a_composer),
        WITH_BOARD(test_a_change_is_in_place_or_on_a_copy),
        WITH_BOARD(test_there_are_so_many_composers),
        WITH_BOARD(test_scenes_that_became_equal_share_after_a_while),
        WITH_BOARD(test_composers_hear_when_there_is_nothing_to_do),
        WITH_BOARD(test_one_process_at_a_time_makes_a_scene),
        WITH_BOARD(test_a_take_exchanges_preview_and_program),
        WITH_BOARD(test_what_the_api_set_goes_before_the_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
