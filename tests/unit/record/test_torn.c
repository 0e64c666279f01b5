// SPDX-License-Identifier: Apache-2.0
// Folders as crashes, full disks and people leave them.
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "stage.h"

#define PARTS 7

static size_t
count_parts(const char *folder)
{
    struct bc_recording *r = bc_recording_open(folder);
    assert_non_null(r);
    struct bc_recording_info info;
    bc_recording_info(r, &info);
    for (size_t i = 0; i < info.parts; i++) {
        struct bc_recording_part p;
        assert_int_equal(bc_recording_parts(r, i, &p, 1), 1);
        struct bc_buf *buf = bc_recording_read(r, &p);
        assert_non_null(buf);
        // Whole: prft, moof and an mdat that ends where the part ends.
        assert_memory_equal(buf->data + 4, "prft", 4);
        assert_memory_equal(buf->data + 36, "moof", 4);
        assert_memory_equal(buf->data + p.head_bytes + 4, "mdat", 4);
        bc_buf_unref(&buf);
    }
    bc_recording_unref(&r);
    return info.parts;
}

static void
path_of(char out[320], const char *folder, const char *name)
{
    snprintf(out, 320, "%s/%s", folder, name);
}

// Opens it as it is, goes on with it, and reads it again: `least` parts are still there.
static void
assert_goes_on(struct stage *s, const char *folder, size_t least)
{
    size_t before = count_parts(folder);
    assert_true(before >= least);
    struct bc_recording_writer *w = bc_recording_resume(folder);
    assert_non_null(w);
    struct bc_recording_info info;
    bc_recording_info(bc_recording_of(w), &info);
    assert_true(info.parts >= before);
    size_t kept = info.parts;
    assert_int_equal(stage_append(s, w, 77000000, 5), 0);
    assert_int_equal(stage_append(s, w, 77000000, 6), 0);
    bc_recording_info(bc_recording_of(w), &info);
    assert_int_equal(info.parts, kept + 2);
    assert_int_equal(bc_recording_finish(&w, false, 0), 0);
    assert_int_equal(count_parts(folder), kept + 2);
}

static void
restore(const char *folder, const struct bc_buf *index, const struct bc_buf *media)
{
    char path[320];
    path_of(path, folder, "000002.mp4");
    unlink(path);
    stage_write(folder, "index", index->data, index->len);
    stage_write(folder, "000001.mp4", media->data, media->len);
}

// Every length of the media file that a crash can leave.
static void
test_a_torn_file_keeps_all_whole_parts(void **state)
{
    struct stage *s = *state;
    char folder[256];
    stage_record(s, PARTS, false, folder);
    struct bc_recording *r = bc_recording_open(folder);
    struct bc_recording_part parts[PARTS];
    assert_int_equal(bc_recording_parts(r, 0, parts, PARTS), PARTS);
    bc_recording_unref(&r);
    struct bc_buf *index = stage_read(folder, "index");
    struct bc_buf *media = stage_read(folder, "000001.mp4");
    for (size_t len = 0; len <= media->len; len += len % 64 == 0 ? 1 : 13) {
        size_t whole = 0;
        while (whole < PARTS && parts[whole].offset + parts[whole].bytes <= len) {
            whole++;
        }
        restore(folder, index, media);
        stage_write(folder, "000001.mp4", media->data, len);
        assert_int_equal(count_parts(folder), whole);
        assert_goes_on(s, folder, whole);
    }
    bc_buf_unref(&index);
    bc_buf_unref(&media);
}

// What the index lacks is found in the media, so nothing is lost with any length of it.
static void
test_a_torn_index_loses_nothing(void **state)
{
    struct stage *s = *state;
    char folder[256];
    stage_record(s, PARTS, false, folder);
    struct bc_buf *index = stage_read(folder, "index");
    struct bc_buf *media = stage_read(folder, "000001.mp4");
    for (size_t len = 0; len <= index->len; len += 5) {
        restore(folder, index, media);
        stage_write(folder, "index", index->data, len);
        assert_int_equal(count_parts(folder), PARTS);
        assert_goes_on(s, folder, PARTS);
    }
    bc_buf_unref(&index);
    bc_buf_unref(&media);
}

