// SPDX-License-Identifier: Apache-2.0
// Viewers by WHEP of what browsers cannot show as it is: B-frames, AAC.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../unit/codec/kit.h"
#include "base/writer.h"
#include "flow_source.h"
#include "rtc_client.h"

struct fixture {
    struct flow flow;
    struct flow_source source;
    struct rtc_client a;
    struct kit_packets pictures;
    struct kit_packets sounds;
};

static int
open_with(void **state, const char *override)
{
    const char *const overrides[] = { override, NULL };
    struct fixture *f = calloc(1, sizeof(*f));
    kit_quiet();
    flow_open(&f->flow, overrides);
    flow_source_open(&f->flow, &f->source, 0, false);
    *state = f;
    return 0;
}

static int
setup_drop(void **state)
{
    return open_with(state, "webrtc.b_frames=drop");
}

static int
setup_refuse(void **state)
{
    return open_with(state, "webrtc.b_frames=refuse");
}

static int
setup_transcode(void **state)
{
    return open_with(state, "webrtc.b_frames=transcode");
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    rtc_close(&f->a);
    flow_source_close(&f->source, true);
    flow_close(&f->flow);
    kit_free(&f->pictures);
    kit_free(&f->sounds);
    free(f);
    return 0;
}

// A GOP as "I P b b P b b …": every picture that is no B-frame has a number that leaves
// 1 when divided by 3, or is the first.
static void
push_with_b_frames(struct fixture *f, unsigned groups, bool first)
{
    struct flow_source *s = &f->source;
    if (first) {
        flow_source_picture(s, 0, 40, BC_PACKET_KEY, 0, 2000);
        s->ms = 40;
    }
    for (unsigned i = 0; i < groups; i++, s->ms += 120) {
        flow_source_picture(s, s->ms, s->ms + 160 - 40, 0, 0, 900);
        flow_source_picture(s, s->ms + 40, s->ms + 40, BC_PACKET_DISPOSABLE, 0, 500);
        flow_source_picture(s, s->ms + 80, s->ms + 80, BC_PACKET_DISPOSABLE, 0, 500);
    }
    flow_source_flush(s);
}

static bool
has_number(const struct fixture *f, int64_t number)
{
    return rtc_last_number(&f->a) >= number;
}

static void
test_b_frames_are_left_out(void **state)
{
    struct fixture *f = *state;
    push_with_b_frames(f, 6, true);
    rtc_offer_view(&f->flow, &f->a, 1);
    rtc_connect(&f->a, false, -1);
    FLOW_UNTIL(&f->flow, has_number(f, 16));
    push_with_b_frames(f, 4, false);
    FLOW_UNTIL(&f->flow, has_number(f, 28));
    unsigned at = 0;
    unsigned pictures = 0;
    uint32_t ts = 0;
    uint16_t seq = 0;
    for (const struct rtc_packet *p; (p = rtc_next_video(&f->a, &at));) {
        int64_t number = rtc_number(p);
        assert_true(at == 1 || seq == 0 || p->h.seq == (uint16_t)(seq + 1));
        seq = p->h.seq;
        if (number >= 0) {
            assert_true(number == 0 || number % 3 == 1);
            assert_true(pictures == 0 || (int32_t)(p->h.timestamp - ts) > 0);
            ts = p->h.timestamp;
            pictures++;
        }
    }
    assert_int_equal(pictures, 11);
}

static int
post_offer(struct fixture *f)
{
    struct bc_writer offer = { 0 };
    rtc_init(&f->flow, &f->a);
    rtc_write_offer(&f->a, BC_SDP_RECVONLY, BC_CODEC_AVC, true, &offer);
    int status = rtc_post(&f->a, 1, "/live/hq/whep", "", (char *)offer.data,
        BC_SDP_RECVONLY);
    bc_writer_finish(&offer);
    return status;
}

static void
test_b_frames_are_refused_with_a_reason(void **state)
{
    struct fixture *f = *state;
    push_with_b_frames(f, 6, true);
    assert_int_equal(post_offer(f), 406);
    assert_non_null(strstr(flow_http_body(&f->a.http), "b_frames"));
}

