// SPDX-License-Identifier: Apache-2.0
// Several streams on one clock, and a splice that shows one after the other, under the eyes
// of the checker.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hls_checker.h"
#include "hls_source.h"
#include "transmux/hls_splice.h"

#define FIRST_MSN 700
#define SECOND 1000000
#define STREAMS 4

struct stage;

// One stream that may be shown.
struct stream {
    struct stage *stage;
    struct hls_source s;
    struct bc_hls_snapshot *newest; // owned reference
    struct hls_layout layout;
    uint64_t first_msn;
    int64_t late_us; // how far its clock lags behind the others'
    int64_t at_us;   // what was made of it
};

// All of a test. Times of all streams run side by side.
struct stage {
    struct stream streams[STREAMS];
    struct bc_hls_splice *splice;
    struct hls_checker *checker;
    struct bc_hls_snapshot *shown; // owned reference; the newest of the splice
    struct stream *now;            // NULL: nothing is shown
    struct stream *before;
    int64_t from_us;
    int64_t at_us;
    bool over;
    unsigned applied;
};

static void
look(struct stage *t)
{
    struct bc_hls_splice_input in = {
        .now = t->now ? t->now->newest : NULL,
        .before = t->before ? t->before->newest : NULL,
        .from_us = t->from_us,
        .over = t->over,
    };
    struct bc_hls_snapshot *s = bc_hls_splice_apply(t->splice, &in);
    t->applied++;
    if (!s || s == t->shown) {
        return;
    }
    bc_hls_snapshot_unref(&t->shown);
    t->shown = bc_hls_snapshot_ref(s);
    hls_checker_update(t->checker, s);
}

static void
on_update(void *user, struct bc_hls_snapshot *snapshot)
{
    struct stream *x = user;
    bc_hls_snapshot_unref(&x->newest);
    x->newest = bc_hls_snapshot_ref(snapshot);
    if (x == x->stage->now || x == x->stage->before) {
        look(x->stage);
    }
}

static void
begin_stream(struct stage *t, int i)
{
    struct stream *x = &t->streams[i];
    struct bc_hls_params params = { .first_msn = x->first_msn };
    x->stage = t;
    x->first_msn += 50;
    hls_source_init(&x->s, bc_hls_create(&params, on_update, x));
    x->at_us = t->at_us;
}

static void
end_stream(struct stage *t, int i)
{
    struct stream *x = &t->streams[i];
    bc_hls_end(x->s.m);
    bc_hls_destroy(x->s.m);
    hls_source_finish(&x->s);
    x->s.m = NULL;
    (void)t;
}

static void
open_stage(struct stage *t)
{
    memset(t, 0, sizeof(*t));
    struct bc_hls_params params = { .first_msn = FIRST_MSN };
    t->splice = bc_hls_splice_create(&params);
    t->checker = hls_checker_create();
    for (int i = 0; i < STREAMS; i++) {
        t->streams[i].first_msn = (uint64_t)(1000 * (i + 1));
        t->streams[i].layout = (struct hls_layout){ .fps_num = 30, .fps_den = 1,
            .gop = 60, .rate = 48000 };
        begin_stream(t, i);
    }
}

static void
close_stage(struct stage *t)
{
    for (int i = 0; i < BC_HLS_RENDITIONS; i++) {
        assert_int_equal(t->checker->lists[i].overlaps, 0);
    }
    for (int i = 0; i < STREAMS; i++) {
        if (t->streams[i].s.m) {
            end_stream(t, i);
        }
        bc_hls_snapshot_unref(&t->streams[i].newest);
    }
    bc_hls_splice_destroy(t->splice);
    bc_hls_snapshot_unref(&t->shown);
    free(t->checker);
}

