// SPDX-License-Identifier: Apache-2.0
// Cues in a channel's own media.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../transmux/stage.h"
#include "media/sei.h"
#include "stream/marks.h"

#define S 1000000

// What the sinks of the channel get, as one letter each: K and P pictures, A sound, C a cue,
// and behind a picture how many cues are in it.
struct ear {
    struct bc_packet_sink sink;
    char seen[400];
    int64_t cue_dts_us;
    char cue[200];
};

static bool
count_text(void *user, const char *text, size_t len)
{
    (void)text;
    (void)len;
    (*(unsigned *)user)++;
    return true;
}

static void
on_packet(struct bc_packet_sink *sink, struct bc_packet *p, int64_t wall_us)
{
    (void)wall_us;
    struct ear *e = bc_container_of(sink, struct ear, sink);
    size_t n = strlen(e->seen);
    assert_true(n + 3 < sizeof(e->seen));
    if (p->kind == BC_KIND_CUE) {
        e->cue_dts_us = p->dts_us;
        snprintf(e->cue, sizeof(e->cue), "%.*s", (int)p->len, (const char *)p->data);
    }
    e->seen[n++] = p->kind == BC_KIND_AUDIO ? 'A'
        : p->kind == BC_KIND_CUE            ? 'C'
        : p->flags & BC_PACKET_KEY          ? 'K'
                                            : 'P';
    unsigned count = 0;
    if (p->kind == BC_KIND_VIDEO) {
        bc_sei_each(BC_CODEC_AVC, p->data, p->len, BC_SEI_CUE_UUID, count_text, &count);
    }
    if (count > 0) {
        e->seen[n] = (char)('0' + count);
    }
}

static const struct bc_packet_sink_ops EAR_OPS = { .on_packet = on_packet };

static struct ear ear;

static int
setup(void **state)
{
    struct stage *s = calloc(1, sizeof(*s));
    stage_open(s, NULL);
    stage_publish(s, 1, "10.0.0.1");
    memset(&ear, 0, sizeof(ear));
    bc_list_init(&ear.sink.node);
    ear.sink.ops = &EAR_OPS;
    bc_channel_add_sink(s->channel, &ear.sink);
    *state = s;
    return 0;
}

static int
teardown(void **state)
{
    bc_channel_remove_sink(&ear.sink);
    stage_close(*state);
    free(*state);
    return 0;
}

// One access unit of a slice, 40 ms long.
static void
picture_of(struct stage *s, int64_t ms, bool key, const char *brought)
{
    static const uint8_t UNIT[] = { 0, 0, 0, 2, 0x09, 0xf0, 0, 0, 0, 3, 0x65, 0x88, 0x84 };
    struct bc_buf *buf = bc_buf_copy(UNIT, sizeof(UNIT));
    if (brought) {
        struct bc_buf *text = bc_buf_copy(brought, strlen(brought));
        struct bc_buf *with
            = bc_sei_insert(BC_CODEC_AVC, UNIT, sizeof(UNIT), BC_SEI_CUE_UUID, &text, 1);
        bc_buf_unref(&text);
        bc_buf_unref(&buf);
        buf = with;
    }
    struct bc_packet *p
        = bc_packet_create(BC_KIND_VIDEO, s->video, buf, buf->data, buf->len);
    p->dts_us = p->pts_us = ms * 1000;
    p->arrived_us = s->clock0_us + ms * 1000;
    p->flags = key ? BC_PACKET_KEY : 0;
    bc_take_push(s->take, p);
    stage_flush(s);
}

static void
picture(struct stage *s, int64_t ms, bool key)
{
    picture_of(s, ms, key, NULL);
}

// The end of what is shown on the media clock.
static int64_t
now_us(struct stage *s)
{
    struct bc_channel_info info;
    bc_channel_info(s->channel, &info);
    return info.clock_us;
}

static void
mark(struct stage *s, const char *id, int64_t at_us, int64_t until_us, bool ended)
{
    char json[100];
    int n = snprintf(json, sizeof(json), "{\"type\":\"cue\",\"id\":\"%s\"}", id);
    struct bc_buf *buf = bc_buf_copy(json, (size_t)n);
    struct bc_mark m
        = { .id = id, .json = buf, .at_us = at_us, .until_us = until_us, .ended = ended };
    assert_true(bc_channel_add_mark(s->channel, &m));
    bc_buf_unref(&buf);
    stage_turn(s);
}

