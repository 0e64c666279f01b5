// SPDX-License-Identifier: Apache-2.0
// Broadcasts of sound alone, tracks that come late, and sound in every codec.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../unit/codec/kit.h"
#include "flow.h"
#include "stream/channel.h"
#include "transmux/outputs_internal.h"

#define STEP_MS 20
#define FLAG_VIDEO 1
#define FLAG_AUDIO 4

// 64x36 in one colour.
static const uint8_t COVER_PNG[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48,
    0x44, 0x52, 0x00, 0x00, 0x00, 0x40, 0x00, 0x00, 0x00, 0x24, 0x08, 0x02, 0x00, 0x00,
    0x00, 0xb6, 0x6e, 0xab, 0xc5, 0x00, 0x00, 0x00, 0x3a, 0x49, 0x44, 0x41, 0x54, 0x78,
    0xda, 0xed, 0xcf, 0x41, 0x09, 0x00, 0x00, 0x08, 0x04, 0xb0, 0x8b, 0x63, 0x08, 0xfb,
    0x63, 0x2c, 0x33, 0xf8, 0x14, 0x06, 0x2b, 0xb0, 0x4c, 0xd7, 0x6b, 0x11, 0x10, 0x10,
    0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10,
    0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0xb8, 0x59, 0xf6, 0xc7, 0x8c,
    0x97, 0x33, 0x00, 0x01, 0x5e, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae,
    0x42, 0x60, 0x82,
};

struct fixture {
    struct flow flow;
    struct flow_rtmp host;
    struct flow_rtmp rtmp;
    struct flow_http flv;
    struct flow_http sound;
    struct flow_http hls;
    char cover[64];
    char cover_key[96];
};

static void
open_flow(struct fixture *f, bool with_cover)
{
    const char *overrides[] = { with_cover ? f->cover_key : NULL, NULL };
    flow_open(&f->flow, overrides);
    flow_host_open(&f->flow, &f->host);
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    snprintf(f->cover, sizeof(f->cover), "/tmp/flow-cover-XXXXXX");
    int fd = mkstemp(f->cover);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, COVER_PNG, sizeof(COVER_PNG)), sizeof(COVER_PNG));
    close(fd);
    snprintf(f->cover_key, sizeof(f->cover_key), "channels.live/hq.cover=%s", f->cover);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    flow_rtmp_close(&f->host);
    flow_rtmp_close(&f->rtmp);
    flow_http_close(&f->flv);
    flow_http_close(&f->sound);
    flow_http_close(&f->hls);
    flow_close(&f->flow);
    unlink(f->cover);
    free(f);
    return 0;
}

// --- the host ---

static void
send_sound(struct fixture *f, int64_t ms)
{
    static const uint8_t HEADER[] = { 0xaf, 0, 0x11, 0x90 }; // AAC-LC, 48 kHz, stereo
    uint8_t body[200] = { 0xaf, 1 };
    if (f->host.ms == 0) {
        bc_rtmp_client_send(f->host.client, BC_KIND_AUDIO, 0, HEADER, sizeof(HEADER));
    }
    for (int64_t end = f->host.ms + ms; f->host.ms < end; f->host.ms += STEP_MS) {
        bc_rtmp_client_send(
            f->host.client, BC_KIND_AUDIO, (uint32_t)f->host.ms, body, sizeof(body));
    }
}

// As time goes by.
static void
live_sound(struct fixture *f, int64_t ms)
{
    for (int64_t t = 0; t < ms; t += 500) {
        flow_clock_jump(&f->flow, 500000);
        send_sound(f, 500);
        flow_turn(&f->flow);
    }
}

struct cover_state {
    struct bc_channel *channel;
    bool made;
};

static void
look_at_cover(void *user)
{
    struct cover_state *s = user;
    struct bc_outputs *o = bc_channel_outputs(s->channel);
    s->made = o->view.cover.still.track && !o->view.held;
}

static bool
has_cover(struct fixture *f)
{
    struct cover_state s = { .channel = flow_channel(&f->flow) };
    if (s.channel) {
        flow_run_on(
            &f->flow, bc_channel_home(s.channel)->index, look_at_cover, &s);
        bc_channel_unref(&s.channel);
    }
    return s.made;
}

static bool
is_live(struct fixture *f)
{
    return flow_state(&f->flow) == BC_CHANNEL_LIVE;
}

static void
begin_with_cover(struct fixture *f)
{
    open_flow(f, true);
    FLOW_UNTIL(&f->flow, (live_sound(f, 500), has_cover(f)));
    live_sound(f, 2000);
}

// --- viewers ---

static bool
has(struct flow_http *h, unsigned video, unsigned audio)
{
    flow_http_read_flv(h);
    return h->media.video >= video && h->media.audio >= audio;
}

