// SPDX-License-Identifier: Apache-2.0
// A whole server records what hosts send, and the next one goes on.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flow.h"
#include "record/recorder.h"

#define PARTS_MAX 400

struct fixture {
    struct flow flow;
    struct flow_rtmp host;
    struct flow_http api;
    struct bc_recorder_status status;
    struct bc_recording_info info;
    struct bc_recording_part parts[PARTS_MAX];
    size_t count;
};

static int
setup(void **state)
{
    static const char *const SETTINGS[] = { "record.mode=always",
        "record.min_free_bytes=0", "channels.live/hq.title=An evening", NULL };
    struct fixture *f = calloc(1, sizeof(*f));
    flow_open(&f->flow, SETTINGS);
    flow_host_open(&f->flow, &f->host);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    flow_rtmp_close(&f->host);
    flow_http_close(&f->api);
    flow_close(&f->flow);
    free(f);
    return 0;
}

static enum bc_recorder_state
look(struct fixture *f)
{
    bc_recorder_status(f->flow.server.recorder, "live/hq", &f->status);
    return f->status.state;
}

static void
read_back(struct fixture *f, const char *id)
{
    char folder[160];
    snprintf(folder, sizeof(folder), "%s/recordings/%s", f->flow.data_dir, id);
    struct bc_recording *r = bc_recording_open(folder);
    assert_non_null(r);
    bc_recording_info(r, &f->info);
    f->count = bc_recording_parts(r, 0, f->parts, PARTS_MAX);
    bc_recording_unref(&r);
}

static void
check(const struct fixture *f, int64_t ms, unsigned breaks)
{
    assert_string_equal(f->info.channel, "live/hq");
    assert_string_equal(f->info.title, "An evening");
    assert_in_range(f->info.duration_us, (ms - 100) * 1000, (ms + 100) * 1000);
    unsigned found = 0;
    for (size_t i = 0; i < f->count; i++) {
        found += f->parts[i].discontinuity;
    }
    assert_int_equal(found, breaks);
}

static void
get(struct fixture *f, const char *path)
{
    flow_http_close(&f->api);
    flow_http_get(&f->flow, &f->api, path, "");
    FLOW_UNTIL(&f->flow, flow_http_is_done(&f->api));
}

static void
test_host_that_comes_back_goes_on_in_one_recording(void **state)
{
    struct fixture *f = *state;
    flow_host_send(&f->host, 4000);
    FLOW_UNTIL(&f->flow, look(f) == BC_RECORDER_RUNNING && f->status.parts > 15);
    char id[BC_RECORDING_ID_MAX + 1];
    memcpy(id, f->status.id, sizeof(id));
    get(f, "/metrics");
    assert_non_null(strstr(flow_http_body(&f->api), "branchcast_recordings_running 1\n"));
    flow_hang_up(&f->host.peer);
    FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_WAITING);
    assert_int_equal(look(f), BC_RECORDER_RUNNING);
    flow_rtmp_close(&f->host);
    memset(&f->host, 0, sizeof(f->host));
    flow_host_open(&f->flow, &f->host);
    flow_host_send(&f->host, 4000);
    FLOW_UNTIL(&f->flow, look(f) == BC_RECORDER_RUNNING && f->status.parts > 30);
    assert_string_equal(f->status.id, id);
    flow_rtmp_close(&f->host);
    memset(&f->host, 0, sizeof(f->host));
    FLOW_UNTIL(&f->flow, flow_state(&f->flow) != BC_CHANNEL_LIVE);
    assert_int_equal(f->status.lost_parts, 0);
    bc_server_stop(&f->flow.server);
    f->flow.stopped = true;
    read_back(f, id);
    check(f, 8000, 1);
}

static void
test_server_that_goes_down_leaves_it_open(void **state)
{
    struct fixture *f = *state;
    flow_host_send(&f->host, 4100);
    FLOW_UNTIL(&f->flow, look(f) == BC_RECORDER_RUNNING && f->status.parts >= 20);
    char id[BC_RECORDING_ID_MAX + 1];
    memcpy(id, f->status.id, sizeof(id));
    bc_server_stop(&f->flow.server);
    f->flow.stopped = true;
    read_back(f, id);
    assert_int_equal(f->info.ended_wall_us, 0);
    check(f, 4100, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_host_that_comes_back_goes_on_in_one_recording, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_server_that_goes_down_leaves_it_open, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
