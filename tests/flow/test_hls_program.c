// SPDX-License-Identifier: Apache-2.0
// Viewers by LL-HLS, on all workers, of a channel that moves between its own host and other
// channels.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flow_source.h"
#include "record/recorder.h"
#include "stream/program.h"

#define STORE "store/0571"
#define PLAYERS 24
#define MOVES 10

// A low-latency player: asks for the next part, for ever.
struct player {
    struct flow_http http;
    unsigned long msn;
    unsigned part;
    unsigned answers;
};

struct fixture {
    struct flow flow;
    struct flow_source hq;
    struct flow_source store;
    struct bc_channel *channel; // the store's; owned reference
    struct bc_channel *other;   // headquarters'
    struct bc_channel *wanted;  // borrowed
    struct player players[PLAYERS];
};

static int
setup(void **state)
{
    static const char *const OVERRIDES[] = { "record.mode=always", NULL };
    struct fixture *f = calloc(1, sizeof(*f));
    flow_open(&f->flow, OVERRIDES);
    flow_source_open(&f->flow, &f->hq, 0, false);
    flow_source_open_at(&f->flow, &f->store, STORE, 1);
    flow_source_run(&f->hq, 3000);
    flow_source_run(&f->store, 3000);
    f->channel = bc_hub_find(f->flow.server.hub, STORE);
    f->other = flow_channel(&f->flow);
    *state = f;
    return 0;
}

static uint64_t
running(struct fixture *f)
{
    struct bc_recorder_totals totals;
    bc_recorder_totals(f->flow.server.recorder, &totals);
    return totals.running;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < PLAYERS; i++) {
        if (f->players[i].http.peer.flow) {
            flow_http_close(&f->players[i].http);
        }
    }
    assert_int_equal(running(f), 2); // whatever they show
    bc_channel_unref(&f->channel);
    bc_channel_unref(&f->other);
    flow_source_close(&f->hq, true);
    flow_source_close(&f->store, true);
    FLOW_UNTIL(&f->flow, running(f) == 0);
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

static unsigned
count(const char *text, const char *what)
{
    unsigned n = 0;
    for (const char *p = text; (p = strstr(p, what)); p += strlen(what)) {
        n++;
    }
    return n;
}

// The newest segment and part that a playlist lists.
static void
read_newest(struct player *p, const char *body)
{
    const char *at = strstr(body, "#EXT-X-MEDIA-SEQUENCE:");
    assert_non_null(at);
    unsigned long msn = strtoul(at + strlen("#EXT-X-MEDIA-SEQUENCE:"), NULL, 10);
    unsigned parts = 0;
    for (const char *line = body; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, "#EXT-X-PART:", 12) == 0) {
            parts++;
        } else if (*line != '#' && *line != '\0') {
            msn++;
            parts = 0;
        }
    }
    assert_true(msn > p->msn || (msn == p->msn && parts >= p->part));
    p->msn = msn;
    p->part = parts;
}

static void
ask(struct player *p)
{
    char path[120];
    snprintf(path, sizeof(path), "/" STORE "/main.m3u8?_HLS_msn=%lu&_HLS_part=%u", p->msn,
        p->part);
    flow_http_again(&p->http, path);
}

// Players that have their answer ask for the next one.
static void
play(struct fixture *f)
{
    for (int i = 0; i < PLAYERS; i++) {
        struct player *p = &f->players[i];
        if (flow_http_is_done(&p->http)) {
            assert_int_equal(flow_http_status(&p->http), 200);
            read_newest(p, flow_http_body(&p->http));
            p->answers++;
            ask(p);
        }
    }
}

static bool
all_answered(struct fixture *f, unsigned answers)
{
    play(f);
    for (int i = 0; i < PLAYERS; i++) {
        if (f->players[i].answers < answers) {
            return false;
        }
    }
    return true;
}

static void
go_on(struct fixture *f, int64_t ms)
{
    for (int64_t end = f->hq.ms + ms; f->hq.ms < end;) {
        flow_source_run(&f->hq, FLOW_FRAME_MS);
        flow_source_run(&f->store, FLOW_FRAME_MS);
        flow_turn(&f->flow);
        play(f);
    }
}

static void
open_players(struct fixture *f)
{
    for (int i = 0; i < PLAYERS; i++) {
        flow_http_get(&f->flow, &f->players[i].http, "/" STORE "/main.m3u8", "");
    }
    // The sound is encoded for HLS once somebody asks.
    for (int i = 0; i < 100 && !all_answered(f, 1); i++) {
        go_on(f, 200);
    }
    assert_true(all_answered(f, 1));
}

static void
test_players_go_on_over_moves(void **state)
{
    struct fixture *f = *state;
    open_players(f);
    for (unsigned i = 1; i <= MOVES; i++) {
        unsigned before = f->players[0].answers;
        show(f, i % 2 ? f->other : f->channel);
        go_on(f, 1600);
        FLOW_UNTIL(&f->flow, all_answered(f, before + 2));
    }
    struct flow_http h;
    flow_http_get(&f->flow, &h, "/" STORE "/main.m3u8", "");
    FLOW_UNTIL(&f->flow, flow_http_is_done(&h));
    assert_int_equal(count(flow_http_body(&h), "#EXT-X-DISCONTINUITY\n"), MOVES);
    assert_int_equal(count(flow_http_body(&h), "#EXT-X-MAP:"), MOVES + 1);
    flow_http_close(&h);
}

// Nothing is shown for a while: players wait, and go on with what comes.
static void
test_players_wait_while_nothing_is_shown(void **state)
{
    struct fixture *f = *state;
    open_players(f);
    show(f, NULL);
    go_on(f, 2000);
    for (int i = 0; i < PLAYERS; i++) {
        assert_false(flow_http_is_done(&f->players[i].http));
    }
    unsigned before = f->players[0].answers;
    show(f, f->other);
    go_on(f, 1600);
    FLOW_UNTIL(&f->flow, all_answered(f, before + 2));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_players_go_on_over_moves, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_players_wait_while_nothing_is_shown, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
