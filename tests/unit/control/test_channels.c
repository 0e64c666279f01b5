// SPDX-License-Identifier: Apache-2.0
// What is told about channels, to the operator and to everybody, and the kick.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_http.h"
#include "fake_stream.h"

#define ONE "/api/v1/channels/live/hq"
#define PUBLIC "/api/v1/public/channels/live/hq"

static long long
number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static bool
is_null(const json_t *object, const char *key)
{
    return json_is_null(json_object_get(object, key));
}

static void
test_a_live_channel_in_full(void **state)
{
    struct fake *f = *state;
    fake_add_live(f)->has_b_frames = true;
    json_t *c = fake_get_json(f->control, ONE, NULL);
    assert_string_equal(fake_text(c, "channel"), "live/hq");
    assert_string_equal(fake_text(c, "state"), "live");
    assert_string_equal(fake_text(c, "began_at"), "2026-03-01T12:00:00.123Z");
    assert_int_equal(number(c, "duration_ms"), 61500);
    assert_int_equal(number(c, "epoch"), 2);
    assert_int_equal(number(c, "broadcast"), 1);
    assert_int_equal(number(c, "gop_ms"), 2002);
    assert_int_equal(number(c, "gop_max_ms"), 8340);
    assert_int_equal(number(c, "bitrate_kbps"), 2528);
    assert_true(json_is_true(json_object_get(c, "has_b_frames")));
    assert_int_equal(number(c, "viewers"), 7);
    const json_t *by = json_object_get(c, "viewers_by_protocol");
    assert_int_equal(json_object_size(by), BC_PROTOCOL_COUNT);
    assert_int_equal(number(by, bc_protocol_name(BC_PROTOCOL_FLV)), 3);
    assert_int_equal(number(by, bc_protocol_name(BC_PROTOCOL_RTMP)), 0);
    const json_t *video = json_object_get(c, "video");
    assert_string_equal(fake_text(video, "codec"), "h264");
    assert_string_equal(fake_text(video, "codec_string"), "avc1.64001f");
    assert_int_equal(number(video, "width"), 1280);
    assert_true(json_real_value(json_object_get(video, "fps")) == 29.97);
    const json_t *audio = json_object_get(c, "audio");
    assert_int_equal(number(audio, "sample_rate"), 48000);
    assert_int_equal(number(audio, "channels"), 2);
    json_decref(c);
}

static void
test_the_takes_and_the_running_one(void **state)
{
    struct fake *f = *state;
    struct bc_channel_info *info = fake_add_live(f);
    json_t *c = fake_get_json(f->control, ONE, NULL);
    const json_t *take = json_object_get(c, "take");
    assert_int_equal(number(take, "number"), 2);
    assert_string_equal(fake_text(take, "encoder"), "OBS 29");
    assert_string_equal(fake_text(take, "peer"), "198.51.100.7:5000");
    assert_true(is_null(take, "ended_at"));
    assert_true(is_null(take, "end_reason"));
    assert_true(number(take, "duration_ms") > 0);
    assert_int_equal(number(take, "bytes"), 123456);
    const json_t *takes = json_object_get(c, "takes");
    assert_int_equal(json_array_size(takes), 2);
    const json_t *first = json_array_get(takes, 1);
    assert_string_equal(fake_text(first, "ended_at"), "2026-03-01T12:00:20.123Z");
    assert_string_equal(fake_text(first, "end_reason"), "connection lost");
    assert_int_equal(number(first, "duration_ms"), 20000);
    json_decref(c);

    info->state = BC_CHANNEL_WAITING;
    info->history[0].ended_wall_us = info->history[0].began_wall_us + 1000000;
    c = fake_get_json(f->control, ONE, NULL);
    assert_string_equal(fake_text(c, "state"), "waiting");
    assert_true(is_null(c, "take"));
    json_decref(c);
}

static void
test_an_empty_channel_has_nulls(void **state)
{
    struct fake *f = *state;
    fake_add(f, "live/hq", BC_CHANNEL_ENDED);
    json_t *c = fake_get_json(f->control, ONE, NULL);
    assert_string_equal(fake_text(c, "state"), "ended");
    assert_true(is_null(c, "video"));
    assert_true(is_null(c, "audio"));
    assert_true(is_null(c, "began_at"));
    assert_true(is_null(c, "take"));
    assert_int_equal(json_array_size(json_object_get(c, "takes")), 0);
    json_decref(c);
    struct bc_http_exchange x = fake_get(f->control, "/api/v1/channels/live/none", NULL, 404);
    fake_check_error(&x, 404, "no_such_channel");
    fake_finish(&x);
}

