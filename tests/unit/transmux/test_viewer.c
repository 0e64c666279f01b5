// SPDX-License-Identifier: Apache-2.0
// Viewers of one worker on a real channel: what each of them gets, byte by byte, however
// its peer takes it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_peer.h"
#include "stage.h"
#include "transmux/window.h"

#define HOST 1
#define GOP 25 // frames: a keyframe each second
#define PICTURE 0x01 // in the flags of an FLV header
#define SOUND 0x04

struct fixture {
    struct stage stage;
    struct fake_peer a;
    struct fake_peer b;
    struct fake_stream stream; // what a parsed peer got
};

static int
open_with(void **state, const char *const *overrides)
{
    struct fixture *f = calloc(1, sizeof(*f));
    stage_open(&f->stage, overrides);
    stage_publish(&f->stage, HOST, "10.0.0.1");
    *state = f;
    return f->stage.accepted ? 0 : -1;
}

static int
setup(void **state)
{
    // Long enough that the speed of the test machine changes nothing.
    static const char *const OVERRIDES[] = { "stream.viewer_queue_ms=2000", NULL };
    return open_with(state, OVERRIDES);
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    fake_peer_leave(&f->a);
    fake_peer_leave(&f->b);
    stage_close(&f->stage);
    free(f);
    return 0;
}

static struct bc_viewer_params
viewer_of(struct fixture *f)
{
    return (struct bc_viewer_params){ .windows = f->stage.windows,
        .channel = f->stage.channel, .key = { .format = BC_FEED_FLV }, .from_gop = true };
}

static void
join(struct fixture *f, struct fake_peer *peer, size_t room)
{
    struct bc_viewer_params params = viewer_of(f);
    fake_peer_join(peer, &params, room);
    stage_turn(&f->stage);
}

// The stream from `tag` on has every packet's number from `from` to the last one made.
static void
assert_complete(const struct fixture *f, size_t tag, uint32_t from)
{
    const struct fake_stream *s = &f->stream;
    for (; tag < s->count; tag++) {
        if (s->tags[tag].type != 18 && !s->tags[tag].header) {
            assert_int_equal(s->tags[tag].number, from);
            from++;
        }
    }
    assert_int_equal(from, f->stage.count);
}

static size_t
find_tag(const struct fake_stream *s, uint32_t number)
{
    for (size_t i = 0; i < s->count; i++) {
        if (!s->tags[i].header && s->tags[i].type != 18 && s->tags[i].number == number) {
            return i;
        }
    }
    fail_msg("packet %u did not come", number);
    return 0;
}

// The first packet that comes after one that was left out.
static size_t
find_gap(const struct fake_stream *s)
{
    uint32_t last = s->tags[3].number;
    for (size_t i = 4; i < s->count; i++) {
        if (!s->tags[i].header && s->tags[i].type != 18 && s->tags[i].number != ++last) {
            return i;
        }
    }
    fail_msg("nothing was left out");
    return 0;
}

static void
test_a_viewer_starts_with_headers_and_the_cached_gop(void **state)
{
    struct fixture *f = *state;
    stage_run(&f->stage, 0, 1480, GOP); // the second keyframe is packet 75, at 1000 ms
    join(f, &f->a, FAKE_PEER_ALL);
    fake_peer_parse(&f->a, &f->stream);
    assert_int_equal(f->stream.flags, PICTURE | SOUND);
    const struct fake_tag *t = f->stream.tags;
    assert_int_equal(t[0].type, 18); // onMetaData
    assert_true(t[1].type == 9 && t[1].header);
    assert_true(t[2].type == 8 && t[2].header);
    assert_true(t[3].key);
    assert_int_equal(t[3].ms, 1000);
    assert_int_equal(t[2].ms, 1000); // headers stand at the time where the viewer starts
    assert_complete(f, 3, 75);
    stage_run(&f->stage, 1480, 3000, GOP);
    fake_peer_parse(&f->a, &f->stream);
    assert_complete(f, 3, 75);
}

