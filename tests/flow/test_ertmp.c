// SPDX-License-Identifier: Apache-2.0
// Enhanced RTMP through a whole server: several qualities in one push, codecs that players
// must know, changes of codec, wraps of the clock, a server that goes down.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flow.h"

struct fixture {
    struct flow flow;
    struct flow_rtmp host;
    struct flow_rtmp rtmp;
    struct flow_http viewers[3];
    uint32_t number;
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    flow_open(&f->flow, NULL);
    flow_rtmp_open_enhanced(&f->flow, &f->host, true, "hq?key=A", 1u << BC_CODEC_AV1,
        BC_RTMP_CAPS_RECONNECT | BC_RTMP_CAPS_MULTITRACK);
    FLOW_UNTIL(&f->flow, f->host.started);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    flow_rtmp_close(&f->host);
    flow_rtmp_close(&f->rtmp);
    for (unsigned i = 0; i < 3; i++) {
        flow_http_close(&f->viewers[i]);
    }
    flow_close(&f->flow);
    free(f);
    return 0;
}

// avcC of x264: main 4.0, 1920x1080; constrained baseline 3.0, 640x360.
static const uint8_t BIG[] = { 0x01, 0x4d, 0x40, 0x28, 0xff, 0xe1, 0x00, 0x1a, 0x67, 0x4d,
    0x40, 0x28, 0xec, 0xa0, 0x3c, 0x01, 0x13, 0xf2, 0xe0, 0x22, 0x00, 0x00, 0x03, 0x00, 0x02,
    0x00, 0x00, 0x03, 0x00, 0x78, 0x1e, 0x30, 0x63, 0x2c, 0x01, 0x00, 0x04, 0x68, 0xce, 0x0f,
    0xc8 };
static const uint8_t SMALL[] = { 0x01, 0x42, 0xc0, 0x1e, 0xff, 0xe1, 0x00, 0x18, 0x67, 0x42,
    0xc0, 0x1e, 0xd9, 0x00, 0xa0, 0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03, 0x03, 0xe9, 0x00,
    0x00, 0xea, 0x60, 0x0f, 0x16, 0x2e, 0x48, 0x01, 0x00, 0x05, 0x68, 0xcb, 0x83, 0xcb, 0x20 };
static const uint8_t LEGACY_HEAD[] = { 0x17, 0, 0, 0, 0 };
static const uint8_t TRACK_1_HEAD[] = { 0x96, 0x00, 'a', 'v', 'c', '1', 1 };
static const uint8_t AAC[] = { 0xaf, 0, 0x11, 0x90 };
// Of libaom, 1280x720: a temporal unit with its sequence header; a later frame.
static const uint8_t AV1_KEY[] = { 0x91, 'a', 'v', '0', '1', 0x0a, 0x0b, 0, 0, 0, 0x2d, 0x4c,
    0xff, 0xb3, 0xcc, 0xaf, 0x90, 0x04, 0x32, 0x02, 0x10, 0x55 };
static const uint8_t AV1_FRAME[]
    = { 0xa1, 'a', 'v', '0', '1', 0x32, 0x07, 0x30, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55 };
static const uint8_t AV1_MARK[] = { 0x90, 'a', 'v', '0', '1', 0x81 };

static void
send_two(struct fixture *f, uint32_t ms, const uint8_t *head, size_t head_len,
    const uint8_t *body, size_t len)
{
    uint8_t message[128];
    memcpy(message, head, head_len);
    memcpy(message + head_len, body, len);
    bc_rtmp_client_send(f->host.client, BC_KIND_VIDEO, ms, message, head_len + len);
}

#define SEND_HEADER(f, ms, head, avcc) \
    send_two(f, ms, head, sizeof(head), avcc, sizeof(avcc))
#define SEND_BODY(f, kind, ms, body) \
    bc_rtmp_client_send((f)->host.client, kind, ms, body, sizeof(body))

