// SPDX-License-Identifier: Apache-2.0
// Sheets, list and poster of recordings on the disk, whose keyframes tell by their brightness
// when they are from.
#include "picture/thumbnails.h"

#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "kit.h"
#include "picture/file.h"
#include "record/writer.h"

#define WALL_US INT64_C(1767225600000000) // 2026-01-01
#define S INT64_C(1000000)
#define SHADES 20
#define FILE_MAX (4 << 20)

// A recording that is being written, and its shades as keyframes.
struct stage {
    char root[64];
    struct kit_key lying[SHADES];
    struct kit_key standing;
    struct kit_key sound;
    struct kit_key black;
    struct kit_key dusk; // nearly black
    struct bc_recording_writer *writer;
    int64_t now_us;
    bool broken; // the next part begins after a break
};

static int
shade(int number)
{
    return 50 + number % SHADES * 8;
}

// A brightness of a stream as JPEG has it.
static int
full_range(int luma)
{
    return (luma - 16) * 255 / 219;
}

static void
make(struct kit_key *key, int width, int height, int luma)
{
    struct kit_look look = { .codec = BC_CODEC_AVC,
        .width = width,
        .height = height,
        .luma = luma,
        .corner_luma = luma,
        .u = 128,
        .v = 128 };
    kit_make_key(&look, key);
}

static int
set_up_group(void **state)
{
    struct stage *s = calloc(1, sizeof(*s));
    for (int i = 0; i < SHADES; i++) {
        make(&s->lying[i], 320, 180, shade(i));
    }
    make(&s->standing, 180, 320, 100);
    make(&s->black, 320, 180, 16);
    make(&s->dusk, 320, 180, 30);
    kit_make_sound_part(&s->sound);
    *state = s;
    return 0;
}

static int
tear_down_group(void **state)
{
    struct stage *s = *state;
    for (int i = 0; i < SHADES; i++) {
        kit_free_key(&s->lying[i]);
    }
    kit_free_key(&s->standing);
    kit_free_key(&s->black);
    kit_free_key(&s->dusk);
    kit_free_key(&s->sound);
    free(s);
    return 0;
}

