// SPDX-License-Identifier: Apache-2.0
// Cues as EXT-X-DATERANGE of live playlists: when they are listed, and what stays as it was.
#include "transmux/hls_dates.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hls_source.h"

#define SECOND INT64_C(1000000)

static const struct hls_layout OBS = {
    .fps_num = 30, .fps_den = 1, .gop = 60, .rate = 48000,
};

// A host, and the playlist of one name.
struct scene {
    struct bc_hls_muxer *m;
    struct hls_source s;
    struct bc_hls_dates *d;
    char text[65536]; // the newest playlist
};

static void
ignore(void *user, struct bc_hls_snapshot *snapshot)
{
    (void)user;
    (void)snapshot;
}

static int
setup(void **state)
{
    static const struct bc_hls_params PARAMS = {
        .first_msn = 100, .target_us = 2 * SECOND, .window_us = 16 * SECOND };
    struct scene *x = calloc(1, sizeof(*x));
    x->m = bc_hls_create(&PARAMS, ignore, x);
    hls_source_init(&x->s, x->m);
    x->d = bc_hls_dates_create();
    assert_non_null(x->d);
    *state = x;
    return 0;
}

static int
teardown(void **state)
{
    struct scene *x = *state;
    bc_hls_dates_destroy(x->d);
    hls_source_finish(&x->s);
    bc_hls_destroy(x->m);
    free(x);
    return 0;
}

static struct bc_hls_cue
cue(const char *id, unsigned revision, int64_t at_us)
{
    return (struct bc_hls_cue){
        .id = id,
        .revision = revision,
        .kind = "TEXT",
        .channel = "live/hq",
        .data = "{}",
        .data_len = 2,
        .at_us = at_us,
    };
}

// The lines now; "" for none.
static const char *
lines(struct scene *x)
{
    struct bc_buf *text = bc_hls_dates_text(x->d, bc_hls_latest(x->m));
    x->text[0] = '\0';
    if (text) {
        memcpy(x->text, text->data, text->len);
        x->text[text->len] = '\0';
    }
    bc_buf_unref(&text);
    return x->text;
}

// WALL_START_US is 2023-11-14T22:13:20Z, where media time 0 is.

static void
test_cue_is_listed_with_its_picture(void **state)
{
    struct scene *x = *state;
    struct bc_hls_cue c = cue("a", 1, 3500000);
    hls_source_run(&x->s, &OBS, 0, 3 * SECOND);
    assert_string_equal(lines(x), "");
    bc_hls_dates_change(x->d, &c, 3 * SECOND);
    assert_string_equal(lines(x), "");
    hls_source_run(&x->s, &OBS, 3 * SECOND, 4 * SECOND);
    assert_string_equal(lines(x),
        "#EXT-X-DATERANGE:ID=\"a\",CLASS=\"com.branchcast.cue\","
        "START-DATE=\"2023-11-14T22:13:23.500Z\",X-CUE=\"a\",X-KIND=\"TEXT\","
        "X-REVISION=1,X-CHANNEL=\"live/hq\",X-DATA=\"{}\"\n");
    struct bc_buf *one = bc_hls_dates_text(x->d, bc_hls_latest(x->m));
    hls_source_run(&x->s, &OBS, 4 * SECOND, 5 * SECOND);
    struct bc_buf *two = bc_hls_dates_text(x->d, bc_hls_latest(x->m));
    assert_ptr_equal(one, two); // nothing is written anew for each part
    bc_buf_unref(&one);
    bc_buf_unref(&two);
}