static void
test_every_split_of_the_bytes_gives_the_same_stream(void **state)
{
    struct fixture *f = *state;
    stage_run(&f->stage, 0, 240, GOP);
    join(f, &f->a, FAKE_PEER_ALL);
    size_t all = f->a.got.len;
    assert_true(all > 500);
    for (size_t first = 0; first <= all; first++) {
        join(f, &f->b, first);
        assert_int_equal(f->b.got.len, first);
        fake_peer_open(&f->b, FAKE_PEER_ALL);
        assert_int_equal(f->b.got.len, all);
        assert_memory_equal(f->b.got.data, f->a.got.data, all);
        fake_peer_leave(&f->b);
    }
}

static void
test_a_peer_that_takes_one_byte_at_a_time_gets_all(void **state)
{
    struct fixture *f = *state;
    stage_run(&f->stage, 0, 240, GOP);
    join(f, &f->a, FAKE_PEER_ALL);
    join(f, &f->b, 1);
    while (f->b.got.len < f->a.got.len) {
        size_t before = f->b.got.len;
        fake_peer_open(&f->b, 1);
        assert_int_equal(f->b.got.len, before + 1);
    }
    fake_peer_open(&f->b, 1);
    assert_int_equal(f->b.got.len, f->a.got.len);
    assert_memory_equal(f->b.got.data, f->a.got.data, f->a.got.len);
}

static void
test_two_viewers_share_one_window(void **state)
{
    struct fixture *f = *state;
    stage_run(&f->stage, 0, 400, GOP);
    join(f, &f->a, FAKE_PEER_ALL);
    join(f, &f->b, FAKE_PEER_ALL);
    struct bc_windows_stats before;
    struct bc_windows_stats after;
    bc_windows_stats(f->stage.windows, &before);
    stage_run(&f->stage, 400, 800, GOP);
    bc_windows_stats(f->stage.windows, &after);
    assert_int_equal(after.items - before.items, 30); // not twice
    assert_int_equal(f->a.got.len, f->b.got.len);
    assert_memory_equal(f->a.got.data, f->b.got.data, f->a.got.len);
    assert_int_equal(after.bytes, f->a.got.len + f->b.got.len);
    // Sound rides along with the picture: ten frames, ten writes.
    assert_true(f->a.writes <= 12);
}

static void
test_a_slow_viewer_skips_to_a_keyframe_with_whole_messages(void **state)
{
    struct fixture *f = *state;
    stage_run(&f->stage, 0, 400, GOP);
    join(f, &f->a, FAKE_PEER_ALL);
    join(f, &f->b, FAKE_PEER_ALL);
    f->a.room = 333; // stops in the middle of a tag
    stage_run(&f->stage, 400, 5400, GOP);
    fake_peer_open(&f->a, FAKE_PEER_ALL);
    stage_run(&f->stage, 5400, 6200, GOP);
    struct bc_viewer_stats stats;
    bc_viewer_stats(f->a.viewer, &stats);
    assert_true(stats.skips > 0);
    fake_peer_parse(&f->a, &f->stream); // every tag is whole
    size_t at = find_gap(&f->stream);
    assert_true(f->stream.tags[at].key);
    assert_true(f->stream.tags[at].ms >= 5400 - 2000 - 1000); // the bound, and a GOP
    assert_complete(f, at, f->stream.tags[at].number);
    // The other one noticed nothing.
    fake_peer_parse(&f->b, &f->stream);
    assert_complete(f, 3, 0);
}