static int
set_up(void **state)
{
    struct stage *s = *state;
    snprintf(s->root, sizeof(s->root), "/tmp/bc-pictures-XXXXXX");
    assert_non_null(mkdtemp(s->root));
    struct bc_recording_params params = { .root = s->root,
        .kind = BC_RECORDING_REPLAY,
        .channel = "live/hq",
        .title = "",
        .wall_us = WALL_US };
    s->writer = bc_recording_create(&params);
    assert_non_null(s->writer);
    s->now_us = 0;
    s->broken = false;
    return 0;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int
tear_down(void **state)
{
    struct stage *s = *state;
    if (s->writer) {
        bc_recording_finish(&s->writer, false, WALL_US + s->now_us);
    }
    nftw(s->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return 0;
}

// A GOP of one keyframe that is shown for so long.
static void
append(struct stage *s, const struct kit_key *key, int64_t duration_us)
{
    uint64_t dts = (uint64_t)s->now_us * 9 / 100;
    struct bc_buf *data = kit_part_at(key, dts, (uint32_t)(duration_us * 9 / 100));
    struct bc_recording_append part = { .init = key->init,
        .data = data,
        .start_us = s->now_us,
        .duration_us = duration_us,
        .wall_us = WALL_US + s->now_us,
        .independent = true,
        .segment = true,
        .discontinuity = s->broken };
    assert_int_equal(bc_recording_append(s->writer, &part), 0);
    bc_buf_unref(&data);
    s->now_us += duration_us;
    s->broken = false;
}

// Goes on until then with a keyframe every so often, each with the shade of its number.
static void
play_until(struct stage *s, int64_t until_us, int64_t gop_us)
{
    while (s->now_us < until_us) {
        append(s, &s->lying[s->now_us / gop_us % SHADES], gop_us);
    }
}

static const struct bc_recording *
recording(struct stage *s)
{
    return bc_recording_of(s->writer);
}

static struct bc_recording *
end(struct stage *s)
{
    struct bc_recording *r = bc_recording_ref(bc_recording_of(s->writer));
    assert_int_equal(bc_recording_finish(&s->writer, true, WALL_US + s->now_us), 0);
    return r;
}

static struct bc_buf *
read_file(const struct bc_recording *r, const char *name)
{
    return picture_file_read(bc_recording_folder(r), name, FILE_MAX);
}

static void
update(const struct bc_recording *r)
{
    struct picture_progress fresh = { 0 };
    assert_int_equal(picture_thumbnails_update(r, NULL, &fresh), 0);
}

static void
assert_vtt(const struct bc_recording *r, const char *want)
{
    struct bc_buf *text = read_file(r, PICTURE_VTT_NAME);
    assert_non_null(text);
    char *copy = calloc(1, text->len + 1);
    memcpy(copy, text->data, text->len);
    assert_string_equal(copy, want);
    free(copy);
    bc_buf_unref(&text);
}

// The brightness in the middle of a place of a sheet.
static int
place_luma(const struct bc_recording *r, const char *sheet, int x, int y)
{
    struct bc_buf *jpeg = read_file(r, sheet);
    assert_non_null(jpeg);
    int pixel[3];
    kit_jpeg_pixel(jpeg, x, y, pixel);
    bc_buf_unref(&jpeg);
    return pixel[0];
}

static void
assert_size(const struct bc_recording *r, const char *name, int width, int height)
{
    struct bc_buf *jpeg = read_file(r, name);
    int w;
    int h;
    assert_non_null(jpeg);
    kit_jpeg_size(jpeg, &w, &h);
    assert_int_equal(w, width);
    assert_int_equal(h, height);
    bc_buf_unref(&jpeg);
}

#define ASSERT_NEAR(got, want) assert_in_range((got) + 9, (want) + 6, (want) + 12)

// Every cue's place shows the keyframe of the cue's beginning; of many, a part is looked at.
static void
assert_places(
    const struct bc_recording *r, const int64_t *starts_s, size_t count, int gop_s)
{
    for (size_t i = 0; i < count; i += count > 100 ? 7 : 1) {
        char name[32];
        snprintf(name, sizeof(name), "sheet-%04zu.jpg", i / 25 + 1);
        int luma =
            place_luma(r, name, (int)(i % 5) * 160 + 80, (int)(i % 25 / 5) * 90 + 45);
        ASSERT_NEAR(luma, full_range(shade((int)(starts_s[i] / gop_s))));
    }
}

static void
test_ended(void **state)
{
    struct stage *s = *state;
    play_until(s, 36 * S, 3 * S);
    struct bc_recording *r = end(s);
    update(r);
    assert_vtt(r,
        "WEBVTT\n\n"
        "00:00:00.000 --> 00:00:12.000\nsheet-0001.jpg#xywh=0,0,160,90\n\n"
        "00:00:12.000 --> 00:00:21.000\nsheet-0001.jpg#xywh=160,0,160,90\n\n"
        "00:00:21.000 --> 00:00:30.000\nsheet-0001.jpg#xywh=320,0,160,90\n\n"
        "00:00:30.000 --> 00:00:36.000\nsheet-0001.jpg#xywh=480,0,160,90\n\n");
    assert_size(r, "sheet-0001.jpg", 800, 450);
    assert_size(r, PICTURE_POSTER_NAME, 320, 180);
    assert_places(r, (const int64_t[]){ 0, 12, 21, 30 }, 4, 3);
    ASSERT_NEAR(place_luma(r, "sheet-0001.jpg", 720, 45), 0); // no picture there
    ASSERT_NEAR(place_luma(r, PICTURE_POSTER_NAME, 160, 90), full_range(shade(1)));
    bc_recording_unref(&r);
}

// Brought up to date time and again, as if the server had been restarted each time.
static void
test_running(void **state)
{
    struct stage *s = *state;
    static const int64_t STOPS_S[] = { 2, 12, 34, 240, 242, 250, 252, 502, 510 };
    for (size_t i = 0; i < sizeof(STOPS_S) / sizeof(STOPS_S[0]); i++) {
        play_until(s, STOPS_S[i] * S, 2 * S);
        update(recording(s));
    }
    int64_t starts[51];
    for (int i = 0; i < 51; i++) {
        starts[i] = 10 * i;
    }
    assert_places(recording(s), starts, 51, 2);
    struct bc_buf *text = read_file(recording(s), PICTURE_VTT_NAME);
    char *copy = calloc(1, text->len + 1);
    memcpy(copy, text->data, text->len);
    assert_non_null(strstr(copy,
        "00:04:00.000 --> 00:04:10.000\n"
        "sheet-0001.jpg#xywh=640,360,160,90\n\n"
        "00:04:10.000 --> 00:04:20.000\n"
        "sheet-0002.jpg#xywh=0,0,160,90\n\n"));
    assert_non_null(strstr(copy,
        "00:08:20.000 --> 00:08:30.000\n"
        "sheet-0003.jpg#xywh=0,0,160,90\n\n"));
    free(copy);
    bc_buf_unref(&text);
}

static void
test_nothing_new(void **state)
{
    struct stage *s = *state;
    play_until(s, 20 * S, 2 * S);
    struct bc_recording *r = end(s);
    struct picture_progress progress = { 0 };
    assert_int_equal(picture_thumbnails_update(r, NULL, &progress), 0);
    assert_true(progress.complete && progress.has_poster && progress.checked);
    struct stat before;
    struct stat after;
    char path[PICTURE_PATH_MAX];
    assert_int_equal(picture_path(bc_recording_folder(r), "sheet-0001.jpg", path), 0);
    assert_int_equal(stat(path, &before), 0);
    update(r);
    assert_int_equal(stat(path, &after), 0);
    assert_true(before.st_ino == after.st_ino); // not written again
    bc_recording_unref(&r);
}

static void
test_long(void **state)
{
    struct stage *s = *state;
    play_until(s, (4 * 3600 + 130) * S, 10 * S);
    struct bc_recording *r = end(s);
    update(r);
    static int64_t starts[360 + 360 + 3];
    for (int i = 0; i < 360; i++) {
        starts[i] = i * 10;
        starts[360 + i] = 3600 + i * 30;
    }
    for (int i = 0; i < 3; i++) {
        starts[720 + i] = 4 * 3600 + i * 60;
    }
    assert_places(r, starts, 723, 10);
    struct bc_buf *none = read_file(r, "sheet-0030.jpg");
    assert_null(none);
    bc_recording_unref(&r);
}

static void
test_steps(void **state)
{
    (void)state;
    static const struct {
        int64_t after_s, due_s;
    } ROWS[] = { { 0, 10 }, { 9, 10 }, { 10, 20 }, { 3599, 3600 }, { 3600, 3630 },
        { 3629, 3630 }, { 14399, 14400 }, { 14400, 14460 } };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        assert_int_equal(picture_due_us(ROWS[i].after_s * S), ROWS[i].due_s * S);
    }
}

static void
test_upright(void **state)
{
    struct stage *s = *state;
    append(s, &s->standing, 10 * S);
    s->broken = true; // the host turns its phone
    append(s, &s->lying[0], 10 * S);
    struct bc_recording *r = end(s);
    update(r);
    assert_vtt(r,
        "WEBVTT\n\n"
        "00:00:00.000 --> 00:00:10.000\nsheet-0001.jpg#xywh=0,0,90,160\n\n"
        "00:00:10.000 --> 00:00:20.000\nsheet-0001.jpg#xywh=90,0,90,160\n\n");
    assert_size(r, "sheet-0001.jpg", 450, 800);
    ASSERT_NEAR(place_luma(r, "sheet-0001.jpg", 45, 8), full_range(100));
    ASSERT_NEAR(place_luma(r, "sheet-0001.jpg", 45, 150), full_range(100));
    // 90 x 50 in the middle of black.
    ASSERT_NEAR(place_luma(r, "sheet-0001.jpg", 135, 80), full_range(shade(0)));
    ASSERT_NEAR(place_luma(r, "sheet-0001.jpg", 135, 40), 0);
    bc_recording_unref(&r);
}

static void
test_sound_alone(void **state)
{
    struct stage *s = *state;
    for (int i = 0; i < 30; i++) {
        append(s, &s->sound, S);
    }
    struct bc_recording *r = end(s);
    struct picture_progress progress = { 0 };
    assert_int_equal(picture_thumbnails_update(r, NULL, &progress), 0);
    assert_true(progress.complete);
    assert_false(progress.has_poster);
    assert_null(read_file(r, PICTURE_VTT_NAME));
    assert_null(read_file(r, PICTURE_POSTER_NAME));
    bc_recording_unref(&r);
}

// --- posters ---

static void
test_poster_waits(void **state)
{
    struct stage *s = *state;
    append(s, &s->lying[10], 2 * S);
    append(s, &s->black, 2 * S);
    update(recording(s));
    assert_null(read_file(recording(s), PICTURE_POSTER_NAME)); // what comes may be better
    append(s, &s->black, 2 * S);
    append(s, &s->lying[3], 2 * S);
    append(s, &s->lying[9], 2 * S);
    update(recording(s));
    ASSERT_NEAR(
        place_luma(recording(s), PICTURE_POSTER_NAME, 160, 90), full_range(shade(3)));
}

static void
test_poster_of_the_dark(void **state)
{
    struct stage *s = *state;
    for (int i = 0; i < 12; i++) {
        append(s, i == 4 ? &s->dusk : &s->black, 2 * S);
    }
    append(s, &s->lying[3], 2 * S); // the eleventh: too late
    update(recording(s));
    ASSERT_NEAR(place_luma(recording(s), PICTURE_POSTER_NAME, 160, 90), full_range(30));
}

static void
test_poster_of_a_short_one(void **state)
{
    struct stage *s = *state;
    append(s, &s->black, S);
    append(s, &s->lying[5], S);
    struct bc_recording *r = end(s);
    update(r);
    ASSERT_NEAR(place_luma(r, PICTURE_POSTER_NAME, 160, 90), full_range(shade(5)));
    bc_recording_unref(&r);
}

// --- trouble ---

static void
tear(const struct bc_recording *r, const char *name, off_t bytes)
{
    char path[PICTURE_PATH_MAX];
    assert_int_equal(picture_path(bc_recording_folder(r), name, path), 0);
    assert_int_equal(truncate(path, bytes), 0);
}

static void
test_torn_files(void **state)
{
    struct stage *s = *state;
    play_until(s, 300 * S, 2 * S);
    struct bc_recording *r = end(s);
    update(r);
    struct bc_buf *text = read_file(r, PICTURE_VTT_NAME);
    int64_t starts[30];
    for (int i = 0; i < 30; i++) {
        starts[i] = 10 * i;
    }
    static const char *const NAMES[] = { "sheet-0001.jpg", "sheet-0002.jpg",
        PICTURE_VTT_NAME, PICTURE_POSTER_NAME };
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        for (off_t bytes = 0; bytes <= 1000; bytes += 500) {
            tear(r, NAMES[i], bytes);
            update(r);
            struct bc_buf *text_again = read_file(r, PICTURE_VTT_NAME);
            assert_int_equal(text_again->len, text->len);
            assert_memory_equal(text_again->data, text->data, text->len);
            bc_buf_unref(&text_again);
            assert_places(r, starts, 30, 2);
        }
    }
    assert_size(r, "sheet-0002.jpg", 800, 450);
    assert_size(r, PICTURE_POSTER_NAME, 320, 180);
    bc_buf_unref(&text);
    bc_recording_unref(&r);
}

