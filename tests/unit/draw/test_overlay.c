// SPDX-License-Identifier: Apache-2.0
// Painted images over a canvas, pixel by pixel.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "board.h"

static const uint8_t BLACK[3] = { 16, 128, 128 };
static const uint8_t WHITE[3] = { 235, 128, 128 };
static const uint8_t GREY[3] = { 100, 60, 200 };

// An image of one color, 0xRRGGBBAA, in a part of it.
static uint8_t *
create_image(int width, int height, const struct bc_rect *part, uint32_t color)
{
    uint8_t *pixels = calloc((size_t)(width * height), 4);
    unsigned alpha = color & 0xff;
    for (int y = part->y; y < part->y + part->h; y++) {
        for (int x = part->x; x < part->x + part->w; x++) {
            uint8_t *p = pixels + (y * width + x) * 4;
            p[0] = (uint8_t)(((color >> 8 & 0xff) * alpha + 127) / 255);
            p[1] = (uint8_t)(((color >> 16 & 0xff) * alpha + 127) / 255);
            p[2] = (uint8_t)(((color >> 24) * alpha + 127) / 255);
            p[3] = (uint8_t)alpha;
        }
    }
    return pixels;
}

static struct bc_draw_overlay *
create(int width, int height, const struct bc_rect *part, uint32_t color)
{
    uint8_t *pixels = create_image(width, height, part, color);
    struct bc_draw_overlay *o =
        bc_draw_overlay_create(pixels, width * 4, width, height, NULL);
    free(pixels);
    assert_non_null(o);
    return o;
}

static void
expect_near(const struct board *b, int plane, int x, int y, int expected)
{
    assert_in_range(board_at(b, plane, x, y), expected - 1, expected + 1);
}

static void
test_opaque_image_replaces(void **state)
{
    (void)state;
    const uint8_t red[3] = { RED_Y, RED_U, RED_V };
    struct bc_draw_overlay *o =
        create(20, 10, &(struct bc_rect){ 4, 2, 8, 6 }, 0xff0000ff);
    struct board b = board_create(40, 20, GREY);
    bc_draw_overlay(&b.canvas, o, 10, 4, BC_DRAW_OPAQUE);
    board_expect(&b, &(struct bc_rect){ 14, 6, 8, 6 }, red);
    board_expect(&b, &(struct bc_rect){ 0, 0, 14, 20 }, GREY);
    board_expect(&b, &(struct bc_rect){ 22, 0, 18, 20 }, GREY);
    board_expect(&b, &(struct bc_rect){ 0, 0, 40, 6 }, GREY);
    board_expect(&b, &(struct bc_rect){ 0, 12, 40, 8 }, GREY);
    board_expect_margins(&b);
    board_destroy(&b);
    bc_draw_overlay_destroy(o);
}

static void
test_every_alpha_blends(void **state)
{
    (void)state;
    for (unsigned alpha = 1; alpha <= 255; alpha++) {
        struct bc_draw_overlay *o =
            create(34, 4, &(struct bc_rect){ 0, 0, 34, 4 }, 0xffffff00U | alpha);
        struct board b = board_create(34, 4, GREY);
        bc_draw_overlay(&b.canvas, o, 0, 0, BC_DRAW_OPAQUE);
        for (int p = 0; p < 3; p++) {
            int expected =
                (int)((GREY[p] * (255 - alpha) + WHITE[p] * alpha + 127) / 255);
            expect_near(&b, p, 0, 0, expected);
            expect_near(&b, p, 33, 3, expected);
        }
        board_expect_margins(&b);
        board_destroy(&b);
        bc_draw_overlay_destroy(o);
    }
}

// No sum overflows, whatever lies beneath.
static void
test_bright_over_bright_stays_bright(void **state)
{
    (void)state;
    const uint8_t brightest[3] = { 255, 255, 255 };
    for (unsigned alpha = 1; alpha <= 255; alpha++) {
        for (unsigned opacity = 32; opacity <= 256; opacity += 32) {
            struct bc_draw_overlay *o =
                create(2, 2, &(struct bc_rect){ 0, 0, 2, 2 }, 0xffff0000U | alpha);
            struct board b = board_create(2, 2, brightest);
            bc_draw_overlay(&b.canvas, o, 0, 0, opacity);
            assert_true(board_at(&b, 0, 0, 0) >= 200);
            assert_true(board_at(&b, 2, 0, 0) >= 128);
            board_destroy(&b);
            bc_draw_overlay_destroy(o);
        }
    }
}

static void
test_opacity_weakens(void **state)
{
    (void)state;
    struct bc_draw_overlay *o = create(8, 8, &(struct bc_rect){ 0, 0, 8, 8 }, 0xffffffff);
    struct board b = board_create(8, 8, BLACK);
    bc_draw_overlay(&b.canvas, o, 0, 0, 0);
    board_expect(&b, &(struct bc_rect){ 0, 0, 8, 8 }, BLACK);
    bc_draw_overlay(&b.canvas, o, 0, 0, 128);
    expect_near(&b, 0, 3, 3, (235 + 16) / 2);
    expect_near(&b, 1, 3, 3, 128);
    board_destroy(&b);
    bc_draw_overlay_destroy(o);
}

