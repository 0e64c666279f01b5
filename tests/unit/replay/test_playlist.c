// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "replay/playlist.h"
#include "../record/stage.h"

static struct bc_buf *
render(const struct bc_recording *r, enum bc_replay_form form, int64_t window_us,
    bool ended, uint64_t skip_until)
{
    struct bc_replay_playlist_params params = {
        .form = form,
        .window_us = window_us,
        .ended = ended,
        .prefix = form == BC_REPLAY_DVR ? "dvr/" : "",
        .skip_until = skip_until,
    };
    return bc_replay_playlist(r, &params);
}

static void
assert_text(struct bc_buf *buf, const char *expected)
{
    assert_non_null(buf);
    char *text = strndup((const char *)buf->data, buf->len);
    assert_string_equal(text, expected);
    free(text);
    bc_buf_unref(&buf);
}

static void
append(struct stage *s, struct bc_recording_writer *w, unsigned from, unsigned count)
{
    for (unsigned i = from; i < from + count; i++) {
        assert_int_equal(stage_append(s, w, 0, i), 0);
    }
}

static void
test_an_ended_recording_is_vod(void **state)
{
    struct stage *s = *state;
    char folder[256];
    stage_record(s, 12, true, folder);
    struct bc_recording *r = bc_recording_open(folder);
    assert_text(render(r, BC_REPLAY_VOD, 0, true, 0),
        "#EXTM3U\n"
        "#EXT-X-VERSION:6\n"
        "#EXT-X-TARGETDURATION:6\n"
        "#EXT-X-MEDIA-SEQUENCE:0\n"
        "#EXT-X-PLAYLIST-TYPE:VOD\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        "#EXT-X-MAP:URI=\"i0.mp4\"\n"
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z\n"
        "#EXTINF:1.000000,\n"
        "s0.m4s\n"
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:01.000Z\n"
        "#EXTINF:1.000000,\n"
        "s1.m4s\n"
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:02.000Z\n"
        "#EXTINF:0.400000,\n"
        "s2.m4s\n"
        "#EXT-X-ENDLIST\n");
    bc_recording_unref(&r);
}

// Each at its moment, with the dates of the segments; an end once it is there.
static void
test_cues_are_date_ranges(void **state)
{
    struct stage *s = *state;
    char folder[256];
    stage_record(s, 12, true, folder);
    static const char LINES[] =
        "{\"at_us\":1500000,\"event\":\"begin\",\"id\":\"a\",\"kind\":\"text\","
        "\"channel\":\"live/hq\",\"revision\":1,\"planned_us\":500000,"
        "\"data\":{\"text\":\"x\"}}\n"
        "{\"at_us\":2000000,\"event\":\"end\",\"id\":\"a\",\"revision\":1}\n"
        "{\"at_us\":2100000,\"event\":\"begin\",\"id\":\"b\",\"kind\":\"text\","
        "\"channel\":\"live/hq\",\"revision\":3,\"data\":{}}\n";
    struct bc_recording *r = bc_recording_open(folder);
    struct bc_recording_cues cues;
    assert_int_equal(bc_recording_cues_parse(LINES, strlen(LINES), &cues), 0);
    struct bc_replay_playlist_params params = {
        .form = BC_REPLAY_VOD, .ended = true, .prefix = "", .cues = &cues };
    struct bc_buf *with = bc_replay_playlist(r, &params);
    params.cues = NULL;
    struct bc_buf *without = bc_replay_playlist(r, &params);
    static const char EXPECTED[] =
        "#EXT-X-DATERANGE:ID=\"a\",CLASS=\"com.branchcast.cue\","
        "START-DATE=\"2026-01-01T00:00:01.500Z\",END-DATE=\"2026-01-01T00:00:02.000Z\","
        "PLANNED-DURATION=0.500,X-CUE=\"a\",X-KIND=\"text\",X-REVISION=1,"
        "X-CHANNEL=\"live/hq\",X-DATA=\"{%22text%22:%22x%22}\"\n"
        "#EXT-X-DATERANGE:ID=\"b.3\",CLASS=\"com.branchcast.cue\","
        "START-DATE=\"2026-01-01T00:00:02.100Z\",X-CUE=\"b\",X-KIND=\"text\","
        "X-REVISION=3,X-CHANNEL=\"live/hq\",X-DATA=\"{}\"\n"
        "#EXT-X-ENDLIST\n";
    size_t head = without->len - strlen("#EXT-X-ENDLIST\n");
    assert_memory_equal(with->data, without->data, head);
    assert_int_equal(with->len, head + strlen(EXPECTED));
    assert_memory_equal(with->data + head, EXPECTED, strlen(EXPECTED));
    bc_buf_unref(&with);
    bc_buf_unref(&without);
    // Those that left a window are not listed, nor those of a part of it that is still open.
    params = (struct bc_replay_playlist_params){ .form = BC_REPLAY_DVR,
        .window_us = 300000, .prefix = "", .cues = &cues };
    with = bc_replay_playlist(r, &params);
    char *text = strndup((const char *)with->data, with->len);
    assert_non_null(strstr(text, "ID=\"a\"")); // it touches the only segment
    assert_non_null(strstr(text, "ID=\"b.3\""));
    free(text);
    bc_buf_unref(&with);
    bc_recording_cues_finish(&cues);
    bc_recording_unref(&r);
}

