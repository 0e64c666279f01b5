// SPDX-License-Identifier: Apache-2.0
// The bytes of one message in every form that viewers get it, and the items that hold
// them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/writer.h"
#include "transmux/framing.h"
#include "transmux/item.h"

static const uint8_t PAYLOAD[] = { 0xaa, 0xbb, 0xcc };
static const uint8_t TAG[] = {
    9,                // video
    0, 0, 8,          // length of the body
    0, 0x03, 0xe8, 0, // 1000 ms
    0, 0, 0,          // stream id
    0x17, 1, 0, 0, 0, // keyframe of AVC, NAL units, composition time 0
    0xaa, 0xbb, 0xcc, //
    0, 0, 0, 19,      // PreviousTagSize
};

struct fixture {
    struct bc_track *video;
    struct bc_track *audio;
    struct bc_packet *packet; // one keyframe at 1000 ms
    struct bc_writer w;
};

static struct bc_packet *
make_packet(enum bc_kind kind, struct bc_track *track, int64_t ms)
{
    struct bc_buf *buf = bc_buf_copy(PAYLOAD, sizeof(PAYLOAD));
    struct bc_packet *p = bc_packet_create(kind, track, buf, buf->data, buf->len);
    p->dts_us = p->pts_us = ms * 1000;
    p->flags = kind == BC_KIND_VIDEO ? BC_PACKET_KEY : 0;
    return p;
}

static struct bc_track *
make_track(enum bc_kind kind, enum bc_codec codec, const void *config, size_t len)
{
    struct bc_track *t = bc_track_create(kind, codec);
    t->config = bc_buf_copy(config, len);
    return t;
}

static int
setup(void **state)
{
    static const uint8_t AVCC[] = { 1, 0x64, 0, 31, 0xff, 0xe1, 0, 4, 0x67, 0x64, 0, 31, 1, 0,
        2, 0x68, 0xee };
    static const uint8_t ASC[] = { 0x11, 0x90 };
    struct fixture *f = calloc(1, sizeof(*f));
    f->video = make_track(BC_KIND_VIDEO, BC_CODEC_AVC, AVCC, sizeof(AVCC));
    f->audio = make_track(BC_KIND_AUDIO, BC_CODEC_AAC, ASC, sizeof(ASC));
    f->packet = make_packet(BC_KIND_VIDEO, f->video, 1000);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    bc_packet_unref(&f->packet);
    bc_track_unref(&f->video);
    bc_track_unref(&f->audio);
    bc_writer_finish(&f->w);
    free(f);
    return 0;
}

// Writes the packet in this format; what came out follows.
static void
frame(struct fixture *f, const struct bc_feed_key *key)
{
    bc_writer_reset(&f->w);
    assert_true(bc_framing_packet(&f->w, key, f->packet));
    assert_false(f->w.failed);
}

static void
test_flv_is_the_bare_tag(void **state)
{
    struct fixture *f = *state;
    frame(f, &(struct bc_feed_key){ .format = BC_FEED_FLV });
    assert_int_equal(f->w.len, sizeof(TAG));
    assert_memory_equal(f->w.data, TAG, sizeof(TAG));
}

static void
test_chunked_is_a_chunk_around_the_tag(void **state)
{
    struct fixture *f = *state;
    frame(f, &(struct bc_feed_key){ .format = BC_FEED_FLV_CHUNKED });
    assert_int_equal(f->w.len, 4 + sizeof(TAG) + 2);
    assert_memory_equal(f->w.data, "17\r\n", 4); // 23 in hexadecimal
    assert_memory_equal(f->w.data + 4, TAG, sizeof(TAG));
    assert_memory_equal(f->w.data + 4 + sizeof(TAG), "\r\n", 2);
}

static void
test_websocket_is_a_binary_frame_around_the_tag(void **state)
{
    struct fixture *f = *state;
    frame(f, &(struct bc_feed_key){ .format = BC_FEED_FLV_WEBSOCKET });
    assert_int_equal(f->w.len, 2 + sizeof(TAG));
    assert_int_equal(f->w.data[0], 0x82); // FIN, binary
    assert_int_equal(f->w.data[1], 23);   // not masked
    assert_memory_equal(f->w.data + 2, TAG, sizeof(TAG));
}

static void
test_rtmp_is_a_message_with_a_full_header(void **state)
{
    struct fixture *f = *state;
    static const uint8_t MESSAGE[] = {
        0x06,             // format 0, chunk stream 6
        0, 0x03, 0xe8,    // 1000 ms
        0, 0, 8,          // length
        9,                // video
        1, 0, 0, 0,       // message stream 1, little-endian
        0x17, 1, 0, 0, 0, //
        0xaa, 0xbb, 0xcc,
    };
    frame(f, &(struct bc_feed_key){ .format = BC_FEED_RTMP });
    assert_int_equal(f->w.len, sizeof(MESSAGE));
    assert_memory_equal(f->w.data, MESSAGE, sizeof(MESSAGE));
    // The extended timestamp begins at 0xffffff.
    f->packet->dts_us = f->packet->pts_us = 0xffffff * (int64_t)1000;
    frame(f, &(struct bc_feed_key){ .format = BC_FEED_RTMP });
    static const uint8_t LATE[] = { 0x06, 0xff, 0xff, 0xff, 0, 0, 8, 9, 1, 0, 0, 0, 0, 0xff,
        0xff, 0xff, 0x17 };
    assert_memory_equal(f->w.data, LATE, sizeof(LATE));
}

