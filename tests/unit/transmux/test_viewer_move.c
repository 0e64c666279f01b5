// SPDX-License-Identifier: Apache-2.0
// Viewers whose channel shows another one's media and changes it: what they get, byte by
// byte, and that their times never step back.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_peer.h"
#include "stage.h"
#include "stream/program.h"
#include "transmux/window.h"

#define HOST 1
#define GOP 25 // frames: a keyframe each second
#define PICTURE 0x01
#define SOUND 0x04
// The numbers in the payloads tell whose they are.
#define HQ_FIRST 1000000
#define STORE_FIRST 2000000
#define TOLD (HQ_FIRST / 2)

struct fixture {
    struct stage hq;    // live/hq
    struct stage store; // store/1, whose viewers these are
    struct fake_peer a;
    struct fake_peer b;
    struct fake_stream stream; // what a parsed peer got
};

static int
setup(void **state)
{
    // Long enough that the speed of the test machine changes nothing.
    static const char *const OVERRIDES[] = { "stream.viewer_queue_ms=2000", NULL };
    struct fixture *f = calloc(1, sizeof(*f));
    stage_open(&f->hq, OVERRIDES);
    stage_open_guest(&f->store, &f->hq, "store/1");
    stage_publish(&f->hq, HOST, "10.0.0.1");
    stage_publish(&f->store, HOST, "10.0.0.2");
    f->hq.count = HQ_FIRST;
    f->store.count = STORE_FIRST;
    stage_set_video(&f->store, 40);
    bc_take_set_track(f->store.take, f->store.video);
    *state = f;
    return f->hq.accepted && f->store.accepted ? 0 : -1;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    if (f->store.channel) {
        bc_channel_set_program(f->store.channel, NULL);
    }
    fake_peer_leave(&f->a);
    fake_peer_leave(&f->b);
    stage_close(&f->store);
    stage_close(&f->hq);
    free(f);
    return 0;
}

static struct bc_viewer_params
viewer_of(struct fixture *f, enum bc_feed_format format)
{
    return (struct bc_viewer_params){ .windows = f->hq.windows,
        .channel = f->store.channel, .key = { .format = format }, .from_gop = true };
}

static void
join(struct fixture *f, struct fake_peer *peer, size_t room)
{
    struct bc_viewer_params params = viewer_of(f, BC_FEED_FLV);
    fake_peer_join(peer, &params, room);
    stage_turn(&f->hq);
}

static void
show(struct fixture *f, struct bc_channel *program)
{
    bc_channel_set_program(f->store.channel, program);
    stage_turn(&f->hq);
}

// Both hosts send for so long.
static void
run(struct fixture *f, int64_t from_ms, int64_t to_ms)
{
    for (int64_t ms = from_ms; ms < to_ms; ms += STAGE_FRAME_MS) {
        stage_run(&f->hq, ms, ms + STAGE_FRAME_MS, GOP);
        stage_run(&f->store, ms, ms + STAGE_FRAME_MS, GOP);
    }
}

static bool
is_media(const struct fake_tag *t)
{
    return t->type != 18 && !t->header;
}

// Whole tags whose times rise strictly per kind, headers in front of each program's first
// picture, and each program's numbers without a hole. Returns how often it changed.
static unsigned
check(struct fixture *f, const struct fake_peer *peer)
{
    struct fake_stream *s = &f->stream;
    fake_peer_parse(peer, s);
    int64_t last_ms[32] = { 0 };
    for (int i = 0; i < 32; i++) {
        last_ms[i] = -1;
    }
    uint32_t owner = 0;
    uint32_t next = 0;
    unsigned changes = 0;
    for (size_t i = 0; i < s->count; i++) {
        const struct fake_tag *t = &s->tags[i];
        if (!is_media(t)) {
            continue;
        }
        assert_true((int64_t)t->ms > last_ms[t->type]);
        last_ms[t->type] = t->ms;
        if (t->number / TOLD != owner) {
            assert_true(t->key);
            assert_true(i >= 3 && s->tags[i - 1].header && s->tags[i - 1].type == 8);
            assert_true(s->tags[i - 2].header && s->tags[i - 2].type == 9);
            assert_int_equal(
                s->tags[i - 2].body[8], t->number >= STORE_FIRST ? 40 : 31);
            assert_int_equal(s->tags[i - 3].type, 18);
            assert_int_equal(s->tags[i - 3].ms, t->ms);
            // Nothing is above what begins now.
            assert_true((int64_t)t->ms > last_ms[8]);
            changes += owner != 0;
            owner = t->number / TOLD;
            next = t->number;
        }
        assert_true(t->number >= next);
        next = t->number + 1;
    }
    return changes;
}