static void
test_names_from_peers_are_repaired_and_escaped(void **state)
{
    struct fake *f = *state;
    struct bc_channel_info *info = fake_add_live(f);
    strcpy(info->history[0].encoder, "\"a\\b\n\x01\xff\xc3(\xed\xa0\x80 \xe4\xb8\xad");
    strcpy(info->history[0].peer, "cut \xe4\xb8"); // a sequence cut off at the end
    json_t *c = fake_get_json(f->control, ONE, NULL);
    const json_t *take = json_object_get(c, "take");
    assert_string_equal(fake_text(take, "encoder"),
        "\"a\\b\n\x01\xEF\xBF\xBD\xEF\xBF\xBD(\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD \xe4\xb8\xad");
    assert_string_equal(fake_text(take, "peer"), "cut \xEF\xBF\xBD\xEF\xBF\xBD");
    json_decref(c);
}

// NaN has no JSON form; it must not cost the whole answer.
static void
test_a_rate_that_is_no_number_is_zero(void **state)
{
    struct fake *f = *state;
    struct bc_channel_info *info = fake_add_live(f);
    info->video.fps = 0.0;
    info->video.fps /= info->video.fps;
    json_t *c = fake_get_json(f->control, ONE, NULL);
    const json_t *video = json_object_get(c, "video");
    assert_true(json_real_value(json_object_get(video, "fps")) == 0);
    json_decref(c);
}

static void
test_advice_has_code_numbers_and_sentence(void **state)
{
    struct fake *f = *state;
    struct bc_channel_info *info = fake_add_live(f);
    info->advice = BC_ADVICE_END - 1; // all of it
    info->usual_kbps = 2600;
    info->timestamp_repairs = 60;
    info->timestamp_jumps = 1;
    static const char *const PATHS[] = { ONE, PUBLIC };
    for (int i = 0; i < 2; i++) {
        json_t *c = fake_get_json(f->control, PATHS[i], NULL);
        const json_t *advice = json_object_get(c, "advice");
        assert_int_equal(json_array_size(advice), 6);
        size_t n;
        json_t *item;
        json_array_foreach(advice, n, item)
        {
            assert_string_equal(fake_text(item, "code"), bc_advice_code((enum bc_advice)(1 << n)));
            assert_true(strlen(fake_text(item, "message")) > 10);
        }
        const json_t *gop = json_object_get(json_array_get(advice, 0), "params");
        assert_true(json_real_value(json_object_get(gop, "gop_s")) == 8.3);
        const json_t *low = json_object_get(json_array_get(advice, 4), "params");
        assert_int_equal(number(low, "kbps"), 2528);
        assert_int_equal(number(low, "usual_kbps"), 2600);
        const json_t *repaired = json_object_get(json_array_get(advice, 5), "params");
        assert_int_equal(number(repaired, "count"), 61);
        json_decref(c);
    }
}

static void
test_everybody_learns_nothing_of_the_host(void **state)
{
    struct fake *f = *state;
    fake_configure(f, "access.api=token", "http.listen=:8080");
    fake_add_live(f);
    struct bc_http_exchange x = fake_get(f->control, PUBLIC, NULL, 200);
    assert_null(strstr(x.body, "198.51.100.7"));
    assert_null(strstr(x.body, "OBS"));
    json_t *c = fake_json(&x);
    fake_finish(&x);
    assert_int_equal(json_object_size(c), 7);
    assert_string_equal(fake_text(c, "channel"), "live/hq");
    assert_string_equal(fake_text(c, "state"), "live");
    assert_int_equal(number(c, "viewers"), 7);
    assert_string_equal(fake_text(c, "since"), "2026-03-01T12:00:00.123Z");
    const json_t *video = json_object_get(c, "video");
    assert_int_equal(json_object_size(video), 4);
    assert_string_equal(fake_text(video, "codec"), "avc1.64001f");
    const json_t *audio = json_object_get(c, "audio");
    assert_int_equal(json_object_size(audio), 3);
    assert_string_equal(fake_text(audio, "codec"), "mp4a.40.2");
    json_decref(c);
}

static void
test_what_is_over_is_off_to_everybody(void **state)
{
    struct fake *f = *state;
    struct bc_channel_info *info = fake_add_live(f);
    info->state = BC_CHANNEL_ENDED;
    info->advice = BC_ADVICE_B_FRAMES;
    json_t *c = fake_get_json(f->control, PUBLIC, NULL);
    assert_string_equal(fake_text(c, "state"), "offline");
    assert_true(is_null(c, "since"));
    assert_true(is_null(c, "video"));
    assert_int_equal(json_array_size(json_object_get(c, "advice")), 0);
    json_decref(c);
    json_t *list = fake_get_json(f->control, "/api/v1/public/channels", NULL);
    assert_int_equal(json_array_size(json_object_get(list, "channels")), 0);
    json_decref(list);
}

