// SPDX-License-Identifier: Apache-2.0
// What a viewer by WHEP gets: where it starts, repairs, keyframes, lip-sync, the end.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/writer.h"
#include "flow_source.h"
#include "protocol/webrtc/peer.h"
#include "rtc_client.h"

#define FRAME_TICKS (FLOW_FRAME_MS * 90)

struct fixture {
    struct flow flow;
    struct flow_source source;
    struct rtc_client a;
    struct rtc_client b;
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    flow_open(&f->flow, NULL);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    rtc_close(&f->a);
    rtc_close(&f->b);
    flow_source_close(&f->source, true);
    flow_close(&f->flow);
    free(f);
    return 0;
}

static bool
has_all(const struct fixture *f, const struct rtc_client *c)
{
    return rtc_last_number(c) == (int64_t)f->source.numbers[0] - 1;
}

// 1.6 s of a host; a keyframe was at 1 s. The viewer's session is at the channel's home,
// or not.
static void
begin(struct fixture *f, bool can_ask, int worker)
{
    flow_source_open(&f->flow, &f->source, 0, can_ask);
    flow_source_run(&f->source, 1600);
    rtc_offer_view(&f->flow, &f->a, worker);
    rtc_connect(&f->a, false, -1);
    FLOW_UNTIL(&f->flow, has_all(f, &f->a));
}

static void
go_on(struct fixture *f, int64_t ms)
{
    flow_source_run(&f->source, ms);
    FLOW_UNTIL(&f->flow, has_all(f, &f->a));
}

static void
send_pli(struct rtc_client *c)
{
    struct bc_writer w = { 0 };
    bc_rtcp_write_pli(&w, 1, c->session.video.ssrc);
    rtc_send_rtcp(c, &w);
}

static void
send_nack(struct rtc_client *c, const uint16_t *seqs, unsigned count)
{
    struct bc_writer w = { 0 };
    bc_rtcp_write_nack(&w, 1, c->session.video.ssrc, seqs, count);
    rtc_send_rtcp(c, &w);
}

// From packet `from`: STAP-A with the parameter sets, then the IDR of this number.
static void
expect_keyframe(const struct rtc_client *c, unsigned *from, int64_t number)
{
    const struct rtc_packet *p = rtc_next_video(c, from);
    assert_non_null(p);
    assert_int_equal(rtc_nal_type(p), 24);
    assert_int_equal(p->h.payload[3] & 0x1f, 7); // behind the head and the first length
    size_t sps = (size_t)p->h.payload[1] << 8 | p->h.payload[2];
    assert_int_equal(p->h.payload[3 + sps + 2] & 0x1f, 8);
    assert_false(p->h.marker);
    p = rtc_next_video(c, from);
    assert_non_null(p);
    assert_int_equal(rtc_nal_type(p), 5);
    assert_int_equal(rtc_number(p), number);
}

static void
test_a_viewer_starts_at_the_cached_keyframe(void **state)
{
    struct fixture *f = *state;
    unsigned at = 0;
    begin(f, false, 1);
    expect_keyframe(&f->a, &at, FLOW_GOP);
    at = 0;
    assert_true(rtc_next_video(&f->a, &at)->h.seq < 0x8000); // RFC 3711 3.3.1
    go_on(f, 400);
    assert_int_equal(rtc_count_video_gaps(&f->a), 0);
}

static unsigned
count_sounds(const struct rtc_client *c)
{
    unsigned n = 0;
    for (unsigned i = 0; i < c->count; i++) {
        n += !rtc_is_video(c, &c->packets[i]);
    }
    return n;
}

// A microphone that is switched on in mid-broadcast: the section was agreed on before.
static void
test_sound_that_begins_late_needs_no_new_offer(void **state)
{
    struct fixture *f = *state;
    flow_source_open_silent(&f->flow, &f->source, 0);
    flow_source_run(&f->source, 1600);
    rtc_offer_view(&f->flow, &f->a, 1);
    rtc_connect(&f->a, false, -1);
    FLOW_UNTIL(&f->flow, has_all(f, &f->a));
    assert_int_equal(count_sounds(&f->a), 0);
    f->source.silent = false;
    go_on(f, 400);
    go_on(f, 1600); // over the next keyframe
    FLOW_UNTIL(&f->flow, count_sounds(&f->a) > 60);
    assert_false(f->a.closed);
    assert_int_equal(rtc_count_video_gaps(&f->a), 0);
}

