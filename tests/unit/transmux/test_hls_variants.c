// SPDX-License-Identifier: Apache-2.0
// Hosts that send several qualities, under the checker's eyes: whatever the smaller ones
// do, every playlist keeps the rules and nobody waits for them.
#include "transmux/hls.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hls_checker.h"
#include "hls_source.h"

#define FIRST_MSN 7000
#define SECOND 1000000
#define FRAME (SECOND / 30)

struct scene {
    struct hls_checker *c;
    struct bc_hls_muxer *m;
    struct hls_source s;
};

static void
begin_with(struct scene *x, const struct bc_hls_params *params)
{
    x->c = hls_checker_create();
    x->m = bc_hls_create(params, hls_checker_update, x->c);
    assert_non_null(x->m);
    hls_source_init(&x->s, x->m);
}

static void
begin(struct scene *x)
{
    static const struct bc_hls_params PARAMS = { .first_msn = FIRST_MSN };
    begin_with(x, &PARAMS);
}

static void
finish(struct scene *x)
{
    bc_hls_end(x->m);
    for (int i = 0; i < BC_HLS_RENDITIONS; i++) {
        struct check_list *l = &x->c->lists[i];
        assert_int_equal(l->overlaps, 0);
        assert_true(l->updates == 0 || l->tail.ended);
        // closed with the same number as the main one
        assert_true(l->updates == 0 || l->next_msn == x->c->lists[0].next_msn);
    }
    hls_source_finish(&x->s);
    bc_hls_destroy(x->m);
    free(x->c);
}

// What a smaller picture does in a stretch of time.
struct small {
    bool comes;
    int64_t late_us; // its stamps behind the main ones
    int64_t gop;     // frames; 0: as the main one
    int64_t phase;   // frames by which its keyframes come after the main ones
};

// [from, to) at 30 frames a second, GOPs of 60, sound with it; `small` for renditions 1
// to 3.
static void
run(struct scene *x, const struct small small[3], int64_t from_us, int64_t to_us)
{
    int64_t sound = from_us * 48000 / SECOND / 1024 + (from_us > 0);
    for (int64_t i = from_us / FRAME;; i++) {
        int64_t at_us = i * SECOND / 30;
        if (at_us >= to_us) {
            return;
        }
        for (uint8_t r = 3; r-- > 0;) {
            int64_t gop = small[r].gop ? small[r].gop : 60;
            bool key = (i - small[r].phase) % gop == 0;
            if (small[r].comes && at_us >= from_us) {
                hls_source_small(&x->s, (uint8_t)(r + 1), at_us + small[r].late_us, key);
            }
        }
        if (at_us >= from_us) {
            hls_source_video(&x->s, at_us, 0, i % 60 == 0);
        }
        for (; sound * 1024 * SECOND / 48000 < at_us + FRAME; sound++) {
            hls_source_audio(&x->s, sound * 1024 * SECOND / 48000);
        }
    }
}

static struct check_segment *
segment(struct scene *x, enum bc_hls_rendition rendition, uint64_t i)
{
    return hls_checker_segment(x->c, rendition, FIRST_MSN + i);
}

static bool
is_offered(struct scene *x, const char *name)
{
    struct bc_buf *text = bc_hls_multivariant(bc_hls_latest(x->m), "p/");
    bool found = strstr((const char *)text->data, name) != NULL;
    bc_buf_unref(&text);
    return found;
}

static const struct small BOTH[3] = { { .comes = true }, { .comes = true } };

static void
test_renditions_are_cut_with_the_main_one(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    run(&x, BOTH, 0, 20 * SECOND);
    for (int r = BC_HLS_V1; r <= BC_HLS_V2; r++) {
        const struct check_list *l = &x.c->lists[r];
        assert_true(l->header.independent);
        assert_int_equal(l->holes, 0);
        assert_int_equal(l->next_msn, x.c->lists[0].next_msn);
        for (uint64_t i = 0; i < 9; i++) {
            const struct check_segment *s = segment(&x, (enum bc_hls_rendition)r, i);
            const struct check_segment *main = segment(&x, BC_HLS_MAIN, i);
            assert_int_equal(s->pdt_us, main->pdt_us);
            assert_in_range(s->extinf_us, 1999000, 2001000);
            assert_int_equal(s->part_count, main->part_count);
        }
        assert_true(l->decodes[1] && l->decodes[2]); // with the sound inside
    }
    assert_int_equal(x.c->lists[BC_HLS_V3].updates, 0);
    finish(&x);
}

