// SPDX-License-Identifier: Apache-2.0
// Channels that show other channels, without sockets.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../transmux/stage.h"
#include "base/writer.h"
#include "stream/plan.h"
#include "stream/program.h"
#include "stream/source.h"

static int
setup(void **state)
{
    static const char *const CHANNELS[] = {
        "channels.store/1.sources=[{channel: live/hq}]",
        "channels.store/2.sources=[{channel: store/1}]",
        "channels.live/hq.sources=[publisher, {channel: live/guest}, {slate: {image: a.png}}]",
        "channels.live/hq.source_wait_ms=0",
        "channels.live/hq.source_stable_ms=0",
        "channels.live/hq.slate_wait_ms=0",
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
    bc_hub_drain(((struct stage *)*state)->hub); // a handover did before the end does
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
    assert_int_equal(bc_hub_count(s->hub), 0);
}

// A host of its own beside the stage's.
struct host {
    struct bc_take *take;
    bool accepted;
    bool refused;
    char kicked[96];
};

static void
on_accepted(void *user)
{
    ((struct host *)user)->accepted = true;
}

static void
on_refused(void *user, enum bc_take_refusal why, const char *text)
{
    (void)text;
    ((struct host *)user)->refused = why != BC_TAKE_OK;
}

static void
on_kicked(void *user, const char *reason)
{
    struct host *h = user;
    snprintf(h->kicked, sizeof(h->kicked), "%s", reason);
}

static const struct bc_take_ops HOST_OPS = { .on_accepted = on_accepted,
    .on_refused = on_refused, .on_kicked = on_kicked };

static void
come(struct stage *s, struct host *h, const char *channel, const char *role)
{
    struct bc_take_params params = { .hub = s->hub, .worker = s->worker,
        .channel = channel, .credential = 7, .protocol = "test", .peer = role,
        .peer_ip = "10.0.0.7", .encoder = "", .role = role, .ops = &HOST_OPS, .user = h };
    *h = (struct host){ .take = bc_take_open(&params) };
    assert_non_null(h->take);
    stage_turn(s);
    if (h->accepted) {
        bc_take_set_track(h->take, s->video);
        bc_take_set_track(h->take, s->audio);
    }
}

static void
go(struct stage *s, struct host *h, bool clean)
{
    bc_take_close(h->take, clean, clean ? "goodbye" : "gone");
    h->take = NULL;
    stage_turn(s);
}

// Frames of this host in [from, to), a keyframe every 10.
static void
feed(struct stage *s, struct host *h, int64_t from_ms, int64_t to_ms)
{
    struct bc_take *own = s->take;
    s->take = h->take;
    stage_run(s, from_ms, to_ms, 10);
    s->take = own;
}

static int
on_air(struct bc_channel *channel)
{
    struct bc_sources_info info;
    bc_channel_sources(channel, &info);
    return info.on_air;
}

// What viewers of the channel's own media see.
struct tap {
    struct bc_packet_sink sink;
    unsigned packets;
    unsigned epochs;
    int64_t last_us[4];
};

static void
on_packet(struct bc_packet_sink *sink, struct bc_packet *p, int64_t wall_us)
{
    struct tap *t = bc_container_of(sink, struct tap, sink);
    (void)wall_us;
    if (p->flags & BC_PACKET_NEW_EPOCH) {
        t->epochs++;
        assert_true(p->kind == BC_KIND_VIDEO && p->flags & BC_PACKET_KEY);
    }
    assert_true(t->packets == 0 || p->dts_us > t->last_us[p->kind]);
    assert_true(p->pts_us >= p->dts_us);
    t->last_us[p->kind] = p->dts_us;
    t->packets++;
}

static const struct bc_packet_sink_ops TAP_OPS = { .on_packet = on_packet };

static void
test_a_backup_takes_the_place_and_gives_it_back(void **state)
{
    struct stage *s = *state;
    struct host main_host;
    struct host backup;
    struct tap tap = { .sink.ops = &TAP_OPS, .last_us = { -1, -1, -1, -1 } };
    bc_list_init(&tap.sink.node);
    come(s, &main_host, "live/hq", "");
    come(s, &backup, "live/hq", "backup");
    assert_true(main_host.accepted && backup.accepted);
    struct bc_channel *hq = bc_hub_find(s->hub, "live/hq");
    bc_channel_add_sink(hq, &tap.sink);
    feed(s, &main_host, 0, 1000);
    feed(s, &backup, 50000, 51200);
    struct bc_sources_info info;
    bc_channel_sources(hq, &info);
    assert_int_equal(info.count, 4);
    assert_string_equal(info.list[1].name, "publisher:backup");
    assert_int_equal(info.list[0].state, BC_SOURCE_ON_AIR);
    assert_int_equal(info.list[1].state, BC_SOURCE_STANDBY);
    assert_string_equal(info.program, "live/hq");
    for (int i = 0; i < 10; i++) {
        unsigned before = tap.packets;
        feed(s, &backup, 51200 + 1200 * i, 51600 + 1200 * i);
        assert_int_equal(tap.packets, before);
        go(s, &main_host, false);
        assert_int_equal(on_air(hq), 1);
        assert_true(tap.packets > before); // its cached pictures, at once
        assert_int_equal(bc_channel_state(hq), BC_CHANNEL_LIVE);
        feed(s, &backup, 51600 + 1200 * i, 52400 + 1200 * i);
        come(s, &main_host, "live/hq", "");
        assert_true(main_host.accepted);
        assert_int_equal(on_air(hq), 1); // until the other one has a keyframe
        feed(s, &main_host, 100000 * i, 100000 * i + 1200);
        assert_int_equal(on_air(hq), 0);
    }
    assert_int_equal(tap.epochs, 21);
    struct bc_channel_info channel;
    bc_channel_info(hq, &channel);
    assert_int_equal(channel.broadcast, 1);
    assert_int_equal(channel.takes, 12);
    feed(s, &backup, 70000, 70400);
    go(s, &main_host, true);
    assert_int_equal(bc_channel_state(hq), BC_CHANNEL_LIVE);
    go(s, &backup, true);
    assert_int_not_equal(bc_channel_state(hq), BC_CHANNEL_LIVE);
    bc_channel_remove_sink(&tap.sink);
    bc_channel_unref(&hq);
}

static void
test_an_operator_chooses_the_source(void **state)
{
    struct stage *s = *state;
    struct host own;
    struct host guest;
    come(s, &own, "live/hq", "");
    feed(s, &own, 0, 800);
    struct bc_channel *hq = bc_hub_find(s->hub, "live/hq");
    assert_int_equal(bc_channel_choose_source(hq, 9, false), -ENOENT);
    assert_int_equal(bc_channel_choose_source(hq, 1, false), -EHOSTDOWN);
    come(s, &guest, "live/guest", "");
    feed(s, &guest, 0, 800);
    stage_turn(s);
    assert_int_equal(bc_channel_choose_source(hq, 1, false), 0);
    stage_turn(s);
    for (int i = 1; i < 20 && on_air(hq) != 1; i++) {
        feed(s, &own, 400 * i + 400, 400 * i + 600);
        feed(s, &guest, 400 * i + 400, 400 * i + 1000);
    }
    assert_int_equal(on_air(hq), 1);
    struct bc_channel *program = bc_channel_program(hq);
    assert_string_equal(bc_channel_name(program), "live/guest");
    bc_channel_unref(&program);
    assert_int_equal(bc_channel_choose_source(hq, -1, false), 0);
    stage_turn(s);
    feed(s, &own, 20000, 20800);
    assert_int_equal(on_air(hq), 0);
    assert_program(hq, hq);
    assert_true(own.accepted && !own.kicked[0]);
    go(s, &own, true);
    assert_int_equal(on_air(hq), 1); // the guest is still there
    go(s, &guest, true);
    assert_int_equal(bc_channel_state(hq), BC_CHANNEL_ENDED);
    bc_channel_unref(&hq);
}

static void
test_a_slate_is_the_lobby_and_fills_holes(void **state)
{
    struct stage *s = *state;
    struct host slate;
    struct host own;
    come(s, &slate, STAGE_SLATE, "");
    feed(s, &slate, 0, 800);
    struct bc_channel *hq = bc_hub_find(s->hub, "live/hq");
    struct bc_channel *shown = bc_hub_find(s->hub, STAGE_SLATE);
    stage_turn(s);
    stage_turn(s);
    assert_int_equal(bc_hub_list(s->hub, NULL, 0), 2); // hq and guest, which it shows
    assert_int_equal(bc_channel_state(hq), BC_CHANNEL_LOBBY);
    assert_program(hq, shown);
    come(s, &own, "live/hq", "");
    feed(s, &own, 0, 800);
    assert_int_equal(bc_channel_state(hq), BC_CHANNEL_LIVE);
    assert_program(hq, hq);
    go(s, &own, false);
    assert_int_equal(bc_channel_state(hq), BC_CHANNEL_WAITING);
    stage_turn(s);
    assert_program(hq, shown);
    come(s, &own, "live/hq", "");
    feed(s, &own, 0, 800);
    assert_program(hq, hq);
    go(s, &own, true);
    stage_turn(s);
    assert_int_equal(bc_channel_state(hq), BC_CHANNEL_LOBBY);
    go(s, &slate, true);
    bc_channel_unref(&hq);
    bc_channel_unref(&shown);
}

static void
test_a_closed_channel_has_nobody(void **state)
{
    struct stage *s = *state;
    struct host own;
    come(s, &own, "live/hq", "");
    feed(s, &own, 0, 800);
    struct bc_channel *hq = bc_hub_find(s->hub, "live/hq");
    bc_hub_set_open(s->hub, "live/hq", false);
    stage_turn(s);
    assert_false(bc_hub_is_open(s->hub, "live/hq"));
    assert_string_equal(own.kicked, "the channel is closed");
    assert_program(hq, NULL);
    assert_int_equal(bc_channel_state(hq), BC_CHANNEL_ENDED);
    go(s, &own, false);
    come(s, &own, "live/hq", "");
    assert_true(own.refused);
    go(s, &own, false);
    bc_hub_set_open(s->hub, "live/hq", true);
    stage_turn(s);
    come(s, &own, "live/hq", "nobody");
    assert_true(own.refused);
    go(s, &own, false);
    come(s, &own, "live/hq", "");
    assert_true(own.accepted);
    feed(s, &own, 0, 400);
    assert_int_equal(bc_channel_state(hq), BC_CHANNEL_LIVE);
    // The plan: a lobby first, and an end.
    bc_hub_set_plan(s->hub, "live/hq", &(struct bc_channel_plan){ .over = true });
    stage_turn(s);
    assert_int_equal(bc_channel_state(hq), BC_CHANNEL_ENDED);
    assert_string_not_equal(own.kicked, ""); // the host is told
    go(s, &own, false);
    bc_hub_set_plan(s->hub, "live/hq", NULL);
    stage_turn(s);
    come(s, &own, "live/hq", "");
    feed(s, &own, 400, 1200);
    assert_int_equal(bc_channel_state(hq), BC_CHANNEL_LIVE);
    go(s, &own, true);
    bc_channel_unref(&hq);
}

static void
test_circles_are_errors(void **state)
{
    (void)state;
    static const char TEXT[] = "channels:\n"
                               "  a/b:\n    sources: [publisher, {channel: a/c}]\n"
                               "  a/c:\n    sources: [{channel: a/d}]\n"
                               "  a/d:\n    sources: [{channel: a/b}]\n";
    struct bc_config *config = NULL;
    struct bc_writer errors = { 0 };
    assert_int_not_equal(
        bc_config_parse("test", TEXT, sizeof(TEXT) - 1, &config, &errors), 0);
    bc_write_u8(&errors, 0);
    assert_non_null(strstr((char *)errors.data, "a/b -> a/c -> a/d -> a/b"));
    bc_writer_finish(&errors);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_an_alias_shows_its_channel),
        TEST(test_names_that_are_not_configured_are_not_made),
        TEST(test_a_backup_takes_the_place_and_gives_it_back),
        TEST(test_an_operator_chooses_the_source),
        TEST(test_a_slate_is_the_lobby_and_fills_holes),
        TEST(test_a_closed_channel_has_nobody),
        cmocka_unit_test(test_circles_are_errors),
    };
    return cmocka_run_group_tests_name("sources", tests, NULL, NULL);
}
