// SPDX-License-Identifier: Apache-2.0
// Viewers by WHEP whose path changes: skipping to keyframes, renditions. The path is
// simulated by the arrival times that the client's feedback tells.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/writer.h"
#include "flow_source.h"
#include "protocol/rtp/twcc.h"
#include "protocol/webrtc/peer.h"
#include "rtc_client.h"
#include "transmux/rtp.h"

#define LOW_NUMBERS 1000000 // pictures of the small rendition are numbered from here
#define KEY_BYTES 10000
#define FRAME_BYTES 5000 // 1 Mbit/s
#define LOW_KEY_BYTES 1500
#define LOW_FRAME_BYTES 500 // 0.1 Mbit/s
#define FLIGHT 4096
#define DELAY_US 10000
#define QUEUE_MAX_US 1000000 // what does not fit is lost

// Packets on their way to the client.
struct flight {
    uint16_t seq;
    int64_t arrives_us;
};

struct fixture {
    struct flow flow;
    struct flow_source source;
    struct rtc_client a;
    struct bc_twcc_receiver *twcc;
    int64_t bps;
    int64_t busy_us; // until then the path is taken
    struct flight flight[FLIGHT];
    unsigned flight_head;
    unsigned flight_tail;
    bool two; // renditions
    unsigned made; // keyframes, of those that were asked for
    int64_t queue_us;    // the longest of late
    int64_t last_high;   // number of the newest picture
    int64_t last_low;
};

static void
on_sent(struct rtc_client *c, const struct bc_rtp_header *h, size_t len)
{
    struct fixture *f = bc_container_of(c, struct fixture, a);
    size_t n;
    const uint8_t *seq = bc_rtp_extension(h, c->session.video.ext.transport_cc, &n);
    int64_t now = bc_clock_us();
    if (!seq) {
        return;
    }
    int64_t from = f->busy_us > now ? f->busy_us : now;
    if (from - now > QUEUE_MAX_US) {
        return;
    }
    f->busy_us = from + (int64_t)(len + 44) * 8000000 / f->bps;
    f->queue_us = from - now > f->queue_us ? from - now : f->queue_us;
    f->flight[f->flight_head++ % FLIGHT] = (struct flight){
        (uint16_t)(seq[0] << 8 | seq[1]), f->busy_us + DELAY_US };
}

static void
send_feedback(struct fixture *f)
{
    int64_t now = bc_clock_us();
    while (f->flight_tail != f->flight_head
        && f->flight[f->flight_tail % FLIGHT].arrives_us <= now) {
        const struct flight *p = &f->flight[f->flight_tail++ % FLIGHT];
        bc_twcc_receiver_on_packet(f->twcc, p->seq, p->arrives_us);
    }
    struct bc_writer w = { 0 };
    bc_twcc_receiver_write(f->twcc, &w, 1, f->a.session.video.ssrc);
    if (w.len > 0) {
        rtc_send_rtcp(&f->a, &w);
    }
    // Packets that were looked at are not needed any more.
    for (unsigned i = 0; i < f->a.count; i++) {
        int64_t number = rtc_is_video(&f->a, &f->a.packets[i])
            ? rtc_number(&f->a.packets[i])
            : -1;
        if (number >= LOW_NUMBERS) {
            f->last_low = number;
        } else if (number >= 0) {
            f->last_high = number;
        }
        free(f->a.packets[i].data);
    }
    f->a.count = 0;
}

static void
push_picture(struct fixture *f, bool key)
{
    struct flow_source *s = &f->source;
    flow_source_picture(s, s->ms, s->ms, key ? BC_PACKET_KEY : 0, 0,
        key ? KEY_BYTES : FRAME_BYTES);
    if (f->two) {
        flow_source_picture(s, s->ms, s->ms, key ? BC_PACKET_KEY : 0, 1,
            key ? LOW_KEY_BYTES : LOW_FRAME_BYTES);
    }
    flow_source_flush(s);
    s->ms += FLOW_FRAME_MS;
}

// One picture's time.
static void
step(struct fixture *f)
{
    // A browser makes keyframes only when it is asked.
    unsigned wanted = atomic_load(&f->source.keys_wanted[0]);
    push_picture(f, f->source.can_ask ? wanted != f->made : f->source.ms % 1000 == 0);
    f->made = wanted;
    flow_turn(&f->flow);
    for (int i = 0; i < 4; i++) {
        flow_clock_jump(&f->flow, FLOW_FRAME_MS * 1000 / 4);
    }
    flow_turn(&f->flow);
    send_feedback(f);
    if (f->source.ms % 2000 == 0) {
        rtc_send_check(&f->a, false);
    }
}

static void
run(struct fixture *f, int64_t ms)
{
    f->queue_us = 0;
    for (int64_t at = 0; at < ms; at += FLOW_FRAME_MS) {
        step(f);
    }
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    flow_open(&f->flow, NULL);
    flow_source_open(&f->flow, &f->source, 0, false);
    f->twcc = bc_twcc_receiver_create();
    f->bps = 20000000;
    *state = f;
    return 0;
}

static int
setup_asked(void **state)
{
    setup(state);
    struct fixture *f = *state;
    flow_source_close(&f->source, true);
    flow_source_open(&f->flow, &f->source, 0, true);
    return 0;
}

static int
setup_two(void **state)
{
    setup(state);
    struct fixture *f = *state;
    f->two = true;
    f->source.numbers[1] = LOW_NUMBERS;
    flow_source_set_track(&f->source, 1, flow_source_track(BC_CODEC_AVC));
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    flow_clock_hold(false);
    bc_twcc_receiver_destroy(f->twcc);
    rtc_close(&f->a);
    flow_source_close(&f->source, true);
    flow_close(&f->flow);
    free(f);
    return 0;
}

