// SPDX-License-Identifier: Apache-2.0
// Pictures with B-frames into pictures without, without threads of ours.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit.h"
#include "media/nalu.h"
#include "transmux/codec/job.h"

#define START_US 1000000
#define LUMA_NEAR 12

struct fixture {
    struct kit_packets in;
    struct kit_packets out;
    struct kit_pictures shown;
    struct codec_job *job;
};

static const struct kit_picture SMALL = { .width = 320,
    .height = 180,
    .frames = 60,
    .fps = 30,
    .b_frames = 3,
    .gop = 60,
    .start_us = START_US,
    .epoch = 1 };

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct codec_sink sink = { kit_keep, &f->out };
    f->job = codec_video_job_create(&sink);
    assert_non_null(f->job);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    f->job->ops->destroy(f->job);
    kit_free(&f->in);
    kit_free(&f->out);
    free(f);
    return 0;
}

static void
push(struct fixture *f, unsigned from, unsigned to, unsigned behind)
{
    for (unsigned i = from; i < to && i < f->in.count; i++) {
        struct codec_input in = { f->in.items[i], f->in.items[i]->flags, behind };
        f->job->ops->push(f->job, &in);
    }
}

static unsigned
count_keys(const struct kit_packets *packets)
{
    unsigned keys = 0;
    for (unsigned i = 0; i < packets->count; i++) {
        keys += (packets->items[i]->flags & BC_PACKET_KEY) != 0;
    }
    return keys;
}

// Flags and NAL units agree, and no unit but slices is in a packet.
static void
check_packets(const struct fixture *f)
{
    kit_assert_rising(&f->out);
    for (unsigned i = 0; i < f->out.count; i++) {
        const struct bc_packet *p = f->out.items[i];
        struct bc_nalu_info info;
        assert_int_equal(bc_nalu_scan(BC_CODEC_AVC, p->data, p->len, &info), 0);
        assert_true(info.has_slice && !info.has_parameter_sets);
        assert_int_equal(info.is_idr, (p->flags & BC_PACKET_KEY) != 0);
        assert_int_equal(p->track->reorder_frames, 0);
        assert_int_equal(p->track->codec, BC_CODEC_AVC);
    }
}

// Each picture from the source's start on is the one that the source shows at that time.
static void
check_shown(struct fixture *f, const struct kit_picture *v)
{
    kit_play_picture(&f->out, &f->shown);
    assert_int_equal(f->shown.count, f->out.count);
    for (unsigned i = 0; i < f->shown.count; i++) {
        const struct kit_shown *s = &f->shown.items[i];
        int number = (int)((s->pts_us - v->start_us) * v->fps / 1000000.0 + 0.5) - 2;
        assert_int_equal(s->pts_us, f->out.items[i]->pts_us);
        assert_false(s->is_b);
        if (number >= 0) {
            int want = kit_luma(number);
            assert_in_range(s->luma, want - LUMA_NEAR, want + LUMA_NEAR);
        }
    }
}

static void
test_video_has_no_b_frames_and_the_same_pictures(void **state)
{
    struct fixture *f = *state;
    kit_make_picture(&f->in, &SMALL);
    assert_int_equal(f->in.items[0]->track->reorder_frames, 2);
    f->job->ops->begin_output(f->job);
    push(f, 0, UINT32_MAX, 0);
    assert_null(f->job->failed);
    assert_int_equal(f->job->dropped, 0);
    // Two are still inside the decoder, waiting for what is to be shown before them.
    assert_int_equal(f->out.count, f->in.count - 2);
    check_packets(f);
    check_shown(f, &SMALL);
    assert_int_equal(count_keys(&f->out), 1);
    assert_true(f->out.items[0]->flags & BC_PACKET_KEY);
    assert_int_equal(f->out.items[0]->epoch, 1);
    assert_int_equal(f->shown.items[0].width, 320);
    assert_int_equal(f->shown.items[0].height, 180);
    assert_true(f->shown.items[0].is_709);
    assert_string_equal(f->out.items[0]->track->codec_string, "avc1.64000d");
}

