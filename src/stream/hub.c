// SPDX-License-Identifier: Apache-2.0
#include "stream/hub.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "channel_internal.h"
#include "config/config.h"
#include "stream/wait.h"

struct bc_hub {
    const struct bc_hub_ops *ops; // borrowed
    void *user;
    struct bc_logger log;
    pthread_mutex_t lock; // guards all below, and `hh` and `opening` of every channel
    struct bc_channel *channels; // one reference each
    struct bc_config *config;    // owned reference
    bool draining;
};

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
    bc_config_unref(&hub->config);
    pthread_mutex_destroy(&hub->lock);
    free(hub);
}

struct bc_config *
bc_hub_config(struct bc_hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    struct bc_config *config = bc_config_ref(hub->config);
    pthread_mutex_unlock(&hub->lock);
    return config;
}

void
bc_hub_set_config(struct bc_hub *hub, struct bc_config *config)
{
    pthread_mutex_lock(&hub->lock);
    struct bc_config *old = hub->config;
    hub->config = bc_config_ref(config);
    pthread_mutex_unlock(&hub->lock);
    bc_config_unref(&old);
}

struct bc_channel *
bc_hub_find(struct bc_hub *hub, const char *name)
{
    struct bc_channel *channel;
    pthread_mutex_lock(&hub->lock);
    HASH_FIND_STR(hub->channels, name, channel);
    if (channel) {
        bc_channel_ref(channel);
    }
    pthread_mutex_unlock(&hub->lock);
    return channel;
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
        HASH_ADD_STR(hub->channels, name, fresh);
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
    fresh->outputs = hub->ops->open_outputs(hub->user, fresh);
    if (!fresh->outputs) {
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
    bool forget = channel->opening == 0;
    if (forget) {
        HASH_DEL(hub->channels, channel);
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
    size_t n = HASH_COUNT(hub->channels);
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

void
bc_hub_close_outputs(struct bc_hub *hub, struct bc_outputs *outputs)
{
    hub->ops->close_outputs(hub->user, outputs);
}

bool
bc_hub_want(struct bc_hub *hub, const char *name)
{
    return hub->ops->wanted && !bc_hub_is_draining(hub)
        && hub->ops->wanted(hub->user, name);
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
