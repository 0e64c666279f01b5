// SPDX-License-Identifier: Apache-2.0
// What a host sends becomes packets: one clock (WRTC-48), layers (WRTC-12), and what the
// host is told (WRTC-45, WRTC-49).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "protocol/rtp/rtcp.h"
#include "protocol/webrtc/inbound.h"
#include "protocol/webrtc/inbound_internal.h"

#define AUDIO_PT 111
#define VIDEO_PT 96
#define AUDIO_SSRC 1004 // other low bits than those of the video
#define RID_EXT 4
#define MS 1000
#define WALL_US INT64_C(1772366400000000)
#define PACKETS_MAX 400

// --- time stands still between the lines of a test ---

static int64_t g_now_us;

int64_t
bc_clock_us(void)
{
    return g_now_us;
}

int64_t
bc_clock_wall_us(void)
{
    return WALL_US + g_now_us;
}

void
bc_clock_format(int64_t wall_us, char out[BC_TIME_TEXT])
{
    (void)wall_us;
    out[0] = '\0';
}

void
bc_timer_init(struct bc_timer *timer, struct bc_worker *worker,
    void (*fire)(struct bc_timer *timer))
{
    *timer = (struct bc_timer){ .worker = worker, .fire = fire };
}

int
bc_timer_set(struct bc_timer *timer, int64_t delay_us)
{
    timer->due_us = g_now_us + delay_us;
    timer->slot = 1;
    return 0;
}

void
bc_timer_cancel(struct bc_timer *timer)
{
    timer->slot = 0;
}

// --- what the host gets, and what comes out ---

struct fixture {
    struct bc_inbound *in;
    unsigned plis[4]; // by video SSRC, which are 0 to 3
    unsigned reports;
    struct {
        enum bc_kind kind;
        unsigned rendition;
        unsigned width;
        bool key;
        int64_t pts_us;
    } out[PACKETS_MAX];
    unsigned count;
    unsigned tracks;
    uint16_t seqs[8];
};

static struct fixture *g_fixture;

static void
on_rtcp_out(void *user, const struct bc_rtcp_message *m)
{
    struct fixture *f = user;
    if (m->kind == BC_RTCP_PLI) {
        assert_true(m->media_ssrc < 4);
        f->plis[m->media_ssrc]++;
    }
    f->reports += m->kind == BC_RTCP_REPORT;
}

int
bc_peer_send_rtcp(struct bc_peer *peer, const uint8_t *data, size_t len)
{
    (void)peer;
    bc_rtcp_parse(data, len, on_rtcp_out, g_fixture);
    return (int)len;
}

static void
on_track(void *user, struct bc_track *track)
{
    struct fixture *f = user;
    assert_non_null(track);
    f->tracks++;
}

static void
on_packet(void *user, struct bc_packet *p)
{
    struct fixture *f = user;
    assert_true(f->count < PACKETS_MAX);
    f->out[f->count].kind = p->kind;
    f->out[f->count].rendition = p->rendition;
    f->out[f->count].width = p->track->width;
    f->out[f->count].key = p->flags & BC_PACKET_KEY;
    f->out[f->count++].pts_us = p->pts_us;
    bc_packet_unref(&p);
}

static const struct bc_inbound_ops OPS = { on_track, on_packet };

static void
open_inbound(struct fixture *f, bool audio, unsigned layers, int64_t key_interval_us)
{
    static const char *const RIDS[] = { "0", "1", "2" };
    struct bc_sdp_session session = { 0 };
    session.audio = (struct bc_sdp_chosen){ .active = audio, .codec = BC_CODEC_OPUS,
        .pt = AUDIO_PT, .clock_rate = 48000, .channels = 2, .stereo = true };
    session.video = (struct bc_sdp_chosen){ .active = true, .codec = BC_CODEC_VP8,
        .pt = VIDEO_PT, .clock_rate = 90000, .rid_count = layers > 1 ? layers : 0 };
    session.video.ext.rid = layers > 1 ? RID_EXT : 0;
    for (unsigned i = 0; i < session.video.rid_count; i++) {
        strcpy(session.video.rids[i], RIDS[i]);
    }
    struct bc_inbound_params params = { .session = &session, .ops = &OPS, .user = f,
        .key_interval_us = key_interval_us };
    f->in = bc_inbound_create(&params);
    assert_non_null(f->in);
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    *state = g_fixture = f;
    g_now_us = INT64_C(50000000);
    return f ? 0 : -1;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    bc_inbound_destroy(f->in);
    free(f);
    return 0;
}

