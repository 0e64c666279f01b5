// SPDX-License-Identifier: Apache-2.0
// The recorder's thread: takes what waits of each channel to its recording.
#include <stdlib.h>

#include "base/clock.h"
#include "recorder_internal.h"

static void
free_channel(struct bc_recorder_channel *rc)
{
    bc_list_remove(&rc->node);
    recorder_queue_finish(&rc->queue);
    bc_recording_unref(&rc->recording);
    pthread_mutex_destroy(&rc->lock);
    free(rc);
}

// What the thread does next for a channel.
enum step { STEP_IDLE, STEP_WRITE, STEP_END, STEP_CLOSE };

// Under the lock.
static enum step
choose_step(const struct bc_recorder_channel *rc, const struct recorder_item *head)
{
    bool rests = rc->out.failing && bc_clock_us() < rc->out.retry_us;
    if (rests && !rc->closed && !rc->recorder->stopping) {
        return STEP_IDLE;
    }
    if (head) {
        return head->first && rc->out.id[0] ? STEP_END : STEP_WRITE;
    }
    // A message that is on its way still needs us.
    return rc->queue.ended ? STEP_END
        : rc->closed && !rc->work_posted ? STEP_CLOSE : STEP_IDLE;
}

static enum step
next_step(struct bc_recorder_channel *rc, struct recorder_item **head)
{
    pthread_mutex_lock(&rc->lock);
    *head = recorder_queue_head(&rc->queue);
    enum step step = choose_step(rc, *head);
    if (step == STEP_END && !*head) {
        rc->queue.ended = false;
    }
    if (step == STEP_END && !rc->queue.ended) {
        rc->queue.ended_us = 0;
    }
    pthread_mutex_unlock(&rc->lock);
    return step;
}

static void
drop_head(struct bc_recorder_channel *rc, bool lost)
{
    pthread_mutex_lock(&rc->lock);
    struct recorder_item *item = recorder_queue_take(&rc->queue);
    if (lost) {
        recorder_queue_count_lost(&rc->queue, 1);
    }
    pthread_mutex_unlock(&rc->lock);
    recorder_item_free(item);
    atomic_fetch_add(&rc->recorder->lost_parts, lost);
}

// Lets go of what a disk in trouble did not take before the broadcast ended, or the server.
// False: it is worth another try.
static bool
give_up(struct bc_recorder_channel *rc, int64_t now_us)
{
    pthread_mutex_lock(&rc->lock);
    bool over = rc->closed || rc->recorder->stopping
        || (rc->queue.ended_us > 0 && now_us - rc->queue.ended_us > RECORDER_GIVE_UP_US);
    uint64_t before = rc->queue.lost_ever;
    if (over) {
        recorder_queue_drop(&rc->queue);
        rc->queue.ended_us = 0;
    }
    uint64_t lost = rc->queue.lost_ever - before;
    pthread_mutex_unlock(&rc->lock);
    atomic_fetch_add(&rc->recorder->lost_parts, lost);
    rc->out.breaks = rc->out.breaks || over;
    return over;
}

static void
write_item(struct bc_recorder_channel *rc, struct recorder_item *item)
{
    int ret = recorder_output_write(rc, item);
    if (ret == 0) {
        rc->out.failing = false;
        recorder_cues_write(rc, item);
        drop_head(rc, false);
        recorder_trouble_over(rc);
        return;
    }
    if (recorder_output_is_unfit(ret)) {
        recorder_cues_keep(rc, item);
        drop_head(rc, true);
        rc->out.breaks = true;
        return;
    }
    int64_t now_us = bc_clock_us();
    rc->out.failing = true;
    rc->out.retry_us = now_us + RECORDER_RETRY_US;
    if (give_up(rc, now_us)) {
        rc->out.retry_us = now_us;
    }
}

static void
check_guess(struct bc_recorder_channel *rc)
{
    bool has = recorder_unfinished_has(rc->recorder, rc->name);
    pthread_mutex_lock(&rc->lock);
    if (rc->guessed && !has) {
        rc->requested = false;
        if (rc->mode == BC_RECORD_REQUEST) {
            recorder_queue_finish(&rc->queue);
        }
    }
    rc->guessed = false;
    pthread_mutex_unlock(&rc->lock);
}

static void
run(struct bc_recorder_channel *rc)
{
    for (;;) {
        struct recorder_item *item;
        switch (next_step(rc, &item)) {
        case STEP_WRITE:
            write_item(rc, item);
            break;
        case STEP_END:
            recorder_output_end(rc, true);
            break;
        case STEP_CLOSE:
            recorder_output_end(rc, false);
            free_channel(rc);
            return;
        case STEP_IDLE:
            return;
        }
    }
}

void
recorder_work(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_recorder_channel *rc
        = bc_container_of(task, struct bc_recorder_channel, work_task);
    struct bc_recorder *r = rc->recorder;
    pthread_mutex_lock(&rc->lock);
    rc->work_posted = false;
    pthread_mutex_unlock(&rc->lock);
    if (bc_list_empty(&rc->node)) {
        bc_list_append(&rc->recorder->active, &rc->node);
        check_guess(rc);
    }
    run(rc);
    recorder_pass_time(r); // the channel may be gone
}

void
recorder_work_tick(struct bc_recorder_channel *rc, int64_t now_us)
{
    if (rc->out.writer) {
        recorder_output_tick(rc, now_us);
    }
    run(rc);
}

void
recorder_work_stop(struct bc_recorder_channel *rc)
{
    run(rc);
    recorder_output_end(rc, false);
}
