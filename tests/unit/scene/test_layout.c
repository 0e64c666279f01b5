// SPDX-License-Identifier: Apache-2.0
// Fractions become pixels, layers come and go.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "scene/layout.h"

static struct bc_scene_layer
layer_at(double x, double y, double w, double h)
{
    return (struct bc_scene_layer){
        .type = BC_LAYER_CHANNEL, .x = x, .y = y, .w = w, .h = h, .opacity = 1
    };
}

static void
expect_rect(const struct bc_rect *rect, int x, int y, int w, int h)
{
    assert_int_equal(rect->x, x);
    assert_int_equal(rect->y, y);
    assert_int_equal(rect->w, w);
    assert_int_equal(rect->h, h);
}

static void
test_whole_picture_on_the_whole_canvas(void **state)
{
    (void)state;
    struct bc_scene_layer layer = layer_at(0, 0, 1, 1);
    struct bc_layout at;
    assert_true(bc_layout_layer(&layer, 1280, 720, 1280, 720, &at));
    expect_rect(&at.box, 0, 0, 1280, 720);
    expect_rect(&at.source, 0, 0, 1280, 720);
    expect_rect(&at.target, 0, 0, 1280, 720);
    assert_int_equal(at.radius, 0);
}

static void
test_neighbours_touch(void **state)
{
    (void)state;
    // 854 x 480: a third is 284.67 pixels.
    struct bc_scene_layer left = layer_at(0, 0, 0.6667, 1);
    struct bc_scene_layer right = layer_at(0.6667, 0.5, 0.3333, 0.5);
    struct bc_layout a;
    struct bc_layout b;
    assert_true(bc_layout_layer(&left, 854, 480, 0, 0, &a));
    assert_true(bc_layout_layer(&right, 854, 480, 0, 0, &b));
    assert_int_equal(a.box.x + a.box.w, b.box.x);
    assert_int_equal(b.box.x + b.box.w, 854);
    assert_int_equal(b.box.x % 2, 0);
    expect_rect(&b.target, b.box.x, 240, b.box.w, 240);
}

static void
test_cover_cuts_the_longer_side(void **state)
{
    (void)state;
    struct bc_scene_layer layer = layer_at(0, 0, 0.5, 1);
    struct bc_layout at;
    // Landscape in an upright box, then upright in a landscape box.
    assert_true(bc_layout_layer(&layer, 1280, 720, 1280, 720, &at));
    expect_rect(&at.target, 0, 0, 640, 720);
    expect_rect(&at.source, 320, 0, 640, 720);
    layer = layer_at(0, 0, 1, 1);
    assert_true(bc_layout_layer(&layer, 1280, 720, 720, 1280, &at));
    expect_rect(&at.target, 0, 0, 1280, 720);
    expect_rect(&at.source, 0, 438, 720, 406);
}

static void
test_contain_keeps_all(void **state)
{
    (void)state;
    struct bc_scene_layer layer = layer_at(0, 0, 1, 1);
    layer.fit = BC_FIT_CONTAIN;
    struct bc_layout at;
    assert_true(bc_layout_layer(&layer, 1280, 720, 720, 1280, &at));
    expect_rect(&at.source, 0, 0, 720, 1280);
    expect_rect(&at.target, 438, 0, 406, 720);
    assert_true(bc_layout_layer(&layer, 720, 1280, 1280, 720, &at));
    expect_rect(&at.target, 0, 438, 720, 406);
    layer.fit = BC_FIT_FILL;
    assert_true(bc_layout_layer(&layer, 720, 1280, 1280, 720, &at));
    expect_rect(&at.source, 0, 0, 1280, 720);
    expect_rect(&at.target, 0, 0, 720, 1280);
}

static void
test_crop_comes_before_the_fit(void **state)
{
    (void)state;
    struct bc_scene_layer layer = layer_at(0, 0, 1, 1);
    layer.crop = (struct bc_crop){ 0.25, 0, 0.25, 0.5 };
    struct bc_layout at;
    // What is left is 640 x 360, which has the canvas' proportions.
    assert_true(bc_layout_layer(&layer, 1280, 720, 1280, 720, &at));
    expect_rect(&at.source, 320, 0, 640, 360);
}

// Whatever comes in: the source lies in the picture, all is even, nothing is empty.
static void
test_senseless_numbers_stay_in_range(void **state)
{
    (void)state;
    static const double PLACES[] = { -1, -0.3333, 0, 0.4999, 1, 2 };
    static const double SIZES[] = { 0.001, 0.3333, 1, 3 };
    static const int PICTURES[][2] = { { 1, 1 }, { 1, 4000 }, { 2, 2 }, { 3, 1081 },
        { 1919, 5 }, { 4096, 4096 } };
    for (size_t i = 0; i < 6 * 6 * 4 * 4; i++) {
        struct bc_scene_layer layer =
            layer_at(PLACES[i % 6], PLACES[i / 6 % 6], SIZES[i / 36 % 4], SIZES[i / 144]);
        layer.crop = (struct bc_crop){ 0.94, 0.01, 0, 0.9 };
        layer.radius = 0.5;
        for (size_t k = 0; k < 6 * 3; k++) {
            int w = PICTURES[k % 6][0];
            int h = PICTURES[k % 6][1];
            struct bc_layout at;
            layer.fit = (enum bc_fit)(k / 6);
            (void)bc_layout_layer(&layer, 854, 480, w, h, &at);
            const struct bc_rect *s = &at.source;
            assert_true(s->x >= 0 && s->y >= 0 && s->w > 0 && s->h > 0);
            assert_true(s->x + s->w <= w && s->y + s->h <= h);
            assert_true((s->w % 2 == 0 || w == 1) && (s->h % 2 == 0 || h == 1));
            const struct bc_rect *t = &at.target;
            assert_true(t->x % 2 == 0 && t->y % 2 == 0 && t->w % 2 == 0 && t->h % 2 == 0);
            assert_true(t->w >= 2 && t->h >= 2);
            assert_true(at.radius * 2 <= t->w && at.radius * 2 <= t->h);
        }
    }
}

