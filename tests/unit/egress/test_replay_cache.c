// SPDX-License-Identifier: Apache-2.0
// Texts of recordings are made once for all who ask.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "egress/replay.h"
#include "protocol/http/extents.h"
#include "replay/mp4.h"
#include "replay/playlist.h"
#include "../record/stage.h"

#define THREADS 8
#define ASKS 50

static atomic_uint g_renderings;
static atomic_uint g_mp4s;

struct bc_buf *
__real_bc_replay_playlist(
    const struct bc_recording *r, const struct bc_replay_playlist_params *params);

struct bc_buf *
__wrap_bc_replay_playlist(
    const struct bc_recording *r, const struct bc_replay_playlist_params *params);

struct bc_buf *
__wrap_bc_replay_playlist(
    const struct bc_recording *r, const struct bc_replay_playlist_params *params)
{
    atomic_fetch_add(&g_renderings, 1);
    return __real_bc_replay_playlist(r, params);
}

int
__real_bc_replay_mp4_make(
    const struct bc_recording *r, uint32_t format, struct bc_replay_mp4 *out);

int
__wrap_bc_replay_mp4_make(
    const struct bc_recording *r, uint32_t format, struct bc_replay_mp4 *out);

int
__wrap_bc_replay_mp4_make(
    const struct bc_recording *r, uint32_t format, struct bc_replay_mp4 *out)
{
    atomic_fetch_add(&g_mp4s, 1);
    return __real_bc_replay_mp4_make(r, format, out);
}

struct asker {
    pthread_t thread;
    struct bc_replays *replays;
    struct bc_recording *recording;
    struct bc_buf *text;
};

static void *
ask_often(void *arg)
{
    struct asker *a = arg;
    for (int i = 0; i < ASKS; i++) {
        struct bc_replay_query query = { a->recording, BC_REPLAY_TEXT_MAIN, true, 0, 0 };
        bc_buf_unref(&a->text);
        a->text = bc_replays_make(a->replays, &query);
    }
    return NULL;
}

static struct bc_recording *
open_ended(struct stage *s, unsigned parts)
{
    char folder[256];
    stage_record(s, parts, true, folder);
    struct bc_recording *r = bc_recording_open(folder);
    assert_non_null(r);
    return r;
}

static void
test_one_rendering_for_all(void **state)
{
    struct asker askers[THREADS];
    struct bc_recording *r = open_ended(*state, 20);
    struct bc_replays *replays = bc_replays_create();
    atomic_store(&g_renderings, 0);
    for (int i = 0; i < THREADS; i++) {
        askers[i] = (struct asker){ .replays = replays, .recording = r };
        pthread_create(&askers[i].thread, NULL, ask_often, &askers[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(askers[i].thread, NULL);
        assert_non_null(askers[i].text);
        assert_ptr_equal(askers[i].text, askers[0].text);
    }
    assert_int_equal(atomic_load(&g_renderings), 1);
    for (int i = 0; i < THREADS; i++) {
        bc_buf_unref(&askers[i].text);
    }
    bc_replays_destroy(replays);
    bc_recording_unref(&r);
}

static void
test_a_look_makes_nothing(void **state)
{
    struct bc_recording *r = open_ended(*state, 20);
    struct bc_replays *replays = bc_replays_create();
    struct bc_replay_query query = { r, BC_REPLAY_TEXT_MAIN, false, 0, 0 };
    assert_null(bc_replays_peek(replays, &query));
    struct bc_buf *text = bc_replays_make(replays, &query);
    struct bc_buf *again = bc_replays_peek(replays, &query);
    assert_non_null(text);
    assert_ptr_equal(text, again);
    query.text = BC_REPLAY_TEXT_DVR;
    assert_null(bc_replays_peek(replays, &query));
    bc_buf_unref(&text);
    bc_buf_unref(&again);
    // Nobody asks for a minute: it is forgotten.
    bc_replays_sweep(replays, INT64_MAX);
    query.text = BC_REPLAY_TEXT_MAIN;
    assert_null(bc_replays_peek(replays, &query));
    bc_replays_destroy(replays);
    bc_recording_unref(&r);
}

static void
test_a_running_recording_is_rendered_a_segment_at_a_time(void **state)
{
    struct stage *s = *state;
    struct bc_recording_writer *w = stage_create(s);
    struct bc_recording *r = bc_recording_ref(bc_recording_of(w));
    struct bc_replays *replays = bc_replays_create();
    struct bc_replay_query query = { r, BC_REPLAY_TEXT_MAIN, false, 0, 0 };
    atomic_store(&g_renderings, 0);
    // The first segment closes with the part that begins the second.
    for (unsigned i = 0; i < 4 * STAGE_SEGMENT_PARTS; i++) {
        assert_int_equal(stage_append(s, w, 0, i), 0);
        struct bc_buf *text = bc_replays_make(replays, &query);
        assert_int_equal(text != NULL, i >= STAGE_SEGMENT_PARTS);
        bc_buf_unref(&text);
    }
    // While there is none yet it is tried each time.
    assert_int_equal(atomic_load(&g_renderings), STAGE_SEGMENT_PARTS + 3);
    assert_int_equal(bc_recording_finish(&w, true, STAGE_WALL_US + 5000000), 0);
    struct bc_buf *text = bc_replays_make(replays, &query);
    assert_non_null(text);
    assert_memory_equal(text->data + text->len - 15, "#EXT-X-ENDLIST\n", 15);
    bc_buf_unref(&text);
    bc_replays_destroy(replays);
    bc_recording_unref(&r);
}

static void
test_one_head_of_an_mp4_for_all(void **state)
{
    struct bc_recording *r = open_ended(*state, 20);
    struct bc_replays *replays = bc_replays_create();
    char etags[2][64];
    atomic_store(&g_mp4s, 0);
    for (int i = 0; i < 2; i++) {
        struct bc_http_extent *items = NULL;
        size_t count = 0;
        assert_int_equal(bc_replays_mp4(replays, r, -1, &items, &count, etags[i]), 0);
        assert_true(count >= 2);
        assert_non_null(items[0].buf);
        for (size_t k = 0; k < count; k++) {
            bc_buf_unref(&items[k].buf);
            bc_file_unref(&items[k].file);
        }
        free(items);
    }
    assert_int_equal(atomic_load(&g_mp4s), 1);
    assert_string_equal(etags[0], etags[1]);
    struct bc_http_extent *items = NULL;
    size_t count = 0;
    assert_true(bc_replays_mp4(replays, r, 7, &items, &count, etags[0]) < 0);
    assert_int_equal(count, 0);
    free(items);
    bc_replays_destroy(replays);
    bc_recording_unref(&r);
}

#define unit(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_one_rendering_for_all),
        unit(test_a_look_makes_nothing),
        unit(test_a_running_recording_is_rendered_a_segment_at_a_time),
        unit(test_one_head_of_an_mp4_for_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
