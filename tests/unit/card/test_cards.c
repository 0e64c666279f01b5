// SPDX-License-Identifier: Apache-2.0
// The server's cards: filled once, kept, forgotten when a template or a picture changes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "card/cards.h"
#include "card/pictures.h"
#include "kit.h"
#include "net/disk.h"
#include "net/worker.h"

static struct {
    char dir[40];
    struct bc_worker *worker; // does not run: its messages are taken by wait_for()
    struct bc_disk *disk;
    struct bc_picture_store *pictures;
    struct bc_cards *cards;
    unsigned done;
    struct bc_buf *svg;
    char why[BC_CARD_WHY];
} g;

static int
setup(void **state)
{
    (void)state;
    memset(&g, 0, sizeof(g));
    strcpy(g.dir, "/tmp/branchcast-cards-XXXXXX");
    assert_non_null(mkdtemp(g.dir));
    g.worker = bc_worker_create(0);
    g.disk = bc_disk_create(2);
    g.pictures = bc_picture_store_open(g.dir);
    g.cards = bc_cards_create(NULL, g.pictures, g.disk);
    assert_non_null(g.cards);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    bc_disk_destroy(g.disk);
    while (bc_worker_run_leftovers(g.worker)) {
    }
    bc_buf_unref(&g.svg);
    bc_cards_destroy(g.cards);
    bc_picture_store_close(g.pictures);
    bc_worker_destroy(g.worker);
    return rmdir(g.dir);
}

static void
on_done(void *user, struct bc_buf *svg, const char *why)
{
    assert_ptr_equal(user, &g);
    g.done++;
    bc_buf_unref(&g.svg);
    g.svg = svg ? bc_buf_ref(svg) : NULL;
    snprintf(g.why, sizeof(g.why), "%s", why);
}

static struct bc_card_order *
ask(const char *kind, const char *data)
{
    return bc_cards_ask(g.cards, kind, data, strlen(data), g.worker, on_done, &g);
}

// Takes messages until so many answers are there.
static void
wait_for(unsigned count)
{
    while (g.done < count) {
        bc_worker_run_leftovers(g.worker);
    }
    assert_int_equal(g.done, count);
}

#define DATA "{\"text\":\"hello\"}"

static struct bc_buf *
peek(void)
{
    return bc_cards_peek(g.cards, "text", DATA, strlen(DATA));
}

static void
test_a_card_is_filled_once(void **state)
{
    (void)state;
    assert_null(peek());
    for (int i = 0; i < 50; i++) {
        assert_non_null(ask("text", DATA));
    }
    assert_int_equal(g.done, 0); // never from within
    wait_for(50);
    assert_non_null(g.svg);
    struct bc_buf *kept = peek();
    assert_non_null(kept);
    assert_ptr_equal(kept, g.svg);
    ask("text", DATA);
    wait_for(51);
    assert_ptr_equal(kept, g.svg);
    bc_buf_unref(&kept);
    assert_null(bc_cards_peek(g.cards, "text", "{}", 2));
    bc_cards_forget(g.cards);
    assert_null(peek());
}

static void
test_what_cannot_be_filled_is_told(void **state)
{
    (void)state;
    ask("custom", "{}");
    wait_for(1);
    assert_null(g.svg);
    assert_non_null(strstr(g.why, "no template"));
    ask("text", "[]");
    wait_for(2);
    assert_null(g.svg);
    ask("custom", "{\"template\":\"text\",\"text\":\"x\"}");
    wait_for(3);
    assert_non_null(g.svg);
    assert_null(ask("a kind that is much too long", "{}"));
}

static void
test_who_cancels_hears_nothing(void **state)
{
    (void)state;
    struct bc_card_order *order = ask("text", DATA);
    bc_card_order_cancel(order);
    ask("text", "{}");
    wait_for(1);
    ask("text", DATA); // still on its way when all ends
}

static void
test_many_cards_do_not_pile_up(void **state)
{
    (void)state;
    char data[40];
    for (unsigned i = 0; i < 200; i++) {
        snprintf(data, sizeof(data), "{\"text\":%u}", i);
        ask("text", data);
        wait_for(i + 1);
    }
    struct bc_buf *first = bc_cards_peek(g.cards, "text", "{\"text\":0}", 10);
    assert_null(first);
    struct bc_buf *last = bc_cards_peek(g.cards, "text", data, strlen(data));
    assert_non_null(last);
    bc_buf_unref(&last);
}

static void
test_a_reload_changes_the_templates(void **state)
{
    (void)state;
    char path[80];
    ask("text", DATA);
    wait_for(1);
    snprintf(path, sizeof(path), "%s/text.svg", g.dir);
    FILE *file = fopen(path, "w");
    fputs(SVG("<rect id='mine'/>"), file);
    fclose(file);
    struct bc_card_set *before = bc_cards_set(g.cards);
    bc_cards_reload(g.cards, g.dir);
    assert_null(peek());
    ask("text", DATA);
    wait_for(2);
    assert_non_null(strstr((char *)g.svg->data, "id=\"mine\""));
    int width = 0;
    assert_true(bc_card_set_find(before, "text", &width, NULL)); // who has it keeps it
    assert_int_equal(width, 720);
    bc_card_set_unref(&before);
    assert_int_equal(unlink(path), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_card_is_filled_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_cannot_be_filled_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_cancels_hears_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_cards_do_not_pile_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_reload_changes_the_templates, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