static void
test_outside_is_not_seen(void **state)
{
    (void)state;
    struct bc_scene_layer layer = layer_at(1, 0, 0.5, 0.5);
    struct bc_layout at;
    assert_false(bc_layout_layer(&layer, 1280, 720, 0, 0, &at));
    layer = layer_at(-0.5, 0, 0.5, 0.5);
    assert_false(bc_layout_layer(&layer, 1280, 720, 0, 0, &at));
    layer = layer_at(-0.4, 0.9, 0.5, 0.5);
    assert_true(bc_layout_layer(&layer, 1280, 720, 0, 0, &at));
    expect_rect(&at.box, -512, 648, 640, 360);
}

static void
expect_near(double value, double expected)
{
    assert_true(value > expected - 1e-9 && value < expected + 1e-9);
}

static void
test_fades_and_slides(void **state)
{
    (void)state;
    struct bc_scene_layer layer = layer_at(0.6, 0.7, 0.3, 0.2);
    struct bc_pose pose;
    bc_pose_enter(&layer, 0, &pose);
    expect_near(pose.opacity, 1);
    assert_false(pose.moving);
    assert_false(bc_pose_leave(&layer, 0, &pose));
    layer.enter = (struct bc_motion){ BC_EFFECT_FADE, 400 };
    bc_pose_enter(&layer, -50, &pose);
    expect_near(pose.opacity, 0);
    bc_pose_enter(&layer, 100, &pose);
    expect_near(pose.opacity, 0.25);
    assert_true(pose.moving);
    bc_pose_enter(&layer, 400, &pose);
    expect_near(pose.opacity, 1);
    assert_false(pose.moving);
    // From beyond the edge it moves away from, to beyond the one it moves to.
    static const struct {
        enum bc_effect effect;
        double enter[2];
        double leave[2];
    } slides[] = {
        { BC_EFFECT_SLIDE_LEFT, { 0.4, 0 }, { -0.9, 0 } },
        { BC_EFFECT_SLIDE_RIGHT, { -0.9, 0 }, { 0.4, 0 } },
        { BC_EFFECT_SLIDE_UP, { 0, 0.3 }, { 0, -0.9 } },
        { BC_EFFECT_SLIDE_DOWN, { 0, -0.9 }, { 0, 0.3 } },
    };
    for (size_t i = 0; i < sizeof(slides) / sizeof(slides[0]); i++) {
        layer.enter = layer.leave = (struct bc_motion){ slides[i].effect, 1000 };
        bc_pose_enter(&layer, 0, &pose);
        expect_near(pose.dx, slides[i].enter[0]);
        expect_near(pose.dy, slides[i].enter[1]);
        bc_pose_enter(&layer, 500, &pose);
        expect_near(pose.dx, slides[i].enter[0] / 8);
        assert_true(bc_pose_leave(&layer, 500, &pose));
        expect_near(pose.dx, slides[i].leave[0] / 8);
        expect_near(pose.dy, slides[i].leave[1] / 8);
        assert_true(bc_pose_leave(&layer, 999, &pose));
        assert_false(bc_pose_leave(&layer, 1000, &pose));
    }
    assert_int_equal(bc_pose_pixels(-0.9, 1280), -1152);
    assert_int_equal(bc_pose_pixels(0.0008, 1280), 2);
}

static void
test_who_comes_and_who_goes(void **state)
{
    (void)state;
    static const char OLD[] =
        "{\"layers\":[{\"id\":\"a\",\"type\":\"channel\",\"channel\":"
        "\"live/1\"},{\"id\":\"b\",\"type\":\"text\",\"text\":\"x\"},"
        "{\"id\":\"c\",\"type\":\"clock\"}]}";
    static const char NEW[] =
        "{\"layers\":[{\"id\":\"a\",\"type\":\"channel\",\"channel\":"
        "\"live/2\"},{\"id\":\"b\",\"type\":\"text\",\"text\":\"y\"},"
        "{\"id\":\"d\",\"type\":\"clock\"}]}";
    struct bc_scene *old = bc_scene_parse_json(OLD, sizeof(OLD) - 1, NULL);
    struct bc_scene *new = bc_scene_parse_json(NEW, sizeof(NEW) - 1, NULL);
    struct bc_scene_change change;
    bc_scene_compare(old, new, &change);
    // Another channel is another layer; another text is the same one.
    const bool enters[] = { true, false, true, false };
    const bool leaves[] = { true, false, true, false };
    assert_memory_equal(change.enters, enters, sizeof(enters));
    assert_memory_equal(change.leaves, leaves, sizeof(leaves));
    bc_scene_compare(NULL, new, &change);
    assert_true(change.enters[0] && change.enters[1] && change.enters[2]);
    assert_false(change.leaves[0]);
    bc_scene_unref(&old);
    bc_scene_unref(&new);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_picture_on_the_whole_canvas),
        cmocka_unit_test(test_neighbours_touch),
        cmocka_unit_test(test_cover_cuts_the_longer_side),
        cmocka_unit_test(test_contain_keeps_all),
        cmocka_unit_test(test_crop_comes_before_the_fit),
        cmocka_unit_test(test_senseless_numbers_stay_in_range),
        cmocka_unit_test(test_outside_is_not_seen),
        cmocka_unit_test(test_fades_and_slides),
        cmocka_unit_test(test_who_comes_and_who_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
