// SPDX-License-Identifier: Apache-2.0
// What viewers make others do: pulls that run only while somebody watches.
#include <string.h>

#include "record/recorder.h"
#include "parts.h"
#include "scenes/scenes.h"
#include "stream/wait.h"

// Channels that show channels that show channels.
#define DEPTH_MAX 4

static bool
shows(const struct bc_config_channel *channel, const char *name)
{
    for (size_t i = 0; i < channel->sources.n; i++) {
        const struct bc_config_source *s = &channel->sources.items[i];
        if (s->kind == BC_SOURCE_CHANNEL && strcmp(s->value, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool
has_viewers(struct bc_server *s, const char *name)
{
    struct bc_channel *channel = bc_hub_find(s->hub, name);
    unsigned viewers = 0;
    for (int p = 0; channel && p < BC_PROTOCOL_COUNT; p++) {
        viewers += bc_channel_viewers(channel, (enum bc_protocol)p);
    }
    bc_channel_unref(&channel);
    return viewers > 0;
}

static bool
is_recorded(struct bc_server *s, const struct bc_config *config, const char *name)
{
    struct bc_recorder_status status;
    return bc_config_record_mode(config, name) == BC_RECORD_ALWAYS
        || (s->recorder && bc_recorder_status(s->recorder, name, &status)
            && (status.state == BC_RECORDER_RUNNING
                || status.state == BC_RECORDER_TROUBLE));
}

static bool
composite_has_viewers(void *user, const char *channel)
{
    return has_viewers(user, channel);
}

static bool
is_watched(struct bc_server *s, const struct bc_config *config, const char *name,
    unsigned depth)
{
    if (has_viewers(s, name)
        || bc_scenes_any_showing(s->scenes, name, composite_has_viewers, s)) {
        return true;
    }
    for (size_t i = 0; depth < DEPTH_MAX && i < config->n_channels; i++) {
        if (shows(&config->channels[i], name)
            && is_watched(s, config, config->channels[i].name, depth + 1)) {
            return true;
        }
    }
    return false;
}

bool
bc_server_demand(struct bc_server *s, const struct bc_config *config, const char *name,
    bool recording)
{
    return is_watched(s, config, name, 0) || bc_server_relays_push(s->relays, name)
        || (recording && is_recorded(s, config, name));
}

static bool
want(struct bc_server *s, const struct bc_config *config, const char *name,
    const char *via, unsigned depth);

// What is there will be shown without being asked for, though perhaps not this instant;
// with a delay (`late`) later than anybody waits.
static bool
want_shown(struct bc_server *s, const struct bc_config *config, const char *name,
    const char *via, unsigned depth, bool late)
{
    struct bc_channel *channel = bc_hub_find(s->hub, name);
    bool there = channel && bc_channel_is_playable(channel);
    bc_channel_unref(&channel);
    return there ? !late : depth < DEPTH_MAX && want(s, config, name, via, depth + 1);
}

// Composers start once one of the inputs is live.
static bool
want_inputs(struct bc_server *s, const struct bc_config *config,
    const struct bc_scene *scene, const char *via, unsigned depth)
{
    bool wanted = false;
    for (size_t i = 0; i < scene->n_inputs; i++) {
        wanted = want_shown(s, config, scene->inputs[i], via, depth, false) || wanted;
    }
    return wanted;
}

static bool
want(struct bc_server *s, const struct bc_config *config, const char *name,
    const char *via, unsigned depth)
{
    const struct bc_config_channel *channel = bc_config_channel(config, name);
    struct bc_scene *scene = bc_scenes_program(s->scenes, name);
    bool wanted = scene && want_inputs(s, config, scene, via, depth);
    bool composite = scene != NULL;
    bc_scene_unref(&scene);
    if (!channel) {
        return wanted
            || (!composite && config->relay.origins.n > 0 && name[0] != '_'
                && bc_server_edges_want(s->edges, name, via));
    }
    wanted = bc_server_relays_want(s->relays, name) || wanted;
    bool late = channel->delay_s > 0;
    for (size_t i = 0; i < channel->sources.n; i++) {
        const struct bc_config_source *source = &channel->sources.items[i];
        wanted = (source->kind == BC_SOURCE_CHANNEL
                     && want_shown(s, config, source->value, via, depth, late))
            || wanted;
    }
    return wanted;
}

bool
bc_server_want(struct bc_server *s, const char *name, const char *via)
{
    struct bc_config *config = bc_hub_config(s->hub);
    bool wanted = want(s, config, name, via, 0);
    bc_config_unref(&config);
    return wanted;
}

void
bc_server_demand_tick(struct bc_server *s)
{
    struct bc_config *config = bc_hub_config(s->hub);
    for (size_t i = 0; i < config->n_channels; i++) {
        if (has_viewers(s, config->channels[i].name)) {
            (void)want(s, config, config->channels[i].name, "", 0);
        }
    }
    bc_config_unref(&config);
}