static void
test_info_tells_the_ports_that_listen(void **state)
{
    struct fake *f = *state;
    fake_configure(f, "rtmp.listen=:20601", "https.listen=:20602");
    json_t *info = fake_get_json(f->control, "/api/v1/public/info", NULL);
    assert_int_equal(json_object_size(info), 5);
    assert_string_equal(fake_text(info, "name"), "Branchcast");
    assert_string_equal(fake_text(info, "version"), BC_VERSION);
    assert_int_equal(number(info, "rtmp_port"), 20601);
    assert_int_equal(number(info, "http_port"), 8080);
    assert_int_equal(number(info, "https_port"), 0); // no certificate is set
    json_decref(info);
}

static void
check_rtmp_url(struct fake *f, const char *host, const char *url)
{
    struct bc_http_exchange x = { .method = BC_HTTP_GET, .path = ONE, .host = host };
    assert_true(fake_ask(f->control, &x));
    json_t *c = fake_json(&x);
    const json_t *urls = json_object_get(c, "urls");
    assert_string_equal(fake_text(urls, "flv"), "/live/hq.flv");
    assert_string_equal(fake_text(urls, "hls"), "/live/hq/index.m3u8");
    assert_string_equal(fake_text(urls, "watch"), "/watch/live/hq");
    if (url) {
        assert_string_equal(fake_text(urls, "rtmp"), url);
    } else {
        assert_true(is_null(urls, "rtmp"));
    }
    json_decref(c);
    fake_finish(&x);
}

static void
test_urls_trust_no_strange_host(void **state)
{
    struct fake *f = *state;
    fake_add_live(f);
    check_rtmp_url(f, "shop.example:8080", "rtmp://shop.example/live/hq");
    check_rtmp_url(f, "[2001:db8::1]:8080", "rtmp://[2001:db8::1]/live/hq");
    static const char *const STRANGE[] = { "", ":80", "a b", "a\"b", "a/../b", "[", "[]", "[::1",
        "[::1\"]", "user@host", "\xff", NULL };
    for (size_t i = 0; STRANGE[i]; i++) {
        check_rtmp_url(f, STRANGE[i], NULL);
    }
    check_rtmp_url(f, NULL, NULL);
    char longest[300];
    memset(longest, 'a', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    check_rtmp_url(f, longest, NULL);
    fake_configure(f, "access.api=open", "rtmp.listen=:20603");
    check_rtmp_url(f, "shop.example", "rtmp://shop.example:20603/live/hq");
    fake_configure(f, "access.api=open", "rtmp.listen=");
    check_rtmp_url(f, "shop.example", NULL);
}

// --- lists ---

static void
check_page(struct fake *f, const char *query, const char *names, const char *cursor)
{
    json_t *root = fake_get_json(f->control, "/api/v1/channels", query);
    char got[256] = "";
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(root, "channels"), i, item)
    {
        assert_null(json_object_get(item, "takes"));
        strcat(got, fake_text(item, "channel"));
        strcat(got, " ");
    }
    assert_string_equal(got, names);
    if (cursor) {
        assert_string_equal(fake_text(root, "cursor"), cursor);
    } else {
        assert_true(is_null(root, "cursor"));
    }
    json_decref(root);
}

static void
test_lists_go_on_from_a_cursor(void **state)
{
    struct fake *f = *state;
    check_page(f, NULL, "", NULL);
    fake_add(f, "a/1", BC_CHANNEL_LIVE);
    fake_add(f, "a/2", BC_CHANNEL_ENDED);
    fake_add(f, "a/b/3", BC_CHANNEL_WAITING);
    fake_add(f, "b/4", BC_CHANNEL_LIVE);
    check_page(f, NULL, "a/1 a/2 a/b/3 b/4 ", NULL);
    check_page(f, "limit=2", "a/1 a/2 ", "a/2");
    check_page(f, "limit=2&cursor=a/2", "a/b/3 b/4 ", NULL);
    check_page(f, "limit=1&cursor=a%2F2", "a/b/3 ", "a/b/3");
    check_page(f, "limit=4", "a/1 a/2 a/b/3 b/4 ", NULL);
    check_page(f, "cursor=a/15", "a/2 a/b/3 b/4 ", NULL); // gone meanwhile
    check_page(f, "cursor=zzz", "", NULL);
    check_page(f, "cursor=", "a/1 a/2 a/b/3 b/4 ", NULL);
    check_page(f, "limit=1000", "a/1 a/2 a/b/3 b/4 ", NULL);
    // Those who are over do not count into a page of the public list.
    json_t *root = fake_get_json(f->control, "/api/v1/public/channels", "limit=2");
    assert_int_equal(json_array_size(json_object_get(root, "channels")), 2);
    assert_string_equal(fake_text(root, "cursor"), "a/b/3");
    json_decref(root);
}

