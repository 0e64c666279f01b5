// SPDX-License-Identifier: Apache-2.0
// What a template may hold: hostile SVG is refused, each kind with its own reason.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/writer.h"
#include "kit.h"

static void
check_refused(const char *svg, size_t len, const char *reason)
{
    char why[BC_CARD_WHY] = "";
    struct bc_card_set *set = bc_card_set_load(NULL, NULL);
    assert_false(bc_card_set_add(set, "t", svg, len, why));
    if (!strstr(why, reason)) {
        fail_msg("'%s' instead of '%s' for %.80s", why, reason, svg);
    }
    assert_false(bc_card_set_find(set, "t", NULL, NULL));
    // Nor is it drawn.
    assert_null(bc_card_draw(svg, len, 20, 10, why));
    bc_card_set_unref(&set);
}

static void
test_hostile_templates_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *svg;
        const char *reason;
    } CASES[] = {
        { "<!DOCTYPE svg [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>"
          "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'>]>" SVG("<text>&c;</text>"),
            "DOCTYPE" },
        { "<!DOCTYPE svg SYSTEM 'http://evil.example/x.dtd'>" SVG(""), "DOCTYPE" },
        { "<!DOCTYPE svg [<!ENTITY f SYSTEM 'file:///etc/passwd'>]>" SVG("<text>&f;</text>"),
            "DOCTYPE" },
        { SVG("<text>&nbsp;</text>"), "undefined entity" },
        { "<?xml-stylesheet href='http://evil.example/x.css'?>" SVG(""), "xml-stylesheet" },
        { SVG("<script>alert(1)</script>"), "<script> is not allowed" },
        { SVG("<SCRIPT/>"), "<SCRIPT> is not allowed" },
        { "<svg:svg xmlns:svg='http://www.w3.org/2000/svg' viewBox='0 0 9 9'>"
          "<svg:script/></svg:svg>",
            "<script> is not allowed" },
        { SVG("<foreignObject><body/></foreignObject>"), "<foreignObject> is not allowed" },
        { SVG("<rect onclick='x()'/>"), "onclick is not allowed" },
        { SVG("<rect ONLOAD='x()'/>"), "ONLOAD is not allowed" },
        { SVG("<rect><animate attributeName='x'/></rect>"), "<animate> is not allowed" },
        { SVG("<set/>"), "<set> is not allowed" },
        { SVG("<a href='#x'/>"), "<a> is not allowed" },
        { SVG("<iframe/>"), "<iframe> is not allowed" },
        { SVG("<image href='http://evil.example/x.png'/>"), "href points outside" },
        { SVG("<image xmlns:xlink='x' xlink:href='file:///etc/passwd'/>"),
            "xlink:href points outside" },
        { SVG("<image href='data:image/svg+xml;base64,PHN2Zy8+'/>"), "points outside" },
        { SVG("<image href='data:text/html,x'/>"), "points outside" },
        { SVG("<image href='data:image/png;base64,AAAA'/>"), "no such picture" },
        { SVG("<image href='data:image/png;base64,!!'/>"), "no such picture" },
        { SVG("<use href='other.svg#a'/>"), "points outside" },
        { SVG("<linearGradient href='//x#a'/>"), "points outside" },
        { SVG("<rect fill='url(http://evil.example/#a)'/>"), "url()" },
        { SVG("<rect style='fill:URL( \"x\")'/>"), "url()" },
        { SVG("<rect style='fill:u\\72l(x)'/>"), "\\ or a comment" },
        { SVG("<style>@import 'x.css';</style>"), "@ rule" },
        { SVG("<style><![CDATA[rect{fill:url(x)}]]></style>"), "url()" },
        { SVG("<style>a{b:u/**/rl(x)}</style>"), "comment" },
        { SVG("<style>a{width:expression(x)}</style>"), "not allowed in style" },
        { SVG("<style>@font-face{src:url(x)}</style>"), "@ rule" },
        { SVG("<g xml:base='http://evil.example/'/>"), "xml:base is not allowed" },
        { "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 100000 100'/>", "viewBox" },
        { "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1e9 1e9'/>", "8192" },
        { "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 nan 5'/>", "viewBox" },
        { "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 0 5'/>", "viewBox" },
        { "<svg xmlns='http://www.w3.org/2000/svg'/>", "viewBox" },
        { SVG("<rect width='1e30'/>"), "beyond 8192" },
        { SVG("<path d='M0 0L99999 0'/>"), "beyond 8192" },
        { SVG("<g transform='scale(100000)'/>"), "beyond 8192" },
        { SVG("<path stroke-dasharray='0.0001' d='M0 0h8000'/>"), "from 1 to 8192" },
        { SVG("<filter><feGaussianBlur stdDeviation='5000'/></filter>"), "larger than 64" },
        { SVG("<g id='a'><use href='#b'/><use href='#b'/></g>"), "<use> is not allowed" },
        { SVG("<svg/>"), "inside another" },
        { SVG("<circle data-field='x'/>"), "belongs to" },
        { SVG("<text data-field='a b'/>"), "no field's name" },
        { "<html/>", "must be <svg>" },
        { "<svg", "unclosed" },
        { "", "no element" },
        { SVG("<text>\xff\xfe</text>"), "invalid token" },
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        check_refused(CASES[i].svg, strlen(CASES[i].svg), CASES[i].reason);
    }
}

