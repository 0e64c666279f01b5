// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "egress/replay.h"

#define ID "20261122-153111-4f2a9c1b"
#define SID "0123456789abcdef01234567"

static struct bc_replay_url g;

static void
expect(const char *path, enum bc_recording_kind kind, enum bc_replay_what what,
    const char *sid)
{
    if (!bc_replay_url_parse(path, &g)) {
        fail_msg("%s is not understood", path);
    }
    assert_int_equal(g.kind, kind);
    assert_int_equal(g.what, what);
    assert_string_equal(g.id, ID);
    assert_string_equal(g.sid, sid);
    assert_false(g.dvr);
}

static void
test_recordings(void **state)
{
    (void)state;
    const enum bc_recording_kind replay = BC_RECORDING_REPLAY;
    const enum bc_recording_kind clip = BC_RECORDING_CLIP;
    expect("/replay/" ID ".mp4", replay, BC_REPLAY_MP4, "");
    expect("/clip/" ID ".mp4", clip, BC_REPLAY_MP4, "");
    expect("/replay/" ID "/index.m3u8", replay, BC_REPLAY_MULTIVARIANT, "");
    expect("/clip/" ID "/main.m3u8", clip, BC_REPLAY_PLAYLIST, "");
    expect("/replay/" ID "/s/" SID "/main.m3u8", replay, BC_REPLAY_PLAYLIST, SID);
    expect("/replay/" ID "/s/" SID "/s12.m4s", replay, BC_REPLAY_MEDIA, SID);
    assert_string_equal(g.file, "s12.m4s");
    expect("/clip/" ID "/i0.mp4", clip, BC_REPLAY_MEDIA, "");
    expect("/replay/" ID "/classic.mp4", replay, BC_REPLAY_CLASSIC, "");
    expect("/replay/" ID "/poster.jpg", replay, BC_REPLAY_PICTURE, "");
    expect("/replay/" ID "/cues.json", replay, BC_REPLAY_CUES, "");
    expect("/replay/" ID "/card-a-b_9-12.svg", replay, BC_REPLAY_CARD, "");
    expect("/clip/" ID "/thumbnails.vtt", clip, BC_REPLAY_PICTURE, "");
    expect("/replay/" ID "/sheet-0001.jpg", replay, BC_REPLAY_PICTURE, "");
}

static void
test_names_that_stand_for_nothing(void **state)
{
    (void)state;
    static const char *const NAMES[] = { "", "s1.mp4", "s01.m4s", "index", "recording.json",
        "000001.mp4", "sheet-.jpg", "sheet-1.jpg.jpg", "sheet-1234567890.jpg", "dvr.m3u8",
        "clip.mp4", "card-a.svg.svg", "card-.1.svg", "card-a", "cards-a-1.svg" };
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        char path[128] = "/replay/" ID "/";
        strcat(path, NAMES[i]);
        expect(path, BC_RECORDING_REPLAY, BC_REPLAY_NOTHING, "");
    }
    expect("/clip/" ID "/classic.mp4", BC_RECORDING_CLIP, BC_REPLAY_NOTHING, "");
}

// Nothing that could lead out of the folder of a recording is an id.
static void
test_what_is_no_id(void **state)
{
    (void)state;
    static const char *const PATHS[] = { "/replay/", "/replay", "/replay/.mp4",
        "/replay/../x.mp4", "/replay/a.b/main.m3u8", "/replay/A/main.m3u8",
        "/replay//main.m3u8", "/replay/a/b/main.m3u8", "/replay/-a.mp4", "/clip/a%2f.mp4",
        "/replay/a/s/" SID "0/main.m3u8", "/replay/a/s/0123/main.m3u8",
        "/replays/" ID ".mp4", "/live/hq/index.m3u8", "/live/hq.mp4",
        "/replay/aaaaaaaaaabbbbbbbbbbccccccccccddddddddddx/main.m3u8" };
    for (size_t i = 0; i < sizeof(PATHS) / sizeof(PATHS[0]); i++) {
        if (bc_replay_url_parse(PATHS[i], &g)) {
            fail_msg("%s is taken", PATHS[i]);
        }
    }
}

static void
test_the_dvr_of_a_live(void **state)
{
    (void)state;
    assert_true(bc_replay_url_parse("/live/hq/s/" SID "/dvr.m3u8", &g));
    assert_true(g.dvr);
    assert_int_equal(g.what, BC_REPLAY_PLAYLIST);
    assert_string_equal(g.channel, "live/hq");
    assert_string_equal(g.sid, SID);
    assert_string_equal(g.id, "");
    assert_true(bc_replay_url_parse("/a/b/c/s/" SID "/dvr/" ID "/s12.m4s", &g));
    assert_int_equal(g.what, BC_REPLAY_MEDIA);
    assert_string_equal(g.channel, "a/b/c");
    assert_string_equal(g.id, ID);
    assert_string_equal(g.file, "s12.m4s");
    assert_true(bc_replay_url_parse("/live/hq/s/" SID "/dvr/" ID "/poster.jpg", &g));
    assert_int_equal(g.what, BC_REPLAY_NOTHING);
    static const char *const PATHS[] = { "/live/hq/dvr.m3u8", "/dvr.m3u8", "dvr.m3u8",
        "/s/" SID "/dvr.m3u8", "/live/hq/dvr/" ID "/s1.m4s", "/dvr/" ID "/s1.m4s",
        "/live/hq/s/" SID "/dvr/s1.m4s", "/live/hq/s/" SID "/dvr/A/s1.m4s",
        "/live/hq/s/" SID "/dvr//s1.m4s" };
    for (size_t i = 0; i < sizeof(PATHS) / sizeof(PATHS[0]); i++) {
        if (bc_replay_url_parse(PATHS[i], &g)) {
            fail_msg("%s is taken", PATHS[i]);
        }
    }
}

// Every beginning of a path is read within its bounds.
static void
test_torn_paths(void **state)
{
    (void)state;
    static const char *const PATHS[] = { "/replay/" ID "/s/" SID "/main.m3u8",
        "/live/hq/s/" SID "/dvr/" ID "/s12.m4s", "/live/hq/s/" SID "/dvr.m3u8" };
    for (size_t i = 0; i < sizeof(PATHS) / sizeof(PATHS[0]); i++) {
        for (size_t len = 0; len <= strlen(PATHS[i]); len++) {
            char *path = test_malloc(len + 1);
            memcpy(path, PATHS[i], len);
            path[len] = '\0';
            bc_replay_url_parse(path, &g);
            test_free(path);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recordings),
        cmocka_unit_test(test_names_that_stand_for_nothing),
        cmocka_unit_test(test_what_is_no_id),
        cmocka_unit_test(test_the_dvr_of_a_live),
        cmocka_unit_test(test_torn_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