// The timestamps of the pictures with these numbers, in order.
static unsigned
list_timestamps(const struct rtc_client *c, int64_t from, int64_t to, uint32_t *out)
{
    unsigned n = 0;
    unsigned at = 0;
    for (const struct rtc_packet *p; (p = rtc_next_video(c, &at));) {
        int64_t number = rtc_number(p);
        if (number >= from && number < to) {
            out[n++] = p->h.timestamp;
        }
    }
    return n;
}

static void
test_catching_up_is_fast_and_then_natural(void **state)
{
    struct fixture *f = *state;
    uint32_t ts[64];
    begin(f, false, 0);
    go_on(f, 400);
    unsigned n = list_timestamps(&f->a, FLOW_GOP, FLOW_GOP + 25, ts);
    assert_int_equal(n, 25); // to 2 s
    // 15 pictures were cached: they run together, and end where they belong.
    for (unsigned i = 1; i < 15; i++) {
        uint32_t step = ts[i] - ts[i - 1];
        assert_true(step >= 1 && step <= 90);
    }
    for (unsigned i = 15; i < n; i++) {
        assert_int_equal(ts[i] - ts[i - 1], FRAME_TICKS);
    }
}

static void
test_reports_of_both_tracks_tell_the_same_time(void **state)
{
    struct fixture *f = *state;
    begin(f, false, 1);
    FLOW_UNTIL(&f->flow, f->a.video_sr.sr.ntp != 0);
    unsigned count = f->a.count;
    go_on(f, FLOW_FRAME_MS); // one picture and two sounds, the first of the same moment
    FLOW_UNTIL(&f->flow, f->a.count == count + 3 && f->a.audio_sr.sr.ntp != 0);
    const struct rtc_packet *picture = NULL;
    const struct rtc_packet *sound = NULL;
    for (unsigned i = f->a.count; i-- > count;) {
        const struct rtc_packet *p = &f->a.packets[i];
        *(rtc_is_video(&f->a, p) ? &picture : &sound) = p;
    }
    assert_true(picture && sound);
    const struct bc_rtcp_message *v = &f->a.video_sr;
    const struct bc_rtcp_message *a = &f->a.audio_sr;
    int64_t video_us = bc_ntp_to_wall_us(v->sr.ntp)
        + (int64_t)(int32_t)(picture->h.timestamp - v->sr.rtp) * 1000 / 90;
    int64_t audio_us = bc_ntp_to_wall_us(a->sr.ntp)
        + (int64_t)(int32_t)(sound->h.timestamp - a->sr.rtp) * 1000 / 48;
    assert_in_range(video_us - audio_us + 1000, 0, 2000);
    // And it is the time of now, or nearly.
    assert_in_range(bc_clock_wall_us() - video_us + 5000000, 0, 10000000);
    assert_int_equal(v->sr.packets > 0 && v->sr.bytes > 0, 1);
}

// --- repairs ---

static const struct rtc_packet *
last_video(const struct rtc_client *c)
{
    unsigned at = 0;
    const struct rtc_packet *last = NULL;
    for (const struct rtc_packet *p; (p = rtc_next_video(c, &at));) {
        last = p;
    }
    return last;
}

static void
test_a_lost_packet_comes_by_rtx(void **state)
{
    struct fixture *f = *state;
    begin(f, false, 1);
    const struct rtc_packet *p = last_video(&f->a);
    uint16_t seqs[] = { (uint16_t)(p->h.seq - 2), p->h.seq, (uint16_t)(p->h.seq + 5) };
    unsigned count = f->a.count;
    send_nack(&f->a, seqs, 3); // the last one was never sent
    FLOW_UNTIL(&f->flow, f->a.count >= count + 2);
    const struct rtc_packet *again = &f->a.packets[count + 1];
    assert_int_equal(again->h.ssrc, f->a.session.video.rtx_ssrc);
    assert_int_equal(again->h.payload_type, f->a.session.video.rtx_pt);
    assert_int_equal(again->h.timestamp, p->h.timestamp);
    assert_int_equal(again->h.marker, p->h.marker);
    assert_int_equal(again->h.payload[0] << 8 | again->h.payload[1], p->h.seq);
    assert_int_equal(again->h.payload_len, p->h.payload_len + 2);
    assert_memory_equal(again->h.payload + 2, p->h.payload, p->h.payload_len);
    assert_int_equal((uint16_t)(f->a.packets[count].h.seq + 1), again->h.seq);
    // Once more at once: that one is on its way.
    send_nack(&f->a, seqs, 3);
    go_on(f, 80);
    assert_int_equal(last_video(&f->a)->h.seq, (uint16_t)(p->h.seq + 2));
    unsigned rtx = 0;
    for (unsigned i = 0; i < f->a.count; i++) {
        rtx += f->a.packets[i].h.ssrc == f->a.session.video.rtx_ssrc;
    }
    assert_int_equal(rtx, 2);
}

