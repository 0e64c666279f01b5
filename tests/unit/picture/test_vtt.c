// SPDX-License-Identifier: Apache-2.0
#include "picture/vtt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char LYING[] = "WEBVTT\n"
                            "\n"
                            "00:00:00.000 --> 00:00:10.040\n"
                            "sheet-0001.jpg#xywh=0,0,160,90\n"
                            "\n"
                            "00:00:10.040 --> 00:59:59.999\n"
                            "sheet-0001.jpg#xywh=160,0,160,90\n"
                            "\n"
                            "00:59:59.999 --> 100:00:01.500\n"
                            "sheet-0001.jpg#xywh=320,0,160,90\n"
                            "\n";

static void
assert_text(const struct picture_vtt *v, const char *want)
{
    struct bc_buf *text = picture_vtt_write(v);
    assert_non_null(text);
    assert_int_equal(text->len, strlen(want));
    assert_memory_equal(text->data, want, text->len);
    bc_buf_unref(&text);
}

static void
test_text(void **state)
{
    (void)state;
    struct picture_vtt v = { .cell = { 160, 90 } };
    assert_text(&v, "WEBVTT\n\n");
    assert_true(picture_vtt_add(&v, 480)); // begins at 0 all the same
    assert_true(picture_vtt_add(&v, 10040));
    assert_false(picture_vtt_add(&v, 10040));
    assert_false(picture_vtt_add(&v, 9000));
    assert_true(picture_vtt_add(&v, 3599999));
    v.end_ms = 360001500;
    assert_text(&v, LYING);
    picture_vtt_finish(&v);
}

static void
test_places(void **state)
{
    (void)state;
    struct picture_vtt v = { .cell = { 90, 160 } };
    for (int i = 0; i < 26; i++) {
        assert_true(picture_vtt_add(&v, i * 10000));
    }
    struct bc_buf *text = picture_vtt_write(&v);
    char *copy = calloc(1, text->len + 1);
    memcpy(copy, text->data, text->len);
    assert_non_null(strstr(copy,
        "00:00:40.000 --> 00:00:50.000\n"
        "sheet-0001.jpg#xywh=360,0,90,160\n"));
    assert_non_null(strstr(copy,
        "00:00:50.000 --> 00:01:00.000\n"
        "sheet-0001.jpg#xywh=0,160,90,160\n"));
    assert_non_null(strstr(copy,
        "00:04:00.000 --> 00:04:10.000\n"
        "sheet-0001.jpg#xywh=360,640,90,160\n"));
    assert_non_null(strstr(copy,
        "00:04:10.000 --> 00:04:10.001\n"
        "sheet-0002.jpg#xywh=0,0,90,160\n"));
    free(copy);
    bc_buf_unref(&text);
    picture_vtt_finish(&v);
}

static void
read_text(struct picture_vtt *v, const char *text, size_t len)
{
    memset(v, 0, sizeof(*v));
    uint8_t *copy = malloc(len + 1); // of the exact size, for the sanitizer
    memcpy(copy, text, len);
    uint8_t *exact = realloc(copy, len > 0 ? len : 1);
    assert_true(picture_vtt_read(v, exact, len));
    free(exact);
}

static void
test_read(void **state)
{
    (void)state;
    struct picture_vtt v;
    read_text(&v, LYING, strlen(LYING));
    assert_int_equal(v.count, 3);
    assert_int_equal(v.starts_ms[1], 10040);
    assert_int_equal(v.end_ms, 360001500);
    assert_text(&v, LYING);
    picture_vtt_cut(&v, 5);
    assert_int_equal(v.count, 3);
    picture_vtt_cut(&v, 2);
    assert_int_equal(v.count, 2);
    assert_int_equal(v.end_ms, 3599999);
    picture_vtt_cut(&v, 0);
    assert_int_equal(v.end_ms, 0);
    picture_vtt_finish(&v);
}

static void
test_torn(void **state)
{
    (void)state;
    for (size_t len = 0; len < strlen(LYING); len++) {
        struct picture_vtt v;
        read_text(&v, LYING, len);
        size_t lines = 0;
        for (size_t i = 0; i < len; i++) {
            lines += LYING[i] == '\n';
        }
        assert_int_equal(v.count, lines < 2 ? 0 : (lines - 2) / 3);
        picture_vtt_finish(&v);
    }
}

static void
test_edited(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "",
        "WEBVTT\n",
        "WEBVTT - by hand\n\n",
        // Begins late, ends before it begins, other places, cells, sheets, text, numbers.
        "WEBVTT\n\n00:00:01.000 --> 00:00:10.000\nsheet-0001.jpg#xywh=0,0,160,90\n\n",
        "WEBVTT\n\n00:00:00.000 --> 00:00:00.000\nsheet-0001.jpg#xywh=0,0,160,90\n\n",
        "WEBVTT\n\n00:00:00.000 --> 00:00:10.000\nsheet-0001.jpg#xywh=160,0,160,90\n\n",
        "WEBVTT\n\n00:00:00.000 --> 00:00:10.000\nsheet-0001.jpg#xywh=0,0,9000,9000\n\n",
        "WEBVTT\n\n00:00:00.000 --> 00:00:10.000\nsheet-0001.jpg#xywh=0,0,0,0\n\n",
        "WEBVTT\n\n00:00:00.000 --> 00:00:10.000\nsheet-0002.jpg#xywh=0,0,160,90\n\n",
        "WEBVTT\n\n00:00:00.000 --> 00:00:10.000\n../../etc#xywh=0,0,160,90\n\n",
        "WEBVTT\n\n00:00:00.000 --> 00:00:10.000 \nsheet-0001.jpg#xywh=0,0,160,90\n\n",
        "WEBVTT\n\n00:99:00.000 --> 00:00:10.000\nsheet-0001.jpg#xywh=0,0,160,90\n\n",
        "WEBVTT\n\n00:00:00.000 --> 99999999999999999999:00:10.000\nsheet-0001.jpg\n\n",
        "WEBVTT\n\n00:00:00.000 --> -1:00:10.000\nsheet-0001.jpg#xywh=0,0,160,90\n\n",
    };
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        struct picture_vtt v;
        read_text(&v, BAD[i], strlen(BAD[i]));
        assert_int_equal(v.count, 0);
        picture_vtt_finish(&v);
    }
    // What stands before a hole in time is taken.
    char text[sizeof(LYING)];
    memcpy(text, LYING, sizeof(LYING));
    text[strlen(
        "WEBVTT\n\n00:00:00.000 --> 00:00:10.040\nsheet-0001.jpg#xywh=0,0,160,90\n\n"
        "00:00:1")] = '3';
    struct picture_vtt v;
    read_text(&v, text, strlen(text));
    assert_int_equal(v.count, 1);
    assert_int_equal(v.end_ms, 10040);
    picture_vtt_finish(&v);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_torn),
        cmocka_unit_test(test_edited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