static void
test_a_skip_over_a_change_of_codec_brings_the_new_headers(void **state)
{
    struct fixture *f = *state;
    stage_run(&f->stage, 0, 400, GOP);
    join(f, &f->a, FAKE_PEER_ALL);
    f->a.room = 1;
    stage_run(&f->stage, 400, 3000, GOP);
    stage_set_video(&f->stage, 40);
    stage_run(&f->stage, 3000, 7000, GOP);
    fake_peer_open(&f->a, FAKE_PEER_ALL);
    fake_peer_parse(&f->a, &f->stream);
    size_t at = find_gap(&f->stream);
    assert_true(f->stream.tags[at].key);
    assert_true(f->stream.tags[at - 2].header && f->stream.tags[at - 2].type == 9);
    // avcC: the level is its fourth byte, behind the tag's five.
    assert_int_equal(f->stream.tags[at - 2].body[8], 40);
    assert_int_equal(f->stream.tags[1].body[8], 31);
    assert_complete(f, at, f->stream.tags[at].number);
}

static void
test_a_change_of_codec_reaches_who_is_watching(void **state)
{
    struct fixture *f = *state;
    stage_run(&f->stage, 0, 1000, GOP);
    join(f, &f->a, FAKE_PEER_ALL);
    stage_set_video(&f->stage, 40);
    stage_run(&f->stage, 1000, 2000, GOP);
    fake_peer_parse(&f->a, &f->stream);
    size_t at = find_tag(&f->stream, 75);
    assert_true(f->stream.tags[at - 2].header);
    assert_int_equal(f->stream.tags[at - 2].body[8], 40);
    assert_complete(f, 3, 0);
    assert_int_equal(f->a.ends, 0);
}

static void
test_the_first_burst_of_a_long_gop_is_not_cut(void **state)
{
    // Eight seconds since the keyframe, twice what a viewer may fall behind: the line
    // needs some writes for them, and nothing newer is there to skip to.
    struct fixture *f = *state;
    stage_run(&f->stage, 0, 8000, 1000);
    join(f, &f->a, 5000);
    fake_peer_open(&f->a, 5000);
    stage_run(&f->stage, 8000, 8200, 1000);
    fake_peer_open(&f->a, FAKE_PEER_ALL);
    fake_peer_parse(&f->a, &f->stream);
    assert_complete(f, 3, 0);
}

static void
test_without_the_cached_gop_a_viewer_waits_for_a_keyframe(void **state)
{
    struct fixture *f = *state;
    stage_run(&f->stage, 0, 400, GOP);
    struct bc_viewer_params params = viewer_of(f);
    params.from_gop = false;
    fake_peer_join(&f->a, &params, FAKE_PEER_ALL);
    stage_turn(&f->stage);
    fake_peer_join(&f->b, &params, FAKE_PEER_ALL); // the window is there already
    stage_run(&f->stage, 400, 1000, GOP);
    assert_int_equal(f->a.got.len, 0);
    assert_int_equal(f->b.got.len, 0);
    stage_run(&f->stage, 1000, 1400, GOP);
    fake_peer_parse(&f->a, &f->stream);
    assert_int_equal(f->stream.tags[3].ms, 1000);
    assert_complete(f, 3, 75);
    fake_peer_parse(&f->b, &f->stream);
    assert_complete(f, 3, 75);
}

static void
test_a_paused_viewer_goes_on_at_a_keyframe(void **state)
{
    struct fixture *f = *state;
    stage_run(&f->stage, 0, 400, GOP);
    join(f, &f->a, FAKE_PEER_ALL);
    bc_viewer_set_paused(f->a.viewer, true);
    size_t before = f->a.got.len;
    stage_run(&f->stage, 400, 2400, GOP);
    assert_int_equal(f->a.got.len, before);
    bc_viewer_set_paused(f->a.viewer, false);
    fake_peer_parse(&f->a, &f->stream);
    size_t at = find_tag(&f->stream, 150); // the keyframe at 2000 ms
    assert_true(f->stream.tags[at].key);
    assert_complete(f, at, 150);
}