// Time goes by, with the ticks that fall into it.
static void
pass(struct fixture *f, int64_t us)
{
    int64_t end = g_now_us + us;
    while (f->in->timer.slot && f->in->timer.due_us <= end) {
        g_now_us = f->in->timer.due_us;
        f->in->timer.fire(&f->in->timer);
    }
    g_now_us = end;
}

// What stands in a packet's header.
struct head {
    uint8_t pt;
    uint32_t ssrc;
    uint32_t timestamp;
    const char *rid; // of a layer; NULL: none
};

static void
send_rtp(struct fixture *f, const struct head *head, const uint8_t *payload, size_t len)
{
    uint8_t packet[64];
    uint16_t seq = f->seqs[head->ssrc & 7]++;
    size_t n = 0;
    packet[n++] = head->rid ? 0x90 : 0x80;
    packet[n++] = 0x80 | head->pt; // all units are of one packet
    packet[n++] = (uint8_t)(seq >> 8);
    packet[n++] = (uint8_t)seq;
    for (int shift = 24; shift >= 0; shift -= 8) {
        packet[n++] = (uint8_t)(head->timestamp >> shift);
    }
    for (int shift = 24; shift >= 0; shift -= 8) {
        packet[n++] = (uint8_t)(head->ssrc >> shift);
    }
    if (head->rid) {
        // One word: the layer's name of one byte, and padding.
        const uint8_t ext[]
            = { 0xbe, 0xde, 0, 1, RID_EXT << 4, (uint8_t)head->rid[0], 0, 0 };
        memcpy(packet + n, ext, sizeof(ext));
        n += sizeof(ext);
    }
    memcpy(packet + n, payload, len);
    struct bc_rtp_header h;
    assert_int_equal(bc_rtp_parse(packet, n + len, &h), 0);
    bc_inbound_on_rtp(f->in, &h, g_now_us);
}

static void
send_audio(struct fixture *f, uint32_t timestamp)
{
    static const uint8_t OPUS[] = { 0xfc, 1, 2, 3 }; // 20 ms, stereo
    struct head head = { AUDIO_PT, AUDIO_SSRC, timestamp, NULL };
    send_rtp(f, &head, OPUS, sizeof(OPUS));
}

// A picture of VP8, RFC 7741 and RFC 6386 9.1.
static void
send_video(struct fixture *f, uint32_t ssrc, uint32_t timestamp, const char *rid,
    bool key, unsigned width)
{
    uint8_t low = (uint8_t)width;
    uint8_t high = (uint8_t)(width >> 8);
    const uint8_t vp8[] = { 0x10, key ? 0x10 : 0x11, 0, 0, 0x9d, 0x01, 0x2a, low, high,
        low, high, 7, 7 };
    struct head head = { VIDEO_PT, ssrc, timestamp, rid };
    send_rtp(f, &head, vp8, sizeof(vp8));
}

// The host says: at this moment of my clock the stream's time is `timestamp`.
static void
send_report(struct fixture *f, uint32_t ssrc, int64_t host_us, uint32_t timestamp)
{
    struct bc_writer w = { 0 };
    bc_rtcp_write_sr(&w, ssrc, bc_ntp_from_wall_us(host_us), timestamp, 1, 1);
    bc_inbound_on_rtcp(f->in, w.data, w.len, g_now_us);
    bc_writer_finish(&w);
}

static int64_t
first_pts(const struct fixture *f, enum bc_kind kind)
{
    for (unsigned i = 0; i < f->count; i++) {
        if (f->out[i].kind == kind) {
            return f->out[i].pts_us;
        }
    }
    fail();
    return 0;
}

// --- one clock ---

// Picture and sound of one moment; the sound comes 150 ms later, as paths and buffers
// differ, and has another origin.
static void
send_pair(struct fixture *f, uint32_t video_ts, uint32_t audio_ts)
{
    send_video(f, 0, video_ts, NULL, true, 640);
    pass(f, 150 * MS);
    send_audio(f, audio_ts);
}

