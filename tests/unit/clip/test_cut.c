// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "clip/cut.h"
#include "clip_source.h"
#include "picture/picture.h"
#include "replay/mp4.h"

#define AAC_SAMPLES 1024

// Have tests of their own.
int
bc_replay_export(const struct bc_replay_export_params *params)
{
    (void)params;
    return 0;
}

int
bc_pictures_poster(const struct bc_recording *r)
{
    (void)r;
    return 0;
}

struct scene {
    char root[SOURCE_PATH];
    struct bc_recording *source;
    struct seen all;
    unsigned made;
};

static void
scene_init(struct scene *s, const struct source_params *params)
{
    memset(s, 0, sizeof(*s));
    source_root(s->root);
    s->source = source_make(s->root, params);
    s->all = seen_read(s->source);
    assert_int_equal(s->all.broken, 0);
}

static void
scene_finish(struct scene *s)
{
    seen_finish(&s->all);
    bc_recording_unref(&s->source);
    source_root_remove(s->root);
}

struct cut {
    struct clip_cut_result result;
    struct seen seen;
    int err;
};

static struct cut
cut(struct scene *s, int64_t from_us, int64_t to_us, bool exact)
{
    struct cut c = { 0 };
    struct clip_progress progress = { 0 };
    char root[SOURCE_PATH + 8];
    char id[24];
    char folder[SOURCE_PATH + 40];
    snprintf(root, sizeof(root), "%s/clips", s->root);
    snprintf(id, sizeof(id), "clip-%u", ++s->made);
    struct clip_cut job = {
        .root = root, .id = id, .title = "a title", .source = s->source,
        .from_us = from_us, .to_us = to_us, .exact = exact, .progress = &progress,
    };
    c.err = clip_cut_run(&job, &c.result);
    snprintf(folder, sizeof(folder), "%s/%s", root, id);
    if (c.err == 0) {
        struct bc_recording *r = bc_recording_open(folder);
        assert_non_null(r);
        c.seen = seen_read(r);
        bc_recording_unref(&r);
    } else {
        assert_int_not_equal(access(folder, F_OK), 0);
    }
    return c;
}

// When a frame of the source is shown, in recording time.
static int64_t
time_of(const struct scene *s, unsigned number)
{
    for (size_t i = 0; i < s->all.frame_count; i++) {
        if (s->all.frames[i].number == number) {
            return s->all.frames[i].pts * 100 / 9;
        }
    }
    fail_msg("no frame %u", number);
    return 0;
}

static void
check_frames(const struct cut *c, unsigned first, unsigned end)
{
    assert_int_equal(c->seen.broken, 0);
    assert_int_equal(c->seen.frame_count, end - first);
    for (size_t i = 0; i < c->seen.frame_count; i++) {
        assert_int_equal(c->seen.frames[i].number, first + i);
        assert_int_equal(c->seen.frames[i].pts - c->seen.frames[0].pts,
            (int64_t)i * SOURCE_TICKS);
    }
}

// The sound is beside the picture it was beside, and covers it to half a frame.
static void
check_sound(const struct scene *s, const struct cut *c)
{
    const struct seen *seen = &c->seen;
    if (s->all.sound_count == 0) {
        assert_int_equal(seen->sound_count, 0);
        return;
    }
    // Where the clip's zero is in the source, in ticks of sound.
    int64_t picture = seen->frames[0].pts;
    int64_t source = time_of(s, seen->frames[0].number) * 9 / 100;
    int64_t shift = (source - picture) * SOURCE_AUDIO_RATE / 90000;
    assert_true(seen->sound_count > 0);
    for (size_t i = 0; i < seen->sound_count; i++) {
        const struct seen_sound *h = &seen->sounds[i];
        assert_int_equal(h->number, seen->sounds[0].number + i);
        int64_t there = s->all.sounds[h->number].at;
        assert_true(llabs(there - h->at - shift) <= 2);
    }
    int64_t first = seen->frames[0].pts * SOURCE_AUDIO_RATE / 90000;
    int64_t end = (seen->frames[seen->frame_count - 1].pts + SOURCE_TICKS)
        * SOURCE_AUDIO_RATE / 90000;
    int64_t last = seen->sounds[seen->sound_count - 1].at + AAC_SAMPLES;
    assert_true(llabs(seen->sounds[0].at - first) < AAC_SAMPLES);
    assert_true(llabs(last - end) < AAC_SAMPLES);
}