static void
test_multivariant_names_each_quality(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    run(&x, BOTH, 0, 10 * SECOND);
    struct bc_buf *buf = bc_hls_multivariant(bc_hls_latest(x.m), "s/1/");
    const char *text = (const char *)buf->data;
    static const char *const LINES[] = {
        "#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-STREAM-INF:",
        ",CODECS=\"avc1.64001f,mp4a.40.2\",RESOLUTION=1280x720,FRAME-RATE=30.000,"
        "CLOSED-CAPTIONS=NONE\ns/1/main.m3u8\n",
        ",CODECS=\"avc1.64001e,mp4a.40.2\",RESOLUTION=640x360,FRAME-RATE=30.000,"
        "CLOSED-CAPTIONS=NONE\ns/1/v1.m3u8\n",
        ",CODECS=\"avc1.64001e,mp4a.40.2\",RESOLUTION=320x180,FRAME-RATE=30.000,"
        "CLOSED-CAPTIONS=NONE\ns/1/v2.m3u8\n",
        ",CODECS=\"mp4a.40.2\"\ns/1/audio.m3u8\n",
    };
    for (size_t i = 0; i < sizeof(LINES) / sizeof(LINES[0]); i++) {
        const char *found = strstr(text, LINES[i]);
        assert_non_null(found);
        text = found;
    }
    bc_buf_unref(&buf);
    finish(&x);
}

// The first who asks is not told of the main picture alone.
static void
test_all_are_named_from_the_first_moment(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    bool complete = false;
    for (int64_t us = 0; us < 2 * SECOND && !complete; us += 100000) {
        run(&x, BOTH, us, us + 100000);
        struct bc_hls_snapshot *s = bc_hls_latest(x.m);
        complete = s && bc_hls_snapshot_complete(s);
    }
    assert_true(complete);
    assert_true(is_offered(&x, "p/v1.m3u8") && is_offered(&x, "p/v2.m3u8"));
    assert_true(x.c->lists[0].parts < 3);
    finish(&x);
}

// Stamps of layers differ by some milliseconds: their keyframes are the same picture.
static void
test_stamps_that_differ_a_little_make_no_late_cut(void **state)
{
    (void)state;
    static const int64_t OFF_US[] = { -12000, -3000, 4000, 15000 };
    for (size_t k = 0; k < 4; k++) {
        struct scene x;
        begin(&x);
        struct small small[3] = { { .comes = true, .late_us = OFF_US[k] } };
        run(&x, small, SECOND, 13 * SECOND);
        run(&x, small, 13 * SECOND, 25 * SECOND);
        uint64_t last = x.c->lists[BC_HLS_V1].next_msn - FIRST_MSN - 1;
        assert_true(last > 8);
        for (uint64_t i = 1; i < last; i++) {
            int64_t off_us = segment(&x, BC_HLS_V1, i)->pdt_us
                - segment(&x, BC_HLS_MAIN, i)->pdt_us;
            assert_true(llabs(off_us) < FRAME / 2 + 2000);
        }
        finish(&x);
    }
}

// Each is cut at its own keyframes, at the first after the main cut.
static void
test_unaligned_keyframes_cut_later(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    static const struct small SMALL[3] = {
        { .comes = true, .phase = 20 },
        { .comes = true, .gop = 15, .phase = 4 },
    };
    run(&x, SMALL, 0, 30 * SECOND);
    for (uint64_t i = 3; i < 14; i++) {
        int64_t main_us = segment(&x, BC_HLS_MAIN, i)->pdt_us;
        assert_int_equal((segment(&x, BC_HLS_V1, i)->pdt_us - main_us) / 1000, 666);
        assert_int_equal((segment(&x, BC_HLS_V2, i)->pdt_us - main_us) / 1000, 133);
    }
    assert_true(x.c->lists[BC_HLS_V1].header.independent);
    assert_true(x.c->lists[BC_HLS_V2].header.independent);
    finish(&x);
}

// One keyframe in ten seconds: cut all the same, but nothing is promised.
static void
test_long_gops_are_cut_by_force(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    static const struct small SMALL[3] = { { .comes = true, .gop = 300 } };
    run(&x, SMALL, 0, 40 * SECOND);
    assert_false(x.c->lists[BC_HLS_V1].header.independent);
    assert_true(x.c->lists[BC_HLS_MAIN].header.independent);
    assert_true(x.c->lists[BC_HLS_V1].next_msn + 1 >= x.c->lists[BC_HLS_MAIN].next_msn);
    assert_int_equal(x.c->lists[BC_HLS_V1].holes, 0);
    finish(&x);
}