static void
test_reports_put_sound_and_picture_together(void **state)
{
    struct fixture *f = *state;
    open_inbound(f, true, 1, 0);
    send_pair(f, 0xfffffff0, 123456);
    assert_int_equal(f->count, 0); // waits for the reports
    int64_t host = WALL_US - INT64_C(3600000000); // its clock is an hour slow
    send_report(f, 0, host, 0xfffffff0);
    assert_int_equal(f->count, 0);
    send_report(f, AUDIO_SSRC, host, 123456);
    assert_int_equal(f->count, 2);
    assert_int_equal(f->tracks, 2);
    int64_t off = first_pts(f, BC_KIND_AUDIO) - first_pts(f, BC_KIND_VIDEO);
    assert_true(off > -2 * MS && off < 2 * MS);
}

static void
test_without_reports_arrival_counts_after_a_second(void **state)
{
    struct fixture *f = *state;
    open_inbound(f, true, 1, 0);
    send_pair(f, 5, 7);
    pass(f, 500 * MS);
    assert_int_equal(f->count, 0);
    pass(f, 600 * MS);
    assert_int_equal(f->count, 2);
    int64_t off = first_pts(f, BC_KIND_AUDIO) - first_pts(f, BC_KIND_VIDEO);
    assert_int_equal(off, 150 * MS);
}

// Then reports move it, but gently.
static void
test_late_reports_glide(void **state)
{
    struct fixture *f = *state;
    open_inbound(f, true, 1, 0);
    send_pair(f, 0, 0);
    pass(f, 1100 * MS);
    assert_int_equal(f->count, 2);
    int64_t last = 150 * MS;
    for (int i = 1; i <= 40; i++) {
        send_report(f, 0, WALL_US, 0);
        send_report(f, AUDIO_SSRC, WALL_US, 0);
        pass(f, 20 * MS);
        f->count = 0;
        send_video(f, 0, (uint32_t)i * 1800, NULL, false, 640);
        send_audio(f, (uint32_t)i * 960);
        assert_int_equal(f->count, 2);
        int64_t off = first_pts(f, BC_KIND_AUDIO) - first_pts(f, BC_KIND_VIDEO);
        assert_true(last - off <= 5 * MS && last - off >= 0);
        last = off;
    }
    assert_true(last < 2 * MS);
}

static void
test_nonsense_in_reports_is_ignored(void **state)
{
    struct fixture *f = *state;
    open_inbound(f, true, 1, 0);
    send_pair(f, 0, 0);
    send_report(f, 0, WALL_US, 0);
    send_report(f, AUDIO_SSRC, WALL_US + INT64_C(9000000), 0); // nine seconds apart
    assert_int_equal(f->count, 2);
    int64_t off = first_pts(f, BC_KIND_AUDIO) - first_pts(f, BC_KIND_VIDEO);
    assert_int_equal(off, 150 * MS);
}

static void
test_sound_or_picture_alone_is_not_held_for_the_other(void **state)
{
    struct fixture *f = *state;
    open_inbound(f, false, 1, 0);
    send_video(f, 0, 0, NULL, true, 640);
    send_report(f, 0, WALL_US, 0);
    assert_int_equal(f->count, 1);
}

// --- layers ---

// One picture of each layer that is sent: 320, 640 and 1280 wide.
static void
send_layers(struct fixture *f, uint32_t timestamp, unsigned layers, bool key)
{
    static const char *const RIDS[] = { "0", "1", "2" };
    for (unsigned i = 0; i < layers; i++) {
        send_video(f, i, timestamp, RIDS[i], key, 320u << i);
    }
}

static void
check_last(const struct fixture *f, unsigned layers, unsigned best)
{
    assert_true(f->count >= layers);
    for (unsigned i = 0; i < layers; i++) {
        unsigned n = f->count - 1 - i;
        assert_int_equal(f->out[n].width, best >> i);
        assert_int_equal(f->out[n].rendition, i);
    }
}

static void
test_the_largest_layer_is_the_best_rendition(void **state)
{
    struct fixture *f = *state;
    open_inbound(f, false, 3, 0);
    send_layers(f, 0, 3, true);
    for (unsigned i = 0; i < 3; i++) {
        send_report(f, i, WALL_US, 0);
    }
    assert_int_equal(f->count, 3);
    check_last(f, 3, 1280);
    assert_int_equal(f->tracks, 1); // that of the best one; others tell by their packets
}