// All streams go on for so long, in turns of 100 ms.
static void
run(struct stage *t, int64_t us)
{
    int64_t end_us = t->at_us + us;
    while (t->at_us < end_us) {
        t->at_us += 100000;
        for (int i = 0; i < STREAMS; i++) {
            struct stream *x = &t->streams[i];
            // A GOP at a time: hls_source_run() begins with a keyframe.
            int64_t gop_us = x->layout.fps_num > 0
                ? x->layout.gop * SECOND / x->layout.fps_num : SECOND;
            while (x->s.m && x->at_us + gop_us + x->late_us <= t->at_us) {
                hls_source_run(&x->s, &x->layout, x->at_us, x->at_us + gop_us);
                x->at_us += gop_us;
            }
        }
    }
}

static void
show(struct stage *t, int i)
{
    t->before = t->now;
    t->now = i < 0 ? NULL : &t->streams[i];
    t->from_us = t->at_us;
    look(t);
}

static unsigned
count_discontinuities(const struct stage *t, enum bc_hls_rendition rendition)
{
    const struct check_list *l = &t->checker->lists[rendition];
    unsigned n = 0;
    for (uint64_t msn = l->base_msn; msn < l->next_msn; msn++) {
        n += l->segments[msn - l->base_msn].discontinuity;
    }
    return n;
}

static const char *
text_of(const struct stage *t, enum bc_hls_rendition rendition, struct bc_buf **holder)
{
    bc_buf_unref(holder);
    *holder = bc_hls_playlist(t->shown, rendition, false, false);
    assert_non_null(*holder);
    return (const char *)(*holder)->data;
}

static void
test_one_stream_has_numbers_of_its_own(void **state)
{
    (void)state;
    struct stage t;
    struct bc_buf *text = NULL;
    open_stage(&t);
    t.from_us = INT64_MIN;
    t.now = &t.streams[0];
    run(&t, 20 * SECOND);
    assert_non_null(strstr(text_of(&t, BC_HLS_MAIN, &text), "main_700.m4s"));
    assert_non_null(strstr((const char *)text->data, "main_700."));
    assert_null(strstr((const char *)text->data, "main_1000"));
    assert_int_equal(count_discontinuities(&t, BC_HLS_MAIN), 0);
    // As many segments as the stream has, and the same bytes.
    struct bc_hls_resource ours;
    struct bc_hls_resource theirs;
    assert_int_equal(bc_hls_resource(t.shown, "main_703.m4s", &ours), BC_HLS_READY);
    assert_int_equal(
        bc_hls_resource(t.streams[0].newest, "main_1003.m4s", &theirs), BC_HLS_READY);
    assert_int_equal(ours.count, theirs.count);
    assert_ptr_equal(ours.bufs[0], theirs.bufs[0]);
    bc_hls_resource_finish(&ours);
    bc_hls_resource_finish(&theirs);
    bc_buf_unref(&text);
    close_stage(&t);
}

static void
test_each_switch_is_one_discontinuity(void **state)
{
    (void)state;
    struct stage t;
    open_stage(&t);
    t.from_us = INT64_MIN;
    t.now = &t.streams[0];
    // GOPs of another length, so that segments end at other times.
    t.streams[1].layout.gop = 45;
    t.streams[2].layout.fps_num = 25;
    t.streams[2].layout.gop = 25;
    t.streams[3].layout.fps_num = 50;
    t.streams[3].layout.gop = 100;
    run(&t, 7 * SECOND);
    for (unsigned i = 1; i <= 20; i++) {
        show(&t, (int)(i % STREAMS));
        run(&t, 4 * SECOND + (int64_t)(i * 7919 % 50) * 100000);
        assert_int_equal(count_discontinuities(&t, BC_HLS_MAIN), i);
        assert_int_equal(count_discontinuities(&t, BC_HLS_AUDIO), i);
    }
    // Hardly anything was lost or shown twice.
    const struct check_list *l = &t.checker->lists[BC_HLS_MAIN];
    int64_t sum_us = 0;
    for (uint64_t msn = l->base_msn; msn < l->next_msn; msn++) {
        const struct check_segment *s = &l->segments[msn - l->base_msn];
        for (size_t p = 0; p < s->part_count; p++) {
            sum_us += s->parts[p].duration_us;
        }
    }
    assert_true(sum_us < t.at_us + 2 * SECOND);
    close_stage(&t);
}

