// SPDX-License-Identifier: Apache-2.0
// cues.jsonl: what is appended is read back, whatever a crash or somebody else made of it; and
// event messages in the media.
#include "record/cues.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "container/cmaf_read.h"
#include "container/emsg.h"
#include "record/recording.h"
#include "stage.h"

#define SECOND INT64_C(1000000)

static struct bc_recording_cues
parse(const char *text)
{
    struct bc_recording_cues cues;
    size_t len = strlen(text);
    char *copy = malloc(len > 0 ? len : 1); // of the exact size
    memcpy(copy, text, len);
    assert_int_equal(bc_recording_cues_parse(copy, len, &cues), 0);
    free(copy);
    return cues;
}

#define BEGIN(at, id, revision)                                                          \
    "{\"at_us\":" #at ",\"event\":\"begin\",\"id\":\"" id                                  \
    "\",\"kind\":\"text\",\"channel\":\"live/hq\",\"revision\":" #revision ",\"data\":{}}\n"
#define END(at, id, revision)                                                            \
    "{\"at_us\":" #at ",\"event\":\"end\",\"id\":\"" id "\",\"revision\":" #revision "}\n"
#define RESUME(at) "{\"at_us\":" #at ",\"event\":\"resume\"}\n"

static void
test_lines_are_literal(void **state)
{
    (void)state;
    struct bc_recording_cue c = {
        .id = (char *)"mug",
        .kind = (char *)"product",
        .channel = (char *)"live/hq",
        .data = (char *)"{\"title\":\"\u676f\",\"n\":1}",
        .data_len = 21,
        .revision = 2,
        .from_us = 1500000,
        .until_us = 2500000,
        .planned_us = 10 * SECOND,
    };
    struct bc_writer w = { 0 };
    bc_recording_cue_write_begin(&w, &c);
    bc_write_str(&w, "\n");
    bc_recording_cue_write_end(&w, &c);
    bc_write_str(&w, "\n");
    bc_recording_cue_write_resume(&w, 7);
    bc_write_u8(&w, 0);
    assert_string_equal((const char *)w.data,
        "{\"at_us\":1500000,\"event\":\"begin\",\"id\":\"mug\",\"kind\":\"product\","
        "\"channel\":\"live/hq\",\"revision\":2,\"planned_us\":10000000,"
        "\"data\":{\"title\":\"\xe6\x9d\xaf\",\"n\":1}}\n"
        "{\"at_us\":2500000,\"event\":\"end\",\"id\":\"mug\",\"revision\":2}\n"
        "{\"at_us\":7,\"event\":\"resume\"}");
    bc_writer_finish(&w);
}

static void
test_ranges_are_read(void **state)
{
    (void)state;
    struct bc_recording_cues c = parse(BEGIN(5, "b", 1) BEGIN(3, "a", 1) END(4, "a", 1)
            BEGIN(9, "b", 2) END(8, "b", 1) "{\"at_us\":12,\"event\":\"begin\",\"id\":"
                                            "\"a\",\"kind\":\"text\",\"channel\":\"x/y\","
                                            "\"revision\":1,\"repeat\":1,"
                                            "\"planned_us\":6,\"data\":{\"n\": 1}}\n");
    assert_int_equal(c.count, 4);
    assert_string_equal(c.items[0].id, "a");
    assert_int_equal(c.items[0].from_us, 3);
    assert_int_equal(c.items[0].until_us, 4);
    assert_string_equal(c.items[1].id, "b");
    assert_int_equal(c.items[1].until_us, 9); // the next revision ended it
    assert_int_equal(c.items[2].revision, 2);
    assert_true(c.items[2].until_us == BC_RECORDING_CUE_OPEN);
    assert_string_equal(c.items[3].data, "{\"n\":1}");
    assert_int_equal(c.items[3].repeat, 1);
    assert_int_equal(c.items[3].planned_us, 6);
    bc_recording_cues_finish(&c);
}

static void
test_nonsense_is_passed_over(void **state)
{
    (void)state;
    struct bc_recording_cues c = parse("\n{}\nnull\n[1]\n{\"at_us\":-1,\"event\":\"begin\"}\n"
                                       "{\"at_us\":\"x\",\"event\":\"end\",\"id\":\"a\"}\n"
                                       "{\"at_us\":1,\"event\":\"begin\",\"id\":\"\"}\n"
                                       "\xff\xfe\n" BEGIN(2, "a", 1) END(1, "a", 7)
                                           END(1, "none", 1) BEGIN(6, "torn", 1));
    assert_int_equal(c.count, 2);
    assert_true(c.items[0].until_us == BC_RECORDING_CUE_OPEN);
    bc_recording_cues_finish(&c);
    // Cut anywhere, the lines before the cut are read.
    static const char TWO[] = BEGIN(2, "a", 1) BEGIN(3, "b", 1);
    for (size_t n = 0; n <= strlen(TWO); n++) {
        char *text = strndup(TWO, n);
        c = parse(text);
        assert_int_equal(c.count, n == strlen(TWO) ? 2 : n >= strlen(TWO) / 2 ? 1 : 0);
        bc_recording_cues_finish(&c);
        free(text);
    }
}

