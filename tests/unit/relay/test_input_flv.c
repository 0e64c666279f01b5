// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "container/flv.h"
#include "relay/input_flv.h"
#include "relay/input_tracks.h"

struct seen {
    unsigned packets;
    int64_t last_us;
    uint32_t sample_rate;
    size_t len;
};

static bool
on_packet(void *user, struct bc_packet *packet)
{
    struct seen *s = user;
    s->packets++;
    s->last_us = packet->dts_us;
    s->sample_rate = packet->track->sample_rate;
    s->len = packet->len;
    bc_packet_unref(&packet);
    return true;
}

static void
write_tag(struct bc_writer *w, uint32_t ms, const uint8_t *body, size_t len)
{
    struct iovec piece = { .iov_base = (void *)(uintptr_t)body, .iov_len = len };
    bc_flv_write_tag(w, BC_FLV_TAG_AUDIO, ms, &piece, 1);
}

// AAC: a configuration of 48 kHz stereo, a frame, a configuration of 44.1 kHz, a frame.
static void
write_file(struct bc_writer *w)
{
    static const uint8_t CONFIG[] = { 0xaf, 0, 0x11, 0x90 };
    static const uint8_t FRAME[] = { 0xaf, 1, 0xff, 0xf1, 0x50, 0x80, 1, 0x3f, 0xfc, 9 };
    static const uint8_t OTHER[] = { 0xaf, 0, 0x12, 0x10 };
    bc_flv_write_header(w, true, false);
    write_tag(w, 0, FRAME, sizeof(FRAME)); // before its configuration: nothing
    write_tag(w, 0, CONFIG, sizeof(CONFIG));
    write_tag(w, 10, FRAME, sizeof(FRAME));
    write_tag(w, 20, OTHER, sizeof(OTHER));
    write_tag(w, 31, FRAME, sizeof(FRAME));
}

static int
feed(const uint8_t *data, size_t len, size_t cut, struct seen *s)
{
    struct input_sink sink = { .on_packet = on_packet, .user = s };
    struct input_flv flv;
    memset(s, 0, sizeof(*s));
    input_flv_init(&flv, &sink);
    int ret = input_flv_bytes(&flv, data, cut);
    ret = ret == 0 ? input_flv_bytes(&flv, data + cut, len - cut) : ret;
    input_flv_finish(&flv);
    return ret;
}

static void
test_file(void **state)
{
    (void)state;
    struct bc_writer w = { 0 };
    struct seen s;
    write_file(&w);
    for (size_t cut = 0; cut <= w.len; cut++) {
        assert_int_equal(feed(w.data, w.len, cut, &s), 0);
        assert_int_equal(s.packets, 2);
        assert_int_equal(s.last_us, 31000);
        assert_int_equal(s.sample_rate, 44100);
        assert_int_equal(s.len, 8); // raw AAC that looks like ADTS is left as it is
    }
    for (size_t len = 0; len < w.len; len++) {
        assert_int_equal(feed(w.data, len, len, &s), 0);
        assert_true(s.packets <= 2);
    }
    w.data[0] = 'G';
    assert_int_equal(feed(w.data, w.len, w.len, &s), -EINVAL);
    w.data[0] = 'F';
    w.data[14] = 0xff; // a tag of 16 MB
    assert_int_equal(feed(w.data, w.len, w.len, &s), -EINVAL);
    bc_writer_finish(&w);
}

// ADTS: MPEG-4 LC, 48 kHz, stereo, without checksum.
static void
test_adts(void **state)
{
    (void)state;
    static const uint8_t FRAME[] = { 0xff, 0xf1, 0x4c, 0x80, 1, 0x3f, 0xfc, 1, 2 };
    struct bc_track *track = input_track_of_frame(BC_CODEC_AAC, FRAME, sizeof(FRAME));
    assert_non_null(track);
    assert_int_equal(track->sample_rate, 48000);
    assert_int_equal(track->channels, 2);
    bc_track_unref(&track);
    struct input_payload p;
    assert_true(input_payload_make(BC_CODEC_AAC, FRAME, sizeof(FRAME), 0, false, &p));
    assert_int_equal(p.len, 2);
    for (size_t len = 0; len < 8; len++) {
        assert_null(input_track_of_frame(BC_CODEC_AAC, FRAME, len));
    }
}

// Start codes become lengths, and the parameter sets among them a track.
static void
test_annex_b(void **state)
{
    (void)state;
    static const uint8_t FRAME[] = { 0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00, 0xa0,
        0x47, 0xfe, 0xc8, // SPS: baseline, 640x... as x264 writes it
        0, 0, 0, 1, 0x68, 0xce, 0x3c, 0x80, // PPS
        0, 0, 1, 0x65, 0x88, 0x84, 0x21 }; // IDR
    struct input_payload p;
    assert_true(input_payload_make(BC_CODEC_AVC, FRAME, sizeof(FRAME), 0, false, &p));
    assert_non_null(p.rewritten);
    assert_true(p.flags & BC_PACKET_KEY);
    assert_int_equal(p.data[3], 10); // the length of the first unit
    struct bc_track *track = input_track_of_frame(BC_CODEC_AVC, p.data, p.len);
    bc_track_unref(&track);
    for (size_t len = 0; len < p.len; len++) {
        track = input_track_of_frame(BC_CODEC_AVC, p.data, len);
        bc_track_unref(&track);
    }
    bc_buf_unref(&p.rewritten);
    assert_false(input_payload_make(BC_CODEC_AVC, FRAME, 22, 0, false, &p)); // no slice
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_adts),
        cmocka_unit_test(test_annex_b),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