static unsigned
flags_of(const struct flow_http *h)
{
    assert_true(h->flv.len > 9);
    return h->flv.data[4];
}

static const char *
get_playlist(struct fixture *f, const char *path)
{
    // Until there is enough to play.
    for (int i = 0; i < 100; i++) {
        flow_http_close(&f->hls);
        flow_http_get(&f->flow, &f->hls, path, "");
        live_sound(f, 500);
        FLOW_UNTIL(&f->flow, flow_http_is_done(&f->hls));
        if (flow_http_status(&f->hls) == 200) {
            return flow_http_body(&f->hls);
        }
    }
    fail_msg("no %s", path);
    return NULL;
}

static void
test_sound_alone_needs_no_video(void **state)
{
    struct fixture *f = *state;
    open_flow(f, false);
    live_sound(f, 3000);
    flow_http_get(&f->flow, &f->flv, "/live/hq.flv", "");
    flow_rtmp_open(&f->flow, &f->rtmp, false, "hq", NULL);
    FLOW_UNTIL(&f->flow, has(&f->flv, 0, 10) && f->rtmp.media.audio >= 10);
    assert_int_equal(flags_of(&f->flv), FLAG_AUDIO);
    assert_int_equal(f->flv.media.video_headers, 0);
    const char *list = get_playlist(f, "/live/hq/index.m3u8");
    assert_non_null(strstr(list, "CODECS=\"mp4a.40.2\""));
    assert_null(strstr(list, "RESOLUTION"));
    assert_non_null(strstr(get_playlist(f, "/live/hq/main.m3u8"), "#EXT-X-PART:"));
}

static void
test_video_minutes_late_reaches_flv_and_hls(void **state)
{
    struct fixture *f = *state;
    open_flow(f, false);
    live_sound(f, 3000);
    flow_http_get(&f->flow, &f->flv, "/live/hq.flv", "");
    FLOW_UNTIL(&f->flow, has(&f->flv, 0, 10));
    get_playlist(f, "/live/hq/index.m3u8");
    live_sound(f, 150000);
    // Who plays is told to open anew, and then gets both.
    flow_host_send(&f->host, 3000);
    FLOW_UNTIL(&f->flow, (flow_http_read_flv(&f->flv), f->flv.ended));
    flow_http_close(&f->flv);
    flow_http_get(&f->flow, &f->flv, "/live/hq.flv", "");
    FLOW_UNTIL(&f->flow, has(&f->flv, 10, 10));
    assert_int_equal(flags_of(&f->flv), FLAG_AUDIO | FLAG_VIDEO);
    assert_true(f->flv.media.first_is_key);
    const char *list = get_playlist(f, "/live/hq/main.m3u8");
    assert_non_null(strstr(list, "#EXT-X-DISCONTINUITY\n"));
}

static void
test_cover_stands_for_the_video(void **state)
{
    struct fixture *f = *state;
    begin_with_cover(f);
    flow_http_get(&f->flow, &f->flv, "/live/hq.flv", "");
    flow_http_get(&f->flow, &f->sound, "/live/hq.flv?only=audio", "");
    flow_rtmp_open(&f->flow, &f->rtmp, false, "hq", NULL);
    FLOW_UNTIL(&f->flow, has(&f->flv, 1, 1) && has(&f->sound, 0, 1) && f->rtmp.started);
    live_sound(f, 3000);
    FLOW_UNTIL(&f->flow, has(&f->flv, 25, 100) && has(&f->sound, 0, 100)
        && f->rtmp.media.video >= 25);
    assert_int_equal(flags_of(&f->flv), FLAG_AUDIO | FLAG_VIDEO);
    assert_true(f->flv.media.first_is_key);
    assert_int_equal(f->flv.media.video_headers, 1);
    assert_int_equal(f->flv.media.backwards, 0);
    // Ten a second, and up to two seconds of them at the start.
    assert_in_range(f->flv.media.video, 25, 60);
    assert_int_equal(flags_of(&f->sound), FLAG_AUDIO);
    assert_int_equal(f->sound.media.video, 0);
    const char *list = get_playlist(f, "/live/hq/index.m3u8");
    assert_non_null(strstr(list, "avc1.42"));
    assert_non_null(strstr(list, "RESOLUTION=64x36"));
    assert_non_null(strstr(list, "audio.m3u8"));
}

