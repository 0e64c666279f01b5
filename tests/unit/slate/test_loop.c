// SPDX-License-Identifier: Apache-2.0
// Prepared media played by a clock that the test moves; countdowns that decode to changing
// pictures; formats like tracks.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit.h"
#include "slate/countdown.h"
#include "slate/loop.h"
#include "slate/picture.h"
#include "slate/prepare.h"

#define MS INT64_C(1000)
#define SECOND INT64_C(1000000)

// A unit of one byte.
static void
add(struct slate_units *units, uint8_t byte, bool key)
{
    assert_true(slate_units_add(units, bc_buf_copy(&byte, 1), key));
}

// Pictures 'a', 'b', ... and sounds 'A', 'B', ... at 25 and 46.875 a second.
static struct slate_media *
make_media(unsigned pictures, unsigned sounds, bool still)
{
    struct slate_format f;
    slate_format_like(&f, NULL, NULL);
    struct slate_media *m = slate_media_create(&f);
    m->video = bc_track_create(BC_KIND_VIDEO, BC_CODEC_AVC);
    m->audio = bc_track_create(BC_KIND_AUDIO, BC_CODEC_AAC);
    m->still = still;
    for (unsigned i = 0; i < pictures; i++) {
        add(&m->pictures, (uint8_t)('a' + i), i == 0);
    }
    for (unsigned i = 0; i < sounds; i++) {
        add(&m->sounds, (uint8_t)('A' + i), true);
    }
    uint8_t silence = '.';
    m->silence.buf = bc_buf_copy(&silence, 1);
    return m;
}

// What came until now, as text; times must rise without a hole.
struct heard {
    struct slate_loop loop;
    char pictures[4096];
    char sounds[4096];
    unsigned keys[64]; // which pictures were keyframes
    unsigned key_count;
    unsigned picture_count;
    unsigned sound_count;
    int64_t last_us;
    bool may_jump;
};

static void
run_until(struct heard *h, int64_t now_us)
{
    struct bc_packet *p;
    while ((p = slate_loop_next(&h->loop, now_us))) {
        bool video = p->kind == BC_KIND_VIDEO;
        unsigned n = video ? h->picture_count : h->sound_count;
        int64_t at = video ? n * 40 * MS : (int64_t)n * 1024 * SECOND / 48000;
        assert_true(h->may_jump || p->dts_us == at);
        assert_true(p->dts_us >= h->last_us && p->dts_us <= now_us);
        assert_int_equal(p->dts_us, p->pts_us);
        h->last_us = p->dts_us;
        if (video && p->flags & BC_PACKET_KEY) {
            h->keys[h->key_count++ % 64] = n;
        }
        (video ? h->pictures : h->sounds)[n] = (char)p->data[0];
        h->picture_count += video;
        h->sound_count += !video;
        bc_packet_unref(&p);
    }
}

static struct heard *
open_loop(struct slate_media *m)
{
    struct heard *h = calloc(1, sizeof(*h));
    slate_loop_init(&h->loop, m);
    slate_media_unref(&m);
    return h;
}

static void
close_loop(struct heard *h)
{
    slate_loop_finish(&h->loop);
    free(h);
}

static void
test_a_loop_repeats_with_rising_times(void **state)
{
    (void)state;
    struct heard *h = open_loop(make_media(5, 9, false)); // 200 ms, 192 ms
    for (int64_t ms = 0; ms < 2000; ms += 7) {
        run_until(h, ms * MS);
    }
    assert_int_equal(h->picture_count, 50);
    assert_int_equal(h->sound_count, 94);
    assert_memory_equal(h->pictures, "abcdeabcdeabcde", 15);
    // Sound begins anew with the pictures; what is missing at the end is silent.
    assert_memory_equal(h->sounds, "ABCDEFGHI.ABCDEFGHIABCDEFGHI.", 29);
    assert_int_equal(slate_loop_due_us(&h->loop), 2000 * MS);
    close_loop(h);
}

static void
test_hours_of_it_stay_in_step(void **state)
{
    (void)state;
    struct slate_format f;
    slate_format_like(&f, NULL, NULL);
    f.fps_num = 30000;
    f.fps_den = 1001;
    f.sample_rate = 44100;
    // 100 hours: within a microsecond of the exact time.
    assert_int_equal(slate_picture_us(&f, 30000ull * 359), 1001 * 359 * SECOND);
    assert_int_equal(slate_sound_us(&f, 44100ull * 100), 102400 * SECOND);
    int64_t last = -1;
    for (uint64_t n = 10000000; n < 10001000; n++) {
        int64_t at = slate_picture_us(&f, n);
        assert_true(last < 0 || (at - last >= 33366 && at - last <= 33367));
        last = at;
    }
}

