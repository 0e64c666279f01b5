// SPDX-License-Identifier: Apache-2.0
// Enhanced RTMP: other codecs, several tracks in one push, what is told beside the samples.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../transmux/stage.h"
#include "base/writer.h"
#include "ingest/publisher.h"

#define SEEN_MAX 256

struct seen {
    enum bc_kind kind;
    enum bc_codec codec;
    uint8_t rendition;
    int64_t dts_us;
    int64_t pts_us;
    uint32_t flags;
    uint32_t width;
    uint8_t data[32];
    size_t len;
};

struct fixture {
    struct stage stage;
    struct bc_publisher publisher;
    struct bc_packet_sink sink;
    struct bc_logger log;
    int64_t now_us;
    struct seen seen[SEEN_MAX];
    unsigned count;
    unsigned tracks;
    char video[BC_CODEC_STRING]; // of the last on_tracks
    char audio[BC_CODEC_STRING];
};

static void
on_packet(struct bc_packet_sink *sink, struct bc_packet *p, int64_t wall_us)
{
    (void)wall_us;
    struct fixture *f = bc_container_of(sink, struct fixture, sink);
    assert_true(f->count < SEEN_MAX);
    struct seen *s = &f->seen[f->count++];
    *s = (struct seen) { .kind = p->kind, .codec = p->track ? p->track->codec : 0,
        .rendition = p->rendition, .dts_us = p->dts_us, .pts_us = p->pts_us,
        .flags = p->flags, .width = p->track ? p->track->width : 0, .len = p->len };
    memcpy(s->data, p->data, p->len < sizeof(s->data) ? p->len : sizeof(s->data));
}

static void
on_tracks(struct bc_packet_sink *sink, struct bc_track *video, struct bc_track *audio)
{
    struct fixture *f = bc_container_of(sink, struct fixture, sink);
    f->tracks++;
    strcpy(f->video, video ? video->codec_string : "");
    strcpy(f->audio, audio ? audio->codec_string : "");
}

static const struct bc_packet_sink_ops SINK_OPS
    = { .all_renditions = true, .on_packet = on_packet, .on_tracks = on_tracks };

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    stage_open(&f->stage, NULL);
    stage_take(&f->stage, 1, "10.0.0.1");
    bc_log_set_level(BC_LOG_ERROR);
    bc_logger_init(&f->log, NULL, "test");
    bc_publisher_init(&f->publisher, f->stage.take, &f->log);
    f->stage.take = NULL; // the publisher's now
    bc_list_init(&f->sink.node);
    f->sink.ops = &SINK_OPS;
    bc_channel_add_sink(f->stage.channel, &f->sink);
    f->now_us = f->stage.clock0_us;
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    bc_publisher_finish(&f->publisher, true, "done");
    stage_turn(&f->stage);
    bc_channel_remove_sink(&f->sink);
    stage_close(&f->stage);
    free(f);
    return 0;
}

static void
send_bytes(struct fixture *f, enum bc_kind kind, uint32_t ms, const void *data, size_t len)
{
    struct bc_buf *buf = bc_buf_copy(data, len);
    struct bc_rtmp_media m = {
        .kind = kind, .timestamp = ms, .buf = buf, .data = buf->data, .len = len };
    f->now_us = f->stage.clock0_us + (int64_t)ms * 1000;
    bc_publisher_media(&f->publisher, &m, f->now_us);
    bc_publisher_flush(&f->publisher, f->now_us);
    bc_buf_unref(&buf);
}

#define VIDEO(f, ms, bytes) send_bytes(f, BC_KIND_VIDEO, ms, bytes, sizeof(bytes))
#define AUDIO(f, ms, bytes) send_bytes(f, BC_KIND_AUDIO, ms, bytes, sizeof(bytes))

static const uint8_t AAC[] = { 0xaf, 0, 0x11, 0x90 }; // LC, 48 kHz, stereo
static const uint8_t SOUND[] = { 0xaf, 1, 0x21, 0x10, 0x04 };

// avcC of x264: constrained baseline 3.0, 640x360; and main 4.0, 1920x1080.
#define AVCC_360                                                                            \
    0x01, 0x42, 0xc0, 0x1e, 0xff, 0xe1, 0x00, 0x18, 0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00,     \
        0xa0, 0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03, 0x03, 0xe9, 0x00, 0x00, 0xea, 0x60, \
        0x0f, 0x16, 0x2e, 0x48, 0x01, 0x00, 0x05, 0x68, 0xcb, 0x83, 0xcb, 0x20
