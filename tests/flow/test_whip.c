// SPDX-License-Identifier: Apache-2.0
// Hosts by WHIP: their sessions, and what becomes of their packets.
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
#include "rtc_host.h"

#define PATH "/live/hq/whip"
#define HOLD_US 1000000 // how long the server waits for sender reports

struct fixture {
    struct flow flow;
    struct rtc_host host;
    struct rtc_host other;
    struct rtc_client viewer;
    struct flow_tap tap;
    int64_t wall_us; // of the host's time 0
};

static int
open_with(void **state, const char *const *overrides)
{
    struct fixture *f = calloc(1, sizeof(*f));
    flow_open(&f->flow, overrides);
    f->wall_us = bc_clock_wall_us();
    *state = f;
    return 0;
}

static int
setup(void **state)
{
    return open_with(state, NULL);
}

static int
setup_closed(void **state)
{
    static const char *const OVERRIDES[] = { "access.publish=key",
        "access.publish_key=secret-of-the-host", NULL };
    return open_with(state, OVERRIDES);
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    flow_tap_close(&f->tap);
    rtc_close(&f->viewer);
    rtc_host_close(&f->other);
    rtc_host_close(&f->host);
    flow_close(&f->flow);
    free(f);
    return 0;
}

// Both streams on one clock, so that nothing is held back.
static void
send_reports(struct fixture *f, int64_t ms)
{
    rtc_host_send_report(&f->host, &f->host.video, ms, f->wall_us + ms * 1000);
    rtc_host_send_report(&f->host, &f->host.audio, ms, f->wall_us + ms * 1000);
}

static void
begin(struct fixture *f, int worker)
{
    rtc_host_open(&f->flow, &f->host, worker, "A");
    flow_tap_open(&f->flow, &f->tap);
    rtc_host_send_picture(&f->host, 0, true);
    rtc_host_send_sound(&f->host, 0);
    send_reports(f, 0);
    FLOW_UNTIL(&f->flow, flow_tap_count(&f->tap) == 2);
}

// Pictures in the tap came whole and in order, from number `first` to `last`.
static void
expect_pictures(struct fixture *f, int64_t first, int64_t last)
{
    int64_t next = first;
    int64_t dts_us = -1;
    for (unsigned i = 0; i < flow_tap_count(&f->tap); i++) {
        const struct flow_tapped *p = &f->tap.packets[i];
        if (p->kind == BC_KIND_VIDEO && p->number >= first) {
            assert_int_equal(p->number, next++);
            assert_true(p->len >= (p->flags & BC_PACKET_KEY ? 5000 : 2500));
            assert_true(p->dts_us > dts_us);
            dts_us = p->dts_us;
        }
    }
    assert_int_equal(next, last + 1);
}

// --- sessions ---

static void
test_a_host_by_whip_is_seen(void **state)
{
    struct fixture *f = *state;
    for (int worker = 0; worker < 2; worker++) {
        begin(f, worker);
        assert_int_equal(rtc_worker(&f->host.c), worker);
        assert_memory_equal(f->host.c.resource, PATH "/0", sizeof(PATH "/0") - 1);
        for (int64_t ms = 40; ms < 1200; ms += 40) {
            rtc_host_send_picture(&f->host, ms, ms % 400 == 0);
            rtc_host_send_sound(&f->host, ms);
            rtc_host_send_sound(&f->host, ms + 20);
        }
        FLOW_UNTIL(&f->flow, flow_tap_count(&f->tap) == 2 + 29 * 3);
        expect_pictures(f, 0, 29);
        for (unsigned i = 0; i < flow_tap_count(&f->tap); i++) {
            const struct flow_tapped *p = &f->tap.packets[i];
            assert_int_equal(p->codec,
                p->kind == BC_KIND_VIDEO ? BC_CODEC_AVC : BC_CODEC_OPUS);
        }
        FLOW_UNTIL(&f->flow, f->host.c.feedbacks > 0 && f->host.c.receiver_reports > 0);
        assert_int_equal(f->host.c.plis, 0);
        // Goodbye ends the broadcast.
        assert_int_equal(rtc_request(&f->host.c, 1 - worker, "DELETE", "", NULL), 200);
        FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_ENDED);
        FLOW_UNTIL(&f->flow, f->host.c.closed);
        assert_int_equal(rtc_request(&f->host.c, worker, "DELETE", "", NULL), 404);
        flow_tap_close(&f->tap);
        rtc_host_close(&f->host);
    }
}