static void
check_clip(struct scene *s, unsigned first, unsigned end)
{
    struct cut c = cut(s, time_of(s, first),
        time_of(s, end - 1) + SOURCE_FRAME_US, true);
    print_message("frames %u to %u: %d %s\n", first, end, c.err, c.result.note);
    assert_int_equal(c.err, 0);
    assert_true(c.result.info.frame_exact);
    assert_string_equal(c.result.note, "");
    check_frames(&c, first, end);
    check_sound(s, &c);
    assert_int_equal(c.result.info.kind, BC_RECORDING_CLIP);
    assert_int_equal(c.result.info.source_from_us, time_of(s, first));
    assert_in_range(c.result.info.duration_us, (end - first) * SOURCE_FRAME_US - 20,
        (end - first) * SOURCE_FRAME_US + 20);
    seen_finish(&c.seen);
}

// Ends at every place of a GOP and of the order of frames.
static void
check_many(const struct source_params *params)
{
    struct scene s;
    scene_init(&s, params);
    assert_int_equal(s.all.frame_count, params->frames);
    unsigned gop = params->gop;
    for (unsigned i = 0; i < gop; i++) {
        check_clip(&s, i, 2 * gop + (i * 7 + 3) % gop + 1);
    }
    for (unsigned i = 0; i < gop; i += 3) {
        check_clip(&s, gop, 2 * gop + i + 1);
        check_clip(&s, gop + i, gop + i + 1);            // one frame
        check_clip(&s, gop + i, 2 * gop);                // to the end of the GOP
        check_clip(&s, gop + 1, gop + 2 + i % (gop - 1)); // in one GOP
    }
    check_clip(&s, 0, params->frames);
    check_clip(&s, params->frames - 3, params->frames);
    scene_finish(&s);
}

static void
test_frames_in_order(void **state)
{
    (void)state;
    check_many(&(struct source_params){ .frames = 90, .gop = 25 });
}

static void
test_frames_reordered(void **state)
{
    (void)state;
    check_many(&(struct source_params){ .frames = 90, .gop = 25, .b_frames = 2 });
}

static void
test_pyramid(void **state)
{
    (void)state;
    check_many(&(struct source_params){
        .frames = 80, .gop = 24, .b_frames = 3, .pyramid = true, .profile = "main" });
}

static void
test_baseline_and_a_clock_that_began_late(void **state)
{
    (void)state;
    check_many(&(struct source_params){
        .frames = 80, .gop = 13, .profile = "baseline", .clock_us = 3600123456, .sps_id = 31 });
}

static void
test_no_sound(void **state)
{
    (void)state;
    check_many(&(struct source_params){
        .frames = 40, .gop = 10, .b_frames = 2, .no_sound = true });
}

// As HLS cuts them where a keyframe comes soon after a segment had to end.
static void
test_keyframes_inside_parts(void **state)
{
    (void)state;
    check_many(&(struct source_params){
        .frames = 90, .gop = 22, .b_frames = 2, .hidden_keys = true });
    struct scene s;
    scene_init(&s, &(struct source_params){ .frames = 120, .gop = 22, .hidden_keys = true });
    struct cut c = cut(&s, time_of(&s, 30), time_of(&s, 60), false);
    assert_int_equal(c.err, 0);
    check_frames(&c, 22, 66);
    seen_finish(&c.seen);
    scene_finish(&s);
}