static void
test_end_is_told_when_it_has_come(void **state)
{
    struct scene *x = *state;
    struct bc_hls_cue c = cue("a", 1, SECOND);
    c.duration_us = 2 * SECOND;
    bc_hls_dates_change(x->d, &c, 0);
    hls_source_run(&x->s, &OBS, 0, 2 * SECOND);
    assert_non_null(strstr(lines(x), "PLANNED-DURATION=2.000"));
    assert_null(strstr(x->text, "END-DATE"));
    hls_source_run(&x->s, &OBS, 2 * SECOND, 4 * SECOND);
    assert_non_null(strstr(lines(x), "START-DATE=\"2023-11-14T22:13:21.000Z\","
                                     "END-DATE=\"2023-11-14T22:13:23.000Z\","
                                     "PLANNED-DURATION=2.000"));
    // An end that is told afterwards changes nothing of what was told.
    c.ended = true;
    bc_hls_dates_change(x->d, &c, 4 * SECOND);
    assert_non_null(strstr(lines(x), "END-DATE=\"2023-11-14T22:13:23.000Z\""));
}

static void
test_ended_by_hand(void **state)
{
    struct scene *x = *state;
    struct bc_hls_cue c = cue("a", 1, SECOND);
    bc_hls_dates_change(x->d, &c, SECOND);
    hls_source_run(&x->s, &OBS, 0, 4 * SECOND);
    c.ended = true;
    bc_hls_dates_change(x->d, &c, 4100000);
    assert_null(strstr(lines(x), "END-DATE"));
    hls_source_run(&x->s, &OBS, 4 * SECOND, 5 * SECOND);
    assert_non_null(strstr(lines(x), "END-DATE=\"2023-11-14T22:13:24.100Z\""));
    // How long it lasted is told: when that is heard does not matter.
    struct bc_hls_cue lasted = cue("c", 1, 4200000);
    bc_hls_dates_change(x->d, &lasted, 4200000);
    lasted.ended = true;
    lasted.revision = 2;
    lasted.duration_us = 300000;
    bc_hls_dates_change(x->d, &lasted, 4600000);
    assert_non_null(strstr(lines(x), "END-DATE=\"2023-11-14T22:13:24.500Z\""));
    // One that was pending is not told at all.
    struct bc_hls_cue later = cue("b", 1, 20 * SECOND);
    bc_hls_dates_change(x->d, &later, 5 * SECOND);
    later.ended = true;
    bc_hls_dates_change(x->d, &later, 6 * SECOND);
    hls_source_run(&x->s, &OBS, 5 * SECOND, 21 * SECOND);
    assert_null(strstr(lines(x), "ID=\"b\""));
}

// bis 4.4.5.1: the same ID never has another value; so a revision is a range of its own.
static void
test_revision_is_a_new_range(void **state)
{
    struct scene *x = *state;
    struct bc_hls_cue c = cue("a", 1, SECOND);
    bc_hls_dates_change(x->d, &c, SECOND);
    hls_source_run(&x->s, &OBS, 0, 3 * SECOND);
    c.revision = 2;
    c.data = "{\"p\":1}";
    c.data_len = 7;
    bc_hls_dates_change(x->d, &c, 3200000);
    bc_hls_dates_change(x->d, &c, 3300000); // heard of twice
    hls_source_run(&x->s, &OBS, 3 * SECOND, 4 * SECOND);
    assert_string_equal(lines(x),
        "#EXT-X-DATERANGE:ID=\"a\",CLASS=\"com.branchcast.cue\","
        "START-DATE=\"2023-11-14T22:13:21.000Z\",END-DATE=\"2023-11-14T22:13:23.200Z\","
        "X-CUE=\"a\",X-KIND=\"TEXT\",X-REVISION=1,X-CHANNEL=\"live/hq\",X-DATA=\"{}\"\n"
        "#EXT-X-DATERANGE:ID=\"a.2\",CLASS=\"com.branchcast.cue\","
        "START-DATE=\"2023-11-14T22:13:23.200Z\",X-CUE=\"a\",X-KIND=\"TEXT\","
        "X-REVISION=2,X-CHANNEL=\"live/hq\",X-DATA=\"{%22p%22:1}\"\n");
}

