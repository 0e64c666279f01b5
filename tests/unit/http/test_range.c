// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "protocol/http/range.h"

static struct bc_http_range g_range;

static void
assert_part(const char *text, uint64_t total, uint64_t offset, uint64_t len)
{
    assert_int_equal(bc_http_range_parse(text, total, &g_range), BC_HTTP_RANGE_PART);
    assert_int_equal(g_range.offset, offset);
    assert_int_equal(g_range.len, len);
}

static void
test_one_range_is_cut(void **state)
{
    (void)state;
    assert_part("bytes=0-0", 10, 0, 1);
    assert_part("bytes=2-5", 10, 2, 4);
    assert_part("bytes=2-", 10, 2, 8);
    assert_part("bytes=2-99", 10, 2, 8);
    assert_part("bytes=-3", 10, 7, 3);
    assert_part("bytes=-99", 10, 0, 10);
    assert_part("Bytes= 1-2 ", 10, 1, 2);
    assert_part("bytes=0-99999999999999999999999999", 10, 0, 10);
}

static void
test_what_is_not_there_is_unsatisfiable(void **state)
{
    (void)state;
    const char *const bad[] = { "bytes=10-", "bytes=10-20", "bytes=-0",
        "bytes=99999999999999999999999-" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(bc_http_range_parse(bad[i], 10, &g_range),
            BC_HTTP_RANGE_UNSATISFIABLE);
    }
    assert_int_equal(bc_http_range_parse("bytes=0-", 0, &g_range),
        BC_HTTP_RANGE_UNSATISFIABLE);
    assert_int_equal(bc_http_range_parse("bytes=-1", 0, &g_range),
        BC_HTTP_RANGE_UNSATISFIABLE);
}

static void
test_others_mean_everything(void **state)
{
    (void)state;
    const char *const others[] = { "", "bytes", "bytes=", "bytes=-", "bytes=a-b",
        "bytes=5-2", "bytes=0-1,3-4", "bytes=1", "items=0-1", "bytes=1-2x", "bytes=--1",
        "bytes=-1-2" };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_int_equal(
            bc_http_range_parse(others[i], 10, &g_range), BC_HTTP_RANGE_IGNORE);
        assert_int_equal(g_range.len, 10);
    }
    assert_int_equal(bc_http_range_parse(NULL, 10, &g_range), BC_HTTP_RANGE_IGNORE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_range_is_cut),
        cmocka_unit_test(test_what_is_not_there_is_unsatisfiable),
        cmocka_unit_test(test_others_mean_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
