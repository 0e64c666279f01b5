// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "relay/origin.h"

static void
expect(const char *url, const char *text)
{
    char out[256];
    relay_origin_text(url, out, sizeof(out));
    assert_string_equal(out, text);
}

static void
test_secrets_are_left_out(void **state)
{
    (void)state;
    expect("srt://h:8890?streamid=read:live/hq:KEY&passphrase=1234567890", "srt://h:8890");
    expect("rtsp://user:pass@h/live", "rtsp://h/live");
    expect("https://h/live/hq.flv?token=T", "https://h/live/hq.flv");
    expect("https://h/a@b", "https://h/a@b");
    expect("file:day.m3u", "file:day.m3u");
}

static void
test_the_same_url_is_the_same_owner(void **state)
{
    (void)state;
    assert_true(relay_origin_credential("rtmp://h/a") == relay_origin_credential("rtmp://h/a"));
    assert_true(relay_origin_credential("rtmp://h/a") != relay_origin_credential("rtmp://h/b"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secrets_are_left_out),
        cmocka_unit_test(test_the_same_url_is_the_same_owner),
    };
    return cmocka_run_group_tests_name("relay_origin", tests, NULL, NULL);
}