static void
test_times_are_counted_from_the_base(void **state)
{
    struct fixture *f = *state;
    struct bc_feed_key key = { .format = BC_FEED_FLV, .base_ms = BC_FEED_BASE_MS };
    f->packet->dts_us = f->packet->pts_us = (BC_FEED_BASE_MS + 1000) * (int64_t)1000;
    frame(f, &key);
    assert_memory_equal(f->w.data, TAG, sizeof(TAG));
    f->packet->dts_us = f->packet->pts_us = (BC_FEED_BASE_MS - 5) * (int64_t)1000;
    frame(f, &key); // never before the viewer's zero
    static const uint8_t ZERO[4] = { 0 };
    assert_memory_equal(f->w.data + 4, ZERO, 4);
}

static void
test_what_flv_cannot_carry_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct bc_track *none = bc_track_create(BC_KIND_VIDEO, BC_CODEC_NONE);
    struct bc_packet *p = make_packet(BC_KIND_VIDEO, none, 0);
    struct bc_feed_key key = { .format = BC_FEED_FLV_CHUNKED };
    assert_false(bc_framing_packet(&f->w, &key, p));
    assert_int_equal(f->w.len, 0);
    bc_packet_unref(&p);
    bc_track_unref(&none);
}

static void
test_sound_and_scripts_have_types_of_their_own(void **state)
{
    struct fixture *f = *state;
    struct bc_packet *sound = make_packet(BC_KIND_AUDIO, f->audio, 20);
    struct bc_packet *script = make_packet(BC_KIND_SCRIPT, NULL, 20);
    struct bc_feed_key key = { .format = BC_FEED_FLV };
    assert_true(bc_framing_packet(&f->w, &key, sound));
    static const uint8_t SOUND_TAG[] = { 8, 0, 0, 5, 0, 0, 20, 0, 0, 0, 0, 0xaf, 1, 0xaa, 0xbb,
        0xcc, 0, 0, 0, 16 };
    assert_int_equal(f->w.len, sizeof(SOUND_TAG));
    assert_memory_equal(f->w.data, SOUND_TAG, sizeof(SOUND_TAG));
    bc_writer_reset(&f->w);
    assert_true(bc_framing_packet(&f->w, &key, script));
    assert_int_equal(f->w.data[0], 18);
    assert_memory_equal(f->w.data + 11, PAYLOAD, sizeof(PAYLOAD));
    bc_packet_unref(&sound);
    bc_packet_unref(&script);
}

static uint8_t
file_flags(struct fixture *f, bool video, bool audio)
{
    struct bc_feed_key key = { .format = BC_FEED_FLV };
    struct bc_feed_tracks tracks = { video ? f->video : NULL, audio ? f->audio : NULL };
    bc_writer_reset(&f->w);
    bc_framing_headers(&f->w, &key, &tracks, 0, true);
    assert_memory_equal(f->w.data, "FLV\1", 4);
    return f->w.data[4];
}

static void
test_the_flags_of_the_file_are_true(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(file_flags(f, true, true), 5);
    assert_int_equal(file_flags(f, true, false), 1);
    assert_int_equal(file_flags(f, false, true), 4);
}

static void
test_headers_come_in_order_at_the_start_time(void **state)
{
    struct fixture *f = *state;
    struct bc_feed_key key = { .format = BC_FEED_FLV };
    struct bc_feed_tracks tracks = { f->video, f->audio };
    bc_framing_headers(&f->w, &key, &tracks, 1000000, false);
    static const uint8_t TYPES[] = { 18, 9, 8 };
    size_t at = 0;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(f->w.data[at], TYPES[i]);
        assert_int_equal(f->w.data[at + 5] << 8 | f->w.data[at + 6], 1000);
        size_t len = (size_t)f->w.data[at + 2] << 8 | f->w.data[at + 3];
        if (i > 0) {
            assert_int_equal(f->w.data[at + 12], 0); // a sequence header
        }
        at += 15 + len;
    }
    assert_int_equal(at, f->w.len);
    // For RTMP who joins and who watches get the same.
    struct bc_writer again = { 0 };
    key.format = BC_FEED_RTMP;
    bc_writer_reset(&f->w);
    bc_framing_headers(&f->w, &key, &tracks, 0, false);
    bc_framing_headers(&again, &key, &tracks, 0, true);
    assert_int_equal(again.len, f->w.len);
    assert_memory_equal(again.data, f->w.data, again.len);
    bc_writer_finish(&again);
}

static void
test_an_item_holds_its_bytes_and_headers(void **state)
{
    (void)state;
    struct bc_item *a = bc_item_create("abc", 3);
    a->join = bc_buf_copy("j", 1);
    a->config = bc_buf_ref(a->join);
    struct bc_item *b = bc_item_ref(a);
    bc_item_unref(&a);
    assert_null(a);
    assert_memory_equal(b->data, "abc", 3);
    assert_int_equal(b->config->data[0], 'j');
    bc_item_unref(&b);
    bc_item_unref(&b);
    struct bc_item *note = bc_item_create(NULL, 0);
    assert_int_equal(note->len, 0);
    bc_item_unref(&note);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_flv_is_the_bare_tag),
        TEST(test_chunked_is_a_chunk_around_the_tag),
        TEST(test_websocket_is_a_binary_frame_around_the_tag),
        TEST(test_rtmp_is_a_message_with_a_full_header),
        TEST(test_times_are_counted_from_the_base),
        TEST(test_what_flv_cannot_carry_leaves_nothing),
        TEST(test_sound_and_scripts_have_types_of_their_own),
        TEST(test_the_flags_of_the_file_are_true),
        TEST(test_headers_come_in_order_at_the_start_time),
        cmocka_unit_test(test_an_item_holds_its_bytes_and_headers),
    };
    return cmocka_run_group_tests_name("framing", tests, NULL, NULL);
}
