// SPDX-License-Identifier: Apache-2.0
// Health, metrics and which path shows which page.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/writer.h"
#include "control/metrics.h"
#include "fake_http.h"
#include "fake_stream.h"

static void
test_paths_show_their_pages(void **state)
{
    struct fake *f = *state;
    static const struct {
        const char *path;
        const char *file; // NULL: not ours
    } CASES[] = {
        { "/", "index.html" },
        { "/index.html", "index.html" },
        { "/watch/live/hq", "watch.html" },
        { "/watch/live/hq/", "watch.html" },
        { "/watch/cn/hz/0571", "watch.html" },
        { "/embed/live/hq", "embed.html" },
        { "/go-live/live/hq", "golive.html" },
        { "/go-live/store/0571/", "golive.html" },
        { "/watch/replay/20261122-153111-4f2a9c1b", "replay.html" },
        { "/watch/replay/20261122-153111-4f2a9c1b/", "replay.html" },
        { "/watch/clip/20261122-153111-4f2a9c1b", "replay.html" },
        { "/watch/replay/shop/0571", "watch.html" }, // a channel of the app "replay/shop"
        { "/console", "console.html" },
        { "/console/", "console.html" },
        { "/console/clips", "console.html" },
        { "/console/clips/", "console.html" },
        { "/console/other", NULL },
        { "/console//", NULL },
        { "/watch/replay/", NULL },
        { "/watch/replay/..", NULL },
        { "/watch/replay//", NULL },
        { "/assets/watch-1a2b.js", "assets/watch-1a2b.js" },
        { "/favicon.svg", "favicon.svg" },
        { "/assets/none.js", NULL },
        { "/assets/", NULL },
        { "/favicon.ico", NULL },
        { "/watch/live", NULL },
        { "/watch/live.flv", NULL }, // the stream "live" of the app "watch"
        { "/watch/", NULL },
        { "/watch/a//", NULL },
        { "/watch/a/\xff", NULL },
        { "/watch.html", NULL },
        { "/go-live/live", NULL },
        { "/go-live", NULL },
        { "/embed/../etc/passwd", NULL },
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct bc_http_exchange x = { .method = BC_HTTP_GET, .path = CASES[i].path };
        assert_int_equal(fake_ask(f->control, &x), CASES[i].file != NULL);
        if (CASES[i].file) {
            assert_string_equal(x.body, CASES[i].file);
        }
        fake_finish(&x);
    }
    char path[1000];
    memset(path, 'a', sizeof(path));
    memcpy(path, "/watch/a/", 9);
    path[sizeof(path) - 1] = '\0';
    struct bc_http_exchange x = { .method = BC_HTTP_GET, .path = path };
    assert_false(fake_ask(f->control, &x));
    struct bc_http_exchange post = { .method = BC_HTTP_POST, .path = "/" };
    assert_true(fake_ask(f->control, &post));
    fake_check_error(&post, 405, "method_not_allowed");
    fake_finish(&post);
}

static void
test_without_pages_the_start_page_says_how_to_build_them(void **state)
{
    struct fake *f = *state;
    struct bc_control_params params = { .hub = &f->hub };
    struct bc_control *bare = bc_control_create(&params);
    struct bc_http_exchange x = fake_get(bare, "/", NULL, 200);
    assert_non_null(strstr(x.type, "text/plain"));
    assert_non_null(strstr(x.body, "npm run build"));
    fake_finish(&x);
    x = fake_get(bare, "/watch/live/hq", NULL, 503);
    fake_finish(&x);
    struct bc_http_exchange asset = { .method = BC_HTTP_GET,
        .path = "/assets/watch-1a2b.js" };
    assert_false(fake_ask(bare, &asset));
    bc_control_destroy(bare);
}

static void
test_health_and_readiness(void **state)
{
    struct fake *f = *state;
    struct bc_http_exchange x = fake_get(f->control, "/healthz", NULL, 200);
    assert_string_equal(x.body, "ok\n");
    fake_finish(&x);
    x = fake_get(f->control, "/readyz", NULL, 200);
    fake_finish(&x);
    f->ready = false;
    x = fake_get(f->control, "/readyz", NULL, 503);
    fake_finish(&x);
    x = fake_get(f->control, "/healthz", NULL, 200);
    fake_finish(&x);
}

