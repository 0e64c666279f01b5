// SPDX-License-Identifier: Apache-2.0
#include "transmux/hls.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "hls_source.h"

#define FIRST_MSN 5000
#define SECOND 1000000

static const struct hls_layout OBS = {
    .fps_num = 30, .fps_den = 1, .gop = 60, .rate = 48000,
};
// Without sound the first part waits for it (1 s), but then nothing depends on
// interleaving.
static const struct hls_layout MUTE = { .fps_num = 30, .fps_den = 1, .gop = 60 };

struct scene {
    struct bc_hls_muxer *m;
    struct hls_source s;
};

static void
ignore_update(void *user, struct bc_hls_snapshot *snapshot)
{
    (void)user;
    (void)snapshot;
}

static void
begin(struct scene *x)
{
    static const struct bc_hls_params PARAMS = { .first_msn = FIRST_MSN };
    x->m = bc_hls_create(&PARAMS, ignore_update, NULL);
    assert_non_null(x->m);
    hls_source_init(&x->s, x->m);
}

static void
finish(struct scene *x)
{
    hls_source_finish(&x->s);
    bc_hls_destroy(x->m);
}

static enum bc_hls_answer
ask(struct scene *x, enum bc_hls_rendition rendition, const char *query)
{
    struct bc_hls_query q;
    const char *why = NULL;
    if (bc_hls_query_parse(query, strlen(query), &q) < 0) {
        return BC_HLS_BAD;
    }
    enum bc_hls_answer a =
        bc_hls_playlist_state(bc_hls_latest(x->m), rendition, &q, &why);
    assert_true((a == BC_HLS_BAD || a == BC_HLS_GONE) == (why != NULL));
    return a;
}

static enum bc_hls_answer
get(struct scene *x, const char *name, size_t *bufs)
{
    struct bc_hls_resource r;
    enum bc_hls_answer a = bc_hls_resource(bc_hls_latest(x->m), name, &r);
    *bufs = r.count;
    bc_hls_resource_finish(&r);
    return a;
}

static void
test_query_is_read(void **state)
{
    (void)state;
    struct bc_hls_query q;
    const char *text = "token=a&_HLS_msn=273&_HLS_part=2&_HLS_skip=YES&_HLS_new=1";
    assert_int_equal(bc_hls_query_parse(text, strlen(text), &q), 0);
    assert_true(q.has_msn && q.has_part && q.skip);
    assert_int_equal(q.msn, 273);
    assert_int_equal(q.part, 2);
    for (size_t len = 0; len < strlen(text); len++) {
        (void)bc_hls_query_parse(text, len, &q);
    }
    assert_int_equal(bc_hls_query_parse("", 0, &q), 0);
    assert_false(q.has_msn || q.has_part || q.skip);
    assert_int_equal(bc_hls_query_parse("_HLS_skip=v2", 12, &q), 0);
    assert_true(q.skip);
    static const char *const BAD[] = {
        "_HLS_part=1",                 // of which segment?
        "_HLS_msn=", "_HLS_msn", "_HLS_msn=-1", "_HLS_msn=1x", "_HLS_msn=+1",
        "_HLS_msn= 1",
        "_HLS_msn=9223372036854775808", // beyond 63 bits
        "_HLS_msn=99999999999999999999999",
        "_HLS_msn=1&_HLS_msn=1",
        "_HLS_msn=1&_HLS_part=1&_HLS_part=2",
        "_HLS_msn=1&_HLS_part=%31",
    };
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        assert_int_equal(bc_hls_query_parse(BAD[i], strlen(BAD[i]), &q), -EINVAL);
    }
}

