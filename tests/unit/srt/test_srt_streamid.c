// SPDX-License-Identifier: Apache-2.0
// Stream ids as callers write them (SRT-1).
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/srt/streamid.h"

static struct bc_srt_streamid
parsed(const char *text)
{
    struct bc_srt_streamid id;
    int ret = bc_srt_streamid_parse(text, strlen(text), &id);
    if (ret != 0) {
        fail_msg("%s: %d", text, ret);
    }
    return id;
}

static int
parse_error(const char *text)
{
    struct bc_srt_streamid id;
    int ret = bc_srt_streamid_parse(text, strlen(text), &id);
    if (ret != 0) {
        assert_int_equal(id.mode, BC_SRT_MODE_NONE);
        assert_string_equal(id.channel, "");
        assert_string_equal(id.key, "");
    }
    return ret;
}

static void
expect(const char *text, enum bc_srt_mode mode, const char *channel, const char *key)
{
    struct bc_srt_streamid id = parsed(text);
    if (id.mode != mode || strcmp(id.channel, channel) != 0 || strcmp(id.key, key) != 0) {
        fail_msg("%s: mode %d, '%s', '%s'", text, (int)id.mode, id.channel, id.key);
    }
}

static void
test_standard_form(void **state)
{
    (void)state;
    expect("#!::r=live/hq,m=publish,key=K", BC_SRT_PUBLISH, "live/hq", "K");
    expect("#!::r=live/hq,m=request", BC_SRT_REQUEST, "live/hq", "");
    expect("#!::r=live/hq", BC_SRT_REQUEST, "live/hq", ""); // m= left out
    expect("#!::m=publish,t=stream,r=/live/hq", BC_SRT_PUBLISH, "live/hq", "");
    expect("#!::r=live/hq,key=a=b==,m=publish", BC_SRT_PUBLISH, "live/hq", "a=b==");
    expect("#!::r=live/hq,key=50%25", BC_SRT_REQUEST, "live/hq", "50%25"); // as it stands
    expect("#!::,r=live/hq,", BC_SRT_REQUEST, "live/hq", "");
    expect("#!::r=live%2Fhq", BC_SRT_REQUEST, "live/hq", "");
    expect("#!::r=%2flive/h%71", BC_SRT_REQUEST, "live/hq", "");
    expect("%23!::r=live/hq,m=publish", BC_SRT_PUBLISH, "live/hq", ""); // FFmpeg's URLs
}

static void
test_unknown_keys_are_left_alone(void **state)
{
    (void)state;
    struct bc_srt_streamid id = parsed(
        "#!::h=example.org,s=1234,u=anna,user_device=cam 1,r=live/hq,role=backup,x=");
    assert_string_equal(id.channel, "live/hq");
    assert_string_equal(id.user, "anna");
    assert_true(id.backup);
    assert_false(parsed("#!::r=live/hq,role=main").backup);
}

static void
test_modes_that_we_have_not(void **state)
{
    (void)state;
    assert_int_equal(parse_error("#!::r=live/hq,m=bidirectional"), -ENOTSUP);
    assert_int_equal(parse_error("#!::r=live/hq,m="), -ENOTSUP);
    assert_int_equal(parse_error("#!::r=live/hq,t=file"), -ENOTSUP);
    assert_int_equal(parse_error("#!::t=auth,r=live/hq"), -ENOTSUP);
    assert_int_equal(parse_error("live/hq?mode=edit"), -ENOTSUP);
}

static void
test_no_stream_id(void **state)
{
    (void)state;
    assert_int_equal(parse_error(""), -EINVAL);
    assert_int_equal(parse_error("#!:{r=live/hq,m=publish}"), -EINVAL); // nested
    assert_int_equal(parse_error("#!::{r=live/hq}"), -ENOENT);
    assert_int_equal(parse_error("#!"), -EINVAL);
    assert_int_equal(parse_error("#!:"), -EINVAL);
    assert_int_equal(parse_error("#!R"), -EINVAL);
    assert_int_equal(parse_error("#!::nothing"), -EINVAL);
    assert_int_equal(parse_error("#!::r=live/hq,m"), -EINVAL);
    assert_int_equal(parse_error("publish:live/hq:a:b:c:d"), -EINVAL);
}