// A store that shows something else for a while: the cue ends, and comes back as it was.
static void
test_cue_comes_back(void **state)
{
    struct scene *x = *state;
    struct bc_hls_cue c = cue("a", 1, SECOND);
    bc_hls_dates_change(x->d, &c, SECOND);
    hls_source_run(&x->s, &OBS, 0, 3 * SECOND);
    (void)lines(x);
    struct bc_hls_cue over = c;
    over.ended = true;
    bc_hls_dates_change(x->d, &over, 3 * SECOND);
    bc_hls_dates_change(x->d, &c, 4 * SECOND);
    hls_source_run(&x->s, &OBS, 3 * SECOND, 5 * SECOND);
    assert_non_null(strstr(lines(x), "ID=\"a\",CLASS=\"com.branchcast.cue\","
                                     "START-DATE=\"2023-11-14T22:13:21.000Z\","
                                     "END-DATE=\"2023-11-14T22:13:23.000Z\""));
    assert_non_null(strstr(x->text, "ID=\"a.1.1\",CLASS=\"com.branchcast.cue\","
                                    "START-DATE=\"2023-11-14T22:13:24.000Z\",X-CUE"));
}

static void
test_leaves_with_the_window(void **state)
{
    struct scene *x = *state;
    struct bc_hls_cue ended = cue("a", 1, SECOND);
    ended.duration_us = SECOND;
    struct bc_hls_cue open = cue("b", 1, SECOND);
    bc_hls_dates_change(x->d, &ended, 0);
    bc_hls_dates_change(x->d, &open, 0);
    hls_source_run(&x->s, &OBS, 0, 10 * SECOND);
    assert_non_null(strstr(lines(x), "ID=\"a\""));
    hls_source_run(&x->s, &OBS, 10 * SECOND, 30 * SECOND);
    assert_null(strstr(lines(x), "ID=\"a\""));
    // One that runs stays, and where it began is still the same.
    assert_non_null(strstr(x->text, "ID=\"b\""));
    assert_non_null(strstr(x->text, "START-DATE=\"2023-11-14T22:13:21.000Z\""));
}

// What was posted before anybody asked for HLS has left the window: its date follows the
// oldest segment's clock.
static void
test_date_before_the_window(void **state)
{
    struct scene *x = *state;
    hls_source_run(&x->s, &OBS, 0, 60 * SECOND);
    struct bc_hls_cue c = cue("a", 4, 2 * SECOND);
    bc_hls_dates_change(x->d, &c, 60 * SECOND);
    assert_non_null(strstr(lines(x), "ID=\"a.4\""));
    assert_non_null(strstr(x->text, "START-DATE=\"2023-11-14T22:13:22.000Z\""));
}

static void
test_many_changes_are_bounded(void **state)
{
    struct scene *x = *state;
    hls_source_run(&x->s, &OBS, 0, 10 * SECOND);
    for (unsigned i = 1; i <= 1000; i++) {
        struct bc_hls_cue c = cue("a", i, 5 * SECOND);
        bc_hls_dates_change(x->d, &c, 6 * SECOND);
    }
    size_t n = 0;
    struct bc_buf *text = bc_hls_dates_text(x->d, bc_hls_latest(x->m));
    for (size_t i = 0; i < text->len; i++) {
        n += text->data[i] == '\n';
    }
    bc_buf_unref(&text);
    assert_in_range(n, 1, 256);
}

// What a recorder hears: "a+1000 " for a begin, "a-…" for an end, in milliseconds.
static void
note(void *user, const struct bc_hls_passed *p)
{
    char *text = user;
    size_t len = strlen(text);
    snprintf(text + len, 200 - len, "%s.%u.%u%c%lld ", p->cue.id, p->cue.revision, p->repeat,
        p->end ? '-' : '+', (long long)(p->at_us / 1000));
}