static const struct fake_tag *
last_tag(const struct fixture *f)
{
    return &f->stream.tags[f->stream.count - 1];
}

static struct bc_viewer_stats
stats_of(const struct fake_peer *peer)
{
    struct bc_viewer_stats stats;
    bc_viewer_stats(peer->viewer, &stats);
    return stats;
}

static void
test_a_viewer_follows_to_the_next_keyframe(void **state)
{
    struct fixture *f = *state;
    run(f, 0, 1480);
    join(f, &f->a, FAKE_PEER_ALL);
    assert_int_equal(check(f, &f->a), 0);
    assert_true(f->stream.tags[3].number >= STORE_FIRST);
    show(f, f->hq.channel);
    size_t before = f->a.got.len;
    run(f, 1480, 2000); // its cached GOP is of before: none of that
    assert_int_equal(f->a.got.len, before);
    run(f, 2000, 2600);
    assert_int_equal(check(f, &f->a), 1);
    assert_int_equal(last_tag(f)->number, f->hq.count - 1);
    assert_int_equal(f->a.ends, 0);
    // A fresh viewer begins at that keyframe: but for the file's header it gets the same.
    join(f, &f->b, FAKE_PEER_ALL);
    size_t file = 9 + 4;
    assert_int_equal(f->a.got.len - before, f->b.got.len - file);
    assert_memory_equal(f->a.got.data + before, f->b.got.data + file, f->b.got.len - file);
    // An FLV tag: onMetaData, whatever long, at the time of the keyframe.
    assert_int_equal(f->a.got.data[before], 18);
    assert_memory_equal(f->a.got.data + before + 4, ((uint8_t[]){ 0, 0x07, 0xd0, 0 }), 4);
}

static void
test_a_program_that_leads_has_its_keyframe_at_once(void **state)
{
    struct fixture *f = *state;
    stage_run(&f->hq, 0, 2600, GOP); // a second ahead: its keyframe at 2000 is cached
    stage_run(&f->store, 0, 1480, GOP);
    join(f, &f->a, FAKE_PEER_ALL);
    show(f, f->hq.channel);
    assert_int_equal(check(f, &f->a), 1);
    assert_int_equal(last_tag(f)->number, f->hq.count - 1);
}

static void
test_sound_that_lies_behind_is_left_out(void **state)
{
    struct fixture *f = *state;
    run(f, 0, 1000);
    join(f, &f->a, FAKE_PEER_ALL);
    stage_run(&f->store, 1000, 1480, GOP);
    show(f, f->hq.channel);
    // Pictures go ahead of the sound: the keyframe at 2000 before the sound at 1400.
    stage_run(&f->hq, 1000, 1400, GOP);
    stage_video(&f->hq, 2000, true);
    for (int64_t ms = 1400; ms < 2200; ms += STAGE_AUDIO_MS) {
        stage_audio(&f->hq, ms);
    }
    stage_flush(&f->hq);
    assert_int_equal(check(f, &f->a), 1);
    bool heard = false;
    for (size_t i = 0; i < f->stream.count; i++) {
        const struct fake_tag *t = &f->stream.tags[i];
        if (is_media(t) && t->type == 8 && t->number < STORE_FIRST) {
            assert_true(heard || t->ms == 1480); // right behind the last one
            heard = true;
        }
    }
    assert_true(heard);
}

static void
test_what_was_begun_comes_whole(void **state)
{
    struct fixture *f = *state;
    run(f, 0, 400);
    for (size_t room = 1; room < 1200; room += 7) {
        join(f, &f->a, room); // stops within headers, or within a tag
        show(f, f->hq.channel);
        run(f, 400, 440);
        fake_peer_open(&f->a, 1);
        fake_peer_open(&f->a, FAKE_PEER_ALL);
        show(f, f->store.channel);
        check(f, &f->a);
        assert_int_equal(f->a.ends, 0);
        fake_peer_leave(&f->a);
    }
}