// A picture with its number, as an ordinary message or as that of track 1.
static void
send_picture(struct fixture *f, uint32_t ms, bool key, bool track_1, uint32_t number)
{
    uint8_t body[] = { key ? 0x17 : 0x27, 1, 0, 0, 0, 0, 0, 0, 9, key ? 0x65 : 0x41,
        (uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
        (uint8_t)number, 0x55, 0x55, 0x55, 0x55 };
    if (track_1) {
        uint8_t head[] = { key ? 0x96 : 0xa6, 0x01, 'a', 'v', 'c', '1', 1 };
        send_two(f, ms, head, sizeof(head), body + 2, sizeof(body) - 2);
    } else {
        SEND_BODY(f, BC_KIND_VIDEO, ms, body);
    }
}

static void
send_sound(struct fixture *f, uint32_t ms, uint32_t number)
{
    const uint8_t body[] = { 0xaf, 1, (uint8_t)(number >> 24), (uint8_t)(number >> 16),
        (uint8_t)(number >> 8), (uint8_t)number, 0x55, 0x55 };
    SEND_BODY(f, BC_KIND_AUDIO, ms, body);
}

// Pictures of both tracks and sound, a keyframe each second. Both tracks' pictures have the
// same number.
static void
send_media(struct fixture *f, uint32_t from_ms, unsigned frames, bool two)
{
    for (unsigned i = 0; i < frames; i++) {
        uint32_t ms = from_ms + i * FLOW_FRAME_MS;
        uint32_t number = f->number++;
        send_picture(f, ms, i % FLOW_GOP == 0, false, number);
        if (two) {
            send_picture(f, ms, i % FLOW_GOP == 0, true, number);
        }
        send_sound(f, ms, f->number++);
        send_sound(f, ms + FLOW_FRAME_MS / 2, f->number++);
    }
}

static bool
has(const struct flow_http *h, const uint8_t *bytes, size_t len)
{
    return h->flv.len > 0 && memmem(h->flv.data, h->flv.len, bytes, len) != NULL;
}

static bool
all_have(struct fixture *f, unsigned count, unsigned pictures)
{
    bool all = true;
    for (unsigned i = 0; i < count; i++) {
        flow_http_read_flv(&f->viewers[i]);
        all = all && f->viewers[i].media.video >= pictures;
    }
    return all;
}

static void
test_viewers_choose_a_quality(void **state)
{
    struct fixture *f = *state;
    SEND_BODY(f, BC_KIND_AUDIO, 0, AAC);
    SEND_HEADER(f, 0, LEGACY_HEAD, BIG);
    SEND_HEADER(f, 0, TRACK_1_HEAD, SMALL);
    send_media(f, 0, 30, true);
    FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_LIVE);
    flow_http_get(&f->flow, &f->viewers[0], "/live/hq.flv", "");
    flow_http_get(&f->flow, &f->viewers[1], "/live/hq.flv?rendition=1", "");
    flow_http_get(&f->flow, &f->viewers[2], "/live/hq.flv?rendition=3", "");
    // From the cached GOP: nothing more was sent.
    FLOW_UNTIL(&f->flow, all_have(f, 3, 5));
    send_media(f, 30 * FLOW_FRAME_MS, 30, true);
    FLOW_UNTIL(&f->flow, all_have(f, 3, 35));
    for (unsigned i = 0; i < 3; i++) {
        const struct flow_http *h = &f->viewers[i];
        assert_int_equal(has(h, BIG, sizeof(BIG)), i == 0);
        assert_int_equal(has(h, SMALL, sizeof(SMALL)), i > 0);
        assert_int_equal(h->media.video_headers, 1);
        assert_true(h->media.first_is_key);
        assert_int_equal(h->media.gaps, 0);
        assert_int_equal(h->media.backwards, 0);
    }
}

// The host goes on with one quality: who chose another gets that.
static void
test_a_quality_that_ends_gives_way_to_the_next(void **state)
{
    struct fixture *f = *state;
    SEND_BODY(f, BC_KIND_AUDIO, 0, AAC);
    SEND_HEADER(f, 0, LEGACY_HEAD, BIG);
    SEND_HEADER(f, 0, TRACK_1_HEAD, SMALL);
    send_media(f, 0, 30, true);
    FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_LIVE);
    flow_http_get(&f->flow, &f->viewers[0], "/live/hq.flv?rendition=1", "");
    FLOW_UNTIL(&f->flow, all_have(f, 1, 5));
    send_media(f, 30 * FLOW_FRAME_MS, 200, false);
    FLOW_UNTIL(&f->flow, all_have(f, 1, 20) && has(&f->viewers[0], BIG, sizeof(BIG)));
    assert_int_equal(f->viewers[0].media.video_headers, 2);
}

static void
send_av1(struct fixture *f, uint32_t from_ms, unsigned frames)
{
    for (unsigned i = 0; i < frames; i++) {
        uint32_t ms = from_ms + i * FLOW_FRAME_MS;
        if (i == 0) {
            SEND_BODY(f, BC_KIND_VIDEO, ms, AV1_KEY);
        } else {
            SEND_BODY(f, BC_KIND_VIDEO, ms, AV1_FRAME);
        }
        send_sound(f, ms, f->number++);
        send_sound(f, ms + FLOW_FRAME_MS / 2, f->number++);
    }
}

static bool
api_says_av1(struct fixture *f)
{
    flow_http_close(&f->viewers[1]);
    memset(&f->viewers[1], 0, sizeof(f->viewers[1]));
    flow_http_get(&f->flow, &f->viewers[1], "/api/v1/channels/live/hq", "");
    FLOW_UNTIL(&f->flow, flow_http_is_done(&f->viewers[1]));
    return strstr(flow_http_body(&f->viewers[1]), "av01.0.05M.08") != NULL;
}

