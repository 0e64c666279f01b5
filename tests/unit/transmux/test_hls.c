// SPDX-License-Identifier: Apache-2.0
#include "transmux/hls.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hls_checker.h"
#include "hls_source.h"

#define FIRST_MSN 850000000
#define FIRST_DSEQ (FIRST_MSN % 251)
#define SECOND 1000000

// A muxer under the checker's eyes, fed by a source.
struct scene {
    struct hls_checker *c;
    struct bc_hls_muxer *m;
    struct hls_source s;
};

static void
begin(struct scene *x)
{
    static const struct bc_hls_params PARAMS = { .first_msn = FIRST_MSN };
    x->c = hls_checker_create();
    x->m = bc_hls_create(&PARAMS, hls_checker_update, x->c);
    assert_non_null(x->m);
    hls_source_init(&x->s, x->m);
}

static void
finish(struct scene *x)
{
    if (!bc_hls_latest(x->m) || !bc_hls_snapshot_ended(bc_hls_latest(x->m))) {
        bc_hls_end(x->m);
        assert_true(x->c->lists[0].updates == 0 || x->c->lists[0].tail.ended);
    }
    for (int i = 0; i < BC_HLS_RENDITIONS; i++) {
        assert_int_equal(x->c->lists[i].overlaps, 0);
    }
    hls_source_finish(&x->s);
    bc_hls_destroy(x->m);
    free(x->c);
}

static struct check_segment *
main_segment(struct scene *x, uint64_t i)
{
    return hls_checker_segment(x->c, BC_HLS_MAIN, FIRST_MSN + i);
}

static struct check_segment *
audio_segment(struct scene *x, uint64_t i)
{
    return hls_checker_segment(x->c, BC_HLS_AUDIO, FIRST_MSN + i);
}

static size_t
count_discontinuities(struct scene *x, enum bc_hls_rendition rendition)
{
    const struct check_list *l = &x->c->lists[rendition];
    size_t n = 0;
    for (uint64_t msn = l->base_msn; msn < l->next_msn; msn++) {
        n += hls_checker_segment(x->c, rendition, msn)->discontinuity;
    }
    return n;
}

static void
count_update(void *user, struct bc_hls_snapshot *snapshot)
{
    (void)snapshot;
    ++*(unsigned *)user;
}

static const struct hls_layout OBS = {
    .fps_num = 30, .fps_den = 1, .gop = 60, .rate = 48000, .whole_ms = true,
};

static void
test_steady_stream_makes_even_parts(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    hls_source_run(&x.s, &OBS, 0, 20 * SECOND);
    const struct check_list *l = &x.c->lists[BC_HLS_MAIN];
    assert_int_equal(l->header.part_target_us, 202000);
    assert_int_equal(l->header.target_s, 4);
    assert_true(l->header.independent);
    assert_int_equal(l->next_msn, FIRST_MSN + 10);
    for (uint64_t i = 0; i < 9; i++) {
        const struct check_segment *s = main_segment(&x, i);
        assert_int_equal(s->part_count, 10);
        assert_in_range(s->extinf_us, 1999000, 2001000);
        assert_int_equal(s->discontinuity, 0);
        assert_int_equal(audio_segment(&x, i)->part_count, 11);
        assert_in_range(audio_segment(&x, i)->extinf_us, 1980000, 2030000);
        assert_true(llabs(audio_segment(&x, i)->pdt_us - s->pdt_us) < 22000);
    }
    assert_int_equal(main_segment(&x, 0)->pdt_us, WALL_START_US);
    assert_int_equal(l->holes + l->short_parts + x.c->lists[BC_HLS_AUDIO].holes, 0);
    assert_int_equal(main_segment(&x, 0)->dseq, FIRST_DSEQ);
    finish(&x);
}

