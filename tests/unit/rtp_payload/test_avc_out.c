// SPDX-License-Identifier: Apache-2.0
// AVC into RTP payloads, RFC 6184.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "avc_bytes.h"
#include "rig.h"

#define MAX 200

// avcC with SPS and PPS of avc_bytes.h.
static struct bc_buf *
make_config(void)
{
    struct bc_writer w = { 0 };
    bc_write_bytes(&w, "\x01\x42\xc0\x1e\xff\xe1", 6);
    bc_write_u16(&w, sizeof(SPS));
    bc_write_bytes(&w, SPS, sizeof(SPS));
    bc_write_u8(&w, 1);
    bc_write_u16(&w, sizeof(PPS));
    bc_write_bytes(&w, PPS, sizeof(PPS));
    struct bc_buf *config = bc_buf_from_writer(&w);
    bc_writer_finish(&w);
    return config;
}

static void
add_nal(struct bc_writer *w, const void *nal, size_t len)
{
    bc_write_u32(w, (uint32_t)len);
    bc_write_bytes(w, nal, len);
}

// A NAL unit of `len` bytes that counts up.
static void
add_large(struct bc_writer *w, uint8_t head, size_t len)
{
    bc_write_u32(w, (uint32_t)len);
    bc_write_u8(w, head);
    for (size_t i = 1; i < len; i++) {
        bc_write_u8(w, (uint8_t)i);
    }
}

// Packetises what the writer holds and empties it.
static struct bc_rtp_frame *
run(struct bc_writer *w)
{
    struct bc_rtp_packetiser p = { 0 };
    struct bc_buf *config = make_config();
    struct bc_packet *packet = make_packet(BC_CODEC_AVC, config, w->data, w->len, 0);
    struct bc_rtp_frame *frame = bc_rtp_packetise(&p, packet, MAX);
    bc_packet_unref(&packet);
    bc_buf_unref(&config);
    bc_rtp_packetiser_finish(&p);
    bc_writer_finish(w);
    return frame;
}

static const uint8_t *
slice_at(const struct bc_rtp_frame *f, uint32_t i, size_t len)
{
    assert_true(i < f->count);
    assert_int_equal(f->slices[i].len, len);
    return f->bytes + f->slices[i].offset;
}

#define SETS_BYTES (1 + 2 + sizeof(SPS) + 2 + sizeof(PPS))

// STAP-A: F 0, NRI 3, type 24 | size, SPS | size, PPS
static void
check_sets(const uint8_t *p)
{
    assert_int_equal(p[0], 0x78);
    assert_int_equal(p[1] << 8 | p[2], sizeof(SPS));
    assert_memory_equal(p + 3, SPS, sizeof(SPS));
    assert_int_equal(p[3 + sizeof(SPS)] << 8 | p[4 + sizeof(SPS)], sizeof(PPS));
    assert_memory_equal(p + 5 + sizeof(SPS), PPS, sizeof(PPS));
}

static void
test_sets_go_before_each_idr(void **state)
{
    (void)state;
    struct bc_writer w = { 0 };
    add_nal(&w, IDR, sizeof(IDR));
    struct bc_rtp_frame *f = run(&w);
    assert_int_equal(f->count, 1);
    const uint8_t *p = slice_at(f, 0, SETS_BYTES + 2 + sizeof(IDR));
    check_sets(p);
    assert_memory_equal(p + SETS_BYTES + 2, IDR, sizeof(IDR));
    bc_rtp_frame_unref(&f);
    // Not before others.
    add_nal(&w, DELTA, sizeof(DELTA));
    f = run(&w);
    assert_int_equal(f->count, 1);
    assert_memory_equal(slice_at(f, 0, sizeof(DELTA)), DELTA, sizeof(DELTA));
    bc_rtp_frame_unref(&f);
}

static void
test_sets_of_the_access_unit_are_enough(void **state)
{
    (void)state;
    struct bc_writer w = { 0 };
    add_nal(&w, SPS, sizeof(SPS));
    add_nal(&w, PPS, sizeof(PPS));
    add_large(&w, 0x65, 150);
    struct bc_rtp_frame *f = run(&w);
    assert_int_equal(f->count, 1);
    check_sets(slice_at(f, 0, SETS_BYTES + 2 + 150));
    bc_rtp_frame_unref(&f);
    // A PPS alone is not.
    add_nal(&w, PPS, sizeof(PPS));
    add_nal(&w, IDR, sizeof(IDR));
    f = run(&w);
    check_sets(slice_at(f, 0, SETS_BYTES + 2 + sizeof(PPS) + 2 + sizeof(IDR)));
    bc_rtp_frame_unref(&f);
}