#define AVCC_1080                                                                           \
    0x01, 0x4d, 0x40, 0x28, 0xff, 0xe1, 0x00, 0x1a, 0x67, 0x4d, 0x40, 0x28, 0xec, 0xa0,     \
        0x3c, 0x01, 0x13, 0xf2, 0xe0, 0x22, 0x00, 0x00, 0x03, 0x00, 0x02, 0x00, 0x00, 0x03, \
        0x00, 0x78, 0x1e, 0x30, 0x63, 0x2c, 0x01, 0x00, 0x04, 0x68, 0xce, 0x0f, 0xc8
#define AVC1 'a', 'v', 'c', '1'
#define IDR 0, 0, 0, 3, 0x65, 0x88, 0x80
#define SLICE 0, 0, 0, 3, 0x41, 0x9a, 0x02

// Sequence header OBU of libaom, 1280x720; a shown keyframe, a later frame.
#define AV1_SEQUENCE 0x0a, 0x0b, 0, 0, 0, 0x2d, 0x4c, 0xff, 0xb3, 0xcc, 0xaf, 0x90, 0x04
static const uint8_t AV1_HEADER[]
    = { 0x90, 'a', 'v', '0', '1', 0x81, 0x05, 0x0c, 0, AV1_SEQUENCE };
static const uint8_t AV1_KEY[] = { 0x91, 'a', 'v', '0', '1', 0x12, 0x00, // delimiter
    AV1_SEQUENCE, 0x32, 0x02, 0x10, 0x55 };
static const uint8_t AV1_FRAME[] = { 0xa1, 'a', 'v', '0', '1', 0x32, 0x02, 0x30, 0x55 };

static void
test_av1_with_and_without_a_header(void **state)
{
    struct fixture *f = *state;
    AUDIO(f, 0, AAC);
    VIDEO(f, 0, AV1_KEY); // no header before: the keyframe tells it all
    VIDEO(f, 40, AV1_HEADER); // the same again
    VIDEO(f, 40, AV1_FRAME);
    assert_int_equal(f->count, 2);
    assert_string_equal(f->video, "av01.0.05M.08");
    assert_int_equal(f->tracks, 1);
    assert_int_equal(f->seen[0].len, sizeof(AV1_KEY) - 7); // without the delimiter
    assert_memory_equal(f->seen[0].data, AV1_KEY + 7, sizeof(AV1_KEY) - 7);
    assert_true(f->seen[0].flags & BC_PACKET_KEY);
    assert_false(f->seen[1].flags & BC_PACKET_KEY);
    assert_int_equal(f->seen[1].pts_us, f->seen[1].dts_us); // no composition time
    assert_int_equal(f->seen[0].width, 1280);
}

static void
test_keyframes_are_what_the_bitstream_says(void **state)
{
    struct fixture *f = *state;
    static const uint8_t SAYS_KEY[] = { 0x91, 'a', 'v', '0', '1', 0x32, 0x02, 0x30, 0x55 };
    AUDIO(f, 0, AAC);
    VIDEO(f, 0, AV1_HEADER);
    VIDEO(f, 0, SAYS_KEY); // frame type 1, but no keyframe
    VIDEO(f, 40, AV1_KEY);
    assert_int_equal(f->count, 1);
    assert_int_equal(f->seen[0].len, sizeof(AV1_KEY) - 7);
}

// libvpx, 320x180: profile 0, a keyframe with sync code and size; then a later frame.
static const uint8_t VP9_KEY[]
    = { 0x91, 'v', 'p', '0', '9', 0x82, 0x49, 0x83, 0x42, 0x00, 0x13, 0xf0, 0x0b, 0x30 };
static const uint8_t VP9_FRAME[] = { 0xa1, 'v', 'p', '0', '9', 0x86, 0x00 };

static void
test_vp9_takes_its_size_from_the_keyframe(void **state)
{
    struct fixture *f = *state;
    // Level 3.1, 4:2:0, BT.709: the record without version and flags.
    static const uint8_t HEADER[] = { 0x90, 'v', 'p', '0', '9', 0, 31, 0x82, 1, 1, 1, 0, 0 };
    AUDIO(f, 0, AAC);
    VIDEO(f, 0, HEADER);
    VIDEO(f, 0, VP9_KEY);
    VIDEO(f, 40, VP9_FRAME);
    VIDEO(f, 80, HEADER);
    VIDEO(f, 80, VP9_KEY);
    assert_int_equal(f->count, 3);
    assert_string_equal(f->video, "vp09.00.31.08");
    assert_int_equal(f->seen[0].width, 320);
    assert_int_equal(f->tracks, 1);
    assert_int_equal(f->publisher.bad_messages, 0);
}