static void
test_no_channel(void **state)
{
    (void)state;
    assert_int_equal(parse_error("#!::"), -ENOENT);
    assert_int_equal(parse_error("#!::m=publish"), -ENOENT);
    assert_int_equal(parse_error("#!::r="), -ENOENT);
    assert_int_equal(parse_error("publish:"), -ENOENT);
    assert_int_equal(parse_error("live"), -ENOENT);
    assert_int_equal(parse_error("live/"), -ENOENT);
    assert_int_equal(parse_error("live//hq"), -ENOENT);
    assert_int_equal(parse_error("live/.hq"), -ENOENT);
    assert_int_equal(parse_error("../live/hq"), -ENOENT);
    assert_int_equal(parse_error("live/%2e%2e/hq"), -ENOENT);
    assert_int_equal(parse_error("live/h q"), -ENOENT);
    assert_int_equal(parse_error("live/hq%"), -ENOENT);
    assert_int_equal(parse_error("live/hq%4"), -ENOENT);
    assert_int_equal(parse_error("live/hq%zz"), -ENOENT);
    assert_int_equal(parse_error("live/hq%00"), -ENOENT);
    assert_int_equal(parse_error("live/hq%0a"), -ENOENT);
    assert_int_equal(parse_error("a/b/c/d/e/f"), -ENOENT);
    expect("a/b/c/d/e", BC_SRT_REQUEST, "a/b/c/d/e", "");
}

static void
test_short_forms(void **state)
{
    (void)state;
    expect("publish:live/hq:K", BC_SRT_PUBLISH, "live/hq", "K");
    expect("publish:live/hq", BC_SRT_PUBLISH, "live/hq", "");
    expect("publish:/live/hq:K", BC_SRT_PUBLISH, "live/hq", "K");
    expect("read:live/hq", BC_SRT_REQUEST, "live/hq", "");
    expect("read:live/hq:T", BC_SRT_REQUEST, "live/hq", "T");
    expect("request:live/hq:T", BC_SRT_REQUEST, "live/hq", "T");
    expect("play:live/hq", BC_SRT_REQUEST, "live/hq", "");
    expect("publish:live/hq:anna:K", BC_SRT_PUBLISH, "live/hq", "K");
    expect("publish:live/hq:anna:K:key=L", BC_SRT_PUBLISH, "live/hq", "L");
    expect("publish:live/hq?key=K&mode=read", BC_SRT_PUBLISH, "live/hq", "K");
    assert_string_equal(parsed("publish:live/hq:anna:K").user, "anna");
}

static void
test_path_form(void **state)
{
    (void)state;
    expect("live/hq", BC_SRT_REQUEST, "live/hq", "");
    expect("/live/hq", BC_SRT_REQUEST, "live/hq", "");
    expect("live/hq?mode=publish&key=K", BC_SRT_PUBLISH, "live/hq", "K");
    expect("live/hq?m=publish&&x&key=a%26b%25", BC_SRT_PUBLISH, "live/hq", "a&b%");
    expect("live/hq?key=100%", BC_SRT_REQUEST, "live/hq", "100%");
    expect("live/hq?key=a+b", BC_SRT_REQUEST, "live/hq", "a+b");
    expect("live/hq?", BC_SRT_REQUEST, "live/hq", "");
    assert_true(parsed("live/hq?role=backup&user=anna").backup);
}

static void
test_bytes_that_are_no_text(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "live/hq?key=\x80", // a continuation alone
        "live/hq?key=\xc0\xaf", // '/' in two bytes
        "live/hq?key=\xed\xa0\x80", // half of a surrogate pair
        "live/hq?key=\xf5\x80\x80\x80",
        "live/hq?key=\xe2\x82", // cut
        "live/hq?key=\x7f",
        "live/hq\n",
        "\tlive/hq",
    };
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        assert_int_equal(parse_error(BAD[i]), -EINVAL);
    }
    struct bc_srt_streamid id;
    assert_int_equal(bc_srt_streamid_parse("live/hq\0", 8, &id), -EINVAL);
    expect("live/hq?key=\xe2\x82\xac", BC_SRT_REQUEST, "live/hq", "\xe2\x82\xac");
}