static void
test_blocking_reload(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    assert_int_equal(ask(&x, BC_HLS_MAIN, "_HLS_msn=1"), BC_HLS_WAIT); // nothing yet
    // segments 5000 and 5001 are closed, 5002 has parts 0 to 3
    hls_source_run(&x.s, &MUTE, 0, 4 * SECOND + 810000);
    assert_int_equal(ask(&x, BC_HLS_MAIN, ""), BC_HLS_READY);
    assert_int_equal(ask(&x, BC_HLS_MAIN, "_HLS_msn=1"), BC_HLS_READY); // old ones, too
    assert_int_equal(ask(&x, BC_HLS_MAIN, "_HLS_msn=5001&_HLS_part=9"), BC_HLS_READY);
    assert_int_equal(ask(&x, BC_HLS_MAIN, "_HLS_msn=5001&_HLS_part=10"), BC_HLS_READY);
    assert_int_equal(ask(&x, BC_HLS_MAIN, "_HLS_msn=5002&_HLS_part=3"), BC_HLS_READY);
    assert_int_equal(ask(&x, BC_HLS_MAIN, "_HLS_msn=5002"), BC_HLS_READY);
    assert_int_equal(ask(&x, BC_HLS_MAIN, "_HLS_msn=5002&_HLS_part=4"), BC_HLS_WAIT);
    assert_int_equal(ask(&x, BC_HLS_MAIN, "_HLS_msn=5003"), BC_HLS_WAIT);
    assert_int_equal(ask(&x, BC_HLS_MAIN, "_HLS_msn=5003&_HLS_part=0"), BC_HLS_WAIT);
    assert_int_equal(ask(&x, BC_HLS_MAIN, "_HLS_msn=5004&_HLS_part=0"), BC_HLS_WAIT);
    assert_int_equal(ask(&x, BC_HLS_MAIN, "_HLS_msn=5005"), BC_HLS_BAD);
    // 15 parts of 202 ms are 3 s
    assert_int_equal(ask(&x, BC_HLS_MAIN, "_HLS_msn=5002&_HLS_part=18"), BC_HLS_WAIT);
    assert_int_equal(ask(&x, BC_HLS_MAIN, "_HLS_msn=5002&_HLS_part=19"), BC_HLS_BAD);
    assert_int_equal(ask(&x, BC_HLS_MAIN, "_HLS_msn=5003&_HLS_part=15"), BC_HLS_BAD);
    assert_int_equal(ask(&x, BC_HLS_AUDIO, ""), BC_HLS_GONE);
    finish(&x);
}

static void
test_closed_segment_waits_for_the_next(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    hls_source_run(&x.s, &MUTE, 0, 2 * SECOND);
    // ten parts, and the keyframe that would close the segment is not there
    assert_int_equal(ask(&x, BC_HLS_MAIN, "_HLS_msn=5000&_HLS_part=10"), BC_HLS_WAIT);
    hls_source_video(&x.s, 2 * SECOND, 0, true);
    // closed: the eleventh part is the first of the next segment
    assert_int_equal(ask(&x, BC_HLS_MAIN, "_HLS_msn=5000&_HLS_part=10"), BC_HLS_WAIT);
    assert_int_equal(ask(&x, BC_HLS_MAIN, "_HLS_msn=5001&_HLS_part=0"), BC_HLS_WAIT);
    assert_int_equal(ask(&x, BC_HLS_MAIN, "_HLS_msn=5001"), BC_HLS_WAIT);
    for (int64_t i = 1; i < 6; i++) {
        hls_source_video(&x.s, 2 * SECOND + i * SECOND / 30, 0, false);
    }
    assert_int_equal(ask(&x, BC_HLS_MAIN, "_HLS_msn=5000&_HLS_part=10"), BC_HLS_READY);
    assert_int_equal(ask(&x, BC_HLS_MAIN, "_HLS_msn=5001"), BC_HLS_READY);
    finish(&x);
}

