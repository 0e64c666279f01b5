// SPDX-License-Identifier: Apache-2.0
// Cues of the stream itself: event messages in the parts that hold their moment.
#include "transmux/hls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "container/emsg.h"
#include "hls_source.h"

#define SECOND 1000000
#define B_FRAMES_US 66667

static const struct hls_layout OBS = {
    .fps_num = 30, .fps_den = 1, .gop = 60, .rate = 48000, .b_us = B_FRAMES_US,
};

struct scene {
    struct bc_hls_muxer *m;
    struct hls_source s;
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
    static const struct bc_hls_params PARAMS = { .first_msn = 100 };
    struct scene *x = calloc(1, sizeof(*x));
    x->m = bc_hls_create(&PARAMS, ignore, x);
    hls_source_init(&x->s, x->m);
    *state = x;
    return 0;
}

static int
teardown(void **state)
{
    struct scene *x = *state;
    hls_source_finish(&x->s);
    bc_hls_destroy(x->m);
    free(x);
    return 0;
}

static void
push_cue(struct scene *x, int64_t at_us, const char *text)
{
    struct bc_buf *buf = bc_buf_copy(text, strlen(text));
    struct bc_packet *p = bc_packet_create(BC_KIND_CUE, NULL, buf, buf->data, buf->len);
    p->dts_us = p->pts_us = at_us;
    p->epoch = x->s.epoch;
    bc_hls_push(x->m, p, WALL_START_US + at_us);
    bc_packet_unref(&p);
}

// All that begin a file's moof, by asking for every part of a playlist; how many there were.
static size_t
find_marks(struct scene *x, const char *name, size_t *part, struct bc_emsg *out, size_t max)
{
    size_t n = 0;
    static uint8_t kept[16][512];
    for (size_t i = 0; i < 200; i++) {
        char file[64];
        snprintf(file, sizeof(file), "%s_100.%zu.m4s", name, i);
        struct bc_hls_resource res;
        if (bc_hls_resource(bc_hls_latest(x->m), file, &res) != BC_HLS_READY) {
            continue;
        }
        const struct bc_buf *buf = res.bufs[0];
        size_t run = bc_emsg_run(buf->data, buf->len);
        assert_memory_equal(buf->data + run + 4, "moof", 4);
        for (size_t at = 0; at < run && n < max;) {
            size_t len = (size_t)buf->data[at + 2] << 8 | buf->data[at + 3];
            memcpy(kept[n], buf->data + at, len);
            assert_int_equal(bc_emsg_read(kept[n], len, &out[n]), 0);
            part[n++] = i;
            at += len;
        }
        bc_hls_resource_finish(&res);
    }
    return n;
}

static void
test_cue_is_in_the_part_with_its_moment(void **state)
{
    struct scene *x = *state;
    hls_source_run(&x->s, &OBS, 0, 3 * SECOND);
    push_cue(x, 3 * SECOND, "{\"id\":\"a\"}");
    push_cue(x, 3 * SECOND, "{\"id\":\"b\"}");
    hls_source_run(&x->s, &OBS, 3 * SECOND, 6 * SECOND);
    struct bc_emsg marks[16];
    size_t parts[16];
    assert_int_equal(find_marks(x, "main", parts, marks, 16), 2);
    assert_int_equal(parts[0], 15); // of 200 ms
    assert_int_equal(parts[1], 15);
    assert_string_equal(marks[0].scheme, BC_EMSG_ID3_SCHEME);
    assert_int_equal(marks[0].timescale, 90000);
    // As its picture is shown.
    assert_int_equal(marks[0].presentation_time, 270000 + 6000);
    size_t len = 0;
    const uint8_t *text = bc_id3_find_text(marks[0].data, marks[0].len, "branchcast", &len);
    assert_int_equal(len, 10);
    assert_memory_equal(text, "{\"id\":\"a\"}", 10);
    uint32_t id = marks[0].id;
    assert_true(id != marks[1].id);
    assert_int_equal(find_marks(x, "audio", parts, marks, 16), 2);
    assert_int_equal(marks[0].timescale, 48000);
    assert_in_range(marks[0].presentation_time, 48 * 3066, 48 * 3067);
    assert_true(id == marks[0].id);
}

static void
test_smaller_pictures_have_it_too(void **state)
{
    struct scene *x = *state;
    x->s.small_bits = 1;
    x->s.small_gop = 60;
    hls_source_run(&x->s, &OBS, 0, 4 * SECOND);
    push_cue(x, 4 * SECOND, "{}");
    hls_source_run(&x->s, &OBS, 4 * SECOND, 8 * SECOND);
    struct bc_emsg marks[16];
    size_t parts[16];
    assert_int_equal(find_marks(x, "v1", parts, marks, 16), 1);
    assert_int_equal(marks[0].timescale, 90000);
    assert_int_equal(find_marks(x, "main", parts, marks, 16), 1);
}

// Nothing waits for a picture for ever, and none is lost between formats.
static void
test_marks_are_bounded_and_wait_for_the_next_part(void **state)
{
    struct scene *x = *state;
    for (int i = 0; i < 1000; i++) {
        push_cue(x, i, "{}");
    }
    hls_source_run(&x->s, &OBS, 0, SECOND);
    bc_hls_pause(x->m);
    push_cue(x, SECOND, "{\"later\":1}");
    x->s.epoch++;
    x->s.flags = BC_PACKET_NEW_EPOCH;
    hls_source_run(&x->s, &OBS, SECOND, 3 * SECOND);
    struct bc_emsg marks[16];
    size_t parts[16];
    size_t n = find_marks(x, "main", parts, marks, 16);
    assert_int_equal(n, 16);
    assert_int_equal(parts[0], 0);
    bc_hls_end(x->m);
    push_cue(x, 4 * SECOND, "{}");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_cue_is_in_the_part_with_its_moment, setup, teardown),
        cmocka_unit_test_setup_teardown(test_smaller_pictures_have_it_too, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_marks_are_bounded_and_wait_for_the_next_part, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