static void
test_another_slate_takes_over_at_the_next_picture(void **state)
{
    (void)state;
    struct heard *h = open_loop(make_media(5, 0, true));
    run_until(h, 80 * MS);
    struct slate_media *other = make_media(4, 3, false);
    other->pictures.items[0].buf->data[0] = 'X';
    slate_loop_change(&h->loop, other);
    slate_media_unref(&other);
    run_until(h, 300 * MS);
    assert_memory_equal(h->pictures, "abcXbcdXb", 8);
    assert_int_equal(h->keys[1], 3);
    assert_true(strncmp(h->sounds, ".....ABC", 6) == 0 || h->sounds[6] == 'A');
    close_loop(h);
}

static void
test_a_standstill_does_not_become_a_burst(void **state)
{
    (void)state;
    struct heard *h = open_loop(make_media(25, 0, true));
    run_until(h, 500 * MS);
    unsigned before = h->picture_count;
    h->may_jump = true;
    run_until(h, 3600 * SECOND + 500 * MS);
    assert_in_range(h->picture_count - before, 10, 50);
    assert_int_equal(h->pictures[before], 'a');
    assert_true(h->last_us > 3600 * SECOND);
    close_loop(h);
}

static void
test_a_countdown_changes_with_the_wall_clock(void **state)
{
    (void)state;
    struct heard *h = open_loop(make_media(25, 0, true));
    h->loop.wall_base_us = 1000000 * SECOND;
    h->loop.to_wall_us = h->loop.wall_base_us + 2500 * MS;
    assert_int_equal(slate_loop_left(&h->loop, 0), 3);
    assert_int_equal(slate_loop_left(&h->loop, 500 * MS), 2);
    assert_int_equal(slate_loop_left(&h->loop, 2500 * MS), 0);
    for (int64_t s = 3; s > 0; s--) {
        uint8_t byte = (uint8_t)('0' + s);
        struct bc_buf *key = bc_buf_copy(&byte, 1);
        slate_loop_add_key(&h->loop, s, key);
        bc_buf_unref(&key);
    }
    for (int64_t ms = 0; ms < 4000; ms += 10) {
        run_until(h, ms * MS);
    }
    // Half a second of 3, one of 2, one of 1, then the picture without.
    assert_int_equal(h->pictures[0], '3');
    assert_int_equal(h->pictures[1], 'b');
    assert_int_equal(h->pictures[13], '2');
    assert_int_equal(h->pictures[14], 'b');
    assert_int_equal(h->pictures[38], '1');
    assert_int_equal(h->pictures[63], 'a');
    assert_int_equal(h->pictures[88], 'a');
    assert_int_equal(h->key_count, 5);
    close_loop(h);
}

static void
test_a_number_that_is_late_repeats_the_last_one(void **state)
{
    (void)state;
    struct heard *h = open_loop(make_media(25, 0, true));
    h->loop.wall_base_us = SECOND;
    h->loop.to_wall_us = 100 * SECOND;
    run_until(h, 2 * SECOND);
    assert_int_equal(h->pictures[0], 'a'); // none is there yet
    assert_int_equal(h->pictures[25], 'a');
    uint8_t byte = '9';
    struct bc_buf *key = bc_buf_copy(&byte, 1);
    slate_loop_add_key(&h->loop, slate_loop_left(&h->loop, 2500 * MS), key);
    bc_buf_unref(&key);
    run_until(h, 3500 * MS);
    run_until(h, 5 * SECOND);
    unsigned first = (unsigned)(strchr(h->pictures, '9') - h->pictures);
    assert_in_range(first, 51, 63);
    assert_int_equal(h->pictures[first + 25], '9'); // still
    assert_int_equal(h->pictures[first + 1], 'b');
    close_loop(h);
}

// --- real pictures ---

static void
test_countdown_pictures_decode_and_change(void **state)
{
    (void)state;
    struct slate_format f;
    slate_format_like(&f, NULL, NULL);
    AVFrame *picture = slate_picture_create(&f);
    slate_picture_plain(picture);
    const char *why;
    struct slate_media *m = slate_prepare_still(picture, &f, &why);
    struct slate_countdown c;
    assert_null(slate_countdown_init(&c, picture, &f, 100000));
    struct kit_decoder d;
    kit_decoder_open(&d, m->video);
    uint64_t last = 0;
    for (int64_t s = 86402; s > 86397; s--) {
        struct bc_buf *key = slate_countdown_make(&c, s);
        assert_non_null(key);
        const AVFrame *frame = kit_decode(&d, key->data, key->len);
        uint64_t sum = kit_sum(frame);
        assert_true(sum != last);
        assert_true(kit_luma(frame, 4, 12, 8, 1) > 40); // digits on the panel
        assert_in_range(kit_luma(frame, 0, 0, 16, 4), 36, 46);
        for (size_t i = 1; i < m->pictures.count; i++) {
            const struct slate_unit *u = &m->pictures.items[i];
            assert_int_equal(kit_sum(kit_decode(&d, u->buf->data, u->buf->len)), sum);
        }
        last = sum;
        bc_buf_unref(&key);
    }
    kit_decoder_close(&d);
    slate_countdown_finish(&c);
    slate_media_unref(&m);
    av_frame_free(&picture);
}

