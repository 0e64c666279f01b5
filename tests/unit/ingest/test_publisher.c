// SPDX-License-Identifier: Apache-2.0
// A host's FLV bodies become packets of a real take on a real channel.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../transmux/stage.h"
#include "ingest/publisher.h"

// x264, constrained baseline 3.0, 640x360; and main 4.0, 1920x1080.
static const uint8_t AVC[] = {
    0x17, 0, 0, 0, 0, //
    0x01, 0x42, 0xc0, 0x1e, 0xff, 0xe1, 0x00, 0x18, 0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00, 0xa0,
    0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03, 0x03, 0xe9, 0x00, 0x00, 0xea, 0x60, 0x0f, 0x16,
    0x2e, 0x48, 0x01, 0x00, 0x05, 0x68, 0xcb, 0x83, 0xcb, 0x20,
};
static const uint8_t OTHER_AVC[] = {
    0x17, 0, 0, 0, 0, //
    0x01, 0x4d, 0x40, 0x28, 0xff, 0xe1, 0x00, 0x1a, 0x67, 0x4d, 0x40, 0x28, 0xec, 0xa0, 0x3c,
    0x01, 0x13, 0xf2, 0xe0, 0x22, 0x00, 0x00, 0x03, 0x00, 0x02, 0x00, 0x00, 0x03, 0x00, 0x78,
    0x1e, 0x30, 0x63, 0x2c, 0x01, 0x00, 0x04, 0x68, 0xce, 0x0f, 0xc8,
};
// Baseline 3.1 with NAL unit lengths of 2 bytes.
static const uint8_t SHORT_AVC[] = {
    0x17, 0, 0, 0, 0, //
    0x01, 0x42, 0x00, 0x1f, 0xfd, 0xe1, 0x00, 0x09, 0x67, 0x42, 0x00, 0x1f, 0xda, 0x01, 0x40,
    0x16, 0xe4, 0x01, 0x00, 0x04, 0x68, 0xce, 0x0f, 0xc8,
};
static const uint8_t AAC[] = { 0xaf, 0, 0x11, 0x90 }; // LC, 48 kHz, stereo
static const uint8_t KEY[] = { 0x17, 1, 0, 0, 0, 0, 0, 0, 3, 0x65, 0x88, 0x80 };
static const uint8_t FRAME[] = { 0x27, 1, 0, 0, 80, 0, 0, 0, 3, 0x41, 0x9a, 0x02 }; // cts 80 ms
static const uint8_t SOUND[] = { 0xaf, 1, 0x21, 0x10, 0x04 };

#define SEEN_MAX 512

struct seen {
    enum bc_kind kind;
    int64_t dts_us;
    int64_t pts_us;
    uint32_t flags;
    char codec[BC_CODEC_STRING];
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
    *s = (struct seen){ .kind = p->kind, .dts_us = p->dts_us, .pts_us = p->pts_us,
        .flags = p->flags, .len = p->len };
    memcpy(s->data, p->data, p->len < sizeof(s->data) ? p->len : sizeof(s->data));
    if (p->track) {
        strcpy(s->codec, p->track->codec_string);
    }
}

static void
on_tracks(struct bc_packet_sink *sink, struct bc_track *video, struct bc_track *audio)
{
    struct fixture *f = bc_container_of(sink, struct fixture, sink);
    f->tracks++;
    strcpy(f->video, video ? video->codec_string : "");
    strcpy(f->audio, audio ? audio->codec_string : "");
}

static const struct bc_packet_sink_ops SINK_OPS = { .on_packet = on_packet,
    .on_tracks = on_tracks };

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
    bc_publisher_finish(&f->publisher, true, "twice");
    stage_turn(&f->stage);
    bc_channel_remove_sink(&f->sink);
    stage_close(&f->stage);
    free(f);
    return 0;
}

static void
send_bytes(struct fixture *f, enum bc_kind kind, uint32_t ms, const uint8_t *data, size_t len)
{
    struct bc_buf *buf = bc_buf_copy(data, len);
    struct bc_rtmp_media m = { .kind = kind, .timestamp = ms, .buf = buf, .data = buf->data,
        .len = len };
    f->now_us = f->stage.clock0_us + ms * 1000;
    bc_publisher_media(&f->publisher, &m, f->now_us);
    bc_publisher_flush(&f->publisher, f->now_us);
    bc_buf_unref(&buf);
}

