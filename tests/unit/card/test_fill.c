// SPDX-License-Identifier: Apache-2.0
// Filling: what comes where, and that no value can be more than text.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "card/instant.h"
#include "kit.h"

#define ONE_FIELD SVG("<text data-field='title' x='1' y='9'>sample</text>")

// A PNG of one red pixel.
#define RED_PNG                                                                          \
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElF" \
    "TkSuQmCC"

static void
check_has(char *text, const char *part, bool wanted)
{
    if ((strstr(text, part) != NULL) != wanted) {
        fail_msg("%s '%s' in %s", wanted ? "no" : "a", part, text);
    }
}

static void
test_values_are_nothing_but_text(void **state)
{
    (void)state;
    static const struct {
        const char *data;
        const char *shown; // NULL: nothing
    } CASES[] = {
        { "{\"title\":\"<script>&'\\\"\"}", ">&lt;script&gt;&amp;&#39;&quot;</text>" },
        { "{\"title\":\"]]>\"}", ">]]&gt;</text>" },
        { "{\"title\":\"a\\u0000b\"}", NULL }, // jansson refuses it: no data at all
        { "{\"title\":\"a\\u0001\\u001b[31mb\"}", ">a[31mb</text>" },
        { "{\"title\":\"\\u202eevil\\u202c \\u2066x\\u2069\"}", ">evil x</text>" },
        { "{\"title\":\"\\u200bx\\ufeff\"}", ">x</text>" },
        { "{\"title\":\" a \\n\\t b \"}", ">a b</text>" },
        { "{\"title\":\"\\ufffe\\uffff\"}", NULL },
        { "{\"title\":89}", ">89</text>" },
        { "{\"title\":89.90}", ">89.9</text>" },
        { "{\"title\":0}", ">0</text>" },
        { "{\"title\":true}", NULL },
        { "{\"title\":null}", NULL },
        { "{\"title\":\"\"}", NULL },
        { "{\"title\":{\"a\":1}}", NULL },
        { "{\"title\":[\"a\"]}", NULL },
        { "{}", NULL },
    };
    struct bc_card_set *set = kit_set(ONE_FIELD);
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        char why[BC_CARD_WHY];
        struct bc_buf *svg = bc_card_fill(
            set, "t", CASES[i].data, strlen(CASES[i].data), NULL, why);
        if (!svg) {
            assert_null(CASES[i].shown);
            assert_non_null(strstr(why, "no JSON object"));
            continue;
        }
        char text[2000];
        snprintf(text, sizeof(text), "%.*s", (int)svg->len, (char *)svg->data);
        check_has(text, CASES[i].shown ? CASES[i].shown : "<text", CASES[i].shown != NULL);
        check_has(text, "sample", false);
        bc_buf_unref(&svg);
    }
    bc_card_set_unref(&set);
}

static void
test_data_has_limits(void **state)
{
    (void)state;
    static const char *const WRONG[] = { "", "[]", "null", "\"a\"", "{", "{\"a\":\"\xff\"}" };
    char why[BC_CARD_WHY];
    struct bc_card_set *set = kit_set(ONE_FIELD);
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        assert_null(bc_card_fill(set, "t", WRONG[i], strlen(WRONG[i]), NULL, why));
    }
    assert_null(bc_card_fill(set, "none", "{}", 2, NULL, why));
    assert_non_null(strstr(why, "no template"));
    char data[5000];
    memset(data, 'm', sizeof(data));
    memcpy(data, "{\"title\":\"", 10);
    memcpy(data + 4094, "\"}", 2);
    struct bc_buf *svg = bc_card_fill(set, "t", data, 4096, NULL, why);
    assert_non_null(svg);
    assert_true(svg->len < 1000); // 400 characters are enough for any card
    bc_buf_unref(&svg);
    memcpy(data + 4095, "\"}", 2);
    assert_null(bc_card_fill(set, "t", data, 4097, NULL, why));
    bc_card_set_unref(&set);
}

static void
test_groups_depend_on_fields(void **state)
{
    (void)state;
    static const char TEMPLATE[] = SVG(
        "<g data-if='price old_price'>both</g><g id='b' data-if='price old_price'/>"
        "<g id='n' data-unless='price, old_price'/><g id='p' data-if='price'/>"
        "<text><tspan data-currency='price'>¥</tspan><tspan data-field='price'/></text>");
    char *text = kit_fill(TEMPLATE, "{\"price\":\"89\",\"old_price\":129}");
    check_has(text, "id=\"b\"", true);
    check_has(text, "id=\"n\"", false);
    check_has(text, "¥", true);
    check_has(text, "data-", false);
    free(text);
    text = kit_fill(TEMPLATE, "{\"price\":\"$9\"}");
    check_has(text, "id=\"b\"", false);
    check_has(text, "id=\"n\"", false);
    check_has(text, "id=\"p\"", true);
    check_has(text, "¥", false);
    check_has(text, ">$9</tspan>", true);
    free(text);
    text = kit_fill(TEMPLATE, "{\"old_price\":false}");
    check_has(text, "id=\"n\"", true);
    check_has(text, "id=\"p\"", false);
    free(text);
}