static int
post(struct fixture *f, struct rtc_client *c, const char *headers)
{
    struct bc_writer offer = { 0 };
    rtc_close(c);
    rtc_init(&f->flow, c);
    rtc_write_offer(c, BC_SDP_SENDONLY, BC_CODEC_AVC, true, &offer);
    int status = rtc_post(c, -1, PATH, headers, (char *)offer.data, BC_SDP_SENDONLY);
    bc_writer_finish(&offer);
    return status;
}

static void
test_a_key_is_needed(void **state)
{
    struct fixture *f = *state;
    char text[256];
    assert_int_equal(post(f, &f->viewer, ""), 401);
    flow_http_header(&f->viewer.http, "WWW-Authenticate", text);
    assert_memory_equal(text, "Bearer", 6);
    assert_int_equal(post(f, &f->viewer, "Authorization: Bearer wrong\r\n"), 401);
    assert_int_equal(flow_state(&f->flow), 0);
    assert_int_equal(
        post(f, &f->viewer, "Authorization: Bearer secret-of-the-host\r\n"), 201);
}

static void
test_another_host_is_refused_and_the_same_takes_over(void **state)
{
    struct fixture *f = *state;
    char text[256];
    begin(f, 0);
    assert_int_equal(post(f, &f->other.c, "Authorization: Bearer B\r\n"), 409);
    assert_true(atoi(flow_http_header(&f->other.c.http, "Retry-After", text)) > 0);
    // An offer that cannot be answered changes nothing.
    rtc_init(&f->flow, &f->viewer);
    struct bc_writer offer = { 0 };
    rtc_write_offer(&f->viewer, BC_SDP_RECVONLY, BC_CODEC_AVC, true, &offer);
    int status = rtc_post(&f->viewer, -1, PATH, "Authorization: Bearer A\r\n",
        (char *)offer.data, BC_SDP_RECVONLY);
    assert_true(status == 400 || status == 422);
    bc_writer_finish(&offer);
    rtc_host_send_picture(&f->host, 40, false);
    FLOW_UNTIL(&f->flow, flow_tap_pictures(&f->tap) == 2);
    assert_false(f->host.c.closed);
    // The same key: it goes on with another session.
    rtc_close(&f->other.c);
    rtc_host_open(&f->flow, &f->other, 1, "A");
    FLOW_UNTIL(&f->flow, f->host.c.closed);
    f->other.video.number = 1000;
    rtc_host_send_picture(&f->other, 5000, true);
    flow_clock_jump(&f->flow, HOLD_US);
    FLOW_UNTIL(&f->flow, flow_tap_pictures(&f->tap) == 3);
    assert_int_equal(f->tap.packets[flow_tap_count(&f->tap) - 1].number, 1000);
    assert_int_equal(atomic_load(&f->tap.ends), 0);
}

static void
test_a_silent_host_is_let_go(void **state)
{
    struct fixture *f = *state;
    begin(f, 1);
    for (int i = 0; i < 30 && !f->host.c.closed; i++) {
        flow_clock_jump(&f->flow, 2000000);
        rtc_send_check(&f->host.c, true); // it lives, but sends nothing
        flow_turn(&f->flow);
    }
    FLOW_UNTIL(&f->flow, f->host.c.closed);
    FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_WAITING);
    FLOW_UNTIL(&f->flow, bc_webrtc_sessions(f->flow.server.webrtc) == 0);
}

// --- packets ---

