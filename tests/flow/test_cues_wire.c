// SPDX-License-Identifier: Apache-2.0
// Cues on their way through a whole server: from a host's script and from the API to viewers
// of all kinds on both workers, and into the pictures.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/writer.h"
#include "cue/cue.h"
#include "flow.h"
#include "media/sei.h"
#include "protocol/rtmp/amf.h"

#define WEBSOCKET \
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VIEWERS 4
#define RUNNING_MS 400

struct fixture {
    struct flow flow;
    struct flow_rtmp host;
    struct flow_rtmp rtmp;
    struct flow_http flv[VIEWERS]; // the last one by WebSocket
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    flow_open(&f->flow, NULL);
    flow_host_open(&f->flow, &f->host);
    flow_host_send(&f->host, 1000);
    FLOW_UNTIL(&f->flow, flow_state(&f->flow) == BC_CHANNEL_LIVE);
    flow_rtmp_open(&f->flow, &f->rtmp, false, "hq", NULL);
    for (int i = 0; i < VIEWERS; i++) {
        flow_http_get(&f->flow, &f->flv[i], "/live/hq.flv", i + 1 < VIEWERS ? "" : WEBSOCKET);
    }
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    flow_rtmp_close(&f->host);
    flow_rtmp_close(&f->rtmp);
    for (int i = 0; i < VIEWERS; i++) {
        flow_http_close(&f->flv[i]);
    }
    flow_close(&f->flow);
    free(f);
    return 0;
}

static unsigned
count(const struct bc_writer *bytes, const void *what, size_t len)
{
    unsigned found = 0;
    for (size_t i = 0; i + len <= bytes->len; i++) {
        found += memcmp(bytes->data + i, what, len) == 0;
    }
    return found;
}

// Whether all viewers were told so often of this.
static bool
are_told(struct fixture *f, const char *text, unsigned wanted)
{
    flow_host_send(&f->host, FLOW_FRAME_MS);
    for (int i = 0; i < VIEWERS; i++) {
        flow_http_read_flv(&f->flv[i]);
        if (count(&f->flv[i].flv, text, strlen(text)) < wanted) {
            return false;
        }
    }
    return true;
}

static bool
have_begun(struct fixture *f)
{
    bool begun = f->rtmp.media.video > 0;
    for (int i = 0; i < VIEWERS; i++) {
        flow_http_read_flv(&f->flv[i]);
        begun = begun && f->flv[i].media.video > 0;
    }
    return begun;
}

static void
test_a_hosts_script_becomes_a_cue(void **state)
{
    struct fixture *f = *state;
    FLOW_UNTIL(&f->flow, have_begun(f));
    unsigned scripts = f->rtmp.media.scripts;
    struct bc_writer w = { 0 };
    bc_amf_write_string(&w, "onCuePoint");
    bc_amf_write_object_begin(&w);
    bc_amf_write_key(&w, "name");
    bc_amf_write_string(&w, "from-the-host");
    bc_amf_write_key(&w, "time");
    bc_amf_write_number(&w, 1);
    bc_amf_write_object_end(&w);
    bc_rtmp_client_send(
        f->host.client, BC_KIND_SCRIPT, (uint32_t)f->host.ms, w.data, w.len);
    bc_writer_finish(&w);
    FLOW_UNTIL(&f->flow, are_told(f, "\"name\":\"from-the-host\"", 2)); // tag and SEI
    FLOW_UNTIL(&f->flow, f->rtmp.media.scripts > scripts);
    struct bc_cue *cue = NULL;
    assert_int_equal(
        bc_cues_list(f->flow.server.cues, "live/hq", BC_CUES_COUNTING, &cue, 1), 1);
    assert_int_equal(cue->kind, BC_CUE_CUSTOM);
    bc_cue_unref(&cue);
    // As it came it is passed on to nobody.
    for (int i = 0; i < VIEWERS; i++) {
        static const char RAW[] = "\0\4name\2\0\15from-the-host";
        assert_int_equal(count(&f->flv[i].flv, RAW, sizeof(RAW) - 1), 0);
    }
}

static struct bc_cue *
post(struct fixture *f, const char *id, int64_t delay_us)
{
    static const char DATA[] = "{\"text\":\"hello\"}";
    struct bc_cue_wish wish = { .id = id, .kind = BC_CUE_TEXT, .data = DATA,
        .data_len = sizeof(DATA) - 1, .delay_us = delay_us };
    struct bc_cue *cue = NULL;
    assert_int_equal(bc_cues_post(f->flow.server.cues, "live/hq", &wish, &cue), 0);
    return cue;
}

static void
test_one_that_is_posted(void **state)
{
    struct fixture *f = *state;
    FLOW_UNTIL(&f->flow, have_begun(f));
    struct bc_cue *cue = post(f, "posted-one", 0);
    FLOW_UNTIL(&f->flow, are_told(f, "posted-one", 3)); // name, id and SEI
    for (int i = 0; i < VIEWERS; i++) {
        assert_true(
            count(&f->flv[i].flv, BC_SEI_CUE_UUID, sizeof(BC_SEI_CUE_UUID)) > 0);
    }
    // Who joins hears of it too.
    struct flow_http late;
    flow_http_get(&f->flow, &late, "/live/hq.flv", "");
    FLOW_UNTIL(&f->flow,
        are_told(f, "posted-one", 3)
            && (flow_http_read_flv(&late), count(&late.flv, "posted-one", 10) >= 3));
    assert_int_equal(bc_cues_end(f->flow.server.cues, "live/hq", "posted-one"), 0);
    FLOW_UNTIL(&f->flow, are_told(f, "\0\5ended\1\1", 0)
            && (flow_http_read_flv(&late), count(&late.flv, "\0\5ended\1\1", 9) == 1));
    flow_http_close(&late);
    bc_cue_unref(&cue);
}

// Posted, changed and ended while viewers come and go.
static void
test_many_while_viewers_come_and_go(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 20; i++) {
        char id[8] = "many-a";
        id[5] = (char)('a' + i);
        struct bc_cue *cue = post(f, id, i % 3 * 40000);
        bc_cue_unref(&cue);
        flow_host_send(&f->host, RUNNING_MS / 10);
        flow_http_close(&f->flv[i % VIEWERS]);
        flow_http_get(&f->flow, &f->flv[i % VIEWERS], "/live/hq.flv", "");
        flow_turn(&f->flow);
        if (i % 2) {
            bc_cues_end(f->flow.server.cues, "live/hq", id);
        }
    }
    FLOW_UNTIL(&f->flow, are_told(f, "many-a", 2) && are_told(f, "many-s", 2));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        TEST(test_a_hosts_script_becomes_a_cue),
        TEST(test_one_that_is_posted),
        TEST(test_many_while_viewers_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
