// SPDX-License-Identifier: Apache-2.0
// Layers of scenes: what the layout says of a picture arrives where it says.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "board.h"

static const uint8_t BLACK[3] = { 16, 128, 128 };
static const uint8_t WHITE[3] = { 235, 128, 128 };
static const uint8_t LEFT[3] = { 60, 90, 160 };
static const uint8_t RIGHT[3] = { 200, 170, 80 };

// Two colors side by side.
static struct board
create_halves(int width, int height)
{
    struct board b = board_create(width, height, LEFT);
    struct board right = board_create(width / 2, height, RIGHT);
    struct bc_draw_picture picture = board_picture(&right);
    bc_draw_picture(&b.canvas, &picture, width / 2, 0, NULL, BC_DRAW_OPAQUE);
    board_destroy(&right);
    return b;
}

static struct bc_scene_layer
layer_at(double x, double y, double w, double h)
{
    return (struct bc_scene_layer){
        .type = BC_LAYER_CHANNEL, .x = x, .y = y, .w = w, .h = h, .opacity = 1
    };
}

static struct bc_draw_stroke
stroke_of(const struct bc_scene_layer *layer, const struct board *b,
    const struct bc_draw_picture *picture)
{
    struct bc_draw_stroke stroke = { .picture = picture,
        .opacity = bc_draw_opacity(layer->opacity) };
    (void)bc_layout_layer(layer, b->canvas.width, b->canvas.height, picture->width,
        picture->height, &stroke.at);
    return stroke;
}

static void
test_picture_of_the_canvas_size_is_copied(void **state)
{
    (void)state;
    struct board in = create_halves(64, 48);
    struct board b = board_create(64, 48, BLACK);
    struct bc_draw_picture picture = board_picture(&in);
    struct bc_scene_layer layer = layer_at(0, 0, 1, 1);
    struct bc_draw_stroke stroke = stroke_of(&layer, &b, &picture);
    struct bc_draw_layer *l = bc_draw_layer_create();
    assert_true(bc_draw_covers(&b.canvas, &stroke));
    assert_true(bc_draw_layer_draw(l, &b.canvas, &stroke));
    board_expect(&b, &(struct bc_rect){ 0, 0, 32, 48 }, LEFT);
    board_expect(&b, &(struct bc_rect){ 32, 0, 32, 48 }, RIGHT);
    board_expect_margins(&b);
    bc_draw_layer_destroy(l);
    board_destroy(&b);
    board_destroy(&in);
}

static void
test_small_picture_in_a_corner(void **state)
{
    (void)state;
    struct board in = create_halves(320, 180);
    struct board b = board_create(160, 90, BLACK);
    struct bc_draw_picture picture = board_picture(&in);
    struct bc_scene_layer layer = layer_at(0.5, 0.5, 0.5, 0.5);
    struct bc_draw_stroke stroke = stroke_of(&layer, &b, &picture);
    struct bc_draw_layer *l = bc_draw_layer_create();
    assert_false(bc_draw_covers(&b.canvas, &stroke));
    assert_true(bc_draw_layer_draw(l, &b.canvas, &stroke));
    board_expect(&b, &(struct bc_rect){ 80, 46, 36, 44 }, LEFT);
    board_expect(&b, &(struct bc_rect){ 126, 46, 34, 44 }, RIGHT);
    board_expect(&b, &(struct bc_rect){ 0, 0, 160, 44 }, BLACK);
    board_expect(&b, &(struct bc_rect){ 0, 0, 80, 90 }, BLACK);
    board_expect_margins(&b);
    // The same serial: what was scaled is taken again, also elsewhere.
    memset(in.memory[0], 0, 1000);
    stroke.dx = -80;
    stroke.dy = -44;
    assert_true(bc_draw_layer_draw(l, &b.canvas, &stroke));
    board_expect(&b, &(struct bc_rect){ 0, 2, 36, 42 }, LEFT);
    // Another serial: it is made anew.
    stroke.serial++;
    assert_true(bc_draw_layer_draw(l, &b.canvas, &stroke));
    assert_int_not_equal(board_at(&b, 0, 10, 0), LEFT[0]);
    bc_draw_layer_destroy(l);
    board_destroy(&b);
    board_destroy(&in);
}

static void
test_crop_chooses_a_part(void **state)
{
    (void)state;
    struct board in = create_halves(200, 100);
    struct board b = board_create(100, 100, BLACK);
    struct bc_draw_picture picture = board_picture(&in);
    struct bc_scene_layer layer = layer_at(0, 0, 1, 1);
    layer.crop.left = 0.5;
    struct bc_draw_stroke stroke = stroke_of(&layer, &b, &picture);
    struct bc_draw_layer *l = bc_draw_layer_create();
    assert_true(bc_draw_layer_draw(l, &b.canvas, &stroke));
    board_expect(&b, &(struct bc_rect){ 0, 0, 100, 100 }, RIGHT);
    bc_draw_layer_destroy(l);
    board_destroy(&b);
    board_destroy(&in);
}