// Only what is closed is listed: players take a segment for complete.
static void
test_a_running_one_is_an_event_of_closed_segments(void **state)
{
    struct stage *s = *state;
    struct bc_recording_writer *w = stage_create(s);
    const struct bc_recording *r = bc_recording_of(w);
    assert_null(render(r, BC_REPLAY_EVENT, 0, false, 0));
    append(s, w, 0, 5);
    assert_null(render(r, BC_REPLAY_EVENT, 0, false, 0));
    append(s, w, 5, 4);
    assert_text(render(r, BC_REPLAY_EVENT, 0, false, 0),
        "#EXTM3U\n"
        "#EXT-X-VERSION:6\n"
        "#EXT-X-TARGETDURATION:6\n"
        "#EXT-X-MEDIA-SEQUENCE:0\n"
        "#EXT-X-PLAYLIST-TYPE:EVENT\n"
        "#EXT-X-START:TIME-OFFSET=0\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        "#EXT-X-MAP:URI=\"i0.mp4\"\n"
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z\n"
        "#EXTINF:1.000000,\n"
        "s0.m4s\n");
    assert_int_equal(bc_recording_finish(&w, false, 0), 0);
}

static void
append_other(struct stage *s, struct bc_recording_writer *w, unsigned from, unsigned count)
{
    for (unsigned i = from; i < from + count; i++) {
        struct bc_recording_append a = stage_part(s, 0, i);
        a.init = s->other_init;
        assert_int_equal(bc_recording_append(w, &a), 0);
        bc_buf_unref(&a.data);
    }
}

// A window over segments of 1 s, with a break at the second: numbers as in the live
// playlist, and the break counts when its tag has left.
static void
test_a_window_slides_with_its_numbers(void **state)
{
    struct stage *s = *state;
    struct bc_recording_writer *w = stage_create(s);
    const struct bc_recording *r = bc_recording_of(w);
    append(s, w, 0, 5);
    append_other(s, w, 5, 6);
    assert_text(render(r, BC_REPLAY_DVR, 1500000, false, 0),
        "#EXTM3U\n"
        "#EXT-X-VERSION:9\n"
        "#EXT-X-TARGETDURATION:6\n"
        "#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=36.0\n"
        "#EXT-X-MEDIA-SEQUENCE:1001\n"
        "#EXT-X-DISCONTINUITY-SEQUENCE:0\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        "#EXT-X-DISCONTINUITY\n"
        "#EXT-X-MAP:URI=\"dvr/i1.mp4\"\n"
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:01.000Z\n"
        "#EXTINF:1.000000,\n"
        "dvr/s1.m4s\n");
    append_other(s, w, 11, 10);
    assert_text(render(r, BC_REPLAY_DVR, 2000000, true, 0),
        "#EXTM3U\n"
        "#EXT-X-VERSION:9\n"
        "#EXT-X-TARGETDURATION:6\n"
        "#EXT-X-MEDIA-SEQUENCE:1002\n"
        "#EXT-X-DISCONTINUITY-SEQUENCE:1\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        "#EXT-X-MAP:URI=\"dvr/i1.mp4\"\n"
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:02.000Z\n"
        "#EXTINF:1.000000,\n"
        "dvr/s2.m4s\n"
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:03.000Z\n"
        "#EXTINF:1.000000,\n"
        "dvr/s3.m4s\n"
        "#EXT-X-ENDLIST\n");
    assert_int_equal(bc_recording_finish(&w, false, 0), 0);
}

