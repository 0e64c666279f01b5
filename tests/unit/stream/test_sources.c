// SPDX-License-Identifier: Apache-2.0
// Channels that show other channels, without sockets.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../transmux/stage.h"
#include "stream/program.h"

static int
setup(void **state)
{
    static const char *const CHANNELS[] = {
        "channels.store/1.sources=[{channel: live/hq}]",
        "channels.store/2.sources=[{channel: store/1}]",
        NULL,
    };
    struct stage *s = calloc(1, sizeof(*s));
    stage_open(s, CHANNELS);
    bc_hub_set_workers(s->hub, &s->worker, 1);
    *state = s;
    return 0;
}

static int
teardown(void **state)
{
    bc_hub_drain(((struct stage *)*state)->hub);
    stage_close(*state);
    free(*state);
    return 0;
}

static void
assert_program(struct bc_channel *channel, struct bc_channel *expected)
{
    struct bc_channel *program = bc_channel_program(channel);
    assert_ptr_equal(program, expected);
    bc_channel_unref(&program);
}

static void
test_an_alias_shows_its_channel(void **state)
{
    struct stage *s = *state;
    struct bc_channel *alias = bc_hub_find(s->hub, "store/1");
    assert_non_null(alias);
    stage_turn(s);
    assert_program(alias, NULL);
    assert_int_equal(bc_channel_state(alias), BC_CHANNEL_NONE);
    assert_null(bc_channel_outputs(alias));
    stage_publish(s, 1, "10.0.0.1");
    stage_run(s, 0, 400, 25);
    assert_program(alias, s->channel);
    assert_int_equal(bc_channel_state(alias), BC_CHANNEL_LIVE);
    struct bc_channel *second = bc_hub_find(s->hub, "store/2");
    assert_program(second, s->channel);
    struct bc_channel_info info;
    bc_channel_info(alias, &info);
    assert_string_equal(info.name, "store/1");
    assert_int_equal(info.state, BC_CHANNEL_LIVE);
    assert_int_equal(info.broadcast, 1);
    assert_int_equal(info.takes, 0);
    stage_unpublish(s, false);
    assert_int_equal(bc_channel_state(second), BC_CHANNEL_WAITING);
    stage_publish(s, 1, "10.0.0.1");
    assert_int_equal(bc_channel_state(second), BC_CHANNEL_LIVE);
    stage_unpublish(s, true);
    assert_int_equal(bc_channel_state(alias), BC_CHANNEL_ENDED);
    assert_int_equal(bc_channel_state(second), BC_CHANNEL_ENDED);
    bc_channel_unref(&alias);
    bc_channel_unref(&second);
}

static void
test_names_that_are_not_configured_are_not_made(void **state)
{
    struct stage *s = *state;
    assert_null(bc_hub_find(s->hub, "store/3"));
    assert_null(bc_hub_find(s->hub, "live/hq"));
    assert_int_equal(bc_hub_count(s->hub), 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_an_alias_shows_its_channel),
        TEST(test_names_that_are_not_configured_are_not_made),
    };
    return cmocka_run_group_tests_name("sources", tests, NULL, NULL);
}