static void
test_fragments_are_of_full_size(void **state)
{
    (void)state;
    struct bc_writer w = { 0 };
    add_large(&w, 0x45, 1 + 198 * 2 + 7); // IDR, NRI 2
    struct bc_rtp_frame *f = run(&w);
    assert_int_equal(f->count, 4);
    check_sets(slice_at(f, 0, SETS_BYTES));
    for (uint32_t i = 0; i < 3; i++) {
        const uint8_t *p = slice_at(f, 1 + i, i < 2 ? MAX : 2 + 7);
        assert_int_equal(p[0], 0x40 | 28); // NRI of the unit, FU-A
        assert_int_equal(p[1], 5 | (i == 0 ? 0x80 : 0) | (i == 2 ? 0x40 : 0));
        assert_int_equal(p[2], (uint8_t)(1 + 198 * i));
    }
    bc_rtp_frame_unref(&f);
}

static void
test_no_fragment_stands_alone(void **state)
{
    (void)state;
    struct bc_writer w = { 0 };
    add_large(&w, 0x41, MAX);
    struct bc_rtp_frame *f = run(&w);
    assert_int_equal(f->count, 1);
    assert_int_equal(slice_at(f, 0, MAX)[0], 0x41);
    bc_rtp_frame_unref(&f);
    add_large(&w, 0x41, MAX + 1);
    f = run(&w);
    assert_int_equal(f->count, 2);
    assert_int_equal(slice_at(f, 0, MAX)[1], 0x81);
    assert_int_equal(slice_at(f, 1, 2 + 2)[1], 0x41);
    bc_rtp_frame_unref(&f);
}

static void
test_small_units_share_a_packet(void **state)
{
    (void)state;
    struct bc_writer w = { 0 };
    add_nal(&w, "\x06\x05\x80", 3); // SEI, NRI 0
    add_large(&w, 0x21, 100); // a slice, NRI 1
    add_large(&w, 0x21, 100); // which would not fit any more
    add_large(&w, 0x01, 300);
    add_nal(&w, "\x06\x01\x80", 3);
    struct bc_rtp_frame *f = run(&w);
    assert_int_equal(f->count, 5);
    const uint8_t *p = slice_at(f, 0, 1 + 2 + 3 + 2 + 100);
    assert_int_equal(p[0], 0x20 | 24); // the highest NRI
    assert_memory_equal(p + 1, "\x00\x03\x06\x05\x80\x00\x64\x21", 8);
    assert_int_equal(slice_at(f, 1, 100)[0], 0x21);
    slice_at(f, 2, MAX);
    slice_at(f, 3, 2 + 299 - 198);
    slice_at(f, 4, 3);
    bc_rtp_frame_unref(&f);
}

static void
test_delimiters_and_filler_stay_here(void **state)
{
    (void)state;
    struct bc_writer w = { 0 };
    add_nal(&w, "\x09\xf0", 2); // access unit delimiter
    add_nal(&w, "", 0);
    add_nal(&w, DELTA, sizeof(DELTA));
    add_nal(&w, "\x0c\xff\x80", 3); // filler
    add_nal(&w, "\x0a", 1); // end of sequence
    add_nal(&w, "\x0b", 1); // end of stream
    add_nal(&w, "\x7c\x85\x01", 3); // no type of H.264
    struct bc_rtp_frame *f = run(&w);
    assert_int_equal(f->count, 1);
    assert_int_equal(f->total, sizeof(DELTA));
    bc_rtp_frame_unref(&f);
    add_nal(&w, "\x09\xf0", 2);
    assert_null(run(&w));
}

// Buffering period (type 0) and picture timing (type 1) are for no decoder that plays.
static void
test_timing_stays_here_and_user_data_goes(void **state)
{
    (void)state;
    struct bc_writer w = { 0 };
    add_nal(&w, "\x06\x00\x02\xaa\xbb\x01\x01\xcc\x80", 9);
    add_nal(&w, DELTA, sizeof(DELTA));
    struct bc_rtp_frame *f = run(&w);
    assert_int_equal(f->total, sizeof(DELTA));
    bc_rtp_frame_unref(&f);
    add_nal(&w, "\x06\x01\x01\xcc\x05\x02\xaa\xbb\x80", 9);
    add_nal(&w, DELTA, sizeof(DELTA));
    f = run(&w);
    assert_true(f->total > sizeof(DELTA) + 9);
    bc_rtp_frame_unref(&f);
}

