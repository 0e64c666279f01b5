// SPDX-License-Identifier: Apache-2.0
// Files become media in a stream's format; what is broken is told.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kit.h"
#include "slate/countdown.h"
#include "slate/prepare.h"

static atomic_bool stop;

static struct slate_format
usual(void)
{
    struct slate_format f;
    slate_format_like(&f, NULL, NULL);
    return f;
}

static struct slate_media *
prepare(enum slate_kind kind, const char *path, const struct slate_format *f)
{
    struct slate_file_mark mark;
    const char *why = NULL;
    AVFrame *picture = slate_prepare_picture(kind, path, f, &stop, &mark, &why);
    assert_null(why);
    assert_non_null(picture);
    struct slate_media *m = slate_prepare_still(picture, f, &why);
    assert_null(why);
    assert_non_null(m);
    av_frame_free(&picture);
    return m;
}

// All pictures decode, and are what the first one is.
static void
check_still(const struct slate_media *m, int luma)
{
    struct kit_decoder d;
    kit_decoder_open(&d, m->video);
    assert_int_equal(m->pictures.count, m->format.gop);
    uint64_t sum = 0;
    for (size_t i = 0; i < m->pictures.count; i++) {
        const struct slate_unit *u = &m->pictures.items[i];
        assert_int_equal(u->key, i == 0);
        const AVFrame *f = kit_decode(&d, u->buf->data, u->buf->len);
        sum = i == 0 ? kit_sum(f) : sum;
        assert_int_equal(kit_sum(f), sum);
        assert_int_equal(f->width, m->format.width);
        assert_in_range(kit_luma(f, 7, 7, 2, 2), luma - 3, luma + 3);
        assert_true(i == 0 || u->buf->len < 24);
    }
    kit_decoder_close(&d);
}

static void
test_pictures_become_a_keyframe_and_repetitions(void **state)
{
    (void)state;
    struct slate_format f = usual();
    static const int PROFILES[] = { 66, 77, 100 };
    const char *path = kit_image("a.png", "png", 640, 360, 128);
    for (size_t i = 0; i < 3; i++) {
        f.profile = PROFILES[i];
        struct slate_media *m = prepare(SLATE_IMAGE, path, &f);
        check_still(m, 126); // RGB 128 in limited range
        assert_int_equal(m->video->config->data[1], PROFILES[i]);
        assert_int_equal(m->video->config->data[3], f.level);
        assert_int_equal(m->video->reorder_frames, 0);
        slate_media_unref(&m);
    }
    unlink(path);
    path = kit_image("b.jpg", "mjpeg", 401, 300, 90);
    struct slate_media *m = prepare(SLATE_IMAGE, path, &f);
    check_still(m, 93);
    slate_media_unref(&m);
    unlink(path);
    m = prepare(SLATE_PLAIN, NULL, &f);
    check_still(m, 35);
    slate_media_unref(&m);
}

static void
test_a_picture_of_another_shape_stands_in_the_middle(void **state)
{
    (void)state;
    struct slate_format f = usual();
    const char *path = kit_image("tall.png", "png", 300, 600, 255);
    struct slate_media *m = prepare(SLATE_IMAGE, path, &f);
    struct kit_decoder d;
    kit_decoder_open(&d, m->video);
    const struct slate_unit *u = &m->pictures.items[0];
    const AVFrame *frame = kit_decode(&d, u->buf->data, u->buf->len);
    assert_in_range(kit_luma(frame, 0, 0, 4, 16), 14, 18);
    assert_in_range(kit_luma(frame, 7, 0, 2, 16), 230, 237);
    assert_in_range(kit_luma(frame, 12, 0, 4, 16), 14, 18);
    // Up to the picture's edge, 180 from the middle.
    for (int y = 0; y < f.height; y++) {
        assert_true(frame->data[0][y * frame->linesize[0] + 640 + 180 + 8] < 24);
        assert_true(frame->data[0][y * frame->linesize[0] + 640 - 180 - 9] < 24);
    }
    kit_decoder_close(&d);
    slate_media_unref(&m);
    unlink(path);
}

// 16 by 16, grey (lossy), and white of which a quarter covers (lossless).
static const uint8_t WEBP_LOSSY[] = {
    0x52, 0x49, 0x46, 0x46, 0x24, 0x00, 0x00, 0x00, 0x57, 0x45, 0x42, 0x50, 0x56, 0x50,
    0x38, 0x20, 0x18, 0x00, 0x00, 0x00, 0x50, 0x01, 0x00, 0x9d, 0x01, 0x2a, 0x10, 0x00,
    0x10, 0x00, 0x02, 0xc0, 0x4c, 0x25, 0xa4, 0x00, 0x04, 0x74, 0x00, 0x00, 0xe4, 0x40,
    0x00, 0x00,
};
static const uint8_t WEBP_ALPHA[] = {
    0x52, 0x49, 0x46, 0x46, 0x1e, 0x00, 0x00, 0x00, 0x57, 0x45, 0x42, 0x50, 0x56, 0x50,
    0x38, 0x4c, 0x11, 0x00, 0x00, 0x00, 0x2f, 0x0f, 0xc0, 0x03, 0x10, 0x07, 0xd0, 0xff,
    0xfe, 0xf7, 0xbf, 0x40, 0x81, 0x88, 0xe8, 0x7f, 0x00, 0x00,
};