static void
test_packets_that_come_in_disorder_are_sorted(void **state)
{
    struct fixture *f = *state;
    begin(f, 0);
    for (int64_t ms = 40; ms < 2000; ms += 40) {
        rtc_host_picture(&f->host, &f->host.video, ms, ms % 1000 == 0,
            ms % 1000 == 0 ? 5000 : 2500);
        for (unsigned i = f->host.unit.count; i-- > 0;) {
            rtc_host_send(&f->host, i);
        }
    }
    FLOW_UNTIL(&f->flow, flow_tap_pictures(&f->tap) == 50);
    expect_pictures(f, 0, 49);
    assert_int_equal(f->host.c.plis, 0);
}

static bool
was_nacked(struct fixture *f, uint16_t seq)
{
    for (unsigned i = 0; i < f->host.c.nacked_count; i++) {
        if (f->host.c.nacked[i] == seq) {
            return true;
        }
    }
    return false;
}

static void
test_what_is_lost_is_asked_for_and_mended_by_rtx(void **state)
{
    struct fixture *f = *state;
    static struct rtc_unit unit;
    begin(f, 1);
    for (unsigned round = 0; round < 3; round++) {
        int64_t ms = 40 + 80 * round;
        bool key = round == 1;
        rtc_host_picture(&f->host, &f->host.video, ms, key, key ? 5000 : 2500);
        unsigned missing = round % f->host.unit.count;
        for (unsigned i = 0; i < f->host.unit.count; i++) {
            if (i != missing) {
                rtc_host_send(&f->host, i);
            }
        }
        unit = f->host.unit;
        rtc_host_send_picture(&f->host, ms + 40, false);
        uint16_t seq = (uint16_t)(unit.first_seq + missing);
        FLOW_UNTIL(&f->flow, was_nacked(f, seq));
        f->host.unit = unit;
        rtc_host_send_rtx(&f->host, &f->host.video, missing);
        FLOW_UNTIL(&f->flow, flow_tap_pictures(&f->tap) == 3 + 2 * round);
    }
    expect_pictures(f, 0, 6);
    assert_int_equal(f->host.c.plis, 0);
}

static void
test_after_a_loss_for_good_only_whole_pictures_come(void **state)
{
    struct fixture *f = *state;
    begin(f, 0);
    rtc_host_picture(&f->host, &f->host.video, 40, false, 2500);
    rtc_host_send(&f->host, 0);
    rtc_host_send(&f->host, 2); // the one between never comes
    rtc_host_send_picture(&f->host, 80, false);
    rtc_host_send_picture(&f->host, 120, false);
    FLOW_UNTIL(&f->flow, f->host.c.nacked_count > 0);
    flow_clock_jump(&f->flow, 500000);
    FLOW_UNTIL(&f->flow, f->host.c.plis > 0);
    assert_int_equal(f->host.c.pli_ssrc, f->host.c.video_ssrc);
    rtc_host_send_picture(&f->host, 160, false); // refers to what is broken
    rtc_host_send_picture(&f->host, 200, true);
    rtc_host_send_picture(&f->host, 240, false);
    FLOW_UNTIL(&f->flow, flow_tap_pictures(&f->tap) == 3);
    expect_pictures(f, 5, 6);
    assert_int_equal(flow_tap_pictures(&f->tap), 3); // and number 0
}