// Half of a square of four pixels has half the color.
static void
test_odd_edges_share_their_color(void **state)
{
    (void)state;
    struct bc_draw_overlay *o = create(7, 7, &(struct bc_rect){ 3, 0, 4, 7 }, 0xff0000ff);
    struct board b = board_create(16, 16, BLACK);
    bc_draw_overlay(&b.canvas, o, 0, 0, BC_DRAW_OPAQUE);
    assert_int_equal(board_at(&b, 0, 2, 0), 16);
    assert_int_equal(board_at(&b, 0, 3, 0), RED_Y);
    assert_int_equal(board_at(&b, 0, 6, 6), RED_Y);
    assert_int_equal(board_at(&b, 0, 7, 6), 16);
    assert_int_equal(board_at(&b, 0, 6, 7), 16);
    expect_near(&b, 2, 2, 0, (128 + RED_V) / 2);
    assert_int_equal(board_at(&b, 2, 4, 0), RED_V);
    expect_near(&b, 2, 6, 0, (128 + RED_V) / 2);
    expect_near(&b, 2, 6, 6, (3 * 128 + RED_V) / 4);
    board_expect_margins(&b);
    board_destroy(&b);
    bc_draw_overlay_destroy(o);
}

static void
test_images_are_clipped(void **state)
{
    (void)state;
    struct bc_draw_overlay *o = create(8, 6, &(struct bc_rect){ 0, 0, 8, 6 }, 0xffffffff);
    for (int y = -8; y <= 18; y += 2) {
        for (int x = -10; x <= 18; x += 2) {
            struct board b = board_create(16, 16, BLACK);
            bc_draw_overlay(&b.canvas, o, x, y, BC_DRAW_OPAQUE);
            for (int i = 0; i < 256; i++) {
                int px = i % 16;
                int py = i / 16;
                bool inside = px >= x && px < x + 8 && py >= y && py < y + 6;
                board_expect(
                    &b, &(struct bc_rect){ px, py, 1, 1 }, inside ? WHITE : BLACK);
            }
            board_expect_margins(&b);
            board_destroy(&b);
        }
    }
    bc_draw_overlay_destroy(o);
}

static void
test_given_box_is_all_that_is_drawn(void **state)
{
    (void)state;
    uint8_t *pixels = create_image(12, 12, &(struct bc_rect){ 0, 0, 12, 12 }, 0xffffffff);
    struct bc_draw_overlay *o =
        bc_draw_overlay_create(pixels, 48, 12, 12, &(struct bc_rect){ 4, 4, 4, 4 });
    struct board b = board_create(16, 16, BLACK);
    bc_draw_overlay(&b.canvas, o, 0, 0, BC_DRAW_OPAQUE);
    board_expect(&b, &(struct bc_rect){ 4, 4, 4, 4 }, WHITE);
    board_expect(&b, &(struct bc_rect){ 0, 0, 16, 4 }, BLACK);
    board_expect(&b, &(struct bc_rect){ 0, 8, 16, 8 }, BLACK);
    board_destroy(&b);
    bc_draw_overlay_destroy(o);
    free(pixels);
}

static void
test_nothing_to_draw(void **state)
{
    (void)state;
    struct bc_draw_overlay *o = create(8, 8, &(struct bc_rect){ 0, 0, 0, 0 }, 0);
    struct board b = board_create(16, 16, BLACK);
    bc_draw_overlay(&b.canvas, o, 0, 0, BC_DRAW_OPAQUE);
    board_expect(&b, &(struct bc_rect){ 0, 0, 16, 16 }, BLACK);
    board_destroy(&b);
    bc_draw_overlay_destroy(o);
    bc_draw_overlay_destroy(NULL);
    uint8_t pixel[4] = { 0 };
    assert_null(bc_draw_overlay_create(pixel, 4, 0, 1, NULL));
    assert_null(bc_draw_overlay_create(pixel, 4, 1, 100000, NULL));
    o = bc_draw_overlay_create(pixel, 4, 1, 1, NULL);
    assert_non_null(o);
    bc_draw_overlay_destroy(o);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opaque_image_replaces),
        cmocka_unit_test(test_every_alpha_blends),
        cmocka_unit_test(test_bright_over_bright_stays_bright),
        cmocka_unit_test(test_opacity_weakens),
        cmocka_unit_test(test_odd_edges_share_their_color),
        cmocka_unit_test(test_images_are_clipped),
        cmocka_unit_test(test_given_box_is_all_that_is_drawn),
        cmocka_unit_test(test_nothing_to_draw),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
