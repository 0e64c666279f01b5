// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "protocol/http/token.h"

static void
test_tokens_come_in_three_ways(void **state)
{
    (void)state;
    static const struct {
        const char *authorization;
        const char *query;
        const char *token;
    } CASES[] = { { "Bearer secret", NULL, "secret" },
        { "bearer secret", NULL, "secret" }, { NULL, "token=a", "a" },
        { NULL, "x=1&key=b", "b" },
        { "Bearer secret", "token=a", "secret" }, { "Basic secret", "key=b", "b" },
        { NULL, "key=a%2Fb", "a/b" },
        { NULL, "tokens=a", "" }, { NULL, "token=", "" }, { NULL, "token", "" },
        { NULL, "&&", "" }, { NULL, NULL, "" }, { "Bearer 0123456789", NULL, "" },
        { NULL, "key=0123456789", "" } };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        char token[10];
        bc_http_token_of(CASES[i].authorization, CASES[i].query, token, sizeof(token));
        assert_string_equal(token, CASES[i].token);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens_come_in_three_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
