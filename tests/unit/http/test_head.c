// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/http/body.h"
#include "protocol/http/head.h"
#include "protocol/http/mime.h"
#include "protocol/http/request.h"

static void
test_dates_are_imf_fixdate(void **state)
{
    (void)state;
    char text[BC_HTTP_DATE_TEXT];
    bc_http_date_format(784111777, text); // RFC 9110 5.6.7
    assert_string_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT");
    bc_http_date_format(0, text);
    assert_string_equal(text, "Thu, 01 Jan 1970 00:00:00 GMT");
    bc_http_date_format(1772377199, text);
    assert_string_equal(text, "Sun, 01 Mar 2026 14:59:59 GMT");
}

static void
test_numbers_are_written(void **state)
{
    (void)state;
    char out[32];
    struct bc_http_text t = { out, out + sizeof(out), false };
    bc_http_put_uint(&t, 0);
    bc_http_put_literal(&t, " ");
    bc_http_put_uint(&t, UINT64_MAX);
    *t.p = '\0';
    assert_string_equal(out, "0 18446744073709551615");
    bc_http_put_uint(&t, UINT64_MAX);
    assert_true(t.failed);
}

static void
test_lines_are_stepped_through(void **state)
{
    (void)state;
    const char *lines = "A: 1\r\nETag:  \"x\"\r\nbroken";
    size_t len = 0;
    const char *value = bc_http_lines_find(lines, "etag", &len);
    assert_non_null(value);
    assert_int_equal(len, 3);
    assert_memory_equal(value, "\"x\"", 3);
    assert_null(bc_http_lines_find(lines, "broken", &len));
    assert_null(bc_http_lines_find(NULL, "x", &len));
}

static void
test_lists_are_searched(void **state)
{
    (void)state;
    assert_true(bc_http_list_has("keep-alive, Upgrade", "upgrade"));
    assert_true(bc_http_list_has("a;q=1 , b", "b"));
    assert_false(bc_http_list_has("upgrades", "upgrade"));
    assert_false(bc_http_list_has("", "upgrade"));
    assert_true(bc_http_list_accepts_gzip("gzip, deflate, br"));
    assert_true(bc_http_list_accepts_gzip("br;q=1, gzip;q=0.1"));
    assert_true(bc_http_list_accepts_gzip("*"));
    assert_false(bc_http_list_accepts_gzip("gzip;q=0"));
    assert_false(bc_http_list_accepts_gzip("gzip; q=0.000"));
    assert_false(bc_http_list_accepts_gzip("identity"));
    assert_false(bc_http_list_accepts_gzip("gzip;q=0, *"));
}

static void
test_mime_types_by_ending(void **state)
{
    (void)state;
    bool compressible;
    assert_string_equal(bc_http_mime_type("a/b.min.JS", &compressible),
        "text/javascript; charset=utf-8");
    assert_true(compressible);
    assert_string_equal(bc_http_mime_type("a.woff2", &compressible), "font/woff2");
    assert_false(compressible);
    assert_string_equal(bc_http_mime_type("Makefile", &compressible),
        "application/octet-stream");
}

// Feeds a chunked body in two pieces cut at every place; the same result each time.
static int
feed_chunked(const char *text, size_t limit, struct bc_writer *out)
{
    size_t len = strlen(text);
    int result = -1;
    for (size_t cut = 0; cut <= len; cut++) {
        struct bc_http_body_reader b;
        bc_http_body_begin(&b, BC_HTTP_BODY_CHUNKED, 0);
        bc_writer_reset(out);
        size_t used = 0;
        const uint8_t *data = (const uint8_t *)text;
        int ret = bc_http_body_feed(&b, data, cut, limit, out, &used);
        if (ret == 0) {
            assert_int_equal(used, cut);
            ret = bc_http_body_feed(&b, data + cut, len - cut, limit, out, &used);
        }
        assert_true(result == -1 || result == ret);
        result = ret;
    }
    return result;
}

static void
test_chunked_bodies_are_read_strictly(void **state)
{
    (void)state;
    struct bc_writer out = { 0 };
    assert_int_equal(
        feed_chunked("3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: v\r\n\r\n", 100, &out), 200);
    assert_int_equal(out.len, 5);
    assert_memory_equal(out.data, "abcde", 5);
    assert_int_equal(feed_chunked("3\r\nabc\r\n0\r\n", 100, &out), 0);
    assert_int_equal(feed_chunked("5\r\nabcde\r\n0\r\n\r\n", 4, &out), 413);
    assert_int_equal(feed_chunked("3\nabc\r\n0\r\n\r\n", 100, &out), 400);   // bare LF
    assert_int_equal(feed_chunked("3\rXabc\r\n0\r\n\r\n", 100, &out), 400);  // bare CR
    assert_int_equal(
        feed_chunked("3;a\nb\r\nabc\r\n", 100, &out), 400); // LF in extension
    assert_int_equal(feed_chunked("3\r\nabcX\r\n", 100, &out), 400);
    assert_int_equal(feed_chunked("\r\n", 100, &out), 400);
    assert_int_equal(feed_chunked("-1\r\n", 100, &out), 400);
    assert_int_equal(feed_chunked("0x3\r\nabc\r\n", 100, &out), 400);
    assert_int_equal(feed_chunked("00000000003\r\nabc\r\n", 100, &out), 400);
    assert_int_equal(feed_chunked("ffffffff\r\n", 100, &out), 413);
    bc_writer_finish(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates_are_imf_fixdate),
        cmocka_unit_test(test_numbers_are_written),
        cmocka_unit_test(test_lines_are_stepped_through),
        cmocka_unit_test(test_lists_are_searched),
        cmocka_unit_test(test_mime_types_by_ending),
        cmocka_unit_test(test_chunked_bodies_are_read_strictly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