#define VIDEO(f, ms, bytes) send_bytes(f, BC_KIND_VIDEO, ms, bytes, sizeof(bytes))
#define AUDIO(f, ms, bytes) send_bytes(f, BC_KIND_AUDIO, ms, bytes, sizeof(bytes))

static void
test_bodies_become_packets(void **state)
{
    struct fixture *f = *state;
    VIDEO(f, 1000, AVC);
    AUDIO(f, 1000, AAC);
    VIDEO(f, 1000, KEY);
    AUDIO(f, 1000, SOUND);
    VIDEO(f, 1040, FRAME);
    assert_int_equal(f->count, 3);
    assert_int_equal(f->tracks, 1);
    assert_string_equal(f->video, "avc1.42c01e");
    assert_string_equal(f->audio, "mp4a.40.2");
    const struct seen *s = f->seen;
    assert_int_equal(s[0].dts_us, 0); // the broadcast's own time
    assert_int_equal(s[0].flags, BC_PACKET_KEY | BC_PACKET_NEW_EPOCH);
    assert_int_equal(s[0].len, 7);
    assert_memory_equal(s[0].data, KEY + 5, 7);
    assert_int_equal(s[1].kind, BC_KIND_AUDIO);
    assert_memory_equal(s[1].data, SOUND + 2, 3);
    assert_int_equal(s[2].dts_us, 40000);
    assert_int_equal(s[2].pts_us, 120000);
    assert_int_equal(f->publisher.bad_messages, 0);
}

static void
test_headers_that_are_repeated_change_nothing(void **state)
{
    struct fixture *f = *state;
    for (uint32_t ms = 0; ms < 2000; ms += 500) {
        VIDEO(f, ms, AVC);
        AUDIO(f, ms, AAC);
        VIDEO(f, ms, KEY);
        AUDIO(f, ms, SOUND);
    }
    assert_int_equal(f->count, 8);
    assert_int_equal(f->tracks, 1);
    for (unsigned i = 1; i < f->count; i++) {
        assert_int_equal(f->seen[i].flags & BC_PACKET_NEW_EPOCH, 0);
    }
}

static void
test_another_codec_counts_from_the_next_keyframe(void **state)
{
    struct fixture *f = *state;
    VIDEO(f, 0, AVC);
    AUDIO(f, 0, AAC);
    VIDEO(f, 0, KEY);
    VIDEO(f, 40, OTHER_AVC);
    VIDEO(f, 40, FRAME); // still of the old one
    VIDEO(f, 80, KEY);
    VIDEO(f, 120, FRAME);
    assert_int_equal(f->count, 4);
    assert_string_equal(f->seen[1].codec, "avc1.42c01e");
    assert_string_equal(f->seen[2].codec, "avc1.4d4028");
    assert_true(f->seen[2].flags & BC_PACKET_NEW_EPOCH);
    assert_string_equal(f->seen[3].codec, "avc1.4d4028");
    assert_int_equal(f->tracks, 2);
    // Announced and taken back before a keyframe: nothing happened.
    VIDEO(f, 160, AVC);
    VIDEO(f, 160, OTHER_AVC);
    VIDEO(f, 160, KEY);
    assert_int_equal(f->tracks, 2);
    assert_string_equal(f->seen[4].codec, "avc1.4d4028");
}

static void
test_the_broadcast_begins_when_both_tracks_are_known(void **state)
{
    struct fixture *f = *state;
    VIDEO(f, 0, AVC);
    VIDEO(f, 0, KEY);
    for (uint32_t ms = 40; ms < 800; ms += 40) {
        VIDEO(f, ms, FRAME);
    }
    assert_int_equal(f->count, 0);
    AUDIO(f, 800, AAC);
    AUDIO(f, 800, SOUND);
    assert_int_equal(f->count, 21);
    assert_int_equal(f->tracks, 1);
    assert_string_equal(f->audio, "mp4a.40.2");
}

