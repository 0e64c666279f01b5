// SPDX-License-Identifier: Apache-2.0
// HLS of hosts with several qualities, and of those whose picture it cannot carry.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "container/flv.h"
#include "flow_source.h"

struct fixture {
    struct flow flow;
    struct flow_source source;
    struct flow_http http;
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    flow_open(&f->flow, NULL);
    flow_source_open(&f->flow, &f->source, 0, false);
    static const uint8_t ASC[] = { 0x11, 0x90 };
    flow_source_set_track(&f->source, 0, bc_aac_track(ASC, sizeof(ASC)));
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    flow_http_close(&f->http);
    flow_source_close(&f->source, true);
    flow_close(&f->flow);
    free(f);
    return 0;
}

static const char *
get(struct fixture *f, const char *path, int status)
{
    flow_http_close(&f->http);
    flow_http_get(&f->flow, &f->http, path, "");
    FLOW_UNTIL(&f->flow, flow_http_is_done(&f->http));
    assert_int_equal(flow_http_status(&f->http), status);
    return flow_http_body(&f->http);
}

// Two qualities with a keyframe each second, the smaller one first.
static void
run_both(struct fixture *f, int64_t ms, bool small)
{
    struct flow_source *s = &f->source;
    for (int64_t end = s->ms + ms; s->ms < end; s->ms += 40) {
        uint32_t flags = s->ms % 1000 == 0 ? BC_PACKET_KEY : 0;
        if (small) {
            flow_source_picture(s, s->ms, s->ms, flags, 1, flags ? 900 : 200);
        }
        flow_source_picture(s, s->ms, s->ms, flags, 0, flags ? 2000 : 500);
        flow_source_sound(s, s->ms);
        flow_source_sound(s, s->ms + 20);
        if (s->ms % 1000 == 960) {
            flow_source_flush(s);
        }
    }
    flow_source_flush(s);
}

static struct bc_track *
small_track(void)
{
    struct bc_track *t = flow_source_track(BC_CODEC_AVC);
    t->width = 320;
    t->height = 180;
    return t;
}

static void
test_qualities_are_variants(void **state)
{
    struct fixture *f = *state;
    flow_source_set_track(&f->source, 1, small_track());
    run_both(f, 7000, true);
    const char *body = get(f, "/live/hq/index.m3u8", 200);
    assert_non_null(strstr(body, "/main.m3u8\n"));
    const char *small = strstr(body, ",RESOLUTION=320x180,");
    assert_non_null(small);
    const char *name = strstr(small, "\ns/");
    assert_non_null(name);
    assert_non_null(strstr(name, "/v1.m3u8\n"));
    char path[160];
    snprintf(path, sizeof(path), "/live/hq/%.*s", (int)strcspn(name + 1, "\n"), name + 1);
    body = get(f, path, 200);
    assert_non_null(strstr(body, "#EXT-X-RENDITION-REPORT:URI=\"main.m3u8\""));
    const char *map = strstr(body, "#EXT-X-MAP:URI=\"v1_init_");
    assert_non_null(map);
    char file[80];
    snprintf(file, sizeof(file), "/live/hq/%.*s", (int)strcspn(map + 16, "\""), map + 16);
    get(f, file, 200);
    // It stops: it is not offered any more, and who plays it is not left without an answer.
    run_both(f, 8000, false);
    FLOW_UNTIL(&f->flow, !strstr(get(f, "/live/hq/index.m3u8", 200), "/v1.m3u8"));
    assert_non_null(strstr(get(f, "/live/hq/v1.m3u8", 200), "#EXT-X-GAP"));
    get(f, "/live/hq/v2.m3u8", 404);
}

static void
test_picture_that_has_no_form_is_told(void **state)
{
    struct fixture *f = *state;
    flow_source_set_track(&f->source, 0, flow_source_track(BC_CODEC_VP8));
    flow_source_run(&f->source, 3000);
    get(f, "/live/hq/audio.m3u8", 200); // waits for it
    static const char *const PATHS[] = { "/live/hq/index.m3u8", "/live/hq.m3u8",
        "/live/hq/main.m3u8" };
    for (size_t i = 0; i < 3; i++) {
        const char *body = get(f, PATHS[i], 406);
        assert_non_null(strstr(body, "\"code\":\"codec_not_carried\""));
        assert_non_null(strstr(body, "HLS cannot carry the host's picture (vp8)"));
    }
    if (!bc_flv_has_codec(BC_CODEC_VP8)) {
        assert_non_null(strstr(get(f, "/live/hq.flv", 406), "\"codec_not_carried\""));
    }
    // The sound alone is there for who asks for it.
    flow_source_run(&f->source, 3000);
    const char *body = get(f, "/live/hq/audio.m3u8", 200);
    assert_non_null(strstr(body, "#EXT-X-MAP:URI=\"main_init_"));
    // The host changes to what can be carried.
    flow_source_set_track(&f->source, 0, flow_source_track(BC_CODEC_AVC));
    flow_source_run(&f->source, 6000);
    get(f, "/live/hq/index.m3u8", 200);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_qualities_are_variants),
        TEST(test_picture_that_has_no_form_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
