// SPDX-License-Identifier: Apache-2.0
// A whole server that pulls from itself and pushes to itself.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flow.h"
#include "../unit/relay/free_port.h"
#include "relay/relay.h"

struct fixture {
    struct flow flow;
    struct flow_rtmp host;
    struct flow_http viewer;
    struct bc_relay *relay;
    int64_t began_us;
    struct bc_relay_params params;
    char url[128];
    char listen[48];
    // The worker's.
    struct bc_relay_pull *pull;
    struct bc_relay_push *push;
};

static int
setup(void **state)
{
    const struct bc_relay_options options
        = { .bind_address = "127.0.0.1", .port_min = 47040, .port_max = 47059,
              .allow_private = true };
    struct fixture *f = calloc(1, sizeof(*f));
    snprintf(f->listen, sizeof(f->listen), "webrtc.listen=127.0.0.1:%u", free_port());
    const char *overrides[] = { f->listen, NULL };
    flow_open(&f->flow, overrides);
    f->relay = bc_relay_create(&options);
    assert_non_null(f->relay);
    struct bc_server_worker *w = &f->flow.server.workers[0];
    f->params = (struct bc_relay_params){ .relay = f->relay,
        .webrtc = f->flow.server.webrtc, .worker = w->worker, .hub = f->flow.server.hub,
        .windows = w->rtp_windows, .url = f->url, .bearer = "relay" };
    f->began_us = bc_clock_us();
    *state = f;
    return 0;
}

// --- on the worker ---

struct call {
    struct bc_task task;
    struct fixture *f;
    void (*run)(struct fixture *f);
    atomic_bool done;
};

static void
run_call(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct call *c = bc_container_of(task, struct call, task);
    c->run(c->f);
    c->done = true;
}

static void
call(struct fixture *f, void (*run)(struct fixture *f))
{
    struct call c = { .task = { .run = run_call }, .f = f, .run = run };
    bc_list_init(&c.task.node);
    bc_worker_post(f->params.worker, &c.task);
    FLOW_UNTIL(&f->flow, c.done);
}

static void
start_pull(struct fixture *f)
{
    f->pull = bc_relay_pull_start(&f->params);
    assert_non_null(f->pull);
}

static void
start_push(struct fixture *f)
{
    f->push = bc_relay_push_start(&f->params);
    assert_non_null(f->push);
}

static void
stop(struct fixture *f)
{
    bc_relay_pull_stop(f->pull);
    bc_relay_push_stop(f->push);
    f->pull = NULL;
    f->push = NULL;
}

static struct bc_relay_status status;

static void
look(struct fixture *f)
{
    if (f->pull) {
        bc_relay_pull_status(f->pull, &status);
    } else {
        bc_relay_push_status(f->push, &status);
    }
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    call(f, stop);
    flow_rtmp_close(&f->host);
    flow_http_close(&f->viewer);
    bc_relay_destroy(f->relay); // says goodbye over HTTP
    flow_close(&f->flow);
    free(f);
    return 0;
}

// --- the host ---

// A picture that begins as a slice does, unlike those of the flow tests.
static void
send_picture(struct flow_rtmp *r)
{
    uint8_t body[9 + 3000];
    bool key = r->count++ % FLOW_GOP == 0;
    memset(body, 0x55, sizeof(body));
    memset(body, 0, 9);
    body[0] = key ? 0x17 : 0x27;
    body[1] = 1;
    body[7] = (sizeof(body) - 9) >> 8; // the length of the NAL unit
    body[8] = (uint8_t)(sizeof(body) - 9);
    body[9] = key ? 0x65 : 0x41;
    body[10] = key ? 0x88 : 0x9a; // first_mb_in_slice 0, slice_type 7 or 5,
    body[11] = 0xd5;              // pic_parameter_set_id 0
    bc_rtmp_client_send(
        r->client, BC_KIND_VIDEO, (uint32_t)r->ms, body, sizeof(body));
    r->ms += FLOW_FRAME_MS;
}

// Sends what is due by the clock.
static bool
feed(struct fixture *f, bool condition)
{
    int64_t due_ms = (bc_clock_us() - f->began_us) / 1000;
    if (f->host.started) {
        flow_host_send(&f->host, 0); // the headers, once
    }
    while (f->host.started && f->host.ms < due_ms) {
        send_picture(&f->host);
    }
    return condition;
}

// Whether a viewer of the channel gets pictures; asks again while it is not live.
static bool
is_seen(struct fixture *f, const char *path)
{
    if (!f->viewer.peer.flow || f->viewer.peer.closed) {
        flow_http_close(&f->viewer);
        flow_http_get(&f->flow, &f->viewer, path, "");
    }
    if (f->viewer.in.len > 12 && flow_http_status(&f->viewer) == 200) {
        flow_http_read_flv(&f->viewer);
    } else if (f->viewer.in.len > 12) {
        flow_http_close(&f->viewer);
        memset(&f->viewer, 0, sizeof(f->viewer));
    }
    return f->viewer.media.video > 50;
}

static void
begin(struct fixture *f, const char *channel, const char *path)
{
    f->params.channel = channel;
    snprintf(f->url, sizeof(f->url), "http://127.0.0.1:%u%s", f->flow.http_port, path);
}

static void
test_pull(void **state)
{
    struct fixture *f = *state;
    flow_host_open(&f->flow, &f->host);
    begin(f, "live/copy", "/live/hq/whep");
    call(f, start_pull);
    FLOW_UNTIL(&f->flow, feed(f, is_seen(f, "/live/copy.flv")));
    assert_true(f->viewer.media.first_is_key);
    call(f, look);
    assert_int_equal(status.state, BC_RELAY_CONNECTED);
}

static void
test_push(void **state)
{
    struct fixture *f = *state;
    begin(f, "live/hq", "/live/there/whip");
    call(f, start_push); // before there is anything to push
    flow_host_open(&f->flow, &f->host);
    FLOW_UNTIL(&f->flow, feed(f, is_seen(f, "/live/there.flv")));
    assert_true(f->viewer.media.first_is_key);
    call(f, look);
    assert_int_equal(status.state, BC_RELAY_CONNECTED);
}

static void
test_pull_waits_for_the_source(void **state)
{
    struct fixture *f = *state;
    begin(f, "live/copy", "/live/hq/whep");
    call(f, start_pull);
    FLOW_UNTIL(&f->flow, (call(f, look), status.error[0]));
    assert_string_equal(status.error, "the endpoint answered 409");
    flow_host_open(&f->flow, &f->host);
    FLOW_UNTIL(&f->flow, feed(f, is_seen(f, "/live/copy.flv")));
}

static void
test_stopped_while_connecting(void **state)
{
    struct fixture *f = *state;
    flow_host_open(&f->flow, &f->host);
    begin(f, "live/copy", "/live/hq/whep");
    for (int i = 0; i < 30; i++) {
        call(f, start_pull);
        for (int k = 0; k < i; k++) {
            feed(f, true);
            call(f, look);
        }
        call(f, stop);
    }
    call(f, start_pull);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pull, setup, teardown),
        cmocka_unit_test_setup_teardown(test_push, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pull_waits_for_the_source, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stopped_while_connecting, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
