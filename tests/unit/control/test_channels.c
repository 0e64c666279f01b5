// SPDX-License-Identifier: Apache-2.0
// What is told about one channel, to the operator and to everybody.
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

static void
test_a_live_channel_in_full(void **state)
{
    struct fake *f = *state;
    fake_add_live(f)->has_b_frames = true;
    json_t *c = fake_get_json(f->control, ONE, NULL);
    assert_string_equal(fake_text(c, "channel"), "live/hq");
    assert_string_equal(fake_text(c, "state"), "live");
    assert_string_equal(fake_text(c, "began_at"), "2026-03-01T12:00:00.123Z");
    assert_int_equal(fake_number(c, "duration_ms"), 61500);
    assert_int_equal(fake_number(c, "epoch"), 2);
    assert_int_equal(fake_number(c, "broadcast"), 1);
    assert_int_equal(fake_number(c, "gop_ms"), 2002);
    assert_int_equal(fake_number(c, "gop_max_ms"), 8340);
    assert_int_equal(fake_number(c, "bitrate_kbps"), 2528);
    assert_true(json_is_true(json_object_get(c, "has_b_frames")));
    assert_int_equal(fake_number(c, "viewers"), 7);
    const json_t *by = json_object_get(c, "viewers_by_protocol");
    assert_int_equal(json_object_size(by), BC_PROTOCOL_COUNT);
    assert_int_equal(fake_number(by, bc_protocol_name(BC_PROTOCOL_FLV)), 3);
    assert_int_equal(fake_number(by, bc_protocol_name(BC_PROTOCOL_RTMP)), 0);
    const json_t *tracks = json_object_get(c, "tracks");
    assert_int_equal(json_array_size(tracks), 2);
    const json_t *video = json_array_get(tracks, 0);
    assert_string_equal(fake_text(video, "kind"), "video");
    assert_string_equal(fake_text(video, "codec"), "h264");
    assert_string_equal(fake_text(video, "codec_string"), "avc1.64001f");
    assert_int_equal(fake_number(video, "width"), 1280);
    assert_true(json_real_value(json_object_get(video, "fps")) == 29.97);
    const json_t *audio = json_array_get(tracks, 1);
    assert_string_equal(fake_text(audio, "kind"), "audio");
    assert_int_equal(fake_number(audio, "sample_rate"), 48000);
    assert_int_equal(fake_number(audio, "channels"), 2);
    json_decref(c);
}

static void
test_the_takes_and_the_running_one(void **state)
{
    struct fake *f = *state;
    struct bc_channel_info *info = fake_add_live(f);
    json_t *c = fake_get_json(f->control, ONE, NULL);
    const json_t *take = json_object_get(c, "take");
    assert_int_equal(fake_number(take, "number"), 2);
    assert_string_equal(fake_text(take, "encoder"), "OBS 29");
    assert_string_equal(fake_text(take, "peer"), "198.51.100.7:5000");
    assert_true(fake_is_null(take, "ended_at"));
    assert_true(fake_is_null(take, "end_reason"));
    assert_true(fake_number(take, "duration_ms") > 0);
    assert_int_equal(fake_number(take, "bytes"), 123456);
    const json_t *takes = json_object_get(c, "takes");
    assert_int_equal(json_array_size(takes), 2);
    const json_t *first = json_array_get(takes, 1);
    assert_string_equal(fake_text(first, "ended_at"), "2026-03-01T12:00:20.123Z");
    assert_string_equal(fake_text(first, "end_reason"), "connection lost");
    assert_int_equal(fake_number(first, "duration_ms"), 20000);
    json_decref(c);

    info->state = BC_CHANNEL_WAITING;
    info->history[0].ended_wall_us = info->history[0].began_wall_us + 1000000;
    c = fake_get_json(f->control, ONE, NULL);
    assert_string_equal(fake_text(c, "state"), "waiting");
    assert_true(fake_is_null(c, "take"));
    json_decref(c);
}

