// SPDX-License-Identifier: Apache-2.0
// The fragmented form: a literal head, and the files' stretches behind it.
#include "replay/mp4.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../record/stage.h"
#include "base/reader.h"
#include "container/box.h"
#include "container/cmaf_read.h"
#include "replay/mp4_head.h"

// A recording whose part `from` and those behind are of another format until part `to`.
static struct bc_recording *
two_formats(struct stage *s, unsigned parts, unsigned from, unsigned to, bool ended)
{
    struct bc_recording_writer *w = stage_create(s);
    for (unsigned i = 0; i < parts; i++) {
        struct bc_recording_append a = stage_part(s, 5000000, i);
        a.init = i >= from && i < to ? s->other_init : s->init;
        a.discontinuity = i == from || i == to;
        assert_int_equal(bc_recording_append(w, &a), 0);
        bc_buf_unref(&a.data);
    }
    struct bc_recording *r = bc_recording_ref(bc_recording_of(w));
    if (ended) {
        assert_int_equal(bc_recording_finish(&w, true, STAGE_WALL_US + 60000000), 0);
    } else {
        assert_int_equal(bc_recording_finish(&w, false, 0), 0);
    }
    return r;
}

static void
test_head_and_stretches(void **state)
{
    struct stage *s = *state;
    char folder[256];
    stage_record(s, 10, true, folder);
    struct bc_recording *r = bc_recording_open(folder);
    struct bc_replay_mp4 mp4;
    assert_int_equal(bc_replay_mp4_main_format(r), 0);
    assert_int_equal(bc_replay_mp4_make(r, 0, &mp4), 0);
    // the file without its init section
    struct bc_buf *file = stage_read(folder, "000001.mp4");
    assert_int_equal(mp4.count, 1);
    assert_int_equal(mp4.stretches[0].file, 1);
    assert_int_equal(mp4.stretches[0].offset, s->init->len);
    assert_int_equal(mp4.stretches[0].bytes, file->len - s->init->len);
    assert_int_equal(mp4.bytes, mp4.head->len + mp4.stretches[0].bytes);
    // the init section with a mehd of 20 bytes as the first in mvex, then sidx
    static const uint8_t MEHD[] = { 0, 0, 0, 20, 'm', 'e', 'h', 'd', 1, 0, 0, 0, //
        0, 0, 0, 0, 0, 0, 0x07, 0xd0 }; // 2000 ms
    const uint8_t *head = mp4.head->data;
    const uint8_t *mvex = memmem(s->init->data, s->init->len, "mvex", 4);
    size_t before = (size_t)(mvex + 4 - s->init->data);
    assert_memory_equal(head, s->init->data, 24); // ftyp
    assert_memory_equal(head + 28, s->init->data + 28, before - 8 - 28);
    assert_memory_equal(head + before - 4, "mvex", 4);
    assert_memory_equal(head + before, MEHD, sizeof(MEHD));
    assert_memory_equal(head + before + sizeof(MEHD), mvex + 4, s->init->len - before);
    struct bc_reader sizes = bc_reader_init(s->init->data + 24, 4);
    struct bc_reader grown = bc_reader_init(head + 24, 4);
    assert_int_equal(bc_read_u32(&grown), bc_read_u32(&sizes) + sizeof(MEHD));
    // each track's index; references begin at a moof, behind its prft
    static const uint8_t SIDX[2][40] = {
        { 0, 0, 0, 64, 's', 'i', 'd', 'x', 1, 0, 0, 0, //
            0, 0, 0, 1, 0, 1, 0x5f, 0x90, // of track 1, 90000 ticks a second
            0, 0, 0, 0, 0, 0, 0, 0, // first time
            0, 0, 0, 0, 0, 0, 0, 96, // first offset: the other index, and a prft
            0, 0, 0, 2 }, // references, of 12 bytes each
        { 0, 0, 0, 64, 's', 'i', 'd', 'x', 1, 0, 0, 0, //
            0, 0, 0, 2, 0, 0, 0xbb, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, //
            0, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0, 2 },
    };
    struct bc_recording_segment segments[2];
    assert_int_equal(bc_recording_segments(r, 0, segments, 2), 2);
    const uint8_t *at = head + s->init->len + sizeof(MEHD);
    assert_int_equal(mp4.head->len, s->init->len + sizeof(MEHD) + 128);
    for (size_t i = 0; i < 2; i++, at += 64) {
        assert_memory_equal(at, SIDX[i], 40);
        struct bc_reader reader = bc_reader_init(at + 40, 24);
        assert_int_equal(bc_read_u32(&reader), segments[0].bytes);
        assert_int_equal(bc_read_u32(&reader), i == 0 ? 90000 : 48000);
        assert_int_equal(bc_read_u32(&reader), 0x90000000);
        assert_int_equal(bc_read_u32(&reader), segments[1].bytes - 32);
        assert_int_equal(bc_read_u32(&reader), i == 0 ? 90000 : 48000);
        assert_int_equal(bc_read_u32(&reader), 0x90000000);
    }
    assert_memory_equal(file->data + s->init->len + 32 + 4, "moof", 4);
    assert_memory_equal(file->data + segments[1].offset + 32 + 4, "moof", 4);
    // the same again is the same
    struct bc_replay_mp4 again;
    assert_int_equal(bc_replay_mp4_make(r, 0, &again), 0);
    assert_int_equal(again.head->len, mp4.head->len);
    assert_memory_equal(again.head->data, head, mp4.head->len);
    bc_replay_mp4_finish(&again);
    bc_replay_mp4_finish(&mp4);
    bc_buf_unref(&file);
    assert_int_equal(bc_replay_mp4_make(r, 1, &mp4), -ENOENT);
    bc_recording_unref(&r);
}

