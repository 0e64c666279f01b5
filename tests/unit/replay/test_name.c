// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "replay/playlist.h"

static void
test_names_have_one_form(void **state)
{
    (void)state;
    bool init;
    uint64_t number;
    assert_true(bc_replay_media_name("s12.m4s", &init, &number));
    assert_false(init);
    assert_int_equal(number, 12);
    assert_true(bc_replay_media_name("i0.mp4", &init, &number));
    assert_true(init);
    assert_int_equal(number, 0);
    static const char *const OTHERS[] = { "", "s", "i", "s.m4s", "s12", "s012.m4s",
        "s12.mp4", "i0.m4s", "s-1.m4s", "s1.m4s/", "s1234567890123456789.m4s", "x1.m4s" };
    for (size_t i = 0; i < sizeof(OTHERS) / sizeof(OTHERS[0]); i++) {
        assert_false(bc_replay_media_name(OTHERS[i], &init, &number));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_names_have_one_form) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
