// SPDX-License-Identifier: Apache-2.0
// A channel's life without sockets: who may publish, what a broadcast is, what is told of
// it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../transmux/stage.h"

static int
setup(void **state)
{
    struct stage *s = calloc(1, sizeof(*s));
    stage_open(s, NULL);
    *state = s;
    return 0;
}

static int
teardown(void **state)
{
    stage_close(*state);
    free(*state);
    return 0;
}

static void
info_of(struct stage *s, struct bc_channel_info *info)
{
    bc_channel_info(s->channel, info);
}

static void
test_another_credential_is_refused(void **state)
{
    struct stage *s = *state;
    stage_publish(s, 1, "10.0.0.1");
    struct bc_take *first = s->take;
    stage_publish(s, 2, "10.0.0.1");
    assert_true(s->refused);
    assert_non_null(strstr(s->text, "live/hq"));
    assert_non_null(strstr(s->text, "10.0.0.1"));
    bc_take_close(s->take, false, "refused");
    s->take = first;
    stage_turn(s);
    assert_string_equal(s->kicked, "");
    assert_int_equal(bc_channel_state(s->channel), BC_CHANNEL_LIVE);
}

static void
test_the_same_credential_takes_over(void **state)
{
    struct stage *s = *state;
    stage_publish(s, 1, "10.0.0.1");
    stage_run(s, 0, 400, 25);
    struct bc_take *first = s->take;
    stage_publish(s, 1, "10.0.0.1");
    assert_true(s->accepted);
    assert_non_null(strstr(s->kicked, "taken over"));
    bc_take_close(first, false, "kicked"); // as the connection does: changes nothing
    stage_turn(s);
    assert_int_equal(bc_channel_state(s->channel), BC_CHANNEL_LIVE);
    stage_run(s, 0, 400, 25);
    struct bc_channel_info info;
    info_of(s, &info);
    assert_int_equal(info.takes, 2);
    assert_int_equal(info.broadcast, 1);
    assert_int_equal(info.history_count, 2);
    assert_int_equal(info.history[0].number, 2);
    assert_int_equal(info.history[1].video_frames, 10);
    assert_true(info.history[1].ended_wall_us > 0);
}

static void
test_packets_of_a_replaced_take_are_dropped(void **state)
{
    struct stage *s = *state;
    stage_publish(s, 1, "10.0.0.1");
    stage_run(s, 0, 400, 25);
    struct bc_take *first = s->take;
    stage_publish(s, 1, "10.0.0.1");
    struct bc_take *second = s->take;
    s->take = first; // it does not know yet
    stage_run(s, 400, 800, 25);
    bc_take_close(first, false, "kicked");
    s->take = second;
    stage_turn(s);
    struct bc_channel_info info;
    info_of(s, &info);
    assert_int_equal(info.history[1].video_frames, 10);
    assert_int_equal(bc_channel_state(s->channel), BC_CHANNEL_LIVE);
}

static void
test_a_new_broadcast_begins_at_zero(void **state)
{
    struct stage *s = *state;
    stage_publish(s, 1, "10.0.0.1");
    stage_run(s, 0, 2000, 25);
    stage_unpublish(s, true);
    struct bc_channel_info info;
    info_of(s, &info);
    assert_int_equal(info.state, BC_CHANNEL_ENDED);
    assert_true(info.media_us > 1900000);
    stage_publish(s, 2, "10.0.0.2"); // anybody may
    info_of(s, &info);
    assert_int_equal(info.state, BC_CHANNEL_LIVE);
    assert_int_equal(info.broadcast, 2);
    assert_int_equal(info.media_us, 0);
    assert_int_equal(info.history_count, 1);
}

static void
test_a_take_that_drops_leaves_the_channel_waiting(void **state)
{
    struct stage *s = *state;
    stage_publish(s, 1, "10.0.0.1");
    stage_run(s, 0, 400, 25);
    stage_unpublish(s, false);
    assert_int_equal(bc_channel_state(s->channel), BC_CHANNEL_WAITING);
    stage_publish(s, 2, "10.0.0.9"); // the lease is the channel's, not the key's, by then
    assert_true(s->accepted);
    struct bc_channel_info info;
    info_of(s, &info);
    assert_int_equal(info.broadcast, 1);
}

static void
test_a_kick_ends_the_broadcast(void **state)
{
    struct stage *s = *state;
    stage_publish(s, 1, "10.0.0.1");
    stage_run(s, 0, 400, 25);
    bc_channel_kick(s->channel, "by an operator");
    stage_turn(s);
    assert_string_equal(s->kicked, "by an operator");
    assert_int_equal(bc_channel_state(s->channel), BC_CHANNEL_ENDED);
    bc_channel_kick(s->channel, "twice");
    bc_take_close(s->take, false, "kicked");
    s->take = NULL;
    stage_turn(s);
    assert_int_equal(bc_channel_state(s->channel), BC_CHANNEL_ENDED);
}

