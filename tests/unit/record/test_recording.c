// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "container/cmaf_read.h"
#include "stage.h"

static void
assert_same(const struct bc_recording *a, const struct bc_recording *b)
{
    struct bc_recording_info x;
    struct bc_recording_info y;
    bc_recording_info(a, &x);
    bc_recording_info(b, &y);
    assert_int_equal(x.parts, y.parts);
    assert_int_equal(x.segments, y.segments);
    assert_int_equal(x.duration_us, y.duration_us);
    assert_int_equal(x.bytes, y.bytes);
    assert_int_equal(x.formats, y.formats);
    assert_int_equal(x.gaps, y.gaps);
    assert_string_equal(x.id, y.id);
    assert_string_equal(x.channel, y.channel);
    assert_string_equal(x.title, y.title);
    for (size_t i = 0; i < x.parts; i++) {
        struct bc_recording_part p;
        struct bc_recording_part q;
        assert_int_equal(bc_recording_parts(a, i, &p, 1), 1);
        assert_int_equal(bc_recording_parts(b, i, &q, 1), 1);
        assert_int_equal(p.file, q.file);
        assert_int_equal(p.offset, q.offset);
        assert_int_equal(p.bytes, q.bytes);
        assert_int_equal(p.start_us, q.start_us);
        assert_int_equal(p.wall_us, q.wall_us);
        assert_int_equal(p.segment, q.segment);
        assert_int_equal(p.discontinuity, q.discontinuity);
        assert_int_equal(p.msn, q.msn);
    }
}

static void
test_what_is_written_is_read_back(void **state)
{
    struct stage *s = *state;
    struct bc_recording_writer *w = stage_create(s);
    for (unsigned i = 0; i < 23; i++) {
        assert_int_equal(stage_append(s, w, 7000000, i), 0);
    }
    struct bc_recording *r = bc_recording_ref(bc_recording_of(w));
    struct bc_recording_segment seg[8];
    assert_int_equal(bc_recording_segments(r, 0, seg, 8), 5);
    assert_true(seg[3].closed);
    assert_false(seg[4].closed);
    assert_int_equal(seg[1].start_us, 1000000);
    assert_int_equal(seg[1].duration_us, 1000000);
    assert_int_equal(seg[1].msn, 1001);
    assert_int_equal(seg[1].parts, STAGE_SEGMENT_PARTS);
    assert_int_equal(seg[1].offset, seg[0].offset + seg[0].bytes);
    assert_int_equal(bc_recording_finish(&w, true, STAGE_WALL_US + 4600000), 0);
    assert_int_equal(bc_recording_segments(r, 4, seg, 8), 1);
    assert_true(seg[0].closed);
    struct bc_recording *again = bc_recording_open(bc_recording_folder(r));
    assert_non_null(again);
    assert_same(r, again);
    struct bc_recording_info info;
    bc_recording_info(again, &info);
    assert_int_equal(info.ended_wall_us, STAGE_WALL_US + 4600000);
    assert_int_equal(info.began_wall_us, STAGE_WALL_US);
    assert_int_equal(info.duration_us, 4600000);
    assert_int_equal(info.gaps, 0);
    bc_recording_unref(&again);
    bc_recording_unref(&r);
}

// While it is written and when it has ended.
static void
test_a_clip_knows_where_it_is_from(void **state)
{
    struct stage *s = *state;
    for (int exact = 0; exact < 2; exact++) {
        struct bc_recording_params params = { .root = s->root,
            .id = exact ? "20260101-000000-aa" : "20260101-000000-bb",
            .kind = BC_RECORDING_CLIP,
            .channel = "live/hq",
            .source = "20251231-000000-00",
            .source_from_us = 5000001,
            .source_to_us = 5200003,
            .frame_exact = exact != 0,
            .wall_us = STAGE_WALL_US };
        struct bc_recording_writer *w = bc_recording_create(&params);
        assert_non_null(w);
        assert_int_equal(stage_append(s, w, 0, 0), 0);
        char folder[256];
        snprintf(folder, sizeof(folder), "%s", bc_recording_folder(bc_recording_of(w)));
        for (int ended = 0; ended < 2; ended++) {
            struct bc_recording *r = bc_recording_open(folder);
            assert_non_null(r);
            struct bc_recording_info info;
            bc_recording_info(r, &info);
            assert_int_equal(info.kind, BC_RECORDING_CLIP);
            assert_string_equal(info.source, "20251231-000000-00");
            assert_int_equal(info.source_from_us, 5000001);
            assert_int_equal(info.source_to_us, 5200003);
            assert_int_equal(info.frame_exact, exact);
            assert_int_equal(info.ended_wall_us, ended ? STAGE_WALL_US + 200000 : 0);
            bc_recording_unref(&r);
            if (!ended) {
                assert_int_equal(
                    bc_recording_finish(&w, true, STAGE_WALL_US + 200000), 0);
            }
        }
    }
}