static void
test_vp8_needs_no_header(void **state)
{
    struct fixture *f = *state;
    static const uint8_t KEY[] = { 0x91, 'v', 'p', '0', '8', 0x10, 0x42, 0x00, 0x9d, 0x01,
        0x2a, 0x40, 0x01, 0xb4, 0x00 };
    static const uint8_t FRAME[] = { 0xa1, 'v', 'p', '0', '8', 0x11, 0x42, 0x00 };
    AUDIO(f, 0, AAC);
    VIDEO(f, 0, FRAME);
    VIDEO(f, 40, KEY);
    VIDEO(f, 80, FRAME);
    assert_int_equal(f->count, 2);
    assert_string_equal(f->video, "vp8");
    assert_int_equal(f->seen[0].width, 320);
}

// hvcC of x265, Main, 320x180.
#define HVCC                                                                                \
    0x01, 0x01, 0x60, 0x00, 0x00, 0x00, 0x90, 0x00, 0x00, 0x00, 0x00, 0x00, 0x3c, 0xf0,     \
        0x00, 0xfc, 0xfd, 0xf8, 0xf8, 0x00, 0x00, 0x0f, 0x03, 0xa0, 0x00, 0x01, 0x00, 0x18, \
        0x40, 0x01, 0x0c, 0x01, 0xff, 0xff, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, \
        0x00, 0x03, 0x00, 0x00, 0x03, 0x00, 0x3c, 0x95, 0x94, 0x09, 0xa1, 0x00, 0x01, 0x00, \
        0x2b, 0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, \
        0x00, 0x00, 0x03, 0x00, 0x3c, 0xa0, 0x0a, 0x08, 0x0c, 0x1f, 0x3e, 0x59, 0x59, 0x52, \
        0x93, 0x0b, 0xc0, 0x5a, 0x02, 0x00, 0x00, 0x03, 0x00, 0x02, 0x00, 0x00, 0x03, 0x00, \
        0x32, 0x10, 0xa2, 0x00, 0x01, 0x00, 0x06, 0x44, 0x01, 0xc0, 0x73, 0xc1, 0x89

static void
test_codecs_change_in_one_connection(void **state)
{
    struct fixture *f = *state;
    static const uint8_t AVC_HEADER[] = { 0x17, 0, 0, 0, 0, AVCC_360 };
    static const uint8_t AVC_KEY[] = { 0x17, 1, 0, 0, 0, IDR };
    static const uint8_t ID12_HEADER[] = { 0x1c, 0, 0, 0, 0, HVCC };
    static const uint8_t ID12_KEY[] = { 0x1c, 1, 0, 0, 0, 0, 0, 0, 3, 0x26, 0x01, 0xaf };
    static const uint8_t HVC1_HEADER[] = { 0x90, 'h', 'v', 'c', '1', HVCC };
    static const uint8_t HVC1_KEY[]
        = { 0x91, 'h', 'v', 'c', '1', 0, 0, 40, 0, 0, 0, 3, 0x26, 0x01, 0xaf };
    static const uint8_t HVC1_X[]
        = { 0xa3, 'h', 'v', 'c', '1', 0, 0, 0, 3, 0x02, 0x01, 0xd0 };
    VIDEO(f, 0, AVC_HEADER);
    AUDIO(f, 0, AAC);
    VIDEO(f, 0, AVC_KEY);
    VIDEO(f, 40, ID12_HEADER);
    VIDEO(f, 40, ID12_KEY);
    VIDEO(f, 80, HVC1_HEADER); // the same parameters by FourCC
    VIDEO(f, 80, HVC1_KEY);
    VIDEO(f, 120, HVC1_X);
    VIDEO(f, 160, AV1_HEADER);
    VIDEO(f, 160, AV1_KEY);
    assert_int_equal(f->count, 5);
    assert_int_equal(f->tracks, 3);
    assert_int_equal(f->seen[0].codec, BC_CODEC_AVC);
    assert_int_equal(f->seen[1].codec, BC_CODEC_HEVC);
    assert_true(f->seen[1].flags & BC_PACKET_NEW_EPOCH);
    assert_false(f->seen[2].flags & BC_PACKET_NEW_EPOCH);
    assert_int_equal(f->seen[2].pts_us - f->seen[2].dts_us, 40000);
    assert_int_equal(f->seen[3].pts_us, f->seen[3].dts_us);
    assert_int_equal(f->seen[4].codec, BC_CODEC_AV1);
    assert_int_equal(f->publisher.bad_messages, 0);
}