static void
test_long_ones(void **state)
{
    (void)state;
    char text[600];
    struct bc_srt_streamid id;
    // A name of five levels with 64 letters each.
    char name[BC_SRT_CHANNEL_MAX + 2];
    memset(name, 'a', sizeof(name));
    name[64] = name[129] = name[194] = name[259] = '/';
    name[BC_SRT_CHANNEL_MAX] = '\0';
    expect(name, BC_SRT_REQUEST, name, "");
    name[BC_SRT_CHANNEL_MAX] = 'a';
    name[BC_SRT_CHANNEL_MAX + 1] = '\0';
    assert_int_equal(parse_error(name), -ENOENT);
    // Keys.
    int n = snprintf(text, sizeof(text), "publish:live/hq:");
    memset(text + n, 'k', sizeof(text) - (size_t)n);
    assert_int_equal(bc_srt_streamid_parse(text, (size_t)n + BC_SRT_KEY_MAX, &id), 0);
    assert_int_equal(strlen(id.key), BC_SRT_KEY_MAX);
    assert_int_equal(
        bc_srt_streamid_parse(text, (size_t)n + BC_SRT_KEY_MAX + 1, &id), -EINVAL);
    // The whole, of which the greatest length is still read.
    n = snprintf(text, sizeof(text), "#!::r=live/hq,x=");
    assert_int_equal(bc_srt_streamid_parse(text, BC_SRT_STREAMID_MAX, &id), -EINVAL);
    memset(text + n, 'x', sizeof(text) - (size_t)n);
    assert_int_equal(bc_srt_streamid_parse(text, BC_SRT_STREAMID_MAX, &id), 0);
    assert_int_equal(bc_srt_streamid_parse(text, BC_SRT_STREAMID_MAX + 1, &id), -EINVAL);
    // A user is cut between characters.
    n = snprintf(text, sizeof(text), "#!::r=live/hq,u=");
    for (int i = 0; i < 40; i++) {
        n += snprintf(text + n, sizeof(text) - (size_t)n, "\xc3\xa9");
    }
    assert_int_equal(bc_srt_streamid_parse(text, (size_t)n, &id), 0);
    assert_int_equal(strlen(id.user), 62);
}

static void
test_every_truncation(void **state)
{
    (void)state;
    static const char *const FULL[] = {
        "#!::h=example.org,u=anna,r=live%2Fhq,m=publish,t=stream,key=K,role=backup",
        "publish:live/hq:anna:K:role=backup&user=\xc3\xa9",
        "/live/hq?mode=publish&key=%41%42&role=backup",
    };
    for (size_t i = 0; i < sizeof(FULL) / sizeof(FULL[0]); i++) {
        size_t len = strlen(FULL[i]);
        assert_int_equal(parse_error(FULL[i]), 0);
        for (size_t n = 0; n < len; n++) {
            // A copy of just that size, so that a read behind it is seen.
            char *copy = malloc(n > 0 ? n : 1);
            struct bc_srt_streamid id;
            assert_non_null(copy);
            memcpy(copy, FULL[i], n);
            int ret = bc_srt_streamid_parse(copy, n, &id);
            assert_true(ret == 0 || ret == -EINVAL || ret == -ENOENT || ret == -ENOTSUP);
            assert_true((ret == 0) == (id.mode != BC_SRT_MODE_NONE));
            free(copy);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_standard_form),
        cmocka_unit_test(test_unknown_keys_are_left_alone),
        cmocka_unit_test(test_modes_that_we_have_not),
        cmocka_unit_test(test_no_stream_id),
        cmocka_unit_test(test_no_channel),
        cmocka_unit_test(test_short_forms),
        cmocka_unit_test(test_path_form),
        cmocka_unit_test(test_bytes_that_are_no_text),
        cmocka_unit_test(test_long_ones),
        cmocka_unit_test(test_every_truncation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
