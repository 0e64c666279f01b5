// SPDX-License-Identifier: Apache-2.0
// What crosses workers: packets, viewers, waiting requests; and how a server goes down.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/writer.h"
#include "flow.h"
#include "transmux/outputs.h"

#define WAITERS 1000
#define VIEWERS 8

struct fixture {
    struct flow flow;
    struct flow_rtmp host;
    struct flow_rtmp rtmp[VIEWERS];
    struct flow_http flv[VIEWERS];
    struct flow_http barrier;  // an FLV viewer: what it has, HLS has too
    struct flow_http *waiters; // WAITERS of them
};

static int
setup(void **state)
{
    static const char *const OVERRIDES[] = { "hls.target_s=2", "hls.segment_s=1", NULL };
    struct fixture *f = calloc(1, sizeof(*f));
    f->waiters = calloc(WAITERS, sizeof(*f->waiters));
    flow_open(&f->flow, OVERRIDES);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    flow_rtmp_close(&f->host);
    flow_http_close(&f->barrier);
    for (int i = 0; i < VIEWERS; i++) {
        flow_rtmp_close(&f->rtmp[i]);
        flow_http_close(&f->flv[i]);
    }
    for (int i = 0; i < WAITERS; i++) {
        flow_http_close(&f->waiters[i]);
    }
    flow_close(&f->flow);
    free(f->waiters);
    free(f);
    return 0;
}

// Opens the host again and again until its connection is on this worker.
static void
move_host_to(struct fixture *f, int worker)
{
    for (;;) {
        uint64_t before[2];
        flow_count_connections(&f->flow, before);
        uint32_t count = f->host.count;
        flow_host_open(&f->flow, &f->host);
        f->host.count = count;
        if (flow_find_worker(&f->flow, before) == worker) {
            return;
        }
        flow_rtmp_close(&f->host);
        FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_WAITING);
        uint64_t now[2];
        FLOW_UNTIL(&f->flow, (flow_count_connections(&f->flow, now),
                                 now[0] <= before[0] && now[1] <= before[1]));
    }
}

static bool
all_have(struct fixture *f, uint32_t number)
{
    bool all = true;
    for (int i = 0; i < VIEWERS; i++) {
        flow_http_read_flv(&f->flv[i]);
        all = all && f->rtmp[i].media.last_number == number
            && f->flv[i].media.last_number == number;
    }
    return all;
}

// Viewers by both protocols; with eight of each there are some on both workers.
static void
open_viewers(struct fixture *f)
{
    uint64_t before[2];
    uint64_t after[2];
    flow_count_connections(&f->flow, before);
    for (int i = 0; i < VIEWERS; i++) {
        flow_rtmp_open(&f->flow, &f->rtmp[i], false, "hq", NULL);
        flow_http_get(&f->flow, &f->flv[i], "/live/hq.flv", "");
    }
    FLOW_UNTIL(&f->flow, all_have(f, f->host.count - 1));
    flow_count_connections(&f->flow, after);
    assert_true(after[0] > before[0] && after[1] > before[1]);
}

static void
test_host_home_and_viewers_may_be_on_any_worker(void **state)
{
    struct fixture *f = *state;
    flow_host_open(&f->flow, &f->host);
    flow_host_send(&f->host, 400);
    FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_LIVE);
    struct bc_channel *channel = flow_channel(&f->flow);
    int home = (int)bc_channel_home(channel)->index;
    bc_channel_unref(&channel);
    open_viewers(f);
    for (int round = 0; round < 4; round++) {
        flow_rtmp_close(&f->host);
        FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_WAITING);
        move_host_to(f, round % 2 == 0 ? 1 - home : home);
        flow_host_send(&f->host, 1200);
        FLOW_UNTIL(&f->flow, all_have(f, f->host.count - 1));
    }
    for (int i = 0; i < VIEWERS; i++) {
        assert_int_equal(f->rtmp[i].media.gaps + f->flv[i].media.gaps, 0);
        assert_int_equal(f->rtmp[i].media.backwards + f->flv[i].media.backwards, 0);
    }
}