static void
test_an_empty_channel_has_nulls(void **state)
{
    struct fake *f = *state;
    fake_add(f, "live/hq", BC_CHANNEL_ENDED);
    json_t *c = fake_get_json(f->control, ONE, NULL);
    assert_string_equal(fake_text(c, "state"), "ended");
    assert_int_equal(json_array_size(json_object_get(c, "tracks")), 0);
    assert_true(fake_is_null(c, "began_at"));
    assert_true(fake_is_null(c, "take"));
    assert_int_equal(json_array_size(json_object_get(c, "takes")), 0);
    json_decref(c);
    struct bc_http_exchange x = fake_get(f->control, "/api/v1/channels/live/none", NULL,
        404);
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
        "\"a\\b\n\x01\xEF\xBF\xBD\xEF\xBF\xBD(\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD "
        "\xe4\xb8\xad");
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
        json_array_foreach(advice, n, item) {
            assert_string_equal(fake_text(item, "code"),
                bc_advice_code((enum bc_advice)(1 << n)));
            assert_true(strlen(fake_text(item, "message")) > 10);
        }
        const json_t *gop = json_object_get(json_array_get(advice, 0), "params");
        assert_true(json_real_value(json_object_get(gop, "gop_s")) == 8.3);
        const json_t *low = json_object_get(json_array_get(advice, 4), "params");
        assert_int_equal(fake_number(low, "kbps"), 2528);
        assert_int_equal(fake_number(low, "usual_kbps"), 2600);
        const json_t *repaired = json_object_get(json_array_get(advice, 5), "params");
        assert_int_equal(fake_number(repaired, "count"), 61);
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
    assert_int_equal(json_object_size(c), 11);
    assert_true(json_is_true(json_object_get(c, "playable")));
    assert_string_equal(fake_text(c, "channel"), "live/hq");
    assert_string_equal(fake_text(c, "state"), "live");
    assert_int_equal(fake_number(c, "viewers"), 7);
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
    assert_true(fake_is_null(c, "since"));
    assert_true(fake_is_null(c, "video"));
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
    assert_int_equal(fake_number(info, "rtmp_port"), 20601);
    assert_int_equal(fake_number(info, "http_port"), 8080);
    assert_int_equal(fake_number(info, "https_port"), 0); // no certificate is set
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
        assert_true(fake_is_null(urls, "rtmp"));
    }
    json_decref(c);
    fake_finish(&x);
}

static void
test_urls_of_webrtc(void **state)
{
    struct fake *f = *state;
    fake_add_live(f)->viewers[BC_PROTOCOL_WHEP] = 2;
    json_t *c = fake_get_json(f->control, ONE, NULL);
    const json_t *urls = json_object_get(c, "urls");
    assert_string_equal(fake_text(urls, "whep"), "/live/hq/whep");
    assert_string_equal(fake_text(urls, "whip"), "/live/hq/whip");
    assert_string_equal(fake_text(urls, "go_live"), "/go-live/live/hq");
    const json_t *viewers = json_object_get(c, "viewers_by_protocol");
    assert_int_equal(fake_number(viewers, "whep"), 2);
    json_decref(c);
    fake_configure(f, "access.api=open", "webrtc.listen=");
    c = fake_get_json(f->control, ONE, NULL);
    urls = json_object_get(c, "urls");
    assert_true(fake_is_null(urls, "whep"));
    assert_true(fake_is_null(urls, "whip"));
    assert_true(fake_is_null(urls, "go_live"));
    json_decref(c);
}

static void
test_urls_trust_no_strange_host(void **state)
{
    struct fake *f = *state;
    fake_add_live(f);
    check_rtmp_url(f, "shop.example:8080", "rtmp://shop.example/live/hq");
    check_rtmp_url(f, "[2001:db8::1]:8080", "rtmp://[2001:db8::1]/live/hq");
    static const char *const STRANGE[] = { "", ":80", "a b", "a\"b", "a/../b", "[", "[]",
        "[::1", "[::1\"]", "user@host", "\xff", NULL };
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
        WITH_FAKE(test_urls_of_webrtc),
        WITH_FAKE(test_urls_trust_no_strange_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