static void
test_damaged_part(void **state)
{
    struct stage *s = *state;
    play_until(s, 40 * S, 10 * S);
    struct bc_recording *r = end(s);
    // The media of the second keyframe become noise.
    struct bc_recording_part part;
    assert_int_equal(bc_recording_parts(r, 1, &part, 1), 1);
    char path[PICTURE_PATH_MAX];
    snprintf(path, sizeof(path), "%s/%06u.mp4", bc_recording_folder(r), part.file);
    FILE *f = fopen(path, "r+");
    assert_non_null(f);
    fseek(f, (long)(part.offset + part.head_bytes + 8), SEEK_SET);
    for (uint32_t i = part.head_bytes + 8; i < part.bytes; i++) {
        fputc((int)(i * 7 % 256), f);
    }
    fclose(f);
    update(r);
    assert_vtt(r,
        "WEBVTT\n\n"
        "00:00:00.000 --> 00:00:20.000\nsheet-0001.jpg#xywh=0,0,160,90\n\n"
        "00:00:20.000 --> 00:00:30.000\nsheet-0001.jpg#xywh=160,0,160,90\n\n"
        "00:00:30.000 --> 00:00:40.000\nsheet-0001.jpg#xywh=320,0,160,90\n\n");
    bc_recording_unref(&r);
}

