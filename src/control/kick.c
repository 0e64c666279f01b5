// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "base/log.h"
#include "control_internal.h"
#include "json.h"
#include "net/worker.h"
#include "stream/channel.h"
#include "stream/hub.h"

// A kick on its way to the channel's home, which frees it.
struct kick {
    struct bc_task task;
    struct bc_channel *channel; // owned reference
};

static void
run_kick(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct kick *kick = bc_container_of(task, struct kick, task);
    bc_channel_kick(kick->channel, "ended by the operator");
    bc_channel_unref(&kick->channel);
    free(kick);
}

// Takes over the reference.
static bool
post_kick(struct bc_channel *channel)
{
    struct kick *kick = malloc(sizeof(*kick));
    if (!kick) {
        bc_channel_unref(&channel);
        return false;
    }
    kick->channel = channel;
    bc_list_init(&kick->task.node);
    kick->task.run = run_kick;
    bc_worker_post(bc_channel_home(channel), &kick->task);
    return true;
}

struct json_t *
bc_control_accepted_json(const char *channel)
{
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_text(&j, "channel", channel);
    bc_json_bool(&j, "accepted", true);
    return bc_json_end(&j);
}

void
bc_control_kick(struct bc_control *control, struct bc_http_exchange *x,
    const char *channel)
{
    struct bc_channel *found = bc_hub_find(control->params.hub, channel);
    if (!found) {
        bc_control_respond_error(x, 404, "no_such_channel",
            "nothing is or was just live there", NULL);
        return;
    }
    if (bc_channel_state(found) == BC_CHANNEL_ENDED) {
        bc_channel_unref(&found);
        bc_control_respond_error(x, 409, "not_live", "the broadcast is over already",
            NULL);
        return;
    }
    bc_info(bc_channel_logger(found), "kick asked for by %s", bc_http_peer(x));
    bool posted = post_kick(found);
    bc_control_respond_json(x, 202, posted ? bc_control_accepted_json(channel) : NULL);
}