static void
hls_stats(struct fixture *f, struct bc_hls_stats *out)
{
    memset(out, 0, sizeof(*out));
    struct bc_channel *channel = flow_channel(&f->flow);
    struct bc_hls_snapshot *s = bc_outputs_hls(bc_channel_outputs(channel));
    if (s) {
        bc_hls_snapshot_stats(s, out);
    }
    bc_hls_snapshot_unref(&s);
    bc_channel_unref(&channel);
}

static uint64_t
count_parts(struct fixture *f)
{
    struct bc_hls_stats stats;
    hls_stats(f, &stats);
    return stats.parts;
}

static unsigned
count_done(struct fixture *f)
{
    unsigned n = 0;
    for (int i = 0; i < WAITERS; i++) {
        n += flow_http_is_done(&f->waiters[i]);
    }
    return n;
}

// A request for the next part of the playlist, from everybody, behind one that is
// answered at once: when that answer is there, the other request waits.
static void
send_waiters(struct fixture *f, const char *directives)
{
    for (int i = 0; i < WAITERS; i++) {
        flow_http_get(&f->flow, &f->waiters[i], "/healthz", "");
        if (i % 50 == 0) {
            flow_turn(&f->flow);
        }
    }
    FLOW_UNTIL(&f->flow, count_done(f) == WAITERS);
    for (int i = 0; i < WAITERS; i++) {
        char text[400];
        int n = snprintf(text, sizeof(text),
            "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
            "GET /live/hq/main.m3u8?%s HTTP/1.1\r\nHost: a\r\n\r\n",
            directives);
        bc_writer_reset(&f->waiters[i].in);
        flow_send(&f->waiters[i].peer, text, (size_t)n);
    }
    FLOW_UNTIL(&f->flow, count_done(f) == WAITERS);
    for (int i = 0; i < WAITERS; i++) {
        bc_writer_reset(&f->waiters[i].in); // the answer of /healthz
    }
}

// The directives that ask for the part after the newest one.
static void
next_part(struct fixture *f, char out[80])
{
    struct flow_http h;
    flow_http_get(&f->flow, &h, "/live/hq/main.m3u8", "");
    FLOW_UNTIL(&f->flow, flow_http_is_done(&h));
    const char *body = flow_http_body(&h);
    const char *at = strstr(body, "#EXT-X-MEDIA-SEQUENCE:");
    unsigned long msn = strtoul(at + strlen("#EXT-X-MEDIA-SEQUENCE:"), NULL, 10);
    unsigned part = 0;
    for (const char *line = body; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, "#EXTINF:", 8) == 0) {
            msn++;
            part = 0;
        }
        part += strncmp(line, "#EXT-X-PART:", 12) == 0;
    }
    snprintf(out, 80, "_HLS_msn=%lu&_HLS_part=%u", msn, part);
    flow_http_close(&h);
}

static bool
has_arrived(struct fixture *f)
{
    flow_http_read_flv(&f->barrier);
    return f->barrier.media.last_number == f->host.count - 1;
}

static void
start_hls(struct fixture *f)
{
    flow_host_open(&f->flow, &f->host);
    flow_host_send(&f->host, 3400); // ends in the middle of a segment
    FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_LIVE);
    flow_http_get(&f->flow, &f->barrier, "/live/hq.flv", "");
    FLOW_UNTIL(&f->flow, has_arrived(f));
}

static void
test_a_thousand_waiting_requests_cost_one_rendering(void **state)
{
    struct fixture *f = *state;
    start_hls(f);
    char directives[80];
    next_part(f, directives);
    send_waiters(f, directives);
    uint64_t before = count_parts(f);
    while (count_parts(f) == before) {
        flow_host_send(&f->host, FLOW_FRAME_MS);
        FLOW_UNTIL(&f->flow, has_arrived(f));
    }
    FLOW_UNTIL(&f->flow, count_done(f) == WAITERS);
    struct bc_hls_stats stats;
    hls_stats(f, &stats);
    assert_int_equal(stats.parts, before + 1);
    assert_int_equal(stats.renderings, 1);
    assert_int_equal(stats.compressions, 0);
    for (int i = 0; i < WAITERS; i++) {
        assert_int_equal(flow_http_status(&f->waiters[i]), 200);
        assert_string_equal(flow_http_body(&f->waiters[i]),
            flow_http_body(&f->waiters[0]));
    }
}