// What is told of again after a new start of the server goes on, the rest ended there.
static void
test_resume(void **state)
{
    (void)state;
    struct bc_recording_cues c = parse(BEGIN(1, "a", 1) BEGIN(2, "b", 1) RESUME(10)
            BEGIN(10, "a", 1) BEGIN(12, "c", 1));
    assert_int_equal(c.count, 3);
    assert_true(c.items[0].until_us == BC_RECORDING_CUE_OPEN);
    assert_int_equal(c.items[1].until_us, 10);
    bc_recording_cues_finish(&c);
}

static void
append(const char *folder, const char *line)
{
    assert_int_equal(bc_recording_cues_append(folder, line, strlen(line)), 0);
}

static void
test_append_mends_a_torn_line(void **state)
{
    struct stage *s = *state;
    char folder[256];
    stage_record(s, 10, true, folder);
    append(folder, "one");
    append(folder, "two");
    struct bc_buf *text = stage_read(folder, "cues.jsonl");
    assert_int_equal(text->len, 8);
    assert_memory_equal(text->data, "one\ntwo\n", 8);
    bc_buf_unref(&text);
    stage_write(folder, "cues.jsonl", "one\ntw", 6);
    append(folder, "three");
    text = stage_read(folder, "cues.jsonl");
    assert_memory_equal(text->data, "one\ntw\nthree\n", 13);
    bc_buf_unref(&text);
    stage_remove(folder);
    assert_true(bc_recording_cues_append(folder, "x", 1) < 0);
}

// Nothing of a folder leads elsewhere.
static void
test_links_are_not_followed(void **state)
{
    struct stage *s = *state;
    char folder[256];
    char path[512];
    stage_record(s, 10, true, folder);
    snprintf(path, sizeof(path), "%s/cues.jsonl", folder);
    assert_int_equal(symlink("/tmp/elsewhere", path), 0);
    assert_true(bc_recording_cues_append(folder, "x", 1) < 0);
    struct bc_recording *r = bc_recording_open(folder);
    struct bc_recording_cues c;
    assert_true(bc_recording_cues_read(r, &c) < 0);
    bc_recording_unref(&r);
}

static void
test_json_of_a_recording(void **state)
{
    struct stage *s = *state;
    char folder[256];
    stage_record(s, 10, true, folder); // 2 s
    struct bc_recording *r = bc_recording_open(folder);
    struct bc_recording_cues c;
    assert_false(bc_recording_has_cues(r));
    assert_int_equal(bc_recording_cues_read(r, &c), 0);
    assert_int_equal(c.count, 0);
    struct bc_buf *json = bc_recording_cues_json(&c);
    assert_memory_equal(json->data, "{\"cues\":[]}", 11);
    bc_buf_unref(&json);
    stage_write(folder, "cues.jsonl", BEGIN(500000, "a", 1), strlen(BEGIN(500000, "a", 1)));
    assert_int_equal(bc_recording_cues_read(r, &c), 0);
    json = bc_recording_cues_json(&c);
    static const char TEXT[] = "{\"cues\":[{\"id\":\"a\",\"kind\":\"text\",\"channel\":\"live/hq\","
                               "\"revision\":1,\"from_ms\":500,\"to_ms\":2000,\"data\":{}}]}";
    assert_int_equal(json->len, strlen(TEXT));
    assert_memory_equal(json->data, TEXT, strlen(TEXT));
    bc_buf_unref(&json);
    bc_recording_cues_finish(&c);
    bc_recording_unref(&r);
}