// Each file plays alone: the init section as HLS has it, then parts with the wall clock
// before each.
static void
test_a_part_has_its_wall_clock_and_recording_time(void **state)
{
    struct stage *s = *state;
    char folder[256];
    stage_record(s, 3, true, folder);
    struct bc_recording *r = bc_recording_open(folder);
    struct bc_recording_part p;
    assert_int_equal(bc_recording_parts(r, 1, &p, 1), 1);
    struct bc_buf *buf = bc_recording_read(r, &p);
    assert_int_equal(buf->len, p.bytes);
    struct bc_cmaf_prft prft;
    assert_int_equal(bc_cmaf_prft_read(buf->data, BC_CMAF_PRFT_BYTES, &prft), 0);
    assert_int_equal(prft.track_id, 1);
    assert_int_equal(prft.media_time, 18000);
    assert_int_equal(prft.wall_us, STAGE_WALL_US + STAGE_PART_US);
    // tfdt of the first track: mfhd is 16 bytes, traf's head 8, tfhd 24, tfdt's head 12.
    size_t tfdt = BC_CMAF_PRFT_BYTES + 8 + 16 + 8 + 24 + 12;
    assert_memory_equal(buf->data + tfdt, "\0\0\0\0\0\0\x46\x50", 8); // 18000
    struct bc_buf *file = stage_read(folder, "000001.mp4");
    assert_memory_equal(file->data, s->init->data, s->init->len);
    assert_memory_equal(file->data + p.offset, buf->data, buf->len);
    struct bc_buf *init = bc_recording_init_section(r, 0);
    assert_int_equal(init->len, s->init->len);
    assert_null(bc_recording_init_section(r, 1));
    bc_buf_unref(&init);
    bc_buf_unref(&file);
    bc_buf_unref(&buf);
    bc_recording_unref(&r);
}

// The host was away for 10 s and comes back with a clock of its own.
static void
test_a_break_goes_on_and_leaves_a_gap(void **state)
{
    struct stage *s = *state;
    struct bc_recording_writer *w = stage_create(s);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(stage_append(s, w, 7000000, i), 0);
    }
    for (unsigned i = 0; i < 5; i++) {
        struct bc_recording_append a = stage_part(s, 500000000, i);
        a.wall_us += 11000000;
        a.discontinuity = i == 0;
        assert_int_equal(bc_recording_append(w, &a), 0);
        bc_buf_unref(&a.data);
    }
    const struct bc_recording *r = bc_recording_of(w);
    struct bc_recording_gap gap;
    assert_int_equal(bc_recording_gaps(r, 0, &gap, 1), 1);
    struct bc_recording_part p;
    bc_recording_parts(r, 5, &p, 1);
    assert_true(p.discontinuity);
    assert_int_equal(p.file, 2);
    // The sound reached 24 ms beyond the picture: both go on behind it, in step.
    assert_in_range(p.start_us, 1000000, 1024000);
    assert_int_equal(gap.at_us, p.start_us);
    assert_in_range(gap.duration_us, 9900000, 10000000);
    assert_in_range(gap.wall_us, STAGE_WALL_US + 1000000, STAGE_WALL_US + 1024000);
    int64_t at_us;
    bool in_gap;
    assert_true(bc_recording_at_wall(r, STAGE_WALL_US + 5000000, &at_us, &in_gap));
    assert_true(in_gap);
    assert_int_equal(at_us, p.start_us);
    assert_true(bc_recording_at_wall(r, STAGE_WALL_US + 300000, &at_us, &in_gap));
    assert_false(in_gap);
    assert_int_equal(at_us, 300000);
    assert_true(bc_recording_at_wall(r, STAGE_WALL_US + 11500000, &at_us, NULL));
    assert_int_equal(at_us, p.start_us + 500000);
    assert_false(bc_recording_at_wall(r, STAGE_WALL_US - 1, &at_us, NULL));
    assert_false(bc_recording_at_wall(r, STAGE_WALL_US + 12200001, &at_us, NULL));
    assert_int_equal(bc_recording_finish(&w, false, 0), 0);
}