static void
test_without_rtx_the_very_same_packet_comes(void **state)
{
    struct fixture *f = *state;
    struct bc_writer offer = { 0 };
    flow_source_open(&f->flow, &f->source, 0, false);
    flow_source_run(&f->source, 1600);
    rtc_init(&f->flow, &f->a);
    rtc_write_offer(&f->a, BC_SDP_RECVONLY, BC_CODEC_AVC, true, &offer);
    for (char *at; (at = strstr((char *)offer.data, " rtx/"));) {
        memcpy(at, " xxx/", 5);
    }
    assert_int_equal(rtc_post(&f->a, -1, "/live/hq/whep", "", (char *)offer.data,
                         BC_SDP_RECVONLY),
        201);
    bc_writer_finish(&offer);
    assert_int_equal(f->a.session.video.rtx_pt, 0);
    rtc_connect(&f->a, false, -1);
    FLOW_UNTIL(&f->flow, has_all(f, &f->a));
    // A whole keyframe and what followed.
    uint16_t seqs[12];
    unsigned at = 0;
    for (unsigned i = 0; i < 12; i++) {
        seqs[i] = rtc_next_video(&f->a, &at)->h.seq;
    }
    send_nack(&f->a, seqs, 12);
    FLOW_UNTIL(&f->flow, f->a.repeated + f->a.reused >= 12);
    assert_int_equal(f->a.repeated, 12);
    assert_int_equal(f->a.reused, 0);
    go_on(f, 200);
    assert_int_equal(rtc_count_video_gaps(&f->a), 0);
}

static void
test_a_flood_of_nacks_is_bounded(void **state)
{
    struct fixture *f = *state;
    begin(f, false, 0);
    unsigned at = 0;
    uint16_t seqs[18];
    for (unsigned i = 0; i < 18; i++) {
        seqs[i] = rtc_next_video(&f->a, &at)->h.seq;
    }
    unsigned count = f->a.count;
    for (unsigned i = 0; i < 200; i++) {
        send_nack(&f->a, seqs, 18);
    }
    int64_t began = bc_clock_us();
    go_on(f, 40);
    // At most once each 20 ms.
    int64_t rounds = (bc_clock_us() - began) / 20000 + 3;
    assert_true(f->a.count - count <= 3 + 18 * rounds);
}

// --- keyframes ---

static void
test_a_picture_is_mended_from_the_cache(void **state)
{
    struct fixture *f = *state;
    begin(f, false, 1);
    unsigned at = f->a.count;
    uint32_t before = last_video(&f->a)->h.timestamp;
    unsigned last = f->source.numbers[0] - 1;
    send_pli(&f->a);
    send_pli(&f->a); // together they are one
    FLOW_UNTIL(&f->flow, f->a.count > at && rtc_number(last_video(&f->a)) == last);
    unsigned from = at;
    expect_keyframe(&f->a, &from, FLOW_GOP);
    uint32_t ts[64];
    unsigned n = 0;
    for (const struct rtc_packet *p; (p = rtc_next_video(&f->a, &at));) {
        if (rtc_number(p) >= 0) {
            ts[n++] = p->h.timestamp;
        }
    }
    assert_int_equal(n, 15);
    for (unsigned i = 0; i < n; i++) {
        assert_true((int32_t)(ts[i] - before) > 0);
        assert_true((int32_t)(ts[i] - before) < FRAME_TICKS);
        assert_true(i == 0 || (int32_t)(ts[i] - ts[i - 1]) > 0);
    }
    go_on(f, 200);
    uint32_t on = last_video(&f->a)->h.timestamp - before;
    assert_int_equal(on, 5 * FRAME_TICKS); // natural again
}

static void
test_a_host_that_can_be_asked_is_asked_once(void **state)
{
    struct fixture *f = *state;
    begin(f, true, 1);
    rtc_offer_view(&f->flow, &f->b, 0);
    rtc_connect(&f->b, false, -1);
    FLOW_UNTIL(&f->flow, has_all(f, &f->b));
    unsigned count = f->a.count;
    send_pli(&f->a);
    send_pli(&f->b);
    send_pli(&f->a);
    FLOW_UNTIL(&f->flow, atomic_load(&f->source.keys_wanted[0]) > 0);
    go_on(f, 80);
    assert_int_equal(atomic_load(&f->source.keys_wanted[0]), 1);
    // Nothing was repeated from the cache.
    assert_int_equal(f->a.count, count + 2 + 4);
    // A host that does not listen: the next request brings the player back at once.
    flow_clock_jump(&f->flow, 600000);
    count = f->a.count;
    send_pli(&f->a);
    FLOW_UNTIL(&f->flow, f->a.count >= count + 2);
    expect_keyframe(&f->a, &count, FLOW_GOP);
}