static void
test_clip_has_its_own(void **state)
{
    struct stage *s = *state;
    char folder[256];
    char clip[256];
    stage_record(s, 50, true, folder); // 10 s
    stage_record(s, 15, true, clip);
    static const char LINES[] = BEGIN(1000000, "gone", 1) END(3000000, "gone", 1)
        BEGIN(2000000, "runs", 1) BEGIN(5000000, "runs", 2) BEGIN(6500000, "behind", 1);
    stage_write(folder, "cues.jsonl", LINES, strlen(LINES));
    struct bc_recording *r = bc_recording_open(folder);
    assert_int_equal(bc_recording_cues_cut(r, 3 * SECOND, 6 * SECOND, clip), 0);
    bc_recording_unref(&r);
    r = bc_recording_open(clip);
    struct bc_recording_cues c;
    assert_int_equal(bc_recording_cues_read(r, &c), 0);
    assert_int_equal(c.count, 2);
    assert_string_equal(c.items[0].id, "runs");
    assert_int_equal(c.items[0].from_us, 0);
    assert_int_equal(c.items[0].until_us, 2 * SECOND);
    assert_int_equal(c.items[1].revision, 2);
    assert_int_equal(c.items[1].from_us, 2 * SECOND);
    assert_int_equal(c.items[1].until_us, 3 * SECOND);
    bc_recording_cues_finish(&c);
    bc_recording_unref(&r);
}

// A part as the stage makes it, with an event message before it.
static int
append_marked(struct stage *s, struct bc_recording_writer *w, int64_t origin_us, unsigned n)
{
    struct bc_recording_append part = stage_part(s, origin_us, n);
    struct bc_writer bytes = { 0 };
    struct bc_emsg emsg = {
        .scheme = BC_EMSG_ID3_SCHEME,
        .timescale = 1000,
        .presentation_time = (uint64_t)(origin_us / 1000 + n * 200),
        .id = n,
    };
    bc_emsg_write(&bytes, &emsg);
    bc_write_bytes(&bytes, part.data->data, part.data->len);
    struct bc_buf *plain = part.data;
    part.data = bc_buf_from_writer(&bytes);
    bc_writer_finish(&bytes);
    int e = bc_recording_append(w, &part);
    bc_buf_unref(&part.data);
    bc_buf_unref(&plain);
    return e;
}

// The event messages of a part of a recording, and that its moof is behind them.
static size_t
marks_of(struct bc_recording *r, size_t place, struct bc_emsg *first)
{
    static uint8_t kept[512];
    struct bc_recording_part part;
    assert_int_equal(bc_recording_parts(r, place, &part, 1), 1);
    struct bc_buf *buf = bc_recording_read(r, &part);
    assert_memory_equal(buf->data + 4, "prft", 4);
    size_t run = bc_emsg_run(
        buf->data + BC_CMAF_PRFT_BYTES, buf->len - BC_CMAF_PRFT_BYTES);
    assert_memory_equal(buf->data + BC_CMAF_PRFT_BYTES + run + 4, "moof", 4);
    assert_memory_equal(buf->data + part.head_bytes + 4, "mdat", 4);
    if (run > 0) {
        size_t len = buf->data[BC_CMAF_PRFT_BYTES + 3];
        memcpy(kept, buf->data + BC_CMAF_PRFT_BYTES, len);
        assert_int_equal(bc_emsg_read(kept, len, first), 0);
    }
    bc_buf_unref(&buf);
    return run;
}

// Moved with the part; of one that begins a segment they come a part later. Found without the
// index, too.
static void
test_event_messages_are_kept(void **state)
{
    struct stage *s = *state;
    char folder[256];
    struct bc_recording_writer *w = stage_create(s);
    snprintf(folder, sizeof(folder), "%s", bc_recording_folder(bc_recording_of(w)));
    for (unsigned i = 0; i < 20; i++) {
        int e = i == 3 || i == 5 ? append_marked(s, w, 70 * SECOND, i)
                                 : stage_append(s, w, 70 * SECOND, i);
        assert_int_equal(e, 0);
    }
    assert_int_equal(bc_recording_finish(&w, true, 0), 0);
    for (int with_index = 1; with_index >= 0; with_index--) {
        if (!with_index) {
            stage_write(folder, "index", "", 0);
        }
        struct bc_recording *r = bc_recording_open(folder);
        struct bc_recording_info info;
        bc_recording_info(r, &info);
        assert_int_equal(info.parts, 20);
        struct bc_emsg e;
        assert_true(marks_of(r, 3, &e) > 0);
        assert_int_equal(e.presentation_time, 600);
        assert_int_equal(marks_of(r, 4, &e), 0);
        assert_int_equal(marks_of(r, 5, &e), 0);
        assert_true(marks_of(r, 6, &e) > 0);
        assert_int_equal(e.presentation_time, 1000);
        assert_int_equal(e.id, 5);
        bc_recording_unref(&r);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_are_literal),
        cmocka_unit_test(test_ranges_are_read),
        cmocka_unit_test(test_nonsense_is_passed_over),
        cmocka_unit_test(test_resume),
        cmocka_unit_test_setup_teardown(
            test_append_mends_a_torn_line, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(
            test_links_are_not_followed, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(
            test_json_of_a_recording, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_clip_has_its_own, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(
            test_event_messages_are_kept, stage_setup, stage_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
