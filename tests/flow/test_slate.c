// SPDX-License-Identifier: Apache-2.0
// Slates in a whole server: hidden channels that play for all who show the same.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../unit/slate/kit.h"
#include "flow.h"
#include "slate/slate.h"

#define SHOWN_MAX 1024
#define SECOND INT64_C(1000000)

// What a hidden channel gives out.
struct show {
    struct bc_packet_sink sink;
    struct bc_channel *channel; // owned reference; the opener's
    struct bc_packet *packets[SHOWN_MAX];
    atomic_uint count;
    atomic_uint keys;
    atomic_uint tracks;
    atomic_uint ends;
};

struct fixture {
    struct flow flow;
    struct bc_slate_wish wish;
    struct bc_config_source source;
    unsigned worker;
    struct bc_channel *opened;
    struct show show;
};

static void
on_packet(struct bc_packet_sink *sink, struct bc_packet *p, int64_t wall_us)
{
    (void)wall_us;
    struct show *s = bc_container_of(sink, struct show, sink);
    unsigned n = atomic_load(&s->count);
    if (n < SHOWN_MAX) {
        s->packets[n] = bc_packet_ref(p);
        atomic_store(&s->count, n + 1);
    }
    if (p->flags & BC_PACKET_KEY) {
        atomic_fetch_add(&s->keys, 1);
    }
}

static void
on_tracks(struct bc_packet_sink *sink, struct bc_track *video, struct bc_track *audio)
{
    (void)video;
    (void)audio;
    atomic_fetch_add(&bc_container_of(sink, struct show, sink)->tracks, 1);
}

static void
on_end(struct bc_packet_sink *sink)
{
    atomic_fetch_add(&bc_container_of(sink, struct show, sink)->ends, 1);
}

static const struct bc_packet_sink_ops SHOW_OPS = {
    .on_packet = on_packet, .on_tracks = on_tracks, .on_end = on_end
};

// --- on workers ---

static void
run_open(void *user)
{
    struct fixture *f = user;
    struct bc_server *server = &f->flow.server;
    f->opened =
        bc_slates_open(server->slates, server->workers[f->worker].worker, &f->wish);
}

static void
run_watch(void *user)
{
    struct show *s = user;
    bc_channel_add_sink(s->channel, &s->sink);
}

static void
run_leave(void *user)
{
    struct show *s = user;
    bc_channel_remove_sink(&s->sink);
}

static struct bc_channel *
open_slate(struct fixture *f, unsigned worker)
{
    f->worker = worker;
    flow_run_on(&f->flow, worker, run_open, f);
    assert_non_null(f->opened);
    return f->opened;
}

static void
watch(struct fixture *f, struct bc_channel *channel)
{
    f->show.sink.ops = &SHOW_OPS;
    bc_list_init(&f->show.sink.node);
    f->show.channel = channel;
    flow_run_on(&f->flow, bc_channel_home(channel)->index, run_watch, &f->show);
}

static void
leave(struct fixture *f)
{
    struct show *s = &f->show;
    if (!s->channel) {
        return;
    }
    flow_run_on(&f->flow, bc_channel_home(s->channel)->index, run_leave, s);
    for (unsigned i = 0; i < s->count; i++) {
        bc_packet_unref(&s->packets[i]);
    }
    bc_slates_close(f->flow.server.slates, &s->channel);
    assert_null(s->channel);
    memset(s, 0, sizeof(*s));
}

// --- fixture ---

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    flow_open(&f->flow, NULL);
    f->source.kind = BC_SOURCE_SLATE_IMAGE;
    f->wish.source = &f->source;
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    leave(f);
    flow_close(&f->flow);
    if (f->source.value) {
        unlink(f->source.value);
        free(f->source.value);
    }
    free(f);
    return 0;
}

// Decodes all that came; the times of each kind rise by their steps. The last luma, and the
// number of different keyframes.
static int
check_media(const struct show *s, unsigned *different)
{
    struct kit_decoder video = { 0 };
    struct kit_decoder audio = { 0 };
    const struct bc_packet *last[3] = { NULL };
    const struct bc_packet *key = NULL;
    int luma = -1;
    unsigned count = s->count;
    *different = 0;
    for (unsigned i = 0; i < count; i++) {
        const struct bc_packet *p = s->packets[i];
        bool is_video = p->kind == BC_KIND_VIDEO;
        struct kit_decoder *d = is_video ? &video : &audio;
        if (!d->ctx) {
            kit_decoder_open(d, p->track);
        }
        const AVFrame *frame = kit_decode(d, p->data, p->len);
        luma = is_video ? kit_luma(frame, 0, 0, 16, 16) : luma;
        const struct bc_packet *before = last[p->kind];
        assert_true(!before || bc_track_equal(before->track, p->track));
        int64_t step = before ? p->dts_us - before->dts_us : 0;
        assert_true(!before || (step > 15000 && step < 45000));
        last[p->kind] = p;
        if (p->flags & BC_PACKET_KEY) {
            *different +=
                !key || key->len != p->len || memcmp(key->data, p->data, p->len) != 0;
            key = p;
        }
    }
    assert_true(video.ctx && audio.ctx);
    kit_decoder_close(&video);
    kit_decoder_close(&audio);
    return luma;
}