static void
test_begins_and_ends_pass_once(void **state)
{
    struct scene *x = *state;
    char text[200] = "";
    struct bc_hls_cue c = cue("a", 1, SECOND);
    struct bc_hls_cue timed = cue("b", 1, 2 * SECOND);
    timed.duration_us = SECOND;
    bc_hls_dates_change(x->d, &c, 0);
    bc_hls_dates_change(x->d, &timed, 0);
    bc_hls_dates_pass(x->d, SECOND, note, text);
    assert_string_equal(text, "");
    bc_hls_dates_pass(x->d, 2500000, note, text);
    bc_hls_dates_pass(x->d, 2600000, note, text);
    assert_string_equal(text, "a.1.0+1000 b.1.0+2000 ");
    c.revision = 2;
    bc_hls_dates_change(x->d, &c, 2700000);
    bc_hls_dates_pass(x->d, 3500000, note, text);
    assert_string_equal(text, "a.1.0+1000 b.1.0+2000 a.1.0-2700 b.1.0-3000 a.2.0+2700 ");
    text[0] = '\0';
    struct bc_hls_cue over = c;
    over.ended = true;
    bc_hls_dates_change(x->d, &over, 4 * SECOND);
    bc_hls_dates_change(x->d, &c, 5 * SECOND);
    bc_hls_dates_pass(x->d, 6 * SECOND, note, text);
    assert_string_equal(text, "a.2.0-4000 a.2.1+5000 ");
    // Those that ended are forgotten some time.
    bc_hls_dates_pass(x->d, 2000 * SECOND, note, text);
    assert_string_equal(text, "a.2.0-4000 a.2.1+5000 ");
}

static struct bc_buf *
playlist(struct scene *x, bool delta, bool gzip, struct bc_buf *dates)
{
    return bc_hls_playlist_dated(bc_hls_latest(x->m), BC_HLS_MAIN, delta, gzip, dates);
}

// All other lines are those of the playlist without dates, in delta updates, too; equal lines
// are one text, whoever wrote them.
static void
test_playlist_has_the_lines(void **state)
{
    struct scene *x = *state;
    hls_source_run(&x->s, &OBS, 0, 30 * SECOND);
    static const char LINES[] = "#EXT-X-DATERANGE:ID=\"a\"\n";
    struct bc_buf *dates = bc_buf_copy(LINES, sizeof(LINES) - 1);
    struct bc_buf *same = bc_buf_copy(LINES, sizeof(LINES) - 1);
    for (int delta = 0; delta < 2; delta++) {
        struct bc_buf *plain = playlist(x, delta, false, NULL);
        struct bc_buf *with = playlist(x, delta, false, dates);
        struct bc_buf *again = playlist(x, delta, false, same);
        assert_ptr_equal(with, again);
        assert_int_equal(with->len, plain->len + dates->len);
        memcpy(x->text, with->data, with->len);
        x->text[with->len] = '\0';
        char *at = strstr(x->text, LINES);
        assert_non_null(at);
        size_t head = (size_t)(at - x->text);
        assert_memory_equal(with->data, plain->data, head);
        assert_memory_equal(
            with->data + head + dates->len, plain->data + head, plain->len - head);
        assert_memory_equal(at + dates->len, "#EXT-X-PRELOAD-HINT", 19);
        assert_int_equal(delta, strstr(x->text, "#EXT-X-SKIP") != NULL);
        bc_buf_unref(&plain);
        bc_buf_unref(&with);
        bc_buf_unref(&again);
        struct bc_buf *packed = playlist(x, delta, true, same);
        assert_int_equal(packed->data[0], 0x1f);
        bc_buf_unref(&packed);
    }
    bc_buf_unref(&dates);
    bc_buf_unref(&same);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_cue_is_listed_with_its_picture, setup, teardown),
        cmocka_unit_test_setup_teardown(test_end_is_told_when_it_has_come, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ended_by_hand, setup, teardown),
        cmocka_unit_test_setup_teardown(test_revision_is_a_new_range, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cue_comes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_leaves_with_the_window, setup, teardown),
        cmocka_unit_test_setup_teardown(test_date_before_the_window, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_changes_are_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_begins_and_ends_pass_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_playlist_has_the_lines, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