static void
test_a_layer_that_stops_makes_room_at_a_keyframe(void **state)
{
    struct fixture *f = *state;
    open_inbound(f, false, 3, 0);
    send_layers(f, 0, 3, true);
    for (unsigned i = 0; i < 3; i++) {
        send_report(f, i, WALL_US, 0);
    }
    uint32_t ts = 0;
    for (int i = 0; i < 60; i++) {
        pass(f, 33 * MS);
        send_layers(f, ts += 2970, 2, false);
    }
    // Nothing changed yet, but both were asked for keyframes.
    assert_int_equal(f->out[f->count - 1].rendition, 1);
    assert_true(f->plis[0] > 0 && f->plis[1] > 0);
    pass(f, 33 * MS);
    send_layers(f, ts += 2970, 2, true);
    check_last(f, 2, 640);
    // The large one is back.
    for (int i = 0; i < 3; i++) {
        pass(f, 33 * MS);
        send_layers(f, ts += 2970, 3, true);
    }
    check_last(f, 3, 1280);
}

// --- what the host is told ---

static void
test_requests_for_keyframes_are_coalesced(void **state)
{
    struct fixture *f = *state;
    open_inbound(f, false, 1, 0);
    send_video(f, 0, 0, NULL, true, 640);
    send_report(f, 0, WALL_US, 0);
    unsigned before = f->plis[0];
    pass(f, 1000 * MS);
    for (int i = 0; i < 100; i++) {
        bc_inbound_ask_key(f->in, 0);
        pass(f, 10 * MS);
    }
    assert_true(f->plis[0] - before >= 2 && f->plis[0] - before <= 3);
    before = f->plis[0];
    bc_inbound_ask_key(f->in, 3); // there is no such rendition
    pass(f, 1000 * MS);
    assert_true(f->plis[0] - before <= 1);
}

static void
test_keyframes_are_asked_for_at_intervals(void **state)
{
    struct fixture *f = *state;
    open_inbound(f, false, 1, 2000 * MS);
    send_video(f, 0, 0, NULL, true, 640);
    send_report(f, 0, WALL_US, 0);
    uint32_t ts = 0;
    unsigned asked = 0;
    for (int i = 0; i < 300; i++) {
        pass(f, 33 * MS);
        bool key = f->plis[0] > asked;
        asked = f->plis[0];
        send_video(f, 0, ts += 2970, NULL, key, 640);
    }
    assert_true(asked >= 4 && asked <= 5); // in ten seconds
}

static void
test_reports_go_out_once_a_second(void **state)
{
    struct fixture *f = *state;
    open_inbound(f, false, 1, 0);
    send_video(f, 0, 0, NULL, true, 640);
    pass(f, 5000 * MS);
    assert_true(f->reports >= 4 && f->reports <= 6);
}

static void
test_strangers_are_no_streams(void **state)
{
    struct fixture *f = *state;
    open_inbound(f, true, 3, 0);
    send_video(f, 0, 0, "9", true, 640);  // a layer nobody agreed on
    send_video(f, 1, 0, NULL, true, 640); // no layer named
    static const uint8_t BYTES[] = { 1, 2, 3 };
    struct head head = { .pt = 77, .ssrc = 2 };
    send_rtp(f, &head, BYTES, sizeof(BYTES));
    pass(f, 2000 * MS);
    struct bc_inbound_stats st;
    bc_inbound_stats(f->in, &st);
    assert_int_equal(st.packets, 0);
    assert_int_equal(st.layers, 0);
    assert_int_equal(f->count, 0);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_reports_put_sound_and_picture_together),
        WITH_FIXTURE(test_without_reports_arrival_counts_after_a_second),
        WITH_FIXTURE(test_late_reports_glide),
        WITH_FIXTURE(test_nonsense_in_reports_is_ignored),
        WITH_FIXTURE(test_sound_or_picture_alone_is_not_held_for_the_other),
        WITH_FIXTURE(test_the_largest_layer_is_the_best_rendition),
        WITH_FIXTURE(test_a_layer_that_stops_makes_room_at_a_keyframe),
        WITH_FIXTURE(test_requests_for_keyframes_are_coalesced),
        WITH_FIXTURE(test_keyframes_are_asked_for_at_intervals),
        WITH_FIXTURE(test_reports_go_out_once_a_second),
        WITH_FIXTURE(test_strangers_are_no_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
