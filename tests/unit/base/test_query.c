// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/query.h"

static void
expect(const char *query, const char *name, int ret, const char *value)
{
    char out[16];
    memset(out, 'x', sizeof(out));
    assert_int_equal(bc_query_get(query, name, out, sizeof(out)), ret);
    assert_string_equal(out, value);
}

static void
test_values_are_found(void **state)
{
    (void)state;
    expect("key=K", "key", 1, "K");
    expect("?key=K", "key", 1, "K");
    expect("gop=0&key=K&x=y", "key", 1, "K");
    expect("a=b=c", "a", 3, "b=c");
    expect("key=", "key", 0, "");
    expect("key", "key", 0, "");
    expect("&&key=K&&", "key", 1, "K");
    expect("key=?", "key", 1, "?");
}

static void
test_absent_names(void **state)
{
    (void)state;
    expect(NULL, "key", -ENOENT, "");
    expect("", "key", -ENOENT, "");
    expect("?", "key", -ENOENT, "");
    expect("keys=1&ke=2&Key=3", "key", -ENOENT, "");
    expect("x=key=1", "key", -ENOENT, "");
    expect("=v", "", -ENOENT, "");
    expect("key%00=v", "key", -ENOENT, "");
    expect("??key=v", "key", -ENOENT, "");
}

static void
test_last_occurrence_wins(void **state)
{
    (void)state;
    expect("key=1&key=2", "key", 1, "2");
    expect("key=1&k%65y=2", "key", 1, "2");
    expect("key=1&key", "key", 0, "");
    // Also when the last one is bad: falling back would make it depend on the reader.
    expect("key=1&key=%00", "key", -EINVAL, "");
}

static void
test_decoded_exactly_once(void **state)
{
    (void)state;
    expect("key=a%20b", "key", 3, "a b");
    expect("key=%2541", "key", 3, "%41");
    expect("key=%e4%B8%ad", "key", 3, "\xe4\xb8\xad");
    expect("key=a%26b%3Dc", "key", 5, "a&b=c");
    expect("key=a+b", "key", 3, "a+b");
    expect("key=100%", "key", 4, "100%");
    expect("key=%4", "key", 2, "%4");
    expect("key=%zz%4&a=1", "key", 5, "%zz%4");
    expect("key=%4&1=", "key", 2, "%4"); // an escape does not reach over the '&'
}

static void
test_bounds(void **state)
{
    (void)state;
    expect("key=123456789012345", "key", 15, "123456789012345");
    expect("key=1234567890123456", "key", -ENAMETOOLONG, "");
    expect("key=%31%32%33%34%35%36%37%38%39%30%31%32%33%34%35", "key", 15,
        "123456789012345");
    expect("key=ab%00cd", "key", -EINVAL, "");
    char one[1];
    assert_int_equal(bc_query_get("a=", "a", one, 1), 0);
    assert_int_equal(bc_query_get("a=1", "a", one, 1), -ENAMETOOLONG);
}

static void
test_truncated_queries_are_safe(void **state)
{
    (void)state;
    static const char QUERY[] = "?k%65y=a%20b&key=%41%4&key";
    for (size_t len = 0; len < sizeof(QUERY); len++) {
        char *query = strndup(QUERY, len); // so that the sanitizer sees one byte too far
        assert_non_null(query);
        char out[4];
        int ret = bc_query_get(query, "key", out, sizeof(out));
        assert_int_equal(strlen(out), ret > 0 ? (size_t)ret : 0);
        free(query);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_found),
        cmocka_unit_test(test_absent_names),
        cmocka_unit_test(test_last_occurrence_wins),
        cmocka_unit_test(test_decoded_exactly_once),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_truncated_queries_are_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
