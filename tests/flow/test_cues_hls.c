// SPDX-License-Identifier: Apache-2.0
// Cues of a channel and of a store that shows it: each name has its own in its playlists and
// in its recording, beside the same media.
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cue/cue.h"
#include "flow_source.h"
#include "record/cues.h"
#include "record/recorder.h"
#include "stream/program.h"

#define STORE "store/0571"

struct fixture {
    struct flow flow;
    struct flow_source hq;
    struct flow_source store;
    struct bc_channel *channel; // the store's; owned reference
    struct bc_channel *other;   // headquarters'
    char text[1 << 17];         // the newest playlist
};

static void
run_show(void *user)
{
    struct fixture *f = user;
    bc_channel_set_program(f->channel, f->other);
}

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
    flow_run_on(&f->flow, 1, run_show, f);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    bc_channel_unref(&f->channel);
    bc_channel_unref(&f->other);
    flow_source_close(&f->hq, true);
    flow_source_close(&f->store, true);
    flow_close(&f->flow);
    free(f);
    return 0;
}

static void
go_on(struct fixture *f, int64_t ms)
{
    for (int64_t end = f->hq.ms + ms; f->hq.ms < end;) {
        flow_source_run(&f->hq, FLOW_FRAME_MS);
        flow_source_run(&f->store, FLOW_FRAME_MS);
        flow_turn(&f->flow);
    }
}

// The name's playlist, once it has this text; the hosts go on meanwhile.
static const char *
playlist_with(struct fixture *f, const char *channel, const char *what)
{
    char path[80];
    snprintf(path, sizeof(path), "/%s/main.m3u8", channel);
    for (int i = 0; i < 100; i++) {
        struct flow_http h;
        flow_http_get(&f->flow, &h, path, "");
        for (int n = 0; n < 200 && !flow_http_is_done(&h); n++) {
            go_on(f, FLOW_FRAME_MS);
        }
        assert_int_equal(flow_http_status(&h), 200);
        snprintf(f->text, sizeof(f->text), "%s", flow_http_body(&h));
        flow_http_close(&h);
        if (strstr(f->text, what)) {
            return f->text;
        }
        go_on(f, 200);
    }
    fail_msg("%s never had %s:\n%s", channel, what, f->text);
    return NULL;
}

static void
post(struct fixture *f, const char *channel, const char *id, int64_t delay_us)
{
    static const char DATA[] = "{\"text\":\"hello\"}";
    struct bc_cue_wish wish = {
        .id = id,
        .kind = BC_CUE_TEXT,
        .data = DATA,
        .data_len = sizeof(DATA) - 1,
        .delay_us = delay_us,
    };
    struct bc_cue *cue = NULL;
    assert_int_equal(bc_cues_post(f->flow.server.cues, channel, &wish, &cue), 0);
    bc_cue_unref(&cue);
}

static void
read_cues(struct fixture *f, const char *channel, struct bc_recording_cues *out)
{
    struct bc_recording *r = bc_recorder_current(f->flow.server.recorder, channel);
    assert_non_null(r);
    assert_int_equal(bc_recording_cues_read(r, out), 0);
    bc_recording_unref(&r);
}

static size_t
count_cues(struct fixture *f, const char *channel)
{
    struct bc_recording_cues cues;
    read_cues(f, channel, &cues);
    size_t n = cues.count;
    bc_recording_cues_finish(&cues);
    return n;
}

static void
test_names_have_their_own(void **state)
{
    struct fixture *f = *state;
    playlist_with(f, "live/hq", "#EXTINF");
    playlist_with(f, STORE, "#EXTINF");
    assert_null(strstr(f->text, "DATERANGE"));
    post(f, "live/hq", "theirs", 0);
    post(f, STORE, "own", 400000);
    playlist_with(f, STORE, "ID=\"own\"");
    assert_non_null(strstr(f->text, "ID=\"theirs\""));
    assert_non_null(strstr(f->text, "X-DATA=\"{%22text%22:%22hello%22}\""));
    playlist_with(f, "live/hq", "ID=\"theirs\"");
    assert_null(strstr(f->text, "ID=\"own\""));
    assert_null(strstr(f->text, "END-DATE"));
    assert_int_equal(bc_cues_end(f->flow.server.cues, "live/hq", "theirs"), 0);
    playlist_with(f, "live/hq", "END-DATE");
    playlist_with(f, STORE, "END-DATE");
    // Each recording has those of its name.
    FLOW_UNTIL(&f->flow, count_cues(f, STORE) == 2);
    FLOW_UNTIL(&f->flow, count_cues(f, "live/hq") == 1);
    struct bc_recording_cues cues;
    read_cues(f, STORE, &cues);
    assert_string_equal(cues.items[0].id, "theirs");
    assert_true(cues.items[0].until_us != BC_RECORDING_CUE_OPEN);
    assert_string_equal(cues.items[1].id, "own");
    assert_true(cues.items[1].until_us == BC_RECORDING_CUE_OPEN);
    int64_t apart_us = cues.items[1].from_us - cues.items[0].from_us;
    assert_in_range(apart_us, 300000, 600000);
    bc_recording_cues_finish(&cues);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_names_have_their_own, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
