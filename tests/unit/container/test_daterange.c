// SPDX-License-Identifier: Apache-2.0
// EXT-X-DATERANGE as players get it.
#include "container/daterange.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define NOON_US INT64_C(1795348800250000) // 2026-11-22T12:00:00.250Z

static void
assert_line(const struct bc_daterange *r, const char *expected)
{
    struct bc_writer w = { 0 };
    bc_daterange_write(&w, r);
    bc_write_u8(&w, 0);
    assert_false(w.failed);
    assert_string_equal((const char *)w.data, expected);
    bc_writer_finish(&w);
}

static struct bc_daterange
product(const char *data)
{
    return (struct bc_daterange){
        .id = "mug-1",
        .revision = 1,
        .kind = "PRODUCT",
        .channel = "live/hq",
        .data = data,
        .data_len = strlen(data),
        .start_wall_us = NOON_US,
        .end_wall_us = BC_DATERANGE_OPEN,
    };
}

static void
test_open_range(void **state)
{
    (void)state;
    struct bc_daterange r = product("{\"price\":\"99\"}");
    assert_line(&r,
        "#EXT-X-DATERANGE:ID=\"mug-1\",CLASS=\"com.branchcast.cue\","
        "START-DATE=\"2026-11-22T12:00:00.250Z\",X-CUE=\"mug-1\",X-KIND=\"PRODUCT\","
        "X-REVISION=1,X-CHANNEL=\"live/hq\",X-DATA=\"{%22price%22:%2299%22}\"\n");
}

// An end is told once it has come; until then it is only planned.
static void
test_revision_and_end(void **state)
{
    (void)state;
    struct bc_daterange r = product("{}");
    r.revision = 3;
    r.planned_us = 10500000;
    r.end_wall_us = NOON_US + 4000000;
    assert_line(&r,
        "#EXT-X-DATERANGE:ID=\"mug-1.3\",CLASS=\"com.branchcast.cue\","
        "START-DATE=\"2026-11-22T12:00:00.250Z\",END-DATE=\"2026-11-22T12:00:04.250Z\","
        "PLANNED-DURATION=10.500,X-CUE=\"mug-1\",X-KIND=\"PRODUCT\",X-REVISION=3,"
        "X-CHANNEL=\"live/hq\",X-DATA=\"{}\"\n");
}

// A range does not end before it begins.
static void
test_end_is_not_before_the_start(void **state)
{
    (void)state;
    struct bc_daterange r = product("{}");
    r.end_wall_us = NOON_US - 1000;
    assert_line(&r,
        "#EXT-X-DATERANGE:ID=\"mug-1\",CLASS=\"com.branchcast.cue\","
        "START-DATE=\"2026-11-22T12:00:00.250Z\",END-DATE=\"2026-11-22T12:00:00.250Z\","
        "X-CUE=\"mug-1\",X-KIND=\"PRODUCT\",X-REVISION=1,X-CHANNEL=\"live/hq\",X-DATA=\"{}\"\n");
}

static void
test_escaping(void **state)
{
    (void)state;
    struct bc_writer w = { 0 };
    static const char TEXT[] = "a\"b\r\n%{$x}\x7f\xe6\x9d\xaf\x01";
    bc_daterange_escape(&w, TEXT, sizeof(TEXT) - 1);
    bc_write_u8(&w, 0);
    assert_string_equal(
        (const char *)w.data, "a%22b%0D%0A%25{%24x}%7F\xe6\x9d\xaf%01");
    bc_writer_finish(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_range),
        cmocka_unit_test(test_revision_and_end),
        cmocka_unit_test(test_end_is_not_before_the_start),
        cmocka_unit_test(test_escaping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
