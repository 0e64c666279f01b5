// SPDX-License-Identifier: Apache-2.0
#include "stream/hub.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "config/config.h"
#include "hub_internal.h"
#include "sources.h"
#include "stream/via.h"
#include "stream/wait.h"

// It need not be secret, only different.
static void
draw_id(struct bc_hub *hub)
{
    uint64_t id = (uint64_t)bc_clock_wall_us();
    if (getrandom(&id, sizeof(id), 0) != sizeof(id)) {
        bc_debug(&hub->log, "no random number for the server's id");
    }
    snprintf(hub->id, sizeof(hub->id), "%016llx", (unsigned long long)id);
}

struct bc_hub *
bc_hub_create(const struct bc_hub_ops *ops, void *user, struct bc_config *config)
{
    struct bc_hub *hub = calloc(1, sizeof(*hub));
    if (!hub) {
        return NULL;
    }
    hub->ops = ops;
    hub->user = user;
    hub->config = bc_config_ref(config);
    bc_logger_init(&hub->log, NULL, "hub");
    draw_id(hub);
    pthread_mutex_init(&hub->lock, NULL);
    return hub;
}

void
bc_hub_destroy(struct bc_hub *hub)
{
    if (!hub) {
        return;
    }
    struct bc_channel *channel;
    struct bc_channel *tmp;
    HASH_ITER(hh, hub->channels, channel, tmp)
    {
        HASH_DEL(hub->channels, channel);
        bc_channel_unref(&channel);
    }
    struct bc_hub_rule *rule;
    struct bc_hub_rule *next;
    HASH_ITER(hh, hub->rules, rule, next)
    {
        HASH_DEL(hub->rules, rule);
        free(rule);
    }
    bc_config_unref(&hub->config);
    free(hub->past.rows);
    pthread_mutex_destroy(&hub->lock);
    free(hub);
}

struct bc_hub_past *
bc_hub_past(struct bc_hub *hub)
{
    return &hub->past;
}

struct bc_config *
bc_hub_config(struct bc_hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    struct bc_config *config = bc_config_ref(hub->config);
    pthread_mutex_unlock(&hub->lock);
    return config;
}

// With the lock held: each channel looks at what it shows.
static void
look_again(struct bc_hub *hub)
{
    atomic_fetch_add(&hub->generation, 1);
    for (struct bc_channel *c = hub->channels; c; c = c->hh.next) {
        bc_channel_poke(c);
    }
}

// Channels that were configured anew and show what is live exist from now on.
static void
wake_configured(struct bc_hub *hub, const struct bc_config *config)
{
    for (size_t i = 0; i < config->n_channels; i++) {
        for (size_t k = 0; k < config->channels[i].sources.n; k++) {
            const struct bc_config_source *source = &config->channels[i].sources.items[k];
            struct bc_channel *shown = source->kind == BC_SOURCE_CHANNEL
                ? bc_hub_find(hub, source->value)
                : NULL;
            if (shown && bc_channel_state(shown) == BC_CHANNEL_LIVE) {
                struct bc_channel *woken = bc_hub_find(hub, config->channels[i].name);
                bc_channel_unref(&woken);
            }
            bc_channel_unref(&shown);
        }
    }
}

void
bc_hub_set_config(struct bc_hub *hub, struct bc_config *config)
{
    pthread_mutex_lock(&hub->lock);
    struct bc_config *old = hub->config;
    hub->config = bc_config_ref(config);
    look_again(hub);
    pthread_mutex_unlock(&hub->lock);
    bc_config_unref(&old);
    wake_configured(hub, config);
}

unsigned
bc_hub_generation(struct bc_hub *hub)
{
    return atomic_load(&hub->generation);
}

void
bc_hub_set_workers(struct bc_hub *hub, struct bc_worker *const *workers, unsigned count)
{
    hub->worker_count = count < BC_WORKER_MAX ? count : BC_WORKER_MAX;
    memcpy(hub->workers, workers, hub->worker_count * sizeof(struct bc_worker *));
}

void
bc_hub_set_cues(struct bc_hub *hub, struct bc_cues *cues)
{
    hub->cues = cues;
}

struct bc_cues *
bc_hub_cues(struct bc_hub *hub)
{
    return hub->cues;
}