static void
test_real_video_takes_the_covers_place(void **state)
{
    struct fixture *f = *state;
    begin_with_cover(f);
    flow_http_get(&f->flow, &f->flv, "/live/hq.flv", "");
    FLOW_UNTIL(&f->flow, has(&f->flv, 1, 10));
    flow_host_send(&f->host, 2000);
    FLOW_UNTIL(&f->flow, has(&f->flv, 45, 60));
    // Other parameters in the same answer.
    assert_int_equal(f->flv.media.video_headers, 2);
    assert_false(f->flv.ended);
    // The next take has none again.
    flow_rtmp_close(&f->host);
    flow_host_open(&f->flow, &f->host);
    live_sound(f, 4000);
    FLOW_UNTIL(&f->flow, (flow_http_read_flv(&f->flv), f->flv.media.video_headers == 3));
    assert_false(f->flv.ended);
}

// --- codecs ---

struct codec_case {
    struct kit_sound sound;
    uint8_t head[5]; // of each message, after E-RTMP v2 or the old form
    size_t head_len;
};

static const struct codec_case CODECS[] = {
    { { "libopus", BC_CODEC_OPUS, 48000, 2, 2, 440, 0, 0, 1 },
        { 0x91, 'O', 'p', 'u', 's' }, 5 },
    { { "flac", BC_CODEC_FLAC, 48000, 2, 2, 440, 0, 0, 1 },
        { 0x91, 'f', 'L', 'a', 'C' }, 5 },
    { { "ac3", BC_CODEC_AC3, 48000, 6, 2, 440, 0, 0, 1 },
        { 0x91, 'a', 'c', '-', '3' }, 5 },
    { { "eac3", BC_CODEC_EAC3, 48000, 2, 2, 440, 0, 0, 1 },
        { 0x91, 'e', 'c', '-', '3' }, 5 },
    { { "libmp3lame", BC_CODEC_MP3, 44100, 2, 2, 440, 0, 0, 1 }, { 0x2f }, 1 },
    { { "pcm_alaw", BC_CODEC_PCMA, 8000, 1, 2, 440, 0, 0, 1 }, { 0x72 }, 1 },
    { { "pcm_mulaw", BC_CODEC_PCMU, 8000, 1, 2, 440, 0, 0, 1 }, { 0x82 }, 1 },
};

static void
send_body(struct fixture *f, const struct codec_case *c, int64_t ms, const uint8_t *data,
    size_t len)
{
    uint8_t body[16384];
    assert_true(c->head_len + len <= sizeof(body));
    memcpy(body, c->head, c->head_len);
    memcpy(body + c->head_len, data, len);
    bc_rtmp_client_send(
        f->host.client, BC_KIND_AUDIO, (uint32_t)ms, body, c->head_len + len);
}

static void
send_start(struct fixture *f, const struct codec_case *c, const struct bc_track *track)
{
    struct codec_case start = *c;
    start.head[0] = 0x90;
    if (track->codec == BC_CODEC_OPUS) {
        send_body(f, &start, 0, track->config->data, track->config->len);
    } else if (track->codec == BC_CODEC_FLAC) {
        uint8_t head[4 + 38] = "fLaC";
        memcpy(head + 4, track->config->data + 4, 38); // without version and flags
        head[4] = 0x80;
        send_body(f, &start, 0, head, sizeof(head));
    }
}

static void
test_sound_of_every_codec_becomes_aac(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(CODECS) / sizeof(CODECS[0]); i++) {
        const struct codec_case *c = &CODECS[i];
        struct kit_packets in = { 0 };
        kit_make_sound(&in, &c->sound);
        open_flow(f, false);
        send_start(f, c, in.items[0]->track);
        for (unsigned n = 0; n < in.count; n++) {
            int64_t ms = in.items[n]->pts_us / 1000;
            send_body(f, c, ms < 0 ? 0 : ms, in.items[n]->data, in.items[n]->len);
            if (n == 3) {
                FLOW_UNTIL(&f->flow, is_live(f));
                flow_http_get(&f->flow, &f->flv, "/live/hq.flv", "");
            }
            // In the first second it may be that another track comes.
            if (n > 3 && n < 12) {
                flow_clock_jump(&f->flow, 300000);
            }
        }
        print_message("%s\n", c->sound.encoder);
        FLOW_UNTIL(&f->flow, has(&f->flv, 0, 30)); // of 93; half of it may be past
        assert_int_equal(flags_of(&f->flv), FLAG_AUDIO);
        assert_true(f->flv.media.audio_headers > 0);
        assert_int_equal(f->flv.media.backwards, 0);
        kit_free(&in);
        flow_rtmp_close(&f->host);
        flow_http_close(&f->flv);
        if (i + 1 < sizeof(CODECS) / sizeof(CODECS[0])) {
            flow_close(&f->flow);
        }
    }
}

#define UNIT(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(test_sound_alone_needs_no_video),
        UNIT(test_video_minutes_late_reaches_flv_and_hls),
        UNIT(test_cover_stands_for_the_video),
        UNIT(test_real_video_takes_the_covers_place),
        UNIT(test_sound_of_every_codec_becomes_aac),
    };
    kit_quiet();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