static void
check_sound(struct fixture *f, const char *codec, unsigned count)
{
    unsigned sounds = 0;
    for (unsigned i = 0; i < f->count; i++) {
        sounds += f->seen[i].kind == BC_KIND_AUDIO;
    }
    assert_int_equal(sounds, count);
    assert_string_equal(f->audio, codec);
    assert_int_equal(f->publisher.bad_messages, 0);
}

#define OPUS_FRAME 0x91, 'O', 'p', 'u', 's', 0xfc, 0xff, 0xfe

static void
test_opus_with_an_empty_header(void **state)
{
    struct fixture *f = *state;
    static const uint8_t HEADER[] = { 0x90, 'O', 'p', 'u', 's' };
    // MultichannelConfig: unspecified order, two channels.
    static const uint8_t CHANNELS[] = { 0x94, 'O', 'p', 'u', 's', 0, 2 };
    static const uint8_t FRAME[] = { OPUS_FRAME };
    VIDEO(f, 0, AV1_KEY);
    AUDIO(f, 0, HEADER);
    AUDIO(f, 0, CHANNELS);
    AUDIO(f, 0, FRAME);
    check_sound(f, "opus", 1);
    assert_int_equal(f->publisher.audio->channels, 2);
}

static void
test_flac_ac3_and_mp3(void **state)
{
    struct fixture *f = *state;
    static const uint8_t FLAC[] = { 0x90, 'f', 'L', 'a', 'C', 'f', 'L', 'a', 'C', 0x80, 0, 0,
        34, 0x12, 0x00, 0x12, 0x00, 0x00, 0x01, 0x50, 0x00, 0x05, 0x17, 0x0b, 0xb8, 0x02,
        0xf0, 0x00, 0x00, 0x5d, 0xc0, 0xa2, 0xfc, 0x36, 0x17, 0xbc, 0x0e, 0x6c, 0x99, 0xe0,
        0x35, 0xcb, 0xe0, 0x6f, 0xb4, 0xe5, 0x2a };
    static const uint8_t FLAC_FRAME[] = { 0x91, 'f', 'L', 'a', 'C', 0xff, 0xf8 };
    static const uint8_t AC3[] = { 0x91, 'a', 'c', '-', '3', 0x0b, 0x77, 0xfe, 0x95, 0x14,
        0x40, 0x43, 0xe1 };
    static const uint8_t EAC3[] = { 0x91, 'e', 'c', '-', '3', 0x0b, 0x77, 0x01, 0x7f, 0x34,
        0x87, 0xc0, 0x00 };
    static const uint8_t MP3[] = { 0x91, '.', 'm', 'p', '3', 0xff, 0xfb, 0x94, 0x00 };
    // The legacy tag says 44.1 kHz, as it has no number for the frame's 48.
    static const uint8_t LEGACY_MP3[] = { 0x2f, 0xff, 0xfb, 0x94, 0x00 };
    static const uint8_t G711[] = { 0x82, 0x55, 0x55 };
    VIDEO(f, 0, AV1_KEY);
    AUDIO(f, 0, FLAC);
    AUDIO(f, 0, FLAC_FRAME);
    check_sound(f, "fLaC", 1);
    AUDIO(f, 100, AC3);
    check_sound(f, "ac-3", 2);
    AUDIO(f, 140, EAC3);
    check_sound(f, "ec-3", 3);
    AUDIO(f, 180, MP3);
    check_sound(f, "mp4a.40.34", 4);
    assert_int_equal(f->publisher.audio->sample_rate, 48000);
    unsigned tracks = f->tracks;
    AUDIO(f, 204, LEGACY_MP3);
    assert_int_equal(f->tracks, tracks);
    AUDIO(f, 240, G711);
    check_sound(f, "", 6);
    assert_int_equal(f->publisher.audio->codec, BC_CODEC_PCMU);
}

