// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/list.h"

struct entry {
    int number;
    struct bc_list node;
};

static int
digits(struct bc_list *head)
{
    int n = 0;
    bc_list_for_each(it, tmp, head)
    {
        n = 10 * n + bc_container_of(it, struct entry, node)->number;
    }
    return n;
}

static void
fill(struct bc_list *head, struct entry *entries, int count)
{
    bc_list_init(head);
    for (int i = 0; i < count; i++) {
        entries[i].number = i + 1;
        bc_list_append(head, &entries[i].node);
    }
}

static void
test_list_keeps_the_order(void **state)
{
    (void)state;
    struct bc_list head;
    struct entry e[3];
    fill(&head, e, 3);
    assert_int_equal(digits(&head), 123);
    bc_list_remove(&e[1].node);
    bc_list_remove(&e[1].node); // in no list: harmless
    assert_int_equal(digits(&head), 13);
    bc_list_append(&head, &e[1].node);
    assert_int_equal(digits(&head), 132);
    bc_list_for_each(it, tmp, &head)
    {
        bc_list_remove(it);
    }
    assert_true(bc_list_empty(&head));
    assert_int_equal(digits(&head), 0);
}

static void
test_splice_moves_everything_to_the_end(void **state)
{
    (void)state;
    struct bc_list a;
    struct bc_list b;
    struct entry ea[2];
    struct entry eb[3];
    fill(&a, ea, 2);
    fill(&b, eb, 3);
    bc_list_splice(&a, &b);
    assert_int_equal(digits(&a), 12123);
    assert_true(bc_list_empty(&b));
    bc_list_splice(&a, &b); // nothing
    assert_int_equal(digits(&a), 12123);
    bc_list_splice(&b, &a);
    assert_int_equal(digits(&b), 12123);
    assert_true(bc_list_empty(&a));
    bc_list_remove(&eb[2].node);
    assert_int_equal(digits(&b), 1212);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list_keeps_the_order),
        cmocka_unit_test(test_splice_moves_everything_to_the_end),
    };
    return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