static void
test_part_is_out_with_its_last_frame(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    struct hls_layout l = { .fps_num = 30, .fps_den = 1, .gop = 60 };
    // no sound: the track wait passes first
    hls_source_run(&x.s, &l, 0, 2 * SECOND - 1000);
    // 60 frames are ten parts; the tenth did not wait for the 61st frame
    assert_int_equal(x.c->lists[0].parts, 10);
    struct bc_hls_stats stats;
    bc_hls_snapshot_stats(bc_hls_latest(x.m), &stats);
    assert_int_equal(stats.parts, 10);
    assert_int_equal(stats.last_part_arrived_us, 59 * SECOND / 30);
    assert_int_equal(stats.last_part_wall_us, WALL_START_US + 2 * SECOND);
    assert_int_equal(stats.last_msn, FIRST_MSN);
    finish(&x);
}

struct rate {
    struct hls_layout layout;
    int64_t part_target_us;
    size_t parts;
};

static void
test_frame_rates_fill_their_parts(void **state)
{
    (void)state;
    static const struct rate RATES[] = {
        { { 24, 1, 48, 44100, 0, 0, true, 0 }, 169000, 12 },
        { { 25, 1, 50, 48000, 80000, 0, true, 0 }, 202000, 10 },
        { { 30000, 1001, 60, 44100, 66000, 0, false, 0 }, 203000, 10 },
        { { 50, 1, 100, 48000, 0, 0, true, 0 }, 202000, 10 },
        { { 60, 1, 120, 48000, 33000, 0, true, 0 }, 202000, 10 },
        { { 15, 1, 30, 48000, 0, 0, true, 0 }, 202000, 10 },
        { { 5, 1, 10, 0, 0, 0, true, 0 }, 202000, 10 },
        { { 2, 1, 4, 0, 0, 0, true, 0 }, 502000, 4 },
    };
    for (size_t i = 0; i < sizeof(RATES) / sizeof(RATES[0]); i++) {
        struct scene x;
        begin(&x);
        const struct hls_layout *l = &RATES[i].layout;
        hls_source_set_video(&x.s, (uint32_t)l->fps_num, (uint32_t)l->fps_den, 40);
        hls_source_set_audio(&x.s, l->rate > 0 ? (uint32_t)l->rate : 48000);
        hls_source_run(&x.s, l, 0, 30 * SECOND);
        assert_int_equal(x.c->lists[0].header.part_target_us, RATES[i].part_target_us);
        assert_int_equal(main_segment(&x, 5)->part_count, RATES[i].parts);
        assert_int_equal(x.c->lists[0].holes, 0);
        assert_int_equal(x.c->lists[1].holes, 0);
        assert_int_equal(x.c->lists[0].short_parts, 0);
        finish(&x);
    }
}

static void
test_jitter_and_unknown_rate_keep_the_rules(void **state)
{
    (void)state;
    static const int64_t FPS[] = { 7, 11, 13, 18, 23, 24, 29, 30, 47, 60, 90 };
    for (size_t i = 0; i < sizeof(FPS) / sizeof(FPS[0]); i++) {
        for (int64_t jitter = 0; jitter <= 20; jitter += 10) {
            struct scene x;
            begin(&x);
            hls_source_set_video(&x.s, 0, 0, 40);
            struct hls_layout l = { FPS[i], 1, 2 * FPS[i] + 1, 48000, 0,
                jitter * 10000 / FPS[i], true, 0 };
            hls_source_run(&x.s, &l, 0, 12 * SECOND);
            assert_true(x.c->lists[0].next_msn >= FIRST_MSN + 4);
            finish(&x);
        }
    }
}

static void
test_long_gop_is_cut_by_force(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    struct hls_layout l = OBS;
    l.gop = 250; // OBS with "keyframe interval 0"
    hls_source_run(&x.s, &l, 0, 30 * SECOND);
    assert_false(x.c->lists[0].header.independent);
    assert_true(x.c->lists[1].header.independent);
    assert_in_range(main_segment(&x, 0)->extinf_us, 3900000, 4000000);
    assert_true(main_segment(&x, 0)->parts[0].independent);
    assert_false(main_segment(&x, 1)->parts[0].independent);
    finish(&x);
}