static size_t
count(const struct bc_buf *buf, const char *what)
{
    size_t n = 0;
    char *text = strndup((const char *)buf->data, buf->len);
    for (const char *p = text; (p = strstr(p, what)); p += strlen(what)) {
        n++;
    }
    free(text);
    return n;
}

// Clip and replay keep what changed: a MAP where another format begins, and again where the
// first comes back.
static void
test_each_format_has_its_map(void **state)
{
    struct stage *s = *state;
    struct bc_recording_writer *w = stage_create(s);
    append(s, w, 0, 5);
    append_other(s, w, 5, 10);
    append(s, w, 15, 5);
    struct bc_recording *r = bc_recording_ref(bc_recording_of(w));
    assert_int_equal(bc_recording_finish(&w, true, STAGE_WALL_US + 4000000), 0);
    struct bc_buf *buf = render(r, BC_REPLAY_VOD, 0, true, 0);
    assert_int_equal(count(buf, "#EXT-X-DISCONTINUITY\n"), 2);
    assert_int_equal(count(buf, "#EXT-X-MAP:URI=\"i0.mp4\"\n"), 2);
    assert_int_equal(count(buf, "#EXT-X-MAP:URI=\"i1.mp4\"\n"), 1);
    assert_int_equal(count(buf,
        "#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"i1.mp4\"\n#EXT-X-PROGRAM-DATE-TIME:"), 1);
    bc_buf_unref(&buf);
    bc_recording_unref(&r);
}

static void
test_a_delta_leaves_out_what_is_old(void **state)
{
    struct stage *s = *state;
    struct bc_recording_writer *w = stage_create(s);
    const struct bc_recording *r = bc_recording_of(w);
    append(s, w, 0, 41 * STAGE_SEGMENT_PARTS);
    append(s, w, 41 * STAGE_SEGMENT_PARTS, 1);
    // 41 segments of 1 s are closed: those that end 36 s or more before the end are 5.
    struct bc_buf *buf = render(r, BC_REPLAY_DVR, 3600000000, false, UINT64_MAX);
    assert_int_equal(count(buf, "#EXT-X-SKIP:SKIPPED-SEGMENTS=5\n#EXT-X-MAP:"), 1);
    assert_int_equal(count(buf, "#EXT-X-MEDIA-SEQUENCE:1000\n"), 1);
    assert_int_equal(count(buf, "#EXTINF:"), 36);
    bc_buf_unref(&buf);
    buf = render(r, BC_REPLAY_DVR, 3600000000, false, 1003);
    assert_int_equal(count(buf, "#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n"), 1);
    bc_buf_unref(&buf);
    // Nothing is old enough, or nothing is live any more: the full text.
    buf = render(r, BC_REPLAY_DVR, 30000000, false, UINT64_MAX);
    assert_int_equal(count(buf, "#EXT-X-SKIP"), 0);
    assert_int_equal(count(buf, "#EXTINF:"), 30);
    bc_buf_unref(&buf);
    buf = render(r, BC_REPLAY_DVR, 3600000000, true, UINT64_MAX);
    assert_int_equal(count(buf, "SKIP"), 0);
    assert_int_equal(count(buf, "#EXTINF:"), 41);
    bc_buf_unref(&buf);
    assert_int_equal(bc_recording_finish(&w, false, 0), 0);
}