static void
test_av1_goes_to_players_that_know_it(void **state)
{
    struct fixture *f = *state;
    assert_true(bc_rtmp_client_caps(f->host.client).caps_ex & BC_RTMP_CAPS_MULTITRACK);
    SEND_BODY(f, BC_KIND_AUDIO, 0, AAC);
    send_av1(f, 0, 30);
    FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_LIVE && api_says_av1(f));
    flow_rtmp_open(&f->flow, &f->rtmp, false, "hq", NULL);
    FLOW_UNTIL(&f->flow, f->rtmp.is_error);
    assert_string_equal(f->rtmp.status, "NetStream.Play.StreamNotFound");
    flow_rtmp_close(&f->rtmp);
    flow_rtmp_open_enhanced(&f->flow, &f->rtmp, false, "hq", 1u << BC_CODEC_AV1, 0);
    FLOW_UNTIL(&f->flow, f->rtmp.media.video > 0);
    flow_http_get(&f->flow, &f->viewers[0], "/live/hq.flv", "");
    FLOW_UNTIL(&f->flow, all_have(f, 1, 1));
    assert_true(has(&f->viewers[0], AV1_MARK, sizeof(AV1_MARK)));
}

static void
test_a_player_that_cannot_follow_a_change_is_told(void **state)
{
    struct fixture *f = *state;
    SEND_BODY(f, BC_KIND_AUDIO, 0, AAC);
    SEND_HEADER(f, 0, LEGACY_HEAD, SMALL);
    send_media(f, 0, 30, false);
    FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_LIVE);
    flow_rtmp_open(&f->flow, &f->rtmp, false, "hq", NULL);
    FLOW_UNTIL(&f->flow, f->rtmp.media.video > 4);
    send_av1(f, 30 * FLOW_FRAME_MS, 5);
    FLOW_UNTIL(&f->flow, f->rtmp.status[0] != '\0');
    assert_string_equal(f->rtmp.status, "NetStream.Play.UnpublishNotify");
}

// Encoders wrap at 2^31, the chunk layer at 2^32; viewers see time go on.
static void
check_wrap(struct fixture *f, uint32_t from_ms, uint32_t mask)
{
    SEND_BODY(f, BC_KIND_AUDIO, from_ms, AAC);
    SEND_HEADER(f, from_ms, LEGACY_HEAD, SMALL);
    for (unsigned i = 0; i < 50; i++) {
        uint32_t ms = (from_ms + i * FLOW_FRAME_MS) & mask;
        send_picture(f, ms, i % FLOW_GOP == 0, false, f->number++);
        send_sound(f, ms, f->number++);
        send_sound(f, (ms + FLOW_FRAME_MS / 2) & mask, f->number++);
        if (i == 5) {
            FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_LIVE);
            flow_http_get(&f->flow, &f->viewers[0], "/live/hq.flv", "");
            FLOW_UNTIL(&f->flow, all_have(f, 1, 2));
        }
    }
    FLOW_UNTIL(&f->flow, all_have(f, 1, 48));
    assert_int_equal(f->viewers[0].media.gaps, 0);
    assert_int_equal(f->viewers[0].media.backwards, 0);
    assert_true(f->viewers[0].media.last_ms - f->viewers[0].media.first_ms < 3000);
}

static void
test_time_wraps_at_2_to_the_31(void **state)
{
    check_wrap(*state, 0x7fffffff - 900, 0x7fffffff);
}

static void
test_time_wraps_at_2_to_the_32(void **state)
{
    check_wrap(*state, 0xffffffff - 900, 0xffffffff);
}

static void
test_hosts_that_can_are_asked_to_reconnect(void **state)
{
    struct fixture *f = *state;
    SEND_BODY(f, BC_KIND_AUDIO, 0, AAC);
    SEND_HEADER(f, 0, LEGACY_HEAD, SMALL);
    send_media(f, 0, 30, false);
    FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_LIVE);
    bc_server_stop(&f->flow.server);
    f->flow.stopped = true;
    FLOW_UNTIL(&f->flow, f->host.status[0] != '\0');
    assert_string_equal(f->host.status, "NetConnection.Connect.ReconnectRequest");
    assert_false(f->host.is_error);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_viewers_choose_a_quality),
        TEST(test_a_quality_that_ends_gives_way_to_the_next),
        TEST(test_av1_goes_to_players_that_know_it),
        TEST(test_a_player_that_cannot_follow_a_change_is_told),
        TEST(test_time_wraps_at_2_to_the_31),
        TEST(test_time_wraps_at_2_to_the_32),
        TEST(test_hosts_that_can_are_asked_to_reconnect),
    };
    return cmocka_run_group_tests_name("flow ertmp", tests, NULL, NULL);
}
