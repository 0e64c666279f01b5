// SPDX-License-Identifier: Apache-2.0
// Viewers by WHEP of a channel that shows another one's media, and moves between them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flow_source.h"
#include "rtc_client.h"
#include "stream/program.h"

#define STORE "store/0571"
#define STORE_BASE 10000 // its pictures' numbers begin here

struct fixture {
    struct flow flow;
    struct flow_source hq;
    struct flow_source store;
    struct bc_channel *channel; // the store's; owned reference
    struct bc_channel *wanted;  // borrowed
    struct rtc_client a;
    struct rtc_client b;
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    flow_open(&f->flow, NULL);
    // Each at home on another worker; the viewers are on both.
    flow_source_open(&f->flow, &f->hq, 0, false);
    flow_source_open_at(&f->flow, &f->store, STORE, 1);
    f->store.numbers[0] = STORE_BASE;
    flow_source_run(&f->hq, 400);
    flow_source_run(&f->store, 400);
    f->channel = bc_hub_find(f->flow.server.hub, STORE);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    rtc_close(&f->a);
    rtc_close(&f->b);
    bc_channel_unref(&f->channel);
    flow_source_close(&f->hq, true);
    flow_source_close(&f->store, true);
    flow_close(&f->flow);
    free(f);
    return 0;
}

static void
run_show(void *user)
{
    struct fixture *f = user;
    bc_channel_set_program(f->channel, f->wanted);
}

static void
show(struct fixture *f, struct bc_channel *program)
{
    f->wanted = program;
    flow_run_on(&f->flow, 1, run_show, f);
}

static void
watch(struct fixture *f, struct rtc_client *c, int worker)
{
    rtc_offer_view_at(&f->flow, c, worker, "/" STORE "/whep");
    rtc_connect(c, false, -1);
}

// The number of the last picture that came, as they came.
static int64_t
newest(const struct rtc_client *c)
{
    for (unsigned i = c->count; i-- > 0;) {
        int64_t number = rtc_is_video(c, &c->packets[i]) ? rtc_number(&c->packets[i]) : -1;
        if (number >= 0) {
            return number;
        }
    }
    return -1;
}

static bool
both_have(struct fixture *f, const struct flow_source *source)
{
    int64_t last = (int64_t)source->numbers[0] - 1;
    return newest(&f->a) == last && newest(&f->b) == last;
}

// Both go on, in time with each other; the viewers must get what `shown` sends.
static void
go_on(struct fixture *f, const struct flow_source *shown, int64_t ms)
{
    for (int64_t end = f->hq.ms + ms; f->hq.ms < end;) {
        flow_source_run(&f->hq, FLOW_FRAME_MS);
        flow_source_run(&f->store, FLOW_FRAME_MS);
        FLOW_UNTIL(&f->flow, both_have(f, shown));
    }
}

// Sequence numbers without a hole, times that rise, and where the pictures are another
// channel's a keyframe first.
static void
check(const struct rtc_client *c, unsigned moves)
{
    uint16_t seq = 0;
    uint32_t ts = 0;
    int64_t last = -1;
    unsigned at = 0;
    unsigned moved = 0;
    for (const struct rtc_packet *p; (p = rtc_next_video(c, &at));) {
        assert_true(last < 0 || p->h.seq == (uint16_t)(seq + 1));
        assert_true(last < 0 || (int32_t)(p->h.timestamp - ts) >= 0);
        seq = p->h.seq;
        ts = p->h.timestamp;
        int64_t number = rtc_number(p);
        if (number < 0) {
            continue;
        }
        if (last >= 0 && (number >= STORE_BASE) != (last >= STORE_BASE)) {
            assert_int_equal(rtc_nal_type(p), 5);
            moved++;
        } else {
            assert_true(last < 0 || number == last + 1 || rtc_nal_type(p) == 5);
        }
        last = number;
    }
    assert_int_equal(moved, moves);
    assert_int_equal(c->reused, 0);
}

static void
test_viewers_on_all_workers_move(void **state)
{
    struct fixture *f = *state;
    struct bc_channel *hq = flow_channel(&f->flow);
    show(f, hq);
    watch(f, &f->a, 0);
    watch(f, &f->b, 1);
    go_on(f, &f->hq, 1200);
    for (int i = 0; i < 4; i++) {
        bool store = i % 2 == 0;
        show(f, store ? f->channel : hq);
        // What was left a moment ago begins with its next keyframe.
        struct flow_source *shown = store ? &f->store : &f->hq;
        flow_source_run(&f->hq, 1000);
        flow_source_run(&f->store, 1000);
        FLOW_UNTIL(&f->flow, both_have(f, shown));
        go_on(f, shown, 400);
    }
    assert_false(f->a.closed || f->b.closed);
    check(&f->a, 4);
    check(&f->b, 4);
    // Counted where they watch.
    assert_int_equal(bc_channel_viewers(f->channel, BC_PROTOCOL_WHEP), 2);
    assert_int_equal(bc_channel_viewers(hq, BC_PROTOCOL_WHEP), 0);
    bc_channel_unref(&hq);
}

static void
test_nothing_shown_is_for_later(void **state)
{
    struct fixture *f = *state;
    struct bc_channel *hq = flow_channel(&f->flow);
    struct bc_writer offer = { 0 };
    char text[256];
    show(f, NULL);
    rtc_init(&f->flow, &f->a);
    rtc_write_offer(&f->a, BC_SDP_RECVONLY, BC_CODEC_AVC, true, &offer);
    assert_int_equal(rtc_post(&f->a, -1, "/" STORE "/whep", "", (char *)offer.data,
                         BC_SDP_RECVONLY),
        409);
    assert_true(atoi(flow_http_header(&f->a.http, "Retry-After", text)) > 0);
    bc_writer_finish(&offer);
    rtc_close(&f->a);
    memset(&f->a, 0, sizeof(f->a));
    // Who watches when the picture goes stays.
    show(f, hq);
    watch(f, &f->a, 0);
    watch(f, &f->b, 1);
    go_on(f, &f->hq, 200);
    show(f, NULL);
    flow_source_run(&f->hq, 400);
    show(f, f->channel);
    go_on(f, &f->store, 200);
    assert_false(f->a.closed || f->b.closed);
    check(&f->a, 1);
    bc_channel_unref(&hq);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_viewers_on_all_workers_move, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_shown_is_for_later, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
