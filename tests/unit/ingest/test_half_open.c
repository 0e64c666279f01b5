// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "ingest/rtmp_half_open.h"

static void
test_each_address_has_a_limit_of_its_own(void **state)
{
    (void)state;
    struct bc_half_open *h = bc_half_open_create();
    for (int i = 0; i < 3; i++) {
        assert_true(bc_half_open_add(h, "10.0.0.1", 3));
    }
    assert_false(bc_half_open_add(h, "10.0.0.1", 3));
    assert_true(bc_half_open_add(h, "10.0.0.2", 3));
    bc_half_open_remove(h, "10.0.0.1");
    assert_true(bc_half_open_add(h, "10.0.0.1", 3));
    assert_false(bc_half_open_add(h, "10.0.0.1", 3));
    assert_false(bc_half_open_add(h, "10.0.0.1", 1)); // the limit was lowered meanwhile
    bc_half_open_destroy(h);
}

static void
test_without_a_limit_everybody_is_counted(void **state)
{
    (void)state;
    struct bc_half_open *h = bc_half_open_create();
    char ip[64];
    for (int i = 0; i < 2000; i++) {
        snprintf(ip, sizeof(ip), "2001:db8::%x", (unsigned)i % 500);
        assert_true(bc_half_open_add(h, ip, 0));
    }
    for (int i = 0; i < 2000; i++) {
        snprintf(ip, sizeof(ip), "2001:db8::%x", (unsigned)i % 500);
        bc_half_open_remove(h, ip);
    }
    assert_true(bc_half_open_add(h, "2001:db8::1", 1)); // nothing stays behind
    bc_half_open_remove(h, "10.0.0.1"); // never seen: harmless
    bc_half_open_destroy(h);
    bc_half_open_destroy(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_address_has_a_limit_of_its_own),
        cmocka_unit_test(test_without_a_limit_everybody_is_counted),
    };
    return cmocka_run_group_tests_name("half_open", tests, NULL, NULL);
}
