// SPDX-License-Identifier: Apache-2.0
// The relays that channels' sources and targets name.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "relays.h"

// What a source asks for; false: it is none that an input reads, or its URL makes no sense.
static bool
pull_of(const struct bc_config_channel *channel, const struct bc_config_source *s,
    struct bc_control_relay *out)
{
    if (s->kind != BC_SOURCE_PULL && s->kind != BC_SOURCE_FILE) {
        return false;
    }
    *out = (struct bc_control_relay){ .configured = true, .enabled = true,
        .loop = s->loop, .start_at_s = s->start_at_s, .on_demand = s->on_demand,
        .idle_s = s->idle_s };
    int n = snprintf(out->url, sizeof(out->url), "%s%s",
        s->kind == BC_SOURCE_FILE ? "file:" : "", s->value);
    snprintf(out->channel, sizeof(out->channel), "%s", channel->name);
    if ((size_t)n >= sizeof(out->url) || !bc_relay_knows(out->url, false)) {
        bc_warn(NULL, "channels.%s.sources: nothing can be pulled from %.100s",
            channel->name, s->value);
        return false;
    }
    return true;
}

static void
push_of(const struct bc_config_channel *channel, const struct bc_config_push *push,
    struct bc_control_relay *out)
{
    *out = (struct bc_control_relay){ .push = true, .configured = true,
        .enabled = push->enabled };
    snprintf(out->channel, sizeof(out->channel), "%s", channel->name);
    snprintf(out->url, sizeof(out->url), "%s", push->url);
    snprintf(out->name, sizeof(out->name), "%s", push->name);
}

static bool
same_pull(const struct bc_control_relay *a, const struct bc_control_relay *b)
{
    return a->loop == b->loop && a->start_at_s == b->start_at_s
        && a->on_demand == b->on_demand && a->idle_s == b->idle_s
        && strcmp(a->url, b->url) == 0;
}

static bool
is_source(const struct bc_config_channel *channel, const struct bc_control_relay *shown)
{
    struct bc_control_relay wanted;
    bool found = false;
    for (size_t i = 0; i < channel->sources.n && !found; i++) {
        found = pull_of(channel, &channel->sources.items[i], &wanted)
            && same_pull(&wanted, shown);
    }
    return found;
}

static bool
is_target(const struct bc_config_channel *channel, const struct bc_control_relay *shown)
{
    bool found = false;
    for (size_t i = 0; i < channel->push.n && !found; i++) {
        const struct bc_config_push *p = &channel->push.items[i];
        found = strcmp(p->url, shown->url) == 0 && strcmp(p->name, shown->name) == 0
            && p->enabled == shown->was_enabled;
    }
    return found;
}

// Whether it runs is the operator's, once it is there; only a changed entry begins anew.
static bool
is_unwanted(const struct bc_config *config, const struct bc_control_relay *shown)
{
    const struct bc_config_channel *channel = bc_config_channel(config, shown->channel);
    return !channel
        || !(shown->push ? is_target(channel, shown) : is_source(channel, shown));
}

static void
add(struct bc_server_relays *t, struct bc_control_relay *wanted)
{
    wanted->was_enabled = wanted->enabled;
    int ret = bc_server_relays_add(t, wanted, NULL);
    if (ret != 0 && ret != -EEXIST) {
        bc_error(NULL, "%s of %s cannot be started: %s",
            wanted->push ? "a target" : "the source", wanted->channel, strerror(-ret));
    }
}

void
bc_server_relays_follow(struct bc_server_relays *t, const struct bc_config *config)
{
    bc_server_relays_stop_if(t, is_unwanted, config);
    for (size_t i = 0; i < config->n_channels; i++) {
        const struct bc_config_channel *channel = &config->channels[i];
        struct bc_control_relay wanted;
        for (size_t k = 0; k < channel->sources.n; k++) {
            if (pull_of(channel, &channel->sources.items[k], &wanted)) {
                add(t, &wanted);
            }
        }
        for (size_t k = 0; k < channel->push.n; k++) {
            push_of(channel, &channel->push.items[k], &wanted);
            add(t, &wanted);
        }
    }
}
