// SPDX-License-Identifier: Apache-2.0
// The picture thread with workers that ask it, real HLS snapshots and real recordings.
#include "picture/picture.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "kit.h"
#include "net/worker.h"
#include "picture/file.h"
#include "picture/thumbnails.h"
#include "record/writer.h"
#include "transmux/outputs.h"

#define WORKERS 2
#define REQUESTS 100 // of each worker
#define WALL_US INT64_C(1767225600000000)
#define DEADLINE_US 30000000
#define FRAME_US 40000

// What a channel's outputs are here: its HLS.
struct bc_outputs {
    struct bc_hls_muxer *muxer;
    struct bc_hls_snapshot *newest; // owned; NULL: not live
};

struct bc_hls_snapshot *
bc_outputs_hls(struct bc_outputs *outputs)
{
    return outputs->newest ? bc_hls_snapshot_ref(outputs->newest) : NULL;
}

static void
on_update(void *user, struct bc_hls_snapshot *snapshot)
{
    struct bc_outputs *o = user;
    bc_hls_snapshot_unref(&o->newest);
    o->newest = bc_hls_snapshot_ref(snapshot);
}

// A live of keyframes alone, 25 a second.
static void
go_live(struct bc_outputs *o, int luma)
{
    struct kit_key key;
    struct kit_look look = { .codec = BC_CODEC_AVC,
        .width = 640,
        .height = 360,
        .luma = luma,
        .corner_luma = luma,
        .u = 128,
        .v = 128 };
    struct bc_hls_params params = { .first_msn = 1000 };
    kit_make_key(&look, &key);
    o->newest = NULL;
    o->muxer = bc_hls_create(&params, on_update, o);
    assert_non_null(o->muxer);
    for (int64_t at = 0; at < 75 * FRAME_US; at += FRAME_US) {
        struct bc_packet *p = bc_packet_create(BC_KIND_VIDEO, key.track,
            bc_buf_ref(key.sample), key.sample->data, key.sample->len);
        p->flags = BC_PACKET_KEY;
        p->dts_us = p->pts_us = at;
        bc_hls_push(o->muxer, p, WALL_US + at);
        bc_packet_unref(&p);
    }
    assert_non_null(o->newest);
    kit_free_key(&key);
}

static void
go_off(struct bc_outputs *o)
{
    bc_hls_destroy(o->muxer);
    bc_hls_snapshot_unref(&o->newest);
}

// One request of a worker; belongs to that worker's thread.
struct request {
    struct bc_picture_waiter waiter;
    struct asker *asker;
};

// A worker that asks many times and counts the answers.
struct asker {
    struct bc_worker *worker;
    struct bc_task task;
    struct bc_pictures *pictures;
    struct bc_outputs *outputs;
    const char *channel;
    struct request requests[REQUESTS];
    bool cancel; // every other one
    atomic_uint answers;
    atomic_uint pictures_got;
    atomic_int luma;
    atomic_bool asked;
};

static void
on_ready(struct bc_picture_waiter *waiter, struct bc_buf *jpeg)
{
    struct request *r = bc_container_of(waiter, struct request, waiter);
    assert_true(bc_worker_is_current(waiter->worker));
    if (jpeg) {
        int w;
        int h;
        int pixel[3];
        kit_jpeg_size(jpeg, &w, &h);
        assert_true(w == 640 && h == 360);
        if (atomic_load(&r->asker->pictures_got) == 0) {
            kit_jpeg_pixel(jpeg, w / 2, h / 2, pixel);
            atomic_store(&r->asker->luma, pixel[0]);
        }
        atomic_fetch_add(&r->asker->pictures_got, 1);
    }
    atomic_fetch_add(&r->asker->answers, 1);
}

static void
run_asker(struct bc_task *task, struct bc_worker *worker)
{
    struct asker *a = bc_container_of(task, struct asker, task);
    for (int i = 0; i < REQUESTS; i++) {
        struct request *r = &a->requests[i];
        r->asker = a;
        r->waiter.ready = on_ready;
        assert_true(bc_pictures_live(
            a->pictures, a->outputs, a->channel, 640, worker, &r->waiter));
        if (a->cancel && i % 2) {
            bc_pictures_cancel(a->pictures, &r->waiter);
        }
    }
    atomic_store(&a->asked, true);
}