static void
test_sender_reports_align_sound_and_picture(void **state)
{
    struct fixture *f = *state;
    rtc_host_open(&f->flow, &f->host, 1, "A");
    flow_tap_open(&f->flow, &f->tap);
    // Sound of the same moment has timestamps 200 ms higher, counted from the first
    // packets. Only the reports tell.
    for (int64_t ms = 0; ms < 400; ms += 40) {
        rtc_host_send_picture(&f->host, ms, ms == 0);
        rtc_host_send_sound(&f->host, ms);
        rtc_host_send_sound(&f->host, ms + 20);
    }
    rtc_host_send_report(&f->host, &f->host.video, 0, f->wall_us);
    rtc_host_send_report(&f->host, &f->host.audio, 200, f->wall_us);
    FLOW_UNTIL(&f->flow, flow_tap_pictures(&f->tap) == 10);
    for (int64_t ms = 400; ms < 1000; ms += 40) {
        rtc_host_send_picture(&f->host, ms, false);
        rtc_host_send_sound(&f->host, ms);
        rtc_host_send_sound(&f->host, ms + 20);
    }
    FLOW_UNTIL(&f->flow, flow_tap_pictures(&f->tap) == 25);
    int64_t picture_us = -1; // of time 400
    int64_t sound_us = -1;   // of its time 600
    for (unsigned i = 0; i < flow_tap_count(&f->tap); i++) {
        const struct flow_tapped *p = &f->tap.packets[i];
        if (p->kind == BC_KIND_VIDEO && p->number == 10) {
            picture_us = p->pts_us;
        } else if (p->kind == BC_KIND_AUDIO && p->number == 30) {
            sound_us = p->pts_us;
        }
    }
    assert_true(picture_us >= 0 && sound_us >= 0);
    assert_in_range(picture_us - sound_us + 10000, 0, 20000);
}

static void
test_a_still_screen_sends_empty_packets(void **state)
{
    struct fixture *f = *state;
    begin(f, 0);
    for (int64_t ms = 40; ms < 2000; ms += 40) {
        if (ms % 400 == 0) {
            rtc_host_send_picture(&f->host, ms, false);
        } else {
            rtc_host_send_empty(&f->host, &f->host.video, ms);
        }
    }
    FLOW_UNTIL(&f->flow, flow_tap_pictures(&f->tap) == 5);
    expect_pictures(f, 0, 4);
    flow_clock_jump(&f->flow, 600000);
    assert_int_equal(f->host.c.plis + f->host.c.nacked_count, 0);
}

static void
test_timestamps_and_numbers_wrap(void **state)
{
    struct fixture *f = *state;
    rtc_host_open(&f->flow, &f->host, 0, "A");
    flow_tap_open(&f->flow, &f->tap);
    f->host.video.base = (uint32_t)-(90 * 500);
    f->host.audio.base = (uint32_t)-(48 * 700);
    f->host.video.seq = 0xffe0;
    f->host.audio.seq = 0xfff0;
    for (int64_t ms = 0; ms < 1000; ms += 40) {
        rtc_host_send_picture(&f->host, ms, ms == 0);
        rtc_host_send_sound(&f->host, ms);
        rtc_host_send_sound(&f->host, ms + 20);
        if (ms == 0) {
            send_reports(f, 0);
        }
    }
    FLOW_UNTIL(&f->flow, flow_tap_count(&f->tap) == 75);
    expect_pictures(f, 0, 24);
    int64_t first_us = -1;
    for (unsigned i = 0; i < 75; i++) {
        const struct flow_tapped *p = &f->tap.packets[i];
        if (p->kind == BC_KIND_VIDEO) {
            first_us = first_us < 0 ? p->pts_us : first_us;
            assert_int_equal(p->pts_us - first_us, p->number * 40000);
        }
    }
}

static void
test_replays_are_dropped(void **state)
{
    struct fixture *f = *state;
    begin(f, 1);
    static struct rtc_unit units[4];
    for (unsigned i = 0; i < 4; i++) {
        rtc_host_send_picture(&f->host, 40 + 40 * (int)i, false);
        units[i] = f->host.unit;
    }
    FLOW_UNTIL(&f->flow, flow_tap_pictures(&f->tap) == 5);
    for (unsigned i = 0; i < 4; i++) {
        for (unsigned k = 0; k < units[i].count; k++) {
            rtc_send(&f->host.c, units[i].packets[k].data, units[i].packets[k].len);
            units[i].packets[k].data[20] ^= 1; // forged
            rtc_send(&f->host.c, units[i].packets[k].data, units[i].packets[k].len);
        }
    }
    rtc_host_send_picture(&f->host, 200, false);
    FLOW_UNTIL(&f->flow, flow_tap_pictures(&f->tap) == 6);
    expect_pictures(f, 0, 5);
    assert_int_equal(f->host.c.plis, 0);
}