static void
test_a_format_is_a_file(void **state)
{
    struct stage *s = *state;
    struct bc_recording *r = two_formats(s, 30, 10, 15, true);
    struct bc_replay_mp4 mp4;
    assert_int_equal(bc_replay_mp4_main_format(r), 0);
    assert_int_equal(bc_replay_mp4_make(r, 0, &mp4), 0);
    assert_int_equal(mp4.count, 2);
    assert_int_equal(mp4.stretches[0].file, 1);
    assert_int_equal(mp4.stretches[1].file, 3);
    assert_int_equal(mp4.stretches[1].offset, s->init->len);
    // the hole belongs to the reference before it, so later times are right
    const uint8_t *sidx = mp4.head->data + mp4.head->len - 40 - 2 * 5 * 12;
    static const uint32_t DURATIONS[] = { 90000, 180000, 90000, 90000, 90000 };
    for (size_t i = 0; i < 5; i++) {
        struct bc_reader reader = bc_reader_init(sidx + 12 * i + 4, 4);
        assert_int_equal(bc_read_u32(&reader), DURATIONS[i]);
    }
    bc_replay_mp4_finish(&mp4);
    // the other one begins at 2 s of the recording and is shown from 0
    static const uint8_t EDTS[] = { 0, 0, 0, 44, 'e', 'd', 't', 's', //
        0, 0, 0, 36, 'e', 'l', 's', 't', 1, 0, 0, 0, 0, 0, 0, 1, //
        0, 0, 0, 0, 0, 0, 0x03, 0xe8, // 1000 ms
        0, 0, 0, 0, 0, 2, 0xbf, 0x20, // from 180000
        0, 1, 0, 0 };
    assert_int_equal(bc_replay_mp4_make(r, 1, &mp4), 0);
    assert_int_equal(mp4.count, 1);
    assert_int_equal(mp4.stretches[0].file, 2);
    assert_non_null(memmem(mp4.head->data, mp4.head->len, EDTS, sizeof(EDTS)));
    struct bc_cmaf_movie movie;
    assert_int_equal(bc_cmaf_movie_read(mp4.head->data, mp4.head->len, &movie), 0);
    assert_int_equal(movie.count, 2);
    bc_cmaf_movie_finish(&movie);
    bc_replay_mp4_finish(&mp4);
    bc_recording_unref(&r);
}

