// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "relay/srt_url.h"

static void
test_urls_are_read(void **state)
{
    (void)state;
    struct relay_srt_url u;
    char shown[640];
    assert_null(relay_srt_url_parse("srt://origin.example:8890?streamid=%23!::r=live/hq,"
                                    "m=request,key=K&passphrase=0123456789&latency=300",
        &u));
    assert_string_equal(u.host, "origin.example");
    assert_int_equal(u.port, 8890);
    assert_string_equal(u.streamid, "#!::r=live/hq,m=request,key=K");
    assert_string_equal(u.passphrase, "0123456789");
    assert_int_equal(u.latency_ms, 300);
    relay_srt_url_show(&u, shown, sizeof(shown));
    assert_string_equal(shown, "srt://origin.example:8890 live/hq");
    assert_null(relay_srt_url_parse("SRT://[2001:db8::1]:1/?mode=caller", &u));
    assert_string_equal(u.host, "2001:db8::1");
    assert_string_equal(u.streamid, "");
    assert_int_equal(u.latency_ms, 200);
    relay_srt_url_show(&u, shown, sizeof(shown));
    assert_string_equal(shown, "srt://[2001:db8::1]:1");
}

static void
test_bad_urls_are_refused(void **state)
{
    static const char *const BAD[] = { "", "srt://", "http://a:1", "srt://a", "srt://:1",
        "srt://a:0", "srt://a:65536", "srt://a:1x", "srt://2001:db8::1:8890",
        "srt://user@a:1", "srt://a:1/live/hq", "srt://a:1?passphrase=short",
        "srt://a:1?passphrase=", "srt://a:1?latency=200000", "srt://a:1?latency=19",
        "srt://a:1?latency=x", "srt://a:1?mode=listener", "srt://a:1?latency=-5" };
    (void)state;
    struct relay_srt_url u;
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        assert_non_null(relay_srt_url_parse(BAD[i], &u));
    }
    // Too much of everything.
    char text[1200] = "srt://a:1?streamid=";
    size_t len = strlen(text);
    memset(text + len, 'x', 513);
    assert_non_null(relay_srt_url_parse(text, &u));
    text[len + 512] = '\0';
    assert_null(relay_srt_url_parse(text, &u));
    memset(text, 0, sizeof(text));
    strcpy(text, "srt://");
    memset(text + 6, 'h', 256);
    strcpy(text + 262, ":1");
    assert_non_null(relay_srt_url_parse(text, &u));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urls_are_read),
        cmocka_unit_test(test_bad_urls_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