static void
test_pause_keeps_players_and_end_lets_them_go(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    hls_source_run(&x.s, &MUTE, 0, 2 * SECOND + 300000);
    bc_hls_pause(x.m);
    assert_int_equal(ask(&x, BC_HLS_MAIN, "_HLS_msn=5001&_HLS_part=1"), BC_HLS_READY);
    assert_int_equal(ask(&x, BC_HLS_MAIN, "_HLS_msn=5002&_HLS_part=0"), BC_HLS_WAIT);
    size_t n;
    assert_int_equal(get(&x, "main_5000.12.m4s", &n), BC_HLS_WAIT);
    bc_hls_end(x.m);
    assert_true(bc_hls_snapshot_ended(bc_hls_latest(x.m)));
    assert_int_equal(ask(&x, BC_HLS_MAIN, "_HLS_msn=5002&_HLS_part=0"), BC_HLS_READY);
    assert_int_equal(get(&x, "main_5000.12.m4s", &n), BC_HLS_GONE);
    assert_int_equal(get(&x, "main_5001.m4s", &n), BC_HLS_READY);
    finish(&x);
}

static void
test_end_without_media_is_gone(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    bc_hls_end(x.m);
    assert_false(bc_hls_snapshot_playable(bc_hls_latest(x.m)));
    assert_int_equal(ask(&x, BC_HLS_MAIN, ""), BC_HLS_GONE);
    assert_null(bc_hls_multivariant(bc_hls_latest(x.m), ""));
    finish(&x);
}

static void
test_media_is_found_by_name(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    hls_source_run(&x.s, &OBS, 0, 4 * SECOND + 500000);
    size_t n;
    assert_int_equal(get(&x, "main_5000.m4s", &n), BC_HLS_READY);
    assert_int_equal(n, 10);
    assert_int_equal(get(&x, "main_5000.0.m4s", &n), BC_HLS_READY);
    assert_int_equal(n, 1);
    assert_int_equal(get(&x, "main_5000.21.m4s", &n), BC_HLS_READY);
    assert_int_equal(get(&x, "main_5000.22.m4s", &n), BC_HLS_WAIT);
    assert_int_equal(get(&x, "main_5000.23.m4s", &n), BC_HLS_GONE);
    assert_int_equal(get(&x, "main_5001.m4s", &n), BC_HLS_READY);
    assert_int_equal(get(&x, "main_5002.m4s", &n), BC_HLS_WAIT);
    assert_int_equal(get(&x, "main_init_5000.mp4", &n), BC_HLS_READY);
    assert_int_equal(get(&x, "audio_init_5000.mp4", &n), BC_HLS_READY);
    assert_int_equal(get(&x, "audio_5000.m4s", &n), BC_HLS_READY);
    static const char *const NONE[] = {
        "", "main", "main.m3u8", "main_", "main_.m4s", "main_5003.m4s", "main_4999.m4s",
        "main_init_5001.mp4", "main_init_5000.m4s", "main_init_.mp4", "main_5000.mp4",
        "main_5001.0.m4s", "main_05000.m4s", "main_5000.00.m4s", "main_5000..m4s",
        "main_5000.1.m4s.", "main_5000m4s", "main_5000.1m4s", "Main_5000.m4s",
        "main_5000.18446744073709551616.m4s", "main_99999999999999999999999.m4s",
        "main_init_5000.1.mp4", "video_5000.m4s", "main_-1.m4s", "main_5000.m4s/../x",
    };
    for (size_t i = 0; i < sizeof(NONE) / sizeof(NONE[0]); i++) {
        if (get(&x, NONE[i], &n) != BC_HLS_GONE) {
            fail_msg("\"%s\" was found", NONE[i]);
        }
        assert_int_equal(n, 0);
    }
    struct bc_hls_resource r;
    assert_int_equal(bc_hls_resource(NULL, "main_5000.m4s", &r), BC_HLS_GONE);
    assert_int_equal(bc_hls_resource(bc_hls_latest(x.m), "audio_5000.m4s", &r),
        BC_HLS_READY);
    assert_string_equal(r.content_type, "audio/mp4");
    bc_hls_resource_finish(&r);
    finish(&x);
}