static void
repeat(struct bc_writer *w, const char *text, unsigned count)
{
    while (count-- > 0) {
        bc_write_str(w, text);
    }
}

// `inner` between what opens and closes an SVG, `count` times; and `after` as often.
static void
check_many(const char *inner, const char *after, unsigned count, const char *reason)
{
    struct bc_writer w = { 0 };
    bc_write_str(&w, "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'>");
    repeat(&w, inner, count);
    repeat(&w, after, count);
    bc_write_str(&w, "</svg>");
    bc_write_u8(&w, 0);
    char why[BC_CARD_WHY] = "";
    struct bc_card_set *set = bc_card_set_load(NULL, NULL);
    bool ok = bc_card_set_add(set, "t", w.data, w.len - 1, why);
    assert_int_equal(ok, reason == NULL);
    assert_true(!reason || strstr(why, reason));
    bc_card_set_unref(&set);
    bc_writer_finish(&w);
}

static void
test_sizes_have_limits(void **state)
{
    (void)state;
    check_many("<g>", "</g>", 31, NULL);
    check_many("<g>", "</g>", 32, "too deep");
    check_many("<g>", "</g>", 20000, "too deep");
    check_many("<g/>", "", 1999, NULL);
    check_many("<g/>", "", 2000, "2000 elements");
    check_many("<text data-field='a'/>", "", 100, NULL);
    check_many("<text data-field='a'/>", "", 101, "at most 100");
    check_many("<text>\n\n\n\n</text>", "", 1500, NULL);
    check_many("<!-- ten bytes -->", "", 14000, NULL);
    check_many("<!-- ten bytes -->", "", 600000, "more than 256 KiB"); // 10 MB
}

static void
test_every_truncation_is_refused(void **state)
{
    (void)state;
    static const char GOOD[]
        = SVG("<g data-if='a'><text data-field='a' x='1'>s</text></g><style>g{}</style>");
    char why[BC_CARD_WHY];
    struct bc_card_set *set = bc_card_set_load(NULL, NULL);
    for (size_t len = 0; len < strlen(GOOD); len++) {
        char *copy = malloc(len + 1);
        memcpy(copy, GOOD, len);
        assert_false(bc_card_set_add(set, "t", copy, len, why));
        assert_true(why[0]);
        free(copy);
    }
    assert_true(bc_card_set_add(set, "t", GOOD, strlen(GOOD), why));
    bc_card_set_unref(&set);
}