int64_t
bc_hub_clock_us(struct bc_hub *hub)
{
    int64_t origin_us = atomic_load(&hub->clock_origin_us);
    return origin_us ? bc_clock_us() - origin_us : 0;
}

void
bc_hub_resume_clock(struct bc_hub *hub, int64_t clock_us)
{
    atomic_store(&hub->clock_origin_us, bc_clock_us() - clock_us);
}

int64_t
bc_hub_start_clock(struct bc_hub *hub)
{
    int_fast64_t none = 0;
    bool started
        = atomic_compare_exchange_strong(&hub->clock_origin_us, &none, bc_clock_us());
    return started ? 0 : bc_hub_clock_us(hub);
}

// With the lock held.
static struct bc_channel *
find_here(struct bc_hub *hub, const char *name)
{
    struct bc_channel *channel;
    HASH_FIND_STR(hub->channels, name, channel);
    return channel ? bc_channel_ref(channel) : NULL;
}

// With the lock held.
static void
insert(struct bc_hub *hub, struct bc_channel *fresh)
{
    bc_channel_recall(fresh, &hub->past);
    HASH_ADD_STR(hub->channels, name, fresh);
    hub->hidden += fresh->name[0] == '~';
}

// With the lock held: a channel that is made without a take of its own. NULL without memory,
// or without room.
static struct bc_channel *
make_here(struct bc_hub *hub, const char *name)
{
    bool full = HASH_COUNT(hub->channels) >= (size_t)hub->config->stream.max_channels;
    if (hub->worker_count == 0 || hub->draining || full) {
        return NULL;
    }
    uint32_t hash = bc_table_hash(name, strlen(name));
    struct bc_channel *fresh
        = bc_channel_create(hub, hub->workers[hash % hub->worker_count], name);
    if (fresh) {
        atomic_store(&fresh->state, BC_CHANNEL_NONE);
        insert(hub, fresh);
        bc_channel_ref(fresh);
    }
    return fresh;
}

struct bc_channel *
bc_hub_find(struct bc_hub *hub, const char *name)
{
    bool made = false;
    pthread_mutex_lock(&hub->lock);
    struct bc_channel *channel = find_here(hub, name);
    if (!channel && bc_hub_is_standing(hub, name)) {
        channel = make_here(hub, name);
        made = channel != NULL;
    }
    pthread_mutex_unlock(&hub->lock);
    if (made) {
        bc_channel_poke(channel);
    }
    return channel;
}

bool
bc_hub_follow(struct bc_hub *hub, const char *name, struct bc_channel *by,
    struct bc_follow *follow)
{
    pthread_mutex_lock(&hub->lock);
    struct bc_channel *to = find_here(hub, name);
    if (!to) {
        to = make_here(hub, name);
        if (to) {
            bc_channel_poke(to);
        }
    }
    if (to) {
        bc_follow_begin(follow, by, to);
    }
    pthread_mutex_unlock(&hub->lock);
    return to != NULL;
}

void
bc_hub_wake_followers(struct bc_hub *hub, const char *name)
{
    struct bc_config *config = bc_hub_config(hub);
    for (size_t i = 0; i < config->n_channels; i++) {
        const struct bc_config_channel *channel = &config->channels[i];
        for (size_t k = 0; k < channel->sources.n; k++) {
            const struct bc_config_source *source = &channel->sources.items[k];
            if (source->kind == BC_SOURCE_CHANNEL && strcmp(source->value, name) == 0) {
                struct bc_channel *woken = bc_hub_find(hub, channel->name);
                bc_channel_unref(&woken);
            }
        }
    }
    bc_config_unref(&config);
}

static struct bc_channel *
find_for_take(struct bc_hub *hub, const char *name, bool *full)
{
    struct bc_channel *channel;
    pthread_mutex_lock(&hub->lock);
    HASH_FIND_STR(hub->channels, name, channel);
    if (channel) {
        channel->opening++;
        bc_channel_ref(channel);
    }
    *full = HASH_COUNT(hub->channels) >= (size_t)hub->config->stream.max_channels;
    pthread_mutex_unlock(&hub->lock);
    return channel;
}