static void
test_playlist_names(void **state)
{
    (void)state;
    enum bc_hls_rendition r = BC_HLS_MAIN;
    assert_true(bc_hls_playlist_name("audio.m3u8", &r));
    assert_int_equal(r, BC_HLS_AUDIO);
    assert_true(bc_hls_playlist_name("main.m3u8", &r));
    assert_int_equal(r, BC_HLS_MAIN);
    assert_false(bc_hls_playlist_name("index.m3u8", &r));
    assert_false(bc_hls_playlist_name("main.m3u", &r));
    assert_false(bc_hls_playlist_name("", &r));
}

static void
test_multivariant_says_what_there_is(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    hls_source_set_video(&x.s, 30000, 1001, 42);
    struct hls_layout l = OBS;
    l.fps_num = 30000;
    l.fps_den = 1001;
    hls_source_run(&x.s, &l, 0, 10 * SECOND);
    struct bc_buf *text = bc_hls_multivariant(bc_hls_latest(x.m), "s/4f2a/");
    unsigned peak;
    unsigned average;
    const char *inf = strstr((char *)text->data, "#EXT-X-STREAM-INF:");
    assert_non_null(inf);
    assert_int_equal(sscanf(inf, "#EXT-X-STREAM-INF:BANDWIDTH=%u,AVERAGE-BANDWIDTH=%u,",
        &peak, &average), 2);
    // a second of it: about 30 frames of 120 bytes, one of 900 and 47 of 40 bytes of
    // sound, and boxes
    assert_in_range(average, 8 * 6000, 8 * 9500);
    assert_in_range(peak, average, average * 11 / 10);
    assert_non_null(strstr(inf, ",CODECS=\"avc1.64002a,mp4a.40.2\",RESOLUTION=1280x720,"
        "FRAME-RATE=29.970,CLOSED-CAPTIONS=NONE\ns/4f2a/main.m3u8\n"));
    assert_non_null(strstr(inf, ",CODECS=\"mp4a.40.2\"\ns/4f2a/audio.m3u8\n"));
    bc_buf_unref(&text);
    finish(&x);
}

static void
test_gzip_is_the_same_text(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    hls_source_run(&x.s, &OBS, 0, 40 * SECOND);
    struct bc_hls_snapshot *s = bc_hls_latest(x.m);
    for (int delta = 0; delta < 2; delta++) {
        struct bc_buf *plain = bc_hls_playlist(s, BC_HLS_MAIN, delta, false);
        struct bc_buf *packed = bc_hls_playlist(s, BC_HLS_MAIN, delta, true);
        assert_non_null(packed);
        assert_true(packed->len * 3 < plain->len);
        uint8_t out[65536];
        z_stream z = { .next_in = packed->data, .avail_in = (uInt)packed->len,
            .next_out = out, .avail_out = sizeof(out) };
        assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
        assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
        assert_int_equal(z.total_out, plain->len);
        assert_memory_equal(out, plain->data, plain->len);
        inflateEnd(&z);
        bc_buf_unref(&plain);
        bc_buf_unref(&packed);
    }
    finish(&x);
}

#define WAITERS 1000
#define THREADS 4

// A worker's part of the waiting requests, which all wake up with one snapshot.
static void *
answer_waiters(void *arg)
{
    struct bc_hls_snapshot *s = arg;
    struct bc_buf *first = NULL;
    for (int i = 0; i < WAITERS / THREADS; i++) {
        struct bc_buf *text = bc_hls_playlist(s, BC_HLS_MAIN, true, true);
        if (!first) {
            first = bc_buf_ref(text);
        }
        first = text == first ? first : NULL;
        bc_buf_unref(&text);
    }
    return first;
}

static void
test_thousand_waiters_cost_one_rendering(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    hls_source_run(&x.s, &OBS, 0, 60 * SECOND);
    struct bc_hls_snapshot *s = bc_hls_snapshot_ref(bc_hls_latest(x.m));
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, answer_waiters, s), 0);
    }
    struct bc_buf *texts[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        void *ret;
        pthread_join(threads[i], &ret);
        texts[i] = ret;
        assert_ptr_equal(texts[i], texts[0]);
    }
    assert_non_null(texts[0]);
    for (size_t i = 0; i < THREADS; i++) {
        bc_buf_unref(&texts[i]);
    }
    struct bc_hls_stats stats;
    bc_hls_snapshot_stats(s, &stats);
    assert_int_equal(stats.renderings, 1);
    assert_int_equal(stats.compressions, 1);
    bc_hls_snapshot_unref(&s);
    finish(&x);
}

