// SPDX-License-Identifier: Apache-2.0
// Pixels: where something is drawn and in which colours.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit.h"

#define CJK "font-family=\"'Noto Sans CJK SC',sans-serif\""

static void
check_box(const struct bc_card_image *image, int x, int y, int width, int height)
{
    assert_int_equal(image->box.x, x);
    assert_int_equal(image->box.y, y);
    assert_int_equal(image->box.width, width);
    assert_int_equal(image->box.height, height);
}

static void
test_shapes_lie_where_they_should(void **state)
{
    (void)state;
    struct bc_card_image *image
        = kit_draw(SVG("<rect x='20' y='10' width='40' height='30' fill='#ff8000'/>"
                       "<rect x='100' y='50' width='20' height='20' fill='#0000ff' "
                       "fill-opacity='0.5'/>"),
            "{}", 400, 200); // twice the template's size
    check_box(image, 40, 20, 200, 120);
    assert_int_equal(kit_pixel(image, 40, 20), 0xffff8000);
    assert_int_equal(kit_pixel(image, 119, 79), 0xffff8000);
    assert_int_equal(kit_pixel(image, 39, 20), 0);
    assert_int_equal(kit_pixel(image, 120, 79), 0);
    // Half transparent: the colour is multiplied by alpha.
    assert_int_equal(kit_pixel(image, 220, 120) >> 24, 128);
    assert_int_equal(kit_pixel(image, 220, 120) & 0xffffff, 128);
    assert_int_equal(image->stride % 64, 0);
    assert_int_equal((uintptr_t)image->pixels % 64, 0);
    bc_card_image_unref(&image);
    // Another shape: in the middle.
    image = kit_draw(SVG("<rect width='200' height='100' fill='#00ff00'/>"), "{}", 100, 100);
    check_box(image, 0, 25, 100, 50);
    bc_card_image_unref(&image);
    image = kit_draw(SVG(""), "{}", 10, 10);
    check_box(image, 0, 0, 0, 0);
    bc_card_image_unref(&image);
}

static void
test_wrong_sizes_are_refused(void **state)
{
    (void)state;
    char why[BC_CARD_WHY];
    static const char EMPTY[] = SVG("");
    assert_null(bc_card_draw(EMPTY, strlen(EMPTY), 0, 10, why));
    assert_null(bc_card_draw(EMPTY, strlen(EMPTY), 10, 4097, why));
    assert_null(bc_card_draw(EMPTY, strlen(EMPTY), -1, 10, why));
    char *large = calloc(1, BC_CARD_SVG_BYTES_MAX + 1);
    assert_null(bc_card_draw(large, BC_CARD_SVG_BYTES_MAX + 1, 10, 10, why));
    free(large);
}

static struct bc_card_image *
draw_title(const char *data)
{
    return kit_draw(SVG("<text data-field='t' x='10' y='70' font-size='60' " CJK "/>"), data,
        200, 100);
}

static void
test_chinese_is_drawn_with_its_own_glyphs(void **state)
{
    (void)state;
    struct bc_card_image *a = draw_title("{\"t\":\"咖\"}");
    struct bc_card_image *b = draw_title("{\"t\":\"啡\"}");
    struct bc_card_image *again = draw_title("{\"t\":\"咖\"}");
    assert_true(kit_ink(a, 0, 0, 200, 100) > 500);
    assert_true(kit_differences(a, b) > 300); // two boxes would be the same
    assert_int_equal(kit_differences(a, again), 0);
    // As wide as it is high, and nowhere else.
    assert_true(a->box.x >= 10 && a->box.x + a->box.width <= 70);
    assert_true(a->box.width > 45 && a->box.height > 45);
    bc_card_image_unref(&a);
    bc_card_image_unref(&b);
    bc_card_image_unref(&again);
    // A character that no font has leaves no box.
    a = draw_title("{\"t\":\"\\ud83a\\udfff\"}"); // U+1EBFF, unassigned
    assert_int_equal(a->box.width, 0);
    bc_card_image_unref(&a);
}

static void
test_lines_stay_inside(void **state)
{
    (void)state;
    static const char TEMPLATE[]
        = SVG("<text data-field='t' x='20' y='30' data-width='160' data-lines='3' "
              "data-line-height='28' font-size='24' font-weight='700' " CJK "/>");
    static const char *const TITLES[] = { "云南高山小粒咖啡豆深度烘焙新鲜现磨二百五十克装送手冲滤纸",
        "Freshly roasted coffee beans from Yunnan, ground for you this morning",
        "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW", "，，，，，，，，，，，，，，，，，，，，" };
    for (size_t i = 0; i < sizeof(TITLES) / sizeof(TITLES[0]); i++) {
        char data[400];
        snprintf(data, sizeof(data), "{\"t\":\"%s\"}", TITLES[i]);
        struct bc_card_image *image = kit_draw(TEMPLATE, data, 200, 100);
        assert_true(image->box.x >= 19);
        assert_true(image->box.x + image->box.width <= 182);
        assert_true(image->box.y + image->box.height <= 96);
        assert_true(kit_ink(image, 20, 65, 160, 30) > 10); // a third line
        bc_card_image_unref(&image);
    }
}

