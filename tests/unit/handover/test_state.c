// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "handover/state.h"

#define HEADER "branchcast-state 1 1790000000000000 5000000 "
#define HQ "live/hq open 3 5 1789999000000000 0 1790000123 45\n"

static bool
parse(const char *text, struct bc_state *out)
{
    size_t len = strlen(text);
    uint8_t *exact = malloc(len > 0 ? len : 1); // so that a sanitizer sees a byte too far
    memcpy(exact, text, len);
    bool ok = bc_state_parse(exact, len, out);
    free(exact);
    return ok;
}

static void
test_reads_what_it_writes(void **state)
{
    (void)state;
    struct bc_channel_saved rows[2] = {
        { .name = "live/hq", .open = true, .broadcast = 3, .takes = 5,
            .began_wall_us = 1789999000000000, .waits_until_wall_us = 1790000005000000,
            .next_msn = 1790000123, .next_dseq = 45 },
        { .name = "store/0571", .next_msn = 7, .next_dseq = 1 },
    };
    struct bc_state in = { .saved_wall_us = 1790000000000000, .clock_us = 5000000,
        .clean = true, .rows = rows,
        .count = 2 };
    struct bc_writer text = { 0 };
    assert_true(bc_state_format(&in, &text));
    struct bc_state out;
    assert_true(bc_state_parse(text.data, text.len, &out));
    assert_int_equal(out.count, 2);
    assert_true(out.clean);
    assert_int_equal(out.saved_wall_us, in.saved_wall_us);
    assert_int_equal(out.clock_us, in.clock_us);
    assert_memory_equal(&out.rows[0], &rows[0], sizeof(rows[0]));
    assert_memory_equal(&out.rows[1], &rows[1], sizeof(rows[1]));
    bc_writer_finish(&text);
    bc_state_finish(&out);
}

static void
test_a_killed_process_went_further(void **state)
{
    (void)state;
    struct bc_state out;
    assert_true(parse(HEADER "running\n" HQ "end\n", &out));
    assert_false(out.clean);
    assert_true(out.rows[0].next_msn > 1790000123 + 8);
    bc_state_finish(&out);
}

static void
test_damaged_lines_are_passed_over(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "live/a open 3 5 1789999000000000 0 1790000123\n",      // a field less
        "live/a open 3 5 1789999000000000 0 1790000123 45 6\n", // one more
        "live/a maybe 3 5 1789999000000000 0 1790000123 45\n",
        "live/a open -3 5 1789999000000000 0 1790000123 45\n",
        "live/a open  5 1789999000000000 0 1790000123 45\n",
        "live/a open 3 5 1789999000000000 0 99999999999999999999 45\n", // beyond 64 bits
        "live/a open 3 5 1789999000000000 0 999999999999 45\n", // it would not come back
        "live/a open 3 5 99999999999999999 0 1790000123 45\n",  // after the year 3000
        "live/../a open 3 5 1789999000000000 0 1790000123 45\n",
        "_slate/1 open 3 5 1789999000000000 0 1790000123 45\n", // hidden ones are made anew
        "\n",
        "end\n",
    };
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        char text[512];
        struct bc_state out;
        snprintf(text, sizeof(text), HEADER "clean\n%s" HQ, BAD[i]);
        assert_true(parse(text, &out));
        assert_int_equal(out.count, 1);
        assert_string_equal(out.rows[0].name, "live/hq");
        bc_state_finish(&out);
    }
}

static void
test_long_lines_and_every_truncation(void **state)
{
    (void)state;
    char text[2048] = HEADER "clean\n";
    size_t len = strlen(text);
    memset(text + len, 'a', 1500);
    strcpy(text + len + 1500, "\n" HQ "end\n");
    struct bc_state out;
    assert_true(parse(text, &out));
    assert_int_equal(out.count, 1);
    bc_state_finish(&out);

    static const char WHOLE[] = HEADER "clean\n" HQ "end\n";
    for (size_t cut = 0; cut < sizeof(WHOLE) - 1; cut++) {
        char part[sizeof(WHOLE)];
        memcpy(part, WHOLE, cut);
        part[cut] = '\0';
        if (parse(part, &out)) {
            assert_true(out.count <= 1);
        }
        bc_state_finish(&out);
    }
}

static void
test_other_files_are_refused(void **state)
{
    (void)state;
    struct bc_state out;
    assert_false(parse("", &out));
    assert_false(parse("branchcast-state 2 1790000000000000 0 clean\n" HQ, &out));
    assert_false(parse("{\"state\":1}\n", &out));
    assert_false(parse(HEADER "\n" HQ, &out) && out.count > 1);
    bc_state_finish(&out);
}

static void
test_the_file(void **state)
{
    (void)state;
    char dir[] = "/tmp/branchcast-state-XXXXXX";
    assert_non_null(mkdtemp(dir));
    struct bc_state out;
    assert_int_equal(bc_state_read(dir, &out), -ENOENT);
    struct bc_channel_saved row = { .name = "live/hq", .open = true, .broadcast = 1,
        .next_msn = 9 };
    struct bc_state in = { .saved_wall_us = 1790000000000000, .clean = true, .rows = &row,
        .count = 1 };
    assert_int_equal(bc_state_write(dir, &in), 0);
    assert_int_equal(bc_state_write(dir, &in), 0);
    assert_int_equal(bc_state_read(dir, &out), 0);
    assert_int_equal(out.count, 1);
    bc_state_finish(&out);

    char path[64];
    snprintf(path, sizeof(path), "%s/state", dir);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs("\x7f" "ELF", f);
    fclose(f);
    assert_int_equal(bc_state_read(dir, &out), -EBADMSG);
    unlink(path);
    rmdir(dir);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_it_writes),
        cmocka_unit_test(test_a_killed_process_went_further),
        cmocka_unit_test(test_damaged_lines_are_passed_over),
        cmocka_unit_test(test_long_lines_and_every_truncation),
        cmocka_unit_test(test_other_files_are_refused),
        cmocka_unit_test(test_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