static void
test_a_running_one_gives_what_is_closed(void **state)
{
    struct stage *s = *state;
    struct bc_recording_writer *w = stage_create(s);
    struct bc_replay_mp4 mp4;
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(stage_append(s, w, 0, i), 0);
        int rc = bc_replay_mp4_make(bc_recording_of(w), 0, &mp4);
        assert_int_equal(rc, i < 5 ? -ENOENT : 0);
        if (rc == 0) {
            struct bc_recording_segment first;
            assert_int_equal(bc_recording_segments(bc_recording_of(w), 0, &first, 1), 1);
            assert_int_equal(mp4.count, 1);
            assert_int_equal(mp4.stretches[0].bytes, first.bytes);
        }
        bc_replay_mp4_finish(&mp4);
    }
    assert_int_equal(bc_recording_finish(&w, true, STAGE_WALL_US + 1600000), 0);
}

// sidx counts in 16 bits.
static void
test_many_segments_share_references(void **state)
{
    struct stage *s = *state;
    static struct mp4_reference many[70001];
    for (size_t i = 0; i < 70001; i++) {
        int64_t at = (int64_t)i * 2000000;
        many[i] = (struct mp4_reference){ at, at + 2000000, 1000, i != 2 };
    }
    struct bc_buf *head;
    assert_int_equal(mp4_head_make(s->init, many, 70001, &head), 0);
    // the picture's index, before that of sound
    const uint8_t *first = head->data + head->len - 40 - 2 * 35001 * 12;
    static const uint8_t EXPECTED[] = { 0x88, 0xb9, // references
        0, 0, 0x07, 0xd0, 0, 5, 0x7e, 0x40, 0x90, 0, 0, 0, // 2000 bytes, 4 s
        0, 0, 0x07, 0xd0, 0, 5, 0x7e, 0x40, 0, 0, 0, 0 }; // no keyframe in front
    assert_memory_equal(first - 2, EXPECTED, sizeof(EXPECTED));
    static const uint8_t LAST[] = { 0, 0, 0x03, 0xc8, 0, 2, 0xbf, 0x20, 0x90, 0, 0, 0 };
    assert_memory_equal(first + 35000 * 12, LAST, sizeof(LAST)); // but for a prft
    bc_buf_unref(&head);
    assert_int_equal(mp4_head_make(s->init, many, 65535, &head), 0);
    assert_memory_equal(head->data + head->len - 65535 * 12 - 2, "\377\377", 2);
    bc_buf_unref(&head);
}

static void
test_nonsense_is_refused(void **state)
{
    struct stage *s = *state;
    static const struct mp4_reference BAD[][2] = {
        { { 0, 1000000, 0x80000000, true }, { 1000000, 2000000, 99, true } },
        { { 0, 1000000, 99, true }, { 1000000, 2000000, 32, true } }, // a prft alone
        { { 0, 1000000, 99, true }, { -1, 2000000, 99, true } },
        { { -5, 1000000, 99, true }, { 10, 2000000, 99, true } },
        { { 0, 1000000, 99, true },
            { INT64_C(50000000000), INT64_C(50000000001), 99, true } },
    };
    struct bc_buf *head = NULL;
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        assert_int_equal(mp4_head_make(s->init, BAD[i], 2, &head), -EINVAL);
    }
    static const struct mp4_reference GOOD = { 0, 1000000, 99, true };
    for (size_t len = 0; len < s->init->len; len += 7) {
        struct bc_buf *cut = bc_buf_copy(s->init->data, len);
        assert_int_equal(mp4_head_make(cut, &GOOD, 1, &head), -EINVAL);
        bc_buf_unref(&cut);
    }
    assert_null(head);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_head_and_stretches, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(
            test_a_format_is_a_file, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(
            test_a_running_one_gives_what_is_closed, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(
            test_many_segments_share_references, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(
            test_nonsense_is_refused, stage_setup, stage_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