static void
test_video_key_every_two_seconds_and_on_request(void **state)
{
    struct fixture *f = *state;
    struct kit_picture v = SMALL;
    v.frames = 200;
    kit_make_picture(&f->in, &v);
    f->job->ops->begin_output(f->job);
    push(f, 0, 30, 0);
    unsigned next = f->out.count;
    assert_int_equal(count_keys(&f->out), 1);
    f->job->ops->request_key(f->job);
    push(f, 30, 40, 0);
    assert_true(f->out.items[next]->flags & BC_PACKET_KEY);
    assert_int_equal(count_keys(&f->out), 2);
    push(f, 40, UINT32_MAX, 0);
    int64_t last_us = 0;
    for (unsigned i = 0; i < f->out.count; i++) {
        const struct bc_packet *p = f->out.items[i];
        if (p->flags & BC_PACKET_KEY) {
            last_us = p->pts_us;
        }
        assert_true(p->pts_us - last_us <= 2000000);
    }
    assert_int_equal(count_keys(&f->out), 4);
    check_packets(f);
    check_shown(f, &v);
}

static void
test_video_history_is_only_decoded(void **state)
{
    struct fixture *f = *state;
    kit_make_picture(&f->in, &SMALL);
    push(f, 0, 40, 0);
    assert_int_equal(f->out.count, 0);
    f->job->ops->begin_output(f->job);
    // The newest picture that could be shown, at once.
    assert_int_equal(f->out.count, 1);
    assert_true(f->out.items[0]->flags & BC_PACKET_KEY);
    assert_true(f->out.items[0]->pts_us >= f->in.items[39]->dts_us - 34000);
    push(f, 40, UINT32_MAX, 0);
    check_packets(f);
    check_shown(f, &SMALL);
    assert_int_equal(f->out.count, f->in.count - 39 - 2 + 2);
}

static void
test_video_epochs_pass_with_flag_and_key(void **state)
{
    struct fixture *f = *state;
    struct kit_picture v = SMALL;
    kit_make_picture(&f->in, &v);
    unsigned border = f->in.count;
    v.start_us += 3000000;
    v.epoch = 2;
    kit_make_picture(&f->in, &v);
    f->in.items[0]->flags |= BC_PACKET_NEW_EPOCH;
    f->in.items[border]->flags |= BC_PACKET_NEW_EPOCH;
    f->job->ops->begin_output(f->job);
    push(f, 0, UINT32_MAX, 0);
    check_packets(f);
    // At the border what was inside came out.
    assert_int_equal(f->out.count, f->in.count - 2);
    for (unsigned i = 0; i < f->out.count; i++) {
        const struct bc_packet *p = f->out.items[i];
        assert_int_equal(p->epoch, i < border ? 1 : 2);
        if (i == 0 || i == border) {
            assert_int_equal(p->flags, BC_PACKET_KEY | BC_PACKET_NEW_EPOCH);
        }
    }
}

static void
test_video_size_change_is_a_new_track(void **state)
{
    struct fixture *f = *state;
    struct kit_picture v = SMALL;
    kit_make_picture(&f->in, &v);
    unsigned border = f->in.count;
    v.start_us += 2500000;
    v.epoch = 2;
    v.width = 240;
    v.height = 426; // held upright
    kit_make_picture(&f->in, &v);
    f->job->ops->begin_output(f->job);
    push(f, 0, UINT32_MAX, 0);
    check_packets(f);
    const struct bc_packet *first = f->out.items[0];
    const struct bc_packet *after = f->out.items[border];
    assert_int_equal(first->track->width, 320);
    assert_int_equal(after->track->width, 240);
    assert_int_equal(after->track->height, 426);
    assert_true(after->flags & BC_PACKET_KEY);
    check_shown(f, &v);
}

static void
test_video_from_hevc_with_ten_bits(void **state)
{
    struct fixture *f = *state;
    struct kit_picture v = SMALL;
    v.hevc = true;
    v.frames = 30;
    kit_make_picture(&f->in, &v);
    assert_int_equal(f->in.items[0]->track->codec, BC_CODEC_HEVC);
    f->job->ops->begin_output(f->job);
    push(f, 0, UINT32_MAX, 0);
    assert_null(f->job->failed);
    assert_true(f->out.count > 20);
    check_packets(f);
    check_shown(f, &v);
}

static void
test_video_leaves_pictures_out_when_behind(void **state)
{
    struct fixture *f = *state;
    kit_make_picture(&f->in, &SMALL);
    f->job->ops->begin_output(f->job);
    push(f, 0, 40, 20);
    unsigned slow = f->out.count;
    assert_in_range(slow, 17, 20);
    assert_in_range(f->job->dropped, 17, 20);
    push(f, 40, UINT32_MAX, 0); // caught up
    assert_int_equal(f->out.count - slow, f->in.count - 40);
    check_packets(f);
    check_shown(f, &SMALL);
}