// Each time its encoder begins anew, under another SSRC.
static void
test_a_host_may_change_its_ssrcs(void **state)
{
    struct fixture *f = *state;
    begin(f, 1);
    int64_t ms = 40;
    for (unsigned i = 1; i <= 8; i++, ms += 2000) {
        f->host.video.ssrc += 10;
        f->host.audio.ssrc += 10;
        f->host.video.seq = (uint16_t)(1000 * i);
        if (i % 2 == 0) { // or without a pause
            flow_clock_jump(&f->flow, 2000000);
            rtc_send_check(&f->host.c, true);
        }
        rtc_host_send_picture(&f->host, ms, true);
        rtc_host_send_sound(&f->host, ms);
        rtc_host_send_picture(&f->host, ms + 40, false);
        FLOW_UNTIL(&f->flow, flow_tap_pictures(&f->tap) == 1 + 2 * i);
    }
    expect_pictures(f, 0, 16);
}

static void
test_a_viewers_request_reaches_the_host_once(void **state)
{
    struct fixture *f = *state;
    begin(f, 0);
    rtc_offer_view(&f->flow, &f->viewer, 1);
    rtc_connect(&f->viewer, false, -1);
    FLOW_UNTIL(&f->flow, rtc_last_number(&f->viewer) == 0);
    for (int i = 0; i < 5; i++) {
        struct bc_writer w = { 0 };
        bc_rtcp_write_pli(&w, 1, f->viewer.session.video.ssrc);
        rtc_send_rtcp(&f->viewer, &w);
    }
    FLOW_UNTIL(&f->flow, f->host.c.plis > 0);
    assert_int_equal(f->host.c.pli_ssrc, f->host.c.video_ssrc);
    rtc_host_send_picture(&f->host, 40, true);
    FLOW_UNTIL(&f->flow, rtc_last_number(&f->viewer) == 1);
    assert_int_equal(f->host.c.plis, 1);
    assert_int_equal(rtc_count_video_gaps(&f->viewer), 0);
}

// Two hosts' layers by their names: the largest is rendition 0.
static void
open_simulcast(struct fixture *f)
{
    static const char LINES[]
        = "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n"
          "a=rid:h send\r\na=rid:l send\r\na=simulcast:send h;l\r\n";
    static const uint8_t LARGE[] = { 0x01, 0x4d, 0x40, 0x28, 0xff, 0xe1, 0x00, 0x1a, 0x67,
        0x4d, 0x40, 0x28, 0xec, 0xa0, 0x3c, 0x01, 0x13, 0xf2, 0xe0, 0x22, 0x00, 0x00, 0x03,
        0x00, 0x02, 0x00, 0x00, 0x03, 0x00, 0x78, 0x1e, 0x30, 0x63, 0x2c, 0x01, 0x00, 0x04,
        0x68, 0xce, 0x0f, 0xc8 };
    struct bc_writer offer = { 0 };
    rtc_init(&f->flow, &f->host.c);
    rtc_write_offer(&f->host.c, BC_SDP_SENDONLY, BC_CODEC_AVC, true, &offer);
    offer.len--;
    // The video's section is the last one. Its streams are named, not announced by SSRC.
    bc_write_bytes(&offer, LINES, sizeof(LINES));
    char *video = strstr((char *)offer.data, "m=video");
    for (char *at = video; (at = strstr(at, "a=ssrc"));) {
        memcpy(at, "a=xxxx", 6);
    }
    assert_int_equal(rtc_post(&f->host.c, 1, PATH, "Authorization: Bearer A\r\n",
                         (char *)offer.data, BC_SDP_SENDONLY),
        201);
    bc_writer_finish(&offer);
    rtc_connect(&f->host.c, false, -1);
    rtc_host_start(&f->host);
    f->host.rid_id = 4;
    strcpy(f->host.video.rid, "h");
    strcpy(f->host.low.rid, "l");
    bc_track_unref(&f->host.video.track);
    f->host.video.track = bc_avc_track(LARGE, sizeof(LARGE));
    flow_tap_open(&f->flow, &f->tap);
}