static void
check_line(const char *body, const char *line)
{
    char whole[256];
    snprintf(whole, sizeof(whole), "\n%s\n", line);
    if (!strstr(body, whole)) {
        fail_msg("no line \"%s\" in\n%s", line, body);
    }
}

static void
test_metrics_of_process_and_channels(void **state)
{
    struct fake *f = *state;
    fake_add_live(f)->timestamp_repairs = 5;
    fake_add(f, "store/0571", BC_CHANNEL_WAITING)->video.kbps = 99;
    struct bc_http_exchange x = fake_get(f->control, "/metrics", NULL, 200);
    assert_string_equal(x.type, "text/plain; version=0.0.4; charset=utf-8");
    const char *b = x.body;
    check_line(b, "# TYPE branchcast_http_requests_total counter");
    check_line(b, "branchcast_http_requests_total 345");
    check_line(b, "branchcast_connections 12");
    check_line(b, "branchcast_rtmp_refused_total 6");
    check_line(b, "branchcast_viewer_sent_bytes_total 18446744073709551615");
    check_line(b, "branchcast_uptime_seconds 1.500");
    check_line(b, "branchcast_channel_up{channel=\"live/hq\"} 1");
    check_line(b, "branchcast_channel_up{channel=\"store/0571\"} 0");
    check_line(b, "branchcast_channel_viewers{channel=\"live/hq\",protocol=\"flv\"} 3");
    check_line(b, "branchcast_channel_viewers{channel=\"live/hq\",protocol=\"rtmp\"} 0");
    check_line(b,
        "branchcast_channel_bitrate_bits_per_second{channel=\"live/hq\",kind=\"video\"} "
        "2400000");
    check_line(b,
        "branchcast_channel_bitrate_bits_per_second{channel=\"store/0571\","
        "kind=\"video\"} 0");
    check_line(b, "branchcast_channel_gop_seconds{channel=\"live/hq\"} 2.002");
    check_line(b, "branchcast_channel_takes_total{channel=\"live/hq\"} 2");
    check_line(b, "branchcast_channel_timestamp_repairs_total{channel=\"live/hq\"} 5");
    fake_finish(&x);
}

// Every line is a comment or "name{labels} number", each family has one HELP and one TYPE
// and stands together: what a scraper insists on.
static void
test_the_exposition_is_well_formed(void **state)
{
    struct fake *f = *state;
    fake_add_live(f);
    fake_add(f, "store/0571", BC_CHANNEL_LIVE);
    struct bc_http_exchange x = fake_get(f->control, "/metrics", NULL, 200);
    assert_true(x.len > 0 && x.body[x.len - 1] == '\n');
    char family[128] = "";
    size_t heads = 0;
    char *save;
    for (char *line = strtok_r(x.body, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        char name[128];
        if (sscanf(line, "# HELP %127s", name) == 1) {
            heads++;
            strcpy(family, name);
        } else if (sscanf(line, "# TYPE %127s", name) == 1) {
            assert_string_equal(name, family);
        } else {
            assert_int_equal(strncmp(line, family, strlen(family)), 0);
            assert_non_null(memchr("{ ", line[strlen(family)], 2));
            char *end;
            strtod(strrchr(line, ' ') + 1, &end);
            assert_int_equal(*end, '\0');
        }
    }
    assert_int_equal(heads, BC_METRICS_PROCESS_COUNT + 2 + BC_METRICS_CHANNEL_COUNT);
    fake_finish(&x);
}

static void
test_label_values_are_escaped(void **state)
{
    (void)state;
    struct bc_writer w = { 0 };
    bc_metrics_write_label(&w, "a\"b\\c\nd");
    bc_write_u8(&w, 0);
    assert_false(w.failed);
    assert_string_equal((char *)w.data, "a\\\"b\\\\c\\nd");
    bc_writer_finish(&w);
}

#define WITH_FAKE(test) cmocka_unit_test_setup_teardown(test, fake_setup, fake_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FAKE(test_paths_show_their_pages),
        WITH_FAKE(test_without_pages_the_start_page_says_how_to_build_them),
        WITH_FAKE(test_health_and_readiness),
        WITH_FAKE(test_metrics_of_process_and_channels),
        WITH_FAKE(test_the_exposition_is_well_formed),
        cmocka_unit_test(test_label_values_are_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