static void
test_b_frames_that_come_later_end_the_viewer(void **state)
{
    struct fixture *f = *state;
    flow_source_run(&f->source, 400);
    assert_int_equal(post_offer(f), 201);
    rtc_connect(&f->a, false, -1);
    FLOW_UNTIL(&f->flow, has_number(f, 9));
    push_with_b_frames(f, 2, false);
    FLOW_UNTIL(&f->flow, f->a.closed);
}

static void
push_kit(struct fixture *f, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to && i < f->pictures.count; i++) {
        flow_source_push(&f->source, f->pictures.items[i]);
    }
    flow_source_flush(&f->source);
}

static unsigned
count_pictures(const struct rtc_client *c)
{
    unsigned n = 0;
    unsigned at = 0;
    uint32_t ts = 0;
    for (const struct rtc_packet *p; (p = rtc_next_video(c, &at));) {
        if (p->h.marker) {
            assert_true(n == 0 || (int32_t)(p->h.timestamp - ts) > 0);
            ts = p->h.timestamp;
            n++;
        }
    }
    return n;
}

static void
test_b_frames_are_encoded_away(void **state)
{
    struct fixture *f = *state;
    struct kit_picture picture = { .width = 320, .height = 180, .frames = 100, .fps = 25,
        .b_frames = 2, .gop = 50 };
    kit_make_picture(&f->pictures, &picture);
    flow_source_set_track(&f->source, 0, bc_track_ref(f->pictures.items[0]->track));
    push_kit(f, 0, 60);
    assert_int_equal(post_offer(f), 201);
    rtc_connect(&f->a, false, -1);
    unsigned next = 60;
    FLOW_UNTIL(&f->flow,
        (push_kit(f, next, next + 1), next++, count_pictures(&f->a) >= 20));
    unsigned at = 0;
    const struct rtc_packet *first = rtc_next_video(&f->a, &at);
    assert_int_equal(rtc_nal_type(first), 24);
    assert_false(f->a.closed);
}

static void
test_aac_becomes_opus(void **state)
{
    struct fixture *f = *state;
    struct kit_sound sound = { .encoder = "aac", .codec = BC_CODEC_AAC, .rate = 48000,
        .channels = 2, .seconds = 6, .hz = 440 };
    kit_make_sound(&f->sounds, &sound);
    flow_source_set_track(&f->source, 0, bc_track_ref(f->sounds.items[0]->track));
    flow_source_picture(&f->source, 0, 0, BC_PACKET_KEY, 0, 3000);
    flow_source_push(&f->source, f->sounds.items[0]);
    flow_source_flush(&f->source);
    assert_int_equal(post_offer(f), 201);
    assert_int_equal(f->a.session.audio.codec, BC_CODEC_OPUS);
    rtc_connect(&f->a, false, -1);
    for (unsigned i = 1; i < f->sounds.count; i++) {
        flow_source_push(&f->source, f->sounds.items[i]);
        flow_source_flush(&f->source);
        // Not faster than the encoder, which would leave some out.
        FLOW_UNTIL(&f->flow, f->a.count + 20 > i);
    }
    FLOW_UNTIL(&f->flow, f->a.count >= 280); // of 300, and the picture
    uint32_t ts = 0;
    unsigned sounds = 0;
    for (unsigned i = 0; i < f->a.count; i++) {
        const struct rtc_packet *p = &f->a.packets[i];
        if (!rtc_is_video(&f->a, p)) {
            assert_true(sounds == 0 || p->h.timestamp - ts == 960);
            ts = p->h.timestamp;
            sounds++;
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_b_frames_are_left_out, setup_drop, teardown),
        cmocka_unit_test_setup_teardown(
            test_b_frames_are_refused_with_a_reason, setup_refuse, teardown),
        cmocka_unit_test_setup_teardown(
            test_b_frames_that_come_later_end_the_viewer, setup_refuse, teardown),
        cmocka_unit_test_setup_teardown(
            test_b_frames_are_encoded_away, setup_transcode, teardown),
        cmocka_unit_test_setup_teardown(
            test_aac_becomes_opus, setup_transcode, teardown),
    };
    return cmocka_run_group_tests_name("whep_codecs", tests, NULL, NULL);
}