static void
test_bad_limits_and_cursors_are_told(void **state)
{
    struct fake *f = *state;
    static const char *const LIMITS[] = { "limit=0", "limit=", "limit=-1", "limit=x", "limit=1x",
        "limit=1001", "limit=99999999999999999999", "limit=%00", "limit=+1", "limit= 1" };
    for (size_t i = 0; i < sizeof(LIMITS) / sizeof(LIMITS[0]); i++) {
        struct bc_http_exchange x = fake_get(f->control, "/api/v1/channels", LIMITS[i], 400);
        fake_check_error(&x, 400, "bad_limit");
        fake_finish(&x);
    }
    char cursor[600];
    memset(cursor, 'a', sizeof(cursor));
    memcpy(cursor, "cursor=", 7);
    cursor[sizeof(cursor) - 1] = '\0';
    static const char *const ZERO = "cursor=%00";
    const char *const cursors[] = { cursor, ZERO };
    for (size_t i = 0; i < 2; i++) {
        struct bc_http_exchange x = fake_get(f->control, "/api/v1/channels", cursors[i], 400);
        fake_check_error(&x, 400, "bad_cursor");
        fake_finish(&x);
    }
}

static void
test_channels_that_come_while_listing(void **state)
{
    struct fake *f = *state;
    char name[32];
    for (int i = 0; i < 250; i++) {
        snprintf(name, sizeof(name), "live/%03d", i);
        fake_add(f, name, BC_CHANNEL_LIVE);
    }
    f->hub.hidden = 200; // 50 were counted
    json_t *root = fake_get_json(f->control, "/api/v1/channels", NULL);
    assert_true(json_array_size(json_object_get(root, "channels")) >= 50);
    json_decref(root);
    f->hub.hidden = 0;
    root = fake_get_json(f->control, "/api/v1/channels", NULL);
    assert_int_equal(json_array_size(json_object_get(root, "channels")), 100);
    assert_string_equal(fake_text(root, "cursor"), "live/099");
    json_decref(root);
}

// --- the kick ---

static void
test_a_kick_runs_on_the_channels_worker(void **state)
{
    struct fake *f = *state;
    fake_add_live(f);
    struct bc_channel *channel = f->hub.channels[0];
    struct bc_http_exchange x = { .method = BC_HTTP_POST, .path = ONE "/kick" };
    assert_true(fake_ask(f->control, &x));
    assert_int_equal(x.status, 202);
    json_t *root = fake_json(&x);
    assert_string_equal(fake_text(root, "channel"), "live/hq");
    json_decref(root);
    fake_finish(&x);
    assert_int_equal(channel->kicks, 0); // not here
    assert_int_equal(channel->refs, 1);  // it cannot die on the way
    fake_run_posted(f);
    assert_int_equal(channel->kicks, 1);
}

static void
test_who_is_not_live_is_not_kicked(void **state)
{
    struct fake *f = *state;
    fake_add(f, "live/hq", BC_CHANNEL_ENDED);
    struct bc_http_exchange x = { .method = BC_HTTP_POST, .path = ONE "/kick" };
    assert_true(fake_ask(f->control, &x));
    fake_check_error(&x, 409, "not_live");
    fake_finish(&x);
    struct bc_http_exchange y = { .method = BC_HTTP_POST,
        .path = "/api/v1/channels/live/none/kick" };
    assert_true(fake_ask(f->control, &y));
    fake_check_error(&y, 404, "no_such_channel");
    fake_finish(&y);
    assert_null(f->hub.posted);
}

#define WITH_FAKE(test) cmocka_unit_test_setup_teardown(test, fake_setup, fake_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FAKE(test_a_live_channel_in_full),
        WITH_FAKE(test_the_takes_and_the_running_one),
        WITH_FAKE(test_an_empty_channel_has_nulls),
        WITH_FAKE(test_names_from_peers_are_repaired_and_escaped),
        WITH_FAKE(test_a_rate_that_is_no_number_is_zero),
        WITH_FAKE(test_advice_has_code_numbers_and_sentence),
        WITH_FAKE(test_everybody_learns_nothing_of_the_host),
        WITH_FAKE(test_what_is_over_is_off_to_everybody),
        WITH_FAKE(test_info_tells_the_ports_that_listen),
        WITH_FAKE(test_urls_trust_no_strange_host),
        WITH_FAKE(test_lists_go_on_from_a_cursor),
        WITH_FAKE(test_bad_limits_and_cursors_are_told),
        WITH_FAKE(test_channels_that_come_while_listing),
        WITH_FAKE(test_a_kick_runs_on_the_channels_worker),
        WITH_FAKE(test_who_is_not_live_is_not_kicked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