static void
test_a_track_that_does_not_come_is_not_waited_for(void **state)
{
    struct fixture *f = *state;
    VIDEO(f, 0, AVC);
    VIDEO(f, 0, KEY);
    for (uint32_t ms = 40; ms < 1000; ms += 40) {
        VIDEO(f, ms, FRAME);
    }
    assert_int_equal(f->count, 0);
    VIDEO(f, 1040, FRAME);
    assert_int_equal(f->count, 26);
    assert_string_equal(f->audio, "");
    AUDIO(f, 1080, AAC); // late: a new epoch with it
    AUDIO(f, 1080, SOUND);
    assert_int_equal(f->tracks, 2);
    assert_string_equal(f->audio, "mp4a.40.2");
}

static void
test_a_silent_line_does_not_hold_packets_back(void **state)
{
    struct fixture *f = *state;
    VIDEO(f, 0, AVC);
    VIDEO(f, 0, KEY);
    bc_publisher_flush(&f->publisher, f->now_us + 900000);
    assert_int_equal(f->count, 0);
    bc_publisher_flush(&f->publisher, f->now_us + 1100000); // by the connection's timer
    assert_int_equal(f->count, 1);
}

static void
test_metadata_tells_what_to_wait_for(void **state)
{
    struct fixture *f = *state;
    // onMetaData {videocodecid: 7}: there will be no sound.
    static const uint8_t META[] = { 2, 0, 10, 'o', 'n', 'M', 'e', 't', 'a', 'D', 'a', 't', 'a',
        3, 0, 12, 'v', 'i', 'd', 'e', 'o', 'c', 'o', 'd', 'e', 'c', 'i', 'd', 0, 0x40, 0x1c, 0,
        0, 0, 0, 0, 0, 0, 0, 9 };
    send_bytes(f, BC_KIND_SCRIPT, 0, META, sizeof(META));
    VIDEO(f, 0, AVC);
    VIDEO(f, 0, KEY);
    assert_int_equal(f->count, 1); // and the host's onMetaData is not passed on
    assert_int_equal(f->seen[0].kind, BC_KIND_VIDEO);
    static const uint8_t CUE[] = { 2, 0, 10, 'o', 'n', 'C', 'u', 'e', 'P', 'o', 'i', 'n', 't',
        5 };
    send_bytes(f, BC_KIND_SCRIPT, 0, CUE, sizeof(CUE));
    assert_int_equal(f->count, 2);
    assert_int_equal(f->seen[1].kind, BC_KIND_SCRIPT);
    assert_memory_equal(f->seen[1].data, CUE, sizeof(CUE));
}

static void
test_sound_alone(void **state)
{
    struct fixture *f = *state;
    AUDIO(f, 0, AAC);
    for (uint32_t ms = 0; ms < 1200; ms += 20) {
        AUDIO(f, ms, SOUND);
    }
    assert_int_equal(f->count, 60);
    assert_int_equal(f->tracks, 1);
    assert_string_equal(f->video, "");
}

static void
test_mp3_needs_no_header(void **state)
{
    struct fixture *f = *state;
    static const uint8_t MP3[] = { 0x2f, 0xff, 0xfb, 0x90, 0x00 }; // 44.1 kHz, stereo
    for (uint32_t ms = 0; ms < 1200; ms += 26) {
        AUDIO(f, ms, MP3);
    }
    assert_true(f->count > 40);
    assert_string_equal(f->audio, "mp4a.40.34");
    assert_int_equal(f->tracks, 1);
}

static void
test_short_lengths_become_four_bytes(void **state)
{
    struct fixture *f = *state;
    static const uint8_t SHORT_KEY[] = { 0x17, 1, 0, 0, 0, 0, 2, 0x06, 0x05, // SEI
        0, 3, 0x65, 0x88, 0x80 };
    static const uint8_t EXPECTED[] = { 0, 0, 0, 2, 0x06, 0x05, 0, 0, 0, 3, 0x65, 0x88, 0x80 };
    VIDEO(f, 0, SHORT_AVC);
    AUDIO(f, 0, AAC);
    VIDEO(f, 0, SHORT_KEY);
    assert_int_equal(f->count, 1);
    assert_int_equal(f->seen[0].len, sizeof(EXPECTED));
    assert_memory_equal(f->seen[0].data, EXPECTED, sizeof(EXPECTED));
    VIDEO(f, 40, AVC); // now of four bytes
    VIDEO(f, 40, KEY);
    assert_memory_equal(f->seen[1].data, KEY + 5, 7);
}

