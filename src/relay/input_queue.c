// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>

#include "base/list.h"
#include "input_internal.h"

static void
run_deliver(struct bc_task *task, struct bc_worker *worker);

void
input_queue_init(struct relay_input *in)
{
    pthread_mutex_init(&in->lock, NULL);
    bc_list_init(&in->task.node);
    in->task.run = run_deliver;
}

void
input_unref(struct relay_input *in)
{
    if (atomic_fetch_sub(&in->refs, 1) != 1) {
        return;
    }
    for (unsigned i = 0; i < in->queued; i++) {
        bc_packet_unref(&in->queue[i]);
    }
    pthread_mutex_destroy(&in->lock);
    free(in->url);
    free(in->media_dir);
    free(in->via);
    free(in);
}

// --- the thread ---

// With the lock held.
static void
post(struct relay_input *in)
{
    if (!in->posted) {
        in->posted = true;
        atomic_fetch_add(&in->refs, 1); // the task's
        bc_worker_post(in->worker, &in->task);
    }
}

// With the lock held. After a packet that could not be kept the next ones are of no use,
// up to a keyframe.
static bool
has_room(struct relay_input *in, const struct bc_packet *packet)
{
    if (in->queued == INPUT_QUEUE || in->queued_bytes + packet->len > INPUT_QUEUE_BYTES) {
        in->dropping = true;
        return false;
    }
    if (packet->len == 0) {
        return true; // it announces a track
    }
    if (in->dropping && in->has_video
        && (packet->kind != BC_KIND_VIDEO || !(packet->flags & BC_PACKET_KEY))) {
        return false;
    }
    in->dropping = false;
    return true;
}

void
input_queue_push(struct relay_input *in, struct bc_packet *packet)
{
    pthread_mutex_lock(&in->lock);
    in->has_video = in->has_video || packet->kind == BC_KIND_VIDEO;
    if (has_room(in, packet)) {
        in->queue[in->queued++] = packet;
        in->queued_bytes += packet->len;
        packet = NULL;
        post(in);
    }
    pthread_mutex_unlock(&in->lock);
    if (packet) {
        atomic_fetch_add(&in->dropped, 1);
        bc_packet_unref(&packet);
    }
}

void
input_queue_end(struct relay_input *in, const char *error)
{
    pthread_mutex_lock(&in->lock);
    in->ended = true;
    snprintf(in->error, sizeof(in->error), "%s", error);
    post(in);
    pthread_mutex_unlock(&in->lock);
}

// --- the worker ---

static void
run_deliver(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct relay_input *in = bc_container_of(task, struct relay_input, task);
    struct bc_packet *packets[INPUT_QUEUE];
    pthread_mutex_lock(&in->lock);
    unsigned count = in->queued;
    for (unsigned i = 0; i < count; i++) {
        packets[i] = in->queue[i];
    }
    in->queued = 0;
    in->queued_bytes = 0;
    in->posted = false;
    bool ended = in->ended;
    pthread_mutex_unlock(&in->lock);
    for (unsigned i = 0; i < count; i++) {
        if (in->ops) {
            in->ops->on_packet(in->user, packets[i]);
        } else {
            bc_packet_unref(&packets[i]);
        }
    }
    if (in->ops && count > 0) {
        in->ops->on_batch_end(in->user);
    }
    if (in->ops && ended) {
        in->ops->on_ended(in->user, in->error);
    }
    input_unref(in);
}