static void
test_video_far_behind_does_not_decode_disposable(void **state)
{
    struct fixture *f = *state;
    kit_make_picture(&f->in, &SMALL);
    f->job->ops->begin_output(f->job);
    push(f, 0, UINT32_MAX, 60);
    assert_true(f->out.count > 10 && f->out.count < f->in.count / 2);
    check_packets(f);
    check_shown(f, &SMALL);
}

static void
test_video_waits_for_a_keyframe(void **state)
{
    struct fixture *f = *state;
    struct kit_picture v = SMALL;
    v.gop = 30;
    kit_make_picture(&f->in, &v);
    f->job->ops->begin_output(f->job);
    push(f, 10, UINT32_MAX, 0);
    assert_null(f->job->failed);
    assert_true(f->out.items[0]->pts_us >= START_US + 1000000);
    check_packets(f);
}

static void
test_video_rate_stays_near_the_source(void **state)
{
    struct fixture *f = *state;
    struct kit_picture v = SMALL;
    v.noise = true;
    v.frames = 150;
    kit_make_picture(&f->in, &v);
    push(f, 0, 60, 0);
    f->job->ops->begin_output(f->job);
    push(f, 60, UINT32_MAX, 0);
    uint64_t in = 0;
    uint64_t out = 0;
    for (unsigned i = 60; i < f->in.count; i++) {
        in += f->in.items[i]->len;
    }
    for (unsigned i = 0; i < f->out.count; i++) {
        out += f->out.items[i]->len;
    }
    // With the buffer of a second that begins full.
    double source_bps = (double)in * 8 / 3;
    double limit_bps = source_bps > 6e6 ? 6e6 : source_bps;
    if ((double)out * 8 > limit_bps * (3 + 1.3)) {
        fail_msg("%.0f bit/s became %.0f", source_bps, (double)out * 8 / 3);
    }
}

static void
test_video_broken_packets_end_in_a_failure(void **state)
{
    struct fixture *f = *state;
    kit_make_picture(&f->in, &SMALL);
    f->job->ops->begin_output(f->job);
    for (unsigned i = 0; i < 400; i++) {
        static const uint8_t BAD[16] = { 0, 0, 1, 0, 0x65 }; // longer than it is
        struct bc_buf *buf = bc_buf_copy(BAD, sizeof(BAD));
        struct bc_packet *p = bc_packet_create(
            BC_KIND_VIDEO, f->in.items[0]->track, buf, buf->data, buf->len);
        p->dts_us = p->pts_us = START_US + (int64_t)i * 33333;
        p->flags = BC_PACKET_KEY;
        struct codec_input in = { p, p->flags, 0 };
        f->job->ops->push(f->job, &in);
        bc_packet_unref(&p);
    }
    assert_non_null(f->job->failed);
    assert_int_equal(f->out.count, 0);
}

static void
test_video_survives_damaged_pictures(void **state)
{
    struct fixture *f = *state;
    struct kit_picture v = SMALL;
    v.gop = 20;
    kit_make_picture(&f->in, &v);
    f->job->ops->begin_output(f->job);
    for (unsigned i = 1; i < f->in.count; i += 7) {
        struct bc_packet *p = f->in.items[i];
        for (size_t at = 8; at < p->len; at += 11) {
            p->buf->data[at] ^= 0x5a;
        }
    }
    push(f, 0, UINT32_MAX, 0);
    assert_null(f->job->failed);
    assert_true(f->out.count > f->in.count / 2);
    check_packets(f);
}

#define UNIT(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(test_video_has_no_b_frames_and_the_same_pictures),
        UNIT(test_video_key_every_two_seconds_and_on_request),
        UNIT(test_video_history_is_only_decoded),
        UNIT(test_video_epochs_pass_with_flag_and_key),
        UNIT(test_video_size_change_is_a_new_track),
        UNIT(test_video_from_hevc_with_ten_bits),
        UNIT(test_video_leaves_pictures_out_when_behind),
        UNIT(test_video_far_behind_does_not_decode_disposable),
        UNIT(test_video_waits_for_a_keyframe),
        UNIT(test_video_rate_stays_near_the_source),
        UNIT(test_video_broken_packets_end_in_a_failure),
        UNIT(test_video_survives_damaged_pictures),
    };
    kit_quiet();
    return cmocka_run_group_tests_name("codec_video", tests, NULL, NULL);
}
