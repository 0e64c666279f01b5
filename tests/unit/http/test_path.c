// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/http/path.h"

static char g_text[512];
static const char *g_path;
static const char *g_query;

static bool
split(const char *target)
{
    size_t len = strlen(target);
    memcpy(g_text, target, len + 1);
    return bc_http_target_split(g_text, len, &g_path, &g_query);
}

static void
assert_path(const char *target, const char *path, const char *query)
{
    assert_true(split(target));
    assert_string_equal(g_path, path);
    assert_string_equal(g_query, query);
}

static void
assert_refused(const char *target)
{
    if (split(target)) {
        fail_msg("%s was taken as %s", target, g_path);
    }
}

static void
test_path_and_query_are_split(void **state)
{
    (void)state;
    assert_path("/", "/", "");
    assert_path("/live/hq.flv", "/live/hq.flv", "");
    assert_path("/live/hq.flv?gop=0&t=%41", "/live/hq.flv", "gop=0&t=%41");
    assert_path("/a??b", "/a", "?b");
    assert_path("/a#frag?x", "/a", "");
    assert_path("/a?x#frag", "/a", "x");
    assert_path("*", "/", "");
}

static void
test_absolute_form_loses_its_authority(void **state)
{
    (void)state;
    assert_path("http://example.com/live/hq?x=1", "/live/hq", "x=1");
    assert_path("HTTPS://example.com:443/", "/", "");
    assert_path("http://example.com", "/", "");
    assert_path("http://example.com?x", "/", "x");
    assert_refused("http:///a");
    assert_refused("ftp://example.com/a");
    assert_refused("example.com:443");
    assert_refused("a/b");
    assert_refused("");
    assert_refused("?x");
}

static void
test_percent_is_decoded_once(void **state)
{
    (void)state;
    assert_path("/a%20b", "/a b", "");
    assert_path("/%e4%bd%a0", "/\xe4\xbd\xa0", "");
    assert_path("/%2541", "/%41", "");
    assert_path("/a%3Fb?c", "/a?b", "c");
    assert_path("/\xe4\xbd\xa0", "/\xe4\xbd\xa0", "");
    assert_refused("/%");
    assert_refused("/%4");
    assert_refused("/%zz");
    assert_refused("/a%-1");
}

static void
test_nothing_leaves_the_root(void **state)
{
    (void)state;
    assert_path("/../../etc/passwd", "/etc/passwd", "");
    assert_path("/a/../b", "/b", "");
    assert_path("/a/b/..", "/a/", "");
    assert_path("/a/..", "/", "");
    assert_path("/..", "/", "");
    assert_path("/./a/./b/.", "/a/b/", "");
    assert_path("/%2e%2e/%2E./x", "/x", "");
    assert_path("/a%2f..%2f..%2fetc", "/etc", "");
    assert_path("//a///b//", "/a/b/", "");
    assert_path("/...", "/...", "");
    assert_path("/a..b/..c", "/a..b/..c", "");
}

static void
test_bad_characters_are_refused(void **state)
{
    (void)state;
    assert_refused("/a%00b");
    assert_refused("/a%0d%0ab");
    assert_refused("/a%7f");
    assert_refused("/\x01");
    assert_refused("/%c0%ae%c0%ae/x");     // '.' in two bytes
    assert_refused("/%e0%80%af");          // '/' in three
    assert_refused("/%f0%80%80%af");       // '/' in four
    assert_refused("/%ed%a0%80");          // a surrogate
    assert_refused("/%f4%90%80%80");       // above U+10FFFF
    assert_refused("/%ff");
    assert_refused("/%80");
    assert_refused("/%e4%bd");             // cut
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_path_and_query_are_split),
        cmocka_unit_test(test_absolute_form_loses_its_authority),
        cmocka_unit_test(test_percent_is_decoded_once),
        cmocka_unit_test(test_nothing_leaves_the_root),
        cmocka_unit_test(test_bad_characters_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