// Two first takes of one name may race; the one that comes second finds the first's
// channel.
static struct bc_channel *
insert_or_find(struct bc_hub *hub, struct bc_channel *fresh)
{
    struct bc_channel *channel;
    pthread_mutex_lock(&hub->lock);
    HASH_FIND_STR(hub->channels, fresh->name, channel);
    if (!channel) {
        insert(hub, fresh);
        channel = fresh;
    }
    channel->opening++;
    bc_channel_ref(channel);
    pthread_mutex_unlock(&hub->lock);
    return channel;
}

struct bc_channel *
bc_hub_obtain(struct bc_hub *hub, const char *name, struct bc_worker *worker)
{
    bool full;
    struct bc_channel *channel = find_for_take(hub, name, &full);
    if (channel || full) {
        if (!channel) {
            bc_warn(&hub->log, "%s refused: stream.max_channels is reached", name);
        }
        return channel;
    }
    struct bc_channel *fresh = bc_channel_create(hub, worker, name);
    if (!fresh) {
        return NULL;
    }
    if (!bc_hub_open_outputs(hub, fresh)) {
        bc_channel_unref(&fresh);
        return NULL;
    }
    channel = insert_or_find(hub, fresh);
    if (channel != fresh) {
        bc_channel_unref(&fresh);
    }
    return channel;
}

void
bc_hub_opened(struct bc_hub *hub, struct bc_channel *channel)
{
    pthread_mutex_lock(&hub->lock);
    channel->opening--;
    pthread_mutex_unlock(&hub->lock);
}

bool
bc_hub_forget(struct bc_hub *hub, struct bc_channel *channel)
{
    pthread_mutex_lock(&hub->lock);
    // Whoever knows a channel that shows others waits for what it shows next.
    bool used = channel->sources && channel->sources->count > 0
        && atomic_load(&channel->refs) > 1;
    bool forget = channel->opening == 0 && !used && !bc_channel_has_followers(channel);
    if (forget) {
        HASH_DEL(hub->channels, channel);
        hub->hidden -= channel->name[0] == '~';
    }
    pthread_mutex_unlock(&hub->lock);
    if (forget) {
        bc_channel_unref(&channel);
    }
    return forget;
}

static int
by_name(struct bc_channel *a, struct bc_channel *b)
{
    return strcmp(a->name, b->name);
}

size_t
bc_hub_list(struct bc_hub *hub, struct bc_channel **out, size_t max)
{
    size_t n = 0;
    pthread_mutex_lock(&hub->lock);
    HASH_SORT(hub->channels, by_name);
    for (struct bc_channel *c = hub->channels; c; c = c->hh.next) {
        if (c->name[0] == '~') {
            continue;
        }
        if (n < max) {
            out[n] = bc_channel_ref(c);
        }
        n++;
    }
    pthread_mutex_unlock(&hub->lock);
    return n;
}

size_t
bc_hub_count(struct bc_hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    size_t n = HASH_COUNT(hub->channels) - hub->hidden;
    pthread_mutex_unlock(&hub->lock);
    return n;
}

bool
bc_hub_has_room(struct bc_hub *hub, const char *name)
{
    struct bc_channel *channel;
    pthread_mutex_lock(&hub->lock);
    HASH_FIND_STR(hub->channels, name, channel);
    bool room = channel
        || HASH_COUNT(hub->channels) < (size_t)hub->config->stream.max_channels;
    pthread_mutex_unlock(&hub->lock);
    return room;
}

bool
bc_hub_is_draining(struct bc_hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    bool draining = hub->draining;
    pthread_mutex_unlock(&hub->lock);
    return draining;
}

bool
bc_hub_want(struct bc_hub *hub, const char *name, const char *via)
{
    if (bc_hub_is_draining(hub) || !bc_hub_is_open(hub, name)) {
        return false;
    }
    return bc_hub_expects_slate(hub, name)
        || (hub->ops->wanted && hub->ops->wanted(hub->user, name, via));
}

const char *
bc_hub_id(const struct bc_hub *hub)
{
    return hub->id;
}

void
bc_hub_drain(struct bc_hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    hub->draining = true;
    for (struct bc_channel *c = hub->channels; c; c = c->hh.next) {
        bc_channel_post_drain(c);
    }
    pthread_mutex_unlock(&hub->lock);
}
