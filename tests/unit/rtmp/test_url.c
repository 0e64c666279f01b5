// SPDX-License-Identifier: Apache-2.0
// RTMP-41: all the ways in which encoders spread app, name and query.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/rtmp/url.h"

static const struct {
    const char *app, *tc_url, *name;
    const char *want_app, *want_stream, *want_query;
} cases[] = {
    // FFmpeg, OBS: server rtmp://h/live, key hq?key=K
    { "live", "rtmp://h/live", "hq", "live", "hq", "" },
    { "live", "rtmp://h/live", "hq?key=K&guide=7", "live", "hq", "key=K&guide=7" },
    // A token in the app, repeated in tcUrl
    { "live?token=x", "rtmp://h/live?token=x", "hq", "live", "hq", "token=x" },
    // Later wins, order of the first
    { "live?a=1&b=2", "rtmp://h/live?b=3", "hq?c=4&a=5", "live", "hq", "a=5&b=3&c=4" },
    // FFmpeg's Adobe authentication in both
    { "live?authmod=adobe&user=u", "rtmp://h/live?authmod=adobe&user=u", "hq", "live", "hq",
        "authmod=adobe&user=u" },
    // Everything in the server field, a key that begins with '?'
    { "live/hq", "rtmp://h/live/hq", "?key=K", "live", "hq", "key=K" },
    { "live/hq?key=K", "rtmp://h/live/hq?key=K", "", "live", "hq", "key=K" },
    // Several levels in the app or in the key
    { "app/inst", "rtmp://h/app/inst", "key?x=y", "app/inst", "key", "x=y" },
    { "app", "rtmp://h/app", "inst/key", "app", "inst/key", "" },
    // Slashes too many
    { "live/", "rtmp://h/live/", "/hq", "live", "hq", "" },
    { "/live//", "rtmp://h/live", "hq", "live", "hq", "" },
    // No app at all, with and without tcUrl
    { "", "rtmp://h:1935/live", "hq", "live", "hq", "" },
    { "", "", "live/hq", "live", "hq", "" },
    { "", "rtmp://h", "live/hq", "live", "hq", "" },
    // Not decoded, empty parameters dropped, a flag without value
    { "live", "", "hq?k=%2B%26&&z", "live", "hq", "k=%2B%26&z" },
    { "live", "", "hq?k&k=2", "live", "hq", "k=2" },
    { "live", "", "hq?key=1&keys=2", "live", "hq", "key=1&keys=2" },
    { "live", "", "\xe4\xb8\xbb\xe6\x92\xad", "live", "\xe4\xb8\xbb\xe6\x92\xad", "" },
};

static void
test_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bc_rtmp_name n;
        assert_int_equal(
            bc_rtmp_name_parse(&n, cases[i].app, cases[i].tc_url, cases[i].name), 0);
        assert_string_equal(n.app, cases[i].want_app);
        assert_string_equal(n.stream, cases[i].want_stream);
        assert_string_equal(n.query, cases[i].want_query);
    }
}

static void
test_no_names(void **state)
{
    (void)state;
    struct bc_rtmp_name n;
    assert_int_equal(bc_rtmp_name_parse(&n, "live", "", ""), -EINVAL);
    assert_int_equal(bc_rtmp_name_parse(&n, "", "", "hq"), -EINVAL);
    assert_int_equal(bc_rtmp_name_parse(&n, "", "", ""), -EINVAL);
    assert_int_equal(bc_rtmp_name_parse(&n, "live", "", "?key=K"), -EINVAL);
    assert_int_equal(bc_rtmp_name_parse(&n, "live", "", "../etc"), -EINVAL);
    assert_int_equal(bc_rtmp_name_parse(&n, "live/..", "", "hq"), -EINVAL);
    assert_int_equal(bc_rtmp_name_parse(&n, "live", "", "./hq"), -EINVAL);
}

static void
test_too_long(void **state)
{
    (void)state;
    struct bc_rtmp_name n;
    char name[4000];
    memset(name, 'a', sizeof(name));
    name[RTMP_MAX_NAME] = '\0';
    assert_int_equal(bc_rtmp_name_parse(&n, "live", "", name), -ENAMETOOLONG);
    memcpy(name, "hq?", 3);
    name[RTMP_MAX_NAME] = 'a';
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(bc_rtmp_name_parse(&n, "live", "", name), -ENAMETOOLONG);
    for (int i = 0; i < 100; i++) {
        memcpy(name + i * 2, "a/", 2);
    }
    name[200] = '\0';
    assert_int_equal(bc_rtmp_name_parse(&n, "live", "", name), -EINVAL);
    memcpy(name, "hq?", 3);
    for (int i = 0; i < 100; i++) {
        name[3 + i * 3] = (char)('A' + i / 26);
        name[4 + i * 3] = (char)('a' + i % 26);
        name[5 + i * 3] = '&';
    }
    name[303] = '\0';
    assert_int_equal(bc_rtmp_name_parse(&n, "live", "", name), -ENAMETOOLONG);
}

static void
check_log(const char *url, size_t size, const char *expected)
{
    char out[64];
    bc_rtmp_url_for_log(url, out, size);
    assert_string_equal(out, expected);
}

// Nothing secret reaches the log.
static void
test_url_for_log(void **state)
{
    (void)state;
    check_log("rtmp://h:1935/live?key=K", 64, "rtmp://h:1935/live");
    check_log("rtmp://user:pass@h/live?key=K", 64, "rtmp://h/live");
    check_log("rtmp://h/live@x", 64, "rtmp://h/live@x");
    check_log("user@h/live", 64, "h/live");
    check_log("?a=rtmp://x@y", 64, "");
    check_log("", 64, "");
    check_log("rtmp://host/live", 10, "rtmp://ho");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_no_names),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_url_for_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