static void
test_countdown_texts(void **state)
{
    (void)state;
    char text[SLATE_COUNTDOWN_TEXT];
    static const struct {
        int64_t seconds;
        const char *text;
    } ROWS[] = { { -5, "00:00:00" }, { 0, "00:00:00" }, { 59, "00:00:59" },
        { 3661, "01:01:01" }, { 86399, "23:59:59" }, { 86400, "1:00:00:00" },
        { 1000000, "11:13:46:40" }, { INT64_MAX / 2, "9999:00:00:00" } };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        slate_countdown_text(ROWS[i].seconds, text);
        assert_string_equal(text, ROWS[i].text);
    }
}

static void
test_small_and_tall_pictures_have_room_or_say_so(void **state)
{
    (void)state;
    static const int SIZES[][2] = { { 1080, 1920 }, { 320, 180 }, { 640, 128 },
        { 1920, 64 }, { 64, 64 }, { 64, 1080 } };
    for (size_t i = 0; i < sizeof(SIZES) / sizeof(SIZES[0]); i++) {
        struct slate_format f;
        slate_format_like(&f, NULL, NULL);
        f.width = SIZES[i][0];
        f.height = SIZES[i][1];
        f.level = 42;
        AVFrame *picture = slate_picture_create(&f);
        slate_picture_plain(picture);
        struct slate_countdown c;
        const char *why = slate_countdown_init(&c, picture, &f, 864000);
        assert_int_equal(why == NULL, i < 3);
        if (!why) {
            struct bc_buf *key = slate_countdown_make(&c, 863999);
            assert_non_null(key);
            bc_buf_unref(&key);
        }
        slate_countdown_finish(&c);
        av_frame_free(&picture);
    }
}

// --- formats ---

static void
test_formats_resemble_the_tracks(void **state)
{
    (void)state;
    struct slate_format f;
    slate_format_like(&f, NULL, NULL);
    assert_int_equal(f.width, 1280);
    assert_int_equal(f.height, 720);
    assert_int_equal(f.fps_num, 25);
    assert_int_equal(f.gop, 25);
    assert_int_equal(f.level, 31);
    assert_true(f.has_sound);
    struct bc_track *v = bc_track_create(BC_KIND_VIDEO, BC_CODEC_AVC);
    struct bc_track *a = bc_track_create(BC_KIND_AUDIO, BC_CODEC_AAC);
    static const uint8_t AVCC[] = { 1, 77, 0, 41, 0xff };
    v->config = bc_buf_copy(AVCC, sizeof(AVCC));
    v->width = 1080;
    v->height = 1920;
    v->fps_num = 60000;
    v->fps_den = 1001;
    a->sample_rate = 44100;
    a->channels = 1;
    slate_format_like(&f, v, a);
    assert_int_equal(f.width, 1080);
    assert_int_equal(f.height, 1920);
    assert_int_equal(f.gop, 60);
    assert_int_equal(f.profile, 77);
    assert_int_equal(f.level, 42); // 41 has no room for it
    assert_int_equal(f.sample_rate, 44100);
    assert_int_equal(f.channels, 1);
    // Larger than 1080p, in HEVC, without sound, at an odd rate.
    v->codec = BC_CODEC_HEVC;
    v->width = 3840;
    v->height = 1607;
    v->fps_num = 1;
    v->fps_den = 3;
    slate_format_like(&f, v, NULL);
    assert_int_equal(f.width, 1920);
    assert_int_equal(f.height, 802);
    assert_int_equal(f.fps_num, 25);
    assert_int_equal(f.profile, 100);
    assert_false(f.has_sound);
    // Sound alone, in Opus with a layout that AAC is not asked for.
    a->codec = BC_CODEC_OPUS;
    a->sample_rate = 48000;
    a->channels = 7;
    slate_format_like(&f, NULL, a);
    assert_int_equal(f.width, 1280);
    assert_int_equal(f.channels, 2);
    assert_int_equal(f.sample_rate, 48000);
    bc_track_unref(&v);
    bc_track_unref(&a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_loop_repeats_with_rising_times),
        cmocka_unit_test(test_hours_of_it_stay_in_step),
        cmocka_unit_test(test_another_slate_takes_over_at_the_next_picture),
        cmocka_unit_test(test_a_standstill_does_not_become_a_burst),
        cmocka_unit_test(test_a_countdown_changes_with_the_wall_clock),
        cmocka_unit_test(test_a_number_that_is_late_repeats_the_last_one),
        cmocka_unit_test(test_countdown_pictures_decode_and_change),
        cmocka_unit_test(test_countdown_texts),
        cmocka_unit_test(test_small_and_tall_pictures_have_room_or_say_so),
        cmocka_unit_test(test_formats_resemble_the_tracks),
    };
    av_log_set_level(AV_LOG_QUIET);
    return cmocka_run_group_tests_name("slate_loop", tests, NULL, NULL);
}