static void
test_notes_of_editors_are_dropped(void **state)
{
    (void)state;
    char *text = kit_fill(
        SVG("<metadata><rdf:x xmlns:rdf='r'><script/></rdf:x></metadata>"
            "<sodipodi:v xmlns:sodipodi='s' pagecolor='#fff'/><title>T</title>"
            "<rect inkscape:label='l' xmlns:inkscape='i' id='a' width='5' height='5'/>"
            "<use href='#a'/>"),
        "{}");
    assert_null(strstr(text, "script"));
    assert_null(strstr(text, "sodipodi"));
    assert_null(strstr(text, "inkscape"));
    assert_null(strstr(text, "metadata"));
    assert_non_null(strstr(text, "<rect id=\"a\" width=\"5\" height=\"5\"/>"));
    assert_non_null(strstr(text, "<use xlink:href=\"#a\"/>"));
    free(text);
}

static void
test_the_programs_templates_are_good(void **state)
{
    (void)state;
    static const char *const NAMES[] = { "coupon", "draw", "product", "product-wide", "text" };
    struct bc_writer problems = { 0 };
    struct bc_card_set *set = bc_card_set_load("", &problems);
    assert_int_equal(problems.len, 0);
    for (size_t i = 0; i < 5; i++) {
        int width = 0;
        int height = 0;
        assert_string_equal(bc_card_set_name(set, i), NAMES[i]);
        assert_true(bc_card_set_find(set, NAMES[i], &width, &height));
        assert_true(width >= 400 && height >= 160);
        struct bc_buf *source = bc_card_set_source(set, NAMES[i]);
        assert_non_null(source);
        bc_buf_unref(&source);
    }
    assert_null(bc_card_set_name(set, 5));
    assert_string_equal(bc_card_set_choose(set, "coupon", "{}", 2), "coupon");
    const char *data = "{\"template\":\"product-wide\"}";
    assert_string_equal(
        bc_card_set_choose(set, "product", data, strlen(data)), "product-wide");
    data = "{\"template\":\"../../etc/passwd\"}";
    assert_string_equal(bc_card_set_choose(set, "product", data, strlen(data)), "product");
    assert_null(bc_card_set_choose(set, "custom", "{}", 2));
    bc_card_set_unref(&set);
}

static void
test_a_folder_adds_and_replaces(void **state)
{
    (void)state;
    char dir[] = "/tmp/branchcast-cards-XXXXXX";
    char path[3][80];
    assert_non_null(mkdtemp(dir));
    static const char *const FILES[] = { "own.svg", "text.svg", "bad.svg" };
    static const char *const TEXTS[]
        = { SVG("<rect/>"), SVG("<circle/>"), SVG("\n<script/>") };
    for (size_t i = 0; i < 3; i++) {
        snprintf(path[i], sizeof(path[i]), "%s/%s", dir, FILES[i]);
        FILE *file = fopen(path[i], "w");
        fputs(TEXTS[i], file);
        fclose(file);
    }
    struct bc_writer problems = { 0 };
    struct bc_card_set *set = bc_card_set_load(dir, &problems);
    bc_write_u8(&problems, 0);
    assert_non_null(strstr((char *)problems.data, "bad.svg: line 2: <script> is not allowed"));
    assert_true(bc_card_set_find(set, "own", NULL, NULL));
    int width = 0;
    assert_true(bc_card_set_find(set, "text", &width, NULL));
    assert_int_equal(width, 200);
    assert_false(bc_card_set_find(set, "bad", NULL, NULL));
    bc_card_set_unref(&set);
    bc_writer_finish(&problems);
    for (size_t i = 0; i < 3; i++) {
        remove(path[i]);
    }
    remove(dir);
    set = bc_card_set_load(dir, &problems);
    assert_non_null(set); // with the program's own
    assert_true(problems.len > 0);
    bc_card_set_unref(&set);
    bc_writer_finish(&problems);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostile_templates_are_refused),
        cmocka_unit_test(test_sizes_have_limits),
        cmocka_unit_test(test_every_truncation_is_refused),
        cmocka_unit_test(test_notes_of_editors_are_dropped),
        cmocka_unit_test(test_the_programs_templates_are_good),
        cmocka_unit_test(test_a_folder_adds_and_replaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