static void
test_webp_and_transparency(void **state)
{
    (void)state;
    struct slate_format f = usual();
    const char *path = kit_file("a.webp", WEBP_LOSSY, sizeof(WEBP_LOSSY));
    struct slate_media *m = prepare(SLATE_IMAGE, path, &f);
    check_still(m, 126);
    slate_media_unref(&m);
    path = kit_file("a.webp", WEBP_ALPHA, sizeof(WEBP_ALPHA));
    m = prepare(SLATE_IMAGE, path, &f);
    check_still(m, 70); // white, a quarter of it, on black
    slate_media_unref(&m);
    unlink(path);
}

static void
test_silence_is_silent(void **state)
{
    (void)state;
    struct slate_format f = usual();
    struct slate_media *m = prepare(SLATE_PLAIN, NULL, &f);
    struct kit_decoder d;
    kit_decoder_open(&d, m->audio);
    assert_int_equal(m->audio->sample_rate, 48000);
    assert_int_equal(m->audio->channels, 2);
    assert_string_equal(m->audio->codec_string, "mp4a.40.2");
    for (int i = 0; i < 5; i++) {
        const AVFrame *s = kit_decode(&d, m->silence.buf->data, m->silence.buf->len);
        assert_int_equal(s->nb_samples, 1024);
        for (int n = 0; n < s->nb_samples; n++) {
            float v = ((float *)s->extended_data[0])[n];
            assert_true(v < 1e-4f && v > -1e-4f);
        }
    }
    kit_decoder_close(&d);
    slate_media_unref(&m);
}

static void
test_all_of_one_format_have_the_same_headers(void **state)
{
    (void)state;
    struct slate_format f = usual();
    const char *why = NULL;
    struct slate_media *still = prepare(SLATE_PLAIN, NULL, &f);
    const char *path = kit_movie("m.mkv", 30, true);
    struct slate_media *movie = slate_prepare_movie(path, &f, &stop, &why);
    assert_null(why);
    assert_true(bc_track_equal(still->video, movie->video));
    assert_true(bc_track_equal(still->audio, movie->audio));
    struct slate_countdown c;
    AVFrame *picture = slate_prepare_picture(
        SLATE_PLAIN, NULL, &f, &stop, &(struct slate_file_mark){ 0 }, &why);
    assert_null(slate_countdown_init(&c, picture, &f, 100));
    assert_true(bc_track_equal(still->video, c.encoder.track));
    slate_countdown_finish(&c);
    av_frame_free(&picture);
    slate_media_unref(&still);
    slate_media_unref(&movie);
    unlink(path);
}

static void
test_a_video_plays_at_the_streams_rate(void **state)
{
    (void)state;
    struct slate_format f = usual();
    const char *why = NULL;
    f.width = 640;
    f.height = 360;
    f.fps_num = 30000;
    f.fps_den = 1001;
    f.gop = 30;
    const char *path = kit_movie("v.mkv", 50, true); // two seconds
    struct slate_media *m = slate_prepare_movie(path, &f, &stop, &why);
    assert_null(why);
    assert_false(m->still);
    assert_in_range(m->pictures.count, 58, 61);
    assert_in_range(m->sounds.count, 92, 95);
    struct kit_decoder d;
    kit_decoder_open(&d, m->video);
    int last = 256;
    for (size_t i = 0; i < m->pictures.count; i++) {
        const struct slate_unit *u = &m->pictures.items[i];
        assert_int_equal(u->key, i % 30 == 0);
        int luma = kit_luma(kit_decode(&d, u->buf->data, u->buf->len), 0, 0, 16, 16);
        assert_true(luma <= last + 1);
        last = luma;
    }
    assert_in_range(last, 95, 110);
    kit_decoder_close(&d);
    kit_decoder_open(&d, m->audio);
    float loudest = 0;
    for (size_t i = 0; i < m->sounds.count; i++) {
        const struct slate_unit *u = &m->sounds.items[i];
        const AVFrame *s = kit_decode(&d, u->buf->data, u->buf->len);
        float v = ((float *)s->extended_data[1])[500];
        loudest = v > loudest ? v : loudest;
    }
    assert_true(loudest > 0.15f && loudest < 0.4f);
    kit_decoder_close(&d);
    slate_media_unref(&m);
    unlink(path);
}