static void
test_a_changed_index_loses_nothing(void **state)
{
    struct stage *s = *state;
    char folder[256];
    stage_record(s, PARTS, false, folder);
    struct bc_buf *index = stage_read(folder, "index");
    struct bc_buf *media = stage_read(folder, "000001.mp4");
    for (size_t i = 0; i < index->len; i++) {
        restore(folder, index, media);
        index->data[i] ^= 0x41;
        stage_write(folder, "index", index->data, index->len);
        index->data[i] ^= 0x41;
        assert_int_equal(count_parts(folder), PARTS);
    }
    bc_buf_unref(&index);
    bc_buf_unref(&media);
}

// Without an index, changed media is read up to where it makes no sense, and with one it is
// believed; neither is a crash.
static void
test_changed_media_is_no_crash(void **state)
{
    struct stage *s = *state;
    char folder[256];
    stage_record(s, 2, false, folder);
    struct bc_buf *media = stage_read(folder, "000001.mp4");
    for (size_t i = 0; i < media->len; i++) {
        uint8_t kept = media->data[i];
        media->data[i] = i % 2 ? 0xff : (uint8_t)(kept ^ 0x01);
        stage_write(folder, "000001.mp4", media->data, media->len);
        media->data[i] = kept;
        char path[320];
        path_of(path, folder, "index");
        if (i % 3 == 0) {
            unlink(path);
        }
        struct bc_recording *r = bc_recording_open(folder);
        assert_non_null(r);
        bc_recording_unref(&r);
        if (i % 3 == 2) {
            bc_recording_repair(folder, false);
        }
    }
    bc_buf_unref(&media);
}

// Segments are found again by their keyframes, the wall clock in the media.
static void
test_without_index_and_json_it_is_what_it_was(void **state)
{
    struct stage *s = *state;
    char folder[256];
    char path[320];
    stage_record(s, 23, true, folder);
    struct bc_recording *before = bc_recording_open(folder);
    path_of(path, folder, "index");
    assert_int_equal(unlink(path), 0);
    path_of(path, folder, "recording.json");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(bc_recording_repair(folder, true), 0);
    struct bc_recording *after = bc_recording_open(folder);
    struct bc_recording_info a;
    struct bc_recording_info b;
    bc_recording_info(before, &a);
    bc_recording_info(after, &b);
    assert_int_equal(a.parts, b.parts);
    assert_int_equal(a.duration_us, b.duration_us);
    assert_int_equal(b.began_wall_us, STAGE_WALL_US); // the id tells
    assert_int_equal(b.ended_wall_us, STAGE_WALL_US + b.duration_us);
    assert_int_equal(b.segments, 5);
    for (size_t i = 0; i < 5; i++) {
        struct bc_recording_segment x;
        struct bc_recording_segment y;
        bc_recording_segments(before, i, &x, 1);
        bc_recording_segments(after, i, &y, 1);
        assert_int_equal(x.offset, y.offset);
        assert_int_equal(x.bytes, y.bytes);
        assert_int_equal(x.start_us, y.start_us);
        assert_int_equal(x.wall_us, y.wall_us);
        assert_int_equal(x.duration_us, y.duration_us);
    }
    bc_recording_unref(&before);
    bc_recording_unref(&after);
}

static void
test_a_missing_file_is_a_hole(void **state)
{
    struct stage *s = *state;
    struct bc_recording_writer *w = stage_create(s);
    for (unsigned i = 0; i < 15; i++) {
        struct bc_recording_append a = stage_part(s, 0, i);
        a.discontinuity = i % 5 == 0;
        assert_int_equal(bc_recording_append(w, &a), 0);
        bc_buf_unref(&a.data);
    }
    char folder[256];
    char path[320];
    snprintf(folder, sizeof(folder), "%s", bc_recording_folder(bc_recording_of(w)));
    assert_int_equal(bc_recording_finish(&w, true, STAGE_WALL_US), 0);
    path_of(path, folder, "000002.mp4");
    assert_int_equal(unlink(path), 0);
    struct bc_recording *r = bc_recording_open(folder);
    struct bc_recording_part p[11];
    assert_int_equal(bc_recording_parts(r, 0, p, 11), 10);
    assert_int_equal(p[5].file, 3);
    assert_true(p[5].discontinuity);
    assert_true(p[5].start_us >= 2000000);
    bc_recording_unref(&r);
    assert_int_equal(bc_recording_repair(folder, true), 0);
    assert_int_equal(count_parts(folder), 10);
}