static void
test_late_rendition_joins(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    static const struct small NONE[3];
    run(&x, NONE, 0, 9 * SECOND);
    assert_false(is_offered(&x, "v1.m3u8"));
    run(&x, BOTH, 9 * SECOND, 20 * SECOND); // the first keyframe is that of 10 s
    assert_true(is_offered(&x, "v1.m3u8"));
    const struct check_list *l = &x.c->lists[BC_HLS_V1];
    assert_int_equal(l->base_msn, FIRST_MSN + 5);
    assert_int_equal(segment(&x, BC_HLS_V1, 5)->pdt_us, WALL_START_US + 10 * SECOND);
    assert_false(segment(&x, BC_HLS_V1, 5)->discontinuity);
    finish(&x);
}

// It stops: gaps take its place, it is not offered any more, the others go on as if it had
// never been. It comes back: its playlist goes on.
static void
test_rendition_that_stops_and_comes_back(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    static const struct small ONE[3] = { { .comes = true } };
    run(&x, BOTH, 0, 11 * SECOND);
    run(&x, ONE, 11 * SECOND, 21 * SECOND);
    assert_true(is_offered(&x, "v1.m3u8"));
    assert_false(is_offered(&x, "v2.m3u8"));
    assert_true(bc_hls_snapshot_has(bc_hls_latest(x.m), BC_HLS_V2));
    run(&x, BOTH, 21 * SECOND, 30 * SECOND);
    assert_true(is_offered(&x, "v2.m3u8"));
    assert_false(segment(&x, BC_HLS_V2, 5)->gap); // as much as there was
    assert_true(segment(&x, BC_HLS_V2, 7)->gap);
    assert_true(segment(&x, BC_HLS_V2, 9)->gap);
    assert_true(segment(&x, BC_HLS_V2, 10)->gap); // no keyframe before 22 s
    assert_false(segment(&x, BC_HLS_V2, 11)->gap);
    assert_int_equal(
        segment(&x, BC_HLS_V2, 11)->pdt_us, segment(&x, BC_HLS_MAIN, 11)->pdt_us);
    for (uint64_t i = 0; i < 14; i++) {
        assert_false(segment(&x, BC_HLS_MAIN, i)->gap || segment(&x, BC_HLS_V1, i)->gap);
        assert_in_range(segment(&x, BC_HLS_MAIN, i)->extinf_us, 1999000, 2001000);
    }
    finish(&x);
}

// Gone for longer than the window: there is no playlist any more, until it comes back.
static void
test_rendition_that_is_gone_leaves(void **state)
{
    (void)state;
    struct scene x;
    static const struct bc_hls_params PARAMS = {
        .first_msn = FIRST_MSN, .target_us = 2 * SECOND, .window_us = SECOND };
    begin_with(&x, &PARAMS);
    static const struct small NONE[3];
    run(&x, BOTH, 0, 10 * SECOND);
    run(&x, NONE, 10 * SECOND, 60 * SECOND);
    struct bc_hls_snapshot *s = bc_hls_latest(x.m);
    assert_false(bc_hls_snapshot_has(s, BC_HLS_V1));
    struct bc_hls_query q = { 0 };
    assert_int_equal(bc_hls_playlist_state(s, BC_HLS_V1, &q, NULL), BC_HLS_GONE);
    memset(&x.c->lists[BC_HLS_V1], 0, sizeof(x.c->lists[0])); // a player that comes new
    memset(&x.c->lists[BC_HLS_V2], 0, sizeof(x.c->lists[0]));
    x.c->lists[BC_HLS_V1].rendition = BC_HLS_V1;
    x.c->lists[BC_HLS_V2].rendition = BC_HLS_V2;
    run(&x, BOTH, 60 * SECOND, 70 * SECOND);
    assert_true(is_offered(&x, "v1.m3u8"));
    assert_int_equal(x.c->lists[BC_HLS_V1].base_msn, FIRST_MSN + 30);
    finish(&x);
}

// A host that makes the smaller picture smaller: its playlist has another MAP, and only
// its own.
static void
test_size_of_one_changes(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    run(&x, BOTH, 0, 12 * SECOND);
    bc_track_unref(&x.s.small[0]);
    x.s.small[0] = bc_track_ref(x.s.small[1]);
    run(&x, BOTH, 12 * SECOND, 24 * SECOND);
    assert_true(is_offered(&x, "v1.m3u8"));
    bool changed = false;
    for (uint64_t i = 0; i < 11; i++) {
        const struct check_segment *s = segment(&x, BC_HLS_V1, i);
        assert_false(s->discontinuity);
        changed = changed || strcmp(s->map, segment(&x, BC_HLS_V1, 0)->map) != 0;
        assert_string_equal(
            segment(&x, BC_HLS_V2, i)->map, segment(&x, BC_HLS_V2, 0)->map);
    }
    assert_true(changed);
    finish(&x);
}

