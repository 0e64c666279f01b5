// SPDX-License-Identifier: Apache-2.0
// The home worker's side: new parts go into the queue, nothing here waits.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "recorder_internal.h"
#include "stream/hub.h"

#define PARTS_AT_ONCE 16

bool
recorder_wants(const struct bc_recorder_channel *rc)
{
    return rc->mode == BC_RECORD_ALWAYS ? !rc->stopped
                                        : rc->mode == BC_RECORD_REQUEST && rc->requested;
}

// Under the lock; one message at a time is enough. True: the caller sends it when it has let
// go of the lock, for the thread that it wakes takes that first of all. Nobody frees the
// channel before the message has come.
static bool
has_work(struct bc_recorder_channel *rc)
{
    bool post = !rc->work_posted;
    rc->work_posted = true;
    return post;
}

static void
unlock_and_post(struct bc_recorder_channel *rc, bool post)
{
    pthread_mutex_unlock(&rc->lock);
    if (post) {
        bc_worker_post(rc->recorder->worker, &rc->work_task);
    }
}

static bool
take_parts(struct bc_recorder_channel *rc, const struct bc_hls_snapshot *snapshot)
{
    struct bc_hls_part parts[PARTS_AT_ONCE];
    bool ok = true;
    for (size_t n = PARTS_AT_ONCE; n == PARTS_AT_ONCE;) {
        n = bc_hls_snapshot_parts(snapshot, rc->intake.next, parts, PARTS_AT_ONCE);
        for (size_t i = 0; i < n; i++) {
            ok = recorder_intake_part(&rc->intake, &rc->queue, &parts[i]) && ok;
        }
    }
    return ok;
}

static void
explain(const struct recorder_queue *q, char trouble[RECORDER_TROUBLE])
{
    bool full = q->duration_us > RECORDER_QUEUE_US / 2
        || q->bytes > RECORDER_QUEUE_BYTES / 2;
    if (full) {
        snprintf(trouble, RECORDER_TROUBLE,
            "the disk does not keep up: %.1f s wait, what comes now is left out",
            (double)q->duration_us / 1e6);
    } else {
        snprintf(trouble, RECORDER_TROUBLE, "no memory");
    }
}

static struct bc_recorder_channel *
from_tap(struct bc_hls_tap *tap)
{
    return bc_container_of(tap, struct bc_recorder_channel, tap);
}

// Under the lock. What has_work() says.
static bool
end_intake(struct bc_recorder_channel *rc)
{
    recorder_intake_end(&rc->intake, &rc->queue, bc_clock_us());
    recorder_cues_close(rc);
    return has_work(rc);
}

static void
on_snapshot(struct bc_hls_tap *tap, struct bc_hls_snapshot *snapshot, uint64_t muxer)
{
    struct bc_recorder_channel *rc = from_tap(tap);
    char trouble[RECORDER_TROUBLE];
    bool post = false;
    trouble[0] = '\0';
    pthread_mutex_lock(&rc->lock);
    if (recorder_wants(rc)) {
        if (!rc->intake.begun || rc->intake.muxer != muxer) {
            recorder_intake_begin(&rc->intake, &rc->queue, snapshot, muxer);
            recorder_cues_open(rc);
        }
        uint64_t lost = rc->queue.lost_ever;
        if (!take_parts(rc, snapshot)) {
            explain(&rc->queue, trouble);
        }
        recorder_cues_pass(rc);
        atomic_fetch_add(&rc->recorder->lost_parts, rc->queue.lost_ever - lost);
        // Half of the snapshots bring nothing but the audio playlist's part.
        if (rc->queue.ended || recorder_queue_is_due(&rc->queue, !rc->recording)) {
            post = has_work(rc);
        }
    } else if (rc->intake.begun) {
        post = end_intake(rc);
    }
    unlock_and_post(rc, post);
    if (trouble[0]) {
        recorder_trouble(rc, trouble);
    }
}

// Under the lock; the tap stays while the end of a broadcast matters.
static bool
wants_tap(const struct bc_recorder_channel *rc)
{
    return rc->mode == BC_RECORD_ALWAYS || recorder_wants(rc);
}

static void
on_end(struct bc_hls_tap *tap)
{
    struct bc_recorder_channel *rc = from_tap(tap);
    pthread_mutex_lock(&rc->lock);
    bool post = end_intake(rc);
    // What an operator asked for was this broadcast.
    rc->requested = false;
    rc->stopped = false;
    bool tapped = wants_tap(rc);
    unlock_and_post(rc, post);
    if (!tapped) {
        bc_channel_set_hls_tap(rc->channel, NULL);
    }
}