static void
wait_for_answers(struct asker *a, unsigned wanted)
{
    int64_t end = bc_clock_us() + DEADLINE_US;
    while (atomic_load(&a->answers) < wanted || !atomic_load(&a->asked)) {
        assert_true(bc_clock_us() < end);
        usleep(1000);
    }
}

// The server's part: pictures and workers, in its order of start and stop.
struct stage {
    struct bc_pictures *pictures;
    struct bc_outputs outputs;
    struct asker askers[WORKERS];
};

static int
set_up(void **state)
{
    struct stage *s = calloc(1, sizeof(*s));
    s->pictures = bc_pictures_create();
    assert_non_null(s->pictures);
    for (unsigned i = 0; i < WORKERS; i++) {
        s->askers[i].worker = bc_worker_create(i);
        assert_int_equal(bc_worker_start(s->askers[i].worker), 0);
    }
    *state = s;
    return 0;
}

static int
tear_down(void **state)
{
    struct stage *s = *state;
    for (unsigned i = 0; i < WORKERS; i++) {
        bc_worker_stop(s->askers[i].worker);
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        bc_worker_join(s->askers[i].worker);
    }
    bc_pictures_stop(s->pictures);
    bc_pictures_stop(s->pictures); // once is enough
    for (unsigned i = 0; i < WORKERS; i++) {
        while (bc_worker_run_leftovers(s->askers[i].worker)) {
        }
        bc_worker_destroy(s->askers[i].worker);
    }
    bc_pictures_destroy(s->pictures);
    go_off(&s->outputs);
    free(s);
    return 0;
}

static void
ask_all(struct stage *s, bool cancel)
{
    for (unsigned i = 0; i < WORKERS; i++) {
        struct asker *a = &s->askers[i];
        a->pictures = s->pictures;
        a->outputs = &s->outputs;
        a->channel = "live/hq";
        a->cancel = cancel;
        bc_list_init(&a->task.node);
        a->task.run = run_asker;
        atomic_store(&a->answers, 0);
        atomic_store(&a->pictures_got, 0);
        atomic_store(&a->asked, false);
        bc_worker_post(a->worker, &a->task);
    }
}

static void
test_one_decode(void **state)
{
    struct stage *s = *state;
    go_live(&s->outputs, 100);
    ask_all(s, false);
    for (unsigned i = 0; i < WORKERS; i++) {
        wait_for_answers(&s->askers[i], REQUESTS);
        assert_int_equal(atomic_load(&s->askers[i].pictures_got), REQUESTS);
        assert_in_range(
            atomic_load(&s->askers[i].luma), 95, 101); // (100 - 16) * 255 / 219
    }
    assert_int_equal(bc_pictures_made(s->pictures), 1);
}

static void
test_not_live(void **state)
{
    struct stage *s = *state;
    ask_all(s, false);
    for (unsigned i = 0; i < WORKERS; i++) {
        wait_for_answers(&s->askers[i], REQUESTS);
        assert_int_equal(atomic_load(&s->askers[i].pictures_got), 0);
    }
    assert_int_equal(bc_pictures_made(s->pictures), 0);
}

static void
test_cancelled(void **state)
{
    struct stage *s = *state;
    go_live(&s->outputs, 100);
    ask_all(s, true);
    for (unsigned i = 0; i < WORKERS; i++) {
        wait_for_answers(&s->askers[i], REQUESTS / 2);
        assert_int_equal(atomic_load(&s->askers[i].answers), REQUESTS / 2);
    }
    struct bc_picture_waiter never = { 0 };
    bc_pictures_cancel(s->pictures, &never);
}

static void
test_stopped_while_they_wait(void **state)
{
    struct stage *s = *state;
    go_live(&s->outputs, 100);
    ask_all(s, false); // tear_down() comes at once
}

