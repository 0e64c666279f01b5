// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "relay/origin.h"
#include "relay/relay.h"

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
test_stream_keys_are_masked(void **state)
{
    (void)state;
    char out[BC_RELAY_SHOWN_BYTES];
    bc_relay_show_url("rtmps://a.example/live2/abcd-efgh?x=y", true, out, sizeof(out));
    assert_string_equal(out, "rtmps://a.example/live2/abcd***");
    bc_relay_show_url("rtmp://h/live/hq?key=K", true, out, sizeof(out));
    assert_string_equal(out, "rtmp://h/live/hq");
    bc_relay_show_url("rtmp://h/live/channel-7", false, out, sizeof(out));
    assert_string_equal(out, "rtmp://h/live/channel-7");
    bc_relay_show_url("https://h/live/platform/whip?token=T", true, out, sizeof(out));
    assert_string_equal(out, "https://h/live/platform/whip");
}

static void
test_channels_have_their_place_at_an_origin(void **state)
{
    (void)state;
    static const char *const CASES[][2] = {
        { "http://a:8080", "http://a:8080/live/hq.flv" },
        { "https://a/", "https://a/live/hq.flv" },
        { "HTTP://a?token=T", "HTTP://a/live/hq.flv?token=T" },
        { "rtmp://a", "rtmp://a/live/hq" },
        { "rtmps://a:444/?token=T", "rtmps://a:444/live/hq?token=T" },
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        char out[128];
        relay_origin_url(CASES[i][0], "live/hq", out, sizeof(out));
        assert_string_equal(out, CASES[i][1]);
    }
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
        cmocka_unit_test(test_stream_keys_are_masked),
        cmocka_unit_test(test_channels_have_their_place_at_an_origin),
        cmocka_unit_test(test_the_same_url_is_the_same_owner),
    };
    return cmocka_run_group_tests_name("relay_origin", tests, NULL, NULL);
}