static void
test_a_video_without_sound_is_silent_and_a_stream_without_sound_gets_none(void **state)
{
    (void)state;
    struct slate_format f = usual();
    const char *why = NULL;
    const char *path = kit_movie("mute.mkv", 10, false);
    struct slate_media *m = slate_prepare_movie(path, &f, &stop, &why);
    assert_null(why);
    assert_int_equal(m->sounds.count, 0);
    assert_non_null(m->silence.buf);
    slate_media_unref(&m);
    unlink(path);
    path = kit_movie("loud.mkv", 10, true);
    f.has_sound = false;
    m = slate_prepare_movie(path, &f, &stop, &why);
    assert_null(why);
    assert_null(m->audio);
    assert_int_equal(m->sounds.count, 0);
    slate_media_unref(&m);
    unlink(path);
}

static const char *
refused(enum slate_kind kind, const char *path)
{
    struct slate_format f = usual();
    struct slate_file_mark mark;
    const char *why = NULL;
    assert_null(slate_prepare_picture(kind, path, &f, &stop, &mark, &why));
    assert_non_null(why);
    return why;
}

// PNG's signature and the header of a picture of 8000 by 8000.
static const uint8_t HUGE_PNG[] = { 0x89, 'P', 'N', 'G', 0x0d, 0x0a, 0x1a, 0x0a, //
    0, 0, 0, 13, 'I', 'H', 'D', 'R', 0, 0, 0x1f, 0x40, 0, 0, 0x1f, 0x40, 8, 2, 0, 0, 0, //
    0x51, 0x9c, 0x62, 0x74 };

static void
test_bad_files_are_told(void **state)
{
    (void)state;
    assert_string_equal(refused(SLATE_IMAGE, "/nowhere/x.png"), "there is no such file");
    assert_string_equal(refused(SLATE_FILE, "/nowhere/x.mp4"), "there is no such file");
    assert_string_equal(refused(SLATE_IMAGE, "/tmp"), "it is not a file");
    assert_string_equal(refused(SLATE_FILE, "/dev/zero"), "it is not a file");
    const char *path = kit_file("x", "no picture at all", 17);
    assert_string_equal(
        refused(SLATE_IMAGE, path), "it is neither PNG nor JPEG nor WebP");
    assert_string_equal(
        refused(SLATE_FILE, path), "it is no video file that can be read");
    path = kit_file("x", "", 0);
    (void)refused(SLATE_IMAGE, path);
    (void)refused(SLATE_FILE, path);
    path = kit_file("x", HUGE_PNG, sizeof(HUGE_PNG));
    assert_non_null(strstr(refused(SLATE_IMAGE, path), "too large"));
    // A playlist that names other files is none of a slate's containers.
    static const char LIST[] = "ffconcat version 1.0\nfile '/etc/passwd'\n";
    path = kit_file("x", LIST, sizeof(LIST) - 1);
    (void)refused(SLATE_FILE, path);
    unlink(path);
}

static void
test_cut_files_are_told(void **state)
{
    (void)state;
    char *name = strdup(kit_image("cut.jpg", "mjpeg", 640, 480, 90));
    FILE *f = fopen(name, "rb");
    uint8_t data[65536];
    size_t len = fread(data, 1, sizeof(data), f);
    fclose(f);
    for (size_t cut = 1; cut < len; cut += len / 16) {
        kit_file("cut.jpg", data, cut);
        (void)refused(SLATE_IMAGE, name);
    }
    unlink(name);
    free(name);
}

static void
test_a_stop_ends_the_preparation(void **state)
{
    (void)state;
    struct slate_format f = usual();
    const char *why = NULL;
    const char *path = kit_movie("s.mkv", 100, true);
    atomic_store(&stop, true);
    assert_null(slate_prepare_movie(path, &f, &stop, &why));
    assert_non_null(why);
    atomic_store(&stop, false);
    unlink(path);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pictures_become_a_keyframe_and_repetitions),
        cmocka_unit_test(test_a_picture_of_another_shape_stands_in_the_middle),
        cmocka_unit_test(test_webp_and_transparency),
        cmocka_unit_test(test_silence_is_silent),
        cmocka_unit_test(test_all_of_one_format_have_the_same_headers),
        cmocka_unit_test(test_a_video_plays_at_the_streams_rate),
        cmocka_unit_test(
            test_a_video_without_sound_is_silent_and_a_stream_without_sound_gets_none),
        cmocka_unit_test(test_bad_files_are_told),
        cmocka_unit_test(test_cut_files_are_told),
        cmocka_unit_test(test_a_stop_ends_the_preparation),
    };
    av_log_set_level(AV_LOG_QUIET);
    return cmocka_run_group_tests_name("slate_prepare", tests, NULL, NULL);
}