// OBS: track 0 as an ordinary message, the others as Multitrack (one track).
static const uint8_t OBS_HEADER_0[] = { 0x17, 0, 0, 0, 0, AVCC_1080 };
static const uint8_t OBS_HEADER_1[] = { 0x96, 0x00, AVC1, 1, AVCC_360 };
static const uint8_t OBS_KEY_0[] = { 0x17, 1, 0, 0, 0, IDR };
static const uint8_t OBS_KEY_1[] = { 0x96, 0x01, AVC1, 1, 0, 0, 0, IDR };
static const uint8_t OBS_FRAME_0[] = { 0x27, 1, 0, 0, 0, SLICE };
static const uint8_t OBS_FRAME_1[] = { 0xa6, 0x03, AVC1, 1, SLICE };

static void
check_seen(const struct seen *s, uint8_t rendition, uint32_t width, bool key)
{
    assert_int_equal(s->kind, BC_KIND_VIDEO);
    assert_int_equal(s->rendition, rendition);
    assert_int_equal(s->width, width);
    assert_int_equal((s->flags & BC_PACKET_KEY) != 0, key);
}

static void
test_obs_sends_several_qualities(void **state)
{
    struct fixture *f = *state;
    AUDIO(f, 0, AAC);
    VIDEO(f, 0, OBS_HEADER_0);
    VIDEO(f, 0, OBS_HEADER_1);
    VIDEO(f, 0, OBS_KEY_0);
    VIDEO(f, 0, OBS_KEY_1);
    VIDEO(f, 40, OBS_FRAME_0);
    VIDEO(f, 40, OBS_FRAME_1);
    assert_int_equal(f->count, 4);
    assert_int_equal(f->tracks, 1);
    assert_string_equal(f->video, "avc1.4d4028");
    check_seen(&f->seen[0], 0, 1920, true);
    check_seen(&f->seen[1], 1, 640, true);
    check_seen(&f->seen[2], 0, 1920, false);
    check_seen(&f->seen[3], 1, 640, false);
    assert_int_equal(f->seen[2].dts_us, f->seen[3].dts_us);
}

// The best is the largest picture, whatever its id.
static void
test_the_largest_picture_is_the_best(void **state)
{
    struct fixture *f = *state;
    static const uint8_t HEADER_0[] = { 0x17, 0, 0, 0, 0, AVCC_360 };
    static const uint8_t HEADER_1[] = { 0x96, 0x00, AVC1, 1, AVCC_1080 };
    AUDIO(f, 0, AAC);
    VIDEO(f, 0, HEADER_0);
    VIDEO(f, 0, HEADER_1);
    VIDEO(f, 0, OBS_KEY_0);
    VIDEO(f, 0, OBS_KEY_1);
    assert_int_equal(f->count, 2);
    check_seen(&f->seen[0], 0, 1920, true); // the channel begins with the best
    check_seen(&f->seen[1], 1, 640, true);
    // Another size: the order changes where a keyframe makes it possible.
    static const uint8_t BIG_0[] = { 0x17, 0, 0, 0, 0, AVCC_1080 };
    static const uint8_t SMALL_1[] = { 0x96, 0x00, AVC1, 1, AVCC_360 };
    VIDEO(f, 1000, BIG_0);
    VIDEO(f, 1000, SMALL_1);
    VIDEO(f, 1000, OBS_KEY_0);
    VIDEO(f, 1000, OBS_KEY_1);
    VIDEO(f, 1040, OBS_FRAME_0);
    VIDEO(f, 1040, OBS_FRAME_1);
    check_seen(&f->seen[f->count - 2], 0, 1920, false);
    check_seen(&f->seen[f->count - 1], 1, 640, false);
}