static void
test_receiving_no_sound_and_no_picture(void **state)
{
    struct fixture *f = *state;
    stage_run(&f->stage, 0, 400, GOP);
    join(f, &f->a, FAKE_PEER_ALL);
    join(f, &f->b, FAKE_PEER_ALL);
    bc_viewer_set_receive(f->a.viewer, BC_KIND_AUDIO, false);
    bc_viewer_set_receive(f->b.viewer, BC_KIND_VIDEO, false);
    stage_run(&f->stage, 400, 1400, GOP);
    bc_viewer_set_receive(f->a.viewer, BC_KIND_AUDIO, true);
    bc_viewer_set_receive(f->b.viewer, BC_KIND_VIDEO, true);
    stage_run(&f->stage, 1400, 2400, GOP);
    fake_peer_parse(&f->a, &f->stream);
    for (size_t i = 3; i < f->stream.count; i++) {
        assert_true(f->stream.tags[i].type == 9 || f->stream.tags[i].ms < 400
            || f->stream.tags[i].ms >= 1400);
    }
    assert_complete(f, find_tag(&f->stream, 105), 105); // all from 1400 ms on
    fake_peer_parse(&f->b, &f->stream);
    for (size_t i = 3; i < f->stream.count; i++) {
        assert_true(f->stream.tags[i].type == 8 || f->stream.tags[i].ms < 400
            || f->stream.tags[i].ms >= 2000);
    }
    size_t at = find_tag(&f->stream, 150);
    assert_true(f->stream.tags[at].key);
    assert_complete(f, at, 150);
}

static void
test_only_sound_gets_no_picture_and_honest_flags(void **state)
{
    struct fixture *f = *state;
    stage_run(&f->stage, 0, 400, GOP);
    struct bc_viewer_params params = viewer_of(f);
    params.key.audio_only = true;
    fake_peer_join(&f->a, &params, FAKE_PEER_ALL);
    stage_turn(&f->stage);
    stage_run(&f->stage, 400, 800, GOP);
    fake_peer_parse(&f->a, &f->stream);
    assert_int_equal(f->stream.flags, SOUND);
    assert_true(f->stream.count > 20);
    for (size_t i = 0; i < f->stream.count; i++) {
        assert_int_not_equal(f->stream.tags[i].type, 9);
    }
}

static void
test_who_comes_before_the_first_packet_waits(void **state)
{
    struct fixture *f = *state;
    join(f, &f->a, FAKE_PEER_ALL); // accepted, but the encoder has sent nothing
    assert_int_equal(f->a.ends, 0);
    stage_run(&f->stage, 0, 400, GOP);
    fake_peer_parse(&f->a, &f->stream);
    assert_int_equal(f->stream.flags, PICTURE | SOUND);
    assert_complete(f, 3, 0);
}

static void
test_the_end_reaches_everybody_once(void **state)
{
    struct fixture *f = *state;
    stage_run(&f->stage, 0, 400, GOP);
    join(f, &f->a, FAKE_PEER_ALL);
    struct bc_viewer_params params = viewer_of(f);
    params.from_gop = false;
    fake_peer_join(&f->b, &params, FAKE_PEER_ALL); // no keyframe comes any more
    f->b.leaves_at_end = true;
    stage_run(&f->stage, 400, 800, GOP);
    stage_unpublish(&f->stage, true);
    assert_int_equal(f->a.ends, 1);
    assert_int_equal(f->b.ends, 1);
    assert_null(f->b.viewer);
    fake_peer_parse(&f->a, &f->stream);
    assert_complete(f, 3, 0);
}

static void
test_a_blocked_viewer_gets_the_rest_and_then_the_end(void **state)
{
    // The broadcast is older than the bound of the queue, the viewer is not behind at
    // all.
    struct fixture *f = *state;
    stage_run(&f->stage, 0, 9800, GOP);
    join(f, &f->a, FAKE_PEER_ALL);
    f->a.room = 10;
    f->a.leaves_at_end = true;
    stage_video(&f->stage, 9800, false); // the last one, and it is not taken whole
    stage_flush(&f->stage);
    stage_unpublish(&f->stage, true);
    assert_int_equal(f->a.ends, 0);
    fake_peer_open(&f->a, FAKE_PEER_ALL);
    assert_int_equal(f->a.ends, 1);
    fake_peer_parse(&f->a, &f->stream);
    assert_complete(f, 3, 675); // from the keyframe at 9000 ms
}

