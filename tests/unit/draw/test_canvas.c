// SPDX-License-Identifier: Apache-2.0
// Colors, pictures with round corners and fades, pixel by pixel.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

#include "board.h"

static const uint8_t BLACK[3] = { 16, 128, 128 };
static const uint8_t WHITE[3] = { 235, 128, 128 };
static const uint8_t GREY[3] = { 100, 60, 200 };
static const uint8_t RED[3] = { RED_Y, RED_U, RED_V };

static void
test_colors_are_those_of_bt709(void **state)
{
    (void)state;
    static const struct {
        uint32_t color;
        uint8_t yuv[3];
    } colors[] = {
        { 0x000000ff, { 16, 128, 128 } },
        { 0xffffffff, { 235, 128, 128 } },
        { 0xff0000ff, { 63, 102, 240 } },
        { 0x00ff00ff, { 173, 42, 26 } },
        { 0x0000ffff, { 32, 240, 118 } },
        { 0x808080ff, { 126, 128, 128 } },
    };
    struct board b = board_create(16, 8, GREY);
    const struct bc_rect all = { 0, 0, 16, 8 };
    for (size_t i = 0; i < sizeof(colors) / sizeof(colors[0]); i++) {
        bc_draw_fill(&b.canvas, colors[i].color);
        board_expect(&b, &all, colors[i].yuv);
    }
    board_expect_margins(&b);
    board_destroy(&b);
}

static void
test_fill_stays_inside(void **state)
{
    (void)state;
    struct board b = board_create(16, 16, BLACK);
    const struct bc_rect parts[] = { { -4, -4, 8, 8 }, { 12, 12, 100, 100 },
        { 16, 0, 8, 8 }, { 0, -8, 16, 8 }, { 4, 4, 0, 4 } };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        bc_draw_fill_rect(&b.canvas, &parts[i], 0xff0000ff);
    }
    board_expect(&b, &(struct bc_rect){ 0, 0, 4, 4 }, RED);
    board_expect(&b, &(struct bc_rect){ 12, 12, 4, 4 }, RED);
    board_expect(&b, &(struct bc_rect){ 4, 0, 12, 12 }, BLACK);
    board_expect(&b, &(struct bc_rect){ 0, 4, 12, 12 }, BLACK);
    board_expect_margins(&b);
    board_destroy(&b);
}