static bool
allow_some(void *user)
{
    int *left = user;
    return (*left)-- > 0;
}

static void
test_stopped(void **state)
{
    struct stage *s = *state;
    play_until(s, 300 * S, 2 * S);
    struct bc_recording *r = end(s);
    struct picture_progress progress = { 0 };
    int left = 4; // the poster and three
    struct picture_pace pace = { allow_some, &left };
    assert_int_equal(picture_thumbnails_update(r, &pace, &progress), -EINTR);
    assert_false(progress.complete);
    struct bc_buf *text = read_file(r, PICTURE_VTT_NAME);
    assert_non_null(text);
    bc_buf_unref(&text);
    assert_int_equal(picture_thumbnails_update(r, NULL, &progress), 0);
    assert_true(progress.complete);
    int64_t starts[30];
    for (int i = 0; i < 30; i++) {
        starts[i] = 10 * i;
    }
    assert_places(r, starts, 30, 2);
    bc_recording_unref(&r);
}

static void
test_folder_is_gone(void **state)
{
    struct stage *s = *state;
    play_until(s, 30 * S, 2 * S);
    struct bc_recording *r = end(s);
    nftw(bc_recording_folder(r), remove_one, 8, FTW_DEPTH | FTW_PHYS);
    struct picture_progress progress = { 0 };
    picture_thumbnails_update(r, NULL, &progress);
    assert_int_not_equal(access(bc_recording_folder(r), F_OK), 0);
    bc_recording_unref(&r);
}