// The host stalled for 3 s between two keyframes: what follows needs what was before, so it
// stays in the file and the segment; the time without anything is none of the recording.
static void
test_a_stall_is_a_gap_without_a_break(void **state)
{
    struct stage *s = *state;
    struct bc_recording_writer *w = stage_create(s);
    for (unsigned i = 0; i < 10; i++) {
        struct bc_recording_append a = stage_part(s, i < 3 ? 0 : 3000000, i);
        a.wall_us += i < 3 ? 0 : 3000000;
        assert_int_equal(bc_recording_append(w, &a), 0);
        bc_buf_unref(&a.data);
    }
    const struct bc_recording *r = bc_recording_of(w);
    struct bc_recording_segment seg[3];
    struct bc_recording_gap gap;
    assert_int_equal(bc_recording_segments(r, 0, seg, 3), 2);
    assert_int_equal(bc_recording_gaps(r, 0, &gap, 1), 1);
    assert_int_equal(seg[0].parts, 5);
    assert_false(seg[1].discontinuity);
    assert_int_equal(seg[1].file, 1);
    assert_in_range(seg[1].start_us, 1000000, 1024000);
    assert_in_range(gap.at_us, 600000, 624000);
    assert_in_range(gap.duration_us, 2976000, 3000000);
    assert_int_equal(bc_recording_finish(&w, false, 0), 0);
}

static void
test_another_format_begins_a_file(void **state)
{
    struct stage *s = *state;
    struct bc_recording_writer *w = stage_create(s);
    for (unsigned i = 0; i < 15; i++) {
        struct bc_recording_append a = stage_part(s, 0, i);
        a.init = i / 5 == 1 ? s->other_init : s->init;
        assert_int_equal(bc_recording_append(w, &a), 0);
        bc_buf_unref(&a.data);
    }
    struct bc_recording_segment seg[4];
    assert_int_equal(bc_recording_segments(bc_recording_of(w), 0, seg, 4), 3);
    for (unsigned i = 0; i < 3; i++) {
        uint32_t format;
        uint32_t head;
        assert_int_equal(seg[i].file, i + 1);
        assert_int_equal(seg[i].format, i % 2);
        assert_int_equal(seg[i].discontinuity, i > 0);
        assert_int_equal(seg[i].discontinuities, i);
        assert_true(bc_recording_file_head(bc_recording_of(w), i + 1, &format, &head));
        assert_int_equal(head, seg[i].offset);
    }
    assert_int_equal(bc_recording_finish(&w, true, STAGE_WALL_US), 0);
}

static void
test_find_gives_the_part_that_holds_a_time(void **state)
{
    struct stage *s = *state;
    char folder[256];
    stage_record(s, 10, true, folder);
    struct bc_recording *r = bc_recording_open(folder);
    size_t at;
    assert_true(bc_recording_find(r, -5, &at));
    assert_int_equal(at, 0);
    assert_true(bc_recording_find(r, 399999, &at));
    assert_int_equal(at, 1);
    assert_true(bc_recording_find(r, 400000, &at));
    assert_int_equal(at, 2);
    assert_true(bc_recording_find(r, INT64_MAX, &at));
    assert_int_equal(at, 9);
    bc_recording_unref(&r);
}