// --- recordings ---

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static struct bc_recording *
record(const char *root, int gops)
{
    struct kit_key key;
    struct kit_look look = { .codec = BC_CODEC_AVC,
        .width = 640,
        .height = 360,
        .luma = 100,
        .corner_luma = 200,
        .u = 128,
        .v = 128 };
    kit_make_key(&look, &key);
    struct bc_recording_params params = { .root = root,
        .kind = BC_RECORDING_REPLAY,
        .channel = "live/hq",
        .title = "",
        .wall_us = WALL_US };
    struct bc_recording_writer *w = bc_recording_create(&params);
    assert_non_null(w);
    for (int i = 0; i < gops; i++) {
        struct bc_buf *data = kit_part_at(&key, (uint64_t)i * 180000, 180000);
        struct bc_recording_append part = { .init = key.init,
            .data = data,
            .start_us = i * INT64_C(2000000),
            .duration_us = 2000000,
            .wall_us = WALL_US + i * INT64_C(2000000),
            .independent = true,
            .segment = true };
        assert_int_equal(bc_recording_append(w, &part), 0);
        bc_buf_unref(&data);
    }
    struct bc_recording *r = bc_recording_ref(bc_recording_of(w));
    assert_int_equal(bc_recording_finish(&w, true, WALL_US), 0);
    kit_free_key(&key);
    return r;
}

static bool
has_sheet(const struct bc_recording *r, const char *name)
{
    struct bc_buf *jpeg = picture_file_read(bc_recording_folder(r), name, 1 << 20);
    bool there = jpeg;
    bc_buf_unref(&jpeg);
    return there;
}

static void
test_recording(void **state)
{
    struct stage *s = *state;
    char root[] = "/tmp/bc-pictures-XXXXXX";
    assert_non_null(mkdtemp(root));
    struct bc_recording *r = record(root, 150); // 5 minutes, two sheets
    go_live(&s->outputs, 100);
    for (int i = 0; i < 50; i++) {
        bc_pictures_update(s->pictures, r);
    }
    ask_all(s, false); // lives go before
    for (unsigned i = 0; i < WORKERS; i++) {
        wait_for_answers(&s->askers[i], REQUESTS);
    }
    int64_t end = bc_clock_us() + DEADLINE_US;
    while (!has_sheet(r, "sheet-0002.jpg")) {
        assert_true(bc_clock_us() < end);
        usleep(1000);
    }
    // The poster, thirty thumbnails, the live.
    assert_int_equal(bc_pictures_made(s->pictures), 32);
    bc_pictures_stop(s->pictures); // the list of sheets is written last
    bc_recording_unref(&r);
    assert_int_equal(nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void
test_stopped_in_a_recording(void **state)
{
    struct stage *s = *state;
    char root[] = "/tmp/bc-pictures-XXXXXX";
    assert_non_null(mkdtemp(root));
    struct bc_recording *r = record(root, 3000);
    bc_pictures_update(s->pictures, r);
    int64_t end = bc_clock_us() + DEADLINE_US;
    while (bc_pictures_made(s->pictures) < 3) {
        assert_true(bc_clock_us() < end);
        usleep(1000);
    }
    bc_pictures_stop(s->pictures);
    bc_pictures_update(s->pictures, r); // too late, and harmless
    bc_recording_unref(&r);
    assert_int_equal(nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void
test_poster_alone(void **state)
{
    (void)state;
    char root[] = "/tmp/bc-pictures-XXXXXX";
    assert_non_null(mkdtemp(root));
    struct bc_recording *r = record(root, 1); // a clip of 2 s
    assert_int_equal(bc_pictures_poster(r), 0);
    assert_true(has_sheet(r, PICTURE_POSTER_NAME));
    assert_false(has_sheet(r, "sheet-0001.jpg"));
    bc_recording_unref(&r);
    assert_int_equal(nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

#define ON_STAGE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ON_STAGE(test_one_decode),
        ON_STAGE(test_not_live),
        ON_STAGE(test_cancelled),
        ON_STAGE(test_stopped_while_they_wait),
        ON_STAGE(test_recording),
        ON_STAGE(test_stopped_in_a_recording),
        ON_STAGE(test_poster_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