static void
test_a_slow_viewer_moves_without_the_rest(void **state)
{
    struct fixture *f = *state;
    run(f, 0, 400);
    join(f, &f->a, FAKE_PEER_ALL);
    f->a.room = 333; // stops in the middle of a tag
    run(f, 400, 1480);
    show(f, f->hq.channel);
    run(f, 1480, 2200);
    assert_int_equal(f->a.room, 0);
    fake_peer_open(&f->a, FAKE_PEER_ALL);
    assert_int_equal(check(f, &f->a), 1);
    assert_int_equal(last_tag(f)->number, f->hq.count - 1);
    assert_int_equal(stats_of(&f->a).skips, 0);
}

static void
test_who_has_nothing_yet_begins_as_a_newcomer(void **state)
{
    struct fixture *f = *state;
    run(f, 0, 400);
    join(f, &f->a, 0);
    show(f, f->hq.channel);
    fake_peer_open(&f->a, FAKE_PEER_ALL);
    assert_int_equal(check(f, &f->a), 0);
    assert_int_equal(f->stream.flags, PICTURE | SOUND);
    assert_int_equal(f->stream.tags[3].number, HQ_FIRST); // with the cached GOP
}

static void
test_without_a_program_it_waits(void **state)
{
    struct fixture *f = *state;
    show(f, NULL);
    run(f, 0, 400);
    join(f, &f->a, FAKE_PEER_ALL);
    f->hq.windows->look_timer.fire(&f->hq.windows->look_timer);
    assert_int_equal(f->a.got.len, 0);
    assert_int_equal(f->a.ends, 0);
    show(f, f->hq.channel);
    assert_int_equal(check(f, &f->a), 0);
    assert_int_equal(f->stream.tags[3].number, HQ_FIRST);
    show(f, NULL);
    size_t before = f->a.got.len;
    run(f, 400, 2000); // over a keyframe
    assert_int_equal(f->a.got.len, before);
    show(f, f->hq.channel);
    run(f, 2000, 2400); // the one at 1000 serves
    assert_int_equal(check(f, &f->a), 0);
    assert_int_equal(last_tag(f)->number, f->hq.count - 1);
    assert_int_equal(f->a.ends, 0);
}

static void
test_the_end_of_a_program_ends_nobody_else(void **state)
{
    struct fixture *f = *state;
    run(f, 0, 400);
    show(f, f->hq.channel);
    join(f, &f->a, FAKE_PEER_ALL);
    struct bc_viewer_params params = viewer_of(f, BC_FEED_FLV);
    params.channel = f->hq.channel;
    fake_peer_join(&f->b, &params, FAKE_PEER_ALL);
    run(f, 400, 800);
    stage_unpublish(&f->hq, true);
    assert_int_equal(f->a.ends, 0);
    assert_int_equal(f->b.ends, 1);
    show(f, f->store.channel);
    stage_run(&f->store, 800, 1400, GOP);
    assert_int_equal(check(f, &f->a), 1);
    assert_int_equal(last_tag(f)->number, f->store.count - 1);
    // Its own end does.
    stage_unpublish(&f->store, true);
    assert_int_equal(f->a.ends, 1);
}

static void
test_a_program_that_begins_anew_goes_on(void **state)
{
    struct fixture *f = *state;
    run(f, 0, 400);
    show(f, f->hq.channel);
    join(f, &f->a, FAKE_PEER_ALL);
    stage_unpublish(&f->hq, true);
    stage_publish(&f->hq, HOST, "10.0.0.1");
    assert_int_equal(f->a.ends, 0);
    stage_run(&f->hq, 400, 2400, GOP); // wherever its times begin
    check(f, &f->a);
    assert_int_equal(last_tag(f)->number, f->hq.count - 1);
}

static void
test_a_channel_that_ends_while_it_shows_another_one(void **state)
{
    struct fixture *f = *state;
    run(f, 0, 400);
    show(f, f->hq.channel);
    join(f, &f->a, FAKE_PEER_ALL);
    f->a.leaves_at_end = true;
    join(f, &f->b, FAKE_PEER_ALL);
    f->b.room = 5; // in the middle of a tag
    f->b.leaves_at_end = true;
    run(f, 400, 440);
    stage_unpublish(&f->store, true);
    assert_int_equal(f->a.ends, 0); // until it is told
    show(f, NULL);
    assert_int_equal(f->a.ends, 1);
    assert_int_equal(f->b.ends, 0);
    fake_peer_open(&f->b, FAKE_PEER_ALL);
    assert_int_equal(f->b.ends, 1);
    check(f, &f->b); // whole
}