// A segment of 7.4 s rounds to 7, one of 7.6 s to 8; without a keyframe at each begin
// nothing is said of independence.
static void
test_target_and_independence_are_true(void **state)
{
    struct stage *s = *state;
    struct bc_recording_writer *w = stage_create(s);
    for (unsigned i = 0; i < 37 + 38; i++) {
        struct bc_recording_append a = stage_part(s, 0, i);
        a.segment = i == 0 || i == 37;
        a.independent = i == 0;
        assert_int_equal(bc_recording_append(w, &a), 0);
        bc_buf_unref(&a.data);
        if (i == 37) {
            struct bc_buf *buf =
                render(bc_recording_of(w), BC_REPLAY_EVENT, 0, false, 0);
            assert_int_equal(count(buf, "#EXT-X-TARGETDURATION:7\n"), 1);
            assert_int_equal(count(buf, "#EXT-X-INDEPENDENT-SEGMENTS\n"), 1);
            bc_buf_unref(&buf);
        }
    }
    struct bc_recording *r = bc_recording_ref(bc_recording_of(w));
    assert_int_equal(bc_recording_finish(&w, true, STAGE_WALL_US + 15000000), 0);
    struct bc_buf *buf = render(r, BC_REPLAY_VOD, 0, true, 0);
    assert_int_equal(count(buf, "#EXT-X-TARGETDURATION:8\n"), 1);
    assert_int_equal(count(buf, "#EXTINF:7.400000,\n"), 1);
    assert_int_equal(count(buf, "#EXTINF:7.600000,\n"), 1);
    assert_int_equal(count(buf, "INDEPENDENT"), 0);
    bc_buf_unref(&buf);
    struct bc_replay_playlist_params params = { .form = BC_REPLAY_DVR, .window_us = 1,
        .prefix = "", .target_us = 9500000 };
    buf = bc_replay_playlist(r, &params);
    assert_int_equal(count(buf, "#EXT-X-TARGETDURATION:10\n"), 1);
    assert_int_equal(count(buf, "#EXTINF:"), 1); // one at least
    bc_buf_unref(&buf);
    bc_recording_unref(&r);
}

static void
test_the_variant_tells_all_codecs_and_the_peak(void **state)
{
    struct stage *s = *state;
    char folder[256];
    stage_record(s, 12, true, folder);
    struct bc_recording *r = bc_recording_open(folder);
    struct bc_recording_segment seg[3];
    assert_int_equal(bc_recording_segments(r, 0, seg, 3), 3);
    uint64_t peak = seg[0].bytes > seg[1].bytes ? seg[0].bytes : seg[1].bytes;
    uint64_t all = seg[0].bytes + seg[1].bytes + seg[2].bytes;
    long long average = (long long)((double)all * 8 / 2.4) + 1;
    long long highest = (long long)peak * 8 + 1;
    char expected[512];
    snprintf(expected, sizeof(expected),
        "#EXTM3U\n"
        "#EXT-X-VERSION:6\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=%lld,AVERAGE-BANDWIDTH=%lld,"
        "CODECS=\"avc1.7a001f,mp4a.40.2\",RESOLUTION=1280x720,FRAME-RATE=25.000,"
        "CLOSED-CAPTIONS=NONE\n"
        "main.m3u8\n",
        highest > average ? highest : average, average);
    assert_text(bc_replay_multivariant(r, "main.m3u8"), expected);
    bc_recording_unref(&r);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_an_ended_recording_is_vod),
        TEST(test_cues_are_date_ranges),
        TEST(test_a_running_one_is_an_event_of_closed_segments),
        TEST(test_a_window_slides_with_its_numbers),
        TEST(test_each_format_has_its_map),
        TEST(test_a_delta_leaves_out_what_is_old),
        TEST(test_target_and_independence_are_true),
        TEST(test_the_variant_tells_all_codecs_and_the_peak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