static void
test_keyframe_begins_a_part(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    struct hls_layout l = OBS;
    l.gop = 15; // every 500 ms: not a multiple of the parts
    hls_source_run(&x.s, &l, 0, 20 * SECOND);
    const struct check_segment *s = main_segment(&x, 2);
    assert_true(s->parts[0].independent);
    size_t independent = 0;
    for (size_t i = 0; i < s->part_count; i++) {
        independent += s->parts[i].independent;
    }
    assert_true(independent >= 2);
    assert_true(x.c->lists[0].header.independent);
    finish(&x);
}

static void
test_new_epoch_is_a_discontinuity_in_both(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    hls_source_run(&x.s, &OBS, 0, 5 * SECOND);
    bc_hls_pause(x.m);
    assert_false(x.c->lists[0].open);
    assert_int_equal(x.c->lists[0].next_msn, FIRST_MSN + 3);
    x.s.epoch = 2;
    x.s.flags = BC_PACKET_NEW_EPOCH;
    x.s.wall_offset_us += 7 * SECOND; // the host was away
    hls_source_run(&x.s, &OBS, 5 * SECOND, 10 * SECOND);
    const struct check_segment *s = main_segment(&x, 3);
    assert_true(s->discontinuity && audio_segment(&x, 3)->discontinuity);
    assert_int_equal(s->dseq, FIRST_DSEQ + 1);
    assert_string_equal(s->map, "main_init_850000003.mp4");
    assert_string_equal(main_segment(&x, 4)->map, "main_init_850000003.mp4");
    assert_string_equal(audio_segment(&x, 3)->map, "audio_init_850000003.mp4");
    assert_int_equal(s->pdt_us, WALL_START_US + 12 * SECOND);
    assert_int_equal(x.c->lists[0].holes, 0);
    // and the clock of a server that was set back does not turn the dates back
    x.s.epoch = 3;
    x.s.wall_offset_us -= 3600 * (int64_t)SECOND;
    hls_source_run(&x.s, &OBS, 10 * SECOND, 15 * SECOND);
    assert_true(x.c->lists[0].next_msn >= FIRST_MSN + 8);
    finish(&x);
}

static void
test_discontinuities_leave_with_their_segments(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    int64_t at_us = 0;
    for (uint32_t epoch = 1; epoch <= 30; epoch++) {
        x.s.epoch = epoch;
        hls_source_run(&x.s, &OBS, at_us, at_us + 4 * SECOND);
        at_us += 4 * SECOND;
    }
    // the checker compares counter plus tags of each segment in every playlist
    assert_int_equal(main_segment(&x, 58)->dseq, FIRST_DSEQ + 29);
    assert_true(x.c->lists[0].header.dseq > FIRST_DSEQ + 10);
    assert_true(x.c->lists[0].header.msn > FIRST_MSN + 20);
    finish(&x);
}

static void
test_format_change_makes_an_epoch(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    hls_source_run(&x.s, &OBS, 0, 4 * SECOND);
    hls_source_set_video(&x.s, 30, 1, 31); // the same again in another object
    hls_source_run(&x.s, &OBS, 4 * SECOND, 8 * SECOND);
    assert_false(main_segment(&x, 2)->discontinuity);
    hls_source_set_video(&x.s, 30, 1, 42);
    hls_source_run(&x.s, &OBS, 8 * SECOND, 12 * SECOND);
    assert_true(main_segment(&x, 4)->discontinuity);
    struct bc_buf *text = bc_hls_multivariant(bc_hls_latest(x.m), "");
    assert_non_null(strstr((char *)text->data, "CODECS=\"avc1.64002a,mp4a.40.2\""));
    bc_buf_unref(&text);
    finish(&x);
}