static void
test_snapshot_outlives_its_muxer(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    hls_source_run(&x.s, &OBS, 0, 5 * SECOND);
    struct bc_hls_snapshot *s = bc_hls_snapshot_ref(bc_hls_latest(x.m));
    finish(&x);
    struct bc_hls_resource r;
    assert_int_equal(bc_hls_resource(s, "main_5001.m4s", &r), BC_HLS_READY);
    bc_hls_snapshot_unref(&s);
    assert_memory_equal(r.bufs[0]->data + 4, "moof", 4);
    bc_hls_resource_finish(&r);
}

static void
test_packets_that_do_not_fit_are_passed_over(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    struct bc_track *mp3 = bc_track_create(BC_KIND_AUDIO, BC_CODEC_MP3);
    struct bc_packet *p =
        bc_packet_create(BC_KIND_AUDIO, mp3, bc_buf_copy("x", 1), NULL, 1);
    bc_hls_push(x.m, p, 0);
    bc_packet_unref(&p);
    p = bc_packet_create(BC_KIND_SCRIPT, NULL, bc_buf_copy("x", 1), NULL, 1);
    bc_hls_push(x.m, p, 0);
    bc_packet_unref(&p);
    bc_track_unref(&mp3);
    hls_source_video(&x.s, -40000, 0, true); // before the broadcast
    bc_hls_pause(x.m);
    assert_null(bc_hls_latest(x.m));
    hls_source_run(&x.s, &OBS, 0, 3 * SECOND);
    assert_true(bc_hls_snapshot_playable(bc_hls_latest(x.m)));
    finish(&x);
}

static void
test_params_are_brought_to_reason(void **state)
{
    (void)state;
    struct bc_hls_params params = {
        .part_us = 1, .segment_us = 100 * SECOND, .target_us = 2500000, .window_us = 1,
    };
    struct scene x;
    x.m = bc_hls_create(&params, ignore_update, NULL);
    hls_source_init(&x.s, x.m);
    hls_source_run(&x.s, &OBS, 0, 40 * SECOND);
    struct bc_buf *text = bc_hls_playlist(bc_hls_latest(x.m), BC_HLS_MAIN, false, false);
    assert_non_null(strstr((char *)text->data, "#EXT-X-TARGETDURATION:3\n"));
    assert_non_null(strstr((char *)text->data, "CAN-SKIP-UNTIL=18.000,HOLD-BACK=9.000,"));
    assert_non_null(strstr((char *)text->data, "PART-TARGET=0.136\n"));
    assert_int_equal(bc_hls_snapshot_target_us(bc_hls_latest(x.m)), 3 * SECOND);
    bc_buf_unref(&text);
    finish(&x);
    bc_hls_destroy(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_query_is_read),
        cmocka_unit_test(test_blocking_reload),
        cmocka_unit_test(test_closed_segment_waits_for_the_next),
        cmocka_unit_test(test_pause_keeps_players_and_end_lets_them_go),
        cmocka_unit_test(test_end_without_media_is_gone),
        cmocka_unit_test(test_media_is_found_by_name),
        cmocka_unit_test(test_playlist_names),
        cmocka_unit_test(test_multivariant_says_what_there_is),
        cmocka_unit_test(test_gzip_is_the_same_text),
        cmocka_unit_test(test_thousand_waiters_cost_one_rendering),
        cmocka_unit_test(test_snapshot_outlives_its_muxer),
        cmocka_unit_test(test_packets_that_do_not_fit_are_passed_over),
        cmocka_unit_test(test_params_are_brought_to_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