// Portrait in landscape, odd sizes, one pixel, huge: each lies in its place and nowhere
// else, whatever the fit.
static void
test_pictures_of_all_sizes_stay_in_their_box(void **state)
{
    (void)state;
    static const int SIZES[][2] = { { 90, 160 }, { 1, 1 }, { 3, 2 }, { 2, 77 },
        { 333, 17 }, { 641, 359 } };
    struct bc_draw_layer *l = bc_draw_layer_create();
    uint64_t serial = 0;
    for (size_t i = 0; i < sizeof(SIZES) / sizeof(SIZES[0]); i++) {
        struct board in = board_create(SIZES[i][0], SIZES[i][1], WHITE);
        struct bc_draw_picture picture = board_picture(&in);
        for (int fit = BC_FIT_COVER; fit <= BC_FIT_FILL; fit++) {
            struct board b = board_create(128, 72, BLACK);
            struct bc_scene_layer layer = layer_at(0.25, 0.25, 0.5, 0.5);
            layer.fit = (enum bc_fit)fit;
            struct bc_draw_stroke stroke = stroke_of(&layer, &b, &picture);
            stroke.serial = ++serial;
            assert_true(bc_draw_layer_draw(l, &b.canvas, &stroke));
            const struct bc_rect *t = &stroke.at.target;
            assert_true(
                t->x >= 32 && t->y >= 18 && t->x + t->w <= 96 && t->y + t->h <= 54);
            board_expect(&b, t, WHITE);
            board_expect(&b, &(struct bc_rect){ 0, 0, 128, 18 }, BLACK);
            board_expect(&b, &(struct bc_rect){ 0, 54, 128, 18 }, BLACK);
            board_expect(&b, &(struct bc_rect){ 0, 0, t->x, 72 }, BLACK);
            board_expect(
                &b, &(struct bc_rect){ t->x + t->w, 0, 128 - t->x - t->w, 72 }, BLACK);
            board_expect_margins(&b);
            board_destroy(&b);
        }
        board_destroy(&in);
    }
    bc_draw_layer_destroy(l);
}

// What is halved on its way is the mean of its pixels: stripes of one pixel become grey.
static void
test_much_smaller_pictures_do_not_flicker(void **state)
{
    (void)state;
    struct board in = board_create(320, 160, BLACK);
    for (int y = 0; y < 160; y += 2) {
        memset(in.canvas.planes[0] + y * in.canvas.strides[0], 235, 320);
    }
    struct bc_draw_picture picture = board_picture(&in);
    static const int SIDES[] = { 160, 80, 60 };
    struct bc_draw_layer *l = bc_draw_layer_create();
    for (size_t i = 0; i < sizeof(SIDES) / sizeof(SIDES[0]); i++) {
        struct board b = board_create(SIDES[i], SIDES[i] / 2, WHITE);
        struct bc_scene_layer layer = layer_at(0, 0, 1, 1);
        struct bc_draw_stroke stroke = stroke_of(&layer, &b, &picture);
        stroke.serial = i;
        assert_true(bc_draw_layer_draw(l, &b.canvas, &stroke));
        for (int k = 0; k < SIDES[i] * SIDES[i] / 2; k++) {
            assert_in_range(board_at(&b, 0, k % SIDES[i], k / SIDES[i]), 124, 127);
        }
        board_expect_margins(&b);
        board_destroy(&b);
    }
    bc_draw_layer_destroy(l);
    board_destroy(&in);
}

// Only what is seen is scaled; the middle of the picture stays where it was.
static void
test_zoom_stays_in_its_place(void **state)
{
    (void)state;
    struct board in = create_halves(128, 72);
    struct bc_draw_picture picture = board_picture(&in);
    struct bc_draw_layer *l = bc_draw_layer_create();
    static const double LEFT_EDGES[] = { -1, -0.75, -0.5, -1.2 };
    for (size_t i = 0; i < 4; i++) {
        struct board b = board_create(128, 72, BLACK);
        struct bc_scene_layer layer = layer_at(LEFT_EDGES[i], -0.9, 3, 3);
        struct bc_draw_stroke stroke = stroke_of(&layer, &b, &picture);
        stroke.serial = i;
        assert_true(bc_draw_layer_draw(l, &b.canvas, &stroke));
        int middle = stroke.at.target.x + stroke.at.target.w / 2;
        board_expect(
            &b, &(struct bc_rect){ 0, 0, middle < 12 ? 0 : middle - 12, 72 }, LEFT);
        board_expect(&b,
            &(struct bc_rect){ middle + 12, 0, middle > 116 ? 0 : 116 - middle, 72 },
            RIGHT);
        board_expect_margins(&b);
        board_destroy(&b);
    }
    bc_draw_layer_destroy(l);
    board_destroy(&in);
}

static void
test_senseless_sources_draw_nothing(void **state)
{
    (void)state;
    struct board in = board_create(16, 16, WHITE);
    struct board b = board_create(16, 16, BLACK);
    struct bc_draw_picture picture = board_picture(&in);
    static const struct bc_rect SOURCES[] = { { 0, 0, 0, 0 }, { -2, 0, 8, 8 },
        { 0, 0, 18, 8 }, { 10, 0, 8, 8 } };
    struct bc_draw_layer *l = bc_draw_layer_create();
    for (size_t i = 0; i < sizeof(SOURCES) / sizeof(SOURCES[0]); i++) {
        struct bc_draw_stroke stroke = { .picture = &picture,
            .opacity = BC_DRAW_OPAQUE,
            .at = { .source = SOURCES[i], .target = { 0, 0, 16, 16 } } };
        assert_true(bc_draw_layer_draw(l, &b.canvas, &stroke));
        board_expect(&b, &(struct bc_rect){ 0, 0, 16, 16 }, BLACK);
    }
    bc_draw_layer_destroy(l);
    bc_draw_layer_destroy(NULL);
    board_destroy(&b);
    board_destroy(&in);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_picture_of_the_canvas_size_is_copied),
        cmocka_unit_test(test_small_picture_in_a_corner),
        cmocka_unit_test(test_crop_chooses_a_part),
        cmocka_unit_test(test_pictures_of_all_sizes_stay_in_their_box),
        cmocka_unit_test(test_much_smaller_pictures_do_not_flicker),
        cmocka_unit_test(test_zoom_stays_in_its_place),
        cmocka_unit_test(test_senseless_sources_draw_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