// All of it is in one format: players need not begin anew at a seam.
static void
test_seams_are_no_discontinuities(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, &(struct source_params){ .frames = 120, .gop = 25, .b_frames = 2 });
    struct cut c = cut(&s, time_of(&s, 10), time_of(&s, 114), true);
    assert_int_equal(c.err, 0);
    check_frames(&c, 10, 114);
    assert_int_equal(c.seen.formats, 1);
    assert_int_equal(c.seen.discontinuities, 0);
    assert_true(c.seen.segments >= 2);
    seen_finish(&c.seen);
    scene_finish(&s);
}

static void
test_keyframe_precision_copies_whole_gops(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, &(struct source_params){ .frames = 120, .gop = 25, .b_frames = 2 });
    struct cut c = cut(&s, time_of(&s, 30), time_of(&s, 60), false);
    assert_int_equal(c.err, 0);
    check_frames(&c, 25, 75);
    check_sound(&s, &c);
    assert_false(c.result.info.frame_exact);
    assert_string_equal(c.result.note, "");
    seen_finish(&c.seen);
    c = cut(&s, time_of(&s, 50), time_of(&s, 75), false);
    check_frames(&c, 50, 75);
    seen_finish(&c.seen);
    c = cut(&s, time_of(&s, 110), time_of(&s, 115), false); // no keyframe follows
    check_frames(&c, 100, 120);
    seen_finish(&c.seen);
    scene_finish(&s);
}

// A host came back: the clip goes over the break, with the break in it.
static void
test_break_is_kept(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, &(struct source_params){
        .frames = 100, .gop = 20, .b_frames = 2, .break_at = 53 });
    static const unsigned ENDS[][2]
        = { { 31, 78 }, { 45, 60 }, { 52, 54 }, { 41, 53 }, { 53, 70 }, { 20, 93 } };
    for (size_t i = 0; i < sizeof(ENDS) / sizeof(ENDS[0]); i++) {
        unsigned first = ENDS[i][0];
        unsigned end = ENDS[i][1];
        struct cut c = cut(&s, time_of(&s, first),
            time_of(&s, end - 1) + SOURCE_FRAME_US, true);
        assert_int_equal(c.err, 0);
        assert_int_equal(c.seen.broken, 0);
        assert_int_equal(c.seen.frame_count, end - first);
        for (unsigned k = first; k < end; k++) {
            assert_int_equal(c.seen.frames[k - first].number, k);
        }
        bool over = first < 53 && end > 53;
        assert_int_equal(c.seen.discontinuities, over);
        assert_int_equal(c.result.info.gaps, over);
        seen_finish(&c.seen);
    }
    scene_finish(&s);
}

static void
test_sound_alone(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, &(struct source_params){ .frames = 250, .no_picture = true });
    struct cut c = cut(&s, 2000000, 5000000, true);
    assert_int_equal(c.err, 0);
    assert_true(c.result.info.frame_exact);
    assert_in_range(c.result.info.duration_us, 2957400, 3042600);
    assert_in_range(c.seen.sounds[0].number, 92, 94);
    assert_int_equal(c.seen.sounds[0].at, 0);
    seen_finish(&c.seen);
    scene_finish(&s);
}

// Only the first keyframe is an IDR: the whole clip is encoded.
static void
test_open_gops(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, &(struct source_params){
        .frames = 120, .gop = 25, .b_frames = 2, .open_gop = true });
    check_clip(&s, 30, 90);
    check_clip(&s, 0, 90);
    check_clip(&s, 61, 62);
    scene_finish(&s);
}