static void
test_a_viewer_that_had_skipped_ends_too(void **state)
{
    struct fixture *f = *state;
    stage_run(&f->stage, 0, 400, 1000);
    join(f, &f->a, FAKE_PEER_ALL);
    f->a.room = 10;
    f->a.leaves_at_end = true;
    stage_run(&f->stage, 400, 5000, 1000); // no keyframe to skip to
    stage_unpublish(&f->stage, true);
    fake_peer_open(&f->a, FAKE_PEER_ALL);
    assert_int_equal(f->a.ends, 1);
    fake_peer_parse(&f->a, &f->stream); // what was begun came whole
}

static void
test_a_paused_viewer_ends_too(void **state)
{
    struct fixture *f = *state;
    stage_run(&f->stage, 0, 400, GOP);
    join(f, &f->a, FAKE_PEER_ALL);
    bc_viewer_set_paused(f->a.viewer, true);
    stage_unpublish(&f->stage, true);
    assert_int_equal(f->a.ends, 1);
}

static void
test_a_track_that_goes_ends_flv_viewers(void **state)
{
    // An FLV header cannot be taken back (FLV-2): players have to open anew.
    struct fixture *f = *state;
    stage_run(&f->stage, 0, 400, GOP);
    join(f, &f->a, FAKE_PEER_ALL);
    join(f, &f->b, 10); // blocked at the header
    stage_unpublish(&f->stage, false);
    stage_publish(&f->stage, HOST, "10.0.0.1");
    bc_take_close(f->stage.take, false, "once more, with sound alone");
    stage_turn(&f->stage);
    struct bc_track *video = f->stage.video;
    f->stage.video = NULL;
    f->stage.video = bc_track_ref(f->stage.audio); // so that only sound is announced
    stage_publish(&f->stage, HOST, "10.0.0.1");
    bc_track_unref(&f->stage.video);
    f->stage.video = video;
    for (int64_t ms = 0; ms < 3000; ms += STAGE_AUDIO_MS) {
        stage_audio(&f->stage, ms);
        stage_flush(&f->stage);
    }
    assert_int_equal(f->a.ends, 1);
    fake_peer_open(&f->b, FAKE_PEER_ALL);
    assert_int_equal(f->b.ends, 1);
    fake_peer_leave(&f->a);
    join(f, &f->a, FAKE_PEER_ALL);
    fake_peer_parse(&f->a, &f->stream);
    assert_int_equal(f->stream.flags, SOUND);
}

static void
test_a_host_that_comes_back_goes_on_in_the_same_stream(void **state)
{
    struct fixture *f = *state;
    stage_run(&f->stage, 0, 1000, GOP);
    join(f, &f->a, FAKE_PEER_ALL);
    stage_unpublish(&f->stage, false);
    assert_int_equal(f->a.ends, 0);
    stage_publish(&f->stage, HOST, "10.0.0.1");
    stage_run(&f->stage, 0, 1000, GOP); // its clock begins at 0 again
    fake_peer_parse(&f->a, &f->stream);
    assert_complete(f, 3, 0);
    for (size_t i = 4; i < f->stream.count; i++) {
        assert_true(f->stream.tags[i].ms + STAGE_AUDIO_MS >= f->stream.tags[i - 1].ms);
        assert_true(f->stream.tags[i].ms < f->stream.tags[i - 1].ms + 200);
    }
    assert_int_equal(f->a.ends, 0);
}