// --- the life of a broadcast ---

static void
test_the_end_of_a_broadcast_ends_its_viewers(void **state)
{
    struct fixture *f = *state;
    begin(f, false, 1);
    flow_source_close(&f->source, true);
    FLOW_UNTIL(&f->flow, f->a.closed);
    assert_int_equal(bc_webrtc_sessions(f->flow.server.webrtc), 0);
}

static void
test_viewers_outlive_a_host_that_comes_back(void **state)
{
    struct fixture *f = *state;
    begin(f, false, 1);
    flow_source_close(&f->source, false);
    FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_WAITING);
    rtc_check(&f->a);
    uint32_t before = last_video(&f->a)->h.timestamp;
    unsigned at = f->a.count;
    flow_source_open(&f->flow, &f->source, 1, false);
    f->source.numbers[0] = 1000;
    go_on(f, 400);
    unsigned from = at;
    expect_keyframe(&f->a, &from, 1000);
    assert_true((int32_t)(rtc_next_video(&f->a, &at)->h.timestamp - before) > 0);
    flow_source_close(&f->source, true);
    FLOW_UNTIL(&f->flow, f->a.closed);
}

static void
test_another_codec_ends_those_who_cannot_show_it(void **state)
{
    struct fixture *f = *state;
    struct bc_writer offer = { 0 };
    begin(f, false, 1);
    rtc_init(&f->flow, &f->b);
    rtc_write_offer(&f->b, BC_SDP_RECVONLY, BC_CODEC_NONE, true, &offer);
    assert_int_equal(rtc_post(&f->b, 1, "/live/hq/whep", "", (char *)offer.data,
                         BC_SDP_RECVONLY),
        201);
    bc_writer_finish(&offer);
    rtc_connect(&f->b, false, -1);
    // Other parameters of the same codec are no reason to leave.
    static const uint8_t OTHER[] = { 0x01, 0x4d, 0x40, 0x28, 0xff, 0xe1, 0x00, 0x1a, 0x67,
        0x4d, 0x40, 0x28, 0xec, 0xa0, 0x3c, 0x01, 0x13, 0xf2, 0xe0, 0x22, 0x00, 0x00, 0x03,
        0x00, 0x02, 0x00, 0x00, 0x03, 0x00, 0x78, 0x1e, 0x30, 0x63, 0x2c, 0x01, 0x00, 0x04,
        0x68, 0xce, 0x0f, 0xc8 };
    flow_source_run(&f->source, 400);
    flow_source_set_track(&f->source, 0, bc_avc_track(OTHER, sizeof(OTHER)));
    unsigned at = f->a.count;
    go_on(f, 400);
    assert_false(f->a.closed);
    while (rtc_nal_type(rtc_next_video(&f->a, &at)) != 24) {
    }
    flow_source_run(&f->source, 600);
    flow_source_set_track(&f->source, 0, flow_source_track(BC_CODEC_VP8));
    unsigned sounds = f->b.count;
    flow_source_run(&f->source, 400);
    FLOW_UNTIL(&f->flow, f->a.closed);
    FLOW_UNTIL(&f->flow, f->b.count >= sounds + 20);
    assert_false(f->b.closed);
    assert_int_equal(bc_webrtc_sessions(f->flow.server.webrtc), 1);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_viewer_starts_at_the_cached_keyframe),
        TEST(test_sound_that_begins_late_needs_no_new_offer),
        TEST(test_catching_up_is_fast_and_then_natural),
        TEST(test_reports_of_both_tracks_tell_the_same_time),
        TEST(test_a_lost_packet_comes_by_rtx),
        TEST(test_without_rtx_the_very_same_packet_comes),
        TEST(test_a_flood_of_nacks_is_bounded),
        TEST(test_a_picture_is_mended_from_the_cache),
        TEST(test_a_host_that_can_be_asked_is_asked_once),
        TEST(test_the_end_of_a_broadcast_ends_its_viewers),
        TEST(test_viewers_outlive_a_host_that_comes_back),
        TEST(test_another_codec_ends_those_who_cannot_show_it),
    };
    return cmocka_run_group_tests_name("whep_media", tests, NULL, NULL);
}