// The main picture changes its codec's parameters: all playlists are discontinued at one
// number, and no other picture is lost.
static void
test_change_of_the_main_one_discontinues_all(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    run(&x, BOTH, 0, 12 * SECOND);
    hls_source_set_video(&x.s, 30, 1, 40);
    run(&x, BOTH, 12 * SECOND, 24 * SECOND);
    for (int r = 0; r <= BC_HLS_V2; r++) {
        const struct check_list *l = &x.c->lists[r];
        for (uint64_t i = 0; i + FIRST_MSN + 1 < l->next_msn; i++) {
            const struct check_segment *s = segment(&x, (enum bc_hls_rendition)r, i);
            assert_int_equal(s->discontinuity, i == 6);
            assert_false(s->gap);
        }
    }
    finish(&x);
}

static void
test_new_epoch_begins_all_anew(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    run(&x, BOTH, 0, 11 * SECOND);
    bc_hls_pause(x.m);
    assert_true(is_offered(&x, "v1.m3u8")); // the host may be back in a moment
    x.s.epoch++;
    x.s.flags = BC_PACKET_NEW_EPOCH;
    for (int64_t i = 0; i < 3; i++) { // a keyframe of a layer from before the main one
        hls_source_small(&x.s, 1, 11 * SECOND + i * FRAME, i == 0);
    }
    x.s.flags = BC_PACKET_NEW_EPOCH;
    run(&x, BOTH, 12 * SECOND, 20 * SECOND);
    assert_true(is_offered(&x, "v1.m3u8") && is_offered(&x, "v2.m3u8"));
    for (int r = 0; r <= BC_HLS_V2; r++) {
        assert_true(segment(&x, (enum bc_hls_rendition)r, 6)->discontinuity);
    }
    finish(&x);
}

// The main picture stands still: so do the others, which never run ahead, and what waits
// for it is bounded.
static void
test_main_picture_stalls(void **state)
{
    (void)state;
    struct scene x;
    begin(&x);
    run(&x, BOTH, 0, 5 * SECOND);
    for (int64_t us = 5 * SECOND; us < 60 * SECOND; us += FRAME) {
        hls_source_small(&x.s, 1, us, us % (2 * SECOND) < FRAME);
    }
    run(&x, BOTH, 60 * SECOND, 70 * SECOND);
    assert_true(is_offered(&x, "v1.m3u8"));
    finish(&x);
}

static void
ignore_update(void *user, struct bc_hls_snapshot *s)
{
    (void)user;
    (void)s;
}

static void
test_memory_is_bounded_for_all_together(void **state)
{
    (void)state;
    static const struct bc_hls_params PARAMS = {
        .first_msn = FIRST_MSN, .window_bytes = 500000 };
    struct scene x = { 0 };
    // without the checker: what is listed goes before its time here
    x.m = bc_hls_create(&PARAMS, ignore_update, NULL);
    hls_source_init(&x.s, x.m);
    static const struct small ALL[3] = { { .comes = true }, { .comes = true },
        { .comes = true } };
    run(&x, ALL, 0, 50 * SECOND);
    struct bc_hls_stats stats;
    bc_hls_snapshot_stats(bc_hls_latest(x.m), &stats);
    assert_in_range(stats.window_bytes, 400000, 500000);
    hls_source_finish(&x.s);
    bc_hls_destroy(x.m);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_renditions_are_cut_with_the_main_one),
        cmocka_unit_test(test_multivariant_names_each_quality),
        cmocka_unit_test(test_all_are_named_from_the_first_moment),
        cmocka_unit_test(test_stamps_that_differ_a_little_make_no_late_cut),
        cmocka_unit_test(test_unaligned_keyframes_cut_later),
        cmocka_unit_test(test_long_gops_are_cut_by_force),
        cmocka_unit_test(test_late_rendition_joins),
        cmocka_unit_test(test_rendition_that_stops_and_comes_back),
        cmocka_unit_test(test_rendition_that_is_gone_leaves),
        cmocka_unit_test(test_size_of_one_changes),
        cmocka_unit_test(test_change_of_the_main_one_discontinues_all),
        cmocka_unit_test(test_new_epoch_begins_all_anew),
        cmocka_unit_test(test_main_picture_stalls),
        cmocka_unit_test(test_memory_is_bounded_for_all_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