static void
read_config(struct bc_recorder_channel *rc)
{
    struct bc_config *config = bc_hub_config(rc->recorder->hub);
    const struct bc_config_channel *own = bc_config_channel(config, rc->name);
    enum bc_record_mode mode = bc_config_record_mode(config, rc->name);
    struct bc_recorder_wish wish = { 0 };
    if (rc->recorder->wish) {
        rc->recorder->wish(rc->recorder->user, rc->name, &wish);
    }
    if (wish.mode == BC_RECORD_ALWAYS) {
        mode = BC_RECORD_ALWAYS;
    } else if (wish.mode == BC_RECORD_NEVER && mode == BC_RECORD_ALWAYS) {
        mode = BC_RECORD_REQUEST;
    }
    pthread_mutex_lock(&rc->lock);
    rc->mode = mode;
    snprintf(rc->title, sizeof(rc->title), "%s",
        wish.title[0] ? wish.title : own ? own->title : "");
    pthread_mutex_unlock(&rc->lock);
    bc_config_unref(&config);
}

static void
apply(struct bc_recorder_channel *rc)
{
    read_config(rc);
    pthread_mutex_lock(&rc->lock);
    rc->apply_posted = false;
    bool tapped = wants_tap(rc);
    bool ends = !recorder_wants(rc) && rc->intake.begun;
    unlock_and_post(rc, ends && end_intake(rc));
    bc_channel_set_hls_tap(rc->channel, tapped ? &rc->tap : NULL);
}

static void
run_apply(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_recorder_channel *rc
        = bc_container_of(task, struct bc_recorder_channel, apply_task);
    struct bc_channel *channel = rc->apply_channel;
    apply(rc);
    bc_channel_unref(&channel);
}

void
recorder_post_apply(struct bc_recorder_channel *rc)
{
    pthread_mutex_lock(&rc->lock);
    bool post = !rc->apply_posted;
    rc->apply_posted = true;
    pthread_mutex_unlock(&rc->lock);
    if (post) {
        rc->apply_channel = bc_channel_ref(rc->channel);
        bc_worker_post(bc_channel_home(rc->channel), &rc->apply_task);
    }
}

static struct bc_recorder_channel *
find_of(struct bc_recorder *r, struct bc_channel *channel)
{
    struct bc_recorder_channel *rc;
    pthread_mutex_lock(&r->lock);
    HASH_FIND_PTR(r->channels, &channel, rc);
    pthread_mutex_unlock(&r->lock);
    return rc;
}

static struct bc_recorder_channel *
create(struct bc_recorder *r, struct bc_channel *channel)
{
    struct bc_recorder_channel *rc = calloc(1, sizeof(*rc));
    if (!rc) {
        bc_error(bc_channel_logger(channel), "no memory to record it");
        return NULL;
    }
    rc->recorder = r;
    rc->channel = channel;
    snprintf(rc->name, sizeof(rc->name), "%s", bc_channel_name(channel));
    bc_logger_init(&rc->log, &r->log, "%.70s", rc->name);
    rc->tap = (struct bc_hls_tap){ .on_snapshot = on_snapshot, .on_end = on_end };
    bc_list_init(&rc->node);
    bc_list_init(&rc->cue_watch.node);
    bc_list_init(&rc->apply_task.node);
    bc_list_init(&rc->work_task.node);
    rc->apply_task.run = run_apply;
    rc->work_task.run = recorder_work;
    recorder_queue_init(&rc->queue);
    pthread_mutex_init(&rc->lock, NULL);
    // Somebody asked for the broadcast that goes on. In a server's first moment that is not
    // known: then its parts wait until it is.
    rc->guessed = !atomic_load(&r->has_looked);
    rc->requested = rc->guessed || recorder_unfinished_has(r, rc->name);
    pthread_mutex_lock(&r->lock);
    HASH_ADD_PTR(r->channels, channel, rc);
    pthread_mutex_unlock(&r->lock);
    return rc;
}

void
bc_recorder_open(struct bc_recorder *r, struct bc_channel *channel)
{
    struct bc_recorder_channel *rc = find_of(r, channel);
    rc = rc ? rc : create(r, channel);
    if (rc) {
        apply(rc);
    }
}

void
bc_recorder_close(struct bc_recorder *r, struct bc_channel *channel)
{
    struct bc_recorder_channel *rc = find_of(r, channel);
    if (!rc) {
        return;
    }
    bc_channel_set_hls_tap(channel, NULL);
    recorder_cues_close(rc);
    pthread_mutex_lock(&r->lock);
    HASH_DEL(r->channels, rc);
    pthread_mutex_unlock(&r->lock);
    pthread_mutex_lock(&rc->lock);
    rc->closed = true;
    unlock_and_post(rc, has_work(rc));
}