static void
test_waiting_requests_are_released_when_the_host_dies(void **state)
{
    struct fixture *f = *state;
    start_hls(f);
    char directives[80];
    next_part(f, directives);
    // The segment after next: what is held back at the drop does not answer it.
    unsigned long msn = strtoul(strchr(directives, '=') + 1, NULL, 10);
    snprintf(directives, sizeof(directives), "_HLS_msn=%lu&_HLS_part=0", msn + 1);
    send_waiters(f, directives);
    flow_hang_up(&f->host.peer);
    FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_WAITING);
    int64_t began = bc_clock_us();
    FLOW_UNTIL(&f->flow, count_done(f) == WAITERS);
    assert_true(bc_clock_us() - began < 15000000); // three target durations and some
    for (int i = 0; i < WAITERS; i++) {
        int status = flow_http_status(&f->waiters[i]);
        assert_true(status == 200 || status == 404 || status == 503);
    }
}

static void
test_a_draining_server_closes_everything(void **state)
{
    struct fixture *f = *state;
    start_hls(f);
    open_viewers(f);
    char directives[80];
    next_part(f, directives);
    send_waiters(f, directives);
    bc_server_stop(&f->flow.server);
    f->flow.stopped = true;
    FLOW_UNTIL(&f->flow, bc_list_empty(&f->flow.peers));
    assert_true(f->host.peer.closed);
    for (int i = 0; i < VIEWERS; i++) {
        assert_true(f->rtmp[i].peer.closed && f->flv[i].peer.closed);
    }
}

static void
test_viewers_and_hosts_come_and_go_all_the_time(void **state)
{
    struct fixture *f = *state;
    flow_host_open(&f->flow, &f->host);
    for (int round = 0; round < 60; round++) {
        flow_host_send(&f->host, 200);
        struct flow_rtmp *rtmp = &f->rtmp[round % VIEWERS];
        struct flow_http *flv = &f->flv[round % VIEWERS];
        flow_rtmp_close(rtmp);
        flow_http_close(flv);
        flow_rtmp_open(&f->flow, rtmp, false, "hq", NULL);
        flow_http_get(&f->flow, flv,
            round % 3 ? "/live/hq.flv" : "/live/hq.flv?only=audio", "");
        struct flow_http *page = &f->waiters[round];
        flow_http_get(&f->flow, page, round % 2 ? "/live/hq/main.m3u8" : "/metrics", "");
        flow_turn(&f->flow);
        if (round % 7 == 6) {
            // Sometimes a takeover, sometimes a drop, sometimes a goodbye.
            if (round % 3 == 0) {
                bc_rtmp_client_stop(f->host.client);
            }
            flow_rtmp_close(&f->host);
            flow_host_open(&f->flow, &f->host);
        }
    }
    flow_host_send(&f->host, 2000);
    struct flow_http *last = &f->waiters[WAITERS - 1];
    FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_LIVE);
    flow_http_get(&f->flow, last, "/live/hq.flv", "");
    FLOW_UNTIL(&f->flow,
        (flow_http_read_flv(last), last->media.last_number == f->host.count - 1));
}

static void
test_a_reload_disturbs_nobody(void **state)
{
    struct fixture *f = *state;
    start_hls(f);
    open_viewers(f);
    for (int i = 0; i < 10; i++) {
        flow_host_send(&f->host, 400);
        bc_server_reload(&f->flow.server);
        bc_server_tick(&f->flow.server);
        FLOW_UNTIL(&f->flow, all_have(f, f->host.count - 1));
    }
    for (int i = 0; i < VIEWERS; i++) {
        assert_int_equal(f->rtmp[i].media.gaps + f->flv[i].media.gaps, 0);
    }
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_host_home_and_viewers_may_be_on_any_worker),
        TEST(test_a_thousand_waiting_requests_cost_one_rendering),
        TEST(test_waiting_requests_are_released_when_the_host_dies),
        TEST(test_a_draining_server_closes_everything),
        TEST(test_viewers_and_hosts_come_and_go_all_the_time),
        TEST(test_a_reload_disturbs_nobody),
    };
    return cmocka_run_group_tests_name("workers", tests, NULL, NULL);
}