static void
test_a_burst_longer_than_the_window_loses_no_viewer(void **state)
{
    // One batch holds two minutes of pictures, all keyframes: more than any window keeps.
    struct fixture *f = *state;
    stage_run(&f->stage, 0, 400, GOP);
    join(f, &f->a, FAKE_PEER_ALL);
    for (int64_t ms = 2000; ms < 122000; ms += 2000) {
        stage_video(&f->stage, ms, true);
    }
    stage_flush(&f->stage);
    stage_run(&f->stage, 122000, 123000, 1);
    fake_peer_parse(&f->a, &f->stream);
    size_t at = find_tag(&f->stream, f->stage.count - 3);
    assert_int_equal(at, f->stream.count - 3);
}

static void
test_a_new_broadcast_forgets_the_old_one(void **state)
{
    struct fixture *f = *state;
    stage_run(&f->stage, 0, 20000, GOP);
    join(f, &f->a, FAKE_PEER_ALL);
    f->a.room = 5; // still behind when the next broadcast begins
    stage_run(&f->stage, 20000, 20400, GOP);
    stage_unpublish(&f->stage, true);
    stage_publish(&f->stage, HOST, "10.0.0.1");
    uint32_t first = f->stage.count;
    stage_run(&f->stage, 0, 400, GOP);
    join(f, &f->b, FAKE_PEER_ALL);
    fake_peer_parse(&f->b, &f->stream);
    // On the server's clock, which never steps back.
    assert_in_range(f->stream.tags[3].ms, 20380, 22000);
    assert_complete(f, 3, first);
    // What the window holds is the new one's first 400 ms.
    struct bc_window *window = f->stage.windows->table;
    assert_true(window->next - window->first <= 30);
    // Who was behind goes on in the new one as soon as its times are above the old ones.
    fake_peer_open(&f->a, FAKE_PEER_ALL);
    assert_int_equal(f->a.ends, 0);
    fake_peer_parse(&f->a, &f->stream); // whole tags
}

static void
test_a_peer_that_goes_takes_nothing_along(void **state)
{
    struct fixture *f = *state;
    stage_run(&f->stage, 0, 400, GOP);
    join(f, &f->a, 100);
    join(f, &f->b, FAKE_PEER_ALL);
    f->a.sink.on_closed(f->a.sink.user, "reset by peer");
    assert_null(f->a.viewer);
    stage_run(&f->stage, 400, 800, GOP);
    fake_peer_parse(&f->b, &f->stream);
    assert_complete(f, 3, 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_viewer_starts_with_headers_and_the_cached_gop),
        TEST(test_every_split_of_the_bytes_gives_the_same_stream),
        TEST(test_a_peer_that_takes_one_byte_at_a_time_gets_all),
        TEST(test_two_viewers_share_one_window),
        TEST(test_a_slow_viewer_skips_to_a_keyframe_with_whole_messages),
        TEST(test_a_skip_over_a_change_of_codec_brings_the_new_headers),
        TEST(test_a_change_of_codec_reaches_who_is_watching),
        TEST(test_the_first_burst_of_a_long_gop_is_not_cut),
        TEST(test_without_the_cached_gop_a_viewer_waits_for_a_keyframe),
        TEST(test_a_paused_viewer_goes_on_at_a_keyframe),
        TEST(test_receiving_no_sound_and_no_picture),
        TEST(test_only_sound_gets_no_picture_and_honest_flags),
        TEST(test_who_comes_before_the_first_packet_waits),
        TEST(test_the_end_reaches_everybody_once),
        TEST(test_a_blocked_viewer_gets_the_rest_and_then_the_end),
        TEST(test_a_viewer_that_had_skipped_ends_too),
        TEST(test_a_paused_viewer_ends_too),
        TEST(test_a_track_that_goes_ends_flv_viewers),
        TEST(test_a_host_that_comes_back_goes_on_in_the_same_stream),
        TEST(test_a_burst_longer_than_the_window_loses_no_viewer),
        TEST(test_a_new_broadcast_forgets_the_old_one),
        TEST(test_a_peer_that_goes_takes_nothing_along),
    };
    return cmocka_run_group_tests_name("viewer", tests, NULL, NULL);
}
