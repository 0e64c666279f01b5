// SPDX-License-Identifier: Apache-2.0
// A viewer's script tags of cues, between the items that it shares with others.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cue/cue.h"
#include "fake_peer.h"
#include "protocol/rtmp/cue_point.h"
#include "stage.h"
#include "stream/hub.h"

#define HOST 1
#define GOP 25
#define RECEIVED 64 // more script tags than a test has

struct fixture {
    struct stage stage;
    struct fake_peer peer;
    struct fake_peer other;
    struct fake_stream stream;
    struct bc_cues *cues;
    char dir[40];
};

static int64_t
clock_us(void *user)
{
    return bc_hub_clock_us(((struct fixture *)user)->stage.hub);
}

static bool
shown(void *user, const char *channel, int64_t *clock, int64_t *wall_us)
{
    (void)channel;
    *clock = clock_us(user);
    *wall_us = 0;
    return false;
}

static const struct bc_cues_ops OPS = { .clock_us = clock_us, .shown = shown };

static int
setup(void **state)
{
    static const char *const OVERRIDES[] = { "stream.viewer_queue_ms=2000", NULL };
    struct fixture *f = calloc(1, sizeof(*f));
    stage_open(&f->stage, OVERRIDES);
    strcpy(f->dir, "/tmp/branchcast-cues-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->cues = bc_cues_open(f->dir, &OPS, f);
    assert_non_null(f->cues);
    bc_hub_set_cues(f->stage.hub, f->cues);
    stage_publish(&f->stage, HOST, "10.0.0.1");
    *state = f;
    return f->stage.accepted ? 0 : -1;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    char command[80];
    fake_peer_leave(&f->peer);
    fake_peer_leave(&f->other);
    stage_turn(&f->stage);
    bc_hub_set_cues(f->stage.hub, NULL);
    bc_cues_close(f->cues);
    stage_close(&f->stage);
    snprintf(command, sizeof(command), "rm -r %s", f->dir);
    int ret = system(command);
    free(f);
    return ret;
}

static void
join(struct fixture *f, struct fake_peer *peer, size_t room)
{
    struct bc_viewer_params params = { .windows = f->stage.windows,
        .channel = f->stage.channel, .key = { .format = BC_FEED_FLV }, .from_gop = true };
    fake_peer_join(peer, &params, room);
    stage_turn(&f->stage);
}

// Where stage's time `ms` lies on the media clock.
static int64_t
at_us(struct fixture *f, int64_t ms)
{
    const struct bc_packet *p = bc_channel_gop_packet(f->stage.channel, 0, 0);
    assert_non_null(p);
    return p->dts_us + ms * 1000;
}

// As media brings them, which has no limits of time.
static void
cue(struct fixture *f, const char *id, uint32_t revision, int64_t ms, int64_t duration_ms,
    bool ended)
{
    char data[32];
    int n = snprintf(data, sizeof(data), "{\"text\":\"%u\"}", revision);
    struct bc_cue_import in = { .id = id, .kind = BC_CUE_TEXT, .revision = revision,
        .ended = ended, .at_us = at_us(f, ms), .duration_us = duration_ms * 1000,
        .data = data, .data_len = (size_t)n };
    assert_int_equal(bc_cues_import(f->cues, "live/hq", &in), 0);
    stage_turn(&f->stage);
}

// What the peer got since the beginning, media as '.', cues by id, revision and '!' for ended.
static void
read_stream(struct fixture *f, const struct fake_peer *peer, char *out, size_t size)
{
    fake_peer_parse(peer, &f->stream);
    out[0] = '\0';
    for (size_t i = 0; i < f->stream.count; i++) {
        const struct fake_tag *t = &f->stream.tags[i];
        struct bc_cue_point point;
        size_t n = strlen(out);
        if (t->type != 18) {
            snprintf(out + n, size - n, "%s", t->header ? "" : ".");
        } else if (bc_cue_point_parse(&point, t->body, t->body_len) == 0) {
            snprintf(out + n, size - n, "%s%u%s", point.id, point.revision,
                point.ended ? "!" : "");
            bc_cue_point_finish(&point);
        }
    }
}

static void
assert_stream(struct fixture *f, const struct fake_peer *peer, const char *wanted)
{
    char got[400];
    read_stream(f, peer, got, sizeof(got));
    assert_string_equal(got, wanted);
}

// A picture and two sounds every 40 ms, 20 ms apart.
static void
test_a_tag_before_the_first_item_of_its_time(void **state)
{
    struct fixture *f = *state;
    stage_run(&f->stage, 0, 40, GOP);
    join(f, &f->peer, FAKE_PEER_ALL);
    cue(f, "a", 1, 41, 0, false);
    stage_run(&f->stage, 40, 120, GOP);
    assert_stream(f, &f->peer, "...." ".a1." "...");
}

static void
test_its_time_is_of_the_connections_timeline(void **state)
{
    struct fixture *f = *state;
    stage_run(&f->stage, 0, 40, GOP);
    join(f, &f->peer, FAKE_PEER_ALL);
    cue(f, "a", 1, 40, 5000, false);
    stage_run(&f->stage, 40, 80, GOP);
    fake_peer_parse(&f->peer, &f->stream);
    const struct fake_tag *first = NULL;
    const struct fake_tag *tag = NULL;
    for (size_t i = 0; i < f->stream.count; i++) {
        const struct fake_tag *t = &f->stream.tags[i];
        first = first || t->type == 18 || t->header ? first : t;
        tag = t->type == 18 ? t : tag; // the last one
    }
    struct bc_cue_point point;
    assert_int_equal(bc_cue_point_parse(&point, tag->body, tag->body_len), 0);
    assert_int_equal((int)(point.time_s * 1000 + 0.5), first->ms + 40);
    assert_int_equal(tag->ms, first->ms + 40);
    assert_int_equal(point.duration_ms, 5000);
    assert_string_equal(point.kind, "text");
    bc_cue_point_finish(&point);
}

static void
test_who_joins_gets_what_runs(void **state)
{
    struct fixture *f = *state;
    stage_run(&f->stage, 0, 80, GOP);
    cue(f, "a", 1, -500, 0, false);
    cue(f, "b", 1, 30, 0, false);
    cue(f, "c", 1, -500, 100, false); // over
    cue(f, "d", 1, 90, 0, false); // still to begin
    join(f, &f->peer, FAKE_PEER_ALL);
    assert_stream(f, &f->peer, "a1...b1...");
    stage_run(&f->stage, 80, 120, GOP);
    assert_stream(f, &f->peer, "a1...b1....." "d1.");
}

static void
test_changed_and_ended(void **state)
{
    struct fixture *f = *state;
    stage_run(&f->stage, 0, 40, GOP);
    join(f, &f->peer, FAKE_PEER_ALL);
    cue(f, "a", 1, 40, 0, false);
    stage_run(&f->stage, 40, 80, GOP);
    cue(f, "a", 2, 40, 0, false);
    stage_run(&f->stage, 80, 120, GOP);
    cue(f, "a", 3, 40, 0, true);
    stage_run(&f->stage, 120, 160, GOP);
    char got[400];
    read_stream(f, &f->peer, got, sizeof(got));
    assert_string_equal(got, "...a1...a2...a3!...");
}

// However the peer takes its bytes they are the same, and none is lost or told twice.
static void
test_every_split_gives_the_same_stream(void **state)
{
    struct fixture *f = *state;
    stage_run(&f->stage, 0, 80, GOP);
    cue(f, "a", 1, -500, 0, false);
    cue(f, "b", 1, 40, 0, false);
    join(f, &f->peer, FAKE_PEER_ALL);
    size_t all = f->peer.got.len;
    for (size_t first = 0; first <= all; first++) {
        join(f, &f->other, first);
        fake_peer_open(&f->other, FAKE_PEER_ALL);
        assert_int_equal(f->other.got.len, all);
        assert_memory_equal(f->other.got.data, f->peer.got.data, all);
        fake_peer_leave(&f->other);
    }
}

// One that is behind skips to a keyframe, and hears of the cue then.
static void
test_a_slow_viewer_misses_none(void **state)
{
    struct fixture *f = *state;
    stage_run(&f->stage, 0, 80, GOP);
    join(f, &f->peer, FAKE_PEER_ALL);
    for (size_t room = 0; room < 900; room += 7) {
        join(f, &f->other, f->peer.got.len + room);
        char id[8];
        snprintf(id, sizeof(id), "c%zu", room);
        int64_t ms = (int64_t)f->stage.count / 3 * 40;
        cue(f, id, 1, ms % 1000 + 20, 0, false);
        fake_peer_leave(&f->other);
        if (room >= 50 * 7) {
            break;
        }
    }
    f->peer.room = 200;
    int64_t from = 80;
    stage_run(&f->stage, from, from + 4000, GOP);
    fake_peer_open(&f->peer, FAKE_PEER_ALL);
    stage_run(&f->stage, from + 4000, from + 5200, GOP);
    fake_peer_parse(&f->peer, &f->stream);
    unsigned scripts = 0;
    for (size_t i = 0; i < f->stream.count; i++) {
        struct bc_cue_point point;
        const struct fake_tag *t = &f->stream.tags[i];
        if (t->type == 18 && bc_cue_point_parse(&point, t->body, t->body_len) == 0) {
            scripts++;
            bc_cue_point_finish(&point);
        }
    }
    assert_int_equal(scripts, 51);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        TEST(test_a_tag_before_the_first_item_of_its_time),
        TEST(test_its_time_is_of_the_connections_timeline),
        TEST(test_who_joins_gets_what_runs),
        TEST(test_changed_and_ended),
        TEST(test_every_split_gives_the_same_stream),
        TEST(test_a_slow_viewer_misses_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
