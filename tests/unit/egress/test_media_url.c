// SPDX-License-Identifier: Apache-2.0
// Which paths are media, and what they ask for.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "egress/media_internal.h"
#include "egress/options.h"

#define SID "0123456789abcdef01234567"

static struct bc_media_url
parse(const char *path)
{
    struct bc_media_url url;
    assert_true(bc_media_url_parse(path, &url));
    return url;
}

static void
test_the_forms_of_a_media_url(void **state)
{
    (void)state;
    struct bc_media_url u = parse("/live/hq.flv");
    assert_int_equal(u.kind, BC_MEDIA_FLV);
    assert_string_equal(u.channel, "live/hq");
    assert_string_equal(u.sid, "");
    u = parse("/live/hq.m3u8");
    assert_int_equal(u.kind, BC_MEDIA_MULTIVARIANT);
    assert_true(u.flat);
    assert_string_equal(u.channel, "live/hq");
    u = parse("/a/b/c/d/hq/index.m3u8");
    assert_int_equal(u.kind, BC_MEDIA_MULTIVARIANT);
    assert_false(u.flat);
    assert_string_equal(u.channel, "a/b/c/d/hq");
    u = parse("/live/hq/main_12.3.m4s");
    assert_int_equal(u.kind, BC_MEDIA_HLS_FILE);
    assert_string_equal(u.channel, "live/hq");
    assert_string_equal(u.file, "main_12.3.m4s");
    u = parse("/live/hq/cues");
    assert_int_equal(u.kind, BC_MEDIA_CUES);
    assert_string_equal(u.channel, "live/hq");
    assert_int_equal(parse("/live/hq/cues.json").kind, BC_MEDIA_CUES_LIST);
    u = parse("/a/b/hq/cues/tea-1.svg");
    assert_int_equal(u.kind, BC_MEDIA_CUE_CARD);
    assert_string_equal(u.channel, "a/b/hq");
    assert_string_equal(u.file, "tea-1.svg");
    u = parse("/live/hq/s/" SID "/audio.m3u8");
    assert_int_equal(u.kind, BC_MEDIA_HLS_FILE);
    assert_string_equal(u.channel, "live/hq");
    assert_string_equal(u.sid, SID);
    assert_string_equal(u.file, "audio.m3u8");
}

static void
test_names_with_dots_are_channels(void **state)
{
    (void)state;
    assert_string_equal(parse("/live/a.b.flv").channel, "live/a.b");
    assert_string_equal(parse("/live/hq.flv.flv").channel, "live/hq.flv");
    // Where no channel can be in front of it, a playlist's name is a channel's.
    assert_int_equal(parse("/live/v1.m3u8").kind, BC_MEDIA_MULTIVARIANT);
    assert_string_equal(parse("/live/v1.m3u8").channel, "live/v1");
    assert_string_equal(parse("/live/v1_cam.flv").channel, "live/v1_cam");
    assert_string_equal(parse("/live/hq/v2.m3u8").channel, "live/hq");
    assert_string_equal(parse("/live/hq/v2.m3u8").file, "v2.m3u8");
    assert_int_equal(parse("/live/hq/v3_init_7.mp4").kind, BC_MEDIA_HLS_FILE);
    assert_string_equal(parse("/live/hq/v4.m3u8").channel, "live/hq/v4");
    // What is no id of ours is part of the name.
    assert_string_equal(parse("/live/s/0123/main.m3u8").channel, "live/s/0123");
    assert_string_equal(parse("/live/s/0123456789ABCDEF01234567/main.m3u8").sid, "");
}

static void
test_what_is_no_media_url(void **state)
{
    (void)state;
    static const char *const PATHS[] = {
        "", "/", "live/hq.flv", "/hq.flv", "/.flv", "/live/.flv", "//.flv", "/live//hq.flv",
        "/live/../hq.flv", "/live/hq", "/live/hq.mp4", "/live/.hq.flv", "/live/h q.flv",
        "/live/hq.flv/", "/index.m3u8", "/main.m3u8", "/live/main.m3u8", "/live/hq//index.m3u8",
        "/hq/s/" SID "/main.m3u8", "/a/b/c/d/e/f/hq.flv",
        "/live/\xe5\xba\x97.flv",
    };
    struct bc_media_url url;
    for (size_t i = 0; i < sizeof(PATHS) / sizeof(PATHS[0]); i++) {
        if (bc_media_url_parse(PATHS[i], &url)) {
            fail_msg("'%s' became '%s'", PATHS[i], url.channel);
        }
    }
}

static void
test_names_of_any_length_are_bounded(void **state)
{
    (void)state;
    char path[2000];
    struct bc_media_url url;
    for (size_t len = 1; len < 1900; len += 7) {
        strcpy(path, "/live/");
        memset(path + 6, 'a', len);
        strcpy(path + 6 + len, len % 2 ? ".flv" : "/index.m3u8");
        assert_int_equal(bc_media_url_parse(path, &url), len <= 64);
    }
}

static void
test_every_truncation_is_parsed_without_harm(void **state)
{
    (void)state;
    static const char PATH[] = "/live/hq/s/" SID "/main_12.3.m4s";
    for (size_t len = 0; len < sizeof(PATH); len++) {
        char *copy = strndup(PATH, len);
        struct bc_media_url url;
        if (bc_media_url_parse(copy, &url)) {
            assert_true(bc_channel_name_is_valid(url.channel));
        }
        free(copy);
    }
}

static void
test_options_of_the_query(void **state)
{
    (void)state;
    assert_true(bc_wants_gop(""));
    assert_true(bc_wants_gop("gop=1"));
    assert_true(bc_wants_gop("gop="));
    assert_true(bc_wants_gop("stop=0"));
    assert_false(bc_wants_gop("a=b&gop=0"));
    assert_int_equal(bc_hevc_choice("", false), BC_FLV_HEVC_ID12);
    assert_int_equal(bc_hevc_choice("", true), BC_FLV_HEVC_ENHANCED);
    assert_int_equal(bc_hevc_choice("hevc=12", true), BC_FLV_HEVC_ID12);
    assert_int_equal(bc_hevc_choice("hevc=enhanced", false), BC_FLV_HEVC_ENHANCED);
    assert_int_equal(bc_hevc_choice("hevc=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true),
        BC_FLV_HEVC_ENHANCED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_forms_of_a_media_url),
        cmocka_unit_test(test_names_with_dots_are_channels),
        cmocka_unit_test(test_what_is_no_media_url),
        cmocka_unit_test(test_names_of_any_length_are_bounded),
        cmocka_unit_test(test_every_truncation_is_parsed_without_harm),
        cmocka_unit_test(test_options_of_the_query),
    };
    return cmocka_run_group_tests_name("media_url", tests, NULL, NULL);
}