// Several tracks in one message, each with its size: ManyTracks and ManyTracksManyCodecs.
static void
test_many_tracks_in_one_message(void **state)
{
    struct fixture *f = *state;
    static const uint8_t HEADERS[] = { 0x96, 0x10, AVC1, //
        0, 0, 0, 41, AVCC_1080, 1, 0, 0, 40, AVCC_360 };
    static const uint8_t KEYS[]
        = { 0x96, 0x11, AVC1, 0, 0, 0, 10, 0, 0, 0, IDR, 1, 0, 0, 10, 0, 0, 0, IDR };
    AUDIO(f, 0, AAC);
    VIDEO(f, 0, HEADERS);
    VIDEO(f, 0, KEYS);
    assert_int_equal(f->count, 2);
    check_seen(&f->seen[0], 0, 1920, true);
    check_seen(&f->seen[1], 1, 640, true);
    // A third track of another codec, and one of a codec that nobody knows before it.
    static const uint8_t MIXED[] = { 0x96, 0x21, AVC1, 0, 0, 0, 10, 0, 0, 0, IDR, //
        'x', 'y', 'z', '1', 7, 0, 0, 2, 1, 2, //
        'a', 'v', '0', '1', 2, 0, 0, 17, AV1_SEQUENCE, 0x32, 0x02, 0x10, 0x55 };
    VIDEO(f, 1000, MIXED);
    assert_int_equal(f->publisher.bad_messages, 1);
    VIDEO(f, 2000, MIXED);
    check_seen(&f->seen[f->count - 2], 0, 1920, true);
    check_seen(&f->seen[f->count - 1], 1, 1280, true); // larger than track 1
}

static void
test_only_four_qualities_and_one_sound_are_taken(void **state)
{
    struct fixture *f = *state;
    AUDIO(f, 0, AAC);
    for (uint8_t id = 0; id < 6; id++) {
        const uint8_t header[] = { 0x96, 0x00, AVC1, id, AVCC_360 };
        VIDEO(f, 0, header);
    }
    for (uint8_t id = 0; id < 6; id++) {
        const uint8_t key[] = { 0x96, 0x01, AVC1, id, 0, 0, 0, IDR };
        VIDEO(f, 0, key);
    }
    assert_int_equal(f->count, 4);
    static const uint8_t MORE_SOUND[] = { 0x95, 0x01, 'm', 'p', '4', 'a', 1, 0x21, 0x10 };
    AUDIO(f, 20, MORE_SOUND);
    AUDIO(f, 20, SOUND);
    assert_int_equal(f->count, 5);
    assert_int_equal(f->publisher.bad_messages, 0);
}

static void
test_a_track_that_falls_silent_is_not_waited_for(void **state)
{
    struct fixture *f = *state;
    AUDIO(f, 0, AAC);
    VIDEO(f, 0, OBS_HEADER_0);
    VIDEO(f, 0, OBS_HEADER_1);
    VIDEO(f, 0, OBS_KEY_0);
    VIDEO(f, 0, OBS_KEY_1);
    for (uint32_t ms = 1000; ms <= 6000; ms += 1000) {
        VIDEO(f, ms, OBS_KEY_1); // the best one comes no more
    }
    check_seen(&f->seen[f->count - 1], 0, 640, true);
    VIDEO(f, 7000, OBS_KEY_0); // and comes back
    VIDEO(f, 7000, OBS_KEY_1);
    check_seen(&f->seen[f->count - 2], 0, 1920, true);
    check_seen(&f->seen[f->count - 1], 1, 640, true);
}

static void
test_sequence_end_of_one_track_leaves_the_others(void **state)
{
    struct fixture *f = *state;
    AUDIO(f, 0, AAC);
    VIDEO(f, 0, OBS_HEADER_0);
    VIDEO(f, 0, OBS_HEADER_1);
    VIDEO(f, 0, OBS_KEY_0);
    VIDEO(f, 0, OBS_KEY_1);
    static const uint8_t END_0[] = { 0x17, 2, 0, 0, 0 };
    VIDEO(f, 1000, END_0);
    VIDEO(f, 1000, OBS_KEY_1);
    check_seen(&f->seen[f->count - 1], 0, 640, true);
}

static void
test_what_is_told_does_not_move_the_clock(void **state)
{
    struct fixture *f = *state;
    // colorConfig: colorPrimaries 9
    static const uint8_t COLOR[] = { 0x94, 'a', 'v', '0', '1', 2, 0, 9, 'c', 'o', 'l', 'o',
        'r', 'I', 'n', 'f', 'o', 3, 0, 11, 'c', 'o', 'l', 'o', 'r', 'C', 'o', 'n', 'f', 'i',
        'g', 3, 0, 14, 'c', 'o', 'l', 'o', 'r', 'P', 'r', 'i', 'm', 'a', 'r', 'i', 'e', 's', 0,
        0x40, 0x22, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 9 };
    AUDIO(f, 5000, AAC);
    VIDEO(f, 5000, AV1_KEY);
    VIDEO(f, 0, COLOR);
    VIDEO(f, 5040, AV1_FRAME);
    assert_int_equal(f->count, 2);
    assert_int_equal(f->seen[1].dts_us - f->seen[0].dts_us, 40000);
    assert_int_equal(f->publisher.bad_messages, 0);
    // It counts from the next keyframe.
    assert_int_equal(f->publisher.lanes[0].track->colour.primaries, 0);
    VIDEO(f, 5080, AV1_KEY);
    assert_int_equal(f->publisher.lanes[0].track->colour.primaries, 9);
}