static void
test_what_is_no_sample_is_passed_over(void **state)
{
    struct fixture *f = *state;
    VIDEO(f, 0, AVC);
    AUDIO(f, 0, AAC);
    VIDEO(f, 0, KEY);
    static const uint8_t SEI[] = { 0x27, 1, 0, 0, 0, 0, 0, 0, 2, 0x06, 0x05 };
    static const uint8_t END[] = { 0x17, 2, 0, 0, 0 };
    static const uint8_t SILENCE[] = { 0xaf, 1 };
    VIDEO(f, 40, SEI);
    VIDEO(f, 40, END);
    AUDIO(f, 40, SILENCE);
    assert_int_equal(f->count, 1);
    assert_int_equal(f->publisher.bad_messages, 0);
    VIDEO(f, 80, FRAME);
    assert_int_equal(f->count, 2);
}

static void
test_broken_bodies_are_counted_and_passed_over(void **state)
{
    struct fixture *f = *state;
    static const uint8_t NO_HEADER[] = { 0x17, 1, 0, 0, 0, 0, 0, 0, 1, 0x65 };
    static const uint8_t BAD_HEADER[] = { 0x17, 0, 0, 0, 0, 1, 2, 3 };
    static const uint8_t UNKNOWN[] = { 0x14, 1, 0, 0, 0, 1 };  // VP6
    static const uint8_t CUT[] = { 0x17, 1, 0 };
    static const uint8_t NELLY[] = { 0x6f, 1 };                // Nellymoser
    static const uint8_t BAD_AAC[] = { 0xaf, 0, 0xff };
    static const uint8_t NO_NALU[] = { 0x27, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1 };
    VIDEO(f, 0, NO_HEADER);
    assert_int_equal(f->publisher.bad_messages, 1);
    VIDEO(f, 0, BAD_HEADER);
    assert_int_equal(f->publisher.bad_messages, 2);
    VIDEO(f, 0, UNKNOWN);
    assert_int_equal(f->publisher.bad_messages, 3);
    VIDEO(f, 0, CUT);
    assert_int_equal(f->publisher.bad_messages, 4);
    AUDIO(f, 0, NELLY);
    assert_int_equal(f->publisher.bad_messages, 5);
    AUDIO(f, 0, BAD_AAC);
    assert_int_equal(f->publisher.bad_messages, 6);
    VIDEO(f, 0, AVC);
    AUDIO(f, 0, AAC);
    VIDEO(f, 0, KEY);
    VIDEO(f, 40, NO_NALU);
    assert_int_equal(f->publisher.bad_messages, 7);
    VIDEO(f, 80, FRAME); // the take goes on
    assert_int_equal(f->count, 2);
}

static void
test_every_truncation_is_survived(void **state)
{
    struct fixture *f = *state;
    const struct {
        enum bc_kind kind;
        const uint8_t *data;
        size_t len;
    } bodies[] = { { BC_KIND_VIDEO, AVC, sizeof(AVC) }, { BC_KIND_AUDIO, AAC, sizeof(AAC) },
        { BC_KIND_VIDEO, KEY, sizeof(KEY) }, { BC_KIND_VIDEO, FRAME, sizeof(FRAME) },
        { BC_KIND_AUDIO, SOUND, sizeof(SOUND) } };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        for (size_t len = 1; len <= bodies[i].len; len++) {
            send_bytes(f, bodies[i].kind, (uint32_t)(40 * i), bodies[i].data, len);
        }
    }
    assert_true(f->count >= 3);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_bodies_become_packets),
        TEST(test_headers_that_are_repeated_change_nothing),
        TEST(test_another_codec_counts_from_the_next_keyframe),
        TEST(test_the_broadcast_begins_when_both_tracks_are_known),
        TEST(test_a_track_that_does_not_come_is_not_waited_for),
        TEST(test_a_silent_line_does_not_hold_packets_back),
        TEST(test_metadata_tells_what_to_wait_for),
        TEST(test_sound_alone),
        TEST(test_mp3_needs_no_header),
        TEST(test_short_lengths_become_four_bytes),
        TEST(test_what_is_no_sample_is_passed_over),
        TEST(test_broken_bodies_are_counted_and_passed_over),
        TEST(test_every_truncation_is_survived),
    };
    return cmocka_run_group_tests_name("publisher", tests, NULL, NULL);
}
