// SPDX-License-Identifier: Apache-2.0
// What is said about names at run time, by the API and by schedules.
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "hub_internal.h"
#include "sources.h"
#include "stream/source.h"

// Names of channels that somebody made a rule for, by the API: bounded.
#define RULES_MAX 20000

// With the lock held.
static const struct bc_hub_rule *
rule_of(const struct bc_hub *hub, const char *name)
{
    struct bc_hub_rule *rule;
    HASH_FIND_STR(hub->rules, name, rule);
    return rule;
}

// With the lock held. NULL without memory, or with too many.
static struct bc_hub_rule *
obtain_rule(struct bc_hub *hub, const char *name)
{
    struct bc_hub_rule *rule;
    HASH_FIND_STR(hub->rules, name, rule);
    if (rule || HASH_COUNT(hub->rules) >= RULES_MAX) {
        return rule;
    }
    size_t size = strlen(name) + 1;
    rule = calloc(1, sizeof(*rule) + size);
    if (rule) {
        memcpy(rule->name, name, size);
        HASH_ADD_STR(hub->rules, name, rule);
    }
    return rule;
}

// With the lock held.
static void
look_again_at(struct bc_hub *hub, const char *name)
{
    struct bc_channel *channel;
    atomic_fetch_add(&hub->generation, 1);
    HASH_FIND_STR(hub->channels, name, channel);
    if (channel) {
        bc_channel_poke(channel);
    }
}

// With the lock held.
static void
drop_idle(struct bc_hub *hub, struct bc_hub_rule *rule)
{
    if (!rule->has_plan && !rule->has_open && !rule->has_scene) {
        HASH_DEL(hub->rules, rule);
        free(rule);
    }
}

void
bc_hub_set_plan(
    struct bc_hub *hub, const char *channel, const struct bc_channel_plan *plan)
{
    pthread_mutex_lock(&hub->lock);
    struct bc_hub_rule *rule = plan || rule_of(hub, channel) ? obtain_rule(hub, channel) : NULL;
    if (rule) {
        rule->has_plan = plan != NULL;
        rule->plan = plan ? *plan : (struct bc_channel_plan){ .lobby = false };
        drop_idle(hub, rule);
        look_again_at(hub, channel);
    }
    pthread_mutex_unlock(&hub->lock);
}

void
bc_hub_set_scene(
    struct bc_hub *hub, const char *channel, const struct bc_channel_scene *scene)
{
    pthread_mutex_lock(&hub->lock);
    struct bc_hub_rule *rule = scene || rule_of(hub, channel) ? obtain_rule(hub, channel) : NULL;
    if (rule) {
        rule->has_scene = scene != NULL;
        rule->scene = scene ? *scene : (struct bc_channel_scene){ .clean = "" };
        drop_idle(hub, rule);
        look_again_at(hub, channel);
    }
    pthread_mutex_unlock(&hub->lock);
}

bool
bc_hub_scene(struct bc_hub *hub, const char *channel, struct bc_channel_scene *out)
{
    pthread_mutex_lock(&hub->lock);
    const struct bc_hub_rule *rule = rule_of(hub, channel);
    bool has = rule && rule->has_scene;
    *out = has ? rule->scene : (struct bc_channel_scene){ .clean = "" };
    pthread_mutex_unlock(&hub->lock);
    return has;
}

void
bc_hub_set_open(struct bc_hub *hub, const char *name, bool open)
{
    pthread_mutex_lock(&hub->lock);
    struct bc_hub_rule *rule = obtain_rule(hub, name);
    if (rule) {
        rule->has_open = true;
        rule->open = open;
        look_again_at(hub, name);
    }
    pthread_mutex_unlock(&hub->lock);
}

bool
bc_hub_rules(struct bc_hub *hub, const char *name, struct bc_channel_plan *plan)
{
    pthread_mutex_lock(&hub->lock);
    const struct bc_hub_rule *rule = rule_of(hub, name);
    const struct bc_config_channel *configured = bc_config_channel(hub->config, name);
    *plan = rule && rule->has_plan ? rule->plan
                                   : (struct bc_channel_plan){ .lobby = false };
    bool open = rule && rule->has_open ? rule->open : !configured || configured->open;
    pthread_mutex_unlock(&hub->lock);
    return open;
}

bool
bc_hub_is_open(struct bc_hub *hub, const char *name)
{
    struct bc_channel_plan plan;
    return bc_hub_rules(hub, name, &plan);
}

bool
bc_hub_is_standing(const struct bc_hub *hub, const char *name)
{
    const struct bc_config_channel *channel = bc_config_channel(hub->config, name);
    const struct bc_hub_rule *rule = rule_of(hub, name);
    if (rule && (rule->has_scene || (rule->has_plan && rule->plan.lobby))) {
        return true;
    }
    for (size_t i = 0; channel && i < channel->sources.n; i++) {
        enum bc_source_kind kind = channel->sources.items[i].kind;
        if (kind == BC_SOURCE_CHANNEL || kind == BC_SOURCE_SLATE_IMAGE
            || kind == BC_SOURCE_SLATE_FILE) {
            return true;
        }
    }
    return false;
}

bool
bc_hub_expects_slate(struct bc_hub *hub, const char *name)
{
    if (!hub->ops->open_slate) {
        return false;
    }
    pthread_mutex_lock(&hub->lock);
    const struct bc_hub_rule *rule = rule_of(hub, name);
    bool expects = rule && rule->has_plan && rule->plan.lobby;
    const struct bc_config_channel *channel = bc_config_channel(hub->config, name);
    for (size_t i = 0; channel && i < channel->sources.n; i++) {
        enum bc_source_kind kind = channel->sources.items[i].kind;
        expects = expects || kind == BC_SOURCE_SLATE_IMAGE || kind == BC_SOURCE_SLATE_FILE;
    }
    pthread_mutex_unlock(&hub->lock);
    return expects && bc_hub_is_open(hub, name);
}
