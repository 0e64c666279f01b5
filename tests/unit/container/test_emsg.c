// SPDX-License-Identifier: Apache-2.0
// Event messages and the ID3 in them, byte by byte and cut short.
#include "container/emsg.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t TAG[] = {
    'I', 'D', '3', 4, 0, 0, 0, 0, 0, 24,  // 10 + 14
    'T', 'X', 'X', 'X', 0, 0, 0, 14, 0, 0, // 1 + 11 + 2
    3, 'b', 'r', 'a', 'n', 'c', 'h', 'c', 'a', 's', 't', 0, '{', '}',
};

static const uint8_t BOX[] = {
    0, 0, 0, 65, 'e', 'm', 's', 'g', 1, 0, 0, 0,
    0, 1, 0x5f, 0x90,                // timescale 90000
    0, 0, 0, 1, 0, 0, 0, 0x10,       // presentation_time
    0xff, 0xff, 0xff, 0xff,          // event_duration
    0, 0, 0, 7,                      // id
    'h', 't', 't', 'p', 's', ':', '/', '/', 'a', 'o', 'm', 'e', 'd', 'i', 'a', '.', 'o', 'r',
    'g', '/', 'e', 'm', 's', 'g', '/', 'I', 'D', '3', 0, 0,
    'x', 'y', 'z',                   // in place of a tag
};

static struct bc_emsg
sample(void)
{
    return (struct bc_emsg){
        .scheme = BC_EMSG_ID3_SCHEME,
        .timescale = 90000,
        .presentation_time = 0x100000010,
        .event_duration = BC_EMSG_DURATION_UNKNOWN,
        .id = 7,
        .data = (const uint8_t *)"xyz",
        .len = 3,
    };
}

static void
test_box_is_exact(void **state)
{
    (void)state;
    struct bc_writer w = { 0 };
    struct bc_emsg emsg = sample();
    bc_emsg_write(&w, &emsg);
    assert_int_equal(w.len, sizeof(BOX));
    assert_memory_equal(w.data, BOX, sizeof(BOX));
    bc_writer_finish(&w);
}

static void
test_box_is_read(void **state)
{
    (void)state;
    struct bc_emsg e;
    assert_int_equal(bc_emsg_read(BOX, sizeof(BOX), &e), 0);
    assert_string_equal(e.scheme, BC_EMSG_ID3_SCHEME);
    assert_int_equal(e.timescale, 90000);
    assert_true(e.presentation_time == 0x100000010);
    assert_true(e.event_duration == BC_EMSG_DURATION_UNKNOWN);
    assert_int_equal(e.id, 7);
    assert_int_equal(e.len, 3);
    for (size_t n = 0; n < sizeof(BOX); n++) {
        uint8_t *copy = malloc(n > 0 ? n : 1);
        memcpy(copy, BOX, n);
        assert_int_equal(bc_emsg_read(copy, n, &e), -EINVAL);
        assert_int_equal(bc_emsg_run(copy, n), 0);
        free(copy);
    }
}

static void
test_run_is_counted_and_moved(void **state)
{
    (void)state;
    uint8_t run[2 * sizeof(BOX) + 8];
    memcpy(run, BOX, sizeof(BOX));
    memcpy(run + sizeof(BOX), BOX, sizeof(BOX));
    memcpy(run + 2 * sizeof(BOX), "\0\0\0\10moof", 8);
    assert_int_equal(bc_emsg_run(run, sizeof(run)), 2 * sizeof(BOX));
    assert_int_equal(bc_emsg_shift(run, 2 * sizeof(BOX), 2000000), 0);
    struct bc_emsg e;
    assert_int_equal(bc_emsg_read(run + sizeof(BOX), sizeof(BOX), &e), 0);
    assert_true(e.presentation_time == 0x100000010 + 180000);
    assert_int_equal(bc_emsg_shift(run, 2 * sizeof(BOX), INT64_C(-900000000000)), 0);
    assert_int_equal(bc_emsg_read(run, sizeof(BOX), &e), 0);
    assert_true(e.presentation_time == 0);
    assert_int_equal(bc_emsg_shift(run, sizeof(run), 1), -EINVAL);
}

static void
test_tag_is_exact_and_read(void **state)
{
    (void)state;
    struct bc_writer w = { 0 };
    bc_id3_write_text(&w, "branchcast", "{}", 2);
    assert_int_equal(w.len, sizeof(TAG));
    assert_memory_equal(w.data, TAG, sizeof(TAG));
    bc_writer_finish(&w);
    size_t len = 0;
    const uint8_t *text = bc_id3_find_text(TAG, sizeof(TAG), "branchcast", &len);
    assert_non_null(text);
    assert_int_equal(len, 2);
    assert_memory_equal(text, "{}", 2);
    assert_null(bc_id3_find_text(TAG, sizeof(TAG), "branch", &len));
    for (size_t n = 0; n < sizeof(TAG); n++) {
        uint8_t *copy = malloc(n > 0 ? n : 1);
        memcpy(copy, TAG, n);
        assert_null(bc_id3_find_text(copy, n, "branchcast", &len));
        free(copy);
    }
}

// Seven bits to a byte.
static void
test_long_text(void **state)
{
    (void)state;
    static char text[300];
    memset(text, 'a', sizeof(text));
    struct bc_writer w = { 0 };
    bc_id3_write_text(&w, "n", text, sizeof(text));
    static const uint8_t SIZE[] = { 0, 0, 2, 0x39 }; // 10 + 3 + 300 = 2 * 128 + 57
    assert_memory_equal(w.data + 6, SIZE, 4);
    size_t len = 0;
    assert_non_null(bc_id3_find_text(w.data, w.len, "n", &len));
    assert_int_equal(len, sizeof(text));
    bc_writer_finish(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_box_is_exact),
        cmocka_unit_test(test_box_is_read),
        cmocka_unit_test(test_run_is_counted_and_moved),
        cmocka_unit_test(test_tag_is_exact_and_read),
        cmocka_unit_test(test_long_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
