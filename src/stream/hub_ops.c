// SPDX-License-Identifier: Apache-2.0
// What the hub asks of the server, and tells it: struct bc_hub_ops.
#include "hub_internal.h"

bool
bc_hub_admits(struct bc_hub *hub, const char *name, const char *key)
{
    return hub->ops->admits && hub->ops->admits(hub->user, name, key);
}

struct bc_channel *
bc_hub_open_slate(
    struct bc_hub *hub, struct bc_worker *worker, const struct bc_slate_wish *wish)
{
    return hub->ops->open_slate ? hub->ops->open_slate(hub->user, worker, wish) : NULL;
}

void
bc_hub_close_slate(struct bc_hub *hub, struct bc_channel **slate)
{
    hub->ops->close_slate(hub->user, slate);
}

bool
bc_hub_slate_problem(struct bc_hub *hub, const char *path, char *out, size_t size)
{
    return hub->ops->slate_problem && hub->ops->slate_problem(hub->user, path, out, size);
}

bool
bc_hub_open_outputs(struct bc_hub *hub, struct bc_channel *channel)
{
    if (!atomic_load(&channel->outputs)) {
        atomic_store(&channel->outputs, hub->ops->open_outputs(hub->user, channel));
    }
    return atomic_load(&channel->outputs) != NULL;
}

void
bc_hub_close_outputs(struct bc_hub *hub, struct bc_outputs *outputs)
{
    hub->ops->close_outputs(hub->user, outputs);
}

void
bc_hub_tell_broadcast(struct bc_hub *hub, struct bc_channel *channel)
{
    if (hub->ops->on_broadcast) {
        hub->ops->on_broadcast(hub->user, channel);
    }
}

void
bc_hub_close_channel(struct bc_hub *hub, struct bc_channel *channel)
{
    if (hub->ops->on_close) {
        hub->ops->on_close(hub->user, channel);
    }
}

bool
bc_hub_takes_cue_points(const struct bc_hub *hub)
{
    return hub->ops->on_cue_point != NULL;
}

void
bc_hub_tell_cue_point(struct bc_hub *hub, struct bc_channel *channel,
    const struct bc_packet *packet, int64_t sent_us)
{
    hub->ops->on_cue_point(hub->user, channel, packet, sent_us);
}

void
bc_hub_tell_program(
    struct bc_hub *hub, struct bc_channel *channel, struct bc_channel *program)
{
    if (hub->ops->on_program) {
        hub->ops->on_program(hub->user, channel, program);
    }
}