// The disk is full in the middle of a part: nothing of it is left, and when there is room
// again the recording goes on.
static void
test_a_full_disk_leaves_nothing_of_a_part(void **state)
{
    struct stage *s = *state;
    struct rlimit kept;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &kept), 0);
    signal(SIGXFSZ, SIG_IGN);
    struct bc_recording_writer *w = stage_create(s);
    char folder[256];
    snprintf(folder, sizeof(folder), "%s", bc_recording_folder(bc_recording_of(w)));
    unsigned number = 0;
    for (; number < 3; number++) {
        assert_int_equal(stage_append(s, w, 0, number), 0);
    }
    struct bc_buf *media = stage_read(folder, "000001.mp4");
    struct bc_buf *index = stage_read(folder, "index");
    for (size_t room = 0; room < 300; room += 23) {
        struct rlimit full = { media->len + room, kept.rlim_max };
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
        assert_int_equal(stage_append(s, w, 0, number), -EFBIG);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &kept), 0);
        struct bc_buf *now = stage_read(folder, "000001.mp4");
        assert_int_equal(now->len, media->len);
        bc_buf_unref(&now);
    }
    // A file that is begun and does not fit is gone again.
    struct bc_recording_append a = stage_part(s, 0, 5);
    a.init = s->other_init;
    struct rlimit full = { s->init->len + 100, kept.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    assert_int_equal(bc_recording_append(w, &a), -EFBIG);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &kept), 0);
    char path[320];
    path_of(path, folder, "000002.mp4");
    assert_int_equal(access(path, F_OK), -1);
    struct bc_buf *index_now = stage_read(folder, "index");
    assert_int_equal(index_now->len, index->len);
    assert_int_equal(bc_recording_append(w, &a), 0);
    bc_buf_unref(&a.data);
    bc_buf_unref(&media);
    bc_buf_unref(&index);
    bc_buf_unref(&index_now);
    assert_int_equal(bc_recording_finish(&w, false, 0), 0);
    assert_int_equal(count_parts(folder), 4);
}

// The media is there and its record does not fit: the media is taken back.
static void
test_a_record_that_does_not_fit_takes_its_media_back(void **state)
{
    struct stage *s = *state;
    struct rlimit kept;
    char folder[256];
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &kept), 0);
    signal(SIGXFSZ, SIG_IGN);
    // Small files and a long index: every part begins one.
    struct bc_recording_writer *w = stage_create(s);
    snprintf(folder, sizeof(folder), "%s", bc_recording_folder(bc_recording_of(w)));
    int e = 0;
    unsigned number = 0;
    struct rlimit full = { 4096, kept.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    for (; !e; number++) {
        struct bc_recording_append a = stage_part(s, 0, number);
        a.discontinuity = true;
        e = bc_recording_append(w, &a);
        bc_buf_unref(&a.data);
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &kept), 0);
    assert_int_equal(e, -EFBIG);
    assert_int_equal(number - 1, (4096 - 16) / 64);
    assert_int_equal(bc_recording_finish(&w, false, 0), 0);
    assert_int_equal(count_parts(folder), number - 1);
    struct bc_buf *index = stage_read(folder, "index");
    assert_int_equal(index->len, 16 + 64 * (number - 1));
    bc_buf_unref(&index);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_torn_file_keeps_all_whole_parts),
        TEST(test_a_torn_index_loses_nothing),
        TEST(test_a_changed_index_loses_nothing),
        TEST(test_changed_media_is_no_crash),
        TEST(test_without_index_and_json_it_is_what_it_was),
        TEST(test_a_missing_file_is_a_hole),
        TEST(test_a_full_disk_leaves_nothing_of_a_part),
        TEST(test_a_record_that_does_not_fit_takes_its_media_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
