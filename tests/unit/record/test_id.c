// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "record/recording.h"

static void
test_ids_are_plain_names(void **state)
{
    (void)state;
    assert_true(bc_recording_id_is_valid("20261122-153111-4f2a9c1b"));
    assert_true(bc_recording_id_is_valid("a"));
    assert_false(bc_recording_id_is_valid(""));
    assert_false(bc_recording_id_is_valid("-a"));
    assert_false(bc_recording_id_is_valid(".."));
    assert_false(bc_recording_id_is_valid("a/b"));
    assert_false(bc_recording_id_is_valid("A"));
    assert_true(bc_recording_id_is_valid("0123456789012345678901234567890123456789"));
    assert_false(bc_recording_id_is_valid("01234567890123456789012345678901234567890"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_ids_are_plain_names) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