static void
test_broken_lengths_end_the_unit(void **state)
{
    (void)state;
    for (size_t cut = 0; cut < 4 + sizeof(DELTA); cut++) {
        struct bc_writer w = { 0 };
        add_nal(&w, DELTA, sizeof(DELTA));
        add_nal(&w, DELTA, sizeof(DELTA));
        w.len -= cut + 1;
        struct bc_rtp_frame *f = run(&w);
        assert_int_equal(f != NULL, cut < sizeof(DELTA) + 4);
        if (f) {
            assert_int_equal(f->total, sizeof(DELTA));
        }
        bc_rtp_frame_unref(&f);
    }
}

static void
test_what_cannot_be_sent_is_nothing(void **state)
{
    (void)state;
    struct bc_rtp_packetiser p = { 0 };
    struct bc_packet *aac = make_packet(BC_CODEC_AAC, NULL, "\x21\x00", 2, 0);
    struct bc_packet *avc = make_packet(BC_CODEC_AVC, NULL, "\0\0\0\2\x65\x88", 6, 0);
    struct bc_packet *script =
        bc_packet_create(BC_KIND_SCRIPT, NULL, bc_buf_copy("x", 1), NULL, 0);
    assert_null(bc_rtp_packetise(&p, aac, 1200));
    assert_null(bc_rtp_packetise(&p, script, 1200));
    assert_null(bc_rtp_packetise(&p, avc, 199));
    assert_null(bc_rtp_packetise(&p, avc, 65536));
    // Without sets of its own or its track's it goes as it is.
    struct bc_rtp_frame *f = bc_rtp_packetise(&p, avc, 1200);
    assert_int_equal(f->total, 2);
    struct bc_rtp_frame *second = bc_rtp_frame_ref(f);
    bc_rtp_frame_unref(&f);
    assert_null(f);
    assert_int_equal(second->count, 1);
    bc_rtp_frame_unref(&second);
    bc_rtp_frame_unref(&second);
    bc_packet_unref(&aac);
    bc_packet_unref(&avc);
    bc_packet_unref(&script);
    bc_rtp_packetiser_finish(&p);
}

static void
test_times_are_in_the_clock_of_rtp(void **state)
{
    (void)state;
    static const struct {
        int64_t pts_us;
        uint32_t video;
        uint32_t audio;
    } TIMES[] = {
        { 0, 0, 0 }, { 33333, 3000, 1600 }, { 1000000, 90000, 48000 },
        { 86400000000, 0xcf7c5800, 0xf7314000 }, // a day: wrapped once, nearly once
    };
    for (size_t i = 0; i < 4; i++) {
        struct bc_rtp_packetiser p = { 0 };
        struct bc_packet *avc = make_packet(BC_CODEC_AVC, NULL, "\0\0\0\2\x41\x9a", 6, 0);
        struct bc_packet *opus = make_packet(BC_CODEC_OPUS, NULL, "\xfc\x01", 2, 0);
        avc->pts_us = TIMES[i].pts_us;
        opus->pts_us = TIMES[i].pts_us;
        struct bc_rtp_frame *f = bc_rtp_packetise(&p, avc, 1200);
        assert_int_equal(f->timestamp, TIMES[i].video);
        bc_rtp_frame_unref(&f);
        f = bc_rtp_packetise(&p, opus, 1200);
        assert_int_equal(f->timestamp, TIMES[i].audio);
        bc_rtp_frame_unref(&f);
        bc_packet_unref(&avc);
        bc_packet_unref(&opus);
        bc_rtp_packetiser_finish(&p);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sets_go_before_each_idr),
        cmocka_unit_test(test_sets_of_the_access_unit_are_enough),
        cmocka_unit_test(test_fragments_are_of_full_size),
        cmocka_unit_test(test_no_fragment_stands_alone),
        cmocka_unit_test(test_small_units_share_a_packet),
        cmocka_unit_test(test_delimiters_and_filler_stay_here),
        cmocka_unit_test(test_timing_stays_here_and_user_data_goes),
        cmocka_unit_test(test_broken_lengths_end_the_unit),
        cmocka_unit_test(test_what_cannot_be_sent_is_nothing),
        cmocka_unit_test(test_times_are_in_the_clock_of_rtp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