// At every edge and corner, and wholly outside.
static void
test_pictures_are_clipped(void **state)
{
    (void)state;
    struct board small = board_create(8, 6, WHITE);
    struct bc_draw_picture picture = board_picture(&small);
    for (int y = -8; y <= 18; y += 2) {
        for (int x = -10; x <= 18; x += 2) {
            struct board b = board_create(16, 16, BLACK);
            bc_draw_picture(&b.canvas, &picture, x, y, NULL, BC_DRAW_OPAQUE);
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
    board_destroy(&small);
}

static void
test_odd_places_become_even(void **state)
{
    (void)state;
    struct board small = board_create(5, 5, WHITE);
    struct bc_draw_picture picture = board_picture(&small);
    struct board b = board_create(16, 16, BLACK);
    bc_draw_picture(&b.canvas, &picture, 3, 5, NULL, BC_DRAW_OPAQUE);
    board_expect(&b, &(struct bc_rect){ 2, 4, 4, 4 }, WHITE);
    board_expect(&b, &(struct bc_rect){ 6, 0, 10, 16 }, BLACK);
    board_expect(&b, &(struct bc_rect){ 0, 8, 16, 8 }, BLACK);
    bc_draw_picture(&b.canvas, &picture, -3, -3, NULL, BC_DRAW_OPAQUE);
    board_expect(&b, &(struct bc_rect){ 0, 0, 2, 4 }, BLACK);
    board_destroy(&b);
    board_destroy(&small);
}

static void
test_opacity_mixes(void **state)
{
    (void)state;
    struct board over = board_create(40, 4, WHITE);
    struct bc_draw_picture picture = board_picture(&over);
    for (unsigned part = 0; part <= 256; part++) {
        struct board b = board_create(40, 4, GREY);
        bc_draw_cross(&b.canvas, &picture, part);
        uint8_t yuv[3];
        for (int p = 0; p < 3; p++) {
            yuv[p] = (uint8_t)((GREY[p] * (256 - part) + WHITE[p] * part + 128) / 256);
        }
        board_expect(&b, &(struct bc_rect){ 0, 0, 40, 4 }, yuv);
        board_expect_margins(&b);
        board_destroy(&b);
    }
    assert_int_equal(bc_draw_opacity(-1), 0);
    assert_int_equal(bc_draw_opacity(0.5), 128);
    assert_int_equal(bc_draw_opacity(1), BC_DRAW_OPAQUE);
    assert_int_equal(bc_draw_opacity(7), BC_DRAW_OPAQUE);
    board_destroy(&over);
}

static void
test_corners_are_round(void **state)
{
    (void)state;
    struct board small = board_create(40, 30, WHITE);
    struct bc_draw_picture picture = board_picture(&small);
    struct bc_draw_corner *corner = bc_draw_corner_create(10);
    struct board b = board_create(60, 50, BLACK);
    bc_draw_picture(&b.canvas, &picture, 10, 10, corner, BC_DRAW_OPAQUE);
    // Outside the circle, inside it, and beyond the corner.
    const int xs[2] = { 10, 49 };
    const int ys[2] = { 10, 39 };
    for (int i = 0; i < 4; i++) {
        assert_int_equal(board_at(&b, 0, xs[i % 2], ys[i / 2]), 16);
    }
    board_expect(&b, &(struct bc_rect){ 20, 10, 20, 30 }, WHITE);
    board_expect(&b, &(struct bc_rect){ 10, 20, 40, 10 }, WHITE);
    board_expect(&b, &(struct bc_rect){ 14, 14, 32, 22 }, WHITE);
    // What is partly covered is symmetric and between the two colors.
    bool mixed = false;
    for (int y = 0; y < 10; y++) {
        for (int x = 0; x < 10; x++) {
            uint8_t pixel = board_at(&b, 0, 10 + x, 10 + y);
            assert_int_equal(pixel, board_at(&b, 0, 10 + y, 10 + x));
            assert_int_equal(pixel, board_at(&b, 0, 49 - x, 10 + y));
            assert_int_equal(pixel, board_at(&b, 0, 10 + x, 39 - y));
            assert_int_equal(pixel, board_at(&b, 0, 49 - x, 39 - y));
            assert_in_range(pixel, 16, 235);
            mixed = mixed || (pixel > 16 && pixel < 235);
        }
    }
    assert_true(mixed);
    board_expect_margins(&b);
    board_destroy(&b);
    bc_draw_corner_destroy(corner);
    board_destroy(&small);
}

// Clipped in the middle of its corners, with opacity: as the whole one, where it is seen.
static void
test_clipped_corners_are_those_of_the_whole(void **state)
{
    (void)state;
    struct board small = board_create(40, 30, WHITE);
    struct bc_draw_picture picture = board_picture(&small);
    struct bc_draw_corner *corner = bc_draw_corner_create(11);
    struct board whole = board_create(100, 80, GREY);
    bc_draw_picture(&whole.canvas, &picture, 40, 40, corner, 100);
    const int moves[][2] = { { -6, -6 }, { 6, -4 }, { -8, 20 }, { 16, 18 } };
    for (size_t i = 0; i < 4; i++) {
        struct board b = board_create(40, 30, GREY);
        bc_draw_picture(&b.canvas, &picture, moves[i][0], moves[i][1], corner, 100);
        for (int k = 0; k < 40 * 30; k++) {
            int x = k % 40;
            int y = k / 40;
            int wx = x - moves[i][0] + 40;
            int wy = y - moves[i][1] + 40;
            for (int p = 0; p < 3; p++) {
                assert_int_equal(board_at(&b, p, x, y), board_at(&whole, p, wx, wy));
            }
        }
        board_expect_margins(&b);
        board_destroy(&b);
    }
    bc_draw_corner_destroy(corner);
    board_destroy(&whole);
    board_destroy(&small);
}

static void
test_corners_of_senseless_sizes(void **state)
{
    (void)state;
    assert_null(bc_draw_corner_create(0));
    assert_null(bc_draw_corner_create(-3));
    assert_null(bc_draw_corner_create(100000));
    struct board small = board_create(8, 8, WHITE);
    struct bc_draw_picture picture = board_picture(&small);
    struct board b = board_create(16, 16, BLACK);
    struct bc_draw_corner *corner = bc_draw_corner_create(5);
    bc_draw_picture(&b.canvas, &picture, 0, 0, corner, BC_DRAW_OPAQUE);
    board_expect(&b, &(struct bc_rect){ 0, 0, 8, 8 }, WHITE);
    bc_draw_corner_destroy(corner);
    corner = bc_draw_corner_create(4);
    bc_draw_picture(&b.canvas, &picture, 8, 8, corner, BC_DRAW_OPAQUE);
    assert_int_equal(board_at(&b, 0, 8, 8), 16);
    assert_int_equal(board_at(&b, 0, 12, 12), 235);
    bc_draw_corner_destroy(corner);
    board_destroy(&b);
    board_destroy(&small);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_colors_are_those_of_bt709),
        cmocka_unit_test(test_fill_stays_inside),
        cmocka_unit_test(test_pictures_are_clipped),
        cmocka_unit_test(test_odd_places_become_even),
        cmocka_unit_test(test_opacity_mixes),
        cmocka_unit_test(test_corners_are_round),
        cmocka_unit_test(test_clipped_corners_are_those_of_the_whole),
        cmocka_unit_test(test_corners_of_senseless_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