static void
test_audio_alone_is_the_main_playlist(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    struct hls_layout l = { .rate = 48000 };
    hls_source_run(&x.s, &l, 0, 10 * SECOND);
    assert_int_equal(x.c->lists[1].updates, 0);
    assert_false(bc_hls_snapshot_has(bc_hls_latest(x.m), BC_HLS_AUDIO));
    assert_int_equal(x.c->lists[0].header.part_target_us, 194000);
    assert_true(main_segment(&x, 2)->parts[4].independent);
    struct bc_buf *text = bc_hls_multivariant(bc_hls_latest(x.m), "s/1/");
    assert_non_null(strstr((char *)text->data, "CODECS=\"mp4a.40.2\"\ns/1/main.m3u8\n"));
    assert_null(strstr((char *)text->data, "audio.m3u8"));
    assert_null(strstr((char *)text->data, "RESOLUTION"));
    bc_buf_unref(&text);
    finish(&x);
}

static void
test_track_that_comes_late_begins_an_epoch(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    struct hls_layout mute = OBS;
    mute.rate = 0;
    hls_source_run(&x.s, &mute, 0, 6 * SECOND);
    assert_int_equal(x.c->lists[1].updates, 0);
    hls_source_run(&x.s, &OBS, 6 * SECOND, 12 * SECOND);
    // with the next keyframe, so that the picture does not stand still
    assert_false(main_segment(&x, 3)->discontinuity);
    assert_true(main_segment(&x, 4)->discontinuity);
    assert_in_range(main_segment(&x, 3)->extinf_us, 1990000, 2010000);
    // the audio playlist begins where the sound does, with the main playlist's numbers
    assert_int_equal(x.c->lists[1].base_msn, FIRST_MSN + 4);
    assert_int_equal(x.c->lists[1].header.dseq, FIRST_DSEQ);
    finish(&x);
}

static void
test_sound_that_stops_leaves_gaps(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    struct hls_layout mute = OBS;
    mute.rate = 0;
    hls_source_run(&x.s, &OBS, 0, 6 * SECOND);
    hls_source_run(&x.s, &mute, 6 * SECOND, 20 * SECOND);
    hls_source_run(&x.s, &OBS, 20 * SECOND, 26 * SECOND);
    assert_int_equal(x.c->lists[0].next_msn, x.c->lists[1].next_msn);
    size_t gaps = 0;
    for (uint64_t i = 0; i < 12; i++) {
        const struct check_segment *a = audio_segment(&x, i);
        gaps += a->gap;
        assert_int_equal(a->discontinuity, main_segment(&x, i)->discontinuity);
        assert_int_equal(a->dseq, main_segment(&x, i)->dseq);
    }
    assert_in_range(gaps, 5, 8);
    finish(&x);
}

static void
test_picture_that_stops_leaves_the_sound(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    struct hls_layout dark = OBS;
    dark.fps_num = 0;
    hls_source_run(&x.s, &OBS, 0, 6 * SECOND);
    hls_source_run(&x.s, &dark, 6 * SECOND, 20 * SECOND);
    assert_true(main_segment(&x, 3)->discontinuity);
    assert_true(main_segment(&x, 4)->parts[1].independent);
    hls_source_run(&x.s, &OBS, 20 * SECOND, 26 * SECOND);
    assert_int_equal(x.c->lists[0].next_msn, x.c->lists[1].next_msn);
    assert_in_range(x.c->lists[0].next_msn, FIRST_MSN + 11, FIRST_MSN + 16);
    finish(&x);
}

static void
test_pause_of_both_in_one_epoch_is_a_hole(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    hls_source_run(&x.s, &OBS, 0, 3 * SECOND);
    // nothing for 8 s, and then the sound comes first
    hls_source_audio(&x.s, 11 * SECOND);
    hls_source_run(&x.s, &OBS, 11 * SECOND + 21000, 15 * SECOND);
    assert_true(x.c->lists[0].holes > 0);
    assert_int_equal(count_discontinuities(&x, BC_HLS_MAIN), 0);
    finish(&x);
}