static void
test_a_channel_that_ends_while_it_shows_nothing(void **state)
{
    struct fixture *f = *state;
    run(f, 0, 400);
    join(f, &f->a, FAKE_PEER_ALL);
    show(f, NULL);
    stage_unpublish(&f->store, true);
    assert_int_equal(f->a.ends, 0);
    f->hq.windows->look_timer.fire(&f->hq.windows->look_timer);
    assert_int_equal(f->a.ends, 1);
}

// A host that sends one kind alone.
static void
publish_only(struct stage *s, const char *ip, struct bc_track *track)
{
    stage_unpublish(s, true);
    stage_take(s, HOST, ip);
    bc_take_set_track(s->take, track);
}

static void
test_sound_that_is_missing_ends_flv_players_only(void **state)
{
    struct fixture *f = *state;
    publish_only(&f->hq, "10.0.0.1", f->hq.video);
    for (int64_t ms = 0; ms < 7000; ms += STAGE_FRAME_MS) {
        stage_video(&f->hq, ms, ms % 1000 == 0);
        stage_flush(&f->hq);
    }
    stage_run(&f->store, 0, 400, GOP);
    join(f, &f->a, FAKE_PEER_ALL);
    struct bc_viewer_params params = viewer_of(f, BC_FEED_RTMP);
    fake_peer_join(&f->b, &params, FAKE_PEER_ALL);
    stage_turn(&f->hq);
    size_t before = f->b.got.len;
    show(f, f->hq.channel);
    assert_int_equal(f->a.ends, 1); // MSE plays no further than both kinds
    assert_int_equal(f->b.ends, 0);
    assert_true(f->b.got.len > before);
    // Who comes now is told of the picture alone, and of sound by an end.
    fake_peer_leave(&f->a);
    join(f, &f->a, FAKE_PEER_ALL);
    fake_peer_parse(&f->a, &f->stream);
    assert_int_equal(f->stream.flags, PICTURE);
    stage_run(&f->store, 400, 8400, GOP);
    show(f, f->store.channel);
    assert_int_equal(f->a.ends, 1);
    assert_int_equal(f->b.ends, 0);
}

static void
test_what_a_player_wanted_stays(void **state)
{
    struct fixture *f = *state;
    run(f, 0, 400);
    join(f, &f->a, FAKE_PEER_ALL);
    join(f, &f->b, FAKE_PEER_ALL);
    bc_viewer_set_paused(f->a.viewer, true);
    bc_viewer_set_receive(f->b.viewer, BC_KIND_AUDIO, false);
    show(f, f->hq.channel);
    run(f, 400, 2400);
    check(f, &f->b);
    for (size_t i = 0; i < f->stream.count; i++) {
        const struct fake_tag *t = &f->stream.tags[i];
        assert_true(t->type != 8 || t->header || t->number >= STORE_FIRST);
    }
    assert_int_equal(last_tag(f)->type, 9);
    assert_int_equal(check(f, &f->a), 0); // nothing while it is paused
    bc_viewer_set_paused(f->a.viewer, false);
    assert_int_equal(check(f, &f->a), 1);
    assert_int_equal(last_tag(f)->number, f->hq.count - 1);
}

static void
test_twenty_moves(void **state)
{
    struct fixture *f = *state;
    run(f, 0, 400);
    join(f, &f->a, FAKE_PEER_ALL);
    join(f, &f->b, FAKE_PEER_ALL);
    for (int i = 1; i <= 20; i++) {
        f->b.room = i % 3 == 0 ? 100 : FAKE_PEER_ALL;
        show(f, i % 2 ? f->hq.channel : f->store.channel);
        run(f, 400 + (i - 1) * 1200, 400 + i * 1200); // a keyframe in each
        fake_peer_open(&f->b, FAKE_PEER_ALL);
    }
    assert_int_equal(check(f, &f->a), 20);
    check(f, &f->b);
    assert_int_equal(last_tag(f)->number, f->store.count - 1);
    assert_int_equal(f->a.ends + f->b.ends, 0);
}