static void
test_text_is_broken_into_lines(void **state)
{
    (void)state;
    static const char TEMPLATE[]
        = SVG("<text data-field='t' x='10' y='30' data-width='100' data-lines='2' "
              "data-line-height='25' id='i' font-size='20' "
              "font-family=\"'Noto Sans CJK SC',sans-serif\">s</text>");
    // Chinese is as wide as it is high: five characters a line.
    char *text = kit_fill(TEMPLATE, "{\"t\":\"云南高山小粒咖\"}");
    check_has(text, " y=\"30\" style=\"font-size:20px\" textLength=\"100\"", true);
    check_has(text, ">云南高山小</text>", true);
    check_has(text, " y=\"55\"", true);
    check_has(text, ">粒咖</text>", true);
    check_has(strstr(text, "id=\"i\"") + 1, "id=\"i\"", false);
    free(text);
    // What does not fit ends in an ellipsis, which fits too.
    text = kit_fill(TEMPLATE, "{\"t\":\"云南高山小粒咖啡深度烘焙新鲜现磨\"}");
    check_has(text, ">云南高山小</text>", true);
    check_has(text, ">粒咖啡深…</text>", true);
    check_has(text, "烘", false);
    free(text);
    // No line begins with a full stop.
    text = kit_fill(TEMPLATE, "{\"t\":\"云南高山小。粒\"}");
    check_has(text, ">。", false);
    free(text);
    // Latin breaks between words.
    text = kit_fill(TEMPLATE, "{\"t\":\"coffee beans x\"}");
    check_has(text, ">coffee</text>", true);
    check_has(text, ">beans x</text>", true);
    free(text);
}

static void
test_letters_shrink_before_they_are_cut(void **state)
{
    (void)state;
    static const char TEMPLATE[]
        = SVG("<text data-field='t' data-width='100' data-min-size='10' data-prefix='[' "
              "data-suffix=']' style='fill:red' font-size='20' "
              "font-family='Noto Sans CJK SC'/>");
    char *text = kit_fill(TEMPLATE, "{\"t\":\"云南高山小粒\"}");
    const char *size = strstr(text, "style=\"fill:red;font-size:");
    assert_non_null(size);
    double px = strtod(size + strlen("style=\"fill:red;font-size:"), NULL);
    assert_true(px >= 10 && px < 17);
    check_has(text, ">[云南高山小粒]</text>", true);
    free(text);
}

static struct bc_buf *
load_picture(void *user, const char *id)
{
    (*(unsigned *)user)++;
    return strcmp(id, "0123456789abcdef") == 0
        ? bc_buf_copy("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1", 24)
        : NULL;
}

static void
test_pictures_come_inside(void **state)
{
    (void)state;
    static const char TEMPLATE[]
        = SVG("<image data-field='picture' href='' width='9' height='9'/>"
              "<rect id='none' data-unless='picture'/>");
    unsigned asked = 0;
    const struct bc_card_pictures pictures = { load_picture, &asked };
    char *text = kit_fill_with(TEMPLATE, "{\"picture\":\"0123456789abcdef\"}", &pictures);
    check_has(text, "xlink:href=\"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB\"",
        true);
    check_has(text, "id=\"none\"", false);
    assert_int_equal(asked, 1);
    free(text);
    text = kit_fill(TEMPLATE, "{\"picture\":\"data:image/png;base64," RED_PNG "\"}");
    check_has(text, RED_PNG, true);
    free(text);
    static const char *const WRONG[] = { "{\"picture\":\"fedcba9876543210\"}",
        "{\"picture\":\"../../keys/admin\"}", "{\"picture\":\"http://evil.example/x.png\"}",
        "{\"picture\":\"data:image/svg+xml;base64,PHN2Zy8+\"}",
        "{\"picture\":\"data:image/png;base64,\\\"/><script/>\"}", "{\"picture\":7}", "{}" };
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        text = kit_fill_with(TEMPLATE, WRONG[i], &pictures);
        check_has(text, "<image", false);
        check_has(text, "id=\"none\"", true);
        free(text);
    }
    assert_int_equal(asked, 2); // what is no id is not asked for
}

