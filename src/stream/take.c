// SPDX-License-Identifier: Apache-2.0
#include "take_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel_internal.h"

// A batch of packets on its way from the connection's worker to the channel's home.
struct batch {
    struct bc_task task;
    struct bc_take *take; // owned reference
    size_t count;
    struct bc_packet *packets[BC_TAKE_BATCH]; // owned references
};

struct bc_take *
bc_take_ref(struct bc_take *take)
{
    atomic_fetch_add_explicit(&take->refs, 1, memory_order_relaxed);
    return take;
}

void
bc_take_unref(struct bc_take **holder)
{
    struct bc_take *take = *holder;
    *holder = NULL;
    if (!take || atomic_fetch_sub_explicit(&take->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (size_t i = 0; i < take->batch_count; i++) {
        bc_packet_unref(&take->batch[i]);
    }
    bc_track_unref(&take->video);
    bc_track_unref(&take->audio);
    bc_channel_unref(&take->channel);
    free(take->input);
    free(take);
}

// --- messages to the channel's home; each holds a reference while it travels ---

static void
run_open(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_take *take = bc_container_of(task, struct bc_take, open_task);
    bc_hub_opened(bc_channel_hub(take->channel), take->channel);
    bc_channel_admit(take->channel, take);
    bc_take_unref(&take);
}

static void
run_close(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_take *take = bc_container_of(task, struct bc_take, close_task);
    bc_channel_dismiss(take->channel, take, take->clean, take->close_reason);
    bc_take_unref(&take);
}

static void
run_batch(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct batch *b = bc_container_of(task, struct batch, task);
    bc_channel_input(b->take->channel, b->take, b->packets, b->count);
    bc_take_unref(&b->take);
    free(b);
}

// --- messages to the connection ---

static void
run_answer(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_take *take = bc_container_of(task, struct bc_take, answer_task);
    if (take->ops && take->refusal == BC_TAKE_OK) {
        take->ops->on_accepted(take->user);
    } else if (take->ops) {
        take->ops->on_refused(take->user, take->refusal, take->answer_text);
    }
    bc_take_unref(&take);
}

static void
run_kick(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_take *take = bc_container_of(task, struct bc_take, kick_task);
    if (take->ops) {
        take->ops->on_kicked(take->user, take->kick_reason);
    }
    bc_take_unref(&take);
}

static void
init_task(struct bc_task *task, void (*run)(struct bc_task *, struct bc_worker *))
{
    bc_list_init(&task->node);
    task->run = run;
}

static void
run_key(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_take *take = bc_container_of(task, struct bc_take, key_task);
    unsigned wanted = atomic_exchange(&take->keys_wanted, 0);
    for (unsigned i = 0; i < BC_RENDITION_MAX && take->ops; i++) {
        if (wanted & 1u << i) {
            take->ops->on_key_wanted(take->user, i);
        }
    }
    bc_take_unref(&take);
}

struct bc_take *
bc_take_open(const struct bc_take_params *params)
{
    struct bc_take *take = calloc(1, sizeof(*take));
    if (!take) {
        return NULL;
    }
    atomic_init(&take->refs, 1);
    take->channel = bc_hub_obtain(params->hub, params->channel, params->worker);
    if (!take->channel) {
        free(take);
        return NULL;
    }
    take->worker = params->worker;
    take->credential = params->credential;
    snprintf(take->role, sizeof(take->role), "%s", params->role ? params->role : "");
    take->input = params->input ? strdup(params->input) : NULL;
    take->ops = params->ops;
    take->user = params->user;
    snprintf(take->protocol, sizeof(take->protocol), "%s", params->protocol);
    snprintf(take->peer, sizeof(take->peer), "%s", params->peer);
    snprintf(take->peer_ip, sizeof(take->peer_ip), "%s", params->peer_ip);
    snprintf(take->encoder, sizeof(take->encoder), "%s", params->encoder);
    const char *upstream = params->upstream ? params->upstream : "";
    snprintf(take->upstream, sizeof(take->upstream), "%s", upstream);
    init_task(&take->open_task, run_open);
    init_task(&take->close_task, run_close);
    init_task(&take->answer_task, run_answer);
    init_task(&take->kick_task, run_kick);
    init_task(&take->key_task, run_key);
    take->can_ask_key = params->ops->on_key_wanted != NULL;
    bc_take_ref(take);
    bc_worker_post(take->channel->home, &take->open_task);
    return take;
}

// Sends packets home: directly when the connection lives there, else as one message.
static void
send_batch(struct bc_take *take)
{
    struct bc_channel *channel = take->channel;
    if (channel->home == take->worker) {
        size_t count = take->batch_count;
        take->batch_count = 0;
        bc_channel_input(channel, take, take->batch, count);
        return;
    }
    struct batch *b = malloc(sizeof(*b));
    if (!b) {
        for (size_t i = 0; i < take->batch_count; i++) {
            bc_packet_unref(&take->batch[i]);
        }
        take->batch_count = 0;
        return;
    }
    init_task(&b->task, run_batch);
    b->take = bc_take_ref(take);
    b->count = take->batch_count;
    for (size_t i = 0; i < b->count; i++) {
        b->packets[i] = take->batch[i];
    }
    take->batch_count = 0;
    bc_worker_post(channel->home, &b->task);
}

// A track announced before its packets travels as a packet without payload.
void
bc_take_set_track(struct bc_take *take, struct bc_track *track)
{
    struct bc_packet *p = bc_packet_create(track->kind, track, NULL, NULL, 0);
    if (p) {
        bc_take_push(take, p);
    }
}

void
bc_take_push(struct bc_take *take, struct bc_packet *packet)
{
    if (take->batch_count == BC_TAKE_BATCH) {
        send_batch(take);
    }
    take->batch[take->batch_count++] = packet;
}

void
bc_take_flush(struct bc_take *take)
{
    if (take->batch_count > 0) {
        send_batch(take);
    }
}

void
bc_take_set_line(struct bc_take *take, const struct bc_line_stats *line)
{
    pthread_mutex_lock(&take->channel->info_lock);
    take->line = *line;
    pthread_mutex_unlock(&take->channel->info_lock);
}

void
bc_take_close(struct bc_take *take, bool clean, const char *reason)
{
    bc_take_flush(take);
    take->ops = NULL;
    take->clean = clean;
    snprintf(take->close_reason, sizeof(take->close_reason), "%s", reason);
    // Our reference travels with the message.
    bc_worker_post(take->channel->home, &take->close_task);
}

void
bc_take_answer(struct bc_take *take, enum bc_take_refusal refusal, const char *text)
{
    take->refusal = refusal;
    snprintf(take->answer_text, sizeof(take->answer_text), "%s", text);
    bc_take_ref(take);
    bc_worker_post(take->worker, &take->answer_task);
}

void
bc_take_kick(struct bc_take *take, const char *reason)
{
    if (take->kicked) {
        return;
    }
    take->kicked = true;
    snprintf(take->kick_reason, sizeof(take->kick_reason), "%s", reason);
    bc_take_ref(take);
    bc_worker_post(take->worker, &take->kick_task);
}

void
bc_take_ask_key(struct bc_take *take, unsigned rendition)
{
    if (!take->can_ask_key || rendition >= BC_RENDITION_MAX) {
        return;
    }
    // Whoever sets the first bit sends the message; it carries a reference.
    if (atomic_fetch_or(&take->keys_wanted, 1u << rendition) == 0) {
        bc_take_ref(take);
        bc_worker_post(take->worker, &take->key_task);
    }
}