static void
test_other_formats_follow_each_other(void **state)
{
    (void)state;
    struct stage t;
    open_stage(&t);
    t.from_us = INT64_MIN;
    t.now = &t.streams[0];
    t.streams[1].layout.fps_num = 0;        // sound alone
    t.streams[2].layout.rate = 0;           // picture alone
    t.streams[3].s.small_bits = 3;          // several qualities
    t.streams[3].s.small_gop = t.streams[3].layout.gop;
    run(&t, 7 * SECOND);
    static const int ORDER[] = { 1, 0, 2, 1, 3, 2, 3, 1, 0, 3, 0, 2 };
    for (unsigned i = 0; i < sizeof(ORDER) / sizeof(ORDER[0]); i++) {
        show(&t, ORDER[i]);
        run(&t, 5 * SECOND + (int64_t)(i * 7919 % 30) * 100000);
        assert_int_equal(count_discontinuities(&t, BC_HLS_MAIN), i + 1);
        struct bc_buf *text = bc_hls_multivariant(t.shown, "");
        bool several = strstr((const char *)text->data, "v1.m3u8");
        assert_int_equal(several, ORDER[i] == 3);
        bc_buf_unref(&text);
    }
    // Whoever plays a smaller picture goes on with the main one where there is no such.
    assert_true(bc_hls_snapshot_has(t.shown, BC_HLS_V1));
    assert_true(t.checker->lists[BC_HLS_V1].next_msn + 1
        >= t.checker->lists[BC_HLS_MAIN].next_msn);
    for (uint64_t msn = t.checker->lists[BC_HLS_V1].header.msn;
         msn + 1 < t.checker->lists[BC_HLS_V1].next_msn; msn++) {
        assert_false(hls_checker_segment(t.checker, BC_HLS_V1, msn)->gap);
    }
    close_stage(&t);
}

static void
test_stream_that_begins_anew_is_a_discontinuity(void **state)
{
    (void)state;
    struct stage t;
    open_stage(&t);
    t.from_us = INT64_MIN;
    t.now = &t.streams[0];
    run(&t, 7 * SECOND);
    for (unsigned i = 1; i <= 5; i++) {
        end_stream(&t, 0);
        run(&t, SECOND);
        assert_false(bc_hls_snapshot_ended(t.shown));
        begin_stream(&t, 0);
        run(&t, 6 * SECOND);
        assert_int_equal(count_discontinuities(&t, BC_HLS_MAIN), i);
    }
    close_stage(&t);
}

static void
test_nothing_shown_closes_and_the_end_is_told(void **state)
{
    (void)state;
    struct stage t;
    open_stage(&t);
    t.from_us = INT64_MIN;
    t.now = &t.streams[0];
    run(&t, 7 * SECOND);
    show(&t, -1);
    assert_false(t.checker->lists[BC_HLS_MAIN].open);
    uint64_t next = t.checker->lists[BC_HLS_MAIN].next_msn;
    run(&t, 4 * SECOND);
    assert_int_equal(t.checker->lists[BC_HLS_MAIN].next_msn, next);
    show(&t, 0); // the same once more, which went on meanwhile
    run(&t, 5 * SECOND);
    assert_int_equal(count_discontinuities(&t, BC_HLS_MAIN), 1);
    show(&t, -1);
    t.over = true;
    look(&t);
    assert_true(t.checker->lists[BC_HLS_MAIN].tail.ended);
    assert_true(bc_hls_snapshot_ended(t.shown));
    close_stage(&t);
}

static void
test_stream_that_is_not_there_yet_is_waited_for(void **state)
{
    (void)state;
    struct stage t;
    open_stage(&t);
    t.from_us = INT64_MIN;
    t.now = &t.streams[0];
    end_stream(&t, 1);
    run(&t, 7 * SECOND);
    show(&t, 1); // has ended long ago
    run(&t, SECOND);
    assert_int_equal(count_discontinuities(&t, BC_HLS_MAIN), 0);
    show(&t, 0); // back: nothing has happened
    run(&t, 3 * SECOND);
    assert_int_equal(count_discontinuities(&t, BC_HLS_MAIN), 0);
    close_stage(&t);
}