static void
test_lag_is_a_hole_and_no_long_part(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    int64_t at_us = 0;
    for (int i = 0; i < 600; i++) {
        hls_source_video(&x.s, at_us, 0, i % 60 == 0);
        // a lagging frame now and then
        at_us += i % 40 == 7 ? 450000 : i % 25 == 3 ? 90000 : 33333;
    }
    assert_true(x.c->lists[0].holes >= 14);
    finish(&x);
}

static void
test_window_is_bounded(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    hls_source_run(&x.s, &OBS, 0, 180 * SECOND);
    const struct check_list *l = &x.c->lists[0];
    assert_int_equal(l->next_msn - l->header.msn, 31);
    struct bc_hls_stats stats;
    bc_hls_snapshot_stats(bc_hls_latest(x.m), &stats);
    assert_true(stats.window_bytes < 2 * 75 * (30 * 250 + 50 * 150));
    struct bc_hls_resource r;
    char name[CHECK_TEXT];
    snprintf(name, sizeof(name), "main_%" PRIu64 ".m4s", l->header.msn - 8);
    assert_int_equal(bc_hls_resource(bc_hls_latest(x.m), name, &r), BC_HLS_GONE);
    finish(&x);
}

static void
test_bytes_are_bounded(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    bc_hls_destroy(x.m);
    struct bc_hls_params params = { .first_msn = FIRST_MSN, .window_bytes = 100000 };
    x.m = bc_hls_create(&params, count_update, &x.c->updates);
    x.s.m = x.m;
    hls_source_run(&x.s, &OBS, 0, 60 * SECOND);
    struct bc_hls_stats stats;
    bc_hls_snapshot_stats(bc_hls_latest(x.m), &stats);
    assert_true(stats.window_bytes < 2 * 100000);
    assert_true(x.c->updates > 500);
    finish(&x);
}

static void
test_end_closes_the_playlists(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    hls_source_run(&x.s, &OBS, 0, 5 * SECOND + 100000);
    char hint[CHECK_TEXT];
    strcpy(hint, x.c->lists[0].tail.hint);
    bc_hls_end(x.m);
    assert_true(x.c->lists[0].tail.ended && x.c->lists[1].tail.ended);
    assert_int_equal(x.c->lists[0].open, false);
    unsigned updates = x.c->updates;
    hls_source_run(&x.s, &OBS, 6 * SECOND, 7 * SECOND);
    bc_hls_end(x.m);
    bc_hls_pause(x.m);
    assert_int_equal(x.c->updates, updates);
    struct bc_hls_query q = { .has_msn = true, .msn = UINT64_MAX >> 1 };
    assert_int_equal(bc_hls_playlist_state(bc_hls_latest(x.m), BC_HLS_MAIN, &q, NULL),
        BC_HLS_READY);
    finish(&x);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steady_stream_makes_even_parts),
        cmocka_unit_test(test_part_is_out_with_its_last_frame),
        cmocka_unit_test(test_frame_rates_fill_their_parts),
        cmocka_unit_test(test_jitter_and_unknown_rate_keep_the_rules),
        cmocka_unit_test(test_long_gop_is_cut_by_force),
        cmocka_unit_test(test_keyframe_begins_a_part),
        cmocka_unit_test(test_new_epoch_is_a_discontinuity_in_both),
        cmocka_unit_test(test_discontinuities_leave_with_their_segments),
        cmocka_unit_test(test_format_change_makes_an_epoch),
        cmocka_unit_test(test_audio_alone_is_the_main_playlist),
        cmocka_unit_test(test_track_that_comes_late_begins_an_epoch),
        cmocka_unit_test(test_sound_that_stops_leaves_gaps),
        cmocka_unit_test(test_picture_that_stops_leaves_the_sound),
        cmocka_unit_test(test_pause_of_both_in_one_epoch_is_a_hole),
        cmocka_unit_test(test_lag_is_a_hole_and_no_long_part),
        cmocka_unit_test(test_window_is_bounded),
        cmocka_unit_test(test_bytes_are_bounded),
        cmocka_unit_test(test_end_closes_the_playlists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
