// SPDX-License-Identifier: Apache-2.0
// The channels that somebody configured, scheduled or used.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "control_internal.h"
#include "schedule/schedule.h"
#include "stream/channel.h"
#include "stream/hub.h"

// Names under collection.
struct names {
    char **list; // owned, as its texts
    size_t count;
    size_t room;
    bool failed;
};

static void
add(void *user, const char *name)
{
    struct names *n = user;
    if (n->count == n->room) {
        size_t room = n->room ? n->room * 2 : 64;
        char **grown = realloc(n->list, room * sizeof(*grown));
        if (!grown) {
            n->failed = true;
            return;
        }
        n->list = grown;
        n->room = room;
    }
    n->list[n->count] = strdup(name);
    n->failed = n->failed || !n->list[n->count];
    n->count += n->list[n->count] != NULL;
}

static bool
add_info(void *user, const struct bc_channel_info *info)
{
    add(user, info->name);
    return true;
}

static int
by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
collect(struct bc_control *control, struct names *n)
{
    bool ok = bc_control_each(control->params.hub, add_info, n);
    struct bc_config *config = bc_hub_config(control->params.hub);
    for (size_t i = 0; i < config->n_channels; i++) {
        add(n, config->channels[i].name);
    }
    bc_config_unref(&config);
    if (control->params.schedules) {
        bc_schedules_each(control->params.schedules, add, n);
    }
    if (n->count > 1) {
        qsort(n->list, n->count, sizeof(*n->list), by_text);
    }
    return ok && !n->failed;
}

static void
get_info(struct bc_control *control, const char *name, struct bc_channel_info *out)
{
    struct bc_channel *found = bc_hub_find(control->params.hub, name);
    if (found) {
        bc_channel_info(found, out);
        bc_channel_unref(&found);
    } else {
        *out = (struct bc_channel_info){ .state = BC_CHANNEL_NONE };
        snprintf(out->name, sizeof(out->name), "%s", name);
    }
}

bool
bc_control_each_known(struct bc_control *control,
    bool (*visit)(void *user, const struct bc_channel_info *info), void *user)
{
    struct names n = { 0 };
    bool ok = collect(control, &n);
    for (size_t i = 0; ok && i < n.count; i++) {
        struct bc_channel_info info;
        if (i > 0 && strcmp(n.list[i - 1], n.list[i]) == 0) {
            continue;
        }
        get_info(control, n.list[i], &info);
        if (!visit(user, &info)) {
            break;
        }
    }
    for (size_t i = 0; i < n.count; i++) {
        free(n.list[i]);
    }
    free(n.list);
    return ok;
}

bool
bc_control_find_known(struct bc_control *control, struct bc_http_exchange *x,
    const char *channel, struct bc_channel_info *out)
{
    struct bc_schedule_found found;
    struct bc_config *config = bc_hub_config(control->params.hub);
    bool known = bc_config_channel(config, channel) != NULL;
    bc_config_unref(&config);
    get_info(control, channel, out);
    if (known || out->state != BC_CHANNEL_NONE
        || bc_control_find_schedule(control, channel, &found)) {
        return true;
    }
    bc_control_respond_error(
        x, 404, "no_such_channel", "nothing is or was just live there", NULL);
    return false;
}