static void
test_stream_that_lags_begins_with_its_newest(void **state)
{
    (void)state;
    struct stage t;
    open_stage(&t);
    t.from_us = INT64_MIN;
    t.now = &t.streams[0];
    t.streams[1].late_us = 15 * SECOND; // a clock of its own
    t.streams[2].late_us = 3 * SECOND;
    run(&t, 24 * SECOND);
    show(&t, 1);
    run(&t, 6 * SECOND);
    assert_int_equal(count_discontinuities(&t, BC_HLS_MAIN), 1);
    show(&t, 2);
    run(&t, 9 * SECOND);
    assert_int_equal(count_discontinuities(&t, BC_HLS_MAIN), 2);
    close_stage(&t);
}

// Nobody asks for a while, longer than a window.
static void
test_what_was_not_asked_for_is_left_out(void **state)
{
    (void)state;
    struct stage t;
    open_stage(&t);
    t.from_us = INT64_MIN;
    t.now = &t.streams[0];
    run(&t, 7 * SECOND);
    t.now = NULL; // without telling the splice
    run(&t, 150 * SECOND);
    free(t.checker);
    t.checker = hls_checker_create(); // no player was there
    t.now = &t.streams[0];
    run(&t, 5 * SECOND);
    assert_int_equal(count_discontinuities(&t, BC_HLS_MAIN), 1);
    close_stage(&t);
}

static void
test_nothing_new_costs_nothing(void **state)
{
    (void)state;
    struct stage t;
    open_stage(&t);
    t.from_us = INT64_MIN;
    t.now = &t.streams[0];
    run(&t, 7 * SECOND);
    struct bc_hls_snapshot *before = t.shown;
    look(&t);
    assert_ptr_equal(t.shown, before);
    close_stage(&t);
}

// What was shown without a splice goes on in one under the same names.
static void
test_splice_goes_on_from_a_stream(void **state)
{
    (void)state;
    struct stage t;
    open_stage(&t);
    run(&t, 75 * SECOND);
    hls_checker_update(t.checker, t.streams[0].newest);
    bc_hls_splice_destroy(t.splice);
    t.splice = bc_hls_splice_adopt(t.streams[0].newest);
    assert_non_null(t.splice);
    struct bc_buf *own = NULL;
    struct bc_buf *theirs = NULL;
    t.now = &t.streams[0];
    look(&t);
    for (int i = BC_HLS_MAIN; i <= BC_HLS_AUDIO; i++) {
        text_of(&t, (enum bc_hls_rendition)i, &own);
        theirs = bc_hls_playlist(t.streams[0].newest, (enum bc_hls_rendition)i, false, false);
        assert_string_equal((const char *)own->data, (const char *)theirs->data);
        bc_buf_unref(&theirs);
    }
    bc_buf_unref(&own);
    show(&t, 1);
    run(&t, 5 * SECOND);
    assert_int_equal(count_discontinuities(&t, BC_HLS_MAIN), 1);
    close_stage(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_stream_has_numbers_of_its_own),
        cmocka_unit_test(test_each_switch_is_one_discontinuity),
        cmocka_unit_test(test_other_formats_follow_each_other),
        cmocka_unit_test(test_stream_that_begins_anew_is_a_discontinuity),
        cmocka_unit_test(test_nothing_shown_closes_and_the_end_is_told),
        cmocka_unit_test(test_stream_that_is_not_there_yet_is_waited_for),
        cmocka_unit_test(test_stream_that_lags_begins_with_its_newest),
        cmocka_unit_test(test_what_was_not_asked_for_is_left_out),
        cmocka_unit_test(test_nothing_new_costs_nothing),
        cmocka_unit_test(test_splice_goes_on_from_a_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