static void
test_no_room(void **state)
{
    struct stage *s = *state;
    play_until(s, 30 * S, 2 * S);
    struct bc_recording *r = end(s);
    // Where the folder should be is a file.
    char path[PICTURE_PATH_MAX];
    snprintf(path, sizeof(path), "%s/pictures", bc_recording_folder(r));
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fclose(f);
    struct picture_progress progress = { 0 };
    assert_int_equal(picture_thumbnails_update(r, NULL, &progress), -ENOTDIR);
    assert_false(progress.complete);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(picture_thumbnails_update(r, NULL, &progress), 0);
    assert_true(progress.complete);
    assert_places(r, (const int64_t[]){ 0, 10, 20 }, 3, 2);
    bc_recording_unref(&r);
}

#define ON_STAGE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ON_STAGE(test_ended),
        ON_STAGE(test_running),
        ON_STAGE(test_nothing_new),
        ON_STAGE(test_long),
        cmocka_unit_test(test_steps),
        ON_STAGE(test_upright),
        ON_STAGE(test_sound_alone),
        ON_STAGE(test_poster_waits),
        ON_STAGE(test_poster_of_the_dark),
        ON_STAGE(test_poster_of_a_short_one),
        ON_STAGE(test_torn_files),
        ON_STAGE(test_damaged_part),
        ON_STAGE(test_stopped),
        ON_STAGE(test_folder_is_gone),
        ON_STAGE(test_no_room),
    };
    return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
