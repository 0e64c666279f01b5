// SPDX-License-Identifier: Apache-2.0
// Who watches by HLS: ids that prove themselves, counted while they ask.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../transmux/stage.h"
#include "egress/media_internal.h"

#define SECOND 1000000

struct fixture {
    struct stage stage;
    struct bc_hls_sessions *sessions;
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    stage_open(&f->stage, NULL);
    stage_publish(&f->stage, 1, "10.0.0.1");
    f->sessions = bc_hls_sessions_create();
    *state = f;
    return f->sessions ? 0 : -1;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    bc_hls_sessions_destroy(f->sessions);
    bc_hls_sessions_destroy(NULL);
    stage_close(&f->stage);
    free(f);
    return 0;
}

static unsigned
viewers(const struct fixture *f)
{
    return bc_channel_viewers(f->stage.channel, BC_PROTOCOL_HLS);
}

static void
test_ids_prove_themselves_and_their_channel(void **state)
{
    struct fixture *f = *state;
    char a[BC_HLS_SID_TEXT];
    char b[BC_HLS_SID_TEXT];
    bc_hls_sessions_issue(f->sessions, "live/hq", a);
    bc_hls_sessions_issue(f->sessions, "live/hq", b);
    assert_int_equal(strlen(a), BC_HLS_SID_TEXT - 1);
    assert_int_equal(strspn(a, "0123456789abcdef"), BC_HLS_SID_TEXT - 1);
    assert_string_not_equal(a, b);
    assert_true(bc_hls_sessions_is_ours(f->sessions, "live/hq", a));
    assert_false(bc_hls_sessions_is_ours(f->sessions, "live/other", a));
    for (size_t i = 0; i < BC_HLS_SID_TEXT - 1; i++) {
        char forged[BC_HLS_SID_TEXT];
        memcpy(forged, a, sizeof(a));
        forged[i] = forged[i] == '0' ? '1' : '0';
        assert_false(bc_hls_sessions_is_ours(f->sessions, "live/hq", forged));
    }
    struct bc_hls_sessions *other = bc_hls_sessions_create(); // another run of the server
    assert_false(bc_hls_sessions_is_ours(other, "live/hq", a));
    bc_hls_sessions_destroy(other);
}

static void
test_a_viewer_counts_once_while_it_asks(void **state)
{
    struct fixture *f = *state;
    char a[BC_HLS_SID_TEXT];
    char b[BC_HLS_SID_TEXT];
    bc_hls_sessions_issue(f->sessions, "live/hq", a);
    bc_hls_sessions_issue(f->sessions, "live/hq", b);
    for (int i = 0; i < 10; i++) {
        bc_hls_sessions_touch(f->sessions, f->stage.channel, a, "10.0.0.7", i * SECOND);
    }
    assert_int_equal(viewers(f), 1);
    // Who looks once is no viewer; a player asks again.
    bc_hls_sessions_touch(f->sessions, f->stage.channel, b, "10.0.0.7", 9 * SECOND);
    assert_int_equal(viewers(f), 1);
    bc_hls_sessions_touch(f->sessions, f->stage.channel, b, "10.0.0.7", 9 * SECOND);
    assert_int_equal(viewers(f), 2);
    bc_hls_sessions_sweep(f->sessions, 20 * SECOND);
    assert_int_equal(viewers(f), 2);
    bc_hls_sessions_touch(f->sessions, f->stage.channel, b, "10.0.0.7", 20 * SECOND);
    bc_hls_sessions_sweep(f->sessions, 30 * SECOND); // a has been silent for 21 s
    assert_int_equal(viewers(f), 1);
    bc_hls_sessions_sweep(f->sessions, 60 * SECOND);
    assert_int_equal(viewers(f), 0);
}

static void
test_who_has_no_id_of_ours_counts_by_address(void **state)
{
    struct fixture *f = *state;
    bc_hls_sessions_touch(f->sessions, f->stage.channel, "", "10.0.0.7", 0);
    bc_hls_sessions_touch(f->sessions, f->stage.channel, "", "10.0.0.7", 0);
    assert_int_equal(viewers(f), 1);
    // Made-up ids cannot blow the count up.
    for (int i = 0; i < 100; i++) {
        char forged[BC_HLS_SID_TEXT] = "0123456789abcdef01234567";
        forged[i % 24] = (char)('a' + i % 6);
        bc_hls_sessions_touch(f->sessions, f->stage.channel, forged, "10.0.0.7", 0);
    }
    assert_int_equal(viewers(f), 1);
    bc_hls_sessions_touch(f->sessions, f->stage.channel, "", "10.0.0.8", 0);
    bc_hls_sessions_touch(f->sessions, f->stage.channel, "", "10.0.0.8", 0);
    assert_int_equal(viewers(f), 2);
}

static void
test_what_is_forgotten_at_the_end_is_counted_out(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 50; i++) {
        char sid[BC_HLS_SID_TEXT];
        bc_hls_sessions_issue(f->sessions, "live/hq", sid);
        bc_hls_sessions_touch(f->sessions, f->stage.channel, sid, "10.0.0.7", SECOND);
        bc_hls_sessions_touch(f->sessions, f->stage.channel, sid, "10.0.0.7", SECOND);
    }
    assert_int_equal(viewers(f), 50);
    bc_hls_sessions_destroy(f->sessions);
    f->sessions = NULL;
    assert_int_equal(viewers(f), 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_ids_prove_themselves_and_their_channel),
        TEST(test_a_viewer_counts_once_while_it_asks),
        TEST(test_who_has_no_id_of_ours_counts_by_address),
        TEST(test_what_is_forgotten_at_the_end_is_counted_out),
    };
    return cmocka_run_group_tests_name("hls_sessions", tests, NULL, NULL);
}