static void
watch_at(struct fixture *f, const char *path)
{
    for (int i = 0; i < 5; i++) {
        push_picture(f, i == 0);
    }
    rtc_offer_view_at(&f->flow, &f->a, 1, path);
    assert_true(f->a.session.video.ext.transport_cc != 0);
    f->a.watch = on_sent;
    rtc_connect(&f->a, false, -1);
    flow_clock_hold(true);
    run(f, 3000);
}

static void
begin(struct fixture *f)
{
    watch_at(f, "/live/hq/whep");
    assert_int_equal(f->last_high, f->source.numbers[0] - 1);
}

static void
stats_of(struct fixture *f, struct bc_rtp_windows_stats *out)
{
    bc_rtp_windows_stats(f->flow.server.workers[1].rtp_windows, out);
}

static void
test_a_path_that_shrinks_costs_pictures_not_time(void **state)
{
    struct fixture *f = *state;
    struct bc_rtp_windows_stats s;
    begin(f);
    stats_of(f, &s);
    assert_int_equal(s.skips, 0);
    f->bps = 400000;
    run(f, 6000);
    stats_of(f, &s);
    assert_true(s.skips > 0);
    run(f, 4000);
    // Nothing piles up on the way, and what is shown is of now.
    assert_true(f->queue_us < 800000);
    assert_true(f->last_high + 2 * FLOW_GOP > f->source.numbers[0]);
    // All comes again when the path is wide.
    f->bps = 20000000;
    int64_t before = f->source.numbers[0];
    for (int i = 0; i < 20 && f->last_high != f->source.numbers[0] - 1; i++) {
        run(f, 1000);
    }
    assert_true(f->last_high == f->source.numbers[0] - 1);
    assert_true(f->last_high > before);
}

static void
test_a_small_path_does_not_cost_others_keyframes(void **state)
{
    struct fixture *f = *state;
    begin(f);
    f->bps = 400000;
    run(f, 2000);
    unsigned before = atomic_load(&f->source.keys_wanted[0]);
    run(f, 8000);
    unsigned asked = atomic_load(&f->source.keys_wanted[0]) - before;
    assert_in_range(asked, 1, 5);
    assert_true(f->queue_us < 800000);
}

static void
test_a_smaller_rendition_is_taken_and_left_again(void **state)
{
    struct fixture *f = *state;
    struct bc_rtp_windows_stats s;
    begin(f);
    f->bps = 400000;
    for (int i = 0; i < 10 && f->last_low == 0; i++) {
        run(f, 1000);
    }
    run(f, 3000); // what had piled up goes away
    run(f, 2000);
    stats_of(f, &s);
    assert_int_equal(s.switches, 1);
    assert_int_equal(f->last_low, f->source.numbers[1] - 1); // every picture of it
    assert_true(f->queue_us < 200000);
    f->bps = 20000000;
    for (int i = 0; i < 60 && f->last_high != f->source.numbers[0] - 1; i++) {
        run(f, 1000);
    }
    assert_int_equal(f->last_high, f->source.numbers[0] - 1);
    stats_of(f, &s);
    assert_int_equal(s.switches, 2);
}

static void
test_a_viewer_may_want_a_smaller_one(void **state)
{
    struct fixture *f = *state;
    watch_at(f, "/live/hq/whep?rendition=1");
    run(f, 20000); // its path would carry the best
    assert_int_equal(f->last_high, 0);
    assert_int_equal(f->last_low, f->source.numbers[1] - 1);
}

static void
test_a_smaller_one_that_is_not_sent_is_the_best(void **state)
{
    struct fixture *f = *state;
    watch_at(f, "/live/hq/whep?rendition=2");
    assert_int_equal(f->last_high, f->source.numbers[0] - 1);
}

static void
go_low(struct fixture *f)
{
    begin(f);
    f->bps = 400000;
    for (int i = 0; i < 10 && f->last_low == 0; i++) {
        run(f, 1000);
    }
    assert_true(f->last_low > 0);
    f->bps = 20000000;
}

// The path was thought to be small, so not all comes at once.
static void
expect_high(struct fixture *f)
{
    int64_t before = f->source.numbers[0];
    run(f, 4000);
    assert_true(f->last_high >= before);
    for (int i = 0; i < 20 && f->last_high != f->source.numbers[0] - 1; i++) {
        run(f, 1000);
    }
    assert_int_equal(f->last_high, f->source.numbers[0] - 1);
}

static void
test_a_rendition_that_stops_starves_nobody(void **state)
{
    struct fixture *f = *state;
    go_low(f);
    f->two = false; // without a word
    expect_high(f);
}

static void
test_the_next_host_has_no_renditions(void **state)
{
    struct fixture *f = *state;
    go_low(f);
    flow_source_close(&f->source, false);
    flow_source_open(&f->flow, &f->source, 1, false);
    f->two = false;
    f->source.numbers[0] = 5000;
    expect_high(f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_a_path_that_shrinks_costs_pictures_not_time, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_small_path_does_not_cost_others_keyframes, setup_asked, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_smaller_rendition_is_taken_and_left_again, setup_two, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_viewer_may_want_a_smaller_one, setup_two, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_smaller_one_that_is_not_sent_is_the_best, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_rendition_that_stops_starves_nobody, setup_two, teardown),
        cmocka_unit_test_setup_teardown(
            test_the_next_host_has_no_renditions, setup_two, teardown),
    };
    return cmocka_run_group_tests_name("whep_path", tests, NULL, NULL);
}