// The server was away: the same recording goes on behind a gap, in a new file.
static void
test_resume_goes_on_where_it_was(void **state)
{
    struct stage *s = *state;
    char folder[256];
    stage_record(s, 7, false, folder);
    struct bc_recording_writer *w = bc_recording_resume(folder);
    assert_non_null(w);
    struct bc_recording_append a = stage_part(s, 99000000, 0);
    a.wall_us = STAGE_WALL_US + 60000000;
    assert_int_equal(bc_recording_append(w, &a), 0);
    bc_buf_unref(&a.data);
    struct bc_recording_part p;
    assert_int_equal(bc_recording_parts(bc_recording_of(w), 7, &p, 1), 1);
    assert_in_range(p.start_us, 1400000, 1424000);
    assert_true(p.discontinuity && p.segment);
    assert_int_equal(p.file, 2);
    struct bc_recording_info info;
    bc_recording_info(bc_recording_of(w), &info);
    assert_int_equal(info.gaps, 1);
    assert_string_equal(info.title, "An evening");
    assert_int_equal(bc_recording_finish(&w, true, STAGE_WALL_US + 60200000), 0);
    assert_null(bc_recording_resume(folder)); // it has ended
    assert_int_equal(errno, EALREADY);
}

static void
test_ids_and_names_lead_nowhere(void **state)
{
    struct stage *s = *state;
    struct bc_recording_params params = {
        .root = s->root, .channel = "a/b", .title = ""
    };
    static const char *const IDS[] = { "..", "a/b", "", "-x", "A" };
    for (size_t i = 0; i < sizeof(IDS) / sizeof(IDS[0]); i++) {
        params.id = IDS[i];
        assert_null(bc_recording_create(&params));
    }
    char folder[256];
    char path[300];
    stage_record(s, 2, true, folder);
    // A link or a pipe in a file's place is no file.
    snprintf(path, sizeof(path), "%s/000001.mp4", folder);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    struct bc_recording *r = bc_recording_open(folder);
    assert_non_null(r);
    struct bc_recording_info info;
    bc_recording_info(r, &info);
    assert_int_equal(info.parts, 0);
    bc_recording_unref(&r);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    r = bc_recording_open(folder);
    assert_non_null(r);
    bc_recording_unref(&r);
    snprintf(path, sizeof(path), "%s/linked", s->root);
    assert_int_equal(symlink(folder, path), 0);
    assert_null(bc_recording_open(path));
    snprintf(path, sizeof(path), "%s/Capital", s->root);
    assert_int_equal(rename(folder, path), 0);
    assert_null(bc_recording_open(path)); // no id
}

static void
test_a_bad_part_is_refused(void **state)
{
    struct stage *s = *state;
    struct bc_recording_writer *w = stage_create(s);
    struct bc_recording_append a = stage_part(s, 0, 0);
    struct bc_buf *whole = a.data;
    for (size_t len = 0; len < whole->len; len++) {
        a.data = bc_buf_copy(whole->data, len);
        assert_int_equal(bc_recording_append(w, &a), -EINVAL);
        bc_buf_unref(&a.data);
    }
    a.data = whole;
    a.init = whole;
    assert_true(bc_recording_append(w, &a) < 0);
    a.init = s->init;
    a.wall_us = -1;
    assert_int_equal(bc_recording_append(w, &a), -EINVAL);
    bc_buf_unref(&a.data);
    assert_int_equal(stage_append(s, w, 0, 0), 0);
    struct bc_recording_info info;
    bc_recording_info(bc_recording_of(w), &info);
    assert_int_equal(info.parts, 1);
    assert_int_equal(bc_recording_finish(&w, false, 0), 0);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_written_is_read_back),
        TEST(test_a_clip_knows_where_it_is_from),
        TEST(test_a_part_has_its_wall_clock_and_recording_time),
        TEST(test_a_break_goes_on_and_leaves_a_gap),
        TEST(test_a_stall_is_a_gap_without_a_break),
        TEST(test_another_format_begins_a_file),
        TEST(test_find_gives_the_part_that_holds_a_time),
        TEST(test_resume_goes_on_where_it_was),
        TEST(test_ids_and_names_lead_nowhere),
        TEST(test_a_bad_part_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