static void
run_sound(struct fixture *f, int64_t from_ms, int64_t to_ms)
{
    for (int64_t ms = from_ms; ms < to_ms; ms += STAGE_AUDIO_MS) {
        stage_audio(&f->hq, ms);
        stage_flush(&f->hq);
        stage_audio(&f->store, ms);
        stage_flush(&f->store);
    }
}

// No counter is out of order but where that is announced (ISO/IEC 13818-1 2.4.3.5). Returns
// how many were announced.
static unsigned
check_counters(const struct fake_peer *peer)
{
    int newest[8192];
    memset(newest, -1, sizeof(newest));
    unsigned breaks = 0;
    assert_int_equal(peer->got.len % 188, 0);
    for (size_t at = 0; at < peer->got.len; at += 188) {
        const uint8_t *p = peer->got.data + at;
        int pid = (p[1] & 0x1f) << 8 | p[2];
        bool announced = (p[3] & 0x20) && p[4] > 0 && (p[5] & 0x80);
        int wanted = (newest[pid] + ((p[3] & 0x10) ? 1 : 0)) & 0x0f;
        assert_int_equal(p[0], 0x47);
        bool table = pid == 0 || pid == 0x1000; // may come twice
        assert_true(newest[pid] < 0 || announced || (p[3] & 0x0f) == wanted
            || (table && (p[3] & 0x0f) == newest[pid]));
        newest[pid] = p[3] & 0x0f;
        breaks += announced;
    }
    return breaks;
}

static void
test_a_viewer_of_a_transport_stream_reads_on(void **state)
{
    struct fixture *f = *state;
    publish_only(&f->hq, "10.0.0.1", f->hq.audio);
    publish_only(&f->store, "10.0.0.2", f->store.audio);
    run_sound(f, 0, 7000);
    struct bc_viewer_params params = viewer_of(f, BC_FEED_TS);
    fake_peer_join(&f->a, &params, FAKE_PEER_ALL);
    stage_turn(&f->hq);
    // One that shares the other window, whose counters are on their way.
    params.channel = f->hq.channel;
    fake_peer_join(&f->b, &params, FAKE_PEER_ALL);
    run_sound(f, 7000, 10000);
    size_t before = f->a.got.len;
    show(f, f->hq.channel);
    run_sound(f, 10000, 16000);
    // Of four PIDs: when it moved, and when a burst was longer than the window.
    unsigned skips = stats_of(&f->a).skips;
    assert_int_equal(check_counters(&f->a), 4 * (skips + 1));
    assert_int_equal(check_counters(&f->b), 4 * stats_of(&f->b).skips);
    static const uint8_t PAT_BREAK[] = { 0x47, 0x00, 0x00 };
    const uint8_t *at = f->a.got.data + before;
    assert_memory_equal(at, PAT_BREAK, sizeof(PAT_BREAK));
    assert_memory_equal(at + 4 * 188, ((uint8_t[]){ 0x47, 0x40, 0x00 }), 3); // tables first
    assert_int_equal(at[4 * 188 + 3] & 0x0f, (at[3] + 1) & 0x0f);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_viewer_follows_to_the_next_keyframe),
        TEST(test_a_program_that_leads_has_its_keyframe_at_once),
        TEST(test_sound_that_lies_behind_is_left_out),
        TEST(test_what_was_begun_comes_whole),
        TEST(test_a_slow_viewer_moves_without_the_rest),
        TEST(test_who_has_nothing_yet_begins_as_a_newcomer),
        TEST(test_without_a_program_it_waits),
        TEST(test_the_end_of_a_program_ends_nobody_else),
        TEST(test_a_program_that_begins_anew_goes_on),
        TEST(test_a_channel_that_ends_while_it_shows_another_one),
        TEST(test_a_channel_that_ends_while_it_shows_nothing),
        TEST(test_sound_that_is_missing_ends_flv_players_only),
        TEST(test_what_a_player_wanted_stays),
        TEST(test_twenty_moves),
        TEST(test_a_viewer_of_a_transport_stream_reads_on),
    };
    return cmocka_run_group_tests_name("viewer_move", tests, NULL, NULL);
}