// TimestampOffsetNano moves the presentation time of its message alone.
static void
test_mod_ex_adds_to_the_presentation_time(void **state)
{
    struct fixture *f = *state;
    // ModEx: 3 bytes, 500000 ns; type 0, then coded frames.
    static const uint8_t FRAME[] = { 0xa7, 2, 0x07, 0xa1, 0x20, 0x01, 'a', 'v', '0', '1',
        0x32, 0x02, 0x30, 0x55 };
    AUDIO(f, 0, AAC);
    VIDEO(f, 0, AV1_KEY);
    VIDEO(f, 40, FRAME);
    VIDEO(f, 80, AV1_FRAME);
    assert_int_equal(f->count, 3);
    assert_int_equal(f->seen[1].pts_us - f->seen[1].dts_us, 500);
    assert_int_equal(f->seen[2].pts_us, f->seen[2].dts_us);
}

static void
test_time_wraps(void **state)
{
    struct fixture *f = *state;
    AUDIO(f, 0xffffffe0, AAC);
    VIDEO(f, 0xffffffe0, AV1_KEY);
    VIDEO(f, 8, AV1_FRAME); // modulo 2^32
    assert_int_equal(f->count, 2);
    assert_int_equal(f->seen[1].dts_us - f->seen[0].dts_us, 40000);
}

static void
test_nonsense_is_counted_and_harms_nobody(void **state)
{
    struct fixture *f = *state;
    static const uint8_t UNKNOWN[] = { 0x91, 'x', 'y', 'z', '1', 1 };
    static const uint8_t NESTED[] = { 0x96, 0x06, AVC1, 0, IDR };
    static const uint8_t TOO_LONG[] = { 0x96, 0x11, AVC1, 0, 0, 0, 200, IDR };
    static const uint8_t BAD_OBU[] = { 0xa1, 'a', 'v', '0', '1', 0x32, 0x7f, 0x30 };
    static const uint8_t BAD_OPUS[] = { 0x90, 'O', 'p', 'u', 's', 'O', 'p', 'u', 's' };
    AUDIO(f, 0, AAC);
    VIDEO(f, 0, AV1_KEY);
    VIDEO(f, 40, UNKNOWN);
    assert_int_equal(f->publisher.bad_messages, 1);
    VIDEO(f, 40, NESTED);
    assert_int_equal(f->publisher.bad_messages, 2);
    VIDEO(f, 40, TOO_LONG);
    assert_int_equal(f->publisher.bad_messages, 3);
    VIDEO(f, 40, BAD_OBU);
    assert_int_equal(f->publisher.bad_messages, 4);
    AUDIO(f, 40, BAD_OPUS);
    assert_int_equal(f->publisher.bad_messages, 5);
    VIDEO(f, 40, AV1_FRAME);
    assert_int_equal(f->count, 2);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_av1_with_and_without_a_header),
        TEST(test_keyframes_are_what_the_bitstream_says),
        TEST(test_vp9_takes_its_size_from_the_keyframe),
        TEST(test_vp8_needs_no_header),
        TEST(test_codecs_change_in_one_connection),
        TEST(test_opus_with_an_empty_header),
        TEST(test_flac_ac3_and_mp3),
        TEST(test_obs_sends_several_qualities),
        TEST(test_the_largest_picture_is_the_best),
        TEST(test_many_tracks_in_one_message),
        TEST(test_only_four_qualities_and_one_sound_are_taken),
        TEST(test_a_track_that_falls_silent_is_not_waited_for),
        TEST(test_sequence_end_of_one_track_leaves_the_others),
        TEST(test_what_is_told_does_not_move_the_clock),
        TEST(test_mod_ex_adds_to_the_presentation_time),
        TEST(test_time_wraps),
        TEST(test_nonsense_is_counted_and_harms_nobody),
    };
    return cmocka_run_group_tests_name("publisher_enhanced", tests, NULL, NULL);
}