static void
test_the_old_price_is_struck_through(void **state)
{
    (void)state;
    static const char PLAIN[]
        = SVG("<text data-field='p' x='10' y='60' font-size='40' " CJK "/>");
    static const char STRUCK[] = SVG("<text data-field='p' x='10' y='60' font-size='40' "
                                     "text-decoration='line-through' " CJK "/>");
    struct bc_card_image *plain = kit_draw(PLAIN, "{\"p\":\"1 1\"}", 200, 100);
    struct bc_card_image *struck = kit_draw(STRUCK, "{\"p\":\"1 1\"}", 200, 100);
    assert_true(kit_differences(plain, struck) > 20);
    // Between both digits there is the line alone.
    int middle = plain->box.x + plain->box.width / 2;
    assert_int_equal(kit_ink(plain, middle, 20, 1, 60), 0);
    unsigned line = kit_ink(struck, middle, 20, 1, 60);
    assert_true(line >= 1 && line <= 6);
    bc_card_image_unref(&plain);
    bc_card_image_unref(&struck);
}

static void
test_text_is_drawn_by_itself(void **state)
{
    (void)state;
    struct bc_text_style style
        = { .size_px = 40, .color = 0xffff0000, .bold = true, .align = BC_TEXT_CENTER };
    struct bc_card_image *one = bc_text_draw(&style, "直播");
    assert_non_null(one);
    assert_true(one->width >= 78 && one->width <= 90);
    assert_true(one->height >= 40 && one->height <= 70);
    assert_true(kit_ink(one, 0, 0, one->width, one->height) > 300);
    unsigned red = 0;
    for (int y = 0; y < one->height; y++) {
        for (int x = 0; x < one->width; x++) {
            red += kit_pixel(one, x, y) == 0xffff0000;
        }
    }
    assert_true(red > 200);
    struct bc_card_image *two = bc_text_draw(&style, "直播\n中");
    assert_int_equal(two->height / one->height, 2);
    style.width_px = 100;
    style.lines_max = 2;
    struct bc_card_image *wrapped = bc_text_draw(&style, "直播间今晚十点全场包邮不要错过");
    assert_true(wrapped->width <= 100);
    assert_true(wrapped->height <= 2 * one->height + 2);
    style.outline_px = 3;
    style.outline_color = 0xff0000ff;
    struct bc_card_image *outlined = bc_text_draw(&style, "直播");
    assert_true(kit_ink(outlined, 0, 0, outlined->width, outlined->height)
        > kit_ink(one, 0, 0, one->width, one->height) * 13 / 10);
    bc_card_image_unref(&one);
    bc_card_image_unref(&two);
    bc_card_image_unref(&wrapped);
    bc_card_image_unref(&outlined);
    assert_null(bc_text_draw(&style, ""));
    assert_null(bc_text_draw(&style, "\x01\x02"));
    one = bc_text_draw(&style, "\xff\xfe\xf0\x90"); // no UTF-8: replaced or left out
    bc_card_image_unref(&one);
    style.size_px = 1e9;
    assert_null(bc_text_draw(&style, "a"));
}

static void
test_qr_codes_have_whole_modules_and_a_quiet_zone(void **state)
{
    (void)state;
    struct bc_card_image *image = bc_qr_draw("https://shop.example/p/1", 200);
    assert_non_null(image);
    // 25 modules and 2 x 4 of white: 6 pixels each, 25 before the first.
    assert_int_equal(kit_pixel(image, 24, 25), 0xffffffff);
    assert_int_equal(kit_pixel(image, 25, 25), 0xff000000);
    assert_int_equal(kit_pixel(image, 25 + 41, 25 + 41), 0xff000000); // the finder's corner
    assert_int_equal(kit_pixel(image, 25 + 6, 25 + 6), 0xffffffff);
    assert_int_equal(kit_pixel(image, 25 + 18, 25 + 18), 0xff000000);
    check_box(image, 0, 0, 200, 200);
    bc_card_image_unref(&image);
    assert_null(bc_qr_draw("", 200));
    assert_null(bc_qr_draw("a", 31));
    assert_null(bc_qr_draw("a", 4097));
    char text[700];
    memset(text, 'a', sizeof(text));
    text[600] = '\0';
    assert_null(bc_qr_draw(text, 64)); // modules of no pixel
    image = bc_qr_draw(text, 600);
    assert_non_null(image);
    bc_card_image_unref(&image);
    text[600] = 'a';
    text[601] = '\0';
    assert_null(bc_qr_draw(text, 600));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes_lie_where_they_should),
        cmocka_unit_test(test_wrong_sizes_are_refused),
        cmocka_unit_test(test_chinese_is_drawn_with_its_own_glyphs),
        cmocka_unit_test(test_lines_stay_inside),
        cmocka_unit_test(test_the_old_price_is_struck_through),
        cmocka_unit_test(test_text_is_drawn_by_itself),
        cmocka_unit_test(test_qr_codes_have_whole_modules_and_a_quiet_zone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