static void
test_a_qr_code_fills_its_rectangle(void **state)
{
    (void)state;
    static const char TEMPLATE[] = SVG(
        "<rect data-field='qr' x='10' y='10' width='50' height='50' data-color='#123456'/>");
    char *text = kit_fill(TEMPLATE, "{\"qr\":\"https://shop.example/p/1\"}");
    // 25 modules (version 2) and two on each side.
    check_has(text, "translate(13.4483 13.4483) scale(1.72414)\" fill=\"#123456\"", true);
    check_has(text, "d=\"M0 0h7v1h-7z", true);
    free(text);
    char data[1000];
    memset(data, 'q', sizeof(data));
    memcpy(data, "{\"qr\":\"", 7);
    memcpy(data + 700, "\"}", 3);
    text = kit_fill(TEMPLATE, data);
    check_has(text, "<rect", false);
    free(text);
}

static void
test_what_is_filled_may_be_drawn(void **state)
{
    (void)state;
    static const char DATA[]
        = "{\"title\":\"云南咖啡 & <b>\",\"price\":89,\"old_price\":\"¥129\",\"stock\":3,"
          "\"qr\":\"https://shop.example/p/1\",\"text\":\"\\\"'<>&\",\"amount\":20,"
          "\"code\":\"A&B\",\"until\":\"11-30\",\"prize\":\"x\",\"countdown\":\"00:42\","
          "\"picture\":\"data:image/png;base64," RED_PNG "\"}";
    char why[BC_CARD_WHY];
    struct bc_card_set *set = bc_card_set_load(NULL, NULL);
    for (size_t i = 0; bc_card_set_name(set, i); i++) {
        const char *name = bc_card_set_name(set, i);
        int width;
        int height;
        assert_true(bc_card_set_find(set, name, &width, &height));
        struct bc_buf *svg = bc_card_fill(set, name, DATA, strlen(DATA), NULL, why);
        assert_non_null(svg);
        struct bc_card_image *image = bc_card_draw(svg->data, svg->len, width, height, why);
        assert_non_null(image);
        assert_true(image->box.width > width * 9 / 10);
        assert_true(image->box.height > height * 9 / 10);
        bc_card_image_unref(&image);
        bc_buf_unref(&svg);
    }
    bc_card_set_unref(&set);
}

static void
test_points_in_time_are_as_people_read_them(void **state)
{
    (void)state;
    static const int64_t NOW_US = 1764759600000000; // 2025-12-03T11:00:00Z
    static const struct {
        const char *text;
        const char *shown; // NULL: it is none
    } CASES[] = {
        { "2025-12-03T20:30:00+08:00", "20:30" },
        { "2025-12-03T12:30:00Z", "20:30" },
        { "2025-12-03T12:30:00.999Z", "20:30" },
        { "2025-12-03T16:00:00Z", "12\xe6\x9c\x88" "4\xe6\x97\xa5 00:00" },
        { "2025-02-03T16:00:00Z", "2\xe6\x9c\x88" "4\xe6\x97\xa5 00:00" },
        { "2026-01-02T01:05:00Z",
            "2026\xe5\xb9\xb4" "1\xe6\x9c\x88" "2\xe6\x97\xa5 09:05" },
        { "11-30", NULL },
        { "20:30", NULL },
        { "2025-12-03", NULL },
        { "2025-12-03T12:30:00", NULL },
        { "2025-13-03T12:30:00Z", NULL },
        { "until 2025-12-03T12:30:00Z", NULL },
        { "2025-12-03T12:30:00Z!", NULL },
        { "", NULL },
    };
    char shown[CARD_INSTANT_BYTES];
    setenv("TZ", "CST-8", 1); // as Asia/Shanghai, which need not be installed
    tzset();
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        assert_int_equal(
            card_instant_text(CASES[i].text, NOW_US, shown), CASES[i].shown != NULL);
        if (CASES[i].shown) {
            assert_string_equal(shown, CASES[i].shown);
        }
    }
    char *text = kit_fill(ONE_FIELD, "{\"title\":\"2001-12-03T12:30:00Z\"}");
    check_has(text, ">2001\xe5\xb9\xb4" "12\xe6\x9c\x88" "3\xe6\x97\xa5 20:30<", true);
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_nothing_but_text),
        cmocka_unit_test(test_data_has_limits),
        cmocka_unit_test(test_groups_depend_on_fields),
        cmocka_unit_test(test_text_is_broken_into_lines),
        cmocka_unit_test(test_letters_shrink_before_they_are_cut),
        cmocka_unit_test(test_pictures_come_inside),
        cmocka_unit_test(test_a_qr_code_fills_its_rectangle),
        cmocka_unit_test(test_what_is_filled_may_be_drawn),
        cmocka_unit_test(test_points_in_time_are_as_people_read_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