static void
send_layers(struct fixture *f, int64_t ms, bool high, bool key)
{
    struct rtc_stream *streams[] = { &f->host.low, high ? &f->host.video : NULL };
    for (int k = 0; k < 2; k++) {
        if (streams[k]) {
            rtc_host_picture(&f->host, streams[k], ms, key,
                (key ? 5000 : 2500) + (streams[k] == &f->host.video));
            for (unsigned i = 0; i < f->host.unit.count; i++) {
                rtc_host_send(&f->host, i);
            }
        }
    }
}

static unsigned
count_renditions(struct fixture *f, unsigned from, uint8_t rendition, bool large)
{
    unsigned n = 0;
    for (unsigned i = from; i < flow_tap_count(&f->tap); i++) {
        const struct flow_tapped *p = &f->tap.packets[i];
        n += p->kind == BC_KIND_VIDEO && p->rendition == rendition
            && (p->len % 100 % 2 == 1) == large;
    }
    return n;
}

static void
test_layers_become_renditions(void **state)
{
    struct fixture *f = *state;
    int64_t ms = 0;
    open_simulcast(f);
    rtc_host_send_sound(&f->host, 0);
    send_layers(f, 0, true, true);
    rtc_host_send_report(&f->host, &f->host.video, 0, f->wall_us);
    rtc_host_send_report(&f->host, &f->host.low, 0, f->wall_us);
    rtc_host_send_report(&f->host, &f->host.audio, 0, f->wall_us);
    for (ms = 40; ms < 400; ms += 40) {
        send_layers(f, ms, true, false);
    }
    FLOW_UNTIL(&f->flow, count_renditions(f, 0, 0, true) == 10
            && count_renditions(f, 0, 1, false) >= 9); // none before the best one's key
    assert_int_equal(count_renditions(f, 0, 0, false), 0);
    assert_int_equal(count_renditions(f, 0, 1, true), 0);
    // Layers are aligned: the same moment has the same time.
    int64_t pts_us[2] = { -1, -2 };
    for (unsigned i = 0; i < flow_tap_count(&f->tap); i++) {
        const struct flow_tapped *p = &f->tap.packets[i];
        if (p->kind == BC_KIND_VIDEO && p->number == 5) {
            pts_us[p->rendition] = p->pts_us;
        }
    }
    assert_in_range(pts_us[0] - pts_us[1] + 1000, 0, 2000);
    // The large one stops: the small one is asked for a keyframe and is the best then.
    unsigned plis = f->host.c.plis;
    for (int i = 0; i < 12; i++, ms += 100) {
        send_layers(f, ms, false, false);
        flow_clock_jump(&f->flow, 100000);
    }
    FLOW_UNTIL(&f->flow, f->host.c.plis > plis);
    assert_int_equal(f->host.c.pli_ssrc, f->host.low.ssrc);
    unsigned from = flow_tap_count(&f->tap);
    send_layers(f, ms, false, true);
    send_layers(f, ms + 40, false, false);
    FLOW_UNTIL(&f->flow, count_renditions(f, from, 0, false) == 2);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_host_by_whip_is_seen),
        cmocka_unit_test_setup_teardown(test_a_key_is_needed, setup_closed, teardown),
        TEST(test_another_host_is_refused_and_the_same_takes_over),
        TEST(test_a_silent_host_is_let_go),
        TEST(test_packets_that_come_in_disorder_are_sorted),
        TEST(test_what_is_lost_is_asked_for_and_mended_by_rtx),
        TEST(test_after_a_loss_for_good_only_whole_pictures_come),
        TEST(test_sender_reports_align_sound_and_picture),
        TEST(test_a_still_screen_sends_empty_packets),
        TEST(test_timestamps_and_numbers_wrap),
        TEST(test_replays_are_dropped),
        TEST(test_a_host_may_change_its_ssrcs),
        TEST(test_a_viewers_request_reaches_the_host_once),
        TEST(test_layers_become_renditions),
    };
    return cmocka_run_group_tests_name("whip", tests, NULL, NULL);
}