static void
test_a_draining_hub_takes_nobody(void **state)
{
    struct stage *s = *state;
    stage_publish(s, 1, "10.0.0.1");
    stage_run(s, 0, 400, 25);
    bc_hub_drain(s->hub);
    stage_turn(s);
    assert_string_equal(s->kicked, "the server is going down");
    bc_take_close(s->take, false, "kicked");
    stage_turn(s);
    stage_publish(s, 1, "10.0.0.1");
    assert_true(s->refused);
}

struct tap {
    struct bc_packet_sink sink;
    unsigned packets;
    unsigned epochs;
    unsigned tracks;
    int64_t last_us[4];
    bool first_is_key;
    unsigned waits;
    unsigned ends;
};

static void
on_packet(struct bc_packet_sink *sink, struct bc_packet *p, int64_t wall_us)
{
    struct tap *t = bc_container_of(sink, struct tap, sink);
    if (t->packets++ == 0) {
        t->first_is_key = p->kind == BC_KIND_VIDEO && p->flags & BC_PACKET_KEY;
    } else if (t->last_us[p->kind] >= 0) {
        assert_true(p->dts_us > t->last_us[p->kind]);
    }
    assert_true(p->pts_us >= p->dts_us);
    assert_true(wall_us > 0);
    t->last_us[p->kind] = p->dts_us;
    t->epochs += (p->flags & BC_PACKET_NEW_EPOCH) != 0;
}

static void
on_tracks(struct bc_packet_sink *sink, struct bc_track *video, struct bc_track *audio)
{
    (void)video;
    (void)audio;
    bc_container_of(sink, struct tap, sink)->tracks++;
}

static void
on_waiting(struct bc_packet_sink *sink)
{
    bc_container_of(sink, struct tap, sink)->waits++;
}

static void
on_end(struct bc_packet_sink *sink)
{
    bc_container_of(sink, struct tap, sink)->ends++;
}

static const struct bc_packet_sink_ops TAP_OPS = {
    .on_packet = on_packet,
    .on_tracks = on_tracks,
    .on_waiting = on_waiting,
    .on_end = on_end,
};

static void
test_a_sink_sees_one_rising_timeline(void **state)
{
    struct stage *s = *state;
    struct tap tap = { .sink.ops = &TAP_OPS, .last_us = { -1, -1, -1, -1 } };
    bc_list_init(&tap.sink.node);
    stage_publish(s, 1, "10.0.0.1");
    bc_channel_add_sink(s->channel, &tap.sink);
    stage_audio(s, 0); // sound before the first keyframe is held back
    stage_video(s, 0, false);
    stage_flush(s);
    assert_int_equal(tap.packets, 0);
    stage_run(s, 1000, 3000, 25);
    assert_true(tap.first_is_key);
    assert_int_equal(tap.tracks, 1);
    assert_int_equal(tap.epochs, 1);
    stage_unpublish(s, false);
    assert_int_equal(tap.waits, 1);
    stage_publish(s, 1, "10.0.0.1");
    stage_run(s, 500000, 501000, 25); // another clock
    assert_int_equal(tap.epochs, 2);
    assert_true(tap.last_us[BC_KIND_VIDEO] < 4000000);
    stage_unpublish(s, true);
    assert_int_equal(tap.ends, 1);
    bc_channel_remove_sink(&tap.sink);
}

static void
test_the_hub_knows_channels_by_name(void **state)
{
    struct stage *s = *state;
    assert_null(bc_hub_find(s->hub, "live/hq"));
    assert_int_equal(bc_hub_count(s->hub), 0);
    stage_publish(s, 1, "10.0.0.1");
    struct bc_channel *list[2];
    assert_int_equal(bc_hub_list(s->hub, list, 2), 1);
    assert_ptr_equal(list[0], s->channel);
    assert_string_equal(bc_channel_name(list[0]), "live/hq");
    bc_channel_unref(&list[0]);
    assert_int_equal(bc_hub_list(s->hub, NULL, 0), 1);
    assert_null(bc_hub_find(s->hub, "live/other"));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_another_credential_is_refused),
        TEST(test_the_same_credential_takes_over),
        TEST(test_packets_of_a_replaced_take_are_dropped),
        TEST(test_a_new_broadcast_begins_at_zero),
        TEST(test_a_take_that_drops_leaves_the_channel_waiting),
        TEST(test_a_kick_ends_the_broadcast),
        TEST(test_a_draining_hub_takes_nobody),
        TEST(test_a_sink_sees_one_rising_timeline),
        TEST(test_the_hub_knows_channels_by_name),
    };
    return cmocka_run_group_tests_name("channel", tests, NULL, NULL);
}
