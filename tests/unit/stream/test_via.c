// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdint.h>
#include <string.h>

#include "stream/via.h"

#define OURS "00112233445566ff"
#define OTHER "ffeeddccbbaa9988"

// The hub's.
const char *
bc_hub_id(const struct bc_hub *hub)
{
    (void)hub;
    return OURS;
}

static void
test_people_and_strangers_pass(void **state)
{
    (void)state;
    assert_null(bc_via_problem(NULL, NULL));
    assert_null(bc_via_problem(NULL, ""));
    assert_null(bc_via_problem(NULL, OTHER));
    assert_null(bc_via_problem(NULL, OTHER "," OTHER));
}

static void
test_loops_are_found(void **state)
{
    (void)state;
    assert_non_null(strstr(bc_via_problem(NULL, OURS), "loop"));
    assert_non_null(strstr(bc_via_problem(NULL, OTHER "," OURS), "loop"));
    assert_non_null(strstr(bc_via_problem(NULL, OTHER "," OTHER "," OURS), "loop"));
}

static void
test_chains_end(void **state)
{
    (void)state;
    char via[BC_VIA_TEXT] = "";
    for (unsigned hops = 0; hops < BC_VIA_HOPS_MAX - 1; hops++) {
        char longer[2 * BC_VIA_TEXT];
        strcpy(longer, via);
        strcat(longer, hops > 0 ? "," OTHER : OTHER);
        assert_true(strlen(longer) < sizeof(via));
        strcpy(via, longer);
        assert_null(bc_via_problem(NULL, via));
    }
    // The longest that may come still has room for ours.
    char out[BC_VIA_TEXT];
    bc_via_extend(NULL, via, out);
    assert_int_equal(strlen(out), BC_VIA_HOPS_MAX * (BC_VIA_ID_TEXT - 1) + BC_VIA_HOPS_MAX - 1);
    assert_string_equal(out + strlen(out) - strlen(OURS), OURS);
    assert_non_null(strstr(bc_via_problem(NULL, OTHER "," OTHER "," OTHER "," OTHER "," OTHER
                                              "," OTHER "," OTHER "," OTHER),
        "too long"));
}

static void
test_nonsense_is_refused(void **state)
{
    (void)state;
    static const char *const WRONG[] = { "x", ",", OTHER ",x", "FFEEDDCCBBAA9988",
        OTHER OTHER, OTHER " ", " " OTHER, OTHER ",," OTHER, "ffeeddccbbaa998\xff" };
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        assert_non_null(bc_via_problem(NULL, WRONG[i]));
    }
    // Every truncation of a chain but those between ids.
    const char *chain = OTHER "," OTHER;
    for (size_t len = 1; len < strlen(chain); len++) {
        char cut[64];
        memcpy(cut, chain, len);
        cut[len] = '\0';
        bool whole = len == strlen(OTHER) || len == strlen(OTHER) + 1;
        assert_true((bc_via_problem(NULL, cut) == NULL) == whole);
    }
}

static void
test_extending_nothing(void **state)
{
    (void)state;
    char out[BC_VIA_TEXT];
    bc_via_extend(NULL, NULL, out);
    assert_string_equal(out, OURS);
    bc_via_extend(NULL, "", out);
    assert_string_equal(out, OURS);
    bc_via_extend(NULL, OTHER, out);
    assert_string_equal(out, OTHER "," OURS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_people_and_strangers_pass),
        cmocka_unit_test(test_loops_are_found),
        cmocka_unit_test(test_chains_end),
        cmocka_unit_test(test_nonsense_is_refused),
        cmocka_unit_test(test_extending_nothing),
    };
    return cmocka_run_group_tests_name("via", tests, NULL, NULL);
}
