// SPDX-License-Identifier: Apache-2.0
// A store's channel shows headquarters' one while no host of its own is there: viewers on all
// workers move, and notice nothing but the pictures.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flow.h"
#include "stream/wait.h"

#define VIEWERS 8
#define ROUNDS 10
#define STORE_FIRST 1000000

struct fixture {
    struct flow flow;
    struct flow_rtmp hq;
    struct flow_rtmp store;
    struct flow_rtmp rtmp[VIEWERS];
    struct flow_http flv[VIEWERS];
};

static int
setup(void **state)
{
    static const char *const OVERRIDES[] = {
        "channels.live/store.sources=[publisher, channel: live/hq]",
        "channels.live/store.source_wait_ms=0", "channels.live/store.source_stable_ms=0",
        "channels.live/alias.sources=[channel: live/hq]", NULL };
    struct fixture *f = calloc(1, sizeof(*f));
    flow_open(&f->flow, OVERRIDES);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    flow_rtmp_close(&f->hq);
    flow_rtmp_close(&f->store);
    for (int i = 0; i < VIEWERS; i++) {
        flow_rtmp_close(&f->rtmp[i]);
        flow_http_close(&f->flv[i]);
    }
    flow_close(&f->flow);
    free(f);
    return 0;
}

static bool
can_be_watched(struct fixture *f, const char *name)
{
    struct bc_channel *channel = bc_hub_find(f->flow.server.hub, name);
    bool playable = channel && bc_channel_is_playable(channel);
    bc_channel_unref(&channel);
    return playable;
}

// Half of them watch the store's own channel, half one that is nothing but an alias.
static void
open_viewers(struct fixture *f)
{
    uint64_t before[2];
    uint64_t after[2];
    FLOW_UNTIL(&f->flow,
        can_be_watched(f, "live/store") && can_be_watched(f, "live/alias"));
    flow_count_connections(&f->flow, before);
    for (int i = 0; i < VIEWERS; i++) {
        flow_rtmp_open(&f->flow, &f->rtmp[i], false, i % 2 ? "alias" : "store", NULL);
        flow_http_get(
            &f->flow, &f->flv[i], i % 2 ? "/live/alias.flv" : "/live/store.flv", "");
    }
    FLOW_UNTIL(&f->flow, (flow_count_connections(&f->flow, after),
                             after[0] + after[1] >= before[0] + before[1] + 2 * VIEWERS));
}

// Whether each viewer of the store, or of the alias, has the newest of this host.
static bool
all_have(struct fixture *f, const struct flow_rtmp *host, int alias)
{
    bool all = true;
    for (int i = alias; i < VIEWERS; i += 2) {
        flow_http_read_flv(&f->flv[i]);
        all = all && f->rtmp[i].media.last_number == host->count - 1
            && f->flv[i].media.last_number == host->count - 1;
    }
    return all;
}

// Sends until all of them have it: whoever waits for a keyframe gets one each second.
static void
send_until_seen(struct fixture *f, struct flow_rtmp *host, int alias)
{
    for (int sent = 0; !all_have(f, host, alias); sent++) {
        assert_true(sent < 20);
        flow_host_send(host, 1200);
        int64_t patience = flow_real_us() + 1000000;
        while (!all_have(f, host, alias) && flow_real_us() < patience) {
            flow_turn(&f->flow);
        }
    }
}

static void
open_store(struct fixture *f)
{
    uint32_t count = f->store.count ? f->store.count : STORE_FIRST;
    flow_rtmp_open(&f->flow, &f->store, true, "store?key=B", NULL);
    f->store.count = count;
    FLOW_UNTIL(&f->flow, f->store.started);
}

static void
test_viewers_move_between_workers_and_programs(void **state)
{
    struct fixture *f = *state;
    flow_host_open(&f->flow, &f->hq);
    flow_host_send(&f->hq, 1200);
    open_viewers(f);
    send_until_seen(f, &f->hq, 0);
    send_until_seen(f, &f->hq, 1);
    for (int round = 0; round < ROUNDS; round++) {
        open_store(f);
        send_until_seen(f, &f->store, 0);
        send_until_seen(f, &f->hq, 1);
        if (round % 2) {
            bc_rtmp_client_stop(f->store.client);
            flow_turn(&f->flow);
        }
        flow_rtmp_close(&f->store);
        send_until_seen(f, &f->hq, 0);
    }
    for (int i = 0; i < VIEWERS; i++) {
        assert_false(f->rtmp[i].peer.closed || f->flv[i].peer.closed || f->flv[i].ended);
        assert_int_equal(f->rtmp[i].media.backwards + f->flv[i].media.backwards, 0);
        // A switch is a hole in the numbers; the alias has none.
        assert_true(i % 2 == 0 || f->rtmp[i].media.gaps + f->flv[i].media.gaps == 0);
    }
}

static void
test_each_channel_counts_its_own_viewers(void **state)
{
    struct fixture *f = *state;
    flow_host_open(&f->flow, &f->hq);
    flow_host_send(&f->hq, 1200);
    open_viewers(f);
    send_until_seen(f, &f->hq, 0);
    send_until_seen(f, &f->hq, 1);
    static const char *const NAMES[] = { "live/store", "live/alias", "live/hq" };
    for (int i = 0; i < 3; i++) {
        struct bc_channel *channel = bc_hub_find(f->flow.server.hub, NAMES[i]);
        assert_non_null(channel);
        unsigned wanted = i < 2 ? VIEWERS / 2 : 0;
        assert_int_equal(bc_channel_viewers(channel, BC_PROTOCOL_FLV), wanted);
        assert_int_equal(bc_channel_viewers(channel, BC_PROTOCOL_RTMP), wanted);
        bc_channel_unref(&channel);
    }
    // Headquarters' end is theirs.
    bc_rtmp_client_stop(f->hq.client);
    flow_turn(&f->flow);
    flow_rtmp_close(&f->hq);
    for (int i = 0; i < VIEWERS; i++) {
        FLOW_UNTIL(&f->flow, (flow_http_read_flv(&f->flv[i]), f->flv[i].ended));
    }
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_viewers_move_between_workers_and_programs),
        TEST(test_each_channel_counts_its_own_viewers),
    };
    return cmocka_run_group_tests_name("flow_alias", tests, NULL, NULL);
}