// Where the first picture, of 0 ms, lies on the media clock.
static int64_t
begin(struct stage *s)
{
    picture(s, 0, true);
    bc_channel_remove_sink(&ear.sink);
    bc_channel_add_sink(s->channel, &ear.sink);
    assert_string_equal(ear.seen, "K");
    ear.seen[0] = '\0';
    struct bc_packet *first = bc_channel_gop_packet(s->channel, 0, 0);
    assert_non_null(first);
    return first->dts_us;
}

static void
test_a_mark_waits_for_its_moment(void **state)
{
    struct stage *s = *state;
    int64_t zero_us = begin(s);
    mark(s, "c1", zero_us + 100000, INT64_MAX, false);
    picture(s, 40, false);
    stage_audio(s, 80);
    picture(s, 80, false);
    picture(s, 120, false);
    picture(s, 160, false);
    assert_string_equal(ear.seen, "PAPCP1P");
    assert_int_equal(ear.cue_dts_us, zero_us + 100000);
    assert_string_equal(ear.cue, "{\"type\":\"cue\",\"id\":\"c1\"}");
}

static void
test_again_on_keyframes_until_it_is_over(void **state)
{
    struct stage *s = *state;
    int64_t zero_us = begin(s);
    mark(s, "c1", zero_us + 40000, zero_us + 200000, false);
    mark(s, "c2", zero_us + 80000, INT64_MAX, false);
    picture(s, 40, false);
    picture(s, 80, false);
    picture(s, 120, true);
    picture(s, 160, false);
    picture(s, 240, true);
    assert_string_equal(ear.seen, "CP1CP1K2PK1");
    mark(s, "c2", 0, 0, true);
    picture(s, 280, false);
    picture(s, 320, true);
    assert_string_equal(ear.seen, "CP1CP1K2PK1CP1K");
}

static void
test_a_late_mark_comes_with_the_next_packet(void **state)
{
    struct stage *s = *state;
    int64_t zero_us = begin(s);
    mark(s, "c1", zero_us - S, INT64_MAX, false);
    stage_audio(s, 40);
    picture(s, 40, false);
    assert_string_equal(ear.seen, "CAP1");
    assert_int_equal(ear.cue_dts_us, zero_us + 40000);
    // What was over before anybody heard of it is nothing.
    mark(s, "c2", zero_us - S, zero_us, false);
    picture(s, 80, false);
    assert_string_equal(ear.seen, "CAP1P");
}

static void
test_one_that_ends_before_it_begins_is_forgotten(void **state)
{
    struct stage *s = *state;
    int64_t zero_us = begin(s);
    mark(s, "c1", zero_us + 100000, INT64_MAX, false);
    mark(s, "c1", zero_us + 100000, INT64_MAX, true);
    picture(s, 120, false);
    assert_string_equal(ear.seen, "P");
}

static void
test_a_new_revision_takes_its_place(void **state)
{
    struct stage *s = *state;
    int64_t zero_us = begin(s);
    mark(s, "c1", zero_us, INT64_MAX, false);
    picture(s, 40, false);
    mark(s, "c1", zero_us, INT64_MAX, false);
    picture(s, 80, false);
    picture(s, 120, true);
    assert_string_equal(ear.seen, "CP1CP1K1");
    assert_true(now_us(s) >= 0);
}

static void
test_too_many_are_left_out(void **state)
{
    struct stage *s = *state;
    int64_t zero_us = begin(s);
    for (int i = 0; i < BC_MARKS_MAX + 20; i++) {
        char id[16];
        snprintf(id, sizeof(id), "c%d", i);
        mark(s, id, zero_us + 40000, INT64_MAX, false);
    }
    picture(s, 40, false);
    size_t cues = strspn(ear.seen, "C");
    assert_int_equal(cues, BC_MARKS_MAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        TEST(test_a_mark_waits_for_its_moment),
        TEST(test_again_on_keyframes_until_it_is_over),
        TEST(test_a_late_mark_comes_with_the_next_packet),
        TEST(test_one_that_ends_before_it_begins_is_forgotten),
        TEST(test_a_new_revision_takes_its_place),
        TEST(test_too_many_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