// --- tests ---

static void
test_all_who_wish_the_same_share_one_that_plays(void **state)
{
    struct fixture *f = *state;
    f->source.value = strdup(kit_image("shop.png", "png", 640, 360, 128));
    struct bc_channel *first = open_slate(f, 0);
    struct bc_channel *second = open_slate(f, 1);
    assert_ptr_equal(first, second);
    assert_int_equal(bc_channel_name(first)[0], '~');
    assert_ptr_equal(bc_channel_home(first), f->flow.server.workers[0].worker);
    bc_slates_close(f->flow.server.slates, &second);
    watch(f, first);
    int64_t began_us = bc_clock_us();
    FLOW_UNTIL(&f->flow, atomic_load(&f->show.keys) >= 3);
    int64_t took_us = bc_clock_us() - began_us;
    assert_in_range(took_us, 1900000, 15000000); // in real time
    unsigned different;
    assert_in_range(check_media(&f->show, &different), 123, 129);
    assert_int_equal(different, 1);
    assert_int_equal(f->show.tracks, 1);
    struct bc_channel_info info;
    bc_channel_info(first, &info);
    assert_int_equal(info.state, BC_CHANNEL_LIVE);
    // It plays on for whoever comes soon, and ends when nobody does.
    struct bc_channel *kept = bc_channel_ref(first);
    bc_slates_close(f->flow.server.slates, &f->show.channel);
    first = open_slate(f, 1);
    assert_ptr_equal(first, kept);
    f->show.channel = first;
    unsigned keys = f->show.keys;
    FLOW_UNTIL(&f->flow, atomic_load(&f->show.keys) > keys);
    bc_slates_close(f->flow.server.slates, &f->show.channel);
    FLOW_UNTIL(&f->flow, atomic_load(&f->show.ends) == 1);
    f->show.channel = kept; // for leave(): one close too many does no harm
}

static void
test_a_file_that_is_no_picture_is_told_and_a_plain_one_stands_for_it(void **state)
{
    struct fixture *f = *state;
    char why[160] = "";
    f->source.value = strdup(kit_file("bad.png", "nothing", 7));
    assert_false(
        bc_slates_problem(f->flow.server.slates, f->source.value, why, sizeof(why)));
    watch(f, open_slate(f, 0));
    FLOW_UNTIL(&f->flow, atomic_load(&f->show.keys) >= 2);
    unsigned different;
    assert_in_range(check_media(&f->show, &different), 25, 45);
    assert_true(
        bc_slates_problem(f->flow.server.slates, f->source.value, why, sizeof(why)));
    assert_string_equal(why, "it is neither PNG nor JPEG nor WebP");
}

static void
test_a_video_begins_with_its_first_picture_and_plays_round_and_round(void **state)
{
    struct fixture *f = *state;
    f->source.kind = BC_SOURCE_SLATE_FILE;
    f->source.value = strdup(kit_movie("loop.mkv", 25, true));
    watch(f, open_slate(f, 1));
    FLOW_UNTIL(&f->flow, atomic_load(&f->show.keys) >= 4);
    unsigned different;
    (void)check_media(&f->show, &different);
    assert_int_equal(f->show.tracks, 1); // still and video have the same headers
    assert_true(different > 1);
}

static void
test_a_countdown_changes_each_second(void **state)
{
    struct fixture *f = *state;
    f->wish.source = NULL;
    f->wish.countdown_to_wall_us = bc_clock_wall_us() + 4 * SECOND;
    watch(f, open_slate(f, 0));
    FLOW_UNTIL(&f->flow, atomic_load(&f->show.keys) >= 7);
    unsigned different;
    (void)check_media(&f->show, &different);
    assert_in_range(different, 4, 6); // 4 or 3 to 1, the picture without; one may be late
    // The next one who comes is told that it is over.
    struct bc_channel *after = open_slate(f, 0);
    assert_ptr_not_equal(after, f->show.channel);
    bc_slates_close(f->flow.server.slates, &after);
}

static void
test_a_server_that_goes_down_ends_them(void **state)
{
    struct fixture *f = *state;
    f->wish.source = NULL;
    struct bc_channel *channel = open_slate(f, 0);
    bc_hub_drain(f->flow.server.hub);
    f->worker = 1;
    flow_run_on(&f->flow, 1, run_open, f);
    assert_null(f->opened);
    bc_slates_close(f->flow.server.slates, &channel);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_all_who_wish_the_same_share_one_that_plays),
        TEST(test_a_file_that_is_no_picture_is_told_and_a_plain_one_stands_for_it),
        TEST(test_a_video_begins_with_its_first_picture_and_plays_round_and_round),
        TEST(test_a_countdown_changes_each_second),
        TEST(test_a_server_that_goes_down_ends_them),
    };
    return cmocka_run_group_tests_name("slate", tests, NULL, NULL);
}