// Keyframes too far apart: the next one inside, or the one before when there is none.
static void
test_long_gops_snap(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, &(struct source_params){ .frames = 1290, .gop = 1250, .no_sound = true });
    struct cut c = cut(&s, time_of(&s, 100), time_of(&s, 1280), true);
    assert_int_equal(c.err, 0);
    check_frames(&c, 1250, 1280);
    assert_false(c.result.info.frame_exact);
    assert_string_not_equal(c.result.note, "");
    seen_finish(&c.seen);
    c = cut(&s, time_of(&s, 1210), time_of(&s, 1240), true);
    assert_int_equal(c.err, 0);
    check_frames(&c, 0, 1240);
    assert_false(c.result.info.frame_exact);
    seen_finish(&c.seen);
    // Long, but what is needed of it is not.
    c = cut(&s, time_of(&s, 100), time_of(&s, 110), true);
    assert_int_equal(c.err, 0);
    check_frames(&c, 100, 110);
    assert_true(c.result.info.frame_exact);
    seen_finish(&c.seen);
    scene_finish(&s);
}

// A part whose boxes make no sense: what is left of the clip can be decoded.
static void
test_damage_is_left_out_and_told(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, &(struct source_params){ .frames = 120, .gop = 20, .b_frames = 2 });
    struct bc_recording_part part;
    size_t index = 0;
    char path[SOURCE_PATH * 2];
    assert_true(bc_recording_find(s.source, time_of(&s, 50), &index));
    assert_int_equal(bc_recording_parts(s.source, index, &part, 1), 1);
    snprintf(path, sizeof(path), "%s/%06u.mp4", bc_recording_folder(s.source), part.file);
    FILE *f = fopen(path, "r+");
    assert_non_null(f);
    fseek(f, (long)part.offset, SEEK_SET);
    for (uint32_t i = 0; i < part.head_bytes; i++) {
        fputc(0xff, f);
    }
    fclose(f);
    struct cut c = cut(&s, time_of(&s, 10), time_of(&s, 110), true);
    assert_int_equal(c.err, 0);
    assert_int_equal(c.seen.broken, 0);
    assert_string_not_equal(c.result.note, "");
    assert_int_equal(c.seen.frames[0].number, 10);
    assert_int_equal(c.seen.frames[c.seen.frame_count - 1].number, 109);
    assert_in_range(c.seen.frame_count, 85, 99);
    seen_finish(&c.seen);
    // The boundary itself is damaged: nothing to begin with.
    c = cut(&s, time_of(&s, 52), time_of(&s, 55), true);
    assert_true(c.err != 0 || c.seen.broken == 0);
    seen_finish(&c.seen);
    scene_finish(&s);
}

static void
test_cancelled_leaves_nothing(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, &(struct source_params){ .frames = 60, .gop = 25 });
    struct clip_progress progress = { 0 };
    struct clip_cut_result result;
    char root[SOURCE_PATH + 8];
    char path[SOURCE_PATH + 40];
    snprintf(root, sizeof(root), "%s/clips", s.root);
    atomic_bool cancel = true;
    struct clip_cut job = { .root = root, .id = "x", .title = "", .source = s.source,
        .to_us = 1000000, .exact = true, .progress = &progress, .cancel = &cancel };
    assert_int_equal(clip_cut_run(&job, &result), -ECANCELED);
    snprintf(path, sizeof(path), "%s/x", root);
    assert_int_not_equal(access(path, F_OK), 0);
    snprintf(path, sizeof(path), "%s/%s/x", root, CLIP_MAKING);
    assert_int_not_equal(access(path, F_OK), 0);
    scene_finish(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames_in_order),
        cmocka_unit_test(test_frames_reordered),
        cmocka_unit_test(test_pyramid),
        cmocka_unit_test(test_baseline_and_a_clock_that_began_late),
        cmocka_unit_test(test_no_sound),
        cmocka_unit_test(test_keyframes_inside_parts),
        cmocka_unit_test(test_seams_are_no_discontinuities),
        cmocka_unit_test(test_keyframe_precision_copies_whole_gops),
        cmocka_unit_test(test_break_is_kept),
        cmocka_unit_test(test_sound_alone),
        cmocka_unit_test(test_open_gops),
        cmocka_unit_test(test_long_gops_snap),
        cmocka_unit_test(test_damage_is_left_out_and_told),
        cmocka_unit_test(test_cancelled_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
